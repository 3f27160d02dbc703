# SPDX-License-Identifier: MIT
"""A conversation in the terminal, with a tool: chat.py [MODEL]. An empty line ends it, Ctrl-C ends an answer."""
from __future__ import annotations

import datetime
import sys
from typing import Any, Dict, List

import libllm


def current_time(zone: str = "local") -> str:
    """The present date and time.

    Args:
        zone: "local" or "utc"
    """
    now = datetime.datetime.now(datetime.timezone.utc)
    return (now if zone == "utc" else now.astimezone()).isoformat(timespec="seconds")


def answer(model: libllm.Model, messages: List[Dict[str, Any]]) -> str:
    """Print the answer as it comes."""
    text = ""
    try:
        for chunk in model.chat_stream(messages, tools=[current_time], max_tokens=400):
            for call in chunk.choices[0].delta.tool_calls:
                print(f"[{call.get('id', '')} {call['function']['arguments']}]", end="", file=sys.stderr)
            print(chunk.text, end="", flush=True)
            text += chunk.text
    except KeyboardInterrupt:
        pass
    print()
    return text


def main(name: str = "default") -> None:
    messages: List[Dict[str, Any]] = []
    with libllm.Model.open(name) as model:
        while True:
            try:
                line = input("> ")
            except EOFError:
                break
            if not line:
                break
            messages.append({"role": "user", "content": line})
            messages.append({"role": "assistant", "content": answer(model, messages)})


if __name__ == "__main__":
    main(*sys.argv[1:])
