/* SPDX-License-Identifier: MIT
 * Reports that are several tables: the documents that the estimator grew from, and lists of what it knows.
 */
#ifndef LL_ESTIMATE_DOCUMENT_H
#define LL_ESTIMATE_DOCUMENT_H

#include "base/json.h"
#include "estimate/report.h"

typedef struct ll_document {
    const ll_host *host;
    ll_report_options options;
    json_t *root, *tables, *rows, *row; /* the last of each is being filled */
    bool failed;
} ll_document;

void ll_document_init(ll_document *document, const ll_host *host, const ll_report_options *options, const char *task,
                      const char *name);
void ll_document_free(ll_document *document);
/* A table, whose first row is its heading. source may be NULL. */
void ll_document_table(ll_document *document, const char *id, const char *english, const char *chinese,
                       const char *source);
void ll_document_row(ll_document *document);
void ll_document_text(ll_document *document, const char *text);
void ll_document_in(ll_document *document, const char *english, const char *chinese); /* whichever the report is in */
/* How documents print numbers. */
typedef enum ll_print {
    LL_PRINT_WHOLE,      /* 78,088 */
    LL_PRINT_SCIENTIFIC, /* 3.79E+10: three digits, half up */
    LL_PRINT_DECIMALS,   /* `digits` behind the point */
} ll_print;
void ll_document_number(ll_document *document, double value, ll_print print, int digits);
void ll_document_value(ll_document *document, const char *text, double value); /* printed by others */
/* A line below the tables. */
void ll_document_note(ll_document *document, const char *english, const char *chinese);
libllm_status ll_document_write(ll_document *document, ll_buffer *out, libllm_error *error);

#endif
