/* SPDX-License-Identifier: MIT
 * Two answers that stand beside each other.
 */
#include <json-glib/json-glib.h>

#include "chat/beside.h"

#define MARK "beside"

static JsonNode *parse(const char *statistics)
{
    g_autoptr(JsonNode) root = statistics ? json_from_string(statistics, NULL) : NULL;
    return root && JSON_NODE_HOLDS_OBJECT(root) ? g_steal_pointer(&root) : NULL;
}

gint64 lg_beside_of(const LgMessage *message)
{
    g_autoptr(JsonNode) root = parse(message->statistics);
    JsonNode *mark = root ? json_object_get_member(json_node_get_object(root), MARK) : NULL;
    return mark && JSON_NODE_HOLDS_VALUE(mark) && json_node_get_value_type(mark) == G_TYPE_INT64
               ? json_node_get_int(mark)
               : 0;
}

char *lg_beside_mark(const char *statistics, gint64 beside)
{
    g_autoptr(JsonNode) root = parse(statistics);
    if (!root)
        root = json_node_init_object(json_node_alloc(), json_object_new());
    JsonObject *object = json_node_get_object(root);
    if (beside)
        json_object_set_int_member(object, MARK, beside);
    else
        json_object_remove_member(object, MARK);
    return json_object_get_size(object) ? json_to_string(root, FALSE) : NULL;
}

LgMessage *lg_beside_find(LgStore *store, const LgMessage *message, GError **error)
{
    if (message->role != LG_ROLE_ASSISTANT || message->n_siblings < 2)
        return NULL;
    g_autoptr(GPtrArray) versions = lg_store_list_siblings(store, message->id, error);
    const gint64 first = lg_beside_of(message);
    for (guint i = 0; versions && i < versions->len; i++) {
        LgMessage *version = versions->pdata[i];
        if (version->role == LG_ROLE_ASSISTANT && (version->id == first || lg_beside_of(version) == message->id))
            return g_object_ref(version);
    }
    return NULL;
}

static gboolean clear_mark(LgStore *store, const LgMessage *message, GError **error)
{
    if (!lg_beside_of(message))
        return TRUE;
    g_autofree char *statistics = lg_beside_mark(message->statistics, 0);
    const LgMessageChange change = {.fields = LG_MESSAGE_STATISTICS, .statistics = statistics};
    return lg_store_change_message(store, message->id, &change, error);
}

gboolean lg_beside_settle(LgStore *store, gint64 message_id, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autoptr(LgMessage) message = lg_store_get_message(store, message_id, &problem);
    g_autoptr(LgMessage) other = message ? lg_beside_find(store, message, &problem) : NULL;
    if (problem) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return FALSE;
    }
    return !other || (clear_mark(store, message, error) && clear_mark(store, other, error));
}
