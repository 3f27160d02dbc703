/* SPDX-License-Identifier: MIT
 * The vocabularies of the two real models against Hugging Face `tokenizers`: the same ids for every text of
 * data/tokenizer (see data/make_tokenizer_golden.py). Skipped where a model has not been fetched.
 */
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

extern "C" {
#include "base/json.h"
#include "format/gguf.h"
#include "quant/quant.h"
#include "tokenizer/tokenizer.h"
}

namespace
{

std::string models()
{
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    std::string folder = data && *data ? data : std::string(home ? home : "") + "/.local/share";
    return folder + "/libllm/models/";
}

class RealVocabulary : public ::testing::TestWithParam<const char *>
{
  protected:
    ll_host host;
    ll_gguf gguf = {};
    ll_tokenizer *tokenizer = nullptr;
    json_t *cases = nullptr;

    void SetUp() override
    {
        std::string path = models() + GetParam() + ".gguf";
        if (!std::ifstream(path).good())
            GTEST_SKIP() << path << " is not there; './dev model all' fetches it";
        ll_host_init(&host);
        libllm_error error = {};
        ASSERT_EQ(ll_gguf_open(&host, path.c_str(), LIBLLM_LOAD_MAP, ll_type_block_size, &gguf, &error), LIBLLM_OK)
            << error.message;
        ASSERT_EQ(ll_tokenizer_open(&host, &gguf, &tokenizer, &error), LIBLLM_OK) << error.message;
        std::ifstream file(std::string(LIBLLM_TEST_DATA "/tokenizer/") + GetParam() + ".json", std::ios::binary);
        std::stringstream text;
        text << file.rdbuf();
        std::string bytes = text.str();
        ASSERT_EQ(ll_json_parse(&host, bytes.data(), bytes.size(), &cases, &error), LIBLLM_OK) << error.message;
        ASSERT_GE(json_array_size(cases), 300u);
    }
    void TearDown() override
    {
        json_decref(cases);
        ll_tokenizer_close(tokenizer);
        ll_gguf_close(&gguf);
    }
};

TEST_P(RealVocabulary, HasTheIdsOfTheReferenceAndDecodesThem)
{
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *one = json_array_get(cases, i), *ids = json_array_get(one, 2);
        std::string text(json_string_value(json_array_get(one, 0)), json_string_length(json_array_get(one, 0)));
        uint32_t flags = json_integer_value(json_array_get(one, 1)) ? LIBLLM_TOKENIZE_PARSE_SPECIAL : 0;
        std::vector<int32_t> expected;
        for (size_t k = 0; k < json_array_size(ids); k++)
            expected.push_back((int32_t)json_integer_value(json_array_get(ids, k)));

        ll_tokens tokens;
        ll_tokens_init(&tokens, &host);
        ASSERT_EQ(ll_tokenizer_encode(tokenizer, text.data(), text.size(), flags, &tokens, nullptr), LIBLLM_OK);
        EXPECT_EQ(std::vector<int32_t>(tokens.data, tokens.data + tokens.size), expected)
            << "case " << i << ": " << text;
        ll_tokens_free(&tokens);

        /* Both vocabularies have a token for all that valid text is made of, but the visible blank is a blank. */
        std::string blanks = text;
        if (std::string(ll_tokenizer_kind(tokenizer)) == "SPM")
            for (size_t at; (at = blanks.find("\xE2\x96\x81")) != std::string::npos;)
                blanks.replace(at, 3, " ");
        ll_buffer out;
        ll_buffer_init(&out, &host);
        ASSERT_EQ(
            ll_tokenizer_decode(tokenizer, expected.data(), expected.size(), LIBLLM_DETOKENIZE_SPECIAL, &out, nullptr),
            LIBLLM_OK);
        EXPECT_EQ(std::string(out.data ? out.data : "", out.size), blanks) << "case " << i;
        ll_buffer_free(&out);
    }
}

TEST_P(RealVocabulary, KnowsWhatEndsAnAnswer)
{
    bool gemma = std::string(GetParam()).find("gemma") == 0;
    EXPECT_EQ(ll_tokenizer_special(tokenizer, LIBLLM_TOKEN_EOS), gemma ? 1 : 2);
    EXPECT_EQ(ll_tokenizer_special(tokenizer, LIBLLM_TOKEN_BOS), gemma ? 2 : 1);
    EXPECT_EQ(ll_tokenizer_adds_bos(tokenizer), gemma);
    EXPECT_TRUE(ll_tokenizer_ends(tokenizer, gemma ? 106 : 0)) << "<end_of_turn>, <|endoftext|>";
    EXPECT_FALSE(ll_tokenizer_ends(tokenizer, gemma ? 212 : 1)) << "</s> is a tag in Gemma";
}

/* Text of every token that plain text cannot become, as a message in a template that writes the same. */
TEST_P(RealVocabulary, MessagesHaveNoControlTokens)
{
    std::vector<std::string> controls;
    std::vector<bool> is_control(ll_tokenizer_size(tokenizer));
    for (size_t id = 0; id < is_control.size(); id++) {
        ll_buffer shown, special;
        ll_buffer_init(&shown, &host);
        ll_buffer_init(&special, &host);
        ASSERT_EQ(ll_tokenizer_piece(tokenizer, (int32_t)id, 0, &shown, nullptr), LIBLLM_OK);
        ASSERT_EQ(ll_tokenizer_piece(tokenizer, (int32_t)id, LIBLLM_DETOKENIZE_SPECIAL, &special, nullptr), LIBLLM_OK);
        is_control[id] = shown.size == 0 && special.size > 0;
        if (is_control[id])
            controls.emplace_back(special.data, special.size);
        ll_buffer_free(&shown);
        ll_buffer_free(&special);
    }
    ASSERT_GT(controls.size(), 2u);
    for (const std::string &control : controls) {
        for (const std::string &text : {control, "a" + control + control, control.substr(0, 1) + control + ">"}) {
            const ll_text_part parts[] = {{{control.data(), control.size()}, true},
                                          {{text.data(), text.size()}, false},
                                          {{control.data(), control.size()}, true}};
            ll_tokens tokens;
            ll_tokens_init(&tokens, &host);
            ASSERT_EQ(
                ll_tokenizer_encode_parts(tokenizer, parts, 3, 0, {control.data(), control.size()}, &tokens, nullptr),
                LIBLLM_OK);
            size_t n = 0;
            for (size_t i = 0; i < tokens.size; i++)
                n += is_control[(size_t)tokens.data[i]];
            EXPECT_EQ(n, 2u) << text;
            ll_tokens_free(&tokens);
        }
    }
}

std::string contents(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

/* Every component of a tokenizer.json, in small ones made for it: ids with what their templates put around a text. */
TEST(SmallTokenizers, HaveTheIdsOfTheReference)
{
    ll_host host;
    ll_host_init(&host);
    const std::string folder = LIBLLM_TEST_DATA "/tokenizer/", bytes = contents(folder + "small.json");
    json_t *cases = nullptr;
    ASSERT_EQ(ll_json_parse(&host, bytes.data(), bytes.size(), &cases, nullptr), LIBLLM_OK);
    ASSERT_GE(json_array_size(cases), 150u);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *one = json_array_get(cases, i), *ids = json_array_get(one, 2);
        std::string text(json_string_value(json_array_get(one, 1)), json_string_length(json_array_get(one, 1)));
        std::string name = json_string_value(json_array_get(one, 0)), file = contents(folder + "json/" + name);
        ll_tokenizer *tokenizer = nullptr;
        libllm_error error = {};
        ASSERT_EQ(ll_tokenizer_open_json(&host, {file.data(), file.size()}, {nullptr, 0}, &tokenizer, &error),
                  LIBLLM_OK)
            << name << ": " << error.message;
        ll_tokens tokens;
        ll_tokens_init(&tokens, &host);
        ASSERT_EQ(ll_tokenizer_encode(tokenizer, text.data(), text.size(),
                                      LIBLLM_TOKENIZE_PARSE_SPECIAL | LIBLLM_TOKENIZE_ADD_BOS, &tokens, nullptr),
                  LIBLLM_OK);
        std::vector<int32_t> expected;
        for (size_t k = 0; k < json_array_size(ids); k++)
            expected.push_back((int32_t)json_integer_value(json_array_get(ids, k)));
        EXPECT_EQ(std::vector<int32_t>(tokens.data, tokens.data + tokens.size), expected)
            << name << ", case " << i << ": " << text;
        ll_tokens_free(&tokens);
        ll_tokenizer_close(tokenizer);
    }
    json_decref(cases);
}

INSTANTIATE_TEST_SUITE_P(Models, RealVocabulary,
                         ::testing::Values("SmolLM2-135M-Instruct.Q4_1", "gemma-3-270m-q4_k_m"));

} // namespace
