/* SPDX-License-Identifier: MIT
 * What is known of a model, and what the estimator says of it on this machine.
 */
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <libllm/libllm.h>
#include <string.h>

#include "engine/files.h"
#include "json.h"
#include "models/facts.h"
#include "sizing/machine.h"

void lg_facts_free(LgFacts *facts)
{
    if (!facts)
        return;
    g_free(facts->problem);
    g_free(facts->architecture);
    g_free(facts->quantization);
    g_free(facts->remark);
    g_free(facts);
}

/* --- The library -------------------------------------------------------------------------------------------------- */

typedef libllm_status (*writer)(gconstpointer object, char *buffer, size_t capacity, size_t *needed,
                                libllm_error *error);

static libllm_status write_description(gconstpointer model, char *buffer, size_t capacity, size_t *needed,
                                       libllm_error *error)
{
    return libllm_model_describe(model, buffer, capacity, needed, error);
}

struct question {
    const libllm_runtime *runtime;
    const char *scenario;
};

static libllm_status write_report(gconstpointer data, char *buffer, size_t capacity, size_t *needed,
                                  libllm_error *error)
{
    const struct question *question = data;
    return libllm_estimate_run(question->runtime, question->scenario, strlen(question->scenario), buffer, capacity,
                               needed, error);
}

/* NULL after an error, whose message is in *problem. */
static JsonNode *ask(writer call, gconstpointer object, char **problem)
{
    size_t needed = 0, capacity = 1 << 16;
    libllm_error error;
    libllm_status status = LIBLLM_ERROR_BUFFER_TOO_SMALL;
    g_autofree char *buffer = NULL;
    for (int i = 0; i < 2 && status == LIBLLM_ERROR_BUFFER_TOO_SMALL; i++) {
        capacity = MAX(capacity, needed);
        buffer = g_realloc(buffer, capacity);
        status = call(object, buffer, capacity, &needed, &error);
    }
    JsonNode *node = status ? NULL : lg_json_parse(buffer, (gssize)needed, NULL);
    if (!node && problem)
        *problem = g_strdup(status ? error.message : "JSON");
    return node;
}

/* --- Reading ------------------------------------------------------------------------------------------------------ */

/* The format of most matrices; the embedding, which can be larger than all others, often has another one. */
static char *main_type(JsonNode *types)
{
    const char *best = NULL, *name;
    JsonNode *type;
    JsonObjectIter iter;
    double most = 0;
    if (!types || !JSON_NODE_HOLDS_OBJECT(types))
        return NULL;
    json_object_iter_init(&iter, json_node_get_object(types));
    while (json_object_iter_next(&iter, &name, &type)) {
        /* Norms are F32 in all files, so that counts only where nothing else does. */
        const double n = lg_json_real(lg_json_member(type, "tensors"), 0) * (strcmp(name, "F32") == 0 ? 1e-6 : 1);
        if (n > most) {
            most = n;
            best = name;
        }
    }
    return g_strdup(best);
}

static void read_description(LgFacts *facts, JsonNode *node)
{
    facts->architecture = g_strdup(lg_json_text(lg_json_member(node, "architecture")));
    facts->n_bytes = (guint64)lg_json_number(lg_json_member(node, "file_bytes"), 0);
    facts->n_parameters = lg_json_real(lg_json_member(node, "parameters"), 0);
    facts->n_context_train =
        lg_json_number(lg_json_member(lg_json_member(node, "hyper_parameters"), "context_length"), 0);
    facts->runnable = lg_json_truth(lg_json_member(node, "runnable"));
    facts->has_template = lg_json_truth(lg_json_member(node, "has_chat_template"));
    facts->quantization = main_type(lg_json_member(node, "tensor_types"));
    if (!facts->runnable)
        facts->problem = g_strdup_printf(_("This version does not compute models of the kind “%s”."),
                                         facts->architecture ? facts->architecture : "?");
}

static double value_of(JsonNode *report, const char *group, const char *name, const char *which)
{
    return lg_json_real(lg_json_member(lg_json_member(lg_json_member(report, group), name), which), 0);
}

static void read_report(LgFacts *facts, JsonNode *report)
{
    const double most = value_of(report, "context", "most", "value");
    facts->is_sized = TRUE;
    facts->fits = lg_json_truth(lg_json_member(report, "feasible"));
    facts->speed = value_of(report, "decode", "tokens_per_second", "value");
    facts->speed_low = value_of(report, "decode", "tokens_per_second", "low");
    facts->speed_high = value_of(report, "decode", "tokens_per_second", "high");
    facts->memory = value_of(report, "memory", "needed", "value");
    facts->n_context = (gint64)most;
    if (facts->n_context_train > 0 && (most <= 0 || most > (double)facts->n_context_train))
        facts->n_context = facts->fits || most > 0 ? facts->n_context_train : 0;
    facts->remark =
        g_strdup(lg_json_text(lg_json_member(lg_json_element(lg_json_member(report, "remarks"), 0), "text")));
}

const char *lg_facts_language(void)
{
    const char *const *names = g_get_language_names();
    return names[0] && g_str_has_prefix(names[0], "zh") ? "zh" : "en";
}

static void size(LgFacts *facts, const libllm_runtime *runtime, const char *path)
{
    JsonObject *described = lg_machine_of(runtime, NULL);
    if (!described)
        return;
    JsonNode *machine = json_node_init_object(json_node_alloc(), described);
    json_object_unref(described);
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    json_builder_add_string_value(json_builder_set_member_name(builder, "task"), "fit");
    json_builder_begin_object(json_builder_set_member_name(builder, "model"));
    json_builder_add_string_value(json_builder_set_member_name(builder, "file"), path);
    json_builder_end_object(builder);
    json_builder_add_value(json_builder_set_member_name(builder, "machine"), machine);
    json_builder_begin_object(json_builder_set_member_name(builder, "output"));
    json_builder_add_string_value(json_builder_set_member_name(builder, "format"), "json");
    json_builder_add_string_value(json_builder_set_member_name(builder, "lang"), lg_facts_language());
    json_builder_end_object(builder);
    json_builder_end_object(builder);
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    g_autofree char *scenario = lg_json_write(root);
    const struct question question = {runtime, scenario};
    g_autoptr(JsonNode) report = ask(write_report, &question, &facts->remark);
    if (report)
        read_report(facts, report);
}

static void read_facts(GTask *task, gpointer source, gpointer path, GCancellable *cancellable)
{
    LgFacts *facts = g_new0(LgFacts, 1);
    facts->n_bytes = lg_files_size(path); /* of what cannot be read, too */
    libllm_runtime *runtime = NULL;
    libllm_model *model = NULL;
    libllm_error error;
    if (libllm_runtime_create(NULL, &runtime, &error) || libllm_model_open(runtime, path, NULL, &model, &error)) {
        facts->problem = g_strdup(error.message);
    } else {
        g_autoptr(JsonNode) description = ask(write_description, model, &facts->problem);
        if (description)
            read_description(facts, description);
        if (!g_cancellable_is_cancelled(cancellable))
            size(facts, runtime, path);
    }
    libllm_model_free(model);
    libllm_runtime_free(runtime);
    g_task_return_pointer(task, facts, (GDestroyNotify)lg_facts_free);
}

void lg_facts_read_async(const char *path, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, user_data);
    g_task_set_task_data(task, g_strdup(path), g_free);
    g_task_run_in_thread(task, read_facts);
}

LgFacts *lg_facts_read_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}

LgFacts *lg_facts_of_event(JsonNode *event)
{
    LgFacts *facts = g_new0(LgFacts, 1);
    JsonNode *fits = lg_json_member(event, "fits"), *speed = lg_json_member(event, "tokens_per_second");
    facts->quantization = g_strdup(lg_json_text(lg_json_member(event, "quantization")));
    facts->n_bytes = (guint64)lg_json_number(lg_json_member(event, "bytes"), 0);
    facts->n_parameters = lg_json_real(lg_json_member(event, "parameters"), 0);
    facts->is_sized = fits != NULL;
    facts->fits = lg_json_truth(fits);
    facts->speed = lg_json_real(lg_json_member(speed, "value"), 0);
    facts->speed_low = lg_json_real(lg_json_member(speed, "low"), 0);
    facts->speed_high = lg_json_real(lg_json_member(speed, "high"), 0);
    facts->memory = lg_json_real(lg_json_member(event, "memory"), 0);
    facts->n_context = lg_json_number(lg_json_member(event, "context"), 0);
    facts->remark = g_strdup(lg_json_text(lg_json_element(lg_json_member(event, "remarks"), 0)));
    return facts;
}

/* --- For people --------------------------------------------------------------------------------------------------- */

char *lg_facts_size(guint64 n_bytes) { return g_format_size(n_bytes); }

static void add(GString *line, const char *word)
{
    if (!word || !*word)
        return;
    if (line->len)
        g_string_append(line, " · ");
    g_string_append(line, word);
}

/* Three digits that mean something. */
static char *short_number(double x)
{
    return x >= 100 ? g_strdup_printf("%'.0f", x) : x >= 10 ? g_strdup_printf("%.1f", x) : g_strdup_printf("%.2f", x);
}

static char *parameters_text(double n)
{
    g_autofree char *count = short_number(n >= 1e9 ? n / 1e9 : n / 1e6);
    /* Translators: the number of parameters of a model, in billions or millions */
    return n >= 1e9 ? g_strdup_printf(_("%s B parameters"), count) : g_strdup_printf(_("%s M parameters"), count);
}

char *lg_facts_describe(const LgFacts *facts)
{
    GString *line = g_string_new(NULL);
    g_autofree char *bytes = lg_facts_size(facts->n_bytes);
    g_autofree char *parameters = facts->n_parameters > 0 ? parameters_text(facts->n_parameters) : NULL;
    add(line, facts->architecture);
    add(line, facts->quantization);
    add(line, parameters);
    add(line, facts->n_bytes ? bytes : NULL);
    return g_string_free(line, FALSE);
}

static char *speed_text(const LgFacts *facts)
{
    const double factor = facts->factor > 0 ? facts->factor : 1;
    g_autofree char *value = short_number(facts->speed * factor), *low = short_number(facts->speed_low * factor);
    g_autofree char *high = short_number(facts->speed_high * factor);
    return g_strdup_printf(_("%s tokens/s (%s – %s)"), value, low, high);
}

char *lg_facts_predict(const LgFacts *facts)
{
    GString *line = g_string_new(NULL);
    g_autofree char *speed = facts->speed > 0 ? speed_text(facts) : NULL;
    g_autofree char *tokens = g_strdup_printf("%'" G_GINT64_FORMAT, facts->n_context);
    /* Translators: a number of tokens */
    g_autofree char *context = facts->n_context > 0 ? g_strdup_printf(_("context up to %s"), tokens) : NULL;
    if (facts->problem)
        add(line, facts->problem);
    else if (!facts->is_sized)
        add(line, facts->remark ? facts->remark : _("Not known whether it fits"));
    else if (facts->fits)
        add(line, _("Fits"));
    else
        add(line, facts->remark ? facts->remark : _("Does not fit"));
    if (facts->is_sized && facts->fits && !facts->problem) {
        add(line, speed);
        add(line, speed && facts->factor > 0 ? _("corrected by what was measured here") : NULL);
        add(line, context);
    }
    return g_string_free(line, FALSE);
}
