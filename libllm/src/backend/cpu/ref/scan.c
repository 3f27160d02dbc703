/* SPDX-License-Identifier: MIT
 * The state of a scan going on by a token.
 */
#include "backend/cpu/ref/math.h"
#include "backend/cpu/ref/ref.h"

enum { LANES = 4 };

void ll_ref_scan(const ll_scan_job *job)
{
    const size_t n = job->n_states;
    for (size_t j = 0; j < job->n; j++) {
        float *restrict state = job->state + j * n;
        const float input = job->input[j];
        float sums[LANES] = {0}, rest = 0;
        if (job->a) {
            const float *a = job->a + j * n, delta = job->delta[j];
            for (size_t i = 0; i < n; i++)
                state[i] = ll_ref_exp(delta * a[i]) * state[i] + input * job->b[i];
        } else {
            for (size_t i = 0; i < n; i++)
                state[i] = job->decay * state[i] + input * job->b[i];
        }
        size_t i = 0;
        for (; i + LANES <= n; i += LANES)
            for (size_t l = 0; l < LANES; l++)
                sums[l] += state[i + l] * job->c[i + l];
        for (; i < n; i++)
            rest += state[i] * job->c[i];
        job->out[j] = rest + ((sums[0] + sums[1]) + (sums[2] + sums[3]));
    }
}
