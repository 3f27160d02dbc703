/* SPDX-License-Identifier: MIT
 * A model of the user's list: a file or folder on this machine, what is known of it, and how fast it was.
 *
 * Signal "changed": facts or measurements are new.
 */
#ifndef LG_MODEL_H
#define LG_MODEL_H

#include "models/facts.h"

G_BEGIN_DECLS

#define LG_TYPE_MODEL (lg_model_get_type())
G_DECLARE_FINAL_TYPE(LgModel, lg_model, LG, MODEL, GObject)

LgModel *lg_model_new(const char *path, gboolean is_in_folder);
const char *lg_model_get_path(LgModel *self);
/* What people call it: the name of the file without its ending. */
const char *lg_model_get_name(LgModel *self);
/* Whether it lies in the folder of models, so that it may be deleted from here; others are listed where they are. */
gboolean lg_model_is_in_folder(LgModel *self);
/* NULL until they have been read. */
const LgFacts *lg_model_get_facts(LgModel *self);
void lg_model_take_facts(LgModel *self, LgFacts *facts);
/* Tokens a second of answers on this machine; 0: none yet. */
double lg_model_get_measured(LgModel *self);
void lg_model_set_measured(LgModel *self, double tokens_per_second);
/* What its predicted speed is to be multiplied by; 0: it stands as it is. */
void lg_model_set_factor(LgModel *self, double factor);

G_END_DECLS

#endif
