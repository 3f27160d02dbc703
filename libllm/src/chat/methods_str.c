/* SPDX-License-Identifier: MIT
 * Methods of strings, as Python's str has them.
 */
#include "chat/filters.h"
#include "chat/format.h"
#include "chat/text.h"

#include "base/utf8.h"

#include <utf8proc.h>

static const ll_str *self_of(const ll_call *call) { return call->args[0].as.str; }

/* Case -------------------------------------------------------------------------------------------------- */

static bool change_case(ll_render *r, const ll_call *call, ll_case how, ll_value *out)
{
    return ll_bind(r, call, 1, "", NULL) && ll_give_str(ll_str_case(r, self_of(call), how), out);
}

static bool str_upper(ll_render *r, const ll_call *c, ll_value *out) { return change_case(r, c, LL_UPPER, out); }
static bool str_lower(ll_render *r, const ll_call *c, ll_value *out) { return change_case(r, c, LL_LOWER, out); }
static bool str_title(ll_render *r, const ll_call *c, ll_value *out) { return change_case(r, c, LL_TITLE, out); }
static bool str_swapcase(ll_render *r, const ll_call *c, ll_value *out) { return change_case(r, c, LL_SWAPCASE, out); }
static bool str_capitalize(ll_render *r, const ll_call *c, ll_value *out)
{
    return change_case(r, c, LL_CAPITALIZE, out);
}

/* Stripping and padding --------------------------------------------------------------------------------- */

static bool strip(ll_render *r, const ll_call *call, int sides, ll_value *out)
{
    ll_value chars;
    if (!ll_bind(r, call, 1, "chars", &chars))
        return false;
    bool blanks = chars.kind == LL_V_MISSING || chars.kind == LL_V_NONE;
    const ll_str *set = blanks ? NULL : ll_want_str(r, call, chars);
    return (blanks || set) && ll_give_str(ll_str_strip(r, self_of(call), set, sides), out);
}

static bool str_strip(ll_render *r, const ll_call *c, ll_value *out)
{
    return strip(r, c, LL_STRIP_LEFT | LL_STRIP_RIGHT, out);
}
static bool str_lstrip(ll_render *r, const ll_call *c, ll_value *out) { return strip(r, c, LL_STRIP_LEFT, out); }
static bool str_rstrip(ll_render *r, const ll_call *c, ll_value *out) { return strip(r, c, LL_STRIP_RIGHT, out); }

static bool remove_affix(ll_render *r, const ll_call *call, bool prefix, ll_value *out)
{
    ll_value given;
    if (!ll_bind(r, call, 1, "affix!", &given))
        return false;
    const ll_str *s = self_of(call), *affix = ll_want_str(r, call, given);
    if (!affix || !ll_work_on_text(r, affix->size))
        return false;
    bool found = prefix ? ll_str_starts(s, affix) : ll_str_ends(s, affix);
    return ll_give_str(found ? ll_str_part(r, s, prefix ? affix->size : 0, s->size - affix->size) : s, out);
}

static bool str_removeprefix(ll_render *r, const ll_call *c, ll_value *out) { return remove_affix(r, c, true, out); }
static bool str_removesuffix(ll_render *r, const ll_call *c, ll_value *out) { return remove_affix(r, c, false, out); }

/* Where the padding goes: -1 behind, 0 both, 1 in front. */
static bool pad(ll_render *r, const ll_call *call, int where, ll_value *out)
{
    ll_value v[2];
    int64_t width;
    const ll_str *s = self_of(call);
    if (!ll_bind(r, call, 1, "width! fillchar", v) || !ll_want_int(r, call, v[0], 0, &width))
        return false;
    const ll_str *fill = v[1].kind == LL_V_MISSING ? ll_str_literal(r, " ") : ll_want_str(r, call, v[1]);
    if (!fill)
        return false;
    if (ll_str_count(fill) != 1)
        return ll_render_fail(r, "the fill character must be exactly one character long");
    int64_t missing = width - (int64_t)ll_str_count(s);
    if (width <= 0 || missing <= 0)
        return ll_give_str(s, out);
    int64_t left = where > 0 ? missing : where < 0 ? 0 : missing / 2 + (missing & width & 1);
    return ll_give_str(ll_str_pad(r, s, fill, (size_t)left, (size_t)(missing - left)), out);
}

static bool str_center(ll_render *r, const ll_call *c, ll_value *out) { return pad(r, c, 0, out); }
static bool str_ljust(ll_render *r, const ll_call *c, ll_value *out) { return pad(r, c, -1, out); }
static bool str_rjust(ll_render *r, const ll_call *c, ll_value *out) { return pad(r, c, 1, out); }

static bool str_zfill(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value given;
    int64_t width;
    const ll_str *s = self_of(call), *zero = ll_str_literal(r, "0");
    if (!zero || !ll_bind(r, call, 1, "width!", &given) || !ll_want_int(r, call, given, 0, &width))
        return false;
    int64_t missing = width - (int64_t)ll_str_count(s);
    if (width <= 0 || missing <= 0)
        return ll_give_str(s, out);
    size_t sign = s->size && (s->data[0] == '+' || s->data[0] == '-');
    const ll_str *digits = ll_str_part(r, s, sign, s->size - sign), *front = ll_str_part(r, s, 0, sign);
    const ll_str *padded = digits && front ? ll_str_pad(r, digits, zero, (size_t)missing, 0) : NULL;
    return padded && ll_give_str(ll_str_join2(r, front, padded), out);
}

/* Searching --------------------------------------------------------------------------------------------- */

/* The range [start, end) that the optional arguments name, in bytes. false in *valid: start is past the end. */
static bool read_range(ll_render *r, const ll_call *call, const ll_value given[2], size_t *from, size_t *to,
                       bool *valid)
{
    const ll_str *s = self_of(call);
    int64_t n = (int64_t)ll_str_count(s), bound[2] = {0, n};
    for (int i = 0; i < 2; i++) {
        if (given[i].kind == LL_V_NONE)
            continue;
        if (!ll_want_int(r, call, given[i], bound[i], &bound[i]))
            return false;
        if (bound[i] < 0)
            bound[i] = bound[i] < -n ? 0 : bound[i] + n;
    }
    if (bound[1] > n)
        bound[1] = n;
    *valid = bound[0] <= bound[1];
    if (!*valid)
        return true;
    *from = ll_str_offset(s, (size_t)bound[0]);
    *to = ll_str_offset(s, (size_t)bound[1]);
    return s->ascii || ll_work_on_text(r, s->size);
}

static bool find(ll_render *r, const ll_call *call, bool last, bool must, ll_value *out)
{
    ll_value v[3];
    const ll_str *s = self_of(call);
    size_t from = 0, to = 0, at = SIZE_MAX;
    bool valid;
    if (!ll_bind(r, call, 1, "sub! start end", v))
        return false;
    const ll_str *what = ll_want_str(r, call, v[0]);
    if (!what || !read_range(r, call, v + 1, &from, &to, &valid) || !ll_work_on_search(r, s, what))
        return false;
    if (valid && !last)
        at = ll_str_find(s, what, from, to);
    else if (valid && !ll_str_find_last(r, s, what, from, to, &at))
        return false;
    if (at == SIZE_MAX && must)
        return ll_render_fail(r, "substring not found");
    ll_str before;
    ll_str_over(&before, s->data, at == SIZE_MAX ? 0 : at, LL_FROM_TEMPLATE);
    *out = ll_int(at == SIZE_MAX ? -1 : (int64_t)ll_str_count(&before));
    return true;
}

static bool str_find(ll_render *r, const ll_call *c, ll_value *out) { return find(r, c, false, false, out); }
static bool str_rfind(ll_render *r, const ll_call *c, ll_value *out) { return find(r, c, true, false, out); }
static bool str_index(ll_render *r, const ll_call *c, ll_value *out) { return find(r, c, false, true, out); }
static bool str_rindex(ll_render *r, const ll_call *c, ll_value *out) { return find(r, c, true, true, out); }

static bool str_count(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value v[3];
    const ll_str *s = self_of(call);
    size_t from = 0, to = 0;
    bool valid;
    if (!ll_bind(r, call, 1, "sub! start end", v))
        return false;
    const ll_str *what = ll_want_str(r, call, v[0]);
    if (!what || !read_range(r, call, v + 1, &from, &to, &valid) || !ll_work_on_search(r, s, what))
        return false;
    int64_t n = 0;
    if (valid && what->size == 0) {
        ll_str range;
        ll_str_over(&range, s->data + from, to - from, LL_FROM_TEMPLATE);
        n = (int64_t)ll_str_count(&range) + 1;
    } else if (valid) {
        for (size_t at = ll_str_find(s, what, from, to); at != SIZE_MAX; n++)
            at = ll_str_find(s, what, at + what->size, to);
    }
    *out = ll_int(n);
    return true;
}

/* Is there an affix (one, or one of a tuple) at the start or end of a range? */
static bool has_affix(ll_render *r, const ll_call *call, bool prefix, ll_value *out)
{
    ll_value v[3];
    size_t from = 0, to = 0;
    bool valid, found = false;
    if (!ll_bind(r, call, 1, "affix! start end", v) || !read_range(r, call, v + 1, &from, &to, &valid))
        return false;
    bool tuple = v[0].kind == LL_V_LIST && v[0].as.list->kind == LL_L_TUPLE;
    size_t n = tuple ? v[0].as.list->n : 1;
    const ll_str *range = valid ? ll_str_part(r, self_of(call), from, to - from) : NULL;
    for (size_t i = 0; i < n && !found; i++) {
        const ll_str *affix = ll_want_str(r, call, tuple ? v[0].as.list->items[i] : v[0]);
        if (!affix || !ll_work(r, 1 + affix->size / LL_TEXT_UNIT))
            return false;
        found = range && (prefix ? ll_str_starts(range, affix) : ll_str_ends(range, affix));
    }
    *out = ll_bool(found);
    return range || !valid;
}

static bool str_startswith(ll_render *r, const ll_call *c, ll_value *out) { return has_affix(r, c, true, out); }
static bool str_endswith(ll_render *r, const ll_call *c, ll_value *out) { return has_affix(r, c, false, out); }

/* Taking apart ------------------------------------------------------------------------------------------ */

static bool split(ll_render *r, const ll_call *call, bool from_end, ll_value *out)
{
    ll_value v[2];
    int64_t maximum;
    if (!ll_bind(r, call, 1, "sep maxsplit", v) || !ll_want_int(r, call, v[1], -1, &maximum))
        return false;
    bool blanks = v[0].kind == LL_V_MISSING || v[0].kind == LL_V_NONE;
    const ll_str *separator = blanks ? NULL : ll_want_str(r, call, v[0]);
    if (!blanks && !separator)
        return false;
    ll_list *list = from_end ? ll_str_split_last(r, self_of(call), separator, maximum)
                             : ll_str_split(r, self_of(call), separator, maximum);
    if (list)
        *out = ll_sequence(list);
    return list != NULL;
}

static bool str_split(ll_render *r, const ll_call *c, ll_value *out) { return split(r, c, false, out); }
static bool str_rsplit(ll_render *r, const ll_call *c, ll_value *out) { return split(r, c, true, out); }

static bool str_splitlines(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value keep;
    ll_list *list = ll_bind(r, call, 1, "keepends", &keep) ? ll_str_lines(r, self_of(call), ll_truth(keep)) : NULL;
    if (list)
        *out = ll_sequence(list);
    return list != NULL;
}

static bool partition(ll_render *r, const ll_call *call, bool last, ll_value *out)
{
    ll_value given;
    const ll_str *s = self_of(call);
    size_t at;
    ll_list *list = ll_list_new(r, LL_L_TUPLE, 3);
    if (!list || !ll_bind(r, call, 1, "sep!", &given))
        return false;
    const ll_str *separator = ll_want_str(r, call, given);
    if (!separator)
        return false;
    if (separator->size == 0)
        return ll_render_fail(r, "empty separator");
    if (!ll_work_on_search(r, s, separator))
        return false;
    if (!last)
        at = ll_str_find(s, separator, 0, s->size);
    else if (!ll_str_find_last(r, s, separator, 0, s->size, &at))
        return false;
    bool found = at != SIZE_MAX;
    size_t cut = found ? at : last ? 0 : s->size, skip = found ? separator->size : 0;
    const ll_str *parts[3] = {ll_str_part(r, s, 0, cut), ll_str_part(r, s, cut, skip),
                              ll_str_part(r, s, cut + skip, s->size - cut - skip)};
    for (int i = 0; i < 3; i++)
        if (!ll_give_str(parts[i], &list->items[i]))
            return false;
    *out = ll_sequence(list);
    return true;
}

static bool str_partition(ll_render *r, const ll_call *c, ll_value *out) { return partition(r, c, false, out); }
static bool str_rpartition(ll_render *r, const ll_call *c, ll_value *out) { return partition(r, c, true, out); }

/* Putting together -------------------------------------------------------------------------------------- */

static bool str_replace(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value v[3];
    int64_t count;
    if (!ll_bind(r, call, 1, "old! new! count", v) || !ll_want_int(r, call, v[2], -1, &count))
        return false;
    const ll_str *old = ll_want_str(r, call, v[0]), *fresh = ll_want_str(r, call, v[1]);
    return old && fresh && ll_give_str(ll_str_replace(r, self_of(call), old, fresh, count), out);
}

static bool str_join(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value given;
    ll_items items;
    return ll_bind(r, call, 1, "iterable!", &given) && ll_iterate(r, given, &items) &&
           ll_give_str(ll_str_join(r, self_of(call), items, false), out);
}

/* Kinds of characters ----------------------------------------------------------------------------------- */

static bool is_alpha(int32_t c)
{
    utf8proc_category_t category = utf8proc_category(c);
    return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

static bool is_decimal(int32_t c) { return utf8proc_category(c) == UTF8PROC_CATEGORY_ND; }
static bool is_digit(int32_t c)
{
    bool raised = c == 0xB2 || c == 0xB3 || c == 0xB9 || c == 0x2070 || (c >= 0x2074 && c <= 0x2079);
    return is_decimal(c) || raised || (c >= 0x2080 && c <= 0x2089);
}
static bool is_numeric(int32_t c)
{
    utf8proc_category_t category = utf8proc_category(c);
    return category == UTF8PROC_CATEGORY_ND || category == UTF8PROC_CATEGORY_NL || category == UTF8PROC_CATEGORY_NO;
}
static bool is_alnum(int32_t c) { return is_alpha(c) || is_numeric(c); }
static bool is_ascii(int32_t c) { return c < 0x80; }

static bool all_are(ll_render *r, const ll_call *call, bool (*is)(int32_t), bool of_empty, ll_value *out)
{
    const ll_str *s = self_of(call);
    bool holds = s->size > 0 || of_empty;
    for (size_t at = 0; at < s->size && holds;) {
        int32_t c;
        at += ll_utf8_decode(s->data + at, s->size - at, &c);
        holds = is(c);
    }
    *out = ll_bool(holds);
    return ll_bind(r, call, 1, "", NULL) && ll_work_on_characters(r, s->size);
}

static bool str_isalpha(ll_render *r, const ll_call *c, ll_value *out) { return all_are(r, c, is_alpha, false, out); }
static bool str_isdigit(ll_render *r, const ll_call *c, ll_value *out) { return all_are(r, c, is_digit, false, out); }
static bool str_isspace(ll_render *r, const ll_call *c, ll_value *out)
{
    return all_are(r, c, ll_is_blank, false, out);
}
static bool str_isalnum(ll_render *r, const ll_call *c, ll_value *out) { return all_are(r, c, is_alnum, false, out); }
static bool str_isascii(ll_render *r, const ll_call *c, ll_value *out) { return all_are(r, c, is_ascii, true, out); }
static bool str_isdecimal(ll_render *r, const ll_call *c, ll_value *out)
{
    return all_are(r, c, is_decimal, false, out);
}
static bool str_isnumeric(ll_render *r, const ll_call *c, ll_value *out)
{
    return all_are(r, c, is_numeric, false, out);
}

static bool has_test(ll_render *r, const ll_call *call, const char *test, ll_value *out)
{
    return ll_test_find(ll_span_of(test))->call(r, call, out);
}

static bool str_islower(ll_render *r, const ll_call *c, ll_value *out) { return has_test(r, c, "lower", out); }
static bool str_isupper(ll_render *r, const ll_call *c, ll_value *out) { return has_test(r, c, "upper", out); }

const ll_function ll_str_methods[] = {
    {"capitalize", str_capitalize},
    {"casefold", NULL},
    {"center", str_center},
    {"count", str_count},
    {"encode", NULL},
    {"endswith", str_endswith},
    {"expandtabs", NULL},
    {"find", str_find},
    {"format", ll_format_braces},
    {"format_map", NULL},
    {"index", str_index},
    {"isalnum", str_isalnum},
    {"isalpha", str_isalpha},
    {"isascii", str_isascii},
    {"isdecimal", str_isdecimal},
    {"isdigit", str_isdigit},
    {"isidentifier", NULL},
    {"islower", str_islower},
    {"isnumeric", str_isnumeric},
    {"isprintable", NULL},
    {"isspace", str_isspace},
    {"istitle", NULL},
    {"isupper", str_isupper},
    {"join", str_join},
    {"ljust", str_ljust},
    {"lower", str_lower},
    {"lstrip", str_lstrip},
    {"maketrans", NULL},
    {"partition", str_partition},
    {"removeprefix", str_removeprefix},
    {"removesuffix", str_removesuffix},
    {"replace", str_replace},
    {"rfind", str_rfind},
    {"rindex", str_rindex},
    {"rjust", str_rjust},
    {"rpartition", str_rpartition},
    {"rsplit", str_rsplit},
    {"rstrip", str_rstrip},
    {"split", str_split},
    {"splitlines", str_splitlines},
    {"startswith", str_startswith},
    {"strip", str_strip},
    {"swapcase", str_swapcase},
    {"title", str_title},
    {"translate", NULL},
    {"upper", str_upper},
    {"zfill", str_zfill},
    {NULL, NULL},
};
