/* SPDX-License-Identifier: MIT
 * Pairs of texts, as cross-encoders read them.
 */
#include "tokenizer/internal.h"

#include <string.h>

/* The template's text, which may have special tokens, and the two texts, which may not. */
static libllm_status encode_template(const ll_tokenizer *t, ll_span template, const ll_span texts[2], ll_tokens *out,
                                     libllm_error *error)
{
    static const char *const places[] = {"{query}", "{document}"};
    const ll_span markup = template;
    ll_text_part parts[5];
    size_t n = 0;
    for (size_t i = 0; i < 2; i++) {
        const size_t size = strlen(places[i]);
        const char *place = template.size ? memmem(template.data, template.size, places[i], size) : NULL;
        if (!place)
            return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED,
                           "the template \"rerank\" of the model does not have {query} and behind it {document}");
        const size_t n_front = (size_t)(place - template.data);
        parts[n++] = (ll_text_part){{template.data, n_front}, true};
        parts[n++] = (ll_text_part){texts[i], false};
        template.data = place + size;
        template.size -= n_front + size;
    }
    parts[n++] = (ll_text_part){template, true};
    return ll_tokenizer_encode_parts(t, parts, n, 0, markup, out, error);
}

libllm_status ll_tokenizer_encode_pair(const ll_tokenizer *t, ll_span rank_template, const ll_span texts[2],
                                       ll_tokens *out, size_t *n_second, libllm_error *error)
{
    *n_second = 0;
    if (rank_template.size > 0)
        return encode_template(t, rank_template, texts, out, error);
    if (t->no_pairs)
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED,
                       "tokenizer.json: post_processor: pairs of texts are not written with what a single text has "
                       "around it, first the one, then the other");
    const size_t start = out->size;
    ll_tokens_append(out, t->before, t->n_before);
    libllm_status status = ll_tokenizer_encode(t, texts[0].data, texts[0].size, 0, out, error);
    if (!status)
        ll_tokens_append(out, t->between, t->n_between);
    const size_t second = out->size;
    if (!status)
        status = ll_tokenizer_encode(t, texts[1].data, texts[1].size, 0, out, error);
    if (!status)
        ll_tokens_append(out, t->after, t->n_after);
    if (!status && out->failed)
        status = ll_fail_memory(error, "the tokens of a pair of texts");
    if (status)
        out->size = start;
    else if (t->types_second)
        *n_second = out->size - second;
    return status;
}
