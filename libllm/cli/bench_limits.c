/* SPDX-License-Identifier: MIT
 * `libllm bench --limits`: what this machine can do at best.
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

json_t *bench_limits(const libllm_runtime *runtime) { return fetch_document(describe, runtime); }

bool bench_limits_view(const libllm_runtime *runtime, bool as_json) { return view_json(describe, runtime, as_json); }
