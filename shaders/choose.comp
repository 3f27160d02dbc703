#version 460
// SPDX-License-Identifier: MIT
// The experts of a column and their weights, by what the router says, and the weight of what all tokens share. A
// workgroup has a column.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "activation.glsl"
#include "reduce.glsl"

layout(constant_id = 0) const uint SIZE = 64;
layout(constant_id = 2) const uint SCORE = 0; // as ll_router_score
layout(constant_id = 3) const uint EXPERTS = 1;
layout(constant_id = 4) const uint USED = 1;
layout(constant_id = 5) const uint GROUPS = 1;
layout(constant_id = 6) const uint GROUPS_USED = 1;
layout(constant_id = 7) const bool NORMALIZES = false;
const uint SOFTMAX = 0, SIGMOID = 1, SOFTMAX_OF_CHOSEN = 2, NOBODY = 0xFFFFFFFFu;

shared float scores[EXPERTS];
shared float values[EXPERTS]; // by which they are chosen
shared bool taken[EXPERTS];
shared float best_value[SIZE];
shared uint best_index[SIZE];
shared uint chosen[USED];
shared float group_scores[GROUPS];

// The place of the largest value that is not taken in [from, to), of equal ones the first; by one invocation.
uint best_of(uint from, uint to)
{
    uint found = NOBODY;
    for (uint i = from; i < to; i++)
        if (!taken[i] && (found == NOBODY || values[i] > values[found]))
            found = i;
    return found;
}

// Takes all experts of the groups that the token may not choose from. A group is worth its best expert where experts
// compete for a sum of 1, and its best two where each is scored by itself.
void close_groups()
{
    const uint size = EXPERTS / GROUPS;
    for (uint g = gl_LocalInvocationID.x; g < GROUPS; g += SIZE) {
        const uint first = best_of(g * size, (g + 1) * size);
        taken[first] = true;
        const uint second = best_of(g * size, (g + 1) * size);
        group_scores[g] = values[first] + (SCORE == SIGMOID && second != NOBODY ? values[second] : 0);
        for (uint i = 0; i < size; i++)
            taken[g * size + i] = true;
    }
    barrier();
    if (gl_LocalInvocationID.x == 0)
        for (uint i = 0; i < GROUPS_USED; i++) {
            uint open = NOBODY;
            for (uint g = 0; g < GROUPS; g++)
                if (taken[g * size] && (open == NOBODY || group_scores[g] > group_scores[open]))
                    open = g;
            for (uint k = 0; k < size; k++)
                taken[open * size + k] = false;
        }
    barrier();
}

void softmax_scores()
{
    float most = scores[0], sum = 0;
    for (uint i = gl_LocalInvocationID.x; i < EXPERTS; i += SIZE)
        most = max(most, scores[i]);
    most = workgroup_max(most);
    for (uint i = gl_LocalInvocationID.x; i < EXPERTS; i += SIZE) {
        scores[i] = exp(scores[i] - most);
        sum += scores[i];
    }
    sum = workgroup_sum(sum);
    for (uint i = gl_LocalInvocationID.x; i < EXPERTS; i += SIZE)
        scores[i] /= sum;
}

// One after the other, each by all invocations.
void choose()
{
    const uint t = gl_LocalInvocationID.x;
    for (uint n = 0; n < USED; n++) {
        uint found = NOBODY;
        for (uint i = t; i < EXPERTS; i += SIZE)
            if (!taken[i] && (found == NOBODY || values[i] > values[found]))
                found = i;
        best_index[t] = found;
        best_value[t] = found == NOBODY ? 0 : values[found];
        barrier();
        if (t == 0) {
            uint best = NOBODY;
            float value = 0;
            for (uint i = 0; i < SIZE; i++) {
                const uint k = best_index[i];
                if (k == NOBODY)
                    continue;
                if (best == NOBODY || best_value[i] > value || (best_value[i] == value && k < best)) {
                    best = k;
                    value = best_value[i];
                }
            }
            taken[best] = true;
            uint at = n; // in the order of the experts
            for (; at > 0 && chosen[at - 1] > best; at--)
                chosen[at] = chosen[at - 1];
            chosen[at] = best;
        }
        barrier();
    }
}

void main()
{
    choose_params p = choose_params(push.op);
    const uint column = active_column(gl_WorkGroupID.y), t = gl_LocalInvocationID.x;
    for (uint i = t; i < EXPERTS; i += SIZE) {
        scores[i] = F32(p.scores + 4 * uint64_t(column) * p.score_stride).v[i];
        taken[i] = false;
    }
    barrier();
    if (SCORE == SOFTMAX)
        softmax_scores();
    for (uint i = t; i < EXPERTS; i += SIZE) {
        if (SCORE == SIGMOID)
            scores[i] = logistic(scores[i]);
        values[i] = scores[i] + (p.choice_bias != 0 ? F32(p.choice_bias).v[i] : 0);
    }
    barrier();
    if (GROUPS > 1)
        close_groups();
    choose();
    float shared_sum = 0;
    if (p.shared_gate != 0)
        for (uint i = t; i < p.n; i += SIZE)
            shared_sum += F32(p.shared_gate).v[i] * F32(p.x + 4 * uint64_t(column) * p.x_stride).v[i];
    shared_sum = workgroup_sum(shared_sum);
    if (t != 0)
        return;
    F32(p.shared_weight).v[column * p.shared_stride] = p.shared_gate != 0 ? logistic(shared_sum) : 1.0;
    float most = scores[chosen[0]], sum = 0, all = 0;
    for (uint i = 0; i < USED; i++)
        most = max(most, scores[chosen[i]]);
    for (uint i = 0; i < USED; i++)
        sum += SCORE == SOFTMAX_OF_CHOSEN ? exp(scores[chosen[i]] - most) : scores[chosen[i]];
    const float scale = p.scale / (NORMALIZES ? (SCORE == SOFTMAX_OF_CHOSEN ? 1.0 : sum) + 1e-20 : 1.0);
    for (uint i = 0; i < USED; i++) {
        const float weight = SCORE == SOFTMAX_OF_CHOSEN ? exp(scores[chosen[i]] - most) / sum : scores[chosen[i]];
        const uint64_t at = p.choices + 8 * (uint64_t(column) * p.choice_stride + i);
        U32(at).v[0] = chosen[i];
        F32(at).v[1] = weight * scale;
    }
}
