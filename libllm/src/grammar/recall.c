/* SPDX-License-Identifier: MIT
 * A few constraints with what they were compiled from. Nobody waits for the lock: who does not get it compiles.
 */
#include "grammar/recall.h"

#include "base/status.h"

#include <pthread.h>
#include <string.h>

enum { RECALLED_MAX = 4, KEY_MAX = 256 << 10 };

struct ll_recall {
    const ll_host *host;
    pthread_mutex_t lock;
    struct recalled {
        ll_buffer key;
        ll_grammar *grammar;
        uint64_t used;
    } items[RECALLED_MAX];
    uint64_t n_uses;
};

ll_recall *ll_recall_create(const ll_host *host)
{
    ll_recall *r = ll_calloc(host, 1, sizeof *r);
    if (!r)
        return NULL;
    r->host = host;
    pthread_mutex_init(&r->lock, NULL);
    return r;
}

static void forget(struct recalled *item)
{
    ll_grammar_free(item->grammar);
    ll_buffer_free(&item->key);
}

void ll_recall_free(ll_recall *r)
{
    if (!r)
        return;
    for (int i = 0; i < RECALLED_MAX; i++)
        if (r->items[i].grammar)
            forget(&r->items[i]);
    pthread_mutex_destroy(&r->lock);
    ll_free(r->host, r);
}

static ll_grammar *find(ll_recall *r, const ll_buffer *key)
{
    for (struct recalled *item = r->items; item < r->items + RECALLED_MAX; item++)
        if (item->grammar && item->key.size == key->size && memcmp(item->key.data, key->data, key->size) == 0) {
            item->used = ++r->n_uses;
            return ll_grammar_use(item->grammar);
        }
    return NULL;
}

/* Takes the key over, in the place of the one that was not of use for longest. */
static void put(ll_recall *r, ll_buffer *key, ll_grammar *grammar)
{
    struct recalled *oldest = r->items;
    for (struct recalled *item = r->items; item < r->items + RECALLED_MAX; item++)
        oldest = item->used < oldest->used ? item : oldest;
    if (oldest->grammar)
        forget(oldest);
    *oldest = (struct recalled){*key, ll_grammar_use(grammar), ++r->n_uses};
    ll_buffer_init(key, r->host);
}

libllm_status ll_recall_grammar(ll_recall *r, ll_buffer *key, ll_compile_fn compile, const void *context,
                                ll_grammar **out, libllm_error *error)
{
    *out = NULL;
    if (key->failed)
        return ll_fail_memory(error, "a constraint");
    const bool known = key->size <= KEY_MAX;
    if (known && pthread_mutex_trylock(&r->lock) == 0) {
        *out = find(r, key);
        pthread_mutex_unlock(&r->lock);
    }
    const bool found = *out;
    libllm_status status = found ? LIBLLM_OK : compile(context, out, error);
    if (!found && *out && known && pthread_mutex_trylock(&r->lock) == 0) {
        ll_grammar *other = find(r, key); /* of another thread that was first */
        if (!other)
            put(r, key, *out);
        ll_grammar_free(other);
        pthread_mutex_unlock(&r->lock);
    }
    return status;
}
