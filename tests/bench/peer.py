#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fetch and build llama.cpp, the peer that speed is compared with, and make the models that are measured.

usage: peer.py                 fetch and build all that this machine can run, make the models, and list both

Everything goes to $XDG_CACHE_HOME/libllm/peer (~/.cache/...) and stays there; nothing of it is part of this project.
Two copies of the peer are used: one built here from the sources in a Python package, and one that an npm package
carries built. What cannot be had is left out, with a reason.
"""
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tarfile

HERE = pathlib.Path(__file__).resolve().parent
SDIST = "llama-cpp-python==0.3.36"
NPM = "@node-llama-cpp/linux-x64@3.22.1"
TARGETS = ["llama-bench", "llama-batched-bench", "llama-quantize", "llama-simple", "llama-perplexity", "llama-server"]
CMAKE = ["-DCMAKE_BUILD_TYPE=Release", "-DBUILD_SHARED_LIBS=ON", "-DGGML_CCACHE=OFF", "-DLLAMA_BUILD_TESTS=OFF",
         "-DLLAMA_BUILD_SERVER=ON", "-DLLAMA_BUILD_APP=OFF", "-DLLAMA_BUILD_UI=OFF", "-DLLAMA_USE_PREBUILT_UI=OFF",
         "-DLLAMA_OPENSSL=OFF", "-DLLAMA_ALL_WARNINGS=OFF"]
AVX2 = ["-DGGML_NATIVE=OFF", *(f"-DGGML_{name}=ON" for name in ("SSE42", "AVX", "AVX2", "FMA", "F16C", "BMI2"))]
BUILDS = {
    "native": ["-DGGML_NATIVE=ON"],
    "native-noomp": ["-DGGML_NATIVE=ON", "-DGGML_OPENMP=OFF"],
    "avx512": [*AVX2, *(f"-DGGML_AVX512{name}=ON" for name in ("", "_VBMI", "_VNNI", "_BF16"))],
    "avx2": AVX2,
}
# GCC 12 declares 8 bytes as the input of _tile_loadconfig() and drops the stores of the rest: the peer's AMX code
# crashes. A barrier keeps them. (What we compile with GCC needs the same.)
AMX_FILE = "ggml/src/ggml-cpu/amx/mmq.cpp"
AMX_CALL = "    _tile_loadconfig(&tc);"
AMX_FIXED = '    __asm__ volatile("" : : "r"(&tc) : "memory"); _tile_loadconfig(&tc);'
GIB = 1 << 30
# File types of the synthetic models, and the space that making them takes besides
TYPES = {"1b": ["F16", "BF16", "Q4_0", "Q4_K_M", "Q8_0"], "3b": ["Q4_0", "Q4_K_M", "Q8_0"]}
SPACE = {"1b": 8 * GIB, "3b": 14 * GIB}


class Missing(Exception):
    """Something that cannot be had here, and why."""


def say(text):
    print(f"peer: {text}", file=sys.stderr, flush=True)


def cache():
    base = os.environ.get("XDG_CACHE_HOME", "")
    folder = pathlib.Path(base if base.startswith("/") else pathlib.Path.home() / ".cache") / "libllm" / "peer"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def models_folder():
    base = os.environ.get("XDG_DATA_HOME", "")
    return pathlib.Path(base if base.startswith("/") else pathlib.Path.home() / ".local/share") / "libllm" / "models"


def cpu():
    """The processor's name and its features."""
    text = pathlib.Path("/proc/cpuinfo").read_text()
    fields = dict(line.split("\t: ", 1) for line in text.split("\n\n")[0].replace("\t\t", "\t").splitlines()
                  if "\t: " in line)
    return fields.get("model name", platform.machine()), set(fields.get("flags", "").split())


def run(words, log, **options):
    """Runs a command, its output into a file; Missing with the last line of that when it fails."""
    with open(log, "a") as out:
        try:
            code = subprocess.run(words, stdout=out, stderr=out, stdin=subprocess.DEVNULL, **options).returncode
        except FileNotFoundError:
            raise Missing(f"{words[0]} is not installed") from None
    if code != 0:
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()] or [""]
        raise Missing(f"{pathlib.Path(words[0]).name} failed, see {log}: {lines[-1][:100]}")


def fetch_sources():
    """The folder of the peer's sources, with the AMX fix."""
    folder = cache() / "llama_cpp_python-0.3.36"
    sources = folder / "vendor/llama.cpp"
    if not folder.exists():
        say(f"fetching {SDIST}")
        # pip prepares the package's metadata; what that takes may come as wheels.
        run([sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", SDIST.split("==")[0],
             "--no-cache-dir", "--disable-pip-version-check", "--no-input", "--dest", str(cache()), SDIST],
            cache() / "fetch.log")
        archive = cache() / "llama_cpp_python-0.3.36.tar.gz"
        with tarfile.open(archive) as tar:
            tar.extractall(cache() / "unpacking")
        os.rename(cache() / "unpacking" / folder.name, folder)
        archive.unlink()
    amx = sources / AMX_FILE
    text = amx.read_text()
    if AMX_CALL in text:
        amx.write_text(text.replace(AMX_CALL, AMX_FIXED))
    elif AMX_FIXED not in text:
        raise Missing(f"{AMX_FILE} is not as expected")
    return sources


def build(name):
    """The folder with the programs or, for all but `native`, with the CPU library that takes the place of its own:
    only that is compiled for a certain processor."""
    folder = cache() / name
    targets = TARGETS if name == "native" else ["ggml-cpu"]
    done = folder / "done" # says what of, so that a target that is new here is built
    if not done.exists() or done.read_text().split() != targets:
        sources = fetch_sources()
        say(f"building llama.cpp, {name} (minutes)")
        run(["cmake", "-S", str(sources), "-B", str(folder), "-G", "Ninja", *CMAKE, *BUILDS[name]],
            cache() / f"{name}.log")
        run(["ninja", "-C", str(folder), *targets], cache() / f"{name}.log")
        done.write_text("\n".join(targets))
    return folder / "bin"


def fetch_npm():
    """The folder of the libraries in the npm package."""
    folder = cache() / "npm"
    libraries = folder / "package/bins/linux-x64"
    if not libraries.exists():
        say(f"fetching {NPM}")
        folder.mkdir(exist_ok=True)
        run(["npm", "pack", "--silent", "--pack-destination", str(folder), NPM], cache() / "fetch.log", cwd=folder)
        for archive in folder.glob("*.tgz"):
            with tarfile.open(archive) as tar:
                tar.extractall(folder)
            archive.unlink()
    return libraries


def quantize(source, target, kind):
    """A file that was interrupted does not count, so it gets its name at the end. (The tool takes a file name that
    begins with a digit for a type.)"""
    part = target.parent / f"part-{os.getpid()}"
    say(f"making {target.name}")
    run([str(build("native") / "llama-quantize"), str(source), str(part), kind], cache() / "models.log")
    os.rename(part, target)


def make_models(size):
    """{type: path} of the synthetic models of a size."""
    folder = cache() / "models"
    folder.mkdir(exist_ok=True)
    paths = {kind: folder / f"llama-{size}-{kind}.gguf" for kind in TYPES[size]}
    missing = [kind for kind in TYPES[size] if not paths[kind].exists()]
    if missing:
        if shutil.disk_usage(folder).free < SPACE[size]:
            raise Missing(f"the models of {size} need {SPACE[size] // GIB} GiB of disk while they are made")
        source = folder / f"llama-{size}-F16.gguf"
        if not source.exists():
            vocabulary = models_folder() / "SmolLM2-135M-Instruct.Q4_1.gguf"
            if not vocabulary.exists():
                raise Missing("the default model is not there; ./dev model fetches it")
            say(f"making {source.name}")
            part = folder / f"part-{os.getpid()}"
            run([sys.executable, str(HERE / "make_model.py"), size, str(vocabulary), str(part)], cache() / "models.log")
            os.rename(part, source)
        for kind in missing:
            if kind != "F16":
                quantize(source, paths[kind], kind)
        if "F16" not in TYPES[size]:
            source.unlink()
    return paths


def models():
    """{name: path} of all models, and the reasons why some are missing."""
    found, reasons = {}, []
    for name, file in (("default", "SmolLM2-135M-Instruct.Q4_1.gguf"), ("gemma", "gemma-3-270m-q4_k_m.gguf")):
        if (models_folder() / file).exists():
            found[name] = models_folder() / file
        else:
            reasons.append(f"{name}: not there; ./dev model {name} fetches it")
    for size in TYPES:
        try:
            found.update({f"{size}-{kind}": path for kind, path in make_models(size).items()})
        except Missing as reason:
            reasons.append(f"{size}: {reason}")
    return found, reasons


class Configuration:
    """One way to run the peer. `isa` is the mask that it honours: '' (none), 'avx512' or 'avx2'."""

    def __init__(self, name, isa, folder, tools=None, repack=True, flash=True, backend=None):
        self.name, self.isa, self.folder, self.tools = name, isa, folder, tools
        self.repack, self.flash, self.backend = repack, flash, backend

    def environment(self):
        return {**os.environ, "LD_LIBRARY_PATH": str(self.folder)}


def configurations():
    """All that this machine can run, and the reasons why some are missing."""
    found, reasons = [], []
    features = cpu()[1]
    amx = "amx_int8" in features

    def both(name, isa, folder, **options):
        found.append(Configuration(name, isa, folder, **options))
        found.append(Configuration(name + ", --no-repack", isa, folder, repack=False, **options))

    try:
        tools = build("native")
        both("native", "", tools, tools=tools)
        found.append(Configuration("native, no flash attention", "", tools, tools=tools, flash=False))
        both("native without OpenMP", "", build("native-noomp"), tools=tools)
        if amx:
            both("AVX-512", "avx512", build("avx512"), tools=tools)
        both("AVX2", "avx2", build("avx2"), tools=tools)
    except Missing as reason:
        reasons.append(f"llama.cpp built here: {reason}")
    try:
        npm = fetch_npm()
        both("npm", "", npm)
        if amx:
            both("npm AVX-512", "avx512", npm, backend="zen4")
        both("npm AVX2", "avx2", npm, backend="haswell")
    except Missing as reason:
        reasons.append(f"llama.cpp of {NPM}: {reason}")
    if "avx2" not in features:
        found, reasons = [], ["this processor has no AVX2"]
    return found, reasons


def main():
    found, reasons = configurations()
    files, more = models()
    for one in found:
        print(f"{one.name:32} {one.folder}")
    for name, path in files.items():
        print(f"{name:32} {path}")
    for reason in reasons + more:
        print(f"missing: {reason}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(__doc__)
    main()
