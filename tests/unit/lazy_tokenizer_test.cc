/* SPDX-License-Identifier: MIT
 * Large vocabularies, which are indexed when texts ask for it: a first short text has the same ids as any later one.
 */
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <thread>

#include "../hostile/vocabulary_builder.h"

using namespace vocabulary;

namespace
{

constexpr size_t n_tokens = 33000; /* more than are indexed at once */

const char *const pieces[] = {"a",       "b", "c", " ", "1", "\n", "'", "\xC3\xA9", "\xE4\xB8\xAD", "\xE6\x96\x87",
                              "\xC2\xAD"};

std::string random_text(std::mt19937 *random, size_t n)
{
    std::string text;
    for (size_t i = 0; i < n; i++)
        text += pieces[(*random)() % std::size(pieces)];
    return text;
}

/* spelled(), in a time that does for a large vocabulary. */
std::string spelled_fast(const std::string &text)
{
    static const std::vector<std::string> of_byte = [] {
        std::vector<std::string> all;
        for (int b = 0; b < 256; b++)
            all.push_back(spelled(std::string(1, (char)b)));
        return all;
    }();
    std::string out;
    for (unsigned char byte : text)
        out += of_byte[byte];
    return out;
}

/* Tokens that are two earlier ones, and further merges that make them. */
Vocabulary make_large_bytes()
{
    std::mt19937 random(1);
    Vocabulary v = bytes();
    std::vector<std::string> texts;
    for (const char *piece : pieces)
        for (const char *p = piece; *p; p++)
            texts.emplace_back(1, *p);
    std::set<std::string> known(texts.begin(), texts.end());
    while (v.tokens.size() < n_tokens) {
        std::string left = texts[random() % texts.size()],
                    right = texts[random() % std::min<size_t>(texts.size(), 300)];
        if (left.size() + right.size() > 40)
            continue;
        v.merges.push_back(spelled_fast(left) + " " + spelled_fast(right));
        if (known.insert(left + right).second) {
            texts.push_back(left + right);
            v.add(spelled_fast(left + right));
        }
    }
    return v;
}

const Vocabulary &large_bytes()
{
    static const Vocabulary v = make_large_bytes();
    return v;
}

Vocabulary make_large_characters()
{
    std::mt19937 random(2);
    Vocabulary v = spm();
    std::vector<std::string> texts;
    for (const char *piece : pieces) {
        texts.push_back(std::string(piece) == " " ? "\xE2\x96\x81" : piece);
        v.add(texts.back(), NORMAL, -(float)v.tokens.size());
    }
    std::set<std::string> known(texts.begin(), texts.end());
    while (v.tokens.size() < n_tokens) {
        std::string left = texts[random() % texts.size()],
                    right = texts[random() % std::min<size_t>(texts.size(), 300)];
        if (left.size() + right.size() > 60)
            continue;
        v.merges.push_back(left + " " + right);
        if (known.insert(left + right).second) {
            texts.push_back(left + right);
            v.add(left + right, NORMAL, -(float)v.tokens.size());
        }
    }
    return v;
}

const Vocabulary &large_characters()
{
    static const Vocabulary v = make_large_characters();
    return v;
}

Ids encode(const Opened &t, const std::string &text)
{
    ll_tokens tokens;
    ll_tokens_init(&tokens, t.host);
    EXPECT_EQ(ll_tokenizer_encode(t.tokenizer, text.data(), text.size(), 0, &tokens, nullptr), LIBLLM_OK);
    Ids ids(tokens.data, tokens.data + tokens.size);
    ll_tokens_free(&tokens);
    return ids;
}

class Lazy : public ::testing::TestWithParam<const char *>
{
  protected:
    std::mt19937 random{5};

    Vocabulary make()
    {
        std::string name = GetParam();
        bool characters = name == "llama" || name == "gemma4";
        Vocabulary v = characters ? large_characters() : large_bytes();
        (characters ? v.model : v.pre) = name == "shuffled" ? "gpt-2" : name;
        if (name == "shuffled")
            std::shuffle(v.merges.begin(), v.merges.end(), random);
        return v;
    }
};

TEST_P(Lazy, FirstShortTextsHaveTheIdsOfTheWholeIndex)
{
    Vocabulary v = make();
    std::string file = v.build();
    Opened whole(file);
    ASSERT_EQ(whole.status, LIBLLM_OK) << whole.error.message;
    size_t n_merged = 0;
    encode(whole, std::string(10000, 'a'));
    for (int round = 0; round < 12; round++) {
        Opened t(file);
        for (size_t n : {1u, 7u, 60u, 300u, 20u, 5u}) {
            std::string text = random_text(&random, n);
            Ids ids = encode(t, text);
            n_merged += ids.size() < text.size();
            ASSERT_EQ(ids, encode(whole, text)) << text;
            ASSERT_EQ(t.decode(ids), text);
        }
    }
    EXPECT_GT(n_merged, 20u);
}

INSTANTIATE_TEST_SUITE_P(Vocabularies, Lazy,
                         ::testing::Values("gpt-2", "qwen2", "llama-bpe", "sophia", "shuffled", "llama", "gemma4"));

/* Of two tokens with the same text the first one counts, whatever of the vocabulary is indexed. */
TEST(LazyVocabulary, TheSameTokenOfTwoCounts)
{
    Vocabulary v = large_bytes();
    int32_t first = v.add("qq");
    v.add("qq");
    v.merges.push_back("q q");
    std::string file = v.build();
    for (bool whole : {false, true}) {
        Opened t(file);
        if (whole)
            encode(t, std::string(10000, 'a'));
        EXPECT_EQ(encode(t, "qqq"), (Ids{first, 'q'}));
    }
}

TEST(LazyVocabulary, AMergeOfUnknownTokensIsAnErrorOfTheFirstTextThatNeedsAll)
{
    Vocabulary v = large_bytes();
    v.merges.push_back("zz y");
    Opened t(v);
    ASSERT_EQ(t.status, LIBLLM_OK);
    std::string text(10000, 'a');
    ll_tokens tokens;
    ll_tokens_init(&tokens, t.host);
    libllm_error error = {};
    EXPECT_EQ(ll_tokenizer_encode(t.tokenizer, text.data(), text.size(), 0, &tokens, &error),
              LIBLLM_ERROR_CORRUPT_FILE);
    EXPECT_NE(std::string(error.message).find("tokenizer.ggml.merges["), std::string::npos) << error.message;
    EXPECT_EQ(tokens.size, 0u);
    ll_tokens_free(&tokens);
}

TEST(LazyVocabulary, EveryRequestMayFail)
{
    std::mt19937 random(8);
    std::string file = large_bytes().build(), text = random_text(&random, 100);
    bool done = false;
    for (size_t n = 0; !done; n++) {
        ASSERT_LT(n, 200u);
        gguf::CountingHost counting;
        counting.fail_at = n;
        {
            Opened t(file, &counting.host);
            for (const std::string &one : {text, text + std::string(5000, 'a')}) {
                if (t.status != LIBLLM_OK)
                    break;
                t.encode(one);
            }
            done = counting.n_requests <= n;
            if (!done) {
                EXPECT_EQ(t.status, LIBLLM_ERROR_OUT_OF_MEMORY) << n;
            }
        }
        EXPECT_EQ(counting.now, 0u) << n;
    }
}

TEST(LazyVocabulary, IsIndexedUnderThreads)
{
    std::mt19937 random(9);
    std::string file = large_bytes().build();
    std::vector<std::string> texts;
    for (int i = 0; i < 30; i++)
        texts.push_back(random_text(&random, i % 10 == 9 ? 1500 : 30));
    Opened whole(file);
    std::vector<Ids> expected;
    encode(whole, std::string(10000, 'a'));
    for (const std::string &text : texts)
        expected.push_back(encode(whole, text));
    for (int round = 0; round < 5; round++) {
        Opened t(file);
        std::vector<std::thread> threads;
        std::vector<int> wrong(4);
        for (size_t k = 0; k < wrong.size(); k++)
            threads.emplace_back([&, k] {
                for (size_t i = 0; i < texts.size(); i++) {
                    size_t at = (i + k * 7) % texts.size();
                    wrong[k] += encode(t, texts[at]) != expected[at];
                }
            });
        for (std::thread &thread : threads)
            thread.join();
        EXPECT_EQ(wrong, std::vector<int>(4));
    }
}

} // namespace
