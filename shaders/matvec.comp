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
shared float square_parts[NORMED ? COLUMNS * (SIZE / 4) : 1];

float sums[2][ROWS][COLUMNS], squares[COLUMNS];

void multiply(uint type, uint which, uint64_t weights, uint row_bytes, uint n_k, uint n, uint64_t norm,
              const uint64_t x[COLUMNS])
{
    const uint t = gl_LocalInvocationID.x;
    for (uint k = 8 * t; k + 8 <= n_k; k += 8 * SIZE) {
        vec4 inputs[COLUMNS][2];
        [[unroll]] for (uint c = 0; c < COLUMNS; c++) {
            inputs[c][0] = V4(x[c]).v[k / 4];
            inputs[c][1] = V4(x[c]).v[k / 4 + 1];
            if (NORMED) {
                if (which == 0)
                    squares[c] += dot(inputs[c][0], inputs[c][0]) + dot(inputs[c][1], inputs[c][1]);
                inputs[c][0] *= V4(norm).v[k / 4];
                inputs[c][1] *= V4(norm).v[k / 4 + 1];
            }
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
        const float factor = NORMED ? F32(norm).v[k] : 1.0;
        for (uint r = 0; r < n; r++) {
            const float w = decode_1(type, weights + uint64_t(r) * row_bytes, k);
            [[unroll]] for (uint c = 0; c < COLUMNS; c++)
                sums[which][r][c] += w * (F32(x[c]).v[k] * factor);
        }
        [[unroll]] for (uint c = 0; c < COLUMNS; c++)
            if (NORMED && which == 0)
                squares[c] += F32(x[c]).v[k] * F32(x[c]).v[k];
    }
}

void main()
{
    // Few columns and many groups of rows, or items of many columns.
    uint group = gl_WorkGroupID.x + (ITEMS == 0 ? gl_WorkGroupID.z * gl_NumWorkGroups.x : 0), which;
    product_params p = joined(group, ROWS, which);
    const uint row = group * ROWS;
    if (row >= p.n_rows)
        return;
    const uint n_rows = min(ROWS, p.n_rows - row);
    const uint item = ITEMS == 0 ? 0 : gl_WorkGroupID.y;
    const uint first = ITEMS == 0 ? gl_WorkGroupID.y * COLUMNS : gl_WorkGroupID.z;
    const uint n_columns = min(COLUMNS, n_active() - first);
    uint columns[COLUMNS];
    uint64_t x[COLUMNS];
    [[unroll]] for (uint c = 0; c < COLUMNS; c++) {
        columns[c] = active_column(first + min(c, n_columns - 1));
        x[c] = p.x + 4 * (uint64_t(columns[c]) * p.x_stride + item * p.x_item_stride);
        squares[c] = 0;
        [[unroll]] for (uint r = 0; r < ROWS; r++)
            sums[0][r][c] = sums[1][r][c] = 0;
    }
    const uint matrix = item_of(p, columns[0], item);
    const uint64_t weights = p.weights + matrix * p.expert_bytes + uint64_t(row) * p.row_bytes;
    if (SECOND != 0 && (SECOND >> which & 1) != 0)
        multiply(FORMAT_2, 0, weights, p.row_bytes, p.n_k, n_rows, p.norm, x);
    else
        multiply(FORMAT, 0, weights, p.row_bytes, p.n_k, n_rows, p.norm, x);
    if (GATED)
        multiply(FORMAT_2, 1, p.weights_2 + matrix * p.expert_bytes_2 + uint64_t(row) * p.row_bytes_2, p.row_bytes_2,
                 p.n_k, n_rows, p.norm, x);
    [[unroll]] for (uint r = 0; r < ROWS; r++)
        [[unroll]] for (uint c = 0; c < COLUMNS; c++) {
            const float sum = subgroupAdd(sums[0][r][c]), sum_2 = GATED ? subgroupAdd(sums[1][r][c]) : 0;
            if (subgroupElect()) {
                parts[gl_SubgroupID * SUMS + r * COLUMNS + c] = sum;
                if (GATED)
                    parts[(SIZE / 4 + gl_SubgroupID) * SUMS + r * COLUMNS + c] = sum_2;
            }
        }
    if (NORMED)
        [[unroll]] for (uint c = 0; c < COLUMNS; c++) {
            const float sum = subgroupAdd(squares[c]);
            if (subgroupElect())
                square_parts[gl_SubgroupID * COLUMNS + c] = sum;
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
        if (NORMED) {
            float square = 0;
            for (uint s = 0; s < gl_NumSubgroups; s++)
                square += square_parts[s * COLUMNS + c];
            const float factor = 1.0 / sqrt(square / float(p.n_k) + p.eps);
            sum *= factor;
            sum_2 *= factor;
        }
        finish(p, row + r, columns[c], first + c, item, matrix, sum, sum_2);
    }
}
