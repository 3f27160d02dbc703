#version 460
// SPDX-License-Identifier: MIT
// Convolutions over the last tokens: an invocation has a channel of a run and takes its tokens in order.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "activation.glsl"

layout(constant_id = 0) const uint SIZE = 64;
layout(constant_id = 2) const uint TAPS = 4;
layout(constant_id = 3) const bool SHORT = false; // gate * conv(x * factor); otherwise silu(conv(x)), in place

void main()
{
    conv_params p = conv_params(push.op);
    batch_params b = batch_params(push.batch);
    const uint j = gl_GlobalInvocationID.x;
    if (j >= p.n)
        return;
    tile_params run = tile_params(b.runs)[gl_WorkGroupID.y];
    column_params first = column_params(b.columns)[run.first];
    float past[TAPS]; // the last ones, the oldest first; the current one is put at the end
    for (uint i = 0; i + 1 < TAPS; i++)
        past[i] = first.state != 0 ? F32(first.state + p.state_offset).v[i * p.n + j] : 0;
    for (uint t = 0; t < run.n; t++) {
        const uint64_t column = uint64_t(run.first + t), at = 4 * column * p.stride;
        float x = F32(p.x + at).v[j];
        if (SHORT)
            x *= F32(p.factor + at).v[j];
        past[TAPS - 1] = x;
        float sum = p.bias != 0 ? F32(p.bias).v[j] : 0;
        for (uint i = 0; i < TAPS; i++)
            sum += F32(p.weight).v[j * TAPS + i] * past[i];
        if (SHORT)
            F32(p.out_ + 4 * column * p.out_stride).v[j] = sum * F32(p.gate + at).v[j];
        else
            F32(p.x + at).v[j] = sum * logistic(sum);
        for (uint i = 0; i + 1 < TAPS; i++)
            past[i] = past[i + 1];
    }
    for (uint i = 0; i + 1 < TAPS; i++)
        F32(first.next_state + p.state_offset).v[i * p.n + j] = past[i];
}
