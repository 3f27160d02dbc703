/* SPDX-License-Identifier: MIT
 * The mixtures: more bits for what small errors hurt most (the output matrix, values, the way back to the residual
 * stream, the first and last layers), with the choices that llama.cpp's users know under these names.
 */
#include "model/convert/mixture.h"

#include "base/status.h"

#include <stdio.h>
#include <string.h>

static const ll_mixture mixtures[] = {
    {"F32", LL_TYPE_F32, 0},        {"F16", LL_TYPE_F16, 1},        {"BF16", LL_TYPE_BF16, 32},
    {"Q4_0", LL_TYPE_Q4_0, 2},      {"Q4_1", LL_TYPE_Q4_1, 3},      {"Q5_0", LL_TYPE_Q5_0, 8},
    {"Q5_1", LL_TYPE_Q5_1, 9},      {"Q8_0", LL_TYPE_Q8_0, 7},      {"Q2_K", LL_TYPE_Q2_K, 10},
    {"Q2_K_S", LL_TYPE_Q2_K, 21},   {"Q3_K_S", LL_TYPE_Q3_K, 11},   {"Q3_K_M", LL_TYPE_Q3_K, 12},
    {"Q3_K_L", LL_TYPE_Q3_K, 13},   {"Q4_K_S", LL_TYPE_Q4_K, 14},   {"Q4_K_M", LL_TYPE_Q4_K, 15},
    {"Q5_K_S", LL_TYPE_Q5_K, 16},   {"Q5_K_M", LL_TYPE_Q5_K, 17},   {"Q6_K", LL_TYPE_Q6_K, 18},
    {"IQ4_NL", LL_TYPE_IQ4_NL, 25}, {"IQ4_XS", LL_TYPE_IQ4_XS, 30}, {"MXFP4", LL_TYPE_MXFP4, 38},
};
/* Where a size of a mixture is not named, the one that most people take. */
static const char *const short_names[][2] = {{"Q3_K", "Q3_K_M"}, {"Q4_K", "Q4_K_M"}, {"Q5_K", "Q5_K_M"}};

static bool same_letters(const char *a, const char *b)
{
    for (; *a && *b; a++, b++)
        if ((*a >= 'a' && *a <= 'z' ? *a - 'a' + 'A' : *a) != *b)
            return false;
    return *a == *b;
}

const ll_mixture *ll_mixture_find(const char *name)
{
    for (size_t i = 0; i < sizeof short_names / sizeof *short_names; i++)
        if (same_letters(name, short_names[i][0]))
            name = short_names[i][1];
    for (size_t i = 0; i < sizeof mixtures / sizeof *mixtures; i++)
        if (same_letters(name, mixtures[i].name))
            return &mixtures[i];
    return NULL;
}

void ll_mixture_names(ll_buffer *out)
{
    for (size_t i = 0; i < sizeof mixtures / sizeof *mixtures; i++)
        ll_buffer_format(out, "%s%s", i ? " " : "", mixtures[i].name);
}

bool ll_mixture_quantizes(const ll_mixture *mixture)
{
    return mixture->type != LL_TYPE_F32 && mixture->type != LL_TYPE_F16 && mixture->type != LL_TYPE_BF16;
}

/* The model -------------------------------------------------------------------------------------------------------- */

/* The largest of a number that each layer may have of its own. */
static libllm_status read_largest(const ll_gguf *gguf, ll_span architecture, const char *name, uint32_t *out,
                                  libllm_error *error)
{
    char key[128];
    snprintf(key, sizeof key, "%.*s.%s", (int)(architecture.size < 64 ? architecture.size : 64), architecture.data,
             name);
    const ll_gguf_value *value = ll_gguf_find(gguf, key);
    if (!value || !value->is_array)
        return ll_gguf_get_u32(gguf, key, out, error);
    for (uint64_t i = 0; i < value->count; i++) {
        const int64_t x = ll_gguf_element_i64(value, i);
        *out = x > *out && x <= UINT32_MAX ? (uint32_t)x : *out;
    }
    return LIBLLM_OK;
}

libllm_status ll_mixture_read_model(const ll_gguf *gguf, ll_mixture_model *m, libllm_error *error)
{
    ll_span architecture = {"", 0};
    uint32_t n_heads = 0, n_kv_heads = 0;
    *m = (ll_mixture_model){.is_tied = !ll_gguf_find_tensor(gguf, ll_span_of("output.weight"))};
    libllm_status status = ll_gguf_get_string(gguf, "general.architecture", &architecture, error);
    if (!status)
        status = read_largest(gguf, architecture, "block_count", &m->n_layers, error);
    if (!status)
        status = read_largest(gguf, architecture, "expert_count", &m->n_experts, error);
    if (!status)
        status = read_largest(gguf, architecture, "attention.head_count", &n_heads, error);
    if (!status)
        status = read_largest(gguf, architecture, "attention.head_count_kv", &n_kv_heads, error);
    m->n_sharing = n_kv_heads ? n_heads / n_kv_heads : 1;
    m->is_falcon = ll_span_is(architecture, "falcon");
    return status;
}

/* Tensors ---------------------------------------------------------------------------------------------------------- */

static bool contains(ll_span name, const char *part)
{
    return memmem(name.data, name.size, part, strlen(part)) != NULL;
}

static bool ends_with(ll_span name, const char *ending)
{
    const size_t n = strlen(ending);
    return name.size >= n && memcmp(name.data + name.size - n, ending, n) == 0;
}

bool ll_mixture_is_matrix(const ll_gguf_tensor *t)
{
    /* Small, or read as floats by whoever computes with them: routers, convolutions, tables that are added. */
    static const char *const floats[] = {
        "_norm.weight",     "ffn_gate_inp",        "position_embd",  "token_types", "ssm_conv1d",
        "shortconv.conv",   "attn_rel_b",          "time_mix_first", "time_mix_w",  "time_mix_v0",
        "time_mix_v1",      "time_mix_v2",         "time_mix_a",     "time_mix_g1", "time_mix_g2",
        "time_mix_decay_w", "time_mix_lerp_fused", "altup",          "laurel",      "per_layer_model_proj"};
    if (!ends_with(t->name, "weight") || t->ne[1] * t->ne[2] * t->ne[3] == 1)
        return false;
    for (size_t i = 0; i < sizeof floats / sizeof *floats; i++)
        if (contains(t->name, floats[i]))
            return false;
    return true;
}

static bool is_layer_part(ll_span name, const char *part)
{
    char text[64];
    snprintf(text, sizeof text, ".%s.weight", part);
    return contains(name, text);
}

static uint32_t layer_of(ll_span name)
{
    static const char part[] = "blk."; /* behind enc. or dec. in some */
    const char *found = memmem(name.data, name.size, part, sizeof part - 1);
    uint32_t layer = 0;
    for (size_t i = found ? (size_t)(found - name.data) + sizeof part - 1 : name.size;
         i < name.size && name.data[i] >= '0' && name.data[i] <= '9' && layer < 100000; i++)
        layer = layer * 10 + (uint32_t)(name.data[i] - '0');
    return layer;
}

/* The first and last eighth, and every third between. */
static bool is_weighty(uint32_t layer, uint32_t n)
{
    return layer < n / 8 || layer >= 7 * (uint64_t)n / 8 || (layer - n / 8) % 3 == 2;
}

static bool is(const ll_mixture *mixture, const char *name) { return strcmp(mixture->name, name) == 0; }

static ll_type type_of_values(const ll_mixture *x, const ll_mixture_model *m, uint32_t layer)
{
    const bool shared = m->n_sharing >= 4; /* small, and read by several heads */
    const bool very_shared = m->n_sharing == 8 && m->n_layers == 80;
    ll_type type = x->type;
    if (is(x, "Q2_K"))
        type = shared ? LL_TYPE_Q4_K : LL_TYPE_Q3_K;
    else if (is(x, "Q2_K_S"))
        type = shared ? LL_TYPE_Q4_K : LL_TYPE_Q2_K;
    else if (is(x, "Q3_K_M"))
        type = layer < 2 ? LL_TYPE_Q5_K : LL_TYPE_Q4_K;
    else if (is(x, "Q3_K_L"))
        type = LL_TYPE_Q5_K;
    else if ((is(x, "IQ4_NL") || is(x, "IQ4_XS")) && shared)
        type = LL_TYPE_Q5_K;
    else if ((is(x, "Q4_K_M") || is(x, "Q5_K_M")) && is_weighty(layer, m->n_layers))
        type = LL_TYPE_Q6_K;
    else if (is(x, "Q4_K_S") && layer < 4)
        type = LL_TYPE_Q5_K;
    if (very_shared && (type == LL_TYPE_Q3_K || type == LL_TYPE_Q4_K))
        type = LL_TYPE_Q5_K;
    return m->n_experts == 8 ? LL_TYPE_Q8_0 : type;
}

static ll_type type_of_down(const ll_mixture *x, const ll_mixture_model *m, uint32_t layer)
{
    const bool weighty = is_weighty(layer, m->n_layers), first_eighth = layer < m->n_layers / 8;
    const bool first_sixteenth = layer < m->n_layers / 16;
    if (is(x, "Q2_K"))
        return LL_TYPE_Q3_K;
    if (is(x, "Q2_K_S"))
        return first_eighth ? LL_TYPE_Q4_K : x->type;
    if (is(x, "Q3_K_M"))
        return first_sixteenth ? LL_TYPE_Q5_K : !m->is_falcon || weighty ? LL_TYPE_Q4_K : x->type;
    if (is(x, "Q3_K_L"))
        return m->is_falcon ? LL_TYPE_Q4_K : LL_TYPE_Q5_K;
    if (is(x, "Q4_K_M") && m->is_falcon)
        return first_sixteenth ? LL_TYPE_Q6_K : weighty ? LL_TYPE_Q5_K : x->type;
    if (is(x, "Q4_K_M") || is(x, "Q5_K_M"))
        return weighty ? LL_TYPE_Q6_K : x->type;
    if (!first_eighth)
        return x->type;
    if ((is(x, "IQ4_NL") || is(x, "IQ4_XS")) && !m->has_importance)
        return LL_TYPE_Q5_K;
    if (is(x, "Q4_K_S") && !m->is_falcon)
        return LL_TYPE_Q5_K;
    /* A minimum as well, which only pays where it is known what counts. */
    if (m->has_importance && (is(x, "Q4_0") || is(x, "Q5_0")))
        return is(x, "Q4_0") ? LL_TYPE_Q4_1 : LL_TYPE_Q5_1;
    return x->type;
}

static ll_type type_of_attention_output(const ll_mixture *x, const ll_mixture_model *m)
{
    static const char *const raised[] = {"Q2_K", "Q3_K_S", "Q3_K_M", "Q4_K_S", "Q4_K_M", "IQ4_NL", "IQ4_XS"};
    if (m->is_falcon)
        return is(x, "Q3_K_L") ? LL_TYPE_Q4_K : x->type;
    if (m->n_experts == 8) {
        for (size_t i = 0; i < sizeof raised / sizeof *raised; i++)
            if (is(x, raised[i]))
                return LL_TYPE_Q5_K;
        return x->type;
    }
    return is(x, "Q2_K") ? LL_TYPE_Q3_K : is(x, "Q3_K_M") ? LL_TYPE_Q4_K : is(x, "Q3_K_L") ? LL_TYPE_Q5_K : x->type;
}

static ll_type type_of_qkv(const ll_mixture *x)
{
    return is(x, "Q3_K_M") || is(x, "Q3_K_L") ? LL_TYPE_Q4_K
           : is(x, "Q4_K_M")                  ? LL_TYPE_Q5_K
           : is(x, "Q5_K_M")                  ? LL_TYPE_Q6_K
                                              : x->type;
}

static bool is_down(ll_span name)
{
    return is_layer_part(name, "ffn_down") || is_layer_part(name, "ffn_down_exps") ||
           is_layer_part(name, "ffn_down_shexp");
}

/* Of a matrix in a layer, by a mixture of blocks. */
static ll_type type_in_layer(const ll_mixture *x, const ll_mixture_model *m, ll_span name)
{
    const uint32_t layer = layer_of(name);
    if (is_layer_part(name, "attn_v") || is_layer_part(name, "attn_kv_b") || is_layer_part(name, "attn_v_b"))
        return type_of_values(x, m, layer);
    if (is_layer_part(name, "attn_k") && m->n_experts == 8)
        return LL_TYPE_Q8_0;
    if (is_down(name))
        return type_of_down(x, m, layer);
    if (is_layer_part(name, "attn_output"))
        return type_of_attention_output(x, m);
    return is_layer_part(name, "attn_qkv") ? type_of_qkv(x) : x->type;
}

ll_type ll_mixture_type(const ll_mixture *x, const ll_mixture_model *m, const ll_gguf_tensor *t, const char **why)
{
    const bool is_embedding = ll_span_is(t->name, "token_embd.weight");
    const bool is_output = ll_span_is(t->name, "output.weight") || (is_embedding && m->is_tied);
    if (!ll_mixture_is_matrix(t)) {
        const bool vector = t->ne[1] * t->ne[2] * t->ne[3] == 1;
        *why = vector || x->type == LL_TYPE_F32 ? NULL : "it is no matrix that a product reads, which are F32";
        return LL_TYPE_F32;
    }
    ll_type type = x->type;
    *why = NULL;
    if (!ll_mixture_quantizes(x))
        return type;
    if (x->type == LL_TYPE_MXFP4) {
        /* Models that have experts have these in it and no others. */
        const bool has = m->n_experts ? contains(t->name, "_exps.") : !is_output && !is_embedding;
        type = has ? LL_TYPE_MXFP4 : LL_TYPE_Q8_0;
    } else if (is_output) {
        const bool divides = t->ne[0] % ll_type_find(type)->block.elements == 0;
        type = m->is_falcon || !divides ? LL_TYPE_Q8_0 : type == LL_TYPE_Q8_0 ? type : LL_TYPE_Q6_K;
    } else if (!is_embedding) {
        type = type_in_layer(x, m, t->name);
    }
    return type;
}

ll_type ll_mixture_fitting(ll_type type, uint64_t row)
{
    static const ll_type smaller[][2] = {{LL_TYPE_Q2_K, LL_TYPE_Q4_0}, {LL_TYPE_Q3_K, LL_TYPE_Q4_0},
                                         {LL_TYPE_Q4_K, LL_TYPE_Q5_0}, {LL_TYPE_Q5_K, LL_TYPE_Q5_1},
                                         {LL_TYPE_Q6_K, LL_TYPE_Q8_0}, {LL_TYPE_IQ4_XS, LL_TYPE_IQ4_NL}};
    for (size_t i = 0; i < sizeof smaller / sizeof *smaller; i++)
        if (type == smaller[i][0] && row % ll_type_find(type)->block.elements != 0)
            type = smaller[i][1];
    return row % ll_type_find(type)->block.elements == 0 ? type : LL_TYPE_F16;
}
