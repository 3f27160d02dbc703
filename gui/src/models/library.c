/* SPDX-License-Identifier: MIT
 * The user's models. The folder is looked through on a thread whenever something in it changes, and what came or went
 * is brought into the list; a row stays the same object while its file does.
 */
#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "engine/files.h"
#include "models/folder.h"
#include "models/learned.h"
#include "models/library.h"

#define SETTLE_MS 250

struct _LgLibrary {
    GObject parent_instance;
    GListStore *models;
    char *folder;
    GSettings *settings;
    LgStore *store;
    LgLearned *learned;
    GFileMonitor *monitor;
    GCancellable *cancellable;
    GQueue *unread; /* LgModel */
    LgModel *reading;
    guint scan_soon;
    gboolean scanning, scan_again;
};

static void list_model_init(GListModelInterface *interface);
G_DEFINE_TYPE_WITH_CODE(LgLibrary, lg_library, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE(G_TYPE_LIST_MODEL, list_model_init))

static void scan(LgLibrary *self);

/* --- Facts -------------------------------------------------------------------------------------------------------- */

static void read_next(LgLibrary *self);

/* Brings what is known by measurements to a model. One that was measured shows how it was predicted beside that. */
static void teach(LgLibrary *self, LgModel *model)
{
    const LgFacts *facts = lg_model_get_facts(model);
    const double measured = lg_learned_measured(self->learned, lg_model_get_path(model));
    lg_model_set_measured(model, measured);
    lg_model_set_factor(model, measured > 0 || !facts ? 0 : lg_library_get_factor(self, facts->speed));
}

static void on_facts(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(LgLibrary) self = data;
    g_autoptr(LgFacts) facts = lg_facts_read_finish(result, NULL);
    if (facts && self->reading) {
        lg_model_take_facts(self->reading, g_steal_pointer(&facts));
        teach(self, self->reading);
    }
    g_clear_object(&self->reading);
    read_next(self);
}

static void read_next(LgLibrary *self)
{
    if (self->reading || g_queue_is_empty(self->unread) || g_cancellable_is_cancelled(self->cancellable))
        return;
    self->reading = g_queue_pop_head(self->unread);
    lg_facts_read_async(lg_model_get_path(self->reading), self->cancellable, on_facts, g_object_ref(self));
}

gboolean lg_library_is_settled(LgLibrary *self)
{
    return !self->reading && g_queue_is_empty(self->unread) && !self->scanning && !self->scan_soon;
}

/* --- The list ----------------------------------------------------------------------------------------------------- */

static GType get_item_type(GListModel *list) { return LG_TYPE_MODEL; }
static guint get_n_items(GListModel *list) { return g_list_model_get_n_items(G_LIST_MODEL(LG_LIBRARY(list)->models)); }
static gpointer get_item(GListModel *list, guint i)
{
    return g_list_model_get_item(G_LIST_MODEL(LG_LIBRARY(list)->models), i);
}

static void list_model_init(GListModelInterface *interface)
{
    interface->get_item_type = get_item_type;
    interface->get_n_items = get_n_items;
    interface->get_item = get_item;
}

static LgModel *find(LgLibrary *self, const char *path, guint *at)
{
    const guint n = get_n_items(G_LIST_MODEL(self));
    for (guint i = 0; i < n; i++) {
        g_autoptr(LgModel) model = g_list_model_get_item(G_LIST_MODEL(self->models), i);
        if (strcmp(lg_model_get_path(model), path) == 0) {
            *at = i;
            return model; /* the list holds it */
        }
    }
    return NULL;
}

LgModel *lg_library_find(LgLibrary *self, const char *path)
{
    guint at;
    return find(self, path, &at);
}

static int by_name(gconstpointer a, gconstpointer b, gpointer data)
{
    return g_utf8_collate(lg_model_get_name(LG_MODEL((gpointer)a)), lg_model_get_name(LG_MODEL((gpointer)b)));
}

static void put(LgLibrary *self, const char *path)
{
    g_autoptr(LgModel) model = lg_model_new(path, lg_folder_holds(self->folder, path));
    g_list_store_insert_sorted(self->models, model, by_name, NULL);
    g_queue_push_tail(self->unread, g_object_ref(model));
    read_next(self);
}

/* --- Looking for models ------------------------------------------------------------------------------------------- */

static void purge_in_thread(GTask *task, gpointer source, gpointer path, GCancellable *cancellable)
{
    lg_folder_purge(path);
    g_task_return_boolean(task, TRUE);
}

struct places {
    char *folder, **added;
    gboolean is_first;
};

static void free_places(gpointer data)
{
    struct places *places = data;
    g_free(places->folder);
    g_strfreev(places->added);
    g_free(places);
}

/* Whether a model is listed because of where it lies, not because it was added. */
static gboolean is_found(LgLibrary *self, const char *path)
{
    gboolean found = lg_folder_holds(self->folder, path);
    char *folder;
    for (guint i = 0; !found && (folder = lg_folder_of_system(i)); i++) {
        found = lg_folder_holds(folder, path);
        g_free(folder);
    }
    return found;
}

static void scan_places(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    const struct places *places = data;
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    if (places->is_first)
        lg_folder_purge_all(places->folder);
    lg_folder_look(places->folder, paths);
    char *folder;
    for (guint i = 0; (folder = lg_folder_of_system(i)); i++) {
        lg_folder_look(folder, paths);
        g_free(folder);
    }
    for (char **at = places->added; *at; at++)
        if (g_file_test(*at, G_FILE_TEST_EXISTS))
            g_ptr_array_add(paths, g_strdup(*at));
    g_task_return_pointer(task, paths, (GDestroyNotify)g_ptr_array_unref);
}

static gboolean has_path(GPtrArray *paths, const char *path)
{
    return g_ptr_array_find_with_equal_func(paths, path, g_str_equal, NULL);
}

static void on_scanned(GObject *source, GAsyncResult *result, gpointer data)
{
    LgLibrary *self = LG_LIBRARY(source); /* the task holds it */
    g_autoptr(GPtrArray) paths = g_task_propagate_pointer(G_TASK(result), NULL);
    self->scanning = FALSE;
    if (!paths)
        return;
    if (self->scan_again) { /* something has changed since, so that this is no longer how it is */
        scan(self);
        return;
    }
    g_auto(GStrv) hidden = g_settings_get_strv(self->settings, "hidden-models");
    for (guint i = paths->len; i-- > 0;)
        if (g_strv_contains((const char *const *)hidden, paths->pdata[i]))
            g_ptr_array_remove_index(paths, i);
    for (guint i = get_n_items(G_LIST_MODEL(self)); i-- > 0;) {
        g_autoptr(LgModel) model = g_list_model_get_item(G_LIST_MODEL(self->models), i);
        if (!has_path(paths, lg_model_get_path(model))) {
            GList *link = g_queue_find(self->unread, model);
            if (link) {
                g_queue_delete_link(self->unread, link);
                g_object_unref(model);
            }
            g_list_store_remove(self->models, i);
        }
    }
    for (guint i = 0; i < paths->len; i++)
        if (!lg_library_find(self, paths->pdata[i]))
            put(self, paths->pdata[i]);
}

static void scan(LgLibrary *self)
{
    static gboolean was_here;
    self->scan_again = self->scanning;
    if (self->scanning)
        return;
    self->scanning = TRUE;
    struct places *places = g_new0(struct places, 1);
    places->folder = g_strdup(self->folder);
    places->added = g_settings_get_strv(self->settings, "model-paths");
    places->is_first = !was_here;
    was_here = TRUE;
    g_autoptr(GTask) task = g_task_new(self, self->cancellable, on_scanned, NULL);
    g_task_set_task_data(task, places, free_places);
    g_task_run_in_thread(task, scan_places);
}

static gboolean scan_now(gpointer data)
{
    LG_LIBRARY(data)->scan_soon = 0;
    scan(data);
    return G_SOURCE_REMOVE;
}

/* Files that are being written change all the time; one look after a while is enough. */
static void on_folder_changed(LgLibrary *self, GFile *file, GFile *other, GFileMonitorEvent event)
{
    if (event != G_FILE_MONITOR_EVENT_CHANGED && event != G_FILE_MONITOR_EVENT_ATTRIBUTE_CHANGED && !self->scan_soon)
        self->scan_soon = g_timeout_add(SETTLE_MS, scan_now, self);
}

/* --- Adding and removing -------------------------------------------------------------------------------------------
 */

static void change_list(LgLibrary *self, const char *key, const char *path, gboolean is_in)
{
    g_auto(GStrv) before = g_settings_get_strv(self->settings, key);
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    for (char **at = before; *at; at++)
        if (strcmp(*at, path) != 0)
            g_strv_builder_add(builder, *at);
    if (is_in)
        g_strv_builder_add(builder, path);
    g_auto(GStrv) after = g_strv_builder_end(builder);
    g_settings_set_strv(self->settings, key, (const char *const *)after);
    self->scan_again = self->scanning;
}

gboolean lg_library_add(LgLibrary *self, const char *chosen, GError **error)
{
    g_autofree char *path = lg_files_first(chosen), *name = g_path_get_basename(path);
    g_autofree char *config = g_build_filename(path, "config.json", NULL);
    g_autofree char *lower = g_ascii_strdown(name, -1);
    const gboolean is_file = g_file_test(path, G_FILE_TEST_IS_REGULAR) && g_str_has_suffix(lower, ".gguf");
    if (!is_file && !g_file_test(config, G_FILE_TEST_IS_REGULAR)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    _("“%s” is neither a GGUF file nor a folder with a config.json."), name);
        return FALSE;
    }
    if (!is_found(self, path))
        change_list(self, "model-paths", path, TRUE);
    change_list(self, "hidden-models", path, FALSE);
    if (!lg_library_find(self, path))
        put(self, path);
    return TRUE;
}

void lg_library_remove(LgLibrary *self, const char *path)
{
    guint at;
    LgModel *model = find(self, path, &at);
    if (!model)
        return;
    if (is_found(self, path))
        change_list(self, "hidden-models", path, TRUE);
    else
        change_list(self, "model-paths", path, FALSE);
    g_list_store_remove(self->models, at);
}

void lg_library_restore(LgLibrary *self, const char *path) { lg_library_add(self, path, NULL); }

/* --- Deleting ------------------------------------------------------------------------------------------------------
 */

/* Renames the files of a model, all or none; a part that is missing is nothing to rename, but the first one is. */
static gboolean rename_all(const GPtrArray *from, const GPtrArray *to)
{
    for (guint i = 0; i < from->len; i++) {
        if (g_rename(from->pdata[i], to->pdata[i]) == 0 || (i && errno == ENOENT))
            continue;
        const int reason = errno;
        while (i-- > 0)
            g_rename(to->pdata[i], from->pdata[i]);
        errno = reason;
        return FALSE;
    }
    return TRUE;
}

/* The path itself where it is a folder, which is renamed as it is. */
static GPtrArray *renamed_files(const char *path)
{
    if (!g_file_test(path, G_FILE_TEST_IS_DIR))
        return lg_files_of(path);
    GPtrArray *alone = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(alone, g_strdup(path));
    return alone;
}

static char *hidden_path(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path), *name = g_path_get_basename(path);
    g_autofree char *hidden = g_strconcat(LG_FOLDER_DELETED, name, NULL);
    return g_build_filename(folder, hidden, NULL);
}

static char *shown_path(const char *token)
{
    g_autofree char *folder = g_path_get_dirname(token), *name = g_path_get_basename(token);
    return g_build_filename(folder, name + strlen(LG_FOLDER_DELETED), NULL);
}

char *lg_library_delete(LgLibrary *self, const char *path, GError **error)
{
    g_autoptr(GPtrArray) files = renamed_files(path), hidden = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < files->len; i++)
        g_ptr_array_add(hidden, hidden_path(files->pdata[i]));
    if (!rename_all(files, hidden)) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "%s: %s", path, g_strerror(errno));
        return NULL;
    }
    scan(self);
    return hidden_path(path);
}

gboolean lg_library_undelete(LgLibrary *self, const char *token, GError **error)
{
    g_autofree char *path = shown_path(token);
    g_autoptr(GPtrArray) hidden = renamed_files(token), files = g_ptr_array_new_with_free_func(g_free);
    gboolean good = TRUE;
    for (guint i = 0; i < hidden->len; i++) {
        g_ptr_array_add(files, shown_path(hidden->pdata[i]));
        good = good && !g_file_test(files->pdata[i], G_FILE_TEST_EXISTS);
    }
    if (!good || !rename_all(hidden, files)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS, _("“%s” cannot be brought back."), path);
        return FALSE;
    }
    scan(self);
    return TRUE;
}

void lg_library_purge(LgLibrary *self, const char *token)
{
    g_autoptr(GTask) task = g_task_new(self, NULL, NULL, NULL);
    g_task_set_task_data(task, g_strdup(token), g_free);
    g_task_run_in_thread(task, purge_in_thread);
}

/* --- Measurements ---------------------------------------------------------------------------------------------------
 */

static const char quantity[] = "decode_tokens_per_second";

static gpointer list_measurements(LgStore *store, gpointer data, GCancellable *cancellable, GError **error)
{
    return lg_store_list_measurements(store, g_get_host_name(), NULL, quantity, 500, error);
}

static void teach_all(LgLibrary *self)
{
    const guint n = get_n_items(G_LIST_MODEL(self));
    for (guint i = 0; i < n; i++) {
        g_autoptr(LgModel) model = g_list_model_get_item(G_LIST_MODEL(self->models), i);
        teach(self, model);
    }
}

static void on_measurements(GObject *store, GAsyncResult *result, gpointer data)
{
    g_autoptr(LgLibrary) self = data;
    g_autoptr(GPtrArray) rows = lg_store_array_finish(LG_STORE(store), result, NULL);
    for (guint i = rows ? rows->len : 0; i-- > 0;) { /* the newest is the last word */
        const LgMeasurement *row = rows->pdata[i];
        lg_learned_note(self->learned, row->model, row->predicted, row->measured);
    }
    teach_all(self);
}

static void read_measurements(LgLibrary *self)
{
    lg_store_run_async(self->store, list_measurements, NULL, NULL, (GDestroyNotify)g_ptr_array_unref, NULL,
                       on_measurements, g_object_ref(self));
}

void lg_library_set_store(LgLibrary *self, LgStore *store)
{
    if (!g_set_object(&self->store, store) || !store)
        return;
    g_signal_connect_object(store, "measurements-changed", G_CALLBACK(read_measurements), self, G_CONNECT_SWAPPED);
    read_measurements(self);
}

static gpointer add_measurement(LgStore *store, gpointer data, GCancellable *cancellable, GError **error)
{
    return lg_store_add_measurement(store, data, error) ? store : NULL;
}

void lg_library_note_speed(LgLibrary *self, const char *path, double tokens_per_second)
{
    LgModel *model = lg_library_find(self, path);
    const LgFacts *facts = model ? lg_model_get_facts(model) : NULL;
    const gboolean is_known = facts && facts->speed > 0;
    lg_learned_note(self->learned, path, is_known ? facts->speed : 0, tokens_per_second);
    teach_all(self);
    if (!self->store)
        return;
    LgMeasurement *row = g_object_new(LG_TYPE_MEASUREMENT, NULL);
    row->machine = g_strdup(g_get_host_name());
    row->model = g_strdup(path);
    row->quantity = g_strdup(quantity);
    row->predicted = is_known ? facts->speed : (double)NAN;
    row->low = is_known ? facts->speed_low : (double)NAN;
    row->high = is_known ? facts->speed_high : (double)NAN;
    row->measured = tokens_per_second;
    lg_store_run_async(self->store, add_measurement, row, g_object_unref, NULL, NULL, NULL, NULL);
}

double lg_library_get_factor(LgLibrary *self, double predicted)
{
    const double factor = lg_learned_factor(self->learned, predicted);
    return fabs(factor - 1) < 0.01 ? 0 : factor;
}

/* --- Life -----------------------------------------------------------------------------------------------------------
 */

LgLibrary *lg_library_new(const char *folder, GSettings *settings)
{
    LgLibrary *self = g_object_new(LG_TYPE_LIBRARY, NULL);
    self->folder = folder ? g_strdup(folder) : g_build_filename(g_get_user_data_dir(), "libllm", "models", NULL);
    self->settings = g_object_ref(settings);
    g_mkdir_with_parents(self->folder, 0755);
    g_autoptr(GFile) file = g_file_new_for_path(self->folder);
    self->monitor = g_file_monitor_directory(file, G_FILE_MONITOR_WATCH_MOVES, NULL, NULL);
    if (self->monitor)
        g_signal_connect_object(self->monitor, "changed", G_CALLBACK(on_folder_changed), self, G_CONNECT_SWAPPED);
    scan(self);
    return self;
}

const char *lg_library_get_folder(LgLibrary *self) { return self->folder; }

static void on_items_changed(LgLibrary *self, guint position, guint removed, guint added)
{
    g_list_model_items_changed(G_LIST_MODEL(self), position, removed, added);
}

static void lg_library_dispose(GObject *object)
{
    LgLibrary *self = LG_LIBRARY(object);
    g_cancellable_cancel(self->cancellable);
    g_clear_handle_id(&self->scan_soon, g_source_remove);
    g_clear_object(&self->monitor);
    g_clear_object(&self->store);
    G_OBJECT_CLASS(lg_library_parent_class)->dispose(object);
}

static void lg_library_finalize(GObject *object)
{
    LgLibrary *self = LG_LIBRARY(object);
    g_queue_free_full(self->unread, g_object_unref);
    g_clear_object(&self->reading);
    g_clear_object(&self->models);
    g_clear_object(&self->settings);
    g_clear_object(&self->cancellable);
    lg_learned_free(self->learned);
    g_free(self->folder);
    G_OBJECT_CLASS(lg_library_parent_class)->finalize(object);
}

static void lg_library_class_init(LgLibraryClass *class)
{
    G_OBJECT_CLASS(class)->dispose = lg_library_dispose;
    G_OBJECT_CLASS(class)->finalize = lg_library_finalize;
}

static void lg_library_init(LgLibrary *self)
{
    self->models = g_list_store_new(LG_TYPE_MODEL);
    self->learned = lg_learned_new();
    self->cancellable = g_cancellable_new();
    self->unread = g_queue_new();
    g_signal_connect_object(self->models, "items-changed", G_CALLBACK(on_items_changed), self, G_CONNECT_SWAPPED);
}
