/* SPDX-License-Identifier: MIT
 * Whole numbers for people.
 */
#include <glib/gi18n.h>

#include "chat/number.h"

char *lg_number(guint64 number) { return g_strdup_printf("%'" G_GUINT64_FORMAT, number); }

char *lg_tokens(guint64 number)
{
    g_autofree char *text = lg_number(number);
    return g_strdup_printf(ngettext("%s token", "%s tokens", number), text);
}
