#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`libllm bench --endpoint` against servers whose every answer is known: its sums are those of its records, what it sends
is what was planned, failures are counted by kind, and 500 streams stay open. How well its times agree with another
generator's is for tests/bench/load_agreement.py: here no time is asserted.

usage: load.py LIBLLM ROOT
"""
import asyncio
import json
import math
import pathlib
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "golden"))
from endpoint_environment import environment  # noqa: E402
from scripted import Scripted, chunk, last, sse, timed  # noqa: E402
from serving import run_all  # noqa: E402

PATIENCE = 60
folder = tempfile.TemporaryDirectory()
place = pathlib.Path(folder.name)


def bench(command, url, *arguments, code=0):
    """(report, records, standard error)"""
    path = place / "records.jsonl"
    done = subprocess.run([command, "bench", "--endpoint", url, "--json", "--records", path, *arguments], env=environment,
                          capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == code, (arguments, done.returncode, done.stderr)
    if code == 2 or not done.stdout:
        return None, None, done.stderr
    return json.loads(done.stdout), [json.loads(line) for line in path.read_text().splitlines()], done.stderr


def percentile(values, percent):
    """numpy.percentile(), by the definition."""
    at = (len(values) - 1) * percent / 100
    low = math.floor(at)
    high = min(low + 1, len(values) - 1)
    return values[low] + (at - low) * (values[high] - values[low])


def same(a, b):
    return math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-15)


def check_summary(summary, values, name):
    values = sorted(values)
    assert summary["n"] == len(values), (name, summary)
    if values:
        assert same(summary["min"], values[0]) and same(summary["max"], values[-1]), name
        assert math.isclose(summary["mean"], math.fsum(values) / len(values), rel_tol=1e-9), name
        for percent in 50, 90, 95, 99:
            assert same(summary[f"p{percent}"], percentile(values, percent)), (name, percent)


def check_report(report, records):
    """Everything that can be had from the records is what the report says."""
    good = [r for r in records if r["outcome"] == "ok"]
    for name in "ttft_s", "tpot_s", "e2e_s":
        check_summary(report[name], [r[name] for r in good if r[name] is not None], name)
    check_summary(report["itl_s"], [gap for r in good for gap in r["itl_s"]], "itl_s")
    check_summary(report["generator"]["lateness_s"], [r["sent_s"] - r["due_s"] for r in good], "lateness")
    assert report["requests"]["sent"] == len(records) and report["requests"]["completed"] == len(good)
    tokens = sum(r["output_tokens"] or r["pieces"] for r in good)
    assert report["output_tokens"] == tokens
    assert same(report["throughput"]["output_tokens_per_second"], tokens / report["duration_s"])
    assert same(report["throughput"]["requests_per_second"], len(good) / report["duration_s"])
    for r in good:
        n = r["output_tokens"] or r["pieces"]
        assert r["sent_s"] >= r["due_s"] >= 0 and r["e2e_s"] >= r["ttft_s"] >= 0 and len(r["itl_s"]) == max(r["pieces"] - 1, 0)
        # The parts make the whole: pieces come between the first and the end.
        assert r["ttft_s"] + sum(r["itl_s"]) <= r["e2e_s"] + 1e-6
        assert n < 2 or same(r["tpot_s"], (r["e2e_s"] - r["ttft_s"]) / (n - 1)) or \
            abs(r["tpot_s"] - (r["e2e_s"] - r["ttft_s"]) / (n - 1)) < 1e-12
    if "goodput" in report:
        targets = report["goodput"]["targets"]
        kept = [r for r in good if all(limit is None or r[name] is None or r[name] <= limit for name, limit in targets.items())]
        assert report["goodput"]["kept"] == len(kept) and same(report["goodput"]["share"], len(kept) / len(records))


def check_schema(report, root):
    try:
        import jsonschema
    except ImportError:
        return
    schema = json.loads((root / "docs/schemas/load-report.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(report)


def test_report(command, root):
    scenario = place / "scenario.json"
    scenario.write_text('{"task": "serve", "model": "Llama-3.1-8B", "hardware": "H100"}')
    with Scripted(timed(0.02, 0.002)) as server:
        report, records, _ = bench(command, server.url, "--rate", "200", "--requests", "150", "--input", "5-40", "--output", "2-20",
                                   "--target", "ttft=25ms,tpot=2.5ms,e2e=10s", "--warmup", "3", "--chart", str(place / "c.svg"),
                                   "--estimate", str(scenario))
        check_report(report, records)
        check_schema(report, root)
        assert len(server.requests) == 153 and report["tokens_counted_by"] == "server"
        assert all(r["output_tokens"] == r["output_planned"] == r["pieces"] for r in records)
        figures = {f["figure"]: f for f in report["prediction"]["figures"]}
        assert {"latency.ttft", "latency.tpot", "latency.total"} <= set(figures)
        assert same(figures["latency.tpot"]["measured"], report["tpot_s"]["mean"])
        assert report["prediction"]["scenario"]["load"]["input_tokens"] == 7
        assert (place / "c.svg").read_text().count("<path") == 3 * 6
    with Scripted(timed(0, 0, step=3, usage=False)) as server:
        report, records, _ = bench(command, server.url, "--concurrency", "4", "--requests", "10", "-n", "9")
        check_report(report, records)
        check_schema(report, root)
        assert report["tokens_counted_by"] == "pieces" and report["output_tokens"] == 30


def test_same_seed(command, _):
    def sent(*arguments):
        with Scripted(timed(0, 0)) as server:
            _, records, _ = bench(command, server.url, *arguments)
            return [(r["due_s"], r["input_planned"], r["output_planned"]) for r in records], sorted(r.body for r in server.requests)

    common = ["--requests", "60", "--input", "lognormal:30:1:200", "--output", "list:1,2,9", "--prefix", "5", "--prefixes", "2"]
    one, two = sent(*common, "--rate", "2000"), sent(*common, "--rate", "2000")
    faster, other = sent(*common, "--rate", "4000"), sent(*common, "--rate", "2000", "--seed", "1")
    assert one == two and one != other
    assert [r[1:] for r in one[0]] == [r[1:] for r in faster[0]] and one[1] == faster[1], "another rate is the same work"
    assert all(same(2 * a[0], b[0]) for a, b in zip(faster[0], one[0]))
    lengths = [r[1] for r in one[0]]
    assert min(lengths) >= 1 and max(lengths) <= 200 and len(set(lengths)) > 20
    assert {r[2] for r in one[0]} == {1, 2, 9}
    starts = {" ".join(json.loads(b)["messages"][0]["content"].split()[:5]) for b, n in zip(one[1], lengths)
              if len(json.loads(b)["messages"][0]["content"].split()) >= 5}
    assert len(starts) == 2, "two prefixes"


def test_warmup(command, _):
    """What is sent beforehand puts nothing into a cache that is measured afterwards."""
    mooncake = place / "blocks.jsonl"
    mooncake.write_text("".join(json.dumps({"timestamp": 10 * i, "input_length": 600, "output_length": 1, "hash_ids": [1, i]}) + "\n"
                                for i in range(4)))
    for arguments in (["--rate", "1000", "--requests", "6", "--input", "30", "--prefix", "10"], ["--trace", str(mooncake)]):
        with Scripted(timed(0, 0)) as server:
            report, records, _ = bench(command, server.url, *arguments, "--output", "1", "--warmup", "4")
            texts = [r.json["messages"][0]["content"].split() for r in server.requests]
        assert report["requests"]["warmup"] == 4 and len(texts) == 4 + len(records)
        for text in texts[:4]:
            assert not any(text[:8] == other[:8] for other in texts[4:]), "a cache would know how a measured prompt begins"


def test_require(command, root):
    async def slow(request, reply):
        await asyncio.sleep(1)
        await timed(0, 0)(request, reply)

    quick, call = timed(0, 0), ["--concurrency", "1", "--requests", "4", "-n", "2", "--target", "e2e=900ms"]
    for required, code, verdict in [("0.75", 0, "kept: 75 % of 4 requests within the targets, 75 % asked\n"),
                                    ("0.9", 1, "not kept: 75 % of 4 requests within the targets, 90 % asked\n")]:
        with Scripted(quick, slow, quick) as server:
            report, records, err = bench(command, server.url, *call, "--require", required, code=code)
            check_report(report, records)
            check_schema(report, root)
            assert err.endswith(verdict), err
            assert (report["goodput"]["required"], report["goodput"]["is_kept"]) == (float(required), code == 0)
    with Scripted(quick) as server:
        done = subprocess.run([command, "bench", "--endpoint", server.url, *call, "--require", "1"], env=environment,
                              capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert done.returncode == 0 and done.stdout.endswith("kept: 100 % of 4 requests within the targets, 100 % asked\n"), done


def test_arrivals(command, _):
    """Poisson: gaps of the mean 1/rate, as many above it as an exponential has."""
    with Scripted(timed(0, 0)) as server:
        _, records, _ = bench(command, server.url, "--rate", "3000", "--requests", "2000", "--input", "1", "--output", "1")
        due = [r["due_s"] for r in records]
        gaps = [(b - a) * 3000 for a, b in zip(due, due[1:])]
        mean = sum(gaps) / len(gaps)
        assert abs(mean - 1) < 0.08 and abs(sum(g > 1 for g in gaps) / len(gaps) - math.exp(-1)) < 0.04, mean
        variance = sum((g - mean) ** 2 for g in gaps) / len(gaps)
        assert 0.8 < variance < 1.2, variance
        _, records, _ = bench(command, server.url, "--rate", "1000", "--arrivals", "even", "--duration", "0.0495", "-p", "1", "-n", "1")
        assert [round(r["due_s"] * 1e6) for r in records] == [1000 * i for i in range(50)]


def test_traces(command, _):
    mooncake = place / "mooncake.jsonl"
    mooncake.write_text("".join(json.dumps(line) + "\n" for line in [
        {"timestamp": 1000, "input_length": 1030, "output_length": 3, "hash_ids": [1, 2, 3]},
        {"timestamp": 1040, "input_length": 600, "output_length": 2, "hash_ids": [1, 9]},
        {"timestamp": 1010, "input_length": 512, "output_length": 1, "hash_ids": [4]}]))
    burst = place / "burst.csv"
    burst.write_text("Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
                     "5,ChatGPT,472,18,490,Conversation log\n5.02,ChatGPT,11,2,13,API log\n")
    own = place / "own.jsonl"
    own.write_text('{"timestamp": 0, "prompt": "Grüße", "output_length": 1}\n\n'
                   '{"timestamp": 0.01, "session": "a", "input_length": 20, "output_length": 1}\n'
                   '{"timestamp": 0.02, "session": "a", "input_length": 50, "output_length": 1}\n'
                   '{"timestamp": 0.03, "prefix": 7, "prefix_length": 4, "input_length": 9, "output_length": 1}\n'
                   '{"timestamp": 0.04, "prefix": 7, "prefix_length": 4, "input_length": 9, "output_length": 1}\n')

    def replay(path, *arguments):
        with Scripted(timed(0, 0)) as server:
            report, records, _ = bench(command, server.url, "--trace", str(path), "--api", "completions", *arguments)
            check_report(report, records)
            texts = {r.json["max_tokens"]: r.json["prompt"].split() for r in server.requests}
            return records, texts, [r.json["prompt"].split() for r in server.requests]

    records, texts, _ = replay(mooncake)
    assert [round(r["due_s"], 9) for r in records] == [0, 0.01, 0.04] and [len(texts[n]) for n in (3, 2, 1)] == [1030, 600, 512]
    assert texts[3][:512] == texts[2][:512] != texts[1] and texts[3][512:600] != texts[2][512:]
    azure = place / "azure.csv"
    azure.write_text("TIMESTAMP,ContextTokens,GeneratedTokens\n2023-12-31 23:59:59.9799600,374,44\n2024-01-01 00:00:00.0003000,396,109\n"
                     "2024-01-01T01:00:00.010+01:00,5,6\n2023-12-31 19:00:00.020-05:00,7,8\n2024-01-01 00:00:00.03Z,9,10\n")
    records, texts, _ = replay(azure)
    assert [round(r["due_s"], 5) for r in records] == [0, 0.02034, 0.03004, 0.04004, 0.05004], records
    assert {n: len(texts[n]) for n in (44, 109, 10)} == {44: 374, 109: 396, 10: 9}
    for days in ("2024-02-28", "2024-02-29", "2024-03-01"), ("2023-02-28", "2023-03-01"), ("2099-12-31", "2100-01-01"), \
            ("2100-02-28", "2100-03-01"), ("2000-02-29", "2000-03-01"), ("2024-04-30", "2024-05-01"), ("1970-07-31", "1970-08-01"):
        azure.write_text("TIMESTAMP,ContextTokens,GeneratedTokens\n" + "".join(f"{day} 01:02:03,1,1\n" for day in days))
        records, _, _ = replay(azure, "--speed", "1000000")
        assert [r["due_s"] * 1e6 for r in records] == [86400 * i for i in range(len(days))], days
    records, texts, _ = replay(burst, "--speed", "2")
    assert [round(r["due_s"], 9) for r in records] == [0, 0.01] and (len(texts[18]), len(texts[2])) == (472, 11)
    _, _, prompts = replay(own)
    by_length = {len(p): p for p in prompts}
    nine = [p for p in prompts if len(p) == 9]
    assert prompts[0] == ["Grüße"] and by_length[20] == by_length[50][:20], "a session goes on from what it had"
    assert nine[0][:4] == nine[1][:4] and nine[0][4:] != nine[1][4:]
    for text, says in [("", "no requests"), ("{", "wrong.jsonl:1"), ('{"timestamp": 0}\n', "output_length"),
                       ('{"timestamp": "x", "output_length": 1}', "timestamp"),
                       ("Timestamp,input_length,output_length\n2023-13-16 18:17:03,1,1\n", "wrong.jsonl:2"),
                       ("Timestamp,input_length,output_length\n2023-11-16 18:17,1,1\n", "or a date"),
                       ("Timestamp,input_length,output_length\n2023-11-16 18:17:03 x,1,1\n", "or a date"),
                       ('\n{"timestamp": 0, "output_length": 1e99, "input_length": 1}', "wrong.jsonl:2"),
                       ("a,b\n1,2\n", "timestamp"), ('{"timestamp": 0, "output_length": 1, "input_length": 1, "hash_ids": ["x"]}', "hash_ids")]:
        wrong = place / "wrong.jsonl"
        wrong.write_text(text)
        with Scripted() as server:
            _, _, err = bench(command, server.url, "--trace", str(wrong), code=1)
            assert says in err and not server.requests, (text, err)


def test_errors(command, root):
    async def busy(request, reply):
        await reply.whole({"error": {"message": "later"}}, 429)

    async def refuses(request, reply):
        await reply.whole({"error": {"message": "never"}}, 400)

    async def drops(request, reply):
        await reply.head(Transfer_Encoding="chunked")
        await reply.part(sse(chunk(content="a"), done=False))
        reply.drop()

    async def breaks(request, reply):
        await reply.stream(sse(chunk(content="a"), {"error": {"message": "out of memory"}}, done=False))

    async def no_stream(request, reply):
        await reply.whole({"choices": []})

    async def silent(request, reply):
        await asyncio.sleep(30)

    async def just_ends(request, reply):
        await reply.stream(sse(chunk(content="a"), done=False))

    async def forgets_done(request, reply):
        await reply.stream(sse(chunk(content="a"), last(), done=False))

    async def gives_no_reason(request, reply):
        await reply.stream(sse(chunk(content="a")))

    scripts = [busy, busy, refuses, drops, breaks, no_stream, silent, just_ends, forgets_done, gives_no_reason, timed(0, 0)]
    with Scripted(*scripts) as server:
        report, records, _ = bench(command, server.url, "--concurrency", "1", "--requests", "15", "-n", "3", "--target", "e2e=9s",
                                   "--first-timeout", "0.3", "--connect-timeout", "0.1")
        check_report(report, records)
        check_schema(report, root)
        counts = {kind: error["count"] for kind, error in report["errors"].items()}
        assert counts == {"busy": 2, "refused": 1, "broken": 2, "stream": 1, "invalid": 1, "timeout": 1}, report["errors"]
        assert "out of memory" in report["errors"]["stream"]["example"] and report["requests"]["failed"] == 8
        assert len(server.requests) == 15, "nothing is tried again: that would be another load"
    with Scripted(refuses) as server:
        report, _, _ = bench(command, server.url, "--concurrency", "1", "--requests", "2", code=1)
        assert report["requests"]["completed"] == 0


def test_open_loop(command, _):
    """Requests go out whatever became of earlier ones: the server answers none before it has all."""
    arrived, everyone = [], asyncio.Event()

    async def waits(request, reply):
        arrived.append(request)
        if len(arrived) == 40:
            everyone.set()
        await asyncio.wait_for(everyone.wait(), 30)
        await timed(0, 0)(request, reply)

    with Scripted(waits) as server:
        report, records, _ = bench(command, server.url, "--rate", "1000", "--requests", "40", "-n", "2")
        check_report(report, records)
        assert report["concurrency"]["most"] == 40 and report["requests"]["completed"] == 40
    with Scripted(timed(0.005, 0)) as server:
        report, records, _ = bench(command, server.url, "--rate", "2000", "--requests", "60", "--concurrency", "2", "-n", "2")
        check_report(report, records)
        assert report["generator"]["is_limited"] and not report["generator"]["is_behind"] and server.most <= 3
        assert records[-1]["ttft_s"] > records[-1]["sent_s"] - records[-1]["due_s"] > 0.02, "waiting for a place counts"


def test_five_hundred(command, _):
    with Scripted(timed(0.3, 0.1)) as server:
        report, records, _ = bench(command, server.url, "--concurrency", "500", "--requests", "500", "-p", "16", "-n", "12")
        check_report(report, records)
        assert report["requests"]["completed"] == 500 and report["concurrency"]["most"] == 500, report["requests"]
        print(f"500 streams: {report['generator']['processor_share']:.3f} of a processor, "
              f"{report['throughput']['output_tokens_per_second']:.0f} tokens/s")


def test_interrupt(command, _):
    """Ctrl-C ends it with a report on what was answered until then."""
    async def first_ones(request, reply):
        if len(server.requests) == 7:
            process.send_signal(signal.SIGINT)
        if len(server.requests) > 5:
            await asyncio.sleep(30)
        await timed(0, 0)(request, reply)

    path = place / "interrupted.jsonl"
    with Scripted(first_ones) as server:
        process = subprocess.Popen([command, "bench", "--endpoint", server.url, "--json", "--records", path, "--concurrency", "2", "--duration",
                                    "60", "-n", "3"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        out, err = process.communicate(timeout=PATIENCE)
        report = json.loads(out)
        check_report(report, [json.loads(line) for line in path.read_text().splitlines()])
        assert process.returncode == 0 and report["requests"] == {"sent": 7, "completed": 5, "failed": 0, "cancelled": 2, "warmup": 0}, err


def test_tokenize(command, _):
    """Words of other lengths than one token: three letters are a token, a blank is none."""
    class Counting(Scripted):
        async def tokenize(self, request, reply):
            text = request.json["content"]
            await reply.whole({"count": sum(-(-len(word) // 3) for word in text.split())})

    with Counting(timed(0, 0)) as server:
        report, _, _ = bench(command, server.url, "--concurrency", "2", "--requests", "30", "--input", "1-50", "-n", "1")
        sizes = {sum(-(-len(w) // 3) for w in r.json["messages"][0]["content"].split()) for r in server.requests}
        assert report["prompt_lengths_by"] == "tokenize" and min(sizes) >= 1 and max(sizes) <= 50 and len(sizes) > 10
        bench(command, server.url, "--concurrency", "1", "--requests", "1", "--input", "33", "-n", "1")
        assert sum(-(-len(w) // 3) for w in server.requests[-1].json["messages"][0]["content"].split()) == 33


def test_usage(command, _):
    for arguments, says in [([], "--rate"), (["--rate", "1", "--trace", "x"], "exclude"), (["--rate", "1", "--target", "x=1"], "--target"),
                            (["--rate", "1", "--target", "ttft=0"], "--target"), (["--concurrency", "1", "--speed", "2"], "--speed"),
                            (["--rate", "1", "--require", "0.9"], "--target"), (["--rate", "1", "--target", "e2e=1", "--require", "2"], "--require"),
                            (["--rate", "1", "--profile"], "machine"), (["--rate", "1", "--kv", "f16"], "machine")]:
        _, _, err = bench(command, "http://127.0.0.1:1", *arguments, code=2)
        assert says in err, (arguments, err)
    for lengths in "0", "5-2", "x", "lognormal:1", "list:", "list:1,x", "lognormal:5:99":
        _, _, err = bench(command, "http://127.0.0.1:1", "--rate", "1", "--input", lengths, code=1)
        assert "--input must be" in err, (lengths, err)


def main():
    run_all(sys.modules[__name__], sys.argv[1], pathlib.Path(sys.argv[2]))


main()
