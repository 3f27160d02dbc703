/* SPDX-License-Identifier: MIT
 * Upper, lower and title case as Python's str has them.
 */
#include "base/utf8.h"
#include "chat/special_case.h"
#include "chat/text.h"

#include <stdlib.h>
#include <utf8proc.h>

enum { CAPITAL_SIGMA = 0x3A3, SMALL_SIGMA = 0x3C3, FINAL_SIGMA = 0x3C2, CAPITAL_I_WITH_DOT = 0x130 };

static int by_character(const void *key, const void *row)
{
    int32_t c = *(const int32_t *)key;
    return c - ((const struct special_case *)row)->character;
}

static const struct special_case *special(int32_t c)
{
    return bsearch(&c, special_cases, sizeof special_cases / sizeof *special_cases, sizeof *special_cases,
                   by_character);
}

static bool is_cased(int32_t c)
{
    return utf8proc_islower(c) || utf8proc_isupper(c) || utf8proc_category(c) == UTF8PROC_CATEGORY_LT;
}

/* Marks, modifiers and the punctuation that may stand within a word. */
static bool is_case_ignorable(int32_t c)
{
    utf8proc_category_t category = utf8proc_category(c);
    return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_ME || category == UTF8PROC_CATEGORY_CF ||
           category == UTF8PROC_CATEGORY_LM || category == UTF8PROC_CATEGORY_SK || c == '\'' || c == '.' || c == ':' ||
           c == 0xB7 || c == 0x2019;
}

/* A sigma at the end of a word has a small letter of its own. What is before `from` does not count. */
static bool ends_word(const ll_str *s, size_t from, size_t at, size_t size)
{
    int32_t c = 0;
    size_t i = at;
    bool cased = false;
    while (i > from && !cased) {
        do
            i--;
        while (i > from && ((unsigned char)s->data[i] & 0xC0) == 0x80);
        ll_utf8_decode(s->data + i, s->size - i, &c);
        cased = !is_case_ignorable(c);
    }
    if (!cased || !is_cased(c))
        return false;
    for (i = at + size; i < s->size;) {
        i += ll_utf8_decode(s->data + i, s->size - i, &c);
        if (!is_case_ignorable(c))
            return !is_cased(c);
    }
    return true;
}

static void put_capital(ll_builder *b, int32_t c, bool title, uint8_t origin)
{
    const struct special_case *row = c < 0x80 ? NULL : special(c);
    if (!row) {
        ll_builder_point(b, title ? utf8proc_totitle(c) : utf8proc_toupper(c), origin);
        return;
    }
    const uint16_t *points = title && row->title[0] ? row->title : row->upper;
    for (int i = 0; i < 3 && points[i]; i++)
        ll_builder_point(b, points[i], origin);
}

static void put_small(ll_builder *b, const ll_str *s, size_t from, size_t at, size_t size, int32_t c, uint8_t origin)
{
    if (c == CAPITAL_SIGMA) {
        ll_builder_point(b, ends_word(s, from, at, size) ? FINAL_SIGMA : SMALL_SIGMA, origin);
    } else if (c == CAPITAL_I_WITH_DOT) {
        ll_builder_point(b, 'i', origin);
        ll_builder_point(b, 0x307, origin);
    } else {
        ll_builder_point(b, utf8proc_tolower(c), origin);
    }
}

/* Where Jinja's filter `title` (not Python's method) starts a word anew. */
static bool separates(int32_t c) { return ll_is_blank(c) || c == '-' || c == '(' || c == '{' || c == '[' || c == '<'; }

const ll_str *ll_str_case(ll_render *r, const ll_str *s, ll_case how)
{
    if (!ll_work_on_characters(r, s->size))
        return NULL;
    ll_builder b;
    ll_builder_init(&b, r, s->size);
    bool within = false; /* a word */
    size_t rest = 0;     /* Jinja's title takes the first letter off before the others become small */
    for (size_t i = 0, n; i < s->size; i += n) {
        int32_t c;
        n = ll_utf8_decode(s->data + i, s->size - i, &c);
        uint8_t origin = ll_str_origin_at(s, i);
        bool capital = how == LL_UPPER ||
                       ((how == LL_TITLE || how == LL_FILTER_TITLE || how == LL_CAPITALIZE) && !within) ||
                       (how == LL_SWAPCASE && utf8proc_islower(c));
        if (capital)
            put_capital(&b, c, how == LL_TITLE || how == LL_CAPITALIZE, origin);
        else if (how == LL_SWAPCASE && !utf8proc_isupper(c))
            ll_builder_part(&b, s, i, n);
        else
            put_small(&b, s, rest, i, n, c, origin);
        if (capital && how == LL_FILTER_TITLE)
            rest = i + n;
        within = how == LL_TITLE ? is_cased(c) : how == LL_FILTER_TITLE ? !separates(c) : true;
    }
    const ll_str *result = ll_builder_finish(&b);
    return result ? ll_str_marked(r, result, s->markup) : NULL;
}
