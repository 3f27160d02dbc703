/* SPDX-License-Identifier: MIT
 * What goes wrong in the library, as a GError: its code is the libllm_status, its message the library's, in English.
 */
#ifndef LG_ENGINE_ERROR_H
#define LG_ENGINE_ERROR_H

#include <glib.h>

G_BEGIN_DECLS

#define LG_ENGINE_ERROR (lg_engine_error_quark())
GQuark lg_engine_error_quark(void);

/* What happened in a few words of the user's language, for the line above the message. */
const char *lg_error_title(const GError *error);

/* Whether somebody asked for it. */
gboolean lg_error_is_cancelled(const GError *error);

G_END_DECLS

#endif
