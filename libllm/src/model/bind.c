/* SPDX-License-Identifier: MIT
 * Finding a tensor by name and checking that it is what the hyper-parameters ask for.
 */
#include "model/family.h"

#include "base/checked.h"
#include "base/status.h"

#include <stdio.h>
#include <string.h>

void *ll_model_keep(ll_model *model, size_t count, size_t size)
{
    if (model->n_owned == model->capacity_owned) {
        size_t capacity = model->capacity_owned ? model->capacity_owned * 2 : 16;
        void **grown = ll_realloc(model->host, model->owned, model->n_owned, capacity, sizeof *grown);
        if (!grown)
            return NULL;
        model->owned = grown;
        model->capacity_owned = capacity;
    }
    void *memory = ll_alloc(model->host, count, size);
    if (memory)
        model->owned[model->n_owned++] = memory;
    return memory;
}

/* The tensor, or NULL with LIBLLM_OK when it is absent and may be. */
static libllm_status find(const ll_model *model, const char *name, const uint64_t ne[3], ll_presence presence,
                          const ll_gguf_tensor **out, libllm_error *error)
{
    *out = presence == LL_ABSENT ? NULL : ll_gguf_find_tensor(&model->gguf, ll_span_of(name));
    const ll_gguf_tensor *t = *out;
    if (!t) {
        if (presence == LL_REQUIRED)
            return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "tensor \"%s\" is missing", name);
        return LIBLLM_OK;
    }
    if (t->ne[0] != ne[0] || t->ne[1] != ne[1] || t->ne[2] != ne[2] || t->ne[3] != 1)
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE,
                       "tensor \"%s\" has shape [%llu, %llu, %llu, %llu], expected [%llu, %llu, %llu]", name,
                       (unsigned long long)t->ne[0], (unsigned long long)t->ne[1], (unsigned long long)t->ne[2],
                       (unsigned long long)t->ne[3], (unsigned long long)ne[0], (unsigned long long)ne[1],
                       (unsigned long long)ne[2]);
    const ll_type_traits *traits = ll_type_find(t->type);
    if (!traits || !traits->decode)
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "tensor \"%s\" has type %s, which is not supported yet", name,
                       traits ? traits->name : "unknown");
    /* Kernels read floats in place; files in the wild align to 32. */
    if ((uintptr_t)t->data % sizeof(float) != 0)
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "tensor \"%s\" at offset %llu is not aligned to 4 bytes", name,
                       (unsigned long long)t->offset);
    return LIBLLM_OK;
}

libllm_status ll_bind_matrix(ll_model *model, const char *name, uint64_t rows, uint64_t k, ll_presence presence,
                             ll_matrix *out, libllm_error *error)
{
    const ll_gguf_tensor *t;
    *out = (ll_matrix){0};
    libllm_status status = find(model, name, (uint64_t[]){k, rows, 1}, presence, &t, error);
    if (status || !t)
        return status;
    const ll_type_traits *traits = ll_type_find(t->type);
    *out = (ll_matrix){.traits = traits,
                       .data = t->data,
                       .row_bytes = ll_type_row_bytes(traits, (size_t)k),
                       .n_rows = (uint32_t)rows,
                       .n_k = (uint32_t)k};
    return LIBLLM_OK;
}

libllm_status ll_bind_stacked(ll_model *model, const char *name, const uint64_t *rows, size_t n, uint64_t k,
                              ll_matrix *const *out, libllm_error *error)
{
    uint64_t n_rows = 0;
    for (size_t i = 0; i < n; i++)
        n_rows += rows[i];
    ll_matrix all;
    libllm_status status = ll_bind_matrix(model, name, n_rows, k, LL_REQUIRED, &all, error);
    for (size_t i = 0; !status && i < n; i++) {
        *out[i] = all;
        out[i]->n_rows = (uint32_t)rows[i];
        all.data += rows[i] * all.row_bytes;
    }
    return status;
}

libllm_status ll_bind_experts(ll_model *model, const char *name, uint64_t n, uint64_t rows, uint64_t k, size_t from,
                              size_t stack, ll_expert_linear *out, libllm_error *error)
{
    const ll_gguf_tensor *t;
    *out = (ll_expert_linear){0};
    libllm_status status = find(model, name, (uint64_t[]){k, stack * rows, n}, LL_REQUIRED, &t, error);
    if (status)
        return status;
    const ll_type_traits *traits = ll_type_find(t->type);
    const size_t row_bytes = ll_type_row_bytes(traits, (size_t)k);
    out->first.weight = (ll_matrix){.traits = traits,
                                    .data = t->data + from * (size_t)rows * row_bytes,
                                    .row_bytes = row_bytes,
                                    .n_rows = (uint32_t)rows,
                                    .n_k = (uint32_t)k};
    out->expert_bytes = stack * (size_t)rows * row_bytes;
    return LIBLLM_OK;
}

libllm_status ll_bind_experts_apart(ll_model *model, const char *name, uint64_t n, uint64_t rows, uint64_t k,
                                    ll_expert_linear *out, libllm_error *error)
{
    *out = (ll_expert_linear){0};
    uint8_t *copies = NULL;
    for (uint64_t pass = 0; pass < 2; pass++) { /* the second, where it is needed, copies */
        bool regular = true;
        for (uint64_t i = 0; i < n; i++) {
            char full[LL_NAME_BYTES + 32];
            ll_matrix one, *first = &out->first.weight;
            snprintf(full, sizeof full, "%s.%llu.weight", name, (unsigned long long)i);
            libllm_status status = ll_bind_matrix(model, full, rows, k, LL_REQUIRED, &one, error);
            if (status)
                return status;
            if (i == 0 && pass == 0)
                *first = one;
            if (one.traits != first->traits)
                return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED,
                               "tensor \"%s\" has type %s, but the first of these experts has %s", full,
                               one.traits->name, first->traits->name);
            if (copies)
                memcpy(copies + i * out->expert_bytes, one.data, out->expert_bytes);
            else if (i == 1 && one.data > first->data)
                out->expert_bytes = (size_t)(one.data - first->data);
            else if (i > 0)
                regular = regular && out->expert_bytes && one.data == first->data + i * out->expert_bytes;
        }
        if (copies || regular)
            break;
        out->expert_bytes = (size_t)rows * out->first.weight.row_bytes;
        copies = ll_model_keep(model, (size_t)n, out->expert_bytes);
        if (!copies)
            return ll_fail_memory(error, "experts that lie apart");
    }
    if (copies)
        out->first.weight.data = copies;
    return LIBLLM_OK;
}

/* As floats: where the file has them, or decoded. */
static libllm_status bind_floats(ll_model *model, const char *name, const uint64_t ne[3], ll_presence presence,
                                 const float **out, libllm_error *error)
{
    const ll_gguf_tensor *t;
    const uint64_t n = ne[0] * ne[1] * ne[2];
    *out = NULL;
    libllm_status status = find(model, name, ne, presence, &t, error);
    if (status || !t)
        return status;
    if (t->type == LL_TYPE_F32) {
        *out = (const float *)(const void *)t->data;
        return LIBLLM_OK;
    }
    float *copy = ll_model_keep(model, (size_t)n, sizeof *copy);
    if (!copy)
        return ll_fail_memory(error, name);
    ll_type_find(t->type)->decode(t->data, copy, (size_t)n);
    *out = copy;
    return LIBLLM_OK;
}

libllm_status ll_bind_vector(ll_model *model, const char *name, uint64_t n, ll_presence presence, const float **out,
                             libllm_error *error)
{
    return bind_floats(model, name, (uint64_t[]){n, 1, 1}, presence, out, error);
}

libllm_status ll_bind_scale(ll_model *model, const char *name, uint64_t n, const float **out, libllm_error *error)
{
    char full[LL_NAME_BYTES + 8];
    snprintf(full, sizeof full, "%s.scale", name);
    return ll_bind_vector(model, full, n, LL_OPTIONAL, out, error);
}

libllm_status ll_bind_table(ll_model *model, const char *name, uint64_t n, uint64_t k, ll_presence presence,
                            const float **out, libllm_error *error)
{
    return bind_floats(model, name, (uint64_t[]){k, n, 1}, presence, out, error);
}
