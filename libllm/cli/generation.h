/* SPDX-License-Identifier: MIT
 * How text is generated: the options that `generate` and `chat` share, and the loop that prints an answer.
 */
#ifndef CLI_GENERATION_H
#define CLI_GENERATION_H

#include <jansson.h>
#include <libllm/libllm.h>
#include <stdbool.h>

#include "draft.h"
#include "options.h"
#include "text.h"

struct generation {
    libllm_sampling_options sampling;
    /* The same as it was given: NAN, UINT32_MAX and !has_seed are what was not. */
    libllm_sampling_options asked;
    bool has_seed;
    uint64_t max_tokens;
    uint64_t context;
    bool ignore_end;
    bool verbose;
    struct texts stops;
    struct texts biases;
    libllm_logit_bias *logit_bias;
    const char *json_schema, *grammar, *regex; /* the constraint, when there is one */
    struct texts choices;
    libllm_constraint *constraint;
    uint32_t n_guesses;
    const char *draft_name; /* NULL: no model guesses */
    struct draft draft;
    const char *session_file; /* NULL: what is computed is not kept */
};

extern const struct option generation_options[];

/* Nothing is given yet; the seed is random. */
void generation_init(struct generation *generation);
/* Checks what the option table cannot, and puts defaults where nothing was given. Returns OPTIONS_GO or EXIT_USAGE. */
int generation_check(struct generation *generation, const struct command *command);
void generation_free(struct generation *generation);

/* Compiles the constraint that the options ask for, if any, for the model. False, with a message, on failure. */
bool generation_constrain(struct generation *generation, const libllm_model *model);

/* A session for the model with an engine of so many positions, with what the session file has, and the draft. Otherwise
 * there is none, with an error. */
libllm_status generation_open_session(struct generation *generation, const struct access *access, uint64_t n_positions,
                                      libllm_session **session, libllm_error *error);
/* Keeps what the session has computed, when it is to be kept. */
libllm_status generation_keep_session(const struct generation *generation, libllm_session *session,
                                      libllm_error *error);

/* Says, on standard error, the seed and what of the sampling is as the model recommends. */
void generation_report(const struct generation *generation, const libllm_model *model);

/* Whether the options ask for one. */
bool generation_is_constrained(const struct generation *generation);
/* What the constraint says as "response_format" of a request; NULL: there is none. Release with json_decref(). */
json_t *generation_format(const struct generation *generation);

/* The stream options that say the same. */
libllm_stream_options generation_stream_options(const struct generation *generation);

struct tool_call {
    struct text id, name, arguments;
};

/* An answer of a chat. Starts as {0}; release with answer_free(). */
struct answer {
    struct text text, reasoning;
    struct tool_call *calls;
    size_t n_calls;
};

void answer_free(struct answer *answer);
/* Prints the text of an item, reasoning dimmed; *reasoning, which starts as false, says whether it was the last. */
void generation_show(const libllm_stream_event *event, bool *reasoning);
/* Appends what the item of a stream says. */
void answer_add(struct answer *answer, const libllm_stream_event *event);

/* Prints the text that the stream yields as it comes, reasoning dimmed, and keeps all of it in `answer` unless that is
 * NULL. Tool calls are kept, not printed. Ctrl-C ends it with LIBLLM_ERROR_CANCELLED. Frees the stream. `event`
 * receives the numbers of the last item. */
libllm_status generation_print(libllm_session *session, libllm_stream *stream, struct answer *answer,
                               libllm_stream_event *event, libllm_error *error);
/* The same without printing; `doing` is shown while it lasts. */
libllm_status generation_collect(libllm_session *session, libllm_stream *stream, const char *doing,
                                 struct answer *answer, libllm_error *error);

#endif
