/* SPDX-License-Identifier: MIT
 * libFuzzer target: encode the input with each of a few small tokenizers, one for each model and way of cutting, and
 * decode the ids. All of it works whatever the bytes.
 */
#include "base/host.h"
#include "tokenizer/tokenizer.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BERT "\"normalizer\": {\"type\": \"BertNormalizer\"}, \"pre_tokenizer\": {\"type\": \"BertPreTokenizer\"}, "
#define METASPACE "\"pre_tokenizer\": {\"type\": \"Metaspace\"}, "

static const char *const tokenizers[] = {
    "{" BERT "\"model\": {\"type\": \"WordPiece\", \"vocab\": {\"[UNK]\": 0, \"a\": 1, \"##b\": 2, \"ab\": 3}}}",
    "{\"normalizer\": {\"type\": \"NFKC\"}, " METASPACE
    "\"model\": {\"type\": \"Unigram\", \"unk_id\": 0, \"vocab\": [[\"<unk>\", 0], [\"\\u2581\", -1.5], [\"a\", -2], "
    "[\"\\u2581a\", -2.5], [\"aaa\", -4]]}}",
    "{\"normalizer\": {\"type\": \"NFD\"}, " METASPACE
    "\"model\": {\"type\": \"BPE\", \"unk_token\": \"u\", \"vocab\": {\"u\": 0, \"a\": 1, \"b\": 2, \"ab\": 3, "
    "\"\\u2581\": 4, "
    "\"\\u2581ab\": 5, \"<0x41>\": 6}, \"merges\": [\"a b\", [\"\\u2581\", \"ab\"]], \"byte_fallback\": true}, "
    "\"added_tokens\": [{\"id\": 7, \"content\": \"<m>\", \"lstrip\": true, \"rstrip\": true, \"single_word\": true, "
    "\"normalized\": true, \"special\": false}]}",
    "{\"pre_tokenizer\": {\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"Punctuation\", \"behavior\": "
    "\"Contiguous\"}, {\"type\": \"Digits\"}, {\"type\": \"Split\", \"pattern\": {\"Regex\": \"\\\\s+$\"}, "
    "\"behavior\": "
    "\"MergedWithPrevious\"}, {\"type\": \"ByteLevel\", \"add_prefix_space\": true}, {\"type\": \"Digits\"}]}, "
    "\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0, \"b\": 1, \"ab\": 2, \"\\u0120\": 3, \"c</w>\": 4}, "
    "\"merges\": "
    "[\"a b\"], \"end_of_word_suffix\": \"</w>\"}}",
};

enum { N = sizeof tokenizers / sizeof *tokenizers };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static ll_host host;
    static ll_tokenizer *opened[N];
    for (size_t i = 0; i < N; i++) {
        libllm_error error = {0};
        if (i == 0 && !opened[0])
            ll_host_init(&host);
        if (!opened[i] &&
            ll_tokenizer_open_json(&host, ll_span_of(tokenizers[i]), (ll_span){NULL, 0}, &opened[i], &error)) {
            fprintf(stderr, "%s\n", error.message);
            __builtin_trap();
        }
        ll_tokens ids;
        ll_buffer out;
        ll_tokens_init(&ids, &host);
        ll_buffer_init(&out, &host);
        if (ll_tokenizer_encode(opened[i], (const char *)data, size, 0, &ids, NULL) != LIBLLM_OK ||
            ll_tokenizer_decode(opened[i], ids.data, ids.size, 0, &out, NULL) != LIBLLM_OK)
            __builtin_trap();
        ll_tokens_free(&ids);
        ll_buffer_free(&out);
    }
    return 0;
}
