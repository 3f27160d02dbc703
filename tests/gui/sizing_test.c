/* SPDX-License-Identifier: MIT
 * Sizing without a display: scenarios, reports, and plans with every preset.
 */
#include "sizing/change.h"
#include "sizing/estimator.h"
#include "sizing/export.h"
#include "sizing/query.h"
#include "sizing/scenario.h"
#include "widgets/language.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

static const LgPlan *const plans[] = {&lg_plan_run, &lg_plan_serve, &lg_plan_train};

static JsonObject *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node = json_from_string(text, &error);
    g_assert_no_error(error);
    return json_node_dup_object(node);
}

/* Inputs as a page has them at first, with a machine and a preset. */
static JsonObject *draft_of(const LgPlan *plan, const char *preset, const char *kind)
{
    JsonObject *draft =
        parse("{\"machine\": {\"name\": \"test\", \"memory\": 2e10, \"bandwidth\": 3e10, \"operations\": 5e11}}");
    lg_scenario_set_text(draft, "model", preset);
    for (guint g = 0; g < plan->n_groups; g++) {
        for (guint f = 0; f < plan->groups[g].n_fields; f++) {
            const LgFieldSpec *spec = &plan->groups[g].fields[f];
            const double factor = spec->factor > 0 ? spec->factor : 1;
            if (!lg_plan_has_field(spec, kind))
                continue;
            if (spec->kind == LG_FIELD_NUMBER && spec->initial > 0)
                lg_scenario_set_number(draft, spec->path, spec->initial * factor);
            else if (spec->kind == LG_FIELD_CHOICE && *spec->choices[0])
                lg_scenario_set_text(draft, spec->path, spec->choices[0]);
            else if (spec->kind == LG_FIELD_DEVICE)
                lg_scenario_set_text(draft, spec->path, spec->text);
        }
    }
    if (plan != &lg_plan_run)
        json_object_remove_member(draft, "machine");
    return draft;
}

static const char *first_kind(const LgPlan *plan)
{
    return plan == &lg_plan_run ? "machine" : plan == &lg_plan_serve ? "serve" : "pretrain";
}

static void test_scenario(void)
{
    g_autoptr(JsonObject) object = json_object_new();
    lg_scenario_set_number(object, "load.users", 1e12);
    lg_scenario_set_number(object, "load.peak_factor", 2.5);
    lg_scenario_set_text(object, "load.profile", "office");
    lg_scenario_set_boolean(object, "paged", TRUE);
    g_autofree char *text = lg_scenario_print(object);
    g_assert_cmpstr(text, ==,
                    "{\"load\":{\"users\":1000000000000,\"peak_factor\":2.5,\"profile\":\"office\"},\"paged\":true}");
    g_assert_cmpfloat(lg_scenario_number(object, "load.users", 0), ==, 1e12);
    g_assert_cmpfloat(lg_scenario_number(object, "load.profile", 7), ==, 7);
    g_assert_null(lg_scenario_get(object, "load.users.more"));
    lg_scenario_remove(object, "load.users");
    lg_scenario_remove(object, "nothing.here");
    g_assert_null(lg_scenario_get(object, "load.users"));
    lg_scenario_set_number(object, "paged.deep", 1); /* a member that was none becomes an object */
    g_assert_cmpfloat(lg_scenario_number(object, "paged.deep", 0), ==, 1);
}

/* Lists and the names of figures come from the library. */
static void test_lists(void)
{
    g_assert_cmpuint(lg_estimator_models()->len, >, 200);
    g_assert_cmpuint(lg_estimator_devices()->len, >, 50);
    g_autoptr(JsonObject) scenario = parse("{\"model\": \"Llama-3.1-8B\"}");
    g_autoptr(GError) error = NULL;
    g_autoptr(LgReport) report = lg_estimator_run(scenario, &error);
    g_assert_no_error(error);
    const LgFigure *total = lg_report_find(report, "parameters.total");
    g_assert_cmpfloat(total->value, ==, 8030261248);
    g_assert_cmpstr(total->label, ==, "Parameters");
    g_assert_nonnull(total->formula);
    g_assert_cmpuint(total->inputs->len, >, 2);
    lg_language_choose("zh");
    g_autoptr(LgReport) chinese = lg_estimator_run(scenario, &error);
    lg_language_choose(NULL);
    g_assert_cmpstr(lg_report_find(chinese, "parameters.total")->label, ==, "参数量");
}

static void test_errors(void)
{
    static const char *const bad[] = {"{\"model\": \"no such model\"}", "{\"model\": {\"file\": \"/no/such/file\"}}",
                                      "{\"task\": \"serve\", \"load\": {\"users\": -1}, \"model\": \"Llama-3.1-8B\"}",
                                      "{\"taks\": \"fit\"}", "{}"};
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(JsonObject) scenario = parse(bad[i]);
        g_autoptr(GError) error = NULL;
        g_assert_null(lg_estimator_run(scenario, &error));
        g_assert_nonnull(error);
        g_assert_cmpuint(strlen(error->message), >, 5);
    }
    g_autoptr(GError) error = NULL;
    g_assert_null(lg_report_parse("[]", &error));
    g_assert_null(lg_report_parse("{", NULL));
}

/* No preset is an error on any plan, but encoders where texts are generated, and all have a verdict. */
static void test_presets(void)
{
    GPtrArray *models = lg_estimator_models();
    for (gsize p = 0; p < G_N_ELEMENTS(plans); p++) {
        guint n_feasible = 0, n_encoders = 0;
        for (guint i = 0; i < models->len; i++) {
            const char *name = g_ptr_array_index((GPtrArray *)g_ptr_array_index(models, i), 0);
            g_autoptr(JsonObject) draft = draft_of(plans[p], name, first_kind(plans[p]));
            g_autoptr(JsonObject) scenario = lg_plan_finish(plans[p], draft);
            g_autoptr(GError) error = NULL;
            g_autoptr(LgReport) report = lg_estimator_run(scenario, &error);
            if (error)
                g_test_message("%s, %s", name, plans[p]->name);
            if (error && strstr(error->message, "an encoder generates nothing")) {
                n_encoders++;
                continue;
            }
            g_assert_no_error(error);
            g_autofree char *verdict = plans[p]->verdict(scenario, report);
            g_assert_cmpuint(strlen(verdict), >, 8);
            g_assert_null(strstr(verdict, "nan"));
            g_assert_true(report->is_feasible || report->remarks->len);
            n_feasible += report->is_feasible;
        }
        g_test_message("%s: %u of %u can be done", plans[p]->name, n_feasible, models->len);
        g_assert_cmpuint(n_feasible, >, models->len / 3);
        g_assert_cmpuint(n_encoders, <, models->len / 10);
    }
}

/* Charts of the plans have points, the intervals of which hold them. */
static void test_charts(void)
{
    static const struct {
        const LgPlan *plan;
        const char *kind;
        guint n_charts;
    } cases[] = {{&lg_plan_run, "machine", 2},
                 {&lg_plan_run, "device", 2},
                 {&lg_plan_serve, "serve", 3},
                 {&lg_plan_train, "pretrain", 2},
                 {&lg_plan_train, "qlora", 2}};
    for (gsize c = 0; c < G_N_ELEMENTS(cases); c++) {
        g_autoptr(JsonObject) draft = draft_of(cases[c].plan, "Llama-3.1-8B", cases[c].kind);
        lg_scenario_set_text(draft, cases[c].plan == &lg_plan_run ? "where" : "kind", cases[c].kind);
        if (cases[c].plan == &lg_plan_serve)
            json_object_remove_member(draft, "kind");
        g_autoptr(LgOutcome) outcome = lg_outcome_new(cases[c].plan, draft, NULL);
        g_assert_no_error(outcome->error);
        g_assert_true(outcome->report->is_feasible);
        g_assert_cmpuint(outcome->charts->len, ==, cases[c].n_charts);
        for (guint i = 0; i < outcome->charts->len; i++) {
            const LgChartData *data = g_ptr_array_index(outcome->charts, i);
            const LgChartPoint *point;
            g_test_message("%s, %s: %s", cases[c].plan->name, cases[c].kind, data->title);
            g_assert_false(lg_chart_data_is_empty(data));
            if (data->kind == LG_CHART_LINES)
                g_assert_nonnull(lg_chart_data_point(data, 0, 3));
            for (guint s = 0; s < data->series->len; s++)
                for (guint j = 0; (point = lg_chart_data_point(data, s, j)); j++) {
                    g_assert_cmpfloat(point->low, <=, point->y * (1 + 1e-9));
                    g_assert_cmpfloat(point->high, >=, point->y * (1 - 1e-9));
                }
        }
    }
}

/* The parts of a device's memory are all that the report counts. */
static void test_memory(void)
{
    g_autoptr(JsonObject) draft = draft_of(&lg_plan_train, "Llama-3.1-8B", "pretrain");
    g_autoptr(LgOutcome) outcome = lg_outcome_new(&lg_plan_train, draft, NULL);
    const LgChartData *data = g_ptr_array_index(outcome->charts, 0);
    double sum = 0;
    for (guint s = 0; s < data->series->len; s++)
        sum += lg_chart_data_point(data, s, 0)->y;
    g_assert_cmpfloat_with_epsilon(sum / lg_report_value(outcome->report, "memory.total", 0), 1, 1e-6);
}

/* A refusal names a change, and applying it makes the plan feasible. */
static void test_changes(void)
{
    static const struct {
        const LgPlan *plan;
        const char *kind, *model, *path, *value, *code;
    } cases[] = {
        {&lg_plan_run, "machine", "Llama-3.1-8B", "context", "1000000", "shorter_context"},
        {&lg_plan_run, "machine", "Qwen3-32B", "weights", "\"f16\"", "fewer_bits"},
        {&lg_plan_serve, "serve", "Llama-3.1-70B", "hardware.count", "1", "more_devices"},
        {&lg_plan_train, "pretrain", "Llama-3.1-70B", "hardware.count", "8", "more_devices"},
        {&lg_plan_train, "lora", "Llama-3.1-70B", "hardware.count", "1", "quantized"},
        {&lg_plan_train, "full", "Llama-3.1-8B", "hardware.count", "1", "offload"},
        {&lg_plan_train, "full", "Llama-3.1-8B", "hardware.count", "1", "paged"},
        {&lg_plan_train, "full", "Llama-3.1-8B", "hardware.count", "1", "adapters"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(JsonObject) draft = draft_of(cases[i].plan, cases[i].model, cases[i].kind);
        lg_scenario_set(draft, cases[i].path, json_from_string(cases[i].value, NULL));
        if (cases[i].plan == &lg_plan_train)
            lg_scenario_set_text(draft, "kind", cases[i].kind);
        g_autoptr(JsonObject) scenario = lg_plan_finish(cases[i].plan, draft);
        g_autoptr(GError) error = NULL;
        g_autoptr(LgReport) report = lg_estimator_run(scenario, &error);
        g_assert_no_error(error);
        g_assert_false(report->is_feasible);
        gboolean is_named = FALSE;
        for (guint r = 0; r < report->remarks->len; r++) {
            const LgRemark *remark = g_ptr_array_index(report->remarks, r);
            is_named = is_named || (g_str_equal(remark->kind, "change") && g_str_equal(remark->code, cases[i].code));
        }
        g_test_message("%s: %s", cases[i].model, cases[i].code);
        g_assert_true(is_named);
        g_assert_true(lg_change_is_known(cases[i].code));
        g_autoptr(JsonObject) changed = lg_change_apply(cases[i].plan, draft, cases[i].code);
        g_assert_nonnull(changed);
        g_autoptr(JsonObject) better = lg_plan_finish(cases[i].plan, changed);
        g_autoptr(LgReport) good = lg_estimator_run(better, &error);
        g_assert_no_error(error);
        g_assert_true(good->is_feasible);
    }
    g_assert_false(lg_change_is_known("no_such_change"));
    g_assert_null(lg_change_apply(&lg_plan_run, json_object_new(), "no_such_change"));
}

/* All formats in both languages; a place that cannot be written is an error that names it. */
static void test_export(void)
{
    static const struct {
        const char *format, *english, *chinese;
    } formats[] = {{"csv", "active parameters", "激活参数量"},
                   {"json", "libllm-estimate-1", "libllm-estimate-1"},
                   {"markdown", "| active parameters |", "| 激活参数量 |"},
                   {"pdf", "%PDF", "%PDF"}};
    g_autofree char *folder = g_dir_make_tmp("lg-export-XXXXXX", NULL);
    for (gsize p = 0; p < G_N_ELEMENTS(plans); p++) {
        g_autoptr(JsonObject) draft = draft_of(plans[p], "Qwen3-30B-A3B", first_kind(plans[p]));
        g_autoptr(LgOutcome) outcome = lg_outcome_new(plans[p], draft, NULL);
        g_assert_no_error(outcome->error);
        for (gsize f = 0; f < G_N_ELEMENTS(formats); f++) {
            for (int chinese = 0; chinese < 2; chinese++) {
                g_autofree char *path = g_build_filename(folder, formats[f].format, NULL), *text = NULL;
                g_autoptr(GError) error = NULL;
                gsize n = 0;
                lg_export_write(plans[p], outcome, formats[f].format, chinese ? "zh" : "en", path, &error);
                g_assert_no_error(error);
                g_assert_true(g_file_get_contents(path, &text, &n, NULL));
                g_assert_nonnull(g_strstr_len(text, (gssize)n, chinese ? formats[f].chinese : formats[f].english));
                g_assert_cmpuint(n, >, 800);
                g_assert_cmpstr(lg_language(), ==, "en"); /* the thread's choice is given back */
                g_remove(path);
            }
        }
        for (gsize f = 0; f < G_N_ELEMENTS(formats); f++) {
            g_autoptr(GError) error = NULL;
            g_autofree char *path = g_build_filename(folder, "no", "folder", NULL);
            g_assert_false(lg_export_write(plans[p], outcome, formats[f].format, "en", path, &error));
            g_assert_nonnull(error);
        }
    }
    g_rmdir(folder);
}

typedef struct {
    GMainLoop *loop;
    LgQuery *query;
    guint n;
    double last;
} Answers;

static void answered(LgQuery *query, LgOutcome *outcome, Answers *answers)
{
    answers->n++;
    answers->last = lg_scenario_number(outcome->draft, "context", 0);
    if (!lg_query_is_busy(query))
        g_main_loop_quit(answers->loop);
}

/* Of many questions at once the newest is answered last, and few between. */
static void test_newest_wins(void)
{
    enum { QUESTIONS = 200 };
    g_autoptr(LgQuery) query = lg_query_new(&lg_plan_run);
    Answers answers = {g_main_loop_new(NULL, FALSE), query, 0, 0};
    g_autoptr(JsonObject) draft = draft_of(&lg_plan_run, "Llama-3.1-8B", "machine");
    g_signal_connect(query, "answered", G_CALLBACK(answered), &answers);
    for (int i = 1; i <= QUESTIONS; i++) {
        lg_scenario_set_number(draft, "context", 1000 + i);
        lg_query_ask(query, draft);
    }
    g_main_loop_run(answers.loop);
    g_assert_cmpfloat(answers.last, ==, 1000 + QUESTIONS);
    g_assert_cmpuint(answers.n, ==, 1);
    lg_query_ask(query, draft);
    lg_query_forget(query);
    g_assert_cmpuint(answers.n, ==, 1);
    g_main_loop_unref(answers.loop);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sizing/scenario", test_scenario);
    g_test_add_func("/sizing/lists", test_lists);
    g_test_add_func("/sizing/errors", test_errors);
    g_test_add_func("/sizing/presets", test_presets);
    g_test_add_func("/sizing/charts", test_charts);
    g_test_add_func("/sizing/memory", test_memory);
    g_test_add_func("/sizing/changes", test_changes);
    g_test_add_func("/sizing/export", test_export);
    g_test_add_func("/sizing/newest", test_newest_wins);
    return g_test_run();
}
