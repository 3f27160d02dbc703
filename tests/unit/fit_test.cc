// SPDX-License-Identifier: MIT
// Conversations made to fit: which turns go, that it is as few as possible, and that what is reported is so.
#include <jansson.h>

#include <cstdlib>
#include <cstring>

#include "handles.h"

namespace
{

using handles::Handle;

struct FreeJson {
    void operator()(json_t *value) const { json_decref(value); }
};
using Json = std::unique_ptr<json_t, FreeJson>;

// Raises, as those of Mistral and Gemma do, unless users and assistants take turns.
const char *const alternating =
    "{% set ns = namespace(user=true) %}{% for m in messages %}{% if m.role in ['user', 'assistant'] %}"
    "{% if (m.role == 'user') != ns.user %}{{ raise_exception('roles must alternate') }}{% endif %}"
    "{% set ns.user = not ns.user %}{% endif %}<extra_0>{{ m.role }}:{% if m.content is string %}{{ m.content }}"
    "{% else %}{% for p in m.content %}[{{ p.text }}]{% endfor %}{% endif %}<extra_1>{% endfor %}";
const char *const any_order =
    "{% for m in messages %}<extra_0>{{ m.role }}:{{ m.content }}{% for c in m.tool_calls %}{{ c.function.name }}"
    "{% endfor %}<extra_1>{% endfor %}{% if tools %}{{ tools|length }}{% endif %}";

class Fit : public testing::Test
{
  protected:
    void SetUp() override
    {
        runtime_ = handles::make_runtime(1);
        model_ = handles::open_model(runtime_.get(), LIBLLM_TEST_DATA "/tiny/llama.gguf");
        libllm_fit_options_init(&options_, sizeof options_);
        options_.n_positions = 100000;
        compile(any_order);
    }

    void TearDown() override { libllm_chat_free(chat_); }

    void compile(const std::string &source)
    {
        libllm_chat_free(chat_);
        libllm_chat_options options;
        libllm_chat_options_init(&options, sizeof options);
        options.template_text = source.data();
        options.template_bytes = source.size();
        ASSERT_EQ(LIBLLM_OK, libllm_chat_create(model_.get(), &options, &chat_, &error_)) << error_.message;
    }

    // NULL where another status than LIBLLM_OK is expected.
    Json fit(const std::string &request, libllm_status expected = LIBLLM_OK)
    {
        size_t needed = 0;
        libllm_status status =
            libllm_chat_fit(chat_, request.data(), request.size(), &options_, nullptr, 0, &needed, &error_);
        if (status != LIBLLM_ERROR_BUFFER_TOO_SMALL) {
            EXPECT_EQ(expected, status) << error_.message;
            return nullptr;
        }
        std::string text(needed, 0);
        status = libllm_chat_fit(chat_, request.data(), request.size(), &options_, &text[0], needed, &needed, &error_);
        EXPECT_EQ(expected, status) << error_.message;
        Json report(json_loadb(text.data(), text.size(), JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, nullptr));
        EXPECT_NE(nullptr, report) << text;
        return report;
    }

    size_t count(const std::string &request)
    {
        size_t n = 0;
        libllm_chat_tokenize(chat_, request.data(), request.size(), nullptr, 0, &n, &error_);
        return n;
    }

    static size_t number(const Json &report, const char *name)
    {
        return static_cast<size_t>(json_integer_value(json_object_get(report.get(), name)));
    }

    static std::string text(const json_t *value)
    {
        char *own = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        std::string result = own ? own : "NULL";
        free(own);
        return result;
    }
    static std::string text(const Json &report, const char *name) { return text(json_object_get(report.get(), name)); }

    Handle<libllm_runtime> runtime_;
    Handle<libllm_model> model_;
    libllm_chat *chat_ = nullptr;
    libllm_fit_options options_;
    libllm_error error_ = {};
};

std::string message(const std::string &role, const std::string &content)
{
    return R"({"role":")" + role + R"(","content":")" + content + "\"}";
}

// A system message and turns of different lengths, without the first few.
std::string talk(size_t n_turns, size_t n_dropped)
{
    std::string all = "[" + message("system", "Be brief.");
    for (size_t i = n_dropped; i < n_turns; i++) {
        all += "," + message("user", "question " + std::string(1 + i * 7 % 13, 'q'));
        if (i + 1 < n_turns)
            all += "," + message("assistant", "answer " + std::string(1 + i * 5 % 17, 'a'));
    }
    return all + "]";
}

TEST_F(Fit, FewestTurnsGo)
{
    compile(alternating);
    const size_t n_turns = 9;
    options_.policy = LIBLLM_FIT_DROP_OLDEST;
    options_.n_reserved = 10;
    const size_t least = count(talk(n_turns, n_turns - 1)), most = count(talk(n_turns, 0));
    ASSERT_LT(least + 100, most);
    for (size_t budget = least; budget <= most; budget++) {
        size_t expected = 0; // by trying all
        while (count(talk(n_turns, expected)) > budget)
            expected++;
        options_.n_positions = budget + 10;
        Json report = fit(talk(n_turns, 0));
        ASSERT_NE(nullptr, report);
        EXPECT_EQ(expected, number(report, "dropped_turns")) << budget;
        EXPECT_EQ(talk(n_turns, expected), text(report, "request"));
        EXPECT_EQ(count(talk(n_turns, expected)), number(report, "tokens"));
        EXPECT_EQ(budget, number(report, "budget"));
        EXPECT_EQ(2 * expected, json_array_size(json_object_get(report.get(), "dropped")));
    }
    options_.n_positions = least - 1 + 10;
    fit(talk(n_turns, 0), LIBLLM_ERROR_CONTEXT_FULL);
    EXPECT_EQ("a conversation of " + std::to_string(least) + " tokens (8 of 9 turns left out) does not fit into " +
                  std::to_string(least - 1) + ", a context of " + std::to_string(least + 9) + " less 10 for the answer",
              error_.message);
}

TEST_F(Fit, AnErrorIsTheDefault)
{
    const std::string request = talk(3, 0);
    options_.n_positions = count(request);
    Json report = fit(request);
    EXPECT_EQ(request, text(report, "request"));
    EXPECT_EQ("[]", text(report, "dropped"));
    EXPECT_EQ("[1,2]", text(report, "next"));
    options_.n_positions--;
    fit(request, LIBLLM_ERROR_CONTEXT_FULL);
    EXPECT_NE(nullptr, strstr(error_.message, "0 of 3 turns")) << error_.message;
}

TEST_F(Fit, TurnsAreWhole)
{
    // 0 of no turn, 1 2 3 4: a call, its result and more; 5 of no turn, 6 7: asked in two messages, 8, 9.
    const std::string calls =
        R"({"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":)"
        R"({"name":"look","arguments":"{}"}}]})";
    const std::string request = R"({"model":"m","messages":[)" + message("system", "s") + "," + message("user", "a") +
                                "," + calls + "," + message("tool", "found") + "," + message("assistant", "b") + "," +
                                message("developer", "d") + "," + message("user", "c") + "," + message("user", "more") +
                                "," + message("assistant", "e") + "," + message("user", "f") +
                                R"(],"tools":[{"type":"function","function":{"name":"look"}}],"n":1})";
    Json whole = fit(request);
    EXPECT_EQ(request, text(whole, "request"));
    EXPECT_EQ("3", text(whole, "turns"));
    EXPECT_EQ("[1,2,3,4]", text(whole, "next"));
    options_.policy = LIBLLM_FIT_DROP_OLDEST;
    options_.n_positions = number(whole, "tokens") - 1;
    Json report = fit(request);
    EXPECT_EQ("[1,2,3,4]", text(report, "dropped"));
    EXPECT_EQ("[6,7,8]", text(report, "next"));
    std::string kept;
    for (size_t i = 0; i < 10; i++)
        kept += text(json_object_get(json_array_get(json_object_get(report.get(), "messages"), i), "kept"))[0];
    EXPECT_EQ("tffffttttt", kept);
    EXPECT_EQ(R"({"model":"m","messages":[)" + message("system", "s") + "," + message("developer", "d") + "," +
                  message("user", "c") + "," + message("user", "more") + "," + message("assistant", "e") + "," +
                  message("user", "f") + R"(],"tools":[{"type":"function","function":{"name":"look"}}],"n":1})",
              text(report, "request"));
    options_.n_positions = number(report, "tokens") - 1;
    report = fit(request);
    EXPECT_EQ("[1,2,3,4,6,7,8]", text(report, "dropped"));
    EXPECT_EQ("[]", text(report, "next"));
    // What says something before the user does is a turn as well.
    report = fit("[" + message("assistant", std::string(200, 'x')) + "," + message("user", "a") + "]");
    EXPECT_EQ("[0]", text(report, "dropped"));
}

TEST_F(Fit, EveryMessageHasItsTokens)
{
    const std::string call = R"([{"id":"c","type":"function","function":{"name":"look","arguments":"{}"}}])";
    Json report = fit("[" + message("system", "12345") +
                      R"(,{"role":"user","content":[{"type":"text","text":"123"},)"
                      R"({"type":"text","text":"<s>"}]},{"role":"assistant","tool_calls":)" +
                      call + "}," + message("user", "") + "]");
    // The pieces of this model are bytes; what looks like a control token is text.
    const size_t expected[] = {5, 6, call.size(), 0};
    for (size_t i = 0; i < 4; i++) {
        const json_t *entry = json_array_get(json_object_get(report.get(), "messages"), i);
        EXPECT_EQ(R"({"index":)" + std::to_string(i) + R"(,"turn":)" + std::to_string((i + 1) / 2) + R"(,"tokens":)" +
                      std::to_string(expected[i]) + R"(,"kept":true})",
                  text(entry));
    }
}

TEST_F(Fit, ASummaryTakesThePlaceOfTurns)
{
    compile(alternating);
    const std::string summary = "Before: \xc3\xa4 \"q\"";
    options_.summary = summary.data();
    options_.summary_bytes = summary.size();
    options_.n_dropped_turns = 2;
    Json report = fit(talk(4, 0));
    ASSERT_NE(nullptr, report);
    EXPECT_EQ("[1,2,3,4]", text(report, "dropped"));
    std::string expected = talk(4, 2), written = "Before: \xc3\xa4 \\\"q\\\"\\n\\n";
    expected.insert(expected.find("question"), written);
    EXPECT_EQ(expected, text(report, "request"));
    EXPECT_EQ(count(expected), number(report, "tokens"));
    // Where that is too long, the policy decides about the others.
    options_.n_positions = number(report, "tokens") - 1;
    fit(talk(4, 0), LIBLLM_ERROR_CONTEXT_FULL);
    options_.policy = LIBLLM_FIT_DROP_OLDEST;
    EXPECT_EQ("[1,2,3,4,5,6]", text(fit(talk(4, 0)), "dropped"));
    // In front of parts, and of nothing.
    options_.n_dropped_turns = 1;
    options_.n_positions = 1000;
    const std::string before = "[" + message("user", "a") + "," + message("assistant", "b") + ",";
    const std::string part = R"({"type":"text","text":"Before: )"
                             "\xc3\xa4"
                             R"( \"q\""})";
    EXPECT_EQ(R"([{"role":"user","content":[)" + part + R"(,{"type":"text","text":"c"}]}])",
              text(fit(before + R"({"role":"user","content":[{"type":"text","text":"c"}]}])"), "request"));
    compile(any_order);
    EXPECT_EQ(R"([{"role":"user","content":"Before: )"
              "\xc3\xa4"
              R"( \"q\""}])",
              text(fit(before + R"({"role":"user","content":null}])"), "request"));
}

TEST_F(Fit, OptionsAreChecked)
{
    const std::string request = talk(3, 0);
    const libllm_fit_options good = options_;
    const auto refuse = [&](const char *expected) {
        fit(request, LIBLLM_ERROR_INVALID_ARGUMENT);
        EXPECT_NE(nullptr, strstr(error_.message, expected)) << expected << ": " << error_.message;
        options_ = good;
    };
    options_.policy = 2;
    refuse("policy is 2");
    options_.n_positions = 0;
    refuse("n_positions is 0");
    options_.n_reserved = options_.n_positions;
    refuse("n_reserved, 100000");
    options_.n_dropped_turns = 3;
    refuse("n_dropped_turns is 3, of a conversation of 3 turns");
    options_.summary_bytes = 2;
    refuse("summary is NULL");
    options_.summary = "xy";
    options_.summary_bytes = 2;
    refuse("n_dropped_turns, the turns that it stands for, is 0");
    options_.struct_size = 0;
    refuse("libllm_fit_options");
    // A summary that no JSON can hold.
    options_.n_dropped_turns = 1;
    options_.summary = "\xff";
    options_.summary_bytes = 1;
    refuse("the summary is not valid UTF-8");
}

TEST_F(Fit, RequestsAreChecked)
{
    options_.policy = LIBLLM_FIT_DROP_OLDEST;
    for (const char *bad : {"", "{", "[]", "{}", "7", "null", R"({"messages":{}})", R"([7])", R"([{"role":1}])",
                            R"([{"content":"x"}])", R"([{"role":"user","content":7}])", R"([{"role":"u","role":"u"}])"})
        fit(bad, LIBLLM_ERROR_JSON);
    fit(std::string(100000, '['), LIBLLM_ERROR_LIMIT);
    compile(alternating);
    fit("[" + message("assistant", "a") + "]", LIBLLM_ERROR_TEMPLATE);
    // No user at all: one turn, which stays.
    compile(any_order);
    Json report = fit("[" + message("assistant", "a") + "," + message("tool", "b\\u0000c") + "]");
    EXPECT_EQ("1", text(report, "turns"));
    report = fit("[" + message("system", "a") + "]");
    EXPECT_EQ("0", text(report, "turns"));
    options_.n_positions = 2;
    fit("[" + message("system", "a") + "]", LIBLLM_ERROR_CONTEXT_FULL);
}

} // namespace
