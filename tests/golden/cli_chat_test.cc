/* SPDX-License-Identifier: MIT
 * `libllm chat`, by a pipe and at a terminal. The environment names also the example: LIBLLM_EXAMPLE_CHAT.
 */
#include "command.h"

namespace
{

using namespace cli;

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

TEST_F(Command, ChatKeepsToItsContextPolicy)
{
    const Arguments base = {"chat", "-m", chat_model, "-n", "4", "--temp", "0", "-c", "96", "--system", "s"};
    const auto with = [&](const char *policy, const std::string &input) {
        Arguments arguments = base;
        arguments.insert(arguments.end(), {"--context-policy", policy});
        return run(arguments, input);
    };
    const std::string path = folder + "/talk.json", lines = "question one\nquestion two\nquestion three\n";
    EXPECT_EQ(with("error", lines).code, 1);
    Result dropped = with("drop", lines + "/save " + path + "\n");
    EXPECT_EQ(dropped.code, 0) << dropped.err;
    EXPECT_TRUE(contains(dropped.err, " left out to make room; /save still writes all")) << dropped.err;
    auto saved = parse(read_file(path));
    json_t *messages = json_object_get(saved.get(), "messages");
    ASSERT_EQ(json_array_size(messages), 7u); /* all of it */
    /* The answer is that to a conversation that never had the turns that are left out. */
    const std::string answer = json_string_value(json_object_get(json_array_get(messages, 6), "content"));
    const bool one = contains(dropped.err, ": 2 messages of");
    json_array_remove(messages, 6);
    json_array_remove(messages, 5);
    for (int i = 0; i < (one ? 2 : 4); i++)
        json_array_remove(messages, 1);
    char *shorter = json_dumps(saved.get(), 0);
    write_file(path, shorter);
    free(shorter);
    EXPECT_EQ(with("error", "/load " + path + "\nquestion three\n").out, answer + "\n");

    Result summarized = with("summarize", lines + "/save " + path + "\n/reset\nhi\n");
    EXPECT_EQ(summarized.code, 0) << summarized.err;
    EXPECT_TRUE(contains(summarized.err, "to make room; /save still writes all")) << summarized.err;
    EXPECT_EQ(json_array_size(json_object_get(parse(read_file(path)).get(), "messages")), 7u);
    EXPECT_EQ(run({"chat", "-m", chat_model, "--context-policy", "forget"}, "").code, 2);
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
    terminal.type("\x03");
    EXPECT_TRUE(terminal.wait_for("libllm: interrupted")) << terminal.screen.size();
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
