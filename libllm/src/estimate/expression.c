/* SPDX-License-Identifier: MIT
 * Reading formulas by recursive descent, and evaluating them on a stack. They are constants of this room, so their
 * depth is known.
 */
#include "estimate/expression.h"

#include "chat/number.h"

#include <math.h>
#include <string.h>

enum { STACK_MAX = 24, FIRST_OPERATIONS = 32 };
static const double whole_slack = 1e-12;

typedef enum kind { NUMBER, NAME, ADD, SUBTRACT, MULTIPLY, DIVIDE, POWER, NEGATE, APPLY_ONE, APPLY_TWO } kind;

struct ll_operation {
    kind kind;
    uint32_t hint; /* of NAME */
    union {
        double number;
        ll_span name;
        double (*apply)(double a, double b);
    };
};

typedef struct reader {
    const char *at;
    ll_formula *out;
    int depth; /* of the stack, behind what has been read */
    bool failed;
} reader;

static bool sum(reader *r);

/* How far an operation raises the stack. */
static const int raises[] = {
    [NUMBER] = 1,  [NAME] = 1,   [ADD] = -1,   [SUBTRACT] = -1, [MULTIPLY] = -1,
    [DIVIDE] = -1, [POWER] = -1, [NEGATE] = 0, [APPLY_ONE] = 0, [APPLY_TWO] = -1,
};

static bool put(reader *r, struct ll_operation operation)
{
    ll_formula *f = r->out;
    if (f->n == f->capacity) {
        const uint32_t capacity = f->capacity ? 2 * f->capacity : FIRST_OPERATIONS;
        struct ll_operation *grown = ll_realloc(f->host, f->operations, f->n, capacity, sizeof *grown);
        if (!grown) {
            r->failed = true;
            return false;
        }
        f->operations = grown;
        f->capacity = capacity;
    }
    f->operations[f->n++] = operation;
    r->depth += raises[operation.kind];
    return r->depth <= STACK_MAX;
}

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
    for (double i = 1; i <= n && blocked > 0; i++)
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

static bool call(reader *r, ll_span name)
{
    for (size_t f = 0; f < sizeof functions / sizeof *functions; f++) {
        if (!ll_span_is(name, functions[f].name))
            continue;
        if (!sum(r))
            return false;
        if (functions[f].arguments == 1 && !put(r, (struct ll_operation){APPLY_ONE, .apply = functions[f].apply}))
            return false;
        for (int n = 1; n != functions[f].arguments && take(r, ','); n++)
            if (!sum(r) || !put(r, (struct ll_operation){APPLY_TWO, .apply = functions[f].apply}))
                return false;
        return take(r, ')');
    }
    return false;
}

static bool atom(reader *r)
{
    if (take(r, '('))
        return sum(r) && take(r, ')');
    if (is_digit(*r->at))
        return put(r, (struct ll_operation){NUMBER, .number = take_number(&r->at)});
    const char *first = r->at;
    const ll_span name = take_name(&r->at);
    if (name.size == 0)
        return false;
    if (*r->at != '(')
        return put(r, (struct ll_operation){NAME, .name = name});
    const bool known = take(r, '(') && call(r, name);
    if (!known && r->at <= first + name.size + 1)
        r->at = first;
    return known;
}

static bool power(reader *r)
{
    const bool negative = take(r, '-');
    skip_blanks(r);
    if (!atom(r))
        return false;
    if (take(r, '^') && !(power(r) && put(r, (struct ll_operation){.kind = POWER})))
        return false;
    return !negative || put(r, (struct ll_operation){.kind = NEGATE});
}

static bool product(reader *r)
{
    if (!power(r))
        return false;
    for (;;) {
        const bool times = take(r, '*');
        if (!times && !take(r, '/'))
            return true;
        if (!power(r) || !put(r, (struct ll_operation){.kind = times ? MULTIPLY : DIVIDE}))
            return false;
    }
}

static bool sum(reader *r)
{
    if (!product(r))
        return false;
    for (;;) {
        const bool plus = take(r, '+');
        if (!plus && !take(r, '-'))
            return true;
        if (!product(r) || !put(r, (struct ll_operation){.kind = plus ? ADD : SUBTRACT}))
            return false;
    }
}

void ll_formula_init(ll_formula *formula, const ll_host *host) { *formula = (ll_formula){.host = host}; }

void ll_formula_free(ll_formula *formula)
{
    if (formula->host)
        ll_free(formula->host, formula->operations);
    *formula = (ll_formula){.host = formula->host};
}

libllm_status ll_formula_read(ll_formula *formula, const char *text, const char **wrong)
{
    formula->text = text;
    formula->n = 0;
    reader r = {.at = text, .out = formula};
    const bool good = sum(&r);
    skip_blanks(&r);
    *wrong = r.at;
    return r.failed ? LIBLLM_ERROR_OUT_OF_MEMORY : good && *r.at == 0 ? LIBLLM_OK : LIBLLM_ERROR_INVALID_ARGUMENT;
}

bool ll_formula_evaluate(ll_formula *formula, size_t n, ll_lookup_fn *lookup, void *context, ll_cases *out)
{
    ll_cases stack[STACK_MAX + 1], *top = stack; /* the first is never used */
    for (uint32_t i = 0; i < formula->n; i++) {
        struct ll_operation *o = &formula->operations[i];
        top += raises[o->kind];
        double *a = top->at;
        const double *b = top[1].at;
        switch (o->kind) {
        case NUMBER:
            for (size_t j = 0; j < n; j++)
                a[j] = o->number;
            break;
        case NAME:
            if (!lookup(context, o->name, &o->hint, top))
                return false;
            break;
        case ADD:
            for (size_t j = 0; j < n; j++)
                a[j] += b[j];
            break;
        case SUBTRACT:
            for (size_t j = 0; j < n; j++)
                a[j] -= b[j];
            break;
        case MULTIPLY:
            for (size_t j = 0; j < n; j++)
                a[j] *= b[j];
            break;
        case DIVIDE:
            for (size_t j = 0; j < n; j++)
                a[j] /= b[j];
            break;
        case POWER:
            for (size_t j = 0; j < n; j++)
                a[j] = pow(a[j], b[j]);
            break;
        case NEGATE:
            for (size_t j = 0; j < n; j++)
                a[j] = -a[j];
            break;
        case APPLY_ONE:
            for (size_t j = 0; j < n; j++)
                a[j] = o->apply(a[j], 0);
            break;
        case APPLY_TWO:
            for (size_t j = 0; j < n; j++)
                a[j] = o->apply(a[j], b[j]);
            break;
        }
    }
    memcpy(out->at, top->at, n * sizeof *out->at);
    return true;
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
