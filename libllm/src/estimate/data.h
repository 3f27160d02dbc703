/* SPDX-License-Identifier: MIT
 * The tables in libllm/data, compiled in. A folder that the user names comes first: a file there takes the place of
 * the one that has its name.
 */
#ifndef LL_ESTIMATE_DATA_H
#define LL_ESTIMATE_DATA_H

#include "base/buffer.h"
#include "format/file.h"

typedef struct ll_data_file {
    const char *name; /* "accelerators.csv"; NULL behind the last */
    ll_span text;
} ll_data_file;

extern const ll_data_file ll_data_files[];

/* A table while it is read. */
typedef struct ll_data {
    ll_span text;
    ll_file file; /* of the user's folder */
    bool is_file;
} ll_data;

/* folder may be NULL. */
libllm_status ll_data_open(const ll_host *host, const char *folder, const char *name, ll_data *out,
                           libllm_error *error);
void ll_data_close(ll_data *data);

#endif
