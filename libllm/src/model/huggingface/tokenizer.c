/* SPDX-License-Identifier: MIT
 * The tokenizer of a folder, and the tokens that end a text there.
 */
#include "model/huggingface/internal.h"

#include "base/status.h"

static ll_span span_of(const ll_file *file, bool found)
{
    return found ? (ll_span){(const char *)file->data, file->size} : (ll_span){NULL, 0};
}

/* The tokenizer's own files know of one such token, generation_config.json may name more. */
static void add_ends(const ll_gguf *gguf, ll_tokenizer *tokenizer)
{
    const ll_gguf_value *ids = ll_gguf_find(gguf, "tokenizer.ggml.eos_token_ids");
    for (uint64_t i = 0; ids && i < ids->count; i++)
        ll_tokenizer_add_end(tokenizer, (int32_t)ll_gguf_element_i64(ids, i));
}

libllm_status ll_huggingface_open_tokenizer(const ll_host *host, const char *folder, const ll_gguf *gguf,
                                            ll_tokenizer **tokenizer, libllm_error *error)
{
    ll_file text = {0}, config = {0};
    bool has_text, has_config = false;
    *tokenizer = NULL;
    libllm_status status = ll_hf_read_file(host, folder, "tokenizer.json", &text, &has_text, error);
    if (!status && has_text)
        status = ll_hf_read_file(host, folder, "tokenizer_config.json", &config, &has_config, error);
    if (!status && has_text)
        status = ll_tokenizer_open_json(host, span_of(&text, true), span_of(&config, has_config), tokenizer, error);
    if (status == LIBLLM_ERROR_JSON)
        status = ll_fail_context(error, LIBLLM_ERROR_CORRUPT_FILE, "the tokenizer");
    if (!status && *tokenizer)
        add_ends(gguf, *tokenizer);
    ll_file_close(&text);
    ll_file_close(&config);
    return status;
}
