/* SPDX-License-Identifier: MIT
 * The handlers of all paths, which routes.c lists, and what they share.
 */
#ifndef CLI_SERVE_HANDLERS_H
#define CLI_SERVE_HANDLERS_H

#include <jansson.h>
#include <time.h>

#include "serve/server.h"

/* status.c */
void handle_health(struct request *request);
void handle_metrics(struct request *request);
void handle_models(struct request *request);
void handle_model(struct request *request);

/* chat_completions.c */
void handle_chat_completions(struct request *request);
/* completions.c */
void handle_completions(struct request *request);
/* embeddings.c */
void handle_embeddings(struct request *request);
/* tokens.c */
void handle_tokenize(struct request *request);
void handle_detokenize(struct request *request);
void handle_apply_template(struct request *request);

/* responses.c, and in items.c what it reads: the conversation as libllm_chat_render() wants it, NULL with a fault. */
void handle_responses(struct request *request);
json_t *conversation_of_items(const json_t *request, struct fault *fault);
/* estimate.c */
void handle_estimate(struct request *request);
/* ollama.c */
void handle_ollama_root(struct request *request);
void handle_ollama_version(struct request *request);
void handle_ollama_tags(struct request *request);
void handle_ollama_ps(struct request *request);
void handle_ollama_show(struct request *request);
void handle_ollama_embed(struct request *request);
/* ollama_chat.c */
void handle_ollama_chat(struct request *request);
void handle_ollama_generate(struct request *request);

/* Answers a request for a model that was opened, or leaves a fault, with the status 0 when nobody waits any more. */
typedef bool (*answer_fn)(struct request *request, struct served *served, const json_t *body, struct fault *fault);
/* Opens the model of a request and has it answered. */
void with_model(struct request *request, answer_fn answer);

/* A name for an answer, such as "chatcmpl-17f3a..."; `id` has room for ID_BYTES. */
enum { ID_BYTES = 48 };
void answer_id(char *id, const char *prefix, const struct request *request);
/* Sends "data: VALUE"; takes the reference. */
bool send_event(struct request *request, json_t *value);
json_t *text_json(const char *text, size_t n_bytes);
const char *fingerprint(void);

#endif
