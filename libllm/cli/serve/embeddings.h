/* SPDX-License-Identifier: MIT
 * Texts to vectors, for both dialects.
 */
#ifndef CLI_SERVE_EMBEDDINGS_H
#define CLI_SERVE_EMBEDDINGS_H

#include "serve/server.h"

/* How vectors are written. */
struct embedding_form {
    json_int_t dimensions; /* 0: all */
    bool base64;
};

/* Appends the vector of each input, which is one text or list of ids, or a list of such, to `list`. False with a
 * fault. */
bool embed_inputs(struct request *request, struct served *served, const json_t *input, const char *name,
                  const struct embedding_form *form, json_t *list, uint64_t *n_tokens, struct fault *fault);

#endif
