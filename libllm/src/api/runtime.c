/* SPDX-License-Identifier: MIT
 * The runtime: what the program lends, and the devices.
 */
#include "api/handles.h"
#include "api/options.h"

#include "base/cpu.h"
#include "base/json.h"
#include "base/status.h"
#include "backend/backend.h"
#include "backend/cpu/kernels.h"

#include <string.h>
#include <unistd.h>

enum { THREADS_MAX = 1024 };

uint32_t libllm_version(void)
{
    return LIBLLM_VERSION_MAJOR * 10000 + LIBLLM_VERSION_MINOR * 100 + LIBLLM_VERSION_PATCH;
}

bool ll_was_last(atomic_size_t *users) { return atomic_fetch_sub_explicit(users, 1, memory_order_acq_rel) == 1; }

libllm_runtime *ll_use_runtime(const libllm_runtime *runtime)
{
    libllm_runtime *shared = (libllm_runtime *)(uintptr_t)runtime;
    atomic_fetch_add_explicit(&shared->users, 1, memory_order_relaxed);
    return shared;
}

/* Zero means the default, field by field. */
static libllm_status read_limits(const libllm_limits *given, libllm_limits *out, libllm_error *error)
{
    libllm_limits limits = {.struct_size = sizeof limits};
    libllm_limits_init(out, sizeof *out);
    libllm_status status = ll_read_options(given, &limits, sizeof limits, "libllm_limits", error);
    if (status)
        return status;
#define TAKE(field)                                                                                                    \
    if (limits.field)                                                                                                  \
    out->field = limits.field
    TAKE(gguf_entries);
    TAKE(tensors);
    TAKE(key_bytes);
    TAKE(string_bytes);
    TAKE(array_elements);
    TAKE(json_depth);
    TAKE(template_depth);
    TAKE(template_steps);
    TAKE(template_bytes);
    TAKE(template_output_bytes);
    TAKE(text_bytes);
#undef TAKE
    return LIBLLM_OK;
}

libllm_status libllm_runtime_create(const libllm_runtime_options *options, libllm_runtime **runtime,
                                    libllm_error *error)
{
    if (!runtime)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "runtime is NULL");
    *runtime = NULL;
    libllm_runtime_options o;
    libllm_runtime_options_init(&o, sizeof o);
    libllm_status status = ll_read_options(options, &o, sizeof o, "libllm_runtime_options", error);
    if (status)
        return status;
    if (!o.allocate != !o.release)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "allocate and release are given together or not at all");
    if (o.n_threads > THREADS_MAX)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "n_threads is %u, expected 1 to %d, or 0", o.n_threads,
                       THREADS_MAX);
    if (o.fixed_threads > 1 || o.reserved)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT,
                       "fixed_threads is %u and reserved %u, expected 0 or 1 and 0", o.fixed_threads, o.reserved);
    ll_host host;
    ll_host_init(&host);
    if (o.allocate) {
        host.allocate = o.allocate;
        host.release = o.release;
        host.allocator_user_data = o.allocator_user_data;
    }
    host.log = o.log;
    host.log_user_data = o.log_user_data;
    status = read_limits(o.limits, &host.limits, error);
    uint32_t features = ll_cpu_detect();
    if (!status && !ll_cpu_mask(o.cpu_mask, &features))
        status = ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "cpu_mask is \"%.32s\", expected one of %s", o.cpu_mask,
                         ll_cpu_mask_names);
    if (status)
        return status;
    libllm_runtime *r = ll_alloc(&host, 1, sizeof *r);
    if (!r)
        return ll_fail_memory(error, "a runtime");
    *r = (libllm_runtime){.users = 1, .host = host, .cpu_features = ll_cpu_permitted(features)};
    if (o.blas_library) {
        r->blas_library = ll_strndup(&host, o.blas_library, strlen(o.blas_library));
        if (!r->blas_library)
            status = ll_fail_memory(error, "a runtime");
    }
    r->tables = ll_table_store_create(&r->host);
    if (!status && !r->tables)
        status = ll_fail_memory(error, "a runtime");
    if (!status)
        status = ll_team_create(&r->host, o.n_threads ? o.n_threads : ll_cpu_default_threads(), o.fixed_threads,
                                &r->team, error);
    if (status) {
        ll_table_store_free(r->tables);
        ll_free(&host, r->blas_library);
        ll_free(&host, r);
        return status;
    }
    *runtime = r;
    return LIBLLM_OK;
}

void libllm_runtime_free(libllm_runtime *r)
{
    if (!r || !ll_was_last(&r->users))
        return;
    ll_team_free(r->team);
    ll_table_store_free(r->tables);
    ll_host host = r->host;
    ll_free(&host, r->blas_library);
    ll_free(&host, r);
}

static json_t *device_json(const libllm_runtime *runtime, const ll_backend *backend)
{
    char name[160], features[256];
    libllm_error reason;
    bool available = backend->describe(runtime->blas_library, name, sizeof name, &reason) == LIBLLM_OK;
    ll_cpu_describe(runtime->cpu_features, features, sizeof features);
    long page = sysconf(_SC_PAGESIZE), pages = sysconf(_SC_PHYS_PAGES), free_pages = sysconf(_SC_AVPHYS_PAGES);
    return json_pack("{s:s, s:s, s:s*, s:I, s:s, s:I, s:I, s:s, s:b, s:s*}", "id", backend->kind, "kind", backend->kind,
                     "name", available ? name : NULL, "threads", (json_int_t)ll_team_size(runtime->team),
                     "instruction_set", ll_kernels_choose(runtime->cpu_features).name, "memory_bytes",
                     (json_int_t)page * pages, "available_bytes", (json_int_t)page * free_pages, "features", features,
                     "available", available, "reason", available ? NULL : reason.message);
}

libllm_status libllm_runtime_devices(const libllm_runtime *runtime, char *buffer, size_t capacity, size_t *needed,
                                     libllm_error *error)
{
    if (needed)
        *needed = 0;
    if (!runtime || !needed || (!buffer && capacity))
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "runtime, needed or buffer is NULL");
    json_t *list = json_array();
    bool good = true;
    for (const ll_backend *const *backend = ll_backends; *backend; backend++)
        good = json_array_append_new(list, device_json(runtime, *backend)) == 0 && good;
    json_t *devices = json_pack("{s:o}", "devices", list);
    ll_buffer text;
    ll_buffer_init(&text, &runtime->host);
    libllm_status status = good && devices && ll_json_write(devices, JSON_COMPACT, &text)
                               ? ll_give_text(text.data, text.size, buffer, capacity, needed, error)
                               : ll_fail_memory(error, "the list of devices");
    json_decref(devices);
    ll_buffer_free(&text);
    return status;
}
