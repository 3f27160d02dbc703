/* SPDX-License-Identifier: MIT
 * ERNIE 4.5, dense.
 */
#include "model/families/families.h"

const ll_family ll_family_ernie4_5 = {
    .architecture = "ernie4_5",
    .rope = LL_ROPE_INTERLEAVED,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
    .activation = LL_ACTIVATION_SILU,
};
