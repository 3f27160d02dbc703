/* SPDX-License-Identifier: MIT
 * Mamba and Falcon Mamba.
 */
#include "model/families/families.h"

const ll_family ll_family_mamba = {
    .architecture = "mamba",
    .no_rope = true,
    .mixer = LL_MIXER_MAMBA,
};
