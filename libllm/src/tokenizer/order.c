/* SPDX-License-Identifier: MIT
 * In which order the tokens of a score-based vocabulary come about by merging: by descending score, user-defined
 * tokens before all others, as in the lists of merges that Hugging Face derives from such vocabularies.
 */
#include "tokenizer/internal.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static bool is_merged(const ll_vocabulary *v, uint32_t i)
{
    return v->types[i] == LL_TOKEN_NORMAL || v->types[i] == LL_TOKEN_UNUSED || v->types[i] == LL_TOKEN_UNDEFINED;
}

static float score_of(const ll_gguf_value *scores, uint32_t i)
{
    float score;
    memcpy(&score, scores->data + i * sizeof score, sizeof score);
    return score;
}

/* A number that ascends as the score descends. */
static uint32_t key_of(float score)
{
    uint32_t bits;
    score += 0.0f; /* -0 is 0 */
    memcpy(&bits, &score, sizeof bits);
    return bits >> 31 ? bits : ~bits & 0x7FFFFFFF;
}

/* Sort ids by (key, id): byte by byte, lowest first, each pass keeping the order of the one before. */
static void sort_ids(uint32_t *ids, uint32_t *other, const uint32_t *keys, uint32_t n)
{
    for (unsigned shift = 0; shift < 32; shift += 8) {
        uint32_t start[257] = {0};
        for (uint32_t i = 0; i < n; i++)
            start[(keys[ids[i]] >> shift & 255) + 1]++;
        for (unsigned b = 0; b < 256; b++)
            start[b + 1] += start[b];
        for (uint32_t i = 0; i < n; i++)
            other[start[keys[ids[i]] >> shift & 255]++] = ids[i];
        uint32_t *swap = ids;
        ids = other;
        other = swap;
    }
}

static libllm_status sort_scores(const ll_host *host, const ll_gguf_value *scores, const ll_vocabulary *v,
                                 uint32_t **order, libllm_error *error)
{
    uint32_t *keys = ll_alloc(host, v->n, sizeof *keys);
    uint32_t *ids = ll_alloc(host, v->n, sizeof *ids);
    uint32_t *place = ll_alloc(host, v->n, sizeof *place);
    if (!keys || !ids || !place) {
        ll_free(host, keys);
        ll_free(host, ids);
        ll_free(host, place);
        return ll_fail_memory(error, "the order of merging");
    }
    for (uint32_t i = 0; i < v->n; i++) {
        keys[i] = is_merged(v, i) ? key_of(score_of(scores, i)) : 0;
        ids[i] = i;
    }
    sort_ids(ids, place, keys, v->n); /* an even number of passes leaves the result in ids */
    for (uint32_t i = 0; i < v->n; i++)
        place[ids[i]] = i;
    ll_free(host, keys);
    ll_free(host, ids);
    *order = place;
    return LIBLLM_OK;
}

libllm_status ll_merge_order(const ll_host *host, const ll_gguf *gguf, const ll_vocabulary *v, uint32_t **order,
                             libllm_error *error)
{
    const ll_gguf_value *scores = ll_gguf_find(gguf, "tokenizer.ggml.scores");
    *order = NULL;
    if (!scores || !scores->is_array || scores->type != LL_GGUF_F32 || scores->count < v->n)
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE,
                       "tokenizer.ggml.scores: expected an array of %" PRIu32 " floats, one for each token", v->n);
    bool sorted = true;
    float last = INFINITY;
    for (uint32_t i = 0; i < v->n; i++) {
        float score = score_of(scores, i);
        if (!isfinite(score))
            return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "tokenizer.ggml.scores[%" PRIu32 "] is not finite", i);
        if (!is_merged(v, i))
            continue;
        sorted = sorted && score <= last;
        last = score;
    }
    return sorted ? LIBLLM_OK : sort_scores(host, scores, v, order, error);
}
