/* SPDX-License-Identifier: MIT
 * The messages of a chat, and the file that keeps them.
 */
#ifndef CLI_CONVERSATION_H
#define CLI_CONVERSATION_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "generation.h"

/* {"messages": [{"role", "content"}, ...]}: the request of libllm_chat_stream() and the form of the file. */
struct conversation {
    json_t *root;
    /* The array in it. */
    json_t *messages;
    /* The oldest turns that requests leave out for want of room, and the text that stands for them; empty: none. */
    struct left_out {
        size_t n_turns;
        struct text summary;
    } left_out;
};

void conversation_init(struct conversation *conversation);
void conversation_free(struct conversation *conversation);

/* The text need not be valid UTF-8; what is not becomes U+FFFD. */
void conversation_add(struct conversation *conversation, const char *role, const char *text, size_t n_bytes);

/* The system message, which is always the first; NULL when there is none. An empty text removes it. */
const char *conversation_system(const struct conversation *conversation);
void conversation_set_system(struct conversation *conversation, const char *text);

/* Forgets everything but the system message. */
void conversation_reset(struct conversation *conversation);

/* The answer with its reasoning and calls. */
void conversation_add_answer(struct conversation *conversation, const struct answer *answer);
/* What a tool gave. */
void conversation_add_result(struct conversation *conversation, const struct tool_call *call,
                             const struct text *result);
/* {"id", "name", "arguments"} as JSON on one line; release with free(). */
char *conversation_call(const struct tool_call *call);
void conversation_cut(struct conversation *conversation, size_t n_messages);

/* What a request says besides the messages; what is NULL it does not say. */
struct wishes {
    json_t *tools, *format;
    const char *tool_choice, *reasoning;
};

/* The request as JSON; release with free(). */
char *conversation_request(const struct conversation *conversation, const struct wishes *wishes);

/* False, with a message and nothing changed, on failure. */
bool conversation_save(const struct conversation *conversation, const char *path);
bool conversation_load(struct conversation *conversation, const char *path);

#endif
