/* SPDX-License-Identifier: MIT
 * Deleting hides rows under the number of a deletion; undoing shows the rows with that number again; purging removes
 * them.
 */
#include "store-private.h"

/* Tells that every chat with this deletion changed, before or after it has the number. */
static gboolean chats_changed(LgStore *store, gint64 deletion, GError **error)
{
    int row;
    sqlite3_stmt *query = lg_db_query(store, error, "SELECT id FROM chats WHERE deletion_id = ?", "i", deletion);
    while ((row = query ? lg_db_step(store, query, error) : -1) > 0)
        lg_store_changed(store, LG_CHANGED_CHAT, sqlite3_column_int64(query, 0));
    return row == 0;
}

static gint64 begin_deletion(LgStore *store, GError **error)
{
    if (!lg_store_begin(store, error))
        return 0;
    if (lg_db_run(store, error, "INSERT INTO deletions (at) VALUES (?)", "i", g_get_real_time()))
        return sqlite3_last_insert_rowid(store->db);
    lg_store_rollback(store);
    return 0;
}

static gint64 end_deletion(LgStore *store, gint64 deletion, gboolean good, GError **error)
{
    if (good)
        return lg_store_commit(store, error) ? deletion : 0;
    lg_store_rollback(store);
    return 0;
}

/* For a statement that hides one thing by its id. */
static gboolean hide(LgStore *store, GError **error, const char *sql, gint64 deletion, gint64 id)
{
    if (!lg_db_run(store, error, sql, "ii", deletion, id))
        return FALSE;
    if (sqlite3_changes(store->db))
        return TRUE;
    g_set_error_literal(error, LG_STORE_ERROR, LG_STORE_ERROR_NOT_FOUND, _("It is no longer in the history"));
    return FALSE;
}

gint64 lg_store_delete_chats(LgStore *store, const gint64 *chat_ids, guint n, GError **error)
{
    gint64 deletion = begin_deletion(store, error);
    gboolean good = deletion != 0;
    if (!good)
        return 0;
    for (guint i = 0; good && i < n; i++)
        good = hide(store, error, "UPDATE chats SET deletion_id = ? WHERE id = ? AND deletion_id IS NULL", deletion,
                    chat_ids[i]);
    return end_deletion(store, deletion, good && chats_changed(store, deletion, error), error);
}

gint64 lg_store_delete_folder(LgStore *store, gint64 folder_id, gboolean with_chats, GError **error)
{
    gint64 deletion = begin_deletion(store, error);
    if (!deletion)
        return 0;
    gboolean good =
        hide(store, error, "UPDATE folders SET deletion_id = ? WHERE id = ? AND deletion_id IS NULL", deletion,
             folder_id) &&
        (!with_chats ||
         lg_db_run(store, error, "UPDATE chats SET deletion_id = ? WHERE folder_id = ? AND deletion_id IS NULL", "ii",
                   deletion, folder_id));
    sqlite3_stmt *query =
        good ? lg_db_query(store, error, "SELECT id FROM chats WHERE folder_id = ?", "i", folder_id) : NULL;
    int row;
    while ((row = query ? lg_db_step(store, query, error) : -1) > 0)
        lg_store_changed(store, LG_CHANGED_CHAT, sqlite3_column_int64(query, 0));
    lg_store_changed(store, LG_CHANGED_FOLDERS, 0);
    return end_deletion(store, deletion, row == 0, error);
}

gint64 lg_store_delete_preset(LgStore *store, gint64 preset_id, GError **error)
{
    gint64 deletion = begin_deletion(store, error);
    if (!deletion)
        return 0;
    lg_store_changed(store, LG_CHANGED_PRESETS, 0);
    return end_deletion(store, deletion,
                        hide(store, error, "UPDATE presets SET deletion_id = ? WHERE id = ? AND deletion_id IS NULL",
                             deletion, preset_id),
                        error);
}

/* The branch that is shown must not run through what is hidden: then the newest sibling's is shown, or else it ends
 * above. */
static gboolean leave_hidden_branch(LgStore *store, gint64 chat_id, gint64 message_id, GError **error)
{
    const gint64 none = 0;
    gint64 visible, sibling, parent, hidden_leaf = 1;
    if (!lg_db_number(store, error, &none, &hidden_leaf,
                      "SELECT 1 FROM chats c JOIN messages m ON m.id = c.leaf_id WHERE c.id = ? AND"
                      " m.deletion_id IS NOT NULL",
                      "i", chat_id))
        return FALSE;
    if (!hidden_leaf)
        return TRUE;
    if (!lg_db_number(store, error, NULL, &parent, "SELECT coalesce(parent_id, 0) FROM messages WHERE id = ?", "i",
                      message_id) ||
        !lg_db_number(store, error, NULL, &sibling,
                      "SELECT coalesce(max(id), 0) FROM messages WHERE chat_id = ? AND parent_id IS ? AND"
                      " deletion_id IS NULL",
                      "in", chat_id, parent))
        return FALSE;
    if (sibling)
        return lg_store_choose_branch(store, sibling, error) != 0;
    visible = parent;
    return lg_db_run(store, error, "UPDATE chats SET leaf_id = ? WHERE id = ?", "ni", visible, chat_id);
}

gint64 lg_store_delete_message(LgStore *store, gint64 message_id, GError **error)
{
    gint64 chat_id, deletion = begin_deletion(store, error);
    if (!deletion)
        return 0;
    gboolean good =
        lg_db_number(store, error, NULL, &chat_id, "SELECT chat_id FROM messages WHERE id = ? AND deletion_id IS NULL",
                     "i", message_id) &&
        lg_db_run(
            store, error,
            "UPDATE deletions SET chat_id = ?2, leaf_id = (SELECT leaf_id FROM chats WHERE id = ?2) WHERE id = ?1",
            "ii", deletion, chat_id) &&
        lg_db_run(store, error,
                  "WITH RECURSIVE tree (id) AS (VALUES (?2) UNION ALL SELECT m.id FROM tree JOIN messages m"
                  " ON m.parent_id = tree.id WHERE m.deletion_id IS NULL)"
                  "UPDATE messages SET deletion_id = ?1 WHERE id IN tree",
                  "ii", deletion, message_id) &&
        leave_hidden_branch(store, chat_id, message_id, error);
    if (good) {
        lg_store_changed(store, LG_CHANGED_MESSAGES, chat_id);
        lg_store_changed(store, LG_CHANGED_CHAT, chat_id);
    }
    return end_deletion(store, deletion, good, error);
}

/* Shows messages again, and the branch that was shown before; what hangs below something that was deleted later goes
 * with that from now on. */
static gboolean show_messages(LgStore *store, gint64 deletion, GError **error)
{
    const gint64 none = 0;
    gint64 chat_id, leaf;
    if (!lg_db_number(store, error, &none, &chat_id,
                      "SELECT chat_id FROM deletions WHERE id = ? AND chat_id IS NOT NULL", "i", deletion))
        return FALSE;
    if (!chat_id)
        return TRUE;
    if (!lg_db_run(store, error,
                   "WITH above (id) AS (SELECT p.deletion_id FROM messages m JOIN messages p ON p.id = m.parent_id"
                   " WHERE m.deletion_id = ?1 AND p.deletion_id <> ?1)"
                   "UPDATE messages SET deletion_id = (SELECT max(id) FROM above) WHERE deletion_id = ?1",
                   "i", deletion) ||
        !lg_db_number(store, error, &none, &leaf,
                      "SELECT d.leaf_id FROM deletions d JOIN messages m ON m.id = d.leaf_id"
                      " WHERE d.id = ? AND m.deletion_id IS NULL",
                      "i", deletion) ||
        (leaf && !lg_db_run(store, error, "UPDATE chats SET leaf_id = ? WHERE id = ?", "ii", leaf, chat_id)))
        return FALSE;
    lg_store_changed(store, LG_CHANGED_MESSAGES, chat_id);
    lg_store_changed(store, LG_CHANGED_CHAT, chat_id);
    return TRUE;
}

/* Chats of a folder are in none while it is hidden, so they change when it comes back. */
static gboolean show_folder(LgStore *store, gint64 deletion, GError **error)
{
    int row;
    sqlite3_stmt *query = lg_db_query(
        store, error, "SELECT c.id FROM chats c JOIN folders f ON f.id = c.folder_id WHERE f.deletion_id = ?", "i",
        deletion);
    while ((row = query ? lg_db_step(store, query, error) : -1) > 0)
        lg_store_changed(store, LG_CHANGED_CHAT, sqlite3_column_int64(query, 0));
    if (row < 0 ||
        !lg_db_run(store, error, "UPDATE folders SET deletion_id = NULL WHERE deletion_id = ?", "i", deletion))
        return FALSE;
    if (sqlite3_changes(store->db))
        lg_store_changed(store, LG_CHANGED_FOLDERS, 0);
    return TRUE;
}

static gboolean show_preset(LgStore *store, gint64 deletion, GError **error)
{
    if (!lg_db_run(store, error, "UPDATE presets SET deletion_id = NULL WHERE deletion_id = ?", "i", deletion))
        return FALSE;
    if (sqlite3_changes(store->db))
        lg_store_changed(store, LG_CHANGED_PRESETS, 0);
    return TRUE;
}

gboolean lg_store_undo(LgStore *store, gint64 deletion_id, GError **error)
{
    gint64 found;
    if (!lg_store_begin(store, error))
        return FALSE;
    gboolean good =
        lg_db_number(store, error, NULL, &found, "SELECT id FROM deletions WHERE id = ?", "i", deletion_id) &&
        chats_changed(store, deletion_id, error) &&
        lg_db_run(store, error, "UPDATE chats SET deletion_id = NULL WHERE deletion_id = ?", "i", deletion_id) &&
        show_messages(store, deletion_id, error) && show_folder(store, deletion_id, error) &&
        show_preset(store, deletion_id, error) &&
        lg_db_run(store, error, "DELETE FROM deletions WHERE id = ?", "i", deletion_id);
    if (good)
        return lg_store_commit(store, error);
    lg_store_rollback(store);
    return FALSE;
}

gboolean lg_store_purge(LgStore *store, gint64 before, GError **error)
{
    /* Messages may hang below others of the same statement; the links are checked at the commit. */
    static const char *const removals[] = {
        "DELETE FROM messages WHERE chat_id IN (SELECT id FROM chats WHERE deletion_id IN"
        " (SELECT id FROM deletions WHERE at < ?))",
        "DELETE FROM messages WHERE deletion_id IN (SELECT id FROM deletions WHERE at < ?)",
        "DELETE FROM chats WHERE deletion_id IN (SELECT id FROM deletions WHERE at < ?)",
        "DELETE FROM state WHERE ?1 AND key GLOB 'draft-files:[1-9]*'"
        " AND CAST(substr(key, 13) AS INTEGER) NOT IN (SELECT id FROM chats)",
        "DELETE FROM folders WHERE deletion_id IN (SELECT id FROM deletions WHERE at < ?)",
        "DELETE FROM presets WHERE deletion_id IN (SELECT id FROM deletions WHERE at < ?)",
        "DELETE FROM deletions WHERE at < ? AND id NOT IN"
        " (SELECT deletion_id FROM messages WHERE deletion_id IS NOT NULL)",
    };
    gboolean good = TRUE;
    if (!lg_store_begin(store, error))
        return FALSE;
    for (guint i = 0; good && i < G_N_ELEMENTS(removals); i++)
        good = lg_db_run(store, error, removals[i], "i", before);
    if (good)
        return lg_store_commit(store, error);
    lg_store_rollback(store);
    return FALSE;
}
