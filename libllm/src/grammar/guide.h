/* SPDX-License-Identifier: MIT
 * One generation under a constraint: where its text stands, and which tokens may come next.
 */
#ifndef LL_GRAMMAR_GUIDE_H
#define LL_GRAMMAR_GUIDE_H

#include "grammar/mask.h"

typedef struct ll_guide ll_guide;

/* What may come next. */
typedef struct ll_next {
    const uint32_t *bits; /* a bit for each token of the vocabulary; until the next call */
    uint32_t n;           /* tokens that are allowed: 0, 1, or 2 for any more */
    int32_t only;         /* the token, where n is 1 */
    bool complete;        /* the text may end here */
} ll_next;

libllm_status ll_guide_create(const ll_host *host, ll_grammar *grammar, ll_guide **out, libllm_error *error);
void ll_guide_free(ll_guide *guide); /* NULL is fine */

/* The tokens of text that may come next; the tokens that end a generation are not among them. None, and the text is not
 * complete: CONSTRAINT. */
libllm_status ll_guide_next(ll_guide *guide, ll_next *next, libllm_error *error);
/* The next token of a text that is all that may come here, cut as the tokenizer cuts it behind the token before; -1:
 * the text, or how it is cut together with what follows, is not certain. Masks need not be asked for before. */
libllm_status ll_guide_forced(ll_guide *guide, int32_t *token, libllm_error *error);
/* The same bits with those of the tokens that end a generation. */
const uint32_t *ll_guide_with_ends(ll_guide *guide);
/* Go on behind a token that is allowed; a failure leaves everything as it was. */
libllm_status ll_guide_accept(ll_guide *guide, int32_t token, libllm_error *error);

#endif
