/* SPDX-License-Identifier: MIT
 * Formulas between $ $, $$ $$, \( \) and \[ \] in a text. They are kept from md4c, which would see emphasis, links and
 * columns in them: what it reads in the place of each is a number between two characters that no text has.
 */
#ifndef LG_MARKS_H
#define LG_MARKS_H

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    char *source;  /* on one line, without marks */
    char *written; /* as it stands in the text */
    gboolean is_display;
} LgMarkedFormula;

/* For LgMarkedFormula. */
GArray *lg_marks_new(void);
/* The text with formulas taken out of it and put into the array, except within code. What has no end stays. */
GString *lg_marks_take(const char *text, gsize n_bytes, GArray *formulas);
/* The formula whose place is at `text`, and what is behind that; NULL: there is none. */
const LgMarkedFormula *lg_marks_at(const GArray *formulas, const char *text, const char *end, const char **behind);
/* A piece of the text with its formulas as they were written. */
void lg_marks_append_written(const GArray *formulas, GString *result, const char *text, gsize n_bytes);

G_END_DECLS

#endif
