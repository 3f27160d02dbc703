/* SPDX-License-Identifier: MIT
 * The stream: prompt, then sample, emit, evaluate, and so on. A token is handed out before it is evaluated, so that
 * nobody waits for a computation whose result may never be asked for.
 */
#include "session/stream.h"

#include "base/checked.h"
#include "base/clock.h"
#include "base/status.h"
#include "base/utf8.h"
#include "session/guess.h"

#include <string.h>

/* What a constraint leaves no choice about is evaluated together, this many tokens at most. */
enum { LL_PENDING_MAX = 64, TOP_MAX = 100 };

struct ll_stream {
    ll_session *session;
    libllm_sampling_options sampling;
    libllm_logit_bias *logit_bias;
    char **stops;
    size_t *stop_sizes;
    uint32_t n_stops;
    size_t longest_stop;
    uint64_t max_tokens;
    bool ignore_end, logprobs;
    uint32_t n_top;
    float logprob;             /* of the last token */
    libllm_token_logprob *top; /* [n_top] */
    ll_guesser guesser;

    int32_t *waiting; /* [n_waiting] to be evaluated: what is left of the prompt, then tokens that were handed out */
    size_t n_waiting, n_prompt_left;
    ll_guide *guide;      /* NULL: the text is free */
    ll_buffer text;       /* held back: an unfinished character or the start of a stop text */
    ll_buffer event_text; /* borrowed by the last event */
    libllm_finish_reason finished;

    uint64_t n_prompt, n_cached, n_tokens;
    double prompt_seconds, decode_seconds;
};

static libllm_status copy_stops(ll_stream *s, const libllm_stream_options *o, libllm_error *error)
{
    const ll_host *host = s->session->host;
    if (o->n_stops == 0)
        return LIBLLM_OK;
    if (!o->stops)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "stops is NULL");
    s->stops = ll_calloc(host, o->n_stops, sizeof *s->stops);
    s->stop_sizes = ll_calloc(host, o->n_stops, sizeof *s->stop_sizes);
    if (!s->stops || !s->stop_sizes)
        return ll_fail_memory(error, "the stop texts");
    for (uint32_t i = 0; i < o->n_stops; i++) {
        size_t n = o->stops[i] ? strlen(o->stops[i]) : 0;
        if (n == 0)
            return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "stop text %u is empty", i);
        s->stops[i] = ll_strndup(host, o->stops[i], n);
        if (!s->stops[i])
            return ll_fail_memory(error, "the stop texts");
        s->stop_sizes[i] = n;
        s->n_stops = i + 1;
        s->longest_stop = n > s->longest_stop ? n : s->longest_stop;
    }
    return LIBLLM_OK;
}

static libllm_status copy_sampling(ll_stream *s, const libllm_sampling_options *o, libllm_error *error)
{
    s->sampling = *o;
    if (o->n_logit_bias == 0)
        return LIBLLM_OK;
    s->logit_bias = ll_alloc(s->session->host, o->n_logit_bias, sizeof *s->logit_bias);
    if (!s->logit_bias)
        return ll_fail_memory(error, "the logit biases");
    memcpy(s->logit_bias, o->logit_bias, o->n_logit_bias * sizeof *s->logit_bias);
    s->sampling.logit_bias = s->logit_bias;
    return LIBLLM_OK;
}

static libllm_status make_top(ll_stream *s, const libllm_stream_options *o, libllm_error *error)
{
    if (o->n_top_logprobs > TOP_MAX || (o->n_top_logprobs && !o->logprobs))
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "n_top_logprobs is %u, expected at most %d, with logprobs",
                       o->n_top_logprobs, (int)TOP_MAX);
    const uint32_t n_vocab = s->session->engine->model->n_vocab;
    s->n_top = o->n_top_logprobs < n_vocab ? o->n_top_logprobs : n_vocab;
    s->top = ll_calloc(s->session->host, s->n_top, sizeof *s->top);
    return s->top ? LIBLLM_OK : ll_fail_memory(error, "the likeliest tokens");
}

/* Keep what the timeline shares with the prompt, unless other adapters have had a part in it. At least the last token
 * is evaluated again, for its logits. */
static libllm_status sync_prompt(ll_stream *s, const int32_t *tokens, size_t n, libllm_error *error)
{
    ll_session *session = s->session;
    size_t position = atomic_load(&session->position), shared = 0;
    if (n > session->capacity)
        return ll_fail(error, LIBLLM_ERROR_CONTEXT_FULL, "a prompt of %zu tokens does not fit into a context of %llu",
                       n, (unsigned long long)session->capacity);
    libllm_status status = ll_session_check_ids(session, tokens, n, error);
    if (status)
        return status;
    while (session->n_other == 0 && shared < n - 1 && shared < position && session->tokens[shared] == tokens[shared])
        shared++;
    s->waiting = ll_alloc(session->host, n + LL_PENDING_MAX, sizeof *s->waiting);
    if (!s->waiting)
        return ll_fail_memory(error, "the prompt");
    ll_session_rewind(session, shared, NULL);
    s->n_cached = ll_session_evaluated(session);
    ll_session_rewind(session, s->n_cached, NULL); /* others may have what is to be evaluated again */
    s->n_prompt = n;
    s->n_waiting = s->n_prompt_left = n - s->n_cached;
    memcpy(s->waiting, tokens + s->n_cached, s->n_waiting * sizeof *s->waiting);
    return LIBLLM_OK;
}

libllm_status ll_stream_create(ll_session *session, const int32_t *tokens, size_t n_tokens,
                               const libllm_stream_options *options, const libllm_sampling_options *sampling,
                               ll_grammar *grammar, ll_session *draft, ll_stream **out, libllm_error *error)
{
    *out = NULL;
    if (n_tokens == 0)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT,
                       "the prompt is empty: a model needs a token to go on from");
    if (session->engine->hidden_states)
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "the engine makes hidden states, no logits to go on from");
    libllm_status status = ll_session_check_source(session, error);
    if (!status)
        status = ll_sampling_check(sampling, session->engine->model->n_vocab, error);
    if (status)
        return status;
    ll_stream *s = ll_calloc(session->host, 1, sizeof *s);
    if (!s)
        return ll_fail_memory(error, "a stream");
    s->session = session;
    s->max_tokens = options->max_tokens;
    s->ignore_end = options->ignore_end != 0;
    s->logprobs = options->logprobs != 0;
    ll_buffer_init(&s->text, session->host);
    ll_buffer_init(&s->event_text, session->host);
    status = copy_sampling(s, sampling, error);
    if (!status)
        status = ll_guesser_init(&s->guesser, session, options->n_guesses, draft, &s->sampling, error);
    if (!status)
        status = copy_stops(s, options, error);
    if (!status)
        status = make_top(s, options, error);
    if (!status && grammar)
        status = ll_guide_create(session->host, grammar, &s->guide, error);
    if (!status)
        status = sync_prompt(s, tokens, n_tokens, error);
    if (status) {
        ll_stream_free(s);
        return status;
    }
    session->streaming = true;
    *out = s;
    return LIBLLM_OK;
}

void ll_stream_free(ll_stream *s)
{
    if (!s)
        return;
    const ll_host *host = s->session->host;
    s->session->streaming = false;
    ll_engine_expect_no_more(s->session->engine, s->session);
    for (uint32_t i = 0; i < s->n_stops; i++)
        ll_free(host, s->stops[i]);
    ll_free(host, s->stops);
    ll_free(host, s->stop_sizes);
    ll_free(host, s->logit_bias);
    ll_free(host, s->waiting);
    ll_free(host, s->top);
    ll_guesser_free(&s->guesser, host);
    ll_guide_free(s->guide);
    ll_buffer_free(&s->text);
    ll_buffer_free(&s->event_text);
    ll_free(host, s);
}

/* Bytes at the end of the held text that could be the start of a stop text; sets *found to where a whole one starts. */
static size_t match_stops(const ll_stream *s, size_t *found)
{
    const char *text = s->text.data;
    size_t size = s->text.size, hold = 0;
    *found = SIZE_MAX;
    for (uint32_t i = 0; i < s->n_stops; i++) {
        const char *stop = s->stops[i];
        size_t n = s->stop_sizes[i];
        for (size_t at = 0; at < size; at++) {
            size_t left = size - at, compare = left < n ? left : n;
            if (text[at] != stop[0] || memcmp(text + at, stop, compare) != 0)
                continue;
            if (compare == n)
                *found = at < *found ? at : *found;
            else
                hold = left > hold ? left : hold;
            break;
        }
    }
    return hold;
}

/* Move what may be shown from the held text to the event, which has room for it. At the end everything goes. */
static void release_text(ll_stream *s, bool at_end)
{
    size_t found, n = s->text.size, hold = match_stops(s, &found);
    if (found != SIZE_MAX) {
        s->finished = LIBLLM_FINISH_STOP;
        n = found;
    } else if (!at_end) {
        n = ll_utf8_complete(s->text.data, s->text.size);
        n = n < s->text.size - hold ? n : s->text.size - hold;
    }
    /* A stream yields whole characters only: bytes that cannot be one any more come out as U+FFFD. */
    for (size_t i = 0; i < n;) {
        int32_t c;
        size_t length = ll_utf8_decode(s->text.data + i, n - i, &c);
        if (c < 0)
            ll_buffer_text(&s->event_text, "\xEF\xBF\xBD");
        else
            ll_buffer_append(&s->event_text, s->text.data + i, length);
        i += length;
    }
    size_t left = found != SIZE_MAX ? 0 : s->text.size - n;
    if (left)
        memmove(s->text.data, s->text.data + n, left);
    s->text.size = left;
}

/* Tokens that were guessed need no evaluation. */
static void take_guessed(ll_stream *s)
{
    size_t n = 0;
    while (n < s->n_waiting && ll_guesser_take(&s->guesser, s->session, s->waiting[n]))
        n++;
    s->n_waiting -= n;
    memmove(s->waiting, s->waiting + n, s->n_waiting * sizeof *s->waiting);
}

/* Bring the timeline up to date: the prompt at first, later the tokens that were handed out last. */
static libllm_status evaluate(ll_stream *s, libllm_error *error)
{
    const double start = ll_seconds();
    const bool reads = s->n_prompt_left != 0;
    const uint64_t n_left = s->max_tokens ? s->max_tokens - s->n_tokens : UINT64_MAX;
    take_guessed(s);
    if (s->n_waiting == 0)
        return LIBLLM_OK;
    libllm_status status = reads || s->n_waiting > 1
                               ? ll_session_eval(s->session, s->waiting, s->n_waiting, NULL, error)
                               : ll_guesser_eval(&s->guesser, s->session, s->waiting[0], n_left, error);
    *(reads ? &s->prompt_seconds : &s->decode_seconds) += ll_seconds() - start;
    if (status)
        return status;
    if (reads)
        s->n_cached += s->session->n_reused < s->n_prompt_left ? s->session->n_reused : s->n_prompt_left;
    s->n_waiting = s->n_prompt_left = 0;
    return LIBLLM_OK;
}

/* The next token: where a constraint leaves but one text or token, without asking the model. Or the text is
 * complete. */
static libllm_status choose(ll_stream *s, int32_t *token, libllm_error *error)
{
    const uint32_t *allowed = NULL;
    if (s->guide) {
        ll_next next;
        libllm_status status = ll_guide_forced(s->guide, token, error);
        if (!status && *token >= 0)
            return s->n_waiting - s->n_prompt_left < LL_PENDING_MAX ? LIBLLM_OK : evaluate(s, error);
        if (!status)
            status = ll_guide_next(s->guide, &next, error);
        if (status)
            return status;
        if (next.n == 0) {
            s->finished = LIBLLM_FINISH_STOP;
            return LIBLLM_OK;
        }
        const bool may_end = next.complete && !s->ignore_end;
        if (next.n == 1 && !may_end && s->n_waiting - s->n_prompt_left < LL_PENDING_MAX && !s->logprobs) {
            *token = next.only;
            return LIBLLM_OK;
        }
        allowed = may_end ? ll_guide_with_ends(s->guide) : next.bits;
    }
    libllm_status status = evaluate(s, error);
    if (!status)
        status = ll_session_sample(s->session, &s->sampling, allowed, token, error);
    if (!status && s->logprobs)
        s->logprob = ll_session_logprobs(s->session, *token, s->top, s->n_top);
    return status;
}

/* One more token, unless the generation is over. */
static libllm_status generate(ll_stream *s, int32_t *token, libllm_error *error)
{
    const ll_tokenizer *tokenizer = s->session->engine->model->tokenizer;
    if (s->max_tokens && s->n_tokens >= s->max_tokens) {
        s->finished = LIBLLM_FINISH_LENGTH;
        return LIBLLM_OK;
    }
    if (atomic_load(&s->session->position) + s->n_waiting > s->session->capacity) {
        s->finished = LIBLLM_FINISH_CONTEXT;
        return LIBLLM_OK;
    }
    libllm_status status = choose(s, token, error);
    double start = ll_seconds();
    if (status || s->finished)
        return status;
    if (!s->ignore_end && tokenizer && ll_tokenizer_ends(tokenizer, *token)) {
        s->finished = LIBLLM_FINISH_STOP;
        return LIBLLM_OK;
    }
    size_t before = s->text.size;
    if (tokenizer)
        status = ll_tokenizer_piece(tokenizer, *token, 0, &s->text, error);
    /* As much as all of the held text may come to, so that releasing it cannot fail, now or at the end. */
    if (!status && !ll_buffer_reserve(&s->event_text, 3 * s->text.size))
        status = ll_fail_memory(error, "generated text");
    if (!status && s->guide)
        status = ll_guide_accept(s->guide, *token, error);
    if (status) {
        s->text.size = before; /* the next call draws the same token */
        return status;
    }
    s->waiting[s->n_waiting++] = *token;
    if (s->n_tokens++)
        s->decode_seconds += ll_seconds() - start;
    return LIBLLM_OK;
}

libllm_status ll_stream_next(ll_stream *s, libllm_stream_event *event, libllm_error *error)
{
    int32_t token = -1;
    size_t held = s->text.size;
    s->event_text.size = 0;
    s->text.failed = s->event_text.failed = false; /* what could not be had then may be had now */
    const uint64_t n_before = s->n_tokens;
    bool over = s->finished != LIBLLM_FINISH_NONE;
    if (!over) {
        libllm_status status = generate(s, &token, error);
        if (status)
            return status;
        /* A token without text (a control token) ends what stands before it. */
        release_text(s, s->finished != LIBLLM_FINISH_NONE || s->text.size == held);
    }
    /* Text that was held back still comes as an item of its own before the end is said. */
    bool done = s->finished != LIBLLM_FINISH_NONE && s->event_text.size == 0;
    const bool listed = s->n_tokens > n_before && s->logprobs;
    *event = (libllm_stream_event){.struct_size = sizeof *event,
                                   .token = token,
                                   .text = s->event_text.data ? s->event_text.data : "",
                                   .n_bytes = s->event_text.size,
                                   .n_tokens = s->n_tokens,
                                   .n_prompt_tokens = s->n_prompt,
                                   .n_cached_tokens = s->n_cached,
                                   .n_guessed_tokens = s->guesser.n_guessed,
                                   .n_accepted_tokens = s->guesser.n_accepted,
                                   .prompt_seconds = s->prompt_seconds,
                                   .decode_seconds = s->decode_seconds,
                                   .logprob = listed ? s->logprob : 0,
                                   .n_top_logprobs = listed ? s->n_top : 0,
                                   .top_logprobs = listed ? s->top : NULL,
                                   .finish_reason = (int32_t)(done ? s->finished : LIBLLM_FINISH_NONE)};
    return done ? LIBLLM_DONE : LIBLLM_OK;
}
