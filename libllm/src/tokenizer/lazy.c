/* SPDX-License-Identifier: MIT
 * When the vocabulary of a file is indexed, its lookup and its merges. For a large one that takes longer than all else
 * at opening, and a first short text needs little of it: the tokens that begin with what stands somewhere in the text.
 * They are found by a walk over the lists, and the call works with an index of them alone. A long text, or the next few
 * short ones, have the whole index made, once for all threads.
 */
#include "tokenizer/internal.h"

#include <string.h>

#define LARGE 32768     /* tokens; smaller vocabularies are indexed at once */
#define SHORT_TEXT 2048 /* bytes */
#define N_SHORT_TEXTS 4 /* so many have indexes of their own */

struct ll_lazy {
    pthread_mutex_t lock;      /* held while the whole index is made */
    const ll_tokenizer *whole; /* the tokenizer with the whole index, or NULL; read and written atomically */
    uint32_t n_short;          /* short texts so far; atomic */
    bool has_merges;
    ll_merge_source merges;
};

static libllm_status index_all(ll_tokenizer *t, const ll_merge_source *merges, libllm_error *error)
{
    libllm_status status = ll_vocabulary_index(&t->vocabulary, NULL, t->vocabulary.n, error);
    if (status == LIBLLM_OK && merges)
        status = ll_merges_read(&t->vocabulary, &t->specials, merges, NULL, &t->merges, error);
    return status;
}

libllm_status ll_lazy_open(ll_tokenizer *t, const ll_merge_source *merges, libllm_error *error)
{
    bool merging = t->model == LL_TOKENIZER_BPE || t->model == LL_TOKENIZER_CHARACTERS || t->model == LL_TOKENIZER_SPM;
    if (t->vocabulary.n < LARGE || !merging)
        return index_all(t, merges, error);
    struct ll_lazy *lazy = ll_calloc(t->host, 1, sizeof *lazy);
    if (!lazy || pthread_mutex_init(&lazy->lock, NULL) != 0) {
        ll_free(t->host, lazy);
        return ll_fail_memory(error, "the vocabulary");
    }
    lazy->has_merges = merges != NULL;
    if (merges)
        lazy->merges = *merges;
    t->lazy = lazy;
    return LIBLLM_OK;
}

void ll_lazy_release(ll_tokenizer *some)
{
    ll_vocabulary_forget(&some->vocabulary);
    ll_merges_close(some->host, &some->merges);
}

void ll_lazy_close(ll_tokenizer *t)
{
    struct ll_lazy *lazy = t->lazy;
    if (!lazy)
        return;
    ll_tokenizer *whole = (ll_tokenizer *)(uintptr_t)lazy->whole;
    if (whole)
        ll_lazy_release(whole);
    ll_free(t->host, whole);
    pthread_mutex_destroy(&lazy->lock);
    ll_free(t->host, lazy);
}

/* Beginnings -------------------------------------------------------------------------------------------- */

static void add(uint64_t bits[1024], const char *text, size_t n)
{
    uint32_t head = 0;
    memcpy(&head, text, n < 4 ? n : 4);
    for (unsigned size = 1; size <= 4 && size <= n; size++) {
        uint32_t bit = ll_beginning(head, size);
        bits[bit / 64] |= 1ull << (bit & 63);
    }
}

/* A byte as a file spells it; at most 3 bytes. */
static size_t spell(ll_spelling spelling, unsigned char byte, char *out)
{
    if (spelling == LL_SPELLED_BYTES)
        return ll_spell_byte(byte, out);
    if (byte == ' ') {
        memcpy(out, "\xE2\x96\x81", 3);
        return 3;
    }
    *out = (char)byte;
    return 1;
}

/* Of a text with a blank in front of it, which some vocabularies put there. */
static void find_beginnings(ll_span text, ll_spelling spelling, ll_beginnings *b)
{
    char blank_text[1 + SHORT_TEXT] = " ";
    memcpy(blank_text + 1, text.data, text.size);
    *b = (ll_beginnings){{0}, {0}};
    for (size_t i = 0, end = 1 + text.size; i < end; i++) {
        char spelled[8];
        size_t n = 0;
        for (size_t k = i; k < end && n < 4; k++)
            n += spell(spelling, (unsigned char)blank_text[k], spelled + n);
        add(b->as_bytes, blank_text + i, end - i);
        add(b->as_spelled, spelled, n);
    }
}

/* Some ---------------------------------------------------------------------------------------------------- */

static bool is_ascii(ll_span text)
{
    unsigned char all = 0;
    for (size_t i = 0; i < text.size; i++)
        all |= (unsigned char)text.data[i];
    return all < 0x80;
}

/* Whether all words stand in the text as it is, or with a blank in front. */
static bool words_stand_in(const ll_tokenizer *t, ll_span text)
{
    const ll_pipeline *p = &t->pipeline;
    if (t->vocabulary.has_suffix || (t->model == LL_TOKENIZER_BPE && t->vocabulary.lacks_bytes))
        return false;
    for (size_t i = 0; i < p->n_steps; i++)
        if (p->steps[i].prefix || p->steps[i].shows_blanks)
            return false;
    for (size_t i = 0; i < p->n_normalizers; i++)
        if (p->normalizers[i].kind != LL_NORMALIZE_NFC && p->normalizers[i].kind != LL_NORMALIZE_BLANKS)
            return false;
    return (t->model == LL_TOKENIZER_BPE && p->n_normalizers == 0) || is_ascii(text);
}

static libllm_status index_some(const ll_tokenizer *t, ll_span text, ll_tokenizer *some, libllm_error *error)
{
    const ll_host *host = t->host;
    const ll_vocabulary *v = &t->vocabulary;
    ll_beginnings *of = ll_alloc(host, 1, sizeof *of);
    uint32_t *ids = ll_alloc(host, v->n, sizeof *ids), n = 0;
    libllm_status status = of && ids ? LIBLLM_OK : ll_fail_memory(error, "the vocabulary");
    *some = *t;
    some->lazy = NULL;
    if (status == LIBLLM_OK) {
        find_beginnings(text, t->lazy->merges.spelling, of);
        for (uint32_t i = 0; i < v->n; i++) {
            size_t size = ll_token_size(v, (int32_t)i);
            uint32_t head;
            memcpy(&head, v->bytes + v->ends[i], sizeof head); /* there is more memory than texts */
            ids[n] = i;
            n += size > 0 && ll_may_begin(of->as_bytes, head, size < 4 ? (unsigned)size : 4);
        }
        status = ll_vocabulary_index(&some->vocabulary, ids, n, error);
    }
    if (status == LIBLLM_OK && t->lazy->has_merges)
        status = ll_merges_read(&some->vocabulary, &t->specials, &t->lazy->merges, of, &some->merges, error);
    ll_free(host, ids);
    ll_free(host, of);
    if (status != LIBLLM_OK)
        ll_lazy_release(some);
    return status;
}

/* All ----------------------------------------------------------------------------------------------------- */

/* A copy of the tokenizer that shares all but the index. */
static libllm_status make_whole(const ll_tokenizer *t, libllm_error *error)
{
    ll_tokenizer *whole = ll_alloc(t->host, 1, sizeof *whole);
    if (!whole)
        return ll_fail_memory(error, "the vocabulary");
    *whole = *t;
    whole->lazy = NULL;
    libllm_status status = index_all(whole, t->lazy->has_merges ? &t->lazy->merges : NULL, error);
    if (status == LIBLLM_OK) {
        __atomic_store_n(&t->lazy->whole, whole, __ATOMIC_RELEASE);
        return status;
    }
    ll_lazy_release(whole);
    ll_free(t->host, whole);
    return status;
}

libllm_status ll_lazy_ready(const ll_tokenizer *t, ll_span text, ll_tokenizer *some, const ll_tokenizer **ready,
                            libllm_error *error)
{
    struct ll_lazy *lazy = t->lazy;
    *ready = lazy ? __atomic_load_n(&lazy->whole, __ATOMIC_ACQUIRE) : t;
    if (*ready)
        return LIBLLM_OK;
    if (text.size <= SHORT_TEXT && __atomic_fetch_add(&lazy->n_short, 1, __ATOMIC_RELAXED) < N_SHORT_TEXTS &&
        words_stand_in(t, text)) {
        *ready = some;
        return index_some(t, text, some, error);
    }
    pthread_mutex_lock(&lazy->lock);
    libllm_status status = lazy->whole ? LIBLLM_OK : make_whole(t, error);
    *ready = lazy->whole;
    pthread_mutex_unlock(&lazy->lock);
    return status;
}
