# SPDX-License-Identifier: MIT
"""Constants of the estimator fitted again without a group of points, by the library itself: how it would have predicted
what it has not seen.

A fit is least squares on logarithms of predicted over measured, robust against outliers, pulled to round values that
are no fit (PRIORS, with a standard deviation of the logarithm). Derivatives are taken once for each point, at the
constants as shipped; every fold then takes a few steps with them, whose residuals are the library's own.
"""
import math

STEP, ROUNDS = 0.01, 4
SERVING = {
    "k.weight_bandwidth": (0.9, 0.1), "k.kv_bandwidth": (0.8, 0.12), "k.expert_bandwidth": (0.9, 0.1),
    "k.gemm": (0.7, 0.12), "k.gemm_fp4": (0.52, 0.12), "k.gemm_half": (128, 0.3), "k.grouped_gemm": (0.75, 0.2),
    "k.tile": (40, 0.3), "k.prefill_attention": (0.4, 0.25), "k.elementwise": (13, 0.3), "k.link": (0.65, 0.25),
    "k.collective": (4.5e-6, 0.3), "k.collective_doubling": (3e-6, 0.3), "k.collective_far": (7e-5, 0.4),
    "k.layer": (4e-5, 0.3), "k.layer_latent": (3e-6, 0.4), "k.layer_index": (7e-5, 0.4), "k.layer_linear": (5e-6, 0.5),
    "k.layer_fp4": (2.4e-6, 0.5), "k.stage": (4.4e-4, 0.4), "k.host_offline": (1e-5, 0.5),
    "k.layer_experts trtllm": (2.5e-5, 0.35), "k.layer_experts vllm": (2.5e-5, 0.35),
    "k.layer_experts sglang": (2.5e-5, 0.35), "k.latency vllm": (1.2, 0.15), "k.latency sglang": (1.1, 0.15),
    "k.bandwidth trtllm": (1.05, 0.1), "k.bandwidth sglang": (1.05, 0.1), "k.host trtllm": (4e-4, 0.4),
    "k.host vllm": (5e-4, 0.4), "k.host sglang": (6e-4, 0.4), "k.host_sequence trtllm": (1e-5, 0.5),
    "k.host_sequence vllm": (1e-5, 0.5), "k.host_sequence sglang": (1.5e-5, 0.5), "k.prefill_share trtllm": (1, 0.1),
    "k.prefill_share vllm": (1, 0.1), "k.prefill_share sglang": (0.6, 0.15)}
FIRST = {
    "k.request": (4e-3, 0.7), "k.first_layer": (4e-4, 0.5), "k.first_expert_layer": (8e-4, 0.5),
    "k.first_latent": (1e-3, 0.5), "k.first_linear": (2e-3, 0.6), "k.first_scales": (5e-4, 0.7),
    "k.first_launch trtllm": (1, 0.3), "k.first_launch vllm": (1, 0.3), "k.first_launch sglang": (1, 0.3),
    "k.first_dense": (1, 0.2), "k.first_experts": (1.2, 0.3), "k.burst": (0.1, 0.3), "k.first_wait": (1, 0.5)}
DESKTOP = {
    "k.desktop_bandwidth": (0.9, 0.7), "k.desktop_hbm": (1.3e12, 0.7), "k.desktop_dequantize": (4, 0.7),
    "k.desktop_dequantize_metal": (8, 0.7), "k.desktop_layer": (9e-5, 0.7), "k.desktop_hop": (2.5e-4, 0.7),
    "k.desktop_matrix": (0.6, 0.7), "k.desktop_matrix_metal": (0.5, 0.7), "k.desktop_saturation": (5e14, 0.7),
    "k.desktop_quantized": (1.3, 0.7), "k.desktop_overlap": (0.8, 0.7), "k.desktop_hop_prompt": (1e-3, 0.7)}
TRAINING = {
    "k.train_product": (0.85, 0.5), "k.train_power": (0.4, 0.5), "k.train_width": (500, 0.5),
    "k.train_legacy": (0.8, 0.5), "k.train_attention": (0.5, 0.5), "k.train_attention_generic": (0.33, 0.5),
    "k.train_attention_power": (0.6, 0.5), "k.train_vectors": (80, 0.5), "k.train_quantize": (60, 0.5),
    "k.train_eager": (1.3, 0.5), "k.train_tp_seen": (0.8, 0.5), "k.train_overlap_eager": (1.3, 0.5),
    "k.train_experts": (2e-3, 0.5)}
SHARES = ("k.weight_bandwidth", "k.kv_bandwidth", "k.expert_bandwidth", "k.gemm", "k.gemm_fp4", "k.grouped_gemm",
          "k.prefill_attention", "k.link", "k.desktop_bandwidth", "k.desktop_overlap")  # at most 1


def constants_of(values, engine):
    """Those of a point's engine, as a scenario has them."""
    out = {}
    for name, value in values.items():
        path, _, whose = name.partition(" ")
        if not whose or whose == engine:
            out[path] = value
    return out


def solve(matrix, right):
    """Gaussian elimination; the matrix is symmetric and positive definite."""
    n = len(right)
    rows = [list(matrix[i]) + [right[i]] for i in range(n)]
    for i in range(n):
        for k in range(i + 1, n):
            factor = rows[k][i] / rows[i][i]
            if factor:
                for j in range(i, n + 1):
                    rows[k][j] -= factor * rows[i][j]
    out = [0.0] * n
    for i in reversed(range(n)):
        out[i] = (rows[i][n] - sum(rows[i][j] * out[j] for j in range(i + 1, n))) / rows[i][i]
    return out


class Fit:
    """predict(point, constants): predicted over measured time. Points have "weight" and perhaps "engine"."""

    def __init__(self, predict, points, priors, shipped, scale):
        self.predict, self.points, self.scale = predict, points, scale
        self.names = [name for name in priors if name in shipped]
        self.priors, self.shipped = priors, shipped
        self.base = {id(p): self.residual(p, {}, {}) for p in points}
        self.slopes = {id(p): self.slopes_of(p) for p in points}

    def residual(self, point, values, fixed):
        return math.log(self.predict(point, constants_of({**fixed, **values}, point.get("engine"))))

    def slopes_of(self, point):
        """Of the logarithm by the logarithm of each constant; most are 0, of which there is no entry."""
        out = {}
        for i, name in enumerate(self.names):
            whose = name.partition(" ")[2]
            if whose and whose != point.get("engine"):
                continue
            value = self.shipped[name]
            slope = (self.residual(point, {name: value * (1 + STEP)}, {}) - self.base[id(point)]) / math.log1p(STEP)
            if abs(slope) > 1e-9:
                out[i] = slope
        return out

    def bounded(self, logs):
        return {name: min(math.exp(x), 1.0) if name in SHARES else math.exp(x) for name, x in zip(self.names, logs)}

    def without(self, group, fixed=None):
        """The constants that points outside the group ask for; `fixed` are others, fitted before."""
        points = [p for p in self.points if id(p) not in group]
        at = [math.log(self.shipped[name]) for name in self.names]
        centre = [math.log(self.priors[name][0]) for name in self.names]
        inverse = [self.priors[name][1] ** -2 for name in self.names]
        n = len(at)
        for _ in range(ROUNDS):
            values = self.bounded(at)
            matrix = [[0.0] * n for _ in range(n)]
            right = [inverse[i] * (centre[i] - at[i]) for i in range(n)]
            for i in range(n):
                matrix[i][i] = inverse[i]
            for p in points:
                residual = self.residual(p, values, fixed or {})
                weight = (p["weight"] / self.scale) ** 2 / math.sqrt(1 + (residual / self.scale) ** 2)
                slopes = self.slopes[id(p)]
                for i, a in slopes.items():
                    right[i] -= weight * a * residual
                    for j, b in slopes.items():
                        matrix[i][j] += weight * a * b
            at = [x + max(-0.5, min(0.5, step)) for x, step in zip(at, solve(matrix, right))]
        return self.bounded(at)

    def held_out(self, key, fixed=None):
        """(group, constants without it) for each group of points."""
        groups = {}
        for p in self.points:
            groups.setdefault(key(p), set()).add(id(p))
        for name in sorted(groups):
            yield name, self.without(groups[name], (fixed or {}).get(name))
