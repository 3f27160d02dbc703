/* SPDX-License-Identifier: MIT
 * The calls of Ollama's API that say what models there are, and embeddings.
 */
#include <string.h>
#include <time.h>

#include "serve/ollama.h"

#include "serve/embeddings.h"
#include "serve/fields.h"
#include "serve/handlers.h"
#include "terminal.h"

json_t *time_json(const struct timespec *time)
{
    struct tm utc;
    char text[64];
    gmtime_r(&time->tv_sec, &utc);
    size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + n, sizeof text - n, ".%09ldZ", time->tv_nsec);
    return json_string(text);
}

json_t *now_json(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return time_json(&now);
}

json_t *duration_json(double seconds) { return json_integer((json_int_t)(seconds * 1e9)); }

/* Clients look whether a server is there, and whether it is new enough for what they want of it: those of editors ask
 * for 0.6.4 at least. This is the version whose calls are answered here (the first with logprobs), not the library's.
 */
#define OLLAMA_VERSION "0.12.11"

void handle_ollama_root(struct request *r)
{
    static const char text[] = "Ollama is running";
    request_reply(r, 200, "text/plain; charset=utf-8", text, sizeof text - 1);
}

void handle_ollama_version(struct request *r)
{
    request_reply_json(r, 200, json_pack("{s:s}", "version", OLLAMA_VERSION));
}

/* 134.52M, 8.03B. */
static json_t *size_json(uint64_t n_parameters)
{
    char text[32];
    bool billions = n_parameters >= 1000000000;
    snprintf(text, sizeof text, "%.2f%c", (double)n_parameters / (billions ? 1e9 : 1e6), billions ? 'B' : 'M');
    return json_string(text);
}

static json_t *details_json(const char *family, json_t *size, const char *type)
{
    return json_pack("{s:s, s:s, s:s, s:[s], s:o, s:s}", "parent_model", "", "format", "gguf", "family", family,
                     "families", family, "parameter_size", size, "quantization_level", type);
}

/* Of a model that is not open no more than its file is known. */
static json_t *model_json(struct served *s)
{
    const struct timespec modified = {.tv_sec = s->modified};
    json_t *size = atomic_load(&s->loaded) ? size_json(s->access.info.n_parameters) : json_string("");
    return json_pack("{s:s, s:s, s:o, s:I, s:s, s:o}", "name", s->id, "model", s->id, "modified_at",
                     time_json(&modified), "size", (json_int_t)s->file_bytes, "digest", "", "details",
                     details_json("", size, ""));
}

static void reply_models(struct request *r, bool loaded)
{
    struct models *m = &r->server->models;
    json_t *list = json_array();
    for (size_t i = 0; i < m->n; i++)
        if (!loaded || atomic_load(&m->items[i].loaded))
            json_array_append_new(list, model_json(&m->items[i]));
    request_reply_json(r, 200, json_pack("{s:o}", "models", list));
}

void handle_ollama_tags(struct request *r) { reply_models(r, false); }
void handle_ollama_ps(struct request *r) { reply_models(r, true); }

/* The type that most bytes are in. */
static const char *main_type(const json_t *described)
{
    const char *name, *most = "";
    json_t *type;
    json_int_t most_bytes = -1;
    json_object_foreach (json_object_get(described, "tensor_types"), name, type) {
        json_int_t bytes = json_integer_value(json_object_get(type, "bytes"));
        if (bytes > most_bytes) {
            most_bytes = bytes;
            most = name;
        }
    }
    return most;
}

static json_t *capabilities_json(const struct served *s, const char *template)
{
    if (s->access.info.is_encoder)
        return json_pack("[s]", "embedding");
    json_t *list = json_pack("[s]", "completion");
    if (s->chat && strstr(template, "tools"))
        json_array_append_new(list, json_string("tools"));
    if (s->chat && (strstr(template, "think") || strstr(template, "reasoning")))
        json_array_append_new(list, json_string("thinking"));
    return list;
}

/* What the model recommends, as lines of a Modelfile. */
static json_t *parameters_json(const json_t *described)
{
    static const char *const names[][2] = {{"temperature", "temperature"},
                                           {"top_k", "top_k"},
                                           {"top_p", "top_p"},
                                           {"min_p", "min_p"},
                                           {"repetition_penalty", "repeat_penalty"},
                                           {"penalty_window", "repeat_last_n"}};
    char lines[512] = "";
    size_t n = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names && n < sizeof lines; i++) {
        const json_t *value = json_object_get(json_object_get(described, "recommended_sampling"), names[i][0]);
        if (value)
            n += (size_t)snprintf(lines + n, sizeof lines - n, "%s%-30s %g", n ? "\n" : "", names[i][1],
                                  json_number_value(value));
    }
    return json_string(lines);
}

static bool show(struct request *r, struct served *s, const json_t *request, struct fault *fault)
{
    (void)request;
    json_t *described = served_describe(s, fault);
    if (!described)
        return false;
    const char *family = json_string_value(json_object_get(described, "architecture"));
    json_t *metadata = json_object_get(described, "metadata");
    metadata = json_is_object(metadata) ? json_copy(metadata) : json_object();
    const char *template = json_string_value(json_object_get(metadata, "tokenizer.chat_template"));
    family = family ? family : "";
    template = template ? template : "";
    /* Editors look for these, also where a folder of Hugging Face has them under other names. */
    char key[128];
    snprintf(key, sizeof key, "%.100s.context_length", family);
    json_object_set_new(metadata, "general.architecture", json_string(family));
    json_object_set_new(metadata, "general.parameter_count", json_integer((json_int_t)s->access.info.n_parameters));
    if (!json_object_get(metadata, key))
        json_object_set_new(metadata, key, json_integer(s->access.info.n_context_train));
    const struct timespec modified = {.tv_sec = s->modified};
    request_reply_json(r, 200,
                       json_pack("{s:s, s:o, s:s, s:o, s:o, s:o, s:o}", "modelfile", "", "parameters",
                                 parameters_json(described), "template", template, "details",
                                 details_json(family, size_json(s->access.info.n_parameters), main_type(described)),
                                 "model_info", metadata, "capabilities", capabilities_json(s, template), "modified_at",
                                 time_json(&modified)));
    json_decref(described);
    return true;
}

void handle_ollama_show(struct request *r) { with_model(r, show); }

/* Texts that are too long are an error here as everywhere; nothing is cut off in silence. */
static bool embed(struct request *r, struct served *s, const json_t *request, struct fault *fault)
{
    struct embedding_form form = {0};
    uint64_t n_tokens = 0;
    json_t *vectors = json_array();
    bool good = field_count(request, "dimensions", 1, INT32_MAX, &form.dimensions, fault) &&
                embed_inputs(r, s, field(request, "input"), "input", &form, vectors, &n_tokens, fault);
    if (good)
        request_reply_json(r, 200,
                           json_pack("{s:s, s:O, s:o, s:i, s:I}", "model", s->id, "embeddings", vectors,
                                     "total_duration", duration_json(seconds_now() - r->started), "load_duration", 0,
                                     "prompt_eval_count", (json_int_t)n_tokens));
    json_decref(vectors);
    return good;
}

void handle_ollama_embed(struct request *r) { with_model(r, embed); }
