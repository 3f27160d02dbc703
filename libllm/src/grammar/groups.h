/* SPDX-License-Identifier: MIT
 * Alternatives of sequences in groups, put together while a text of them is read from front to back.
 */
#ifndef LL_GRAMMAR_GROUPS_H
#define LL_GRAMMAR_GROUPS_H

#include "grammar/builder.h"

enum { LL_GROUPS_MAX = 128 };

/* The groups that are open, the whole text or rule the first of them. All bytes zero: none. */
typedef struct ll_groups {
    struct {
        ll_part others, sequence; /* alternatives that are complete, and the sequence in hand */
        bool has_others, has_sequence;
        size_t at;
    } open[LL_GROUPS_MAX];
    size_t depth;
} ll_groups;

/* `at` is for messages: where in the text it opens. False: too many are open. */
bool ll_group_open(ll_groups *groups, size_t at);
/* An item behind those of the innermost group's sequence. */
void ll_group_add(ll_groups *groups, ll_rule_builder *b, ll_part item);
/* What follows is another alternative. */
void ll_group_or(ll_groups *groups, ll_rule_builder *b);
/* The innermost group as a part. */
ll_part ll_group_close(ll_groups *groups, ll_rule_builder *b);
/* Where the innermost group opens. */
size_t ll_group_at(const ll_groups *groups);

#endif
