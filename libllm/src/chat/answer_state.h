/* SPDX-License-Identifier: MIT
 * The inside of an answer that is being taken apart: what the machine (answer.c) and the forms of calls
 * (answer_calls.c) share. A step returns false when it needs more text, and has then changed nothing but `scanned`.
 */
#ifndef LL_CHAT_ANSWER_STATE_H
#define LL_CHAT_ANSWER_STATE_H

#include "chat/answer.h"

typedef enum ll_answer_state {
    LL_A_TEXT,
    LL_A_REASONING,
    LL_A_HEADER,      /* of a message */
    LL_A_SECTION,     /* between calls */
    LL_A_NAME,        /* of a call */
    LL_A_BEFORE_JSON, /* its arguments are to come */
    LL_A_JSON,        /* within them: they are passed on as they are */
    LL_A_AFTER_JSON,
    LL_A_MEMBER,  /* of the object that is a call: before a key */
    LL_A_VALUE,   /* behind the key */
    LL_A_KEY,     /* of a parameter */
    LL_A_STRING,  /* within a value that is text: it is passed on, escaped */
    LL_A_LITERAL, /* all arguments in one */
    LL_A_KEYWORD, /* of a call in Python */
} ll_answer_state;

typedef struct ll_piece {
    libllm_stream_kind kind;
    uint32_t call;
    bool begins; /* id and name, each with its NUL, stand before the text */
    size_t at, size;
    const char *remark;
} ll_piece;

struct ll_answer {
    const ll_host *host;
    ll_answer_options options;
    const ll_syntax *syntax;
    ll_answer_state state;
    bool at_end;             /* no more text will come */
    bool visible;            /* text other than blanks was handed out */
    bool trim;               /* blanks that come first are left out */
    bool in_section;         /* between section_begin and section_end */
    bool bare;               /* the call began without a marker */
    bool begun;              /* the present call was handed out */
    bool first_member;       /* no parameter was handed out for it */
    bool in_string, escaped; /* of what `scanned` has passed */
    uint32_t depth;          /* likewise: open brackets */
    char quote;              /* of that string, in Python */
    uint32_t wrapped;        /* objects around that which is a call */
    uint32_t n_calls, n_in_section;
    ll_buffer pending; /* what the model wrote, from `at` on not yet used */
    size_t at, scanned;
    ll_buffer raw;   /* used, but it may still have to come out as text */
    ll_buffer space; /* blanks at the end of text or reasoning */
    ll_buffer name, id, key, arguments;
    ll_buffer out;
    ll_piece *pieces;
    size_t n_pieces, piece_capacity, next;
};

/* Text that is left to look at, and using up the first of it. What a call may still turn out not to be is kept. */
ll_span ll_answer_rest(const ll_answer *a);
void ll_answer_use(ll_answer *a, size_t n);
void ll_answer_skip(ll_answer *a, const char *characters);

/* Whether the rest begins with the marker: 1, 0, or -1 when more text is needed to say. A NULL marker never does. */
int ll_answer_at(const ll_answer *a, const char *marker);
/* The first place of one of the markers in the rest, from `scanned` on; sets *which. SIZE_MAX: it is not there yet. */
size_t ll_answer_find(ll_answer *a, const char *const *markers, size_t n, size_t *which);

void ll_answer_put(ll_answer *a, libllm_stream_kind kind, ll_span text);
void ll_answer_set(ll_answer *a, ll_answer_state state);

/* A call with `name`, `id` and what is in `arguments`. False, and nothing happened, when it cannot be one. */
bool ll_answer_begin_call(ll_answer *a);
void ll_answer_put_arguments(ll_answer *a, ll_span json);
void ll_answer_pass_on(ll_answer *a, size_t from); /* what was appended to `arguments` behind that */
void ll_answer_end_call(ll_answer *a);             /* to the state between calls, or text */
/* It was no call, or breaks off: what is left comes out as text. */
void ll_answer_fail_call(ll_answer *a, const char *remark);

bool ll_answer_call_step(ll_answer *a); /* in the states from SECTION on */

/* A JSON string of the text, without its quotes. */
void ll_json_escape(ll_buffer *out, ll_span text);
/* A value in Python's notation, or with `quote` around strings and keys that have none, as JSON. False: it is none. */
bool ll_literal_to_json(ll_span text, const char *quote, ll_buffer *out);

#endif
