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

#include "bench_profile.h"
#include "endpoint/remote.h"
#include "files.h"
#include "json_view.h"
#include "load/load.h"
#include "model.h"
#include "terminal.h"

struct values {
    uint32_t n_prompt, n_generate, repetitions, batch, depth, n_sequences;
    bool json, profile, limits;
};

static const struct option options[] = {
    {"prompt", 'p', OPTION_COUNT, "N", "prompt tokens to read; 0: skip (default 512)",
     offsetof(struct values, n_prompt), 0, 1 << 24},
    {"generate", 'n', OPTION_COUNT, "N", "tokens to decode; 0: skip (default 128)", offsetof(struct values, n_generate),
     0, 1 << 24},
    {"repetitions", 'r', OPTION_COUNT, "N", "measured runs of each test (default 5)",
     offsetof(struct values, repetitions), 1, 10000},
    {"batch", 0, OPTION_COUNT, "N", "tokens evaluated at once in the prompt (default 256)",
     offsetof(struct values, batch), 1, 8192},
    {"depth", 'd', OPTION_COUNT, "N", "tokens that are in the context beforehand (default 0)",
     offsetof(struct values, depth), 0, 1 << 24},
    {"sequences", 0, OPTION_COUNT, "N", "timelines that are decoded at once (default 1)",
     offsetof(struct values, n_sequences), 1, 1024},
    {"profile", 0, OPTION_FLAG, NULL, "say where the time goes, seen against the limits of this machine",
     offsetof(struct values, profile), 0, 0},
    {"limits", 0, OPTION_FLAG, NULL, "measure those limits only; needs no model", offsetof(struct values, limits), 0,
     0},
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

/* One test: all tokens of a run, evaluated `step` at a time in each of the sequences. `work` is GB or GFLOP for one
 * token of all those; 0: not known. */
struct test {
    const char *kind;
    bool encodes; /* an encoder reads them, at once */
    uint32_t n_tokens, step, n_sequences;
    const char *rate_key, *rate_unit, *limit_key; /* the last: in what libllm_runtime_measure_device() says */
    double work;
    struct summary tokens_per_second;
    json_t *profile; /* NULL: not wanted */
    double fraction; /* of what the device can do at best; 0: not known */
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
        access_close_model(access);
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

/* The sequences, which share an engine, with the tokens that each of them reads: first those of the depth. */
struct sequences {
    libllm_engine *engine;
    libllm_batch_entry *entries;
    uint32_t n, depth;
    int32_t *tokens;
};

/* sequences_close() is right after either outcome. */
static libllm_status sequences_open(struct sequences *sequences, const struct access *access,
                                    const struct values *values, libllm_error *error)
{
    uint32_t longest = values->n_prompt > values->n_generate ? values->n_prompt : values->n_generate;
    size_t n_positions = (size_t)values->depth + longest;
    *sequences = (struct sequences){.n = values->n_sequences, .depth = values->depth};
    sequences->tokens = allocate(n_positions, sizeof *sequences->tokens);
    fill_tokens(sequences->tokens, n_positions, access->info.n_vocab);
    sequences->entries = allocate(sequences->n, sizeof *sequences->entries);
    for (uint32_t i = 0; i < sequences->n; i++)
        sequences->entries[i] = (libllm_batch_entry){0};
    libllm_engine_options engine = access->engine;
    /* Every session takes whole pages of 64. */
    engine.n_positions = sequences->n * ((n_positions + 63) / 64 * 64);
    engine.n_batch = access->info.has_encoder && values->n_prompt > values->batch ? values->n_prompt : values->batch;
    engine.profile = values->profile;
    engine.no_reuse = 1; /* every run computes the same tokens */
    libllm_status status = libllm_engine_create(access->model, &engine, &sequences->engine, error);
    libllm_session_options session_options;
    libllm_session_options_init(&session_options, sizeof session_options);
    session_options.n_positions = n_positions;
    for (uint32_t i = 0; i < sequences->n && status == LIBLLM_OK; i++) {
        status = libllm_session_create(sequences->engine, &session_options, &sequences->entries[i].session, error);
        if (status == LIBLLM_OK)
            status = adapters_set(&access->adapters, sequences->entries[i].session, error);
        if (status == LIBLLM_OK && access->info.has_encoder) /* what is decoded answers a text */
            status = libllm_session_encode(sequences->entries[i].session, sequences->tokens,
                                           values->n_prompt ? values->n_prompt : 1, error);
    }
    return status;
}

static void sequences_close(struct sequences *sequences)
{
    for (uint32_t i = 0; i < sequences->n; i++)
        libllm_session_free(sequences->entries[i].session);
    libllm_engine_free(sequences->engine);
    free(sequences->entries);
    free(sequences->tokens);
}

/* The next tokens, from `start` on, in each of the first `n` sequences. */
static libllm_status advance(struct sequences *sequences, uint32_t n, size_t start, uint32_t n_tokens,
                             libllm_error *error)
{
    for (uint32_t i = 0; i < n; i++) {
        sequences->entries[i].tokens = sequences->tokens + start;
        sequences->entries[i].n_tokens = n_tokens;
    }
    return libllm_engine_eval(sequences->engine, sequences->entries, n, error);
}

/* Fills the context up to the depth, once for all tests. */
static libllm_status fill_context(struct sequences *sequences, libllm_error *error)
{
    if (sequences->depth == 0)
        return LIBLLM_OK;
    progress_begin("reading %u tokens beforehand", sequences->depth);
    libllm_status status = advance(sequences, sequences->n, 0, sequences->depth, error);
    progress_end();
    return status;
}

static libllm_status run_once(struct sequences *sequences, const struct test *test, double *seconds,
                              libllm_error *error)
{
    libllm_status status = LIBLLM_OK;
    for (uint32_t i = 0; i < test->n_sequences && status == LIBLLM_OK && !test->encodes; i++)
        status = libllm_session_rewind(sequences->entries[i].session, sequences->depth, error);
    double start = seconds_now();
    if (test->encodes)
        status = libllm_session_encode(sequences->entries[0].session, sequences->tokens, test->n_tokens, error);
    for (uint32_t i = 0; i < test->n_tokens && status == LIBLLM_OK && !test->encodes; i += test->step)
        status = advance(sequences, test->n_sequences, (size_t)sequences->depth + i, test->step, error);
    *seconds = seconds_now() - start;
    return status;
}

static libllm_status measure(struct sequences *sequences, struct test *test, const struct values *values,
                             libllm_error *error)
{
    uint32_t repetitions = values->repetitions;
    double *rates = allocate(repetitions, sizeof *rates), seconds;
    progress_begin("measuring %s%u", test->kind, test->n_tokens);
    libllm_status status = run_once(sequences, test, &seconds, error);
    if (values->profile)
        json_decref(bench_profile(sequences->entries[0].session)); /* the run that does not count */
    for (uint32_t i = 0; i < repetitions && status == LIBLLM_OK; i++) {
        status = run_once(sequences, test, &seconds, error);
        rates[i] = (double)test->n_tokens * test->n_sequences / seconds;
    }
    progress_end();
    if (status == LIBLLM_OK)
        test->tokens_per_second = summarize(rates, repetitions);
    if (values->profile)
        test->profile = bench_profile(sequences->entries[0].session);
    free(rates);
    return status;
}

static uint64_t peak_rss_bytes(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_maxrss * 1024 : 0;
}

/* What computes, and how many of the layers, with what memory of the host. */
struct place {
    const char *device;
    uint32_t n_layers;
    uint64_t peak_rss_bytes;
};

static bool measure_all(const struct access *access, const struct values *values, struct test *tests, size_t n_tests,
                        struct place *place)
{
    if (values->n_prompt == 0 && values->n_generate == 0)
        return true;
    struct sequences sequences;
    libllm_error error;
    libllm_status status = sequences_open(&sequences, access, values, &error);
    if (status == LIBLLM_OK) {
        place->device = libllm_session_device(sequences.entries[0].session);
        place->n_layers = libllm_session_device_layers(sequences.entries[0].session);
        status = fill_context(&sequences, &error);
    }
    for (size_t i = 0; i < n_tests && status == LIBLLM_OK; i++)
        if (tests[i].n_tokens)
            status = measure(&sequences, &tests[i], values, &error);
    sequences_close(&sequences);
    if (status != LIBLLM_OK)
        failed(&error);
    return status == LIBLLM_OK;
}

/* How near the tests come to what a device that is not the processor can do at best. NULL: nothing is measured. */
static json_t *rate_device(const struct access *access, struct test *tests, size_t n_tests, const struct place *place)
{
    if (strncmp(place->device, "vulkan", strlen("vulkan")) != 0 || place->n_layers < access->info.n_layers)
        return NULL;
    json_t *speed = bench_device(access->runtime, place->device);
    for (size_t i = 0; i < n_tests && speed; i++) {
        const double most = json_number_value(json_object_get(speed, tests[i].limit_key));
        if (most > 0 && tests[i].n_tokens)
            tests[i].fraction = tests[i].work * tests[i].tokens_per_second.median / most;
    }
    return speed;
}

/* As pp512, tg128@8192 (after a depth), tg128x8 (sequences at once). */
static void name_test(const struct test *test, uint32_t depth, char *name, size_t size)
{
    char at[16] = "", times[16] = "";
    if (depth)
        snprintf(at, sizeof at, "@%u", depth);
    if (test->n_sequences > 1)
        snprintf(times, sizeof times, "x%u", test->n_sequences);
    snprintf(name, size, "%s%u%s%s", test->kind, test->n_tokens, at, times);
}

static json_t *summary_json(const struct summary *summary)
{
    return json_pack("{s:f, s:f, s:f}", "median", summary->median, "min", summary->min, "max", summary->max);
}

/* Figures mean little without the machine that they were taken on. */
static bool print_json(const struct access *access, const struct values *values, const struct summary *load_ms,
                       const struct test *tests, size_t n_tests, const struct place *place, json_t *limits,
                       json_t *speed)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n_tests; i++) {
        const struct test *test = &tests[i];
        char name[64];
        name_test(test, values->depth, name, sizeof name);
        json_t *rate = test->work > 0 && test->n_tokens ? json_real(test->work * test->tokens_per_second.median) : NULL;
        json_t *fraction = test->fraction > 0 ? json_real(test->fraction) : NULL;
        if (test->n_tokens)
            json_array_append_new(list,
                                  json_pack("{s:s, s:i, s:i, s:i, s:i, s:o, s:o*, s:o*, s:O*}", "test", name,
                                            "n_tokens", (int)test->n_tokens, "depth", (int)values->depth, "sequences",
                                            (int)test->n_sequences, "repetitions", (int)values->repetitions,
                                            "tokens_per_second", summary_json(&test->tokens_per_second), test->rate_key,
                                            rate, "fraction_of_device", fraction, "profile", test->profile));
    }
    json_t *root = json_pack("{s:s, s:s, s:I, s:I, s:I, s:o, s:I, s:o, s:O*, s:O*}", "model", base_name(access->path),
                             "device", place->device, "n_layers", (json_int_t)access->info.n_layers, "n_device_layers",
                             (json_int_t)place->n_layers, "file_bytes", (json_int_t)access->info.file_bytes, "load_ms",
                             summary_json(load_ms), "peak_rss_bytes", (json_int_t)place->peak_rss_bytes, "tests", list,
                             "limits", limits, "device_speed", speed);
    char *devices = fetch_json(describe_devices, access->runtime);
    if (devices)
        json_object_update_new(root, json_loads(devices, 0, NULL));
    free(devices);
    bool good = devices && json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) == 0;
    putchar('\n');
    json_decref(root);
    return good;
}

static void print_table(const struct access *access, const struct values *values, const struct summary *load_ms,
                        const struct test *tests, size_t n_tests, const struct place *place, const json_t *limits)
{
    const char *name = base_name(access->path);
    put_text(stdout, name, strlen(name));
    printf(", %.1f MiB", (double)access->info.file_bytes / (1 << 20));
    if (strcmp(place->device, "cpu") != 0)
        printf(", %u of %u layers on %s", place->n_layers, access->info.n_layers, place->device);
    printf("\n\n%-14s %12s %12s %12s   %s\n", "test", "median", "min", "max", "unit");
    printf("%-14s %12.2f %12.2f %12.2f   ms\n", "load", load_ms->median, load_ms->min, load_ms->max);
    for (size_t i = 0; i < n_tests; i++) {
        const struct summary *speed = &tests[i].tokens_per_second;
        char test[64];
        name_test(&tests[i], values->depth, test, sizeof test);
        if (tests[i].n_tokens)
            printf("%-14s %12.2f %12.2f %12.2f   tokens/s", test, speed->median, speed->min, speed->max);
        if (tests[i].n_tokens && tests[i].work > 0)
            printf(" (%.1f %s", speed->median * tests[i].work, tests[i].rate_unit);
        if (tests[i].fraction > 0)
            printf(", %.2g %% of the device's", 100 * tests[i].fraction);
        if (tests[i].n_tokens && tests[i].work > 0)
            putchar(')');
        if (tests[i].n_tokens)
            putchar('\n');
    }
    printf("\npeak memory %.1f MiB\n", (double)place->peak_rss_bytes / (1 << 20));
    for (size_t i = 0; i < n_tests; i++) {
        char test[64];
        name_test(&tests[i], values->depth, test, sizeof test);
        if (tests[i].profile)
            bench_profile_print(test, tests[i].profile, limits);
    }
}

static bool bench(struct access *access, const struct common *common, const struct values *values)
{
    struct summary load_ms;
    const bool answers = access->info.has_encoder;
    struct test tests[] = {
        {.kind = "pp",
         .encodes = answers,
         .n_tokens = values->n_prompt,
         .step = values->n_prompt,
         .n_sequences = 1,
         .rate_key = "gflop_per_second",
         .rate_unit = "GFLOP/s",
         .limit_key = "gflop_per_second",
         .work = answers ? 0 : (double)access->info.flops_per_token * 1e-9},
        {.kind = "tg",
         .n_tokens = values->n_generate,
         .step = 1,
         .n_sequences = values->n_sequences,
         .rate_key = "gb_per_second",
         .rate_unit = "GB/s",
         .limit_key = "read_gb_per_second",
         /* The weights are read once for all sequences. */
         .work = (double)access->info.bytes_per_token * 1e-9 / values->n_sequences},
    };
    size_t n_tests = sizeof tests / sizeof *tests;
    struct place place = {.device = "cpu", .n_layers = access->info.n_layers};
    json_t *limits = values->profile ? bench_limits(access->runtime) : NULL;
    bool good = (limits || !values->profile) && measure_load(access, common, values->repetitions, &load_ms) &&
                measure_all(access, values, tests, n_tests, &place);
    place.peak_rss_bytes = peak_rss_bytes();
    json_t *speed = good ? rate_device(access, tests, n_tests, &place) : NULL;
    for (size_t i = 0; i < n_tests; i++)
        if (tests[i].profile)
            bench_profile_rate(tests[i].profile, limits);
    if (good && values->json)
        good = print_json(access, values, &load_ms, tests, n_tests, &place, limits, speed);
    else if (good)
        print_table(access, values, &load_ms, tests, n_tests, &place, limits);
    for (size_t i = 0; i < n_tests; i++)
        json_decref(tests[i].profile);
    json_decref(limits);
    json_decref(speed);
    return good;
}

static const struct values defaults = {
    .n_prompt = 512, .n_generate = 128, .repetitions = 5, .batch = 256, .n_sequences = 1};

static int bench_here(const struct common *common, const struct values *values)
{
    struct access access;
    bool good = values->limits ? access_runtime(&access, common) && bench_limits_view(access.runtime, values->json)
                               : access_open(&access, common) && bench(&access, common, values);
    access_close(&access);
    return good ? EXIT_OK : EXIT_FAILED;
}

/* -p and -n are lengths here, too, unless there are others. */
static int bench_there(const struct common *common, const struct values *values, struct endpoint *endpoint,
                       struct load_options *load)
{
    char input[16], output[16];
    int code = remote_check(&bench_command, common, NULL);
    if (code != OPTIONS_GO)
        return code;
    if (values->repetitions != defaults.repetitions || values->batch != defaults.batch || values->depth ||
        values->n_sequences != 1 || values->profile || values->limits)
        return usage_error(&bench_command, "--repetitions, --batch, --depth, --sequences, --profile and --limits are "
                                           "about a model on this machine");
    snprintf(input, sizeof input, "%u", values->n_prompt);
    snprintf(output, sizeof output, "%u", values->n_generate);
    load->input = load->input ? load->input : input;
    load->output = load->output ? load->output : output;
    return load_run(endpoint, load, common->model, values->json, &bench_command);
}

static int run(int argc, char **argv)
{
    struct common common = COMMON_DEFAULTS;
    struct endpoint endpoint = ENDPOINT_DEFAULTS;
    struct load_options load = LOAD_DEFAULTS;
    struct values values = defaults;
    const struct option_group groups[] = {{"Options", options, &values},      {"Engine", engine_options, &common},
                                          {"Model", common_options, &common}, {"Endpoint", endpoint_options, &endpoint},
                                          {"Load", load_options, &load},      {0}};
    int code = options_parse(&bench_command, groups, argc, argv, NULL);
    if (code == OPTIONS_GO)
        code = endpoint.url ? bench_there(&common, &values, &endpoint, &load) : bench_here(&common, &values);
    common_free(&common);
    return code;
}

const struct command bench_command = {
    .name = "bench",
    .summary = "measure speed and memory",
    .synopsis = "[-m MODEL] [-p N] [-n N] [-d N] [--sequences N] [-t N] [-r N]\n                    [--profile | "
                "--limits] [--json]\n"
                "       libllm bench --endpoint URL (--rate R | --trace FILE | --concurrency C) [OPTIONS]",
    .details = "Measures opening (load), reading a prompt (pp) and decoding token by token (tg),\n"
               "each after --depth tokens: median, least and most of several runs after one that\n"
               "does not count; of a model like T5, its encoder reading a text and its decoder\n"
               "answering one. With --sequences, that many timelines are decoded at once and\n"
               "tokens/s counts all their tokens; the prompt is read by one. GB/s is the weights\n"
               "that decoding reads, GFLOP/s the arithmetic of the matrices; peak memory is the\n"
               "process's, pages of the mapped file included.\n"
               "\n"
               "--profile adds the time of each kind of phase (what all threads do between two\n"
               "meetings), its share, how long threads waited in it for each other, and its rates\n"
               "against the limits of this machine: the bytes of weights, keys and values against\n"
               "reading memory, the arithmetic against the fastest unit. --limits prints these.\n"
               "\n"
               "With --endpoint a server is measured instead: requests are sent at their time,\n"
               "whatever became of earlier ones, and times count from then; with --concurrency\n"
               "alone, each as soon as an earlier one has ended. Printed are the time to the\n"
               "first token (TTFT), of each further one (TPOT), between two pieces (ITL), and of\n"
               "the whole answer (E2E), errors by kind, and how late the requests were sent.\n",
    .run = run,
};
