/* SPDX-License-Identifier: MIT
 * Scores of a text, or of a pair of texts, by a model with a classifier.
 */
#include "api/handles.h"

#include "api/pool.h"
#include "base/status.h"

#include <math.h>

/* out = weight x + bias; row has room for n_k floats. */
static void multiply(const ll_linear *l, const float *x, float *row, float *out)
{
    const ll_matrix *w = &l->weight;
    for (uint32_t r = 0; r < w->n_rows; r++) {
        w->traits->decode(w->data + r * w->row_bytes, row, w->n_k);
        double sum = l->bias ? (double)l->bias[r] : 0;
        for (uint32_t i = 0; i < w->n_k; i++)
            sum += (double)row[i] * (double)x[i];
        out[r] = (float)sum;
    }
}

static void normalize(const ll_norm *norm, float epsilon, float *x, uint32_t n)
{
    double mean = 0, variance = 0;
    for (uint32_t i = 0; i < n; i++)
        mean += (double)x[i] / n;
    for (uint32_t i = 0; i < n; i++)
        variance += ((double)x[i] - mean) * ((double)x[i] - mean) / n;
    const double factor = 1 / sqrt(variance + (double)epsilon);
    for (uint32_t i = 0; i < n; i++)
        x[i] = (float)(((double)x[i] - mean) * factor) * norm->weight[i] + (norm->bias ? norm->bias[i] : 0);
}

static void soften(float *scores, uint32_t n)
{
    double largest = -INFINITY, sum = 0;
    for (uint32_t i = 0; i < n; i++)
        largest = fmax(largest, (double)scores[i]);
    for (uint32_t i = 0; i < n; i++)
        sum += exp((double)scores[i] - largest);
    for (uint32_t i = 0; i < n; i++)
        scores[i] = (float)(exp((double)scores[i] - largest) / sum);
}

/* x has n_embd values; scratch has room for twice as many. */
static void classify(const ll_model *m, const float *x, float *scratch, float *scores)
{
    const ll_classifier *c = &m->classifier;
    float *row = scratch, *inner = scratch + m->n_embd;
    if (c->dense.weight.data) {
        multiply(&c->dense, x, row, inner);
        for (uint32_t i = 0; i < m->n_embd; i++)
            inner[i] = c->gelu ? 0.5F * inner[i] * (1 + erff(inner[i] * (float)M_SQRT1_2)) : tanhf(inner[i]);
        if (c->norm.weight)
            normalize(&c->norm, m->norm_eps, inner, m->n_embd);
        x = inner;
    }
    multiply(&c->output, x, row, scores);
    if (c->answers)
        soften(scores, c->n_labels);
}

static libllm_status check(const libllm_session *session, const int32_t *tokens, size_t n_tokens, size_t n_second,
                           const float *scores, size_t capacity, libllm_error *error)
{
    if (!session || !tokens || !scores || !n_tokens)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "session, tokens or scores is NULL, or n_tokens is 0");
    if (n_second > n_tokens)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "n_second is %zu of %zu tokens", n_second, n_tokens);
    const ll_engine *engine = session->engine->engine;
    if (!engine->model->classifier.n_labels)
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED,
                       "the model has no classifier (tensor \"cls.output.weight\"): it is no reranker");
    if (!engine->hidden_states)
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "the engine makes logits; make one with hidden_states");
    if (capacity < engine->model->classifier.n_labels)
        return ll_fail(error, LIBLLM_ERROR_BUFFER_TOO_SMALL, "scores has room for %zu floats, %u are needed", capacity,
                       engine->model->classifier.n_labels);
    return LIBLLM_OK;
}

libllm_status libllm_session_rank(libllm_session *session, const int32_t *tokens, size_t n_tokens, size_t n_second,
                                  float *scores, size_t capacity, libllm_error *error)
{
    libllm_status status = check(session, tokens, n_tokens, n_second, scores, capacity, error);
    if (!status)
        status = libllm_session_rewind(session, 0, error);
    if (status)
        return status;
    const ll_engine *engine = session->engine->engine;
    const ll_model *m = engine->model;
    ll_session *s = session->session;
    const size_t n = m->n_embd;
    float *rows = ll_alloc(engine->host, n_tokens, n * sizeof *rows), *x = ll_alloc(engine->host, 3 * n, sizeof *x);
    status = rows && x ? ll_session_enter(s, false, error) : ll_fail_memory(error, "the hidden states of a text");
    if (!status) {
        status = ll_session_eval_pair(s, tokens, n_tokens, n_second, rows, error);
        ll_session_leave(s);
    }
    if (!status) {
        ll_pool(rows, n_tokens, n, m->classifier.pooling, x);
        classify(m, x, x + n, scores);
    }
    ll_free(engine->host, rows);
    ll_free(engine->host, x);
    return status;
}
