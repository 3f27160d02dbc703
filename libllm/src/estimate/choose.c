/* SPDX-License-Identifier: MIT
 * Whether a GPU is expected to be faster than this processor: a token reads all weights once, so what counts is how
 * fast memory is read, as far as it has the weights.
 */
#include "estimate/choose.h"

#include "estimate/csv.h"
#include "estimate/names.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

/* What is reached of what the memory can: our kernels for GPUs have not been tuned for any. */
static const double GPU_SHARE = 0.6, CPU_SHARE = 0.8;
/* Two channels of DDR5-5600 for desktops; servers have a channel for every few cores. */
static const double CPU_LEAST = 89.6e9, PER_THREAD = 5.6e9, CPU_MOST = 460e9;
static const double DISCRETE_LEAST = 190e9; /* of GPUs with memory of their own, but for the smallest */
static const double LAYER_SECONDS = 60e-6;  /* to start a layer's dispatches */
static const double ADVANTAGE = 0.9;        /* that makes another device worth it */

double ll_cpu_bandwidth(uint32_t n_threads)
{
    const double by_threads = n_threads * PER_THREAD;
    return by_threads < CPU_LEAST ? CPU_LEAST : by_threads > CPU_MOST ? CPU_MOST : by_threads;
}

/* How many words of a row's name, or of an alias, the device's name has, when it has all; 0 otherwise. */
static size_t n_named(const ll_words *device, ll_span name)
{
    ll_words words = {.n = 0};
    ll_add_words(&words, name);
    return words.n && ll_has_words(device, &words) ? words.n : 0;
}

static size_t best_name(const ll_csv *csv, const ll_words *device)
{
    size_t best = n_named(device, ll_csv_field(csv, "name"));
    ll_span aliases = ll_csv_field(csv, "aliases");
    while (aliases.size) {
        const char *bar = memchr(aliases.data, '|', aliases.size);
        const size_t n = bar ? (size_t)(bar - aliases.data) : aliases.size;
        const size_t named = n_named(device, (ll_span){aliases.data, n});
        best = named > best ? named : best;
        aliases.data += n + (bar != NULL);
        aliases.size -= n + (bar != NULL);
    }
    return best;
}

double ll_gpu_bandwidth(const ll_tables *tables, const ll_device_info *gpu, double cpu_bandwidth)
{
    double found = 0;
    size_t best = 0;
    ll_words device = {.n = 0};
    ll_add_words(&device, ll_span_of(gpu->name));
    ll_data data;
    ll_csv csv;
    if (ll_data_open(tables, "accelerators.csv", &data, NULL) == LIBLLM_OK) {
        if (ll_csv_open(&csv, ll_table_store_host(tables->store), "accelerators.csv", data.text, NULL) == LIBLLM_OK)
            while (ll_csv_next(&csv, NULL) == LIBLLM_OK) {
                const size_t n = best_name(&csv, &device);
                double value = 0;
                if (n > best && ll_csv_number(&csv, "mem_bw_gbs", &value, NULL) == LIBLLM_OK && value > 0) {
                    best = n;
                    found = value * 1e9;
                }
            }
        ll_csv_close(&csv);
        ll_data_close(&data);
    }
    if (found > 0)
        return found;
    return gpu->shares_memory ? cpu_bandwidth : DISCRETE_LEAST;
}

double ll_cpu_token_seconds(const ll_token_cost *cost, double cpu_bandwidth)
{
    return (double)cost->weight_bytes / (cpu_bandwidth * CPU_SHARE);
}

double ll_token_seconds(const ll_token_cost *cost, const ll_device_info *gpu, double gpu_bandwidth,
                        double cpu_bandwidth)
{
    const double room = (double)gpu->available_bytes * 15 / 16, needed = (double)cost->model_bytes;
    const double share = room < needed ? room / needed : 1;
    return share * ((double)cost->weight_bytes / (gpu_bandwidth * GPU_SHARE) + cost->n_layers * LAYER_SECONDS) +
           (1 - share) * ll_cpu_token_seconds(cost, cpu_bandwidth);
}

/* A driver for the CPU takes time and memory to load, and would be left out. */
static bool shows_gpu(void)
{
    DIR *folder = opendir("/dev/dri");
    bool found = access("/dev/nvidiactl", F_OK) == 0 || access("/dev/dxg", F_OK) == 0;
    for (const struct dirent *entry; folder && !found && (entry = readdir(folder));)
        found = strncmp(entry->d_name, "renderD", strlen("renderD")) == 0;
    if (folder)
        closedir(folder);
    return found;
}

bool ll_choose_gpu(const ll_host *host, const ll_device_files *files, const ll_tables *tables,
                   const ll_token_cost *cost, uint32_t n_threads, uint32_t *index)
{
    const double cpu_bandwidth = ll_cpu_bandwidth(n_threads);
    double least = ADVANTAGE * ll_cpu_token_seconds(cost, cpu_bandwidth);
    bool found = false;
    libllm_status status = shows_gpu() ? LIBLLM_OK : LIBLLM_DONE;
    for (uint32_t i = 0; status != LIBLLM_DONE; i++) {
        ll_device_info gpu;
        status = ll_backend_vulkan.describe(host, files, i, &gpu, NULL);
        if (status && !gpu.name[0]) /* there is none, or no more */
            break;
        if (status || !gpu.is_accelerator)
            continue;
        const double seconds =
            ll_token_seconds(cost, &gpu, ll_gpu_bandwidth(tables, &gpu, cpu_bandwidth), cpu_bandwidth);
        if (seconds < least) {
            least = seconds;
            *index = i;
            found = true;
        }
    }
    return found;
}
