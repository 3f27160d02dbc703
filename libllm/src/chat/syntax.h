/* SPDX-License-Identifier: MIT
 * How models write reasoning and tool calls: one table, read by the one machine in answer.c.
 */
#ifndef LL_CHAT_SYNTAX_H
#define LL_CHAT_SYNTAX_H

#include "base/buffer.h"

/* Where the model thinks aloud. */
typedef struct ll_thinking {
    const char *begin, *end;
    const char *empty; /* what a template writes in place of no thoughts at all */
} ll_thinking;

typedef enum ll_call_form {
    LL_CALL_JSON,       /* {"name": ..., "arguments": {...}}, or a list of such */
    LL_CALL_KEYED,      /* {"NAME": {...}}, or a list of such */
    LL_CALL_NAMED,      /* a name, then its arguments as JSON */
    LL_CALL_PARAMETERS, /* a name, then keys and values between markers */
    LL_CALL_PYTHON,     /* [f(a=1, b='x'), g()] */
    LL_CALL_LITERAL,    /* a name, then {key:value} with keys that have no quotes */
} ll_call_form;

/* Members that are NULL are not part of the syntax. */
typedef struct ll_syntax {
    const char *name;
    const char *marks[2]; /* what a template has that uses it */
    ll_call_form form;
    bool bare;                               /* an answer that begins with { or [ is a call, if it names a tool */
    bool id_in_name;                         /* "functions.NAME:0" is id and name in one */
    bool list;                               /* calls are in a list, also a single one */
    bool numbered;                           /* JSON calls begin with "tool_call_id" */
    bool line_values;                        /* values stand between line feeds that are not theirs */
    const char *section_begin, *section_end; /* around all calls */
    const char *fence;                       /* may stand between section_begin and the calls */
    const char *call_begin, *call_end;       /* around one of them */
    const char *name_prefix, *name_end;      /* of PARAMETERS also what else may follow a name */
    const char *id_mark;                     /* between a name and an id */
    const char *key_begin, *key_end, *value_begin, *value_end;
    const char *text_mark, *value_mark;   /* behind key_end, where a key says whether its value is text */
    const char *quote;                    /* around strings of LITERAL */
    const char *name_key, *arguments_key; /* of JSON, where they are not "name" and "arguments" */
    /* Messages with a header each that says to whom they go. */
    const char *header_begin, *header_end;
    const char *endings[5]; /* of a message; of any other syntax, markers that are left out of the text */
} ll_syntax;

/* By the source of a template. */
const ll_syntax *ll_syntax_of(ll_span source);
const ll_thinking *ll_thinking_of(ll_span source);
bool ll_span_contains(ll_span text, const char *what);

/* Whether `piece`, the text of a control token, is part of some marker, so that it is needed to tell what is what. */
bool ll_syntax_uses(const ll_syntax *syntax, const ll_thinking *thinking, ll_span piece);

#endif
