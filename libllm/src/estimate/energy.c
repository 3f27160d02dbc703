/* SPDX-License-Identifier: MIT
 * Power, energy and carbon. Devices that serve a load are not busy all the time: what they draw lies between that of an
 * idle device and that of a busy one, by the share of the time in which they work, in each hour of the day where the
 * scenario says how the load is spread over it (load.profile). Hosts, network and fans draw the same all the time.
 */
#include "estimate/money.h"

static const char beside_devices[] = "(power.server_factor - 1) * power.share";

static const char *hour(ll_sheet *sheet, int h, const char *name)
{
    return ll_sheet_text(sheet, "profile.h%02d.%s", h, name);
}

/* A sum over the hours of the day, of a term in which every %s is a figure of the hour. */
static const char *over_hours(ll_sheet *sheet, const char *first, const char *second)
{
    const char *sum = "";
    for (int h = 0; h < 24; h++)
        sum = ll_sheet_text(sheet, "%s%s%s%s%s", sum, h ? " + " : "", hour(sheet, h, first), second ? " * " : "",
                            second ? hour(sheet, h, second) : "");
    return sum;
}

/* What each hour keeps busy, and how many replicas it needs. */
static void put_hours(ll_sheet *sheet)
{
    for (int h = 0; h < 24; h++) {
        const char *load = ll_sheet_text(
            sheet, "load.queries_per_second * %s / profile.mean / replica.queries_per_second", hour(sheet, h, "load"));
        const char *used = hour(sheet, h, "utilization"), *replicas = hour(sheet, h, "replicas");
        ll_sheet_compute(sheet, used, "", ll_sheet_text(sheet, "min(1, %s / capacity.replicas)", load), NULL);
        ll_sheet_compute(sheet, replicas, "replica",
                         ll_sheet_text(sheet, "min(capacity.replicas, max(1, ceil(%s / capacity.utilization)))", load),
                         "that the load of this hour needs");
        ll_sheet_detail(sheet, used);
        ll_sheet_detail(sheet, replicas);
    }
}

/* power.mean of devices that serve load.queries_per_second. */
static void put_served(ll_task *task, ll_reader *cost)
{
    ll_sheet *sheet = task->sheet;
    const bool has_profile = ll_sheet_has(sheet, "profile.mean");
    ll_money_give(cost, "idle_share", 0, 2, "power.idle_share", "", 0.15, 0.1, 0.22,
                  "default: 80 to 140 W of 400 to 700 W; a model in memory draws 26 to 66 W more than an empty device "
                  "(Vadari 2026, arXiv:2605.23918)");
    ll_sheet_detail(sheet, "power.idle_share");
    if (has_profile)
        put_hours(sheet);
    ll_sheet_compute(sheet, "power.utilization", "",
                     has_profile ? ll_sheet_text(sheet, "(%s) / 24", over_hours(sheet, "utilization", NULL))
                                 : "min(1, load.queries_per_second / (capacity.replicas * replica.queries_per_second))",
                     "share of the time in which devices work, by the mean load");
    ll_sheet_compute(sheet, "power.mean_share", "",
                     "power.idle_share * (1 - power.utilization) + power.share * power.utilization", NULL);
    ll_sheet_detail(sheet, "power.mean_share");
    ll_sheet_compute(
        sheet, "power.mean", "W",
        ll_sheet_text(sheet, "devices.count * device.power * (power.mean_share + %s) * power.pue", beside_devices),
        "hosts, network and fans as when the devices are busy");
    ll_sheet_compute(sheet, "energy.day", "kWh", "power.mean * 24 / 1000", "all replicas on all the time");
    if (has_profile)
        ll_sheet_compute(
            sheet, "energy.day_following", "kWh",
            ll_sheet_text(sheet,
                          "replica.devices * device.power * ((%s) * (power.idle_share + %s) + 24 * power.utilization * "
                          "capacity.replicas * (power.share - power.idle_share)) * power.pue / 1000",
                          over_hours(sheet, "replicas", NULL), beside_devices),
            "when replicas that an hour does not need are off");
}

static void put_embodied(ll_task *task, ll_reader *cost)
{
    ll_sheet *sheet = task->sheet;
    ll_money_give(
        cost, "embodied_kg_per_device", 0, 1e6, "carbon.embodied_per_device", "kg", 318, 150, 500,
        "default: an A100 with its share of the server, Chien et al. 2023 (HotCarbon); the card alone is about "
        "150");
    ll_money_give(cost, "years", 0.1, 50, "cost.years", "year", 4, 3, 6, "default: years of use");
    ll_sheet_detail(sheet, "carbon.embodied_per_device");
    ll_sheet_detail(sheet, "cost.years");
    ll_sheet_compute(sheet, "carbon.embodied", "kg", "carbon.embodied_per_device * devices.hours / (cost.years * 8760)",
                     "the share of its life that a device serves here");
    ll_sheet_compute(sheet, "carbon.total", "kg", "carbon.operational + carbon.embodied", NULL);
}

void ll_put_energy(ll_task *task, ll_reader *cost)
{
    ll_sheet *sheet = task->sheet;
    ll_money_give(cost, "power_share", 0.01, 2, "power.share", "", 0.9, 0.7, 1,
                  "default: what a busy device draws of its rated power");
    ll_money_give(cost, "server_factor", 1, 10, "power.server_factor", "", 1.5, 1.2, 1.9,
                  "default: hosts, network and fans beside the devices");
    ll_money_give(cost, "pue", 1, 10, "power.pue", "", 1.25, 1.1, 1.5, "default: of a data centre");
    ll_sheet_compute(sheet, "power.total", "W",
                     "devices.count * device.power * power.share * power.server_factor * power.pue", "all busy");
    const bool is_served = ll_sheet_has(sheet, "capacity.replicas") && ll_sheet_has(sheet, "load.queries_per_second");
    if (is_served)
        put_served(task, cost);
    else
        (void)ll_read_any(cost, "idle_share"); /* of no effect where devices are always busy */
    ll_sheet_compute(sheet, "energy.total", "kWh",
                     is_served ? "power.mean * devices.hours / devices.count / 1000"
                               : "power.total * devices.hours / devices.count / 1000",
                     NULL);
    if (!ll_sheet_has(sheet, "carbon.intensity"))
        ll_sheet_give_between(sheet, "carbon.intensity", "kg/kWh", 0.4, 0.1, 0.65,
                              "default: grids differ widely; cost.region says which");
    ll_sheet_compute(sheet, "carbon.operational", "kg", "energy.total * carbon.intensity", NULL);
    put_embodied(task, cost);
    if (!ll_sheet_has(sheet, "cost.electricity"))
        ll_sheet_give_between(sheet, "cost.electricity", "USD/kWh", 0.09, 0.05, 0.18, "default: industrial prices");
    ll_money_put(sheet, "cost.energy", "USD", "energy.total * cost.electricity", NULL);
    static const char *const details[] = {"power.share", "power.server_factor", "power.pue", "carbon.intensity",
                                          "cost.electricity"};
    ll_money_detail(sheet, details, sizeof details / sizeof *details);
}

void ll_put_energy_of_tokens(ll_task *task)
{
    ll_sheet *sheet = task->sheet;
    if (ll_sheet_has(sheet, "energy.day") && ll_sheet_value(sheet, "load.tokens_per_second") <= 0)
        return; /* nothing to count it on */
    if (ll_sheet_has(sheet, "energy.day"))
        ll_sheet_compute(sheet, "energy.million_tokens", "kWh",
                         "1000000 * energy.day / (load.tokens_per_second * 86400)",
                         "prompt and generated tokens alike, at the mean load");
    else
        ll_sheet_compute(sheet, "energy.million_tokens", "kWh",
                         "power.total / 1000 * 1000000 / (3600 * replica.queries_per_second * load.tokens_per_query)",
                         "prompt and generated tokens alike, at full load");
    ll_sheet_compute(sheet, "energy.output_token", "J",
                     "3.6 * energy.million_tokens * load.tokens_per_query / "
                     "load.output_tokens",
                     "everything counted on generated tokens");
    ll_sheet_compute(sheet, "carbon.million_tokens", "kg", "energy.million_tokens * carbon.intensity", "of operation");
}
