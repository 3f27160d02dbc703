/* SPDX-License-Identifier: MIT
 * The devices: a line for each folder.
 */
#include "backend/backend.h"

#include "base/status.h"

#include <string.h>

const ll_backend *const ll_backends[] = {&ll_backend_cpu, &ll_backend_blas, &ll_backend_vulkan, NULL};

/* Behind the colon of a name: at most three digits. */
static bool read_index(const char *text, uint32_t *index)
{
    const size_t n = strspn(text, "0123456789");
    *index = 0;
    for (size_t i = 0; i < n && n <= 3; i++)
        *index = *index * 10 + (uint32_t)(text[i] - '0');
    return n > 0 && n <= 3 && text[n] == '\0';
}

const ll_backend *ll_backend_find(const char *name, uint32_t *index, libllm_error *error)
{
    for (const ll_backend *const *backend = ll_backends; *backend; backend++) {
        const size_t n = strlen((*backend)->kind);
        *index = LL_DEVICE_ANY;
        if (strncmp((*backend)->kind, name, n) != 0)
            continue;
        if (name[n] == '\0' || (*backend == &ll_backend_vulkan && name[n] == ':' && read_index(name + n + 1, index)))
            return *backend;
    }
    ll_fail(error, LIBLLM_ERROR_NOT_FOUND,
            "there is no device \"%.32s\", expected \"cpu\", \"blas\", \"vulkan\" or \"vulkan:N\"", name);
    return NULL;
}

libllm_status ll_backend_choose(const ll_host *host, const ll_device_files *files, const char *name,
                                const ll_backend **backend, uint32_t *index, ll_device_info *info, libllm_error *error)
{
    *backend = ll_backend_find(name, index, error);
    if (!*backend)
        return LIBLLM_ERROR_NOT_FOUND;
    const libllm_status status = (*backend)->describe(host, files, *index == LL_DEVICE_ANY ? 0 : *index, info, error);
    return status == LIBLLM_DONE ? ll_fail(error, LIBLLM_ERROR_NOT_FOUND, "there is no device \"%.32s\"", name)
                                 : status;
}
