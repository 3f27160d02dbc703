#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Round trips: assistant messages that jinja2 renders with published chat templates have to come back from the text.

    check_answers.py BUILD_FOLDER [--keep FILE] TEMPLATE...

The TEMPLATEs are those of check_templates.py, in a sandbox that lets them change lists (some want to). For each of them and each message below, the conversation is rendered up to
the generation prompt and with the answer; what the second has more is fed to libllm as a model would write it, in many
ways of cutting it up, and text, reasoning and tool calls have to be what was rendered. What a template leaves out of its
rendering (Mistral's ids, old reasoning) is not expected. --keep writes one template's answers of each syntax as
tests/data/templates/answers.json, with what they are and the marks by which libllm knows the syntax.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

from jinja2.sandbox import SandboxedEnvironment

from check_templates import environment, expected_of, templates_of
from conversations import ARGUMENTS, NOTHING, SEARCH, call, user

WEATHER = {"type": "function", "function": {"name": "get_weather", "description": "Weather of a city", "parameters": {
    "type": "object", "required": ["city"], "properties": {
        "city": {"type": "string", "description": "such as Ulm"}, "unit": {"type": "string", "description": "c or f"},
        "days": {"type": "array", "items": {"type": "integer"}, "description": "which"}}}}}
TOOLS = [WEATHER, SEARCH, NOTHING]
THOUGHTS = [("<think>", "</think>\n\n"), ("<|START_THINKING|>", "<|END_THINKING|>")]
HARD = {"city": "a </b> \"q\" 'x' \\ {}[],=:()\n\ttwo 你好 🎉", "unit": "5", "days": [], "n": 1.5e-3, "flag": False, "nothing": None,
        "place": {"lat": -1, "deep": [{"a": "}]"}, []]}}
MESSAGES = {
    "text": {"content": "It is sunny.\n\nReally, 5 < 6 and [x] {y}."},
    "reasoning": {"content": "It is sunny.", "reasoning_content": "I think.\n\nTwice <b>."},
    "call": {"content": "", "tool_calls": [call("get_weather", ARGUMENTS)]},
    "call_text": {"content": "Let me look.", "tool_calls": [call("get_weather", {"city": "Ulm"})]},
    "call_hard": {"content": "", "tool_calls": [call("get_weather", HARD)]},
    "call_empty": {"content": "", "tool_calls": [call("now", {})]},
    "call_two": {"content": "", "tool_calls": [call("get_weather", {"city": "Ulm"}), call("web.search", {"q": "<b> & 'c'"}, "call00002")]},
    "call_reasoning": {"content": "", "reasoning_content": "I look.", "tool_calls": [call("get_weather", {"city": "Ulm"})]},
}
ENDS = ["<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "</s>", "<｜end▁of▁sentence｜>", "<|END_OF_TURN_TOKEN|>", "<|return|>",
        "<end_of_turn>", "<turn|>", "[e~[", "<|user|>", "<|observation|>", "<|role_end|>", "<|message_sep|>", "<|assistant_end|>",
        "<seed:eos>", "<SPECIAL_12>", "</assistant>", "<|endoftext|>", "<end_of_sentence>", "\n\n<sep>", "<|tool_response>"]
# Templates whose calls are in no syntax that is known, or that cannot be read back (strings without
# escapes, what stands behind the end).
BEYOND = {"Kimi-K3", "MiniMax-M3", "muse-glimmer", "tencent-Hy3", "openbmb-MiniCPM5-1B", "upstage-Solar-Open-100B", "GigaChat3-10B-A1.8B"}
LOSSY = {("deepseek-ai-DeepSeek-R1-Distill-Qwen-32B", "call_text"), ("NVIDIA-Nemotron-Nano-v2", "call_text"), ("LFM2.5-8B-A1B", "call_hard"), ("LFM2.5-8B-A1B", "call_two")}
# gpt-oss takes what is said before a call for reasoning.
AS_REASONING = {("openai-gpt-oss-120b", "call_text")}

# Templates whose answers are kept, and what of the template says which syntaxes it has.
KEPT = {
    "Qwen-Qwen3-0.6B": "<tool_call> </think>", "Qwen3.5-4B": "<parameter= <tool_call> </think>", "openai-gpt-oss-120b": "<|channel|> <|message|>",
    "deepseek-ai-DeepSeek-V3.1": "<｜tool▁sep｜> </think>", "llama-cpp-deepseek-r1": "<｜tool▁sep｜> ```json </think>", "GLM-4.6": "<arg_key> </think>",
    "mistralai-Mistral-Nemo-Instruct-2407": "[TOOL_CALLS]", "Mistral-Small-3.2-24B-Instruct-2506": "[TOOL_CALLS] [ARGS]",
    "MiniMax-M2": "<minimax:tool_call> </think>", "meetkai-functionary-medium-v3.1": "<function=", "meetkai-functionary-medium-v3.2": ">>>all",
    "ByteDance-Seed-OSS": "<seed:tool_call> </seed:think>", "moonshotai-Kimi-K2": "<|tool_call_argument_begin|>",
    "deepseek-ai-DeepSeek-V3.2": "｜DSML｜ </think>", "deepseek-ai-DeepSeek-V4": "｜DSML｜ 'tool_calls> </think>",
    "CohereForAI-c4ai-command-r7b-12-2024-tool_use": "<|START_ACTION|> <|END_THINKING|>", "google-gemma-4-31B-it": "<|tool_call>call: <channel|>",
    "NVIDIA-Nemotron-Nano-v2": "<TOOLCALL> </think>", "unsloth-Apriel-1.5": "<tool_calls>", "Apertus-8B-Instruct": "<|tools_prefix|>",
    "LFM2.5-8B-A1B": "<|tool_call_start|> </think>", "meta-llama-Llama-3.1-8B-Instruct": "ipython", "GigaChat3.1-10B-A1.8B": "<|function_call|>",
}


def variants(message, as_text):
    """Requests and the full conversation: thinking on or off, as the template takes it."""
    if as_text:
        message = json.loads(json.dumps(message))
        for one in message.get("tool_calls", []):
            one["function"]["arguments"] = json.dumps(one["function"]["arguments"], ensure_ascii=False)
    if "reasoning_content" in message:
        message = {**message, "thinking": message["reasoning_content"], "reasoning": message["reasoning_content"]}
    if message["content"] == "":
        yield {**message, "content": None}, {}
    for more in ({}, {"enable_thinking": True}, {"enable_thinking": False}, {"thinking": True}):
        yield message, more


def answer_behind(prompt, full):
    """What `full` has more, or None. A prompt may end within reasoning that `full` does not have."""
    for begin, end in THOUGHTS:
        if prompt.rstrip().endswith(begin):
            base = prompt.rstrip()[:-len(begin)]
            answer = full[len(prompt):] if full.startswith(prompt) else full[len(base):] if full.startswith(base) else None
            return answer if answer is None or end.strip() in answer else end + answer  # thinking of nothing
        if prompt.rstrip().endswith(begin + end.strip()) and not full.startswith(prompt):
            prompt = prompt.rstrip()[:-len(begin + end.strip())]
    return full[len(prompt):] if full.startswith(prompt) else None


def samples(template, name, message):
    """(request, answer) where rendering with the message begins with the prompt."""
    for as_text in (False, True):
        for assistant, more in variants(message, as_text):
            common = {"documents": None, "bos_token": "<s>", "eos_token": "</s>", "tools": TOOLS if "call" in name else None, **more}
            if "call" in name:
                common["functions"] = more["functions"] = json.dumps(TOOLS)  # firefunction's own variable
            before = [user()]
            turn = {"role": "assistant", **{k: v for k, v in assistant.items() if v is not None}}
            prompt, problem = expected_of(template, {**common, "messages": before, "add_generation_prompt": True})
            full, wrong = expected_of(template, {**common, "messages": before + [turn], "add_generation_prompt": False})
            if problem or wrong:
                continue
            answer = answer_behind(prompt, full)
            if answer is None:
                continue
            wanted = [c["function"]["name"] for c in message.get("tool_calls", [])] + [message["content"].strip()[:8]]
            if message.get("reasoning_content") and message["reasoning_content"][:5] not in answer:
                continue
            if not all(w in answer for w in wanted):
                continue
            endings = ENDS + (["<|end|>"] if "<|channel|>" not in full else [])
            ends = [answer.find(e) for e in endings if e in answer]
            yield {"messages": before, "tools": common["tools"], "chat_template_kwargs": more}, answer[:min(ends)] if ends else answer
            return


def take(tool, source, lines):
    with tempfile.NamedTemporaryFile("w", suffix=".jinja", newline="") as file:
        file.write("{%- set bos_token = '<s>' -%}{%- set eos_token = '</s>' -%}" + source)
        file.flush()
        text = "".join(json.dumps(line) + "\n" for line in lines)
        out = subprocess.run([tool, file.name], input=text.encode(), stdout=subprocess.PIPE, check=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def problem_of(message, got):
    if "error" in got:
        return got["error"]
    if got["remarks"]:
        return f"remarks {got['remarks']}"
    if got["content"].strip() != message["content"].strip():
        return f"content {got['content']!r}"
    if got["reasoning"].strip() != message.get("reasoning_content", "").strip():
        return f"reasoning {got['reasoning']!r}"
    calls = message.get("tool_calls", [])
    if [c["name"] for c in got["tool_calls"]] != [c["function"]["name"] for c in calls]:
        return f"calls {got['tool_calls']}"
    for ours, theirs in zip(got["tool_calls"], calls):
        try:
            arguments = json.loads(ours["arguments"])
        except ValueError:
            return f"arguments {ours['arguments']}"
        if arguments != theirs["function"]["arguments"]:
            return f"arguments {ours['arguments']}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("templates", nargs="+", type=pathlib.Path)
    parser.add_argument("--keep", type=pathlib.Path)
    options = parser.parse_args()
    tool = options.build / "tests/golden/golden-take-answers"
    n_good = n_bad = n_without = 0
    kept, sources = [], {}
    for path in options.templates:
        for name, source in templates_of(path):
            sources.setdefault(source, name)
    for source, name in sources.items():
        stem = pathlib.Path(name).stem
        if stem in BEYOND:
            print(f"{name}: not known")
            continue
        template = environment(SandboxedEnvironment).from_string(source)
        found = [(key, *sample) for key, message in MESSAGES.items() for sample in samples(template, key, message)]
        missing = [key for key in MESSAGES if key not in {f[0] for f in found}]
        n_without += len(missing)
        results = take(tool, source, [{"request": r, "answer": a} for _, r, a in found])
        for (key, request, answer), got in zip(found, results, strict=True):
            message = MESSAGES[key]
            if (stem, key) in AS_REASONING:
                message = {**message, "content": "", "reasoning_content": message["content"]}
            problem = None if (stem, key) in LOSSY else problem_of(message, got)
            n_good, n_bad = n_good + (problem is None), n_bad + (problem is not None)
            if problem:
                print(f"{name} {key}: {problem}\n    of {answer!r}")
            elif stem in KEPT and (stem, key) not in LOSSY:
                prompt = got["prompt"].rstrip()
                kept.append({"template": stem, "message": key, "marks": KEPT[stem], "answer": answer,
                             "in_reasoning": any(prompt.endswith(begin) for begin in ("<think>", "<seed:think>", "<|START_THINKING|>", "<|channel>thought")),
                             "content": message["content"], "reasoning": message.get("reasoning_content", ""),
                             "calls": [c["function"] for c in message.get("tool_calls", [])]})
        print(f"{name}: {len(found)} answers; not rendered: {', '.join(missing) or 'none'}")
    if options.keep:
        options.keep.write_text(json.dumps({"tools": TOOLS, "answers": kept}, ensure_ascii=False, indent=0) + "\n")
    print(f"{len(sources)} templates, {n_good + n_bad} answers ({n_without} more are not rendered): {n_bad} come back otherwise")
    sys.exit(n_bad > 0)


if __name__ == "__main__":
    main()
