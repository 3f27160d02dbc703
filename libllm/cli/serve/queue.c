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
        q->n--;
    }
    pthread_mutex_unlock(&q->lock);
    return r;
}

static void *work(void *queue)
{
    for (struct request *r; (r = take(queue));) {
        struct watch *watch = &r->server->watch;
        if (!atomic_load(&r->cancelled))
            r->route->handle(r);
        /* A request that nobody waits for has no answer, but its connection must not stay suspended. */
        if (atomic_load(&r->cancelled) && !r->finished)
            request_fail(r, &(struct fault){503, "server_error", "cancelled", "", "the server is stopping"});
        watch_remove(watch, r);
        request_release(r);
    }
    return NULL;
}

void queue_open(struct queue *q, uint32_t n_threads, uint32_t n_max)
{
    *q = (struct queue){.n_max = n_max, .threads = allocate(n_threads, sizeof *q->threads)};
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
