// SPDX-License-Identifier: MIT
// The template engine against what jinja2 makes of the same templates (data/templates/cases.json), and what jinja2
// does not have: the origin of every byte, places in messages, budgets of memory, several threads.
#include <gtest/gtest.h>

extern "C" {
#include "base/json.h"
#include "chat/template.h"
}

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace
{

using json = std::unique_ptr<json_t, void (*)(json_t *)>;

std::string read_file(const std::string &path)
{
    std::ifstream in(path, std::ios::binary);
    EXPECT_TRUE(in) << path;
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

json parse(const std::string &text)
{
    json_error_t problem;
    json_t *value = json_loadb(text.data(), text.size(), JSON_ALLOW_NUL | JSON_DECODE_ANY, &problem);
    EXPECT_TRUE(value) << problem.text << " in " << text.substr(0, 200);
    return {value, json_decref};
}

std::string string_of(const json_t *value) { return {json_string_value(value), json_string_length(value)}; }

struct Result {
    libllm_status status = LIBLLM_OK;
    std::string text, origins, message; // origins as '0' and '1'
};

ll_host default_host()
{
    ll_host host;
    ll_host_init(&host);
    return host;
}

Result render_compiled(const ll_host &host, const ll_template *compiled, const json_t *variables, int64_t now = 0)
{
    static const char *const trusted[] = {"bos_token", nullptr};
    Result result;
    libllm_error error = {};
    ll_rendered out;
    ll_rendered_init(&out, &host);
    result.status = ll_template_render(compiled, variables, trusted, now, &out, &error);
    EXPECT_EQ(out.text.size, out.origins.size);
    result.text.assign(out.text.data ? out.text.data : "", out.text.size);
    for (size_t i = 0; i < out.origins.size; i++)
        result.origins += static_cast<char>('0' + out.origins.data[i]);
    result.message = error.message;
    ll_rendered_free(&out);
    return result;
}

Result render_on(const ll_host &host, const std::string &source, const json_t *variables, int64_t now = 0)
{
    Result result;
    libllm_error error = {};
    ll_template *compiled = nullptr;
    result.status = ll_template_compile(&host, {source.data(), source.size()}, &compiled, &error);
    result.message = error.message;
    EXPECT_EQ(result.status == LIBLLM_OK, compiled != nullptr);
    if (compiled)
        result = render_compiled(host, compiled, variables, now);
    ll_template_free(compiled);
    return result;
}

Result render(const std::string &source, const std::string &variables = "{}")
{
    return render_on(default_host(), source, parse(variables).get());
}

// The variables of a case: those of the small ones, or a conversation as a caller would pass it.
json variables_of(const json_t *all, const json_t *one)
{
    std::string name = string_of(json_object_get(one, "v"));
    if (name == "small")
        return {json_incref(json_object_get(all, "small")), json_decref};
    json_t *variables =
        json_pack("{s:n, s:n, s:s, s:s}", "tools", "documents", "bos_token", "<s>", "eos_token", "</s>");
    json_object_update(variables, json_object_get(json_object_get(all, "conversations"), name.c_str()));
    json_object_set(variables, "add_generation_prompt", json_object_get(one, "prompt"));
    return {variables, json_decref};
}

TEST(Template, RendersAsJinja2)
{
    json all = parse(read_file(LIBLLM_TEST_DATA "/templates/cases.json"));
    int64_t now = json_integer_value(json_object_get(all.get(), "now"));
    const json_t *cases = json_object_get(all.get(), "cases");
    ASSERT_GT(json_array_size(cases), 1000u);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *one = json_array_get(cases, i), *expected = json_object_get(one, "out");
        std::string name = string_of(json_object_get(one, "t")), source = name;
        if (!name.empty() && name[0] == '@')
            source = read_file(LIBLLM_TEST_DATA "/templates/" + name.substr(1));
        Result result = render_on(default_host(), source, variables_of(all.get(), one).get(), now);
        if (!expected) {
            bool refused = result.status == LIBLLM_ERROR_TEMPLATE || result.status == LIBLLM_ERROR_LIMIT;
            EXPECT_TRUE(refused) << name << "\ngave " << result.text
                                 << "\njinja2: " << string_of(json_object_get(one, "error"));
            EXPECT_EQ(result.message.rfind("template line ", 0), 0u) << name << ": " << result.message;
            continue;
        }
        EXPECT_EQ(result.status, LIBLLM_OK)
            << name << " with " << string_of(json_object_get(one, "v")) << ": " << result.message;
        EXPECT_EQ(result.text, string_of(expected)) << name << " with " << string_of(json_object_get(one, "v"));
    }
}

TEST(Template, MessagesHaveThePlace)
{
    EXPECT_EQ(render("a\nb {{ x.y.z }}", R"({"x": {}})").message,
              "template line 2, column 9: 'dict object' has no attribute 'y'");
    EXPECT_EQ(render("{{ x.y }}").message, "template line 1, column 5: 'x' is undefined");
    EXPECT_EQ(render("é{{ 1 + 'a' }}").message,
              "template line 1, column 7: unsupported operand type(s) for +: 'int' and 'str'");
    EXPECT_EQ(render("{{ 1 }}\r\n{% if 1 %}").message,
              "template line 2, column 11: 'endif' is missing for what starts here");
    EXPECT_EQ(render("a\xff").message, "template line 1, column 2: not valid UTF-8");
    EXPECT_EQ(render("{{ raise_exception('Only äöü') }}").message, "template line 1, column 19: Only äöü");
    EXPECT_EQ(render("{{ [].append(1) }}").message,
              "template line 1, column 13: access to attribute 'append' of a list is unsafe");
}

// Every operation on strings carries the origin of each byte along.
TEST(Template, OriginsFollowTheText)
{
    const std::string data = R"({"x": "abc", "m": {"k": ["v", 1, {"a": "b"}]}, "bos_token": "<s>", "y": " d e "})";
    const struct {
        const char *source, *text, *origins;
    } cases[] = {
        {"<{{ x }}>", "<abc>", "01110"},
        {"{{ bos_token }}{{ x }}", "<s>abc", "000111"},
        {"{{ '<' + x + '>' }}", "<abc>", "01110"},
        {"{{ '<' ~ x ~ 1 }}", "<abc1", "01110"},
        {"{{ ('<' + x + '>')[1:3] ~ ('<' + x)[::-1] }}", "abcba<", "111110"},
        {"{{ ('<' + x)|upper }}{{ ('<' + x).title() }}", "<ABC<Abc", "01110111"},
        {"{{ x|replace('b', '--') }}{{ '-b-'|replace('b', x) }}", "a--c-abc-", "100101110"},
        {"{{ [x, 'q']|join(', ') }}", "abc, q", "111000"},
        {"{{ ('p,' + x).split(',') | join('+') }}", "p+abc", "00111"},
        {"{{ y.strip() }}{{ y|trim }}|", "d ed e|", "1111110"},
        {"{{ x|list|join('.') }}", "a.b.c", "10101"},
        {"{{ m|tojson }}", R"({"k": ["v", 1, {"a": "b"}]})", "111111111111111111111111111"},
        {"{{ m.k }}", "['v', 1, {'a': 'b'}]", "11111111111111111111"},
        {"{{ {'a': x}|tojson }}", R"({"a": "abc"})", "000000011100"},
        {"{{ [x] }}", "['abc']", "0011100"},
        {"{{ '%s-%s' % (x, 'a') }}", "abc-a", "11100"},
        {"{{ '{}-{}'.format(x, 'a') }}", "abc-a", "11100"},
        {"{{ x|indent(2, true) }}", "  abc", "00111"},
        {"{{ x|escape }}{{ ('<' ~ x)|e }}", "abc&lt;abc", "1110000111"},
        {"{% set z %}<{{ x }}>{% endset %}{{ z }}", "<abc>", "01110"},
        {"{% macro f(a) %}<{{ a }}>{% endmacro %}{{ f(x) }}{{ f('q') }}", "<abc><q>", "01110000"},
        {"{% for c in x %}{{ c }}.{% endfor %}", "a.b.c.", "101010"},
        {"{% for k in m %}{{ k }}{% endfor %}{{ m.keys()|list|first }}", "kk", "11"},
        {"{% set ns = namespace(t='') %}{% for c in x %}{% set ns.t = ns.t ~ c ~ '-' %}{% endfor %}{{ ns.t }}",
         "a-b-c-", "101010"},
        {"{% filter upper %}a{{ x }}{% endfilter %}", "AABC", "0111"},
        {"{{ x.center(7, '*') }}{{ x.zfill(5) }}", "**abc**00abc", "001110000111"},
        {"{{ x|urlencode }}{{ (x ~ '&')|urlencode }}", "abcabc%26", "111111000"},
        {"{{ strftime_now(x) }}", "abc", "111"},
    };
    for (const auto &c : cases) {
        Result result = render(c.source, data);
        EXPECT_EQ(result.text, c.text) << c.source << ": " << result.message;
        EXPECT_EQ(result.origins, c.origins) << c.source;
    }
}

// Concatenation grows strings in place; what others hold of them must not change.
TEST(Template, SharedStringsStayAsTheyAre)
{
    EXPECT_EQ(
        render(
            "{% set a = x ~ 'b' %}{% set c = a ~ 'c' %}{% set d = a ~ 'd' %}{{ a }},{{ c }},{{ d }},{{ a[:1] ~ 'z' }}",
            R"({"x": "a"})")
            .text,
        "ab,abc,abd,az");
    std::string expected;
    for (int i = 0; i < 2000; i++)
        expected += std::to_string(i) + ",";
    EXPECT_EQ(render("{% set ns = namespace(t='') %}{% for i in range(2000) %}{% set ns.t = ns.t + i|string + ',' %}"
                     "{% endfor %}{{ ns.t }}")
                  .text,
              expected);
}

// 4 MB in the end: quadratic work or memory would not fit into the budget.
TEST(Template, AccumulatingIsLinear)
{
    Result result =
        render("{% set ns = namespace(t='') %}{% for i in range(40000) %}{% set ns.t = ns.t ~ x %}{% endfor %}"
               "{{ ns.t }}",
               "{\"x\": \"" + std::string(100, 'a') + "\"}");
    EXPECT_EQ(result.status, LIBLLM_OK) << result.message;
    EXPECT_EQ(result.text.size(), 4000000u);
}

TEST(Template, SeveralThreadsRenderOne)
{
    ll_host host = default_host();
    const std::string source = read_file(LIBLLM_TEST_DATA "/templates/chatml.jinja");
    const std::string request =
        R"({"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "a"},
        {"role": "user", "content": "é"}], "tools": null, "add_generation_prompt": true})";
    ll_template *compiled = nullptr;
    ASSERT_EQ(ll_template_compile(&host, {source.data(), source.size()}, &compiled, nullptr), LIBLLM_OK);
    json variables = parse(request);
    const std::string expected = render_compiled(host, compiled, variables.get()).text;
    EXPECT_NE(expected, "");
    std::vector<std::string> texts(8);
    std::vector<std::thread> threads;
    for (std::string &text : texts)
        threads.emplace_back([&, text = &text] {
            json own = parse(request);
            for (int i = 0; i < 50; i++)
                *text = render_compiled(host, compiled, own.get()).text;
        });
    for (std::thread &thread : threads)
        thread.join();
    for (const std::string &text : texts)
        EXPECT_EQ(text, expected);
    ll_template_free(compiled);
}

// The n-th allocation fails, for every n: an error value, and nothing is lost.
TEST(Template, EveryAllocationMayFail)
{
    struct Counter {
        size_t live = 0, count = 0, fail_at = SIZE_MAX;
    } counter;
    ll_host host = default_host();
    host.allocator_user_data = &counter;
    host.allocate = [](void *self, size_t size, size_t) -> void * {
        auto *c = static_cast<Counter *>(self);
        if (c->count++ == c->fail_at)
            return nullptr;
        c->live++;
        return malloc(size);
    };
    host.release = [](void *self, void *memory) {
        static_cast<Counter *>(self)->live--;
        free(memory);
    };
    const std::string source = read_file(LIBLLM_TEST_DATA "/templates/schema.jinja");
    json all = parse(read_file(LIBLLM_TEST_DATA "/templates/cases.json"));
    const json_t *variables = json_object_get(json_object_get(all.get(), "conversations"), "call");
    size_t n = 0;
    for (;; n++) {
        counter.count = 0;
        counter.fail_at = n;
        Result result = render_on(host, source, variables);
        ASSERT_EQ(counter.live, 0u) << "after the failure of allocation " << n;
        if (result.status == LIBLLM_OK)
            break;
        ASSERT_EQ(result.status, LIBLLM_ERROR_OUT_OF_MEMORY) << n << ": " << result.message;
    }
    EXPECT_GT(n, 10u);
}

} // namespace
