/* SPDX-License-Identifier: MIT
 * A report as a PDF: verdict, charts, figures with intervals, and where they come from.
 */
#ifndef LG_PDF_H
#define LG_PDF_H

#include "query.h"

G_BEGIN_DECLS

/* In the thread's language (widgets/language.h), in which the answer should be, too. */
gboolean lg_pdf_write(const LgPlan *plan, const LgOutcome *answer, const char *path, GError **error);

G_END_DECLS

#endif
