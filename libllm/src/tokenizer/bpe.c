/* SPDX-License-Identifier: MIT
 * Byte-level BPE: the merges that the file lists, and from a run of plain text to words to tokens.
 */
#include "tokenizer/internal.h"

#include <inttypes.h>
#include <string.h>

ll_pair ll_bpe_pair(const ll_tokenizer *t, const char *text, size_t n_left, size_t n, uint64_t hash)
{
    const ll_merges *m = &t->merges;
    int32_t result = ll_vocabulary_find_hashed(&t->vocabulary, text, n, hash);
    if (result >= 0)
        for (const ll_merge *merge = &m->of[result]; merge->n_left; merge = &m->more[merge->next - 1]) {
            if (merge->n_left == n_left)
                return (ll_pair){(uint64_t)merge->rank << 32, result};
            if (merge->next == 0)
                break;
        }
    return (ll_pair){UINT64_MAX, LL_NO_TOKEN};
}

/* Of two merges of the same pair the later one counts. There are not more ways to make a token than it has bytes, so
 * the walk takes no longer than reading it did. */
static bool enter(const ll_host *host, ll_merges *m, int32_t result, size_t n_left, uint32_t rank)
{
    ll_merge *merge = &m->of[result];
    while (merge->n_left != n_left && merge->next)
        merge = &m->more[merge->next - 1];
    if (merge->n_left == n_left || merge->n_left == 0) {
        merge->n_left = (uint32_t)n_left;
        merge->rank = rank;
        return true;
    }
    if (m->n_more == m->capacity) {
        uint32_t capacity = m->capacity ? m->capacity * 2 : 1024;
        ll_merge *more = ll_realloc(host, m->more, m->n_more, capacity, sizeof *more);
        if (!more)
            return false;
        if (merge != &m->of[result])
            merge = &more[merge - m->more];
        m->more = more;
        m->capacity = capacity;
    }
    m->more[m->n_more] = (ll_merge){rank, (uint32_t)n_left, 0};
    merge->next = ++m->n_more;
    return true;
}

typedef struct reading {
    ll_merges *m;
    const ll_vocabulary *v;
    const ll_specials *specials;
    ll_merge_source source;
    const ll_beginnings *of; /* NULL: all */
    char *bytes;             /* of a merge, the halves next to each other */
    size_t longest, n_suffix;
    int32_t id; /* token at hand: the last one that was made or the next one */
    ll_span text;
    uint32_t n_left_out;
} reading;

static libllm_status read_halves(reading *r, uint32_t i, ll_span halves[2], libllm_error *error)
{
    ll_span text = ll_next_text(&r->source.texts);
    if (r->source.texts.list) {
        halves[0] = text;
        halves[1] = ll_next_text(&r->source.texts);
        return LIBLLM_OK;
    }
    size_t n_left = 0;
    while (n_left < text.size && text.data[n_left] != ' ')
        n_left++;
    if (n_left == text.size)
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE,
                       "%s[%" PRIu32 "]: expected two tokens with a blank between them", r->source.place, i);
    halves[0] = (ll_span){text.data, n_left};
    halves[1] = (ll_span){text.data + n_left + 1, text.size - n_left - 1};
    return LIBLLM_OK;
}

/* What a half stands for; 0: it is not spelled as tokens are. */
static size_t bytes_of_half(const reading *r, ll_span spelled, char *out)
{
    size_t size;
    if (spelled.size > 2 * r->longest + r->n_suffix ||
        !ll_bytes_of_token(spelled, r->source.spelling, r->source.suffix, out, &size))
        return 0;
    return size;
}

static bool is_both(ll_span text, const ll_span halves[2])
{
    return text.size == halves[0].size + halves[1].size && memcmp(text.data, halves[0].data, halves[0].size) == 0 &&
           memcmp(text.data + halves[0].size, halves[1].data, halves[1].size) == 0;
}

/* Bytes of a half that is known to be spelled right. */
static size_t size_of_half(const reading *r, ll_span spelled)
{
    if (r->source.spelling != LL_SPELLED_BYTES)
        return bytes_of_half(r, spelled, r->bytes);
    size_t n = 0; /* a character stands for a byte */
    for (size_t i = 0; i < spelled.size; i++)
        n += (spelled.data[i] & 0xC0) != 0x80;
    return n;
}

static void pass_token(reading *r)
{
    r->id++;
    r->text = ll_next_text(&r->source.tokens);
}

/* Tokens and merges mostly come in the same order: then it is enough to walk through both lists as they are spelled.
 * The token that the merge gives, if it is the one at hand or the next one, or LL_NO_TOKEN. */
static int32_t expected_result(reading *r, const ll_span halves[2], size_t *n_left)
{
    if (r->n_suffix || halves[0].size == 0 || halves[1].size == 0 || (halves[1].data[0] & 0xC0) == 0x80)
        return LL_NO_TOKEN;
    if (!is_both(r->text, halves)) {
        if (r->id + 1 >= (int32_t)r->v->n)
            return LL_NO_TOKEN;
        pass_token(r);
        if (!is_both(r->text, halves))
            return LL_NO_TOKEN;
    }
    *n_left = size_of_half(r, halves[0]);
    return __atomic_load_n(&r->v->whole[r->id], __ATOMIC_RELAXED) != LL_WHOLE_NEVER ? r->id : LL_NO_TOKEN;
}

#define MAX_PASSED                                                                                                     \
    4096 /* tokens, to find the place again: lists that have little to do with each other gain nothing                 \
          */

static int32_t find_result(reading *r, const ll_span halves[2], size_t *n_left)
{
    int32_t result = r->of ? LL_NO_TOKEN : expected_result(r, halves, n_left);
    if (result >= 0)
        return result;
    *n_left = bytes_of_half(r, halves[0], r->bytes);
    size_t n_right = *n_left ? bytes_of_half(r, halves[1], r->bytes + *n_left) : 0;
    if (n_right > 0)
        result = ll_vocabulary_find(r->v, r->bytes, *n_left + n_right);
    if (!r->of && result > r->id && result - r->id <= MAX_PASSED)
        while (r->id < result)
            pass_token(r);
    return result;
}

/* A merge that gives no token: in a file that is whole its halves are tokens still. Control tokens count as such, but
 * nothing merges to one or from one. */
static libllm_status leave_out(reading *r, uint32_t i, const ll_span halves[2], libllm_error *error)
{
    for (unsigned half = 0; half < 2; half++) {
        size_t size = bytes_of_half(r, halves[half], r->bytes);
        if ((size == 0 || ll_vocabulary_find(r->v, r->bytes, size) < 0) &&
            ll_specials_find(r->specials, halves[half]) < 0)
            return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "%s[%" PRIu32 "]: '%.*s' is not a token of the vocabulary",
                           r->source.place, i, (int)(halves[half].size < 60 ? halves[half].size : 60),
                           halves[half].data);
    }
    if (r->n_left_out++ == 0)
        ll_log(r->v->host, LIBLLM_LOG_WARNING, "%s[%" PRIu32 "] gives no token that text can become; left out",
               r->source.place, i);
    return LIBLLM_OK;
}

/* Whether the next merge may give one of the tokens that are asked for; if not, go past it. */
static bool is_of(reading *r)
{
    ll_texts next = r->source.texts;
    ll_span text = ll_next_text(&next);
    if (text.size < 2 || r->source.end - text.data < 8)
        return true;
    const uint64_t ones = 0x0101010101010101u;
    uint64_t head, no_blank, until = UINT64_MAX;
    memcpy(&head, text.data, sizeof head);
    no_blank = head ^ ones * ' ';
    uint64_t blanks = (no_blank - ones) & ~no_blank & ones << 7;
    if (blanks & UINT32_MAX)
        until = (blanks & -blanks) / 0x80 - 1; /* the bytes in front of the first one */
    uint32_t first = (uint32_t)((head & until) | (head >> 8 & ~until));
    if (ll_may_begin(r->of->as_spelled, first, text.size < 5 ? (unsigned)text.size - 1 : 4))
        return true;
    r->source.texts = next;
    return false;
}

/* Halves are not looked up: symbols are tokens, so a merge with a half that is none never comes into question. */
static libllm_status read_all(reading *r, libllm_error *error)
{
    for (uint32_t i = 0; i < r->m->n; i++) {
        ll_span halves[2] = {{0}};
        if (r->of && !is_of(r))
            continue;
        libllm_status status = read_halves(r, i, halves, error);
        if (status != LIBLLM_OK)
            return status;
        size_t n_left = 0;
        int32_t result = find_result(r, halves, &n_left);
        if (result < 0)
            status = r->of ? LIBLLM_OK : leave_out(r, i, halves, error);
        else if (!enter(r->v->host, r->m, result, n_left, i))
            status = ll_fail_memory(error, "the table of merges");
        if (status != LIBLLM_OK)
            return status;
    }
    if (r->n_left_out > 1)
        ll_log(r->v->host, LIBLLM_LOG_WARNING, "%" PRIu32 " merges were left out", r->n_left_out);
    return LIBLLM_OK;
}

libllm_status ll_merges_read(const ll_vocabulary *v, const ll_specials *specials, const ll_merge_source *source,
                             const ll_beginnings *of, ll_merges *m, libllm_error *error)
{
    const ll_host *host = v->host;
    *m = (ll_merges){.n = source->n, .of = ll_calloc(host, v->n, sizeof *m->of)};
    size_t longest = 0;
    for (uint32_t i = 0; i < v->n; i++)
        if (ll_token_size(v, (int32_t)i) > longest)
            longest = ll_token_size(v, (int32_t)i);
    size_t n_suffix = strlen(source->suffix);
    /* Each half of a merge has at most twice the bytes of the longest token. */
    char *bytes = longest < SIZE_MAX / 8 ? ll_alloc(host, 4 * longest + 2 * n_suffix + 2, 1) : NULL;
    const bool has_characters = !of && source->spelling == LL_SPELLED_BYTES && !*source->suffix;
    if (has_characters)
        m->characters = ll_characters_open(host);
    libllm_status status;
    if (m->of && bytes && (m->characters || !has_characters)) {
        reading r = {.m = m,
                     .v = v,
                     .specials = specials,
                     .bytes = bytes,
                     .longest = longest,
                     .source = *source,
                     .of = of,
                     .n_suffix = n_suffix,
                     .id = LL_NO_TOKEN};
        status = read_all(&r, error);
    } else {
        status = ll_fail_memory(error, "the table of merges");
    }
    ll_free(host, bytes);
    if (status != LIBLLM_OK)
        ll_merges_close(host, m);
    return status;
}

void ll_merges_close(const ll_host *host, ll_merges *m)
{
    ll_free(host, m->of);
    ll_free(host, m->more);
    ll_characters_close(host, m->characters);
    *m = (ll_merges){0};
}

libllm_status ll_merges_open(const ll_gguf *gguf, ll_spelling spelling, ll_merge_source *source, libllm_error *error)
{
    const ll_gguf_value *merges = ll_gguf_find(gguf, "tokenizer.ggml.merges");
    if (!merges || !merges->is_array || (merges->type != LL_GGUF_STRING && merges->count > 0))
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "tokenizer.ggml.merges: expected an array of strings");
    if (merges->count > INT32_MAX / 4)
        return ll_fail(error, LIBLLM_ERROR_LIMIT, "tokenizer.ggml.merges: too many merges");
    *source = (ll_merge_source){.place = "tokenizer.ggml.merges",
                                .texts = {.strings = {.next = merges->data}},
                                .end = (const char *)merges->data + merges->n_bytes,
                                .n = (uint32_t)merges->count,
                                .tokens = {.strings = {.next = ll_gguf_find(gguf, "tokenizer.ggml.tokens")->data}},
                                .suffix = "",
                                .spelling = spelling};
    return LIBLLM_OK;
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
