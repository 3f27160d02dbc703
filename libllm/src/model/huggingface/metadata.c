/* SPDX-License-Identifier: MIT
 * From config.json to GGUF's keys: what a family says of itself goes first, then the keys that most configurations
 * share.
 */
#include "model/huggingface/internal.h"

#include "base/status.h"

#include <stdio.h>
#include <string.h>

static const ll_hf_key common_keys[] = {
    {"max_position_embeddings|n_positions|n_ctx|max_sequence_length|max_seq_len|seq_length|model_max_length",
     "context_length", LL_HF_U32},
    {"hidden_size|n_embd|d_model|n_embed|dim", "embedding_length", LL_HF_U32},
    {"num_hidden_layers|n_layers|n_layer|num_layers", "block_count", LL_HF_U32},
    {"intermediate_size|ffn_hidden_size|n_inner|hidden_dim|d_ff", "feed_forward_length", LL_HF_U32},
    {"num_attention_heads|n_head|n_heads|num_heads", "attention.head_count", LL_HF_U32},
    {"num_key_value_heads|n_kv_heads|n_head_kv|num_kv_heads", "attention.head_count_kv", LL_HF_U32},
    {"head_dim|attention_head_dim|kv_channels", "attention.key_length", LL_HF_U32},
    {"head_dim|attention_head_dim|kv_channels", "attention.value_length", LL_HF_U32},
    {"rms_norm_eps|norm_eps|layernorm_epsilon", "attention.layer_norm_rms_epsilon", LL_HF_F32},
    {"layer_norm_eps|layer_norm_epsilon|norm_epsilon", "attention.layer_norm_epsilon", LL_HF_F32},
    {"num_local_experts|num_experts|n_routed_experts|moe_num_experts", "expert_count", LL_HF_U32},
    {"num_experts_per_tok|num_experts_per_token|experts_per_token|moe_k|moe_topk|top_k_experts", "expert_used_count",
     LL_HF_U32},
    {"moe_intermediate_size", "expert_feed_forward_length", LL_HF_U32},
    {"n_group", "expert_group_count", LL_HF_U32},
    {"topk_group", "expert_group_used_count", LL_HF_U32},
    {"attn_logit_softcapping", "attn_logit_softcapping", LL_HF_F32},
    {"final_logit_softcapping", "final_logit_softcapping", LL_HF_F32},
    {"vocab_size", "vocab_size", LL_HF_U32},
    {0},
};

static void make_key(const ll_hf *hf, const char *suffix, char *key, size_t capacity)
{
    snprintf(key, capacity, "%s.%s", hf->family->architecture, suffix);
}

void ll_hf_put_u32(ll_hf *hf, const char *suffix, uint32_t value)
{
    char key[128];
    make_key(hf, suffix, key, sizeof key);
    ll_gguf_put_u32(&hf->maker, key, value);
}

void ll_hf_put_f32(ll_hf *hf, const char *suffix, float value)
{
    char key[128];
    make_key(hf, suffix, key, sizeof key);
    ll_gguf_put_f32(&hf->maker, key, value);
}

void ll_hf_put_bool(ll_hf *hf, const char *suffix, bool value)
{
    char key[128];
    make_key(hf, suffix, key, sizeof key);
    ll_gguf_put_bool(&hf->maker, key, value);
}

void ll_hf_put_text(ll_hf *hf, const char *suffix, const char *value)
{
    char key[128];
    make_key(hf, suffix, key, sizeof key);
    ll_gguf_put_string(&hf->maker, key, ll_span_of(value));
}

static libllm_status put_key(ll_hf *hf, const ll_hf_key *k)
{
    uint32_t u = 0;
    float f = 0;
    bool b = false;
    libllm_status status = LIBLLM_OK;
    if (!ll_hf_find(hf->config, k->config, NULL))
        return LIBLLM_OK;
    switch (k->kind) {
    case LL_HF_U32:
        status = ll_hf_u32(hf, hf->config, k->config, &u);
        if (!status)
            ll_hf_put_u32(hf, k->suffix, u);
        return status;
    case LL_HF_F32:
        status = ll_hf_f32(hf, hf->config, k->config, &f);
        if (!status)
            ll_hf_put_f32(hf, k->suffix, f);
        return status;
    case LL_HF_BOOL:
        status = ll_hf_bool(hf, hf->config, k->config, &b);
        if (!status)
            ll_hf_put_bool(hf, k->suffix, b);
        return status;
    case LL_HF_TEXT:
        if (ll_hf_text(hf->config, k->config))
            ll_hf_put_text(hf, k->suffix, ll_hf_text(hf->config, k->config));
        return status;
    }
    return status;
}

static libllm_status put_keys(ll_hf *hf, const ll_hf_key *keys)
{
    libllm_status status = LIBLLM_OK;
    for (; !status && keys && keys->config; keys++)
        status = put_key(hf, keys);
    return status;
}

/* The sizes by which tensors are taken apart. */
static libllm_status read_sizes(ll_hf *hf)
{
    libllm_status status = LIBLLM_OK;
    const struct {
        const char *suffix;
        uint32_t *out;
    } sizes[] = {{"block_count", &hf->n_layers},          {"embedding_length", &hf->n_embd},
                 {"attention.head_count", &hf->n_heads},  {"attention.head_count_kv", &hf->n_kv_heads},
                 {"attention.key_length", &hf->head_dim}, {"expert_count", &hf->n_experts}};
    for (size_t i = 0; !status && i < sizeof sizes / sizeof *sizes; i++)
        for (const ll_hf_key *k = common_keys; !status && k->config; k++)
            if (strcmp(k->suffix, sizes[i].suffix) == 0)
                status = ll_hf_u32(hf, hf->config, k->config, sizes[i].out);
    if (!hf->n_kv_heads)
        hf->n_kv_heads = hf->n_heads;
    if (!hf->head_dim && hf->n_heads)
        hf->head_dim = hf->n_embd / hf->n_heads;
    return status;
}

static libllm_status check_activation(const ll_hf *hf)
{
    const char *activation =
        ll_hf_text(hf->config, "hidden_act|hidden_activation|activation_function|activation|dense_act_fn");
    if (!activation || !hf->family->activations || ll_hf_is_one_of(activation, hf->family->activations))
        return LIBLLM_OK;
    return ll_fail(hf->error, LIBLLM_ERROR_UNSUPPORTED,
                   "config.json: the activation \"%.32s\" is not supported in a model of type \"%s\"", activation,
                   hf->family->architecture);
}

/* Decoders that were made embedding models. */
static libllm_status put_direction(ll_hf *hf)
{
    const json_t *both = ll_hf_find(hf->config, "use_bidirectional_attention", NULL);
    bool causal = true;
    libllm_status status = ll_hf_bool(hf, hf->config, "is_causal", &causal);
    if (!json_is_string(both)) /* of what besides texts, or "all" */
        causal = causal && !json_is_true(both);
    else
        causal = causal && strcmp(json_string_value(both), "all") != 0;
    hf->sees_later = !status && !causal;
    if (hf->sees_later)
        ll_hf_put_bool(hf, "attention.causal", false);
    return status;
}

libllm_status ll_hf_put_metadata(ll_hf *hf)
{
    const ll_hf_family *f = hf->family;
    ll_gguf_put_string(&hf->maker, "general.architecture", ll_span_of(f->architecture));
    libllm_status status = check_activation(hf);
    if (!status)
        status = read_sizes(hf);
    if (!status && f->special)
        status = f->special(hf);
    if (!status)
        status = put_keys(hf, f->keys);
    if (!status)
        status = put_keys(hf, common_keys);
    if (!status && f->ff_multiple && hf->n_embd <= UINT32_MAX / f->ff_multiple)
        ll_hf_put_u32(hf, "feed_forward_length", hf->n_embd * f->ff_multiple);
    if (!status)
        status = put_direction(hf);
    if (!status)
        status = ll_hf_put_rope(hf);
    if (!status)
        status = ll_hf_put_windows(hf);
    return status;
}
