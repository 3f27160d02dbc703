/* SPDX-License-Identifier: MIT
 * Power, energy, carbon and money of so many devices for so long.
 */
#include "estimate/kept.h"
#include "estimate/names.h"
#include "estimate/tasks.h"

#include <math.h>
#include <string.h>

static void give(ll_reader *r, const char *key, double low, double high, const char *path, const char *unit,
                 double value, double least, double most, const char *source)
{
    if (!ll_read_given(r, key, low, high, path, unit))
        ll_sheet_give_between(r->sheet, path, unit, value, least, most, source);
}

static void put_energy(ll_reader *r)
{
    ll_sheet *sheet = r->sheet;
    give(r, "power_share", 0.01, 2, "power.share", "", 0.9, 0.7, 1,
         "default: what a busy device draws of its rated power");
    give(r, "server_factor", 1, 10, "power.server_factor", "", 1.5, 1.2, 1.9,
         "default: hosts, network and fans beside the devices");
    give(r, "pue", 1, 10, "power.pue", "", 1.25, 1.1, 1.5, "default: of a data centre");
    ll_sheet_compute(sheet, "power.total", "W",
                     "devices.count * device.power * power.share * power.server_factor * power.pue", NULL);
    ll_sheet_compute(sheet, "energy.total", "kWh", "power.total * devices.hours / devices.count / 1000", NULL);
    if (!ll_sheet_has(sheet, "carbon.intensity"))
        ll_sheet_give_between(sheet, "carbon.intensity", "kg/kWh", 0.4, 0.1, 0.65,
                              "default: grids differ widely; cost.region says which");
    ll_sheet_compute(sheet, "carbon.operational", "kg", "energy.total * carbon.intensity", NULL);
    if (ll_read_given(r, "embodied_kg_per_device", 0, 1e6, "carbon.embodied_per_device", "kg")) {
        give(r, "years", 0.1, 50, "cost.years", "year", 4, 3, 6, "default: years of use");
        ll_sheet_compute(sheet, "carbon.embodied", "kg",
                         "carbon.embodied_per_device * devices.hours / (cost.years * 8760)",
                         "the share of its life that a device serves here");
    }
    if (!ll_sheet_has(sheet, "cost.electricity"))
        ll_sheet_give_between(sheet, "cost.electricity", "USD/kWh", 0.09, 0.05, 0.18, "default: industrial prices");
    ll_sheet_compute(sheet, "cost.energy", "USD", "energy.total * cost.electricity", NULL);
    static const char *const details[] = {"power.share", "power.server_factor", "power.pue", "carbon.intensity",
                                          "cost.electricity"};
    for (size_t i = 0; i < sizeof details / sizeof *details; i++)
        ll_sheet_detail(sheet, details[i]);
}

/* A device hour of machines that one owns: the annuity of their price, hosting and electricity, over the hours used. */
static void put_own_hour(ll_reader *r)
{
    ll_sheet *sheet = r->sheet;
    give(r, "capex_per_device", 0, 1e9, "cost.capex_per_device", "USD", 1.6 * ll_sheet_value(sheet, "device.price"),
         1.3 * ll_sheet_value(sheet, "device.price"), 2 * ll_sheet_value(sheet, "device.price"),
         "default: 1.6 times the device's price at launch, with its share of server, network and storage");
    if (!ll_sheet_has(sheet, "cost.years"))
        give(r, "years", 0.1, 50, "cost.years", "year", 4, 3, 6, "default: years of use");
    give(r, "interest", 0, 1, "cost.interest", "", 0.08, 0.08, 0.08, "default: a year");
    give(r, "hosting_per_kw_month", 0, 1e5, "cost.hosting", "USD", 130, 130, 130, "default: of a kW and month");
    give(r, "utilization", 0.01, 1, "cost.utilization", "", 0.8, 0.6, 0.95, "default: share of all hours in use");
    ll_sheet_compute(sheet, "cost.annuity", "",
                     ll_sheet_value(sheet, "cost.interest") > 0
                         ? "cost.interest / (1 - (1 + cost.interest) ^ (0 - cost.years))"
                         : "1 / cost.years",
                     "capital recovery factor");
    ll_sheet_compute(sheet, "power.per_device_kw", "kW", "power.total / devices.count / 1000", NULL);
    ll_sheet_compute(sheet, "cost.own_device_hour", "USD/h",
                     "(cost.capex_per_device * cost.annuity + 12 * cost.hosting * power.per_device_kw) / (8760 * "
                     "cost.utilization) + power.per_device_kw * cost.electricity",
                     NULL);
    static const char *const details[] = {"cost.years",           "cost.interest",    "cost.hosting",
                                          "cost.annuity",         "cost.utilization", "power.per_device_kw",
                                          "cost.capex_per_device"};
    for (size_t i = 0; i < sizeof details / sizeof *details; i++)
        ll_sheet_detail(sheet, details[i]);
}

/* The rows of a table in whose text `part` stands; the sheet fails when it cannot be read. */
static bool each_row(ll_task *task, const char *name, const char *part, bool (*row)(ll_task *, const ll_csv *, void *),
                     void *context)
{
    ll_data data;
    ll_csv csv;
    libllm_error error = {0};
    libllm_status status = ll_data_open(task->sheet->host, task->folder, name, &data, &error);
    if (!status) {
        status = ll_csv_open(&csv, task->sheet->host, name, data.text, &error);
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
    double low, high;
    const char *source;
} rents;

/* Prices of the newest date count. */
static bool add_rent(ll_task *task, const ll_csv *csv, void *context)
{
    rents *all = context;
    ll_words name = {.n = 0};
    double price;
    libllm_error error = {0};
    const ll_span date = ll_csv_field(csv, "date");
    if (!ll_span_is(ll_csv_field(csv, "kind"), "gpu_hour") || !ll_span_is(ll_csv_field(csv, "currency"), "USD") ||
        !ll_span_is(ll_csv_field(csv, "metric"), all->metric) || date.size >= sizeof all->date)
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
    if (order < 0)
        return true;
    all->low = order > 0 || price < all->low ? price : all->low;
    all->high = order > 0 || price > all->high ? price : all->high;
    memcpy(all->date, text, sizeof text);
    const ll_span source = ll_csv_field(csv, "source");
    all->source = ll_sheet_text(task->sheet, "prices.csv: %.*s, %s, %s; between the lowest and the highest",
                                (int)source.size, source.data, text, all->metric);
    return true;
}

static bool find_rent(ll_task *task, const ll_device *device, const char *metric, ll_rent *out)
{
    ll_words words = {.n = 0};
    rents all = {.device = &words, .metric = metric};
    ll_add_words(&words, ll_span_of(device->vendor));
    ll_add_words(&words, ll_span_of(device->name));
    const bool good = each_row(task, "prices.csv", metric, add_rent, &all);
    *out = (ll_rent){all.low, all.high, all.source};
    return good;
}

/* The same, or what is kept of it. */
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

static bool put_rented_hour(ll_task *task, const ll_hardware *hardware, const char *metric)
{
    ll_rent rent;
    if (!hardware->is_known || !rent_of(task, &hardware->device, metric, &rent) || !rent.source)
        return false;
    ll_sheet_give_between(task->sheet, "cost.device_hour", "USD/h", sqrt(rent.low * rent.high), rent.low, rent.high,
                          rent.source);
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

static void put_region(ll_task *task, ll_reader *r)
{
    region wanted = {.name = ll_read_text(r, "region", NULL)};
    ll_read_given(r, "carbon_intensity", 0, 10, "carbon.intensity", "kg/kWh");
    ll_read_given(r, "electricity", 0, 100, "cost.electricity", "USD/kWh");
    if (wanted.name && each_row(task, "regions.csv", "", add_region, &wanted) && !wanted.found)
        ll_sheet_fail(task->sheet, LIBLLM_ERROR_NOT_FOUND, "cost.region: \"%s\" is not in regions.csv", wanted.name);
}

void ll_put_money(ll_task *task, const ll_hardware *hardware)
{
    ll_sheet *sheet = task->sheet;
    ll_reader r = ll_read_object(task->scenario, "cost");
    give(&r, "cny_per_usd", 0.01, 1e6, "cost.cny_per_usd", "CNY/USD", 7.1, 7.1, 7.1, "default: about, of 2026");
    ll_sheet_detail(sheet, "cost.cny_per_usd");
    put_region(task, &r);
    const bool has_power = ll_sheet_has(sheet, "device.power") && ll_sheet_value(sheet, "devices.count") > 0;
    if (has_power) {
        put_energy(&r);
        if (ll_sheet_has(sheet, "device.price") || ll_read_has(&r, "capex_per_device"))
            put_own_hour(&r);
    }
    static const char *const metrics[] = {"on_demand", "rental_3_years", "tco"};
    const int mode = ll_read_choice(&r, "mode", "on_demand|rental_3_years|tco|own", 0);
    bool known = ll_read_given(&r, "device_hour", 0, 1e6, "cost.device_hour", "USD/h");
    if (!known && mode < (int)(sizeof metrics / sizeof *metrics))
        known = put_rented_hour(task, hardware, metrics[mode]);
    if (!known && ll_sheet_has(sheet, "cost.own_device_hour")) {
        ll_sheet_compute(sheet, "cost.device_hour", "USD/h", "cost.own_device_hour", "owned devices");
        known = true;
    }
    if (!known && mode == 3)
        ll_sheet_remark(sheet, LL_REMARK_WARNING, "price_unknown",
                        "The device's price is not known; cost.capex_per_device says it.",
                        "设备价格未知，可用 cost.capex_per_device 指定。");
    if (known) {
        ll_sheet_compute(sheet, "cost.total", "USD", "devices.hours * cost.device_hour", NULL);
        ll_sheet_compute(sheet, "cost.total_cny", "CNY", "cost.total * cost.cny_per_usd", NULL);
    }
    ll_read_end(&r);
}
