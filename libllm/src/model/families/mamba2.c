/* SPDX-License-Identifier: MIT
 * Mamba 2 and Mamba-Codestral.
 */
#include "model/families/families.h"

const ll_family ll_family_mamba2 = {
    .architecture = "mamba2",
    .no_rope = true,
    .mixer = LL_MIXER_MAMBA2,
};
