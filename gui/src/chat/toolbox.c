/* SPDX-License-Identifier: MIT
 * The tools that a model is offered, and its calls.
 */
#include <string.h>

#include "chat/toolbox.h"

#define NAME_MAX_BYTES 56 /* of the 64 that OpenAI allows: some are left for a number */

static void free_offer(gpointer data)
{
    LgOffer *offer = data;
    g_free(offer->name);
    g_object_unref(offer->tool);
    g_free(offer);
}

static const LgOffer *find(const GPtrArray *offers, const char *name)
{
    for (guint i = 0; offers && i < offers->len; i++)
        if (strcmp(((const LgOffer *)offers->pdata[i])->name, name) == 0)
            return offers->pdata[i];
    return NULL;
}

static char *name_for_model(const GPtrArray *offers, const char *name)
{
    g_autofree char *plain = g_strndup(name, NAME_MAX_BYTES);
    for (char *at = plain; *at; at++)
        if (!g_ascii_isalnum(*at) && *at != '_' && *at != '-')
            *at = '_';
    for (guint i = 2; find(offers, plain); i++) {
        g_free(plain);
        plain = g_strdup_printf("%.*s_%u", NAME_MAX_BYTES, name, i);
        for (char *at = plain; *at; at++)
            if (!g_ascii_isalnum(*at) && *at != '_' && *at != '-')
                *at = '_';
    }
    return g_steal_pointer(&plain);
}

GPtrArray *lg_toolbox_offer(LgMcpServers *servers, const LgToolChoice *choice)
{
    GPtrArray *offers = g_ptr_array_new_with_free_func(free_offer);
    g_autoptr(GPtrArray) all = servers ? lg_mcp_servers_list_tools(servers) : NULL;
    for (guint i = 0; all && i < all->len; i++) {
        if (lg_tool_choice_get(choice, all->pdata[i]) != LG_TOOL_ON)
            continue;
        LgOffer *offer = g_new0(LgOffer, 1);
        offer->tool = g_object_ref(all->pdata[i]);
        offer->name = name_for_model(offers, offer->tool->name);
        g_ptr_array_add(offers, offer);
    }
    return offers;
}

char *lg_toolbox_write(const GPtrArray *offers)
{
    if (!offers->len)
        return NULL;
    g_autoptr(JsonNode) root = json_node_new(JSON_NODE_ARRAY);
    JsonArray *list = json_array_new();
    for (guint i = 0; i < offers->len; i++) {
        const LgOffer *offer = offers->pdata[i];
        JsonObject *object = json_object_new(), *function = json_object_new();
        JsonNode *schema = lg_json_parse(offer->tool->schema, -1, NULL);
        json_object_set_string_member(function, "name", offer->name);
        json_object_set_string_member(function, "description", offer->tool->description);
        if (schema)
            json_object_set_member(function, "parameters", schema);
        json_object_set_string_member(object, "type", "function");
        json_object_set_object_member(object, "function", function);
        json_array_add_object_element(list, object);
    }
    json_node_take_array(root, list);
    return lg_json_write(root);
}

/* --- Calls ----------------------------------------------------------------------------------------------------------
 */

static void write_call(const LgCall *call, const char *id, const LgOffer *offer, JsonArray *calls)
{
    JsonObject *object = json_object_new(), *function = json_object_new();
    json_object_set_string_member(function, "name", call->name);
    json_object_set_string_member(function, "arguments", call->arguments->str);
    json_object_set_string_member(object, "id", id);
    json_object_set_string_member(object, "type", "function");
    json_object_set_object_member(object, "function", function);
    if (offer) {
        JsonObject *tool = json_object_new();
        json_object_set_string_member(tool, "server", offer->tool->server_id);
        json_object_set_string_member(tool, "name", offer->tool->name);
        json_object_set_string_member(tool, "hash", offer->tool->hash);
        json_object_set_object_member(object, "tool", tool);
    }
    json_array_add_object_element(calls, object);
}

char *lg_calls_write(LgReply *reply, const GPtrArray *offers)
{
    const guint n_calls = lg_reply_get_n_calls(reply);
    if (!n_calls)
        return NULL;
    g_autoptr(JsonNode) root = json_node_new(JSON_NODE_ARRAY);
    g_autoptr(GHashTable) ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    JsonArray *calls = json_array_new();
    for (guint i = 0; i < n_calls; i++) {
        const LgCall *call = lg_reply_get_call(reply, i);
        char *id = *call->id && !g_hash_table_contains(ids, call->id)
                       ? g_strdup(call->id)
                       : g_strdup_printf("call_%u_%u", i, g_random_int());
        g_hash_table_add(ids, id);
        write_call(call, id, find(offers, call->name), calls);
    }
    json_node_take_array(root, calls);
    return lg_json_write(root);
}

static void free_call(gpointer data)
{
    LgCallOf *call = data;
    g_free(call->id);
    g_free(call->name);
    g_free(call->arguments);
    g_free(call->server_id);
    g_free(call->tool);
    g_free(call->hash);
    g_free(call);
}

GPtrArray *lg_calls_read(const char *tool_calls)
{
    GPtrArray *calls = g_ptr_array_new_with_free_func(free_call);
    g_autoptr(JsonNode) root = tool_calls ? lg_json_parse(tool_calls, -1, NULL) : NULL;
    for (guint i = 0; i < lg_json_length(root); i++) {
        JsonNode *node = lg_json_element(root, i), *function = lg_json_member(node, "function");
        JsonNode *tool = lg_json_member(node, "tool");
        LgCallOf *call = g_new0(LgCallOf, 1);
        call->id = lg_json_dup_text(node, "id");
        call->name = lg_json_dup_text(function, "name");
        call->arguments = lg_json_dup_text(function, "arguments");
        call->server_id = lg_json_dup_text(tool, "server");
        call->tool = lg_json_dup_text(tool, "name");
        call->hash = lg_json_dup_text(tool, "hash");
        g_ptr_array_add(calls, call);
    }
    return calls;
}

JsonNode *lg_calls_for_model(const char *tool_calls)
{
    g_autoptr(JsonNode) root = tool_calls ? lg_json_parse(tool_calls, -1, NULL) : NULL;
    if (!lg_json_length(root))
        return NULL;
    for (guint i = 0; i < lg_json_length(root); i++)
        if (JSON_NODE_HOLDS_OBJECT(lg_json_element(root, i)))
            json_object_remove_member(json_node_get_object(lg_json_element(root, i)), "tool");
    return g_steal_pointer(&root);
}
