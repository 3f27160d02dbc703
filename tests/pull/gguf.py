# SPDX-License-Identifier: MIT
"""Headers of GGUF files as real models have them: a vocabulary of full size, and tensors of which no byte is there."""
import functools
import struct

TYPES = {"F16": (1, 1, 2), "Q8_0": (8, 32, 34), "Q4_0": (2, 32, 18), "Q6_K": (14, 256, 210), "Q4_K": (12, 256, 144),
         "Q5_K": (13, 256, 176), "Q3_K": (11, 256, 110), "Q2_K": (10, 256, 84)}


def text(s):
    s = s.encode()
    return struct.pack("<Q", len(s)) + s


def value(x):
    if isinstance(x, bytes):
        return x
    if isinstance(x, bool):
        return struct.pack("<I?", 7, x)
    if isinstance(x, int):
        return struct.pack("<II", 4, x)
    if isinstance(x, float):
        return struct.pack("<If", 6, x)
    if isinstance(x, str):
        return struct.pack("<I", 8) + text(x)
    if isinstance(x[0], str):
        return struct.pack("<IIQ", 9, 8, len(x)) + b"".join(map(text, x))
    return struct.pack("<IIQ", 9, 5, len(x)) + struct.pack(f"<{len(x)}i", *x)


@functools.lru_cache(maxsize=None)
def vocabulary_of(size):
    """A vocabulary of byte-level BPE in which each merge makes a word, as values in bytes."""
    n = size // 3
    words = [f"{w}{i:06d}" for w in ("w", "x") for i in range(n)] + [f"w{i:06d}x{i:06d}" for i in range(size - 2 * n)]
    return {"tokenizer.ggml.tokens": value(words), "tokenizer.ggml.token_type": value([1] * size),
            "tokenizer.ggml.merges": value([f"w{i:06d} x{i:06d}" for i in range(n)])}


def llama(kind, layers=16, hidden=2048, ffn=8192, heads=32, kv_heads=8, vocabulary=128000, name="model", split=None):
    """The bytes of a header, and the length of the file. split: (number, count) of a part, which gets its layers."""
    number, count = split or (0, 1)
    pairs = {"general.architecture": "llama", "general.name": name, "llama.context_length": 131072,
             "llama.block_count": layers, "llama.embedding_length": hidden, "llama.feed_forward_length": ffn,
             "llama.attention.head_count": heads, "llama.attention.head_count_kv": kv_heads,
             "llama.attention.layer_norm_rms_epsilon": 1e-5, "tokenizer.ggml.model": "gpt2",
             "tokenizer.ggml.pre": "llama-bpe", **vocabulary_of(vocabulary),
             "tokenizer.chat_template": "{{ messages }}" * 100, "general.quantization_version": 2}
    if number > 0:
        pairs = {"general.architecture": "llama"}
    if split:
        pairs.update({"split.no": number, "split.count": count, "split.tensors.count": layers * 9 + 2})
    kv = hidden // heads * kv_heads
    tensors = []
    if number == 0:
        tensors += [("token_embd.weight", (hidden, vocabulary), kind), ("output_norm.weight", (hidden,), "F32")]
    for i in range(layers):
        if i * count // layers != number:
            continue
        for tensor, shape in (("attn_q", (hidden, hidden)), ("attn_k", (hidden, kv)), ("attn_v", (hidden, kv)),
                              ("attn_output", (hidden, hidden)), ("ffn_gate", (hidden, ffn)), ("ffn_up", (hidden, ffn)),
                              ("ffn_down", (ffn, hidden))):
            tensors.append((f"blk.{i}.{tensor}.weight", shape, kind))
        tensors += [(f"blk.{i}.{norm}.weight", (hidden,), "F32") for norm in ("attn_norm", "ffn_norm")]
    infos, offset = b"", 0
    for tensor, shape, type_name in tensors:
        code, block, size = (0, 1, 4) if type_name == "F32" else TYPES[type_name]
        infos += text(tensor) + struct.pack("<I", len(shape)) + struct.pack(f"<{len(shape)}Q", *shape)
        infos += struct.pack("<IQ", code, offset)
        n = shape[0] // block * size
        for d in shape[1:]:
            n *= d
        offset += -(-n // 32) * 32
    head = struct.pack("<IIQQ", 0x46554747, 3, len(tensors), len(pairs))
    head += b"".join(text(k) + value(v) for k, v in pairs.items()) + infos
    head += bytes(-len(head) % 32)
    return head, len(head) + offset
