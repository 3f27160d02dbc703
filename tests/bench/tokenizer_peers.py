#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How fast text becomes tokens here, in llama.cpp and in Hugging Face `tokenizers`, in turn on one thread. Prints a table.

usage: tokenizer_peers.py LIBLLM_SO [--llama FOLDER] [--rounds N] [--text FILE] VOCABULARY.gguf...

The text mixes English, Chinese and code: the prose and sources of this repository, and its Chinese clauses in random
order. Time is that of the thread, the best of the rounds. FOLDER has the peer's libllama.so. The reference of
`tokenizers` is made from the GGUF file (tests/golden/tokenizers_of_gguf.py), and its ids have to be ours.
"""
import argparse
import ctypes as C
import os
import pathlib
import random
import re
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path += [str(HERE), str(HERE.parent / "golden")]

PIECE = 200_000  # characters; texts of this size go to all three
IDS = (C.c_int32 * (4 * PIECE))()


def mixed_text():
    prose = "".join(p.read_text() for p in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("tests/**/*.md"),
                                                   ROOT / "libllm/include/libllm/libllm.h"]) if "zh" not in p.name)
    code = "".join(p.read_text() for p in sorted(ROOT.glob("libllm/**/*.c")) if "table" not in p.name)
    everything = "".join(p.read_text() for p in [ROOT / "README.zh.md", *ROOT.glob("libllm/data/*.csv"),
                                                 *ROOT.glob("libllm/src/estimate/*.c")])
    clauses = re.findall("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]{4,}", everything)
    r, size = random.Random(1), min(len(prose), len(code))
    chinese = "".join(r.choice(clauses) + r.choice("，，。；\n") for _ in range(size // 30))
    parts = [[s[i:i + 3000] for i in range(0, len(s), 3000)] for s in (prose[:size], code[:size], chinese)]
    return "".join("".join(three) for three in zip(*parts))


class Ours:
    name = "libllm"

    def __init__(self, library, vocabulary):
        self.lib = lib = C.CDLL(library)
        self.error = C.create_string_buffer(4096)
        runtime, self.model = C.c_void_p(), C.c_void_p()
        if lib.libllm_runtime_create(None, C.byref(runtime), self.error) or lib.libllm_model_open(
                runtime, str(vocabulary).encode(), None, C.byref(self.model), self.error):
            sys.exit(f"libllm cannot open {vocabulary}: {self.error.raw!a}")

    def encode(self, pieces):
        n = C.c_size_t()
        for text in pieces:
            if self.lib.libllm_model_tokenize(self.model, text, C.c_size_t(len(text)), 0, IDS, C.c_size_t(len(IDS)),
                                              C.byref(n), self.error):
                sys.exit(f"libllm: {self.error.raw!a}")
        return n.value


class Llama:
    name = "llama.cpp"

    def __init__(self, folder, vocabulary):
        from libllama_speed import ModelParams, library
        library(folder, "libggml-base")
        ggml, self.lib = library(folder, "libggml"), library(folder, "libllama")
        self.quiet = C.CFUNCTYPE(None, C.c_int, C.c_char_p, C.c_void_p)(lambda *_: None)
        self.lib.llama_log_set(self.quiet, None)
        ggml.ggml_backend_load_all_from_path(str(folder).encode())
        self.lib.llama_backend_init()
        for name, result in (("llama_model_default_params", ModelParams), ("llama_model_load_from_file", C.c_void_p),
                             ("llama_model_get_vocab", C.c_void_p)):
            getattr(self.lib, name).restype = result
        params = self.lib.llama_model_default_params()
        if not (params.use_extra_bufts and params.n_gpu_layers == -1 and not params.vocab_only):
            sys.exit("llama_model_params is laid out in an unknown way")
        params.vocab_only = True
        model = C.c_void_p(self.lib.llama_model_load_from_file(str(vocabulary).encode(), params))
        if not model:
            sys.exit(f"the peer cannot open {vocabulary}")
        self.vocab = C.c_void_p(self.lib.llama_model_get_vocab(model))

    def encode(self, pieces):
        for text in pieces:
            n = self.lib.llama_tokenize(self.vocab, text, len(text), IDS, len(IDS), False, False)
        return n


class HuggingFace:
    name = "tokenizers"

    def __init__(self, vocabulary):
        from tokenizers_of_gguf import fields_of, tokenizer_of
        self.tokenizer = tokenizer_of(fields_of(vocabulary), ())

    def encode(self, pieces):
        self.found = self.tokenizer.encode_batch_fast([text.decode() for text in pieces], add_special_tokens=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", type=pathlib.Path)
    parser.add_argument("vocabularies", nargs="+", type=pathlib.Path)
    parser.add_argument("--llama", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--text", type=pathlib.Path)
    args = parser.parse_args()
    text = args.text.read_text(errors="replace") if args.text else mixed_text()
    pieces = [text[i:i + PIECE].encode() for i in range(0, len(text), PIECE)]
    size = sum(map(len, pieces)) / 1e6
    cjk = len(re.findall("[\u3000-\u9fff\uff00-\uffef]", text)) / len(text)
    print(f"{size:.1f} MB in pieces of {PIECE} characters, {100 * cjk:.0f} % of them Chinese; best of {args.rounds}")
    print(f"{'MB/s':32} {'libllm':>8} {'llama.cpp':>10} {'tokenizers':>11} {'ratio':>8} {'ratio':>8}")
    for path in args.vocabularies:
        ours = Ours(str(args.library), path)
        all_ = [ours, *([Llama(args.llama, path)] if args.llama else []), HuggingFace(path)]
        best = {one.name: float("inf") for one in all_}
        for i in range(args.rounds + 1):
            for one in all_:
                start = time.thread_time()
                one.encode(pieces)
                if i > 0:  # the first one fills caches and tables
                    best[one.name] = min(best[one.name], time.thread_time() - start)
        if IDS[:ours.encode(pieces)] != all_[-1].found[-1].ids:
            sys.exit(f"{path}: the ids are not those of tokenizers")
        speeds = [size / best[name] if name in best else float("nan") for name in ("libllm", "llama.cpp", "tokenizers")]
        print(f"{path.name[-32:]:32} {speeds[0]:8.1f} {speeds[1]:10.2f} {speeds[2]:11.2f} {speeds[0] / speeds[1]:7.1f}x "
              f"{speeds[0] / speeds[2]:7.1f}x", flush=True)


if __name__ == "__main__":
    main()
