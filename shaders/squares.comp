#version 460
// SPDX-License-Identifier: MIT
// Sums of squares over the inputs of matrices, and how many there are: an invocation has one place of all the inputs of a
// matrix.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

layout(constant_id = 0) const uint SIZE = 64;
layout(constant_id = 2) const uint ITEMS = 0; // 0: one for each column, 1: of the experts that are chosen, 2: of each head

void main()
{
    squares_params p = squares_params(push.op);
    const uint k = gl_GlobalInvocationID.x, matrix = gl_WorkGroupID.y;
    if (k >= p.n)
        return;
    const uint first = ITEMS == 2 ? matrix : 0, end = ITEMS == 1 ? p.n_items : first + 1;
    float sum = 0;
    uint count = 0;
    for (uint i = 0; i < n_active(); i++) {
        const uint column = active_column(i);
        for (uint item = first; item < end; item++) {
            if (ITEMS == 1 && U32(p.choices).v[2 * (column * p.choice_stride + item)] != matrix)
                continue;
            const float x = F32(p.x + 4 * (uint64_t(column) * p.x_stride + item * p.x_item_stride)).v[k];
            sum += x * x;
            count++;
        }
    }
    F32(p.sums).v[matrix * p.n + k] = sum;
    if (k == 0)
        U32(p.counts).v[matrix] = count;
}
