/* SPDX-License-Identifier: MIT
 * OpenAI-shaped requests: checked, and turned into the variables that a template reads.
 */
#ifndef LL_CHAT_REQUEST_H
#define LL_CHAT_REQUEST_H

#include "base/json.h"

typedef enum ll_reasoning { LL_REASONING_SHOW, LL_REASONING_HIDE, LL_REASONING_OFF } ll_reasoning;

/* What a template can take. */
typedef struct ll_template_traits {
    bool text_arguments;  /* arguments of calls as JSON text, not as objects */
    bool text_content;    /* content as text, not as a list of parts */
    bool knows_developer; /* the role */
} ll_template_traits;

typedef struct ll_request {
    json_t *variables; /* an object with "messages" */
    ll_reasoning reasoning;
    const char *continued; /* the member of the last message that the answer goes on with; NULL: a new message */
    uint32_t n_calls;      /* tool calls in the messages */
} ll_request;

/* Appended to what is continued, so that its end can be found; some templates look for it. */
#define LL_CONTINUE_TAG "CONTINUE_FINAL_MESSAGE_TAG "

/* The messages of a parsed request, each an object with a role and a content of the right kinds. */
libllm_status ll_request_messages(json_t *request, json_t **out, libllm_error *error);

libllm_status ll_request_read(const ll_host *host, const char *text, size_t n_bytes, const ll_template_traits *traits,
                              ll_request *out, libllm_error *error);
void ll_request_free(ll_request *request);

#endif
