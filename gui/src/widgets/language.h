/* SPDX-License-Identifier: MIT
 * The language of texts, which a thread can choose for itself: documents are written in English or Chinese, whatever
 * the interface speaks. A file whose texts go into documents has, behind its includes, #undef _ #define _(text)
 * lg_translate(text)
 */
#ifndef LG_LANGUAGE_H
#define LG_LANGUAGE_H

#include <glib.h>

G_BEGIN_DECLS

/* "en" or "zh": what this thread chose, or else the interface's (where it is neither, "en"). */
const char *lg_language(void);

/* Chooses for this thread: "en", "zh", or NULL for the interface's. */
void lg_language_choose(const char *language);

/* The text in the thread's language. */
const char *lg_translate(const char *text);

G_END_DECLS

#endif
