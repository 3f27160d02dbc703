#version 460
// SPDX-License-Identifier: MIT
// A head of queries, keys or values of a column for each workgroup: queries stay where they are, keys and values go to
// the KV memory.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "decode.glsl"
#include "kv.glsl"
#include "reduce.glsl"

layout(constant_id = 0) const uint SIZE = 64;
#include "heads.glsl"

void main()
{
    heads_params p = heads_params(push.op);
    const uint column = gl_WorkGroupID.y;
    column_params c = column_params(batch_params(push.batch).columns)[column];
    // Of the kinds of heads that there are, in their order.
    uint at = gl_WorkGroupID.x, kind = QUERY;
    const uint counts[3] = uint[3]((PARTS & 1) != 0 ? p.n_heads : 0, (PARTS & 2) != 0 ? p.n_kv_heads : 0, p.n_kv_heads);
    while (kind < VALUE && at >= counts[kind])
        at -= counts[kind++];
    make_head(p, kind, at, column);
    if (kind != QUERY) {
        store_head(p, kind, at, c);
        return;
    }
    const float scale = query_scale(p, c.position);
    for (uint i = gl_LocalInvocationID.x; i < HEAD_DIM; i += SIZE)
        F32(p.q + 4 * (uint64_t(column) * p.q_stride + at * HEAD_DIM)).v[i] = head[i] * scale;
}
