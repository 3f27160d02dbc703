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

void with_model(struct request *r, answer_fn answer)
{
    struct models *models = &r->server->models;
    struct fault fault = {0};
    const char *name = NULL;
    json_t *request = fields_parse(r, &fault);
    /* Ollama has had "name" before "model". */
    double keep = NAN;
    bool ollama = r->route->dialect == DIALECT_OLLAMA, good = request != NULL;
    good = good &&
           (!ollama ||
            (field_text(request, "name", &name, &fault) && field_duration(request, "keep_alive", &keep, &fault))) &&
           field_text(request, "model", &name, &fault);
    struct served *s = good ? models_find(models, name, &fault) : NULL;
    if (s && served_enter(models, s, &fault)) {
        if (!isnan(keep))
            served_keep(s, keep);
        answer(r, s, request, &fault);
        served_leave(s);
    }
    if (fault.status)
        request_fail(r, &fault);
    json_decref(request);
}
