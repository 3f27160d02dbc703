/* SPDX-License-Identifier: MIT
 * Tokenizers of Hugging Face as keys of GGUF: what can be said makes the same tokens, what cannot is refused.
 */
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" {
#include "base/json.h"
#include "tokenizer/tokenizer.h"
}

namespace
{

const std::string data = LIBLLM_TEST_DATA "/tokenizer/";

std::string read(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

void replace(std::string *text, const std::string &from, const std::string &to)
{
    const size_t at = text->find(from);
    ASSERT_NE(at, std::string::npos) << from;
    text->replace(at, from.size(), to);
}

class Translate : public ::testing::Test
{
  protected:
    ll_host host;
    ll_gguf gguf = {};
    libllm_error error = {};

    void SetUp() override { ll_host_init(&host); }
    void TearDown() override { ll_gguf_close(&gguf); }

    libllm_status translate(const std::string &text, uint32_t n_rows = 0, const std::string &config = "")
    {
        ll_gguf_maker maker;
        ll_gguf_close(&gguf);
        ll_gguf_make(&maker, &host, &gguf);
        const libllm_status status = ll_tokenizer_translate_json(
            &host, {text.data(), text.size()}, {config.empty() ? nullptr : config.data(), config.size()}, n_rows,
            &maker, &error);
        EXPECT_FALSE(maker.failed);
        return status;
    }

    std::string text_of(const char *key) const
    {
        ll_span value = {nullptr, 0};
        ll_gguf_get_string(&gguf, key, &value, nullptr);
        return std::string(value.data ? value.data : "", value.size);
    }

    /* Of the tokenizer that the keys are. */
    std::vector<int32_t> encode(const std::string &text, uint32_t flags = 0)
    {
        ll_tokenizer *tokenizer = nullptr;
        EXPECT_EQ(LIBLLM_OK, ll_tokenizer_open(&host, &gguf, &tokenizer, &error)) << error.message;
        ll_tokens ids;
        ll_tokens_init(&ids, &host);
        if (tokenizer) {
            EXPECT_EQ(LIBLLM_OK, ll_tokenizer_encode(tokenizer, text.data(), text.size(), flags, &ids, &error));
        }
        std::vector<int32_t> result(ids.data, ids.data + ids.size);
        ll_tokens_free(&ids);
        ll_tokenizer_close(tokenizer);
        return result;
    }

    std::string token(uint64_t id) const
    {
        const ll_gguf_value *tokens = ll_gguf_find(&gguf, "tokenizer.ggml.tokens");
        ll_gguf_strings strings = {tokens->data};
        ll_span text = {nullptr, 0};
        for (uint64_t i = 0; i <= id && i < tokens->count; i++)
            text = ll_gguf_next_string(&strings);
        return std::string(text.data, text.size);
    }

    int64_t type(uint64_t id) const
    {
        return ll_gguf_element_i64(ll_gguf_find(&gguf, "tokenizer.ggml.token_type"), id);
    }
};

/* The ids are those of Hugging Face's library. */
TEST_F(Translate, WordPiece)
{
    ASSERT_EQ(LIBLLM_OK, translate(read(data + "json/wordpiece.json"))) << error.message;
    EXPECT_EQ(text_of("tokenizer.ggml.model"), "bert");
    const std::string text = read(data + "small.json");
    json_t *cases, *one;
    size_t i, n = 0;
    ASSERT_EQ(LIBLLM_OK, ll_json_parse(&host, text.data(), text.size(), &cases, &error));
    json_array_foreach (cases, i, one) {
        const json_t *ids = json_array_get(one, 2), *of = json_array_get(one, 1);
        if (std::string(json_string_value(json_array_get(one, 0))) != "wordpiece.json")
            continue;
        std::vector<int32_t> expected;
        for (size_t k = 0; k < json_array_size(ids); k++)
            expected.push_back((int32_t)json_integer_value(json_array_get(ids, k)));
        const std::string input(json_string_value(of), json_string_length(of));
        if (input.find('[') == std::string::npos) { /* names of control tokens are found only where that is allowed */
            EXPECT_EQ(encode(input, LIBLLM_TOKENIZE_ADD_BOS), expected) << input;
            n++;
        }
    }
    json_decref(cases);
    EXPECT_GT(n, 10u);
}

std::string bytes_as_gpt2()
{
    std::string text = read(data + "json/bytes.json");
    const size_t begin = text.find("{\"type\":\"Sequence\",\"pretokenizers\""), end = text.find(",\"post_processor\"");
    text.replace(begin, end - begin,
                 "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true,\"use_regex\":true}");
    replace(&text, "{\"type\":\"NFC\"}", "null");
    replace(&text, "\"ignore_merges\":true", "\"ignore_merges\":false");
    return text;
}

TEST_F(Translate, BytesGetTheNameOfTheirPattern)
{
    std::string text = bytes_as_gpt2();
    replace(&text, "\"single_word\":true,\"lstrip\":true,\"rstrip\":true,\"normalized\":true", "\"normalized\":false");
    ASSERT_EQ(LIBLLM_OK, translate(text, 300, "{\"eos_token\":\"<|end|>\",\"add_bos_token\":false}")) << error.message;
    EXPECT_EQ(text_of("tokenizer.ggml.model"), "gpt2");
    EXPECT_EQ(text_of("tokenizer.ggml.pre"), "gpt-2");
    EXPECT_EQ(encode(" the cafe the"), (std::vector<int32_t>{258, 32, 99, 97, 102, 101, 258}));
    EXPECT_EQ(encode("a<|end|>", LIBLLM_TOKENIZE_PARSE_SPECIAL), (std::vector<int32_t>{97, 260}));
    EXPECT_EQ(type(260), 3);
    EXPECT_EQ(type(261), 4);
    EXPECT_EQ(token(299), "[PAD299]"); /* a row of the embedding that no token has */
    EXPECT_EQ(type(299), 5);
    uint32_t eos = 0;
    ll_gguf_get_u32(&gguf, "tokenizer.ggml.eos_token_id", &eos, nullptr);
    EXPECT_EQ(eos, 260u);
}

/* Characters and merges, as Llama 2's. */
std::string characters(const std::string &normalizer)
{
    std::string vocabulary = "\"<unk>\":0,\"<s>\":1,\"</s>\":2";
    char entry[64];
    for (int b = 0; b < 256; b++) {
        snprintf(entry, sizeof entry, ",\"<0x%02X>\":%d", b, b + 3);
        vocabulary += entry;
    }
    const char *pieces[] = {"▁", "a", "b", "c", "ab", "▁a", "▁ab", "abc", "bc", "▁▁"};
    for (size_t i = 0; i < 10; i++)
        vocabulary += ",\"" + std::string(pieces[i]) + "\":" + std::to_string(259 + i);
    const std::string special =
        ",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false,\"special\":true}";
    return "{\"version\":\"1.0\",\"added_tokens\":[{\"id\":0,\"content\":\"<unk>\"" + special +
           ",{\"id\":1,\"content\":\"<s>\"" + special + ",{\"id\":2,\"content\":\"</s>\"" + special +
           "],\"normalizer\":" + normalizer +
           ",\"pre_tokenizer\":null,\"post_processor\":null,\"decoder\":null,\"model\":{\"type\":\"BPE\",\"unk_token\":"
           "\"<unk>\",\"fuse_unk\":true,\"byte_fallback\":true,\"vocab\":{" +
           vocabulary + "},\"merges\":[\"a b\",\"▁ a\",\"▁ ab\",\"▁a b\",\"ab c\",\"a bc\",\"b c\",\"▁ ▁\"]}}";
}

TEST_F(Translate, MergesOfCharactersBecomeScores)
{
    const std::string blanks = "{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"▁\"}";
    const std::string prefixed =
        "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Prepend\",\"prepend\":\"▁\"}," + blanks + "]}";
    for (const bool adds_blank : {false, true}) {
        ASSERT_EQ(LIBLLM_OK, translate(characters(adds_blank ? prefixed : blanks))) << error.message;
        EXPECT_EQ(text_of("tokenizer.ggml.model"), "llama");
        bool added = !adds_blank;
        ll_gguf_get_bool(&gguf, "tokenizer.ggml.add_space_prefix", &added, nullptr);
        EXPECT_EQ(added, adds_blank);
        EXPECT_EQ(encode("abcab"),
                  adds_blank ? (std::vector<int32_t>{265, 262, 263}) : (std::vector<int32_t>{266, 263}));
        EXPECT_EQ(type(0), 2);
        EXPECT_EQ(type(1), 3);
        EXPECT_EQ(type(3), 6);
        const ll_gguf_value *scores = ll_gguf_find(&gguf, "tokenizer.ggml.scores");
        EXPECT_GT(ll_gguf_element_f64(scores, 263), ll_gguf_element_f64(scores, 264));
    }
}

TEST_F(Translate, WhatGgufCannotSayIsRefused)
{
    for (const char *name : {"bytes.json", "characters.json", "unigram.json"})
        EXPECT_EQ(LIBLLM_ERROR_UNSUPPORTED, translate(read(data + "json/" + name))) << name;
    EXPECT_EQ(gguf.n_values, 0u) << "nothing of it was put";
    EXPECT_EQ(LIBLLM_ERROR_JSON, translate("{"));
}

} // namespace
