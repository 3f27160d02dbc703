/* SPDX-License-Identifier: MIT
 * Numbers of JSON within bounds, and multiples of a number.
 */
#include "grammar/schema.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Together few enough that a double tells them all apart. */
enum { WHOLE_MAX = 18, WHOLE_WITH_FRACTION_MAX = 9, FRACTION_MAX = 6, MULTIPLE_MAX = 4096 };

/* A bound without its sign: digits before and behind the point, the latter without zeros at their end. */
typedef struct decimal {
    char whole[32], fraction[40];
} decimal;

static ll_part digits(ll_rule_builder *b, uint32_t min, uint32_t max)
{
    return ll_part_repeat(b, ll_part_range(b, '0', '9'), min, max);
}

static ll_part point(ll_rule_builder *b) { return ll_part_text(b, ".", 1); }

/* A fraction as long as it may be, or none; whole numbers have none. */
static ll_part any_fraction(ll_rule_builder *b, bool whole, uint32_t least)
{
    const uint32_t longest = least > FRACTION_MAX ? least : FRACTION_MAX;
    if (whole)
        return ll_part_empty(b);
    ll_part tail = point(b);
    tail = ll_part_then(b, tail, digits(b, 1, longest));
    return ll_part_repeat(b, tail, 0, 1);
}

/* The first n digits of a text, and then one from low to high. */
static ll_part differing(ll_rule_builder *b, const char *text, size_t n, char low, char high)
{
    ll_part part = ll_part_text(b, text, n);
    return ll_part_then(b, part, ll_part_range(b, (uint8_t)low, (uint8_t)high));
}

/* Whole parts of so many digits. */
static ll_part whole_of(ll_rule_builder *b, uint32_t min, uint32_t max)
{
    ll_part part = ll_part_range(b, '1', '9');
    part = ll_part_then(b, part, digits(b, min - 1, max - 1));
    return min == 1 ? ll_part_or(b, part, ll_part_text(b, "0", 1)) : part;
}

/* Fractions, with their point, that lie above or below that of d, or are as large. */
static ll_part fractions(ll_rule_builder *b, const decimal *d, bool above, bool equal)
{
    const size_t n = strlen(d->fraction);
    const uint32_t longest = n + 1 > FRACTION_MAX ? (uint32_t)n + 1 : FRACTION_MAX;
    ll_part all = ll_part_none(b);
    for (size_t i = 0; i < n; i++) {
        const char own = d->fraction[i];
        if (above ? own == '9' : own == '0')
            continue;
        ll_part part = point(b);
        part = ll_part_then(b, part,
                            above ? differing(b, d->fraction, i, (char)(own + 1), '9')
                                  : differing(b, d->fraction, i, '0', (char)(own - 1)));
        all = ll_part_or(b, all, ll_part_then(b, part, digits(b, 0, longest - (uint32_t)i - 1)));
    }
    for (size_t i = 1; i < n && !above; i++) { /* a part of its digits only */
        ll_part part = point(b);
        all = ll_part_or(b, all, ll_part_then(b, part, ll_part_text(b, d->fraction, i)));
    }
    if (n && !above)
        all = ll_part_or(b, all, ll_part_empty(b));
    if (above) { /* all of its digits and more, which are not zeros alone */
        ll_part part = point(b);
        part = ll_part_then(b, part, ll_part_text(b, d->fraction, n));
        part = ll_part_then(b, part, ll_part_repeat(b, ll_part_text(b, "0", 1), 0, longest - (uint32_t)n - 1));
        part = ll_part_then(b, part, ll_part_range(b, '1', '9'));
        all = ll_part_or(b, all, part);
    }
    if (equal) {
        ll_part part = n ? ll_part_then(b, point(b), ll_part_text(b, d->fraction, n)) : ll_part_empty(b);
        all = ll_part_or(b, all, part);
    }
    return all;
}

/* Numbers from 0 on that are above or below d, or as large. */
static ll_part beside(ll_rule_builder *b, const decimal *d, bool above, bool equal, bool whole)
{
    const uint32_t n = (uint32_t)strlen(d->whole), least = (uint32_t)strlen(d->fraction) + 1;
    ll_part all = ll_part_none(b);
    const uint32_t usual = whole ? WHOLE_MAX : WHOLE_WITH_FRACTION_MAX, longest = usual > n ? usual : n + 1;
    if (above && n < WHOLE_MAX) {
        ll_part longer = whole_of(b, n + 1, longest);
        all = ll_part_or(b, all, ll_part_then(b, longer, any_fraction(b, whole, least)));
    }
    if (!above && n > 1)
        all = ll_part_or(b, all, ll_part_then(b, whole_of(b, 1, n - 1), any_fraction(b, whole, least)));
    for (uint32_t i = 0; i < n; i++) {
        const char own = d->whole[i], low = i == 0 && n > 1 ? '1' : '0';
        if (above ? own == '9' : own == low)
            continue;
        ll_part part =
            above ? differing(b, d->whole, i, (char)(own + 1), '9') : differing(b, d->whole, i, low, (char)(own - 1));
        part = ll_part_then(b, part, digits(b, n - i - 1, n - i - 1));
        all = ll_part_or(b, all, ll_part_then(b, part, any_fraction(b, whole, least)));
    }
    ll_part part = ll_part_text(b, d->whole, n);
    if (whole)
        return equal ? ll_part_or(b, all, part) : all;
    return ll_part_or(b, all, ll_part_then(b, part, fractions(b, d, above, equal)));
}

/* The shortest decimal that is this number. False: it has too many digits to be one. */
static bool to_decimal(double value, decimal *d)
{
    char text[400];
    int n = 0, precision = 0;
    value = fabs(value);
    if (!(value < 1e18))
        return false;
    for (; precision <= 30; precision++) {
        n = snprintf(text, sizeof text, "%.*f", precision, value);
        if (strtod(text, NULL) == value)
            break;
    }
    if (strtod(text, NULL) != value)
        return false;
    const size_t whole = strspn(text, "0123456789"); /* what stands for the point is the locale's */
    snprintf(d->whole, sizeof d->whole, "%.*s", (int)whole, text);
    snprintf(d->fraction, sizeof d->fraction, "%s", text + n - precision);
    for (size_t i = strlen(d->fraction); i > 0 && d->fraction[i - 1] == '0'; i--)
        d->fraction[i - 1] = '\0';
    return true;
}

/* Numbers from 0 on between two magnitudes; INFINITY: no bound. */
static ll_part between(ll_rule_builder *b, ll_bound low, ll_bound high, bool whole)
{
    decimal d;
    ll_part all = whole_of(b, 1, whole ? WHOLE_MAX : WHOLE_WITH_FRACTION_MAX);
    bool bounded = false;
    if (low.value > 0 || (low.value == 0 && low.exclusive)) {
        if (!to_decimal(low.value, &d))
            ll_rule_builder_fail(b, LIBLLM_ERROR_UNSUPPORTED, "schema: %g as the bound of a number", low.value);
        all = beside(b, &d, true, !low.exclusive, whole);
        bounded = true;
    }
    if (high.value < INFINITY) {
        if (!to_decimal(high.value, &d))
            ll_rule_builder_fail(b, LIBLLM_ERROR_UNSUPPORTED, "schema: %g as the bound of a number", high.value);
        ll_part below = beside(b, &d, false, !high.exclusive, whole);
        all = bounded ? ll_part_both(b, all, below, false) : below;
        bounded = true;
    }
    return bounded ? all : ll_part_then(b, all, any_fraction(b, whole, 0));
}

/* Numbers of which m is a part once they are multiplied by 10 to the power of k, by what is left over when the digits
 * so far are divided: m states for the whole part, for the point, and for each number of digits behind it. */
static ll_part multiples(ll_rule_builder *b, uint32_t m, uint32_t k)
{
    ll_part part = ll_part_none(b);
    const uint32_t first = (uint32_t)b->n_states, n_stages = k ? k + 2 : 1;
    for (uint32_t i = 0; i < m * n_stages && !b->status; i++)
        ll_state_add(b);
    for (uint32_t i = 0; i < m * n_stages && !b->status; i++) {
        const uint32_t stage = i / m, next = stage ? stage + 1 : 0;
        uint32_t left = i % m;
        for (uint32_t digit = 0; digit < 10 && next < n_stages; digit++)
            ll_edge_add(b, first + i,
                        (ll_edge){.kind = LL_EDGE_BYTES,
                                  .low = (uint8_t)('0' + digit),
                                  .high = (uint8_t)('0' + digit),
                                  .target = first + next * m + (10 * left + digit) % m});
        if (stage == 0 && k)
            ll_edge_add(b, first + i,
                        (ll_edge){.kind = LL_EDGE_BYTES, .low = '.', .high = '.', .target = first + m + left});
        for (uint32_t digits_left = stage ? k + 1 - stage : k; digits_left > 0; digits_left--)
            left = 10 * left % m;
        if (left == 0 && stage != 1)
            ll_edge_add(b, first + i, (ll_edge){.kind = LL_EDGE_EMPTY, .target = part.end});
    }
    if (!b->status)
        ll_edge_add(b, part.start, (ll_edge){.kind = LL_EDGE_EMPTY, .target = first});
    return part;
}

ll_part ll_number_part(ll_rule_builder *b, ll_bound low, ll_bound high, bool whole, double multiple_of)
{
    decimal d = {0};
    const bool decimal_of = multiple_of == 0 || to_decimal(multiple_of, &d);
    const uint32_t k = (uint32_t)strlen(d.fraction);
    double m = strtod(d.whole, NULL);
    for (uint32_t i = 0; i < k; i++)
        m = 10 * m + (d.fraction[i] - '0');
    if (!decimal_of || k > FRACTION_MAX || m > MULTIPLE_MAX) {
        ll_rule_builder_fail(b, LIBLLM_ERROR_UNSUPPORTED,
                             "schema: multipleOf %g; up to %d can be kept, with up to %d digits behind the point",
                             multiple_of, (int)MULTIPLE_MAX, (int)FRACTION_MAX);
        return ll_part_none(b);
    }
    whole |= m != 0 && k == 0;
    if (whole) {
        low = (ll_bound){ceil(low.value), low.exclusive && low.value == ceil(low.value)};
        high = (ll_bound){floor(high.value), high.exclusive && high.value == floor(high.value)};
    }
    b->flat = true;
    ll_part all = ll_part_none(b);
    const ll_bound none = {INFINITY, false}, zero = {0, false};
    if (high.value > 0 || (high.value == 0 && !high.exclusive)) {
        ll_part part = between(b, low.value < 0 ? zero : low, high, whole);
        all = m == 0 ? part : ll_part_both(b, part, multiples(b, (uint32_t)m, k), false);
    }
    if (low.value < 0) {
        /* -0 is left out: 0 says the same. */
        ll_bound least = high.value < 0 ? (ll_bound){-high.value, high.exclusive} : (ll_bound){0, true};
        ll_part part = between(b, least, low.value == -INFINITY ? none : (ll_bound){-low.value, low.exclusive}, whole);
        if (m != 0)
            part = ll_part_both(b, part, multiples(b, (uint32_t)m, k), false);
        all = ll_part_or(b, all, ll_part_then(b, ll_part_text(b, "-", 1), part));
    }
    b->flat = false;
    return all;
}
