/* SPDX-License-Identifier: MIT
 * An input method composes: Enter that chooses a candidate sends nothing, Enter after that does. The input method is
 * one of the test's own; the keys are pressed by xdotool, as GTK has no way to make them.
 */
#include <adwaita.h>
#include <gtk/gtkimmodule.h>
#include <string.h>

#include "chat/composer.h"

/* Letters are composed, Enter commits their capitals, and Escape drops them. */
typedef struct {
    GtkIMContext parent_instance;
    GString *preedit;
} TestContext;
typedef GtkIMContextClass TestContextClass;
GType test_context_get_type(void);
G_DEFINE_TYPE_WITH_CODE(TestContext, test_context, GTK_TYPE_IM_CONTEXT,
                        g_io_extension_point_implement(GTK_IM_MODULE_EXTENSION_POINT_NAME, g_define_type_id, "test", 0))

static gboolean composes;

static gboolean filter(GtkIMContext *context, GdkEvent *event)
{
    TestContext *self = (TestContext *)context;
    guint key = gdk_key_event_get_keyval(event);
    if (gdk_event_get_event_type(event) != GDK_KEY_PRESS)
        return FALSE;
    if (!composes && key >= 'a' && key <= 'z')
        g_signal_emit_by_name(self, "commit", (char[2]){(char)key});
    if (!composes)
        return key >= 'a' && key <= 'z';
    if (key >= 'a' && key <= 'z') {
        if (!self->preedit->len)
            g_signal_emit_by_name(self, "preedit-start");
        g_string_append_c(self->preedit, (char)key);
        g_signal_emit_by_name(self, "preedit-changed");
        return TRUE;
    }
    if (key == GDK_KEY_Return && self->preedit->len) {
        g_autofree char *chosen = g_ascii_strup(self->preedit->str, -1);
        g_string_truncate(self->preedit, 0);
        g_signal_emit_by_name(self, "preedit-changed");
        g_signal_emit_by_name(self, "preedit-end");
        g_signal_emit_by_name(self, "commit", chosen);
        return TRUE;
    }
    return FALSE;
}

static void get_preedit(GtkIMContext *context, char **text, PangoAttrList **attributes, int *cursor)
{
    if (text)
        *text = g_strdup(((TestContext *)context)->preedit->str);
    if (attributes)
        *attributes = pango_attr_list_new();
    if (cursor)
        *cursor = (int)((TestContext *)context)->preedit->len;
}

static void test_context_class_init(TestContextClass *class)
{
    class->filter_keypress = filter;
    class->get_preedit_string = get_preedit;
}

static void test_context_init(TestContext *self) { self->preedit = g_string_new(NULL); }

static LgComposer *composer;
static GString *sent;

static void on_send(LgComposer *self, const char *text, gpointer data)
{
    g_string_append_printf(sent, "<%s>", text);
    lg_composer_clear(self);
}

static void on_stop(LgComposer *self, gpointer data) { g_string_append(sent, "stop"); }

static gboolean stop_waiting(gpointer done)
{
    *(gboolean *)done = TRUE;
    return G_SOURCE_REMOVE;
}

static void wait_ms(guint milliseconds)
{
    gboolean done = FALSE;
    g_timeout_add(milliseconds, stop_waiting, &done);
    while (!done)
        g_main_context_iteration(NULL, TRUE);
}

static void on_child_ended(GPid pid, int status, gpointer done)
{
    g_assert_cmpint(status, ==, 0);
    *(gboolean *)done = TRUE;
}

static void run_xdotool(const char *arguments)
{
    g_autofree char *line = g_strdup_printf("xdotool %s", arguments);
    g_auto(GStrv) argv = g_strsplit(line, " ", -1);
    g_autoptr(GError) error = NULL;
    GPid pid;
    gboolean done = FALSE;
    g_spawn_async(NULL, argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, &error);
    g_assert_no_error(error);
    g_child_watch_add(pid, on_child_ended, &done);
    while (!done)
        g_main_context_iteration(NULL, TRUE);
}

/* Presses keys and waits until they have come: a last one is seen by the window. */
static guint n_keys;
static gboolean count_key(GtkEventControllerKey *controller, guint key, guint code, GdkModifierType state,
                          gpointer data)
{
    n_keys += key == GDK_KEY_F12;
    return FALSE;
}

static void press(const char *keys)
{
    g_autofree char *arguments = g_strdup_printf("key %s F12", keys);
    guint before = n_keys;
    run_xdotool(arguments);
    for (int i = 0; i < 600 && n_keys == before; i++)
        wait_ms(50);
    g_assert_cmpuint(n_keys, >, before);
    wait_ms(20);
}

static void check(const char *expected_sent, const char *expected_text)
{
    g_autofree char *text = lg_composer_get_text(composer);
    g_assert_cmpstr(sent->str, ==, expected_sent);
    g_assert_cmpstr(text, ==, expected_text);
    g_string_truncate(sent, 0);
}

static void enter_in_composition_sends_nothing(void)
{
    composes = TRUE;
    lg_composer_set_enter_sends(composer, TRUE);
    press("n i");
    check("", "");
    press("Return");
    check("", "NI");
    press("h a o Return");
    check("", "NIHAO");
    press("Return");
    check("<NIHAO>", "");
    composes = FALSE;
}

static void control_enter_in_composition_sends_nothing_either(void)
{
    composes = TRUE;
    lg_composer_set_enter_sends(composer, FALSE);
    press("n i ctrl+Return");
    check("", "NI");
    press("Return");
    check("", "NI\n");
    press("ctrl+Return");
    check("<NI\n>", "");
    composes = FALSE;
}

static void enter_sends_and_shift_enter_does_not(void)
{
    lg_composer_set_enter_sends(composer, TRUE);
    press("a shift+Return b");
    check("", "a\nb");
    press("Return");
    check("<a\nb>", "");
    press("Return");
    check("", "");
}

static void nothing_is_sent_while_an_answer_is_written(void)
{
    lg_composer_set_busy(composer, TRUE);
    press("a Return");
    check("", "a");
    press("Escape");
    check("stop", "a");
    lg_composer_set_busy(composer, FALSE);
    press("Return");
    check("<a>", "");
}

static void stop_is_next_to_the_text_and_the_text_comes_after_it(void)
{
    lg_composer_set_text(composer, "");
    lg_composer_set_busy(composer, TRUE);
    press("Tab space");
    check("stop", "");
    press("shift+Tab x Tab");
    lg_composer_set_text(composer, "");
    lg_composer_set_busy(composer, FALSE);
    press("y");
    check("", "y");
    press("Tab space");
    check("<y>", "");
    press("z");
    check("", "z");
    lg_composer_set_text(composer, "");
}

int main(int argc, char **argv)
{
    g_autofree char *xdotool = g_find_program_in_path("xdotool");
    g_test_init(&argc, &argv, NULL);
    g_setenv("GTK_IM_MODULE", "test", TRUE);
    if (!xdotool || !gtk_init_check()) {
        g_print("1..0 # SKIP %s\n", xdotool ? "there is no display" : "xdotool is not installed");
        return 0;
    }
    adw_init();
    g_type_ensure(test_context_get_type());
    GtkWidget *window = gtk_window_new(), *entry = lg_composer_new();
    GtkEventController *keys = gtk_event_controller_key_new();
    composer = LG_COMPOSER(entry);
    sent = g_string_new(NULL);
    g_signal_connect(composer, "send", G_CALLBACK(on_send), NULL);
    g_signal_connect(composer, "stop", G_CALLBACK(on_stop), NULL);
    gtk_event_controller_set_propagation_phase(keys, GTK_PHASE_CAPTURE);
    g_signal_connect(keys, "key-pressed", G_CALLBACK(count_key), NULL);
    gtk_widget_add_controller(window, keys);
    gtk_window_set_child(GTK_WINDOW(window), entry);
    gtk_window_set_default_size(GTK_WINDOW(window), 600, 200);
    gtk_window_present(GTK_WINDOW(window));
    wait_ms(300);
    /* Without a window manager a click is what brings the keyboard here. */
    run_xdotool("mousemove 200 80 click 1");
    lg_composer_focus(composer);
    g_test_add_func("/composer/composition", enter_in_composition_sends_nothing);
    g_test_add_func("/composer/composition-with-control", control_enter_in_composition_sends_nothing_either);
    g_test_add_func("/composer/enter", enter_sends_and_shift_enter_does_not);
    g_test_add_func("/composer/busy", nothing_is_sent_while_an_answer_is_written);
    g_test_add_func("/composer/focus", stop_is_next_to_the_text_and_the_text_comes_after_it);
    return g_test_run();
}
