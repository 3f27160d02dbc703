/* SPDX-License-Identifier: MIT
 * Whole numbers for people.
 */
#ifndef LG_NUMBER_H
#define LG_NUMBER_H

#include <glib.h>

G_BEGIN_DECLS

/* With the locale's marks between thousands; free it with g_free(). */
char *lg_number(guint64 number);

/* "1 token", "2,000 tokens". */
char *lg_tokens(guint64 number);

G_END_DECLS

#endif
