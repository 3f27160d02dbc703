/* SPDX-License-Identifier: MIT
 * Adapters, and which of them a session uses.
 */
#include "api/handles.h"
#include "api/options.h"

#include "base/status.h"

#include <math.h>

libllm_status libllm_adapter_open(const libllm_model *model, const char *path, const libllm_model_options *options,
                                  libllm_adapter **adapter, libllm_error *error)
{
    if (!adapter)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "adapter is NULL");
    *adapter = NULL;
    if (!model || !path)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "model or path is NULL");
    libllm_model_options o;
    libllm_status status = ll_read_model_options(options, &o, error);
    if (status)
        return status;
    libllm_adapter *a = ll_alloc(&model->runtime->host, 1, sizeof *a);
    if (!a)
        return ll_fail_memory(error, "an adapter");
    *a = (libllm_adapter){.users = 1, .model = ll_use_model(model)};
    status = ll_adapter_open(model->model, path, (libllm_load_mode)o.load_mode, &a->adapter, error);
    if (status) {
        libllm_adapter_free(a);
        return status;
    }
    *adapter = a;
    return LIBLLM_OK;
}

void libllm_adapter_free(libllm_adapter *a)
{
    if (!a || !ll_was_last(&a->users))
        return;
    libllm_model *model = a->model;
    ll_adapter_close(a->adapter);
    ll_free(&model->runtime->host, a);
    libllm_model_free(model);
}

libllm_status libllm_adapter_get_info(const libllm_adapter *adapter, libllm_adapter_info *info, libllm_error *error)
{
    if (!adapter || !info)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "adapter or info is NULL");
    const ll_adapter *a = adapter->adapter;
    const libllm_adapter_info own = {.struct_size = sizeof own,
                                     .rank = a->rank,
                                     .n_matrices = a->n_matrices,
                                     .n_parameters = a->n_parameters,
                                     .file_bytes = ll_gguf_file_bytes(&a->gguf)};
    return ll_write_struct(info, &own, sizeof own, "libllm_adapter_info", error);
}

void ll_drop_adapters(const ll_host *host, libllm_adapter **adapters, size_t n)
{
    for (size_t i = 0; i < n; i++)
        libllm_adapter_free(adapters[i]);
    ll_free(host, adapters);
}

static libllm_status check(const libllm_session *session, const libllm_scaled_adapter *adapters, size_t n,
                           libllm_error *error)
{
    for (size_t i = 0; i < n; i++) {
        const libllm_adapter *a = adapters[i].adapter;
        if (!a)
            return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "adapter %zu is NULL", i);
        if (a->model != session->engine->model)
            return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "adapter %zu was opened for another model", i);
        if (!isfinite(adapters[i].scale))
            return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "the scale of adapter %zu is not a finite number", i);
        if (adapters[i].reserved)
            return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "reserved of adapter %zu is %u, expected 0", i,
                           adapters[i].reserved);
    }
    return LIBLLM_OK;
}

libllm_status libllm_session_set_adapters(libllm_session *session, const libllm_scaled_adapter *adapters,
                                          size_t n_adapters, libllm_error *error)
{
    if (!session || (!adapters && n_adapters))
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "session or adapters is NULL");
    libllm_status status = check(session, adapters, n_adapters, error);
    if (status)
        return status;
    /* A stream evaluates in its own calls only, and goes on with what is set between them. */
    status = ll_session_enter(session->session, true, error);
    if (status)
        return status;
    const ll_host *host = &session->engine->model->runtime->host;
    libllm_adapter **kept = ll_alloc(host, n_adapters, sizeof(libllm_adapter *));
    ll_adapter_use *uses = ll_alloc(host, n_adapters, sizeof *uses);
    for (size_t i = 0; kept && uses && i < n_adapters; i++)
        uses[i] = (ll_adapter_use){.adapter = adapters[i].adapter->adapter, .scale = adapters[i].scale};
    status = kept && uses ? ll_session_set_adapters(session->session, uses, n_adapters, error)
                          : ll_fail_memory(error, "the adapters of a session");
    if (status) {
        ll_free(host, kept);
    } else {
        for (size_t i = 0; i < n_adapters; i++) {
            kept[i] = (libllm_adapter *)(uintptr_t)adapters[i].adapter; /* const for callers, who may share it */
            atomic_fetch_add_explicit(&kept[i]->users, 1, memory_order_relaxed);
        }
        ll_drop_adapters(host, session->adapters, session->n_adapters);
        session->adapters = kept;
        session->n_adapters = n_adapters;
    }
    ll_free(host, uses);
    ll_session_leave(session->session);
    return status;
}
