/* SPDX-License-Identifier: MIT
 * Asks for a server with OpenAI's API, and tries it before it is kept.
 */
#ifndef LG_SERVER_DIALOG_H
#define LG_SERVER_DIALOG_H

#include <adwaita.h>

#include "remote/client.h"

G_BEGIN_DECLS

void lg_server_dialog_present(LgEndpoints *endpoints, LgClient *client, GtkWindow *parent);

G_END_DECLS

#endif
