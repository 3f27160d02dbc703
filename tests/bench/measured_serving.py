# SPDX-License-Identifier: MIT
"""Measured points of serving as scenarios: what a row of measured.csv says, and which rows cannot be used, and why."""
import collections
import re

DEVICES = {"h100_sxm": "H100 SXM5 80GB", "h200_sxm": "H200 SXM 141GB", "b200_sxm": "B200 SXM 180GB",
           "gb200": "GB200 (per GPU, NVL72)", "H100": "H100 SXM5 80GB", "H200": "H200 SXM 141GB",
           "B200": "B200 SXM 180GB", "GB200": "GB200 (per GPU, NVL72)",
           "RTX PRO 6000 Server": "RTX PRO 6000 Blackwell Server"}
PRESETS = {"DeepSeek-R1": "DeepSeek-R1", "DeepSeek-V3": "DeepSeek-R1", "DeepSeek-R1-NVFP4": "DeepSeek-R1",
           "DeepSeek-V3.1-NVFP4": "DeepSeek-R1", "Qwen3-32B-NVFP4": "Qwen3-32B",
           "Llama-3.1-8B-Instruct": "Llama-3.1-8B", "Llama-3.1-8B-Instruct-FP8": "Llama-3.1-8B"}
SWEEPS = re.compile(r"2026_03_25|2026_04_06|dsr1|minimax|kimik2|kimi_k2_5_gap|qwen3_5")  # of InferenceX
MAX_BATCH = 2048  # of trtllm-bench, for rows that say no concurrency
FORMATS = {"": "bf16", "fp4": "nvfp4", "fp16": "bf16", "int4_wo": "int4", "fp8_block": "fp8"}


def number(text):
    try:
        return float(text)
    except ValueError:
        return None


def formats(preset, has_experts, precision, engine):
    """Members of a scenario for a precision as recorded: which weights it means, and that of the KV memory."""
    word = precision.split("/")[0]
    word = FORMATS.get(word, word)
    kv = "bf16" if word in ("bf16", "int4") or (engine == "sglang" and not has_experts) else "fp8"
    if word in ("nvfp4", "int4") and has_experts:
        if preset == "gpt-oss-120b":
            return {"weights": "bf16", "expert_weights": "mxfp4", "kv": kv}
        return {"weights": "bf16", "ffn_weights": "nvfp4" if word == "nvfp4" else "bf16", "expert_weights": word,
                "kv": kv}
    return {"weights": word, "kv": kv}


def run_script(point, row):
    """What the sweeps' scripts ask for and the rows do not say (SemiAnalysisAI/InferenceX, benchmarks/single_node as of
    2026-04-06): KV memory in 16 bits where no --kv-cache-dtype is given, and steps for which new prompts are held back."""
    device, engine, model = row["hardware"], point["engine"], point["model"]
    more = {}
    hopper = device in ("h100_sxm", "h200_sxm")
    if hopper and (engine, model) in (("vllm", "gpt-oss-120b"), ("vllm", "MiniMax-M2.5"), ("sglang", "DeepSeek-R1"),
                                      ("sglang", "GLM-5"), ("trtllm", "gpt-oss-120b")):
        more["kv"] = "bf16"
    if engine == "trtllm" and point["parallel"].get("dp", 1) > 1:
        more["hold_steps"] = 60  # attention_dp_config: timeout_iters: 60
    if engine == "sglang" and device == "b200_sxm" and model in ("DeepSeek-R1", "Qwen3.5-397B-A17B"):
        more["hold_steps"] = 5 if point["concurrency"] < 16 else 15  # half of --scheduler-recv-interval 10 or 30
    return more


def one_pool(row, point, has_experts):
    """Parallelism as deployed; records count devices in several ways."""
    tp, pp, dp, moe, ep = map(int, re.match(r"TP(\d+) PP(\d+) DP(\d+) moeTP(\d+) EP(\d+)", row["parallelism"]).groups())
    if not tp or not dp or not moe:
        return "a: a degree of parallelism is 0"
    if not has_experts:
        point["parallel"] = {"tp": tp, "pp": pp}
        return None
    ep = max(ep, 1)
    named = re.search(r"_tp(\d+)(?:_0)?_ep(\d+)", point["note"])
    total, root = tp * dp, round((tp * dp) ** 0.5)
    if root > 1 and root * root == total == moe * ep and ((tp == dp == root and ep == total) or
                                                          (moe == ep == root and root * root > 8)):
        # TP and EP of the same devices, multiplied
        if dp > 1:
            tp, moe, point["concurrency"], dp, ep = 1, 1, point["concurrency"] * dp / root, root, root
        else:
            tp, moe, ep = root, 1, root
    elif named:
        devices, experts = map(int, named.groups())
        if dp > 1 and total == devices * experts and experts > 1:
            tp, moe, point["concurrency"], dp, ep = 1, 1, point["concurrency"] * dp / devices, devices, experts
        elif dp == 1 and tp != devices and tp == devices * experts:
            tp, moe, ep = devices, 1, experts
    point["parallel"] = {"tp": tp, "dp": dp, "moe_tp": moe, "ep": ep}
    return None if tp * dp == moe * ep else "a: TP * DP is not MoE-TP * EP"


def decode_pool(row, point, has_experts):
    match = re.match(r"disagg P:(\d*)x\(TP(\d+) DP(\d+) EP(\d+) bs(\d*)\) D:(\d*)x\(TP(\d+) DP(\d+) EP(\d+) bs(\d*)\)",
                     row["parallelism"])
    if not match.group(6) or not point["concurrency"]:
        return "b: the size of the pool is not recorded"
    pools, tp, dp, ep = int(match.group(6)), int(match.group(7)), int(match.group(8)), max(int(match.group(9)), 1)
    if (tp * dp) % ep:
        return "a: TP * DP is not MoE-TP * EP"
    point["parallel"] = {"tp": tp, "dp": dp}
    if has_experts:
        point["parallel"].update(moe_tp=tp * dp // ep, ep=ep)
    point["concurrency"] /= pools * dp
    return None


def finish(point, row, facts, **more):
    """The scenario of a point whose parallelism is known."""
    if not point["reason"] and facts["heads"] % point["parallel"]["tp"]:
        point["reason"] = "a: attention heads cannot be divided by TP"
    if point["reason"]:
        return point
    if point["parallel"].get("dp") and not facts["experts"]:
        del point["parallel"]["dp"]
    point["scenario"] = {
        "task": "serve", "model": point["model"], "engine": point["engine"], "hardware": {"device": point["device"]},
        "parallel": point["parallel"], "concurrency": max(point["concurrency"], 1),
        "load": {"input_tokens": number(row["seq_or_isl"]), "output_tokens": number(row["osl"])},
        **formats(point["model"], facts["experts"] > 0, row["precision"], point["engine"]), **more}
    return point


def points(rows, facts_of):
    """Of the online sweeps and the throughput table; a point that cannot be used has a reason."""
    groups = collections.OrderedDict()
    for row in rows:
        if row["category"] == "serve":
            note = row["note"].replace("SUSPECT below peak roofline (MTP/prefix cache/mis-encoded?); ", "")
            groups.setdefault((note.replace("AIC anchor; ", ""), row["model"], row["parallelism"]), {})[
                row["metric"]] = row
    for (note, _, _), metrics in groups.items():
        row = next(iter(metrics.values()))
        name = row["model"].split("/")[1]
        point = {"ids": [r["id"] for r in metrics.values()], "kind": "serve", "note": note,
                 "model": PRESETS.get(name, name), "device": DEVICES[row["hardware"]],
                 "engine": row["framework"].split()[0], "concurrency": number(row["batch_or_conc"]),
                 "source": "InferenceX" if SWEEPS.match(note) else "authors' runs", "reason": None,
                 "is_pool": row["conditions"] == "disagg"}
        for key in ("tpot", "ttft"):
            point[key] = number(metrics[key]["value"]) / 1e3 if key in metrics else None
        facts = facts_of(point["model"])
        point["has_experts"] = facts["experts"] > 0
        point["reason"] = (decode_pool if point["is_pool"] else one_pool)(row, point, point["has_experts"])
        more = {"decode_pool": True} if point["is_pool"] else {}
        if point["source"] == "InferenceX" and not point["is_pool"] and not point["reason"]:
            more = run_script(point, row)
        finish(point, row, facts, **more)
        if not point["reason"] and any("SUSPECT" in r["note"] for r in metrics.values()):
            point["reason"] = "c: marked SUSPECT by the source (below the roofline of the peaks)"
        yield point
    for row in rows:
        if row["metric"] != "output_tok_per_s_max":
            continue
        tp, pp = re.match(r"TP(\d+)(?: PP(\d+))?", row["parallelism"]).groups()
        point = {"ids": [row["id"]], "kind": "throughput", "note": "", "model": PRESETS.get(row["model"], row["model"]),
                 "device": DEVICES[row["hardware"]], "engine": "trtllm", "concurrency": 1e9, "reason": None,
                 "source": "TensorRT-LLM table", "is_pool": False, "parallel": {"tp": int(tp), "pp": int(pp or 1)},
                 "throughput": number(row["value"]), "tpot": None, "ttft": None}
        point["model"] = {"MLPerf Llama-2-70B Offline": "Llama-2-70B"}.get(point["model"], point["model"])
        facts = facts_of(point["model"])
        point["has_experts"] = facts["experts"] > 0
        if point["has_experts"]:
            point["parallel"]["moe_tp"] = int(tp)
        yield finish(point, row, facts, offline=True, max_batch=MAX_BATCH)
