/* SPDX-License-Identifier: MIT
 * The server as a whole: its limits, the threads that work for it, and who watches over the requests.
 *
 * One event thread speaks HTTP with everybody and never waits. Requests that are complete go through one of two queues
 * to workers, each of which works on one request at a time; while it does, the connection is suspended and a third
 * kind of thread, the watch, looks whether the client is still there.
 */
#ifndef CLI_SERVE_SERVER_H
#define CLI_SERVE_SERVER_H

#include <libllm/libllm.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "options.h"
#include "serve/metrics.h"
#include "serve/models.h"
#include "serve/request.h"

/* What the command line says. */
struct serve_options {
    const char *host, *socket, *key_file, *context_policy, *draft;
    uint32_t port;
    struct texts models, allowed_hosts, allowed_origins;
    uint32_t n_parallel, n_queue, n_context, n_tokens, n_guesses, idle_seconds, body_mib;
};

enum doing { CONNECTION_IDLE, CONNECTION_SENDS, CONNECTION_WAITS };

/* A client's connection, from its acceptance to its end. */
struct connection {
    int fd;
    double since;  /* when it began to do what it does */
    bool has_sent; /* a request before */
    enum doing doing;
    size_t n_body; /* bytes of the body that it sends */
    struct connection *previous, *next;
};

/* Requests that wait for workers, oldest first. There are workers for all places at all models and one more, which
 * finds out what a request is for: so none waits for a model but those that want this one. */
struct queue {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct request *first, **last;
    uint32_t n, n_max; /* of those that wait, also for a place at their model */
    uint32_t n_places; /* at each model */
    bool closed;
    pthread_t *threads;
    uint32_t n_threads;
};

/* Connections and the requests that are queued or worked on. */
struct watch {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct connection *connections;
    struct request *active;
    uint32_t n_active;
    uint64_t progress; /* sum of the positions of all sessions at work, and of the requests that have ended */
    double progressed; /* when that changed last */
    bool closed;
    pthread_t thread;
};

/* Who may ask: names of this server, pages of browsers, keys. */
struct guard {
    bool local;    /* listens on loopback, or on a socket in the file system */
    bool any_host; /* the latter, which no browser reaches */
    const char *host;
    const struct texts *hosts, *origins;
    struct text keys; /* each with a NUL behind it; empty: none is asked for */
};

struct server {
    struct serve_options options;
    struct MHD_Daemon *daemon;
    struct guard guard;
    struct models models;
    struct queue short_queue, long_queue;
    struct watch watch;
    struct metrics metrics;
    size_t body_max;     /* bytes of one body */
    size_t n_bodies;     /* bytes of all bodies that are in memory; the event thread counts */
    uint64_t n_requests; /* the event thread counts */
    atomic_bool opens;   /* the first model, with what generates */
    atomic_bool stops;
};

/* http.c: speaking HTTP on a socket that listens. */
bool http_start(struct server *server, int listener);
void http_stop(struct server *server);

/* listen.c: the socket, or -1 with a message; and what people connect to. */
int listen_open(const struct serve_options *options, struct text *address);
/* Removes its name in the file system; the socket itself was closed by http_stop(). */
void listen_close(const struct serve_options *options);

/* guard.c. False, with a message, when a wider bind has no key, or the keys cannot be read. */
bool guard_open(struct guard *guard, const struct serve_options *options);
void guard_close(struct guard *guard);
/* What stands against a request with these headers (NULL: not there); status 0 when nothing does. */
struct fault guard_check(const struct guard *guard, const char *host, const char *origin, const char *authorization,
                         bool needs_key);

/* queue.c. */
void queue_open(struct queue *queue, uint32_t n_places, size_t n_models, uint32_t n_max);
/* Of what the event thread does not do itself. */
struct queue *queue_of(const struct request *request);
/* Ends a request that nobody waits for, where it waits for a place at its model; in the queue a worker meets it soon.
 */
void queue_drop(struct request *request);
bool queue_has_room(struct queue *queue);
void queue_add(struct queue *queue, struct request *request);
uint32_t queue_length(struct queue *queue);
/* Ends the threads when the queue is empty; what they work on is finished. */
void queue_close(struct queue *queue);

/* watch.c. */
void watch_open(struct server *server);
void watch_close(struct server *server);
struct connection *watch_connect(struct watch *watch, int fd);
void watch_disconnect(struct watch *watch, struct connection *connection);
void watch_note(struct watch *watch, struct connection *connection, enum doing doing, size_t n_body);
void watch_add(struct watch *watch, struct request *request, int fd);
void watch_remove(struct watch *watch, struct request *request);
/* Between the two, the session is told when the request is cancelled. */
void watch_session(struct watch *watch, struct request *request, libllm_session *session);
void watch_cancel_all(struct watch *watch);
uint32_t watch_n_active(struct watch *watch);
/* Seconds since anything moved on, 0 when nothing is to. */
double watch_stalled(struct watch *watch);

/* replies.c. Reads the body, and finds the model that it names; the request keeps both, or the fault. */
void find_model_of(struct request *request);

/* routes.c. NULL when there is no such path; *known when there is, for another method. */
const struct route *route_find(const char *method, const char *path, bool *known);

#endif
