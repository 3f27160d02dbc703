/* SPDX-License-Identifier: MIT
 * Adapters in the products of the CPU: A x for each input, then B times that on top of W x. Both are products of rows
 * with floats, whose sums do not depend on how many columns are computed together, so an adapter adds the same bits
 * whatever else is in the batch.
 */
#include "backend/cpu/executor.h"

#include "base/checked.h"

/* What one adapter adds to one matrix. */
typedef struct term {
    const ll_low_rank *low_rank;
    float scale;
    size_t at;    /* of a column's reduced values, those of item 0 */
    bool is_made; /* by a term before, which has the same A */
} term;

struct ll_adapter_set {
    term *terms;
    uint32_t *first; /* [ll_model_n_linears() + 1] terms of each linear */
    ll_adapter_use *uses;
    size_t n_uses;
    size_t width;
    float *reduced; /* [n_batch][width] */
};

/* Matrices of which a column meets several, and of each with an input of its own: how many; 0 for all others. */
static uint32_t items_of(const ll_layer *l, const ll_linear *linear)
{
    const ll_experts *e = &l->experts;
    if (linear == &e->gate.first || linear == &e->up.first || linear == &e->down.first)
        return e->n_used;
    return linear == &l->latent.k_b.first || linear == &l->latent.v_b.first ? l->n_heads : 0;
}

/* The terms of one linear. Their places begin anew with each layer, whose phases use them one after the other; a
 * layer's terms begin at `of_layer`. False: the sizes do not fit. */
static bool add_terms(ll_adapter_set *set, const ll_linear *linear, uint32_t items, term *of_layer, term **next,
                      size_t *at)
{
    for (size_t u = 0; u < set->n_uses; u++) {
        const ll_low_rank *low_rank = &set->uses[u].adapter->linears[linear->number];
        size_t n;
        if (!low_rank->a.data)
            continue;
        **next = (term){.low_rank = low_rank, .scale = low_rank->scale * set->uses[u].scale, .at = *at};
        for (const term *t = of_layer; t < *next && !(*next)->is_made; t++)
            if (t->low_rank->a.data == low_rank->a.data && t->scale == (*next)->scale) {
                (*next)->at = t->at;
                (*next)->is_made = true;
            }
        if (!(*next)->is_made && (!ll_mul_size(low_rank->a.n_rows, items, &n) || !ll_add_size(*at, n, at)))
            return false;
        (*next)++;
    }
    return true;
}

static bool place_terms(const ll_model *m, ll_adapter_set *set)
{
    const ll_linear *linears[LL_LAYER_LINEARS_MAX];
    term *next = set->terms;
    uint32_t number = 0;
    for (size_t u = 0; u < set->n_uses; u++)
        if (set->uses[u].adapter->embedding.a.data && set->width < set->uses[u].adapter->embedding.a.n_k)
            set->width = set->uses[u].adapter->embedding.a.n_k;
    for (uint32_t i = 0; i <= m->n_layers; i++) {
        term *of_layer = next;
        size_t at = 0;
        linears[0] = &m->output;
        const size_t n = i < m->n_layers ? ll_layer_linears(&m->layers[i], linears) : 1;
        for (size_t j = 0; j < n; j++) {
            while (number <= linears[j]->number)
                set->first[number++] = (uint32_t)(next - set->terms);
            const uint32_t items = i < m->n_layers ? items_of(&m->layers[i], linears[j]) : 0;
            if (!add_terms(set, linears[j], items ? items : 1, of_layer, &next, &at))
                return false;
        }
        set->width = set->width > at ? set->width : at;
    }
    while (number <= ll_model_n_linears(m))
        set->first[number++] = (uint32_t)(next - set->terms);
    return true;
}

ll_adapter_set *ll_cpu_adapters_create(const ll_executor *e, const ll_adapter_use *uses, size_t n)
{
    const ll_model *m = e->model;
    const size_t n_linears = ll_model_n_linears(m);
    size_t n_terms = 0, n_values;
    for (size_t u = 0; u < n; u++)
        for (size_t i = 0; i < n_linears; i++)
            n_terms += uses[u].adapter->linears[i].a.data != NULL;
    ll_adapter_set *set = ll_calloc(e->host, 1, sizeof *set);
    if (!set)
        return NULL;
    set->n_uses = n;
    set->terms = ll_alloc(e->host, n_terms, sizeof *set->terms);
    set->first = ll_alloc(e->host, n_linears + 1, sizeof *set->first);
    set->uses = ll_alloc(e->host, n, sizeof *set->uses);
    bool made = n_terms <= UINT32_MAX && set->terms && set->first && set->uses;
    for (size_t u = 0; made && u < n; u++)
        set->uses[u] = uses[u];
    made = made && place_terms(m, set) && ll_mul_size(e->options.n_batch, set->width, &n_values);
    if (made) {
        set->reduced = ll_alloc_aligned(e->host, n_values, sizeof *set->reduced, 64);
        made = set->reduced != NULL;
    }
    if (!made) {
        ll_cpu_adapters_free(e, set);
        return NULL;
    }
    return set;
}

void ll_cpu_adapters_free(const ll_executor *e, ll_adapter_set *set)
{
    if (!set)
        return;
    ll_free(e->host, set->terms);
    ll_free(e->host, set->first);
    ll_free(e->host, set->uses);
    ll_free(e->host, set->reduced);
    ll_free(e->host, set);
}

float *ll_cpu_adapters_reduced(const ll_adapter_set *set, size_t *stride)
{
    *stride = set->width;
    return set->reduced;
}

/* Inputs from `from` on that have the same adapters, at most as many as one call multiplies. */
static size_t same_adapters(const ll_inputs *in, size_t from)
{
    size_t n = 1;
    while (n < LL_COLUMNS_MAX && from + n < in->n && in->adapted[from + n].set == in->adapted[from].set)
        n++;
    return n;
}

static void rows(const ll_executor *e, const ll_matrix *m, const uint8_t *data, size_t row, size_t n_rows, size_t n,
                 const float *const *x, float *const *out)
{
    e->kernels.row_kernel(m->traits->type)
        ->rows(&(ll_rows_job){.traits = m->traits,
                              .weights = data + row * m->row_bytes,
                              .row_bytes = m->row_bytes,
                              .n_rows = n_rows,
                              .n_k = m->n_k,
                              .n_columns = n,
                              .x = x,
                              .out = out});
}

static float *reduced_of(const ll_adapted *adapted, const term *t)
{
    return adapted->reduced + t->at + adapted->item * (size_t)t->low_rank->a.n_rows;
}

/* Values [row, end) of scale * A x. */
static void reduce(const ll_executor *e, const term *t, uint32_t expert, size_t row, size_t end, const ll_inputs *in,
                   size_t from, size_t n)
{
    float *out[LL_COLUMNS_MAX];
    if (row == end)
        return;
    for (size_t c = 0; c < n; c++)
        out[c] = reduced_of(&in->adapted[from + c], t) + row;
    const ll_low_rank *low_rank = t->low_rank;
    rows(e, &low_rank->a, low_rank->a.data + expert * low_rank->a_bytes, row, end - row, n, in->x + from, out);
    for (size_t c = 0; c < n; c++)
        for (size_t i = 0; i < end - row; i++)
            out[c][i] *= t->scale;
}

/* Part `part` of `n_parts` of the rows of a linear's terms; whether there are any. */
static bool reduce_part(const ll_executor *e, const ll_linear *linear, const ll_inputs *in, uint32_t part,
                        uint32_t n_parts)
{
    bool any = false;
    for (size_t from = 0, n; from < in->n; from += n) {
        const ll_adapter_set *set = in->adapted[from].set;
        n = same_adapters(in, from);
        for (uint32_t i = set ? set->first[linear->number] : 0; set && i < set->first[linear->number + 1]; i++) {
            const term *t = &set->terms[i];
            const uint64_t rank = t->low_rank->a.n_rows;
            any = true;
            if (!t->is_made)
                reduce(e, t, linear->expert, (size_t)(rank * part / n_parts), (size_t)(rank * (part + 1) / n_parts), in,
                       from, n);
        }
    }
    return any;
}

void ll_cpu_reduce(ll_worker *w, const uint32_t *columns, const ll_linear *const *linears, size_t n_linears,
                   ll_inputs *in)
{
    const ll_executor *e = w->executor;
    bool any = false;
    for (size_t i = 0; i < in->n; i++) {
        const ll_column *c = &e->columns[columns[i]];
        w->adapted[i] = (ll_adapted){.set = c->adapters, .reduced = c->reduced};
    }
    in->adapted = w->adapted;
    const ll_layer *l = &e->model->layers[e->plan.phases[w->phase].layer];
    for (size_t i = 0; i < n_linears; i++)
        if (!items_of(l, linears[i]))
            any = reduce_part(e, linears[i], in, w->thread, w->n_threads) || any;
    if (any)
        ll_cpu_meet(w);
}

void ll_cpu_reduce_alone(ll_worker *w, const ll_linear *linear, const ll_inputs *in)
{
    reduce_part(w->executor, linear, in, 0, 1);
}

void ll_cpu_add_adapted(ll_worker *w, const ll_linear *linear, size_t row, size_t n_rows, const ll_inputs *in,
                        float *const *out)
{
    const ll_executor *e = w->executor;
    float tile[LL_COLUMNS_MAX][LL_TILE_ROWS];
    float *to[LL_COLUMNS_MAX];
    const float *x[LL_COLUMNS_MAX];
    for (size_t c = 0; c < LL_COLUMNS_MAX; c++)
        to[c] = tile[c];
    for (size_t from = 0, n; from < in->n; from += n) {
        const ll_adapter_set *set = in->adapted[from].set;
        n = same_adapters(in, from);
        for (uint32_t i = set ? set->first[linear->number] : 0; set && i < set->first[linear->number + 1]; i++) {
            const term *t = &set->terms[i];
            const ll_low_rank *low_rank = t->low_rank;
            for (size_t c = 0; c < n; c++)
                x[c] = reduced_of(&in->adapted[from + c], t);
            for (size_t at = 0; at < n_rows; at += LL_TILE_ROWS) {
                const size_t n_at = n_rows - at < LL_TILE_ROWS ? n_rows - at : LL_TILE_ROWS;
                rows(e, &low_rank->b, low_rank->b.data + linear->expert * low_rank->b_bytes, row + at, n_at, n, x, to);
                for (size_t c = 0; c < n; c++)
                    for (size_t r = 0; r < n_at; r++)
                        out[from + c][at + r] += tile[c][r];
            }
        }
    }
}

void ll_cpu_adapt_embedding(const ll_executor *e, uint32_t column, float *x)
{
    const ll_column *c = &e->columns[column];
    float tile[LL_TILE_ROWS], *to = tile;
    const float *reduced = c->reduced;
    for (size_t u = 0; u < c->adapters->n_uses; u++) {
        const ll_low_rank *embedding = &c->adapters->uses[u].adapter->embedding;
        const float scale = embedding->scale * c->adapters->uses[u].scale;
        if (!embedding->a.data)
            continue;
        embedding->a.traits->decode(embedding->a.data + (size_t)c->token * embedding->a.row_bytes, c->reduced,
                                    embedding->a.n_k);
        for (size_t row = 0; row < e->plan.n_embd; row += LL_TILE_ROWS) {
            const size_t n = e->plan.n_embd - row < LL_TILE_ROWS ? e->plan.n_embd - row : LL_TILE_ROWS;
            rows(e, &embedding->b, embedding->b.data, row, n, 1, &reduced, &to);
            for (size_t i = 0; i < n; i++)
                x[row + i] += scale * tile[i];
        }
    }
}
