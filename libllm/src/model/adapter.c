/* SPDX-License-Identifier: MIT
 * Opening an adapter: each pair of tensors NAME.lora_a and NAME.lora_b finds the matrices of the model that read the
 * tensor NAME, which may be several where the model splits it.
 */
#include "model/adapter.h"

#include "base/status.h"
#include "format/gguf_make.h"
#include "model/family.h"
#include "model/huggingface/huggingface.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { RANK_MAX = 1 << 16, NAME_SHOWN = 96 };

static const char suffix_a[] = ".lora_a", suffix_b[] = ".lora_b";

/* While an adapter is opened. */
typedef struct opener {
    ll_adapter *adapter;
    ll_gguf_maker maker; /* of the adapter's gguf, for memory */
    float alpha;         /* 0: the scale is 1 */
    bool other_order;    /* rows of q and k: halves where the model has pairs, or the other way around */
    libllm_error *error;
} opener;

/* A pair, and the tensor that it is for. */
typedef struct pair {
    ll_span name; /* of that tensor */
    const ll_gguf_tensor *a, *b;
    float scale;
} pair;

static libllm_status fail_pair(const opener *o, const pair *p, libllm_status status)
{
    return ll_fail_context(o->error, status, "tensor \"%.*s\"",
                           (int)(p->name.size < NAME_SHOWN ? p->name.size : NAME_SHOWN), p->name.data);
}

static libllm_status fail_shape(const opener *o, const ll_gguf_tensor *t, const char *which, uint64_t ne0, uint64_t ne1,
                                uint64_t ne2)
{
    return ll_fail(o->error, LIBLLM_ERROR_INVALID_ARGUMENT,
                   "%s has shape [%" PRIu64 ", %" PRIu64 ", %" PRIu64 ", %" PRIu64 "], the model expects [%" PRIu64
                   ", %" PRIu64 ", %" PRIu64 "]",
                   which, t->ne[0], t->ne[1], t->ne[2], t->ne[3], ne0, ne1, ne2);
}

static bool has_shape(const ll_gguf_tensor *t, uint64_t ne0, uint64_t ne1, uint64_t ne2)
{
    return t->ne[0] == ne0 && t->ne[1] == ne1 && t->ne[2] == ne2 && t->ne[3] == 1;
}

/* n matrices of rows x k, one after the other: where they lie if kernels multiply floats with them, else decoded. */
static libllm_status matrix_of(opener *o, const ll_gguf_tensor *t, ll_matrix *out)
{
    const ll_type_traits *traits = ll_type_find(t->type);
    const uint8_t *data = t->data;
    if (!traits || !traits->decode)
        return ll_fail(o->error, LIBLLM_ERROR_UNSUPPORTED, "type %s is not supported",
                       traits ? traits->name : "unknown");
    if (t->type != LL_TYPE_F32 && t->type != LL_TYPE_F16 && t->type != LL_TYPE_BF16) {
        const size_t n = (size_t)(t->n_bytes / traits->block.bytes * traits->block.elements);
        float *floats = ll_gguf_own(&o->maker, n, sizeof *floats);
        if (!floats)
            return ll_fail_memory(o->error, "an adapter");
        traits->decode(data, floats, n);
        traits = ll_type_find(LL_TYPE_F32);
        data = (const uint8_t *)floats;
    }
    *out = (ll_matrix){.traits = traits,
                       .data = data,
                       .row_bytes = ll_type_row_bytes(traits, (size_t)t->ne[0]),
                       .n_rows = (uint32_t)t->ne[1],
                       .n_k = (uint32_t)t->ne[0]};
    return LIBLLM_OK;
}

/* Rows of heads put from the order of halves into that of pairs, or back. */
static libllm_status reorder_rows(opener *o, uint32_t head_dim, ll_matrix *b)
{
    uint8_t *rows = ll_gguf_own(&o->maker, b->n_rows, b->row_bytes);
    if (!rows)
        return ll_fail_memory(o->error, "an adapter");
    const bool to_pairs = o->adapter->model->ropes[0].kind == LL_ROPE_INTERLEAVED;
    const uint32_t half = head_dim / 2;
    for (uint32_t row = 0; row < b->n_rows; row++) {
        const uint32_t i = row % head_dim, head = row - i;
        const uint32_t halved = i / 2 + (i % 2) * half; /* where the order of halves has what pairs have at i */
        const uint32_t from = to_pairs ? halved : i, to = to_pairs ? i : halved;
        memcpy(rows + (head + to) * b->row_bytes, b->data + (head + from) * b->row_bytes, b->row_bytes);
    }
    b->data = rows;
    return LIBLLM_OK;
}

/* The rows of the pair from first_row on are those of a matrix of the model, of the first expert where there are n. */
static libllm_status add(opener *o, const pair *p, const ll_linear *linear, uint64_t first_row, uint64_t n,
                         const ll_matrix *a, const ll_matrix *b)
{
    ll_adapter *adapter = o->adapter;
    const ll_model *m = adapter->model;
    ll_low_rank *to = &adapter->linears[linear->number];
    *to = (ll_low_rank){.a = *a, .b = *b, .scale = p->scale};
    to->b.data += first_row * b->row_bytes;
    to->b.n_rows = linear->weight.n_rows;
    if (n > 1) {
        to->a_bytes = a->n_rows * a->row_bytes;
        to->b_bytes = b->n_rows * b->row_bytes;
    }
    const uint32_t layer = linear->number / LL_LAYER_LINEARS_MAX;
    if (o->other_order && layer < m->n_layers && (linear == &m->layers[layer].q || linear == &m->layers[layer].k))
        return reorder_rows(o, m->head_dim, &to->b);
    return LIBLLM_OK;
}

/* All matrices of the model that are rows of the tensor. */
static libllm_status add_to_readers(opener *o, const pair *p, const ll_gguf_tensor *base, const ll_matrix *a,
                                    const ll_matrix *b)
{
    const ll_model *m = o->adapter->model;
    const size_t row_bytes = ll_type_row_bytes(ll_type_find(base->type), (size_t)base->ne[0]);
    const ll_linear *linears[LL_LAYER_LINEARS_MAX];
    bool found = false;
    libllm_status status = LIBLLM_OK;
    for (uint32_t i = 0; !status && i <= m->n_layers; i++) {
        linears[0] = &m->output;
        const size_t n = i < m->n_layers ? ll_layer_linears(&m->layers[i], linears) : 1;
        for (size_t j = 0; !status && j < n; j++) {
            const ll_matrix *w = &linears[j]->weight;
            if ((uintptr_t)w->data - (uintptr_t)base->data >= base->n_bytes)
                continue;
            found = true;
            status = add(o, p, linears[j], (size_t)(w->data - base->data) / row_bytes, base->ne[2], a, b);
        }
    }
    if (!status && !found)
        status = ll_fail(o->error, LIBLLM_ERROR_UNSUPPORTED, "the model has it, but multiplies nothing with it");
    return status;
}

static libllm_status add_embedding(opener *o, const pair *p)
{
    const ll_model *m = o->adapter->model;
    ll_low_rank *to = &o->adapter->embedding;
    const uint64_t rank = p->a->ne[0];
    if (!has_shape(p->a, rank, m->n_vocab, 1))
        return fail_shape(o, p->a, suffix_a, rank, m->n_vocab, 1);
    if (!has_shape(p->b, rank, m->n_embd, 1))
        return fail_shape(o, p->b, suffix_b, rank, m->n_embd, 1);
    libllm_status status = matrix_of(o, p->a, &to->a);
    to->scale = p->scale;
    return status ? status : matrix_of(o, p->b, &to->b);
}

/* What a model has without a tensor of this name: an output that is the embedding again, and the matrices of heads
 * that were made of another tensor. */
static const ll_linear *find_made(const ll_model *m, ll_span name, uint64_t *n)
{
    *n = 1;
    if (ll_span_is(name, "output.weight") && m->output.weight.data)
        return &m->output;
    for (uint32_t i = 0; m->latent.n_kv && i < m->n_layers; i++) {
        char key[64], value[64];
        snprintf(key, sizeof key, "blk.%" PRIu32 ".attn_k_b.weight", i);
        snprintf(value, sizeof value, "blk.%" PRIu32 ".attn_v_b.weight", i);
        *n = m->layers[i].n_heads;
        if (ll_span_is(name, key))
            return &m->layers[i].latent.k_b.first;
        if (ll_span_is(name, value))
            return &m->layers[i].latent.v_b.first;
    }
    return NULL;
}

static libllm_status add_to_weights(opener *o, const pair *p)
{
    const ll_model *m = o->adapter->model;
    const ll_gguf_tensor *base = ll_gguf_find_tensor(&m->gguf, p->name);
    const uint64_t rank = p->a->ne[1];
    uint64_t n;
    const ll_linear *made = base ? NULL : find_made(m, p->name, &n);
    if (!base && !made)
        return ll_fail(o->error, LIBLLM_ERROR_INVALID_ARGUMENT, "the model has no such tensor");
    const uint64_t k = base ? base->ne[0] : made->weight.n_k, rows = base ? base->ne[1] : made->weight.n_rows;
    n = base ? base->ne[2] : n;
    if (!has_shape(p->a, k, rank, n))
        return fail_shape(o, p->a, suffix_a, k, rank, n);
    if (!has_shape(p->b, rank, rows, n))
        return fail_shape(o, p->b, suffix_b, rank, rows, n);
    ll_matrix a, b;
    libllm_status status = matrix_of(o, p->a, &a);
    if (!status)
        status = matrix_of(o, p->b, &b);
    if (status)
        return status;
    return made ? add(o, p, made, 0, n, &a, &b) : add_to_readers(o, p, base, &a, &b);
}

static bool ends_with(ll_span name, const char *suffix, ll_span *rest)
{
    const size_t n = strlen(suffix);
    *rest = (ll_span){name.data, name.size - n};
    return name.size > n && memcmp(name.data + name.size - n, suffix, n) == 0;
}

static libllm_status add_pair(opener *o, const ll_gguf_tensor *a)
{
    ll_adapter *adapter = o->adapter;
    char name[192];
    pair p = {.name = a->name, .a = a};
    ll_span rest;
    if (ends_with(a->name, suffix_b, &rest)) /* comes with the other, which has to be there */
        snprintf(name, sizeof name, "%.*s%s", (int)(rest.size < 160 ? rest.size : 160), rest.data, suffix_a);
    else if (ends_with(a->name, suffix_a, &rest))
        snprintf(name, sizeof name, "%.*s%s", (int)(rest.size < 160 ? rest.size : 160), rest.data, suffix_b);
    else
        return fail_pair(
            o, &p,
            ll_fail(o->error, LIBLLM_ERROR_UNSUPPORTED, "expected a name that ends in %s or %s", suffix_a, suffix_b));
    const ll_gguf_tensor *other = ll_gguf_find_tensor(&adapter->gguf, ll_span_of(name));
    if (!other)
        return fail_pair(o, &p, ll_fail(o->error, LIBLLM_ERROR_CORRUPT_FILE, "\"%s\" is missing", name));
    if (ends_with(a->name, suffix_b, &rest))
        return LIBLLM_OK;
    p.name = rest;
    p.b = other;
    const uint64_t rank = p.b->ne[0];
    if (rank > RANK_MAX)
        return fail_pair(
            o, &p,
            ll_fail(o->error, LIBLLM_ERROR_UNSUPPORTED, "rank %" PRIu64 ", expected at most %d", rank, RANK_MAX));
    float alpha = NAN;
    snprintf(name, sizeof name, "%.*s.alpha", (int)(rest.size < 160 ? rest.size : 160), rest.data);
    libllm_status status = ll_gguf_get_f32(&adapter->gguf, name, &alpha, o->error);
    p.scale = !isnan(alpha) ? alpha / (float)rank : o->alpha != 0 ? o->alpha / (float)rank : 1;
    if (!status)
        status = ll_span_is(p.name, "token_embd.weight") ? add_embedding(o, &p) : add_to_weights(o, &p);
    if (status)
        return fail_pair(o, &p, status);
    adapter->n_matrices++;
    adapter->rank = rank > adapter->rank ? (uint32_t)rank : adapter->rank;
    adapter->n_parameters += a->ne[0] * a->ne[1] * a->ne[2] + other->ne[0] * other->ne[1] * other->ne[2];
    return LIBLLM_OK;
}

static libllm_status expect(const opener *o, const char *key, ll_span expected)
{
    ll_span value = {0};
    libllm_status status = ll_gguf_get_string(&o->adapter->gguf, key, &value, o->error);
    if (!status && !ll_span_equal(value, expected))
        status = ll_fail(o->error, LIBLLM_ERROR_INVALID_ARGUMENT, "key \"%s\" is \"%.*s\", expected \"%.*s\"", key,
                         (int)(value.size < 64 ? value.size : 64), value.data ? value.data : "", (int)expected.size,
                         expected.data);
    return status;
}

/* A GGUF file that says that it is an adapter for such a model. */
static libllm_status check(const opener *o)
{
    libllm_status status = expect(o, "general.type", ll_span_of("adapter"));
    if (!status)
        status = expect(o, "adapter.type", ll_span_of("lora"));
    if (!status)
        status = expect(o, "general.architecture", o->adapter->model->architecture);
    if (!status && ll_gguf_find(&o->adapter->gguf, "adapter.alora.invocation_tokens"))
        status =
            ll_fail(o->error, LIBLLM_ERROR_UNSUPPORTED,
                    "key \"adapter.alora.invocation_tokens\": adapters that some tokens activate are not supported");
    return status;
}

static libllm_status open_file(opener *o, const char *path, libllm_load_mode mode)
{
    ll_adapter *adapter = o->adapter;
    const ll_model *m = adapter->model;
    const bool peft = ll_huggingface_is_adapter(path);
    bool rotates_halves = false;
    libllm_status status = peft ? ll_huggingface_open_adapter(m, path, mode, &adapter->gguf, &rotates_halves, o->error)
                                : ll_gguf_open(m->host, path, mode, ll_type_block_size, &adapter->gguf, o->error);
    if (status)
        return status; /* the reader has named the path */
    /* GGUF has the order of the family, and so has PEFT where it says nothing else. */
    const bool halves = rotates_halves || m->family->rope == LL_ROPE_HALVES;
    o->other_order = m->n_ropes > 0 && m->head_dim % 2 == 0 && halves != (m->ropes[0].kind == LL_ROPE_HALVES);
    o->maker = (ll_gguf_maker){.gguf = &adapter->gguf};
    if (!peft)
        status = check(o);
    if (!status)
        status = ll_gguf_get_f32(&adapter->gguf, "adapter.lora.alpha", &o->alpha, o->error);
    for (size_t i = 0; !status && i < adapter->gguf.n_tensors; i++)
        status = add_pair(o, &adapter->gguf.tensors[i]);
    if (!status && adapter->n_matrices == 0)
        status = ll_fail(o->error, LIBLLM_ERROR_CORRUPT_FILE, "the adapter has no tensors");
    return status ? ll_file_fail(o->error, status, path) : LIBLLM_OK;
}

libllm_status ll_adapter_open(const ll_model *model, const char *path, libllm_load_mode mode, ll_adapter **out,
                              libllm_error *error)
{
    *out = NULL;
    if (!model->family)
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "the model cannot compute: %s", model->not_runnable.message);
    ll_adapter *adapter = ll_calloc(model->host, 1, sizeof *adapter);
    if (!adapter)
        return ll_fail_memory(error, "an adapter");
    adapter->model = model;
    adapter->linears = ll_calloc(model->host, ll_model_n_linears(model), sizeof *adapter->linears);
    libllm_status status = LIBLLM_OK;
    if (!adapter->linears) {
        status = ll_fail_memory(error, "an adapter");
    } else {
        opener o = {.adapter = adapter, .error = error};
        status = open_file(&o, path, mode);
    }
    if (status) {
        ll_adapter_close(adapter);
        return status;
    }
    *out = adapter;
    return LIBLLM_OK;
}

void ll_adapter_close(ll_adapter *adapter)
{
    if (!adapter)
        return;
    const ll_host *host = adapter->model->host;
    if (adapter->gguf.host)
        ll_gguf_close(&adapter->gguf);
    ll_free(host, adapter->linears);
    ll_free(host, adapter);
}
