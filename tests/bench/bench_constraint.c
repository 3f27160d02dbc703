/* SPDX-License-Identifier: MIT
 * What constraints cost: compiling a JSON Schema, and the mask of each token of texts drawn under it, without a model.
 * Usage: bench_constraint VOCABULARY.gguf N SCHEMA...; prints one line for each schema and one for all.
 */
#include "../constraint_draw.h"
#include "base/clock.h"
#include "quant/quant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOKENS_MAX = 400, TIMES_MAX = 1 << 22 };

static double times[TIMES_MAX];
static size_t n_times;
static bool sample(const ll_host *host, ll_grammar *grammar, drawing *d)
{
    ll_guide *guide;
    if (ll_guide_create(host, grammar, &guide, NULL))
        return false;
    bool good = true;
    for (int i = 0; i < TOKENS_MAX && good; i++) {
        ll_next next;
        const double start = ll_seconds();
        good = ll_guide_next(guide, &next, NULL) == LIBLLM_OK;
        if (good && n_times < TIMES_MAX)
            times[n_times++] = 1e6 * (ll_seconds() - start);
        if (!good || next.n == 0)
            break;
        good = ll_guide_accept(guide, draw(d, &next, ll_grammar_trie(grammar)), NULL) == LIBLLM_OK;
    }
    ll_guide_free(guide);
    return good;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void print(const char *name, double milliseconds, const double *from, size_t n)
{
    double sum = 0, *sorted = malloc(n * sizeof *sorted);
    if (!sorted || n == 0)
        return;
    memcpy(sorted, from, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_size);
    for (size_t i = 0; i < n; i++)
        sum += sorted[i];
    printf("%-28.28s compile %7.2f ms, %7zu masks: mean %7.1f us, median %6.1f, p99 %7.1f, most %8.1f\n", name,
           milliseconds, n, sum / (double)n, sorted[n / 2], sorted[n * 99 / 100], sorted[n - 1]);
    free(sorted);
}

int main(int argc, char **argv)
{
    ll_host host;
    ll_gguf gguf;
    ll_tokenizer *tokenizer;
    ll_trie *trie;
    libllm_error error;
    static char text[1 << 20];
    ll_host_init(&host);
    if (argc < 4 || ll_gguf_open(&host, argv[1], LIBLLM_LOAD_MAP, ll_type_block_size, &gguf, &error) ||
        ll_tokenizer_open(&host, &gguf, &tokenizer, &error)) {
        fprintf(stderr, "usage: bench_constraint VOCABULARY.gguf N SCHEMA...\n");
        return 2;
    }
    double start = ll_seconds(), compiled = 0;
    if (ll_trie_create(&host, tokenizer, &trie, &error))
        return 2;
    printf("vocabulary of %zu tokens, its tree %.1f ms\n", trie->n_vocab, 1e3 * (ll_seconds() - start));
    drawing d; /* words of some length, as a model has them */
    drawing_init(&d, &host, trie, "\"}]", 8);
    for (int i = 3; i < argc; i++) {
        ll_grammar *grammar;
        FILE *file = fopen(argv[i], "rb");
        const size_t size = file ? fread(text, 1, sizeof text, file) : 0, before = n_times;
        if (file)
            fclose(file);
        start = ll_seconds();
        if (ll_constraint_compile(&host, trie, LIBLLM_CONSTRAINT_JSON_SCHEMA, (ll_span){text, size}, &grammar,
                                  &error)) {
            fprintf(stderr, "%s: %s\n", argv[i], error.message);
            continue;
        }
        const double milliseconds = 1e3 * (ll_seconds() - start);
        compiled += milliseconds;
        for (int k = 0; k < atoi(argv[2]); k++)
            if (!sample(&host, grammar, &d))
                fprintf(stderr, "%s: a mask failed\n", argv[i]);
        const char *name = strrchr(argv[i], '/');
        print(name ? name + 1 : argv[i], milliseconds, times + before, n_times - before);
        ll_grammar_free(grammar);
    }
    print("all", compiled, times, n_times);
    ll_tokens_free(&d.ends);
    ll_trie_free(trie);
    ll_tokenizer_close(tokenizer);
    ll_gguf_close(&gguf);
    return 0;
}
