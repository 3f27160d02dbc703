/* SPDX-License-Identifier: MIT
 * The estimator: a scenario (JSON) in, a report out. Deterministic; between calls only tables
 * are kept.
 */
#ifndef LL_ESTIMATE_ESTIMATE_H
#define LL_ESTIMATE_ESTIMATE_H

#include "estimate/data.h"

/* The report is appended in the format that the scenario's "output" asks for. */
libllm_status ll_estimate_run(ll_table_store *store, const char *scenario, size_t n_bytes, ll_buffer *report,
                              libllm_error *error);

#endif
