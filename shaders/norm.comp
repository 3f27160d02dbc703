#version 460
// SPDX-License-Identifier: MIT
// What a phase begins with, of a column for each workgroup: x += residual_scale * add_norm(branch), and norm(x).
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "reduce.glsl"

layout(constant_id = 0) const uint SIZE = 128;
layout(constant_id = 2) const bool ADDS = false;
layout(constant_id = 3) const bool NORMS_BRANCH = false;
layout(constant_id = 4) const bool NORMS = false;
layout(constant_id = 5) const bool LAYER = false; // over the deviation from the mean instead of the root mean square
layout(constant_id = 6) const bool KEEPS = false; // x = norm(x)
layout(constant_id = 7) const bool COMPACT = false; // rows of wanted columns follow each other

float deviation(uint64_t row, uint n, float mean)
{
    float sum = 0;
    for (uint i = gl_LocalInvocationID.x; i < n; i += SIZE) {
        const float d = F32(row).v[i] - mean;
        sum += d * d;
    }
    return workgroup_sum(sum);
}

// Mean, and what the differences from it are multiplied with.
vec2 norm_of(uint64_t row, uint n, float eps)
{
    float mean = 0;
    if (LAYER) {
        float sum = 0;
        for (uint i = gl_LocalInvocationID.x; i < n; i += SIZE)
            sum += F32(row).v[i];
        mean = workgroup_sum(sum) / float(n);
    }
    return vec2(mean, 1.0 / sqrt(deviation(row, n, mean) / float(n) + eps));
}

float normed(float x, vec2 norm, uint64_t weight, uint64_t bias, uint i)
{
    return (x - norm.x) * norm.y * (weight != 0 ? F32(weight).v[i] : 1.0) + (bias != 0 ? F32(bias).v[i] : 0.0);
}

void main()
{
    norm_params p = norm_params(push.op);
    const uint column = active_column(gl_WorkGroupID.y), from = gl_WorkGroupID.x * p.n;
    const uint64_t x = p.x + 4 * (uint64_t(column) * p.x_stride + from);
    const uint64_t branch = p.branch + 4 * (uint64_t(column) * p.branch_stride + from);
    const uint64_t result = p.normed + 4 * (uint64_t(COMPACT ? gl_WorkGroupID.y : column) * p.normed_stride + from);
    if (ADDS) {
        vec2 norm = vec2(0);
        if (NORMS_BRANCH)
            norm = norm_of(branch, p.n, p.eps);
        for (uint i = gl_LocalInvocationID.x; i < p.n; i += SIZE) {
            float b = F32(branch).v[i];
            if (NORMS_BRANCH)
                b = normed(b, norm, p.add_weight, p.add_bias, i);
            F32(x).v[i] += p.residual_scale * b;
        }
        barrier(); // each invocation reads what it wrote itself, but for the sums' sake all have to be there
    }
    vec2 norm = vec2(0, 1);
    if (NORMS)
        norm = norm_of(x, p.n, p.eps);
    if (p.normed == 0)
        return;
    for (uint i = gl_LocalInvocationID.x; i < p.n; i += SIZE) {
        float v = F32(x).v[i];
        if (NORMS)
            v = normed(v, norm, p.weight == 0 ? 0 : p.weight + 4 * from, p.bias == 0 ? 0 : p.bias + 4 * from, i);
        F32(result).v[i] = v;
        if (KEEPS)
            F32(x).v[i] = v;
    }
}
