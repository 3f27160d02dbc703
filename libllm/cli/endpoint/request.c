/* SPDX-License-Identifier: MIT
 * What the options of generation become in a request, and which options mean nothing to a server.
 */
#include <math.h>
#include <string.h>

#include "../terminal.h"
#include "remote.h"

static int local_only(const struct command *command, const char *name)
{
    return usage_error(command, "--%s is about a model on this machine and means nothing to --endpoint", name);
}

int remote_check(const struct command *command, const struct common *common, const struct generation *generation)
{
    const struct {
        const char *name;
        bool given;
    } options[] = {
        {"threads", common->n_threads != 0},
        {"cpu", common->cpu_mask != NULL},
        {"no-map", common->no_map},
        {"device", common->device != NULL},
        {"blas-library", common->blas_library != NULL},
        {"kv", common->kv_type != NULL},
        {"lora", common->adapters.n != 0},
        {"deterministic", common->deterministic},
        {"context", generation && generation->context != 0},
        {"guesses", generation && generation->n_guesses != 0},
        {"draft", generation && generation->draft_name != NULL},
        {"session", generation && generation->session_file != NULL},
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (options[i].given)
            return local_only(command, options[i].name);
    return OPTIONS_GO;
}

/* A float as people write it: 0.7, not 0.699999988. */
static json_t *number(float value)
{
    char text[32];
    double shown;
    snprintf(text, sizeof text, "%.6g", (double)value);
    return json_real(parse_number(text, &shown) && isfinite(shown) ? shown : (double)value);
}

static void set_number(json_t *request, const char *name, float value)
{
    if (!isnan(value))
        json_object_set_new(request, name, number(value));
}

static void set_count(json_t *request, const char *name, uint32_t value)
{
    if (value != UINT32_MAX)
        json_object_set_new(request, name, json_integer(value));
}

static void set_biases(json_t *request, const struct generation *generation)
{
    const uint32_t n = generation->sampling.n_logit_bias;
    json_t *biases = n ? json_object() : NULL;
    for (uint32_t i = 0; i < n; i++) {
        char id[16];
        const float bias = generation->logit_bias[i].bias;
        snprintf(id, sizeof id, "%d", (int)generation->logit_bias[i].token);
        json_object_set_new(biases, id, number(fminf(fmaxf(bias, -100), 100)));
    }
    if (biases)
        json_object_set_new(request, "logit_bias", biases);
}

/* OpenAI's form of a JSON Schema, which all have; vLLM's of what only such servers have. */
static bool set_format(json_t *request, const struct generation *generation)
{
    json_t *format = generation_format(generation), *structured = NULL;
    if (!format)
        return !generation_is_constrained(generation);
    const char *type = json_string_value(json_object_get(format, "type"));
    const char *text = json_string_value(json_object_get(format, strcmp(type, "json_schema") == 0 ? "schema" : type));
    json_error_t error;
    bool good = true;
    if (strcmp(type, "json_schema") == 0) {
        json_t *schema = json_loads(text, JSON_REJECT_DUPLICATES, &error);
        good = schema != NULL;
        if (!good)
            message("--json-schema:%d:%d: %s", error.line, error.column, error.text);
        else
            json_object_set_new(request, "response_format",
                                json_pack("{s:s, s:{s:s, s:b, s:o}}", "type", "json_schema", "json_schema", "name",
                                          "answer", "strict", 1, "schema", schema));
    } else if (strcmp(type, "choice") == 0) {
        structured = json_pack("{s:o}", type, json_loads(text, 0, NULL));
    } else {
        structured = json_pack("{s:s}", type, text);
    }
    if (structured)
        json_object_set_new(request, "structured_outputs", structured);
    json_decref(format);
    return good;
}

json_t *remote_request(const struct endpoint *endpoint, const struct generation *generation)
{
    const libllm_sampling_options *asked = &generation->asked;
    json_t *request =
        json_pack("{s:s, s:b, s:{s:b}}", "model", endpoint->model, "stream", 1, "stream_options", "include_usage", 1);
    if (!request)
        message("the name of the model is not valid UTF-8");
    if (!request || !set_format(request, generation)) {
        json_decref(request);
        return NULL;
    }
    /* The models of OpenAI that reason know the newer name alone. */
    const bool newer = strstr(endpoint->base, "://api.openai.com/") != NULL;
    if (generation->max_tokens)
        json_object_set_new(request, newer ? "max_completion_tokens" : "max_tokens",
                            json_integer((json_int_t)generation->max_tokens));
    set_number(request, "temperature", asked->temperature);
    set_number(request, "top_p", asked->top_p);
    set_number(request, "min_p", asked->min_p);
    set_number(request, "typical_p", asked->typical_p);
    set_number(request, "repetition_penalty", asked->repetition_penalty); /* vLLM, and llama.cpp: */
    set_number(request, "repeat_penalty", asked->repetition_penalty);
    set_number(request, "frequency_penalty", asked->frequency_penalty);
    set_number(request, "presence_penalty", asked->presence_penalty);
    set_count(request, "top_k", asked->top_k);
    set_count(request, "repeat_last_n", asked->penalty_window);
    if (generation->has_seed)
        json_object_set_new(request, "seed", json_integer((json_int_t)(asked->seed & INT64_MAX)));
    if (generation->stops.n) {
        json_t *stops = json_array();
        for (size_t i = 0; i < generation->stops.n; i++)
            json_array_append_new(stops, json_string(generation->stops.items[i]));
        json_object_set_new(request, "stop", stops);
    }
    if (generation->ignore_end)
        json_object_set_new(request, "ignore_eos", json_true());
    set_biases(request, generation);
    return request;
}
