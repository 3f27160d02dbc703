/* SPDX-License-Identifier: MIT
 * Collecting the squares of inputs, when a batch asks for it. A thread adds up its share of the columns for all tokens
 * in their order, so the sums do not depend on the number of threads.
 */
#include "backend/cpu/executor.h"

#include "backend/input_sums.h"

/* Add n inputs to the sums of one matrix of the tensor, in columns from `from` up to `to`. */
static void add(ll_tensor_inputs *of, size_t matrix, size_t from, size_t to, const float *const *x, size_t n)
{
    float *sums = of->squares + matrix * of->n;
    for (size_t k = from; k < to; k++) {
        double sum = 0;
        for (size_t i = 0; i < n; i++)
            sum += (double)x[i][k] * (double)x[i][k];
        sums[k] += (float)sum;
    }
    if (from == 0)
        of->counts[matrix] += n;
}

static void add_share(const ll_worker *w, ll_tensor_inputs *of, size_t matrix, const ll_inputs *in)
{
    add(of, matrix, of->n * w->thread / w->n_threads, of->n * (w->thread + 1) / w->n_threads, in->x, in->n);
}

/* The tensor of one expert's, or head's, matrix, and which one of the tensor's it is. */
static ll_tensor_inputs *find(const ll_worker *w, const ll_linear *linear, size_t *matrix)
{
    ll_tensor_inputs *of = ll_input_sums_of(w->executor->batch->sums, &linear->weight);
    if (of)
        *matrix = (size_t)(linear->weight.data - of->tensor->data) / ((size_t)of->tensor->n_bytes / of->n_matrices);
    return of;
}

void ll_cpu_collect(const ll_worker *w, const ll_phase *p, const ll_linear *const *linears, size_t n_linears,
                    const ll_inputs *in)
{
    const ll_input_sums *sums = w->executor->batch->sums;
    const ll_experts *experts = &w->executor->model->layers[p->layer].experts;
    for (size_t i = 0; i < n_linears; i++) {
        ll_tensor_inputs *of = ll_input_sums_of(sums, &linears[i]->weight);
        const bool is_expert = linears[i] == &experts->up.first || linears[i] == &experts->gate.first;
        bool again = !of || is_expert;           /* each expert has inputs of its own */
        for (size_t k = 0; k < i && !again; k++) /* parts of one tensor */
            again = of == ll_input_sums_of(sums, &linears[k]->weight);
        if (!again)
            add_share(w, of, 0, in);
    }
}

void ll_cpu_collect_expert(const ll_worker *w, const ll_expert_linear *linear, uint32_t expert, const ll_inputs *in)
{
    const ll_linear one = ll_expert(linear, expert);
    size_t matrix;
    ll_tensor_inputs *of = find(w, &one, &matrix);
    if (of)
        add_share(w, of, matrix, in);
}

void ll_cpu_collect_head(const ll_worker *w, const ll_linear *linear, const ll_inputs *in)
{
    size_t matrix;
    ll_tensor_inputs *of = find(w, linear, &matrix);
    if (of)
        add(of, matrix, 0, of->n, in->x, in->n);
}
