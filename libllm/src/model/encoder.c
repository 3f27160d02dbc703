/* SPDX-License-Identifier: MIT
 * A model with an encoder and a decoder: its layers, what the decoder begins with, and what only such models have.
 */
#include "model/family.h"

#include "base/status.h"

/* The layers that have been counted are the encoder's. */
libllm_status ll_build_sides(ll_builder *b, uint32_t layers_max, libllm_error *error)
{
    ll_model *m = b->model;
    uint32_t n_decoder = m->n_layers;
    libllm_status status = ll_build_u32(b, "decoder_block_count", 1, layers_max, &n_decoder, error);
    m->n_encoder_layers = m->n_layers;
    m->n_layers += n_decoder;
    return status;
}

libllm_status ll_bind_encoder(ll_builder *b, libllm_error *error)
{
    ll_model *m = b->model;
    const int32_t padding = m->tokenizer ? ll_tokenizer_special(m->tokenizer, LIBLLM_TOKEN_PADDING) : -1;
    uint32_t start = padding >= 0 ? (uint32_t)padding : 0;
    libllm_status status = ll_build_u32(b, "decoder_start_token_id", 0, m->n_vocab - 1, &start, error);
    m->decoder_start = (int32_t)start;
    return status
               ? status
               : ll_bind_norm_named(m, "enc.output_norm", m->n_embd, LL_REQUIRED, LL_ABSENT, &m->encoder_norm, error);
}

libllm_status ll_bind_cross(ll_builder *b, uint32_t i, libllm_error *error)
{
    ll_model *m = b->model;
    const ll_layer *l = &m->layers[i];
    ll_cross *c = &m->layers[i].cross;
    const ll_presence bias = b->family->qkv_bias;
    const uint64_t n_q = (uint64_t)l->n_heads * m->head_dim, n_values = (uint64_t)l->n_heads * m->value_dim;
    const uint64_t n_k = (uint64_t)l->n_kv_heads * m->head_dim, n_v = (uint64_t)l->n_kv_heads * m->value_dim;
    libllm_status status = ll_bind_norm(m, i, "cross_attn_norm", m->n_embd, LL_REQUIRED, LL_ABSENT, &c->norm, error);
    if (!status)
        status = ll_bind_linear(m, i, "cross_attn_q", n_q, m->n_embd, bias, &c->q, error);
    if (!status)
        status = ll_bind_linear(m, i, "cross_attn_k", n_k, m->n_embd, bias, &c->k, error);
    if (!status)
        status = ll_bind_linear(m, i, "cross_attn_v", n_v, m->n_embd, bias, &c->v, error);
    return status ? status
                  : ll_bind_linear(m, i, "cross_attn_o", m->n_embd, n_values, b->family->other_bias, &c->o, error);
}
