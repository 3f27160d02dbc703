#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes adapters.csv: trainable parameters of LoRA on model presets, counted by PEFT.

Every preset is built as make_parameters.py builds it, without memory, wrapped by peft.get_peft_model(), and the parameters
that want gradients are counted. The library works from a bill of tensors and never sees modules, so agreement means
something. Modules are named one by one: what PEFT makes of "all-linear" in models with experts depends on how it renames
the layers of older checkpoints.

    python3 tests/data/estimate/make_adapters.py        # needs torch, transformers, peft, pillow, timm

Columns: name; targets, as a scenario says them (experts: all and the routed experts); rank; parameters.
"""
import csv
import json
import pathlib
import re
import sys

import torch
from peft import LoraConfig, get_peft_model
from transformers.pytorch_utils import Conv1D

import make_parameters

HERE = pathlib.Path(__file__).resolve().parent
RANK = 16
ATTENTION = re.compile(r"(^|\.)(self_attn|attn|attention|self_attention|self_attn_?\w*)\.(?!.*linear_attn)")
HEAD_OR_ROUTER = re.compile(r"(^|\.)(lm_head|embed_out|cls|pooler|score|gate|router|block_sparse_moe\.gate|"
                            r"project_in|project_out)(\.|$)|\.router\.|\.indexer\.")
# Presets whose transformers class is another implementation's stand-in, with projections that the original fuses.
STAND_INS = ("baichuan", "internlm2", "chatglm", "internlm")


def modules(model):
    """The linear layers of a model, by what a scenario's targets mean."""
    linear = [name for name, module in model.named_modules()
              if isinstance(module, (torch.nn.Linear, Conv1D)) and not HEAD_OR_ROUTER.search(name)]
    attention = [name for name in linear if ATTENTION.search(name)]
    query = [name for name in attention if re.search(r"\.(q_proj|query|q)$", name)]
    value = [name for name in attention if re.search(r"\.(v_proj|value|v)$", name)]
    experts = [name for name, parameter in model.named_parameters()
               if re.search(r"experts\.(gate_up_proj|up_proj|gate_proj|down_proj)$", name) and parameter.dim() == 3]
    yield "q,v", query + value if query and value else [], []
    yield "attention", attention, []
    yield "all", linear, []
    if experts:
        yield "experts", linear, experts


def count(config):
    parsed, model = make_parameters.build(config)
    for targets, names, parameters in list(modules(model)):
        if not names:
            continue
        _, model = make_parameters.build(config)
        lora = LoraConfig(r=RANK, target_modules="|".join(map(re.escape, names)), target_parameters=parameters or None)
        with torch.device("meta"):
            model = get_peft_model(model, lora)
        yield targets, sum(p.numel() for p in model.parameters() if p.requires_grad)


def main(names):
    rows = []
    for preset in json.loads(make_parameters.PRESETS.read_text(encoding="utf-8")):
        config = preset["config"]
        if config["model_type"] in STAND_INS or "vision" in json.dumps(config) or names and preset["name"] not in names:
            continue
        try:
            rows += [[preset["name"], targets, RANK, n] for targets, n in count(config)]
        except Exception as problem:  # a class that cannot be built without memory
            print(preset["name"], type(problem).__name__, str(problem)[:120])
    if names:
        print(*rows, sep="\n")
        return
    with open(HERE / "adapters.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["name", "targets", "rank", "parameters"])
        writer.writerows(rows)


if __name__ == "__main__":
    main(sys.argv[1:])
