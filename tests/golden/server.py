#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What `libllm serve` answers, field by field, against the other commands and against models that say what they are told.

usage: server.py LIBLLM DATA
"""
import base64
import concurrent.futures
import json
import math
import os
import pathlib
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

from serving import SANITIZED, Server, run_all

TOOLS = [{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}]
ASK = [{"role": "user", "content": "the weather"}]


def named(name):
    return {"type": "function", "function": {"name": name}}



def libllm(server, *arguments):
    return subprocess.run([server.command[0], *arguments], check=True, capture_output=True, timeout=60).stdout


def path_of(server, name):
    return next(a.split("=", 1)[1] for a in server.command if a.startswith(name + "="))


def test_says_what_it_is(s):
    s.wait_idle()  # what an earlier test gave up may still be ending
    health = s.good("/health")
    assert health["status"] == "ok" and health["requests"] == 0, health
    models = s.good("/v1/models")
    assert models["object"] == "list" and [m["id"] for m in models["data"]] == ["scripted", "llama", "bert"], models
    for model in models["data"]:
        assert model["object"] == "model" and model["created"] > 0 and model["owned_by"], model
        assert s.good("/v1/models/" + model["id"])["id"] == model["id"]
    assert models["data"][0]["meta"]["n_ctx_train"] == 512, models


def test_errors_have_openai_form(s):
    chat = {"model": "scripted", "messages": ASK}
    for path, body, status, code, param in [
            ("/v1/models/other", None, 404, "model_not_found", "model"),
            ("/nothing", None, 404, "not_found", None),
            ("/v1/chat/completions", None, 405, "not_found", None),
            ("/v1/chat/completions", {**chat, "model": "other"}, 404, "model_not_found", "model"),
            ("/v1/chat/completions", {**chat, "messages": []}, 400, None, "messages"),
            ("/v1/chat/completions", {**chat, "temperature": -1}, 400, None, "temperature"),
            ("/v1/chat/completions", {**chat, "temperature": "warm"}, 400, None, "temperature"),
            ("/v1/chat/completions", {**chat, "n": 1000}, 400, None, "n"),
            ("/v1/chat/completions", {**chat, "max_tokens": 0}, 400, None, "max_tokens"),
            ("/v1/chat/completions", {**chat, "stop": [""]}, 400, None, "stop"),
            ("/v1/chat/completions", {**chat, "stream": "yes"}, 400, None, "stream"),
            ("/v1/chat/completions", {**chat, "top_logprobs": 2}, 400, None, "top_logprobs"),
            ("/v1/chat/completions", {**chat, "logprobs": True, "top_logprobs": 21}, 400, None, "top_logprobs"),
            ("/v1/chat/completions", {**chat, "logit_bias": {"x": 1}}, 400, None, "logit_bias"),
            ("/v1/chat/completions", {**chat, "response_format": {"type": "xml"}}, 400, None, "response_format"),
            ("/v1/chat/completions", {**chat, "response_format": {"type": "json_schema"}}, 400, None, "response_format"),
            ("/v1/chat/completions", {**chat, "guided_json": "{"}, 400, None, "guided_json"),
            ("/v1/chat/completions", {**chat, "guided_choice": "a"}, 400, None, "guided_choice"),
            ("/v1/chat/completions", {**chat, "guided_regex": "a", "grammar": "root ::= \"a\""}, 400, None, "guided_regex"),
            ("/v1/chat/completions", {**chat, "tool_choice": "required"}, 400, None, None),
            ("/v1/chat/completions", {**chat, "tools": TOOLS, "tool_choice": "maybe"}, 400, None, None),
            ("/v1/chat/completions", {**chat, "tools": TOOLS, "tool_choice": named("other")}, 400, None, None),
            ("/v1/chat/completions", {**chat, "model": "llama"}, 400, None, None),
            ("/v1/chat/completions", {**chat, "messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, 400,
             None, None),
            ("/v1/completions", {"model": "llama", "prompt": "ab " * 100}, 400, "context_length_exceeded", "prompt"),
            ("/v1/completions", {"model": "llama", "prompt": [320]}, 400, None, "prompt"),
            ("/v1/completions", {"model": "llama"}, 400, None, "prompt"),
            ("/v1/completions", {"model": "bert", "prompt": "a"}, 400, None, "model"),
            ("/v1/embeddings", {"model": "bert", "input": []}, 400, None, "input"),
            ("/v1/embeddings", {"model": "bert", "input": [None]}, 400, None, "input"),
            ("/v1/embeddings", {"model": "bert", "input": ["a", "a " * 5000]}, 400, "context_length_exceeded", "input"),
            ("/v1/embeddings", {"model": "bert", "input": "a", "dimensions": 1000}, 400, None, "dimensions"),
            ("/detokenize", {"model": "llama", "tokens": [-1]}, 400, None, "tokens")]:
        got, value = s.ask(path, body)
        error = value["error"]
        assert got == status and error["message"] and error["type"] == "invalid_request_error", (path, body, got, value)
        assert error["code"] == code and error["param"] == param, (path, body, value)
    # What is no text is named, with its place.
    for path, body, place in (
            ("/v1/chat/completions", {**chat, "messages": [ASK[0], {"role": "user", "content": [{"type": "text", "text": "a"}, {
                "type": "image_url", "image_url": {"url": "data:,"}}]}]}, 'messages[1].content[1]: type "image_url"'),
            ("/v1/responses", {"model": "scripted", "input": [{"role": "user", "content": [{"type": "input_file"}]}]},
             'input[0].content[0]: type "input_file"'),
            ("/api/chat", {**chat, "messages": [ASK[0], {**ASK[0], "images": ["aaaa"]}]}, "messages[1].images"),
            ("/api/generate", {"model": "llama", "prompt": "a", "images": ["aaaa"]}, "images")):
        got, value = s.ask(path, body)
        error = value["error"] if path.startswith("/api/") else value["error"]["message"]
        assert got == 400 and error == f"{place}: this model reads text only", (path, value)
    # A stream that has not begun is refused as everything is.
    assert s.ask("/v1/chat/completions", {**chat, "stream": True, "model": "other"})[0] == 404
    _, value = s.ask("/v1/completions", {"model": "llama", "prompt": "ab " * 100})
    assert "300 tokens" in value["error"]["message"] and "256" in value["error"]["message"], value


def constrained(schema):
    """The same schema in all the ways in which it can be said, with the path and what of the answer is the text."""
    inner = {"name": "x", "schema": schema, "strict": True}
    chat, text = {"model": "scripted", "messages": ASK, "temperature": 0}, {"model": "llama", "prompt": "a", "temperature": 0}
    for body in ({"response_format": {"type": "json_schema", "json_schema": inner}},
                 {"response_format": {"type": "json_object", "schema": schema}}, {"json_schema": schema},
                 {"guided_json": schema}, {"guided_json": json.dumps(schema)}, {"structured_outputs": {"json": schema}}):
        yield "/v1/chat/completions", {**chat, **body}, lambda v: v["choices"][0]["message"]["content"]
        yield "/v1/completions", {**text, **body}, lambda v: v["choices"][0]["text"]
    yield ("/v1/responses", {"model": "scripted", "input": "the weather", "text": {"format": {"type": "json_schema", **inner}}},
           lambda v: v["output"][-1]["content"][0]["text"])
    options = {"stream": False, "format": schema}
    yield "/api/chat", {**chat, **options}, lambda v: v["message"]["content"]
    yield "/api/generate", {**text, "raw": True, **options}, lambda v: v["response"]


def test_answers_are_constrained(s):
    # What the scripted model can say, and anything but the likeliest of what the other can.
    for path, body, text_of in constrained({"enum": [17]}):
        if body["model"] == "llama":
            assert text_of(s.good(path, body)) == "17", (path, body)
    for path, body, text_of in constrained({"type": "objekt"}):
        status, value = s.ask(path, body)
        assert status == 400 and "schema, at #: " in json.dumps(value), (path, body, value)
    chat = {"model": "scripted", "messages": ASK, "temperature": 0}
    for more in ({"guided_choice": ["sunny.", "It is "]}, {"guided_regex": "It is "}, {"grammar": 'root ::= "It is "'}):
        choice = s.good("/v1/chat/completions", {**chat, **more})["choices"][0]
        assert choice["message"] == {"role": "assistant", "content": "It is ", "reasoning_content": "hm, the weather"}, choice
        assert choice["finish_reason"] == "stop", choice
    assert s.ask("/v1/chat/completions", {**chat, "guided_regex": "("})[0] == 400
    assert s.ask("/v1/completions", {"model": "llama", "prompt": "a", "grammar": "root ::= x"})[0] == 400
    value = json.loads(s.good("/api/generate", {"model": "llama", "prompt": "a", "raw": True, "stream": False, "format": "json",
                                                "options": {"num_predict": 200, "seed": 3}})["response"])
    assert isinstance(value, dict), value


def test_tools_are_called_as_asked(s):
    chat = {"model": "scripted", "messages": ASK, "temperature": 0, "tools": TOOLS}
    for choice, content in (("auto", "I look."), ("required", None), (named("get_weather"), None)):
        message = s.good("/v1/chat/completions", {**chat, "tool_choice": choice})["choices"][0]["message"]
        assert message["content"] == content and message["tool_calls"][0]["function"] == {
            "name": "get_weather", "arguments": '{"city": "Ulm"}'}, message
    # Of several tools some: the template still knows all, calls are made of these alone.
    other = {"type": "function", "function": {"name": "other", "parameters": {"type": "object"}}}
    more = {**chat, "tools": [other, *TOOLS]}
    for mode, content in ("auto", "I look."), ("required", None):
        allowed = {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": [named("get_weather")]}}
        message = s.good("/v1/chat/completions", {**more, "tool_choice": allowed})["choices"][0]["message"]
        assert message["content"] == content and message["tool_calls"][0]["function"]["name"] == "get_weather", message
    allowed = {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "other"}]}
    status, value = s.ask("/v1/chat/completions", {**more, "tool_choice": allowed, "max_tokens": 60})
    assert status != 200 or value["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == "other", value
    for wrong in ({"mode": "auto", "tools": []}, {"tools": [named("other")]}, {"mode": "none", "tools": [named("other")]},
                  {"mode": "auto", "tools": [named("nobody")]}, {"mode": "auto", "tools": [5]}):
        status, value = s.ask("/v1/chat/completions", {**more, "tool_choice": {"type": "allowed_tools", "allowed_tools": wrong}})
        assert status == 400 and "allowed_tools" in value["error"]["message"], (wrong, value)
    # A call that the schema does not allow is never made: the scripted model says "Ulm" and nothing else.
    for schema in ({"type": "strin"}, {"type": "object", "properties": {"city": {"type": "integer"}}, "required": ["city"]}):
        tool = {"type": "function", "function": {"name": "get_weather", "parameters": schema}}
        status, value = s.ask("/v1/chat/completions", {**chat, "tools": [tool]})
        assert status == 400, value
    flat = {"type": "function", "name": "get_weather"}
    called = s.good("/v1/responses", {"model": "scripted", "input": "the weather", "temperature": 0, "tools": [
        {**flat, "parameters": TOOLS[0]["function"]["parameters"]}], "tool_choice": flat})["output"][-1]
    assert called["type"] == "function_call" and called["arguments"] == '{"city": "Ulm"}', called


def test_logprobs(s):
    chat = {"model": "scripted", "messages": ASK, "temperature": 0, "logprobs": True, "top_logprobs": 2}
    content = s.good("/v1/chat/completions", chat)["choices"][0]["logprobs"]["content"]
    assert [e["token"] for e in content] == ["It is ", "sunny."] and all(len(e["top_logprobs"]) == 2 for e in content), content
    assert all(bytes(e["bytes"]).decode() == e["token"] and e["top_logprobs"][0]["token"] == e["token"] for e in content)
    chunks = s.events("/v1/chat/completions", {**chat, "stream": True})
    parts = [e for c in chunks for k in c["choices"] if k["logprobs"] for e in k["logprobs"]["content"]]
    assert parts == content, parts
    status = s.good("/api/chat", {**chat, "stream": False})
    assert status["logprobs"] == content, status

    # A token that a stop text cut off is not listed, also where the text that is given is in it.
    stopped = s.good("/v1/chat/completions", {**chat, "stop": ["s q", " sunny"]})["choices"][0]
    assert stopped["message"]["content"] == "It is", stopped
    assert [e["token"] for e in stopped["logprobs"]["content"]] == ["It is "], stopped

    # Against the logits as they are, which `libllm eval` writes; sampling and biases have no part in them.
    text = {"model": "llama", "prompt": "once upon", "max_tokens": 3, "temperature": 0, "logprobs": 3, "echo": True}
    lists = s.good("/v1/completions", text)["choices"][0]
    tokens = lists["logprobs"]["tokens"]
    assert lists["logprobs"]["token_logprobs"][0] is None and lists["logprobs"]["top_logprobs"][0] is None
    assert "".join(tokens[:9]) == "once upon" and len(tokens) == 12, tokens
    offsets = lists["logprobs"]["text_offset"]
    assert offsets == [sum(map(len, tokens[:i])) for i in range(12)], offsets
    ids = s.good("/tokenize", {"model": "llama", "content": "once upon", "add_special": True})["tokens"]
    rows = libllm(s, "eval", "-m", path_of(s, "llama"), "--ids", ",".join(map(str, ids)), "--logits", "-")
    n = len(rows) // 4 // len(ids)
    for i, got in enumerate(lists["logprobs"]["token_logprobs"][1:len(ids)]):
        row = struct.unpack(f"<{n}f", rows[4 * n * i:4 * n * (i + 1)])
        want = row[ids[i + 1]] - math.log(sum(math.exp(x) for x in row))
        assert abs(got - want) < 1e-3, (i, got, want)
    # The prompt alone, as benchmarks that compare answers ask for it.
    silent = s.good("/v1/completions", {**text, "max_tokens": 0})
    only = silent["choices"][0]
    assert only["text"] == "once upon" and only["finish_reason"] == "length", only
    assert only["logprobs"] == {name: values[:len(ids)] for name, values in lists["logprobs"].items()}, only
    assert silent["usage"]["completion_tokens"] == 0 and silent["usage"]["prompt_tokens"] == len(ids), silent
    chunks = s.events("/v1/completions", {**text, "max_tokens": 0, "stream": True, "logprobs": None})
    assert "".join(c["choices"][0]["text"] for c in chunks) == "once upon", chunks
    of_ids = s.good("/v1/completions", {**text, "max_tokens": 0, "prompt": ids})["choices"][0]
    assert of_ids == only, of_ids
    for wrong in ({"max_tokens": 0, "echo": False}, {"max_tokens": -2}):
        assert s.ask("/v1/completions", {**text, **wrong})[1]["error"]["param"] == "max_tokens"
    again = s.good("/v1/completions", {**text, "echo": False, "top_k": 1, "temperature": 2, "logit_bias": {"5": 1}})
    assert again["choices"][0]["logprobs"]["token_logprobs"] == lists["logprobs"]["token_logprobs"][9:]
    # What a stop text cut off is not listed, whole or as a stream.
    plain = {**text, "echo": False, "max_tokens": 20}
    said = s.good("/v1/completions", plain)["choices"][0]
    tokens, text_of = said["logprobs"]["tokens"], said["text"]
    assert len(tokens) == 20, tokens
    # Behind a character that is one, since what was no UTF-8 has another form in the text.
    stop = next(text_of[i] for i in range(1, len(text_of)) if text_of[i - 1:i + 1].isascii() and text_of[i] in tokens and
                text_of[i] not in text_of[:i])
    stopped = {**plain, "stop": [stop]}
    whole = s.good("/v1/completions", stopped)["choices"][0]
    assert whole["finish_reason"] == "stop" and whole["text"] == text_of.split(stop)[0], whole
    assert whole["logprobs"]["tokens"] == tokens[:tokens.index(stop)], (whole, said)
    pieces = [c["choices"][0] for c in s.events("/v1/completions", stopped)]
    assert [t for p in pieces for t in p["logprobs"]["tokens"]] == whole["logprobs"]["tokens"], pieces
    every = s.good("/v1/completions", {**text, "logprobs": 20, "max_tokens": 1})["choices"][0]["logprobs"]
    assert all(sum(math.exp(x) for x in top.values()) < 1 + 1e-6 for top in every["top_logprobs"][1:])


def test_chat(s):
    value = s.good("/v1/chat/completions", {"model": "scripted", "messages": ASK, "temperature": 0})
    assert value["object"] == "chat.completion" and value["model"] == "scripted" and value["id"] and value["created"]
    assert value["choices"] == [{"index": 0, "finish_reason": "stop", "logprobs": None, "message": {
        "role": "assistant", "content": "It is sunny.", "reasoning_content": "hm, the weather"}}], value
    usage = value["usage"]
    assert usage["completion_tokens"] == 5 and usage["total_tokens"] == usage["prompt_tokens"] + 5, usage
    # Members that are null or unknown do not matter; the two forms of a content say the same.
    parts = [{"role": "user", "content": [{"type": "text", "text": "the weather"}]}]
    other = s.good("/v1/chat/completions", {"model": "scripted", "messages": parts, "temperature": 0, "stop": None,
                                            "store": True, "metadata": {"a": "b"}, "user": "me", "n": 1})
    assert other["choices"] == value["choices"], other
    off = s.good("/v1/chat/completions", {"model": "scripted", "messages": ASK, "temperature": 0,
                                          "chat_template_kwargs": {"enable_thinking": False}})
    assert off["choices"][0]["message"] == {"role": "assistant", "content": "It is sunny."}, off


def test_chat_stops_and_ends(s):
    body = {"model": "scripted", "messages": ASK, "temperature": 0, "reasoning_effort": "none"}
    value = s.good("/v1/chat/completions", {**body, "stop": "sun"})["choices"][0]
    assert (value["message"]["content"], value["finish_reason"]) == ("It is ", "stop"), value
    for name in "max_tokens", "max_completion_tokens":
        value = s.good("/v1/chat/completions", {**body, name: 1})["choices"][0]
        assert (value["message"]["content"], value["finish_reason"]) == ("It is ", "length"), value
    value = s.good("/v1/chat/completions", {**body, "n": 3})
    assert [c["index"] for c in value["choices"]] == [0, 1, 2] and value["usage"]["completion_tokens"] == 6, value


def test_chat_calls_tools(s):
    body = {"model": "scripted", "messages": ASK, "temperature": 0, "tools": TOOLS}
    choice = s.good("/v1/chat/completions", body)["choices"][0]
    call = choice["message"]["tool_calls"][0]
    assert choice["finish_reason"] == "tool_calls" and choice["message"]["content"] == "I look.", choice
    assert call["type"] == "function" and call["id"] and call["function"]["name"] == "get_weather", call
    assert json.loads(call["function"]["arguments"]) == {"city": "Ulm"}, call
    answer = ASK + [choice["message"], {"role": "tool", "tool_call_id": call["id"], "content": "sun"}]
    value = s.good("/v1/chat/completions", {**body, "messages": answer})["choices"][0]
    assert value["message"]["content"] == "It is sunny." and value["finish_reason"] == "stop", value
    none = s.good("/v1/chat/completions", {**body, "tool_choice": "none"})["choices"][0]
    assert "tool_calls" not in none["message"], none


def test_chat_streams(s):
    body = {"model": "scripted", "messages": ASK, "temperature": 0}
    chunks = s.events("/v1/chat/completions", body)
    assert all(c["object"] == "chat.completion.chunk" and c["id"] == chunks[0]["id"] and "usage" not in c for c in chunks)
    choices = [c["choices"][0] for c in chunks]
    assert all("finish_reason" in c and c["index"] == 0 for c in choices), choices
    assert choices[0]["delta"] == {"role": "assistant", "content": ""}, choices[0]
    assert [c["finish_reason"] for c in choices] == [None] * (len(choices) - 1) + ["stop"], choices
    for name, text in ("content", "It is sunny."), ("reasoning_content", "hm, the weather"):
        assert "".join(c["delta"].get(name, "") for c in choices) == text, choices
    chunks = s.events("/v1/chat/completions", {**body, "stream_options": {"include_usage": True}})
    assert chunks[-1]["choices"] == [] and chunks[-1]["usage"]["completion_tokens"] == 5, chunks[-1]
    assert "timings" in chunks[-1] and not any("timings" in c for c in chunks[:-1]), chunks
    chunks = s.events("/v1/chat/completions", body)
    assert chunks[-1]["timings"]["predicted_n"] == 5 and not any("timings" in c for c in chunks[:-1]), chunks
    chunks = s.events("/v1/chat/completions", {**body, "n": 2})
    assert {c["choices"][0]["index"] for c in chunks} == {0, 1}, chunks


def test_chat_streams_tools(s):
    chunks = s.events("/v1/chat/completions", {"model": "scripted", "messages": ASK, "temperature": 0, "tools": TOOLS})
    calls = [c["choices"][0]["delta"]["tool_calls"] for c in chunks if "tool_calls" in c["choices"][0]["delta"]]
    assert all(len(c) == 1 and c[0]["index"] == 0 for c in calls), calls
    assert calls[0][0]["id"] and calls[0][0]["type"] == "function", calls
    assert [c[0]["function"].get("name") for c in calls] == ["get_weather"] + [None] * (len(calls) - 1), calls
    assert json.loads("".join(c[0]["function"]["arguments"] for c in calls)) == {"city": "Ulm"}, calls
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls", chunks[-1]


def test_calls_that_are_cut_off(s):
    """At the length limit clients get the arguments so far, and are told; where only whole ones are possible, none."""
    body = {"model": "scripted", "messages": ASK, "temperature": 0, "tools": TOOLS}
    whole, seen = '{"city": "Ulm"}', set()
    for n in range(1, 8):
        value = s.good("/v1/chat/completions", {**body, "max_tokens": n})["choices"][0]
        streamed = [c["choices"][0] for c in s.events("/v1/chat/completions", {**body, "max_tokens": n})]
        calls = value["message"].get("tool_calls", [])
        pieces = [c["delta"]["tool_calls"][0] for c in streamed if "tool_calls" in c["delta"]]
        assert "".join(p["function"]["arguments"] for p in pieces) == "".join(c["function"]["arguments"] for c in calls), streamed
        assert value["finish_reason"] == streamed[-1]["finish_reason"] == ("tool_calls" if n == 7 else "length"), (n, value)
        arguments = calls[0]["function"]["arguments"] if calls else None
        assert arguments is None or whole.startswith(arguments), value
        seen.add(arguments)
        ollama = s.good("/api/chat", {**body, "stream": False, "options": {"num_predict": n}})
        assert ("tool_calls" in ollama["message"]) == (arguments == whole), (n, ollama)
        assert ollama["done_reason"] == ("stop" if n == 7 else "length"), (n, ollama)
        lines = s.lines_of("/api/chat", {**body, "options": {"num_predict": n}})
        assert any("tool_calls" in line["message"] for line in lines) == (arguments == whole), (n, lines)
        response = s.good("/v1/responses", {"model": "scripted", "input": "the weather", "temperature": 0, "tools": FLAT,
                                            "max_output_tokens": n})
        last = response["output"][-1]
        assert response["status"] == ("completed" if n == 7 else "incomplete"), (n, response)
        if calls:
            assert last["arguments"] == arguments and last["status"] == ("completed" if arguments == whole else "incomplete"), last
    assert {None, '{"city": ', whole} <= seen, seen


FLAT = [{"type": "function", "name": "get_weather", "parameters": {"type": "object"}, "strict": False}]


def test_responses(s):
    body = {"model": "scripted", "input": "the weather", "temperature": 0}
    value = s.good("/v1/responses", {**body, "instructions": "be brief", "metadata": {"a": "b"}})
    assert value["object"] == "response" and value["status"] == "completed" and value["metadata"] == {"a": "b"}, value
    assert [i["type"] for i in value["output"]] == ["reasoning", "message"], value
    assert value["output"][0]["content"][0]["text"] == "hm, the weather", value
    message = value["output"][1]
    assert message["role"] == "assistant" and message["content"][0]["text"] == "It is sunny.", value
    assert value["usage"]["output_tokens"] == 5 and value["usage"]["input_tokens"] > 0, value
    assert value["usage"]["output_tokens_details"]["reasoning_tokens"] == 1, value
    cut = s.good("/v1/responses", {**body, "max_output_tokens": 1, "reasoning": {"effort": "none"}})
    assert cut["status"] == "incomplete" and cut["incomplete_details"] == {"reason": "max_output_tokens"}, cut
    # What was answered goes back as it came, and calls with what they returned.
    called = s.good("/v1/responses", {**body, "tools": FLAT})["output"]
    assert [i["type"] for i in called] == ["message", "function_call"], called
    assert called[1]["name"] == "get_weather" and json.loads(called[1]["arguments"]) == {"city": "Ulm"}, called
    more = [{"role": "user", "content": [{"type": "input_text", "text": "the weather"}]}, *called,
            {"type": "function_call_output", "call_id": called[1]["call_id"], "output": "sun"}]
    after = s.good("/v1/responses", {**body, "input": more, "tools": FLAT})["output"]
    assert after[0]["content"][0]["text"] == "It is sunny.", after
    for wrong, param in (({"previous_response_id": "a"}, "previous_response_id"), ({"input": []}, "input"),
                         ({"text": {"format": {"type": "xml"}}}, "text.format"), ({"tools": [{"type": "web"}]}, "tools"),
                         ({"input": [{"role": "user", "content": [{"type": "input_image"}]}]}, "input"),
                         ({"input": [{"type": "computer_call"}]}, "input"), ({"background": True}, "background")):
        status, error = s.ask("/v1/responses", {**body, **wrong})
        assert status == 400 and error["error"]["param"] == param, (wrong, error)


def test_responses_logprobs(s):
    body = {"model": "scripted", "input": "the weather", "temperature": 0, "include": ["message.output_text.logprobs"], "top_logprobs": 2}
    part = s.good("/v1/responses", body)["output"][1]["content"][0]
    assert [e["token"] for e in part["logprobs"]] == ["It is ", "sunny."], part
    assert all(len(e["top_logprobs"]) == 2 and e["logprob"] <= 0 for e in part["logprobs"]), part
    _, text, _ = s.ask_raw("/v1/responses", {**body, "stream": True})
    events = [json.loads(block.split("\n")[1][6:]) for block in text.split("\n\n") if block]
    sent = [e for e in events if e["type"] == "response.output_text.delta"]
    assert [entry for e in sent for entry in e["logprobs"]] == part["logprobs"], sent
    assert next(e for e in events if e["type"] == "response.output_text.done")["logprobs"] == part["logprobs"], events
    without = s.good("/v1/responses", {"model": "scripted", "input": "the weather", "temperature": 0})
    assert without["output"][1]["content"][0]["logprobs"] == [], without
    status, error = s.ask("/v1/responses", {**body, "include": "message.output_text.logprobs"})
    assert status == 400 and error["error"]["param"] == "include", error


def test_responses_stream(s):
    for tools, final in (None, "It is sunny."), (FLAT, "I look."):
        body = {"model": "scripted", "input": "the weather", "temperature": 0, "stream": True}
        status, text, _ = s.ask_raw("/v1/responses", {**body, "tools": tools})
        blocks = [block.split("\n") for block in text.split("\n\n") if block]
        events = [json.loads(data[6:]) for _, data in blocks]
        assert status == 200 and all(name == "event: " + e["type"] for (name, _), e in zip(blocks, events)), text
        assert [e["sequence_number"] for e in events] == list(range(len(events))), events
        assert events[0]["type"] == "response.created" and events[-1]["type"] == "response.completed", events
        output = events[-1]["response"]["output"]
        assert [e["item"] for e in events if e["type"] == "response.output_item.done"] == output, events
        assert "".join(e["delta"] for e in events if e["type"] == "response.output_text.delta") == final, events
        arguments = "".join(e["delta"] for e in events if e["type"] == "response.function_call_arguments.delta")
        assert arguments == ('{"city": "Ulm"}' if tools else ""), events


# What people write is one token with this model, whatever it is; calls are four each.
CALLS = {"role": "assistant", "content": "", "tool_calls": [
    {"id": f"c{i}", "type": "function", "function": {"name": "get_weather", "arguments": {}}} for i in range(70)]}
LONG = [{"role": "system", "content": "s"}, *ASK, CALLS, *ASK, CALLS, *ASK]
ITEMS = [{"type": "function_call", "call_id": c["id"], "name": "get_weather", "arguments": "{}"} for c in CALLS["tool_calls"]]


def test_long_chats(s):
    """An error unless the request or the server wants the oldest turns dropped; then the answer names them."""
    body = {"model": "scripted", "messages": LONG, "temperature": 0}
    response = {"model": "scripted", "input": [*ASK, *ITEMS, *ASK, *ITEMS, *ASK], "temperature": 0}
    for more in {}, {"truncation": "disabled"}:
        for path, asked in ("/v1/chat/completions", body), ("/v1/responses", response):
            status, error = s.ask(path, {**asked, **more})
            assert status == 400 and error["error"]["code"] == "context_length_exceeded", error
    status, error = s.ask("/v1/responses", {**response, "truncation": "some"})
    assert status == 400 and error["error"]["param"] == "truncation", error
    whole = s.good("/v1/chat/completions", {**body, "truncation": "auto"})
    shorter = s.good("/v1/chat/completions", {**body, "messages": [LONG[0], *LONG[3:]]})
    assert whole["dropped_messages"] == [1, 2] and "dropped_messages" not in shorter, whole
    assert whole["usage"]["prompt_tokens"] == shorter["usage"]["prompt_tokens"], (whole, shorter)
    assert whole["choices"][0]["message"] == shorter["choices"][0]["message"], (whole, shorter)
    chunks = s.events("/v1/chat/completions", {**body, "truncation": "auto"})
    assert all(c["dropped_messages"] == [1, 2] for c in chunks), chunks
    value = s.good("/v1/responses", {**response, "truncation": "auto"})
    assert value["dropped_messages"][0] == 0 and value["truncation"] == "auto", value
    # The last turn stays: what does not fit without the others is an error still.
    status, error = s.ask("/v1/chat/completions", {**body, "messages": [*LONG, CALLS, CALLS], "truncation": "auto"})
    assert status == 400 and error["error"]["code"] == "context_length_exceeded", error


def check_dropping(command, models):
    with Server(command, models, "--context-policy", "drop") as s:
        chat = {"model": "scripted", "messages": LONG}
        assert s.good("/v1/chat/completions", chat)["dropped_messages"] == [1, 2]
        assert s.good("/api/chat", {**chat, "stream": False})["dropped_messages"] == [1, 2]
        assert s.lines_of("/api/chat", chat)[-1]["dropped_messages"] == [1, 2]
        status, _ = s.ask("/v1/chat/completions", {**chat, "truncation": "disabled"})
        assert status == 400


def test_completions_are_those_of_generate(s):
    expected = libllm(s, "generate", "-m", path_of(s, "llama"), "-p", "once", "-n", "20", "--temp", "0").decode()
    body = {"model": "llama", "prompt": "once", "max_tokens": 20, "temperature": 0}
    whole = s.good("/v1/completions", body)
    text = whole["choices"][0]["text"]
    assert whole["object"] == "text_completion" and whole["choices"][0]["finish_reason"] == "length", whole
    assert (text == expected or text + "\n" == expected) and whole["usage"]["completion_tokens"] == 20, (whole, expected)
    chunks = s.events("/v1/completions", {**body, "stream_options": {"include_usage": True}})
    assert "".join(c["choices"][0]["text"] for c in chunks[:-1]) == text and chunks[-1]["usage"], chunks
    ids = [int(i) for i in libllm(s, "tokenize", "-m", path_of(s, "llama"), "-p", "once").split()]
    several = s.good("/v1/completions", {**body, "prompt": ["once", ids, "once"], "echo": True})["choices"]
    assert [c["text"] for c in several] == ["once" + text] * 3, several
    # How long it took, where llama.cpp's server says it: at the very end.
    assert whole["timings"]["predicted_n"] == 20 and chunks[-1]["timings"]["predicted_n"] == 20, (whole, chunks[-1])
    chunks = s.events("/v1/completions", body)
    assert [c["timings"]["predicted_n"] for c in chunks if "timings" in c] == [20] and "timings" in chunks[-1], chunks
    # Until the context is full.
    endless = {**body, "max_tokens": -1, "ignore_eos": True}
    assert s.good("/v1/completions", endless)["usage"]["total_tokens"] >= 256, endless
    again = s.good("/v1/completions", body)["usage"]
    assert again["prompt_tokens_details"]["cached_tokens"] == again["prompt_tokens"] - 1, again


def test_seeds(s):
    body = {"model": "llama", "prompt": "x", "max_tokens": 12, "temperature": 2}
    texts = [s.good("/v1/completions", {**body, "seed": seed})["choices"][0]["text"] for seed in (1, 2, 1)]
    assert texts[0] == texts[2] != texts[1], texts
    choices = s.good("/v1/completions", {**body, "seed": 1, "n": 2})["choices"]
    assert choices[0]["text"] == texts[0] and choices[1]["text"] == texts[1], choices
    assert len({s.good("/v1/completions", body)["choices"][0]["text"] for _ in range(4)}) > 1
    biased = s.good("/v1/completions", {**body, "logit_bias": {"65": 100}})["choices"][0]["text"]
    assert biased == "A" * 12, biased


def test_embeddings(s):
    texts = ["one", "and another"]
    value = s.good("/v1/embeddings", {"model": "bert", "input": texts})
    vectors = [d["embedding"] for d in value["data"]]
    assert [d["index"] for d in value["data"]] == [0, 1] and value["usage"]["prompt_tokens"] > 2, value
    for text, vector in zip(texts, vectors):
        expected = json.loads(libllm(s, "embed", "-m", path_of(s, "bert"), "-p", text, "--json"))["embeddings"][0]
        assert all(abs(a - b) < 1e-6 for a, b in zip(vector, expected)) and len(vector) == len(expected), text
    coded = s.good("/v1/embeddings", {"model": "bert", "input": "one", "encoding_format": "base64"})
    raw = base64.b64decode(coded["data"][0]["embedding"], validate=True)
    assert all(abs(a - b) < 1e-6 for a, b in zip(struct.unpack(f"<{len(raw) // 4}f", raw), vectors[0]))
    ids = s.good("/tokenize", {"model": "bert", "content": "one", "add_special": True})["tokens"]
    for given in ids, [ids]:
        of_ids = s.good("/v1/embeddings", {"model": "bert", "input": given})["data"][0]["embedding"]
        assert all(abs(a - b) < 1e-6 for a, b in zip(of_ids, vectors[0]))
    short = s.good("/v1/embeddings", {"model": "bert", "input": "one", "dimensions": 8})["data"][0]["embedding"]
    scale = math.sqrt(sum(x * x for x in vectors[0][:8]))
    assert len(short) == 8 and all(abs(a - b / scale) < 1e-6 for a, b in zip(short, vectors[0])), short
    generated = s.good("/v1/embeddings", {"model": "llama", "input": "one"})["data"][0]["embedding"]
    assert abs(sum(x * x for x in generated) - 1) < 1e-5


def test_tokens(s):
    text = "héllo wörld"
    ids = [int(i) for i in libllm(s, "tokenize", "-m", path_of(s, "llama"), "-p", text).split()]
    value = s.good("/tokenize", {"model": "llama", "content": text, "add_special": True})
    assert value["tokens"] == ids and value["count"] == len(ids), (value, ids)
    plain = s.good("/tokenize", {"model": "llama", "prompt": text})["tokens"]
    assert s.good("/detokenize", {"model": "llama", "tokens": plain})["content"] == text
    rendered = s.good("/apply-template", {"model": "scripted", "messages": ASK})
    assert rendered["prompt"] == "user: the weather\n<|go_think|>", rendered


def test_estimate(s):
    scenario = {"task": "serve", "model": {"file": "llama"}, "hardware": {"device": "H100"}}
    expected = dict(scenario, model={"file": path_of(s, "llama")})
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(expected, file)
        file.flush()
        told = json.loads(libllm(s, "estimate", "--scenario", file.name, "--json"))
    assert s.good("/v1/estimate", scenario) == told
    fit = s.good("/v1/estimate", {"task": "fit", "model": {"file": "llama"}})  # on the server's machine
    assert fit["feasible"] and fit["machine"]["memory"]["value"] > 0 and fit["decode"]["tokens_per_second"]["value"] > 0
    for wrong, param in (({**scenario, "model": {"file": "/etc/passwd"}}, "model"), ({**scenario, "data": "/tmp"}, "data"),
                         ({"task": "none"}, None), ([], None)):
        status, value = s.ask("/v1/estimate", wrong)
        assert status in (400, 404) and value["error"]["param"] == param, value


def check_numbers(value, n_tokens):
    assert value["done"] is True and value["eval_count"] == n_tokens and value["prompt_eval_count"] > 0, value
    for name in "total_duration", "load_duration", "prompt_eval_duration", "eval_duration":
        assert isinstance(value[name], int) and value[name] >= 0, value


def test_ollama_says_what_there_is(s):
    version = [int(n) for n in s.good("/api/version")["version"].split(".")]
    assert version >= [0, 6, 4], "editors ask for that"
    assert s.ask("/") == (200, "Ollama is running") and s.ask("/", method="HEAD") == (200, "")
    tags = s.good("/api/tags")["models"]
    assert [m["name"] for m in tags] == ["scripted", "llama", "bert"] and all(m["size"] and m["details"] for m in tags), tags
    assert all(m["modified_at"].endswith("Z") for m in tags), tags
    shown = s.good("/api/show", {"model": "scripted:latest"})
    assert shown["model_info"]["general.architecture"] == "llama" and shown["model_info"]["llama.context_length"] == 512
    assert shown["capabilities"] == ["completion", "tools", "thinking"] and "<|go_call|>" in shown["template"], shown
    assert shown["details"]["family"] == "llama" and shown["details"]["quantization_level"] == "F32", shown["details"]
    assert s.good("/api/show", {"name": "bert"})["capabilities"] == ["embedding"]
    assert "scripted" in [m["name"] for m in s.good("/api/ps")["models"]]
    status, value = s.ask("/api/show", {"model": "other"})
    assert status == 404 and isinstance(value["error"], str), value


def test_ollama_chat(s):
    body = {"model": "scripted", "messages": ASK, "options": {"temperature": 0}}
    whole = s.good("/api/chat", {**body, "stream": False})
    assert whole["message"] == {"role": "assistant", "content": "It is sunny.", "thinking": "hm, the weather"}, whole
    assert whole["done_reason"] == "stop", whole
    check_numbers(whole, 5)
    lines = s.lines_of("/api/chat", body)
    assert [line["done"] for line in lines] == [False] * (len(lines) - 1) + [True], lines
    assert "".join(line["message"]["content"] for line in lines) == "It is sunny.", lines
    assert "".join(line["message"].get("thinking", "") for line in lines) == "hm, the weather", lines
    check_numbers(lines[-1], 5)
    off = s.good("/api/chat", {**body, "stream": False, "think": False})
    assert "thinking" not in off["message"], off
    short = s.good("/api/chat", {**body, "stream": False, "think": False, "options": {"temperature": 0, "num_predict": 1}})
    assert short["done_reason"] == "length" and short["message"]["content"] == "It is ", short
    assert s.good("/api/chat", {"model": "llama", "messages": []})["done_reason"] == "load"


def test_ollama_chat_calls_tools(s):
    body = {"model": "scripted", "messages": ASK, "options": {"temperature": 0}, "tools": TOOLS}
    called = [{"function": {"index": 0, "name": "get_weather", "arguments": {"city": "Ulm"}}}]
    whole = s.good("/api/chat", {**body, "stream": False})["message"]
    assert whole["tool_calls"] == called and whole["content"] == "I look.", whole
    lines = s.lines_of("/api/chat", body)
    assert [line["message"]["tool_calls"] for line in lines if "tool_calls" in line["message"]] == [called], lines
    more = ASK + [whole, {"role": "tool", "tool_name": "get_weather", "content": "sun"}]
    assert s.good("/api/chat", {**body, "stream": False, "messages": more})["message"]["content"] == "It is sunny."


def test_ollama_generate(s):
    body = {"model": "llama", "prompt": "once", "options": {"temperature": 0, "num_predict": 9}}
    expected = s.good("/v1/completions", {"model": "llama", "prompt": "once", "temperature": 0, "max_tokens": 9})
    lines = s.lines_of("/api/generate", body)
    assert "".join(line["response"] for line in lines) == expected["choices"][0]["text"], lines
    check_numbers(lines[-1], 9)
    whole = s.good("/api/generate", {**body, "stream": False, "raw": True})
    assert whole["response"] == expected["choices"][0]["text"] and whole["done_reason"] == "length", whole
    chat = s.good("/api/generate", {"model": "scripted", "prompt": "a", "system": "b", "stream": False, "think": False})
    assert chat["response"] == "It is sunny.", chat
    assert s.good("/api/generate", {"model": "llama"})["done_reason"] == "load"
    for wrong in ({"format": "xml"}, {"suffix": "a"}, {"images": ["aaaa"]}, {"options": {"top_p": 2}}, {"options": []}):
        status, value = s.ask("/api/generate", {**body, **wrong})
        assert status == 400 and isinstance(value["error"], str), (wrong, value)


def test_windows_of_penalties(s):
    """0 is none and -1 all tokens, neither of them what the model recommends."""
    options = {"temperature": 0, "num_predict": 40, "repeat_penalty": 8}

    def answer(**more):
        return s.good("/api/generate", {"model": "llama", "prompt": "once", "raw": True, "stream": False,
                                        "options": {**options, **more}})["response"]

    plain = answer(repeat_penalty=1)
    assert answer() != plain and answer(repeat_last_n=0) == plain
    assert answer(repeat_last_n=0, presence_penalty=9, frequency_penalty=9) == plain
    assert answer(repeat_last_n=-1) == answer(repeat_last_n=200) != answer(repeat_last_n=2)
    body = {"model": "llama", "prompt": "once", "temperature": 0, "max_tokens": 40, "repeat_penalty": 8}
    texts = [s.good("/v1/completions", {**body, **more})["choices"][0]["text"] for more in ({}, {"repeat_last_n": 0})]
    assert texts == [answer(), plain], texts


def test_ollama_embed(s):
    expected = [d["embedding"] for d in s.good("/v1/embeddings", {"model": "bert", "input": ["a", "b"]})["data"]]
    value = s.good("/api/embed", {"model": "bert", "input": ["a", "b"]})
    assert value["embeddings"] == expected and value["prompt_eval_count"] > 0, value
    assert s.good("/api/embed", {"model": "bert", "input": "a"})["embeddings"] == expected[:1]


def test_many_at_once(s):
    body = {"model": "llama", "max_tokens": 40, "temperature": 0}
    prompts = [f"prompt {i % 5}" for i in range(24)]
    alone = {p: s.good("/v1/completions", {**body, "prompt": p})["choices"][0]["text"] for p in set(prompts)}
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        together = list(pool.map(lambda p: s.good("/v1/completions", {**body, "prompt": p})["choices"][0]["text"], prompts))
    assert together == [alone[p] for p in prompts]


def test_metrics(s):
    s.good("/v1/completions", {"model": "llama", "prompt": "a", "max_tokens": 3})
    s.wait_idle()  # a reply can be here before its request is over
    status, text, response = s.ask_raw("/metrics")
    assert status == 200 and response.getheader("content-type").startswith("text/plain"), text
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert int(values["libllm_generated_tokens_total"]) >= 3 and int(values["libllm_requests_running"]) == 0, text
    assert values['libllm_first_token_seconds_bucket{le="+Inf"}'] == values["libllm_first_token_seconds_count"], text
    # A request has one first token, however many choices.
    s.good("/v1/completions", {"model": "llama", "prompt": "a", "max_tokens": 3, "n": 3})
    s.wait_idle()
    more = dict(line.rsplit(" ", 1) for line in s.good("/metrics").splitlines() if not line.startswith("#"))
    name = "libllm_first_token_seconds_count"
    assert int(more[name]) == int(values[name]) + 1, more


def check_guesses(command, models):
    """The same greedy tokens alone, in a batch of 8, with and without what an earlier request left, with guesses from the
    text and from a model."""
    prompts = ["once upon a time " * 4, "a", "b c", "once upon", "the the the the", "x" * 20, "hello", "once upon a time "]
    expected, guessed = None, []
    for more in [], ["--guesses", "7"], ["--draft", models["llama"]]:
        with Server(command, {"llama": models["llama"]}, "--parallel", "8", "--deterministic", *more) as s:
            def answer(prompt):
                value = s.good("/v1/completions", {"model": "llama", "prompt": prompt, "max_tokens": 60, "temperature": 0,
                                                   "ignore_eos": True})
                return value["choices"][0]["text"], value["timings"].get("draft_n_accepted", 0)

            for _ in range(2):
                alone = [answer(p) for p in prompts]
                with concurrent.futures.ThreadPoolExecutor(8) as pool:
                    together = list(pool.map(answer, prompts))
                for answers in alone, together:
                    expected = expected or [text for text, _ in answers]
                    assert [text for text, _ in answers] == expected, (more, answers)
            guessed.append(sum(n for _, n in alone))
    assert guessed[0] == 0 and guessed[1] > 0 and guessed[2] > 0, guessed
    refused = subprocess.run([command, "serve", "-m", models["llama"], "-m", models["bert"], "--draft", models["llama"]],
                             capture_output=True, text=True, timeout=60)
    assert refused.returncode == 2 and "--draft" in refused.stderr, refused


def check_memory(command, models):
    """A model that nobody uses makes room for another one; what generates takes memory when somebody wants text."""
    if SANITIZED:
        return
    pair = {name: models[name] for name in ("llama", "scripted")}
    with Server(command, pair, "-c", "4000000", "--parallel", "1", "--threads", "1") as s:
        def size():
            text = pathlib.Path(f"/proc/{s.process.pid}/status").read_text()
            return int(text.split("VmSize:")[1].split()[0]) << 10

        def loaded():
            return [m["id"] for m in s.good("/v1/models")["data"] if m["loaded"]]

        long = {"model": "llama", "prompt": "a", "ignore_eos": True, "max_tokens": 3000000}
        s.good("/v1/completions", {**long, "max_tokens": 2})
        before = size()
        assert s.good("/api/show", {"model": "scripted"})["template"] and loaded() == ["llama", "scripted"]
        assert size() - before < 400 << 20, "memory to generate is taken for a description"
        limit = size() + (500 << 20)
        resource.prlimit(s.process.pid, resource.RLIMIT_AS, (limit, limit))
        # One that is in use stays.
        chat = {"model": "scripted", "messages": ASK, "max_tokens": 2}
        connection = s.connect()
        connection.request("POST", "/v1/completions", json.dumps({**long, "stream": True}))
        assert connection.getresponse().readline().startswith(b"data: ")
        status, value = s.ask("/v1/chat/completions", chat)
        assert status == 503 and value["error"]["code"] == "out_of_memory", value
        connection.close()
        s.wait_idle()
        assert s.good("/v1/chat/completions", chat)["choices"] and loaded() == ["scripted"], loaded()
        assert any("llama is given up" in line for line in s.lines), s.lines
        s.good("/v1/completions", {**long, "max_tokens": 2})
        assert loaded() == ["llama"], loaded()


def check_curl(command, models):
    """As people try a server: no header says what the body is."""
    if not shutil.which("curl"):
        return
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "s")
        for more, where in ((["--socket", path], ["--unix-socket", path]), ([], [])):
            with Server(command, models, *more, port=None if more else "0") as s:
                base = "http://localhost" if more else f"http://{s.host}:{s.port}"

                def curl(at, *arguments):
                    return subprocess.run(["curl", "-sS", "--fail-with-body", *where, *arguments, base + at], check=True,
                                          capture_output=True, text=True, timeout=60).stdout

                body = {"messages": ASK, "temperature": 0}
                value = json.loads(curl("/v1/chat/completions", "-d", json.dumps(body)))
                assert value["choices"][0]["message"]["content"] == "It is sunny.", value
                lines = curl("/v1/chat/completions", "-N", "-d", json.dumps({**body, "stream": True})).split("\n\n")
                assert lines[-2:] == ["data: [DONE]", ""] and all(line.startswith("data: {") for line in lines[:-2]), lines
                lines = curl("/api/chat", "-N", "-d", json.dumps(body)).splitlines()
                assert "".join(json.loads(line)["message"]["content"] for line in lines) == "It is sunny.", lines
                assert "200 OK" in curl("/", "-I") and json.loads(curl("/health"))["status"] == "ok"
                vector = json.loads(curl("/v1/embeddings", "--json", '{"model": "bert", "input": "a"}'))["data"][0]["embedding"]
                assert all(isinstance(x, float) for x in vector), vector
                # A body that is large is announced before it is sent.
                large = os.path.join(folder, "large")
                pathlib.Path(large).write_text(json.dumps({"content": "a" * 200000}))
                assert json.loads(curl("/tokenize", "-d", "@" + large))["count"] > 0


def check_limit(command, models):
    """--max-tokens holds for those who ask for more, and for those who do not say."""
    with Server(command, models, "--max-tokens", "7") as s:
        body = {"model": "llama", "prompt": "a", "ignore_eos": True}
        for more, n in ({}, 7), ({"max_tokens": 3}, 3), ({"max_tokens": 100}, 7), ({"max_tokens": -1}, 7):
            assert s.good("/v1/completions", {**body, **more})["usage"]["completion_tokens"] == n, more
        ollama = {"model": "llama", "prompt": "a", "raw": True, "stream": False, "options": {"num_predict": 100}}
        assert s.good("/api/generate", ollama)["eval_count"] <= 7


def check_socket(command, models):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "s")
        with Server(command, models, "--socket", path, port=None) as s:
            assert os.stat(path).st_mode & 0o777 == 0o600
            assert s.good("/v1/completions", {"model": "llama", "prompt": "a", "max_tokens": 2})["choices"]
        assert not os.path.exists(path)


def check_keys(command, models):
    with tempfile.NamedTemporaryFile("w") as keys:
        keys.write("# two keys\nfirst\nsecond\n")
        keys.flush()
        with Server(command, models, "--api-key-file", keys.name) as s:
            assert s.ask("/health")[0] == 200
            for key, status in (None, 401), ("third", 401), ("firs", 401), ("firstt", 401), ("", 401), ("first", 200), \
                    ("second", 200), ("# two keys", 401):
                headers = {"Authorization": f"Bearer {key}"} if key is not None else {}
                assert s.ask("/v1/models", headers=headers)[0] == status, key
                assert s.ask("/v1/embeddings", "{}", headers)[0] == (400 if status == 200 else status) or status == 200
    run = subprocess.run([command, "serve", "--host", "0.0.0.0", "--port", "0"], capture_output=True, timeout=60)
    assert run.returncode == 2 and b"--api-key-file" in run.stderr, run


def check_unloading(command, models):
    with Server(command, models, "--unload-after", "1") as s:
        assert s.good("/health")["models_loaded"] == 1
        body = {"model": "llama", "prompt": "a", "max_tokens": 4, "temperature": 0}
        first = s.good("/v1/completions", body)["choices"]
        assert s.good("/health")["models_loaded"] == 2
        deadline = time.monotonic() + 30
        while s.good("/health")["models_loaded"]:
            assert time.monotonic() < deadline, "models stay although nobody uses them"
            time.sleep(0.05)
        assert s.good("/v1/completions", body)["choices"] == first


def check_keep_alive(command, models):
    with Server(command, models) as s:
        def names():
            return [m["name"] for m in s.good("/api/ps")["models"]]

        for kept in (-1, "1h30m", "2.5h", 600):
            assert s.good("/api/generate", {"model": "llama", "keep_alive": kept})["done_reason"] == "load"
        time.sleep(1.5)
        assert "llama" in names(), names()
        for gone in (0, "0s", "1ms"):
            reason = s.good("/api/generate", {"model": "llama", "keep_alive": gone})["done_reason"]
            assert reason == ("load" if gone == "1ms" else "unload"), (gone, reason)
            deadline = time.monotonic() + 30
            while "llama" in names():
                assert time.monotonic() < deadline, f"a model stays with keep_alive {gone}"
                time.sleep(0.05)
        for wrong in ("", "-", "5 m", "m", "1x", [], True):
            status, value = s.ask("/api/generate", {"model": "llama", "keep_alive": wrong})
            assert status == 400 and "keep_alive" in value["error"], (wrong, value)


def check_stopping(command, models):
    """What runs when the server is told to stop is answered, when it does not take too long."""
    with Server(command, models) as s, concurrent.futures.ThreadPoolExecutor(1) as pool:
        answer = pool.submit(s.good, "/v1/completions", {"model": "llama", "prompt": "a", "max_tokens": 200, "n": 8})
        while not s.good("/health")["requests"] and not answer.done():
            pass
        s.process.send_signal(signal.SIGTERM)
        assert len(answer.result()["choices"]) == 8


def with_top_k(path, copy, top_k):
    """A GGUF file in which the model recommends it. The padding keeps the data aligned."""
    def text(s):
        return struct.pack("<Q", len(s)) + s.encode()

    data = path.read_bytes()
    more = text("general.sampling.top_k") + struct.pack("<II", 4, top_k) + text("p") + struct.pack("<I", 8) + text("12345")
    copy.write_bytes(data[:16] + struct.pack("<Q", struct.unpack_from("<Q", data, 16)[0] + 2) + more + data[24:])


def check_recommended(command, models):
    """Who says nothing about sampling gets what the model recommends, in every dialect; who does, what was said."""
    with tempfile.TemporaryDirectory() as folder:
        copies = {name: pathlib.Path(folder) / f"{name}.gguf" for name in ("llama", "scripted")}
        for name, copy in copies.items():
            with_top_k(models[name], copy, 1)
        with Server(command, copies) as s:
            shown = s.good("/api/show", {"model": "llama"})["parameters"].split()
            assert shown == ["top_k", "1"], shown

            def texts(path, body, text_of):
                return {text_of(s.good(path, body(seed))) for seed in range(4)}

            options = {"temperature": 20, "top_p": 1, "min_p": 0}
            for more, same in ({}, True), ({"top_k": 0}, False), ({"top_k": None}, True):
                found = texts("/v1/completions", lambda seed: {"model": "llama", "prompt": "once", "max_tokens": 9, "seed": seed,
                                                               "ignore_eos": True, **options, **more},
                              lambda v: v["choices"][0]["text"])
                assert (len(found) == 1) == same, (more, found)
                found = texts("/api/generate", lambda seed: {"model": "llama", "prompt": "once", "stream": False, "raw": True, "options": {
                    "num_predict": 9, "seed": seed, **options, **more}}, lambda v: v["response"])
                assert (len(found) == 1) == same, (more, found)
            assert s.good("/v1/chat/completions", {"model": "scripted", "messages": ASK, **options})["choices"][0]["message"]["content"]


def main(command, data):
    data = pathlib.Path(data)
    models = {"scripted": data / "chat/scripted.gguf", "llama": data / "tiny/llama.gguf", "bert": data / "tiny/bert.gguf"}
    with Server(command, models, "--parallel", "8") as server:
        run_all(sys.modules[__name__], server)
    for check in check_guesses, check_memory, check_curl, check_limit, check_socket, check_keys, check_unloading, check_keep_alive, check_stopping, check_dropping, check_recommended:
        check(command, models)


if __name__ == "__main__":
    main(*sys.argv[1:])
