/* SPDX-License-Identifier: MIT
 * The runtime: what the program lends, and the devices.
 */
#include "api/handles.h"
#include "api/options.h"
#include "api/report.h"

#include "base/cpu.h"
#include "base/json.h"
#include "base/status.h"
#include "base/system.h"
#include "backend/backend.h"
#include "backend/cpu/kernels.h"

#include <stdio.h>
#include <string.h>

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

static libllm_status copy_files(const ll_host *host, const libllm_runtime_options *o, ll_device_files *files,
                                libllm_error *error)
{
    const char *const from[] = {o->blas_library, o->vulkan_library, o->cache_dir};
    const char **const to[] = {&files->blas_library, &files->vulkan_library, &files->cache_dir};
    bool copied = true;
    for (size_t i = 0; i < sizeof from / sizeof *from; i++)
        if (from[i])
            copied = (*to[i] = ll_strndup(host, from[i], strlen(from[i]))) != NULL && copied;
    return copied ? LIBLLM_OK : ll_fail_memory(error, "a runtime");
}

static void free_files(const ll_host *host, const ll_device_files *files)
{
    ll_free(host, (void *)(uintptr_t)files->blas_library);
    ll_free(host, (void *)(uintptr_t)files->vulkan_library);
    ll_free(host, (void *)(uintptr_t)files->cache_dir);
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
    pthread_mutex_init(&r->open_devices.lock, NULL);
    r->files.open = &r->open_devices;
    status = copy_files(&host, &o, &r->files, error);
    r->tables = ll_table_store_create(&r->host);
    if (!status && !r->tables)
        status = ll_fail_memory(error, "a runtime");
    if (!status)
        status = ll_team_create(&r->host, o.n_threads ? o.n_threads : ll_cpu_default_threads(), o.fixed_threads,
                                &r->team, error);
    if (status) {
        ll_table_store_free(r->tables);
        free_files(&host, &r->files);
        pthread_mutex_destroy(&r->open_devices.lock);
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
    free_files(&host, &r->files);
    pthread_mutex_destroy(&r->open_devices.lock);
    ll_free(&host, r);
}

/* NULL, with DONE, where the backend has fewer devices. */
static json_t *device_json(const libllm_runtime *runtime, const ll_backend *backend, uint32_t index,
                           libllm_status *status)
{
    char features[256], id[32];
    libllm_error reason;
    ll_device_info info;
    *status = backend->describe(&runtime->host, &runtime->files, index, &info, &reason);
    if (*status == LIBLLM_DONE)
        return NULL;
    const bool available = *status == LIBLLM_OK, processor = backend != &ll_backend_vulkan;
    snprintf(id, sizeof id, processor || !info.name[0] ? "%s" : "%s:%u", backend->kind, index);
    ll_cpu_describe(runtime->cpu_features, features, sizeof features);
    const ll_memory memory =
        processor ? ll_system_memory("") : (ll_memory){.total = info.memory_bytes, .available = info.available_bytes};
    json_t *device = json_pack("{s:s, s:s, s:s*}", "id", id, "kind", backend->kind, "name",
                               available || info.name[0] ? info.name : NULL);
    json_t *more =
        processor ? json_pack("{s:I, s:s, s:s}", "threads", (json_int_t)ll_team_size(runtime->team), "instruction_set",
                              ll_kernels_choose(runtime->cpu_features).name, "features", features)
                  : json_pack("{s:b}", "accelerator", info.is_accelerator);
    json_t *rest =
        json_pack("{s:I, s:I, s:b, s:s*}", "memory_bytes", (json_int_t)memory.total, "available_bytes",
                  (json_int_t)memory.available, "available", available, "reason", available ? NULL : reason.message);
    const bool good = device && more && rest && !json_object_update(device, more) && !json_object_update(device, rest);
    json_decref(more);
    json_decref(rest);
    if (good)
        return device;
    json_decref(device);
    *status = LIBLLM_ERROR_OUT_OF_MEMORY;
    return NULL;
}

/* All devices of a backend, or the one that says why there are none. */
static bool add_devices(const libllm_runtime *runtime, const ll_backend *backend, json_t *list)
{
    libllm_status status = LIBLLM_OK;
    for (uint32_t i = 0; status != LIBLLM_DONE; i++) {
        json_t *device = device_json(runtime, backend, i, &status);
        if (status == LIBLLM_DONE)
            return true;
        const char *name = json_string_value(json_object_get(device, "name"));
        if (!device || json_array_append_new(list, device) != 0)
            return false;
        if (!name)
            return true;
    }
    return true;
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
        good = add_devices(runtime, *backend, list) && good;
    json_t *devices = json_pack("{s:o}", "devices", list);
    if (!good) {
        json_decref(devices);
        devices = NULL;
    }
    return ll_give_json(&runtime->host, devices, "the list of devices", buffer, capacity, needed, error);
}
