/* SPDX-License-Identifier: MIT
 * The application: its windows, its actions, and what all windows share.
 */
#ifndef LG_APPLICATION_H
#define LG_APPLICATION_H

#include <adwaita.h>

#include "engine/engine.h"
#include "mcp/servers.h"
#include "models/downloads.h"
#include "models/library.h"
#include "remote/endpoints.h"
#include "store/store.h"

G_BEGIN_DECLS

#define LG_TYPE_APPLICATION (lg_application_get_type())
G_DECLARE_FINAL_TYPE(LgApplication, lg_application, LG, APPLICATION, AdwApplication)

LgApplication *lg_application_new(void);

/* The one that runs. */
LgApplication *lg_application_get_default(void);

/* io.github.libllm.Desktop, borrowed. */
GSettings *lg_application_get_settings(LgApplication *self);

/* The models of this machine, borrowed. */
LgEngine *lg_application_get_engine(LgApplication *self);

/* The servers of tools, borrowed. */
LgMcpServers *lg_application_get_servers(LgApplication *self);

/* The models that are listed, the downloads and the servers of models, which all windows share; made when they are
 * first asked for, borrowed. */
LgLibrary *lg_application_get_library(LgApplication *self);
LgDownloads *lg_application_get_downloads(LgApplication *self);
LgEndpoints *lg_application_get_endpoints(LgApplication *self);

/* The history, borrowed; NULL while it is being opened. */
LgStore *lg_application_get_store(LgApplication *self);

G_END_DECLS

#endif
