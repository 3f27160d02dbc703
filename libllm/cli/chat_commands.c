/* SPDX-License-Identifier: MIT
 * The lines of a chat that begin with /. What they say goes to standard error: standard output is for answers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat.h"
#include "files.h"
#include "terminal.h"

static bool help(struct chat_state *state, const char *argument);

static bool set_system(struct chat_state *state, const char *argument)
{
    if (argument[0])
        conversation_set_system(&state->conversation, strcmp(argument, "-") == 0 ? "" : argument);
    const char *text = conversation_system(&state->conversation);
    if (text)
        message("system message: %s", text);
    else
        message("there is no system message");
    return true;
}

static bool reset(struct chat_state *state, const char *argument)
{
    (void)argument;
    libllm_error error;
    conversation_reset(&state->conversation);
    if (state->session && libllm_session_rewind(state->session, 0, &error) != LIBLLM_OK) {
        failed(&error);
        return false;
    }
    message("a new conversation");
    return true;
}

/* Saving and loading differ in the function and in what is said about it. */
static bool with_file(struct chat_state *state, const char *argument, bool saving)
{
    if (!argument[0]) {
        message("/%s needs the name of a file", saving ? "save" : "load");
        return false;
    }
    char *path = expand_home(argument);
    bool good = saving ? conversation_save(&state->conversation, path) : conversation_load(&state->conversation, path);
    size_t n = json_array_size(state->conversation.messages);
    if (good)
        message("%zu message%s %s %s", n, n == 1 ? "" : "s", saving ? "saved to" : "loaded from", path);
    free(path);
    return good;
}

static bool save(struct chat_state *state, const char *argument) { return with_file(state, argument, true); }

static bool load(struct chat_state *state, const char *argument) { return with_file(state, argument, false); }

static bool list_adapters(const struct chat_state *state)
{
    for (size_t i = 0; i < state->adapters->n; i++)
        message("%s, %g of it", state->adapters->items[i].path, (double)state->adapters->items[i].scale);
    if (state->adapters->n == 0)
        message("there is no adapter");
    return true;
}

/* What is said next is answered with the new adapters, as if the conversation had had them all along. */
static bool lora(struct chat_state *state, const char *argument)
{
    libllm_error error;
    libllm_status status = LIBLLM_OK;
    if (state->endpoint) {
        message("adapters are for models on this machine");
        return false;
    }
    if (strcmp(argument, "-") == 0)
        adapters_free(state->adapters);
    else if (argument[0])
        status = adapters_add(state->adapters, state->model, NULL, argument, &error);
    if (status == LIBLLM_OK)
        status = adapters_set(state->adapters, state->session, &error);
    if (status == LIBLLM_OK)
        return list_adapters(state);
    failed(&error);
    return false;
}

static bool quit(struct chat_state *state, const char *argument)
{
    (void)argument;
    state->quit = true;
    return true;
}

static const struct {
    const char *name, *argument, *help;
    bool (*run)(struct chat_state *state, const char *argument);
} lines[] = {
    {"help", "", "this list", help},
    {"system", " [TEXT]", "set the system message, '-' to remove it; alone: show it", set_system},
    {"reset", "", "forget the conversation, keep the system message", reset},
    {"save", " FILE", "write the conversation as JSON", save},
    {"load", " FILE", "go on with a saved conversation", load},
    {"lora", " [FILE[:SCALE]]", "add an adapter, '-' to remove all; alone: list them", lora},
    {"quit", "", "leave, as Ctrl-D does", quit},
};

static bool help(struct chat_state *state, const char *argument)
{
    (void)state, (void)argument;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        int width = fprintf(stderr, "  /%s%s", lines[i].name, lines[i].argument);
        fprintf(stderr, "%*s%s\n", width < 26 ? 26 - width : 1, "", lines[i].help);
    }
    fputs("  //...                   a message that begins with /\n"
          "  A line that ends with \\ goes on in the next one; so does everything between two lines \"\"\".\n"
          "  Ctrl-C stops the answer, or drops the line; Ctrl-D leaves.\n",
          stderr);
    return true;
}

bool chat_command_line(struct chat_state *state, const char *line)
{
    size_t length = strcspn(line + 1, " \t");
    const char *argument = line + 1 + length;
    argument += strspn(argument, " \t");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (strlen(lines[i].name) == length && memcmp(lines[i].name, line + 1, length) == 0)
            return lines[i].run(state, argument);
    message("there is no /%.*s; /help lists what there is, and // begins a message with /", (int)length, line + 1);
    return false;
}
