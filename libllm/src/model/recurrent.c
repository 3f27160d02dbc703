/* SPDX-License-Identifier: MIT
 * Layers whose state has a constant size: short convolutions and selective scans.
 */
#include "model/family.h"

#include "base/status.h"

#include <stdio.h>

enum { TAPS_MAX = 1024, WIDTH_MAX = 1 << 20, STATES_MAX = 1 << 16 };

static libllm_status require(const ll_builder *b, const char *suffix, uint32_t high, uint32_t *out, libllm_error *error)
{
    *out = 0;
    libllm_status status = ll_build_u32(b, suffix, 1, high, out, error);
    if (!status && *out == 0)
        status = ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "key \"%s.%s\" is missing", b->family->architecture, suffix);
    return status;
}

/* blk.<layer>.<name>, n matrices one after the other. */
static libllm_status bind_rows(ll_model *m, uint32_t layer, const char *name, const uint64_t *rows, size_t n,
                               ll_linear *const *out, libllm_error *error)
{
    char full[96];
    ll_matrix *weights[3];
    for (size_t i = 0; i < n; i++)
        weights[i] = &out[i]->weight;
    snprintf(full, sizeof full, "blk.%u.%s.weight", layer, name);
    libllm_status status = ll_bind_stacked(m, full, rows, n, m->n_embd, weights, error);
    const float *scale = NULL;
    snprintf(full, sizeof full, "blk.%u.%s", layer, name);
    if (!status)
        status = ll_bind_scale(m, full, 1, &scale, error);
    for (size_t i = 0; i < n; i++)
        out[i]->scale = scale;
    return status;
}

static libllm_status bind_conv(ll_model *m, uint32_t layer, const char *name, ll_presence bias, ll_conv *conv,
                               libllm_error *error)
{
    char full[96];
    snprintf(full, sizeof full, "blk.%u.%s.weight", layer, name);
    libllm_status status = ll_bind_table(m, full, conv->n_channels, conv->n_taps, LL_REQUIRED, &conv->weight, error);
    snprintf(full, sizeof full, "blk.%u.%s.bias", layer, name);
    return status ? status : ll_bind_vector(m, full, conv->n_channels, bias, &conv->bias, error);
}

static libllm_status bind_short_conv(ll_builder *b, uint32_t i, libllm_error *error)
{
    ll_model *m = b->model;
    ll_recurrence *r = &m->layers[i].recurrence;
    r->conv.n_channels = r->n_inner = m->n_embd;
    libllm_status status = require(b, "shortconv.l_cache", TAPS_MAX, &r->conv.n_taps, error);
    const uint64_t rows[] = {r->n_inner, r->n_inner, r->n_inner};
    ll_linear *const parts[] = {&r->before, &r->gate, &r->in};
    if (!status)
        status = bind_rows(m, i, "shortconv.in_proj", rows, 3, parts, error);
    if (!status)
        status = bind_conv(m, i, "shortconv.conv", LL_OPTIONAL, &r->conv, error);
    if (!status)
        status = ll_bind_linear(m, i, "shortconv.out_proj", m->n_embd, r->n_inner, LL_OPTIONAL, &m->layers[i].o, error);
    return status;
}

/* What both kinds of scan have: sizes, a and d with `states` values for each of n, and the way out. */
static libllm_status bind_scan(ll_builder *b, uint32_t i, uint64_t n, uint64_t states, libllm_error *error)
{
    ll_model *m = b->model;
    ll_recurrence *r = &m->layers[i].recurrence;
    char full[96];
    libllm_status status = bind_conv(m, i, "ssm_conv1d", LL_OPTIONAL, &r->conv, error);
    snprintf(full, sizeof full, "blk.%u.ssm_a", i);
    if (!status)
        status = ll_bind_table(m, full, n, states, LL_REQUIRED, &r->a, error);
    snprintf(full, sizeof full, "blk.%u.ssm_d", i);
    if (!status)
        status = m->layers[i].mixer == LL_MIXER_MAMBA2 ? ll_bind_table(m, full, n, 1, LL_REQUIRED, &r->d, error)
                                                       : ll_bind_vector(m, full, n, LL_REQUIRED, &r->d, error);
    return status ? status
                  : ll_bind_linear(m, i, "ssm_out", m->n_embd, r->n_inner, LL_OPTIONAL, &m->layers[i].o, error);
}

static libllm_status read_sizes(ll_builder *b, ll_recurrence *r, uint32_t *n_steps, libllm_error *error)
{
    libllm_status status = require(b, "ssm.conv_kernel", TAPS_MAX, &r->conv.n_taps, error);
    if (!status)
        status = require(b, "ssm.inner_size", WIDTH_MAX, &r->n_inner, error);
    if (!status)
        status = require(b, "ssm.state_size", STATES_MAX, &r->n_states, error);
    return status ? status : require(b, "ssm.time_step_rank", WIDTH_MAX, n_steps, error);
}

static libllm_status bind_mamba(ll_builder *b, uint32_t i, libllm_error *error)
{
    ll_model *m = b->model;
    ll_recurrence *r = &m->layers[i].recurrence;
    char key[128];
    libllm_status status = read_sizes(b, r, &r->n_steps, error);
    snprintf(key, sizeof key, "%s.ssm.dt_b_c_rms", b->family->architecture);
    if (!status)
        status = ll_gguf_get_bool(&m->gguf, key, &r->normalizes_selection, error);
    r->conv.n_channels = r->n_inner;
    const uint64_t rows[] = {r->n_inner, r->n_inner};
    ll_linear *const parts[] = {&r->in, &r->gate};
    if (!status)
        status = bind_rows(m, i, "ssm_in", rows, 2, parts, error);
    if (!status)
        status = ll_bind_linear(m, i, "ssm_x", r->n_steps + 2 * (uint64_t)r->n_states, r->n_inner, LL_ABSENT,
                                &r->select, error);
    if (!status)
        status = ll_bind_linear(m, i, "ssm_dt", r->n_inner, r->n_steps, LL_REQUIRED, &r->dt, error);
    return status ? status : bind_scan(b, i, r->n_inner, r->n_states, error);
}

static libllm_status bind_mamba2(ll_builder *b, uint32_t i, libllm_error *error)
{
    ll_model *m = b->model;
    ll_recurrence *r = &m->layers[i].recurrence;
    const char *arch = b->family->architecture;
    r->n_groups = 1;
    libllm_status status = read_sizes(b, r, &r->n_heads, error);
    if (!status && r->n_inner % r->n_heads)
        status = ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE,
                         "key \"%s.ssm.time_step_rank\": %u does not divide \"ssm.inner_size\", %u", arch, r->n_heads,
                         r->n_inner);
    if (!status)
        status = ll_build_u32(b, "ssm.group_count", 1, r->n_heads, &r->n_groups, error);
    if (!status && r->n_heads % r->n_groups)
        status = ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE,
                         "key \"%s.ssm.group_count\": %u does not divide \"ssm.time_step_rank\", %u", arch, r->n_groups,
                         r->n_heads);
    const uint64_t n_channels = r->n_inner + 2 * (uint64_t)r->n_groups * r->n_states;
    if (!status && n_channels > WIDTH_MAX)
        status =
            ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE,
                    "keys \"%s.ssm.inner_size\", \"ssm.group_count\" and \"ssm.state_size\" ask for %llu channels, "
                    "expected at most %d",
                    arch, (unsigned long long)n_channels, WIDTH_MAX);
    if (status)
        return status;
    r->conv.n_channels = (uint32_t)n_channels;
    const uint64_t rows[] = {r->n_inner, n_channels, r->n_heads};
    ll_linear *const parts[] = {&r->gate, &r->in, &r->dt};
    char full[96];
    status = bind_rows(m, i, "ssm_in", rows, 3, parts, error);
    snprintf(full, sizeof full, "blk.%u.ssm_dt.bias", i);
    if (!status)
        status = ll_bind_vector(m, full, r->n_heads, LL_REQUIRED, &r->dt.bias, error);
    snprintf(full, sizeof full, "blk.%u.ssm_norm.weight", i);
    if (!status)
        status = ll_bind_table(m, full, r->n_groups, r->n_inner / r->n_groups, LL_REQUIRED, &r->norm.weight, error);
    return status ? status : bind_scan(b, i, r->n_heads, 1, error);
}

libllm_status ll_bind_recurrence(ll_builder *b, uint32_t i, libllm_error *error)
{
    switch (b->model->layers[i].mixer) {
    case LL_MIXER_SHORT_CONV:
        return bind_short_conv(b, i, error);
    case LL_MIXER_MAMBA:
        return bind_mamba(b, i, error);
    default:
        return bind_mamba2(b, i, error);
    }
}
