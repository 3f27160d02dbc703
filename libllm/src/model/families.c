/* SPDX-License-Identifier: MIT
 * The table of architecture families.
 */
#include "model/families/families.h"

static const ll_family *const table[] = {
    &ll_family_llama,       &ll_family_mistral3,       &ll_family_smollm3,      &ll_family_qwen2,
    &ll_family_qwen2vl,     &ll_family_qwen2moe,       &ll_family_qwen3,        &ll_family_qwen3vl,
    &ll_family_qwen3moe,    &ll_family_qwen3vlmoe,     &ll_family_gemma,        &ll_family_gemma2,
    &ll_family_gemma3,      &ll_family_phi2,           &ll_family_phi3,         &ll_family_gpt2,
    &ll_family_gptneox,     &ll_family_gptj,           &ll_family_falcon,       &ll_family_bloom,
    &ll_family_mpt,         &ll_family_stablelm,       &ll_family_olmo2,        &ll_family_granite,
    &ll_family_granitemoe,  &ll_family_command_r,      &ll_family_cohere2,      &ll_family_starcoder2,
    &ll_family_glm4,        &ll_family_chatglm,        &ll_family_internlm2,    &ll_family_baichuan,
    &ll_family_minicpm,     &ll_family_minicpm3,       &ll_family_nemotron,     &ll_family_exaone,
    &ll_family_exaone4,     &ll_family_ernie4_5,       &ll_family_ernie4_5_moe, &ll_family_hunyuan_dense,
    &ll_family_hunyuan_moe, &ll_family_deepseek2,      &ll_family_gpt_oss,      &ll_family_bert,
    &ll_family_nomic_bert,  &ll_family_nomic_bert_moe, &ll_family_modern_bert,  &ll_family_t5,
    &ll_family_t5encoder,   &ll_family_lfm2,           &ll_family_lfm2moe,      &ll_family_mamba,
    &ll_family_mamba2,
};

const ll_family *ll_family_at(size_t index) { return index < sizeof table / sizeof *table ? table[index] : NULL; }

const ll_family *ll_family_find(ll_span architecture)
{
    for (size_t i = 0; ll_family_at(i); i++)
        if (ll_span_is(architecture, ll_family_at(i)->architecture))
            return ll_family_at(i);
    return NULL;
}
