/* SPDX-License-Identifier: MIT
 * Where words end. Each function does what one regular expression of Hugging Face `tokenizers` does, without
 * backtracking: a character is looked at a small, fixed number of times. The expressions are quoted in patterns.c.
 */
#include "tokenizer/internal.h"

/* Length of 's 't 'm 'd 're 've 'll at i, or 0. In any case, as (?i:...) matches them: long s (U+017F) is an s. */
static size_t contraction(const char *text, size_t i, size_t end, bool any_case)
{
    if (end - i < 2 || text[i] != '\'')
        return 0;
    unsigned fold = any_case ? 0x20 : 0;
    unsigned a = (unsigned char)text[i + 1] | fold;
    if (a == 's' || a == 't' || a == 'm' || a == 'd')
        return 2;
    if (end - i < 3)
        return 0;
    unsigned b = (unsigned char)text[i + 2] | fold;
    if (((a == 'r' || a == 'v') && b == 'e') || (a == 'l' && b == 'l'))
        return 3;
    return any_case && (unsigned char)text[i + 1] == 0xC5 && (unsigned char)text[i + 2] == 0xBF ? 3 : 0;
}

/* \s*[\r\n]+|\s+(?!\S)|\s+ (the first only when lines is set) from i on, where a space stands. A character of
 * `stop` behind the run counts as the end of the text. */
static size_t blanks(const char *text, size_t i, size_t end, bool lines, unsigned stop)
{
    size_t last = i, behind_line = 0, n;
    size_t j = i;
    while (j < end) {
        unsigned class = ll_class_of(text + j, &n);
        if (!(class & LL_SPACE)) {
            if (class & stop)
                end = j;
            break;
        }
        last = j;
        j += n;
        if (class & LL_LINE)
            behind_line = j;
    }
    if (lines && behind_line)
        return behind_line;
    return j == end || last == i ? j : last;
}

static size_t skip_at_most(const char *text, size_t i, size_t end, unsigned classes, unsigned most)
{
    size_t n;
    for (unsigned k = 0; (most == 0 || k < most) && i < end && ll_class_of(text + i, &n) & classes; k++)
        i += n;
    return i;
}

size_t ll_word_gpt2(const ll_pattern *pattern, const char *text, size_t i, size_t end)
{
    size_t n = contraction(text, i, end, false);
    if (n)
        return i + n;
    unsigned stop = pattern->lone_digits ? LL_NUMBER : 0;
    unsigned class = ll_class_of(text + i, &n);
    if (text[i] == ' ' && i + 1 < end) {
        size_t n_next;
        unsigned next = ll_class_of(text + i + 1, &n_next);
        if (!(next & (LL_SPACE | stop))) {
            class = next;
            n = 1 + n_next;
        }
    }
    if (class & LL_SPACE)
        return blanks(text, i, end, false, stop);
    if (class & stop)
        return i + n;
    unsigned run = class & LL_LETTER ? LL_LETTER : class & LL_NUMBER ? LL_NUMBER : pattern->others;
    return ll_skip(text, i + n, end, run);
}

/* What cl100k and its kin have in common behind words: numbers, punctuation, blanks. */
static size_t not_a_word(const ll_pattern *pattern, const char *text, size_t i, size_t end, unsigned class)
{
    if (class & LL_NUMBER)
        return skip_at_most(text, i, end, LL_NUMBER, pattern->digits);
    size_t j = i, n;
    if (text[i] == ' ' && i + 1 < end)
        j++;
    if (!(ll_class_of(text + j, &n) & pattern->others))
        return class & LL_SPACE ? blanks(text, i, end, true, 0) : i;
    j = ll_skip(text, j + n, end, pattern->others);
    while (j < end && (text[j] == '\r' || text[j] == '\n' || (pattern->slashes && text[j] == '/')))
        j++;
    return j;
}

size_t ll_word_cl100k(const ll_pattern *pattern, const char *text, size_t i, size_t end)
{
    size_t n = contraction(text, i, end, true), n_next;
    if (n)
        return i + n;
    unsigned class = ll_class_of(text + i, &n);
    if (class & pattern->letters)
        return ll_skip(text, i + n, end, pattern->letters);
    if (!(class & (LL_LINE | LL_NUMBER)) && i + n < end && ll_class_of(text + i + n, &n_next) & pattern->letters)
        return ll_skip(text, i + n + n_next, end, pattern->letters);
    return not_a_word(pattern, text, i, end, class);
}

enum { UPPER = LL_UPPER | LL_CASELESS | LL_MARK, LOWER = LL_LOWER | LL_CASELESS | LL_MARK };

/* [UPPER]*[LOWER]+, where the first part gives back no more than it must. Returns i when that does not match. */
static size_t capitals_then_small(const char *text, size_t i, size_t end)
{
    size_t behind_small = i, j = i, n;
    while (j < end) {
        unsigned class = ll_class_of(text + j, &n);
        if (!(class & UPPER))
            break;
        j += n;
        if (class & LOWER)
            behind_small = j;
    }
    size_t small = ll_skip(text, j, end, LOWER);
    return small > j ? small : behind_small;
}

/* [UPPER]+[LOWER]* */
static size_t capitals(const char *text, size_t i, size_t end)
{
    size_t j = ll_skip(text, i, end, UPPER);
    return j > i ? ll_skip(text, j, end, LOWER) : i;
}

size_t ll_word_o200k(const ll_pattern *pattern, const char *text, size_t i, size_t end)
{
    size_t n;
    unsigned class = ll_class_of(text + i, &n);
    bool prefix = !(class & (LL_LINE | LL_LETTER | LL_NUMBER));
    size_t (*const forms[])(const char *, size_t, size_t) = {capitals_then_small, capitals};
    for (unsigned form = 0; form < 2; form++) {
        size_t j = i;
        if (prefix) {
            j = forms[form](text, i + n, end);
            if (j == i + n)
                j = i;
        }
        if (j == i)
            j = forms[form](text, i, end);
        if (j > i)
            return j + (pattern->contractions ? contraction(text, j, end, true) : 0);
    }
    return not_a_word(pattern, text, i, end, class);
}

static bool is_ascii_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/* One match of the third expression, or i for a character that it leaves over. */
static size_t deepseek3_match(const ll_pattern *pattern, const char *text, size_t i, size_t end)
{
    size_t n, n_next;
    unsigned class = ll_class_of(text + i, &n);
    if ((unsigned char)text[i] < 0x80 && class & (LL_PUNCTUATION | LL_SYMBOL) && i + 1 < end &&
        is_ascii_letter(text[i + 1])) {
        i += 2;
        while (i < end && is_ascii_letter(text[i]))
            i++;
        return i;
    }
    if (class & pattern->letters)
        return ll_skip(text, i + n, end, pattern->letters);
    if (!(class & (LL_LINE | LL_PUNCTUATION | LL_SYMBOL)) && i + n < end &&
        ll_class_of(text + i + n, &n_next) & pattern->letters)
        return ll_skip(text, i + n + n_next, end, pattern->letters);
    return class & LL_NUMBER ? i : not_a_word(pattern, text, i, end, class);
}

/* [一-龥぀-ゟ゠-ヿ] */
static bool is_han_or_kana(const char *text)
{
    size_t n;
    int32_t c = ll_valid_character(text, &n);
    return (c >= 0x4E00 && c <= 0x9FA5) || (c >= 0x3040 && c <= 0x30FF);
}

/* Numbers of up to three digits and runs of Han and kana are pieces of their own, and so is what stands between. */
size_t ll_piece_deepseek3(const char *text, size_t i, size_t end)
{
    size_t n;
    if (ll_class_of(text + i, &n) & LL_NUMBER)
        return skip_at_most(text, i, end, LL_NUMBER, 3);
    bool han = is_han_or_kana(text + i);
    do {
        i += n;
    } while (i < end && !(ll_class_of(text + i, &n) & LL_NUMBER) && is_han_or_kana(text + i) == han);
    return i;
}

size_t ll_word_deepseek3(const ll_pattern *pattern, const char *text, size_t i, size_t end)
{
    size_t n, match = deepseek3_match(pattern, text, i, end);
    if (match > i)
        return match;
    /* What no expression matches stays together, up to the next match. */
    do {
        ll_class_of(text + i, &n);
        i += n;
    } while (i < end && deepseek3_match(pattern, text, i, end) == i);
    return i;
}
