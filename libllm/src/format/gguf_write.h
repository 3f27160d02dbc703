/* SPDX-License-Identifier: MIT
 * Writing a GGUF file of version 3: keys and the list of tensors at once, then the tensors' bytes in their order. Until
 * it is complete the file has a temporary name beside its own, so that nothing half-written is ever under that.
 */
#ifndef LL_FORMAT_GGUF_WRITE_H
#define LL_FORMAT_GGUF_WRITE_H

#include "format/gguf.h"

enum { LL_GGUF_WRITE_ALIGNMENT = 32 };

typedef struct ll_gguf_writer {
    const ll_host *host;
    const ll_gguf *header;
    char *path, *temporary;
    bool replaces; /* a file that is there */
    int descriptor;
    uint64_t size;   /* of the file when it is complete */
    size_t tensor;   /* whose bytes are expected */
    uint64_t n_left; /* of them */
} ll_gguf_writer;

/* Start a file with the values and tensors of `header`, which has to stay as it is until the end: of tensors the name,
 * shape, type and n_bytes count. A file that exists is an error unless it is to be replaced. The disk has to have room
 * for the whole file at once, where it can tell. In any case end with ll_gguf_write_end() or ll_gguf_write_abandon().
 */
libllm_status ll_gguf_write_begin(ll_gguf_writer *writer, const ll_host *host, const char *path, bool replaces,
                                  const ll_gguf *header, libllm_error *error);
/* The next n bytes of the tensor in hand; those of one tensor end where the next one's begin. */
libllm_status ll_gguf_write_bytes(ll_gguf_writer *writer, const void *data, size_t n, libllm_error *error);
/* All bytes are there: the file gets its name. On failure nothing is left behind. */
libllm_status ll_gguf_write_end(ll_gguf_writer *writer, libllm_error *error);
void ll_gguf_write_abandon(ll_gguf_writer *writer); /* nothing is left behind; a zeroed writer is fine */

#endif
