/* SPDX-License-Identifier: MIT
 * What the handlers share.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve/fields.h"
#include "serve/handlers.h"
#include "serve/server.h"

void answer_id(char *id, const char *prefix, const struct request *r)
{
    /* Unlike those of other runs of the server. */
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(id, ID_BYTES, "%s-%llx%08lx%llx", prefix, (unsigned long long)now.tv_sec, (unsigned long)now.tv_nsec,
             (unsigned long long)r->serial);
}

bool send_event(struct request *r, json_t *value)
{
    char *text = value ? json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(value);
    struct text event = {0};
    text_append(&event, "data: ", 6);
    text_append(&event, text ? text : "{}", text ? strlen(text) : 2);
    text_append(&event, "\n\n", 2);
    bool sent = request_stream_send(r, event.bytes, event.n_bytes);
    text_free(&event);
    free(text);
    return sent;
}

json_t *text_json(const char *text, size_t n_bytes) { return json_stringn(n_bytes ? text : "", n_bytes); }

const char *fingerprint(void)
{
#define TEXT_OF(number) #number
#define VERSION(major, minor, patch) "libllm-" TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)
    return VERSION(LIBLLM_VERSION_MAJOR, LIBLLM_VERSION_MINOR, LIBLLM_VERSION_PATCH);
}

void find_model_of(struct request *r)
{
    const char *name = NULL;
    const bool ollama = r->route->dialect == DIALECT_OLLAMA;
    r->keep = NAN;
    r->json = fields_parse(r, &r->fault);
    /* Ollama has had "name" before "model". */
    if (r->json &&
        (!ollama || (field_text(r->json, "name", &name, &r->fault) &&
                     field_duration(r->json, "keep_alive", &r->keep, &r->fault))) &&
        field_text(r->json, "model", &name, &r->fault))
        r->served = models_find(&r->server->models, name, &r->fault);
}

void with_model(struct request *r, answer_fn answer)
{
    struct models *models = &r->server->models;
    struct served *s = r->served;
    struct fault fault = r->fault;
    if (s && served_enter(models, s, r, &fault)) {
        if (!isnan(r->keep))
            served_keep(s, r->keep);
        answer(r, s, r->json, &fault);
        served_leave(s);
    }
    if (fault.status)
        request_fail(r, &fault);
}
