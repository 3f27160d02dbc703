/* SPDX-License-Identifier: MIT
 * Walks over a tree of tokens: which of them a position lets through.
 */
#ifndef LL_GRAMMAR_WALK_H
#define LL_GRAMMAR_WALK_H

#include "grammar/matcher.h"
#include "grammar/trie.h"

/* How a token gets on in a rule: it stays within, it leaves the loop of a counted one, or its rule ends before a node
 * whose byte may follow the rule. */
typedef enum ll_found_kind { LL_FOUND_STAYS, LL_FOUND_LEAVES, LL_FOUND_EXIT, LL_N_FOUND } ll_found_kind;

typedef struct ll_found {
    uint32_t value; /* a token, or the node behind an exit */
    uint16_t turns; /* through the loop until then */
    uint8_t kind;
} ll_found;

typedef struct ll_walk {
    const ll_tree *tree;
    ll_matcher *m;
    struct ll_walk_level *levels;
    size_t n_levels;
    uint32_t *bits;         /* of tokens; NULL: they are found */
    const uint64_t *follow; /* behind the rule of the state */
    ll_found *found;
    size_t n_found, capacity;
} ll_walk;

/* False: out of memory, as the matcher's status says. */
bool ll_walk_begin(ll_walk *w, const ll_trie *trie, const ll_tree *tree, ll_matcher *m, uint32_t *bits);
void ll_walk_end(ll_walk *w);

/* The tokens that end at a node. */
void ll_walk_allow(ll_walk *w, uint32_t node, uint16_t turns, ll_found_kind kind);
/* The subtree below a node, from the n items at `from` on. */
void ll_walk_items(ll_walk *w, uint32_t node, size_t from, size_t n);
/* All that a state lets through, whatever follows its rule and wherever the register is. */
void ll_walk_state(ll_walk *w, uint32_t state);

#endif
