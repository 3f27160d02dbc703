/* SPDX-License-Identifier: MIT
 * Weights as files have them: bytes by format, and what of them a token is multiplied by.
 */
#include "estimate/weights.h"

enum { TYPES_MAX = 64 };

static const char default_format[] = "q4_k_m";

/* Mixtures of formats as files have them: bits of a weight on average, from published files of Llama 3.1 8B, and the
 * two formats that most of them are in. */
static const struct {
    const char *name;
    double bits;
    ll_type most, some;
} mixtures[] = {
    {"q2_k", 3.16, LL_TYPE_Q2_K, LL_TYPE_Q4_K},   {"q3_k_s", 3.65, LL_TYPE_Q3_K, LL_TYPE_Q6_K},
    {"q3_k_m", 4.00, LL_TYPE_Q3_K, LL_TYPE_Q5_K}, {"q3_k_l", 4.31, LL_TYPE_Q3_K, LL_TYPE_Q5_K},
    {"q4_k_s", 4.67, LL_TYPE_Q4_K, LL_TYPE_Q6_K}, {"q4_k_m", 4.89, LL_TYPE_Q4_K, LL_TYPE_Q6_K},
    {"q5_k_s", 5.57, LL_TYPE_Q5_K, LL_TYPE_Q6_K}, {"q5_k_m", 5.70, LL_TYPE_Q5_K, LL_TYPE_Q6_K},
    {"q6_k", 6.56, LL_TYPE_Q6_K, LL_TYPE_Q6_K},
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

static const ll_type_traits *type_named(const char *name)
{
    for (uint32_t type = 0; name && type < TYPES_MAX; type++) {
        const ll_type_traits *traits = ll_type_find(type);
        if (traits && same_name(name, traits->name))
            return traits;
    }
    return NULL;
}

static double bits_of_type(const ll_type_traits *traits)
{
    return 8.0 * (double)traits->block.bytes / (double)traits->block.elements;
}

/* 0: there is no such format. */
static double bits_of(const char *name)
{
    for (size_t i = 0; i < sizeof mixtures / sizeof *mixtures; i++)
        if (same_name(name, mixtures[i].name))
            return mixtures[i].bits;
    const ll_type_traits *traits = type_named(name);
    return traits ? bits_of_type(traits) : 0;
}

/* Bytes of an item that decoding reads for a token. */
static double read_for_token(const ll_bill *bill, const ll_item *item)
{
    const bool is_head = item->class == LL_CLASS_EMBEDDING && bill->is_tied;
    if (item->class == LL_CLASS_VISION || item->class == LL_CLASS_MTP || !(item->is_product || is_head))
        return 0;
    return item->bytes * item->used / item->count;
}

void ll_put_file_weights(ll_task *task)
{
    ll_sheet *sheet = task->sheet;
    const ll_bill *bill = task->bill;
    double read = 0;
    if (bill->file_bytes > 0) {
        for (size_t i = 0; i < bill->n_items; i++)
            read += read_for_token(bill, &bill->items[i]);
        ll_sheet_give(sheet, "weights.bytes", "B", bill->file_bytes, bill->source);
        ll_sheet_give(sheet, "weights.bytes_per_token", "B", read, "matrices that a token is multiplied by");
        return;
    }
    const char *format = ll_read_text(task->scenario, "weights", default_format);
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
    const char *active = ll_sheet_has(sheet, "parameters.embedding") && !bill->is_tied
                             ? "parameters.active - parameters.embedding"
                             : "parameters.active";
    if (ll_sheet_has(sheet, "parameters.position"))
        active = ll_sheet_text(sheet, "%s - parameters.position", active);
    ll_sheet_compute(sheet, "weights.bytes_per_token", "B", ll_sheet_text(sheet, "(%s) * weights.bits / 8", active),
                     "what a token is multiplied by, not what is looked up");
}

static void add(ll_weight_types *out, const ll_type_traits *traits, double bytes, double head_bytes)
{
    size_t i = 0;
    while (i < out->n && out->items[i].traits != traits)
        i++;
    if (i == LL_WEIGHT_TYPES_MAX || !traits || bytes <= 0) {
        out->is_whole = out->is_whole && bytes <= 0;
        return;
    }
    out->n += i == out->n;
    out->items[i].traits = traits;
    out->items[i].bytes += bytes;
    out->items[i].head_bytes += head_bytes;
}

void ll_weight_types_of(ll_task *task, ll_weight_types *out)
{
    const ll_bill *bill = task->bill;
    *out = (ll_weight_types){.is_whole = true};
    if (bill->file_bytes > 0) {
        for (size_t i = 0; i < bill->n_items; i++) {
            const ll_item *item = &bill->items[i];
            const double bytes = read_for_token(bill, item);
            const bool is_head = item->class == LL_CLASS_HEAD || item->class == LL_CLASS_EMBEDDING;
            add(out, type_named(item->type), bytes, is_head ? bytes : 0);
        }
        return;
    }
    const double bits = ll_sheet_value(task->sheet, "weights.bits");
    const double bytes = ll_sheet_value(task->sheet, "weights.bytes_per_token");
    const char *format = ll_read_text(task->scenario, "weights", default_format);
    for (size_t i = 0; i < sizeof mixtures / sizeof *mixtures; i++) {
        if (!same_name(format, mixtures[i].name))
            continue;
        const ll_type_traits *most = ll_type_find(mixtures[i].most), *some = ll_type_find(mixtures[i].some);
        const double low = bits_of_type(most), high = bits_of_type(some);
        const double share = high > low ? (bits - low) / (high - low) : 0; /* of the weights */
        const double other = bytes * share * high / bits, head = ll_sheet_value(task->sheet, "model.vocab") *
                                                                 ll_sheet_value(task->sheet, "model.hidden") * high / 8;
        add(out, most, bytes * (1 - share) * low / bits, 0);
        add(out, some, other, head < other ? head : other);
        return;
    }
    const double head =
        ll_sheet_value(task->sheet, "model.vocab") * ll_sheet_value(task->sheet, "model.hidden") * bits / 8;
    add(out, type_named(format), bytes, head < bytes ? head : 0);
}
