/* SPDX-License-Identifier: MIT
 * Tokenizers over small vocabularies made here: merging against a plain reference, words, added tokens, decoding, and
 * what is refused. Real vocabularies are tested in golden/tokenizer_golden_test.cc.
 */
#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "../hostile/vocabulary_builder.h"

extern "C" {
#include "base/json.h"
#include "tokenizer/internal.h"
}

using namespace vocabulary;

namespace
{

constexpr uint32_t parse_special = LIBLLM_TOKENIZE_PARSE_SPECIAL, add_bos = LIBLLM_TOKENIZE_ADD_BOS;
constexpr uint32_t with_special = LIBLLM_DETOKENIZE_SPECIAL;

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

std::string nfc(const std::string &text)
{
    ll_host host;
    ll_host_init(&host);
    ll_buffer out;
    ll_buffer_init(&out, &host);
    bool changed = ll_normalize_form({text.data(), text.size()}, LL_NORMALIZE_NFC, &out);
    std::string result = changed ? std::string(out.data, out.size) : text;
    ll_buffer_free(&out);
    return result;
}

std::string characters_of(const std::vector<uint32_t> &characters)
{
    std::string out;
    for (uint32_t c : characters)
        out += utf8(c);
    return out;
}

TEST(Normalize, FormC)
{
    using C = std::vector<uint32_t>;
    const std::pair<C, C> cases[] = {
        {{'e', 0x301}, {0xE9}},
        {{'a', 0x301, 0x323}, {0x1EA1, 0x301}}, /* marks are ordered first */
        {{0x212B}, {0xC5}},                     /* a character that stands for another one */
        {{0x958}, {0x915, 0x93C}},              /* one that must not be composed */
        {{0x1100, 0x1161, 0x11A8}, {0xAC01}},   /* Hangul */
        {{0xAC00, 0x11A8}, {0xAC01}},
        {{0xAC00, 0x11A7, 'x'}, {0xAC00, 0x11A7, 'x'}}, /* no final, though it stands in front of them */
        {{0x9C7, 0x9BE}, {0x9CB}},                      /* a mark of class 0 that combines */
        {{0x301, 'e', 0x301}, {0x301, 0xE9}},
        {{0x4E2D, 0x6587, 'x'}, {0x4E2D, 0x6587, 'x'}},
        {{'e', 0x301, 0x4E2D, 'e', 0x301}, {0xE9, 0x4E2D, 0xE9}},
    };
    for (const auto &[from, to] : cases)
        EXPECT_EQ(nfc(characters_of(from)), characters_of(to));
    std::string below, above, both;
    for (int i = 0; i < 1000; i++) {
        below += utf8(0x323);
        above += utf8(0x301);
        both += utf8(0x301) + utf8(0x323);
    }
    EXPECT_EQ(nfc("q" + both), "q" + below + above);
}

std::vector<size_t> lengths_of_words(const ll_tokenizer *tokenizer, const char *text, size_t size)
{
    static thread_local std::vector<size_t> *words;
    std::vector<size_t> lengths;
    words = &lengths;
    ll_tokens tokens = {};
    ll_encoder encoder = {};
    encoder.tokenizer = tokenizer;
    encoder.out = &tokens;
    encoder.encode_word = [](ll_encoder *, const char *, size_t n) { words->push_back(n); };
    ll_cut(&encoder, {text, size}, true);
    return lengths;
}

/* What Hugging Face `tokenizers` makes of the same texts with the published expressions. */
TEST(Patterns, CutTextIntoTheWordsOfTheReference)
{
    ll_host host;
    ll_host_init(&host);
    std::string file;
    FILE *f = fopen(LIBLLM_TEST_DATA "/tokenizer/splits.json", "rb");
    ASSERT_NE(f, nullptr);
    char chunk[4096];
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, f)) > 0;)
        file.append(chunk, n);
    fclose(f);
    json_t *cases = nullptr;
    ASSERT_EQ(ll_json_parse(&host, file.data(), file.size(), &cases, nullptr), LIBLLM_OK);
    ASSERT_GT(json_array_size(cases), 900u);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *one = json_array_get(cases, i);
        std::string name = json_string_value(json_array_get(one, 0));
        const json_t *text = json_array_get(one, 1), *lengths = json_array_get(one, 2);
        ll_tokenizer tokenizer = {};
        tokenizer.host = &host;
        ASSERT_TRUE(ll_pipeline_find({name.data(), name.size()}, &tokenizer.pipeline)) << name;
        std::vector<size_t> expected;
        for (size_t k = 0; k < json_array_size(lengths); k++)
            expected.push_back((size_t)json_integer_value(json_array_get(lengths, k)));
        const char *p = json_string_value(text);
        size_t size = json_string_length(text);
        std::vector<size_t> words = lengths_of_words(&tokenizer, p, size);
        EXPECT_EQ(words, expected) << name << " on case " << i << ": " << std::string(p, size);
    }
    json_decref(cases);
}

TEST(Unicode, ClassesOfCharacters)
{
    const std::pair<uint32_t, unsigned> cases[] = {
        {'a', LL_LETTER | LL_WORD},
        {'_', LL_PUNCTUATION | LL_WORD | LL_BERT_MARK},
        {'$', LL_SYMBOL | LL_BERT_MARK},
        {'\n', LL_OTHER | LL_SPACE | LL_WHITE | LL_BERT_BLANKS | LL_NMT_BLANKS},
        {0x85, LL_OTHER | LL_SPACE | LL_WHITE | LL_BERT_DROPS},
        {0x1C, LL_OTHER | LL_BERT_DROPS | LL_NMT_DROPS},
        {0x3000, LL_SPACE | LL_WHITE | LL_BERT_BLANKS},
        {0x200B, LL_OTHER | LL_BERT_DROPS | LL_NMT_BLANKS},
        {0x4E2D, LL_LETTER | LL_WORD},
        {0x301, LL_MARK | LL_EXTENDS | LL_WORD | LL_BERT_ACCENT | LL_ACCENT},
        {0xBD, LL_NUMBER | LL_NUMERIC},
        {0x2E43, LL_PUNCTUATION},                               /* younger than BERT's tables */
        {0x10D40, LL_NUMBER | LL_DIGIT | LL_NUMERIC | LL_WORD}, /* Unicode 16 */
        {0x11DE0, LL_OTHER | LL_NUMERIC},                       /* Unicode 17 */
    };
    for (const auto &[c, flags] : cases)
        EXPECT_EQ(ll_flags_of((int32_t)c), flags) << std::hex << c;
    EXPECT_EQ(ll_lower_case('Q'), 'q');
    EXPECT_EQ(ll_lower_case(0x130), 0x130);
    EXPECT_EQ(ll_lower_case(0x178), 0xFF);
    EXPECT_EQ(ll_lower_case(0x101), 0x101);
    EXPECT_EQ(ll_lower_case(0x100), 0x101);
    EXPECT_TRUE(ll_in_unicode9('x'));
    EXPECT_FALSE(ll_in_unicode9(0x11938));
}

Vocabulary with_added()
{
    Vocabulary v = bytes();
    v.add("<s>", CONTROL);             /* 256 */
    v.add("<|im_end|>", CONTROL);      /* 257 */
    v.add("<|im_end|>extra", CONTROL); /* 258 */
    v.add("<tag>", USER);              /* 259 */
    v.add("\n\n", USER);               /* 260 */
    v.add("\n\n\n", USER);             /* 261 */
    v.add("<|im", USER);               /* 262 */
    v.ids = {{"bos_token_id", 256}, {"eos_token_id", 257}};
    return v;
}

Ids operator+(Ids a, const Ids &b)
{
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

Ids letters(const std::string &text) { return Ids(text.begin(), text.end()); }

TEST(Added, ControlTokensOnlyWhenAskedFor)
{
    Opened t(with_added());
    EXPECT_EQ(t.encode("a<|im_end|>b", parse_special), (Ids{'a', 257, 'b'}));
    EXPECT_EQ(t.encode("a<|im_end|>b"), Ids{'a'} + Ids{262} + letters("_end|>b"));
    EXPECT_EQ(t.encode("<s>"), letters("<s>"));
    EXPECT_EQ(t.encode("<s><s>", parse_special), (Ids{256, 256}));
}

TEST(Added, ControlsByTheirSpellingOrKeyWhateverTheirType)
{
    Vocabulary v = bytes();
    int32_t end = v.add("<|im_end|>", USER), wide = v.add("<\xEF\xBD\x9CUser\xEF\xBD\x9C>", USER),
            turn = v.add("<END>", USER);
    v.ids = {{"eot_token_id", static_cast<uint32_t>(turn)}};
    Opened t(v);
    ASSERT_EQ(t.status, LIBLLM_OK) << t.error.message;
    EXPECT_EQ(t.encode("<|im_end|><END>", parse_special), (Ids{end, turn}));
    EXPECT_EQ(t.encode("<\xEF\xBD\x9CUser\xEF\xBD\x9C>", parse_special), Ids{wide});
    for (const char *text : {"<|im_end|>", "<END>", "<\xEF\xBD\x9CUser\xEF\xBD\x9C>"})
        EXPECT_EQ(t.encode(text).size(), strlen(text)) << "text of a user that ends a turn: " << text;
}

TEST(Added, UserDefinedTokensAlways)
{
    Opened t(with_added());
    for (uint32_t flags : {0u, parse_special}) {
        EXPECT_EQ(t.encode("x<tag>y", flags), (Ids{'x', 259, 'y'}));
        EXPECT_EQ(t.encode("<tag", flags), letters("<tag"));
    }
}

TEST(Added, TheFirstAndAmongThoseTheLongest)
{
    Opened t(with_added());
    EXPECT_EQ(t.encode("<|im_end|>extra", parse_special), Ids{258});
    EXPECT_EQ(t.encode("<|im_end|>extr", parse_special), Ids{257} + letters("extr"));
    EXPECT_EQ(t.encode("<|im_en", parse_special), Ids{262} + letters("_en"));
    EXPECT_EQ(t.encode("\n\n\n\n\n\n\n"), (Ids{261, 261, '\n'}));
    EXPECT_EQ(t.encode("\n\n\n\n\n"), (Ids{261, 260}));
}

TEST(Added, InPartsOnlyWhereAllowed)
{
    Opened t(with_added());
    EXPECT_EQ(t.encode_parts({{"<s>", true}, {"<s>", false}, {"<s>", true}}), Ids{256} + letters("<s>") + Ids{256});
    /* over the seam of two allowed parts, but not out of one */
    EXPECT_EQ(t.encode_parts({{"a<", true}, {"", false}, {"s>", true}}), (Ids{'a', 256}));
    EXPECT_EQ(t.encode_parts({{"<", true}, {"s>", false}}), letters("<s>"));
    EXPECT_EQ(t.encode_parts({{"<", false}, {"s>", true}}), letters("<s>"));
    EXPECT_EQ(t.encode_parts({{"<|im_end|>ex", true}, {"tra", false}}), Ids{257} + letters("extra"));
    /* user-defined ones anywhere, and words go on over seams */
    EXPECT_EQ(t.encode_parts({{"\n", true}, {"\n", false}}), Ids{260});
    EXPECT_EQ(t.encode_parts({{"<tag>", true}, {"<tag>", false}}), (Ids{259, 259}));
    /* but those that a template has as markup only where it writes them */
    EXPECT_EQ(t.encode_parts({{"<tag>", true}, {"<tag>\n\n", false}}, 0, "a<tag>\n\nb"),
              Ids{259} + letters("<tag>") + Ids{260});
    EXPECT_EQ(t.encode_parts({{"<ta", true}, {"g>", false}}, 0, "<tag>"), letters("<tag>"));
    EXPECT_EQ(t.encode_parts({}), Ids{});
    EXPECT_EQ(t.encode_parts({{"", true}}, add_bos), Ids{});
    /* a character that is cut by a seam is one character, and what is not UTF-8 moves the seams */
    EXPECT_EQ(t.encode_parts({{"\xC3", false}, {"\xA9<s>", true}}), (Ids{0xC3, 0xA9, 256}));
    EXPECT_EQ(t.encode_parts({{"\xFF", false}, {"<s>\xFF", true}, {"<s>", false}}),
              (Ids{0xEF, 0xBF, 0xBD, 256, 0xEF, 0xBF, 0xBD}) + letters("<s>"));
}

TEST(Added, OfATemplateOfAPairNotInTheTexts)
{
    Opened t(with_added());
    const auto pair = [&](const char *rank_template, const char *query, const char *document) {
        const ll_span texts[2] = {{query, strlen(query)}, {document, strlen(document)}};
        ll_tokens tokens;
        ll_tokens_init(&tokens, t.host);
        size_t n_second = 0;
        EXPECT_EQ(ll_tokenizer_encode_pair(t.tokenizer, {rank_template, strlen(rank_template)}, texts, &tokens,
                                           &n_second, nullptr),
                  LIBLLM_OK);
        Ids ids(tokens.data, tokens.data + tokens.size);
        ll_tokens_free(&tokens);
        return ids;
    };
    EXPECT_EQ(pair("<s><tag>{query}|{document}<tag>", "a<tag>", "<s>"),
              (Ids{256, 259, 'a'}) + letters("<tag>|<s>") + Ids{259});
    EXPECT_EQ(pair("{query}|{document}", "a<tag>", "b"), (Ids{'a', 259, '|', 'b'})) << "no markup of this template";
}

TEST(Added, BeginOfSequence)
{
    Vocabulary v = with_added();
    EXPECT_EQ(Opened(v).encode("a", add_bos), Ids{'a'}) << "not unless the file asks";
    v.flags["add_bos_token"] = true;
    Opened t(v);
    EXPECT_TRUE(ll_tokenizer_adds_bos(t.tokenizer));
    EXPECT_EQ(t.encode("a", add_bos), (Ids{256, 'a'}));
    EXPECT_EQ(t.encode("a"), Ids{'a'});
    EXPECT_EQ(t.encode("", add_bos), Ids{256});
    v.ids.erase("bos_token_id");
    EXPECT_FALSE(ll_tokenizer_adds_bos(Opened(v).tokenizer));
    EXPECT_TRUE(ll_tokenizer_adds_bos(Opened(spm()).tokenizer)) << "the default of score-based vocabularies";
}

TEST(Added, FillersAreNobodysText)
{
    Vocabulary v = bytes();
    v.add("[PAD256]", USER);
    v.add("[PAD999]", USER);
    Opened t(v);
    EXPECT_EQ(t.encode("[PAD256]"), letters("[PAD256]"));
    EXPECT_EQ(t.encode("[PAD999]"), Ids{257});
}

TEST(Spm, PrefixBytesAndUnknown)
{
    Vocabulary v = spm();
    int32_t blank = v.add("\xE2\x96\x81", NORMAL, -3), a = v.add("a", NORMAL, -4),
            blank_a = v.add("\xE2\x96\x81"
                            "a",
                            NORMAL, -1);
    Opened t(v);
    EXPECT_EQ(std::string(ll_tokenizer_kind(t.tokenizer)), "SPM");
    EXPECT_EQ(t.encode("a"), Ids{blank_a});
    EXPECT_EQ(t.encode(" a"), (Ids{blank, blank_a}));
    EXPECT_EQ(t.encode("aa"), (Ids{blank_a, a}));
    EXPECT_EQ(t.encode("\xE4\xB8\xAD"), (Ids{blank, 3 + 0xE4, 3 + 0xB8, 3 + 0xAD}));
    EXPECT_EQ(t.encode("b"), (Ids{blank, 3 + 'b'}));
    EXPECT_EQ(t.encode("\xE2\x96\x81"
                       "a"),
              (Ids{blank, blank_a}))
        << "a visible blank is a blank";
    EXPECT_EQ(t.encode("<0x41>").size(), 7u) << "no byte token from text";
    EXPECT_EQ(t.encode("a</s>a", parse_special), (Ids{blank_a, 2, blank_a})) << "every run of text has its blank";
    EXPECT_EQ(t.encode("</s>", parse_special), Ids{2});
    EXPECT_EQ(t.encode("a", add_bos), (Ids{1, blank_a}));
    EXPECT_EQ(t.encode(""), Ids{});

    EXPECT_EQ(t.decode({blank_a, blank_a}), "a a");
    EXPECT_EQ(t.decode({1, blank_a}), "a");
    EXPECT_EQ(t.decode({1, blank_a}, with_special), "<s> a");
    EXPECT_EQ(t.decode({3 + 0xE4, 3 + 0xB8}), "\xE4\xB8");
    EXPECT_EQ(t.piece(blank_a), " a");

    /* without byte tokens, neighbouring unknown characters are one unknown token */
    Vocabulary w;
    w.model = "llama";
    w.add("<unk>", UNKNOWN);
    w.add("a", NORMAL);
    w.add("bc", NORMAL);
    w.ids = {{"unknown_token_id", 0}};
    w.flags["add_space_prefix"] = false;
    Opened u(w);
    EXPECT_EQ(u.encode("xyazbc"), (Ids{0, 1, 0}));
    EXPECT_EQ(u.encode("x" + std::string(60, 'y') + "a"), (Ids{0, 1}));
}

/* Gemma: blanks are merged before anything else, as long as possible from the left. */
TEST(Spm, RunsOfBlanks)
{
    Vocabulary v = spm();
    v.flags["add_space_prefix"] = false;
    int32_t two = v.add("  ", USER), three = v.add("   ", USER), blank = v.add("\xE2\x96\x81"), x = v.add("x"),
            blank_x = v.add("\xE2\x96\x81x");
    Opened t(v);
    EXPECT_EQ(t.encode(" "), Ids{blank});
    EXPECT_EQ(t.encode("  x"), (Ids{two, x}));
    EXPECT_EQ(t.encode("    x"), (Ids{three, blank_x}));
    EXPECT_EQ(t.encode("     "), (Ids{three, two}));
    EXPECT_EQ(t.encode(std::string(90, ' ')), Ids(30, three));
    /* visible ones are cut out of the raw text: three of them and then a blank are not four */
    EXPECT_EQ(t.encode("\xE2\x96\x81\xE2\x96\x81\xE2\x96\x81 x"), (Ids{three, blank_x}));
    EXPECT_EQ(t.encode("\xE2\x96\x81\xE2\x96\x81 x"), (Ids{two, blank_x}));
    EXPECT_EQ(t.decode({two, x}), "  x");
}

TEST(Text, InvalidUtf8CountsAsReplacementCharacters)
{
    Opened t(bytes());
    const Ids replaced = {0xEF, 0xBF, 0xBD};
    const std::pair<std::string, Ids> cases[] = {
        {"\xFF", replaced},
        {"a\x80z", Ids{'a'} + replaced + Ids{'z'}},
        {"\xE4\xB8", replaced},
        {"\xC0\xAF", replaced + replaced},
        {"\xED\xA0\x80", replaced + replaced + replaced},
        {"\xF0\x9F\x98x", replaced + Ids{'x'}},
        {std::string("\0", 1), Ids{0}},
    };
    for (const auto &[text, ids] : cases)
        EXPECT_EQ(t.encode(text), ids) << ::testing::PrintToString(text);
    EXPECT_EQ(t.decode(t.encode("a\xFF")), "a\xEF\xBF\xBD");
}

TEST(Text, HasALimit)
{
    Opened t(bytes());
    t.own.limits.text_bytes = 10;
    EXPECT_EQ(t.encode("0123456789").size(), 10u);
    EXPECT_EQ(t.encode("0123456789a"), Ids{});
    EXPECT_EQ(t.status, LIBLLM_ERROR_LIMIT);
    EXPECT_NE(std::string(t.error.message).find("text_bytes"), std::string::npos);
    t.encode_parts({{"01234567", false}, {"890", false}});
    EXPECT_EQ(t.status, LIBLLM_ERROR_LIMIT);
    ll_text_part huge = {{"", SIZE_MAX}, false};
    ll_text_part parts[] = {huge, huge};
    ll_tokens tokens;
    ll_tokens_init(&tokens, t.host);
    EXPECT_EQ(ll_tokenizer_encode_parts(t.tokenizer, parts, 2, 0, {nullptr, 0}, &tokens, nullptr), LIBLLM_ERROR_LIMIT);
}

TEST(Decode, LeavesControlTokensOutAndChecksIds)
{
    Opened t(with_added());
    EXPECT_EQ(t.decode({256, 'a', 257, 259}), "a<tag>");
    EXPECT_EQ(t.decode({256, 'a', 257}, with_special), "<s>a<|im_end|>");
    EXPECT_EQ(t.piece(257), "");
    EXPECT_EQ(t.piece(257, with_special), "<|im_end|>");
    EXPECT_EQ(t.piece(0xC3), "\xC3") << "part of a character";
    for (int32_t id : {-1, 263, INT32_MAX, INT32_MIN}) {
        EXPECT_EQ(t.decode({'a', id}), "") << "nothing is appended on an error";
        EXPECT_EQ(t.status, LIBLLM_ERROR_OUT_OF_RANGE) << id;
        t.piece(id);
        EXPECT_EQ(t.status, LIBLLM_ERROR_OUT_OF_RANGE) << id;
    }
    EXPECT_EQ(t.decode({}), "");
    EXPECT_EQ(t.status, LIBLLM_OK);
}

TEST(Open, SpecialTokensAndEnds)
{
    Vocabulary v = with_added();
    int32_t text_end = v.add("<|endoftext|>", CONTROL), not_control = v.add("</s>", USER),
            turn = v.add("<|eot_id|>", CONTROL);
    v.ids["padding_token_id"] = 255;
    Opened t(v);
    EXPECT_EQ(ll_tokenizer_size(t.tokenizer), v.tokens.size());
    EXPECT_EQ(std::string(ll_tokenizer_kind(t.tokenizer)), "BPE");
    EXPECT_EQ(ll_tokenizer_special(t.tokenizer, LIBLLM_TOKEN_BOS), 256);
    EXPECT_EQ(ll_tokenizer_special(t.tokenizer, LIBLLM_TOKEN_EOS), 257);
    EXPECT_EQ(ll_tokenizer_special(t.tokenizer, LIBLLM_TOKEN_EOT), turn);
    EXPECT_EQ(ll_tokenizer_special(t.tokenizer, LIBLLM_TOKEN_UNKNOWN), -1);
    EXPECT_EQ(ll_tokenizer_special(t.tokenizer, LIBLLM_TOKEN_PADDING), 255);
    EXPECT_EQ(ll_tokenizer_special(t.tokenizer, (libllm_special_token)77), -1);
    for (int32_t id : {257, text_end, turn})
        EXPECT_TRUE(ll_tokenizer_ends(t.tokenizer, id)) << id;
    for (int32_t id : {256, not_control, 0, -1, INT32_MAX})
        EXPECT_FALSE(ll_tokenizer_ends(t.tokenizer, id)) << id;
    v.ids["eot_token_id"] = 'x';
    v.ids["eom_token_id"] = 'y';
    Opened u(v);
    EXPECT_EQ(ll_tokenizer_special(u.tokenizer, LIBLLM_TOKEN_EOT), 'x');
    EXPECT_TRUE(ll_tokenizer_ends(u.tokenizer, 'x') && ll_tokenizer_ends(u.tokenizer, 'y'));
    /* where messages end but answers return, the end of a message is no end */
    int32_t message = v.add("<|end|>", CONTROL);
    EXPECT_TRUE(ll_tokenizer_ends(Opened(v).tokenizer, message));
    v.add("<|return|>", CONTROL);
    EXPECT_FALSE(ll_tokenizer_ends(Opened(v).tokenizer, message));
}

TEST(Open, FilesWithoutATokenizer)
{
    gguf::Builder nothing;
    nothing.string("general.name", "x");
    Opened t(nothing.build());
    EXPECT_EQ(t.status, LIBLLM_OK);
    EXPECT_EQ(t.tokenizer, nullptr);
    ll_tokenizer_close(nullptr);
}

TEST(Open, PreTokenizerThatIsNotNamed)
{
    for (const char *pre : {"", "default"}) {
        Vocabulary v = bytes(pre);
        Opened t(v);
        ASSERT_EQ(t.status, LIBLLM_OK);
        ASSERT_EQ(t.log.size(), 1u);
        EXPECT_NE(t.log[0].find("tokenizer.ggml.pre"), std::string::npos);
    }
    Opened named(bytes());
    EXPECT_TRUE(named.log.empty());
}

TEST(Open, TheFirstOfTwoTokensWithTheSameTextCounts)
{
    Vocabulary v = bytes();
    int32_t first = merge(&v, "a", "b"), second = v.add("ab");
    v.add("ab");
    Opened t(v);
    EXPECT_EQ(t.encode("ab"), Ids{first});
    EXPECT_EQ(t.decode({second}), "ab");
    EXPECT_EQ(t.log.size(), 2u);
    EXPECT_NE(t.log[0].find("tokens[257]"), std::string::npos) << t.log[0];
}

/* Merges over characters, blanks visible, bytes for what is missing: as in gemma4, whose name others do not have. */
TEST(Open, VocabulariesOfCharactersAreKnownByTheirPreTokenizer)
{
    Vocabulary v = spm();
    v.model = "gemma4";
    for (const char *token : {"\xE2\x96\x81", "a", "b", "\n", "ab",
                              "\xE2\x96\x81"
                              "ab",
                              "\n\n"})
        v.add(token);
    v.merges = {"a b", "\xE2\x96\x81 ab", "\n \n"};
    Opened gemma(v);
    ASSERT_EQ(gemma.status, LIBLLM_OK) << gemma.error.message;
    v.model = "gpt2";
    for (const char *pre : {"granite-embed-multi-311m", "sarvam-moe"}) {
        v.pre = pre;
        Opened t(v);
        ASSERT_EQ(t.status, LIBLLM_OK) << t.error.message;
        for (const char *text : {"ab ab", "a b\n\nab\n", "  ab\xC3\xA9",
                                 "\xE2\x96\x81"
                                 "ab"}) {
            EXPECT_EQ(t.encode(text), gemma.encode(text)) << text;
            EXPECT_EQ(t.decode(t.encode(text)), gemma.decode(gemma.encode(text)));
        }
        EXPECT_EQ(t.encode("ab ab").size(), 2u);
    }
}

TEST(Open, AMergeToNothingIsLeftOut)
{
    Vocabulary v = bytes();
    v.merges = {"h e"};
    v.add("<x>", CONTROL);
    v.merges.push_back("<x >"); /* halves are tokens, the whole is a control token */
    v.tokens.push_back("<x");
    v.types.push_back(NORMAL);
    Opened t(v);
    ASSERT_EQ(t.status, LIBLLM_OK) << t.error.message;
    EXPECT_EQ(t.encode("he"), (Ids{'h', 'e'}));
    EXPECT_EQ(t.encode("<x>"), letters("<x>")) << "text never becomes a control token";
    EXPECT_EQ(t.log.size(), 2u);
}

/* A rule that U+200B becomes a blank, as a double array: a unit for each byte, then the place of the new text. */
std::string charsmap_of_a_blank()
{
    std::vector<uint32_t> units(0x1000);
    units[0] = 0x100u << 10;
    units[0x1E2] = 0x200u << 10 | 0xE2;
    units[0x362] = 0x400u << 10 | 0x80;
    units[0x7E9] = 0x800u << 10 | 0x100 | 0x8B;
    units[0xFE9] = 0x80000000u;
    uint32_t size = (uint32_t)(units.size() * 4);
    return std::string((const char *)&size, 4) + std::string((const char *)units.data(), size) + std::string(" \0", 2);
}

/* A mark behind a format character is a cluster of its own: the two were looked up together, and both dropped. */
TEST(Charsmap, AFormatCharacterTakesNoMark)
{
    ll_host host;
    ll_charsmap map;
    ll_host_init(&host);
    std::string bytes = charsmap_of_a_blank();
    ASSERT_EQ(ll_charsmap_open(&host, {bytes.data(), bytes.size()}, "test", &map, nullptr), LIBLLM_OK);
    for (auto [text, expected] : {std::pair<std::string, std::string>{"a\u200B", "a "},
                                  {"a\u200B\u0300b", "a \u0300b"},
                                  {"\u200B\u200B\u0301", "  \u0301"},
                                  {"\u200E\u0300", "\u200E\u0300"}}) {
        ll_buffer out;
        ll_buffer_init(&out, &host);
        ll_charsmap_apply(&map, {text.data(), text.size()}, &out);
        EXPECT_EQ(std::string(out.data, out.size), expected);
        ll_buffer_free(&out);
    }
    ll_charsmap_close(&host, &map);
}

TEST(Memory, EveryRequestMayFail)
{
    Vocabulary bpe = with_added();
    bpe.pre = "qwen2";
    merge(&bpe, "a", "a");
    merge(&bpe, "aa", "aa");
    Vocabulary scored = spm();
    scored.add("\xE2\x96\x81", NORMAL, -1);
    scored.add("a", NORMAL, -3);
    scored.add("aa", NORMAL, -2);
    /* long words, marks to be ordered, parts that are not UTF-8 */
    std::string text = std::string(200, 'a') + "<s>e", marks;
    for (int i = 0; i < 100; i++)
        marks += "\xCC\x81\xCC\xA3";
    for (const Vocabulary &v : {bpe, scored}) {
        std::string file = v.build();
        bool done = false;
        for (size_t n = 0; !done; n++) {
            ASSERT_LT(n, 1000u);
            gguf::CountingHost counting;
            counting.fail_at = n;
            {
                Opened t(file, &counting.host);
                libllm_status status = t.status;
                if (status == LIBLLM_OK) {
                    Ids ids = t.encode_parts({{text, true}, {marks + "\xFF", false}});
                    status = t.status;
                    if (status == LIBLLM_OK) {
                        t.decode(ids);
                        status = t.status;
                    } else {
                        EXPECT_TRUE(ids.empty());
                    }
                }
                done = counting.n_requests <= n;
                if (!done) {
                    EXPECT_EQ(status, LIBLLM_ERROR_OUT_OF_MEMORY) << n;
                }
            }
            EXPECT_EQ(counting.now, 0u) << n;
        }
    }
}

TEST(Threads, ShareATokenizer)
{
    Vocabulary v = bytes();
    for (char c = 'a'; c < 'z'; c++)
        merge(&v, std::string(1, c), std::string(1, (char)(c + 1)));
    Opened t(v);
    std::vector<std::thread> threads;
    std::vector<size_t> counts(4);
    for (size_t k = 0; k < counts.size(); k++)
        threads.emplace_back([&, k] {
            for (int i = 0; i < 200; i++) {
                ll_tokens tokens;
                ll_tokens_init(&tokens, t.host);
                std::string text = "ab bc cd de ef gh abc " + std::string(100, 'a');
                if (ll_tokenizer_encode(t.tokenizer, text.data(), text.size(), 0, &tokens, nullptr) == LIBLLM_OK)
                    counts[k] += tokens.size;
                ll_tokens_free(&tokens);
            }
        });
    for (std::thread &thread : threads)
        thread.join();
    for (size_t count : counts)
        EXPECT_EQ(count, counts[0]);
    EXPECT_GT(counts[0], 0u);
}

} // namespace
