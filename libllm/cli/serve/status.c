/* SPDX-License-Identifier: MIT
 * What the server says about itself: /health, /metrics, /v1/models.
 */
#include <string.h>

#include "serve/handlers.h"
#include "serve/server.h"

/* A step of a large model on a slow machine may take seconds, none takes a minute. */
enum { STALLED_SECONDS = 60 };

void handle_health(struct request *r)
{
    struct server *server = r->server;
    double stalled = watch_stalled(&server->watch);
    bool loads = atomic_load(&server->opens) ||
                 (atomic_load(&server->models.n_loading) && models_n_loaded(&server->models) == 0);
    bool good = !loads && stalled < STALLED_SECONDS;
    request_reply_json(r, good ? 200 : 503,
                       json_pack("{s:s, s:f, s:i, s:i}", "status",
                                 loads  ? "loading"
                                 : good ? "ok"
                                        : "stalled",
                                 "seconds_since_progress", stalled, "requests", (int)watch_n_active(&server->watch),
                                 "models_loaded", (int)models_n_loaded(&server->models)));
}

void handle_metrics(struct request *r)
{
    struct text text = {0};
    metrics_write(r->server, &text);
    request_reply(r, 200, "text/plain; version=0.0.4", text.bytes, text.n_bytes);
    text_free(&text);
}

/* What is known of a model that is not open is its name. */
static json_t *model_json(struct models *m, struct served *s)
{
    json_t *model = json_pack("{s:s, s:s, s:I, s:s, s:b}", "id", s->id, "object", "model", "created",
                              (json_int_t)s->modified, "owned_by", "libllm", "loaded", atomic_load(&s->loaded));
    if (atomic_load(&s->loaded))
        json_object_set_new(
            model, "meta",
            json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "n_vocab", (json_int_t)s->access.info.n_vocab, "n_embd",
                      (json_int_t)s->access.info.n_embd, "n_ctx_train", (json_int_t)s->access.info.n_context_train,
                      "n_ctx", (json_int_t)served_context(m, s), "n_params", (json_int_t)s->access.info.n_parameters,
                      "size", (json_int_t)s->access.info.file_bytes));
    return model;
}

void handle_models(struct request *r)
{
    struct models *m = &r->server->models;
    json_t *list = json_array();
    for (size_t i = 0; i < m->n; i++)
        json_array_append_new(list, model_json(m, &m->items[i]));
    request_reply_json(r, 200, json_pack("{s:s, s:o}", "object", "list", "data", list));
}

void handle_model(struct request *r)
{
    struct fault fault = {0};
    struct served *s = models_find(&r->server->models, strrchr(r->path, '/') + 1, &fault);
    if (s)
        request_reply_json(r, 200, model_json(&r->server->models, s));
    else
        request_fail(r, &fault);
}
