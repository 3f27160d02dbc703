# SPDX-License-Identifier: MIT
"""Writes tokenizer/*.json: what Hugging Face `tokenizers` makes of a few hundred texts.

    make_tokenizer_golden.py FOLDER_OF_MODELS

splits.json: for each pattern that GGUF files name, texts and the lengths in bytes of the words they are cut into.
MODEL.json: for each real model, [text, added special tokens parsed or not, ids] with its own vocabulary.

Needs the packages tokenizers and gguf. Characters newer than Unicode 14 are left out: what counts as a letter there
depends on the version of the Unicode data. The reference has its own.
"""
import json
import pathlib
import random
import sys
import unicodedata

import gguf
from tokenizers import Regex, pre_tokenizers

HERE = pathlib.Path(__file__).parent / "tokenizer"
sys.path.insert(0, str(HERE.parent.parent / "golden"))
from tokenizers_of_gguf import CONTROL, USER_DEFINED, tokenizer_of  # noqa: E402

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
CL100K = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")
QWEN35 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
O200K = (r"[^\r\n\p{L}\p{N}]?" + UPPER + "*" + LOWER + r"+%s|[^\r\n\p{L}\p{N}]?" + UPPER + "+" + LOWER + r"*%s|\p{N}%s"
         r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
DEEPSEEK3 = [r"\p{N}{1,3}", "[一-龥぀-ゟ゠-ヿ]+",
             r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"""
             r"""| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""]


def split(*patterns):
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated") for pattern in patterns])


PATTERNS = {
    "gpt-2": split(GPT2),
    "smollm": pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), split(GPT2)]),
    "llama-bpe": split(CL100K % "{1,3}"),
    "qwen2": split(CL100K % ""),
    "qwen35": split(QWEN35),
    "gpt-4o": split(O200K % (CONTRACTION, CONTRACTION, "{1,3}")),
    "tekken": split(O200K % ("", "", "")),
    "deepseek-v3": split(*DEEPSEEK3),
}

WORDS = """the of and to in is you that it he was for on are as with his they I at be this have from don't can't I'll
we've you're he'd it's THE DON'T CAN'T WE'VE I'LL YOU'RE HE'D IT'S I'M o'clock 'tis y'all rock'n'roll naïve café résumé
Straße función программирование привет ελληνικά العربية עברית हिन्दी ภาษาไทย 日本語 テスト 中文分词 你好世界 한국어 Việt Nam
Łódź XMLHttpRequest camelCase snake_case""".split()
ODD = ["def f(x):\n    return x+1\n", "for (int i = 0; i < n; ++i) {\n\ta[i] = b[i] * 2.5e-3f;\n}\n", "#include <stdio.h>\n",
       "https://example.com/path?q=1&b=%20#frag", "user@example.org", "0xDEADBEEF", "3.14159", "1,234,567.89", "//////",
       "======", "-----", "</div>", "\\n\\t\\\\", "{{ x }}", "```python\n", "\r\n", "\r\r\n\n", "\t\t\tx", "  \n  \n",
       "\u3000", "\u00a0", "\u2028", "\x85", "\x00", "\x1b[0m", "\x7f", "\ufeff", "\u200d", "\u200b", "\ufffd", "😀",
       "👨‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇩🇪🇫🇷", "❤️", "🚀🚀🚀", "1️⃣", "©", "…", "“”", "€", "½", "²", "Ⅷ", "٣٤", "१२३",
       "４２", "㈱", "𝔘𝔫𝔦", "𠮷", "𒀀", "'s", "'S", "'LL", "'lL", "'ſ", "''", " s", "▁", "▁▁", "▁ ▁▁▁", "<|im_end|>",
       "<|im_start|>", "<|endoftext|>", "<s>", "</s>", "<unk>", "<0x41>", "<bos>", "<start_of_turn>", "<h1>", "<|", "|>"]


def characters():
    kinds = {}
    for c in range(0x110000):
        category = unicodedata.category(chr(c))
        if category not in ("Cs", "Cn", "Co"):
            kinds.setdefault(category[0], []).append(chr(c))
    return kinds


KINDS = characters()


def piece(r):
    k = r.randrange(14)
    if k < 4:
        return r.choice(["", " "]) + r.choice(WORDS)
    if k < 6:
        return r.choice(ODD)
    if k == 6:
        return " " * r.choice([1, 2, 3, 4, 5, 8, 16, 31, 32, 33, 63])
    if k == 7:
        return r.choice("\n\t\r ") * r.randrange(1, 6)
    if k == 8:
        return str(r.randrange(10 ** r.randrange(1, 14)))
    if k == 9:
        return r.choice("abcXYZéß!?.,-/#=_ \u2581") * r.choice([1, 2, 3, 5, 9, 17, 40, 100])
    if k == 10:
        return "".join(chr(r.randrange(32, 127)) for _ in range(r.randrange(1, 12)))
    if k == 11:
        return "".join(chr(r.randrange(0x4e00, 0x9fa6)) for _ in range(r.randrange(1, 12)))
    kind = KINDS[r.choice("LLLMNNPSZC")]
    return "".join(r.choice(kind) for _ in range(r.randrange(1, 5)))


def texts(seed, n):
    r = random.Random(seed)
    return [""] + ["".join(piece(r) for _ in range(r.choice([1, 1, 2, 3, 5, 8, 13]))) for _ in range(n)]


def write(name, value):
    lines = ",\n".join(json.dumps(line, ensure_ascii=True, separators=(",", ":")) for line in value)
    (HERE / name).write_text("[\n" + lines + "\n]\n")


def write_splits():
    cases = []
    for name, pattern in PATTERNS.items():
        for text in texts(len(name), 120)[1:]:
            cases.append([name, text, [len(word.encode()) for word, _ in pattern.pre_tokenize_str(text)]])
    write("splits.json", cases)


def write_model(path):
    fields = {name: field.contents() for name, field in gguf.GGUFReader(path).fields.items()}
    cases = []
    for special, kinds in ((0, (USER_DEFINED,)), (1, (CONTROL, USER_DEFINED))):
        tokenizer = tokenizer_of(fields, kinds)
        for text in texts(special + 7, 150):
            cases.append([text, special, tokenizer.encode(text, add_special_tokens=False).ids])
    write(path.stem + ".json", cases)


folder = pathlib.Path(sys.argv[1])
write_splits()
write_model(folder / "SmolLM2-135M-Instruct.Q4_1.gguf")
write_model(folder / "gemma-3-270m-q4_k_m.gguf")
