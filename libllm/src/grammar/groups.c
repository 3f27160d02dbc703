/* SPDX-License-Identifier: MIT
 * The stack of open groups.
 */
#include "grammar/groups.h"

bool ll_group_open(ll_groups *g, size_t at)
{
    if (g->depth == LL_GROUPS_MAX)
        return false;
    g->open[g->depth].has_others = g->open[g->depth].has_sequence = false;
    g->open[g->depth++].at = at;
    return true;
}

void ll_group_add(ll_groups *g, ll_rule_builder *b, ll_part item)
{
    const size_t i = g->depth - 1;
    g->open[i].sequence = g->open[i].has_sequence ? ll_part_then(b, g->open[i].sequence, item) : item;
    g->open[i].has_sequence = true;
}

void ll_group_or(ll_groups *g, ll_rule_builder *b)
{
    const size_t i = g->depth - 1;
    const ll_part part = g->open[i].has_sequence ? g->open[i].sequence : ll_part_empty(b);
    g->open[i].others = g->open[i].has_others ? ll_part_or(b, g->open[i].others, part) : part;
    g->open[i].has_others = true;
    g->open[i].has_sequence = false;
}

ll_part ll_group_close(ll_groups *g, ll_rule_builder *b)
{
    ll_group_or(g, b);
    return g->open[--g->depth].others;
}

size_t ll_group_at(const ll_groups *g) { return g->open[g->depth - 1].at; }
