/* SPDX-License-Identifier: MIT
 * What is beside the weights of a folder: the chat template, in one of the three places where it may be, the tokens
 * that begin and end a text, and how the vectors of an embedding model are pooled.
 */
#include "model/huggingface/internal.h"

#include "base/status.h"
#include "base/utf8.h"

#include <string.h>

static const char template_key[] = "tokenizer.chat_template";

static libllm_status put_template_file(ll_hf *hf)
{
    ll_file file;
    bool found;
    libllm_status status = ll_hf_read_file(hf->host, hf->folder, "chat_template.jinja", &file, &found, hf->error);
    if (status || !found)
        return status;
    if (file.size > 0 && !ll_utf8_valid((const char *)file.data, file.size))
        status = ll_fail(hf->error, LIBLLM_ERROR_CORRUPT_FILE, "chat_template.jinja: not valid UTF-8");
    else if (file.size > 0)
        ll_gguf_put_string(&hf->maker, template_key, (ll_span){(const char *)file.data, file.size});
    ll_file_close(&file);
    return status;
}

/* A string, or a list of templates with names of which "default" is the one for chats and "rerank" that for pairs. */
static void put_template(ll_hf *hf, const json_t *value)
{
    size_t i;
    json_t *one;
    if (json_is_string(value))
        ll_gguf_put_string(&hf->maker, template_key, (ll_span){json_string_value(value), json_string_length(value)});
    json_array_foreach (value, i, one) {
        const char *name = ll_hf_text(one, "name");
        const json_t *text = json_object_get(one, "template");
        const ll_span span = {json_string_value(text), json_string_length(text)};
        if (name && strcmp(name, "default") == 0 && text)
            put_template(hf, text);
        else if (name && strcmp(name, "rerank") == 0 && json_is_string(text))
            ll_gguf_put_string(&hf->maker, "tokenizer.chat_template.rerank", span);
    }
}

static libllm_status put_template_of(ll_hf *hf, const char *name)
{
    json_t *document;
    libllm_status status = ll_hf_read_json(hf->host, hf->folder, name, &document, hf->error);
    if (!status)
        put_template(hf, json_object_get(document, "chat_template"));
    json_decref(document);
    return status;
}

/* One id or a list of them: the first as the key that every reader knows, all of them as a list. */
static libllm_status put_ids(ll_hf *hf, const json_t *value, const char *key, const char *list_key)
{
    uint32_t ids[64];
    size_t n = json_is_array(value) ? json_array_size(value) : value != NULL;
    if (n > sizeof ids / sizeof *ids)
        return ll_fail(hf->error, LIBLLM_ERROR_LIMIT, "%zu ids for \"%s\", the limit on them is 64", n, key);
    for (size_t i = 0; i < n; i++) {
        const json_t *id = json_is_array(value) ? json_array_get(value, i) : value;
        if (!json_is_integer(id) || json_integer_value(id) < 0 || json_integer_value(id) > INT32_MAX)
            return LIBLLM_OK; /* null, or -1 for none: the tokenizer knows better */
        ids[i] = (uint32_t)json_integer_value(id);
    }
    if (n > 0)
        ll_gguf_put_u32(&hf->maker, key, ids[0]);
    if (n > 0 && list_key)
        ll_gguf_put_array(&hf->maker, list_key, LL_GGUF_U32, ids, n);
    return LIBLLM_OK;
}

static libllm_status put_special_ids(ll_hf *hf, const json_t *document)
{
    libllm_status status = put_ids(hf, ll_hf_find(document, "bos_token_id", NULL), "tokenizer.ggml.bos_token_id", NULL);
    if (!status)
        status = put_ids(hf, ll_hf_find(document, "eos_token_id", NULL), "tokenizer.ggml.eos_token_id",
                         "tokenizer.ggml.eos_token_ids");
    if (!status)
        status = put_ids(hf, ll_hf_find(document, "pad_token_id", NULL), "tokenizer.ggml.padding_token_id", NULL);
    return status;
}

/* How to sample, under the names that GGUF has for it; what the numbers are worth is seen when the keys are read. */
static void put_sampling(ll_hf *hf, const json_t *generation)
{
    static const char *const names[][2] = {{"temperature", "general.sampling.temp"},
                                           {"top_k", "general.sampling.top_k"},
                                           {"top_p", "general.sampling.top_p"},
                                           {"min_p", "general.sampling.min_p"},
                                           {"repetition_penalty", "general.sampling.penalty_repeat"}};
    if (json_is_false(json_object_get(generation, "do_sample"))) /* always the likeliest, whatever else is said */
        ll_gguf_put_f32(&hf->maker, names[0][1], 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const json_t *value = json_object_get(generation, names[i][0]);
        if (json_is_integer(value) && json_integer_value(value) >= 0 && json_integer_value(value) <= UINT32_MAX)
            ll_gguf_put_u32(&hf->maker, names[i][1], (uint32_t)json_integer_value(value));
        else if (json_is_number(value))
            ll_gguf_put_f32(&hf->maker, names[i][1], (float)json_number_value(value));
    }
}

/* What sentence-transformers do behind the model: nothing but pooling and normalizing. */
static libllm_status check_modules(ll_hf *hf)
{
    json_t *modules;
    size_t i;
    json_t *module;
    libllm_status status = ll_hf_read_list(hf->host, hf->folder, "modules.json", &modules, hf->error);
    json_array_foreach (modules, i, module) {
        const char *type = ll_hf_text(module, "type");
        const char *name = type && strrchr(type, '.') ? strrchr(type, '.') + 1 : type;
        if (!status && !(name && ll_hf_is_one_of(name, "Transformer|Pooling|Normalize")))
            status = ll_fail(hf->error, LIBLLM_ERROR_UNSUPPORTED,
                             "modules.json: a module of type \"%.80s\" is not supported", type ? type : "");
    }
    json_decref(modules);
    return status;
}

/* The flags of older files, or the one word of newer ones. */
static libllm_status put_pooling_of(ll_hf *hf, const json_t *config)
{
    static const struct {
        const char *flag, *word;
        uint32_t pooling; /* 0: none that is supported */
    } modes[] = {{"pooling_mode_mean_tokens", "mean", LIBLLM_POOLING_MEAN},
                 {"pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens", LIBLLM_POOLING_MEAN}, /* of length 1 */
                 {"pooling_mode_cls_token", "cls", LIBLLM_POOLING_CLS},
                 {"pooling_mode_lasttoken", "lasttoken", LIBLLM_POOLING_LAST},
                 {"pooling_mode_max_tokens", "max", 0},
                 {"pooling_mode_weightedmean_tokens", "weightedmean", 0}};
    const json_t *given = ll_hf_find(config, "pooling_mode", NULL);
    const char *word = json_string_value(given), *found = NULL;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (!json_is_true(json_object_get(config, modes[i].flag)) && !(word && strcmp(word, modes[i].word) == 0))
            continue;
        if (found || modes[i].pooling == 0)
            return ll_fail(hf->error, LIBLLM_ERROR_UNSUPPORTED, "1_Pooling/config.json: \"%s\"%s%s is not supported",
                           modes[i].flag, found ? " beside " : "", found ? found : "");
        found = modes[i].flag;
        ll_hf_put_u32(hf, "pooling_type", modes[i].pooling);
    }
    if (given && !found)
        return ll_fail(hf->error, LIBLLM_ERROR_UNSUPPORTED, "1_Pooling/config.json: \"pooling_mode\" is not supported");
    return LIBLLM_OK;
}

static libllm_status put_pooling(ll_hf *hf)
{
    json_t *pooling;
    libllm_status status = hf->ranks ? LIBLLM_OK : check_modules(hf);
    if (status)
        return status;
    status = ll_hf_read_json(hf->host, hf->folder, "1_Pooling/config.json", &pooling, hf->error);
    if (!status && pooling)
        status = put_pooling_of(hf, pooling);
    json_decref(pooling);
    return status;
}

libllm_status ll_hf_put_texts(ll_hf *hf)
{
    json_t *generation;
    libllm_status status = put_template_file(hf);
    if (!status)
        status = put_template_of(hf, "chat_template.json");
    if (!status)
        status = put_template_of(hf, "tokenizer_config.json");
    if (status)
        return status;
    status = ll_hf_read_json(hf->host, hf->folder, "generation_config.json", &generation, hf->error);
    if (!status)
        status = put_special_ids(hf, generation);
    if (!status)
        put_sampling(hf, generation);
    json_decref(generation);
    if (!status)
        status = put_special_ids(hf, hf->config);
    if (!status)
        status = ll_hf_put_ranking(hf);
    return status ? status : put_pooling(hf);
}
