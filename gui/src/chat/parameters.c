/* SPDX-License-Identifier: MIT
 * How a chat is answered, and its form as JSON.
 */
#include <json-glib/json-glib.h>
#include <string.h>

#include "chat/parameters.h"

void lg_parameters_init(LgParameters *self)
{
    lg_sampling_init(&self->sampling);
    self->n_positions = 0;
    self->reasoning = LG_REASONING_AS_SET;
    self->drop_oldest = TRUE;
}

const char *lg_reasoning_word(LgReasoning reasoning)
{
    static const char *const words[] = {NULL, "show", "hide", "off"};
    return words[reasoning];
}

static LgReasoning read_reasoning(JsonObject *object)
{
    JsonNode *node = json_object_get_member(object, "reasoning");
    const char *word = node && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node) : NULL;
    for (LgReasoning reasoning = LG_REASONING_SHOWN; word && reasoning <= LG_REASONING_OFF; reasoning++)
        if (strcmp(word, lg_reasoning_word(reasoning)) == 0)
            return reasoning;
    return LG_REASONING_AS_SET;
}

static double number(JsonObject *object, const char *name, double low, double high, double otherwise)
{
    JsonNode *node = json_object_get_member(object, name);
    if (!node || !JSON_NODE_HOLDS_VALUE(node) ||
        (json_node_get_value_type(node) != G_TYPE_INT64 && json_node_get_value_type(node) != G_TYPE_DOUBLE))
        return otherwise;
    return CLAMP(json_node_get_double(node), low, high);
}

void lg_parameters_parse(LgParameters *self, const char *json)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    LgSampling *sampling = &self->sampling;
    lg_parameters_init(self);
    if (!json || !json_parser_load_from_data(parser, json, -1, NULL) ||
        !JSON_NODE_HOLDS_OBJECT(json_parser_get_root(parser)))
        return;
    JsonObject *object = json_node_get_object(json_parser_get_root(parser));
    sampling->temperature = number(object, "temperature", 0, 5, sampling->temperature);
    sampling->top_p = number(object, "top_p", 0, 1, sampling->top_p);
    sampling->min_p = number(object, "min_p", 0, 1, sampling->min_p);
    sampling->top_k = (int)number(object, "top_k", 0, 100000, sampling->top_k);
    sampling->repetition_penalty = number(object, "repetition_penalty", 0.1, 5, sampling->repetition_penalty);
    sampling->max_tokens = (guint64)number(object, "max_tokens", 0, 1e9, 0);
    sampling->has_seed = json_object_has_member(object, "seed");
    sampling->seed = (guint64)number(object, "seed", 0, 4294967295.0, 0);
    self->n_positions = (guint64)number(object, "context", 0, 1e8, 0);
    self->reasoning = read_reasoning(object);
    self->drop_oldest = number(object, "drop_oldest", 0, 1, 1) != 0;
}

char *lg_parameters_to_json(const LgParameters *self)
{
    LgParameters defaults;
    const LgSampling *sampling = &self->sampling;
    g_autoptr(JsonObject) object = json_object_new();
    lg_parameters_init(&defaults);
    if (sampling->temperature != defaults.sampling.temperature)
        json_object_set_double_member(object, "temperature", sampling->temperature);
    if (sampling->top_p != defaults.sampling.top_p)
        json_object_set_double_member(object, "top_p", sampling->top_p);
    if (sampling->min_p != defaults.sampling.min_p)
        json_object_set_double_member(object, "min_p", sampling->min_p);
    if (sampling->top_k != defaults.sampling.top_k)
        json_object_set_int_member(object, "top_k", sampling->top_k);
    if (sampling->repetition_penalty != defaults.sampling.repetition_penalty)
        json_object_set_double_member(object, "repetition_penalty", sampling->repetition_penalty);
    if (sampling->max_tokens)
        json_object_set_int_member(object, "max_tokens", (gint64)sampling->max_tokens);
    if (sampling->has_seed)
        json_object_set_int_member(object, "seed", (gint64)sampling->seed);
    if (self->n_positions)
        json_object_set_int_member(object, "context", (gint64)self->n_positions);
    if (self->reasoning)
        json_object_set_string_member(object, "reasoning", lg_reasoning_word(self->reasoning));
    if (!self->drop_oldest)
        json_object_set_int_member(object, "drop_oldest", 0);
    if (json_object_get_size(object) == 0)
        return NULL;
    g_autoptr(JsonNode) root = json_node_new(JSON_NODE_OBJECT);
    json_node_set_object(root, object);
    return json_to_string(root, FALSE);
}
