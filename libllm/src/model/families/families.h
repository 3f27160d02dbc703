/* SPDX-License-Identifier: MIT
 * One line for each family; the descriptions are in the files beside this one.
 */
#ifndef LL_MODEL_FAMILIES_FAMILIES_H
#define LL_MODEL_FAMILIES_FAMILIES_H

#include "model/family.h"

extern const ll_family ll_family_llama;
extern const ll_family ll_family_qwen2;
extern const ll_family ll_family_qwen3;
extern const ll_family ll_family_gemma;
extern const ll_family ll_family_gemma2;
extern const ll_family ll_family_gemma3;

#endif
