/* SPDX-License-Identifier: MIT
 * The vocabulary as a tree over the bytes of its tokens, so that tokens with a common beginning are looked at together.
 */
#ifndef LL_GRAMMAR_TRIE_H
#define LL_GRAMMAR_TRIE_H

#include "tokenizer/tokenizer.h"

/* Nodes lie in the order of a walk: the children of node i begin at i + 1, and what is behind its subtree at end. */
typedef struct ll_trie_node {
    uint32_t end;
    uint32_t first_token; /* of `tokens`; its own end where those of the next node begin */
    uint8_t byte;
} ll_trie_node;

typedef struct ll_trie {
    const ll_host *host;
    const ll_tokenizer *tokenizer;
    ll_trie_node *nodes; /* [n_nodes + 1]; 0 is the root */
    size_t n_nodes;
    int32_t *tokens; /* in the order of the nodes */
    size_t n_tokens; /* that have bytes */
    int32_t *ends;   /* [n_ends] tokens that end a generation */
    size_t n_ends;
    uint32_t depth; /* bytes of the longest token */
    size_t n_vocab;
} ll_trie;

/* Tokens without bytes, such as control tokens, are not in it. */
libllm_status ll_trie_create(const ll_host *host, const ll_tokenizer *tokenizer, ll_trie **out, libllm_error *error);
void ll_trie_free(ll_trie *trie); /* NULL is fine */

#endif
