# SPDX-License-Identifier: MIT
"""Hugging Face `tokenizers` objects made from the vocabulary inside a GGUF file: what text becomes ids with here."""
import base64
import json
import pathlib
import re
import struct
import sys

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "libllm/src/tokenizer"))

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = 1, 2, 3, 4, 5, 6


SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
STRING, ARRAY = 8, 9


def fields_of(path):
    """The metadata of a GGUF file, read in a fraction of the time that the package gguf takes for a vocabulary."""
    data = pathlib.Path(path).read_bytes()
    magic, _, _, n_fields = struct.unpack_from("<4sIQQ", data)
    if magic != b"GGUF":
        sys.exit(f"{path} is not a GGUF file")
    at = 24

    def scalars(kind, n):
        nonlocal at
        code = f"<{n}{SCALARS[kind]}"
        at += struct.calcsize(code)
        return list(struct.unpack_from(code, data, at - struct.calcsize(code)))

    def string():
        nonlocal at
        size = int.from_bytes(data[at:at + 8], "little")
        at += 8 + size
        return data[at - size:at].decode()

    def value(kind):
        if kind == STRING:
            return string()
        if kind != ARRAY:
            return scalars(kind, 1)[0]
        (kind,), (n,) = scalars(4, 1), scalars(10, 1)
        return [value(kind) for _ in range(n)] if kind in (STRING, ARRAY) else scalars(kind, n)

    return {string(): value(scalars(4, 1)[0]) for _ in range(n_fields)}


def split(pattern, behavior="isolated"):
    return pre_tokenizers.Split(Regex(pattern), behavior)


def steps_of(pre):
    """Normalizer, pre-tokenizers and ignore_merges by tokenizer.ggml.pre, as the published tokenizer.json files have them."""
    from make_tables import PATTERNS  # the expressions as they are published
    p = {name: pattern if isinstance(pattern, str) else pattern[0] for name, pattern in PATTERNS}
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    gpt2 = pre_tokenizers.ByteLevel(add_prefix_space=False)
    digits = pre_tokenizers.Digits(individual_digits=True)
    nfc = normalizers.NFC()
    return {
        "gpt-2": (None, [gpt2], False),
        "mpt": (nfc, [gpt2], False),
        "refact": (None, [digits, gpt2], False),
        "starcoder": (None, [digits, gpt2], False),
        "smollm": (None, [digits, gpt2], False),
        "command-r": (nfc, [digits, gpt2], False),
        "llama-bpe": (None, [split(p["cl100k"]), byte_level], True),
        "qwen2": (nfc, [split(p["qwen2"]), byte_level], False),
        "qwen35": (None, [split(p["qwen35"]), byte_level], False),
        "falcon": (None, [pre_tokenizers.Punctuation("contiguous"), gpt2, pre_tokenizers.Digits(),
                          split("[0-9][0-9][0-9]")], False),
        "deepseek-llm": (None, [split(r"[\r\n]"), split(p["deepseek_llm_letters"]), split(p["deepseek_llm_marks"]),
                                split(r"\s+$"), split(p["deepseek_han"]), digits, byte_level], False),
        "deepseek-coder": (None, [split(r"[\r\n]"), split(r"\s?\p{L}+"), split(r"\s?\p{P}+"), split(p["deepseek_han"]), digits,
                                  byte_level], False),
    }[pre]


def byte_bpe(m):
    normalizer, steps, ignore_merges = steps_of("gpt-2" if m.get("pre", "default") == "default" else m["pre"])
    skipped = {i for i, kind in enumerate(m["token_type"]) if kind in (CONTROL, UNKNOWN, USER_DEFINED)}
    vocab = {}
    for i, token in enumerate(m["tokens"]):
        if i not in skipped:
            vocab.setdefault(token, i)
    # Vocabularies have names for all ids; those of added tokens must not be reachable by merging.
    for i in skipped:
        vocab.setdefault(f"\0{i}", i)
    merges = [tuple(merge.split(" ")) for merge in m["merges"]]
    known = [pair for pair in merges if pair[0] in vocab and pair[1] in vocab and pair[0] + pair[1] in vocab]
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=known, ignore_merges=ignore_merges))
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def scored(m):
    """BPE over characters with byte fallback. The published lists of merges are sorted by score; pairs for one token with a
    blank in front of every text (Llama 2) by the ids of the halves, without one (Gemma) with the longer left half first;
    user-defined tokens (runs of blanks, for merging) come before all others."""
    vocab = {token: i for i, token in enumerate(m["tokens"])}
    prefix = m.get("add_space_prefix", True)
    scores = {i: 0.0 if kind == USER_DEFINED else score
              for i, (score, kind) in enumerate(zip(m["scores"], m["token_type"]))}
    merges = []
    for token, i in vocab.items():
        if m["token_type"][i] not in (NORMAL, USER_DEFINED):
            continue
        for cut in range(1, len(token)):
            if token[:cut] in vocab and token[cut:] in vocab:
                order = (vocab[token[:cut]], vocab[token[cut:]]) if prefix else (-cut, -(len(token) - cut))
                merges.append(((-scores[i], i, *order) if prefix else (-scores[i], *order), token[:cut], token[cut:]))
    merges.sort(key=lambda merge: merge[0])
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=[merge[1:] for merge in merges], unk_token="<unk>", fuse_unk=True,
                                     byte_fallback=True))
    blanks = [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    tokenizer.normalizer = normalizers.Sequence(blanks[0 if prefix else 1:])
    return tokenizer


def gemma4(m):
    vocab = {token: i for i, token in enumerate(m["tokens"])}
    merges = [tuple(merge.split(" ", 1)) if not merge.startswith(" ") else (merge[0], merge[2:]) for merge in m["merges"]]
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    return tokenizer


def wordpiece(m):
    def name(token, i):
        if m["token_type"][i] == CONTROL or token.startswith("[unused"):
            return token
        return token[1:] if token.startswith("▁") else "##" + token
    tokenizer = Tokenizer(models.WordPiece(vocab={name(token, i): i for i, token in enumerate(m["tokens"])},
                                           unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def unigram(m):
    charsmap = base64.b64encode(bytes(x & 255 for x in m["precompiled_charsmap"])).decode()
    vocab = [["\0%d" % i if kind in (CONTROL, UNKNOWN) else token, score]
             for i, (token, score, kind) in enumerate(zip(m["tokens"], m["scores"], m["token_type"]))]
    return Tokenizer.from_str(json.dumps({
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [],
        "normalizer": {"type": "Precompiled", "precompiled_charsmap": charsmap},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "WhitespaceSplit"}, {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"}]},
        "post_processor": None, "decoder": None,
        "model": {"type": "Unigram", "unk_id": m["unknown_token_id"], "vocab": vocab}}))


def blanks_shown(m):
    """The list of added tokens has runs of visible blanks where GGUF has blanks."""
    tokens = [token.replace(" ", "▁") if kind == USER_DEFINED and not token.strip(" ") else token
              for token, kind in zip(m["tokens"], m["token_type"])]
    return {**m, "tokens": tokens}


def is_filler(token, i):
    return re.fullmatch(r"\[PAD\d+\]", token) and token == f"[PAD{i}]"


def tokenizer_of(fields, kinds=(USER_DEFINED,)):
    """The tokenizer of a file, given its metadata; added tokens of these kinds are looked for in the text."""
    m = {name.removeprefix("tokenizer.ggml."): value for name, value in fields.items()}
    if m["model"] == "llama":
        m = blanks_shown(m)
    tokenizer = {"gpt2": byte_bpe, "llama": scored, "gemma4": gemma4, "bert": wordpiece, "t5": unigram}[m["model"]](m)
    added = [(token, kind) for i, (token, kind) in enumerate(zip(m["tokens"], m["token_type"]))
             if kind in kinds and not is_filler(token, i)]
    if m["model"] in ("gpt2", "t5"):  # the model has other names for these ids
        data = json.loads(tokenizer.to_str())
        data["added_tokens"] = []
        vocab = data["model"]["vocab"]
        for i, (token, kind) in enumerate(zip(m["tokens"], m["token_type"])):
            if f"\0{i}" in vocab if m["model"] == "gpt2" else vocab[i][0] == f"\0{i}":
                shown = token if (token, kind) in added else f"\0{i}"
                if m["model"] == "gpt2":
                    del vocab[f"\0{i}"]
                    if shown in vocab:  # byte characters as added tokens: the model's entry has to go
                        raise ValueError(shown)
                    vocab[shown] = i
                else:
                    vocab[i][0] = shown
        tokenizer = Tokenizer.from_str(json.dumps(data))
    tokenizer.add_tokens([AddedToken(token, normalized=False, special=kind == CONTROL) for token, kind in added])
    return tokenizer


def ids_of(fields, text):
    """Ids of a text, with the beginning-of-sequence token where the file asks for it."""
    bos = [fields["tokenizer.ggml.bos_token_id"]] if fields.get("tokenizer.ggml.add_bos_token") else []
    return bos + tokenizer_of(fields).encode(text, add_special_tokens=False).ids
