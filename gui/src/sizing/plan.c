/* SPDX-License-Identifier: MIT
 * What all plans share.
 */
#include "plan.h"

#include "estimator.h"
#include "scenario.h"
#include "widgets/language.h"

#include <glib/gi18n.h>
#include <math.h>

#undef _
#define _(text) lg_translate(text)

/* clang-format off */
static const char *const price_modes[] = {
    "", N_("automatic"), "on_demand", N_("Rented by the hour"), "rental_3_years", N_("Rented for three years"),
    "tco", N_("All costs of owning"), "own", N_("Owned"), NULL};
static const char *const regions[] = {
    "", N_("not given"), "CHN", N_("China"), "USA", N_("United States"), "DEU", N_("Germany"), "FRA", N_("France"),
    "GBR", N_("United Kingdom"), "IND", N_("India"), "JPN", N_("Japan"), "KOR", N_("South Korea"), "CAN", N_("Canada"),
    "NOR", N_("Norway"), "SGP", N_("Singapore"), NULL};

const LgFieldSpec lg_cost_fields[] = {
    {"cost.mode", LG_FIELD_CHOICE, N_("Price of a device hour"), .choices = price_modes},
    {"cost.device_hour", .label = N_("Own price"), .unit = N_("USD/h"), .max = 1e6,
     .help = N_("For one device and hour; in place of the table of prices")},
    {"cost.electricity", .label = N_("Electricity"), .unit = N_("USD/kWh"), .max = 100},
    {"cost.region", LG_FIELD_CHOICE, N_("Region"), .choices = regions,
     .help = N_("Says the price and the carbon of electricity")},
    {"cost.capex_per_device", .label = N_("Price of a device"), .unit = N_("USD"), .max = 1e9,
     .help = N_("With its share of the server")},
    {"cost.years", .label = N_("Years of use"), .min = 0.1, .max = 50},
    {"cost.utilization", .label = N_("Hours in use"), .unit = "%", .factor = 0.01, .min = 1, .max = 100},
    {"cost.pue", .label = N_("PUE of the data centre"), .min = 1, .max = 10},
    {"cost.cny_per_usd", .label = N_("CNY for a USD"), .min = 0.01, .max = 1e6},
};
const guint lg_n_cost_fields = G_N_ELEMENTS(lg_cost_fields);

const LgFieldSpec lg_device_fields[] = {
    {"hardware.memory", .label = N_("Memory"), .unit = "GiB", .factor = 0x1p30, .min = 0.01, .max = 9e8},
    {"hardware.bandwidth", .label = N_("Memory bandwidth"), .unit = "GB/s", .factor = 1e9, .min = 0.001, .max = 1e9},
    {"hardware.peak_flops", .label = N_("Peak"), .unit = "TFLOP/s", .factor = 1e12, .min = 0.001, .max = 1e9},
    {"hardware.link", .label = N_("Link, each way"), .unit = "GB/s", .factor = 1e9, .min = 0.001, .max = 1e9},
    {"hardware.network", .label = N_("Network"), .unit = "GB/s", .factor = 1e9, .min = 0.001, .max = 1e9},
    {"hardware.power", .label = N_("Power"), .unit = "W", .min = 0.1, .max = 1e9},
};
const guint lg_n_device_fields = G_N_ELEMENTS(lg_device_fields);
/* clang-format on */

JsonObject *lg_plan_finish(const LgPlan *plan, JsonObject *draft)
{
    JsonObject *scenario = lg_scenario_copy(draft);
    plan->finish(scenario);
    return scenario;
}

gboolean lg_plan_has_field(const LgFieldSpec *spec, const char *kind)
{
    if (!spec->only)
        return TRUE;
    g_auto(GStrv) kinds = g_strsplit(spec->only, " ", -1);
    return g_strv_contains((const char *const *)kinds, kind);
}

LgChartData *lg_plan_memory_chart(const char *title, const LgReport *report, const char *const *paths,
                                  const char *const *names)
{
    LgChartData *data = lg_chart_data_new(LG_CHART_BARS, title, "", NULL, _("Memory"), "B");
    lg_chart_data_add_category(data, "");
    for (guint i = 0; paths[i]; i++) {
        const LgFigure *figure = lg_report_find(report, paths[i]);
        if (!figure || figure->value <= 0)
            continue;
        const char *name = names && names[i] ? _(names[i]) : figure->label;
        lg_chart_data_add(data, lg_chart_data_add_series(data, name), 0, figure->value);
    }
    return data;
}

void lg_plan_sweep(LgChartData *data, JsonObject *scenario, const char *path, const double *values, guint n,
                   const char *y, gboolean stops, GCancellable *cancellable)
{
    for (guint i = 0; i < n && !g_cancellable_is_cancelled(cancellable); i++) {
        g_autoptr(JsonObject) changed = lg_scenario_copy(scenario);
        lg_scenario_set_number(changed, path, values[i]);
        g_autoptr(LgReport) report = lg_estimator_run_bare(changed, NULL);
        const LgFigure *figure = report && report->is_feasible ? lg_report_find(report, y) : NULL;
        if (figure && !figure->words)
            lg_chart_data_add_interval(data, 0, values[i], figure->value, figure->low, figure->high);
        else if (stops)
            break;
    }
}
