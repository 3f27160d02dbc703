/* SPDX-License-Identifier: MIT
 * Formatting of values into texts.
 */
#include "chat/format.h"

#include "base/utf8.h"
#include "chat/number.h"
#include "chat/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDEST = 1 << 20, MOST_DECIMALS = 60 };

/* "[[fill]align][sign][#][0][width][,][.precision][type]"; what "%" has is a part of it. */
typedef struct spec {
    int32_t fill;
    char align, sign, type;
    bool alternate, zero, comma;
    int64_t width, precision; /* -1: none */
} spec;

static const char *read_number(const char *p, const char *end, int64_t *out)
{
    *out = 0;
    for (; p < end && *p >= '0' && *p <= '9'; p++)
        if (*out <= WIDEST)
            *out = *out * 10 + (*p - '0');
    return p;
}

/* The digits of |v| in a base. */
static size_t print_base(uint64_t v, unsigned base, bool capital, char out[72])
{
    char digits[72];
    size_t n = 0;
    do {
        unsigned d = (unsigned)(v % base);
        digits[n++] = (char)(d < 10 ? '0' + d : (capital ? 'A' : 'a') + d - 10);
        v /= base;
    } while (v);
    for (size_t i = 0; i < n; i++)
        out[i] = digits[n - 1 - i];
    return n;
}

/* Whole digits in groups of three. */
static size_t group_digits(char *text, size_t n, size_t room)
{
    size_t whole = 0;
    while (whole < n && text[whole] >= '0' && text[whole] <= '9')
        whole++;
    for (size_t at = whole; at > 3 && n < room;) {
        at -= 3;
        memmove(text + at + 1, text + at, n - at);
        text[at] = ',';
        n++;
    }
    return n;
}

/* Padding and sign around the digits of a number, or around a text. */
static void put_padded(ll_builder *b, const spec *s, const char *sign, const ll_str *body, uint8_t origin)
{
    size_t n_sign = strlen(sign), n = ll_str_count(body) + n_sign;
    size_t missing = s->width > 0 && (size_t)s->width > n ? (size_t)s->width - n : 0;
    size_t before = s->align == '>' || s->align == '=' ? missing : s->align == '^' ? missing / 2 : 0;
    if (s->align == '=')
        ll_builder_text(b, sign, origin);
    for (size_t i = 0; i < before; i++)
        ll_builder_point(b, s->fill, origin);
    if (s->align != '=')
        ll_builder_text(b, sign, origin);
    ll_builder_str(b, body);
    for (size_t i = before; i < missing; i++)
        ll_builder_point(b, s->fill, origin);
}

static const char *sign_of(const spec *s, bool negative)
{
    return negative ? "-" : s->sign == '+' ? "+" : s->sign == ' ' ? " " : "";
}

static void put_number(ll_render *r, ll_builder *b, spec *s, bool negative, char *digits, size_t n, size_t room,
                       const char *prefix, uint8_t origin)
{
    char sign[8];
    if (s->comma)
        n = group_digits(digits, n, room);
    if (!s->align)
        s->align = s->zero ? '=' : '>';
    if (s->zero && s->fill == ' ')
        s->fill = '0';
    snprintf(sign, sizeof sign, "%s%s", sign_of(s, negative), s->alternate ? prefix : "");
    const ll_str *body = ll_str_view(r, digits, n, origin);
    if (body)
        put_padded(b, s, sign, body, origin);
    else
        b->failed = true;
}

static bool put_int(ll_render *r, ll_builder *b, spec *s, int64_t v, uint8_t origin)
{
    char digits[128];
    unsigned base = s->type == 'x' || s->type == 'X' ? 16 : s->type == 'o' ? 8 : s->type == 'b' ? 2 : 10;
    uint64_t size = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    size_t n = print_base(size, base, s->type == 'X', digits);
    for (; s->precision > 0 && n < 70 && (int64_t)n < s->precision; n++) {
        memmove(digits + 1, digits, n);
        digits[0] = '0';
    }
    const char *prefix = s->type == 'x'   ? "0x"
                         : s->type == 'X' ? "0X"
                         : s->type == 'o' ? "0o"
                         : s->type == 'b' ? "0b"
                                          : "";
    put_number(r, b, s, v < 0, digits, n, sizeof digits, prefix, origin);
    return !b->failed;
}

static bool put_float(ll_render *r, ll_builder *b, spec *s, double v, uint8_t origin)
{
    char digits[LL_NUMBER_TEXT + 150];
    int64_t precision = s->precision < 0 ? 6 : s->precision;
    if (precision > MOST_DECIMALS)
        return ll_render_fail(r, "more than %d decimals are not supported", MOST_DECIMALS);
    if (s->type == '%')
        v *= 100;
    bool negative = signbit(v) && v == v;
    char kind = s->type == '%' || s->type == 'F'   ? 'f'
                : s->type == 'E' || s->type == 'G' ? (char)(s->type | 0x20)
                                                   : s->type;
    size_t n = s->type ? ll_print_decimal(fabs(v), kind, (int)precision, digits) : ll_print_float(fabs(v), digits);
    if (s->type == '%')
        digits[n++] = '%';
    if (s->type == 'E' || s->type == 'G')
        for (size_t i = 0; i < n; i++)
            digits[i] = digits[i] == 'e' ? 'E' : digits[i];
    put_number(r, b, s, negative, digits, n, sizeof digits, "", origin);
    return !b->failed;
}

static bool put_text(ll_render *r, ll_builder *b, spec *s, const ll_str *text, uint8_t origin)
{
    if (text && s->precision >= 0 && (size_t)s->precision < ll_str_count(text))
        text = ll_str_characters(r, text, 0, (size_t)s->precision);
    if (!text)
        return false;
    if (!s->align)
        s->align = '<';
    put_padded(b, s, "", text, origin);
    return !b->failed;
}

static bool check_width(ll_render *r, const spec *s)
{
    if (s->width > WIDEST || s->precision > WIDEST)
        return ll_render_limit(r, "a format of more than %d characters", WIDEST);
    return true;
}

/* "%" --------------------------------------------------------------------------------------------------- */

typedef struct percent {
    ll_render *r;
    ll_builder b;
    const ll_str *format;
    const ll_value *values;
    size_t n, used;
    ll_value mapping; /* for "%(name)s"; or MISSING */
} percent;

static bool next_value(percent *f, ll_value *out)
{
    if (f->used == f->n)
        return ll_render_fail(f->r, "not enough arguments for format string");
    *out = f->values[f->used++];
    return true;
}

static const char *read_percent(percent *f, const char *p, const char *end, spec *s, ll_value *named)
{
    *s = (spec){.fill = ' ', .width = -1, .precision = -1};
    named->kind = LL_V_MISSING;
    if (p < end && *p == '(') {
        const char *close = memchr(p, ')', (size_t)(end - p));
        if (!close || f->mapping.kind == LL_V_MISSING) {
            ll_render_fail(f->r, "format requires a mapping");
            return NULL;
        }
        ll_str name;
        ll_str_over(&name, p + 1, (size_t)(close - p - 1), LL_FROM_TEMPLATE);
        if (!ll_dict_get(f->r, f->mapping.as.dict, ll_string(&name), named))
            return NULL;
        if (named->kind == LL_V_MISSING) {
            ll_render_fail(f->r, "the mapping has no '%.*s'", ll_shown(ll_str_span(&name)), name.data);
            return NULL;
        }
        p = close + 1;
    }
    for (; p < end && strchr("-+ #0", *p) && *p; p++) {
        s->align = *p == '-' ? '<' : s->align;
        s->sign = *p == '+' ? '+' : *p == ' ' && !s->sign ? ' ' : s->sign;
        s->alternate = s->alternate || *p == '#';
        s->zero = s->zero || *p == '0';
    }
    if (p < end && *p >= '0' && *p <= '9')
        p = read_number(p, end, &s->width);
    if (p < end && *p == '.')
        p = read_number(p + 1, end, &s->precision);
    return p;
}

static bool put_percent(percent *f, spec *s, ll_value v, uint8_t origin)
{
    char type = s->type;
    if (type == 's' || type == 'r') {
        if (!s->align)
            s->align = '>';
        s->fill = ' ';
        return put_text(f->r, &f->b, s, type == 's' ? ll_to_str(f->r, v) : ll_to_repr(f->r, v), origin);
    }
    if (v.kind == LL_V_UNDEFINED)
        return ll_fail_undefined(f->r, v);
    if (!ll_is_number(v))
        return ll_render_fail(f->r, "%%%c format: a number is required, not %s", type, ll_type_name(v));
    s->zero = s->zero && s->align != '<';
    if (strchr("feFEgG", type))
        return put_float(f->r, &f->b, s, ll_real(v), origin);
    if (v.kind == LL_V_FLOAT && (type != 'd' || !(fabs(v.as.real) < 9e18)))
        return ll_render_fail(f->r, "%%%c format: an integer is required, not float", type);
    s->type = type == 'i' || type == 'u' ? 'd' : type;
    return put_int(f->r, &f->b, s, v.kind == LL_V_FLOAT ? (int64_t)v.as.real : ll_whole(v), origin);
}

static bool run_percent(percent *f)
{
    const char *p = f->format->data, *end = p + f->format->size;
    while (p < end) {
        const char *sign = memchr(p, '%', (size_t)(end - p));
        size_t n = (size_t)((sign ? sign : end) - p);
        ll_builder_part(&f->b, f->format, (size_t)(p - f->format->data), n);
        if (!sign)
            break;
        spec s;
        ll_value v;
        uint8_t origin = ll_str_origin_at(f->format, (size_t)(sign - f->format->data));
        p = read_percent(f, sign + 1, end, &s, &v);
        if (!p || !check_width(f->r, &s) || !ll_work(f->r, 1))
            return false;
        if (p == end)
            return ll_render_fail(f->r, "incomplete format");
        s.type = *p++;
        if (s.type == '%') {
            ll_builder_text(&f->b, "%", origin);
            continue;
        }
        if (!s.type || !strchr("srdiuxXofeFEgG", s.type))
            return ll_render_fail(f->r, "unsupported format character behind '%%'");
        if ((v.kind == LL_V_MISSING && !next_value(f, &v)) || !put_percent(f, &s, v, origin))
            return false;
    }
    return true;
}

bool ll_format_percent(ll_render *r, const ll_str *format, ll_value arguments, ll_value *out)
{
    percent f = {.r = r, .format = format, .values = &arguments, .n = 1};
    bool tuple =
        arguments.kind == LL_V_LIST && (arguments.as.list->kind == LL_L_TUPLE || arguments.as.list->kind == LL_L_GROUP);
    if (tuple) {
        f.values = arguments.as.list->items;
        f.n = arguments.as.list->n;
    }
    if (arguments.kind == LL_V_DICT)
        f.mapping = arguments;
    ll_builder_init(&f.b, r, format->size);
    if (!run_percent(&f))
        return false;
    bool single = arguments.kind != LL_V_DICT && arguments.kind != LL_V_LIST && arguments.kind != LL_V_UNDEFINED;
    if (f.used < f.n && (tuple || single))
        return ll_render_fail(r, "not all arguments converted during string formatting");
    const ll_str *result = ll_builder_finish(&f.b);
    if (result)
        *out = ll_string(result);
    return result != NULL;
}

/* "{}" -------------------------------------------------------------------------------------------------- */

typedef struct braces {
    const ll_call *call;
    size_t next;
    bool numbered, counted;
} braces;

/* "name", "0", "" and what follows it: ".attribute", "[key]". */
static bool find_field(ll_render *r, braces *f, const char *p, const char *end, ll_value *out)
{
    const char *stop = p;
    while (stop < end && *stop != '.' && *stop != '[')
        stop++;
    int64_t index;
    bool number = stop > p && read_number(p, stop, &index) == stop;
    *out = (ll_value){.kind = LL_V_MISSING};
    if (number || stop == p) {
        f->numbered = f->numbered || number;
        f->counted = f->counted || !number;
        if (f->numbered && f->counted)
            return ll_render_fail(r, "cannot mix manual and automatic field numbering");
        size_t at = number ? (size_t)index : f->next++;
        if (at + 1 < f->call->n_args)
            *out = f->call->args[at + 1];
    } else {
        ll_span name = {p, (size_t)(stop - p)};
        for (size_t i = 0; i < f->call->n_keywords; i++)
            if (ll_span_equal(ll_str_span(f->call->keywords[2 * i].as.str), name))
                *out = f->call->keywords[2 * i + 1];
    }
    if (out->kind == LL_V_MISSING)
        return ll_render_fail(r, "format() has no argument for this field");
    while (stop < end) {
        bool attribute = *stop == '.';
        p = ++stop;
        while (stop < end && (attribute ? *stop != '.' && *stop != '[' : *stop != ']'))
            stop++;
        const ll_str *name = ll_str_view(r, p, (size_t)(stop - p), LL_FROM_TEMPLATE);
        if (!name || stop == p)
            return name && ll_render_fail(r, "an empty attribute in a format string");
        bool digits = !attribute && read_number(p, stop, &index) == stop;
        if (!(attribute ? ll_attribute(r, *out, name, out)
                        : ll_subscript(r, *out, digits ? ll_int(index) : ll_string(name), out)))
            return false;
        stop += !attribute && stop < end;
    }
    return true;
}

static bool read_spec(ll_render *r, const char *p, const char *end, spec *s)
{
    *s = (spec){.fill = ' ', .width = -1, .precision = -1};
    int32_t c = 0;
    size_t n = p < end ? ll_utf8_decode(p, (size_t)(end - p), &c) : 0;
    if (p + n < end && strchr("<>=^", p[n]) && p[n]) {
        s->fill = c;
        s->align = p[n];
        p += n + 1;
    } else if (p < end && *p && strchr("<>=^", *p)) {
        s->align = *p++;
    }
    if (p < end && *p && strchr("+- ", *p))
        s->sign = *p++;
    if (p < end && *p == '#')
        s->alternate = *p++;
    if (p < end && *p == '0')
        s->zero = *p++;
    if (p < end && *p >= '0' && *p <= '9')
        p = read_number(p, end, &s->width);
    if (p < end && *p == ',')
        s->comma = *p++;
    if (p < end && *p == '.')
        p = read_number(p + 1, end, &s->precision);
    if (p < end)
        s->type = *p++;
    if (p != end || (s->type && !strchr("sdxXobfFeEgG%", s->type)))
        return ll_render_fail(r, "this format specification is not supported");
    return check_width(r, s);
}

static bool put_field(ll_render *r, ll_builder *b, ll_value v, spec *s, bool plain, uint8_t origin)
{
    if (ll_is_number(v) && s->type != 's' && !(plain && v.kind == LL_V_BOOL)) {
        bool as_float = v.kind == LL_V_FLOAT || (s->type && strchr("fFeEgG%", s->type));
        if (!as_float)
            return put_int(r, b, s, ll_whole(v), origin);
        if (s->type && !strchr("fFeEgG%", s->type))
            return ll_render_fail(r, "format code '%c' is not for a float", s->type);
        if (!s->type && s->precision >= 0)
            return ll_render_fail(r, "a precision without a type is not supported");
        return put_float(r, b, s, ll_real(v), origin);
    }
    if ((s->type && s->type != 's') || (!plain && v.kind != LL_V_STR))
        return ll_render_fail(r, "this format specification is not for a %s", ll_type_name(v));
    return put_text(r, b, s, ll_to_str(r, v), origin);
}

static bool run_field(ll_render *r, braces *f, ll_builder *b, const char *p, const char *end, uint8_t origin)
{
    const char *colon = memchr(p, ':', (size_t)(end - p));
    const char *name_end = colon ? colon : end;
    char conversion = 0;
    if (name_end - p >= 2 && name_end[-2] == '!') {
        conversion = name_end[-1];
        name_end -= 2;
    }
    ll_value v;
    spec s;
    if (!find_field(r, f, p, name_end, &v) || !read_spec(r, colon ? colon + 1 : end, end, &s))
        return false;
    if (conversion) {
        const ll_str *text = conversion == 'r' ? ll_to_repr(r, v) : conversion == 's' ? ll_to_str(r, v) : NULL;
        if (!text)
            return ll_render_fail(r, "this conversion is not supported");
        v = ll_string(text);
    }
    return put_field(r, b, v, &s, !colon || colon + 1 == end, origin);
}

bool ll_format_braces(ll_render *r, const ll_call *call, ll_value *out)
{
    const ll_str *format = call->args[0].as.str;
    braces f = {.call = call};
    ll_builder b;
    ll_builder_init(&b, r, format->size);
    const char *p = format->data, *end = p + format->size;
    while (p < end) {
        bool open = *p == '{', doubled = p + 1 < end && p[1] == *p;
        size_t at = (size_t)(p - format->data);
        if ((!open && *p != '}') || doubled) {
            bool brace = open || *p == '}';
            ll_builder_part(&b, format, at, 1);
            p += 1 + (brace && doubled);
            continue;
        }
        const char *close = memchr(p, '}', (size_t)(end - p));
        if (!open || !close)
            return ll_render_fail(r, open ? "expected '}' in the format string" : "single '}' in the format string");
        if (memchr(p + 1, '{', (size_t)(close - p - 1)))
            return ll_render_fail(r, "nested fields in a format string are not supported");
        if (!ll_work(r, 1) || !run_field(r, &f, &b, p + 1, close, ll_str_origin_at(format, at)))
            return false;
        p = close + 1;
    }
    const ll_str *result = ll_builder_finish(&b);
    if (result)
        *out = ll_string(result);
    return result != NULL;
}

bool ll_round_float(ll_render *r, double v, int64_t decimals, double *out)
{
    char text[LL_NUMBER_TEXT];
    *out = v;
    if (!isfinite(v) || v == 0 || decimals > 22 + 300)
        return true;
    if (decimals > MOST_DECIMALS)
        return ll_render_fail(r, "round() to more than %d decimals is not supported", MOST_DECIMALS);
    if (decimals >= 0) {
        size_t n = ll_print_decimal(v, 'f', (int)decimals, text);
        return ll_parse_float((ll_span){text, n}, out);
    }
    int exponent = (int)floor(log10(fabs(v)));
    double unit = decimals < -308 ? INFINITY : pow(10, (double)-decimals);
    if (decimals < -308 || exponent + 1 < -decimals) {
        *out = copysign(0, v);
        return true;
    }
    *out = nearbyint(v / unit) * unit;
    return true;
}
