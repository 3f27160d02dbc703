/* SPDX-License-Identifier: MIT
 * Vocabularies that are wrong on purpose (GG19, TK01 to TK03, TK08), texts that are meant to take long (TK09), and
 * every small change of a small vocabulary. All of it is refused with a message that names the place, or works in
 * linear time, little memory and a small stack.
 */
#include <gtest/gtest.h>

#include <cmath>
#include <ctime>
#include <memory>
#include <pthread.h>
#include <random>

#include "vocabulary_builder.h"

using namespace vocabulary;

namespace
{

void expect_refused(const Vocabulary &v, libllm_status status, const std::string &place)
{
    Opened t(v);
    EXPECT_EQ(t.status, status) << place;
    EXPECT_EQ(t.tokenizer, nullptr);
    EXPECT_NE(std::string(t.error.message).find(place), std::string::npos) << t.error.message;
}

constexpr libllm_status corrupt = LIBLLM_ERROR_CORRUPT_FILE, unsupported = LIBLLM_ERROR_UNSUPPORTED;

TEST(Vocabulary, KindsThatAreNotKnown)
{
    Vocabulary v = bytes();
    v.model = "plamo2";
    expect_refused(v, unsupported, "'plamo2'");
    v = bytes("my-own-pre");
    expect_refused(v, unsupported, "'my-own-pre'");
    v = bytes(std::string(100000, 'x'));
    expect_refused(v, unsupported, "tokenizer.ggml.pre");
}

TEST(Vocabulary, TokensAndTypes)
{
    Vocabulary v;
    v.merges = {};
    expect_refused(v, corrupt, "tokenizer.ggml.tokens");
    v = bytes();
    v.types.pop_back();
    expect_refused(v, corrupt, "tokenizer.ggml.token_type");
    v = bytes();
    v.types[17] = 7;
    expect_refused(v, corrupt, "tokenizer.ggml.token_type[17]");
    v.types[17] = -1;
    expect_refused(v, corrupt, "tokenizer.ggml.token_type[17]");
    v = spm();
    v.tokens[5] = "<0x0G>";
    expect_refused(v, corrupt, "tokenizer.ggml.tokens[5]");
    gguf::Builder b;
    b.string("tokenizer.ggml.model", "gpt2").string("tokenizer.ggml.tokens", "x");
    Opened t(b.build());
    EXPECT_EQ(t.status, corrupt);
}

TEST(Vocabulary, Scores)
{
    Vocabulary v = spm();
    v.scores.pop_back();
    expect_refused(v, corrupt, "tokenizer.ggml.scores");
    for (float bad : {NAN, INFINITY, -INFINITY}) {
        v = spm();
        v.add("a", NORMAL, bad);
        expect_refused(v, corrupt, "tokenizer.ggml.scores[259]");
    }
}

TEST(Vocabulary, IdsOutOfRange)
{
    for (const char *key :
         {"bos_token_id", "eos_token_id", "eot_token_id", "eom_token_id", "unknown_token_id", "padding_token_id"})
        for (uint32_t id : {256u, UINT32_MAX, (uint32_t)INT32_MAX}) {
            Vocabulary v = bytes();
            v.ids[key] = id;
            expect_refused(v, corrupt, key);
        }
}

TEST(Vocabulary, Merges)
{
    const std::string bad[] = {"ab",
                               "",
                               " ",
                               "a",
                               "a ",
                               " b",
                               "a bb",
                               "zz b",
                               "a b c",
                               "a  b",
                               std::string(100000, 'a') + " b",
                               "\xE4\xB8\xAD b",
                               "a \xC3",
                               "a \xC3\x41",
                               "a \x80\x80"};
    for (const std::string &merge : bad) {
        Vocabulary v = bytes();
        v.add("ab");
        v.merges = {"a b", merge};
        expect_refused(v, corrupt, "tokenizer.ggml.merges[1]");
    }
    gguf::Builder b;
    b.string("tokenizer.ggml.model", "gpt2").string("tokenizer.ggml.pre", "gpt-2");
    b.strings("tokenizer.ggml.tokens", {"a"});
    Opened without(b.build());
    EXPECT_EQ(without.status, corrupt);
    EXPECT_NE(std::string(without.error.message).find("tokenizer.ggml.merges"), std::string::npos);
    Vocabulary many = bytes();
    many.add("ab");
    many.merges.assign(200000, "a b");
    Opened t(many);
    EXPECT_EQ(t.encode("abab"), (Ids{256, 256}));
}

TEST(Vocabulary, OddTokens)
{
    Vocabulary v = bytes();
    v.add("", NORMAL);
    v.add("", CONTROL);
    v.add("", USER);
    int32_t once = v.add("<x>", CONTROL);
    v.add("<x>", CONTROL);
    int32_t longest = v.add(std::string(128, 'y'), USER);
    v.add(std::string(1 << 20, 'z'), USER);
    v.add("not spelled \xE4\xB8\xAD", NORMAL);
    Opened t(v);
    ASSERT_EQ(t.status, LIBLLM_OK) << t.error.message;
    EXPECT_EQ(t.encode("<x>", LIBLLM_TOKENIZE_PARSE_SPECIAL), Ids{once});
    EXPECT_EQ(t.encode(std::string(256, 'y')), (Ids{longest, longest}));
    EXPECT_EQ(t.encode(std::string(1 << 20, 'z')).size(), 1u << 20) << "too long to be looked for";
    EXPECT_EQ(t.decode({256, 257, 258, 263}), "not spelled \xE4\xB8\xAD");
}

TEST(Vocabulary, CostsLittleMemory)
{
    Vocabulary v = bytes();
    for (int i = 0; i < 100000; i++)
        v.add("<" + std::to_string(i) + ">", i % 2 ? CONTROL : NORMAL);
    Vocabulary empty;
    empty.tokens.assign(100000, "");
    empty.types.assign(100000, CONTROL);
    Vocabulary one;
    one.tokens = {std::string(1 << 20, 'x')};
    for (const Vocabulary &each : {v, empty, one}) {
        std::string file = each.build();
        gguf::CountingHost counting;
        {
            Opened t(file, &counting.host);
            EXPECT_EQ(t.status, LIBLLM_OK);
        }
        EXPECT_EQ(counting.now, 0u);
        EXPECT_LE(counting.peak, 8 * file.size() + (1 << 20));
    }
}

/* Time ------------------------------------------------------------------------------------------------- */

double seconds()
{
    timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double seconds_for(Opened *t, const std::string &text)
{
    double start = seconds();
    t->encode(text, LIBLLM_TOKENIZE_PARSE_SPECIAL);
    double taken = seconds() - start;
    EXPECT_EQ(t->status, LIBLLM_OK);
    return taken;
}

std::string repeated(const std::string &unit, size_t size)
{
    std::string text;
    text.reserve(size + unit.size());
    while (text.size() < size)
        text += unit;
    return text;
}

/* Tokens of 2, 4, ... 64 of a letter, and what makes a lot of merging go on in the others. */
Vocabulary with_merges(const std::string &pre)
{
    Vocabulary v = bytes(pre);
    for (const char *unit : {"A", " ", "\n", "Z", "\xE4\xB8\xAD", "\xCC\x81", "ab"})
        for (std::string half = unit; half.size() < 64; half += half) {
            if (half == "\xE4\xB8\xAD") {
                merge(&v, "\xE4", "\xB8");
                merge(&v, "\xE4\xB8", "\xAD");
            } else if (half.size() == 2 && half[0] != half[1]) {
                merge(&v, half.substr(0, 1), half.substr(1));
            }
            merge(&v, half, half);
        }
    for (int k = 2; k < 120; k++)
        v.add("<" + std::string((size_t)k, '<') + "!", CONTROL);
    v.add("\n\n\n", USER);
    return v;
}

Vocabulary with_scores()
{
    Vocabulary v = spm();
    float score = 0;
    for (const char *unit : {"A", "\xE2\x96\x81", "\n", "Z", "\xE4\xB8\xAD", "\xCC\x81", "ab"}) {
        for (std::string text = unit; text.size() < 64; text += text)
            v.add(text, NORMAL, score -= 1);
        v.add(repeated(unit, 3 * strlen(unit)), NORMAL, score -= 1);
    }
    v.add("a", NORMAL, score -= 1);
    v.add("b", NORMAL, score -= 1);
    return v;
}

TEST(Time, IsLinearInTheText)
{
    const std::string units[] = {"A",
                                 " ",
                                 "\n",
                                 "Z",
                                 "aA",
                                 "ab",
                                 "a b ",
                                 "0",
                                 "'",
                                 "'s",
                                 "\xE4\xB8\xAD",
                                 "\xCC\x81",
                                 "\xCC\x81\xCC\xA3",
                                 "\xF0\x9F\x91\xA9\xE2\x80\x8D",
                                 "\xFF",
                                 "\xE2\x96\x81",
                                 "<",
                                 "\t\r\n ",
                                 "\xE1\x85\xA1",
                                 "\xCA\xB0"
                                 "A",
                                 std::string("\0", 1)};
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    const size_t small = 1 << 11, factor = 16;
#else
    const size_t small = 1 << 15, factor = 16;
#endif
    for (const char *kind : {"gpt-2", "smollm", "llama-bpe", "qwen2", "gpt-4o", "deepseek-v3", "llama"}) {
        Opened t(strcmp(kind, "llama") == 0 ? with_scores() : with_merges(kind));
        ASSERT_EQ(t.status, LIBLLM_OK) << t.error.message;
        for (const std::string &unit : units) {
            std::string text = repeated(unit, small), longer = repeated(unit, factor * small);
            double first = std::min(seconds_for(&t, text), seconds_for(&t, text));
            double second = seconds_for(&t, longer);
            /* A quadratic algorithm would take 256 times as long; below a millisecond the clock says nothing. */
            EXPECT_LT(second, std::max(first, 0.001) * factor * 5) << kind << " on " << ::testing::PrintToString(unit);
        }
    }
}

TEST(Time, SixteenMegabytesOfOneLetter)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    const size_t size = 1 << 20;
#else
    const size_t size = 16 << 20;
#endif
    for (const Vocabulary &v : {with_merges("llama-bpe"), with_scores()}) {
        Opened t(v);
        Ids ids = t.encode(std::string(size, 'A'));
        EXPECT_EQ(t.status, LIBLLM_OK);
        EXPECT_LE(ids.size(), size / 32 + 8);
        std::string text = t.decode(ids);
        EXPECT_TRUE(text == std::string(size, 'A'));
    }
}

/* Stack ------------------------------------------------------------------------------------------------ */

TEST(Stack, OfASmallThreadSuffices)
{
    static const auto work = [](void *) -> void * {
        for (const char *kind : {"gpt-2", "llama-bpe", "qwen2", "gpt-4o", "deepseek-v3", "llama"}) {
            auto t = std::make_unique<Opened>(strcmp(kind, "llama") == 0 ? with_scores() : with_merges(kind));
            for (const char *unit : {"A", " ", "\xCC\x81\xCC\xA3", "\xFF", "word 123 ", "\xE4\xB8\xAD"}) {
                Ids ids = t->encode(repeated(unit, 100000), LIBLLM_TOKENIZE_PARSE_SPECIAL);
                if (t->status != LIBLLM_OK || t->decode(ids).empty())
                    return nullptr;
            }
        }
        return (void *)1;
    };
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    ASSERT_EQ(pthread_attr_setstacksize(&attributes, 128 << 10), 0);
    pthread_t thread;
    ASSERT_EQ(pthread_create(&thread, &attributes, work, nullptr), 0);
    void *result = nullptr;
    pthread_join(thread, &result);
    pthread_attr_destroy(&attributes);
    EXPECT_NE(result, nullptr);
}

/* Damage ----------------------------------------------------------------------------------------------- */

TEST(Damage, AnyByteMayBeAnother)
{
    std::mt19937 random(3);
    Vocabulary small;
    for (const char *text : {"a", "b", "c", "ab", "abc", "\xC4\xA0",
                             "\xC4\xA0"
                             "a"})
        small.add(text);
    small.add("<s>", CONTROL);
    small.add("bb", USER);
    small.merges = {"a b", "ab c", "\xC4\xA0 a"};
    small.ids = {{"bos_token_id", 7}, {"eos_token_id", 7}};
    Vocabulary scored = spm();
    scored.add("\xE2\x96\x81", NORMAL, -1);
    scored.add("\xE2\x96\x81"
               "a",
               NORMAL, -2);
    scored.add("  ", USER);
    size_t accepted = 0, refused = 0;
    for (const Vocabulary &v : {small, scored}) {
        const std::string file = v.build();
        for (size_t at = 24; at < file.size(); at++)
            for (unsigned char byte : {0x00, 0x01, 0x20, 0x7F, 0x80, 0xFF, file[at] ^ 1, file[at] ^ 0x10}) {
                if (file.size() > 2000 && random() % 16)
                    continue;
                std::string changed = file;
                changed[at] = (char)byte;
                Opened t(changed);
                if (!t.tokenizer) {
                    refused++;
                    continue;
                }
                accepted++;
                std::string text =
                    "ab abc a\n<s>bb  c\xE2\x96\x81\xC3\xA9" + std::string(60, 'a') + std::string(60, ' ');
                for (uint32_t flags : {0u, LIBLLM_TOKENIZE_PARSE_SPECIAL | LIBLLM_TOKENIZE_ADD_BOS}) {
                    Ids ids = t.encode(text, flags);
                    ASSERT_EQ(t.status, LIBLLM_OK);
                    t.decode(ids, LIBLLM_DETOKENIZE_SPECIAL);
                    ASSERT_EQ(t.status, LIBLLM_OK) << "ids are tokens";
                }
            }
    }
    EXPECT_GT(accepted, 500u);
    EXPECT_GT(refused, 500u);
}

} // namespace
