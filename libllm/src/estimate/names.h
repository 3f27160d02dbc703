/* SPDX-License-Identifier: MIT
 * Finding things by the names that people use: words of letters and digits, whatever stands between them.
 */
#ifndef LL_ESTIMATE_NAMES_H
#define LL_ESTIMATE_NAMES_H

#include "estimate/sheet.h"

enum { LL_WORDS_MAX = 16, LL_WORDS_BYTES = 160, LL_CANDIDATES_MAX = 12 };

typedef struct ll_words {
    char text[LL_WORDS_BYTES]; /* small, each with a NUL behind it */
    uint8_t at[LL_WORDS_MAX];  /* where each begins */
    size_t n, used;
    bool is_loose; /* it is written together or apart, whatever the name does */
} ll_words;

typedef enum ll_fit { LL_FIT_NONE, LL_FIT_PART, LL_FIT_EXACT } ll_fit;

/* Words that there is no room for are left out. */
void ll_add_words(ll_words *words, ll_span text);
/* What somebody asks for: Chinese names of makers and families become those of the tables. The loose form, for when
 * nothing is called so, is without a publisher and what says nothing of shapes ("-instruct"). */
void ll_ask(ll_words *words, const char *query, bool is_loose);
bool ll_same_words(const ll_words *a, const ll_words *b);
bool ll_is_named(ll_span name, const ll_words *query);
/* Quick: false only for a text, such as a line of a table, in which nothing can be named so. */
bool ll_may_name(ll_span text, const ll_words *query);
/* A loose query has no parts. Each word of `part` is or begins one of `whole`: "sxm" begins "sxm5", but "3" does not
 * begin "30b". */
bool ll_has_words(const ll_words *whole, const ll_words *part);

/* What a query may mean: everything that fits best. */
typedef struct ll_candidates {
    ll_fit fit;
    const char *names[LL_CANDIDATES_MAX];
    size_t n; /* all that there are, also those without a name here */
} ll_candidates;

/* False when others fit better, or there are too many. */
bool ll_add_candidate(ll_candidates *all, ll_sheet *sheet, ll_fit fit, ll_span name);
/* The sheet fails unless there is exactly one. `where` is the path of the query. */
bool ll_check_candidates(const ll_candidates *all, ll_sheet *sheet, const char *where, const char *query,
                         const char *hint);

#endif
