/* SPDX-License-Identifier: MIT
 * Two windows of one application: what they list is the same, and neither undoes what is done in the other.
 */
#include <ftw.h>
#include <glib/gstdio.h>

#include "application.h"
#include "chat/welcome.h"
#include "models/models_page.h"
#include "window.h"

static GtkWidget *find(GtkWidget *widget, GType type)
{
    GtkWidget *found = G_TYPE_CHECK_INSTANCE_TYPE(widget, type) ? widget : NULL;
    for (GtkWidget *child = gtk_widget_get_first_child(widget); child && !found;
         child = gtk_widget_get_next_sibling(child))
        found = find(child, type);
    return found;
}

static GtkWidget *find_button(GtkWidget *widget, const char *label)
{
    GtkWidget *found =
        GTK_IS_BUTTON(widget) && g_strcmp0(gtk_button_get_label(GTK_BUTTON(widget)), label) == 0 ? widget : NULL;
    for (GtkWidget *child = gtk_widget_get_first_child(widget); child && !found;
         child = gtk_widget_get_next_sibling(child))
        found = find_button(child, label);
    return found;
}

static LgModelsPage *open_window(LgApplication *application)
{
    LgWindow *window = lg_window_new(application);
    gtk_window_present(GTK_WINDOW(window));
    lg_window_show_page(window, "models");
    GtkWidget *page;
    while (!(page = find(GTK_WIDGET(window), LG_TYPE_MODELS_PAGE)))
        g_main_context_iteration(NULL, TRUE);
    return LG_MODELS_PAGE(page);
}

static void downloads_are_those_of_all_windows(void)
{
    LgApplication *application = LG_APPLICATION(g_application_get_default());
    LgModelsPage *one = open_window(application), *two = open_window(application);
    lg_models_page_download(one, "hf:a/b:c.gguf", "c");
    lg_models_page_download(two, "hf:a/b:d.gguf", "d");
    g_auto(GStrv) kept = g_settings_get_strv(lg_application_get_settings(application), "downloads");
    g_assert_cmpuint(g_strv_length(kept), ==, 2);
    LgDownloads *downloads = lg_application_get_downloads(application);
    g_autoptr(LgDownload) first = g_list_model_get_item(G_LIST_MODEL(downloads), 0);
    g_assert_cmpint(lg_download_get_state(first), ==, LG_DOWNLOAD_RUNNING);
    gtk_window_destroy(GTK_WINDOW(gtk_widget_get_root(GTK_WIDGET(one))));
    for (gint64 end = g_get_monotonic_time() + G_USEC_PER_SEC / 2; g_get_monotonic_time() < end;)
        g_main_context_iteration(NULL, FALSE);
    g_assert_cmpint(lg_download_get_state(first), ==, LG_DOWNLOAD_RUNNING); /* the other window has it as well */
    lg_download_pause(first);
    g_autoptr(LgDownload) second = g_list_model_get_item(G_LIST_MODEL(downloads), 1);
    lg_download_pause(second);
    while (lg_download_get_state(first) == LG_DOWNLOAD_RUNNING || lg_download_get_state(second) == LG_DOWNLOAD_RUNNING)
        g_main_context_iteration(NULL, TRUE);
    gtk_window_destroy(GTK_WINDOW(gtk_widget_get_root(GTK_WIDGET(two))));
}

/* The button of a first run gets the small model, and the welcome knows when that is there. */
static void first_model_is_got(void)
{
    LgApplication *application = LG_APPLICATION(g_application_get_default());
    LgModelsPage *models = open_window(application);
    GtkWidget *window = GTK_WIDGET(gtk_widget_get_root(GTK_WIDGET(models)));
    lg_window_show_page(LG_WINDOW(window), "chat");
    GtkWidget *welcome = find(window, LG_TYPE_WELCOME), *status = find(welcome, ADW_TYPE_STATUS_PAGE);
    while (!strstr(adw_status_page_get_description(ADW_STATUS_PAGE(status)), "not there yet"))
        g_main_context_iteration(NULL, TRUE);
    GtkWidget *button = find_button(welcome, "Get a model");
    const guint before = g_list_model_get_n_items(G_LIST_MODEL(lg_application_get_downloads(application)));
    g_assert_true(gtk_widget_get_visible(button));
    g_signal_emit_by_name(button, "clicked");
    g_autoptr(LgDownload) download =
        g_list_model_get_item(G_LIST_MODEL(lg_application_get_downloads(application)), before);
    g_assert_nonnull(download);
    g_assert_cmpstr(lg_download_get_source(download), ==, "default");
    lg_downloads_remove(lg_application_get_downloads(application), download);
    /* As the helper leaves it. */
    g_autofree char *folder = g_build_filename(g_getenv("XDG_DATA_HOME"), "libllm", "models", NULL);
    g_autofree char *path = g_build_filename(folder, "SmolLM2-135M-Instruct.Q4_1.gguf", NULL);
    g_autoptr(GFile) from = g_file_new_for_path(LIBLLM_TEST_DATA "/chat/scripted.gguf");
    g_autoptr(GFile) to = g_file_new_for_path(path);
    g_mkdir_with_parents(folder, 0700);
    g_assert_true(g_file_copy(from, to, G_FILE_COPY_NONE, NULL, NULL, NULL, NULL));
    while (gtk_widget_get_visible(button))
        g_main_context_iteration(NULL, TRUE);
    g_assert_null(strstr(adw_status_page_get_description(ADW_STATUS_PAGE(status)), "not there yet"));
    gtk_window_destroy(GTK_WINDOW(window));
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    return g_remove(path);
}

int main(int argc, char **argv)
{
    g_autofree char *home = g_dir_make_tmp("libllm-windows-XXXXXX", NULL);
    g_autofree char *command = g_build_filename(home, "pull", NULL);
    g_setenv("XDG_DATA_HOME", home, TRUE);
    g_setenv("LIBLLM_COMMAND", command, TRUE);
    g_test_init(&argc, &argv, NULL);
    if (!gtk_init_check()) {
        g_print("1..0 # SKIP there is no display\n");
        return 0;
    }
    g_assert_true(g_file_set_contents(command, "#!/bin/sh\nexec sleep 100\n", -1, NULL));
    g_assert_cmpint(g_chmod(command, 0700), ==, 0);
    LgApplication *application = lg_application_new();
    g_application_set_flags(G_APPLICATION(application), G_APPLICATION_NON_UNIQUE | G_APPLICATION_HANDLES_OPEN);
    g_assert_true(g_application_register(G_APPLICATION(application), NULL, NULL));
    g_test_add_func("/windows/downloads", downloads_are_those_of_all_windows);
    g_test_add_func("/windows/first-model", first_model_is_got);
    const int result = g_test_run();
    while (!lg_application_get_store(application))
        g_main_context_iteration(NULL, TRUE);
    lg_store_close(lg_application_get_store(application));
    nftw(home, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    return result;
}
