#version 460
// SPDX-License-Identifier: MIT
// Attention of some rows, queries of heads that share keys and values and of neighbouring columns of a run, over the
// pages of KV memory: online softmax, in which each of 64 invocations has a position when
// scores are made, and some dimensions when values are summed. Several workgroups may share the pages: the one that is
// the last to be done puts together what each has left.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "activation.glsl"
#include "decode.glsl"
#include "kv.glsl"
#include "reduce.glsl"

layout(constant_id = 2) const uint ROWS = 1; // of a workgroup
layout(constant_id = 3) const bool SYMMETRIC = false;
layout(constant_id = 4) const bool CROSS = false;
layout(constant_id = 10) const bool HEADS = false; // makes the heads of its column itself, of which each run has one
layout(constant_id = 11) const bool SPLIT = false; // workgroups of the third dimension share the pages of a tile
const uint SIZE = PAGE;
#include "heads.glsl"

layout(buffer_reference, scalar, buffer_reference_align = 4) coherent buffer SharedF32 { float v[]; };
layout(buffer_reference, scalar, buffer_reference_align = 4) coherent buffer SharedU32 { uint v[]; };

const uint VALUES = (VALUE_DIM + PAGE - 1) / PAGE; // of an invocation
const float NONE = -1.0 / 0.0;
shared float queries[ROWS * HEAD_DIM];
shared float probabilities[ROWS * PAGE];
shared float parts[2 * ROWS * (PAGE / 4)];
shared float own_key[HEADS ? HEAD_DIM : 1], own_value[HEADS ? VALUE_DIM : 1]; // as the memory has them
shared uint arrived;

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

// Rows of queries to shared memory, in Q4_0 spread as the keys are. Where heads are made here, also the key and the value
// of the column's own position: to the KV memory, and as they are there to shared memory. stores: this workgroup does it.
void load(attention_params p, heads_params h, uint first, uint group, uint kv_head, uint row, uint n_rows, bool stores)
{
    column_params c = column_params(batch_params(push.batch).columns)[first];
    const float scale = HEADS ? query_scale(h, c.position) : 1.0;
    const uint n_own = !HEADS || !stores ? 0 : (PARTS & 4) != 0 ? 2 : 1;
    for (uint r = 0; r < n_rows + n_own; r++) { // one text for all kinds: drivers compile each copy of it
        const uint kind = r < n_rows ? QUERY : r == n_rows ? KEY : VALUE;
        const uint column = kind == QUERY ? first + (row + r) / group : first;
        const uint of = kind == QUERY ? kv_head * group + (row + r) % group : kv_head;
        if (HEADS)
            make_head(h, kind, of, column);
        else
            for (uint i = gl_LocalInvocationID.x; i < HEAD_DIM; i += SIZE)
                head[i] = F32(p.q + 4 * (uint64_t(column) * p.q_stride + of * HEAD_DIM)).v[i];
        if (HEADS && kind != QUERY) {
            store_head(h, kind, of, c);
            barrier();
            for (uint i = gl_LocalInvocationID.x; i < (kind == KEY ? HEAD_DIM : VALUE_DIM); i += SIZE) {
                const float value = stored(i);
                if (kind == KEY)
                    own_key[i] = value;
                else
                    own_value[i] = value;
            }
            barrier();
            continue;
        }
        if (KV_TYPE == KV_Q4_0) {
            barrier();
            spread(HEAD_DIM);
        }
        for (uint i = gl_LocalInvocationID.x; i < HEAD_DIM; i += SIZE)
            queries[r * HEAD_DIM + i] = head[i] * scale;
        if (HEADS || KV_TYPE == KV_Q4_0)
            barrier();
    }
    barrier();
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
    heads_params h = heads_params(uint64_t(attention_params(push.op) + 1));

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
    // The part of the pages that is this workgroup's.
    const uint n_pages = (high + PAGE - 1) / PAGE - low / PAGE, split = gl_WorkGroupID.z;
    const uint each = (n_pages + gl_NumWorkGroups.z - 1) / gl_NumWorkGroups.z, n_splits = (n_pages + each - 1) / each;
    if (SPLIT) {
        if (split >= n_splits)
            return;
        const uint first_page = low / PAGE + split * each;
        low = max(low, first_page * PAGE);
        high = min(high, (first_page + each) * PAGE);
    }
    const uint own = HEADS ? columns[of.first].position : 0xFFFFFFFFu;
    load(p, h, of.first, group, kv_head, row, n_rows, own < high);

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
                const float k = HEADS && at == own ? own_key[d] : key(keys, d, t);
                [[unroll]] for (uint r = 0; r < ROWS; r++)
                    scores[r] += queries[r * HEAD_DIM + d] * k;
            }
        [[unroll]] for (uint r = 0; r < ROWS; r++) {
            const uint query = kv_head * group + (row + r) % group;
            float s = scores[r] * p.scale;
            if (p.alibi != 0)
                s -= F32(p.alibi).v[query] * float(int(positions[r]) - int(at));
            if (p.distance_bias != 0)
                s += distance_bias(p, query, at, positions[r]);
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
        const bool has_own = HEADS && (PARTS & 4) != 0 && own >= base && own < base + to;
        [[unroll]] for (uint j = 0; j < VALUES; j++) {
            const uint d = t + j * PAGE;
            float of_page[ROWS];
            [[unroll]] for (uint r = 0; r < ROWS; r++)
                of_page[r] = 0;
            if (d < VALUE_DIM)
                for (uint i = from; i < to; i++) {
                    const float v = has_own && base + i == own ? own_value[d] : value(values, i, d);
                    [[unroll]] for (uint r = 0; r < ROWS; r++)
                        of_page[r] += probabilities[r * PAGE + i] * v;
                }
            [[unroll]] for (uint r = 0; r < ROWS; r++)
                acc[r][j] = acc[r][j] * factors[r] + of_page[r];
        }
        barrier();
    }
    if (SPLIT && n_splits > 1) {
        const uint row_floats = VALUE_DIM + 2;
        [[unroll]] for (uint r = 0; r < ROWS; r++) {
            const uint column = of.first + (row + r) / group, query = kv_head * group + (row + r) % group;
            const uint64_t rows = uint64_t(column * p.n_heads + query) * p.splits_max;
            SharedF32 part = SharedF32(p.parts + 4 * (rows + split) * row_floats);
            if (r >= n_rows)
                break;
            if (t == 0) {
                part.v[VALUE_DIM] = most[r];
                part.v[VALUE_DIM + 1] = sum[r];
            }
            [[unroll]] for (uint j = 0; j < VALUES; j++)
                if (t + j * PAGE < VALUE_DIM)
                    part.v[t + j * PAGE] = acc[r][j];
        }
        SharedU32 done = SharedU32(p.done + 4 * (gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x));
        memoryBarrierBuffer();
        barrier();
        if (t == 0)
            arrived = atomicAdd(done.v[0], 1);
        barrier();
        if (arrived + 1 < n_splits)
            return;
        memoryBarrierBuffer();
        if (t == 0)
            done.v[0] = 0; // for the next layer
        [[unroll]] for (uint r = 0; r < ROWS; r++) {
            const uint column = of.first + (row + r) / group, query = kv_head * group + (row + r) % group;
            const uint64_t rows = uint64_t(column * p.n_heads + query) * p.splits_max;
            SharedF32 all = SharedF32(p.parts + 4 * rows * row_floats);
            if (r >= n_rows)
                break;
            most[r] = NONE;
            for (uint s = 0; s < n_splits; s++)
                most[r] = max(most[r], all.v[s * row_floats + VALUE_DIM]);
            sum[r] = 0;
            [[unroll]] for (uint j = 0; j < VALUES; j++)
                acc[r][j] = 0;
            for (uint s = 0; s < n_splits; s++) { // one that has seen nothing has no part
                const float m = all.v[s * row_floats + VALUE_DIM], factor = m == NONE ? 0.0 : exp(m - most[r]);
                sum[r] += factor * all.v[s * row_floats + VALUE_DIM + 1];
                [[unroll]] for (uint j = 0; j < VALUES; j++)
                    if (t + j * PAGE < VALUE_DIM)
                        acc[r][j] += factor * all.v[s * row_floats + t + j * PAGE];
            }
        }
    }
    for (uint r = 0; r < n_rows; r++) {
        const uint column = of.first + (row + r) / group, query = kv_head * group + (row + r) % group;
        const float all = sum[r] + (p.sinks != 0 ? exp(F32(p.sinks).v[query] - most[r]) : 0.0);
        F32 result = F32(p.out_ + 4 * (uint64_t(column) * p.out_stride + query * VALUE_DIM));
        if (KV_TYPE != KV_Q4_0) {
            [[unroll]] for (uint j = 0; j < VALUES; j++)
                if (t + j * PAGE < VALUE_DIM)
                    result.v[t + j * PAGE] = acc[r][j] / all;
            continue;
        }
        barrier();
        [[unroll]] for (uint j = 0; j < VALUES; j++)
            if (t + j * PAGE < VALUE_DIM)
                head[t + j * PAGE] = acc[r][j] / all;
        barrier();
        spread(VALUE_DIM);
        for (uint d = t; d < VALUE_DIM; d += PAGE)
            result.v[d] = head[d];
    }
}
