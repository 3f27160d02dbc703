/* SPDX-License-Identifier: MIT
 * Lowering feed-forward parts that are made of experts.
 */
#include "backend/vulkan/lower.h"

void ll_vk_lower_route(ll_vk_lowering *w)
{
    const ll_vk_scratch *s = &w->e->scratch;
    const ll_experts *x = &w->layer->experts;
    const ll_router *r = &w->m->router;
    ll_vk_prologue(w, s->normed, LL_VK_NORMED, false);
    ll_vk_multiply(w, &x->router, (ll_vk_input){s->normed, LL_VK_NORMED, NULL}, s->scores, LL_VK_SCORES);
    const ll_vk_choose_params p = {.scores = s->scores.address,
                                   .choice_bias = ll_vk_floats(w, x->choice_bias, x->n),
                                   .choices = s->choices.address,
                                   .shared_gate = ll_vk_floats(w, x->shared_gate, w->m->n_embd),
                                   .shared_weight = s->shared_weight.address,
                                   .x = s->normed.address,
                                   .score_stride = s->scores.stride,
                                   .choice_stride = s->choices.stride / 2,
                                   .x_stride = s->normed.stride,
                                   .n = w->m->n_embd,
                                   .shared_stride = s->shared_weight.stride,
                                   .scale = r->scale};
    ll_vk_op op = {.shader = LL_VK_CHOOSE,
                   .tail = w->phase->tail_only,
                   .span = LL_VK_EACH_COLUMN,
                   .groups = 1,
                   .reads = LL_VK_SCORES | LL_VK_NORMED,
                   .writes = LL_VK_CHOICES,
                   .flops = 8 * (uint64_t)x->n * x->n_used};
    ll_vk_set(&op.constants, 0, LL_VK_SIZE);
    ll_vk_set(&op.constants, 2, (uint32_t)r->score);
    ll_vk_set(&op.constants, 3, x->n);
    ll_vk_set(&op.constants, 4, x->n_used);
    ll_vk_set(&op.constants, 5, r->n_groups > 1 ? r->n_groups : 1);
    ll_vk_set(&op.constants, 6, r->n_groups > 1 ? r->n_groups_used : 1);
    ll_vk_set(&op.constants, 7, r->normalizes);
    ll_vk_add(w, op, &p, sizeof p);
}

void ll_vk_lower_experts_up(ll_vk_lowering *w)
{
    const ll_vk_scratch *s = &w->e->scratch;
    const ll_layer *l = w->layer;
    const ll_experts *x = &l->experts;
    const bool has_gate = x->gate.first.weight.data;
    const ll_expert_linear *first = has_gate ? &x->gate : &x->up;
    ll_vk_add_product(w, &(ll_vk_product_job){.linear = &first->first,
                                              .up = has_gate ? &x->up.first : NULL,
                                              .x = s->normed,
                                              .out = s->items,
                                              .activation = 1 + (uint32_t)w->m->activation,
                                              .reads = LL_VK_NORMED | LL_VK_CHOICES,
                                              .writes = LL_VK_ITEMS,
                                              .items = LL_VK_ITEMS_CHOSEN,
                                              .n_matrices = x->n,
                                              .n_items = x->n_used,
                                              .matrix_bytes = first->expert_bytes,
                                              .matrix_bytes_2 = x->up.expert_bytes,
                                              .out_step = ll_vk_row_step(w->e->plan.max_expert_ff)});
    if (l->up.weight.data)
        ll_vk_multiply_gated(w, (ll_vk_input){s->normed, LL_VK_NORMED, NULL});
}

void ll_vk_lower_experts_down(ll_vk_lowering *w)
{
    const ll_vk_scratch *s = &w->e->scratch;
    const ll_layer *l = w->layer;
    const ll_experts *x = &l->experts;
    const bool has_shared = l->down.weight.data;
    ll_vk_add_product(w, &(ll_vk_product_job){.linear = &x->down.first,
                                              .x = s->items,
                                              .out = s->given,
                                              .reads = LL_VK_ITEMS | LL_VK_CHOICES,
                                              .writes = LL_VK_GIVEN,
                                              .items = LL_VK_ITEMS_CHOSEN,
                                              .n_matrices = x->n,
                                              .n_items = x->n_used,
                                              .matrix_bytes = x->down.expert_bytes,
                                              .x_step = ll_vk_row_step(w->e->plan.max_expert_ff),
                                              .out_step = ll_vk_row_step(w->m->n_embd)});
    if (has_shared)
        ll_vk_multiply(w, &l->down, (ll_vk_input){s->hidden, LL_VK_HIDDEN, NULL}, s->shared, LL_VK_SHARED);
    const ll_vk_target to = ll_vk_branch(w);
    const ll_vk_blend_params p = {.items = s->given.address,
                                  .choices = s->choices.address,
                                  .shared_ = has_shared ? s->shared.address : 0,
                                  .shared_weight = s->shared_weight.address,
                                  .branch = to.rows.address,
                                  .n = w->m->n_embd,
                                  .n_used = x->n_used,
                                  .column_stride = s->given.stride,
                                  .choice_stride = s->choices.stride / 2,
                                  .item_stride = ll_vk_row_step(w->m->n_embd),
                                  .shared_stride = s->shared.stride,
                                  .weight_stride = s->shared_weight.stride,
                                  .branch_stride = to.rows.stride,
                                  .factor = to.factor};
    ll_vk_op op = {.shader = LL_VK_BLEND,
                   .tail = w->phase->tail_only,
                   .span = LL_VK_EACH_COLUMN,
                   .groups = (w->m->n_embd + LL_VK_SIZE - 1) / LL_VK_SIZE,
                   .reads = LL_VK_GIVEN | LL_VK_CHOICES | LL_VK_SHARED | (to.accumulates ? to.writes : 0u),
                   .writes = to.writes,
                   .flops = 2 * (uint64_t)w->m->n_embd * x->n_used};
    ll_vk_set(&op.constants, 0, LL_VK_SIZE);
    ll_vk_set(&op.constants, 2, to.accumulates);
    ll_vk_add(w, op, &p, sizeof p);
}
