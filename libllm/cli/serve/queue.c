/* SPDX-License-Identifier: MIT
 * Requests that wait for workers, and the workers.
 */
#include <signal.h>
#include <stdlib.h>

#include "serve/server.h"

static struct request *take(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    while (!q->first && !q->closed)
        pthread_cond_wait(&q->changed, &q->lock);
    struct request *r = q->first;
    if (r) {
        q->first = r->next;
        if (!q->first)
            q->last = &q->first;
    }
    pthread_mutex_unlock(&q->lock);
    return r;
}

struct queue *queue_of(const struct request *r)
{
    return r->route && r->route->work == WORK_LONG ? &r->server->long_queue : &r->server->short_queue;
}

static struct lane *lane_of(const struct request *r) { return &r->served->lanes[r->route->work == WORK_LONG]; }

/* With the lock held. */
static void begin(struct queue *q, struct request *r)
{
    q->n -= r->waits;
    r->waits = r->parked = false;
}

/* False: all places at its model are taken, so it waits there, and whoever leaves one hands it on. */
static bool enter(struct queue *q, struct request *r)
{
    pthread_mutex_lock(&q->lock);
    if (r->served && !r->placed && !atomic_load(&r->cancelled)) {
        struct lane *lane = lane_of(r);
        r->placed = lane->n < q->n_places;
        if (!r->placed) {
            r->parked = true;
            r->next = NULL;
            *(lane->first ? lane->last : &lane->first) = r;
            lane->last = &r->next;
            pthread_mutex_unlock(&q->lock);
            return false;
        }
        lane->n++;
    }
    begin(q, r);
    pthread_mutex_unlock(&q->lock);
    return true;
}

/* The place goes to whoever waits for it first, who is next of all then. */
static void leave(struct queue *q, struct request *r)
{
    pthread_mutex_lock(&q->lock);
    begin(q, r);
    if (r->placed) {
        struct lane *lane = lane_of(r);
        struct request *next = lane->first;
        lane->n -= next == NULL;
        if (next) {
            lane->first = next->next;
            next->placed = true;
            begin(q, next);
            next->next = q->first;
            if (!q->first)
                q->last = &next->next;
            q->first = next;
            pthread_cond_signal(&q->changed);
        }
    }
    pthread_mutex_unlock(&q->lock);
}

static void end(struct request *r)
{
    /* A request that nobody waits for has no answer, but its connection must not stay suspended. */
    if (atomic_load(&r->cancelled) && !r->finished)
        request_fail(r, &(struct fault){503, "server_error", "cancelled", "", "the server is stopping"});
    watch_remove(&r->server->watch, r);
    request_release(r);
}

static void *work(void *queue)
{
    for (struct request *r; (r = take(queue));) {
        const bool goes_on = !atomic_load(&r->cancelled);
        if (goes_on && r->route->work != WORK_PLAIN && !r->json)
            find_model_of(r);
        if (goes_on && !enter(queue, r))
            continue;
        if (goes_on)
            r->route->handle(r);
        leave(queue, r);
        end(r);
    }
    return NULL;
}

void queue_drop(struct request *r)
{
    struct queue *q = queue_of(r);
    pthread_mutex_lock(&q->lock);
    const bool parked = r->parked;
    if (parked) {
        struct lane *lane = lane_of(r);
        struct request **at = &lane->first;
        while (*at != r)
            at = &(*at)->next;
        *at = r->next;
        if (lane->last == &r->next)
            lane->last = at;
        begin(q, r);
    }
    pthread_mutex_unlock(&q->lock);
    if (parked)
        end(r);
}

void queue_open(struct queue *q, uint32_t n_places, size_t n_models, uint32_t n_max)
{
    const uint32_t n_threads = n_places * (uint32_t)n_models + 1;
    *q = (struct queue){.n_max = n_max, .n_places = n_places, .threads = allocate(n_threads, sizeof *q->threads)};
    q->last = &q->first;
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->changed, NULL);
    while (q->n_threads < n_threads && pthread_create(&q->threads[q->n_threads], NULL, work, q) == 0)
        q->n_threads++;
}

bool queue_has_room(struct queue *q) { return queue_length(q) < q->n_max; }

uint32_t queue_length(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    uint32_t n = q->n;
    pthread_mutex_unlock(&q->lock);
    return n;
}

void queue_add(struct queue *q, struct request *r)
{
    r->next = NULL;
    r->waits = true;
    pthread_mutex_lock(&q->lock);
    *q->last = r;
    q->last = &r->next;
    q->n++;
    pthread_cond_signal(&q->changed);
    pthread_mutex_unlock(&q->lock);
}

void queue_close(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->closed = true;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
    for (uint32_t i = 0; i < q->n_threads; i++)
        pthread_join(q->threads[i], NULL);
    pthread_mutex_destroy(&q->lock);
    pthread_cond_destroy(&q->changed);
    free(q->threads);
    *q = (struct queue){0};
}
