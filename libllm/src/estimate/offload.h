/* SPDX-License-Identifier: MIT
 * Weights that stay in the memory of the host, whose processor multiplies by them, or which are streamed to devices.
 */
#ifndef LL_ESTIMATE_OFFLOAD_H
#define LL_ESTIMATE_OFFLOAD_H

#include "estimate/tasks.h"

typedef struct ll_offload {
    bool is_there; /* the scenario has the member "offload" */
    bool experts;  /* routed experts; otherwise layers, or a share of all weights */
    bool has_peak; /* host.peak is known */
} ll_offload;

/* Reads the member and puts host.*; offload.part and offload.gpu_layers where they are given. */
void ll_offload_read(ll_task *task, ll_offload *out);
/* host.share and host.multiply: what processors reach, of experts or of whole layers. */
void ll_offload_put_shares(ll_sheet *sheet, bool experts);
/* memory.host, of this formula, and whether it fits. */
void ll_offload_put_memory(ll_sheet *sheet, const char *formula);

#endif
