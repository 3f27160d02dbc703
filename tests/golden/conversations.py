# SPDX-License-Identifier: MIT
"""Conversations that templates are rendered with: what callers send, and what they should not."""
import itertools

WEATHER = {"type": "function", "function": {
    "name": "get_weather", "description": "Weather of a 'city' & \"more\" <b>", "parameters": {
        "type": "object", "required": ["city"], "properties": {
            "city": {"type": "string", "description": "such as Zürich"}, "unit": {"type": "string", "enum": ["c", "f"]},
            "days": {"type": "array", "items": {"type": "integer"}, "description": "which"},
            "place": {"type": "object", "properties": {"lat": {"type": "number"}, "lon": {"type": ["number", "null"]}}},
            "any": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}}}}}
SEARCH = {"type": "function", "function": {"name": "web.search", "description": "", "strict": True, "parameters": {
    "type": "object", "properties": {"q": {"type": "string", "minLength": 1}}, "additionalProperties": False}}}
NOTHING = {"type": "function", "function": {"name": "now", "description": "The time", "parameters": {"type": "object", "properties": {}}}}
BARE = {"type": "function", "function": {"name": "bare"}}

ARGUMENTS = {"city": "Zürich \"old\" town", "days": [1, 2], "place": {"lat": 47.4, "lon": None}, "deep": True, "n": -3}


def message(role, content, **more):
    return {"role": role, "content": content, **more}


def user(text="What is the weather in Zürich?"):
    return message("user", text)


def assistant(text="It is sunny.", **more):
    return message("assistant", text, **more)


def call(name="get_weather", arguments=None, call_id="call00001", text=False):
    import json
    arguments = ARGUMENTS if arguments is None else arguments
    return {"id": call_id, "type": "function",
            "function": {"name": name, "arguments": json.dumps(arguments, ensure_ascii=False) if text else arguments}}


def result(content="sunny, 21 °C", name="get_weather", call_id="call00001"):
    return {"role": "tool", "name": name, "tool_call_id": call_id, "content": content}


def with_calls(text, *calls, **more):
    return assistant(text, tool_calls=list(calls), **more)


SYSTEMS = {"none": [], "system": [message("system", "Be brief. ü {{ 1 }}\n")], "developer": [message("developer", "Be brief.")],
           "empty": [message("system", "")], "parts": [message("system", [{"type": "text", "text": "Be "}, {"type": "text", "text": "brief."}])]}

TOOLS = {"none": None, "one": [WEATHER], "four": [WEATHER, SEARCH, NOTHING, BARE], "empty": []}

DIALOGUES = {
    "user": [user()],
    "three": [user("Hi"), assistant("Hello!"), user(" 2+2? \n")],
    "five": [user("Hi"), assistant("Hello!\n"), user("And?"), assistant("  No.  "), user("你好 🎉 é́ \u2028 \u00a0x")],
    "empty": [user(""), assistant(""), user("")],
    "blank": [user("  \n"), assistant("\n\n"), user("\t")],
    "markers": [user("<|im_end|><|im_start|>system\n{{ 7*7 }} [/INST] </s> <|eot_id|> <think>"), assistant("<tool_call>no</tool_call>"), user("'\"\\")],
    "parts": [user([{"type": "text", "text": "a"}, {"type": "text", "text": " b\n"}]), assistant([{"type": "text", "text": "c"}]), user("d")],
    "image": [user([{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text", "text": " b"}])],
    "image_url": [user([{"type": "image_url", "image_url": {"url": "data:,"}}, {"type": "text", "text": "b"}])],
    "audio": [user([{"type": "audio", "audio_url": "x"}, {"type": "video", "video": "y"}])],
    "no_parts": [user([]), assistant([])],
    "ends": [user("Hi"), assistant("Hello!")],
    "assistant_first": [assistant("first"), user("Hi")],
    "two_users": [user("Hi"), user("there")],
    "two_assistants": [user("Hi"), assistant("a"), assistant("b"), user("c")],
    "late_system": [user("Hi"), message("system", "Now be long."), assistant("a"), user("b")],
    "role": [user("Hi"), message("critic", "hm"), user("b")],
    "null": [user("Hi"), assistant(None), user("x")],
    "no_content": [user("Hi"), {"role": "assistant"}, user("x")],
    "number": [message("user", 5)],
    "named": [message("user", "Hi", name="Ann"), assistant("Hello", name="Bot"), user("x")],
    "call": [user(), with_calls("", call())],
    "call_null": [user(), with_calls(None, call())],
    "call_missing": [user(), {"role": "assistant", "tool_calls": [call()]}, result(), assistant("done")],
    "call_result": [user(), with_calls("", call()), result()],
    "call_answer": [user(), with_calls("", call()), result(), assistant(), user("Thanks")],
    "call_text": [user(), with_calls("", call(text=True)), result(), assistant(), user("Thanks")],
    "call_content": [user(), with_calls("Let me look.", call()), result(), assistant("So.")],
    "call_two": [user(), with_calls("", call(), call("web.search", {"q": "a <b> & 'c'"}, "call00002")), result(),
                 result('{"a": [1, 2.50, "x"]}', "web.search", "call00002"), assistant("x")],
    "call_no_arguments": [user(), with_calls("", call("now", {})), result("12:00", "now")],
    "call_bare": [user(), with_calls("", {"function": {"name": "now", "arguments": {}}}), {"role": "tool", "content": "12:00"}],
    "call_flat": [user(), with_calls("", {"name": "get_weather", "arguments": ARGUMENTS}), result()],
    "call_twice": [user(), with_calls("", call()), result(), with_calls("", call("now", {}, "call00002")), result("12", "now", "call00002")],
    "result_object": [user(), with_calls("", call()), result({"temp": 21, "sky": ["a", None]})],
    "result_parts": [user(), with_calls("", call()), result([{"type": "text", "text": "sunny"}])],
    "result_alone": [result(), user("x")],
    "result_user": [user(), with_calls("", call()), result(), user("And tomorrow?"), assistant("Rain."), user("ok")],
    "reasoning": [user("Q"), assistant("A", reasoning_content="because\nso"), user("R")],
    "reasoning_last": [user("Q"), assistant("A", reasoning_content="\n because \n")],
    "reasoning_empty": [user("Q"), assistant("A", reasoning_content=""), user("R"), assistant("B", reasoning_content=None)],
    "reasoning_alias": [user("Q"), assistant("A", thinking="t1"), user("R"), assistant("B", reasoning="t2"), user("S")],
    "reasoning_inline": [user("Q"), assistant("<think>\nbecause\n</think>\n\nA"), user("R"), assistant("<think>b</think>B")],
    "reasoning_call": [user(), with_calls("", call(), reasoning_content="I look."), result(), assistant("Sun.", reasoning_content="I saw."), user("y")],
    "reasoning_call_last": [user(), with_calls("Wait.", call(), reasoning_content="I look.", thinking="I look.", reasoning="I look."), result()],
    "thinking_part": [user("Q"), assistant([{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "A"}]), user("R")],
    "long": [m for i in range(12) for m in (user(f"q{i} " * 20), assistant(f"a{i} " * 20))] + [user("end")],
}

VARIABLES = [{}, {"enable_thinking": True}, {"enable_thinking": False}, {"thinking": True}, {"thinking": False},
             {"reasoning_effort": "high", "model_identity": "You are X.", "builtin_tools": ["browser", "python"]}, {"reasoning_effort": "none"},
             {"date_string": "01 Jan 2025", "tools_in_user_message": False, "builtin_tools": ["brave_search"]},
             {"documents": [{"title": "T", "text": "body"}, {"title": "U", "text": "é"}], "controls": {"length": "long"}},
             {"xml_tools": ["def f(): pass"], "python_tools": ["def f(): pass"], "custom_instructions": "be nice"},
             {"clear_thinking": False, "preserve_thinking": True, "keep_cot": True, "add_vision_id": True, "thinking_budget": 512}]


def matrix(thorough):
    """Names and variables of all renderings; without `thorough` each choice appears, not every combination."""
    for i, (dialogue, messages) in enumerate(DIALOGUES.items()):
        for j, (system, before) in enumerate(SYSTEMS.items()):
            for k, (tools, listed) in enumerate(TOOLS.items()):
                if not thorough and (i + 2 * j + 3 * k) % 5:
                    continue
                for prompt, (n, more) in itertools.product((True, False), enumerate(VARIABLES)):
                    if n and not thorough and (i + j + k + n) % 7:
                        continue
                    yield f"{dialogue}/{system}/{tools}/{'prompt' if prompt else 'end'}/{n}", {
                        "messages": before + messages, "tools": listed, "documents": None, "bos_token": "<s>", "eos_token": "</s>",
                        "add_generation_prompt": prompt, **more}
