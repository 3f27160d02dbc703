/* SPDX-License-Identifier: MIT
 * The devices: a line for each folder.
 */
#include "backend/backend.h"

#include <string.h>

const ll_backend *const ll_backends[] = {&ll_backend_cpu, &ll_backend_blas, NULL};

const ll_backend *ll_backend_find(const char *kind)
{
    const ll_backend *const *backend = ll_backends;
    while (*backend && strcmp((*backend)->kind, kind) != 0)
        backend++;
    return *backend;
}
