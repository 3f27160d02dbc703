/* SPDX-License-Identifier: MIT
 * The vocabulary as a tree over the bytes of its tokens, so that tokens with a common beginning are looked at together.
 * A control token, which has no text, is its name between two bytes that no text has.
 */
#ifndef LL_GRAMMAR_TRIE_H
#define LL_GRAMMAR_TRIE_H

#include "tokenizer/tokenizer.h"

enum { LL_CONTROL_BEGIN = 0xFF, LL_CONTROL_END = 0xFE };

/* Nodes lie in the order of a walk: the children of node i begin at i + 1, and what is behind its subtree at end. */
typedef struct ll_trie_node {
    uint32_t end;
    uint32_t first_token; /* of `tokens`; its own end where those of the next node begin */
    uint8_t byte;
} ll_trie_node;

/* Some of the vocabulary's tokens. */
typedef struct ll_tree {
    ll_trie_node *nodes; /* [n_nodes + 1]; 0 is the root */
    size_t n_nodes;
    int32_t *tokens; /* in the order of the nodes */
    size_t n_tokens;
} ll_tree;

enum { LL_PLAIN_LENGTH_MAX = 32 };

typedef struct ll_trie {
    const ll_host *host;
    const ll_tokenizer *tokenizer;
    ll_tree all;  /* that have bytes */
    ll_tree rest; /* those of `all` that are not plain */
    /* Plain tokens are whole characters of a text that JSON writes as they are, at most LL_PLAIN_LENGTH_MAX of them:
     * bits for those of at most 1, 2, ... characters. */
    uint32_t *plain; /* [LL_PLAIN_LENGTH_MAX][n_words] */
    size_t n_words;
    int32_t *ends; /* [n_ends] tokens that end a generation */
    size_t n_ends;
    uint32_t depth; /* bytes of the longest token */
    size_t n_vocab;
} ll_trie;

libllm_status ll_trie_create(const ll_host *host, const ll_tokenizer *tokenizer, ll_trie **out, libllm_error *error);
void ll_trie_free(ll_trie *trie); /* NULL is fine */

/* Append the bytes of a token as they are in the tree; none when it is not in it. */
libllm_status ll_trie_bytes(const ll_trie *trie, int32_t token, ll_buffer *out, libllm_error *error);
/* The longest control token whose name the text begins with: its length, 0 for none. *ends: it ends a generation. */
size_t ll_trie_control(const ll_trie *trie, ll_span text, bool *ends);

#endif
