/* SPDX-License-Identifier: MIT
 * A row for a download: how far it is, and buttons to stop it, go on, or take it off the list.
 */
#ifndef LG_DOWNLOAD_ROW_H
#define LG_DOWNLOAD_ROW_H

#include <adwaita.h>

#include "models/downloads.h"

G_BEGIN_DECLS

GtkWidget *lg_download_row_new(LgDownload *download, LgDownloads *downloads);

G_END_DECLS

#endif
