/* SPDX-License-Identifier: MIT
 * The user's models: a list of LgModel that follows the folder of models ($XDG_DATA_HOME/libllm/models) and the files
 * that were added where they lie. Each is read, and sized for this machine, on a thread, one after the other.
 */
#ifndef LG_LIBRARY_H
#define LG_LIBRARY_H

#include "models/model.h"
#include "store/store.h"

G_BEGIN_DECLS

#define LG_TYPE_LIBRARY (lg_library_get_type())
G_DECLARE_FINAL_TYPE(LgLibrary, lg_library, LG, LIBRARY, GObject)

/* folder NULL: the usual one. The settings keep what was added ("model-paths") and what is not to be listed
 * ("hidden-models"). */
LgLibrary *lg_library_new(const char *folder, GSettings *settings);
const char *lg_library_get_folder(LgLibrary *self);

/* Measured speeds come from and go to it. May be NULL. */
void lg_library_set_store(LgLibrary *self, LgStore *store);

/* The model with this path; NULL when it is not listed. Borrowed. */
LgModel *lg_library_find(LgLibrary *self, const char *path);

/* Lists a GGUF file, all parts of one that is split as one model, or a folder of Hugging Face's kind where it lies.
 * FALSE with a reason for anything else. */
gboolean lg_library_add(LgLibrary *self, const char *path, GError **error);
/* Takes it off the list, and puts it there again. The files stay. */
void lg_library_remove(LgLibrary *self, const char *path);
void lg_library_restore(LgLibrary *self, const char *path);

/* Hides the files from everybody; undelete brings them back, purge, which takes its time on a thread, is for good. The
 * token is the caller's. */
char *lg_library_delete(LgLibrary *self, const char *path, GError **error);
gboolean lg_library_undelete(LgLibrary *self, const char *token, GError **error);
void lg_library_purge(LgLibrary *self, const char *token);

/* An answer on this machine had this speed: beside the prediction, and for those of other models. */
void lg_library_note_speed(LgLibrary *self, const char *path, double tokens_per_second);
/* What the predicted speed of a model that has not answered here is to be multiplied by; 0: nothing was measured. */
double lg_library_get_factor(LgLibrary *self, double predicted);

/* Whether all models that are listed have been read. */
gboolean lg_library_is_settled(LgLibrary *self);

G_END_DECLS

#endif
