#version 460
// SPDX-License-Identifier: MIT
// branch = sum of what a column's experts gave, each times its weight, and of what all tokens share; or that is added.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

layout(constant_id = 2) const bool ACCUMULATES = false;

void main()
{
    blend_params p = blend_params(push.op);
    const uint i = gl_GlobalInvocationID.x, column = active_column(gl_WorkGroupID.y);
    if (i >= p.n)
        return;
    float sum = 0;
    for (uint k = 0; k < p.n_used; k++) {
        const uint64_t item = uint64_t(column) * p.choice_stride + k;
        const uint64_t given = p.items + 4 * (uint64_t(column) * p.column_stride + k * p.item_stride);
        sum += F32(p.choices + 8 * item).v[1] * F32(given).v[i];
    }
    F32 branch = F32(p.branch + 4 * uint64_t(column) * p.branch_stride);
    const float shared_ = p.shared_ != 0 ? F32(p.shared_weight).v[column * p.weight_stride] *
                                               F32(p.shared_ + 4 * uint64_t(column) * p.shared_stride).v[i]
                                         : 0;
    branch.v[i] = (ACCUMULATES ? branch.v[i] : 0) + p.factor * (sum + shared_);
}
