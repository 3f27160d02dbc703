/* SPDX-License-Identifier: MIT
 * Keeping formulas. When there are too many, which only texts with ever new numbers make, all are read anew.
 */
#include "estimate/formulas.h"

#include <string.h>

enum { FORMULAS_MAX = 2048, FIRST_FORMULAS = 256 };

void ll_formulas_init(ll_formulas *f, const ll_host *host) { *f = (ll_formulas){.host = host}; }

static void clear(ll_formulas *f)
{
    for (uint32_t i = 0; i < f->n; i++) {
        ll_free(f->host, (char *)f->items[i].text);
        ll_formula_free(&f->items[i]);
    }
    f->n = 0;
    ll_map_free(&f->by_text);
}

void ll_formulas_free(ll_formulas *f)
{
    clear(f);
    ll_free(f->host, f->items);
}

/* Room for one more. */
static bool grow(ll_formulas *f)
{
    if (f->n == FORMULAS_MAX)
        clear(f);
    if (!f->by_text.slots && !ll_map_init(&f->by_text, f->host, FIRST_FORMULAS))
        return false;
    if (f->n < f->capacity)
        return true;
    const uint32_t capacity = f->capacity ? 2 * f->capacity : FIRST_FORMULAS;
    ll_formula *grown = ll_realloc(f->host, f->items, f->n, capacity, sizeof *grown);
    if (!grown)
        return false;
    f->items = grown;
    f->capacity = capacity;
    return true;
}

libllm_status ll_formulas_read(ll_formulas *f, const char *text, ll_formula **out, const char **wrong)
{
    const ll_span key = ll_span_of(text);
    uint32_t index;
    if (ll_map_find(&f->by_text, key, &index)) {
        *out = &f->items[index];
        return LIBLLM_OK;
    }
    char *copy = grow(f) ? ll_alloc(f->host, 1, key.size + 1) : NULL;
    if (!copy)
        return LIBLLM_ERROR_OUT_OF_MEMORY;
    memcpy(copy, text, key.size + 1);
    ll_formula *formula = &f->items[f->n];
    ll_formula_init(formula, f->host);
    libllm_status status = ll_formula_read(formula, copy, wrong);
    if (!status && !ll_map_insert(&f->by_text, (ll_span){copy, key.size}, f->n, NULL))
        status = LIBLLM_ERROR_OUT_OF_MEMORY;
    if (status) {
        *wrong = status == LIBLLM_ERROR_INVALID_ARGUMENT ? text + (*wrong - copy) : "";
        ll_formula_free(formula);
        ll_free(f->host, copy);
        return status;
    }
    f->n++;
    *out = formula;
    return LIBLLM_OK;
}
