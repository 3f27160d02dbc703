/* SPDX-License-Identifier: MIT
 * The estimator: a scenario (JSON) in, a report out. Deterministic; keeps nothing between calls.
 */
#ifndef LL_ESTIMATE_ESTIMATE_H
#define LL_ESTIMATE_ESTIMATE_H

#include "base/buffer.h"

/* The report is appended in the format that the scenario's "output" asks for. */
libllm_status ll_estimate_run(const ll_host *host, const char *scenario, size_t n_bytes, ll_buffer *report,
                              libllm_error *error);

#endif
