/* SPDX-License-Identifier: MIT
 * Fetching mapped files from a cold disk while they are already in use: in large pieces from the front, as weights lie
 * in the order of layers, where page faults would fetch little at a time and wait for each.
 */
#ifndef LL_FORMAT_READ_AHEAD_H
#define LL_FORMAT_READ_AHEAD_H

#include "format/file.h"

#include <pthread.h>

/* Private members. Without memory of its own: whether a file is cold must not decide which allocations a caller sees.
 */
typedef struct {
    const ll_file *files;
    size_t n_files;
    pid_t pid; /* 0: no thread */
    pthread_t thread;
    bool stop; /* atomic */
} ll_read_ahead;

/* A thread that fetches what is missing of the files, which have to stay open until ll_read_ahead_stop(), as *ahead has
 * to stay where it is. None when nothing seems to be missing, or no thread can be had: then pages come when they are
 * touched. */
void ll_read_ahead_start(ll_read_ahead *ahead, const ll_file *files, size_t n_files);
/* Ends within the time of one piece, 8 MiB. All bytes zero, never started, is fine. */
void ll_read_ahead_stop(ll_read_ahead *ahead);

#endif
