/* SPDX-License-Identifier: MIT
 * Evaluation of formulas by recursive descent. They are constants of this room, so their depth is known.
 */
#include "estimate/expression.h"

#include "chat/number.h"

#include <math.h>

enum { ARGUMENTS_MAX = 8 };
static const double whole_slack = 1e-12;

typedef struct reader {
    const char *at;
    size_t n;
    ll_lookup_fn *lookup;
    void *context;
} reader;

static bool sum(reader *r, ll_cases *out);

enum { LETTER = 1, DIGIT = 2, POINT = 4 };
static const uint8_t kinds[256] = {
    ['a' ... 'z'] = LETTER, ['A' ... 'Z'] = LETTER, ['_'] = LETTER, ['0' ... '9'] = DIGIT, ['.'] = POINT};

static bool is_letter(char c) { return kinds[(uint8_t)c] == LETTER; }
static bool is_digit(char c) { return kinds[(uint8_t)c] == DIGIT; }

static void skip_blanks(reader *r)
{
    while (*r->at == ' ')
        r->at++;
}

static bool take(reader *r, char c)
{
    skip_blanks(r);
    if (*r->at != c)
        return false;
    r->at++;
    return true;
}

/* Digits with a point and an exponent. Of few digits the quotient of two exact numbers is the nearest one. */
static double take_number(const char **at)
{
    enum { EXACT_DIGITS = 15 };
    static const double powers[EXACT_DIGITS + 1] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const char *first = *at, *point = NULL;
    int64_t digits = 0;
    for (; is_digit(**at) || **at == '.'; ++*at) {
        if (**at == '.')
            point = *at;
        else if (*at - first <= EXACT_DIGITS)
            digits = 10 * digits + (**at - '0');
    }
    if (**at != 'e' && *at - first <= EXACT_DIGITS)
        return (double)digits / powers[point ? *at - point - 1 : 0];
    if (**at == 'e') {
        *at += (*at)[1] == '-' || (*at)[1] == '+' ? 2 : 1;
        while (is_digit(**at))
            ++*at;
    }
    double value = 0;
    return ll_parse_float((ll_span){first, (size_t)(*at - first)}, &value) ? value : NAN;
}

static ll_span take_name(const char **at)
{
    const char *first = *at;
    while (kinds[(uint8_t) * *at])
        ++*at;
    return (ll_span){first, (size_t)(*at - first)};
}

static double half_up(double x, double unused)
{
    (void)unused;
    return floor(x + 0.5);
}

static double whole_above(double x, double unused)
{
    (void)unused;
    return ceil(x - fabs(x) * whole_slack);
}

static double whole_below(double x, double unused)
{
    (void)unused;
    return floor(x + fabs(x) * whole_slack);
}

static double smaller(double a, double b) { return a < b ? a : b; }
static double larger(double a, double b) { return a > b ? a : b; }

static double root(double x, double unused)
{
    (void)unused;
    return sqrt(x);
}

static double natural_log(double x, double unused)
{
    (void)unused;
    return log(x);
}

static double exponential(double x, double unused)
{
    (void)unused;
    return exp(x);
}

/* The chance that all of n servers are busy, when a of them are on average: Erlang's C, by the recursion of B. Of very
 * many servers the limit of Halfin and Whitt. 1 where they cannot keep up. */
static double erlang_c(double n, double a)
{
    enum { COUNTED = 100000 };
    n = floor(n);
    if (!(a > 0) || !(n > a))
        return a > 0 ? 1 : 0;
    if (n > COUNTED) {
        const double beta = (n - a) / sqrt(n);
        const double below = 0.5 * erfc(-beta / sqrt(2)), density = exp(-beta * beta / 2) / sqrt(2 * acos(-1));
        return density > 0 ? 1 / (1 + beta * below / density) : 0;
    }
    double blocked = 1;
    for (double i = 1; i <= n; i++)
        blocked = a * blocked / (i + a * blocked);
    return blocked / (1 - a / n * (1 - blocked));
}

enum { ANY = 0 }; /* number of arguments, taken two at a time */
static const struct {
    const char *name;
    double (*apply)(double a, double b);
    int arguments;
} functions[] = {
    {"ceil", whole_above, 1}, {"floor", whole_below, 1}, {"round", half_up, 1},
    {"min", smaller, ANY},    {"max", larger, ANY},      {"sqrt", root, 1},
    {"ln", natural_log, 1},   {"exp", exponential, 1},   {"erlang_c", erlang_c, 2},
};

static bool call(reader *r, ll_span name, ll_cases *out)
{
    for (size_t f = 0; f < sizeof functions / sizeof *functions; f++) {
        if (!ll_span_is(name, functions[f].name))
            continue;
        if (!sum(r, out))
            return false;
        for (size_t i = 0; functions[f].arguments == 1 && i < r->n; i++)
            out->at[i] = functions[f].apply(out->at[i], 0);
        for (int n = 1; n != functions[f].arguments && take(r, ','); n++) {
            ll_cases next;
            if (!sum(r, &next))
                return false;
            for (size_t i = 0; i < r->n; i++)
                out->at[i] = functions[f].apply(out->at[i], next.at[i]);
        }
        return take(r, ')');
    }
    return false;
}

static bool atom(reader *r, ll_cases *out)
{
    if (take(r, '('))
        return sum(r, out) && take(r, ')');
    if (is_digit(*r->at)) {
        const double value = take_number(&r->at);
        for (size_t i = 0; i < r->n; i++)
            out->at[i] = value;
        return true;
    }
    const char *first = r->at;
    ll_span name = take_name(&r->at);
    bool known =
        name.size > 0 && (*r->at == '(' ? take(r, '(') && call(r, name, out) : r->lookup(r->context, name, out));
    if (!known && r->at <= first + name.size)
        r->at = first;
    return known;
}

static bool power(reader *r, ll_cases *out)
{
    const bool negative = take(r, '-');
    skip_blanks(r);
    if (!atom(r, out))
        return false;
    if (take(r, '^')) {
        ll_cases exponent;
        if (!power(r, &exponent))
            return false;
        for (size_t i = 0; i < r->n; i++)
            out->at[i] = pow(out->at[i], exponent.at[i]);
    }
    for (size_t i = 0; negative && i < r->n; i++)
        out->at[i] = -out->at[i];
    return true;
}

static bool product(reader *r, ll_cases *out)
{
    if (!power(r, out))
        return false;
    for (;;) {
        const bool times = take(r, '*');
        if (!times && !take(r, '/'))
            return true;
        ll_cases next;
        if (!power(r, &next))
            return false;
        for (size_t i = 0; i < r->n; i++)
            out->at[i] = times ? out->at[i] * next.at[i] : out->at[i] / next.at[i];
    }
}

static bool sum(reader *r, ll_cases *out)
{
    if (!product(r, out))
        return false;
    for (;;) {
        const bool plus = take(r, '+');
        if (!plus && !take(r, '-'))
            return true;
        ll_cases next;
        if (!product(r, &next))
            return false;
        for (size_t i = 0; i < r->n; i++)
            out->at[i] = plus ? out->at[i] + next.at[i] : out->at[i] - next.at[i];
    }
}

bool ll_evaluate(const char *formula, size_t n_cases, ll_lookup_fn *lookup, void *context, ll_cases *out,
                 const char **wrong)
{
    reader r = {.at = formula, .n = n_cases, .lookup = lookup, .context = context};
    const bool good = sum(&r, out);
    skip_blanks(&r);
    *wrong = r.at;
    return good && *r.at == 0;
}

bool ll_next_name(const char **at, ll_span *name)
{
    while (**at) {
        if (is_digit(**at)) { /* a number; its exponent is no name */
            (void)take_number(at);
        } else if (!is_letter(**at)) {
            ++*at;
        } else {
            *name = take_name(at);
            if (**at != '(')
                return true;
        }
    }
    return false;
}
