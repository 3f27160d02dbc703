/* SPDX-License-Identifier: MIT
 * What the files of this folder share: what is to become of each tensor, and the work on one after the other.
 */
#ifndef LL_MODEL_CONVERT_INTERNAL_H
#define LL_MODEL_CONVERT_INTERNAL_H

#include "format/gguf_make.h"
#include "format/gguf_write.h"
#include "model/convert/convert.h"
#include "model/convert/importance.h"

#include <stdatomic.h>

/* What becomes of a tensor. */
typedef struct ll_tensor_plan {
    const ll_gguf_tensor *source;
    const ll_type_traits *from, *to;
    const char *note;
    /* Rows of queries and keys whose pairs are to be neighbours: in each head the halves of the first n_rot are
     * interleaved. head_rows 0: rows stay where they are. */
    uint32_t head_rows, n_rot;
    const ll_importance_entry *importance; /* NULL: none */
} ll_tensor_plan;

typedef struct ll_convert_work {
    const ll_host *host;
    ll_team *team;
    const ll_convert_options *options;
    ll_gguf_writer *writer;
    float *rows; /* one of row_capacity for each thread */
    size_t row_capacity;
    uint8_t *out; /* a slab of encoded rows */
    size_t index, n_tensors;
    uint64_t n_bytes, n_bytes_done; /* of the source's tensors; done: those before the one in hand */
} ll_convert_work;

/* encode.c */
libllm_status ll_convert_work_open(ll_convert_work *work, const ll_tensor_plan *plans, size_t n, libllm_error *error);
void ll_convert_work_close(ll_convert_work *work);
/* The bytes of a tensor to the file. */
libllm_status ll_convert_tensor(ll_convert_work *work, const ll_tensor_plan *plan, libllm_error *error);

/* convert.c: tell how far it is, n_read bytes into the tensor in hand; true: stop. */
bool ll_convert_report(const ll_convert_work *work, const ll_tensor_plan *plan, uint64_t n_read, bool done);

/* metadata.c: the keys of the file. */
libllm_status ll_convert_metadata(const ll_model *model, const char *source, const ll_convert_options *options,
                                  const ll_importance *importance, ll_gguf_maker *header, libllm_error *error);

#endif
