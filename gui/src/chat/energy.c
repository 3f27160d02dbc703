/* SPDX-License-Identifier: MIT
 * What an answer has taken from the socket.
 */
#include <glib/gi18n.h>
#include <string.h>

#include "chat/energy.h"
#include "sizing/estimator.h"
#include "sizing/scenario.h"
#include "widgets/quantity.h"

/* Of a processor that no table has, for each core that computes: about what those of the tables take, from a server's
 * to a desktop's. */
#define CORE_WATTS 5.0
#define CORE_WATTS_LOW 2.5
#define CORE_WATTS_HIGH 11.0

/* Columns of the estimator's table of devices. */
enum { COLUMN_NAME = 1, COLUMN_WATTS = 6 };

/* Names without the marks that makers put into them, and in one case. */
static char *plain(const char *name)
{
    GString *text = g_string_new(NULL);
    for (const char *at = name; *at; at++) {
        if (g_str_has_prefix(at, "(R)") || g_str_has_prefix(at, "(TM)")) {
            at = strchr(at, ')');
            continue;
        }
        g_string_append_c(text, g_ascii_tolower(*at));
    }
    return g_string_free(text, FALSE);
}

/* "RTX 4090" is in "NVIDIA GeForce RTX 4090", and not in "RTX 40901". */
static gboolean has_word(const char *text, const char *word)
{
    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word)) {
        const char behind = at[strlen(word)];
        if ((at == text || !g_ascii_isalnum(at[-1])) && !g_ascii_isalnum(behind))
            return TRUE;
    }
    return FALSE;
}

double lg_energy_watts(const char *name, const char **found)
{
    const GPtrArray *rows = lg_estimator_devices();
    g_autofree char *wanted = plain(name);
    gsize longest = 0;
    double watts = 0;
    for (guint i = 0; i < rows->len; i++) {
        const GPtrArray *row = rows->pdata[i];
        const char *known = row->len > COLUMN_WATTS ? row->pdata[COLUMN_NAME] : NULL;
        const double power = known ? g_ascii_strtod(row->pdata[COLUMN_WATTS], NULL) : 0;
        g_autofree char *word = plain(known ? known : "");
        if (power <= 0 || strlen(word) <= longest || !has_word(wanted, word))
            continue;
        longest = strlen(word);
        watts = power;
        *found = known;
    }
    return watts;
}

/* --- The report -----------------------------------------------------------------------------------------------------
 */

/* What is asked for is power alone; the task is there because power is reckoned with one. */
static LgReport *report_of_power(double watts, GError **error)
{
    g_autoptr(JsonObject) scenario = json_object_new();
    lg_scenario_set_text(scenario, "task", "train");
    lg_scenario_set_text(scenario, "model.preset", "Llama-3.1-8B");
    lg_scenario_set_number(scenario, "tokens", 1e6);
    lg_scenario_set_number(scenario, "hardware.peak_flops", 1e12);
    lg_scenario_set_number(scenario, "hardware.bandwidth", 5e10);
    lg_scenario_set_number(scenario, "hardware.memory", 1e12);
    lg_scenario_set_number(scenario, "hardware.count", 1);
    lg_scenario_set_number(scenario, "hardware.power", watts);
    lg_scenario_set_number(scenario, "cost.pue", 1);
    return lg_estimator_run(scenario, error);
}

static void give_source(LgReport *report, const char *path, char *source)
{
    LgFigure *figure = g_hash_table_lookup(report->by_path, path);
    if (!figure) {
        g_free(source);
        return;
    }
    g_free(figure->source);
    figure->source = source;
}

static LgFigure *new_figure(const char *path, const char *label, const char *unit, double value)
{
    LgFigure *figure = g_new0(LgFigure, 1);
    figure->path = g_strdup(path);
    figure->label = g_strdup(label);
    figure->unit = g_strdup(unit);
    figure->value = figure->low = figure->high = value;
    figure->inputs = g_ptr_array_new_with_free_func(g_free);
    return figure;
}

static void add(LgReport *report, LgFigure *figure)
{
    g_ptr_array_add(report->figures, figure);
    g_hash_table_insert(report->by_path, figure->path, figure);
}

static void add_answer(LgReport *report, double seconds, double low, double high)
{
    const LgFigure *power = lg_report_find(report, "power.total");
    LgFigure *time = new_figure("answer.seconds", _("Time in which it computed"), "s", seconds);
    LgFigure *energy = new_figure(LG_ENERGY_PATH, _("Energy of the answer"), "J", power->value * seconds);
    time->source = g_strdup(_("measured: until the first token, and for those after it"));
    energy->low = power->low * low * seconds;
    energy->high = power->high * high * seconds;
    energy->has_interval = TRUE;
    energy->formula = g_strdup("power.total * answer.seconds");
    energy->substituted = g_strdup_printf("%.4g * %.4g", power->value, seconds);
    energy->source = g_strdup(_("An estimate: nothing here measures what the computer takes."));
    g_ptr_array_add(energy->inputs, g_strdup("power.total"));
    g_ptr_array_add(energy->inputs, g_strdup("answer.seconds"));
    add(report, time);
    add(report, energy);
}

LgReport *lg_energy_estimate(const LgEnergyUse *use, GError **error)
{
    const char *found = NULL;
    double watts = lg_energy_watts(use->name ? use->name : "", &found), low = 1, high = 1;
    if (watts <= 0 && (use->is_card || !use->n_threads)) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _("The power of this device is not known"));
        return NULL;
    }
    if (watts <= 0) {
        watts = CORE_WATTS * use->n_threads;
        low = CORE_WATTS_LOW / CORE_WATTS;
        high = CORE_WATTS_HIGH / CORE_WATTS;
    }
    LgReport *report = report_of_power(watts, error);
    if (!report || !lg_report_find(report, "power.total"))
        return report ? (lg_report_unref(report), NULL) : NULL;
    /* Translators: %s is the name of a processor or a graphics card */
    give_source(
        report, "device.power",
        found ? g_strdup_printf(_("%s at most, by the table of devices"), found)
              : g_strdup_printf(_("not known of this processor: %g W for each of %u threads, as others take %g to %g"),
                                CORE_WATTS, use->n_threads, CORE_WATTS_LOW, CORE_WATTS_HIGH));
    give_source(report, "power.pue", g_strdup(_("no data centre")));
    add_answer(report, use->seconds, low, high);
    return report;
}

/* --- On a thread ----------------------------------------------------------------------------------------------------
 */

static void free_use(gpointer data)
{
    LgEnergyUse *use = data;
    g_free((char *)use->name);
    g_free(use);
}

static void estimate(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    GError *error = NULL;
    LgReport *report = lg_energy_estimate(data, &error);
    if (report)
        g_task_return_pointer(task, report, (GDestroyNotify)lg_report_unref);
    else
        g_task_return_error(task, error);
}

void lg_energy_estimate_async(const LgEnergyUse *use, GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer data)
{
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, data);
    LgEnergyUse *copy = g_memdup2(use, sizeof *use);
    copy->name = g_strdup(use->name);
    g_task_set_task_data(task, copy, free_use);
    g_task_run_in_thread(task, estimate);
}

LgReport *lg_energy_estimate_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}

/* --- What is kept ---------------------------------------------------------------------------------------------------
 */

char *lg_energy_note(const char *statistics, const LgEnergyUse *use, const LgReport *report)
{
    const LgFigure *figure = lg_report_find(report, LG_ENERGY_PATH);
    g_autoptr(JsonNode) root = json_from_string(statistics, NULL);
    JsonObject *energy = json_object_new();
    json_object_set_double_member(energy, "joules", figure->value);
    json_object_set_double_member(energy, "low", figure->low);
    json_object_set_double_member(energy, "high", figure->high);
    json_object_set_string_member(energy, "device", use->name ? use->name : "");
    json_object_set_boolean_member(energy, "is_card", use->is_card);
    json_object_set_int_member(energy, "threads", use->n_threads);
    json_object_set_double_member(energy, "seconds", use->seconds);
    json_object_set_object_member(json_node_get_object(root), "energy", energy);
    return json_to_string(root, FALSE);
}

gboolean lg_energy_read(JsonObject *statistics, LgEnergyUse *use, double *joules, double *low, double *high)
{
    JsonNode *node = json_object_get_member(statistics, "energy");
    JsonObject *energy = node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    if (!energy)
        return FALSE;
    *joules = json_object_get_double_member_with_default(energy, "joules", 0);
    *low = json_object_get_double_member_with_default(energy, "low", 0);
    *high = json_object_get_double_member_with_default(energy, "high", 0);
    use->name = json_object_get_string_member_with_default(energy, "device", "");
    use->is_card = json_object_get_boolean_member_with_default(energy, "is_card", FALSE);
    use->n_threads = (guint)CLAMP(json_object_get_int_member_with_default(energy, "threads", 0), 0, 4096);
    use->seconds = json_object_get_double_member_with_default(energy, "seconds", 0);
    return *joules > 0 && *low > 0 && *high >= *low;
}

char *lg_energy_text(double joules, double low, double high)
{
    g_autofree char *value = lg_quantity_brief(joules, "J"), *range = lg_quantity_range(low, high, "J");
    /* Translators: an estimate of energy and its interval */
    return g_strdup_printf(_("about %s (%s)"), value, range);
}
