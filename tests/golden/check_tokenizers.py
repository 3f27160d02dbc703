# SPDX-License-Identifier: MIT
"""Compares the ids of libllm with those of Hugging Face `tokenizers`, and what they decode to, on random and adversarial strings.

    check_tokenizers.py BUILD_FOLDER [-n STRINGS] [--seed N] VOCABULARY...

A VOCABULARY is a tokenizer.json, or a GGUF file (with the reference made from what is in it; see tokenizers_of_gguf.py).
A file NAME.inp beside a GGUF has texts of llama.cpp and NAME.out their ids; they are compared, too. Needs the packages
tokenizers and, for GGUF files, gguf.
"""
import argparse
import pathlib
import random
import struct
import subprocess
import sys
import threading

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
EDGES = [0x2FF, 0x300, 0x345, 0x590, 0x897, 0x8E2, 0x1ACF, 0x1DFA, 0x2E43, 0x2E5D, 0x2EBF0, 0x105C9, 0x10D40, 0x11938, 0x113D1,
         0x16D63, 0x1E4EC, 0x1E5EE, 0x1F16C, 0xA7CB, 0x1C89, 0x11DE0, 0x16FF4, 0x323B0, 0xE000, 0xFFFD, 0x10FFFD]


def piece(r, specials):
    k = r.randrange(20)
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


def texts(seed, n, specials):
    r = random.Random(seed)
    yield ""
    for _ in range(n):
        yield "".join(piece(r, specials) for _ in range(r.choice([1, 1, 2, 3, 5, 8, 13])))


class Ours:
    def __init__(self, build, path):
        self.process = subprocess.Popen([pathlib.Path(build) / "tests/golden/golden-tokenize-strings", path],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def run(self, batch):
        """Ids and decoded bytes of some texts."""
        data = b"".join(struct.pack("<I", len(t)) + t for t in batch)
        out = []
        writer = threading.Thread(target=lambda: (self.process.stdin.write(data), self.process.stdin.flush()))
        writer.start()
        for _ in batch:
            head = self.process.stdout.read(4)
            if len(head) < 4:
                sys.exit("libllm ended early")
            n, = struct.unpack("<I", head)
            ids = list(struct.unpack(f"<{n}i", self.process.stdout.read(4 * n)))
            size, = struct.unpack("<I", self.process.stdout.read(4))
            out.append((ids, self.process.stdout.read(size)))
        writer.join()
        return out


def without_padding(tokenizer):
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def reference(path):
    if path.suffix == ".json":
        return without_padding(Tokenizer.from_file(str(path))), None
    import gguf
    from tokenizers_of_gguf import CONTROL, USER_DEFINED, tokenizer_of
    fields = {name: field.contents() for name, field in gguf.GGUFReader(path).fields.items()}
    return tokenizer_of(fields, (CONTROL, USER_DEFINED)), fields


def check(build, path, n, seed):
    theirs, _ = reference(path)
    ours = Ours(build, path)
    specials = [t.content for t in theirs.get_added_tokens_decoder().values()]
    wrong = done = round_trips = 0
    batch = []

    def flush():
        nonlocal wrong, done, round_trips
        expected = theirs.encode_batch(batch, add_special_tokens=False)
        for text, want, (ids, decoded) in zip(batch, expected, ours.run([t.encode() for t in batch])):
            done += 1
            if ids != want.ids:
                wrong += 1
                if wrong <= 3:
                    at = next((i for i, (a, b) in enumerate(zip(ids, want.ids)) if a != b), min(len(ids), len(want.ids)))
                    print(f"  {text!a}\n    ours   {ids[max(0, at - 2):at + 6]} {[theirs.id_to_token(i) for i in ids[max(0, at - 2):at + 6]]}"
                          f"\n    theirs {want.ids[max(0, at - 2):at + 6]} {want.tokens[max(0, at - 2):at + 6]}")
            round_trips += decoded == text.encode()
        batch.clear()

    for text in texts(seed, n, specials):
        batch.append(text)
        if len(batch) == 1000:
            flush()
    flush()
    note = ""
    inp = path.with_name(path.name + ".inp")
    if inp.exists():
        cases = inp.read_bytes().decode().split("\n__ggml_vocab_test__\n")
        lines = path.with_name(path.name + ".out").read_text().split("\n")
        results = ours.run([c.encode() for c in cases])
        bad = [i for i, (ids, _) in enumerate(results) if ids != [int(x) for x in lines[i].split()]]
        note = f"; of llama.cpp's {len(cases)} texts {len(bad)} differ {bad}"
        wrong += len(bad)
        for i in bad[:2]:
            print(f"  llama.cpp {cases[i]!a}\n    ours {results[i][0]}\n    .out [{lines[i]}]")
    print(f"{path.parent.name}/{path.name}: {wrong} of {done} differ, {round_trips} round trips{note}", flush=True)
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("vocabularies", nargs="+", type=pathlib.Path)
    parser.add_argument("-n", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    sys.path.insert(0, str(pathlib.Path(__file__).parent))
    sys.exit(sum(check(arguments.build, path, arguments.n, arguments.seed) for path in arguments.vocabularies) > 0)


if __name__ == "__main__":
    main()
