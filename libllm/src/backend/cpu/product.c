/* SPDX-License-Identifier: MIT
 * Matrix products for one thread: straight from the weight blocks for a few columns (decoding), through decoded
 * panels for many (prefill).
 */
#include "backend/cpu/executor.h"

/* Beyond eight columns a weight block would be decoded again for each eight; a panel is decoded once for all, and its
 * activations have 8 bits. Logits always get 16. Where those cost more, several timelines that are decoded at once take
 * panels from fewer columns on, for logits too; one alone never does, so that guesses are judged as tokens are. With
 * the option `deterministic` there is one way only, so that the split into batches cannot show. */
bool ll_cpu_by_rows(const ll_executor *e, const ll_phase *phase, size_t n_columns)
{
    if (phase->kind == LL_PHASE_EXPERTS_UP || phase->kind == LL_PHASE_EXPERTS_DOWN) {
        /* An expert has only some of the columns. */
        const ll_experts *experts = &e->model->layers[phase->layer].experts;
        if (n_columns * experts->n_used <= (size_t)LL_COLUMNS_MAX * experts->n)
            return true;
    }
    if (e->options.deterministic)
        return true;
    if (e->batch->n_runs > 1 && e->few_columns < LL_COLUMNS_MAX)
        return n_columns <= e->few_columns;
    return n_columns <= LL_COLUMNS_MAX || phase->kind == LL_PHASE_LOGITS;
}

ll_act ll_cpu_act_view(const ll_act *act, bool by_rows)
{
    ll_act view = *act;
    view.low = by_rows ? view.low : NULL;
    return view;
}

static void by_rows(ll_worker *w, const ll_matrix *m, size_t row, size_t n_rows, const ll_inputs *in, float *const *out)
{
    const ll_row_kernel *kernel = w->executor->kernels.row_kernel(m->traits->type);
    for (size_t c = 0; c < in->n; c += LL_COLUMNS_MAX) {
        size_t n = in->n - c < LL_COLUMNS_MAX ? in->n - c : LL_COLUMNS_MAX;
        kernel->rows(&(ll_rows_job){.traits = m->traits,
                                    .weights = m->data + row * m->row_bytes,
                                    .row_bytes = m->row_bytes,
                                    .n_rows = n_rows,
                                    .n_k = m->n_k,
                                    .n_columns = n,
                                    .x = in->x + c,
                                    .act = kernel->takes == LL_TAKES_INTS ? in->act + c : NULL,
                                    .out = out + c});
    }
}

/* Bytes from a column's results to the next one's where these are the same for all, or 0. */
static size_t out_stride(float *const *out, size_t n)
{
    const size_t stride = n < 2 ? 0 : (size_t)((uintptr_t)out[1] - (uintptr_t)out[0]);
    for (size_t i = 2; i < n; i++)
        if ((uintptr_t)out[i] - (uintptr_t)out[i - 1] != stride)
            return 0;
    return stride;
}

/* Of inputs [k_begin, k_begin + n_k) of all rows: their sums go on. So these inputs of all columns stay in the cache
 * while the rows pass by. */
static void panels_of_inputs(ll_worker *w, const ll_matrix *m, size_t row, size_t n_rows, size_t k_begin, size_t n_k,
                             const ll_inputs *in, float *const *out, size_t stride)
{
    const ll_panel_kernel *kernel = w->executor->panel_kernel(m->traits->type);
    const size_t block = kernel->takes == LL_TAKES_BF16 ? in->n : LL_COLUMN_BLOCK, bytes = kernel->bytes(n_k);
    for (size_t group = 0; group < n_rows; group += LL_TILE_ROWS) {
        const size_t n_group = n_rows - group < LL_TILE_ROWS ? n_rows - group : LL_TILE_ROWS;
        for (size_t r = 0; r < n_group; r += kernel->rows) {
            const size_t n = n_group - r < kernel->rows ? n_group - r : kernel->rows;
            kernel->pack(m->traits, m->data + (row + group + r) * m->row_bytes, m->row_bytes, n, k_begin, n_k,
                         w->panels + r / kernel->rows * bytes);
        }
        for (size_t c = 0; c < in->n; c += block) {
            const size_t n_c = in->n - c < block ? in->n - c : block;
            for (size_t r = 0; r < n_group; r += kernel->rows) {
                for (size_t i = 0; i < n_c; i++)
                    w->out_part[i] = out[c + i] + group + r;
                kernel->multiply(&(ll_panel_job){.panel = w->panels + r / kernel->rows * bytes,
                                                 .n_rows = n_group - r < kernel->rows ? n_group - r : kernel->rows,
                                                 .k_begin = k_begin,
                                                 .n_k = n_k,
                                                 .n_columns = n_c,
                                                 .x = in->x + c,
                                                 .act = kernel->takes == LL_TAKES_INTS ? in->act + c : NULL,
                                                 .bf16 = in->bf16,
                                                 .bf16_group = ll_bf16_group_size(m->n_k),
                                                 .out = w->out_part,
                                                 .out_stride = stride,
                                                 .accumulate = k_begin > 0});
            }
        }
    }
}

static void by_panels(ll_worker *w, const ll_matrix *m, size_t row, size_t n_rows, const ll_inputs *in,
                      float *const *out)
{
    const bool bf16 = w->executor->panel_kernel(m->traits->type)->takes == LL_TAKES_BF16;
    const size_t chunk = bf16 ? LL_K_CHUNK_BF16 : LL_K_CHUNK, last = bf16 ? LL_K_CHUNK_BF16_LAST : LL_K_CHUNK;
    const size_t stride = out_stride(out, in->n);
    for (size_t k = 0, n_k; k < m->n_k; k += n_k) {
        n_k = m->n_k - k <= last ? m->n_k - k : chunk;
        panels_of_inputs(w, m, row, n_rows, k, n_k, in, out, stride);
    }
}

void ll_cpu_product(ll_worker *w, const ll_linear *linear, size_t row, size_t n_rows, const ll_inputs *in,
                    float *const *out)
{
    if (in->by_rows)
        by_rows(w, &linear->weight, row, n_rows, in, out);
    else if (w->executor->products.multiply)
        w->executor->products.multiply(&w->executor->products, w, &linear->weight, row, n_rows, in, out);
    else
        by_panels(w, &linear->weight, row, n_rows, in, out);
    if (linear->scale)
        for (size_t c = 0; c < in->n; c++)
            for (size_t r = 0; r < n_rows; r++)
                out[c][r] *= *linear->scale;
    if (linear->bias)
        for (size_t c = 0; c < in->n; c++)
            for (size_t r = 0; r < n_rows; r++)
                out[c][r] += linear->bias[row + r];
    if (in->adapted)
        ll_cpu_add_adapted(w, linear, row, n_rows, in, out);
}
