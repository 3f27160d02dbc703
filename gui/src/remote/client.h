/* SPDX-License-Identifier: MIT
 * Asks a server with OpenAI's API: which models it has, and for an answer as it is written.
 */
#ifndef LG_CLIENT_H
#define LG_CLIENT_H

#include "engine/reply.h"
#include "remote/endpoints.h"
#include "remote/network.h"

G_BEGIN_DECLS

#define LG_TYPE_CLIENT (lg_client_get_type())
G_DECLARE_FINAL_TYPE(LgClient, lg_client, LG, CLIENT, GObject)

LgClient *lg_client_new(LgNetwork *network);

/* Seconds without a byte after which a connection is given up; 60 at first. */
void lg_client_set_timeout(LgClient *self, guint seconds);

/* A GPtrArray of names. key NULL: that of the keyring. */
void lg_client_list_models(LgClient *self, LgEndpoint *endpoint, const char *key, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer data);
GPtrArray *lg_client_list_models_finish(LgClient *self, GAsyncResult *result, GError **error);

/* The answer to a request (JSON as in OpenAI's API: messages, tools, and what else the server takes), streamed.
 * `model`, `stream` and `stream_options` are added. */
LgReply *lg_client_answer(LgClient *self, LgEndpoint *endpoint, const char *key, const char *model, const char *request,
                          GCancellable *cancellable);

G_END_DECLS

#endif
