/* SPDX-License-Identifier: MIT
 * The bytes of a GGUF file, and the way of a file from its temporary name to its own.
 */
#include "format/gguf_write.h"

#include "base/checked.h"
#include "base/status.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { VERSION = 3, NAMES_TRIED = 100 };
static const char temporary_ending[] = ".part-";

static libllm_status fail_system(const ll_gguf_writer *w, const char *what, libllm_error *error)
{
    const int code = errno;
    libllm_status status = ll_file_fail_system(error, what, code);
    if (code == ENOSPC || code == EDQUOT)
        ll_fail_context(error, status, "the file takes %" PRIu64 " bytes", w->size);
    return ll_file_fail(error, status, w->path);
}

/* The header ------------------------------------------------------------------------------------------------------- */

static void put_u32(ll_buffer *out, uint32_t value) { ll_buffer_append(out, &value, sizeof value); }

static void put_u64(ll_buffer *out, uint64_t value) { ll_buffer_append(out, &value, sizeof value); }

static void put_string(ll_buffer *out, ll_span text)
{
    put_u64(out, text.size);
    ll_buffer_append(out, text.data, text.size);
}

static void put_value(ll_buffer *out, const ll_gguf_value *value)
{
    put_string(out, value->key);
    if (value->is_array)
        put_u32(out, LL_GGUF_ARRAY);
    put_u32(out, value->type);
    if (value->is_array)
        put_u64(out, value->count);
    ll_buffer_append(out, value->data, value->n_bytes);
}

/* Everything in front of the tensors' bytes, and how long the file becomes. */
static libllm_status put_header(ll_gguf_writer *w, ll_buffer *out, libllm_error *error)
{
    static const char zeros[LL_GGUF_WRITE_ALIGNMENT];
    const ll_gguf *h = w->header;
    ll_buffer_text(out, "GGUF");
    put_u32(out, VERSION);
    put_u64(out, h->n_tensors);
    put_u64(out, h->n_values);
    for (size_t i = 0; i < h->n_values; i++)
        put_value(out, &h->values[i]);
    uint64_t offset = 0;
    for (size_t i = 0; i < h->n_tensors; i++) {
        const ll_gguf_tensor *t = &h->tensors[i];
        put_string(out, t->name);
        put_u32(out, t->n_dims);
        for (uint32_t d = 0; d < t->n_dims; d++)
            put_u64(out, t->ne[d]);
        put_u32(out, t->type);
        put_u64(out, offset);
        if (!ll_add_u64(offset, t->n_bytes, &offset) || !ll_pad_u64(offset, LL_GGUF_WRITE_ALIGNMENT, &offset))
            return ll_fail(error, LIBLLM_ERROR_LIMIT, "the sum of the tensors' sizes overflows");
    }
    ll_buffer_append(out, zeros,
                     (LL_GGUF_WRITE_ALIGNMENT - out->size % LL_GGUF_WRITE_ALIGNMENT) % LL_GGUF_WRITE_ALIGNMENT);
    if (!ll_add_u64(offset, out->size, &w->size) || w->size > INT64_MAX)
        return ll_fail(error, LIBLLM_ERROR_LIMIT, "the sum of the tensors' sizes overflows");
    return out->failed ? ll_fail_memory(error, "the header of a file") : LIBLLM_OK;
}

/* The file --------------------------------------------------------------------------------------------------------- */

static libllm_status write_all(ll_gguf_writer *w, const void *data, size_t n, libllm_error *error)
{
    const char *at = data;
    while (n > 0) {
        ssize_t written = write(w->descriptor, at, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return fail_system(w, "cannot be written", error);
        at += written;
        n -= (size_t)written;
    }
    return LIBLLM_OK;
}

/* A file that nobody else has, with the permissions that the one it replaces has. */
static libllm_status open_temporary(ll_gguf_writer *w, libllm_error *error)
{
    struct stat existing;
    const bool exists = stat(w->path, &existing) == 0;
    if (exists && !S_ISREG(existing.st_mode)) {
        ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "is no regular file, which is needed to write a model to");
        return ll_file_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, w->path);
    }
    if (exists && !w->replaces) {
        ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "exists already");
        return ll_file_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, w->path);
    }
    const size_t size = strlen(w->path) + sizeof temporary_ending + 40;
    w->temporary = ll_alloc(w->host, size, 1);
    if (!w->temporary)
        return ll_fail_memory(error, "the name of a file");
    for (int i = 0; i < NAMES_TRIED; i++) {
        snprintf(w->temporary, size, "%s%s%ld-%d", w->path, temporary_ending, (long)getpid(), i);
        w->descriptor = open(w->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (w->descriptor >= 0 || errno != EEXIST)
            break;
    }
    if (w->descriptor < 0) {
        libllm_status status = fail_system(w, "cannot be written", error);
        ll_free(w->host, w->temporary);
        w->temporary = NULL; /* or it would be taken for ours */
        return status;
    }
    return exists && fchmod(w->descriptor, existing.st_mode & 0777) != 0 ? fail_system(w, "cannot be written", error)
                                                                         : LIBLLM_OK;
}

/* Room for all of it, so that a disk that is too small says so at once; not all file systems can. */
static libllm_status reserve(ll_gguf_writer *w, libllm_error *error)
{
    int code;
    do
        code = fallocate(w->descriptor, 0, 0, (off_t)w->size);
    while (code != 0 && errno == EINTR);
    return code == 0 || errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL
               ? LIBLLM_OK
               : fail_system(w, "cannot be written", error);
}

/* On to the first tensor from the one in hand on that has bytes left. */
static libllm_status next_tensor(ll_gguf_writer *w, libllm_error *error)
{
    static const char zeros[LL_GGUF_WRITE_ALIGNMENT];
    const ll_gguf *h = w->header;
    const uint64_t n = h->tensors[w->tensor].n_bytes;
    libllm_status status = write_all(
        w, zeros, (size_t)((LL_GGUF_WRITE_ALIGNMENT - n % LL_GGUF_WRITE_ALIGNMENT) % LL_GGUF_WRITE_ALIGNMENT), error);
    w->tensor++;
    w->n_left = w->tensor < h->n_tensors ? h->tensors[w->tensor].n_bytes : 0;
    return status;
}

libllm_status ll_gguf_write_begin(ll_gguf_writer *w, const ll_host *host, const char *path, bool replaces,
                                  const ll_gguf *header, libllm_error *error)
{
    *w = (ll_gguf_writer){.host = host, .header = header, .replaces = replaces, .descriptor = -1};
    w->n_left = header->n_tensors ? header->tensors[0].n_bytes : 0;
    w->path = ll_strndup(host, path, strlen(path));
    if (!w->path)
        return ll_fail_memory(error, "the name of a file");
    ll_buffer head;
    ll_buffer_init(&head, host);
    libllm_status status = put_header(w, &head, error);
    if (!status)
        status = open_temporary(w, error);
    if (!status)
        status = reserve(w, error);
    if (!status)
        status = write_all(w, head.data, head.size, error);
    ll_buffer_free(&head);
    return status;
}

libllm_status ll_gguf_write_bytes(ll_gguf_writer *w, const void *data, size_t n, libllm_error *error)
{
    if (n > w->n_left)
        return ll_fail(error, LIBLLM_ERROR_INTERNAL, "more bytes than the tensor has");
    libllm_status status = write_all(w, data, n, error);
    w->n_left -= n;
    return !status && w->n_left == 0 && w->tensor < w->header->n_tensors ? next_tensor(w, error) : status;
}

/* Under its own name, unless another file has that by now. */
static int give_name(const ll_gguf_writer *w)
{
    if (w->replaces)
        return rename(w->temporary, w->path);
    int code = renameat2(AT_FDCWD, w->temporary, AT_FDCWD, w->path, RENAME_NOREPLACE);
    if (code == 0 || (errno != EINVAL && errno != ENOSYS))
        return code;
    code = link(w->temporary, w->path); /* which does not replace a file either */
    if (code == 0)
        unlink(w->temporary);
    return code != 0 && (errno == EPERM || errno == EOPNOTSUPP) ? rename(w->temporary, w->path) : code;
}

libllm_status ll_gguf_write_end(ll_gguf_writer *w, libllm_error *error)
{
    libllm_status status = w->tensor < w->header->n_tensors
                               ? ll_fail(error, LIBLLM_ERROR_INTERNAL, "bytes of a tensor are missing")
                               : LIBLLM_OK;
    if (!status && fsync(w->descriptor) != 0 && errno != EINVAL)
        status = fail_system(w, "cannot be written", error);
    const int code = status ? 0 : close(w->descriptor);
    if (!status)
        w->descriptor = -1;
    if (!status && code != 0)
        status = fail_system(w, "cannot be written", error);
    if (!status && give_name(w) != 0)
        status = fail_system(w, "cannot be put in place", error);
    if (!status) {
        ll_free(w->host, w->temporary);
        w->temporary = NULL;
    }
    ll_gguf_write_abandon(w);
    return status;
}

void ll_gguf_write_abandon(ll_gguf_writer *w)
{
    if (!w->host)
        return;
    if (w->descriptor >= 0)
        close(w->descriptor);
    if (w->temporary)
        unlink(w->temporary);
    ll_free(w->host, w->temporary);
    ll_free(w->host, w->path);
    *w = (ll_gguf_writer){.descriptor = -1};
}
