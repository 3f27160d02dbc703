/* SPDX-License-Identifier: MIT
 * What the embedding program lends to the library: memory, a place for log lines, limits. Every object keeps a
 * pointer to the ll_host of its runtime; nothing in the library is global.
 */
#ifndef LL_BASE_HOST_H
#define LL_BASE_HOST_H

#include <libllm/libllm.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ll_host {
    libllm_allocate_fn allocate;
    libllm_release_fn release;
    void *allocator_user_data;
    libllm_log_fn log; /* NULL: silent */
    void *log_user_data;
    libllm_limits limits;
} ll_host;

/* The C library's allocator, no log, default limits. */
void ll_host_init(ll_host *host);

/* Memory for count objects of size bytes each, aligned for any type, or NULL (also when the product overflows).
 * A zero-sized request gives a valid pointer. */
void *ll_alloc(const ll_host *host, size_t count, size_t size);
void *ll_calloc(const ll_host *host, size_t count, size_t size);
/* As ll_alloc, aligned to a cache line or page (a power of two up to 4096). */
void *ll_alloc_aligned(const ll_host *host, size_t count, size_t size, size_t alignment);
/* Grow or shrink: copies the smaller of the two counts. On failure the old memory stays valid. */
void *ll_realloc(const ll_host *host, void *memory, size_t old_count, size_t new_count, size_t size);
void ll_free(const ll_host *host, void *memory);
char *ll_strndup(const ll_host *host, const char *text, size_t n_bytes); /* NUL-terminated copy */

void ll_log(const ll_host *host, libllm_log_level level, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
