/* SPDX-License-Identifier: MIT
 * Run here: whether a model fits on this machine or on a device, and how fast one conversation is.
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
static const char *const places[] = {"machine", N_("This machine"), "device", N_("A graphics card"), NULL};
static const char *const formats[] = {
    "q4_k_m", "Q4_K_M", "q2_k", "Q2_K", "q3_k_s", "Q3_K_S", "q3_k_m", "Q3_K_M", "q3_k_l", "Q3_K_L", "q4_0", "Q4_0",
    "q4_k_s", "Q4_K_S", "q5_0", "Q5_0", "q5_k_s", "Q5_K_S", "q5_k_m", "Q5_K_M", "q6_k", "Q6_K", "q8_0", "Q8_0",
    "f16", "F16", "bf16", "BF16", "f32", "F32", NULL};
static const char *const caches[] = {"f16", "F16", "q8_0", "Q8_0", "q5_1", "Q5_1", "q5_0", "Q5_0", "q4_1", "Q4_1",
                                     "q4_0", "Q4_0", "iq4_nl", "IQ4_NL", "f32", "F32", NULL};

static const LgFieldSpec basic[] = {
    {"where", LG_FIELD_CHOICE, N_("Where"), .choices = places},
    {"hardware.device", LG_FIELD_DEVICE, N_("Device"), .text = "NVIDIA RTX 4090", .only = "device device-file"},
    {"hardware.count", .label = N_("Devices"), .min = 1, .max = 64, .initial = 1, .is_whole = TRUE, .is_needed = TRUE,
     .only = "device device-file", .help = N_("That share the layers")},
    {"context", .label = N_("Context"), .unit = N_("tokens"), .min = 2, .max = 1e9, .initial = 8192, .from = 512,
     .to = 1048576, .is_whole = TRUE, .is_needed = TRUE, .help = N_("Prompt, answers and all that came before")},
    {"weights", LG_FIELD_CHOICE, N_("Format of the weights"), .choices = formats, .only = "machine device"},
    {"kv", LG_FIELD_CHOICE, N_("Format of the KV memory"), .choices = caches},
};
static const LgFieldSpec machine[] = {
    {"machine.memory", .label = N_("Memory"), .unit = "GiB", .factor = 0x1p30, .min = 0.01, .max = 9e8,
     .only = "machine machine-file", .help = N_("That is available; empty: what this machine has now")},
    {"load.output_tokens", .label = N_("Tokens of an answer"), .unit = N_("tokens"), .min = 1, .max = 1e9,
     .is_whole = TRUE, .only = "device device-file"},
};
/* clang-format on */
static const LgFieldGroup groups[] = {{N_("Model and context"), basic, G_N_ELEMENTS(basic)},
                                      {N_("More"), machine, G_N_ELEMENTS(machine), TRUE}};

static const char *const figures[] = {"memory.needed",
                                      "memory.available",
                                      "machine.memory",
                                      "decode.tokens_per_second",
                                      "prefill.tokens_per_second",
                                      "latency.ttft",
                                      "latency.total",
                                      "context.most",
                                      "weights.bytes",
                                      "kv.bytes_per_sequence",
                                      "kv.bytes_per_token",
                                      "parameters.total",
                                      "parameters.active",
                                      NULL};

static gboolean is_on_device(JsonObject *draft) { return g_strcmp0(lg_scenario_text(draft, "where"), "device") == 0; }

/* Files of weights have a format already; a configuration alone has none. */
static gboolean has_weights(const char *path)
{
    const char *name;
    gboolean is_found = path && g_str_has_suffix(path, ".gguf");
    g_autoptr(GDir) folder = path && !is_found ? g_dir_open(path, 0, NULL) : NULL;
    while (folder && !is_found && (name = g_dir_read_name(folder)))
        is_found = g_str_has_suffix(name, ".safetensors");
    return is_found;
}

static const char *kind(JsonObject *draft)
{
    const gboolean is_file = has_weights(lg_scenario_text(draft, "model.file"));
    if (is_on_device(draft))
        return is_file ? "device-file" : "device";
    return is_file ? "machine-file" : "machine";
}

/* A device is asked about as one that llama.cpp runs on: prompt and answer share the context. */
static void finish(JsonObject *draft)
{
    if (is_on_device(draft)) {
        const double context = lg_scenario_number(draft, "context", 4096);
        double answer = fmin(lg_scenario_number(draft, "load.output_tokens", 300), context - 1);
        answer = fmax(answer, 1);
        lg_scenario_set_text(draft, "task", "serve");
        lg_scenario_set_text(draft, "engine", "llamacpp");
        lg_scenario_set_number(draft, "load.output_tokens", answer);
        lg_scenario_set_number(draft, "load.input_tokens", fmax(context - answer, 1));
        lg_scenario_remove(draft, "context");
        lg_scenario_remove(draft, "machine");
    } else {
        lg_scenario_set_text(draft, "task", "fit");
        lg_scenario_remove(draft, "hardware");
        lg_scenario_remove(draft, "load");
    }
    lg_scenario_remove(draft, "where");
}

static const char *memory_path(const LgReport *report)
{
    return lg_report_find(report, "memory.available") ? "memory.available" : "machine.memory";
}

static char *verdict(JsonObject *scenario, const LgReport *report)
{
    const LgFigure *speed = lg_report_find(report, "decode.tokens_per_second");
    const double bytes = lg_report_value(report, "memory.needed", NAN);
    const double most = lg_report_value(report, memory_path(report), NAN);
    g_autofree char *needed = lg_quantity_brief(bytes, "B"), *available = lg_quantity_brief(most, "B");
    if (!report->is_feasible)
        return g_strdup_printf(_("Does not fit: %s of %s"), needed, available);
    if (!speed)
        return g_strdup_printf(_("Fits: %s of %s"), needed, available);
    g_autofree char *range = speed->has_interval ? lg_figure_range(speed) : lg_quantity_brief(speed->value, "token/s");
    return g_strdup_printf(_("Fits: %s of %s; %s"), needed, available, range);
}

/* What memory holds, for each format of the weights; of a file, whose format is given, for several contexts. */
static LgChartData *draw_memory(JsonObject *scenario, const LgReport *report, GCancellable *cancellable)
{
    static const char *const shown[] = {"q2_k", "q3_k_m", "q4_k_m", "q5_k_m", "q6_k", "q8_0", "f16"};
    static const double contexts[] = {0.25, 0.5, 1, 2, 4};
    const gboolean is_file = !lg_scenario_get(scenario, "weights");
    const gboolean is_device = lg_scenario_get(scenario, "hardware") != NULL;
    LgChartData *data = lg_chart_data_new(LG_CHART_BARS, is_file ? _("Memory by context") : _("Memory by format"),
                                          is_file ? _("Context") : _("Format"), NULL, _("Memory"), "B");
    const guint weights = lg_chart_data_add_series(data, _("Weights"));
    const guint kv = lg_chart_data_add_series(data, _("KV memory"));
    const guint rest = lg_chart_data_add_series(data, _("Buffers"));
    const guint n = is_file ? G_N_ELEMENTS(contexts) : G_N_ELEMENTS(shown);
    for (guint i = 0, row = 0; i < n && !g_cancellable_is_cancelled(cancellable); i++) {
        const char *const path = is_device ? "load.input_tokens" : "context";
        g_autoptr(JsonObject) changed = lg_scenario_copy(scenario);
        const double tokens =
            fmax(floor(lg_scenario_number(changed, path, 4096) * contexts[i % G_N_ELEMENTS(contexts)]), 2);
        g_autofree char *name = is_file ? lg_quantity_brief(tokens, "token") : g_ascii_strup(shown[i], -1);
        if (is_file)
            lg_scenario_set_number(changed, path, tokens);
        else
            lg_scenario_set_text(changed, "weights", shown[i]);
        g_autoptr(LgReport) one = lg_estimator_run_bare(changed, NULL);
        if (!one || !lg_report_find(one, "memory.needed"))
            continue;
        const double all = lg_report_value(one, "memory.needed", 0), w = lg_report_value(one, "weights.bytes", 0);
        const double k = lg_report_value(one, "memory.kv", lg_report_value(one, "kv.bytes_per_sequence", 0));
        lg_chart_data_add_category(data, name);
        lg_chart_data_add(data, weights, row, w);
        lg_chart_data_add(data, kv, row, k);
        lg_chart_data_add(data, rest, row++, fmax(all - w - k, 0));
    }
    lg_chart_data_set_limit(data, lg_report_value(report, memory_path(report), NAN), _("Available"));
    return data;
}

static LgChartData *draw_speed(JsonObject *scenario, GCancellable *cancellable)
{
    static const double contexts[] = {512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072, 262144};
    const char *path = lg_scenario_get(scenario, "hardware") ? "load.input_tokens" : "context";
    LgChartData *data =
        lg_chart_data_new(LG_CHART_LINES, _("Speed by context"), _("Context (tokens)"), "token", _("Speed"), "token/s");
    data->x_log = TRUE;
    lg_chart_data_add_series(data, _("Generating"));
    lg_plan_sweep(data, scenario, path, contexts, G_N_ELEMENTS(contexts), "decode.tokens_per_second", TRUE,
                  cancellable);
    return data;
}

static GPtrArray *draw(JsonObject *scenario, const LgReport *report, GCancellable *cancellable)
{
    GPtrArray *charts = g_ptr_array_new_with_free_func((GDestroyNotify)lg_chart_data_unref);
    g_ptr_array_add(charts, draw_memory(scenario, report, cancellable));
    g_ptr_array_add(charts, draw_speed(scenario, cancellable));
    return charts;
}

const LgPlan lg_plan_run = {.name = "run",
                            .title = N_("Run here"),
                            .icon = "computer-symbolic",
                            .needs_machine = TRUE,
                            .groups = groups,
                            .n_groups = G_N_ELEMENTS(groups),
                            .kind = kind,
                            .finish = finish,
                            .verdict = verdict,
                            .figures = figures,
                            .draw = draw};
