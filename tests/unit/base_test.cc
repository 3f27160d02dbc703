// SPDX-License-Identifier: MIT
// The foundation: buffers, maps, UTF-8, JSON, error messages, the thread team.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <unordered_map>
#include <thread>
#include <vector>

extern "C" {
#include "base/checked.h"
#include "base/cpu.h"
#include "base/decimal.h"
#include "base/json.h"
#include "base/map.h"
#include "base/status.h"
#include "base/team.h"
#include "base/utf8.h"
}

namespace
{

class Base : public ::testing::Test
{
  protected:
    ll_host host;
    libllm_error error{};
    void SetUp() override { ll_host_init(&host); }
};

TEST_F(Base, CheckedArithmeticRefusesOverflow)
{
    size_t s;
    uint64_t u;
    EXPECT_FALSE(ll_mul_size(SIZE_MAX, 2, &s));
    EXPECT_FALSE(ll_add_size(SIZE_MAX, 1, &s));
    EXPECT_FALSE(ll_pad_u64(UINT64_MAX - 3, 32, &u));
    EXPECT_TRUE(ll_pad_u64(33, 32, &u));
    EXPECT_EQ(64u, u);
    EXPECT_EQ(nullptr, ll_alloc(&host, SIZE_MAX / 2, 4));
    EXPECT_EQ(nullptr, ll_calloc(&host, SIZE_MAX, SIZE_MAX));
}

TEST_F(Base, ErrorMessagesAreOneCleanLine)
{
    EXPECT_EQ(LIBLLM_ERROR_IO, ll_fail(&error, LIBLLM_ERROR_IO, "a\nb\x1b[31m%s", "\x7f"));
    EXPECT_STREQ("a?b?[31m?", error.message);
    ll_fail(&error, LIBLLM_ERROR_IO, "%s", "/tmp/\xFF\xFE\xC2\x85.gguf");
    EXPECT_STREQ("/tmp/???.gguf", error.message) << "a path may be anything, a message is UTF-8";
    std::string euros;
    for (int i = 0; i < 300; i++)
        euros += "\xE2\x82\xAC";
    ll_fail(&error, LIBLLM_ERROR_IO, "%s", euros.c_str());
    EXPECT_EQ(507u / 3 * 3, strlen(error.message)) << "cut between characters";
    EXPECT_TRUE(ll_utf8_valid(error.message, strlen(error.message)));
    ll_fail_context(&error, LIBLLM_ERROR_IO, "%s", "file");
    EXPECT_EQ(0, strncmp(error.message, "file: \xE2\x82\xAC", 9));
    EXPECT_EQ(LIBLLM_ERROR_IO, ll_fail(nullptr, LIBLLM_ERROR_IO, "nobody listens"));
}

TEST_F(Base, MapAgreesWithTheStandardLibrary)
{
    std::mt19937 rng(1);
    std::vector<std::string> keys(3000);
    for (auto &k : keys) {
        k.resize(rng() % 30);
        for (char &c : k)
            c = (char)(rng() % 4);
    }
    std::unordered_map<std::string, uint32_t> expected;
    ll_map map;
    ASSERT_TRUE(ll_map_init(&map, &host, 0));
    for (uint32_t i = 0; i < keys.size(); i++) {
        bool existed;
        ASSERT_TRUE(ll_map_insert(&map, {keys[i].data(), keys[i].size()}, i, &existed));
        EXPECT_EQ(!expected.emplace(keys[i], i).second, existed);
    }
    EXPECT_EQ(expected.size(), map.count);
    for (auto &k : keys) {
        uint32_t value;
        ASSERT_TRUE(ll_map_find(&map, {k.data(), k.size()}, &value));
        EXPECT_EQ(expected[k], value);
    }
    uint32_t value;
    EXPECT_FALSE(ll_map_find(&map, ll_span_of("absent"), &value));
    const std::string copy = keys[0];
    ASSERT_TRUE(ll_map_set(&map, {copy.data(), copy.size()}, 4000));
    keys[0][0] ^= 8; // the map reads the key that it was given last
    ASSERT_TRUE(ll_map_find(&map, {copy.data(), copy.size()}, &value));
    EXPECT_EQ(4000u, value);
    ASSERT_TRUE(ll_map_set(&map, ll_span_of("absent"), 4001));
    ASSERT_TRUE(ll_map_find(&map, ll_span_of("absent"), &value));
    EXPECT_EQ(4001u, value);
    EXPECT_EQ(expected.size() + 1, map.count);
    ll_map_free(&map);
}

// Table 3-7 of the Unicode standard and its examples of maximal invalid parts.
TEST_F(Base, Utf8IsStrict)
{
    EXPECT_TRUE(ll_utf8_valid("a\xC2\xA2\xE2\x82\xAC\xF0\x9F\x98\x80", 10));
    for (const char *bad :
         {"\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\x80", "\xE0\x80\x80", "\xF8\x88\x80\x80\x80"})
        EXPECT_FALSE(ll_utf8_valid(bad, strlen(bad)));
    int32_t c;
    EXPECT_EQ(2u, ll_utf8_decode("\xE1\x80\x41", 3, &c));
    EXPECT_EQ(-1, c);
    EXPECT_EQ(3u, ll_utf8_decode("\xF1\x80\x80\x41", 4, &c));
    EXPECT_EQ(1u, ll_utf8_decode("\xED\xA0\x80", 3, &c));
    for (uint32_t code : {0u, 0x7Fu, 0x80u, 0x7FFu, 0x800u, 0xFFFFu, 0x10000u, 0x10FFFFu}) {
        char bytes[4];
        size_t n = ll_utf8_encode(code, bytes);
        EXPECT_EQ(n, ll_utf8_decode(bytes, n, &c));
        EXPECT_EQ((int32_t)code, c);
        EXPECT_EQ(n, ll_utf8_complete(bytes, n));
        for (size_t cut = 1; cut < n; cut++)
            EXPECT_EQ(0u, ll_utf8_complete(bytes, cut)) << "an unfinished character waits";
    }
    EXPECT_EQ(2u, ll_utf8_complete("\xE0\x80", 2)) << "what can become no character does not wait";
}

TEST_F(Base, DigitsAreThoseOfTheCLibrary)
{
    std::mt19937_64 random(6);
    char ours[LL_GENERAL_TEXT], theirs[2 * LL_GENERAL_TEXT];
    for (int i = 0; i < 200000; i++) {
        const uint64_t bits = random();
        double x;
        if (i % 3 == 0)
            memcpy(&x, &bits, sizeof x); // anything
        else if (i % 3 == 1)
            x = static_cast<double>(static_cast<int64_t>(bits % 2000001) - 1000000) / (1 << (bits >> 60)); // ties
        else
            x = std::exp((static_cast<double>(bits >> 11) / 0x1p53 - 0.5) * 90);
        if (!std::isfinite(x))
            continue;
        const int n = 1 + static_cast<int>(bits % 19);
        const size_t size = ll_print_general(x, n, ours);
        snprintf(theirs, sizeof theirs, "%.*g", n, x);
        ASSERT_STREQ(theirs, ours) << n;
        ASSERT_EQ(strlen(theirs), size);
    }
}

TEST_F(Base, JsonIsWrittenAsTheParserLibraryWritesIt)
{
    ll_buffer ours, theirs;
    ll_buffer_init(&ours, &host);
    ll_buffer_init(&theirs, &host);
    for (double x : {0.0, 1.0, -1.0, 0.1, -2.5, 9e15, 9.1e15, 1e25, 1.0 / 3, 1e-7, 1.5e-300, 2e300, 78088.0, 1e100}) {
        ours.size = theirs.size = 0;
        ll_json_put_number(&ours, x);
        const bool whole = x > -9e15 && x < 9e15 && x == static_cast<double>(static_cast<int64_t>(x));
        json_t *value = whole ? json_integer(static_cast<json_int_t>(x)) : json_real(x);
        ASSERT_TRUE(ll_json_write(value, JSON_REAL_PRECISION(17), &theirs));
        json_decref(value);
        EXPECT_EQ(std::string(theirs.data, theirs.size), std::string(ours.data, ours.size));
    }
    for (const std::string &text : {std::string(), std::string("a \"b\" \\ \b\f\n\r\t\x01\x1f\x7f/"),
                                    std::string("a\0b", 3), std::string("亿é😀")}) {
        ours.size = theirs.size = 0;
        ll_json_put_text(&ours, text.data(), text.size());
        json_t *value = json_stringn(text.data(), text.size());
        ASSERT_TRUE(ll_json_write(value, 0, &theirs));
        json_decref(value);
        EXPECT_EQ(std::string(theirs.data, theirs.size), std::string(ours.data, ours.size));
    }
    ours.size = 0;
    ll_json_put_text(&ours, "a\xE4\xBA z\xFF", 6);
    EXPECT_EQ("\"a\uFFFD z\uFFFD\"", std::string(ours.data, ours.size));
    ll_buffer_free(&ours);
    ll_buffer_free(&theirs);
}

TEST_F(Base, JsonIsStrict)
{
    json_t *value;
    for (const char *bad : {"", "{", "[1,]", "{\"a\":1,\"a\":2}", "[1] x", "nul", "\"\xFF\"", "01", "[1e999]"})
        EXPECT_EQ(LIBLLM_ERROR_JSON, ll_json_parse(&host, bad, strlen(bad), &value, &error)) << bad;
    std::string deep(100000, '[');
    EXPECT_EQ(LIBLLM_ERROR_LIMIT, ll_json_parse(&host, deep.data(), deep.size(), &value, &error));
    std::string brackets_in_text = "\"" + std::string(1000, '[') + "\\\"" + std::string(1000, '{') + "\"";
    ASSERT_EQ(LIBLLM_OK, ll_json_parse(&host, brackets_in_text.data(), brackets_in_text.size(), &value, &error));
    json_decref(value);
    ll_buffer out;
    ll_buffer_init(&out, &host);
    const char *text = "{\"z\":[1,2.5,true,null,\"\\u4e2d\"],\"a\":9007199254740993}";
    ASSERT_EQ(LIBLLM_OK, ll_json_parse(&host, text, strlen(text), &value, &error)) << error.message;
    EXPECT_TRUE(ll_json_write(value, JSON_COMPACT, &out));
    EXPECT_EQ("{\"z\":[1,2.5,true,null,\"\xE4\xB8\xAD\"],\"a\":9007199254740993}", std::string(out.data, out.size));
    json_decref(value);
    ll_buffer_free(&out);
}

/* Hugging Face writes "model_max_length": 10^30, as a double spelled out, where no limit is known. */
TEST_F(Base, IntegersBeyond64BitsAreNumbersAllTheSame)
{
    json_t *value;
    const char *text =
        "{\"a\":1000000000000000019884624838656,\"b\":-99999999999999999999,\"c\":[0.12345678901234567890123,"
        "1e5,12345678901234567890.5],\"d\":\"\\\"1000000000000000019884624838656\",\"e\":123456789012345678}";
    ASSERT_EQ(LIBLLM_OK, ll_json_parse(&host, text, strlen(text), &value, &error)) << error.message;
    EXPECT_EQ(json_real_value(json_object_get(value, "a")), 1e30);
    EXPECT_EQ(json_real_value(json_object_get(value, "b")), -1e20);
    EXPECT_EQ(json_real_value(json_array_get(json_object_get(value, "c"), 0)), 0.12345678901234567890123);
    EXPECT_EQ(json_real_value(json_array_get(json_object_get(value, "c"), 2)), 12345678901234567890.5);
    EXPECT_STREQ(json_string_value(json_object_get(value, "d")), "\"1000000000000000019884624838656");
    EXPECT_EQ(json_integer_value(json_object_get(value, "e")), 123456789012345678);
    json_decref(value);
    EXPECT_EQ(LIBLLM_ERROR_JSON, ll_json_parse(&host, "[99999999999999999999,]", 23, &value, &error));
}

TEST_F(Base, CpuMasksOnlyTakeAway)
{
    uint32_t all = ll_cpu_detect(), avx2 = all, none = all;
    ASSERT_TRUE(ll_cpu_mask(nullptr, &all));
    ASSERT_TRUE(ll_cpu_mask("avx2", &avx2));
    ASSERT_TRUE(ll_cpu_mask("ref", &none));
    EXPECT_EQ(ll_cpu_detect(), all);
    EXPECT_EQ(0u, none);
    EXPECT_EQ(avx2, avx2 & all);
    const uint32_t permitted = ll_cpu_permitted(all);
    EXPECT_EQ(permitted, permitted & all);
    EXPECT_EQ(permitted, ll_cpu_permitted(permitted));
    EXPECT_EQ(avx2, ll_cpu_permitted(avx2));
    EXPECT_FALSE(ll_cpu_mask("", &none));
    uint32_t arm = LL_CPU_NEON | LL_CPU_DOTPROD | LL_CPU_I8MM;
    ASSERT_TRUE(ll_cpu_mask("dotprod", &arm));
    EXPECT_EQ(uint32_t{LL_CPU_NEON | LL_CPU_DOTPROD}, arm);
    EXPECT_GE(ll_cpu_available(), ll_cpu_default_threads());
    EXPECT_GE(ll_cpu_default_threads(), 1u);
}

struct Meeting {
    ll_team *team;
    std::vector<std::atomic<int>> arrived;
    std::atomic<int> failures{0};
    std::vector<int> plain; // written by one thread, read by all behind the barrier
    explicit Meeting(size_t n) : arrived(n), plain(n) {}
};

void meet(void *context, uint32_t thread, uint32_t n_threads)
{
    auto *m = static_cast<Meeting *>(context);
    for (size_t i = 0; i < m->arrived.size(); i++) {
        if (i % n_threads == thread)
            m->plain[i] = (int)i + 1;
        m->arrived[i]++;
        ll_team_barrier(m->team);
        if (m->arrived[i] != (int)n_threads || m->plain[i] != (int)i + 1)
            m->failures++;
    }
}

// More threads than processors, too: there they sleep instead of spinning.
TEST_F(Base, TeamMeetsAtEveryBarrier)
{
    for (uint32_t n : {1u, 2u, 3u, 16u}) {
        ll_team *team;
        ASSERT_EQ(LIBLLM_OK, ll_team_create(&host, n, true, &team, &error));
        for (int run = 0; run < 5; run++) {
            Meeting m(200);
            m.team = team;
            ASSERT_EQ(LIBLLM_OK, ll_team_run(
                                     team, meet, [](void *) { return false; }, &m, &error));
            EXPECT_EQ(0, m.failures) << n << " threads";
        }
        ll_team_free(team);
    }
    ll_team *unused;
    ASSERT_EQ(LIBLLM_OK, ll_team_create(&host, 4, false, &unused, &error));
    ll_team_free(unused);
    ll_team_free(nullptr);
}

struct Count {
    std::atomic<uint32_t> n{0};
    std::atomic<int> late_us{0}; // how much later than the others the last thread arrives
    ll_team *team = nullptr;
};

void count_threads(void *context, uint32_t thread, uint32_t n_threads)
{
    auto *count = static_cast<Count *>(context);
    count->n++;
    if (n_threads > 1 && thread + 1 == n_threads)
        std::this_thread::sleep_for(std::chrono::microseconds(count->late_us));
    ll_team_barrier(count->team);
}

TEST_F(Base, TeamTakesNoMoreThreadsThanThereAreProcessors)
{
    ll_team *team;
    ASSERT_EQ(LIBLLM_OK, ll_team_create(&host, 64, false, &team, &error));
    Count count;
    count.team = team;
    ASSERT_EQ(LIBLLM_OK, ll_team_run(
                             team, count_threads, [](void *) { return false; }, &count, &error));
    EXPECT_LE(count.n, std::min(64u, ll_cpu_available()));
    ll_team_free(team);
}

// A thread that others wait for is left out, and taken back once that is worth it.
TEST_F(Base, TeamDoesWithoutAThreadThatComesLate)
{
    if (ll_cpu_available() < 2)
        GTEST_SKIP() << "one processor";
    ll_team *team;
    ASSERT_EQ(LIBLLM_OK, ll_team_create(&host, 2, false, &team, &error));
    Count count;
    count.team = team;
    auto threads_of_a_run = [&] {
        count.n = 0;
        EXPECT_EQ(LIBLLM_OK, ll_team_run(
                                 team, count_threads, [](void *) { return false; }, &count, &error));
        return count.n.load();
    };
    count.late_us = 3000;
    uint32_t n = 2;
    for (int run = 0; run < 50 && n == 2; run++)
        n = threads_of_a_run();
    EXPECT_EQ(1u, n) << "still with the late thread";
    count.late_us = 0;
    for (int wait = 0; wait < 500 && n == 1; wait++) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        n = threads_of_a_run();
    }
    EXPECT_EQ(2u, n) << "never taken back";
    ll_team_free(team);
}

} // namespace
