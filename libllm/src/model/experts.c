/* SPDX-License-Identifier: MIT
 * Mixtures of experts: how a router chooses, and the weights of a layer.
 */
#include "model/family.h"

#include "base/status.h"

#include <float.h>
#include <stdio.h>
#include <string.h>

enum { EXPERTS_MAX = 4096, WIDTH_MAX = 1 << 20 };

libllm_status ll_build_router(ll_builder *b, libllm_error *error)
{
    ll_model *m = b->model;
    const ll_family *f = b->family;
    ll_router *r = &m->router;
    uint32_t gating = 0;
    char key[128];
    *r = (ll_router){.score = f->router_score, .normalizes = f->router_normalizes};
    libllm_status status = ll_build_u32(b, "expert_count", 0, EXPERTS_MAX, &b->n_experts, error);
    if (status || b->n_experts == 0)
        return status;
    b->n_experts_used = 0;
    status = ll_build_u32(b, "expert_used_count", 1, b->n_experts, &b->n_experts_used, error);
    if (!status && b->n_experts_used == 0)
        status = ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "key \"%s.expert_used_count\" is missing", f->architecture);
    b->expert_ff = m->layers[0].n_ff; /* where the file says nothing else */
    if (!status)
        status = ll_build_u32(b, "expert_feed_forward_length", 1, WIDTH_MAX, &b->expert_ff, error);
    if (!status)
        status = ll_build_u32(b, "expert_group_count", 0, b->n_experts, &r->n_groups, error);
    if (!status)
        status = ll_build_u32(b, "expert_group_used_count", 0, r->n_groups, &r->n_groups_used, error);
    if (!status && r->n_groups > 1 &&
        (b->n_experts % r->n_groups || r->n_groups_used == 0 ||
         b->n_experts_used > b->n_experts / r->n_groups * r->n_groups_used))
        status = ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE,
                         "keys \"%s.expert_group_count\" and \"expert_group_used_count\" are %u and %u, which does not "
                         "go with %u of %u experts",
                         f->architecture, r->n_groups, r->n_groups_used, b->n_experts_used, b->n_experts);
    if (!status)
        status = ll_build_f32(b, "expert_weights_scale", 0, FLT_MAX, &r->scale, error);
    if (r->scale == 0)
        r->scale = 1;
    if (!status)
        status = ll_build_u32(b, "expert_gating_func", 0, UINT32_MAX, &gating, error);
    if (!status && gating > 3)
        status = ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "key \"%s.expert_gating_func\" is %u, which is not supported",
                         f->architecture, gating);
    if (gating)
        r->score = gating == 1 ? LL_ROUTER_SOFTMAX : gating == 2 ? LL_ROUTER_SIGMOID : LL_ROUTER_SOFTMAX_OF_CHOSEN;
    snprintf(key, sizeof key, "%s.expert_weights_norm", f->architecture);
    return status ? status : ll_gguf_get_bool(&m->gguf, key, &r->normalizes, error);
}

/* As the first files of Mixtral have experts: each in a tensor of its own. */
static bool has_apart(const ll_model *m, const char *name)
{
    char full[112];
    snprintf(full, sizeof full, "%s.0.weight", name);
    return ll_gguf_find_tensor(&m->gguf, ll_span_of(full));
}

static libllm_status bind(ll_model *m, uint32_t layer, const char *name, const ll_experts *e, uint64_t rows, uint64_t k,
                          size_t from, size_t stack, ll_presence bias, ll_expert_linear *out, libllm_error *error)
{
    char full[96], apart[96];
    snprintf(full, sizeof full, "blk.%u.%s.weight", layer, name);
    snprintf(apart, sizeof apart, "blk.%u.%.*s", layer, (int)(strlen(name) - strlen("_exps")), name);
    const bool is_apart = stack == 1 && !ll_layer_has(m, layer, name) && has_apart(m, apart);
    libllm_status status = is_apart ? ll_bind_experts_apart(m, apart, e->n, rows, k, out, error)
                                    : ll_bind_experts(m, full, e->n, rows, k, from, stack, out, error);
    snprintf(full, sizeof full, "blk.%u.%s", layer, name);
    if (!status)
        status = ll_bind_scale(m, full, e->n, &out->first.scale, error);
    snprintf(full, sizeof full, "blk.%u.%s.bias", layer, name);
    return status ? status : ll_bind_table(m, full, e->n, rows, bias, &out->first.bias, error);
}

/* Experts that every token has; their width is that of their matrix. */
static libllm_status bind_shared(ll_builder *b, uint32_t i, libllm_error *error)
{
    ll_model *m = b->model;
    ll_layer *l = &m->layers[i];
    const ll_presence bias = b->family->other_bias;
    char full[96];
    l->n_ff = 0;
    snprintf(full, sizeof full, "blk.%u.ffn_up_shexp.weight", i);
    const ll_gguf_tensor *t = ll_gguf_find_tensor(&m->gguf, ll_span_of(full));
    if (!t)
        return LIBLLM_OK;
    if (t->ne[1] == 0 || t->ne[1] > WIDTH_MAX)
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "tensor \"%s\" has %llu rows, expected 1 to %d", full,
                       (unsigned long long)t->ne[1], WIDTH_MAX);
    l->n_ff = (uint32_t)t->ne[1];
    libllm_status status = ll_bind_linear(m, i, "ffn_up_shexp", l->n_ff, m->n_embd, bias, &l->up, error);
    if (!status && !b->no_gate)
        status = ll_bind_linear(m, i, "ffn_gate_shexp", l->n_ff, m->n_embd, bias, &l->gate, error);
    if (!status)
        status = ll_bind_linear(m, i, "ffn_down_shexp", m->n_embd, l->n_ff, bias, &l->down, error);
    snprintf(full, sizeof full, "blk.%u.ffn_gate_inp_shexp.weight", i);
    return status ? status : ll_bind_vector(m, full, m->n_embd, LL_OPTIONAL, &l->experts.shared_gate, error);
}

libllm_status ll_bind_layer_experts(ll_builder *b, uint32_t i, libllm_error *error)
{
    ll_model *m = b->model;
    const ll_family *f = b->family;
    ll_experts *e = &m->layers[i].experts;
    char full[96];
    if (b->n_experts == 0)
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE,
                       "tensor \"blk.%u.ffn_gate_inp.weight\" has no key \"%s.expert_count\" to go with it", i,
                       f->architecture);
    *e = (ll_experts){.n = b->n_experts, .n_used = b->n_experts_used, .n_ff = b->expert_ff};
    libllm_status status = ll_bind_linear(m, i, "ffn_gate_inp", e->n, m->n_embd, f->router_bias, &e->router, error);
    snprintf(full, sizeof full, "blk.%u.exp_probs_b.bias", i);
    if (!status)
        status = ll_bind_vector(m, full, e->n, f->choice_bias, &e->choice_bias, error);
    const bool fused = ll_layer_has(m, i, "ffn_gate_up_exps");
    if (!status && !b->no_gate)
        status = bind(m, i, fused ? "ffn_gate_up_exps" : "ffn_gate_exps", e, e->n_ff, m->n_embd, 0, fused ? 2 : 1,
                      fused ? LL_ABSENT : f->expert_bias, &e->gate, error);
    if (!status)
        status = bind(m, i, fused ? "ffn_gate_up_exps" : "ffn_up_exps", e, e->n_ff, m->n_embd, fused ? 1 : 0,
                      fused ? 2 : 1, fused ? LL_ABSENT : f->expert_bias, &e->up, error);
    if (!status)
        status = bind(m, i, "ffn_down_exps", e, m->n_embd, e->n_ff, 0, 1, f->expert_bias, &e->down, error);
    return status ? status : bind_shared(b, i, error);
}
