/* SPDX-License-Identifier: MIT
 * `libllm bench`: how fast a model opens, reads and writes on this machine. Every test runs once to warm up and
 * then --repetitions times; the tokens are random with a fixed seed, as speed does not depend on them.
 */
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "files.h"
#include "json_view.h"
#include "model.h"
#include "terminal.h"

struct values {
    uint32_t n_prompt, n_generate, repetitions, batch;
    bool json;
};

static const struct option options[] = {
    {"prompt", 'p', OPTION_COUNT, "N", "prompt tokens to read; 0: skip (default 512)",
     offsetof(struct values, n_prompt), 0, 1 << 24},
    {"generate", 'n', OPTION_COUNT, "N", "tokens to decode; 0: skip (default 128)", offsetof(struct values, n_generate),
     0, 1 << 24},
    {"repetitions", 'r', OPTION_COUNT, "N", "measured runs of each test (default 5)",
     offsetof(struct values, repetitions), 1, 10000},
    {"batch", 0, OPTION_COUNT, "N", "tokens evaluated at once in the prompt (default 256)",
     offsetof(struct values, batch), 1, 4096},
    {"json", 0, OPTION_FLAG, NULL, "print JSON", offsetof(struct values, json), 0, 0},
    {0},
};

struct summary {
    double median, min, max;
};

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts the values. */
static struct summary summarize(double *values, size_t n)
{
    qsort(values, n, sizeof *values, compare);
    return (struct summary){(values[(n - 1) / 2] + values[n / 2]) / 2, values[0], values[n - 1]};
}

/* One test: all tokens of a run, evaluated `step` at a time. `work` is GB or GFLOP for one token. */
struct test {
    const char *kind;
    uint32_t n_tokens, step;
    const char *rate_key, *rate_unit;
    double work;
    struct summary tokens_per_second;
};

/* Opens the model once for each repetition and leaves the last one open. */
static bool measure_load(struct access *access, const struct common *common, uint32_t repetitions,
                         struct summary *load_ms)
{
    double *times = allocate(repetitions, sizeof *times);
    libllm_error error;
    libllm_status status = LIBLLM_OK;
    progress_begin("opening the model %u times", repetitions);
    for (uint32_t i = 0; i < repetitions && status == LIBLLM_OK; i++) {
        libllm_model_free(access->model);
        access->model = NULL;
        double start = seconds_now();
        status = access_open_model(access, common, &error);
        times[i] = (seconds_now() - start) * 1e3;
    }
    progress_end();
    if (status == LIBLLM_OK)
        *load_ms = summarize(times, repetitions);
    else
        failed(&error);
    free(times);
    return status == LIBLLM_OK;
}

static void fill_tokens(int32_t *tokens, size_t n, uint32_t n_vocab)
{
    uint64_t state = 0x9e3779b97f4a7c15u;
    for (size_t i = 0; i < n; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        tokens[i] = (int32_t)((state >> 33) % n_vocab);
    }
}

static libllm_status run_once(libllm_session *session, const int32_t *tokens, const struct test *test, double *seconds,
                              libllm_error *error)
{
    libllm_status status = libllm_session_rewind(session, 0, error);
    double start = seconds_now();
    for (uint32_t i = 0; i < test->n_tokens && status == LIBLLM_OK; i += test->step)
        status = libllm_session_eval(session, tokens + i, test->step, error);
    *seconds = seconds_now() - start;
    return status;
}

static bool measure(libllm_session *session, const int32_t *tokens, struct test *test, uint32_t repetitions)
{
    double *rates = allocate(repetitions, sizeof *rates), seconds;
    libllm_error error;
    progress_begin("measuring %s%u", test->kind, test->n_tokens);
    libllm_status status = run_once(session, tokens, test, &seconds, &error);
    for (uint32_t i = 0; i < repetitions && status == LIBLLM_OK; i++) {
        status = run_once(session, tokens, test, &seconds, &error);
        rates[i] = test->n_tokens / seconds;
    }
    progress_end();
    if (status == LIBLLM_OK)
        test->tokens_per_second = summarize(rates, repetitions);
    else
        failed(&error);
    free(rates);
    return status == LIBLLM_OK;
}

static bool measure_all(const struct access *access, const struct values *values, struct test *tests, size_t n_tests)
{
    size_t n_positions = (size_t)values->n_prompt + values->n_generate;
    if (n_positions == 0)
        return true;
    libllm_engine_options engine_options;
    libllm_engine_options_init(&engine_options, sizeof engine_options);
    engine_options.n_positions = n_positions;
    engine_options.n_batch = values->batch;
    libllm_session *session;
    libllm_error error;
    if (libllm_session_open(access->model, &engine_options, &session, &error) != LIBLLM_OK) {
        failed(&error);
        return false;
    }
    int32_t *tokens = allocate(n_positions, sizeof *tokens);
    fill_tokens(tokens, n_positions, access->info.n_vocab);
    bool good = true;
    for (size_t i = 0; i < n_tests && good; i++)
        good = tests[i].n_tokens == 0 || measure(session, tokens, &tests[i], values->repetitions);
    free(tokens);
    libllm_session_free(session);
    return good;
}

static uint64_t peak_rss_bytes(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_maxrss * 1024 : 0;
}

static json_t *summary_json(const struct summary *summary)
{
    return json_pack("{s:f, s:f, s:f}", "median", summary->median, "min", summary->min, "max", summary->max);
}

static libllm_status describe(const void *runtime, char *buffer, size_t capacity, size_t *needed, libllm_error *error)
{
    return libllm_runtime_devices(runtime, buffer, capacity, needed, error);
}

/* Figures mean little without the machine that they were taken on. */
static bool print_json(const struct access *access, const struct values *values, const struct summary *load_ms,
                       const struct test *tests, size_t n_tests)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n_tests; i++) {
        const struct test *test = &tests[i];
        char name[32];
        snprintf(name, sizeof name, "%s%u", test->kind, test->n_tokens);
        if (test->n_tokens)
            json_array_append_new(list, json_pack("{s:s, s:i, s:i, s:o, s:f}", "test", name, "n_tokens",
                                                  (int)test->n_tokens, "repetitions", (int)values->repetitions,
                                                  "tokens_per_second", summary_json(&test->tokens_per_second),
                                                  test->rate_key, test->work * test->tokens_per_second.median));
    }
    json_t *root = json_pack("{s:s, s:I, s:o, s:I, s:o}", "model", base_name(access->path), "file_bytes",
                             (json_int_t)access->info.file_bytes, "load_ms", summary_json(load_ms), "peak_rss_bytes",
                             (json_int_t)peak_rss_bytes(), "tests", list);
    char *devices = fetch_json(describe, access->runtime);
    if (devices)
        json_object_update_new(root, json_loads(devices, 0, NULL));
    free(devices);
    bool good = devices && json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) == 0;
    putchar('\n');
    json_decref(root);
    return good;
}

static void print_table(const struct access *access, const struct summary *load_ms, const struct test *tests,
                        size_t n_tests)
{
    const char *name = base_name(access->path);
    put_text(stdout, name, strlen(name));
    printf(", %.1f MiB\n\n%-10s %12s %12s %12s   %s\n", (double)access->info.file_bytes / (1 << 20), "test", "median",
           "min", "max", "unit");
    printf("%-10s %12.2f %12.2f %12.2f   ms\n", "load", load_ms->median, load_ms->min, load_ms->max);
    for (size_t i = 0; i < n_tests; i++) {
        const struct summary *speed = &tests[i].tokens_per_second;
        char test[32];
        snprintf(test, sizeof test, "%s%u", tests[i].kind, tests[i].n_tokens);
        if (tests[i].n_tokens)
            printf("%-10s %12.2f %12.2f %12.2f   tokens/s (%.1f %s)\n", test, speed->median, speed->min, speed->max,
                   speed->median * tests[i].work, tests[i].rate_unit);
    }
    printf("\npeak memory %.1f MiB\n", (double)peak_rss_bytes() / (1 << 20));
}

static bool bench(struct access *access, const struct common *common, const struct values *values)
{
    struct summary load_ms;
    struct test tests[] = {
        {.kind = "pp",
         .n_tokens = values->n_prompt,
         .step = values->n_prompt,
         .rate_key = "gflop_per_second",
         .rate_unit = "GFLOP/s",
         .work = (double)access->info.flops_per_token * 1e-9},
        {.kind = "tg",
         .n_tokens = values->n_generate,
         .step = 1,
         .rate_key = "gb_per_second",
         .rate_unit = "GB/s",
         .work = (double)access->info.bytes_per_token * 1e-9},
    };
    size_t n_tests = sizeof tests / sizeof *tests;
    if (!measure_load(access, common, values->repetitions, &load_ms) || !measure_all(access, values, tests, n_tests))
        return false;
    if (values->json)
        return print_json(access, values, &load_ms, tests, n_tests);
    print_table(access, &load_ms, tests, n_tests);
    return true;
}

static int run(int argc, char **argv)
{
    struct common common = COMMON_DEFAULTS;
    struct values values = {.n_prompt = 512, .n_generate = 128, .repetitions = 5, .batch = 256};
    const struct option_group groups[] = {{"Options", options, &values}, {"Model", common_options, &common}, {0}};
    int code = options_parse(&bench_command, groups, argc, argv, NULL);
    if (code != OPTIONS_GO)
        return code;
    struct access access;
    bool good = access_open(&access, &common) && bench(&access, &common, &values);
    access_close(&access);
    return good ? EXIT_OK : EXIT_FAILED;
}

const struct command bench_command = {
    .name = "bench",
    .summary = "measure speed and memory",
    .synopsis = "[-m MODEL] [-p N] [-n N] [-t N] [-r N] [--json]",
    .details = "Measures opening (load), reading a prompt (pp) and decoding token by token (tg),\n"
               "each from an empty context: median, least and most of several runs after one that\n"
               "does not count. GB/s is the weights that decoding reads, GFLOP/s the arithmetic of\n"
               "the matrices; peak memory is the process's, pages of the mapped file included.\n",
    .run = run,
};
