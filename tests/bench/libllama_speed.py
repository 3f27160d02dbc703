#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measure the peer's libllama.so directly, for the copies that come without its tools. Prints JSON.

usage: libllama_speed.py FOLDER MODEL [--backend NAME] [-t N] [-p N] [-n N] [-d N] [--sequences N] [--kv f16|q4_0|q8_0]
                         [--repack 0|1] [--first-token TEXT]

As llama-bench does, pp reads -p tokens and tg decodes -n tokens, each after -d tokens and one run that does not count;
tg counts the tokens of all sequences. --first-token measures instead from before the libraries are loaded until the
logits after TEXT are there, in this process: the start of Python is not counted.
"""
import argparse
import ctypes as C
import json
import pathlib
import random
import sys
import time


class ModelParams(C.Structure):
    _fields_ = [("devices", C.c_void_p), ("overrides", C.c_void_p), ("n_gpu_layers", C.c_int32),
                ("split_mode", C.c_int32), ("load_mode", C.c_int32), ("lazy_mode", C.c_int32), ("main_gpu", C.c_int32),
                ("tensor_split", C.c_void_p), ("progress", C.c_void_p), ("progress_data", C.c_void_p),
                ("kv_overrides", C.c_void_p), ("vocab_only", C.c_bool), ("check_tensors", C.c_bool),
                ("use_extra_bufts", C.c_bool), ("rest", C.c_bool * 61)]


class ContextParams(C.Structure):
    _fields_ = [("n_ctx", C.c_uint32), ("n_batch", C.c_uint32), ("n_ubatch", C.c_uint32), ("n_seq_max", C.c_uint32),
                ("n_rs_seq", C.c_uint32), ("n_outputs_max", C.c_uint32), ("n_outputs_max_per_seq", C.c_uint32),
                ("n_threads", C.c_int32), ("n_threads_batch", C.c_int32), ("kinds", C.c_int32 * 4),
                ("flash_attn", C.c_int32), ("rope", C.c_float * 6), ("yarn_orig_ctx", C.c_uint32),
                ("defrag_thold", C.c_float), ("cb_eval", C.c_void_p), ("cb_eval_data", C.c_void_p),
                ("type_k", C.c_int32), ("type_v", C.c_int32), ("rest", C.c_ubyte * 256)]


class Batch(C.Structure):
    _fields_ = [("n_tokens", C.c_int32), ("token", C.POINTER(C.c_int32)), ("embd", C.c_void_p),
                ("pos", C.POINTER(C.c_int32)), ("n_seq_id", C.POINTER(C.c_int32)),
                ("seq_id", C.POINTER(C.POINTER(C.c_int32))), ("logits", C.POINTER(C.c_int8))]


KV_TYPES = {"f16": 1, "q4_0": 2, "q8_0": 8}
N_BATCH = 2048


def library(folder, name):
    """NAME.so or NAME.vVERSION.so, its symbols visible to those that follow."""
    found = sorted(folder.glob(f"{name}.so")) or sorted(folder.glob(f"{name}.*so"))
    if not found:
        sys.exit(f"{folder} has no {name}.so")
    return C.CDLL(str(found[0]), C.RTLD_GLOBAL)


class Peer:
    def __init__(self, folder, backend, model, repack):
        library(folder, "libggml-base")
        ggml = library(folder, "libggml")
        self.lib = lib = library(folder, "libllama")
        self.quiet = C.CFUNCTYPE(None, C.c_int, C.c_char_p, C.c_void_p)(lambda *_: None)
        lib.llama_log_set(self.quiet, None)
        if backend:
            ggml.ggml_backend_load.restype = C.c_void_p
            if not ggml.ggml_backend_load(str(folder / f"libggml-cpu-{backend}.so").encode()):
                sys.exit(f"libggml-cpu-{backend}.so cannot be loaded")
        else:
            ggml.ggml_backend_load_all_from_path(str(folder).encode())
        lib.llama_backend_init()
        for name, result in (("llama_model_default_params", ModelParams),
                             ("llama_context_default_params", ContextParams), ("llama_batch_init", Batch),
                             ("llama_batch_get_one", Batch), ("llama_model_load_from_file", C.c_void_p),
                             ("llama_init_from_model", C.c_void_p), ("llama_get_memory", C.c_void_p),
                             ("llama_model_get_vocab", C.c_void_p), ("llama_get_logits_ith", C.c_void_p)):
            getattr(lib, name).restype = result
        params = lib.llama_model_default_params()
        # The layouts above are those of one version; what is passed by value cannot be checked otherwise.
        if not (params.use_extra_bufts and params.n_gpu_layers == -1 and not params.vocab_only):
            sys.exit("llama_model_params is laid out in an unknown way")
        params.use_extra_bufts = repack
        self.model = C.c_void_p(lib.llama_model_load_from_file(str(model).encode(), params))
        if not self.model:
            sys.exit(f"the peer cannot open {model}")
        self.vocab = C.c_void_p(lib.llama_model_get_vocab(self.model))

    def open(self, n_positions, n_sequences, n_threads, kv):
        lib = self.lib
        params = lib.llama_context_default_params()
        if (params.n_ctx, params.n_batch, params.n_ubatch, params.type_k) != (512, N_BATCH, 512, KV_TYPES["f16"]):
            sys.exit("llama_context_params is laid out in an unknown way")
        params.n_ctx = n_sequences * ((n_positions + 255) // 256 * 256)
        params.n_seq_max = n_sequences
        params.n_threads = params.n_threads_batch = n_threads
        params.type_k = params.type_v = KV_TYPES[kv]
        self.context = C.c_void_p(lib.llama_init_from_model(self.model, params))
        if not self.context:
            sys.exit("the peer cannot make a context")
        self.memory = C.c_void_p(lib.llama_get_memory(self.context))
        self.batch = lib.llama_batch_init(max(N_BATCH, n_sequences), 0, 1)

    def decode(self, entries):
        """Entries are (token, position, sequence, wants logits)."""
        batch = self.batch
        batch.n_tokens = len(entries)
        for i, (token, position, sequence, logits) in enumerate(entries):
            batch.token[i], batch.pos[i], batch.logits[i] = token, position, logits
            batch.n_seq_id[i], batch.seq_id[i][0] = 1, sequence
        if self.lib.llama_decode(self.context, batch) != 0:
            sys.exit("llama_decode failed")

    def read(self, tokens, start, sequence):
        for at in range(0, len(tokens), N_BATCH):
            part = tokens[at:at + N_BATCH]
            self.decode([(token, start + at + i, sequence, at + i == len(tokens) - 1) for i, token in enumerate(part)])
        self.lib.llama_synchronize(self.context)

    def rewind(self, position, n_sequences):
        for sequence in range(n_sequences):
            self.lib.llama_memory_seq_rm(self.memory, sequence, position, -1)


def speed(peer, args):
    """Tokens per second: {"pp": ..., "tg": ...}."""
    rng = random.Random(1)
    n_vocab = peer.lib.llama_vocab_n_tokens(peer.vocab)
    peer.open(args.d + max(args.p, args.n), args.sequences, args.t, args.kv)
    tokens = [rng.randrange(n_vocab) for _ in range(args.d + max(args.p, args.n))]
    for sequence in range(args.sequences if args.d else 0):
        peer.read(tokens[:args.d], 0, sequence)

    def pp():
        peer.read(tokens[args.d:args.d + args.p], args.d, 0)
        return args.p

    def tg():
        for i in range(args.d, args.d + args.n):
            peer.decode([(tokens[i], i, sequence, 1) for sequence in range(args.sequences)])
            peer.lib.llama_synchronize(peer.context)
        return args.n * args.sequences

    result = {}
    for name, run, n in (("pp", pp, args.p), ("tg", tg, args.n)):
        for counts in (False, True) if n else ():
            peer.rewind(args.d, args.sequences)
            start = time.perf_counter()
            n_tokens = run()
            if counts:
                result[name] = n_tokens / (time.perf_counter() - start)
    return result


def first_token(peer, args, start):
    text = args.first_token.encode()
    ids = (C.c_int32 * (len(text) + 8))()
    n = peer.lib.llama_tokenize(peer.vocab, text, len(text), ids, len(ids), C.c_bool(True), C.c_bool(True))
    peer.open(512, 1, args.t, args.kv)
    peer.read(ids[:n], 0, 0)
    peer.lib.llama_get_logits_ith(peer.context, -1)
    return {"first_token_ms": (time.perf_counter() - start) * 1e3, "n_tokens": n}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--backend")
    parser.add_argument("--kv", default="f16", choices=KV_TYPES)
    parser.add_argument("--repack", type=int, default=1)
    parser.add_argument("--first-token")
    for name, default in (("-t", 2), ("-p", 0), ("-n", 0), ("-d", 0), ("--sequences", 1)):
        parser.add_argument(name, type=int, default=default)
    args = parser.parse_args()
    start = time.perf_counter()
    peer = Peer(args.folder, args.backend, args.model, bool(args.repack))
    print(json.dumps(first_token(peer, args, start) if args.first_token else speed(peer, args)))


if __name__ == "__main__":
    main()
