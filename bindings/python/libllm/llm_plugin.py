# SPDX-License-Identifier: MIT
"""Plugin for the command `llm` of llm.datasette.io: `llm -m libllm "Hello"` uses the default model, and
`llm -m libllm/NAME` every other GGUF file under $XDG_DATA_HOME/libllm/models."""
# pylint: disable=import-error
from __future__ import annotations

import json
import os
from typing import Any, Dict, Iterator, List, Optional

import llm  # type: ignore[import-not-found,unused-ignore]
from pydantic import Field  # type: ignore[import-not-found,unused-ignore]

from ._runtime import data_folders
from .model import Model

OPEN: Dict[str, Model] = {}


@llm.hookimpl  # type: ignore[misc,untyped-decorator,unused-ignore]
def register_models(register: Any) -> None:
    register(Local("libllm", "default"))
    names = set()
    for folder in (os.path.join(data, "libllm", "models") for data in data_folders()):
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
            if name.endswith(".gguf") and name not in names:
                names.add(name)
                register(Local("libllm/" + name[:-len(".gguf")], os.path.join(folder, name)))


class Local(llm.Model):  # type: ignore[misc,unused-ignore]
    """A model of this machine. It is opened with the first prompt."""

    can_stream = True
    supports_schema = True
    supports_tools = True

    class Options(llm.Options):  # type: ignore[misc,unused-ignore]
        max_tokens: Optional[int] = Field(default=None, description="tokens at most")
        temperature: Optional[float] = Field(default=None, description="0: always the most probable token")
        top_p: Optional[float] = Field(default=None, description="keep tokens up to this probability mass")
        seed: Optional[int] = Field(default=None, description="the same seed gives the same text")

    def __init__(self, model_id: str, path: str):
        self.model_id = model_id
        self.path = path

    def execute(self, prompt: Any, stream: bool, response: Any, conversation: Any = None) -> Iterator[str]:
        model = OPEN.get(self.path)
        if model is None:
            model = OPEN[self.path] = Model.open(self.path)
        options = {name: value for name, value in prompt.options.model_dump().items() if value is not None}
        if prompt.schema:
            options["json_schema"] = prompt.schema
        tools = [{"type": "function", "function": {"name": tool.name, "description": tool.description or "",
                                                   "parameters": tool.input_schema}} for tool in prompt.tools]
        calls: List[Dict[str, Any]] = []
        for chunk in model.chat_stream(messages_of(prompt, conversation), tools=tools, **options):
            for piece in chunk.choices[0].delta.tool_calls:
                if "id" in piece:
                    calls.append({"id": piece["id"], "name": piece["function"]["name"], "arguments": ""})
                calls[-1]["arguments"] += piece["function"]["arguments"]
            if chunk.text:
                yield chunk.text
            if chunk.usage is not None:
                response.set_usage(input=chunk.usage.prompt_tokens, output=chunk.usage.completion_tokens)
        for call in calls:
            response.add_tool_call(llm.ToolCall(tool_call_id=call["id"], name=call["name"],
                                                arguments=json.loads(call["arguments"] or "{}")))


def messages_of(prompt: Any, conversation: Any) -> List[Dict[str, Any]]:
    """The conversation so far, and the prompt."""
    messages: List[Dict[str, Any]] = []
    responses = conversation.responses if conversation else ()
    said = [one.system for one in (*(earlier.prompt for earlier in responses), prompt) if one.system]
    if said:  # what was said last holds for all turns
        messages.append({"role": "system", "content": said[-1]})
    for earlier in responses:
        messages += turn(earlier.prompt)
        message: Dict[str, Any] = {"role": "assistant", "content": earlier.text_or_raise()}
        calls = earlier.tool_calls_or_raise()
        if calls:
            message["tool_calls"] = [{"id": call.tool_call_id, "type": "function",
                                      "function": {"name": call.name, "arguments": call.arguments}} for call in calls]
        messages.append(message)
    return messages + turn(prompt)


def turn(prompt: Any) -> List[Dict[str, Any]]:
    """What the user said, or what tools gave."""
    found: List[Dict[str, Any]] = [{"role": "tool", "tool_call_id": result.tool_call_id, "name": result.name,
                                    "content": result.output} for result in prompt.tool_results]
    return found + ([{"role": "user", "content": prompt.prompt}] if prompt.prompt else [])
