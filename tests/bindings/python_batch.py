#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Many rows through one model, without Ray: plans, what is kept on disk, workers that end, rows that end them, and kills.

usage: python_batch.py [TEST...]        (LIBLLM_LIBRARY names the library)
"""
import array
import collections
import gzip
import io
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bindings/python"))
from libllm import batch  # noqa: E402
from libllm.batch import BatchError, Settings, driver, plan, rows, sizing, store, worker, writing  # noqa: E402
from libllm.batch.processes import Processes  # noqa: E402
from libllm.batch.run import Lines, progress_of  # noqa: E402

BERT, LLAMA = ROOT / "tests/data/tiny/bert.gguf", ROOT / "tests/data/tiny/llama.gguf"
QUIET = {"progress": False}


def read(path):
    opened = gzip.open if str(path).endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def items_of(texts):
    return [rows.Item(number, {"text": text}) for number, text in enumerate(texts)]


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)


class Plans(unittest.TestCase):
    def test_every_row_is_in_one_unit(self):
        generator = random.Random(1)
        texts = [("common " * 30 if number % 2 else "") + "x" * generator.randrange(100) for number in range(500)]
        found = plan.units(3, items_of(texts), "text", 32)
        self.assertEqual(sorted(item.row_id for unit in found for item in unit.items), list(range(500)))
        self.assertLessEqual(max(len(unit.items) for unit in found), 32)
        self.assertEqual(len({unit.name for unit in found}), len(found))
        self.assertEqual([[item.row_id for item in unit.items] for unit in found],
                         [[item.row_id for item in unit.items] for unit in plan.units(3, items_of(texts), "text", 32)])

    def test_units_share_a_prefix_or_are_of_one_length(self):
        shared = ["The same beginning of all of these. " * 5 + f"No. {group}. " * 12 + str(number)
                  for number in range(20) for group in range(5)]
        lonely = [f"{number}" * (number + 1) for number in range(40)]
        units = plan.units(0, items_of(shared + lonely), "text", 10)
        for unit in units:
            texts = [item.row["text"] for item in unit.items]
            if texts[0].startswith("The same"):
                self.assertGreaterEqual(len(os.path.commonprefix(texts)), plan.SHARED)
            self.assertEqual([len(text) for text in texts], sorted(map(len, texts), reverse=True))

    def test_windows_are_bounded_in_rows_and_in_bytes(self):
        self.assertEqual([len(one) for one in plan.windows(iter(items_of(["a"] * 25)), 10)], [10, 10, 5])
        self.assertEqual([len(one) for one in plan.windows(iter(items_of(["a" * 100] * 5)), 10, 250)], [3, 2])
        self.assertEqual(list(plan.windows(iter([]))), [])

    def test_little_is_at_risk(self):
        for count, workers in ((20000, 3), (2000, 3), (10**6, 200), (50, 2)):
            size = plan.unit_rows(count, workers, 2, 8)
            self.assertTrue(size == 1 or size * workers * 2 <= 0.02 * count, (count, workers, size))

    def test_messages_are_compared_in_their_order(self):
        first = plan.text_of([{"role": "system", "content": "s"}, {"role": "user", "content": "u"}])
        self.assertTrue(first.startswith("\0system\0s\0user"))
        self.assertEqual(plan.text_of(None), "")


class Stores(Folder):
    def setUp(self):
        super().setUp()
        self.path = self.folder / "out.jsonl"

    def open(self, key=None, restart=False, path=None):
        found = store.Store(str(path or self.path))
        self.addCleanup(found.close)
        return found, found.open(key or {"options": {"seed": 1}}, restart)

    def test_a_changed_option_is_refused_by_name(self):
        first, there = self.open()
        self.assertFalse(there)
        first.close()
        # A run that has not read a row yet holds nobody to anything.
        first, there = self.open({"options": {"seed": 3}})
        self.assertFalse(there)
        first.close()
        first, _ = self.open()
        first.window(0, 1, "aa")
        first.close()
        with self.assertRaisesRegex(BatchError, r"options\.seed was 1 and is now 2.*--restart"):
            self.open({"options": {"seed": 2}})[0].close()

    def test_one_run_writes_at_a_time(self):
        first, _ = self.open()
        with self.assertRaisesRegex(BatchError, "another run is writing there"):
            self.open()
        first.close()
        self.assertTrue(self.open()[1])

    def test_what_others_wrote_stays(self):
        self.path.write_text("mine")
        with self.assertRaisesRegex(BatchError, "no run of libllm made it"):
            self.open()
        self.assertEqual(self.path.read_text(), "mine")
        self.assertEqual([path.name for path in self.folder.iterdir()], ["out.jsonl"])

    def test_a_unit_is_whole_or_computed_again(self):
        found, _ = self.open()
        items, vector = items_of(["a", "b"]), array.array("f", [0.1, -2.5])
        self.assertIsNone(found.kept("00000-00000", items))
        found.keep("00000-00000", [{"row_id": 0, "embedding": vector}, {"row_id": 1, "embedding": None}])
        self.assertEqual(found.kept("00000-00000", items)[0]["embedding"], vector)
        self.assertIsNone(found.kept("00000-00000", items_of(["a"])))
        for path in pathlib.Path(found.work).glob("unit-*"):
            path.write_bytes(path.read_bytes()[:-3])
        self.assertIsNone(found.kept("00000-00000", items))
        for text in ("[]", "{}", "3", '[{"row_id": 0}]', '[3]'):
            next(pathlib.Path(found.work).glob("unit-*")).write_text(text)
            self.assertIsNone(found.kept("00000-00000", items), text)

    def test_half_written_files_go(self):
        found, _ = self.open()
        (self.folder / "out.jsonl.77.tmp").write_text("half")
        pathlib.Path(found.work, "unit-0.json.77.tmp").write_text("half")
        found.close()
        self.open()
        self.assertEqual(sorted(path.name for path in self.folder.rglob("*.tmp")), [])

    def test_files_of_others_beside_the_output_stay(self):
        for folder, name in ((self.folder, "out.jsonl.mine.tmp"), (self.folder / "parts", "part-of-mine.tmp")):
            folder.mkdir(exist_ok=True)
            (folder / name).write_text("mine")
        self.open()
        found = store.Store(str(self.folder / "parts"))
        self.addCleanup(found.close)
        with self.assertRaisesRegex(BatchError, "no run of libllm made it"):
            found.open({"a": 1})
        self.assertEqual(sorted(path.name for path in self.folder.rglob("*.tmp")), ["out.jsonl.mine.tmp", "part-of-mine.tmp"])

    def test_another_input_is_refused(self):
        found, _ = self.open()
        found.window(0, 10, "aa")
        found.window(0, 10, "aa")
        with self.assertRaisesRegex(BatchError, "not those that the run began with"):
            found.window(0, 10, "bb")

    def test_a_damaged_manifest_is_an_error_and_restart_begins_anew(self):
        found, _ = self.open()
        found.close()
        for text in ("", "{", "[]", '{"libllm": "other"}'):
            pathlib.Path(found.work, store.MANIFEST).write_text(text)
            with self.assertRaisesRegex(BatchError, "manifest.*restart"):
                self.open()[0].close()
        self.assertFalse(self.open(restart=True)[1])


class Rows(Folder):
    def test_lines_that_are_no_rows_are_rows_with_an_error(self):
        path = self.folder / "in.jsonl"
        path.write_bytes(b'{"text": "a"}\n\n[1]\n{"text": \n\xff\n{"text": "b"}')
        found = list(rows.source_of(path, "text").items())
        self.assertEqual([item.row_id for item in found], [0, 1, 2, 3, 4])
        self.assertEqual([bool(item.bad) for item in found], [False, True, True, True, False])
        self.assertIn("line 4", found[2].bad)
        self.assertEqual(rows.source_of(path, "text").count(), 5)

    def test_what_cannot_be_read_says_so(self):
        for dataset, said in ((self.folder / "none.jsonl", "no such file"), (self.folder, "none in it"), (5, "this is a int"),
                              (ROOT / "README.md", "ends in"), ({"a": 1}, "this is a dict")):
            with self.assertRaisesRegex(BatchError, said):
                rows.source_of(dataset, "text")
        broken = self.folder / "a.jsonl.gz"
        broken.write_bytes(gzip.compress(b'{"text": "a"}\n' * 1000)[:-20])
        with self.assertRaisesRegex(BatchError, "a.jsonl.gz"):
            list(rows.source_of(broken, "text").items())

    def test_columns_get_other_names_or_are_left_out(self):
        given = rows.source_of([{"row_id": 7, "error": None, "text": "a"}], "text")
        found = list(rows.renamed(given, {"row_id": "before", "error": None, "none": "of these"}).items())
        self.assertEqual([(item.row_id, item.row) for item in found], [(0, {"before": 7, "text": "a"})])
        self.assertIs(rows.renamed(given, None), given)
        with self.assertRaisesRegex(BatchError, "two columns of row 0 would be text"):
            list(rows.renamed(given, {"row_id": "text"}).items())

    def test_the_same_rows_are_the_same_bytes(self):
        one = writing.Writer("jsonl.gz", "answer", "string", ["row_id", "answer", "error"])
        paths = [self.folder / name for name in ("a", "b")]
        for path in paths:
            with open(path, "wb") as file:
                one.write(file, [{"row_id": 0, "answer": "\ud800 \u4f60", "error": None}])
        self.assertEqual(paths[0].read_bytes(), paths[1].read_bytes())
        with open(self.folder / "both.gz", "wb") as file:
            one.join([str(path) for path in paths], file)
        self.assertEqual([row["answer"] for row in read(self.folder / "both.gz")], ["\ud800 \u4f60"] * 2)


class Fake:
    """An executor whose workers are no processes; they end when they are told to, or at a row that is poison."""

    def __init__(self, workers=3, poison=(), ends=0.0, stops=None, seed=0):
        self.generator = random.Random(seed)
        self.units = {number: [] for number in range(workers)}
        self.fresh, self.poison, self.ends, self.stops = workers, set(poison), ends, stops
        self.computed = collections.Counter()

    def workers(self):
        return {number: len(units) for number, units in self.units.items()}

    def submit(self, number, unit):
        self.units[number].append(unit)

    def wait(self, _seconds):
        busy = [number for number, units in self.units.items() if units]
        if not busy:
            return []
        if self.stops is not None and sum(self.computed.values()) >= self.stops:
            raise KeyboardInterrupt  # the driver is killed
        number = self.generator.choice(busy)
        unit = self.units[number][0]
        poisoned = self.poison & {item.row_id for item in unit.items}
        if poisoned or self.generator.random() < self.ends:
            units = self.units.pop(number)
            self.units[self.fresh] = []
            self.fresh += 1
            return [driver.Gone(number, units, "signal 11", blameless=not poisoned and self.generator.random() < 0.5)]
        self.units[number].pop(0)
        self.computed.update(item.row_id for item in unit.items)
        return [driver.Done(number, unit, [{"row_id": item.row_id, "answer": item.row["text"].upper(), "error": None}
                                           for item in unit.items])]


class Runs(Folder):
    COUNT = 1000

    def run_with(self, executor, name="out.jsonl", size=8, given=None):
        source = rows.Given(given or [f"text {number}" for number in range(self.COUNT)], "text")
        kept = store.Store(str(self.folder / name))
        try:
            kept.open({"a": 1})
            writer = writing.Writer("jsonl", "answer", "string", ["row_id", "answer", "error"])
            return driver.Run(source, kept, writer, executor, "text", size, 256, driver.Report(kept.output)).go()
        finally:
            kept.close()

    def test_workers_that_end_lose_and_double_nothing(self):
        self.run_with(Fake(1), "plain.jsonl")
        executor = Fake(4, ends=0.1)
        report = self.run_with(executor)
        self.assertGreater(report.crashes, 5)
        self.assertEqual((self.folder / "out.jsonl").read_bytes(), (self.folder / "plain.jsonl").read_bytes())
        self.assertEqual((report.rows, report.errors, report.poisonous), (self.COUNT, 0, []))

    def test_what_a_late_row_has_is_never_written_over(self):
        given = [{"text": f"{number}", **({"answer": "mine"} if number == 900 else {})} for number in range(self.COUNT)]
        with self.assertRaisesRegex(BatchError, "column answer already.*--rename answer="):
            self.run_with(Fake(2), given=given)
        self.assertFalse((self.folder / "out.jsonl").exists())

    def test_a_driver_that_is_killed_goes_on(self):
        self.run_with(Fake(1), "plain.jsonl")
        total, lives = collections.Counter(), 0
        while True:
            executor = Fake(3, stops=97, seed=lives)
            lives += 1
            try:
                self.run_with(executor)
                break
            except KeyboardInterrupt:
                pass
            finally:
                total += executor.computed
        self.assertGreater(lives, 9)
        self.assertEqual((self.folder / "out.jsonl").read_bytes(), (self.folder / "plain.jsonl").read_bytes())
        self.assertEqual(sorted(total), list(range(self.COUNT)))
        # What a killed driver had been given is kept, so nothing but units on their way is computed again.
        self.assertLess(sum(total.values()) - self.COUNT, 0.02 * self.COUNT)
        work = self.folder / "out.jsonl.libllm"
        self.assertEqual(sorted(path.name for path in work.iterdir()), ["lock", "manifest.json"])

    def test_rows_that_end_their_worker_are_found_and_left_out(self):
        bad = {17, 18, 600, 999}
        report = self.run_with(Fake(3, poison=bad, ends=0.02), size=32)
        found = read(self.folder / "out.jsonl")
        self.assertEqual([row["row_id"] for row in found], list(range(self.COUNT)))
        self.assertEqual({row["row_id"] for row in found if row["error"]}, bad)
        self.assertEqual(set(report.poisonous), bad)
        self.assertIn("signal 11", found[17]["error"])

    def test_workers_that_never_begin_are_an_error(self):
        class Dead(Fake):
            def wait(self, _seconds):
                return [driver.Gone(0, [], "exit status 1", True)]

        with self.assertRaisesRegex(BatchError, "before they had done anything: exit status 1"):
            self.run_with(Dead())

    def test_work_that_a_worker_refuses_twice_is_taken_apart(self):
        class Weak(Fake):
            def wait(self, seconds):
                found = super().wait(seconds)
                return [driver.Failed(one.worker, one.unit, "OutOfMemoryError") if isinstance(one, driver.Done) and
                        any(item.row_id == 5 for item in one.unit.items) else one for one in found]

        report = self.run_with(Weak())
        self.assertEqual(report.poisonous, [5])


class Models(Folder):
    def test_what_is_wrong_with_a_row_is_in_its_error(self):
        texts = [{"prompt": "short", "n": 1}, {"prompt": "x" * 3000}, {"other": 1}, {"prompt": 5}, 7,
                 {"prompt": [{"role": "user", "content": "no template"}]}]
        report = batch.generate(texts, self.folder / "out.jsonl", model=str(LLAMA), max_tokens=3,
                                settings=Settings(workers=1, **QUIET))
        found = read(self.folder / "out.jsonl")
        self.assertEqual([bool(row["error"]) for row in found], [False, True, True, True, True, True])
        for row, said in zip(found[1:], ("3000 tokens", "has no prompt", "TypeError|Error", "this is a int", "template")):
            self.assertRegex(row["error"], said)
        self.assertEqual((found[0]["n"], found[0]["completion_tokens"], report.errors), (1, 3, 5))

    def test_prefixes_that_are_shared_are_computed_once(self):
        texts = ["All of these begin with the same words, which are many. " * 3 + str(number) for number in range(24)]
        report = batch.generate(texts, self.folder / "out.jsonl", model=str(LLAMA), max_tokens=1,
                                settings=Settings(workers=1, parallel=1, **QUIET))
        self.assertGreater(report.cached_tokens, 0.9 * report.prompt_tokens * 23 / 24)

    def test_classes(self):
        for model, by in ((LLAMA, "choice"), (BERT, "embedding")):
            output = self.folder / f"{by}.jsonl"
            batch.classify(["good", "bad", "so"], output, model=str(model), choices={"yes": "it is so", "no": "it is not"},
                           settings=Settings(workers=1, **QUIET))
            self.assertTrue({row["label"] for row in read(output)} <= {"yes", "no"})
        with self.assertRaisesRegex(BatchError, "two or more"):
            batch.classify(["a"], self.folder / "x.jsonl", choices=["a", "a"])

    def test_the_example_answers_questions(self):
        questions, answers = self.folder / "questions.jsonl", self.folder / "answers.jsonl"
        questions.write_text('{"question": "How is the weather?"}\n' * 3, encoding="utf-8")
        done = subprocess.run([sys.executable, str(ROOT / "bindings/python/examples/batch.py"), questions, answers,
                               str(ROOT / "tests/data/chat/scripted.gguf")], check=True, capture_output=True, text=True,
                              env={**os.environ, "PYTHONPATH": str(ROOT / "bindings/python")}).stdout
        self.assertEqual([row["answer"] for row in read(answers)], ["It is sunny."] * 3)
        self.assertRegex(done, r"duration +[0-9].*\n.*\n3 rows, 0 with an error")

    def test_options_are_checked_before_anything_begins(self):
        for options, said in (({"temprature": 1}, "temprature"), ({"cancel": 1}, "cancel")):
            with self.assertRaisesRegex(TypeError, said):
                batch.generate(["a"], self.folder / "x.jsonl", model=str(LLAMA), **options)
        with self.assertRaisesRegex(BatchError, "column prompt_tokens already"):
            batch.embed([{"text": "a", "prompt_tokens": 1}], self.folder / "y.jsonl", model=str(BERT),
                        settings=Settings(workers=1, **QUIET))

    def test_what_one_run_wrote_is_the_next_ones_input(self):
        first, second = self.folder / "first.jsonl", self.folder / "second.jsonl"
        quick = Settings(workers=1, **QUIET)
        batch.embed(["a", "b"], first, model=str(BERT), settings=quick)
        with self.assertRaisesRegex(BatchError, "rename="):
            batch.embed(first, second, model=str(BERT), settings=quick)
        names = {"row_id": "number", "embedding": "before", "prompt_tokens": None, "error": None}
        batch.embed(first, second, model=str(BERT), settings=quick, rename=names)
        self.assertEqual([(row["number"], row["before"] == row["embedding"]) for row in read(second)], [(0, True), (1, True)])
        with self.assertRaisesRegex(BatchError, "rename.number was null and is now"):
            batch.embed(first, second, model=str(BERT), settings=quick, rename={**names, "number": "other"})
        command = [sys.executable, "-m", "libllm.batch", "embed", str(first), str(self.folder / "third.jsonl"), "--model", str(BERT),
                   "--quiet", *(word for old, new in names.items() for word in ("--rename", f"{old}={new or ''}"))]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "bindings/python")}
        subprocess.run(command, env=environment, check=True, capture_output=True)
        self.assertEqual(read(self.folder / "third.jsonl"), read(second))
        done = subprocess.run([*command, "--rename", "x"], env=environment, check=False, capture_output=True, text=True)
        self.assertEqual((done.returncode, "expected OLD=NEW" in done.stderr), (1, True))

    def test_the_rest_of_a_run_is_predicted_and_not_all_of_it(self):
        class Stops(Processes):
            def wait(self, seconds):
                if len(list(self.work.glob("part-*"))) == 3:
                    raise KeyboardInterrupt
                return super().wait(seconds)

        texts, output, reports = [f"text {number}" for number in range(40)], self.folder / "out.jsonl", []
        stops = Stops()
        stops.work = self.folder / "out.jsonl.libllm"
        settings = Settings(workers=1, window_rows=10, unit_rows=5, progress=lambda report, _: reports.append(report))
        with self.assertRaises(KeyboardInterrupt):
            batch.generate(texts, output, model=str(LLAMA), max_tokens=4, settings=settings, executor=stops)
        whole = reports[-1].predicted.seconds
        rest = batch.generate(texts, output, model=str(LLAMA), max_tokens=4, settings=settings)
        self.assertGreaterEqual(rest.resumed, 30)
        self.assertAlmostEqual(rest.predicted.seconds, whole * rest.computed / 40, delta=0.15 * whole)

    def test_a_log_gets_a_line_every_half_minute(self):
        report, tell = driver.Report("out", computed=5), Lines()
        with mock.patch.object(sys, "stderr", io.StringIO()) as said:
            for report.seconds in (0.0, 29.0, 30.5, 31.0, 59.0, 61.0):
                tell(report, 10)
            lines = said.getvalue().splitlines()
        self.assertEqual(lines, [f"libllm: 5 of 10 (50 %) rows, 0 with an error, {left} s left" for left in (30, 61)])
        with mock.patch.object(sys, "stderr", io.StringIO()):
            self.assertIsInstance(progress_of(Settings()), Lines)
            self.assertIsNone(progress_of(Settings(progress=False)))

    def test_one_process_or_two_in_small_units_or_large_the_rows_are_the_same(self):
        texts = [f"text {number} " + "more " * (number % 9) for number in range(60)]
        outputs = []
        for workers, parallel, size in ((1, 1, 0), (2, 4, 7)):
            outputs.append(self.folder / f"{workers}.jsonl")
            batch.generate(texts, outputs[-1], model=str(LLAMA), max_tokens=4,
                           settings=Settings(workers=workers, parallel=parallel, unit_rows=size, **QUIET))
        self.assertEqual(outputs[0].read_bytes(), outputs[1].read_bytes())

    def test_a_worker_that_is_killed_is_made_up_for(self):
        executor, killed = Processes(), []

        def progress(report, _total):
            if report.computed and not killed:
                process = next(iter(executor.all.values())).process
                killed.append(process.pid)
                process.kill()

        texts = [f"text {number}" for number in range(80)]
        report = batch.embed(texts, self.folder / "out.jsonl", model=str(BERT), executor=executor,
                             settings=Settings(workers=1, unit_rows=4, progress=progress))
        self.assertEqual([row["row_id"] for row in read(self.folder / "out.jsonl")], list(range(80)))
        self.assertEqual((report.errors, bool(killed)), (0, True))

    def test_the_command_goes_on_after_a_kill(self):
        source, trace = self.folder / "in.jsonl.gz", self.folder / "trace"
        with gzip.open(source, "wt") as file:
            file.writelines(json.dumps({"text": f"text {number} " + "word " * (number % 30)}) + "\n" for number in range(400))
        plain = self.folder / "plain.jsonl"
        batch.embed(source, plain, model=str(BERT), settings=Settings(workers=1, **QUIET))
        command = [sys.executable, "-m", "libllm.batch", "embed", str(source), str(self.folder / "out.jsonl"), "--model",
                   str(BERT), "--workers", "2", "--quiet", "--trace", str(trace)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "bindings/python")}
        for count in (40, 200):
            with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
                moment = threading.Event()
                while process.poll() is None and not (trace.exists() and trace.read_bytes().count(b"\n") >= count):
                    moment.wait(0.005)
                process.send_signal(signal.SIGKILL)
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
        self.assertIn("predicted", done)
        self.assertEqual((self.folder / "out.jsonl").read_bytes(), plain.read_bytes())
        self.assertLess(trace.read_bytes().count(b"\n") - 400, 2 * 0.02 * 400 + 1)
        again = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
        self.assertIn("400 done before", again)
        refused = subprocess.run([*command, "--column", "other"], env=environment, check=False, capture_output=True, text=True)
        self.assertEqual((refused.returncode, "column was \"text\" and is now \"other\"" in refused.stderr), (1, True))


class Sizes(unittest.TestCase):
    LIMITS = {"threads": 8, "read_bytes": 1 << 27, "barrier_ns": 2000.0,
              "read": [{"streams": 1, "one_thread_gb_per_second": 10.0, "gb_per_second": 40.0}],
              "units": [{"unit": unit, "one_thread_gop_per_second": 100.0, "gop_per_second": 800.0} for unit in ("fma", "maddubs")]}

    def machine(self, memory=16e9):
        return sizing.Machine({"name": "a machine", "memory": memory, "limits": self.LIMITS}, 8)

    def test_small_models_get_a_thread_for_each_worker(self):
        layout = sizing.layout_of(str(LLAMA), self.machine())
        self.assertEqual((layout.workers, layout.threads), (8, 1))

    def test_a_device_has_one_copy_of_a_model_and_so_one_worker(self):
        layout = sizing.layout_of(str(LLAMA), self.machine(), device="vulkan:0")
        self.assertEqual((layout.workers, layout.threads), (1, 8))
        self.assertEqual(sizing.layout_of(str(LLAMA), self.machine(), 3, device="vulkan:0").workers, 3)
        self.assertEqual(sizing.layout_of(str(LLAMA), self.machine(), device="cpu").workers, 8)

    def test_all_parts_of_a_model_that_is_split_count(self):
        with tempfile.TemporaryDirectory() as folder:
            parts = [pathlib.Path(folder, f"model-0000{part}-of-00002.gguf") for part in (1, 2)]
            for part in parts:
                part.write_bytes(b"x" * 100)
            before = worker.model_hash(str(parts[0]))
            parts[1].write_bytes(b"x" * 99 + b"y")
            self.assertEqual(before["bytes"], 200)
            self.assertNotEqual(worker.model_hash(str(parts[0])), before)
            with open(parts[1], "wb") as file:  # as large as no worker for each core would be given
                file.truncate(1 << 30)
            self.assertEqual(sizing.layout_of(str(parts[0]), self.machine()).workers, 1)

    def test_memory_bounds_how_many_rows_are_computed_at_a_time(self):
        self.assertLess(sizing.layout_of(str(LLAMA), self.machine(2e6)).parallel, sizing.BATCH)

    def test_two_nodes_need_half_the_time_and_unknown_ones_give_no_prediction(self):
        layout = sizing.layout_of(str(LLAMA), self.machine())
        speed = sizing.speed_of(str(LLAMA), self.machine(), layout, 100, 20)
        one, two = (sizing.predict([speed] * count, 1e6, 1e5) for count in (1, 2))
        self.assertAlmostEqual(one.seconds, 2 * two.seconds)
        self.assertTrue(one.low < one.seconds < one.high)
        self.assertIsNone(sizing.predict([speed, None], 1e6, 1e5))

    def test_seeds_and_models_are_told_apart(self):
        self.assertEqual(worker.seed_of(1, 2), worker.seed_of(1, 2))
        self.assertNotEqual(worker.seed_of(1, 2), worker.seed_of(2, 1))
        self.assertNotEqual(worker.model_hash(str(BERT)), worker.model_hash(str(LLAMA)))

    def test_importing_brings_neither_ray_nor_batches(self):
        code = "import sys, libllm; print([name for name in sys.modules if name in ('ray', 'libllm.ray', 'libllm.batch')])"
        done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True,
                              env={**os.environ, "PYTHONPATH": str(ROOT / "bindings/python")}).stdout
        self.assertEqual(done.strip(), "[]")


if __name__ == "__main__":
    unittest.main(verbosity=1)
