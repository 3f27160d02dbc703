/* SPDX-License-Identifier: MIT
 * Models that are split over several GGUF files. Their names are made from the path that was opened and from a number,
 * never from what a file says.
 */
#include "format/gguf.h"

#include "base/status.h"

#include <inttypes.h>
#include <string.h>

static const char pattern[] = "-00000-of-00000.gguf"; /* numbers of five digits */
enum { ENDING = sizeof pattern - 1, PARTS_MAX = 65535 };

static uint32_t number_at(const char *digits)
{
    uint32_t n = 0;
    for (size_t i = 0; i < 5; i++)
        n = n * 10 + (uint32_t)(digits[i] - '0');
    return n;
}

bool ll_gguf_part_of_name(const char *name, uint32_t *number, uint32_t *count)
{
    size_t size = strlen(name);
    if (size < ENDING)
        return false;
    const char *ending = name + size - ENDING;
    for (size_t i = 0; i < ENDING; i++)
        if (pattern[i] == '0' ? ending[i] < '0' || ending[i] > '9' : ending[i] != pattern[i])
            return false;
    *number = number_at(ending + 1);
    *count = number_at(ending + 10);
    return true;
}

/* A split model while it is opened. */
typedef struct opener {
    const ll_host *host;
    libllm_load_mode mode;
    ll_block_size (*block_size)(uint32_t type);
    uint32_t n_parts;
    ll_gguf *whole;
    libllm_error *error;
} opener;

/* The part says of itself that it is the one with this index. */
static libllm_status check_part(const opener *o, const ll_gguf *part, uint32_t index)
{
    uint32_t no = UINT32_MAX, count = 0;
    libllm_status status = ll_gguf_get_u32(part, "split.count", &count, o->error);
    if (!status)
        status = ll_gguf_get_u32(part, "split.no", &no, o->error);
    if (status)
        return status;
    if (count != o->n_parts)
        return ll_fail(o->error, LIBLLM_ERROR_CORRUPT_FILE,
                       "key \"split.count\" is %" PRIu32 ", expected %" PRIu32 ", the number in the file's name", count,
                       o->n_parts);
    if (!ll_gguf_find(part, "split.no"))
        return ll_fail(o->error, LIBLLM_ERROR_CORRUPT_FILE, "key \"split.no\" is missing");
    if (no != index)
        return ll_fail(o->error, LIBLLM_ERROR_CORRUPT_FILE,
                       "key \"split.no\" is %" PRIu32 ", expected %" PRIu32
                       ", one less than the number in the file's name",
                       no, index);
    return LIBLLM_OK;
}

/* Take over the tensors and the bytes of a further part. */
static libllm_status join(const opener *o, ll_gguf *part)
{
    ll_gguf *whole = o->whole;
    size_t n = whole->n_tensors, n_all = n + part->n_tensors;
    if (n_all > o->host->limits.tensors)
        return ll_fail(o->error, LIBLLM_ERROR_LIMIT, "%zu tensors in the parts so far, the limit tensors is %" PRIu32,
                       n_all, o->host->limits.tensors);
    ll_gguf_tensor *tensors = ll_realloc(o->host, whole->tensors, n, n_all, sizeof *tensors);
    if (!tensors)
        return ll_fail_memory(o->error, "the tensors of a part");
    whole->tensors = tensors;
    ll_file *files = ll_realloc(o->host, whole->files, whole->n_files, whole->n_files + 1, sizeof *files);
    if (!files)
        return ll_fail_memory(o->error, "a part");
    whole->files = files;
    for (size_t i = 0; i < part->n_tensors; i++) {
        ll_span name = part->tensors[i].name;
        bool existed;
        if (!ll_map_insert(&whole->tensor_index, name, (uint32_t)(n + i), &existed))
            return ll_fail_memory(o->error, "the index of names");
        if (existed)
            return ll_fail(o->error, LIBLLM_ERROR_CORRUPT_FILE, "tensor \"%.*s\" is in an earlier part, too",
                           (int)name.size, name.data);
        whole->tensors[n + i] = part->tensors[i];
    }
    whole->n_tensors = n_all;
    whole->files[whole->n_files++] = part->files[0];
    part->n_files = 0;
    return LIBLLM_OK;
}

static libllm_status add_part(const opener *o, const char *path, uint32_t index)
{
    ll_gguf part;
    libllm_status status = ll_gguf_open_file(o->host, path, o->mode, o->block_size, &part, o->error);
    if (status == LIBLLM_ERROR_NOT_FOUND)
        return ll_fail_context(o->error, status, "part %" PRIu32 " of %" PRIu32 " is missing", index + 1, o->n_parts);
    if (status)
        return status;
    status = check_part(o, &part, index);
    if (!status && index == 0) {
        *o->whole = part;
        return LIBLLM_OK;
    }
    if (!status)
        status = join(o, &part);
    ll_gguf_close(&part);
    return status ? ll_file_fail(o->error, status, path) : LIBLLM_OK;
}

static libllm_status check_total(const opener *o, const char *path)
{
    uint32_t n = (uint32_t)o->whole->n_tensors, n_said = n;
    libllm_status status = ll_gguf_get_u32(o->whole, "split.tensors.count", &n_said, o->error);
    if (!status && n_said != n)
        status =
            ll_fail(o->error, LIBLLM_ERROR_CORRUPT_FILE,
                    "key \"split.tensors.count\" is %" PRIu32 ", but the parts have %" PRIu32 " tensors", n_said, n);
    return status ? ll_file_fail(o->error, status, path) : LIBLLM_OK;
}

static libllm_status open_parts(const opener *o, const char *path)
{
    uint32_t number, count;
    if (o->n_parts > PARTS_MAX || !ll_gguf_part_of_name(path, &number, &count) || count != o->n_parts) {
        ll_fail(o->error, LIBLLM_ERROR_CORRUPT_FILE,
                "key \"split.count\" is %" PRIu32 ", so a name is expected that ends like -00001-of-%05" PRIu32 ".gguf",
                o->n_parts, o->n_parts);
        return ll_file_fail(o->error, LIBLLM_ERROR_CORRUPT_FILE, path);
    }
    libllm_status status = LIBLLM_OK;
    for (uint32_t i = 0; !status && i < o->n_parts; i++) {
        ll_buffer name;
        ll_buffer_init(&name, o->host);
        ll_buffer_append(&name, path, strlen(path) - ENDING);
        ll_buffer_format(&name, "-%05" PRIu32 "-of-%05" PRIu32 ".gguf", i + 1, o->n_parts);
        ll_buffer_byte(&name, 0);
        status = name.failed ? ll_fail_memory(o->error, "a path") : add_part(o, name.data, i);
        ll_buffer_free(&name);
    }
    return status ? status : check_total(o, path);
}

libllm_status ll_gguf_open(const ll_host *host, const char *path, libllm_load_mode mode,
                           ll_block_size (*block_size)(uint32_t type), ll_gguf *gguf, libllm_error *error)
{
    opener o = {.host = host, .mode = mode, .block_size = block_size, .whole = gguf, .error = error};
    libllm_status status = ll_gguf_open_file(host, path, mode, block_size, gguf, error);
    if (status)
        return status;
    status = ll_gguf_get_u32(gguf, "split.count", &o.n_parts, error);
    if (status)
        status = ll_file_fail(error, status, path);
    if (!status && o.n_parts <= 1)
        return LIBLLM_OK;
    ll_gguf_close(gguf); /* it may be any of the parts: they are opened in order */
    if (!status)
        status = open_parts(&o, path);
    if (status)
        ll_gguf_close(gguf);
    return status;
}
