/* SPDX-License-Identifier: MIT
 * How text is generated: the options that `generate` and `chat` share, and the loop that prints an answer.
 */
#ifndef CLI_GENERATION_H
#define CLI_GENERATION_H

#include <libllm/libllm.h>
#include <stdbool.h>

#include "options.h"
#include "text.h"

struct generation {
    libllm_sampling_options sampling;
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
};

extern const struct option generation_options[];

/* The defaults, with a random seed. */
void generation_init(struct generation *generation);
/* Checks what the option table cannot. Returns OPTIONS_GO or EXIT_USAGE. */
int generation_check(struct generation *generation, const struct command *command);
void generation_free(struct generation *generation);

/* Compiles the constraint that the options ask for, if any, for the model. False, with a message, on failure. */
bool generation_constrain(struct generation *generation, const libllm_model *model);

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
/* Appends what the item of a stream says. */
void answer_add(struct answer *answer, const libllm_stream_event *event);

/* Prints the text that the stream yields as it comes, reasoning dimmed, and keeps all of it in `answer` unless that is
 * NULL. Tool calls are kept, not printed. Ctrl-C ends it with LIBLLM_ERROR_CANCELLED. Frees the stream. `event`
 * receives the numbers of the last item. */
libllm_status generation_print(libllm_session *session, libllm_stream *stream, struct answer *answer,
                               libllm_stream_event *event, libllm_error *error);

#endif
