/* SPDX-License-Identifier: MIT
 * Read-ahead by advice to the kernel.
 */
#include "format/read_ahead.h"

#include "base/signals.h"

#include <sys/mman.h>
#include <unistd.h>

enum { PIECE = 8 << 20, SAMPLES = 64 };

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
        for (size_t at = 0; at < file->size && !__atomic_load_n(&ahead->stop, __ATOMIC_RELAXED); at += PIECE)
            madvise(writable(file->data) + at, file->size - at < PIECE ? file->size - at : PIECE, MADV_WILLNEED);
    }
    return NULL;
}

void ll_read_ahead_start(ll_read_ahead *ahead, const ll_file *files, size_t n_files)
{
    *ahead = (ll_read_ahead){.files = files, .n_files = n_files};
    bool cold = false;
    for (size_t i = 0; i < n_files && !cold; i++)
        cold = seems_cold(&files[i]);
    if (!cold)
        return;
    const sigset_t signals = ll_signals_block();
    if (pthread_create(&ahead->thread, NULL, fetch, ahead) == 0)
        ahead->pid = getpid();
    ll_signals_restore(&signals);
}

void ll_read_ahead_stop(ll_read_ahead *ahead)
{
    if (ahead->pid == 0 || ahead->pid != getpid()) /* a forked child has no such thread */
        return;
    __atomic_store_n(&ahead->stop, true, __ATOMIC_RELAXED);
    pthread_join(ahead->thread, NULL);
    ahead->pid = 0;
}
