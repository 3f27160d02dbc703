/* SPDX-License-Identifier: MIT
 * Families with llama's layer, or one near it: norms of the root mean square, gated feed-forward, names as in names.c.
 */
#include "model/huggingface/internal.h"

#include "base/status.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The checkpoints that Mistral and Meta publish have other names than these; they are no Hugging Face folders. */

static const ll_hf_rule gemma2_rules[] = {
    NAME("layers.*.post_attention_layernorm", "blk.*.post_attention_norm"),
    NAME("layers.*.pre_feedforward_layernorm", "blk.*.ffn_norm"),
    NAME("layers.*.post_feedforward_layernorm", "blk.*.post_ffw_norm"),
    {0},
};

/* Without norms in front, as olmo2 and exaone4 are. */
static const ll_hf_rule post_norm_rules[] = {
    NAME("layers.*.post_attention_layernorm", "blk.*.post_attention_norm"),
    NAME("layers.*.post_feedforward_layernorm", "blk.*.post_ffw_norm"),
    {0},
};

static const ll_hf_rule glm4_rules[] = {
    NAME("layers.*.post_self_attn_layernorm", "blk.*.post_attention_norm"),
    NAME("layers.*.post_mlp_layernorm", "blk.*.post_ffw_norm"),
    {0},
};

static const ll_hf_rule ernie_rules[] = {
    CONVERT("layers.*.self_attn.qkv_proj", "blk.*.attn_q|blk.*.attn_k|blk.*.attn_v", ll_hf_split_qkv),
    CONVERT("layers.*.mlp.up_gate_proj", "blk.*.ffn_gate|blk.*.ffn_up", ll_hf_split_halves),
    {0},
};

static const ll_hf_rule hunyuan_rules[] = {
    NAME("layers.*.self_attn.query_layernorm", "blk.*.attn_q_norm"),
    NAME("layers.*.self_attn.key_layernorm", "blk.*.attn_k_norm"),
    {0},
};

static const ll_hf_rule internlm2_rules[] = {
    NAME("tok_embeddings", "token_embd"),
    NAME("output", "output"),
    NAME("layers.*.attention_norm", "blk.*.attn_norm"),
    CONVERT("layers.*.attention.wqkv", "blk.*.attn_q|blk.*.attn_k|blk.*.attn_v", ll_hf_group_qkv),
    NAME("layers.*.attention.wo", "blk.*.attn_output"),
    NAME("layers.*.ffn_norm", "blk.*.ffn_norm"),
    NAME("layers.*.feed_forward.w1", "blk.*.ffn_gate"),
    NAME("layers.*.feed_forward.w3", "blk.*.ffn_up"),
    NAME("layers.*.feed_forward.w2", "blk.*.ffn_down"),
    {0},
};

static const ll_hf_rule baichuan_rules[] = {
    CONVERT("layers.*.self_attn.W_pack", "blk.*.attn_q|blk.*.attn_k|blk.*.attn_v", ll_hf_split_qkv),
    CONVERT("lm_head", "output", ll_hf_norm_head),
    {0},
};

static const ll_hf_rule exaone_rules[] = {
    NAME("wte", "token_embd"),
    NAME("ln_f", "output_norm"),
    NAME("h.*.ln_1", "blk.*.attn_norm"),
    NAME("h.*.attn.attention.q_proj", "blk.*.attn_q"),
    NAME("h.*.attn.attention.k_proj", "blk.*.attn_k"),
    NAME("h.*.attn.attention.v_proj", "blk.*.attn_v"),
    NAME("h.*.attn.attention.out_proj", "blk.*.attn_output"),
    SKIP("h.*.attn.rotary.inv_freq"),
    SKIP("h.*.attn.attention.rotary.inv_freq"),
    NAME("h.*.ln_2", "blk.*.ffn_norm"),
    NAME("h.*.mlp.c_fc_0", "blk.*.ffn_gate"),
    NAME("h.*.mlp.c_fc_1", "blk.*.ffn_up"),
    NAME("h.*.mlp.c_proj", "blk.*.ffn_down"),
    {0},
};

static const ll_hf_rule chatglm_rules[] = {
    NAME("embedding.word_embeddings", "token_embd"),
    NAME("encoder.final_layernorm", "output_norm"),
    NAME("output_layer", "output"),
    NAME("encoder.layers.*.input_layernorm", "blk.*.attn_norm"),
    NAME("encoder.layers.*.self_attention.query_key_value", "blk.*.attn_qkv"),
    NAME("encoder.layers.*.self_attention.dense", "blk.*.attn_output"),
    NAME("encoder.layers.*.post_attention_layernorm", "blk.*.ffn_norm"),
    NAME("encoder.layers.*.mlp.dense_h_to_4h", "blk.*.ffn_up"),
    NAME("encoder.layers.*.mlp.dense_4h_to_h", "blk.*.ffn_down"),
    SKIP("rotary_pos_emb.inv_freq"),
    {0},
};

static const ll_hf_key granite_keys[] = {
    {"attention_multiplier", "attention.scale", LL_HF_F32},
    {"embedding_multiplier", "embedding_scale", LL_HF_F32},
    {"residual_multiplier", "residual_scale", LL_HF_F32},
    {"logits_scaling", "logit_scale", LL_HF_F32},
    {0},
};

static const ll_hf_key exaone_keys[] = {
    {"layer_norm_epsilon", "attention.layer_norm_rms_epsilon", LL_HF_F32},
    {0},
};

static const ll_hf_key phi3_keys[] = {
    {"original_max_position_embeddings", "rope.scaling.original_context_length", LL_HF_U32},
    {0},
};

static const ll_hf_key chatglm_keys[] = {
    {"num_layers", "block_count", LL_HF_U32},
    {"multi_query_group_num", "attention.head_count_kv", LL_HF_U32},
    {"layernorm_epsilon", "attention.layer_norm_rms_epsilon", LL_HF_F32},
    {"padded_vocab_size", "vocab_size", LL_HF_U32},
    {0},
};

static const ll_hf_key cohere_keys[] = {
    {"logit_scale", "logit_scale", LL_HF_F32},
    {"model_max_length", "context_length", LL_HF_U32},
    {0},
};

static libllm_status gemma_special(ll_hf *hf)
{
    float scalar = 0;
    libllm_status status = ll_hf_f32(hf, hf->config, "query_pre_attn_scalar", &scalar);
    if (!status && scalar > 0)
        ll_hf_put_f32(hf, "attention.scale", 1 / sqrtf(scalar));
    return status;
}

/* Every fourth layer does not rotate; GGUF cannot say that it is other layers. */
static libllm_status smollm3_special(ll_hf *hf)
{
    const json_t *rotates = ll_hf_find(hf->config, "no_rope_layers", NULL);
    for (size_t i = 0; i < json_array_size(rotates); i++)
        if (json_integer_value(json_array_get(rotates, i)) != ((i + 1) % 4 != 0))
            return ll_fail(hf->error, LIBLLM_ERROR_UNSUPPORTED,
                           "config.json: \"no_rope_layers\" is another pattern than every fourth layer");
    return LIBLLM_OK;
}

static libllm_status minicpm_special(ll_hf *hf)
{
    float embedding = 12, depth = 1.4f, base = 256;
    libllm_status status = ll_hf_f32(hf, hf->config, "scale_emb", &embedding);
    if (!status)
        status = ll_hf_f32(hf, hf->config, "scale_depth", &depth);
    if (!status)
        status = ll_hf_f32(hf, hf->config, "dim_model_base", &base);
    if (!status && (hf->n_layers == 0 || !(base > 0)))
        status = ll_fail(hf->error, LIBLLM_ERROR_CORRUPT_FILE,
                         "config.json: \"num_hidden_layers\" or \"dim_model_base\" is missing or 0");
    if (status)
        return status;
    ll_hf_put_f32(hf, "embedding_scale", embedding);
    ll_hf_put_f32(hf, "residual_scale", depth / sqrtf((float)hf->n_layers));
    ll_hf_put_f32(hf, "logit_scale", (float)hf->n_embd / base);
    return LIBLLM_OK;
}

static libllm_status chatglm_special(ll_hf *hf)
{
    float ratio = 1;
    libllm_status status = ll_hf_f32(hf, hf->config, "rope_ratio", &ratio);
    if (!status)
        status = ll_hf_u32(hf, hf->config, "multi_query_group_num", &hf->n_kv_heads);
    if (status)
        return status;
    ll_hf_put_f32(hf, "rope.freq_base", 10000 * ratio);
    ll_hf_put_u32(hf, "rope.dimension_count", hf->head_dim / 2);
    return LIBLLM_OK;
}

static libllm_status ministral_special(ll_hf *hf)
{
    const json_t *rope = ll_hf_find(hf->config, "rope_parameters|rope_scaling", NULL);
    float scale = 0;
    libllm_status status = ll_hf_f32(hf, rope, "llama_4_scaling_beta", &scale);
    if (!status && scale != 0)
        ll_hf_put_f32(hf, "attention.temperature_scale", scale);
    return status;
}

/* "LLLG": three layers with a window for each one without. */
static libllm_status exaone4_special(ll_hf *hf)
{
    const char *pattern = ll_hf_text(hf->config, "sliding_window_pattern");
    if (!pattern || ll_hf_find(hf->config, "layer_types", NULL))
        return LIBLLM_OK;
    size_t n = strlen(pattern);
    if (n == 0 || strspn(pattern, "L") != n - 1 || pattern[n - 1] != 'G' || n > UINT32_MAX)
        return ll_fail(hf->error, LIBLLM_ERROR_UNSUPPORTED,
                       "config.json: \"sliding_window_pattern\" is \"%.32s\", expected one like \"LLLG\"", pattern);
    ll_hf_put_u32(hf, "attention.sliding_window_pattern", (uint32_t)n);
    return LIBLLM_OK;
}

static const char silu[] = "silu|swish", gelu_tanh[] = "gelu_pytorch_tanh|gelu_new|gelu";

const ll_hf_family ll_hf_llama_like[] = {
    {.model_types = "llama|mistral|ministral", .architecture = "llama", .activations = silu, .rotates_halves = true},
    {.model_types = "ministral3",
     .architecture = "mistral3",
     .activations = silu,
     .rotates_halves = true,
     .special = ministral_special},
    {.model_types = "smollm3",
     .architecture = "smollm3",
     .activations = silu,
     .rotates_halves = true,
     .no_window = true,
     .special = smollm3_special},
    {.model_types = "qwen2|qwen2_vl|qwen2_vl_text|qwen2_5_vl|qwen2_5_vl_text",
     .architecture = "qwen2",
     .activations = silu,
     .no_window = true},
    {.model_types = "qwen3|qwen3_vl_text", .architecture = "qwen3", .activations = silu, .no_window = true},
    {.model_types = "gemma",
     .architecture = "gemma",
     .activations = gelu_tanh,
     .defaults = "{\"head_dim\": 256, \"num_key_value_heads\": 16, \"tie_word_embeddings\": true}",
     .norms_plus_one = true},
    {.model_types = "gemma2",
     .architecture = "gemma2",
     .activations = gelu_tanh,
     .rules = gemma2_rules,
     .defaults =
         "{\"head_dim\": 256, \"num_key_value_heads\": 4, \"query_pre_attn_scalar\": 256, \"tie_word_embeddings\": "
         "true}",
     .norms_plus_one = true,
     .special = gemma_special},
    {.model_types = "gemma3_text|gemma3",
     .architecture = "gemma3",
     .activations = gelu_tanh,
     .rules = gemma2_rules,
     .defaults =
         "{\"head_dim\": 256, \"num_attention_heads\": 8, \"num_key_value_heads\": 4, \"query_pre_attn_scalar\": "
         "256, \"max_position_embeddings\": 131072, \"rms_norm_eps\": 1e-6, \"rope_theta\": 1000000.0, "
         "\"rope_local_base_freq\": 10000.0, \"vocab_size\": 262208, \"tie_word_embeddings\": true}",
     .norms_plus_one = true,
     .special = gemma_special},
    {.model_types = "phi3", .architecture = "phi3", .activations = silu, .keys = phi3_keys},
    {.model_types = "granite",
     .architecture = "granite",
     .activations = silu,
     .keys = granite_keys,
     .rotates_halves = true},
    {.model_types = "minicpm",
     .architecture = "minicpm",
     .activations = silu,
     .rotates_halves = true,
     .special = minicpm_special},
    {.model_types = "olmo2|olmo3", .architecture = "olmo2", .activations = silu, .rules = post_norm_rules},
    {.model_types = "exaone4",
     .architecture = "exaone4",
     .activations = silu,
     .rules = post_norm_rules,
     .special = exaone4_special},
    {.model_types = "exaone",
     .architecture = "exaone",
     .activations = silu,
     .rules = exaone_rules,
     .keys = exaone_keys},
    {.model_types = "glm4", .architecture = "glm4", .activations = silu, .rules = glm4_rules},
    {.model_types = "glm", .architecture = "chatglm", .activations = silu},
    {.model_types = "chatglm",
     .architecture = "chatglm",
     .rules = chatglm_rules,
     .keys = chatglm_keys,
     .special = chatglm_special},
    {.model_types = "ernie4_5", .architecture = "ernie4_5", .activations = silu, .rules = ernie_rules},
    {.model_types = "hunyuan_v1_dense", .architecture = "hunyuan-dense", .activations = silu, .rules = hunyuan_rules},
    {.model_types = "internlm2",
     .architecture = "internlm2",
     .activations = silu,
     .rules = internlm2_rules,
     .rotates_halves = true},
    {.model_types = "baichuan",
     .architecture = "baichuan",
     .activations = silu,
     .rules = baichuan_rules,
     .rotates_halves = true},
    {.model_types = "cohere", .architecture = "command-r", .activations = silu, .keys = cohere_keys},
    {.model_types = "cohere2", .architecture = "cohere2", .activations = silu, .keys = cohere_keys},
    {0},
};
