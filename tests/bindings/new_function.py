#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A function, a struct and a status that are added to the header appear, documented and typed, in every language, without a
hand edit; and what is written is sound, as far as the tools of each language that are there can tell."""
import ast
import pathlib
import re
import shutil
import subprocess
import tempfile

import generator

STRUCT = """
/** Wishes for a blooming, of which nobody has heard before. Since: 0.1 */
typedef struct libllm_bloom_options {
    /** sizeof(libllm_bloom_options), set by libllm_bloom_options_init(). */
    uint32_t struct_size;
    /** Petals of every blossom, an uncommon number. */
    uint32_t n_petals;
} libllm_bloom_options;

/**
 * Set every option to its default.
 *
 * @param options      the struct to fill
 * @param struct_size  sizeof(libllm_bloom_options) of the caller
 *
 * Ownership: nothing is transferred.
 * Thread safety: any thread.
 * Errors: none.
 * Since: 0.1
 */
LIBLLM_API
void libllm_bloom_options_init(libllm_bloom_options *LIBLLM_OUT options, uint32_t struct_size);

/**
 * Have the model bloom for a while, as no other function does.
 *
 * @param model    the model
 * @param words    UTF-8
 * @param n_bytes  its length
 * @param options  NULL for the defaults
 * @param colour   receives the colour of the blossoms
 * @param error    optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: nothing is transferred.
 * Thread safety: concurrent(model).
 * Errors: INVALID_ARGUMENT, WILTED.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_model_bloom(const libllm_model *model, const char *LIBLLM_STRING(n_bytes) words, size_t n_bytes,
                                 const libllm_bloom_options *LIBLLM_NULLABLE options, int32_t *LIBLLM_OUT colour,
                                 libllm_error *LIBLLM_NULLABLE error);
"""
STATUS = """    /** The model has wilted. */
    LIBLLM_ERROR_WILTED = -99,
    /** Keeps the type 32 bits wide. */
    LIBLLM_STATUS_FORCE32"""
BLOOM = "Have the model bloom for a while, as no other function does."
# Where each language has the function, and how.
SIGNATURES = {
    "cpp": ("include/libllm/api.hpp", "std::int32_t bloom(std::string_view words, const BloomOptions &options = {}) const;"),
    "go": ("objects.go", "func (model *Model) Bloom(words string, options *BloomOptions) (colour int32, err error) {"),
    "java": ("src/main/java/io/github/libllm/Model.java", "public int bloom(String words, BloomOptions options) {"),
    "javascript": ("src/api.d.ts", "bloom(words: string, options?: BloomOptions | null): Promise<number>;"),
    "lua": ("libllm/api.lua", "---@param words string UTF-8\n---@param options? libllm.BloomOptions NULL for the defaults\n"
                              "---@return integer colour\n"
                              "function api.Model:bloom(words, options)"),
    "python": ("libllm/api.py", "def bloom(self, words: Text, options: Optional[BloomOptions] = None) -> int:"),
    "rust": ("libllm/src/api.rs", "pub fn bloom(&self, words: &str, options: &BloomOptions) -> Result<i32> {"),
}
NEAR = 1500  # characters between a function and what is said of it
EXPECTED = ("libllm_model_bloom", BLOOM, "Petals of every blossom",
            "The model has wilted")


def plain(text):
    """Letters and digits alone: comments and lines are laid out in each language's own way."""
    return re.sub(r"[^A-Za-z0-9]+", "", text).lower()


def documented(language, folder):
    """What is missing of the function: its signature, and what is said of it beside that."""
    name, signature = SIGNATURES[language]
    text = (folder / name).read_text(encoding="utf-8")
    at = text.find(signature)
    if at < 0:
        return [f"{language}: {name} has no {signature!r}"]
    near = text[max(0, at - NEAR):at + len(signature) + NEAR]
    return [] if plain(BLOOM) in plain(near) else [f"{language}: {name}: nothing is said of the function beside it"]


def sound(language, folder, header):
    """Has the language's own tools read what was written, along with what is written by hand."""
    known = generator.ROOT / "bindings" / language
    for path in known.rglob("*"):
        target = folder / path.relative_to(known)
        if path.is_file() and path.suffix in (".hpp", ".go", ".java", ".rs", ".mod") and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    files = {suffix: sorted(str(path) for path in folder.rglob("*" + suffix))
             for suffix in (".go", ".java", ".js", ".lua", ".py", ".pyi")}
    if language == "python":
        for path in files[".py"] + files[".pyi"]:
            ast.parse(pathlib.Path(path).read_text(encoding="utf-8"), path)
        return []
    include = header.parent / "include/libllm"
    include.mkdir(parents=True, exist_ok=True)
    shutil.copy(header, include / "libllm.h")
    jna = pathlib.Path("/usr/share/java/jna.jar")
    rustc = ["rustc", "--edition", "2021", "--crate-type", "lib", "--emit", "metadata", "--out-dir", str(folder)]
    commands = {
        "cpp": [["g++", "-std=c++17", "-fsyntax-only", "-I", str(include.parent), "-x", "c++",
                 str(folder / "include/libllm/libllm.hpp")]],
        "go": [["gofmt", "-l", "-e", *files[".go"]]],
        "java": [["javac", "-d", str(folder / "classes"), "-cp", str(jna),
                  *(path for path in files[".java"] if "/main/" in path)]],
        "javascript": [["node", "--input-type=module", "--check", "-", path] for path in files[".js"]],
        "lua": [["luajit", "-bl", path] for path in files[".lua"]],
        "rust": [[*rustc, "--crate-name", "libllm_sys", str(folder / "libllm-sys/src/lib.rs")],
                 [*rustc, "--crate-name", "libllm", "--extern", f"libllm_sys={folder}/liblibllm_sys.rmeta",
                  str(folder / "libllm/src/lib.rs")]],
    }[language]
    if not shutil.which(commands[0][0]) or language == "java" and not jna.exists():
        print(f"{language}: there is no {commands[0][0]} that could read it")
        return []
    problems = []
    for command in commands:
        text = pathlib.Path(command.pop()).read_text(encoding="utf-8") if command[-2] == "-" else None
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        if done.returncode or command[0] == "gofmt" and done.stdout:
            problems.append(f"{language}: {(done.stderr or done.stdout)[:2000]}")
    return problems


def main():
    text = generator.HEADER.read_text(encoding="utf-8")
    text = text.replace("    /** Keeps the type 32 bits wide. */\n    LIBLLM_STATUS_FORCE32", STATUS)
    text = text.replace("\n/* Engine ---", STRUCT + "\n/* Engine ---")
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        header, output = pathlib.Path(folder, "libllm.h"), pathlib.Path(folder, "out")
        header.write_text(text, encoding="utf-8")
        status, printed = generator.generate(header, output)
        if status:
            problems.append(printed.strip())
        languages = sorted(path.name for path in (output / "bindings").iterdir() if path.is_dir())
        if languages != sorted(SIGNATURES):
            problems.append(f"the languages are {', '.join(languages)}")
        for language in languages:
            files = [path for path in (output / "bindings" / language).rglob("*") if path.is_file()]
            found = plain("\n".join(path.read_text(encoding="utf-8") for path in files))
            problems += [f"{language}: nothing about {words!r}" for words in EXPECTED if plain(words) not in found]
            problems += documented(language, output / "bindings" / language)
            problems += sound(language, output / "bindings" / language, header)
    generator.finish(problems)


main()
