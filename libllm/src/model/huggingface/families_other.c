/* SPDX-License-Identifier: MIT
 * Families that are not decoders of attention layers only: encoders, an encoder with a decoder, recurrent layers.
 */
#include "model/huggingface/internal.h"

#include "base/status.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Heads of tasks other than giving vectors and scores are left out. */
static const ll_hf_rule bert_rules[] = {
    NAME("embeddings.word_embeddings", "token_embd"),
    CONVERT("embeddings.position_embeddings", "position_embd", ll_hf_drop_positions),
    NAME("embeddings.token_type_embeddings", "token_types"),
    NAME("embeddings.LayerNorm", "token_embd_norm"),
    SKIP("embeddings.position_ids"),
    NAME("encoder.layer.*.attention.self.query", "blk.*.attn_q"),
    NAME("encoder.layer.*.attention.self.key", "blk.*.attn_k"),
    NAME("encoder.layer.*.attention.self.value", "blk.*.attn_v"),
    NAME("encoder.layer.*.attention.output.dense", "blk.*.attn_output"),
    NAME("encoder.layer.*.attention.output.LayerNorm", "blk.*.attn_output_norm"),
    NAME("encoder.layer.*.intermediate.dense", "blk.*.ffn_up"),
    NAME("encoder.layer.*.output.dense", "blk.*.ffn_down"),
    NAME("encoder.layer.*.output.LayerNorm", "blk.*.layer_output_norm"),
    CONVERT("pooler.dense", "cls", ll_hf_of_classifier),
    CONVERT("classifier.dense", "cls", ll_hf_of_classifier),
    CONVERT("classifier.out_proj", "cls.output", ll_hf_of_classifier),
    CONVERT("classifier", "cls.output", ll_hf_of_classifier),
    SKIP("cls.predictions.transform.dense"),
    SKIP("cls.predictions.transform.LayerNorm"),
    SKIP("cls.predictions.decoder"),
    SKIP("cls.predictions.bias"),
    SKIP("cls.seq_relationship"),
    SKIP("lm_head.dense"),
    SKIP("lm_head.layer_norm"),
    SKIP("lm_head.decoder"),
    SKIP("lm_head.bias"),
    {0},
};

static const ll_hf_rule distilbert_rules[] = {
    NAME("embeddings.word_embeddings", "token_embd"),
    NAME("embeddings.position_embeddings", "position_embd"),
    NAME("embeddings.LayerNorm", "token_embd_norm"),
    NAME("layer.*.attention.q_lin", "blk.*.attn_q"),
    NAME("layer.*.attention.k_lin", "blk.*.attn_k"),
    NAME("layer.*.attention.v_lin", "blk.*.attn_v"),
    NAME("layer.*.attention.out_lin", "blk.*.attn_output"),
    NAME("layer.*.sa_layer_norm", "blk.*.attn_output_norm"),
    NAME("layer.*.ffn.lin1", "blk.*.ffn_up"),
    NAME("layer.*.ffn.lin2", "blk.*.ffn_down"),
    NAME("layer.*.output_layer_norm", "blk.*.layer_output_norm"),
    SKIP("vocab_transform"),
    SKIP("vocab_layer_norm"),
    SKIP("vocab_projector"),
    {0},
};

static const ll_hf_rule modernbert_rules[] = {
    NAME("embeddings.tok_embeddings", "token_embd"),
    NAME("embeddings.norm", "token_embd_norm"),
    NAME("layers.*.attn_norm", "blk.*.attn_norm"),
    NAME("layers.*.attn.Wqkv", "blk.*.attn_qkv"),
    NAME("layers.*.attn.Wo", "blk.*.attn_output"),
    NAME("layers.*.mlp_norm", "blk.*.ffn_norm"),
    NAME("layers.*.mlp.Wi", "blk.*.ffn_up"),
    NAME("layers.*.mlp.Wo", "blk.*.ffn_down"),
    NAME("final_norm", "output_norm"),
    CONVERT("head.dense", "cls", ll_hf_of_classifier),
    CONVERT("head.norm", "cls.norm", ll_hf_of_classifier),
    CONVERT("classifier", "cls.output", ll_hf_of_classifier),
    SKIP("decoder"),
    {0},
};

static const ll_hf_rule nomic_rules[] = {
    NAME("embeddings.word_embeddings", "token_embd"),
    NAME("embeddings.token_type_embeddings", "token_types"),
    NAME("emb_ln", "token_embd_norm"),
    NAME("encoder.layers.*.attn.Wqkv", "blk.*.attn_qkv"),
    NAME("encoder.layers.*.attn.out_proj", "blk.*.attn_output"),
    NAME("encoder.layers.*.norm1", "blk.*.attn_output_norm"),
    NAME("encoder.layers.*.mlp.fc11", "blk.*.ffn_up"),
    NAME("encoder.layers.*.mlp.fc12", "blk.*.ffn_gate"),
    NAME("encoder.layers.*.mlp.fc2", "blk.*.ffn_down"),
    NAME("encoder.layers.*.norm2", "blk.*.layer_output_norm"),
    SKIP("pooler.dense"),
    {0},
};

static const ll_hf_rule t5_rules[] = {
    NAME("shared", "token_embd"),
    SKIP("encoder.embed_tokens"), /* the shared one again */
    SKIP("decoder.embed_tokens"),
    NAME("encoder.final_layer_norm", "enc.output_norm"),
    NAME("encoder.block.*.layer.0.layer_norm", "enc.blk.*.attn_norm"),
    NAME("encoder.block.*.layer.0.SelfAttention.q", "enc.blk.*.attn_q"),
    NAME("encoder.block.*.layer.0.SelfAttention.k", "enc.blk.*.attn_k"),
    NAME("encoder.block.*.layer.0.SelfAttention.v", "enc.blk.*.attn_v"),
    NAME("encoder.block.*.layer.0.SelfAttention.o", "enc.blk.*.attn_o"),
    NAME("encoder.block.*.layer.0.SelfAttention.relative_attention_bias", "enc.blk.*.attn_rel_b"),
    NAME("encoder.block.*.layer.1.layer_norm", "enc.blk.*.ffn_norm"),
    NAME("encoder.block.*.layer.1.DenseReluDense.wi", "enc.blk.*.ffn_up"),
    NAME("encoder.block.*.layer.1.DenseReluDense.wi_0", "enc.blk.*.ffn_gate"),
    NAME("encoder.block.*.layer.1.DenseReluDense.wi_1", "enc.blk.*.ffn_up"),
    NAME("encoder.block.*.layer.1.DenseReluDense.wo", "enc.blk.*.ffn_down"),
    NAME("decoder.final_layer_norm", "dec.output_norm"),
    NAME("decoder.block.*.layer.0.layer_norm", "dec.blk.*.attn_norm"),
    NAME("decoder.block.*.layer.0.SelfAttention.q", "dec.blk.*.attn_q"),
    NAME("decoder.block.*.layer.0.SelfAttention.k", "dec.blk.*.attn_k"),
    NAME("decoder.block.*.layer.0.SelfAttention.v", "dec.blk.*.attn_v"),
    NAME("decoder.block.*.layer.0.SelfAttention.o", "dec.blk.*.attn_o"),
    NAME("decoder.block.*.layer.0.SelfAttention.relative_attention_bias", "dec.blk.*.attn_rel_b"),
    NAME("decoder.block.*.layer.1.layer_norm", "dec.blk.*.cross_attn_norm"),
    NAME("decoder.block.*.layer.1.EncDecAttention.q", "dec.blk.*.cross_attn_q"),
    NAME("decoder.block.*.layer.1.EncDecAttention.k", "dec.blk.*.cross_attn_k"),
    NAME("decoder.block.*.layer.1.EncDecAttention.v", "dec.blk.*.cross_attn_v"),
    NAME("decoder.block.*.layer.1.EncDecAttention.o", "dec.blk.*.cross_attn_o"),
    SKIP("decoder.block.*.layer.1.EncDecAttention.relative_attention_bias"), /* in old files, and not used */
    NAME("decoder.block.*.layer.2.layer_norm", "dec.blk.*.ffn_norm"),
    NAME("decoder.block.*.layer.2.DenseReluDense.wi", "dec.blk.*.ffn_up"),
    NAME("decoder.block.*.layer.2.DenseReluDense.wi_0", "dec.blk.*.ffn_gate"),
    NAME("decoder.block.*.layer.2.DenseReluDense.wi_1", "dec.blk.*.ffn_up"),
    NAME("decoder.block.*.layer.2.DenseReluDense.wo", "dec.blk.*.ffn_down"),
    {0},
};

static const ll_hf_rule mamba_rules[] = {
    NAME("embeddings", "token_embd"),
    NAME("embedding", "token_embd"),
    NAME("norm_f", "output_norm"),
    NAME("layers.*.norm", "blk.*.attn_norm"),
    NAME("layers.*.mixer.in_proj", "blk.*.ssm_in"),
    CONVERT("layers.*.mixer.conv1d", "blk.*.ssm_conv1d", ll_hf_squeeze),
    NAME("layers.*.mixer.x_proj", "blk.*.ssm_x"),
    NAME("layers.*.mixer.dt_proj", "blk.*.ssm_dt"),
    CONVERT("layers.*.mixer.A_log", "blk.*.ssm_a", ll_hf_negative_exp),
    NAME("layers.*.mixer.D", "blk.*.ssm_d"),
    NAME("layers.*.mixer.out_proj", "blk.*.ssm_out"),
    {0},
};

static const ll_hf_rule mamba2_rules[] = {
    NAME("embeddings", "token_embd"),
    NAME("embedding", "token_embd"),
    NAME("norm_f", "output_norm"),
    NAME("layers.*.norm", "blk.*.attn_norm"),
    NAME("layers.*.mixer.in_proj", "blk.*.ssm_in"),
    CONVERT("layers.*.mixer.conv1d", "blk.*.ssm_conv1d", ll_hf_squeeze),
    NAME("layers.*.mixer.dt_bias", "blk.*.ssm_dt.bias"),
    CONVERT("layers.*.mixer.A_log", "blk.*.ssm_a", ll_hf_negative_exp_rows),
    CONVERT("layers.*.mixer.D", "blk.*.ssm_d", ll_hf_as_rows),
    CONVERT("layers.*.mixer.norm", "blk.*.ssm_norm", ll_hf_by_group),
    NAME("layers.*.mixer.out_proj", "blk.*.ssm_out"),
    {0},
};

static const ll_hf_rule lfm2_rules[] = {
    NAME("embedding_norm", "token_embd_norm"),
    NAME("layers.*.operator_norm", "blk.*.attn_norm"),
    NAME("layers.*.ffn_norm", "blk.*.ffn_norm"),
    NAME("layers.*.self_attn.out_proj", "blk.*.attn_output"),
    NAME("layers.*.self_attn.q_layernorm", "blk.*.attn_q_norm"),
    NAME("layers.*.self_attn.k_layernorm", "blk.*.attn_k_norm"),
    NAME("layers.*.conv.in_proj", "blk.*.shortconv.in_proj"),
    NAME("layers.*.conv.out_proj", "blk.*.shortconv.out_proj"),
    CONVERT("layers.*.conv.conv", "blk.*.shortconv.conv", ll_hf_squeeze),
    NAME("layers.*.feed_forward.w1", "blk.*.ffn_gate"),
    NAME("layers.*.feed_forward.w3", "blk.*.ffn_up"),
    NAME("layers.*.feed_forward.w2", "blk.*.ffn_down"),
    NAME("layers.*.feed_forward.gate", "blk.*.ffn_gate_inp"),
    NAME("layers.*.feed_forward.expert_bias", "blk.*.exp_probs_b.bias"),
    CONVERT("layers.*.feed_forward.experts.#.w1", "blk.*.ffn_gate_exps", ll_hf_stack),
    CONVERT("layers.*.feed_forward.experts.#.w3", "blk.*.ffn_up_exps", ll_hf_stack),
    CONVERT("layers.*.feed_forward.experts.#.w2", "blk.*.ffn_down_exps", ll_hf_stack),
    {0},
};

static const ll_hf_key modernbert_keys[] = {
    {"norm_eps", "attention.layer_norm_epsilon", LL_HF_F32},
    {"local_attention", "attention.sliding_window", LL_HF_U32},
    {"global_attn_every_n_layers", "attention.sliding_window_pattern", LL_HF_U32},
    {"hidden_activation", "hidden_activation", LL_HF_TEXT},
    {0},
};

static const ll_hf_key t5_keys[] = {
    {"num_decoder_layers|num_layers", "decoder_block_count", LL_HF_U32},
    {"decoder_start_token_id", "decoder_start_token_id", LL_HF_U32},
    {"d_kv", "attention.key_length", LL_HF_U32},
    {"d_kv", "attention.value_length", LL_HF_U32},
    {"relative_attention_num_buckets", "attention.relative_buckets_count", LL_HF_U32},
    {"layer_norm_epsilon", "attention.layer_norm_rms_epsilon", LL_HF_F32},
    {0},
};
enum { T5_DECODER_KEYS = 2 }; /* the first ones, which an encoder alone has not */

static const ll_hf_key mamba_keys[] = {
    {"conv_kernel|d_conv", "ssm.conv_kernel", LL_HF_U32},
    {"intermediate_size|d_inner", "ssm.inner_size", LL_HF_U32},
    {"state_size|d_state", "ssm.state_size", LL_HF_U32},
    {"layer_norm_epsilon|rms_norm", "attention.layer_norm_rms_epsilon", LL_HF_F32},
    {"n_layer|num_hidden_layers", "block_count", LL_HF_U32},
    {0},
};

static const ll_hf_key mamba2_keys[] = {
    {"conv_kernel|d_conv", "ssm.conv_kernel", LL_HF_U32},
    {"state_size|d_state", "ssm.state_size", LL_HF_U32},
    {"n_groups", "ssm.group_count", LL_HF_U32},
    {"num_heads", "ssm.time_step_rank", LL_HF_U32},
    {"layer_norm_epsilon", "attention.layer_norm_rms_epsilon", LL_HF_F32},
    {0},
};

static const ll_hf_key lfm2_keys[] = {
    {"conv_L_cache", "shortconv.l_cache", LL_HF_U32},
    {"num_dense_layers", "leading_dense_block_count", LL_HF_U32},
    {"routed_scaling_factor", "expert_weights_scale", LL_HF_F32},
    {0},
};

static libllm_status bert_special(ll_hf *hf)
{
    ll_hf_put_bool(hf, "attention.causal", false);
    return LIBLLM_OK;
}

/* Positions count from the one behind the padding's. */
static libllm_status roberta_special(ll_hf *hf)
{
    uint32_t padding = 1, context = 0;
    libllm_status status = ll_hf_u32(hf, hf->config, "pad_token_id", &padding);
    if (!status)
        status = ll_hf_u32(hf, hf->config, "max_position_embeddings", &context);
    if (!status && (padding >= context || context - padding == 1))
        status = ll_fail(hf->error, LIBLLM_ERROR_CORRUPT_FILE,
                         "config.json: \"max_position_embeddings\" leaves no position behind \"pad_token_id\"");
    if (status)
        return status;
    hf->dropped_positions = padding + 1;
    ll_hf_put_u32(hf, "context_length", context - hf->dropped_positions);
    return bert_special(hf);
}

static const char t5_defaults[] = "{\"layer_norm_epsilon\": 1e-6, \"relative_attention_num_buckets\": 32}";

static libllm_status t5_special(ll_hf *hf)
{
    uint32_t distance = 128;
    const char *type = ll_hf_text(hf->config, "model_type"); /* the row's */
    bool tied = true, scaled = strcmp(type, "mt5") != 0;
    const char *feed_forward = ll_hf_text(hf->config, "feed_forward_proj");
    libllm_status status = ll_hf_u32(hf, hf->config, "relative_attention_max_distance", &distance);
    if (!status && distance != 128)
        status = ll_fail(hf->error, LIBLLM_ERROR_UNSUPPORTED,
                         "config.json: \"relative_attention_max_distance\" is %u, expected 128", distance);
    if (!status && feed_forward && !ll_hf_is_one_of(feed_forward, "relu|gated-gelu"))
        status = ll_fail(hf->error, LIBLLM_ERROR_UNSUPPORTED,
                         "config.json: \"feed_forward_proj\" is \"%.32s\", expected \"relu\" or \"gated-gelu\"",
                         feed_forward);
    if (!status)
        status = ll_hf_bool(hf, hf->config, "tie_word_embeddings", &tied);
    if (!status)
        status = ll_hf_bool(hf, hf->config, "scale_decoder_outputs", &scaled);
    if (status)
        return status;
    const bool has_decoder = strcmp(hf->family->architecture, "t5") == 0;
    if (has_decoder && tied && scaled && hf->n_embd > 0) /* what goes into the shared embedding is made smaller */
        ll_hf_put_f32(hf, "logit_scale", 1 / sqrtf((float)hf->n_embd));
    /* Newer programs write that every T5 is tied, and of those that are not an output matrix nevertheless. */
    if (json_object_set_new(hf->config, "tie_word_embeddings", json_false()) != 0)
        return ll_fail_memory(hf->error, "the configuration");
    ll_hf_put_u32(hf, "context_length", 512);
    return LIBLLM_OK;
}

static libllm_status mamba_special(ll_hf *hf)
{
    uint32_t rank = hf->n_embd / 16 + (hf->n_embd % 16 != 0);
    const json_t *given = ll_hf_find(hf->config, "time_step_rank", NULL);
    libllm_status status = json_is_string(given) ? LIBLLM_OK : ll_hf_u32(hf, hf->config, "time_step_rank", &rank);
    if (status)
        return status;
    ll_hf_put_u32(hf, "ssm.time_step_rank", rank);
    if (hf->n_embd <= UINT32_MAX / 2 && !ll_hf_find(hf->config, "intermediate_size|d_inner", NULL))
        ll_hf_put_u32(hf, "ssm.inner_size", 2 * hf->n_embd);
    const char *type = ll_hf_text(hf->config, "model_type");
    ll_hf_put_bool(hf, "ssm.dt_b_c_rms", type && strcmp(type, "falcon_mamba") == 0);
    ll_hf_put_u32(hf, "attention.head_count", 0);
    ll_hf_put_u32(hf, "feed_forward_length", 0);
    ll_hf_put_u32(hf, "context_length", 1 << 20);
    return LIBLLM_OK;
}

/* Newer programs write infinity as an object. */
static double number_of(const json_t *value)
{
    const char *word = ll_hf_text(value, "__float__");
    return word && strcmp(word, "Infinity") == 0 ? INFINITY : json_number_value(value);
}

static libllm_status mamba2_special(ll_hf *hf)
{
    uint32_t expand = 2;
    const json_t *limits =
        ll_hf_find(hf->config, "time_step_limit", NULL); /* of dt, from 0 to infinity when not said */
    const double low = number_of(json_array_get(limits, 0)), high = number_of(json_array_get(limits, 1));
    libllm_status status = ll_hf_u32(hf, hf->config, "expand", &expand);
    if (!status && json_array_size(limits) == 2 && (low > 0 || high < (double)FLT_MAX))
        status = ll_fail(hf->error, LIBLLM_ERROR_UNSUPPORTED,
                         "config.json: \"time_step_limit\" is [%g, %g], only [0, Infinity] is supported", low, high);
    if (status)
        return status;
    if (expand > 0 && hf->n_embd <= UINT32_MAX / expand)
        ll_hf_put_u32(hf, "ssm.inner_size", expand * hf->n_embd);
    ll_hf_put_u32(hf, "attention.head_count", 0);
    ll_hf_put_u32(hf, "feed_forward_length", 0);
    ll_hf_put_u32(hf, "context_length", 1 << 20);
    return LIBLLM_OK;
}

/* Layers without attention have no heads of k and v. */
static libllm_status put_kinds_of_layers(ll_hf *hf)
{
    const json_t *types = ll_hf_find(hf->config, "layer_types", NULL);
    const json_t *attends = ll_hf_find(hf->config, "full_attn_idxs", NULL);
    if (types && json_array_size(types) < hf->n_layers)
        return ll_fail(hf->error, LIBLLM_ERROR_CORRUPT_FILE,
                       "config.json: \"layer_types\" is not a list of the kinds of %u layers", hf->n_layers);
    if (!types && !json_is_array(attends))
        return ll_fail(hf->error, LIBLLM_ERROR_CORRUPT_FILE, "config.json: \"layer_types\" is missing");
    if (hf->n_layers > hf->st.n_tensors)
        return ll_fail(hf->error, LIBLLM_ERROR_CORRUPT_FILE, "config.json: %u layers, but there are %zu tensors",
                       hf->n_layers, hf->st.n_tensors);
    int32_t *n_kv = ll_gguf_own(&hf->maker, hf->n_layers, sizeof *n_kv);
    if (!n_kv)
        return ll_fail_memory(hf->error, "the kinds of layers");
    for (uint32_t i = 0; i < hf->n_layers; i++) {
        const char *type = json_string_value(json_array_get(types, i));
        bool is_attention = type && strcmp(type, "full_attention") == 0;
        for (size_t j = 0; j < json_array_size(attends); j++)
            is_attention = is_attention || json_integer_value(json_array_get(attends, j)) == i;
        n_kv[i] = is_attention && hf->n_kv_heads <= INT32_MAX ? (int32_t)hf->n_kv_heads : 0;
    }
    char key[128];
    snprintf(key, sizeof key, "%s.attention.head_count_kv", hf->family->architecture);
    ll_gguf_put_array(&hf->maker, key, LL_GGUF_I32, n_kv, hf->n_layers);
    return LIBLLM_OK;
}

static libllm_status lfm2_special(ll_hf *hf)
{
    uint32_t width = 0, multiple = 256;
    float factor = 1;
    bool adjusts = true;
    libllm_status status = put_kinds_of_layers(hf);
    if (!status)
        status = ll_hf_u32(hf, hf->config, "block_ff_dim|intermediate_size", &width);
    if (!status)
        status = ll_hf_bool(hf, hf->config, "block_auto_adjust_ff_dim", &adjusts);
    if (!status)
        status = ll_hf_f32(hf, hf->config, "block_ffn_dim_multiplier", &factor);
    if (!status)
        status = ll_hf_u32(hf, hf->config, "block_multiple_of", &multiple);
    if (status || !adjusts || width > INT32_MAX || multiple == 0 || multiple > 65536 || !(factor > 0 && factor < 100))
        return status;
    uint64_t n = (uint64_t)(factor * (float)(2 * (uint64_t)width / 3));
    ll_hf_put_u32(hf, "feed_forward_length", (uint32_t)((n + multiple - 1) / multiple * multiple));
    return LIBLLM_OK;
}

static libllm_status lfm2moe_special(ll_hf *hf)
{
    ll_hf_put_u32(hf, "expert_gating_func", 2);
    return put_kinds_of_layers(hf);
}

const ll_hf_family ll_hf_other_kinds[] = {
    {.model_types = "bert",
     .architecture = "bert",
     .activations = "gelu",
     .rules = bert_rules,
     .special = bert_special},
    {.model_types = "roberta|xlm-roberta|camembert",
     .architecture = "bert",
     .activations = "gelu",
     .rules = bert_rules,
     .special = roberta_special},
    {.model_types = "distilbert",
     .architecture = "bert",
     .activations = "gelu",
     .rules = distilbert_rules,
     .defaults = "{\"layer_norm_eps\": 1e-12}",
     .special = bert_special},
    {.model_types = "modernbert",
     .architecture = "modern-bert",
     .activations = "gelu|silu",
     .rules = modernbert_rules,
     .keys = modernbert_keys,
     .special = bert_special},
    {.model_types = "nomic_bert",
     .architecture = "nomic-bert",
     .activations = "swiglu|silu",
     .rules = nomic_rules,
     .special = bert_special},
    {.model_types = "t5|mt5|umt5",
     .lacks = "decoder.",
     .architecture = "t5encoder",
     .rules = t5_rules,
     .keys = t5_keys + T5_DECODER_KEYS,
     .defaults = t5_defaults,
     .special = t5_special},
    {.model_types = "t5|mt5|umt5",
     .architecture = "t5",
     .rules = t5_rules,
     .keys = t5_keys,
     .defaults = t5_defaults,
     .special = t5_special},
    {.model_types = "mamba|falcon_mamba",
     .architecture = "mamba",
     .activations = "silu",
     .rules = mamba_rules,
     .keys = mamba_keys,
     .special = mamba_special},
    {.model_types = "mamba2",
     .architecture = "mamba2",
     .activations = "silu",
     .rules = mamba2_rules,
     .keys = mamba2_keys,
     .special = mamba2_special},
    {.model_types = "lfm2",
     .architecture = "lfm2",
     .rules = lfm2_rules,
     .keys = lfm2_keys,
     .defaults = "{\"tie_word_embeddings\": true}",
     .special = lfm2_special},
    {.model_types = "lfm2_moe",
     .architecture = "lfm2moe",
     .rules = lfm2_rules,
     .keys = lfm2_keys,
     .defaults = "{\"tie_word_embeddings\": true}",
     .special = lfm2moe_special},
    {0},
};
