/* SPDX-License-Identifier: MIT
 * Taking an answer apart while it streams: text, reasoning, and tool calls with their arguments as JSON. What could be
 * the start of a marker is held back until it is clear; what turns out to be no call comes out as text.
 */
#ifndef LL_CHAT_ANSWER_H
#define LL_CHAT_ANSWER_H

#include "base/json.h"
#include "chat/syntax.h"

typedef struct ll_answer ll_answer;

typedef struct ll_answer_options {
    const ll_syntax *syntax;
    const ll_thinking *thinking;
    json_t *request;     /* its members, or NULL. A reference is taken of this and the next */
    json_t *tools;       /* of the request, or NULL: calls are not looked for */
    uint32_t n_calls;    /* in the conversation so far, so that ids stay different */
    bool hide_reasoning; /* do not hand it out */
    bool in_reasoning;   /* the prompt ends within it */
    bool may_think;      /* it may begin with reasoning */
    bool in_body;        /* the prompt ends behind the header of a message */
} ll_answer_options;

typedef struct ll_answer_piece {
    libllm_stream_kind kind;
    uint32_t call;      /* number of the call in the answer */
    const char *id;     /* with the first piece of a call, NUL-terminated; NULL otherwise */
    const char *name;   /* likewise */
    const char *remark; /* what is amiss; NULL: nothing */
    ll_span text;
} ll_answer_piece;

libllm_status ll_answer_create(const ll_host *host, const ll_answer_options *options, ll_answer **out,
                               libllm_error *error);
void ll_answer_free(ll_answer *answer); /* NULL is fine */

/* More of what the model wrote, UTF-8; control: it is the text of a control token, which only markers have. On failure
 * (out of memory) nothing has changed. */
libllm_status ll_answer_feed(ll_answer *answer, ll_span text, bool control, libllm_error *error);
/* There is no more. */
libllm_status ll_answer_finish(ll_answer *answer, libllm_error *error);

/* The next piece; false when there is none yet. Valid until the answer is next fed, finished or freed. */
bool ll_answer_next(ll_answer *answer, ll_answer_piece *out);

const ll_answer_options *ll_answer_options_of(const ll_answer *answer);
uint32_t ll_answer_calls(const ll_answer *answer); /* begun so far */

#endif
