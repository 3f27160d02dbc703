/* SPDX-License-Identifier: MIT
 * Scenarios of the estimator as JSON objects.
 */
#include "scenario.h"

#include "json.h"
#include "widgets/language.h"
#include "widgets/quantity.h"

#include <glib/gi18n.h>
#include <math.h>

#undef _
#define _(text) lg_translate(text)

JsonObject *lg_scenario_copy(JsonObject *scenario)
{
    g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), scenario);
    g_autofree char *text = lg_json_write(node);
    g_autoptr(JsonNode) copy = lg_json_parse(text, -1, NULL);
    return json_node_dup_object(copy);
}

/* The object that holds the last part of the path, which `last` receives; NULL where there is none. */
static JsonObject *holder(JsonObject *object, const char *path, gboolean makes, char **last)
{
    g_auto(GStrv) parts = g_strsplit(path, ".", -1);
    guint i = 0;
    for (; parts[i + 1]; i++) {
        JsonNode *next = json_object_get_member(object, parts[i]);
        if (!next || !JSON_NODE_HOLDS_OBJECT(next)) {
            if (!makes)
                return NULL;
            json_object_set_object_member(object, parts[i], json_object_new());
        }
        object = json_object_get_object_member(object, parts[i]);
    }
    *last = g_strdup(parts[i]);
    return object;
}

JsonNode *lg_scenario_get(JsonObject *scenario, const char *path)
{
    g_autofree char *last = NULL;
    JsonObject *object = holder(scenario, path, FALSE, &last);
    return object ? json_object_get_member(object, last) : NULL;
}

double lg_scenario_number(JsonObject *scenario, const char *path, double otherwise)
{
    return lg_json_real(lg_scenario_get(scenario, path), otherwise);
}

const char *lg_scenario_text(JsonObject *scenario, const char *path)
{
    return lg_json_text(lg_scenario_get(scenario, path));
}

void lg_scenario_set(JsonObject *scenario, const char *path, JsonNode *value)
{
    g_autofree char *last = NULL;
    JsonObject *object = holder(scenario, path, TRUE, &last);
    json_object_set_member(object, last, value);
}

void lg_scenario_set_number(JsonObject *scenario, const char *path, double value)
{
    JsonNode *node = json_node_alloc();
    const gboolean is_whole = value == floor(value) && fabs(value) < 0x1p53;
    lg_scenario_set(scenario, path,
                    is_whole ? json_node_init_int(node, (gint64)value) : json_node_init_double(node, value));
}

void lg_scenario_set_text(JsonObject *scenario, const char *path, const char *value)
{
    lg_scenario_set(scenario, path, json_node_init_string(json_node_alloc(), value));
}

void lg_scenario_set_boolean(JsonObject *scenario, const char *path, gboolean value)
{
    lg_scenario_set(scenario, path, json_node_init_boolean(json_node_alloc(), value));
}

void lg_scenario_remove(JsonObject *scenario, const char *path)
{
    g_autofree char *last = NULL;
    JsonObject *object = holder(scenario, path, FALSE, &last);
    if (object && json_object_has_member(object, last))
        json_object_remove_member(object, last);
}

char *lg_scenario_print(JsonObject *scenario)
{
    g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), scenario);
    return lg_json_write(node);
}

char *lg_scenario_model_name(JsonNode *model)
{
    if (!model)
        return g_strdup(_("No model"));
    if (!JSON_NODE_HOLDS_OBJECT(model))
        return g_strdup(lg_json_text(model));
    JsonObject *object = json_node_get_object(model);
    const char *file = lg_scenario_text(object, "file"), *name = lg_scenario_text(object, "name");
    const double parameters = lg_scenario_number(object, "parameters", 0);
    if (name)
        return g_strdup(name);
    if (file)
        return g_path_get_basename(file);
    if (parameters > 0) {
        g_autofree char *text = lg_quantity_brief(parameters, "parameter");
        return g_strdup_printf(_("%s parameters"), text);
    }
    return g_strdup(_("Own shape"));
}
