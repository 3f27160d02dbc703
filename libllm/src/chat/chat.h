/* SPDX-License-Identifier: MIT
 * From an OpenAI-shaped request (messages, tools) to the text or tokens that a model reads.
 */
#ifndef LL_CHAT_CHAT_H
#define LL_CHAT_CHAT_H

#include "chat/answer.h"
#include "chat/template.h"
#include "tokenizer/tokenizer.h"

typedef struct ll_chat_template ll_chat_template;

/* Compile a template for a model; the tokenizer (NULL: none) outlives it and gives bos_token, eos_token, unk_token
 * and pad_token. */
libllm_status ll_chat_compile(const ll_host *host, const ll_tokenizer *tokenizer, ll_span source,
                              ll_chat_template **out, libllm_error *error);
void ll_chat_template_free(ll_chat_template *chat); /* NULL is fine */

/* Render a request; see libllm_chat_render(). answer: NULL, or receives what takes the answer apart. Several threads
 * may use one template at once. */
libllm_status ll_chat_render_request(const ll_chat_template *chat, const char *request, size_t n_bytes,
                                     ll_rendered *out, ll_answer **answer, libllm_error *error);

/* Render and tokenize. Special tokens are recognized in what the template wrote, never in what came from the request.
 * Whether a BOS stands in front is the template's business: none is added. */
libllm_status ll_chat_tokenize_request(const ll_chat_template *chat, const char *request, size_t n_bytes,
                                       ll_tokens *out, ll_answer **answer, libllm_error *error);

#endif
