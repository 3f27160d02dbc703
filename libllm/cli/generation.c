/* SPDX-License-Identifier: MIT
 * How text is generated: the options that `generate` and `chat` share, and the loop that prints an answer.
 */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "files.h"
#include "generation.h"
#include "json_view.h"
#include "terminal.h"

#define SAMPLING(field) offsetof(struct generation, sampling.field)
#define GENERATION(field) offsetof(struct generation, field)

enum { MAX_COUNT32 = 0x7fffffff };

const struct option generation_options[] = {
    {"max-tokens", 'n', OPTION_COUNT64, "N", "tokens at most; 0: until the model ends (default)",
     GENERATION(max_tokens), 0, MAX_COUNT32},
    {"context", 'c', OPTION_COUNT64, "N", "tokens that text and answer may have together", GENERATION(context), 1,
     MAX_COUNT32},
    {"temp", 0, OPTION_NUMBER, "T", "temperature; 0: always the likeliest (default: the model's, or 0.8)",
     SAMPLING(temperature), 0, 1000},
    {"top-k", 0, OPTION_COUNT, "K", "keep the K likeliest tokens; 0: all (default: the model's, or 40)",
     SAMPLING(top_k), 0, MAX_COUNT32},
    {"top-p", 0, OPTION_NUMBER, "P", "keep tokens up to this mass (default: the model's, or 0.95)", SAMPLING(top_p), 0,
     1},
    {"min-p", 0, OPTION_NUMBER, "P", "least probability, relative (default: the model's, or 0.05)", SAMPLING(min_p), 0,
     1},
    {"typical", 0, OPTION_NUMBER, "P", "locally typical sampling up to this mass", SAMPLING(typical_p), 0, 1},
    {"repeat-penalty", 0, OPTION_NUMBER, "X", "divides the logits of tokens seen (default: the model's, or 1)",
     SAMPLING(repetition_penalty), 0, 1000},
    {"frequency-penalty", 0, OPTION_NUMBER, "X", "subtracted for each occurrence", SAMPLING(frequency_penalty), -1000,
     1000},
    {"presence-penalty", 0, OPTION_NUMBER, "X", "subtracted after one occurrence", SAMPLING(presence_penalty), -1000,
     1000},
    {"penalty-window", 0, OPTION_COUNT, "N", "tokens the penalties look at (default 64)", SAMPLING(penalty_window), 0,
     MAX_COUNT32},
    {"logit-bias", 0, OPTION_TEXTS, "ID=V", "add V to a token's logit, -inf: forbid (repeatable)", GENERATION(biases),
     0, 0},
    {"seed", 0, OPTION_COUNT64, "S", "same seed, same text (default: random)", SAMPLING(seed), 0, 0x1p64},
    {"stop", 0, OPTION_TEXTS, "TEXT", "end where this text appears (repeatable)", GENERATION(stops), 0, 0},
    {"json-schema", 0, OPTION_TEXT, "SCHEMA", "JSON that is valid under this schema: a file, or the text",
     GENERATION(json_schema), 0, 0},
    {"grammar", 0, OPTION_TEXT, "FILE", "text that this grammar (GBNF) describes", GENERATION(grammar), 0, 0},
    {"regex", 0, OPTION_TEXT, "REGEX", "text that matches this regular expression as a whole", GENERATION(regex), 0, 0},
    {"choice", 0, OPTION_TEXTS, "TEXT", "one of the texts that are given so (repeatable)", GENERATION(choices), 0, 0},
    {"guesses", 0, OPTION_COUNT, "N", "tokens a step to guess from the text before, up to 7 (default 0)",
     GENERATION(n_guesses), 0, 7},
    {"draft", 0, OPTION_TEXT, "MODEL", "a smaller model with the same tokens that guesses, too; same text, sooner",
     GENERATION(draft_name), 0, 0},
    {"session", 0, OPTION_TEXT, "FILE", "begin with what this file keeps of an earlier run, and keep it there again",
     GENERATION(session_file), 0, 0},
    {"ignore-eos", 0, OPTION_FLAG, NULL, "go on after the model's end tokens", GENERATION(ignore_end), 0, 0},
    {"verbose", 'v', OPTION_FLAG, NULL, "print seed, the model's sampling and speed to standard error",
     GENERATION(verbose), 0, 0},
    {0},
};

void generation_init(struct generation *generation)
{
    *generation = (struct generation){0};
    libllm_sampling_options *sampling = &generation->sampling;
    libllm_sampling_options_init(sampling, sizeof *sampling);
    sampling->temperature = sampling->top_p = sampling->min_p = sampling->typical_p = NAN;
    sampling->repetition_penalty = sampling->frequency_penalty = sampling->presence_penalty = NAN;
    sampling->top_k = sampling->penalty_window = UINT32_MAX;
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, 0) == sizeof seed)
        sampling->seed = seed;
    generation->asked.seed = sampling->seed;
}

/* What was given is kept by itself: a server has defaults of its own. */
static void take_defaults(struct generation *generation)
{
    libllm_sampling_options defaults, *sampling = &generation->sampling;
    libllm_sampling_options_init(&defaults, sizeof defaults);
    generation->has_seed = sampling->seed != generation->asked.seed;
    generation->asked = *sampling;
    float *const numbers[][2] = {{&sampling->temperature, &defaults.temperature},
                                 {&sampling->top_p, &defaults.top_p},
                                 {&sampling->min_p, &defaults.min_p},
                                 {&sampling->typical_p, &defaults.typical_p},
                                 {&sampling->repetition_penalty, &defaults.repetition_penalty},
                                 {&sampling->frequency_penalty, &defaults.frequency_penalty},
                                 {&sampling->presence_penalty, &defaults.presence_penalty}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (isnan(*numbers[i][0]))
            *numbers[i][0] = *numbers[i][1];
    if (sampling->top_k == UINT32_MAX)
        sampling->top_k = defaults.top_k;
    if (sampling->penalty_window == UINT32_MAX)
        sampling->penalty_window = defaults.penalty_window;
}

static bool parse_bias(const char *text, libllm_logit_bias *bias)
{
    const char *equals = strchr(text, '=');
    char id[16] = "";
    uint64_t token;
    double value;
    if (!equals || (size_t)(equals - text) >= sizeof id)
        return false;
    memcpy(id, text, (size_t)(equals - text));
    if (!parse_count(id, &token) || token > INT32_MAX || !parse_number(equals + 1, &value))
        return false;
    *bias = (libllm_logit_bias){.token = (int32_t)token, .bias = (float)value};
    return true;
}

int generation_check(struct generation *generation, const struct command *command)
{
    take_defaults(generation);
    for (size_t i = 0; i < generation->stops.n; i++)
        if (!generation->stops.items[i][0])
            return usage_error(command, "--stop needs a text that is not empty");
    if ((generation->json_schema != NULL) + (generation->grammar != NULL) + (generation->regex != NULL) +
            (generation->choices.n > 0) >
        1)
        return usage_error(command, "--json-schema, --grammar, --regex and --choice exclude each other");
    generation->logit_bias = allocate(generation->biases.n, sizeof *generation->logit_bias);
    for (size_t i = 0; i < generation->biases.n; i++)
        if (!parse_bias(generation->biases.items[i], &generation->logit_bias[i]))
            return usage_error(command, "--logit-bias must be ID=V such as 42=-1.5, not '%s'",
                               generation->biases.items[i]);
    generation->sampling.logit_bias = generation->biases.n ? generation->logit_bias : NULL;
    generation->sampling.n_logit_bias = (uint32_t)generation->biases.n;
    return OPTIONS_GO;
}

void generation_free(struct generation *generation)
{
    texts_free(&generation->stops);
    texts_free(&generation->biases);
    texts_free(&generation->choices);
    libllm_constraint_free(generation->constraint);
    generation->constraint = NULL;
    draft_close(&generation->draft);
    free(generation->logit_bias);
    generation->logit_bias = NULL;
}

/* The texts as a JSON array. */
static bool choices_to_json(const struct texts *choices, struct text *text)
{
    json_t *list = json_array();
    bool good = list != NULL;
    for (size_t i = 0; good && i < choices->n; i++)
        good = json_array_append_new(list, json_string(choices->items[i])) == 0;
    char *json = good ? json_dumps(list, JSON_COMPACT) : NULL;
    if (json)
        text_append(text, json, strlen(json));
    else
        message("a --choice is not valid UTF-8");
    free(json);
    json_decref(list);
    return json != NULL;
}

static bool constraint_text(const struct generation *g, libllm_constraint_kind *kind, struct text *text)
{
    if (g->regex) {
        *kind = LIBLLM_CONSTRAINT_REGEX;
        text_append(text, g->regex, strlen(g->regex));
    } else if (g->choices.n) {
        *kind = LIBLLM_CONSTRAINT_CHOICE;
        return choices_to_json(&g->choices, text);
    } else if (g->grammar) {
        *kind = LIBLLM_CONSTRAINT_GBNF;
        return read_file(g->grammar, text);
    } else {
        *kind = LIBLLM_CONSTRAINT_JSON_SCHEMA;
        if (g->json_schema[strspn(g->json_schema, " \t\r\n")] != '{')
            return read_file(g->json_schema, text);
        text_append(text, g->json_schema, strlen(g->json_schema));
    }
    return true;
}

bool generation_is_constrained(const struct generation *generation)
{
    return generation->json_schema || generation->grammar || generation->regex || generation->choices.n;
}

bool generation_constrain(struct generation *generation, const libllm_model *model)
{
    struct text text = {0};
    libllm_constraint_kind kind;
    libllm_error error;
    if (!generation_is_constrained(generation))
        return true;
    bool good = constraint_text(generation, &kind, &text);
    if (good && libllm_constraint_create(model, kind, text.bytes ? text.bytes : "", text.n_bytes,
                                         &generation->constraint, &error) != LIBLLM_OK) {
        failed(&error);
        good = false;
    }
    text_free(&text);
    return good;
}

json_t *generation_format(const struct generation *generation)
{
    static const char *const types[][2] = {[LIBLLM_CONSTRAINT_REGEX] = {"regex", "regex"},
                                           [LIBLLM_CONSTRAINT_CHOICE] = {"choice", "choice"},
                                           [LIBLLM_CONSTRAINT_GBNF] = {"grammar", "grammar"},
                                           [LIBLLM_CONSTRAINT_JSON_SCHEMA] = {"json_schema", "schema"}};
    struct text text = {0};
    libllm_constraint_kind kind;
    json_t *format = NULL;
    if (generation_is_constrained(generation) && constraint_text(generation, &kind, &text))
        format = json_pack("{s:s, s:s%}", "type", types[kind][0], types[kind][1], text.bytes, text.n_bytes);
    text_free(&text);
    return format;
}

void generation_report(const struct generation *generation, const libllm_model *model)
{
    const libllm_sampling_options *asked = &generation->asked;
    const struct {
        const char *name;
        bool given;
    } options[] = {{"temperature", !isnan(asked->temperature)},
                   {"top_k", asked->top_k != UINT32_MAX},
                   {"top_p", !isnan(asked->top_p)},
                   {"min_p", !isnan(asked->min_p)},
                   {"repetition_penalty", !isnan(asked->repetition_penalty)},
                   {"penalty_window", asked->penalty_window != UINT32_MAX}};
    json_t *described = fetch_document(describe_model, model);
    const json_t *recommended = json_object_get(described, "recommended_sampling");
    char list[256] = "";
    size_t n = 0;
    message("seed %" PRIu64, generation->sampling.seed);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        const json_t *value = json_object_get(recommended, options[i].name);
        if (value && !options[i].given && n < sizeof list)
            n += (size_t)snprintf(list + n, sizeof list - n, "%s %s %g", n ? "," : "", options[i].name,
                                  json_number_value(value));
    }
    if (n)
        message("as the model recommends:%s", list);
    json_decref(described);
}

libllm_stream_options generation_stream_options(const struct generation *generation)
{
    libllm_stream_options options;
    libllm_stream_options_init(&options, sizeof options);
    options.max_tokens = generation->max_tokens;
    options.sampling = &generation->sampling;
    options.stops = generation->stops.items;
    options.n_stops = (uint32_t)generation->stops.n;
    options.ignore_end = generation->ignore_end;
    options.constraint = generation->constraint;
    options.n_guesses = generation->n_guesses;
    options.draft = generation->draft.session;
    return options;
}

libllm_status generation_open_session(struct generation *generation, const struct access *access, uint64_t n_positions,
                                      libllm_session **session, libllm_error *error)
{
    libllm_engine_options engine = access->engine;
    engine.n_positions = n_positions;
    libllm_status status = access_open_session(access, &engine, session, error);
    if (status == LIBLLM_OK && generation->session_file) {
        status = libllm_session_load(*session, generation->session_file, error);
        if (status == LIBLLM_ERROR_NOT_FOUND) /* this is the first run */
            status = LIBLLM_OK;
    }
    if (status == LIBLLM_OK)
        status =
            draft_open(&generation->draft, access, generation->draft_name, libllm_session_capacity(*session), error);
    if (status != LIBLLM_OK) {
        libllm_session_free(*session);
        *session = NULL;
    }
    return status;
}

libllm_status generation_keep_session(const struct generation *generation, libllm_session *session, libllm_error *error)
{
    if (!generation->session_file || libllm_session_position(session) == 0)
        return LIBLLM_OK;
    return libllm_session_save(session, generation->session_file, error);
}

/* Static because a signal handler has no other way to reach them. */
static libllm_session *volatile running_session;
static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
    libllm_session_cancel(running_session);
}

void answer_free(struct answer *answer)
{
    for (size_t i = 0; i < answer->n_calls; i++) {
        text_free(&answer->calls[i].id);
        text_free(&answer->calls[i].name);
        text_free(&answer->calls[i].arguments);
    }
    free(answer->calls);
    text_free(&answer->text);
    text_free(&answer->reasoning);
    *answer = (struct answer){0};
}

void answer_add(struct answer *answer, const libllm_stream_event *event)
{
    if (event->kind != LIBLLM_STREAM_TOOL_CALL) {
        text_append(event->kind == LIBLLM_STREAM_TEXT ? &answer->text : &answer->reasoning, event->text,
                    event->n_bytes);
        return;
    }
    if (event->call_name) {
        answer->calls = resize(answer->calls, answer->n_calls + 1, sizeof *answer->calls);
        answer->calls[answer->n_calls] = (struct tool_call){0};
        struct tool_call *call = &answer->calls[answer->n_calls++];
        text_append(&call->id, event->call_id, strlen(event->call_id));
        text_append(&call->name, event->call_name, strlen(event->call_name));
    }
    text_append(&answer->calls[event->call_index].arguments, event->text, event->n_bytes);
}

/* An empty line parts reasoning from the text. */
void generation_show(const libllm_stream_event *event, bool *reasoning)
{
    if (event->remark)
        message("%s", event->remark);
    if (event->kind == LIBLLM_STREAM_TOOL_CALL || event->n_bytes == 0)
        return;
    bool begins = event->kind == LIBLLM_STREAM_REASONING && !*reasoning;
    if (begins)
        dim_begin();
    if (*reasoning && event->kind == LIBLLM_STREAM_TEXT) {
        dim_end();
        fputs("\n\n", stdout);
    }
    *reasoning = event->kind == LIBLLM_STREAM_REASONING;
    put_text(stdout, event->text, event->n_bytes);
}

/* Takes the items of a stream until it ends or Ctrl-C is pressed, and frees it. */
static libllm_status run_stream(libllm_session *session, libllm_stream *stream, bool print, struct answer *answer,
                                libllm_stream_event *event, libllm_error *error)
{
    /* SA_RESTART: a write to a slow terminal must not lose text. */
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = SA_RESTART}, before;
    sigemptyset(&action.sa_mask);
    interrupted = 0;
    running_session = session;
    sigaction(SIGINT, &action, &before);

    libllm_stream_event current = {.struct_size = sizeof current};
    libllm_status status = LIBLLM_OK;
    bool reasoning = false;
    *event = current;
    while (status == LIBLLM_OK && !interrupted) {
        status = libllm_stream_next(stream, &current, error);
        if (print)
            progress_end();
        if (status < 0)
            break;
        if (print) {
            generation_show(&current, &reasoning);
            if (!flush_output()) /* nobody will read the rest */
                exit(EXIT_FAILED);
        }
        if (answer)
            answer_add(answer, &current);
        *event = current;
        event->text = NULL;
    }
    if (status == LIBLLM_OK)
        status = LIBLLM_ERROR_CANCELLED;
    if (reasoning)
        dim_end();

    sigaction(SIGINT, &before, NULL);
    libllm_stream_free(stream);
    return status;
}

libllm_status generation_print(libllm_session *session, libllm_stream *stream, struct answer *answer,
                               libllm_stream_event *event, libllm_error *error)
{
    progress_begin("reading the prompt");
    return run_stream(session, stream, true, answer, event, error);
}

libllm_status generation_collect(libllm_session *session, libllm_stream *stream, const char *doing,
                                 struct answer *answer, libllm_error *error)
{
    libllm_stream_event event;
    progress_begin("%s", doing);
    libllm_status status = run_stream(session, stream, false, answer, &event, error);
    progress_end();
    return status;
}
