/* SPDX-License-Identifier: MIT
 * Ids of many texts, for check_tokenizers.py: tokenize_strings VOCABULARY < texts > ids. The vocabulary is a GGUF file
 * or a tokenizer.json. A text is its size in bytes (32 bits) and its bytes; what comes out for it is the number of its
 * ids, the ids, the size of what they decode to and that.
 */
#include "quant/quant.h"
#include "tokenizer/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void write_u32(size_t value)
{
    uint32_t n = (uint32_t)value;
    fwrite(&n, sizeof n, 1, stdout);
}

static int fail(const libllm_error *error)
{
    fprintf(stderr, "%s\n", error->message);
    return 1;
}

static int tokenize(const ll_host *host, const ll_tokenizer *tokenizer, uint32_t flags)
{
    libllm_error error;
    ll_tokens ids;
    ll_buffer text;
    ll_tokens_init(&ids, host);
    ll_buffer_init(&text, host);
    for (uint32_t size; fread(&size, sizeof size, 1, stdin) == 1;) {
        text.size = ids.size = 0;
        if (!ll_buffer_reserve(&text, (size_t)size + 1) || fread(text.data, 1, size, stdin) != size)
            return 1;
        if (ll_tokenizer_encode(tokenizer, text.data, size, flags, &ids, &error) != LIBLLM_OK)
            return fail(&error);
        write_u32(ids.size);
        if (ids.size)
            fwrite(ids.data, sizeof *ids.data, ids.size, stdout);
        if (ll_tokenizer_decode(tokenizer, ids.data, ids.size, LIBLLM_DETOKENIZE_SPECIAL, &text, &error) != LIBLLM_OK)
            return fail(&error);
        write_u32(text.size);
        if (text.size)
            fwrite(text.data, 1, text.size, stdout);
        fflush(stdout); /* someone waits for it */
    }
    ll_tokens_free(&ids);
    ll_buffer_free(&text);
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
    return status == LIBLLM_OK ? tokenize(&host, tokenizer, LIBLLM_TOKENIZE_PARSE_SPECIAL) : fail(&error);
}
