#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The Python package beside others' packages as they are: the plugin of the command `llm`, found as it is installed, and
pydantic's models as schemas.

usage: python_plugins.py [TEST...]        with the packages of plugins.txt; LIBLLM_LIBRARY names the library
"""
import enum
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import typing
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE, DATA = ROOT / "bindings/python", ROOT / "tests/data"
sys.path.insert(0, str(PACKAGE))
HOLDER = tempfile.TemporaryDirectory()
HOME = pathlib.Path(HOLDER.name)
os.environ.update(XDG_DATA_HOME=str(HOME / "data"), XDG_DATA_DIRS="/nowhere", LLM_USER_PATH=str(HOME / "llm"))


def install():
    """What pip makes of pyproject.toml for the plugin, and two models."""
    section = re.search(r"\[project\.entry-points\.llm\]\n((?:\w.*\n)+)", (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found = HOME / "site/libllm-0.1.dist-info"
    found.mkdir(parents=True)
    (found / "METADATA").write_text("Metadata-Version: 2.1\nName: libllm\nVersion: 0.1\n", encoding="utf-8")
    (found / "entry_points.txt").write_text("[llm]\n" + section[1].replace('"', ""), encoding="utf-8")
    models = HOME / "data/libllm/models"
    models.mkdir(parents=True)
    (models / "SmolLM2-135M-Instruct.Q4_1.gguf").symlink_to(DATA / "chat/scripted.gguf")  # the default one
    (models / "babbler.gguf").symlink_to(DATA / "chat/babbler.gguf")
    sys.path.insert(0, str(HOME / "site"))


install()
import llm  # noqa: E402
import pydantic  # noqa: E402

import libllm  # noqa: E402
from libllm import schemas  # noqa: E402


class Shade(enum.Enum):
    LIGHT = "light"
    DARK = "dark"


class Part(pydantic.BaseModel):
    """One part."""
    model_config = pydantic.ConfigDict(extra="forbid")
    shade: Shade
    share: int = pydantic.Field(ge=0, le=9)


class Colour(pydantic.BaseModel):
    """A colour of parts."""
    model_config = pydantic.ConfigDict(extra="forbid")
    parts: typing.List[Part] = pydantic.Field(min_length=1, max_length=2)
    alpha: typing.Optional[bool]


def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"sunny in {city}"


class Plugin(unittest.TestCase):
    def command(self, *arguments):
        environment = {**os.environ, "PYTHONPATH": f"{PACKAGE}{os.pathsep}{HOME / 'site'}"}
        return subprocess.run([sys.executable, "-m", "llm", *arguments], env=environment, capture_output=True, text=True,
                              check=True).stdout

    def test_the_command_finds_and_asks_models(self):
        listed = self.command("models")
        self.assertRegex(listed, r"libllm\b")
        self.assertIn("libllm/babbler", listed)
        self.assertEqual(self.command("-m", "libllm", "hello").strip(), "It is sunny.")
        again = self.command("-m", "libllm/babbler", "-o", "max_tokens", "8", "-o", "seed", "5", "--no-stream", "hello")
        self.assertEqual(again, self.command("-m", "libllm/babbler", "-o", "max_tokens", "8", "-o", "seed", "5", "hello"))
        self.assertIn("It is sunny.", self.command("logs", "-n", "9"))

    def test_streams_usage_and_conversations(self):
        model = llm.get_model("libllm")
        response = model.prompt("hello")
        pieces = list(response)
        self.assertGreater(len(pieces), 1)
        self.assertEqual("".join(pieces), "It is sunny.")
        self.assertGreater(response.usage().input, 0)
        self.assertGreater(response.usage().output, 0)
        conversation = model.conversation()
        conversation.prompt("hello", system="Be brief.").text()
        with mock.patch.object(libllm.Model, "chat_stream", autospec=True, side_effect=libllm.Model.chat_stream) as asked:
            self.assertEqual(conversation.prompt("and now?").text(), "It is sunny.")
        self.assertEqual([(message["role"], message["content"]) for message in asked.call_args[0][1]], [
            ("system", "Be brief."), ("user", "hello"), ("assistant", "It is sunny."), ("user", "and now?")])

    def test_functions_are_tools(self):
        asked = []

        def weather(city: str) -> str:
            """The weather of a city."""
            asked.append(city)
            return get_weather(city)

        weather.__name__ = "get_weather"
        self.assertTrue(llm.get_model("libllm").chain("weather?", tools=[weather]).text().endswith("It is sunny."))
        self.assertEqual(asked, ["Ulm"])

    def test_schemas_are_kept(self):
        text = llm.get_model("libllm/babbler").prompt("a colour", schema=Colour, max_tokens=200, temperature=0).text()
        self.assertIsInstance(Colour.model_validate_json(text), Colour)


class Pydantic(unittest.TestCase):
    def test_models_are_schemas_and_results(self):
        with libllm.Model.open(DATA / "tiny/llama.gguf") as model:
            for seed in range(4):
                found = model.generate("a colour", json_schema=Colour, max_tokens=200, seed=seed).parsed
                self.assertIsInstance(found, Colour)
                self.assertTrue(1 <= len(found.parts) <= 2 and all(0 <= part.share <= 9 for part in found.parts), found)

    def test_models_are_parts_of_other_types(self):
        """Their schemas refer to parts by the root, which is elsewhere then."""
        kind = typing.List[Colour]
        with libllm.Model.open(DATA / "tiny/llama.gguf") as model:
            schema = {**libllm.schema_of(kind), "minItems": 1, "maxItems": 1}
            text = model.generate("colours", json_schema=schema, max_tokens=250, temperature=0).text
            self.assertIsInstance(schemas.build(kind, json.loads(text))[0].parts[0].shade, Shade)

    def test_models_are_arguments_of_tools(self):
        def paint(colour: Colour, more: typing.Optional[typing.List[Part]] = None) -> str:
            """Paint."""
            return f"{len(colour.parts)} parts, {[part.shade.name for part in more or ()]}"

        parameters = libllm.tool_schema(paint)["function"]["parameters"]
        self.assertEqual(parameters["required"], ["colour"])
        with libllm.Model.open(DATA / "tiny/llama.gguf") as model:
            arguments = model.generate("paint", json_schema=parameters, max_tokens=300, temperature=0).text
        call = {"id": "1", "type": "function", "function": {"name": "paint", "arguments": arguments}}
        self.assertRegex(libllm.run_tool([paint], call)["content"], r"^[12] parts, \[")


if __name__ == "__main__":
    try:
        unittest.main(verbosity=1)
    finally:
        HOLDER.cleanup()
