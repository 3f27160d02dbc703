/* SPDX-License-Identifier: MIT
 * How probable tokens were, in the forms that clients know.
 */
#ifndef CLI_SERVE_LOGPROBS_H
#define CLI_SERVE_LOGPROBS_H

#include <jansson.h>
#include <libllm/libllm.h>
#include <stdbool.h>

/* {"token", "logprob", "bytes", "top_logprobs"} of each token that the text of an event comes from, in a list, with
 * `controls` also of those between that have no text; NULL: there are none. In *held, which starts as NULL, are those
 * whose text is still to come. */
json_t *logprobs_of_text(json_t **held, const libllm_model *model, const libllm_stream_event *event, bool controls);

/* {"content": [...]} of a choice; takes the reference; null for NULL. */
json_t *logprobs_json(json_t *content);

/* {"tokens", "token_logprobs", "top_logprobs", "text_offset"} of the older API; in them a token of a prompt more, or
 * those that logprobs_of_text() has. *offset: the characters before them. */
json_t *token_lists_json(void);
void token_lists_add(json_t *lists, const libllm_model *model, const libllm_stream_event *event, size_t *offset);
void token_lists_extend(json_t *lists, const json_t *entries, size_t *offset);

/* Of a token by a row of logits, and the n_top likeliest. */
float logprob_of_row(const float *logits, uint32_t n_vocab, int32_t token, libllm_token_logprob *top, uint32_t n_top);

#endif
