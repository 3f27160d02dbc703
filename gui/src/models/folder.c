/* SPDX-License-Identifier: MIT
 * Folders of models.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "engine/files.h"
#include "models/folder.h"

static gboolean is_model_file(const char *name)
{
    g_autofree char *lower = g_ascii_strdown(name, -1);
    return name[0] != '.' && g_str_has_suffix(lower, ".gguf") && !g_str_has_prefix(lower, "mmproj") &&
           !lg_files_is_later_part(name);
}

/* The models in a folder: files, and folders that are one. */
static void look(const char *folder, GPtrArray *paths, gboolean deeper)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *config = g_build_filename(path, "config.json", NULL);
        if (is_model_file(name))
            g_ptr_array_add(paths, g_steal_pointer(&path));
        else if (name[0] != '.' && deeper && g_file_test(config, G_FILE_TEST_IS_REGULAR))
            g_ptr_array_add(paths, g_steal_pointer(&path));
        else if (name[0] != '.' && deeper && g_file_test(path, G_FILE_TEST_IS_DIR))
            look(path, paths, FALSE);
    }
}

void lg_folder_purge(const char *path)
{
    if (g_file_test(path, G_FILE_TEST_IS_SYMLINK)) {
        g_unlink(path);
        return;
    }
    g_autoptr(GPtrArray) files = lg_files_of(path);
    for (guint i = 0; i < files->len; i++) /* models have no folders in them */
        g_unlink(files->pdata[i]);
    g_rmdir(path);
}

void lg_folder_look(const char *folder, GPtrArray *paths) { look(folder, paths, TRUE); }

void lg_folder_purge_all(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (g_str_has_prefix(name, LG_FOLDER_DELETED))
            lg_folder_purge(path);
    }
}

char *lg_folder_of_system(guint i)
{
    const char *data = g_get_system_data_dirs()[i];
    return data ? g_build_filename(data, "libllm", "models", NULL) : NULL;
}

gboolean lg_folder_holds(const char *folder, const char *path)
{
    return g_str_has_prefix(path, folder) && path[strlen(folder)] == G_DIR_SEPARATOR;
}
