/* SPDX-License-Identifier: MIT
 * Words to tokens by merging, of BPE and of SPM: against merging as it is defined, and at the ends of words.
 */
#include <gtest/gtest.h>

#include <random>

#include "../hostile/vocabulary_builder.h"

extern "C" {
#include "tokenizer/internal.h"
}

using namespace vocabulary;

namespace
{

/* Merging as it is defined: of all neighbours the best pair, the leftmost of several, until there is none. pair gives
 * the rank and the result. */
template <typename Pair> std::vector<std::string> merged(std::vector<std::string> symbols, Pair pair)
{
    for (;;) {
        size_t best = symbols.size();
        std::pair<int64_t, int64_t> rank{INT64_MAX, 0};
        for (size_t i = 0; i + 1 < symbols.size(); i++) {
            std::pair<int64_t, int64_t> other = pair(symbols[i], symbols[i + 1]);
            if (other < rank) {
                rank = other;
                best = i;
            }
        }
        if (best == symbols.size())
            return symbols;
        symbols[best] += symbols[best + 1];
        symbols.erase(symbols.begin() + (ptrdiff_t)best + 1);
    }
}

std::vector<std::string> characters(const std::string &text)
{
    std::vector<std::string> out;
    for (char c : text)
        out.emplace_back(1, c);
    return out;
}

std::string random_text(std::mt19937 *random, size_t size, const std::string &alphabet)
{
    std::string text;
    for (size_t i = 0; i < size; i++)
        text += alphabet[(*random)() % alphabet.size()];
    return text;
}

/* Lengths on both sides of the one where the algorithm changes. */
size_t some_length(std::mt19937 *random)
{
    static const size_t lengths[] = {1, 2, 3, 5, 8, 20, 47, 48, 49, 50, 60, 100, 300};
    return lengths[(*random)() % std::size(lengths)];
}

TEST(Bpe, MergesAsDefinedWhateverTheOrderOfTheRanks)
{
    std::mt19937 random(1);
    for (int round = 0; round < 60; round++) {
        Vocabulary v = bytes();
        std::vector<std::string> texts = {"a", "b", "c"};
        std::map<std::string, int32_t> ids = {{"a", 'a'}, {"b", 'b'}, {"c", 'c'}};
        std::vector<std::pair<std::string, std::string>> merges;
        for (int i = 0; i < 25; i++) {
            std::string left = texts[random() % texts.size()], right = texts[random() % texts.size()];
            merges.emplace_back(left, right);
            if (!ids.count(left + right)) {
                ids[left + right] = v.add(spelled(left + right));
                texts.push_back(left + right);
            }
        }
        /* Trained vocabularies have their merges in the order in which tokens arise; files need not. */
        if (round % 2)
            std::shuffle(merges.begin(), merges.end(), random);
        std::map<std::pair<std::string, std::string>, int64_t> ranks;
        for (size_t i = 0; i < merges.size(); i++) {
            v.merges.push_back(spelled(merges[i].first) + " " + spelled(merges[i].second));
            ranks[merges[i]] = (int64_t)i; /* of two equal ones the later */
        }
        Opened t(v);
        ASSERT_EQ(t.status, LIBLLM_OK) << t.error.message;
        for (int i = 0; i < 30; i++) {
            std::string text = random_text(&random, some_length(&random), round % 3 ? "abc" : "aab");
            Ids expected;
            for (const std::string &symbol : merged(characters(text), [&](const auto &l, const auto &r) {
                     auto found = ranks.find({l, r});
                     return std::make_pair(found == ranks.end() ? INT64_MAX : found->second, (int64_t)0);
                 }))
                expected.push_back(ids[symbol]);
            ASSERT_EQ(t.encode(text), expected) << text;
            ASSERT_EQ(t.encode(text), expected) << text << ", a second time";
        }
    }
}

/* Merges within characters, of whole ones, and of parts of two; words of single bytes are told apart from them. */
TEST(Bpe, CharactersMergeAsTheirBytesDo)
{
    const std::vector<std::string> alphabet = {"\xE4\xB8\xAD", "\xE4\xB8\xAE", "\xD0\xBE", "\xE4\xB9\xAD", "a"};
    std::mt19937 random(2);
    size_t n_whole = 0, n_tokens = 0;
    for (int round = 0; round < 80; round++) {
        Vocabulary v = bytes();
        std::vector<std::string> texts;
        std::map<std::string, int32_t> ids;
        std::map<std::pair<std::string, std::string>, int64_t> ranks;
        std::vector<std::pair<std::string, std::string>> merges;
        const auto merge_of = [&](const std::string &left, const std::string &right) {
            merges.emplace_back(left, right);
            if (!ids.count(left + right)) {
                ids[left + right] = v.add(spelled(left + right));
                texts.push_back(left + right);
            }
        };
        for (const char byte : std::string("a\xE4\xB8\xB9\xAD\xAE\xD0\xBE")) {
            texts.emplace_back(1, byte);
            ids[texts.back()] = static_cast<unsigned char>(byte);
        }
        for (const std::string &character : alphabet) { /* most from the left, some from the right, a few not at all */
            const size_t how = random() % 8, n = character.size();
            if (n == 3 && how < 7) {
                const size_t first = how ? 0 : 1;
                merge_of(character.substr(first, 1), character.substr(first + 1, 1));
                merge_of(character.substr(0, how ? 2 : 1), character.substr(how ? 2 : 1));
            } else if (n == 2 && how < 7) {
                merge_of(character.substr(0, 1), character.substr(1));
            }
        }
        for (int i = 0; i < 12; i++) {
            const bool whole = round % 3; /* of whole characters, as most are, or of whatever there is */
            const auto pick = [&] { return whole ? alphabet[random() % 5] : texts[random() % texts.size()]; };
            const std::string left = random() % 3 ? pick() : texts.back(), right = pick();
            if (ids.count(left) && ids.count(right))
                merge_of(left, right);
        }
        if (round % 4 == 3)
            std::shuffle(merges.begin(), merges.end(), random);
        for (size_t i = 0; i < merges.size(); i++) {
            v.merges.push_back(spelled(merges[i].first) + " " + spelled(merges[i].second));
            ranks[merges[i]] = static_cast<int64_t>(i);
        }
        Opened t(v);
        ASSERT_EQ(t.status, LIBLLM_OK) << t.error.message;
        for (int i = 0; i < 10; i++) {
            std::string text;
            for (size_t n = std::min<size_t>(some_length(&random), 60); n > 0; n--)
                text += alphabet[random() % alphabet.size()];
            Ids expected;
            for (const std::string &symbol : merged(characters(text), [&](const auto &l, const auto &r) {
                     auto found = ranks.find({l, r});
                     return std::make_pair(found == ranks.end() ? INT64_MAX : found->second, (int64_t)0);
                 })) {
                expected.push_back(ids[symbol]);
                n_whole += symbol.size() > 3;
                n_tokens++;
            }
            ASSERT_EQ(t.encode(text), expected) << "round " << round << ": " << text;
        }
    }
    EXPECT_GT(n_whole * 20, n_tokens); /* or little was tested */
}

TEST(Spm, MergesAsDefined)
{
    std::mt19937 random(2);
    for (int round = 0; round < 60; round++) {
        bool prefix = round % 2;
        Vocabulary v = spm();
        v.flags["add_space_prefix"] = prefix;
        std::map<std::string, int32_t> ids;
        std::map<std::string, int64_t> scores;
        const char *const single[] = {" ", "a", "b", "\xE4\xB8\xAD"};
        std::vector<std::string> texts(std::begin(single), std::end(single));
        for (int i = 0; i < 30; i++)
            texts.push_back(texts[random() % texts.size()] + texts[random() % texts.size()]);
        for (const std::string &text : texts) {
            if (ids.count(text))
                continue;
            std::string shown;
            for (char c : text)
                shown += c == ' ' ? "\xE2\x96\x81" : std::string(1, c);
            scores[text] = round % 3 ? (int64_t)ids.size() : (int64_t)(random() % 20);
            ids[text] = v.add(shown, NORMAL, -(float)scores[text]);
        }
        Opened t(v);
        ASSERT_EQ(t.status, LIBLLM_OK) << t.error.message;
        for (int i = 0; i < 30; i++) {
            std::vector<std::string> symbols;
            std::string text;
            for (size_t k = some_length(&random); k > 0; k--) {
                symbols.push_back(single[random() % 4]);
                text += symbols.back();
            }
            if (prefix)
                symbols.insert(symbols.begin(), " ");
            Ids expected;
            for (const std::string &symbol : merged(symbols, [&](const auto &l, const auto &r) {
                     auto found = ids.find(l + r);
                     if (found == ids.end())
                         return std::make_pair(INT64_MAX, (int64_t)0);
                     /* equal scores: the token that comes first in the file, then by how it is cut */
                     return std::make_pair(scores[l + r] * 100000 + found->second,
                                           prefix ? (int64_t)ids[l] : -(int64_t)l.size());
                 }))
                expected.push_back(ids[symbol]);
            ASSERT_EQ(t.encode(text), expected) << text;
            ASSERT_EQ(t.decode(expected), text);
        }
    }
}

TEST(Bpe, WordsDoNotMergeAcrossTheirEnds)
{
    Vocabulary v = bytes();
    int32_t blank_b = merge(&v, " ", "b"), a_blank = merge(&v, "a", " ");
    Opened t(v);
    EXPECT_EQ(t.encode("a b"), (Ids{'a', blank_b}));
    EXPECT_EQ(t.encode("a  b"), (Ids{'a', ' ', blank_b}));
    EXPECT_EQ(t.encode("a "), (Ids{'a', ' '}));
    EXPECT_EQ(t.decode({'a', blank_b, a_blank}), "a ba ");
    EXPECT_EQ(t.encode(""), Ids{});
    EXPECT_EQ(t.encode("\n"), Ids{'\n'});
}

/* A token of a whole word counts only where merging leads to it, but for Llama 3 whenever it exists. */
TEST(Bpe, WholeWords)
{
    for (const char *pre : {"gpt-2", "llama-bpe"}) {
        Vocabulary v = bytes(pre);
        int32_t abc = v.add("abc"), ab = merge(&v, "a", "b"), bc = merge(&v, "b", "c");
        Opened t(v);
        bool whole = std::string(pre) == "llama-bpe";
        for (int i = 0; i < 3; i++)
            EXPECT_EQ(t.encode("abc"), whole ? Ids{abc} : (Ids{ab, 'c'})) << i;
        EXPECT_EQ(t.encode("xbc"), (Ids{'x', bc}));
    }
}

TEST(Bpe, BytesWithoutTokenLeaveNoTrace)
{
    Vocabulary v;
    v.add("a");
    v.add("b");
    int32_t ab = merge(&v, "a", "b");
    Opened t(v);
    EXPECT_EQ(t.encode("axb"), Ids{ab});
    EXPECT_EQ(t.encode("a" + std::string(100, 'x') + "b"), Ids{ab});
    EXPECT_EQ(t.encode("x"), Ids{});
    EXPECT_EQ(t.encode(std::string(100, 'x')), Ids{});
}

TEST(Bpe, NormalizesWhereThePatternSaysSo)
{
    Vocabulary v = bytes("qwen2");
    int32_t e_acute = merge(&v, "\xC3", "\xA9");
    Opened qwen(v);
    EXPECT_EQ(qwen.encode("e\xCC\x81"), Ids{e_acute});
    EXPECT_EQ(qwen.encode("e\xCC\x81x\xCC\xA3\xCC\x81"), qwen.encode("\xC3\xA9x\xCC\xA3\xCC\x81"));
    v.pre = "gpt-2";
    Opened gpt2(v);
    EXPECT_EQ(gpt2.encode("e\xCC\x81"), (Ids{'e', 0xCC, 0x81}));
}

} // namespace
