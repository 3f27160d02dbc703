/* SPDX-License-Identifier: MIT
 * The C library converts; what depends on the locale there (the decimal point) is taken out or put in here.
 */
#include "chat/number.h"

#include "base/decimal.h"
#include "chat/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t put(char *out, const char *text)
{
    size_t n = strlen(text);
    memcpy(out, text, n + 1);
    return n;
}

static double value_of(const char *digits, int exponent)
{
    char text[96];
    snprintf(text, sizeof text, "%se%d", digits, exponent - (int)strlen(digits) + 1);
    return strtod(text, NULL);
}

size_t ll_print_float(double v, char out[LL_NUMBER_TEXT])
{
    if (isnan(v))
        return put(out, "nan");
    if (isinf(v))
        return put(out, v < 0 ? "-inf" : "inf");
    char digits[LL_DIGITS_MAX + 1];
    int exponent = 0;
    for (int n = 1; n <= 17; n++) {
        exponent = ll_decimal_digits(v, n, digits);
        if (value_of(digits, exponent) == fabs(v))
            break;
    }
    int n = (int)strlen(digits);
    char *p = out;
    if (signbit(v))
        *p++ = '-';
    if (exponent < -4 || exponent >= 16) {
        *p++ = digits[0];
        if (n > 1)
            *p++ = '.';
        p += put(p, digits + 1);
        p += snprintf(p, LL_NUMBER_TEXT - (size_t)(p - out), "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
    } else if (exponent < 0) {
        p += put(p, "0.");
        for (int i = -1; i > exponent; i--)
            *p++ = '0';
        p += put(p, digits);
    } else {
        for (int i = 0; i < n || i <= exponent; i++) {
            if (i == exponent + 1)
                *p++ = '.';
            *p++ = i < n ? digits[i] : '0';
        }
        if (n <= exponent + 1)
            p += put(p, ".0");
    }
    *p = 0;
    return (size_t)(p - out);
}

size_t ll_print_decimal(double v, char kind, int precision, char out[LL_NUMBER_TEXT])
{
    if (isnan(v) || isinf(v))
        return ll_print_float(v, out);
    if (kind == 'g')
        return ll_print_general(v, precision > 0 ? precision : 1, out);
    char format[] = {'%', '.', '*', kind, 0};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(out, LL_NUMBER_TEXT, format, precision, v);
#pragma GCC diagnostic pop
    /* Whatever stands between the digits is the point. */
    size_t n = 0;
    bool point = false;
    for (const char *p = out; *p; p++) {
        bool plain = (*p >= '0' && *p <= '9') || *p == '-' || *p == '+' || *p == 'e';
        if (!plain && point)
            continue;
        point = point || !plain;
        out[n++] = plain ? *p : '.';
    }
    out[n] = 0;
    return n;
}

static ll_span stripped(ll_span text)
{
    size_t before = ll_blank_after(text.data, text.size);
    text = (ll_span){text.data + before, text.size - before};
    text.size -= ll_blank_before(text.data, text.size);
    return text;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Digits with single underscores between them, from *at on, into a bounded buffer. *dropped counts those that no
 * longer fit: beyond 770 significant digits they cannot change a double, except for not being zero. */
typedef struct decimal {
    char digits[800];
    int n, dropped, after_point;
} decimal;

static bool take_digits(ll_span t, size_t *at, decimal *d, bool fraction)
{
    size_t start = *at;
    for (; *at < t.size; ++*at) {
        char c = t.data[*at];
        if (c == '_' && *at > start && is_digit(t.data[*at - 1]) && *at + 1 < t.size && is_digit(t.data[*at + 1]))
            continue;
        if (!is_digit(c))
            break;
        d->after_point += fraction;
        if (d->n == 0 && c == '0')
            continue;
        if (d->n < 770) {
            d->digits[d->n++] = c;
        } else {
            d->dropped++;
            if (c != '0')
                d->digits[769] =
                    d->digits[769] == '0' || d->digits[769] == '5' ? (char)(d->digits[769] + 1) : d->digits[769];
        }
    }
    return *at > start;
}

static bool parse_special(ll_span t, double *out)
{
    static const char *const names[] = {"inf", "infinity", "nan"};
    for (int i = 0; i < 3; i++) {
        size_t n = strlen(names[i]);
        bool same = t.size == n;
        for (size_t k = 0; same && k < n; k++)
            same = (t.data[k] | 0x20) == names[i][k];
        if (same) {
            *out = i < 2 ? (double)INFINITY : (double)NAN;
            return true;
        }
    }
    return false;
}

bool ll_parse_float(ll_span text, double *out)
{
    ll_span t = stripped(text);
    bool negative = t.size && t.data[0] == '-';
    if (t.size && (t.data[0] == '-' || t.data[0] == '+'))
        t = (ll_span){t.data + 1, t.size - 1};
    decimal d = {0};
    size_t at = 0;
    if (!parse_special(t, out)) {
        if (t.size > INT32_MAX / 4)
            return false;
        bool any = take_digits(t, &at, &d, false);
        if (at < t.size && t.data[at] == '.') {
            at++;
            any = take_digits(t, &at, &d, true) || any;
        }
        if (!any)
            return false;
        int64_t exponent = 0;
        if (at < t.size && (t.data[at] | 0x20) == 'e') {
            at++;
            bool below = at < t.size && t.data[at] == '-';
            if (at < t.size && (t.data[at] == '-' || t.data[at] == '+'))
                at++;
            decimal e = {0};
            if (!take_digits(t, &at, &e, false))
                return false;
            e.digits[e.n < 9 ? e.n : 9] = 0;
            exponent = e.n > 8 ? 999999999 : atoi(e.digits);
            exponent = below ? -exponent : exponent;
        }
        if (at != t.size)
            return false;
        exponent += d.dropped - d.after_point;
        snprintf(d.digits + d.n, sizeof d.digits - (size_t)d.n, "%se%lld", d.n ? "" : "0", (long long)exponent);
        *out = strtod(d.digits, NULL);
    }
    *out = negative ? -*out : *out;
    return true;
}

static int digit_value(char c)
{
    if (is_digit(c))
        return c - '0';
    char low = (char)(c | 0x20);
    return low >= 'a' && low <= 'z' ? low - 'a' + 10 : 99;
}

ll_parsed ll_parse_int(ll_span text, int base, int64_t *out)
{
    ll_span t = stripped(text);
    bool negative = t.size && t.data[0] == '-';
    size_t at = t.size && (t.data[0] == '-' || t.data[0] == '+');
    int prefixed = 0;
    if (at + 1 < t.size && t.data[at] == '0') {
        char c = (char)(t.data[at + 1] | 0x20);
        prefixed = c == 'x' ? 16 : c == 'o' ? 8 : c == 'b' ? 2 : 0;
    }
    bool bare_zero_only = base == 0 && !prefixed && at < t.size && t.data[at] == '0';
    if (prefixed && (base == 0 || base == prefixed)) {
        base = prefixed;
        at += 2;
        at += at < t.size && t.data[at] == '_';
    } else if (base == 0) {
        base = 10;
    }
    if (at >= t.size || digit_value(t.data[at]) >= base)
        return LL_NO_NUMBER;
    int64_t v = 0;
    bool too_large = false;
    for (; at < t.size; at++) {
        if (t.data[at] == '_' && t.data[at - 1] != '_' && at + 1 < t.size)
            continue;
        int digit = digit_value(t.data[at]);
        if (digit >= base || (bare_zero_only && digit != 0))
            return LL_NO_NUMBER;
        too_large = too_large || __builtin_mul_overflow(v, base, &v) ||
                    __builtin_add_overflow(v, negative ? -digit : digit, &v);
    }
    if (too_large)
        return LL_NUMBER_TOO_LARGE;
    *out = v;
    return LL_PARSED;
}
