/* SPDX-License-Identifier: MIT
 * Memory and log through the hooks of the embedding program.
 */
#include "base/host.h"

#include "base/checked.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *default_allocate(void *user_data, size_t size, size_t alignment)
{
    (void)user_data;
    if (alignment <= _Alignof(max_align_t))
        return malloc(size);
    void *memory = NULL;
    return posix_memalign(&memory, alignment, size) == 0 ? memory : NULL;
}

static void default_release(void *user_data, void *memory)
{
    (void)user_data;
    free(memory);
}

void ll_host_init(ll_host *host)
{
    *host = (ll_host){.allocate = default_allocate, .release = default_release};
    libllm_limits_init(&host->limits, sizeof host->limits);
}

void *ll_alloc_aligned(const ll_host *host, size_t count, size_t size, size_t alignment)
{
    size_t n;
    if (!ll_mul_size(count, size, &n))
        return NULL;
    return host->allocate(host->allocator_user_data, n ? n : 1, alignment);
}

void *ll_alloc(const ll_host *host, size_t count, size_t size)
{
    return ll_alloc_aligned(host, count, size, _Alignof(max_align_t));
}

void *ll_calloc(const ll_host *host, size_t count, size_t size)
{
    void *memory = ll_alloc(host, count, size);
    if (memory)
        memset(memory, 0, count * size);
    return memory;
}

void *ll_realloc(const ll_host *host, void *memory, size_t old_count, size_t new_count, size_t size)
{
    void *grown = ll_alloc(host, new_count, size);
    if (!grown)
        return NULL;
    if (memory) {
        memcpy(grown, memory, (old_count < new_count ? old_count : new_count) * size);
        ll_free(host, memory);
    }
    return grown;
}

void ll_free(const ll_host *host, void *memory)
{
    if (memory)
        host->release(host->allocator_user_data, memory);
}

char *ll_strndup(const ll_host *host, const char *text, size_t n_bytes)
{
    char *copy = n_bytes < SIZE_MAX ? ll_alloc(host, n_bytes + 1, 1) : NULL;
    if (copy) {
        if (n_bytes)
            memcpy(copy, text, n_bytes);
        copy[n_bytes] = 0;
    }
    return copy;
}

void ll_log(const ll_host *host, libllm_log_level level, const char *format, ...)
{
    if (!host->log)
        return;
    char line[1024];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (n < 0)
        return;
    host->log(host->log_user_data, level, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
}
