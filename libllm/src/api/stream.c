/* SPDX-License-Identifier: MIT
 * Streams.
 */
#include "api/handles.h"
#include "api/options.h"

#include "base/status.h"

libllm_status libllm_stream_create(libllm_session *session, const int32_t *tokens, size_t n_tokens,
                                   const libllm_stream_options *options, libllm_stream **stream, libllm_error *error)
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
    const ll_host *host = &session->engine->model->runtime->host;
    libllm_stream *s = ll_alloc(host, 1, sizeof *s);
    if (!s)
        return ll_fail_memory(error, "a stream");
    status = ll_session_enter(session->session, false, error);
    if (!status) {
        status = ll_stream_create(session->session, tokens, n_tokens, &o, &sampling, &s->stream, error);
        ll_session_leave(session->session);
    }
    if (status) {
        ll_free(host, s);
        return status;
    }
    s->session = ll_use_session(session);
    *stream = s;
    return LIBLLM_OK;
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
    status = ll_stream_next(stream->stream, &own, error);
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
    ll_free(&session->engine->model->runtime->host, s);
    libllm_session_free(session);
}
