/* SPDX-License-Identifier: MIT
 * Speed of the library's own engine on a machine that libllm_runtime_calibrate() has measured.
 */
#ifndef LL_ESTIMATE_MACHINE_H
#define LL_ESTIMATE_MACHINE_H

#include "estimate/tasks.h"

enum { LL_CALIBRATED_TYPES_MAX = 64 };

typedef struct ll_calibrated {
    struct {
        const char *name;       /* "Q4_K"; of the scenario */
        double decode, prefill; /* bytes/s, operations/s */
    } types[LL_CALIBRATED_TYPES_MAX];
    size_t n; /* 0: not calibrated */
} ll_calibrated;

/* A step that decodes a token for each of some sequences. Up to eight share one reading of the weights; of experts,
 * each token reads its own. */
typedef struct ll_decoding {
    const char *sequences; /* a figure; NULL: one */
    const char *kv_bytes;  /* formula: keys and values that a token of one sequence reads */
    const char *what;      /* where in its text a sequence is */
} ll_decoding;

/* The member "calibration" of the machine, and its figures machine.*. */
ll_calibrated ll_put_calibration(ll_task *task, ll_reader *machine);
/* decode.* and prefill.* of the model, whose weights, KV memory and operations are on the sheet; false, with nothing
 * put, where a format of its weights is not among the calibrated ones. */
bool ll_put_calibrated_speed(ll_task *task, const ll_calibrated *calibrated, const ll_decoding *decoding);

#endif
