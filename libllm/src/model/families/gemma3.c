/* SPDX-License-Identifier: MIT
 * Gemma 3, text: five layers with a window and a rope base of their own for each one without.
 */
#include "model/families/families.h"

const ll_family ll_family_gemma3 = {
    .architecture = "gemma3",
    .rope = LL_ROPE_HALVES,
    .activation = LL_ACTIVATION_GELU_TANH,
    .scales_embedding = true,
    .qk_norm = LL_REQUIRED,
    .post_norms = LL_REQUIRED,
    .window_period = 6,
    .window_rope_base = 10000,
    .width_scaled_layers = 62, /* the 27B */
};
