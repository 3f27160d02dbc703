/* SPDX-License-Identifier: MIT
 * How long queries of the estimator take: bench-estimate [SECONDS_PER_KIND [PART_OF_KIND]]. Prints the median and the
 * best time of each kind in microseconds of processor time, on one thread, report included; for a search also how much
 * of that goes to each configuration. A query should take less than 1000.
 */
#include "bench.h"

#include <libllm/libllm.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REPORT_BYTES = 1 << 20, RUNS_MAX = 20000, RUNS_LEAST = 3 };

static const struct {
    const char *kind;
    const char *scenario;
    double configurations; /* of a search */
} queries[] = {
    {"model: a preset", "{\"model\": \"Llama-3.1-8B\"}", 0},
    {"model: a shape", "{\"model\": {\"layers\": 32, \"hidden\": 4096, \"heads\": 32, \"vocab\": 32000}}", 0},
    {"train: a size, by its budget",
     "{\"task\": \"train\", \"model\": {\"parameters\": 405e9}, \"tokens\": {\"per_parameter\": 38.5}, \"mfu\": 0.3,"
     " \"hardware\": {\"device\": \"A100 SXM4 80GB\", \"peak\": \"sparse\"}, \"days\": 30}",
     0},
    {"train: a preset, by its budget",
     "{\"task\": \"train\", \"model\": \"Llama-3.1-70B\", \"tokens\": 15e12, \"mfu\": 0.4, \"hardware\": \"H100 SXM5 "
     "80GB\", \"days\": 60}",
     0},
    {"train: a given layout",
     "{\"task\": \"train\", \"model\": \"Llama-3.1-70B\", \"tokens\": 15e12, \"hardware\": {\"device\": \"H100 SXM5 "
     "80GB\", \"count\": 1024}, \"parallel\": {\"tp\": 4, \"pp\": 4}, \"micro_batch\": 1, \"recompute\": \"none\"}",
     0},
    {"train: micro-batch and recomputation open",
     "{\"task\": \"train\", \"model\": \"Llama-3.1-70B\", \"tokens\": 15e12, \"hardware\": {\"device\": \"H100 SXM5 "
     "80GB\", \"count\": 1024}, \"parallel\": {\"tp\": 4, \"pp\": 4}}",
     0},
    {"train: a layout is searched for",
     "{\"task\": \"train\", \"model\": \"Llama-3.1-70B\", \"tokens\": 15e12, \"hardware\": {\"device\": \"H100 SXM5 "
     "80GB\", \"count\": 1024}}",
     0},
    {"train: devices for a number of days",
     "{\"task\": \"train\", \"model\": \"DeepSeek-V3\", \"tokens\": 15e12, \"hardware\": \"H800\", \"days\": 60}", 0},
    {"tune: adapters beside quantized weights",
     "{\"task\": \"tune\", \"model\": \"Llama-3.1-8B\", \"lora\": 16, \"base\": \"nf4\", \"hardware\": \"RTX 4090\"}",
     0},
    {"tune: what does not fit, and what would",
     "{\"task\": \"tune\", \"model\": \"Llama-3.1-70B\", \"hardware\": \"H100 SXM5 80GB\"}", 0},
    {"serve: one replica",
     "{\"task\": \"serve\", \"model\": \"Llama-3.1-70B\", \"engine\": \"vllm\", \"hardware\": {\"device\": \"H200\", "
     "\"count\": 8}, \"concurrency\": 64}",
     0},
    {"serve: experts",
     "{\"task\": \"serve\", \"model\": \"DeepSeek-V3\", \"engine\": \"sglang\", \"hardware\": {\"device\": \"H200\", "
     "\"count\": 8}, \"concurrency\": 64}",
     0},
    {"serve: replicas for a load",
     "{\"task\": \"serve\", \"model\": \"DeepSeek-V3\", \"engine\": \"sglang\", \"hardware\": {\"device\": \"H200\", "
     "\"count\": 8}, \"load\": {\"users\": 50000}, \"capacity\": {\"ttft_limit\": 3}}",
     0},
    {"serve: the same, explained",
     "{\"task\": \"serve\", \"model\": \"DeepSeek-V3\", \"engine\": \"sglang\", \"hardware\": {\"device\": \"H200\", "
     "\"count\": 8}, \"load\": {\"users\": 50000}, \"capacity\": {\"ttft_limit\": 3}, \"output\": {\"explain\": "
     "true}}",
     0},
    {"serve: the same, simulated",
     "{\"task\": \"serve\", \"model\": \"DeepSeek-V3\", \"engine\": \"sglang\", \"hardware\": {\"device\": \"H200\", "
     "\"count\": 8}, \"load\": {\"users\": 50000}, \"capacity\": {\"ttft_limit\": 3, \"simulate\": true}}",
     0},
    {"serve: a desktop card",
     "{\"task\": \"serve\", \"model\": \"Qwen3-30B-A3B\", \"engine\": \"llamacpp\", \"weights\": \"q4_k_m\", "
     "\"hardware\": \"RTX 4090\"}",
     0},
    {"fit: this machine",
     "{\"task\": \"fit\", \"model\": \"Qwen3-32B\", \"context\": 8192, \"machine\": {\"memory\": 64e9, \"limits\": "
     "{\"bandwidth\": 2e10, \"bf16\": 1e11, \"int8\": 2e11}}}",
     0},
};

/* Of processor time: other programs do not count. */
static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* false, with a message, when the scenario is refused. */
static bool measure(const libllm_runtime *runtime, const char *scenario, double limit, char *report, double *times,
                    size_t *n)
{
    const double begin = cpu_seconds();
    for (*n = 0; *n < RUNS_MAX && (*n < RUNS_LEAST || cpu_seconds() < begin + limit); ++*n) {
        libllm_error error;
        size_t needed;
        const double start = cpu_seconds();
        if (libllm_estimate_run(runtime, scenario, strlen(scenario), report, REPORT_BYTES, &needed, &error)) {
            fprintf(stderr, "%s: %s\n", scenario, error.message);
            return false;
        }
        times[*n] = 1e6 * (cpu_seconds() - start);
    }
    qsort(times, *n, sizeof *times, ascending);
    return true;
}

int main(int argc, char **argv)
{
    const double limit = argc > 1 ? strtod(argv[1], NULL) : 0.5;
    libllm_runtime *runtime = NULL;
    libllm_error error;
    char *report = malloc(REPORT_BYTES);
    double *times = malloc(RUNS_MAX * sizeof *times);
    int code = EXIT_SUCCESS;
    if (!report || !times || libllm_runtime_create(NULL, &runtime, &error))
        return EXIT_FAILURE;
    printf("%-44s %10s %10s %10s\n", "kind of query", "median us", "best us", "us/config");
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        size_t n;
        if (argc > 2 && !strstr(queries[i].kind, argv[2]))
            continue;
        if (!measure(runtime, queries[i].scenario, limit, report, times, &n)) {
            code = EXIT_FAILURE;
            continue;
        }
        printf("%-44s %10.0f %10.0f", queries[i].kind, times[n / 2], times[0]);
        if (queries[i].configurations > 0)
            printf(" %10.1f", times[n / 2] / queries[i].configurations);
        putchar('\n');
    }
    libllm_runtime_free(runtime);
    free(times);
    free(report);
    return code;
}
