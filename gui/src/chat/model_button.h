/* SPDX-License-Identifier: MIT
 * The button that says which model answers, and lets another one be chosen: those in the models' folder, those of
 * servers as far as they are known, or any file or folder.
 *
 * Property "model" is a path or a name, as libllm_model_locate() takes it, or that of a server's (remote/endpoints.h).
 */
#ifndef LG_MODEL_BUTTON_H
#define LG_MODEL_BUTTON_H

#include <adwaita.h>

#include "models/library.h"
#include "remote/endpoints.h"

G_BEGIN_DECLS

#define LG_TYPE_MODEL_BUTTON (lg_model_button_get_type())
G_DECLARE_FINAL_TYPE(LgModelButton, lg_model_button, LG, MODEL_BUTTON, AdwBin)

void lg_model_button_set_model(LgModelButton *self, const char *model);
const char *lg_model_button_get_model(LgModelButton *self);

/* It is the second one of two that are compared, and is named so. */
void lg_model_button_set_second(LgModelButton *self);

/* Its models are offered; without one those in the models' folder are. */
void lg_model_button_set_library(LgModelButton *self, LgLibrary *library);

/* Whose models are offered as well, and named with their server. */
void lg_model_button_set_endpoints(LgModelButton *self, LgEndpoints *endpoints);

/* What people call a model: the end of its path without ".gguf", or what its server calls it. */
char *lg_model_title(const char *model);

G_END_DECLS

#endif
