/* SPDX-License-Identifier: MIT
 * Servers with OpenAI's API.
 */
#include <glib/gi18n.h>
#include <libsecret/secret.h>
#include <string.h>

#include "remote/endpoints.h"

struct _LgEndpoint {
    GObject parent_instance;
    char *id, *name, *url;
};

struct _LgEndpoints {
    GObject parent_instance;
    GListStore *list;
    GSettings *settings;
};

static void list_model_init(GListModelInterface *interface);
G_DEFINE_TYPE(LgEndpoint, lg_endpoint, G_TYPE_OBJECT)
G_DEFINE_TYPE_WITH_CODE(LgEndpoints, lg_endpoints, G_TYPE_OBJECT,
                        G_IMPLEMENT_INTERFACE(G_TYPE_LIST_MODEL, list_model_init))

static const SecretSchema schema = {
    LG_APPLICATION_ID ".Endpoint", SECRET_SCHEMA_NONE, {{"endpoint", SECRET_SCHEMA_ATTRIBUTE_STRING}, {NULL, 0}}};
static const char prefix[] = "remote:";

/* --- One ------------------------------------------------------------------------------------------------------------
 */

LgEndpoint *lg_endpoint_new(const char *id, const char *name, const char *url)
{
    LgEndpoint *self = g_object_new(LG_TYPE_ENDPOINT, NULL);
    self->id = g_strdup(id);
    self->name = g_strdup(name);
    self->url = g_strdup(url);
    return self;
}

const char *lg_endpoint_get_id(LgEndpoint *self) { return self->id; }
const char *lg_endpoint_get_name(LgEndpoint *self) { return self->name; }
const char *lg_endpoint_get_url(LgEndpoint *self) { return self->url; }

static gboolean is_this_machine(const char *host)
{
    g_autoptr(GInetAddress) address = g_inet_address_new_from_string(host);
    return g_ascii_strcasecmp(host, "localhost") == 0 || (address && g_inet_address_get_is_loopback(address));
}

gboolean lg_endpoint_is_open(LgEndpoint *self)
{
    g_autoptr(GUri) uri = g_uri_parse(self->url, G_URI_FLAGS_PARSE_RELAXED, NULL);
    return uri && strcmp(g_uri_get_scheme(uri), "http") == 0 && !is_this_machine(g_uri_get_host(uri));
}

char *lg_endpoint_clean_url(const char *text, GError **error)
{
    g_autofree char *stripped = g_strstrip(g_strdup(text));
    g_autofree char *whole = strstr(stripped, "://") ? g_strdup(stripped) : g_strconcat("https://", stripped, NULL);
    g_autoptr(GUri) uri = g_uri_parse(whole, G_URI_FLAGS_NONE, NULL);
    const char *scheme = uri ? g_uri_get_scheme(uri) : "";
    if (!uri || strpbrk(stripped, " \t\n") || !g_uri_get_host(uri) || !*g_uri_get_host(uri) ||
        g_uri_get_userinfo(uri) || g_uri_get_query(uri) || g_uri_get_fragment(uri) ||
        (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    _("“%s” is not the address of a server, such as https://api.example.org/v1."), text);
        return NULL;
    }
    char *url = g_steal_pointer(&whole);
    while (g_str_has_suffix(url, "/"))
        url[strlen(url) - 1] = 0;
    return url;
}

static void lg_endpoint_finalize(GObject *object)
{
    LgEndpoint *self = LG_ENDPOINT(object);
    g_free(self->id);
    g_free(self->name);
    g_free(self->url);
    G_OBJECT_CLASS(lg_endpoint_parent_class)->finalize(object);
}

static void lg_endpoint_class_init(LgEndpointClass *class) { G_OBJECT_CLASS(class)->finalize = lg_endpoint_finalize; }

static void lg_endpoint_init(LgEndpoint *self) {}

/* --- Keys -----------------------------------------------------------------------------------------------------------
 */

static void on_key(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GTask) task = data;
    GError *error = NULL;
    char *key = secret_password_lookup_finish(result, &error);
    if (error) {
        g_task_return_error(task, error);
        return;
    }
    g_task_return_pointer(task, g_strdup(key ? key : ""), g_free);
    secret_password_free(key);
}

void lg_endpoint_lookup_key(LgEndpoint *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
    secret_password_lookup(&schema, cancellable, on_key, g_task_new(self, cancellable, callback, data), "endpoint",
                           self->id, NULL);
}

char *lg_endpoint_lookup_key_finish(LgEndpoint *self, GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}

static void on_kept(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GTask) task = data;
    GError *error = NULL;
    if (secret_password_store_finish(result, &error))
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_error(task, error);
}

void lg_endpoint_keep_key(LgEndpoint *self, const char *key, GCancellable *cancellable, GAsyncReadyCallback callback,
                          gpointer data)
{
    g_autofree char *label = g_strdup_printf(_("Key of %s"), self->name);
    secret_password_store(&schema, SECRET_COLLECTION_DEFAULT, label, key, cancellable, on_kept,
                          g_task_new(self, cancellable, callback, data), "endpoint", self->id, NULL);
}

gboolean lg_endpoint_keep_key_finish(LgEndpoint *self, GAsyncResult *result, GError **error)
{
    return g_task_propagate_boolean(G_TASK(result), error);
}

void lg_endpoint_forget_key(LgEndpoint *self)
{
    secret_password_clear(&schema, NULL, NULL, NULL, "endpoint", self->id, NULL);
}

/* --- Names of models -------------------------------------------------------------------------------------------------
 */

char *lg_remote_name(LgEndpoint *endpoint, const char *model)
{
    return g_strdup_printf("%s%s/%s", prefix, endpoint->id, model);
}

gboolean lg_remote_is_name(const char *name) { return name && g_str_has_prefix(name, prefix); }

gboolean lg_remote_split(const char *name, char **endpoint_id, char **model)
{
    const char *id = lg_remote_is_name(name) ? name + strlen(prefix) : "", *slash = strchr(id, '/');
    if (!slash || slash == id || !slash[1])
        return FALSE;
    *endpoint_id = g_strndup(id, (gsize)(slash - id));
    *model = g_strdup(slash + 1);
    return TRUE;
}

/* --- All ------------------------------------------------------------------------------------------------------------
 */

static GType get_item_type(GListModel *list) { return LG_TYPE_ENDPOINT; }
static guint get_n_items(GListModel *list) { return g_list_model_get_n_items(G_LIST_MODEL(LG_ENDPOINTS(list)->list)); }
static gpointer get_item(GListModel *list, guint i)
{
    return g_list_model_get_item(G_LIST_MODEL(LG_ENDPOINTS(list)->list), i);
}

static void list_model_init(GListModelInterface *interface)
{
    interface->get_item_type = get_item_type;
    interface->get_n_items = get_n_items;
    interface->get_item = get_item;
}

static void remember(LgEndpoints *self)
{
    GVariantBuilder builder;
    const guint n = get_n_items(G_LIST_MODEL(self));
    g_variant_builder_init(&builder, G_VARIANT_TYPE("a(sss)"));
    for (guint i = 0; i < n; i++) {
        g_autoptr(LgEndpoint) endpoint = get_item(G_LIST_MODEL(self), i);
        g_variant_builder_add(&builder, "(sss)", endpoint->id, endpoint->name, endpoint->url);
    }
    g_settings_set_value(self->settings, "endpoints", g_variant_builder_end(&builder));
}

LgEndpoint *lg_endpoints_find(LgEndpoints *self, const char *id)
{
    const guint n = get_n_items(G_LIST_MODEL(self));
    for (guint i = 0; i < n; i++) {
        g_autoptr(LgEndpoint) endpoint = get_item(G_LIST_MODEL(self), i);
        if (strcmp(endpoint->id, id) == 0)
            return endpoint; /* the list holds it */
    }
    return NULL;
}

LgEndpoint *lg_endpoints_add(LgEndpoints *self, const char *name, const char *url)
{
    g_autofree char *id = g_uuid_string_random();
    g_autoptr(LgEndpoint) endpoint = lg_endpoint_new(id, name, url);
    lg_endpoints_restore(self, endpoint);
    return endpoint; /* the list holds it */
}

void lg_endpoints_remove(LgEndpoints *self, LgEndpoint *endpoint)
{
    guint at;
    if (g_list_store_find(self->list, endpoint, &at))
        g_list_store_remove(self->list, at);
    remember(self);
}

void lg_endpoints_restore(LgEndpoints *self, LgEndpoint *endpoint)
{
    g_list_store_append(self->list, endpoint);
    remember(self);
}

char **lg_endpoints_get_models(LgEndpoints *self, const char *id)
{
    g_autoptr(GVariant) all = g_settings_get_value(self->settings, "endpoint-models");
    char **names = NULL;
    return g_variant_lookup(all, id, "^as", &names) ? names : g_new0(char *, 1);
}

/* Those of servers that are gone go, too. */
void lg_endpoints_set_models(LgEndpoints *self, const char *id, const GPtrArray *names)
{
    GVariantBuilder builder;
    g_variant_builder_init(&builder, G_VARIANT_TYPE("a{sas}"));
    const guint n = get_n_items(G_LIST_MODEL(self));
    for (guint i = 0; i < n; i++) {
        g_autoptr(LgEndpoint) endpoint = get_item(G_LIST_MODEL(self), i);
        g_auto(GStrv) kept = lg_endpoints_get_models(self, endpoint->id);
        GVariant *value = strcmp(endpoint->id, id) == 0
                              ? g_variant_new_strv((const char *const *)names->pdata, names->len)
                              : g_variant_new_strv((const char *const *)kept, -1);
        g_variant_builder_add(&builder, "{s@as}", endpoint->id, value);
    }
    g_settings_set_value(self->settings, "endpoint-models", g_variant_builder_end(&builder));
}

gboolean lg_endpoints_get_sees(LgEndpoints *self, const char *id)
{
    g_auto(GStrv) ids = g_settings_get_strv(self->settings, "seeing-endpoints");
    return g_strv_contains((const char *const *)ids, id);
}

void lg_endpoints_set_sees(LgEndpoints *self, const char *id, gboolean sees)
{
    g_auto(GStrv) ids = g_settings_get_strv(self->settings, "seeing-endpoints");
    g_autoptr(GPtrArray) kept = g_ptr_array_new();
    for (guint i = 0; ids[i]; i++)
        if (strcmp(ids[i], id) != 0)
            g_ptr_array_add(kept, ids[i]);
    if (sees)
        g_ptr_array_add(kept, (char *)id);
    g_ptr_array_add(kept, NULL);
    g_settings_set_strv(self->settings, "seeing-endpoints", (const char *const *)kept->pdata);
}

static void on_items_changed(LgEndpoints *self, guint position, guint removed, guint added)
{
    g_list_model_items_changed(G_LIST_MODEL(self), position, removed, added);
}

LgEndpoints *lg_endpoints_new(GSettings *settings)
{
    LgEndpoints *self = g_object_new(LG_TYPE_ENDPOINTS, NULL);
    g_autoptr(GVariant) all = g_settings_get_value(settings, "endpoints");
    GVariantIter iter;
    const char *id, *name, *url;
    self->settings = g_object_ref(settings);
    g_variant_iter_init(&iter, all);
    while (g_variant_iter_next(&iter, "(&s&s&s)", &id, &name, &url)) {
        g_autoptr(LgEndpoint) endpoint = lg_endpoint_new(id, name, url);
        g_list_store_append(self->list, endpoint);
    }
    return self;
}

static void lg_endpoints_finalize(GObject *object)
{
    LgEndpoints *self = LG_ENDPOINTS(object);
    g_clear_object(&self->list);
    g_clear_object(&self->settings);
    G_OBJECT_CLASS(lg_endpoints_parent_class)->finalize(object);
}

static void lg_endpoints_class_init(LgEndpointsClass *class)
{
    G_OBJECT_CLASS(class)->finalize = lg_endpoints_finalize;
}

static void lg_endpoints_init(LgEndpoints *self)
{
    self->list = g_list_store_new(LG_TYPE_ENDPOINT);
    g_signal_connect_object(self->list, "items-changed", G_CALLBACK(on_items_changed), self, G_CONNECT_SWAPPED);
}
