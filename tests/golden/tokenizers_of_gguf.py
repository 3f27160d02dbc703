# SPDX-License-Identifier: MIT
"""Hugging Face `tokenizers` objects made from the vocabulary inside a GGUF file: what text becomes ids with here."""
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

NORMAL, CONTROL, USER_DEFINED = 1, 3, 4


def smollm(m):
    """Byte-level BPE; digits are split one by one before GPT-2's own pattern applies."""
    tokenizer = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate(m["tokens"])},
                                     merges=[tuple(merge.split(" ")) for merge in m["merges"]]))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    return tokenizer


def gemma(m):
    """BPE over characters with byte fallback. The published tokenizer has its merges by score, then with the longer left
    half first; user-defined tokens (runs of blanks, for merging) come before all others."""
    vocab = {token: i for i, token in enumerate(m["tokens"])}
    scores = {i: 0.0 if kind == USER_DEFINED else score
              for i, (score, kind) in enumerate(zip(m["scores"], m["token_type"]))}
    merges = []
    for token, i in vocab.items():
        if m["token_type"][i] not in (NORMAL, USER_DEFINED):
            continue
        for cut in range(1, len(token)):
            if token[:cut] in vocab and token[cut:] in vocab:
                merges.append((-scores[i], -cut, -(len(token) - cut), token[:cut], token[cut:]))
    merges.sort(key=lambda merge: merge[:3])
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=[merge[3:] for merge in merges], unk_token="<unk>",
                                     fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    return tokenizer


def blanks_shown(m):
    """The list of added tokens has runs of visible blanks where GGUF has blanks."""
    tokens = [token.replace(" ", "▁") if kind == USER_DEFINED and not token.strip(" ") else token
              for token, kind in zip(m["tokens"], m["token_type"])]
    return {**m, "tokens": tokens}


def tokenizer_of(fields, kinds=(USER_DEFINED,)):
    """The tokenizer of a file, given its metadata; added tokens of these kinds are looked for in the text."""
    m = {name.removeprefix("tokenizer.ggml."): value for name, value in fields.items()}
    if m["model"] == "llama":
        m = blanks_shown(m)
    tokenizer = {"gpt2": smollm, "llama": gemma}[m["model"]](m)
    tokenizer.add_tokens([AddedToken(token, normalized=False, special=kind == CONTROL)
                          for token, kind in zip(m["tokens"], m["token_type"]) if kind in kinds])
    return tokenizer


def ids_of(fields, text):
    """Ids of a text, with the beginning-of-sequence token where the file asks for it."""
    bos = [fields["tokenizer.ggml.bos_token_id"]] if fields.get("tokenizer.ggml.add_bos_token") else []
    return bos + tokenizer_of(fields).encode(text, add_special_tokens=False).ids
