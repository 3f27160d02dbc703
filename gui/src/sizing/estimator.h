/* SPDX-License-Identifier: MIT
 * The library's estimator for the pages of Sizing: pure questions, which any thread may ask.
 */
#ifndef LG_ESTIMATOR_H
#define LG_ESTIMATOR_H

#include "report.h"

G_BEGIN_DECLS

/* The report on a scenario, explained and with its figures named in the interface's language. */
LgReport *lg_estimator_run(JsonObject *scenario, GError **error);

/* The figures alone, without explanations and names: for charts, which ask many times. */
LgReport *lg_estimator_run_bare(JsonObject *scenario, GError **error);

/* The same as the library writes it. format: json, table, markdown, csv; language: en, zh. */
char *lg_estimator_write(JsonObject *scenario, const char *format, const char *language, GError **error);

/* "en" or "zh", by the interface. */
const char *lg_estimator_language(void);

/* Rows of the tables of models (name, family) and of devices (vendor, name, kind, TFLOP/s, GB, GB/s, W, confidence),
 * without headings: GPtrArray of char *. Borrowed, read once; empty where they cannot be read. */
GPtrArray *lg_estimator_models(void);
GPtrArray *lg_estimator_devices(void);

G_END_DECLS

#endif
