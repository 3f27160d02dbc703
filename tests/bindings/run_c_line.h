/* SPDX-License-Identifier: MIT
 * What the steps of the C runner stand on: the keys of a step, objects by their names, the fields of a reply.
 */
#ifndef RUN_C_LINE_H
#define RUN_C_LINE_H

#include <libllm/libllm.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum kind { RUNTIME, MODEL, ENGINE, SESSION, ADAPTER, CONSTRAINT, STREAM, CHAT };

/* A call's array or text comes in two steps: how much there is, then all of it. The call says `room` and `needed`. */
#define SIZED(array, call)                                                                                             \
    do {                                                                                                               \
        status = (call);                                                                                               \
        if (status == LIBLLM_ERROR_BUFFER_TOO_SMALL) {                                                                 \
            room = needed;                                                                                             \
            (array) = allocated(room * sizeof *(array));                                                               \
            status = (call);                                                                                           \
        }                                                                                                              \
    } while (0)

struct object {
    char name[32];
    enum kind kind;
    void *handle; /* NULL: closed */
};

/* Of the step: the status of its last call and its error; whether an object that it names is closed; the fields of its
 * reply. */
extern libllm_status status;
extern libllm_error error;
extern bool met_closed;
extern FILE *reply;

void *allocated(size_t n_bytes);

/* The operation of a line; its keys go where get() finds them. */
char *read_step(char *line);
const char *get(const char *name, const char *otherwise);
uint64_t number(const char *name);
float real(const char *name, const char *otherwise);
int32_t *tokens(size_t *n);

/* The object that a key names. */
void *object(const char *key);
struct object *find(const char *name);
void close_object(struct object *o);
void close_all(void);
/* What a call has made, under the name that the step gives it. */
void keep(enum kind kind, void *handle);

/* Fields of the reply. */
void put(FILE *file, const char *text, size_t n_bytes);
void say(const char *text, size_t n_bytes);
void say_number(int64_t value);
void say_ids(const int32_t *ids, size_t n);
void say_floats(const float *values, size_t n);

#endif
