/* SPDX-License-Identifier: MIT
 * The task "scale": parameters, tokens, operations and loss by a scaling law. Two of the first three members say a
 * model; of one alone, the law says the other two, where training is spent best. Members of the scenario:
 *
 * flops          of training; or what hardware with a count, and "days", "mfu", can do
 * model          its parameters; or "parameters", a number
 * tokens         a number, {"total"}, or {"per_parameter"}
 * loss           in nats, of a law that says it, in place of these
 * law            besiroglu (default), hoffmann, muennighoff, kaplan, llama3 or deepseek
 * inference      {"tokens": over the model's life, "relative_cost": of a FLOP, over one of training; default: 1}: the
 *                model of the same loss that costs least in all
 * unique_tokens  that there are: further ones are seen again
 */
#include "estimate/scaling.h"

#include <math.h>

enum { HALVINGS = 200 };

typedef struct scale {
    ll_task *task;
    ll_sheet *sheet;
    ll_law law;
    const ll_loss_law *loss; /* NULL: the law does not say it so */
    bool has_flops, has_parameters, has_tokens, has_ratio, has_loss;
} scale;

static void read_tokens(scale *s)
{
    ll_reader *r = s->task->scenario;
    const json_t *value = ll_read_any(r, "tokens");
    r->n_asked--; /* asked for again */
    if (json_is_number(value)) {
        s->has_tokens = ll_read_given(r, "tokens", 1, 1e20, "scale.tokens", "token");
        return;
    }
    ll_reader tokens = ll_read_object(r, "tokens");
    s->has_tokens = ll_read_given(&tokens, "total", 1, 1e20, "scale.tokens", "token");
    if (!s->has_tokens)
        s->has_ratio = ll_read_given(&tokens, "per_parameter", 1e-6, 1e9, "scale.per_parameter", "token");
    ll_read_end(&tokens);
}

/* What devices can do in so many days. */
static bool read_budget(scale *s)
{
    ll_reader *r = s->task->scenario;
    ll_sheet *sheet = s->sheet;
    ll_hardware hardware;
    if (ll_read_has(r, "hardware"))
        ll_hardware_read(r, s->task->tables, LL_PRECISION_BF16, &hardware);
    else
        (void)ll_read_any(r, "hardware");
    const bool has_days = ll_read_given(r, "days", 1e-6, 1e6, "time.days", "day");
    const bool has_mfu = ll_read_given(r, "mfu", 1e-4, 1, "mfu", "");
    if (!has_days || !ll_sheet_has(sheet, "device.peak") || !ll_sheet_has(sheet, "devices.given"))
        return false;
    if (!has_mfu)
        ll_sheet_give(sheet, "mfu", "", 0.38, "default: what published runs of dense models reach, of the dense peak");
    ll_sheet_compute(sheet, "scale.flops", "FLOP", "devices.given * device.peak * mfu * time.days * 86400", NULL);
    return true;
}

static void read(scale *s)
{
    ll_reader *r = s->task->scenario;
    s->law = (ll_law)ll_read_choice(r, "law", LL_LAW_WORDS, LL_LAW_BESIROGLU);
    s->has_flops = ll_read_given(r, "flops", 1, 1e40, "scale.flops", "FLOP");
    const bool has_hardware = ll_read_has(r, "hardware");
    const bool has_budget = read_budget(s);
    if (has_hardware && (s->has_flops || !has_budget))
        ll_sheet_fail(s->sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                      s->has_flops ? "flops: only one of \"flops\" and \"hardware\" can be given"
                                   : "hardware: expected a device whose peak is known, its \"count\", and \"days\"");
    s->has_flops = s->has_flops || has_budget;
    if (ll_sheet_has(s->sheet, "parameters.total")) {
        s->has_parameters = true;
        ll_sheet_compute(s->sheet, "scale.parameters", "parameter", "parameters.total", NULL);
    } else {
        s->has_parameters = ll_read_given(r, "parameters", 1, 1e18, "scale.parameters", "parameter");
    }
    read_tokens(s);
    s->has_loss = ll_read_given(r, "loss", 1e-3, 1e3, "scale.loss_wanted", "");
    const int given = s->has_flops + s->has_parameters + s->has_tokens + s->has_ratio;
    if ((s->has_loss && given > 0) || given > 2 || (given == 0 && !s->has_loss) || (given == 1 && s->has_ratio))
        ll_sheet_fail(
            s->sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
            "scale: expected one or two of \"flops\", \"parameters\" (or \"model\") and \"tokens\", or \"loss\"");
}

static void compute(scale *s, const char *path, const char *unit, const char *formula, const char *source)
{
    if (!ll_sheet_has(s->sheet, path))
        ll_sheet_compute(s->sheet, path, unit, formula, source);
}

/* N, D and C of the loss that is wanted, where both terms of the law are balanced. */
static void put_wanted(scale *s)
{
    if (s->law == LL_LAW_KAPLAN) {
        ll_sheet_compute(s->sheet, "scale.flops", "FLOP", "8.64e19 * 3.1e8 / scale.loss_wanted ^ (1 / 0.050)",
                         "Kaplan et al. 2020: L = (3.1e8 / C) ^ 0.050, C in PF-days");
        return;
    }
    if (!s->loss || ll_sheet_value(s->sheet, "scale.loss_wanted") <= s->loss->e) {
        if (s->loss)
            ll_sheet_fail(s->sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                          "loss: expected more than %.15g, which no model is below", s->loss->e);
        else
            ll_sheet_fail(s->sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "loss: this law does not say it; besiroglu does");
        return;
    }
    ll_sheet_compute(s->sheet, "scale.parameters", "parameter",
                     "(law.a * (law.alpha + law.beta) / (law.beta * (scale.loss_wanted - law.e))) ^ (1 / law.alpha)",
                     "where training is spent best");
    ll_sheet_compute(s->sheet, "scale.tokens", "token",
                     "(law.b * (law.alpha + law.beta) / (law.alpha * (scale.loss_wanted - law.e))) ^ (1 / law.beta)",
                     "where training is spent best");
}

/* The model: of two quantities the third; of one, where training is spent best. */
static void put_model(scale *s)
{
    ll_sheet *sheet = s->sheet;
    static const char best[] = "where training is spent best";
    if (s->has_loss)
        put_wanted(s);
    const bool has_flops = ll_sheet_has(sheet, "scale.flops");
    if (has_flops && s->has_ratio) {
        compute(s, "scale.parameters", "parameter", "sqrt(scale.flops / (6 * scale.per_parameter))", NULL);
    } else if (has_flops && s->has_tokens) {
        compute(s, "scale.parameters", "parameter", "scale.flops / (6 * scale.tokens)", NULL);
    } else if (has_flops && !s->has_parameters) {
        ll_sheet_give_between(sheet, "law.spread", "", 1, 0.7, 1.4,
                              "default: what laws that were fitted to different data differ by");
        ll_sheet_detail(sheet, "law.spread");
        compute(s, "scale.parameters", "parameter",
                ll_sheet_text(sheet, "%s * law.spread", ll_law_parameters_for_flops(sheet, s->law, "scale.flops")),
                best);
    } else if (s->has_tokens && !s->has_parameters) {
        ll_sheet_compute(sheet, "scale.flops", "FLOP", ll_law_flops_for_tokens(sheet, s->law, "scale.tokens"), best);
        compute(s, "scale.parameters", "parameter", "scale.flops / (6 * scale.tokens)", NULL);
    } else if (s->has_parameters && !s->has_tokens && !s->has_ratio && !has_flops) {
        ll_sheet_compute(sheet, "scale.flops", "FLOP", ll_law_flops_for_parameters(sheet, s->law, "scale.parameters"),
                         best);
    }
    if (s->has_ratio)
        compute(s, "scale.tokens", "token", "scale.per_parameter * scale.parameters", NULL);
    compute(s, "scale.tokens", "token", "scale.flops / (6 * scale.parameters)", NULL);
    compute(s, "scale.flops", "FLOP", "6 * scale.parameters * scale.tokens", "C = 6 N D: Kaplan et al. 2020");
    compute(s, "scale.per_parameter", "token", "scale.tokens / scale.parameters", NULL);
}

/* What repeated tokens, and parameters that have nothing to learn from them, are worth. */
static void put_repetition(scale *s)
{
    ll_sheet *sheet = s->sheet;
    static const char paper[] = "Muennighoff et al. 2023";
    ll_sheet_give(sheet, "repeat.tokens_decay", "", 15.387756, paper);
    ll_sheet_give(sheet, "repeat.parameters_decay", "", 5.309743, paper);
    ll_sheet_compute(sheet, "repeat.epochs", "", "scale.tokens / repeat.unique", "how often each is seen");
    ll_sheet_compute(
        sheet, "repeat.tokens", "token",
        "min(scale.tokens, repeat.unique) * (1 + repeat.tokens_decay * (1 - exp(0 - max(0, repeat.epochs - "
        "1) / repeat.tokens_decay)))",
        "new ones that they are worth");
    ll_sheet_compute(sheet, "repeat.flops", "FLOP", ll_law_flops_for_tokens(sheet, s->law, "repeat.unique"), NULL);
    ll_sheet_compute(sheet, "repeat.enough", "parameter", "repeat.flops / (6 * repeat.unique)",
                     "which the unique tokens are best for");
    ll_sheet_compute(sheet, "repeat.parameters", "parameter",
                     "min(scale.parameters, repeat.enough) * (1 + repeat.parameters_decay * (1 - exp(0 - max(0, "
                     "scale.parameters / repeat.enough - 1) / repeat.parameters_decay)))",
                     "parameters that they are worth");
    static const char *const details[] = {"repeat.tokens_decay", "repeat.parameters_decay", "repeat.flops",
                                          "repeat.enough"};
    for (size_t i = 0; i < sizeof details / sizeof *details; i++)
        ll_sheet_detail(sheet, details[i]);
    if (ll_sheet_value(sheet, "repeat.epochs") > 16)
        ll_sheet_remark(sheet, LL_REMARK_WARNING, "repetition",
                        "Beyond about 16 epochs further ones add next to nothing.",
                        "超过约 16 轮后，继续重复几乎没有收益。");
    else if (ll_sheet_value(sheet, "repeat.epochs") > 4)
        ll_sheet_remark(sheet, LL_REMARK_WARNING, "repetition",
                        "Up to about 4 epochs are worth nearly as much as new tokens; these are more.",
                        "约 4 轮以内的重复接近新数据的效果，这里已超过。");
}

static void put_loss(scale *s)
{
    ll_sheet *sheet = s->sheet;
    if (s->law == LL_LAW_KAPLAN) {
        const bool is_best = s->has_flops + s->has_parameters + s->has_tokens + s->has_ratio < 2;
        compute(s, "scale.loss", "",
                is_best ? "(3.1e8 / (scale.flops / 8.64e19)) ^ 0.050"
                        : "((6.4e13 / scale.parameters) ^ (0.076 / 0.103) + 1.8e13 / scale.tokens) ^ 0.103",
                is_best ? "Kaplan et al. 2020: of so many operations at best" : "Kaplan et al. 2020, equation 1.5");
        return;
    }
    if (!s->loss)
        return;
    const bool repeats = ll_sheet_has(sheet, "repeat.unique");
    if (repeats)
        put_repetition(s);
    ll_sheet_give_between(sheet, "law.reducible", "", 1, 0.85, 1.15,
                          "default: what data and training differ by, of the part that can be learned");
    ll_sheet_detail(sheet, "law.reducible");
    ll_sheet_compute(sheet, "scale.loss", "",
                     repeats
                         ? "law.e + law.reducible * (law.a / repeat.parameters ^ law.alpha + law.b / repeat.tokens ^ "
                           "law.beta)"
                         : "law.e + law.reducible * (law.a / scale.parameters ^ law.alpha + law.b / scale.tokens ^ "
                           "law.beta)",
                     "nats for a token of the law's own data");
}

/* The least parameters whose training and use cost least: both sides of the condition meet there. Below the first bound
 * no number of tokens reaches the loss; at the second the condition of training alone holds. */
static double cheapest(const ll_loss_law *l, double reducible, double tokens)
{
    double low = log(l->a / reducible) / l->alpha;
    double high = log(l->a * (l->alpha + l->beta) / (l->beta * reducible)) / l->alpha;
    for (int i = 0; i < HALVINGS; i++) {
        const double middle = (low + high) / 2, term = l->a * exp(-l->alpha * middle);
        const double left = reducible - term; /* B / D ^ beta */
        const double d = left > 0 ? pow(l->b / left, 1 / l->beta) : INFINITY;
        if (left <= 0 || l->alpha * term / (l->beta * left) > 1 + tokens / (3 * d))
            low = middle;
        else
            high = middle;
    }
    return exp(high);
}

static void put_inference(scale *s, bool is_there)
{
    ll_sheet *sheet = s->sheet;
    if (!is_there || sheet->status)
        return;
    if (!s->loss) {
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "inference: the law does not say the loss; besiroglu does");
        return;
    }
    ll_sheet_compute(sheet, "inference.quality", "",
                     "law.a / scale.parameters ^ law.alpha + law.b / scale.tokens ^ law.beta",
                     "the loss that is kept, above law.e");
    const double reducible = ll_sheet_value(sheet, "inference.quality");
    const double tokens = ll_sheet_value(sheet, "inference.tokens") * ll_sheet_value(sheet, "inference.relative_cost");
    ll_sheet_compute(sheet, "best.parameters", "parameter",
                     "(law.a * (law.alpha + law.beta) / (law.beta * inference.quality)) ^ (1 / law.alpha)",
                     "of that loss, trained with the fewest operations");
    ll_sheet_compute(sheet, "best.tokens", "token",
                     "(law.b * (law.alpha + law.beta) / (law.alpha * inference.quality)) ^ (1 / law.beta)",
                     "of that loss, trained with the fewest operations");
    ll_sheet_compute(sheet, "best.lifetime", "FLOP",
                     "6 * best.parameters * best.tokens + 2 * best.parameters * inference.tokens * "
                     "inference.relative_cost",
                     "training and use, counted as operations of training");
    ll_sheet_give(sheet, "inference.parameters", "parameter", sheet->status ? 0 : cheapest(s->loss, reducible, tokens),
                  "where inference.condition is 1: Sardana et al. 2024; found by halving");
    ll_sheet_compute(sheet, "inference.training_tokens", "token",
                     "(law.b / (inference.quality - law.a / inference.parameters ^ law.alpha)) ^ (1 / law.beta)",
                     "with which it has that loss");
    ll_sheet_compute(sheet, "inference.condition", "",
                     "law.alpha * law.a / inference.parameters ^ law.alpha / (law.beta * law.b / "
                     "inference.training_tokens ^ law.beta) / (1 + inference.tokens * inference.relative_cost / (3 * "
                     "inference.training_tokens))",
                     "derivative of 6 N D + 2 N tokens at constant loss");
    ll_sheet_compute(sheet, "inference.lifetime", "FLOP",
                     "6 * inference.parameters * inference.training_tokens + 2 * inference.parameters * "
                     "inference.tokens * inference.relative_cost",
                     "training and use, counted as operations of training");
    ll_sheet_compute(sheet, "inference.saving", "", "max(0, 1 - inference.lifetime / best.lifetime)", NULL);
    ll_sheet_detail(sheet, "inference.quality");
    ll_sheet_detail(sheet, "inference.condition");
}

static bool read_inference(scale *s)
{
    ll_reader r = ll_read_object(s->task->scenario, "inference");
    const bool is_there = ll_read_given(&r, "tokens", 0, 1e24, "inference.tokens", "token");
    if (!ll_read_given(&r, "relative_cost", 0, 1e6, "inference.relative_cost", "") && is_there) {
        ll_sheet_give(s->sheet, "inference.relative_cost", "", 1, "default: operations count, whatever they cost");
        ll_sheet_detail(s->sheet, "inference.relative_cost");
    }
    ll_read_end(&r);
    return is_there;
}

void ll_run_scale(ll_task *task)
{
    scale s = {.task = task, .sheet = task->sheet};
    read(&s);
    const bool has_inference = read_inference(&s);
    ll_read_given(task->scenario, "unique_tokens", 1, 1e20, "repeat.unique", "token");
    if (task->sheet->status)
        return;
    s.loss = ll_law_put(task->sheet, s.law);
    put_model(&s);
    put_loss(&s);
    put_inference(&s, has_inference);
}
