/* SPDX-License-Identifier: MIT
 * Tables of comma-separated values (RFC 4180): rows of fields by the names in the first row.
 */
#ifndef LL_ESTIMATE_CSV_H
#define LL_ESTIMATE_CSV_H

#include "base/buffer.h"

enum { LL_CSV_COLUMNS_MAX = 48 };

typedef struct ll_csv {
    const char *name; /* of the table, for messages */
    ll_span left;     /* not read yet */
    size_t line;      /* of the current row */
    ll_span columns[LL_CSV_COLUMNS_MAX], fields[LL_CSV_COLUMNS_MAX];
    size_t n_columns;
    ll_buffer quoted; /* fields of the current row that were quoted */
} ll_csv;

/* Read the first row. The text must outlive the table. */
libllm_status ll_csv_open(ll_csv *csv, const ll_host *host, const char *name, ll_span text, libllm_error *error);
void ll_csv_close(ll_csv *csv);
/* The next row, which must have as many fields as there are columns; LIBLLM_DONE behind the last. */
libllm_status ll_csv_next(ll_csv *csv, libllm_error *error);
/* The text of the next row, empty behind the last; and passing over it without reading it, which is much quicker. */
ll_span ll_csv_peek(const ll_csv *csv);
void ll_csv_skip(ll_csv *csv);
/* A field of the current row; empty when there is no such column. Lives up to the next row unless it stands unquoted
 * in the text. */
ll_span ll_csv_field(const ll_csv *csv, const char *column);
/* 0 when the field is empty; an error when it is no finite number, or negative. */
libllm_status ll_csv_number(const ll_csv *csv, const char *column, double *out, libllm_error *error);

#endif
