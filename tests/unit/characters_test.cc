/* SPDX-License-Identifier: MIT
 * What the tokenizers know of characters: kinds, lower case, composition, where texts are cut into words, and rules of
 * replacement.
 */
#include <gtest/gtest.h>

#include "../hostile/vocabulary_builder.h"

extern "C" {
#include "base/json.h"
#include "tokenizer/internal.h"
}

using namespace vocabulary;

namespace
{

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
        /* the first and the last of a run */
        {0x1FFFF, LL_OTHER},
        {0x20000, LL_LETTER | LL_WORD},
        {0x2A6DF, LL_LETTER | LL_WORD},
        {0x2A6E0, LL_OTHER},
        {0xF0000, LL_OTHER | LL_BERT_DROPS},
        {0x10FFFF, LL_OTHER},
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

} // namespace
