/* SPDX-License-Identifier: MIT
 * Scenarios of the estimator as JSON objects, whose members are reached by paths such as "load.users".
 */
#ifndef LG_SCENARIO_H
#define LG_SCENARIO_H

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* A copy that shares nothing. */
JsonObject *lg_scenario_copy(JsonObject *scenario);

/* The member at a path; NULL where there is none. Borrowed. */
JsonNode *lg_scenario_get(JsonObject *scenario, const char *path);
double lg_scenario_number(JsonObject *scenario, const char *path, double otherwise);
const char *lg_scenario_text(JsonObject *scenario, const char *path);

/* Objects on the way are made; what is there and is none is replaced. */
void lg_scenario_set(JsonObject *scenario, const char *path, JsonNode *value); /* takes the value */
void lg_scenario_set_number(JsonObject *scenario, const char *path, double value);
void lg_scenario_set_text(JsonObject *scenario, const char *path, const char *value);
void lg_scenario_set_boolean(JsonObject *scenario, const char *path, gboolean value);
void lg_scenario_remove(JsonObject *scenario, const char *path);

/* As JSON text. */
char *lg_scenario_print(JsonObject *scenario);

/* The model's name for people: a preset's, a file's without its folder, "70 B parameters". */
char *lg_scenario_model_name(JsonNode *model);

G_END_DECLS

#endif
