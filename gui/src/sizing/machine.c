/* SPDX-License-Identifier: MIT
 * What this machine is and how fast it computes.
 */
#include "machine.h"

#include "json.h"
#include "scenario.h"

#include <libllm/libllm.h>

enum { TEXT_BYTES = 1 << 16 };

typedef struct {
    GCancellable *cancellable;
    LgMachineProgress progress;
    gpointer data;
} Calibration;

typedef libllm_status (*Ask)(const libllm_runtime *runtime, const void *context, char *buffer, size_t capacity,
                             size_t *needed, libllm_error *error);

static libllm_status devices(const libllm_runtime *runtime, const void *context, char *buffer, size_t capacity,
                             size_t *needed, libllm_error *error)
{
    return libllm_runtime_devices(runtime, buffer, capacity, needed, error);
}

static libllm_status limits(const libllm_runtime *runtime, const void *context, char *buffer, size_t capacity,
                            size_t *needed, libllm_error *error)
{
    return libllm_runtime_measure_limits(runtime, buffer, capacity, needed, error);
}

static libllm_status calibration(const libllm_runtime *runtime, const void *context, char *buffer, size_t capacity,
                                 size_t *needed, libllm_error *error)
{
    return libllm_runtime_calibrate(runtime, context, buffer, capacity, needed, error);
}

static JsonNode *ask(Ask question, const libllm_runtime *runtime, const void *context, GError **error)
{
    g_autofree char *buffer = g_malloc(TEXT_BYTES + 1);
    size_t needed = 0;
    libllm_error problem = {0};
    const libllm_status status = question(runtime, context, buffer, TEXT_BYTES, &needed, &problem);
    if (status) {
        const GIOErrorEnum code = status == LIBLLM_ERROR_CANCELLED ? G_IO_ERROR_CANCELLED : G_IO_ERROR_FAILED;
        g_set_error_literal(error, G_IO_ERROR, code, problem.message);
        return NULL;
    }
    buffer[needed] = 0;
    return lg_json_parse(buffer, (gssize)needed, error);
}

static const char calibration_file[] = "calibration.json";

/* A quarter, as the libllm command has it. */
static const double calibration_lasts = 90 * 24 * 3600;

static char *cache_path(const char *name) { return g_build_filename(g_get_user_cache_dir(), "libllm", name, NULL); }

/* What a file of the cache has, when it is of this processor and as many threads; else NULL. */
static JsonNode *read_kept(const char *name, JsonObject *cpu)
{
    g_autofree char *path = cache_path(name), *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return NULL;
    g_autoptr(JsonNode) node = lg_json_parse(text, -1, NULL);
    if (!node || !JSON_NODE_HOLDS_OBJECT(node))
        return NULL;
    JsonObject *kept = json_node_get_object(node);
    if (g_strcmp0(lg_scenario_text(kept, "name"), lg_scenario_text(cpu, "name")) != 0 ||
        lg_scenario_number(kept, "threads", -1) != lg_scenario_number(cpu, "threads", -2))
        return NULL;
    return g_steal_pointer(&node);
}

/* The calibration that was kept, when it is of this library and instruction set, and not too old; else NULL. */
static JsonNode *kept_calibration(JsonObject *cpu)
{
    g_autoptr(JsonNode) node = read_kept(calibration_file, cpu);
    if (!node)
        return NULL;
    JsonObject *kept = json_node_get_object(node);
    const double age = (double)g_get_real_time() * 1e-6 - lg_scenario_number(kept, "time", 0);
    if (lg_scenario_number(kept, "version", -1) != libllm_version() ||
        g_strcmp0(lg_scenario_text(kept, "instruction_set"), lg_scenario_text(cpu, "instruction_set")) != 0 ||
        age < 0 || age >= calibration_lasts)
        return NULL;
    return g_steal_pointer(&node);
}

/* What measuring takes some seconds for is measured once, or taken from what `libllm pull --list` keeps. */
static JsonNode *measured_limits(const libllm_runtime *runtime, JsonObject *cpu, GError **error)
{
    static GMutex lock;
    static JsonNode *kept;
    g_mutex_lock(&lock);
    g_autoptr(JsonNode) recent = kept ? NULL : read_kept("limits.json", cpu);
    if (recent && json_object_has_member(json_node_get_object(recent), "limits"))
        kept = json_node_copy(json_object_get_member(json_node_get_object(recent), "limits"));
    if (!kept)
        kept = ask(limits, runtime, NULL, error);
    JsonNode *copy = kept ? json_node_copy(kept) : NULL;
    g_mutex_unlock(&lock);
    return copy;
}

JsonObject *lg_machine_of(const libllm_runtime *runtime, GError **error)
{
    g_autoptr(JsonNode) found = ask(devices, runtime, NULL, error);
    if (!found)
        return NULL;
    JsonArray *list = json_object_get_array_member(json_node_get_object(found), "devices");
    JsonObject *cpu = json_array_get_object_element(list, 0);
    JsonNode *calibrated = kept_calibration(cpu);
    JsonNode *measured = calibrated ? NULL : measured_limits(runtime, cpu, error);
    if (!calibrated && !measured)
        return NULL;
    JsonObject *machine = json_object_new();
    json_object_set_string_member(machine, "name", lg_scenario_text(cpu, "name"));
    lg_scenario_set_number(machine, "memory", lg_scenario_number(cpu, "available_bytes", 0));
    json_object_set_member(machine, calibrated ? "calibration" : "limits", calibrated ? calibrated : measured);
    return machine;
}

typedef struct {
    LgMachineProgress progress;
    gpointer data;
    GCancellable *cancellable;
    double share;
} Told;

static gboolean tell(gpointer pointer)
{
    Told *told = pointer;
    if (!g_cancellable_is_cancelled(told->cancellable))
        told->progress(told->share, told->data);
    g_clear_object(&told->cancellable);
    g_free(told);
    return G_SOURCE_REMOVE;
}

static int32_t on_part(void *data, const char *part, size_t index, size_t n_parts)
{
    Calibration *c = data;
    if (c->progress) {
        const Told told = {c->progress, c->data, c->cancellable ? g_object_ref(c->cancellable) : NULL,
                           n_parts ? (double)index / (double)n_parts : 0};
        g_idle_add(tell, g_memdup2(&told, sizeof told));
    }
    return g_cancellable_is_cancelled(c->cancellable);
}

/* A cache that cannot be written is no failure of the measurement. */
static void keep(JsonNode *calibrated)
{
    g_autofree char *path = cache_path(calibration_file), *folder = g_path_get_dirname(path),
                    *text = json_to_string(calibrated, TRUE);
    g_autoptr(GError) error = NULL;
    g_mkdir_with_parents(folder, 0700);
    if (!g_file_set_contents(path, text, -1, &error))
        g_message("the calibration is not kept: %s", error->message);
}

static gboolean calibrate(const libllm_runtime *runtime, Calibration *c, GError **error)
{
    libllm_calibration_options options;
    libllm_calibration_options_init(&options, sizeof options);
    options.progress = on_part;
    options.user_data = c;
    g_autoptr(JsonNode) calibrated = ask(calibration, runtime, &options, error);
    if (calibrated)
        keep(calibrated);
    return calibrated != NULL;
}

static void work(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    Calibration *c = data;
    GError *error = NULL;
    libllm_runtime *runtime = NULL;
    libllm_error problem = {0};
    if (libllm_runtime_create(NULL, &runtime, &problem)) {
        g_task_return_new_error(task, G_IO_ERROR, G_IO_ERROR_FAILED, "%s", problem.message);
        return;
    }
    JsonObject *machine = !c || calibrate(runtime, c, &error) ? lg_machine_of(runtime, &error) : NULL;
    libllm_runtime_free(runtime);
    if (machine)
        g_task_return_pointer(task, machine, (GDestroyNotify)json_object_unref);
    else
        g_task_return_error(task, error);
}

void lg_machine_describe(GCancellable *cancellable, GAsyncReadyCallback ready, gpointer data)
{
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, ready, data);
    g_task_run_in_thread(task, work);
}

void lg_machine_calibrate(GCancellable *cancellable, LgMachineProgress progress, GAsyncReadyCallback ready,
                          gpointer data)
{
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, ready, data);
    const Calibration c = {cancellable, progress, data};
    g_task_set_task_data(task, g_memdup2(&c, sizeof c), g_free);
    g_task_run_in_thread(task, work);
}

JsonObject *lg_machine_describe_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}

gboolean lg_machine_is_calibrated(JsonObject *machine) { return json_object_has_member(machine, "calibration"); }
