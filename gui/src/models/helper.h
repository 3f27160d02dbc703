/* SPDX-License-Identifier: MIT
 * `libllm pull` as a helper process: the app itself opens no connection to a hub. What the helper prints are events,
 * described in docs/pull.md.
 *
 * Signals: "event" (const char *name, JsonNode *event); "ended" (gboolean well, const char *code, const char
 * *message), once, after the last event. code is "stopped" when it was stopped.
 */
#ifndef LG_HELPER_H
#define LG_HELPER_H

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "remote/network.h"

G_BEGIN_DECLS

#define LG_TYPE_HELPER (lg_helper_get_type())
G_DECLARE_FINAL_TYPE(LgHelper, lg_helper, LG, HELPER, GObject)

/* Starts `libllm pull --json ARGUMENTS`, with mirrors and other settings of the network. purpose: "search", "list",
 * "download"; NULL: no connection is opened, so that it may be done offline. NULL, with the error, when it may not or
 * cannot be started. */
LgHelper *lg_helper_start(LgNetwork *network, const char *purpose, const char *const *arguments, GError **error);

/* Asks it to end; what was fetched is kept. It is asked the same when the app goes offline. */
void lg_helper_stop(LgHelper *self);
gboolean lg_helper_is_running(LgHelper *self);

G_END_DECLS

#endif
