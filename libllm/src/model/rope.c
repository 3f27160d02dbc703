/* SPDX-License-Identifier: MIT
 * Frequencies of rotary position embeddings and how files stretch them to longer contexts.
 */
#include "model/family.h"

#include "base/status.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

static const double pi = 3.14159265358979323846;

typedef enum scaling_kind { SCALING_LINEAR, SCALING_LLAMA3, SCALING_YARN, SCALING_LONGROPE } scaling_kind;

typedef struct scaling {
    scaling_kind kind;
    float factor; /* positions are divided by it; 1: none */
    uint32_t original_context;
    float low_factor, high_factor; /* Llama 3 */
    float beta_fast, beta_slow;    /* YaRN: turns in the original context, between which frequencies are blended */
    float magnitude;               /* YaRN, LongRoPE: the file's factor of rotated values; 0: not said */
} scaling;

static libllm_status read_kind(const ll_builder *b, scaling *s, libllm_error *error)
{
    char key[128];
    ll_span kind = ll_span_of("linear");
    snprintf(key, sizeof key, "%s.rope.scaling.type", b->family->architecture);
    libllm_status status = ll_gguf_get_string(&b->model->gguf, key, &kind, error);
    if (ll_span_is(kind, "none"))
        s->factor = 1;
    else if (ll_span_is(kind, "llama3"))
        s->kind = SCALING_LLAMA3;
    else if (ll_span_is(kind, "yarn"))
        s->kind = SCALING_YARN;
    else if (ll_span_is(kind, "longrope"))
        s->kind = SCALING_LONGROPE;
    else if (!status && !ll_span_is(kind, "linear") && s->factor != 1)
        status = ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "key \"%s\" is \"%.*s\", which is not supported", key,
                         (int)(kind.size < 64 ? kind.size : 64), kind.data);
    return status;
}

static libllm_status read_scaling(const ll_builder *b, scaling *s, libllm_error *error)
{
    *s = (scaling){.kind = SCALING_LINEAR,
                   .original_context = b->model->n_context_train,
                   .low_factor = 1,
                   .high_factor = 4,
                   .beta_fast = 32,
                   .beta_slow = 1};
    libllm_status status = ll_build_f32(b, "rope.scale_linear", 0, FLT_MAX, &s->factor, error);
    if (!status)
        status = ll_build_f32(b, "rope.scaling.factor", 0, FLT_MAX, &s->factor, error);
    if (s->factor == 0)
        s->factor = 1;
    if (!status)
        status = ll_build_u32(b, "rope.scaling.original_context_length", 1, UINT32_MAX, &s->original_context, error);
    if (!status)
        status = ll_build_f32(b, "rope.scaling.attn_factor", 0, FLT_MAX, &s->magnitude, error);
    if (!status)
        status = read_kind(b, s, error);
    if (!status && s->kind == SCALING_LLAMA3) {
        status = ll_build_f32(b, "rope.scaling.low_freq_factor", FLT_MIN, FLT_MAX, &s->low_factor, error);
        if (!status)
            status = ll_build_f32(b, "rope.scaling.high_freq_factor", FLT_MIN, FLT_MAX, &s->high_factor, error);
        if (!status && !(s->high_factor > s->low_factor))
            status = ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE,
                             "key \"%s.rope.scaling.high_freq_factor\" is not above low_freq_factor",
                             b->family->architecture);
    }
    if (!status && s->kind == SCALING_YARN) {
        status = ll_build_f32(b, "rope.scaling.yarn_beta_fast", FLT_MIN, FLT_MAX, &s->beta_fast, error);
        if (!status)
            status = ll_build_f32(b, "rope.scaling.yarn_beta_slow", FLT_MIN, FLT_MAX, &s->beta_slow, error);
    }
    return status;
}

/* Llama 3: wavelengths that the trained context saw often enough stay, long ones are stretched, with a ramp between. */
static double scale_llama3(double frequency, const scaling *s)
{
    double turns = (double)s->original_context * frequency / (2 * pi);
    double smooth = (turns - (double)s->low_factor) / ((double)s->high_factor - (double)s->low_factor);
    smooth = smooth < 0 ? 0 : smooth > 1 ? 1 : smooth;
    return (1 - smooth) * frequency / (double)s->factor + smooth * frequency;
}

/* The pair (as a real number) that turns so often in the original context. */
static double pair_of_turns(double turns, double base, uint32_t n_rot, const scaling *s)
{
    return n_rot * log((double)s->original_context / (turns * 2 * pi)) / (2 * log(base));
}

/* YaRN: as Llama 3, with a ramp over pairs instead of turns. */
static double scale_yarn(double frequency, uint32_t pair, double base, uint32_t n_rot, bool untruncated,
                         const scaling *s)
{
    double low = pair_of_turns((double)s->beta_fast, base, n_rot, s);
    double high = pair_of_turns((double)s->beta_slow, base, n_rot, s);
    if (!untruncated) {
        low = floor(low);
        high = ceil(high);
    }
    low = low < 0 ? 0 : low;
    high = high > n_rot - 1 ? n_rot - 1 : high;
    double ramp = (pair - low) / (high - low > 0.001 ? high - low : 0.001);
    ramp = ramp < 0 ? 0 : ramp > 1 ? 1 : ramp;
    return frequency * (1 - ramp) + frequency / (double)s->factor * ramp;
}

/* How much YaRN strengthens attention over a context stretched so far. */
static double yarn_magnitude(double factor, double weight) { return factor > 1 ? 0.1 * weight * log(factor) + 1 : 1; }

static libllm_status read_magnitude(ll_builder *b, const scaling *s, float *out, libllm_error *error)
{
    *out = s->magnitude != 0 ? s->magnitude : 1;
    if (s->kind != SCALING_YARN)
        return LIBLLM_OK;
    float weight = 0;
    libllm_status status = ll_build_f32(b, "rope.scaling.yarn_log_multiplier", 0, FLT_MAX, &weight, error);
    double magnitude = yarn_magnitude((double)s->factor, 1);
    if (weight != 0 && b->family->yarn_in_scores) { /* the stored weight has the 0.1 in it */
        double scores = yarn_magnitude((double)s->factor, 10 * (double)weight);
        b->model->attn_scale *= (float)(scores * scores);
        magnitude = 1;
    } else if (weight != 0) {
        magnitude /= yarn_magnitude((double)s->factor, (double)weight);
    }
    *out *= (float)magnitude;
    return status;
}

/* Frequencies, each over its divisor (NULL: none). */
static libllm_status make_frequencies(ll_builder *b, float base, const scaling *s, const float *divisors,
                                      const char *divisors_name, uint32_t n_rot, const float **out, libllm_error *error)
{
    const uint32_t n = n_rot / 2;
    float *frequencies = ll_model_keep(b->model, n, sizeof *frequencies);
    if (!frequencies)
        return ll_fail_memory(error, "rope frequencies");
    for (uint32_t i = 0; i < n; i++) {
        /* Rounded where PyTorch's models round, as thousands of positions make a last bit visible. */
        double frequency = (double)(1.0f / (float)pow((double)base, (double)(2.0f * (float)i / (float)n_rot)));
        if (divisors)
            frequency /= (double)divisors[i];
        if (s->kind == SCALING_LINEAR)
            frequency /= (double)s->factor;
        else if (s->kind == SCALING_LLAMA3 && !divisors) /* they say the same as the keys */
            frequency = scale_llama3(frequency, s);
        else if (s->kind == SCALING_YARN)
            frequency = scale_yarn(frequency, i, (double)base, n_rot, b->family->untruncated_yarn, s);
        frequencies[i] = (float)frequency;
        if (isfinite(frequencies[i]))
            continue;
        if (divisors)
            return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "tensor \"%s\" has an unusable value at %u", divisors_name,
                           i);
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "key \"%s.rope.scaling.factor\" is %g, which is too small",
                       b->family->architecture, (double)s->factor);
    }
    *out = frequencies;
    return LIBLLM_OK;
}

/* Rows of q and k in the order of Hugging Face, where GGUF's are in that of interleaved pairs. */
static libllm_status read_halves(const ll_builder *b, ll_rope_kind *kind, libllm_error *error)
{
    char key[128];
    bool halves = false;
    snprintf(key, sizeof key, "%s.rope.halves", b->family->architecture);
    libllm_status status = ll_gguf_get_bool(&b->model->gguf, key, &halves, error);
    if (halves)
        *kind = LL_ROPE_HALVES;
    return status;
}

libllm_status ll_build_rope(ll_builder *b, float base, bool scaled, ll_rope *out, libllm_error *error)
{
    ll_model *model = b->model;
    const uint32_t most = model->latent.n_kv ? model->latent.n_rot : model->head_dim;
    *out = (ll_rope){.kind = b->family->rope, .n_rot = most, .magnitude = 1};
    libllm_status status = ll_build_u32(b, "rope.dimension_count", 2, most, &out->n_rot, error);
    if (status)
        return status;
    status = read_halves(b, &out->kind, error);
    if (status)
        return status;
    if (out->n_rot % 2)
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE,
                       "key \"%s.rope.dimension_count\" is %u, expected an even number", b->family->architecture,
                       out->n_rot);
    const uint32_t n = out->n_rot / 2;
    scaling s = {.factor = 1};
    if (!scaled)
        return make_frequencies(b, base, &s, NULL, NULL, out->n_rot, &out->frequencies, error);
    const float *divisors, *short_divisors, *long_divisors;
    status = read_scaling(b, &s, error);
    if (!status)
        status = ll_bind_vector(model, "rope_freqs.weight", n, LL_OPTIONAL, &divisors, error);
    /* LongRoPE, whatever the keys say. */
    if (!status)
        status = ll_bind_vector(model, "rope_factors_short.weight", n, LL_OPTIONAL, &short_divisors, error);
    if (!status)
        status = ll_bind_vector(model, "rope_factors_long.weight", n, LL_OPTIONAL, &long_divisors, error);
    if (status)
        return status;
    if (!short_divisors != !long_divisors)
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "tensor \"rope_factors_%s.weight\" is missing",
                       short_divisors ? "long" : "short");
    if (!short_divisors && s.kind == SCALING_LONGROPE)
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "tensor \"rope_factors_short.weight\" is missing");
    if (short_divisors) {
        s.kind = SCALING_LONGROPE;
        out->short_context = s.original_context;
        status = make_frequencies(b, base, &s, long_divisors, "rope_factors_long.weight", out->n_rot,
                                  &out->long_frequencies, error);
        if (!status)
            status = make_frequencies(b, base, &s, short_divisors, "rope_factors_short.weight", out->n_rot,
                                      &out->frequencies, error);
    } else {
        status = make_frequencies(b, base, &s, divisors, "rope_freqs.weight", out->n_rot, &out->frequencies, error);
    }
    return status ? status : read_magnitude(b, &s, &out->magnitude, error);
}
