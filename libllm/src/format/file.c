/* SPDX-License-Identifier: MIT
 * Opening files on POSIX systems, with the interruptions and short reads that these allow.
 */
#include "format/file.h"

#include "base/status.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_SHOWN_PATH 200

enum { HUGE_PAGE = 2 << 20, HUGE_FROM = 16 << 20 };

libllm_status ll_file_fail(libllm_error *error, libllm_status status, const char *path)
{
    size_t size = strlen(path);
    if (size <= MAX_SHOWN_PATH)
        return ll_fail_context(error, status, "%s", path);
    path += size - MAX_SHOWN_PATH;
    while (((unsigned char)*path & 0xC0) == 0x80) /* not from within a character */
        path++;
    return ll_fail_context(error, status, "...%s", path);
}

libllm_status ll_file_fail_system(libllm_error *error, const char *what, int code)
{
    libllm_status status = code == ENOENT   ? LIBLLM_ERROR_NOT_FOUND
                           : code == ENOMEM ? LIBLLM_ERROR_OUT_OF_MEMORY
                                            : LIBLLM_ERROR_IO;
    const char *reason = strerrordesc_np(code); /* English and static, where strerror_r follows the locale */
    return ll_fail(error, status, "%s: %s", what, reason ? reason : "unknown reason");
}

static libllm_status check_kind(const struct stat *info, libllm_error *error)
{
    if (S_ISDIR(info->st_mode))
        return ll_fail(error, LIBLLM_ERROR_IO, "is a folder, expected a regular file");
    if (!S_ISREG(info->st_mode))
        return ll_fail(error, LIBLLM_ERROR_IO, "is not a regular file");
    if (info->st_size < 0 || (uintmax_t)info->st_size > SIZE_MAX)
        return ll_fail(error, LIBLLM_ERROR_IO, "is larger than the address space");
    return LIBLLM_OK;
}

static libllm_status map_file(int fd, ll_file *file, libllm_error *error)
{
    void *data = mmap(NULL, file->size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED)
        return ll_file_fail_system(error, "cannot be mapped", errno);
    file->data = data;
    file->mapped = true;
    return LIBLLM_OK;
}

static libllm_status read_bytes(int fd, uint8_t *data, size_t size, libllm_error *error)
{
    size_t done = 0;
    while (done < size) {
        ssize_t n = pread(fd, data + done, size - done, (off_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ll_file_fail_system(error, "cannot be read", errno);
        if (n == 0)
            return ll_fail(error, LIBLLM_ERROR_IO, "ended at offset %zu of %zu: it was truncated while being read",
                           done, size);
        done += (size_t)n;
    }
    return LIBLLM_OK;
}

static libllm_status read_file(int fd, ll_file *file, libllm_error *error)
{
    /* An allocator that overcommits would take a sparse file of any size and the reading then kill the process. */
    long n_pages = sysconf(_SC_PHYS_PAGES), page_size = sysconf(_SC_PAGESIZE);
    if (n_pages > 0 && page_size > 0 && file->size / (size_t)page_size >= (size_t)n_pages)
        return ll_fail(error, LIBLLM_ERROR_OUT_OF_MEMORY, "has %zu bytes, more than the memory of this machine",
                       file->size);
    bool huge = file->size >= HUGE_FROM;
    uint8_t *data = ll_alloc_aligned(file->host, file->size, 1, huge ? HUGE_PAGE : 64);
    if (!data)
        return ll_fail_memory(error, "the bytes of the file");
    if (huge) /* only a wish: fewer pages to look up while weights stream through. Whole pages of ours alone. */
        madvise(data, file->size / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
    libllm_status status = read_bytes(fd, data, file->size, error);
    if (status != LIBLLM_OK) {
        ll_free(file->host, data);
        return status;
    }
    file->data = data;
    return LIBLLM_OK;
}

static libllm_status load(int fd, libllm_load_mode mode, ll_file *file, libllm_error *error)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return ll_file_fail_system(error, "cannot be examined", errno);
    libllm_status status = check_kind(&info, error);
    if (status != LIBLLM_OK)
        return status;
    file->size = (size_t)info.st_size;
    if (file->size == 0) /* cannot be mapped, and has nothing to map */
        return LIBLLM_OK;
    return mode == LIBLLM_LOAD_READ ? read_file(fd, file, error) : map_file(fd, file, error);
}

libllm_status ll_file_open(const ll_host *host, const char *path, libllm_load_mode mode, ll_file *file,
                           libllm_error *error)
{
    *file = (ll_file){.host = host};
    int fd;
    do /* O_NONBLOCK: opening a FIFO must not wait for its writer */
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    while (fd < 0 && errno == EINTR);
    libllm_status status = fd < 0 ? ll_file_fail_system(error, "cannot be opened", errno) : load(fd, mode, file, error);
    if (fd >= 0)
        close(fd);
    if (status != LIBLLM_OK) {
        *file = (ll_file){0};
        return ll_file_fail(error, status, path);
    }
    return LIBLLM_OK;
}

void ll_file_close(ll_file *file)
{
    /* The constness is ours: both kinds of memory were handed to us writable or unmapped as a whole. */
    if (file->mapped)
        munmap((void *)(uintptr_t)file->data, file->size);
    else if (file->data)
        ll_free(file->host, (void *)(uintptr_t)file->data);
    *file = (ll_file){0};
}
