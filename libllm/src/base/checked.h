/* SPDX-License-Identifier: MIT
 * Arithmetic that says when it does not fit. Every number that comes from a file or a caller goes through here
 * before it sizes or indexes anything. Each function returns false on overflow and leaves *out alone.
 */
#ifndef LL_BASE_CHECKED_H
#define LL_BASE_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool ll_add_size(size_t a, size_t b, size_t *out) { return !__builtin_add_overflow(a, b, out); }
static inline bool ll_mul_size(size_t a, size_t b, size_t *out) { return !__builtin_mul_overflow(a, b, out); }
static inline bool ll_add_u64(uint64_t a, uint64_t b, uint64_t *out) { return !__builtin_add_overflow(a, b, out); }
static inline bool ll_mul_u64(uint64_t a, uint64_t b, uint64_t *out) { return !__builtin_mul_overflow(a, b, out); }

/* Round up to a multiple of a power of two. */
static inline bool ll_pad_u64(uint64_t a, uint64_t alignment, uint64_t *out)
{
    uint64_t sum;
    if (!ll_add_u64(a, alignment - 1, &sum))
        return false;
    *out = sum & ~(alignment - 1);
    return true;
}

/* For sizes that are known to be small: round up to a multiple of a power of two. */
static inline size_t ll_round_up(size_t a, size_t alignment) { return (a + alignment - 1) & ~(alignment - 1); }

#endif
