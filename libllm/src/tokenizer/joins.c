/* SPDX-License-Identifier: MIT
 * Which bytes stand side by side within some token. Long texts are cut where nothing merges; that takes a look at every
 * byte of the vocabulary, so it waits for the first such text.
 */
#include "tokenizer/internal.h"

ll_joins *ll_joins_open(const ll_host *host)
{
    ll_joins *joins = ll_calloc(host, 1, sizeof *joins);
    if (joins && pthread_mutex_init(&joins->lock, NULL) != 0) {
        ll_free(host, joins);
        return NULL;
    }
    return joins;
}

void ll_joins_close(const ll_host *host, ll_joins *joins)
{
    if (joins)
        pthread_mutex_destroy(&joins->lock);
    ll_free(host, joins);
}

static void fill(const ll_vocabulary *v, uint8_t *table)
{
    for (uint32_t i = 0; i < v->n; i++) {
        if (__atomic_load_n(&v->whole[i], __ATOMIC_RELAXED) == LL_WHOLE_NEVER)
            continue;
        ll_span text = ll_token_bytes(v, (int32_t)i);
        const unsigned char *p = (const unsigned char *)text.data;
        for (size_t k = 1; k < text.size; k++)
            table[p[k - 1] << 8 | p[k]] = true;
    }
}

const uint8_t *ll_joins_table(const ll_vocabulary *v)
{
    ll_joins *joins = v->joins;
    if (__atomic_load_n(&joins->filled, __ATOMIC_ACQUIRE))
        return joins->table;
    pthread_mutex_lock(&joins->lock);
    if (!joins->filled) {
        fill(v, joins->table);
        __atomic_store_n(&joins->filled, true, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&joins->lock);
    return joins->table;
}
