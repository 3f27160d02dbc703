/* SPDX-License-Identifier: MIT
 * A report of the estimator: its figures with names, units, intervals and explanations; its remarks; its tables.
 */
#ifndef LG_REPORT_H
#define LG_REPORT_H

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef struct {
    char *path, *label; /* the label is the path where the estimator has no name for it */
    char *unit;         /* may be "" */
    char *words;        /* of a figure that is a text; else NULL */
    double value, low, high;
    gboolean has_interval;
    char *formula, *substituted, *source; /* may be NULL */
    GPtrArray *inputs;                    /* char *: paths that the formula takes */
} LgFigure;

typedef struct {
    char *kind, *code, *text; /* kind: note, warning, reason, change */
} LgRemark;

typedef struct {
    char *id, *title, *source;
    GPtrArray *rows;       /* GPtrArray of char * */
    gboolean has_headings; /* in the first row; lists of two columns may begin with a number at once */
} LgReportTable;

typedef struct {
    gatomicrefcount count;
    char *task;
    gboolean is_feasible;
    GPtrArray *figures; /* LgFigure, in the estimator's order */
    GHashTable *by_path;
    GPtrArray *remarks; /* LgRemark */
    GPtrArray *tables;  /* LgReportTable */
    GPtrArray *notes;   /* char * */
} LgReport;

LgReport *lg_report_parse(const char *json, GError **error);
LgReport *lg_report_ref(LgReport *report);
void lg_report_unref(LgReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LgReport, lg_report_unref)

/* NULL where there is no such figure. */
const LgFigure *lg_report_find(const LgReport *report, const char *path);
double lg_report_value(const LgReport *report, const char *path, double otherwise);
const LgRemark *lg_report_remark(const LgReport *report, const char *kind);

/* Names of figures by their paths. */
void lg_report_name(LgReport *report, GHashTable *labels);

/* Whether people are to see it at first: it has a name. */
gboolean lg_figure_is_named(const LgFigure *figure);

/* "5.234 GiB", or the words. */
char *lg_figure_text(const LgFigure *figure);

/* "4.9 – 5.6 GiB"; NULL without an interval. */
char *lg_figure_range(const LgFigure *figure);

G_END_DECLS

#endif
