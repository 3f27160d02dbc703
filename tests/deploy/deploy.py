#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What `libllm estimate deploy` writes: against published recipes, the engines' flags, the proxies' own checks.

usage: deploy.py LIBLLM ROOT

- Each row of data/deploy/recipes.csv: parallel sizes, weights on all devices and flags are those of the recipe.
- Every flag is one of the engine (data/deploy/*_flags.txt, which engine_flags.py reads from the engines' sources).
- haproxy -c and nginx -t take the configurations, sh -n the scripts.
- The comments say what the estimator says of scenario.json, which is written beside them.
- Images are those of versions.txt; there are no keys; nothing is overwritten; what cannot be done is said.
"""
import csv
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from written import PLATFORMS, Refused, Written, engine_args, flags_of, pods

try:
    import yaml
except ImportError:
    print("skipped: Python has no module yaml (on Debian: apt install python3-yaml)")
    sys.exit(77)

LOAD = ["--set", "load.users=30000"]
SAMPLES = {
    "one device": ["-m", "Llama-3.1-8B", "--on", "H100 SXM5 80GB"],
    "replicas on a machine": ["-m", "Qwen3-32B", "--on", "H100 SXM5 80GB", "--set", "parallel.tp=2", "--set",
                              "load.users=100000"],
    "experts": ["-m", "DeepSeek-V3", "--on", "H200", "--set", 'parallel={"tp":1,"dp":8}', "--set", "concurrency=64", "--set",
                'speculation={"tokens":2,"acceptance":0.7}', "--set", "kv=fp8"],
    "machines": ["-m", "Kimi-K2", "--on", "H200", "--set", 'parallel={"tp":8,"pp":2}', "--set", "concurrency=64"],
}


def value(report, path):
    for part in path.split("."):
        report = report[part]
    return report["value"]


def test_recipes(command, root):
    with open(root / "tests/data/deploy/recipes.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= 10
    for row in rows:
        call = ["--engine", row["engine"], "--on", "haproxy", "-m", row["model"], "--on", row["device"]]
        call += ["--count", row["count"]] if row["count"] else []
        call += ["--repository", row["repository"]] if row["repository"] else []
        for pair in row["set"].split():
            call += ["--set", pair]
        written = Written(command, *call)
        report = written.report(command)
        sizes = [value(report, "serving." + name) for name in ("tp", "pp", "dp")]
        assert sizes == [float(row[name]) for name in ("tp", "pp", "dp")], f"{row}: {sizes}"
        assert report["serving"].get("ep", {"value": 1})["value"] == float(row["ep"]), row
        devices = value(report, "replica.devices")
        total = value(report, "memory.weights") * devices / 1e9
        # What is no routed expert is there once for each replica of the attention.
        again = (value(report, "serving.attention") * value(report, "weights.attention_bytes") +
                 (value(report, "serving.ffn") * value(report, "weights.ffn_bytes") if "ffn" in report["serving"] else 0) +
                 2 * value(report, "model.vocab") * value(report, "model.hidden") * 2) / 1e9
        total -= (float(row["dp"]) - 1) * again
        assert 0.96 <= total / float(row["weights_gb"]) <= 1.06, f"{row}: {total} GB of weights"
        assert value(report, "memory.used") <= value(report, "memory.share") * value(report, "device.memory") * 1.0001, row
        args = next(engine_args(written, yaml))
        flags = dict(flags_of(args))
        for wanted in filter(None, row["flags"].split(";")):
            name, _, word = wanted.partition(" ")
            assert name in flags and (flags[name] == word or not word), f"{row}: {wanted} is not in {args}"
        assert int(flags.get("--max-model-len") or flags["--context-length"]) <= value(report, "context.most"), row


def test_what_does_not_fit_is_no_plan(command, _):
    for call, words in [
            (["-m", "DeepSeek-V3", "--on", "H200", "--set", "parallel.tp=4", "--set", "concurrency=4"], "do not fit"),
            (["-m", "DeepSeek-V3", "--on", "H200", "--count", "4"], "keeps the targets")]:
        try:
            Written(command, "--engine", "vllm", "--on", "compose", *call)
        except Refused as refused:
            assert words in str(refused), refused
        else:
            raise AssertionError(call)


def each(command, engines=("vllm", "sglang"), more=()):
    for sample, call in SAMPLES.items():
        for engine in engines:
            for platform in PLATFORMS:
                if (engine, platform) != ("sglang", "ray"):
                    yield sample, engine, platform, Written(command, "--engine", engine, "--on", platform, *call, *more)


def known_flags(root, engine):
    lines = (root / f"tests/data/deploy/{engine}_flags.txt").read_text(encoding="utf-8").splitlines()
    return {line.split()[0]: line.split()[1:] for line in lines}


def test_files(command, root):
    rows = (root / "libllm/cli/deploy/templates/versions.txt").read_text(encoding="utf-8").splitlines()
    images = {row.split()[2] for row in rows}
    flags = {engine: known_flags(root, engine) for engine in ("vllm", "sglang")}
    for sample, engine, platform, written in each(command):
        where = f"{sample}, {engine} on {platform}"
        for name, text in written.texts.items():
            if name.endswith(".yaml"):
                list(yaml.safe_load_all(text))
            elif name.endswith(".sh"):
                subprocess.run(["sh", "-n", written.folder / name], check=True)
                assert (written.folder / name).stat().st_mode & 0o111, where
            for image in re.findall(r"^\s*(?:- )?image: *(\S+)$", text, re.M):
                assert image in images and ":" in image, f"{where}: {image}"
            assert "{{" not in text.replace("{{}}", ""), f"{where}: a place without a value in {name}"
            assert not re.search(r"hf_[A-Za-z0-9]{8}|sk-[A-Za-z0-9]{8}|api-key (?!\\?\")\w", text), where
        lists = list(engine_args(written, yaml))
        assert lists or platform == "ray", where
        for args in lists:
            for flag, word in flags_of(args):
                assert flag in flags[engine], f"{where}: {engine} has no {flag}"
                words = flags[engine][flag]
                assert not words or word in words, f"{where}: {flag} {word}: expected one of {words}"
        if platform == "ray":
            kwargs = yaml.safe_load(written.texts["serve.yaml"])["applications"][0]["args"]
            config = kwargs.get("llm_config") or kwargs["llm_configs"][0]
            for name in config["engine_kwargs"]:
                assert "--" + name.replace("_", "-") in flags["vllm"], f"{where}: vLLM has no {name}"


def test_proxies_take_their_configuration(command, root):
    with tempfile.TemporaryDirectory() as scratch:
        for sample, call in SAMPLES.items():
            for engine in ("vllm", "libllm"):
                more = call if engine == "vllm" else ["--set", f"model.file={root}/tests/data/tiny/llama.gguf"]
                if engine == "libllm" and sample != "one device":
                    continue
                for name, check in [("haproxy", ["haproxy", "-c", "-f", "haproxy.cfg"]),
                                    ("nginx", ["nginx", "-t", "-q", "-p", scratch, "-c"])]:
                    written = Written(command, "--engine", engine, "--on", name, *more, "--server", "10.0.0.1:8081",
                                      "--server", "[fd00::2]:8081")
                    if not shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin"):
                        print(f"not checked: there is no {name}")
                        continue
                    path = [written.folder / "nginx.conf"] if name == "nginx" else []
                    done = subprocess.run(["/usr/sbin/" + check[0], *check[1:], *path], cwd=written.folder,
                                          capture_output=True, text=True, check=False, timeout=30)
                    assert done.returncode == 0, f"{sample}, {engine}: {done.stderr}{done.stdout}"


def test_a_proxy_in_compose_finds_what_is_made_anew(command, root):
    """Without Docker's names, as here, it begins all the same."""
    written = Written(command, "--engine", "vllm", "--on", "compose", *SAMPLES["replicas on a machine"])
    text = written.texts["haproxy.cfg"]
    assert text.count("init-addr libc,none resolvers docker") == 2 and "nameserver dns 127.0.0.11:53" in text, text
    if shutil.which("haproxy", path="/usr/sbin:/usr/bin"):
        done = subprocess.run(["/usr/sbin/haproxy", "-c", "-f", "haproxy.cfg"], cwd=written.folder, capture_output=True, text=True,
                              check=False, timeout=30)
        assert done.returncode == 0, done.stderr
    alone = Written(command, "--engine", "libllm", "--on", "haproxy", "--set", f"model.file={root}/tests/data/tiny/llama.gguf")
    assert "resolvers" not in alone.texts["haproxy.cfg"]


def test_comments_are_the_estimators_figures(command, _):
    written = Written(command, "--engine", "vllm", "--on", "kubernetes", *SAMPLES["experts"], *LOAD)
    report, text = written.report(command), written.texts["kubernetes.yaml"]
    gib = value(report, "memory.weights") / 2**30
    assert f"weights {gib:.1f} GiB" in text, text[:900]
    ttft = report["latency"]["ttft"]
    assert f"first token {ttft['value']:.3g} s ({ttft['low']:.3g} - {ttft['high']:.3g})" in text, text[:900]
    cost = report["cost"]["total"]
    dollars = [f"{float(f'{cost[name]:.3g}'):.0f}" for name in ("value", "low", "high")]
    assert "Cost of a month: {} USD ({} - {})".format(*dollars) in text, text[:900]
    documents = {d["kind"]: d for d in yaml.safe_load_all(text)}
    assert documents["Deployment"]["spec"]["replicas"] == value(report, "capacity.replicas")
    pod = documents["Deployment"]["spec"]["template"]["spec"]
    assert pod["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == value(report, "replica.devices")
    rate = float(re.search(r"--rate (\S+)", written.texts["loadtest.sh"])[1])
    assert abs(rate - value(report, "load.queries_per_second") * value(report, "load.peak_factor")) < 1e-3
    chinese = Written(command, "--engine", "vllm", "--on", "kubernetes", *SAMPLES["experts"], *LOAD, "--lang", "zh")
    assert f"权重 {gib:.1f} GiB" in chinese.texts["kubernetes.yaml"] and "Keys:" not in chinese.texts["kubernetes.yaml"]
    assert list(yaml.safe_load_all(chinese.texts["kubernetes.yaml"])) == list(yaml.safe_load_all(text))


def test_machines_of_a_replica(command, _):
    """Sixteen devices: two pods together, of which one has the server."""
    for engine in ("vllm", "sglang"):
        written = Written(command, "--engine", engine, "--on", "kubernetes", *SAMPLES["machines"])
        group = next(yaml.safe_load_all(written.texts["kubernetes.yaml"]))["spec"]["leaderWorkerTemplate"]
        leader, worker = (group[name]["spec"]["containers"][0] for name in ("leaderTemplate", "workerTemplate"))
        assert group["size"] == 2 and leader["resources"]["limits"]["nvidia.com/gpu"] == 8
        assert "readinessProbe" in leader and "readinessProbe" not in worker
        assert "--nnodes" in leader["args"] and ("--headless" in worker["args"]) == (engine == "vllm")
        assert "--headless" not in leader["args"]


def test_the_autoscaler_reads_what_the_adapter_makes(command, _):
    """Requests that are computed and those that wait, of the pods that have the server."""
    for sample in ("one device", "machines"):
        for engine, there in (("vllm", ["vllm:num_requests_running", "vllm:num_requests_waiting"]),
                              ("sglang", ["sglang:num_running_reqs", "sglang:num_queue_reqs"])):
            written = Written(command, "--engine", engine, "--on", "kubernetes", *SAMPLES[sample], *LOAD)
            documents = {d["kind"]: d for d in yaml.safe_load_all(written.texts["kubernetes.yaml"])}
            scaler = documents["HorizontalPodAutoscaler"]["spec"]
            target = scaler["scaleTargetRef"]
            assert documents[target["kind"]]["apiVersion"] == target["apiVersion"], target
            assert documents[target["kind"]]["metadata"]["name"] == target["name"], target
            assert scaler["minReplicas"] <= documents[target["kind"]]["spec"]["replicas"] <= scaler["maxReplicas"]
            rule, = yaml.safe_load(written.texts["prometheus-adapter.yaml"])["rules"]["custom"]
            assert scaler["metrics"][0]["pods"]["metric"]["name"] == rule["name"]["as"]
            assert rule["seriesQuery"].startswith(there[0] + "{")
            pattern = re.search(r'__name__=~"([^"]+)"', rule["metricsQuery"])[1]
            others = ["vllm:num_requests_waiting_by_reason", "sglang:num_running_reqs_offline_batch", "vllm:num_preemptions"]
            assert [name for name in there + others if re.fullmatch(pattern, name)] == there, pattern
            asked, = templates(documents[target["kind"]])
            assert asked["annotations"]["prometheus.io/port"] == "8000", asked


def templates(document):
    """The metadata of pods whose /metrics Prometheus asks for."""
    if isinstance(document, dict):
        if "prometheus.io/scrape" in document.get("annotations", {}):
            yield document
        for value_of in document.values():
            yield from templates(value_of)


def test_units_name_the_model(command, root):
    path = root / "tests/data/tiny/llama.gguf"
    done = Written(command, "--engine", "libllm", "--on", "nginx", "-m", os.path.relpath(path), "--replicas", "3")
    unit = done.texts["libllm-serve@.service"]
    assert f"-m llama={path.resolve()} --port %i" in unit and "8081 libllm-serve@8082 libllm-serve@8083" in unit, unit
    far = Written(command, "--engine", "libllm", "--on", "nginx", "-m", str(path), "--server", "10.0.0.1:80")
    assert "--api-key-file %d/keys" in far.texts["libllm-serve@.service"], "others reach it without a key"


def test_weights_of_the_machines_are_mounted(command, _):
    """At their path, for reading; names of repositories bring no volume."""
    with tempfile.TemporaryDirectory() as scratch:
        pathlib.Path(scratch, "model").mkdir()
        folder = str(pathlib.Path(scratch).resolve() / "model")
        for more, paths in ((["--repository", "org/name"], []), (["--repository", folder], [folder]),
                            (["--repository", folder, "--draft-repository", "/drafts/small", "--set",
                              'speculation={"tokens":3,"draft":0.1}'], [folder, "/drafts/small"])):
            for platform in ("compose", "kubernetes", "ray"):
                written = Written(command, "--engine", "vllm", "--on", platform, *SAMPLES["one device"], *more)
                name = {"ray": "rayservice.yaml"}.get(platform, platform + ".yaml")
                documents = list(yaml.safe_load_all(written.texts[name]))
                if platform == "compose":
                    mounts = [one for one in documents[0]["services"]["engine-1"]["volumes"] if isinstance(one, dict)]
                    assert [(one["type"], one["source"], one["target"], one["read_only"]) for one in mounts] == \
                        [("bind", path, path, True) for path in paths], mounts
                    continue
                pod = [one for document in documents for one in pods(document) if one.get("volumes")][0]
                mounted = {one["name"]: one for one in pod["containers"][0]["volumeMounts"]}
                volumes = {one["name"]: one["hostPath"]["path"] for one in pod["volumes"] if "hostPath" in one}
                assert list(volumes.values()) == paths, pod["volumes"]
                assert all(mounted[one]["mountPath"] == path and mounted[one]["readOnly"] for one, path in volumes.items())


def test_the_load_test_sends_what_was_planned(command, _):
    for hit, said in (("0", ""), ("0.5", "--prefix 500 --prefixes 1 "), ('{"tokens":300,"prefixes":20}', "--prefix 300 --prefixes 20 ")):
        text = Written(command, "--engine", "vllm", "--on", "compose", *SAMPLES["one device"], "--set", "load.input_tokens=1000",
                       "--set", "prefix_hit=" + hit).texts["loadtest.sh"]
        assert (said or "--prefix") in text if said else "--prefix" not in text, text
        assert '--require "${REQUIRE:-0.9}"' in text and 'cd "$' not in text, text


def test_nothing_is_overwritten(command, _):
    with tempfile.TemporaryDirectory() as scratch:
        call = ["--engine", "vllm", "--on", "compose", *SAMPLES["one device"]]
        first = Written(command, *call, folder=scratch)
        (first.folder / "loadtest.sh").write_text("mine", encoding="utf-8")
        (first.folder / "compose.yaml").unlink()
        try:
            Written(command, *call, folder=scratch)
        except Refused as refused:
            assert "loadtest.sh is there already; --force" in str(refused), refused
        else:
            raise AssertionError("it overwrote a file")
        assert not (first.folder / "compose.yaml").exists(), "half of the files were written"
        assert (first.folder / "loadtest.sh").read_text(encoding="utf-8") == "mine"
        assert "mine" != Written(command, *call, "--force", folder=scratch).texts["loadtest.sh"]


def test_scenario_files(command, _):
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(scratch) / "plan.json"
        path.write_text(json.dumps({"task": "serve", "model": "Qwen3-8B", "hardware": "H100 SXM5 80GB",
                                    "load": {"queries_per_second": 5, "input_tokens": 500, "output_tokens": 100},
                                    "targets": {"tpot": 0.03, "ttft": 1}}), encoding="utf-8")
        written = Written(command, str(path), "--engine", "vllm", "--on", "compose")
        assert "ttft=1000ms,tpot=30ms" in written.texts["loadtest.sh"], written.texts["loadtest.sh"]
        assert "--input 500 --output 100" in written.texts["loadtest.sh"]
        longer = Written(command, str(path), "--engine", "sglang", "--on", "compose", "--context", "16k")
        assert dict(flags_of(next(engine_args(longer, yaml))))["--context-length"] == "16000"
        again = Written(command, str(written.folder / "scenario.json"), "--engine", "vllm", "--on", "compose")
        assert again.texts == written.texts


def test_errors(command, _):
    base = ["--engine", "vllm", "--on", "compose"]
    for call, words in [
            (["--on", "compose", "-m", "Qwen3-8B", "--on", "H100 SXM5 80GB"], "--engine must be"),
            (["--engine", "vllm", "-m", "Qwen3-8B", "--on", "H100 SXM5 80GB"], "--on ray|kubernetes|compose|haproxy|nginx"),
            (["--engine", "sglang", "--on", "ray", *SAMPLES["one device"]], "--on kubernetes for SGLang"),
            (["--engine", "libllm", "--on", "compose", "--set", "model.file=x.gguf"], "x.gguf"),
            ([*base, "-m", "OPT-66B", "--on", "H100 SXM5 80GB"], "--repository ORGANIZATION/NAME"),
            ([*base, *SAMPLES["one device"], "--repository", "a$(b)/c"], "without blanks, quotes"),
            ([*base, *SAMPLES["one device"], "--repository", "a;b"], "without blanks, quotes"),
            ([*base, *SAMPLES["one device"], "--image", "a #b"], "--image a #b: expected"),
            ([*base, *SAMPLES["one device"], "--image", "*a"], "--image"),
            ([*base, *SAMPLES["one device"], "--draft-repository", "a';touch x;'"], "--draft-repository a"),
            ([*base, "-m", "Qwen3-8B", "--on", "MI300X"], "--image names another"),
            ([*base, *SAMPLES["one device"], "--set", "weights=int4"], "--repository says which"),
            ([*base, *SAMPLES["machines"], "--gpus-per-node", "5"], "--gpus-per-node"),
            (["--engine", "vllm", "--on", "haproxy", *SAMPLES["one device"], "--server", "a b:1"], "HOST:PORT"),
            ([*base, "-m", "Qwen3-8B", "--on", "H100 SXM5 80GB", "--set", 'speculation={"tokens":3,"draft":0.1}'],
             "--draft-repository")]:
        try:
            Written(command, *call)
        except Refused as refused:
            assert words in str(refused), f"{call}: {refused}"
        else:
            raise AssertionError(f"{call}: expected \"{words}\"")


def main(command, root):
    for name, function in sorted(globals().items()):
        if name.startswith("test_"):
            try:
                function(command, pathlib.Path(root))
            except BaseException:
                print(f"in {name}:", file=sys.stderr)
                raise


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
