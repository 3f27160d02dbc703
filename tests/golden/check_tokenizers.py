# SPDX-License-Identifier: MIT
"""Compares the ids of libllm with those of Hugging Face `tokenizers`, and what they decode to, on random and adversarial strings.

    check_tokenizers.py BUILD_FOLDER [-n STRINGS] [--seed N] [--keep FOLDER] VOCABULARY...

A VOCABULARY is a tokenizer.json, or a GGUF file (with the reference made from what is in it; see tokenizers_of_gguf.py).
A file NAME.inp beside a GGUF has texts of llama.cpp and NAME.out their ids; they are compared, too. The ids of the
reference stay in FOLDER, and further runs with the same strings take them from there. Needs the package tokenizers.
"""
import argparse
import array
import itertools
import os
import pathlib
import random
import struct
import subprocess
import sys
import time

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # one processor

from tokenizers import Tokenizer

WORDS = """the of and to in is you that it he was for on are as with his they I at be this have from don't can't I'll we've
you're he'd it's THE DON'T CAN'T WE'VE I'LL YOU'RE HE'D IT'S I'M o'clock 'tis y'all rock'n'roll naïve café résumé Straße
función программирование привет ελληνικά العربية עברית हिन्दी ภาษาไทย 日本語 テスト 中文分词 你好世界 한국어 Việt Nam Łódź İstanbul ÅNGSTRÖM
XMLHttpRequest camelCase snake_case internationalization supercalifragilistic""".split()
ODD = ["def f(x):\n    return x+1\n", "for (int i = 0; i < n; ++i) {\n\ta[i] = b[i] * 2.5e-3f;\n}\n", "#include <stdio.h>\n",
       "https://example.com/path?q=1&b=%20#frag", "0xDEADBEEF", "3.14159", "1,234,567.89", "//////", "======", "-----",
       "</div>", "\\n\\t\\\\", "```python\n", "\r\n", "\r\r\n\n", "\t\t\tx", "  \n  \n", "\u3000", "\u00a0", "\u2028", "\x85",
       "\x00", "\x1b[0m", "\x7f", "\ufeff", "\u200d", "\u200b", "\u200c", "\ufffd", "😀", "👨‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇩🇪🇫🇷", "❤️",
       "1️⃣", "©", "…", "“”", "€", "½", "²", "Ⅷ", "٣٤", "१२३", "４２", "㈱", "𝔘𝔫𝔦", "𠮷", "𒀀", "'s", "'S", "'LL", "'lL", "'ſ",
       "''", "``", " s", "▁", "▁▁", "▁ ▁▁▁", "a▁b", "<0x41>", "ﬁ", "Ａ", "ª", "é", "e\u0301", "q\u0323\u0307", "가", "\u1100\u1161",
       "한", "क्ष", "ǅ", "ß", "ẞ", "Ω", "K", "Å", "<!dummy-prefix!>", "<|im", "|>", "<|", "[UNK", "##ing", "</w>"]
EMOJI = "😀👨👩👧👦🏳🏴🌈👍🏽🏿❤♀♂⚕🇩🇪🇫🇷1#*\u20e3\ufe0f\ufe0e\u200d\u200d\u200d\U000e0067\U000e007f"
EDGES = [0xD7FD, 0xFDD0, 0x1FFFD, 0x7E, 0x7FE, 0xFFFE, 0x2FF, 0x300, 0x345, 0x590, 0x897, 0x8E2, 0x1ACF, 0x1DFA, 0x2E43, 0x2E5D, 0x2EBF0, 0x105C9, 0x10D40, 0x11938, 0x113D1,
         0x16D63, 0x1E4EC, 0x1E5EE, 0x1F16C, 0xA7CB, 0x1C89, 0x11DE0, 0x16FF4, 0x323B0, 0xE000, 0xFFFD, 0x10FFFD]


def cut(r, text):
    """Part of a text."""
    a, b = sorted((r.randrange(len(text) + 1), r.randrange(len(text) + 1)))
    return text[a:b]


def look_alike(r, special):
    """A token with something amiss: a character dropped, doubled or replaced, or a part of it."""
    i, k = r.randrange(len(special)), r.randrange(4)
    return cut(r, special) if k == 3 else special[:i] + ("", special[i] * 2, r.choice(" _x\u2581"))[k] + special[i + 1:]


def piece(r, specials, known):
    k = r.randrange(26)
    if k > 19:
        if k == 20 and specials:
            return look_alike(r, r.choice(specials))
        if k == 21:
            return r.choice(["'", "'", "’", "x'"]) + r.choice(["s", "S", "t", "T", "re", "RE", "rE", "ve", "Ve", "m", "M", "ll", "lL",
                                                              "d", "D", "ſ", "", "se", "ré", " s"])
        if k == 22:
            return "".join(r.choice(" \n\t\r\v\f\x1c\x1f\x85\u00a0\u1680\u2003\u2028\u202f\u3000\u200b\u180e  \n\n")
                           for _ in range(r.randrange(1, 8)))
        if k == 23:
            return "".join(r.choice(EMOJI) for _ in range(r.randrange(1, 8)))
        if known:  # what the vocabulary knows, where it would not expect it
            return r.choice(known) + (cut(r, r.choice(known)) if k == 24 else "")
        k = 12
    if k < 5:
        return r.choice(["", " ", " "]) + r.choice(WORDS)
    if k < 8:
        return r.choice(ODD)
    if k == 8:
        return " " * r.choice([1, 2, 3, 4, 5, 8, 16, 31, 32, 33, 63])
    if k == 9:
        return r.choice("\n\t\r ") * r.randrange(1, 6)
    if k == 10:
        return str(r.randrange(10 ** r.randrange(1, 14)))
    if k == 11:
        return r.choice("abcXYZéß!?.,-/#=_ \u2581'中\u0301") * r.choice([1, 2, 3, 5, 9, 17, 40, 100])
    if k == 12:
        return "".join(chr(r.randrange(32, 127)) for _ in range(r.randrange(1, 12)))
    if k == 13:
        return "".join(chr(r.randrange(0x4e00, 0x9fa6)) for _ in range(r.randrange(1, 12)))
    if k == 14 and specials:
        return r.choice(["", " ", "  ", "x", "\t"]) + r.choice(specials) + r.choice(["", " ", "  ", "x", "\n"])
    if k == 15:
        return chr(r.choice(EDGES) + r.randrange(3))
    if k == 16:
        return "".join(chr(r.randrange(0x80, 0x3000)) for _ in range(r.randrange(1, 5)))
    if k == 17:
        return r.choice("aeiouAEIOUqк가") + "".join(chr(r.choice([r.randrange(0x300, 0x370), r.randrange(0x483, 0x488),
                                                                 r.randrange(0x591, 0x5BE), r.randrange(0x1AB0, 0x1AFF)]))
                                                    for _ in range(r.randrange(1, 4)))
    while True:
        c = r.randrange(0x110000) if k == 18 else r.randrange(0x20000)
        if not 0xD800 <= c < 0xE000:
            return chr(c)


def texts(seed, n, specials, known):
    r = random.Random(seed)
    for _ in range(n):
        yield "".join(piece(r, specials, known) for _ in range(r.choice([1, 1, 1, 2, 2, 3, 3, 5, 9])))


class Ours:
    def __init__(self, build, path):
        self.process = subprocess.Popen([pathlib.Path(build) / "tests/golden/golden-tokenize-strings", path],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, batch):
        data = b"".join(struct.pack("<I", len(t)) + t for t in batch)
        self.process.stdin.write(struct.pack("<I", len(batch)) + data)
        self.process.stdin.flush()

    def answers(self, n):
        """Ids, as bytes, and decoded bytes of the texts that were asked for."""
        head = self.process.stdout.read(4)
        data = self.process.stdout.read(*struct.unpack("<I", head)) if len(head) == 4 else b""
        if not data and n:
            sys.exit("libllm ended early")
        at = 0
        for _ in range(n):
            end = at + 4 + 4 * int.from_bytes(data[at:at + 4], "little")
            size = int.from_bytes(data[end:end + 4], "little")
            yield data[at + 4:end], data[end + 4:end + 4 + size]
            at = end + 4 + size


class Theirs:
    """The ids of the reference, from a file if they are there from another run."""

    def __init__(self, tokenizer, path):
        self.tokenizer, self.path = tokenizer, path
        self.kept = open(path, "rb") if path and path.exists() else None
        self.keeps = open(path.with_suffix(".part"), "wb") if path and not self.kept else None

    def ids(self, batch):
        """Of some texts, as bytes."""
        if self.kept:
            sizes = array.array("I", self.kept.read(4 * len(batch)))
            return [self.kept.read(4 * n) for n in sizes]
        found = [array.array("i", e.ids) for e in self.tokenizer.encode_batch_fast(batch, add_special_tokens=False)]
        if self.keeps:
            array.array("I", map(len, found)).tofile(self.keeps)
            for ids in found:
                ids.tofile(self.keeps)
        return [ids.tobytes() for ids in found]

    def close(self):
        if self.keeps:
            self.keeps.close()
            self.path.with_suffix(".part").rename(self.path)


def without_padding(tokenizer):
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def reference(path):
    if path.suffix == ".json":
        return without_padding(Tokenizer.from_file(str(path))), None
    from tokenizers_of_gguf import CONTROL, USER_DEFINED, fields_of, tokenizer_of
    fields = fields_of(path)
    return tokenizer_of(fields, (CONTROL, USER_DEFINED)), fields


def known_texts(tokenizer, seed):
    """What some of the tokens stand for."""
    r = random.Random(seed)
    n = tokenizer.get_vocab_size()
    found = (tokenizer.decode([r.randrange(n)], skip_special_tokens=False) for _ in range(min(n, 5000)))
    return [text for text in found if text and "\0" not in text and "\ufffd" not in text]


def show(text, ids, want, tokenizer):
    at = next((i for i, (a, b) in enumerate(zip(ids, want)) if a != b), min(len(ids), len(want)))
    print(f"  {text!a}")
    for name, some in ("ours", ids[max(0, at - 2):at + 6]), ("theirs", want[max(0, at - 2):at + 6]):
        print(f"    {name:6} {some} {[tokenizer.id_to_token(i) for i in some]}", flush=True)


def llama_cpp(ours, path):
    """Compare with the ids in NAME.out: how many differ, and a note of it."""
    inp = path.with_name(path.name + ".inp")
    if not inp.exists():
        return 0, ""
    cases = inp.read_bytes().decode().split("\n__ggml_vocab_test__\n")
    lines = path.with_name(path.name + ".out").read_text().split("\n")
    ours.ask([c.encode() for c in cases])
    results = [list(array.array("i", ids)) for ids, _ in ours.answers(len(cases))]
    bad = [i for i, ids in enumerate(results) if ids != [int(x) for x in lines[i].split()]]
    for i in bad[:2]:
        print(f"  llama.cpp {cases[i]!a}\n    ours {results[i]}\n    .out [{lines[i]}]")
    return len(bad), f"; of llama.cpp's {len(cases)} texts {len(bad)} differ {bad}"


BATCH = 5000


def check(build, path, n, seed, keep):
    start = time.monotonic()
    tokenizer, _ = reference(path)
    name = f"{path.parent.name}-{path.name}" if path.suffix != ".json" else f"{path.resolve().parts[-4]}-{path.name}"
    theirs = Theirs(tokenizer, keep and keep / f"{name}-{n}-{seed}.ids")
    ours = Ours(build, path)
    specials = [t.content for t in tokenizer.get_added_tokens_decoder().values()]
    wrong = done = round_trips = lost = 0
    strings = texts(seed, n, specials, known_texts(tokenizer, seed))
    while batch := list(itertools.islice(strings, BATCH)):
        encoded = [text.encode() for text in batch]
        ours.ask(encoded)
        for text, as_bytes, want, (ids, decoded) in zip(batch, encoded, theirs.ids(batch), ours.answers(len(batch))):
            done += 1
            if ids != want:
                wrong += 1
                if wrong <= 3:
                    show(text, list(array.array("i", ids)), list(array.array("i", want)), tokenizer)
            if decoded == as_bytes:
                round_trips += 1
            elif tokenizer.decoder and tokenizer.decode(array.array("i", want), skip_special_tokens=False) == text:
                lost += 1
                if lost <= 3:
                    print(f"  {text!a}\n    is decoded to {decoded!a}, and by the reference to what it was", flush=True)
    theirs.close()
    bad, note = llama_cpp(ours, path)
    note += f"; {lost} that the reference decodes to what they were differ" if tokenizer.decoder else ""
    print(f"{name}: ids of {wrong} of {done} texts differ; {round_trips} are decoded to what they were{note} "
          f"({time.monotonic() - start:.0f} s)", flush=True)
    return wrong + bad + lost


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("vocabularies", nargs="+", type=pathlib.Path)
    parser.add_argument("-n", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=pathlib.Path)
    arguments = parser.parse_args()
    sys.path.insert(0, str(pathlib.Path(__file__).parent))
    sys.exit(sum(check(arguments.build, path, arguments.n, arguments.seed, arguments.keep) for path in arguments.vocabularies) > 0)


if __name__ == "__main__":
    main()
