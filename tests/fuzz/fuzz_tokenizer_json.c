/* SPDX-License-Identifier: MIT
 * libFuzzer target: open the input as a tokenizer.json, and if it is one, encode a text with it and decode the ids. A
 * refusal must have a status and a message; nothing may leak.
 */
#include "base/utf8.h"
#include "meter.h"
#include "tokenizer/tokenizer.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const ll_host *host, const ll_tokenizer *tokenizer)
{
    static const char text[] =
        "The 12 caf\xC3\xA9s  don't\n<s>\xE4\xB8\xAD\xE6\x96\x87 \xE2\x96\x81x\xCC\x81\xFF\t[MASK] ab";
    ll_tokens ids;
    ll_buffer out;
    ll_tokens_init(&ids, host);
    ll_buffer_init(&out, host);
    if (ll_tokenizer_encode(tokenizer, text, sizeof text - 1, LIBLLM_TOKENIZE_PARSE_SPECIAL | LIBLLM_TOKENIZE_ADD_BOS,
                            &ids, NULL) != LIBLLM_OK)
        __builtin_trap();
    if (ll_tokenizer_decode(tokenizer, ids.data, ids.size, LIBLLM_DETOKENIZE_SPECIAL, &out, NULL) != LIBLLM_OK)
        __builtin_trap();
    ll_tokens_free(&ids);
    ll_buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ll_host host;
    meter_host(&host);
    libllm_error error = {0};
    ll_tokenizer *tokenizer;
    libllm_status status =
        ll_tokenizer_open_json(&host, (ll_span){(const char *)data, size}, (ll_span){NULL, 0}, &tokenizer, &error);
    if (status == LIBLLM_OK)
        use(&host, tokenizer);
    else if (tokenizer || error.status != status || !error.message[0] ||
             !ll_utf8_valid(error.message, strlen(error.message)))
        __builtin_trap();
    ll_tokenizer_close(tokenizer);
    if (meter.now != 0 || meter.peak > (64u << 20) + 200 * size)
        __builtin_trap();
    return 0;
}
