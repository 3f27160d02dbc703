#version 460
// SPDX-License-Identifier: MIT
// Selective scans: an invocation has a channel of a run, with its states, and takes the run's tokens in order.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

layout(constant_id = 0) const uint SIZE = 64;
layout(constant_id = 2) const uint STATES = 16;
layout(constant_id = 3) const bool HEADS = false; // steps and decays of heads, B and C of groups of them: Mamba 2

void main()
{
    scan_params p = scan_params(push.op);
    batch_params b = batch_params(push.batch);
    const uint j = gl_GlobalInvocationID.x;
    if (j >= p.n)
        return;
    tile_params run = tile_params(b.runs)[gl_WorkGroupID.y];
    column_params first = column_params(b.columns)[run.first];
    const uint head = HEADS ? j / (p.n / p.n_heads) : j, group = HEADS ? head / (p.n_heads / p.n_groups) : 0;
    const float d = F32(p.d).v[head];
    float h[STATES];
    for (uint s = 0; s < STATES; s++)
        h[s] = first.state != 0 ? F32(first.state + p.state_offset).v[j * STATES + s] : 0;
    for (uint t = 0; t < run.n; t++) {
        const uint64_t column = uint64_t(run.first + t);
        const uint64_t mixed = p.mixed + 4 * column * p.stride, steps = p.steps + 4 * column * p.step_stride;
        const float u = F32(mixed).v[j], gate = F32(p.gate + 4 * column * p.stride).v[j];
        const float step_ = HEADS ? F32(steps).v[head] : F32(p.delta + 4 * column * p.stride).v[j];
        const uint64_t from = HEADS ? mixed + 4 * (p.n + group * STATES) : steps + 4 * p.n_steps;
        const uint64_t to = from + 4 * (HEADS ? p.n_groups * STATES : STATES);
        const float x = step_ * u;
        float sum = 0, decay = 0;
        if (HEADS)
            decay = exp(step_ * F32(p.a).v[head]);
        for (uint s = 0; s < STATES; s++) {
            if (!HEADS)
                decay = exp(step_ * F32(p.a).v[j * STATES + s]);
            h[s] = decay * h[s] + x * F32(from).v[s];
            sum += h[s] * F32(to).v[s];
        }
        F32(p.out_ + 4 * column * p.out_stride).v[j] = (sum + d * u) * gate;
    }
    for (uint s = 0; s < STATES; s++)
        F32(first.next_state + p.state_offset).v[j * STATES + s] = h[s];
}
