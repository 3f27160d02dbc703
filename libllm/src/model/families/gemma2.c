/* SPDX-License-Identifier: MIT
 * Gemma 2: post norms, soft caps, every other layer sees a window.
 */
#include "model/families/families.h"

const ll_family ll_family_gemma2 = {
    .architecture = "gemma2",
    .rope = LL_ROPE_HALVES,
    .activation = LL_ACTIVATION_GELU_TANH,
    .scales_embedding = true,
    .post_norms = LL_REQUIRED,
    .attn_softcap = 50,
    .final_softcap = 30,
    .window = 4096,
    .window_period = 2,
    .width_scaled_layers = 46, /* the 27B */
};
