/* SPDX-License-Identifier: MIT
 * What the page Chat says of an answer: its energy, and the exact tokens that are sent.
 */
#include "chat/energy.h"
#include "chat/inspector.h"
#include "chat_fixture.h"

/* --- Energy --- */

/* An answer of this machine has it, with its interval; the figure is worked out from what can be looked up. */
static void energy_is_estimated(void)
{
    device = "auto"; /* as the app has it */
    open_page(BABBLER);
    device = NULL;
    send("Say something");
    WAIT(is_done(2));
    g_autoptr(JsonNode) root = json_from_string(message(1)->statistics, NULL);
    LgEnergyUse use;
    double joules, low, high;
    g_assert_true(lg_energy_read(json_node_get_object(root), &use, &joules, &low, &high));
    g_assert_true(low < joules && joules < high && use.seconds > 0);
    g_autoptr(LgReport) report = lg_energy_estimate(&use, NULL);
    const LgFigure *figure = lg_report_find(report, LG_ENERGY_PATH), *power = lg_report_find(report, "power.total");
    g_assert_cmpfloat_with_epsilon(figure->value, joules, 1e-9 * joules);
    g_assert_cmpfloat_with_epsilon(figure->value, power->value * use.seconds, 1e-9 * joules);
    g_assert_cmpfloat(power->value, >, 0);
    for (guint i = 0; i < figure->inputs->len; i++)
        g_assert_nonnull(lg_report_find(report, figure->inputs->pdata[i]));
    close_page();
}

static void powers_are_of_the_tables(void)
{
    const char *found = NULL;
    g_assert_cmpfloat(lg_energy_watts("13th Gen Intel(R) Core(TM) i9-13900K", &found), ==, 253);
    g_assert_cmpstr(found, ==, "Core i9-13900K");
    g_assert_cmpfloat(lg_energy_watts("AMD Ryzen 9 7950X 16-Core Processor", &found), ==, 170);
    g_assert_cmpfloat(lg_energy_watts("Intel(R) Xeon(R) Processor", &found), ==, 0);
    g_assert_cmpfloat(lg_energy_watts("", &found), ==, 0);
    /* A processor that no table has is reckoned by its threads; a card is not. */
    LgEnergyUse use = {.name = "Some Processor", .n_threads = 4, .seconds = 2};
    g_autoptr(LgReport) report = lg_energy_estimate(&use, NULL);
    g_assert_cmpfloat(lg_report_value(report, "device.power", 0), ==, 20);
    g_autoptr(GError) error = NULL;
    use.is_card = TRUE;
    g_assert_null(lg_energy_estimate(&use, &error));
    g_assert_nonnull(error);
}

/* --- What is sent --- */

static LgInspector *find_inspector(void)
{
    g_autoptr(GList) windows = gtk_window_list_toplevels();
    for (GList *at = windows; at; at = at->next)
        if (LG_IS_INSPECTOR(at->data))
            return at->data;
    return NULL;
}

static gboolean is_inspected(void)
{
    LgInspector *inspector = find_inspector();
    return inspector && lg_inspector_get_summary(inspector)[0];
}

static void inspect(void) { g_assert_true(gtk_widget_activate_action(GTK_WIDGET(page), "chat.inspect", NULL)); }

static void close_inspector(void)
{
    gtk_window_destroy(GTK_WINDOW(find_inspector()));
    while (g_main_context_iteration(NULL, FALSE))
        ;
    g_assert_null(find_inspector());
}

/* The window shows what is sent, with what is being written, and counts each message. */
static void what_is_sent_can_be_seen(void)
{
    open_page(BABBLER);
    inspect(); /* nothing is written yet */
    g_assert_null(find_inspector());
    lg_chat_page_set_draft(page, "sunny <b>");
    inspect();
    WAIT(is_inspected());
    g_autofree char *text = lg_inspector_get_text(find_inspector()), *ids = lg_inspector_get_ids(find_inspector());
    g_assert_nonnull(strstr(text, "sunny <b>"));
    g_autoptr(JsonNode) numbers = json_from_string(ids, NULL);
    g_autofree char *count = g_strdup_printf("%u tokens", json_array_get_length(json_node_get_array(numbers)));
    g_assert_nonnull(strstr(lg_inspector_get_summary(find_inspector()), count));
    g_autoptr(GPtrArray) counts = g_ptr_array_new(), expanders = g_ptr_array_new();
    find(GTK_WIDGET(find_inspector()), GTK_TYPE_EXPANDER, expanders);
    gtk_expander_set_expanded(expanders->pdata[0], TRUE); /* which has its child only then */
    WAIT((find(GTK_WIDGET(find_inspector()), ADW_TYPE_ACTION_ROW, counts), counts->len) == 2);
    g_assert_cmpstr(adw_action_row_get_subtitle(counts->pdata[0]), ==, "sunny &lt;b&gt;");
    close_inspector();
    /* One that is closed at once is not waited for. */
    inspect();
    close_inspector();
    for (guint i = 0; i < 20; i++)
        g_main_context_iteration(NULL, FALSE), g_usleep(5000);
    close_page();
}

/* A model without a template has no tokens, and the window says why; of a server the request is shown. */
static void what_cannot_be_seen_is_said(void)
{
    open_page(LIBLLM_TEST_DATA "/tiny/llama.gguf");
    lg_chat_page_set_draft(page, "sunny");
    inspect();
    g_autoptr(GPtrArray) problems = g_ptr_array_new();
    WAIT((g_ptr_array_set_size(problems, 0), find(GTK_WIDGET(find_inspector()), ADW_TYPE_STATUS_PAGE, problems),
          problems->len == 1 && gtk_widget_get_child_visible(problems->pdata[0])));
    g_assert_nonnull(strstr(adw_status_page_get_description(problems->pdata[0]), "template"));
    close_inspector();
    lg_chat_page_set_model(page, "remote:none/m");
    if (lg_remote_is_name("remote:none/m")) {
        inspect();
        g_autofree char *text = lg_inspector_get_text(find_inspector());
        g_assert_nonnull(strstr(text, "\"content\" : \"sunny\""));
        g_assert_null(strstr(text, "reasoning"));
        close_inspector();
    }
    close_page();
}

static void add(void)
{
    g_test_add_func("/chat/energy/answer", energy_is_estimated);
    g_test_add_func("/chat/energy/tables", powers_are_of_the_tables);
    g_test_add_func("/chat/inspect/tokens", what_is_sent_can_be_seen);
    g_test_add_func("/chat/inspect/problems", what_cannot_be_seen_is_said);
}

int main(int argc, char **argv) { return run_chat_tests(argc, argv, add); }
