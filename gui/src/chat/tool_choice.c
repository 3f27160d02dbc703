/* SPDX-License-Identifier: MIT
 * Which tools a chat may use.
 */
#include <string.h>

#include "chat/tool_choice.h"

typedef struct {
    char *server_id, *name, *hash;
    gboolean always;
} Chosen;

static void free_chosen(gpointer data)
{
    Chosen *chosen = data;
    g_free(chosen->server_id);
    g_free(chosen->name);
    g_free(chosen->hash);
    g_free(chosen);
}

static Chosen *find(const LgToolChoice *self, const LgMcpTool *tool)
{
    for (guint i = 0; i < self->tools->len; i++) {
        Chosen *chosen = self->tools->pdata[i];
        if (strcmp(chosen->server_id, tool->server_id) == 0 && strcmp(chosen->name, tool->name) == 0)
            return chosen;
    }
    return NULL;
}

LgToolState lg_tool_choice_get(const LgToolChoice *self, const LgMcpTool *tool)
{
    const Chosen *chosen = find(self, tool);
    return !chosen ? LG_TOOL_OFF : strcmp(chosen->hash, tool->hash) == 0 ? LG_TOOL_ON : LG_TOOL_CHANGED;
}

void lg_tool_choice_set(LgToolChoice *self, const LgMcpTool *tool, gboolean on)
{
    Chosen *chosen = find(self, tool);
    if (on && lg_tool_choice_get(self, tool) == LG_TOOL_ON)
        return;
    if (chosen)
        g_ptr_array_remove(self->tools, chosen);
    if (!on)
        return;
    chosen = g_new0(Chosen, 1);
    chosen->server_id = g_strdup(tool->server_id);
    chosen->name = g_strdup(tool->name);
    chosen->hash = g_strdup(tool->hash);
    g_ptr_array_add(self->tools, chosen);
}

gboolean lg_tool_choice_is_always(const LgToolChoice *self, const LgMcpTool *tool)
{
    return lg_tool_choice_get(self, tool) == LG_TOOL_ON && find(self, tool)->always;
}

void lg_tool_choice_set_always(LgToolChoice *self, const LgMcpTool *tool)
{
    lg_tool_choice_set(self, tool, TRUE);
    find(self, tool)->always = TRUE;
}

guint lg_tool_choice_count(const LgToolChoice *self) { return self->tools->len; }

LgToolChoice *lg_tool_choice_parse(const char *parameters)
{
    LgToolChoice *self = g_new0(LgToolChoice, 1);
    g_autoptr(JsonNode) root = parameters ? lg_json_parse(parameters, -1, NULL) : NULL;
    JsonNode *list = lg_json_member(root, "tools");
    self->tools = g_ptr_array_new_with_free_func(free_chosen);
    for (guint i = 0; i < lg_json_length(list); i++) {
        JsonNode *node = lg_json_element(list, i);
        const char *server_id = lg_json_text(lg_json_member(node, "server"));
        const char *name = lg_json_text(lg_json_member(node, "name")),
                   *hash = lg_json_text(lg_json_member(node, "hash"));
        if (!server_id || !name || !hash)
            continue;
        Chosen *chosen = g_new0(Chosen, 1);
        chosen->server_id = g_strdup(server_id);
        chosen->name = g_strdup(name);
        chosen->hash = g_strdup(hash);
        chosen->always = lg_json_number(lg_json_member(node, "always"), 0) == 1;
        g_ptr_array_add(self->tools, chosen);
    }
    return self;
}

char *lg_tool_choice_join(const LgToolChoice *self, const char *parameters)
{
    g_autoptr(JsonNode) root = parameters ? lg_json_parse(parameters, -1, NULL) : NULL;
    if (!root || !JSON_NODE_HOLDS_OBJECT(root)) {
        g_clear_pointer(&root, json_node_unref);
        root = json_node_new(JSON_NODE_OBJECT);
        json_node_take_object(root, json_object_new());
    }
    JsonObject *object = json_node_get_object(root);
    JsonArray *list = json_array_new();
    for (guint i = 0; i < self->tools->len; i++) {
        const Chosen *chosen = self->tools->pdata[i];
        JsonObject *tool = json_object_new();
        json_object_set_string_member(tool, "server", chosen->server_id);
        json_object_set_string_member(tool, "name", chosen->name);
        json_object_set_string_member(tool, "hash", chosen->hash);
        if (chosen->always)
            json_object_set_int_member(tool, "always", 1);
        json_array_add_object_element(list, tool);
    }
    json_object_remove_member(object, "tools");
    if (self->tools->len)
        json_object_set_array_member(object, "tools", list);
    else
        json_array_unref(list);
    return json_object_get_size(object) ? lg_json_write(root) : NULL;
}

void lg_tool_choice_free(LgToolChoice *self)
{
    g_ptr_array_unref(self->tools);
    g_free(self);
}
