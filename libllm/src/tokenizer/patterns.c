/* SPDX-License-Identifier: MIT
 * The pre-tokenizers by their name in GGUF files, as settings of the functions in pretokenize.c.
 */
#include "tokenizer/internal.h"

#define LETTERS LL_LETTER
#define OTHERS (LL_MARK | LL_PUNCTUATION | LL_SYMBOL | LL_OTHER)

/* 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+ */
static const ll_pattern gpt2 = {.word = ll_word_gpt2, .letters = LETTERS, .others = OTHERS};
static const ll_pattern gpt2_nfc = {.word = ll_word_gpt2, .letters = LETTERS, .others = OTHERS, .nfc = true};

/* Each of \p{N}, then gpt2 on what is between. */
static const ll_pattern smollm = {.word = ll_word_gpt2, .letters = LETTERS, .others = OTHERS, .lone_digits = true};

static const ll_pattern command_r = {
    .word = ll_word_gpt2, .letters = LETTERS, .others = OTHERS, .lone_digits = true, .nfc = true};

/* (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
 */
static const ll_pattern llama3 = {
    .word = ll_word_cl100k, .letters = LETTERS, .others = OTHERS, .digits = 3, .whole_words = true, .adds_bos = true};
static const ll_pattern cl100k = {.word = ll_word_cl100k, .letters = LETTERS, .others = OTHERS, .digits = 3};
static const ll_pattern glm4 = {
    .word = ll_word_cl100k, .letters = LETTERS, .others = OTHERS, .digits = 3, .whole_words = true};

/* The same with \p{N} one by one, and text normalized to NFC before. */
static const ll_pattern qwen2 = {
    .word = ll_word_cl100k, .letters = LETTERS, .others = OTHERS, .digits = 1, .nfc = true};
static const ll_pattern qwen2_plain = {.word = ll_word_cl100k, .letters = LETTERS, .others = OTHERS, .digits = 1};

/* The same where marks belong to words: [^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+ and ' ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*' */
static const ll_pattern qwen35 = {.word = ll_word_cl100k,
                                  .letters = LETTERS | LL_MARK,
                                  .others = OTHERS & ~(unsigned)LL_MARK,
                                  .digits = 1,
                                  .nfc = true};

/* [^\r\n\p{L}\p{N}]?[U]*[W]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[U]+[W]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|
 * \p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
 * with U = \p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M} and W = \p{Ll}\p{Lm}\p{Lo}\p{M} */
static const ll_pattern gpt4o = {.word = ll_word_o200k,
                                 .letters = LETTERS,
                                 .others = OTHERS,
                                 .digits = 3,
                                 .contractions = true,
                                 .slashes = true,
                                 .whole_words = true};

/* The same with \p{N} one by one and without the contractions. */
static const ll_pattern tekken = {.word = ll_word_o200k,
                                  .letters = LETTERS,
                                  .others = OTHERS,
                                  .digits = 1,
                                  .slashes = true,
                                  .whole_words = true,
                                  .adds_bos = true};

/* \p{N}{1,3}, then [一-龥぀-ゟ゠-ヿ]+, then
 * [!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|
 * \s*[\r\n]+|\s+(?!\S)|\s+ */
static const ll_pattern deepseek3 = {.word = ll_word_deepseek3,
                                     .piece = ll_piece_deepseek3,
                                     .letters = LETTERS | LL_MARK,
                                     .others = LL_PUNCTUATION | LL_SYMBOL};

static const struct {
    const char *name;
    const ll_pattern *pattern;
} known[] = {
    {"gpt-2", &gpt2},
    {"phi-2", &gpt2},
    {"exaone4", &gpt2},
    {"roberta-bpe", &gpt2},
    {"mpt", &gpt2_nfc},
    {"olmo", &gpt2_nfc},
    {"smollm", &smollm},
    {"starcoder", &smollm},
    {"refact", &smollm},
    {"command-r", &command_r},
    {"codeshell", &smollm},
    {"llama-bpe", &llama3},
    {"llama3", &llama3},
    {"llama-v3", &llama3},
    {"dbrx", &cl100k},
    {"smaug-bpe", &cl100k},
    {"glm4", &glm4},
    {"chatglm-bpe", &cl100k},
    {"qwen2", &qwen2},
    {"deepseek-r1-qwen", &qwen2_plain},
    {"qwen35", &qwen35},
    {"gpt-4o", &gpt4o},
    {"llama4", &gpt4o},
    {"tekken", &tekken},
    {"deepseek-v3", &deepseek3},
};

const ll_pattern *ll_pattern_find(ll_span name)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (ll_span_is(name, known[i].name))
            return known[i].pattern;
    return NULL;
}
