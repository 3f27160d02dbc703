/* SPDX-License-Identifier: MIT
 * The files of models, by their names.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "engine/files.h"

/* Where the two numbers are; the names are those that the library opens. */
#define PATTERN "-00000-of-00000.gguf"
#define ENDING (sizeof PATTERN - 1)

/* NULL: the name is not that of a part. */
static const char *numbers_in(const char *name, guint *number, guint *n)
{
    static GRegex *part;
    if (g_once_init_enter(&part))
        g_once_init_leave(&part, g_regex_new("-\\d{5}-of-\\d{5}\\.gguf$", 0, 0, NULL));
    if (!g_regex_match(part, name, 0, NULL))
        return NULL;
    const char *at = name + strlen(name) - ENDING;
    *number = (guint)g_ascii_strtoull(at + strlen("-"), NULL, 10);
    *n = (guint)g_ascii_strtoull(at + strlen("-00000-of-"), NULL, 10);
    return at;
}

gboolean lg_files_is_later_part(const char *name)
{
    guint number, n;
    return numbers_in(name, &number, &n) && number != 1;
}

static char *part_of(const char *path, const char *numbers, guint number, guint n)
{
    return g_strdup_printf("%.*s-%05u-of-%05u.gguf", (int)(numbers - path), path, number, n);
}

char *lg_files_first(const char *path)
{
    guint number, n;
    const char *numbers = numbers_in(path, &number, &n);
    return numbers ? part_of(path, numbers, 1, n) : g_strdup(path);
}

GPtrArray *lg_files_of(const char *path)
{
    GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
    guint number, n;
    const char *numbers = numbers_in(path, &number, &n);
    g_autoptr(GDir) dir = numbers ? NULL : g_dir_open(path, 0, NULL);
    for (const char *name; dir && (name = g_dir_read_name(dir));)
        g_ptr_array_add(files, g_build_filename(path, name, NULL));
    for (guint i = 1; numbers && i <= n; i++)
        g_ptr_array_add(files, part_of(path, numbers, i, n));
    if (!dir && !files->len)
        g_ptr_array_add(files, g_strdup(path));
    return files;
}

guint64 lg_files_size(const char *path)
{
    g_autoptr(GPtrArray) files = lg_files_of(path);
    guint64 n_bytes = 0;
    for (guint i = 0; i < files->len; i++) {
        GStatBuf info;
        if (g_stat(files->pdata[i], &info) == 0 && S_ISREG(info.st_mode))
            n_bytes += (guint64)info.st_size;
    }
    return n_bytes;
}
