/* SPDX-License-Identifier: MIT
 * Prompts of a given number of tokens, from words whose tokens the server has counted.
 */
#ifndef CLI_LOAD_PROMPTS_H
#define CLI_LOAD_PROMPTS_H

#include "plan.h"

enum { N_WORDS = 64 };

struct prompts {
    bool is_counted;         /* the server said how many tokens words have; otherwise each counts as one */
    uint32_t cost[N_WORDS];  /* tokens; 0: the word is not used */
    uint32_t cheap[N_WORDS]; /* those of the fewest tokens */
    size_t n_cheap;
    uint64_t seed;
};

/* Asks the server's /tokenize, where there is one. */
void prompts_prepare(struct prompts *prompts, struct endpoint *endpoint, uint64_t seed);
/* Appends the prompt of request number `index`. */
void prompts_write(const struct prompts *prompts, const struct planned *planned, uint64_t index, struct text *text);

#endif
