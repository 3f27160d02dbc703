/* SPDX-License-Identifier: MIT
 * Reading the header, the metadata and the tensor table of a GGUF file. Nothing is allocated for a count before
 * the bytes that it needs at least are known to be there, and nothing at all for single strings.
 */
#include "format/gguf.h"

#include "base/checked.h"
#include "base/cursor.h"
#include "base/status.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <string.h>

#define DEFAULT_ALIGNMENT 32
#define MIN_ALIGNMENT 8
#define MAX_ALIGNMENT 65536
#define MAX_NAME_BYTES 64 /* of a tensor */
#define MAX_SHOWN_NAME 96 /* bytes of a name in a message */

/* What the shortest possible entry takes: lengths, a name of one byte, type numbers, one small value or dimension. */
#define MIN_ENTRY_BYTES (8 + 1 + 4 + 1)
#define MIN_TENSOR_BYTES (8 + 1 + 4 + 8 + 4 + 8)
#define MIN_STRING_BYTES 8
#define MIN_ARRAY_BYTES (4 + 8)

typedef struct parser {
    ll_cursor in;
    const libllm_limits *limits;
    libllm_error *error;
    libllm_status status; /* of the failure, once a function has returned false */
} parser;

static bool failed(parser *p, libllm_status status)
{
    p->status = status;
    return false;
}

#define FAIL(p, code, ...) failed(p, ll_fail((p)->error, code, __VA_ARGS__))
#define FAIL_CORRUPT(p, ...) FAIL(p, LIBLLM_ERROR_CORRUPT_FILE, __VA_ARGS__)

static int shown(ll_span name)
{
    return (int)ll_utf8_complete(name.data, name.size < MAX_SHOWN_NAME ? name.size : MAX_SHOWN_NAME);
}

/* Say in which key or tensor it was; by number as long as the name is not known. */
static bool fail_in(parser *p, const char *what, size_t index, ll_span name, size_t offset)
{
    if (name.data)
        ll_fail_context(p->error, p->status, "%s \"%.*s\" at offset %zu", what, shown(name), name.data, offset);
    else
        ll_fail_context(p->error, p->status, "%s %zu at offset %zu", what, index, offset);
    return false;
}

static bool fail_truncated(parser *p, const char *what, uint64_t n_bytes)
{
    return FAIL_CORRUPT(p, "truncated at offset %zu: %s needs %" PRIu64 " bytes, %zu are left", p->in.position, what,
                        n_bytes, ll_cursor_left(&p->in));
}

static bool read_u32(parser *p, const char *what, uint32_t *out)
{
    return ll_cursor_u32(&p->in, out) || fail_truncated(p, what, sizeof *out);
}

static bool read_u64(parser *p, const char *what, uint64_t *out)
{
    return ll_cursor_u64(&p->in, out) || fail_truncated(p, what, sizeof *out);
}

static bool read_string(parser *p, const char *what, ll_span *out)
{
    uint64_t size;
    const uint8_t *data;
    if (!read_u64(p, "a length", &size))
        return false;
    if (size > ll_cursor_left(&p->in))
        return fail_truncated(p, what, size);
    ll_cursor_take(&p->in, (size_t)size, &data);
    *out = (ll_span){(const char *)data, (size_t)size};
    return true;
}

/* The name of a key or tensor. Fit for a message only when this succeeds, so it is not stored before. */
static bool read_name(parser *p, uint64_t max_bytes, const char *limit, ll_span *out)
{
    ll_span name;
    if (!read_string(p, "the name", &name))
        return false;
    if (name.size == 0)
        return FAIL_CORRUPT(p, "the name is empty");
    if (name.size > max_bytes)
        return FAIL(p, LIBLLM_ERROR_LIMIT, "the name has %zu bytes, the limit %s is %" PRIu64, name.size, limit,
                    max_bytes);
    if (memchr(name.data, 0, name.size) || !ll_utf8_valid(name.data, name.size))
        return FAIL_CORRUPT(p, "the name holds a NUL or is not valid UTF-8");
    *out = name;
    return true;
}

/* Whether that many values can be there at all, each taking min_size bytes or more. */
static bool check_count(parser *p, uint32_t type, uint64_t count, size_t min_size)
{
    if (count > ll_cursor_left(&p->in) / min_size)
        return FAIL_CORRUPT(p, "truncated at offset %zu: %" PRIu64 " of type %s do not fit into the %zu bytes left",
                            p->in.position, count, ll_gguf_type_name(type), ll_cursor_left(&p->in));
    if (count > p->limits->array_elements)
        return FAIL(p, LIBLLM_ERROR_LIMIT, "%" PRIu64 " elements, the limit array_elements is %" PRIu64, count,
                    p->limits->array_elements);
    return true;
}

static bool skip_string(parser *p, uint64_t index)
{
    ll_span string;
    if (!read_string(p, "a string", &string))
        return false;
    if (string.size > p->limits->string_bytes)
        return FAIL(p, LIBLLM_ERROR_LIMIT, "string %" PRIu64 " has %zu bytes, the limit string_bytes is %" PRIu64,
                    index, string.size, p->limits->string_bytes);
    return true;
}

/* Vocabularies have hundreds of thousands: a step from length to length, and those that are not in order go the long
 * way. */
static bool skip_strings(parser *p, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        uint64_t size;
        size_t left = ll_cursor_left(&p->in);
        if (left >= sizeof size) {
            memcpy(&size, p->in.data + p->in.position, sizeof size);
            if (size <= left - sizeof size && size <= p->limits->string_bytes) {
                p->in.position += sizeof size + (size_t)size;
                continue;
            }
        }
        if (!skip_string(p, i))
            return false;
    }
    return true;
}

static bool skip_numbers(parser *p, uint32_t type, size_t n_bytes)
{
    const uint8_t *data;
    size_t start = p->in.position;
    if (!ll_cursor_take(&p->in, n_bytes, &data))
        return fail_truncated(p, "a value", n_bytes);
    if (type == LL_GGUF_BOOL)
        for (size_t i = 0; i < n_bytes; i++)
            if (data[i] > 1)
                return FAIL_CORRUPT(p, "the bool at offset %zu is %u, expected 0 or 1", start + i, data[i]);
    return true;
}

/* Go past values that are not arrays. */
static bool skip_values(parser *p, uint32_t type, uint64_t count)
{
    size_t size = ll_gguf_type_size(type);
    if (type == LL_GGUF_STRING)
        return check_count(p, type, count, MIN_STRING_BYTES) && skip_strings(p, count);
    if (size == 0)
        return FAIL_CORRUPT(p, "unknown value type %" PRIu32 " before offset %zu", type, p->in.position);
    return check_count(p, type, count, size) && skip_numbers(p, type, (size_t)count * size);
}

static bool read_array_head(parser *p, uint32_t *type, uint64_t *count)
{
    return read_u32(p, "an element type", type) && read_u64(p, "an element count", count);
}

static bool skip_arrays(parser *p, uint64_t count)
{
    if (!check_count(p, LL_GGUF_ARRAY, count, MIN_ARRAY_BYTES))
        return false;
    for (uint64_t i = 0; i < count; i++) {
        uint32_t type;
        uint64_t inner_count;
        if (!read_array_head(p, &type, &inner_count))
            return false;
        if (type == LL_GGUF_ARRAY)
            return FAIL(p, LIBLLM_ERROR_LIMIT, "arrays nested more than 2 deep before offset %zu", p->in.position);
        if (!skip_values(p, type, inner_count))
            return false;
    }
    return true;
}

static bool read_value(parser *p, ll_gguf_value *value)
{
    uint32_t type;
    if (!read_u32(p, "a value type", &type))
        return false;
    value->is_array = type == LL_GGUF_ARRAY;
    value->count = 1;
    if (value->is_array && !read_array_head(p, &type, &value->count))
        return false;
    size_t start = p->in.position;
    if (type == LL_GGUF_ARRAY ? !skip_arrays(p, value->count) : !skip_values(p, type, value->count))
        return false;
    value->type = (ll_gguf_type)type;
    value->data = p->in.data + start;
    value->n_bytes = p->in.position - start;
    if (type == LL_GGUF_STRING && !value->is_array && !ll_utf8_valid((const char *)value->data + 8, value->n_bytes - 8))
        return FAIL_CORRUPT(p, "the string is not valid UTF-8");
    return true;
}

static bool index_name(parser *p, ll_map *map, ll_span name, size_t index)
{
    bool existed;
    if (!ll_map_insert(map, name, (uint32_t)index, &existed))
        return failed(p, ll_fail_memory(p->error, "the index of names"));
    return !existed || FAIL_CORRUPT(p, "the name is there twice");
}

static bool read_entry(parser *p, ll_gguf *gguf, size_t index)
{
    ll_gguf_value *value = &gguf->values[index];
    *value = (ll_gguf_value){0};
    size_t start = p->in.position;
    return (read_name(p, p->limits->key_bytes, "key_bytes", &value->key) && read_value(p, value) &&
            index_name(p, &gguf->value_index, value->key, index)) ||
           fail_in(p, "key", index, value->key, start);
}

static bool read_shape(parser *p, ll_gguf_tensor *tensor)
{
    if (!read_u32(p, "the number of dimensions", &tensor->n_dims))
        return false;
    if (tensor->n_dims < 1 || tensor->n_dims > 4)
        return FAIL_CORRUPT(p, "%" PRIu32 " dimensions, expected 1 to 4", tensor->n_dims);
    for (uint32_t i = 0; i < 4; i++) {
        tensor->ne[i] = 1;
        if (i >= tensor->n_dims)
            continue;
        if (!read_u64(p, "a dimension", &tensor->ne[i]))
            return false;
        if (tensor->ne[i] == 0 || tensor->ne[i] > INT64_MAX)
            return FAIL_CORRUPT(p, "dimension %" PRIu32 " is %" PRId64 ", expected at least 1", i,
                                (int64_t)tensor->ne[i]);
    }
    return true;
}

static bool find_size(parser *p, ll_gguf_tensor *tensor, ll_block_size block)
{
    if (block.elements == 0 || block.bytes == 0)
        return FAIL(p, LIBLLM_ERROR_UNSUPPORTED, "unknown tensor type %" PRIu32, tensor->type);
    if (tensor->ne[0] % block.elements != 0)
        return FAIL_CORRUPT(p, "rows of %" PRIu64 " elements, expected a multiple of %" PRIu32 " for type %" PRIu32,
                            tensor->ne[0], block.elements, tensor->type);
    uint64_t n_elements = 1;
    for (size_t i = 0; i < 4; i++)
        if (!ll_mul_u64(n_elements, tensor->ne[i], &n_elements))
            return FAIL_CORRUPT(p, "the product of its dimensions overflows");
    if (!ll_mul_u64(n_elements / block.elements, block.bytes, &tensor->n_bytes))
        return FAIL_CORRUPT(p, "%" PRIu64 " elements of type %" PRIu32 ": their size overflows", n_elements,
                            tensor->type);
    return true;
}

static bool read_tensor(parser *p, ll_gguf *gguf, size_t index, ll_block_size (*block_size)(uint32_t type))
{
    ll_gguf_tensor *tensor = &gguf->tensors[index];
    *tensor = (ll_gguf_tensor){0};
    size_t start = p->in.position;
    return (read_name(p, MAX_NAME_BYTES, "on tensor names", &tensor->name) && read_shape(p, tensor) &&
            read_u32(p, "the type", &tensor->type) && read_u64(p, "the offset", &tensor->offset) &&
            find_size(p, tensor, block_size(tensor->type)) &&
            index_name(p, &gguf->tensor_index, tensor->name, index)) ||
           fail_in(p, "tensor", index, tensor->name, start);
}

static bool find_alignment(parser *p, ll_gguf *gguf)
{
    gguf->alignment = DEFAULT_ALIGNMENT;
    p->status = ll_gguf_get_u32(gguf, "general.alignment", &gguf->alignment, p->error);
    if (p->status != LIBLLM_OK)
        return false;
    if (gguf->alignment < MIN_ALIGNMENT || gguf->alignment > MAX_ALIGNMENT ||
        (gguf->alignment & (gguf->alignment - 1)) != 0)
        return FAIL_CORRUPT(p, "key \"general.alignment\" is %" PRIu32 ", expected a power of two from %d to %d",
                            gguf->alignment, MIN_ALIGNMENT, MAX_ALIGNMENT);
    return true;
}

/* From the offset behind data_offset, as the file has it, to the offset in the file. */
static bool place(parser *p, const ll_gguf *gguf, ll_gguf_tensor *tensor)
{
    uint64_t offset, end;
    if (tensor->offset % gguf->alignment != 0)
        return FAIL_CORRUPT(p, "data offset %" PRIu64 " is not a multiple of the alignment %" PRIu32, tensor->offset,
                            gguf->alignment);
    if (!ll_add_u64(gguf->data_offset, tensor->offset, &offset) || !ll_add_u64(offset, tensor->n_bytes, &end))
        return FAIL_CORRUPT(p, "data offset %" PRIu64 " and size %" PRIu64 " overflow", tensor->offset,
                            tensor->n_bytes);
    if (end > p->in.size)
        return FAIL_CORRUPT(p, "%" PRIu64 " bytes at offset %" PRIu64 ", but the file ends at %zu", tensor->n_bytes,
                            offset, p->in.size);
    tensor->offset = offset;
    tensor->data = p->in.data + offset;
    return true;
}

static bool place_tensor(parser *p, const ll_gguf *gguf, ll_gguf_tensor *tensor)
{
    if (place(p, gguf, tensor))
        return true;
    return failed(p, ll_fail_context(p->error, p->status, "tensor \"%.*s\"", shown(tensor->name), tensor->name.data));
}

static void sift_down(const ll_gguf_tensor *tensors, uint32_t *order, size_t root, size_t n)
{
    uint32_t moved = order[root];
    for (size_t child; (child = 2 * root + 1) < n; root = child) {
        if (child + 1 < n && tensors[order[child]].offset < tensors[order[child + 1]].offset)
            child++;
        if (tensors[moved].offset >= tensors[order[child]].offset)
            break;
        order[root] = order[child];
    }
    order[root] = moved;
}

/* Heap sort of at least one tensor: in place, and n log n whatever the file says. */
static void sort_by_offset(const ll_gguf_tensor *tensors, uint32_t *order, size_t n)
{
    for (size_t i = 0; i < n; i++)
        order[i] = (uint32_t)i;
    for (size_t i = n / 2; i > 0; i--)
        sift_down(tensors, order, i - 1, n);
    for (size_t i = n - 1; i > 0; i--) {
        uint32_t last = order[0];
        order[0] = order[i];
        order[i] = last;
        sift_down(tensors, order, 0, i);
    }
}

static bool check_order(parser *p, const ll_gguf_tensor *first, const ll_gguf_tensor *second)
{
    if (first->offset + first->n_bytes <= second->offset)
        return true;
    return FAIL_CORRUPT(
        p, "tensor \"%.*s\" (%" PRIu64 " bytes at offset %" PRIu64 ") overlaps tensor \"%.*s\" (at offset %" PRIu64 ")",
        shown(first->name), first->name.data, first->n_bytes, first->offset, shown(second->name), second->name.data,
        second->offset);
}

static bool check_overlap(parser *p, const ll_gguf *gguf)
{
    size_t n = gguf->n_tensors, n_ascending = 1;
    while (n_ascending < n && gguf->tensors[n_ascending - 1].offset < gguf->tensors[n_ascending].offset)
        n_ascending++;
    uint32_t *order = NULL; /* only for files that are not written in order */
    if (n_ascending < n) {
        order = ll_alloc(gguf->host, n, sizeof *order);
        if (!order)
            return failed(p, ll_fail_memory(p->error, "the order of tensors"));
        sort_by_offset(gguf->tensors, order, n);
    }
    bool fine = true;
    for (size_t i = 1; fine && i < n; i++)
        fine = check_order(p, &gguf->tensors[order ? order[i - 1] : i - 1], &gguf->tensors[order ? order[i] : i]);
    ll_free(gguf->host, order);
    return fine;
}

static bool read_header(parser *p, ll_gguf *gguf)
{
    const uint8_t *magic;
    uint64_t n_tensors, n_values, tensor_bytes, value_bytes, n_bytes;
    if (!ll_cursor_take(&p->in, 4, &magic))
        return fail_truncated(p, "the mark \"GGUF\"", 4);
    if (memcmp(magic, "GGUF", 4) != 0)
        return FAIL_CORRUPT(p, "not a GGUF file: the bytes at offset 0 are not \"GGUF\"");
    if (!read_u32(p, "the version", &gguf->version))
        return false;
    if (gguf->version != 0 && (gguf->version & 0xFFFF) == 0)
        return FAIL(p, LIBLLM_ERROR_UNSUPPORTED,
                    "big-endian file (version %" PRIu32 " at offset 4), expected little-endian",
                    __builtin_bswap32(gguf->version));
    if (gguf->version != 2 && gguf->version != 3)
        return FAIL(p, LIBLLM_ERROR_UNSUPPORTED, "GGUF version %" PRIu32 " at offset 4, expected 2 or 3",
                    gguf->version);
    if (!read_u64(p, "the number of tensors", &n_tensors) || !read_u64(p, "the number of keys", &n_values))
        return false;
    if (!ll_mul_u64(n_tensors, MIN_TENSOR_BYTES, &tensor_bytes) ||
        !ll_mul_u64(n_values, MIN_ENTRY_BYTES, &value_bytes) || !ll_add_u64(tensor_bytes, value_bytes, &n_bytes) ||
        n_bytes > ll_cursor_left(&p->in))
        return FAIL_CORRUPT(p,
                            "%" PRIu64 " tensors and %" PRIu64 " keys do not fit into the %zu bytes from offset %zu on",
                            n_tensors, n_values, ll_cursor_left(&p->in), p->in.position);
    if (n_values > p->limits->gguf_entries)
        return FAIL(p, LIBLLM_ERROR_LIMIT, "%" PRIu64 " keys, the limit gguf_entries is %" PRIu32, n_values,
                    p->limits->gguf_entries);
    if (n_tensors > p->limits->tensors)
        return FAIL(p, LIBLLM_ERROR_LIMIT, "%" PRIu64 " tensors, the limit tensors is %" PRIu32, n_tensors,
                    p->limits->tensors);
    gguf->n_values = (size_t)n_values;
    gguf->n_tensors = (size_t)n_tensors;
    return true;
}

static bool parse(parser *p, ll_gguf *gguf, ll_block_size (*block_size)(uint32_t type))
{
    if (!read_header(p, gguf))
        return false;
    gguf->values = ll_alloc(gguf->host, gguf->n_values, sizeof *gguf->values);
    gguf->tensors = ll_alloc(gguf->host, gguf->n_tensors, sizeof *gguf->tensors);
    if (!gguf->values || !gguf->tensors || !ll_map_init(&gguf->value_index, gguf->host, gguf->n_values) ||
        !ll_map_init(&gguf->tensor_index, gguf->host, gguf->n_tensors))
        return failed(p, ll_fail_memory(p->error, "the keys and tensors"));
    for (size_t i = 0; i < gguf->n_values; i++)
        if (!read_entry(p, gguf, i))
            return false;
    if (!find_alignment(p, gguf))
        return false;
    for (size_t i = 0; i < gguf->n_tensors; i++)
        if (!read_tensor(p, gguf, i, block_size))
            return false;
    if (!ll_pad_u64(p->in.position, gguf->alignment, &gguf->data_offset))
        return FAIL_CORRUPT(p, "the data after offset %zu would start past 2^64", p->in.position);
    for (size_t i = 0; i < gguf->n_tensors; i++)
        if (!place_tensor(p, gguf, &gguf->tensors[i]))
            return false;
    return check_overlap(p, gguf);
}

libllm_status ll_gguf_parse(const ll_host *host, const uint8_t *data, size_t size, const char *name,
                            ll_block_size (*block_size)(uint32_t type), ll_gguf *gguf, libllm_error *error)
{
    parser p = {.in = {data, size, 0}, .limits = &host->limits, .error = error};
    *gguf = (ll_gguf){.host = host};
    if (parse(&p, gguf, block_size))
        return LIBLLM_OK;
    ll_gguf_close(gguf);
    return ll_file_fail(error, p.status, name);
}

libllm_status ll_gguf_open_file(const ll_host *host, const char *path, libllm_load_mode mode,
                                ll_block_size (*block_size)(uint32_t type), ll_gguf *gguf, libllm_error *error)
{
    ll_file file;
    *gguf = (ll_gguf){0};
    libllm_status status = ll_file_open(host, path, mode, &file, error);
    if (status != LIBLLM_OK)
        return status;
    ll_file *files = ll_alloc(host, 1, sizeof *files);
    status = files ? ll_gguf_parse(host, file.data, file.size, path, block_size, gguf, error)
                   : ll_file_fail(error, ll_fail_memory(error, "a file"), path);
    if (status != LIBLLM_OK) {
        ll_free(host, files);
        ll_file_close(&file);
        return status;
    }
    files[0] = file;
    gguf->files = files;
    gguf->n_files = 1;
    return LIBLLM_OK;
}

void ll_gguf_close(ll_gguf *gguf)
{
    for (size_t i = 0; i < gguf->n_files; i++)
        ll_file_close(&gguf->files[i]);
    for (size_t i = 0; i < gguf->n_owned; i++)
        ll_free(gguf->host, gguf->owned[i]);
    if (gguf->host) {
        ll_free(gguf->host, gguf->values);
        ll_free(gguf->host, gguf->tensors);
        ll_free(gguf->host, gguf->files);
        ll_free(gguf->host, gguf->owned);
    }
    ll_map_free(&gguf->value_index);
    ll_map_free(&gguf->tensor_index);
    *gguf = (ll_gguf){0};
}

uint64_t ll_gguf_file_bytes(const ll_gguf *gguf)
{
    uint64_t n = 0;
    for (size_t i = 0; i < gguf->n_files; i++)
        n += gguf->files[i].size;
    return n;
}
