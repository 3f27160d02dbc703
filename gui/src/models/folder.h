/* SPDX-License-Identifier: MIT
 * Folders of models: what lies in them, and what was taken away from them. All of it looks at the disk, so that it is
 * for threads.
 */
#ifndef LG_FOLDER_H
#define LG_FOLDER_H

#include <glib.h>

G_BEGIN_DECLS

/* What the name of a model begins with that was deleted and may be brought back. */
#define LG_FOLDER_DELETED ".deleted-"

/* Adds the paths of the models in a folder and those below it: files, and folders that are one. */
void lg_folder_look(const char *folder, GPtrArray *paths);

/* For good: a model; and all that an earlier run had deleted and not brought back. To take many gigabytes off a disk
 * can take seconds. */
void lg_folder_purge(const char *path);
void lg_folder_purge_all(const char *folder);

/* Where packages of the system put models; NULL behind the last. */
char *lg_folder_of_system(guint i);

/* Whether the path is one below the folder. */
gboolean lg_folder_holds(const char *folder, const char *path);

G_END_DECLS

#endif
