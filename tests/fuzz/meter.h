/* SPDX-License-Identifier: MIT
 * A host whose memory is counted: what a target still holds, and the most that it held.
 */
#ifndef LL_TESTS_METER_H
#define LL_TESTS_METER_H

#include "base/host.h"

#include <stdlib.h>
#include <string.h>

static struct {
    size_t now, peak; /* bytes */
} meter;

enum { METER_FRONT = 16 }; /* the size is kept in front of what is handed out, which is aligned to 16 bytes at most */

static void *meter_allocate(void *user_data, size_t size, size_t alignment)
{
    (void)user_data;
    if (alignment > METER_FRONT)
        __builtin_trap();
    char *block = malloc(METER_FRONT + size);
    if (!block)
        return NULL;
    memcpy(block, &size, sizeof size);
    meter.now += size;
    if (meter.now > meter.peak)
        meter.peak = meter.now;
    return block + METER_FRONT;
}

static void meter_release(void *user_data, void *block)
{
    (void)user_data;
    size_t size;
    memcpy(&size, (char *)block - METER_FRONT, sizeof size);
    meter.now -= size;
    free((char *)block - METER_FRONT);
}

/* A host with the default limits; the count starts at 0. */
static inline void meter_host(ll_host *host)
{
    ll_host_init(host);
    host->allocate = meter_allocate;
    host->release = meter_release;
    meter.now = meter.peak = 0;
}

#endif
