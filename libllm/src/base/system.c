/* SPDX-License-Identifier: MIT
 * Reading /proc, /sys and the two versions of cgroups.
 */
#include "base/system.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 1024, CGROUP_PATH_MAX = 384, TEXT_BYTES = 8192 };

bool ll_system_text(const char *folder, const char *name, char *out, size_t capacity)
{
    char path[PATH_BYTES];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path)
        return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    size_t used = 0;
    ssize_t n;
    while (used < capacity && (n = read(fd, out + used, capacity - used)) > 0)
        used += (size_t)n;
    close(fd);
    if (used == 0 || used == capacity)
        return false;
    out[used] = '\0';
    return true;
}

bool ll_system_number(const char **text, uint64_t *out)
{
    const char *p = *text;
    uint64_t value = 0;
    if (*p < '0' || *p > '9')
        return false;
    for (; *p >= '0' && *p <= '9'; p++) {
        if (value > UINT64_MAX / 16)
            return false;
        value = value * 10 + (uint64_t)(*p - '0');
    }
    *text = p;
    *out = value;
    return true;
}

/* Whether a list such as "cpu,cpuacct" has the name. */
static bool has_name(const char *list, size_t n, const char *name)
{
    const size_t length = strlen(name);
    for (size_t begin = 0, i = 0; i <= n; i++) {
        if (i == n || list[i] == ',') {
            if (i - begin == length && memcmp(list + begin, name, length) == 0)
                return true;
            begin = i + 1;
        }
    }
    return false;
}

static void visit_upwards(const char *mount, const char *path, bool v2, ll_system_cgroup_fn visit, void *user)
{
    char folder[PATH_BYTES];
    for (size_t n = strlen(path);;) {
        while (n > 0 && path[n - 1] == '/')
            n--;
        if ((size_t)snprintf(folder, sizeof folder, "%s%.*s", mount, (int)n, path) < sizeof folder)
            visit(folder, v2, user);
        if (n == 0)
            return;
        while (n > 0 && path[n - 1] != '/')
            n--;
    }
}

/* /proc/self/cgroup has lines "0::/path" (v2) and "4:cpu,cpuacct:/path" (v1). */
void ll_system_cgroups(const char *root, const char *controller, ll_system_cgroup_fn visit, void *user)
{
    char text[TEXT_BYTES], proc[PATH_BYTES], mount[PATH_BYTES];
    if ((size_t)snprintf(proc, sizeof proc, "%s/proc/self", root) >= sizeof proc ||
        !ll_system_text(proc, "cgroup", text, sizeof text))
        return;
    for (char *line = text, *end; *line; line = end) {
        end = line + strcspn(line, "\n");
        if (*end)
            *end++ = '\0';
        char *controllers = strchr(line, ':');
        char *path = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!path || strlen(path + 1) > CGROUP_PATH_MAX)
            continue;
        controllers++;
        const size_t n_controllers = (size_t)(path - controllers);
        const bool v2 = n_controllers == 0;
        if (!v2 && !has_name(controllers, n_controllers, controller))
            continue;
        if ((size_t)snprintf(mount, sizeof mount, v2 ? "%s/sys/fs/cgroup" : "%s/sys/fs/cgroup/%s", root, controller) <
            sizeof mount)
            visit_upwards(mount, path + 1, v2, visit, user);
    }
}

/* The number behind a name at the start of a line; 0 where there is none. */
static uint64_t number_of(const char *text, const char *name)
{
    const size_t length = strlen(name);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, length) == 0) {
            const char *p = line + length + strspn(line + length, " ");
            uint64_t value;
            return ll_system_number(&p, &value) ? value : 0;
        }
    }
    return 0;
}

static bool file_number(const char *folder, const char *name, uint64_t *out)
{
    char text[64];
    const char *p = text;
    return ll_system_text(folder, name, text, sizeof text) && ll_system_number(&p, out);
}

/* Copies of files count as used by the group that read them, and are given up before anything is refused. */
static void visit_memory(const char *folder, bool v2, void *user)
{
    ll_memory *memory = user;
    char text[TEXT_BYTES];
    uint64_t limit, used;
    if (!file_number(folder, v2 ? "memory.max" : "memory.limit_in_bytes", &limit) ||
        !file_number(folder, v2 ? "memory.current" : "memory.usage_in_bytes", &used))
        return;
    if (ll_system_text(folder, "memory.stat", text, sizeof text)) {
        const uint64_t files = number_of(text, v2 ? "inactive_file" : "total_inactive_file") +
                               number_of(text, v2 ? "active_file" : "total_active_file");
        used -= files < used ? files : used;
    }
    if (limit < memory->total)
        memory->total = limit;
    const uint64_t left = used < limit ? limit - used : 0;
    if (left < memory->available)
        memory->available = left;
}

ll_memory ll_system_memory(const char *root)
{
    char text[TEXT_BYTES], proc[PATH_BYTES];
    ll_memory memory = {0};
    if ((size_t)snprintf(proc, sizeof proc, "%s/proc", root) < sizeof proc &&
        ll_system_text(proc, "meminfo", text, sizeof text)) {
        memory.total = number_of(text, "MemTotal:") * 1024;
        memory.available = number_of(text, "MemAvailable:") * 1024;
    }
    if (memory.available == 0) { /* no /proc */
        const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
        memory.total = page * (uint64_t)sysconf(_SC_PHYS_PAGES);
        memory.available = page * (uint64_t)sysconf(_SC_AVPHYS_PAGES);
    }
    ll_system_cgroups(root, "memory", visit_memory, &memory);
    return memory;
}
