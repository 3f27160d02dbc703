/* SPDX-License-Identifier: MIT
 * Markdown to blocks, by md4c. Formulas may stand in $ $, $$ $$, \( \) and \[ \]; HTML is text.
 */
#ifndef LG_MARKDOWN_H
#define LG_MARKDOWN_H

#include "chat/blocks.h"

G_BEGIN_DECLS

/* The blocks of a text. One that nests deeper or has more parts than people write is shown as it is. */
GPtrArray *lg_markdown_parse(const char *text, gsize n_bytes);

/* One block of text, shown as it is. */
GPtrArray *lg_markdown_plain(const char *text, gsize n_bytes);

/* Whether a link may be opened: http, https and mailto. */
gboolean lg_markdown_link_is_safe(const char *uri);

G_END_DECLS

#endif
