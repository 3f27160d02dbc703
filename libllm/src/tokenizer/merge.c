/* SPDX-License-Identifier: MIT
 * Merging the symbols of a word, best pair first, leftmost among equals. Short words by looking for the best pair again
 * and again; long ones with a list of places for every rank, so that the time stays near-linear in the text
 * whatever it is.
 */
#include "tokenizer/internal.h"

#include "base/checked.h"

#include <string.h>

#define SHORT 48 /* symbols; up to here looking for the minimum is faster */
#define NONE UINT32_MAX

/* How two symbols merge that together are the text. */
static ll_pair find_pair(const ll_tokenizer *t, const char *text, size_t n_left, size_t n, int32_t left, int32_t right,
                         uint64_t hash)
{
    const ll_vocabulary *v = &t->vocabulary;
    if (left < 0 || right < 0 || ((n > 2 || !v->pairs) && !ll_lookup_may_have(&v->lookup, hash)))
        return (ll_pair){UINT64_MAX, LL_NO_TOKEN};
    return t->model == LL_TOKENIZER_SPM ? ll_spm_pair(t, text, n_left, n, left, hash)
                                        : ll_bpe_pair(t, text, n_left, n, hash);
}

void ll_encoder_emit(ll_encoder *e, int32_t id)
{
    bool unknown = id < 0;
    if (unknown)
        id = e->after_unknown ? LL_NO_TOKEN : e->tokenizer->unknown;
    if (id >= 0)
        ll_tokens_push(e->out, id);
    e->after_unknown = unknown && e->tokenizer->fuses_unknown;
}

/* The symbol that the text starts with, or LL_NO_TOKEN; its length goes to *n. */
static int32_t symbol_at(const ll_tokenizer *t, const char *text, size_t size, size_t *n)
{
    const ll_vocabulary *v = &t->vocabulary;
    *n = 1;
    if (!ll_has_characters(t)) {
        if (!v->has_suffix || size < 2 || text[1] != LL_SUFFIX_BYTE)
            return v->single[(unsigned char)*text];
    } else {
        int32_t id = ll_spm_symbol(t, text, size, n);
        if (!v->has_suffix || size <= *n || text[*n] != LL_SUFFIX_BYTE)
            return id;
    }
    ++*n; /* with what marks the end of the word */
    return ll_vocabulary_find(v, text, *n);
}

/* The symbol at text[i] that merging begins with. */
static int32_t first_symbol(const ll_tokenizer *t, const ll_characters *characters, const char *text, size_t i,
                            size_t size, size_t *n)
{
    const int32_t id = characters && text[i] & 0x80 ? ll_characters_symbol(characters, text, i, size, n) : LL_NO_TOKEN;
    return id >= 0 ? id : symbol_at(t, text + i, size - i, n);
}

/* What the word begins its merging with; NULL: bytes, or there is no memory. */
static const ll_characters *characters_of(ll_encoder *e, const char *text, size_t size)
{
    const ll_characters *characters = NULL;
    size_t i = 0;
    while (i < size && (unsigned char)text[i] < 0xC0)
        i++;
    if (i < size && !ll_characters_of(e->tokenizer, &characters))
        e->out->failed = true;
    return characters;
}

/* Short words ------------------------------------------------------------------------------------------- */

typedef struct word {
    size_t n;
    int32_t ids[SHORT];
    uint8_t starts[SHORT + 1]; /* of the symbols in the text; the last is its end */
    ll_pair pairs[SHORT];      /* of symbol i and the next one */
} word;

/* Of symbol i and the next one, and their memory is on its way; two bytes are found without. */
static uint64_t hash_at(const ll_tokenizer *t, const char *text, const word *w, size_t i)
{
    size_t size = (size_t)(w->starts[i + 2] - w->starts[i]);
    if (size == 2 && t->vocabulary.pairs)
        return 0;
    uint64_t hash = ll_lookup_hash(&t->vocabulary.lookup, text + w->starts[i], size);
    ll_lookup_prefetch_bit(&t->vocabulary.lookup, hash);
    return hash;
}

static void find_pair_at(const ll_tokenizer *t, const char *text, word *w, size_t i, uint64_t hash)
{
    size_t start = w->starts[i];
    w->pairs[i] =
        find_pair(t, text + start, w->starts[i + 1] - start, w->starts[i + 2] - start, w->ids[i], w->ids[i + 1], hash);
}

/* The pairs from `begin` up to `end`: the memory that they need is under way while others are worked on. */
static void find_pairs(const ll_tokenizer *t, const char *text, word *w, size_t begin, size_t end)
{
    uint64_t hashes[SHORT];
    for (size_t i = begin; i < end; i++)
        hashes[i] = hash_at(t, text, w, i);
    for (size_t i = begin; i < end; i++)
        find_pair_at(t, text, w, i, hashes[i]);
}

/* false: the word has too many symbols, and nothing was done */
static bool merge_short(ll_encoder *e, const char *text, size_t size)
{
    const ll_tokenizer *t = e->tokenizer;
    if (size > UINT8_MAX)
        return false;
    const ll_characters *characters = characters_of(e, text, size);
    if (size > SHORT && !characters)
        return false;
    word w;
    w.n = 0;
    for (size_t i = 0, n; i < size; i += n) {
        if (w.n == SHORT)
            return false;
        w.starts[w.n] = (uint8_t)i;
        w.ids[w.n++] = first_symbol(t, characters, text, i, size, &n);
    }
    w.starts[w.n] = (uint8_t)size;
    find_pairs(t, text, &w, 0, w.n ? w.n - 1 : 0);
    while (w.n > 1) {
        size_t best = 0;
        for (size_t i = 1; i + 1 < w.n; i++)
            if (w.pairs[i].key < w.pairs[best].key)
                best = i;
        if (w.pairs[best].key == UINT64_MAX)
            break;
        w.ids[best] = w.pairs[best].result;
        w.n--;
        for (size_t i = best + 1; i < w.n; i++) {
            w.ids[i] = w.ids[i + 1];
            w.starts[i] = w.starts[i + 1];
            w.pairs[i - 1] = w.pairs[i];
        }
        w.starts[w.n] = (uint8_t)size;
        find_pairs(t, text, &w, best > 0 ? best - 1 : 0, best + 1 < w.n ? best + 1 : best);
    }
    for (size_t i = 0; i < w.n; i++)
        ll_encoder_emit(e, w.ids[i]);
    return true;
}

/* Long words -------------------------------------------------------------------------------------------- */

/* Cell i of a word belongs to byte i. The first cell of a symbol has its token, the last one, if it is another one,
 * minus the length: that is how one gets from a symbol to the one before it. Unknown characters are UNKNOWN. */
#define UNKNOWN INT32_MAX

typedef struct place {
    uint32_t cell; /* where the left symbol of the pair starts */
    uint32_t next;
} place;

#define LEVELS 6

/* Places by rank. A list is circular and known by its last place; a tree of bits finds the lowest rank that has one.
 * A place whose symbols have merged otherwise since is dropped when it comes up. While merges of one rank go on no
 * place is added to its list: new pairs contain the text of the token that this rank makes, its halves do not. So it
 * is enough to sort a list once, when its turn comes. */
struct ll_queue {
    int32_t *cells;
    size_t n_cells;
    place *places;
    uint32_t n_places, capacity;
    uint32_t unused;    /* list of places to use again */
    uint32_t *last;     /* by rank */
    uint64_t *unsorted; /* bit by rank */
    uint64_t *bits[LEVELS];
    unsigned n_levels;
};

void ll_queue_free(const ll_host *host, struct ll_queue *q)
{
    if (!q)
        return;
    ll_free(host, q->cells);
    ll_free(host, q->places);
    ll_free(host, q->last);
    ll_free(host, q->unsorted);
    for (unsigned level = 0; level < LEVELS; level++)
        ll_free(host, q->bits[level]);
    ll_free(host, q);
}

static struct ll_queue *make_queue(const ll_host *host, size_t n_ranks)
{
    struct ll_queue *q = ll_calloc(host, 1, sizeof *q);
    if (!q)
        return NULL;
    q->unused = NONE;
    q->last = ll_alloc(host, n_ranks, sizeof *q->last);
    q->unsorted = ll_calloc(host, n_ranks / 64 + 1, sizeof *q->unsorted);
    bool complete = q->last && q->unsorted;
    size_t n = n_ranks;
    do {
        n = n / 64 + 1;
        q->bits[q->n_levels] = ll_calloc(host, n, sizeof **q->bits);
        complete = complete && q->bits[q->n_levels];
        q->n_levels++;
    } while (n > 1);
    if (!complete) {
        ll_queue_free(host, q);
        return NULL;
    }
    memset(q->last, 0xFF, n_ranks * sizeof *q->last);
    return q;
}

static bool reserve_cells(const ll_host *host, struct ll_queue *q, size_t n)
{
    if (q->n_cells >= n)
        return true;
    ll_free(host, q->cells);
    q->cells = ll_alloc(host, n, sizeof *q->cells);
    q->n_cells = q->cells ? n : 0;
    return q->cells != NULL;
}

/* One word on its way. */
typedef struct merging {
    const ll_tokenizer *t;
    struct ll_queue *q;
    const char *text;
    size_t size;
} merging;

static size_t symbol_size(const merging *m, size_t cell)
{
    int32_t id = m->q->cells[cell];
    if (id != UNKNOWN)
        return ll_token_size(&m->t->vocabulary, id);
    size_t n;
    symbol_at(m->t, m->text + cell, m->size - cell, &n);
    return n;
}

static void put_symbol(merging *m, size_t cell, int32_t id, size_t size)
{
    m->q->cells[cell] = id;
    if (size > 1)
        m->q->cells[cell + size - 1] = -(int32_t)size;
}

/* The pair of the symbol at cell and the next one. */
static ll_pair pair_at(const merging *m, size_t cell)
{
    size_t n_left = symbol_size(m, cell);
    size_t next = cell + n_left;
    if (next >= m->size)
        return (ll_pair){UINT64_MAX, LL_NO_TOKEN};
    int32_t left = m->q->cells[cell], right = m->q->cells[next];
    if (left == UNKNOWN || right == UNKNOWN)
        return (ll_pair){UINT64_MAX, LL_NO_TOKEN};
    size_t n = n_left + symbol_size(m, next);
    const char *text = m->text + cell;
    return find_pair(m->t, text, n_left, n, left, right, ll_lookup_hash(&m->t->vocabulary.lookup, text, n));
}

/* Order within a rank: the finer part of the key, then the position. What has merged otherwise may be anywhere. */
static bool comes_before(const merging *m, uint32_t a, uint32_t b)
{
    uint32_t cell_a = m->q->places[a].cell, cell_b = m->q->places[b].cell;
    if (m->t->model == LL_TOKENIZER_SPM) {
        int32_t id_a = m->q->cells[cell_a], id_b = m->q->cells[cell_b];
        if (id_a >= 0 && id_b >= 0 && id_a != id_b) {
            if (m->t->adds_blank)
                return id_a < id_b;
            size_t n_a = symbol_size(m, cell_a), n_b = symbol_size(m, cell_b);
            if (n_a != n_b)
                return n_a > n_b;
        }
    }
    return cell_a < cell_b;
}

static uint32_t take_place(const ll_host *host, struct ll_queue *q)
{
    if (q->unused != NONE) {
        uint32_t i = q->unused;
        q->unused = q->places[i].next;
        return i;
    }
    if (q->n_places == q->capacity) {
        uint32_t capacity = q->capacity < 512 ? 1024 : q->capacity > INT32_MAX ? NONE : q->capacity * 2;
        place *places = ll_realloc(host, q->places, q->n_places, capacity, sizeof *places);
        if (!places)
            return NONE;
        q->places = places;
        q->capacity = capacity;
    }
    return q->n_places++;
}

static bool add_place(const ll_host *host, merging *m, size_t cell)
{
    struct ll_queue *q = m->q;
    ll_pair pair = pair_at(m, cell);
    if (pair.key == UINT64_MAX)
        return true;
    uint32_t rank = (uint32_t)(pair.key >> 32);
    uint32_t i = take_place(host, q);
    if (i == NONE)
        return false;
    q->places[i].cell = (uint32_t)cell;
    uint32_t last = q->last[rank];
    if (last == NONE) {
        q->places[i].next = i;
        size_t bit = rank;
        for (unsigned level = 0; level < q->n_levels; level++, bit /= 64)
            q->bits[level][bit / 64] |= 1ull << (bit & 63);
    } else {
        q->places[i].next = q->places[last].next;
        q->places[last].next = i;
        if (comes_before(m, i, last))
            q->unsorted[rank / 64] |= 1ull << (rank & 63);
    }
    q->last[rank] = i;
    return true;
}

static bool lowest_rank(const struct ll_queue *q, uint32_t *rank)
{
    size_t at = 0;
    for (unsigned level = q->n_levels; level-- > 0;) {
        uint64_t bits = q->bits[level][at];
        if (bits == 0)
            return false; /* only the topmost can be empty */
        at = at * 64 + (unsigned)__builtin_ctzll(bits);
    }
    *rank = (uint32_t)at;
    return true;
}

/* Merge two sorted lists that end with NONE. */
static uint32_t merge_lists(merging *m, uint32_t a, uint32_t b)
{
    uint32_t first = NONE, *end = &first;
    while (a != NONE && b != NONE) {
        uint32_t *from = comes_before(m, b, a) ? &b : &a;
        *end = *from;
        end = &m->q->places[*from].next;
        *from = *end;
    }
    *end = a != NONE ? a : b;
    return first;
}

/* Merge sort, bottom up: bin k holds 2^k places. */
static void sort_list(merging *m, uint32_t rank)
{
    struct ll_queue *q = m->q;
    uint32_t bins[33];
    memset(bins, 0xFF, sizeof bins);
    uint32_t i = q->places[q->last[rank]].next;
    q->places[q->last[rank]].next = NONE;
    while (i != NONE) {
        uint32_t next = q->places[i].next;
        q->places[i].next = NONE;
        unsigned k = 0;
        for (; bins[k] != NONE; k++) {
            i = merge_lists(m, bins[k], i);
            bins[k] = NONE;
        }
        bins[k] = i;
        i = next;
    }
    uint32_t all = NONE;
    for (unsigned k = 0; k < 33; k++)
        all = merge_lists(m, bins[k], all);
    uint32_t last = all;
    while (q->places[last].next != NONE)
        last = q->places[last].next;
    q->places[last].next = all;
    q->last[rank] = last;
    q->unsorted[rank / 64] &= ~(1ull << (rank & 63));
}

/* Take the first place of a rank. */
static size_t pop(merging *m, uint32_t rank)
{
    struct ll_queue *q = m->q;
    if (q->unsorted[rank / 64] >> (rank & 63) & 1)
        sort_list(m, rank);
    uint32_t last = q->last[rank], i = q->places[last].next;
    if (i == last) {
        q->last[rank] = NONE;
        size_t bit = rank;
        for (unsigned level = 0; level < q->n_levels; level++, bit /= 64) {
            q->bits[level][bit / 64] &= ~(1ull << (bit & 63));
            if (q->bits[level][bit / 64] != 0)
                break;
        }
    } else {
        q->places[last].next = q->places[i].next;
    }
    q->places[i].next = q->unused;
    q->unused = i;
    return q->places[i].cell;
}

static void put_all(merging *m, const ll_characters *characters)
{
    for (size_t i = 0, n; i < m->size; i += n) {
        int32_t id = first_symbol(m->t, characters, m->text, i, m->size, &n);
        put_symbol(m, i, id < 0 ? UNKNOWN : id, n);
    }
}

static bool merge_cells(const ll_host *host, merging *m)
{
    struct ll_queue *q = m->q;
    for (size_t cell = 0; cell < m->size; cell += symbol_size(m, cell))
        if (!add_place(host, m, cell))
            return false;
    for (uint32_t rank; lowest_rank(q, &rank);) {
        size_t cell = pop(m, rank);
        if (q->cells[cell] < 0)
            continue;
        ll_pair pair = pair_at(m, cell);
        if (pair.key == UINT64_MAX || (uint32_t)(pair.key >> 32) != rank)
            continue;
        size_t next = cell + symbol_size(m, cell);
        size_t end = next + symbol_size(m, next);
        q->cells[next] = -1; /* no symbol starts here any more */
        put_symbol(m, cell, pair.result, end - cell);
        if (cell > 0) {
            int32_t before = q->cells[cell - 1];
            if (!add_place(host, m, before < 0 ? cell - (size_t)-before : cell - 1))
                return false;
        }
        if (!add_place(host, m, cell))
            return false;
    }
    return true;
}

static void merge_long(ll_encoder *e, const char *text, size_t size)
{
    const ll_tokenizer *t = e->tokenizer;
    const ll_host *host = t->host;
    if (!e->queue)
        e->queue =
            make_queue(host, t->model == LL_TOKENIZER_SPM ? (size_t)t->vocabulary.n * 2 : (size_t)t->merges.n + 1);
    if (!e->queue || !reserve_cells(host, e->queue, size)) {
        e->out->failed = true;
        return;
    }
    merging m = {t, e->queue, text, size};
    put_all(&m, characters_of(e, text, size));
    e->queue->n_places = 0;
    e->queue->unused = NONE;
    if (!merge_cells(host, &m)) {
        e->out->failed = true; /* the queue is left as it is: the call ends here */
        return;
    }
    for (size_t cell = 0, n; cell < m.size; cell += n) {
        n = symbol_size(&m, cell);
        ll_encoder_emit(e, e->queue->cells[cell] == UNKNOWN ? LL_NO_TOKEN : e->queue->cells[cell]);
    }
}

/* Without what the vocabulary lacks: where it has no token for that, as in Hugging Face `tokenizers` it leaves no
 * trace. */
static ll_span drop_unknown(ll_encoder *e, const char *text, size_t size)
{
    e->word.size = 0;
    for (size_t i = 0, n; i < size; i += n)
        if (symbol_at(e->tokenizer, text + i, size - i, &n) >= 0)
            ll_buffer_append(&e->word, text + i, n);
    if (e->word.failed)
        e->out->failed = true;
    return (ll_span){e->word.data, e->word.size};
}

void ll_merge_word(ll_encoder *e, const char *text, size_t size)
{
    const ll_tokenizer *t = e->tokenizer;
    if (t->model != LL_TOKENIZER_SPM && t->unknown < 0 && t->vocabulary.lacks_bytes) {
        ll_span kept = drop_unknown(e, text, size);
        text = kept.data;
        size = kept.size;
    }
    if (merge_short(e, text, size))
        return;
    /* Nothing merges across two bytes that stand side by side in no token. */
    bool characters = ll_has_characters(t);
    const uint8_t *joins = ll_joins_table(&t->vocabulary);
    for (size_t i = 0; i < size;) {
        size_t end = i + 1;
        while (end < size && ((characters && (text[end] & 0xC0) == 0x80) || text[end] == LL_SUFFIX_BYTE ||
                              ll_join(joins, text[end - 1], text[end])))
            end++;
        if (!merge_short(e, text + i, end - i))
            merge_long(e, text + i, end - i);
        i = end;
    }
}
