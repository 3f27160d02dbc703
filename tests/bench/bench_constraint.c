/* SPDX-License-Identifier: MIT
 * What constraints cost and whether they are right, without a model: compiling JSON Schemas, and the mask of each
 * token. Usage: bench_constraint VOCABULARY.gguf N FILE... A FILE with cases, as MaskBench ({"schema": ..., "tests":
 * [{"data": ..., "valid": ...}]}) and the JSON Schema Test Suite (an array of those) have them: each instance is
 * followed token by token; what is judged otherwise than the file says is printed. Any other FILE is a schema under
 * which N texts are drawn by chance, with a line for it. Times are those of the processor.
 */
#include "../constraint_draw.h"
#include "base/json.h"
#include "quant/quant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TOKENS_MAX = 400, TIMES_MAX = 1 << 23 };

static float mask_times[TIMES_MAX], accept_times[TIMES_MAX]; /* in microseconds */
static size_t n_masks, n_accepts;

typedef struct bench {
    ll_host host;
    ll_trie *trie;
    const ll_tokenizer *tokenizer;
    drawing drawing;
    const char *file;
    double seconds; /* of compiling */
    unsigned n_schemas, n_refused, n_right, n_wrong;
} bench;

/* Of this thread on the processor: other programs take no part. */
static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static libllm_status next_mask(ll_guide *guide, ll_next *next)
{
    const double start = cpu_seconds();
    libllm_status status = ll_guide_next(guide, next, NULL);
    if (n_masks < TIMES_MAX)
        mask_times[n_masks++] = (float)(1e6 * (cpu_seconds() - start));
    return status;
}

static bool accept(ll_guide *guide, int32_t token)
{
    const double start = cpu_seconds();
    libllm_status status = ll_guide_accept(guide, token, NULL);
    if (n_accepts < TIMES_MAX)
        accept_times[n_accepts++] = (float)(1e6 * (cpu_seconds() - start));
    return status == LIBLLM_OK;
}

static bool draw_text(bench *b, ll_grammar *grammar)
{
    ll_guide *guide;
    if (ll_guide_create(&b->host, grammar, &guide, NULL))
        return false;
    bool good = true;
    for (int i = 0; i < TOKENS_MAX && good; i++) {
        ll_next next;
        good = next_mask(guide, &next) == LIBLLM_OK;
        if (!good || next.n == 0)
            break;
        good = accept(guide, draw(&b->drawing, &next, b->trie));
    }
    ll_guide_free(guide);
    return good;
}

/* The grammar takes a text to its end, and each of its tokens is in the mask before it. */
static bool follow(bench *b, ll_grammar *grammar, const char *text)
{
    ll_tokens tokens;
    ll_guide *guide = NULL;
    ll_next next;
    ll_tokens_init(&tokens, &b->host);
    bool taken = !ll_tokenizer_encode(b->tokenizer, text, strlen(text), 0, &tokens, NULL) &&
                 !ll_guide_create(&b->host, grammar, &guide, NULL);
    for (size_t i = 0; i < tokens.size && taken; i++) {
        const int32_t token = tokens.data[i];
        taken = !next_mask(guide, &next);
        const bool allowed = taken && is_allowed(&next, token);
        taken = taken && accept(guide, token);
        if (taken != allowed)
            printf("%s: the mask and the matcher differ\n", b->file);
    }
    taken = taken && !ll_guide_next(guide, &next, NULL) && next.complete;
    ll_guide_free(guide);
    ll_tokens_free(&tokens);
    return taken;
}

static ll_grammar *compile(bench *b, const json_t *schema)
{
    libllm_error error;
    ll_grammar *grammar = NULL;
    char *text = json_dumps(schema, JSON_COMPACT | JSON_ENCODE_ANY);
    const double start = cpu_seconds();
    b->n_schemas++;
    if (ll_constraint_compile(&b->host, b->trie, LIBLLM_CONSTRAINT_JSON_SCHEMA, ll_span_of(text), &grammar, &error)) {
        b->n_refused++;
        fprintf(stderr, "%s: %s\n", b->file, error.message);
    }
    b->seconds += cpu_seconds() - start;
    free(text);
    return grammar;
}

static void run_case(bench *b, const json_t *one)
{
    ll_grammar *grammar = compile(b, json_object_get(one, "schema"));
    size_t i;
    json_t *test;
    json_array_foreach (json_object_get(one, "tests"), i, test) {
        if (!grammar)
            break;
        const bool valid = json_is_true(json_object_get(test, "valid"));
        char *text = json_dumps(json_object_get(test, "data"), JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
        const bool good = follow(b, grammar, text) == valid;
        b->n_right += good;
        b->n_wrong += !good;
        if (!good)
            printf("%s: %s: %s is %svalid: %.300s\n", b->file, json_string_value(json_object_get(one, "description")),
                   json_string_value(json_object_get(test, "description")), valid ? "" : "not ", text);
        free(text);
    }
    ll_grammar_free(grammar);
}

static int by_size(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

static void print_times(const char *name, const float *from, size_t n)
{
    float *sorted = n ? malloc(n * sizeof *sorted) : NULL;
    double sum = 0;
    if (!sorted)
        return;
    memcpy(sorted, from, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_size);
    for (size_t i = 0; i < n; i++)
        sum += (double)sorted[i];
    printf("%-28.28s %7zu: mean %6.1f us, median %5.1f, p90 %6.1f, p99 %7.1f, p99.9 %7.1f, most %8.1f\n", name, n,
           sum / (double)n, (double)sorted[n / 2], (double)sorted[n * 9 / 10], (double)sorted[n * 99 / 100],
           (double)sorted[n * 999 / 1000], (double)sorted[n - 1]);
    free(sorted);
}

static void run_file(bench *b, const char *path, int n_texts)
{
    json_error_t error;
    json_t *root = json_load_file(path, JSON_DECODE_ANY, &error);
    const char *slash = strrchr(path, '/');
    size_t i;
    json_t *one;
    b->file = slash ? slash + 1 : path;
    if (!root)
        fprintf(stderr, "%s: %s\n", path, error.text);
    else if (json_is_array(root))
        json_array_foreach (root, i, one)
            run_case(b, one);
    else if (json_object_get(root, "tests"))
        run_case(b, root);
    else {
        const size_t before = n_masks;
        ll_grammar *grammar = compile(b, root);
        for (int k = 0; grammar && k < n_texts; k++)
            if (!draw_text(b, grammar))
                fprintf(stderr, "%s: a mask failed\n", path);
        print_times(b->file, mask_times + before, n_masks - before);
        ll_grammar_free(grammar);
    }
    json_decref(root);
}

int main(int argc, char **argv)
{
    bench b = {0};
    ll_gguf gguf;
    ll_tokenizer *tokenizer;
    ll_host_init(&b.host);
    if (argc < 4 || ll_gguf_open(&b.host, argv[1], LIBLLM_LOAD_MAP, ll_type_block_size, &gguf, NULL) ||
        ll_tokenizer_open(&b.host, &gguf, &tokenizer, NULL)) {
        fprintf(stderr, "usage: bench_constraint VOCABULARY.gguf N FILE...\n");
        return 2;
    }
    b.tokenizer = tokenizer;
    const double start = cpu_seconds();
    if (ll_trie_create(&b.host, tokenizer, &b.trie, NULL))
        return 2;
    printf("vocabulary of %zu tokens, its tree %.1f ms\n", b.trie->n_vocab, 1e3 * (cpu_seconds() - start));
    drawing_init(&b.drawing, &b.host, b.trie, "\"}]", 8); /* words of some length, as a model has them */
    for (int i = 3; i < argc; i++)
        run_file(&b, argv[i], atoi(argv[2]));
    printf("%u schemas, %u refused, compiled in %.2f ms each; %u instances judged right, %u wrong\n", b.n_schemas,
           b.n_refused, 1e3 * b.seconds / b.n_schemas, b.n_right, b.n_wrong);
    print_times("masks", mask_times, n_masks);
    print_times("steps", accept_times, n_accepts);
    ll_tokens_free(&b.drawing.ends);
    ll_trie_free(b.trie);
    ll_tokenizer_close(tokenizer);
    ll_gguf_close(&gguf);
    return 0;
}
