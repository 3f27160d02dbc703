/* SPDX-License-Identifier: MIT
 * Lowering layers that keep a state: convolutions over tokens, and scans.
 */
#include "backend/vulkan/lower.h"

/* Where a layer's state begins in that of all that the device has, in bytes. */
static uint64_t state_offset(const ll_vk_lowering *w)
{
    return ll_state_bytes_of(w->m, w->e->plan.first_layer, w->phase->layer);
}

static void add_conv(ll_vk_lowering *w, bool is_short)
{
    const ll_vk_scratch *s = &w->e->scratch;
    const ll_conv *c = &w->layer->recurrence.conv;
    const ll_vk_conv_params p = {.x = s->mixed.address,
                                 .factor = s->delta.address,
                                 .gate = s->gate.address,
                                 .out_ = s->attended.address,
                                 .weight = ll_vk_floats(w, c->weight, (size_t)c->n_channels * c->n_taps),
                                 .bias = ll_vk_floats(w, c->bias, c->n_channels),
                                 .state_offset = state_offset(w),
                                 .n = c->n_channels,
                                 .stride = s->mixed.stride,
                                 .out_stride = s->attended.stride};
    ll_vk_op op = {.shader = LL_VK_CONV,
                   .span = LL_VK_EACH_RUN,
                   .groups = (c->n_channels + LL_VK_SIZE - 1) / LL_VK_SIZE,
                   .reads = LL_VK_MIXED | LL_VK_STATE | (is_short ? (uint32_t)LL_VK_DELTA | LL_VK_GATE : 0),
                   .writes = LL_VK_STATE | (is_short ? LL_VK_ATTENDED : LL_VK_MIXED),
                   .flops = 2 * (uint64_t)c->n_channels * c->n_taps};
    ll_vk_set(&op.constants, 0, LL_VK_SIZE);
    ll_vk_set(&op.constants, 2, c->n_taps);
    ll_vk_set(&op.constants, 3, is_short);
    ll_vk_add(w, op, &p, sizeof p);
}

static void multiply_activated(ll_vk_lowering *w, const ll_linear *linear, ll_vk_input x, ll_vk_rows out,
                               uint32_t writes, uint32_t activation)
{
    ll_vk_add_product(w, &(ll_vk_product_job){.linear = linear,
                                              .norm = x.norm,
                                              .x = x.rows,
                                              .out = out,
                                              .activation = 1 + activation,
                                              .reads = x.reads,
                                              .writes = writes});
}

void ll_vk_lower_mix_in(ll_vk_lowering *w)
{
    const ll_vk_scratch *s = &w->e->scratch;
    const ll_layer *l = w->layer;
    const ll_recurrence *r = &l->recurrence;
    const ll_vk_input x = ll_vk_begin(w);
    if (l->mixer == LL_MIXER_SHORT_CONV) {
        const ll_vk_joined_job jobs[] = {
            {&r->before, s->mixed, LL_VK_MIXED}, {&r->in, s->delta, LL_VK_DELTA}, {&r->gate, s->gate, LL_VK_GATE}};
        ll_vk_multiply_joined(w, x, jobs, 3);
        add_conv(w, true);
        return;
    }
    ll_vk_multiply(w, &r->in, x, s->mixed, LL_VK_MIXED);
    multiply_activated(w, &r->gate, x, s->gate, LL_VK_GATE, LL_ACTIVATION_SILU);
    if (l->mixer == LL_MIXER_MAMBA2)
        multiply_activated(w, &r->dt, x, s->steps, LL_VK_STEPS, LL_VK_SOFTPLUS);
    add_conv(w, false);
}

/* Of the steps, B and C each. */
static void normalize_selection(ll_vk_lowering *w)
{
    static const ll_norm without_weights = {0};
    const ll_recurrence *r = &w->layer->recurrence;
    const uint32_t from[] = {0, r->n_steps, r->n_steps + r->n_states}, n[] = {r->n_steps, r->n_states, r->n_states};
    for (size_t i = 0; i < 3; i++) {
        const ll_vk_rows at = {w->e->scratch.steps.address + 4 * (uint64_t)from[i], w->e->scratch.steps.stride};
        ll_vk_add_norm(w, &(ll_vk_norm_job){.x = at,
                                            .out = at,
                                            .norm = &without_weights,
                                            .n = n[i],
                                            .n_groups = 1,
                                            .reads = LL_VK_STEPS,
                                            .writes = LL_VK_STEPS});
    }
}

void ll_vk_lower_scan(ll_vk_lowering *w)
{
    const ll_vk_scratch *s = &w->e->scratch;
    const ll_layer *l = w->layer;
    const ll_recurrence *r = &l->recurrence;
    const bool heads = l->mixer == LL_MIXER_MAMBA2;
    if (!heads) {
        if (r->normalizes_selection)
            normalize_selection(w);
        ll_vk_add_product(w, &(ll_vk_product_job){.linear = &r->dt,
                                                  .x = s->steps,
                                                  .out = s->delta,
                                                  .activation = 1 + LL_VK_SOFTPLUS,
                                                  .reads = LL_VK_STEPS,
                                                  .writes = LL_VK_DELTA});
    }
    const size_t n_a = heads ? r->n_heads : (size_t)r->n_inner * r->n_states, n_d = heads ? r->n_heads : r->n_inner;
    const uint64_t of_conv = (uint64_t)(r->conv.n_taps - 1) * r->conv.n_channels * sizeof(float);
    const ll_vk_scan_params p = {.mixed = s->mixed.address,
                                 .gate = s->gate.address,
                                 .steps = s->steps.address,
                                 .delta = s->delta.address,
                                 .out_ = s->attended.address,
                                 .a = ll_vk_floats(w, r->a, n_a),
                                 .d = ll_vk_floats(w, r->d, n_d),
                                 .state_offset = state_offset(w) + of_conv,
                                 .n = r->n_inner,
                                 .stride = s->mixed.stride,
                                 .step_stride = s->steps.stride,
                                 .out_stride = s->attended.stride,
                                 .n_steps = r->n_steps,
                                 .n_heads = heads ? r->n_heads : 1,
                                 .n_groups = heads ? r->n_groups : 1};
    ll_vk_op op = {.shader = LL_VK_SCAN,
                   .span = LL_VK_EACH_RUN,
                   .groups = (r->n_inner + LL_VK_SIZE - 1) / LL_VK_SIZE,
                   .reads = LL_VK_MIXED | LL_VK_GATE | LL_VK_STEPS | LL_VK_STATE | (heads ? 0 : LL_VK_DELTA),
                   .writes = LL_VK_ATTENDED | LL_VK_STATE,
                   .flops = 7 * (uint64_t)r->n_inner * r->n_states};
    ll_vk_set(&op.constants, 0, LL_VK_SIZE);
    ll_vk_set(&op.constants, 2, r->n_states);
    ll_vk_set(&op.constants, 3, heads);
    ll_vk_add(w, op, &p, sizeof p);
}

/* The norm of each group of what a scan gave. */
void ll_vk_lower_norm_groups(ll_vk_lowering *w)
{
    const ll_recurrence *r = &w->layer->recurrence;
    ll_vk_add_norm(w, &(ll_vk_norm_job){.x = w->e->scratch.attended,
                                        .out = w->e->scratch.attended,
                                        .norm = &r->norm,
                                        .n = r->n_inner / r->n_groups,
                                        .n_groups = r->n_groups,
                                        .tail = w->phase->tail_only,
                                        .reads = LL_VK_ATTENDED,
                                        .writes = LL_VK_ATTENDED});
}
