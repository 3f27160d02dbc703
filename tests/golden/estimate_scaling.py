# SPDX-License-Identifier: MIT
"""Scaling laws once more: what papers print, and minima that are searched for here."""
import math

# E, A, B, alpha, beta as published; muennighoff in the logarithms of its source.
LAWS = {"hoffmann": (1.6934, 406.4, 410.7, 0.3392, 0.2849), "besiroglu": (1.8172, 482.01, 2085.43, 0.3478, 0.3658),
        "muennighoff": (math.exp(0.6254804), math.exp(6.255414), math.exp(7.3049974), 0.3526596, 0.3526596)}
SCENARIOS = [
    *({"task": "scale", "law": law, **what} for law in (*LAWS, "kaplan", "llama3", "deepseek")
      for what in ({"flops": 1e23}, {"parameters": 7e9}, {"tokens": 2e12}, {"flops": 1e23, "tokens": 4e11})),
    *({"task": "scale", "law": law, "model": "Llama-3.1-8B", "tokens": {"per_parameter": 38.5}, "unique_tokens": 5e10,
       "inference": {"tokens": 3e12, "relative_cost": 2}} for law in LAWS),
    {"task": "scale", "loss": 2.1, "inference": {"tokens": 0}},
    {"task": "scale", "days": 30, "hardware": {"device": "A100", "count": 512}},
    {"task": "train", "model": "Llama-3.1-8B", "tokens": {"law": "hoffmann"}},
]


def at(report, path):
    for part in path.split("."):
        report = report[part]
    return report["value"]


def loss(law, n, d):
    e, a, b, alpha, beta = LAWS[law]
    return e + a / n ** alpha + b / d ** beta


def close(name, value, expected, tolerance=1e-5):
    if not math.isclose(value, expected, rel_tol=tolerance):
        yield f"scaling, {name}: {value}, expected {expected}"


def check_best(estimate):
    """Neither more nor fewer parameters are better with as many operations; the way back leads back."""
    for law in LAWS:
        for flops in (1e19, 5.76e23, 1e26):
            report = estimate({"task": "scale", "law": law, "flops": flops})
            n, d = at(report, "scale.parameters"), at(report, "scale.tokens")
            yield from close(f"{law} loss", at(report, "scale.loss"), loss(law, n, d))
            yield from close(f"{law} budget", 6 * n * d, flops)
            if not all(loss(law, n * f, d / f) > loss(law, n, d) for f in (0.99, 1.01)):
                yield f"scaling, {law}: {n} parameters are not best for {flops}"
            for what in ({"parameters": n}, {"tokens": d}, {"loss": at(report, "scale.loss")}):
                back = estimate({"task": "scale", "law": law, **what})
                yield from close(f"{law} from {what}", at(back, "scale.flops"), flops, 1e-4)
                yield from close(f"{law} from {what}", at(back, "scale.parameters"), n, 1e-4)


def check_published(estimate):
    best = {law: estimate({"task": "scale", "law": law, "flops": flops})
            for law, flops in (("llama3", 3.8e25), ("kaplan", 8.64e19), ("deepseek", 1e21), ("besiroglu", 5.76e23))}
    yield from close("Llama 3's tokens", at(best["llama3"], "scale.tokens"), 16.55e12, 5e-3)
    yield from close("Kaplan's parameters for a PF-day", at(best["kaplan"], "scale.parameters"), 1.3e9)
    yield from close("Kaplan's loss for a PF-day", at(best["kaplan"], "scale.loss"), 3.1e8 ** 0.05)
    yield from close("DeepSeek's tokens", at(best["deepseek"], "scale.tokens"), 5.8316 * 1e21 ** 0.4757)
    ratio = at(best["besiroglu"], "scale.per_parameter")
    if not 15 < ratio < 25:  # about 20, as they find in the end
        yield f"scaling, besiroglu: {ratio} tokens for each parameter"
    # Sardana et al. 2024, figure 1: a model as good as 13B, for 2 T tokens of use: 7B on 2.1 times the tokens, 17 % and
    # 1.7e22 FLOP fewer.
    report = estimate({"task": "scale", "law": "hoffmann", "parameters": 13e9, "inference": {"tokens": 2e12}})
    n, d = at(report, "inference.parameters"), at(report, "inference.training_tokens")
    saved = at(report, "best.lifetime") - at(report, "inference.lifetime")
    if round(n / 1e9) != 7 or round(d / at(report, "scale.tokens"), 1) != 2.1 or \
            abs(at(report, "inference.saving") - 0.17) > 0.01 or abs(saved / 1e22 - 1.7) > 0.1:
        yield f"scaling: 13B and 2 T tokens: {n} parameters, {d} tokens, saves {saved}"


def check_inference(estimate):
    """The least of 6 N D + 2 N tokens, by trying parameters in steps of a thousandth."""
    for law in LAWS:
        for tokens, cost in ((1e11, 1), (2e12, 1), (5e13, 0.4), (0, 1)):
            report = estimate({"task": "scale", "law": law, "flops": 1e23,
                               "inference": {"tokens": tokens, "relative_cost": cost}, "output": {"explain": True}})
            e, a, b, alpha, beta = LAWS[law]
            wanted = loss(law, at(report, "scale.parameters"), at(report, "scale.tokens")) - e
            least = math.inf
            for i in range(12000):
                n = 1e8 * 1.001 ** i
                left = wanted - a / n ** alpha
                if left > 0:
                    least = min(least, 6 * n * (b / left) ** (1 / beta) + 2 * n * tokens * cost)
            yield from close(f"{law} with {tokens} tokens of use", at(report, "inference.lifetime"), least, 1e-5)
            yield from close(f"{law}, condition", at(report, "inference.condition"), 1, 1e-6)


def check_repetition(estimate):
    report = estimate({"task": "scale", "law": "muennighoff", "parameters": 8.7e9, "tokens": 178e9,
                       "unique_tokens": 25e9, "output": {"explain": True}})
    e, a, b, alpha, beta = LAWS["muennighoff"]
    epochs = 178 / 25
    worth = 25e9 + 25e9 * 15.387756 * (1 - math.exp(-(epochs - 1) / 15.387756))
    g = (alpha * a / (beta * b)) ** (1 / (alpha + beta))
    enough = g ** ((alpha + beta) / alpha) * 25e9 ** (beta / alpha)  # N whose best D that is
    n = enough + enough * 5.309743 * (1 - math.exp(-(8.7e9 / enough - 1) / 5.309743))
    yield from close("epochs", at(report, "repeat.epochs"), epochs)
    yield from close("repeated tokens", at(report, "repeat.tokens"), worth)
    yield from close("spare parameters", at(report, "repeat.parameters"), n, 1e-4)
    yield from close("loss", at(report, "scale.loss"), loss("muennighoff", n, worth), 1e-5)
    if not any(remark["code"] == "repetition" for remark in report["remarks"]):
        yield "scaling: 7 epochs are not remarked upon"


def check(estimate):
    yield from check_best(estimate)
    yield from check_published(estimate)
    yield from check_inference(estimate)
    yield from check_repetition(estimate)
    budget = estimate({"task": "scale", "days": 30, "mfu": 0.4, "hardware": {"peak_flops": 1e15, "count": 100}})
    yield from close("budget", at(budget, "scale.flops"), 100 * 1e15 * 0.4 * 30 * 86400)
    given = estimate({"task": "scale", "flops": 6e23, "tokens": {"per_parameter": 38.5}})
    yield from close("38.5 tokens", at(given, "scale.parameters"), math.sqrt(1e23 / 38.5))
    train = estimate({"task": "train", "model": {"parameters": 7e9}, "tokens": {"law": "besiroglu"}})
    scale = estimate({"task": "scale", "parameters": 7e9})
    yield from close("tokens of training", at(train, "tokens.total"), at(scale, "scale.tokens"))
