/* SPDX-License-Identifier: MIT
 * Building the tree: tokens are sorted by their bytes, and each adds the nodes that the one before does not share.
 */
#include "grammar/trie.h"

#include "base/status.h"
#include "base/utf8.h"

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

/* Characters of a plain token; 0: it is none. Ends of lines are not plain: the dot of expressions leaves them out. */
static uint32_t plain_length(const entry *e)
{
    uint32_t n = 0;
    for (size_t i = 0; i < e->size; n++) {
        int32_t c;
        i += ll_utf8_decode(e->bytes + i, e->size - i, &c);
        if (c < ' ' || c == '"' || c == '\\' || c == 0x7F || c == 0x2028 || c == 0x2029)
            return 0;
    }
    return n <= LL_PLAIN_LENGTH_MAX ? n : 0;
}

static bool grow_tree(const ll_host *host, ll_tree *t, const entry *entries, size_t n, uint32_t depth_max)
{
    size_t n_nodes = 1;
    for (size_t i = 0; i < n; i++)
        n_nodes += entries[i].size - (i ? shared(&entries[i - 1], &entries[i]) : 0);
    t->nodes = ll_calloc(host, n_nodes + 1, sizeof *t->nodes);
    t->tokens = ll_alloc(host, n, sizeof *t->tokens);
    uint32_t *path = ll_alloc(host, (size_t)depth_max + 1, sizeof *path); /* nodes of the token before */
    if (!t->nodes || !t->tokens || !path) {
        ll_free(host, path);
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
    ll_free(host, path);
    return true;
}

/* Both trees, and the bits of plain tokens. The entries are in order, and change. */
static bool add_tokens(ll_trie *t, entry *entries, size_t n)
{
    t->plain = ll_calloc(t->host, LL_PLAIN_LENGTH_MAX * t->n_words, sizeof *t->plain);
    if (!t->plain)
        return false;
    for (size_t i = 0; i < n; i++)
        t->depth = entries[i].size > t->depth ? entries[i].size : t->depth;
    if (!grow_tree(t->host, &t->all, entries, n, t->depth))
        return false;
    size_t n_rest = 0;
    for (size_t i = 0; i < n; i++) {
        const uint32_t length = plain_length(&entries[i]);
        if (length)
            t->plain[(length - 1) * t->n_words + (size_t)entries[i].token / 32] |= 1u << entries[i].token % 32;
        else
            entries[n_rest++] = entries[i];
    }
    for (size_t i = t->n_words; i < LL_PLAIN_LENGTH_MAX * t->n_words; i++)
        t->plain[i] |= t->plain[i - t->n_words];
    return grow_tree(t->host, &t->rest, entries, n_rest, t->depth);
}

libllm_status ll_trie_bytes(const ll_trie *t, int32_t token, ll_buffer *out, libllm_error *error)
{
    const size_t start = out->size;
    libllm_status status = ll_tokenizer_piece(t->tokenizer, token, 0, out, error);
    if (!status && out->size == start) {
        ll_buffer_byte(out, (char)LL_CONTROL_BEGIN);
        status = ll_tokenizer_piece(t->tokenizer, token, LIBLLM_DETOKENIZE_SPECIAL, out, error);
        ll_buffer_byte(out, (char)LL_CONTROL_END);
    } else if (!status && !out->failed && out->data[start] == (char)LL_CONTROL_BEGIN) {
        out->size = start; /* a byte on its own */
    }
    return status || !out->failed ? status : ll_fail_memory(error, "the bytes of a vocabulary");
}

/* The child of a node with a byte; 0: there is none. */
static uint32_t child(const ll_trie *t, uint32_t node, uint8_t byte)
{
    uint32_t at = node + 1;
    while (at < t->all.nodes[node].end && t->all.nodes[at].byte != byte)
        at = t->all.nodes[at].end;
    return at < t->all.nodes[node].end ? at : 0;
}

/* Those that end a generation are not in the tree. */
static size_t ending_control(const ll_trie *t, ll_span text)
{
    size_t longest = 0;
    ll_buffer name;
    ll_buffer_init(&name, t->host);
    for (size_t i = 0; i < t->n_ends; i++) {
        name.size = 0;
        if (!ll_trie_bytes(t, t->ends[i], &name, NULL) && name.size > longest + 2 && name.size - 2 <= text.size &&
            memcmp(text.data, name.data + 1, name.size - 2) == 0)
            longest = name.size - 2;
    }
    ll_buffer_free(&name);
    return longest;
}

size_t ll_trie_control(const ll_trie *t, ll_span text, bool *ends)
{
    size_t longest = 0, n = 0;
    for (uint32_t node = child(t, 0, LL_CONTROL_BEGIN); node; n++) {
        longest = n && child(t, node, LL_CONTROL_END) ? n : longest;
        node = n < text.size ? child(t, node, (uint8_t)text.data[n]) : 0;
    }
    const size_t ending = ending_control(t, text);
    *ends = ending > longest;
    return ending > longest ? ending : longest;
}

static libllm_status read_tokens(ll_trie *t, ll_buffer *bytes, entry *entries, size_t *n_entries, libllm_error *error)
{
    for (size_t i = 0; i < t->n_vocab; i++) {
        size_t start = bytes->size;
        if (ll_tokenizer_ends(t->tokenizer, (int32_t)i)) {
            t->ends[t->n_ends++] = (int32_t)i;
            continue;
        }
        libllm_status status = ll_trie_bytes(t, (int32_t)i, bytes, error);
        if (status)
            return status;
        size_t size = bytes->size - start;
        if (size && size <= TOKEN_BYTES_MAX)
            entries[(*n_entries)++] = (entry){.size = (uint32_t)size, .token = (int32_t)i};
        else
            bytes->size = start;
    }
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
    t->n_words = (t->n_vocab + 31) / 32;
    ll_buffer bytes;
    ll_buffer_init(&bytes, host);
    entry *entries = ll_alloc(host, t->n_vocab, sizeof *entries);
    t->ends = ll_alloc(host, t->n_vocab, sizeof *t->ends);
    size_t n = 0;
    libllm_status status =
        entries && t->ends ? read_tokens(t, &bytes, entries, &n, error) : ll_fail_memory(error, "a vocabulary's tree");
    if (!status) {
        qsort(entries, n, sizeof *entries, by_bytes);
        if (!add_tokens(t, entries, n))
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
    ll_free(t->host, t->all.nodes);
    ll_free(t->host, t->all.tokens);
    ll_free(t->host, t->rest.nodes);
    ll_free(t->host, t->rest.tokens);
    ll_free(t->host, t->plain);
    ll_free(t->host, t->ends);
    ll_free(t->host, t);
}
