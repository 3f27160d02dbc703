/* SPDX-License-Identifier: MIT
 * Chats: messages to prompts, and prompts to streams.
 */
#include "api/handles.h"
#include "api/options.h"

#include "base/status.h"
#include "base/utf8.h"
#include "chat/chat.h"
#include "chat/constrain.h"
#include "chat/fit.h"

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
    libllm_chat *c = ll_calloc(host, 1, sizeof *c);
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

static libllm_status check_tokenizer(const libllm_chat *chat, libllm_error *error)
{
    const ll_model *model = chat->model->model;
    return model->tokenizer ? LIBLLM_OK : ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "%s", model->not_tokenizing.message);
}

static libllm_status tokenize(const libllm_chat *chat, const char *request, size_t n_bytes, ll_tokens *tokens,
                              ll_answer **answer, libllm_error *error)
{
    ll_tokens_init(tokens, &chat->model->runtime->host);
    libllm_status status = check_tokenizer(chat, error);
    return status ? status : ll_chat_tokenize_request(chat->template_, request, n_bytes, tokens, answer, error);
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

static libllm_status read_fit_options(const libllm_fit_options *options, libllm_fit_options *o, libllm_error *error)
{
    libllm_status status = ll_read_options(options, o, sizeof *o, "libllm_fit_options", error);
    if (status)
        return status;
    if (o->policy != LIBLLM_FIT_ERROR && o->policy != LIBLLM_FIT_DROP_OLDEST)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "policy is %d, which is no libllm_fit_policy", o->policy);
    if (o->n_reserved >= o->n_positions)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT,
                       "n_positions is %zu, which has to be more than n_reserved, %zu", o->n_positions, o->n_reserved);
    if (o->summary_bytes && (!o->summary || !o->n_dropped_turns))
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "summary_bytes is %zu, but %s", o->summary_bytes,
                       o->summary ? "n_dropped_turns, the turns that it stands for, is 0" : "summary is NULL");
    if (o->summary_bytes && !ll_utf8_valid(o->summary, o->summary_bytes))
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "the summary is not valid UTF-8");
    return LIBLLM_OK;
}

libllm_status libllm_chat_fit(const libllm_chat *chat, const char *request, size_t n_bytes,
                              const libllm_fit_options *options, char *buffer, size_t capacity, size_t *needed,
                              libllm_error *error)
{
    if (needed)
        *needed = 0;
    if (!chat || !request || !options || !needed || (!buffer && capacity))
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "chat, request, options, needed or buffer is NULL");
    libllm_fit_options o = {.struct_size = sizeof o};
    libllm_status status = read_fit_options(options, &o, error);
    if (!status)
        status = check_tokenizer(chat, error);
    if (status)
        return status;
    const ll_host *host = &chat->model->runtime->host;
    ll_buffer report;
    ll_buffer_init(&report, host);
    status = ll_chat_fit(chat->template_, host, chat->model->model->tokenizer, (ll_span){request, n_bytes}, &o, &report,
                         error);
    if (!status)
        status = ll_give_text(report.data, report.size, buffer, capacity, needed, error);
    ll_buffer_free(&report);
    return status;
}

/* What the request wants the answer to be; NULL: anything. */
static libllm_status constrain(const libllm_chat *chat, const ll_answer_options *options, ll_grammar **grammar,
                               libllm_error *error)
{
    const ll_trie *trie;
    if (!ll_answer_constrained(options))
        return LIBLLM_OK;
    libllm_status status = ll_model_trie(chat->model, &trie, error);
    return status ? status
                  : ll_answer_recall(chat->model->recall, &chat->model->runtime->host, options, trie, grammar, error);
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
    ll_grammar *grammar = NULL;
    if (!status)
        status = constrain(chat, ll_answer_options_of(answer), &grammar, error);
    if (!status)
        status = ll_open_stream(session, ids.data, ids.size, options, grammar, stream, error);
    ll_grammar_free(grammar);
    if (status)
        ll_answer_free(answer);
    else
        (*stream)->answer = answer;
    ll_tokens_free(&ids);
    return status;
}
