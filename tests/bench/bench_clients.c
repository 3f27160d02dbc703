/* SPDX-License-Identifier: MIT
 * What clients get that share an engine: bench-clients MODEL [TOKENS [TEMPERATURE]]. Each is a thread with a session
 * and a stream of its own, as a server has them. Prints the tokens per second of all clients together while all of
 * them generate, against those of one, and the time to the first token of a short prompt, alone and beside a long one.
 */
#include "bench.h"

#include <libllm/libllm.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { CLIENTS_MAX = 8, ROUNDS = 3, SHORT = 24, LONG = 2000, POSITIONS = 4096 };

static uint32_t n_vocab, n_tokens = 64;
static float temperature = 0.8f;

struct client {
    const libllm_engine *engine;
    uint32_t seed, n_prompt, n_answer;
    pthread_barrier_t *start;       /* NULL: at once */
    double first_token, begin, end; /* seconds after the start; of generating behind the first token */
};

static void *run(void *argument)
{
    struct client *c = argument;
    libllm_error error = {0};
    libllm_session *session;
    libllm_stream *stream;
    libllm_session_options session_options;
    libllm_session_options_init(&session_options, sizeof session_options);
    session_options.n_positions = c->n_prompt + c->n_answer;
    libllm_sampling_options sampling;
    libllm_sampling_options_init(&sampling, sizeof sampling);
    sampling.temperature = temperature;
    sampling.seed = c->seed;
    libllm_stream_options options;
    libllm_stream_options_init(&options, sizeof options);
    options.sampling = &sampling;
    options.max_tokens = c->n_answer;
    options.ignore_end = 1;
    int32_t prompt[LONG];
    for (uint32_t i = 0; i < c->n_prompt; i++)
        prompt[i] = (int32_t)(((i + 1) * (c->seed * 7919 + 2654435761u) >> 7) % n_vocab);
    check(libllm_session_create(c->engine, &session_options, &session, &error), &error);
    if (c->start)
        pthread_barrier_wait(c->start);
    const double start = wall_seconds();
    check(libllm_stream_create(session, prompt, c->n_prompt, &options, &stream, &error), &error);
    libllm_stream_event event = {.struct_size = sizeof event};
    libllm_status status;
    while ((status = libllm_stream_next(stream, &event, &error)) == LIBLLM_OK)
        if (c->begin == 0) {
            c->begin = wall_seconds();
            c->first_token = c->begin - start;
        }
    check(status, &error);
    c->end = wall_seconds();
    libllm_stream_free(stream);
    libllm_session_free(session);
    return NULL;
}

/* Tokens per second of n clients from when all have their first one until the first of them is done. */
static double throughput(const libllm_engine *engine, uint32_t n)
{
    struct client clients[CLIENTS_MAX] = {0};
    pthread_t threads[CLIENTS_MAX];
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, n);
    for (uint32_t i = 0; i < n; i++) {
        clients[i] =
            (struct client){.engine = engine, .seed = i + 1, .n_prompt = SHORT, .n_answer = n_tokens, .start = &start};
        if (pthread_create(&threads[i], NULL, run, &clients[i]) != 0)
            exit(1);
    }
    double rate = 0;
    for (uint32_t i = 0; i < n; i++) {
        pthread_join(threads[i], NULL);
        rate += (n_tokens - 1) / (clients[i].end - clients[i].begin);
    }
    pthread_barrier_destroy(&start);
    return rate;
}

static double first_token(const libllm_engine *engine, uint32_t seed)
{
    struct client c = {.engine = engine, .seed = seed, .n_prompt = SHORT, .n_answer = 1};
    run(&c);
    return c.first_token;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values)
{
    qsort(values, ROUNDS, sizeof *values, by_size);
    return values[ROUNDS / 2];
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc > 2)
        n_tokens = (uint32_t)strtoul(argv[2], NULL, 10);
    if (argc > 3)
        temperature = strtof(argv[3], NULL);
    if (argc < 2 || n_tokens < 2 || n_tokens > POSITIONS / CLIENTS_MAX - SHORT) {
        fprintf(stderr, "usage: bench-clients MODEL [TOKENS [TEMPERATURE]]\n");
        return 2;
    }
    libllm_error error = {0};
    libllm_runtime *runtime;
    libllm_model *model;
    check(libllm_runtime_create(NULL, &runtime, &error), &error);
    check(libllm_model_open(runtime, argv[1], NULL, &model, &error), &error);
    libllm_model_info info = {.struct_size = sizeof info};
    check(libllm_model_get_info(model, &info, &error), &error);
    n_vocab = info.n_vocab;
    libllm_engine_options options;
    libllm_engine_options_init(&options, sizeof options);
    options.n_positions = POSITIONS + LONG;
    options.no_reuse = 1; /* every round computes the same */
    libllm_engine *engine;
    check(libllm_engine_create(model, &options, &engine, &error), &error);
    double rates[4][ROUNDS], alone[ROUNDS], beside[ROUNDS];
    for (uint32_t round = 0; round < ROUNDS; round++) /* in turn, as machines have better and worse minutes */
        for (uint32_t i = 0; i < 4; i++)
            rates[i][round] = throughput(engine, 1u << i);
    const double one = median(rates[0]);
    for (uint32_t i = 0; i < 4; i++) {
        const double rate = median(rates[i]);
        printf("%u clients  %6.1f tokens/s  %.2f x one\n", 1u << i, rate, rate / one);
    }
    for (uint32_t round = 0; round < ROUNDS; round++) {
        alone[round] = first_token(engine, 100 + round);
        struct client reader = {.engine = engine, .seed = round, .n_prompt = LONG, .n_answer = 1};
        pthread_t thread;
        if (pthread_create(&thread, NULL, run, &reader) != 0)
            exit(1);
        struct timespec while_it_reads = {.tv_nsec = 300 * 1000 * 1000};
        nanosleep(&while_it_reads, NULL);
        beside[round] = first_token(engine, 200 + round);
        pthread_join(thread, NULL);
    }
    printf("first token of a prompt of %d  %.0f ms  beside one of %d  %.0f ms\n", SHORT, 1000 * median(alone), LONG,
           1000 * median(beside));
    libllm_engine_free(engine);
    libllm_model_free(model);
    libllm_runtime_free(runtime);
}
