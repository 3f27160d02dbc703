/* SPDX-License-Identifier: MIT
 * The input of /v1/responses, a list of items, as the messages and tools that templates know.
 */
#include <string.h>

#include "serve/fields.h"
#include "serve/generate.h"
#include "serve/handlers.h"

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

/* Parts of any kind of text as parts of the one kind that templates know. `number` counts items, `member` holds the
 * parts. */
static json_t *content_of(const json_t *item, size_t number, const char *member, struct fault *fault)
{
    const json_t *content = json_object_get(item, member);
    if (json_is_string(content))
        return json_incref((json_t *)content);
    json_t *parts = json_array();
    const json_t *part;
    size_t i;
    json_array_foreach (content, i, part) {
        const char *type = text_of(part, "type"), *name = strcmp(type, "refusal") == 0 ? "refusal" : "text";
        bool known = strcmp(type, "input_text") == 0 || strcmp(type, "output_text") == 0 ||
                     strcmp(type, "reasoning_text") == 0 || strcmp(type, "refusal") == 0 || strcmp(type, "text") == 0;
        if (!known || !json_is_string(json_object_get(part, name)))
            fault_request(fault, "input", "input[%zu].%s[%zu]: type \"%.60s\": %s", number, member, i, type,
                          known ? "its text is missing" : "this model reads text only");
        else
            json_array_append_new(parts, json_pack("{s:s, s:O}", "type", "text", "text", json_object_get(part, name)));
    }
    if (!json_is_array(content))
        fault_request(fault, "input", "input[%zu].%s must be a text or a list of parts", number, member);
    return parts;
}

/* The message of the assistant that reasoning, text and calls are gathered in: the last one, or a new one. */
static json_t *assistant(json_t *messages)
{
    json_t *last = json_array_get(messages, json_array_size(messages) - 1);
    if (last && strcmp(text_of(last, "role"), "assistant") == 0)
        return last;
    json_array_append_new(messages, json_pack("{s:s, s:s}", "role", "assistant", "content", ""));
    return json_array_get(messages, json_array_size(messages) - 1);
}

static void add_call(json_t *messages, const json_t *item)
{
    json_t *message = assistant(messages);
    if (!json_object_get(message, "tool_calls"))
        json_object_set_new(message, "tool_calls", json_array());
    json_array_append_new(json_object_get(message, "tool_calls"),
                          json_pack("{s:s, s:s, s:{s:s, s:s}}", "id", text_of(item, "call_id"), "type", "function",
                                    "function", "name", text_of(item, "name"), "arguments",
                                    text_of(item, "arguments")));
}

static void add_message(json_t *messages, const json_t *item, size_t number, struct fault *fault)
{
    const char *role = text_of(item, "role");
    json_t *content = content_of(item, number, "content", fault);
    json_t *last = json_array_get(messages, json_array_size(messages) - 1);
    /* Text behind reasoning belongs to it. */
    bool joins = last && strcmp(role, "assistant") == 0 && strcmp(text_of(last, "role"), "assistant") == 0 &&
                 !json_object_get(last, "tool_calls") && json_string_length(json_object_get(last, "content")) == 0 &&
                 json_is_string(json_object_get(last, "content"));
    if (!role[0])
        fault_request(fault, "input", "input[%zu]: a message has no role", number);
    if (joins)
        json_object_set(last, "content", content);
    else
        json_array_append_new(messages, json_pack("{s:s, s:O}", "role", role, "content", content));
    json_decref(content);
}

static void add_reasoning(json_t *messages, const json_t *item)
{
    const json_t *part;
    size_t i;
    struct text text = {0};
    json_array_foreach (json_object_get(item, "content"), i, part) {
        const char *piece = text_of(part, "text");
        text_append(&text, piece, strlen(piece));
    }
    if (text.n_bytes) {
        json_array_append_new(messages, json_pack("{s:s, s:s, s:o}", "role", "assistant", "content", "",
                                                  "reasoning_content", text_json(text.bytes, text.n_bytes)));
    }
    text_free(&text);
}

static void add_item(json_t *messages, const json_t *item, size_t number, struct fault *fault)
{
    const char *type = text_of(item, "type");
    if (!json_is_object(item))
        fault_request(fault, "input", "input[%zu] is no object", number);
    else if (strcmp(type, "message") == 0 || !type[0])
        add_message(messages, item, number, fault);
    else if (strcmp(type, "reasoning") == 0)
        add_reasoning(messages, item);
    else if (strcmp(type, "function_call") == 0)
        add_call(messages, item);
    else if (strcmp(type, "function_call_output") == 0) {
        json_t *content = content_of(item, number, "output", fault);
        json_array_append_new(messages, json_pack("{s:s, s:s, s:o}", "role", "tool", "tool_call_id",
                                                  text_of(item, "call_id"), "content", content));
    } else
        fault_request(fault, "input", "input[%zu]: an item of the type \"%.60s\" is not possible", number, type);
}

/* {"type":"function","name",...} as {"type":"function","function":{"name",...}}. */
static json_t *tools_of(const json_t *tools, struct fault *fault)
{
    json_t *list = json_array();
    const json_t *tool;
    size_t i;
    if (!json_is_array(tools))
        fault_request(fault, "tools", "tools must be a list");
    json_array_foreach (tools, i, tool) {
        if (strcmp(text_of(tool, "type"), "function") != 0) {
            fault_request(fault, "tools", "a tool of the type \"%.60s\" is not possible, only functions are",
                          text_of(tool, "type"));
            continue;
        }
        json_t *function = json_copy((json_t *)tool);
        json_object_del(function, "type");
        json_object_del(function, "strict");
        json_array_append_new(list, json_pack("{s:s, s:o}", "type", "function", "function", function));
    }
    return list;
}

json_t *conversation_of_items(const json_t *request, struct fault *fault)
{
    const json_t *input = field(request, "input"), *item, *tools = field(request, "tools");
    const char *instructions = "";
    size_t i;
    json_t *messages = json_array();
    field_text(request, "instructions", &instructions, fault);
    if (instructions[0])
        json_array_append_new(messages, json_pack("{s:s, s:s}", "role", "system", "content", instructions));
    if (json_is_string(input))
        json_array_append_new(messages, json_pack("{s:s, s:O}", "role", "user", "content", input));
    else if (!json_is_array(input) || json_array_size(input) == 0)
        fault_request(fault, "input", "input must be a text, or a list with at least one item");
    json_array_foreach (input, i, item) {
        add_item(messages, item, i, fault);
    }
    json_t *conversation = chat_members(request);
    json_object_set_new(conversation, "messages", messages);
    if (tools)
        json_object_set_new(conversation, "tools", tools_of(tools, fault));
    if (!fault->status)
        return conversation;
    json_decref(conversation);
    return NULL;
}
