/* SPDX-License-Identifier: MIT
 * Models that score texts: classifiers of whole texts, and language models that are asked whether a document answers a
 * query.
 */
#include "model/huggingface/internal.h"

#include "base/status.h"

#include <stdio.h>
#include <string.h>

enum { LABELS_MAX = 1 << 16, README_BYTES = 1 << 16 };

/* What the authors of Qwen3-Reranker ask it. */
static const char qwen3_question[] =
    "<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and the Instruct "
    "provided. Note that the answer can only be \"yes\" or \"no\".<|im_end|>\n"
    "<|im_start|>user\n<Instruct>: Given a web search query, retrieve relevant passages that answer the query\n"
    "<Query>: {query}\n<Document>: {document}<|im_end|>\n"
    "<|im_start|>assistant\n<think>\n\n</think>\n\n";

static bool classifies_texts(const ll_hf *hf)
{
    static const char ending[] = "ForSequenceClassification";
    const char *name = json_string_value(json_array_get(json_object_get(hf->config, "architectures"), 0));
    const size_t n = name ? strlen(name) : 0;
    return n >= sizeof ending - 1 && strcmp(name + n - (sizeof ending - 1), ending) == 0;
}

libllm_status ll_hf_of_classifier(ll_hf *hf, const ll_hf_found *found)
{
    return classifies_texts(hf) ? ll_hf_emit_as_stored(hf, found) : LIBLLM_OK;
}

static libllm_status put_labels(ll_hf *hf)
{
    const json_t *labels = json_object_get(hf->config, "id2label");
    const size_t n = json_object_size(labels);
    if (n == 0)
        return LIBLLM_OK;
    if (n > LABELS_MAX)
        return ll_fail(hf->error, LIBLLM_ERROR_LIMIT, "config.json: \"id2label\" has %zu labels, the limit is %d", n,
                       LABELS_MAX);
    ll_span *texts = ll_calloc(hf->host, n, sizeof *texts);
    if (!texts)
        return ll_fail_memory(hf->error, "the labels");
    bool complete = true;
    for (size_t i = 0; complete && i < n; i++) {
        char key[32];
        snprintf(key, sizeof key, "%zu", i);
        const json_t *label = json_object_get(labels, key);
        complete = json_is_string(label);
        texts[i] = (ll_span){json_string_value(label), json_string_length(label)};
    }
    char key[128];
    snprintf(key, sizeof key, "%s.classifier.output_labels", hf->family->architecture);
    if (complete)
        ll_gguf_put_strings(&hf->maker, key, texts, n);
    ll_free(hf->host, texts);
    return LIBLLM_OK;
}

/* Nothing else in the folder of a Qwen3-Reranker tells it from other models. */
static libllm_status is_named_reranker(const ll_hf *hf, bool *is)
{
    static const char title[] = "# Qwen3-Reranker";
    ll_file file;
    bool found;
    *is = false;
    if (strcmp(hf->family->architecture, "qwen3") != 0)
        return LIBLLM_OK;
    libllm_status status = ll_hf_read_file(hf->host, hf->folder, "README.md", &file, &found, hf->error);
    if (status || !found)
        return status;
    const size_t size = file.size < README_BYTES ? file.size : README_BYTES;
    *is = size > 0 && memmem(file.data, size, title, sizeof title - 1);
    ll_file_close(&file);
    return LIBLLM_OK;
}

libllm_status ll_hf_put_ranking(ll_hf *hf)
{
    bool is_named;
    if (classifies_texts(hf)) {
        hf->ranks = true;
        const char *pooling = ll_hf_text(hf->config, "classifier_pooling");
        const char *activation = ll_hf_text(hf->config, "classifier_activation");
        if (activation && strcmp(activation, "gelu") != 0)
            return ll_fail(hf->error, LIBLLM_ERROR_UNSUPPORTED,
                           "config.json: a classifier with the activation \"%.32s\" is not supported", activation);
        if (strcmp(hf->family->architecture, "modern-bert") == 0)
            ll_hf_put_u32(hf, "classifier.pooling_type",
                          pooling && strcmp(pooling, "mean") == 0 ? LIBLLM_POOLING_MEAN : LIBLLM_POOLING_CLS);
        ll_hf_put_u32(hf, "pooling_type", LL_POOLING_RANK);
        return put_labels(hf);
    }
    libllm_status status = is_named_reranker(hf, &is_named);
    if (status || !is_named)
        return status;
    hf->ranks = true;
    ll_gguf_put_string(&hf->maker, "tokenizer.chat_template.rerank", ll_span_of(qwen3_question));
    ll_hf_put_u32(hf, "pooling_type", LL_POOLING_RANK);
    return LIBLLM_OK;
}
