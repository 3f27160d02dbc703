/* SPDX-License-Identifier: MIT
 * The names that LaTeX and its usual packages have for characters, what class each has, and the alphabets of
 * mathematics in Unicode.
 */
#ifndef LG_MATH_SYMBOLS_H
#define LG_MATH_SYMBOLS_H

#include "math/node.h"

G_BEGIN_DECLS

typedef enum {
    LG_ALPHABET_NORMAL, /* letters italic, the rest upright */
    LG_ALPHABET_ROMAN,
    LG_ALPHABET_ITALIC,
    LG_ALPHABET_BOLD,
    LG_ALPHABET_BOLD_ITALIC,
    LG_ALPHABET_BOLD_NORMAL, /* bold: letters italic, digits upright */
    LG_ALPHABET_SANS,
    LG_ALPHABET_MONOSPACE,
    LG_ALPHABET_DOUBLE_STRUCK,
    LG_ALPHABET_SCRIPT,
    LG_ALPHABET_FRAKTUR,
} LgMathAlphabet;

typedef struct {
    gunichar code;
    LgMathClass class;
    gboolean is_big, has_limits; /* of an operator */
} LgMathSymbol;

/* NULL where there is none of this name. */
const LgMathSymbol *lg_math_symbol(const char *name);
guint lg_math_n_symbols(void);
/* The first name of a character; NULL: it has none. */
const char *lg_math_name(gunichar code);
/* \sin and its like: 1; those with limits, like \lim: 2; others: 0. What they read as is in `text` then. */
int lg_math_function(const char *name, const char **text);
/* The accent of a name such as \hat, or 0; whether it grows with what is under it. */
gunichar lg_math_accent(const char *name, gboolean *is_wide);
/* Of a character that stands in the source. */
LgMathSymbol lg_math_character(gunichar code);
/* The character with a slash, or 0. */
gunichar lg_math_negated(gunichar code);

gunichar lg_math_in_alphabet(gunichar code, LgMathAlphabet alphabet);
/* The character that it is in that alphabet; itself, and LG_ALPHABET_ROMAN, where it is in none. */
gunichar lg_math_plain(gunichar code, LgMathAlphabet *alphabet);

G_END_DECLS

#endif
