/* SPDX-License-Identifier: MIT
 * What can be measured: the limits of the machine, whether its devices compute what they should, where the time of an
 * engine goes, and how large the inputs of its matrices are.
 */
#include "api/handles.h"
#include "api/report.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/status.h"
#include "backend/cpu/kernels.h"
#include "backend/cpu/limits.h"
#include "backend/self_test.h"

#include <math.h>

enum { LIMITS_BYTES = 4096, SELF_TEST_BYTES = 32768 };

static libllm_status check_room(const libllm_runtime *runtime, const char *buffer, size_t capacity, size_t enough,
                                size_t *needed, libllm_error *error)
{
    if (needed)
        *needed = 0;
    if (!runtime || !needed || (!buffer && capacity))
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "runtime, needed or buffer is NULL");
    return ll_need_room(capacity, enough, needed, error);
}

/* A list that lacks an item becomes NULL. */
static void append(json_t **list, json_t *item)
{
    if (*list && json_array_append_new(*list, item) != 0) {
        json_decref(*list);
        *list = NULL;
    }
}

static json_t *limits_json(const ll_cpu_limits *limits)
{
    json_t *read = json_array(), *units = json_array();
    for (size_t i = 0; i < LL_STREAM_COUNTS; i++)
        append(&read,
               json_pack("{s:I, s:f, s:f}", "streams", (json_int_t)ll_stream_counts[i], "one_thread_gb_per_second",
                         limits->read[i].one * 1e-9, "gb_per_second", limits->read[i].all * 1e-9));
    for (size_t i = 0; i < limits->n_units; i++)
        append(&units, json_pack("{s:s, s:f, s:f}", "unit", limits->unit_names[i], "one_thread_gop_per_second",
                                 limits->units[i].one * 1e-9, "gop_per_second", limits->units[i].all * 1e-9));
    return json_pack("{s:I, s:I, s:o, s:o, s:f}", "threads", (json_int_t)limits->n_threads, "read_bytes",
                     (json_int_t)limits->read_bytes, "read", read, "units", units, "barrier_ns",
                     limits->barrier_seconds * 1e9);
}

libllm_status libllm_runtime_measure_limits(const libllm_runtime *runtime, char *buffer, size_t capacity,
                                            size_t *needed, libllm_error *error)
{
    libllm_status status = check_room(runtime, buffer, capacity, LIMITS_BYTES, needed, error);
    if (status)
        return status;
    ll_cpu_limits limits;
    status = ll_cpu_measure_limits(&runtime->host, ll_team_size(runtime->team), runtime->cpu_features, &limits, error);
    if (status)
        return status;
    return ll_give_json(&runtime->host, limits_json(&limits), "the limits", buffer, capacity, needed, error);
}

libllm_status libllm_runtime_measure_device(const libllm_runtime *runtime, const char *device, char *buffer,
                                            size_t capacity, size_t *needed, libllm_error *error)
{
    libllm_status status = check_room(runtime, buffer, capacity, LIMITS_BYTES, needed, error);
    if (status)
        return status;
    if (!device)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "device is NULL");
    const ll_backend *backend;
    uint32_t index;
    ll_device_info info;
    ll_device_speed speed;
    status = ll_backend_choose(&runtime->host, &runtime->files, device, &backend, &index, &info, error);
    if (!status && !backend->measure)
        status =
            ll_fail(error, LIBLLM_ERROR_UNSUPPORTED,
                    "the device %s is the processor, which libllm_runtime_measure_limits() measures", backend->kind);
    if (!status)
        status = backend->measure(&runtime->host, &runtime->files, index, &speed, error);
    if (status)
        return status;
    json_t *report = json_pack("{s:s, s:s, s:I, s:f, s:f, s:f}", "device", device, "name", info.name, "bytes",
                               (json_int_t)speed.n_bytes, "read_gb_per_second", speed.read_bytes * 1e-9,
                               "copy_gb_per_second", speed.copy_bytes * 1e-9, "gflop_per_second", speed.flops * 1e-9);
    return ll_give_json(&runtime->host, report, "the speed of a device", buffer, capacity, needed, error);
}

typedef struct tested {
    json_t *parts; /* NULL: out of memory */
    bool passed;
} tested;

static bool add_part(void *context, const ll_self_test_part *part)
{
    tested *t = context;
    const bool computed = part->status == LIBLLM_OK, close = computed && part->found <= part->allowed;
    const bool passed = close || part->status == LIBLLM_ERROR_UNSUPPORTED;
    t->passed = t->passed && passed;
    json_t *error = NULL, *reason = NULL;
    if (!computed)
        reason = json_string(part->error.message);
    else if (isfinite(part->found))
        error = json_real(part->found);
    else
        reason = json_string("the results are no numbers");
    append(&t->parts, json_pack("{s:s, s:o*, s:f, s:b, s:o*}", "part", part->name, "error", error, "allowed",
                                part->allowed, "passed", passed, "reason", reason));
    return t->parts != NULL;
}

libllm_status libllm_runtime_self_test(const libllm_runtime *runtime, const char *device, char *buffer, size_t capacity,
                                       size_t *needed, libllm_error *error)
{
    libllm_status status = check_room(runtime, buffer, capacity, SELF_TEST_BYTES, needed, error);
    if (status)
        return status;
    ll_self_test_options options = {.files = runtime->files, .report = add_part};
    const ll_backend *backend;
    ll_device_info info;
    status = ll_backend_choose(&runtime->host, &runtime->files, device ? device : "cpu", &backend,
                               &options.device_index, &info, error);
    if (status)
        return status;
    tested t = {.parts = json_array(), .passed = true};
    options.context = &t;
    const double start = ll_seconds();
    status = ll_self_test(&runtime->host, runtime->team, runtime->cpu_features, backend, &options, error);
    if (!t.parts)
        return ll_fail_memory(error, "the report of a self-test");
    if (status) {
        json_decref(t.parts);
        return status;
    }
    const char *set = backend == &ll_backend_vulkan ? NULL : ll_kernels_choose(runtime->cpu_features).name;
    json_t *report =
        json_pack("{s:s, s:s, s:s*, s:o, s:b, s:f}", "device", device ? device : "cpu", "name", info.name,
                  "instruction_set", set, "parts", t.parts, "passed", t.passed, "seconds", ll_seconds() - start);
    return ll_give_json(&runtime->host, report, "the report of a self-test", buffer, capacity, needed, error);
}

static json_t *profile_json(const ll_profile *profile)
{
    json_t *phases = json_array();
    for (size_t i = 0; i < LL_PHASE_KINDS; i++) {
        const ll_phase_profile *p = &profile->phases[i];
        if (p->calls == 0) /* the model has none of these */
            continue;
        append(&phases, json_pack("{s:s, s:I, s:f, s:f, s:f, s:I, s:I, s:I}", "phase", ll_phase_names[i], "calls",
                                  (json_int_t)p->calls, "seconds", p->seconds, "computing_seconds", p->computing,
                                  "waiting_seconds", p->waiting, "weight_bytes", (json_int_t)p->weight_bytes,
                                  "kv_bytes", (json_int_t)p->kv_bytes, "flops", (json_int_t)p->flops));
    }
    return json_pack("{s:f, s:I, s:I, s:f, s:o}", "threads",
                     profile->n_batches ? (double)profile->n_threads / (double)profile->n_batches : 0.0, "batches",
                     (json_int_t)profile->n_batches, "tokens", (json_int_t)profile->n_tokens, "seconds",
                     profile->seconds, "phases", phases);
}

libllm_status libllm_session_save_importance(libllm_session *session, const char *path, const char *dataset,
                                             uint32_t overwrite, libllm_error *error)
{
    if (!session || !path)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "session or path is NULL");
    if (overwrite > 1)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "overwrite is %u, expected 0 or 1", overwrite);
    ll_engine *engine = session->engine->engine;
    if (!engine->sums)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT,
                       "the engine does not collect: make it with the option importance");
    if (ll_team_forked(engine->team))
        return ll_fail(error, LIBLLM_ERROR_FORKED, "the engine was made before fork() and collects nothing here");
    return ll_engine_save_importance(engine, path, overwrite, ll_span_of(dataset ? dataset : ""), error);
}

libllm_status libllm_session_profile(libllm_session *session, char *buffer, size_t capacity, size_t *needed,
                                     libllm_error *error)
{
    if (needed)
        *needed = 0;
    if (!session || !needed || (!buffer && capacity))
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "session, needed or buffer is NULL");
    ll_engine *engine = session->engine->engine;
    if (!engine->profiles)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT,
                       "the engine does not measure: make it with the option profile");
    if (ll_team_forked(engine->team))
        return ll_fail(error, LIBLLM_ERROR_FORKED, "the engine was made before fork() and measures nothing here");
    ll_profile profile;
    ll_engine_take_profile(engine, &profile);
    libllm_status status =
        ll_give_json(engine->host, profile_json(&profile), "the profile", buffer, capacity, needed, error);
    if (status)
        ll_engine_return_profile(engine, &profile);
    return status;
}
