/* SPDX-License-Identifier: MIT
 * Published scaling laws, as formulas: three that say the loss of N parameters on D tokens, from which the best N for
 * so many operations follows, and three that say the best N or D alone. Operations are 6 N D.
 */
#include "estimate/scaling.h"

static const ll_loss_law losses[] = {
    [LL_LAW_HOFFMANN] = {1.6934, 406.4, 410.7, 0.3392, 0.2849},
    [LL_LAW_BESIROGLU] = {1.8172, 482.01, 2085.43, 0.3478, 0.3658},
    [LL_LAW_MUENNIGHOFF] = {1.869144, 520.825, 1487.716, 0.3526596, 0.3526596},
};

static const struct {
    const char *name, *source;
} laws[] = {
    [LL_LAW_HOFFMANN] = {"hoffmann", "Hoffmann et al. 2022, approach 3, with the digits of its source text: .3392 and "
                                     ".2849, which are printed as .34 and .28"},
    [LL_LAW_BESIROGLU] = {"besiroglu", "Besiroglu et al. 2024: approach 3 of Hoffmann et al., fitted again"},
    [LL_LAW_MUENNIGHOFF] = {"muennighoff", "Muennighoff et al. 2023, with both exponents alike"},
    [LL_LAW_KAPLAN] = {"kaplan", "Kaplan et al. 2020, parameters without embeddings"},
    [LL_LAW_LLAMA3] = {"llama3",
                       "Grattafiori et al. 2024: D = 0.29 C ^ 0.53, the exponent with the digits that give its "
                       "16.55 T tokens at 3.8e25 FLOP"},
    [LL_LAW_DEEPSEEK] = {"deepseek", "DeepSeek-AI 2024: D = 5.8316 C ^ 0.4757"},
};

static void give(ll_sheet *sheet, const char *path, double value, const char *source)
{
    ll_sheet_give(sheet, path, "", value, source);
    ll_sheet_detail(sheet, path);
}

const ll_loss_law *ll_law_put(ll_sheet *sheet, ll_law law)
{
    const char *source = laws[law].source;
    ll_sheet_say(sheet, "law.name", laws[law].name, source);
    switch (law) {
    case LL_LAW_KAPLAN:
        give(sheet, "law.scale", 1.3e9, source);
        give(sheet, "law.power", 0.73, source);
        return NULL;
    case LL_LAW_LLAMA3:
        give(sheet, "law.scale", 0.29, source);
        give(sheet, "law.power", 0.5378, source);
        return NULL;
    case LL_LAW_DEEPSEEK:
        give(sheet, "law.scale", 5.8316, source);
        give(sheet, "law.power", 0.4757, source);
        return NULL;
    default:
        break;
    }
    const ll_loss_law *l = &losses[law];
    give(sheet, "law.e", l->e, source);
    give(sheet, "law.a", l->a, source);
    give(sheet, "law.b", l->b, source);
    give(sheet, "law.alpha", l->alpha, source);
    give(sheet, "law.beta", l->beta, source);
    ll_sheet_compute(sheet, "law.g", "", "(law.alpha * law.a / (law.beta * law.b)) ^ (1 / (law.alpha + law.beta))",
                     "Hoffmann et al. 2022, equation 4");
    ll_sheet_detail(sheet, "law.g");
    return l;
}

const char *ll_law_parameters_for_flops(ll_sheet *sheet, ll_law law, const char *flops)
{
    switch (law) {
    case LL_LAW_KAPLAN:
        return ll_sheet_text(sheet, "law.scale * (%s / 8.64e19) ^ law.power", flops);
    case LL_LAW_LLAMA3:
    case LL_LAW_DEEPSEEK:
        return ll_sheet_text(sheet, "%s / (6 * law.scale * %s ^ law.power)", flops, flops);
    default:
        return ll_sheet_text(sheet, "law.g * (%s / 6) ^ (law.beta / (law.alpha + law.beta))", flops);
    }
}

const char *ll_law_flops_for_parameters(ll_sheet *sheet, ll_law law, const char *parameters)
{
    switch (law) {
    case LL_LAW_KAPLAN:
        return ll_sheet_text(sheet, "8.64e19 * (%s / law.scale) ^ (1 / law.power)", parameters);
    case LL_LAW_LLAMA3:
    case LL_LAW_DEEPSEEK:
        return ll_sheet_text(sheet, "(6 * law.scale * %s) ^ (1 / (1 - law.power))", parameters);
    default:
        return ll_sheet_text(sheet, "6 * (%s / law.g) ^ ((law.alpha + law.beta) / law.beta)", parameters);
    }
}

const char *ll_law_flops_for_tokens(ll_sheet *sheet, ll_law law, const char *tokens)
{
    switch (law) {
    case LL_LAW_KAPLAN:
        return ll_sheet_text(sheet, "(6 * %s * law.scale / 8.64e19 ^ law.power) ^ (1 / (1 - law.power))", tokens);
    case LL_LAW_LLAMA3:
    case LL_LAW_DEEPSEEK:
        return ll_sheet_text(sheet, "(%s / law.scale) ^ (1 / law.power)", tokens);
    default:
        return ll_sheet_text(sheet, "6 * (%s * law.g) ^ ((law.alpha + law.beta) / law.alpha)", tokens);
    }
}
