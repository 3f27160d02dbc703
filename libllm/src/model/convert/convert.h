/* SPDX-License-Identifier: MIT
 * Writing any model that opens as one GGUF file, its weights in other types.
 */
#ifndef LL_MODEL_CONVERT_CONVERT_H
#define LL_MODEL_CONVERT_CONVERT_H

#include "base/team.h"
#include "model/convert/mixture.h"
#include "model/model.h"

/* A type for the tensors whose name has a part that fits. */
typedef struct ll_type_override {
    const char *pattern; /* '*' any run of characters, '?' any one, '^' and '$' the ends of the name */
    const ll_type_traits *traits;
} ll_type_override;

/* What is going on: asked for more than a few times in a second. Returns true to stop. */
typedef struct ll_convert_event {
    const ll_gguf_tensor *tensor; /* as it is in the source */
    size_t index, n_tensors;
    const ll_type_traits *to;
    const char *note; /* what is other than was asked for, or worth knowing; NULL: nothing */
    bool done;        /* with this tensor */
    uint64_t n_bytes; /* of all tensors, and of those that are read */
    uint64_t n_bytes_done;
} ll_convert_event;
typedef bool (*ll_convert_fn)(void *context, const ll_convert_event *event);

typedef struct ll_convert_options {
    const ll_mixture *mixture; /* NULL: types stay as they are */
    const char *importance;    /* path, NULL: none */
    const ll_type_override *overrides;
    size_t n_overrides;
    bool replaces; /* a file that exists */
    ll_convert_fn progress;
    void *context;
} ll_convert_options;

libllm_status ll_model_convert(const ll_host *host, ll_team *team, const char *source, const char *destination,
                               const ll_convert_options *options, libllm_error *error);

#endif
