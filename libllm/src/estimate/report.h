/* SPDX-License-Identifier: MIT
 * A sheet as a report: JSON, or tables for people in English and Chinese.
 */
#ifndef LL_ESTIMATE_REPORT_H
#define LL_ESTIMATE_REPORT_H

#include "estimate/data.h"
#include "estimate/sheet.h"

typedef enum ll_report_format { LL_REPORT_JSON, LL_REPORT_TABLE, LL_REPORT_MARKDOWN, LL_REPORT_CSV } ll_report_format;
#define LL_REPORT_FORMAT_WORDS "json|table|markdown|csv"
typedef enum ll_report_language { LL_REPORT_ENGLISH, LL_REPORT_CHINESE } ll_report_language;
#define LL_REPORT_LANGUAGE_WORDS "en|zh"

typedef struct ll_report_options {
    ll_report_format format;
    ll_report_language language;
    bool explains; /* formulas, the numbers put in, sources, and figures that are details */
    const ll_tables *tables;
} ll_report_options;

libllm_status ll_report_write(const ll_sheet *sheet, const char *task, const ll_report_options *options, ll_buffer *out,
                              libllm_error *error);

/* The formula of a figure with the numbers in place of the names. */
void ll_report_substituted(const ll_sheet *sheet, const ll_figure *figure, ll_buffer *out);
bool ll_report_is_feasible(const ll_sheet *sheet);

/* render.c: a figure's value with its unit, as tables show it; its name in a language, which lives as long as labels.
 */
void ll_report_value(const ll_figure *figure, ll_report_language language, ll_buffer *out);
typedef struct ll_labels {
    ll_map names; /* to offsets of texts */
    ll_buffer texts;
} ll_labels;
libllm_status ll_labels_read(ll_labels *labels, const ll_host *host, const ll_report_options *options,
                             libllm_error *error);
void ll_labels_free(ll_labels *labels);
const char *ll_label_of(const ll_labels *labels, const char *path); /* the path itself when it has none */
libllm_status ll_report_render(const ll_sheet *sheet, const ll_report_options *options, ll_buffer *out,
                               libllm_error *error);

#endif
