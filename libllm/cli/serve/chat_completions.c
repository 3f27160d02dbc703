/* SPDX-License-Identifier: MIT
 * POST /v1/chat/completions, whole or as a stream of chunks.
 */
#include <string.h>

#include "serve/fields.h"
#include "serve/generate.h"
#include "serve/handlers.h"
#include "serve/logprobs.h"

struct completion {
    struct request *request;
    struct served *served;
    struct settings settings;
    bool streams, usage;
    char id[ID_BYTES];
    json_int_t created;
    json_int_t index;     /* of the choice */
    struct answer answer; /* of a choice that does not stream */
    int32_t finish;
    json_t *held, *logprobs; /* of tokens whose text is to come, and of those of a choice that does not stream */
    json_t *choices;
    json_t *dropped; /* messages; NULL: none */
};

/* Each chunk says what was left out, so that no reader misses it. */
static bool send_chunk(struct completion *c, json_t *choices, json_t *usage, json_t *timings)
{
    return send_event(c->request, json_pack("{s:s, s:s, s:I, s:s, s:s, s:o, s:o*, s:o*, s:O*}", "id", c->id, "object",
                                            "chat.completion.chunk", "created", c->created, "model", c->served->id,
                                            "system_fingerprint", fingerprint(), "choices", choices, "usage", usage,
                                            "timings", timings, "dropped_messages", c->dropped));
}

/* logprobs: of the delta, or NULL; takes the reference. */
static bool send_delta(struct completion *c, json_t *delta, json_t *logprobs)
{
    return send_chunk(c,
                      json_pack("[{s:I, s:o, s:o, s:n}]", "index", c->index, "delta", delta, "logprobs",
                                logprobs_json(logprobs), "finish_reason"),
                      NULL, NULL);
}

/* The last chunk of all has the timings: this one, unless that of the usage follows. */
static bool send_finish(struct completion *c, const libllm_stream_event *event)
{
    return send_chunk(c,
                      json_pack("[{s:I, s:{}, s:n, s:s}]", "index", c->index, "delta", "logprobs", "finish_reason",
                                finish_name(event->finish_reason)),
                      NULL, c->usage ? NULL : timings_json(event));
}

static bool begin(void *context)
{
    struct completion *c = context;
    if (!c->streams)
        return true;
    if (c->index == 0)
        request_stream_begin(c->request, "text/event-stream");
    return send_delta(c, json_pack("{s:s, s:s}", "role", "assistant", "content", ""), NULL);
}

static json_t *delta_of_call(const libllm_stream_event *event)
{
    json_t *arguments = text_json(event->text, event->n_bytes);
    json_int_t index = event->call_index;
    if (!event->call_name)
        return json_pack("{s:[{s:I, s:{s:o}}]}", "tool_calls", "index", index, "function", "arguments", arguments);
    return json_pack("{s:[{s:I, s:s, s:s, s:{s:s, s:o}}]}", "tool_calls", "index", index, "id", event->call_id, "type",
                     "function", "function", "name", event->call_name, "arguments", arguments);
}

static bool piece(void *context, const libllm_stream_event *event)
{
    struct completion *c = context;
    c->finish = event->finish_reason;
    json_t *logprobs = logprobs_of_text(&c->held, c->served->access.model, event, false);
    if (!c->streams) {
        if (event->n_bytes || event->call_name)
            answer_add(&c->answer, event);
        if (logprobs)
            json_array_extend(c->logprobs = c->logprobs ? c->logprobs : json_array(), logprobs);
        json_decref(logprobs);
        return true;
    }
    if (event->finish_reason != LIBLLM_FINISH_NONE)
        return send_finish(c, event);
    if (event->kind == LIBLLM_STREAM_TOOL_CALL && (event->n_bytes || event->call_name))
        return send_delta(c, delta_of_call(event), NULL);
    const char *member = event->kind == LIBLLM_STREAM_REASONING ? "reasoning_content" : "content";
    return event->n_bytes == 0 ||
           send_delta(c, json_pack("{s:o}", member, text_json(event->text, event->n_bytes)), logprobs);
}

static json_t *message_json(const struct answer *a)
{
    json_t *message = json_pack("{s:s}", "role", "assistant");
    bool silent = a->n_calls && a->text.n_bytes == 0;
    json_object_set_new(message, "content", silent ? json_null() : text_json(a->text.bytes, a->text.n_bytes));
    if (a->reasoning.n_bytes)
        json_object_set_new(message, "reasoning_content", text_json(a->reasoning.bytes, a->reasoning.n_bytes));
    json_t *calls = a->n_calls ? json_array() : NULL;
    for (size_t i = 0; i < a->n_calls; i++) {
        const struct tool_call *call = &a->calls[i];
        json_array_append_new(calls, json_pack("{s:s, s:s, s:{s:s, s:o}}", "id", call->id.bytes, "type", "function",
                                               "function", "name", call->name.bytes, "arguments",
                                               text_json(call->arguments.bytes, call->arguments.n_bytes)));
    }
    if (calls)
        json_object_set_new(message, "tool_calls", calls);
    return message;
}

static void end_choice(struct completion *c)
{
    if (c->streams)
        return;
    json_array_append_new(c->choices,
                          json_pack("{s:I, s:o, s:s, s:o}", "index", c->index, "message", message_json(&c->answer),
                                    "finish_reason", finish_name(c->finish), "logprobs", logprobs_json(c->logprobs)));
    c->logprobs = NULL;
    answer_free(&c->answer);
}

static void end(struct completion *c, const libllm_stream_event *last, uint64_t n_generated)
{
    if (!c->streams) {
        request_reply_json(c->request, 200,
                           json_pack("{s:s, s:s, s:I, s:s, s:s, s:O, s:o, s:o, s:O*}", "id", c->id, "object",
                                     "chat.completion", "created", c->created, "model", c->served->id,
                                     "system_fingerprint", fingerprint(), "choices", c->choices, "usage",
                                     usage_json(last, n_generated), "timings", timings_json(last), "dropped_messages",
                                     c->dropped));
        return;
    }
    if (c->usage)
        send_chunk(c, json_array(), usage_json(last, n_generated), timings_json(last));
    request_stream_send(c->request, "data: [DONE]\n\n", 14);
    request_stream_end(c->request);
}

static bool read_members(struct completion *c, const json_t *request, struct fault *fault)
{
    const json_t *options = field(request, "stream_options"), *messages = field(request, "messages");
    if (!json_is_array(messages) || json_array_size(messages) == 0)
        return fault_request(fault, "messages", "messages must be a list with at least one message");
    if (options && !json_is_object(options))
        return fault_request(fault, "stream_options", "stream_options must be an object");
    return field_flag(request, "stream", &c->streams, fault) &&
           field_flag(options, "include_usage", &c->usage, fault) &&
           settings_read(&c->settings, c->request->server, request, fault);
}

static bool answer_all(struct completion *c, const json_t *request, struct fault *fault)
{
    struct prompt prompt;
    const struct sink sink = {begin, piece, c};
    libllm_stream_event last = {0}, first = {0};
    uint64_t n_generated = 0;
    bool good = prompt_of_chat(&prompt, c->request->server, c->served, request, &c->settings, fault);
    c->dropped = prompt.dropped;
    for (; good && c->index < c->settings.n_choices; c->index++) {
        good = generate(c->request, c->served, &prompt, &c->settings, (uint32_t)c->index, &sink, &last, fault);
        n_generated += last.n_tokens;
        first = c->index == 0 ? last : first;
        json_decref(c->held);
        c->held = NULL;
        if (good)
            end_choice(c);
    }
    if (good)
        end(c, &first, n_generated);
    prompt_free(&prompt);
    return good;
}

static bool answer(struct request *r, struct served *served, const json_t *request, struct fault *fault)
{
    struct completion c = {.request = r, .served = served, .created = time(NULL), .choices = json_array()};
    answer_id(c.id, "chatcmpl", r);
    bool good = read_members(&c, request, fault) && answer_all(&c, request, fault);
    answer_free(&c.answer);
    settings_free(&c.settings);
    json_decref(c.logprobs);
    json_decref(c.choices);
    return good;
}

void handle_chat_completions(struct request *r) { with_model(r, answer); }
