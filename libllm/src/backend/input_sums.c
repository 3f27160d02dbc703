/* SPDX-License-Identifier: MIT
 * Memory for the sums of each tensor, and finding a tensor by the address of its weights.
 */
#include "backend/input_sums.h"

#include "base/status.h"

#include <stdlib.h>
#include <string.h>

static bool is_collected(const ll_gguf_tensor *t)
{
    static const char *const layers[] = {"blk.", "enc.blk.", "dec.blk."};
    bool is_of_layer = false;
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
        is_of_layer = is_of_layer ||
                      (t->name.size > strlen(layers[i]) && memcmp(t->name.data, layers[i], strlen(layers[i])) == 0);
    return is_of_layer && ll_mixture_is_matrix(t);
}

static int by_address(const void *a, const void *b)
{
    const uint8_t *x = ((const ll_tensor_inputs *)a)->tensor->data, *y = ((const ll_tensor_inputs *)b)->tensor->data;
    return x < y ? -1 : x > y;
}

ll_input_sums *ll_input_sums_create(const ll_host *host, const ll_model *model)
{
    const ll_gguf *g = &model->gguf;
    ll_input_sums *s = ll_calloc(host, 1, sizeof *s);
    if (!s)
        return NULL;
    s->host = host;
    s->tensors = ll_alloc(host, g->n_tensors, sizeof *s->tensors);
    bool made = s->tensors != NULL;
    for (size_t i = 0; made && i < g->n_tensors; i++) {
        const ll_gguf_tensor *t = &g->tensors[i];
        if (!is_collected(t))
            continue;
        ll_tensor_inputs *of = &s->tensors[s->n_tensors++];
        *of = (ll_tensor_inputs){.tensor = t, .n = (size_t)t->ne[0], .n_matrices = (size_t)(t->ne[2] * t->ne[3])};
        of->squares = ll_calloc(host, of->n * of->n_matrices, sizeof *of->squares);
        of->counts = ll_calloc(host, of->n_matrices, sizeof *of->counts);
        made = of->squares && of->counts;
    }
    if (!made) {
        ll_input_sums_free(s);
        return NULL;
    }
    qsort(s->tensors, s->n_tensors, sizeof *s->tensors, by_address);
    return s;
}

void ll_input_sums_free(ll_input_sums *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n_tensors; i++) {
        ll_free(s->host, s->tensors[i].squares);
        ll_free(s->host, s->tensors[i].counts);
    }
    ll_free(s->host, s->tensors);
    ll_free(s->host, s);
}

ll_tensor_inputs *ll_input_sums_of(const ll_input_sums *s, const ll_matrix *matrix)
{
    size_t low = 0, high = s->n_tensors;
    while (low < high) { /* the first that starts behind the address */
        const size_t middle = low + (high - low) / 2;
        if (s->tensors[middle].tensor->data <= matrix->data)
            low = middle + 1;
        else
            high = middle;
    }
    ll_tensor_inputs *of = low ? &s->tensors[low - 1] : NULL;
    return of && matrix->data < of->tensor->data + of->tensor->n_bytes && of->n == matrix->n_k ? of : NULL;
}

static int by_name(const void *a, const void *b)
{
    const ll_span x = ((const ll_importance_sums *)a)->name, y = ((const ll_importance_sums *)b)->name;
    const int order = memcmp(x.data, y.data, x.size < y.size ? x.size : y.size);
    return order ? order : x.size < y.size ? -1 : x.size > y.size;
}

libllm_status ll_input_sums_write(const ll_input_sums *s, const char *path, bool replaces, ll_span dataset,
                                  libllm_error *error)
{
    ll_importance_sums *list = ll_alloc(s->host, s->n_tensors, sizeof *list);
    if (!list)
        return ll_fail_memory(error, "an importance matrix");
    for (size_t i = 0; i < s->n_tensors; i++) {
        const ll_tensor_inputs *of = &s->tensors[i];
        list[i] = (ll_importance_sums){.name = of->tensor->name,
                                       .squares = of->squares,
                                       .counts = of->counts,
                                       .n = of->n,
                                       .n_matrices = of->n_matrices};
    }
    qsort(list, s->n_tensors, sizeof *list, by_name);
    const ll_importance_origin origin = {.dataset = dataset,
                                         .n_chunks = (uint32_t)s->n_texts,
                                         .chunk_size = s->n_texts ? (uint32_t)(s->n_tokens / s->n_texts) : 0};
    libllm_status status = ll_importance_write(s->host, path, replaces, list, s->n_tensors, &origin, error);
    ll_free(s->host, list);
    return status;
}
