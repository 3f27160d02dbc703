# SPDX-License-Identifier: MIT
"""Measured points of llama.cpp on graphics cards and Apple's chips, as scenarios. Numbers of devices stand here where
the project's table lacks them: dense FP16 and FP32 peaks in TFLOP/s, GB/s, GiB; from the vendors' specifications."""

KNOWN = {"3090 24GB": "RTX 3090", "4080 16GB": "RTX 4080", "4090 24GB": "RTX 4090", "RTX A6000 48GB": "RTX A6000",
         "RTX 6000 Ada 48GB": "RTX 6000 Ada", "A40 48GB": "A40", "L40S 48GB": "L40S",
         "A100 PCIe 80GB": "A100 PCIe 80GB", "A100 SXM 80GB": "A100 SXM4 80GB", "H100 PCIe 80GB": "H100 PCIe 80GB",
         "M1 Max 32-Core GPU 64GB": "M1 Max 32c", "M2 Ultra 76-Core GPU 192GB": "M2 Ultra 76c",
         "M3 Max 40-Core GPU 64GB": "M3 Max 40c", "M1 7-Core GPU 8GB": "M1 8c GPU"}
# Cards for games: FP16 added up in FP16 is twice as fast, and has to be said as the peak where no device is named.
OTHERS = {"3070 8GB": (81.2, 20.3, 448, 8), "3080 10GB": (119, 29.8, 760, 10), "3080 Ti 12GB": (136, 34.1, 912, 12),
          "4070 Ti 12GB": (160.4, 40.1, 504, 12), "RTX 4000 Ada 20GB": (106.8, 26.7, 360, 20),
          "RTX 5000 Ada 32GB": (261, 65.3, 576, 32)}
MEMORY = {"M1 7-Core GPU 8GB": 8, "M3 Max 40-Core GPU 64GB": 64}  # built with several sizes
METRICS = {"tg1024_tok_per_s": "desktop decode", "pp1024_tok_per_s": "desktop prompt", "fits": "desktop fits"}


def hardware(name, count):
    out = {"count": count}
    if name in KNOWN:
        out["device"] = KNOWN[name]
    else:
        matrix, vector, bandwidth, memory = OTHERS[name]
        out.update(peaks={"bf16": matrix * 1e12, "fp32": vector * 1e12}, bandwidth=bandwidth * 1e9,
                   memory=memory * 2 ** 30)
    if name in MEMORY:
        out["memory"] = MEMORY[name] * 2 ** 30
    if name == "M1 7-Core GPU 8GB":
        out["peaks"] = {"bf16": 2.3e12, "fp32": 2.3e12}
    return out


def points(rows):
    for row in rows:
        if row["metric"] not in METRICS or not row["framework"].startswith("llama.cpp"):
            continue
        if row["hardware"] not in KNOWN and row["hardware"] not in OTHERS:
            continue
        kind = METRICS[row["metric"]]
        load = {"input_tokens": 1024, "output_tokens": 1024}
        if kind == "desktop decode":
            load["input_tokens"] = 0
        yield {"ids": [row["id"]], "kind": kind, "value": float(row["value"]), "device": row["hardware"],
               "n": int(row["n_dev"]), "model": row["model"], "source": "llama.cpp table",
               "reason": "h: marked as an artefact of the host by the source" if row["note"] and
                         kind != "desktop fits" else None,
               "scenario": {"task": "serve", "engine": "llamacpp", "weights": row["precision"].lower(), "load": load,
                            "model": "Llama-3-70B" if "70B" in row["model"] else "Llama-3-8B",
                            "hardware": hardware(row["hardware"], int(row["n_dev"]))}}
