/* SPDX-License-Identifier: MIT
 * Random numbers by position: no state that could drift between runs, threads or batches.
 */
#include "sampling/sampling.h"

static uint64_t mix(uint64_t x) /* the finalizer of SplitMix64 */
{
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

double ll_uniform(uint64_t seed, uint64_t position)
{
    uint64_t x = mix(mix(seed + 0x9E3779B97F4A7C15u) + (position + 1) * 0x9E3779B97F4A7C15u);
    return (double)(x >> 11) * 0x1p-53;
}
