/* SPDX-License-Identifier: MIT
 * The member "compare" of a scenario: {"models": [...], "devices": [...], "figures": [paths]}.
 */
#ifndef LL_ESTIMATE_COMPARE_H
#define LL_ESTIMATE_COMPARE_H

#include "estimate/document.h"
#include "estimate/tasks.h"

enum { LL_FIGURES_MAX = 16 };

/* The member "figures": the paths of columns; what is of interest in the task when it is absent. */
size_t ll_read_figures(ll_reader *reader, const char *task, const char *figures[LL_FIGURES_MAX]);
/* The value of a figure as a cell; empty when there is no such figure, "-" when the sheet has failed. */
void ll_put_figure_cell(ll_document *document, const ll_sheet *sheet, const char *path);

/* name is the task's. */
void ll_run_compare(ll_task *task, const char *name, ll_document *document);

#endif
