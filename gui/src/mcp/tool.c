/* SPDX-License-Identifier: MIT
 * A tool of a server.
 */
#include <gio/gio.h>
#include <glib/gi18n.h>
#include <string.h>

#include "mcp/tool.h"

G_DEFINE_FINAL_TYPE(LgMcpTool, lg_mcp_tool, G_TYPE_OBJECT)

static gboolean refuse(GError **error, const char *name, const char *reason)
{
    g_autofree char *plain = lg_plain_text(name ? name : "?", LG_MCP_NAME_MAX, FALSE);
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _("The tool “%s” is left out: %s"), plain, reason);
    return FALSE;
}

static gboolean check(const char *name, const char *description, JsonNode *schema, GError **error)
{
    if (!name || !*name)
        return refuse(error, name, _("it has no name"));
    if (strlen(name) > LG_MCP_NAME_MAX)
        return refuse(error, name, _("its name is too long"));
    for (const char *at = name; *at; at++)
        if (!g_ascii_isalnum(*at) && !strchr("_-./", *at))
            return refuse(error, name, _("its name has characters that names may not have"));
    if (strlen(description) > LG_MCP_DESCRIPTION_MAX)
        return refuse(error, name, _("its description is longer than 16 KiB"));
    if (!schema || !JSON_NODE_HOLDS_OBJECT(schema))
        return refuse(error, name, _("“inputSchema” is no object"));
    return TRUE;
}

/* Each part with its length before it, so that no two sets of parts are the same bytes. */
static char *hash_of(const LgMcpTool *self, const char *canonical)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    const char *const parts[] = {self->name, self->title, self->description, canonical};
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *length = g_strdup_printf("%zu:", strlen(parts[i]));
        g_checksum_update(sum, (const guchar *)length, -1);
        g_checksum_update(sum, (const guchar *)parts[i], -1);
    }
    return g_strdup(g_checksum_get_string(sum));
}

LgMcpTool *lg_mcp_tool_new(const char *server_id, JsonNode *node, GError **error)
{
    const char *name = lg_json_text(lg_json_member(node, "name"));
    const char *title = lg_json_text(lg_json_member(node, "title"));
    const char *description = lg_json_text(lg_json_member(node, "description"));
    JsonNode *schema = lg_json_member(node, "inputSchema");
    if (!check(name, description ? description : "", schema, error))
        return NULL;
    g_autofree char *text = lg_json_write(schema), *canonical = lg_json_canonical(schema);
    if (strlen(text) > LG_MCP_SCHEMA_MAX) {
        refuse(error, name, _("the schema of its arguments is longer than 64 KiB"));
        return NULL;
    }
    LgMcpTool *self = g_object_new(LG_TYPE_MCP_TOOL, NULL);
    self->server_id = g_strdup(server_id);
    self->name = g_strdup(name);
    self->title =
        title && *title ? g_utf8_substring(title, 0, MIN(g_utf8_strlen(title, -1), LG_MCP_NAME_MAX)) : g_strdup(name);
    self->description = g_strdup(description ? description : "");
    self->schema = g_steal_pointer(&text);
    self->hash = hash_of(self, canonical);
    return self;
}

static void lg_mcp_tool_finalize(GObject *object)
{
    LgMcpTool *self = LG_MCP_TOOL(object);
    g_free(self->server_id);
    g_free(self->name);
    g_free(self->title);
    g_free(self->description);
    g_free(self->schema);
    g_free(self->hash);
    G_OBJECT_CLASS(lg_mcp_tool_parent_class)->finalize(object);
}

static void lg_mcp_tool_class_init(LgMcpToolClass *class) { G_OBJECT_CLASS(class)->finalize = lg_mcp_tool_finalize; }

static void lg_mcp_tool_init(LgMcpTool *self) {}
