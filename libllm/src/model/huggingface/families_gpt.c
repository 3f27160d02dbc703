/* SPDX-License-Identifier: MIT
 * Families that go back to GPT-2 and GPT-NeoX: norms with a mean, mostly a feed-forward without a gate, names of their
 * own.
 */
#include "model/huggingface/internal.h"

#include "base/status.h"

static const ll_hf_rule gpt2_rules[] = {
    NAME("wte", "token_embd"),
    NAME("wpe", "position_embd"),
    NAME("ln_f", "output_norm"),
    NAME("h.*.ln_1", "blk.*.attn_norm"),
    SKIP("h.*.attn.bias"), /* the causal mask */
    SKIP("h.*.attn.masked_bias"),
    CONVERT("h.*.attn.c_attn", "blk.*.attn_qkv", ll_hf_transpose),
    CONVERT("h.*.attn.c_proj", "blk.*.attn_output", ll_hf_transpose),
    NAME("h.*.ln_2", "blk.*.ffn_norm"),
    CONVERT("h.*.mlp.c_fc", "blk.*.ffn_up", ll_hf_transpose),
    CONVERT("h.*.mlp.c_proj", "blk.*.ffn_down", ll_hf_transpose),
    {0},
};

static const ll_hf_rule gptneox_rules[] = {
    NAME("embed_in", "token_embd"),
    NAME("final_layer_norm", "output_norm"),
    NAME("embed_out", "output"),
    SKIP("layers.*.attention.bias"),
    SKIP("layers.*.attention.masked_bias"),
    SKIP("layers.*.attention.rotary_emb.inv_freq"),
    CONVERT("layers.*.attention.query_key_value", "blk.*.attn_qkv", ll_hf_group_qkv),
    NAME("layers.*.attention.dense", "blk.*.attn_output"),
    NAME("layers.*.mlp.dense_h_to_4h", "blk.*.ffn_up"),
    NAME("layers.*.mlp.dense_4h_to_h", "blk.*.ffn_down"),
    {0},
};

static const ll_hf_rule gptj_rules[] = {
    NAME("wte", "token_embd"),
    NAME("ln_f", "output_norm"),
    NAME("h.*.ln_1", "blk.*.attn_norm"),
    SKIP("h.*.attn.bias"),
    SKIP("h.*.attn.masked_bias"),
    NAME("h.*.attn.q_proj", "blk.*.attn_q"),
    NAME("h.*.attn.k_proj", "blk.*.attn_k"),
    NAME("h.*.attn.v_proj", "blk.*.attn_v"),
    NAME("h.*.attn.out_proj", "blk.*.attn_output"),
    NAME("h.*.mlp.fc_in", "blk.*.ffn_up"),
    NAME("h.*.mlp.fc_out", "blk.*.ffn_down"),
    {0},
};

static const ll_hf_rule bloom_rules[] = {
    NAME("word_embeddings", "token_embd"),
    NAME("word_embeddings_layernorm", "token_embd_norm"),
    NAME("ln_f", "output_norm"),
    NAME("h.*.input_layernorm", "blk.*.attn_norm"),
    CONVERT("h.*.self_attention.query_key_value", "blk.*.attn_qkv", ll_hf_group_qkv),
    NAME("h.*.self_attention.dense", "blk.*.attn_output"),
    NAME("h.*.post_attention_layernorm", "blk.*.ffn_norm"),
    NAME("h.*.mlp.dense_h_to_4h", "blk.*.ffn_up"),
    NAME("h.*.mlp.dense_4h_to_h", "blk.*.ffn_down"),
    {0},
};

static const ll_hf_rule falcon_rules[] = {
    NAME("word_embeddings", "token_embd"),
    NAME("ln_f", "output_norm"),
    NAME("h.*.ln_attn", "blk.*.attn_norm_2"),
    NAME("h.*.ln_mlp", "blk.*.attn_norm"),
    NAME("h.*.input_layernorm", "blk.*.attn_norm"),
    CONVERT("h.*.self_attention.query_key_value", "blk.*.attn_qkv", ll_hf_group_qkv),
    SKIP("h.*.self_attention.rotary_emb.inv_freq"),
    NAME("h.*.self_attention.dense", "blk.*.attn_output"),
    NAME("h.*.mlp.dense_h_to_4h", "blk.*.ffn_up"),
    NAME("h.*.mlp.dense_4h_to_h", "blk.*.ffn_down"),
    {0},
};

static const ll_hf_rule mpt_rules[] = {
    NAME("wte", "token_embd"),
    NAME("wpe", "position_embd"),
    NAME("norm_f", "output_norm"),
    NAME("blocks.*.norm_1", "blk.*.attn_norm"),
    NAME("blocks.*.attn.Wqkv", "blk.*.attn_qkv"),
    NAME("blocks.*.attn.out_proj", "blk.*.attn_output"),
    NAME("blocks.*.attn.q_ln", "blk.*.attn_q_norm"),
    NAME("blocks.*.attn.k_ln", "blk.*.attn_k_norm"),
    NAME("blocks.*.norm_2", "blk.*.ffn_norm"),
    NAME("blocks.*.ffn.up_proj", "blk.*.ffn_up"),
    NAME("blocks.*.ffn.down_proj", "blk.*.ffn_down"),
    {0},
};

static const ll_hf_rule phi2_rules[] = {
    NAME("final_layernorm", "output_norm"),
    NAME("layers.*.self_attn.dense", "blk.*.attn_output"),
    NAME("layers.*.mlp.fc1", "blk.*.ffn_up"),
    NAME("layers.*.mlp.fc2", "blk.*.ffn_down"),
    {0},
};

static const ll_hf_rule starcoder2_rules[] = {
    NAME("layers.*.mlp.c_fc", "blk.*.ffn_up"),
    NAME("layers.*.mlp.c_proj", "blk.*.ffn_down"),
    {0},
};

static const ll_hf_rule stablelm_rules[] = {
    CONVERT("layers.*.self_attn.q_layernorm.norms.#", "blk.*.attn_q_norm", ll_hf_stack),
    CONVERT("layers.*.self_attn.k_layernorm.norms.#", "blk.*.attn_k_norm", ll_hf_stack),
    {0},
};

static const ll_hf_key gptneox_keys[] = {
    {"use_parallel_residual", "use_parallel_residual", LL_HF_BOOL},
    {0},
};

static const ll_hf_key gptj_keys[] = {
    {"rotary_dim", "rope.dimension_count", LL_HF_U32},
    {0},
};

static const ll_hf_key norm_keys[] = {
    /* of a norm with a mean, though the name is the other's */
    {"norm_eps|layer_norm_eps|norm_epsilon", "attention.layer_norm_epsilon", LL_HF_F32},
    {"use_parallel_residual", "use_parallel_residual", LL_HF_BOOL},
    {0},
};

static libllm_status unsupported(const ll_hf *hf, const char *key)
{
    return ll_fail(hf->error, LIBLLM_ERROR_UNSUPPORTED, "config.json: the value of \"%s\" is not supported", key);
}

static libllm_status gpt2_special(ll_hf *hf)
{
    return json_is_true(json_object_get(hf->config, "scale_attn_by_inverse_layer_idx"))
               ? unsupported(hf, "scale_attn_by_inverse_layer_idx")
               : LIBLLM_OK;
}

static libllm_status bloom_special(ll_hf *hf)
{
    return json_is_true(json_object_get(hf->config, "apply_residual_connection_post_layernorm"))
               ? unsupported(hf, "apply_residual_connection_post_layernorm")
               : LIBLLM_OK;
}

/* How many heads k and v have goes by other keys in the newer of two designs. */
static libllm_status falcon_special(ll_hf *hf)
{
    bool newer = false, shared = true;
    if (json_is_true(json_object_get(hf->config, "alibi")))
        return unsupported(hf, "alibi");
    libllm_status status = ll_hf_bool(hf, hf->config, "new_decoder_architecture", &newer);
    if (!status)
        status = ll_hf_bool(hf, hf->config, "multi_query", &shared);
    if (status)
        return status;
    if (!newer)
        hf->n_kv_heads = shared ? 1 : hf->n_heads;
    ll_hf_put_u32(hf, "attention.head_count_kv", hf->n_kv_heads);
    return LIBLLM_OK;
}

static libllm_status mpt_special(ll_hf *hf)
{
    const json_t *attention = ll_hf_find(hf->config, "attn_config", NULL);
    float clip = 0, bias_max = 8, expansion = 4;
    bool alibi = true;
    uint32_t n_kv = hf->n_heads;
    libllm_status status = ll_hf_f32(hf, attention, "clip_qkv", &clip);
    if (!status)
        status = ll_hf_bool(hf, attention, "alibi", &alibi);
    if (!status)
        status = ll_hf_f32(hf, attention, "alibi_bias_max", &bias_max);
    if (!status)
        status = ll_hf_u32(hf, attention, "kv_n_heads", &n_kv);
    if (!status)
        status = ll_hf_f32(hf, hf->config, "expansion_ratio", &expansion);
    if (status)
        return status;
    if (clip > 0)
        ll_hf_put_f32(hf, "attention.clamp_kqv", clip);
    ll_hf_put_f32(hf, "attention.max_alibi_bias", alibi ? bias_max : 0);
    ll_hf_put_u32(hf, "attention.head_count_kv", n_kv);
    ll_hf_put_f32(hf, "attention.layer_norm_epsilon", 1e-5f);
    if (expansion > 0 && expansion < 1000)
        ll_hf_put_u32(hf, "feed_forward_length", (uint32_t)(expansion * (float)hf->n_embd));
    return LIBLLM_OK;
}

static const char gelu_tanh[] = "gelu_new|gelu_pytorch_tanh|gelu_fast", gelu[] = "gelu", silu[] = "silu|swish";

const ll_hf_family ll_hf_gpt_like[] = {
    {.model_types = "gpt2",
     .architecture = "gpt2",
     .activations = gelu_tanh,
     .rules = gpt2_rules,
     .defaults = "{\"tie_word_embeddings\": true, \"layer_norm_epsilon\": 1e-5}",
     .ff_multiple = 4,
     .special = gpt2_special},
    {.model_types = "gpt_neox",
     .architecture = "gptneox",
     .activations = gelu,
     .rules = gptneox_rules,
     .keys = gptneox_keys,
     .defaults = "{\"use_parallel_residual\": true, \"rotary_pct\": 0.25}"},
    {.model_types = "gptj",
     .architecture = "gptj",
     .activations = gelu_tanh,
     .rules = gptj_rules,
     .keys = gptj_keys,
     .ff_multiple = 4},
    {.model_types = "bloom",
     .architecture = "bloom",
     .rules = bloom_rules,
     .defaults = "{\"tie_word_embeddings\": true, \"seq_length\": 2048, \"layer_norm_epsilon\": 1e-5}",
     .ff_multiple = 4,
     .special = bloom_special},
    {.model_types = "falcon|RefinedWeb|RefinedWebModel",
     .architecture = "falcon",
     .activations = gelu,
     .rules = falcon_rules,
     .defaults = "{\"max_position_embeddings\": 2048, \"layer_norm_epsilon\": 1e-5}",
     .ff_multiple = 4,
     .special = falcon_special},
    {.model_types = "mpt", .architecture = "mpt", .rules = mpt_rules, .special = mpt_special},
    {.model_types = "phi",
     .architecture = "phi2",
     .activations = gelu_tanh,
     .rules = phi2_rules,
     .defaults = "{\"partial_rotary_factor\": 0.5}"},
    {.model_types = "starcoder2",
     .architecture = "starcoder2",
     .activations = gelu_tanh,
     .rules = starcoder2_rules,
     .keys = norm_keys,
     .defaults = "{\"tie_word_embeddings\": true}"},
    {.model_types = "stablelm|stablelm_epoch",
     .architecture = "stablelm",
     .activations = silu,
     .rules = stablelm_rules,
     .keys = norm_keys,
     .defaults = "{\"partial_rotary_factor\": 0.25}"},
    {.model_types = "nemotron",
     .architecture = "nemotron",
     .activations = "relu2",
     .keys = norm_keys,
     .defaults = "{\"partial_rotary_factor\": 0.5}",
     .norms_plus_one = true},
    {0},
};
