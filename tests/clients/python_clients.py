#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Clients as people have them, unchanged, against `libllm serve`.

usage: python_clients.py LIBLLM DATA        with the packages of requirements.txt
"""
import math
import pathlib
import sys

import ollama
import openai
import pydantic
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_ollama import ChatOllama, OllamaEmbeddings
from langchain_openai import ChatOpenAI, OpenAIEmbeddings

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "golden"))
from serving import Server, run_all  # noqa: E402

ASK = [{"role": "user", "content": "the weather"}]
TOOLS = [{"type": "function", "function": {"name": "get_weather", "description": "the weather", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}]


class Place(pydantic.BaseModel):
    """Where the weather is."""
    city: str


class Call(pydantic.BaseModel):
    """What the scripted model says when JSON is asked of it."""
    name: str
    arguments: dict[str, str]


@tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return "sun in " + city


def openai_of(s):
    return openai.OpenAI(base_url=f"http://127.0.0.1:{s.port}/v1", api_key="none", max_retries=0)


def raises(kind, function, **arguments):
    try:
        function(**arguments)
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


def test_openai_models_and_errors(s):
    client = openai_of(s)
    assert [m.id for m in client.models.list()] == ["scripted", "llama", "bert"]
    assert client.models.retrieve("bert").owned_by == "libllm"
    error = raises(openai.NotFoundError, client.chat.completions.create, model="gpt-4o", messages=ASK)
    assert error.code == "model_not_found" and error.param == "model"
    error = raises(openai.BadRequestError, client.completions.create, model="llama", prompt="a " * 1000)
    assert error.code == "context_length_exceeded"


def test_openai_chat(s):
    create = openai_of(s).chat.completions.create
    whole = create(model="scripted", messages=ASK, temperature=0)
    assert whole.choices[0].message.content == "It is sunny." and whole.usage.completion_tokens == 5
    chunks = list(create(model="scripted", messages=ASK, temperature=0, stream=True, stream_options={"include_usage": True}))
    assert "".join(c.choices[0].delta.content or "" for c in chunks[:-1]) == "It is sunny."
    assert chunks[-2].choices[0].finish_reason == "stop" and chunks[-1].usage.total_tokens == whole.usage.total_tokens


def test_openai_tools(s):
    client = openai_of(s)
    called = client.chat.completions.create(model="scripted", messages=ASK, tools=TOOLS, temperature=0).choices[0].message
    call = called.tool_calls[0]
    assert call.function.name == "get_weather" and call.function.arguments == '{"city": "Ulm"}', called
    more = ASK + [called, {"role": "tool", "tool_call_id": call.id, "content": "sun"}]
    after = client.chat.completions.create(model="scripted", messages=more, tools=TOOLS, temperature=0)
    assert after.choices[0].message.content == "It is sunny."
    with client.chat.completions.stream(model="scripted", messages=ASK, tools=TOOLS, temperature=0) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].message.tool_calls[0].function.arguments == call.function.arguments


def test_openai_structured_outputs(s):
    client = openai_of(s)
    parsed = client.chat.completions.parse(model="scripted", messages=ASK, response_format=Call, temperature=0).choices[0].message
    assert parsed.parsed == Call(name="get_weather", arguments={"city": "Ulm"}), parsed
    assert parsed.reasoning_content == "hm, the weather", parsed
    whole = client.responses.parse(model="scripted", input="the weather", text_format=Call, temperature=0)
    assert whole.output_parsed.name == "get_weather", whole
    wrong = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "array", "uniqueItems": 1, "items": {"not": {}}}}}
    error = raises(openai.BadRequestError, client.chat.completions.create, model="scripted", messages=ASK, response_format=wrong)
    assert "schema, at #" in error.message, error
    text = client.completions.create(model="llama", prompt="a", max_tokens=300, seed=1,
                                     extra_body={"guided_json": {"type": "array", "items": {"type": "boolean"}, "maxItems": 3}})
    assert pydantic.TypeAdapter(list[bool]).validate_json(text.choices[0].text) is not None, text


def test_openai_tools_required(s):
    create = openai_of(s).chat.completions.create
    for choice in ("required", {"type": "function", "function": {"name": "get_weather"}}):
        message = create(model="scripted", messages=ASK, tools=TOOLS, tool_choice=choice, temperature=0).choices[0].message
        assert message.content is None and message.tool_calls[0].function.arguments == '{"city": "Ulm"}', message
    tools = [openai.pydantic_function_tool(Place, name="get_weather")]
    called = openai_of(s).chat.completions.parse(model="scripted", messages=ASK, tools=tools, tool_choice="required", temperature=0)
    assert called.choices[0].message.tool_calls[0].function.parsed_arguments == Place(city="Ulm"), called


def test_openai_logprobs(s):
    client = openai_of(s)
    content = client.chat.completions.create(model="scripted", messages=ASK, temperature=0, logprobs=True,
                                             top_logprobs=3).choices[0].logprobs.content
    assert [e.token for e in content] == ["It is ", "sunny."] and all(len(e.top_logprobs) == 3 for e in content), content
    with client.chat.completions.stream(model="scripted", messages=ASK, temperature=0, logprobs=True) as stream:
        deltas = [e.content[0].token for e in stream if e.type == "logprobs.content.delta"]
    assert deltas == ["It is ", "sunny."], deltas
    lists = client.completions.create(model="llama", prompt="once", max_tokens=2, logprobs=2, echo=True).choices[0].logprobs
    assert len(lists.tokens) == len(lists.token_logprobs) == len(lists.text_offset) and lists.token_logprobs[0] is None, lists


def test_openai_responses(s):
    client = openai_of(s)
    whole = client.responses.create(model="scripted", input="the weather", temperature=0)
    assert whole.output_text == "It is sunny." and whole.usage.output_tokens == 5
    with client.responses.stream(model="scripted", input="the weather", temperature=0) as stream:
        deltas = "".join(e.delta for e in stream if e.type == "response.output_text.delta")
        assert deltas == "It is sunny." == stream.get_final_response().output_text
    tools = [{"type": "function", "name": "get_weather", "parameters": TOOLS[0]["function"]["parameters"], "strict": False}]
    called = client.responses.create(model="scripted", input="the weather", tools=tools, temperature=0)
    call = called.output[-1]
    assert call.type == "function_call" and call.arguments == '{"city": "Ulm"}', called
    more = [*ASK, *called.output, {"type": "function_call_output", "call_id": call.call_id, "output": "sun"}]
    assert client.responses.create(model="scripted", input=more, tools=tools, temperature=0).output_text == "It is sunny."


def test_openai_completions_and_embeddings(s):
    client = openai_of(s)
    assert client.completions.create(model="llama", prompt="a", max_tokens=3).choices[0].finish_reason == "length"
    of_base64 = client.embeddings.create(model="bert", input=["a", "b"]).data
    of_numbers = client.embeddings.create(model="bert", input=["a", "b"], encoding_format="float").data
    assert all(math.isclose(x, y, rel_tol=1e-6, abs_tol=1e-8) for a, b in zip(of_base64, of_numbers)
               for x, y in zip(a.embedding, b.embedding)) and len(of_base64) == 2


def test_openai_leaves(s):
    stream = openai_of(s).completions.create(model="llama", prompt="a", max_tokens=100000, stream=True,
                                             extra_body={"ignore_eos": True})
    next(iter(stream))
    stream.close()
    assert s.wait_idle() < 0.5


def test_ollama(s):
    client = ollama.Client(f"http://127.0.0.1:{s.port}")
    assert [m.model for m in client.list().models] == ["scripted", "llama", "bert"]
    shown = client.show("scripted")
    assert "tools" in shown.capabilities and shown.modelinfo["llama.context_length"] == 512
    assert client.ps().models
    options = {"temperature": 0}
    whole = client.chat("scripted", ASK, options=options, think=True)
    assert whole.message.content == "It is sunny." and whole.message.thinking == "hm, the weather" and whole.eval_count == 5
    parts = list(client.chat("scripted", ASK, options=options, stream=True))
    assert "".join(p.message.content for p in parts) == "It is sunny." and parts[-1].done
    call = client.chat("scripted", ASK, tools=[get_weather.func], options=options).message.tool_calls[0]
    assert call.function.name == "get_weather" and call.function.arguments == {"city": "Ulm"}
    assert client.generate("llama", "once", options={"num_predict": 4}).eval_count == 4
    assert len(client.embed("bert", ["a", "b"]).embeddings) == 2
    error = raises(ollama.ResponseError, client.generate, model="other", prompt="a")
    assert error.status_code == 404


def test_ollama_structured(s):
    client = ollama.Client(f"http://127.0.0.1:{s.port}")
    whole = client.chat("scripted", ASK, format=Call.model_json_schema(), options={"temperature": 0})
    assert Call.model_validate_json(whole.message.content).arguments == {"city": "Ulm"}, whole
    some = client.generate("llama", "a", format="json", raw=True, options={"num_predict": 300, "seed": 3})
    assert isinstance(pydantic.TypeAdapter(dict).validate_json(some.response), dict), some
    logprobs = client.chat("scripted", ASK, options={"temperature": 0}, logprobs=True, top_logprobs=2).logprobs
    assert [e.token for e in logprobs] == ["It is ", "sunny."] and len(logprobs[0].top_logprobs) == 2, logprobs


def test_langchain_openai(s):
    url = f"http://127.0.0.1:{s.port}/v1"
    model = ChatOpenAI(model="scripted", base_url=url, api_key="none", temperature=0, max_retries=0)
    assert model.invoke("the weather").content == "It is sunny."
    assert "".join(c.content for c in model.stream("the weather")) == "It is sunny."
    with_tools = model.bind_tools([get_weather])
    called = with_tools.invoke("the weather")
    assert called.tool_calls[0]["args"] == {"city": "Ulm"}
    reply = ToolMessage(get_weather.invoke(called.tool_calls[0]["args"]), tool_call_id=called.tool_calls[0]["id"])
    assert with_tools.invoke([HumanMessage("the weather"), called, reply]).content == "It is sunny."
    for method in ("json_schema", "function_calling"):
        schema = Call if method == "json_schema" else get_weather
        found = model.with_structured_output(schema, method=method).invoke("the weather")
        assert found in (Call(name="get_weather", arguments={"city": "Ulm"}), {"city": "Ulm"}), found
    vectors = OpenAIEmbeddings(model="bert", base_url=url, api_key="none", check_embedding_ctx_length=False)
    assert len(vectors.embed_documents(["a", "b"])) == 2


def test_langchain_ollama(s):
    url = f"http://127.0.0.1:{s.port}"
    model = ChatOllama(model="scripted", base_url=url, temperature=0)
    assert model.invoke("the weather").content == "It is sunny."
    assert "".join(c.content for c in model.stream("the weather")) == "It is sunny."
    assert model.bind_tools([get_weather]).invoke("the weather").tool_calls[0]["args"] == {"city": "Ulm"}
    found = model.with_structured_output(Call, method="json_schema").invoke("the weather")
    assert found == Call(name="get_weather", arguments={"city": "Ulm"}), found
    assert len(OllamaEmbeddings(model="bert", base_url=url).embed_documents(["a", "b"])) == 2


def main(command, data):
    data = pathlib.Path(data)
    models = {"scripted": data / "chat/scripted.gguf", "llama": data / "tiny/llama.gguf", "bert": data / "tiny/bert.gguf"}
    with Server(command, models) as server:
        run_all(sys.modules[__name__], server)
    print("all clients pass")


if __name__ == "__main__":
    main(*sys.argv[1:])
