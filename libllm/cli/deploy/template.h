/* SPDX-License-Identifier: MIT
 * Files as texts with places for values. {{name}} is a value; where it has several lines, each repeats what stands
 * before it. A line that begins with {{?name}} is there only with a value that is not empty, one with {{!name}} only
 * without.
 */
#ifndef CLI_DEPLOY_TEMPLATE_H
#define CLI_DEPLOY_TEMPLATE_H

#include <jansson.h>

#include "text.h"

struct template { const char *name, *text; };

/* Of the folder templates, the last one without a name. */
extern const struct template templates[];

/* The text of that name, which is there. */
const char *template_find(const char *name);
/* Appends it with these values, each a text. */
void template_fill(struct text *out, const char *name, const json_t *values);
/* What follows the word `key` and a blank in a line of the text of that name: "" where no line begins so. */
void template_look_up(struct text *out, const char *name, const char *key);

#endif
