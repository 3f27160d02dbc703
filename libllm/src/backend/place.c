/* SPDX-License-Identifier: MIT
 * Which layers a device computes, and which the processor does.
 */
#include "backend/backend.h"
#include "backend/split/split.h"

#include "base/status.h"

/* What a device has left of the layers, which are the first ones, goes to the processor. */
static libllm_status add_processor(const ll_host *host, ll_team *team, uint32_t cpu_features, const ll_model *model,
                                   const ll_executor_options *options, uint32_t n_device_layers, ll_placed *out,
                                   libllm_error *error)
{
    ll_executor_options of_cpu = *options;
    of_cpu.part = (ll_plan_part){.n_behind = n_device_layers, .hands_on = true};
    ll_executor *first;
    libllm_status status = ll_backend_cpu.create(host, team, cpu_features, model, &of_cpu, &first, error);
    if (status) {
        out->backend->free(out->executor);
        return status;
    }
    const uint32_t all = ll_plan_layers(model, options->hidden_states);
    const ll_split_part parts[] = {
        {.backend = &ll_backend_cpu, .executor = first, .end_layer = all - n_device_layers},
        {.backend = out->backend, .executor = out->executor, .first_layer = all - n_device_layers, .end_layer = all},
    };
    return ll_split_create(host, model, options->n_batch, parts, sizeof parts / sizeof *parts, &out->backend,
                           &out->executor, error);
}

libllm_status ll_backend_place(const ll_backend *device, const ll_host *host, ll_team *team, uint32_t cpu_features,
                               const ll_model *model, const ll_executor_options *options, uint32_t n_layers,
                               ll_placed *out, libllm_error *error)
{
    const uint32_t all = ll_plan_layers(model, options->hidden_states);
    ll_executor_options own = *options;
    *out = (ll_placed){.backend = device, .n_device_layers = all};
    if (device->part) {
        const uint32_t n = n_layers && n_layers < all ? n_layers : all;
        own.part = (ll_plan_part){.n_before = all - n, .receives = n < all};
        own.n_least = n_layers ? n : 1;
    }
    libllm_status status = device->create(host, team, cpu_features, model, &own, &out->executor, error);
    if (status == LIBLLM_ERROR_OUT_OF_MEMORY && device->part && n_layers == 0) {
        *out = (ll_placed){.backend = &ll_backend_cpu};
        return ll_backend_cpu.create(host, team, cpu_features, model, options, &out->executor, error);
    }
    if (status || !device->part)
        return status;
    const ll_plan_part part = device->part(out->executor);
    out->n_device_layers = all - part.n_before;
    if (part.receives)
        status = add_processor(host, team, cpu_features, model, options, out->n_device_layers, out, error);
    return status;
}
