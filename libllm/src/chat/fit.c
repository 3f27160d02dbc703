/* SPDX-License-Identifier: MIT
 * Fitting conversations: requests without their first turns are rendered until the fewest are found that have to go.
 *
 * A turn is a message of the user, or several in a row, with all that is said until the user speaks again; what stands
 * before the first is one as well. System and developer messages belong to none.
 */
#include "chat/fit.h"

#include "base/status.h"
#include "chat/request.h"

#include <string.h>

typedef struct fit {
    const ll_chat_template *chat;
    const ll_host *host;
    const ll_tokenizer *tokenizer;
    const libllm_fit_options *options;
    json_t *request;  /* as it was given */
    json_t *messages; /* those in it */
    size_t *turns;    /* of every message: the number of its turn, from 1; 0: of none */
    size_t n_turns;
    ll_buffer text;  /* the request without the turns tried last */
    size_t n_tokens; /* and its tokens */
} fit;

static bool has_role(const json_t *message, const char *role)
{
    return strcmp(json_string_value(json_object_get(message, "role")), role) == 0;
}

static void find_turns(fit *f)
{
    bool in_question = false; /* the message before, of those in turns, is the user's */
    size_t i;
    json_t *message;
    json_array_foreach (f->messages, i, message) {
        if (has_role(message, "system") || has_role(message, "developer")) {
            f->turns[i] = 0;
            continue;
        }
        bool asks = has_role(message, "user");
        if (f->n_turns == 0 || (asks && !in_question))
            f->n_turns++;
        f->turns[i] = f->n_turns;
        in_question = asks;
    }
}

/* A copy of a message of the user with the summary in front. */
static json_t *summarized(const fit *f, const json_t *message)
{
    const libllm_fit_options *o = f->options;
    const json_t *content = json_object_get(message, "content");
    json_t *copy = json_deep_copy(message);
    ll_buffer text;
    ll_buffer_init(&text, f->host);
    ll_buffer_append(&text, o->summary, o->summary_bytes);
    if (json_is_string(content)) {
        ll_buffer_text(&text, "\n\n");
        ll_buffer_append(&text, json_string_value(content), json_string_length(content));
    }
    json_t *fresh = text.failed ? NULL : json_stringn(text.data, text.size);
    ll_buffer_free(&text);
    if (json_is_array(content))
        fresh = json_pack("{s:s, s:o*}", "type", "text", "text", fresh);
    bool set = copy && fresh &&
               (json_is_array(content) ? json_array_insert(json_object_get(copy, "content"), 0, fresh) == 0
                                       : json_object_set(copy, "content", fresh) == 0);
    json_decref(fresh);
    if (!set) {
        json_decref(copy);
        copy = NULL;
    }
    return copy;
}

/* The messages that stay without the first n turns; NULL: out of memory. */
static json_t *kept_messages(const fit *f, size_t n_dropped)
{
    json_t *kept = json_array(), *message;
    bool summarize = n_dropped && f->options->summary_bytes, good = kept != NULL;
    for (size_t i = 0; good && i < json_array_size(f->messages); i++) {
        message = json_array_get(f->messages, i);
        if (f->turns[i] && f->turns[i] <= n_dropped)
            continue;
        /* The first message of a turn that has one before it is the user's. */
        if (f->turns[i] && summarize) {
            good = json_array_append_new(kept, summarized(f, message)) == 0;
            summarize = false;
        } else {
            good = json_array_append(kept, message) == 0;
        }
    }
    if (!good) {
        json_decref(kept);
        kept = NULL;
    }
    return kept;
}

/* Leave the first n turns out, and count the tokens of what is left. */
static libllm_status try_without(fit *f, size_t n_dropped, libllm_error *error)
{
    json_t *kept = kept_messages(f, n_dropped), *request = kept;
    if (json_is_object(f->request)) {
        request = json_copy(f->request);
        if (!kept || !request || json_object_set(request, "messages", kept) != 0) {
            json_decref(request);
            request = NULL;
        }
        json_decref(kept);
    }
    f->text.size = 0;
    bool written = request && ll_json_write(request, JSON_COMPACT, &f->text);
    json_decref(request);
    if (!written)
        return ll_fail_memory(error, "a request");
    ll_tokens tokens;
    ll_tokens_init(&tokens, f->host);
    libllm_status status = ll_chat_tokenize_request(f->chat, f->text.data, f->text.size, &tokens, NULL, error);
    f->n_tokens = tokens.size;
    ll_tokens_free(&tokens);
    return status;
}

/* Find the fewest turns to leave out, at least those that the caller wants gone; f->text is without them afterwards.
 * The usual case, that nothing more has to go, takes one rendering; the others about the logarithm of the turns. */
static libllm_status search(fit *f, size_t budget, size_t *n_dropped, libllm_error *error)
{
    size_t least = f->options->n_dropped_turns, most = f->n_turns ? f->n_turns - 1 : 0, tried = least;
    libllm_status status = try_without(f, least, error);
    if (!status && f->n_tokens > budget && f->options->policy == LIBLLM_FIT_DROP_OLDEST && least < most)
        status = try_without(f, tried = most, error);
    if (!status && f->n_tokens > budget)
        return ll_fail(error, LIBLLM_ERROR_CONTEXT_FULL,
                       "a conversation of %zu tokens (%zu of %zu turns left out) does not fit into %zu, a context of "
                       "%zu less %zu for the answer",
                       f->n_tokens, tried, f->n_turns, budget, f->options->n_positions, f->options->n_reserved);
    most = tried;
    for (least += least < most; !status && least < most;) {
        status = try_without(f, tried = least + (most - least) / 2, error);
        if (f->n_tokens <= budget)
            most = tried;
        else
            least = tried + 1;
    }
    *n_dropped = most;
    return !status && tried != most ? try_without(f, most, error) : status;
}

/* Reporting --------------------------------------------------------------------------------------------- */

static libllm_status add_tokens(const fit *f, const json_t *text, size_t *n, libllm_error *error)
{
    ll_tokens tokens;
    ll_tokens_init(&tokens, f->host);
    libllm_status status = json_is_string(text) ? ll_tokenizer_encode(f->tokenizer, json_string_value(text),
                                                                      json_string_length(text), 0, &tokens, error)
                                                : LIBLLM_OK;
    *n += tokens.size;
    ll_tokens_free(&tokens);
    return status;
}

/* The tokens of what a message says, by itself: no markers of the template. */
static libllm_status count_message(const fit *f, const json_t *message, size_t *n, libllm_error *error)
{
    const json_t *content = json_object_get(message, "content"), *calls = json_object_get(message, "tool_calls");
    libllm_status status = add_tokens(f, content, n, error);
    for (size_t i = 0; !status && i < json_array_size(content); i++)
        status = add_tokens(f, json_object_get(json_array_get(content, i), "text"), n, error);
    if (status || !json_is_array(calls))
        return status;
    ll_buffer text;
    ll_buffer_init(&text, f->host);
    ll_tokens tokens;
    ll_tokens_init(&tokens, f->host);
    status = ll_json_write(calls, JSON_COMPACT, &text)
                 ? ll_tokenizer_encode(f->tokenizer, text.data, text.size, 0, &tokens, error)
                 : ll_fail_memory(error, "a tool call");
    *n += tokens.size;
    ll_tokens_free(&tokens);
    ll_buffer_free(&text);
    return status;
}

/* "name":[the indices of the messages of turns first to last] */
static void put_indices(const fit *f, const char *name, size_t first, size_t last, ll_buffer *out)
{
    const char *before = "";
    ll_buffer_format(out, ",\"%s\":[", name);
    for (size_t i = 0; i < json_array_size(f->messages); i++) {
        if (f->turns[i] >= first && f->turns[i] <= last) {
            ll_buffer_format(out, "%s%zu", before, i);
            before = ",";
        }
    }
    ll_buffer_byte(out, ']');
}

static libllm_status report(const fit *f, size_t budget, size_t n_dropped, ll_buffer *out, libllm_error *error)
{
    bool more = n_dropped + 1 < f->n_turns;
    libllm_status status = LIBLLM_OK;
    ll_buffer_format(out, "{\"tokens\":%zu,\"budget\":%zu,\"turns\":%zu,\"dropped_turns\":%zu", f->n_tokens, budget,
                     f->n_turns, n_dropped);
    put_indices(f, "dropped", 1, n_dropped, out);
    put_indices(f, "next", n_dropped + 1, n_dropped + more, out);
    ll_buffer_text(out, ",\"messages\":[");
    for (size_t i = 0; !status && i < json_array_size(f->messages); i++) {
        size_t n = 0;
        status = count_message(f, json_array_get(f->messages, i), &n, error);
        ll_buffer_format(out, "%s{\"index\":%zu,\"turn\":%zu,\"tokens\":%zu,\"kept\":%s}", i ? "," : "", i, f->turns[i],
                         n, f->turns[i] && f->turns[i] <= n_dropped ? "false" : "true");
    }
    ll_buffer_text(out, "],\"request\":");
    ll_buffer_append(out, f->text.data, f->text.size);
    ll_buffer_byte(out, '}');
    return !status && out->failed ? ll_fail_memory(error, "a report") : status;
}

static libllm_status run(fit *f, ll_buffer *out, libllm_error *error)
{
    const libllm_fit_options *o = f->options;
    size_t budget = o->n_positions - o->n_reserved, n_dropped = 0;
    f->turns = ll_alloc(f->host, json_array_size(f->messages), sizeof *f->turns);
    if (!f->turns)
        return ll_fail_memory(error, "the turns of a conversation");
    find_turns(f);
    if (o->n_dropped_turns && o->n_dropped_turns >= f->n_turns)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT,
                       "n_dropped_turns is %zu, of a conversation of %zu turns, the last of which stays",
                       o->n_dropped_turns, f->n_turns);
    libllm_status status = search(f, budget, &n_dropped, error);
    return status ? status : report(f, budget, n_dropped, out, error);
}

libllm_status ll_chat_fit(const ll_chat_template *chat, const ll_host *host, const ll_tokenizer *tokenizer,
                          ll_span request, const libllm_fit_options *options, ll_buffer *out, libllm_error *error)
{
    fit f = {.chat = chat, .host = host, .tokenizer = tokenizer, .options = options};
    libllm_status status = ll_json_parse(host, request.data, request.size, &f.request, error);
    if (status)
        return status;
    ll_buffer_init(&f.text, host);
    status = ll_request_messages(f.request, &f.messages, error);
    if (!status)
        status = run(&f, out, error);
    ll_buffer_free(&f.text);
    ll_free(host, f.turns);
    json_decref(f.request);
    return status;
}
