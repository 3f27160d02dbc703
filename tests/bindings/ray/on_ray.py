#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""libllm.ray on a local Ray cluster of three nodes: batches that are killed, and a service whose replica is killed.

usage: on_ray.py [LIBLLM] [TEST...]      with the packages of requirements.txt; LIBLLM_LIBRARY names the library

LIBLLM is the command, where it was built with the server.

What is judged at length is in tests/bench/ray_kills.py and tests/bench/ray_serve.py.
"""
import json
import os
import pathlib
import random
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "bindings/python"), str(ROOT / "tests/bench")]
os.environ["PYTHONPATH"] = str(ROOT / "bindings/python")  # for what the nodes start
# A busy machine starts processes slowly; and no test writes to what its user has in the home folder.
os.environ["RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S"] = "120"
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_AUTH_MODE", "disabled")
os.environ.setdefault("RAY_worker_niceness", "0")  # by default Ray's workers give way to everything else
import ray  # noqa: E402

from libllm import batch  # noqa: E402
from libllm.batch import Settings  # noqa: E402
from libllm.ray import affinity  # noqa: E402

DATA = ROOT / "tests/data"
BERT, LLAMA = str(DATA / "tiny/bert.gguf"), str(DATA / "tiny/llama.gguf")
COMMAND = sys.argv.pop(1) if len(sys.argv) > 1 and os.path.exists(sys.argv[1]) else None


def read(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


class Batch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        import ray_kills

        cls.kills = ray_kills
        cls.cluster = ray_kills.Cluster()
        cls.holder = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.holder.name)

    @classmethod
    def tearDownClass(cls):
        ray.shutdown()
        cls.cluster.stop()
        cls.holder.cleanup()

    def test_1_a_run_whose_worker_node_and_driver_are_killed(self):
        source, output, trace = (self.folder / name for name in ("in.jsonl", "out.jsonl", "trace"))
        count = 600
        with open(source, "w", encoding="utf-8") as file:
            file.writelines(json.dumps({"text": f"document {number} " + "word " * (number % 40)}) + "\n"
                            for number in range(count))
        plain = self.folder / "plain.jsonl"
        batch.embed(source, plain, model=BERT, settings=Settings(workers=1, progress=False))
        chaos = self.kills.Chaos(self.cluster, random.Random(3), {}, 1)
        command = self.kills.command_of("embed", source, output, "ray", trace)
        driver, killed = chaos.start(command), []
        for kind, when in (("worker", 60), ("driver", 200), ("node", 350)):
            end = time.monotonic() + 240
            while chaos.progress(trace) < when * 3 and driver.poll() is None and time.monotonic() < end:
                time.sleep(0.01)
            if driver.poll() is None and chaos.kill(kind, driver):
                killed.append(kind)
            if kind == "driver":
                driver = chaos.start(command)
        _, said = driver.communicate(timeout=240)
        self.assertEqual(driver.returncode, 0, said)
        self.assertIn("driver", killed)
        problems = []
        again = self.kills.check("embed", plain, output, trace, count, problems)
        self.assertEqual(problems, [])
        self.assertLess(again, 0.02 * count * len(killed))

    def test_2_a_dataset_of_ray_goes_in_and_comes_out(self):
        """In the middle of what Ray Data does, which needs CPUs that workers leave; and of an output that no other node has."""
        import libllm.ray

        ray.init(address=self.cluster.address, log_to_driver=False)
        dataset = ray.data.range(100).filter(lambda row: row["id"] % 2 == 0).map(
            lambda row: {"text": f"document {row['id']}", "n": row["id"] // 2})
        report = libllm.ray.embed(dataset, self.folder / "vectors", model=BERT, executor="ray",
                                  settings=Settings(progress=False, unit_rows=5, window_rows=10))
        found = report.dataset()
        (self.folder / "vectors").rename(self.folder / "moved")
        rows = sorted(found.map(lambda row: {**row, "length": len(row["embedding"])}).take_all(), key=lambda row: row["row_id"])
        (self.folder / "moved").rename(self.folder / "vectors")
        self.assertEqual([row["n"] for row in rows], list(range(50)))
        self.assertEqual({row["length"] for row in rows}, {64})
        with self.assertRaisesRegex(batch.BatchError, "belongs to a run with another"):
            libllm.ray.embed(dataset, self.folder / "vectors", model=LLAMA, executor="ray", settings=Settings(progress=False))
        report = libllm.ray.embed([f"document {number}" for number in range(5)], self.folder / "few.ndjson", model=BERT,
                                  executor="ray", settings=Settings(progress=False))
        self.assertEqual(report.dataset().count(), 5)


    def test_3_a_node_that_cannot_work_is_left_out_while_others_do(self):
        import contextlib
        import io

        from libllm.ray.cluster import Cluster

        ray.init(address=self.cluster.address, log_to_driver=False, ignore_reinit_error=True)
        library = os.environ["LIBLLM_LIBRARY"]
        os.environ["LIBLLM_LIBRARY"] = "/nowhere/libllm.so"  # for what this node starts
        try:
            self.cluster.add()
        finally:
            os.environ["LIBLLM_LIBRARY"] = library
        end = time.monotonic() + 60
        while sum(node["Alive"] for node in ray.nodes()) < 5 and time.monotonic() < end:
            time.sleep(0.2)
        with contextlib.redirect_stderr(io.StringIO()) as said:
            executor = Cluster(BERT)
            report = batch.embed([f"document {number}" for number in range(40)], self.folder / "left.jsonl", model=BERT,
                                 executor=executor, settings=Settings(progress=False))
        self.assertEqual((report.computed, report.errors), (40, 0))
        self.assertRegex(said.getvalue(), r"^libllm: node [0-9a-f]{8} is left out: is libllm installed there\?[^\n]*\n$")
        self.assertEqual((len(executor.nodes), len(executor.refused)), (3, 1))
        # A model that no node has ends the run, with the reason.
        with contextlib.redirect_stderr(io.StringIO()) as said, self.assertRaisesRegex(
                batch.BatchError, "no node can work: BatchError: .*another file here"):
            executor = Cluster(BERT)
            executor.start(batch.worker.Spec("embed", BERT, "text", "embedding", model_hash="another"), [
                batch.sizing.Layout(1, 1, 1)] * 3)
            try:
                while True:
                    for event in executor.wait(1.0):
                        if event.fatal:
                            raise batch.BatchError(event.fatal)
            finally:
                executor.stop()
        self.assertEqual(said.getvalue().count("another file here"), 3)


class Parquet(unittest.TestCase):
    def test_columns_keep_their_types_and_what_does_not_fit_is_an_error_of_its_row(self):
        import pyarrow.parquet

        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            table = pyarrow.table({"text": ["a", None, "b"], "when": pyarrow.array([1, 2, None], pyarrow.timestamp("s"))})
            pyarrow.parquet.write_table(table, folder / "in.parquet")
            for output in ("out.parquet", "parts"):
                batch.embed(folder / "in.parquet", folder / output, model=BERT,
                            settings=Settings(workers=1, window_rows=2, progress=False))
                found = pyarrow.parquet.read_table(folder / output)
                self.assertEqual(found.column("row_id").to_pylist(), [0, 1, 2])
                self.assertEqual(found.schema.field("embedding").type, pyarrow.list_(pyarrow.float32()))
                self.assertTrue(pyarrow.types.is_timestamp(found.schema.field("when").type))
                self.assertEqual([error is None for error in found.column("error").to_pylist()], [True, False, True])
            mixed = [{"text": "a", "x": 1}, {"text": "b", "x": "two"}]
            batch.embed(mixed, folder / "mixed.parquet", model=BERT, settings=Settings(workers=1, window_rows=1, progress=False))
            found = pyarrow.parquet.read_table(folder / "mixed.parquet").to_pylist()
            self.assertEqual([row["x"] for row in found], [1, None])
            self.assertIn("the column x has int64", found[1]["error"])
            late = [{"text": "a", "x": {"y": 1, "z": [{"a": 1}]}, "l": [1]}, {"text": "b", "x": {"y": 2, "z": []}, "new": None},
                    {"text": "c", "new": 3}, {"text": "d", "x": {"y": 4, "w": 5}}, {"text": "e", "x": {"z": [{"a": 1, "b": 2}]}}]
            report = batch.embed(late, folder / "late.parquet", model=BERT,
                                 settings=Settings(workers=1, window_rows=1, progress=False))
            found = pyarrow.parquet.read_table(folder / "late.parquet").to_pylist()
            self.assertEqual([row["error"] and row["error"].split(" is lost")[0] for row in found],
                             [None, None, "the column new", "the column x.w", "the column x.z[].b"])
            self.assertEqual((report.errors, found[4]["x"]), (3, {"y": None, "z": [{"a": 1}]}))


class Routes(unittest.TestCase):
    LOADS = {name: 0 for name in "abc"}

    @staticmethod
    def marks(*said, model="m"):
        return affinity.marks_of(json.dumps({"model": model, "messages": [
            {"role": "user", "content": text} for text in said]}).encode())

    def test_requests_that_begin_alike_follow_one_another(self):
        memory, system = affinity.Memory(), "Read this text with care. " * 40
        for number in range(20):
            first = self.marks(f"{number}{system}", "a question")
            memory.add(first, memory.order(first, self.LOADS, 4)[0])
            for question in ("another one", "and one that is a little longer, by some words"):
                self.assertEqual(memory.order(self.marks(f"{number}{system}", question), self.LOADS, 4)[0], memory.known(
                    first, self.LOADS))
        # Another model, or a beginning that is a small part of the request, is nothing to follow.
        self.assertIsNone(memory.known(self.marks(f"0{system}", "a question", model="other"), self.LOADS))
        self.assertIsNone(memory.known(self.marks(f"0{system}", "x" * 2000), self.LOADS))
        self.assertIsNone(memory.known(first, {"none of them": 0}))

    def test_a_favourite_with_too_much_to_do_is_passed_over(self):
        memory, marks = affinity.Memory(), self.marks("what it is about " * 20)
        memory.add(marks, "b")
        self.assertEqual(memory.order(marks, {"a": 0, "b": 4, "c": 2}, 4)[0], "b")
        self.assertEqual(memory.order(marks, {"a": 0, "b": 5, "c": 2}, 4)[-1], "b")
        self.assertEqual(memory.order(affinity.NONE, {"a": 2, "b": 1}, 4), ["b", "a"])
        self.assertEqual(memory.order(marks, {}, 4), [])

    def test_what_is_new_spreads_and_few_move_when_a_replica_goes(self):
        memory = affinity.Memory()
        asked = [self.marks(f"{number} is a new one") for number in range(300)]
        before = [memory.order(one, self.LOADS, 4)[0] for one in asked]
        self.assertTrue(all(60 < before.count(name) < 140 for name in self.LOADS))
        after = [memory.order(one, {"a": 0, "b": 0}, 4)[0] for one in asked]
        self.assertTrue(all(new == old for new, old in zip(after, before) if old != "c"))

    def test_doors_choose_alike_without_knowing_of_one_another(self):
        def places(*turns):
            """Where each turn goes, each by a door of its own."""
            found = []
            for turn in turns:
                memory = affinity.Memory()
                found.append(memory.order(turn, self.LOADS, 4)[0])
            return found

        chats = [[self.marks("Be brief.", f"chat {number}", *["more"] * turn * 2) for turn in range(4)] for number in range(90)]
        self.assertTrue(all(len(set(places(*chat))) == 1 for chat in chats))
        firsts = [places(chat[0])[0] for chat in chats]
        self.assertTrue(all(15 < firsts.count(name) < 45 for name in self.LOADS), firsts)
        # Long instructions bring all to one replica; long documents behind them do not.
        system = "Read this text with care. " * 40
        self.assertEqual(len(set(places(*(self.marks(system, f"question {number}") for number in range(20))))), 1)
        self.assertEqual(len(set(places(*(self.marks(system, f"{number}" * 4000) for number in range(20))))), 3)

    def test_memory_is_bounded_and_odd_requests_have_no_beginning(self):
        memory = affinity.Memory(100)
        for number in range(300):
            memory.add(self.marks(f"{number}" * 100), "a")
        self.assertEqual(len(memory.seen), 100)
        for body in (b"", b"{", b"[]", b"{}", b'{"messages": 5}', b"[" * 100000, b"\xff"):
            self.assertEqual(affinity.marks_of(body)[0] and 1 or 0, body == b'{"messages": 5}')
        for body in (b'{"messages": [5, null]}', b'{"prompt": [1, 2]}', b'{"messages": [{"content": [{"text": "a"}]}]}'):
            self.assertTrue(affinity.marks_of(body)[0])

    def test_replicas_follow_queues_and_memory(self):
        from types import SimpleNamespace

        from libllm.ray.serve import by_load

        for loads, kv, wanted in (([0.1, 0.2], [0.1, 0.2], 1), ([3.0, 1.5], [1.0, 1.0], 5), ([0.9, 0.9], [0.9, 0.9], 3)):
            context = SimpleNamespace(target_num_replicas=2, aggregated_metrics={
                "load": dict(enumerate(loads)), "kv": dict(enumerate(kv))})
            self.assertEqual(by_load(context)[0], wanted)
        self.assertEqual(by_load(SimpleNamespace(target_num_replicas=2, aggregated_metrics=None))[0], 2)


@unittest.skipUnless(COMMAND, "the command has no server")
class Serve(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        import ray_serve

        cls.bench = ray_serve
        cls.service = ray_serve.Service(COMMAND, replicas=2, doors=2, allow_origin=["https://page.example"], max_body=16)

    @classmethod
    def tearDownClass(cls):
        cls.service.stop()

    def test_1_the_dialect_is_that_of_the_server(self):
        service = self.service
        status, answer = service.ask("/v1/chat/completions", {"model": "scripted", "messages": [{"role": "user", "content": "?"}]})
        self.assertEqual((status, answer["choices"][0]["message"]["content"]), (200, "It is sunny."))
        status, answer = service.ask("/v1/chat/completions", {"model": "none", "messages": [{"role": "user", "content": "?"}]})
        self.assertEqual((status, answer["error"]["code"]), (404, "model_not_found"))
        status, answer = service.ask("/v1/embeddings", {"model": "bert", "input": "a text"})
        self.assertEqual((status, len(answer["data"][0]["embedding"])), (200, 64))
        status, answer = service.ask("/nowhere", {})
        self.assertEqual(status, 404)

    def test_1_pages_are_let_in_or_not_as_the_server_says(self):
        def ask(method, **headers):
            connection = self.service.connect()
            try:
                connection.request(method, "/v1/models", headers=headers)
                answer = connection.getresponse()
                return answer.status, answer.read(), answer.getheader("Access-Control-Allow-Origin")
            finally:
                connection.close()

        self.assertEqual(ask("OPTIONS", Origin="https://page.example"), (204, b"", "https://page.example"))
        status, _, allowed = ask("GET", Origin="https://page.example")
        self.assertEqual((status, allowed), (200, "https://page.example"))
        status, answer, allowed = ask("GET", Origin="https://other.example")
        self.assertEqual((status, json.loads(answer)["error"]["code"], allowed), (403, "origin", None))

    def test_1_the_size_of_a_request_is_that_of_the_option(self):
        connection = self.service.connect()
        for size, status, code in ((9 << 20, 400, None), (17 << 20, 413, "too_large")):
            connection.request("POST", "/v1/completions", b"x" * size)
            answer = connection.getresponse()
            error = json.loads(answer.read())["error"]
            self.assertEqual((answer.status, answer.getheader("Retry-After"), error["type"]), (status, None, "invalid_request_error"))
            self.assertTrue(code is None or error["code"] == code)
        connection.close()

    def test_2_a_prefix_that_is_shared_is_known_where_it_is_sent(self):
        share = self.service.cached_share(n_prefixes=6, n_each=6)
        self.assertGreater(share, 0.8)

    def test_3_streams_of_a_replica_that_is_killed_end_with_an_error_and_all_others_in_full(self):
        whole, broken = self.service.kill_one_during(24)
        self.assertTrue(all(whole.values()))
        self.assertLess(len(broken), len(whole))


if __name__ == "__main__":
    unittest.main(verbosity=1)
