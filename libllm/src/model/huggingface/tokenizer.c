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

/* The files of a tokenizer; without the first one there is none. */
typedef struct tokenizer_files {
    ll_file text, config;
    bool has_text, has_config;
} tokenizer_files;

static libllm_status read_files(const ll_host *host, const char *folder, tokenizer_files *files, libllm_error *error)
{
    *files = (tokenizer_files){0};
    libllm_status status = ll_hf_read_file(host, folder, "tokenizer.json", &files->text, &files->has_text, error);
    if (!status && files->has_text)
        status = ll_hf_read_file(host, folder, "tokenizer_config.json", &files->config, &files->has_config, error);
    return status;
}

static void close_files(tokenizer_files *files)
{
    ll_file_close(&files->text);
    ll_file_close(&files->config);
}

libllm_status ll_huggingface_open_tokenizer(const ll_host *host, const char *folder, const ll_gguf *gguf,
                                            ll_tokenizer **tokenizer, libllm_error *error)
{
    tokenizer_files files;
    *tokenizer = NULL;
    libllm_status status = read_files(host, folder, &files, error);
    if (!status && files.has_text)
        status = ll_tokenizer_open_json(host, span_of(&files.text, true), span_of(&files.config, files.has_config),
                                        tokenizer, error);
    if (status == LIBLLM_ERROR_JSON)
        status = ll_fail_context(error, LIBLLM_ERROR_CORRUPT_FILE, "the tokenizer");
    if (!status && *tokenizer)
        add_ends(gguf, *tokenizer);
    close_files(&files);
    return status;
}

libllm_status ll_huggingface_put_tokenizer(const ll_host *host, const char *folder, uint32_t n_rows,
                                           ll_gguf_maker *maker, libllm_error *error)
{
    tokenizer_files files;
    libllm_status status = read_files(host, folder, &files, error);
    if (!status && files.has_text)
        status = ll_tokenizer_translate_json(host, span_of(&files.text, true), span_of(&files.config, files.has_config),
                                             n_rows, maker, error);
    else if (!status)
        ll_gguf_put_string(maker, "tokenizer.ggml.model", ll_span_of("none"));
    close_files(&files);
    return status;
}
