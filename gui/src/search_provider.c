/* SPDX-License-Identifier: MIT
 * Finds chats for the search of the desktop.
 */
#include <glib/gi18n.h>

#include "application.h"
#include "search_provider.h"

#define MAX_RESULTS 12

struct _LgSearchProvider {
    GObject parent_instance;
    LgStore *store;     /* NULL: it is being opened */
    GPtrArray *waiting; /* GDBusMethodInvocation that came before */
    GHashTable *hits;   /* LgSearchHit by the result's name, of the last searches */
    guint registration;
    gboolean enabled;
};

G_DEFINE_TYPE(LgSearchProvider, lg_search_provider, G_TYPE_OBJECT)

enum { CHOSEN, SEARCH, N_SIGNALS };
static guint signals[N_SIGNALS];

static const char interface_xml[] =
    "<node><interface name='org.gnome.Shell.SearchProvider2'>"
    "<method name='GetInitialResultSet'><arg type='as' name='terms' direction='in'/>"
    "<arg type='as' name='results' direction='out'/></method>"
    "<method name='GetSubsearchResultSet'><arg type='as' name='previous' direction='in'/>"
    "<arg type='as' name='terms' direction='in'/><arg type='as' name='results' direction='out'/></method>"
    "<method name='GetResultMetas'><arg type='as' name='identifiers' direction='in'/>"
    "<arg type='aa{sv}' name='metas' direction='out'/></method>"
    "<method name='ActivateResult'><arg type='s' name='identifier' direction='in'/>"
    "<arg type='as' name='terms' direction='in'/><arg type='u' name='timestamp' direction='in'/></method>"
    "<method name='LaunchSearch'><arg type='as' name='terms' direction='in'/>"
    "<arg type='u' name='timestamp' direction='in'/></method>"
    "</interface></node>";

/* --- Searching ------------------------------------------------------------------------------------------------------
 */

struct search {
    LgSearchProvider *provider;
    GDBusMethodInvocation *invocation;
};

static void answer(GDBusMethodInvocation *invocation, GVariantBuilder *names)
{
    g_dbus_method_invocation_return_value(invocation, g_variant_new("(as)", names));
}

/* One result for each chat: its title, or the newest of its messages. */
static void on_found(GObject *store, GAsyncResult *result, gpointer data)
{
    struct search *search = data;
    GVariantBuilder names;
    g_autoptr(GHashTable) chats = g_hash_table_new(g_int64_hash, g_int64_equal);
    g_autoptr(GPtrArray) hits = lg_store_array_finish(LG_STORE(store), result, NULL);
    g_variant_builder_init(&names, G_VARIANT_TYPE("as"));
    for (guint i = 0; hits && i < hits->len && g_hash_table_size(chats) < MAX_RESULTS; i++) {
        LgSearchHit *hit = hits->pdata[i];
        if (!g_hash_table_add(chats, &hit->chat_id))
            continue;
        char *name = g_strdup_printf("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT, hit->chat_id, hit->message_id);
        g_variant_builder_add(&names, "s", name);
        g_hash_table_insert(search->provider->hits, name, g_object_ref(hit));
    }
    answer(search->invocation, &names);
    g_object_unref(search->provider);
    g_free(search);
}

static void search_for(LgSearchProvider *self, GDBusMethodInvocation *invocation, const char *const *terms)
{
    GVariantBuilder none;
    g_autofree char *query = g_strjoinv(" ", (char **)terms);
    if (!self->enabled || !query[0]) {
        g_variant_builder_init(&none, G_VARIANT_TYPE("as"));
        answer(invocation, &none);
        return;
    }
    struct search *search = g_new0(struct search, 1);
    search->provider = g_object_ref(self);
    search->invocation = invocation;
    lg_store_search_async(self->store, query, 0, MAX_RESULTS * 4, NULL, on_found, search);
}

static void get_results(LgSearchProvider *self, GDBusMethodInvocation *invocation)
{
    GVariant *parameters = g_dbus_method_invocation_get_parameters(invocation);
    gboolean is_first = strcmp(g_dbus_method_invocation_get_method_name(invocation), "GetInitialResultSet") == 0;
    g_autoptr(GVariant) terms = g_variant_get_child_value(parameters, is_first ? 0 : 1);
    g_autofree const char **words = g_variant_get_strv(terms, NULL);
    if (self->store)
        search_for(self, invocation, words);
    else
        g_ptr_array_add(self->waiting, invocation);
}

static void get_metas(LgSearchProvider *self, GDBusMethodInvocation *invocation, GVariant *parameters)
{
    GVariantBuilder metas;
    g_autoptr(GVariant) identifiers = g_variant_get_child_value(parameters, 0);
    g_autofree const char **names = g_variant_get_strv(identifiers, NULL);
    g_variant_builder_init(&metas, G_VARIANT_TYPE("aa{sv}"));
    for (gsize i = 0; names[i]; i++) {
        const LgSearchHit *hit = g_hash_table_lookup(self->hits, names[i]);
        if (!hit)
            continue;
        g_variant_builder_open(&metas, G_VARIANT_TYPE("a{sv}"));
        g_variant_builder_add(&metas, "{sv}", "id", g_variant_new_string(names[i]));
        g_variant_builder_add(&metas, "{sv}", "name", g_variant_new_string(hit->title[0] ? hit->title : _("New chat")));
        g_variant_builder_add(&metas, "{sv}", "description", g_variant_new_string(hit->snippet));
        g_variant_builder_add(&metas, "{sv}", "gicon", g_variant_new_string(LG_APPLICATION_ID));
        g_variant_builder_close(&metas);
    }
    g_dbus_method_invocation_return_value(invocation, g_variant_new("(aa{sv})", &metas));
}

static void call(GDBusConnection *connection, const char *sender, const char *path, const char *interface,
                 const char *method, GVariant *parameters, GDBusMethodInvocation *invocation, gpointer data)
{
    LgSearchProvider *self = data;
    if (strcmp(method, "GetResultMetas") == 0) {
        get_metas(self, invocation, parameters);
    } else if (strcmp(method, "ActivateResult") == 0) {
        const char *name;
        char *end;
        g_variant_get_child(parameters, 0, "&s", &name);
        const gint64 chat_id = g_ascii_strtoll(name, &end, 10);
        g_signal_emit(self, signals[CHOSEN], 0, chat_id, g_ascii_strtoll(end, NULL, 10));
        g_dbus_method_invocation_return_value(invocation, NULL);
    } else if (strcmp(method, "LaunchSearch") == 0) {
        g_autoptr(GVariant) terms = g_variant_get_child_value(parameters, 0);
        g_autofree const char **words = g_variant_get_strv(terms, NULL);
        g_autofree char *text = g_strjoinv(" ", (char **)words);
        g_signal_emit(self, signals[SEARCH], 0, text);
        g_dbus_method_invocation_return_value(invocation, NULL);
    } else {
        get_results(self, invocation);
    }
}

gboolean lg_search_provider_export(LgSearchProvider *self, GDBusConnection *connection, const char *path,
                                   GError **error)
{
    static const GDBusInterfaceVTable calls = {.method_call = call};
    g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml(interface_xml, error);
    if (node)
        self->registration =
            g_dbus_connection_register_object(connection, path, node->interfaces[0], &calls, self, NULL, error);
    return self->registration != 0;
}

void lg_search_provider_unexport(LgSearchProvider *self, GDBusConnection *connection)
{
    if (self->registration)
        g_dbus_connection_unregister_object(connection, self->registration);
    self->registration = 0;
}

void lg_search_provider_set_store(LgSearchProvider *self, LgStore *store)
{
    g_set_object(&self->store, store);
    g_autoptr(GPtrArray) waiting = g_steal_pointer(&self->waiting);
    self->waiting = g_ptr_array_new();
    for (guint i = 0; i < waiting->len; i++)
        get_results(self, waiting->pdata[i]);
}

void lg_search_provider_set_enabled(LgSearchProvider *self, gboolean enabled) { self->enabled = enabled; }

LgSearchProvider *lg_search_provider_new(void) { return g_object_new(LG_TYPE_SEARCH_PROVIDER, NULL); }

static void lg_search_provider_finalize(GObject *object)
{
    LgSearchProvider *self = LG_SEARCH_PROVIDER(object);
    g_clear_object(&self->store);
    g_ptr_array_unref(self->waiting);
    g_hash_table_unref(self->hits);
    G_OBJECT_CLASS(lg_search_provider_parent_class)->finalize(object);
}

static void lg_search_provider_class_init(LgSearchProviderClass *class)
{
    G_OBJECT_CLASS(class)->finalize = lg_search_provider_finalize;
    signals[CHOSEN] = g_signal_new("chosen", LG_TYPE_SEARCH_PROVIDER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 2, G_TYPE_INT64, G_TYPE_INT64);
    signals[SEARCH] = g_signal_new("search", LG_TYPE_SEARCH_PROVIDER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void lg_search_provider_init(LgSearchProvider *self)
{
    self->enabled = TRUE;
    self->waiting = g_ptr_array_new();
    self->hits = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_object_unref);
}
