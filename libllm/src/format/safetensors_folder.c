/* SPDX-License-Identifier: MIT
 * The safetensors files of a folder: one, or those that an index names. The index is not believed: a name in it is a
 * file of this folder or an error, and each tensor has to be where it says.
 */
#include "format/safetensors.h"

#include "base/json.h"
#include "base/status.h"

#include <limits.h>
#include <string.h>

enum { INDEX_BYTES_MAX = 100 * 1000 * 1000, FILES_MAX = 10000 };

static libllm_status join(const ll_host *host, const char *folder, const char *name, ll_buffer *out,
                          libllm_error *error)
{
    ll_buffer_init(out, host);
    ll_buffer_format(out, "%s/%s", folder, name);
    ll_buffer_byte(out, 0);
    return out->failed ? ll_fail_memory(error, "a path") : LIBLLM_OK;
}

static libllm_status open_in(ll_safetensors *st, const char *folder, const char *name, libllm_load_mode mode,
                             libllm_error *error)
{
    ll_buffer path;
    ll_file file;
    libllm_status status = join(st->host, folder, name, &path, error);
    if (!status)
        status = ll_file_open(st->host, path.data, mode, &file, error);
    if (!status)
        status = ll_safetensors_add(st, &file, path.data, error);
    ll_buffer_free(&path);
    return status;
}

/* A file of the folder itself, so that an index cannot reach elsewhere. */
static libllm_status check_file_name(const json_t *value, const char *tensor, libllm_error *error)
{
    const char *name = json_string_value(value);
    if (!name)
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "the file of tensor \"%.96s\" is not a string", tensor);
    if (strlen(name) != json_string_length(value) || !*name || strlen(name) > NAME_MAX || *name == '.' ||
        strchr(name, '/'))
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE,
                       "the file of tensor \"%.96s\" is \"%.96s\", expected a file name without a path", tensor, name);
    return LIBLLM_OK;
}

/* The files that the tensors are in, each once, in the order of the index. */
static libllm_status open_files(ll_safetensors *st, json_t *places, const char *folder, libllm_load_mode mode,
                                ll_map *files, libllm_error *error)
{
    const char *tensor;
    json_t *place;
    json_object_foreach (places, tensor, place) {
        libllm_status status = check_file_name(place, tensor, error);
        if (status)
            return status;
        bool existed;
        const char *name = json_string_value(place);
        if (!ll_map_insert(files, ll_span_of(name), (uint32_t)st->n_files, &existed))
            return ll_fail_memory(error, "the names of files");
        if (existed)
            continue;
        if (st->n_files == FILES_MAX)
            return ll_fail(error, LIBLLM_ERROR_LIMIT, "more than %d files are named", FILES_MAX);
        status = open_in(st, folder, name, mode, error);
        if (status)
            return status;
    }
    return LIBLLM_OK;
}

static libllm_status check_places(const ll_safetensors *st, json_t *places, const ll_map *files, libllm_error *error)
{
    for (void *at = json_object_iter(places); at; at = json_object_iter_next(places, at)) {
        ll_span name = {json_object_iter_key(at), json_object_iter_key_len(at)};
        const char *file = json_string_value(json_object_iter_value(at));
        const ll_safetensors_tensor *t = ll_safetensors_find(st, name);
        uint32_t index;
        if (!t || !ll_map_find(files, ll_span_of(file), &index) || t->file != index)
            return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "tensor \"%.96s\" is not in %.96s", name.data, file);
    }
    return LIBLLM_OK;
}

static libllm_status open_places(ll_safetensors *st, json_t *places, const char *folder, libllm_load_mode mode,
                                 libllm_error *error)
{
    if (!json_is_object(places) || json_object_size(places) == 0)
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "there is no \"weight_map\" that is an object with members");
    ll_map files;
    if (!ll_map_init(&files, st->host, 0))
        return ll_fail_memory(error, "the names of files");
    libllm_status status = open_files(st, places, folder, mode, &files, error);
    if (!status)
        status = check_places(st, places, &files, error);
    ll_map_free(&files);
    return status;
}

static libllm_status read_index(ll_safetensors *st, const ll_file *file, const char *folder, libllm_load_mode mode,
                                libllm_error *error)
{
    json_t *index;
    if (file->size > INDEX_BYTES_MAX)
        return ll_fail(error, LIBLLM_ERROR_LIMIT, "%zu bytes, the limit on an index is %d", file->size,
                       INDEX_BYTES_MAX);
    libllm_status status = ll_json_parse(st->host, (const char *)file->data, file->size, &index, error);
    if (status)
        return status == LIBLLM_ERROR_JSON ? ll_fail_context(error, LIBLLM_ERROR_CORRUPT_FILE, "not an index") : status;
    status = open_places(st, json_object_get(index, "weight_map"), folder, mode, error);
    json_decref(index);
    return status;
}

static libllm_status open_index(ll_safetensors *st, const char *folder, libllm_load_mode mode, libllm_error *error)
{
    ll_buffer path;
    ll_file file = {0};
    libllm_status status = join(st->host, folder, "model.safetensors.index.json", &path, error);
    if (!status) /* small, and its bytes must not vanish: read */
        status = ll_file_open(st->host, path.data, LIBLLM_LOAD_READ, &file, error);
    if (!status) {
        status = read_index(st, &file, folder, mode, error);
        if (status)
            status = ll_file_fail(error, status, path.data);
    }
    ll_file_close(&file);
    ll_buffer_free(&path);
    return status;
}

libllm_status ll_safetensors_open(const ll_host *host, const char *folder, libllm_load_mode mode, ll_safetensors *st,
                                  libllm_error *error)
{
    *st = (ll_safetensors){.host = host};
    libllm_status status = ll_map_init(&st->index, host, 0) ? open_in(st, folder, "model.safetensors", mode, error)
                                                            : ll_fail_memory(error, "the index of names");
    if (status == LIBLLM_ERROR_NOT_FOUND)
        status = open_index(st, folder, mode, error);
    if (status)
        ll_safetensors_close(st);
    return status;
}
