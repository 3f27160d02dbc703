#version 460
// SPDX-License-Identifier: MIT
// Rows of the embedding: x = row * scale, + the position's row, + the token type's. A workgroup has a part of a column.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "decode.glsl"

layout(constant_id = 2) const uint FORMAT = 0;
layout(constant_id = 3) const uint FORMAT_POSITION = 0;

void row_8(uint type, uint64_t row, uint k, uint n, out float w[8])
{
    if (k + 8 <= n)
        decode_8(type, row, k, w);
    else
        for (uint i = 0; i < 8; i++)
            w[i] = k + i < n ? decode_1(type, row, k + i) : 0;
}

void main()
{
    embed_params p = embed_params(push.op);
    column_params c = column_params(batch_params(push.batch).columns)[gl_WorkGroupID.y];
    const uint k = gl_GlobalInvocationID.x * 8;
    if (k >= p.n)
        return;
    float w[8], at[8];
    row_8(FORMAT, p.weights + uint64_t(c.token) * p.row_bytes, k, p.n, w);
    [[unroll]] for (uint i = 0; i < 8; i++)
        w[i] *= p.scale;
    if (p.positions != 0) {
        row_8(FORMAT_POSITION, p.positions + uint64_t(c.position) * p.position_row_bytes, k, p.n, at);
        [[unroll]] for (uint i = 0; i < 8; i++)
            w[i] += at[i];
    }
    F32 x = F32(p.x + uint64_t(gl_WorkGroupID.y) * p.n_stride * 4);
    for (uint i = 0; i < 8 && k + i < p.n; i++)
        x.v[k + i] = w[i] + (p.token_types != 0 ? F32(p.token_types).v[c.token_type * p.n + k + i] : 0);
}
