/* SPDX-License-Identifier: MIT
 * Token ids back to bytes.
 */
#include "tokenizer/internal.h"

#include <inttypes.h>
#include <string.h>

static libllm_status append(const ll_tokenizer *t, int32_t id, uint32_t flags, ll_buffer *out, libllm_error *error)
{
    if (id < 0 || (uint32_t)id >= t->vocabulary.n)
        return ll_fail(error, LIBLLM_ERROR_OUT_OF_RANGE, "token %" PRId32 " is not one of the %" PRIu32 " tokens", id,
                       t->vocabulary.n);
    if (ll_is_control(&t->vocabulary, id) && !(flags & LIBLLM_DETOKENIZE_SPECIAL))
        return LIBLLM_OK;
    ll_span bytes = ll_token_bytes(&t->vocabulary, id);
    bool marked = t->vocabulary.has_suffix && bytes.size > 0 && bytes.data[bytes.size - 1] == LL_SUFFIX_BYTE;
    if (t->cleans_up && bytes.size >= 2 && bytes.data[0] == ' ' && strchr(".,!?", bytes.data[1]))
        bytes = (ll_span){bytes.data + 1, bytes.size - 1};
    ll_buffer_append(out, bytes.data, bytes.size - marked);
    if (marked)
        ll_buffer_byte(out, ' '); /* the end of a word */
    return LIBLLM_OK;
}

libllm_status ll_tokenizer_piece(const ll_tokenizer *t, int32_t id, uint32_t flags, ll_buffer *out, libllm_error *error)
{
    libllm_status status = append(t, id, flags, out, error);
    return status == LIBLLM_OK && out->failed ? ll_fail_memory(error, "the text of a token") : status;
}

libllm_status ll_tokenizer_decode(const ll_tokenizer *t, const int32_t *ids, size_t n, uint32_t flags, ll_buffer *out,
                                  libllm_error *error)
{
    size_t begin = out->size;
    for (size_t i = 0; i < n; i++) {
        libllm_status status = append(t, ids[i], flags, out, error);
        if (status != LIBLLM_OK) {
            out->size = begin;
            return status;
        }
    }
    if (out->failed) {
        out->size = begin;
        return ll_fail_memory(error, "the text of the tokens");
    }
    /* The blank that encoding puts in front of a text. */
    if (t->drops_blank && out->size > begin && out->data[begin] == ' ') {
        out->size--;
        memmove(out->data + begin, out->data + begin + 1, out->size - begin);
    }
    return LIBLLM_OK;
}
