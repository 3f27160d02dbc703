/* SPDX-License-Identifier: MIT
 * Applies the change that the estimator names for a plan that cannot be done.
 */
#include "change.h"

#include "estimator.h"
#include "scenario.h"

#include <math.h>

typedef struct {
    const LgPlan *plan;
    JsonObject *draft;
    JsonObject *found;
} Search;

/* Takes the draft. */
static gboolean try(Search *search, JsonObject *draft)
{
    g_autoptr(JsonObject) scenario = lg_plan_finish(search->plan, draft);
    g_autoptr(LgReport) report = lg_estimator_run_bare(scenario, NULL);
    if (!report || !report->is_feasible) {
        json_object_unref(draft);
        return FALSE;
    }
    search->found = draft;
    return TRUE;
}

static JsonObject *copy(Search *search) { return lg_scenario_copy(search->draft); }

static gboolean try_text(Search *search, const char *path, const char *text)
{
    JsonObject *draft = copy(search);
    lg_scenario_set_text(draft, path, text);
    return try(search, draft);
}

static gboolean try_without(Search *search, const char *path)
{
    JsonObject *draft = copy(search);
    lg_scenario_remove(draft, path);
    return try(search, draft);
}

static void open_layout(JsonObject *draft)
{
    lg_scenario_remove(draft, "parallel");
    lg_scenario_remove(draft, "micro_batch");
    lg_scenario_remove(draft, "recompute");
}

/* Serving spreads one replica by tensor parallelism; training takes more of them; a desktop shares layers. */
static gboolean more_devices(Search *search)
{
    enum { DOUBLINGS = 20, TP_MAX = 64, CARDS_MAX = 16 };
    const gboolean is_serving = search->plan == &lg_plan_serve;
    const double now = fmax(lg_scenario_number(search->draft, "hardware.count", 1), 1);
    if (is_serving) {
        const double tp = fmax(lg_scenario_number(search->draft, "parallel.tp", 1), 1);
        for (double more = 2 * tp; more <= TP_MAX; more *= 2) {
            JsonObject *draft = copy(search);
            lg_scenario_remove(draft, "hardware.count");
            lg_scenario_remove(draft, "parallel.ep");
            lg_scenario_set_number(draft, "parallel.tp", more);
            if (try(search, draft))
                return TRUE;
        }
        return FALSE;
    }
    for (int i = 1; i <= DOUBLINGS; i++) {
        const gboolean is_training = search->plan == &lg_plan_train;
        const double more = is_training ? now * exp2(i) : now + i;
        JsonObject *draft = copy(search);
        if (is_training)
            open_layout(draft);
        lg_scenario_set_number(draft, "hardware.count", more);
        if (more > (is_training ? 1e6 : CARDS_MAX)) {
            json_object_unref(draft);
            return FALSE;
        }
        if (try(search, draft))
            return TRUE;
    }
    return FALSE;
}

static gboolean other_layout(Search *search)
{
    JsonObject *draft = copy(search);
    open_layout(draft);
    return try(search, draft);
}

static gboolean fewer_bits(Search *search)
{
    static const char *const files[] = {"q8_0",   "q6_k",   "q5_k_m", "q4_k_m", "q4_k_s",
                                        "q3_k_l", "q3_k_m", "q3_k_s", "q2_k"};
    static const char *const served[] = {"fp8", "int8", "nvfp4", "int4"};
    const gboolean is_run = search->plan == &lg_plan_run;
    const char *const *formats = is_run ? files : served;
    for (guint i = 0; i < (is_run ? G_N_ELEMENTS(files) : G_N_ELEMENTS(served)); i++)
        if (try_text(search, "weights", formats[i]))
            return TRUE;
    return FALSE;
}

/* Pages of KV memory are 64 tokens. */
static gboolean shorter_context(Search *search)
{
    enum { PAGE = 64 };
    g_autoptr(JsonObject) scenario = lg_plan_finish(search->plan, search->draft);
    g_autoptr(LgReport) report = lg_estimator_run_bare(scenario, NULL);
    const double most = report ? lg_report_value(report, "context.most", 0) : 0;
    for (double tokens = floor(most / PAGE) * PAGE; tokens >= PAGE; tokens = floor(tokens / 2)) {
        JsonObject *draft = copy(search);
        lg_scenario_set_number(draft, "context", tokens);
        if (try(search, draft))
            return TRUE;
    }
    return FALSE;
}

static gboolean halve(Search *search, const char *path, double otherwise, double least)
{
    for (double value = lg_scenario_number(search->draft, path, otherwise) / 2; value >= least; value /= 2) {
        JsonObject *draft = copy(search);
        lg_scenario_set_number(draft, path, floor(value));
        if (try(search, draft))
            return TRUE;
    }
    return FALSE;
}

/* The estimator goes to three quarters first. */
static gboolean shorter_prompt(Search *search)
{
    JsonObject *draft = copy(search);
    lg_scenario_set_number(draft, "load.input_tokens",
                           floor(0.75 * lg_scenario_number(draft, "load.input_tokens", 1000)));
    return try(search, draft) || halve(search, "load.input_tokens", 1000, 16);
}

static gboolean shorter(Search *search) { return halve(search, "sequence", 2048, 128); }

static gboolean fewer_sequences(Search *search) { return try_without(search, "concurrency"); }

static gboolean other_device(Search *search)
{
    static const char *const devices[] = {"H100 SXM5 80GB", "H200 SXM 141GB", "B200 SXM 180GB", "B300 SXM"};
    for (guint i = 0; i < G_N_ELEMENTS(devices); i++)
        if (try_text(search, "hardware.device", devices[i]))
            return TRUE;
    return FALSE;
}

static gboolean more_days(Search *search)
{
    enum { STEPS = 40 };
    double days = lg_scenario_number(search->draft, "days", 1);
    for (int i = 0; i < STEPS; i++) {
        JsonObject *draft = copy(search);
        days = ceil(days * 1.25);
        lg_scenario_set_number(draft, "days", days);
        if (try(search, draft))
            return TRUE;
    }
    return FALSE;
}

static gboolean recompute(Search *search) { return try_without(search, "recompute"); }

static gboolean micro_batch(Search *search) { return try_without(search, "micro_batch"); }

static gboolean paged(Search *search)
{
    JsonObject *draft = copy(search);
    lg_scenario_set_boolean(draft, "paged", TRUE);
    return try(search, draft);
}

static gboolean adapters(Search *search, const char *kind)
{
    JsonObject *draft = copy(search);
    lg_scenario_set_text(draft, "kind", kind);
    lg_scenario_remove(draft, "trained");
    lg_scenario_set_number(draft, "lora.rank", lg_scenario_number(draft, "lora.rank", 16));
    return try(search, draft);
}

static gboolean plain_adapters(Search *search) { return adapters(search, "lora"); }

static gboolean quantized(Search *search) { return adapters(search, "qlora"); }

static gboolean offload(Search *search)
{
    return try_text(search, "offload.optimizer", "host") || try_text(search, "offload.weights", "host");
}

static gboolean more_host_memory(Search *search) { return try_text(search, "offload.optimizer", "nvme"); }

static const struct {
    const char *code;
    gboolean (*search)(Search *search);
} changes[] = {{"more_devices", more_devices},
               {"other_layout", other_layout},
               {"fewer_bits", fewer_bits},
               {"shorter_context", shorter_context},
               {"shorter_prompt", shorter_prompt},
               {"shorter", shorter},
               {"fewer_sequences", fewer_sequences},
               {"other_device", other_device},
               {"more_days", more_days},
               {"recompute", recompute},
               {"micro_batch", micro_batch},
               {"paged", paged},
               {"adapters", plain_adapters},
               {"quantized", quantized},
               {"offload", offload},
               {"more_host_memory", more_host_memory}};

gboolean lg_change_is_known(const char *code)
{
    for (guint i = 0; i < G_N_ELEMENTS(changes); i++)
        if (g_str_equal(changes[i].code, code))
            return TRUE;
    return FALSE;
}

JsonObject *lg_change_apply(const LgPlan *plan, JsonObject *draft, const char *code)
{
    Search search = {plan, draft, NULL};
    for (guint i = 0; i < G_N_ELEMENTS(changes); i++)
        if (g_str_equal(changes[i].code, code) && changes[i].search(&search))
            return search.found;
    return NULL;
}
