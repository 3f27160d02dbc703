/* SPDX-License-Identifier: MIT
 * GGUF version 2 and 3: bytes in, named values and tensor spans out. Everything is checked while it is read, so
 * that what this header hands out needs no further check of bounds: names are unique and, like single strings,
 * valid UTF-8 in the file's memory; arrays are as long as they say; tensors are aligned, lie inside the file and
 * do not overlap. What the values mean is not known here.
 */
#ifndef LL_FORMAT_GGUF_H
#define LL_FORMAT_GGUF_H

#include "base/buffer.h"
#include "base/map.h"
#include "format/block_size.h"
#include "format/file.h"

#include <string.h>

typedef enum ll_gguf_type {
    LL_GGUF_U8 = 0,
    LL_GGUF_I8 = 1,
    LL_GGUF_U16 = 2,
    LL_GGUF_I16 = 3,
    LL_GGUF_U32 = 4,
    LL_GGUF_I32 = 5,
    LL_GGUF_F32 = 6,
    LL_GGUF_BOOL = 7,
    LL_GGUF_STRING = 8,
    LL_GGUF_ARRAY = 9,
    LL_GGUF_U64 = 10,
    LL_GGUF_I64 = 11,
    LL_GGUF_F64 = 12,
} ll_gguf_type;

/* Bytes of a number or bool; 0 for strings, arrays and numbers that are no type. */
size_t ll_gguf_type_size(uint32_t type);
const char *ll_gguf_type_name(uint32_t type); /* "u32", "string"; "unknown" */

typedef struct ll_gguf_value {
    ll_span key;
    ll_gguf_type type;   /* of the value, or of the elements when is_array */
    bool is_array;       /* an array of arrays (no deeper) has type ARRAY: checked, its elements not handed out */
    uint64_t count;      /* elements; 1 for a scalar */
    const uint8_t *data; /* first element, unaligned; strings are (u64 length, bytes) in sequence */
    size_t n_bytes;      /* of all elements */
} ll_gguf_value;

typedef struct ll_gguf_tensor {
    ll_span name;
    uint32_t type;   /* number as in the file */
    uint32_t n_dims; /* 1 to 4 */
    uint64_t ne[4];  /* elements per dimension, contiguous first, never 0; unused ones are 1 */
    uint64_t offset; /* from the start of the file */
    uint64_t n_bytes;
    const uint8_t *data; /* n_bytes inside the file */
    const char
        *converted; /* a model that was made of other files: what was done to the bytes; NULL: they are a file's */
} ll_gguf_tensor;

typedef struct ll_gguf {
    const ll_host *host;
    ll_file *files; /* one; several when the model is split; none over bytes in memory */
    size_t n_files;
    uint32_t version;     /* 0: no GGUF file, but made of others (see gguf_make.h) */
    uint32_t alignment;   /* of every tensor's offset; a power of two, 8 to 65536 */
    uint64_t data_offset; /* where tensor data starts; may lie behind the end of a file without tensors */
    ll_gguf_value *values;
    size_t n_values;
    ll_gguf_tensor *tensors;
    size_t n_tensors;
    ll_map value_index;  /* key -> index into values */
    ll_map tensor_index; /* name -> index into tensors */
    void **owned;        /* memory that lives as long */
    size_t n_owned;
} ll_gguf;

/* Open and check a whole model: a file, or with any part of a split one all the parts, which lie beside it under names
 * that end in -00001-of-00003.gguf. Metadata are the first part's. For the rest see ll_gguf_open_file(). */
libllm_status ll_gguf_open(const ll_host *host, const char *path, libllm_load_mode mode,
                           ll_block_size (*block_size)(uint32_t type), ll_gguf *gguf, libllm_error *error);
/* The number, from 1 on, that the name of a part of a split model has, and how many there are; false for other names.
 */
bool ll_gguf_part_of_name(const char *name, uint32_t *number, uint32_t *count);

/* Open and check one file. block_size tells the sizes of tensor types. Errors start with the path and name the
 * key, tensor or offset. Tensors may come in any order and leave gaps; a dimension of 0 is an error. */
libllm_status ll_gguf_open_file(const ll_host *host, const char *path, libllm_load_mode mode,
                                ll_block_size (*block_size)(uint32_t type), ll_gguf *gguf, libllm_error *error);
/* The same over bytes in memory that outlive the gguf (name: for messages). */
libllm_status ll_gguf_parse(const ll_host *host, const uint8_t *data, size_t size, const char *name,
                            ll_block_size (*block_size)(uint32_t type), ll_gguf *gguf, libllm_error *error);
void ll_gguf_close(ll_gguf *gguf); /* a zeroed gguf is fine */
uint64_t ll_gguf_file_bytes(const ll_gguf *gguf);

const ll_gguf_value *ll_gguf_find(const ll_gguf *gguf, const char *key);      /* NULL when absent */
const ll_gguf_tensor *ll_gguf_find_tensor(const ll_gguf *gguf, ll_span name); /* NULL when absent */

/* Typed access. Each returns LIBLLM_OK and leaves *out alone when the key is absent (so *out can hold the default);
 * a key of another type, or a number that does not fit, is CORRUPT_FILE naming the key. Any integer type is
 * accepted for an integer, F32 and F64 for a float. */
libllm_status ll_gguf_get_u32(const ll_gguf *gguf, const char *key, uint32_t *out, libllm_error *error);
libllm_status ll_gguf_get_f32(const ll_gguf *gguf, const char *key, float *out,
                              libllm_error *error); /* must be finite */
libllm_status ll_gguf_get_bool(const ll_gguf *gguf, const char *key, bool *out, libllm_error *error);
libllm_status ll_gguf_get_string(const ll_gguf *gguf, const char *key, ll_span *out, libllm_error *error);
/* As get_u32 for a scalar (stored n times) or an array of at least n integers. */
libllm_status ll_gguf_get_u32_each(const ll_gguf *gguf, const char *key, uint32_t *out, size_t n, libllm_error *error);

/* Element i of an array of numbers or bools, or the value of a single one (i < count), whatever its width. What an
 * int64_t cannot hold becomes the nearest that it can, NaN becomes 0; so does what is not a number. */
int64_t ll_gguf_element_i64(const ll_gguf_value *array, uint64_t i);
double ll_gguf_element_f64(const ll_gguf_value *array, uint64_t i);

/* Walk an array of strings in order: start with an iterator of {.next = array->data}. Must be called at most count
 * times. Files in use have tokens that are not valid UTF-8, so these strings may hold any bytes. */
typedef struct ll_gguf_strings {
    const uint8_t *next;
} ll_gguf_strings;
static inline ll_span ll_gguf_next_string(ll_gguf_strings *strings)
{
    uint64_t size;
    memcpy(&size, strings->next, sizeof size);
    ll_span string = {(const char *)strings->next + sizeof size, (size_t)size};
    strings->next += sizeof size + size;
    return string;
}

#endif
