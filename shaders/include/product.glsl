// SPDX-License-Identifier: MIT
// What the two ways to multiply with a matrix have in common: which one a workgroup has, and what is done with sums.
#include "activation.glsl"
#include "decode.glsl"

layout(constant_id = 2) const uint FORMAT = 0;
layout(constant_id = 3) const uint FORMAT_2 = 0; // of `up`, where GATED, and of some that are joined
layout(constant_id = 4) const uint ROWS = 1;     // of a workgroup
layout(constant_id = 5) const uint COLUMNS = 1;
layout(constant_id = 6) const bool GATED = false;      // out = activation(W x) * (W_2 x)
layout(constant_id = 7) const uint ACTIVATION = 6;     // of what is stored; 6: none
layout(constant_id = 8) const uint ITEMS = 0;          // 1: of experts, whose numbers are chosen; 2: of heads, all
layout(constant_id = 9) const uint JOINED = 1;         // matrices with the same x, rows of one behind those of the other
layout(constant_id = 10) const uint SECOND = 0;        // bits of those of them that have FORMAT_2
layout(constant_id = 11) const bool NORMED = false;    // of x / its root mean square * weights
// Of flags:
const uint ACCUMULATES = 1; // out += W x
const uint LOGITS = 2;      // rows of wanted columns follow each other
const uint ITEMS_CHOSEN = 1, ITEMS_ALL = 2;

// The matrix of joined ones that group `group` of so many rows has, and its place among the groups of that one.
product_params joined(inout uint group, uint rows, out uint which)
{
    product_params p = product_params(push.op);
    which = 0;
    while (which + 1 < JOINED && group >= (p.n_rows + rows - 1) / rows) {
        group -= (p.n_rows + rows - 1) / rows;
        p = product_params(push.op)[++which];
    }
    return p;
}

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
    sum *= p.factor;
    if (p.softcap > 0)
        sum = softcap(sum, p.softcap);
    if ((p.flags & ACCUMULATES) != 0)
        sum += out_row.v[row];
    out_row.v[row] = sum;
}
