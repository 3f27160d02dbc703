# SPDX-License-Identifier: MIT
"""The load generator of `vllm bench serve`, as its wheel has it, without vLLM's engine and without a GPU.

Taken from the wheel are vllm/benchmarks/serve.py and vllm/benchmarks/lib/: when requests are sent, how answers are read and
what is computed of their times. What these import of the rest of vLLM (tokenizers, argument parsers, data sets, logging)
is not used on this way, and stands here as empty names.

    pip download --no-deps vllm==0.33.0; pip install aiohttp numpy tqdm regex
"""
import importlib
import importlib.abc
import importlib.machinery
import logging
import sys
import types

TAKEN = ("vllm.benchmarks.serve", "vllm.benchmarks.lib")
PERCENTILES = (50, 90, 99)


class Empty(types.ModuleType):
    """A module that has every name, as a class without anything."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives empty modules for all of vLLM but what is taken from the wheel."""

    def __init__(self, wheel):
        self.wheel = wheel

    def find_spec(self, name, path, target=None):
        if name.split(".")[0] != "vllm":
            return None
        if name.startswith(TAKEN):
            return importlib.machinery.PathFinder.find_spec(name, path)
        spec = importlib.machinery.ModuleSpec(name, self, is_package=True)
        spec.submodule_search_locations = [f"{self.wheel}/{name.replace('.', '/')}"]
        return spec

    def create_module(self, spec):
        return Empty(spec.name)

    def exec_module(self, module):
        if module.__name__ == "vllm.logger":
            module.init_logger = logging.getLogger


def load(wheel):
    sys.meta_path.insert(0, Finder(wheel))
    return importlib.import_module("vllm.benchmarks.serve")


async def replay(wheel, url, trace):
    """The figures of `vllm bench serve` for a trace, by the names of load_agreement.py."""
    serve = load(wheel)
    requests = [types.SimpleNamespace(
        prompt="x " * line["input_length"], prompt_len=line["input_length"], expected_output_len=line["output_length"],
        multi_modal_data=None, request_id=None, timestamp=line["timestamp"], chat_messages=None, request_overrides=None)
        for line in trace]
    found = await serve.benchmark(
        task_type=serve.TaskType.GENERATION, endpoint_type="openai", api_url=f"{url}/completions", base_url=url.rpartition("/")[0],
        model_id="scripted", model_name="scripted", tokenizer=object(), input_requests=requests, logprobs=None,
        request_rate=float("inf"), burstiness=1.0, disable_tqdm=True, num_warmups=0, profile=False,
        selected_percentile_metrics=["ttft", "tpot", "e2el"], selected_percentiles=list(PERCENTILES), ignore_eos=False,
        goodput_config_dict={}, max_concurrency=None, lora_modules=None, extra_headers=None, extra_body=None,
        ready_check_timeout_sec=0, self_timed=True)
    assert found["completed"] == len(trace), found["errors"]
    figures = {"requests/s": found["request_throughput"], "tokens/s": found["output_throughput"]}
    for name, member in ("TTFT", "ttft"), ("TPOT", "tpot"), ("E2E", "e2el"):
        figures[f"{name} mean"] = found[f"mean_{member}_ms"] / 1000
        figures.update({f"{name} p{p}": found[f"p{p}_{member}_ms"] / 1000 for p in PERCENTILES})
    return figures
