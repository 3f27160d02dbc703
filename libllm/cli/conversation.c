/* SPDX-License-Identifier: MIT
 * The messages of a chat as JSON, and the file that keeps them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "conversation.h"
#include "files.h"
#include "terminal.h"
#include "text.h"

static json_t *must(json_t *value)
{
    if (!value) {
        message("out of memory");
        exit(EXIT_FAILED);
    }
    return value;
}

void conversation_init(struct conversation *conversation)
{
    *conversation = (struct conversation){.root = must(json_pack("{s:[]}", "messages"))};
    conversation->messages = json_object_get(conversation->root, "messages");
}

static void take_all_in(struct conversation *conversation)
{
    text_free(&conversation->left_out.summary);
    conversation->left_out = (struct left_out){0};
}

void conversation_free(struct conversation *conversation)
{
    take_all_in(conversation);
    json_decref(conversation->root);
}

static json_t *new_message(const char *role, const char *text, size_t n_bytes)
{
    struct text valid = {0};
    text_append_valid(&valid, text, n_bytes);
    json_t *item = must(json_pack("{s:s, s:s%}", "role", role, "content", valid.bytes, valid.n_bytes));
    text_free(&valid);
    return item;
}

void conversation_add(struct conversation *conversation, const char *role, const char *text, size_t n_bytes)
{
    json_array_append_new(conversation->messages, new_message(role, text, n_bytes));
}

static json_t *json_text(const struct text *text)
{
    return must(json_stringn(text->bytes ? text->bytes : "", text->n_bytes));
}

/* Arguments that are no JSON object are kept as the text that they are. */
static json_t *json_call(const struct tool_call *call)
{
    json_t *arguments = json_loadb(call->arguments.bytes, call->arguments.n_bytes, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(arguments)) {
        json_decref(arguments);
        arguments = json_text(&call->arguments);
    }
    return must(json_pack("{s:o, s:s, s:{s:o, s:o}}", "id", json_text(&call->id), "type", "function", "function",
                          "name", json_text(&call->name), "arguments", arguments));
}

void conversation_add_answer(struct conversation *conversation, const struct answer *answer)
{
    json_t *item = new_message("assistant", answer->text.bytes ? answer->text.bytes : "", answer->text.n_bytes);
    if (answer->reasoning.n_bytes)
        json_object_set_new(item, "reasoning_content", json_text(&answer->reasoning));
    if (answer->n_calls)
        json_object_set_new(item, "tool_calls", must(json_array()));
    for (size_t i = 0; i < answer->n_calls; i++)
        json_array_append_new(json_object_get(item, "tool_calls"), json_call(&answer->calls[i]));
    json_array_append_new(conversation->messages, item);
}

char *conversation_call(const struct tool_call *call)
{
    json_t *full = json_call(call), *function = json_object_get(full, "function");
    json_t *shown =
        must(json_pack("{s:O, s:O, s:O}", "id", json_object_get(full, "id"), "name", json_object_get(function, "name"),
                       "arguments", json_object_get(function, "arguments")));
    char *text = json_dumps(shown, 0);
    json_decref(shown);
    json_decref(full);
    if (!text) {
        message("out of memory");
        exit(EXIT_FAILED);
    }
    return text;
}

void conversation_add_result(struct conversation *conversation, const struct tool_call *call, const struct text *result)
{
    json_t *item = new_message("tool", result->bytes ? result->bytes : "", result->n_bytes);
    json_object_set_new(item, "tool_call_id", json_text(&call->id));
    json_object_set_new(item, "name", json_text(&call->name));
    json_array_append_new(conversation->messages, item);
}

void conversation_cut(struct conversation *conversation, size_t n_messages)
{
    while (json_array_size(conversation->messages) > n_messages)
        json_array_remove(conversation->messages, json_array_size(conversation->messages) - 1);
}

const char *conversation_system(const struct conversation *conversation)
{
    json_t *first = json_array_get(conversation->messages, 0);
    const char *role = json_string_value(json_object_get(first, "role"));
    return role && strcmp(role, "system") == 0 ? json_string_value(json_object_get(first, "content")) : NULL;
}

void conversation_set_system(struct conversation *conversation, const char *text)
{
    if (conversation_system(conversation))
        json_array_remove(conversation->messages, 0);
    if (text[0])
        json_array_insert_new(conversation->messages, 0, new_message("system", text, strlen(text)));
}

void conversation_reset(struct conversation *conversation)
{
    conversation_cut(conversation, conversation_system(conversation) != NULL);
    take_all_in(conversation);
}

/* The word of --tool-choice, or the name of a tool. */
static json_t *choice_json(const char *choice)
{
    bool word = strcmp(choice, "auto") == 0 || strcmp(choice, "required") == 0 || strcmp(choice, "none") == 0;
    return must(word ? json_string(choice)
                     : json_pack("{s:s, s:{s:s}}", "type", "function", "function", "name", choice));
}

char *conversation_request(const struct conversation *conversation, const struct wishes *wishes)
{
    json_t *request = must(json_copy(conversation->root));
    const json_t *last = json_array_get(conversation->messages, json_array_size(conversation->messages) - 1);
    const char *role = json_string_value(json_object_get(last, "role"));
    if (wishes->tools)
        json_object_set(request, "tools", wishes->tools);
    /* What a tool gave is not to be answered with a call again and again. */
    if (wishes->tool_choice && !(role && strcmp(role, "tool") == 0))
        json_object_set_new(request, "tool_choice", choice_json(wishes->tool_choice));
    if (wishes->format)
        json_object_set(request, "response_format", wishes->format);
    if (wishes->reasoning)
        json_object_set_new(request, "reasoning", json_string(wishes->reasoning));
    char *text = json_dumps(request, JSON_COMPACT);
    json_decref(request);
    if (!text) {
        message("out of memory");
        exit(EXIT_FAILED);
    }
    return text;
}

bool conversation_save(const struct conversation *conversation, const char *path)
{
    struct output output;
    if (!output_open(&output, path))
        return false;
    bool good = json_dumpf(conversation->root, output.stream, JSON_INDENT(2)) == 0;
    fputc('\n', output.stream);
    if (!good)
        message("cannot write %s", path);
    return output_close(&output, good);
}

/* Messages need a role and a content that are text; anything else in them is kept for the template. */
static bool is_message(json_t *item)
{
    return json_is_string(json_object_get(item, "role")) && json_is_string(json_object_get(item, "content"));
}

static bool are_messages(const char *path, json_t *messages)
{
    json_t *item;
    size_t index;
    if (!json_is_array(messages)) {
        message("%s: expected {\"messages\": [...]}", path);
        return false;
    }
    json_array_foreach (messages, index, item) {
        if (!is_message(item)) {
            message("%s: message %zu has no \"role\" and \"content\" that are text", path, index + 1);
            return false;
        }
    }
    return true;
}

bool conversation_load(struct conversation *conversation, const char *path)
{
    struct text text = {0};
    json_error_t error;
    json_t *root = NULL;
    bool good = read_file(path, &text);
    if (good) {
        root = json_loadb(text.bytes, text.n_bytes, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
        if (!root)
            message("%s:%d:%d: %s", path, error.line, error.column, error.text);
        good = root && are_messages(path, json_object_get(root, "messages"));
    }
    text_free(&text);
    if (!good) {
        json_decref(root);
        return false;
    }
    conversation_free(conversation);
    conversation->root = root;
    conversation->messages = json_object_get(root, "messages");
    return true;
}
