/* SPDX-License-Identifier: MIT
 * Calibration of a device: its figures as JSON.
 */
#include "api/handles.h"
#include "api/options.h"
#include "api/report.h"

#include "backend/calibrate.h"
#include "backend/cpu/kernels.h"
#include "base/json.h"
#include "base/status.h"

#include <string.h>
#include <time.h>

enum { CALIBRATION_BYTES = 8192, TYPE_NUMBERS = 64 };

void libllm_calibration_options_init(libllm_calibration_options *options, uint32_t struct_size)
{
    static const libllm_calibration_options defaults = {.struct_size = sizeof defaults};
    ll_init_struct(options, struct_size, &defaults, sizeof defaults);
}

/* Types of weights that files have: those that can be decoded. */
static size_t all_types(const ll_type_traits *types[LL_CALIBRATION_TYPES])
{
    size_t n = 0;
    for (uint32_t type = 0; type < TYPE_NUMBERS && n < LL_CALIBRATION_TYPES; type++) {
        const ll_type_traits *traits = ll_type_find(type);
        if (traits && traits->decode)
            types[n++] = traits;
    }
    return n;
}

static libllm_status find_types(const libllm_calibration_options *o, const ll_type_traits *types[LL_CALIBRATION_TYPES],
                                size_t *n, libllm_error *error)
{
    const ll_type_traits *known[LL_CALIBRATION_TYPES];
    const size_t n_known = all_types(known);
    *n = o->n_types ? o->n_types : n_known;
    if (!o->n_types) {
        memcpy(types, known, n_known * sizeof *known);
        return LIBLLM_OK;
    }
    if (!o->types || o->n_types > LL_CALIBRATION_TYPES)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "types is NULL, or there are more than %d",
                       LL_CALIBRATION_TYPES);
    for (size_t i = 0; i < o->n_types; i++) {
        types[i] = NULL;
        for (size_t j = 0; j < n_known; j++)
            if (o->types[i] && strcmp(o->types[i], known[j]->name) == 0)
                types[i] = known[j];
        if (!types[i])
            return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "no type of weights is called \"%s\"",
                           o->types[i] ? o->types[i] : "");
    }
    return LIBLLM_OK;
}

typedef struct reporter {
    libllm_calibrate_fn progress;
    void *user_data;
} reporter;

static bool report(void *context, const char *type, size_t index, size_t n)
{
    const reporter *r = context;
    return r->progress(r->user_data, type, index, n) == 0;
}

static json_t *calibration_json(const ll_calibration *c, const ll_backend *backend, const char *name,
                                uint32_t cpu_features)
{
    json_t *types = json_array();
    for (size_t i = 0; i < c->n_types && types; i++) {
        json_t *type = json_pack("{s:s, s:f, s:f}", "type", c->types[i].traits->name, "decode_gb_per_second",
                                 c->types[i].decode * 1e-9, "prefill_gflop_per_second", c->types[i].prefill * 1e-9);
        if (json_array_append_new(types, type) != 0) {
            json_decref(types);
            types = NULL;
        }
    }
    const char *set = backend == &ll_backend_vulkan ? NULL : ll_kernels_choose(cpu_features).name;
    return json_pack("{s:s, s:s, s:s*, s:I, s:I, s:I, s:o, s:f, s:f, s:f, s:f, s:f}", "device", backend->kind, "name",
                     name, "instruction_set", set, "version", (json_int_t)libllm_version(), "time",
                     (json_int_t)time(NULL), "threads", (json_int_t)c->n_threads, "types", types, "step_ns",
                     c->step_seconds * 1e9, "layer_ns", c->layer_seconds * 1e9, "prefill_value_ns",
                     c->layer_prefill_seconds * 1e9, "attention_gb_per_second", c->attention_decode * 1e-9,
                     "attention_gflop_per_second", c->attention_prefill * 1e-9);
}

libllm_status libllm_runtime_calibrate(const libllm_runtime *runtime, const libllm_calibration_options *options,
                                       char *buffer, size_t capacity, size_t *needed, libllm_error *error)
{
    if (needed)
        *needed = 0;
    if (!runtime || !needed || (!buffer && capacity))
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "runtime, needed or buffer is NULL");
    libllm_calibration_options o;
    libllm_calibration_options_init(&o, sizeof o);
    libllm_status status = ll_read_options(options, &o, sizeof o, "libllm_calibration_options", error);
    if (status)
        return status;
    status = ll_need_room(capacity, CALIBRATION_BYTES, needed, error);
    if (status)
        return status;
    const char *device = o.device ? o.device : "cpu";
    uint32_t index;
    const ll_backend *backend;
    ll_device_info info;
    status = ll_backend_choose(&runtime->host, &runtime->files, device, &backend, &index, &info, error);
    if (status)
        return status;
    const ll_type_traits *types[LL_CALIBRATION_TYPES];
    reporter told = {.progress = o.progress, .user_data = o.user_data};
    ll_calibration_options calibration = {.types = types,
                                          .device_index = index,
                                          .files = runtime->files,
                                          .progress = o.progress ? report : NULL,
                                          .context = &told};
    ll_calibration found;
    status = find_types(&o, types, &calibration.n_types, error);
    if (!status)
        status =
            ll_calibrate(&runtime->host, runtime->team, runtime->cpu_features, backend, &calibration, &found, error);
    if (status)
        return status;
    return ll_give_json(&runtime->host, calibration_json(&found, backend, info.name, runtime->cpu_features),
                        "the calibration", buffer, capacity, needed, error);
}
