/* SPDX-License-Identifier: MIT
 * Low-rank adapters: which matrices have one, and how many parameters these have. A matrix of n inputs and m outputs
 * has one of rank * (n + m). Members of "lora", which may also be the rank alone:
 *
 * rank       default: 16
 * targets    words, apart by commas: all (default) of layers, attention, recurrent, ffn, q, k, v, o, gate, up, down;
 *            and head, the output
 * experts    routed experts, too; default: no
 * precision  fp32 or bf16, of the adapters; default: fp32
 */
#include "estimate/tuning.h"

#include <string.h>

/* Parts of a layer, and groups of them. */
enum {
    Q = 1u << 0,
    K = 1u << 1,
    V = 1u << 2,
    O = 1u << 3,
    GATE = 1u << 4,
    UP = 1u << 5,
    DOWN = 1u << 6,
    OTHER_ATTENTION = 1u << 7,
    RECURRENT = 1u << 8,
    OTHER_FFN = 1u << 9,
    HEAD = 1u << 10,
    ATTENTION = Q | K | V | O | OTHER_ATTENTION,
    FFN = GATE | UP | DOWN | OTHER_FFN,
    ALL = ATTENTION | FFN | RECURRENT,
};

static const struct {
    const char *word;
    uint32_t parts;
} words[] = {{"all", ALL},
             {"attention", ATTENTION},
             {"recurrent", RECURRENT},
             {"ffn", FFN},
             {"q", Q},
             {"k", K},
             {"v", V},
             {"o", O},
             {"gate", GATE},
             {"up", UP},
             {"down", DOWN},
             {"head", HEAD}};

/* By how its name begins; the first that fits. */
static const struct {
    const char *name;
    uint32_t part;
} names[] = {{"attn_qkv", Q | K | V}, {"attn_q", Q},     {"attn_kv", K | V},          {"attn_k", K},
             {"attn_v", V},           {"attn_out", O},   {"ffn_gate_inp", OTHER_FFN}, {"ffn_gate", GATE},
             {"ffn_up", UP},          {"ffn_down", DOWN}};

/* What the modules of these families, as published, hold in one matrix: its adapter has one input side. */
static const struct {
    const char *family;
    uint32_t first, others;
} fused[] = {{"bloom", Q, K | V},      {"falcon", Q, K | V},     {"gpt2", Q, K | V},
             {"openai-gpt", Q, K | V}, {"gpt_neox", Q, K | V},   {"mpt", Q, K | V},
             {"phi3", Q, K | V},       {"phi3", GATE, UP},       {"glm", GATE, UP},
             {"glm4", GATE, UP},       {"chatglm", Q, K | V},    {"chatglm", GATE, UP},
             {"modernbert", Q, K | V}, {"modernbert", GATE, UP}, {"qwen3_next", Q, OTHER_ATTENTION}};

static uint32_t parts_of_name(const ll_item *item, const char *name, size_t n)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const size_t length = strlen(names[i].name);
        if (n >= length && memcmp(name, names[i].name, length) == 0)
            return names[i].part;
    }
    return item->class == LL_CLASS_ATTENTION   ? OTHER_ATTENTION
           : item->class == LL_CLASS_RECURRENT ? RECURRENT
                                               : OTHER_FFN;
}

/* Which of an item's matrices are chosen, from 0 to 1: one may stand for several ("attn_k, attn_v"). */
static double share_of(const ll_item *item, uint32_t chosen)
{
    double all = 0, some = 0;
    for (const char *at = item->name; *at;) {
        const size_t n = strcspn(at, ",");
        all++;
        some += (parts_of_name(item, at, n) & chosen) != 0;
        at += n;
        at += strspn(at, ", ");
    }
    return all > 0 ? some / all : 0;
}

static bool can_have(const ll_item *item, bool experts)
{
    static const uint32_t classes =
        1u << LL_CLASS_ATTENTION | 1u << LL_CLASS_RECURRENT | 1u << LL_CLASS_FFN | 1u << LL_CLASS_SHARED;
    return item->is_product && (classes >> item->class & 1 || (experts && item->class == LL_CLASS_EXPERT));
}

static uint32_t parts_of(const ll_item *item) { return parts_of_name(item, item->name, strlen(item->name)); }

/* The parts that are in one matrix with this one; 0: none. Experts hold gate and up in one. */
static uint32_t others_of(const ll_bill *bill, const ll_item *item)
{
    const uint32_t part = parts_of(item);
    if (item->class == LL_CLASS_EXPERT)
        return part == GATE ? UP : 0;
    for (size_t i = 0; i < sizeof fused / sizeof *fused; i++)
        if (part == fused[i].first && strcmp(bill->family, fused[i].family) == 0)
            return fused[i].others;
    return 0;
}

typedef struct sums {
    const char *all, *used; /* of inputs and outputs, over the matrices that are adapted */
    double matrices;
} sums;

static void add(ll_sheet *sheet, sums *s, double count, double used, const char *widths)
{
    const char *plus = s->matrices > 0 ? " + " : "";
    s->all = ll_sheet_text(sheet, "%s%s%.15g * (%s)", s->all, plus, count, widths);
    s->used = ll_sheet_text(sheet, "%s%s%.15g * (%s)", s->used, plus, used, widths);
    s->matrices += count;
}

static sums sum_up(ll_training *t, uint32_t chosen, bool experts)
{
    const ll_bill *bill = t->bill;
    bool is_done[LL_ITEMS_MAX] = {false};
    sums s = {.all = "", .used = ""};
    for (size_t i = 0; i < bill->n_items; i++) {
        const ll_item *item = &bill->items[i];
        if (is_done[i] || !can_have(item, experts))
            continue;
        const uint32_t others = others_of(bill, item);
        const char *widths = ll_sheet_text(t->sheet, "%.0f + %.0f", item->rows, item->columns);
        double share = share_of(item, chosen);
        uint32_t found = 0;
        for (size_t j = i + 1; others && j < bill->n_items; j++) {
            const ll_item *other = &bill->items[j];
            const uint32_t part = parts_of(other);
            if (is_done[j] || other->class != item->class || other->count != item->count || !(part & others) ||
                (part & found))
                continue;
            is_done[j] = true;
            found |= part;
            widths =
                ll_sheet_text(t->sheet, "%s + %.0f", widths, other->rows == item->rows ? other->columns : other->rows);
            share = share_of(other, chosen) > share ? share_of(other, chosen) : share;
        }
        if (share > 0)
            add(t->sheet, &s, item->count * share, item->used * share, widths);
    }
    if (chosen & HEAD && !bill->is_encoder)
        add(t->sheet, &s, 1, 1, ll_sheet_text(t->sheet, "%.0f + %.0f", bill->hidden, bill->vocab));
    return s;
}

static uint32_t read_targets(ll_reader *r)
{
    const char *text = ll_read_text(r, "targets", "all");
    uint32_t chosen = 0;
    for (const char *at = text; *at;) {
        const size_t n = strcspn(at, ", ");
        uint32_t parts = 0;
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (strlen(words[i].word) == n && memcmp(words[i].word, at, n) == 0)
                parts = words[i].parts;
        if (n > 0 && !parts)
            ll_sheet_fail(r->sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                          "%s: \"%.*s\" is none of all, attention, recurrent, ffn, q, k, v, o, gate, up, down, head",
                          ll_read_path(r, "targets"), (int)(n < 40 ? n : 40), at);
        chosen |= parts;
        at += n;
        at += strspn(at, ", ");
    }
    return chosen;
}

void ll_adapters_put(ll_training *t)
{
    ll_sheet *sheet = t->sheet;
    ll_reader *scenario = t->task->scenario;
    const json_t *value = ll_read_any(scenario, "lora");
    ll_reader r = {.sheet = sheet, .object = NULL, .path = "lora"};
    double rank = 16;
    if (json_is_number(value)) {
        scenario->n_asked--; /* asked for again */
        rank = ll_read_number(scenario, "lora", 1, 65536, rank);
    } else {
        scenario->n_asked--;
        r = ll_read_object(scenario, "lora");
        rank = ll_read_number(&r, "rank", 1, 65536, rank);
    }
    const uint32_t chosen = read_targets(&r);
    const bool experts = ll_read_flag(&r, "experts", false);
    t->trained = ll_read_choice(&r, "precision", "fp32|bf16", 0) == 1 ? LL_TRAINED_BF16 : LL_TRAINED_FP32;
    ll_read_end(&r);
    if (sheet->status)
        return;
    const sums s = sum_up(t, chosen, experts);
    if (s.matrices <= 0) {
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "lora.targets: this model has no such matrices");
        return;
    }
    t->has_adapted_ffn = (chosen & FFN) != 0;
    ll_sheet_give(sheet, "lora.rank", "", rank, value ? "given" : "default");
    ll_training_put(t, "lora.widths", "", s.all);
    ll_training_put(t, "lora.widths_used", "", s.used);
    ll_sheet_compute(sheet, "parameters.trainable", "parameter", "lora.rank * lora.widths",
                     "Hu et al. 2021: rank * (inputs + outputs) of each adapted matrix");
    ll_sheet_compute(sheet, "parameters.trainable_used", "parameter", "lora.rank * lora.widths_used",
                     "those that a token uses");
    ll_sheet_detail(sheet, "parameters.trainable_used");
}
