/* SPDX-License-Identifier: MIT
 * Numbers with units as people read and write them.
 */
#include "quantity.h"

#include "language.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <math.h>
#include <string.h>

#undef _
#define _(text) lg_translate(text)

enum { DIGITS = 4, BRIEF_DIGITS = 3 };

/* From `from` on values are divided by `by`. A NULL name: not in this language. */
typedef struct {
    double from, by;
    const char *english, *chinese;
} Scale;

static const Scale bytes[] = {{0x1p50, 0x1p50, "PiB", "PiB"}, {0x1p40, 0x1p40, "TiB", "TiB"},
                              {0x1p30, 0x1p30, "GiB", "GiB"}, {0x1p20, 0x1p20, "MiB", "MiB"},
                              {0x1p10, 0x1p10, "KiB", "KiB"}, {0, 1, "B", "B"}};
static const Scale rates[] = {{1e12, 1e12, "TB/s", "TB/s"}, {1e9, 1e9, "GB/s", "GB/s"}, {0, 1e6, "MB/s", "MB/s"}};
static const Scale speeds[] = {{1e18, 1e18, "EFLOP/s", "EFLOP/s"},
                               {1e15, 1e15, "PFLOP/s", "PFLOP/s"},
                               {1e12, 1e12, "TFLOP/s", "TFLOP/s"},
                               {0, 1e9, "GFLOP/s", "GFLOP/s"}};
static const Scale works[] = {{1e24, 1e24, "YFLOP", "YFLOP"}, {1e21, 1e21, "ZFLOP", "ZFLOP"},
                              {1e18, 1e18, "EFLOP", "EFLOP"}, {1e15, 1e15, "PFLOP", "PFLOP"},
                              {1e12, 1e12, "TFLOP", "TFLOP"}, {1e9, 1e9, "GFLOP", "GFLOP"},
                              {1e6, 1e6, "MFLOP", "MFLOP"},   {0, 1, "FLOP", "FLOP"}};
static const Scale times[] = {{86400, 86400, "d", "天"},
                              {3600, 3600, "h", "小时"},
                              {1, 1, "s", "秒"},
                              {1e-3, 1e-3, "ms", "毫秒"},
                              {0, 1e-6, "µs", "微秒"}};
static const Scale counts[] = {{1e12, 1e12, "T", "万亿"}, {1e9, 1e9, "B", NULL},  {1e8, 1e8, NULL, "亿"},
                               {1e6, 1e6, "M", NULL},     {1e4, 1e4, NULL, "万"}, {0, 1, "", ""}};
static const Scale dollars[] = {{1e12, 1e12, "T USD", "万亿美元"}, {1e9, 1e9, "B USD", NULL},
                                {1e8, 1e8, NULL, "亿美元"},        {1e6, 1e6, "M USD", NULL},
                                {1e4, 1e4, NULL, "万美元"},        {0, 1, "USD", "美元"}};
static const Scale yuan[] = {{1e12, 1e12, "T CNY", "万亿元"}, {1e9, 1e9, "B CNY", NULL}, {1e8, 1e8, NULL, "亿元"},
                             {1e6, 1e6, "M CNY", NULL},       {1e4, 1e4, NULL, "万元"},  {0, 1, "CNY", "元"}};
static const Scale powers[] = {{1e6, 1e6, "MW", "MW"}, {1e3, 1e3, "kW", "kW"}, {0, 1, "W", "W"}};
static const Scale energies[] = {{1e6, 1e6, "GWh", "GWh"}, {1e3, 1e3, "MWh", "MWh"}, {0, 1, "kWh", "kWh"}};
static const Scale joules[] = {{1e6, 1e6, "MJ", "MJ"}, {1e3, 1e3, "kJ", "kJ"}, {1, 1, "J", "J"}, {0, 1e-3, "mJ", "mJ"}};
static const Scale masses[] = {{1e3, 1e3, "t CO₂", "吨 CO₂"}, {0, 1, "kg CO₂", "千克 CO₂"}};

static const struct {
    const char *unit;
    const Scale *scales;
} scaled[] = {{"B", bytes},          {"B/s", rates},    {"FLOP", works},  {"FLOP/s", speeds}, {"s", times},
              {"parameter", counts}, {"token", counts}, {"USD", dollars}, {"CNY", yuan},      {"W", powers},
              {"kWh", energies},     {"kg", masses},    {"J", joules}};

/* Units that are words. */
static const char *word(const char *unit)
{
    static const struct {
        const char *unit, *shown;
    } words[] = {{"device", N_("devices")},     {"day", N_("days")},         {"h", N_("hours")},
                 {"server", N_("servers")},     {"token/s", N_("tokens/s")}, {"bit", N_("bits")},
                 {"query/s", N_("requests/s")}, {"query", N_("requests")},   {"visit", N_("visits")},
                 {"user", N_("users")},         {"replica", N_("replicas")}, {"sequence", N_("sequences")},
                 {"year", N_("years")},         {"kg/kWh", N_("kg/kWh")},    {"USD/h", N_("USD/h")},
                 {"USD/kWh", N_("USD/kWh")},    {"CNY/USD", N_("CNY/USD")},  {"CNY/h", N_("CNY/h")},
                 {"month", N_("months")},       {"PF-day", N_("PF-days")}};
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_str_equal(words[i].unit, unit))
            return _(words[i].shown);
    return unit;
}

gboolean lg_speaks_chinese(void) { return g_str_equal(lg_language(), "zh"); }

double lg_quantity_scale(double largest, const char *unit, const char **name)
{
    const gboolean chinese = lg_speaks_chinese();
    const char *ignored;
    if (!name)
        name = &ignored;
    for (gsize i = 0; unit && i < G_N_ELEMENTS(scaled); i++) {
        if (!g_str_equal(scaled[i].unit, unit))
            continue;
        const Scale *s = scaled[i].scales;
        while (s->from > 0 && (fabs(largest) < s->from || !(chinese ? s->chinese : s->english)))
            s++;
        *name = chinese ? s->chinese : s->english;
        return s->by;
    }
    *name = unit ? word(unit) : "";
    return 1;
}

char *lg_number_text(double value, guint digits)
{
    if (!isfinite(value))
        return g_strdup("–");
    const double size = fabs(value);
    if (size >= 1e15 || (size > 0 && size < 1e-6))
        return g_strdup_printf("%.*e", (int)digits - 1, value);
    int decimals = 0;
    if (value != floor(value) && digits < DIGITS && size >= pow(10, digits)) { /* 84,400 rather than 84,394 */
        const double unit = pow(10, floor(log10(size)) - digits + 1);
        value = round(value / unit) * unit;
    } else if (value != floor(value) && size < pow(10, digits))
        decimals = (int)digits - 1 - (size > 0 ? (int)floor(log10(size)) : 0);
    g_autofree char *text = g_strdup_printf("%'.*f", CLAMP(decimals, 0, 12), value);
    const char *point = localeconv()->decimal_point;
    char *at = strstr(text, point);
    if (at) { /* 1.500 says no more than 1.5 */
        char *end = text + strlen(text);
        while (end[-1] == '0')
            *--end = 0;
        if (end == at + strlen(point))
            *at = 0;
    }
    return g_steal_pointer(&text);
}

char *lg_number_input(double value)
{
    enum { INPUT_DIGITS = 6 };
    static const Scale letters[] = {
        {1e12, 1e12, "T", "万亿"}, {1e9, 1e9, "B", NULL}, {1e8, 1e8, NULL, "亿"}, {1e6, 1e6, "M", NULL}};
    for (gsize i = 0; i < G_N_ELEMENTS(letters); i++) {
        const char *letter = lg_speaks_chinese() ? letters[i].chinese : letters[i].english;
        if (!letter || value < letters[i].from)
            continue;
        g_autofree char *number = lg_number_text(value / letters[i].by, INPUT_DIGITS);
        g_autofree char *text = g_strconcat(number, letter, NULL);
        double same;
        g_autofree char *problem = lg_number_parse(text, &same);
        if (!problem && same == value)
            return g_steal_pointer(&text);
    }
    return lg_number_text(value, INPUT_DIGITS);
}

static char *with_unit(double value, const char *unit, guint digits)
{
    const char *name;
    const double by = lg_quantity_scale(value, unit, &name);
    g_autofree char *number = lg_number_text(value / by, digits);
    if (value == 1 && unit && g_str_equal(unit, "device")) /* the only counts that are often one */
        return g_strdup(_("1 device"));
    if (value == 1 && unit && g_str_equal(unit, "replica"))
        return g_strdup(_("1 replica"));
    return *name ? g_strdup_printf("%s %s", number, name) : g_steal_pointer(&number);
}

char *lg_quantity_text(double value, const char *unit) { return with_unit(value, unit, DIGITS); }

char *lg_quantity_brief(double value, const char *unit) { return with_unit(value, unit, BRIEF_DIGITS); }

char *lg_quantity_range(double low, double high, const char *unit)
{
    const char *name;
    const double by = lg_quantity_scale(high, unit, &name);
    g_autofree char *from = lg_number_text(low / by, BRIEF_DIGITS), *to = lg_number_text(high / by, BRIEF_DIGITS);
    return g_strdup_printf(*name ? "%s – %s %s" : "%s – %s", from, to, name);
}

/* What a letter behind a number multiplies it by; 0: none that is known. */
static double factor_of(const char *letters)
{
    static const struct {
        const char *letters;
        double factor;
    } factors[] = {{"", 1},     {"k", 1e3},  {"K", 1e3},  {"m", 1e6},  {"M", 1e6},    {"b", 1e9},
                   {"B", 1e9},  {"g", 1e9},  {"G", 1e9},  {"t", 1e12}, {"T", 1e12},   {"p", 1e15},
                   {"P", 1e15}, {"%", 0.01}, {"万", 1e4}, {"亿", 1e8}, {"万亿", 1e12}};
    for (gsize i = 0; i < G_N_ELEMENTS(factors); i++)
        if (g_str_equal(letters, factors[i].letters))
            return factors[i].factor;
    return 0;
}

/* Whether a separator at `at` divides thousands: three digits follow, and one to three stand before it. */
static gboolean divides_thousands(const char *start, const char *at)
{
    const char *before = at, *after = at + 1;
    while (before > start && g_ascii_isdigit(before[-1]))
        before--;
    while (g_ascii_isdigit(*after))
        after++;
    return at - before >= 1 && at - before <= 3 && after - at == 4;
}

char *lg_number_parse(const char *text, double *value)
{
    return lg_number_parse_as(text, g_str_equal(localeconv()->decimal_point, ","), value);
}

char *lg_number_parse_as(const char *text, gboolean has_comma, double *value)
{
    g_autofree char *copy = g_strstrip(g_strdup(text));
    g_autoptr(GString) plain = g_string_new(NULL);
    const char *at = copy;
    gboolean has_point = FALSE;
    if (!*copy)
        return g_strdup(_("A number is expected"));
    for (; *at; at = g_utf8_next_char(at)) {
        const gunichar c = g_utf8_get_char(at);
        if (g_ascii_isdigit(*at) || ((*at == '-' || *at == '+') && at == copy)) {
            g_string_append_c(plain, *at);
        } else if ((*at == ',' || *at == '.') && !has_point) {
            const gboolean is_decimal = (*at == ',') == has_comma;
            if (!is_decimal && divides_thousands(copy, at))
                continue;
            if (*at == ',' && !has_comma) /* 1,5 where a comma divides thousands may mean either */
                return g_strdup_printf(_("“%s” is not clear: write 1.5 or 1500"), copy);
            g_string_append_c(plain, '.');
            has_point = TRUE;
        } else if (!((c == '_' || c == '\'' || c == ' ' || c == 0xa0 || c == 0x202f) &&
                     g_ascii_isdigit(at[g_utf8_next_char(at) - at]))) {
            break;
        }
    }
    if ((*at == 'e' || *at == 'E') &&
        (g_ascii_isdigit(at[1]) || ((at[1] == '+' || at[1] == '-') && g_ascii_isdigit(at[2])))) {
        g_string_append_c(plain, *at++);
        do
            g_string_append_c(plain, *at++);
        while (g_ascii_isdigit(*at));
    }
    while (*at == ' ')
        at++;
    const double factor = factor_of(at);
    char *end = NULL;
    const double number = g_ascii_strtod(plain->str, &end);
    if (factor == 0 || end == plain->str || *end)
        return g_strdup_printf(_("“%s” is not a number: 1500, 1.5k and 15T are"), copy);
    if (!isfinite(number * factor))
        return g_strdup_printf(_("“%s” is too large"), copy);
    *value = number * factor;
    return NULL;
}
