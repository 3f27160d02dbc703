/* SPDX-License-Identifier: MIT
 * Template source to tokens, with the whitespace rules of trim_blocks and lstrip_blocks.
 */
#ifndef LL_CHAT_LEXER_H
#define LL_CHAT_LEXER_H

#include "base/buffer.h"

typedef enum ll_token_kind {
    LL_T_END,
    LL_T_TEXT,
    LL_T_PRINT_BEGIN, /* {{ */
    LL_T_PRINT_END,
    LL_T_BLOCK_BEGIN, /* {% */
    LL_T_BLOCK_END,
    LL_T_NAME,
    LL_T_STRING,
    LL_T_INT,
    LL_T_FLOAT,
    LL_T_OPERATOR,
} ll_token_kind;

/* Operators of two characters, as ll_token.op; the others are their character. */
enum { LL_T_EQ = 256, LL_T_NE, LL_T_LE, LL_T_GE, LL_T_FLOORDIV, LL_T_POW };

typedef struct ll_token {
    ll_token_kind kind;
    int op;
    uint32_t at;  /* offset in the source */
    ll_span text; /* of the source; of a string without its quotes, escapes still in it */
} ll_token;

typedef struct ll_lexer {
    const ll_host *host;
    libllm_error *error;
    ll_span source;
    size_t at;
    ll_token_kind within; /* END: in text; PRINT_BEGIN or BLOCK_BEGIN: in a tag */
    ll_token pending;     /* the tag that follows a text; END: none */
    bool line_starts;     /* what was matched last ends a line */
    char *closers;        /* brackets that are to be closed */
    size_t n_closers, max_closers;
} ll_lexer;

libllm_status ll_lexer_init(ll_lexer *lexer, const ll_host *host, ll_span source, libllm_error *error);
void ll_lexer_free(ll_lexer *lexer);
libllm_status ll_lexer_next(ll_lexer *lexer, ll_token *token);
libllm_status ll_template_fail(libllm_error *error, ll_span source, size_t at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
