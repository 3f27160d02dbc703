/* SPDX-License-Identifier: MIT
 * Logarithms of probabilities, of the model's own distribution: the softmax of the logits as they are.
 */
#include "sampling/sampling.h"

#include <math.h>

float ll_logprobs(const float *logits, uint32_t n_vocab, int32_t token, libllm_token_logprob *top, uint32_t n_top)
{
    float maximum = -INFINITY;
    double sum = 0;
    uint32_t n = 0;
    for (uint32_t i = 0; i < n_vocab; i++)
        maximum = logits[i] > maximum ? logits[i] : maximum;
    for (uint32_t i = 0; i < n_vocab; i++) {
        sum += exp((double)(logits[i] - maximum));
        if (n == n_top && (n == 0 || !(logits[i] > top[n - 1].logprob)))
            continue;
        /* In falling order; of equals the lower id comes first. */
        uint32_t at = n < n_top ? n++ : n - 1;
        for (; at > 0 && logits[i] > top[at - 1].logprob; at--)
            top[at] = top[at - 1];
        top[at] = (libllm_token_logprob){.token = (int32_t)i, .logprob = logits[i]};
    }
    const double log_sum = (double)maximum + log(sum);
    for (uint32_t i = 0; i < n_top; i++)
        top[i].logprob = (float)((double)top[i].logprob - log_sum);
    return (float)((double)logits[token] - log_sum);
}
