/* SPDX-License-Identifier: MIT
 * The switch and the notes. A connection that nobody could note is not made: this is where all of them ask.
 */
#include <glib/gi18n.h>

#include "remote/network.h"

#define NOTES_MAX 1000

struct _LgNetwork {
    GObject parent_instance;
    GSettings *settings;
    LgStore *store;
    GListStore *notes;
    gboolean offline;
};

G_DEFINE_TYPE(LgNetwork, lg_network, G_TYPE_OBJECT)
G_DEFINE_QUARK(lg - network - error - quark, lg_network_error)

enum { PROP_OFFLINE = 1, N_PROPERTIES };
static GParamSpec *properties[N_PROPERTIES];
static guint noted;

LgNetwork *lg_network_get_default(void)
{
    static LgNetwork *network;
    if (!network)
        network = g_object_new(LG_TYPE_NETWORK, NULL);
    return network;
}

void lg_network_set_settings(LgNetwork *self, GSettings *settings)
{
    if (!g_set_object(&self->settings, settings) || !settings)
        return;
    g_settings_bind(settings, "offline", self, "offline", G_SETTINGS_BIND_DEFAULT);
}

GSettings *lg_network_get_settings(LgNetwork *self) { return self->settings; }

void lg_network_set_store(LgNetwork *self, LgStore *store)
{
    if (!g_set_object(&self->store, store) || !store)
        return;
    const guint n = g_list_model_get_n_items(G_LIST_MODEL(self->notes));
    for (guint i = 0; i < n; i++) {
        g_autoptr(LgConnection) note = g_list_model_get_item(G_LIST_MODEL(self->notes), i);
        lg_store_note_connection(store, note->purpose, note->method, note->url, note->status, note->sent,
                                 note->received, note->outcome);
    }
    g_list_store_remove_all(self->notes);
}

gboolean lg_network_is_offline(LgNetwork *self) { return self->offline; }

void lg_network_set_offline(LgNetwork *self, gboolean offline)
{
    if (self->offline == !!offline)
        return;
    self->offline = !!offline;
    g_object_notify_by_pspec(G_OBJECT(self), properties[PROP_OFFLINE]);
}

GListModel *lg_network_get_notes(LgNetwork *self) { return G_LIST_MODEL(self->notes); }

/* Without what may be secret. */
static char *strip(const char *url, char **host)
{
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_PARSE_RELAXED, NULL);
    *host = g_strdup(uri && g_uri_get_host(uri) ? g_uri_get_host(uri) : "");
    if (!uri)
        return g_strdup(url);
    g_autoptr(GUri) plain = g_uri_build(G_URI_FLAGS_NONE, g_uri_get_scheme(uri), NULL, g_uri_get_host(uri),
                                        g_uri_get_port(uri), g_uri_get_path(uri), NULL, NULL);
    return g_uri_to_string(plain);
}

void lg_network_note(LgNetwork *self, const char *purpose, const char *method, const char *url, int status, gint64 sent,
                     gint64 received, const char *outcome)
{
    if (self->store) {
        lg_store_note_connection(self->store, purpose, method, url, status, sent, received, outcome);
    } else {
        g_autoptr(LgConnection) note = g_object_new(LG_TYPE_CONNECTION, NULL);
        note->started = g_get_real_time();
        note->purpose = g_strdup(purpose);
        note->method = g_strdup(method);
        note->url = strip(url, &note->host);
        note->status = status;
        note->sent = sent;
        note->received = received;
        note->outcome = g_strdup(outcome);
        if (g_list_model_get_n_items(G_LIST_MODEL(self->notes)) >= NOTES_MAX)
            g_list_store_remove(self->notes, 0);
        g_list_store_append(self->notes, note);
    }
    g_signal_emit(self, noted, 0);
}

gboolean lg_network_allows(LgNetwork *self, const char *purpose, const char *url, GError **error)
{
    if (!self->offline)
        return TRUE;
    lg_network_note(self, purpose, "", url, 0, 0, 0, "offline switch");
    g_set_error_literal(error, LG_NETWORK_ERROR, LG_NETWORK_ERROR_OFFLINE,
                        _("Nothing was sent: the app is set to work offline."));
    return FALSE;
}

static void get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    g_value_set_boolean(value, LG_NETWORK(object)->offline);
}

static void set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
    lg_network_set_offline(LG_NETWORK(object), g_value_get_boolean(value));
}

static void lg_network_class_init(LgNetworkClass *class)
{
    G_OBJECT_CLASS(class)->get_property = get_property;
    G_OBJECT_CLASS(class)->set_property = set_property;
    properties[PROP_OFFLINE] = g_param_spec_boolean(
        "offline", NULL, NULL, FALSE, G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
    g_object_class_install_properties(G_OBJECT_CLASS(class), N_PROPERTIES, properties);
    noted = g_signal_new("noted", LG_TYPE_NETWORK, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void lg_network_init(LgNetwork *self) { self->notes = g_list_store_new(LG_TYPE_CONNECTION); }
