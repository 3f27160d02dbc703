/* SPDX-License-Identifier: MIT
 * Multi-head latent attention: its widths, and the weights of a layer in either form in which files have them.
 */
#include "model/family.h"

#include "base/status.h"
#include "quant/float16.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH_MAX = 1 << 16 };

libllm_status ll_build_latent(ll_builder *b, libllm_error *error)
{
    ll_model *m = b->model;
    ll_latent *t = &m->latent;
    uint32_t key = m->head_dim, value = m->value_dim; /* of a head: in older files the lengths say it */
    libllm_status status = ll_build_require_u32(b, "attention.kv_lora_rank", 1, WIDTH_MAX, &t->n_kv, error);
    if (!status)
        status = ll_build_u32(b, "attention.q_lora_rank", 0, WIDTH_MAX, &t->n_query, error);
    if (!status)
        status = ll_build_require_u32(b, "rope.dimension_count", 2, WIDTH_MAX, &t->n_rot, error);
    if (!status)
        status = ll_build_u32(b, "attention.key_length_mla", 0, WIDTH_MAX, &key, error);
    if (!status)
        status = ll_build_u32(b, "attention.value_length_mla", 0, WIDTH_MAX, &value, error);
    if (!status && key <= t->n_rot)
        status = ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE,
                         "key \"%s.rope.dimension_count\" is %u, expected less than the %u values of a key",
                         b->family->architecture, t->n_rot, key);
    if (status)
        return status;
    t->n_nope = key - t->n_rot;
    t->n_value = value;
    m->head_dim = t->n_kv + t->n_rot;
    m->value_dim = t->n_kv;
    for (uint32_t i = 0; i < m->n_layers; i++)
        m->layers[i].n_kv_heads = 1;
    return LIBLLM_OK;
}

/* A matrix for each head of floats as the model's are: F32 where the file's are, else F16. [n][rows][k] */
static libllm_status make_heads(ll_model *m, const ll_matrix *like, uint32_t n, uint32_t rows, uint32_t k,
                                ll_expert_linear *out, uint8_t **data, libllm_error *error)
{
    const uint32_t type = like->traits->type == LL_TYPE_F32 ? LL_TYPE_F32 : LL_TYPE_F16;
    const ll_type_traits *traits = ll_type_find(type);
    const size_t row_bytes = ll_type_row_bytes(traits, k);
    *data = ll_model_keep(m, (size_t)n * rows, row_bytes);
    if (!*data)
        return ll_fail_memory(error, "the keys' and values' matrices");
    out->first.weight = (ll_matrix){.traits = traits, .data = *data, .row_bytes = row_bytes, .n_rows = rows, .n_k = k};
    out->expert_bytes = rows * row_bytes;
    return LIBLLM_OK;
}

static void put(const ll_type_traits *traits, uint8_t *row, size_t at, float value)
{
    if (traits->type == LL_TYPE_F32) {
        memcpy(row + at * sizeof value, &value, sizeof value);
    } else {
        uint16_t half = ll_f32_to_f16(value);
        memcpy(row + at * sizeof half, &half, sizeof half);
    }
}

/* Older files have for each head the rows that make its key, then those that make its value: the former are wanted
 * transposed. */
static libllm_status split_kv_b(ll_builder *b, uint32_t i, libllm_error *error)
{
    ll_model *m = b->model;
    const ll_latent *t = &m->latent;
    ll_layer *l = &m->layers[i];
    const uint32_t per_head = t->n_nope + t->n_value;
    ll_linear all;
    uint8_t *k_b, *v_b;
    libllm_status status =
        ll_bind_linear(m, i, "attn_kv_b", (uint64_t)l->n_heads * per_head, t->n_kv, LL_ABSENT, &all, error);
    if (!status)
        status = make_heads(m, &all.weight, l->n_heads, t->n_kv, t->n_nope, &l->latent.k_b, &k_b, error);
    if (!status)
        status = make_heads(m, &all.weight, l->n_heads, t->n_value, t->n_kv, &l->latent.v_b, &v_b, error);
    float *row = status ? NULL : ll_alloc(m->host, t->n_kv, sizeof *row);
    if (status)
        return status;
    if (!row)
        return ll_fail_memory(error, "a row of attn_kv_b");
    const ll_matrix *k = &l->latent.k_b.first.weight, *v = &l->latent.v_b.first.weight;
    for (uint32_t r = 0; r < l->n_heads * per_head; r++) {
        const uint32_t head = r / per_head, of = r % per_head;
        all.weight.traits->decode(all.weight.data + r * all.weight.row_bytes, row, t->n_kv);
        for (uint32_t c = 0; all.scale && c < t->n_kv; c++)
            row[c] *= *all.scale;
        for (uint32_t c = 0; c < t->n_kv; c++) {
            if (of < t->n_nope)
                put(k->traits, k_b + (head * (size_t)t->n_kv + c) * k->row_bytes, of, row[c]);
            else
                put(v->traits, v_b + (head * (size_t)t->n_value + of - t->n_nope) * v->row_bytes, c, row[c]);
        }
    }
    ll_free(m->host, row);
    return LIBLLM_OK;
}

static libllm_status bind_heads(ll_model *m, uint32_t i, const char *name, uint64_t rows, uint64_t k,
                                ll_expert_linear *out, libllm_error *error)
{
    char full[96];
    snprintf(full, sizeof full, "blk.%u.%s.weight", i, name);
    return ll_bind_experts(m, full, m->layers[i].n_heads, rows, k, 0, 1, out, error);
}

libllm_status ll_bind_latent(ll_builder *b, uint32_t i, libllm_error *error)
{
    ll_model *m = b->model;
    const ll_family *f = b->family;
    const ll_latent *t = &m->latent;
    ll_layer *l = &m->layers[i];
    ll_latent_weights *w = &l->latent;
    const uint64_t n_q = (uint64_t)l->n_heads * (t->n_nope + t->n_rot);
    libllm_status status = LIBLLM_OK;
    if (t->n_query) {
        status = ll_bind_linear(m, i, "attn_q_a", t->n_query, m->n_embd, f->qkv_bias, &w->q_a, error);
        if (!status)
            status = ll_bind_norm(m, i, "attn_q_a_norm", t->n_query, LL_REQUIRED, LL_ABSENT, &w->q_a_norm, error);
    }
    if (!status)
        status = ll_bind_linear(m, i, t->n_query ? "attn_q_b" : "attn_q", n_q, t->n_query ? t->n_query : m->n_embd,
                                f->qkv_bias, &l->q, error);
    if (!status)
        status = ll_bind_linear(m, i, "attn_kv_a_mqa", t->n_kv + t->n_rot, m->n_embd, f->qkv_bias, &w->kv_a, error);
    if (!status)
        status = ll_bind_norm(m, i, "attn_kv_a_norm", t->n_kv, LL_REQUIRED, LL_ABSENT, &w->kv_a_norm, error);
    if (!status && ll_layer_has(m, i, "attn_k_b")) {
        status = bind_heads(m, i, "attn_k_b", t->n_kv, t->n_nope, &w->k_b, error);
        if (!status)
            status = bind_heads(m, i, "attn_v_b", t->n_value, t->n_kv, &w->v_b, error);
    } else if (!status) {
        status = split_kv_b(b, i, error);
    }
    if (!status)
        status = ll_bind_linear(m, i, "attn_output", m->n_embd, (uint64_t)l->n_heads * t->n_value, f->other_bias, &l->o,
                                error);
    return status;
}
