/* SPDX-License-Identifier: MIT
 * How a request wants tokens chosen.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "serve/fields.h"
#include "serve/generate.h"

enum { STOPS_MAX = 16, BIASES_MAX = 1024, TOP_MAX = 20, COUNT_MAX = 0x7fffffff };
static const json_int_t SEED_MAX = 0x7fffffffffffffff;

static void begin(struct settings *s, const struct server *server)
{
    *s = (struct settings){.n_choices = 1, .drops = strcmp(server->options.context_policy, "drop") == 0};
    libllm_sampling_options_init(&s->sampling, sizeof s->sampling);
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, 0) == sizeof seed)
        s->sampling.seed = seed;
}

/* What both dialects have under the same name. */
static bool read_common(struct settings *s, const json_t *o, struct fault *fault)
{
    libllm_sampling_options *sampling = &s->sampling;
    json_int_t top_k = sampling->top_k, seed = -1, window = sampling->penalty_window;
    bool good = field_number(o, "temperature", 0, 100, &sampling->temperature, fault) &&
                field_number(o, "top_p", 0, 1, &sampling->top_p, fault) &&
                field_number(o, "min_p", 0, 1, &sampling->min_p, fault) &&
                field_number(o, "typical_p", 0, 1, &sampling->typical_p, fault) &&
                field_number(o, "repeat_penalty", 0, 100, &sampling->repetition_penalty, fault) &&
                field_number(o, "repetition_penalty", 0, 100, &sampling->repetition_penalty, fault) &&
                field_number(o, "frequency_penalty", -100, 100, &sampling->frequency_penalty, fault) &&
                field_number(o, "presence_penalty", -100, 100, &sampling->presence_penalty, fault) &&
                field_count(o, "top_k", -1, COUNT_MAX, &top_k, fault) &&
                field_count(o, "seed", -SEED_MAX - 1, SEED_MAX, &seed, fault) &&
                field_count(o, "repeat_last_n", -1, COUNT_MAX, &window, fault) &&
                field_texts(o, "stop", STOPS_MAX, &s->stops, fault);
    sampling->top_k = top_k < 0 ? 0 : (uint32_t)top_k;
    /* -1: all tokens. 0: none, so that there is nothing to penalize; with the library that is as recommended. */
    sampling->penalty_window = window < 0 ? COUNT_MAX : (uint32_t)window;
    if (window == 0 && field(o, "repeat_last_n")) {
        sampling->repetition_penalty = 1;
        sampling->frequency_penalty = sampling->presence_penalty = 0;
    }
    /* -1 asks for a random one, with Ollama's clients and others. */
    if (seed != -1)
        sampling->seed = (uint64_t)seed;
    return good;
}

/* {"42": -1.5}; -100 forbids the token. */
static bool read_biases(struct settings *s, const json_t *request, struct fault *fault)
{
    json_t *biases = field(request, "logit_bias"), *bias;
    const char *id;
    if (!biases)
        return true;
    if (!json_is_object(biases) || json_object_size(biases) > BIASES_MAX)
        return fault_request(fault, "logit_bias", "logit_bias must be an object of at most %d tokens", BIASES_MAX);
    s->biases = allocate(json_object_size(biases), sizeof *s->biases);
    json_object_foreach (biases, id, bias) {
        uint64_t token;
        double value = json_number_value(bias);
        if (!parse_count(id, &token) || token > INT32_MAX || !json_is_number(bias) || !(value >= -100 && value <= 100))
            return fault_request(fault, "logit_bias",
                                 "logit_bias has a token id for each name, and numbers from -100 "
                                 "to 100");
        s->biases[s->sampling.n_logit_bias++] =
            (libllm_logit_bias){.token = (int32_t)token, .bias = value <= -100 ? -INFINITY : (float)value};
    }
    s->sampling.logit_bias = s->sampling.n_logit_bias ? s->biases : NULL;
    return true;
}

/* OpenAI's chats have a flag and a count, its older completions a count alone. */
static bool read_logprobs(struct settings *s, const json_t *request, struct fault *fault)
{
    const bool counted = field(request, "logprobs") && !json_is_boolean(field(request, "logprobs"));
    if (counted ? !field_count(request, "logprobs", 0, TOP_MAX, &s->n_top, fault)
                : !field_flag(request, "logprobs", &s->logprobs, fault) ||
                      !field_count(request, "top_logprobs", 0, TOP_MAX, &s->n_top, fault))
        return false;
    s->logprobs |= counted;
    return s->logprobs || !s->n_top || fault_request(fault, "top_logprobs", "top_logprobs needs logprobs to be true");
}

/* What becomes of a chat that is too long, where that is not what the server was started with. */
static bool read_truncation(struct settings *s, const json_t *request, struct fault *fault)
{
    const char *given = NULL;
    if (!field_text(request, "truncation", &given, fault))
        return false;
    if (!given)
        return true;
    s->drops = strcmp(given, "auto") == 0;
    return s->drops || strcmp(given, "disabled") == 0 ||
           fault_request(fault, "truncation", "truncation must be auto or disabled");
}

/* Not above what the server allows; 0 is no limit. */
static bool limit_tokens(struct settings *s, const struct server *server, json_int_t asked)
{
    const uint64_t most = server->options.n_tokens;
    s->max_tokens = asked > 0 ? (uint64_t)asked : 0;
    if (most && (!s->max_tokens || s->max_tokens > most))
        s->max_tokens = most;
    return true;
}

/* Under each of its names; -1, as with llama.cpp's server, is no limit. */
static bool read_limit(const json_t *request, json_int_t *n_tokens, struct fault *fault)
{
    static const char *const names[] = {"max_tokens", "max_completion_tokens", "max_output_tokens"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!field_count(request, names[i], -1, COUNT_MAX, n_tokens, fault))
            return false;
        if (*n_tokens == 0 && field(request, names[i]))
            return fault_request(fault, names[i], "%s must be from 1 on, or -1 for no limit", names[i]);
    }
    return true;
}

bool settings_read(struct settings *s, const struct server *server, const json_t *request, struct fault *fault)
{
    json_int_t n_tokens = 0, most = server->options.n_parallel > 8 ? server->options.n_parallel : 8;
    begin(s, server);
    return format_read(s, request, fault) && read_logprobs(s, request, fault) && read_common(s, request, fault) &&
           read_biases(s, request, fault) && read_limit(request, &n_tokens, fault) &&
           limit_tokens(s, server, n_tokens) && read_truncation(s, request, fault) &&
           field_flag(request, "ignore_eos", &s->ignore_end, fault) &&
           field_count(request, "n", 1, most, &s->n_choices, fault);
}

bool settings_read_ollama(struct settings *s, const struct server *server, const json_t *request, struct fault *fault)
{
    begin(s, server);
    const json_t *options = field(request, "options");
    json_int_t n_tokens = 0;
    if (options && !json_is_object(options))
        return fault_request(fault, "options", "options must be an object");
    bool good = format_read_ollama(s, request, fault) && read_logprobs(s, request, fault) &&
                read_common(s, options, fault) &&
                /* -1 and -2: until the model ends. */
                field_count(options, "num_predict", -2, COUNT_MAX, &n_tokens, fault);
    return good && limit_tokens(s, server, n_tokens);
}

void settings_free(struct settings *s)
{
    texts_free(&s->stops);
    free(s->biases);
    json_decref(s->format);
    *s = (struct settings){0};
}
