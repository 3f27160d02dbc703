/* SPDX-License-Identifier: MIT
 * Bills of models that mix attention with layers of constant state.
 */
#include "estimate/bill_internal.h"

#include <math.h>
#include <string.h>

/* How many entries of "layer_types" say so. */
static double layers_of_type(const ll_config *c, const char *type)
{
    const json_t *types = ll_config_list(c, "layer_types");
    double n = 0;
    for (size_t i = 0; i < json_array_size(types); i++) {
        const char *own = json_string_value(json_array_get(types, i));
        n += own && strcmp(own, type) == 0;
    }
    return n;
}

void ll_build_mamba(ll_config *c)
{
    ll_config_ends(c);
    ll_config_mamba(c, c->layers);
    ll_config_norms(c, c->layers);
}

/* Jamba calls its numbers mamba_*, and norms what the scan is steered by. */
void ll_config_mamba(ll_config *c, double n)
{
    ll_bill *b = c->bill;
    const bool is_jamba = ll_config_has(c, "mamba_d_state");
    const double inner =
        is_jamba ? ll_config_number(c, "mamba_expand", 2) * c->hidden
                 : ll_config_number(c, "intermediate_size|d_inner", ll_config_number(c, "expand", 2) * c->hidden);
    const double states = ll_config_number(c, "mamba_d_state|state_size|d_state", 16);
    const double taps = ll_config_number(c, "mamba_d_conv|conv_kernel", 4);
    const double rank = ll_config_number(c, "mamba_dt_rank|time_step_rank", ceil(c->hidden / 16));
    ll_bill_matrix(b, LL_CLASS_RECURRENT, "ssm_in", n, c->hidden, 2 * inner);
    ll_bill_matrix(b, LL_CLASS_RECURRENT, "ssm_x", n, inner, rank + 2 * states);
    ll_bill_matrix(b, LL_CLASS_RECURRENT, "ssm_dt", n, rank, inner);
    ll_bill_matrix(b, LL_CLASS_RECURRENT, "ssm_out", n, inner, c->hidden);
    if (ll_config_flag(c, "mamba_proj_bias|use_bias", false))
        ll_bill_vector(b, LL_CLASS_RECURRENT, "ssm bias", n, 2 * inner + c->hidden);
    const double conv_bias = ll_config_flag(c, "mamba_conv_bias|use_conv_bias", true) ? inner : 0;
    ll_bill_vector(b, LL_CLASS_RECURRENT, "ssm_conv1d", n, inner * taps + conv_bias);
    ll_bill_vector(b, LL_CLASS_RECURRENT, "ssm_a, ssm_d, ssm_dt bias", n, inner * states + 2 * inner);
    if (is_jamba)
        ll_bill_vector(b, LL_CLASS_NORM, "ssm_dt_norm, ssm_b_norm, ssm_c_norm", n, rank + 2 * states);
    ll_bill_state(
        b,
        (ll_state){.layers = n, .elements = inner * (states + taps), .flops = 7 * inner * states + 2 * inner * taps});
}

/* Layers of the scan with one decay for each head; inner is heads * head size. */
static void put_mamba2(ll_config *c, double n, double inner, double heads, double states)
{
    ll_bill *b = c->bill;
    const double taps = ll_config_number(c, "conv_kernel", 4), groups = ll_config_number(c, "n_groups", 8);
    const double channels = inner + 2 * groups * states;
    ll_bill_matrix(b, LL_CLASS_RECURRENT, "ssm_in", n, c->hidden, inner + channels + heads);
    ll_bill_matrix(b, LL_CLASS_RECURRENT, "ssm_out", n, inner, c->hidden);
    const double conv_bias = ll_config_flag(c, "use_conv_bias", true) ? channels : 0;
    ll_bill_vector(b, LL_CLASS_RECURRENT, "ssm_conv1d", n, channels * taps + conv_bias);
    ll_bill_vector(b, LL_CLASS_RECURRENT, "ssm_a, ssm_d, ssm_dt bias", n, 3 * heads);
    ll_bill_vector(b, LL_CLASS_NORM, "ssm_norm", n, inner);
    ll_bill_state(b, (ll_state){.layers = n,
                                .elements = inner * states + channels * taps,
                                .flops = 7 * inner * states + 2 * channels * taps});
}

void ll_build_mamba2(ll_config *c)
{
    ll_config_ends(c);
    put_mamba2(c, c->layers, ll_config_number(c, "expand", 2) * c->hidden, ll_config_number(c, "num_heads", 128),
               ll_config_number(c, "state_size", 128));
    ll_config_norms(c, c->layers);
}

/* One part in each layer, by the letters of its pattern. */
void ll_build_nemotron_h(ll_config *c)
{
    const char *pattern = ll_config_text(c, "hybrid_override_pattern");
    double scans = 0, attention = 0, ffn = 0, experts = 0;
    for (; pattern && *pattern; pattern++) {
        scans += *pattern == 'M';
        attention += *pattern == '*';
        ffn += *pattern == '-';
        experts += *pattern == 'E';
    }
    const double heads = ll_config_number(c, "mamba_num_heads", 128);
    ll_config_ends(c);
    put_mamba2(c, scans, heads * ll_config_number(c, "mamba_head_dim", 64), heads,
               ll_config_number(c, "ssm_state_size", 128));
    ll_config_attention(c, attention, 0);
    ll_config_ffn(c, ffn, c->ffn);
    if (experts > 0)
        ll_config_moe(c, experts);
    ll_config_norms(c, scans + attention + ffn + experts);
}

/* Attention whose output is gated, in every n-th layer; a delta rule on a matrix of state in the others. */
void ll_build_qwen3_next(ll_config *c)
{
    ll_bill *b = c->bill;
    const double period = ll_config_number(c, "full_attention_interval", 4);
    const double full = ll_config_has(c, "layer_types") ? layers_of_type(c, "full_attention")
                        : period > 0                    ? floor(c->layers / period)
                                                        : c->layers;
    const double linear = c->layers - full;
    const double key_heads = ll_config_number(c, "linear_num_key_heads", 16);
    const double value_heads = ll_config_number(c, "linear_num_value_heads", 32);
    const double key_dim = ll_config_number(c, "linear_key_head_dim", 128);
    const double value_dim = ll_config_number(c, "linear_value_head_dim", 128);
    const double keys = key_heads * key_dim, values = value_heads * value_dim, channels = 2 * keys + values;
    const double taps = ll_config_number(c, "linear_conv_kernel_dim", 4);
    ll_config_ends(c);
    ll_config_attention(c, full, 0);
    ll_bill_matrix(b, LL_CLASS_ATTENTION, "attn_gate", full, c->hidden, c->heads * c->head_dim);
    ll_bill_matrix(b, LL_CLASS_RECURRENT, "ssm_in", linear, c->hidden, channels + values);
    ll_bill_matrix(b, LL_CLASS_RECURRENT, "ssm_ba", linear, c->hidden, 2 * value_heads);
    ll_bill_matrix(b, LL_CLASS_RECURRENT, "ssm_out", linear, values, c->hidden);
    ll_bill_vector(b, LL_CLASS_RECURRENT, "ssm_conv1d", linear, channels * taps);
    ll_bill_vector(b, LL_CLASS_RECURRENT, "ssm_a, ssm_dt bias", linear, 2 * value_heads);
    ll_bill_vector(b, LL_CLASS_NORM, "ssm_norm", linear, value_dim);
    ll_bill_state(b, (ll_state){.layers = linear,
                                .elements = value_heads * key_dim * value_dim + channels * taps,
                                .flops = 8 * value_heads * key_dim * value_dim + 2 * channels * taps});
    ll_config_ffn_layers(c);
    ll_config_norms(c, c->layers);
}

static double periodic(const ll_config *c, const char *period_key, const char *offset_key, double period, double offset)
{
    double n = 0;
    period = ll_config_number(c, period_key, period);
    offset = ll_config_number(c, offset_key, offset);
    for (double i = 0; i < c->layers && i < 1e5; i++)
        n += period > 0 && fmod(i, period) == offset;
    return n;
}

void ll_build_jamba(ll_config *c)
{
    const double attention = periodic(c, "attn_layer_period", "attn_layer_offset", 8, 4);
    const double experts = periodic(c, "expert_layer_period", "expert_layer_offset", 2, 1);
    ll_config_ends(c);
    ll_config_attention(c, attention, 0);
    ll_config_mamba(c, c->layers - attention);
    ll_config_ffn(c, c->layers - experts, c->ffn);
    ll_config_moe(c, experts);
    ll_config_norms(c, c->layers);
}

/* Layers of short convolutions, and of attention where `full_attn_idxs` or `layer_types` say so. */
void ll_build_lfm2(ll_config *c)
{
    ll_bill *b = c->bill;
    const json_t *full = ll_config_list(c, "full_attn_idxs");
    const double attention = full ? (double)json_array_size(full) : layers_of_type(c, "full_attention");
    const double taps = ll_config_number(c, "conv_L_cache", 3), conv = c->layers - attention;
    if (ll_config_flag(c, "block_auto_adjust_ff_dim", false)) {
        const double multiple = ll_config_number(c, "block_multiple_of", 256);
        c->ffn = floor(2 * c->ffn / 3 * ll_config_number(c, "block_ffn_dim_multiplier", 1));
        c->ffn = b->ffn = multiple > 0 ? multiple * ceil(c->ffn / multiple) : c->ffn;
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
