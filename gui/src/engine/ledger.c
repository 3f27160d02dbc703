/* SPDX-License-Identifier: MIT
 * What of a conversation is in the window, from the report of libllm_chat_fit().
 */
#include <json-glib/json-glib.h>

#include "engine/ledger.h"

guint64 lg_ledger_reserved(guint64 n_window, guint64 max_tokens)
{
    if (max_tokens == 0)
        return n_window / 4;
    return MIN(max_tokens, n_window / 2);
}

gboolean lg_ledger_is_tight(const LgLedger *self)
{
    return self->n_left_out || self->n_tokens + self->n_reserved > self->n_window / 8 * 7;
}

void lg_ledger_free(LgLedger *self)
{
    g_array_unref(self->entries);
    g_free(self);
}

static void read_message(JsonArray *messages, guint index, JsonNode *node, gpointer data)
{
    LgLedger *self = data;
    JsonObject *message = json_node_get_object(node);
    LgLedgerEntry entry = {.n_tokens = (guint64)json_object_get_int_member_with_default(message, "tokens", 0),
                           .turn = (guint)json_object_get_int_member_with_default(message, "turn", 0),
                           .kept = json_object_get_boolean_member_with_default(message, "kept", TRUE)};
    self->n_left_out += !entry.kept;
    g_array_append_val(self->entries, entry);
}

static void read_next(JsonArray *next, guint index, JsonNode *node, gpointer data)
{
    LgLedger *self = data;
    gint64 message = json_node_get_int(node);
    if (message >= 0 && message < (gint64)self->entries->len)
        g_array_index(self->entries, LgLedgerEntry, message).next = TRUE;
}

LgLedger *lg_ledger_parse(const char *report, gssize n_bytes)
{
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    if (!json_parser_load_from_data(parser, report, n_bytes, NULL) ||
        !JSON_NODE_HOLDS_OBJECT(json_parser_get_root(parser)))
        return NULL;
    JsonObject *root = json_node_get_object(json_parser_get_root(parser));
    LgLedger *self = g_new0(LgLedger, 1);
    self->entries = g_array_new(FALSE, TRUE, sizeof(LgLedgerEntry));
    self->n_tokens = (guint64)json_object_get_int_member_with_default(root, "tokens", 0);
    if (json_object_has_member(root, "messages"))
        json_array_foreach_element(json_object_get_array_member(root, "messages"), read_message, self);
    if (json_object_has_member(root, "next"))
        json_array_foreach_element(json_object_get_array_member(root, "next"), read_next, self);
    return self;
}
