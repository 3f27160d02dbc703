/* SPDX-License-Identifier: MIT
 * Opening a folder: its configuration, the family of its model type, then metadata and tensors. The mapped files go
 * over to the structure that is made.
 */
#include "model/huggingface/internal.h"

#include "base/status.h"

#include <string.h>

static void drop_nulls(json_t *object)
{
    const char *key;
    json_t *value;
    void *next;
    json_object_foreach_safe(object, next, key, value)
    {
        if (json_is_null(value))
            json_object_del(object, key);
    }
}

/* What the text model of a larger one says counts before what the whole says. */
static libllm_status read_config(ll_hf *hf)
{
    libllm_status status = ll_hf_read_json(hf->host, hf->folder, "config.json", &hf->config, hf->error);
    if (status)
        return status;
    if (!hf->config)
        return ll_fail(hf->error, LIBLLM_ERROR_NOT_FOUND, "config.json is missing");
    const json_t *text = ll_hf_find(hf->config, "text_config|llm_config", NULL);
    json_t *copy = text ? json_deep_copy(text) : NULL;
    if (text && !copy)
        return ll_fail_memory(hf->error, "the configuration");
    if (json_is_object(copy)) {
        drop_nulls(copy);
        json_object_update(hf->config, copy);
    }
    json_decref(copy);
    drop_nulls(hf->config);
    return LIBLLM_OK;
}

static bool has_tensors(const ll_hf *hf, const char *prefix)
{
    const size_t n = strlen(prefix);
    for (size_t i = 0; i < hf->st.n_tensors; i++)
        if (hf->st.tensors[i].name.size >= n && memcmp(hf->st.tensors[i].name.data, prefix, n) == 0)
            return true;
    return false;
}

static const ll_hf_family *find_in(const ll_hf *hf, const ll_hf_family *families, const char *type)
{
    for (; families->model_types; families++)
        if (ll_hf_is_one_of(type, families->model_types) && !(families->lacks && has_tensors(hf, families->lacks)))
            return families;
    return NULL;
}

const ll_hf_family *const ll_hf_family_tables[] = {ll_hf_llama_like, ll_hf_gpt_like, ll_hf_expert_models,
                                                   ll_hf_other_kinds, NULL};

static libllm_status choose_family(ll_hf *hf)
{
    const char *type = ll_hf_text(hf->config, "model_type");
    if (!type)
        return ll_fail(hf->error, LIBLLM_ERROR_CORRUPT_FILE, "config.json: \"model_type\" is missing");
    for (size_t i = 0; !hf->family && ll_hf_family_tables[i]; i++)
        hf->family = find_in(hf, ll_hf_family_tables[i], type);
    if (!hf->family || !hf->family->defaults)
        return LIBLLM_OK;
    json_t *defaults;
    libllm_status status =
        ll_json_parse(hf->host, hf->family->defaults, strlen(hf->family->defaults), &defaults, hf->error);
    if (!status && json_object_update_missing(hf->config, defaults) != 0)
        status = ll_fail_memory(hf->error, "the configuration");
    json_decref(defaults);
    return status;
}

/* Weights in formats of others' quantization programs have other tensors than the names here. */
static libllm_status check_quantization(const ll_hf *hf)
{
    const json_t *quantization = ll_hf_find(hf->config, "quantization_config", NULL);
    const char *method = ll_hf_text(quantization, "quant_method");
    const char *format = ll_hf_text(quantization, "format");
    if (!quantization || (method && ll_hf_is_one_of(method, "fp8|fbgemm_fp8|mxfp4")) ||
        (format && strcmp(format, "float-quantized") == 0))
        return LIBLLM_OK;
    return ll_fail(hf->error, LIBLLM_ERROR_UNSUPPORTED, "config.json: weights quantized by \"%.32s\" are not supported",
                   method ? method : "unknown");
}

static libllm_status translate(ll_hf *hf)
{
    libllm_status status = read_config(hf);
    if (!status)
        status = choose_family(hf);
    if (!status && !hf->family)
        ll_gguf_put_string(&hf->maker, "general.architecture", ll_span_of(ll_hf_text(hf->config, "model_type")));
    if (!status && hf->family)
        status = check_quantization(hf);
    if (!status && hf->family)
        status = ll_hf_put_metadata(hf);
    if (!status && hf->family)
        status = ll_hf_put_texts(hf);
    return status ? status : ll_hf_put_tensors(hf);
}

libllm_status ll_huggingface_open(const ll_host *host, const char *folder, libllm_load_mode mode, ll_gguf *gguf,
                                  libllm_error *error)
{
    ll_hf hf = {.host = host, .folder = folder, .error = error};
    ll_gguf_make(&hf.maker, host, gguf);
    libllm_status status = ll_safetensors_open(host, folder, mode, &hf.st, error);
    if (!status) {
        status = translate(&hf);
        if (!status && hf.maker.failed)
            status = ll_fail_memory(error, "a model");
        if (status)
            ll_file_fail(error, status, folder);
    }
    if (!status) {
        gguf->n_files = hf.st.n_files;
        gguf->files = ll_safetensors_take_files(&hf.st);
    }
    ll_safetensors_close(&hf.st);
    json_decref(hf.config);
    if (status)
        ll_gguf_close(gguf);
    return status;
}
