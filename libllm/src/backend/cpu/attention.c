/* SPDX-License-Identifier: MIT
 * Attention over the KV memory for one thread. The heads of a query group and some neighbouring tokens share each
 * tile of keys and values. A long context is cut into splits at fixed positions; their partial results are merged in
 * order, by one thread that goes through them or, when few tokens leave threads idle, by the one that finishes last.
 * Either way the operations on a row are the same, so results do not depend on threads or on batches.
 */
#include "backend/cpu/executor.h"

#include <math.h>
#include <string.h>

/* Columns [first, first + n) of the batch, one timeline, with the heads that share KV head kv_head. */
typedef struct tile {
    const ll_run *run;
    uint32_t layer, kv_head, group; /* group: query heads for each KV head */
    uint32_t first, n;
    uint32_t window;
    bool symmetric; /* tokens also see later ones, a window reaches half its width to both sides */
    bool cross;     /* they see the encoder's text instead of their own */
    bool in_tiles;  /* by the kernels' tile_attention */
    const float *distance_bias;
    const float *sinks;
} tile;

static tile tile_of(const ll_executor *e, const ll_phase *p)
{
    const ll_layer *l = &e->model->layers[p->layer];
    const uint32_t group = l->n_heads / l->n_kv_heads;
    if (p->cross)
        return (tile){.layer = p->layer, .group = group, .cross = true};
    return (tile){.layer = p->layer,
                  .group = group,
                  .window = l->window,
                  .symmetric = l->sees_later,
                  .distance_bias = l->distance_bias,
                  .sinks = l->sinks};
}

static uint32_t columns_of(uint32_t group, uint32_t n_rows) { return group >= n_rows ? 1 : n_rows / group; }

static uint32_t n_tiles(const ll_batch *batch, uint32_t width)
{
    uint32_t n = 0;
    for (uint32_t r = 0; r < batch->n_runs; r++)
        n += (batch->runs[r].n_tokens + width - 1) / width;
    return n;
}

/* Columns that share a page of keys and values: as many as can, but fewer where threads would have nothing to do. What
 * comes of a row does not depend on the others. */
static uint32_t tile_columns(const ll_executor *e, uint32_t n_threads, uint32_t group, uint32_t n_kv_heads)
{
    uint32_t n_rows = LL_QUERY_ROWS;
    while (n_rows > LL_QUERY_ROWS / 4 &&
           n_tiles(e->batch, columns_of(group, n_rows)) * n_kv_heads < LL_UNITS_PER_THREAD * n_threads)
        n_rows /= 2;
    return columns_of(group, n_rows);
}

/* First position that the token at `position` sees. */
static uint64_t first_seen(const tile *t, uint64_t position)
{
    const uint64_t before = t->symmetric ? t->window / 2 : t->window ? t->window - 1 : 0;
    return t->window && position > before ? position - before : 0;
}

/* Behind the last one. */
static uint64_t end_seen(const tile *t, const ll_run *run, uint64_t position)
{
    if (t->cross)
        return run->n_source;
    if (!t->symmetric)
        return position + 1;
    const uint64_t end = run->position + run->n_tokens;
    return t->window && position + t->window / 2 + 1 < end ? position + t->window / 2 + 1 : end;
}

static float *row_state(const ll_worker *w, uint32_t row)
{
    return w->state + row * (2 + (size_t)w->executor->model->value_dim);
}

/* Scores [begin, end) of keys that follow each other, the first of them `distance` positions behind the query. */
static void add_distance_bias(const float *bias, int64_t distance, float *scores, size_t begin, size_t end)
{
    const int64_t offset = distance + LL_BIAS_REACH; /* of scores[0] in the row */
    size_t p = begin;
    for (; p < end && offset + (int64_t)p < 0; p++)
        scores[p] += bias[0];
    for (; p < end && offset + (int64_t)p < LL_BIAS_ROW; p++)
        scores[p] += bias[offset + (int64_t)p];
    for (; p < end; p++)
        scores[p] += bias[LL_BIAS_ROW - 1];
}

/* Keys or values of a page, as attention reads them: what follows each other in n_runs runs is packed in pairs. */
static const uint8_t *readable(ll_worker *w, const uint8_t *packed, size_t n, size_t n_runs)
{
    const ll_executor *e = w->executor;
    if (e->kv_format < LL_KV_FORMAT_READ)
        return packed;
    const size_t n_values = n * LL_KV_TILE;
    e->kernels.unpack_q4_0(packed, n_runs, n_values / 2 / n_runs, (int8_t *)w->kv);
    memcpy(w->kv + n_values, packed + n_values / 2, n_values / 32 * sizeof(uint16_t));
    return w->kv;
}

/* Rows of the tile in hand, and what they see of a page. */
typedef struct rows {
    uint32_t first, n;
    const float *q[LL_QUERY_ROWS];
    uint64_t position[LL_QUERY_ROWS];
    float maxima[LL_QUERY_ROWS], sums[LL_QUERY_ROWS], factors[LL_QUERY_ROWS];
    float *acc[LL_QUERY_ROWS];
    uint32_t begin[LL_QUERY_ROWS], end[LL_QUERY_ROWS]; /* positions in the page; begin == end: none */
} rows;

static uint32_t head_of(const tile *t, const rows *r, uint32_t j)
{
    return t->kv_head * t->group + (r->first + j) % t->group;
}

static void begin_rows(ll_worker *w, const tile *t, rows *r)
{
    const ll_executor *e = w->executor;
    const size_t head_dim = e->model->head_dim;
    for (uint32_t j = 0; j < r->n; j++) {
        const uint32_t column = t->first + (r->first + j) / t->group;
        r->q[j] = e->q + column * (size_t)e->plan.max_q + head_of(t, r, j) * head_dim;
        if (w->queries) {
            r->q[j] = memcpy(w->queries + j * head_dim, r->q[j], head_dim * sizeof(float));
            ll_cpu_spread(w->queries + j * head_dim, head_dim);
        }
        r->position[j] = e->columns[column].position;
        r->maxima[j] = -INFINITY;
        r->sums[j] = 0;
        r->acc[j] = row_state(w, j) + 2;
        memset(r->acc[j], 0, e->model->value_dim * sizeof(float));
    }
}

static uint32_t in_page(uint64_t position, uint64_t base)
{
    return position <= base ? 0 : position - base < LL_KV_TILE ? (uint32_t)(position - base) : LL_KV_TILE;
}

/* What each row sees of the positions [from, to) in the page that begins at `base`. */
static void see_page(const tile *t, rows *r, uint64_t base, uint64_t from, uint64_t to)
{
    for (uint32_t j = 0; j < r->n; j++) {
        const uint64_t low = first_seen(t, r->position[j]), high = end_seen(t, t->run, r->position[j]);
        r->end[j] = in_page(high < to ? high : to, base);
        r->begin[j] = in_page(low > from ? low : from, base);
        if (r->begin[j] > r->end[j])
            r->begin[j] = r->end[j];
    }
}

/* What models add to scores by distance, and bounds on them. */
static void adjust_scores(const ll_worker *w, const tile *t, const rows *r, uint64_t base)
{
    const ll_executor *e = w->executor;
    for (uint32_t j = 0; j < r->n; j++) {
        float *const scores = w->scores + j * LL_KV_TILE;
        const uint32_t begin = r->begin[j], end = r->end[j], head = head_of(t, r, j);
        if (e->model->alibi) {
            for (size_t p = begin; p < end; p++)
                scores[p] -= e->model->alibi[head] * (float)(r->position[j] - base - p);
        }
        if (t->distance_bias)
            add_distance_bias(t->distance_bias + head * (size_t)LL_BIAS_ROW, (int64_t)base - (int64_t)r->position[j],
                              scores, begin, end);
        if (e->model->attn_softcap > 0)
            e->kernels.softcap(scores + begin, end - begin, e->model->attn_softcap);
    }
}

/* Positions of the page that any row sees: [*begin, *end). */
static void seen_by_any(const rows *r, uint32_t *begin, uint32_t *end)
{
    *begin = LL_KV_TILE;
    *end = 0;
    for (uint32_t j = 0; j < r->n; j++) {
        if (r->begin[j] == r->end[j])
            continue;
        *begin = r->begin[j] < *begin ? r->begin[j] : *begin;
        *end = r->end[j] > *end ? r->end[j] : *end;
    }
}

static void attend_page(ll_worker *w, const tile *t, rows *r, const uint8_t *keys, uint64_t base)
{
    const ll_executor *e = w->executor;
    const ll_kernels *k = &e->kernels;
    const ll_tile_attention *tiles = t->in_tiles ? k->tile_attention : NULL;
    const ll_kv_format format = e->kv_format < LL_KV_FORMAT_READ ? e->kv_format : LL_KV_FORMAT_Q8_0;
    const size_t head_dim = e->model->head_dim, value_dim = e->model->value_dim;
    const uint8_t *const values = keys + ll_kv_tile_bytes(e->kv_format, head_dim);
    uint32_t begin, end;
    seen_by_any(r, &begin, &end);
    if (begin >= end)
        return;
    keys = readable(w, keys, head_dim, head_dim / 2);
    if (tiles)
        tiles->scores[format](r->n, keys, head_dim, w->scores, w->attention);
    else
        k->attend_scores[format](r->q, r->n, keys, head_dim, e->model->attn_scale, w->scores);
    adjust_scores(w, t, r, base);
    if (tiles) {
        tiles->softmax(w->scores, r->n, r->begin, r->end, r->maxima, r->sums, r->factors, head_dim, w->attention);
        tiles->values[format](r->factors, r->n, readable(w, values, value_dim, LL_KV_TILE), value_dim, begin, end,
                              r->acc, head_dim, w->attention);
        return;
    }
    for (uint32_t j = 0; j < r->n; j++)
        r->factors[j] = k->softmax_step(w->scores + j * LL_KV_TILE, r->begin[j], r->end[j], &r->maxima[j], &r->sums[j]);
    k->attend_values[format](w->scores, r->factors, r->n, readable(w, values, value_dim, LL_KV_TILE), value_dim, begin,
                             end, r->acc);
}

/* The page that comes next lies somewhere else in memory, which the processor does not foresee. */
static void prefetch(const uint8_t *page, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += 64)
        __builtin_prefetch(page + i, 0, 2);
}

/* Rows [row, row + n) of the tile against positions [from, to) of the timeline, in one online softmax. The state of
 * a row is its maximum, its sum, and value_dim accumulated values. */
static void attend(ll_worker *w, const tile *t, uint32_t row, uint32_t n, uint64_t from, uint64_t to)
{
    ll_executor *e = w->executor;
    rows r;
    r.first = row;
    r.n = n;
    begin_rows(w, t, &r);
    if (t->in_tiles)
        e->kernels.tile_attention->queries(r.q, n, e->model->head_dim, e->model->attn_scale, w->attention);
    /* Positions rise with the row, so the first row sees the earliest and the last row the latest position. */
    uint64_t low = first_seen(t, r.position[0]), high = end_seen(t, t->run, r.position[n - 1]);
    low = low > from ? low : from;
    high = high < to ? high : to;
    const size_t page_bytes =
        ll_kv_tile_bytes(e->kv_format, e->model->head_dim) + ll_kv_tile_bytes(e->kv_format, e->model->value_dim);
    const uint32_t *pages = t->cross ? t->run->source_pages : ll_cpu_pages(e, t->run, t->layer);
    for (uint64_t base = low & ~(uint64_t)(LL_KV_TILE - 1); base < high; base += LL_KV_TILE) {
        see_page(t, &r, base, from, to);
        if (t->in_tiles && base + LL_KV_TILE < high)
            prefetch(ll_cpu_kv(e, pages[base / LL_KV_TILE + 1], t->layer, t->kv_head), page_bytes);
        attend_page(w, t, &r, ll_cpu_kv(e, pages[base / LL_KV_TILE], t->layer, t->kv_head), base);
    }
    for (uint32_t j = 0; j < n; j++) {
        row_state(w, j)[0] = r.maxima[j];
        row_state(w, j)[1] = r.sums[j];
    }
}

/* Fold a split's state into what the splits before it gave; both in the form {maximum, sum, values}. */
static void merge(float *into, const float *part, size_t value_dim)
{
    if (part[1] == 0 && part[0] == -INFINITY)
        return; /* saw nothing */
    float maximum = into[0] > part[0] ? into[0] : part[0];
    float a = expf(into[0] - maximum), b = expf(part[0] - maximum);
    into[0] = maximum;
    into[1] = into[1] * a + part[1] * b;
    for (size_t d = 0; d < value_dim; d++)
        into[2 + d] = into[2 + d] * a + part[2 + d] * b;
}

/* sink is NULL, or a score that has no value. */
static void finish(const ll_worker *w, float *out, const float *state, const float *sink)
{
    const size_t value_dim = w->executor->model->value_dim;
    float scale = 1 / (state[1] + (sink ? expf(*sink - state[0]) : 0));
    for (size_t d = 0; d < value_dim; d++)
        out[d] = state[2 + d] * scale;
    if (w->queries) /* the values were spread as well */
        ll_cpu_spread(out, value_dim);
}

static float *output(const ll_executor *e, uint32_t column, uint32_t head)
{
    return e->attended + column * (size_t)e->plan.max_q + head * (size_t)e->model->value_dim;
}

/* All splits in order, for a tile that one thread has to itself. */
static void attend_whole(ll_worker *w, const tile *t, uint32_t row, uint32_t n)
{
    ll_executor *e = w->executor;
    const size_t value_dim = e->model->value_dim, size = 2 + value_dim;
    const uint64_t last = end_seen(t, t->run, e->columns[t->first + (row + n - 1) / t->group].position) - 1;
    float *merged = w->state;
    /* In tiles sums are others anyway, so there is nothing that splits would keep equal to those of few columns. */
    const uint64_t split = t->in_tiles ? last + 1 : e->split_positions;
    attend(w, t, row, n, 0, split);
    if (last >= split) {
        merged += LL_QUERY_ROWS * size;
        memcpy(merged, w->state, n * size * sizeof(float));
    }
    for (uint64_t from = split; from <= last; from += split) {
        attend(w, t, row, n, from, from + split);
        for (uint32_t j = 0; j < n; j++)
            merge(merged + j * size, row_state(w, j), value_dim);
    }
    for (uint32_t j = 0; j < n; j++) {
        uint32_t column = t->first + (row + j) / t->group, head = t->kv_head * t->group + (row + j) % t->group;
        finish(w, output(e, column, head), merged + j * size, t->sinks ? t->sinks + head : NULL);
    }
}

/* One split of one column; the thread that completes the column's last split merges them. */
static void attend_split(ll_worker *w, const tile *t, uint32_t split, uint32_t n_splits)
{
    ll_executor *e = w->executor;
    size_t value_dim = e->model->value_dim, size = 2 + value_dim;
    for (uint32_t row = 0; row < t->group; row += LL_QUERY_ROWS) {
        uint32_t n = t->group - row < LL_QUERY_ROWS ? t->group - row : LL_QUERY_ROWS;
        uint64_t from = split * e->split_positions;
        attend(w, t, row, n, from, from + e->split_positions);
        for (uint32_t j = 0; j < n; j++) {
            uint32_t head = t->kv_head * t->group + row + j;
            float *part = e->partials + ((t->first * e->plan.max_heads + head) * (size_t)LL_SPLITS_MAX + split) * size;
            memcpy(part, row_state(w, j), size * sizeof(float));
        }
    }
    atomic_uint *done = &e->splits_done[t->first * e->plan.max_heads + t->kv_head];
    if (atomic_fetch_add_explicit(done, 1, memory_order_acq_rel) + 1 < n_splits)
        return;
    atomic_store_explicit(done, 0, memory_order_relaxed);
    float *merged = w->state;
    for (uint32_t j = 0; j < t->group; j++) {
        uint32_t head = t->kv_head * t->group + j;
        const float *parts = e->partials + (t->first * e->plan.max_heads + head) * (size_t)LL_SPLITS_MAX * size;
        merged[0] = -INFINITY;
        memset(merged + 1, 0, (1 + value_dim) * sizeof(float));
        for (uint32_t s = 0; s < n_splits; s++)
            merge(merged, parts + s * size, value_dim);
        finish(w, output(e, t->first, head), merged, t->sinks ? t->sinks + head : NULL);
    }
}

static uint32_t splits_of(const ll_executor *e, const tile *t, uint32_t column)
{
    const ll_column *c = &e->columns[column];
    return (uint32_t)((end_seen(t, &e->batch->runs[c->run], c->position) - 1) / e->split_positions) + 1;
}

/* Few columns: a unit is (column, split, KV head), so that one long context keeps all threads busy. */
static void few_columns(ll_worker *w, tile t, uint32_t n_kv_heads)
{
    ll_executor *e = w->executor;
    uint32_t n_units = 0;
    for (uint32_t c = 0; c < e->n_columns; c++)
        n_units += splits_of(e, &t, c) * n_kv_heads;
    ll_units units = ll_cpu_units(w, n_units, true);
    uint32_t unit, column = 0, before = 0;
    while (ll_cpu_next_unit(w, &units, &unit)) {
        uint32_t n_splits = splits_of(e, &t, column);
        while (unit - before >= n_splits * n_kv_heads) {
            before += n_splits * n_kv_heads;
            n_splits = splits_of(e, &t, ++column);
        }
        t.run = &e->batch->runs[e->columns[column].run];
        t.first = column;
        t.n = 1;
        t.kv_head = (unit - before) % n_kv_heads;
        attend_split(w, &t, (unit - before) / n_kv_heads, n_splits);
    }
}

/* Many columns: a unit is (tile of columns, KV head). */
static void many_columns(ll_worker *w, tile t, uint32_t n_kv_heads)
{
    ll_executor *e = w->executor;
    t.in_tiles = w->attention != NULL;
    const uint32_t width = tile_columns(e, w->n_threads, t.group, n_kv_heads);
    ll_units units = ll_cpu_units(w, n_tiles(e->batch, width) * n_kv_heads, false);
    uint32_t unit, run = 0, run_column = 0, before = 0;
    while (ll_cpu_next_unit(w, &units, &unit)) {
        /* Units rise within a thread; later tiles see more and are taken in order. */
        uint32_t index = unit / n_kv_heads;
        uint32_t n_run = (e->batch->runs[run].n_tokens + width - 1) / width;
        while (index - before >= n_run) {
            before += n_run;
            run_column += e->batch->runs[run++].n_tokens;
            n_run = (e->batch->runs[run].n_tokens + width - 1) / width;
        }
        uint32_t offset = (index - before) * width, left = e->batch->runs[run].n_tokens - offset;
        t.run = &e->batch->runs[run];
        t.first = run_column + offset;
        t.n = left < width ? left : width;
        t.kv_head = unit % n_kv_heads;
        for (uint32_t row = 0; row < t.n * t.group; row += LL_QUERY_ROWS) {
            uint32_t rest = t.n * t.group - row;
            attend_whole(w, &t, row, rest < LL_QUERY_ROWS ? rest : LL_QUERY_ROWS);
        }
    }
}

void ll_cpu_attention_work(const ll_executor *e, const ll_phase *p, uint64_t *flops, uint64_t *kv_bytes)
{
    const ll_layer *l = &e->model->layers[p->layer];
    const tile t = tile_of(e, p);
    uint32_t width = e->n_columns <= LL_COLUMNS_MAX ? 1 : columns_of(t.group, LL_QUERY_ROWS);
    uint64_t seen = 0, read = 0; /* positions: by each column, and by each tile of columns */
    for (uint32_t r = 0; r < e->batch->n_runs; r++) {
        const ll_run *run = &e->batch->runs[r];
        for (uint32_t i = 0; i < run->n_tokens; i++)
            seen += end_seen(&t, run, run->position + i) - first_seen(&t, run->position + i);
        for (uint32_t i = 0; i < run->n_tokens; i += width) {
            uint64_t last = run->position + (run->n_tokens - i < width ? run->n_tokens : i + width) - 1;
            read += end_seen(&t, run, last) - first_seen(&t, run->position + i);
        }
    }
    const uint64_t head_dim = e->model->head_dim, value_dim = e->model->value_dim;
    *flops = 2 * seen * l->n_heads * (head_dim + value_dim); /* a product with the keys and one with the values */
    *kv_bytes = read * l->n_kv_heads *
                (ll_kv_tile_bytes(e->kv_format, head_dim) + ll_kv_tile_bytes(e->kv_format, value_dim)) / LL_KV_TILE;
}

void ll_cpu_attention(ll_worker *w, const ll_phase *p)
{
    const uint32_t n_kv_heads = w->executor->model->layers[p->layer].n_kv_heads;
    if (w->executor->n_columns <= LL_COLUMNS_MAX)
        few_columns(w, tile_of(w->executor, p), n_kv_heads);
    else
        many_columns(w, tile_of(w->executor, p), n_kv_heads);
}
