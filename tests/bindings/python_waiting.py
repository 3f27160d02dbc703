#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Calls of the Python package that wait for a session, and their end: streams left open, asyncio, cancelling at any moment.

usage: python_waiting.py [TEST...]        (LIBLLM_LIBRARY names the library)
"""
import asyncio
import gc
import json
import pathlib
import sys
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bindings/python"))
import libllm  # noqa: E402
from libllm import api  # noqa: E402

TINY = ROOT / "tests/data/tiny/llama.gguf"
SCRIPTED = ROOT / "tests/data/chat/scripted.gguf"
IDS = json.loads((ROOT / "tests/data/tiny/llama.json").read_text(encoding="utf-8"))["ids"]
LONG = [1] * 19000  # seconds of work
MANY = 40  # more than any pool of asyncio has threads
ENDLESS = {"ignore_end": True, "temperature": 0}


def run(story):
    async def bounded():
        await asyncio.wait_for(story, 60)

    asyncio.run(bounded())


class Threads(unittest.TestCase):
    def test_a_thread_that_waits_for_its_own_stream_is_told(self):
        with libllm.Model.open(TINY, parallel=2) as model:
            streams = [model.generate_stream(IDS, **ENDLESS) for _ in range(2)]
            for stream in streams:
                next(stream)
            for call in (lambda: model.generate(IDS, max_tokens=1), lambda: next(model.generate_stream(IDS))):
                with self.assertRaisesRegex(libllm.BusyError, "close the stream.*parallel=3"):
                    call()
            streams[0].close()
            self.assertEqual(model.generate(IDS, max_tokens=1).usage.completion_tokens, 1)
            self.assertTrue(next(streams[1]))

    def test_a_stream_that_refers_to_itself_is_dropped_first(self):
        with libllm.Model.open(TINY) as model:
            gc.disable()
            self.addCleanup(gc.enable)
            stream = model.generate_stream(IDS, **ENDLESS)
            stream.itself = stream
            next(stream)
            del stream
            self.assertEqual(model.generate(IDS, max_tokens=1).usage.completion_tokens, 1)

    def test_a_stream_of_another_thread_is_waited_for(self):
        with libllm.Model.open(TINY) as model:
            stream = model.generate_stream(IDS, max_tokens=50, **ENDLESS)
            next(stream)
            moved, found = threading.Event(), []

            def work():
                found.append(next(stream))
                moved.set()
                time.sleep(0.05)
                found.extend(stream)

            thread = threading.Thread(target=work)
            thread.start()
            moved.wait()
            self.assertEqual(model.generate(IDS, max_tokens=1).usage.completion_tokens, 1)
            thread.join()
            self.assertGreater(len(found), 10)

    def test_cancelling_ends_the_waiting(self):
        with libllm.Model.open(TINY) as model:
            stream = model.generate_stream(IDS, **ENDLESS)
            next(stream)
            errors = []

            def wait(cancel):
                try:
                    model.generate(IDS, max_tokens=1, cancel=cancel)
                except libllm.CancelledError as error:
                    errors.append(error)

            cancel = libllm.Cancellation()
            threads = [threading.Thread(target=wait, args=(cancel,), daemon=True) for _ in range(3)]
            for thread in threads:
                thread.start()
            time.sleep(0.05)
            cancel.cancel()
            for thread in threads:
                thread.join(10)
            self.assertEqual(len(errors), 3)
            self.assertTrue(next(stream))  # not what was cancelled

    def test_no_moment_to_cancel_is_lost(self):
        """Also not the one between the look at what was asked and the beginning of the work."""
        cancel, sooner = libllm.Cancellation(), threading.Event()

        class Late:
            def cancel(self):
                sooner.set()

            def work(self):
                cancel.cancel()
                self_asked = sooner.is_set()
                sooner.clear()  # as a session forgets what it is asked when it does not compute
                return self_asked and sooner.wait(10)

        late = Late()
        self.assertTrue(cancel.during(late, late.work))
        time.sleep(0.05)
        sooner.clear()
        self.assertFalse(sooner.wait(0.05))  # its work is over: it may be another call's
        with self.assertRaises(libllm.CancelledError):
            cancel.during(late, late.work)

    def test_one_cancellation_ends_two_calls(self):
        with libllm.Model.open(TINY, context=20000, parallel=2) as model:
            cancel, ended = libllm.Cancellation(), []

            def work():
                try:
                    model.generate(LONG, max_tokens=1, cancel=cancel)
                except libllm.CancelledError:
                    ended.append(time.monotonic())

            model.generate(IDS, max_tokens=1, cancel=cancel)
            threads = [threading.Thread(target=work) for _ in range(2)]
            for thread in threads:
                thread.start()
            time.sleep(0.1)
            model_of_its_own = libllm.Model.open(TINY)
            model_of_its_own.generate(IDS, max_tokens=2, cancel=cancel)  # begins and ends meanwhile
            started = time.monotonic()
            cancel.cancel()
            for thread in threads:
                thread.join()
            self.assertEqual(len(ended), 2)
            self.assertLess(max(ended) - started, 2)

    def test_a_call_with_a_logits_processor_is_cancelled(self):
        with libllm.Model.open(TINY, context=20000) as model:
            cancel = libllm.Cancellation()
            threading.Timer(0.1, cancel.cancel).start()
            started = time.monotonic()
            with self.assertRaises(libllm.CancelledError):
                model.generate(LONG, max_tokens=1, cancel=cancel, logits_processor=lambda tokens, logits: None)
            self.assertLess(time.monotonic() - started, 2)

    def test_embedding_is_cancelled(self):
        with libllm.Model.open(TINY, context=20000) as model:
            cancel = libllm.Cancellation()
            threading.Timer(0.1, cancel.cancel).start()
            started = time.monotonic()
            with self.assertRaises(libllm.CancelledError):
                model.embed(["a" * 19000] * 3, cancel=cancel)
            self.assertLess(time.monotonic() - started, 2)

    def test_no_session_at_all_is_refused(self):
        with self.assertRaisesRegex(libllm.InvalidArgumentError, "parallel is 0"):
            libllm.Model.open(TINY, parallel=0)


class Asyncio(unittest.TestCase):
    def test_many_streams_and_calls_take_turns(self):
        async def story():
            async with await libllm.AsyncModel.open(SCRIPTED) as model:
                first = model.chat_stream("hi")
                await first.__anext__()

                async def streamed():
                    return "".join([chunk.text async for chunk in model.chat_stream("hi")])

                async def called():
                    return (await model.chat("hi")).text

                tasks = [asyncio.ensure_future(work()) for _ in range(MANY // 2) for work in (streamed, called)]
                await asyncio.sleep(0.05)
                for task in tasks[::5]:
                    task.cancel()
                self.assertIn("sunny", "".join([chunk.text async for chunk in first]))
                found = await asyncio.gather(*tasks, return_exceptions=True)
                self.assertEqual([type(one) for one in found[::5]], [asyncio.CancelledError] * len(tasks[::5]))
                self.assertEqual({one for index, one in enumerate(found) if index % 5}, {"It is sunny."})
                self.assertEqual((await model.chat("hi")).text, "It is sunny.")

        run(story())

    def test_a_task_that_waits_for_its_own_stream_is_told(self):
        async def story():
            async with await libllm.AsyncModel.open(TINY) as model:
                stream = model.generate_stream(IDS, **ENDLESS)
                await stream.__anext__()
                with self.assertRaisesRegex(libllm.BusyError, "parallel=2"):
                    await model.generate(IDS, max_tokens=1)
                await stream.aclose()
                async for _ in model.generate_stream(IDS, **ENDLESS):
                    break  # nobody refers to it: the loop closes it
                self.assertEqual((await model.generate(IDS, max_tokens=1)).usage.completion_tokens, 1)

        run(story())

    def test_cancelling_ends_embedding(self):
        async def story():
            async with await libllm.AsyncModel.open(TINY, context=20000) as model:
                call = asyncio.ensure_future(model.embed(["a" * 19000] * 3))
                await asyncio.sleep(0.1)
                started = time.monotonic()
                call.cancel()
                with self.assertRaises(asyncio.CancelledError):
                    await call
                self.assertLess(time.monotonic() - started, 2)

        run(story())

    def test_a_model_serves_one_loop_after_the_other(self):
        with libllm.Model.open(SCRIPTED) as model:
            shared = libllm.AsyncModel(model)
            for _ in range(3):
                self.assertEqual(asyncio.run(shared.chat("hi")).text, "It is sunny.")

    def test_tools_may_be_async(self):
        seen = []

        async def get_weather(city: str) -> str:
            await asyncio.sleep(0)
            seen.append((city, asyncio.get_running_loop()))
            return "sunny"

        call = {"id": "1", "function": {"name": "get_weather", "arguments": '{"city": "Ulm"}'}}
        self.assertEqual(libllm.run_tool([get_weather], call)["content"], "sunny")

        async def story():
            async with await libllm.AsyncModel.open(SCRIPTED) as model:
                seen.clear()
                self.assertEqual((await model.chat("weather?", tools=[get_weather], run_tools=2)).text, "It is sunny.")
                self.assertEqual(seen, [("Ulm", asyncio.get_running_loop())])
                with self.assertRaisesRegex(TypeError, "get_weather is async.*AsyncModel"):
                    libllm.run_tool([get_weather], call)

                async def asks_itself(city: str) -> str:
                    return (await model.chat("weather?")).text

                asks_itself.__name__ = "get_weather"
                self.assertEqual((await model.chat("weather?", tools=[asks_itself], run_tools=1)).text, "It is sunny.")

        run(story())


if __name__ == "__main__":
    unittest.main(verbosity=1)
