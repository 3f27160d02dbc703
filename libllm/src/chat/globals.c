/* SPDX-License-Identifier: MIT
 * Functions that every template has.
 */
#include "chat/filters.h"
#include "chat/text.h"

#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

static bool global_range(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value v[3];
    int64_t start = 0, stop, step;
    if (!ll_bind(r, call, 0, "start! stop step", v) || !ll_want_int(r, call, v[0], 0, &start) ||
        !ll_want_int(r, call, v[1], 0, &stop) || !ll_want_int(r, call, v[2], 1, &step))
        return false;
    if (v[1].kind == LL_V_MISSING) {
        stop = start;
        start = 0;
    }
    if (step == 0)
        return ll_render_fail(r, "range() arg 3 must not be zero");
    bool some = step > 0 ? start < stop : start > stop;
    uint64_t distance = step > 0 ? (uint64_t)stop - (uint64_t)start : (uint64_t)start - (uint64_t)stop;
    uint64_t stride = step > 0 ? (uint64_t)step : 0 - (uint64_t)step;
    uint64_t n = some ? (distance - 1) / stride + 1 : 0;
    if (n > LL_RANGE_MAX)
        return ll_render_limit(r, "a range of more than %d elements", LL_RANGE_MAX);
    ll_list *list = ll_list_new(r, LL_L_RANGE, (size_t)n);
    if (!list || !ll_work(r, n / 8))
        return false;
    for (size_t i = 0; i < n; i++)
        list->items[i] = ll_int((int64_t)((uint64_t)start + i * (uint64_t)step));
    list->start = start;
    list->stop = stop;
    list->step = step;
    *out = ll_sequence(list);
    return true;
}

/* From a dict, or from pairs. */
static bool update(ll_render *r, ll_dict *dict, ll_value from)
{
    ll_items items, pair;
    if (from.kind == LL_V_DICT) {
        for (size_t i = 0; i < from.as.dict->n; i++)
            if (!ll_work(r, 1) || !ll_dict_set(r, dict, from.as.dict->keys[i], from.as.dict->values[i]))
                return false;
        dict->origin = from.as.dict->origin;
        return true;
    }
    if (!ll_iterate(r, from, &items))
        return false;
    for (size_t i = 0; i < items.n; i++) {
        if (!ll_iterate(r, items.items[i], &pair))
            return false;
        if (pair.n != 2)
            return ll_render_fail(r, "dict() needs pairs, element %zu has %zu values", i, pair.n);
        if (!ll_work(r, 1) || !ll_dict_set(r, dict, pair.items[0], pair.items[1]))
            return false;
    }
    return true;
}

static ll_dict *dict_of_arguments(ll_render *r, const ll_call *call)
{
    ll_dict *dict = ll_dict_new(r, call->n_keywords);
    if (call->n_args > 1) {
        ll_render_fail(r, "%s() takes at most 1 positional argument", call->name);
        return NULL;
    }
    if (!dict || (call->n_args == 1 && !update(r, dict, call->args[0])))
        return NULL;
    for (size_t i = 0; i < call->n_keywords; i++)
        if (!ll_dict_set(r, dict, call->keywords[2 * i], call->keywords[2 * i + 1]))
            return NULL;
    return dict;
}

static bool global_dict(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_dict *dict = dict_of_arguments(r, call);
    if (dict)
        *out = ll_mapping(dict);
    return dict != NULL;
}

static bool global_namespace(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_dict *dict = dict_of_arguments(r, call);
    for (size_t i = 0; dict && i < dict->n; i++)
        if (dict->keys[i].kind == LL_V_STR && dict->keys[i].as.str->size && dict->keys[i].as.str->data[0] == '_')
            return ll_render_fail(r, "attributes of a namespace must not start with '_'");
    *out = (ll_value){.kind = LL_V_NAMESPACE, .as.dict = dict};
    return dict != NULL;
}

static bool global_raise_exception(ll_render *r, const ll_call *call, ll_value *out)
{
    (void)out;
    ll_value message;
    if (!ll_bind(r, call, 0, "message!", &message))
        return false;
    const ll_str *text = ll_to_str(r, message);
    if (!text)
        return false;
    size_t n = text->size < 400 ? text->size : ll_utf8_complete(text->data, 400);
    return ll_render_fail(r, "%.*s", (int)n, text->data);
}

static bool global_cycler(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_cycler *cycler = ll_render_alloc(r, 1, sizeof *cycler);
    ll_value *items = ll_render_alloc(r, call->n_args, sizeof *items);
    if (!cycler || !items)
        return false;
    if (call->n_args == 0 || call->n_keywords)
        return ll_render_fail(r, "cycler() needs items");
    memcpy(items, call->args, call->n_args * sizeof *items);
    *cycler = (ll_cycler){items, call->n_args, 0};
    *out = (ll_value){.kind = LL_V_CYCLER, .as.cycler = cycler};
    return true;
}

static bool global_joiner(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value separator;
    ll_joiner *joiner = ll_render_alloc(r, 1, sizeof *joiner);
    if (!joiner || !ll_bind(r, call, 0, "sep", &separator))
        return false;
    *joiner = (ll_joiner){separator.kind == LL_V_MISSING ? ll_str_literal(r, ", ") : ll_to_str(r, separator), false};
    *out = (ll_value){.kind = LL_V_JOINER, .as.joiner = joiner};
    return joiner->separator != NULL;
}

/* Time -------------------------------------------------------------------------------------------------- */

typedef struct date {
    int64_t year;
    int month, day, hour, minute, second, weekday, day_of_year; /* month 1..12, weekday 0 = Sunday, days from 1 */
} date;

/* The proleptic Gregorian calendar, counted in years that start in March. */
static date date_of(int64_t seconds)
{
    int64_t days = seconds / 86400, rest = seconds % 86400;
    if (rest < 0) {
        rest += 86400;
        days--;
    }
    int64_t shifted = days + 719468, era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t of_era = shifted - era * 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int march_month = (int)((5 * of_year + 2) / 153);
    date d = {.year = year_of_era + era * 400 + (march_month >= 10),
              .month = march_month < 10 ? march_month + 3 : march_month - 9};
    d.day = (int)(of_year - (153 * march_month + 2) / 5 + 1);
    d.hour = (int)(rest / 3600);
    d.minute = (int)(rest / 60 % 60);
    d.second = (int)(rest % 60);
    d.weekday = (int)(((days % 7) + 11) % 7);
    bool leap = (d.year % 4 == 0 && d.year % 100 != 0) || d.year % 400 == 0;
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    d.day_of_year = before[d.month - 1] + d.day + (leap && d.month > 2);
    return d;
}

static const char *const days[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
static const char *const months[] = {"January", "February", "March",     "April",   "May",      "June",
                                     "July",    "August",   "September", "October", "November", "December"};

/* Directives that are a number with leading zeros. Returns its width, or 0. */
static int number_directive(const date *d, char directive, int *value)
{
    switch (directive) {
    case 'd':
        *value = d->day;
        return 2;
    case 'f':
        *value = 0;
        return 6;
    case 'H':
        *value = d->hour;
        return 2;
    case 'I':
        *value = d->hour % 12 ? d->hour % 12 : 12;
        return 2;
    case 'j':
        *value = d->day_of_year;
        return 3;
    case 'm':
        *value = d->month;
        return 2;
    case 'M':
        *value = d->minute;
        return 2;
    case 'S':
        *value = d->second;
        return 2;
    case 'u':
        *value = d->weekday ? d->weekday : 7;
        return 1;
    case 'w':
        *value = d->weekday;
        return 1;
    case 'y':
        *value = (int)(d->year % 100);
        return 2;
    default:
        return 0;
    }
}

/* Directives that stand for several others. */
static const char *expansion(char directive)
{
    switch (directive) {
    case 'c':
        return "%a %b %e %H:%M:%S %Y";
    case 'D':
    case 'x':
        return "%m/%d/%y";
    case 'F':
        return "%Y-%m-%d";
    case 'R':
        return "%H:%M";
    case 'T':
    case 'X':
        return "%H:%M:%S";
    default:
        return NULL;
    }
}

static const char *word_directive(const date *d, char directive)
{
    switch (directive) {
    case 'A':
        return days[d->weekday];
    case 'B':
        return months[d->month - 1];
    case 'p':
        return d->hour < 12 ? "AM" : "PM";
    case 'n':
        return "\n";
    case 't':
        return "\t";
    case '%':
        return "%";
    case 'z': /* datetime.now() has no time zone */
    case 'Z':
        return "";
    default:
        return NULL;
    }
}

/* One directive that is no expansion. Returns false when it is not known. */
static bool put_directive(ll_builder *b, const date *d, int64_t now, char directive, bool unpadded, uint8_t origin)
{
    char text[32];
    int value, width = number_directive(d, directive, &value);
    const char *word = word_directive(d, directive);
    if (width)
        snprintf(text, sizeof text, "%0*d", unpadded ? 1 : width, value);
    else if (word)
        snprintf(text, sizeof text, "%s", word);
    else if (directive == 'a')
        snprintf(text, sizeof text, "%.3s", days[d->weekday]);
    else if (directive == 'b' || directive == 'h')
        snprintf(text, sizeof text, "%.3s", months[d->month - 1]);
    else if (directive == 'e')
        snprintf(text, sizeof text, unpadded ? "%d" : "%2d", d->day);
    else if (directive == 's' || directive == 'Y')
        snprintf(text, sizeof text, "%lld", (long long)(directive == 's' ? now : d->year));
    else
        return false;
    ll_builder_text(b, text, origin);
    return true;
}

static bool put_expanded(ll_builder *b, const date *d, int64_t now, const char *format, uint8_t origin)
{
    for (; *format; format++) {
        if (*format != '%')
            ll_builder_bytes(b, format, 1, origin);
        else if (!put_directive(b, d, now, *++format, false, origin))
            return false;
    }
    return true;
}

static bool global_strftime_now(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value given;
    const ll_str *format = ll_bind(r, call, 0, "format!", &given) ? ll_want_str(r, call, given) : NULL;
    if (!format || !ll_work_on_text(r, format->size))
        return false;
    date d = date_of(r->now);
    ll_builder b;
    ll_builder_init(&b, r, format->size);
    for (size_t i = 0; i < format->size && !b.failed; i++) {
        if (format->data[i] != '%') {
            ll_builder_part(&b, format, i, 1);
            continue;
        }
        uint8_t origin = ll_str_origin_at(format, i);
        bool unpadded = i + 1 < format->size && format->data[i + 1] == '-';
        i += 1 + unpadded;
        const char *several = i < format->size ? expansion(format->data[i]) : NULL;
        if (several ? !put_expanded(&b, &d, r->now, several, origin)
                    : i >= format->size || !put_directive(&b, &d, r->now, format->data[i], unpadded, origin))
            return ll_render_fail(r, "strftime_now: unknown directive at byte %zu", i);
    }
    return ll_give_str(ll_builder_finish(&b), out);
}

static const ll_function globals[] = {
    {"cycler", global_cycler},
    {"dict", global_dict},
    {"joiner", global_joiner},
    {"namespace", global_namespace},
    {"raise_exception", global_raise_exception},
    {"range", global_range},
    {"strftime_now", global_strftime_now},
    {NULL, NULL},
};

const ll_function *ll_global_find(ll_span name) { return ll_table_find(globals, name); }
