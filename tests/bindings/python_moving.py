#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What docs/from-llama-cpp-python.md promises: its program in our words, and each line of its table, does what it says.

usage: python_moving.py        (LIBLLM_LIBRARY names the library)
"""
import dataclasses
import json
import logging
import os
import pathlib
import re
import subprocess
import sys
import threading
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bindings/python"))
import libllm  # noqa: E402

PAGE = (ROOT / "docs/from-llama-cpp-python.md").read_text(encoding="utf-8")
TINY = ROOT / "tests/data/tiny/llama.gguf"
SCRIPTED = ROOT / "tests/data/chat/scripted.gguf"
SHORT = {"max_tokens": 6, "temperature": 0}


@dataclasses.dataclass
class Answer:
    ok: bool


def get_weather(city: str) -> str:
    """The weather of a city."""
    return "sunny"


def rows():
    """The left cells of the table."""
    return re.findall(r"^\| (.*?) \|", PAGE, re.MULTILINE)[1:]


class Table(unittest.TestCase):
    """A method for each line: what its left cell begins with, without signs, is what the method's name begins with."""

    def setUp(self):
        self.tiny, self.scripted = libllm.Model.open(TINY, context=200), libllm.Model.open(SCRIPTED)
        self.addCleanup(self.tiny.close)
        self.addCleanup(self.scripted.close)

    def test_llama_model_path(self):
        self.assertEqual((self.tiny.context_length, libllm.Model.open(TINY).context_length), (200, 256))
        self.assertTrue(any(isinstance(one, logging.NullHandler) for one in logging.getLogger("libllm").handlers))
        with libllm.Model.open(TINY, runtime=libllm.make_runtime(threads=2)) as model:
            self.assertTrue(model.generate("a", **SHORT).text)

    def test_n_gpu_layers(self):
        with libllm.Model.open(TINY, device=libllm.devices()[0].id) as model:
            self.assertTrue(model.generate("a", **SHORT).text)
        with self.assertRaises(libllm.Error):
            libllm.Model.open(TINY, device="none").generate("a")
        with libllm.Model.open(TINY, device="cpu", gpu_layers=1, n_batch=8) as model:
            self.assertEqual(model.generate("Hello", **SHORT).text, self.tiny.generate("Hello", **SHORT).text)
        with self.assertRaises(libllm.InvalidArgumentError):
            libllm.Model.open(TINY, n_batch=8193).generate("a")

    def test_create_chat_completion_messages(self):
        self.assertEqual(self.scripted.chat([{"role": "user", "content": "hi"}])["choices"][0]["message"]["content"], "It is sunny.")

    def test_create_chat_completion_stream(self):
        chunks = self.scripted.chat_stream([{"role": "user", "content": "hi"}])
        self.assertEqual("".join(c["choices"][0]["delta"].get("content", "") for c in chunks), "It is sunny.")
        stream = self.scripted.chat_stream("hi")
        next(stream)
        stream.close()
        self.assertEqual(self.scripted.chat("hi").text, "It is sunny.")  # the only session is free again

    def test_create_completion_prompt(self):
        self.assertEqual("".join(self.tiny.generate_stream("Hello", **SHORT)), self.tiny.generate("Hello", **SHORT)["choices"][0]["text"])
        for options in {}, {"max_tokens": 0}:
            found = self.tiny.generate("Hello", ignore_end=True, seed=1, **options)
            self.assertEqual((found.choices[0].finish_reason, found.usage.total_tokens >= 199), ("length", True))

    def test_im_end_and_the_like_in_the_prompt(self):
        counts = [self.tiny.generate("</s>", special=special, **SHORT).usage.prompt_tokens for special in (False, True)]
        self.assertEqual(counts, [len(self.tiny.tokenize("</s>", special=special, bos=True)) for special in (False, True)])
        self.assertLess(counts[1], counts[0])

    def test_echo_true_suffix(self):
        prompt = "</s>code"
        self.assertTrue((prompt + self.tiny.generate(prompt, special=True, **SHORT).text).startswith(prompt))

    def test_chat_format(self):
        template = "{% for message in messages %}{{ message.content }}{% endfor %}"
        self.assertEqual(self.scripted.apply_template(["hi"], template=template), "hi")
        self.assertEqual(self.scripted.chat(["hi"], template=template, max_tokens=1).usage.completion_tokens, 1)

    def test_response_format(self):
        options = {"max_tokens": 60, "seed": 1}
        schema = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"], "additionalProperties": False}
        self.assertIn(self.tiny.generate("a", json_schema=schema, **options).parsed, ({"ok": True}, {"ok": False}))
        self.assertIsInstance(self.tiny.generate("a", json_schema=Answer, **options).parsed, Answer)
        self.assertIsInstance(self.tiny.generate("a", json_schema=bool, **options).parsed, bool)
        self.assertIsInstance(self.tiny.generate("a", json_schema=dict, logit_bias={ord("}"): 20}, **options).parsed, dict)

    def test_llamagrammar_from_string(self):
        self.assertEqual(self.tiny.generate("a", grammar='root ::= "yes"').text, "yes")

    def test_tools(self):
        described = libllm.tool_schema(get_weather)
        for tools in [get_weather], [described]:
            self.assertEqual(self.scripted.chat("hi", tools=tools).choices[0].message.tool_calls[0].function.name, "get_weather")
        self.assertEqual(self.scripted.chat("hi", tools=[get_weather], run_tools=3).text, "It is sunny.")
        answer = self.scripted.chat("hi", tools=[described], template_variables={"tool_choice": "none"})
        self.assertEqual(answer.choices[0].message.tool_calls, [])

    def test_temperature(self):
        names = re.findall(r"`(\w+)`", next(row for row in rows() if row.startswith("`temperature`")))
        self.assertEqual(len(names), 11)
        values = {"stop": ["x"], "logit_bias": {3: -5.0}, "seed": 1, "max_tokens": 4, "top_k": 20}
        self.tiny.generate("a", repetition_penalty=1.1, **{name: values.get(name, 0.9) for name in names})

    def test_mirostat_mode(self):
        with self.assertRaisesRegex(TypeError, "mirostat_mode"):
            self.tiny.generate("a", mirostat_mode=2)
        self.assertTrue(self.tiny.generate("a", typical_p=0.9, min_p=0.1, **SHORT).text)

    def test_draft_model(self):
        prompt = "one two three one two three one two"
        self.assertEqual(self.tiny.generate(prompt, n_guesses=7, **SHORT).text, self.tiny.generate(prompt, **SHORT).text)

    def test_logits_processor(self):
        def processor(ids, logits):
            for token in range(len(logits)):
                logits[token] = 0.0 if token == 97 else float("-inf")

        self.assertEqual(self.tiny.generate("a", max_tokens=2, logits_processor=processor).text, "aa")

    def test_logprobs(self):
        self.assertEqual(len(self.tiny.generate("a", logprobs=2, ignore_end=True, **SHORT)["choices"][0]["logprobs"]["tokens"]), 6)
        answer = self.scripted.chat("hi", logprobs=True, top_logprobs=2)
        self.assertEqual(len(answer["choices"][0]["logprobs"]["content"][0]["top_logprobs"]), 2)

    def test_embed_text(self):
        vector = self.tiny.embed("text")
        self.assertAlmostEqual(sum(value * value for value in vector), 1, places=4)
        self.assertEqual(self.tiny.create_embedding("text")["data"][0]["embedding"], vector.tolist())

    def test_tokenize_bytes(self):
        self.assertEqual(self.tiny.detokenize(self.tiny.tokenize("text", bos=False, special=False)), "text")

    def test_token_eos(self):
        eos = self.tiny.handle.special_token(libllm.api.SpecialToken.EOS)
        self.assertTrue(self.tiny.handle.token_ends(eos))
        self.assertEqual((self.tiny.info.n_vocab, self.tiny.info.n_embd, self.tiny.metadata["architecture"]), (320, 64, "llama"))

    def test_detokenize_ids(self):
        self.assertEqual((self.tiny.detokenize([97]), self.tiny.detokenize_bytes([97])), ("a", b"a"))

    def test_eval_tokens(self):
        with self.tiny.session() as session:
            self.assertEqual(len(session.decode([1, 2])), self.tiny.info.n_vocab)

    def test_save_state(self):
        with self.tiny.session() as session, self.tiny.session() as other:
            session.decode([1, 2])
            other.load_state(session.save_state())
            self.assertEqual(other.tokens, [1, 2])

    def test_llamaramcache(self):
        self.tiny.generate("The same beginning", **SHORT)
        self.assertGreater(self.tiny.generate("The same beginning", **SHORT).usage.prompt_tokens_details.cached_tokens, 0)

    def test_lora_path(self):
        adapters = [(self.tiny.adapter(ROOT / "tests/data/adapters/llama.gguf"), 1.0)]
        self.assertNotEqual(self.tiny.generate("Hello", adapters=adapters, **SHORT).text, self.tiny.generate("Hello", **SHORT).text)

    def test_llama_from_pretrained(self):
        with self.assertRaisesRegex(libllm.NotFoundError, "organisation/model"):
            libllm.Model.open("organisation/model")

    def test_reset(self):
        self.assertEqual(self.tiny.generate("Hello", **SHORT).text, self.tiny.generate("Hello", **SHORT).text)

    def test_close(self):
        with libllm.Model.open(TINY) as model:
            pass
        with self.assertRaises(libllm.ClosedError):
            model.tokenize("a")

    def test_openai_openai(self):
        self.assertIsInstance(libllm.Model.open("http://host:8000/v1"), libllm.Client)

    def test_one_llama_for_one_thread(self):
        with libllm.Model.open(TINY, parallel=4) as model:
            texts = []
            threads = [threading.Thread(target=lambda: texts.append(model.generate("Hello", **SHORT).text)) for _ in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(len(texts), 6)
            self.assertEqual(set(texts), {self.tiny.generate("Hello", **SHORT).text})

    def test_a_wrong_argument_ends_the_process(self):
        for call in (lambda: self.tiny.detokenize([10 ** 6]), lambda: libllm.Model.open("none"), lambda: self.tiny.generate([-1])):
            with self.assertRaises(libllm.Error):
                call()


class Page(unittest.TestCase):
    def test_every_line_of_the_table_has_its_test(self):
        tests = [name[len("test_"):] for name in dir(Table) if name.startswith("test_")]
        lines = [re.sub(r"\W+", "_", row.lower()).strip("_") for row in rows()]
        self.assertGreater(len(lines), 20)
        for line in lines:
            self.assertEqual(len([name for name in tests if line.startswith(name)]), 1, line)
        self.assertEqual(len(tests), len(lines))

    def test_the_program_runs(self):
        """The right side of the ten lines, with a model that is there."""
        left, right = zip(*(line.split("#") for line in re.search(r"```python\n(.*?)```", PAGE, re.DOTALL).group(1).splitlines()))
        self.assertLessEqual(len(left), 10)
        lines = [ours.strip() if "the same" not in ours else theirs.rstrip() for theirs, ours in zip(left, right)]
        program = "\n".join(["messages = [{'role': 'user', 'content': 'hi'}]", *lines]).replace("m.gguf", str(SCRIPTED))
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False,
                              env={**os.environ, "PYTHONPATH": str(ROOT / "bindings/python")})
        self.assertEqual((done.stderr, done.stdout.replace("\n", "")), ("", "It is sunny." * 2), program)


if __name__ == "__main__":
    unittest.main()
