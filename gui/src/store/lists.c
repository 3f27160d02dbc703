/* SPDX-License-Identifier: MIT
 * Lists for widgets: they hold what the store had when it last said that something changed.
 */
#include "lists.h"

#include "rows-private.h"

/* --- Chats --- */

struct _LgChatList {
    GObject parent_instance;
    LgStore *store;
    GCancellable *cancellable; /* ends what is on its way when the list goes */
    GPtrArray *chats;
};

static GType chat_type(GListModel *model)
{
    (void)model;
    return LG_TYPE_CHAT;
}

static guint count_chats(GListModel *model) { return LG_CHAT_LIST(model)->chats->len; }

static gpointer get_chat(GListModel *model, guint position)
{
    const GPtrArray *chats = LG_CHAT_LIST(model)->chats;
    return position < chats->len ? g_object_ref(chats->pdata[position]) : NULL;
}

static void chat_list_model(GListModelInterface *interface)
{
    interface->get_item_type = chat_type;
    interface->get_n_items = count_chats;
    interface->get_item = get_chat;
}

G_DEFINE_FINAL_TYPE_WITH_CODE(LgChatList, lg_chat_list, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(G_TYPE_LIST_MODEL, chat_list_model))

static gboolean before(const LgChat *a, const LgChat *b)
{
    if (a->pinned != b->pinned)
        return a->pinned;
    return a->updated != b->updated ? a->updated > b->updated : a->id > b->id;
}

static guint place_of(const GPtrArray *chats, const LgChat *chat)
{
    guint low = 0, high = chats->len;
    while (low < high) {
        const guint middle = low + (high - low) / 2;
        if (before(chats->pdata[middle], chat))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static guint index_of(const GPtrArray *chats, gint64 id)
{
    for (guint i = 0; i < chats->len; i++)
        if (((const LgChat *)chats->pdata[i])->id == id)
            return i;
    return G_MAXUINT;
}

/* Takes over what was read of a chat; NULL: it is gone. */
static void take(LgChatList *list, gint64 id, const LgChat *read)
{
    guint from = index_of(list->chats, id);
    g_autoptr(LgChat) row = from == G_MAXUINT ? NULL : g_object_ref(list->chats->pdata[from]);
    if (row) {
        /* One that goes to another folder comes anew, for the sake of filters. */
        const gboolean stays =
            read && row->pinned == read->pinned && row->updated == read->updated && row->folder_id == read->folder_id;
        if (read)
            lg_chat_update(row, read);
        if (stays)
            return;
        g_ptr_array_remove_index(list->chats, from);
    }
    if (!read) {
        if (row)
            g_list_model_items_changed(G_LIST_MODEL(list), from, 1, 0);
        return;
    }
    const guint to = place_of(list->chats, read);
    if (to == from) { /* it moved in time, not in the list */
        g_ptr_array_insert(list->chats, (int)to, g_object_ref(row));
        return;
    }
    if (row)
        g_list_model_items_changed(G_LIST_MODEL(list), from, 1, 0);
    g_ptr_array_insert(list->chats, (int)to, row ? g_object_ref(row) : g_object_ref((gpointer)read));
    g_list_model_items_changed(G_LIST_MODEL(list), to, 0, 1);
}

typedef struct {
    LgChatList *list; /* no reference: the list cancels what it waits for */
    gint64 id;
} Wait;

static void chat_read(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autofree Wait *wait = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(LgChat) chat = lg_store_get_chat_finish(LG_STORE(source), result, &error);
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return;
    if (chat || g_error_matches(error, LG_STORE_ERROR, LG_STORE_ERROR_NOT_FOUND))
        take(wait->list, wait->id, chat);
    else if (!g_error_matches(error, LG_STORE_ERROR, LG_STORE_ERROR_CLOSED))
        g_warning("%s", error->message);
}

static void chat_changed(LgStore *store, gint64 id, LgChatList *list)
{
    Wait *wait = g_new(Wait, 1);
    *wait = (Wait){list, id};
    lg_store_get_chat_async(store, id, list->cancellable, chat_read, wait);
}

static void chats_read(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) chats = lg_store_array_finish(LG_STORE(source), result, &error);
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return;
    LgChatList *list = data;
    if (error)
        g_warning("%s", error->message);
    if (chats) {
        const guint n_before = list->chats->len; /* none, but for one that was added meanwhile */
        g_ptr_array_unref(list->chats);
        list->chats = g_steal_pointer(&chats);
        g_list_model_items_changed(G_LIST_MODEL(list), 0, n_before, list->chats->len);
    }
    g_signal_emit_by_name(list, "loaded");
}

static void unref_array(gpointer array) { g_ptr_array_unref(array); }

static gpointer list_chats(LgStore *store, gpointer data, GCancellable *cancellable, GError **error)
{
    (void)data, (void)cancellable;
    return lg_store_list_chats(store, error);
}

LgChatList *lg_chat_list_new(LgStore *store)
{
    LgChatList *list = g_object_new(LG_TYPE_CHAT_LIST, NULL);
    list->store = g_object_ref(store);
    g_signal_connect(store, "chat-changed", G_CALLBACK(chat_changed), list);
    lg_store_run_async(store, list_chats, NULL, NULL, unref_array, list->cancellable, chats_read, list);
    return list;
}

LgChat *lg_chat_list_find(LgChatList *list, gint64 chat_id)
{
    const guint i = index_of(list->chats, chat_id);
    return i == G_MAXUINT ? NULL : list->chats->pdata[i];
}

static void lg_chat_list_init(LgChatList *list)
{
    list->chats = g_ptr_array_new_with_free_func(g_object_unref);
    list->cancellable = g_cancellable_new();
}

static void lg_chat_list_finalize(GObject *object)
{
    LgChatList *list = LG_CHAT_LIST(object);
    g_cancellable_cancel(list->cancellable);
    g_signal_handlers_disconnect_by_data(list->store, list);
    g_object_unref(list->cancellable);
    g_object_unref(list->store);
    g_ptr_array_unref(list->chats);
    G_OBJECT_CLASS(lg_chat_list_parent_class)->finalize(object);
}

static void lg_chat_list_class_init(LgChatListClass *klass)
{
    G_OBJECT_CLASS(klass)->finalize = lg_chat_list_finalize;
    g_signal_new("loaded", LG_TYPE_CHAT_LIST, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

/* --- Folders and presets: few, so that a change reads all of them --- */

struct _LgNameList {
    GObject parent_instance;
    LgStore *store;
    GCancellable *cancellable;
    GPtrArray *rows;
    gboolean presets;
};

static GType name_type(GListModel *model) { return LG_NAME_LIST(model)->presets ? LG_TYPE_PRESET : LG_TYPE_FOLDER; }

static guint count_names(GListModel *model) { return LG_NAME_LIST(model)->rows->len; }

static gpointer get_name(GListModel *model, guint position)
{
    const GPtrArray *rows = LG_NAME_LIST(model)->rows;
    return position < rows->len ? g_object_ref(rows->pdata[position]) : NULL;
}

static void name_list_model(GListModelInterface *interface)
{
    interface->get_item_type = name_type;
    interface->get_n_items = count_names;
    interface->get_item = get_name;
}

G_DEFINE_FINAL_TYPE_WITH_CODE(LgNameList, lg_name_list, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(G_TYPE_LIST_MODEL, name_list_model))

static gint64 id_of(const LgNameList *list, gpointer row)
{
    return list->presets ? LG_PRESET(row)->id : LG_FOLDER(row)->id;
}

/* What is shown stays the same object, which takes over what was read. */
static void keep_rows(const LgNameList *list, GPtrArray *read)
{
    for (guint i = 0; i < read->len; i++)
        for (guint j = 0; j < list->rows->len; j++) {
            gpointer row = list->rows->pdata[j];
            if (id_of(list, row) != id_of(list, read->pdata[i]))
                continue;
            if (list->presets)
                lg_preset_update(row, read->pdata[i]);
            else
                lg_folder_update(row, read->pdata[i]);
            g_object_unref(read->pdata[i]);
            read->pdata[i] = g_object_ref(row);
            break;
        }
}

static void names_read(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) read = lg_store_array_finish(LG_STORE(source), result, &error);
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return;
    LgNameList *list = data;
    if (error && !g_error_matches(error, LG_STORE_ERROR, LG_STORE_ERROR_CLOSED))
        g_warning("%s", error->message);
    if (read) {
        const guint n_before = list->rows->len;
        guint same = 0;
        keep_rows(list, read);
        while (same < n_before && same < read->len && list->rows->pdata[same] == read->pdata[same])
            same++;
        g_ptr_array_unref(list->rows);
        list->rows = g_steal_pointer(&read);
        if (same < n_before || same < list->rows->len)
            g_list_model_items_changed(G_LIST_MODEL(list), same, n_before - same, list->rows->len - same);
    }
    g_signal_emit_by_name(list, "loaded");
}

static gpointer list_names(LgStore *store, gpointer data, GCancellable *cancellable, GError **error)
{
    (void)cancellable;
    return data ? lg_store_list_presets(store, error) : lg_store_list_folders(store, error);
}

static void read_names(LgNameList *list)
{
    lg_store_run_async(list->store, list_names, GINT_TO_POINTER(list->presets), NULL, unref_array, list->cancellable,
                       names_read, list);
}

static LgNameList *name_list_new(LgStore *store, gboolean presets)
{
    LgNameList *list = g_object_new(LG_TYPE_NAME_LIST, NULL);
    list->store = g_object_ref(store);
    list->presets = presets;
    g_signal_connect_swapped(store, presets ? "presets-changed" : "folders-changed", G_CALLBACK(read_names), list);
    read_names(list);
    return list;
}

LgNameList *lg_folder_list_new(LgStore *store) { return name_list_new(store, FALSE); }
LgNameList *lg_preset_list_new(LgStore *store) { return name_list_new(store, TRUE); }

static void lg_name_list_init(LgNameList *list)
{
    list->rows = g_ptr_array_new_with_free_func(g_object_unref);
    list->cancellable = g_cancellable_new();
}

static void lg_name_list_finalize(GObject *object)
{
    LgNameList *list = LG_NAME_LIST(object);
    g_cancellable_cancel(list->cancellable);
    g_signal_handlers_disconnect_by_data(list->store, list);
    g_object_unref(list->cancellable);
    g_object_unref(list->store);
    g_ptr_array_unref(list->rows);
    G_OBJECT_CLASS(lg_name_list_parent_class)->finalize(object);
}

static void lg_name_list_class_init(LgNameListClass *klass)
{
    G_OBJECT_CLASS(klass)->finalize = lg_name_list_finalize;
    g_signal_new("loaded", LG_TYPE_NAME_LIST, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}
