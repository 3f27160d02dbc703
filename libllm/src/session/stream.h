/* SPDX-License-Identifier: MIT
 * A generation as a pull iterator: tokens become text that is cut at whole characters and at stop texts.
 */
#ifndef LL_SESSION_STREAM_H
#define LL_SESSION_STREAM_H

#include "grammar/guide.h"
#include "session/session.h"

typedef struct ll_stream ll_stream;

/* Between enter and leave of the session. The prompt is copied. grammar: what the text must be; NULL: anything. draft:
 * a session of its own that guesses for this one; NULL: none. */
libllm_status ll_stream_create(ll_session *session, const int32_t *tokens, size_t n_tokens,
                               const libllm_stream_options *options, const libllm_sampling_options *sampling,
                               ll_grammar *grammar, ll_session *draft, ll_stream **out, libllm_error *error);
libllm_status ll_stream_next(ll_stream *stream, libllm_stream_event *event, libllm_error *error);
void ll_stream_free(ll_stream *stream); /* NULL is fine */

#endif
