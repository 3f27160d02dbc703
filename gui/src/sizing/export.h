/* SPDX-License-Identifier: MIT
 * Saves a report as CSV, JSON, Markdown or PDF, in English or in Chinese.
 */
#ifndef LG_EXPORT_H
#define LG_EXPORT_H

#include "query.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* The menu button for an LgPlanner. */
GtkWidget *lg_export_button_new(GtkWidget *planner);

/* Writes the file. format: csv, json, markdown, pdf; language: en, zh. Any thread. */
gboolean lg_export_write(const LgPlan *plan, LgOutcome *answer, const char *format, const char *language,
                         const char *path, GError **error);

G_END_DECLS

#endif
