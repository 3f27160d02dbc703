/* SPDX-License-Identifier: MIT
 * The functions that code with widgets calls: each copies its arguments, and the thread of the store does the work.
 */
#include "store-private.h"

/* The arguments of all of them; each uses a few. */
typedef struct {
    gint64 id, parent_id;
    gint64 *ids;
    guint n;
    char *text;
    LgChatChange chat;
    gboolean has_chat;
    LgMessageChange message;
} Call;

static void chat_change_copy(LgChatChange *to, const LgChatChange *from)
{
    *to = *from;
    to->title = g_strdup(from->fields & LG_CHAT_TITLE ? from->title : NULL);
    to->model = g_strdup(from->fields & LG_CHAT_MODEL ? from->model : NULL);
    to->system_prompt = g_strdup(from->fields & LG_CHAT_SYSTEM_PROMPT ? from->system_prompt : NULL);
    to->parameters = g_strdup(from->fields & LG_CHAT_PARAMETERS ? from->parameters : NULL);
    to->draft = g_strdup(from->fields & LG_CHAT_DRAFT ? from->draft : NULL);
}

void lg_message_change_copy(LgMessageChange *to, const LgMessageChange *from)
{
    *to = *from;
    to->text = g_strdup(from->text);
    to->reasoning = g_strdup(from->reasoning);
    to->tool_calls = g_strdup(from->tool_calls);
    to->tool_call_id = g_strdup(from->tool_call_id);
    to->attachments = g_strdup(from->attachments);
    to->model = g_strdup(from->model);
    to->model_hash = g_strdup(from->model_hash);
    to->statistics = g_strdup(from->statistics);
}

void lg_message_change_clear(LgMessageChange *change)
{
    const char *const texts[] = {change->text,        change->reasoning, change->tool_calls, change->tool_call_id,
                                 change->attachments, change->model,     change->model_hash, change->statistics};
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free((gpointer)texts[i]);
    *change = (LgMessageChange){0};
}

static void call_free(gpointer data)
{
    Call *call = data;
    const char *const texts[] = {
        call->text,      call->chat.title, call->chat.model, call->chat.system_prompt, call->chat.parameters,
        call->chat.draft};
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free((gpointer)texts[i]);
    lg_message_change_clear(&call->message);
    g_free(call->ids);
    g_free(call);
}

static void unref_array(gpointer array) { g_ptr_array_unref(array); }

/* --- What gives an id, or only says that it worked --- */

static gpointer id_of(gint64 id) { return id ? g_memdup2(&id, sizeof id) : NULL; }

gint64 lg_store_id_finish(LgStore *store, GAsyncResult *result, GError **error)
{
    g_autofree gint64 *id = lg_store_run_finish(store, result, error);
    return id ? *id : 0;
}

gboolean lg_store_done_finish(LgStore *store, GAsyncResult *result, GError **error)
{
    return lg_store_id_finish(store, result, error) != 0;
}

static gpointer add_chat(LgStore *store, gpointer data, GCancellable *cancellable, GError **error)
{
    const Call *call = data;
    (void)cancellable;
    return id_of(lg_store_add_chat(store, call->has_chat ? &call->chat : NULL, error));
}

void lg_store_add_chat_async(LgStore *store, const LgChatChange *first, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer data)
{
    Call *call = g_new0(Call, 1);
    call->has_chat = first != NULL;
    if (first)
        chat_change_copy(&call->chat, first);
    lg_store_run_async(store, add_chat, call, call_free, g_free, cancellable, callback, data);
}

static gpointer change_chat(LgStore *store, gpointer data, GCancellable *cancellable, GError **error)
{
    const Call *call = data;
    (void)cancellable;
    return id_of(lg_store_change_chat(store, call->id, &call->chat, error));
}

void lg_store_change_chat_async(LgStore *store, gint64 chat_id, const LgChatChange *change, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer data)
{
    Call *call = g_new0(Call, 1);
    call->id = chat_id;
    chat_change_copy(&call->chat, change);
    lg_store_run_async(store, change_chat, call, call_free, g_free, cancellable, callback, data);
}

static gpointer add_message(LgStore *store, gpointer data, GCancellable *cancellable, GError **error)
{
    const Call *call = data;
    (void)cancellable;
    return id_of(lg_store_add_message(store, call->id, call->parent_id, &call->message, error));
}

void lg_store_add_message_async(LgStore *store, gint64 chat_id, gint64 parent_id, const LgMessageChange *message,
                                GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
    Call *call = g_new0(Call, 1);
    call->id = chat_id;
    call->parent_id = parent_id;
    lg_message_change_copy(&call->message, message);
    lg_store_run_async(store, add_message, call, call_free, g_free, cancellable, callback, data);
}

static gpointer choose_branch(LgStore *store, gpointer data, GCancellable *cancellable, GError **error)
{
    const Call *call = data;
    (void)cancellable;
    return id_of(lg_store_choose_branch(store, call->id, error));
}

void lg_store_choose_branch_async(LgStore *store, gint64 message_id, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer data)
{
    Call *call = g_new0(Call, 1);
    call->id = message_id;
    lg_store_run_async(store, choose_branch, call, call_free, g_free, cancellable, callback, data);
}

static gpointer delete_chats(LgStore *store, gpointer data, GCancellable *cancellable, GError **error)
{
    const Call *call = data;
    (void)cancellable;
    return id_of(lg_store_delete_chats(store, call->ids, call->n, error));
}

void lg_store_delete_chats_async(LgStore *store, const gint64 *chat_ids, guint n, GCancellable *cancellable,
                                 GAsyncReadyCallback callback, gpointer data)
{
    Call *call = g_new0(Call, 1);
    call->ids = g_memdup2(chat_ids, n * sizeof *chat_ids);
    call->n = n;
    lg_store_run_async(store, delete_chats, call, call_free, g_free, cancellable, callback, data);
}

static gpointer undo(LgStore *store, gpointer data, GCancellable *cancellable, GError **error)
{
    const Call *call = data;
    (void)cancellable;
    return id_of(lg_store_undo(store, call->id, error));
}

void lg_store_undo_async(LgStore *store, gint64 deletion_id, GCancellable *cancellable, GAsyncReadyCallback callback,
                         gpointer data)
{
    Call *call = g_new0(Call, 1);
    call->id = deletion_id;
    lg_store_run_async(store, undo, call, call_free, g_free, cancellable, callback, data);
}

/* --- What gives objects --- */

static gpointer get_chat(LgStore *store, gpointer data, GCancellable *cancellable, GError **error)
{
    const Call *call = data;
    (void)cancellable;
    return lg_store_get_chat(store, call->id, error);
}

void lg_store_get_chat_async(LgStore *store, gint64 chat_id, GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer data)
{
    Call *call = g_new0(Call, 1);
    call->id = chat_id;
    lg_store_run_async(store, get_chat, call, call_free, g_object_unref, cancellable, callback, data);
}

LgChat *lg_store_get_chat_finish(LgStore *store, GAsyncResult *result, GError **error)
{
    return lg_store_run_finish(store, result, error);
}

GPtrArray *lg_store_array_finish(LgStore *store, GAsyncResult *result, GError **error)
{
    return lg_store_run_finish(store, result, error);
}

static gpointer load_path(LgStore *store, gpointer data, GCancellable *cancellable, GError **error)
{
    const Call *call = data;
    (void)cancellable;
    return lg_store_load_path(store, call->id, call->n, error);
}

void lg_store_load_path_async(LgStore *store, gint64 last_id, guint n, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer data)
{
    Call *call = g_new0(Call, 1);
    call->id = last_id;
    call->n = n;
    lg_store_run_async(store, load_path, call, call_free, unref_array, cancellable, callback, data);
}

static gpointer list_siblings(LgStore *store, gpointer data, GCancellable *cancellable, GError **error)
{
    const Call *call = data;
    (void)cancellable;
    return lg_store_list_siblings(store, call->id, error);
}

void lg_store_list_siblings_async(LgStore *store, gint64 message_id, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer data)
{
    Call *call = g_new0(Call, 1);
    call->id = message_id;
    lg_store_run_async(store, list_siblings, call, call_free, unref_array, cancellable, callback, data);
}

static gpointer search(LgStore *store, gpointer data, GCancellable *cancellable, GError **error)
{
    const Call *call = data;
    return lg_store_search(store, call->text, call->id, call->n, cancellable, error);
}

void lg_store_search_async(LgStore *store, const char *query, gint64 chat_id, guint n, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer data)
{
    Call *call = g_new0(Call, 1);
    call->text = g_strdup(query);
    call->id = chat_id;
    call->n = n;
    lg_store_run_async(store, search, call, call_free, unref_array, cancellable, callback, data);
}
