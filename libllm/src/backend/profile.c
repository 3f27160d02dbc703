/* SPDX-License-Identifier: MIT
 * Sums of profiles, the same on every device.
 */
#include "backend/backend.h"

void ll_profile_add(ll_profile *profile, const ll_profile *more)
{
    profile->n_batches += more->n_batches;
    profile->n_tokens += more->n_tokens;
    profile->n_threads += more->n_threads;
    profile->seconds += more->seconds;
    for (size_t i = 0; i < LL_PHASE_KINDS; i++) {
        ll_phase_profile *to = &profile->phases[i];
        const ll_phase_profile *from = &more->phases[i];
        to->calls += from->calls;
        to->seconds += from->seconds;
        to->computing += from->computing;
        to->waiting += from->waiting;
        to->weight_bytes += from->weight_bytes;
        to->kv_bytes += from->kv_bytes;
        to->flops += from->flops;
    }
}
