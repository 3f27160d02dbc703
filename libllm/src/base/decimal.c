/* SPDX-License-Identifier: MIT
 * Digits from a quotient of whole numbers of 128 bits, which is exact for most numbers of daily use; the C library does
 * the others, which takes five times as long.
 */
#include "base/decimal.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MANTISSA_BITS = 53, UP_BITS = 128, DOWN_BITS = 126, POWERS = 20 };
static const uint64_t powers[POWERS] = {
    1u,
    10u,
    100u,
    1000u,
    10000u,
    100000u,
    1000000u,
    10000000u,
    100000000u,
    1000000000u,
    10000000000u,
    100000000000u,
    1000000000000u,
    10000000000000u,
    100000000000000u,
    1000000000000000u,
    10000000000000000u,
    100000000000000000u,
    1000000000000000000u,
    10000000000000000000u,
};

/* |x| times 10^scale, to the nearest whole number, of two to the even one. false: too large to be worked out here. */
static bool scaled(double x, int scale, uint64_t *out)
{
    const int size = abs(scale), power_bits = size * 1701 / 512 + 1;
    int exponent;
    const uint64_t mantissa = (uint64_t)ldexp(frexp(fabs(x), &exponent), MANTISSA_BITS);
    exponent -= MANTISSA_BITS;
    const int left = exponent > 0 ? exponent : 0, right = exponent < 0 ? -exponent : 0;
    if (size > 2 * (POWERS - 1) || MANTISSA_BITS + left + (scale > 0 ? power_bits : 0) > UP_BITS ||
        right + (scale < 0 ? power_bits : 0) > DOWN_BITS)
        return false;
    const __uint128_t power =
        size < POWERS ? powers[size] : (__uint128_t)powers[POWERS - 1] * powers[size - (POWERS - 1)];
    const __uint128_t up = ((__uint128_t)mantissa << left) * (scale > 0 ? power : 1);
    const __uint128_t down = (scale < 0 ? power : 1) << right;
    const __uint128_t quotient = scale < 0 ? up / down : up >> right;
    const __uint128_t twice = 2 * (up - quotient * down);
    *out = (uint64_t)quotient + (twice > down || (twice == down && (quotient & 1)));
    return quotient < UINT64_MAX;
}

int ll_decimal_digits(double x, int n, char digits[LL_DIGITS_MAX + 1])
{
    int exponent = x != 0 ? (int)floor(log10(fabs(x))) : 0;
    uint64_t whole = 0;
    bool good = n < POWERS - 1 && scaled(x, n - 1 - exponent, &whole);
    if (good && x != 0 && whole >= powers[n]) /* of the digits 999..., or of a logarithm that was rounded */
        good = scaled(x, n - 1 - ++exponent, &whole);
    else if (good && x != 0 && whole < powers[n - 1])
        good = scaled(x, n - 1 - --exponent, &whole);
    if (good) {
        digits[n] = 0;
        for (int i = n; i-- > 0; whole /= 10)
            digits[i] = (char)('0' + whole % 10);
        return exponent;
    }
    char text[LL_DIGITS_MAX + 20];
    snprintf(text, sizeof text, "%.*e", n - 1, fabs(x));
    const char *at = text;
    for (; *at && *at != 'e'; at++)
        if (*at >= '0' && *at <= '9')
            *digits++ = *at;
    *digits = 0;
    return *at ? atoi(at + 1) : 0;
}

size_t ll_print_general(double x, int n_digits, char out[LL_GENERAL_TEXT])
{
    char digits[LL_DIGITS_MAX + 1], *at = out;
    const int exponent = ll_decimal_digits(x, n_digits, digits);
    int n = n_digits;
    while (n > 1 && digits[n - 1] == '0')
        n--;
    if (signbit(x))
        *at++ = '-';
    const bool is_scientific = exponent < -4 || exponent >= n_digits;
    const int before = is_scientific ? 1 : exponent + 1; /* digits before the point */
    if (before <= 0) {
        *at++ = '0';
        *at++ = '.';
        memset(at, '0', (size_t)-before);
        at += -before;
    }
    for (int i = 0; i < n || i < before; i++) {
        if (i > 0 && i == before)
            *at++ = '.';
        *at++ = i < n ? digits[i] : '0';
    }
    if (is_scientific)
        at += snprintf(at, (size_t)(out + LL_GENERAL_TEXT - at), "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
    *at = 0;
    return (size_t)(at - out);
}
