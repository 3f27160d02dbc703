/* SPDX-License-Identifier: MIT
 * States in which any text may go on, such as the inside of a string: all plain tokens of the vocabulary (trie.h) are
 * allowed there, without a look at any of them.
 */
#ifndef LL_GRAMMAR_PLAIN_H
#define LL_GRAMMAR_PLAIN_H

#include "grammar/automaton.h"

#include <stdatomic.h>

/* From the state on every plain character goes on, for ever: without a call, and without what follows
 * the rule. In a counted rule each is one turn. `known` is of the states of the automaton, all zero at first; threads
 * share it. */
bool ll_takes_plain(const ll_automaton *a, uint32_t state, atomic_uchar *known, const ll_host *host);

#endif
