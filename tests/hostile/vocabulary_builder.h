/* SPDX-License-Identifier: MIT
 * GGUF files that are only a vocabulary, made in memory, and a tokenizer opened from one.
 */
#ifndef LL_TESTS_VOCABULARY_BUILDER_H
#define LL_TESTS_VOCABULARY_BUILDER_H

#include "gguf_builder.h"

extern "C" {
#include "tokenizer/tokenizer.h"
}

namespace vocabulary
{

enum Type : int32_t { NORMAL = 1, UNKNOWN = 2, CONTROL = 3, USER = 4, UNUSED = 5, BYTE = 6 };

inline std::string utf8(uint32_t c)
{
    if (c < 0x80)
        return std::string(1, (char)c);
    if (c < 0x800)
        return {(char)(0xC0 | c >> 6), (char)(0x80 | (c & 0x3F))};
    return {(char)(0xE0 | c >> 12), (char)(0x80 | (c >> 6 & 0x3F)), (char)(0x80 | (c & 0x3F))};
}

/* GPT-2's way to write bytes as characters: the printable ones of Latin-1 stay, the others follow from U+0100. */
inline std::string spelled(std::string_view bytes)
{
    std::string out;
    for (unsigned char byte : bytes) {
        uint32_t c = byte, next = 0x100;
        for (uint32_t b = 0; b < 256; b++) {
            bool stays = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
            if (b == byte && !stays)
                c = next;
            next += !stays;
        }
        out += utf8(c);
    }
    return out;
}

/* What goes into the file; has_... false leaves a key out. */
struct Vocabulary {
    std::string model = "gpt2", pre = "gpt-2";
    std::vector<std::string> tokens, merges;
    std::vector<int32_t> types;
    std::vector<float> scores;
    std::map<std::string, uint32_t> ids; /* further keys: bos_token_id and so on */
    std::map<std::string, bool> flags;

    int32_t add(const std::string &text, Type type = NORMAL, float score = 0)
    {
        tokens.push_back(text);
        types.push_back(type);
        scores.push_back(score);
        return (int32_t)tokens.size() - 1;
    }
    gguf::Builder builder() const
    {
        gguf::Builder b;
        b.string("tokenizer.ggml.model", model);
        if (!pre.empty())
            b.string("tokenizer.ggml.pre", pre);
        b.strings("tokenizer.ggml.tokens", tokens);
        if (!types.empty())
            b.array("tokenizer.ggml.token_type", LL_GGUF_I32, types.size(), gguf::values_of(types));
        if (model == "llama")
            b.array("tokenizer.ggml.scores", LL_GGUF_F32, scores.size(), gguf::values_of(scores));
        else
            b.strings("tokenizer.ggml.merges", merges);
        for (const auto &[key, id] : ids)
            b.u32("tokenizer.ggml." + key, id);
        for (const auto &[key, value] : flags)
            b.number<uint8_t>("tokenizer.ggml." + key, LL_GGUF_BOOL, value);
        return b;
    }
    std::string build() const { return builder().build(); }
};

/* All 256 bytes as tokens 0 to 255. */
inline Vocabulary bytes(const std::string &pre = "gpt-2")
{
    Vocabulary v;
    v.pre = pre;
    for (int b = 0; b < 256; b++)
        v.add(spelled(std::string(1, (char)b)));
    return v;
}

/* The token of left + right, and the merge that makes it. */
inline int32_t merge(Vocabulary *v, const std::string &left, const std::string &right)
{
    v->merges.push_back(spelled(left) + " " + spelled(right));
    return v->add(spelled(left + right));
}

/* <unk>, <s>, </s> and the 256 bytes, as in Llama 2. */
inline Vocabulary spm()
{
    Vocabulary v;
    v.model = "llama";
    v.pre = "";
    v.add("<unk>", UNKNOWN);
    v.add("<s>", CONTROL);
    v.add("</s>", CONTROL);
    for (int b = 0; b < 256; b++) {
        char text[8];
        snprintf(text, sizeof text, "<0x%02X>", b);
        v.add(text, BYTE);
    }
    v.ids = {{"bos_token_id", 1}, {"eos_token_id", 2}, {"unknown_token_id", 0}};
    return v;
}

using Ids = std::vector<int32_t>;

/* A tokenizer and the file under it. */
class Opened
{
  public:
    ll_host own;
    ll_host *host;
    std::vector<std::string> log;
    libllm_status status;
    libllm_error error = {};
    ll_tokenizer *tokenizer = nullptr;

    explicit Opened(const std::string &file, ll_host *other = nullptr) : bytes_(file.begin(), file.end())
    {
        ll_host_init(&own);
        own.log_user_data = this;
        own.log = [](void *self, libllm_log_level, const char *text, size_t n) {
            static_cast<Opened *>(self)->log.emplace_back(text, n);
        };
        host = other ? other : &own;
        status = ll_gguf_parse(host, bytes_.data(), bytes_.size(), "test.gguf", gguf::block_size, &gguf_, &error);
        if (status == LIBLLM_OK)
            status = ll_tokenizer_open(host, &gguf_, &tokenizer, &error);
    }
    explicit Opened(const Vocabulary &v) : Opened(v.build()) {}
    Opened(const Opened &) = delete;
    Opened &operator=(const Opened &) = delete;
    ~Opened()
    {
        ll_tokenizer_close(tokenizer);
        ll_gguf_close(&gguf_);
    }

    Ids encode(std::string_view text, uint32_t flags = 0)
    {
        ll_tokens tokens;
        ll_tokens_init(&tokens, host);
        status = ll_tokenizer_encode(tokenizer, text.data(), text.size(), flags, &tokens, &error);
        return take(&tokens);
    }
    Ids encode_parts(const std::vector<std::pair<std::string, bool>> &parts, uint32_t flags = 0,
                     const std::string &markup = "")
    {
        std::vector<ll_text_part> all;
        for (const auto &[text, special] : parts)
            all.push_back({{text.data(), text.size()}, special});
        ll_tokens tokens;
        ll_tokens_init(&tokens, host);
        status = ll_tokenizer_encode_parts(tokenizer, all.data(), all.size(), flags, {markup.data(), markup.size()},
                                           &tokens, &error);
        return take(&tokens);
    }
    std::string decode(const Ids &ids, uint32_t flags = 0)
    {
        ll_buffer buffer;
        ll_buffer_init(&buffer, host);
        status = ll_tokenizer_decode(tokenizer, ids.data(), ids.size(), flags, &buffer, &error);
        return take(&buffer);
    }
    std::string piece(int32_t id, uint32_t flags = 0)
    {
        ll_buffer buffer;
        ll_buffer_init(&buffer, host);
        status = ll_tokenizer_piece(tokenizer, id, flags, &buffer, &error);
        return take(&buffer);
    }

  private:
    std::vector<uint8_t> bytes_;
    ll_gguf gguf_ = {};

    static Ids take(ll_tokens *tokens)
    {
        Ids ids(tokens->data, tokens->data + tokens->size);
        ll_tokens_free(tokens);
        return ids;
    }
    static std::string take(ll_buffer *buffer)
    {
        std::string text(buffer->data ? buffer->data : "", buffer->size);
        ll_buffer_free(buffer);
        return text;
    }
};

} // namespace vocabulary

#endif
