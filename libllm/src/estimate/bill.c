/* SPDX-License-Identifier: MIT
 * Adding to a bill, and what follows from one.
 */
#include "estimate/bill.h"

const char *const ll_class_names[LL_CLASSES] = {
    [LL_CLASS_EMBEDDING] = "embedding", [LL_CLASS_POSITION] = "position", [LL_CLASS_ATTENTION] = "attention",
    [LL_CLASS_RECURRENT] = "recurrent", [LL_CLASS_FFN] = "ffn",           [LL_CLASS_ROUTER] = "router",
    [LL_CLASS_SHARED] = "shared",       [LL_CLASS_EXPERT] = "expert",     [LL_CLASS_NORM] = "norm",
    [LL_CLASS_HEAD] = "head",           [LL_CLASS_VISION] = "vision",     [LL_CLASS_MTP] = "mtp",
};

static void add(ll_bill *bill, ll_item item)
{
    if (item.count <= 0 || item.rows <= 0 || item.columns <= 0)
        return;
    if (bill->n_items == LL_ITEMS_MAX)
        bill->overflowed = true;
    else
        bill->items[bill->n_items++] = item;
}

void ll_bill_matrix(ll_bill *bill, ll_class class, const char *name, double count, double rows, double columns)
{
    add(bill, (ll_item){class, name, count, count, rows, columns, true, 0, NULL});
}

void ll_bill_experts(ll_bill *bill, ll_class class, const char *name, double count, double used, double rows,
                     double columns)
{
    add(bill, (ll_item){class, name, count, used, rows, columns, true, 0, NULL});
}

void ll_bill_vector(ll_bill *bill, ll_class class, const char *name, double count, double size)
{
    add(bill, (ll_item){class, name, count, count, 1, size, false, 0, NULL});
}

void ll_bill_table(ll_bill *bill, ll_class class, const char *name, double rows, double columns)
{
    add(bill, (ll_item){class, name, 1, 1, rows, columns, false, 0, NULL});
}

void ll_bill_core(ll_bill *bill, ll_core core)
{
    if (core.layers <= 0)
        return;
    if (bill->n_cores == LL_CORES_MAX)
        bill->overflowed = true;
    else
        bill->cores[bill->n_cores++] = core;
}

void ll_bill_state(ll_bill *bill, ll_state state)
{
    if (state.layers <= 0)
        return;
    if (bill->n_states == LL_STATES_MAX)
        bill->overflowed = true;
    else
        bill->states[bill->n_states++] = state;
}
