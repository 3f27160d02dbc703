/* SPDX-License-Identifier: MIT
 * Folders and chats.
 */
#include "store-private.h"

/* --- Folders --- */

static gboolean named(const char *name, GError **error)
{
    if (name && *name)
        return lg_db_valid_text(error, _("name"), name);
    g_set_error_literal(error, LG_STORE_ERROR, LG_STORE_ERROR_INVALID, _("A name is needed"));
    return FALSE;
}

/* Ends a change: what was done is committed when it went well, and rolled back when not. */
static gboolean finish(LgStore *store, gboolean good, GError **error)
{
    if (good)
        return lg_store_commit(store, error);
    lg_store_rollback(store);
    return FALSE;
}

static gboolean some_row(LgStore *store, GError **error)
{
    if (sqlite3_changes(store->db))
        return TRUE;
    g_set_error_literal(error, LG_STORE_ERROR, LG_STORE_ERROR_NOT_FOUND, _("It is no longer in the history"));
    return FALSE;
}

gint64 lg_store_add_folder(LgStore *store, const char *name, GError **error)
{
    gint64 id = 0;
    if (!named(name, error) || !lg_store_begin(store, error))
        return 0;
    gboolean good = lg_db_run(store, error,
                              "INSERT INTO folders (name, position)"
                              " SELECT ?, coalesce(max(position), -1) + 1 FROM folders",
                              "t", name);
    if (good)
        id = sqlite3_last_insert_rowid(store->db);
    lg_store_changed(store, LG_CHANGED_FOLDERS, 0);
    return finish(store, good, error) ? id : 0;
}

gboolean lg_store_rename_folder(LgStore *store, gint64 folder_id, const char *name, GError **error)
{
    if (!named(name, error) || !lg_store_begin(store, error))
        return FALSE;
    gboolean good = lg_db_run(store, error, "UPDATE folders SET name = ? WHERE id = ? AND deletion_id IS NULL", "ti",
                              name, folder_id) &&
                    some_row(store, error);
    lg_store_changed(store, LG_CHANGED_FOLDERS, 0);
    return finish(store, good, error);
}

gboolean lg_store_move_folder(LgStore *store, gint64 folder_id, guint position, GError **error)
{
    if (!lg_store_begin(store, error))
        return FALSE;
    /* Numbers all of them anew, leaving a gap of one for it. */
    gboolean good = lg_db_run(store, error,
                              "UPDATE folders SET position = o.place + (o.place >= ?2) FROM"
                              " (SELECT id, row_number() OVER (ORDER BY position, id) - 1 AS place FROM folders"
                              " WHERE id <> ?1 AND deletion_id IS NULL) AS o WHERE o.id = folders.id",
                              "ii", folder_id, (gint64)position) &&
                    lg_db_run(store, error, "UPDATE folders SET position = ? WHERE id = ? AND deletion_id IS NULL",
                              "ii", (gint64)position, folder_id) &&
                    some_row(store, error);
    lg_store_changed(store, LG_CHANGED_FOLDERS, 0);
    return finish(store, good, error);
}

GPtrArray *lg_store_list_folders(LgStore *store, GError **error)
{
    g_autoptr(GPtrArray) folders = g_ptr_array_new_with_free_func(g_object_unref);
    int row;
    if (!lg_store_enter(store, error))
        return NULL;
    sqlite3_stmt *query =
        lg_db_query(store, error, "SELECT id, name FROM folders WHERE deletion_id IS NULL ORDER BY position, id", "");
    while ((row = query ? lg_db_step(store, query, error) : -1) > 0) {
        LgFolder *folder = g_object_new(LG_TYPE_FOLDER, NULL);
        folder->id = sqlite3_column_int64(query, 0);
        folder->name = lg_db_text_or_empty(query, 1);
        g_ptr_array_add(folders, folder);
    }
    lg_store_leave(store);
    return row < 0 ? NULL : g_steal_pointer(&folders);
}

/* --- Chats: reading --- */

/* A chat of a deleted folder is in none. */
#define CHAT_COLUMNS                                                                                                   \
    "SELECT c.id, CASE WHEN f.deletion_id IS NULL THEN c.folder_id END, c.title, c.pinned, c.model, c.system_prompt,"  \
    " c.parameters, c.draft, c.leaf_id, c.created, c.updated FROM chats c LEFT JOIN folders f ON f.id = c.folder_id"   \
    " WHERE c.deletion_id IS NULL"

static LgChat *read_chat(sqlite3_stmt *row)
{
    LgChat *chat = g_object_new(LG_TYPE_CHAT, NULL);
    chat->id = sqlite3_column_int64(row, 0);
    chat->folder_id = sqlite3_column_int64(row, 1);
    chat->title = lg_db_text_or_empty(row, 2);
    chat->pinned = sqlite3_column_int(row, 3) != 0;
    chat->model = lg_db_text(row, 4);
    chat->system_prompt = lg_db_text(row, 5);
    chat->parameters = lg_db_text(row, 6);
    chat->draft = lg_db_text_or_empty(row, 7);
    chat->leaf_id = sqlite3_column_int64(row, 8);
    chat->created = sqlite3_column_int64(row, 9);
    chat->updated = sqlite3_column_int64(row, 10);
    return chat;
}

LgChat *lg_store_get_chat(LgStore *store, gint64 chat_id, GError **error)
{
    LgChat *chat = NULL;
    if (!lg_store_enter(store, error))
        return NULL;
    sqlite3_stmt *query = lg_db_query(store, error, CHAT_COLUMNS " AND c.id = ?", "i", chat_id);
    int row = query ? lg_db_step(store, query, error) : -1;
    if (row > 0) {
        chat = read_chat(query);
        sqlite3_reset(query);
    } else if (row == 0) {
        g_set_error_literal(error, LG_STORE_ERROR, LG_STORE_ERROR_NOT_FOUND, _("The chat is no longer in the history"));
    }
    lg_store_leave(store);
    return chat;
}

GPtrArray *lg_store_list_chats(LgStore *store, GError **error)
{
    g_autoptr(GPtrArray) chats = g_ptr_array_new_with_free_func(g_object_unref);
    int row;
    if (!lg_store_enter(store, error))
        return NULL;
    sqlite3_stmt *query =
        lg_db_query(store, error, CHAT_COLUMNS " ORDER BY c.pinned DESC, c.updated DESC, c.id DESC", "");
    while ((row = query ? lg_db_step(store, query, error) : -1) > 0)
        g_ptr_array_add(chats, read_chat(query));
    lg_store_leave(store);
    return row < 0 ? NULL : g_steal_pointer(&chats);
}

/* --- Chats: writing --- */

static gboolean valid_change(const LgChatChange *change, GError **error)
{
    return lg_db_valid_text(error, _("title"), change->fields & LG_CHAT_TITLE ? change->title : NULL) &&
           lg_db_valid_text(error, _("model"), change->fields & LG_CHAT_MODEL ? change->model : NULL) &&
           lg_db_valid_text(error, _("system prompt"),
                            change->fields & LG_CHAT_SYSTEM_PROMPT ? change->system_prompt : NULL) &&
           lg_db_valid_text(error, _("parameters"), change->fields & LG_CHAT_PARAMETERS ? change->parameters : NULL) &&
           lg_db_valid_text(error, _("draft"), change->fields & LG_CHAT_DRAFT ? change->draft : NULL);
}

static gboolean set_leaf(LgStore *store, gint64 chat_id, gint64 leaf_id, GError **error)
{
    if (leaf_id) {
        gint64 owner;
        if (!lg_db_number(store, error, NULL, &owner,
                          "SELECT chat_id FROM messages WHERE id = ? AND deletion_id IS NULL", "i", leaf_id))
            return FALSE;
        if (owner != chat_id) {
            g_set_error_literal(error, LG_STORE_ERROR, LG_STORE_ERROR_INVALID, _("The message is of another chat"));
            return FALSE;
        }
    }
    return lg_db_run(store, error, "UPDATE chats SET leaf_id = ? WHERE id = ?", "ni", leaf_id, chat_id);
}

/* Each field is a statement of its own: all of them are one transaction. */
static gboolean set_fields(LgStore *store, gint64 chat_id, const LgChatChange *change, GError **error)
{
    const LgChatFields fields = change->fields;
    const char *title = change->title ? change->title : "", *draft = change->draft ? change->draft : "";
    const struct {
        LgChatFields field;
        const char *sql, *text;
    } texts[] = {
        {LG_CHAT_TITLE, "UPDATE chats SET title = ? WHERE id = ?", title},
        {LG_CHAT_MODEL, "UPDATE chats SET model = ? WHERE id = ?", change->model},
        {LG_CHAT_SYSTEM_PROMPT, "UPDATE chats SET system_prompt = ? WHERE id = ?", change->system_prompt},
        {LG_CHAT_PARAMETERS, "UPDATE chats SET parameters = ? WHERE id = ?", change->parameters},
        {LG_CHAT_DRAFT, "UPDATE chats SET draft = ? WHERE id = ?", draft},
    };
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        if (fields & texts[i].field && !lg_db_run(store, error, texts[i].sql, "ti", texts[i].text, chat_id))
            return FALSE;
    return (!(fields & LG_CHAT_PINNED) || lg_db_run(store, error, "UPDATE chats SET pinned = ? WHERE id = ?", "ii",
                                                    (gint64)(change->pinned != FALSE), chat_id)) &&
           (!(fields & LG_CHAT_FOLDER) ||
            lg_db_run(store, error, "UPDATE chats SET folder_id = ? WHERE id = ?", "ni", change->folder_id, chat_id)) &&
           (!(fields & LG_CHAT_LEAF) || set_leaf(store, chat_id, change->leaf_id, error));
}

gint64 lg_store_add_chat(LgStore *store, const LgChatChange *first, GError **error)
{
    const gint64 now = g_get_real_time();
    gint64 id = 0;
    if ((first && !valid_change(first, error)) || !lg_store_begin(store, error))
        return 0;
    gboolean good = lg_db_run(store, error, "INSERT INTO chats (created, updated) VALUES (?, ?)", "ii", now, now);
    if (good) {
        id = sqlite3_last_insert_rowid(store->db);
        lg_store_changed(store, LG_CHANGED_CHAT, id);
        good = !first || set_fields(store, id, first, error);
    }
    return finish(store, good, error) ? id : 0;
}

gboolean lg_store_change_chat(LgStore *store, gint64 chat_id, const LgChatChange *change, GError **error)
{
    gint64 id;
    if (!valid_change(change, error) || !lg_store_begin(store, error))
        return FALSE;
    gboolean good = lg_db_number(store, error, NULL, &id, "SELECT id FROM chats WHERE id = ? AND deletion_id IS NULL",
                                 "i", chat_id) &&
                    set_fields(store, chat_id, change, error);
    if (change->fields & ~(guint)LG_CHAT_DRAFT)
        lg_store_changed(store, LG_CHANGED_CHAT, chat_id);
    return finish(store, good, error);
}

gboolean lg_db_touch_chat(LgStore *store, gint64 chat_id, GError **error)
{
    /* Two changes within a tick of the clock are still in order. */
    lg_store_changed(store, LG_CHANGED_CHAT, chat_id);
    return lg_db_run(store, error, "UPDATE chats SET updated = max(?, updated + 1) WHERE id = ?", "ii",
                     g_get_real_time(), chat_id);
}

/* --- Copying --- */

/* Copies the messages of one chat into another; NEW_IDS has the new id of each. */
static gboolean copy_messages(LgStore *store, gint64 from, gint64 to, gint64 last, GHashTable *new_ids, GError **error)
{
    g_autoptr(GArray) old = g_array_new(FALSE, FALSE, sizeof(gint64[2]));
    int row;
    sqlite3_stmt *query =
        last ? lg_db_query(store, error,
                           "WITH RECURSIVE path (id, parent_id) AS (SELECT id, parent_id FROM messages WHERE id = ?1"
                           " AND chat_id = ?2 AND deletion_id IS NULL UNION ALL SELECT m.id, m.parent_id FROM path"
                           " JOIN messages m ON m.id = path.parent_id) SELECT id, parent_id FROM path ORDER BY id",
                           "ii", last, from)
             : lg_db_query(store, error,
                           "SELECT id, parent_id FROM messages WHERE chat_id = ? AND deletion_id IS NULL ORDER BY id",
                           "i", from);
    while ((row = query ? lg_db_step(store, query, error) : -1) > 0) {
        const gint64 ids[2] = {sqlite3_column_int64(query, 0), sqlite3_column_int64(query, 1)};
        g_array_append_val(old, ids);
    }
    if (row < 0)
        return FALSE;
    for (guint i = 0; i < old->len; i++) { /* a parent is older than its children, so it was copied before them */
        const gint64 *ids = (const gint64 *)(gpointer)old->data + 2 * (gsize)i;
        const gint64 *parent = g_hash_table_lookup(new_ids, &ids[1]);
        if (!lg_db_run(
                store, error,
                "INSERT INTO messages (chat_id, parent_id, depth, created, role, state, tool_call_id, model,"
                " model_hash, statistics, text, reasoning, tool_calls, attachments) SELECT ?1, ?2, depth, created,"
                " role, iif(state = 'streaming', 'interrupted', state), tool_call_id, model, model_hash,"
                " statistics, text, reasoning, tool_calls, attachments FROM messages WHERE id = ?3",
                "ini", to, parent ? *parent : (gint64)0, ids[0]))
            return FALSE;
        const gint64 id = sqlite3_last_insert_rowid(store->db);
        g_hash_table_insert(new_ids, g_memdup2(&ids[0], sizeof id), g_memdup2(&id, sizeof id));
    }
    return TRUE;
}

gint64 lg_store_copy_chat(LgStore *store, gint64 chat_id, gint64 message_id, const char *title, GError **error)
{
    g_autoptr(GHashTable) new_ids = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    gint64 id = 0, leaf;
    const gint64 now = g_get_real_time();
    if (!lg_db_valid_text(error, _("title"), title) || !lg_store_begin(store, error))
        return 0;
    gboolean good =
        lg_db_number(store, error, NULL, &leaf,
                     "SELECT coalesce(leaf_id, 0) FROM chats WHERE id = ? AND deletion_id IS NULL", "i", chat_id) &&
        lg_db_run(store, error,
                  "INSERT INTO chats (title, folder_id, model, system_prompt, parameters, created, updated)"
                  " SELECT coalesce(?1, title), folder_id, model, system_prompt, parameters, ?2, ?2 FROM chats"
                  " WHERE id = ?3",
                  "tii", title, now, chat_id);
    if (good) {
        id = sqlite3_last_insert_rowid(store->db);
        lg_store_changed(store, LG_CHANGED_CHAT, id);
        good = copy_messages(store, chat_id, id, message_id, new_ids, error);
    }
    if (good) {
        const gint64 *new_leaf = g_hash_table_lookup(new_ids, message_id ? &message_id : &leaf);
        if (message_id && !new_leaf) {
            g_set_error_literal(error, LG_STORE_ERROR, LG_STORE_ERROR_NOT_FOUND, _("The chat has no such message"));
            good = FALSE;
        } else {
            good = lg_db_run(store, error, "UPDATE chats SET leaf_id = ? WHERE id = ?", "ni",
                             new_leaf ? *new_leaf : (gint64)0, id);
        }
    }
    return finish(store, good, error) ? id : 0;
}
