/* SPDX-License-Identifier: MIT
 * Shows a JSON document of the library, as it is or as a table for people, and rows of numbers.
 */
#ifndef CLI_JSON_VIEW_H
#define CLI_JSON_VIEW_H

#include <jansson.h>
#include <libllm/libllm.h>
#include <stdbool.h>
#include <stddef.h>

/* A library function that describes `object` in JSON, as (buffer, capacity, needed). */
typedef libllm_status (*describe_fn)(const void *object, char *buffer, size_t capacity, size_t *needed,
                                     libllm_error *error);

/* The description, NUL-terminated; NULL, with a message, on failure. Release with free(). */
char *fetch_json(describe_fn describe, const void *object);
/* The same as a value, to be released with json_decref(). */
json_t *fetch_document(describe_fn describe, const void *object);

/* libllm_runtime_devices(); the object is a runtime. */
libllm_status describe_devices(const void *runtime, char *buffer, size_t capacity, size_t *needed, libllm_error *error);
/* libllm_model_describe(). */
libllm_status describe_model(const void *model, char *buffer, size_t capacity, size_t *needed, libllm_error *error);

/* Prints a document on standard output; false, with a message, on failure. */
bool show_json(const char *json, bool as_json);

/* Prints the description on standard output; false, with a message, on failure. */
bool view_json(describe_fn describe, const void *object, bool as_json);

/* Prints numbers on a line; in JSON as an array behind `before`. */
void print_numbers(const float *values, size_t n, bool json, const char *before);

#endif
