/* SPDX-License-Identifier: MIT
 * The switch for working offline, and every connection that was ever made or refused.
 */
#ifndef LG_CONNECTIONS_WINDOW_H
#define LG_CONNECTIONS_WINDOW_H

#include <adwaita.h>

#include "remote/network.h"

G_BEGIN_DECLS

/* store NULL: those of this run. */
void lg_connections_window_present(LgNetwork *network, LgStore *store, GtkWindow *parent);

G_END_DECLS

#endif
