/* SPDX-License-Identifier: MIT
 * Ids of many texts, for check_tokenizers.py: tokenize_strings VOCABULARY < texts > ids. The vocabulary is a GGUF file
 * or a tokenizer.json. Texts come in batches: their number (all numbers have 32 bits), and for each its size in bytes
 * and its bytes. What comes out for a batch is the size of the answer, and for each text the number of its ids, the
 * ids, the size of what they decode to and that.
 */
#include "base/status.h"
#include "quant/quant.h"
#include "tokenizer/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_u32(ll_buffer *out, size_t value)
{
    uint32_t n = (uint32_t)value;
    ll_buffer_append(out, (const char *)&n, sizeof n);
}

static int fail(const libllm_error *error)
{
    fprintf(stderr, "%s\n", error->message);
    return 1;
}

/* What one call works with. */
typedef struct work {
    const ll_tokenizer *tokenizer;
    ll_tokens ids;
    ll_buffer text, answer;
} work;

/* Read a text and append the answer. */
static libllm_status answer_one(work *w, libllm_error *error)
{
    uint32_t size;
    w->text.size = w->ids.size = 0;
    if (fread(&size, sizeof size, 1, stdin) != 1 || !ll_buffer_reserve(&w->text, (size_t)size + 1) ||
        fread(w->text.data, 1, size, stdin) != size)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "a text is missing");
    libllm_status status =
        ll_tokenizer_encode(w->tokenizer, w->text.data, size, LIBLLM_TOKENIZE_PARSE_SPECIAL, &w->ids, error);
    if (status == LIBLLM_OK)
        status =
            ll_tokenizer_decode(w->tokenizer, w->ids.data, w->ids.size, LIBLLM_DETOKENIZE_SPECIAL, &w->text, error);
    put_u32(&w->answer, w->ids.size);
    if (w->ids.size)
        ll_buffer_append(&w->answer, (const char *)w->ids.data, w->ids.size * sizeof *w->ids.data);
    put_u32(&w->answer, w->text.size);
    if (w->text.size)
        ll_buffer_append(&w->answer, w->text.data, w->text.size);
    return status;
}

static int tokenize(const ll_host *host, const ll_tokenizer *tokenizer)
{
    libllm_error error;
    work w = {.tokenizer = tokenizer};
    ll_tokens_init(&w.ids, host);
    ll_buffer_init(&w.text, host);
    ll_buffer_init(&w.answer, host);
    for (uint32_t n; fread(&n, sizeof n, 1, stdin) == 1;) {
        w.answer.size = 0;
        for (; n > 0; n--)
            if (answer_one(&w, &error) != LIBLLM_OK)
                return fail(&error);
        uint32_t size = (uint32_t)w.answer.size;
        fwrite(&size, sizeof size, 1, stdout);
        fwrite(w.answer.data, 1, size, stdout);
        fflush(stdout);
    }
    ll_tokens_free(&w.ids);
    ll_buffer_free(&w.text);
    ll_buffer_free(&w.answer);
    return 0;
}

/* A whole file, or NULL. */
static char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        return NULL;
    long n = ftell(file);
    rewind(file);
    char *bytes = n < 0 ? NULL : malloc((size_t)n + 1);
    if (bytes)
        *size = fread(bytes, 1, (size_t)n, file);
    fclose(file);
    return bytes;
}

int main(int argc, char **argv)
{
    ll_host host;
    ll_gguf gguf;
    libllm_error error;
    ll_tokenizer *tokenizer = NULL;
    ll_host_init(&host);
    if (argc != 2)
        return 2;
    size_t n = strlen(argv[1]);
    libllm_status status;
    if (n > 5 && strcmp(argv[1] + n - 5, ".json") == 0) {
        size_t size = 0;
        char *bytes = read_file(argv[1], &size);
        if (!bytes)
            return 2;
        status = ll_tokenizer_open_json(&host, (ll_span){bytes, size}, (ll_span){NULL, 0}, &tokenizer, &error);
        free(bytes);
    } else {
        status = ll_gguf_open(&host, argv[1], LIBLLM_LOAD_MAP, ll_type_block_size, &gguf, &error);
        if (status == LIBLLM_OK)
            status = ll_tokenizer_open(&host, &gguf, &tokenizer, &error);
    }
    return status == LIBLLM_OK ? tokenize(&host, tokenizer) : fail(&error);
}
