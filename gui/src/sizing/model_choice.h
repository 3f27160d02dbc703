/* SPDX-License-Identifier: MIT
 * The model that a plan starts from: a preset, a GGUF file, a Hugging Face folder or config.json, or bare numbers.
 */
#ifndef LG_MODEL_CHOICE_H
#define LG_MODEL_CHOICE_H

#include <adwaita.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define LG_TYPE_MODEL_CHOICE (lg_model_choice_get_type())
G_DECLARE_FINAL_TYPE(LgModelChoice, lg_model_choice, LG, MODEL_CHOICE, AdwActionRow)

/* Emits "changed" when another is chosen. */
GtkWidget *lg_model_choice_new(void);

/* As a scenario has it; a copy. */
JsonNode *lg_model_choice_get_model(LgModelChoice *row);

/* Takes the model; emits "changed". */
void lg_model_choice_set_model(LgModelChoice *row, JsonNode *model);

/* A preset by its name, or a file or folder by its path. */
void lg_model_choice_set_preset(LgModelChoice *row, const char *name);
void lg_model_choice_set_file(LgModelChoice *row, const char *path);

/* What is beneath the name, such as its size. */
void lg_model_choice_set_about(LgModelChoice *row, const char *text);

/* The window with presets and everything else; what a click on the row does. */
GtkWindow *lg_model_choice_choose(LgModelChoice *row);

G_END_DECLS

#endif
