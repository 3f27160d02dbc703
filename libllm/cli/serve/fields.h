/* SPDX-License-Identifier: MIT
 * Reading the members of a request's JSON: each is checked for type and range, and the first that is wrong becomes the
 * fault of the request. null counts as not given, and members that nobody asks for are ignored.
 */
#ifndef CLI_SERVE_FIELDS_H
#define CLI_SERVE_FIELDS_H

#include <jansson.h>

#include "options.h"
#include "serve/request.h"

/* The object of the body; NULL with a fault. Release with json_decref(). */
json_t *fields_parse(const struct request *request, struct fault *fault);

/* The member unless it is null or not there. */
json_t *field(const json_t *object, const char *name);

/* Each leaves *value as it is when the member is not there, and returns false with a fault when it is wrong. */
bool field_flag(const json_t *object, const char *name, bool *value, struct fault *fault);
bool field_number(const json_t *object, const char *name, double low, double high, float *value, struct fault *fault);
bool field_count(const json_t *object, const char *name, json_int_t low, json_int_t high, json_int_t *value,
                 struct fault *fault);
/* In seconds: a number of them, or as Go writes it, "1h30m" or "500ms"; below zero is for ever. */
bool field_duration(const json_t *object, const char *name, double *seconds, struct fault *fault);
bool field_text(const json_t *object, const char *name, const char **value, struct fault *fault);

/* A text or a list of texts, which stay those of the object. */
bool field_texts(const json_t *object, const char *name, size_t n_max, struct texts *texts, struct fault *fault);

/* A list of ids within the vocabulary; false with a fault. Release with free(tokens->ids). */
bool tokens_of_array(const json_t *array, const char *name, uint32_t n_vocab, struct token_list *tokens,
                     struct fault *fault);

#endif
