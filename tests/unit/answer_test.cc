// SPDX-License-Identifier: MIT
// Answers taken apart: those that published templates render come back however they are cut up, and whatever is no
// call stays in the text.
#include <gtest/gtest.h>

extern "C" {
#include "chat/answer.h"
}

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

namespace
{

using json = std::unique_ptr<json_t, void (*)(json_t *)>;

json parse(const std::string &text)
{
    json_error_t problem;
    json_t *value = json_loadb(text.data(), text.size(), JSON_ALLOW_NUL | JSON_DECODE_ANY, &problem);
    EXPECT_TRUE(value) << problem.text << " in " << text.substr(0, 200);
    return {value, json_decref};
}

std::string text_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_string(value) ? std::string(json_string_value(value), json_string_length(value)) : "";
}

struct Call {
    std::string id, name, arguments;
};

struct Result {
    std::string content, reasoning;
    std::vector<Call> calls;
    std::vector<std::string> remarks;
    size_t n_pieces = 0;
};

const char *const weather =
    R"([{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {"s": {"type": "string"},
    "n": {"type": "integer"}}}}}, {"type": "function", "function": {"name": "g"}}])";

struct Setting {
    std::string marks;
    const json_t *tools = nullptr;
    bool in_reasoning = false, hide = false, in_body = false;
    uint32_t n_calls = 0;
};

class Answer
{
  public:
    explicit Answer(const Setting &setting)
    {
        ll_host_init(&host_);
        ll_answer_options options = {};
        options.syntax = ll_syntax_of({setting.marks.data(), setting.marks.size()});
        options.thinking = ll_thinking_of({setting.marks.data(), setting.marks.size()});
        options.tools = const_cast<json_t *>(setting.tools);
        options.in_reasoning = setting.in_reasoning;
        options.in_body = setting.in_body;
        options.hide_reasoning = setting.hide;
        options.n_calls = setting.n_calls;
        EXPECT_EQ(ll_answer_create(&host_, &options, &answer_, &error_), LIBLLM_OK);
    }
    ~Answer() { ll_answer_free(answer_); }

    void feed(const std::string &text, bool control = false)
    {
        EXPECT_EQ(ll_answer_feed(answer_, {text.data(), text.size()}, control, &error_), LIBLLM_OK);
        collect();
    }

    const Result &finish()
    {
        EXPECT_EQ(ll_answer_finish(answer_, &error_), LIBLLM_OK);
        collect();
        EXPECT_EQ(ll_answer_calls(answer_), result.calls.size());
        return result;
    }

    Result result;

  private:
    void collect()
    {
        ll_answer_piece piece;
        while (ll_answer_next(answer_, &piece)) {
            std::string text(piece.text.data, piece.text.size);
            result.n_pieces++;
            EXPECT_TRUE(piece.remark || piece.name || !text.empty());
            if (piece.remark)
                result.remarks.push_back(piece.remark);
            if (piece.name)
                result.calls.push_back({piece.id, piece.name, ""});
            if (piece.kind == LIBLLM_STREAM_TOOL_CALL) {
                ASSERT_LT(piece.call, result.calls.size());
                EXPECT_EQ(piece.call, result.calls.size() - 1);
                result.calls[piece.call].arguments += text;
            } else {
                (piece.kind == LIBLLM_STREAM_REASONING ? result.reasoning : result.content) += text;
            }
        }
    }

    ll_host host_;
    libllm_error error_ = {};
    ll_answer *answer_ = nullptr;
};

// Fed in pieces of `step` characters after the first `first` bytes.
Result take(const Setting &setting, const std::string &text, size_t first = std::string::npos,
            size_t step = std::string::npos)
{
    Answer answer(setting);
    for (size_t i = 0, n = first; i < text.size(); n = step) {
        size_t end = n < text.size() - i ? i + n : text.size();
        while (end < text.size() && (text[end] & 0xC0) == 0x80)
            end++;
        answer.feed(text.substr(i, end - i));
        i = end;
    }
    return answer.finish();
}

bool same(const Result &a, const Result &b)
{
    bool equal = a.content == b.content && a.reasoning == b.reasoning && a.calls.size() == b.calls.size() &&
                 a.remarks == b.remarks;
    for (size_t i = 0; equal && i < a.calls.size(); i++)
        equal = a.calls[i].id == b.calls[i].id && a.calls[i].name == b.calls[i].name &&
                a.calls[i].arguments == b.calls[i].arguments;
    return equal;
}

// One way of feeding gives what every other gives: cut in two anywhere, or in pieces of any length.
Result take_all_ways(const Setting &setting, const std::string &text)
{
    Result whole = take(setting, text);
    for (size_t i = 1; i < text.size(); i++)
        EXPECT_TRUE(same(whole, take(setting, text, i))) << "cut at " << i << " of " << text;
    for (size_t n : {1, 2, 3, 7})
        EXPECT_TRUE(same(whole, take(setting, text, n, n))) << "pieces of " << n << " of " << text;
    return whole;
}

std::string stripped(const std::string &text)
{
    size_t from = text.find_first_not_of(" \t\r\n"), to = text.find_last_not_of(" \t\r\n");
    return from == std::string::npos ? "" : text.substr(from, to - from + 1);
}

TEST(Answer, WhatTemplatesRenderComesBack)
{
    std::ifstream in(LIBLLM_TEST_DATA "/templates/answers.json", std::ios::binary);
    json all = parse(std::string(std::istreambuf_iterator<char>(in), {}));
    const json_t *answers = json_object_get(all.get(), "answers");
    ASSERT_GT(json_array_size(answers), 130u);
    for (size_t i = 0; i < json_array_size(answers); i++) {
        const json_t *one = json_array_get(answers, i), *calls = json_object_get(one, "calls");
        const std::string text = text_of(one, "answer"),
                          name = text_of(one, "template") + " " + text_of(one, "message");
        Setting setting;
        setting.marks = text_of(one, "marks");
        setting.tools = json_object_get(all.get(), "tools");
        setting.in_reasoning = json_is_true(json_object_get(one, "in_reasoning"));
        Result result = take_all_ways(setting, text);
        EXPECT_EQ(stripped(result.content), stripped(text_of(one, "content"))) << name;
        EXPECT_EQ(stripped(result.reasoning), stripped(text_of(one, "reasoning"))) << name;
        EXPECT_TRUE(result.remarks.empty()) << name << ": " << result.remarks[0];
        ASSERT_EQ(result.calls.size(), json_array_size(calls)) << name << " of " << text;
        for (size_t k = 0; k < result.calls.size(); k++) {
            const json_t *expected = json_array_get(calls, k);
            EXPECT_EQ(result.calls[k].name, text_of(expected, "name")) << name;
            json arguments = parse(result.calls[k].arguments);
            EXPECT_TRUE(json_equal(arguments.get(), json_object_get(expected, "arguments")))
                << name << ": " << result.calls[k].arguments;
        }
    }
}

TEST(Answer, OtherWaysToWriteCalls)
{
    json tools = parse(weather);
    const struct {
        const char *marks, *text, *content, *name, *arguments;
    } cases[] = {
        {"Action: ```json",
         "Plan.\nAction: ```json\n[\n    {\n        \"tool_name\": \"f\",\n        \"parameters\": {\"n\": 1}\n    "
         "}\n]```",
         "Plan.", "f", R"({"n": 1})"},
        {"Action: ```json", "Action:\n```json\n[{\"tool_name\": \"f\", \"parameters\": {}}]\n```", "", "f", "{}"},
        {"<|tool_call|>", R"(<|tool_call|>[{"name": "f", "arguments": {"n": 1}}])", "", "f", R"({"n": 1})"},
        {"<|/tool|>", R"(<|tool_call|>[{"name": "f", "arguments": {"n": 1}}]<|/tool_call|>)", "", "f", R"({"n": 1})"},
        {" functools[", R"( functools[{"name": "f", "arguments": {"n": 1}}])", "", "f", R"({"n": 1})"},
        {"<|python_start|>", R"x([f(n=1, s="a, (b)")])x", "", "f", R"x({"n": 1, "s": "a, (b)"})x"},
        {"<|python_start|>", "<|python_start|>[f(n=-1.5,s='it\\'s \\x41\\u00e9')]<|python_end|>", "", "f",
         R"({"n": -1.5, "s": "it's A\u00e9"})"},
        {"<|python_start|>", "[f(x=[1, None, (True, {'a': \"b\"})])]", "", "f",
         R"({"x": [1, null, [true, {"a": "b"}]]})"},
        {"ipython", R"({"name": "f", "parameters": {"n": 1}})", "", "f", R"({"n": 1})"},
        {"ipython", R"(<|python_tag|>{"name": "f", "parameters": {"n": 1}})", "", "f", R"({"n": 1})"},
        {"ipython", R"({"type": "function", "function": {"name": "f", "parameters": {"n": 1}}})", "", "f",
         R"({"n": 1})"},
        {"", R"({"name": "f", "arguments": {"n": 1}})", "", "f", R"({"n": 1})"},
        {"", R"([{"arguments": "{\"n\": 1}", "name": "f"}])", "", "f", R"({"n": 1})"},
        {"", R"(So: <tool_call>{"name": "f"}</tool_call>)", "So:", "f", "{}"},
        {"<｜tool▁sep｜> ```json",
         "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n```json\n{\"n\": "
         "1}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
         "", "f", R"({"n": 1})"},
        {"<|channel|> <|message|>",
         "<|channel|>commentary to=functions.f <|constrain|>json<|message|>{\"n\": 1}<|call|>", "", "f", R"({"n": 1})"},
        {"<|channel|> <|message|>",
         "<|channel|>commentary<|message|>Let me see.<|end|><|start|>assistant<|channel|>commentary "
         "to=functions.f<|message|>{}<|call|>",
         "Let me see.", "f", "{}"},
        {"<parameter=", "<function=f>\n<parameter=n>\n1\n</parameter>\n</function>", "", "f", R"({"n": 1})"},
        {"<parameter=", "<tool_call>\n<function=f>\n<parameter=s>\n1\n\n</parameter>\n</function>\n</tool_call>", "",
         "f", R"({"s": "1\n"})"},
        {"<parameter=",
         "<tool_call>\n<function=f>\n<parameter=x>\n{'a': None}\n</parameter>\n</function>\n</tool_call>", "", "f",
         R"({"x": {"a": null}})"},
        {"[TOOL_CALLS] [ARGS]", R"([TOOL_CALLS]f[CALL_ID]abcdefghi[ARGS]{"n": 1})", "", "f", R"({"n": 1})"},
    };
    for (const auto &c : cases) {
        Setting setting;
        setting.marks = c.marks;
        setting.tools = tools.get();
        Result result = take_all_ways(setting, c.text);
        EXPECT_EQ(result.content, c.content) << c.text;
        EXPECT_TRUE(result.remarks.empty()) << c.text << ": " << result.remarks[0];
        ASSERT_EQ(result.calls.size(), 1u) << c.text;
        EXPECT_EQ(result.calls[0].name, c.name) << c.text;
        EXPECT_EQ(result.calls[0].arguments, c.arguments) << c.text;
    }
}

// Nothing is lost, and a remark says why.
TEST(Answer, WhatIsNoCallStaysText)
{
    json tools = parse(weather);
    const struct {
        const char *marks, *text;
        bool remark;
    } cases[] = {
        {"<tool_call>", "<tool_call>not JSON</tool_call>", true},
        {"<tool_call>", "a <tool_call> b", true},
        {"<tool_call>", "<tool_call>{\"name\": 5, \"arguments\": {}}</tool_call>", true},
        {"<tool_call>", "<tool_call>{\"arguments\": {}}</tool_call> x", true},
        {"<tool_call>", "<tool_call>{\"name\": \"f\" x}", true},
        {"<tool_call>", "<tool_call>\n", true},
        {"<tool_call>", "<tool_call></tool_call>", true},
        {"<tool_call>", "a <tool_cal", false},
        {"<tool_call>", "a < b and <tool and </tool_call> \n", false},
        {"<tool_call>", "{\"name\": \"f\", \"arguments\": {}}", false},
        {"", "{\"name\": \"Bob\", \"arguments\": {}}", false},
        {"", "{\"answer\": 42}", false},
        {"", "[1, 2, 3]", false},
        {"", "{", false},
        {"ipython", "{\"name\": \"f\"", false},
        {"<|python_start|>", "[see below] f(1)", false},
        {"<function=", "<function=f>(1)</function>", true},
        {"<function=", "<function=", true},
        {"<arg_key>", "<tool_call>two words\n</tool_call>", true},
        {"[TOOL_CALLS] [ARGS]", "[TOOL_CALLS]f[ARGS]", true},
        {"<｜tool▁sep｜>", "<｜tool▁calls▁begin｜>f<｜tool▁sep｜>{}", true},
        {"<|tool_call>call:", "<|tool_call>call:f{n:<|\"|>a}<tool_call|>", true},
        {">>>all", "no header", false},
    };
    for (const auto &c : cases) {
        Setting setting;
        setting.marks = c.marks;
        setting.tools = tools.get();
        Result result = take_all_ways(setting, c.text);
        EXPECT_EQ(result.content, c.text);
        EXPECT_TRUE(result.calls.empty()) << c.text;
        EXPECT_EQ(!result.remarks.empty(), c.remark) << c.text;
    }
    Setting without;
    without.marks = "<tool_call>";
    EXPECT_EQ(take(without, "<tool_call>{\"name\": \"f\"}</tool_call>").content,
              "<tool_call>{\"name\": \"f\"}</tool_call>");
}

TEST(Answer, ACallThatBreaksOffIsRemarkedOn)
{
    json tools = parse(weather);
    Setting setting;
    setting.tools = tools.get();
    setting.marks = "<tool_call>";
    Result result = take_all_ways(setting, "<tool_call>{\"name\": \"f\", \"arguments\": {\"n\": 1");
    ASSERT_EQ(result.calls.size(), 1u);
    EXPECT_EQ(result.calls[0].arguments, "{\"n\": 1");
    EXPECT_EQ(result.remarks, std::vector<std::string>{"the answer ends within the arguments of the call"});
    result = take_all_ways(setting, "<tool_call>{\"name\": \"f\", \"arguments\": {n: 1}}</tool_call>x");
    ASSERT_EQ(result.calls.size(), 1u);
    EXPECT_EQ(result.calls[0].arguments, "{n: 1}");
    EXPECT_EQ(result.remarks, std::vector<std::string>{"the arguments are not JSON"});
    EXPECT_EQ(result.content, "x");
    setting.marks = "<parameter=";
    result = take_all_ways(setting, "<function=f>\n<parameter=n>\n1\n</parameter>\nwhat?</function>");
    ASSERT_EQ(result.calls.size(), 1u);
    EXPECT_EQ(result.calls[0].arguments, "{\"n\": 1");
    EXPECT_EQ(result.content, "what?</function>");
    EXPECT_EQ(result.remarks.size(), 1u);
}

// At a limit an answer may end anywhere: in every syntax what is handed out then begins as the whole does, and is told
// to be cut off within a call.
TEST(Answer, CallsThatAreCutOffAreWhatHasComeOfThem)
{
    std::ifstream in(LIBLLM_TEST_DATA "/templates/answers.json", std::ios::binary);
    json all = parse(std::string(std::istreambuf_iterator<char>(in), {}));
    size_t i, n_within = 0;
    json_t *one;
    json_array_foreach (json_object_get(all.get(), "answers"), i, one) {
        const std::string text = text_of(one, "answer"), name = text_of(one, "template");
        Setting setting;
        setting.marks = text_of(one, "marks");
        setting.tools = json_object_get(all.get(), "tools");
        setting.in_reasoning = json_is_true(json_object_get(one, "in_reasoning"));
        const Result whole = take(setting, text);
        for (size_t end = 1; end < text.size() && !whole.calls.empty(); end++) {
            if ((text[end] & 0xC0) == 0x80)
                continue;
            const std::string front = text.substr(0, end);
            const Result cut = take(setting, front);
            ASSERT_LE(cut.calls.size(), whole.calls.size()) << name << ": " << front;
            for (size_t k = 0; k < cut.calls.size(); k++) {
                const Call &call = cut.calls[k], &expected = whole.calls[k];
                EXPECT_EQ(expected.name, call.name) << name << ": " << front;
                EXPECT_EQ(expected.arguments.substr(0, call.arguments.size()), call.arguments) << name << ": " << front;
                const bool last = k + 1 == cut.calls.size();
                EXPECT_TRUE(last || call.arguments == expected.arguments) << name << ": " << front;
                if (last && call.arguments != expected.arguments) {
                    n_within++;
                    EXPECT_FALSE(cut.remarks.empty()) << name << ": " << front;
                }
            }
        }
    }
    EXPECT_GT(n_within, 1000u);
}

TEST(Answer, ArgumentsComeAsTheyAreWritten)
{
    json tools = parse(weather);
    for (const char *marks : {"<tool_call>", "<parameter="}) {
        Setting setting;
        setting.marks = marks;
        setting.tools = tools.get();
        Answer answer(setting);
        bool hermes = setting.marks == "<tool_call>";
        answer.feed(hermes ? R"(<tool_call>{"name": "f", "arguments": {"s": "a)"
                           : "<tool_call>\n<function=f>\n<parameter=s>\na");
        ASSERT_EQ(answer.result.calls.size(), 1u);
        EXPECT_EQ(answer.result.calls[0].arguments, R"({"s": "a)");
        answer.feed("b");
        EXPECT_EQ(answer.result.calls[0].arguments, R"({"s": "ab)");
        answer.feed(hermes ? "\"}}</tool_call>" : "\n</parameter>\n</function>\n</tool_call>");
        EXPECT_EQ(answer.finish().calls[0].arguments, R"({"s": "ab"})");
    }
}

TEST(Answer, MarkersAreNeverShown)
{
    Setting setting;
    setting.marks = "</think>";
    Answer answer(setting);
    answer.feed("<thi");
    EXPECT_EQ(answer.result.n_pieces, 0u);
    answer.feed("nk>");
    answer.feed("why");
    EXPECT_EQ(answer.result.reasoning, "why");
    answer.feed("\n</thin");
    EXPECT_EQ(answer.result.reasoning, "why");
    answer.feed("k>\n\nso");
    EXPECT_EQ(answer.result.content, "so");
    answer.feed(" <think>"); // in the midst of text it is text
    EXPECT_EQ(answer.finish().content, "so <think>");
}

// What fuzzing found: what was decided by how much of the text was there.
TEST(Answer, IsTheSameHoweverItIsCutUp)
{
    const json tools = parse(weather);
    const std::string a(600, 'a');
    const struct {
        std::string marks, text, content;
    } cases[] = {
        {"", "x<t<think>y", "x<t<think>y"}, // reasoning begins at the beginning only
        {"", "</think>\n[\tx", "[\tx"},     // blanks in front of what might have been a call
        {">>>all", "f\n{}```js", "```js"},  // a fence is not what follows a call without an end
        {">>>all", a + "\n{}", a + "\n{}"}, // a header that is too long
        {"<|channel|> <|message|>", "abc<|message|>", "abc<|message|>"}, // no header begins like this
        {"<|python_start|>", "<|python_start|>" + a + "(x=1)<|python_end|>",
         "<|python_start|>" + a + "(x=1)<|python_end|>"},
        {"<tool_call>", "<tool_call>{\"name\"" + std::string(70, ' ') + ": \"f\"}",
         "<tool_call>{\"name\"" + std::string(70, ' ') + ": \"f\"}"},
    };
    for (const auto &c : cases) {
        Setting setting;
        setting.marks = c.marks;
        setting.tools = tools.get();
        EXPECT_EQ(c.content, take_all_ways(setting, c.text).content) << c.marks;
    }
}

TEST(Answer, Reasoning)
{
    Setting setting;
    setting.marks = "</think>";
    Result result = take_all_ways(setting, " \n<think>a </think> b \n");
    EXPECT_EQ(result.reasoning, "a");
    EXPECT_EQ(result.content, "b \n");
    setting.in_reasoning = true;
    result = take_all_ways(setting, "a\n</think>\n\nb");
    EXPECT_EQ(result.reasoning, "a");
    EXPECT_EQ(result.content, "b");
    EXPECT_EQ(take_all_ways(setting, "<think>a</think>b").reasoning, "a"); // once more than the prompt has it
    setting.hide = true;
    result = take_all_ways(setting, "a</think>b");
    EXPECT_EQ(result.reasoning, "");
    EXPECT_EQ(result.content, "b");
    setting.hide = setting.in_reasoning = false;
    EXPECT_EQ(take_all_ways(setting, "</think>b").content, "b");
    EXPECT_EQ(take_all_ways(setting, " plain \n").content, " plain \n");
}

TEST(Answer, ControlTokensAreMarkersOrNothing)
{
    json tools = parse(weather);
    Setting setting;
    setting.marks = "[TOOL_CALLS] [ARGS]";
    setting.tools = tools.get();
    Answer answer(setting);
    answer.feed("a");
    answer.feed("<unused>", true);
    answer.feed("[TOOL_CALLS]", true);
    answer.feed("f");
    answer.feed("[ARGS]", true);
    answer.feed("{}");
    Result result = answer.finish();
    EXPECT_EQ(result.content, "a");
    ASSERT_EQ(result.calls.size(), 1u);
    EXPECT_EQ(result.calls[0].arguments, "{}");
}

TEST(Answer, IdsDiffer)
{
    json tools = parse(weather);
    Setting setting;
    setting.marks = "<tool_call>";
    setting.tools = tools.get();
    setting.n_calls = 7;
    Result result = take(
        setting, R"(<tool_call>[{"name": "f"}, {"name": "g", "id": "0"}, {"name": "f", "id": "mine-1"}]</tool_call>)");
    ASSERT_EQ(result.calls.size(), 3u);
    EXPECT_EQ(result.calls[0].id, "call00007");
    EXPECT_EQ(result.calls[1].id, "call00008");
    EXPECT_EQ(result.calls[2].id, "mine-1");
    setting.marks = "<|tool_call_argument_begin|>";
    result = take(
        setting,
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.f:0<|tool_call_argument_begin|>{}<|tool_call_end|>"
        "<|tool_calls_section_end|>");
    ASSERT_EQ(result.calls.size(), 1u);
    EXPECT_EQ(result.calls[0].id, "functions.f:0");
    EXPECT_EQ(result.calls[0].name, "f");
}

// Long answers take time that grows with their length, whatever they consist of.
TEST(Answer, HostileText)
{
    json tools = parse(weather);
    const size_t n = 60000;
    for (const char *marks : {"", "<tool_call>", "<parameter=", "<arg_key>", "<|channel|> <|message|>", ">>>all",
                              "<|tool_call>call:", "<|python_start|>", "[TOOL_CALLS] [ARGS]", "[TOOL_CALLS]",
                              "｜DSML｜", "ipython", "<|tools_prefix|>"})
        for (const char *unit :
             {"<", "{", "[", "\"", "<tool_call>", "{\"name\":", "<function=f><parameter=s>", "\\", " ", "f(",
              "<|channel|>", "<|start|>", ">>>", "[TOOL_CALLS]", "<think>", "[{", "<tool_call>f<arg_key>"}) {
            Setting setting;
            setting.marks = marks;
            setting.tools = tools.get();
            std::string text;
            while (text.size() < n)
                text += unit;
            Result result = take(setting, text, 16, 16);
            EXPECT_LE(result.content.size(), text.size());
        }
}

struct Failing {
    size_t left;
    bool once;
};

void *allocate(void *self, size_t size, size_t)
{
    auto *failing = static_cast<Failing *>(self);
    if (failing->left == 0) {
        if (failing->once)
            failing->left = SIZE_MAX;
        return nullptr;
    }
    failing->left--;
    return malloc(size);
}

void release(void *, void *memory) { free(memory); }

// Memory that cannot be had is an error after which the same text can be fed again, and nothing is lost.
TEST(Answer, WithoutMemoryNothingChanges)
{
    json tools = parse(weather);
    const std::string text = "<think>why</think>Well. <tool_call>\n<function=f>\n<parameter=s>\n" +
                             std::string(9000, 'x') + "\n</parameter>\n</function>\n</tool_call>";
    for (size_t fails = 0; fails < 40; fails++) {
        Failing failing = {SIZE_MAX, true};
        ll_host host;
        ll_host_init(&host);
        host.allocate = allocate;
        host.release = release;
        host.allocator_user_data = &failing;
        ll_answer_options options = {};
        options.syntax = ll_syntax_of({"<parameter=", 11});
        options.thinking = ll_thinking_of({"</think>", 8});
        options.tools = tools.get();
        ll_answer *answer;
        libllm_error error;
        ASSERT_EQ(ll_answer_create(&host, &options, &answer, &error), LIBLLM_OK);
        failing.left = fails;
        std::string content, arguments;
        ll_answer_piece piece;
        auto collect = [&] {
            while (ll_answer_next(answer, &piece))
                (piece.kind == LIBLLM_STREAM_TOOL_CALL ? arguments : content).append(piece.text.data, piece.text.size);
        };
        for (size_t i = 0; i < text.size(); i += 1000) {
            std::string part = text.substr(i, 1000);
            if (ll_answer_feed(answer, {part.data(), part.size()}, false, &error)) {
                EXPECT_EQ(error.status, LIBLLM_ERROR_OUT_OF_MEMORY);
                EXPECT_EQ(ll_answer_feed(answer, {part.data(), part.size()}, false, &error), LIBLLM_OK);
            }
            collect();
        }
        if (ll_answer_finish(answer, &error)) {
            EXPECT_EQ(ll_answer_finish(answer, &error), LIBLLM_OK);
        }
        collect();
        EXPECT_EQ(content, "whyWell.");
        EXPECT_EQ(arguments, "{\"s\": \"" + std::string(9000, 'x') + "\"}");
        ll_answer_free(answer);
    }
}

} // namespace
