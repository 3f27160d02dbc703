/* SPDX-License-Identifier: MIT
 * What becomes of a chat that no longer fits into the context.
 */
#ifndef CLI_CONTEXT_H
#define CLI_CONTEXT_H

#include "chat.h"
#include "generation.h"

/* Puts in the place of *request, which free() releases, one that leaves room for an answer, as the policy of the chat
 * wants it, and says what that left out. What is left out stays out of later requests. */
libllm_status context_fit(struct chat_state *state, const struct generation *generation, char **request,
                          libllm_error *error);

/* Tokens of a context that are kept for an answer of at most max_tokens, 0: any length. */
size_t context_reserved(size_t capacity, uint64_t max_tokens);
/* The report of libllm_chat_fit(); release with json_decref(). */
libllm_status context_report(const libllm_chat *chat, const char *request, const libllm_fit_options *options,
                             json_t **report, libllm_error *error);
/* Puts the request of a report in the place of *request. */
void context_take(const json_t *report, char **request);

#endif
