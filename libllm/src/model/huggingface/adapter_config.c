/* SPDX-License-Identifier: MIT
 * What adapter_config.json says of an adapter of PEFT: whether it is of a kind that can be read, and the scale of each
 * module. What PEFT can do and this cannot is an error that names the key.
 */
#include "model/huggingface/internal.h"

#include "base/status.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char config_name[] = "adapter_config.json";

static bool is_set(const json_t *value)
{
    return value && !json_is_null(value) && !json_is_false(value) &&
           !(json_is_array(value) && json_array_size(value) == 0) &&
           !(json_is_object(value) && json_object_size(value) == 0);
}

static libllm_status unsupported(const ll_hf *hf, const char *key, const char *what)
{
    return ll_fail(hf->error, LIBLLM_ERROR_UNSUPPORTED, "%s: \"%s\": %s not supported", config_name, key, what);
}

static libllm_status check_kind(const ll_hf *hf, const json_t *config)
{
    static const struct {
        const char *key, *what;
    } unknown[] = {
        {"use_dora", "weight-decomposed adapters (DoRA) are"},
        {"modules_to_save", "whole modules in an adapter are"},
        {"lora_bias", "biases of B are"},
        {"layer_replication", "layers that are used several times are"},
        {"alora_invocation_tokens", "adapters that some tokens activate are"},
        {"trainable_token_indices", "single tokens in an adapter are"},
        {"ensure_weight_tying", "adapters that are tied are"},
        {"use_qalora", "QALoRA is"},
        {"use_bdlora", "block-diagonal adapters are"},
        {"kasa_config", "KaSA is"},
        {"arrow_config", "a choice among adapters (Arrow) is"},
    };
    /* Ways to begin the training that change the weights of the model itself. */
    static const char changed[] = "pissa|olora|corda|loftq|lora_ga";
    const char *type = ll_hf_text(config, "peft_type"), *bias = ll_hf_text(config, "bias");
    if (!type || strcmp(type, "LORA") != 0)
        return ll_fail(hf->error, LIBLLM_ERROR_UNSUPPORTED, "%s: \"peft_type\" is \"%.32s\", expected \"LORA\"",
                       config_name, type ? type : "");
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        if (is_set(json_object_get(config, unknown[i].key)))
            return unsupported(hf, unknown[i].key, unknown[i].what);
    if (bias && strcmp(bias, "none") != 0)
        return unsupported(hf, "bias", "biases in an adapter are");
    char start[16] = "";
    const char *how = ll_hf_text(config, "init_lora_weights");
    if (how)
        snprintf(start, sizeof start, "%.*s", (int)(strncmp(how, "pissa", 5) == 0 ? 5 : strlen(how)), how);
    if (how && ll_hf_is_one_of(start, changed))
        return unsupported(hf, "init_lora_weights", "an adapter to a model that was changed, too, is");
    return LIBLLM_OK;
}

static libllm_status read_number(const ll_hf *hf, const char *key, const json_t *value, float *out)
{
    const float x = (float)json_number_value(value);
    if (!json_is_number(value) || !isfinite(x))
        return ll_fail(hf->error, LIBLLM_ERROR_CORRUPT_FILE, "%s: \"%s\" is not a number", config_name, key);
    *out = x;
    return LIBLLM_OK;
}

libllm_status ll_hf_read_adapter_config(const ll_hf *hf, ll_hf_adapter_config *out)
{
    libllm_status status = ll_hf_read_json(hf->host, hf->folder, config_name, &out->json, hf->error);
    if (status)
        return status;
    if (!out->json)
        return ll_fail(hf->error, LIBLLM_ERROR_NOT_FOUND, "%s is missing", config_name);
    status = check_kind(hf, out->json);
    const json_t *rank = json_object_get(out->json, "r");
    if (!status && (!json_is_integer(rank) || json_integer_value(rank) < 1 || json_integer_value(rank) > UINT32_MAX))
        status = ll_fail(hf->error, LIBLLM_ERROR_CORRUPT_FILE, "%s: \"r\" is not an integer from 1 on", config_name);
    if (status)
        return status;
    out->rank = (uint32_t)json_integer_value(rank);
    out->by_root = json_is_true(json_object_get(out->json, "use_rslora"));
    return read_number(hf, "lora_alpha", json_object_get(out->json, "lora_alpha"), &out->alpha);
}

/* Whether a key of a pattern is the module's name or its end behind a dot. Keys are regular expressions; those are
 * understood that are such a name, maybe behind ^ or .*\., dots escaped or not. */
static bool fits_key(const char *key, ll_span module, bool *is_known)
{
    const bool whole = key[0] == '^', behind_dot = strncmp(key, ".*\\.", 4) == 0;
    const char *from = key + (whole ? 1 : behind_dot ? 4 : 0), *at = from + strlen(from);
    size_t n = module.size;
    bool fits = true;
    *is_known = true;
    while (at > from) {
        const char c = *--at;
        const bool escaped = c == '.' && at > from && at[-1] == '\\';
        at -= escaped;
        *is_known = *is_known && !strchr("\\*+?()[]{}|^$", c);
        fits = fits && n > 0 && module.data[--n] == c;
    }
    return fits && (n == 0 ? !behind_dot : !whole && module.data[n - 1] == '.');
}

/* The value that a pattern has for a module, or NULL. */
static libllm_status find_in_pattern(const ll_hf *hf, const json_t *config, const char *pattern, ll_span module,
                                     const json_t **out)
{
    json_t *object = json_object_get(config, pattern), *value;
    const char *key;
    *out = NULL;
    if (object && !json_is_null(object) && !json_is_object(object))
        return ll_fail(hf->error, LIBLLM_ERROR_CORRUPT_FILE, "%s: \"%s\" is not an object", config_name, pattern);
    json_object_foreach (object, key, value) {
        bool is_known, fits = fits_key(key, module, &is_known);
        if (!is_known)
            return ll_fail(hf->error, LIBLLM_ERROR_UNSUPPORTED,
                           "%s: \"%s\": such a regular expression is not supported: \"%.64s\"", config_name, pattern,
                           key);
        if (fits && !*out)
            *out = value;
    }
    return LIBLLM_OK;
}

libllm_status ll_hf_adapter_alpha(const ll_hf *hf, const ll_hf_adapter_config *config, ll_span module, uint64_t rank,
                                  float *alpha)
{
    const json_t *of_module, *expected;
    libllm_status status = find_in_pattern(hf, config->json, "alpha_pattern", module, &of_module);
    *alpha = config->alpha;
    if (!status && of_module)
        status = read_number(hf, "alpha_pattern", of_module, alpha);
    if (!status)
        status = find_in_pattern(hf, config->json, "rank_pattern", module, &expected);
    if (status)
        return status;
    const json_int_t said = expected ? json_integer_value(expected) : (json_int_t)config->rank;
    if (said < 0 || (uint64_t)said != rank)
        return ll_fail(hf->error, LIBLLM_ERROR_CORRUPT_FILE, "its rank is %llu, %s says %lld", (unsigned long long)rank,
                       config_name, (long long)said);
    if (config->by_root)
        *alpha *= sqrtf((float)rank);
    return LIBLLM_OK;
}
