/* SPDX-License-Identifier: MIT
 * Collecting the squares of inputs, when a batch asks for it. A thread adds up its share of the columns for all tokens
 * in their order, so the sums do not depend on the number of threads.
 */
#include "backend/cpu/executor.h"

#include "backend/input_sums.h"

/* Add n inputs to the sums of one matrix of the tensor. */
static void add(const ll_worker *w, ll_tensor_inputs *of, size_t matrix, const float *const *x, size_t n)
{
    const size_t from = of->n * w->thread / w->n_threads, to = of->n * (w->thread + 1) / w->n_threads;
    float *sums = of->squares + matrix * of->n;
    for (size_t k = from; k < to; k++) {
        double sum = 0;
        for (size_t i = 0; i < n; i++)
            sum += (double)x[i][k] * (double)x[i][k];
        sums[k] += (float)sum;
    }
    if (w->thread == 0)
        of->counts[matrix] += n;
}

void ll_cpu_collect(const ll_worker *w, const ll_linear *const *linears, size_t n_linears, const ll_inputs *in)
{
    const ll_input_sums *sums = w->executor->batch->sums;
    for (size_t i = 0; i < n_linears; i++) {
        ll_tensor_inputs *of = ll_input_sums_of(sums, &linears[i]->weight);
        bool again = !of || of->n_matrices > 1;  /* each expert has inputs of its own */
        for (size_t k = 0; k < i && !again; k++) /* parts of one tensor */
            again = of == ll_input_sums_of(sums, &linears[k]->weight);
        if (!again)
            add(w, of, 0, in->x, in->n);
    }
}

void ll_cpu_collect_expert(const ll_worker *w, const ll_expert_linear *linear, uint32_t expert, const ll_inputs *in)
{
    ll_tensor_inputs *of = ll_input_sums_of(w->executor->batch->sums, &linear->first.weight);
    if (of && expert < of->n_matrices)
        add(w, of, expert, in->x, in->n);
}
