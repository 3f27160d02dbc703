/* SPDX-License-Identifier: MIT
 * Prices of device hours and of regions, from prices.csv and regions.csv.
 */
#include "estimate/kept.h"
#include "estimate/money.h"

#include <math.h>
#include <string.h>

bool ll_each_price(ll_task *task, const char *table, const char *part,
                   bool (*row)(ll_task *task, const ll_csv *csv, void *context), void *context)
{
    ll_data data;
    ll_csv csv;
    libllm_error error = {0};
    libllm_status status = ll_data_open(task->tables, table, &data, &error);
    if (!status) {
        status = ll_csv_open(&csv, task->sheet->host, table, data.text, &error);
        while (!status) {
            const ll_span next = ll_csv_peek(&csv);
            if (csv.left.size && !memmem(next.data, next.size, part, strlen(part)))
                ll_csv_skip(&csv);
            else if ((status = ll_csv_next(&csv, &error)) == LIBLLM_OK && !row(task, &csv, context))
                break;
        }
        ll_csv_close(&csv);
        ll_data_close(&data);
    }
    if (status < 0)
        ll_sheet_fail(task->sheet, status, "%s", error.message);
    return status >= 0;
}

typedef struct rents {
    const ll_words *device;
    const char *metric;
    char date[16];
    ll_rent rent;
} rents;

/* Prices of the newest date count, in the currency of the first of them. */
static bool add_rent(ll_task *task, const ll_csv *csv, void *context)
{
    rents *all = context;
    ll_words name = {.n = 0};
    double price;
    libllm_error error = {0};
    const ll_span date = ll_csv_field(csv, "date");
    const bool is_yuan = ll_span_is(ll_csv_field(csv, "currency"), "CNY");
    if (!ll_span_is(ll_csv_field(csv, "kind"), "gpu_hour") || !ll_span_is(ll_csv_field(csv, "metric"), all->metric) ||
        (!is_yuan && !ll_span_is(ll_csv_field(csv, "currency"), "USD")) || date.size >= sizeof all->date)
        return true;
    ll_add_words(&name, ll_csv_field(csv, "name"));
    if (!ll_has_words(all->device, &name))
        return true;
    char text[sizeof all->date] = {0};
    memcpy(text, date.data, date.size);
    const int order = strcmp(text, all->date);
    libllm_status status = ll_csv_number(csv, "value", &price, &error);
    if (status) {
        ll_sheet_fail(task->sheet, status, "%s", error.message);
        return false;
    }
    ll_rent *rent = &all->rent;
    if (order < 0 || (order == 0 && is_yuan != rent->is_yuan))
        return true;
    rent->is_yuan = is_yuan;
    rent->low = order > 0 || price < rent->low ? price : rent->low;
    rent->high = order > 0 || price > rent->high ? price : rent->high;
    memcpy(all->date, text, sizeof text);
    const ll_span source = ll_csv_field(csv, "source");
    rent->source = ll_sheet_text(task->sheet, "prices.csv: %.*s, %s, %s; between the lowest and the highest",
                                 (int)source.size, source.data, text, all->metric);
    return true;
}

static bool find_rent(ll_task *task, const ll_device *device, const char *metric, ll_rent *out)
{
    ll_words words = {.n = 0};
    rents all = {.device = &words, .metric = metric};
    ll_add_words(&words, ll_span_of(device->vendor));
    ll_add_words(&words, ll_span_of(device->name));
    const bool good = ll_each_price(task, "prices.csv", metric, add_rent, &all);
    *out = all.rent;
    return good;
}

/* The same, or what a search keeps of it. */
static bool rent_of(ll_task *task, const ll_device *device, const char *metric, ll_rent *out)
{
    ll_kept *kept = task->sheet->kept;
    const ll_rent *known = kept ? ll_kept_rent(kept, device, metric) : NULL;
    if (known)
        *out = *known;
    if (known || !kept)
        return known || find_rent(task, device, metric, out);
    ll_task keeping = *task;
    keeping.sheet = &kept->sheet;
    if (find_rent(&keeping, device, metric, out))
        ll_keep_rent(kept, device, metric, out);
    return ll_kept_check(kept, task->sheet);
}

bool ll_put_rent(ll_task *task, const ll_hardware *hardware, const char *metric, const char *path)
{
    ll_rent rent;
    if (!hardware->is_known || !rent_of(task, &hardware->device, metric, &rent) || !rent.source)
        return false;
    const char *local = rent.is_yuan ? ll_sheet_text(task->sheet, "%s_local", path) : path;
    ll_sheet_give_between(task->sheet, local, rent.is_yuan ? "CNY/h" : "USD/h", sqrt(rent.low * rent.high), rent.low,
                          rent.high, rent.source);
    if (rent.is_yuan)
        ll_sheet_compute(task->sheet, path, "USD/h", ll_sheet_text(task->sheet, "%s / cost.cny_per_usd", local), NULL);
    return true;
}

typedef struct region {
    const char *name;
    bool found;
} region;

/* Carbon and electricity of the region, unless the scenario says them. */
static bool add_region(ll_task *task, const ll_csv *csv, void *context)
{
    region *r = context;
    ll_sheet *sheet = task->sheet;
    ll_words wanted = {.n = 0};
    ll_add_words(&wanted, ll_span_of(r->name));
    if (!ll_is_named(ll_csv_field(csv, "region"), &wanted) && !ll_is_named(ll_csv_field(csv, "name"), &wanted) &&
        !ll_is_named(ll_csv_field(csv, "name_zh"), &wanted))
        return true;
    r->found = true;
    double carbon, price;
    libllm_error error = {0};
    libllm_status status = ll_csv_number(csv, "carbon_g_per_kwh", &carbon, &error);
    if (!status)
        status = ll_csv_number(csv, "electricity_per_kwh", &price, &error);
    if (status) {
        ll_sheet_fail(sheet, status, "%s", error.message);
        return false;
    }
    const ll_span name = ll_csv_field(csv, "name"), currency = ll_csv_field(csv, "currency");
    const char *source = ll_sheet_text(sheet, "regions.csv: %.*s", (int)name.size, name.data);
    if (carbon > 0 && !ll_sheet_has(sheet, "carbon.intensity"))
        ll_sheet_give(sheet, "carbon.intensity", "kg/kWh", carbon / 1000, source);
    const char *rate = ll_span_is(currency, "CNY")   ? "1 / cost.cny_per_usd"
                       : ll_span_is(currency, "EUR") ? "1.08"
                       : ll_span_is(currency, "USD") ? "1"
                                                     : NULL;
    if (price > 0 && rate && !ll_sheet_has(sheet, "cost.electricity")) {
        ll_sheet_give(sheet, "cost.electricity_local",
                      ll_sheet_text(sheet, "%.*s/kWh", (int)currency.size, currency.data), price, source);
        ll_sheet_detail(sheet, "cost.electricity_local");
        ll_sheet_compute(sheet, "cost.electricity", "USD/kWh",
                         ll_sheet_text(sheet, "cost.electricity_local * %s", rate), "at about today's exchange rates");
    }
    return false;
}

void ll_put_region(ll_task *task, ll_reader *r)
{
    region wanted = {.name = ll_read_text(r, "region", NULL)};
    ll_read_given(r, "carbon_intensity", 0, 10, "carbon.intensity", "kg/kWh");
    ll_read_given(r, "electricity", 0, 100, "cost.electricity", "USD/kWh");
    if (wanted.name && ll_each_price(task, "regions.csv", "", add_region, &wanted) && !wanted.found)
        ll_sheet_fail(task->sheet, LIBLLM_ERROR_NOT_FOUND, "cost.region: \"%s\" is not in regions.csv", wanted.name);
}
