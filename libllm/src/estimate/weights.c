/* SPDX-License-Identifier: MIT
 * Weights as files have them: bytes by format, and what of them a token is multiplied by.
 */
#include "estimate/tasks.h"

#include "quant/quant.h"

enum { TYPES_MAX = 64 };

/* Mixtures of formats as files have them: bits of a weight on average, from published files of Llama 3.1 8B. */
static const struct {
    const char *name;
    double bits;
} mixtures[] = {
    {"q2_k", 3.16},   {"q3_k_s", 3.65}, {"q3_k_m", 4.00}, {"q3_k_l", 4.31}, {"q4_k_s", 4.67},
    {"q4_k_m", 4.89}, {"q5_k_s", 5.57}, {"q5_k_m", 5.70}, {"q6_k", 6.56},
};

static bool same_name(const char *a, const char *b)
{
    for (; *a && *b; a++, b++)
        if ((*a >= 'A' && *a <= 'Z' ? *a + 32 : *a) != (*b >= 'A' && *b <= 'Z' ? *b + 32 : *b))
            return false;
    return *a == *b;
}

static bool is_mixture(const char *name)
{
    for (size_t i = 0; i < sizeof mixtures / sizeof *mixtures; i++)
        if (same_name(name, mixtures[i].name))
            return true;
    return false;
}

/* 0: there is no such format. */
static double bits_of(const char *name)
{
    for (size_t i = 0; i < sizeof mixtures / sizeof *mixtures; i++)
        if (same_name(name, mixtures[i].name))
            return mixtures[i].bits;
    for (uint32_t type = 0; type < TYPES_MAX; type++) {
        const ll_type_traits *traits = ll_type_find(type);
        if (traits && same_name(name, traits->name))
            return 8.0 * (double)traits->block.bytes / (double)traits->block.elements;
    }
    return 0;
}

void ll_put_file_weights(ll_task *task)
{
    ll_sheet *sheet = task->sheet;
    const ll_bill *bill = task->bill;
    double read = 0;
    if (bill->file_bytes > 0) {
        for (size_t i = 0; i < bill->n_items; i++) {
            const ll_item *item = &bill->items[i];
            const bool is_head = item->class == LL_CLASS_EMBEDDING && bill->is_tied;
            if (item->class == LL_CLASS_VISION || item->class == LL_CLASS_MTP)
                continue;
            if (item->is_product || is_head)
                read += item->bytes * item->used / item->count;
        }
        ll_sheet_give(sheet, "weights.bytes", "B", bill->file_bytes, bill->source);
        ll_sheet_give(sheet, "weights.bytes_per_token", "B", read, "matrices that a token is multiplied by");
        return;
    }
    const char *format = ll_read_text(task->scenario, "weights", "q4_k_m");
    const double bits = bits_of(format);
    if (bits == 0)
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "weights: there is no format \"%s\"", format);
    ll_sheet_say(sheet, "weights.format", ll_sheet_text(sheet, "%s", format),
                 ll_read_has(task->scenario, "weights") ? "given" : "default");
    if (is_mixture(format)) /* larger models have a smaller share of what is kept in more bits */
        ll_sheet_give_between(sheet, "weights.bits", "bit", bits, bits * 0.98, bits * 1.04,
                              "of the mixture, as in published files");
    else
        ll_sheet_give(sheet, "weights.bits", "bit", bits, "of the format");
    ll_sheet_compute(sheet, "weights.bytes", "B", "parameters.total * weights.bits / 8", NULL);
    ll_sheet_compute(sheet, "weights.bytes_per_token", "B",
                     ll_sheet_has(sheet, "parameters.embedding") && !bill->is_tied
                         ? "(parameters.active - parameters.embedding) * weights.bits / 8"
                         : "parameters.active * weights.bits / 8",
                     "what a token is multiplied by");
}
