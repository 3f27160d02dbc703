/* SPDX-License-Identifier: MIT
 * A running chat, as the lines that begin with / see it.
 */
#ifndef CLI_CHAT_H
#define CLI_CHAT_H

#include <libllm/libllm.h>
#include <stdbool.h>

#include "adapters.h"
#include "conversation.h"

struct endpoint;

struct chat_state {
    libllm_chat *chat;
    libllm_session *session;
    const libllm_model *model;
    struct adapters *adapters;
    struct endpoint *endpoint; /* instead of chat, session and model, which are NULL then */
    struct conversation conversation;
    struct wishes wishes;
    /* "error", "drop" or "summarize". */
    const char *context_policy;
    /* Set by /quit. */
    bool quit;
};

/* Carries out "/name argument"; false, with a message, when that failed. */
bool chat_command_line(struct chat_state *state, const char *line);

#endif
