# SPDX-License-Identifier: MIT
"""Memory of inference servers as their logs have it, as scenarios: rows of serving_memory.csv."""


def points(rows):
    for row in rows:
        weights = {"kv": row["kv"], "weights": "bf16" if row["weights"] == "mxfp4" else row["weights"]}
        if row["weights"] == "mxfp4":
            weights["expert_weights"] = "mxfp4"
        parallel = {key: int(row[key]) for key in ("tp", "pp")}
        yield row, {"task": "serve", "model": row["model"], "engine": row["engine"], "hardware": row["hardware"],
                    "parallel": parallel, "memory_share": float(row["memory_share"]), "concurrency": 1,
                    "load": {"input_tokens": 100, "output_tokens": 10}, **weights}
