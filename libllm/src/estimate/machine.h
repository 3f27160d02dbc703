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

/* The member "calibration" of the machine, and its figures machine.*. */
ll_calibrated ll_put_calibration(ll_task *task, ll_reader *machine);
/* decode.* and prefill.* of the model, whose weights, KV memory and operations are on the sheet; false, with nothing
 * put, where a format of its weights is not among the calibrated ones. */
bool ll_put_calibrated_speed(ll_task *task, const ll_calibrated *calibrated);

#endif
