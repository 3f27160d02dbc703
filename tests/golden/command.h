/* SPDX-License-Identifier: MIT
 * The `libllm` command for tests: run with its streams in files, or at a terminal of its own.
 *
 * The environment names the program: LIBLLM_COMMAND. The model is the tiny llama, which has no chat template; the chats
 * use a copy into which one was put.
 */
#ifndef TESTS_GOLDEN_COMMAND_H
#define TESTS_GOLDEN_COMMAND_H

#include <fcntl.h>
#include <gtest/gtest.h>
#include <jansson.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace cli
{

using Arguments = std::vector<std::string>;

const std::string data = LIBLLM_TEST_DATA;
const std::string plain_model = data + "/tiny/llama.gguf";

inline std::string required(const char *variable)
{
    const char *value = getenv(variable);
    if (!value)
        ADD_FAILURE() << variable << " is not set";
    return value ? value : "";
}

inline std::string read_file(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

inline void write_file(const std::string &path, const std::string &bytes)
{
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

inline bool contains(const std::string &text, const std::string &part) { return text.find(part) != std::string::npos; }

inline int exit_code(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

inline std::vector<char *> pointers(Arguments &arguments)
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
inline std::string with_template(std::string gguf, std::string source)
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
        setenv("XDG_DATA_DIRS", (folder + "/system").c_str(), 1);
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

inline std::unique_ptr<json_t, Decref> parse(const std::string &text)
{
    json_error_t error;
    std::unique_ptr<json_t, Decref> value(json_loads(text.c_str(), JSON_REJECT_DUPLICATES, &error));
    EXPECT_NE(value, nullptr) << error.text << " in " << text;
    return value;
}

} // namespace cli

#endif
