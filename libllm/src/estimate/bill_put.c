/* SPDX-License-Identifier: MIT
 * The figures of a bill: parameters class by class, with the products that they are sums of.
 */
#include "estimate/bill.h"

static const char *const class_paths[LL_CLASSES] = {
    "parameters.embedding", "parameters.position", "parameters.attention", "parameters.recurrent",
    "parameters.ffn",       "parameters.router",   "parameters.shared",    "parameters.expert",
    "parameters.norm",      "parameters.head",     "parameters.vision",    "parameters.mtp",
};

static const char *term(ll_sheet *sheet, const char *before, double count, double rows, double columns)
{
    if (rows == 1)
        return ll_sheet_text(sheet, "%s%s%.0f * %.0f", before, *before ? " + " : "", count, columns);
    return ll_sheet_text(sheet, "%s%s%.0f * %.0f * %.0f", before, *before ? " + " : "", count, rows, columns);
}

static void put_class(const ll_bill *bill, ll_sheet *sheet, ll_class class)
{
    const char *formula = "", *names = "";
    for (size_t i = 0; i < bill->n_items; i++) {
        const ll_item *item = &bill->items[i];
        if (item->class != class)
            continue;
        formula = term(sheet, formula, item->count, item->rows, item->columns);
        names = ll_sheet_text(sheet, "%s%s%s", names, *names ? "; " : "", item->name);
    }
    if (!*formula)
        return;
    ll_sheet_compute(sheet, class_paths[class], "parameter", formula,
                     ll_sheet_text(sheet, "%s: %s", bill->source, names));
    ll_sheet_detail(sheet, class_paths[class]);
}

const char *ll_bill_stored(const ll_bill *bill, ll_sheet *sheet)
{
    const char *sum = "";
    const double most = bill->stored_bits[LL_CLASS_EMBEDDING];
    double vectors = 0; /* bits that biases and the like have more than the matrices of their class */
    bool differ = false;
    for (size_t i = 0; i < LL_CLASS_MTP; i++) {
        if (!ll_sheet_has(sheet, class_paths[i]))
            continue;
        sum = ll_sheet_text(sheet, "%s%s%s * %.15g", sum, *sum ? " + " : "", class_paths[i], bill->stored_bits[i]);
        differ = differ || bill->stored_bits[i] != most;
    }
    for (size_t i = 0; i < bill->n_items; i++) {
        const ll_item *item = &bill->items[i];
        if (!item->is_product)
            vectors += item->count * item->rows * item->columns * (most - bill->stored_bits[item->class]);
    }
    return !differ ? NULL : vectors > 0 ? ll_sheet_text(sheet, "%s + %.15g", sum, vectors) : sum;
}

static void put_sums(const ll_bill *bill, ll_sheet *sheet)
{
    const char *total = "", *active = "";
    for (size_t i = 0; i < LL_CLASSES; i++) {
        const ll_class class = (ll_class)i;
        put_class(bill, sheet, class);
        if (!ll_sheet_has(sheet, class_paths[class]))
            continue;
        total = ll_sheet_text(sheet, "%s%s%s", total, *total ? " + " : "", class_paths[class]);
        if (class != LL_CLASS_EXPERT)
            active = ll_sheet_text(sheet, "%s%s%s", active, *active ? " + " : "", class_paths[class]);
    }
    const char *chosen = "";
    for (size_t i = 0; i < bill->n_items; i++)
        if (bill->items[i].class == LL_CLASS_EXPERT)
            chosen = term(sheet, chosen, bill->items[i].used, bill->items[i].rows, bill->items[i].columns);
    if (*chosen) {
        ll_sheet_compute(sheet, "parameters.expert_used", "parameter", chosen, "experts that a token is sent to");
        ll_sheet_detail(sheet, "parameters.expert_used");
        active = ll_sheet_text(sheet, "%s + parameters.expert_used", active);
    }
    ll_sheet_compute(sheet, "parameters.total", "parameter", total, NULL);
    ll_sheet_compute(sheet, "parameters.active", "parameter", active, "what one token uses");
}

/* Modules for further tokens, which neither the total nor the active parameters count. */
static void put_mtp(const ll_bill *bill, ll_sheet *sheet)
{
    const char *formula = "", *names = "";
    for (size_t i = 0; i < bill->n_mtp_items; i++) {
        const ll_item *item = &bill->mtp_items[i];
        formula = term(sheet, formula, item->count, item->rows, item->columns);
        names = ll_sheet_text(sheet, "%s%s%s", names, *names ? "; " : "", item->name);
    }
    ll_sheet_compute(sheet, class_paths[LL_CLASS_MTP], "parameter", formula,
                     ll_sheet_text(sheet, "%s: %s; not in parameters.total", bill->source, names));
    ll_sheet_detail(sheet, class_paths[LL_CLASS_MTP]);
    ll_sheet_compute(
        sheet, "parameters.checkpoint", "parameter",
        ll_sheet_text(sheet, "parameters.total + parameters.mtp + %.0f * %d * model.vocab * model.hidden",
                      bill->mtp_modules, bill->is_tied ? 1 : 2),
        "as published files count: with the modules, which have copies of the embedding and the output matrix");
    ll_sheet_detail(sheet, "parameters.checkpoint");
}

static void put_shape(ll_sheet *sheet, const char *path, double value, const char *source)
{
    if (value <= 0)
        return;
    ll_sheet_give(sheet, path, "", value, source);
    ll_sheet_detail(sheet, path);
}

void ll_bill_put(const ll_bill *bill, ll_sheet *sheet)
{
    ll_sheet_say(sheet, "model.name", bill->name, bill->source);
    put_shape(sheet, "model.layers", bill->layers, bill->source);
    put_shape(sheet, "model.hidden", bill->hidden, bill->source);
    put_shape(sheet, "model.heads", bill->heads, bill->source);
    put_shape(sheet, "model.kv_heads", bill->kv_heads, bill->source);
    put_shape(sheet, "model.head_dim", bill->head_dim, bill->source);
    put_shape(sheet, "model.ffn", bill->ffn, bill->source);
    put_shape(sheet, "model.vocab", bill->vocab, bill->source);
    put_shape(sheet, "model.experts", bill->experts, bill->source);
    put_shape(sheet, "model.experts_used", bill->experts_used, bill->source);
    if (bill->n_items) {
        put_sums(bill, sheet);
        if (bill->n_mtp_items)
            put_mtp(bill, sheet);
    } else {
        ll_sheet_give(sheet, "parameters.total", "parameter", bill->parameters, bill->source);
        ll_sheet_give(sheet, "parameters.active", "parameter", bill->active_parameters, bill->source);
    }
}
