// SPDX-License-Identifier: MIT
// Templates that mean harm (JJ01 to JJ10 of the list of hostile cases). Everything runs on a thread with a stack of
// 128 KiB, ends soon, stays within its memory, and gives a result or an error value.
#include <gtest/gtest.h>

extern "C" {
#include "base/json.h"
#include "chat/template.h"
}

#include <chrono>
#include <cstdlib>
#include <functional>
#include <pthread.h>
#include <string>

namespace
{

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr size_t stack_bytes = 1 << 20; // frames of instrumented code are several times as large
constexpr double patience = 20;
#else
constexpr size_t stack_bytes = 128 << 10;
constexpr double patience = 4; // twice what the slowest takes while the machine is busy
#endif
constexpr libllm_status bad = LIBLLM_ERROR_TEMPLATE, limit = LIBLLM_ERROR_LIMIT;

void on_small_stack(const std::function<void()> &work)
{
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    ASSERT_EQ(pthread_attr_setstacksize(&attributes, stack_bytes), 0);
    ASSERT_EQ(pthread_create(
                  &thread, &attributes,
                  [](void *f) -> void * {
                      (*static_cast<const std::function<void()> *>(f))();
                      return nullptr;
                  },
                  const_cast<std::function<void()> *>(&work)),
              0);
    pthread_join(thread, nullptr);
    pthread_attr_destroy(&attributes);
}

struct Result {
    libllm_status status;
    std::string text, message;
    size_t peak; // bytes
};

struct Meter {
    size_t now = 0, peak = 0;
};

constexpr size_t front = 16; // the size, in front of what is handed out

void *allocate(void *self, size_t size, size_t)
{
    auto *meter = static_cast<Meter *>(self);
    auto *memory = static_cast<char *>(malloc(front + size));
    if (!memory)
        return nullptr;
    memcpy(memory, &size, sizeof size);
    meter->now += size;
    meter->peak = std::max(meter->peak, meter->now);
    return memory + front;
}

void release(void *self, void *memory)
{
    char *start = static_cast<char *>(memory) - front;
    size_t size;
    memcpy(&size, start, sizeof size);
    static_cast<Meter *>(self)->now -= size;
    free(start);
}

Result run(const std::string &source, const json_t *variables)
{
    Result result{};
    Meter meter;
    ll_host host;
    ll_host_init(&host);
    host.allocate = allocate;
    host.release = release;
    host.allocator_user_data = &meter;
    on_small_stack([&] {
        libllm_error error = {};
        ll_template *compiled = nullptr;
        ll_rendered out;
        ll_rendered_init(&out, &host);
        result.status = ll_template_compile(&host, {source.data(), source.size()}, &compiled, &error);
        if (compiled)
            result.status = ll_template_render(compiled, variables, nullptr, 0, &out, &error);
        if (out.text.size)
            result.text.assign(out.text.data, out.text.size);
        result.message = error.message;
        ll_rendered_free(&out);
        ll_template_free(compiled);
    });
    EXPECT_EQ(meter.now, 0u) << "leak";
    result.peak = meter.peak;
    return result;
}

Result run(const std::string &source, const std::string &variables = "{}")
{
    json_t *parsed = json_loadb(variables.data(), variables.size(), JSON_ALLOW_NUL, nullptr);
    EXPECT_TRUE(parsed);
    auto begin = std::chrono::steady_clock::now();
    Result result = run(source, parsed);
    double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    EXPECT_LT(seconds, patience) << source.substr(0, 200);
    EXPECT_LT(result.peak, (160u << 20) + 200 * source.size()) << source.substr(0, 200);
    json_decref(parsed);
    return result;
}

std::string times(size_t n, const std::string &text)
{
    std::string result;
    while (n-- > 0)
        result += text;
    return result;
}

void refused(libllm_status status, const std::string &source, const std::string &variables = "{}")
{
    Result result = run(source, variables);
    EXPECT_EQ(result.status, status) << source.substr(0, 100) << " ... gave " << result.text.substr(0, 100) << " "
                                     << result.message;
    EXPECT_NE(result.message, "") << source.substr(0, 100);
    EXPECT_EQ(result.text, "");
}

// An error, whichever, or a text: no crash, no hang, no leak.
void survives(const std::string &source, const std::string &variables = "{}")
{
    Result result = run(source, variables);
    EXPECT_TRUE(result.status == LIBLLM_OK || result.status == bad || result.status == limit)
        << source.substr(0, 100) << ": " << result.status;
}

TEST(TemplateHostile, JJ01InternalsOfPython)
{
    refused(bad, "{{ ''.__class__.__mro__ }}");
    refused(bad, "{{ ''|attr('__init__')|attr('__globals__') }}{{ (''|attr('__init__')).x }}");
    refused(bad, "{{ cycler.__init__.__globals__ }}");
    refused(bad, "{{ self.__init__ }}");
    refused(bad, "{{ joiner.__init__.__globals__.os.popen('id') }}");
    refused(bad, "{{ '{0.__class__.__mro__}'.format(1) }}");
    refused(bad, "{{ ''['format']('{0.__class__}')['x'].y }}");
    refused(bad,
            "{% set f = ''|attr('format') %}{{ ['{0.__class__.__mro__}']|map('format', 1)|list }}{{ f('{0.a.b}').c }}");
    refused(bad, "{% set ns = namespace() %}{% set ns.__class__ = 1 %}");
    refused(bad, "{{ [].append(1) }}");
    refused(bad, "{{ {}.update({1: 2}) }}");
    EXPECT_EQ(run("{{ ''.__class__ }}").text, "");
    EXPECT_EQ(run("{{ {}|attr('get') is defined }}{{ x.__class__ is defined }}", R"({"x": 1})").text, "TrueFalse");
}

TEST(TemplateHostile, JJ02EndlessCalls)
{
    refused(limit, "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}");
    refused(limit, "{% macro f() %}{{ g() }}{% endmacro %}{% macro g() %}{{ f() }}{% endmacro %}{{ f() }}");
    refused(limit, "{% macro f() %}{% call f() %}{{ caller() }}{% endcall %}{% endmacro %}{{ f() }}");
    refused(
        limit,
        "{% macro f() %}{% for i in [1] %}{% set x %}{{ f() }}{% endset %}{{ x }}{% endfor %}{% endmacro %}{{ f() }}");
    refused(bad, "{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}");
    refused(bad, "{% for i in [1] %}{{ loop([1]) }}{% endfor %}");
    survives("{{ [[1]]|map(" + times(200, "'map', ") + "'list')|list }}");
    EXPECT_EQ(run("{% macro f(n) %}{% if n %}{{ f(n - 1) }}{% endif %}{{ n }}{% endmacro %}{{ f(60)|length }}").text,
              "112");
}

TEST(TemplateHostile, JJ03Nesting)
{
    const size_t n = 100000;
    refused(limit, "{{ " + times(n, "(") + "1" + times(n, ")") + " }}");
    refused(limit, "{{ " + times(n, "[") + times(n, "]") + " }}");
    refused(limit, "{{ " + times(n, "{1:") + "1" + times(n, "}") + " }}");
    refused(limit, "{{ " + times(n, "a[") + "1" + times(n, "]") + " }}");
    refused(limit, "{{ " + times(n, "a(") + times(n, ")") + " }}");
    refused(limit, times(n / 2, "{% if 1 %}"));
    refused(limit, times(n / 2, "{% for x in y %}"));
    refused(limit, times(n / 2, "{% set x %}"));
    refused(limit, times(n / 4, "{% macro a() %}"));
    refused(limit, times(n / 4, "{% filter upper %}"));
    refused(limit, times(n / 4, "{% call a() %}"));
    refused(bad, "{{ " + times(n, "not ") + "1 }}");
    refused(bad, "{{ " + times(n, "-") + "1 }}");
    refused(limit, "{{ " + times(n, "1 if 1 else ") + "2 }}");
    refused(bad, "{{ 1" + times(n, " if 1") + " }}");
    refused(limit, "{% set " + times(n, "(") + "a" + times(n, ")") + " = 1 %}");
    EXPECT_EQ(run("{{ 'a'" + times(n, "|e") + " }}").text, "a");
    EXPECT_EQ(run("{{ 1" + times(n, " + 1") + " }}").text, std::to_string(n + 1));
    EXPECT_EQ(run("{{ ''" + times(n, " ~ 'a'") + " }}").text.size(), n);
    EXPECT_EQ(run("{{ 1" + times(n, " and 1") + " }}").text, "1");
    EXPECT_EQ(run("{{ 1" + times(n, " == 1") + " }}").text, "True");
    EXPECT_EQ(run("{% if 0 %}" + times(n / 4, "{% elif 0 %}") + "{% else %}x{% endif %}").text, "x");
    survives("{{ a" + times(n, ".a") + " }}", R"({"a": {}})");
    // As deep as it may get, in everything at once: 120 levels of each still fit onto the stack.
    EXPECT_EQ(run("{{ " + times(120, "(") + "1" + times(120, ")") + " }}").text, "1");
    EXPECT_EQ(run("{{ " + times(120, "[") + times(120, "]") + "|tojson|length }}").text, "240");
    EXPECT_EQ(run(times(120, "{% if 1 %}") + "x" + times(120, "{% endif %}")).text, "x");
    EXPECT_EQ(run(times(60, "{% for i in [1] %}{% if 1 %}") + "x" + times(60, "{% endif %}{% endfor %}")).text, "x");
    EXPECT_EQ(run("{{ " + times(60, "not (1 if 1 else -") + "1" + times(60, ")") + " }}").text, "False");
    EXPECT_EQ(run("{{ " + times(60, "'a'.join([") + "'x'" + times(60, "])") + " }}").text, "x");
    const std::string all_levels = "0 or 1 and not 1 == 1 + 1 ~ 1 * 1 ** ";
    EXPECT_EQ(
        run("{{ " + times(15, all_levels + "(") + times(100, "a[[") + "1" + times(100, "]]") + times(15, ")") + " }}")
            .status,
        limit);
    survives("{{ " + times(15, all_levels + "(") + times(55, "a([") + "1" + times(55, "])") + times(15, ")") + " }}");
    survives(times(60, "{% for i in [1] %}") + "{{ " + times(15, all_levels + "(") + times(25, "a([") + "1" +
             times(25, "])") + times(15, ")") + " }}" + times(60, "{% endfor %}"));
    refused(limit, "{{ " + times(1000, all_levels + "(") + "1" + times(1000, ")") + " }}");
    // Values that nest deeper and deeper, and a namespace within itself.
    refused(limit,
            "{% set ns = namespace(x=[]) %}{% for i in range(1000) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}");
    refused(limit, "{% set ns = namespace() %}{% set ns.x = ns %}{{ ns }}");
    refused(limit, "{% set ns = namespace() %}{% set ns.x = [ns] %}{{ [ns] }}");
    survives("{% set ns = namespace(x=[]) %}{% for i in range(190) %}{% set ns.x = [ns.x] %}{% endfor %}"
             "{{ ns.x == ns.x[0] }}{{ ns.x < [ns.x] }}{{ ns.x|tojson }}{{ {(ns.x,): 1} }}");
    refused(
        limit,
        "{% set ns = namespace(x=[1]) %}{% for i in range(150) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}");
    refused(limit, "{% set ns = namespace(x=[1], y=[1]) %}{% for i in range(150) %}{% set ns.x = [ns.x, ns.x] %}"
                   "{% set ns.y = [ns.y, ns.y] %}{% endfor %}{{ ns.x == ns.y }}");
}

TEST(TemplateHostile, JJ04EndlessLoops)
{
    refused(limit, "{{ range(10**9) }}");
    refused(limit, "{% for i in range(0, 2**62, 1) %}{% endfor %}");
    EXPECT_EQ(run("{{ range(0, 9223372036854775807, 2**62)|list|length }}").text, "2");
    EXPECT_EQ(run("{{ range(-9223372036854775807, 9223372036854775807, 9223372036854775807)|list|length }}").text, "2");
    EXPECT_EQ(run("{{ range(9223372036854775807, -9223372036854775807 - 1, -9223372036854775807)|list|length }}").text,
              "3");
    refused(limit, "{% for i in range(10000) %}{% for j in range(10000) %}{% endfor %}{% endfor %}");
    refused(limit, "{% for i in range(100000) %}{% for j in range(100000) %}x{% endfor %}{% endfor %}");
    refused(limit, "{% for i in range(100000) %}{{ range(100000)|list|length }}{% endfor %}");
    refused(limit, "{% set l = range(100000)|list %}{% for i in l %}{{ l|sort|length }}{% endfor %}");
    refused(limit, "{% set l = range(100000)|list %}{% for i in l %}{{ 'x' in l }}{% endfor %}");
    refused(limit, "{% set l = range(100000)|list %}{% for i in l %}{{ l == l[1:] + [1] }}{{ l|sum }}{% endfor %}");
    refused(limit, "{% set s = 'a' * 1000000 %}{% for i in range(100000) %}{% if 'b' in s %}{% endif %}{% endfor %}");
    refused(limit, "{% set s = 'a' * 1000000 %}{% for i in range(100000) %}{% if s.rfind('ab') > s.count('b') %}{% "
                   "endif %}{% endfor %}");
    refused(limit, "{% set s = 'é' * 500000 %}{% for i in range(100000) %}{% if s[i] == s[-1] or s|length == 1 %}{% "
                   "endif %}{% endfor %}");
    refused(limit, "{% set s = 'a' * 4000000 %}{{ s.rfind('a' * 2000000 ~ 'b') }}{{ s.rfind('b' ~ 'a' * 2000000) }}"
                   "{{ (s ~ 'b' ~ s).rsplit('a' * 100 ~ 'b', 5000000)|length }}{% for i in range(100000) %}{{ "
                   "s.split('ab')|length }}{% endfor %}");
    refused(limit,
            "{% set s = 'a' * 1000000 %}{% for i in range(100000) %}{% if s == s[:-1] ~ 'b' %}{% endif %}{% endfor %}");
    refused(limit, "{% set t = ' ' * 1000000 %}{% for i in range(100000) %}{% if t.strip() %}{% endif %}{% if t is "
                   "upper %}{% endif %}{% endfor %}");
    // Many variables in one scope, many names in one template.
    std::string many;
    for (int i = 0; i < 20000; i++)
        many += "{% set a" + std::to_string(i) + " = 1 %}";
    EXPECT_EQ(run(many + "{{ a0 + a19999 }}").text, "2");
    survives("{% for i in range(1000) %}" + many + "{% endfor %}");
}

TEST(TemplateHostile, JJ05Growth)
{
    refused(limit, "{% set ns = namespace(x='aaaaaaaaaaaaaaaa') %}{% for i in range(40) %}{% set ns.x = ns.x ~ ns.x "
                   "%}{% endfor %}");
    refused(limit, "{% set ns = namespace(x=[1]) %}{% for i in range(40) %}{% set ns.x = ns.x + ns.x %}{% endfor %}");
    refused(limit, "{{ 'a' * 10**9 }}");
    refused(limit, "{{ 10**18 * 'ab' }}");
    refused(limit, "{{ [1] * 10**9 }}");
    refused(limit, "{{ ('a' * 100000)|replace('', 'b' * 100000) }}");
    refused(limit, "{{ ('a' * 100000).replace('a', 'b' * 100000) }}");
    refused(limit, "{{ ('a' * 1000000)|list|join('b' * 1000000) }}");
    refused(limit, "{{ 'a\nb'|indent(10**9) }}");
    refused(limit, "{{ [1]|tojson(indent=10**9) }}");
    refused(limit, "{{ 'a'|center(10**12) }}");
    refused(limit, "{{ 'a'.ljust(9223372036854775807) }}");
    refused(limit, "{{ 'a'.zfill(9223372036854775807) }}");
    refused(limit, "{{ '%9999999999d' % 1 }}");
    refused(limit, "{{ '{:9999999999}'.format(1) }}");
    refused(bad, "{{ '%.999999f' % 1 }}");
    refused(limit, "{{ [1]|batch(10**12, 0)|list }}");
    refused(limit, "{{ [1]|slice(10**12)|list }}");
    refused(limit, "{% for i in range(100000) %}{{ 'a' * 1000 }}{% endfor %}");
    refused(limit, "{% set x %}{% for i in range(100000) %}{{ 'a' * 1000 }}{% endfor %}{% endset %}");
    refused(limit,
            "{% macro f() %}{{ 'a' * 15000000 }}{% endmacro %}{% for i in range(100) %}{% set x = f() %}{% endfor %}");
    refused(limit,
            "{% for i in range(100000) %}{% set x = x.upper() %}{{ x|length }}{% set y = (x ~ i)|list %}{% endfor %}",
            "{\"x\": \"" + std::string(100000, 'a') + "\"}");
    refused(bad, "{% set ns = namespace() %}{% set ns.x = ns %}{{ ns|tojson }}");
}

TEST(TemplateHostile, JJ06MalformedSource)
{
    for (const char *source : {"{{",
                               "{%",
                               "{#",
                               "{{ 1",
                               "{% if",
                               "{% raw %}a",
                               "{{ 'a",
                               "{{ \"a\\",
                               "{{ '\\",
                               "{{ 1 %}",
                               "{% if 1 }}",
                               "{{ }",
                               "{{ ( }}",
                               "{{ ) }}",
                               "{{ 1__0 }}",
                               "{{ ! }}",
                               "{{ a ! b }}",
                               "{% %}",
                               "{%- -%}",
                               "{{ '\\ud800' }}",
                               "{{ '\\U00110000' }}",
                               "{{ '\\N{DASH}' }}",
                               "{{ 99999999999999999999 }}"}) {
        Result result = run(source);
        EXPECT_EQ(result.status, bad) << source;
        EXPECT_EQ(result.message.rfind("template line 1, column ", 0), 0u) << source << ": " << result.message;
    }
    const std::string line(1000000, 'a');
    EXPECT_EQ(run(line).text, line);
    Result late = run(std::string(1000000, ' ') + "{{");
    EXPECT_EQ(late.message.rfind("template line 1, column 10000", 0), 0u) << late.message;
    refused(limit, std::string((1 << 20) + 1, 'a'));
    EXPECT_EQ(run(std::string("a\0b{{ x }}", 10), std::string(R"({"x": "c\u0000d"})")).text,
              std::string("a\0bc\0d", 6));
    refused(bad, std::string("{{ \0 }}", 7));
    EXPECT_EQ(run("a\r\n{%- if 1 -%}\r\nb\r{%- endif +%}\r\nc").text, "ab\nc");
    refused(bad, "\xc3{{ 1 }}");
    refused(bad, "{{ '\xed\xa0\x80' }}");
    // Every prefix of something that has everything.
    const std::string whole =
        "a{#- c -#}{% set ns = namespace(x=[1, 'b\\n']) %}{% macro m(a, b=2) -%}{{ a|join(',') }}{%+ endmacro %}"
        "{% for i, (j, k) in [[1, [2, 3]]] if i not in (4,) %}{{ loop.last and -i ** 2 }}{% else %}{% endfor %}"
        "{% call(z) m(1) %}{{ z[::-1] }}{% endcall %}{% raw %}{{{% endraw %}{% if ns.x is eq 1.5e3 %}{% elif {'a': 1} "
        "%}{% endif %}";
    for (size_t n = 0; n <= whole.size(); n++)
        survives(whole.substr(0, n));
}

TEST(TemplateHostile, JJ07Messages)
{
    Result result = run("{{ raise_exception('é' * 5000000) }}");
    EXPECT_EQ(result.status, bad);
    EXPECT_LT(result.message.size(), 508u);
    EXPECT_EQ(result.message.rfind("template line 1, column 19: éé", 0), 0u);
    EXPECT_EQ(run("{{ raise_exception('a\\n\\x1b[31m') }}").message.find('\n'), std::string::npos);
    EXPECT_EQ(run("{{ strftime_now('%' * 10**6)|length }}").text, "500000");
    refused(bad, "{{ strftime_now('%') }}");
    refused(bad, "{{ strftime_now('%Q') }}");
    refused(bad, "{{ strftime_now(1) }}");
    refused(bad, "{{ " + std::string(100000, 'x') + ".y }}");
    refused(bad, "{{ 1|" + std::string(100000, 'x') + " }}");
    refused(bad, "{% " + std::string(100000, 'x') + " %}");
}

TEST(TemplateHostile, JJ08Numbers)
{
    for (const char *source : {"{{ 9223372036854775807 + 1 }}",
                               "{{ -9223372036854775807 - 2 }}",
                               "{{ 9223372036854775807 * 2 }}",
                               "{{ 2 ** 63 }}",
                               "{{ 10 ** 10 ** 10 }}",
                               "{{ (-9223372036854775807 - 1) // -1 }}",
                               "{{ -(-9223372036854775807 - 1) }}",
                               "{{ (-9223372036854775807 - 1)|abs }}",
                               "{{ 1 % 0 }}",
                               "{{ 1 // 0 }}",
                               "{{ 1 / 0 }}",
                               "{{ 1.0 % 0 }}",
                               "{{ 0 ** -1 }}",
                               "{{ 'a'[::0] }}",
                               "{{ [1][::0] }}",
                               "{{ range(1, 2, 0) }}",
                               "{{ 1e300|int }}",
                               "{{ 'inf'|float|int }}",
                               "{{ 1e308 ** 2 }}",
                               "{{ (0 - 8) ** 0.5 }}",
                               "{{ ('9' * 30)|int }}",
                               "{{ '99999999999999999999'|int }}",
                               "{{ 1e300|round|int }}",
                               "{{ 1.5|round(400)|round(-400, 'floor') }}",
                               "{{ '%d' % 1e300 }}"})
        refused(bad, source);
    EXPECT_EQ(run("{{ (-9223372036854775807 - 1) % -1 }}").text, "0");
    EXPECT_EQ(run("{{ 'abc'[-9223372036854775807 - 1:9223372036854775807] }}").text, "abc");
    EXPECT_EQ(run("{{ 'abc'[::-9223372036854775807 - 1] }}{{ 'abc'[::9223372036854775807] }}").text, "ca");
    EXPECT_EQ(run("{{ 'abc'[-9223372036854775807 - 1] }}{{ [1][9223372036854775807] }}").text, "");
    EXPECT_EQ(run("{{ 'nan'|float|int }}{{ 'nan'|float }}{{ 1e308 * 10 }}").text, "0naninf");
    EXPECT_EQ(run("{{ 'a'.find('', 9223372036854775807) }}{{ 'a'.count('', -9223372036854775807 - 1) }}").text, "-12");
    EXPECT_EQ(
        run("{{ 'a b c'.split(' ', -9223372036854775807 - 1)|length }}{{ 'a'|truncate(9223372036854775807) }}").text,
        "3a");
    EXPECT_EQ(run("{{ 9007199254740993 == 9007199254740992.0 }}{{ 2**53 == 2.0**53 }}").text, "FalseTrue");
    survives("{{ 1.5|round(9223372036854775807) }}{{ 1.5|round(-9223372036854775807 - 1) }}{{ "
             "15|round(-9223372036854775807 - 1) }}");
    survives("{{ '" + std::string(100000, '9') + "'|float }}{{ '0." + std::string(100000, '1') + "e" +
             std::string(1000, '9') + "'|float }}");
    survives("{{ x }}{{ x + 1 }}", R"({"x": 9223372036854775807})");
}

TEST(TemplateHostile, JJ09Messages)
{
    const std::string chatml =
        "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}";
    refused(bad, chatml, R"({"messages": [{"content": "a"}]})");
    refused(bad, chatml, R"({"messages": [{"role": "user", "content": null}]})");
    refused(bad, chatml, R"({"messages": [{"role": "user", "content": ["a"]}]})");
    refused(bad, chatml, R"({"messages": [{"role": "user", "content": 1}]})");
    refused(bad, chatml, R"({"messages": 5})");
    EXPECT_EQ(run(chatml, "{}").text, "");
    std::string messages;
    for (int i = 0; i < 100000; i++)
        messages += (i ? "," : "") + std::string(R"({"role": "user", "content": "hello"})");
    Result many = run(chatml, "{\"messages\": [" + messages + "]}");
    EXPECT_EQ(many.status, LIBLLM_OK) << many.message;
    EXPECT_EQ(many.text.size(), 100000 * std::string("<|im_start|>user\nhello<|im_end|>\n").size());
    refused(limit, "{{ m|tojson }}", "{\"m\": " + times(1000, "[") + times(1000, "]") + "}");
    EXPECT_EQ(run("{{ m|tojson|length }}", "{\"m\": " + times(150, "[") + times(150, "]") + "}").text, "300");
    survives("{{ m }}{% for k in m %}{{ m[k] }}{% endfor %}",
             "{\"m\": {\"items\": 1, \"get\": {\"__class__\": 2}, \"\": null}}");
    std::string wide;
    for (int i = 0; i < 100000; i++)
        wide += (i ? ",\"" : "\"") + std::to_string(i) + "\": " + std::to_string(i);
    EXPECT_EQ(run("{{ m['99999'] + m['0'] }}{{ m|length }}", "{\"m\": {" + wide + "}}").text, "99999100000");
}

TEST(TemplateHostile, JJ10DataIsNeverCode)
{
    const std::string x = R"({"x": "{{ 7*7 }}{% raise %}{# c #}\\n'\""})";
    EXPECT_EQ(run("{{ x }}", x).text, "{{ 7*7 }}{% raise %}{# c #}\\n'\"");
    EXPECT_EQ(run("{% set y %}{{ x }}{% endset %}{{ y }}{{ [x]|join }}", x).text,
              "{{ 7*7 }}{% raise %}{# c #}\\n'\"{{ 7*7 }}{% raise %}{# c #}\\n'\"");
    EXPECT_EQ(run("{{ '%s' % x }}{{ '{}'.format(x) }}", R"({"x": "%s{}{0}%"})").text, "%s{}{0}%%s{}{0}%");
    survives("{{ x % 1 }}", R"({"x": "%(a)s %*d %"})");
    survives("{{ x.format(1) }}", R"({"x": "{0.__class__} {1[2]} {:{}}"})");
    survives("{{ [1]|map(x)|list }}{{ [1]|select(x)|list }}{{ {}|attr(x) }}{{ [{}]|map(attribute=x)|list }}",
             R"({"x": "map"})");
}

} // namespace
