/* SPDX-License-Identifier: MIT
 * One line for each family; the descriptions are in the files beside this one.
 */
#ifndef LL_MODEL_FAMILIES_FAMILIES_H
#define LL_MODEL_FAMILIES_FAMILIES_H

#include "model/family.h"

extern const ll_family ll_family_llama;
extern const ll_family ll_family_mistral3;
extern const ll_family ll_family_smollm3;
extern const ll_family ll_family_qwen2;
extern const ll_family ll_family_qwen2vl;
extern const ll_family ll_family_qwen2moe;
extern const ll_family ll_family_qwen3;
extern const ll_family ll_family_qwen3vl;
extern const ll_family ll_family_qwen3moe;
extern const ll_family ll_family_qwen3vlmoe;
extern const ll_family ll_family_gemma;
extern const ll_family ll_family_gemma2;
extern const ll_family ll_family_gemma3;
extern const ll_family ll_family_phi2;
extern const ll_family ll_family_phi3;
extern const ll_family ll_family_gpt2;
extern const ll_family ll_family_gptneox;
extern const ll_family ll_family_gptj;
extern const ll_family ll_family_falcon;
extern const ll_family ll_family_bloom;
extern const ll_family ll_family_mpt;
extern const ll_family ll_family_stablelm;
extern const ll_family ll_family_olmo2;
extern const ll_family ll_family_granite;
extern const ll_family ll_family_granitemoe;
extern const ll_family ll_family_command_r;
extern const ll_family ll_family_cohere2;
extern const ll_family ll_family_starcoder2;
extern const ll_family ll_family_glm4;
extern const ll_family ll_family_chatglm;
extern const ll_family ll_family_internlm2;
extern const ll_family ll_family_baichuan;
extern const ll_family ll_family_minicpm;
extern const ll_family ll_family_minicpm3;
extern const ll_family ll_family_nemotron;
extern const ll_family ll_family_exaone;
extern const ll_family ll_family_exaone4;
extern const ll_family ll_family_ernie4_5;
extern const ll_family ll_family_ernie4_5_moe;
extern const ll_family ll_family_hunyuan_dense;
extern const ll_family ll_family_hunyuan_moe;
extern const ll_family ll_family_deepseek2;
extern const ll_family ll_family_gpt_oss;
extern const ll_family ll_family_bert;
extern const ll_family ll_family_nomic_bert;
extern const ll_family ll_family_nomic_bert_moe;
extern const ll_family ll_family_modern_bert;
extern const ll_family ll_family_t5;
extern const ll_family ll_family_t5encoder;
extern const ll_family ll_family_lfm2;
extern const ll_family ll_family_lfm2moe;
extern const ll_family ll_family_mamba;
extern const ll_family ll_family_mamba2;

#endif
