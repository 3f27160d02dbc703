/* SPDX-License-Identifier: MIT
 * What this machine, and a device of it, can do at best: `libllm bench --limits`.
 */
#include "bench_profile.h"
#include "json_view.h"
#include "terminal.h"

static libllm_status describe(const void *runtime, char *buffer, size_t capacity, size_t *needed, libllm_error *error)
{
    progress_begin("measuring the limits of this machine");
    libllm_status status = libllm_runtime_measure_limits(runtime, buffer, capacity, needed, error);
    progress_end();
    return status;
}

struct subject {
    const libllm_runtime *runtime;
    const char *device;
};

static libllm_status describe_device(const void *object, char *buffer, size_t capacity, size_t *needed,
                                     libllm_error *error)
{
    const struct subject *subject = object;
    progress_begin("measuring the device %s", subject->device);
    libllm_status status =
        libllm_runtime_measure_device(subject->runtime, subject->device, buffer, capacity, needed, error);
    progress_end();
    return status;
}

json_t *bench_device(const libllm_runtime *runtime, const char *device)
{
    return fetch_document(describe_device, &(struct subject){runtime, device});
}

json_t *bench_limits(const libllm_runtime *runtime) { return fetch_document(describe, runtime); }

bool bench_limits_view(const libllm_runtime *runtime, bool as_json) { return view_json(describe, runtime, as_json); }
