/* SPDX-License-Identifier: MIT
 * Opening a BLAS.
 */
#include "backend/blas/library.h"

#include "base/signals.h"
#include "base/status.h"

#include <dlfcn.h>
#include <string.h>

/* A library may start threads of its own when it is opened. */
static void *open_quietly(const char *name)
{
    const sigset_t signals = ll_signals_block();
    void *handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    ll_signals_restore(&signals);
    return handle;
}

/* Fills the library when `name` is one that we can call. */
static libllm_status try_open(const char *name, ll_blas_library *library, libllm_error *error)
{
    *library = (ll_blas_library){.handle = open_quietly(name)};
    if (!library->handle)
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "the BLAS library cannot be opened: %s", dlerror());
    *(void **)&library->sgemm = dlsym(library->handle, "cblas_sgemm");
    *(void **)&library->set_threads = dlsym(library->handle, "openblas_set_num_threads");
    *(void **)&library->threads = dlsym(library->handle, "openblas_get_num_threads");
    *(void **)&library->config = dlsym(library->handle, "openblas_get_config");
    const char *config = library->config ? library->config() : "";
    if (library->sgemm && !strstr(config, "USE64BITINT"))
        return LIBLLM_OK;
    libllm_status status = ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "%s %s", name,
                                   library->sgemm ? "counts in 64 bits; libllm calls the BLAS that counts in 32"
                                                  : "has no function cblas_sgemm");
    ll_blas_close(library);
    return status;
}

libllm_status ll_blas_open(const char *path, ll_blas_library *library, libllm_error *error)
{
    static const char *const names[] = {"libopenblas.so.0", "libcblas.so.3", "libblas.so.3"};
    if (path)
        return try_open(path, library, error);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!try_open(names[i], library, NULL))
            return LIBLLM_OK;
    return ll_fail(
        error, LIBLLM_ERROR_UNSUPPORTED,
        "the device blas needs a BLAS library, and none of %s, %s and %s is installed (on Debian: apt install "
        "libopenblas0-pthread)",
        names[0], names[1], names[2]);
}

void ll_blas_close(ll_blas_library *library)
{
    if (library->handle)
        dlclose(library->handle);
    *library = (ll_blas_library){0};
}
