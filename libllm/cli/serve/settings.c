/* SPDX-License-Identifier: MIT
 * How a request wants tokens chosen.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "serve/fields.h"
#include "serve/generate.h"

enum { STOPS_MAX = 16, BIASES_MAX = 1024, COUNT_MAX = 0x7fffffff };
static const json_int_t SEED_MAX = 0x7fffffffffffffff;

static void begin(struct settings *s)
{
    *s = (struct settings){.n_choices = 1};
    libllm_sampling_options_init(&s->sampling, sizeof s->sampling);
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, 0) == sizeof seed)
        s->sampling.seed = seed;
}

/* What both dialects have under the same name. */
static bool read_common(struct settings *s, const json_t *o, struct fault *fault)
{
    libllm_sampling_options *sampling = &s->sampling;
    json_int_t top_k = sampling->top_k, seed = -1;
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
                field_texts(o, "stop", STOPS_MAX, &s->stops, fault);
    sampling->top_k = top_k < 0 ? 0 : (uint32_t)top_k;
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

/* What asks for a kind of answer that nothing here makes sure of is refused, not ignored. */
static bool refuse_constraints(const json_t *request, struct fault *fault)
{
    const json_t *format = field(request, "response_format"), *tools = field(request, "tool_choice");
    const char *type = json_string_value(json_object_get(format, "type")), *choice = json_string_value(tools);
    bool flag = false;
    json_int_t n = 0;
    if (format && (!type || strcmp(type, "text") != 0))
        return fault_request(fault, "response_format",
                             "response_format can only be {\"type\": \"text\"}: this server "
                             "does not constrain answers");
    if (tools && (!choice || (strcmp(choice, "auto") != 0 && strcmp(choice, "none") != 0)))
        return fault_request(fault, "tool_choice",
                             "tool_choice can only be \"auto\" or \"none\": this server does not "
                             "make a model call a tool");
    for (const char *const *name = (const char *const[]){"grammar", "json_schema", "guided_json", "guided_regex", NULL};
         *name; name++)
        if (field(request, *name))
            return fault_request(fault, *name, "%s is not possible: this server does not constrain answers", *name);
    if (json_is_boolean(field(request, "logprobs")) ? !field_flag(request, "logprobs", &flag, fault)
                                                    : !field_count(request, "logprobs", 0, 20, &n, fault))
        return false;
    if (flag || n)
        return fault_request(fault, "logprobs", "logprobs are not available from this server");
    return true;
}

static bool limit_tokens(struct settings *s, json_int_t asked)
{
    s->max_tokens = asked > 0 ? (uint64_t)asked : 0;
    return true;
}

bool settings_read(struct settings *s, const struct server *server, const json_t *request, struct fault *fault)
{
    json_int_t n_tokens = 0, most = server->options.n_parallel > 8 ? server->options.n_parallel : 8;
    begin(s);
    return refuse_constraints(request, fault) && read_common(s, request, fault) && read_biases(s, request, fault) &&
           field_count(request, "max_tokens", 1, COUNT_MAX, &n_tokens, fault) &&
           field_count(request, "max_completion_tokens", 1, COUNT_MAX, &n_tokens, fault) &&
           field_count(request, "max_output_tokens", 1, COUNT_MAX, &n_tokens, fault) && limit_tokens(s, n_tokens) &&
           field_flag(request, "ignore_eos", &s->ignore_end, fault) &&
           field_count(request, "n", 1, most, &s->n_choices, fault);
}

bool settings_read_ollama(struct settings *s, const struct server *server, const json_t *request, struct fault *fault)
{
    (void)server;
    begin(s);
    const json_t *options = field(request, "options"), *format = field(request, "format");
    json_int_t n_tokens = 0, window = 0;
    if (options && !json_is_object(options))
        return fault_request(fault, "options", "options must be an object");
    if (format && !(json_is_string(format) && json_string_length(format) == 0))
        return fault_request(fault, "format", "format is not possible: this server does not constrain answers");
    bool good = read_common(s, options, fault) &&
                /* -1 and -2: until the model ends. */
                field_count(options, "num_predict", -2, COUNT_MAX, &n_tokens, fault) &&
                field_count(options, "repeat_last_n", -1, COUNT_MAX, &window, fault);
    s->sampling.penalty_window = window > 0 ? (uint32_t)window : 0;
    return good && limit_tokens(s, n_tokens);
}

void settings_free(struct settings *s)
{
    texts_free(&s->stops);
    free(s->biases);
    *s = (struct settings){0};
}
