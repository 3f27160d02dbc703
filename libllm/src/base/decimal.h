/* SPDX-License-Identifier: MIT
 * Floating-point numbers as decimal digits, rounded as C's printf rounds, in any locale.
 */
#ifndef LL_BASE_DECIMAL_H
#define LL_BASE_DECIMAL_H

#include <stddef.h>

enum { LL_DIGITS_MAX = 60, LL_GENERAL_TEXT = LL_DIGITS_MAX + 20 };

/* The first n significant digits of |x|, which is finite, with a NUL; returns the exponent of the first. */
int ll_decimal_digits(double x, int n, char digits[LL_DIGITS_MAX + 1]);
/* C's %.*g with a point; x is finite. Returns the length. */
size_t ll_print_general(double x, int n_digits, char out[LL_GENERAL_TEXT]);

#endif
