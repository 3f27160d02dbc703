/* SPDX-License-Identifier: MIT
 * Tokenizers over small vocabularies made here: added tokens, bytes without text, decoding, and what is refused. Real
 * vocabularies are tested in golden/tokenizer_golden_test.cc.
 */
#include <gtest/gtest.h>

#include <thread>

#include "../hostile/vocabulary_builder.h"

extern "C" {
#include "tokenizer/internal.h"
}

using namespace vocabulary;

namespace
{

constexpr uint32_t parse_special = LIBLLM_TOKENIZE_PARSE_SPECIAL, add_bos = LIBLLM_TOKENIZE_ADD_BOS;
constexpr uint32_t with_special = LIBLLM_DETOKENIZE_SPECIAL;

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
