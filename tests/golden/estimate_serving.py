#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a server does besides plain batching, against a second implementation: cached prefixes, speculation, prompts
that are computed as a whole, blocks of KV memory, targets, offloading.

usage: estimate_serving.py LIBRARY

The second implementation takes the constants k.* and the device's numbers from a report, and nothing else. A dense
model on one device, so that the step is short; estimates.py checks the step itself on all kinds of models.
"""
import math
import sys

import estimates

at = estimates.at
# Llama 3.1 8B, counted by hand: products of attention and feed-forward layers, KV elements of a token, and the rest.
LAYERS, HIDDEN, VOCAB, HEADS, HEAD, KV_HEADS, FFN = 32, 4096, 128256, 32, 128, 8, 14336
ATTENTION = LAYERS * HIDDEN * HEAD * (2 * HEADS + 2 * KV_HEADS)
FEED = LAYERS * 3 * HIDDEN * FFN
KV = LAYERS * 2 * KV_HEADS * HEAD
# Llama 3.2 1B, as a draft: everything but norms is multiplied by, the tied embedding once.
SMALL = 16 * (2048 * 64 * (2 * 32 + 2 * 8) + 3 * 2048 * 8192) + 128256 * 2048
SMALL_KV = 16 * 2 * 8 * 64


def smooth(a, b):
    return (a ** 4 + b ** 4) ** 0.25


class Server:
    """One H100 with vLLM and BF16: the closed form written once more, with everything that this file is about."""

    def __init__(self, report, *, cached=0, verified=1, expected=1, draft=None, chunked=True, budget=8192):
        self.k = {name: figure["value"] for name, figure in report["k"].items()}
        self.device = {name: report["device"][name]["value"] for name in ("bandwidth", "bf16_peak", "memory")}
        self.peak = self.device["bf16_peak"] * at(report, "serving.ceiling")
        self.input, self.output = at(report, "load.input_tokens"), at(report, "load.output_tokens")
        self.cached, self.computed = cached, self.input - cached
        self.verified, self.expected, self.draft, self.chunked = verified, expected, draft, chunked
        self.budget = budget if chunked else max(budget, self.computed)

    def products(self, weights, tokens, bytes_of_weight=2):
        k = self.k
        return smooth(weights * bytes_of_weight / (self.device["bandwidth"] * k["weight_bandwidth"] * k["bandwidth"]),
                      2 * weights * (tokens + k["gemm_half"]) / (self.peak * k["gemm"]))

    def head(self, rows):
        return self.products(VOCAB * HIDDEN, rows)

    def kv(self, elements, tokens):
        return elements * tokens * 2 / (self.device["bandwidth"] * self.k["kv_bandwidth"] * self.k["bandwidth"])

    streamed = 0  # seconds of a step in which weights come from the host

    def step(self, decoding, prompt=0, prompt_context=0, verified=1):
        k, tokens = self.k, decoding * verified + prompt
        seen = self.input + self.output / 2
        attention = prompt * 2 * LAYERS * HEADS * 2 * HEAD * prompt_context / (
            self.device["bf16_peak"] * k["prefill_attention"])
        return (self.products(ATTENTION, tokens) + self.products(FEED, tokens) + decoding * self.kv(KV, seen) +
                attention + LAYERS * tokens * HIDDEN * 2 * k["elementwise"] / self.device["bandwidth"] +
                k["latency"] * LAYERS * k["layer"] + self.head(decoding * verified + (prompt > 0)) + k["host"] +
                k["host_sequence"] * decoding + self.streamed)

    def prefill(self):
        whole, time = int(self.computed // self.budget), 0
        for prompt, context in ((self.budget, whole * self.budget / 2),) * whole:
            time += self.step(0, prompt, self.cached + context)
        rest = self.computed - whole * self.budget
        return time + (self.step(0, rest, self.cached + whole * self.budget + rest / 2) if rest else 0)

    def round(self, used, decoding, verified, expected):
        step = self.step(decoding, verified=verified)
        drafted = self.draft(self, decoding) if self.draft and verified > 1 else 0
        arriving = max(decoding - decoding / used, 0) * self.computed / self.output * expected
        delay = self.gap = 0
        if arriving:
            prompt = min(self.budget, max(self.computed, arriving))
            mixed = self.step(decoding if self.chunked else 0, prompt, self.cached + self.computed / 2,
                              verified if self.chunked else 1)
            delay = arriving / prompt * ((mixed - step) * self.k["prefill_share"] if self.chunked else mixed)
            self.gap = mixed if self.chunked else step + mixed
        return (step + delay + drafted) / expected

    def per_token(self, used, verified=None, expected=None):
        """Of the second round, when only a share of the sequences decodes."""
        verified, expected = verified or self.verified, expected or self.expected
        first = self.round(used, used, verified, expected) * self.output
        self.decoding = used * first / (first + self.prefill())
        return self.round(used, self.decoding, verified, expected)


BASE = {"task": "serve", "model": "Llama-3.1-8B", "engine": "vllm", "hardware": "H100", "concurrency": 64,
        "load": {"input_tokens": 3000, "output_tokens": 400}, "output": {"explain": True}}


def compare(name, report, expected):
    for path, value in expected.items():
        if not math.isclose(at(report, path), value, rel_tol=1e-9):
            yield f"{name}: {path} is {at(report, path)}, expected {value}"


def check_reserved(estimate):
    """What vLLM keeps beside weights and KV memory: by device, batch and tensor parallelism, with experts and without."""
    experts = 8192 * 8 * 2 * (2 * 768 + 2048)  # tokens, experts of each, gate and up, and the input, in 16 bits
    for scenario, expected in (
            ({}, 15.3 * 1024 * VOCAB + 2.7e8), ({"max_batch": 64}, 15.3 * 64 * VOCAB + 2.7e8),
            ({"hardware": "A100 SXM4 80GB"}, 15.3 * 256 * VOCAB + 2.7e8),
            ({"hardware": {"device": "L40S", "count": 2}}, 15.3 * 256 * VOCAB + 2.7e8),
            ({"hardware": {"device": "H100", "count": 2}}, 15.3 * 1024 * VOCAB + 2.25e9),
            ({"model": "Qwen3-30B-A3B"}, 15.3 * 1024 * 151936 + 2.7e8 + experts),
            ({"engine": "sglang"}, 2e9), ({"memory_reserved": 1e9}, 1e9)):
        report = estimate({**BASE, **scenario, "output": {"explain": True}})
        if not math.isclose(at(report, "memory.reserved"), expected, rel_tol=1e-9):
            yield f"{scenario}: memory.reserved is {at(report, 'memory.reserved')}, expected {expected}"


def pool_of(report, weights=0):
    memory = at(report, "device.memory") * at(report, "k.memory") * 0.9
    return memory - ((ATTENTION + FEED + 2 * VOCAB * HIDDEN) * 2 + weights) - (15.3 * 1024 * VOCAB + 2.7e8)


def check_prefix(estimate):
    held = 3000 + 200
    for hit, cached, tokens, prefixes in ((0.6, 1800, 1800, 1), ({"rate": 0.5, "tokens": 2000}, 1000, 2000, 1),
                                          ({"tokens": 9000, "prefixes": 3}, 2999, 9000, 3), (0, 0, 0, 1)):
        report = estimate({**BASE, "prefix_hit": hit})
        server = Server(report, cached=cached)
        sequence = KV * 2 * (held - cached)
        most = (pool_of(report) - prefixes * KV * 2 * tokens) / sequence
        tpot = server.per_token(64)
        yield from compare(f"prefix {hit}", report, {
            "load.computed_tokens": 3000 - cached, "prefill.time": server.prefill(), "latency.tpot": tpot,
            "memory.sequence": sequence, "concurrency.most": most,
            "replica.output_tokens_per_second": 64 * 400 / (server.prefill() + 400 * tpot)})
    plain, hit = estimate(BASE), estimate({**BASE, "prefix_hit": 0.9})
    for path in ("latency.ttft", "cost.million_tokens"):
        if not at(hit, path) < at(plain, path):
            yield f"a cached prefix does not lower {path}"


def leviathan(k, a):
    return sum(a ** i for i in range(k + 1))


def check_speculation(estimate):
    def small(server, decoding):
        k = server.k
        return 4 * (server.products(SMALL, decoding) +
                    decoding * server.kv(SMALL_KV, server.input + server.output / 2) + 16 * k["latency"] * k["layer"])

    def share(server, decoding):
        plain = Server(estimate(BASE))
        plain.per_token(64)
        return 4 * 0.05 * plain.step(plain.decoding)

    for draft, time, weights, kv in (("lookup", lambda *_: 0, 0, 0), (0.05, share, 0, 0),
                                     ("Llama-3.2-1B", small, SMALL * 2, SMALL_KV)):
        for a in (0.8, 0.2, 1, 0):
            report = estimate({**BASE, "speculation": {"tokens": 4, "acceptance": a, "draft": draft}})
            expected = leviathan(4, a)
            server = Server(report, verified=5, expected=expected, draft=time)
            tpot = server.per_token(64)
            yield from compare(f"speculation by {draft} at {a}", report, {
                "speculation.expected": expected, "latency.tpot": tpot,
                "speculation.gain": server.per_token(64, 1, 1) / tpot,
                "concurrency.most": pool_of(report, weights) / ((KV + kv) * 2 * 3200)})
            warns = any(remark["code"] == "speculation_does_not_pay" for remark in report["remarks"])
            if warns != (at(report, "speculation.gain") < 1) or (a == 0 and not warns):
                yield f"speculation by {draft} at {a}: gain {at(report, 'speculation.gain')}, warning {warns}"
    # The modules of DeepSeek-V3: a layer of its own kind, of which a token has 8 experts and the shared one.
    report = estimate({"task": "serve", "model": "DeepSeek-V3", "hardware": {"device": "H200", "count": 8},
                       "speculation": {}, "concurrency": 8})
    if at(report, "draft.experts") != 3 * 256 * 7168 * 2048 or not 1.2 < at(report, "speculation.gain") < 1.85:
        yield f"MTP: {report['draft']}, {report['speculation']}"


def check_prompts(estimate):
    for chunked in (True, False):
        report = estimate({**BASE, "chunked_prefill": chunked, "chunk_tokens": 1024})
        server = Server(report, chunked=chunked, budget=1024)
        tpot = server.per_token(64)
        yield from compare(f"chunked {chunked}", report, {"latency.tpot": tpot, "latency.longest_gap": server.gap,
                                                          "prefill.time": server.prefill()})
    for engine, held in (("vllm", 3200 + 7.5), ("trtllm", math.ceil(3400 / 16) * 16)):
        report = estimate({**BASE, "engine": engine, "kv_block": 16, "memory_reserved": 3e9})
        yield from compare(f"blocks of {engine}", report, {"memory.held_tokens": held, "memory.reserved": 3e9})
    report = estimate(BASE)
    yield from compare("longest context", report, {"context.most": min(131072, pool_of(report) // (KV * 2))})


def check_targets(estimate):
    """What is chosen keeps the targets, one sequence more does not, and no other parallelism gives more."""
    targets = {"tpot": 0.03, "ttft": 0.8}
    scenario = {"task": "serve", "model": "Llama-3.1-70B", "engine": "vllm", "hardware": "H100"}

    def keeps(report):
        return report["feasible"] and all(at(report, "latency." + key) <= value for key, value in targets.items())

    chosen = estimate({**scenario, "targets": targets})
    tp, n = at(chosen, "serving.tp"), at(chosen, "concurrency.offered")
    best = 0
    for other in (1, 2, 4, 8):
        def run(c):
            return estimate({**scenario, "parallel": {"tp": other}, "concurrency": c})
        if not keeps(run(1)):
            continue
        most = math.floor(at(run(1), "concurrency.most"))
        kept = [c for c in range(1, most + 1) if c in (n, n + 1) or c < 3 or c % 8 == 0]
        kept = [c for c in kept if keeps(run(c))]
        rate = at(run(max(kept)), "replica.output_tokens_per_second") / other
        best = max(best, rate)
        if other == tp and max(kept) != n:
            yield f"targets: {n} chosen, but {max(kept)} keep them"
    rate = at(chosen, "replica.output_tokens_per_second") / tp
    if not keeps(chosen) or rate < best * (1 - 1e-9):
        yield f"targets: {n} with tp {tp} chosen, {rate} tokens/s a device; there is {best}"
    # What is refused names a change that works.
    for refused, changed, code in (
            ({"hardware": {"device": "H100", "count": 4}, "targets": {"tpot": 0.015}},
             {"hardware": "H100", "parallel": {"tp": 8}}, "more_devices"),
            ({"hardware": {"device": "H100", "count": 8}, "targets": {"ttft": 0.1}, "load": {"input_tokens": 4000}},
             {"load": {"input_tokens": 1000}}, "shorter_prompt"),
            ({"targets": {"tpot": 0.03}, "concurrency": 4000}, {"concurrency": None}, "fewer_sequences"),
            ({"targets": {"tpot": 0.01}}, {"weights": "fp8"}, "fewer_bits"),
            ({}, {"parallel": {"tp": 2}}, "more_devices"),
            ({"hardware": {"peak_flops": 3e14, "bandwidth": 2e12, "memory": 20e9}, "weights": "int4"},
             {"hardware": "H100"}, "other_device"),
            ({"targets": {"tpot": 0.0001}}, None, "no_change_found")):
        report = estimate({**scenario, **refused})
        codes = [remark["code"] for remark in report["remarks"]]
        if report["feasible"] or codes[-1:] != [code]:
            yield f"{refused}: {report['remarks']}"
        elif changed and not estimate({**scenario, **refused, **changed})["feasible"]:
            yield f"{refused}: {code} does not help"


def check_capacity(estimate):
    """As many replicas as utilization asks for; the simulation of an overloaded service says how many it takes."""
    scenario = {**BASE, "targets": {"ttft": 1.5, "tpot": 0.05}, "load": {**BASE["load"], "queries_per_second": 60}}
    del scenario["concurrency"]
    report = estimate({**scenario, "capacity": {"simulate": True, "spare_replicas": 1}})
    needed = math.ceil(60 * 3 / (at(report, "replica.queries_per_second") * 0.8)) + 1
    if at(report, "capacity.replicas") != needed or not report["feasible"]:
        yield f"capacity: {report['capacity']}, expected {needed} replicas"
    if at(report, "simulation.ttft_p95") > 1.5 or at(report, "simulation.tpot_mean") > 0.05:
        yield f"the simulation disagrees: {report['simulation']}"
    # One place for each replica: the closed form has one queue for all, the simulation one for each.
    report = estimate({**BASE, "concurrency": 1, "targets": {"ttft": 1},
                       "load": {"input_tokens": 500, "output_tokens": 400, "queries_per_second": 20},
                       "capacity": {"simulate": True, "utilization": 0.9}})
    warning = [remark["text"] for remark in report["remarks"] if remark["code"] == "simulation_is_slower"]
    if at(report, "simulation.ttft_p95") <= 1 or len(warning) != 1 or "replicas it does" not in warning[0]:
        yield f"a service whose requests wait is not noticed: {report['remarks']} {report['simulation']}"


def check_desktop_hosts(estimate):
    """llama.cpp with layers, or experts, in the memory of the host, and on a processor alone."""
    host = {"bandwidth": 90e9, "peak_flops": 2e12, "link": 20e9}
    load = {"input_tokens": 1500, "output_tokens": 500}
    bits, context = 4.89 / 8, 2000

    def desktop(model, hardware, **members):
        return estimate({"task": "serve", "engine": "llamacpp", "model": model, "hardware": hardware, "load": load,
                         **members})

    # Llama 3.1 70B on one RTX 4090: 80 layers, of which as many as fit go to the card.
    weights, layers, hidden, vocab, kv = 70553706496, 80, 8192, 128256, 2 * 80 * 8 * 128 * 2
    read = (weights - vocab * hidden) * bits + kv * 1750
    available = 24 * 2 ** 30 * 0.98
    buffers = 512 * (vocab + 8 * hidden) * 4 + 3e8
    for given in (None, 20):
        report = desktop("Llama-3.1-70B", "RTX 4090", offload={**host, **({"gpu_layers": given} if given else {})})
        on_card = given or math.floor((available - buffers) / ((weights * bits + kv * context) / layers))
        part = 1 - on_card / layers
        tpot = (1 - part) * (read / (0.903 * 1008e9) + (weights - vocab * hidden) * 1.33 / 82.6e12) + \
            part * read / (90e9 * 0.65) + layers * 8.48e-5 + 0.000247
        stays = part * (weights * bits + kv * context)
        multiply = 2 * (weights - vocab * hidden) * 1500 / 0.579 * (1 / 330.4e12 + 1 / 5.6e14) * 1.37
        host_time = min(3 * stays / 20e9, 2 * (weights - vocab * hidden) * part * 1500 / (2e12 * 0.5))
        yield from compare(f"{on_card} layers on a card", report, {
            "offload.gpu_layers": on_card, "latency.tpot": tpot, "memory.host": stays,
            "memory.needed": weights * bits + kv * context - stays + buffers, "latency.ttft": multiply + host_time})
    report = desktop("Llama-3.1-70B", "RTX 4090", offload={**host, "memory": 8e9})
    if report["feasible"] or [remark["code"] for remark in report["remarks"]] != ["host_memory", "more_host_memory"]:
        yield f"a host that is too small: {report['remarks']}"
    # Qwen3 30B A3B: 48 layers of 128 experts, of which a token has 8.
    expert = 3 * 2048 * 768
    report = desktop("Qwen3-30B-A3B", "RTX 4090", offload={**host, "experts": True})
    total, tied = at(report, "parameters.total"), 151936 * 2048
    active = total - 48 * 120 * expert
    cached = 2 * 48 * 4 * 128 * 2 * 1750
    read, on_host = (active - tied) * bits + cached, 48 * 8 * expert * bits
    tpot = (read - on_host) / (0.903 * 1008e9) + \
        (active - tied) * 1.33 / 82.6e12 * (1 - on_host / read) + on_host / (90e9 * 0.43) + 48 * 8.48e-5
    yield from compare("experts with the host", report, {"latency.tpot": tpot,
                                                         "memory.host": 48 * 128 * expert * bits})
    # DeepSeek V3 as in KTransformers' tutorial: 8.73 tokens a second of one socket with eight channels of DDR5-4800.
    report = desktop("DeepSeek-V3", "RTX 4090", offload={"bandwidth": 307.2e9, "experts": True})
    speed = report["decode"]["tokens_per_second"]
    if not speed["low"] < 8.73 < speed["high"] or abs(speed["value"] / 8.73 - 1) > 0.15:
        yield f"DeepSeek V3 with its experts on the host: {speed}"
    # A processor alone: its memory is what is plugged in, and it dequantizes while it waits.
    report = desktop("Llama-3.1-8B", {"device": "Ryzen 9 7950X", "memory": 32 * 2 ** 30})
    read = (8030261248 - VOCAB * HIDDEN) * bits + KV * 2 * 1750
    yield from compare("a processor", report, {
        "latency.tpot": read / (83.2e9 * 0.65) + 32 * 8.48e-5, "memory.available": 0.9 * 32 * 2 ** 30,
        "latency.ttft": 2 * (8030261248 - VOCAB * HIDDEN) * 1500 / (2.3e12 * 0.5)})
    for name, share in (("DGX Spark", 0.92), ("Ryzen AI Max+ 395 (iGPU)", 0.92), ("M2 Ultra", 0.75),
                        ("RTX 4090", 0.98)):
        report = desktop("Llama-3.1-8B", name)
        yield from compare(name, report, {"memory.available": share * at(report, "device.memory")})


def check_own_engine(estimate):
    """Our own engine: the memory rule of the task fit, for sequences that share one reading of the weights."""
    machine = {"memory": 16e9, "bandwidth": 40e9, "operations": 1e12}
    kv = KV * 8.5 / 8 * 2000
    for n in (1, 8, 9):
        report = estimate({"task": "serve", "engine": "libllm", "model": "Llama-3.1-8B", "machine": machine,
                           "kv": "q8_0", "load": {"input_tokens": 1500, "output_tokens": 500}, "concurrency": n})
        weights = 8030261248 * 4.89 / 8
        scratch = 6e6 + 20 * VOCAB + 256 * 4 * (3 * HIDDEN + 2 * 32 * 128 + 1.3 * 14336)
        read = (8030261248 - VOCAB * HIDDEN) * 4.89 / 8 * math.ceil(n / 8) + n * kv * 1750 / 2000
        yield from compare(f"our own engine with {n} sequences", report, {
            "memory.needed": weights + n * kv / 2000 * 2048 + scratch, "latency.tpot": read / (40e9 * 0.92),
            "decode.tokens_per_second": n * 40e9 * 0.92 / read,
            "concurrency.most": (16e9 - weights - scratch) // (kv / 2000 * 2048),
            "latency.ttft": 1500 * at(report, "flops.prefill_token") / (1e12 * 0.32)})
    report = estimate({"task": "serve", "engine": "libllm", "model": "Llama-3.1-8B", "machine": machine,
                       "measured": {"tpot": 0.2}})
    yield from compare("our own engine, measured", report, {"latency.tpot": 0.2})
    for name, bits in (("q8_0", 8.5), ("q4_0", 4.5), ("f16", 16)):
        report = estimate({"model": "Llama-3.1-8B", "kv": name})
        yield from compare(f"KV in {name}", report, {"kv.bytes_per_token": KV * bits / 8})


def check_server_hosts(estimate):
    """Weights streamed from the host in each step, and experts that the host multiplies by."""
    report = estimate({**BASE, "offload": {"share": 0.25, "link": 50e9}})
    weights = (ATTENTION + FEED + 2 * VOCAB * HIDDEN) * 2
    server = Server(report)
    server.streamed = 0.25 * weights / 50e9
    yield from compare("weights streamed", report, {
        "memory.weights": 0.75 * weights, "memory.host": 0.25 * weights, "prefill.time": server.prefill(),
        "latency.tpot": server.per_token(64)})
    for peak in ({}, {"peak_flops": 5e12}):
        report = estimate({"task": "serve", "model": "Qwen3-30B-A3B", "hardware": "RTX 4090", "concurrency": 8,
                           "offload": {"experts": True, "share": 0.75, "bandwidth": 300e9, "link": 25e9, **peak}})
        tokens, expert = at(report, "round_2.tokens"), 3 * 2048 * 768
        moved = 0.75 * 48 * 128 * (1 - (120 / 128) ** tokens) * expert * 2
        time = moved / (300e9 * 0.43)
        if peak:
            time = smooth(time, 0.75 * 2 * 48 * 8 * expert * tokens / (5e12 * 0.5))
        yield from compare(f"experts with the host {peak}", report, {
            "round_2.host": min(time, moved / 25e9), "memory.host": 0.75 * 48 * 128 * expert * 2})
        parts = sum(at(report, "round_2." + name) for name in (
            "attention_products", "experts_products", "kv_read", "prompt_attention", "elementwise", "latency", "host",
            "head")) + at(report, "k.host") + at(report, "k.host_sequence") * tokens
        if not math.isclose(parts, at(report, "round_2.time"), rel_tol=1e-9):
            yield f"experts with the host: a step of {at(report, 'round_2.time')} has parts of {parts}"


def main(library):
    estimate = estimates.Estimator(library)
    problems = [*check_prefix(estimate), *check_speculation(estimate), *check_prompts(estimate),
                *check_targets(estimate), *check_capacity(estimate), *check_desktop_hosts(estimate),
                *check_server_hosts(estimate), *check_own_engine(estimate), *check_reserved(estimate)]
    print(*problems, sep="\n")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
