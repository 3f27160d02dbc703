/* SPDX-License-Identifier: MIT
 * `libllm chat`: a conversation in the terminal, or one answer for each line of standard input.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chat.h"
#include "context.h"
#include "editor.h"
#include "endpoint/remote.h"
#include "files.h"
#include "generation.h"
#include "model.h"
#include "terminal.h"

struct values {
    const char *system, *tools, *tool_choice, *reasoning, *context_policy;
};

static const struct option options[] = {
    {"system", 0, OPTION_TEXT, "TEXT", "the system message", offsetof(struct values, system), 0, 0},
    {"reasoning", 0, OPTION_CHOICE, "show|hide|off",
     "what the model thinks aloud (default: show on a terminal, or hide)", offsetof(struct values, reasoning), 0, 0},
    {"tools", 0, OPTION_TEXT, "FILE", "JSON list of the tools that it may call; see below",
     offsetof(struct values, tools), 0, 0},
    {"tool-choice", 0, OPTION_TEXT, "CHOICE", "auto, none, required: it must call one; or the NAME of the one to call",
     offsetof(struct values, tool_choice), 0, 0},
    {"context-policy", 0, OPTION_CHOICE, "error|drop|summarize",
     "when the context is full: say so (default), or leave out the oldest turns, or put a summary there",
     offsetof(struct values, context_policy), 0, 0},
    {0},
};

/* The quiet line below an answer. */
static void report(const libllm_session *session, const libllm_stream_event *event)
{
    char speed[32] = "", guesses[64] = "";
    if (event->n_tokens > 1 && event->decode_seconds > 0)
        snprintf(speed, sizeof speed, ", %.1f tokens/s", (double)(event->n_tokens - 1) / event->decode_seconds);
    if (event->n_guessed_tokens)
        snprintf(guesses, sizeof guesses, ", %" PRIu64 " of %" PRIu64 " guesses right", event->n_accepted_tokens,
                 event->n_guessed_tokens);
    quiet_line("[%" PRIu64 " token%s%s%s, context %zu of %zu]", event->n_tokens, event->n_tokens == 1 ? "" : "s", speed,
               guesses, libllm_session_position(session), libllm_session_capacity(session));
}

static void explain(const libllm_error *error)
{
    failed(error);
    if (error->status == LIBLLM_ERROR_CONTEXT_FULL)
        message("/reset starts anew; --context N gives more room");
}

/* The same by an endpoint, where nothing has to fit into a context of ours. */
static libllm_status answer_remotely(struct chat_state *state, const struct generation *generation,
                                     struct answer *answer)
{
    libllm_status status = remote_answer(state->endpoint, generation, &state->conversation, &state->wishes, answer);
    if (answer->text.n_bytes || answer->n_calls)
        conversation_add_answer(&state->conversation, answer);
    return status;
}

/* Answers what the conversation ends with and adds the answer to it. CANCELLED, with a part of the answer or none, is
 * no failure at a terminal. */
static libllm_status answer_once(struct chat_state *state, const struct generation *generation, struct answer *answer)
{
    libllm_stream *stream;
    libllm_stream_event event;
    libllm_error error;
    char *request = conversation_request(&state->conversation, &state->wishes);
    libllm_stream_options stream_options = generation_stream_options(generation);
    stream_options.constraint = NULL; /* the request has it, for what comes behind reasoning */
    libllm_status status = context_fit(state, generation, &request, &error);
    if (status == LIBLLM_OK)
        status =
            libllm_chat_stream(state->chat, state->session, request, strlen(request), &stream_options, &stream, &error);
    free(request);
    if (status == LIBLLM_OK) {
        status = generation_print(state->session, stream, answer, &event, &error);
        if (answer->text.n_bytes || answer->reasoning.n_bytes || !answer->n_calls)
            putchar('\n');
        fflush(stdout);
        report(state->session, &event);
        if (status == LIBLLM_DONE && event.finish_reason == LIBLLM_FINISH_CONTEXT)
            message("the context of %zu tokens is full; /reset starts anew, --context N gives more room",
                    libllm_session_capacity(state->session));
    }
    if (status < 0 && status != LIBLLM_ERROR_CANCELLED)
        explain(&error);
    if (answer->text.n_bytes || answer->n_calls)
        conversation_add_answer(&state->conversation, answer);
    return status;
}

/* Prints the calls of an answer, each as a line of JSON, and reads a line with the result of each. */
static bool run_tools(struct chat_state *state, const struct answer *answer, struct editor *editor)
{
    struct text line = {0};
    bool good = true;
    for (size_t i = 0; i < answer->n_calls; i++) {
        char *call = conversation_call(&answer->calls[i]);
        put_text(stdout, call, strlen(call));
        putchar('\n');
        free(call);
    }
    fflush(stdout);
    for (size_t i = 0; good && i < answer->n_calls; i++) {
        struct text prompt = {0};
        text_append_valid(&prompt, answer->calls[i].name.bytes, answer->calls[i].name.n_bytes);
        text_append(&prompt, "> ", 2);
        line.n_bytes = 0;
        good = editor_read(editor, prompt.bytes, &line) == LINE_TEXT;
        if (good)
            conversation_add_result(&state->conversation, &answer->calls[i], &line);
        text_free(&prompt);
    }
    text_free(&line);
    return good;
}

/* Answers, with the results of the tools that the model calls, until it calls none. A question without an answer, or
 * without the results for one, is forgotten. */
static libllm_status answer(struct chat_state *state, const struct generation *generation, struct editor *editor,
                            size_t n_before)
{
    libllm_status status;
    bool again;
    do {
        struct answer one = {0};
        status = state->endpoint ? answer_remotely(state, generation, &one) : answer_once(state, generation, &one);
        again = status == LIBLLM_DONE && one.n_calls;
        bool good = again ? run_tools(state, &one, editor) : one.text.n_bytes && !one.n_calls;
        if (!good)
            conversation_cut(&state->conversation, n_before);
        again = again && good;
        answer_free(&one);
    } while (again);
    return status;
}

static bool read_tools(struct chat_state *state, const char *path)
{
    struct text text = {0};
    json_error_t error;
    if (!read_file(path, &text))
        return false;
    state->wishes.tools = json_loadb(text.bytes, text.n_bytes, JSON_REJECT_DUPLICATES, &error);
    text_free(&text);
    if (!state->wishes.tools)
        message("%s:%d:%d: %s", path, error.line, error.column, error.text);
    else if (!json_is_array(state->wishes.tools))
        message("%s: expected a list of tools, [{\"type\": \"function\", \"function\": {...}}]", path);
    return json_is_array(state->wishes.tools);
}

static bool is_fence(const struct text *line) { return line->n_bytes == 3 && memcmp(line->bytes, "\"\"\"", 3) == 0; }

/* Reads one message: a line, lines joined by backslashes, or the lines between two fences. Of these only the first
 * two can be a command. */
static enum line_kind read_message(struct editor *editor, struct text *text, bool *is_command)
{
    struct text line = {0};
    enum line_kind kind = editor_read(editor, "> ", &line);
    bool fenced = kind == LINE_TEXT && is_fence(&line);
    text->n_bytes = 0;
    text_append(text, "", 0);
    if (fenced)
        kind = editor_read(editor, ". ", &line);
    while (kind == LINE_TEXT && !(fenced && is_fence(&line))) {
        editor_remember(editor, line.bytes);
        bool joined = !fenced && line.n_bytes && line.bytes[line.n_bytes - 1] == '\\';
        text_append(text, line.bytes, line.n_bytes - joined);
        if (!fenced && !joined)
            break;
        text_append(text, "\n", 1);
        kind = editor_read(editor, ". ", &line);
    }
    if (fenced && text->n_bytes)
        text->bytes[--text->n_bytes] = 0;
    text_free(&line);
    *is_command = !fenced && text->bytes[0] == '/' && text->bytes[1] != '/';
    /* A message that the end of the input cuts short still counts. */
    return kind == LINE_END && text->n_bytes ? LINE_TEXT : kind;
}

/* One answer for each message until the input ends. At a terminal a failure is told and the talk goes on; for a
 * program that pipes lines in, it goes on as well but the exit code says so. */
static int converse(struct chat_state *state, const struct generation *generation, struct editor *editor,
                    bool interactive)
{
    int code = EXIT_OK;
    struct text text = {0};
    while (!state->quit) {
        bool is_command, good;
        enum line_kind kind = read_message(editor, &text, &is_command);
        if (kind == LINE_FAILED)
            code = EXIT_FAILED;
        if (kind == LINE_END || kind == LINE_FAILED)
            break;
        if (kind == LINE_DROPPED || strspn(text.bytes, " \t\n") == text.n_bytes)
            continue;
        if (is_command) {
            good = chat_command_line(state, text.bytes);
        } else {
            size_t escape = strncmp(text.bytes, "//", 2) == 0;
            size_t n_before = json_array_size(state->conversation.messages);
            conversation_add(&state->conversation, "user", text.bytes + escape, text.n_bytes - escape);
            libllm_status status = answer(state, generation, editor, n_before);
            good = status >= 0;
            state->quit |= status == LIBLLM_ERROR_CANCELLED && !interactive;
        }
        if (!good && !interactive)
            code = EXIT_FAILED;
    }
    text_free(&text);
    return code;
}

static bool open_chat(struct chat_state *state, const struct access *access, struct generation *generation)
{
    libllm_error error;
    const char *name = base_name(access->path);
    libllm_status status = libllm_chat_create(access->model, NULL, &state->chat, &error);
    if (status == LIBLLM_ERROR_NO_TEMPLATE) {
        message("%s has no chat template, so it cannot chat; it can continue a text: libllm generate -m %s -p TEXT",
                name, access->path);
        return false;
    }
    if (status == LIBLLM_OK)
        status = generation_open_session(generation, access, generation->context, &state->session, &error);
    if (status != LIBLLM_OK)
        failed(&error);
    return status == LIBLLM_OK;
}

static bool keep(const struct chat_state *state, const struct generation *generation)
{
    libllm_error error;
    if (generation_keep_session(generation, state->session, &error) == LIBLLM_OK)
        return true;
    failed(&error);
    return false;
}

static void greet(const struct chat_state *state, const struct access *access)
{
    if (state->endpoint)
        quiet_line("%s at %s; /help for help, Ctrl-D to leave", state->endpoint->model, state->endpoint->base);
    else
        quiet_line("%s, context %zu; /help for help, Ctrl-D to leave", base_name(access->path),
                   libllm_session_capacity(state->session));
}

/* With a model of `access`, or of an endpoint unless that is NULL. */
static int chat(struct access *access, struct endpoint *endpoint, const struct values *values,
                struct generation *generation)
{
    struct chat_state state = {.model = access->model,
                               .adapters = &access->adapters,
                               .endpoint = endpoint,
                               .context_policy = values->context_policy ? values->context_policy : "error"};
    state.wishes = (struct wishes){.tool_choice = values->tool_choice, .reasoning = values->reasoning};
    state.wishes.format = endpoint ? NULL : generation_format(generation);
    if (!state.wishes.reasoning)
        state.wishes.reasoning = is_terminal(stdout) ? "show" : "hide";
    int code = EXIT_FAILED;
    conversation_init(&state.conversation);
    if (values->system)
        conversation_set_system(&state.conversation, values->system);
    if ((!values->tools || read_tools(&state, values->tools)) && (endpoint || open_chat(&state, access, generation))) {
        bool interactive = is_terminal(stdin);
        if (interactive)
            greet(&state, access);
        if (generation->verbose && !endpoint)
            generation_report(generation, access->model);
        struct editor *editor = editor_open(interactive);
        code = converse(&state, generation, editor, interactive);
        editor_close(editor);
        if (!endpoint && !keep(&state, generation))
            code = EXIT_FAILED;
    }
    libllm_session_free(state.session);
    libllm_chat_free(state.chat);
    conversation_free(&state.conversation);
    json_decref(state.wishes.tools);
    json_decref(state.wishes.format);
    return code;
}

static int chat_here(const struct common *common, const struct values *values, struct generation *generation)
{
    struct access access;
    const int code = access_open(&access, common) && generation_constrain(generation, access.model)
                         ? chat(&access, NULL, values, generation)
                         : EXIT_FAILED;
    access_close(&access);
    return code;
}

static int chat_there(const struct common *common, struct endpoint *endpoint, const struct values *values,
                      struct generation *generation)
{
    struct access none = {0};
    int code = remote_check(&chat_command, common, generation);
    if (code != OPTIONS_GO)
        return code;
    if (values->context_policy)
        return usage_error(&chat_command, "--context-policy is about a model on this machine");
    code = endpoint_open(endpoint) && endpoint_choose(endpoint, common->model)
               ? chat(&none, endpoint, values, generation)
               : EXIT_FAILED;
    endpoint_close(endpoint);
    return code;
}

static int run(int argc, char **argv)
{
    struct common common = COMMON_DEFAULTS;
    struct endpoint endpoint = ENDPOINT_DEFAULTS;
    struct values values = {0};
    struct generation generation;
    generation_init(&generation);
    const struct option_group groups[] = {{"Options", options, &values},
                                          {"Generation", generation_options, &generation},
                                          {"Engine", engine_options, &common},
                                          {"Model", common_options, &common},
                                          {"Endpoint", endpoint_options, &endpoint},
                                          {0}};
    int code = options_parse(&chat_command, groups, argc, argv, NULL);
    if (code == OPTIONS_GO)
        code = generation_check(&generation, &chat_command);
    if (code == OPTIONS_GO)
        code = endpoint.url ? chat_there(&common, &endpoint, &values, &generation)
                            : chat_here(&common, &values, &generation);
    generation_free(&generation);
    common_free(&common);
    return code;
}

const struct command chat_command = {
    .name = "chat",
    .summary = "hold a conversation",
    .synopsis = "[-m MODEL] [--system TEXT] [OPTIONS]\n"
                "       libllm chat --endpoint URL [--api-key-file FILE] [-m NAME] [OPTIONS]",
    .details = "Talks to the model in the terminal; /help lists what else can be entered, Ctrl-C\n"
               "stops the answer, Ctrl-D leaves. When standard input is no terminal, every line\n"
               "is answered in turn, each answer followed by a line feed. A line that ends with\n"
               "a backslash goes on in the next one; so do the lines between two lines \"\"\".\n"
               "\n"
               "A tool that the model calls is not run: the call is printed as a line of JSON with\n"
               "id, name and arguments, and the line that is entered next is what the tool gave.\n"
               "The file has the tools as in OpenAI's API: [{\"type\": \"function\", \"function\":\n"
               "{\"name\": ..., \"description\": ..., \"parameters\": JSON Schema}}].\n",
    .run = run,
};
