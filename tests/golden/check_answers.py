#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Round trips: assistant messages that jinja2 renders with published chat templates have to come back from the text.

    check_answers.py BUILD_FOLDER [--keep FILE] TEMPLATE...

The TEMPLATEs are those of check_templates.py. For each of them and each message below, the conversation is rendered up to
the generation prompt and with the answer; what the second has more is fed to libllm as a model would write it, in many
ways of cutting it up, and text, reasoning and tool calls have to be what was rendered. What a template leaves out of its
rendering (Mistral's ids, old reasoning) is not expected. --keep writes the answers with what they are, for answers.json.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

from check_templates import environment, expected_of, templates_of
from conversations import ARGUMENTS, NOTHING, SEARCH, WEATHER, call, user

TOOLS = [WEATHER, SEARCH, NOTHING]
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
        "<seed:eos>", "<SPECIAL_12>", "</assistant>", "<|endoftext|>"]


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


def samples(template, name, message):
    """(request, answer) where rendering with the message begins with the prompt."""
    for as_text in (False, True):
        for assistant, more in variants(message, as_text):
            common = {"documents": None, "bos_token": "<s>", "eos_token": "</s>", "tools": TOOLS if "call" in name else None, **more}
            before = [user()]
            turn = {"role": "assistant", **{k: v for k, v in assistant.items() if v is not None}}
            prompt, problem = expected_of(template, {**common, "messages": before, "add_generation_prompt": True})
            full, wrong = expected_of(template, {**common, "messages": before + [turn], "add_generation_prompt": False})
            if problem or wrong or not full.startswith(prompt):
                continue
            answer = full[len(prompt):]
            wanted = [c["function"]["name"] for c in message.get("tool_calls", [])] + [message["content"].strip()[:8]]
            if message.get("reasoning_content") and message["reasoning_content"][:5] not in answer:
                continue
            if not all(w in answer for w in wanted):
                continue
            ends = [answer.find(e) for e in ENDS if e in answer]
            yield {"messages": before, "tools": common["tools"], "chat_template_kwargs": more}, answer[:min(ends)] if ends else answer
            return


def take(tool, source, lines):
    with tempfile.NamedTemporaryFile("w", suffix=".jinja", newline="") as file:
        file.write(source)
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
        template = environment().from_string(source)
        found = [(key, *sample) for key, message in MESSAGES.items() for sample in samples(template, key, message)]
        missing = [key for key in MESSAGES if key not in {f[0] for f in found}]
        n_without += len(missing)
        results = take(tool, source, [{"request": r, "answer": a} for _, r, a in found])
        for (key, request, answer), got in zip(found, results, strict=True):
            problem = problem_of(MESSAGES[key], got)
            n_good, n_bad = n_good + (problem is None), n_bad + (problem is not None)
            if problem:
                print(f"{name} {key}: {problem}\n    of {answer!r}")
            elif options.keep:
                kept.append({"template": name, "message": key, "prompt": got["prompt"][-60:], "answer": answer,
                             "arguments": [c["arguments"] for c in got["tool_calls"]]})
        print(f"{name}: {len(found)} answers; not rendered: {', '.join(missing) or 'none'}")
    if options.keep:
        options.keep.write_text(json.dumps(kept, ensure_ascii=False, indent=0) + "\n")
    print(f"{len(sources)} templates, {n_good + n_bad} answers ({n_without} more are not rendered): {n_bad} come back otherwise")
    sys.exit(n_bad > 0)


main()
