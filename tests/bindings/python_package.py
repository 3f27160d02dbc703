#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The Python package beyond the scenario: its hand-written surface, and misuse that must end as an exception.

usage: python_package.py [TEST...]        (LIBLLM_LIBRARY names the library)
"""
import array
import asyncio
import copy
import ctypes.util
import dataclasses
import enum
import gc
import itertools
import json
import logging
import math
import os
import pathlib
import pickle
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import types
import typing
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bindings/python"))
import libllm  # noqa: E402
import peer_fields  # noqa: E402
from libllm import api, schemas  # noqa: E402

TINY = ROOT / "tests/data/tiny/llama.gguf"
SCRIPTED = ROOT / "tests/data/chat/scripted.gguf"
IDS = json.loads((ROOT / "tests/data/tiny/llama.json").read_text(encoding="utf-8"))["ids"]
GREEDY = [263, 191, 163, 236, 45, 150, 3]  # tests/golden/reference.py, float64


def get_weather(city: str, days: int = 1) -> str:
    """The weather of a city.

    Args:
        city: its name,
            in any language
        days: how many
    """
    return f"sunny in {city} for {days}"


class Shade(enum.Enum):
    LIGHT = "light"
    DARK = "dark"


@dataclasses.dataclass
class Colour:
    shade: Shade
    parts: typing.List[int]
    alpha: typing.Optional[bool] = None


@dataclasses.dataclass
class Tree:
    name: typing.Literal["oak", "elm"]
    branches: "typing.List[Tree]"


class Surface(unittest.TestCase):
    def test_models_of_packages_are_found_behind_the_users_own(self):
        with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ):
            home, system = (pathlib.Path(folder, name, "libllm/models") for name in ("home", "system"))
            system.mkdir(parents=True)
            (system / "packaged.gguf").symlink_to(TINY)
            os.environ.update(XDG_DATA_HOME=f"{folder}/home", XDG_DATA_DIRS=f"relative:/nowhere:{folder}/system")
            self.assertTrue(libllm.Model.open("packaged").tokenize("Hello"))
            with self.assertRaisesRegex(libllm.NotFoundError, str(home / "other.gguf")):
                libllm.Model.open("other")
            home.mkdir(parents=True)
            (home / "packaged.gguf").write_text("no model")
            with self.assertRaisesRegex(libllm.Error, str(home / "packaged.gguf")):
                libllm.Model.open("packaged")

    def setUp(self):
        self.tiny = libllm.Model.open(TINY)
        self.scripted = libllm.Model.open(SCRIPTED)

    def tearDown(self):
        self.tiny.close()
        self.scripted.close()

    def test_chat_has_openai_fields(self):
        answer = self.scripted.chat([{"role": "user", "content": "hello"}])
        self.assertEqual(answer.text, "It is sunny.")
        self.assertEqual(answer.choices[0].message.reasoning_content, "hm, the weather")
        self.assertEqual(json.loads(json.dumps(answer))["choices"][0]["message"]["content"], "It is sunny.")
        self.assertLessEqual({"id", "object", "created", "model", "choices", "usage"}, set(answer))
        self.assertEqual(answer["object"], "chat.completion")
        self.assertEqual(answer.choices[0].finish_reason, "stop")
        self.assertEqual(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens)

    def test_stream_has_openai_fields(self):
        chunks = list(self.scripted.chat_stream("hello"))
        self.assertEqual(dict(chunks[0].choices[0].delta), {"role": "assistant"})
        self.assertEqual("".join(chunk.text for chunk in chunks), "It is sunny.")
        self.assertEqual([chunk.choices[0].finish_reason for chunk in chunks[-2:]], [None, "stop"])
        self.assertEqual(len({chunk.id for chunk in chunks}), 1)
        self.assertIsNotNone(chunks[-1].usage)

    def test_results_have_the_fields_of_llama_cpp_python(self):
        """And of the same types; tests/bench/llama_cpp_python.py has both packages side by side."""
        known = peer_fields.known()
        options = {"temperature": 0, "max_tokens": 9}
        found = [("CreateCompletionResponse", model.generate("Hello", **more, **options))
                 for model in (self.tiny, self.scripted) for more in ({}, {"logprobs": 2})]
        for more in {}, {"tools": [get_weather]}, {"logprobs": True, "top_logprobs": 1}, {"max_tokens": 1}:
            found.append(("CreateChatCompletionResponse", self.scripted.chat("hello", **{**options, **more})))
            found += [("CreateChatCompletionStreamResponse", chunk)
                      for chunk in self.scripted.chat_stream("hello", **{**options, **more})]
        found.append(("CreateEmbeddingResponse", self.tiny.create_embedding(["a", "b"])))
        for name, result in found:
            self.assertEqual(peer_fields.problems(known[name], json.loads(json.dumps(result)), name), [])
        self.assertTrue(any(chunk["choices"][0]["delta"].get("tool_calls") for name, chunk in found if name.endswith("StreamResponse")))

    def test_functions_are_tools(self):
        schema = libllm.tool_schema(get_weather)["function"]
        self.assertEqual(schema["parameters"], {
            "type": "object", "required": ["city"], "additionalProperties": False,
            "properties": {"city": {"type": "string", "description": "its name, in any language"},
                           "days": {"type": "integer", "description": "how many"}}})
        self.assertEqual(schema["description"], "The weather of a city.")
        answer = self.scripted.chat("weather?", tools=[get_weather])
        self.assertEqual(answer.choices[0].finish_reason, "tool_calls")
        call = answer.choices[0].message.tool_calls[0]
        self.assertEqual((call.function.name, json.loads(call.function.arguments)), ("get_weather", {"city": "Ulm"}))
        self.assertEqual(libllm.run_tool([get_weather], call)["content"], "sunny in Ulm for 1")
        self.assertEqual(self.scripted.chat("weather?", tools=[get_weather], run_tools=2).text, "It is sunny.")
        streamed = [call for chunk in self.scripted.chat_stream("weather?", tools=[get_weather])
                    for call in chunk.choices[0].delta.tool_calls]
        self.assertEqual("".join(call.function.arguments for call in streamed), '{"city": "Ulm"}')
        self.assertEqual([(call.id is None, call.function.name) for call in streamed],
                         [(False, "get_weather")] + [(True, None)] * (len(streamed) - 1))

        def paint(colour: str, *more: str, shade: str = "", **others: int) -> str:
            return colour

        self.assertEqual(libllm.tool_schema(paint)["function"]["parameters"], {
            "type": "object", "required": ["colour"], "additionalProperties": False,
            "properties": {"colour": {"type": "string"}, "shade": {"type": "string"}}})

    def test_a_tool_that_raises_answers_with_the_error(self):
        def get_weather(city: str) -> str:
            raise RuntimeError(city)

        call = self.scripted.chat("?", tools=[get_weather]).choices[0].message.tool_calls[0]
        self.assertIn("RuntimeError: Ulm", libllm.run_tool([get_weather], call)["content"])

    def test_constraints(self):
        found = self.tiny.generate(IDS, json_schema=Colour, max_tokens=200, temperature=0).parsed
        self.assertIsInstance(found.shade, Shade)
        self.assertTrue(all(isinstance(part, int) for part in found.parts))
        self.assertIn(self.tiny.generate(IDS, choices=["yes", "no"]).text, ("yes", "no"))
        self.assertRegex(self.tiny.generate(IDS, regex="[0-9]{3}-[a-f]").text, r"\A[0-9]{3}-[a-f]\Z")
        self.assertEqual(self.tiny.generate(IDS, grammar='root ::= "a" "b"').text, "ab")
        answer = self.tiny.generate(IDS, json_schema=Colour, max_tokens=200, temperature=0)
        for again in pickle.loads(pickle.dumps(answer)), copy.deepcopy(answer):
            self.assertEqual((again, again.parsed), (answer, found))
        with self.assertRaises(libllm.ConstraintError):
            self.tiny.generate(IDS, regex="(")
        with self.assertRaisesRegex(TypeError, "choices and regex|regex and choices|expected one"):
            self.tiny.generate(IDS, regex="a", choices=["a"])
        with self.assertRaisesRegex(TypeError, "temprature"):
            self.tiny.generate(IDS, temprature=1)

    def test_schemas_of_types(self):
        self.assertEqual(libllm.schema_of(Colour)["properties"]["alpha"], {"anyOf": [{"type": "boolean"}, {"type": "null"}]})
        self.assertEqual(libllm.schema_of(typing.Literal["a", 1]), {"enum": ["a", 1]})
        self.assertEqual(libllm.schema_of(typing.Dict[str, float]),
                         {"type": "object", "additionalProperties": {"type": "number"}})
        with self.assertRaises(TypeError):
            libllm.schema_of(object())

    def test_types_that_are_part_of_themselves(self):
        schema = libllm.schema_of(Tree)
        self.assertEqual(schema["$ref"], "#/$defs/Tree")
        self.assertEqual(schema["$defs"]["Tree"]["properties"]["branches"],
                         {"type": "array", "items": {"$ref": "#/$defs/Tree"}})

        def plant(tree: Tree, other: typing.Optional[Tree] = None) -> str:
            return tree.branches[0].name

        parameters = libllm.tool_schema(plant)["function"]["parameters"]
        self.assertEqual((parameters["properties"]["tree"], list(parameters["$defs"])), ({"$ref": "#/$defs/Tree"}, ["Tree"]))
        found = self.tiny.generate(IDS, json_schema=Tree, max_tokens=60, seed=1, logit_bias={ord('"'): 9, ord("]"): 9}).parsed
        self.assertIsInstance(found, Tree)

    def test_templates_are_not_all_kept(self):
        for number in range(40):
            self.assertEqual(self.scripted.apply_template(["hi"], template=f"{number}"), f"{number}")
        self.assertLess(len(self.scripted._chats), 20)

    def test_special_tokens_of_prompts(self):
        """They are text unless that is asked for."""
        marked = self.tiny.detokenize([self.tiny.handle.special_token(api.SpecialToken.EOS)], special=True)
        lengths = []
        for special in False, True:
            tokens = self.tiny.tokenize(marked, special=special, bos=True)
            lengths.append(len(tokens))
            self.assertEqual(self.tiny.generate(marked, special=special, max_tokens=1).usage.prompt_tokens, len(tokens))
            self.assertEqual("".join(self.tiny.generate_stream(marked, special=special, max_tokens=3, temperature=0)),
                             self.tiny.generate(tokens, max_tokens=3, temperature=0).text)
        self.assertGreater(*lengths)

    def test_a_folder_has_a_name(self):
        folder = ROOT / "tests/data/tiny-hf/llama"
        for path in f"{folder}/", folder:
            with libllm.Model.open(path) as model:
                self.assertEqual(model.name, "llama")

    def test_engines_are_asked_for_layers_and_batches(self):
        self.assertEqual(self.tiny.generate(IDS, max_tokens=3, temperature=0).text,
                         libllm.Model.open(TINY, n_batch=3, gpu_layers=1).generate(IDS, max_tokens=3, temperature=0).text)
        with self.assertRaisesRegex(libllm.InvalidArgumentError, "n_batch"):
            libllm.Model.open(TINY, n_batch=8193).generate(IDS)
        with mock.patch.object(api.Engine, "create", side_effect=RuntimeError) as create, self.assertRaises(RuntimeError):
            libllm.Model.open(TINY, n_batch=7, gpu_layers=5).generate(IDS)
        self.assertEqual((create.call_args.args[1].n_batch, create.call_args.args[1].n_device_layers), (7, 5))

    def test_what_json_has_becomes_the_types_of_a_tool(self):
        def paint(colours: typing.Dict[str, Colour], size: typing.Tuple[int, Shade], marks: typing.Set[int],
                  last: typing.Optional[Colour] = None) -> str:
            return f"{colours['a'].shade.name} {size[1].name} {sorted(marks)} {last.parts if last else None}"

        arguments = {"colours": {"a": {"shade": "dark", "parts": [1]}}, "size": [3, "light"], "marks": [2, 1, 2],
                     "last": {"shade": "dark", "parts": [7]}}
        call = {"id": "1", "function": {"name": "paint", "arguments": json.dumps(arguments)}}
        self.assertEqual(libllm.run_tool([paint], call)["content"], "DARK LIGHT [1, 2] [7]")
        if sys.version_info >= (3, 10):
            self.assertEqual(schemas.build(Colour | None, arguments["last"]).shade, Shade.DARK)

    def test_samples_as_the_model_recommends(self):
        def text(content):
            return len(content).to_bytes(8, "little") + content

        # general.sampling.top_k is 1, in as many bytes as keep the weights aligned.
        data = TINY.read_bytes()
        more = text(b"general.sampling.top_k") + bytes([4, 0, 0, 0, 1, 0, 0, 0]) + text(b"p") + bytes([8, 0, 0, 0]) + text(b"12345")
        n_keys = int.from_bytes(data[16:24], "little") + 2
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "likeliest.gguf"
            path.write_bytes(data[:16] + n_keys.to_bytes(8, "little") + more + data[24:])
            with libllm.Model.open(path) as model:
                def texts(**options):
                    return {model.generate(IDS, max_tokens=8, seed=seed, temperature=20, ignore_end=True, **options).text
                            for seed in range(4)}

                self.assertEqual(len(texts()), 1)
                self.assertEqual(len(texts(top_k=0, top_p=1, min_p=0)), 4)

    def test_tokens_text_and_seeds(self):
        text = "na\u00efve \u4f60\u597d \U0001F600"
        self.assertEqual(self.tiny.detokenize(self.tiny.tokenize(text)), text)
        self.assertEqual(self.tiny.detokenize_bytes([0xE4]), b"\xe4")
        first, second = (self.tiny.generate(IDS, max_tokens=8, seed=5).text for _ in range(2))
        self.assertEqual(first, second)
        pieces = list(self.tiny.generate_stream(IDS, max_tokens=8, seed=5))
        self.assertEqual("".join(pieces), first)
        self.assertIn("go_think", self.scripted.apply_template(["hi"]))
        self.assertEqual(self.tiny.metadata["architecture"], "llama")

    def test_logprobs_are_those_of_the_logits(self):
        with self.tiny.session() as session:
            logits = session.decode(IDS).tolist()
        whole = math.log(sum(map(math.exp, logits)))
        likeliest = sorted(range(len(logits)), key=logits.__getitem__, reverse=True)[:3]
        expected = [logits[token] - whole for token in likeliest]
        tokens = []  # whatever comes out is likely and unlikely in turn
        for seed in range(6):
            found = self.tiny.generate(IDS, max_tokens=1, seed=seed, temperature=1.5, ignore_end=True, logprobs=3,
                                       regex="[ -~]*").choices[0].logprobs
            token = self.tiny.tokenize(found.tokens[0])[0]
            self.assertAlmostEqual(found.token_logprobs[0], logits[token] - whole, places=4)
            self.assertEqual(found.top_logprobs[0][found.tokens[0]], found.token_logprobs[0])
            for one, other in zip(list(found.top_logprobs[0].values()), expected):
                self.assertAlmostEqual(one, other, places=4)
            tokens.append(token)
        self.assertGreater(len(set(tokens)), 1)
        found = self.tiny.generate(IDS, max_tokens=5, seed=1, regex="[a-z]*", ignore_end=True, logprobs=0)
        self.assertEqual(("".join(found.choices[0].logprobs.tokens), found.choices[0].logprobs.text_offset),
                         (found.text, list(range(5))))
        self.assertIsNone(self.tiny.generate(IDS, max_tokens=1, logprobs=False).choices[0].logprobs)
        for options, error in [({"top_logprobs": 2}, TypeError), ({"logprobs": True, "top_logprobs": 101}, libllm.InvalidArgumentError),
                               ({"logprobs": True, "logits_processor": lambda tokens, logits: None}, TypeError)]:
            with self.assertRaises(error):
                self.tiny.generate(IDS, max_tokens=1, **options)

    def test_logprobs_of_chats_are_those_of_the_text(self):
        """Thoughts, markers of them, calls of tools and what a stop text cuts off have none."""
        for options in {}, {"tools": [get_weather]}, {"stop": "sunny"}:
            answer = self.scripted.chat("hello", logprobs=True, top_logprobs=2, **options)
            content = answer.choices[0].logprobs.content
            self.assertEqual("".join(one.token for one in content).strip(), answer.text.strip(), options)
            for one in content:
                self.assertEqual((bytes(one.bytes).decode(), one.top_logprobs[0].token, len(one.top_logprobs)),
                                 (one.token, one.token, 2))
            chunks = list(self.scripted.chat_stream("hello", logprobs=True, top_logprobs=2, **options))
            self.assertEqual([one for chunk in chunks if chunk.choices[0].logprobs for one in chunk.choices[0].logprobs.content],
                             content)
            for chunk in chunks:
                self.assertEqual(bool(chunk.text), chunk.choices[0].logprobs is not None)

    def test_a_prompt_is_not_computed_twice(self):
        self.tiny.generate(IDS, max_tokens=1)
        self.assertEqual(self.tiny.generate(IDS, max_tokens=1).usage.prompt_tokens_details.cached_tokens, len(IDS) - 1)

    def test_logits_processor(self):
        seen = []

        def only_a(tokens, logits):
            seen.append(len(tokens))
            for token in range(len(logits)):
                logits[token] = 0 if token == 97 else float("-inf")

        self.assertEqual(self.tiny.generate(IDS, max_tokens=3, logits_processor=only_a).text, "aaa")
        self.assertEqual(seen, [len(IDS), len(IDS) + 1, len(IDS) + 2])
        self.assertEqual(self.tiny.generate(IDS, max_tokens=9, logits_processor=only_a, stop="aa").text, "")
        nothing = self.tiny.generate(IDS, max_tokens=7, temperature=0, logits_processor=lambda tokens, logits: None)
        self.assertEqual(nothing.text, self.tiny.generate(IDS, max_tokens=7, temperature=0).text)

    def test_sessions(self):
        with self.tiny.session() as session, self.tiny.session() as other:
            logits = session.decode(IDS)
            self.assertEqual(max(range(len(logits)), key=logits.__getitem__), GREEDY[0])
            self.assertEqual(session.sample(temperature=0), GREEDY[0])
            other.load_state(session.save_state())
            self.assertEqual(other.tokens, IDS)
            self.assertEqual(other.logits.tolist(), logits.tolist())
            for token in GREEDY:
                self.assertEqual(session.sample(temperature=0), token)
                session.decode([token])
            session.rewind(40)
            self.assertEqual((session.position, session.capacity), (40, 256))

    def test_a_model_with_an_encoder_answers(self):
        with libllm.Model.open(ROOT / "tests/data/tiny/t5.gguf") as model, model.session() as session:
            options = {"max_tokens": 6, "temperature": 0, "ignore_end": True}
            texts = []
            for prompt in "Hello", "Other words", "Hello":
                session.handle.encode(model.tokenize(prompt, bos=True))
                tokens = [model.handle.special_token(api.SpecialToken.DECODER_START)]
                session.decode(tokens)
                for _ in range(6):
                    tokens.append(session.sample(temperature=0))
                    session.decode(tokens[-1:])
                texts.append(model.detokenize(tokens[1:]))
                self.assertEqual(model.generate(prompt, **options).text, texts[-1])
                self.assertEqual("".join(model.generate_stream(prompt, **options)), texts[-1])
                found = model.generate(prompt, logits_processor=lambda tokens, logits: None, **options)
                self.assertEqual(found.text, texts[-1])
            self.assertNotEqual(texts[0], texts[1])

    def test_adapters(self):
        adapter = self.tiny.adapter(ROOT / "tests/data/adapters/llama.gguf")
        plain, changed, half = (self.tiny.generate(IDS, max_tokens=9, temperature=0, adapters=adapters).text
                                for adapters in ([], [(adapter, 1.0)], []))
        self.assertNotEqual(plain, changed)
        self.assertEqual(plain, half)

    def test_embeddings(self):
        with libllm.Model.open(ROOT / "tests/data/tiny/bert.gguf") as encoder:
            vector = encoder.embed("text")
            self.assertAlmostEqual(sum(value * value for value in vector), 1, places=5)
            self.assertEqual([len(one) for one in encoder.embed(["a", "b"])], [64, 64])
            self.assertEqual(encoder.create_embedding("text")["data"][0]["embedding"], vector.tolist())
        self.assertEqual(len(self.tiny.embed("text")), 64)

    def test_numpy_without_copies(self):
        try:
            import numpy
        except ImportError:
            self.skipTest("no numpy")
        session = self.tiny.session()
        logits = numpy.asarray(session.decode(numpy.array(IDS, dtype=numpy.int32)))
        self.assertEqual((logits.dtype, logits.argmax(), logits.flags.owndata), (numpy.float32, GREEDY[0], False))

    def test_estimate(self):
        report = libllm.estimate("Llama-3.1-8B")
        self.assertTrue(report.feasible)
        self.assertEqual(report.figures["parameters.total"].value, 8030261248)
        self.assertEqual(report["parameters"]["total"]["unit"], "parameter")
        self.assertIn("<td>parameters.total</td>", report._repr_html_())
        with self.assertRaises(libllm.InvalidArgumentError):
            libllm.estimate("Llama-3.1-8B", tsk=1)

    def test_a_notebook_shows_a_stream_while_it_comes(self):
        shown = []

        class Picture:
            def update(self, text):
                shown.append(text)

        def display(text, display_id):
            self.assertTrue(display_id)
            shown.append(text)
            return Picture()

        notebook = types.ModuleType("IPython.display")
        notebook.Markdown, notebook.display = str, display
        with mock.patch.dict(sys.modules, {"IPython": types.ModuleType("IPython"), "IPython.display": notebook}), \
                mock.patch("libllm._stream.SECONDS", 0):
            self.scripted.chat_stream("hello")._ipython_display_()
            self.assertEqual((shown[0], shown[-1]), ("", "It is sunny."))
            self.assertIn("It is", shown)
            shown.clear()
            self.tiny.generate_stream(IDS, max_tokens=4, seed=1)._ipython_display_()
            self.assertEqual(shown[-1], self.tiny.generate(IDS, max_tokens=4, seed=1).text)

    def test_an_estimate_is_drawn(self):
        bars = []
        axes = mock.Mock(barh=lambda names, values: bars.append(dict(zip(names, values))))
        pyplot = types.ModuleType("matplotlib.pyplot")
        pyplot.subplots = lambda figsize: (mock.Mock(), axes)
        matplotlib = types.ModuleType("matplotlib")
        matplotlib.pyplot = pyplot
        report = libllm.estimate("Llama-3.1-8B")
        with mock.patch.dict(sys.modules, {"matplotlib": matplotlib, "matplotlib.pyplot": pyplot}):
            report.plot("parameter")
        self.assertEqual(bars[0]["parameters.total"], 8030261248)
        self.assertEqual(set(bars[0]), {path for path, figure in report.figures.items() if figure.unit == "parameter"})

    def test_devices_and_log(self):
        self.assertEqual(libllm.devices()[0].id, "cpu")
        with self.assertLogs("libllm", "DEBUG") as log:
            logging.getLogger("libllm").debug("at least this")
            libllm.Model.open(TINY).close()
        self.assertTrue(log.output)

    def test_asyncio(self):
        async def story():
            model = libllm.AsyncModel(self.scripted)
            self.assertEqual((await model.chat("hi")).text, "It is sunny.")
            self.assertEqual("".join([chunk.text async for chunk in model.chat_stream("hi")]), "It is sunny.")
            self.assertEqual(len((await model.embed(["a"]))[0]), 32)
            async with await libllm.AsyncModel.open(TINY, context=20000) as long:
                call = asyncio.ensure_future(long.generate([1] * 19000))
                await asyncio.sleep(0.1)
                started = time.monotonic()
                call.cancel()
                with self.assertRaises(asyncio.CancelledError):
                    await call
                self.assertLess(time.monotonic() - started, 2)
                stream = long.generate_stream(IDS, ignore_end=True)
                async for _ in stream:
                    break
                await stream.aclose()
                self.assertTrue((await long.generate(IDS, max_tokens=2)).usage.completion_tokens, 2)

        asyncio.run(story())


class Misuse(unittest.TestCase):
    def test_an_iterator_that_is_closed_gives_its_session_back(self):
        with libllm.Model.open(TINY) as model:
            for _ in range(3):
                stream = model.generate_stream(IDS, ignore_end=True)
                next(stream)
                stream.close()
            stream = model.generate_stream(IDS, ignore_end=True)
            next(stream)
            del stream
            gc.collect()
            self.assertEqual(model.generate(IDS, max_tokens=1).usage.completion_tokens, 1)

    def test_ctrl_c_ends_a_long_prompt(self):
        with libllm.Model.open(TINY, context=20000) as model:
            timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
            timer.start()
            with self.assertRaises(KeyboardInterrupt):
                model.generate([1] * 19000)
            timer.join()
            self.assertEqual(model.generate(IDS, max_tokens=1, temperature=0).usage.completion_tokens, 1)

    def test_cancel_from_another_thread(self):
        with libllm.Model.open(TINY, context=20000) as model:
            cancel = libllm.Cancellation()
            threading.Timer(0.1, cancel.cancel).start()
            with self.assertRaises(libllm.CancelledError):
                model.generate([1] * 19000, cancel=cancel)
            with self.assertRaises(libllm.CancelledError):
                model.generate(IDS, cancel=cancel)

    def test_a_library_that_is_another_is_no_import(self):
        other = ctypes.util.find_library("m")
        run = subprocess.run([sys.executable, "-c", "import libllm"], env={**os.environ, "LIBLLM_LIBRARY": other,
                             "PYTHONPATH": str(ROOT / "bindings/python")}, capture_output=True, text=True, check=False)
        self.assertIn("ImportError: libllm.so could not be loaded", run.stderr)

    def test_closed_models_say_so(self):
        model = libllm.Model.open(SCRIPTED)
        stream = model.chat_stream("hi")
        next(stream)
        model.close()
        model.close()
        for call in (lambda: model.chat("hi"), lambda: model.tokenize("a"), lambda: model.session(), lambda: model.embed("a")):
            with self.assertRaises(libllm.ClosedError):
                call()
        with self.assertRaises((libllm.ClosedError, StopIteration)):
            while True:
                next(stream)

    def test_parents_and_children_are_collected_in_any_order(self):
        def make():
            runtime = api.Runtime.create(api.RuntimeOptions(n_threads=1, log=lambda level, text: None))
            model = api.Model.open(runtime, TINY)
            engine = api.Engine.create(model, api.EngineOptions(n_positions=256))
            session = api.Session.create(engine)
            stream = api.Stream.create(session, IDS)
            return [runtime, model, engine, session, stream]

        for order in itertools.islice(itertools.permutations(range(5)), 0, 120, 7):
            objects = make()
            for index in order:
                objects[index] = None
                gc.collect(0)
        for seed in range(10):
            objects = make()
            random.Random(seed).shuffle(objects)
            for item in objects:
                item.close()

    def test_views_keep_what_they_show_alive(self):
        session = libllm.Model.open(TINY).session()
        logits = session.decode(IDS)
        first = logits[0]
        session.close()
        del session
        gc.collect()
        self.assertEqual(logits[0], first)

    def test_closing_while_another_thread_computes(self):
        model = api.Model.open(api.Runtime.create(), TINY)
        session = api.Session.open(model, api.EngineOptions(n_positions=20000))
        errors = []

        def work():
            try:
                session.eval([1] * 15000)
            except libllm.Error as error:
                errors.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        time.sleep(0.05)
        session.close()
        session_was_closed = session.closed
        thread.join(60)
        self.assertTrue(session_was_closed)
        self.assertFalse(errors)

    def test_exceptions_in_callbacks_come_out_of_the_call(self):
        def progress(event):
            raise ZeroDivisionError(event.name)

        with tempfile.TemporaryDirectory() as folder, self.assertRaises(ZeroDivisionError):
            api.Model.convert(api.Runtime.create(), TINY, os.path.join(folder, "x.gguf"), api.ConvertOptions(progress=progress))

    def test_what_is_no_text_or_number_is_refused(self):
        with libllm.Model.open(TINY) as model:
            with self.assertRaises(libllm.InvalidArgumentError):
                model.adapter("a\0b")
            with self.assertRaises(TypeError):
                model.handle.detokenize(["a"])
            with self.assertRaises(libllm.OutOfRangeError):
                model.detokenize([10**6])
            with self.assertRaises(UnicodeEncodeError):
                model.tokenize("\ud800")
            for call in (lambda: model.generate("a", max_tokens=-1), lambda: model.generate("a", n_guesses=2**32),
                         lambda: libllm.Model.open(TINY, gpu_layers=-1).generate("a"),
                         lambda: libllm.Model.open(TINY, context=2**64 + 64).generate("a"),
                         lambda: model.session().rewind(-1), lambda: model.generate("a", penalty_window=-1)):
                with self.assertRaisesRegex(libllm.InvalidArgumentError, "does not fit"):
                    call()
            for tokens in [2**32 + 5], [-2**40]:
                with self.assertRaisesRegex(libllm.OutOfRangeError, str(tokens[0])):
                    model.generate(tokens)
            with self.assertRaisesRegex(libllm.InvalidArgumentError, str(2**33)):
                model.generate("a", logit_bias={2**33: 1.0})
            self.assertEqual(model.handle.detokenize(array.array("i", [72, 105])), "Hi")

    def test_forked_children_get_an_error_and_end(self):
        model = libllm.Model.open(TINY)
        session = model.session()
        session.decode(IDS)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                session.decode([1])
            except libllm.ForkedError:
                with libllm.Model.open(TINY) as own:
                    status = own.generate(IDS, max_tokens=1).usage.completion_tokens - 1
            finally:
                os._exit(status)
        self.assertEqual(os.waitpid(child, 0)[1], 0)

    def test_many_threads_share_a_model(self):
        with libllm.Model.open(TINY, parallel=3) as model:
            expected = model.generate(IDS, max_tokens=6, temperature=0).text
            found = []
            threads = [threading.Thread(target=lambda: found.append(model.generate(IDS, max_tokens=6, temperature=0).text))
                       for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(found, [expected] * 8)


class Effort(unittest.TestCase):
    COUNT = 200

    def test_a_token_of_a_stream_takes_few_calls(self):
        """Calls, Python's and C's, that a token of a stream takes; tests/bench/python_stream.py says what that costs in time."""
        model = libllm.Model.open(TINY, runtime=api.Runtime.create(api.RuntimeOptions(n_threads=1)))
        calls = 0

        def count(_frame, event, _argument):
            nonlocal calls
            calls += event in ("call", "c_call")

        def stream(n_tokens):
            nonlocal calls
            calls = 0
            sys.setprofile(count)
            try:
                for _ in model.generate_stream(IDS, max_tokens=n_tokens, ignore_end=True, temperature=0):
                    pass
            finally:
                sys.setprofile(None)
            return calls

        stream(1)
        self.assertLess((stream(self.COUNT) - stream(1)) / (self.COUNT - 1), 30)


if __name__ == "__main__":
    unittest.main(verbosity=1)
