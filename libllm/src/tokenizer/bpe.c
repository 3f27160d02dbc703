/* SPDX-License-Identifier: MIT
 * Byte-level BPE: the merges that the file lists, and from a run of plain text to words to tokens.
 */
#include "tokenizer/internal.h"

#include "base/checked.h"

#include <inttypes.h>
#include <string.h>

#define EMPTY UINT32_MAX

static inline size_t slot_of(const ll_merges *m, uint32_t left, uint32_t right)
{
    __uint128_t h = (__uint128_t)(((uint64_t)left << 32 | right) ^ m->seed) * 0x9E3779B97F4A7C15u;
    return (size_t)((uint64_t)h ^ (uint64_t)(h >> 64)) & (m->n_slots - 1);
}

ll_pair ll_bpe_pair(const ll_merges *m, int32_t left, int32_t right)
{
    for (size_t i = slot_of(m, (uint32_t)left, (uint32_t)right);; i = (i + 1) & (m->n_slots - 1)) {
        const ll_merge *slot = &m->slots[i];
        if (slot->result == EMPTY)
            return (ll_pair){UINT64_MAX, LL_NO_TOKEN};
        if (slot->left == (uint32_t)left && slot->right == (uint32_t)right)
            return (ll_pair){(uint64_t)slot->rank << 32, (int32_t)slot->result};
    }
}

void ll_bpe_prefetch(const ll_merges *m, int32_t left, int32_t right)
{
    __builtin_prefetch(&m->slots[slot_of(m, (uint32_t)left, (uint32_t)right)]);
}

/* Of two merges of the same pair the later one counts. */
static void enter(ll_merges *m, uint32_t left, uint32_t right, uint32_t rank, uint32_t result)
{
    size_t i = slot_of(m, left, right);
    while (m->slots[i].result != EMPTY && (m->slots[i].left != left || m->slots[i].right != right))
        i = (i + 1) & (m->n_slots - 1);
    m->slots[i] = (ll_merge){left, right, rank, result};
}

/* Merges are read some at a time, so that the memory that one needs arrives while others are worked on. */
#define BLOCK 32
#define BLOCK_BYTES 4096

typedef struct reading {
    ll_merges *m;
    const ll_vocabulary *v;
    const ll_specials *specials;
    char *bytes; /* of the halves, those of one merge next to each other */
    size_t longest;
    int32_t last_result;
    uint32_t n_left_out;
    ll_merge_source *source;
    struct {
        ll_span text[2];
        char *start[2];
        size_t size[2]; /* 0: not spelled as tokens are */
        uint64_t hash[2];
        int32_t ids[2], result;
    } block[BLOCK];
} reading;

static libllm_status read_halves(reading *r, uint32_t k, uint32_t entry, libllm_error *error)
{
    ll_span text = ll_next_text(&r->source->texts);
    if (r->source->texts.list) {
        r->block[k].text[0] = text;
        r->block[k].text[1] = ll_next_text(&r->source->texts);
        return LIBLLM_OK;
    }
    const char *blank = text.size ? memchr(text.data, ' ', text.size) : NULL;
    if (!blank)
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE,
                       "%s[%" PRIu32 "]: expected two tokens with a blank between them", r->source->place, entry);
    size_t n_left = (size_t)(blank - text.data);
    r->block[k].text[0] = (ll_span){text.data, n_left};
    r->block[k].text[1] = (ll_span){blank + 1, text.size - n_left - 1};
    return LIBLLM_OK;
}

static libllm_status read_text(reading *r, uint32_t k, uint32_t entry, char **at, libllm_error *error)
{
    libllm_status status = read_halves(r, k, entry, error);
    for (unsigned half = 0; half < 2 && status == LIBLLM_OK; half++) {
        ll_span spelled = r->block[k].text[half];
        size_t size = 0;
        if (spelled.size > 2 * r->longest + strlen(r->source->suffix) ||
            !ll_bytes_of_token(spelled, r->source->spelling, r->source->suffix, *at, &size))
            size = 0;
        r->block[k].start[half] = *at;
        r->block[k].size[half] = size;
        if (size > 0) {
            r->block[k].hash[half] = ll_lookup_hash(&r->v->lookup, *at, size);
            ll_lookup_prefetch(&r->v->lookup, r->block[k].hash[half]);
        }
        *at += size;
    }
    return status;
}

/* Tokens and merges mostly come in the same order, so the first guesses are right most of the time. */
static int32_t find_result(reading *r, ll_span text)
{
    for (int32_t id = r->last_result; id < r->last_result + 2 && (uint32_t)id < r->v->n; id++)
        if (ll_span_equal(ll_token_bytes(r->v, id), text) && r->v->whole[id] != LL_WHOLE_NEVER)
            return id;
    return ll_vocabulary_find(r->v, text.data, text.size);
}

/* Control tokens count as known, but nothing merges to one or from one. */
static libllm_status find_tokens(reading *r, uint32_t k, uint32_t entry, libllm_error *error)
{
    for (unsigned half = 0; half < 2; half++) {
        size_t size = r->block[k].size[half];
        ll_span spelled = r->block[k].text[half];
        r->block[k].ids[half] =
            size ? ll_vocabulary_find_hashed(r->v, r->block[k].start[half], size, r->block[k].hash[half]) : LL_NO_TOKEN;
        if (r->block[k].ids[half] < 0 && ll_specials_find(r->specials, spelled) < 0)
            return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "%s[%" PRIu32 "]: '%.*s' is not a token of the vocabulary",
                           r->source->place, entry, (int)(spelled.size < 60 ? spelled.size : 60), spelled.data);
    }
    r->block[k].result = LL_NO_TOKEN;
    if (r->block[k].ids[0] < 0 || r->block[k].ids[1] < 0)
        return LIBLLM_OK;
    __builtin_prefetch(&r->m->slots[slot_of(r->m, (uint32_t)r->block[k].ids[0], (uint32_t)r->block[k].ids[1])]);
    r->block[k].result = find_result(r, (ll_span){r->block[k].start[0], r->block[k].size[0] + r->block[k].size[1]});
    if (r->block[k].result >= 0)
        r->last_result = r->block[k].result;
    return LIBLLM_OK;
}

static libllm_status read_all(reading *r, libllm_error *error)
{
    for (uint32_t i = 0, n; i < r->m->n; i += n) {
        char *at = r->bytes;
        for (n = 0; n < BLOCK && i + n < r->m->n && (size_t)(at - r->bytes) <= BLOCK_BYTES; n++) {
            libllm_status status = read_text(r, n, i + n, &at, error);
            if (status != LIBLLM_OK)
                return status;
        }
        for (uint32_t k = 0; k < n; k++) {
            libllm_status status = find_tokens(r, k, i + k, error);
            if (status != LIBLLM_OK)
                return status;
        }
        for (uint32_t k = 0; k < n; k++) {
            if (r->block[k].result >= 0)
                enter(r->m, (uint32_t)r->block[k].ids[0], (uint32_t)r->block[k].ids[1], i + k,
                      (uint32_t)r->block[k].result);
            else if (r->n_left_out++ == 0)
                ll_log(r->v->host, LIBLLM_LOG_WARNING, "%s[%" PRIu32 "] gives no token that text can become; left out",
                       r->source->place, i + k);
        }
    }
    if (r->n_left_out > 1)
        ll_log(r->v->host, LIBLLM_LOG_WARNING, "%" PRIu32 " merges were left out", r->n_left_out);
    return LIBLLM_OK;
}

libllm_status ll_merges_read(const ll_vocabulary *v, const ll_specials *specials, ll_merge_source *source, ll_merges *m,
                             libllm_error *error)
{
    const ll_host *host = v->host;
    *m = (ll_merges){.n = source->n, .n_slots = 16};
    while (m->n_slots / 4 * 3 < m->n)
        m->n_slots *= 2;
    size_t longest = 0;
    for (uint32_t i = 0; i < v->n; i++)
        if (ll_token_size(v, (int32_t)i) > longest)
            longest = ll_token_size(v, (int32_t)i);
    m->slots = ll_alloc(host, m->n_slots, sizeof *m->slots);
    m->seed = (uintptr_t)m->slots * 0xD6E8FEB86659FD93u; /* nothing that the author of a file can know */
    /* Each half of a merge has at most twice the bytes of the longest token. */
    char *bytes = longest < SIZE_MAX / 8 ? ll_alloc(host, BLOCK_BYTES + 4 * longest + 2, 1) : NULL;
    libllm_status status;
    if (m->slots && bytes) {
        memset(m->slots, 0xFF, m->n_slots * sizeof *m->slots);
        reading r = {.m = m, .v = v, .specials = specials, .bytes = bytes, .longest = longest, .source = source};
        status = read_all(&r, error);
    } else {
        status = ll_fail_memory(error, "the table of merges");
    }
    ll_free(host, bytes);
    if (status != LIBLLM_OK) {
        ll_free(host, m->slots);
        *m = (ll_merges){0};
    }
    return status;
}

libllm_status ll_merges_open(const ll_gguf *gguf, const ll_vocabulary *v, const ll_specials *specials,
                             ll_spelling spelling, ll_merges *m, libllm_error *error)
{
    *m = (ll_merges){0};
    const ll_gguf_value *merges = ll_gguf_find(gguf, "tokenizer.ggml.merges");
    if (!merges || !merges->is_array || (merges->type != LL_GGUF_STRING && merges->count > 0))
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "tokenizer.ggml.merges: expected an array of strings");
    if (merges->count > INT32_MAX / 4)
        return ll_fail(error, LIBLLM_ERROR_LIMIT, "tokenizer.ggml.merges: too many merges");
    ll_merge_source source = {.place = "tokenizer.ggml.merges",
                              .texts = {.strings = {.next = merges->data}},
                              .n = (uint32_t)merges->count,
                              .suffix = "",
                              .spelling = spelling};
    return ll_merges_read(v, specials, &source, m, error);
}

/* Merge a word, or take what the same word has become before. */
static void merge_or_recall(ll_encoder *e, const char *word, size_t size, uint64_t hash)
{
    ll_known_word *known = e->known ? &e->known[hash >> 20 & (LL_KNOWN_WORDS - 1)] : NULL;
    if (!known || size > sizeof known->text) {
        ll_merge_word(e, word, size);
        return;
    }
    if (known->size == size && known->hash == hash && memcmp(known->text, word, size) == 0) {
        ll_tokens_append(e->out, known->ids, known->n);
        return;
    }
    size_t before = e->out->size;
    ll_merge_word(e, word, size);
    size_t n = e->out->size - before;
    if (e->out->failed || n > sizeof known->ids / sizeof *known->ids)
        return;
    *known = (ll_known_word){.hash = hash, .size = (uint8_t)size, .n = (uint8_t)n};
    memcpy(known->text, word, size);
    if (n > 0)
        memcpy(known->ids, e->out->data + before, n * sizeof *known->ids);
}

static void encode_text(ll_encoder *e, const char *word, size_t size, uint64_t hash)
{
    const ll_tokenizer *t = e->tokenizer;
    const ll_vocabulary *v = &t->vocabulary;
    e->after_unknown = false;
    if (size == 1 && v->single[(unsigned char)*word] >= 0) {
        ll_tokens_push(e->out, v->single[(unsigned char)*word]);
        return;
    }
    int32_t id = ll_vocabulary_find_hashed(v, word, size, hash);
    if (id < 0) {
        merge_or_recall(e, word, size, hash);
        return;
    }
    uint8_t whole = t->pipeline.whole_words ? LL_WHOLE_YES : __atomic_load_n(&v->whole[id], __ATOMIC_RELAXED);
    if (whole == LL_WHOLE_YES) {
        ll_tokens_push(e->out, id);
        return;
    }
    size_t before = e->out->size;
    merge_or_recall(e, word, size, hash);
    if (whole == LL_WHOLE_NOT_KNOWN && !e->out->failed) {
        bool yes = e->out->size == before + 1 && e->out->data[before] == id;
        __atomic_store_n(&v->whole[id], yes ? LL_WHOLE_YES : LL_WHOLE_NO, __ATOMIC_RELAXED);
    }
}

ll_span ll_with_suffix(ll_encoder *e, ll_span word)
{
    e->suffixed.size = 0;
    ll_buffer_append(&e->suffixed, word.data, word.size);
    ll_buffer_byte(&e->suffixed, LL_SUFFIX_BYTE);
    if (e->suffixed.failed)
        e->out->failed = true;
    return e->suffixed.failed ? word : (ll_span){e->suffixed.data, e->suffixed.size};
}

static void encode_waiting(ll_encoder *e)
{
    unsigned i = e->n_done++ & (LL_WAITING - 1);
    encode_text(e, e->waiting[i].text, e->waiting[i].size, e->waiting[i].hash);
}

void ll_bpe_flush(ll_encoder *e)
{
    while (e->n_done != e->n_waiting)
        encode_waiting(e);
}

void ll_bpe_encode(ll_encoder *e, const char *word, size_t size)
{
    const ll_lookup *lookup = &e->tokenizer->vocabulary.lookup;
    if (e->tokenizer->vocabulary.has_suffix) {
        ll_span text = ll_with_suffix(e, (ll_span){word, size});
        encode_text(e, text.data, text.size, ll_lookup_hash(lookup, text.data, text.size));
        return;
    }
    if (e->n_waiting - e->n_done == LL_WAITING)
        encode_waiting(e);
    unsigned i = e->n_waiting++ & (LL_WAITING - 1);
    uint64_t hash = ll_lookup_hash(lookup, word, size);
    ll_lookup_prefetch(lookup, hash);
    e->waiting[i].text = word;
    e->waiting[i].size = size;
    e->waiting[i].hash = hash;
}
