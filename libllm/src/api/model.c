/* SPDX-License-Identifier: MIT
 * Models and their tokenizers.
 */
#include "api/handles.h"
#include "api/options.h"

#include "base/status.h"

libllm_model *ll_use_model(const libllm_model *model)
{
    libllm_model *shared = (libllm_model *)(uintptr_t)model;
    atomic_fetch_add_explicit(&shared->users, 1, memory_order_relaxed);
    return shared;
}

libllm_status libllm_model_open(const libllm_runtime *runtime, const char *path, const libllm_model_options *options,
                                libllm_model **model, libllm_error *error)
{
    if (!model)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "model is NULL");
    *model = NULL;
    if (!runtime || !path)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "runtime or path is NULL");
    libllm_model_options o;
    libllm_status status = ll_read_model_options(options, &o, error);
    if (status)
        return status;
    libllm_model *m = ll_alloc(&runtime->host, 1, sizeof *m);
    if (!m)
        return ll_fail_memory(error, "a model");
    *m = (libllm_model){.users = 1, .runtime = ll_use_runtime(runtime)};
    m->recall = ll_recall_create(&runtime->host);
    status = m->recall ? ll_model_open(&m->runtime->host, path, (libllm_load_mode)o.load_mode, &m->model, error)
                       : ll_fail_memory(error, "a model");
    if (status) {
        libllm_model_free(m);
        return status;
    }
    *model = m;
    return LIBLLM_OK;
}

void libllm_model_free(libllm_model *m)
{
    if (!m || !ll_was_last(&m->users))
        return;
    libllm_runtime *runtime = m->runtime;
    ll_recall_free(m->recall);
    ll_trie_free(atomic_load(&m->trie));
    ll_model_close(m->model);
    ll_free(&runtime->host, m);
    libllm_runtime_free(runtime);
}

libllm_status libllm_model_get_info(const libllm_model *model, libllm_model_info *info, libllm_error *error)
{
    if (!model || !info)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "model or info is NULL");
    const ll_model *m = model->model;
    libllm_model_info own = {.struct_size = sizeof own,
                             .runnable = m->family != NULL,
                             .n_vocab = m->n_vocab,
                             .has_tokenizer = m->tokenizer != NULL,
                             .has_chat_template = m->chat_template.size > 0,
                             .adds_bos = m->tokenizer && ll_tokenizer_adds_bos(m->tokenizer),
                             .n_parameters = ll_model_parameters(m),
                             .file_bytes = ll_gguf_file_bytes(&m->gguf)};
    if (m->family) {
        own.is_encoder = m->is_encoder;
        own.n_embd = m->n_embd;
        own.n_layers = m->n_layers;
        own.n_heads = ll_attention_layer(m)->n_heads;
        own.n_kv_heads = ll_attention_layer(m)->n_kv_heads;
        own.n_context_train = m->n_context_train;
        own.has_encoder = m->n_encoder_layers > 0;
        own.n_labels = m->classifier.n_labels;
        ll_model_token_cost(m, &own.bytes_per_token, &own.flops_per_token);
        own.kv_bytes_per_token = ll_kv_bytes_per_position(m, LIBLLM_KV_AUTO);
    }
    return ll_write_struct(info, &own, sizeof own, "libllm_model_info", error);
}

libllm_status libllm_model_describe(const libllm_model *model, char *buffer, size_t capacity, size_t *needed,
                                    libllm_error *error)
{
    if (needed)
        *needed = 0;
    if (!model || !needed || (!buffer && capacity))
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "model, needed or buffer is NULL");
    ll_buffer text;
    ll_buffer_init(&text, &model->runtime->host);
    uint64_t kv = model->model->family ? ll_kv_bytes_per_position(model->model, LIBLLM_KV_AUTO) : 0;
    uint64_t state = model->model->family ? LL_SESSION_STATES * ll_state_bytes(model->model) : 0;
    libllm_status status = ll_model_describe(model->model, kv, state, &text, error);
    if (!status)
        status = ll_give_text(text.data, text.size, buffer, capacity, needed, error);
    ll_buffer_free(&text);
    return status;
}

static libllm_status need_tokenizer(const libllm_model *model, libllm_error *error)
{
    if (model->model->tokenizer)
        return LIBLLM_OK;
    return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "%s", model->model->not_tokenizing.message);
}

libllm_status libllm_model_tokenize(const libllm_model *model, const char *text, size_t n_bytes, uint32_t flags,
                                    int32_t *tokens, size_t capacity, size_t *n_tokens, libllm_error *error)
{
    if (n_tokens)
        *n_tokens = 0;
    if (!model || !n_tokens || (!text && n_bytes) || (!tokens && capacity))
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "model, n_tokens, text or tokens is NULL");
    if (flags & ~(LIBLLM_TOKENIZE_PARSE_SPECIAL | LIBLLM_TOKENIZE_ADD_BOS))
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "flags has unknown bits: 0x%x", flags);
    libllm_status status = need_tokenizer(model, error);
    if (status)
        return status;
    ll_tokens ids;
    ll_tokens_init(&ids, &model->runtime->host);
    status = ll_tokenizer_encode(model->model->tokenizer, text ? text : "", n_bytes, flags, &ids, error);
    if (!status)
        status = ll_give_tokens(ids.data, ids.size, tokens, capacity, n_tokens, error);
    ll_tokens_free(&ids);
    return status;
}

libllm_status libllm_model_tokenize_pair(const libllm_model *model, const char *first, size_t n_first_bytes,
                                         const char *second, size_t n_second_bytes, int32_t *tokens, size_t capacity,
                                         size_t *n_tokens, size_t *n_second, libllm_error *error)
{
    if (n_tokens)
        *n_tokens = 0;
    if (!model || !n_tokens || !n_second || (!first && n_first_bytes) || (!second && n_second_bytes) ||
        (!tokens && capacity))
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT,
                       "model, n_tokens, n_second, first, second or tokens is NULL");
    *n_second = 0;
    libllm_status status = need_tokenizer(model, error);
    if (status)
        return status;
    ll_tokens ids;
    ll_tokens_init(&ids, &model->runtime->host);
    const ll_span texts[2] = {{first ? first : "", n_first_bytes}, {second ? second : "", n_second_bytes}};
    status =
        ll_tokenizer_encode_pair(model->model->tokenizer, model->model->rank_template, texts, &ids, n_second, error);
    if (!status)
        status = ll_give_tokens(ids.data, ids.size, tokens, capacity, n_tokens, error);
    ll_tokens_free(&ids);
    return status;
}

libllm_status libllm_model_detokenize(const libllm_model *model, const int32_t *tokens, size_t n_tokens, uint32_t flags,
                                      char *buffer, size_t capacity, size_t *needed, libllm_error *error)
{
    if (needed)
        *needed = 0;
    if (!model || !needed || (!tokens && n_tokens) || (!buffer && capacity))
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "model, needed, tokens or buffer is NULL");
    if (flags & ~LIBLLM_DETOKENIZE_SPECIAL)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "flags has unknown bits: 0x%x", flags);
    libllm_status status = need_tokenizer(model, error);
    if (status)
        return status;
    ll_buffer text;
    ll_buffer_init(&text, &model->runtime->host);
    status = ll_tokenizer_decode(model->model->tokenizer, tokens, n_tokens, flags, &text, error);
    if (!status)
        status = ll_give_text(text.data, text.size, buffer, capacity, needed, error);
    ll_buffer_free(&text);
    return status;
}

int32_t libllm_model_special_token(const libllm_model *model, libllm_special_token kind)
{
    if (model && kind == LIBLLM_TOKEN_DECODER_START)
        return model->model->family ? model->model->decoder_start : -1;
    return model && model->model->tokenizer ? ll_tokenizer_special(model->model->tokenizer, kind) : -1;
}

int32_t libllm_model_token_ends(const libllm_model *model, int32_t token)
{
    return model && model->model->tokenizer && ll_tokenizer_ends(model->model->tokenizer, token);
}

libllm_status libllm_families(char *buffer, size_t capacity, size_t *needed, libllm_error *error)
{
    if (needed)
        *needed = 0;
    if (!needed || (!buffer && capacity))
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "needed or buffer is NULL");
    ll_host host;
    ll_host_init(&host);
    ll_buffer text;
    ll_buffer_init(&text, &host);
    libllm_status status = ll_families_describe(&text, error);
    if (!status)
        status = ll_give_text(text.data, text.size, buffer, capacity, needed, error);
    ll_buffer_free(&text);
    return status;
}
