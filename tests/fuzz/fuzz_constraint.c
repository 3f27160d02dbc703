/* SPDX-License-Identifier: MIT
 * libFuzzer target: the first byte is the kind of a constraint and the rest its text. What compiles is followed for
 * some tokens of a vocabulary of the 256 bytes: what a mask allows is accepted, and it is never a dead end.
 */
#include "base/utf8.h"
#include "grammar/constraint.h"
#include "grammar/guide.h"
#include "../constraint_draw.h"
#include "meter.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { N_TOKENS = 40 };

static const ll_trie *vocabulary(void)
{
    static ll_host host;
    static ll_tokenizer *tokenizer;
    static ll_trie *trie;
    ll_buffer text;
    if (trie)
        return trie;
    ll_host_init(&host);
    ll_buffer_init(&text, &host);
    ll_buffer_text(&text,
                   "{\"decoder\": {\"type\": \"ByteFallback\"}, \"model\": {\"type\": \"BPE\", \"byte_fallback\": "
                   "true, \"merges\": [], \"vocab\": {");
    for (unsigned i = 0; i < 256; i++)
        ll_buffer_format(&text, "\"<0x%02X>\": %u, ", i, i);
    ll_buffer_text(&text, "\"ab\": 256, \"aab\": 257, \"12\": 258, \"true\": 259, \"xx\": 260, \"}}\": 261}}}");
    if (ll_tokenizer_open_json(&host, (ll_span){text.data, text.size}, (ll_span){NULL, 0}, &tokenizer, NULL) ||
        ll_trie_create(&host, tokenizer, &trie, NULL))
        __builtin_trap();
    ll_buffer_free(&text);
    return trie;
}

static void follow(const ll_host *host, ll_grammar *grammar, const uint8_t *data, size_t size)
{
    ll_guide *guide;
    if (ll_guide_create(host, grammar, &guide, NULL))
        return;
    for (size_t i = 0; i < N_TOKENS; i++) {
        ll_next next;
        libllm_status status = ll_guide_next(guide, &next, NULL);
        if (status != LIBLLM_OK && status != LIBLLM_ERROR_LIMIT) /* every byte is a token: there is always a way */
            __builtin_trap();
        if (status || next.n == 0)
            break;
        size_t nth = (size ? data[i % size] : 0) % count_allowed(&next, ll_grammar_trie(grammar));
        int32_t token = 0;
        while (!(next.bits[token / 32] >> token % 32 & 1) || nth-- > 0)
            token++;
        status = ll_guide_accept(guide, token, NULL);
        if (status != LIBLLM_OK && status != LIBLLM_ERROR_LIMIT)
            __builtin_trap();
        if (status)
            break;
    }
    ll_guide_free(guide);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ll_host host;
    ll_grammar *grammar;
    libllm_error error = {0};
    const ll_trie *trie = vocabulary();
    if (size == 0)
        return 0;
    meter_host(&host);
    const libllm_status status = ll_constraint_compile(&host, trie, (libllm_constraint_kind)(data[0] & 3),
                                                       (ll_span){(const char *)data + 1, size - 1}, &grammar, &error);
    if (status) {
        if (grammar || error.status != status || !ll_utf8_valid(error.message, strlen(error.message)))
            __builtin_trap();
    } else {
        follow(&host, grammar, data, size);
        ll_grammar_free(grammar);
    }
    if (meter.now != 0)
        __builtin_trap();
    return 0;
}
