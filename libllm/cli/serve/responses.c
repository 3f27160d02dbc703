/* SPDX-License-Identifier: MIT
 * POST /v1/responses of OpenAI's API, without a memory: every request brings its whole conversation.
 */
#include <string.h>

#include "serve/fields.h"
#include "serve/generate.h"
#include "serve/handlers.h"
#include "serve/logprobs.h"

/* The items of an answer come one after the other: reasoning, a message, calls. */
enum item_kind { ITEM_NONE, ITEM_REASONING, ITEM_MESSAGE, ITEM_CALL };

struct response {
    struct request *request;
    struct served *served;
    const json_t *asked;
    struct settings settings;
    bool streams;
    char id[ID_BYTES];
    json_int_t created, sequence, n_reasoning;
    json_t *output;  /* items that are complete */
    json_t *dropped; /* messages; NULL: none */
    enum item_kind kind;
    char item_id[ID_BYTES + 16];
    struct text text, call_id, call_name; /* of the item that is open */
    json_t *held, *logprobs;              /* of tokens whose text is to come, and of the message that is open */
    int32_t finish;
};

static const char *item_prefix(enum item_kind kind)
{
    return kind == ITEM_REASONING ? "rs" : kind == ITEM_MESSAGE ? "msg" : "fc";
}

static json_t *part_json(const struct response *a)
{
    json_t *text = text_json(a->text.bytes, a->text.n_bytes);
    if (a->kind == ITEM_REASONING)
        return json_pack("{s:s, s:o}", "type", "reasoning_text", "text", text);
    return json_pack("{s:s, s:o, s:[], s:o}", "type", "output_text", "text", text, "annotations", "logprobs",
                     a->logprobs ? json_incref(a->logprobs) : json_array());
}

/* The item that is open. As it is announced, in progress, it has nothing in it. */
static json_t *item_json(const struct response *a, const char *status)
{
    const bool begins = strcmp(status, "in_progress") == 0;
    json_t *parts = a->kind != ITEM_CALL && !begins ? json_pack("[o]", part_json(a)) : json_array();
    json_t *item = NULL;
    if (a->kind == ITEM_REASONING)
        item = json_pack("{s:s, s:s, s:s, s:[], s:O}", "type", "reasoning", "id", a->item_id, "status", status,
                         "summary", "content", parts);
    else if (a->kind == ITEM_MESSAGE)
        item = json_pack("{s:s, s:s, s:s, s:s, s:O}", "type", "message", "id", a->item_id, "status", status, "role",
                         "assistant", "content", parts);
    else
        item = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "type", "function_call", "id", a->item_id, "status", status,
                         "call_id", a->call_id.bytes, "name", a->call_name.bytes, "arguments",
                         text_json(a->text.bytes, begins ? 0 : a->text.n_bytes));
    json_decref(parts);
    return item;
}

static json_t *response_json(const struct response *a, const char *status, json_t *usage)
{
    const json_t *instructions = field(a->asked, "instructions"), *tools = field(a->asked, "tools"),
                 *choice = field(a->asked, "tool_choice"), *metadata = field(a->asked, "metadata");
    bool cut = strcmp(status, "incomplete") == 0;
    json_t *response =
        json_pack("{s:s, s:s, s:I, s:s, s:s, s:n, s:o, s:b, s:b, s:f, s:f}", "id", a->id, "object", "response",
                  "created_at", a->created, "status", status, "model", a->served->id, "error", "incomplete_details",
                  cut ? json_pack("{s:s}", "reason", "max_output_tokens") : json_null(), "parallel_tool_calls",
                  !json_is_false(field(a->asked, "parallel_tool_calls")), "store", 0, "temperature",
                  (double)a->settings.sampling.temperature, "top_p", (double)a->settings.sampling.top_p);
    json_object_set(response, "output", a->output);
    json_object_set(response, "instructions", instructions ? (json_t *)instructions : json_null());
    json_object_set_new(response, "tools", tools ? json_incref((json_t *)tools) : json_array());
    json_object_set_new(response, "tool_choice", choice ? json_incref((json_t *)choice) : json_string("auto"));
    json_object_set_new(response, "metadata", metadata ? json_incref((json_t *)metadata) : json_object());
    json_object_set_new(response, "truncation", json_string(a->settings.drops ? "auto" : "disabled"));
    if (a->dropped)
        json_object_set(response, "dropped_messages", a->dropped);
    json_object_set_new(response, "usage", usage ? usage : json_null());
    return response;
}

static json_t *usage_of(const struct response *a, const libllm_stream_event *last)
{
    json_int_t input = (json_int_t)last->n_prompt_tokens, output = (json_int_t)last->n_tokens;
    return json_pack("{s:I, s:I, s:I, s:{s:I}, s:{s:I}}", "input_tokens", input, "output_tokens", output,
                     "total_tokens", input + output, "input_tokens_details", "cached_tokens",
                     (json_int_t)last->n_cached_tokens, "output_tokens_details", "reasoning_tokens", a->n_reasoning);
}

/* Sends "event: TYPE" and its data; takes the reference. */
static bool send_named(struct response *a, const char *type, json_t *members)
{
    char head[96];
    int n = snprintf(head, sizeof head, "event: %s\n", type);
    json_object_set_new(members, "type", json_string(type));
    json_object_set_new(members, "sequence_number", json_integer(a->sequence++));
    request_stream_send(a->request, head, (size_t)n);
    return send_event(a->request, members);
}

/* What the events within an item have in common. */
static json_t *place_json(const struct response *a)
{
    json_t *place =
        json_pack("{s:s, s:I}", "item_id", a->item_id, "output_index", (json_int_t)json_array_size(a->output));
    if (a->kind != ITEM_CALL)
        json_object_set_new(place, "content_index", json_integer(0));
    return place;
}

static json_t *with(json_t *object, const char *name, json_t *value)
{
    json_object_set_new(object, name, value);
    return object;
}

/* Where a message has them; takes the reference. */
static json_t *with_logprobs(const struct response *a, json_t *members, json_t *logprobs)
{
    if (a->kind == ITEM_MESSAGE)
        json_object_set_new(members, "logprobs", logprobs ? logprobs : json_array());
    else
        json_decref(logprobs);
    return members;
}

static bool send_item(struct response *a, const char *type, const char *status)
{
    return send_named(
        a, type,
        json_pack("{s:I, s:o}", "output_index", (json_int_t)json_array_size(a->output), "item", item_json(a, status)));
}

static void open_item(struct response *a, enum item_kind kind, const libllm_stream_event *event)
{
    a->kind = kind;
    snprintf(a->item_id, sizeof a->item_id, "%s_%s_%zu", item_prefix(kind), a->id, json_array_size(a->output));
    if (kind == ITEM_CALL) {
        text_append(&a->call_id, event->call_id, strlen(event->call_id));
        text_append(&a->call_name, event->call_name, strlen(event->call_name));
    }
    if (!a->streams)
        return;
    send_item(a, "response.output_item.added", "in_progress");
    if (kind == ITEM_MESSAGE)
        send_named(a, "response.content_part.added", with(place_json(a), "part", part_json(a)));
}

/* Of an answer that was cut off, what is in hand is not complete, unless it is a call whose arguments are. */
static const char *status_of(const struct response *a, bool cut)
{
    json_t *arguments = a->kind == ITEM_CALL ? json_loadb(a->text.bytes, a->text.n_bytes, 0, NULL) : NULL;
    const bool complete = !cut || arguments;
    json_decref(arguments);
    return complete ? "completed" : "incomplete";
}

static void close_item(struct response *a, bool cut)
{
    if (a->kind == ITEM_NONE)
        return;
    const char *status = status_of(a, cut);
    const char *name = a->kind == ITEM_CALL ? "arguments" : "text";
    if (a->streams) {
        send_named(a,
                   a->kind == ITEM_CALL        ? "response.function_call_arguments.done"
                   : a->kind == ITEM_REASONING ? "response.reasoning_text.done"
                                               : "response.output_text.done",
                   with_logprobs(a, with(place_json(a), name, text_json(a->text.bytes, a->text.n_bytes)),
                                 json_incref(a->logprobs)));
        if (a->kind == ITEM_MESSAGE)
            send_named(a, "response.content_part.done", with(place_json(a), "part", part_json(a)));
        send_item(a, "response.output_item.done", status);
    }
    json_array_append_new(a->output, item_json(a, status));
    text_free(&a->text);
    text_free(&a->call_id);
    text_free(&a->call_name);
    json_decref(a->logprobs);
    a->logprobs = NULL;
    a->kind = ITEM_NONE;
}

static bool begin(void *context)
{
    struct response *a = context;
    if (!a->streams)
        return true;
    request_stream_begin(a->request, "text/event-stream");
    return send_named(a, "response.created", json_pack("{s:o}", "response", response_json(a, "in_progress", NULL))) &&
           send_named(a, "response.in_progress", json_pack("{s:o}", "response", response_json(a, "in_progress", NULL)));
}

static bool piece(void *context, const libllm_stream_event *event)
{
    struct response *a = context;
    a->finish = event->finish_reason;
    json_t *logprobs = logprobs_of_text(&a->held, a->served->access.model, event, false);
    if (event->n_bytes == 0 && !event->call_name)
        return true;
    enum item_kind kind = event->kind == LIBLLM_STREAM_TOOL_CALL   ? ITEM_CALL
                          : event->kind == LIBLLM_STREAM_REASONING ? ITEM_REASONING
                                                                   : ITEM_MESSAGE;
    a->n_reasoning += kind == ITEM_REASONING && event->token >= 0;
    if (kind != a->kind || event->call_name) {
        close_item(a, false);
        open_item(a, kind, event);
    }
    text_append(&a->text, event->text, event->n_bytes);
    if (logprobs && kind == ITEM_MESSAGE)
        json_array_extend(a->logprobs = a->logprobs ? a->logprobs : json_array(), logprobs);
    if (!a->streams) {
        json_decref(logprobs);
        return true;
    }
    return send_named(a,
                      kind == ITEM_CALL        ? "response.function_call_arguments.delta"
                      : kind == ITEM_REASONING ? "response.reasoning_text.delta"
                                               : "response.output_text.delta",
                      with_logprobs(a, with(place_json(a), "delta", text_json(event->text, event->n_bytes)), logprobs));
}

static void end(struct response *a, const libllm_stream_event *last)
{
    bool cut = a->finish == LIBLLM_FINISH_LENGTH || a->finish == LIBLLM_FINISH_CONTEXT;
    close_item(a, cut);
    json_t *response = response_json(a, cut ? "incomplete" : "completed", usage_of(a, last));
    if (!a->streams) {
        request_reply_json(a->request, 200, response);
        return;
    }
    send_named(a, cut ? "response.incomplete" : "response.completed", json_pack("{s:o}", "response", response));
    request_stream_end(a->request);
}

/* What this server has no memory for. */
static bool refuse(const json_t *request, struct fault *fault)
{
    bool background = false;
    if (!field_flag(request, "background", &background, fault))
        return false;
    for (const char *const *name = (const char *const[]){"previous_response_id", "conversation", "prompt", NULL}; *name;
         name++)
        if (field(request, *name))
            return fault_request(fault, *name, "%s is not possible: this server keeps nothing between requests", *name);
    return !background ||
           fault_request(fault, "background", "background is not possible: this server keeps nothing between requests");
}

/* Log probabilities are asked for by what to include, or by how many tokens to list beside each. */
static bool read_include(json_t *request, struct fault *fault)
{
    const json_t *include = field(request, "include"), *name;
    bool logprobs = field(request, "top_logprobs") != NULL;
    size_t i;
    if (include && !json_is_array(include))
        return fault_request(fault, "include", "include must be a list");
    json_array_foreach (include, i, name)
        logprobs |= json_is_string(name) && strcmp(json_string_value(name), "message.output_text.logprobs") == 0;
    json_object_set_new(request, "logprobs", json_boolean(logprobs));
    return true;
}

static bool answer(struct request *r, struct served *served, const json_t *request, struct fault *fault)
{
    struct response a = {
        .request = r, .served = served, .asked = request, .created = time(NULL), .output = json_array()};
    struct prompt prompt = {0};
    const struct sink sink = {begin, piece, &a};
    libllm_stream_event last;
    answer_id(a.id, "resp", r);
    json_t *members = json_copy((json_t *)request);
    bool good = refuse(request, fault) && field_flag(request, "stream", &a.streams, fault) &&
                read_include(members, fault) && settings_read(&a.settings, r->server, members, fault);
    json_t *conversation = good ? conversation_of_items(request, fault) : NULL;
    good = conversation && prompt_of_chat(&prompt, r->server, served, conversation, &a.settings, fault);
    a.dropped = prompt.dropped;
    good = good && generate(r, served, &prompt, &a.settings, 0, &sink, &last, fault);
    if (good)
        end(&a, &last);
    prompt_free(&prompt);
    settings_free(&a.settings);
    text_free(&a.text);
    text_free(&a.call_id);
    text_free(&a.call_name);
    json_decref(members);
    json_decref(conversation);
    json_decref(a.held);
    json_decref(a.logprobs);
    json_decref(a.output);
    return good;
}

void handle_responses(struct request *r) { with_model(r, answer); }
