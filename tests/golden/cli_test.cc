/* SPDX-License-Identifier: MIT
 * The `libllm` command from the outside: its usage, what it says of models and machines, and its exit codes.
 */
#include "command.h"

#include <libllm/libllm.h>

namespace
{

using namespace cli;

const char *const all_commands[] = {"chat", "generate", "tokenize", "detokenize", "eval",
                                    "info", "bench",    "devices",  "doctor"};

TEST_F(Command, HelpIsOnStandardOutputAndNamesEveryCommand)
{
    std::string help = output({"--help"});
    for (const char *name : all_commands) {
        EXPECT_TRUE(contains(help, std::string("\n  ") + name + " ")) << name;
        std::string own = output({name, "--help"});
        EXPECT_EQ(own.rfind(std::string("usage: libllm ") + name + " ", 0), 0u) << own;
        EXPECT_TRUE(contains(own, "--help")) << name;
        EXPECT_EQ(output({"help", name}), own);
    }
    Result nothing = run({});
    EXPECT_EQ(nothing.code, 2);
    EXPECT_EQ(nothing.err, help);
    EXPECT_TRUE(contains(output({"--version"}), "libllm 0."));
}

TEST_F(Command, WrongUsageIsSaidAndExitsWith2)
{
    const struct {
        Arguments arguments;
        const char *said;
    } cases[] = {
        {{"nonsense"}, "unknown command 'nonsense'"},
        {{"--nonsense"}, "unknown option '--nonsense'"},
        {{"info", "--nonsense=1"}, "unknown option '--nonsense'"},
        {{"info", "-x"}, "unknown option '-x'"},
        {{"info", "file.gguf"}, "unexpected argument 'file.gguf'"},
        {{"info", "--json=yes"}, "'--json' takes no value"},
        {{"info", "-m"}, "'-m' needs a value"},
        {{"info", "-t", "0"}, "--threads must be a whole number from 1 to 1024, not '0'"},
        {{"info", "-t", "1025"}, "not '1025'"},
        {{"info", "-t", " 1"}, "not ' 1'"},
        {{"info", "-t", "-1"}, "not '-1'"},
        {{"generate"}, "give the input with -p"},
        {{"generate", "-p", "x", "-f", "y"}, "exclude each other"},
        {{"generate", "-p", "x", "--temp", "warm"}, "--temp must be a number from 0"},
        {{"generate", "-p", "x", "--temp=-1"}, "not '-1'"},
        {{"generate", "-p", "x", "--temp=nan"}, "not 'nan'"},
        {{"generate", "-p", "x", "--temp", "0x1p3"}, "not '0x1p3'"},
        {{"generate", "-p", "x", "--top-p", "1.5"}, "--top-p must be a number from 0 to 1, not '1.5'"},
        {{"generate", "-p", "x", "-n", "1.5"}, "--max-tokens must be a whole number"},
        {{"generate", "-p", "x", "--seed", "18446744073709551616"}, "from 0 to 2^64-1"},
        {{"generate", "-p", "x", "--logit-bias", "5"}, "--logit-bias must be ID=V"},
        {{"generate", "-p", "x", "--logit-bias", "5=nan"}, "--logit-bias must be ID=V"},
        {{"generate", "-p", "x", "--stop", ""}, "--stop needs a text"},
        {{"tokenize"}, "give the input with -p"},
        {{"detokenize"}, "give the input with -p"},
        {{"detokenize", "1", "--ids", "1"}, "exclude"},
        {{"detokenize", "12x"}, "'12x' is not a token id (number 1 of the list)"},
        {{"info", "--cpu", "mmx"},
         "--cpu must be one of ref|avx2|avx_vnni|avx512|avx512_vnni|avx512_bf16|amx|native, not 'mmx'"},
        {{"eval", "--ids", "1"}, "--logits OUT is missing"},
        {{"eval", "--ids", "1", "--logits", ""}, "--logits OUT is missing"},
        {{"eval", "--logits", "o"}, "give the ids with --ids, or with -f FILE"},
        {{"eval", "--logits", "o", "--ids", ""}, "no ids"},
        {{"eval", "--logits", "o", "--ids", "1,,2"}, "'' is not a token id (number 2 of the list)"},
        {{"eval", "--logits", "o", "--ids", "1,2,"}, "ends with a comma"},
        {{"eval", "--logits", "o", "--ids", ",1"}, "begins with a comma"},
        {{"eval", "--logits", "o", "--ids", "-1"}, "'-1' is not a token id"},
        {{"eval", "--logits", "o", "--ids", "1;2"}, "'1;2' is not a token id"},
        {{"eval", "--logits", "o", "--ids", "2147483648"}, "'2147483648' is not a token id"},
        {{"eval", "--logits", "o", "--ids", "1", "--batch", "0"}, "--batch must be a whole number from 1 to 8192"},
        {{"bench", "-r", "0"}, "--repetitions must be"},
        {{"bench", "--device", "tpu"}, "--device must be one of auto|cpu|blas|vulkan|vulkan:N, not 'tpu'"},
        {{"bench", "--gpu-layers", "some"}, "--gpu-layers must be one of auto|N, not 'some'"},
        {{"bench", "--gpu-layers", "-1"}, "--gpu-layers must be one of auto|N, not '-1'"},
        {{"bench", "--sequences", "0"}, "--sequences must be"},
        {{"estimate", "model", "GPT-2", "more"}, "'more' is one operand too many"},
        {{"estimate", "devices", "H100"}, "'H100' is one operand too many"},
        {{"estimate", "fit", "GPT-2", "-m", "GPT-3"}, "the model is said twice: 'GPT-2' and -m 'GPT-3'"},
        {{"estimate", "--search", "--compare"}, "only one of --search and --compare"},
        {{"estimate", "report", "seed-000", "--as-printed", "--corrected"}, "only one of --as-printed and --corrected"},
    };
    for (const auto &one : cases) {
        Result result = run(one.arguments);
        EXPECT_EQ(result.code, 2) << one.said;
        EXPECT_EQ(result.out, "") << one.said;
        EXPECT_EQ(result.err.rfind("libllm: ", 0), 0u) << result.err;
        EXPECT_TRUE(contains(result.err, one.said)) << one.said << " in " << result.err;
    }
}

TEST_F(Command, WhatFailsIsSaidAndExitsWith1)
{
    write_file(folder + "/text", "no model");
    const struct {
        Arguments arguments;
        const char *said;
    } cases[] = {
        {{"info", "-m", "missing"}, "missing"},
        {{"estimate", "train", "-m", "7B", "--tokens", "inf"}, "--tokens must be a number"},
        {{"info", "-m", "/missing/model.gguf"}, "there is no such file or folder"},
        {{"info"}, "default"},
        {{"info", "-m", folder + "/text"}, "text"},
        {{"tokenize", "-m", plain_model, "-f", folder + "/absent"}, "cannot read"},
        {{"detokenize", "-m", plain_model, "320"}, "320"},
        {{"eval", "-m", plain_model, "--ids", "320", "--logits", folder + "/o"}, "320"},
        {{"eval", "-m", plain_model, "--ids", "1", "--logits", folder + "/no/o"}, "cannot write"},
        {{"eval", "-m", plain_model, "--ids", "1", "--logits", "/dev/full"}, "cannot write"},
        {{"generate", "-m", plain_model, "-p", "four", "-c", "2"}, "2"},
        {{"generate", "-m", plain_model, "-p", "x", "--logit-bias", "999999=1"}, "999999"},
        {{"generate", "-m", plain_model, "-p", "x", "--device", "blas", "--blas-library", "/no/blas"}, "/no/blas"},
        {{"estimate", "GPT-2"}, "\"GPT-2\" is none of model|train"},
        {{"estimate"}, "-m says which"},
        {{"estimate", "-m", "7"}, "a size needs its unit"},
        {{"estimate", "train", "--compare", "-m", "70B,7", "--on", "H100"}, "a size needs its unit"},
        {{"estimate", "model", "GPT-2", "--limit", "kv.bytes_per_token=1"}, "go with --search"},
        {{"estimate", "model", "GPT-2", "--search", "--limit", "x"}, "--limit must be PATH=VALUE, not 'x'"},
        {{"estimate", "serve", "GPT-2", "--set", "hardware.device=910B"}, "\"910B\" may be Ascend 910B1"},
    };
    for (const auto &one : cases) {
        Result result = run(one.arguments);
        EXPECT_EQ(result.code, 1) << one.arguments[0] << ": " << result.err;
        EXPECT_EQ(result.err.rfind("libllm: ", 0), 0u) << result.err;
        EXPECT_TRUE(contains(result.err, one.said)) << one.said << " in " << result.err;
    }
}

TEST_F(Command, ModelsOfPackagesAreFoundBehindTheUsersOwn)
{
    setenv("XDG_DATA_DIRS", ("relative::/nowhere:" + folder + "/system").c_str(), 1);
    std::filesystem::create_directories(folder + "/system/libllm/models");
    std::filesystem::copy(plain_model, folder + "/system/libllm/models/packaged.gguf");
    EXPECT_TRUE(contains(output({"info", "-m", "packaged"}), "system/libllm/models/packaged.gguf"));
    std::filesystem::create_directories(folder + "/libllm/models");
    write_file(folder + "/libllm/models/packaged.gguf", "no model");
    EXPECT_TRUE(contains(run({"info", "-m", "packaged"}).err, folder + "/libllm/models/packaged.gguf"));
    const std::string missing = run({"info", "-m", "other"}).err;
    EXPECT_TRUE(contains(missing, folder + "/libllm/models/other.gguf")) << missing;
}

TEST_F(Command, EstimateTakesTheModelBehindTheTaskAndSearches)
{
    EXPECT_EQ(output({"estimate", "model", "GPT-2"}), output({"estimate", "-m", "GPT-2"}));
    EXPECT_TRUE(contains(output({"estimate", "-m", "1.8万亿"}), "1.8 T"));
    EXPECT_TRUE(contains(output({"estimate", "model", plain_model}), "parameters"));
    const std::string report =
        output({"estimate", "model", "GPT-2", "--search", "--over", "context=1k,2k,500", "--minimize",
                "kv.bytes_per_sequence", "--limit", "context.tokens=1500", "--keep", "1", "--json"});
    const std::unique_ptr<json_t, decltype(&json_decref)> root(json_loads(report.c_str(), 0, nullptr), json_decref);
    const json_t *best = json_object_get(json_object_get(root.get(), "top"), "scenario");
    EXPECT_EQ(500, json_integer_value(json_object_get(best, "context"))) << report;
    const json_t *rows = json_object_get(json_array_get(json_object_get(root.get(), "tables"), 0), "rows");
    EXPECT_EQ(2u, json_array_size(rows)) << report;
    // What begins like a number is a device, and a size a model, where these are asked for.
    EXPECT_TRUE(contains(output({"estimate", "model", "GPT-2", "--search", "--over", "model=7B,GPT-2", "--minimize",
                                 "parameters.total"}),
                         "7B"));
}

TEST_F(Command, EstimateReadsTheConfigurationOfAFolderThatTheEngineCannotOpen)
{
    const std::string config = R"({"model_type":"llama","hidden_size":64,"num_hidden_layers":2,"vocab_size":99,
        "num_attention_heads":2,"quantization_config":{"quant_method":"awq","bits":4,"group_size":32}})";
    const std::string at = folder + "/awq";
    std::filesystem::create_directories(at);
    EXPECT_EQ(1, run({"estimate", "-m", at}).code);
    write_file(at + "/config.json", config);
    const std::string alone = output({"estimate", "-m", at + "/config.json", "--json"});
    const std::string total = alone.substr(alone.find("\"weights\""), 60);
    for (const char *file : {"", "/pytorch_model.bin", "/model.safetensors", "/model.safetensors.index.json"}) {
        if (*file)
            write_file(at + file, "{}");
        const Result result = run({"estimate", "-m", at, "--json"});
        EXPECT_EQ(0, result.code) << file << ": " << result.err;
        EXPECT_TRUE(contains(result.out, total)) << file << ": " << result.out;
        EXPECT_TRUE(contains(result.out, "weights_not_read")) << file << ": " << result.out;
    }
    EXPECT_TRUE(contains(output({"estimate", "-m", at + "/model.safetensors.index.json", "--json"}), total));
    write_file(at + "/config.json", "{");
    EXPECT_TRUE(contains(run({"estimate", "-m", at}).err, "config.json"));
}

TEST_F(Command, FitUsesACalibrationThatStillHolds)
{
    setenv("XDG_CACHE_HOME", folder.c_str(), 1);
    const std::unique_ptr<json_t, decltype(&json_decref)> devices(
        json_loads(output({"devices", "--json"}).c_str(), 0, nullptr), json_decref);
    json_t *cpu = json_array_get(json_object_get(devices.get(), "devices"), 0);
    std::filesystem::create_directories(folder + "/libllm");
    const struct {
        const char *key;
        json_t *value; // NULL: removed
        const char *word;
    } cases[] = {{"device", json_string("cpu"), ""},
                 {"version", json_integer(libllm_version() + 1), "another version of libllm"},
                 {"version", nullptr, "another version of libllm"},
                 {"instruction_set", json_string("none"), "another instruction set"},
                 {"time", json_integer(time(nullptr) - 91 * 24 * 3600), "more than 90 days ago"},
                 {"time", json_integer(time(nullptr) + 24 * 3600), "more than 90 days ago"}};
    for (const auto &c : cases) {
        const std::unique_ptr<json_t, decltype(&json_decref)> kept(
            json_pack("{s:s, s:O, s:O, s:O, s:I, s:I, s:[{s:s, s:f, s:f}], s:i, s:i, s:i, s:i, s:i}", "device", "cpu",
                      "name", json_object_get(cpu, "name"), "threads", json_object_get(cpu, "threads"),
                      "instruction_set", json_object_get(cpu, "instruction_set"), "version",
                      json_int_t{libllm_version()}, "time", json_int_t{time(nullptr) - 24 * 3600}, "types", "type",
                      "Q8_0", "decode_gb_per_second", 10., "prefill_gflop_per_second", 100., "step_ns", 1000,
                      "layer_ns", 1000, "prefill_value_ns", 1, "attention_gb_per_second", 5,
                      "attention_gflop_per_second", 50),
            json_decref);
        if (c.value)
            json_object_set_new(kept.get(), c.key, c.value);
        else
            json_object_del(kept.get(), c.key);
        ASSERT_EQ(0, json_dump_file(kept.get(), (folder + "/libllm/calibration.json").c_str(), 0));
        const Result fit = run({"estimate", "fit", "GPT-2", "--set", "weights=q8_0", "--json", "--explain"});
        EXPECT_EQ(0, fit.code) << fit.err;
        EXPECT_EQ(!*c.word, contains(fit.out, "measured: calibration")) << c.key;
        EXPECT_TRUE(*c.word ? contains(fit.err, c.word) : fit.err.empty()) << c.key << ": " << fit.err;
    }
    unsetenv("XDG_CACHE_HOME");
}

TEST_F(Command, OpensTheOneModelOfAFolder)
{
    const std::string models = folder + "/models";
    const Arguments eval = {"eval", "-m", models, "--ids", "1,2", "--logits", folder + "/rows"};
    std::filesystem::create_directories(models);
    EXPECT_TRUE(contains(run(eval).err, "the folder has no GGUF file"));
    write_file(models + "/config.json", "{}");
    EXPECT_TRUE(contains(run(eval).err, "Hugging Face"));
    std::filesystem::copy(plain_model, models + "/b.gguf");
    EXPECT_EQ(run(eval).code, 0);
    for (const char *name : {"/d.gguf", "/a.gguf", "/c.gguf"})
        write_file(models + name, "");
    Result result = run(eval);
    EXPECT_EQ(result.code, 1);
    EXPECT_TRUE(contains(result.err, "the folder has 4 GGUF files, name one of them: a.gguf, b.gguf, ..."))
        << result.err;
}

TEST_F(Command, FindsModelsByName)
{
    std::filesystem::create_directories(folder + "/libllm/models");
    std::filesystem::copy(plain_model, folder + "/libllm/models/tiny.gguf");
    EXPECT_EQ(output({"tokenize", "-m", "tiny", "-p", "a b"}), output({"tokenize", "-m", plain_model, "-p", "a b"}));
}

TEST_F(Command, InfoDescribesTheModel)
{
    auto info = parse(output({"info", "-m", plain_model, "--json"}));
    EXPECT_STREQ(json_string_value(json_object_get(info.get(), "architecture")), "llama");
    EXPECT_TRUE(json_is_object(json_object_get(info.get(), "metadata")));
    std::string table = output({"info", "-m", plain_model});
    EXPECT_EQ(table.rfind(plain_model + "\n", 0), 0u);
    EXPECT_TRUE(contains(table, "\nmetadata\n")) << table;
    EXPECT_TRUE(contains(table, "llama.context_length")) << table;
}

TEST_F(Command, DevicesListsTheProcessor)
{
    auto devices = parse(output({"devices", "--json"}));
    json_t *first = json_array_get(json_object_get(devices.get(), "devices"), 0);
    EXPECT_STREQ(json_string_value(json_object_get(first, "kind")), "cpu");
    EXPECT_TRUE(contains(output({"devices"}), "cpu"));
    json_t *second = json_array_get(json_object_get(devices.get(), "devices"), 1);
    EXPECT_STREQ(json_string_value(json_object_get(second, "id")), "blas");
    bool available = json_is_true(json_object_get(second, "available"));
    EXPECT_TRUE(json_is_string(json_object_get(second, available ? "name" : "reason")));
    EXPECT_TRUE(contains(output({"devices", "--blas-library", "/no/such/library"}), "/no/such/library: cannot open"));
    if (available) {
        auto bench =
            parse(output({"bench", "-m", plain_model, "-p", "16", "-n", "0", "-r", "1", "--device", "blas", "--json"}));
        EXPECT_STREQ(json_string_value(json_object_get(bench.get(), "device")), "blas");
        EXPECT_EQ(json_array_size(json_object_get(bench.get(), "tests")), 1u);
    }
}

TEST_F(Command, BenchPrintsFiguresThatFitTogether)
{
    auto bench = parse(output({"bench", "-m", plain_model, "-p", "16", "-n", "4", "-r", "3", "--json"}));
    EXPECT_GT(json_number_value(json_object_get(json_object_get(bench.get(), "load_ms"), "median")), 0);
    EXPECT_GT(json_integer_value(json_object_get(bench.get(), "peak_rss_bytes")), 1 << 20);
    json_t *tests = json_object_get(bench.get(), "tests"), *test;
    ASSERT_EQ(json_array_size(tests), 2u);
    size_t index;
    json_array_foreach (tests, index, test) {
        EXPECT_STREQ(json_string_value(json_object_get(test, "test")), index ? "tg4" : "pp16");
        json_t *speed = json_object_get(test, "tokens_per_second");
        double median = json_number_value(json_object_get(speed, "median"));
        EXPECT_GT(json_number_value(json_object_get(speed, "min")), 0);
        EXPECT_LE(json_number_value(json_object_get(speed, "min")), median);
        EXPECT_GE(json_number_value(json_object_get(speed, "max")), median);
        EXPECT_GT(json_number_value(json_object_get(test, index ? "gb_per_second" : "gflop_per_second")), 0);
    }
    EXPECT_STREQ("cpu", json_string_value(json_object_get(bench.get(), "device"))) << "the model is tiny";
    EXPECT_EQ(json_integer_value(json_object_get(bench.get(), "n_layers")),
              json_integer_value(json_object_get(bench.get(), "n_device_layers")));
    auto decode_only = parse(output({"bench", "-m", plain_model, "-p", "0", "-n", "4", "-r", "1", "--json"}));
    EXPECT_EQ(json_array_size(json_object_get(decode_only.get(), "tests")), 1u);
    EXPECT_TRUE(contains(output({"bench", "-m", plain_model, "-p", "16", "-n", "0", "-r", "1"}), "\npp16 "));
}

TEST_F(Command, BenchMeasuresAfterADepthAndSeveralSequencesAtOnce)
{
    auto bench = parse(output(
        {"bench", "-m", plain_model, "-p", "16", "-n", "4", "-d", "70", "--sequences", "3", "-r", "2", "--json"}));
    json_t *tests = json_object_get(bench.get(), "tests"), *test;
    ASSERT_EQ(json_array_size(tests), 2u);
    size_t index;
    json_array_foreach (tests, index, test) {
        EXPECT_STREQ(json_string_value(json_object_get(test, "test")), index ? "tg4@70x3" : "pp16@70");
        EXPECT_EQ(json_integer_value(json_object_get(test, "depth")), 70);
        EXPECT_EQ(json_integer_value(json_object_get(test, "sequences")), index ? 3 : 1);
        EXPECT_GT(json_number_value(json_object_get(json_object_get(test, "tokens_per_second"), "median")), 0);
    }
    EXPECT_TRUE(contains(output({"bench", "-m", plain_model, "-p", "0", "-n", "2", "--sequences", "2", "-r", "1"}),
                         "\ntg2x2 "));
    EXPECT_TRUE(contains(output({"bench", "-m", plain_model, "-p", "8", "-n", "2", "-d", "3", "-r", "1"}), "\npp8@3 "));
}

TEST_F(Command, BenchMeasuresTheLimits)
{
    auto limits = parse(output({"bench", "--limits", "-t", "2", "--json"}));
    EXPECT_EQ(json_array_size(json_object_get(limits.get(), "read")), 3u);
    EXPECT_GE(json_array_size(json_object_get(limits.get(), "units")), 1u);
    EXPECT_TRUE(contains(output({"bench", "--limits"}), "\nunits\n")) << "as a table, and without a model";
}

TEST_F(Command, BenchSaysWhereTheTimeGoes)
{
    const Arguments arguments = {"bench", "-m", plain_model, "-p", "16", "-n", "4", "-r", "3", "--profile"};
    Arguments json = arguments;
    json.push_back("--json");
    auto bench = parse(output(json));
    EXPECT_EQ(json_array_size(json_object_get(json_object_get(bench.get(), "limits"), "read")), 3u);
    json_t *tests = json_object_get(bench.get(), "tests"), *test, *phase;
    ASSERT_EQ(json_array_size(tests), 2u);
    size_t index, at;
    json_array_foreach (tests, index, test) {
        json_t *profile = json_object_get(test, "profile"), *phases = json_object_get(profile, "phases");
        EXPECT_EQ(json_integer_value(json_object_get(profile, "tokens")), index ? 12 : 48) << "three runs";
        ASSERT_EQ(json_array_size(phases), 7u);
        json_array_foreach (phases, at, phase)
            for (const char *key : {"gb_per_second", "gflop_per_second", "fraction_of_read", "fraction_of_peak"})
                EXPECT_TRUE(json_is_real(json_object_get(phase, key))) << key;
        double seconds = json_number_value(json_object_get(json_array_get(phases, 1), "seconds"));
        double flops = json_number_value(json_object_get(json_array_get(phases, 1), "flops"));
        EXPECT_NEAR(json_number_value(json_object_get(json_array_get(phases, 1), "gflop_per_second")),
                    flops / seconds * 1e-9, 1e-6 * flops / seconds * 1e-9);
    }
    std::string table = output(arguments);
    for (const char *line : {"\npp16 on ", "\ntg4 on ", "\nattention ", "\nwhole "})
        EXPECT_TRUE(contains(table, line)) << table;
    auto plain = parse(output({"bench", "-m", plain_model, "-p", "16", "-n", "0", "-r", "1", "--json"}));
    EXPECT_EQ(json_object_get(plain.get(), "limits"), nullptr);
    EXPECT_EQ(json_object_get(json_array_get(json_object_get(plain.get(), "tests"), 0), "profile"), nullptr);
}

TEST_F(Command, DoctorTestsTheProcessorAndTellsNothingOfItsUser)
{
    const std::string file = folder + "/report.json", home = getenv("HOME");
    const std::string said = output({"doctor", "--device", "cpu", "-o", file, "--blas-library", home + "/libblas.so"});
    EXPECT_TRUE(contains(said, "parts agree with the reference")) << said;
    EXPECT_TRUE(contains(said, "Everything that was tested is in order.")) << said;
    EXPECT_TRUE(contains(said, "~/libblas.so: cannot open")) << said;
    std::ifstream stream(file);
    const std::string report((std::istreambuf_iterator<char>(stream)), {});
    char name[256];
    ASSERT_EQ(0, gethostname(name, sizeof name));
    EXPECT_FALSE(contains(report, home + "/")) << report;
    EXPECT_FALSE(contains(report, std::string("\"") + name + "\"")) << report;
    const auto value = parse(report);
    for (const char *key : {"version", "system", "devices", "gpus", "self_tests", "limits"})
        EXPECT_NE(nullptr, json_object_get(value.get(), key)) << key;
    EXPECT_EQ(1u, json_array_size(json_object_get(value.get(), "self_tests")));
    Result none = run({"doctor", "--device", "vulkan:99"});
    EXPECT_EQ(1, none.code);
    EXPECT_EQ(0u, none.err.rfind("libllm: ", 0)) << none.err;
}

TEST_F(Command, OutputThatDoesNotArriveIsAFailure)
{
    const std::vector<Arguments> all = {
        {"devices"},
        {"eval", "-m", plain_model, "--ids", "1", "--logits", "-"},
        /* which would not end by itself */
        {"generate", "-m", plain_model, "-p", "x", "-c", "200000", "--ignore-eos"},
    };
    for (const Arguments &one : all) {
        Arguments arguments = {"-c", "exec \"$0\" \"$@\" > /dev/full", command};
        arguments.insert(arguments.end(), one.begin(), one.end());
        Result result = run_program("/bin/sh", arguments);
        EXPECT_EQ(result.code, 1);
        EXPECT_EQ(result.err, "libllm: cannot write standard output: No space left on device\n");
    }
    Result unread = run_program("/bin/sh", {"-c", "exec \"$0\" chat -m \"$1\" < /", command, chat_model});
    EXPECT_EQ(unread.code, 1);
    EXPECT_EQ(unread.err, "libllm: cannot read standard input: Is a directory\n");
}

TEST_F(Command, LogLinesGoToStandardError)
{
    Result quiet = run({"tokenize", "-m", plain_model, "-p", "x"}),
           loud = run({"tokenize", "-m", plain_model, "-p", "x", "--log"});
    EXPECT_EQ(loud.code, 0);
    EXPECT_EQ(loud.out, quiet.out);
    EXPECT_EQ(quiet.err, "");
}

} // namespace
