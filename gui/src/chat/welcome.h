/* SPDX-License-Identifier: MIT
 * What is shown before anything was said: what this machine is, what it can run, and something to begin with.
 *
 * Signal: "suggested" (const char *text): somebody has chosen a beginning.
 */
#ifndef LG_WELCOME_H
#define LG_WELCOME_H

#include <adwaita.h>

#include "engine/engine.h"

G_BEGIN_DECLS

#define LG_TYPE_WELCOME (lg_welcome_get_type())
G_DECLARE_FINAL_TYPE(LgWelcome, lg_welcome, LG, WELCOME, AdwBin)

void lg_welcome_set_engine(LgWelcome *self, LgEngine *engine);
/* What tells that models have come or gone. */
void lg_welcome_set_library(LgWelcome *self, GListModel *library);

G_END_DECLS

#endif
