/* SPDX-License-Identifier: MIT
 * Tables by name.
 */
#include "estimate/data.h"

#include "base/status.h"

#include <stdatomic.h>
#include <string.h>
#include <zlib.h>

struct ll_table_store {
    const ll_host *host;
    _Atomic(char *) texts[]; /* in the order of ll_data_files; NULL: nobody has asked for it */
};

ll_table_store *ll_table_store_create(const ll_host *host)
{
    size_t n = 0;
    while (ll_data_files[n].name)
        n++;
    ll_table_store *store = ll_calloc(host, 1, sizeof *store + n * sizeof *store->texts);
    if (store)
        store->host = host;
    return store;
}

void ll_table_store_free(ll_table_store *store)
{
    if (!store)
        return;
    for (size_t i = 0; ll_data_files[i].name; i++)
        ll_free(store->host, atomic_load(&store->texts[i]));
    ll_free(store->host, store);
}

const ll_host *ll_table_store_host(const ll_table_store *store) { return store->host; }

static void *allocate(void *host, unsigned count, unsigned size) { return ll_alloc(host, count, size); }

static void release(void *host, void *memory) { ll_free(host, memory); }

static libllm_status expand(const ll_host *host, const ll_data_file *file, char *text, libllm_error *error)
{
    ll_host lent = *host; /* zlib takes it without const */
    z_stream stream = {.zalloc = allocate,
                       .zfree = release,
                       .opaque = &lent,
                       .next_in = (z_const Bytef *)file->compressed.data,
                       .avail_in = (uInt)file->compressed.size,
                       .next_out = (Bytef *)text,
                       .avail_out = (uInt)file->size};
    if (inflateInit(&stream) != Z_OK)
        return ll_fail_memory(error, "a table");
    const int end = inflate(&stream, Z_FINISH);
    inflateEnd(&stream);
    if (end == Z_MEM_ERROR)
        return ll_fail_memory(error, "a table");
    if (end != Z_STREAM_END || stream.avail_out != 0)
        return ll_fail(error, LIBLLM_ERROR_INTERNAL, "the table \"%s\" does not expand to its size", file->name);
    return LIBLLM_OK;
}

/* Two threads that come first both expand it, and one of the texts is kept: without a lock, a child of fork() finds
 * none taken. */
static libllm_status text_of(ll_table_store *store, size_t i, ll_span *out, libllm_error *error)
{
    char *text = atomic_load(&store->texts[i]);
    if (!text) {
        text = ll_alloc(store->host, ll_data_files[i].size, 1);
        libllm_status status =
            text ? expand(store->host, &ll_data_files[i], text, error) : ll_fail_memory(error, "a table");
        char *kept = NULL;
        if (status || !atomic_compare_exchange_strong(&store->texts[i], &kept, text)) {
            ll_free(store->host, text);
            text = kept;
        }
        if (status)
            return status;
    }
    *out = (ll_span){text, ll_data_files[i].size};
    return LIBLLM_OK;
}

static libllm_status open_in(const ll_host *host, const char *folder, const char *name, ll_data *out,
                             libllm_error *error)
{
    ll_buffer path;
    ll_buffer_init(&path, host);
    ll_buffer_format(&path, "%s/%s", folder, name);
    ll_buffer_byte(&path, 0);
    libllm_status status = path.failed ? ll_fail_memory(error, "a path")
                                       : ll_file_open(host, path.data, LIBLLM_LOAD_READ, &out->file, error);
    ll_buffer_free(&path);
    if (status)
        return status;
    out->is_file = true;
    out->text = (ll_span){(const char *)out->file.data, out->file.size};
    return LIBLLM_OK;
}

libllm_status ll_data_open(const ll_tables *tables, const char *name, ll_data *out, libllm_error *error)
{
    *out = (ll_data){0};
    if (tables->folder) {
        libllm_error problem = {0};
        libllm_status status = open_in(tables->store->host, tables->folder, name, out, &problem);
        if (status != LIBLLM_ERROR_NOT_FOUND)
            return status ? ll_fail(error, status, "%s", problem.message) : status;
    }
    for (size_t i = 0; ll_data_files[i].name; i++)
        if (strcmp(ll_data_files[i].name, name) == 0)
            return text_of(tables->store, i, &out->text, error);
    return ll_fail(error, LIBLLM_ERROR_INTERNAL, "there is no table \"%s\"", name);
}

void ll_data_close(ll_data *data)
{
    if (data->is_file)
        ll_file_close(&data->file);
    *data = (ll_data){0};
}
