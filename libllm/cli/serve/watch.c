/* SPDX-License-Identifier: MIT
 * The watch: whether clients are still there, whether they send fast enough, and whether work moves on.
 *
 * The HTTP library does not look at a suspended connection, so a client that has gone is noticed here, by asking its
 * socket a few times each second while a request is queued or worked on.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "serve/server.h"
#include "terminal.h"

enum { TICK_MS = 20, HEADER_SECONDS = 10, IDLE_SECONDS = 60, BODY_SECONDS = 10, BODY_BYTES_PER_SECOND = 1024 };

/* Those who take too long to send a request, or between two. Shutting the socket down makes the event thread close it,
 * and what it closes it tells first, so that the descriptors here are never those of others. */
static void sweep_connections(struct watch *w, double now)
{
    for (struct connection *c = w->connections; c; c = c->next) {
        double allowed = c->doing == CONNECTION_SENDS ? BODY_SECONDS + (double)c->n_body / BODY_BYTES_PER_SECOND
                         : c->has_sent                ? IDLE_SECONDS
                                                      : HEADER_SECONDS;
        if (c->doing != CONNECTION_WAITS && now - c->since > allowed)
            shutdown(c->fd, SHUT_RDWR);
    }
}

static void look_after_requests(struct watch *w, double now)
{
    uint64_t progress = 0;
    for (struct request *r = w->active; r; r = r->next_active) {
        struct pollfd socket = {.fd = r->fd, .events = POLLRDHUP};
        if (poll(&socket, 1, 0) == 1 && (socket.revents & (POLLRDHUP | POLLHUP | POLLERR)))
            atomic_store(&r->cancelled, true);
        /* Each time, since the request may have come between two calls of the session. */
        if (atomic_load(&r->cancelled) && r->session)
            libllm_session_cancel(r->session);
        if (r->session)
            progress += r->serial + libllm_session_position(r->session);
    }
    if (progress != w->progress)
        w->progressed = now;
    w->progress = progress;
}

/* Those that nobody waits for any more, before they get a place. With the lock held, which it gives up between. */
static void drop_waiting(struct watch *w)
{
    for (struct request *r = w->active; r;) {
        struct request *next = r->next_active;
        if (!atomic_load(&r->cancelled) || r->dropped) {
            r = next;
            continue;
        }
        r->dropped = true;
        atomic_fetch_add(&r->references, 1);
        pthread_mutex_unlock(&w->lock);
        queue_drop(r);
        request_release(r);
        pthread_mutex_lock(&w->lock);
        r = w->active;
    }
}

static void wait_until_next(struct watch *w)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (w->active ? TICK_MS : 1000) * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_cond_timedwait(&w->changed, &w->lock, &until);
}

static void *run(void *context)
{
    struct server *server = context;
    struct watch *w = &server->watch;
    double swept = 0;
    pthread_mutex_lock(&w->lock);
    while (!w->closed) {
        double now = seconds_now();
        look_after_requests(w, now);
        drop_waiting(w);
        if (now - swept >= 1) {
            swept = now;
            sweep_connections(w, now);
            pthread_mutex_unlock(&w->lock);
            models_unload_idle(&server->models, now);
            pthread_mutex_lock(&w->lock);
        }
        wait_until_next(w);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

void watch_open(struct server *server)
{
    struct watch *w = &server->watch;
    *w = (struct watch){.progressed = seconds_now()};
    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&w->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    if (pthread_create(&w->thread, NULL, run, server) != 0) {
        message("a thread could not be started");
        exit(EXIT_FAILED);
    }
}

void watch_close(struct server *server)
{
    struct watch *w = &server->watch;
    pthread_mutex_lock(&w->lock);
    w->closed = true;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->changed);
}

struct connection *watch_connect(struct watch *w, int fd)
{
    struct connection *c = allocate(1, sizeof *c);
    c->fd = fd;
    c->since = seconds_now();
    pthread_mutex_lock(&w->lock);
    c->next = w->connections;
    if (c->next)
        c->next->previous = c;
    w->connections = c;
    pthread_mutex_unlock(&w->lock);
    return c;
}

void watch_disconnect(struct watch *w, struct connection *c)
{
    pthread_mutex_lock(&w->lock);
    if (c->previous)
        c->previous->next = c->next;
    else
        w->connections = c->next;
    if (c->next)
        c->next->previous = c->previous;
    pthread_mutex_unlock(&w->lock);
    free(c);
}

void watch_note(struct watch *w, struct connection *c, enum doing doing, size_t n_body)
{
    pthread_mutex_lock(&w->lock);
    if (c->doing != doing)
        c->since = seconds_now();
    c->has_sent |= doing == CONNECTION_WAITS;
    c->doing = doing;
    c->n_body = n_body;
    pthread_mutex_unlock(&w->lock);
}

void watch_add(struct watch *w, struct request *r, int fd)
{
    pthread_mutex_lock(&w->lock);
    if (!w->active)
        w->progressed = seconds_now();
    r->fd = fd;
    r->listed = true;
    r->next_active = w->active;
    if (r->next_active)
        r->next_active->previous_active = r;
    w->active = r;
    w->n_active++;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

void watch_remove(struct watch *w, struct request *r)
{
    pthread_mutex_lock(&w->lock);
    if (r->previous_active)
        r->previous_active->next_active = r->next_active;
    else
        w->active = r->next_active;
    if (r->next_active)
        r->next_active->previous_active = r->previous_active;
    r->listed = false;
    w->n_active--;
    w->progressed = seconds_now();
    pthread_mutex_unlock(&w->lock);
}

void watch_session(struct watch *w, struct request *r, libllm_session *session)
{
    pthread_mutex_lock(&w->lock);
    r->session = session;
    w->progressed = seconds_now();
    pthread_mutex_unlock(&w->lock);
}

void watch_cancel_all(struct watch *w)
{
    pthread_mutex_lock(&w->lock);
    for (struct request *r = w->active; r; r = r->next_active)
        atomic_store(&r->cancelled, true);
    pthread_mutex_unlock(&w->lock);
}

uint32_t watch_n_active(struct watch *w)
{
    pthread_mutex_lock(&w->lock);
    uint32_t n = w->n_active;
    pthread_mutex_unlock(&w->lock);
    return n;
}

double watch_stalled(struct watch *w)
{
    pthread_mutex_lock(&w->lock);
    double seconds = w->active ? seconds_now() - w->progressed : 0;
    pthread_mutex_unlock(&w->lock);
    return seconds;
}
