/* SPDX-License-Identifier: MIT
 * Lowering what leads up to attention, and attention: of a model's own tokens, of an encoder's text, and to latents.
 */
#include "backend/vulkan/lower.h"

#include "backend/vulkan/tables.h"

enum { KV_CONSTANTS = 20 };
enum { NORM_NONE, NORM_SHARED, NORM_OWN }; /* of heads, as heads.comp has them */
enum { PART_Q = 1, PART_K = 2, PART_V = 4 };
enum { FIRST_OF_HEADS = 5, END_OF_HEADS = 10 }; /* constants of heads.glsl */

static void set_kv(ll_vk_lowering *w, ll_vk_op *op)
{
    static const uint32_t types[] = {
        [LIBLLM_KV_F32] = 0, [LIBLLM_KV_F16] = 1, [LIBLLM_KV_Q8_0] = 2, [LIBLLM_KV_Q4_0] = 3};
    ll_vk_set(&op->constants, KV_CONSTANTS, types[w->e->options.kv_type]);
    ll_vk_set(&op->constants, KV_CONSTANTS + 1, w->m->head_dim);
    ll_vk_set(&op->constants, KV_CONSTANTS + 2, w->m->value_dim);
}

/* Where the angles of a rope begin in those of a batch, in ll_vk_floats. */
uint32_t ll_vk_angles_of(const ll_executor *e, uint32_t rope)
{
    uint32_t at = 0;
    for (uint32_t r = 0; r < rope; r++)
        at += e->options.n_batch * e->model->ropes[r].n_rot;
    return at;
}

/* `plain`: no norm, no rotation, as in attention to an encoder's text. */
static void add_heads(ll_vk_lowering *w, uint32_t parts, bool plain)
{
    ll_executor *e = w->e;
    const ll_model *m = w->m;
    const ll_layer *l = w->layer;
    const ll_vk_scratch *s = &e->scratch;
    const bool latent = m->latent.n_kv; /* keys and values are the latent, and behind it the rotated part of keys */
    const ll_rope *rope = !plain && l->rope != LL_ROPE_NONE ? &m->ropes[l->rope] : NULL;
    const bool normed = !plain && !latent && l->q_norm.weight && m->head_norm != LL_HEAD_NORM_WHOLE;
    const ll_vk_rows kv = {s->latent.address + 4 * (uint64_t)m->latent.n_query, s->latent.stride};
    const ll_vk_rows k = latent ? kv : s->k, v = latent ? kv : s->v;
    const size_t each = m->head_norm == LL_HEAD_NORM_OWN ? l->n_heads : 1;
    const size_t each_kv = m->head_norm == LL_HEAD_NORM_OWN ? l->n_kv_heads : 1;
    ll_vk_heads_params p = {.q = s->q.address,
                            .k = k.address,
                            .v = v.address,
                            .layer_offset = e->kv_layer_offset[w->phase->layer],
                            .n_heads = l->n_heads,
                            .n_kv_heads = l->n_kv_heads,
                            .q_stride = s->q.stride,
                            .k_stride = k.stride,
                            .v_stride = v.stride,
                            .n_rot = rope ? rope->n_rot : 0,
                            .angles = rope ? ll_vk_angles_of(e, l->rope) : 0,
                            .rope_at = m->latent.n_kv,
                            .growth_period = m->growth_period,
                            .eps = m->norm_eps,
                            .bound = m->qkv_clamp,
                            .query_growth = m->query_growth};
    if (normed) {
        p.q_weight = ll_vk_floats(w, l->q_norm.weight, each * m->head_dim);
        p.q_bias = ll_vk_floats(w, l->q_norm.bias, each * m->head_dim);
        p.k_weight = ll_vk_floats(w, l->k_norm.weight, each_kv * m->head_dim);
        p.k_bias = ll_vk_floats(w, l->k_norm.bias, each_kv * m->head_dim);
    }
    ll_vk_op op = {.shader = LL_VK_HEADS, .span = LL_VK_EACH_COLUMN};
    if (parts & PART_Q) {
        op.groups += l->n_heads;
        op.reads |= LL_VK_Q;
        op.writes |= LL_VK_Q;
    }
    op.groups += (parts & PART_K ? l->n_kv_heads : 0) + (parts & PART_V ? l->n_kv_heads : 0);
    op.reads |= (parts & PART_K ? (uint32_t)LL_VK_K : 0) | (parts & PART_V ? (uint32_t)LL_VK_V : 0);
    op.reads |= latent ? LL_VK_LATENTS : 0;
    op.writes |= parts & (PART_K | PART_V) ? LL_VK_KV : 0;
    ll_vk_set(&op.constants, 0, LL_VK_SIZE);
    ll_vk_set(&op.constants, 5, !rope ? 0 : rope->kind == LL_ROPE_HALVES ? 2 : 1);
    ll_vk_set(&op.constants, 6, parts);
    ll_vk_set(&op.constants, 7, !normed ? NORM_NONE : m->head_norm == LL_HEAD_NORM_OWN ? NORM_OWN : NORM_SHARED);
    ll_vk_set(&op.constants, 8, m->norm == LL_NORM_LAYER);
    ll_vk_set(&op.constants, 9, m->head_norm_after_rope);
    set_kv(w, &op);
    ll_vk_add(w, op, &p, sizeof p);
    w->heads = p;
    w->heads_at = (parts & PART_Q) && (parts & PART_K) ? e->n_ops : 0;
}

/* The heads before it become a part of attention, where one workgroup has all that share keys and values. */
static void take_heads(ll_vk_lowering *w, ll_vk_op *op)
{
    ll_executor *e = w->e;
    if (w->failed || e->n_ops == 0 || w->heads_at != e->n_ops || ll_vk_attention_rows(e, op->n_rows) < op->n_rows)
        return;
    ll_vk_op *heads = &e->ops[e->n_ops - 1];
    heads->in_next = op->may_make_heads = true;
    for (uint32_t i = 0; i < heads->constants.n; i++)
        if (heads->constants.list[i].id >= FIRST_OF_HEADS && heads->constants.list[i].id < END_OF_HEADS)
            ll_vk_set(&op->constants, heads->constants.list[i].id, heads->constants.list[i].value);
}

void ll_vk_lower_attention(ll_vk_lowering *w)
{
    ll_executor *e = w->e;
    const ll_model *m = w->m;
    const ll_layer *l = w->layer;
    const bool cross = w->phase->cross;
    const ll_vk_scratch *s = &e->scratch;
    const ll_vk_attention_params p = {
        .q = s->q.address,
        .out_ = s->attended.address,
        .sinks = cross ? 0 : ll_vk_floats(w, l->sinks, l->n_heads),
        .alibi = ll_vk_floats(w, m->alibi, l->n_heads),
        .distance_bias = cross ? 0 : ll_vk_floats(w, l->distance_bias, (size_t)l->n_heads * LL_BIAS_ROW),
        .layer_offset = e->kv_layer_offset[w->phase->layer],
        .n_heads = l->n_heads,
        .n_kv_heads = l->n_kv_heads,
        .q_stride = s->q.stride,
        .out_stride = s->attended.stride,
        .parts = s->parts,
        .done = e->tables.address + LL_VK_TABLE_WORDS * sizeof(uint16_t),
        .splits_max = LL_VK_SPLITS_MAX,
        .window = cross ? 0 : l->window,
        .bias_reach = LL_BIAS_REACH,
        .scale = m->attn_scale,
        .softcap = m->attn_softcap};
    ll_vk_op op = {.shader = LL_VK_ATTENTION,
                   .span = LL_VK_EACH_TILE,
                   .groups = l->n_kv_heads,
                   .n_rows = l->n_heads / l->n_kv_heads,
                   .reads = LL_VK_Q | LL_VK_KV,
                   .writes = LL_VK_ATTENDED | LL_VK_PARTS,
                   .flops = 2 * (uint64_t)l->n_heads * (m->head_dim + m->value_dim)}; /* for each position */
    ll_vk_set(&op.constants, 0, LL_PAGE_POSITIONS);
    ll_vk_set(&op.constants, 3, !cross && l->sees_later);
    ll_vk_set(&op.constants, 4, cross);
    take_heads(w, &op);
    set_kv(w, &op);
    const struct {
        ll_vk_attention_params attention;
        ll_vk_heads_params heads;
    } both = {p, w->heads};
    ll_vk_add(w, op, &both, sizeof both);
}

void ll_vk_lower_qkv(ll_vk_lowering *w)
{
    const ll_vk_scratch *s = &w->e->scratch;
    const ll_layer *l = w->layer;
    const ll_vk_joined_job jobs[] = {{&l->q, s->q, LL_VK_Q}, {&l->k, s->k, LL_VK_K}, {&l->v, s->v, LL_VK_V}};
    ll_vk_multiply_joined(w, ll_vk_begin(w), jobs, 3);
    const bool norm_follows = l->q_norm.weight && w->m->head_norm == LL_HEAD_NORM_WHOLE;
    add_heads(w, norm_follows ? PART_V : PART_Q | PART_K | PART_V, false);
}

/* Norms over all heads of a column. */
void ll_vk_lower_qk_norm(ll_vk_lowering *w)
{
    const ll_vk_scratch *s = &w->e->scratch;
    const ll_layer *l = w->layer;
    ll_vk_add_norm(w, &(ll_vk_norm_job){.x = s->q,
                                        .out = s->q,
                                        .norm = &l->q_norm,
                                        .n = l->n_heads * w->m->head_dim,
                                        .n_groups = 1,
                                        .reads = LL_VK_Q,
                                        .writes = LL_VK_Q});
    ll_vk_add_norm(w, &(ll_vk_norm_job){.x = s->k,
                                        .out = s->k,
                                        .norm = &l->k_norm,
                                        .n = l->n_kv_heads * w->m->head_dim,
                                        .n_groups = 1,
                                        .reads = LL_VK_K,
                                        .writes = LL_VK_K});
    add_heads(w, PART_Q | PART_K, false);
}

void ll_vk_lower_cross_q(ll_vk_lowering *w)
{
    const ll_vk_scratch *s = &w->e->scratch;
    ll_vk_multiply(w, &w->layer->cross.q, ll_vk_begin(w), s->q, LL_VK_Q);
}

void ll_vk_lower_cross_kv(ll_vk_lowering *w)
{
    const ll_vk_scratch *s = &w->e->scratch;
    const ll_vk_joined_job jobs[] = {{&w->layer->cross.k, s->k, LL_VK_K}, {&w->layer->cross.v, s->v, LL_VK_V}};
    ll_vk_multiply_joined(w, ll_vk_begin(w), jobs, 2);
    add_heads(w, PART_K | PART_V, true);
}

/* --- Latent attention ----------------------------------------------------------------------------------------------
 */

static ll_vk_rows kv_latent(const ll_vk_lowering *w)
{
    const ll_vk_scratch *s = &w->e->scratch;
    return (ll_vk_rows){s->latent.address + 4 * (uint64_t)w->m->latent.n_query, s->latent.stride};
}

void ll_vk_lower_latent(ll_vk_lowering *w)
{
    const ll_vk_scratch *s = &w->e->scratch;
    const ll_layer *l = w->layer;
    const ll_vk_joined_job q_a = {&l->latent.q_a, s->latent, LL_VK_LATENTS}, q = {&l->q, s->values, LL_VK_VALUES};
    const ll_vk_joined_job jobs[] = {{&l->latent.kv_a, kv_latent(w), LL_VK_LATENTS}, w->m->latent.n_query ? q_a : q};
    ll_vk_multiply_joined(w, ll_vk_begin(w), jobs, 2);
}

void ll_vk_lower_latent_norm(ll_vk_lowering *w)
{
    const ll_vk_scratch *s = &w->e->scratch;
    const ll_latent *t = &w->m->latent;
    const ll_layer *l = w->layer;
    ll_vk_norm_job job = {.x = s->latent,
                          .out = s->latent,
                          .norm = &l->latent.q_a_norm,
                          .n = t->n_query,
                          .n_groups = 1,
                          .reads = LL_VK_LATENTS,
                          .writes = LL_VK_LATENTS};
    if (t->n_query)
        ll_vk_add_norm(w, &job);
    job.x = job.out = kv_latent(w);
    job.norm = &l->latent.kv_a_norm;
    job.n = t->n_kv;
    ll_vk_add_norm(w, &job);
    add_heads(w, PART_K | PART_V, false);
}

void ll_vk_lower_latent_q(ll_vk_lowering *w)
{
    ll_executor *e = w->e;
    const ll_vk_scratch *s = &e->scratch;
    const ll_model *m = w->m;
    const ll_latent *t = &m->latent;
    const ll_layer *l = w->layer;
    const ll_rope *rope = l->rope != LL_ROPE_NONE ? &m->ropes[l->rope] : NULL;
    if (t->n_query)
        ll_vk_multiply(w, &l->q, (ll_vk_input){s->latent, LL_VK_LATENTS, NULL}, s->values, LL_VK_VALUES);
    const ll_vk_latent_params p = {.raw = s->values.address,
                                   .q = s->q.address,
                                   .n_heads = l->n_heads,
                                   .n_nope = t->n_nope,
                                   .n_rot = t->n_rot,
                                   .raw_dim = t->n_nope + t->n_rot,
                                   .head_dim = m->head_dim,
                                   .raw_stride = s->values.stride,
                                   .q_stride = s->q.stride,
                                   .angles = rope ? ll_vk_angles_of(e, l->rope) : 0};
    ll_vk_op op = {.shader = LL_VK_LATENT,
                   .span = LL_VK_EACH_COLUMN,
                   .groups = 1,
                   .reads = LL_VK_VALUES,
                   .writes = LL_VK_Q,
                   .flops = 6 * (uint64_t)l->n_heads * t->n_rot};
    ll_vk_set(&op.constants, 0, LL_VK_SIZE);
    ll_vk_set(&op.constants, 2, !rope ? 0 : rope->kind == LL_ROPE_HALVES ? 2 : 1);
    ll_vk_add(w, op, &p, sizeof p);
    ll_vk_add_product(w, &(ll_vk_product_job){.linear = &l->latent.k_b.first,
                                              .x = s->values,
                                              .out = s->q,
                                              .reads = LL_VK_VALUES,
                                              .writes = LL_VK_Q,
                                              .items = LL_VK_ITEMS_ALL,
                                              .n_matrices = l->n_heads,
                                              .n_items = l->n_heads,
                                              .matrix_bytes = l->latent.k_b.expert_bytes,
                                              .x_step = t->n_nope + t->n_rot,
                                              .out_step = m->head_dim});
}

void ll_vk_lower_latent_v(ll_vk_lowering *w)
{
    const ll_vk_scratch *s = &w->e->scratch;
    const ll_layer *l = w->layer;
    ll_vk_add_product(w, &(ll_vk_product_job){.linear = &l->latent.v_b.first,
                                              .x = s->attended,
                                              .out = s->values,
                                              .reads = LL_VK_ATTENDED,
                                              .writes = LL_VK_VALUES,
                                              .items = LL_VK_ITEMS_ALL,
                                              .n_matrices = l->n_heads,
                                              .n_items = l->n_heads,
                                              .matrix_bytes = l->latent.v_b.expert_bytes,
                                              .x_step = w->m->value_dim,
                                              .out_step = w->m->latent.n_value});
}
