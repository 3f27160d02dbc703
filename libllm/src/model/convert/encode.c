/* SPDX-License-Identifier: MIT
 * From the bytes of a tensor to those of another type: a slab of rows at a time, whose rows the threads of the team
 * take one by one. Rows do not depend on each other, so the result is the same for any number of threads.
 */
#include "model/convert/internal.h"

#include "base/status.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { SLAB_ELEMENTS = 1 << 20, COPY_BYTES = 8 << 20 };

/* What is odd about the values. */
enum { NOT_FINITE = 1, TOO_LARGE = 2 };

/* Rows [first, first + n) of a tensor. */
typedef struct slab {
    ll_convert_work *work;
    const ll_tensor_plan *plan;
    size_t row; /* elements of one */
    size_t first, n;
    atomic_size_t next;
    atomic_uint odd;
} slab;

libllm_status ll_convert_work_open(ll_convert_work *w, const ll_tensor_plan *plans, size_t n, libllm_error *error)
{
    size_t longest = 0, slab_bytes = 0;
    for (size_t i = 0; i < n; i++) {
        const size_t row = (size_t)plans[i].source->ne[0], row_bytes = ll_type_row_bytes(plans[i].to, row);
        const size_t rows = row < SLAB_ELEMENTS ? SLAB_ELEMENTS / row : 1;
        longest = row > longest ? row : longest;
        slab_bytes = rows * row_bytes > slab_bytes ? rows * row_bytes : slab_bytes;
    }
    w->row_capacity = longest;
    w->rows = ll_alloc_aligned(w->host, longest * ll_team_size(w->team), sizeof *w->rows, 64);
    w->out = ll_alloc_aligned(w->host, slab_bytes, 1, 64);
    return w->rows && w->out ? LIBLLM_OK : ll_fail_memory(error, "rows of weights");
}

void ll_convert_work_close(ll_convert_work *w)
{
    ll_free(w->host, w->rows);
    ll_free(w->host, w->out);
}

/* Where a row comes from: 0, 1, 2, ... of a head are its rows 0, half, 1, half + 1, ... */
static size_t source_row(const ll_tensor_plan *p, size_t row)
{
    if (p->head_rows == 0)
        return row;
    const size_t within = row % p->head_rows;
    return within < p->n_rot ? row - within + within / 2 + (within % 2) * (p->n_rot / 2) : row;
}

static unsigned oddities(const float *x, size_t n, const ll_type_traits *to)
{
    float most = 0;
    unsigned odd = 0;
    for (size_t i = 0; i < n; i++) {
        const float size = fabsf(x[i]);
        if (!(size < INFINITY))
            odd |= NOT_FINITE;
        else if (size > most)
            most = size;
    }
    /* From here on halves are infinite, where blocks have a largest value instead. */
    return to->type == LL_TYPE_F16 && most >= 65520.0f ? odd | TOO_LARGE : odd;
}

static const float *importance_of(const ll_tensor_plan *p, size_t row)
{
    const ll_importance_entry *e = p->importance;
    if (!e)
        return NULL;
    const size_t matrix = row / (size_t)p->source->ne[1];
    return e->means + (e->n_matrices > 1 ? matrix * e->n : 0);
}

static void encode_rows(void *context, uint32_t thread, uint32_t n_threads)
{
    slab *s = context;
    const ll_tensor_plan *p = s->plan;
    ll_convert_work *w = s->work;
    float *row = w->rows + thread * w->row_capacity;
    const size_t from_bytes = ll_type_row_bytes(p->from, s->row), to_bytes = ll_type_row_bytes(p->to, s->row);
    (void)n_threads;
    for (size_t i; (i = atomic_fetch_add_explicit(&s->next, 1, memory_order_relaxed)) < s->n;) {
        p->from->decode(p->source->data + source_row(p, s->first + i) * from_bytes, row, s->row);
        const unsigned odd = oddities(row, s->row, p->to);
        if (odd)
            atomic_fetch_or_explicit(&s->odd, odd, memory_order_relaxed);
        p->to->encode(row, importance_of(p, s->first + i), w->out + i * to_bytes, s->row);
    }
}

static bool never(void *context)
{
    (void)context;
    return false;
}

static libllm_status stopped(libllm_error *error) { return ll_fail(error, LIBLLM_ERROR_CANCELLED, "cancelled"); }

/* The bytes as they are. */
static libllm_status copy_tensor(ll_convert_work *w, const ll_tensor_plan *p, libllm_error *error)
{
    const uint64_t n = p->source->n_bytes;
    libllm_status status = LIBLLM_OK;
    for (uint64_t at = 0; !status && at < n; at += COPY_BYTES) {
        const uint64_t piece = n - at < COPY_BYTES ? n - at : COPY_BYTES;
        status = ll_gguf_write_bytes(w->writer, p->source->data + at, (size_t)piece, error);
        if (!status && at + piece < n && ll_convert_report(w, p, at + piece, false))
            status = stopped(error);
    }
    return status;
}

static libllm_status encode_tensor(ll_convert_work *w, const ll_tensor_plan *p, unsigned *odd, libllm_error *error)
{
    const ll_gguf_tensor *t = p->source;
    const bool by_elements = p->head_rows && t->n_dims == 1; /* a bias, whose elements belong to rows */
    slab s = {.work = w, .plan = p, .row = by_elements ? 1 : (size_t)t->ne[0]};
    const size_t n_rows = by_elements ? (size_t)t->ne[0] : (size_t)(t->ne[1] * t->ne[2] * t->ne[3]);
    const size_t per_slab = s.row < SLAB_ELEMENTS ? SLAB_ELEMENTS / s.row : 1;
    libllm_status status = LIBLLM_OK;
    for (s.first = 0; !status && s.first < n_rows; s.first += s.n) {
        s.n = n_rows - s.first < per_slab ? n_rows - s.first : per_slab;
        atomic_store(&s.next, 0);
        status = ll_team_run(w->team, encode_rows, never, &s, error);
        if (!status)
            status = ll_gguf_write_bytes(w->writer, w->out, s.n * ll_type_row_bytes(p->to, s.row), error);
        if (!status && s.first + s.n < n_rows &&
            ll_convert_report(w, p, (s.first + s.n) * ll_type_row_bytes(p->from, s.row), false))
            status = stopped(error);
    }
    *odd = atomic_load(&s.odd);
    return status;
}

libllm_status ll_convert_tensor(ll_convert_work *w, const ll_tensor_plan *p, libllm_error *error)
{
    unsigned odd = 0;
    ll_tensor_plan seen = *p;
    libllm_status status =
        p->from == p->to && !p->head_rows ? copy_tensor(w, p, error) : encode_tensor(w, p, &odd, error);
    if (!status && odd & TOO_LARGE)
        status = ll_fail(error, LIBLLM_ERROR_UNSUPPORTED,
                         "tensor \"%.*s\" has values beyond 65504, the largest of F16: choose BF16 or F32",
                         (int)(p->source->name.size < 96 ? p->source->name.size : 96), p->source->name.data);
    if (odd & NOT_FINITE)
        seen.note = ll_type_has_blocks(p->to) ? "it has values that are no numbers, which became 0"
                                              : "it has values that are no numbers";
    if (!status && ll_convert_report(w, &seen, p->source->n_bytes, true))
        status = stopped(error);
    w->n_bytes_done += p->source->n_bytes;
    return status;
}
