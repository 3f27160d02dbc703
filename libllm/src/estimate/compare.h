/* SPDX-License-Identifier: MIT
 * The member "compare" of a scenario: {"models": [...], "devices": [...], "figures": [paths]}.
 */
#ifndef LL_ESTIMATE_COMPARE_H
#define LL_ESTIMATE_COMPARE_H

#include "estimate/document.h"
#include "estimate/tasks.h"

/* name is the task's. */
void ll_run_compare(ll_task *task, const char *name, ll_document *document);

#endif
