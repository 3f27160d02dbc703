/* SPDX-License-Identifier: MIT
 * Frequencies of rotary position embeddings and how files stretch them.
 */
#include "model/family.h"

#include "base/status.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

typedef struct scaling {
    float factor; /* positions are divided by it; 1: none */
    bool llama3;  /* only low frequencies are */
    float low_factor, high_factor;
    uint32_t original_context;
} scaling;

static libllm_status read_scaling(const ll_builder *b, scaling *s, libllm_error *error)
{
    char key[128];
    ll_span kind = ll_span_of("linear");
    snprintf(key, sizeof key, "%s.rope.scaling.type", b->family->architecture);
    libllm_status status = ll_gguf_get_string(&b->model->gguf, key, &kind, error);
    *s = (scaling){.factor = 0, .low_factor = 1, .high_factor = 4, .original_context = b->model->n_context_train};
    if (!status)
        status = ll_build_f32(b, "rope.scale_linear", 0, FLT_MAX, &s->factor, error);
    if (!status)
        status = ll_build_f32(b, "rope.scaling.factor", 0, FLT_MAX, &s->factor, error);
    if (status)
        return status;
    if (s->factor == 0 || ll_span_is(kind, "none"))
        s->factor = 1;
    s->llama3 = ll_span_is(kind, "llama3");
    if (s->llama3) {
        status = ll_build_f32(b, "rope.scaling.low_freq_factor", FLT_MIN, FLT_MAX, &s->low_factor, error);
        if (!status)
            status = ll_build_f32(b, "rope.scaling.high_freq_factor", FLT_MIN, FLT_MAX, &s->high_factor, error);
        if (!status)
            status =
                ll_build_u32(b, "rope.scaling.original_context_length", 1, UINT32_MAX, &s->original_context, error);
        if (!status && !(s->high_factor > s->low_factor))
            status = ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE,
                             "key \"%s.rope.scaling.high_freq_factor\" is not above low_freq_factor",
                             b->family->architecture);
        return status;
    }
    if (!ll_span_is(kind, "linear") && !ll_span_is(kind, "none") && s->factor != 1)
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "key \"%s\" is \"%.*s\", which is not supported yet", key,
                       (int)(kind.size < 64 ? kind.size : 64), kind.data);
    return LIBLLM_OK;
}

/* Llama 3: wavelengths that the trained context saw often enough stay, long ones are stretched, with a ramp between. */
static double scale_llama3(double frequency, const scaling *s)
{
    const double pi = 3.14159265358979323846;
    double turns = (double)s->original_context * frequency / (2 * pi);
    double smooth = (turns - (double)s->low_factor) / ((double)s->high_factor - (double)s->low_factor);
    smooth = smooth < 0 ? 0 : smooth > 1 ? 1 : smooth;
    return (1 - smooth) * frequency / (double)s->factor + smooth * frequency;
}

libllm_status ll_build_rope(ll_builder *b, float base, bool scaled, ll_rope *out, libllm_error *error)
{
    ll_model *model = b->model;
    *out = (ll_rope){.kind = b->family->rope, .n_rot = model->head_dim};
    libllm_status status = ll_build_u32(b, "rope.dimension_count", 2, model->head_dim, &out->n_rot, error);
    char key[128]; /* of models whose rows of q and k are in the order of Hugging Face */
    bool halves = false;
    snprintf(key, sizeof key, "%s.rope.halves", b->family->architecture);
    if (!status)
        status = ll_gguf_get_bool(&model->gguf, key, &halves, error);
    if (status)
        return status;
    if (halves)
        out->kind = LL_ROPE_HALVES;
    if (out->n_rot % 2)
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE,
                       "key \"%s.rope.dimension_count\" is %u, expected an even number", b->family->architecture,
                       out->n_rot);
    uint32_t n = out->n_rot / 2;
    scaling s = {.factor = 1};
    const float *divisors = NULL;
    if (scaled) {
        status = read_scaling(b, &s, error);
        if (!status)
            status = ll_bind_vector(model, "rope_freqs.weight", n, b->family->rope_factors, &divisors, error);
        if (status)
            return status;
    }
    float *frequencies = ll_model_keep(model, n, sizeof *frequencies);
    if (!frequencies)
        return ll_fail_memory(error, "rope frequencies");
    for (uint32_t i = 0; i < n; i++) {
        /* Rounded where PyTorch's models round, as thousands of positions make a last bit visible. */
        double frequency = (double)(1.0f / (float)pow((double)base, (double)(2.0f * (float)i / (float)out->n_rot)));
        if (divisors)
            frequency /= (double)divisors[i];
        if (!s.llama3)
            frequency /= (double)s.factor;
        else if (!divisors) /* they say the same as the keys */
            frequency = scale_llama3(frequency, &s);
        frequencies[i] = (float)frequency;
        if (isfinite(frequencies[i]))
            continue;
        if (divisors)
            return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "tensor \"rope_freqs.weight\" has an unusable value at %u",
                           i);
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "key \"%s.rope.scaling.factor\" is %g, which is too small",
                       b->family->architecture, (double)s.factor);
    }
    out->frequencies = frequencies;
    return LIBLLM_OK;
}
