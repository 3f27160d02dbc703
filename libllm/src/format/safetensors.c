/* SPDX-License-Identifier: MIT
 * Reading the header of a safetensors file. It is JSON, and small besides the tensors; what is counted in it is counted
 * on its text first, before anything is built.
 */
#include "format/safetensors.h"

#include "base/checked.h"
#include "base/cursor.h"
#include "base/json.h"
#include "base/status.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <string.h>

enum { HEADER_MAX = 100 * 1000 * 1000, SHOWN_NAME_MAX = 96 };

static const struct {
    const char *name;
    uint32_t size;
} types[] = {
    [LL_SAFETENSORS_BOOL] = {"BOOL", 1},       [LL_SAFETENSORS_U8] = {"U8", 1},
    [LL_SAFETENSORS_I8] = {"I8", 1},           [LL_SAFETENSORS_F8_E4M3] = {"F8_E4M3", 1},
    [LL_SAFETENSORS_F8_E5M2] = {"F8_E5M2", 1}, [LL_SAFETENSORS_F8_E8M0] = {"F8_E8M0", 1},
    [LL_SAFETENSORS_I16] = {"I16", 2},         [LL_SAFETENSORS_U16] = {"U16", 2},
    [LL_SAFETENSORS_F16] = {"F16", 2},         [LL_SAFETENSORS_BF16] = {"BF16", 2},
    [LL_SAFETENSORS_I32] = {"I32", 4},         [LL_SAFETENSORS_U32] = {"U32", 4},
    [LL_SAFETENSORS_F32] = {"F32", 4},         [LL_SAFETENSORS_I64] = {"I64", 8},
    [LL_SAFETENSORS_U64] = {"U64", 8},         [LL_SAFETENSORS_F64] = {"F64", 8},
};
#define N_TYPES (sizeof types / sizeof *types)

const char *ll_safetensors_type_name(ll_safetensors_type type) { return types[type].name; }

/* One file while it is read. */
typedef struct parser {
    const ll_host *host;
    libllm_error *error;
    const uint8_t *data; /* behind the header */
    uint64_t data_offset, n_data;
    uint32_t file;
} parser;

static libllm_status fail_corrupt(const parser *p, const char *what)
{
    return ll_fail(p->error, LIBLLM_ERROR_CORRUPT_FILE, "%s", what);
}

/* Objects that open in a JSON text, one for each tensor and two for the rest. */
static size_t count_objects(const char *text, size_t n)
{
    size_t n_objects = 0;
    bool in_string = false;
    for (size_t i = 0; i < n; i++) {
        if (in_string && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            in_string = !in_string;
        else
            n_objects += !in_string && text[i] == '{';
    }
    return n_objects;
}

static libllm_status find_header(parser *p, const uint8_t *data, size_t size, ll_span *header)
{
    ll_cursor in = {data, size, 0};
    uint64_t n;
    if (!ll_cursor_u64(&in, &n))
        return ll_fail(p->error, LIBLLM_ERROR_CORRUPT_FILE,
                       "truncated at offset 0: the size of the header needs 8 bytes, %zu are left", size);
    if (n > HEADER_MAX)
        return ll_fail(p->error, LIBLLM_ERROR_LIMIT,
                       "the header at offset 8 has %" PRIu64 " bytes, the limit on headers is %d", n, HEADER_MAX);
    if (n > ll_cursor_left(&in))
        return ll_fail(p->error, LIBLLM_ERROR_CORRUPT_FILE,
                       "truncated at offset 8: the header needs %" PRIu64 " bytes, %zu are left", n,
                       ll_cursor_left(&in));
    *header = (ll_span){(const char *)data + 8, (size_t)n};
    p->data = data + 8 + n;
    p->data_offset = 8 + n;
    p->n_data = size - p->data_offset;
    return LIBLLM_OK;
}

static libllm_status parse_header(const parser *p, ll_span text, json_t **out)
{
    *out = NULL;
    while (text.size > 0 && text.data[text.size - 1] == ' ') /* pads the header to where data may start */
        text.size--;
    if (text.size < 2 || text.data[0] != '{' || text.data[text.size - 1] != '}')
        return fail_corrupt(p, "the header at offset 8 is not a JSON object");
    size_t n_objects = count_objects(text.data, text.size);
    if (n_objects > (size_t)p->host->limits.tensors + 2)
        return ll_fail(p->error, LIBLLM_ERROR_LIMIT, "the header has %zu objects, the limit tensors is %" PRIu32,
                       n_objects, p->host->limits.tensors);
    libllm_status status = ll_json_parse(p->host, text.data, text.size, out, p->error);
    if (status == LIBLLM_ERROR_JSON)
        status = LIBLLM_ERROR_CORRUPT_FILE;
    return status ? ll_fail_context(p->error, status, "the header at offset 8") : LIBLLM_OK;
}

static libllm_status read_type(const parser *p, const json_t *value, ll_safetensors_type *out)
{
    const char *name = json_string_value(value);
    if (!name)
        return fail_corrupt(p, "it has no \"dtype\" that is a string");
    for (size_t i = 0; i < N_TYPES; i++)
        if (strlen(types[i].name) == json_string_length(value) && strcmp(types[i].name, name) == 0) {
            *out = (ll_safetensors_type)i;
            return LIBLLM_OK;
        }
    return ll_fail(p->error, LIBLLM_ERROR_UNSUPPORTED, "unknown dtype \"%.16s\"", name);
}

/* A member of the list that is a count; jansson has refused what does not fit into 64 bits. */
static bool read_count(const json_t *list, size_t i, uint64_t *out)
{
    const json_t *value = json_array_get(list, i);
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *out = (uint64_t)json_integer_value(value);
    return true;
}

static libllm_status read_shape(const parser *p, const json_t *list, ll_safetensors_tensor *t)
{
    if (!json_is_array(list))
        return fail_corrupt(p, "it has no \"shape\" that is a list");
    if (json_array_size(list) > LL_SAFETENSORS_DIMS_MAX)
        return ll_fail(p->error, LIBLLM_ERROR_LIMIT, "%zu dimensions, the limit on dimensions is %d",
                       json_array_size(list), LL_SAFETENSORS_DIMS_MAX);
    t->n_dims = (uint32_t)json_array_size(list);
    for (uint32_t i = 0; i < LL_SAFETENSORS_DIMS_MAX; i++) {
        t->shape[i] = 1;
        if (i < t->n_dims && !read_count(list, i, &t->shape[i]))
            return ll_fail(p->error, LIBLLM_ERROR_CORRUPT_FILE, "dimension %" PRIu32 " is not a count", i);
    }
    return LIBLLM_OK;
}

static libllm_status read_place(const parser *p, const json_t *list, ll_safetensors_tensor *t)
{
    uint64_t begin, end, n_bytes = types[t->type].size;
    if (json_array_size(list) != 2 || !read_count(list, 0, &begin) || !read_count(list, 1, &end))
        return fail_corrupt(p, "its \"data_offsets\" are not two counts");
    if (begin > end || end > p->n_data)
        return ll_fail(p->error, LIBLLM_ERROR_CORRUPT_FILE,
                       "data offsets %" PRIu64 " to %" PRIu64 ", expected a range within the %" PRIu64
                       " bytes behind the header",
                       begin, end, p->n_data);
    for (uint32_t i = 0; i < t->n_dims; i++)
        if (!ll_mul_u64(n_bytes, t->shape[i], &n_bytes))
            return fail_corrupt(p, "the product of its dimensions overflows");
    if (n_bytes != end - begin)
        return ll_fail(p->error, LIBLLM_ERROR_CORRUPT_FILE,
                       "its shape needs %" PRIu64 " bytes of type %s, but data offsets %" PRIu64 " to %" PRIu64
                       " are %" PRIu64,
                       n_bytes, types[t->type].name, begin, end, end - begin);
    t->offset = p->data_offset + begin;
    t->n_bytes = n_bytes;
    t->data = p->data + begin;
    t->file = p->file;
    return LIBLLM_OK;
}

static libllm_status read_tensor(const parser *p, const json_t *value, ll_safetensors_tensor *t)
{
    if (!json_is_object(value))
        return fail_corrupt(p, "it is not an object");
    libllm_status status = read_type(p, json_object_get(value, "dtype"), &t->type);
    if (!status)
        status = read_shape(p, json_object_get(value, "shape"), t);
    if (!status)
        status = read_place(p, json_object_get(value, "data_offsets"), t);
    return status;
}

static libllm_status check_name(const parser *p, ll_span name)
{
    if (name.size == 0 || memchr(name.data, 0, name.size))
        return fail_corrupt(p, "the name of a tensor is empty or holds a NUL");
    if (name.size > p->host->limits.key_bytes)
        return ll_fail(p->error, LIBLLM_ERROR_LIMIT,
                       "the name of a tensor has %zu bytes, the limit key_bytes is %" PRIu32, name.size,
                       p->host->limits.key_bytes);
    return LIBLLM_OK;
}

static libllm_status fail_tensor(const parser *p, libllm_status status, ll_span name)
{
    size_t shown = ll_utf8_complete(name.data, name.size < SHOWN_NAME_MAX ? name.size : SHOWN_NAME_MAX);
    return ll_fail_context(p->error, status, "tensor \"%.*s\"", (int)shown, name.data);
}

static bool is_metadata(ll_span name) { return ll_span_is(name, "__metadata__"); }

static libllm_status check_metadata(const parser *p, const json_t *value)
{
    const char *key;
    json_t *text;
    if (!json_is_object(value))
        return fail_corrupt(p, "\"__metadata__\" in the header is not an object");
    json_object_foreach ((json_t *)(uintptr_t)value, key, text)
        if (!json_is_string(text))
            return ll_fail(p->error, LIBLLM_ERROR_CORRUPT_FILE,
                           "\"%.64s\" of \"__metadata__\" in the header is not a string", key);
    return LIBLLM_OK;
}

static ll_span key_at(void *at) { return (ll_span){json_object_iter_key(at), json_object_iter_key_len(at)}; }

/* Copies the names behind each other, as the JSON value goes. */
static libllm_status add_names(const parser *p, json_t *header, ll_safetensors *st)
{
    size_t n_bytes = 0, n = 0;
    for (void *at = json_object_iter(header); at; at = json_object_iter_next(header, at)) {
        libllm_status status = check_name(p, key_at(at));
        if (status)
            return status;
        n_bytes += key_at(at).size;
        n += !is_metadata(key_at(at));
    }
    size_t n_all = st->n_tensors + n;
    if (n_all > p->host->limits.tensors)
        return ll_fail(p->error, LIBLLM_ERROR_LIMIT, "%zu tensors, the limit tensors is %" PRIu32, n_all,
                       p->host->limits.tensors);
    char *names = st->names[p->file] = ll_alloc(p->host, n_bytes, 1);
    ll_safetensors_tensor *grown = names ? ll_realloc(p->host, st->tensors, st->n_tensors, n_all, sizeof *grown) : NULL;
    if (!grown)
        return ll_fail_memory(p->error, "the tensors");
    st->tensors = grown;
    for (void *at = json_object_iter(header); at; at = json_object_iter_next(header, at)) {
        ll_span key = key_at(at);
        if (is_metadata(key))
            continue;
        memcpy(names, key.data, key.size);
        ll_span name = {names, key.size};
        bool existed;
        if (!ll_map_insert(&st->index, name, (uint32_t)st->n_tensors, &existed))
            return ll_fail_memory(p->error, "the index of names");
        if (existed)
            return fail_tensor(p, fail_corrupt(p, "it is in two files"), name);
        st->tensors[st->n_tensors++] = (ll_safetensors_tensor){.name = name};
        names += key.size;
    }
    return LIBLLM_OK;
}

/* Follows the tensors from each one's end to the one that begins there; those without bytes lie anywhere. */
static libllm_status check_tiling(const parser *p, const ll_safetensors_tensor *tensors, size_t n)
{
    ll_map begins;
    if (!ll_map_init(&begins, p->host, n))
        return ll_fail_memory(p->error, "the order of tensors");
    libllm_status status = LIBLLM_OK;
    size_t n_placed = 0, n_met = 0;
    for (size_t i = 0; !status && i < n; i++) {
        bool existed = false;
        if (tensors[i].n_bytes == 0)
            continue;
        n_placed++;
        ll_span begin = {(const char *)&tensors[i].offset, sizeof tensors[i].offset};
        if (!ll_map_insert(&begins, begin, (uint32_t)i, &existed))
            status = ll_fail_memory(p->error, "the order of tensors");
        else if (existed)
            status = fail_tensor(p, fail_corrupt(p, "overlaps another tensor"), tensors[i].name);
    }
    uint64_t at = p->data_offset;
    for (uint32_t i; !status && ll_map_find(&begins, (ll_span){(const char *)&at, sizeof at}, &i); n_met++)
        at += tensors[i].n_bytes;
    if (!status && at != p->data_offset + p->n_data)
        status = ll_fail(p->error, LIBLLM_ERROR_CORRUPT_FILE,
                         "no tensor begins at offset %" PRIu64 ", where the one before it ends: there is a hole or an "
                         "overlap",
                         at);
    if (!status && n_met != n_placed)
        status = ll_fail(p->error, LIBLLM_ERROR_CORRUPT_FILE, "tensors overlap behind offset %" PRIu64, p->data_offset);
    ll_map_free(&begins);
    return status;
}

static libllm_status read_file(parser *p, const uint8_t *data, size_t size, ll_safetensors *st)
{
    size_t first = st->n_tensors;
    ll_span text = {NULL, 0};
    json_t *header = NULL;
    libllm_status status = find_header(p, data, size, &text);
    if (!status)
        status = parse_header(p, text, &header);
    if (!status && json_object_get(header, "__metadata__"))
        status = check_metadata(p, json_object_get(header, "__metadata__"));
    if (!status)
        status = add_names(p, header, st);
    size_t next = first;
    for (void *at = json_object_iter(header); !status && at; at = json_object_iter_next(header, at)) {
        if (is_metadata(key_at(at)))
            continue;
        ll_safetensors_tensor *t = &st->tensors[next++];
        status = read_tensor(p, json_object_iter_value(at), t);
        if (status)
            status = fail_tensor(p, status, t->name);
    }
    json_decref(header);
    if (status || st->n_tensors == first)
        return status || p->n_data == 0 ? status : fail_corrupt(p, "there is data behind a header without tensors");
    return check_tiling(p, &st->tensors[first], st->n_tensors - first);
}

/* Room for another file, zeroed. */
static libllm_status grow(ll_safetensors *st, libllm_error *error)
{
    size_t n = st->n_files;
    ll_file *files = ll_realloc(st->host, st->files, n, n + 1, sizeof *files);
    if (files)
        st->files = files;
    char **names = files ? ll_realloc(st->host, st->names, n, n + 1, sizeof *names) : NULL;
    if (!names)
        return ll_fail_memory(error, "a file");
    st->names = names;
    st->files[n] = (ll_file){0};
    st->names[n] = NULL;
    st->n_files++;
    return LIBLLM_OK;
}

/* The tensors of the last file, whose bytes these are. */
static libllm_status read_last(ll_safetensors *st, const uint8_t *data, size_t size, const char *name,
                               libllm_error *error)
{
    parser p = {.host = st->host, .error = error, .file = (uint32_t)(st->n_files - 1)};
    libllm_status status = read_file(&p, data, size, st);
    return status ? ll_file_fail(error, status, name) : LIBLLM_OK;
}

libllm_status ll_safetensors_add(ll_safetensors *st, ll_file *file, const char *name, libllm_error *error)
{
    libllm_status status = grow(st, error);
    if (status) {
        ll_file_close(file);
        return status;
    }
    st->files[st->n_files - 1] = *file;
    *file = (ll_file){0};
    return read_last(st, st->files[st->n_files - 1].data, st->files[st->n_files - 1].size, name, error);
}

libllm_status ll_safetensors_parse(const ll_host *host, const uint8_t *data, size_t size, const char *name,
                                   ll_safetensors *st, libllm_error *error)
{
    *st = (ll_safetensors){.host = host};
    libllm_status status =
        ll_map_init(&st->index, host, 0) ? grow(st, error) : ll_fail_memory(error, "the index of names");
    if (!status)
        status = read_last(st, data, size, name, error);
    if (status)
        ll_safetensors_close(st);
    return status;
}

libllm_status ll_safetensors_open_file(const ll_host *host, const char *path, libllm_load_mode mode, ll_safetensors *st,
                                       libllm_error *error)
{
    ll_file file;
    *st = (ll_safetensors){.host = host};
    libllm_status status = ll_map_init(&st->index, host, 0) ? ll_file_open(host, path, mode, &file, error)
                                                            : ll_fail_memory(error, "the index of names");
    if (!status)
        status = ll_safetensors_add(st, &file, path, error);
    if (status)
        ll_safetensors_close(st);
    return status;
}

void ll_safetensors_close(ll_safetensors *st)
{
    for (size_t i = 0; i < st->n_files; i++) {
        if (st->files)
            ll_file_close(&st->files[i]);
        ll_free(st->host, st->names[i]);
    }
    if (st->host) {
        ll_free(st->host, st->files);
        ll_free(st->host, st->names);
        ll_free(st->host, st->tensors);
    }
    ll_map_free(&st->index);
    *st = (ll_safetensors){0};
}

ll_file *ll_safetensors_take_files(ll_safetensors *st)
{
    ll_file *files = st->files;
    st->files = NULL;
    return files;
}

const ll_safetensors_tensor *ll_safetensors_find(const ll_safetensors *st, ll_span name)
{
    uint32_t index;
    return ll_map_find(&st->index, name, &index) ? &st->tensors[index] : NULL;
}
