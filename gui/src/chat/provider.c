/* SPDX-License-Identifier: MIT
 * Who answers.
 */
#include <glib/gi18n.h>
#include <json-glib/json-glib.h>

#include "chat/provider.h"

char *lg_provider_remote_request(const char *request, const LgSampling *sampling)
{
    g_autoptr(JsonNode) root = json_from_string(request, NULL);
    if (!root || !JSON_NODE_HOLDS_OBJECT(root))
        return NULL;
    JsonObject *object = json_node_get_object(root);
    json_object_remove_member(object, "reasoning");
    json_object_remove_member(object, "continue_final_message");
    if (sampling->temperature >= 0)
        json_object_set_double_member(object, "temperature", sampling->temperature);
    if (sampling->top_p >= 0)
        json_object_set_double_member(object, "top_p", sampling->top_p > 0 ? sampling->top_p : 1);
    if (sampling->top_k > 0)
        json_object_set_int_member(object, "top_k", sampling->top_k);
    if (sampling->min_p >= 0)
        json_object_set_double_member(object, "min_p", sampling->min_p);
    if (sampling->repetition_penalty > 0)
        json_object_set_double_member(object, "repetition_penalty", sampling->repetition_penalty);
    if (sampling->max_tokens)
        json_object_set_int_member(object, "max_tokens", (gint64)sampling->max_tokens);
    if (sampling->has_seed)
        json_object_set_int_member(object, "seed", (gint64)sampling->seed);
    return json_to_string(root, FALSE);
}

static LgReply *failed(GError *error)
{
    LgReply *reply = lg_reply_new();
    lg_reply_push_finish(reply, LG_FINISH_ERROR, error);
    return reply;
}

static LgReply *remote_answer(const LgProvider *self, const char *name, const char *request,
                              const LgParameters *parameters, GCancellable *cancellable)
{
    g_autofree char *id = NULL, *model = NULL;
    LgEndpoint *endpoint = NULL;
    if (lg_remote_split(name, &id, &model) && self->endpoints)
        endpoint = lg_endpoints_find(self->endpoints, id);
    if (!endpoint)
        return failed(g_error_new_literal(G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                                          _("The server of this model is not among those that are known")));
    g_autofree char *body = lg_provider_remote_request(request, &parameters->sampling);
    return lg_client_answer(self->client, endpoint, NULL, model, body ? body : request, cancellable);
}

gboolean lg_provider_sees_images(const LgProvider *self, const char *model)
{
    g_autofree char *id = NULL, *name = NULL;
    return self->endpoints && lg_remote_split(model, &id, &name) && lg_endpoints_get_sees(self->endpoints, id);
}

LgReply *lg_provider_answer(const LgProvider *self, const char *model, const char *request,
                            const LgParameters *parameters, GCancellable *cancellable)
{
    if (lg_remote_is_name(model))
        return remote_answer(self, model, request, parameters, cancellable);
    return lg_engine_answer(self->engine, model, parameters->n_positions, request, &parameters->sampling,
                            parameters->drop_oldest, cancellable);
}
