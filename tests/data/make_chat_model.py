#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make chat/scripted.gguf: a model that says what it is told, token after token, so that tools and reasoning can be tested.

Each token has one that follows: embeddings are unit vectors, the layer adds nothing, and the output matrix holds the
successors. The last token of the prompt, which the template chooses, decides what is said. Needs numpy and gguf.
"""
import pathlib

import gguf
import numpy as np

CHAINS = [
    ["<|go_call|>", "I look.", "<tool_call>", '{"name": "get_weather", ', '"arguments": {"city": ', '"Ulm"}}', "</tool_call>", "</s>"],
    ["<|go_answer|>", "It is ", "sunny.", "</s>"],
    ["<|go_think|>", "<think>", "hm, the weather", "</think>", "It is "],
    ["<|go_plain|>", "It is "],
]
TEMPLATE = """{%- for m in messages %}{{ m.role }}: {{ m.content }}
{% for c in m.tool_calls or [] %}<tool_call>{{ c.function.arguments | tojson }}</tool_call>
{% endfor %}{% endfor -%}
{%- if messages[-1].role == 'tool' %}<|go_answer|>
{%- elif tools %}<|go_call|>
{%- elif enable_thinking is defined and not enable_thinking %}<|go_plain|>
{%- else %}<|go_think|>
{%- endif %}{# <think> </think> #}"""
WIDTH = 32


def main():
    tokens = ["<unk>", "<s>", "</s>"] + [t for chain in CHAINS for t in chain if t != "</s>"]
    tokens = list(dict.fromkeys(tokens))
    tokens += [f"<|unused_{i}|>" for i in range(WIDTH - len(tokens))]
    assert len(tokens) == WIDTH
    kinds = [gguf.TokenType.UNKNOWN if t == "<unk>" else gguf.TokenType.CONTROL if t in ("<s>", "</s>") or t.startswith("<|") else
             gguf.TokenType.USER_DEFINED if t.startswith("<") else gguf.TokenType.NORMAL for t in tokens]
    following = np.zeros((WIDTH, WIDTH), np.float32)
    for chain in CHAINS:
        for token, after in zip(chain, chain[1:]):
            following[tokens.index(after), tokens.index(token)] = 20
    writer = gguf.GGUFWriter(pathlib.Path(__file__).parent / "chat/scripted.gguf", "llama")
    writer.add_context_length(512)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(WIDTH)
    writer.add_head_count(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(WIDTH)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([-float(i) for i in range(WIDTH)])
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(False)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(TEMPLATE)
    writer.add_tensor("token_embd.weight", np.eye(WIDTH, dtype=np.float32))
    writer.add_tensor("output.weight", following)
    for name in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"):
        writer.add_tensor(name + ".weight", np.ones(WIDTH, np.float32))
    for name in ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"):
        writer.add_tensor(f"blk.0.{name}.weight", np.zeros((WIDTH, WIDTH), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


main()
