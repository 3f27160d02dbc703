/* SPDX-License-Identifier: MIT
 * A damaged file is moved aside and never changed or deleted; what can be read from a copy of it goes into a new one.
 */
#include "store-private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

static const char *const companions[] = {"", "-wal", "-shm"};

char *lg_recover_move_aside(const char *path, GError **error)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *time = g_date_time_format(now, "%Y%m%d-%H%M%S");
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *aside = NULL;
    for (guint i = 1; !aside || g_file_test(aside, G_FILE_TEST_EXISTS); i++) {
        g_autofree char *name =
            i == 1 ? g_strdup_printf("chats.damaged-%s.db", time) : g_strdup_printf("chats.damaged-%s-%u.db", time, i);
        g_free(aside);
        aside = g_build_filename(folder, name, NULL);
    }
    /* The file goes last: until then the next start finds the same as this one. */
    for (guint i = G_N_ELEMENTS(companions); i-- > 0;) {
        g_autofree char *from = g_strconcat(path, companions[i], NULL);
        g_autofree char *to = g_strconcat(aside, companions[i], NULL);
        if (g_rename(from, to) != 0 && errno != ENOENT) {
            g_set_error(error, LG_STORE_ERROR, LG_STORE_ERROR_CORRUPT,
                        _("The file of the history is damaged and could not be moved aside: %s: %s"), path,
                        g_strerror(errno));
            return NULL;
        }
    }
    return g_steal_pointer(&aside);
}

/* The columns of a table that both have, as "a, b, c"; *N is how many. */
static char *common_columns(sqlite3 *db, sqlite3 *damaged, const char *table, int *n)
{
    GString *names = g_string_new(NULL);
    sqlite3_stmt *columns = NULL;
    *n = 0;
    sqlite3_prepare_v2(db, "SELECT name FROM pragma_table_info(?)", -1, &columns, NULL);
    sqlite3_bind_text(columns, 1, table, -1, SQLITE_STATIC);
    while (sqlite3_step(columns) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(columns, 0);
        g_autofree char *sql = g_strdup_printf("SELECT %s FROM %s", name, table);
        sqlite3_stmt *probe = NULL;
        if (sqlite3_prepare_v2(damaged, sql, -1, &probe, NULL) == SQLITE_OK) {
            g_string_append_printf(names, "%s%s", *n ? ", " : "", name);
            ++*n;
        }
        sqlite3_finalize(probe);
    }
    sqlite3_finalize(columns);
    return g_string_free(names, FALSE);
}

/* Copies rows in the order of their ids until one cannot be read, or has the id UNTIL; the id of the last one. */
static gint64 copy_rows(sqlite3 *db, sqlite3 *damaged, const char *table, const char *columns, int n, gint64 until,
                        gint64 *n_copied)
{
    g_autoptr(GString) marks = g_string_new("?");
    for (int i = 1; i < n; i++)
        g_string_append(marks, ", ?");
    g_autofree char *from = g_strdup_printf("SELECT %s FROM %s ORDER BY id %s", columns, table, until ? "DESC" : "ASC");
    g_autofree char *to = g_strdup_printf("INSERT OR IGNORE INTO %s (%s) VALUES (%s)", table, columns, marks->str);
    sqlite3_stmt *read = NULL, *write = NULL;
    gint64 last = 0;
    if (sqlite3_prepare_v2(damaged, from, -1, &read, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, to, -1, &write, NULL) == SQLITE_OK)
        while (sqlite3_step(read) == SQLITE_ROW) {
            last = sqlite3_column_int64(read, 0); /* ids are the first column of every table */
            if (until && last <= until)
                break;
            for (int i = 0; i < n; i++)
                sqlite3_bind_value(write, i + 1, sqlite3_column_value(read, i));
            if (sqlite3_step(write) == SQLITE_DONE)
                *n_copied += sqlite3_changes(db);
            sqlite3_reset(write);
        }
    sqlite3_finalize(read);
    sqlite3_finalize(write);
    return last;
}

static gint64 copy_tables(sqlite3 *db, sqlite3 *damaged)
{
    static const char *const tables[] = {"deletions", "folders",     "chats",       "messages",
                                         "presets",   "connections", "measurements"};
    /* What refers to something lost is made whole: a chat without a row gets one, a message without a parent is a first
     * one, and what was deleted stays so. */
    static const char mend[] =
        "INSERT OR IGNORE INTO deletions (id, at) SELECT deletion_id, CAST(strftime('%s') AS INTEGER) * 1000000 FROM"
        " (SELECT deletion_id FROM folders UNION SELECT deletion_id FROM chats UNION SELECT deletion_id FROM messages"
        " UNION SELECT deletion_id FROM presets) WHERE deletion_id IS NOT NULL;"
        "UPDATE messages SET parent_id = NULL WHERE parent_id NOT IN (SELECT id FROM messages) OR parent_id >= id;"
        "UPDATE messages SET state = 'interrupted' WHERE state = 'streaming';"
        "INSERT INTO chats (id, created, updated) SELECT chat_id, min(created), max(created) FROM messages"
        " WHERE chat_id NOT IN (SELECT id FROM chats) GROUP BY chat_id;"
        "UPDATE chats SET folder_id = NULL WHERE folder_id NOT IN (SELECT id FROM folders);"
        "UPDATE chats SET leaf_id = (SELECT max(id) FROM messages m WHERE m.chat_id = chats.id AND"
        " m.deletion_id IS NULL)"
        " WHERE leaf_id IS NULL OR leaf_id NOT IN (SELECT id FROM messages);"
        "WITH RECURSIVE tree (id, depth) AS (SELECT id, 0 FROM messages WHERE parent_id IS NULL"
        " UNION ALL SELECT m.id, t.depth + 1 FROM tree t JOIN messages m ON m.parent_id = t.id)"
        "UPDATE messages SET depth = tree.depth FROM tree WHERE tree.id = messages.id";
    gint64 n_messages = 0, n_rows = 0;
    for (guint i = 0; i < G_N_ELEMENTS(tables); i++) {
        int n;
        g_autofree char *columns = common_columns(db, damaged, tables[i], &n);
        gint64 *count = strcmp(tables[i], "messages") == 0 ? &n_messages : &n_rows;
        if (!n)
            continue;
        gint64 last = copy_rows(db, damaged, tables[i], columns, n, 0, count);
        copy_rows(db, damaged, tables[i], columns, n, MAX(last, 1), count);
    }
    return sqlite3_exec(db, mend, NULL, NULL, NULL) == SQLITE_OK ? n_messages : -1;
}

gint64 lg_recover_rows(sqlite3 *db, const char *damaged)
{
    /* Reading applies the journal to the file, so a copy is read. */
    g_autofree char *copy = g_strconcat(damaged, ".reading", NULL);
    sqlite3 *from = NULL;
    gint64 n = -1;
    gboolean copied = TRUE;
    for (guint i = 0; i < 2; i++) {
        g_autofree char *source = g_strconcat(damaged, companions[i], NULL);
        g_autofree char *target = g_strconcat(copy, companions[i], NULL);
        g_autoptr(GFile) source_file = g_file_new_for_path(source);
        g_autoptr(GFile) target_file = g_file_new_for_path(target);
        if (g_file_test(source, G_FILE_TEST_EXISTS))
            copied &= g_file_copy(source_file, target_file, G_FILE_COPY_OVERWRITE, NULL, NULL, NULL, NULL);
    }
    if (copied && sqlite3_open_v2(copy, &from, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK) {
        sqlite3_exec(db, "PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE", NULL, NULL, NULL);
        n = copy_tables(db, from);
        if (sqlite3_exec(db, n < 0 ? "ROLLBACK" : "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
            sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
            n = -1;
        }
        sqlite3_exec(db, "PRAGMA foreign_keys = ON", NULL, NULL, NULL);
    }
    sqlite3_close(from);
    for (guint i = 0; i < G_N_ELEMENTS(companions); i++) {
        g_autofree char *target = g_strconcat(copy, companions[i], NULL);
        g_unlink(target);
    }
    return n;
}
