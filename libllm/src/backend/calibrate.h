/* SPDX-License-Identifier: MIT
 * How fast a device computes models, measured by running small synthetic ones on it: what predictions for other models
 * are made from.
 */
#ifndef LL_BACKEND_CALIBRATE_H
#define LL_BACKEND_CALIBRATE_H

#include "backend/backend.h"

enum { LL_CALIBRATION_TYPES = 40 };

typedef struct ll_type_speed {
    const ll_type_traits *traits;
    double decode;  /* bytes of weights a second, for one token */
    double prefill; /* operations a second, for a prompt */
} ll_type_speed;

typedef struct ll_calibration {
    uint32_t n_threads;
    uint32_t n_types;
    ll_type_speed types[LL_CALIBRATION_TYPES];
    double step_seconds;          /* of a batch, whatever is in it */
    double layer_seconds;         /* of a layer and batch, whatever its size */
    double layer_prefill_seconds; /* of a layer, for each value of the residual stream of each token of a prompt */
    double attention_decode;      /* bytes of KV memory a second */
    double attention_prefill;     /* operations a second */
} ll_calibration;

/* Of types that the device has no kernel for nothing is reported. Figures are medians: predictions are for a machine
 * as busy as this one is. progress is called before each type of each round and may
 * stop it: CANCELLED. */
typedef struct ll_calibration_options {
    const ll_type_traits *const *types;
    size_t n_types;
    uint32_t device_index;
    ll_device_files files;
    bool (*progress)(void *context, const char *type, size_t index, size_t n);
    void *context;
} ll_calibration_options;

libllm_status ll_calibrate(const ll_host *host, ll_team *team, uint32_t cpu_features, const ll_backend *backend,
                           const ll_calibration_options *options, ll_calibration *out, libllm_error *error);

#endif
