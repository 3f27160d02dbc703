/* SPDX-License-Identifier: MIT
 * Train / fine-tune: memory, time, devices and money of training a model, from scratch or on.
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
static const char *const kinds[] = {"pretrain", N_("Train from scratch"), "full", N_("Fine-tune as a whole"),
                                    "lora", N_("LoRA"), "qlora", N_("QLoRA, 4 bits"), NULL};
static const char *const optimizers[] = {"adam", "Adam", "adam8bit", N_("Adam, 8 bits"), "adam_bf16", N_("Adam, BF16"),
                                         "adafactor", "Adafactor", "lion", "Lion", "sgd", "SGD", "muon", "Muon", NULL};
static const char *const zeros[] = {"", N_("automatic"), "0", N_("0: nothing"), "1", N_("1: optimizer states"),
                                    "2", N_("2: and gradients"), "3", N_("3: and weights"), NULL};
static const char *const precisions[] = {"", N_("automatic"), "bf16", "BF16", "fp8", "FP8", "fp32", "FP32", NULL};
static const char *const recomputes[] = {"", N_("as little as fits"), "none", N_("nothing"), "selective", N_("attention"),
                                         "cheap", N_("what is cheap"), "sac", N_("selected products"),
                                         "full", N_("all layers"), NULL};
static const char *const targets[] = {"", N_("all matrices"), "attention", N_("attention"), "ffn", N_("feed-forward"),
                                      "q,v", N_("queries and values"), NULL};
static const char *const trained[] = {"", N_("mixed"), "bf16", "BF16", "fp32", "FP32", NULL};
static const char *const places[] = {"", N_("device"), "host", N_("host"), "nvme", N_("drive"), NULL};

#define TUNE "full lora qlora"
static const LgFieldSpec basic[] = {
    {"kind", LG_FIELD_CHOICE, N_("Training"), .choices = kinds},
    {"hardware.device", LG_FIELD_DEVICE, N_("Device"), .text = "NVIDIA H100 SXM5 80GB"},
    {"hardware.count", .label = N_("Devices"), .min = 1, .max = 1e6, .initial = 64, .from = 1, .to = 16384,
     .is_whole = TRUE, .help = N_("Empty: as few as finish in the time that is given")},
    {"tokens.total", .label = N_("Training tokens"), .min = 1, .max = 1e20, .initial = 1e12, .from = 1e9, .to = 1e14,
     .only = "pretrain", .help = N_("15T are 15,000,000,000,000; empty: 20 for each parameter")},
    {"days", .label = N_("Within"), .unit = N_("days"), .min = 0.001, .max = 1e6, .only = "pretrain"},
    {"examples", .label = N_("Examples"), .min = 1, .max = 1e15, .initial = 50000, .from = 100, .to = 1e7,
     .is_whole = TRUE, .only = TUNE},
    {"example_tokens", .label = N_("Length of an example"), .unit = N_("tokens"), .min = 1, .max = 1e9, .initial = 512,
     .is_whole = TRUE, .only = TUNE},
    {"epochs", .label = N_("Epochs"), .min = 1e-6, .max = 1e6, .initial = 3, .only = TUNE},
    {"lora.rank", .label = N_("Rank of the adapters"), .min = 1, .max = 65536, .initial = 16, .from = 1, .to = 512,
     .is_whole = TRUE, .is_needed = TRUE, .only = "lora qlora"},
    {"lora.targets", LG_FIELD_CHOICE, N_("Adapters at"), .choices = targets, .only = "lora qlora"},
    {"sequence", .label = N_("Sequence"), .unit = N_("tokens"), .min = 1, .max = 1e8, .from = 128, .to = 131072,
     .is_whole = TRUE},
    {"optimizer", LG_FIELD_CHOICE, N_("Optimizer"), .choices = optimizers},
};
static const LgFieldSpec layout[] = {
    {"parallel.zero", LG_FIELD_CHOICE, N_("ZeRO shards"), .choices = zeros},
    {"parallel.fsdp", LG_FIELD_SWITCH, "FSDP", .help = N_("Parameters and states are kept sharded")},
    {"parallel.tp", .label = N_("Tensor parallel"), .min = 1, .max = 1024, .is_whole = TRUE},
    {"parallel.pp", .label = N_("Pipeline stages"), .min = 1, .max = 1024, .is_whole = TRUE},
    {"parallel.cp", .label = N_("Context parallel"), .min = 1, .max = 1024, .is_whole = TRUE},
    {"parallel.ep", .label = N_("Expert parallel"), .min = 1, .max = 4096, .is_whole = TRUE},
    {"batch_tokens", .label = N_("Tokens of a step"), .min = 1, .max = 1e15, .is_whole = TRUE},
    {"micro_batch", .label = N_("Sequences of a micro-batch"), .min = 1, .max = 1e9, .is_whole = TRUE},
};
static const LgFieldSpec numbers[] = {
    {"hardware.precision", LG_FIELD_CHOICE, N_("Precision"), .choices = precisions},
    {"recompute", LG_FIELD_CHOICE, N_("Computed again"), .choices = recomputes},
    {"trained", LG_FIELD_CHOICE, N_("Trained in"), .choices = trained, .only = "full"},
    {"paged", LG_FIELD_SWITCH, N_("Paged optimizer states"), .only = TUNE,
     .help = N_("They leave the device while they are not used")},
    {"offload.optimizer", LG_FIELD_CHOICE, N_("Optimizer states are on the"), .choices = places},
    {"offload.weights", LG_FIELD_CHOICE, N_("Weights are on the"), .choices = places},
    {"mfu", .label = N_("Share of the peak that is used"), .unit = "%", .factor = 0.01, .min = 0.01, .max = 100,
     .only = "pretrain", .help = N_("Empty: it is predicted")},
};
/* clang-format on */
static const LgFieldGroup groups[] = {{N_("Training"), basic, G_N_ELEMENTS(basic)},
                                      {N_("Layout and batch"), layout, G_N_ELEMENTS(layout), TRUE},
                                      {N_("Precision and memory"), numbers, G_N_ELEMENTS(numbers), TRUE},
                                      {N_("Money and power"), lg_cost_fields, 9, TRUE},
                                      {N_("Own numbers of the device"), lg_device_fields, 6, TRUE}};

static const char *const figures[] = {"time.days",
                                      "time.days_run",
                                      "devices.count",
                                      "memory.peak",
                                      "cost.total",
                                      "cost.total_cny",
                                      "train.tokens_per_second",
                                      "train.tokens_per_second_per_device",
                                      "mfu.reached",
                                      "step.time",
                                      "flops.total",
                                      "tokens.total",
                                      "parameters.total",
                                      "parameters.trainable",
                                      "parameters.trainable_share",
                                      "devices.hours",
                                      "parallel.tp",
                                      "parallel.pp",
                                      "parallel.cp",
                                      "parallel.ep",
                                      "parallel.dp",
                                      "parallel.zero",
                                      "batch.micro",
                                      "recompute.kind",
                                      "energy.total",
                                      "carbon.total",
                                      "host.needed",
                                      NULL};

static const char *kind(JsonObject *draft)
{
    const char *text = lg_scenario_text(draft, "kind");
    return text ? text : kinds[0];
}

static void finish(JsonObject *draft)
{
    g_autofree char *which = g_strdup(kind(draft));
    const gboolean is_tuning = !g_str_equal(which, "pretrain");
    const char *zero = lg_scenario_text(draft, "parallel.zero");
    lg_scenario_set_text(draft, "task", is_tuning ? "tune" : "train");
    if (g_str_equal(which, "qlora"))
        lg_scenario_set_text(draft, "base", "nf4");
    if (zero)
        lg_scenario_set_number(draft, "parallel.zero", g_ascii_strtod(zero, NULL));
    if (!is_tuning && !lg_scenario_get(draft, "tokens"))
        lg_scenario_set_number(draft, "tokens.per_parameter", 20);
    lg_scenario_remove(draft, "kind");
}

static char *verdict(JsonObject *scenario, const LgReport *report)
{
    const LgFigure *days = lg_report_find(report, "time.days_run");
    const LgFigure *cost = lg_report_find(report, lg_speaks_chinese() ? "cost.total_cny" : "cost.total");
    if (!days)
        days = lg_report_find(report, "time.days");
    if (!report->is_feasible)
        return g_strdup(_("Cannot be trained like this"));
    const double n = days ? days->value : NAN;
    g_autofree char *time = n >= 1 ? lg_quantity_brief(n, "day") : lg_quantity_brief(n * 86400, "s");
    g_autofree char *devices = lg_quantity_brief(lg_report_value(report, "devices.count", NAN), "device");
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_printf(text, _("%s on %s"), time, devices);
    if (lg_report_find(report, "memory.peak")) {
        g_autofree char *peak = lg_quantity_brief(lg_report_value(report, "memory.peak", NAN), "B");
        g_autofree char *most = lg_quantity_brief(lg_report_value(report, "device.memory", NAN), "B");
        g_string_append_printf(text, _("; %s of %s each"), peak, most);
    }
    if (cost) {
        g_autofree char *price = lg_quantity_brief(cost->value, cost->unit);
        g_string_append_printf(text, "; %s", price);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static LgChartData *draw_memory(const LgReport *report)
{
    static const char *const paths[] = {
        "memory.weights",     "memory.adapters", "memory.gradients", "memory.optimizer", "memory.gathered",
        "memory.activations", "memory.working",  "memory.logits",    "memory.overhead",  NULL};
    static const char *const names[] = {N_("Weights"), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL};
    LgChartData *data = lg_plan_memory_chart(_("Memory of the fullest device"), report, paths, names);
    lg_chart_data_set_limit(data, lg_report_value(report, "device.memory", NAN), _("Memory of the device"));
    return data;
}

/* Layouts are searched for again: those that were given do not divide every number of devices. */
static LgChartData *draw_time(JsonObject *scenario, const LgReport *report, GCancellable *cancellable)
{
    enum { POINTS = 10 };
    const double devices = lg_report_value(report, "devices.count", lg_report_value(report, "devices.given", 64));
    const double first = exp2(floor(log2(fmax(devices, 1))) - 4);
    double values[POINTS];
    g_autoptr(JsonObject) open = lg_scenario_copy(scenario);
    LgChartData *data =
        lg_chart_data_new(LG_CHART_LINES, _("Time by devices"), _("Devices"), NULL, _("Time (days)"), NULL);
    for (int i = 0; i < POINTS; i++)
        values[i] = fmax(first, 1) * exp2(i);
    lg_scenario_remove(open, "days");
    lg_scenario_remove(open, "parallel");
    data->x_log = data->y_log = TRUE;
    lg_chart_data_add_series(data, _("Days"));
    lg_plan_sweep(data, open, "hardware.count", values, POINTS, "time.days", FALSE, cancellable);
    return data;
}

static GPtrArray *draw(JsonObject *scenario, const LgReport *report, GCancellable *cancellable)
{
    GPtrArray *charts = g_ptr_array_new_with_free_func((GDestroyNotify)lg_chart_data_unref);
    g_ptr_array_add(charts, draw_memory(report));
    g_ptr_array_add(charts, draw_time(scenario, report, cancellable));
    return charts;
}

const LgPlan lg_plan_train = {.name = "train",
                              .title = N_("Train / fine-tune"),
                              .icon = "emblem-system-symbolic",
                              .groups = groups,
                              .n_groups = G_N_ELEMENTS(groups),
                              .kind = kind,
                              .finish = finish,
                              .verdict = verdict,
                              .figures = figures,
                              .draw = draw};
