/* SPDX-License-Identifier: MIT
 * Presets, the list of connections, and measurements.
 */
#include "store-private.h"

#include <math.h>
#include <string.h>

static gboolean commit(LgStore *store, gboolean good, GError **error)
{
    if (good)
        return lg_store_commit(store, error);
    lg_store_rollback(store);
    return FALSE;
}

/* --- Presets --- */

gint64 lg_store_save_preset(LgStore *store, gint64 preset_id, const char *name, const char *system_prompt,
                            const char *parameters, const char *model, GError **error)
{
    gboolean good;
    if (!name || !*name) {
        g_set_error_literal(error, LG_STORE_ERROR, LG_STORE_ERROR_INVALID, _("A name is needed"));
        return 0;
    }
    if (!lg_db_valid_text(error, _("name"), name) || !lg_db_valid_text(error, _("system prompt"), system_prompt) ||
        !lg_db_valid_text(error, _("parameters"), parameters) || !lg_db_valid_text(error, _("model"), model) ||
        !lg_store_begin(store, error))
        return 0;
    if (preset_id) {
        good = lg_db_run(store, error,
                         "UPDATE presets SET name = ?, system_prompt = ?, parameters = ?, model = ? WHERE id = ?"
                         " AND deletion_id IS NULL",
                         "tttti", name, system_prompt, parameters, model, preset_id);
        if (good && !sqlite3_changes(store->db)) {
            g_set_error_literal(error, LG_STORE_ERROR, LG_STORE_ERROR_NOT_FOUND,
                                _("The preset is no longer in the history"));
            good = FALSE;
        }
    } else {
        good =
            lg_db_run(store, error, "INSERT INTO presets (name, system_prompt, parameters, model) VALUES (?, ?, ?, ?)",
                      "tttt", name, system_prompt, parameters, model);
        preset_id = good ? sqlite3_last_insert_rowid(store->db) : 0;
    }
    lg_store_changed(store, LG_CHANGED_PRESETS, 0);
    return commit(store, good, error) ? preset_id : 0;
}

GPtrArray *lg_store_list_presets(LgStore *store, GError **error)
{
    g_autoptr(GPtrArray) presets = g_ptr_array_new_with_free_func(g_object_unref);
    int row;
    if (!lg_store_enter(store, error))
        return NULL;
    sqlite3_stmt *query = lg_db_query(store, error,
                                      "SELECT id, name, system_prompt, parameters, model FROM presets"
                                      " WHERE deletion_id IS NULL ORDER BY name COLLATE NOCASE, id",
                                      "");
    while ((row = query ? lg_db_step(store, query, error) : -1) > 0) {
        LgPreset *preset = g_object_new(LG_TYPE_PRESET, NULL);
        preset->id = sqlite3_column_int64(query, 0);
        preset->name = lg_db_text_or_empty(query, 1);
        preset->system_prompt = lg_db_text(query, 2);
        preset->parameters = lg_db_text(query, 3);
        preset->model = lg_db_text(query, 4);
        g_ptr_array_add(presets, preset);
    }
    lg_store_leave(store);
    return row < 0 ? NULL : g_steal_pointer(&presets);
}

/* --- Connections --- */

/* The URL without what may be secret; HOST is its host, or "" when there is none. */
static char *public_url(const char *url, char **host)
{
    g_autofree char *valid = g_utf8_make_valid(url, -1);
    g_autofree char *scheme = NULL, *path = NULL;
    int port = -1;
    if (g_uri_split(valid, G_URI_FLAGS_ENCODED, &scheme, NULL, host, &port, &path, NULL, NULL, NULL) && *host)
        return g_uri_join(G_URI_FLAGS_ENCODED, scheme, NULL, *host, port, path, NULL, NULL);
    /* Not a URL that anybody could connect to; still it is noted, up to where secrets may begin. */
    g_free(*host);
    *host = g_strdup("");
    const char *at = strrchr(valid, '@');
    return g_strndup(at ? at + 1 : valid, strcspn(at ? at + 1 : valid, "?#"));
}

gint64 lg_store_begin_connection(LgStore *store, const char *purpose, const char *method, const char *url,
                                 GError **error)
{
    g_autofree char *host = NULL;
    g_autofree char *shown = public_url(url, &host);
    gint64 id = 0;
    if (!lg_db_valid_text(error, _("purpose"), purpose) || !lg_db_valid_text(error, _("method"), method) ||
        !lg_store_begin(store, error))
        return 0;
    gboolean good =
        lg_db_run(store, error, "INSERT INTO connections (started, purpose, method, url, host) VALUES (?, ?, ?, ?, ?)",
                  "itttt", g_get_real_time(), purpose, method, shown, host);
    if (good)
        id = sqlite3_last_insert_rowid(store->db);
    lg_store_changed(store, LG_CHANGED_CONNECTIONS, 0);
    return commit(store, good, error) ? id : 0;
}

gboolean lg_store_end_connection(LgStore *store, gint64 connection_id, int status, gint64 sent, gint64 received,
                                 const char *outcome, GError **error)
{
    if (!lg_db_valid_text(error, _("outcome"), outcome) || !lg_store_begin(store, error))
        return FALSE;
    gboolean good =
        lg_db_run(store, error, "UPDATE connections SET status = ?, sent = ?, received = ?, outcome = ? WHERE id = ?",
                  "iiiti", (gint64)status, sent, received, outcome, connection_id);
    lg_store_changed(store, LG_CHANGED_CONNECTIONS, 0);
    return commit(store, good, error);
}

typedef struct {
    char *purpose, *method, *url, *outcome;
    int status;
    gint64 sent, received;
} Note;

static void note_free(gpointer data)
{
    Note *note = data;
    g_free(note->purpose);
    g_free(note->method);
    g_free(note->url);
    g_free(note->outcome);
    g_free(note);
}

static gpointer write_note(LgStore *store, gpointer data, GCancellable *cancellable, GError **error)
{
    const Note *note = data;
    (void)cancellable;
    if (!lg_store_begin(store, error))
        return NULL;
    gint64 id = lg_store_begin_connection(store, note->purpose, note->method, note->url, error);
    gboolean good =
        id && lg_store_end_connection(store, id, note->status, note->sent, note->received, note->outcome, error);
    commit(store, good, good ? error : NULL);
    return NULL;
}

void lg_store_note_connection(LgStore *store, const char *purpose, const char *method, const char *url, int status,
                              gint64 sent, gint64 received, const char *outcome)
{
    Note *note = g_new0(Note, 1);
    *note = (Note){g_strdup(purpose), g_strdup(method), g_strdup(url), g_strdup(outcome), status, sent, received};
    lg_store_run_async(store, write_note, note, note_free, NULL, NULL, NULL, NULL);
}

GPtrArray *lg_store_list_connections(LgStore *store, gint64 before_id, guint n, GError **error)
{
    g_autoptr(GPtrArray) connections = g_ptr_array_new_with_free_func(g_object_unref);
    int row;
    if (!lg_store_enter(store, error))
        return NULL;
    sqlite3_stmt *query =
        lg_db_query(store, error,
                    "SELECT id, started, purpose, method, url, host, status, sent, received, outcome FROM connections"
                    " WHERE id < ? ORDER BY id DESC LIMIT ?",
                    "ii", before_id ? before_id : G_MAXINT64, (gint64)n);
    while ((row = query ? lg_db_step(store, query, error) : -1) > 0) {
        LgConnection *connection = g_object_new(LG_TYPE_CONNECTION, NULL);
        connection->id = sqlite3_column_int64(query, 0);
        connection->started = sqlite3_column_int64(query, 1);
        connection->purpose = lg_db_text_or_empty(query, 2);
        connection->method = lg_db_text_or_empty(query, 3);
        connection->url = lg_db_text_or_empty(query, 4);
        connection->host = lg_db_text_or_empty(query, 5);
        connection->status = sqlite3_column_int(query, 6);
        connection->sent = sqlite3_column_int64(query, 7);
        connection->received = sqlite3_column_int64(query, 8);
        connection->outcome = lg_db_text(query, 9);
        g_ptr_array_add(connections, connection);
    }
    lg_store_leave(store);
    return row < 0 ? NULL : g_steal_pointer(&connections);
}

gboolean lg_store_clear_connections(LgStore *store, GError **error)
{
    if (!lg_store_begin(store, error))
        return FALSE;
    lg_store_changed(store, LG_CHANGED_CONNECTIONS, 0);
    return commit(store, lg_db_run(store, error, "DELETE FROM connections", ""), error);
}

/* --- Measurements --- */

gint64 lg_store_add_measurement(LgStore *store, const LgMeasurement *measurement, GError **error)
{
    const LgMeasurement *m = measurement;
    gint64 id = 0;
    if (!m->machine || !m->model || !m->quantity || !isfinite(m->measured)) {
        g_set_error_literal(error, LG_STORE_ERROR, LG_STORE_ERROR_INVALID,
                            _("A measurement needs a machine, a model, a quantity and a number"));
        return 0;
    }
    if (!lg_db_valid_text(error, _("machine"), m->machine) || !lg_db_valid_text(error, _("model"), m->model) ||
        !lg_db_valid_text(error, _("hash of the model"), m->model_hash) ||
        !lg_db_valid_text(error, _("quantity"), m->quantity) ||
        !lg_db_valid_text(error, _("conditions"), m->conditions) || !lg_store_begin(store, error))
        return 0;
    gboolean good =
        lg_db_run(store, error,
                  "INSERT INTO measurements (taken, machine, model, model_hash, quantity, predicted, low, high,"
                  " measured, conditions) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  "itttt"
                  "dddd"
                  "t",
                  m->taken ? m->taken : g_get_real_time(), m->machine, m->model, m->model_hash, m->quantity,
                  m->predicted, m->low, m->high, m->measured, m->conditions);
    if (good)
        id = sqlite3_last_insert_rowid(store->db);
    lg_store_changed(store, LG_CHANGED_MEASUREMENTS, 0);
    return commit(store, good, error) ? id : 0;
}

static double real(sqlite3_stmt *row, int column)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL ? NAN : sqlite3_column_double(row, column);
}

GPtrArray *lg_store_list_measurements(LgStore *store, const char *machine, const char *model, const char *quantity,
                                      guint n, GError **error)
{
    g_autoptr(GPtrArray) measurements = g_ptr_array_new_with_free_func(g_object_unref);
    int row;
    if (!lg_store_enter(store, error))
        return NULL;
    sqlite3_stmt *query =
        lg_db_query(store, error,
                    "SELECT id, taken, machine, model, model_hash, quantity, predicted, low, high, measured, conditions"
                    " FROM measurements WHERE (?1 IS NULL OR machine = ?1) AND (?2 IS NULL OR model = ?2)"
                    " AND (?3 IS NULL OR quantity = ?3) ORDER BY taken DESC, id DESC LIMIT ?4",
                    "ttti", machine, model, quantity, (gint64)n);
    while ((row = query ? lg_db_step(store, query, error) : -1) > 0) {
        LgMeasurement *m = g_object_new(LG_TYPE_MEASUREMENT, NULL);
        m->id = sqlite3_column_int64(query, 0);
        m->taken = sqlite3_column_int64(query, 1);
        m->machine = lg_db_text_or_empty(query, 2);
        m->model = lg_db_text_or_empty(query, 3);
        m->model_hash = lg_db_text(query, 4);
        m->quantity = lg_db_text_or_empty(query, 5);
        m->predicted = real(query, 6);
        m->low = real(query, 7);
        m->high = real(query, 8);
        m->measured = real(query, 9);
        m->conditions = lg_db_text(query, 10);
        g_ptr_array_add(measurements, m);
    }
    lg_store_leave(store);
    return row < 0 ? NULL : g_steal_pointer(&measurements);
}
