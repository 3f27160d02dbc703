/* SPDX-License-Identifier: MIT
 * Chats: messages to prompts, and prompts to streams.
 */
#include "api/handles.h"
#include "api/options.h"

#include "base/status.h"
#include "chat/chat.h"

struct libllm_chat {
    libllm_model *model;
    ll_chat_template *template_;
};

libllm_status libllm_chat_create(const libllm_model *model, const libllm_chat_options *options, libllm_chat **chat,
                                 libllm_error *error)
{
    if (!chat)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "chat is NULL");
    *chat = NULL;
    if (!model)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "model is NULL");
    libllm_chat_options o = {.struct_size = sizeof o};
    libllm_status status = ll_read_options(options, &o, sizeof o, "libllm_chat_options", error);
    if (status)
        return status;
    ll_span source = o.template_text ? (ll_span){o.template_text, o.template_bytes} : model->model->chat_template;
    if (source.size == 0)
        return ll_fail(error, LIBLLM_ERROR_NO_TEMPLATE,
                       "the model has no chat template: it continues text, but does not take part in a conversation");
    const ll_host *host = &model->runtime->host;
    libllm_chat *c = ll_alloc(host, 1, sizeof *c);
    if (!c)
        return ll_fail_memory(error, "a chat");
    status = ll_chat_compile(host, model->model->tokenizer, source, &c->template_, error);
    if (status) {
        ll_free(host, c);
        return status;
    }
    c->model = ll_use_model(model);
    *chat = c;
    return LIBLLM_OK;
}

void libllm_chat_free(libllm_chat *c)
{
    if (!c)
        return;
    libllm_model *model = c->model;
    ll_chat_template_free(c->template_);
    ll_free(&model->runtime->host, c);
    libllm_model_free(model);
}

libllm_status libllm_chat_render(const libllm_chat *chat, const char *request, size_t n_bytes, char *buffer,
                                 size_t capacity, size_t *needed, libllm_error *error)
{
    if (needed)
        *needed = 0;
    if (!chat || !request || !needed || (!buffer && capacity))
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "chat, request, needed or buffer is NULL");
    ll_rendered rendered;
    ll_rendered_init(&rendered, &chat->model->runtime->host);
    libllm_status status = ll_chat_render_request(chat->template_, request, n_bytes, &rendered, NULL, error);
    if (!status)
        status = ll_give_text(rendered.text.data, rendered.text.size, buffer, capacity, needed, error);
    ll_rendered_free(&rendered);
    return status;
}

static libllm_status tokenize(const libllm_chat *chat, const char *request, size_t n_bytes, ll_tokens *tokens,
                              ll_answer **answer, libllm_error *error)
{
    ll_tokens_init(tokens, &chat->model->runtime->host);
    if (!chat->model->model->tokenizer)
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "%s", chat->model->model->not_tokenizing.message);
    return ll_chat_tokenize_request(chat->template_, request, n_bytes, tokens, answer, error);
}

libllm_status libllm_chat_tokenize(const libllm_chat *chat, const char *request, size_t n_bytes, int32_t *tokens,
                                   size_t capacity, size_t *n_tokens, libllm_error *error)
{
    if (n_tokens)
        *n_tokens = 0;
    if (!chat || !request || !n_tokens || (!tokens && capacity))
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "chat, request, n_tokens or tokens is NULL");
    ll_tokens ids;
    libllm_status status = tokenize(chat, request, n_bytes, &ids, NULL, error);
    if (!status)
        status = ll_give_tokens(ids.data, ids.size, tokens, capacity, n_tokens, error);
    ll_tokens_free(&ids);
    return status;
}

libllm_status libllm_chat_stream(const libllm_chat *chat, libllm_session *session, const char *request, size_t n_bytes,
                                 const libllm_stream_options *options, libllm_stream **stream, libllm_error *error)
{
    if (!stream)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "stream is NULL");
    *stream = NULL;
    if (!chat || !session || !request)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "chat, session or request is NULL");
    if (session->engine->model->model != chat->model->model)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "chat and session belong to different models");
    if (session->engine->engine->has_source)
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED,
                       "a model with an encoder and a decoder answers a text (libllm_session_encode()), it takes no "
                       "part in a conversation");
    ll_tokens ids;
    ll_answer *answer = NULL;
    libllm_status status = tokenize(chat, request, n_bytes, &ids, &answer, error);
    if (!status)
        status = libllm_stream_create(session, ids.data, ids.size, options, stream, error);
    if (status)
        ll_answer_free(answer);
    else
        (*stream)->answer = answer;
    ll_tokens_free(&ids);
    return status;
}
