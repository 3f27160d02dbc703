/* SPDX-License-Identifier: MIT
 * What goes wrong in the library, as a GError: its code is the libllm_status, its message the library's, in English.
 */
#include <gio/gio.h>
#include <glib/gi18n.h>
#include <libllm/libllm.h>

#include "engine/error.h"

G_DEFINE_QUARK(lg - engine - error - quark, lg_engine_error)

const char *lg_error_title(const GError *error)
{
    if (error->domain != LG_ENGINE_ERROR)
        return _("That did not work");
    switch (error->code) {
    case LIBLLM_ERROR_NOT_FOUND:
        return _("The model is not there");
    case LIBLLM_ERROR_CORRUPT_FILE:
        return _("The model file is damaged");
    case LIBLLM_ERROR_UNSUPPORTED:
        return _("This model cannot be used here");
    case LIBLLM_ERROR_NO_TEMPLATE:
    case LIBLLM_ERROR_TEMPLATE:
        return _("The model has no chat template that works");
    case LIBLLM_ERROR_OUT_OF_MEMORY:
        return _("There is not enough memory");
    case LIBLLM_ERROR_CONTEXT_FULL:
        return _("The conversation is longer than the context");
    case LIBLLM_ERROR_DEVICE_LOST:
        return _("The device was lost");
    case LIBLLM_ERROR_IO:
        return _("A file could not be read");
    case LIBLLM_ERROR_NUMERIC:
        return _("The model computes no numbers");
    default:
        return _("The model cannot answer");
    }
}

gboolean lg_error_is_cancelled(const GError *error)
{
    return g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ||
           g_error_matches(error, LG_ENGINE_ERROR, LIBLLM_ERROR_CANCELLED);
}
