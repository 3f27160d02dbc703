/* SPDX-License-Identifier: MIT
 * Whether a GPU is expected to be faster than this processor for a model, and which of them is the fastest.
 */
#ifndef LL_ESTIMATE_CHOOSE_H
#define LL_ESTIMATE_CHOOSE_H

#include "backend/backend.h"
#include "estimate/data.h"

/* What a token costs. */
typedef struct ll_token_cost {
    uint64_t weight_bytes; /* that it reads */
    uint64_t model_bytes;  /* all weights, and the keys and values of the context */
    uint32_t n_layers;
} ll_token_cost;

/* Bytes per second: of the processor, by its threads; of a GPU by its name in accelerators.csv, otherwise what GPUs of
 * its kind have at least. */
double ll_cpu_bandwidth(uint32_t n_threads);
double ll_gpu_bandwidth(const ll_tables *tables, const ll_device_info *gpu, double cpu_bandwidth);

/* Seconds of a token where a GPU has as many layers as it has memory for and the processor the others. */
double ll_token_seconds(const ll_token_cost *cost, const ll_device_info *gpu, double gpu_bandwidth,
                        double cpu_bandwidth);
/* The processor alone. */
double ll_cpu_token_seconds(const ll_token_cost *cost, double cpu_bandwidth);

/* The index of the Vulkan device that is expected to be faster than the processor, and faster than the others. False:
 * there is none, or there are only drivers for the CPU. No driver is asked where the system shows no GPU. */
bool ll_choose_gpu(const ll_host *host, const ll_device_files *files, const ll_tables *tables,
                   const ll_token_cost *cost, uint32_t n_threads, uint32_t *index);

#endif
