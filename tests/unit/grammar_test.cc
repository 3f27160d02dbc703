/* SPDX-License-Identifier: MIT
 * Constraints: which texts regular expressions, grammars and schemas let through, masks against stepping every token of
 * the vocabulary by itself, and what is refused. With a small vocabulary made here, and that of the default model.
 */
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <random>
#include <regex>

#include "../hostile/vocabulary_builder.h"

extern "C" {
#include "chat/constrain.h"
#include "format/gguf.h"
#include "grammar/constraint.h"
#include "grammar/guide.h"
#include "quant/quant.h"
}

namespace
{

/* The 256 bytes, and pieces as JSON and words have them. */
vocabulary::Vocabulary small_vocabulary()
{
    vocabulary::Vocabulary v = vocabulary::bytes();
    for (const char *text :
         {"{\"", "\":", "\",", ": \"", "true", "false", "null", "name",     "age",  "ab",       "abc", "bc", "12",
          "123", "}}",  "]}",  "  ",   "\n  ", "é",     "日",   "\xE6\x97", "aaaa", "aaaaaaaa", "yes", "no"}) {
        std::string left;
        for (char c : std::string(text)) {
            if (!left.empty())
                vocabulary::merge(&v, left, std::string(1, c));
            left += c;
        }
    }
    v.ids["eos_token_id"] = (uint32_t)v.add("<end>", vocabulary::CONTROL);
    return v;
}

class Vocabulary
{
  public:
    ll_host host;
    ll_gguf gguf = {};
    ll_tokenizer *tokenizer = nullptr;
    ll_trie *trie = nullptr;

    explicit Vocabulary(const std::string &path)
    {
        libllm_error error = {};
        ll_host_init(&host);
        EXPECT_EQ(ll_gguf_open(&host, path.c_str(), LIBLLM_LOAD_READ, ll_type_block_size, &gguf, &error), LIBLLM_OK)
            << error.message;
        EXPECT_EQ(ll_tokenizer_open(&host, &gguf, &tokenizer, &error), LIBLLM_OK) << error.message;
        EXPECT_EQ(ll_trie_create(&host, tokenizer, &trie, &error), LIBLLM_OK) << error.message;
    }
    ~Vocabulary()
    {
        ll_trie_free(trie);
        ll_tokenizer_close(tokenizer);
        ll_gguf_close(&gguf);
    }
    Vocabulary(const Vocabulary &) = delete;
    Vocabulary &operator=(const Vocabulary &) = delete;
    std::string piece(int32_t token) const
    {
        ll_buffer buffer;
        ll_buffer_init(&buffer, &host);
        EXPECT_EQ(ll_tokenizer_piece(tokenizer, token, 0, &buffer, nullptr), LIBLLM_OK);
        std::string text(buffer.data ? buffer.data : "", buffer.size);
        ll_buffer_free(&buffer);
        return text;
    }
};

Vocabulary &small()
{
    static Vocabulary *made = [] {
        const std::string path = ::testing::TempDir() + "grammar_test.gguf";
        std::ofstream(path, std::ios::binary) << small_vocabulary().build();
        return new Vocabulary(path);
    }();
    return *made;
}

std::string real_path()
{
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    std::string folder = data && *data ? data : std::string(home ? home : "") + "/.local/share";
    return folder + "/libllm/models/SmolLM2-135M-Instruct.Q4_1.gguf";
}

constexpr libllm_constraint_kind regex = LIBLLM_CONSTRAINT_REGEX, choice = LIBLLM_CONSTRAINT_CHOICE,
                                 gbnf = LIBLLM_CONSTRAINT_GBNF, schema = LIBLLM_CONSTRAINT_JSON_SCHEMA;

class Constraint
{
  public:
    Vocabulary &vocabulary;
    ll_grammar *grammar = nullptr;
    libllm_error error = {};
    libllm_status status;

    Constraint(libllm_constraint_kind kind, const std::string &text, Vocabulary &v = small()) : vocabulary(v)
    {
        status = ll_constraint_compile(&v.host, v.trie, kind, {text.data(), text.size()}, &grammar, &error);
        EXPECT_EQ(grammar != nullptr, status == LIBLLM_OK);
    }
    ~Constraint() { ll_grammar_free(grammar); }
    Constraint(const Constraint &) = delete;
    Constraint &operator=(const Constraint &) = delete;

    /* How far a text gets, and whether it may end there. */
    bool walk(const std::string &text, bool *ends) const
    {
        ll_matcher m;
        EXPECT_TRUE(ll_matcher_init(&m, &vocabulary.host, ll_grammar_automaton(grammar)));
        ll_matcher_begin(&m);
        size_t from = 0, n = m.n_items;
        for (size_t i = 0; i < text.size() && n; i++) {
            ll_matcher_step(&m, from, n, (uint8_t)text[i]);
            from += n;
            n = m.n_items - from;
        }
        *ends = ll_matcher_ends(&m, from, n);
        ll_matcher_free(&m);
        return n > 0;
    }
    bool matches(const std::string &text) const
    {
        if (status) {
            ADD_FAILURE() << error.message;
            return false;
        }
        bool ends;
        walk(text, &ends);
        return ends;
    }
};

class Text
{
  public:
    const Constraint &constraint;
    ll_guide *guide = nullptr;
    ll_next next = {};
    std::string bytes;

    explicit Text(const Constraint &c) : constraint(c)
    {
        EXPECT_EQ(ll_guide_create(&c.vocabulary.host, c.grammar, &guide, nullptr), LIBLLM_OK);
    }
    ~Text() { ll_guide_free(guide); }
    Text(const Text &) = delete;
    Text &operator=(const Text &) = delete;

    libllm_status look(libllm_error *error = nullptr) { return ll_guide_next(guide, &next, error); }
    bool allows(int32_t token) const { return next.bits[token / 32] >> token % 32 & 1; }
    void accept(int32_t token)
    {
        ASSERT_EQ(ll_guide_accept(guide, token, nullptr), LIBLLM_OK);
        bytes += constraint.vocabulary.piece(token);
    }
    /* A token that is allowed, by chance; -1: none. */
    int32_t draw(std::mt19937 *random) const
    {
        std::vector<int32_t> all;
        for (size_t i = 0; i < ll_tokenizer_size(constraint.vocabulary.tokenizer); i++)
            if (allows((int32_t)i))
                all.push_back((int32_t)i);
        EXPECT_EQ(std::min<size_t>(all.size(), 2), next.n);
        return all.empty() ? -1 : all[(*random)() % all.size()];
    }
};

/* Follow texts by chance; at each place the mask is what stepping every token by itself gives. */
void check_masks(const Constraint &c, unsigned seed, int n_texts, int n_tokens, int every = 1)
{
    ASSERT_EQ(c.status, LIBLLM_OK) << c.error.message;
    std::mt19937 random(seed);
    const Vocabulary &v = c.vocabulary;
    std::vector<std::string> pieces;
    for (size_t i = 0; i < ll_tokenizer_size(v.tokenizer); i++)
        pieces.push_back(ll_tokenizer_ends(v.tokenizer, (int32_t)i) ? "" : v.piece((int32_t)i));
    for (int t = 0; t < n_texts; t++) {
        Text text(c);
        for (int k = 0; k < n_tokens; k++) {
            ASSERT_EQ(text.look(), LIBLLM_OK);
            bool ends;
            c.walk(text.bytes, &ends);
            EXPECT_EQ(ends, text.next.complete) << text.bytes;
            if (k % every == 0)
                for (size_t i = 0; i < pieces.size(); i++) {
                    bool unused, good = !pieces[i].empty() && c.walk(text.bytes + pieces[i], &unused);
                    ASSERT_EQ(good, text.allows((int32_t)i)) << "'" << text.bytes << "' + '" << pieces[i] << "'";
                }
            const int32_t token = text.draw(&random);
            if (token < 0)
                break;
            text.accept(token);
        }
    }
}

void expect_error(libllm_constraint_kind kind, const std::string &text, libllm_status status, const std::string &part)
{
    Constraint c(kind, text);
    EXPECT_EQ(c.status, status) << text.substr(0, 100) << ": " << c.error.message;
    EXPECT_NE(std::string(c.error.message).find(part), std::string::npos) << c.error.message;
}

/* Regular expressions --------------------------------------------------------------------------------------- */

TEST(Regex, LetsThroughWhatTheStandardLibraryMatches)
{
    const char *expressions[] = {
        "a",
        "abc",
        "a|b|cab",
        "(ab|a)(bc|c)?",
        "a*b+c?",
        "[ab]{2,3}c",
        "(a|b)*abb",
        "[^a]*",
        "(?:a{2}){3}",
        "a{0,2}b{3,}",
        "\\d+",
        "[a-c1-3]+",
        "()a",
        "(|a)b",
        "a??b*?c+?",
        "(a*)*b",
        "((a|b){1,2}c)*",
        "\\w\\W?\\d?",
        "[\\d\\-a]+",
        "(a?){5}b",
        "^abc$",
        "^(a|b)$",
        "(a{20,40}b)+",
        "(?:ab?){30,}",
        "[a-b]{100,200}c",
        "(abc){33,}|a*",
        "a{3}|a{7}",
    };
    std::mt19937 random(1);
    for (const char *expression : expressions) {
        Constraint c(regex, expression);
        const std::regex standard(expression);
        int n_matches = 0;
        for (int i = 0; i < 3000; i++) {
            std::string text;
            const size_t size = random() % (i % 10 == 0 && strchr(expression, '0') ? 130 : 8);
            const std::string letters = i % 3 ? "ab" : "abc12-";
            for (size_t k = 0; k < size; k++)
                text += i % 7 == 0 && k ? text[0] : letters[random() % letters.size()];
            const bool match = std::regex_match(text, standard);
            n_matches += match;
            ASSERT_EQ(c.matches(text), match) << expression << " on '" << text << "'";
        }
    }
}

TEST(Regex, KnowsCharactersNotBytes)
{
    Constraint one(regex, ".");
    for (const char *text : {"a", "é", "日", "😀", "\t"})
        EXPECT_TRUE(one.matches(text)) << text;
    for (const char *text : {"", "\n", "ab", "\xC3", "\xED\xA0\x80", "\xC0\x80", "\xF4\x90\x80\x80"})
        EXPECT_FALSE(one.matches(text));
    Constraint range(regex, "[à-ü]+|\\u{1F600}|\\u65e5|\\x41|\\ud83d\\ude01");
    for (const char *text : {"éè", "😀", "日", "A", "😁"})
        EXPECT_TRUE(range.matches(text)) << text;
    EXPECT_FALSE(range.matches("a"));
    EXPECT_TRUE(Constraint(regex, "[^\\s\\d]").matches("é"));
    EXPECT_FALSE(Constraint(regex, "[^\\s\\d]").matches("\xE2\x80\x83")); /* a blank beyond ASCII */
}

TEST(Regex, SaysWhereItIsWrong)
{
    const std::pair<const char *, const char *> wrong[] = {
        {"a(b", "byte 2"},   {"ab)", "byte 2"},  {"*a", "byte 0"},           {"a**", "byte 2"},  {"a{2,1}", "byte 6"},
        {"[b-a]", "byte 4"}, {"[abc", "byte 0"}, {"a{", "byte 2"},           {"a\\", "byte 2"},  {"\\xg", "byte 2"},
        {"(?x)", "byte 1"},  {"^*", "byte 2"},   {"\\u{110000}", "byte 10"}, {"a{x}", "byte 2"}, {"+", "byte 0"},
    };
    for (const auto &[text, part] : wrong) {
        Constraint c(regex, text);
        EXPECT_LT(c.status, 0) << text;
        EXPECT_NE(std::string(c.error.message).find(part), std::string::npos) << text << ": " << c.error.message;
    }
    for (const char *text : {"(?=a)b", "a(?!b)", "(?<=a)b", "(a)\\1", "a\\b", "\\p{L}"})
        expect_error(regex, text, LIBLLM_ERROR_UNSUPPORTED, "byte");
    expect_error(regex, "a^b", LIBLLM_ERROR_CONSTRAINT, "no text");
    expect_error(regex, "[^\\s\\S]", LIBLLM_ERROR_CONSTRAINT, "no text");
    expect_error(regex, std::string("a\xFF", 2), LIBLLM_ERROR_CONSTRAINT, "UTF-8 at byte 1");
}

TEST(Regex, IsBounded)
{
    expect_error(regex, std::string(60000, '('), LIBLLM_ERROR_LIMIT, "nested");
    expect_error(regex, "a{1000000000}", LIBLLM_ERROR_LIMIT, "repetitions");
    expect_error(regex, std::string(2 << 20, 'a'), LIBLLM_ERROR_LIMIT, "bytes");
    expect_error(regex, std::string("(a|b)*a") + std::string(30, '.') + "c", LIBLLM_ERROR_LIMIT, "too large");
    EXPECT_TRUE(Constraint(regex, "((a{2000}){2000}){2}").status == LIBLLM_OK);
    Constraint counted(regex, "a{1000000}b");
    EXPECT_FALSE(counted.matches(std::string(999999, 'a') + "b"));
    EXPECT_TRUE(counted.matches(std::string(1000000, 'a') + "b"));
}

TEST(Choice, IsOneOfItsTexts)
{
    Constraint c(choice, "[\"yes\", \"no\", \"n\\u00f6\", \"yes, but\"]");
    for (const char *text : {"yes", "no", "nö", "yes, but"})
        EXPECT_TRUE(c.matches(text));
    for (const char *text : {"", "y", "yes,", "noyes"})
        EXPECT_FALSE(c.matches(text));
    check_masks(c, 1, 20, 20);
    expect_error(choice, "[]", LIBLLM_ERROR_CONSTRAINT, "array");
    expect_error(choice, "[\"a\", 1]", LIBLLM_ERROR_CONSTRAINT, "item 1");
    expect_error(choice, "[\"a\"", LIBLLM_ERROR_JSON, "");
}

/* Grammars -------------------------------------------------------------------------------------------------- */

TEST(Gbnf, LetsThroughWhatItsRulesSay)
{
    Constraint c(gbnf, "# arithmetic\nroot ::= expr (\"=\" # sum\n expr)?\n"
                       "expr ::= term ([-+] term)*\nterm ::=\n num |\n \"(\" expr \")\"\nnum ::= [0-9]{1,3}\n");
    for (const char *text : {"1", "1+2", "(1-(2))=3", "((((1))))", "999"})
        EXPECT_TRUE(c.matches(text)) << text;
    for (const char *text : {"", "+1", "1+", "(1", "1)", "1000", "1=2=3"})
        EXPECT_FALSE(c.matches(text)) << text;
    Constraint letters(gbnf, "root ::= \"\\x41\\u00e9\\U0001F600\\n\\\"\" [^a-y\\]] . [ab-]? x-1\nx-1 ::= \"z\"{,2}");
    EXPECT_TRUE(letters.matches("Aé😀\n\"z日-zz"));
    EXPECT_FALSE(letters.matches("Aé😀\n\"]日"));
    Constraint nested(gbnf, "root ::= \"[\" (root (\",\" root)*)? \"]\"");
    EXPECT_TRUE(nested.matches("[[],[[],[]]]"));
    EXPECT_FALSE(nested.matches("[[],[[],[]]"));
    EXPECT_TRUE(nested.matches(std::string(20000, '[') + std::string(20000, ']')));
    EXPECT_TRUE(Constraint(gbnf, "root ::= ((\"a\"*)*)* \"b\"").matches("aaab"));
    EXPECT_TRUE(Constraint(gbnf, "root ::= (\"a\"? \"b\"?)*").matches("abba"));
    Constraint repeated(gbnf, "root ::= (w \",\"){2,50} w\nw ::= [a-z] [a-z] | \"x\"{30}");
    EXPECT_TRUE(repeated.matches("ab,cd,xx"));
    EXPECT_FALSE(repeated.matches("ab,cd"));
    EXPECT_TRUE(repeated.matches("ab,cd," + std::string(30, 'x')));
}

TEST(Gbnf, HasTheMasksThatItsTokensHave)
{
    check_masks(Constraint(gbnf, "root ::= \"{\" ws pair (\",\" ws pair)* \"}\"\nws ::= [ \\n]*\n"
                                 "pair ::= \"\\\"\" [a-z]+ \"\\\":\" ws (\"true\" | [0-9]{1,4} | root)"),
                1, 10, 40);
    check_masks(Constraint(gbnf, "root ::= (\"a\" | \"ab\" | \"abc\" | \"bc\"){3,90}"), 2, 5, 60);
    check_masks(Constraint(gbnf, "root ::= s\ns ::= \"a\" s \"a\" | \"a\" s | \"b\""), 3, 5, 20); /* ambiguous */
    check_masks(Constraint(gbnf, "root ::= x{5,100} y\nx ::= [a-b] | \"é\"\ny ::= \"日\" . "), 4, 10, 30);
}

TEST(Gbnf, SaysWhereItIsWrong)
{
    const std::pair<const char *, const char *> wrong[] = {
        {"", "no rule \"root\""},
        {"# only this", "no rule \"root\""},
        {"a ::= \"b\"", "no rule \"root\""},
        {"root ::= \"a\"\nroot ::= \"b\"", "line 2, column 1: a second definition of rule root"},
        {"root ::= \"a\"\n  b c", "line 2, column 5: '::=' is expected"},
        {"root ::= a b\nb ::= \"c\"", "line 1, column 10: there is no rule a"},
        {"root ::= \"abc", "line 1, column 10: a literal"},
        {"root ::= [z-a]", "line 1, column 14: a range"},
        {"root ::= [ab", "line 1, column 10: '['"},
        {"root ::= (\"a\"", "line 1, column 10: '('"},
        {"root ::= \"a\")", "line 1, column 13"},
        {"root ::= \"\\q\"", "line 1, column 12: an escape"},
        {"root ::= \"\\U00110000\"", "no such character"},
        {"root ::= \"a\"{2,1}", "most is less"},
        {"root ::= \"a\"{", "a number is expected"},
        {"root ::= [^\\x00-\\U0010FFFF]", "no text"},
        {"root ::= root \"a\" | \"a\"", "rule 'root' begins with itself"},
        {"root ::= a\na ::= b \"x\" | \"y\"\nb ::= c\nc ::= a", "begins with itself"},
        {"root ::= \"a\" root", "no text"},
    };
    for (const auto &[text, part] : wrong)
        expect_error(gbnf, text, LIBLLM_ERROR_CONSTRAINT, part);
    expect_error(gbnf, "root ::= <[12]>", LIBLLM_ERROR_UNSUPPORTED, "tokens");
}

TEST(Gbnf, IsBounded)
{
    expect_error(gbnf, "root ::= " + std::string(60000, '('), LIBLLM_ERROR_LIMIT, "nested");
    expect_error(gbnf, "root ::= \"a\"{1000000000}", LIBLLM_ERROR_LIMIT, "repetitions");
    EXPECT_EQ(Constraint(gbnf, "root ::= (\"a\"{2000}){2000}").status, LIBLLM_OK);
    std::string chain;
    for (int i = 0; i < 5000; i++)
        chain += (i ? "r" + std::to_string(i) : "root") + " ::= r" + std::to_string(i + 1) + " \"x\"?\n";
    EXPECT_EQ(Constraint(gbnf, chain + "r5000 ::= \"a\"").status, LIBLLM_OK);
}

/* What can be read in ever more ways ends in an error, not in ever longer waits. */
TEST(Gbnf, GivesUpOnTextsThatAreTooAmbiguous)
{
    Constraint c(gbnf, "root ::= s\ns ::= (\"a\" s? | \"a\" s? \"a\" | \"aa\")+");
    ASSERT_EQ(c.status, LIBLLM_OK) << c.error.message;
    Text text(c);
    libllm_status status = LIBLLM_OK;
    for (int i = 0; i < 10000 && !status; i++) {
        status = text.look();
        if (!status)
            status = ll_guide_accept(text.guide, 'a', nullptr);
    }
    EXPECT_EQ(status, LIBLLM_ERROR_LIMIT);
}

/* Schemas: which texts are drawn under them is judged by golden/check_constraints.py. --------------------------- */

TEST(Schema, LetsThroughWhatIsValid)
{
    struct {
        const char *schema;
        std::vector<const char *> good, bad;
    } const cases[] = {
        {"{}",
         {"null", "[1, {\"a\": \"\\u00e9\"}]", "-1.5e10", "{}", "[]"},
         {"", "nul", "[1,]", "01", "\"\\x\"", "{\"a\"}", "\"\n\""}},
        {R"({"type":"integer","minimum":-3,"exclusiveMaximum":12})",
         {"-3", "0", "11", "9"},
         {"-4", "12", "011", "1.0", "-0"}},
        {R"({"type":"number","exclusiveMinimum":0.25,"maximum":10.5})",
         {"0.26", "10.5", "1", "0.2501", "3.75"},
         {"0.25", "0.250", "10.51", "0", "11", "1e0", "0.2"}},
        {R"({"type":"number","minimum":-1.5,"maximum":-0.5})", {"-1.5", "-0.5", "-1"}, {"-1.51", "-0.49", "1", "-2"}},
        {R"({"type":"integer","multipleOf":15,"minimum":1})", {"15", "30", "1500"}, {"0", "16", "-15"}},
        {R"({"type":"string","minLength":2,"maxLength":3})",
         {"\"ab\"", "\"\\u00e9é\"", "\"日本語\""},
         {"\"a\"", "\"abcd\""}},
        {R"({"type":"string","pattern":"^a[\"\\n]$"})", {"\"a\\\"\"", "\"a\\n\""}, {"\"a\"\"", "\"a\"", "\"ab\""}},
        {R"({"type":"string","pattern":"b","maxLength":3})",
         {"\"b\"", "\"abc\""},
         {"\"ac\"", "\"aabc\"", "\"\\u0062\""}},
        {R"({"type":"string","format":"date"})", {"\"2026-02-28\""}, {"\"2026-02-30\"", "\"26-02-28\""}},
        {R"({"enum":["a","abc","日本",1],"minLength":2,"maxLength":2})", {"\"日本\"", "1"}, {"\"a\"", "\"abc\""}},
        {R"({"type":"array","items":{"type":"null"},"additionalItems":false})", {"[null,null]"}, {"[1]"}},
        {R"({"enum":["a",1,null,{"b":[2]}]})", {"\"a\"", "1", "null", "{\"b\":[2]}"}, {"\"b\"", "2", "true"}},
        {R"({"type":"array","prefixItems":[{"type":"null"}],"items":{"type":"boolean"},"minItems":1,"maxItems":3})",
         {"[null]", "[null, true]", "[null,true ,false]"},
         {"[]", "[true]", "[null,null]", "[null,true,true,true]"}},
        {R"({"properties":{"a":{"type":"integer"},"b":{}},"required":["b"],"additionalProperties":false,"type":"object"})",
         {"{\"b\":1}", "{\"a\":1,\"b\":{}}", "{ \"a\": 1, \"b\": null }"},
         {"{}", "{\"a\":1}", "{\"a\":\"\",\"b\":1}", "{\"b\":1,\"c\":1}"}},
        {R"({"type":"object","properties":{"a":{"type":"integer"}},"additionalProperties":{"type":"null"}})",
         {"{\"a\":1,\"b\":null,\"aa\":null}", "{}", "{\"b\":null}"},
         {"{\"a\":null}", "{\"b\":1}", "{\"\\u0061\":null}", "{\"b\":null,\"a\":null}"}},
        {R"({"type":"object","patternProperties":{"^x":{"type":"integer"}},"additionalProperties":false})",
         {"{\"x\":1,\"xy\":2}", "{}"},
         {"{\"y\":1}", "{\"x\":null}"}},
        {R"({"type":"object","properties":{"a":{},"b":{},"c":{}},"additionalProperties":false,"minProperties":2,"maxProperties":2})",
         {"{\"a\":1,\"c\":1}", "{\"b\":1,\"c\":1}"},
         {"{\"a\":1}", "{\"a\":1,\"b\":1,\"c\":1}"}},
        {R"({"$ref":"#/$defs/n","$defs":{"n":{"type":"array","items":{"$ref":"#/$defs/n"}}}})",
         {"[[],[[]]]"},
         {"[1]", "[[]"}},
        {R"({"allOf":[{"type":["integer","string"]},{"type":["integer","null"]},{"maximum":5}]})",
         {"5"},
         {"6", "null", "\"\""}},
        {R"({"oneOf":[{"type":"object","required":["k"],"properties":{"k":{"const":1}}},
                       {"type":"object","required":["k"],"properties":{"k":{"const":2},"v":{"type":"null"}}}]})",
         {"{\"k\":1}", "{\"k\":2,\"v\":null}", "{\"k\":1,\"v\":3}"},
         {"{\"k\":3}", "{\"k\":2,\"v\":3}", "{}"}},
        /* as pydantic has it: what tells them apart has a default, so that nothing is required */
        {R"({"oneOf":[{"$ref":"#/$defs/cat"},{"$ref":"#/$defs/dog"}],"discriminator":{"propertyName":"kind","mapping":{}},
             "$defs":{"cat":{"type":"object","properties":{"kind":{"const":"cat","default":"cat"},"lives":{"type":"integer"}}},
                      "dog":{"type":"object","properties":{"kind":{"const":"dog","default":"dog"}},"additionalProperties":false}}})",
         {R"({"kind":"cat"})", R"({"kind":"cat","lives":9})", R"({"kind":"dog"})"},
         {"{}", R"({"lives":9})", R"({"kind":"dog","lives":9})", R"({"kind":"cow"})"}},
        {R"({"type":"number","multipleOf":0.01,"minimum":-1})",
         {"0.25", "12", "0.1", "1.50", "-0.07", "-1"},
         {"0.001", "0.125", "1.", "-1.01", ".5"}},
        {R"({"type":"number","multipleOf":0.25,"maximum":3})",
         {"0.25", "0.5", "0.50", "1.75", "2", "2.0", "3"},
         {"0.3", "0.05", "0.2", "3.25", "1.251"}},
        {R"({"type":"integer","multipleOf":2.5})", {"5", "10", "-5"}, {"2", "2.5", "7"}},
        {R"({"type":"object","propertyNames":{"type":"string","description":"any"},"additionalProperties":{"type":"null"}})",
         {"{}", R"({"a":null,"b c":null})"},
         {R"({"a":1})"}},
        {R"({"type":"object","propertyNames":{"enum":["abx","b","é\""]},"properties":{"aby":{},"b":{"type":"null"}},
             "additionalProperties":{"type":"integer"}})",
         {"{}", R"({"b":null,"abx":1})", "{\"é\\\"\":2}"},
         {R"({"aby":1})", R"({"c":1})", R"({"b":1})", R"({"abx":null})", R"({"ab":1})"}},
        {R"({"type":"object","propertyNames":{"$ref":"#/$defs/n"},"$defs":{"n":{"pattern":"^[a-z]+$","maxLength":3}}})",
         {R"({"abc":1})"},
         {R"({"abcd":1})", R"({"A":1})", R"({"":1})"}},
        {R"({"type":"array","uniqueItems":true,"items":{"enum":["a","b",3,"b"]},"minItems":1})",
         {R"(["a"])", R"([3,"a"])", R"(["b", "a" ,3])"},
         {"[]", R"(["a","a"])", R"(["a",3,"a"])", R"(["c"])", R"(["b","a",3,"b"])", R"(["a",])"}},
        {R"({"type":"array","uniqueItems":true,"items":{"$ref":"#/$defs/e"},"minItems":2,"maxItems":2,
             "$defs":{"e":{"enum":["x","y","z"]}}})",
         {R"(["z","x"])"},
         {R"(["x"])", R"(["x","y","z"])", R"(["x","x"])"}},
        {R"({"type":"string","format":"uri-reference"})",
         {R"("a/b?c=d#e")", R"("https://x.org/a")", R"("/a")"},
         {R"("a b")", R"("{x}")"}},
        {R"({"type":"string","format":"json-pointer"})", {R"("")", R"("/a~1b/0")"}, {R"("a")", R"("/~2")"}},
        {R"({"type":"string","format":"regex"})",
         {R"("^[a-z0-9]+(a|b)*\\d{2}$")", R"("abc")"},
         {R"("*a")", R"("(")", R"("[z-a]")", R"("a**")"}},
    };
    for (const auto &c : cases) {
        Constraint constraint(schema, c.schema);
        for (const char *text : c.good)
            EXPECT_TRUE(constraint.matches(text)) << c.schema << ": " << text;
        for (const char *text : c.bad)
            EXPECT_FALSE(constraint.matches(text)) << c.schema << ": " << text;
    }
}

TEST(Schema, HasTheMasksThatItsTokensHave)
{
    check_masks(Constraint(schema, R"({"type":"object","properties":{"name":{"type":"string","maxLength":6},
        "age":{"type":"integer","minimum":3,"maximum":150},"next":{"$ref":"#"},"tags":{"type":"array","items":{"enum":
        ["ab","abc",true,null]},"maxItems":30}},"required":["name"],"additionalProperties":{"type":"number"}})"),
                1, 10, 60);
    check_masks(Constraint(schema, "{}"), 2, 10, 40);
    /* No name that is begun leads nowhere. */
    check_masks(
        Constraint(schema, R"({"type":"object","propertyNames":{"enum":["abx","b"]},"properties":{"aby":{},"b":{}},
        "additionalProperties":{"type":"array","uniqueItems":true,"items":{"enum":["a","b","ab"]}}})"),
        3, 10, 60);
}

TEST(Schema, SaysWhereItIsWrong)
{
    const struct {
        const char *schema;
        libllm_status status;
        const char *part;
    } wrong[] = {
        {R"({"properties":{"a":{"items":{"type":"text"}}}})", LIBLLM_ERROR_CONSTRAINT,
         "#/properties/a/items: \"type\""},
        {R"({"properties":{"a":{"not":{}}}})", LIBLLM_ERROR_UNSUPPORTED, "#/properties/a: \"not\" cannot be kept"},
        {R"({"items":{"$ref":"http://example.com/"}})", LIBLLM_ERROR_UNSUPPORTED, "not fetched"},
        {R"({"items":{"$ref":"file:///etc/passwd"}})", LIBLLM_ERROR_UNSUPPORTED, "not fetched"},
        {R"({"items":{"$ref":"#/$defs/x"}})", LIBLLM_ERROR_CONSTRAINT, "'#/$defs/x', which is not there"},
        {R"({"$ref":"#"})", LIBLLM_ERROR_CONSTRAINT, "refers to itself"},
        {R"({"$ref":"#/$defs/a","$defs":{"a":{"allOf":[{"$ref":"#/$defs/b"}]},"b":{"$ref":"#/$defs/a"}}})",
         LIBLLM_ERROR_CONSTRAINT, "refers to itself"},
        {R"({"anyOf":[{"$ref":"#"},{"type":"null"}]})", LIBLLM_ERROR_CONSTRAINT, "begins with itself"},
        {R"({"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]})", LIBLLM_ERROR_CONSTRAINT, "no text"},
        {R"({"type":"string","pattern":"^+x$"})", LIBLLM_ERROR_UNSUPPORTED, "byte 2"},
        {R"({"type":"string","pattern":"^{2}x$"})", LIBLLM_ERROR_UNSUPPORTED, "byte 4"},
        {"{\"type\":\"string\",\"pattern\":\"(?=a)\"}", LIBLLM_ERROR_UNSUPPORTED, "looking"},
        {R"({"type":"string","minLength":5,"maxLength":4})", LIBLLM_ERROR_CONSTRAINT, "no text"},
        {R"({"type":"string","minLength":1.5})", LIBLLM_ERROR_CONSTRAINT, "whole number"},
        {R"({"type":"integer","multipleOf":0})", LIBLLM_ERROR_CONSTRAINT, "above 0"},
        {R"({"type":"array","uniqueItems":true})", LIBLLM_ERROR_UNSUPPORTED, "uniqueItems"},
        {R"({"uniqueItems":true,"items":{"enum":[1,2,3,4,5,6,7,8,9]}})", LIBLLM_ERROR_UNSUPPORTED, "at most 8"},
        {R"({"type":"object","propertyNames":{"anyOf":[{}]}})", LIBLLM_ERROR_UNSUPPORTED, "propertyNames"},
        {R"({"type":"object","propertyNames":{"enum":["a"]},"required":["b"]})", LIBLLM_ERROR_CONSTRAINT, "no text"},
        {R"({"type":"number","multipleOf":1e-7})", LIBLLM_ERROR_UNSUPPORTED, "6 digits"},
        {R"({"oneOf":[{"type":"object","properties":{"k":{}}},{"type":"object","properties":{"k":{}}}],
             "discriminator":{"propertyName":"k"}})",
         LIBLLM_ERROR_UNSUPPORTED, "alternatives 0 and 1"},
        {R"({"oneOf":[{"type":"string"},{"minLength":3}]})", LIBLLM_ERROR_UNSUPPORTED, "alternatives 0 and 1"},
        {R"({"required":["a",1]})", LIBLLM_ERROR_CONSTRAINT, "array of names"},
        {R"({"required":"a"})", LIBLLM_ERROR_CONSTRAINT, "wrong type"},
        {R"([])", LIBLLM_ERROR_CONSTRAINT, "an object, true or false"},
        {R"({"type")", LIBLLM_ERROR_JSON, "line 1"},
        {R"({"a":1,"a":2})", LIBLLM_ERROR_JSON, ""},
    };
    for (const auto &w : wrong)
        expect_error(schema, w.schema, w.status, w.part);
}

TEST(Schema, IsBounded)
{
    std::string deep, all, many = "{\"enum\":[0";
    for (int i = 0; i < 10000; i++)
        deep += "{\"items\":";
    expect_error(schema, deep + "{}" + std::string(10000, '}'), LIBLLM_ERROR_LIMIT, "nested");
    for (int i = 0; i < 1000; i++)
        all += "{\"maxLength\":" + std::to_string(2000 + i) + "},";
    expect_error(schema, "{\"allOf\":[" + all + "{\"type\":\"string\"}]}", LIBLLM_ERROR_LIMIT, "at the same place");
    for (int i = 1; i < 100000; i++)
        many += "," + std::to_string(i);
    EXPECT_TRUE(Constraint(schema, many + "]}").matches("99999"));
    expect_error(schema, "{\"type\":\"string\",\"pattern\":\"" + std::string(100000, '(') + "\"}", LIBLLM_ERROR_LIMIT,
                 "nested");
    Constraint counted(schema, R"({"type":"string","minLength":100000,"maxLength":1000000000})");
    EXPECT_FALSE(counted.matches("\"" + std::string(99999, 'x') + "\""));
    EXPECT_TRUE(counted.matches("\"" + std::string(100000, 'x') + "\""));
    expect_error(schema, R"({"type":"string","pattern":"a","maxLength":100000})", LIBLLM_ERROR_LIMIT, "together");
    /* 2^24 ways to choose */
    std::string choices;
    for (int i = 0; i < 24; i++)
        choices += std::string(i ? "," : "") + R"({"anyOf":[{"minLength":1},{"maxLength":)" + std::to_string(i) + "}]}";
    EXPECT_LT(Constraint(schema, "{\"type\":\"string\",\"allOf\":[" + choices + "]}").status, 0);
}

/* In time, too: these take minutes unless what is compared is counted. */
TEST(Schema, IsBoundedInTime)
{
    const auto start = std::chrono::steady_clock::now();
    std::string names, properties, branches;
    for (int i = 0; i < 250; i++) {
        names += (i ? ",\"n" : "\"n") + std::to_string(i) + "\"";
        properties += (i ? ",\"n" : "\"n") + std::to_string(i) + "\":{}";
    }
    for (int i = 0; i < 200; i++)
        branches += std::string(i ? "," : "") + "{\"type\":\"object\",\"required\":[" + names +
                    ",\"k\"],\"properties\":{" + properties + ",\"k\":{\"const\":" + std::to_string(i) + "}}}";
    expect_error(schema, "{\"oneOf\":[" + branches + "]}", LIBLLM_ERROR_LIMIT, "too long");
    std::string all;
    for (int i = 0; i < 1900; i += 100) {
        all += std::string(i ? "," : "") + "{\"properties\":{";
        for (int k = i; k < i + 100; k++)
            all += std::string(k > i ? "," : "") + "\"p" + std::to_string(k) + "\":{\"items\":{\"$ref\":\"#there\"}}";
        all += "}}";
    }
    std::string filler;
    for (int i = 0; i < 20000; i++)
        filler += "{},";
    expect_error(schema, "{\"allOf\":[" + all + "],\"filler\":[" + filler + "{\"$anchor\":\"there\"}]}",
                 LIBLLM_ERROR_LIMIT, "too long");
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

/* Guides ---------------------------------------------------------------------------------------------------- */

TEST(Guide, KnowsTheOnlyTokenAndTheEnd)
{
    Constraint c(regex, "[a-z]!?");
    Text text(c);
    ASSERT_EQ(text.look(), LIBLLM_OK);
    EXPECT_FALSE(text.next.complete);
    EXPECT_EQ(text.next.n, 2u);
    text.accept('q');
    ASSERT_EQ(text.look(), LIBLLM_OK);
    EXPECT_TRUE(text.next.complete);
    EXPECT_EQ(text.next.n, 1u);
    EXPECT_EQ(text.next.only, '!');
    const int32_t end = (int32_t)ll_tokenizer_size(small().tokenizer) - 1;
    EXPECT_FALSE(text.allows(end));
    EXPECT_EQ(ll_guide_with_ends(text.guide)[end / 32] >> end % 32 & 1, 1u);
    EXPECT_EQ(ll_guide_accept(text.guide, end, nullptr), LIBLLM_ERROR_CONSTRAINT);
    EXPECT_EQ(ll_guide_accept(text.guide, 'q', nullptr), LIBLLM_ERROR_CONSTRAINT);
    text.accept('!');
    for (int i = 0; i < 3; i++) {
        ASSERT_EQ(text.look(), LIBLLM_OK);
        EXPECT_TRUE(text.next.complete);
        EXPECT_EQ(text.next.n, 0u);
    }
}

TEST(Guide, FailsWhereNoTokenGoesOn)
{
    vocabulary::Vocabulary v = vocabulary::bytes();
    v.tokens['z'] = "zz";
    const std::string path = ::testing::TempDir() + "grammar_test_without_z.gguf";
    std::ofstream(path, std::ios::binary) << v.build();
    Vocabulary without(path);
    Constraint c(regex, "az", without);
    Text text(c);
    ASSERT_EQ(text.look(), LIBLLM_OK);
    text.accept('a');
    libllm_error error = {};
    EXPECT_EQ(text.look(&error), LIBLLM_ERROR_CONSTRAINT);
    EXPECT_NE(std::string(error.message).find("no token"), std::string::npos);
}

/* What is forced is what the tokenizer makes of the whole text; returns how many tokens were. */
size_t check_forced(const Constraint &c, const std::string &whole)
{
    ll_tokens tokens;
    ll_tokens_init(&tokens, &c.vocabulary.host);
    EXPECT_EQ(ll_tokenizer_encode(c.vocabulary.tokenizer, whole.data(), whole.size(), 0, &tokens, nullptr), LIBLLM_OK);
    Text text(c);
    size_t n = 0;
    for (size_t i = 0; i < tokens.size; i++) {
        int32_t token;
        EXPECT_EQ(ll_guide_forced(text.guide, &token, nullptr), LIBLLM_OK);
        if (token >= 0) {
            EXPECT_EQ(token, tokens.data[i]) << whole << ", token " << i;
            n++;
        }
        text.accept(tokens.data[i]);
    }
    ll_tokens_free(&tokens);
    return n;
}

TEST(Guide, CutsForcedTextAsTheTokenizerDoes)
{
    /* The blank and the number are choices; a token of text that is certain, but could be longer, is one as well. */
    Constraint c(regex, R"re(\{"name":( "age"|12)\})re");
    EXPECT_EQ(check_forced(c, R"({"name": "age"})"), 7u);
    EXPECT_EQ(check_forced(c, R"({"name":12})"), 4u);
    EXPECT_EQ(check_forced(Constraint(regex, "aaaa(aaaa)?b"), "aaaaaaaab"), 1u);
    EXPECT_EQ(check_forced(Constraint(regex, "aaaa(aaaa)?b"), "aaaab"), 0u);
    EXPECT_EQ(check_forced(Constraint(regex, "(ab|x)c*"), "ab"), 0u);
    /* Behind a token that the tokenizer would not have ended there the rest is cut by itself. */
    Text text(c);
    text.accept('{');
    int32_t token;
    ASSERT_EQ(ll_guide_forced(text.guide, &token, nullptr), LIBLLM_OK);
    EXPECT_EQ(c.vocabulary.piece(token), "\"");
    text.accept(token);
    ASSERT_EQ(ll_guide_forced(text.guide, &token, nullptr), LIBLLM_OK);
    EXPECT_EQ(c.vocabulary.piece(token), "name");
    text.accept('n'); /* another token than the one that was offered */
    ASSERT_EQ(ll_guide_forced(text.guide, &token, nullptr), LIBLLM_OK);
    EXPECT_EQ(c.vocabulary.piece(token), "a");
}

TEST(Guide, HasTheMasksOfARealVocabulary)
{
    if (!std::ifstream(real_path()).good())
        GTEST_SKIP() << real_path() << " is not there; './dev model' fetches it";
    Vocabulary v(real_path());
    check_masks(Constraint(regex, "(\\d{4}-\\d\\d-\\d\\d|[A-Z][a-z]{2,100}( \\w+){0,30})\\.", v), 1, 3, 12, 3);
    /* Texts in which every plain token goes on: counted, not counted, in a key, before what may follow it. */
    for (const char *expression : {"(..){2,3}", ".{1,9}ing", "[a-m]{5,200}z"})
        check_masks(Constraint(regex, expression, v), 5, 2, 3, 1);
    check_masks(Constraint(schema, R"({"type":"string","minLength":20,"maxLength":40})", v), 6, 1, 12, 2);
    check_masks(Constraint(schema, R"({"type":"array","minItems":2,"items":{"anyOf":[{"type":"string","pattern":"^/.+"},
        {"type":"string","pattern":"^[0-9a-zA-Z_-]{1,255}$"}]}})",
                           v),
                7, 2, 9, 3);
    check_masks(Constraint(schema, R"({"type":"object","minProperties":1,"properties":{"name":{},"number":{}}})", v), 8,
                2, 9, 3);
    check_masks(Constraint(choice, "[\"The capital\", \"The cap\", \"A cat\"]", v), 2, 3, 10);
    check_masks(
        Constraint(gbnf, "root ::= \"[\" item (\", \" item)* \"]\"\nitem ::= \"\\\"\" [^\"\\\\]{0,40} \"\\\"\" | root",
                   v),
        3, 3, 15, 3);
    Constraint tool(
        regex,
        R"re(\{"name": "get_current_(weather|temperature)", "arguments": \{"location": "[A-Z][a-z ]{0,40}"\}\})re", v);
    EXPECT_GT(check_forced(tool, R"({"name": "get_current_weather", "arguments": {"location": "Paris"}})"), 10u);
    EXPECT_GT(check_forced(tool, R"({"name": "get_current_temperature", "arguments": {"location": "Rome am see"}})"),
              10u);
}

/* Requests that ask for the same get the same constraint, compiled once, and with what is known of its states; whatever
 * a request differs in tells them apart. */
TEST(Recall, CompilesOnceForTheSameRequests)
{
    const Vocabulary &v = small();
    const std::unique_ptr<ll_recall, void (*)(ll_recall *)> recall(ll_recall_create(&v.host), ll_recall_free);
    ASSERT_TRUE(recall);
    const ll_span marks = ll_span_of("<tool_call>{\"name\"");
    const auto ask = [&](const std::string &format, const std::string &choice, bool in_reasoning) {
        const std::string request =
            R"({"tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],)"
            R"("tool_choice": ")" +
            choice + R"(", "response_format": )" + format + "}";
        ll_answer_options options = {};
        options.syntax = ll_syntax_of(marks);
        options.thinking = ll_thinking_of(marks);
        options.request = json_loads(request.c_str(), 0, nullptr);
        options.in_reasoning = in_reasoning;
        ll_grammar *grammar = nullptr;
        libllm_error error = {};
        EXPECT_EQ(LIBLLM_OK, ll_answer_recall(recall.get(), &v.host, &options, v.trie, &grammar, &error))
            << error.message;
        json_decref(options.request);
        return std::shared_ptr<ll_grammar>(grammar, ll_grammar_free);
    };
    const std::string number = R"({"type": "json_schema", "json_schema": {"schema": {"type": "number"}}})",
                      text = R"({"type": "json_schema", "json_schema": {"schema": {"type": "string"}}})";
    const auto first = ask(number, "auto", false);
    EXPECT_EQ(first, ask(number, "auto", false));
    EXPECT_NE(first, ask(text, "auto", false));
    EXPECT_NE(first, ask(number, "none", false));
    EXPECT_NE(first, ask(number, "auto", true));
    EXPECT_EQ(first, ask(number, "auto", false)) << "four are kept";
    for (int i = 0; i < 4; i++)
        ask(R"({"type": "choice", "choice": ["a)" + std::to_string(i) + R"("]})", "auto", false);
    EXPECT_NE(first, ask(number, "auto", false)) << "and the oldest is not";
    ll_answer_options wrong = {};
    wrong.syntax = ll_syntax_of(marks);
    wrong.thinking = ll_thinking_of(marks);
    wrong.request = json_loads(R"({"response_format": {"type": "regex", "regex": "("}})", 0, nullptr);
    for (int i = 0; i < 2; i++) {
        ll_grammar *grammar = nullptr;
        EXPECT_EQ(LIBLLM_ERROR_CONSTRAINT, ll_answer_recall(recall.get(), &v.host, &wrong, v.trie, &grammar, nullptr));
        EXPECT_EQ(nullptr, grammar);
    }
    json_decref(wrong.request);
}

} // namespace
