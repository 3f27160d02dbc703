/* SPDX-License-Identifier: MIT
 * Families whose feed-forward is a choice of experts, with those of their relatives without them that have the same
 * names.
 */
#include "model/huggingface/internal.h"

#include "base/status.h"

#include <string.h>

static const ll_hf_rule mixtral_rules[] = {
    NAME("layers.*.block_sparse_moe.gate", "blk.*.ffn_gate_inp"),
    CONVERT("layers.*.block_sparse_moe.experts.#.w1", "blk.*.ffn_gate_exps", ll_hf_stack),
    CONVERT("layers.*.block_sparse_moe.experts.#.w3", "blk.*.ffn_up_exps", ll_hf_stack),
    CONVERT("layers.*.block_sparse_moe.experts.#.w2", "blk.*.ffn_down_exps", ll_hf_stack),
    {0},
};

static const ll_hf_rule qwen2moe_rules[] = {
    NAME("layers.*.mlp.shared_expert.gate_proj", "blk.*.ffn_gate_shexp"),
    NAME("layers.*.mlp.shared_expert.up_proj", "blk.*.ffn_up_shexp"),
    NAME("layers.*.mlp.shared_expert.down_proj", "blk.*.ffn_down_shexp"),
    NAME("layers.*.mlp.shared_expert_gate", "blk.*.ffn_gate_inp_shexp"),
    {0},
};

static const ll_hf_rule granitemoe_rules[] = {
    NAME("layers.*.block_sparse_moe.router.layer", "blk.*.ffn_gate_inp"),
    CONVERT("layers.*.block_sparse_moe.input_linear", "blk.*.ffn_gate_exps|blk.*.ffn_up_exps", ll_hf_expert_halves),
    NAME("layers.*.block_sparse_moe.output_linear", "blk.*.ffn_down_exps"),
    CONVERT("layers.*.shared_mlp.input_linear", "blk.*.ffn_gate_shexp|blk.*.ffn_up_shexp", ll_hf_split_halves),
    NAME("layers.*.shared_mlp.output_linear", "blk.*.ffn_down_shexp"),
    {0},
};

static const ll_hf_rule deepseek_rules[] = {
    NAME("layers.*.self_attn.q_a_proj", "blk.*.attn_q_a"),
    NAME("layers.*.self_attn.q_a_layernorm", "blk.*.attn_q_a_norm"),
    NAME("layers.*.self_attn.q_b_proj", "blk.*.attn_q_b"),
    NAME("layers.*.self_attn.kv_a_proj_with_mqa", "blk.*.attn_kv_a_mqa"),
    NAME("layers.*.self_attn.kv_a_layernorm", "blk.*.attn_kv_a_norm"),
    CONVERT("layers.*.self_attn.kv_b_proj", "blk.*.attn_k_b|blk.*.attn_v_b", ll_hf_split_kv_b),
    NAME("layers.*.mlp.gate.e_score_correction_bias", "blk.*.exp_probs_b.bias"),
    {0},
};

static const ll_hf_rule minicpm3_rules[] = {
    NAME("layers.*.self_attn.q_a_proj", "blk.*.attn_q_a"),
    NAME("layers.*.self_attn.q_a_layernorm", "blk.*.attn_q_a_norm"),
    NAME("layers.*.self_attn.q_b_proj", "blk.*.attn_q_b"),
    NAME("layers.*.self_attn.kv_a_proj_with_mqa", "blk.*.attn_kv_a_mqa"),
    NAME("layers.*.self_attn.kv_a_layernorm", "blk.*.attn_kv_a_norm"),
    NAME("layers.*.self_attn.kv_b_proj", "blk.*.attn_kv_b"),
    {0},
};

static const ll_hf_rule ernie_moe_rules[] = {
    CONVERT("layers.*.mlp.moe_statics.e_score_correction_bias", "blk.*.exp_probs_b.bias", ll_hf_squeeze),
    {0},
};

static const ll_hf_rule hunyuan_moe_rules[] = {
    NAME("layers.*.self_attn.query_layernorm", "blk.*.attn_q_norm"),
    NAME("layers.*.self_attn.key_layernorm", "blk.*.attn_k_norm"),
    NAME("layers.*.mlp.gate.wg", "blk.*.ffn_gate_inp"),
    NAME("layers.*.mlp.shared_mlp.gate_proj", "blk.*.ffn_gate_shexp"),
    NAME("layers.*.mlp.shared_mlp.up_proj", "blk.*.ffn_up_shexp"),
    NAME("layers.*.mlp.shared_mlp.down_proj", "blk.*.ffn_down_shexp"),
    {0},
};

static const ll_hf_rule gpt_oss_rules[] = {
    NAME("layers.*.self_attn.sinks", "blk.*.attn_sinks.weight"),
    NAME("layers.*.post_attention_layernorm", "blk.*.post_attention_norm"),
    NAME("layers.*.mlp.router", "blk.*.ffn_gate_inp"),
    CONVERT("layers.*.mlp.experts.gate_up_proj", "blk.*.ffn_gate_exps.weight|blk.*.ffn_up_exps.weight",
            ll_hf_gpt_oss_gate_up),
    CONVERT("layers.*.mlp.experts.gate_up_proj_bias", "blk.*.ffn_gate_exps.bias|blk.*.ffn_up_exps.bias",
            ll_hf_gpt_oss_gate_up_bias),
    CONVERT("layers.*.mlp.experts.down_proj", "blk.*.ffn_down_exps.weight", ll_hf_transpose),
    NAME("layers.*.mlp.experts.down_proj_bias", "blk.*.ffn_down_exps.bias"),
    BYTES("layers.*.mlp.experts.gate_up_proj_blocks", "blk.*.ffn_gate_exps.weight|blk.*.ffn_up_exps.weight",
          ll_hf_gpt_oss_gate_up_blocks),
    BYTES("layers.*.mlp.experts.down_proj_blocks", "blk.*.ffn_down_exps.weight", ll_hf_gpt_oss_down_blocks),
    SKIP("layers.*.mlp.experts.gate_up_proj_scales"), /* go with the blocks */
    SKIP("layers.*.mlp.experts.down_proj_scales"),
    {0},
};

static const ll_hf_key qwen2moe_keys[] = {
    {"shared_expert_intermediate_size", "expert_shared_feed_forward_length", LL_HF_U32},
    {0},
};

static const ll_hf_key granitemoe_keys[] = {
    {"attention_multiplier", "attention.scale", LL_HF_F32},
    {"embedding_multiplier", "embedding_scale", LL_HF_F32},
    {"residual_multiplier", "residual_scale", LL_HF_F32},
    {"logits_scaling", "logit_scale", LL_HF_F32},
    {"shared_intermediate_size", "expert_shared_feed_forward_length", LL_HF_U32},
    {0},
};

static const ll_hf_key deepseek_keys[] = {
    {"first_k_dense_replace", "leading_dense_block_count", LL_HF_U32},
    {"q_lora_rank", "attention.q_lora_rank", LL_HF_U32},
    {"kv_lora_rank", "attention.kv_lora_rank", LL_HF_U32},
    {"qk_rope_head_dim", "rope.dimension_count", LL_HF_U32},
    {"n_shared_experts", "expert_shared_count", LL_HF_U32},
    {"routed_scaling_factor", "expert_weights_scale", LL_HF_F32},
    {0},
};

static const ll_hf_key ernie_moe_keys[] = {
    {"moe_layer_start_index", "leading_dense_block_count", LL_HF_U32},
    {"moe_layer_interval", "interleave_moe_layer_step", LL_HF_U32},
    {0},
};

static const ll_hf_key gpt_oss_keys[] = {
    {"intermediate_size", "expert_feed_forward_length", LL_HF_U32},
    {0},
};

/* GGUF has no key that would say otherwise. */
static libllm_status check_bool(const ll_hf *hf, const char *key, bool expected)
{
    bool value = expected;
    libllm_status status = ll_hf_bool(hf, hf->config, key, &value);
    if (!status && value != expected)
        status = ll_fail(hf->error, LIBLLM_ERROR_UNSUPPORTED, "config.json: \"%s\" is %s, which is not supported", key,
                         value ? "true" : "false");
    return status;
}

static libllm_status check_all_sparse(const ll_hf *hf)
{
    uint32_t step = 1;
    libllm_status status = ll_hf_u32(hf, hf->config, "decoder_sparse_step", &step);
    if (!status && (step != 1 || json_array_size(json_object_get(hf->config, "mlp_only_layers")) > 0))
        status = ll_fail(hf->error, LIBLLM_ERROR_UNSUPPORTED, "config.json: layers without experts are not supported");
    return status;
}

static libllm_status qwen2moe_special(ll_hf *hf)
{
    libllm_status status = check_bool(hf, "norm_topk_prob", false);
    return status ? status : check_all_sparse(hf);
}

static libllm_status qwen3moe_special(ll_hf *hf)
{
    libllm_status status = check_bool(hf, "norm_topk_prob", true);
    return status ? status : check_all_sparse(hf);
}

/* The absorbed form: queries are brought to the compressed keys, of which all heads share one. */
static libllm_status deepseek_special(ll_hf *hf)
{
    uint32_t rank = 0, n_rot = 0, n_plain = 0, n_value = 0;
    bool norm = false;
    libllm_status status = ll_hf_u32(hf, hf->config, "kv_lora_rank", &rank);
    if (!status)
        status = ll_hf_u32(hf, hf->config, "qk_rope_head_dim", &n_rot);
    if (!status)
        status = ll_hf_u32(hf, hf->config, "qk_nope_head_dim", &n_plain);
    if (!status)
        status = ll_hf_u32(hf, hf->config, "v_head_dim", &n_value);
    if (!status)
        status = ll_hf_bool(hf, hf->config, "norm_topk_prob", &norm);
    if (!status)
        status = check_bool(hf, "rope_interleave", true);
    if (status)
        return status;
    ll_hf_put_u32(hf, "attention.head_count_kv", 1);
    ll_hf_put_u32(hf, "attention.key_length", rank + n_rot);
    ll_hf_put_u32(hf, "attention.value_length", rank);
    ll_hf_put_u32(hf, "attention.key_length_mla", n_plain + n_rot);
    ll_hf_put_u32(hf, "attention.value_length_mla", n_value);
    if (norm)
        ll_hf_put_bool(hf, "expert_weights_norm", true);
    const char *scoring = ll_hf_text(hf->config, "scoring_func"), *method = ll_hf_text(hf->config, "topk_method");
    const char *type = ll_hf_text(hf->config, "model_type");
    if (scoring ? strcmp(scoring, "sigmoid") == 0 : strcmp(type, "deepseek_v3") == 0)
        ll_hf_put_u32(hf, "expert_gating_func", 2);
    if (method && strcmp(method, "greedy") == 0) {
        ll_hf_put_u32(hf, "expert_group_count", 1);
        ll_hf_put_u32(hf, "expert_group_used_count", 1);
    }
    return LIBLLM_OK;
}

static libllm_status minicpm3_special(ll_hf *hf)
{
    uint32_t n_rot = 0, n_plain = 0, n_value = hf->n_heads ? hf->n_embd / hf->n_heads : 0;
    libllm_status status = ll_hf_u32(hf, hf->config, "qk_rope_head_dim", &n_rot);
    if (!status)
        status = ll_hf_u32(hf, hf->config, "qk_nope_head_dim", &n_plain);
    if (!status)
        status = ll_hf_u32(hf, hf->config, "v_head_dim", &n_value);
    if (status)
        return status;
    ll_hf_put_u32(hf, "attention.value_length", n_value);
    ll_hf_put_u32(hf, "attention.key_length", n_plain + n_rot);
    ll_hf_put_u32(hf, "attention.head_count_kv", hf->n_heads);
    return LIBLLM_OK;
}

static libllm_status ernie_moe_special(ll_hf *hf)
{
    uint32_t width = 0, n_shared = 0;
    libllm_status status = ll_hf_u32(hf, hf->config, "moe_intermediate_size", &width);
    if (!status)
        status = ll_hf_u32(hf, hf->config, "moe_num_shared_experts", &n_shared);
    if (!status && n_shared > 0 && width <= UINT32_MAX / n_shared)
        ll_hf_put_u32(hf, "expert_shared_feed_forward_length", width * n_shared);
    return status;
}

static const char silu[] = "silu|swish";

const ll_hf_family ll_hf_expert_models[] = {
    {.model_types = "mixtral",
     .architecture = "llama",
     .activations = silu,
     .rules = mixtral_rules,
     .rotates_halves = true},
    {.model_types = "qwen2_moe",
     .architecture = "qwen2moe",
     .activations = silu,
     .rules = qwen2moe_rules,
     .keys = qwen2moe_keys,
     .no_window = true,
     .special = qwen2moe_special},
    {.model_types = "qwen3_moe|qwen3_vl_moe_text",
     .architecture = "qwen3moe",
     .activations = silu,
     .no_window = true,
     .special = qwen3moe_special},
    {.model_types = "granitemoe|granitemoeshared",
     .architecture = "granitemoe",
     .activations = silu,
     .rules = granitemoe_rules,
     .keys = granitemoe_keys,
     .rotates_halves = true},
    {.model_types = "deepseek_v2|deepseek_v3|kimi_k2",
     .architecture = "deepseek2",
     .activations = silu,
     .rules = deepseek_rules,
     .keys = deepseek_keys,
     .special = deepseek_special},
    {.model_types = "deepseek",
     .architecture = "deepseek",
     .activations = silu,
     .keys = deepseek_keys,
     .rotates_halves = true},
    {.model_types = "minicpm3",
     .architecture = "minicpm3",
     .activations = silu,
     .rules = minicpm3_rules,
     .keys = deepseek_keys,
     .special = minicpm3_special},
    {.model_types = "ernie4_5_moe",
     .architecture = "ernie4_5-moe",
     .activations = silu,
     .rules = ernie_moe_rules,
     .keys = ernie_moe_keys,
     .special = ernie_moe_special},
    {.model_types = "hunyuan_v1_moe|hunyuan",
     .architecture = "hunyuan-moe",
     .activations = silu,
     .rules = hunyuan_moe_rules},
    {.model_types = "gpt_oss", .architecture = "gpt-oss", .rules = gpt_oss_rules, .keys = gpt_oss_keys},
    {0},
};
