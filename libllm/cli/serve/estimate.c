/* SPDX-License-Identifier: MIT
 * POST /v1/estimate: a scenario, as docs/estimate.md has it, and its report. The machine of "fit" is the server's.
 */
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "serve/fields.h"
#include "serve/handlers.h"

/* A request cannot name files. Where a scenario would name one, it names a model of this server. */
static bool put_models(struct models *m, json_t *value, struct fault *fault)
{
    const char *name;
    json_t *member;
    size_t i;
    json_array_foreach (value, i, member) {
        if (!put_models(m, member, fault))
            return false;
    }
    json_object_foreach (value, name, member) {
        if (strcmp(name, "file") == 0 && json_is_string(member)) {
            const struct served *s = models_find(m, json_string_value(member), fault);
            if (!s)
                return false;
            json_object_set_new(value, name, json_string(s->access.path));
        } else if (!put_models(m, member, fault)) {
            return false;
        }
    }
    return true;
}

static bool run(struct request *r, const char *scenario, struct fault *fault)
{
    size_t needed = 0;
    libllm_error error;
    char *report = NULL;
    const libllm_runtime *runtime = r->server->models.runtime;
    libllm_status status = libllm_estimate_run(runtime, scenario, strlen(scenario), NULL, 0, &needed, &error);
    if (status == LIBLLM_ERROR_BUFFER_TOO_SMALL) {
        report = allocate(needed, 1);
        status = libllm_estimate_run(runtime, scenario, strlen(scenario), report, needed, &needed, &error);
    }
    if (status == LIBLLM_OK)
        request_reply(r, 200, report[0] == '{' ? "application/json" : "text/plain; charset=utf-8", report, needed);
    else
        fault_library(fault, &error);
    free(report);
    return status == LIBLLM_OK;
}

void handle_estimate(struct request *r)
{
    struct fault fault = {0};
    json_t *scenario = fields_parse(r, &fault);
    bool good = scenario != NULL;
    if (good && json_object_get(scenario, "data"))
        good = fault_request(&fault, "data", "data names a folder, which requests cannot");
    good = good && put_models(&r->server->models, scenario, &fault);
    if (good && !machine_add(scenario, r->server->models.runtime))
        good = fault_library(
            &fault, &(libllm_error){.status = LIBLLM_ERROR_INTERNAL, .message = "this machine cannot be measured"});
    char *text = good ? json_dumps(scenario, JSON_COMPACT) : NULL;
    if (text)
        run(r, text, &fault);
    if (fault.status)
        request_fail(r, &fault);
    free(text);
    json_decref(scenario);
}
