/* SPDX-License-Identifier: MIT
 * The `libllm` command from the outside: what it prints where, its exit codes, and what it does at a terminal.
 *
 * The environment names the programs: LIBLLM_COMMAND and LIBLLM_EXAMPLE_CHAT. The model is the tiny llama, which has
 * no chat template; the chats use a copy into which one was put.
 */
#include <fcntl.h>
#include <gtest/gtest.h>
#include <jansson.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace
{

using Arguments = std::vector<std::string>;
using Clock = std::chrono::steady_clock;

const std::string data = LIBLLM_TEST_DATA;
const std::string plain_model = data + "/tiny/llama.gguf";

std::string required(const char *variable)
{
    const char *value = getenv(variable);
    if (!value)
        ADD_FAILURE() << variable << " is not set";
    return value ? value : "";
}

std::string read_file(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

void write_file(const std::string &path, const std::string &bytes)
{
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

bool contains(const std::string &text, const std::string &part) { return text.find(part) != std::string::npos; }

int exit_code(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

std::vector<char *> pointers(Arguments &arguments)
{
    std::vector<char *> result;
    for (std::string &argument : arguments)
        result.push_back(argument.data());
    result.push_back(nullptr);
    return result;
}

template <typename T> void append(std::string &bytes, T value)
{
    bytes.append(reinterpret_cast<const char *>(&value), sizeof value);
}

/* The plain model with a chat template as its first metadata entry. The entry's size is a multiple of the alignment
 * (32), so that the tensors behind it stay aligned. */
std::string with_template(std::string gguf, std::string source)
{
    const std::string key = "tokenizer.chat_template";
    const size_t fixed = 8 + key.size() + 4 + 8;
    source += "{#";
    while ((fixed + source.size() + 2) % 32 != 0)
        source += ' ';
    source += "#}";
    std::string entry;
    append(entry, uint64_t{key.size()});
    entry += key;
    append(entry, uint32_t{8});
    append(entry, uint64_t{source.size()});
    entry += source;
    uint64_t n_entries;
    memcpy(&n_entries, &gguf[16], sizeof n_entries);
    n_entries++;
    memcpy(&gguf[16], &n_entries, sizeof n_entries);
    return gguf.insert(24, entry);
}

struct Result {
    int code = -1;
    std::string out, err;
};

class Command : public testing::Test
{
  protected:
    void SetUp() override
    {
        char pattern[] = "/tmp/libllm-cli-XXXXXX";
        ASSERT_NE(mkdtemp(pattern), nullptr);
        folder = pattern;
        setenv("XDG_DATA_HOME", folder.c_str(), 1);
        setenv("XDG_STATE_HOME", (folder + "/state").c_str(), 1);
        setenv("TERM", "dumb", 1);
        chat_model = folder + "/chat.gguf";
        write_file(chat_model,
                   with_template(read_file(plain_model), "{% for m in messages %}{{ m.role }}: {{ m.content }}\n"
                                                         "{% endfor %}assistant:"));
    }

    void TearDown() override { std::filesystem::remove_all(folder); }

    /* Runs a program with its standard streams in files. */
    Result run_program(const std::string &program, Arguments arguments, const std::string &input = "")
    {
        const std::string in = folder + "/in", out = folder + "/out", err = folder + "/err";
        write_file(in, input);
        arguments.insert(arguments.begin(), program);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, 0, in.c_str(), O_RDONLY, 0);
        posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        posix_spawn_file_actions_addopen(&actions, 2, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        pid_t pid;
        int failure = posix_spawn(&pid, program.c_str(), &actions, nullptr, pointers(arguments).data(), environ);
        posix_spawn_file_actions_destroy(&actions);
        EXPECT_EQ(failure, 0) << program << ": " << strerror(failure);
        int status = 0;
        if (failure == 0)
            waitpid(pid, &status, 0);
        return {failure ? -1 : exit_code(status), read_file(out), read_file(err)};
    }

    Result run(const Arguments &arguments, const std::string &input = "")
    {
        return run_program(command, arguments, input);
    }

    /* As run(), for what must succeed without a word on standard error; returns standard output. */
    std::string output(const Arguments &arguments, const std::string &input = "")
    {
        Result result = run(arguments, input);
        EXPECT_EQ(result.code, 0) << result.err;
        EXPECT_EQ(result.err, "");
        return result.out;
    }

    const std::string command = required("LIBLLM_COMMAND");
    std::string folder, chat_model;
};

/* The command at a terminal of its own. */
class Terminal
{
  public:
    Terminal(const std::string &program, Arguments arguments)
    {
        arguments.insert(arguments.begin(), program);
        std::vector<char *> argv = pointers(arguments);
        pid = forkpty(&descriptor, nullptr, nullptr, nullptr);
        if (pid == 0) {
            execv(program.c_str(), argv.data());
            _exit(127);
        }
    }

    ~Terminal()
    {
        if (pid > 0) {
            kill(pid, SIGKILL);
            waitpid(pid, nullptr, 0);
        }
        close(descriptor);
    }

    void type(const std::string &text)
    {
        ASSERT_EQ(write(descriptor, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }

    /* Reads until `part` has appeared behind what an earlier call found; false when 20 seconds or the program end
     * first. */
    bool wait_for(const std::string &part)
    {
        size_t at;
        while ((at = screen.find(part, found)) == std::string::npos)
            if (!read_more())
                return false;
        found = at + part.size();
        return true;
    }

    /* Reads until there is anything behind what an earlier call found. */
    bool wait_for_more()
    {
        while (screen.size() <= found)
            if (!read_more())
                return false;
        found = screen.size();
        return true;
    }

    int finish()
    {
        while (read_more())
            ;
        int status = 0;
        EXPECT_EQ(waitpid(pid, &status, 0), pid);
        pid = -1;
        return exit_code(status);
    }

    std::string screen;

  private:
    bool read_more()
    {
        pollfd ready = {descriptor, POLLIN, 0};
        char buffer[4096];
        if (poll(&ready, 1, 20000) != 1)
            return false;
        ssize_t n = read(descriptor, buffer, sizeof buffer);
        if (n > 0)
            screen.append(buffer, static_cast<size_t>(n));
        return n > 0;
    }

    pid_t pid = -1;
    int descriptor = -1;
    size_t found = 0;
};

struct Decref {
    void operator()(json_t *value) const { json_decref(value); }
};

std::unique_ptr<json_t, Decref> parse(const std::string &text)
{
    json_error_t error;
    std::unique_ptr<json_t, Decref> value(json_loads(text.c_str(), JSON_REJECT_DUPLICATES, &error));
    EXPECT_NE(value, nullptr) << error.text << " in " << text;
    return value;
}

const char *const all_commands[] = {"chat", "generate", "tokenize", "detokenize", "eval", "info", "bench", "devices"};

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
        {{"eval", "--logits", "o", "--ids", "1", "--batch", "0"}, "--batch must be a whole number from 1 to 4096"},
        {{"bench", "-r", "0"}, "--repetitions must be"},
        {{"bench", "--device", "tpu"}, "--device must be one of cpu|blas, not 'tpu'"},
        {{"bench", "--sequences", "0"}, "--sequences must be"},
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
    };
    for (const auto &one : cases) {
        Result result = run(one.arguments);
        EXPECT_EQ(result.code, 1) << one.arguments[0] << ": " << result.err;
        EXPECT_EQ(result.err.rfind("libllm: ", 0), 0u) << result.err;
        EXPECT_TRUE(contains(result.err, one.said)) << one.said << " in " << result.err;
    }
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

TEST_F(Command, TokensComeBackAsTheText)
{
    const std::string text =
        "Hello, w\xc3\xb6rld \xe4\xbd\xa0\xe5\xa5\xbd \xf0\x9f\x99\x82\n\tint x = 1;\r\n\x01\x7f end ";
    std::string ids = output({"tokenize", "-m", plain_model, "-f", "-"}, text);
    EXPECT_EQ(ids.back(), '\n');
    EXPECT_EQ(ids.find_first_not_of("0123456789 \n"), std::string::npos);
    EXPECT_EQ(output({"tokenize", "-m", plain_model, "-p", text}), ids);
    EXPECT_EQ(output({"detokenize", "-m", plain_model, "-f", "-"}, ids), text);
    EXPECT_EQ(output({"detokenize", "-m", plain_model, "--ids", ids}), text);
    EXPECT_EQ(output({"tokenize", "-m", plain_model, "--no-map", "-p", text}), ids);
    EXPECT_EQ(output({"tokenize", "-m", plain_model, "-p", ""}), "\n");
}

TEST_F(Command, SpecialTokensAreParsedOnRequestOnly)
{
    EXPECT_EQ(output({"tokenize", "-m", plain_model, "-p", "</s>", "--special"}), "257\n");
    EXPECT_NE(output({"tokenize", "-m", plain_model, "-p", "</s>"}), "257\n");
    EXPECT_EQ(output({"detokenize", "-m", plain_model, "257", "--special"}), "</s>");
    EXPECT_EQ(output({"detokenize", "-m", plain_model, "257"}), "");
}

/* The reference of the fixture: ids in the .json, rows in the .npy behind its header. */
/* Of a model with an encoder and a decoder those of the decoder. */
TEST_F(Command, EvalWritesTheRowsOfADecoderBesideAnEncoder)
{
    const std::string model = data + "/families/t5-gated.gguf", out = folder + "/rows";
    auto reference = parse(read_file(data + "/families/t5-gated.json"));
    std::string lists[2], rows = read_file(data + "/families/t5-gated.npy");
    const char *const names[2] = {"ids", "decoder_ids"};
    for (size_t i = 0; i < 2; i++) {
        size_t index;
        json_t *id;
        json_array_foreach (json_object_get(reference.get(), names[i]), index, id)
            lists[i] += (index ? "," : "") + std::to_string(json_integer_value(id));
    }
    const size_t n_bytes = 30 * 320 * sizeof(float);
    ASSERT_GT(rows.size(), n_bytes);
    rows.erase(0, rows.size() - n_bytes);
    for (const char *batch : {"1", "7", "40"}) {
        output({"eval", "-m", model, "--ids", lists[0], "--decoder-ids", lists[1], "--logits", out, "--batch", batch});
        const std::string written = read_file(out);
        ASSERT_EQ(written.size(), n_bytes) << batch;
        for (size_t i = 0; i < n_bytes; i += sizeof(float)) {
            float a, b;
            memcpy(&a, &rows[i], sizeof a);
            memcpy(&b, &written[i], sizeof b);
            ASSERT_NEAR(a, b, 2e-4) << batch;
        }
    }
    Result result = run({"eval", "-m", model, "--ids", "1", "--logits", out});
    EXPECT_TRUE(result.code == 1 && contains(result.err, "--decoder-ids")) << result.err;
    result = run({"eval", "-m", plain_model, "--ids", "1", "--decoder-ids", "1", "--logits", out});
    EXPECT_TRUE(result.code == 1 && contains(result.err, "--decoder-ids")) << result.err;
    result = run({"generate", "-m", model, "-p", "hello", "-n", "4", "--temp", "0", "--ignore-eos", "-v"});
    EXPECT_TRUE(result.code == 0 && contains(result.err, "text: 5 tokens") &&
                contains(result.err, "generated: 4 tokens"))
        << result.err;
    write_file(folder + "/text", "some words");
    result = run({"perplexity", "-m", model, "-f", folder + "/text"});
    EXPECT_TRUE(result.code == 1 && contains(result.err, "answers a text")) << result.err;
    auto bench = parse(output({"bench", "-m", model, "-p", "16", "-n", "4", "--sequences", "2", "-r", "2", "--json"}));
    json_t *tests = json_object_get(bench.get(), "tests");
    ASSERT_EQ(json_array_size(tests), 2u);
    for (size_t i = 0; i < 2; i++)
        EXPECT_GT(json_number_value(
                      json_object_get(json_object_get(json_array_get(tests, i), "tokens_per_second"), "median")),
                  0);
    EXPECT_FALSE(json_object_get(json_array_get(tests, 0), "gflop_per_second"));
    EXPECT_TRUE(contains(output({"bench", "-m", model, "-p", "0", "-n", "2", "-r", "1"}), "\ntg2 "));
    EXPECT_TRUE(contains(run({"chat", "-m", model}).err, "cannot chat"));
}

TEST_F(Command, EvalWritesTheRowsOfTheReference)
{
    auto reference = parse(read_file(data + "/tiny/llama.json"));
    std::string ids, rows = read_file(data + "/tiny/llama.npy");
    size_t index, n_ids = json_array_size(json_object_get(reference.get(), "ids"));
    json_t *id;
    json_array_foreach (json_object_get(reference.get(), "ids"), index, id)
        ids += (index ? "," : "") + std::to_string(json_integer_value(id));
    const size_t n_bytes = n_ids * 320 * sizeof(float);
    ASSERT_GT(rows.size(), n_bytes);
    rows.erase(0, rows.size() - n_bytes);

    for (const char *batch : {"1", "7", "40"}) {
        output({"eval", "-m", plain_model, "--ids", ids, "--logits", folder + "/rows", "--batch", batch});
        std::string written = read_file(folder + "/rows");
        ASSERT_EQ(written.size(), n_bytes) << batch;
        double worst = 0;
        for (size_t i = 0; i < n_bytes; i += sizeof(float)) {
            float a, b;
            memcpy(&a, &rows[i], sizeof a);
            memcpy(&b, &written[i], sizeof b);
            worst = std::fmax(worst, std::fabs(a - b));
        }
        EXPECT_LT(worst, 5e-5) << batch;
    }
    write_file(folder + "/ids", ids);
    EXPECT_EQ(output({"eval", "-m", plain_model, "-f", folder + "/ids", "--logits", "-", "--batch", "40"}),
              read_file(folder + "/rows"));
}

/* What the commands compute with adapters is the library's; that they use them, in the amounts given, shows in bytes.
 */
TEST_F(Command, AdaptersAreUsedAndScaled)
{
    const std::string adapter = data + "/adapters/llama", copy = folder + "/a:b.gguf";
    std::filesystem::copy_file(adapter + ".gguf", copy);
    const auto with = [&](Arguments arguments, const Arguments &adapters) {
        for (const std::string &a : adapters)
            arguments.insert(arguments.end(), {"--lora", a});
        return output(arguments);
    };
    for (const Arguments &base :
         {Arguments{"eval", "-m", plain_model, "--ids", "1,2,3", "--logits", "-"},
          Arguments{"embed", "-m", plain_model, "-p", "Once"},
          Arguments{"generate", "-m", plain_model, "-p", "Once", "-n", "8", "--temp", "0"},
          Arguments{"perplexity", "-m", plain_model, "-f", data + "/text/mixed.txt", "-c", "16", "--windows", "2"}}) {
        const std::string plain = with(base, {}), adapted = with(base, {adapter});
        EXPECT_NE(plain, adapted) << base[0];
        EXPECT_EQ(adapted, with(base, {copy})) << base[0] << ": a colon in the name";
        EXPECT_EQ(plain, with(base, {adapter + ":0"})) << base[0];
        EXPECT_NE(adapted, with(base, {adapter + ":0.5", adapter + "-2:-0.75"})) << base[0];
    }
    EXPECT_EQ(run({"bench", "-m", plain_model, "-p", "4", "-n", "4", "-r", "1", "--lora", adapter}).code, 0);
    Result result = run({"eval", "-m", plain_model, "--ids", "1", "--logits", "-", "--lora", folder + "/none"});
    EXPECT_EQ(result.code, 1);
    EXPECT_TRUE(contains(result.err, folder + "/none")) << result.err;
    EXPECT_EQ(run({"eval", "-m", plain_model, "--ids", "1", "--lora", adapter}).code, 2);
}

TEST_F(Command, EmbedRanksDocuments)
{
    const std::string model = data + "/rankers/modernbert-mean";
    write_file(folder + "/documents", "one document\n\nand another\n");
    const Arguments base = {"embed", "-m", model, "--pooling", "rank", "-p", "a query"};
    const auto with = [&](const Arguments &more) {
        Arguments arguments = base;
        arguments.insert(arguments.end(), more.begin(), more.end());
        return arguments;
    };
    const std::string scores = output(with({"-f", folder + "/documents"}));
    EXPECT_EQ(std::count(scores.begin(), scores.end(), '\n'), 2);
    EXPECT_EQ(output(with({"--pair", "one document"})) + output(with({"--pair", "and another"})), scores);
    const std::string as_json = output(with({"-f", folder + "/documents", "--json"}));
    EXPECT_EQ(as_json.find("{\"labels\":[\"contradiction\",\"entailment\",\"neutral\"],\"scores\":[["), 0u) << as_json;
    EXPECT_EQ(as_json.substr(as_json.size() - 4), "]]}\n");
    EXPECT_EQ(run(with({})).code, 2);
    EXPECT_EQ(run({"embed", "-m", model, "-p", "x", "--pair", "y"}).code, 2);
    EXPECT_EQ(run({"embed", "-m", plain_model, "--pooling", "rank", "-p", "x", "--pair", "y"}).code, 1);
}

TEST_F(Command, ChatChangesAdapters)
{
    const Arguments base = {"chat", "-m", chat_model, "-n", "8", "--temp", "0"};
    const std::string adapter = data + "/adapters/llama";
    Arguments with = base;
    with.insert(with.end(), {"--lora", adapter + ":2"});
    const std::string plain = run(base, "one\n").out, adapted = run(with, "one\n").out;
    EXPECT_NE(plain, adapted);
    Result result =
        run(base, "one\n/lora\n/reset\n/lora " + adapter + ":2\none\n/reset\n/lora -\none\n/lora nothing\n");
    EXPECT_EQ(result.code, 1);
    EXPECT_EQ(result.out, plain + adapted + plain);
    EXPECT_TRUE(contains(result.err, "there is no adapter\n")) << result.err;
    EXPECT_TRUE(contains(result.err, adapter + ", 2 of it\n")) << result.err;
    EXPECT_TRUE(contains(result.err, "nothing")) << result.err;
}

TEST_F(Command, EvalWritesThroughALinkToWhatIsNotThereYet)
{
    std::filesystem::create_symlink(folder + "/target", folder + "/link");
    EXPECT_EQ(output({"eval", "-m", plain_model, "--ids", "1", "--logits", folder + "/link"}), "");
    EXPECT_TRUE(std::filesystem::is_symlink(folder + "/link"));
    EXPECT_EQ(std::filesystem::file_size(folder + "/target"), 320 * sizeof(float));
    std::filesystem::remove(folder + "/target");
    EXPECT_EQ(run({"eval", "-m", plain_model, "--ids", "1,320", "--batch", "1", "--logits", folder + "/link"}).code, 1);
    EXPECT_FALSE(std::filesystem::exists(folder + "/target")) << "a part of the rows";
}

TEST_F(Command, EvalLeavesNothingHalfWritten)
{
    const std::string path = folder + "/rows";
    write_file(path, "before");
    EXPECT_EQ(run({"eval", "-m", plain_model, "--ids", "1,2,320", "--batch", "1", "--logits", path}).code, 1);
    EXPECT_EQ(read_file(path), "before");
    for (const auto &entry : std::filesystem::directory_iterator(folder))
        EXPECT_NE(entry.path().filename().string().rfind("rows.", 0), 0u) << entry.path();
}

TEST_F(Command, GenerateIsRepeatable)
{
    const Arguments base = {"generate", "-m", plain_model, "-p", "Once", "-n", "20", "--ignore-eos"};
    auto with = [&](Arguments more) {
        more.insert(more.begin(), base.begin(), base.end());
        return output(more);
    };
    std::string greedy = with({"--temp", "0"});
    EXPECT_EQ(greedy.back(), '\n');
    EXPECT_GT(greedy.size(), 2u);
    EXPECT_EQ(with({"--temp", "0", "-t", "2"}), greedy);
    EXPECT_EQ(with({"--seed", "7"}), with({"--seed=7", "-t1"}));
    EXPECT_NE(with({"--seed", "7", "--temp", "1.5"}), with({"--seed", "8", "--temp", "1.5"}));
    EXPECT_NE(with({"--temp", "1.5"}), with({"--temp", "1.5"})) << "without --seed, the seed is random";

    write_file(folder + "/prompt", "Once");
    EXPECT_EQ(
        output({"generate", "-m", plain_model, "-f", folder + "/prompt", "-n", "20", "--ignore-eos", "--temp", "0"}),
        greedy);
}

TEST_F(Command, GenerateHeedsBiasStopAndContext)
{
    const Arguments base = {"generate", "-m", plain_model, "-p", "Once", "-n", "8", "--temp", "0"};
    auto with = [&](Arguments more) {
        more.insert(more.begin(), base.begin(), base.end());
        return run(more);
    };
    /* In the byte alphabet of GPT-2, '!' is the token 0. */
    std::string bang = output({"tokenize", "-m", plain_model, "-p", "!"});
    bang.pop_back();
    EXPECT_EQ(with({"--logit-bias", bang + "=1000"}).out, "!!!!!!!!\n");
    EXPECT_EQ(with({"--logit-bias", bang + "=1000", "--stop", "!!!"}).out, "\n");
    EXPECT_FALSE(contains(with({"--logit-bias", bang + "=-inf"}).out, "!"));
    Result full = with({"--logit-bias", bang + "=1000", "-c", "8"});
    EXPECT_EQ(full.code, 0);
    EXPECT_EQ(full.out.rfind("!!!!", 0), 0u);
    EXPECT_LT(full.out.size(), 9u);
    EXPECT_TRUE(contains(full.err, "the context of 8 tokens is full")) << full.err;
    EXPECT_TRUE(contains(with({"--seed", "42", "--verbose"}).err, "libllm: seed 42\n"));
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

TEST_F(Command, ChatNeedsATemplate)
{
    Result result = run({"chat", "-m", plain_model}, "hello\n");
    EXPECT_EQ(result.code, 1);
    EXPECT_EQ(result.out, "");
    EXPECT_TRUE(contains(result.err, "has no chat template")) << result.err;
    EXPECT_TRUE(contains(result.err, "libllm generate -m " + plain_model)) << result.err;
}

TEST_F(Command, ChatAnswersEveryLineOfAPipe)
{
    const Arguments base = {"chat", "-m", chat_model, "-n", "4", "--temp", "0", "--system", "sys"};
    const std::string path = folder + "/talk.json";
    Result result =
        run(base, "one\n\ntwo \\\nthree\n\"\"\"\n/four\nfive\n\"\"\"\n//six\nbad \xff!\n/save " + path + "\n");
    EXPECT_EQ(result.code, 0) << result.err;
    auto saved = parse(read_file(path));
    json_t *messages = json_object_get(saved.get(), "messages"), *message;
    const char *const asked[] = {"one", "two \nthree", "/four\nfive", "/six", "bad \xef\xbf\xbd!"};
    ASSERT_EQ(json_array_size(messages), 11u);
    std::string answers;
    size_t index;
    json_array_foreach (messages, index, message) {
        std::string role = json_string_value(json_object_get(message, "role"));
        const char *content = json_string_value(json_object_get(message, "content"));
        EXPECT_EQ(role, index == 0 ? "system" : index % 2 ? "user" : "assistant");
        if (role == "user") {
            EXPECT_STREQ(content, asked[index / 2]);
        }
        if (role == "assistant")
            answers += std::string(content, json_string_length(json_object_get(message, "content"))) + "\n";
    }
    EXPECT_STREQ(json_string_value(json_object_get(json_array_get(messages, 0), "content")), "sys");
    EXPECT_EQ(result.out, answers);

    /* A saved conversation goes on where it was: the same next answer. */
    Result loaded = run({"chat", "-m", chat_model, "-n", "4", "--temp", "0"}, "/load " + path + "\nmore\n");
    Result whole = run(base, "one\ntwo \\\nthree\n\"\"\"\n/four\nfive\n\"\"\"\n//six\nbad \xff!\nmore");
    EXPECT_EQ(loaded.code, 0) << loaded.err;
    EXPECT_EQ(whole.out, result.out + loaded.out);
}

TEST_F(Command, ChatForgetsAQuestionWithoutAnAnswer)
{
    const std::string path = folder + "/talk.json";
    Arguments base = {"chat", "-m", chat_model, "-n", "1", "--temp", "0"};
    const std::string answer = run(base, "one\n").out;
    ASSERT_GT(answer.size(), 1u);
    base.insert(base.end(), {"--stop", answer.substr(0, answer.size() - 1)});
    Result result = run(base, "one\n/save " + path + "\n");
    EXPECT_EQ(result.out, "\n");
    auto saved = parse(read_file(path));
    EXPECT_EQ(json_array_size(json_object_get(saved.get(), "messages")), 0u);
}

TEST_F(Command, ChatTakesAnyBytes)
{
    const Arguments base = {"chat", "-m", chat_model, "-n", "2", "--temp", "0"};
    const std::string zero(1, '\0');
    EXPECT_EQ(run(base, zero + "hi\n\"\"\"" + zero + "x\n").out, run(base, "\xff"
                                                                           "hi\n\"\"\"\xffx\n")
                                                                     .out);
}

TEST_F(Command, ChatSaysWhatWentWrongAndGoesOn)
{
    const Arguments base = {"chat", "-m", chat_model, "-n", "2", "--temp", "0", "-c", "32"};
    write_file(folder + "/bad.json", "{\"messages\": [{\"role\": \"user\"}]}");
    write_file(folder + "/worse.json", "{");
    const std::string long_line(100, 'x');
    Result result = run(base, "/nonsense\n/load " + folder + "/bad.json\n/load " + folder + "/worse.json\n/save\n" +
                                  long_line + "\nhi\n/reset\nhi\n/quit\nunread\n");
    EXPECT_EQ(result.code, 1);
    EXPECT_TRUE(contains(result.err, "there is no /nonsense")) << result.err;
    EXPECT_TRUE(contains(result.err, "bad.json: message 1 has no")) << result.err;
    EXPECT_TRUE(contains(result.err, "worse.json:1:")) << result.err;
    EXPECT_TRUE(contains(result.err, "/save needs")) << result.err;
    EXPECT_TRUE(contains(result.err, "/reset starts anew; --context N gives more room")) << result.err;
    /* The question that did not fit is forgotten: both short ones are answered, and alike. */
    ASSERT_EQ(result.out.size() % 2, 0u) << result.out;
    EXPECT_GT(result.out.size(), 0u);
    EXPECT_EQ(result.out.substr(0, result.out.size() / 2), result.out.substr(result.out.size() / 2));
}

// tests/data/make_chat_model.py: what this model says.
TEST_F(Command, ChatShowsHidesOrOmitsReasoning)
{
    const std::string scripted = data + "/chat/scripted.gguf";
    auto chat = [&](const char *reasoning) {
        return output({"chat", "-m", scripted, "--temp", "0", "--reasoning", reasoning}, "hi\nho\n");
    };
    EXPECT_EQ(chat("show"), "hm, the weather\n\nIt is sunny.\nhm, the weather\n\nIt is sunny.\n");
    EXPECT_EQ(chat("hide"), "It is sunny.\nIt is sunny.\n");
    EXPECT_EQ(chat("off"), "It is sunny.\nIt is sunny.\n");
    EXPECT_EQ(output({"chat", "-m", scripted, "--temp", "0"}, "hi\n"), "It is sunny.\n");
    // Hidden, it is thought all the same.
    EXPECT_TRUE(contains(
        run({"chat", "-m", scripted, "--temp", "0", "--stop", "weather", "--reasoning", "hide"}, "hi\n").out, "\n"));
    EXPECT_EQ(output({"chat", "-m", scripted, "--temp", "0", "--stop", "weather", "--reasoning", "off"}, "hi\n"),
              "It is sunny.\n");
    EXPECT_EQ(run({"chat", "-m", scripted, "--reasoning", "loud"}, "").code, 2);
}

TEST_F(Command, ChatPrintsToolCallsAndReadsResults)
{
    const std::string scripted = data + "/chat/scripted.gguf", tools = folder + "/tools.json",
                      saved = folder + "/saved.json";
    write_file(tools,
               R"([{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}])");
    EXPECT_EQ(run({"chat", "-m", scripted, "--temp", "0", "--tools", tools},
                  "Ulm?\nsunny, 21\nAnd now?\nrain\n/save " + saved + "\n")
                  .out,
              "I look.\n{\"id\": \"call00000\", \"name\": \"get_weather\", \"arguments\": {\"city\": \"Ulm\"}}\nIt is "
              "sunny.\n"
              "I look.\n{\"id\": \"call00001\", \"name\": \"get_weather\", \"arguments\": {\"city\": \"Ulm\"}}\nIt is "
              "sunny.\n");
    const std::string conversation = read_file(saved);
    EXPECT_TRUE(contains(conversation, "\"tool_call_id\": \"call00001\"")) << conversation;
    EXPECT_TRUE(contains(conversation, "\"content\": \"rain\"")) << conversation;
    // The end of the input where a result should be ends the chat.
    EXPECT_EQ(run({"chat", "-m", scripted, "--temp", "0", "--tools", tools}, "Ulm?\n").code, 0);
    write_file(tools, "{}");
    Result wrong = run({"chat", "-m", scripted, "--tools", tools}, "");
    EXPECT_EQ(wrong.code, 1);
    EXPECT_TRUE(contains(wrong.err, "tools.json: expected a list of tools")) << wrong.err;
    write_file(tools, "[");
    EXPECT_TRUE(contains(run({"chat", "-m", scripted, "--tools", tools}, "").err, "tools.json:1:1")) << wrong.err;
}

TEST_F(Command, ChatAtATerminal)
{
    Terminal terminal(command, {"chat", "-m", chat_model, "-n", "4", "--temp", "0"});
    ASSERT_TRUE(terminal.wait_for("/help for help")) << terminal.screen;
    ASSERT_TRUE(terminal.wait_for("> "));
    terminal.type("dropped");
    ASSERT_TRUE(terminal.wait_for("dropped"));
    terminal.type("\x03");
    ASSERT_TRUE(terminal.wait_for("> ")) << terminal.screen;
    terminal.type("gr\xc3\xbc\xc3\x9f\n");
    ASSERT_TRUE(terminal.wait_for("context ")) << terminal.screen;
    ASSERT_TRUE(terminal.wait_for("> "));
    terminal.type("/save " + folder + "/talk.json\n");
    ASSERT_TRUE(terminal.wait_for("2 messages saved")) << terminal.screen;
    ASSERT_TRUE(terminal.wait_for("> "));
    terminal.type("\x04");
    EXPECT_EQ(terminal.finish(), 0) << terminal.screen;

    auto saved = parse(read_file(folder + "/talk.json"));
    json_t *first = json_array_get(json_object_get(saved.get(), "messages"), 0);
    EXPECT_STREQ(json_string_value(json_object_get(first, "content")), "gr\xc3\xbc\xc3\x9f");
    std::string history = read_file(folder + "/state/libllm/history");
    EXPECT_TRUE(contains(history, "talk.json")) << history;
    EXPECT_FALSE(contains(history, "dropped")) << history;
}

TEST_F(Command, CtrlCStopsTheAnswerAndNotTheChat)
{
    /* More positions than the model was trained for: an answer that nobody waits for. */
    Terminal terminal(command, {"chat", "-m", chat_model, "-c", "200000", "--ignore-eos", "--seed", "1"});
    ASSERT_TRUE(terminal.wait_for("> ")) << terminal.screen;
    terminal.type("talk\n");
    ASSERT_TRUE(terminal.wait_for("talk\r\n"));
    ASSERT_TRUE(terminal.wait_for_more());
    terminal.type("\x03");
    ASSERT_TRUE(terminal.wait_for(" of 200000]")) << terminal.screen;
    ASSERT_TRUE(terminal.wait_for("> "));
    terminal.type("/save " + folder + "/talk.json\n");
    ASSERT_TRUE(terminal.wait_for("2 messages saved")) << "the part of the answer is kept";
    terminal.type("/quit\n");
    EXPECT_EQ(terminal.finish(), 0);
}

TEST_F(Command, CtrlCStopsGenerate)
{
    Terminal terminal(command, {"generate", "-m", plain_model, "-p", "Once", "-c", "200000", "--ignore-eos"});
    ASSERT_TRUE(terminal.wait_for_more());
    auto start = Clock::now();
    terminal.type("\x03");
    EXPECT_TRUE(terminal.wait_for("libllm: interrupted")) << terminal.screen.size();
    EXPECT_LT(std::chrono::duration<double>(Clock::now() - start).count(), 2.0);
    EXPECT_EQ(terminal.finish(), 1);
}

/* The random model babbles all bytes. Only in a pipe they arrive as they are. */
TEST_F(Command, ModelTextCannotControlTheTerminal)
{
    const Arguments arguments = {"generate", "-m",      plain_model, "-p",      "Once", "-n",
                                 "240",      "--temp",  "100",       "--top-k", "0",    "--top-p",
                                 "1",        "--min-p", "0",         "--seed",  "3",    "--ignore-eos"};
    auto count_controls = [](const std::string &text) {
        size_t n = 0;
        for (unsigned char c : text)
            n += (c < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7f;
        return n;
    };
    EXPECT_GT(count_controls(output(arguments)), 5u);
    Terminal terminal(command, arguments);
    EXPECT_EQ(terminal.finish(), 0);
    EXPECT_EQ(count_controls(terminal.screen), 0u);
    EXPECT_TRUE(contains(terminal.screen, "\xef\xbf\xbd"));
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

/* A text to an importance matrix, and that with a model to a smaller one, which runs. */
TEST_F(Command, ConvertsWithAnImportanceMatrix)
{
    const std::string matrix = folder + "/a.imatrix", converted = folder + "/a.gguf";
    const std::string text(2000, 'a');
    Result collected = run({"imatrix", "-m", plain_model, "-f", "-", "-o", matrix, "-c", "64"}, text);
    ASSERT_EQ(collected.code, 0) << collected.err;
    Result made = run({"convert", plain_model, converted, "--type", "q5_0", "--imatrix", matrix, "--tensor-type",
                       "ffn_down=q8_0", "-v"});
    ASSERT_EQ(made.code, 0) << made.err;
    EXPECT_TRUE(contains(made.out, "30 tensors")) << made.out;
    EXPECT_TRUE(contains(made.err, "blk.2.ffn_down.weight: F32 to Q8_0\n")) << made.err;
    EXPECT_EQ(run({"generate", "-m", converted, "-p", "x", "-n", "2", "--temp", "0"}).code, 0);

    Result again = run({"convert", plain_model, converted, "--type", "f16"});
    EXPECT_EQ(again.code, 1);
    EXPECT_TRUE(contains(again.err, "exists already")) << again.err;
    EXPECT_EQ(run({"convert", plain_model, converted, "--type", "f16", "--force"}).code, 0);
    Result unknown = run({"convert", plain_model, folder + "/b.gguf", "--type", "q9"});
    EXPECT_EQ(unknown.code, 1);
    EXPECT_TRUE(contains(unknown.err, "Q4_K_M")) << unknown.err;
    EXPECT_EQ(run({"convert", plain_model}).code, 2);
    EXPECT_EQ(run({"imatrix", "-m", plain_model, "-f", "-"}).code, 2);

    /* Of an encoder and a decoder, both. */
    const std::string t5 = data + "/families/t5-gated.gguf";
    Result both = run({"imatrix", "-m", t5, "-f", "-", "-o", folder + "/t5.imatrix", "-c", "16"}, text);
    ASSERT_EQ(both.code, 0) << both.err;
    const std::string inside = read_file(folder + "/t5.imatrix");
    for (const char *name : {"enc.blk.0.attn_q.weight.counts", "dec.blk.0.attn_q.weight.counts",
                             "dec.blk.1.cross_attn_k.weight.counts", "dec.blk.1.ffn_down.weight.counts"})
        EXPECT_TRUE(contains(inside, name)) << name;
}

TEST_F(Command, LogLinesGoToStandardError)
{
    Result quiet = run({"tokenize", "-m", plain_model, "-p", "x"}),
           loud = run({"tokenize", "-m", plain_model, "-p", "x", "--log"});
    EXPECT_EQ(loud.code, 0);
    EXPECT_EQ(loud.out, quiet.out);
    EXPECT_EQ(quiet.err, "");
}

TEST_F(Command, TheExampleOfTheReadmeAnswers)
{
    const std::string example = required("LIBLLM_EXAMPLE_CHAT");
    Result answered = run_program(example, {chat_model});
    EXPECT_EQ(answered.code, 0) << answered.err;
    EXPECT_GT(answered.out.size(), 0u);
    EXPECT_EQ(answered.err, "");
    Result plain = run_program(example, {plain_model});
    EXPECT_EQ(plain.code, 1);
    EXPECT_TRUE(contains(plain.err, "template")) << plain.err;
}

} // namespace
