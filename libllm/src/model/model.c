/* SPDX-License-Identifier: MIT
 * Opening and closing a model, and the sums over its weights.
 */
#include "model/family.h"

#include "base/status.h"
#include "format/folder.h"
#include "model/huggingface/huggingface.h"

#include <string.h>

/* A place for each matrix that a layer may have. */
static void all_linears(const ll_layer *l, const ll_linear *out[LL_LAYER_LINEARS_MAX])
{
    const ll_experts *e = &l->experts;
    const ll_recurrence *r = &l->recurrence;
    const ll_latent_weights *t = &l->latent;
    const ll_cross *x = &l->cross;
    const ll_linear *const all[LL_LAYER_LINEARS_MAX] = {
        &l->q,          &l->k,        &l->v,          &l->o,   &l->gate, &l->up,        &l->down,      &e->router,
        &e->gate.first, &e->up.first, &e->down.first, &t->q_a, &t->kv_a, &t->k_b.first, &t->v_b.first, &r->in,
        &r->gate,       &r->before,   &r->select,     &r->dt,  &x->q,    &x->k,         &x->v,         &x->o};
    memcpy(out, all, sizeof all);
}

uint32_t ll_model_n_linears(const ll_model *m) { return m->n_layers * LL_LAYER_LINEARS_MAX + 1; }

static void number_linears(ll_model *m)
{
    const ll_linear *all[LL_LAYER_LINEARS_MAX];
    for (uint32_t i = 0; i < m->n_layers; i++) {
        all_linears(&m->layers[i], all);
        for (uint32_t j = 0; j < LL_LAYER_LINEARS_MAX; j++) /* they are this model's, which is not yet const */
            ((ll_linear *)(uintptr_t)all[j])->number = i * LL_LAYER_LINEARS_MAX + j;
    }
    m->output.number = ll_model_n_linears(m) - 1;
}

/* What the file is lacking to compute with, if anything. */
static libllm_status build(ll_model *m, libllm_error *error)
{
    libllm_status status = ll_gguf_get_string(&m->gguf, "general.architecture", &m->architecture, error);
    if (status)
        return status;
    if (m->gguf.n_tensors == 0) {
        ll_fail(&m->not_runnable, LIBLLM_ERROR_UNSUPPORTED, "the file has a vocabulary only, no weights");
        return LIBLLM_OK;
    }
    if (m->architecture.size == 0)
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "key \"general.architecture\" is missing");
    const ll_family *family = ll_family_find(m->architecture);
    if (!family) {
        ll_fail(&m->not_runnable, LIBLLM_ERROR_UNSUPPORTED, "architecture \"%.*s\" is not supported yet",
                (int)(m->architecture.size < 64 ? m->architecture.size : 64), m->architecture.data);
        return LIBLLM_OK;
    }
    status = ll_build_model(m, family, error);
    if (status == LIBLLM_ERROR_UNSUPPORTED) {
        /* Sound, but of a kind that later versions compute: it still tokenizes and can be looked at. */
        ll_fail(&m->not_runnable, status, "%s", error ? error->message : libllm_status_text(status));
        return LIBLLM_OK;
    }
    if (!status) {
        m->family = family;
        number_linears(m);
    }
    return status;
}

static libllm_status open_tokenizer(ll_model *m, const char *path, bool hugging_face, libllm_error *error)
{
    libllm_status status = hugging_face ? ll_huggingface_open_tokenizer(m->host, path, &m->gguf, &m->tokenizer, error)
                                        : ll_tokenizer_open(m->host, &m->gguf, &m->tokenizer, error);
    if (status == LIBLLM_ERROR_UNSUPPORTED) {
        ll_fail(&m->not_tokenizing, status, "%s", error ? error->message : libllm_status_text(status));
        return LIBLLM_OK;
    }
    if (!status && !m->tokenizer)
        ll_fail(&m->not_tokenizing, LIBLLM_ERROR_UNSUPPORTED,
                hugging_face ? "the folder has no tokenizer.json" : "the file has no tokenizer");
    return status;
}

static libllm_status open_parts(ll_model *m, const char *path, bool hugging_face, libllm_load_mode mode,
                                libllm_error *error)
{
    libllm_status status = hugging_face ? ll_huggingface_open(m->host, path, mode, &m->gguf, error)
                                        : ll_gguf_open(m->host, path, mode, ll_type_block_size, &m->gguf, error);
    if (status)
        return status; /* the reader has named the path */
    status = open_tokenizer(m, path, hugging_face, error);
    if (!status)
        status = ll_gguf_get_string(&m->gguf, "tokenizer.chat_template", &m->chat_template, error);
    if (!status)
        status = ll_gguf_get_string(&m->gguf, "tokenizer.chat_template.rerank", &m->rank_template, error);
    if (!status)
        status = build(m, error);
    ll_read_recommended(m);
    if (!status && m->n_vocab == 0 && m->tokenizer)
        m->n_vocab = (uint32_t)ll_tokenizer_size(m->tokenizer);
    return status ? ll_fail_context(error, status, "%s", path) : LIBLLM_OK;
}

libllm_status ll_model_open(const ll_host *host, const char *path, libllm_load_mode mode, ll_model **out,
                            libllm_error *error)
{
    libllm_error own = {0}; /* messages are kept even when the caller does not want them */
    ll_model *m = ll_calloc(host, 1, sizeof *m);
    *out = NULL;
    if (!m)
        return ll_fail_memory(error, "a model");
    m->host = host;
    char *of_folder;
    ll_folder_kind kind;
    libllm_status status = ll_folder_model(host, path, &kind, &of_folder, error);
    if (!status)
        status =
            open_parts(m, of_folder ? of_folder : path, kind == LL_FOLDER_HUGGING_FACE, mode, error ? error : &own);
    ll_free(host, of_folder);
    if (status) {
        ll_model_close(m);
        return status;
    }
    *out = m;
    return LIBLLM_OK;
}

void ll_model_close(ll_model *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->n_owned; i++)
        ll_free(m->host, m->owned[i]);
    ll_free(m->host, m->owned);
    ll_free(m->host, m->layers);
    ll_tokenizer_close(m->tokenizer);
    ll_gguf_close(&m->gguf);
    ll_free(m->host, m);
}

uint64_t ll_model_parameters(const ll_model *m)
{
    uint64_t n = 0;
    for (size_t i = 0; i < m->gguf.n_tensors; i++) {
        const uint64_t *ne = m->gguf.tensors[i].ne;
        n += ne[0] * ne[1] * ne[2] * ne[3]; /* fits: each tensor lies inside the file */
    }
    return n;
}

size_t ll_layer_linears(const ll_layer *l, const ll_linear *out[LL_LAYER_LINEARS_MAX])
{
    const ll_linear *all[LL_LAYER_LINEARS_MAX];
    size_t n = 0;
    all_linears(l, all);
    for (size_t i = 0; i < LL_LAYER_LINEARS_MAX; i++)
        if (all[i]->weight.data)
            out[n++] = all[i];
    return n;
}

const ll_layer *ll_attention_layer(const ll_model *m)
{
    for (uint32_t i = 0; i < m->n_layers; i++)
        if (m->layers[i].mixer == LL_MIXER_ATTENTION)
            return &m->layers[i];
    return m->layers;
}

uint64_t ll_layer_state(const ll_layer *l)
{
    const ll_recurrence *r = &l->recurrence;
    if (l->mixer == LL_MIXER_ATTENTION)
        return 0;
    return (uint64_t)(r->conv.n_taps - 1) * r->conv.n_channels + (uint64_t)r->n_inner * r->n_states;
}

ll_linear ll_expert(const ll_expert_linear *linear, uint32_t e)
{
    ll_linear one = linear->first;
    one.expert = e;
    one.weight.data += e * linear->expert_bytes;
    if (one.scale)
        one.scale += e;
    if (one.bias)
        one.bias += e * (size_t)one.weight.n_rows;
    return one;
}

static void add_matrix(const ll_matrix *w, uint32_t times, uint64_t *bytes, uint64_t *flops)
{
    *bytes += (uint64_t)w->row_bytes * w->n_rows * times;
    *flops += 2 * (uint64_t)w->n_rows * w->n_k * times;
}

void ll_model_token_cost(const ll_model *m, uint64_t *bytes, uint64_t *flops)
{
    *bytes = 0;
    *flops = 0;
    if (!m->family)
        return;
    const ll_linear *linears[LL_LAYER_LINEARS_MAX];
    for (uint32_t i = m->n_encoder_layers; i < m->n_layers; i++) {
        const ll_experts *e = &m->layers[i].experts;
        const ll_cross *x = &m->layers[i].cross;
        size_t n = ll_layer_linears(&m->layers[i], linears);
        for (size_t j = 0; j < n; j++) {
            const ll_latent_weights *t = &m->layers[i].latent;
            bool of_expert = linears[j] == &e->gate.first || linears[j] == &e->up.first || linears[j] == &e->down.first;
            bool of_head = linears[j] == &t->k_b.first || linears[j] == &t->v_b.first;
            bool of_source = linears[j] == &x->k || linears[j] == &x->v; /* once for a text, not for each token */
            uint32_t times = of_expert ? e->n_used : of_head ? m->layers[i].n_heads : of_source ? 0 : 1;
            add_matrix(&linears[j]->weight, times, bytes, flops);
        }
    }
    add_matrix(&m->output.weight, 1, bytes, flops);
    *bytes += m->embedding.row_bytes;
}

bool ll_model_is_f32(const ll_model *m)
{
    const ll_linear *linears[LL_LAYER_LINEARS_MAX];
    for (uint32_t i = 0; i < m->n_layers; i++) {
        size_t n = ll_layer_linears(&m->layers[i], linears);
        for (size_t j = 0; j < n; j++)
            if (linears[j]->weight.traits->type != LL_TYPE_F32)
                return false;
    }
    return true;
}
