/* SPDX-License-Identifier: MIT
 * Which tokens may follow a text. What does not depend on the callers of the rule in hand is worked out once for each
 * state of the automaton and shared by all users of a grammar; a token that goes on behind the end of the rule is
 * looked at when the callers are known.
 */
#ifndef LL_GRAMMAR_MASK_H
#define LL_GRAMMAR_MASK_H

#include "grammar/matcher.h"
#include "grammar/trie.h"

/* A compiled constraint with what is known of its states. Shared by threads: entries are only ever added. */
typedef struct ll_grammar ll_grammar;

/* Takes the automaton, also with a failure. */
libllm_status ll_grammar_create(const ll_host *host, const ll_trie *trie, ll_automaton *automaton, ll_grammar **out,
                                libllm_error *error);
void ll_grammar_free(ll_grammar *grammar); /* one user less; NULL is fine */
ll_grammar *ll_grammar_use(ll_grammar *grammar);
const ll_trie *ll_grammar_trie(const ll_grammar *grammar);
const ll_automaton *ll_grammar_automaton(const ll_grammar *grammar);

/* Set the bits of the tokens that may follow the n items at `from`; the rest stays as it is. The status is the
 * matcher's. */
void ll_mask_add(ll_grammar *grammar, ll_matcher *m, size_t from, size_t n, uint32_t *bits);

#endif
