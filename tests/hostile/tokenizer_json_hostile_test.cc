/* SPDX-License-Identifier: MIT
 * Broken and hostile tokenizer.json files (TK01 to TK08): refused with a message that names the place, or they work.
 */
#include <gtest/gtest.h>

#include <ctime>
#include <fstream>
#include <random>
#include <sstream>

#include "gguf_builder.h"

extern "C" {
#include "tokenizer/tokenizer.h"
}

namespace
{

std::string seed(const std::string &name)
{
    std::ifstream file(LIBLLM_TEST_DATA "/tokenizer/json/" + name + ".json", std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string with(std::string text, const std::string &from, const std::string &to)
{
    size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

struct Result {
    libllm_status status;
    std::string message;
};

/* Open, and use what was accepted. All memory comes back. */
Result open(const std::string &text)
{
    gguf::CountingHost counting;
    Result result;
    {
        libllm_error error = {};
        ll_tokenizer *tokenizer = nullptr;
        result.status =
            ll_tokenizer_open_json(&counting.host, {text.data(), text.size()}, {nullptr, 0}, &tokenizer, &error);
        result.message = error.message;
        if (result.status == LIBLLM_OK) {
            ll_tokens ids;
            ll_buffer out;
            ll_tokens_init(&ids, &counting.host);
            ll_buffer_init(&out, &counting.host);
            std::string used = "the caf\xC3\xA9 12 <m> \xFF <s>\xE2\x96\x81 ab" + std::string(100, 'a');
            EXPECT_EQ(ll_tokenizer_encode(tokenizer, used.data(), used.size(),
                                          LIBLLM_TOKENIZE_PARSE_SPECIAL | LIBLLM_TOKENIZE_ADD_BOS, &ids, nullptr),
                      LIBLLM_OK);
            EXPECT_EQ(ll_tokenizer_decode(tokenizer, ids.data, ids.size, LIBLLM_DETOKENIZE_SPECIAL, &out, nullptr),
                      LIBLLM_OK);
            ll_tokens_free(&ids);
            ll_buffer_free(&out);
        }
        ll_tokenizer_close(tokenizer);
    }
    EXPECT_EQ(counting.now, 0u);
    return result;
}

void expect_refused(const std::string &text, libllm_status status, const std::string &place)
{
    Result result = open(text);
    EXPECT_EQ(result.status, status) << place;
    EXPECT_NE(result.message.find(place), std::string::npos) << result.message;
}

constexpr libllm_status malformed = LIBLLM_ERROR_JSON, unsupported = LIBLLM_ERROR_UNSUPPORTED,
                        corrupt = LIBLLM_ERROR_CORRUPT_FILE, limit = LIBLLM_ERROR_LIMIT;

TEST(TokenizerJson, SeedsAreAccepted)
{
    for (const char *name : {"bytes", "characters", "unigram", "wordpiece"}) {
        Result result = open(seed(name));
        EXPECT_EQ(result.status, LIBLLM_OK) << name << ": " << result.message;
    }
}

TEST(TokenizerJson, Merges)
{
    std::string text = seed("bytes");
    expect_refused(with(text, R"(["t","h"])", R"(["t","zz"])"), corrupt, "model.merges[0]");
    expect_refused(with(text, R"(["t","h"])", R"(["t"])"), malformed, "model.merges");
    expect_refused(with(text, R"(["t","h"])", R"("th")"), malformed, "model.merges");
    expect_refused(with(text, R"(["t","h"])", R"(5)"), malformed, "model.merges");
}

TEST(TokenizerJson, Ids)
{
    std::string text = seed("wordpiece");
    for (const char *id : {"-1", "1.5", "1e3", "01", "\"4\"", "null", "4294967296", ""})
        expect_refused(with(text, R"("the":4)", std::string(R"("the":)") + id), malformed, "model.vocab");
    expect_refused(with(text, R"("the":4)", R"("the":5)"), malformed, "two tokens have the id 5");
    expect_refused(with(text, R"("the":4)", R"("the":999999999)"), limit, "far beyond");
    expect_refused(with(text, R"("vocab":{)", R"("vocab":[)"), malformed, "");
}

/* Gemma has 6,000 of them in both files; two hundred thousand take many seconds where each is looked for among all. */
TEST(TokenizerJson, ManyAddedTokensInBothFilesTakeLinearTime)
{
    const int n = 200000;
    std::string list, decoder;
    for (int i = 0; i < n; i++) {
        const std::string token = R"({"content":"<added)" + std::to_string(i) + R"(>","special":true})";
        list += "," + token;
        decoder += (i ? ",\"" : "\"") + std::to_string(i) + "\":" + token;
    }
    std::string text = seed("bytes"), config = "{\"added_tokens_decoder\":{" + decoder + "}}";
    const size_t at = text.find(']', text.find("\"added_tokens\""));
    ASSERT_NE(at, std::string::npos);
    text.insert(at, list);
    ll_host host;
    ll_host_init(&host);
    libllm_error error = {};
    ll_tokenizer *tokenizer = nullptr;
    const clock_t before = clock();
    ASSERT_EQ(
        ll_tokenizer_open_json(&host, {text.data(), text.size()}, {config.data(), config.size()}, &tokenizer, &error),
        LIBLLM_OK)
        << error.message;
    const double seconds = (double)(clock() - before) / CLOCKS_PER_SEC;
    EXPECT_GE(ll_tokenizer_size(tokenizer), (uint32_t)n);
    EXPECT_LT(ll_tokenizer_size(tokenizer), (uint32_t)n + 1000) << "each once";
    EXPECT_LT(seconds, 6);
    ll_tokenizer_close(tokenizer);
}

TEST(TokenizerJson, AddedTokens)
{
    std::string text = seed("bytes");
    expect_refused(with(text, R"("content":"<m>")", R"("content":7)"), malformed, "added_tokens[1]");
    expect_refused(with(text, R"("content":"<m>")", R"("content":")" + std::string(1 << 20, 'x') + R"(")"), limit,
                   "added_tokens");
    EXPECT_EQ(open(with(text, R"("content":"<m>")", R"("content":"")")).status, LIBLLM_OK);
    EXPECT_EQ(open(with(text, R"("content":"<m>")", R"("content":"<|end|>")")).status, LIBLLM_OK);
}

TEST(TokenizerJson, ExpressionsThatAreNotKnown)
{
    std::string text = seed("bytes");
    for (const std::string &pattern :
         {std::string("(a+)+$"), std::string("(?<=a)b"), std::string("("), std::string(1 << 20, 'x'),
          std::string("\\\\p{Foo}"), std::string("x{1,100000}")})
        expect_refused(with(text, R"(\\p{N}{1,3})", pattern), unsupported, "pre_tokenizer");
}

TEST(TokenizerJson, ComponentsThatAreNotKnownOrTooDeep)
{
    for (const char *name : {"bytes", "characters", "unigram", "wordpiece"}) {
        std::string text = seed(name);
        for (const char *part : {"normalizer", "pre_tokenizer", "post_processor", "decoder"}) {
            std::string key = std::string("\"") + part + "\":";
            size_t at = text.find(key);
            ASSERT_NE(at, std::string::npos);
            std::string other = text;
            expect_refused(other.replace(at, key.size(), key + R"({"type":"Mystery"},"x":)"), unsupported, "Mystery");
        }
    }
    std::string text = with(seed("bytes"), R"({"type":"NFC"})", R"({"type":"NFC"},"deep":)" + std::string(100000, '['));
    expect_refused(text, limit, "nested");
    std::string nested = R"({"type":"NFC"})";
    for (int i = 0; i < 17; i++)
        nested = R"({"type":"Sequence","normalizers":[)" + nested + "]}";
    expect_refused(with(seed("bytes"), R"({"type":"NFC"})", nested), limit, "");
    std::string many = R"({"type":"Sequence","normalizers":[{"type":"NFC"})";
    for (int i = 0; i < 20; i++)
        many += R"(,{"type":"NFC"})";
    expect_refused(with(seed("bytes"), R"({"type":"NFC"})", many + "]}"), limit, "normalizer");
}

TEST(TokenizerJson, Charsmaps)
{
    auto charsmap = [](const std::string &base64) {
        return with(seed("unigram"), R"({"type":"NFKD"})",
                    R"({"type":"Precompiled","precompiled_charsmap":")" + base64 + "\"}");
    };
    expect_refused(charsmap("!!!!"), malformed, "base64");
    expect_refused(charsmap(""), corrupt, "precompiled_charsmap");
    expect_refused(charsmap("/////////////w=="), corrupt, "precompiled_charsmap");
    /* one unit that points to itself */
    EXPECT_EQ(open(charsmap("BAAAAAAAAAAA")).status, LIBLLM_OK);
    std::mt19937 random(4);
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int round = 0; round < 200; round++) {
        std::string units;
        for (int i = 0; i < 1024; i++)
            units += letters[random() % 64];
        /* 768 bytes of units and behind them a text: 768 is 00 03 00 00 in this order */
        open(charsmap("AAMAAA" + units.substr(0, 1022) + "AA"));
    }
}

TEST(TokenizerJson, Templates)
{
    std::string text = seed("wordpiece");
    expect_refused(with(text, R"({"id":"[CLS]","type_id":0})", R"({"id":"[NOT]","type_id":0})"), malformed,
                   "post_processor.single[0]");
    expect_refused(with(text, R"("ids":[1])", R"("ids":[100])"), malformed, "post_processor.single[0]");
    expect_refused(with(text, R"("ids":[1])", R"("ids":[-1])"), malformed, "post_processor.single[0]");
}

TEST(TokenizerJson, Scores)
{
    std::string text = seed("unigram");
    for (const char *score : {"NaN", "Infinity", "1e999", "-", "\"1\"", "null", "01", "1.", ".5", "1e"})
        expect_refused(with(text, "-2.5]", std::string(score) + "]"), malformed, "model.vocab");
    expect_refused(with(text, R"("unk_id":0)", R"("unk_id":99)"), malformed, "unk_id");
    expect_refused(with(text, R"("unk_id":0)", R"("unk_id":-1)"), malformed, "unk_id");
    size_t at = text.find(R"("vocab":)");
    expect_refused(text.substr(0, at) + R"("vocab":[]}})", malformed, "model.vocab");
}

TEST(TokenizerJson, Truncated)
{
    for (const char *name : {"wordpiece", "unigram"}) {
        std::string text = seed(name);
        while (!text.empty() && text.back() == '\n')
            text.pop_back();
        for (size_t n = 0; n < text.size(); n++)
            EXPECT_NE(open(text.substr(0, n)).status, LIBLLM_OK) << n;
    }
}

TEST(TokenizerJson, AnyByteMayBeAnother)
{
    std::mt19937 random(9);
    size_t accepted = 0, refused = 0;
    for (const char *name : {"bytes", "characters", "unigram", "wordpiece"}) {
        std::string text = seed(name);
        for (int round = 0; round < 1500; round++) {
            std::string changed = text;
            changed[random() % changed.size()] = "\"\\{}[]:,0 9-\0\x80\xFF"[random() % 16];
            (open(changed).status == LIBLLM_OK ? accepted : refused)++;
        }
    }
    EXPECT_GT(accepted, 500u);
    EXPECT_GT(refused, 500u);
}

} // namespace
