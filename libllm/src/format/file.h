/* SPDX-License-Identifier: MIT
 * The bytes of a file: mapped read-only, or read into memory.
 */
#ifndef LL_FORMAT_FILE_H
#define LL_FORMAT_FILE_H

#include "base/host.h"

typedef struct ll_file {
    const ll_host *host;
    const uint8_t *data; /* page-aligned when mapped, 64-byte aligned at least when read; NULL when the file is empty */
    size_t size;
    bool mapped; /* the bytes vanish, with SIGBUS, when someone truncates the file: that is what reading is for */
} ll_file;

/* Regular files only (a FIFO, device or folder is an error). The path is used for messages and not kept. */
libllm_status ll_file_open(const ll_host *host, const char *path, libllm_load_mode mode, ll_file *file,
                           libllm_error *error);
void ll_file_close(ll_file *file); /* a zeroed file is fine */

/* Put "path: " in front of a message; of a long path only the end, so that the message itself stays readable. */
libllm_status ll_file_fail(libllm_error *error, libllm_status status, const char *path);
/* "what: reason", with the status and the reason of an errno. */
libllm_status ll_file_fail_system(libllm_error *error, const char *what, int code);

#endif
