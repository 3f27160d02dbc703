/* SPDX-License-Identifier: MIT
 * All servers of tools.
 */
#include <string.h>

#include "mcp/servers.h"
#include "remote/endpoints.h"

struct _LgMcpServers {
    GObject parent_instance;
    GListStore *list;
    GSettings *settings;
    LgNetwork *network;
};

static void list_model_init(GListModelInterface *interface);
G_DEFINE_TYPE_WITH_CODE(LgMcpServers, lg_mcp_servers, G_TYPE_OBJECT,
                        G_IMPLEMENT_INTERFACE(G_TYPE_LIST_MODEL, list_model_init))

#define FORM "(sssssb)" /* id, name, command, environment, address, switched on */

static guint changed_signal;

static GType get_item_type(GListModel *list) { return LG_TYPE_MCP_SERVER; }

static guint get_n_items(GListModel *list)
{
    return g_list_model_get_n_items(G_LIST_MODEL(LG_MCP_SERVERS(list)->list));
}

static gpointer get_item(GListModel *list, guint i)
{
    return g_list_model_get_item(G_LIST_MODEL(LG_MCP_SERVERS(list)->list), i);
}

static void list_model_init(GListModelInterface *interface)
{
    interface->get_item_type = get_item_type;
    interface->get_n_items = get_n_items;
    interface->get_item = get_item;
}

/* Borrowed: the list holds it. */
static LgMcpServer *server_at(LgMcpServers *self, guint i)
{
    g_autoptr(LgMcpServer) server = get_item(G_LIST_MODEL(self), i);
    return server;
}

static void remember(LgMcpServers *self)
{
    GVariantBuilder builder;
    g_variant_builder_init(&builder, G_VARIANT_TYPE("a" FORM));
    for (guint i = 0; i < get_n_items(G_LIST_MODEL(self)); i++) {
        const LgMcpConfig *c = lg_mcp_server_get_config(server_at(self, i));
        g_variant_builder_add(&builder, FORM, c->id, c->name, c->command, c->environment, c->url, c->enabled);
    }
    g_settings_set_value(self->settings, "tool-servers", g_variant_builder_end(&builder));
}

static void on_changed(LgMcpServers *self) { g_signal_emit(self, changed_signal, 0); }

static LgMcpServer *append(LgMcpServers *self, const LgMcpConfig *config)
{
    g_autoptr(LgMcpServer) server = lg_mcp_server_new(config, self->network);
    g_signal_connect_object(server, "changed", G_CALLBACK(on_changed), self, G_CONNECT_SWAPPED);
    g_list_store_append(self->list, server);
    return server; /* the list holds it */
}

LgMcpServer *lg_mcp_servers_find(LgMcpServers *self, const char *id)
{
    for (guint i = 0; i < get_n_items(G_LIST_MODEL(self)); i++)
        if (strcmp(lg_mcp_server_get_config(server_at(self, i))->id, id) == 0)
            return server_at(self, i);
    return NULL;
}

LgMcpServer *lg_mcp_servers_add(LgMcpServers *self, const LgMcpConfig *config)
{
    g_autoptr(LgMcpConfig) copy = lg_mcp_config_copy(config);
    g_free(copy->id);
    copy->id = g_uuid_string_random();
    copy->enabled = FALSE;
    LgMcpServer *server = append(self, copy);
    remember(self);
    on_changed(self);
    return server;
}

void lg_mcp_servers_change(LgMcpServers *self, LgMcpServer *server, const LgMcpConfig *config)
{
    lg_mcp_server_set_config(server, config);
    remember(self);
}

void lg_mcp_servers_set_enabled(LgMcpServers *self, LgMcpServer *server, gboolean enabled)
{
    g_autoptr(LgMcpConfig) config = lg_mcp_config_copy(lg_mcp_server_get_config(server));
    config->enabled = enabled;
    lg_mcp_servers_change(self, server, config);
}

void lg_mcp_servers_remove(LgMcpServers *self, LgMcpServer *server)
{
    guint at;
    const LgMcpConfig *config = lg_mcp_server_get_config(server);
    g_autoptr(LgEndpoint) endpoint = lg_endpoint_new(config->id, config->name, config->url);
    if (*config->url)
        lg_endpoint_forget_key(endpoint);
    lg_mcp_server_stop(server);
    if (g_list_store_find(self->list, server, &at))
        g_list_store_remove(self->list, at);
    remember(self);
    on_changed(self);
}

void lg_mcp_servers_start(LgMcpServers *self)
{
    for (guint i = 0; i < get_n_items(G_LIST_MODEL(self)); i++)
        lg_mcp_server_start(server_at(self, i));
}

void lg_mcp_servers_end_now(LgMcpServers *self)
{
    for (guint i = 0; i < get_n_items(G_LIST_MODEL(self)); i++)
        lg_mcp_server_end_now(server_at(self, i));
}

GPtrArray *lg_mcp_servers_list_tools(LgMcpServers *self)
{
    GPtrArray *all = g_ptr_array_new_with_free_func(g_object_unref);
    for (guint i = 0; i < get_n_items(G_LIST_MODEL(self)); i++) {
        const GPtrArray *tools = lg_mcp_server_get_tools(server_at(self, i));
        for (guint j = 0; j < tools->len; j++)
            g_ptr_array_add(all, g_object_ref(tools->pdata[j]));
    }
    return all;
}

LgMcpTool *lg_mcp_servers_find_tool(LgMcpServers *self, const char *server_id, const char *name)
{
    LgMcpServer *server = lg_mcp_servers_find(self, server_id);
    return server ? lg_mcp_server_find_tool(server, name) : NULL;
}

static void on_items_changed(LgMcpServers *self, guint position, guint removed, guint added)
{
    g_list_model_items_changed(G_LIST_MODEL(self), position, removed, added);
}

LgMcpServers *lg_mcp_servers_new(GSettings *settings, LgNetwork *network)
{
    LgMcpServers *self = g_object_new(LG_TYPE_MCP_SERVERS, NULL);
    g_autoptr(GVariant) all = g_settings_get_value(settings, "tool-servers");
    GVariantIter iter;
    LgMcpConfig c;
    self->settings = g_object_ref(settings);
    self->network = g_object_ref(network);
    g_variant_iter_init(&iter, all);
    while (g_variant_iter_next(&iter, "(&s&s&s&s&sb)", &c.id, &c.name, &c.command, &c.environment, &c.url, &c.enabled))
        append(self, &c);
    return self;
}

static void lg_mcp_servers_finalize(GObject *object)
{
    LgMcpServers *self = LG_MCP_SERVERS(object);
    g_clear_object(&self->list);
    g_clear_object(&self->settings);
    g_clear_object(&self->network);
    G_OBJECT_CLASS(lg_mcp_servers_parent_class)->finalize(object);
}

static void lg_mcp_servers_class_init(LgMcpServersClass *class)
{
    G_OBJECT_CLASS(class)->finalize = lg_mcp_servers_finalize;
    changed_signal =
        g_signal_new("changed", LG_TYPE_MCP_SERVERS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void lg_mcp_servers_init(LgMcpServers *self)
{
    self->list = g_list_store_new(LG_TYPE_MCP_SERVER);
    g_signal_connect_object(self->list, "items-changed", G_CALLBACK(on_items_changed), self, G_CONNECT_SWAPPED);
}
