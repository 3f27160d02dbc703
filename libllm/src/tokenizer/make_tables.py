# SPDX-License-Identifier: MIT
"""Writes unicode_table.c and dfa_table.c: what the pre-tokenizers of Hugging Face `tokenizers` mean by their patterns.

    make_tables.py          (needs the packages tokenizers and numpy, and perl; by hand, when something below changes)

The parts of `tokenizers` have Unicode data of different versions (8.0 to 17.0), none of them that of the system's
utf8proc. So every character is shown to the package itself and what it does becomes a table. Characters that Unicode
9.0 did not have yet (perl knows the age) are left alone by its normalization forms.

A pattern becomes a state machine over classes of characters. A state is the list of the places in the pattern that a
backtracking matcher could be at, in the order in which it would try them; what comes behind a match in the list is cut
off. So the machine finds the match that backtracking finds, in one pass. What follows a match, (?!\\S) and so on, is
known one character later: an edge says "a match ended in front of this character".
"""
import pathlib
import re
import subprocess
import sys

import numpy as np
from tokenizers import Regex, __version__, normalizers, pre_tokenizers

HERE = pathlib.Path(__file__).parent
N = 0x110000
POINTS = [c for c in range(N) if not 0xD800 <= c < 0xE000]
CATEGORIES = ["Cn", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf",
              "Po", "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Co"]

# The patterns. A name starts with what it is called in C.
CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
TAIL = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
CL100K = CONTRACTION + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s" + TAIL
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}%s]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}%s]"


def o200k(contraction, digits, prefix="", tail=r"[\r\n/]*", less=""):
    upper, lower = UPPER % less, LOWER % less
    return (prefix + r"[^\r\n\p{L}\p{N}]?" + upper + "*" + lower + "+" + contraction + r"|[^\r\n\p{L}\p{N}]?" + upper + "+"
            + lower + "*" + contraction + r"|\p{N}" + digits + r"| ?[^\s\p{L}\p{N}]+" + tail
            + r"|\s*[\r\n]+|\s+(?!\S)|\s+")


DEEPSEEK_LETTERS = (
    "A-Za-z\xb5\xc0-\xd6\xd8-\xf6\xf8-\u01ba\u01bc-\u01bf\u01c4-\u0293\u0295-\u02af\u0370-\u0373\u0376\u0377"
    "\u037b-\u037d\u037f\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03f5\u03f7-\u0481\u048a-\u052f\u0531-"
    "\u0556\u10a0-\u10c5\u13a0-\u13f5\u13f8-\u13fd\u1c90-\u1cba\u1cbd-\u1cbf\u1d00-\u1d2b\u1d6b-\u1d77\u1d79-"
    "\u1d9a\u1e00-\u1f15\u1f18-\u1f1d\u1f20-\u1f45\u1f48-\u1f4d\u1f50-\u1f57\u1f59\u1f5b\u1f5d\u1f5f-\u1f7d"
    "\u1f80-\u1fb4\u1fb6-\u1fbc\u1fbe\u1fc2-\u1fc4\u1fc6-\u1fcc\u1fd0-\u1fd3\u1fd6-\u1fdb\u1fe0-\u1fec\u1ff2-"
    "\u1ff4\u1ff6-\u1ffc\u2102\u2107\u210a-\u2113\u2115\u2119-\u211d\u2124\u2126\u2128\u212a-\u212d\u212f-"
    "\u2134\u2139\u213c-\u213f\u2145-\u2149\u214e\u2183\u2184\u2c00-\u2c7b\u2c7e-\u2ce4\u2ceb-\u2cee\u2cf2"
    "\u2cf3\ua640-\ua66d\ua680-\ua69b\ua722-\ua76f\ua771-\ua787\ua78b-\ua78e\uab70-\uabbf\ufb00-\ufb06\ufb13-"
    "\ufb17\uff21-\uff3a\uff41-\uff5a\U00010400-\U0001044f\U000104b0-\U000104d3\U000104d8-\U000104fb"
    "\U00010c80-\U00010cb2\U00010cc0-\U00010cf2\U000118a0-\U000118df\U0001e900-\U0001e943")
DEEPSEEK3 = (r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"""
             r"""| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+""")

# [name, pattern]; a list: what is written differently and means the same. "bytes": over bytes instead of characters.
PATTERNS = [
    ("gpt2", GPT2),
    ("cl100k", [CL100K % "{1,3}",
                CONTRACTION + r"|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
                r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)"
                r"|\s+"]),
    ("cl100k_tiktoken", [  # one line end behind blanks, and of other blanks one at a time
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s",
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s"]),
    ("qwen2", CL100K % ""),
    ("cl100k_numbers", CL100K % "+"),
    ("qwen35", CONTRACTION + r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)"
     r"|\s+"),
    ("ufakzeka", r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}" + TAIL),
    ("seed_coder", CONTRACTION + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+"),
    ("bailing", [r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)"
                 r"|\s+"]),
    ("exaone_moe", CONTRACTION + r"|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?"
     r"|\s*[\r\n]|\s+(?!\S)|\s+"),
    ("marks", CONTRACTION + r"|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*)+|\p{N}" + TAIL),
    ("k2_horizon", CONTRACTION + "|[^\\r\\n\\p{L}\\p{N}]?(?:\\p{L}|\\p{M}|\u200c|\u200d)+|\\p{N}{1,3}" + TAIL),
    ("jais2", CONTRACTION + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s{512}(?!\S)"
     r"|\s{256}(?!\S)|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)|\s{16}(?!\S)|\s{8}(?!\S)|\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1}"),
    ("o200k", o200k(CONTRACTION + "?", "{1,3}")),
    ("o200k_digit", o200k(CONTRACTION + "?", "")),
    ("tekken", o200k("", "")),
    ("kimi_k2", o200k(CONTRACTION + "?", "{1,3}", r"[\p{Han}]+|", r"[\r\n]*", r"&&[^\p{Han}]")),
    ("digits3", r"\p{N}{1,3}"),
    ("digit", [r"\p{N}", r"\p{N}{1}"]),
    ("digit_run", r"\p{N}+"),
    ("ascii_digits3", "[0-9][0-9][0-9]"),
    ("ascii_digits3_of_bytes", "bytes:[0-9][0-9][0-9]"),
    ("numeric_of_bytes", "bytes:[0-9\xb2\xb3\xb9\xbc\xbd\xbe]+"),
    ("deepseek3_han", "[一-龥\u3040-ゟ゠-ヿ]+"),
    ("deepseek3", DEEPSEEK3),
    ("spark", DEEPSEEK3.replace(r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|", r"| ?[\p{P}\p{S}]+|[\r\n]|")),
    ("deepseek_line", r"[\r\n]"),
    ("deepseek_llm_letters", r"\s?[" + DEEPSEEK_LETTERS + "]+"),
    ("deepseek_llm_marks", r"\s?[!-/:-~！-／：-～‘-‟　-。]+"),
    ("deepseek_end", r"\s+$"),
    ("deepseek_han", "[一-龥ࠀ-一가-퟿]+"),
    ("deepseek_wide_marks", " ?[！-／：-～‘-‟　-。《》「」【】]+"),
    ("deepseek_coder_letters", r"\s?\p{L}+"),
    ("deepseek_coder_marks", r"\s?\p{P}+"),
    ("youtu", "[가-힣ㄱ-ㆎ]+|[！…“”‘’—：；，、-〿︰-﹏]+|[ㄅ-ㄯ]+|[一-龥\u3040-ゟ゠-ヿ]+"),
    ("afmoe_scripts", r"(?:[\u4E00-\u9FFF\u3040-\u309F\u30A0-\u30FF\u3400-\u4DBF\uf900-\uFAFF\uFF65-\uFF9F\u2F00-\u2FDF]+"
     r"|[\u0E00-\u0E7F]+|[\u0E80-\u0EFF]+|[\u1780-\u17FF]+|[\u1000-\u109F\uAA60-\uAA7F\uA9E0-\uA9FF]+"
     r"|[\uAC00-\uD7AF\u1100-\u11FF]+)"),
    ("bloom", " ?[^(\\s|[.,!?…。，、।۔،])]+"),
    ("chameleon_sentinel", "<sentinel:[0-9]+>"),
    ("chameleon_image", "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z"),
    ("chameleon_blanks", r"([\t\n]|    |  )"),
    ("chameleon_marks", r"[\p{P}!-/:-@\[-`{-~]"),
    ("lines", r"[^\n]+|[\n]+"),
    ("line_ends", r"(?:\r?\n)+"),
    ("clip", r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"),
    ("blanks", [r"\s+", r"[\s]+"]),
    ("blank", r"\s"),
    ("two_spaces", " {2,}"),
    ("words", [r"\s+|\w+|[^\w\s]+", r"\w+|[^\w\s]+|\s+"]),
    ("default_marks", r"[\p{P}\$\+<=>\^~\|`]+"),
    ("french", "(?i: ?(?:[jtmslndcy]['’]|qu['’]|jusqu['’]|lorsqu['’]|puisqu['’]|quoiqu['’]|aujourd['’]hui)|['’][stmd]"
     r"|['’][rv]e|['’]ll)| ?\p{L}+|\p{N}" + TAIL),
    # Not expressions of Oniguruma: the fixed pre-tokenizers, with the character sets that those have.
    ("numeric", r"\p{numeric}"),
    ("numeric_run", r"\p{numeric}+"),
    ("punctuation", r"\p{punctuation}"),
    ("word_or_marks", r"\p{word}+|[^\p{word}\p{white}]+"),
    ("white", r"\p{white}+"),
]

# Written with conditions that hold by themselves: a run that goes on as far as it can.
ALIASES = [(r"(?:\r?\n)+(?!\r?\n)", "line_ends")]


# Characters ------------------------------------------------------------------------------------------------------------
def clusters():
    """A normalizer that makes X of a, and of all that is in one grapheme cluster with it."""
    units = np.zeros(512, "<u4")
    units[0], units[256 ^ ord("a")], units[257 ^ ord("a")] = 256 << 10, ord("a") | 0x100 | 1 << 10, 0x80000000
    return normalizers.Precompiled(np.uint32(2048).tobytes() + units.tobytes() + b"X\0")


def probe():
    """The sets of characters that the package uses, as arrays of booleans by code point."""
    text = "".join("a" + chr(c) for c in POINTS)

    def alone(pre_tokenizer):
        out = np.zeros(N, bool)
        for _, (begin, end) in pre_tokenizer.pre_tokenize_str(text):
            if end - begin == 1 and begin % 2:
                out[POINTS[begin // 2]] = True
        return out

    def matches(pattern):
        return alone(pre_tokenizers.Split(Regex(pattern + r"(?=a|\z)"), "isolated"))

    sets = {name: matches(r"\p{%s}" % name) for name in CATEGORIES}
    for major in "LMNPSZC":
        sets[major] = np.any([sets[name] for name in CATEGORIES if name[0] == major], axis=0)
    sets["space"], sets["w"], sets["Han"] = matches(r"\s"), matches(r"\w"), matches(r"\p{Han}")
    sets["numeric"] = alone(pre_tokenizers.Digits(individual_digits=True))
    sets["punctuation"] = alone(pre_tokenizers.Punctuation())
    kept = np.zeros(N, bool)
    for _, (begin, end) in pre_tokenizers.WhitespaceSplit().pre_tokenize_str(text):
        for at in range(begin | 1, end, 2):
            kept[POINTS[at // 2]] = True
    sets["white"] = ~kept
    sets["white"][0xD800:0xE000] = False
    whitespace, joiner = pre_tokenizers.Whitespace(), clusters()
    clean = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    accents = normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False)
    nmt, marks, lower, nfd = normalizers.Nmt(), normalizers.StripAccents(), normalizers.Lowercase(), normalizers.NFD()
    for name in ("word", "extends", "dropped", "blanked", "accent", "mark", "nmt_dropped", "nmt_blanked"):
        sets[name] = np.zeros(N, bool)
    lowered = {}
    for c in POINTS:
        char = chr(c)
        sets["word"][c] = whitespace.pre_tokenize_str("a" + char)[0][0] == "a" + char
        for normalizer, dropped, blanked in ((clean, "dropped", "blanked"), (nmt, "nmt_dropped", "nmt_blanked")):
            cleaned = normalizer.normalize_str(char)
            sets[dropped][c], sets[blanked][c] = cleaned == "", cleaned == " " and c != 32
        sets["extends"][c] = joiner.normalize_str("a" + char) == "X"
        sets["accent"][c] = nfd.normalize_str(char) == char and accents.normalize_str(char) == ""
        sets["mark"][c] = marks.normalize_str(char) == ""
        small = lower.normalize_str(char)
        if small != char:
            lowered[c] = small
    sets["age9"] = np.zeros(N, bool)
    known = subprocess.run(["perl", "-e", r"for (0..0x10FFFF) { next if $_ >= 0xD800 && $_ < 0xE000;"
                            r" print qq{$_\n} if chr($_) =~ /\p{Present_In: 9.0}/ }"], capture_output=True, check=True)
    sets["age9"][[int(line) for line in known.stdout.split()]] = True
    return sets, lowered


# Regular expressions to programs -----------------------------------------------------------------------------------------
class Parser:
    """The grammar that the patterns need. Possessive quantifiers are read as greedy ones: where they stand above, what
    follows cannot begin with what they repeat."""

    def __init__(self, pattern, sets, over_bytes):
        self.p, self.at, self.sets, self.fold = pattern, 0, sets, False
        self.over_bytes = over_bytes
        self.programs, self.used = [], []

    def more(self):
        return self.at < len(self.p)

    def looking(self, text):
        return self.p.startswith(text, self.at)

    def take(self, text):
        if not self.looking(text):
            return False
        self.at += len(text)
        return True

    def one(self, c):
        out = np.zeros(N, bool)
        out[c] = True
        if self.fold:
            for other in np.nonzero(self.sets["L"])[0]:
                char = chr(other)
                if char.lower() == chr(c).lower() or char.upper() == chr(c).upper():
                    out[other] = True
        return out

    def escape(self):
        c = self.p[self.at]
        self.at += 1
        if c in "pP":
            end = self.p.index("}", self.at)
            out = self.sets[self.p[self.at + 1:end]]
            self.at = end + 1
            return out if c == "p" else ~out
        known = {"s": "space", "d": "Nd", "w": "w"}
        if c.lower() in known:
            return self.sets[known[c]] if c.islower() else ~self.sets[known[c.lower()]]
        if c in "rnt":
            return self.one(ord({"r": "\r", "n": "\n", "t": "\t"}[c]))
        if c == "u":
            self.at += 4
            return self.one(int(self.p[self.at - 4:self.at], 16))
        assert not c.isalnum(), self.p[self.at - 2:]
        return self.one(ord(c))

    def set_of_class(self):
        negated = self.take("^")
        out, both = np.zeros(N, bool), None
        while not self.take("]"):
            if self.take("&&"):
                both = out if both is None else both & out
                out = np.zeros(N, bool)
                continue
            if self.take("["):
                out = out | self.set_of_class()
                continue
            single = None
            if self.take("\\"):
                part = self.escape()
                if part.sum() == 1:
                    single = int(np.nonzero(part)[0][0])
            else:
                single = ord(self.p[self.at])
                self.at += 1
                part = self.one(single)
            if single is not None and self.looking("-") and not self.looking("-]"):
                self.at += 1
                if self.take("\\"):
                    last = int(np.nonzero(self.escape())[0][0])
                else:
                    last = ord(self.p[self.at])
                    self.at += 1
                assert last >= single, self.p
                part = np.zeros(N, bool)
                part[single:last + 1] = True
            out = out | part
        out = out if both is None else both & out
        return ~out if negated else out

    def atom(self):
        if self.take("(?!") or self.take("(?="):
            negative = self.p[self.at - 1] == "!"
            inner = self.alternatives()
            assert self.take(")")
            assert inner[0] == "set"
            return ("next", ~inner[1] if negative else inner[1], negative)
        if self.looking("(?i:") or self.looking("(?:") or self.looking("("):
            fold = self.fold
            self.fold = self.fold or self.looking("(?i:")
            self.at += 4 if self.looking("(?i:") else 3 if self.looking("(?:") else 1
            inner = self.alternatives()
            assert self.take(")"), self.p[self.at:]
            self.fold = fold
            return inner
        if self.take("["):
            return ("set", self.set_of_class())
        if self.take("\\"):
            return ("set", self.escape())
        if self.take("$"):
            return ("next", self.one(10), True)
        assert self.p[self.at] not in ".^", self.p[self.at:]
        self.at += 1
        return ("set", self.one(ord(self.p[self.at - 1])))

    def sequence(self):
        items = []
        while self.more() and self.p[self.at] not in "|)":
            item = self.atom()
            while True:
                counted = re.compile(r"\{(\d+)(,?)(\d*)\}").match(self.p, self.at)
                if self.more() and self.p[self.at] in "*+?":
                    low, high = {"*": (0, None), "+": (1, None), "?": (0, 1)}[self.p[self.at]]
                    self.at += 1
                    self.take("+")
                elif counted:
                    low = int(counted[1])
                    high = low if not counted[2] else int(counted[3]) if counted[3] else None
                    self.at = counted.end()
                else:
                    break
                item = ("repeat", (item, low, high))
            items.append(item)
        return items[0] if len(items) == 1 else ("cat", items)

    def alternatives(self):
        options = [self.sequence()]
        while self.take("|"):
            options.append(self.sequence())
        return options[0] if len(options) == 1 else ("or", options)


class Program:
    """Instructions: ("set", s, next), ("next", s, at_end, next), ("split", first, second), ("match",)."""

    def __init__(self, tree):
        self.code, self.sets = [], []
        self.start = self.emit(tree, self.add("match"))

    def add(self, *instruction):
        self.code.append(list(instruction))
        return len(self.code) - 1

    def number(self, s):
        for i, other in enumerate(self.sets):
            if np.array_equal(s, other):
                return i
        self.sets.append(s)
        return len(self.sets) - 1

    def emit(self, tree, then):
        kind, value = tree[0], tree[1]
        if kind == "set":
            return self.add("set", self.number(value), then)
        if kind == "next":
            return self.add("next", self.number(value), tree[2], then)
        if kind == "cat":
            for item in reversed(value):
                then = self.emit(item, then)
            return then
        if kind == "or":
            starts = [self.emit(option, then) for option in value]
            for start in reversed(starts[:-1]):
                starts[-1] = self.add("split", start, starts[-1])
            return starts[-1]
        item, low, high = value
        if high is None:
            loop = self.add("split", None, then)
            self.code[loop][1] = self.emit(item, loop)
            start = loop
        else:
            start = then
            for _ in range(high - low):
                start = self.add("split", self.emit(item, start), then)
        for _ in range(low):
            start = self.emit(item, start)
        return start


def machine(name, pattern, sets, kinds, n_kinds):
    over_bytes = pattern.startswith("bytes:")
    parser = Parser(pattern.removeprefix("bytes:"), sets, over_bytes)
    tree = parser.alternatives()
    assert not parser.more(), (name, parser.p[parser.at:])
    program = Program(tree)
    # Classes: characters that are in the same sets.
    signature = np.zeros(N, np.uint64)
    for i, s in enumerate(program.sets):
        signature |= s.astype(np.uint64) << np.uint64(i)
    signature[0xD800:0xE000] = signature[0xE000]
    values, class_of = np.unique(signature[:256] if over_bytes else signature, return_inverse=True)
    n_classes = len(values) + 1
    end = n_classes - 1

    def has(s, c):
        return bool(int(values[c]) >> s & 1)

    states, rows, todo = {(): 0, (program.start,): 1}, {0: [0] * n_classes}, [(program.start,)]
    while todo:
        state = todo.pop()
        row = []
        for c in range(n_classes):
            targets, seen, matched = [], set(), False
            stack = list(reversed(state))
            while stack:
                pc = stack.pop()
                if pc in seen:
                    continue
                seen.add(pc)
                op = program.code[pc]
                if op[0] == "match":
                    matched = True
                    break
                if op[0] == "split":
                    stack += [op[2], op[1]]
                elif op[0] == "next":
                    if op[2] if c == end else has(op[1], c):
                        stack.append(op[3])
                elif c != end and has(op[1], c) and op[2] not in targets:
                    targets.append(op[2])
            key = tuple(targets)
            if key not in states:
                states[key] = len(states)
                todo.append(key)
            row.append(states[key] << 1 | matched)
        rows[states[state]] = row
    table, new_class = canonical([rows[i] for i in range(len(states))], class_of)
    return {"n_classes": len(table[0]), "table": table, **classes(new_class[class_of], over_bytes, kinds, n_kinds)}


def canonical(table, class_of):
    """The smallest machine (Moore's algorithm), its classes numbered by their first character and its states as they come up;
    0 is the dead one, 1 the start. Equal languages give equal tables."""
    group = [0] * len(table)
    while True:
        keys = {}
        new = [keys.setdefault((group[i], tuple(group[x >> 1] << 1 | x & 1 for x in row)), len(keys))
               for i, row in enumerate(table)]
        if len(set(new)) == len(set(group)):
            break
        group = new
    row_of = {g: [group[x >> 1] << 1 | x & 1 for x in table[i]] for i, g in reversed(list(enumerate(group)))}
    n_old = len(table[0])
    columns, new_class = {}, np.zeros(n_old, np.int64)
    first = {int(c): int(i) for c, i in zip(*np.unique(class_of, return_index=True))}
    for c in sorted(range(n_old - 1), key=first.__getitem__):
        new_class[c] = columns.setdefault(tuple(row_of[g][c] for g in sorted(row_of)), len(columns))
    new_class[n_old - 1] = len(columns)
    old_of = {int(new_class[c]): c for c in range(n_old)}
    order = {group[0]: 0, group[1]: 1}
    todo = [group[1]]
    for g in todo:
        for c in range(len(old_of)):
            target = row_of[g][old_of[c]] >> 1
            if target not in order:
                order[target] = len(order)
                todo.append(target)
    rows = [None] * len(order)
    for g, i in order.items():
        rows[i] = [order[row_of[g][old_of[c]] >> 1] << 1 | row_of[g][old_of[c]] & 1 for c in range(len(old_of))]
    return rows, new_class


def classes(class_of, over_bytes, kinds, n_kinds):
    if over_bytes:
        return {"first": list(class_of[:256]), "of_kind": [0], "ranges": []}
    of_kind = []
    for k in range(n_kinds):
        members = class_of[128:][kinds[128:] == k]
        of_kind.append(int(np.bincount(members).argmax()) if len(members) else 0)
    default = np.array(of_kind)[kinds]
    ranges, c = [], 128
    wrong = np.nonzero(class_of[128:] != default[128:])[0] + 128
    for c in wrong:
        if 0xD800 <= c < 0xE000:
            continue
        c = int(c)
        if ranges and class_of[c] == ranges[-1][2] and np.all(class_of[ranges[-1][1]:c] == ranges[-1][2]):
            ranges[-1][1] = c
        else:
            ranges.append([c, c, int(class_of[c])])
    return {"first": [int(x) for x in class_of[:128]] + [255] * 128, "of_kind": of_kind, "ranges": ranges}


# Writing -----------------------------------------------------------------------------------------------------------------
def numbers(values, width=118):
    lines, line = [], "   "
    for value in values:
        item = f" {value},"
        if len(line) + len(item) > width:
            lines.append(line)
            line = "   "
        line += item
    return "\n".join(lines + [line])


def literal(text):
    out = ""
    for char in text:
        if char in '"\\':
            out += "\\" + char
        elif char in "\r\n\t":
            out += {"\r": "\\r", "\n": "\\n", "\t": "\\t"}[char]
        elif " " <= char <= "~":
            out += char
        else:
            out += "".join(f"\\{byte:03o}" for byte in char.encode())
    return '"' + out.replace("??", '?" "?') + '"'


def head(what):
    return (f"/* SPDX-License-Identifier: MIT\n * {what} Written by make_tables.py, from what\n"
            f" * Hugging Face `tokenizers` {__version__} does with every character; do not edit.\n */\n"
            '/* clang-format off */\n#include "tokenizer/internal.h"\n\n')


FLAGS = ["extends", "space", "white", "word", "numeric", "punctuation", "dropped", "blanked", "accent", "mark", "nmt_dropped",
         "nmt_blanked"]


KIND_BLOCK = 32  # LL_KIND_BLOCK
KIND_RUNS = 0x20000  # LL_KIND_RUNS


def write_kinds(kinds):
    """Blocks up to where the text of today ends, and beyond, where little changes, runs of one kind."""
    blocks, index = {}, []
    for at in range(0, KIND_RUNS, KIND_BLOCK):
        index.append(blocks.setdefault(bytes(kinds[at:at + KIND_BLOCK].astype(np.uint8)), len(blocks)))
    out = f"const uint16_t ll_kind_blocks[{len(index)}] = {{\n{numbers(index)}\n}};\n\n"
    out += f"const uint8_t ll_kinds[{len(blocks)}][{KIND_BLOCK}] = {{\n"
    out += ",\n".join("  {\n" + numbers(block) + "\n  }" for block in blocks) + "\n};\n\n"
    runs = [c for c in range(KIND_RUNS, N) if c == KIND_RUNS or kinds[c] != kinds[c - 1]]
    out += f"const uint32_t ll_n_kind_runs = {len(runs)};\nconst ll_kind_run ll_kind_runs[] = {{\n"
    return out + numbers(f"{{0x{c:X}, {kinds[c]}}}" for c in runs) + "\n};\n\n"


def write_characters(sets, lowered):
    category = np.zeros(N, np.int64)
    for i, name in enumerate(CATEGORIES):
        category[sets[name]] = i
    signature = category.copy()
    for i, name in enumerate(FLAGS):
        signature |= sets[name].astype(np.int64) << (8 + i)
    signature[0xD800:0xE000] = 0
    values, kinds = np.unique(signature, return_inverse=True)
    out = head("The kinds of characters, and lower case.") + write_kinds(kinds)
    bits = {"extends": "LL_EXTENDS", "space": "LL_SPACE", "white": "LL_WHITE", "word": "LL_WORD", "numeric": "LL_NUMERIC",
            "punctuation": "LL_BERT_MARK", "dropped": "LL_BERT_DROPS", "blanked": "LL_BERT_BLANKS",
            "accent": "LL_BERT_ACCENT", "mark": "LL_ACCENT", "nmt_dropped": "LL_NMT_DROPS", "nmt_blanked": "LL_NMT_BLANKS"}
    out += f"const uint32_t ll_kind_flags[{len(values)}] = {{\n"
    for value in values:
        name = CATEGORIES[int(value) & 255]
        flags = [{"L": "LL_LETTER", "M": "LL_MARK", "N": "LL_NUMBER", "P": "LL_PUNCTUATION", "S": "LL_SYMBOL",
                  "Z": "LL_SPACE", "C": "LL_OTHER"}[name[0]]]
        if name == "Nd":
            flags.append("LL_DIGIT")
        flags += [bits[flag] for i, flag in enumerate(FLAGS) if int(value) >> (8 + i) & 1 and bits[flag] not in flags]
        out += f"    /* {name} */ {' | '.join(flags)},\n"
    out += "};\n\n"
    # Lower case: ranges of one distance; every second character where capitals and small ones alternate.
    ranges = []
    special = [(c, s) for c, s in lowered.items() if len(s) != 1]
    assert special == [(0x130, "i\u0307")], special
    for c, s in sorted(lowered.items()):
        if len(s) != 1:
            continue
        distance = ord(s) - c
        if ranges and ranges[-1][3] == distance and c - ranges[-1][1] in (1, 2) and ranges[-1][2] in (0, c - ranges[-1][1]):
            ranges[-1][2] = c - ranges[-1][1]
            ranges[-1][1] = c
        else:
            ranges.append([c, c, 0, distance])
    out += f"const uint32_t ll_n_lower_ranges = {len(ranges)};\nconst ll_lower_range ll_lower_ranges[] = {{\n"
    out += numbers("{0x%X, 0x%X, %d, %d}" % (a, b, step or 1, d) for a, b, step, d in ranges) + "\n};\n\n"
    edges, state = [], False
    for c in range(N):
        surrogate = 0xD800 <= c < 0xE000
        now = bool(sets["age9"][c]) or (surrogate and state)
        if now != state:
            edges.append(c)
            state = now
    out += ("/* Where Unicode 9.0 begins and ceases to have characters, in turn. */\n"
            f"const uint32_t ll_n_unicode9 = {len(edges)};\nconst uint32_t ll_unicode9[] = {{\n"
            + numbers(f"0x{c:X}" for c in edges) + "\n};\n")
    (HERE / "unicode_table.c").write_text(out)
    return kinds, len(values)


def write_machines(sets, kinds, n_kinds):
    out, texts = head("The state machines of the patterns."), []
    for name, patterns in PATTERNS:
        patterns = [patterns] if isinstance(patterns, str) else patterns
        made = [machine(name, pattern, sets, kinds, n_kinds) for pattern in patterns]
        for other, pattern in zip(made[1:], patterns[1:]):
            assert other["table"] == made[0]["table"] and other["first"] == made[0]["first"], (name, pattern)
        m = made[0]
        flat = [x for row in m["table"] for x in row]
        print(f"{name}: {len(m['table'])} states, {m['n_classes']} classes, {len(m['ranges'])} ranges", file=sys.stderr)
        out += f"static const uint16_t next_{name}[] = {{\n{numbers(flat)}\n}};\n"
        if m["ranges"]:
            out += f"static const ll_class_range ranges_{name}[] = {{\n"
            out += numbers("{0x%X, 0x%X, %d}" % tuple(r) for r in m["ranges"]) + "\n};\n"
        out += f"static const uint8_t of_kind_{name}[] = {{\n{numbers(m['of_kind'])}\n}};\n"
        out += f"/* {patterns[0].replace('*/', '*' + chr(92) + '/') if len(patterns[0]) < 400 else 'see make_tables.py'} */\n"
        out += (f"const ll_dfa ll_dfa_{name} = {{\n    .next = next_{name}, .n_classes = {m['n_classes']}, "
                f".of_kind = of_kind_{name},\n    .ranges = {'ranges_' + name if m['ranges'] else 'NULL'}, "
                f".n_ranges = {len(m['ranges'])},\n    .first = {{\n{numbers(m['first'])}\n    }}}};\n\n")
        for pattern in patterns:
            if not pattern.startswith("bytes:") and not re.search(r"\\p\{[a-z]", pattern):
                texts.append((pattern, name))
                with_controls = pattern.replace("\\r", "\r").replace("\\n", "\n")
                if with_controls != pattern:
                    texts.append((with_controls, name))
    texts += ALIASES
    out += "const ll_known_dfa ll_known_dfas[] = {\n"
    out += "".join(f"    {{{literal(text)}, &ll_dfa_{name}}},\n" for text, name in texts) + "    {NULL, NULL}};\n"
    (HERE / "dfa_table.c").write_text(out)
    names = sorted(name for name, _ in PATTERNS)
    lines, line = [], "extern const ll_dfa"
    for i, name in enumerate(names):
        item = f" ll_dfa_{name}" + ("," if i + 1 < len(names) else ";")
        if len(line) + len(item) > 118:
            lines.append(line)
            line = "   "
        line += item
    (HERE / "dfa_table.h").write_text(
        "/* SPDX-License-Identifier: MIT\n * Names of the state machines in dfa_table.c. Written by make_tables.py; do not edit.\n"
        " */\n#ifndef LL_TOKENIZER_DFA_TABLE_H\n#define LL_TOKENIZER_DFA_TABLE_H\n\n" + "\n".join(lines + [line])
        + "\n\n#endif\n")


if __name__ == "__main__":
    all_sets, small_letters = probe()
    write_machines(all_sets, *write_characters(all_sets, small_letters))
