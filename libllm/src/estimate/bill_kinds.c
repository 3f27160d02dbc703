/* SPDX-License-Identifier: MIT
 * What each model type has, one line each.
 */
#include "estimate/bill_internal.h"

#define GATE LL_HAS_GATE
#define NORM_BIAS LL_HAS_NORM_BIAS
#define QKV LL_HAS_QKV_BIAS
#define OUT LL_HAS_OUT_BIAS
#define FFN LL_HAS_FFN_BIAS
#define TIED LL_HAS_TIED
#define HEAD_NORMS LL_HAS_HEAD_NORMS
#define OWN_NORMS LL_HAS_OWN_NORMS

const ll_kind ll_model_kinds[] = {
    {"llama|smollm3|granite|minicpm", GATE, 2, "attention_bias", QKV | OUT, NULL, NULL},
    {"mistral|mistral3|ministral|mixtral|exaone|baichuan|orion", GATE, 2, NULL, 0, NULL, NULL},
    {"qwen2|qwen2_moe|qwen2_vl|qwen2_vl_text|qwen2_5_vl|qwen2_5_vl_text", GATE | QKV, 2, NULL, 0, NULL, NULL},
    {"qwen3|qwen3_moe|qwen3_vl_text|qwen3_vl_moe_text", GATE | HEAD_NORMS, 2, "attention_bias", QKV | OUT, NULL, NULL},
    {"seed_oss", GATE | QKV, 2, NULL, 0, NULL, NULL},
    {"internlm|internlm2", GATE, 2, "bias", QKV | OUT, NULL, NULL},
    {"phi3|phi4", GATE, 2, NULL, 0, NULL, NULL},
    {"gemma", GATE | TIED, 2, "attention_bias", QKV | OUT, NULL, NULL},
    {"gemma2", GATE | TIED, 4, "attention_bias", QKV | OUT, "{\"sliding_window_pattern\":2}", NULL},
    {"gemma3|gemma3_text", GATE | TIED | HEAD_NORMS, 4, "attention_bias", QKV | OUT,
     "{\"sliding_window_pattern\":6,\"num_attention_heads\":8,\"num_key_value_heads\":4,\"head_dim\":256,"
     "\"vocab_size\":262208}",
     NULL},
    {"gemma3n_text", GATE | TIED | HEAD_NORMS, 5, NULL, 0, NULL, ll_build_gemma3n},
    {"glm", GATE, 2, "attention_bias", QKV, NULL, NULL},
    {"glm4", GATE, 4, "attention_bias", QKV, NULL, NULL},
    {"chatglm", GATE, 2, "add_qkv_bias", QKV, NULL, NULL},
    {"olmo", GATE | LL_HAS_NO_NORM_WEIGHTS, 2, NULL, 0, NULL, NULL},
    {"olmo2|olmo3", GATE | OWN_NORMS, 2, "attention_bias", QKV | OUT, NULL, NULL},
    {"exaone4", GATE | HEAD_NORMS, 2, NULL, 0, NULL, NULL},
    {"cohere|cohere2", GATE | TIED | LL_HAS_OWN_NORMS_BY_KEY, 1, "attention_bias", QKV | OUT, NULL, NULL},
    {"ernie4_5|ernie4_5_moe", GATE | TIED | LL_HAS_CHOICE_BIAS, 2, "use_bias", QKV | OUT | FFN, NULL, NULL},
    {"hunyuan_v1_dense|hunyuan_v1_moe", GATE | HEAD_NORMS, 2, "attention_bias", QKV | OUT, NULL, NULL},
    {"deepseek|deepseek_v2|deepseek_v3|deepseek_v32|glm_moe_dsa|kimi_k2|minicpm3", GATE, 2, NULL, 0, NULL, NULL},
    {"glm4_moe", GATE | LL_HAS_HEAD_NORMS_BY_KEY, 2, "attention_bias", QKV, NULL, NULL},
    {"granitemoe|granitemoeshared", GATE, 2, "attention_bias", QKV | OUT, NULL, NULL},
    {"gpt_oss", GATE | QKV | OUT | FFN | LL_HAS_SINKS, 2, NULL, 0, NULL, NULL},
    {"llama4|llama4_text", GATE, 2, "attention_bias", QKV | OUT, NULL, ll_build_llama4},
    {"minimax_m2", GATE | OWN_NORMS, 2, NULL, 0, NULL, NULL},
    {"phimoe", GATE | NORM_BIAS, 2, "attention_bias", QKV | OUT, NULL, NULL},
    {"qwen3_next|qwen3_5_text|qwen3_5_moe_text", GATE | HEAD_NORMS, 2, NULL, 0, NULL, ll_build_qwen3_next},
    {"nemotron_h", 0, 1, NULL, 0, NULL, ll_build_nemotron_h},
    {"jamba", GATE, 2, NULL, 0, NULL, ll_build_jamba},
    {"nemotron", NORM_BIAS, 2, "attention_bias", QKV | OUT, NULL, NULL},
    {"stablelm", GATE | NORM_BIAS, 2, "use_qkv_bias", QKV, NULL, NULL},
    {"starcoder2", NORM_BIAS | QKV | OUT | FFN | TIED, 2, NULL, 0, NULL, NULL},
    {"gpt2", NORM_BIAS | QKV | OUT | FFN | TIED | LL_HAS_POSITIONS, 2, NULL, 0, NULL, NULL},
    {"gpt_bigcode", NORM_BIAS | QKV | OUT | FFN | TIED | LL_HAS_POSITIONS, 2, NULL, 0, NULL, ll_build_gpt_bigcode},
    {"openai-gpt", NORM_BIAS | QKV | OUT | FFN | TIED | LL_HAS_POSITIONS | LL_HAS_NO_FINAL_NORM, 2, NULL, 0, NULL,
     NULL},
    {"gpt_neo", NORM_BIAS | OUT | FFN | TIED | LL_HAS_POSITIONS, 2, NULL, 0, NULL, NULL},
    {"gptj", NORM_BIAS | FFN | LL_HAS_HEAD_BIAS, 1, NULL, 0, NULL, NULL},
    {"gpt_neox", NORM_BIAS | QKV | OUT | FFN, 2, NULL, 0, NULL, NULL},
    {"codegen", NORM_BIAS | FFN | LL_HAS_HEAD_BIAS, 1, NULL, 0, NULL, NULL},
    {"phi|phi-msft", NORM_BIAS | QKV | OUT | FFN | LL_HAS_HEAD_BIAS, 1, NULL, 0, NULL, NULL},
    {"bloom", NORM_BIAS | QKV | OUT | FFN | TIED | LL_HAS_EMBEDDING_NORM, 2, NULL, 0, NULL, NULL},
    {"mpt", TIED, 2, NULL, 0, NULL, NULL},
    {"opt", NORM_BIAS | QKV | OUT | FFN | TIED, 2, NULL, 0, NULL, ll_build_opt},
    {"falcon|RefinedWeb|RefinedWebModel", NORM_BIAS | TIED, 1, "bias", QKV | OUT | FFN, NULL, ll_build_falcon},
    {"bert|roberta|xlm-roberta|camembert", NORM_BIAS | QKV | OUT | FFN, 2, NULL, 0, NULL, ll_build_bert},
    {"modernbert", GATE, 2, NULL, 0, NULL, ll_build_modern_bert},
    {"nomic_bert", GATE | NORM_BIAS, 2, NULL, 0, NULL, ll_build_nomic_bert},
    {"t5|mt5|umt5", 0, 2, NULL, 0, NULL, ll_build_t5},
    {"mamba", 0, 1, NULL, 0, NULL, ll_build_mamba},
    {"mamba2", 0, 1, NULL, 0, NULL, ll_build_mamba2},
    {"lfm2|lfm2_moe", GATE | TIED | HEAD_NORMS, 2, NULL, 0, NULL, ll_build_lfm2},
    {NULL, 0, 0, NULL, 0, NULL, NULL},
};
