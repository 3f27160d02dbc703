/* SPDX-License-Identifier: MIT
 * The handlers of all paths, which routes.c lists, and what those for OpenAI's API share.
 */
#ifndef CLI_SERVE_HANDLERS_H
#define CLI_SERVE_HANDLERS_H

#include <jansson.h>
#include <time.h>

#include "serve/request.h"

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

/* A name for an answer, such as "chatcmpl-17f3a..."; `id` has room for ID_BYTES. */
enum { ID_BYTES = 48 };
void answer_id(char *id, const char *prefix, const struct request *request);
/* Sends "data: VALUE"; takes the reference. */
bool send_event(struct request *request, json_t *value);
json_t *text_json(const char *text, size_t n_bytes);
const char *fingerprint(void);

#endif
