/* SPDX-License-Identifier: MIT
 * POST /v1/completions: prompts as text or tokens, whole or as a stream of chunks.
 */
#include <string.h>

#include "serve/fields.h"
#include "serve/generate.h"
#include "serve/handlers.h"
#include "serve/logprobs.h"

enum { PROMPTS_MAX = 64 };

struct completion {
    struct request *request;
    struct served *served;
    struct settings settings;
    bool streams, usage, echoes, begun;
    char id[ID_BYTES];
    json_int_t created;
    json_int_t index;
    struct text text; /* of a choice that does not stream */
    json_t *tokens;   /* lists of those of a choice, or of what was not sent of it; NULL: not asked for */
    json_t *held;     /* of those whose text is to come */
    size_t offset;    /* characters of all of them */
    const char *finish;
    json_t *choices;
    uint64_t n_prompt, n_cached, n_generated;
    libllm_stream_event first; /* the numbers of the first choice */
};

/* Tokens that were gathered go with it. */
static json_t *choice_json(struct completion *c, const char *text, size_t n_bytes, const char *finish)
{
    json_t *tokens = c->tokens ? c->tokens : json_null();
    c->tokens = c->tokens ? token_lists_json() : NULL;
    return json_pack("{s:I, s:o, s:s?, s:o}", "index", c->index, "text", text_json(text, n_bytes), "finish_reason",
                     finish, "logprobs", tokens);
}

/* A token of the prompt. */
static bool echo(void *context, const libllm_stream_event *event)
{
    struct completion *c = context;
    token_lists_add(c->tokens, c->served->access.model, event, &c->offset);
    return true;
}

static json_t *reply_json(struct completion *c, json_t *choices, json_t *usage, json_t *timings)
{
    return json_pack("{s:s, s:s, s:I, s:s, s:s, s:o, s:o*, s:o*}", "id", c->id, "object", "text_completion", "created",
                     c->created, "model", c->served->id, "system_fingerprint", fingerprint(), "choices", choices,
                     "usage", usage, "timings", timings);
}

static bool begin(void *context)
{
    struct completion *c = context;
    if (c->streams && !c->begun)
        request_stream_begin(c->request, "text/event-stream");
    c->begun = true;
    /* The prompt, when it is echoed. */
    return !c->streams || c->text.n_bytes == 0 ||
           send_event(c->request, reply_json(c, json_pack("[o]", choice_json(c, c->text.bytes, c->text.n_bytes, NULL)),
                                             NULL, NULL));
}

static bool piece(void *context, const libllm_stream_event *event)
{
    struct completion *c = context;
    c->finish = event->finish_reason == LIBLLM_FINISH_NONE ? NULL : finish_name(event->finish_reason);
    json_t *entries = logprobs_of_text(&c->held, c->served->access.model, event, true);
    token_lists_extend(c->tokens, entries, &c->offset);
    json_decref(entries);
    if (!c->streams) {
        text_append(&c->text, event->text, event->n_bytes);
        return true;
    }
    return (event->n_bytes == 0 && !c->finish) ||
           send_event(c->request,
                      reply_json(c, json_pack("[o]", choice_json(c, event->text, event->n_bytes, c->finish)), NULL,
                                 c->finish && !c->usage ? timings_json(event) : NULL));
}

/* A text, or the ids of one. */
static bool read_prompt(struct completion *c, const json_t *value, struct prompt *prompt, struct fault *fault)
{
    *prompt = (struct prompt){0};
    if (json_is_string(value) && !prompt_of_text(prompt, c->served, json_string_value(value), json_string_length(value),
                                                 LIBLLM_TOKENIZE_ADD_BOS, fault))
        return false;
    if (json_is_array(value) &&
        !tokens_of_array(value, "prompt", c->served->access.info.n_vocab, &prompt->tokens, fault))
        return false;
    return prompt->tokens.n || fault_request(fault, "prompt",
                                             "the prompt is empty: a model needs a token to go on "
                                             "from");
}

static bool answer_one(struct completion *c, const json_t *value, struct fault *fault)
{
    struct prompt prompt;
    const struct sink sink = {begin, piece, c};
    libllm_stream_event last = {0};
    bool good = read_prompt(c, value, &prompt, fault);
    for (json_int_t i = 0; good && i < c->settings.n_choices; i++, c->index++) {
        if (c->echoes && json_is_string(value))
            text_append(&c->text, json_string_value(value), json_string_length(value));
        else if (c->echoes)
            good = text_of_tokens(c->served, &prompt.tokens, &c->text, fault);
        c->tokens = c->settings.logprobs ? token_lists_json() : NULL;
        c->offset = 0;
        const struct sink reading = {NULL, echo, c};
        good = good && (!c->echoes || !c->tokens ||
                        prompt_logprobs(c->request, c->served, &prompt, (uint32_t)c->settings.n_top, &reading, fault));
        good = good && generate(c->request, c->served, &prompt, &c->settings, (uint32_t)i, &sink, &last, fault);
        c->first = c->index == 0 ? last : c->first;
        c->n_generated += last.n_tokens;
        c->n_prompt += i == 0 ? last.n_prompt_tokens : 0;
        c->n_cached += i == 0 ? last.n_cached_tokens : 0;
        if (good && !c->streams)
            json_array_append_new(c->choices, choice_json(c, c->text.bytes, c->text.n_bytes, c->finish));
        json_decref(c->tokens);
        json_decref(c->held);
        c->tokens = c->held = NULL;
        text_free(&c->text);
    }
    prompt_free(&prompt);
    return good;
}

/* One prompt is a text or a list of ids; several are a list of either. */
static bool answer_all(struct completion *c, const json_t *prompts, struct fault *fault)
{
    const json_t *first = json_array_get(prompts, 0);
    bool several = json_is_string(first) || json_is_array(first);
    if (!json_is_string(prompts) && !json_is_array(prompts))
        return fault_request(fault, "prompt", "prompt must be a text, a list of token ids, or a list of such");
    if (!several)
        return answer_one(c, prompts, fault);
    if (json_array_size(prompts) > PROMPTS_MAX)
        return fault_request(fault, "prompt", "prompt has %zu entries, at most %d are allowed",
                             json_array_size(prompts), PROMPTS_MAX);
    for (size_t i = 0; i < json_array_size(prompts); i++) {
        const json_t *prompt = json_array_get(prompts, i);
        if (!json_is_string(prompt) && !json_is_array(prompt))
            return fault_request(fault, "prompt", "entry %zu of prompt is neither a text nor a list of ids", i);
        if (!answer_one(c, prompt, fault))
            return false;
    }
    return true;
}

static void end(struct completion *c)
{
    const libllm_stream_event sums = {.n_prompt_tokens = c->n_prompt, .n_cached_tokens = c->n_cached};
    if (!c->streams) {
        request_reply_json(
            c->request, 200,
            reply_json(c, json_incref(c->choices), usage_json(&sums, c->n_generated), timings_json(&c->first)));
        return;
    }
    if (c->usage)
        send_event(c->request, reply_json(c, json_array(), usage_json(&sums, c->n_generated), timings_json(&c->first)));
    request_stream_send(c->request, "data: [DONE]\n\n", 14);
    request_stream_end(c->request);
}

/* The prompt with its log probabilities and no more: "max_tokens" of 0, where it is echoed. */
static bool read_settings(struct completion *c, const json_t *request, struct fault *fault)
{
    const json_t *most = field(request, "max_tokens");
    const bool silent = c->echoes && json_is_integer(most) && json_integer_value(most) == 0;
    json_t *others = json_copy((json_t *)request);
    if (silent)
        json_object_del(others, "max_tokens");
    const bool good = settings_read(&c->settings, c->request->server, others, fault);
    c->settings.silent = silent;
    json_decref(others);
    return good;
}

static bool read_members(struct completion *c, const json_t *request, struct fault *fault)
{
    const json_t *options = field(request, "stream_options");
    const char *suffix = "";
    if (options && !json_is_object(options))
        return fault_request(fault, "stream_options", "stream_options must be an object");
    if (!field_text(request, "suffix", &suffix, fault))
        return false;
    if (suffix[0])
        return fault_request(fault, "suffix", "suffix is not possible: this server only goes on from a prompt");
    return field_flag(request, "stream", &c->streams, fault) && field_flag(request, "echo", &c->echoes, fault) &&
           field_flag(options, "include_usage", &c->usage, fault) && read_settings(c, request, fault);
}

static bool answer(struct request *r, struct served *served, const json_t *request, struct fault *fault)
{
    struct completion c = {.request = r, .served = served, .created = time(NULL), .choices = json_array()};
    answer_id(c.id, "cmpl", r);
    bool good = read_members(&c, request, fault) && answer_all(&c, field(request, "prompt"), fault);
    if (good)
        end(&c);
    text_free(&c.text);
    settings_free(&c.settings);
    json_decref(c.choices);
    return good;
}

void handle_completions(struct request *r) { with_model(r, answer); }
