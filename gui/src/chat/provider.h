/* SPDX-License-Identifier: MIT
 * Who answers: the engine on this machine, or a server elsewhere where the model's name says so (remote/endpoints.h).
 */
#ifndef LG_PROVIDER_H
#define LG_PROVIDER_H

#include "chat/parameters.h"
#include "remote/client.h"

G_BEGIN_DECLS

typedef struct {
    LgEngine *engine;
    LgEndpoints *endpoints; /* NULL: there are no servers */
    LgClient *client;
} LgProvider;

/* What goes wrong is in the reply. */
LgReply *lg_provider_answer(const LgProvider *self, const char *model, const char *request,
                            const LgParameters *parameters, GCancellable *cancellable);

/* Whether images may be sent to the model: the user has said so of its server. */
gboolean lg_provider_sees_images(const LgProvider *self, const char *model);

/* The request for a server: without what only libllm knows, and with how tokens are chosen. NULL where it is no JSON.
 */
char *lg_provider_remote_request(const char *request, const LgSampling *sampling);

G_END_DECLS

#endif
