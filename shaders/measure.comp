#version 460
// SPDX-License-Identifier: MIT
// What a device can do at best: reading memory once, or multiplying and adding what is in registers.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

layout(constant_id = 0) const uint SIZE = 128;
layout(constant_id = 2) const bool READS = false;
layout(buffer_reference, scalar, buffer_reference_align = 16) readonly buffer V4 { vec4 v[]; };

void main()
{
    measure_params p = measure_params(push.op);
    const uint t = gl_GlobalInvocationID.x, n_all = gl_NumWorkGroups.x * SIZE;
    vec4 sums[4];
    [[unroll]] for (uint i = 0; i < 4; i++)
        sums[i] = vec4(float(t + i) * 1e-9);
    if (READS) {
        for (uint i = t; i + 3 * n_all < p.n; i += 4 * n_all)
            [[unroll]] for (uint j = 0; j < 4; j++)
                sums[j] += V4(p.x).v[i + j * n_all];
    } else {
        const vec4 factor = vec4(p.factor);
        for (uint i = 0; i < p.n; i++)
            [[unroll]] for (uint j = 0; j < 4; j++)
                sums[j] = fma(sums[j], factor, factor);
    }
    const vec4 sum = sums[0] + sums[1] + sums[2] + sums[3];
    if (sum.x + sum.y + sum.z + sum.w == -1.0) // never; compilers do not know
        F32(p.x).v[t] = sum.x;
}
