/* SPDX-License-Identifier: MIT
 * What the tests of the page Chat share: the page in a window of its own, ways to find what is on it and to wait, and
 * two models: one that says what its template decides, and one that never ends.
 */
#pragma once

#include <glib/gstdio.h>
#include <string.h>

#include "chat/attachment_chips.h"
#include "chat/chat_page.h"
#include "chat/composer.h"
#include "chat/message_row.h"

#define SCRIPTED LIBLLM_TEST_DATA "/chat/scripted.gguf"
#define BABBLER LIBLLM_TEST_DATA "/chat/babbler.gguf"

static LgChatPage *page;
static GtkWidget *window;
static LgStore *store;

static inline gboolean give_up(gpointer data)
{
    g_error("waited in vain for %s", (const char *)data);
    return G_SOURCE_REMOVE;
}

#define WAIT(condition)                                                                                                \
    do {                                                                                                               \
        guint timeout = g_timeout_add_seconds(120, give_up, (gpointer) #condition);                                    \
        while (!(condition))                                                                                           \
            g_main_context_iteration(NULL, TRUE);                                                                      \
        g_source_remove(timeout);                                                                                      \
    } while (0)

/* The widgets of a type below another, in their order. */
static inline void find(GtkWidget *widget, GType type, GPtrArray *found)
{
    if (G_TYPE_CHECK_INSTANCE_TYPE(widget, type))
        g_ptr_array_add(found, widget);
    for (GtkWidget *child = gtk_widget_get_first_child(widget); child; child = gtk_widget_get_next_sibling(child))
        find(child, type, found);
}

static inline GtkWidget *widget_of(GType type)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    find(GTK_WIDGET(page), type, found);
    g_assert_cmpuint(found->len, ==, 1);
    return found->pdata[0];
}

static inline GPtrArray *rows(void)
{
    GPtrArray *found = g_ptr_array_new();
    find(GTK_WIDGET(page), LG_TYPE_MESSAGE_ROW, found);
    return found;
}

static inline const LgMessage *message(guint index)
{
    g_autoptr(GPtrArray) all = rows();
    return index < all->len ? lg_message_row_get_message(all->pdata[index]) : NULL;
}

static inline guint n_messages(void)
{
    g_autoptr(GPtrArray) all = rows();
    return all->len;
}

static inline gboolean is_done(guint n) { return n_messages() == n && message(n - 1)->state != LG_MESSAGE_STREAMING; }

static const char *device; /* NULL: the engine's own choice */

static inline void open_page(const char *model)
{
    GSettings *settings = g_settings_new("io.github.libllm.Desktop");
    LgEngine *engine = lg_engine_new();
    lg_engine_set_device(engine, device);
    store = lg_store_new_in_memory();
    page = g_object_new(LG_TYPE_CHAT_PAGE, NULL);
    window = gtk_window_new();
    gtk_window_set_default_size(GTK_WINDOW(window), 900, 700);
    gtk_window_set_child(GTK_WINDOW(window), GTK_WIDGET(page));
    lg_chat_page_set_engine(page, engine, settings);
    lg_chat_page_set_store(page, store);
    lg_chat_page_set_model(page, model);
    gtk_window_present(GTK_WINDOW(window));
    g_object_unref(engine);
    g_object_unref(settings);
}

static inline void close_page(void)
{
    gtk_window_destroy(GTK_WINDOW(window));
    while (g_main_context_iteration(NULL, FALSE))
        ;
    lg_store_close(store);
    g_clear_object(&store);
}

static inline void send(const char *text) { g_signal_emit_by_name(widget_of(LG_TYPE_COMPOSER), "send", text); }

static inline void act(const char *action, gint64 id)
{
    g_assert_true(gtk_widget_activate_action(GTK_WIDGET(page), action, "x", id));
}

/* Those of what is being written: they stand before the composer. */
static inline LgAttachmentChips *composer_chips(void)
{
    return LG_ATTACHMENT_CHIPS(gtk_widget_get_prev_sibling(widget_of(LG_TYPE_COMPOSER)));
}

static inline void attach(const char *name, const char *text)
{
    g_autofree char *folder = g_dir_make_tmp("libllm-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autoptr(GFile) file = g_file_new_for_path(path);
    LgAttachmentChips *chips = composer_chips();
    const guint before = lg_attachment_chips_get(chips)->len;
    g_autofree char *problem = g_strdup(lg_chat_page_get_attach_problem(page));
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    lg_chat_page_attach(page, file);
    WAIT(lg_attachment_chips_get(chips)->len > before ||
         g_strcmp0(problem, lg_chat_page_get_attach_problem(page)) != 0);
    g_file_delete(file, NULL, NULL);
    g_rmdir(folder);
}

/* A program of these tests: `add` adds them. */
static inline int run_chat_tests(int argc, char **argv, void (*add)(void))
{
    g_test_init(&argc, &argv, NULL);
    if (!gtk_init_check()) {
        g_print("1..0 # SKIP there is no display\n");
        return 0;
    }
    adw_init();
    add();
    return g_test_run();
}
