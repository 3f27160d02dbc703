/* SPDX-License-Identifier: MIT
 * What a request wants an answer to look like. Each dialect says it in its own way; all become a "response_format" as
 * libllm_chat_stream() reads it.
 */
#include <stdlib.h>
#include <string.h>

#include "serve/fields.h"
#include "serve/generate.h"

/* One of them is all that an answer can have. */
static bool set(struct settings *s, json_t *format, const char *name, struct fault *fault)
{
    if (s->format) {
        json_decref(format);
        return fault_request(fault, name, "%s comes on top of another one that says what the answer looks like", name);
    }
    s->format = format;
    return format != NULL || fault_request(fault, name, "%s is not what it must be", name);
}

static bool is_schema(const json_t *value) { return json_is_object(value) || json_is_boolean(value); }

static bool set_schema(struct settings *s, const json_t *given, const char *name, struct fault *fault)
{
    /* vLLM takes it as JSON in a text, too. */
    const char *text = json_string_value(given);
    json_t *schema =
        text ? json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL) : json_incref((json_t *)given);
    if (!is_schema(schema)) {
        json_decref(schema);
        return fault_request(fault, name, "%s must be a JSON Schema", name);
    }
    return set(s, json_pack("{s:s, s:o}", "type", "json_schema", "schema", schema), name, fault);
}

static bool set_text(struct settings *s, const json_t *given, const char *type, const char *name, struct fault *fault)
{
    if (!json_is_string(given))
        return fault_request(fault, name, "%s must be a text", name);
    return set(s, json_pack("{s:s, s:O}", "type", type, type, given), name, fault);
}

static bool set_choice(struct settings *s, const json_t *given, const char *name, struct fault *fault)
{
    if (!json_is_array(given))
        return fault_request(fault, name, "%s must be a list of texts", name);
    return set(s, json_pack("{s:s, s:O}", "type", "choice", "choice", given), name, fault);
}

/* {"type":"json_schema","json_schema":{"name","schema","strict"}}, or with the schema beside the type. */
static bool read_format(struct settings *s, const json_t *format, const char *name, struct fault *fault)
{
    const json_t *inner = field(format, "json_schema");
    const json_t *schema = field(inner ? inner : format, "schema");
    const char *type = json_string_value(json_object_get(format, "type"));
    if (!format || (type && strcmp(type, "text") == 0))
        return true;
    if (type && strcmp(type, "json_schema") == 0)
        return set_schema(s, schema, name, fault);
    if (!type || strcmp(type, "json_object") != 0)
        return fault_request(fault, name, "the type of %s is \"text\", \"json_object\" or \"json_schema\"", name);
    return schema ? set_schema(s, schema, name, fault) : set(s, json_pack("{s:s}", "type", "json_object"), name, fault);
}

/* {"json", "regex", "choice", "grammar"} of vLLM, one of them. */
static bool read_structured(struct settings *s, const json_t *outputs, struct fault *fault)
{
    static const char name[] = "structured_outputs";
    const json_t *json = field(outputs, "json"), *regex = field(outputs, "regex"), *choice = field(outputs, "choice"),
                 *grammar = field(outputs, "grammar");
    if (outputs && !json_is_object(outputs))
        return fault_request(fault, name, "%s must be an object", name);
    return (!json || set_schema(s, json, name, fault)) && (!regex || set_text(s, regex, "regex", name, fault)) &&
           (!choice || set_choice(s, choice, name, fault)) &&
           (!grammar || set_text(s, grammar, "grammar", name, fault));
}

bool format_read(struct settings *s, const json_t *request, struct fault *fault)
{
    static const struct {
        const char *name, *type;
    } members[] = {{"grammar", "grammar"},      {"guided_grammar", "grammar"},  {"guided_regex", "regex"},
                   {"guided_choice", "choice"}, {"json_schema", "json_schema"}, {"guided_json", "json_schema"}};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const json_t *given = field(request, members[i].name);
        bool good = !given                                        ? true
                    : strcmp(members[i].type, "json_schema") == 0 ? set_schema(s, given, members[i].name, fault)
                    : strcmp(members[i].type, "choice") == 0
                        ? set_choice(s, given, members[i].name, fault)
                        : set_text(s, given, members[i].type, members[i].name, fault);
        if (!good)
            return false;
    }
    return read_structured(s, field(request, "structured_outputs"), fault) &&
           read_format(s, field(request, "response_format"), "response_format", fault) &&
           read_format(s, field(field(request, "text"), "format"), "text.format", fault);
}

bool format_read_ollama(struct settings *s, const json_t *request, struct fault *fault)
{
    const json_t *format = field(request, "format");
    const char *word = json_string_value(format);
    if (!format || (word && !word[0]))
        return true;
    if (word && strcmp(word, "json") == 0)
        return set(s, json_pack("{s:s}", "type", "json_object"), "format", fault);
    return !word ? set_schema(s, format, "format", fault)
                 : fault_request(fault, "format", "format must be \"json\" or a JSON Schema");
}

libllm_status format_constraint(const json_t *format, const libllm_model *model, libllm_constraint **constraint,
                                libllm_error *error)
{
    const char *type = json_string_value(json_object_get(format, "type"));
    const bool grammar = strcmp(type, "grammar") == 0, regex = strcmp(type, "regex") == 0;
    const libllm_constraint_kind kind = grammar                       ? LIBLLM_CONSTRAINT_GBNF
                                        : regex                       ? LIBLLM_CONSTRAINT_REGEX
                                        : strcmp(type, "choice") == 0 ? LIBLLM_CONSTRAINT_CHOICE
                                                                      : LIBLLM_CONSTRAINT_JSON_SCHEMA;
    json_t *value = json_object_get(format, strcmp(type, "json_schema") == 0 ? "schema" : type);
    if (grammar || regex)
        return libllm_constraint_create(model, kind, json_string_value(value), json_string_length(value), constraint,
                                        error);
    char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    const char *shown = text ? text : "{\"type\":\"object\"}";
    libllm_status status = libllm_constraint_create(model, kind, shown, strlen(shown), constraint, error);
    free(text);
    return status;
}
