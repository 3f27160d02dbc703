/* SPDX-License-Identifier: MIT
 * Streams.
 */
#include "api/handles.h"
#include "api/options.h"

#include "base/status.h"
#include "sampling/sampling.h"

libllm_status ll_open_stream(libllm_session *session, const int32_t *tokens, size_t n_tokens,
                             const libllm_stream_options *options, ll_grammar *grammar, libllm_stream **stream,
                             libllm_error *error)
{
    if (!stream)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "stream is NULL");
    *stream = NULL;
    if (!session || (!tokens && n_tokens))
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "session or tokens is NULL");
    libllm_stream_options o = {.struct_size = sizeof o};
    libllm_status status = ll_read_options(options, &o, sizeof o, "libllm_stream_options", error);
    libllm_sampling_options sampling;
    libllm_sampling_options_init(&sampling, sizeof sampling);
    if (!status)
        status = ll_read_options(o.sampling, &sampling, sizeof sampling, "libllm_sampling_options", error);
    if (status)
        return status;
    ll_sampling_settle(&sampling, &session->engine->model->model->recommended);
    if (o.constraint && o.constraint->model->model != session->engine->model->model)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "constraint and session belong to different models");
    if (o.constraint && grammar)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT,
                       "the options have a constraint, and the request asks for another one");
    if (o.constraint)
        grammar = o.constraint->grammar;
    const ll_host *host = &session->engine->model->runtime->host;
    libllm_stream *s = ll_calloc(host, 1, sizeof *s);
    if (!s)
        return ll_fail_memory(error, "a stream");
    status = ll_session_enter(session->session, false, error);
    if (!status) {
        status = ll_stream_create(session->session, tokens, n_tokens, &o, &sampling, grammar,
                                  o.draft ? o.draft->session : NULL, &s->stream, error);
        ll_session_leave(session->session);
    }
    if (status) {
        ll_free(host, s);
        return status;
    }
    s->session = ll_use_session(session);
    s->draft = o.draft ? ll_use_session(o.draft) : NULL;
    s->fed = true;
    ll_buffer_init(&s->piece, host);
    *stream = s;
    return LIBLLM_OK;
}

libllm_status libllm_stream_create(libllm_session *session, const int32_t *tokens, size_t n_tokens,
                                   const libllm_stream_options *options, libllm_stream **stream, libllm_error *error)
{
    return ll_open_stream(session, tokens, n_tokens, options, NULL, stream, error);
}

/* Give the answer the text of the last event, and behind it the marker that its token may be. What was given is not
 * given again when memory runs out in between. */
static libllm_status feed(libllm_stream *s, libllm_error *error)
{
    const ll_tokenizer *tokenizer = s->session->engine->model->model->tokenizer;
    libllm_status status = LIBLLM_OK;
    if (!s->text_fed)
        status = ll_answer_feed(s->answer, (ll_span){s->event.text, s->event.n_bytes}, false, error);
    s->text_fed |= !status;
    if (!status && s->event.token >= 0) {
        s->piece.size = 0;
        s->piece.failed = false;
        status = ll_tokenizer_piece(tokenizer, s->event.token, 0, &s->piece, error);
        bool silent = s->piece.size == 0;
        if (!status && silent)
            status = ll_tokenizer_piece(tokenizer, s->event.token, LIBLLM_DETOKENIZE_SPECIAL, &s->piece, error);
        if (!status && silent)
            status = ll_answer_feed(s->answer, (ll_span){s->piece.data, s->piece.size}, true, error);
    }
    if (!status && s->event.finish_reason)
        status = ll_answer_finish(s->answer, error);
    s->fed = !status;
    return status;
}

/* The next piece of an answer, or an event without text for a token of which nothing can be said yet. */
static libllm_status next_piece(libllm_stream *s, libllm_stream_event *event, libllm_error *error)
{
    ll_answer_piece piece = {.text = {"", 0}};
    libllm_status status = LIBLLM_OK;
    bool waiting = s->fed && ll_answer_next(s->answer, &piece);
    if (s->fed && !waiting && !s->event.finish_reason) {
        status = ll_stream_next(s->stream, &s->event, error);
        s->given = s->text_fed = s->fed = status < 0;
    }
    if (status >= 0 && !s->fed)
        status = feed(s, error);
    if (status < 0)
        return status;
    waiting = waiting || ll_answer_next(s->answer, &piece);
    *event = s->event;
    event->token = s->given ? -1 : s->event.token;
    if (s->given) {
        event->logprob = 0;
        event->n_top_logprobs = 0;
        event->top_logprobs = NULL;
    }
    s->given = true;
    event->text = piece.text.size ? piece.text.data : "";
    event->n_bytes = piece.text.size;
    event->kind = (int32_t)piece.kind;
    event->call_index = piece.call;
    event->call_id = piece.id;
    event->call_name = piece.name;
    event->remark = piece.remark;
    bool done = s->event.finish_reason && !waiting;
    if (!done)
        event->finish_reason = LIBLLM_FINISH_NONE;
    else if (event->finish_reason == LIBLLM_FINISH_STOP && ll_answer_calls(s->answer))
        event->finish_reason = LIBLLM_FINISH_TOOL_CALLS;
    return done ? LIBLLM_DONE : LIBLLM_OK;
}

libllm_status libllm_stream_next(libllm_stream *stream, libllm_stream_event *event, libllm_error *error)
{
    if (!stream || !event)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "stream or event is NULL");
    /* An event that cannot be filled must not cost a token. */
    libllm_stream_event own = {.struct_size = sizeof own, .token = -1, .text = ""};
    libllm_status status = ll_write_struct(event, &own, sizeof own, "libllm_stream_event", error);
    if (!status)
        status = ll_session_enter(stream->session->session, true, error);
    if (status)
        return status;
    status = stream->answer ? next_piece(stream, &own, error) : ll_stream_next(stream->stream, &own, error);
    ll_session_leave(stream->session->session);
    if (status >= 0)
        ll_write_struct(event, &own, sizeof own, "libllm_stream_event", error);
    return status;
}

void libllm_stream_free(libllm_stream *s)
{
    if (!s)
        return;
    libllm_session *session = s->session;
    ll_stream_free(s->stream);
    ll_answer_free(s->answer);
    ll_buffer_free(&s->piece);
    libllm_session_free(s->draft);
    ll_free(&session->engine->model->runtime->host, s);
    libllm_session_free(session);
}
