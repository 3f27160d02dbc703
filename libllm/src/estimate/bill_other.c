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

/* One KV head for all, unless it says otherwise. */
void ll_build_gpt_bigcode(ll_config *c)
{
    if (ll_config_flag(c, "multi_query", true))
        c->kv_heads = c->bill->kv_heads = 1;
    ll_build_decoder(c);
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
    const char *class = json_string_value(json_array_get(json_object_get(c->object, "architectures"), 0));
    const size_t n = class ? strlen(class) : 0;
    if (n > 11 && strcmp(class + n - 11, "ForMaskedLM") == 0) { /* its output matrix is the embedding */
        ll_bill_matrix(b, LL_CLASS_HEAD, "cls.transform", 1, c->hidden, c->hidden);
        ll_bill_vector(b, LL_CLASS_HEAD, "cls vectors", 1, 3 * c->hidden + c->vocab);
    } else {
        ll_bill_matrix(b, LL_CLASS_HEAD, "pooler", 1, c->hidden, c->hidden);
        ll_bill_vector(b, LL_CLASS_HEAD, "pooler bias", 1, c->hidden);
    }
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

/* Layers that attend to what an earlier one of their kind keeps: nothing of their own. */
static void put_sharing(ll_config *c, double count, double window)
{
    ll_bill *b = c->bill;
    const double q = c->heads * c->head_dim;
    ll_bill_matrix(b, LL_CLASS_ATTENTION, "attn_q, attn_output", 2 * count, c->hidden, q);
    ll_bill_vector(b, LL_CLASS_NORM, "attn_q_norm", count, c->head_dim);
    ll_bill_core(b, (ll_core){.layers = count,
                              .heads = c->heads,
                              .key_dim = c->head_dim,
                              .value_dim = c->head_dim,
                              .kv_heads = c->kv_heads,
                              .window = window,
                              .is_causal = true});
}

/* Several residual streams (AltUp), a low-rank path beside attention (LAuReL), an embedding for each layer. */
void ll_build_gemma3n(ll_config *c)
{
    ll_bill *b = c->bill;
    const double streams = ll_config_number(c, "altup_num_inputs", 4), rank = ll_config_number(c, "laurel_rank", 64);
    const double per_layer = ll_config_number(c, "hidden_size_per_layer_input", 256), h = c->hidden, n = c->layers;
    const double window = ll_config_number(c, "sliding_window", 512);
    const double full = floor(n / 5), shared = fmin(n, ll_config_number(c, "num_kv_shared_layers", 0));
    const double shared_full = floor(shared / 5);
    ll_config_ends(c);
    ll_bill_table(b, LL_CLASS_POSITION, "per_layer_token_embd",
                  ll_config_number(c, "vocab_size_per_layer_input", c->vocab), n * per_layer);
    ll_config_attention(c, n - full - (shared - shared_full), window);
    ll_config_attention(c, full - shared_full, 0);
    put_sharing(c, shared - shared_full, window);
    put_sharing(c, shared_full, 0);
    ll_config_ffn_layers(c);
    ll_config_norms(c, n);
    ll_bill_matrix(b, LL_CLASS_FFN, "per_layer_model_proj", 1, h, n * per_layer);
    ll_bill_matrix(b, LL_CLASS_FFN, "inp_gate, proj", 2 * n, h, per_layer);
    ll_bill_matrix(b, LL_CLASS_FFN, "altup_proj, altup_unembd_proj", 2 * (streams - 1), h, h);
    ll_bill_matrix(b, LL_CLASS_FFN, "altup_router, altup_coef", n, h + streams * (streams + 1), streams);
    ll_bill_matrix(b, LL_CLASS_FFN, "laurel_l, laurel_r", 2 * n, h, rank);
    ll_bill_vector(b, LL_CLASS_NORM, "altup_correct_scale, altup_router_norm, laurel_post_norm", n, 3 * h);
    ll_bill_vector(b, LL_CLASS_NORM, "per_layer_proj_norm", 1, per_layer);
}
