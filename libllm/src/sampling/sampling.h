/* SPDX-License-Identifier: MIT
 * From logits to a token. Stateless: the draw depends on the logits, the last tokens, the options and the position
 * alone, so the same seed gives the same tokens however a generation is cut into calls.
 */
#ifndef LL_SAMPLING_SAMPLING_H
#define LL_SAMPLING_SAMPLING_H

#include "base/host.h"

typedef struct ll_candidate {
    float logit;
    float key; /* what the candidates are ordered by: the logit, or a sampler's own measure */
    int32_t token;
} ll_candidate;

/* Put what the model recommends in place of what the options leave to it, or the library's defaults. */
void ll_sampling_settle(libllm_sampling_options *options, const libllm_sampling_options *recommended);

/* Reject options that contradict themselves (NaN, negative, a token outside the vocabulary). */
libllm_status ll_sampling_check(const libllm_sampling_options *options, uint32_t n_vocab, libllm_error *error);

/* Choose a token. allowed: a bit for each token that may be chosen; NULL: all. history: the tokens before, oldest
 * first. position: of the token that is chosen. scratch: n_vocab candidates. options have been checked. */
libllm_status ll_sample(const libllm_sampling_options *options, const float *logits, uint32_t n_vocab,
                        const uint32_t *allowed, const int32_t *history, size_t n_history, uint64_t position,
                        ll_candidate *scratch, int32_t *token, libllm_error *error);

/* The logarithm of a token's probability, and of the n_top (at most n_vocab) likeliest tokens in falling order. */
float ll_logprobs(const float *logits, uint32_t n_vocab, int32_t token, libllm_token_logprob *top, uint32_t n_top);

/* The seeded random number for a position, uniform in [0, 1). */
double ll_uniform(uint64_t seed, uint64_t position);

#endif
