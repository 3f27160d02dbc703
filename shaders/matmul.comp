#version 460
// SPDX-License-Identifier: MIT
// A matrix times many columns: tiles of ROWS x COLUMNS sums, 4 x 4 of them for each invocation; of each 32 inputs the
// weights are decoded once into shared memory.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "product.glsl"

layout(constant_id = 0) const uint SIZE = 128; // ROWS * COLUMNS / 16
const uint DEPTH = 32, PITCH = DEPTH + 1;
const uint MATRICES = GATED ? 2 : 1;
shared float weights[MATRICES * ROWS * PITCH];
shared float inputs[COLUMNS * PITCH];

void load_weights(uint type, uint which, uint64_t first, uint row_bytes, uint n_rows, uint k, uint n_k)
{
    for (uint i = gl_LocalInvocationID.x; i < ROWS * (DEPTH / 8); i += SIZE) {
        const uint r = i / (DEPTH / 8), at = i % (DEPTH / 8) * 8, to = (which * ROWS + r) * PITCH + at;
        const uint64_t row = first + uint64_t(r) * row_bytes;
        if (r < n_rows && k + at + 8 <= n_k) {
            float w[8];
            decode_8(type, row, k + at, w);
            [[unroll]] for (uint j = 0; j < 8; j++)
                weights[to + j] = w[j];
        } else {
            for (uint j = 0; j < 8; j++)
                weights[to + j] = block_weights(type) == 1 && r < n_rows && k + at + j < n_k
                                      ? decode_1(type, row, k + at + j)
                                      : 0.0;
        }
    }
}

void main()
{
    uint group = gl_WorkGroupID.x, which;
    product_params p = joined(group, ROWS, which);
    const uint t = gl_LocalInvocationID.x;
    const uint row = group * ROWS, first = gl_WorkGroupID.y * COLUMNS;
    const uint item = gl_WorkGroupID.z, matrix = item; // of heads
    const uint n_rows = min(ROWS, p.n_rows - row), n_columns = min(COLUMNS, n_active() - first);
    const uint64_t w = p.weights + matrix * p.expert_bytes + uint64_t(row) * p.row_bytes;
    const uint64_t w_2 = p.weights_2 + matrix * p.expert_bytes_2 + uint64_t(row) * p.row_bytes_2;
    float sums[MATRICES][4][4], squares[COLUMNS * DEPTH / SIZE]; // an invocation has one k of each DEPTH
    [[unroll]] for (uint m = 0; m < MATRICES; m++)
        [[unroll]] for (uint i = 0; i < 16; i++)
            sums[m][i / 4][i % 4] = 0;
    [[unroll]] for (uint i = 0; i < COLUMNS * DEPTH / SIZE; i++)
        squares[i] = 0;
    // Rows and columns of an invocation lie apart, so that neighbours read neighbouring banks.
    const uint r0 = t % (ROWS / 4), c0 = t / (ROWS / 4);
    for (uint k = 0; k < p.n_k; k += DEPTH) {
        barrier();
        if (SECOND != 0 && (SECOND >> which & 1) != 0)
            load_weights(FORMAT_2, 0, w, p.row_bytes, n_rows, k, p.n_k);
        else
            load_weights(FORMAT, 0, w, p.row_bytes, n_rows, k, p.n_k);
        if (GATED)
            load_weights(FORMAT_2, 1, w_2, p.row_bytes_2, n_rows, k, p.n_k);
        const float factor = NORMED && k + t % DEPTH < p.n_k ? F32(p.norm).v[k + t % DEPTH] : 1.0;
        [[unroll]] for (uint j = 0; j < COLUMNS * DEPTH / SIZE; j++) {
            const uint i = t + j * SIZE, c = i / DEPTH, at = i % DEPTH;
            float x = 0;
            if (c < n_columns && k + at < p.n_k)
                x = F32(p.x + 4 * (uint64_t(active_column(first + c)) * p.x_stride + item * p.x_item_stride)).v[k + at];
            squares[j] += x * x;
            inputs[c * PITCH + at] = x * factor;
        }
        barrier();
        for (uint d = 0; d < DEPTH; d++) {
            float x[4];
            [[unroll]] for (uint c = 0; c < 4; c++)
                x[c] = inputs[(c0 + c * (COLUMNS / 4)) * PITCH + d];
            [[unroll]] for (uint m = 0; m < MATRICES; m++)
                [[unroll]] for (uint r = 0; r < 4; r++) {
                    const float v = weights[(m * ROWS + r0 + r * (ROWS / 4)) * PITCH + d];
                    [[unroll]] for (uint c = 0; c < 4; c++)
                        sums[m][r][c] += v * x[c];
                }
        }
    }
    if (NORMED) {
        barrier();
        [[unroll]] for (uint j = 0; j < COLUMNS * DEPTH / SIZE; j++)
            inputs[(t + j * SIZE) / DEPTH * PITCH + t % DEPTH] = squares[j];
        barrier();
    }
    [[unroll]] for (uint c = 0; c < 4; c++) {
        float factor = 1;
        if (NORMED) {
            float square = 0;
            for (uint d = 0; d < DEPTH; d++)
                square += inputs[(c0 + c * (COLUMNS / 4)) * PITCH + d];
            factor = 1.0 / sqrt(square / float(p.n_k) + p.eps);
        }
        const uint index = first + c0 + c * (COLUMNS / 4);
        if (index >= first + n_columns)
            continue;
        const uint column = active_column(index);
        [[unroll]] for (uint r = 0; r < 4; r++) {
            const uint at = r0 + r * (ROWS / 4);
            if (at < n_rows)
                finish(p, row + at, column, index, item, matrix, sums[0][r][c] * factor,
                       sums[MATRICES - 1][r][c] * factor);
        }
    }
}
