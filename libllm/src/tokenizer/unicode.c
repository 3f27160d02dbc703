/* SPDX-License-Identifier: MIT
 * Classes of characters, as the patterns of the pre-tokenizers mean them. ASCII by a table, the rest by the general
 * category that utf8proc knows.
 */
#include "tokenizer/internal.h"

#include <utf8proc.h>

enum { L = LL_LETTER | LL_LOWER, U = LL_LETTER | LL_UPPER, N = LL_NUMBER, S = LL_SPACE, E = LL_SPACE | LL_LINE };
enum { P = LL_PUNCTUATION, Y = LL_SYMBOL, O = LL_OTHER };

static const uint16_t ascii[128] = {
    O, O, O, O, O, O, O, O, O, S, E, S, S, E, O, O, /* 00 */
    O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, /* 10 */
    S, P, P, P, Y, P, P, P, P, P, P, Y, P, P, P, P, /* 20 */
    N, N, N, N, N, N, N, N, N, N, P, P, Y, Y, Y, P, /* 30 */
    P, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U, /* 40 */
    U, U, U, U, U, U, U, U, U, U, U, P, P, P, Y, P, /* 50 */
    Y, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, /* 60 */
    L, L, L, L, L, L, L, L, L, L, L, P, Y, P, Y, O, /* 70 */
};

static const uint16_t of_category[] = {
    [UTF8PROC_CATEGORY_CN] = LL_OTHER,
    [UTF8PROC_CATEGORY_LU] = LL_LETTER | LL_UPPER,
    [UTF8PROC_CATEGORY_LL] = LL_LETTER | LL_LOWER,
    [UTF8PROC_CATEGORY_LT] = LL_LETTER | LL_UPPER,
    [UTF8PROC_CATEGORY_LM] = LL_LETTER | LL_CASELESS,
    [UTF8PROC_CATEGORY_LO] = LL_LETTER | LL_CASELESS,
    [UTF8PROC_CATEGORY_MN] = LL_MARK,
    [UTF8PROC_CATEGORY_MC] = LL_MARK,
    [UTF8PROC_CATEGORY_ME] = LL_MARK,
    [UTF8PROC_CATEGORY_ND] = LL_NUMBER,
    [UTF8PROC_CATEGORY_NL] = LL_NUMBER,
    [UTF8PROC_CATEGORY_NO] = LL_NUMBER,
    [UTF8PROC_CATEGORY_PC] = LL_PUNCTUATION,
    [UTF8PROC_CATEGORY_PD] = LL_PUNCTUATION,
    [UTF8PROC_CATEGORY_PS] = LL_PUNCTUATION,
    [UTF8PROC_CATEGORY_PE] = LL_PUNCTUATION,
    [UTF8PROC_CATEGORY_PI] = LL_PUNCTUATION,
    [UTF8PROC_CATEGORY_PF] = LL_PUNCTUATION,
    [UTF8PROC_CATEGORY_PO] = LL_PUNCTUATION,
    [UTF8PROC_CATEGORY_SM] = LL_SYMBOL,
    [UTF8PROC_CATEGORY_SC] = LL_SYMBOL,
    [UTF8PROC_CATEGORY_SK] = LL_SYMBOL,
    [UTF8PROC_CATEGORY_SO] = LL_SYMBOL,
    [UTF8PROC_CATEGORY_ZS] = LL_SPACE,
    [UTF8PROC_CATEGORY_ZL] = LL_SPACE,
    [UTF8PROC_CATEGORY_ZP] = LL_SPACE,
    [UTF8PROC_CATEGORY_CC] = LL_OTHER,
    [UTF8PROC_CATEGORY_CF] = LL_OTHER,
    [UTF8PROC_CATEGORY_CS] = LL_OTHER,
    [UTF8PROC_CATEGORY_CO] = LL_OTHER,
};

unsigned ll_class_of(const char *text, size_t *n)
{
    const unsigned char *p = (const unsigned char *)text;
    if (p[0] < 0x80) {
        *n = 1;
        return ascii[p[0]];
    }
    int32_t c = ll_valid_character(text, n);
    if (c == 0x85) /* the one control character beyond ASCII with White_Space */
        return LL_SPACE;
    return of_category[utf8proc_category(c)];
}

size_t ll_skip(const char *text, size_t i, size_t end, unsigned classes)
{
    while (i < end) {
        unsigned char c = (unsigned char)text[i];
        size_t n = 1;
        if (!((c < 0x80 ? ascii[c] : ll_class_of(text + i, &n)) & classes))
            break;
        i += n;
    }
    return i;
}
