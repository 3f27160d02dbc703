/* SPDX-License-Identifier: MIT
 * Whether a device computes what it should: small synthetic layers of every format and kind, run on it and on the
 * reference kernels of the processor.
 */
#ifndef LL_BACKEND_SELF_TEST_H
#define LL_BACKEND_SELF_TEST_H

#include "backend/backend.h"

typedef struct ll_self_test_part {
    const char *name;      /* a type of weights as "Q4_K", or a kind of layer as "mamba" */
    libllm_status status;  /* UNSUPPORTED: the device does not compute it; another error: it failed */
    libllm_error error;    /* of the status */
    double found, allowed; /* relative error of the hidden states: |x - reference| / |reference| */
} ll_self_test_part;

typedef struct ll_self_test_options {
    uint32_t device_index;
    ll_device_files files;
    /* Told of each part; false stops: CANCELLED. */
    bool (*report)(void *context, const ll_self_test_part *part);
    void *context;
} ll_self_test_options;

/* An error says that the test could not be made, never that a part has failed. */
libllm_status ll_self_test(const ll_host *host, ll_team *team, uint32_t cpu_features, const ll_backend *backend,
                           const ll_self_test_options *options, libllm_error *error);

#endif
