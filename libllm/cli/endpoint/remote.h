/* SPDX-License-Identifier: MIT
 * What `libllm chat`, `generate` and `embed` do with an endpoint instead of a model here.
 */
#ifndef CLI_ENDPOINT_REMOTE_H
#define CLI_ENDPOINT_REMOTE_H

#include "../conversation.h"
#include "../generation.h"
#include "endpoint.h"

/* What was asked of a model here and means nothing to one elsewhere is a usage error. Returns OPTIONS_GO or an exit
 * code. */
int remote_check(const struct command *command, const struct common *common, const struct generation *generation);

/* Prints the answer to a conversation as generation_print() does, and keeps it. A failure was told in a message. */
libllm_status remote_answer(struct endpoint *endpoint, const struct generation *generation,
                            const struct conversation *conversation, const struct wishes *wishes,
                            struct answer *answer);
/* Prints what goes on after a text, and a line feed. False, with a message, on failure. */
bool remote_generate(struct endpoint *endpoint, const struct generation *generation, const struct text *text);
/* Prints the embedding of a text or of each of its lines. False, with a message, on failure. */
bool remote_embed(struct endpoint *endpoint, const struct text *text, bool by_line, bool as_json);

/* The members of a request that the options of generation make, without those that nobody gave. NULL after a
 * message. */
json_t *remote_request(const struct endpoint *endpoint, const struct generation *generation);

#endif
