/* SPDX-License-Identifier: MIT
 * Bills of models that are no plain decoders, or whose configurations speak another way.
 */
#include "estimate/bill_internal.h"

#include <math.h>
#include <string.h>

void ll_build_falcon(ll_config *c)
{
    const bool grouped = ll_config_flag(c, "new_decoder_architecture", false);
    c->kv_heads = c->bill->kv_heads = grouped ? ll_config_number(c, "num_kv_heads", c->heads)
                                      : ll_config_flag(c, "multi_query", true) ? 1
                                                                               : c->heads;
    const bool parallel = grouped || ll_config_flag(c, "parallel_attn", true);
    const double norms = grouped ? ll_config_number(c, "num_ln_in_parallel_attn", 2) : parallel ? 1 : 2;
    ll_config_ends(c);
    ll_config_attention_layers(c);
    ll_config_ffn_layers(c);
    ll_bill_vector(c->bill, LL_CLASS_NORM, "norms", c->layers * norms, 2 * c->hidden);
}

/* Its positions begin with two that no text uses; the smallest narrow the embedding. */
void ll_build_opt(ll_config *c)
{
    ll_bill *b = c->bill;
    const double narrow = ll_config_number(c, "word_embed_proj_dim", c->hidden);
    ll_bill_table(b, LL_CLASS_EMBEDDING, "token_embd", c->vocab, narrow);
    ll_bill_table(b, LL_CLASS_POSITION, "position_embd", b->context + 2, c->hidden);
    if (narrow != c->hidden) {
        ll_bill_matrix(b, LL_CLASS_EMBEDDING, "project_in", 1, narrow, c->hidden);
        ll_bill_matrix(b, LL_CLASS_HEAD, "project_out", 1, c->hidden, narrow);
    }
    if (ll_config_flag(c, "do_layer_norm_before", true) && !ll_config_flag(c, "_remove_final_layer_norm", false))
        ll_bill_vector(b, LL_CLASS_NORM, "output_norm", 1, 2 * c->hidden);
    b->is_tied = ll_config_flag(c, "tie_word_embeddings", true);
    ll_config_attention_layers(c);
    ll_config_ffn_layers(c);
    ll_config_norms(c, c->layers);
}

void ll_build_bert(ll_config *c)
{
    ll_bill *b = c->bill;
    b->is_encoder = true;
    ll_bill_table(b, LL_CLASS_EMBEDDING, "token_embd", c->vocab, c->hidden);
    ll_bill_table(b, LL_CLASS_POSITION, "position_embd", b->context, c->hidden);
    ll_bill_table(b, LL_CLASS_POSITION, "token_types", ll_config_number(c, "type_vocab_size", 2), c->hidden);
    ll_bill_vector(b, LL_CLASS_NORM, "token_embd_norm", 1, 2 * c->hidden);
    ll_config_attention_layers(c);
    ll_config_ffn_layers(c);
    ll_config_norms(c, c->layers);
    ll_bill_matrix(b, LL_CLASS_HEAD, "pooler", 1, c->hidden, c->hidden);
    ll_bill_vector(b, LL_CLASS_HEAD, "pooler bias", 1, c->hidden);
}

void ll_build_modern_bert(ll_config *c)
{
    ll_bill *b = c->bill;
    const double period = ll_config_number(c, "global_attn_every_n_layers", 3);
    const double full = period > 0 ? ceil(c->layers / period) : c->layers;
    b->is_encoder = true;
    ll_bill_table(b, LL_CLASS_EMBEDDING, "token_embd", c->vocab, c->hidden);
    ll_bill_vector(b, LL_CLASS_NORM, "token_embd_norm, output_norm", 2, c->hidden);
    ll_config_attention(c, full, 0);
    ll_config_attention(c, c->layers - full, ll_config_number(c, "local_attention", 128));
    ll_config_ffn_layers(c);
    ll_bill_vector(b, LL_CLASS_NORM, "norms", 2 * c->layers - 1, c->hidden); /* the first layer has one */
}

void ll_build_nomic_bert(ll_config *c)
{
    ll_bill *b = c->bill;
    b->is_encoder = true;
    ll_bill_table(b, LL_CLASS_EMBEDDING, "token_embd", c->vocab, c->hidden);
    ll_bill_table(b, LL_CLASS_POSITION, "token_types", ll_config_number(c, "type_vocab_size", 2), c->hidden);
    ll_bill_vector(b, LL_CLASS_NORM, "token_embd_norm", 1, 2 * c->hidden);
    ll_config_attention_layers(c);
    ll_config_ffn_layers(c);
    ll_config_norms(c, c->layers);
}

void ll_build_t5(ll_config *c)
{
    ll_bill *b = c->bill;
    const double encoder = ll_config_number(c, "num_layers", 0);
    const double decoder = ll_config_number(c, "num_decoder_layers", encoder), inner = c->heads * c->head_dim;
    const char *activation = ll_config_text(c, "feed_forward_proj");
    const bool gated = activation && strncmp(activation, "gated", 5) == 0;
    const double parts = encoder + 2 * decoder; /* of attention; the decoder's layers have a second one, across */
    ll_bill_table(b, LL_CLASS_EMBEDDING, "token_embd", c->vocab, c->hidden);
    ll_bill_matrix(b, LL_CLASS_ATTENTION, "attn_q, attn_k, attn_v", 3 * parts, c->hidden, inner);
    ll_bill_matrix(b, LL_CLASS_ATTENTION, "attn_output", parts, inner, c->hidden);
    const double sides = decoder > 0 ? 2 : 1;
    ll_bill_table(b, LL_CLASS_POSITION, "attn_rel_b", sides * ll_config_number(c, "relative_attention_num_buckets", 32),
                  c->heads);
    ll_bill_matrix(b, LL_CLASS_FFN, gated ? "ffn_gate, ffn_up" : "ffn_up", (gated ? 2 : 1) * (encoder + decoder),
                   c->hidden, c->ffn);
    ll_bill_matrix(b, LL_CLASS_FFN, "ffn_down", encoder + decoder, c->ffn, c->hidden);
    ll_bill_vector(b, LL_CLASS_NORM, "norms", 2 * encoder + 3 * decoder + sides, c->hidden);
    b->layers = encoder + decoder;
    b->is_tied = ll_config_flag(c, "tie_word_embeddings", true);
    if (!b->is_tied && decoder > 0)
        ll_bill_matrix(b, LL_CLASS_HEAD, "output", 1, c->vocab, c->hidden);
    ll_core core = {.layers = decoder,
                    .heads = c->heads,
                    .key_dim = c->head_dim,
                    .value_dim = c->head_dim,
                    .kv_elements = 2 * inner,
                    .kv_heads = c->heads,
                    .is_causal = true};
    ll_bill_core(b, core);
    core.is_cross = true;
    ll_bill_core(b, core);
}

void ll_build_mamba(ll_config *c)
{
    ll_bill *b = c->bill;
    const double inner = ll_config_number(c, "intermediate_size|d_inner", ll_config_number(c, "expand", 2) * c->hidden);
    const double states = ll_config_number(c, "state_size|d_state", 16), taps = ll_config_number(c, "conv_kernel", 4);
    const double rank = ll_config_number(c, "time_step_rank", ceil(c->hidden / 16)), n = c->layers;
    ll_config_ends(c);
    ll_bill_matrix(b, LL_CLASS_RECURRENT, "ssm_in", n, c->hidden, 2 * inner);
    ll_bill_matrix(b, LL_CLASS_RECURRENT, "ssm_x", n, inner, rank + 2 * states);
    ll_bill_matrix(b, LL_CLASS_RECURRENT, "ssm_dt", n, rank, inner);
    ll_bill_matrix(b, LL_CLASS_RECURRENT, "ssm_out", n, inner, c->hidden);
    if (ll_config_flag(c, "use_bias", false))
        ll_bill_vector(b, LL_CLASS_RECURRENT, "ssm bias", n, 2 * inner + c->hidden);
    const double conv_bias = ll_config_flag(c, "use_conv_bias", true) ? inner : 0;
    ll_bill_vector(b, LL_CLASS_RECURRENT, "ssm_conv1d", n, inner * taps + conv_bias);
    ll_bill_vector(b, LL_CLASS_RECURRENT, "ssm_a, ssm_d, ssm_dt bias", n, inner * states + 2 * inner);
    ll_config_norms(c, n);
    ll_bill_state(
        b,
        (ll_state){.layers = n, .elements = inner * (states + taps), .flops = 7 * inner * states + 2 * inner * taps});
}

void ll_build_mamba2(ll_config *c)
{
    ll_bill *b = c->bill;
    const double inner = ll_config_number(c, "expand", 2) * c->hidden, n = c->layers;
    const double states = ll_config_number(c, "state_size", 128), taps = ll_config_number(c, "conv_kernel", 4);
    const double heads = ll_config_number(c, "num_heads", 128), groups = ll_config_number(c, "n_groups", 8);
    const double channels = inner + 2 * groups * states;
    ll_config_ends(c);
    ll_bill_matrix(b, LL_CLASS_RECURRENT, "ssm_in", n, c->hidden, inner + channels + heads);
    ll_bill_matrix(b, LL_CLASS_RECURRENT, "ssm_out", n, inner, c->hidden);
    const double conv_bias = ll_config_flag(c, "use_conv_bias", true) ? channels : 0;
    ll_bill_vector(b, LL_CLASS_RECURRENT, "ssm_conv1d", n, channels * taps + conv_bias);
    ll_bill_vector(b, LL_CLASS_RECURRENT, "ssm_a, ssm_d, ssm_dt bias", n, 3 * heads);
    ll_bill_vector(b, LL_CLASS_NORM, "ssm_norm", n, inner);
    ll_config_norms(c, n);
    ll_bill_state(b, (ll_state){.layers = n,
                                .elements = inner * states + channels * taps,
                                .flops = 7 * inner * states + 2 * channels * taps});
}

/* Layers of short convolutions, and of attention where `full_attn_idxs` or `layer_types` say so. */
void ll_build_lfm2(ll_config *c)
{
    ll_bill *b = c->bill;
    const json_t *types = ll_config_list(c, "layer_types"), *full = ll_config_list(c, "full_attn_idxs");
    double attention = full ? (double)json_array_size(full) : 0;
    for (size_t i = 0; !full && i < json_array_size(types); i++) {
        const char *type = json_string_value(json_array_get(types, i));
        attention += type && strcmp(type, "full_attention") == 0;
    }
    const double taps = ll_config_number(c, "conv_L_cache", 3), conv = c->layers - attention;
    if (ll_config_flag(c, "block_auto_adjust_ff_dim", false)) {
        const double multiple = ll_config_number(c, "block_multiple_of", 256);
        c->ffn = floor(2 * c->ffn / 3 * ll_config_number(c, "block_ffn_dim_multiplier", 1));
        c->ffn = b->ffn = multiple * ceil(c->ffn / multiple);
    }
    ll_config_ends(c);
    ll_config_attention(c, attention, 0);
    ll_bill_matrix(b, LL_CLASS_RECURRENT, "shortconv.in_proj", conv, c->hidden, 3 * c->hidden);
    ll_bill_matrix(b, LL_CLASS_RECURRENT, "shortconv.out_proj", conv, c->hidden, c->hidden);
    ll_bill_vector(b, LL_CLASS_RECURRENT, "shortconv.conv", conv, c->hidden * taps);
    ll_bill_state(b, (ll_state){.layers = conv, .elements = c->hidden * taps, .flops = 2 * c->hidden * taps});
    ll_config_ffn_layers(c);
    ll_config_norms(c, c->layers);
}

/* Experts in every n-th layer, beside a shared one as wide; attention in chunks except in every fourth layer. */
void ll_build_llama4(ll_config *c)
{
    ll_bill *b = c->bill;
    const double step = ll_config_number(c, "interleave_moe_layer_step", 1);
    const double with_experts = step > 0 ? floor(c->layers / step) : 0;
    const double chunk = ll_config_number(c, "attention_chunk_size", 0);
    const double full = ll_config_has(c, "attention_chunk_size") ? floor(c->layers / 4) : c->layers;
    b->expert_ffn = c->ffn;
    ll_config_ends(c);
    ll_config_attention(c, c->layers - full, chunk);
    ll_config_attention(c, full, 0);
    ll_config_ffn(c, c->layers - with_experts, ll_config_number(c, "intermediate_size_mlp", c->ffn));
    ll_config_moe(c, with_experts);
    ll_bill_matrix(b, LL_CLASS_SHARED, "ffn_gate_shexp, ffn_up_shexp, ffn_down_shexp", 3 * with_experts, c->hidden,
                   c->ffn);
    ll_config_norms(c, c->layers);
}
