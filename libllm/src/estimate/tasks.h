/* SPDX-License-Identifier: MIT
 * What can be estimated: each task reads its members of the scenario and puts its figures on the sheet.
 */
#ifndef LL_ESTIMATE_TASKS_H
#define LL_ESTIMATE_TASKS_H

#include "estimate/bill.h"
#include "estimate/hardware.h"

typedef struct ll_task {
    ll_sheet *sheet;
    ll_reader *scenario;
    const ll_tables *tables;
    ll_bill *bill; /* the model has been read and its figures are on the sheet */
} ll_task;

/* flops.c: which operations are counted, and how. */
typedef enum ll_flops_convention {
    LL_FLOPS_6ND,    /* 6 for each active parameter and token */
    LL_FLOPS_KAPLAN, /* without embeddings, with attention over the context */
    LL_FLOPS_CHINCHILLA,
    LL_FLOPS_PALM,
    LL_FLOPS_MEGATRON,
    LL_FLOPS_MEGATRON_SELECTIVE, /* with attention computed again */
    LL_FLOPS_MEGATRON_FULL,      /* with everything computed again */
    LL_FLOPS_NVIDIA,             /* of 2025: without the input embedding, half of attention */
    LL_FLOPS_PROFILER,           /* all products, attention without its mask */
    LL_FLOPS_EXACT,              /* the products that the model has */
} ll_flops_convention;
enum { LL_FLOPS_CONVENTIONS = LL_FLOPS_EXACT + 1 };
#define LL_FLOPS_WORDS "6nd|kaplan|chinchilla|palm|megatron|megatron_selective|megatron_full|nvidia|profiler|exact"

/* flops.per_token for training (forward and backward) of sequences of context.tokens. */
void ll_put_training_flops(ll_task *task, ll_flops_convention convention, double multiplier);
/* The formula of that, whose parts are put at paths that begin with the prefix; the model must be known well enough. */
const char *ll_flops_formula(ll_task *task, ll_flops_convention convention, const char *prefix);
/* Whether the convention makes sense of the model. */
bool ll_flops_is_known(const ll_task *task, ll_flops_convention convention);
const char *ll_flops_name(ll_flops_convention convention);
const char *ll_flops_source(ll_flops_convention convention);
/* flops.per_parameter_token, of 6ND. */
void ll_flops_put_multiplier(ll_sheet *sheet, double multiplier);
/* flops.decode_token at context.tokens and flops.prefill. */
void ll_put_inference_flops(ll_task *task, bool is_exact);

/* conventions.c: the member "conventions". With "compare", the same amounts by each convention are put side by side. */
typedef struct ll_conventions {
    ll_flops_convention flops;
    double multiplier; /* of 6ND */
    bool compares;
} ll_conventions;
ll_conventions ll_conventions_read(ll_task *task);
/* At conventions.*, once all else is on the sheet; hardware is nullable. */
void ll_put_conventions(ll_task *task, const ll_conventions *conventions, const ll_hardware *hardware);

/* model.c: kv.bytes_per_element, of the member "kv" (a format of GGUF) or "kv_bits". */
void ll_put_kv_element(ll_task *task);
/* kv.bytes_per_token, kv.bytes_per_sequence at context.tokens, kv.state_bytes; of kv.bytes_per_element. */
void ll_put_kv(ll_task *task);
void ll_put_kv_state(ll_task *task); /* kv.state_bytes alone */

/* weights.c: weights.bytes, and weights.bytes_per_token of what decoding reads; of the model's file, or of the member
 * "weights" that names a format of GGUF. weights.bits only for the latter. */
void ll_put_file_weights(ll_task *task);

/* load.c: the figures load.* of a service; load.queries_per_second only where the scenario says how many. */
void ll_put_load(ll_task *task);

/* money.c: power, energy, carbon and cost of devices.count for devices.hours in all, of the member "cost". */
void ll_put_money(ll_task *task, const ll_hardware *hardware);

void ll_run_model(ll_task *task);
void ll_run_train(ll_task *task);
void ll_run_tune(ll_task *task);
void ll_run_scale(ll_task *task);
void ll_run_serve(ll_task *task);
void ll_run_fit(ll_task *task);

/* desktop.c: "serve" with the engine llama.cpp. */
void ll_serve_desktop(ll_task *task);
/* fit.c: "serve" with our own engine, on the machine of the member "machine". */
void ll_serve_own(ll_task *task);

/* estimate.c: the task of this name, of which the model is already on the sheet. */
void ll_run_task(ll_task *task, const char *name);
/* A scenario of one of these tasks, onto a sheet of its own. */
void ll_run_scenario(ll_sheet *sheet, const json_t *scenario, const ll_tables *tables, ll_bill *bill);
/* Whether a changed scenario, which is taken, would be feasible and have this figure; without money, output and tables
 * of its own. The task's sheet fails when there is no memory. */
bool ll_try_scenario(ll_task *task, json_t *scenario, const char *path);

/* The largest number up to `most` that divides n. */
double ll_divisor_below(double n, double most);

#endif
