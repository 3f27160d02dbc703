#version 460
// SPDX-License-Identifier: MIT
// Of latent attention, the part of a query head that rotates: from the raw head to behind what becomes of the rest. A
// workgroup has a column.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

layout(constant_id = 0) const uint SIZE = 64;
layout(constant_id = 2) const uint ROPE = 0; // 0: none, 1: neighbours, 2: halves

void main()
{
    latent_params p = latent_params(push.op);
    batch_params b = batch_params(push.batch);
    const uint column = gl_WorkGroupID.y, n = p.n_rot / 2;
    const uint64_t angles = b.angles + 4 * (p.angles + uint64_t(column) * p.n_rot);
    for (uint i = gl_LocalInvocationID.x; i < p.n_heads * n; i += SIZE) {
        const uint head = i / n, k = i % n, first = ROPE == 2 ? k : 2 * k, second = ROPE == 2 ? k + n : 2 * k + 1;
        F32 raw = F32(p.raw + 4 * (uint64_t(column) * p.raw_stride + head * p.raw_dim + p.n_nope));
        F32 q = F32(p.q + 4 * (uint64_t(column) * p.q_stride + head * p.head_dim + p.head_dim - p.n_rot));
        const float x = raw.v[first], y = raw.v[second];
        const float c = ROPE == 0 ? 1.0 : F32(angles).v[k], s = ROPE == 0 ? 0.0 : F32(angles).v[n + k];
        q.v[first] = x * c - y * s;
        q.v[second] = x * s + y * c;
    }
}
