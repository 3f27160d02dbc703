/* SPDX-License-Identifier: MIT
 * Classifiers: the weights behind the last hidden states of a model that scores texts, such as a reranker.
 */
#include "model/family.h"

#include "base/status.h"

#include <stdio.h>
#include <string.h>

enum { LABELS_MAX = 1 << 16 };

static libllm_status bind(ll_model *m, const char *name, uint64_t rows, ll_presence presence, ll_linear *out,
                          libllm_error *error)
{
    char full[LL_NAME_BYTES];
    snprintf(full, sizeof full, "%s.weight", name);
    libllm_status status = ll_bind_matrix(m, full, rows, m->n_embd, presence, &out->weight, error);
    snprintf(full, sizeof full, "%s.bias", name);
    return status || !out->weight.data ? status : ll_bind_vector(m, full, rows, LL_OPTIONAL, &out->bias, error);
}

/* Language models that answer yes or no have the rows of these tokens. */
static libllm_status read_labels(ll_builder *b, libllm_error *error)
{
    ll_model *m = b->model;
    char key[128];
    snprintf(key, sizeof key, "%s.classifier.output_labels", b->family->architecture);
    const ll_gguf_value *labels = ll_gguf_find(&m->gguf, key);
    if (!labels)
        return LIBLLM_OK;
    if (!labels->is_array || labels->type != LL_GGUF_STRING)
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "key \"%s\": expected an array of strings", key);
    ll_gguf_strings strings = {.next = labels->data};
    m->classifier.answers = !m->is_encoder && m->classifier.n_labels == 2 && labels->count == 2 &&
                            ll_span_is(ll_gguf_next_string(&strings), "yes") &&
                            ll_span_is(ll_gguf_next_string(&strings), "no");
    return LIBLLM_OK;
}

/* The row of the output matrix of a text that is one token, into row; false when it is none. */
static bool take_row(const ll_model *m, const char *text, uint8_t *row)
{
    ll_tokens ids;
    ll_tokens_init(&ids, m->host);
    const ll_matrix *w = &m->output.weight;
    const bool is_one = ll_tokenizer_encode(m->tokenizer, text, strlen(text), 0, &ids, NULL) == LIBLLM_OK &&
                        ids.size == 1 && (uint32_t)ids.data[0] < w->n_rows;
    if (is_one)
        memcpy(row, w->data + (size_t)ids.data[0] * w->row_bytes, w->row_bytes);
    ll_tokens_free(&ids);
    return is_one;
}

/* A language model with a template for pairs but without a classifier of its own answers yes or no. */
static libllm_status take_answers(ll_model *m, libllm_error *error)
{
    ll_classifier *c = &m->classifier;
    const size_t row_bytes = m->output.weight.row_bytes;
    uint8_t *rows = ll_model_keep(m, 2, row_bytes);
    if (!rows)
        return ll_fail_memory(error, "the classifier");
    if (!take_row(m, "yes", rows) || !take_row(m, "no", rows + row_bytes))
        return LIBLLM_OK;
    c->n_labels = 2;
    c->answers = true;
    c->pooling = LIBLLM_POOLING_LAST;
    c->output.weight = m->output.weight;
    c->output.weight.data = rows;
    c->output.weight.n_rows = 2;
    return LIBLLM_OK;
}

libllm_status ll_bind_classifier(ll_builder *b, libllm_error *error)
{
    ll_model *m = b->model;
    ll_classifier *c = &m->classifier;
    const ll_gguf_tensor *output = ll_gguf_find_tensor(&m->gguf, ll_span_of("cls.output.weight"));
    if (!output && m->rank_template.size > 0 && m->tokenizer && m->output.weight.data)
        return take_answers(m, error);
    if (!output)
        return LIBLLM_OK;
    if (output->ne[1] > LABELS_MAX)
        return ll_fail(error, LIBLLM_ERROR_LIMIT, "tensor \"cls.output.weight\" has %llu rows, the limit is %d",
                       (unsigned long long)output->ne[1], LABELS_MAX);
    c->n_labels = (uint32_t)output->ne[1];
    c->gelu = b->family->classifier_gelu;
    uint32_t pooling = b->family->classifies_mean ? LIBLLM_POOLING_MEAN
                       : b->family->is_encoder    ? LIBLLM_POOLING_CLS
                                                  : LIBLLM_POOLING_LAST;
    libllm_status status =
        ll_build_u32(b, "classifier.pooling_type", LIBLLM_POOLING_MEAN, LIBLLM_POOLING_LAST, &pooling, error);
    c->pooling = (libllm_pooling)pooling;
    if (!status)
        status = bind(m, "cls.output", c->n_labels, LL_REQUIRED, &c->output, error);
    if (!status)
        status = bind(m, "cls", m->n_embd, LL_OPTIONAL, &c->dense, error);
    if (!status)
        status = ll_bind_norm_named(m, "cls.norm", m->n_embd, LL_OPTIONAL, LL_OPTIONAL, &c->norm, error);
    return status ? status : read_labels(b, error);
}
