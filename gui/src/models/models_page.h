/* SPDX-License-Identifier: MIT
 * The page Models: the user's own models and what each does on this machine, downloads, servers elsewhere, and a search
 * on the hubs.
 *
 * Signals: "use" (const char *model): this one is to answer; "size" (const char *path): its plans are wanted.
 */
#ifndef LG_MODELS_PAGE_H
#define LG_MODELS_PAGE_H

#include <adwaita.h>

#include "store/store.h"

G_BEGIN_DECLS

#define LG_TYPE_MODELS_PAGE (lg_models_page_get_type())
G_DECLARE_FINAL_TYPE(LgModelsPage, lg_models_page, LG, MODELS_PAGE, AdwBin)

/* What lists the connections. */
void lg_models_page_set_store(LgModelsPage *self, LgStore *store);

/* Lists a file or folder that was opened or dropped. */
void lg_models_page_open(LgModelsPage *self, GFile *file);

/* Begins a download, such as of "default", and shows it. */
void lg_models_page_download(LgModelsPage *self, const char *source, const char *name);

G_END_DECLS

#endif
