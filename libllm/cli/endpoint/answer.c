/* SPDX-License-Identifier: MIT
 * The objects of a stream as items of an answer, printed and kept as those of a model here are.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../terminal.h"
#include "remote.h"

enum { CALLS_MAX = 128 };

struct reading {
    struct answer *answer; /* NULL: nobody keeps it */
    bool hides_reasoning, in_reasoning, is_chat;
    bool has_ended; /* a reason was given */
    bool too_long;  /* and it was the length */
    uint64_t n_pieces, n_tokens, n_prompt, n_cached;
    double started, first, last;
    json_int_t index_of[CALLS_MAX]; /* what the server calls the calls of the answer */
    size_t n_calls;
};

static void show(struct reading *reading, const libllm_stream_event *event)
{
    if (!(reading->hides_reasoning && event->kind == LIBLLM_STREAM_REASONING))
        generation_show(event, &reading->in_reasoning);
    if (reading->answer)
        answer_add(reading->answer, event);
    if (!flush_output()) /* nobody will read the rest */
        exit(EXIT_FAILED);
}

static void count_piece(struct reading *reading)
{
    reading->last = seconds_now();
    if (reading->n_pieces++ == 0)
        reading->first = reading->last;
}

static void take_text(struct reading *reading, const json_t *value, int32_t kind)
{
    const size_t n = json_string_length(value);
    if (n == 0)
        return;
    count_piece(reading);
    show(reading, &(libllm_stream_event){.kind = kind, .text = json_string_value(value), .n_bytes = n});
}

/* The place of a call by what the server counts it as; a new one for an index or an id that was not there. */
static size_t place_of_call(struct reading *reading, json_int_t index)
{
    size_t i = 0;
    while (i < reading->n_calls && reading->index_of[i] != index)
        i++;
    return i;
}

static void take_call(struct reading *reading, const json_t *call, json_int_t position)
{
    const json_t *function = json_object_get(call, "function"), *arguments = json_object_get(function, "arguments");
    const char *name = json_string_value(json_object_get(function, "name")),
               *id = json_string_value(json_object_get(call, "id"));
    const json_t *index = json_object_get(call, "index");
    const json_int_t number = json_is_integer(index) ? json_integer_value(index) : position;
    const size_t place = place_of_call(reading, number);
    const bool is_new = place == reading->n_calls;
    if (place == CALLS_MAX || (is_new && !name)) /* a piece of what never began */
        return;
    if (is_new)
        reading->index_of[reading->n_calls++] = number;
    char made_up[32];
    snprintf(made_up, sizeof made_up, "call_%zu", place);
    char *object = json_is_object(arguments) ? json_dumps(arguments, JSON_COMPACT) : NULL; /* some send it so */
    const char *text = object ? object : json_string_value(arguments);
    count_piece(reading);
    libllm_stream_event event = {.kind = LIBLLM_STREAM_TOOL_CALL,
                                 .text = text ? text : "",
                                 .n_bytes = text ? strlen(text) : 0,
                                 .call_index = (uint32_t)place};
    if (is_new) {
        event.call_id = id && *id ? id : made_up;
        event.call_name = name;
    }
    show(reading, &event);
    free(object);
}

static void take_choice(struct reading *reading, const json_t *choice)
{
    const json_t *delta = json_object_get(choice, "delta"), *reason = json_object_get(choice, "finish_reason"), *call;
    size_t i;
    if (!json_is_object(delta))
        delta = json_object_get(choice, "message"); /* a server that does not stream */
    const json_t *reasoning = json_object_get(delta, "reasoning_content");
    if (!json_is_string(reasoning))
        reasoning = json_object_get(delta, "reasoning");
    take_text(reading, reasoning, LIBLLM_STREAM_REASONING);
    take_text(reading, json_object_get(delta, "content"), LIBLLM_STREAM_TEXT);
    take_text(reading, json_object_get(delta, "refusal"), LIBLLM_STREAM_TEXT);
    take_text(reading, json_object_get(choice, "text"), LIBLLM_STREAM_TEXT);
    if (reading->answer)
        json_array_foreach (json_object_get(delta, "tool_calls"), i, call)
            take_call(reading, call, (json_int_t)i);
    reading->has_ended |= json_is_string(reason);
    reading->too_long |= json_is_string(reason) && strcmp(json_string_value(reason), "length") == 0;
}

static uint64_t count(const json_t *object, const char *name, uint64_t otherwise)
{
    const json_t *value = json_object_get(object, name);
    return json_is_integer(value) && json_integer_value(value) >= 0 ? (uint64_t)json_integer_value(value) : otherwise;
}

static bool take_event(void *context, json_t *event, struct text *problem)
{
    struct reading *reading = context;
    const json_t *choices = json_object_get(event, "choices"), *usage = json_object_get(event, "usage"), *choice;
    size_t i;
    if (!json_is_object(event) || (!json_is_array(choices) && !json_is_object(usage))) {
        if (json_is_object(event) && reading->n_pieces) /* something of the server's own */
            return true;
        text_append(problem, "the answer has no \"choices\", so this is no OpenAI API", 52);
        return false;
    }
    json_array_foreach (choices, i, choice)
        if (count(choice, "index", 0) == 0)
            take_choice(reading, choice);
    reading->n_tokens = count(usage, "completion_tokens", reading->n_tokens);
    reading->n_prompt = count(usage, "prompt_tokens", reading->n_prompt);
    reading->n_cached = count(json_object_get(usage, "prompt_tokens_details"), "cached_tokens", reading->n_cached);
    return true;
}

/* Tokens, or pieces of a server that does not count them. */
static uint64_t n_generated(const struct reading *reading)
{
    return reading->n_tokens ? reading->n_tokens : reading->n_pieces;
}

static void report(const struct reading *reading, const struct generation *generation, bool is_chat)
{
    const uint64_t n = n_generated(reading);
    const double seconds = reading->last - reading->first;
    char speed[48] = "";
    if (n > 1 && seconds > 0)
        snprintf(speed, sizeof speed, ", %.1f tokens/s", (double)(n - 1) / seconds);
    if (is_chat)
        quiet_line("[%" PRIu64 " %s%s%s, first after %.2f s]", n, reading->n_tokens ? "token" : "piece",
                   n == 1 ? "" : "s", speed, reading->first - reading->started);
    if (!generation->verbose)
        return;
    if (reading->n_prompt)
        message("prompt: %" PRIu64 " tokens, %" PRIu64 " of them known", reading->n_prompt, reading->n_cached);
    char first[48] = "";
    if (reading->n_pieces)
        snprintf(first, sizeof first, ", the first after %.3f s", reading->first - reading->started);
    message("generated: %" PRIu64 " %s%s%s", n, reading->n_tokens ? "tokens" : "pieces", speed, first);
}

static enum asked read_answer(struct endpoint *endpoint, const char *path, const json_t *request,
                              struct reading *reading)
{
    reading->started = reading->first = reading->last = seconds_now();
    enum asked asked = endpoint_stream(endpoint, path, request, take_event, reading);
    if (reading->in_reasoning)
        dim_end();
    if (asked == ASKED_OK && !reading->has_ended && !endpoint->was_whole) {
        message("%s%s: the answer broke off without an end", endpoint->base, path);
        asked = ASKED_FAILED;
    }
    return asked;
}

static json_t *chat_request(const struct endpoint *endpoint, const struct generation *generation,
                            const struct conversation *conversation, const struct wishes *wishes)
{
    json_t *request = remote_request(endpoint, generation);
    if (!request)
        return NULL;
    const struct wishes others = {.tools = wishes->tools, .tool_choice = wishes->tool_choice};
    char *text = conversation_request(conversation, &others);
    json_t *talk = json_loads(text, JSON_ALLOW_NUL, NULL), *item, *call;
    size_t i, j;
    free(text);
    /* Over the wire arguments are a text, and the model does not read its earlier thoughts. */
    json_array_foreach (json_object_get(talk, "messages"), i, item) {
        json_object_del(item, "reasoning_content");
        json_array_foreach (json_object_get(item, "tool_calls"), j, call) {
            json_t *function = json_object_get(call, "function"), *arguments = json_object_get(function, "arguments");
            char *dump = json_is_object(arguments) ? json_dumps(arguments, JSON_COMPACT) : NULL;
            if (dump)
                json_object_set_new(function, "arguments", json_string(dump));
            free(dump);
        }
    }
    json_object_update(request, talk);
    json_decref(talk);
    if (strcmp(wishes->reasoning, "off") == 0)
        json_object_set_new(request, "reasoning_effort", json_string("none"));
    return request;
}

libllm_status remote_answer(struct endpoint *endpoint, const struct generation *generation,
                            const struct conversation *conversation, const struct wishes *wishes, struct answer *answer)
{
    struct reading reading = {.answer = answer, .hides_reasoning = strcmp(wishes->reasoning, "show") != 0};
    json_t *request = chat_request(endpoint, generation, conversation, wishes);
    if (!request)
        return LIBLLM_ERROR_INVALID_ARGUMENT;
    const enum asked asked = read_answer(endpoint, "/chat/completions", request, &reading);
    json_decref(request);
    const bool shown = answer->text.n_bytes || (!reading.hides_reasoning && answer->reasoning.n_bytes);
    if (shown || (asked == ASKED_OK && !answer->n_calls))
        putchar('\n');
    fflush(stdout);
    if (reading.n_pieces)
        report(&reading, generation, true);
    if (reading.too_long && !generation->max_tokens)
        message("the answer is cut: the server's limit of tokens, or the model's context, is reached");
    return asked == ASKED_OK ? LIBLLM_DONE : asked == ASKED_INTERRUPTED ? LIBLLM_ERROR_CANCELLED : LIBLLM_ERROR_IO;
}

bool remote_generate(struct endpoint *endpoint, const struct generation *generation, const struct text *text)
{
    struct reading reading = {0};
    struct text valid = {0};
    json_t *request = remote_request(endpoint, generation);
    if (!request)
        return false;
    text_append_valid(&valid, text->bytes ? text->bytes : "", text->n_bytes);
    json_object_set_new(request, "prompt", json_stringn(valid.bytes ? valid.bytes : "", valid.n_bytes));
    text_free(&valid);
    const enum asked asked = read_answer(endpoint, "/completions", request, &reading);
    json_decref(request);
    if (asked == ASKED_OK || reading.n_pieces)
        putchar('\n');
    fflush(stdout);
    if (asked == ASKED_INTERRUPTED)
        message("interrupted");
    if (asked == ASKED_OK)
        report(&reading, generation, false);
    return asked == ASKED_OK;
}
