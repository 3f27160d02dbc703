/* SPDX-License-Identifier: MIT
 * The commands that run a model: tokenize, eval, generate, embed, convert.
 */
#include "command.h"

#include <cmath>

namespace
{

using namespace cli;

TEST_F(Command, TokensComeBackAsTheText)
{
    const std::string text =
        "Hello, w\xc3\xb6rld \xe4\xbd\xa0\xe5\xa5\xbd \xf0\x9f\x99\x82\n\tint x = 1;\r\n\x01\x7f end ";
    std::string ids = output({"tokenize", "-m", plain_model, "-f", "-"}, text);
    EXPECT_EQ(ids.back(), '\n');
    EXPECT_EQ(ids.find_first_not_of("0123456789 \n"), std::string::npos);
    EXPECT_EQ(output({"tokenize", "-m", plain_model, "-p", text}), ids);
    EXPECT_EQ(output({"detokenize", "-m", plain_model, "-f", "-"}, ids), text);
    EXPECT_EQ(output({"detokenize", "-m", plain_model, "--ids", ids}), text);
    EXPECT_EQ(output({"tokenize", "-m", plain_model, "--no-map", "-p", text}), ids);
    EXPECT_EQ(output({"tokenize", "-m", plain_model, "-p", ""}), "\n");
}

TEST_F(Command, SpecialTokensAreParsedOnRequestOnly)
{
    EXPECT_EQ(output({"tokenize", "-m", plain_model, "-p", "</s>", "--special"}), "257\n");
    EXPECT_NE(output({"tokenize", "-m", plain_model, "-p", "</s>"}), "257\n");
    EXPECT_EQ(output({"detokenize", "-m", plain_model, "257", "--special"}), "</s>");
    EXPECT_EQ(output({"detokenize", "-m", plain_model, "257"}), "");
}

/* The reference of the fixture: ids in the .json, rows in the .npy behind its header. */
/* Of a model with an encoder and a decoder those of the decoder. */
TEST_F(Command, EvalWritesTheRowsOfADecoderBesideAnEncoder)
{
    const std::string model = data + "/families/t5-gated.gguf", out = folder + "/rows";
    auto reference = parse(read_file(data + "/families/t5-gated.json"));
    std::string lists[2], rows = read_file(data + "/families/t5-gated.npy");
    const char *const names[2] = {"ids", "decoder_ids"};
    for (size_t i = 0; i < 2; i++) {
        size_t index;
        json_t *id;
        json_array_foreach (json_object_get(reference.get(), names[i]), index, id)
            lists[i] += (index ? "," : "") + std::to_string(json_integer_value(id));
    }
    const size_t n_bytes = 30 * 320 * sizeof(float);
    ASSERT_GT(rows.size(), n_bytes);
    rows.erase(0, rows.size() - n_bytes);
    for (const char *batch : {"1", "7", "40"}) {
        output({"eval", "-m", model, "--ids", lists[0], "--decoder-ids", lists[1], "--logits", out, "--batch", batch});
        const std::string written = read_file(out);
        ASSERT_EQ(written.size(), n_bytes) << batch;
        for (size_t i = 0; i < n_bytes; i += sizeof(float)) {
            float a, b;
            memcpy(&a, &rows[i], sizeof a);
            memcpy(&b, &written[i], sizeof b);
            ASSERT_NEAR(a, b, 2e-4) << batch;
        }
    }
    Result result = run({"eval", "-m", model, "--ids", "1", "--logits", out});
    EXPECT_TRUE(result.code == 1 && contains(result.err, "--decoder-ids")) << result.err;
    result = run({"eval", "-m", plain_model, "--ids", "1", "--decoder-ids", "1", "--logits", out});
    EXPECT_TRUE(result.code == 1 && contains(result.err, "--decoder-ids")) << result.err;
    result = run({"generate", "-m", model, "-p", "hello", "-n", "4", "--temp", "0", "--ignore-eos", "-v"});
    EXPECT_TRUE(result.code == 0 && contains(result.err, "text: 5 tokens") &&
                contains(result.err, "generated: 4 tokens"))
        << result.err;
    write_file(folder + "/text", "some words");
    result = run({"perplexity", "-m", model, "-f", folder + "/text"});
    EXPECT_TRUE(result.code == 1 && contains(result.err, "answers a text")) << result.err;
    auto bench = parse(output({"bench", "-m", model, "-p", "16", "-n", "4", "--sequences", "2", "-r", "2", "--json"}));
    json_t *tests = json_object_get(bench.get(), "tests");
    ASSERT_EQ(json_array_size(tests), 2u);
    for (size_t i = 0; i < 2; i++)
        EXPECT_GT(json_number_value(
                      json_object_get(json_object_get(json_array_get(tests, i), "tokens_per_second"), "median")),
                  0);
    EXPECT_FALSE(json_object_get(json_array_get(tests, 0), "gflop_per_second"));
    EXPECT_TRUE(contains(output({"bench", "-m", model, "-p", "0", "-n", "2", "-r", "1"}), "\ntg2 "));
    EXPECT_TRUE(contains(run({"chat", "-m", model}).err, "cannot chat"));
}

TEST_F(Command, EvalWritesTheRowsOfTheReference)
{
    auto reference = parse(read_file(data + "/tiny/llama.json"));
    std::string ids, rows = read_file(data + "/tiny/llama.npy");
    size_t index, n_ids = json_array_size(json_object_get(reference.get(), "ids"));
    json_t *id;
    json_array_foreach (json_object_get(reference.get(), "ids"), index, id)
        ids += (index ? "," : "") + std::to_string(json_integer_value(id));
    const size_t n_bytes = n_ids * 320 * sizeof(float);
    ASSERT_GT(rows.size(), n_bytes);
    rows.erase(0, rows.size() - n_bytes);

    for (const char *batch : {"1", "7", "40"}) {
        output({"eval", "-m", plain_model, "--ids", ids, "--logits", folder + "/rows", "--batch", batch});
        std::string written = read_file(folder + "/rows");
        ASSERT_EQ(written.size(), n_bytes) << batch;
        double worst = 0;
        for (size_t i = 0; i < n_bytes; i += sizeof(float)) {
            float a, b;
            memcpy(&a, &rows[i], sizeof a);
            memcpy(&b, &written[i], sizeof b);
            worst = std::fmax(worst, std::fabs(a - b));
        }
        EXPECT_LT(worst, 5e-5) << batch;
    }
    write_file(folder + "/ids", ids);
    EXPECT_EQ(output({"eval", "-m", plain_model, "-f", folder + "/ids", "--logits", "-", "--batch", "40"}),
              read_file(folder + "/rows"));
}

/* What the commands compute with adapters is the library's; that they use them, in the amounts given, shows in bytes.
 */
TEST_F(Command, AdaptersAreUsedAndScaled)
{
    const std::string adapter = data + "/adapters/llama", copy = folder + "/a:b.gguf";
    std::filesystem::copy_file(adapter + ".gguf", copy);
    const auto with = [&](Arguments arguments, const Arguments &adapters) {
        for (const std::string &a : adapters)
            arguments.insert(arguments.end(), {"--lora", a});
        return output(arguments);
    };
    for (const Arguments &base :
         {Arguments{"eval", "-m", plain_model, "--ids", "1,2,3", "--logits", "-"},
          Arguments{"embed", "-m", plain_model, "-p", "Once"},
          Arguments{"generate", "-m", plain_model, "-p", "Once", "-n", "8", "--temp", "0"},
          Arguments{"perplexity", "-m", plain_model, "-f", data + "/text/mixed.txt", "-c", "16", "--windows", "2"}}) {
        const std::string plain = with(base, {}), adapted = with(base, {adapter});
        EXPECT_NE(plain, adapted) << base[0];
        EXPECT_EQ(adapted, with(base, {copy})) << base[0] << ": a colon in the name";
        EXPECT_EQ(plain, with(base, {adapter + ":0"})) << base[0];
        EXPECT_NE(adapted, with(base, {adapter + ":0.5", adapter + "-2:-0.75"})) << base[0];
    }
    EXPECT_EQ(run({"bench", "-m", plain_model, "-p", "4", "-n", "4", "-r", "1", "--lora", adapter}).code, 0);
    Result result = run({"eval", "-m", plain_model, "--ids", "1", "--logits", "-", "--lora", folder + "/none"});
    EXPECT_EQ(result.code, 1);
    EXPECT_TRUE(contains(result.err, folder + "/none")) << result.err;
    EXPECT_EQ(run({"eval", "-m", plain_model, "--ids", "1", "--lora", adapter}).code, 2);
}

TEST_F(Command, EmbedRanksDocuments)
{
    const std::string model = data + "/rankers/modernbert-mean";
    write_file(folder + "/documents", "one document\n\nand another\n");
    const Arguments base = {"embed", "-m", model, "--pooling", "rank", "-p", "a query"};
    const auto with = [&](const Arguments &more) {
        Arguments arguments = base;
        arguments.insert(arguments.end(), more.begin(), more.end());
        return arguments;
    };
    const std::string scores = output(with({"-f", folder + "/documents"}));
    EXPECT_EQ(std::count(scores.begin(), scores.end(), '\n'), 2);
    EXPECT_EQ(output(with({"--pair", "one document"})) + output(with({"--pair", "and another"})), scores);
    const std::string as_json = output(with({"-f", folder + "/documents", "--json"}));
    EXPECT_EQ(as_json.find("{\"labels\":[\"contradiction\",\"entailment\",\"neutral\"],\"scores\":[["), 0u) << as_json;
    EXPECT_EQ(as_json.substr(as_json.size() - 4), "]]}\n");
    EXPECT_EQ(run(with({})).code, 2);
    EXPECT_EQ(run({"embed", "-m", model, "-p", "x", "--pair", "y"}).code, 2);
    EXPECT_EQ(run({"embed", "-m", plain_model, "--pooling", "rank", "-p", "x", "--pair", "y"}).code, 1);
}

/* Its end is left out, but for the token behind every text, and the lines behind it are read, too. */
TEST_F(Command, EmbedCutsOffATextThatIsTooLong)
{
    const std::string model = data + "/rankers/bert";
    const auto words = [](size_t n) {
        std::string text;
        while (n-- > 0)
            text += "a ";
        return text;
    };
    const size_t most = 256 - 2; /* [CLS] and [SEP] */
    write_file(folder + "/texts", "one\n\n" + words(most + 50) + "\nand another\n");
    const Result result = run({"embed", "-m", model, "-f", folder + "/texts"});
    EXPECT_EQ(result.code, 0);
    EXPECT_TRUE(contains(result.err, "the text in line 3 has 306 tokens, the model takes 256: its end is left out"))
        << result.err;
    EXPECT_EQ(result.out, output({"embed", "-m", model, "-p", "one"}) +
                              output({"embed", "-m", model, "-p", words(most)}) +
                              output({"embed", "-m", model, "-p", "and another"}));
    const Result strict = run({"embed", "-m", model, "-f", folder + "/texts", "--no-truncate"});
    EXPECT_EQ(strict.code, 1);
    EXPECT_TRUE(contains(strict.err, "line 3 has 306 tokens, the model takes 256\n")) << strict.err;
}

TEST_F(Command, EvalWritesThroughALinkToWhatIsNotThereYet)
{
    std::filesystem::create_symlink(folder + "/target", folder + "/link");
    EXPECT_EQ(output({"eval", "-m", plain_model, "--ids", "1", "--logits", folder + "/link"}), "");
    EXPECT_TRUE(std::filesystem::is_symlink(folder + "/link"));
    EXPECT_EQ(std::filesystem::file_size(folder + "/target"), 320 * sizeof(float));
    std::filesystem::remove(folder + "/target");
    EXPECT_EQ(run({"eval", "-m", plain_model, "--ids", "1,320", "--batch", "1", "--logits", folder + "/link"}).code, 1);
    EXPECT_FALSE(std::filesystem::exists(folder + "/target")) << "a part of the rows";
}

TEST_F(Command, EvalLeavesNothingHalfWritten)
{
    const std::string path = folder + "/rows";
    write_file(path, "before");
    EXPECT_EQ(run({"eval", "-m", plain_model, "--ids", "1,2,320", "--batch", "1", "--logits", path}).code, 1);
    EXPECT_EQ(read_file(path), "before");
    for (const auto &entry : std::filesystem::directory_iterator(folder))
        EXPECT_NE(entry.path().filename().string().rfind("rows.", 0), 0u) << entry.path();
}

TEST_F(Command, GenerateIsRepeatable)
{
    const Arguments base = {"generate", "-m", plain_model, "-p", "Once", "-n", "20", "--ignore-eos"};
    auto with = [&](Arguments more) {
        more.insert(more.begin(), base.begin(), base.end());
        return output(more);
    };
    std::string greedy = with({"--temp", "0"});
    EXPECT_EQ(greedy.back(), '\n');
    EXPECT_GT(greedy.size(), 2u);
    EXPECT_EQ(with({"--temp", "0", "-t", "2"}), greedy);
    EXPECT_EQ(with({"--seed", "7"}), with({"--seed=7", "-t1"}));
    EXPECT_NE(with({"--seed", "7", "--temp", "1.5"}), with({"--seed", "8", "--temp", "1.5"}));
    EXPECT_NE(with({"--temp", "1.5"}), with({"--temp", "1.5"})) << "without --seed, the seed is random";

    write_file(folder + "/prompt", "Once");
    EXPECT_EQ(
        output({"generate", "-m", plain_model, "-f", folder + "/prompt", "-n", "20", "--ignore-eos", "--temp", "0"}),
        greedy);
}

/* A copy of a GGUF file in which the model recommends the likeliest token. The padding keeps the data aligned. */
void recommend_the_likeliest(const std::string &source, const std::string &copy)
{
    auto number = [](uint64_t x, size_t n_bytes) { return std::string((const char *)&x, n_bytes); };
    auto name = [&](const std::string &s) { return number(s.size(), 8) + s; };
    std::string bytes = read_file(source);
    const std::string more =
        name("general.sampling.top_k") + number(4, 4) + number(1, 4) + name("p") + number(8, 4) + name("12345");
    ASSERT_EQ(more.size(), 64u);
    uint64_t n_keys;
    memcpy(&n_keys, &bytes[16], sizeof n_keys);
    n_keys += 2;
    memcpy(&bytes[16], &n_keys, sizeof n_keys);
    write_file(copy, bytes.insert(24, more));
}

TEST_F(Command, SamplesAsTheModelRecommends)
{
    const std::string model = folder + "/a.gguf", converted = folder + "/b.gguf";
    recommend_the_likeliest(plain_model, model);
    output({"convert", model, converted});
    for (const std::string &one : {model, converted}) {
        const Arguments base = {"generate", "-m", one, "-p", "Once", "-n", "20", "--ignore-eos", "--temp", "20", "-v"};
        auto with = [&](Arguments more) {
            more.insert(more.begin(), base.begin(), base.end());
            return run(more);
        };
        const Result first = with({"--seed", "1"});
        EXPECT_TRUE(contains(first.err, "libllm: as the model recommends: top_k 1\n")) << first.err;
        EXPECT_EQ(first.out, with({"--seed", "2"}).out);
        EXPECT_EQ(first.out, with({"--temp", "0"}).out);
        const Result given = with({"--top-k", "0", "--min-p", "0", "--top-p", "1", "--seed", "1"});
        EXPECT_FALSE(contains(given.err, "recommends")) << given.err;
        EXPECT_NE(given.out, first.out);
        EXPECT_TRUE(contains(output({"info", "-m", one, "--json"}), "\"recommended_sampling\":{\"top_k\":1}"));
    }
    EXPECT_FALSE(contains(output({"info", "-m", plain_model, "--json"}), "recommended_sampling"));
}

TEST_F(Command, GenerateHeedsBiasStopAndContext)
{
    const Arguments base = {"generate", "-m", plain_model, "-p", "Once", "-n", "8", "--temp", "0"};
    auto with = [&](Arguments more) {
        more.insert(more.begin(), base.begin(), base.end());
        return run(more);
    };
    /* In the byte alphabet of GPT-2, '!' is the token 0. */
    std::string bang = output({"tokenize", "-m", plain_model, "-p", "!"});
    bang.pop_back();
    EXPECT_EQ(with({"--logit-bias", bang + "=1000"}).out, "!!!!!!!!\n");
    EXPECT_EQ(with({"--logit-bias", bang + "=1000", "--stop", "!!!"}).out, "\n");
    EXPECT_FALSE(contains(with({"--logit-bias", bang + "=-inf"}).out, "!"));
    Result full = with({"--logit-bias", bang + "=1000", "-c", "8"});
    EXPECT_EQ(full.code, 0);
    EXPECT_EQ(full.out.rfind("!!!!", 0), 0u);
    EXPECT_LT(full.out.size(), 9u);
    EXPECT_TRUE(contains(full.err, "the context of 8 tokens is full")) << full.err;
    EXPECT_TRUE(contains(with({"--seed", "42", "--verbose"}).err, "libllm: seed 42\n"));
}

TEST_F(Command, GenerateGuessesAndKeepsItsSession)
{
    const Arguments base = {"generate", "-m", plain_model, "-p", "Once upon a time", "-n", "40", "--seed", "3", "-v"};
    auto with = [&](Arguments more) {
        more.insert(more.begin(), base.begin(), base.end());
        return run(more);
    };
    const std::string plain = with({}).out;
    const Result guessed = with({"--guesses", "7"}), drafted = with({"--draft", plain_model});
    EXPECT_EQ(guessed.out, plain);
    EXPECT_EQ(drafted.out, plain);
    EXPECT_TRUE(contains(drafted.err, "libllm: guessed: ")) << drafted.err;
    EXPECT_EQ(with({"--guesses", "8"}).code, 2);
    const Result other = with({"--draft", data + "/random/llama-gqa7.gguf"});
    EXPECT_EQ(other.code, 1);
    EXPECT_TRUE(contains(other.err, "another vocabulary")) << other.err;
    EXPECT_EQ(with({"--draft", folder + "/none"}).code, 1);

    const Result first = with({"--session", folder + "/kept"}), second = with({"--session", folder + "/kept"});
    EXPECT_EQ(first.out, plain);
    EXPECT_EQ(second.out, plain);
    EXPECT_TRUE(contains(first.err, " tokens, 0 of them known")) << first.err;
    EXPECT_FALSE(contains(second.err, " tokens, 0 of them known")) << second.err;
    EXPECT_EQ(with({"--session", folder + "/kept", "--kv", "f16"}).code, 1) << "it was kept in F32";
    write_file(folder + "/kept", "no session");
    EXPECT_EQ(with({"--session", folder + "/kept"}).code, 1);
    EXPECT_EQ(read_file(folder + "/kept"), "no session") << "which is not overwritten";
}

/* A text to an importance matrix, and that with a model to a smaller one, which runs. */
TEST_F(Command, ConvertsWithAnImportanceMatrix)
{
    const std::string matrix = folder + "/a.imatrix", converted = folder + "/a.gguf";
    const std::string text(2000, 'a');
    Result collected = run({"imatrix", "-m", plain_model, "-f", "-", "-o", matrix, "-c", "64"}, text);
    ASSERT_EQ(collected.code, 0) << collected.err;
    Result made = run({"convert", plain_model, converted, "--type", "q5_0", "--imatrix", matrix, "--tensor-type",
                       "ffn_down=q8_0", "-v"});
    ASSERT_EQ(made.code, 0) << made.err;
    EXPECT_TRUE(contains(made.out, "30 tensors")) << made.out;
    EXPECT_TRUE(contains(made.err, "blk.2.ffn_down.weight: F32 to Q8_0\n")) << made.err;
    EXPECT_EQ(run({"generate", "-m", converted, "-p", "x", "-n", "2", "--temp", "0"}).code, 0);

    Result again = run({"convert", plain_model, converted, "--type", "f16"});
    EXPECT_EQ(again.code, 1);
    EXPECT_TRUE(contains(again.err, "exists already")) << again.err;
    EXPECT_EQ(run({"convert", plain_model, converted, "--type", "f16", "--force"}).code, 0);
    Result unknown = run({"convert", plain_model, folder + "/b.gguf", "--type", "q9"});
    EXPECT_EQ(unknown.code, 1);
    EXPECT_TRUE(contains(unknown.err, "Q4_K_M")) << unknown.err;
    EXPECT_EQ(run({"convert", plain_model}).code, 2);
    EXPECT_EQ(run({"imatrix", "-m", plain_model, "-f", "-"}).code, 2);

    /* Of an encoder and a decoder, both. */
    const std::string t5 = data + "/families/t5-gated.gguf";
    Result both = run({"imatrix", "-m", t5, "-f", "-", "-o", folder + "/t5.imatrix", "-c", "16"}, text);
    ASSERT_EQ(both.code, 0) << both.err;
    const std::string inside = read_file(folder + "/t5.imatrix");
    for (const char *name : {"enc.blk.0.attn_q.weight.counts", "dec.blk.0.attn_q.weight.counts",
                             "dec.blk.1.cross_attn_k.weight.counts", "dec.blk.1.ffn_down.weight.counts"})
        EXPECT_TRUE(contains(inside, name)) << name;
}

} // namespace
