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
    conversation->root = must(json_pack("{s:[]}", "messages"));
    conversation->messages = json_object_get(conversation->root, "messages");
}

void conversation_free(struct conversation *conversation) { json_decref(conversation->root); }

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

void conversation_drop_last(struct conversation *conversation)
{
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
    size_t kept = conversation_system(conversation) != NULL;
    while (json_array_size(conversation->messages) > kept)
        conversation_drop_last(conversation);
}

char *conversation_request(const struct conversation *conversation)
{
    char *text = json_dumps(conversation->root, JSON_COMPACT);
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
