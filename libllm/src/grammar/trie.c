/* SPDX-License-Identifier: MIT
 * Building the tree: tokens are sorted by their bytes, and each adds the nodes that the one before does not share.
 */
#include "grammar/trie.h"

#include "base/status.h"

#include <stdlib.h>
#include <string.h>

enum { TOKEN_BYTES_MAX = 4096 }; /* a longer token is never allowed */

typedef struct entry {
    const char *bytes;
    uint32_t size;
    int32_t token;
} entry;

static int by_bytes(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    int order = memcmp(x->bytes, y->bytes, x->size < y->size ? x->size : y->size);
    if (order)
        return order;
    return x->size != y->size ? (x->size < y->size ? -1 : 1) : x->token - y->token;
}

static uint32_t shared(const entry *a, const entry *b)
{
    uint32_t n = 0;
    while (n < a->size && n < b->size && a->bytes[n] == b->bytes[n])
        n++;
    return n;
}

static bool add_nodes(ll_trie *t, const entry *entries, size_t n)
{
    size_t n_nodes = 1;
    for (size_t i = 0; i < n; i++) {
        n_nodes += entries[i].size - (i ? shared(&entries[i - 1], &entries[i]) : 0);
        t->depth = entries[i].size > t->depth ? entries[i].size : t->depth;
    }
    t->nodes = ll_calloc(t->host, n_nodes + 1, sizeof *t->nodes);
    t->tokens = ll_alloc(t->host, n, sizeof *t->tokens);
    uint32_t *path = ll_alloc(t->host, (size_t)t->depth + 1, sizeof *path); /* nodes of the token before */
    if (!t->nodes || !t->tokens || !path) {
        ll_free(t->host, path);
        return false;
    }
    uint32_t depth = 0, next = 1;
    path[0] = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t keep = i ? shared(&entries[i - 1], &entries[i]) : 0;
        for (; depth > keep; depth--)
            t->nodes[path[depth]].end = next;
        for (; depth < entries[i].size; next++) {
            t->nodes[next] = (ll_trie_node){.first_token = (uint32_t)i, .byte = (uint8_t)entries[i].bytes[depth]};
            path[++depth] = next;
        }
        t->tokens[i] = entries[i].token;
    }
    for (; depth > 0; depth--)
        t->nodes[path[depth]].end = next;
    t->nodes[0].end = next;
    t->nodes[next] = (ll_trie_node){.end = next + 1, .first_token = (uint32_t)n};
    t->n_nodes = next;
    t->n_tokens = n;
    ll_free(t->host, path);
    return true;
}

static libllm_status read_tokens(ll_trie *t, ll_buffer *bytes, entry *entries, size_t *n_entries, libllm_error *error)
{
    for (size_t i = 0; i < t->n_vocab; i++) {
        size_t start = bytes->size;
        if (ll_tokenizer_ends(t->tokenizer, (int32_t)i)) {
            t->ends[t->n_ends++] = (int32_t)i;
            continue;
        }
        libllm_status status = ll_tokenizer_piece(t->tokenizer, (int32_t)i, 0, bytes, error);
        if (status)
            return status;
        size_t size = bytes->size - start;
        if (size && size <= TOKEN_BYTES_MAX)
            entries[(*n_entries)++] = (entry){.size = (uint32_t)size, .token = (int32_t)i};
        else
            bytes->size = start;
    }
    if (bytes->failed)
        return ll_fail_memory(error, "the bytes of a vocabulary");
    const char *at = bytes->data;
    for (size_t i = 0; i < *n_entries; at += entries[i++].size)
        entries[i].bytes = at;
    return LIBLLM_OK;
}

libllm_status ll_trie_create(const ll_host *host, const ll_tokenizer *tokenizer, ll_trie **out, libllm_error *error)
{
    *out = NULL;
    ll_trie *t = ll_calloc(host, 1, sizeof *t);
    if (!t)
        return ll_fail_memory(error, "a vocabulary's tree");
    *t = (ll_trie){.host = host, .tokenizer = tokenizer, .n_vocab = ll_tokenizer_size(tokenizer)};
    ll_buffer bytes;
    ll_buffer_init(&bytes, host);
    entry *entries = ll_alloc(host, t->n_vocab, sizeof *entries);
    t->ends = ll_alloc(host, t->n_vocab, sizeof *t->ends);
    size_t n = 0;
    libllm_status status =
        entries && t->ends ? read_tokens(t, &bytes, entries, &n, error) : ll_fail_memory(error, "a vocabulary's tree");
    if (!status) {
        qsort(entries, n, sizeof *entries, by_bytes);
        if (!add_nodes(t, entries, n))
            status = ll_fail_memory(error, "a vocabulary's tree");
    }
    ll_free(host, entries);
    ll_buffer_free(&bytes);
    if (status)
        ll_trie_free(t);
    else
        *out = t;
    return status;
}

void ll_trie_free(ll_trie *t)
{
    if (!t)
        return;
    ll_free(t->host, t->nodes);
    ll_free(t->host, t->tokens);
    ll_free(t->host, t->ends);
    ll_free(t->host, t);
}
