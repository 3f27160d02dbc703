/* SPDX-License-Identifier: MIT
 * Conversations that are longer than a context: which turns go, and what that says about every message.
 */
#ifndef LL_CHAT_FIT_H
#define LL_CHAT_FIT_H

#include "chat/chat.h"

/* libllm_chat_fit(): append what it reports to `out`. The options are complete, their summary is not NULL when it has
 * bytes. */
libllm_status ll_chat_fit(const ll_chat_template *chat, const ll_host *host, const ll_tokenizer *tokenizer,
                          ll_span request, const libllm_fit_options *options, ll_buffer *out, libllm_error *error);

#endif
