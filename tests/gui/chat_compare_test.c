/* SPDX-License-Identifier: MIT
 * Two models compared in the page Chat.
 */
#include "chat/beside.h"
#include "chat/model_button.h"
#include "chat/pair.h"
#include "chat_fixture.h"

static GtkWidget *pair(void) { return widget_of(LG_TYPE_PAIR); }

static gboolean stands_beside(guint n)
{
    return gtk_widget_get_visible(pair()) && is_done(n) && message(n - 2)->state != LG_MESSAGE_STREAMING;
}

/* One question, two answers, each with its model and its figures; the second is chosen, and the first stays a version.
 */
static void two_models_are_compared(void)
{
    open_page(BABBLER);
    lg_chat_page_compare(page, SCRIPTED);
    send("Weather?");
    WAIT(stands_beside(3));
    g_assert_cmpstr(message(1)->model, ==, BABBLER);
    g_assert_cmpstr(message(2)->model, ==, SCRIPTED);
    g_assert_cmpstr(message(2)->text, ==, "It is sunny.");
    g_assert_cmpint(message(2)->parent_id, ==, message(0)->id);
    g_assert_cmpint(message(1)->parent_id, ==, message(0)->id);
    for (guint i = 1; i < 3; i++)
        g_assert_nonnull(strstr(message(i)->statistics, "\"first_token_seconds\":"));
    const gint64 chat_id = message(0)->chat_id, first = message(1)->id, second = message(2)->id;
    g_autoptr(LgChat) before = lg_store_get_chat(store, chat_id, NULL);
    g_assert_cmpint(before->leaf_id, ==, first);
    /* It stands so when the chat is opened again. */
    lg_chat_page_new_chat(page);
    g_assert_false(gtk_widget_get_visible(pair()));
    lg_chat_page_show_chat(page, chat_id);
    WAIT(n_messages() == 3 && stands_beside(3));
    act("chat.choose", second);
    WAIT(n_messages() == 2 && !gtk_widget_get_visible(pair()));
    g_assert_cmpint(message(1)->id, ==, second);
    g_assert_cmpuint(message(1)->n_siblings, ==, 2);
    g_assert_null(strstr(message(1)->statistics, "beside"));
    g_autoptr(LgChat) after = lg_store_get_chat(store, chat_id, NULL);
    g_assert_cmpstr(after->model, ==, SCRIPTED);
    /* The other one is a version like any other, and does not come to stand beside it again. */
    g_assert_true(gtk_widget_activate_action(GTK_WIDGET(page), "chat.branch", "(xi)", second, -1));
    WAIT(n_messages() == 2 && message(1)->id == first);
    g_assert_false(gtk_widget_get_visible(pair()));
    close_page();
}

/* Who writes on without a choice goes on with the first one. */
static void the_first_one_is_the_choice_of_who_makes_none(void)
{
    open_page(SCRIPTED);
    lg_chat_page_compare(page, SCRIPTED);
    send("Weather?");
    WAIT(stands_beside(3));
    const gint64 first = message(1)->id;
    lg_chat_page_compare(page, NULL);
    send("And now?");
    WAIT(is_done(4) && !gtk_widget_get_visible(pair()));
    g_assert_cmpint(message(1)->id, ==, first);
    g_assert_cmpint(message(2)->parent_id, ==, first);
    g_autoptr(GPtrArray) versions = lg_store_list_siblings(store, first, NULL);
    g_assert_cmpuint(versions->len, ==, 2);
    g_assert_null(strstr(((const LgMessage *)versions->pdata[1])->statistics, "beside"));
    close_page();
}

/* Both are stopped at once; what there is of them is kept, and none can be chosen before. */
static void compared_answers_are_stopped(void)
{
    open_page(BABBLER);
    lg_chat_page_compare(page, BABBLER);
    send("Go on and on");
    WAIT(n_messages() == 3);
    act("chat.choose", message(2)->id); /* too early */
    g_signal_emit_by_name(widget_of(LG_TYPE_COMPOSER), "stop");
    WAIT(stands_beside(3));
    g_assert_cmpint(message(1)->state, ==, LG_MESSAGE_INTERRUPTED);
    g_assert_cmpint(message(2)->state, ==, LG_MESSAGE_INTERRUPTED);
    close_page();
}

/* Marks that were damaged, or are of a message that is not there, are none. */
static void marks_of_pairs_are_checked(void)
{
    static const char *const damaged[] = {NULL, "", "[]", "{\"beside\":\"x\"}", "{\"beside\":{}}", "{"};
    g_autoptr(LgMessage) one = g_object_new(LG_TYPE_MESSAGE, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(damaged); i++) {
        one->statistics = g_strdup(damaged[i]);
        g_assert_cmpint(lg_beside_of(one), ==, 0);
        g_clear_pointer(&one->statistics, g_free);
    }
    g_autofree char *marked = lg_beside_mark("{\"tokens\":3}", 7), *bare = lg_beside_mark(marked, 0);
    one->statistics = g_strdup(marked);
    g_assert_cmpint(lg_beside_of(one), ==, 7);
    g_assert_cmpstr(bare, ==, "{\"tokens\":3}");
    g_assert_null(lg_beside_mark("{\"beside\":1}", 0));
}

static void note_titles(GtkWidget *widget, GString *titles)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    find(widget, GTK_TYPE_LIST_BOX_ROW, found);
    for (guint i = 0; i < found->len; i++) {
        GtkWidget *box = gtk_list_box_row_get_child(found->pdata[i]);
        g_string_append_printf(titles, "%s\n", gtk_label_get_text(GTK_LABEL(gtk_widget_get_first_child(box))));
    }
}

/* The models of servers are among those that can be chosen, named with their server, and asking nobody. */
static void servers_models_are_offered(void)
{
    g_autoptr(GSettings) settings = g_settings_new("io.github.libllm.Desktop");
    g_autoptr(LgEndpoints) endpoints = lg_endpoints_new(settings);
    LgEndpoint *endpoint = lg_endpoints_add(endpoints, "Far", "http://127.0.0.1:9/v1");
    g_autofree char *model = lg_remote_name(endpoint, "org/large");
    g_autoptr(GPtrArray) names = g_ptr_array_new(), buttons = g_ptr_array_new(), menus = g_ptr_array_new();
    g_ptr_array_add(names, (char *)"org/large");
    g_ptr_array_add(names, (char *)"small");
    lg_endpoints_set_models(endpoints, lg_endpoint_get_id(endpoint), names);
    open_page(model);
    lg_chat_page_set_models(page, NULL, endpoints);
    find(GTK_WIDGET(page), LG_TYPE_MODEL_BUTTON, buttons);
    find(buttons->pdata[0], GTK_TYPE_MENU_BUTTON, menus);
    const char *name = gtk_widget_get_tooltip_text(menus->pdata[0]);
    g_assert_cmpstr(name, ==, "Model: org/large · Far");
    GtkPopover *popover = gtk_menu_button_get_popover(menus->pdata[0]);
    gtk_popover_popup(popover);
    g_autoptr(GString) titles = g_string_new("\n");
    note_titles(GTK_WIDGET(popover), titles);
    g_assert_nonnull(strstr(titles->str, "\norg/large · Far\nsmall · Far\n"));
    gtk_popover_popdown(popover);
    lg_endpoints_remove(endpoints, endpoint);
    close_page();
}

static void add(void)
{
    g_test_add_func("/chat/compare/choose", two_models_are_compared);
    g_test_add_func("/chat/compare/go-on", the_first_one_is_the_choice_of_who_makes_none);
    g_test_add_func("/chat/compare/stop", compared_answers_are_stopped);
    g_test_add_func("/chat/compare/marks", marks_of_pairs_are_checked);
    g_test_add_func("/chat/compare/servers", servers_models_are_offered);
}

int main(int argc, char **argv) { return run_chat_tests(argc, argv, add); }
