/* SPDX-License-Identifier: MIT
 * Embeddings: hidden states of a text, pooled.
 */
#include "api/handles.h"

#include "api/pool.h"
#include "base/status.h"

#include <math.h>
#include <string.h>

static libllm_pooling pooling_of(const ll_engine *engine, int32_t asked)
{
    const ll_model *m = engine->model;
    if (asked != LIBLLM_POOLING_AUTO)
        return (libllm_pooling)asked;
    if (m->pooling != LIBLLM_POOLING_AUTO)
        return m->pooling;
    return engine->reads_at_once ? LIBLLM_POOLING_MEAN : LIBLLM_POOLING_LAST;
}

void ll_pool(const float *rows, size_t n_rows, size_t n, libllm_pooling pooling, float *out)
{
    if (pooling != LIBLLM_POOLING_MEAN) {
        memcpy(out, rows + (pooling == LIBLLM_POOLING_CLS ? 0 : n_rows - 1) * n, n * sizeof *out);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t r = 0; r < n_rows; r++)
            sum += (double)rows[r * n + i];
        out[i] = (float)(sum / (double)n_rows);
    }
}

static void normalize(float *x, size_t n)
{
    double squares = 0;
    for (size_t i = 0; i < n; i++)
        squares += (double)x[i] * (double)x[i];
    const double factor = squares > 0 ? 1 / sqrt(squares) : 0;
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(x[i] * factor);
}

libllm_status libllm_session_embed(libllm_session *session, const int32_t *tokens, size_t n_tokens, int32_t pooling,
                                   float *embedding, size_t capacity, libllm_error *error)
{
    if (!session || !tokens || !embedding || !n_tokens)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "session, tokens or embedding is NULL, or n_tokens is 0");
    if (pooling < LIBLLM_POOLING_AUTO || pooling > LIBLLM_POOLING_LAST)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "pooling is %d, which is no libllm_pooling", pooling);
    const ll_engine *engine = session->engine->engine;
    const size_t n = engine->model->n_embd;
    if (!engine->hidden_states)
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "the engine makes logits; make one with hidden_states");
    if (capacity < n)
        return ll_fail(error, LIBLLM_ERROR_BUFFER_TOO_SMALL, "embedding has room for %zu floats, %zu are needed",
                       capacity, n);
    libllm_status status = libllm_session_rewind(session, 0, error);
    if (status)
        return status;
    float *rows = ll_alloc(engine->host, n_tokens, n * sizeof *rows);
    if (!rows)
        return ll_fail_memory(error, "the hidden states of a text");
    status = libllm_session_eval_logits(session, tokens, n_tokens, rows, n_tokens * n, error);
    if (!status) {
        ll_pool(rows, n_tokens, n, pooling_of(engine, pooling), embedding);
        normalize(embedding, n);
    }
    ll_free(engine->host, rows);
    return status;
}
