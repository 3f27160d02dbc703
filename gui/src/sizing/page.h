/* SPDX-License-Identifier: MIT
 * Sizing: what it takes to run, serve and train a model; comparisons; and tables of published reports.
 */
#ifndef LG_SIZING_PAGE_H
#define LG_SIZING_PAGE_H

#include "compare.h"
#include "planner.h"

G_BEGIN_DECLS

#define LG_TYPE_SIZING_PAGE (lg_sizing_page_get_type())
G_DECLARE_FINAL_TYPE(LgSizingPage, lg_sizing_page, LG, SIZING_PAGE, AdwBin)

GtkWidget *lg_sizing_page_new(void);

/* The model that plans start from: a GGUF file, a folder of Hugging Face or a config.json. */
void lg_sizing_page_set_model(LgSizingPage *page, const char *path);

/* Shows "run", "serve", "train", "compare" or "documents". */
void lg_sizing_page_show(LgSizingPage *page, const char *name);

/* The planner of a plan, by its name. */
LgPlanner *lg_sizing_page_get_planner(LgSizingPage *page, const char *name);
LgCompare *lg_sizing_page_get_compare(LgSizingPage *page);

G_END_DECLS

#endif
