/* SPDX-License-Identifier: MIT
 * The tables in libllm/data, compiled in. A folder that the user names comes first: a file there takes the place of
 * the one that has its name.
 */
#ifndef LL_ESTIMATE_DATA_H
#define LL_ESTIMATE_DATA_H

#include "base/buffer.h"
#include "format/file.h"

typedef struct ll_data_file {
    const char *name;   /* "accelerators.csv"; NULL behind the last */
    ll_span compressed; /* by zlib */
    size_t size;        /* of its text */
} ll_data_file;

extern const ll_data_file ll_data_files[];

/* The texts of the tables, each expanded when it is first asked for. Threads may share one. */
typedef struct ll_table_store ll_table_store;
ll_table_store *ll_table_store_create(const ll_host *host); /* NULL: no memory */
void ll_table_store_free(ll_table_store *store);            /* NULL is fine */
const ll_host *ll_table_store_host(const ll_table_store *store);

/* Where tables come from. */
typedef struct ll_tables {
    ll_table_store *store;
    const char *folder; /* of the user; may be NULL */
} ll_tables;

/* A table while it is read. */
typedef struct ll_data {
    ll_span text;
    ll_file file; /* of the user's folder */
    bool is_file;
} ll_data;

libllm_status ll_data_open(const ll_tables *tables, const char *name, ll_data *out, libllm_error *error);
void ll_data_close(ll_data *data);

#endif
