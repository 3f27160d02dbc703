/* SPDX-License-Identifier: MIT
 * Read-ahead by advice to the kernel.
 */
#include "format/read_ahead.h"

#include "base/signals.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PIECE = 8 << 20, SAMPLES = 64 };

struct ll_read_ahead {
    const ll_host *host;
    const ll_file *files;
    size_t n_files;
    pid_t pid;
    pthread_t thread;
    atomic_bool stop;
};

static uint8_t *writable(const uint8_t *data) { return (uint8_t *)(uintptr_t)data; } /* system calls ask for it */

/* Whether one of some pages, spread over the file, is not in memory. */
static bool seems_cold(const ll_file *file)
{
    if (!file->mapped)
        return false;
    size_t page = (size_t)sysconf(_SC_PAGESIZE), n_pages = file->size / page;
    for (size_t i = 0; i < SAMPLES && i < n_pages; i++) {
        unsigned char resident;
        size_t at = n_pages * i / SAMPLES * page;
        if (mincore(writable(file->data) + at, page, &resident) != 0)
            return false;
        if ((resident & 1) == 0)
            return true;
    }
    return false;
}

static void *fetch(void *context)
{
    ll_read_ahead *ahead = context;
    for (size_t i = 0; i < ahead->n_files; i++) {
        const ll_file *file = &ahead->files[i];
        if (!file->mapped)
            continue;
        for (size_t at = 0; at < file->size && !atomic_load(&ahead->stop); at += PIECE)
            madvise(writable(file->data) + at, file->size - at < PIECE ? file->size - at : PIECE, MADV_WILLNEED);
    }
    return NULL;
}

ll_read_ahead *ll_read_ahead_start(const ll_host *host, const ll_file *files, size_t n_files)
{
    bool cold = false;
    for (size_t i = 0; i < n_files && !cold; i++)
        cold = seems_cold(&files[i]);
    ll_read_ahead *ahead = cold ? ll_alloc(host, 1, sizeof *ahead) : NULL;
    if (!ahead)
        return NULL;
    *ahead = (ll_read_ahead){.host = host, .files = files, .n_files = n_files, .pid = getpid()};
    const sigset_t signals = ll_signals_block();
    bool started = pthread_create(&ahead->thread, NULL, fetch, ahead) == 0;
    ll_signals_restore(&signals);
    if (started)
        return ahead;
    ll_free(host, ahead);
    return NULL;
}

void ll_read_ahead_stop(ll_read_ahead *ahead)
{
    if (!ahead)
        return;
    if (ahead->pid == getpid()) { /* a forked child has no such thread */
        atomic_store(&ahead->stop, true);
        pthread_join(ahead->thread, NULL);
    }
    ll_free(ahead->host, ahead);
}
