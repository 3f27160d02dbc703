/* SPDX-License-Identifier: MIT
 * What Linux tells a process of its machine: small files of /proc and /sys, the cgroups it is in, memory.
 */
#ifndef LL_BASE_SYSTEM_H
#define LL_BASE_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A small file of a folder as text; false when it cannot be read, is empty or longer. */
bool ll_system_text(const char *folder, const char *name, char *out, size_t capacity);

/* The decimal number at *text, which is moved behind it; false when there is none or it is absurdly large. */
bool ll_system_number(const char **text, uint64_t *out);

/* Calls `visit` for each cgroup whose limits of a controller ("cpu") this process is under, from its own up to the root
 * of the mount: a limit holds for everything below it. `root` stands before all paths: "", but in tests. */
typedef void (*ll_system_cgroup_fn)(const char *folder, bool v2, void *user);
void ll_system_cgroups(const char *root, const char *controller, ll_system_cgroup_fn visit, void *user);

typedef struct ll_memory {
    uint64_t total;     /* bytes of the machine, or of the least that a cgroup allows */
    uint64_t available; /* that can be had without swapping: what is free, and what only holds copies of files */
} ll_memory;

ll_memory ll_system_memory(const char *root);

#endif
