/* SPDX-License-Identifier: MIT
 * Safetensors files: bytes in, named tensor spans out. As strict as the reference: the header is one JSON object, and
 * the tensors fill what is behind it without a hole or an overlap. What the tensors mean is not known here.
 */
#ifndef LL_FORMAT_SAFETENSORS_H
#define LL_FORMAT_SAFETENSORS_H

#include "base/map.h"
#include "format/file.h"

typedef enum ll_safetensors_type {
    LL_SAFETENSORS_BOOL,
    LL_SAFETENSORS_U8,
    LL_SAFETENSORS_I8,
    LL_SAFETENSORS_F8_E4M3,
    LL_SAFETENSORS_F8_E5M2,
    LL_SAFETENSORS_F8_E8M0,
    LL_SAFETENSORS_I16,
    LL_SAFETENSORS_U16,
    LL_SAFETENSORS_F16,
    LL_SAFETENSORS_BF16,
    LL_SAFETENSORS_I32,
    LL_SAFETENSORS_U32,
    LL_SAFETENSORS_F32,
    LL_SAFETENSORS_I64,
    LL_SAFETENSORS_U64,
    LL_SAFETENSORS_F64,
} ll_safetensors_type;

const char *ll_safetensors_type_name(ll_safetensors_type type); /* "BF16", as files spell it */

enum { LL_SAFETENSORS_DIMS_MAX = 8 };

typedef struct ll_safetensors_tensor {
    ll_span name; /* valid UTF-8 without a NUL */
    ll_safetensors_type type;
    uint32_t n_dims;
    uint64_t shape[LL_SAFETENSORS_DIMS_MAX]; /* contiguous last; may hold 0; unused ones are 1 */
    uint32_t file;                           /* index into files */
    uint64_t offset;                         /* from the start of its file */
    uint64_t n_bytes;
    const uint8_t *data; /* n_bytes inside the file, of any alignment */
} ll_safetensors_tensor;

/* The tensors of one file, or of all files of a model. */
typedef struct ll_safetensors {
    const ll_host *host;
    ll_file *files;
    char **names; /* the text of the names, one block for each file */
    size_t n_files;
    ll_safetensors_tensor *tensors;
    size_t n_tensors;
    ll_map index; /* name -> index into tensors */
} ll_safetensors;

/* Open and check model.safetensors of a folder, or else the files that its model.safetensors.index.json names, all of
 * them in the folder itself. Errors start with the path and name the tensor or offset. */
libllm_status ll_safetensors_open(const ll_host *host, const char *folder, libllm_load_mode mode, ll_safetensors *st,
                                  libllm_error *error);
/* The same of one file, by its path. */
libllm_status ll_safetensors_open_file(const ll_host *host, const char *path, libllm_load_mode mode, ll_safetensors *st,
                                       libllm_error *error);
/* The same over bytes in memory that outlive it (name: for messages). */
libllm_status ll_safetensors_parse(const ll_host *host, const uint8_t *data, size_t size, const char *name,
                                   ll_safetensors *st, libllm_error *error);
void ll_safetensors_close(ll_safetensors *st); /* a zeroed one is fine */
/* The n_files files, which the caller closes and whose array it frees; the tensors stay as long as they do. */
ll_file *ll_safetensors_take_files(ll_safetensors *st);

const ll_safetensors_tensor *ll_safetensors_find(const ll_safetensors *st, ll_span name); /* NULL when absent */

/* Add the tensors of another file, whose bytes st takes over, also when this fails. */
libllm_status ll_safetensors_add(ll_safetensors *st, ll_file *file, const char *name, libllm_error *error);

#endif
