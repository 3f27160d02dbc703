/* SPDX-License-Identifier: MIT
 * Shows Markdown as widgets, also while it comes in: what is behind the last block that is open stays as it is.
 */
#ifndef LG_MARKDOWN_VIEW_H
#define LG_MARKDOWN_VIEW_H

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define LG_TYPE_MARKDOWN_VIEW (lg_markdown_view_get_type())
G_DECLARE_FINAL_TYPE(LgMarkdownView, lg_markdown_view, LG, MARKDOWN_VIEW, GtkBox)

GtkWidget *lg_markdown_view_new(void);

/* Whole UTF-8 characters. It is shown with the next frame. */
void lg_markdown_view_append(LgMarkdownView *self, const char *text);
/* Nothing more comes; all is shown now. */
void lg_markdown_view_finish(LgMarkdownView *self);

G_END_DECLS

#endif
