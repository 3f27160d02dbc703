/* SPDX-License-Identifier: MIT
 * The context policies of a chat: an error, the oldest turns left out, or a summary of them by the model itself.
 */
#include <stdlib.h>
#include <string.h>

#include "context.h"
#include "terminal.h"

size_t context_reserved(size_t capacity, uint64_t max_tokens)
{
    if (max_tokens == 0)
        return capacity / 4;
    return max_tokens < capacity / 2 ? max_tokens : capacity / 2;
}

void context_take(const json_t *report, char **request)
{
    free(*request);
    *request = json_dumps(json_object_get(report, "request"), JSON_COMPACT);
    if (!*request) {
        message("out of memory");
        exit(EXIT_FAILED);
    }
}

libllm_status context_report(const libllm_chat *chat, const char *request, const libllm_fit_options *options,
                             json_t **report, libllm_error *error)
{
    size_t n_bytes = strlen(request), needed = 2 * n_bytes + 4096;
    char *text = NULL;
    libllm_status status = LIBLLM_ERROR_BUFFER_TOO_SMALL;
    while (status == LIBLLM_ERROR_BUFFER_TOO_SMALL) {
        text = resize(text, needed, 1);
        status = libllm_chat_fit(chat, request, n_bytes, options, text, needed, &needed, error);
    }
    *report = NULL;
    if (status == LIBLLM_OK && !(*report = json_loadb(text, needed, JSON_ALLOW_NUL, NULL))) {
        message("out of memory");
        exit(EXIT_FAILED);
    }
    free(text);
    return status;
}

static size_t number(const json_t *object, const char *name)
{
    return (size_t)json_integer_value(json_object_get(object, name));
}

/* The messages that a fit leaves out beyond the turns that were out before, as lines; how many, and their tokens. */
static void newly_left_out(const struct conversation *conversation, const json_t *report, struct text *lines,
                           size_t *n_messages, size_t *n_tokens)
{
    size_t i;
    json_t *entry;
    *n_messages = *n_tokens = 0;
    json_array_foreach (json_object_get(report, "messages"), i, entry) {
        if (json_is_true(json_object_get(entry, "kept")) || number(entry, "turn") <= conversation->left_out.n_turns)
            continue;
        const json_t *item = json_array_get(conversation->messages, i), *content = json_object_get(item, "content");
        char *calls = json_dumps(json_object_get(item, "tool_calls"), JSON_COMPACT);
        const char *role = json_string_value(json_object_get(item, "role"));
        text_append(lines, role, strlen(role));
        text_append(lines, ": ", 2);
        text_append(lines, json_string_value(content), json_string_length(content));
        text_append(lines, calls ? calls : "", calls ? strlen(calls) : 0);
        text_append(lines, "\n", 1);
        free(calls);
        ++*n_messages;
        *n_tokens += number(entry, "tokens");
    }
}

/* Has the model put the lines, and the summary of what was before them, into at most so many tokens. */
static libllm_status summarize(struct chat_state *state, const struct text *lines, size_t max_tokens,
                               struct text *summary, libllm_error *error)
{
    static const char task[] = "Summarize this conversation in a few sentences. Keep names, numbers and decisions.\n\n",
                      before[] = "Summary of the conversation before: ";
    const struct text *earlier = &state->conversation.left_out.summary;
    struct conversation asked;
    struct text text = {0};
    text_append(&text, task, sizeof task - 1);
    if (earlier->n_bytes) {
        text_append(&text, earlier->bytes, earlier->n_bytes);
        text_append(&text, "\n", 1);
    }
    text_append(&text, lines->bytes, lines->n_bytes);
    conversation_init(&asked);
    conversation_add(&asked, "user", text.bytes, text.n_bytes);
    char *request = conversation_request(&asked, &(struct wishes){.reasoning = "off"});
    libllm_sampling_options sampling;
    libllm_sampling_options_init(&sampling, sizeof sampling);
    sampling.temperature = 0;
    libllm_stream_options options;
    libllm_stream_options_init(&options, sizeof options);
    options.max_tokens = max_tokens;
    options.sampling = &sampling;
    libllm_stream *stream;
    struct answer answer = {0};
    libllm_status status =
        libllm_chat_stream(state->chat, state->session, request, strlen(request), &options, &stream, error);
    if (status == LIBLLM_OK)
        status = generation_collect(state->session, stream, "summarizing what was said", &answer, error);
    summary->n_bytes = 0;
    if (status >= 0 && answer.text.n_bytes) {
        text_append(summary, before, sizeof before - 1);
        text_append_valid(summary, answer.text.bytes, answer.text.n_bytes);
    }
    answer_free(&answer);
    free(request);
    conversation_free(&asked);
    text_free(&text);
    return status;
}

/* A summary of what the report leaves out takes the place of the one before; where it cannot be made for want of room,
 * that is said, and there is none. */
static libllm_status replace_summary(struct chat_state *state, const json_t *report, size_t max_tokens,
                                     libllm_error *error)
{
    struct left_out *left_out = &state->conversation.left_out;
    struct text lines = {0}, summary = {0};
    size_t n_messages, n_tokens;
    newly_left_out(&state->conversation, report, &lines, &n_messages, &n_tokens);
    libllm_status status = summarize(state, &lines, max_tokens, &summary, error);
    if (status == LIBLLM_ERROR_CONTEXT_FULL) {
        message("what is left out is too long to summarize: %s", error->message);
        status = LIBLLM_OK;
    }
    if (status >= 0) {
        message("%zu message%s of %zu tokens summarized to make room; /save still writes all", n_messages,
                n_messages == 1 ? "" : "s", n_tokens);
        put_text(stderr, summary.bytes, summary.n_bytes);
        fputc('\n', stderr);
        text_free(&left_out->summary);
        left_out->summary = summary;
        left_out->n_turns = number(report, "dropped_turns");
    } else {
        text_free(&summary);
    }
    text_free(&lines);
    return status < 0 ? status : LIBLLM_OK;
}

static void take_over(struct conversation *conversation, const json_t *report, char **request)
{
    struct text lines = {0};
    size_t n_messages, n_tokens;
    newly_left_out(conversation, report, &lines, &n_messages, &n_tokens);
    text_free(&lines);
    if (n_messages)
        message("%zu message%s of %zu tokens left out to make room; /save still writes all", n_messages,
                n_messages == 1 ? "" : "s", n_tokens);
    conversation->left_out.n_turns = number(report, "dropped_turns");
    context_take(report, request);
}

libllm_status context_fit(struct chat_state *state, const struct generation *generation, char **request,
                          libllm_error *error)
{
    struct left_out *left_out = &state->conversation.left_out;
    size_t capacity = libllm_session_capacity(state->session), room = capacity / 8;
    if (strcmp(state->context_policy, "error") == 0)
        return LIBLLM_OK;
    libllm_fit_options options;
    libllm_fit_options_init(&options, sizeof options);
    options.policy = LIBLLM_FIT_DROP_OLDEST;
    options.n_positions = capacity;
    options.n_reserved = context_reserved(capacity, generation->max_tokens);
    options.n_dropped_turns = left_out->n_turns;
    options.summary = left_out->summary.bytes;
    options.summary_bytes = left_out->summary.n_bytes;
    json_t *report;
    libllm_status status = context_report(state->chat, *request, &options, &report, error);
    if (status == LIBLLM_OK && number(report, "dropped_turns") > left_out->n_turns &&
        strcmp(state->context_policy, "summarize") == 0) {
        json_decref(report);
        libllm_fit_options roomier = options;
        roomier.n_reserved += room;
        status = context_report(state->chat, *request, &roomier, &report, error);
        if (status == LIBLLM_OK)
            status = replace_summary(state, report, room, error);
        json_decref(report);
        report = NULL;
        options.n_dropped_turns = left_out->n_turns;
        options.summary = left_out->summary.bytes;
        options.summary_bytes = left_out->summary.n_bytes;
        if (status == LIBLLM_OK)
            status = context_report(state->chat, *request, &options, &report, error);
    }
    if (status == LIBLLM_OK)
        take_over(&state->conversation, report, request);
    json_decref(report);
    return status;
}
