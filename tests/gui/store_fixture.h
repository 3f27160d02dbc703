/* SPDX-License-Identifier: MIT
 * What the tests of the history share: a folder that goes with the test, and short ways to fill a store.
 */
#pragma once

#include <ftw.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "store/lists.h"
#include "store/store-private.h"

static inline int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return g_remove(path);
}

static inline char *make_folder(void)
{
    g_autoptr(GError) error = NULL;
    char *folder = g_dir_make_tmp("libllm-store-XXXXXX", &error);
    g_assert_no_error(error);
    return folder;
}

static inline void remove_folder(char *folder)
{
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    g_free(folder);
}

static inline LgStore *open_store(const char *folder)
{
    g_autoptr(GError) error = NULL;
    LgStore *store = lg_store_open(folder, &error);
    g_assert_no_error(error);
    g_assert_nonnull(store);
    return store;
}

static inline void close_store(LgStore *store)
{
    lg_store_close(store);
    g_object_unref(store);
}

static inline gint64 add_chat(LgStore *store, const char *title)
{
    g_autoptr(GError) error = NULL;
    gint64 id = lg_store_add_chat(store, &(LgChatChange){.fields = LG_CHAT_TITLE, .title = title}, &error);
    g_assert_no_error(error);
    g_assert_cmpint(id, >, 0);
    return id;
}

static inline gint64 add_message(LgStore *store, gint64 chat, gint64 parent, LgRole role, const char *text)
{
    g_autoptr(GError) error = NULL;
    gint64 id = lg_store_add_message(store, chat, parent, &(LgMessageChange){.role = role, .text = text}, &error);
    g_assert_no_error(error);
    g_assert_cmpint(id, >, 0);
    return id;
}

static inline gint64 leaf_of(LgStore *store, gint64 chat)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LgChat) row = lg_store_get_chat(store, chat, &error);
    g_assert_no_error(error);
    return row->leaf_id;
}

/* One value out of the file, past the store. */
static inline char *value_of(LgStore *store, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    char *value = NULL;
    g_rec_mutex_lock(&store->lock);
    g_assert_cmpint(sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL), ==, SQLITE_OK);
    if (sqlite3_step(statement) == SQLITE_ROW)
        value = g_strdup((const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    g_rec_mutex_unlock(&store->lock);
    return value;
}

static inline void assert_value(LgStore *store, const char *sql, const char *expected)
{
    g_autofree char *value = value_of(store, sql);
    g_assert_cmpstr(value, ==, expected);
}

/* The file is whole, no link leads nowhere, and the index has exactly what it should. */
static inline void assert_sound(LgStore *store)
{
    assert_value(store, "PRAGMA integrity_check", "ok");
    assert_value(store, "SELECT count(*) FROM pragma_foreign_key_check", "0");
    g_rec_mutex_lock(&store->lock);
    g_assert_cmpint(sqlite3_exec(store->db,
                                 "INSERT INTO message_index (message_index) VALUES ('integrity-check');"
                                 "INSERT INTO chat_index (chat_index) VALUES ('integrity-check')",
                                 NULL, NULL, NULL),
                    ==, SQLITE_OK);
    g_rec_mutex_unlock(&store->lock);
    assert_value(
        store,
        "SELECT (SELECT count(*) FROM message_index) = (SELECT count(*) FROM messages WHERE state <> 'streaming')",
        "1");
}

/* Runs the main loop until *DONE, or gives up after a minute. */
static inline gboolean give_up(gpointer data)
{
    (void)data;
    g_error("nothing happened for a minute");
    return G_SOURCE_REMOVE;
}

static inline void wait_until(const gboolean *done)
{
    guint timer = g_timeout_add_seconds(60, give_up, NULL);
    while (!*done)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(timer);
}

static inline void keep_result(GObject *source, GAsyncResult *result, gpointer data)
{
    (void)source;
    *(GAsyncResult **)data = g_object_ref(result);
}

static inline GAsyncResult *wait_for_result(GAsyncResult **result)
{
    guint timer = g_timeout_add_seconds(60, give_up, NULL);
    while (!*result)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(timer);
    return *result;
}
