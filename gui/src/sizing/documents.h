/* SPDX-License-Identifier: MIT
 * The tables of three published reports, as printed and corrected side by side.
 */
#ifndef LG_DOCUMENTS_H
#define LG_DOCUMENTS_H

#include <adwaita.h>

G_BEGIN_DECLS

#define LG_TYPE_DOCUMENTS (lg_documents_get_type())
G_DECLARE_FINAL_TYPE(LgDocuments, lg_documents, LG, DOCUMENTS, AdwBin)

GtkWidget *lg_documents_new(void);

G_END_DECLS

#endif
