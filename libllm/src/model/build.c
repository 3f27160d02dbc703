/* SPDX-License-Identifier: MIT
 * From a file and the description of its family to a model: hyper-parameters with their ranges, then weights.
 */
#include "model/family.h"

#include "base/status.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

/* Bounds that no real model comes near; they keep every later product within 64 bits. */
enum { LAYERS_MAX = 4096, WIDTH_MAX = 1 << 20, HEADS_MAX = 4096, HEAD_DIM_MAX = 4096, CONTEXT_MAX = 1 << 30 };
/* Half of them are for single distances, which end before LL_BIAS_REACH. */
enum { BUCKETS_MAX = 2 * LL_BIAS_REACH - 2 };

static void make_key(char *out, size_t capacity, const ll_builder *b, const char *suffix)
{
    snprintf(out, capacity, "%s.%s", b->family->architecture, suffix);
}

libllm_status ll_build_u32(const ll_builder *b, const char *suffix, uint32_t low, uint32_t high, uint32_t *out,
                           libllm_error *error)
{
    char key[128];
    make_key(key, sizeof key, b, suffix);
    if (!ll_gguf_find(&b->model->gguf, key))
        return LIBLLM_OK;
    libllm_status status = ll_gguf_get_u32(&b->model->gguf, key, out, error);
    if (!status && (*out < low || *out > high))
        status = ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "key \"%s\" is %u, expected %u to %u", key, *out, low, high);
    return status;
}

libllm_status ll_build_require_u32(const ll_builder *b, const char *suffix, uint32_t low, uint32_t high, uint32_t *out,
                                   libllm_error *error)
{
    char key[128];
    make_key(key, sizeof key, b, suffix);
    if (!ll_gguf_find(&b->model->gguf, key))
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "key \"%s\" is missing", key);
    return ll_build_u32(b, suffix, low, high, out, error);
}

libllm_status ll_build_f32(const ll_builder *b, const char *suffix, float low, float high, float *out,
                           libllm_error *error)
{
    char key[128];
    make_key(key, sizeof key, b, suffix);
    if (!ll_gguf_find(&b->model->gguf, key))
        return LIBLLM_OK;
    libllm_status status = ll_gguf_get_f32(&b->model->gguf, key, out, error);
    if (!status && !(*out >= low && *out <= high))
        status = ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "key \"%s\" is %g, expected %g to %g", key, (double)*out,
                         (double)low, (double)high);
    return status;
}

/* A number for each layer: one for all, or an array. */
static libllm_status per_layer(const ll_builder *b, const char *suffix, uint32_t low, uint32_t high, uint32_t *out,
                               libllm_error *error)
{
    char key[128];
    make_key(key, sizeof key, b, suffix);
    libllm_status status = ll_gguf_get_u32_each(&b->model->gguf, key, out, b->model->n_layers, error);
    for (uint32_t i = 0; !status && i < b->model->n_layers; i++)
        if (out[i] < low || out[i] > high)
            status = ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "key \"%s\" is %u for layer %u, expected %u to %u", key,
                             out[i], i, low, high);
    return status;
}

static libllm_status read_heads(ll_builder *b, uint32_t *scratch, libllm_error *error)
{
    ll_model *m = b->model;
    const char *arch = b->family->architecture;
    char key[128];
    for (uint32_t i = 0; i < m->n_layers; i++)
        scratch[i] = 0;
    const uint32_t fewest = b->family->mixer != LL_MIXER_ATTENTION ? 0 : 1;
    libllm_status status = per_layer(b, "attention.head_count", fewest, HEADS_MAX, scratch, error);
    if (status)
        return status;
    for (uint32_t i = 0; i < m->n_layers; i++)
        m->layers[i].n_heads = scratch[i];
    make_key(key, sizeof key, b, "attention.head_count_kv");
    if (ll_gguf_find(&m->gguf, key)) /* otherwise each head has its own */
        status = per_layer(b, "attention.head_count_kv", fewest, HEADS_MAX, scratch, error);
    uint32_t heads = 0; /* of the first layer with attention */
    for (uint32_t i = 0; !status && i < m->n_layers; i++) {
        ll_layer *l = &m->layers[i];
        l->n_kv_heads = scratch[i];
        if (l->n_kv_heads == 0) {
            l->mixer = b->family->mixer;
            l->n_heads = 0;
        } else if (l->n_heads == 0 || l->n_heads % l->n_kv_heads) {
            status = ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE,
                             "key \"%s.attention.head_count_kv\": %u does not divide the %u heads of layer %u", arch,
                             l->n_kv_heads, l->n_heads, i);
        }
        heads = heads ? heads : l->n_heads;
    }
    if (status || heads == 0)
        return status;
    m->head_dim = m->value_dim = m->n_embd / heads;
    status = ll_build_u32(b, "attention.key_length", 1, HEAD_DIM_MAX, &m->head_dim, error);
    make_key(key, sizeof key, b, "attention.key_length");
    if (!status && !ll_gguf_find(&m->gguf, key) && (m->n_embd % heads || m->head_dim == 0))
        status = ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE,
                         "key \"%s.embedding_length\": %u is not a multiple of the %u heads", arch, m->n_embd, heads);
    if (m->value_dim == 0)
        m->value_dim = m->head_dim;
    if (!status)
        status = ll_build_u32(b, "attention.value_length", 1, HEAD_DIM_MAX, &m->value_dim, error);
    if (!status && b->family->has_latent)
        status = ll_build_latent(b, error);
    return status;
}

/* Which layers see a window only. The pattern may be a period or one flag for each layer. */
static libllm_status read_windows(ll_builder *b, uint32_t *scratch, libllm_error *error)
{
    ll_model *m = b->model;
    if (b->family->ignores_window)
        return LIBLLM_OK;
    uint32_t window = b->family->window, period = b->family->window_period;
    libllm_status status = ll_build_u32(b, "attention.sliding_window", 0, UINT32_MAX, &window, error);
    if (status || window == 0)
        return status;
    char key[128];
    make_key(key, sizeof key, b, "attention.sliding_window_pattern");
    const ll_gguf_value *pattern = ll_gguf_find(&m->gguf, key);
    if (pattern && pattern->is_array) {
        status = ll_gguf_get_u32_each(&m->gguf, key, scratch, m->n_layers, error);
    } else {
        status = ll_build_u32(b, "attention.sliding_window_pattern", 0, UINT32_MAX, &period, error);
        for (uint32_t i = 0; i < m->n_layers; i++)
            scratch[i] = period == 0 || (i + (b->family->window_first_full ? 0 : 1)) % period != 0;
    }
    for (uint32_t i = 0; !status && i < m->n_layers; i++)
        m->layers[i].window = scratch[i] ? window : 0;
    return status;
}

static libllm_status read_norms(ll_builder *b, libllm_error *error)
{
    ll_model *m = b->model;
    const ll_family *f = b->family;
    m->norm = f->norm;
    m->head_norm = f->head_norm;
    m->head_norm_after_rope = f->head_norm_after_rope;
    /* The key of the family's kind of norm; some files have only the other one. */
    const char *const keys[] = {"attention.layer_norm_rms_epsilon", "attention.layer_norm_epsilon"};
    size_t first = f->norm == LL_NORM_LAYER;
    libllm_status status = ll_build_f32(b, keys[first], FLT_MIN, 1, &m->norm_eps, error);
    if (!status && m->norm_eps == 0)
        status = ll_build_f32(b, keys[!first], FLT_MIN, 1, &m->norm_eps, error);
    if (!status && m->norm_eps == 0)
        status = ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "key \"%s.%s\" is missing", f->architecture, keys[first]);
    return status;
}

static libllm_status read_growth(ll_builder *b, libllm_error *error)
{
    ll_model *m = b->model;
    m->growth_period = m->n_context_train;
    libllm_status status = ll_build_f32(b, "attention.temperature_scale", 0, FLT_MAX, &m->query_growth, error);
    if (!status)
        status = ll_build_u32(b, "rope.scaling.original_context_length", 1, UINT32_MAX, &m->growth_period, error);
    return status;
}

static libllm_status read_scales(ll_builder *b, libllm_error *error)
{
    ll_model *m = b->model;
    const ll_family *f = b->family;
    libllm_status status = LIBLLM_OK;
    if (f->scales_branches) { /* 0 means that the file does not say */
        float embedding = 0, residual = 0;
        status = ll_build_f32(b, "embedding_scale", 0, FLT_MAX, &embedding, error);
        if (!status)
            status = ll_build_f32(b, "residual_scale", 0, FLT_MAX, &residual, error);
        m->embd_scale = embedding != 0 ? embedding : m->embd_scale;
        m->residual_scale = residual != 0 ? residual : m->residual_scale;
    }
    if (!status && f->logit_scale) {
        status = ll_build_f32(b, "logit_scale", FLT_MIN, FLT_MAX, &m->logit_scale, error);
        if (f->logit_scale == LL_LOGIT_SCALE_DIVIDES)
            m->logit_scale = 1 / m->logit_scale;
    }
    return status;
}

static libllm_status read_ropes(ll_builder *b, libllm_error *error)
{
    ll_model *m = b->model;
    float base = 10000;
    libllm_status status = ll_build_f32(b, "rope.freq_base", FLT_MIN, FLT_MAX, &base, error);
    if (!status)
        status = ll_build_rope(b, base, true, &m->ropes[0], error);
    m->n_ropes = 1;
    if (status || (b->family->window_rope_base == 0 && !b->family->window_unscaled))
        return status;
    base = b->family->window_unscaled ? base : b->family->window_rope_base;
    status = ll_build_f32(b, "rope.freq_base_swa", FLT_MIN, FLT_MAX, &base, error);
    if (!status)
        status = ll_build_rope(b, base, false, &m->ropes[1], error);
    m->n_ropes = 2;
    for (uint32_t i = 0; i < m->n_layers; i++)
        m->layers[i].rope = m->layers[i].window != 0;
    return status;
}

/* ALiBi or ropes; which layers rotate. */
static libllm_status read_positions(ll_builder *b, libllm_error *error)
{
    ll_model *m = b->model;
    const ll_family *f = b->family;
    for (uint32_t i = 0; (b->no_rope || f->no_rope) && i < m->n_layers; i++)
        m->layers[i].rope = LL_ROPE_NONE;
    if (b->alibi > 0 && m->is_encoder)
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "ALiBi with key \"%s.attention.causal\" false is not supported",
                       f->architecture);
    if (b->alibi > 0)
        return ll_build_alibi(b, b->alibi, error);
    if (b->no_rope || f->no_rope)
        return LIBLLM_OK;
    libllm_status status = read_ropes(b, error);
    bool windows = false;
    for (uint32_t i = 0; i < m->n_layers; i++)
        windows = windows || m->layers[i].window;
    for (uint32_t i = 0; !status && i < m->n_layers; i++) {
        bool skips = f->unrotated_period && (i + 1) % f->unrotated_period == 0;
        if (skips || (windows && f->rotates_in_windows && !m->layers[i].window))
            m->layers[i].rope = LL_ROPE_NONE;
    }
    return status;
}

/* A decoder whose tokens see later ones, too, is an encoder: it gives hidden states, as embedding models do. */
static libllm_status read_direction(ll_builder *b, libllm_error *error)
{
    const ll_family *f = b->family;
    bool causal = !f->is_encoder;
    char key[128];
    make_key(key, sizeof key, b, "attention.causal");
    libllm_status status = ll_gguf_get_bool(&b->model->gguf, key, &causal, error);
    b->model->is_encoder = f->is_encoder || !causal;
    if (!status && !causal && (f->has_encoder || f->has_latent || f->mixer))
        status = ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "key \"%s\" is false, which is not supported", key);
    return status;
}

static libllm_status read_hyper_parameters(ll_builder *b, libllm_error *error)
{
    ll_model *m = b->model;
    const ll_family *f = b->family;
    m->names_sides = f->names_sides;
    m->decoder_start = -1;
    libllm_status status = read_direction(b, error);
    if (!status)
        status = ll_build_require_u32(b, "block_count", 1, LAYERS_MAX, &m->n_layers, error);
    if (!status && f->has_encoder)
        status = ll_build_sides(b, LAYERS_MAX, error);
    if (!status)
        status = ll_build_require_u32(b, "embedding_length", 1, WIDTH_MAX, &m->n_embd, error);
    if (!status)
        status = ll_build_require_u32(b, "context_length", 1, CONTEXT_MAX, &m->n_context_train, error);
    if (status)
        return status;
    if (m->n_layers > m->gguf.n_tensors) /* memory follows what is in the file */
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE,
                       "key \"%s.block_count\" asks for %u layers, but the file has only %zu tensors", f->architecture,
                       m->n_layers, m->gguf.n_tensors);
    m->layers = ll_calloc(m->host, m->n_layers, sizeof *m->layers);
    uint32_t *scratch = ll_calloc(m->host, m->n_layers, sizeof *scratch);
    if (!m->layers || !scratch) {
        ll_free(m->host, scratch);
        return ll_fail_memory(error, "the layers");
    }
    status = read_heads(b, scratch, error);
    if (!status)
        status = read_windows(b, scratch, error);
    for (uint32_t i = 0; i < m->n_layers; i++)
        scratch[i] = 0;
    if (!status)
        status = per_layer(b, "feed_forward_length", f->has_experts || f->mixer ? 0 : 1, WIDTH_MAX, scratch, error);
    for (uint32_t i = 0; i < m->n_layers; i++)
        m->layers[i].n_ff = scratch[i];
    ll_free(m->host, scratch);
    if (!status)
        status = read_norms(b, error);
    for (uint32_t i = 0; i < m->n_layers; i++)
        m->layers[i].sees_later = m->is_encoder || i < m->n_encoder_layers;
    m->norms_sums = f->norms_sums;
    m->activation = f->activation;
    m->embd_scale = f->scales_embedding ? sqrtf((float)m->n_embd) : 1;
    m->residual_scale = m->logit_scale = 1;
    m->attn_scale = f->attn_scale;
    m->attn_softcap = f->attn_softcap;
    m->final_softcap = f->final_softcap;
    if (!status)
        status = ll_build_f32(b, "attention.scale", 0, FLT_MAX, &m->attn_scale, error);
    const uint32_t key_dim = m->latent.n_kv ? m->latent.n_nope + m->latent.n_rot : m->head_dim;
    if (!status && m->attn_scale == 0)
        m->attn_scale = 1 / sqrtf(m->n_layers == f->width_scaled_layers ? (float)m->n_embd / (float)m->layers[0].n_heads
                                                                        : (float)key_dim);
    if (!status)
        status = ll_build_f32(b, "attn_logit_softcapping", 0, FLT_MAX, &m->attn_softcap, error);
    if (!status)
        status = ll_build_f32(b, "final_logit_softcapping", 0, FLT_MAX, &m->final_softcap, error);
    if (!status)
        status = ll_build_f32(b, "attention.clamp_kqv", 0, FLT_MAX, &m->qkv_clamp, error);
    if (!status)
        status = read_scales(b, error);
    if (!status && f->has_experts)
        status = ll_build_router(b, error);
    if (!status && f->distance_buckets)
        status = ll_build_require_u32(b, "attention.relative_buckets_count", 4, BUCKETS_MAX, &b->n_buckets, error);
    if (!status && f->grows_queries)
        status = read_growth(b, error);
    if (!status && f->parallel == LL_PARALLEL_BY_KEY) {
        char key[128];
        make_key(key, sizeof key, b, "use_parallel_residual");
        b->parallel = true;
        status = ll_gguf_get_bool(&m->gguf, key, &b->parallel, error);
    }
    uint32_t pooling = 0;
    if (!status)
        status = ll_build_u32(b, "pooling_type", 0, UINT32_MAX, &pooling, error);
    if (pooling <= LIBLLM_POOLING_LAST) /* the numbers are the same; LL_POOLING_RANK says nothing of an embedding */
        m->pooling = (libllm_pooling)pooling;
    if (!status && f->adjust)
        status = f->adjust(b, error);
    if (!status)
        status = read_positions(b, error);
    return status;
}

void ll_layer_name(const ll_model *m, uint32_t layer, const char *name, const char *ending, char out[LL_NAME_BYTES])
{
    const bool of_decoder = !m->is_encoder && layer >= m->n_encoder_layers;
    const char *side = !m->names_sides ? "" : of_decoder ? "dec." : "enc.";
    snprintf(out, LL_NAME_BYTES, "%sblk.%u.%s%s", side, of_decoder ? layer - m->n_encoder_layers : layer, name, ending);
}

libllm_status ll_bind_linear(ll_model *m, uint32_t layer, const char *name, uint64_t rows, uint64_t k, ll_presence bias,
                             ll_linear *out, libllm_error *error)
{
    char full[LL_NAME_BYTES];
    ll_layer_name(m, layer, name, ".weight", full);
    libllm_status status = ll_bind_matrix(m, full, rows, k, LL_REQUIRED, &out->weight, error);
    ll_layer_name(m, layer, name, "", full);
    if (!status)
        status = ll_bind_scale(m, full, 1, &out->scale, error);
    ll_layer_name(m, layer, name, ".bias", full);
    return status ? status : ll_bind_vector(m, full, rows, bias, &out->bias, error);
}

libllm_status ll_bind_norm_named(ll_model *m, const char *name, uint64_t n, ll_presence presence, ll_presence bias,
                                 ll_norm *out, libllm_error *error)
{
    char full[LL_NAME_BYTES + 8];
    snprintf(full, sizeof full, "%s.weight", name);
    libllm_status status = ll_bind_vector(m, full, n, presence, &out->weight, error);
    snprintf(full, sizeof full, "%s.bias", name);
    return status || !out->weight ? status : ll_bind_vector(m, full, n, bias, &out->bias, error);
}

libllm_status ll_bind_norm(ll_model *m, uint32_t layer, const char *name, uint64_t n, ll_presence presence,
                           ll_presence bias, ll_norm *out, libllm_error *error)
{
    char full[LL_NAME_BYTES];
    ll_layer_name(m, layer, name, "", full);
    return ll_bind_norm_named(m, full, n, presence, bias, out, error);
}

bool ll_layer_has(const ll_model *m, uint32_t layer, const char *name)
{
    char full[LL_NAME_BYTES];
    ll_layer_name(m, layer, name, ".weight", full);
    return ll_gguf_find_tensor(&m->gguf, ll_span_of(full));
}

/* blk.<layer>.<name> split into n matrices of rows[i] rows. */
static libllm_status bind_stacked(ll_model *m, uint32_t layer, const char *name, const uint64_t *rows, size_t n,
                                  uint64_t k, ll_presence bias, ll_linear *const *out, libllm_error *error)
{
    char full[LL_NAME_BYTES];
    ll_matrix *weights[3];
    uint64_t n_rows = 0;
    for (size_t i = 0; i < n; i++) {
        weights[i] = &out[i]->weight;
        n_rows += rows[i];
    }
    ll_layer_name(m, layer, name, ".weight", full);
    libllm_status status = ll_bind_stacked(m, full, rows, n, k, weights, error);
    const float *all = NULL, *scale = NULL;
    ll_layer_name(m, layer, name, "", full);
    if (!status)
        status = ll_bind_scale(m, full, 1, &scale, error);
    for (size_t i = 0; i < n; i++)
        out[i]->scale = scale;
    ll_layer_name(m, layer, name, ".bias", full);
    if (!status)
        status = ll_bind_vector(m, full, n_rows, bias, &all, error);
    for (size_t i = 0; !status && all && i < n; all += rows[i++])
        out[i]->bias = all;
    return status;
}

/* Norm of n heads of queries or keys. */
static libllm_status bind_head_norm(ll_builder *b, uint32_t layer, const char *name, uint64_t n, ll_norm *out,
                                    libllm_error *error)
{
    ll_model *m = b->model;
    const ll_family *f = b->family;
    if (f->head_norm != LL_HEAD_NORM_OWN) {
        uint64_t size = f->head_norm == LL_HEAD_NORM_SHARED ? m->head_dim : n * m->head_dim;
        return ll_bind_norm(m, layer, name, size, f->qk_norm, LL_OPTIONAL, out, error);
    }
    char full[LL_NAME_BYTES];
    ll_layer_name(m, layer, name, ".weight", full);
    return ll_bind_table(m, full, n, m->head_dim, f->qk_norm, &out->weight, error);
}

static libllm_status bind_attention(ll_builder *b, uint32_t i, libllm_error *error)
{
    ll_model *m = b->model;
    const ll_family *f = b->family;
    ll_layer *l = &m->layers[i];
    const uint64_t n_q = (uint64_t)l->n_heads * m->head_dim, n_kv = (uint64_t)l->n_kv_heads * m->head_dim;
    const uint64_t rows[] = {n_q, n_kv, (uint64_t)l->n_kv_heads * m->value_dim};
    ll_linear *const qkv[] = {&l->q, &l->k, &l->v};
    const char *const names[] = {"attn_q", "attn_k", "attn_v"};
    libllm_status status = LIBLLM_OK;
    if (ll_layer_has(m, i, "attn_qkv"))
        status = bind_stacked(m, i, "attn_qkv", rows, 3, m->n_embd, f->qkv_bias, qkv, error);
    else
        for (size_t j = 0; !status && j < 3; j++)
            status = ll_bind_linear(m, i, names[j], rows[j], m->n_embd, f->qkv_bias, qkv[j], error);
    if (!status)
        status = bind_head_norm(b, i, "attn_q_norm", l->n_heads, &l->q_norm, error);
    if (!status)
        status = bind_head_norm(b, i, "attn_k_norm", l->n_kv_heads, &l->k_norm, error);
    char sinks[LL_NAME_BYTES];
    ll_layer_name(m, i, "attn_sinks", ".weight", sinks);
    if (!status)
        status = ll_bind_vector(m, sinks, l->n_heads, f->sinks, &l->sinks, error);
    if (!status)
        status = ll_bind_linear(m, i, f->attn_output_name ? f->attn_output_name : "attn_output", m->n_embd,
                                (uint64_t)l->n_heads * m->value_dim, f->other_bias, &l->o, error);
    if (!status && f->distance_buckets)
        status = ll_bind_distance_bias(b, i, error);
    if (!status && i >= m->n_encoder_layers && f->has_encoder)
        status = ll_bind_cross(b, i, error);
    return status;
}

static libllm_status bind_ffn(ll_builder *b, uint32_t i, libllm_error *error)
{
    ll_model *m = b->model;
    const ll_family *f = b->family;
    ll_layer *l = &m->layers[i];
    const uint64_t rows[] = {l->n_ff, l->n_ff};
    ll_linear *const gate_up[] = {&l->gate, &l->up};
    libllm_status status = LIBLLM_OK;
    if (!b->no_gate && !ll_layer_has(m, i, "ffn_gate")) {
        status = bind_stacked(m, i, "ffn_up", rows, 2, m->n_embd, f->other_bias, gate_up, error);
    } else {
        if (!b->no_gate)
            status = ll_bind_linear(m, i, "ffn_gate", l->n_ff, m->n_embd, f->other_bias, &l->gate, error);
        if (!status)
            status = ll_bind_linear(m, i, "ffn_up", l->n_ff, m->n_embd, f->other_bias, &l->up, error);
    }
    return status ? status : ll_bind_linear(m, i, "ffn_down", m->n_embd, l->n_ff, f->other_bias, &l->down, error);
}

static bool has_experts(const ll_builder *b, uint32_t i)
{
    return b->family->has_experts && ll_layer_has(b->model, i, "ffn_gate_inp");
}

static bool has_ffn(const ll_builder *b, uint32_t i)
{
    return b->family->mixer == LL_MIXER_ATTENTION || b->model->layers[i].n_ff > 0 || has_experts(b, i);
}

static libllm_status bind_norms(ll_builder *b, uint32_t i, libllm_error *error)
{
    ll_model *m = b->model;
    const ll_family *f = b->family;
    ll_layer *l = &m->layers[i];
    const ll_presence bias = f->norm_bias;
    const uint64_t n = m->n_embd;
    if (f->norms_sums) {
        libllm_status status = ll_bind_norm(m, i, "attn_output_norm", n, LL_REQUIRED, bias, &l->ffn_norm, error);
        return status ? status
                      : ll_bind_norm(m, i, "layer_output_norm", n, LL_REQUIRED, bias, &l->ffn_post_norm, error);
    }
    const ll_presence pre = f->no_pre_norms ? LL_ABSENT : LL_REQUIRED;
    const ll_presence before_ffn = !has_ffn(b, i) ? LL_ABSENT : pre;
    const char *ffn_norm = f->ffn_norm_name ? f->ffn_norm_name : "ffn_norm";
    bool optional = f->parallel == LL_PARALLEL_ALWAYS || f->parallel == LL_PARALLEL_WITHOUT_FFN_NORM;
    libllm_status status =
        ll_bind_norm(m, i, "attn_norm", n, i == 0 && f->first_norm ? f->first_norm : pre, bias, &l->attn_norm, error);
    if (!status)
        status = ll_bind_norm(m, i, "post_attention_norm", n, f->post_norms, bias, &l->attn_post_norm, error);
    if (!status)
        status = ll_bind_norm(m, i, ffn_norm, n, optional ? LL_OPTIONAL : before_ffn, bias, &l->ffn_norm, error);
    if (!status)
        status = ll_bind_norm(m, i, "post_ffw_norm", n, f->post_norms, bias, &l->ffn_post_norm, error);
    l->parallel = f->parallel == LL_PARALLEL_ALWAYS || (f->parallel == LL_PARALLEL_BY_KEY && b->parallel) ||
                  (f->parallel == LL_PARALLEL_WITHOUT_FFN_NORM && !l->ffn_norm.weight);
    if (l->parallel && !l->ffn_norm.weight)
        l->ffn_norm = l->attn_norm;
    return status;
}

static libllm_status bind_layer(ll_builder *b, uint32_t i, libllm_error *error)
{
    ll_model *m = b->model;
    const ll_family *f = b->family;
    libllm_status status = bind_norms(b, i, error);
    if (!status)
        status = m->layers[i].mixer ? ll_bind_recurrence(b, i, error)
                 : f->has_latent    ? ll_bind_latent(b, i, error)
                                    : bind_attention(b, i, error);
    if (!status && has_experts(b, i))
        status = ll_bind_layer_experts(b, i, error);
    else if (!status && has_ffn(b, i))
        status = bind_ffn(b, i, error);
    return status ? status : f->adjust_layer ? f->adjust_layer(b, i, error) : LIBLLM_OK;
}

/* token_types.weight may have any number of rows; texts and pairs have use for the first two. */
static libllm_status bind_token_types(ll_model *m, libllm_error *error)
{
    const ll_gguf_tensor *t = ll_gguf_find_tensor(&m->gguf, ll_span_of("token_types.weight"));
    if (!t)
        return LIBLLM_OK;
    m->n_token_types = t->ne[1] > 1 ? 2 : 1;
    return ll_bind_table(m, "token_types.weight", t->ne[1], m->n_embd, LL_REQUIRED, &m->token_types, error);
}

static libllm_status bind_weights(ll_builder *b, libllm_error *error)
{
    ll_model *m = b->model;
    const ll_gguf_tensor *embedding = ll_gguf_find_tensor(&m->gguf, ll_span_of("token_embd.weight"));
    if (embedding && embedding->n_dims != 2)
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "tensor \"token_embd.weight\" has %u dimensions, expected 2",
                       embedding->n_dims);
    if (embedding && embedding->ne[1] > INT32_MAX)
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE,
                       "tensor \"token_embd.weight\" has %llu rows, expected at most %d",
                       (unsigned long long)embedding->ne[1], INT32_MAX);
    m->n_vocab = embedding ? (uint32_t)embedding->ne[1] : 0;
    libllm_status status =
        ll_bind_matrix(m, "token_embd.weight", m->n_vocab, m->n_embd, LL_REQUIRED, &m->embedding, error);
    if (!status && m->tokenizer && ll_tokenizer_size(m->tokenizer) > m->n_vocab) /* rows behind them fill up */
        status = ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE,
                         "key \"tokenizer.ggml.tokens\" has %zu tokens, but tensor \"token_embd.weight\" has %u rows",
                         ll_tokenizer_size(m->tokenizer), m->n_vocab);
    const ll_family *f = b->family;
    if (!status)
        status = ll_bind_matrix(m, "position_embd.weight", m->n_context_train, m->n_embd, f->position_embedding,
                                &m->position_embedding, error);
    if (!status)
        status = ll_bind_norm_named(m, "token_embd_norm", m->n_embd, f->embd_norm, f->norm_bias, &m->embd_norm, error);
    if (!status && f->token_types)
        status = bind_token_types(m, error);
    if (!status && f->has_encoder)
        status = ll_bind_encoder(b, error);
    const bool renamed = f->output_norm_name && !ll_gguf_find_tensor(&m->gguf, ll_span_of("output_norm.weight"));
    if (!status && !f->norms_sums)
        status = ll_bind_norm_named(m, renamed ? f->output_norm_name : "output_norm", m->n_embd, LL_REQUIRED,
                                    f->norm_bias, &m->output_norm, error);
    const ll_presence output = m->is_encoder ? LL_ABSENT : LL_OPTIONAL;
    if (!status)
        status = ll_bind_matrix(m, "output.weight", m->n_vocab, m->n_embd, output, &m->output.weight, error);
    if (!status)
        status = ll_bind_scale(m, "output", 1, &m->output.scale, error);
    if (!status)
        status = ll_bind_vector(m, "output.bias", m->n_vocab, f->output_bias, &m->output.bias, error);
    if (!status && !m->output.weight.data && !m->is_encoder)
        m->output.weight = m->embedding;
    if (!status)
        status = ll_bind_classifier(b, error);
    for (uint32_t i = 0; !status && i < m->n_layers; i++)
        status = bind_layer(b, i, error);
    return status;
}

libllm_status ll_build_model(ll_model *model, const ll_family *family, libllm_error *error)
{
    ll_builder builder = {.model = model, .family = family, .alibi = family->alibi, .no_gate = family->no_gate};
    libllm_status status = read_hyper_parameters(&builder, error);
    return status ? status : bind_weights(&builder, error);
}
