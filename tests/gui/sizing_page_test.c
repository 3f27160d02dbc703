/* SPDX-License-Identifier: MIT
 * The page Sizing under a display: every preset on every page, what is shown against `libllm estimate`, hostile input,
 * changes that are applied, comparisons, and charts by keys. With --stay NAME it shows that page until its input ends,
 * for sizing_names.py.
 */
#include "sizing/estimator.h"
#include "sizing/page.h"
#include "sizing/scenario.h"
#include "widgets/chart.h"
#include "widgets/chart_view.h"
#include "widgets/quantity.h"
#include "widgets/table.h"

#include <glib/gstdio.h>
#include <locale.h>
#include <math.h>
#include <string.h>

enum { PATIENCE_S = 120, PLANS = 3 };
static const char *const names[PLANS] = {"run", "serve", "train"};

typedef struct {
    GtkWindow *window;
    LgSizingPage *page;
} Fixture;

static JsonObject *machine(void)
{
    g_autoptr(JsonNode) node =
        json_from_string("{\"name\": \"test\", \"memory\": 2.4e10, \"bandwidth\": 3e10, \"operations\": 5e11}", NULL);
    return json_node_dup_object(node);
}

static void set_up(Fixture *f, gconstpointer data)
{
    g_autoptr(JsonObject) given = machine();
    f->page = LG_SIZING_PAGE(lg_sizing_page_new());
    f->window = GTK_WINDOW(adw_window_new());
    lg_planner_set_machine(lg_sizing_page_get_planner(f->page, "run"), given);
    adw_window_set_content(ADW_WINDOW(f->window), GTK_WIDGET(f->page));
    gtk_window_set_default_size(f->window, 1000, 800);
    gtk_window_present(f->window);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    gtk_window_destroy(f->window);
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

static gboolean tick(gpointer data) { return G_SOURCE_CONTINUE; }

static gboolean is_busy(Fixture *f)
{
    for (int i = 0; i < PLANS; i++)
        if (lg_planner_is_busy(lg_sizing_page_get_planner(f->page, names[i])))
            return TRUE;
    return lg_compare_is_busy(lg_sizing_page_get_compare(f->page));
}

static void settle(Fixture *f)
{
    const gint64 end = g_get_monotonic_time() + PATIENCE_S * G_USEC_PER_SEC;
    const guint ticks = g_timeout_add(5, tick, NULL); /* so that iterations end */
    do
        g_main_context_iteration(NULL, TRUE);
    while (is_busy(f) && g_get_monotonic_time() < end);
    g_source_remove(ticks);
    g_assert_false(is_busy(f));
}

static LgPlanner *planner(Fixture *f, const char *name) { return lg_sizing_page_get_planner(f->page, name); }

static LgOutcome *outcome(Fixture *f, const char *name) { return lg_planner_get_outcome(planner(f, name)); }

static void enter(Fixture *f, const char *name, const char *path, const char *text)
{
    lg_sizing_page_show(f->page, name); /* pages that are not shown do not work */
    LgField *field = lg_planner_get_field(planner(f, name), path);
    g_assert_nonnull(field);
    lg_field_enter(field, text);
}

static void set_preset(Fixture *f, const char *preset)
{
    lg_model_choice_set_preset(lg_planner_get_model_choice(planner(f, "run")), preset);
}

static void show(Fixture *f, const char *name)
{
    lg_sizing_page_show(f->page, name);
    settle(f);
}

/* Each preset on one of the pages in turn; on all with -m slow. sizing_test.c asks for all without a page. */
static void test_presets(Fixture *f, gconstpointer data)
{
    GPtrArray *models = lg_estimator_models();
    for (guint i = 0; i < models->len; i++) {
        const char *preset = g_ptr_array_index((GPtrArray *)g_ptr_array_index(models, i), 0);
        set_preset(f, preset);
        for (int p = 0; p < PLANS; p++) {
            if (!g_test_slow() && (int)i % PLANS != p)
                continue;
            show(f, names[p]);
            const LgOutcome *shown = outcome(f, names[p]);
            g_assert_nonnull(shown);
            if (shown->error)
                g_test_message("%s, %s: %s", preset, names[p], shown->error->message);
            if (shown->error && strstr(shown->error->message, "an encoder generates nothing"))
                continue;
            g_assert_no_error(shown->error);
            g_assert_cmpstr(lg_scenario_text(shown->scenario, "model"), ==, preset);
            g_assert_cmpuint(strlen(lg_verdict_get_title(lg_planner_get_verdict(planner(f, names[p])))), >, 8);
        }
    }
}

static void run_command(const char *const *arguments, char **out)
{
    g_autofree char *complaint = NULL;
    g_autoptr(GError) error = NULL;
    int status = 0;
    g_spawn_sync(NULL, (char **)(gpointer)arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, out, &complaint, &status,
                 &error);
    g_assert_no_error(error);
    if (status)
        g_test_message("%s: %s", arguments[0], complaint);
    g_assert_cmpint(status, ==, 0);
}

/* Every key figure of the page is the command's figure for the same scenario. */
static void compare_with_command(Fixture *f, const char *name, const char *path)
{
    const LgOutcome *shown = outcome(f, name);
    const LgPlan *plan = lg_planner_get_plan(planner(f, name));
    const char *command = g_getenv("LIBLLM_COMMAND");
    g_autofree char *json = NULL;
    g_autoptr(GError) error = NULL;
    guint n = 0;
    run_command((const char *const[]){command, "estimate", "--scenario", path, "--format", "json", NULL}, &json);
    g_autoptr(LgReport) said = lg_report_parse(json, &error);
    g_assert_no_error(error);
    g_assert_true(said->is_feasible == shown->report->is_feasible);
    for (guint i = 0; plan->figures[i]; i++) {
        const LgFigure *figure = lg_report_find(said, plan->figures[i]);
        const char *text = lg_figures_text(lg_planner_get_figures(planner(f, name)), plan->figures[i]);
        g_assert_true((figure != NULL) == (text != NULL));
        if (!figure)
            continue;
        g_autofree char *expected =
            figure->words ? g_strdup(figure->words) : lg_quantity_text(figure->value, figure->unit);
        g_assert_cmpstr(text, ==, expected);
        g_assert_cmpfloat(lg_report_value(shown->report, plan->figures[i], 0), ==, figure->value);
        n++;
    }
    g_assert_cmpuint(n, >, 6);
}

/* Scenarios that pages write are valid by the published schema, and give what the command gives. */
static void test_against_command(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *page, *preset;
        const char *inputs[9]; /* path, text, path, text ... */
    } cases[] = {
        {"run", "Qwen3-30B-A3B", {"context", "32k", "kv", "q8_0"}},
        {"run", "Llama-3.1-8B", {"where", "device", "hardware.count", "2", "context", "16384"}},
        {"run", "Gemma-3-4B", {"machine.memory", "7.5"}},
        {"serve", "DeepSeek-V3", {"hardware.device", "NVIDIA H200 SXM 141GB", "targets.tpot", "50"}},
        {"serve",
         "Llama-3.1-70B",
         {"hardware.count", "8", "load.users", "30000", "cost.electricity", "0.11", "prefix_hit", "30"}},
        {"serve", "Qwen3-32B", {"load.queries_per_second", "2.5", "weights", "fp8", "cost.region", "CHN"}},
        {"train", "Llama-3.1-70B", {"hardware.count", "2048", "tokens.total", "15T", "parallel.tp", "8"}},
        {"train", "Llama-3.1-8B", {"kind", "qlora", "hardware.count", "1", "lora.rank", "64", "paged", "true"}},
        {"train", "Qwen3-4B", {"kind", "full", "hardware.count", "8", "parallel.zero", "3", "optimizer", "adam8bit"}},
        {"train", "GPT-3-175B", {"mfu", "38", "days", "30", "hardware.count", ""}},
    };
    const char *command = g_getenv("LIBLLM_COMMAND"), *checker = g_getenv("LIBLLM_CHECK_SCENARIOS");
    if (!command || !checker) {
        g_test_skip("LIBLLM_COMMAND and LIBLLM_CHECK_SCENARIOS are not set");
        return;
    }
    g_autofree char *folder = g_dir_make_tmp("lg-sizing-XXXXXX", NULL);
    g_autoptr(GPtrArray) arguments = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(arguments, g_strdup("python3"));
    g_ptr_array_add(arguments, g_strdup(checker));
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Fixture own;
        set_up(&own, NULL);
        set_preset(&own, cases[i].preset);
        for (guint j = 0; cases[i].inputs[j]; j += 2)
            enter(&own, cases[i].page, cases[i].inputs[j], cases[i].inputs[j + 1]);
        lg_sizing_page_show(own.page, cases[i].page);
        settle(&own);
        g_test_message("%s, %s", cases[i].page, cases[i].preset);
        g_assert_no_error(outcome(&own, cases[i].page)->error);
        g_autofree char *file = g_strdup_printf("%zu.json", i), *path = g_build_filename(folder, file, NULL);
        g_autofree char *text = lg_scenario_print(outcome(&own, cases[i].page)->scenario);
        g_assert_true(g_file_set_contents(path, text, -1, NULL));
        compare_with_command(&own, cases[i].page, path);
        g_ptr_array_add(arguments, g_steal_pointer(&path));
        tear_down(&own, NULL);
    }
    const guint n = arguments->len;
    g_ptr_array_add(arguments, NULL);
    g_autofree char *said = NULL;
    run_command((const char *const *)arguments->pdata, &said);
    g_test_message("%s", said);
    for (guint i = 2; i < n; i++)
        g_remove(g_ptr_array_index(arguments, i));
    g_rmdir(folder);
}

/* Whatever is typed into any field gives a message there, or a scenario that the estimator answers to. */
static void test_hostile_input(Fixture *f, gconstpointer data)
{
    static const char *const texts[] = {"",
                                        "-5",
                                        "0",
                                        "abc",
                                        "1e400",
                                        "99999999999999999999999999999999",
                                        "nan",
                                        "1,5",
                                        "inf",
                                        "1.2.3",
                                        "--1",
                                        "1e",
                                        "\xe4\xb8\x87",
                                        "5%",
                                        "0.3333",
                                        "<b>1</b>",
                                        "1e-30",
                                        "17"};
    settle(f);
    for (int p = 0; p < PLANS; p++) {
        const LgPlan *plan = lg_planner_get_plan(planner(f, names[p]));
        lg_sizing_page_show(f->page, names[p]);
        settle(f);
        for (guint g = 0; g < plan->n_groups; g++) {
            for (guint i = 0; i < plan->groups[g].n_fields; i++) {
                const LgFieldSpec *spec = &plan->groups[g].fields[i];
                LgField *field = lg_planner_get_field(planner(f, names[p]), spec->path);
                if (spec->kind != LG_FIELD_NUMBER || !gtk_widget_get_visible(GTK_WIDGET(field)))
                    continue;
                g_autofree char *before = g_strdup(lg_field_get_text(field));
                for (gsize t = 0; t < G_N_ELEMENTS(texts); t++) {
                    lg_field_enter(field, texts[t]);
                    const gboolean is_refused = *lg_field_get_message(field) != 0;
                    if (!is_refused) /* what is refused is not asked */
                        settle(f);
                    const LgOutcome *shown = outcome(f, names[p]);
                    double value = NAN;
                    g_autofree char *problem = lg_number_parse(texts[t], &value);
                    const gboolean is_empty = !*texts[t];
                    const gboolean is_good = is_empty ? !spec->is_needed
                                                      : !problem && value >= spec->min && value <= spec->max &&
                                                            (!spec->is_whole || value == floor(value));
                    if (is_refused == is_good || (!is_refused && shown->error))
                        g_test_message("%s, %s: “%s”: %s %s", names[p], spec->path, texts[t],
                                       lg_field_get_message(field), shown->error ? shown->error->message : "");
                    g_assert_true(is_refused != is_good);
                    /* what the library refuses besides is said at the field as well */
                    if (!is_refused && shown->error)
                        g_assert_cmpuint(strlen(lg_field_get_message(field)), >, 0);
                }
                lg_field_enter(field, before);
                settle(f);
                g_assert_cmpstr(lg_field_get_message(field), ==, "");
                g_assert_no_error(outcome(f, names[p])->error);
            }
        }
    }
}

static void test_change(Fixture *f, gconstpointer data)
{
    set_preset(f, "Llama-3.1-70B");
    enter(f, "serve", "hardware.count", "1");
    settle(f);
    g_assert_false(outcome(f, "serve")->report->is_feasible);
    lg_planner_apply(planner(f, "serve"), "more_devices");
    settle(f);
    g_assert_true(outcome(f, "serve")->report->is_feasible);
    g_assert_cmpstr(lg_field_get_text(lg_planner_get_field(planner(f, "serve"), "hardware.count")), ==, "");
    g_assert_cmpstr(lg_field_get_text(lg_planner_get_field(planner(f, "serve"), "parallel.tp")), ==, "2");
    enter(f, "run", "context", "1M");
    set_preset(f, "Llama-3.1-8B");
    settle(f);
    g_assert_false(outcome(f, "run")->report->is_feasible);
    lg_planner_apply(planner(f, "run"), "shorter_context");
    settle(f);
    g_assert_true(outcome(f, "run")->report->is_feasible);
    g_assert_cmpstr(lg_field_get_text(lg_planner_get_field(planner(f, "run"), "machine.memory")), ==, "");
    enter(f, "train", "kind", "full");
    enter(f, "train", "hardware.count", "1");
    settle(f);
    g_assert_false(outcome(f, "train")->report->is_feasible);
    lg_planner_apply(planner(f, "train"), "adapters");
    settle(f);
    g_assert_true(outcome(f, "train")->report->is_feasible);
    g_assert_cmpstr(lg_field_get_text(lg_planner_get_field(planner(f, "train"), "kind")), ==, "lora");
}

static void test_models(Fixture *f, gconstpointer data)
{
    static const char *const files[] = {LIBLLM_TEST_DATA "/tiny/llama.gguf", LIBLLM_TEST_DATA "/tiny-hf/llama",
                                        LIBLLM_TEST_DATA "/tiny-hf/llama/config.json"};
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        lg_sizing_page_set_model(f->page, files[i]);
        settle(f);
        g_assert_no_error(outcome(f, "run")->error);
        g_assert_true(outcome(f, "run")->report->is_feasible);
        /* files of weights have a format; that of a configuration is chosen */
        g_assert_true(gtk_widget_get_visible(GTK_WIDGET(lg_planner_get_field(planner(f, "run"), "weights"))) ==
                      (i > 1));
    }
    lg_sizing_page_set_model(f->page, "/no/such/model.gguf");
    settle(f);
    g_assert_nonnull(outcome(f, "run")->error);
    g_assert_nonnull(strstr(outcome(f, "run")->error->message, "/no/such/model.gguf"));
    g_autoptr(JsonNode) numbers =
        json_from_string("{\"layers\": 32, \"hidden\": 4096, \"heads\": 32, \"vocab\": 32000}", NULL);
    lg_model_choice_set_model(lg_planner_get_model_choice(planner(f, "train")), json_node_copy(numbers));
    settle(f);
    for (int p = 0; p < PLANS; p++) {
        show(f, names[p]);
        g_assert_no_error(outcome(f, names[p])->error);
    }
    GtkWindow *chooser = lg_model_choice_choose(lg_planner_get_model_choice(planner(f, "train")));
    settle(f);
    gtk_window_close(chooser);
    settle(f);
}

static void test_compare(Fixture *f, gconstpointer data)
{
    LgCompare *compare = lg_sizing_page_get_compare(f->page);
    lg_sizing_page_show(f->page, "compare");
    settle(f);
    g_assert_cmpuint(lg_compare_n_items(compare), ==, 0);
    g_signal_emit_by_name(compare, "wanted", "serve"); /* its page was never shown */
    settle(f);
    g_assert_cmpuint(lg_compare_n_items(compare), ==, 1);
    for (int i = 0; i < 3; i++)
        g_assert_true(lg_compare_add(compare, &lg_plan_serve, outcome(f, "serve")->draft));
    g_assert_false(lg_compare_add(compare, &lg_plan_serve, outcome(f, "serve")->draft));
    lg_compare_set_device(compare, 1, "NVIDIA RTX 4090");
    lg_compare_set_model(compare, 2, json_node_init_string(json_node_alloc(), "Qwen3-32B"));
    lg_compare_set_model(compare, 3, json_node_init_string(json_node_alloc(), "no such model"));
    settle(f);
    g_autofree char *first = lg_compare_text(compare, 0, "latency.tpot");
    g_autofree char *second = lg_compare_text(compare, 1, "latency.tpot");
    g_assert_cmpstr(first, ==, lg_figures_text(lg_planner_get_figures(planner(f, "serve")), "latency.tpot"));
    g_assert_cmpstr(first, !=, second);
    g_assert_null(lg_compare_text(compare, 3, "latency.tpot"));
    lg_compare_remove(compare, 3);
    lg_compare_remove(compare, 0);
    settle(f);
    g_autofree char *moved = lg_compare_text(compare, 0, "latency.tpot");
    g_assert_cmpstr(moved, ==, second);
    while (lg_compare_n_items(compare))
        lg_compare_remove(compare, 0);
    settle(f);
}

static GtkWidget *find(GtkWidget *widget, GType type)
{
    if (G_TYPE_CHECK_INSTANCE_TYPE(widget, type) && gtk_widget_get_mapped(widget))
        return widget;
    for (GtkWidget *child = gtk_widget_get_first_child(widget); child; child = gtk_widget_get_next_sibling(child)) {
        GtkWidget *found = find(child, type);
        if (found)
            return found;
    }
    return NULL;
}

static void test_chart(Fixture *f, gconstpointer data)
{
    settle(f);
    settle(f);
    LgChartView *view = LG_CHART_VIEW(find(GTK_WIDGET(f->page), LG_TYPE_CHART_VIEW));
    LgChart *chart = LG_CHART(find(GTK_WIDGET(view), LG_TYPE_CHART));
    g_assert_null(lg_chart_words(chart));
    lg_chart_move(chart, 0, 0);
    g_autofree char *first = lg_chart_words(chart);
    lg_chart_move(chart, 1, 0);
    g_autofree char *next = lg_chart_words(chart);
    lg_chart_move(chart, G_MININT / 2, 0);
    g_autofree char *home = lg_chart_words(chart);
    lg_chart_move(chart, 0, 1);
    g_autofree char *other = lg_chart_words(chart);
    g_test_message("%s; %s; %s", first, next, other);
    g_assert_cmpstr(first, ==, home);
    g_assert_cmpstr(first, !=, next);
    g_assert_cmpstr(first, !=, other);
    lg_chart_view_show_table(view, TRUE);
    settle(f);
    g_assert_cmpuint(lg_table_n_rows(LG_TABLE(find(GTK_WIDGET(view), LG_TYPE_TABLE))), >=, 5);
    lg_chart_view_show_table(view, FALSE);
    g_autoptr(LgChartData) empty = lg_chart_data_new(LG_CHART_LINES, "", "", NULL, "", NULL);
    lg_chart_view_set_data(view, empty);
    g_assert_false(gtk_widget_get_visible(GTK_WIDGET(view)));
    lg_chart_move(chart, 1, 1);
}

static void test_why(Fixture *f, gconstpointer data)
{
    settle(f);
    GtkWindow *why = lg_figures_why(lg_planner_get_figures(planner(f, "run")), "decode.tokens_per_second");
    g_assert_nonnull(why);
    settle(f);
    gtk_window_close(why);
    g_assert_null(lg_figures_why(lg_planner_get_figures(planner(f, "run")), "no.such.figure"));
}

static void test_documents(Fixture *f, gconstpointer data)
{
    lg_sizing_page_show(f->page, "documents");
    const gint64 end = g_get_monotonic_time() + PATIENCE_S * G_USEC_PER_SEC;
    GtkWidget *table = NULL;
    while (!table && g_get_monotonic_time() < end) {
        settle(f);
        table = find(GTK_WIDGET(f->page), LG_TYPE_TABLE);
    }
    g_assert_nonnull(table);
    g_assert_cmpuint(lg_table_n_rows(LG_TABLE(table)), >, 3);
}

/* A page that goes away while it asks. */
static void test_closing(Fixture *f, gconstpointer data)
{
    for (int i = 0; i < 20; i++) {
        Fixture own;
        set_up(&own, NULL);
        set_preset(&own, i % 2 ? "GPT-3-175B" : "Qwen3-32B");
        for (int j = 0; j < i; j++)
            g_main_context_iteration(NULL, FALSE);
        tear_down(&own, NULL);
    }
}

static gboolean input_ended(GIOChannel *channel, GIOCondition condition, gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

static int stay(const char *name)
{
    Fixture f;
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    GIOChannel *input = g_io_channel_unix_new(0);
    g_io_add_watch(input, G_IO_IN | G_IO_HUP, input_ended, loop);
    set_up(&f, NULL);
    gtk_window_set_title(f.window, "Sizing");
    lg_sizing_page_show(f.page, name);
    settle(&f);
    if (g_str_equal(name, "compare")) {
        g_signal_emit_by_name(lg_sizing_page_get_compare(f.page), "wanted", "serve");
        settle(&f);
    }
    g_print("ready\n");
    g_main_loop_run(loop);
    g_io_channel_unref(input);
    return 0;
}

int main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    if (argc > 2 && g_str_equal(argv[1], "--stay")) {
        adw_init();
        return stay(argv[2]);
    }
    g_test_init(&argc, &argv, NULL);
    adw_init();
#define ADD(path, test) g_test_add(path, Fixture, NULL, set_up, test, tear_down)
    ADD("/page/presets", test_presets);
    ADD("/page/command", test_against_command);
    ADD("/page/hostile", test_hostile_input);
    ADD("/page/change", test_change);
    ADD("/page/models", test_models);
    ADD("/page/compare", test_compare);
    ADD("/page/chart", test_chart);
    ADD("/page/why", test_why);
    ADD("/page/documents", test_documents);
    ADD("/page/closing", test_closing);
    return g_test_run();
}
