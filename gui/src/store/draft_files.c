/* SPDX-License-Identifier: MIT
 * Files that were attached to what is not sent yet. They may be large, and chats are listed often, so that they are
 * kept apart from them: in the table of the state, by chat.
 */
#include "store-private.h"

#define KEY "'draft-files:' || ?"

gboolean lg_store_set_draft_files(LgStore *store, gint64 chat_id, const char *attachments, GError **error)
{
    if (!lg_db_valid_text(error, _("attachments"), attachments) || !lg_store_begin(store, error))
        return FALSE;
    const gboolean good = attachments
                              ? lg_db_run(store, error, "INSERT OR REPLACE INTO state (key, value) VALUES (" KEY ", ?)",
                                          "it", chat_id, attachments)
                              : lg_db_run(store, error, "DELETE FROM state WHERE key = " KEY, "i", chat_id);
    if (good)
        return lg_store_commit(store, error);
    lg_store_rollback(store);
    return FALSE;
}

char *lg_store_get_draft_files(LgStore *store, gint64 chat_id, GError **error)
{
    char *attachments = NULL;
    if (!lg_store_enter(store, error))
        return NULL;
    sqlite3_stmt *query = lg_db_query(store, error, "SELECT value FROM state WHERE key = " KEY, "i", chat_id);
    if (query && lg_db_step(store, query, error) > 0) {
        attachments = lg_db_text(query, 0);
        sqlite3_reset(query);
    }
    lg_store_leave(store);
    return attachments;
}

/* --- In the thread of the store --- */

struct draft {
    gint64 chat_id;
    char *attachments;
};

static void free_draft(gpointer data)
{
    struct draft *draft = data;
    g_free(draft->attachments);
    g_free(draft);
}

static gpointer set(LgStore *store, gpointer data, GCancellable *cancellable, GError **error)
{
    const struct draft *draft = data;
    return lg_store_set_draft_files(store, draft->chat_id, draft->attachments, error) ? g_malloc0(1) : NULL;
}

void lg_store_set_draft_files_async(LgStore *store, gint64 chat_id, const char *attachments)
{
    struct draft *draft = g_new0(struct draft, 1);
    *draft = (struct draft){chat_id, g_strdup(attachments)};
    lg_store_run_async(store, set, draft, free_draft, g_free, NULL, NULL, NULL);
}

/* "" for none, as NULL is an error. */
static gpointer get(LgStore *store, gpointer data, GCancellable *cancellable, GError **error)
{
    g_autoptr(GError) problem = NULL;
    char *attachments = lg_store_get_draft_files(store, *(const gint64 *)data, &problem);
    if (problem)
        g_propagate_error(error, g_steal_pointer(&problem));
    else if (!attachments)
        attachments = g_strdup("");
    return attachments;
}

void lg_store_get_draft_files_async(LgStore *store, gint64 chat_id, GCancellable *cancellable,
                                    GAsyncReadyCallback callback, gpointer data)
{
    lg_store_run_async(store, get, g_memdup2(&chat_id, sizeof chat_id), g_free, g_free, cancellable, callback, data);
}

char *lg_store_get_draft_files_finish(LgStore *store, GAsyncResult *result, GError **error)
{
    return lg_store_run_finish(store, result, error);
}
