/* SPDX-License-Identifier: MIT
 * Two windows of one application: what they list is the same, and neither undoes what is done in the other.
 */
#include <ftw.h>
#include <glib/gstdio.h>

#include "application.h"
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
    const int result = g_test_run();
    while (!lg_application_get_store(application))
        g_main_context_iteration(NULL, TRUE);
    lg_store_close(lg_application_get_store(application));
    nftw(home, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    return result;
}
