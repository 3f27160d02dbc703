/* SPDX-License-Identifier: MIT
 * A row of the user's models: what it is, what it will do on this machine, and what can be done with it. Its actions
 * are those of the page ("models.use" and others), with the path as their parameter.
 */
#ifndef LG_MODEL_ROW_H
#define LG_MODEL_ROW_H

#include <adwaita.h>

#include "models/model.h"

G_BEGIN_DECLS

/* The settings say which model answers in new chats. */
GtkWidget *lg_model_row_new(LgModel *model, GSettings *settings);

G_END_DECLS

#endif
