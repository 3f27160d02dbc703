#version 460
// SPDX-License-Identifier: MIT
// Attention of some rows, queries of heads that share keys and values and of neighbouring columns of a run, over the
// pages of KV memory: online softmax, in which each of 64 invocations has a position when
// scores are made, and some dimensions when values are summed.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "activation.glsl"
#include "decode.glsl"
#include "kv.glsl"

layout(constant_id = 2) const uint ROWS = 1; // of a workgroup
layout(constant_id = 3) const bool SYMMETRIC = false;
layout(constant_id = 4) const bool CROSS = false;

const uint VALUES = (VALUE_DIM + PAGE - 1) / PAGE; // of an invocation
const float NONE = -1.0 / 0.0;
shared float queries[ROWS * HEAD_DIM];
shared float probabilities[ROWS * PAGE];
shared float parts[2 * ROWS * (PAGE / 4)];
shared float spreading[KV_TYPE == KV_Q4_0 ? VALUE_DIM : 1];

float key(uint64_t keys, uint d, uint p)
{
    switch (KV_TYPE) {
    case KV_F32:
        return F32(keys).v[d * PAGE + p];
    case KV_F16:
        return f16_widen(u16(keys, d * PAGE + p));
    case KV_Q8_0:
        return float(s8(keys, d * PAGE + p)) * f16_widen(u16(keys + HEAD_DIM * PAGE, d / 32 * PAGE + p));
    }
    const uint q = u8(keys, d / 2 * PAGE + p) >> 4 * (d % 2) & 15;
    return float(int(q) - 8) * f16_widen(u16(keys + HEAD_DIM * PAGE / 2, d / 32 * PAGE + p));
}

float value(uint64_t values, uint p, uint d)
{
    switch (KV_TYPE) {
    case KV_F32:
        return F32(values).v[p * VALUE_DIM + d];
    case KV_F16:
        return f16_widen(u16(values, p * VALUE_DIM + d));
    case KV_Q8_0:
        return float(s8(values, p * VALUE_DIM + d)) * f16_widen(u16(values + VALUE_DIM * PAGE, d / 32 * PAGE + p));
    }
    const uint half_ = VALUE_DIM / 2, q = u8(values, p * half_ + d % half_) >> 4 * (d / half_) & 15;
    return float(int(q) - 8) * f16_widen(u16(values + VALUE_DIM * PAGE / 2, d / 32 * PAGE + p));
}

// First position that a query sees, and the one behind the last.
uvec2 seen(attention_params p, column_params c)
{
    if (CROSS)
        return uvec2(0, c.n_source);
    const uint before = SYMMETRIC ? p.window / 2 : p.window - 1;
    const uint first = p.window != 0 && c.position > before ? c.position - before : 0;
    const uint end = SYMMETRIC ? c.run_position + c.run_n : c.position + 1;
    return uvec2(first, SYMMETRIC && p.window != 0 ? min(end, c.position + p.window / 2 + 1) : end);
}

float distance_bias(attention_params p, uint head, uint at, uint position)
{
    const int reach = int(p.bias_reach), i = clamp(int(at) - int(position) + reach, 0, 2 * reach);
    return F32(p.distance_bias).v[head * (2 * p.bias_reach + 1) + i];
}

// Rows of queries to shared memory; in Q4_0 they are spread as the keys are.
void load_queries(attention_params p, uint first, uint group, uint kv_head, uint row, uint n_rows)
{
    for (uint i = gl_LocalInvocationID.x; i < n_rows * HEAD_DIM; i += PAGE) {
        const uint at = row + i / HEAD_DIM, head = kv_head * group + at % group;
        queries[i] = F32(p.q + 4 * uint64_t(first + at / group) * p.q_stride).v[head * HEAD_DIM + i % HEAD_DIM];
    }
    barrier();
    if (KV_TYPE != KV_Q4_0)
        return;
    const uint block = spread_block(HEAD_DIM);
    for (uint width = 1; width < block; width *= 2) {
        for (uint i = gl_LocalInvocationID.x; i < n_rows * HEAD_DIM / 2; i += PAGE) {
            const uint at = i / width * 2 * width + i % width;
            const float a = queries[at], b = queries[at + width];
            queries[at] = (a + b) * 0.70710678118654752;
            queries[at + width] = (a - b) * 0.70710678118654752;
        }
        barrier();
    }
}

void main()
{
    attention_params p = attention_params(push.op);
    batch_params b = batch_params(push.batch);
    const uint t = gl_LocalInvocationID.x, group = p.n_heads / p.n_kv_heads;
    tile_params of = tile_params(b.tiles)[gl_WorkGroupID.y];
    const uint kv_head = gl_WorkGroupID.x % p.n_kv_heads, row = gl_WorkGroupID.x / p.n_kv_heads * ROWS;
    if (row >= of.n * group)
        return;
    const uint n_rows = min(ROWS, of.n * group - row);
    load_queries(p, of.first, group, kv_head, row, n_rows);

    column_params columns = column_params(b.columns);
    uvec2 sees[ROWS];
    uint positions[ROWS];
    float most[ROWS], sum[ROWS], acc[ROWS][VALUES];
    uint low = 0xFFFFFFFFu, high = 0;
    [[unroll]] for (uint r = 0; r < ROWS; r++) {
        const uint column = of.first + (row + min(r, n_rows - 1)) / group;
        sees[r] = seen(p, columns[column]);
        positions[r] = columns[column].position;
        low = min(low, sees[r].x);
        high = max(high, sees[r].y);
        most[r] = NONE;
        sum[r] = 0;
        [[unroll]] for (uint j = 0; j < VALUES; j++)
            acc[r][j] = 0;
    }
    const uint pages = CROSS ? columns[of.first].source_pages : columns[of.first].pages;
    for (uint base = low / PAGE * PAGE; base < high; base += PAGE) {
        const uint64_t keys = kv_at(U64(b.pages).v[pages + base / PAGE], p.layer_offset, kv_head);
        const uint64_t values = keys + tile_bytes(HEAD_DIM);
        const uint at = base + t;
        float scores[ROWS];
        [[unroll]] for (uint r = 0; r < ROWS; r++)
            scores[r] = 0;
        if (at < high)
            for (uint d = 0; d < HEAD_DIM; d++) {
                const float k = key(keys, d, t);
                [[unroll]] for (uint r = 0; r < ROWS; r++)
                    scores[r] += queries[r * HEAD_DIM + d] * k;
            }
        [[unroll]] for (uint r = 0; r < ROWS; r++) {
            const uint head = kv_head * group + (row + r) % group;
            float s = scores[r] * p.scale;
            if (p.alibi != 0)
                s -= F32(p.alibi).v[head] * float(int(positions[r]) - int(at));
            if (p.distance_bias != 0)
                s += distance_bias(p, head, at, positions[r]);
            if (p.softcap > 0)
                s = softcap(s, p.softcap);
            scores[r] = at >= max(sees[r].x, low) && at < min(sees[r].y, high) && r < n_rows ? s : NONE;
            const float m = subgroupMax(scores[r]);
            if (subgroupElect())
                parts[r * (PAGE / 4) + gl_SubgroupID] = m;
        }
        barrier();
        float factors[ROWS];
        [[unroll]] for (uint r = 0; r < ROWS; r++) {
            float m = most[r];
            for (uint i = 0; i < gl_NumSubgroups; i++)
                m = max(m, parts[r * (PAGE / 4) + i]);
            factors[r] = m == NONE ? 1.0 : exp(most[r] - m);
            const float e = scores[r] == NONE ? 0.0 : exp(scores[r] - m);
            most[r] = m;
            probabilities[r * PAGE + t] = e;
            const float s = subgroupAdd(e);
            if (subgroupElect())
                parts[(ROWS + r) * (PAGE / 4) + gl_SubgroupID] = s;
        }
        barrier();
        [[unroll]] for (uint r = 0; r < ROWS; r++) {
            sum[r] *= factors[r];
            for (uint i = 0; i < gl_NumSubgroups; i++)
                sum[r] += parts[(ROWS + r) * (PAGE / 4) + i];
        }
        // What was never written may be anything, and is not to be touched.
        const uint from = max(low, base) - base, to = min(high - base, PAGE);
        [[unroll]] for (uint j = 0; j < VALUES; j++) {
            const uint d = t + j * PAGE;
            float of_page[ROWS];
            [[unroll]] for (uint r = 0; r < ROWS; r++)
                of_page[r] = 0;
            if (d < VALUE_DIM)
                for (uint i = from; i < to; i++) {
                    const float v = value(values, i, d);
                    [[unroll]] for (uint r = 0; r < ROWS; r++)
                        of_page[r] += probabilities[r * PAGE + i] * v;
                }
            [[unroll]] for (uint r = 0; r < ROWS; r++)
                acc[r][j] = acc[r][j] * factors[r] + of_page[r];
        }
        barrier();
    }
    for (uint r = 0; r < n_rows; r++) {
        const uint column = of.first + (row + r) / group, head = kv_head * group + (row + r) % group;
        const float all = sum[r] + (p.sinks != 0 ? exp(F32(p.sinks).v[head] - most[r]) : 0.0);
        F32 result = F32(p.out_ + 4 * (uint64_t(column) * p.out_stride + head * VALUE_DIM));
        if (KV_TYPE != KV_Q4_0) {
            [[unroll]] for (uint j = 0; j < VALUES; j++)
                if (t + j * PAGE < VALUE_DIM)
                    result.v[t + j * PAGE] = acc[r][j] / all;
            continue;
        }
        barrier();
        [[unroll]] for (uint j = 0; j < VALUES; j++)
            if (t + j * PAGE < VALUE_DIM)
                spreading[t + j * PAGE] = acc[r][j] / all;
        barrier();
        const uint block = spread_block(VALUE_DIM);
        for (uint width = 1; width < block; width *= 2) {
            for (uint i = t; i < VALUE_DIM / 2; i += PAGE) {
                const uint at = i / width * 2 * width + i % width;
                const float x = spreading[at], y = spreading[at + width];
                spreading[at] = (x + y) * 0.70710678118654752;
                spreading[at + width] = (x - y) * 0.70710678118654752;
            }
            barrier();
        }
        for (uint d = t; d < VALUE_DIM; d += PAGE)
            result.v[d] = spreading[d];
    }
}
