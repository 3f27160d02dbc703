# SPDX-License-Identifier: MIT
"""Hugging Face `tokenizers` objects made from the vocabulary inside a GGUF file: what text becomes ids with here."""
from tokenizers import AddedToken, Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import BPE

CONTROL, USER_DEFINED = 3, 4


def smollm(fields):
    """Byte-level BPE; digits are split one by one before GPT-2's own pattern applies."""
    tokens = fields["tokenizer.ggml.tokens"]
    merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(BPE(vocab={token: i for i, token in enumerate(tokens)}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    return tokenizer


def gemma(fields):
    """BPE over characters with byte fallback; the merges follow from the order of the vocabulary."""
    types = fields["tokenizer.ggml.token_type"]
    tokens = fields["tokenizer.ggml.tokens"]
    # GGUF spells runs of blanks with blanks; the vocabulary knows them with the visible blank.
    vocab = {token.replace(" ", "\u2581"): i for i, token in enumerate(tokens)}
    skip = {token for token, kind in zip(tokens, types) if kind == CONTROL}
    merges = []
    for token, rank in vocab.items():
        if token in skip:
            continue
        for cut in range(1, len(token)):
            left, right = token[:cut], token[cut:]
            if left in vocab and right in vocab and left not in skip and right not in skip:
                merges.append((rank, vocab[left], vocab[right], left, right))
    merges.sort()
    tokenizer = Tokenizer(BPE(vocab=vocab, merges=[(left, right) for *_, left, right in merges], fuse_unk=True,
                              unk_token="<unk>", byte_fallback=True))
    tokenizer.normalizer = normalizers.Replace(" ", "\u2581")
    tokenizer.add_tokens([AddedToken(token, normalized=False, special=False)
                          for token, kind in zip(tokens, types) if kind == USER_DEFINED and "  " not in token])
    return tokenizer


def ids_of(fields, text):
    """Ids of a text, with the beginning-of-sequence token where the file asks for it."""
    make = {"gpt2": smollm, "llama": gemma}[fields["tokenizer.ggml.model"]]
    bos = [fields["tokenizer.ggml.bos_token_id"]] if fields.get("tokenizer.ggml.add_bos_token") else []
    return bos + make(fields).encode(text, add_special_tokens=False).ids
