// SPDX-License-Identifier: MIT
// What the two ways to multiply with a matrix have in common: which one a workgroup has, and what is done with sums.
#include "activation.glsl"
#include "decode.glsl"

layout(constant_id = 2) const uint FORMAT = 0;
layout(constant_id = 3) const uint FORMAT_2 = 0; // of `up`, where GATED
layout(constant_id = 4) const uint ROWS = 1;     // of a workgroup
layout(constant_id = 5) const uint COLUMNS = 1;
layout(constant_id = 6) const bool GATED = false;      // out = activation(W x) * (W_2 x)
layout(constant_id = 7) const uint ACTIVATION = 6;     // of what is stored; 6: none
layout(constant_id = 8) const uint ITEMS = 0;          // 1: of experts, whose numbers are chosen; 2: of heads, all
// Of flags:
const uint ACCUMULATES = 1; // out += W x
const uint LOGITS = 2;      // rows of wanted columns follow each other; scale and bound
const uint ITEMS_CHOSEN = 1, ITEMS_ALL = 2;

// The matrix of an item.
uint item_of(product_params p, uint column, uint item)
{
    return ITEMS == ITEMS_CHOSEN ? U32(p.choices).v[2 * (column * p.choice_stride + item)] : ITEMS == ITEMS_ALL ? item : 0;
}

// sum and sum_2 are products of a row and an active column; index is the active column's.
void finish(product_params p, uint row, uint column, uint index, uint item, uint matrix, float sum, float sum_2)
{
    if (p.scale != 0)
        sum *= F32(p.scale).v[matrix];
    if (p.bias != 0)
        sum += F32(p.bias).v[matrix * p.n_rows + row];
    if (GATED) {
        if (p.scale_2 != 0)
            sum_2 *= F32(p.scale_2).v[matrix];
        if (p.bias_2 != 0)
            sum_2 += F32(p.bias_2).v[matrix * p.n_rows + row];
        sum = activate(ACTIVATION, sum, sum_2);
    } else if (ACTIVATION != NO_ACTIVATION) {
        sum = activate(ACTIVATION, sum, 1.0);
    }
    const bool logits = (p.flags & LOGITS) != 0;
    F32 out_row = F32(p.out_ + 4 * (uint64_t(logits ? index : column) * p.out_stride + item * p.out_item_stride));
    if (logits) {
        sum *= p.logit_scale;
        if (p.softcap > 0)
            sum = softcap(sum, p.softcap);
    }
    if ((p.flags & ACCUMULATES) != 0)
        sum += out_row.v[row];
    out_row.v[row] = sum;
}
