/* SPDX-License-Identifier: MIT
 * The files that a model is: one, all parts of one that is split, or those of a folder. All of it looks at the disk.
 */
#ifndef LG_FILES_H
#define LG_FILES_H

#include <glib.h>

G_BEGIN_DECLS

/* Whether the name is that of a part of a split model, NAME-00002-of-00003.gguf, that is not the first. */
gboolean lg_files_is_later_part(const char *name);

/* The path that stands for the whole model: that of the first part where `path` is a part, else itself. */
char *lg_files_first(const char *path);

/* Paths, in the order of the parts; those of a split model as they are named, also where one is missing. */
GPtrArray *lg_files_of(const char *path);

/* Of all of them together, in bytes; what is not there counts as 0. */
guint64 lg_files_size(const char *path);

G_END_DECLS

#endif
