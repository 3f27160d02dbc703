/* SPDX-License-Identifier: MIT
 * Messages: a tree for each chat, and the branches of it.
 */
#include "store-private.h"

static const char *const state_names[] = {"complete", "streaming", "interrupted"};

/* --- Reading --- */

#define MESSAGE_COLUMNS                                                                                                \
    " m.id, m.chat_id, m.parent_id, m.depth, m.role, m.state, m.text, m.reasoning, m.tool_calls, m.tool_call_id,"      \
    " m.attachments, m.model, m.model_hash, m.statistics, m.created,"                                                  \
    " (SELECT count(*) FROM messages s WHERE s.chat_id = m.chat_id AND s.parent_id IS m.parent_id"                     \
    " AND s.deletion_id IS NULL AND s.id < m.id),"                                                                     \
    " (SELECT count(*) FROM messages s WHERE s.chat_id = m.chat_id AND s.parent_id IS m.parent_id"                     \
    " AND s.deletion_id IS NULL)"

static LgMessage *read_message(sqlite3_stmt *row)
{
    LgMessage *message = g_object_new(LG_TYPE_MESSAGE, NULL);
    const char *state = (const char *)sqlite3_column_text(row, 5);
    message->id = sqlite3_column_int64(row, 0);
    message->chat_id = sqlite3_column_int64(row, 1);
    message->parent_id = sqlite3_column_int64(row, 2);
    message->depth = (guint)sqlite3_column_int64(row, 3);
    lg_role_from_name((const char *)sqlite3_column_text(row, 4), &message->role);
    for (guint i = 0; i < G_N_ELEMENTS(state_names); i++)
        if (g_strcmp0(state, state_names[i]) == 0)
            message->state = (LgMessageState)i;
    message->text = lg_db_text_or_empty(row, 6);
    message->reasoning = lg_db_text(row, 7);
    message->tool_calls = lg_db_text(row, 8);
    message->tool_call_id = lg_db_text(row, 9);
    message->attachments = lg_db_text(row, 10);
    message->model = lg_db_text(row, 11);
    message->model_hash = lg_db_text(row, 12);
    message->statistics = lg_db_text(row, 13);
    message->created = sqlite3_column_int64(row, 14);
    message->sibling_index = (guint)sqlite3_column_int64(row, 15);
    message->n_siblings = (guint)sqlite3_column_int64(row, 16);
    return message;
}

static GPtrArray *read_messages(LgStore *store, sqlite3_stmt *query, GError **error)
{
    g_autoptr(GPtrArray) messages = g_ptr_array_new_with_free_func(g_object_unref);
    int row;
    while ((row = query ? lg_db_step(store, query, error) : -1) > 0)
        g_ptr_array_add(messages, read_message(query));
    return row < 0 ? NULL : g_steal_pointer(&messages);
}

static gboolean present(const GPtrArray *messages, GError **error)
{
    if (!messages || messages->len)
        return messages != NULL;
    g_set_error_literal(error, LG_STORE_ERROR, LG_STORE_ERROR_NOT_FOUND, _("The message is no longer in the history"));
    return FALSE;
}

LgMessage *lg_store_get_message(LgStore *store, gint64 message_id, GError **error)
{
    if (!lg_store_enter(store, error))
        return NULL;
    g_autoptr(GPtrArray) messages = read_messages(
        store,
        lg_db_query(store, error, "SELECT" MESSAGE_COLUMNS " FROM messages m WHERE m.id = ? AND m.deletion_id IS NULL",
                    "i", message_id),
        error);
    LgMessage *message = present(messages, error) ? g_object_ref(messages->pdata[0]) : NULL;
    lg_store_leave(store);
    return message;
}

GPtrArray *lg_store_load_path(LgStore *store, gint64 last_id, guint n, GError **error)
{
    if (!lg_store_enter(store, error))
        return NULL;
    g_autoptr(GPtrArray) messages = read_messages(
        store,
        lg_db_query(store, error,
                    "WITH RECURSIVE path (id, parent_id) AS (SELECT id, parent_id FROM messages"
                    " WHERE id = ?1 AND deletion_id IS NULL UNION ALL SELECT m.id, m.parent_id FROM path"
                    " JOIN messages m ON m.id = path.parent_id LIMIT ?2)"
                    "SELECT" MESSAGE_COLUMNS " FROM path JOIN messages m ON m.id = path.id ORDER BY m.depth",
                    "ii", last_id, n ? (gint64)n : (gint64)-1),
        error);
    gboolean good = present(messages, error);
    lg_store_leave(store);
    return good ? g_steal_pointer(&messages) : NULL;
}

GPtrArray *lg_store_list_siblings(LgStore *store, gint64 message_id, GError **error)
{
    if (!lg_store_enter(store, error))
        return NULL;
    g_autoptr(GPtrArray) messages =
        read_messages(store,
                      lg_db_query(store, error,
                                  "SELECT" MESSAGE_COLUMNS " FROM messages o JOIN messages m ON m.chat_id = o.chat_id"
                                  " AND m.parent_id IS o.parent_id WHERE o.id = ? AND o.deletion_id IS NULL"
                                  " AND m.deletion_id IS NULL ORDER BY m.id",
                                  "i", message_id),
                      error);
    gboolean good = present(messages, error);
    lg_store_leave(store);
    return good ? g_steal_pointer(&messages) : NULL;
}

/* --- Writing --- */

static gboolean valid_message(const LgMessageChange *message, GError **error)
{
    if ((guint)message->role > LG_ROLE_TOOL || (guint)message->state > LG_MESSAGE_INTERRUPTED) {
        g_set_error_literal(error, LG_STORE_ERROR, LG_STORE_ERROR_INVALID, _("The message has no such role or state"));
        return FALSE;
    }
    return lg_db_valid_text(error, _("text"), message->text) &&
           lg_db_valid_text(error, _("reasoning"), message->reasoning) &&
           lg_db_valid_text(error, _("tool calls"), message->tool_calls) &&
           lg_db_valid_text(error, _("id of the tool call"), message->tool_call_id) &&
           lg_db_valid_text(error, _("attachments"), message->attachments) &&
           lg_db_valid_text(error, _("model"), message->model) &&
           lg_db_valid_text(error, _("hash of the model"), message->model_hash) &&
           lg_db_valid_text(error, _("statistics"), message->statistics);
}

static gboolean insert(LgStore *store, gint64 chat_id, gint64 parent_id, const LgMessageChange *message, gint64 *id,
                       GError **error)
{
    gint64 depth = 0, found;
    if (!lg_db_number(store, error, NULL, &found, "SELECT id FROM chats WHERE id = ? AND deletion_id IS NULL", "i",
                      chat_id) ||
        (parent_id &&
         !lg_db_number(store, error, NULL, &depth,
                       "SELECT depth + 1 FROM messages WHERE id = ? AND chat_id = ? AND deletion_id IS NULL", "ii",
                       parent_id, chat_id)) ||
        !lg_db_run(store, error,
                   "INSERT INTO messages (chat_id, parent_id, depth, created, role, state, text, reasoning, tool_calls,"
                   " tool_call_id, attachments, model, model_hash, statistics)"
                   " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                   "iniitttttttttt", chat_id, parent_id, depth, g_get_real_time(), lg_role_name(message->role),
                   state_names[message->state], message->text ? message->text : "", message->reasoning,
                   message->tool_calls, message->tool_call_id, message->attachments, message->model,
                   message->model_hash, message->statistics))
        return FALSE;
    *id = sqlite3_last_insert_rowid(store->db);
    return lg_db_run(store, error, "UPDATE chats SET leaf_id = ? WHERE id = ?", "ii", *id, chat_id) &&
           lg_db_touch_chat(store, chat_id, error);
}

gint64 lg_store_add_message(LgStore *store, gint64 chat_id, gint64 parent_id, const LgMessageChange *message,
                            GError **error)
{
    gint64 id = 0;
    if (!valid_message(message, error) || !lg_store_begin(store, error))
        return 0;
    if (!insert(store, chat_id, parent_id, message, &id, error)) {
        lg_store_rollback(store);
        return 0;
    }
    return lg_store_commit(store, error) ? id : 0;
}

static gboolean set_fields(LgStore *store, gint64 message_id, const LgMessageChange *change, GError **error)
{
    const struct {
        LgMessageFields field;
        const char *sql, *text;
    } texts[] = {
        {LG_MESSAGE_ROLE, "UPDATE messages SET role = ? WHERE id = ?", lg_role_name(change->role)},
        {LG_MESSAGE_TEXT, "UPDATE messages SET text = ? WHERE id = ?", change->text ? change->text : ""},
        {LG_MESSAGE_REASONING, "UPDATE messages SET reasoning = ? WHERE id = ?", change->reasoning},
        {LG_MESSAGE_TOOL_CALLS, "UPDATE messages SET tool_calls = ? WHERE id = ?", change->tool_calls},
        {LG_MESSAGE_TOOL_CALL_ID, "UPDATE messages SET tool_call_id = ? WHERE id = ?", change->tool_call_id},
        {LG_MESSAGE_ATTACHMENTS, "UPDATE messages SET attachments = ? WHERE id = ?", change->attachments},
        {LG_MESSAGE_MODEL, "UPDATE messages SET model = ? WHERE id = ?", change->model},
        {LG_MESSAGE_MODEL_HASH, "UPDATE messages SET model_hash = ? WHERE id = ?", change->model_hash},
        {LG_MESSAGE_STATISTICS, "UPDATE messages SET statistics = ? WHERE id = ?", change->statistics},
        {LG_MESSAGE_STATE, "UPDATE messages SET state = ? WHERE id = ?", state_names[change->state]},
    };
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        if (change->fields & texts[i].field && !lg_db_run(store, error, texts[i].sql, "ti", texts[i].text, message_id))
            return FALSE;
    return TRUE;
}

gboolean lg_store_change_message(LgStore *store, gint64 message_id, const LgMessageChange *change, GError **error)
{
    gint64 chat_id;
    if (!valid_message(change, error) || !lg_store_begin(store, error))
        return FALSE;
    if (!lg_db_number(store, error, NULL, &chat_id, "SELECT chat_id FROM messages WHERE id = ? AND deletion_id IS NULL",
                      "i", message_id) ||
        !set_fields(store, message_id, change, error) || !lg_db_touch_chat(store, chat_id, error)) {
        lg_store_rollback(store);
        return FALSE;
    }
    return lg_store_commit(store, error);
}

/* --- Branches --- */

gint64 lg_store_choose_branch(LgStore *store, gint64 message_id, GError **error)
{
    gint64 leaf = 0, chat_id;
    if (!lg_store_begin(store, error))
        return 0;
    gboolean good =
        lg_db_number(store, error, NULL, &chat_id, "SELECT chat_id FROM messages WHERE id = ? AND deletion_id IS NULL",
                     "i", message_id) &&
        lg_db_number(store, error, NULL, &leaf,
                     "WITH RECURSIVE down (id) AS (VALUES (?) UNION ALL SELECT (SELECT max(m.id) FROM messages m"
                     " WHERE m.parent_id = down.id AND m.deletion_id IS NULL) FROM down WHERE down.id IS NOT NULL)"
                     "SELECT max(id) FROM down",
                     "i", message_id) &&
        lg_db_run(store, error, "UPDATE chats SET leaf_id = ? WHERE id = ?", "ii", leaf, chat_id);
    if (!good) {
        lg_store_rollback(store);
        return 0;
    }
    lg_store_changed(store, LG_CHANGED_CHAT, chat_id);
    return lg_store_commit(store, error) ? leaf : 0;
}
