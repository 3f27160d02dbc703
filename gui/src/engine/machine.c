/* SPDX-License-Identifier: MIT
 * What this machine computes with: the library's list of devices.
 */
#include <json-glib/json-glib.h>

#include "engine/error.h"
#include "engine/machine.h"
#include "engine/private.h"

static void free_device(gpointer data)
{
    LgDevice *device = data;
    g_free(device->id);
    g_free(device->kind);
    g_free(device->name);
    g_free(device->instruction_set);
    g_free(device->reason);
    g_free(device);
}

static void read_device(JsonArray *devices, guint index, JsonNode *node, gpointer data)
{
    JsonObject *object = json_node_get_object(node);
    LgDevice *device = g_new0(LgDevice, 1);
    device->id = g_strdup(json_object_get_string_member_with_default(object, "id", ""));
    device->kind = g_strdup(json_object_get_string_member_with_default(object, "kind", ""));
    device->name = g_strdup(json_object_get_string_member_with_default(object, "name", NULL));
    device->instruction_set = g_strdup(json_object_get_string_member_with_default(object, "instruction_set", NULL));
    device->n_threads = (guint)json_object_get_int_member_with_default(object, "threads", 0);
    device->memory_bytes = (guint64)json_object_get_int_member_with_default(object, "memory_bytes", 0);
    device->available_bytes = (guint64)json_object_get_int_member_with_default(object, "available_bytes", 0);
    device->available = json_object_get_boolean_member_with_default(object, "available", FALSE);
    device->reason = g_strdup(json_object_get_string_member_with_default(object, "reason", NULL));
    g_ptr_array_add(data, device);
}

GPtrArray *lg_devices_parse(const char *text, gssize n_bytes)
{
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    if (!json_parser_load_from_data(parser, text, n_bytes, NULL) ||
        !JSON_NODE_HOLDS_OBJECT(json_parser_get_root(parser)))
        return NULL;
    JsonObject *root = json_node_get_object(json_parser_get_root(parser));
    GPtrArray *devices = g_ptr_array_new_with_free_func(free_device);
    if (json_object_has_member(root, "devices"))
        json_array_foreach_element(json_object_get_array_member(root, "devices"), read_device, devices);
    return devices;
}

static libllm_status write_devices(gconstpointer runtime, char *buffer, size_t capacity, size_t *needed,
                                   libllm_error *error)
{
    return libllm_runtime_devices(runtime, buffer, capacity, needed, error);
}

guint64 lg_machine_available(const libllm_runtime *runtime)
{
    gsize n_bytes;
    g_autofree char *text = lg_write_text(write_devices, runtime, 4096, &n_bytes, NULL);
    g_autoptr(GPtrArray) devices = text ? lg_devices_parse(text, (gssize)n_bytes) : NULL;
    for (guint i = 0; devices && i < devices->len; i++) {
        const LgDevice *device = devices->pdata[i];
        if (strcmp(device->kind, "cpu") == 0)
            return device->available_bytes;
    }
    return 0;
}

static void list_devices(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    GError *error = NULL;
    gsize n_bytes;
    libllm_runtime *runtime = lg_engine_runtime(source, &error);
    g_autofree char *text = runtime ? lg_write_text(write_devices, runtime, 4096, &n_bytes, &error) : NULL;
    if (text)
        g_task_return_pointer(task, lg_devices_parse(text, (gssize)n_bytes), (GDestroyNotify)g_ptr_array_unref);
    else
        g_task_return_error(task, error);
}

void lg_engine_list_devices_async(LgEngine *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                                  gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(self, cancellable, callback, user_data);
    g_task_run_in_thread(task, list_devices);
}

GPtrArray *lg_engine_list_devices_finish(LgEngine *self, GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}
