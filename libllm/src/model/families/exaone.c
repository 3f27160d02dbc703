/* SPDX-License-Identifier: MIT
 * EXAONE 3 and 3.5.
 */
#include "model/families/families.h"

const ll_family ll_family_exaone = {
    .architecture = "exaone",
    .rope = LL_ROPE_HALVES,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
    .activation = LL_ACTIVATION_SILU,
};
