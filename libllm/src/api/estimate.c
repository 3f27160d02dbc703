/* SPDX-License-Identifier: MIT
 * The estimator.
 */
#include "estimate/estimate.h"

#include "api/handles.h"
#include "base/status.h"

libllm_status libllm_estimate_run(const libllm_runtime *runtime, const char *scenario, size_t n_bytes, char *buffer,
                                  size_t capacity, size_t *needed, libllm_error *error)
{
    if (needed)
        *needed = 0;
    if (!runtime || !scenario || !needed || (!buffer && capacity))
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "runtime, scenario, needed or buffer is NULL");
    ll_buffer report;
    ll_buffer_init(&report, &runtime->host);
    libllm_status status = ll_estimate_run(runtime->tables, scenario, n_bytes, &report, error);
    if (!status)
        status = ll_give_text(report.data, report.size, buffer, capacity, needed, error);
    ll_buffer_free(&report);
    return status;
}
