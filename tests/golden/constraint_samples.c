/* SPDX-License-Identifier: MIT
 * Texts drawn by chance under JSON Schemas, with the vocabulary of a model and without the model: check_constraints.py
 * has them judged by another implementation. Usage: MODEL N FILE..., one schema in each file; prints for each schema a
 * line that says OK or why it is refused, and after OK as many lines with a text as are asked for.
 */
#include "../constraint_draw.h"
#include "quant/quant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOKENS_MAX = 4000 };

static libllm_status sample(const ll_host *host, ll_grammar *grammar, drawing *d, libllm_error *error)
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
        complete = next.n == 0 || (next.complete && chance(d, 2));
        if (status || complete)
            break;
        const int32_t token = draw(d, &next, trie);
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

static int run(const ll_host *host, const ll_trie *trie, const char *path, int n, drawing *d)
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
        status = sample(host, grammar, d, &error);
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
    drawing d; /* half of the time what ends strings, lists and objects */
    drawing_init(&d, &host, trie, "\"}],:", 2);
    int code = 0;
    for (int i = 3; i < argc; i++)
        code |= run(&host, trie, argv[i], atoi(argv[2]), &d);
    ll_tokens_free(&d.ends);
    ll_trie_free(trie);
    ll_tokenizer_close(tokenizer);
    ll_gguf_close(&gguf);
    return code;
}
