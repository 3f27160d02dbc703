/* SPDX-License-Identifier: MIT
 * Fetching mapped files from a cold disk while they are already in use: in large pieces from the front, as weights lie
 * in the order of layers, where page faults would fetch little at a time and wait for each.
 */
#ifndef LL_FORMAT_READ_AHEAD_H
#define LL_FORMAT_READ_AHEAD_H

#include "format/file.h"

typedef struct ll_read_ahead ll_read_ahead;

/* A thread that fetches what is missing of the files, which have to stay open until ll_read_ahead_stop(). NULL when
 * nothing seems to be missing, or no thread can be had: then pages come when they are touched. */
ll_read_ahead *ll_read_ahead_start(const ll_host *host, const ll_file *files, size_t n_files);
/* Ends within the time of one piece, 8 MiB. NULL is fine. */
void ll_read_ahead_stop(ll_read_ahead *ahead);

#endif
