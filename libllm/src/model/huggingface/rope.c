/* SPDX-License-Identifier: MIT
 * How a configuration says that positions rotate, and which layers see a window of them: two spellings of each, of
 * which the newer one may tell kinds of layers apart.
 */
#include "model/huggingface/internal.h"

#include "base/status.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { N_ROT_MAX = 1 << 16 };

/* A key that is beside the others in older files, and among the parameters of the rotation in newer ones. */
static libllm_status read_f32(const ll_hf *hf, const json_t *parameters, const char *keys, float *out)
{
    libllm_status status = ll_hf_f32(hf, hf->config, keys, out);
    return status ? status : ll_hf_f32(hf, parameters, keys, out);
}

static libllm_status put_f32(ll_hf *hf, const json_t *parameters, const char *key, const char *suffix)
{
    float x = 0;
    libllm_status status = ll_hf_f32(hf, parameters, key, &x);
    if (!status && ll_hf_find(parameters, key, NULL))
        ll_hf_put_f32(hf, suffix, x);
    return status;
}

static libllm_status put_original_context(ll_hf *hf, const json_t *parameters, uint32_t n)
{
    const char *key = "original_max_position_embeddings";
    libllm_status status = ll_hf_u32(hf, hf->config, key, &n);
    if (!status)
        status = ll_hf_u32(hf, parameters, key, &n);
    if (!status && n)
        ll_hf_put_u32(hf, "rope.scaling.original_context_length", n);
    return status;
}

static void put_divisors(ll_hf *hf, const float *values, size_t n, const char *name, const char *converted)
{
    ll_gguf_tensor t = {.name = ll_span_of(name),
                        .type = LL_TYPE_F32,
                        .n_dims = 1,
                        .ne = {n, 1, 1, 1},
                        .n_bytes = n * sizeof *values,
                        .data = (const uint8_t *)values,
                        .converted = converted};
    ll_gguf_put_tensor(&hf->maker, &t);
}

/* Divisors of the frequencies, as GGUF files have them: no key says what they follow from. Wavelengths that the trained
 * context saw often enough stay, long ones are stretched, with a ramp between. */
static libllm_status put_llama3(ll_hf *hf, const json_t *parameters, double base, uint32_t n_rot)
{
    static const double pi = 3.14159265358979323846;
    float factor = 8, low = 1, high = 4;
    uint32_t original = 8192;
    libllm_status status = ll_hf_f32(hf, parameters, "factor", &factor);
    if (!status)
        status = ll_hf_f32(hf, parameters, "low_freq_factor", &low);
    if (!status)
        status = ll_hf_f32(hf, parameters, "high_freq_factor", &high);
    if (!status)
        status = ll_hf_u32(hf, hf->config, "original_max_position_embeddings", &original);
    if (!status)
        status = ll_hf_u32(hf, parameters, "original_max_position_embeddings", &original);
    if (!status && (!(factor > 0) || !(high > low) || n_rot < 2 || n_rot > N_ROT_MAX))
        status =
            ll_fail(hf->error, LIBLLM_ERROR_CORRUPT_FILE,
                    "config.json: the rope scaling \"llama3\" has a factor of %g, and %g to %g turns for %u dimensions",
                    (double)factor, (double)low, (double)high, n_rot);
    if (status)
        return status;
    float *divisors = ll_gguf_own(&hf->maker, n_rot / 2, sizeof *divisors);
    if (!divisors)
        return ll_fail_memory(hf->error, "rope factors");
    for (uint32_t i = 0; i < n_rot / 2; i++) {
        const double turns = original / (2 * pi * pow(base, 2.0 * i / n_rot));
        double smooth = (turns - (double)low) / ((double)high - (double)low);
        smooth = smooth < 0 ? 0 : smooth > 1 ? 1 : smooth;
        divisors[i] = (float)(1 / ((1 - smooth) / (double)factor + smooth));
    }
    put_divisors(hf, divisors, n_rot / 2, "rope_freqs.weight", "computed from the rope scaling of config.json");
    return LIBLLM_OK;
}

/* How much YaRN strengthens attention over a context that is stretched so far. */
static double magnitude(double factor, double weight) { return factor > 1 ? 0.1 * weight * log(factor) + 1 : 1; }

/* The factor of rotated values, as far as it is not what the keys that GGUF has for it come to. */
static libllm_status put_yarn_magnitude(ll_hf *hf, const json_t *parameters, bool is_deepseek)
{
    float factor = 1, given = 0, weight = 0, log_multiplier = 0;
    libllm_status status = ll_hf_f32(hf, parameters, "factor", &factor);
    if (!status)
        status = ll_hf_f32(hf, parameters, "attention_factor", &given);
    if (!status)
        status = ll_hf_f32(hf, parameters, "mscale", &weight);
    if (!status)
        status = ll_hf_f32(hf, parameters, "mscale_all_dim", &log_multiplier);
    if (status)
        return status;
    double meant = magnitude((double)factor, 1), said = meant;
    if (weight != 0 && log_multiplier != 0)
        meant = magnitude((double)factor, (double)weight) / magnitude((double)factor, (double)log_multiplier);
    if (given > 0)
        meant = (double)given;
    if (log_multiplier != 0)
        said /= magnitude((double)factor, (double)log_multiplier);
    if (is_deepseek) /* whose GGUF files mean a factor of 1, and have a tenth of the multiplier */
        said = log_multiplier != 0 ? 1 : said;
    if (fabs(meant / said - 1) > 1e-6)
        ll_hf_put_f32(hf, "rope.scaling.attn_factor", (float)(meant / said));
    if (log_multiplier != 0)
        ll_hf_put_f32(hf, "rope.scaling.yarn_log_multiplier", is_deepseek ? 0.1f * log_multiplier : log_multiplier);
    return LIBLLM_OK;
}

static libllm_status put_yarn(ll_hf *hf, const json_t *parameters)
{
    const char *architecture = hf->family->architecture;
    bool truncates = true, is_gpt_oss = strcmp(architecture, "gpt-oss") == 0;
    ll_hf_put_text(hf, "rope.scaling.type", "yarn");
    libllm_status status = put_original_context(hf, parameters, 0);
    if (!status)
        status = put_f32(hf, parameters, "beta_fast", "rope.scaling.yarn_beta_fast");
    if (!status)
        status = put_f32(hf, parameters, "beta_slow", "rope.scaling.yarn_beta_slow");
    if (!status)
        status = put_yarn_magnitude(hf, parameters, strcmp(architecture, "deepseek2") == 0);
    if (!status)
        status = ll_hf_bool(hf, parameters, "truncate", &truncates);
    if (!status && truncates == is_gpt_oss) /* GGUF cannot tell, and published models are so */
        status = ll_fail(hf->error, LIBLLM_ERROR_UNSUPPORTED,
                         "config.json: \"truncate\" of the rope parameters is %s, which is not supported",
                         truncates ? "true" : "false");
    return status;
}

static libllm_status put_factors(ll_hf *hf, const json_t *list, const char *name)
{
    size_t n = json_array_size(list);
    float *values = n ? ll_gguf_own(&hf->maker, n, sizeof *values) : NULL;
    if (!n || !values)
        return n ? ll_fail_memory(hf->error, "rope factors")
                 : ll_fail(hf->error, LIBLLM_ERROR_CORRUPT_FILE, "config.json: a list of rope factors is missing");
    for (size_t i = 0; i < n; i++) {
        const json_t *value = json_array_get(list, i);
        values[i] = (float)json_number_value(value);
        if (!json_is_number(value) || !isfinite(values[i]))
            return ll_fail(hf->error, LIBLLM_ERROR_CORRUPT_FILE, "config.json: rope factor %zu is not a number", i);
    }
    put_divisors(hf, values, n, name, "numbers of config.json");
    return LIBLLM_OK;
}

static libllm_status put_longrope(ll_hf *hf, const json_t *parameters)
{
    uint32_t original = 0, context = 0;
    libllm_status status = put_factors(hf, json_object_get(parameters, "long_factor"), "rope_factors_long.weight");
    if (!status)
        status = put_factors(hf, json_object_get(parameters, "short_factor"), "rope_factors_short.weight");
    if (!status)
        status = ll_hf_u32(hf, hf->config, "max_position_embeddings", &context);
    if (!status)
        status = put_original_context(hf, parameters, 0);
    if (!status)
        status = ll_hf_u32(hf, parameters, "original_max_position_embeddings", &original);
    if (!status)
        status = ll_hf_u32(hf, hf->config, "original_max_position_embeddings", &original);
    if (status)
        return status;
    ll_hf_put_text(hf, "rope.scaling.type", "longrope");
    status = put_f32(hf, parameters, "attention_factor", "rope.scaling.attn_factor");
    if (!status && original > 1 && context > original)
        ll_hf_put_f32(hf, "rope.scaling.attn_factor",
                      (float)sqrt(1 + log((double)context / original) / log((double)original)));
    return status;
}

static libllm_status put_scaling(ll_hf *hf, const json_t *parameters, float base, uint32_t n_rot)
{
    const char *type = ll_hf_text(parameters, "rope_type|type");
    if (!type || ll_hf_is_one_of(type, "default|mrope|dynamic")) /* dynamic: beyond the trained context only */
        return LIBLLM_OK;
    if (strcmp(type, "llama3") == 0)
        return put_llama3(hf, parameters, base > 0 ? (double)base : 10000, n_rot);
    libllm_status status = put_f32(hf, parameters, "factor", "rope.scaling.factor");
    if (status)
        return status;
    if (strcmp(type, "linear") == 0) {
        ll_hf_put_text(hf, "rope.scaling.type", "linear");
        return LIBLLM_OK;
    }
    if (strcmp(type, "yarn") == 0)
        return put_yarn(hf, parameters);
    if (strcmp(type, "longrope") == 0 || strcmp(type, "su") == 0)
        return put_longrope(hf, parameters);
    return ll_fail(hf->error, LIBLLM_ERROR_UNSUPPORTED, "config.json: the rope scaling \"%.32s\" is not supported yet",
                   type);
}

libllm_status ll_hf_put_rope(ll_hf *hf)
{
    const json_t *parameters = ll_hf_find(hf->config, "rope_parameters|rope_scaling", NULL);
    const json_t *of_windows = json_object_get(parameters, "sliding_attention");
    if (json_is_object(json_object_get(parameters, "full_attention")))
        parameters = json_object_get(parameters, "full_attention");
    else if (json_is_object(of_windows))
        parameters = of_windows;
    const char *theta = "rope_theta|rotary_emb_base|global_rope_theta";
    float base = 0, window_base = 0, part = 1, alpha = 0;
    libllm_status status = read_f32(hf, parameters, theta, &base);
    if (!status)
        status = ll_hf_f32(hf, hf->config, "rope_local_base_freq|local_rope_theta", &window_base);
    if (!status)
        status = ll_hf_f32(hf, of_windows, "rope_theta", &window_base);
    if (!status)
        status = read_f32(hf, parameters, "partial_rotary_factor|rotary_pct|rope_pct", &part);
    if (!status)
        status = ll_hf_f32(hf, parameters, "alpha", &alpha);
    const bool is_part = part > 0 && part < 1; /* a decimal fraction, which binary ones may be a little below */
    const uint32_t n_rot = is_part ? (uint32_t)(part * (float)hf->head_dim + 1e-3f) : hf->head_dim;
    if (!status)
        status = put_scaling(hf, parameters, base, n_rot);
    if (status)
        return status;
    if (alpha > 0 && base > 0 && hf->head_dim > 2) /* stretched once and for all */
        base *= (float)pow((double)alpha, (double)hf->head_dim / ((double)hf->head_dim - 2));
    if (base > 0)
        ll_hf_put_f32(hf, "rope.freq_base", base);
    if (window_base > 0)
        ll_hf_put_f32(hf, "rope.freq_base_swa", window_base);
    if (is_part)
        ll_hf_put_u32(hf, "rope.dimension_count", n_rot);
    if (hf->family->rotates_halves)
        ll_hf_put_bool(hf, "rope.halves", true);
    return LIBLLM_OK;
}

/* One flag for each layer. */
static libllm_status put_pattern(ll_hf *hf, const json_t *types, bool *any)
{
    if (json_array_size(types) < hf->n_layers)
        return ll_fail(hf->error, LIBLLM_ERROR_CORRUPT_FILE,
                       "config.json: \"layer_types\" is not a list of the kinds of %u layers", hf->n_layers);
    uint8_t *slides = ll_gguf_own(&hf->maker, hf->n_layers, 1);
    if (!slides)
        return ll_fail_memory(hf->error, "the kinds of layers");
    for (uint32_t i = 0; i < hf->n_layers; i++) {
        const char *type = json_string_value(json_array_get(types, i));
        if (!type)
            return ll_fail(hf->error, LIBLLM_ERROR_CORRUPT_FILE,
                           "config.json: element %u of \"layer_types\" is not a string", i);
        slides[i] = strcmp(type, "sliding_attention") == 0;
        *any = *any || slides[i];
    }
    char key[128];
    snprintf(key, sizeof key, "%s.attention.sliding_window_pattern", hf->family->architecture);
    if (*any)
        ll_gguf_put_array(&hf->maker, key, LL_GGUF_BOOL, slides, hf->n_layers);
    return LIBLLM_OK;
}

libllm_status ll_hf_put_windows(ll_hf *hf)
{
    uint32_t window = 0, first = 0, period = 0;
    bool used = !hf->family->no_window, any = true; /* families that can, but do not */
    libllm_status status = ll_hf_bool(hf, hf->config, "use_sliding_window", &used);
    if (!status)
        status = ll_hf_u32(hf, hf->config, "sliding_window", &window);
    if (status || !used || window == 0)
        return status;
    const json_t *types = ll_hf_find(hf->config, "layer_types", NULL);
    if (types) {
        any = false;
        status = put_pattern(hf, types, &any);
    } else if (json_is_integer(ll_hf_find(hf->config, "sliding_window_pattern|_sliding_window_pattern", NULL))) {
        status = ll_hf_u32(hf, hf->config, "sliding_window_pattern|_sliding_window_pattern", &period);
        ll_hf_put_u32(hf, "attention.sliding_window_pattern", period);
    } else {
        status = ll_hf_u32(hf, hf->config, "max_window_layers", &first);
        any = first < hf->n_layers; /* layers from the first on slide */
    }
    if (status || !any)
        return status;
    /* GGUF's windows reach half their width to each side, as Gemma's do; those of other decoders reach all of it. */
    const bool is_wider = hf->sees_later && strcmp(hf->family->architecture, "gemma3") != 0;
    if (hf->family->no_window || first > 0 || is_wider)
        return ll_fail(hf->error, LIBLLM_ERROR_UNSUPPORTED,
                       "config.json: layers with a \"sliding_window\" are not supported in a model of type \"%s\"",
                       hf->family->architecture);
    ll_hf_put_u32(hf, "attention.sliding_window", window);
    return LIBLLM_OK;
}
