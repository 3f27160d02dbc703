/* SPDX-License-Identifier: MIT
 * What was recorded, as far as order matters, and whether the barriers are where they have to be. Vulkan's own checks
 * do not see what shaders read and write by addresses.
 */
#ifndef LL_BACKEND_VULKAN_HAZARDS_H
#define LL_BACKEND_VULKAN_HAZARDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A dispatch, with what it reads and writes as bits of ll_vk_resource; or a barrier, behind which all is visible. */
typedef struct ll_vk_event {
    bool is_barrier;
    const char *name;
    uint32_t reads, writes;
    uint64_t flops;
} ll_vk_event;

typedef struct ll_vk_trace {
    ll_vk_event *events;
    size_t n, capacity;     /* n counts also what there was no room for */
    uint64_t flops_of_part; /* 0: what the device has shown to compute in the time of a part */
} ll_vk_trace;

/* The first dispatch that reads or writes what another one without a barrier in between has written, or writes what it
 * has read; n where there is none. */
size_t ll_vk_find_hazard(const ll_vk_event *events, size_t n);

struct ll_executor;
/* Events of later batches go to the trace, of which there may be none. */
void ll_vk_set_trace(struct ll_executor *executor, ll_vk_trace *trace);

#endif
