/* SPDX-License-Identifier: MIT
 * `libllm-gui`: the desktop app.
 */
#include <glib/gi18n.h>
#include <locale.h>

#include "application.h"
#include "lateness.h"

/* Without a GPU, GL is computed by the processor: Mesa's compiler takes 100 MB and more time than cairo does. */
static gboolean has_gpu(void)
{
    g_autoptr(GDir) dir = g_dir_open("/dev/dri", 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir)))
        if (g_str_has_prefix(name, "renderD"))
            return TRUE;
    return g_file_test("/dev/nvidiactl", G_FILE_TEST_EXISTS);
}

static void choose_renderer(void)
{
    if (g_getenv("GSK_RENDERER") || g_getenv("GDK_DEBUG") || has_gpu())
        return;
    g_setenv("GSK_RENDERER", "cairo", FALSE);
    g_setenv("GDK_DEBUG", "gl-disable", FALSE);
}

int main(int argc, char **argv)
{
    const char *locale_dir = g_getenv("LIBLLM_GUI_LOCALE_DIR"); /* translations of a build that is not installed */
    setlocale(LC_ALL, "");
    bindtextdomain(GETTEXT_PACKAGE, locale_dir ? locale_dir : LG_LOCALE_DIR);
    bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
    textdomain(GETTEXT_PACKAGE);
    if (g_getenv("LIBLLM_GUI_LATENESS")) /* tests/bench/gui_lateness.py */
        lg_lateness_watch(g_getenv("LIBLLM_GUI_LATENESS"));
    choose_renderer();
    g_autoptr(LgApplication) application = lg_application_new();
    return g_application_run(G_APPLICATION(application), argc, argv);
}
