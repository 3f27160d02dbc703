/* SPDX-License-Identifier: MIT
 * Collecting the squares of inputs: the device makes the sums of a batch for each input of a layer's matrices, and the
 * host adds them to those of the batches before.
 */
#include "backend/vulkan/lower.h"

#include "base/status.h"

static uint64_t region_bytes(const ll_vk_collected *c) { return (uint64_t)c->n_matrices * (c->n + 1) * sizeof(float); }

/* One more, with the sums of an input that is collected already, or with new ones. */
static ll_vk_collected *note(ll_vk_lowering *w, const ll_vk_product_job *job, const ll_linear *linear,
                             size_t matrix_bytes)
{
    ll_executor *e = w->e;
    ll_vk_sums *s = &e->sums;
    if (s->n == s->capacity) {
        const size_t capacity = s->capacity ? 2 * s->capacity : 256;
        ll_vk_collected *list = ll_realloc(e->host, s->list, s->capacity, capacity, sizeof *list);
        if (!list) {
            w->failed = true;
            return NULL;
        }
        s->list = list;
        s->capacity = capacity;
    }
    ll_vk_collected *c = &s->list[s->n++];
    *c = (ll_vk_collected){.weight = linear->weight,
                           .matrix_bytes = matrix_bytes,
                           .x = job->x.address,
                           .phase = w->index,
                           .n = linear->weight.n_k,
                           .n_matrices = job->items == LL_VK_ITEMS_NONE ? 1 : job->n_matrices,
                           .is_expert = job->items != LL_VK_ITEMS_NONE,
                           .tail = w->phase->tail_only,
                           .at = s->bytes};
    return c;
}

/* Products of a phase that read the same rows follow each other. */
static bool is_known(const ll_vk_sums *s, ll_vk_collected *c)
{
    const ll_vk_collected *last = s->n > 1 ? &s->list[s->n - 2] : NULL;
    const bool known = last && last->phase == c->phase && last->x == c->x && last->n == c->n &&
                       last->is_expert == c->is_expert && last->n_matrices == c->n_matrices;
    if (known)
        c->at = last->at;
    return known;
}

static void add_op(ll_vk_lowering *w, const ll_vk_product_job *job, const ll_vk_collected *c)
{
    const ll_executor *e = w->e;
    const uint64_t sums = e->sums.buffer.address + c->at;
    const ll_vk_squares_params p = {.x = job->x.address,
                                    .sums = sums,
                                    .counts = sums + (uint64_t)c->n_matrices * c->n * sizeof(float),
                                    .choices = e->scratch.choices.address,
                                    .n = c->n,
                                    .n_items = job->n_items,
                                    .x_stride = job->x.stride,
                                    .x_item_stride = job->x_step,
                                    .choice_stride = e->scratch.choices.stride / 2};
    ll_vk_op op = {.shader = LL_VK_SQUARES,
                   .tail = w->phase->tail_only,
                   .span = LL_VK_EACH_MATRIX,
                   .groups = (c->n + LL_VK_SIZE - 1) / LL_VK_SIZE,
                   .n_items = c->n_matrices,
                   .reads = job->reads,
                   .flops = 2 * (uint64_t)c->n * (job->n_items ? job->n_items : 1)};
    ll_vk_set(&op.constants, 0, LL_VK_SIZE);
    ll_vk_set(&op.constants, 2, job->items);
    ll_vk_add(w, op, &p, sizeof p);
}

void ll_vk_collect(ll_vk_lowering *w, const ll_vk_product_job *job)
{
    if (!w->e->options.importance || job->logits)
        return;
    const ll_linear *const linears[] = {job->linear, job->up};
    const size_t bytes[] = {job->matrix_bytes, job->matrix_bytes_2};
    for (size_t i = 0; i < 2 && linears[i]; i++) {
        ll_vk_collected *c = note(w, job, linears[i], bytes[i]);
        if (!c || is_known(&w->e->sums, c))
            continue;
        add_op(w, job, c);
        w->e->sums.bytes += region_bytes(c);
    }
}

/* Whether a matrix before, with the same input, is a part of the same tensor. */
static bool is_part(const ll_input_sums *sums, const ll_vk_collected *first, const ll_vk_collected *c,
                    const ll_tensor_inputs *of)
{
    bool found = false;
    for (const ll_vk_collected *before = c; !c->is_expert && before-- > first && before->phase == c->phase && !found;)
        found = before->at == c->at && ll_input_sums_of(sums, &before->weight) == of;
    return found;
}

void ll_vk_add_sums(const ll_executor *e, const ll_batch *batch, uint32_t first_phase, uint32_t end_phase)
{
    for (size_t i = 0; batch->sums && i < e->sums.n; i++) {
        const ll_vk_collected *c = &e->sums.list[i];
        if (c->phase < first_phase || c->phase >= end_phase || (c->tail && e->n_tail == 0))
            continue;
        const float *squares = (const float *)(const void *)(e->sums.buffer.mapped + c->at);
        const uint32_t *counts = (const uint32_t *)(const void *)(squares + (size_t)c->n_matrices * c->n);
        for (size_t j = 0; j < c->n_matrices; j++) {
            ll_matrix weight = c->weight;
            weight.data += j * c->matrix_bytes;
            ll_tensor_inputs *of = ll_input_sums_of(batch->sums, &weight);
            if (!of || is_part(batch->sums, e->sums.list, c, of))
                continue;
            const size_t each = (size_t)of->tensor->n_bytes / of->n_matrices;
            const size_t matrix = c->is_expert ? (size_t)(weight.data - of->tensor->data) / each : 0;
            for (size_t k = 0; k < c->n; k++)
                of->squares[matrix * of->n + k] += squares[j * c->n + k];
            of->counts[matrix] += counts[j];
        }
    }
}
