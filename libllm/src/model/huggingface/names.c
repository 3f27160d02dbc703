/* SPDX-License-Identifier: MIT
 * The names that llama's code gave to tensors, and that most families kept.
 */
#include "model/huggingface/internal.h"

const ll_hf_rule ll_hf_common_names[] = {
    NAME("embed_tokens", "token_embd"),
    NAME("norm", "output_norm"),
    NAME("lm_head", "output"),
    CONVERT("score", "cls.output", ll_hf_of_classifier),
    NAME("layers.*.input_layernorm", "blk.*.attn_norm"),
    NAME("layers.*.self_attn.q_proj", "blk.*.attn_q"),
    NAME("layers.*.self_attn.k_proj", "blk.*.attn_k"),
    NAME("layers.*.self_attn.v_proj", "blk.*.attn_v"),
    NAME("layers.*.self_attn.o_proj", "blk.*.attn_output"),
    NAME("layers.*.self_attn.qkv_proj", "blk.*.attn_qkv"),
    NAME("layers.*.self_attn.q_norm", "blk.*.attn_q_norm"),
    NAME("layers.*.self_attn.k_norm", "blk.*.attn_k_norm"),
    NAME("layers.*.post_attention_layernorm", "blk.*.ffn_norm"),
    NAME("layers.*.mlp.gate_proj", "blk.*.ffn_gate"),
    NAME("layers.*.mlp.up_proj", "blk.*.ffn_up"),
    NAME("layers.*.mlp.down_proj", "blk.*.ffn_down"),
    NAME("layers.*.mlp.gate_up_proj", "blk.*.ffn_up"), /* gate first */
    NAME("layers.*.mlp.gate", "blk.*.ffn_gate_inp"),
    CONVERT("layers.*.mlp.experts.#.gate_proj", "blk.*.ffn_gate_exps", ll_hf_stack),
    CONVERT("layers.*.mlp.experts.#.up_proj", "blk.*.ffn_up_exps", ll_hf_stack),
    CONVERT("layers.*.mlp.experts.#.down_proj", "blk.*.ffn_down_exps", ll_hf_stack),
    CONVERT("layers.*.mlp.experts.gate_up_proj", "blk.*.ffn_gate_exps.weight|blk.*.ffn_up_exps.weight",
            ll_hf_expert_halves),
    NAME("layers.*.mlp.experts.down_proj", "blk.*.ffn_down_exps.weight"),
    NAME("layers.*.mlp.shared_experts.gate_proj", "blk.*.ffn_gate_shexp"),
    NAME("layers.*.mlp.shared_experts.up_proj", "blk.*.ffn_up_shexp"),
    NAME("layers.*.mlp.shared_experts.down_proj", "blk.*.ffn_down_shexp"),
    SKIP("layers.*.self_attn.rotary_emb.inv_freq"),
    SKIP("rotary_emb.inv_freq"),
    {0},
};
