/* SPDX-License-Identifier: MIT
 * What providers would charge for the tokens that a service handles, and from which volume on replicas of one's own
 * are cheaper. Members of "cost":
 *
 * api                a name in prices.csv, an object {"name", "input", "cached_input", "output", "currency"} with
 * prices of a million tokens, or a list of these api_cached_share   of the prompt tokens, at the provider's price of
 * cached ones upfront            USD that were spent once for the model, such as its training
 */
#include "estimate/money.h"

#include <stdio.h>
#include <string.h>

enum { APIS_MAX = 16, DATE_BYTES = 16, SLUG_BYTES = 48, PRICES = 3 };
static const double most = 1e9;
static const char *const metrics[PRICES] = {"input", "cached_input", "output"};

typedef struct api {
    const char *name, *provider, *source, *currency; /* of the sheet */
    char date[DATE_BYTES];
    double prices[PRICES];
    bool has[PRICES];
} api;

typedef struct query {
    ll_words words;
    ll_candidates all;
    api *out;
} query;

static bool is_listed(const ll_candidates *all, ll_span name)
{
    for (size_t i = 0; i < all->n && i < LL_CANDIDATES_MAX; i++)
        if (ll_span_is(name, all->names[i]))
            return true;
    return false;
}

static bool add_name(ll_task *task, const ll_csv *csv, void *context)
{
    query *q = context;
    const ll_span name = ll_csv_field(csv, "name");
    ll_words full = {.n = 0};
    if (!ll_span_is(ll_csv_field(csv, "kind"), "api") || is_listed(&q->all, name))
        return true;
    ll_add_words(&full, ll_csv_field(csv, "provider"));
    ll_add_words(&full, name);
    ll_add_candidate(&q->all, task->sheet,
                     ll_is_named(name, &q->words) || ll_same_words(&full, &q->words) ? LL_FIT_EXACT
                     : ll_has_words(&full, &q->words)                                ? LL_FIT_PART
                                                                                     : LL_FIT_NONE,
                     name);
    return true;
}

/* Prices of the newest date count. */
static bool add_price(ll_task *task, const ll_csv *csv, void *context)
{
    api *out = ((query *)context)->out;
    ll_sheet *sheet = task->sheet;
    const ll_span date = ll_csv_field(csv, "date"), metric = ll_csv_field(csv, "metric");
    char text[DATE_BYTES] = {0};
    double price;
    libllm_error error = {0};
    if (!ll_span_is(ll_csv_field(csv, "kind"), "api") || !ll_span_is(ll_csv_field(csv, "name"), out->name) ||
        date.size >= sizeof text)
        return true;
    memcpy(text, date.data, date.size);
    libllm_status status = ll_csv_number(csv, "value", &price, &error);
    if (status) {
        ll_sheet_fail(sheet, status, "%s", error.message);
        return false;
    }
    const int order = strcmp(text, out->date);
    if (order < 0)
        return true;
    if (order > 0) {
        const ll_span provider = ll_csv_field(csv, "provider"), source = ll_csv_field(csv, "source");
        const ll_span currency = ll_csv_field(csv, "currency");
        memset(out->has, 0, sizeof out->has);
        memcpy(out->date, text, sizeof text);
        out->provider = ll_sheet_text(sheet, "%.*s", (int)provider.size, provider.data);
        out->currency = ll_sheet_text(sheet, "%.*s", (int)currency.size, currency.data);
        out->source = ll_sheet_text(sheet, "prices.csv: %.*s, %s", (int)source.size, source.data, text);
    }
    for (size_t i = 0; i < PRICES; i++)
        if (ll_span_is(metric, metrics[i])) {
            out->prices[i] = price;
            out->has[i] = true;
        }
    return true;
}

static bool find(ll_task *task, const char *name, api *out)
{
    query q = {.out = out};
    ll_add_words(&q.words, ll_span_of(name));
    if (!ll_each_price(task, "prices.csv", add_name, &q) ||
        !ll_check_candidates(&q.all, task->sheet, "cost.api", name, "`libllm estimate prices` lists them"))
        return false;
    out->name = q.all.names[0];
    return ll_each_price(task, "prices.csv", add_price, &q) && !task->sheet->status;
}

static void read_price(ll_reader *r, const char *key, api *out, size_t i)
{
    out->has[i] = ll_read_has(r, key);
    out->prices[i] = ll_read_number(r, key, 0, most, 0);
}

static bool read_prices(ll_task *task, const json_t *object, api *out)
{
    ll_reader r = {.sheet = task->sheet, .object = object, .path = "cost.api"};
    out->name = ll_read_text(&r, "name", "API");
    out->currency = ll_read_choice(&r, "currency", "USD|CNY", 0) ? "CNY" : "USD";
    out->source = "given";
    read_price(&r, "input", out, 0);
    read_price(&r, "cached_input", out, 1);
    read_price(&r, "output", out, 2);
    ll_read_end(&r);
    if (!out->has[0] || !out->has[2])
        ll_sheet_fail(task->sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "cost.api: expected \"input\" and \"output\"");
    return !task->sheet->status;
}

/* Letters and digits of a name, to be a part of a path. */
static void make_slug(const char *name, size_t index, char slug[SLUG_BYTES])
{
    size_t n = 0;
    for (; *name && n + 1 < SLUG_BYTES; name++) {
        const char c = *name >= 'A' && *name <= 'Z' ? (char)(*name + 32) : *name;
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            slug[n++] = c;
        else if (n && slug[n - 1] != '_')
            slug[n++] = '_';
    }
    n -= n && slug[n - 1] == '_';
    slug[n] = 0;
    if (n == 0)
        snprintf(slug, SLUG_BYTES, "number_%zu", index + 1);
}

static const char *path_of(ll_sheet *sheet, const char *slug, const char *name)
{
    return ll_sheet_text(sheet, "api.%s.%s", slug, name);
}

/* A formula in which each @ stands for "api.<slug>.". */
static const char *formula_of(ll_sheet *sheet, const char *slug, const char *formula)
{
    const char *out = "";
    for (const char *at; (at = strchr(formula, '@')); formula = at + 1)
        out = ll_sheet_text(sheet, "%s%.*sapi.%s.", out, (int)(at - formula), formula, slug);
    return ll_sheet_text(sheet, "%s%s", out, formula);
}

static void put(ll_sheet *sheet, const char *slug, const char *name, const char *unit, const char *formula,
                const char *source)
{
    ll_sheet_compute(sheet, path_of(sheet, slug, name), unit, formula_of(sheet, slug, formula), source);
}

static void put_prices(ll_sheet *sheet, const api *a, const char *slug)
{
    const bool is_yuan = strcmp(a->currency, "CNY") == 0;
    for (size_t i = 0; i < PRICES; i++) {
        const char *path = path_of(sheet, slug, metrics[i]), *yuan = ll_sheet_text(sheet, "%s_cny", path);
        if (!a->has[i])
            continue;
        if (is_yuan) {
            ll_sheet_give(sheet, yuan, "CNY", a->prices[i], a->source);
            ll_sheet_compute(sheet, path, "USD", ll_sheet_text(sheet, "%s / cost.cny_per_usd", yuan), NULL);
        } else {
            ll_sheet_give(sheet, path, "USD", a->prices[i], a->source);
            ll_sheet_compute(sheet, yuan, "CNY", ll_sheet_text(sheet, "%s * cost.cny_per_usd", path), NULL);
        }
        ll_sheet_detail(sheet, yuan);
    }
}

/* How many tokens a month pay for a replica that is on all the time, where one can handle them. */
static void put_volume(ll_sheet *sheet, const char *name, const char *slug)
{
    const double price = ll_sheet_value(sheet, path_of(sheet, slug, "million_tokens"));
    const double month = ll_sheet_value(sheet, "breakeven.replica_month");
    if (price > 0 && month / price * 1e6 <= ll_sheet_value(sheet, "breakeven.replica_tokens"))
        put(sheet, slug, "breakeven_tokens", "token", "1000000 * breakeven.replica_month / @million_tokens",
            "tokens a month from which on a replica that is always on is cheaper");
    else
        ll_sheet_remark(
            sheet, LL_REMARK_NOTE, "api_is_cheaper",
            ll_sheet_text(sheet, "%s is cheaper at any volume: full replicas cost more for each token.", name),
            ll_sheet_text(sheet, "任何用量下 %s 都更便宜：满载副本的单位词元成本更高。", name));
}

/* Against what the scenario's own devices cost in a month. */
static void put_month(ll_sheet *sheet, const char *slug, bool has_upfront)
{
    put(sheet, slug, "month", "USD", "@million_tokens * load.tokens_per_second * 730 * 3600 / 1000000", "of this load");
    const char *yuan = path_of(sheet, slug, "month_cny");
    ll_sheet_compute(sheet, yuan, "CNY", formula_of(sheet, slug, "@month * cost.cny_per_usd"), NULL);
    ll_sheet_detail(sheet, yuan);
    if (ll_sheet_value(sheet, "cost.total") > 0)
        put(sheet, slug, "ratio", "", "@month / cost.total", "of the price to the cost of own replicas for this load");
    if (has_upfront && ll_sheet_value(sheet, path_of(sheet, slug, "month")) > ll_sheet_value(sheet, "cost.total"))
        put(sheet, slug, "upfront_months", "month", "cost.upfront / max(@month / 1000, @month - cost.total)",
            "until what was spent once is saved");
}

static void put_api(ll_task *task, const json_t *value, size_t index, bool has_upfront)
{
    ll_sheet *sheet = task->sheet;
    api a = {.provider = ""};
    char slug[SLUG_BYTES];
    if (json_is_object(value) ? !read_prices(task, value, &a) : !find(task, json_string_value(value), &a))
        return;
    make_slug(a.name, index, slug);
    if (ll_sheet_has(sheet, path_of(sheet, slug, "name")))
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "cost.api: \"%s\" is named twice", a.name);
    ll_sheet_say(
        sheet, path_of(sheet, slug, "name"),
        ll_sheet_text(sheet, "%s%s%s%s%s", a.name, *a.provider ? ", " : "", a.provider, *a.date ? ", " : "", a.date),
        a.source);
    if (strcmp(a.currency, "USD") != 0 && strcmp(a.currency, "CNY") != 0)
        ll_sheet_fail(sheet, LIBLLM_ERROR_UNSUPPORTED, "prices.csv: %s is priced in \"%s\", expected USD or CNY",
                      a.name, a.currency);
    put_prices(sheet, &a, slug);
    if (!a.has[0] || !a.has[2]) {
        ll_sheet_remark(sheet, LL_REMARK_WARNING, "price_unknown",
                        ll_sheet_text(sheet, "%s: not all prices are known.", a.name),
                        ll_sheet_text(sheet, "%s：价格不全，无法比较。", a.name));
        return;
    }
    put(sheet, slug, "million_tokens", "USD",
        a.has[1] ? "(load.input_tokens * ((1 - api.cached_share) * @input + api.cached_share * @cached_input) + "
                   "load.output_tokens * @output) / load.tokens_per_query"
                 : "(load.input_tokens * @input + load.output_tokens * @output) / load.tokens_per_query",
        "prompt and generated tokens of this load alike");
    put_volume(sheet, a.name, slug);
    if (ll_sheet_value(sheet, "load.tokens_per_second") > 0)
        put_month(sheet, slug, has_upfront);
}

void ll_put_api(ll_task *task, ll_reader *cost)
{
    ll_sheet *sheet = task->sheet;
    const json_t *value = ll_read_any(cost, "api");
    const double cached = ll_read_number(cost, "api_cached_share", 0, 1, 0);
    const bool has_upfront = ll_read_given(cost, "upfront", 0, 1e15, "cost.upfront", "USD");
    const size_t n = json_is_array(value) ? json_array_size(value) : value != NULL;
    if (!value)
        return;
    if (!ll_sheet_has(sheet, "replica.queries_per_second") || !ll_sheet_has(sheet, "cost.device_hour")) {
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                      "cost.api: prices are compared where a model is served by devices whose price is known; "
                      "cost.device_hour says it");
        return;
    }
    ll_sheet_give(sheet, "api.cached_share", "", cached,
                  ll_read_has(cost, "api_cached_share") ? "given" : "default: nothing of a prompt is cached");
    ll_sheet_detail(sheet, "api.cached_share");
    ll_money_put(sheet, "breakeven.replica_month", "USD", "cost.device_hour * replica.devices * 730",
                 "a replica that is always on");
    ll_sheet_compute(sheet, "breakeven.replica_tokens", "token",
                     "replica.queries_per_second * load.tokens_per_query * 3600 * 730", "in a month, at full load");
    for (size_t i = 0; i < n && !sheet->status; i++) {
        const json_t *one = json_is_array(value) ? json_array_get(value, i) : value;
        if ((!json_is_object(one) && !json_is_string(one)) || n > APIS_MAX)
            ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                          "cost.api: expected a name, an object with prices, or a list of up to %d of these", APIS_MAX);
        else
            put_api(task, one, i, has_upfront);
    }
}
