/* SPDX-License-Identifier: MIT
 * A row for a server: opened, it lists the models that it has. Its actions are those of the page Models
 * ("models.use-remote", "models.remove-server").
 */
#ifndef LG_SERVER_ROW_H
#define LG_SERVER_ROW_H

#include <adwaita.h>

#include "remote/client.h"

G_BEGIN_DECLS

GtkWidget *lg_server_row_new(LgEndpoints *endpoints, LgEndpoint *endpoint, LgClient *client);

G_END_DECLS

#endif
