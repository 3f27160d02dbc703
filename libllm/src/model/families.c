/* SPDX-License-Identifier: MIT
 * The table of architecture families.
 */
#include "model/families/families.h"

static const ll_family *const table[] = {
    &ll_family_llama, &ll_family_qwen2, &ll_family_qwen3, &ll_family_gemma, &ll_family_gemma2, &ll_family_gemma3,
};

const ll_family *ll_family_at(size_t index) { return index < sizeof table / sizeof *table ? table[index] : NULL; }

const ll_family *ll_family_find(ll_span architecture)
{
    for (size_t i = 0; ll_family_at(i); i++)
        if (ll_span_is(architecture, ll_family_at(i)->architecture))
            return ll_family_at(i);
    return NULL;
}
