/* SPDX-License-Identifier: MIT
 * Finding models: a search on a hub, and of a repository its models with what each would do on this machine.
 *
 * Signals: "chosen" (const char *source, const char *name): this is to be downloaded; "closed".
 */
#ifndef LG_HUB_PAGE_H
#define LG_HUB_PAGE_H

#include <adwaita.h>

#include "models/library.h"
#include "remote/network.h"

G_BEGIN_DECLS

#define LG_TYPE_HUB_PAGE (lg_hub_page_get_type())
G_DECLARE_FINAL_TYPE(LgHubPage, lg_hub_page, LG, HUB_PAGE, AdwBin)

void lg_hub_page_set_network(LgHubPage *self, LgNetwork *network);
/* Predictions are corrected by what it has measured. */
void lg_hub_page_set_library(LgHubPage *self, LgLibrary *library);
/* Puts the cursor where one types. */
void lg_hub_page_begin(LgHubPage *self);

/* "hf:owner/repo" of what someone types or pastes, when it names a repository: OWNER/REPO, a source of `libllm pull`,
 * or the address of a page; NULL for words to search. is_modelscope: what OWNER/REPO alone means. */
char *lg_hub_source_of(const char *text, gboolean is_modelscope);

G_END_DECLS

#endif
