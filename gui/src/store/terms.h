/* SPDX-License-Identifier: MIT
 * What a search compares. The words of a text for the index: small letters without accents, wide forms made narrow, and
 * scripts that put no spaces between words as pairs of characters, the last of a row also alone: "用Python写程序" is
 * "用 python 写程 程序 序". So two characters, the length of most Chinese words, are one word of the index, and one
 * character is the beginning of one.
 */
#pragma once

#include <glib.h>

/* The words of a text for the index, with spaces between them. */
char *lg_terms_of_text(const char *text, gssize n_bytes);

/* A query: an expression for FTS5, and what to look for in texts. */
typedef struct {
    char *expression;    /* NULL: no letter or digit is asked for, so that only looking at every text helps */
    GPtrArray *wanted;   /* of LgTerm */
    gboolean incomplete; /* some of what is wanted, such as the signs of "C++", the index does not know */
} LgQuery;

typedef struct {
    gunichar *folded;
    guint n;
    gboolean inside; /* may begin inside a word */
    gboolean look;   /* the text must be looked at: see incomplete */
} LgTerm;

LgQuery *lg_query_parse(const char *text);
void lg_query_free(LgQuery *query);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LgQuery, lg_query_free)

/* A text as it is compared: each character folded, and where it came from. */
typedef struct {
    gunichar *folded;
    guint *offsets; /* n + 1 of them: bytes of the text */
    guint n;
} LgFolded;

LgFolded *lg_fold(const char *text);
void lg_folded_free(LgFolded *folded);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LgFolded, lg_folded_free)

/* Whether TERM is at or behind *AT; then *AT is where. */
gboolean lg_folded_find(const LgFolded *folded, const LgTerm *term, guint *at);
