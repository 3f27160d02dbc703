/* SPDX-License-Identifier: MIT
 * POST /api/chat and /api/generate of Ollama's API: as lines of JSON, or in one.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "serve/ollama.h"

#include "serve/fields.h"
#include "serve/generate.h"
#include "serve/handlers.h"
#include "serve/logprobs.h"
#include "terminal.h"

struct reply {
    struct request *request;
    struct served *served;
    struct settings settings;
    bool streams, generates; /* the latter: /api/generate */
    struct answer answer;    /* all of it, or with a stream the calls alone */
    int32_t finish;
    json_t *held, *logprobs; /* of tokens whose text is to come, and of those of an answer that does not stream */
};

static bool send_line(struct reply *a, json_t *value)
{
    char *text = value ? json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(value);
    struct text line = {0};
    text_append(&line, text ? text : "{}", text ? strlen(text) : 2);
    text_append(&line, "\n", 1);
    bool sent = request_stream_send(a->request, line.bytes, line.n_bytes);
    text_free(&line);
    free(text);
    return sent;
}

/* Clients take arguments that are objects only: a call that was cut off within them is none. NULL: there are no calls.
 */
static json_t *calls_json(const struct answer *answer)
{
    json_t *calls = json_array();
    for (size_t i = 0; i < answer->n_calls; i++) {
        const struct text *text = &answer->calls[i].arguments;
        json_t *arguments = text->n_bytes ? json_loadb(text->bytes, text->n_bytes, 0, NULL) : NULL;
        if (json_is_object(arguments))
            json_array_append_new(calls, json_pack("{s:{s:I, s:s, s:O}}", "function", "index", (json_int_t)i, "name",
                                                   answer->calls[i].name.bytes, "arguments", arguments));
        json_decref(arguments);
    }
    if (json_array_size(calls))
        return calls;
    json_decref(calls);
    return NULL;
}

/* calls: NULL, or the reference is taken. */
static json_t *part_json(const struct reply *a, const struct text *text, const struct text *reasoning, json_t *calls)
{
    json_t *shown = text_json(text->bytes, text->n_bytes);
    json_t *part =
        a->generates ? json_pack("{s:s, s:o, s:o}", "model", a->served->id, "created_at", now_json(), "response", shown)
                     : json_pack("{s:s, s:o, s:{s:s, s:o}}", "model", a->served->id, "created_at", now_json(),
                                 "message", "role", "assistant", "content", shown);
    json_t *message = a->generates ? part : json_object_get(part, "message");
    if (reasoning->n_bytes)
        json_object_set_new(message, "thinking", text_json(reasoning->bytes, reasoning->n_bytes));
    if (calls)
        json_object_set_new(message, "tool_calls", calls);
    return part;
}

static bool begin(void *context)
{
    struct reply *a = context;
    if (a->streams)
        request_stream_begin(a->request, "application/x-ndjson");
    return true;
}

static bool piece(void *context, const libllm_stream_event *event)
{
    struct reply *a = context;
    a->finish = event->finish_reason;
    bool calls = event->kind == LIBLLM_STREAM_TOOL_CALL && (event->n_bytes || event->call_name);
    json_t *logprobs = logprobs_of_text(&a->held, a->served->access.model, event, false);
    if (logprobs && !a->streams) {
        json_array_extend(a->logprobs = a->logprobs ? a->logprobs : json_array(), logprobs);
        json_decref(logprobs);
    }
    if (calls || (!a->streams && event->n_bytes)) {
        answer_add(&a->answer, event);
        return true;
    }
    if (!event->n_bytes)
        return true;
    struct text shown = {.bytes = (char *)event->text, .n_bytes = event->n_bytes}, none = {0};
    bool thinks = event->kind == LIBLLM_STREAM_REASONING;
    json_t *part = part_json(a, thinks ? &none : &shown, thinks ? &shown : &none, NULL);
    json_object_set_new(part, "done", json_false());
    if (logprobs)
        json_object_set_new(part, "logprobs", logprobs);
    return send_line(a, part);
}

/* Calls come whole, in the line before the last. */
static void end(struct reply *a, const struct prompt *prompt, const libllm_stream_event *last)
{
    const struct text none = {0};
    json_t *calls = calls_json(&a->answer);
    if (a->streams && calls) {
        json_t *line = part_json(a, &none, &none, calls);
        json_object_set_new(line, "done", json_false());
        send_line(a, line);
    }
    json_t *whole = part_json(a, a->streams ? &none : &a->answer.text, a->streams ? &none : &a->answer.reasoning,
                              a->streams ? NULL : calls);
    json_t *numbers = json_pack(
        "{s:b, s:s, s:o, s:i, s:I, s:o, s:I, s:o}", "done", 1, "done_reason",
        a->finish == LIBLLM_FINISH_LENGTH || a->finish == LIBLLM_FINISH_CONTEXT ? "length" : "stop", "total_duration",
        duration_json(seconds_now() - a->request->started), "load_duration", 0, "prompt_eval_count",
        (json_int_t)last->n_prompt_tokens, "prompt_eval_duration", duration_json(last->prompt_seconds), "eval_count",
        (json_int_t)last->n_tokens, "eval_duration", duration_json(last->decode_seconds));
    json_object_update(whole, numbers);
    json_decref(numbers);
    if (prompt->dropped)
        json_object_set(whole, "dropped_messages", prompt->dropped);
    if (a->logprobs)
        json_object_set(whole, "logprobs", a->logprobs);
    if (!a->streams) {
        request_reply_json(a->request, 200, whole);
        return;
    }
    send_line(a, whole);
    request_stream_end(a->request);
}

/* What is to become of thinking, as libllm_chat_render() wants it. */
static bool read_thinking(const json_t *request, json_t *conversation, struct fault *fault)
{
    const json_t *think = field(request, "think");
    if (think && !json_is_boolean(think) && !json_is_string(think))
        return fault_request(fault, "think", "think must be true, false or an effort");
    if (json_is_false(think))
        json_object_set_new(conversation, "reasoning", json_string("off"));
    if (json_is_string(think))
        json_object_set_new(conversation, "reasoning_effort", json_string(json_string_value(think)));
    return true;
}

static const char reads_text[] = "this model reads text only";

static json_t *conversation_of_chat(const json_t *request, struct fault *fault)
{
    const json_t *messages = field(request, "messages"), *message;
    size_t i;
    if (!json_is_array(messages)) {
        fault_request(fault, "messages", "messages must be a list");
        return NULL;
    }
    json_array_foreach (messages, i, message) {
        if (json_array_size(field(message, "images"))) {
            fault_request(fault, "messages", "messages[%zu].images: %s", i, reads_text);
            return NULL;
        }
    }
    json_t *conversation = chat_members(request);
    if (read_thinking(request, conversation, fault))
        return conversation;
    json_decref(conversation);
    return NULL;
}

static json_t *conversation_of_prompt(const json_t *request, const char *prompt, struct fault *fault)
{
    const char *system = "";
    json_t *messages = json_array(), *conversation = json_pack("{s:o}", "messages", messages);
    if (field_text(request, "system", &system, fault) && read_thinking(request, conversation, fault)) {
        if (system[0])
            json_array_append_new(messages, json_pack("{s:s, s:s}", "role", "system", "content", system));
        json_array_append_new(messages, json_pack("{s:s, s:s}", "role", "user", "content", prompt));
        return conversation;
    }
    json_decref(conversation);
    return NULL;
}

/* Nothing to answer asks for the model to be opened, which it is, or to be given up, which it is when this is over. */
static void reply_loaded(struct reply *a, double keep)
{
    const struct text none = {0};
    json_t *part = part_json(a, &none, &none, NULL);
    json_object_set_new(part, "done", json_true());
    json_object_set_new(part, "done_reason", json_string(keep == 0 ? "unload" : "load"));
    request_reply_json(a->request, 200, part);
}

static bool read_prompt(struct reply *a, const json_t *request, struct prompt *prompt, bool *empty, struct fault *fault)
{
    bool raw = false;
    const char *text = "", *suffix = "", *template = "";
    if (!a->generates) {
        *empty = json_is_array(field(request, "messages")) && json_array_size(field(request, "messages")) == 0;
    } else {
        if (!field_text(request, "prompt", &text, fault) || !field_text(request, "suffix", &suffix, fault) ||
            !field_text(request, "template", &template, fault) || !field_flag(request, "raw", &raw, fault))
            return false;
        if (json_array_size(field(request, "images")))
            return fault_request(fault, "images", "images: %s", reads_text);
        if (suffix[0] || template[0])
            return fault_request(fault, suffix[0] ? "suffix" : "template", "%s is not possible with this server",
                                 suffix[0] ? "suffix" : "template");
        *empty = !text[0];
    }
    if (*empty)
        return true;
    if (a->generates && (raw || !a->served->chat))
        return prompt_of_text(prompt, a->served, text, strlen(text), LIBLLM_TOKENIZE_ADD_BOS, fault);
    json_t *conversation =
        a->generates ? conversation_of_prompt(request, text, fault) : conversation_of_chat(request, fault);
    bool good =
        conversation && prompt_of_chat(prompt, a->request->server, a->served, conversation, &a->settings, fault);
    json_decref(conversation);
    return good;
}

static bool answer(struct request *r, struct served *served, const json_t *request, struct fault *fault, bool generates)
{
    struct reply a = {.request = r, .served = served, .streams = true, .generates = generates};
    struct prompt prompt = {0};
    const struct sink sink = {begin, piece, &a};
    libllm_stream_event last;
    bool empty = false;
    double keep = -1;
    bool good = field_flag(request, "stream", &a.streams, fault) &&
                field_duration(request, "keep_alive", &keep, fault) &&
                settings_read_ollama(&a.settings, r->server, request, fault) &&
                read_prompt(&a, request, &prompt, &empty, fault);
    if (good && empty) {
        reply_loaded(&a, keep);
    } else if (good && (good = generate(r, served, &prompt, &a.settings, 0, &sink, &last, fault))) {
        end(&a, &prompt, &last);
    }
    prompt_free(&prompt);
    answer_free(&a.answer);
    json_decref(a.held);
    json_decref(a.logprobs);
    settings_free(&a.settings);
    return good;
}

static bool answer_chat(struct request *r, struct served *s, const json_t *request, struct fault *fault)
{
    return answer(r, s, request, fault, false);
}

static bool answer_prompt(struct request *r, struct served *s, const json_t *request, struct fault *fault)
{
    return answer(r, s, request, fault, true);
}

void handle_ollama_chat(struct request *r) { with_model(r, answer_chat); }
void handle_ollama_generate(struct request *r) { with_model(r, answer_prompt); }
