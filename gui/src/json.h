/* SPDX-License-Identifier: MIT
 * JSON that others wrote: models, servers, tools. It is never trusted to be valid, flat or of the types that it should
 * be.
 */
#ifndef LG_JSON_H
#define LG_JSON_H

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Arrays and objects in one another; json-glib and whoever walks through them descend by recursion. */
#define LG_JSON_DEPTH_MAX 64

/* NULL with the error (of JSON_PARSER_ERROR) for what is no UTF-8, no JSON, nothing, or too deep. */
JsonNode *lg_json_parse(const char *text, gssize n_bytes, GError **error);

/* NULL for what is not there or of another type; all of them take NULL. */
JsonNode *lg_json_member(JsonNode *node, const char *name);
JsonNode *lg_json_element(JsonNode *node, guint index);
const char *lg_json_text(JsonNode *node);
/* A copy of that of a member, or of "". */
char *lg_json_dup_text(JsonNode *node, const char *name);
/* Any number; `otherwise` for everything else. */
double lg_json_real(JsonNode *node, double otherwise);
/* Whole numbers from 0; `otherwise` for everything else. */
gint64 lg_json_number(JsonNode *node, gint64 otherwise);
gboolean lg_json_truth(JsonNode *node); /* whether it is true, and nothing else */
guint lg_json_length(JsonNode *node);   /* of an array; 0 */

char *lg_json_write(JsonNode *node);
/* The same on several lines for people; what is no JSON stays as it is. */
char *lg_json_pretty(const char *text);
/* With the members of objects in the order of their names, so that equal values are equal texts. */
char *lg_json_canonical(JsonNode *node);

/* A text of others as it may be shown: control characters and those that turn the direction of writing or cannot be
 * seen are U+FFFD, at most so many characters of it. Line feeds stay where `lines` says so. */
char *lg_plain_text(const char *text, gsize max_characters, gboolean lines);

G_END_DECLS

#endif
