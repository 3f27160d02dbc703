#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What `libllm estimate deploy` writes against the programs that read it: Ray Serve's own models, and the flags in the
engines' newest sources. By hand, since the packages are large.

usage: pip install ray[serve] pyarrow pandas pyyaml
       pip download --no-deps vllm sglang
       peers.py LIBLLM ROOT [VLLM_WHEEL] [SGLANG_WHEEL]
"""
import pathlib
import sys

import yaml

import engine_flags
from deploy import LOAD, each
from written import engine_args, flags_of


INTERNAL = "ray.llm._internal.serve.routing_policies.prefix_aware.prefix_aware_router.PrefixCacheAffinityRouter"


def check_ray(command):
    from ray.serve.schema import ServeDeploySchema
    from ray.llm._internal.serve.core.configs.llm_config import LLMConfig  # the public name needs an engine
    n = 0
    for sample, _, platform, written in each(command, engines=("vllm",), more=LOAD):
        if platform != "ray":
            continue
        service = yaml.safe_load(written.texts["rayservice.yaml"])
        documents = [yaml.safe_load(written.texts["serve.yaml"]), yaml.safe_load(service["spec"]["serveConfigV2"])]
        assert documents[0] == documents[1]
        schema = ServeDeploySchema.model_validate(documents[0])
        args = schema.applications[0].args
        config = args["llm_config"] if "llm_config" in args else args["llm_configs"][0]
        router = config["deployment_config"].get("request_router_config")
        if router:  # the public name, as Ray's documentation has it, needs an engine; it is a subclass of this
            assert router["request_router_class"] == "ray.serve.llm.request_router.PrefixCacheAffinityRouter"
            router["request_router_class"] = INTERNAL
        config = LLMConfig.model_validate(config)
        print(f"Ray takes {sample}: {config.model_loading_config} {config.engine_kwargs}")
        n += 1
    assert n


def check_engine(command, root, engine, wheel):
    flags = engine_flags.flags_of(engine, wheel)
    recorded = (root / f"tests/data/deploy/{engine}_flags.txt").read_text(encoding="utf-8").splitlines()
    gone = {line.split()[0] for line in recorded} - set(flags)
    print(f"{engine}: {len(flags)} flags, {len(gone)} of those recorded are gone: {' '.join(sorted(gone))}")
    for sample, _, platform, written in each(command, engines=(engine,)):
        for args in engine_args(written, yaml):
            for flag, word in flags_of(args):
                assert flag in flags, f"{sample} on {platform}: {flag}"
                assert not flags[flag] or word in flags[flag], f"{sample} on {platform}: {flag} {word}"


def main(command, root, *wheels):
    check_ray(command)
    for engine, wheel in zip(("vllm", "sglang"), wheels):
        check_engine(command, pathlib.Path(root), engine, wheel)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
