/* SPDX-License-Identifier: MIT
 * The files of importance matrices. In GGUF a tensor NAME has NAME.in_sum2 (sums of squares) and NAME.counts (how many
 * were summed); the older format is a list of means times a number of calls.
 */
#include "model/convert/importance.h"

#include "base/checked.h"
#include "base/cursor.h"
#include "base/status.h"
#include "format/gguf_make.h"
#include "format/gguf_write.h"
#include "quant/quant.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static const char sums_ending[] = ".in_sum2", counts_ending[] = ".counts";

typedef struct reader {
    ll_importance *out;
    libllm_error *error;
    size_t n_text, n_values; /* used so far */
} reader;

static bool has_ending(ll_span name, const char *ending, ll_span *stem)
{
    const size_t n = strlen(ending);
    *stem = (ll_span){name.data, name.size >= n ? name.size - n : 0};
    return name.size > n && memcmp(name.data + name.size - n, ending, n) == 0;
}

static libllm_status make(reader *r, const ll_host *host, size_t n_entries, size_t n_text, size_t n_values)
{
    ll_importance *m = r->out;
    *m = (ll_importance){.host = host};
    m->entries = ll_alloc(host, n_entries, sizeof *m->entries);
    m->texts = ll_alloc(host, n_text, 1);
    m->values = ll_alloc(host, n_values, sizeof *m->values);
    return m->entries && m->texts && m->values && ll_map_init(&m->index, host, n_entries)
               ? LIBLLM_OK
               : ll_fail_memory(r->error, "an importance matrix");
}

static ll_span keep_text(reader *r, ll_span text)
{
    char *copy = r->out->texts + r->n_text;
    if (text.size)
        memcpy(copy, text.data, text.size);
    r->n_text += text.size;
    return (ll_span){copy, text.size};
}

/* Room for the means of another tensor; NULL, with an error, when it cannot be. */
static ll_importance_entry *add_entry(reader *r, ll_span name, size_t n, size_t n_matrices)
{
    ll_importance *m = r->out;
    bool existed;
    ll_importance_entry *entry = &m->entries[m->n_entries];
    *entry = (ll_importance_entry){
        .name = keep_text(r, name), .means = m->values + r->n_values, .n = n, .n_matrices = n_matrices};
    if (!ll_map_insert(&m->index, entry->name, (uint32_t)m->n_entries, &existed)) {
        ll_fail_memory(r->error, "an importance matrix");
        return NULL;
    }
    if (existed) {
        ll_fail(r->error, LIBLLM_ERROR_CORRUPT_FILE, "\"%.*s\" is there twice", (int)(name.size < 64 ? name.size : 64),
                name.data);
        return NULL;
    }
    r->n_values += n * n_matrices;
    m->n_entries++;
    return entry;
}

static libllm_status fail_value(reader *r, ll_span name)
{
    return ll_fail(r->error, LIBLLM_ERROR_CORRUPT_FILE, "\"%.*s\" has values that are negative or no numbers",
                   (int)(name.size < 64 ? name.size : 64), name.data);
}

/* GGUF ------------------------------------------------------------------------------------------------------------- */

static libllm_status read_sums(reader *r, const ll_gguf *g, const ll_gguf_tensor *t, ll_span stem)
{
    ll_buffer name;
    ll_buffer_init(&name, r->out->host);
    ll_buffer_append(&name, stem.data, stem.size);
    ll_buffer_text(&name, counts_ending);
    const ll_gguf_tensor *counts = name.failed ? NULL : ll_gguf_find_tensor(g, (ll_span){name.data, name.size});
    const bool failed = name.failed;
    ll_buffer_free(&name);
    if (failed)
        return ll_fail_memory(r->error, "an importance matrix");
    const uint64_t n_matrices = t->ne[1] * t->ne[2] * t->ne[3]; /* fits: the tensor lies in the file */
    if (!counts || t->type != LL_TYPE_F32 || counts->type != LL_TYPE_F32 ||
        counts->n_bytes != n_matrices * sizeof(float))
        return ll_fail(r->error, LIBLLM_ERROR_CORRUPT_FILE,
                       "tensor \"%.*s\": expected F32, and a tensor of counts of that type, one for each row",
                       (int)(t->name.size < 96 ? t->name.size : 96), t->name.data);
    const size_t n = (size_t)t->ne[0];
    ll_importance_entry *entry = add_entry(r, stem, n, (size_t)n_matrices);
    if (!entry)
        return r->error ? r->error->status : LIBLLM_ERROR_CORRUPT_FILE;
    for (size_t i = 0; i < n_matrices; i++) {
        float count;
        memcpy(&count, counts->data + i * sizeof count, sizeof count);
        for (size_t k = 0; k < n; k++) {
            float sum;
            memcpy(&sum, t->data + (i * n + k) * sizeof sum, sizeof sum);
            const float mean = count > 0 ? sum / count : 1;
            if (!(mean >= 0) || isinf(mean))
                return fail_value(r, stem);
            entry->means[i * n + k] = mean;
        }
    }
    return LIBLLM_OK;
}

static libllm_status read_gguf(reader *r, const ll_host *host, const ll_gguf *g)
{
    size_t n_entries = 0, n_text = 0, n_values = 0;
    ll_span type = {NULL, 0}, dataset = {NULL, 0}, stem;
    const ll_gguf_value *datasets = ll_gguf_find(g, "imatrix.datasets");
    if (datasets && datasets->type == LL_GGUF_STRING && datasets->count > 0)
        dataset = ll_gguf_next_string(&(ll_gguf_strings){.next = datasets->data});
    for (size_t i = 0; i < g->n_tensors; i++) {
        const ll_gguf_tensor *t = &g->tensors[i];
        const bool has = has_ending(t->name, sums_ending, &stem);
        n_entries += has;
        n_text += stem.size;
        n_values += has ? (size_t)(t->ne[0] * t->ne[1] * t->ne[2] * t->ne[3]) : 0;
    }
    libllm_status status = make(r, host, n_entries, n_text + dataset.size, n_values);
    if (!status)
        status = ll_gguf_get_string(g, "general.type", &type, r->error);
    if (!status && n_entries == 0)
        status =
            ll_fail(r->error, LIBLLM_ERROR_CORRUPT_FILE, "is no importance matrix: it has no tensor \"*.in_sum2\"");
    if (!status)
        status = ll_gguf_get_u32(g, "imatrix.chunk_count", &r->out->n_chunks, r->error);
    if (!status)
        r->out->dataset = keep_text(r, dataset);
    for (size_t i = 0; !status && i < g->n_tensors; i++)
        if (has_ending(g->tensors[i].name, sums_ending, &stem))
            status = read_sums(r, g, &g->tensors[i], stem);
    return status;
}

/* The older format ------------------------------------------------------------------------------------------------- */

static bool take_i32(ll_cursor *in, int32_t *out)
{
    const uint8_t *data;
    if (!ll_cursor_take(in, sizeof *out, &data))
        return false;
    memcpy(out, data, sizeof *out);
    return true;
}

static bool take_text(ll_cursor *in, ll_span *text)
{
    int32_t n;
    const uint8_t *data;
    if (!take_i32(in, &n) || n < 0 || !ll_cursor_take(in, (size_t)n, &data))
        return false;
    *text = (ll_span){(const char *)data, (size_t)n};
    return true;
}

static libllm_status fail_list(reader *r, const ll_cursor *in)
{
    return ll_fail(r->error, LIBLLM_ERROR_CORRUPT_FILE, "is no importance matrix, or is cut off at offset %zu",
                   in->position);
}

static libllm_status read_item(reader *r, ll_cursor *in)
{
    ll_span name;
    int32_t n_calls, n;
    const uint8_t *data;
    if (!take_text(in, &name) || !take_i32(in, &n_calls) || !take_i32(in, &n) || n < 0 ||
        !ll_cursor_take(in, (size_t)n * sizeof(float), &data))
        return fail_list(r, in);
    ll_importance_entry *entry = add_entry(r, name, (size_t)n, 1);
    if (!entry)
        return r->error ? r->error->status : LIBLLM_ERROR_CORRUPT_FILE;
    for (size_t i = 0; i < (size_t)n; i++) {
        float sum;
        memcpy(&sum, data + i * sizeof sum, sizeof sum);
        entry->means[i] = n_calls > 0 ? sum / (float)n_calls : sum;
        if (!(entry->means[i] >= 0) || isinf(entry->means[i]))
            return fail_value(r, name);
    }
    return LIBLLM_OK;
}

static libllm_status read_list(reader *r, const ll_host *host, const ll_file *file)
{
    enum { ITEM_BYTES = 12 };
    ll_cursor in = {.data = file->data, .size = file->size};
    int32_t n, n_chunks;
    ll_span dataset;
    if (!take_i32(&in, &n) || n < 1 || (size_t)n > ll_cursor_left(&in) / ITEM_BYTES)
        return fail_list(r, &in);
    libllm_status status = make(r, host, (size_t)n, file->size, file->size / sizeof(float));
    for (int32_t i = 0; !status && i < n; i++)
        status = read_item(r, &in);
    if (!status && take_i32(&in, &n_chunks) && n_chunks > 0) /* which old files end without */
        r->out->n_chunks = (uint32_t)n_chunks;
    if (!status && take_text(&in, &dataset))
        r->out->dataset = keep_text(r, dataset);
    return status;
}

libllm_status ll_importance_read(const ll_host *host, const char *path, ll_importance *m, libllm_error *error)
{
    libllm_error own = {0};
    ll_file file = {0};
    ll_gguf gguf = {0};
    reader r = {.out = m, .error = error ? error : &own};
    *m = (ll_importance){0};
    libllm_status status = ll_file_open(host, path, LIBLLM_LOAD_MAP, &file, error);
    if (status)
        return status;
    const bool is_gguf = file.size >= 4 && memcmp(file.data, "GGUF", 4) == 0;
    if (is_gguf)
        status = ll_gguf_parse(host, file.data, file.size, path, ll_type_block_size, &gguf, error);
    if (!status) {
        status = is_gguf ? read_gguf(&r, host, &gguf) : read_list(&r, host, &file);
        if (status)
            ll_file_fail(r.error, status, path);
    }
    ll_gguf_close(&gguf);
    ll_file_close(&file);
    if (status)
        ll_importance_free(m);
    return status;
}

void ll_importance_free(ll_importance *m)
{
    if (!m->host)
        return;
    ll_free(m->host, m->entries);
    ll_free(m->host, m->texts);
    ll_free(m->host, m->values);
    ll_map_free(&m->index);
    *m = (ll_importance){0};
}

const ll_importance_entry *ll_importance_find(const ll_importance *m, ll_span name)
{
    uint32_t index;
    return m->n_entries && ll_map_find(&m->index, name, &index) ? &m->entries[index] : NULL;
}

/* Writing ---------------------------------------------------------------------------------------------------------- */

static void put_float_tensor(ll_gguf_maker *maker, ll_buffer *name, ll_span stem, const char *ending, size_t n,
                             size_t n_rows)
{
    name->size = 0;
    ll_buffer_append(name, stem.data, stem.size);
    ll_buffer_text(name, ending);
    maker->failed = maker->failed || name->failed;
    if (!maker->failed)
        ll_gguf_put_tensor(maker, &(ll_gguf_tensor){.name = {name->data, name->size},
                                                    .type = LL_TYPE_F32,
                                                    .n_dims = n_rows > 1 ? 2 : 1,
                                                    .ne = {n, n_rows, 1, 1},
                                                    .n_bytes = n * n_rows * sizeof(float)});
}

static bool has_inputs(const ll_importance_sums *s)
{
    for (size_t i = 0; i < s->n_matrices; i++)
        if (s->counts[i])
            return true;
    return false;
}

static libllm_status write_sums(ll_gguf_writer *writer, const ll_importance_sums *s, libllm_error *error)
{
    libllm_status status = ll_gguf_write_bytes(writer, s->squares, s->n * s->n_matrices * sizeof(float), error);
    for (size_t i = 0; !status && i < s->n_matrices; i++) {
        const float count = (float)s->counts[i];
        status = ll_gguf_write_bytes(writer, &count, sizeof count, error);
    }
    return status;
}

libllm_status ll_importance_write(const ll_host *host, const char *path, bool replaces, const ll_importance_sums *sums,
                                  size_t n_sums, const ll_importance_origin *origin, libllm_error *error)
{
    ll_gguf header;
    ll_gguf_maker maker;
    ll_gguf_writer writer = {0};
    ll_buffer name;
    ll_buffer_init(&name, host);
    ll_gguf_make(&maker, host, &header);
    ll_gguf_put_string(&maker, "general.type", ll_span_of("imatrix"));
    ll_gguf_put_strings(&maker, "imatrix.datasets", &origin->dataset, 1);
    ll_gguf_put_u32(&maker, "imatrix.chunk_count", origin->n_chunks);
    ll_gguf_put_u32(&maker, "imatrix.chunk_size", origin->chunk_size);
    for (size_t i = 0; i < n_sums; i++) {
        if (!has_inputs(&sums[i]))
            continue;
        put_float_tensor(&maker, &name, sums[i].name, sums_ending, sums[i].n, sums[i].n_matrices);
        put_float_tensor(&maker, &name, sums[i].name, counts_ending, 1, sums[i].n_matrices);
    }
    libllm_status status = maker.failed ? ll_fail_memory(error, "an importance matrix")
                           : header.n_tensors == 0
                               ? ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "no inputs of matrices were collected")
                               : ll_gguf_write_begin(&writer, host, path, replaces, &header, error);
    for (size_t i = 0; !status && i < n_sums; i++)
        if (has_inputs(&sums[i]))
            status = write_sums(&writer, &sums[i], error);
    if (!status)
        status = ll_gguf_write_end(&writer, error);
    ll_gguf_write_abandon(&writer);
    ll_gguf_close(&header);
    ll_buffer_free(&name);
    return status;
}
