/* SPDX-License-Identifier: MIT
 * Serve users: latencies, throughput, devices and money of a service.
 */
#include "plan.h"

#include "estimator.h"
#include "scenario.h"
#include "widgets/language.h"
#include "widgets/quantity.h"

#include <glib/gi18n.h>
#include <math.h>

#undef _
#define _(text) lg_translate(text)

/* clang-format off */
static const char *const engines[] = {"vllm", "vLLM", "sglang", "SGLang", "trtllm", "TensorRT-LLM", "other", N_("Other"),
                                      NULL};
static const char *const formats[] = {"", N_("as published"), "bf16", "BF16", "fp8", "FP8", "int8", "INT8", "nvfp4", "NVFP4",
                                      "mxfp4", "MXFP4", "int4", "INT4", "fp32", "FP32", NULL};
static const char *const caches[] = {"", N_("automatic"), "bf16", "BF16", "fp8", "FP8", "int8", "INT8", NULL};
static const char *const profiles[] = {"", N_("not given"), "flat", N_("Even"), "office", N_("Office hours"), "consumer",
                                       N_("Consumers"), NULL};

static const LgFieldSpec basic[] = {
    {"hardware.device", LG_FIELD_DEVICE, N_("Device"), .text = "NVIDIA H100 SXM5 80GB"},
    {"hardware.count", .label = N_("Devices of a replica"), .min = 1, .max = 4096, .from = 1, .to = 64, .is_whole = TRUE,
     .help = N_("Empty: as many as the model needs, or as the targets ask for")},
    {"load.users", .label = N_("Users"), .max = 1e15, .initial = 1000, .from = 10, .to = 1e7, .is_whole = TRUE},
    {"load.queries_per_user_day", .label = N_("Requests of a user and day"), .max = 1e9, .initial = 20},
    {"load.input_tokens", .label = N_("Prompt"), .unit = N_("tokens"), .max = 1e9, .initial = 1000, .from = 16,
     .to = 131072, .is_whole = TRUE},
    {"load.output_tokens", .label = N_("Answer"), .unit = N_("tokens"), .min = 1, .max = 1e9, .initial = 300, .from = 16,
     .to = 32768, .is_whole = TRUE},
    {"weights", LG_FIELD_CHOICE, N_("Format of the weights"), .choices = formats},
    {"kv", LG_FIELD_CHOICE, N_("Format of the KV memory"), .choices = caches},
};
static const LgFieldSpec targets[] = {
    {"targets.ttft", .label = N_("First token within"), .unit = N_("ms"), .factor = 1e-3, .min = 0.001, .max = 1e9},
    {"targets.tpot", .label = N_("Each further token within"), .unit = N_("ms"), .factor = 1e-3, .min = 0.001, .max = 1e9},
    {"targets.total", .label = N_("Whole answer within"), .unit = N_("s"), .min = 1e-6, .max = 1e9},
    {"concurrency", .label = N_("Sequences at once"), .min = 1, .max = 1e9, .from = 1, .to = 1024, .is_whole = TRUE,
     .help = N_("Of a replica; empty: as many as keep the targets, or 32")},
};
static const LgFieldSpec load[] = {
    {"load.queries_per_second", .label = N_("Requests a second"), .max = 1e15, .help = N_("In place of users")},
    {"load.peak_factor", .label = N_("Busiest hour over the mean"), .min = 1, .max = 1e6},
    {"load.profile", LG_FIELD_CHOICE, N_("Hours of the day"), .choices = profiles},
    {"capacity.utilization", .label = N_("Busy at the peak, at most"), .unit = "%", .factor = 0.01, .min = 5, .max = 99},
    {"capacity.spare_replicas", .label = N_("Spare replicas"), .max = 1e6, .is_whole = TRUE},
    {"prefix_hit", .label = N_("Prompts found in the cache"), .unit = "%", .factor = 0.01, .max = 100},
};
static const LgFieldSpec engine[] = {
    {"engine", LG_FIELD_CHOICE, N_("Engine"), .choices = engines},
    {"parallel.tp", .label = N_("Tensor parallel"), .min = 1, .max = 1024, .is_whole = TRUE},
    {"parallel.pp", .label = N_("Pipeline stages"), .min = 1, .max = 1024, .is_whole = TRUE},
    {"parallel.dp", .label = N_("Data parallel attention"), .min = 1, .max = 4096, .is_whole = TRUE},
    {"parallel.ep", .label = N_("Expert parallel"), .min = 1, .max = 4096, .is_whole = TRUE},
    {"chunk_tokens", .label = N_("Prompt tokens of a step"), .min = 16, .max = 1e6, .is_whole = TRUE},
    {"max_batch", .label = N_("Sequences of the engine, at most"), .min = 1, .max = 1e7, .is_whole = TRUE},
    {"memory_share", .label = N_("Memory that the engine takes"), .unit = "%", .factor = 0.01, .min = 5, .max = 100},
};
/* clang-format on */
static const LgFieldGroup groups[] = {{N_("Load and devices"), basic, G_N_ELEMENTS(basic)},
                                      {N_("Targets"), targets, G_N_ELEMENTS(targets)},
                                      {N_("More about the load"), load, G_N_ELEMENTS(load), TRUE},
                                      {N_("Engine and layout"), engine, G_N_ELEMENTS(engine), TRUE},
                                      {N_("Money and power"), lg_cost_fields, 9, TRUE},
                                      {N_("Own numbers of the device"), lg_device_fields, 6, TRUE}};

static const char *const figures[] = {"latency.ttft",
                                      "latency.tpot",
                                      "latency.total",
                                      "devices.count",
                                      "capacity.replicas",
                                      "replica.devices",
                                      "replica.output_tokens_per_second",
                                      "concurrency.used",
                                      "concurrency.most",
                                      "concurrency.limited_by",
                                      "cost.total",
                                      "cost.total_cny",
                                      "cost.million_tokens",
                                      "cost.million_output_tokens",
                                      "cost.device_hour",
                                      "power.mean",
                                      "power.total",
                                      "energy.total",
                                      "carbon.total",
                                      "memory.used",
                                      "context.most",
                                      NULL};

static const char *kind(JsonObject *draft) { return "serve"; }

static void finish(JsonObject *draft)
{
    lg_scenario_set_text(draft, "task", "serve");
    if (lg_scenario_get(draft, "load.queries_per_second"))
        lg_scenario_remove(draft, "load.users");
    if (!lg_scenario_get(draft, "load.users")) /* which it is of */
        lg_scenario_remove(draft, "load.queries_per_user_day");
}

static char *verdict(JsonObject *scenario, const LgReport *report)
{
    if (!report->is_feasible)
        return g_strdup(_("Cannot be served like this"));
    const double users = lg_scenario_number(scenario, "load.users", 0);
    const char *money = lg_speaks_chinese() ? "cost.total_cny" : "cost.total";
    const LgFigure *cost = lg_report_find(report, money);
    g_autofree char *devices = lg_quantity_brief(lg_report_value(report, "devices.count", NAN), "device");
    g_autofree char *first = lg_quantity_brief(lg_report_value(report, "latency.ttft", NAN), "s");
    g_autofree char *next = lg_quantity_brief(lg_report_value(report, "latency.tpot", NAN), "s");
    g_autoptr(GString) text = g_string_new(devices);
    if (users > 0) {
        g_autofree char *number = lg_number_text(users, 3);
        g_string_printf(text, _("%s for %s users"), devices, number);
    }
    g_string_append_printf(text, _("; first token in %s, then one every %s"), first, next);
    if (cost) {
        g_autofree char *price = lg_quantity_brief(cost->value, cost->unit);
        g_string_append_printf(text, _("; %s a month"), price);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static LgChartData *draw_memory(const LgReport *report)
{
    const double weights = lg_report_value(report, "memory.weights", 0);
    const double reserved = lg_report_value(report, "memory.reserved", 0);
    const double used = lg_report_value(report, "memory.used", 0);
    const double pool = lg_report_value(report, "memory.kv_pool", 0);
    LgChartData *data = lg_chart_data_new(LG_CHART_BARS, _("Memory of a device"), "", NULL, _("Memory"), "B");
    lg_chart_data_add_category(data, "");
    lg_chart_data_add(data, lg_chart_data_add_series(data, _("Weights")), 0, weights);
    if (reserved > 0)
        lg_chart_data_add(data, lg_chart_data_add_series(data, _("Reserved")), 0, reserved);
    if (used > 0) {
        const double kv = fmax(used - weights - reserved, 0);
        lg_chart_data_add(data, lg_chart_data_add_series(data, _("KV memory in use")), 0, kv);
        lg_chart_data_add(data, lg_chart_data_add_series(data, _("KV memory free")), 0, fmax(pool - kv, 0));
    }
    lg_chart_data_set_limit(data, lg_report_value(report, "device.memory", NAN), _("Memory of the device"));
    return data;
}

/* Without targets, which would choose the batch. */
static LgChartData *draw_batches(JsonObject *scenario, const LgReport *report, GCancellable *cancellable)
{
    static const double batches[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};
    const double most = lg_report_value(report, "concurrency.most", 1);
    const double tp = lg_report_value(report, "replica.devices", 0);
    g_autoptr(JsonObject) open = lg_scenario_copy(scenario);
    LgChartData *data = lg_chart_data_new(LG_CHART_LINES, _("Throughput by batch"), _("Sequences at once"), NULL,
                                          _("Throughput of a replica"), "token/s");
    guint n = 0;
    while (n < G_N_ELEMENTS(batches) && batches[n] <= most)
        n++;
    if (lg_scenario_get(open, "targets") && tp > 0 && !lg_scenario_get(open, "hardware.count"))
        lg_scenario_set_number(open, "hardware.count", tp);
    lg_scenario_remove(open, "targets");
    lg_scenario_remove(open, "capacity");
    data->x_log = TRUE;
    lg_chart_data_add_series(data, _("Generated tokens"));
    lg_plan_sweep(data, open, "concurrency", batches, n, "replica.output_tokens_per_second", TRUE, cancellable);
    return data;
}

static LgChartData *draw_cost(JsonObject *scenario, GCancellable *cancellable)
{
    enum { POINTS = 9 };
    static const double steps[] = {1, 2, 5};
    const gboolean is_chinese = lg_speaks_chinese();
    const double users = lg_scenario_number(scenario, "load.users", 1000);
    const int decade = (int)floor(log10(fmax(users, 10))) - 1;
    double values[POINTS];
    g_autoptr(JsonObject) open = lg_scenario_copy(scenario);
    LgChartData *data = lg_chart_data_new(LG_CHART_LINES, _("Cost by users"), _("Users"), NULL, _("Cost of a month"),
                                          is_chinese ? "CNY" : "USD");
    for (int i = 0; i < POINTS; i++)
        values[i] = steps[i % 3] * pow(10, decade + i / 3);
    lg_scenario_remove(open, "load.queries_per_second");
    data->x_log = data->y_log = TRUE;
    lg_chart_data_add_series(data, _("Cost"));
    lg_plan_sweep(data, open, "load.users", values, POINTS, is_chinese ? "cost.total_cny" : "cost.total", FALSE,
                  cancellable);
    return data;
}

static GPtrArray *draw(JsonObject *scenario, const LgReport *report, GCancellable *cancellable)
{
    GPtrArray *charts = g_ptr_array_new_with_free_func((GDestroyNotify)lg_chart_data_unref);
    g_ptr_array_add(charts, draw_memory(report));
    if (report->is_feasible) {
        g_ptr_array_add(charts, draw_batches(scenario, report, cancellable));
        g_ptr_array_add(charts, draw_cost(scenario, cancellable));
    }
    return charts;
}

const LgPlan lg_plan_serve = {.name = "serve",
                              .title = N_("Serve users"),
                              .icon = "network-server-symbolic",
                              .groups = groups,
                              .n_groups = G_N_ELEMENTS(groups),
                              .kind = kind,
                              .finish = finish,
                              .verdict = verdict,
                              .figures = figures,
                              .draw = draw};
