/* SPDX-License-Identifier: MIT
 * How text is prepared and cut into words, by the name that GGUF files give it (tokenizer.ggml.pre). The patterns
 * behind the names of the state machines are in make_tables.py.
 */
#include "tokenizer/internal.h"

#include "tokenizer/dfa_table.h"

#include <string.h>

#define CUT(name)                                                                                                      \
    {                                                                                                                  \
        .dfa = &ll_dfa_##name                                                                                          \
    }

static const ll_pipeline gpt2 = {.n_steps = 1, .steps = {CUT(gpt2)}};
static const ll_pipeline digits_gpt2 = {.n_steps = 2, .steps = {CUT(numeric), CUT(gpt2)}};
static const ll_pipeline cl100k = {.n_steps = 1, .steps = {CUT(cl100k)}};
static const ll_pipeline numbers_cl100k = {.n_steps = 2, .steps = {CUT(digits3), CUT(cl100k_numbers)}};
static const ll_pipeline jais2 = {.n_steps = 1, .steps = {CUT(jais2)}};
static const ll_pipeline qwen2 = {.n_steps = 1, .steps = {CUT(qwen2)}};
static const ll_pipeline qwen35 = {.n_steps = 1, .steps = {CUT(qwen35)}};
static const ll_pipeline ufakzeka = {.n_steps = 1, .steps = {CUT(ufakzeka)}};
static const ll_pipeline seed_coder = {.n_steps = 1, .steps = {CUT(seed_coder)}};
static const ll_pipeline bailing = {.n_steps = 1, .steps = {CUT(bailing)}};
static const ll_pipeline laguna = {.n_steps = 2,
                                   .steps = {{.dfa = &ll_dfa_line_ends, .behavior = LL_MERGED_WITH_NEXT}, CUT(qwen2)}};
static const ll_pipeline exaone_moe = {.n_steps = 1, .steps = {CUT(exaone_moe)}};
static const ll_pipeline k2_horizon = {.n_steps = 1, .steps = {CUT(k2_horizon)}};
static const ll_pipeline o200k = {.n_steps = 1, .steps = {CUT(o200k)}};
static const ll_pipeline tiny_aya = {.n_steps = 2, .steps = {{.threes = LL_THREES_BEFORE_NON_WORDS}, CUT(o200k)}};
static const ll_pipeline youtu = {.n_steps = 2, .steps = {CUT(youtu), CUT(o200k_digit)}};
static const ll_pipeline tekken = {.n_steps = 1, .steps = {CUT(tekken)}};
static const ll_pipeline kimi_k2 = {.n_steps = 1, .steps = {CUT(kimi_k2)}};
static const ll_pipeline deepseek3 = {.n_steps = 3, .steps = {CUT(digits3), CUT(deepseek3_han), CUT(deepseek3)}};
static const ll_pipeline spark = {.n_steps = 4, .steps = {CUT(digits3), CUT(deepseek3_han), CUT(spark), CUT(digit)}};
static const ll_pipeline afmoe = {.n_steps = 3, .steps = {{.threes = LL_THREES}, CUT(afmoe_scripts), CUT(deepseek3)}};
static const ll_pipeline deepseek_llm = {.n_steps = 6,
                                         .steps = {CUT(deepseek_line),
                                                   CUT(deepseek_llm_letters),
                                                   CUT(deepseek_llm_marks),
                                                   {.dfa = &ll_dfa_deepseek_end, .skips_runs = true},
                                                   CUT(deepseek_han),
                                                   CUT(numeric)}};
static const ll_pipeline deepseek_coder = {.n_steps = 5,
                                           .steps = {CUT(deepseek_line), CUT(deepseek_coder_letters),
                                                     CUT(deepseek_coder_marks), CUT(deepseek_han), CUT(numeric)}};
/* Behind the first two steps the reference has bytes for characters, and takes some that are no digits for numbers. */
static const ll_pipeline falcon = {.n_steps = 4,
                                   .steps = {{.dfa = &ll_dfa_punctuation, .behavior = LL_CONTIGUOUS},
                                             CUT(gpt2),
                                             {.dfa = &ll_dfa_numeric_of_bytes, .over_bytes = true},
                                             {.dfa = &ll_dfa_ascii_digits3_of_bytes, .over_bytes = true}}};
static const ll_pipeline bloom = {.n_steps = 1, .steps = {CUT(bloom)}};
static const ll_pipeline viking = {.n_steps = 2, .steps = {CUT(bloom), CUT(numeric)}};
static const ll_pipeline chameleon = {.n_steps = 6,
                                      .steps = {CUT(chameleon_sentinel), CUT(chameleon_image), CUT(chameleon_blanks),
                                                CUT(digit), CUT(chameleon_marks), CUT(gpt2)}};
static const ll_pipeline superbpe = {
    .n_steps = 2, .steps = {CUT(digit_run), {.threes = LL_THREES_ALONE, .behavior = LL_MERGED_WITH_NEXT}}};
static const ll_pipeline uncut = {0};

enum { NFC = 1, WHOLE = 2, BOS = 4 };

static const struct {
    const char *name;
    const ll_pipeline *pipeline;
    unsigned flags;
} known[] = {
    {"gpt-2", &gpt2, 0},
    {"phi-2", &gpt2, 0},
    {"roberta-bpe", &gpt2, 0},
    {"jina-es", &gpt2, 0},
    {"jina-de", &gpt2, 0},
    {"jina-v1-en", &gpt2, 0},
    {"jina-v2-es", &gpt2, 0},
    {"jina-v2-de", &gpt2, 0},
    {"jina-v2-code", &gpt2, 0},
    {"gigachat", &gpt2, 0},
    {"a.x-4.0", &gpt2, 0},
    {"mellum", &gpt2, 0},
    {"exaone4", &gpt2, 0},
    {"jais", &gpt2, 0},
    {"trillion", &gpt2, 0},
    {"granite-docling", &gpt2, 0},
    {"mpt", &gpt2, NFC},
    {"olmo", &gpt2, NFC},
    {"modern-bert", &gpt2, NFC},
    {"smollm", &digits_gpt2, 0},
    {"starcoder", &digits_gpt2, 0},
    {"refact", &digits_gpt2, 0},
    {"codeshell", &digits_gpt2, 0},
    {"exaone", &digits_gpt2, 0},
    {"minerva-7b", &digits_gpt2, 0},
    {"mellum2", &digits_gpt2, 0},
    {"command-r", &digits_gpt2, NFC},
    {"llama3", &cl100k, WHOLE | BOS},
    {"llama-v3", &cl100k, WHOLE | BOS},
    {"llama-bpe", &cl100k, WHOLE | BOS},
    {"falcon3", &cl100k, WHOLE | BOS},
    {"falcon-h1", &cl100k, WHOLE | BOS},
    {"pixtral", &cl100k, WHOLE | BOS},
    {"midm-2.0", &cl100k, WHOLE | BOS},
    {"lfm2", &cl100k, WHOLE | BOS},
    {"jina-v5-nano", &cl100k, WHOLE | BOS},
    {"dbrx", &cl100k, 0},
    {"smaug-bpe", &cl100k, 0},
    {"chatglm-bpe", &cl100k, 0},
    {"glm4", &cl100k, WHOLE},
    {"glm5", &cl100k, WHOLE},
    {"minicpm5", &numbers_cl100k, WHOLE},
    {"jais-2", &jais2, 0},
    {"qwen2", &qwen2, NFC},
    {"kormo", &qwen2, NFC},
    {"f2llmv2", &qwen2, NFC},
    {"deepseek-r1-qwen", &qwen2, 0},
    {"megrez", &qwen2, NFC},
    {"stablelm2", &qwen2, NFC},
    {"hunyuan", &qwen2, 0},
    {"solar-open", &qwen2, 0},
    {"grok-2", &qwen2, 0},
    {"qwen35", &qwen35, 0},
    {"ufakzeka", &ufakzeka, 0},
    {"seed-coder", &seed_coder, 0},
    {"bailingmoe", &bailing, 0},
    {"bailingmoe2", &bailing, 0},
    {"llada-moe", &bailing, 0},
    {"laguna", &laguna, 0},
    {"exaone-moe", &exaone_moe, 0},
    {"k2-horizon", &k2_horizon, 0},
    {"gpt-4o", &o200k, WHOLE},
    {"llama4", &o200k, WHOLE},
    {"kanana2", &o200k, 0},
    {"talkie", &o200k, 0},
    {"minimax-m2", &o200k, 0},
    {"granite-embed-multi-97m", &o200k, WHOLE},
    {"tiny_aya", &tiny_aya, 0},
    {"cohere2moe", &tiny_aya, 0},
    {"youtu", &youtu, WHOLE},
    {"tekken", &tekken, WHOLE | BOS},
    {"kimi-k2", &kimi_k2, 0},
    {"deepseek-llm", &deepseek_llm, 0},
    {"deepseek-coder", &deepseek_coder, 0},
    {"deepseek-v3", &deepseek3, 0},
    {"hunyuan-dense", &deepseek3, 0},
    {"hy_v4", &deepseek3, 0},
    {"joyai-llm", &deepseek3, 0},
    {"spark2_5", &spark, 0},
    {"afmoe", &afmoe, 0},
    {"falcon", &falcon, 0},
    {"poro-chat", &bloom, 0},
    {"bloom", &bloom, 0},
    {"gpt3-finnish", &bloom, 0},
    {"viking", &viking, 0},
    {"chameleon", &chameleon, BOS},
    {"superbpe", &superbpe, 0},
    {"sophia", &uncut, 0},
};

bool ll_pipeline_find(ll_span name, ll_pipeline *pipeline)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (!ll_span_is(name, known[i].name))
            continue;
        *pipeline = *known[i].pipeline;
        if (known[i].flags & NFC)
            pipeline->normalizers[pipeline->n_normalizers++].kind = LL_NORMALIZE_NFC;
        pipeline->whole_words = known[i].flags & WHOLE;
        pipeline->adds_bos = known[i].flags & BOS;
        return true;
    }
    return false;
}

/* What is between matches is a piece, or dropped: the patterns here match all text, so that there is nothing. */
static ll_behavior plain(ll_behavior behavior) { return behavior == LL_KEPT ? LL_ISOLATED : behavior; }

static bool same_steps(const ll_pipeline *a, const ll_pipeline *b)
{
    if (a->n_normalizers != b->n_normalizers || a->n_steps != b->n_steps)
        return false;
    for (size_t i = 0; i < a->n_normalizers; i++)
        if (a->normalizers[i].kind != b->normalizers[i].kind || a->normalizers[i].kind > LL_NORMALIZE_NFKD)
            return false;
    for (size_t i = 0; i < a->n_steps; i++) {
        const ll_step *x = &a->steps[i], *y = &b->steps[i];
        if (x->dfa != y->dfa || x->literal || y->literal || x->threes != y->threes ||
            plain(x->behavior) != plain(y->behavior) || x->prefix != y->prefix || x->shows_blanks != y->shows_blanks ||
            x->over_bytes != y->over_bytes)
            return false;
    }
    return true;
}

/* Of several names the one that is best known; one with another word on whole words only where no other is. */
const char *ll_pipeline_name(const ll_pipeline *pipeline)
{
    static const char *const preferred[] = {"llama-bpe", "qwen2", "gpt-4o"};
    const char *best = NULL;
    int best_points = 0;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        ll_pipeline other;
        ll_pipeline_find(ll_span_of(known[i].name), &other);
        if (!same_steps(pipeline, &other))
            continue;
        int points = pipeline->whole_words == other.whole_words ? 3 : 1;
        for (size_t k = 0; k < sizeof preferred / sizeof *preferred; k++)
            points += strcmp(known[i].name, preferred[k]) == 0;
        if (points > best_points) {
            best = known[i].name;
            best_points = points;
        }
    }
    return best;
}
