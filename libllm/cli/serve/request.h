/* SPDX-License-Identifier: MIT
 * A request on its way through the server: what came in, what goes out, and whether anybody still waits for it. The
 * event thread of the HTTP library and one worker share it; each gives up its own reference.
 */
#ifndef CLI_SERVE_REQUEST_H
#define CLI_SERVE_REQUEST_H

#include <jansson.h>
#include <libllm/libllm.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "text.h"

struct MHD_Connection;
struct server;
struct served;
struct request;

/* What is wrong with a request, or with answering it. status 0: nothing. */
struct fault {
    unsigned status;
    const char *type, *code; /* as OpenAI's API has them; code NULL: none */
    char param[64];          /* the member that is at fault; empty: none */
    char message[512];
};

/* How errors look: {"error":{"message",...}}, or Ollama's {"error":"..."}. */
enum dialect { DIALECT_OPENAI, DIALECT_OLLAMA };

/* Where the work is done: on the event thread, which must never wait; by workers for what is short, without a model or
 * with one; by those who generate. */
enum work { WORK_QUICK, WORK_PLAIN, WORK_SHORT, WORK_LONG };

struct route {
    const char *method, *path; /* a path that ends with '*' stands for all that begin with the rest */
    enum work work;
    enum dialect dialect;
    bool open; /* needs no key */
    void (*handle)(struct request *request);
};

struct request {
    struct server *server;
    struct MHD_Connection *connection;
    const struct route *route;
    char *path;
    struct text body;
    double started;
    uint64_t serial;
    atomic_int references;
    atomic_bool cancelled; /* nobody waits for the answer, or the server stops */

    /* The lock of the server's watch guards these. */
    int fd;
    bool listed;
    bool dropped; /* from its lane, if it was there */
    struct request *previous_active, *next_active;
    libllm_session *session; /* what works on it, for libllm_session_cancel() */

    /* The lock of the queue guards these. */
    struct request *next; /* in the queue, or in the lane of its model */
    bool waits;           /* nobody has begun with it */
    bool parked;          /* in that lane */
    bool placed;          /* has a place at its model */

    /* The worker that has it uses these. */
    json_t *json; /* of the body; NULL: not parsed yet, or none */
    struct served *served;
    struct fault fault;   /* why there is no model */
    double keep;          /* how long its model is to stay; NAN: not said */
    bool has_first_token; /* that was counted */

    pthread_mutex_t lock; /* guards what follows */
    struct text output;
    size_t n_sent;
    double taken; /* when the connection last took output */
    unsigned status;
    const char *content_type;
    unsigned retry_after; /* seconds; 0: not said */
    bool ready;           /* status and type are known; without `streams` all of the output, too */
    bool streams, finished;
    bool suspended; /* the connection waits for output */
    bool gone;      /* the connection takes no output any more */
    bool dispatched, refused;

    /* The event thread uses these. */
    size_t n_received; /* bytes of the body */
    bool crowded;      /* there was no memory for it */
};

struct request *request_create(struct server *server, struct MHD_Connection *connection, const char *path);
void request_release(struct request *request);

/* The whole answer. */
void request_reply(struct request *request, unsigned status, const char *content_type, const char *bytes,
                   size_t n_bytes);
/* The same as JSON; takes the reference. */
void request_reply_json(struct request *request, unsigned status, json_t *value);

/* An answer in pieces. Sending is false when nobody reads them any more. */
void request_stream_begin(struct request *request, const char *content_type);
bool request_stream_send(struct request *request, const char *bytes, size_t n_bytes);
void request_stream_end(struct request *request);

/* The fault as the answer, or as the last piece of it where that has begun. */
void request_fail(struct request *request, const struct fault *fault);

/* A fault of the request (400), returned false for `return fault_...`. */
bool fault_request(struct fault *fault, const char *param, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* What the library has said about a request. */
bool fault_library(struct fault *fault, const libllm_error *error);

#endif
