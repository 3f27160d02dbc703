/* SPDX-License-Identifier: MIT
 * Reading bytes that came from outside, in order and within bounds. A read past the end fails and leaves the
 * position alone. Little-endian, unaligned.
 */
#ifndef LL_BASE_CURSOR_H
#define LL_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct ll_cursor {
    const uint8_t *data;
    size_t size;
    size_t position;
} ll_cursor;

static inline size_t ll_cursor_left(const ll_cursor *c) { return c->size - c->position; }

static inline bool ll_cursor_take(ll_cursor *c, size_t n, const uint8_t **out)
{
    if (n > ll_cursor_left(c))
        return false;
    *out = c->data + c->position;
    c->position += n;
    return true;
}

/* Values are copied out because files give no alignment; the host is little-endian (checked in the build). */
static inline bool ll_cursor_u32(ll_cursor *c, uint32_t *out)
{
    const uint8_t *p;
    if (!ll_cursor_take(c, sizeof *out, &p))
        return false;
    memcpy(out, p, sizeof *out);
    return true;
}

static inline bool ll_cursor_u64(ll_cursor *c, uint64_t *out)
{
    const uint8_t *p;
    if (!ll_cursor_take(c, sizeof *out, &p))
        return false;
    memcpy(out, p, sizeof *out);
    return true;
}

#endif
