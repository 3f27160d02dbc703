/* SPDX-License-Identifier: MIT
 * Texts drawn by chance under JSON Schemas, with the vocabulary of a model and without the model: check_constraints.py
 * has them judged by another implementation. Usage: MODEL N FILE..., one schema in each file; prints for each schema a
 * line that says OK or why it is refused, and after OK as many lines with a text as are asked for.
 */
#include "grammar/constraint.h"
#include "grammar/guide.h"
#include "quant/quant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOKENS_MAX = 4000 };

static uint64_t state = 1;

static uint32_t chance(uint32_t n)
{
    state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)((state >> 33) % n);
}

static bool allowed(const ll_next *next, int32_t token) { return next->bits[token / 32] >> token % 32 & 1; }

/* Half of the time what ends strings, lists and objects, so that texts come to an end. */
static int32_t draw(const ll_next *next, const ll_trie *trie, const int32_t *ends, size_t n_ends)
{
    if (chance(2))
        for (size_t i = 0, first = chance((uint32_t)n_ends); i < n_ends; i++)
            if (allowed(next, ends[(first + i) % n_ends]))
                return ends[(first + i) % n_ends];
    for (uint32_t nth = chance((uint32_t)next->n), i = 0; i < trie->n_vocab; i++)
        if (allowed(next, (int32_t)i) && nth-- == 0)
            return (int32_t)i;
    return -1;
}

static libllm_status sample(const ll_host *host, ll_grammar *grammar, const int32_t *ends, size_t n_ends,
                            libllm_error *error)
{
    ll_guide *guide;
    ll_buffer text;
    const ll_trie *trie = ll_grammar_trie(grammar);
    ll_buffer_init(&text, host);
    libllm_status status = ll_guide_create(host, grammar, &guide, error);
    bool complete = false;
    for (int i = 0; i < TOKENS_MAX && !status && !complete; i++) {
        ll_next next;
        status = ll_guide_next(guide, &next, error);
        complete = next.n == 0 || (next.complete && chance(2));
        if (status || complete)
            break;
        const int32_t token = draw(&next, trie, ends, n_ends);
        status = ll_guide_accept(guide, token, error);
        if (!status)
            status = ll_tokenizer_piece(trie->tokenizer, token, 0, &text, error);
    }
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] == '\n')
            text.data[i] = ' '; /* between the words of JSON, where it is the same */
    if (!status)
        printf("%s%.*s\n", complete ? "" : "(not complete)", (int)text.size, text.data ? text.data : "");
    ll_buffer_free(&text);
    ll_guide_free(guide);
    return status;
}

static int run(const ll_host *host, const ll_trie *trie, const char *path, int n, const int32_t *ends, size_t n_ends)
{
    static char text[1 << 20];
    libllm_error error;
    ll_grammar *grammar;
    FILE *file = fopen(path, "rb");
    const size_t size = file ? fread(text, 1, sizeof text, file) : 0;
    if (file)
        fclose(file);
    if (ll_constraint_compile(host, trie, LIBLLM_CONSTRAINT_JSON_SCHEMA, (ll_span){text, size}, &grammar, &error)) {
        printf("%s\n", error.message);
        return 0;
    }
    puts("OK");
    libllm_status status = LIBLLM_OK;
    for (int i = 0; i < n && !status; i++)
        status = sample(host, grammar, ends, n_ends, &error);
    if (status)
        fprintf(stderr, "%s: %s\n", path, error.message);
    ll_grammar_free(grammar);
    return status != LIBLLM_OK;
}

int main(int argc, char **argv)
{
    ll_host host;
    ll_gguf gguf;
    ll_tokenizer *tokenizer;
    ll_trie *trie;
    libllm_error error;
    ll_host_init(&host);
    if (argc < 4 || ll_gguf_open(&host, argv[1], LIBLLM_LOAD_MAP, ll_type_block_size, &gguf, &error) ||
        ll_tokenizer_open(&host, &gguf, &tokenizer, &error) || ll_trie_create(&host, tokenizer, &trie, &error)) {
        fprintf(stderr, "usage: constraint_samples MODEL N FILE...\n");
        return 2;
    }
    ll_tokens ends;
    ll_tokens_init(&ends, &host);
    for (int32_t i = 0; i < (int32_t)trie->n_vocab; i++) {
        ll_buffer piece;
        ll_buffer_init(&piece, &host);
        if (!ll_tokenizer_piece(tokenizer, i, 0, &piece, &error) && piece.size == 1 && strchr("\"}],:", piece.data[0]))
            ll_tokens_push(&ends, i);
        ll_buffer_free(&piece);
    }
    int code = 0;
    for (int i = 3; i < argc; i++)
        code |= run(&host, trie, argv[i], atoi(argv[2]), ends.data, ends.size);
    ll_tokens_free(&ends);
    ll_trie_free(trie);
    ll_tokenizer_close(tokenizer);
    ll_gguf_close(&gguf);
    return code;
}
