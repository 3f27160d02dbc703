/* SPDX-License-Identifier: MIT
 * Generating for a request.
 */
#include "serve/generate.h"
#include "context.h"
#include "serve/logprobs.h"

#include <stdlib.h>
#include <string.h>

#include "terminal.h"

json_t *chat_members(const json_t *request)
{
    static const char *const names[] = {"messages",
                                        "tools",
                                        "tool_choice",
                                        "parallel_tool_calls",
                                        "chat_template_kwargs",
                                        "reasoning",
                                        "documents",
                                        "continue_final_message",
                                        "add_generation_prompt",
                                        "reasoning_effort",
                                        NULL};
    json_t *members = json_object();
    for (const char *const *name = names; *name; name++) {
        json_t *value = json_object_get(request, *name);
        if (value && !json_is_null(value))
            json_object_set(members, *name, value);
    }
    return members;
}

static libllm_status tokenize_chat(struct prompt *p, const struct served *s, libllm_error *error)
{
    libllm_status status;
    size_t capacity = strlen(p->chat) / 2 + 256;
    do {
        p->tokens.ids = resize(p->tokens.ids, capacity, sizeof *p->tokens.ids);
        status = libllm_chat_tokenize(s->chat, p->chat, strlen(p->chat), p->tokens.ids, capacity, &p->tokens.n, error);
    } while (status == LIBLLM_ERROR_BUFFER_TOO_SMALL && p->tokens.n > capacity && (capacity = p->tokens.n));
    return status;
}

/* Leaves the oldest turns out of a chat that is too long for an answer. */
static libllm_status drop_turns(struct prompt *p, const struct served *s, size_t context, uint64_t max_tokens,
                                libllm_error *error)
{
    libllm_fit_options options;
    libllm_fit_options_init(&options, sizeof options);
    options.policy = LIBLLM_FIT_DROP_OLDEST;
    options.n_positions = context;
    options.n_reserved = context_reserved(context, max_tokens);
    if (p->tokens.n <= context - options.n_reserved)
        return LIBLLM_OK;
    json_t *report;
    libllm_status status = context_report(s->chat, p->chat, &options, &report, error);
    if (status == LIBLLM_OK) {
        context_take(report, &p->chat);
        p->dropped = json_incref(json_object_get(report, "dropped"));
        status = tokenize_chat(p, s, error);
    }
    json_decref(report);
    return status;
}

bool prompt_of_chat(struct prompt *p, const struct server *server, const struct served *s, const json_t *request,
                    const struct settings *settings, struct fault *fault)
{
    *p = (struct prompt){0};
    if (!s->chat)
        return fault_library(fault, &s->no_chat);
    json_t *members = chat_members(request);
    if (settings && settings->format)
        json_object_set(members, "response_format", settings->format);
    p->chat = json_dumps(members, JSON_COMPACT);
    json_decref(members);
    if (!p->chat)
        return fault_request(fault, NULL, "the conversation cannot be written as JSON");
    libllm_error error;
    libllm_status status = tokenize_chat(p, s, &error);
    if (status == LIBLLM_OK && settings && settings->drops)
        status = drop_turns(p, s, served_context(&server->models, s), settings->max_tokens, &error);
    return status == LIBLLM_OK || fault_library(fault, &error);
}

bool prompt_of_text(struct prompt *p, const struct served *s, const char *text, size_t n_bytes, uint32_t flags,
                    struct fault *fault)
{
    *p = (struct prompt){0};
    libllm_error error;
    libllm_status status;
    size_t capacity = n_bytes / 2 + 16;
    do {
        p->tokens.ids = resize(p->tokens.ids, capacity, sizeof *p->tokens.ids);
        status =
            libllm_model_tokenize(s->access.model, text, n_bytes, flags, p->tokens.ids, capacity, &p->tokens.n, &error);
    } while (status == LIBLLM_ERROR_BUFFER_TOO_SMALL && p->tokens.n > capacity && (capacity = p->tokens.n));
    return status == LIBLLM_OK || fault_library(fault, &error);
}

bool text_of_tokens(const struct served *s, const struct token_list *tokens, struct text *text, struct fault *fault)
{
    struct text bytes = {0};
    size_t needed = 0;
    libllm_error error;
    libllm_status status = libllm_model_detokenize(s->access.model, tokens->ids, tokens->n, LIBLLM_DETOKENIZE_SPECIAL,
                                                   NULL, 0, &needed, &error);
    if (status == LIBLLM_ERROR_BUFFER_TOO_SMALL) {
        bytes.bytes = allocate(needed, 1);
        bytes.n_bytes = needed;
        status = libllm_model_detokenize(s->access.model, tokens->ids, tokens->n, LIBLLM_DETOKENIZE_SPECIAL,
                                         bytes.bytes, needed, &needed, &error);
    }
    /* Ids that end within a character have no text that JSON could hold. */
    text_append_valid(text, bytes.bytes, status ? 0 : bytes.n_bytes);
    text_free(&bytes);
    return status == LIBLLM_OK || fault_library(fault, &error);
}

void prompt_free(struct prompt *p)
{
    free(p->tokens.ids);
    free(p->chat);
    json_decref(p->dropped);
    *p = (struct prompt){0};
}

static libllm_status open_stream(const struct server *server, const struct served *s, libllm_session *session,
                                 libllm_session *draft, const struct prompt *p, const struct settings *settings,
                                 uint32_t choice, libllm_stream **stream, libllm_error *error)
{
    libllm_sampling_options sampling = settings->sampling;
    sampling.seed += choice; /* or all choices would be the same */
    libllm_stream_options options;
    libllm_stream_options_init(&options, sizeof options);
    options.sampling = &sampling;
    options.max_tokens = settings->max_tokens;
    options.stops = settings->stops.items;
    options.n_stops = (uint32_t)settings->stops.n;
    options.ignore_end = settings->ignore_end;
    options.n_guesses = server->options.n_guesses;
    options.draft = draft;
    options.logprobs = settings->logprobs;
    options.n_top_logprobs = (uint32_t)settings->n_top;
    if (p->chat)
        return libllm_chat_stream(s->chat, session, p->chat, strlen(p->chat), &options, stream, error);
    libllm_constraint *constraint = NULL;
    libllm_status status =
        settings->format ? format_constraint(settings->format, s->access.model, &constraint, error) : LIBLLM_OK;
    options.constraint = constraint;
    if (status == LIBLLM_OK)
        status = libllm_stream_create(session, p->tokens.ids, p->tokens.n, &options, stream, error);
    libllm_constraint_free(constraint);
    return status;
}

/* Until the end. CANCELLED when nobody waits any more. */
static libllm_status run(struct request *r, libllm_stream *stream, const struct sink *sink, libllm_stream_event *last,
                         libllm_error *error)
{
    libllm_status status = LIBLLM_OK;
    struct metrics *metrics = &r->server->metrics;
    libllm_stream_event event = {.struct_size = sizeof event};
    bool goes_on = sink->begin(sink->context);
    while (goes_on && status == LIBLLM_OK && !atomic_load(&r->cancelled)) {
        status = libllm_stream_next(stream, &event, error);
        if (status < 0)
            break;
        if (event.n_tokens && !r->has_first_token)
            metrics_count_time(&metrics->first_token, seconds_now() - r->started);
        r->has_first_token |= event.n_tokens > 0;
        *last = event;
        goes_on = sink->piece(sink->context, &event);
    }
    return status == LIBLLM_OK ? LIBLLM_ERROR_CANCELLED : status;
}

static void count(struct metrics *m, const libllm_stream_event *last)
{
    atomic_fetch_add(&m->prompt_tokens, last->n_prompt_tokens);
    atomic_fetch_add(&m->cached_tokens, last->n_cached_tokens);
    atomic_fetch_add(&m->generated_tokens, last->n_tokens);
    if (last->n_tokens > 1)
        metrics_count_time(&m->token, last->decode_seconds / (double)(last->n_tokens - 1));
}

static bool check_length(struct server *server, const struct served *s, const struct prompt *p, struct fault *fault)
{
    const uint64_t context = served_context(&server->models, s);
    if (p->tokens.n < context)
        return true;
    fault_request(fault, p->chat ? "messages" : "prompt",
                  "the prompt has %zu tokens, and with the answer at most %llu fit into the context", p->tokens.n,
                  (unsigned long long)context);
    fault->code = "context_length_exceeded";
    return false;
}

bool generate(struct request *r, struct served *s, const struct prompt *p, const struct settings *settings,
              uint32_t choice, const struct sink *sink, libllm_stream_event *last, struct fault *fault)
{
    struct server *server = r->server;
    *last = (libllm_stream_event){.struct_size = sizeof *last};
    if (!check_length(server, s, p, fault))
        return false;
    if (settings->silent) {
        last->text = "";
        last->n_prompt_tokens = p->tokens.n;
        last->finish_reason = LIBLLM_FINISH_LENGTH;
        return sink->begin(sink->context) && sink->piece(sink->context, last);
    }
    libllm_session *draft = NULL;
    libllm_session *session = served_take_session(&server->models, s, r, p->tokens.ids, p->tokens.n, &draft, fault);
    if (!session)
        return false;
    libllm_stream *stream = NULL;
    libllm_error error = {0};
    libllm_status status = open_stream(server, s, session, draft, p, settings, choice, &stream, &error);
    if (status == LIBLLM_OK) {
        watch_session(&server->watch, r, session);
        status = run(r, stream, sink, last, &error);
        watch_session(&server->watch, r, NULL);
        count(&server->metrics, last);
    }
    libllm_stream_free(stream);
    served_give_session(&server->models, s, session);
    if (status == LIBLLM_DONE)
        return true;
    if (atomic_load(&r->cancelled))
        atomic_fetch_add(&server->metrics.cancelled, 1);
    else
        fault_library(fault, &error);
    return false;
}

/* A row for each of them is more than one may want to hold. */
enum { ROWS = 16 };

static libllm_status eval_rows(const struct served *s, libllm_session *session, const struct prompt *p, float *logits,
                               uint32_t n_top, const struct sink *sink, libllm_error *error)
{
    const uint32_t n_vocab = s->access.info.n_vocab;
    libllm_token_logprob *top = allocate(n_top + 1, sizeof *top);
    libllm_stream_event event = {.struct_size = sizeof event, .token = p->tokens.ids[0], .text = ""};
    libllm_status status = libllm_session_rewind(session, 0, error);
    bool goes_on = status == LIBLLM_OK && sink->piece(sink->context, &event);
    for (size_t at = 0; goes_on && status == LIBLLM_OK && at + 1 < p->tokens.n;) {
        const size_t left = p->tokens.n - 1 - at, n = left < ROWS ? left : ROWS;
        status = libllm_session_eval_logits(session, p->tokens.ids + at, n, logits, (size_t)ROWS * n_vocab, error);
        for (size_t i = 0; status == LIBLLM_OK && goes_on && i < n; i++) {
            event.token = p->tokens.ids[at + i + 1];
            event.top_logprobs = top;
            event.n_top_logprobs = n_top;
            event.logprob = logprob_of_row(logits + i * n_vocab, n_vocab, event.token, top, n_top);
            goes_on = sink->piece(sink->context, &event);
        }
        at += n;
    }
    free(top);
    return status == LIBLLM_OK && !goes_on ? LIBLLM_ERROR_CANCELLED : status;
}

bool prompt_logprobs(struct request *r, struct served *s, const struct prompt *p, uint32_t n_top,
                     const struct sink *sink, struct fault *fault)
{
    struct server *server = r->server;
    libllm_error error = {0};
    if (!check_length(server, s, p, fault))
        return false;
    libllm_session *draft = NULL;
    libllm_session *session = served_take_session(&server->models, s, r, p->tokens.ids, p->tokens.n, &draft, fault);
    if (!session)
        return false;
    float *logits = allocate((size_t)ROWS * s->access.info.n_vocab, sizeof *logits);
    watch_session(&server->watch, r, session);
    libllm_status status = eval_rows(s, session, p, logits, n_top, sink, &error);
    watch_session(&server->watch, r, NULL);
    served_give_session(&server->models, s, session);
    free(logits);
    if (status != LIBLLM_OK && !atomic_load(&r->cancelled))
        fault_library(fault, &error);
    return status == LIBLLM_OK;
}

const char *finish_name(int32_t reason)
{
    return reason == LIBLLM_FINISH_TOOL_CALLS ? "tool_calls" : reason == LIBLLM_FINISH_STOP ? "stop" : "length";
}

json_t *usage_json(const libllm_stream_event *last, uint64_t n_generated)
{
    json_int_t prompt = (json_int_t)last->n_prompt_tokens, generated = (json_int_t)n_generated;
    return json_pack("{s:I, s:I, s:I, s:{s:I}}", "prompt_tokens", prompt, "completion_tokens", generated,
                     "total_tokens", prompt + generated, "prompt_tokens_details", "cached_tokens",
                     (json_int_t)last->n_cached_tokens);
}

static double per_second(uint64_t n, double seconds) { return seconds > 0 ? (double)n / seconds : 0; }

json_t *timings_json(const libllm_stream_event *last)
{
    uint64_t computed = last->n_prompt_tokens - last->n_cached_tokens,
             further = last->n_tokens ? last->n_tokens - 1 : 0;
    json_t *timings =
        json_pack("{s:I, s:I, s:f, s:f, s:f, s:I, s:f, s:f, s:f}", "cache_n", (json_int_t)last->n_cached_tokens,
                  "prompt_n", (json_int_t)computed, "prompt_ms", last->prompt_seconds * 1e3, "prompt_per_token_ms",
                  last->prompt_seconds * 1e3 / (double)(computed ? computed : 1), "prompt_per_second",
                  per_second(computed, last->prompt_seconds), "predicted_n", (json_int_t)last->n_tokens, "predicted_ms",
                  last->decode_seconds * 1e3, "predicted_per_token_ms",
                  last->decode_seconds * 1e3 / (double)(further ? further : 1), "predicted_per_second",
                  per_second(further, last->decode_seconds));
    if (last->n_guessed_tokens) {
        json_object_set_new(timings, "draft_n", json_integer((json_int_t)last->n_guessed_tokens));
        json_object_set_new(timings, "draft_n_accepted", json_integer((json_int_t)last->n_accepted_tokens));
    }
    return timings;
}
