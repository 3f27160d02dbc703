#version 460
// SPDX-License-Identifier: MIT
// A matrix times a few columns, straight from its blocks: a workgroup has ROWS rows, its invocations share k.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "product.glsl"

layout(constant_id = 0) const uint SIZE = 64;
layout(buffer_reference, scalar, buffer_reference_align = 16) readonly buffer V4 { vec4 v[]; };

const uint SUMS = ROWS * COLUMNS;
shared float parts[(GATED ? 2 : 1) * SUMS * (SIZE / 4)]; // no subgroup has fewer than four invocations

float sums[2][ROWS][COLUMNS];

void multiply(uint type, uint which, uint64_t weights, uint row_bytes, uint n_k, uint n, const uint64_t x[COLUMNS])
{
    const uint t = gl_LocalInvocationID.x;
    for (uint k = 8 * t; k + 8 <= n_k; k += 8 * SIZE) {
        vec4 inputs[COLUMNS][2];
        [[unroll]] for (uint c = 0; c < COLUMNS; c++) {
            inputs[c][0] = V4(x[c]).v[k / 4];
            inputs[c][1] = V4(x[c]).v[k / 4 + 1];
        }
        [[unroll]] for (uint r = 0; r < ROWS; r++) {
            if (r >= n)
                break;
            float w[8];
            decode_8(type, weights + uint64_t(r) * row_bytes, k, w);
            vec4 low = vec4(w[0], w[1], w[2], w[3]), high = vec4(w[4], w[5], w[6], w[7]);
            [[unroll]] for (uint c = 0; c < COLUMNS; c++)
                sums[which][r][c] += dot(low, inputs[c][0]) + dot(high, inputs[c][1]);
        }
    }
    if (block_weights(type) == 1 && n_k % 8 != 0 && t < n_k % 8) {
        const uint k = n_k - n_k % 8 + t;
        for (uint r = 0; r < n; r++) {
            const float w = decode_1(type, weights + uint64_t(r) * row_bytes, k);
            [[unroll]] for (uint c = 0; c < COLUMNS; c++)
                sums[which][r][c] += w * F32(x[c]).v[k];
        }
    }
}

void main()
{
    product_params p = product_params(push.op);
    const uint row = (gl_WorkGroupID.x + gl_WorkGroupID.z * gl_NumWorkGroups.x) * ROWS;
    if (row >= p.n_rows)
        return;
    const uint n_rows = min(ROWS, p.n_rows - row);
    const uint item = ITEMS == 0 ? 0 : gl_WorkGroupID.y % p.n_items;
    const uint first = ITEMS == 0 ? gl_WorkGroupID.y * COLUMNS : gl_WorkGroupID.y / p.n_items;
    const uint n_columns = min(COLUMNS, n_active() - first);
    uint columns[COLUMNS];
    uint64_t x[COLUMNS];
    [[unroll]] for (uint c = 0; c < COLUMNS; c++) {
        columns[c] = active_column(first + min(c, n_columns - 1));
        x[c] = p.x + 4 * (uint64_t(columns[c]) * p.x_stride + item * p.x_item_stride);
        [[unroll]] for (uint r = 0; r < ROWS; r++)
            sums[0][r][c] = sums[1][r][c] = 0;
    }
    const uint matrix = item_of(p, columns[0], item);
    multiply(FORMAT, 0, p.weights + matrix * p.expert_bytes + uint64_t(row) * p.row_bytes, p.row_bytes, p.n_k, n_rows, x);
    if (GATED)
        multiply(FORMAT_2, 1, p.weights_2 + matrix * p.expert_bytes_2 + uint64_t(row) * p.row_bytes_2, p.row_bytes_2,
                 p.n_k, n_rows, x);
    [[unroll]] for (uint r = 0; r < ROWS; r++)
        [[unroll]] for (uint c = 0; c < COLUMNS; c++) {
            const float sum = subgroupAdd(sums[0][r][c]), sum_2 = GATED ? subgroupAdd(sums[1][r][c]) : 0;
            if (subgroupElect()) {
                parts[gl_SubgroupID * SUMS + r * COLUMNS + c] = sum;
                if (GATED)
                    parts[(SIZE / 4 + gl_SubgroupID) * SUMS + r * COLUMNS + c] = sum_2;
            }
        }
    barrier();
    for (uint i = gl_LocalInvocationID.x; i < SUMS; i += SIZE) {
        const uint r = i / COLUMNS, c = i % COLUMNS;
        if (r >= n_rows || c >= n_columns)
            continue;
        float sum = 0, sum_2 = 0;
        for (uint s = 0; s < gl_NumSubgroups; s++) {
            sum += parts[s * SUMS + i];
            if (GATED)
                sum_2 += parts[(SIZE / 4 + s) * SUMS + i];
        }
        finish(p, row + r, columns[c], first + c, item, matrix, sum, sum_2);
    }
}
