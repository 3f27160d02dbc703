/* SPDX-License-Identifier: MIT
 * Power, energy, carbon and money of so many devices for so long. Members of "cost":
 *
 * mode, device_hour         which price of a device hour: on_demand, rental_3_years, tco (prices.csv), own; or USD
 * region, electricity, carbon_intensity, cny_per_usd
 * power_share, idle_share, server_factor, pue, embodied_kg_per_device
 * capex_per_device, years, interest, hosting_per_kw_month, utilization     of owned devices
 * rent_hour                 what owning is compared with
 * api, api_cached_share, upfront    api.c
 */
#include "estimate/money.h"

#include <string.h>

void ll_money_give(ll_reader *cost, const char *key, double low, double high, const char *path, const char *unit,
                   double value, double least, double most, const char *source)
{
    if (!ll_read_given(cost, key, low, high, path, unit))
        ll_sheet_give_between(cost->sheet, path, unit, value, least, most, source);
}

double ll_money_put(ll_sheet *sheet, const char *path, const char *unit, const char *formula, const char *source)
{
    const char *yuan = ll_sheet_text(sheet, "%s_cny", path);
    const double value = ll_sheet_compute(sheet, path, unit, formula, source);
    ll_sheet_compute(sheet, yuan, strcmp(unit, "USD/h") == 0 ? "CNY/h" : "CNY",
                     ll_sheet_text(sheet, "%s * cost.cny_per_usd", path), NULL);
    ll_sheet_detail(sheet, yuan);
    return value;
}

void ll_money_detail(ll_sheet *sheet, const char *const *paths, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ll_sheet_detail(sheet, paths[i]);
}

/* A device hour of machines that one owns: the annuity of their price, hosting and electricity, over the hours used. */
static void put_own_hour(ll_reader *r)
{
    ll_sheet *sheet = r->sheet;
    if (!ll_read_given(r, "capex_per_device", 0, 1e9, "cost.capex_per_device", "USD")) {
        ll_sheet_give_between(sheet, "cost.capex_factor", "", 1.6, 1.3, 2,
                              "default: with the device's share of server, network and storage");
        ll_sheet_compute(sheet, "cost.capex_per_device", "USD", "cost.capex_factor * device.price", NULL);
    }
    ll_money_give(r, "interest", 0, 1, "cost.interest", "", 0.08, 0.08, 0.08, "default: a year");
    ll_money_give(r, "hosting_per_kw_month", 0, 1e5, "cost.hosting", "USD", 130, 130, 130,
                  "default: of a kW and month");
    ll_money_give(r, "utilization", 0.01, 1, "cost.utilization", "", 0.8, 0.6, 0.95,
                  "default: share of all hours in use");
    ll_sheet_compute(sheet, "cost.annuity", "",
                     ll_sheet_value(sheet, "cost.interest") > 0
                         ? "cost.interest / (1 - (1 + cost.interest) ^ (0 - cost.years))"
                         : "1 / cost.years",
                     "capital recovery factor: depreciation and interest in equal yearly parts");
    ll_sheet_compute(sheet, "power.per_device_kw", "kW", "power.total / devices.count / 1000", NULL);
    ll_money_put(sheet, "cost.own_device_hour", "USD/h",
                 "(cost.capex_per_device * cost.annuity + 12 * cost.hosting * power.per_device_kw) / (8760 * "
                 "cost.utilization) + power.per_device_kw * cost.electricity",
                 NULL);
    static const char *const details[] = {"cost.capex_factor",    "cost.interest",    "cost.hosting",
                                          "cost.annuity",         "cost.utilization", "power.per_device_kw",
                                          "cost.capex_per_device"};
    ll_money_detail(sheet, details, sizeof details / sizeof *details);
}

/* cost.device_hour; false when no price is known. */
static bool put_device_hour(ll_task *task, ll_reader *r, const ll_hardware *hardware, int mode)
{
    static const char *const metrics[] = {"on_demand", "rental_3_years", "tco"};
    const int n = sizeof metrics / sizeof *metrics;
    ll_sheet *sheet = task->sheet;
    if (ll_read_given(r, "device_hour", 0, 1e6, "cost.device_hour", "USD/h") ||
        (mode < n && ll_put_rent(task, hardware, metrics[mode], "cost.device_hour")))
        return true;
    if (ll_sheet_has(sheet, "cost.own_device_hour")) {
        ll_sheet_compute(sheet, "cost.device_hour", "USD/h", "cost.own_device_hour", "owned devices");
        return true;
    }
    if (mode == n)
        ll_sheet_remark(sheet, LL_REMARK_WARNING, "price_unknown",
                        "The device's price is not known; cost.capex_per_device says it.",
                        "设备价格未知，可用 cost.capex_per_device 指定。");
    return false;
}

void ll_put_money(ll_task *task, const ll_hardware *hardware)
{
    ll_sheet *sheet = task->sheet;
    ll_reader r = ll_read_object(task->scenario, "cost");
    ll_money_give(&r, "cny_per_usd", 0.01, 1e6, "cost.cny_per_usd", "CNY/USD", 7.1, 7.1, 7.1,
                  "default: about, of 2026");
    ll_sheet_detail(sheet, "cost.cny_per_usd");
    ll_put_region(task, &r);
    const bool has_power = ll_sheet_has(sheet, "device.power") && ll_sheet_value(sheet, "devices.count") > 0;
    if (has_power) {
        ll_put_energy(task, &r);
        if (ll_sheet_has(sheet, "device.price") || ll_read_has(&r, "capex_per_device"))
            put_own_hour(&r);
    }
    const int mode = ll_read_choice(&r, "mode", "on_demand|rental_3_years|tco|own", 0);
    const bool is_served = ll_sheet_has(sheet, "replica.queries_per_second");
    if (put_device_hour(task, &r, hardware, mode)) {
        ll_money_put(sheet, "cost.total", "USD", "devices.hours * cost.device_hour", NULL);
        if (is_served)
            ll_put_token_costs(task);
    }
    if (is_served && has_power)
        ll_put_energy_of_tokens(task);
    ll_put_own_or_rent(task, &r, hardware, mode == 3);
    ll_put_api(task, &r);
    ll_read_end(&r);
}
