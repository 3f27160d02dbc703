/* SPDX-License-Identifier: MIT
 * Generating for a request: how it wants tokens chosen, and the run that hands out pieces while the client is there.
 */
#ifndef CLI_SERVE_GENERATE_H
#define CLI_SERVE_GENERATE_H

#include "generation.h"
#include "serve/server.h"

struct settings {
    libllm_sampling_options sampling;
    uint64_t max_tokens;
    struct texts stops; /* of the request's JSON */
    libllm_logit_bias *biases;
    json_t *format;   /* a "response_format" as libllm_chat_stream() reads it; NULL: any text */
    json_int_t n_top; /* of the likeliest tokens to list, with `logprobs` */
    bool logprobs;
    json_int_t n_choices;
    bool ignore_end;
    bool silent; /* no token is wanted: the prompt alone is read */
    bool drops;  /* the oldest turns of a chat that is too long */
};

/* Starts as {0}. The members have OpenAI's names and those that other servers have for what OpenAI lacks. */
bool settings_read(struct settings *settings, const struct server *server, const json_t *request, struct fault *fault);
/* Ollama's, in "options". */
bool settings_read_ollama(struct settings *settings, const struct server *server, const json_t *request,
                          struct fault *fault);
void settings_free(struct settings *settings);

/* format.c: what both dialects say about the form of an answer, and the constraint of a text that is no chat's. */
bool format_read(struct settings *settings, const json_t *request, struct fault *fault);
bool format_read_ollama(struct settings *settings, const json_t *request, struct fault *fault);
libllm_status format_constraint(const json_t *format, const libllm_model *model, libllm_constraint **constraint,
                                libllm_error *error);

/* Tokens; or with `chat` a conversation, whose tokens they are. */
struct prompt {
    struct token_list tokens;
    char *chat;
    json_t *dropped; /* indices of the messages that were left out; NULL: none were */
};

/* Each false with a fault. Release with prompt_free(). */
/* settings: how the chat is to be answered; NULL: it is not. */
bool prompt_of_chat(struct prompt *prompt, const struct server *server, const struct served *served,
                    const json_t *request, const struct settings *settings, struct fault *fault);
bool prompt_of_text(struct prompt *prompt, const struct served *served, const char *text, size_t n_bytes,
                    uint32_t flags, struct fault *fault);
/* What tokens say, control tokens by name; adds to the text. */
bool text_of_tokens(const struct served *served, const struct token_list *tokens, struct text *text,
                    struct fault *fault);
void prompt_free(struct prompt *prompt);

/* The members of a request that libllm_chat_render() reads, and no others: the rest are variables of templates. Release
 * with json_decref(). */
json_t *chat_members(const json_t *request);

/* Who takes what is generated. `begin` is called when the prompt is accepted and nothing is computed yet; both return
 * false when there is no point in going on. */
struct sink {
    bool (*begin)(void *context);
    bool (*piece)(void *context, const libllm_stream_event *event);
    void *context;
};

/* Generates one answer with a model that was entered. `last` receives the numbers of all. False with a fault, which
 * has the status 0 when nobody waits any more. */
bool generate(struct request *request, struct served *served, const struct prompt *prompt,
              const struct settings *settings, uint32_t choice, const struct sink *sink, libllm_stream_event *last,
              struct fault *fault);

/* How probable the tokens of a prompt are, each handed to `piece` of the sink as if it was generated; the first has no
 * logprob, and top_logprobs is NULL then. False with a fault, as above. */
bool prompt_logprobs(struct request *request, struct served *served, const struct prompt *prompt, uint32_t n_top,
                     const struct sink *sink, struct fault *fault);

/* "stop", "length" or "tool_calls". */
const char *finish_name(int32_t reason);
/* {"prompt_tokens",...} in OpenAI's form, of the prompt and all choices. */
json_t *usage_json(const libllm_stream_event *last, uint64_t n_generated);
/* How long what took, as llama.cpp's server says it. */
json_t *timings_json(const libllm_stream_event *last);

#endif
