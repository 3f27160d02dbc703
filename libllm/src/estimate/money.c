/* SPDX-License-Identifier: MIT
 * Power, energy, carbon and money of so many devices for so long.
 */
#include "estimate/tasks.h"

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
    give(r, "carbon_intensity", 0, 10, "carbon.intensity", "kg/kWh", 0.4, 0.1, 0.65,
         "default: grids differ widely; give yours");
    ll_sheet_compute(sheet, "carbon.operational", "kg", "energy.total * carbon.intensity", NULL);
    if (ll_read_given(r, "embodied_kg_per_device", 0, 1e6, "carbon.embodied_per_device", "kg")) {
        give(r, "years", 0.1, 50, "cost.years", "year", 4, 3, 6, "default: years of use");
        ll_sheet_compute(sheet, "carbon.embodied", "kg",
                         "carbon.embodied_per_device * devices.hours / (cost.years * 8760)",
                         "the share of its life that a device serves here");
    }
    give(r, "electricity", 0, 100, "cost.electricity", "USD/kWh", 0.09, 0.05, 0.18, "default: industrial prices");
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
    static const char *const details[] = {"cost.years",    "cost.interest",     "cost.hosting",
                                          "cost.annuity",  "cost.utilization",  "power.per_device_kw",
                                          "cost.capex_per_device"};
    for (size_t i = 0; i < sizeof details / sizeof *details; i++)
        ll_sheet_detail(sheet, details[i]);
}

/* What one pays for an hour of the device: the newest row of prices.csv that names it. */
static bool put_rented_hour(ll_task *task, const ll_hardware *hardware)
{
    ll_sheet *sheet = task->sheet;
    ll_data data;
    ll_csv csv;
    libllm_error error = {0};
    double value = 0, low = 0, high = 0;
    const char *source = NULL;
    if (!hardware->is_known)
        return false;
    libllm_status status = ll_data_open(sheet->host, task->folder, "prices.csv", &data, &error);
    if (!status) {
        status = ll_csv_open(&csv, sheet->host, "prices.csv", data.text, &error);
        while (!status && (status = ll_csv_next(&csv, &error)) == LIBLLM_OK) {
            double price;
            const ll_span name = ll_csv_field(&csv, "name");
            if (!ll_span_is(ll_csv_field(&csv, "item"), "device_hour") || !ll_span_is(name, hardware->device.name))
                continue;
            status = ll_csv_number(&csv, "usd", &price, &error);
            low = !source || price < low ? price : low;
            high = price > high ? price : high;
            value = price;
            source = ll_sheet_text(sheet, "prices.csv: %.*s, %.*s", (int)ll_csv_field(&csv, "source").size,
                                   ll_csv_field(&csv, "source").data, (int)ll_csv_field(&csv, "date").size,
                                   ll_csv_field(&csv, "date").data);
        }
        ll_csv_close(&csv);
        ll_data_close(&data);
    }
    if (status != LIBLLM_DONE)
        ll_sheet_fail(sheet, status, "%s", error.message);
    if (source)
        ll_sheet_give_between(sheet, "cost.device_hour", "USD/h", value, low, high, source);
    return source != NULL;
}

void ll_put_money(ll_task *task, const ll_hardware *hardware)
{
    ll_sheet *sheet = task->sheet;
    ll_reader r = ll_read_object(task->scenario, "cost");
    const bool has_power = ll_sheet_has(sheet, "device.power") && ll_sheet_value(sheet, "devices.count") > 0;
    if (has_power) {
        put_energy(&r);
        if (ll_sheet_has(sheet, "device.price") || ll_read_has(&r, "capex_per_device"))
            put_own_hour(&r);
    }
    const int mode = ll_read_choice(&r, "mode", "rent|own", 0);
    bool known = ll_read_given(&r, "device_hour", 0, 1e6, "cost.device_hour", "USD/h");
    if (!known && mode == 0)
        known = put_rented_hour(task, hardware);
    if (!known && ll_sheet_has(sheet, "cost.own_device_hour")) {
        ll_sheet_compute(sheet, "cost.device_hour", "USD/h", "cost.own_device_hour", "owned devices");
        known = true;
    }
    if (known) {
        ll_sheet_compute(sheet, "cost.total", "USD", "devices.hours * cost.device_hour", NULL);
        give(&r, "cny_per_usd", 0.01, 1e6, "cost.cny_per_usd", "CNY/USD", 7.1, 7.1, 7.1, "default: about, of 2026");
        ll_sheet_detail(sheet, "cost.cny_per_usd");
        ll_sheet_compute(sheet, "cost.total_cny", "CNY", "cost.total * cost.cny_per_usd", NULL);
    }
    ll_read_end(&r);
}
