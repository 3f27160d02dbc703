/* SPDX-License-Identifier: MIT
 * Strings that remember where every byte came from. Positions and lengths that templates see count characters;
 * here everything is in bytes unless a name says otherwise.
 */
#ifndef LL_CHAT_TEXT_H
#define LL_CHAT_TEXT_H

#include "chat/render.h"

/* A string over memory that stays: nothing is copied. */
void ll_str_over(ll_str *s, const char *data, size_t size, uint8_t origin);
const ll_str *ll_str_view(ll_render *r, const char *data, size_t size, uint8_t origin);
/* A copy, with an origin for every byte. */
const ll_str *ll_str_copy(ll_render *r, const char *data, const char *origins, size_t size);
const ll_str *ll_str_literal(ll_render *r, const char *text); /* of the template */
const ll_str *ll_str_part(ll_render *r, const ll_str *s, size_t from, size_t size);
const ll_str *ll_str_join2(ll_render *r, const ll_str *a, const ll_str *b);
/* The same text, marked safe or not. */
const ll_str *ll_str_marked(ll_render *r, const ll_str *s, bool markup);
uint8_t ll_str_origin_at(const ll_str *s, size_t at);
bool ll_str_is(const ll_str *s, const char *text);
bool ll_str_same(const ll_str *a, const ll_str *b);

size_t ll_str_count(const ll_str *s);                    /* characters */
size_t ll_str_offset(const ll_str *s, size_t character); /* where it starts; size when past the end */
/* Python's slice s[start:stop] in characters, bounds already within the string. */
const ll_str *ll_str_characters(ll_render *r, const ll_str *s, size_t start, size_t stop);

/* First or last occurrence within [from, to), or SIZE_MAX. A caller of the first, alone or in a loop that passes
 * over the string once, pays with ll_work_on_search(). */
bool ll_work_on_search(ll_render *r, const ll_str *s, const ll_str *what);
size_t ll_str_find(const ll_str *s, const ll_str *what, size_t from, size_t to);
bool ll_str_find_last(ll_render *r, const ll_str *s, const ll_str *what, size_t from, size_t to, size_t *out);
bool ll_str_starts(const ll_str *s, const ll_str *prefix);
bool ll_str_ends(const ll_str *s, const ll_str *suffix);

enum { LL_STRIP_LEFT = 1, LL_STRIP_RIGHT = 2 };
const ll_str *ll_str_strip(ll_render *r, const ll_str *s, const ll_str *characters, int sides); /* NULL: blanks */

/* Taking apart (split.c) -------------------------------------------------------------------------------- */

/* Python's split() and rsplit(): separator NULL means runs of blanks, a negative maximum no limit. */
ll_list *ll_str_split(ll_render *r, const ll_str *s, const ll_str *separator, int64_t maximum);
ll_list *ll_str_split_last(ll_render *r, const ll_str *s, const ll_str *separator, int64_t maximum);
ll_list *ll_str_lines(ll_render *r, const ll_str *s, bool keep_ends);
const ll_str *ll_str_replace(ll_render *r, const ll_str *s, const ll_str *old, const ll_str *fresh, int64_t maximum);
const ll_str *ll_str_join(ll_render *r, const ll_str *separator, ll_items items, bool convert);
/* `fill` left and right of the text, up to a width in characters. */
const ll_str *ll_str_pad(ll_render *r, const ll_str *s, const ll_str *fill, size_t left, size_t right);

/* Code points ------------------------------------------------------------------------------------------- */

bool ll_is_blank(int32_t c);                           /* Python's str.isspace() */
bool ll_is_word(int32_t c);                            /* \w of Python's re */
size_t ll_blank_before(const char *data, size_t size); /* length of the blanks that end the text */
size_t ll_blank_after(const char *data, size_t size);  /* length of the blanks that start it */

typedef enum ll_case { LL_UPPER, LL_LOWER, LL_TITLE, LL_CAPITALIZE, LL_SWAPCASE, LL_FILTER_TITLE } ll_case;
const ll_str *ll_str_case(ll_render *r, const ll_str *s, ll_case how);

/* Building ---------------------------------------------------------------------------------------------- */

typedef struct ll_store {
    char *data;
    uint8_t *origins;
    size_t size, capacity;
} ll_store;

/* Appending after a failure does nothing; the failure is in the rendering and finish() gives NULL. */
typedef struct ll_builder {
    ll_render *r;
    ll_store *store;
    bool failed;
} ll_builder;

void ll_builder_init(ll_builder *b, ll_render *r, size_t expected);
void ll_builder_bytes(ll_builder *b, const char *data, size_t n, uint8_t origin);
void ll_builder_text(ll_builder *b, const char *text, uint8_t origin);
void ll_builder_str(ll_builder *b, const ll_str *s);
void ll_builder_part(ll_builder *b, const ll_str *s, size_t from, size_t size);
void ll_builder_repeat(ll_builder *b, const ll_str *s, size_t times);
void ll_builder_point(ll_builder *b, int32_t code_point, uint8_t origin);
const ll_str *ll_builder_finish(ll_builder *b);

/* HTML-escaped, marked safe. */
const ll_str *ll_str_escape(ll_render *r, const ll_str *s);

#endif
