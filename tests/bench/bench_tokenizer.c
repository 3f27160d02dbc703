/* SPDX-License-Identifier: MIT
 * How fast text becomes tokens: bench-tokenizer VOCABULARY [TEXT_FILE]. Prints the milliseconds from opening to the ids
 * of a first 100 characters, and MB/s on one thread for the text; if none is given, for mixed English, Chinese and
 * code, and for 16 MB of one letter, blanks, CJK and combining marks.
 */
#include "bench.h"

#include "format/gguf.h"
#include "quant/quant.h"
#include "tokenizer/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char mixed[] =
    "The quick brown fox jumps over the lazy dog, and nobody knows why it didn't simply walk around him instead.\n"
    "人工智能正在改变我们的生活方式，语言模型可以理解和生成自然语言文本。今天的天气很好，我们去公园散步吧。\n"
    "static int compare(const void *a, const void *b)\n{\n    return *(const int *)a - *(const int *)b;\n}\n\n"
    "In 1969, the Apollo 11 mission landed 2 astronauts on the Moon; about 650,000,000 people watched it live.\n"
    "for (size_t i = 0; i < n_rows; i++) {\n        sum += weights[i] * inputs[i]; // accumulate\n    }\n"
    "Models are trained on large corpora of text, which they learn to continue one token at a time.\n";

/* Of processor time: other programs do not count. */
static char *repeat(const char *unit, size_t size)
{
    size_t n = strlen(unit);
    char *text = malloc(size);
    for (size_t i = 0; text && i < size; i++)
        text[i] = unit[i % n];
    return text;
}

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

static libllm_status open_any(const ll_host *host, const char *path, ll_gguf *gguf, ll_tokenizer **tokenizer,
                              libllm_error *error)
{
    size_t n = strlen(path), size = 0;
    if (n > 5 && strcmp(path + n - 5, ".json") == 0) {
        char *bytes = read_file(path, &size);
        libllm_status status =
            ll_tokenizer_open_json(host, (ll_span){bytes, size}, (ll_span){NULL, 0}, tokenizer, error);
        free(bytes);
        return status;
    }
    libllm_status status = ll_gguf_open(host, path, LIBLLM_LOAD_MAP, ll_type_block_size, gguf, error);
    return status == LIBLLM_OK ? ll_tokenizer_open(host, gguf, tokenizer, error) : status;
}

/* The best of a few runs, in seconds. */
static double measure(const ll_host *host, const ll_tokenizer *tokenizer, const char *text, size_t size,
                      unsigned n_runs)
{
    double best = 1e9;
    for (unsigned run = 0; run < n_runs; run++) {
        ll_tokens ids;
        ll_tokens_init(&ids, host);
        double start = cpu_seconds();
        if (ll_tokenizer_encode(tokenizer, text, size, 0, &ids, NULL) != LIBLLM_OK)
            abort();
        double taken = cpu_seconds() - start;
        best = taken < best ? taken : best;
        ll_tokens_free(&ids);
    }
    return best;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name, *unit;
    } hard[] = {{"letter", "A"}, {"blanks", " "}, {"CJK", "\xE4\xB8\xAD"}, {"marks", "\xCC\x81\xCC\xA3"}};
    ll_host host;
    ll_gguf gguf;
    libllm_error error;
    ll_tokenizer *tokenizer = NULL;
    ll_host_init(&host);
    if (argc < 2)
        return 2;
    double start = cpu_seconds();
    if (open_any(&host, argv[1], &gguf, &tokenizer, &error) != LIBLLM_OK || !tokenizer) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    measure(&host, tokenizer, mixed, 100, 1);
    printf("%s (%s): first 100 characters after %.1f ms\n", argv[1], ll_tokenizer_kind(tokenizer),
           (cpu_seconds() - start) * 1e3);
    size_t size = sizeof mixed - 1;
    char *text = argc > 2 ? read_file(argv[2], &size) : repeat(mixed, size *= 2000);
    if (!text)
        return 1;
    printf("  text: %.1f MB/s\n", (double)size / 1e6 / measure(&host, tokenizer, text, size, 5));
    free(text);
    for (size_t i = 0; argc == 2 && i < sizeof hard / sizeof *hard; i++) {
        size = (16u << 20) / strlen(hard[i].unit) * strlen(hard[i].unit);
        text = repeat(hard[i].unit, size);
        if (!text)
            return 1;
        printf("  %s: %.1f MB/s\n", hard[i].name, (double)size / 1e6 / measure(&host, tokenizer, text, size, 1));
        free(text);
    }
    ll_tokenizer_close(tokenizer);
    return 0;
}
