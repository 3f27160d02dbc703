/* SPDX-License-Identifier: MIT
 * Servers with OpenAI's API whose models are listed beside one's own. Names and addresses are in the settings
 * ("endpoints"), keys in the keyring alone.
 */
#ifndef LG_ENDPOINTS_H
#define LG_ENDPOINTS_H

#include <gio/gio.h>

G_BEGIN_DECLS

#define LG_TYPE_ENDPOINT (lg_endpoint_get_type())
G_DECLARE_FINAL_TYPE(LgEndpoint, lg_endpoint, LG, ENDPOINT, GObject)

LgEndpoint *lg_endpoint_new(const char *id, const char *name, const char *url);
const char *lg_endpoint_get_id(LgEndpoint *self);
const char *lg_endpoint_get_name(LgEndpoint *self);
/* Without a slash at its end: "https://api.example.org/v1". */
const char *lg_endpoint_get_url(LgEndpoint *self);
/* Whether what is sent can be read on the way: http to another machine. */
gboolean lg_endpoint_is_open(LgEndpoint *self);

/* The address as it is used, of what someone typed; NULL with a reason for what is none. */
char *lg_endpoint_clean_url(const char *text, GError **error);

#define LG_TYPE_ENDPOINTS (lg_endpoints_get_type())
G_DECLARE_FINAL_TYPE(LgEndpoints, lg_endpoints, LG, ENDPOINTS, GObject)

/* A list of LgEndpoint. */
LgEndpoints *lg_endpoints_new(GSettings *settings);
LgEndpoint *lg_endpoints_find(LgEndpoints *self, const char *id);
/* Borrowed. */
LgEndpoint *lg_endpoints_add(LgEndpoints *self, const char *name, const char *url);
/* The key stays in the keyring until lg_endpoint_forget_key(), so that this can be undone. */
void lg_endpoints_remove(LgEndpoints *self, LgEndpoint *endpoint);
void lg_endpoints_restore(LgEndpoints *self, LgEndpoint *endpoint);

/* The models that it had when it was last asked, so that they are offered without asking; free it with g_strfreev(). */
char **lg_endpoints_get_models(LgEndpoints *self, const char *id);
void lg_endpoints_set_models(LgEndpoints *self, const char *id, const GPtrArray *names);

/* Whether the user has said that its models see images. */
gboolean lg_endpoints_get_sees(LgEndpoints *self, const char *id);
void lg_endpoints_set_sees(LgEndpoints *self, const char *id, gboolean sees);

/* The key, from the keyring; "" for none. */
void lg_endpoint_lookup_key(LgEndpoint *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
char *lg_endpoint_lookup_key_finish(LgEndpoint *self, GAsyncResult *result, GError **error);
void lg_endpoint_keep_key(LgEndpoint *self, const char *key, GCancellable *cancellable, GAsyncReadyCallback callback,
                          gpointer data);
gboolean lg_endpoint_keep_key_finish(LgEndpoint *self, GAsyncResult *result, GError **error);
void lg_endpoint_forget_key(LgEndpoint *self);

/* A model of an endpoint, where the rest of the app has the path of one: "remote:ID/MODEL". */
char *lg_remote_name(LgEndpoint *endpoint, const char *model);
gboolean lg_remote_is_name(const char *name);
/* FALSE for what is none; the caller frees both. */
gboolean lg_remote_split(const char *name, char **endpoint_id, char **model);

G_END_DECLS

#endif
