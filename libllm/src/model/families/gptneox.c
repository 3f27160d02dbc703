/* SPDX-License-Identifier: MIT
 * GPT-NeoX, Pythia, Dolly, RedPajama: attention and the feed-forward part each have a norm of the same x.
 */
#include "model/families/families.h"

const ll_family ll_family_gptneox = {
    .architecture = "gptneox",
    .rope = LL_ROPE_HALVES,
    .norm = LL_NORM_LAYER,
    .norm_bias = LL_REQUIRED,
    .parallel = LL_PARALLEL_BY_KEY,
    .qkv_bias = LL_REQUIRED,
    .other_bias = LL_REQUIRED,
    .activation = LL_ACTIVATION_GELU_ERF,
    .no_gate = true,
};
