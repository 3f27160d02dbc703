/* SPDX-License-Identifier: MIT
 * The store as an object: opening, the thread that touches the disk, signals, and closing.
 */
#include "store-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <unistd.h>

G_DEFINE_QUARK(lg - store - error - quark, lg_store_error)
G_DEFINE_FINAL_TYPE(LgStore, lg_store, G_TYPE_OBJECT)

enum {
    CHAT_CHANGED,
    MESSAGES_CHANGED,
    FOLDERS_CHANGED,
    PRESETS_CHANGED,
    CONNECTIONS_CHANGED,
    MEASUREMENTS_CHANGED,
    FAILED,
    RECOVERED,
    N_SIGNALS
};
static guint signals[N_SIGNALS];

#define A_DAY (24 * G_TIME_SPAN_HOUR)

static void finalize_statement(gpointer statement) { sqlite3_finalize(statement); }

static void lg_store_init(LgStore *store)
{
    store->lock_file = -1;
    g_rec_mutex_init(&store->lock);
    store->statements = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, finalize_statement);
    store->changes = g_array_new(FALSE, FALSE, sizeof(LgStoreChange));
    store->answers = g_ptr_array_new_with_free_func(g_object_unref);
    store->main_context = g_main_context_ref_thread_default();
    store->context = g_main_context_new();
    store->loop = g_main_loop_new(store->context, FALSE);
}

/* --- The thread --- */

static gpointer work(gpointer data)
{
    GMainLoop *loop = data;
    g_main_context_push_thread_default(g_main_loop_get_context(loop));
    g_main_loop_run(loop);
    g_main_context_pop_thread_default(g_main_loop_get_context(loop));
    g_main_loop_unref(loop);
    return NULL;
}

void lg_store_attach(LgStore *store, guint milliseconds, GSourceFunc function, gpointer data, GDestroyNotify destroy)
{
    g_autoptr(GSource) source = milliseconds ? g_timeout_source_new(milliseconds) : g_idle_source_new();
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, function, data, destroy);
    g_source_attach(source, store->context);
}

typedef struct {
    LgStoreJob job;
    gpointer data;
    GDestroyNotify free_data, free_result;
    gboolean awaited;
} Job;

static void job_free(gpointer data)
{
    Job *job = data;
    if (job->free_data)
        job->free_data(job->data);
    g_free(job);
}

static gboolean run_job(gpointer data)
{
    GTask *task = data;
    Job *job = g_task_get_task_data(task);
    LgStore *store = g_task_get_source_object(task);
    g_autoptr(GError) error = NULL;
    if (g_task_return_error_if_cancelled(task))
        return G_SOURCE_REMOVE;
    gpointer result = job->job(store, job->data, g_task_get_cancellable(task), &error);
    if (error && !job->awaited)
        lg_store_announce_failure(store, error);
    if (error)
        g_task_return_error(task, g_steal_pointer(&error));
    else
        g_task_return_pointer(task, result, job->free_result);
    return G_SOURCE_REMOVE;
}

void lg_store_run_async(LgStore *store, LgStoreJob function, gpointer data, GDestroyNotify free_data,
                        GDestroyNotify free_result, GCancellable *cancellable, GAsyncReadyCallback callback,
                        gpointer user_data)
{
    GTask *task = g_task_new(store, cancellable, callback, user_data);
    Job *job = g_new0(Job, 1);
    *job = (Job){function, data, free_data, free_result, callback != NULL};
    g_task_set_task_data(task, job, job_free);
    g_rec_mutex_lock(&store->lock);
    gboolean closing = store->closing;
    if (!closing)
        lg_store_attach(store, 0, run_job, task, g_object_unref);
    g_rec_mutex_unlock(&store->lock);
    if (closing) {
        g_task_return_new_error(task, LG_STORE_ERROR, LG_STORE_ERROR_CLOSED, "%s", _("The history is closed"));
        g_object_unref(task);
    }
}

gpointer lg_store_run_finish(LgStore *store, GAsyncResult *result, GError **error)
{
    g_return_val_if_fail(g_task_is_valid(result, store), NULL);
    return g_task_propagate_pointer(G_TASK(result), error);
}

/* --- Signals --- */

typedef struct {
    LgStore *store;
    LgStoreChange change;
    GError *error;
} Announcement;

static void announcement_free(gpointer data)
{
    Announcement *announcement = data;
    g_object_unref(announcement->store);
    g_clear_error(&announcement->error);
    g_free(announcement);
}

static gboolean announce(gpointer data)
{
    const Announcement *announcement = data;
    const LgChangeKind kind = announcement->change.kind;
    if (kind == LG_CHANGED_CHAT || kind == LG_CHANGED_MESSAGES)
        g_signal_emit(announcement->store, signals[kind], 0, announcement->change.id);
    else if (kind == LG_CHANGED_FAILED)
        g_signal_emit(announcement->store, signals[kind], 0, announcement->error);
    else
        g_signal_emit(announcement->store, signals[kind], 0);
    return G_SOURCE_REMOVE;
}

static void send_announcement(LgStore *store, LgStoreChange change, const GError *error)
{
    Announcement *announcement = g_new0(Announcement, 1);
    g_autoptr(GSource) source = g_idle_source_new();
    announcement->store = g_object_ref(store);
    announcement->change = change;
    announcement->error = error ? g_error_copy(error) : NULL;
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, announce, announcement, announcement_free);
    g_source_attach(source, store->main_context);
}

void lg_store_announce(LgStore *store, LgStoreChange change) { send_announcement(store, change, NULL); }

void lg_store_announce_failure(LgStore *store, const GError *error)
{
    send_announcement(store, (LgStoreChange){LG_CHANGED_FAILED, 0}, error);
}

/* --- Opening --- */

/* Whether the last run ended without closing; FALSE for a new file. */
static gboolean ended_badly(sqlite3 *db)
{
    sqlite3_stmt *statement = NULL;
    gboolean running = FALSE;
    if (sqlite3_prepare_v2(db, "SELECT value FROM state WHERE key = 'running'", -1, &statement, NULL) == SQLITE_OK)
        running = sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return running;
}

static gboolean check(sqlite3 *db, const char *path, GError **error)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db, "PRAGMA integrity_check(1)", -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    const char *verdict = code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    gboolean good = g_strcmp0(verdict, "ok") == 0;
    if (verdict && !good)
        g_set_error(error, LG_STORE_ERROR, LG_STORE_ERROR_CORRUPT, _("The file of the history is damaged: %s: %s"),
                    path, verdict);
    else if (!good)
        lg_db_error(db, path, code, error);
    sqlite3_finalize(statement);
    return good;
}

static void close_database(LgStore *store)
{
    lg_db_forget_statements(store);
    sqlite3_close(store->db);
    store->db = NULL;
}

static gboolean use_journal(LgStore *store, GError **error)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->db, "PRAGMA journal_mode = WAL", -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code != SQLITE_ROW)
        lg_db_error(store->db, store->path, code, error);
    sqlite3_finalize(statement);
    return code == SQLITE_ROW;
}

/* What a run begins with, as one change. */
static gboolean begin_run(LgStore *store, GError **error)
{
    if (!lg_store_begin(store, error))
        return FALSE;
    if (!lg_db_run(store, error, "INSERT OR REPLACE INTO state (key, value) VALUES ('running', 1)", "") ||
        !lg_db_run(store, error, "UPDATE messages SET state = 'interrupted' WHERE state = 'streaming'", "") ||
        !lg_store_purge(store, g_get_real_time() - A_DAY, error)) {
        lg_store_rollback(store);
        return FALSE;
    }
    return lg_store_commit(store, error);
}

static gboolean open_database(LgStore *store, GError **error)
{
    int code = sqlite3_open_v2(store->path ? store->path : ":memory:", &store->db,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code != SQLITE_OK)
        lg_db_error(store->db, store->path, code, error);
    if (code == SQLITE_OK && lg_schema_prepare(store->db, store->path, error) && use_journal(store, error) &&
        (!ended_badly(store->db) || check(store->db, store->path, error)) &&
        lg_schema_migrate(store->db, store->path, lg_migrations, lg_n_migrations, error) && begin_run(store, error))
        return TRUE;
    close_database(store);
    return FALSE;
}

/* Opens a new file in the place of a damaged one, which is kept, with what could be read from that. */
static gboolean replace_database(LgStore *store, GError **error)
{
    g_autofree char *aside = lg_recover_move_aside(store->path, error);
    if (!aside || !open_database(store, error))
        return FALSE;
    gint64 n = lg_recover_rows(store->db, aside);
    if (n > 0)
        store->notice = g_strdup_printf(ngettext("The history was damaged. %d message could be recovered. The damaged "
                                                 "file was kept: %s",
                                                 "The history was damaged. %d messages could be recovered. The damaged "
                                                 "file was kept: %s",
                                                 (gulong)n),
                                        (int)n, aside);
    else
        store->notice = g_strdup_printf(
            _("The history was damaged, and nothing could be recovered. The damaged file was kept: %s"), aside);
    return TRUE;
}

static gboolean take_lock(LgStore *store, const char *folder, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "chats.lock", NULL);
    if (g_mkdir_with_parents(folder, 0700) != 0 ||
        (store->lock_file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0) {
        int number = errno;
        g_set_error(error, LG_STORE_ERROR,
                    number == EACCES || number == EPERM || number == EROFS ? LG_STORE_ERROR_READ_ONLY
                    : number == ENOSPC || number == EDQUOT                 ? LG_STORE_ERROR_FULL
                                                                           : LG_STORE_ERROR_IO,
                    _("The folder of the history cannot be written: %s: %s"), folder, g_strerror(number));
        return FALSE;
    }
    if (flock(store->lock_file, LOCK_EX | LOCK_NB) == 0)
        return TRUE;
    g_set_error(error, LG_STORE_ERROR, LG_STORE_ERROR_BUSY, _("Another program is using the history: %s"), folder);
    return FALSE;
}

static void start(LgStore *store) { store->thread = g_thread_new("history", work, g_main_loop_ref(store->loop)); }

static gboolean open_in(LgStore *store, const char *folder, GError **error)
{
    g_autoptr(GError) reason = NULL;
    store->path = g_build_filename(folder, "chats.db", NULL);
    if (!take_lock(store, folder, error))
        return FALSE;
    if (!g_file_test(store->path, G_FILE_TEST_EXISTS)) {
        int file =
            open(store->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600); /* what one writes is nobody else's business */
        if (file >= 0)
            close(file);
    }
    if (!open_database(store, &reason)) {
        if (!g_error_matches(reason, LG_STORE_ERROR, LG_STORE_ERROR_CORRUPT)) {
            g_propagate_error(error, g_steal_pointer(&reason));
            return FALSE;
        }
        g_message("%s", reason->message);
        if (!replace_database(store, error))
            return FALSE;
    }
    start(store);
    return TRUE;
}

LgStore *lg_store_open(const char *folder, GError **error)
{
    g_autoptr(LgStore) store = g_object_new(LG_TYPE_STORE, NULL);
    return open_in(store, folder, error) ? g_steal_pointer(&store) : NULL;
}

LgStore *lg_store_new_in_memory(void)
{
    LgStore *store = g_object_new(LG_TYPE_STORE, NULL);
    g_autoptr(GError) error = NULL;
    if (!open_database(store, &error))
        g_error("%s", error->message); /* out of memory, on which GLib ends the program as well */
    start(store);
    return store;
}

static void open_in_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    g_autoptr(GError) error = NULL;
    LgStore *store = g_object_get_data(G_OBJECT(task), "store");
    (void)source, (void)cancellable;
    if (open_in(store, data, &error))
        g_task_return_pointer(task, g_object_ref(store), g_object_unref);
    else
        g_task_return_error(task, g_steal_pointer(&error));
}

void lg_store_open_async(const char *folder, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, data);
    /* Made here, so that its signals come to this thread. */
    g_object_set_data_full(G_OBJECT(task), "store", g_object_new(LG_TYPE_STORE, NULL), g_object_unref);
    g_task_set_task_data(task, g_strdup(folder), g_free);
    g_task_run_in_thread(task, open_in_thread);
}

LgStore *lg_store_open_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}

const char *lg_store_get_path(LgStore *store) { return store->path; }
const char *lg_store_get_notice(LgStore *store) { return store->notice; }

/* --- Closing --- */

static gboolean finish_work(gpointer data)
{
    LgStore *store = data;
    g_rec_mutex_lock(&store->lock);
    for (guint i = 0; i < store->answers->len; i++)
        lg_answer_flush(store->answers->pdata[i], NULL);
    g_rec_mutex_unlock(&store->lock);
    g_main_loop_quit(store->loop);
    return G_SOURCE_REMOVE;
}

void lg_store_close(LgStore *store)
{
    g_rec_mutex_lock(&store->lock);
    gboolean closing = store->closing;
    store->closing = TRUE;
    GThread *thread = g_steal_pointer(&store->thread);
    g_rec_mutex_unlock(&store->lock);
    if (closing || !thread)
        return;
    lg_store_attach(store, 0, finish_work, store, NULL);
    g_thread_join(thread);
    g_rec_mutex_lock(&store->lock);
    g_ptr_array_set_size(store->answers, 0);
    if (!store->damaged && lg_store_begin(store, NULL)) {
        lg_db_run(store, NULL, "UPDATE state SET value = 0 WHERE key = 'running'", "");
        lg_store_commit(store, NULL);
    }
    close_database(store);
    if (store->lock_file >= 0)
        close(store->lock_file);
    store->lock_file = -1;
    g_rec_mutex_unlock(&store->lock);
}

static gboolean quit(gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

static void lg_store_finalize(GObject *object)
{
    LgStore *store = LG_STORE(object);
    if (store->thread) { /* not closed: as after a crash, but without losing what has been written */
        /* From within, since a loop that does not run yet cannot be ended. */
        lg_store_attach(store, 0, quit, g_main_loop_ref(store->loop), (GDestroyNotify)g_main_loop_unref);
        if (store->thread == g_thread_self())
            g_thread_unref(store->thread);
        else
            g_thread_join(store->thread);
    }
    if (store->db)
        close_database(store);
    if (store->lock_file >= 0)
        close(store->lock_file);
    g_hash_table_unref(store->statements);
    g_ptr_array_unref(store->answers);
    g_array_unref(store->changes);
    g_main_loop_unref(store->loop);
    g_main_context_unref(store->context);
    g_main_context_unref(store->main_context);
    g_rec_mutex_clear(&store->lock);
    g_free(store->path);
    g_free(store->notice);
    G_OBJECT_CLASS(lg_store_parent_class)->finalize(object);
}

static guint define_signal(const char *name, GType argument)
{
    return g_signal_new(name, LG_TYPE_STORE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                        argument != G_TYPE_NONE, argument);
}

static void lg_store_class_init(LgStoreClass *klass)
{
    G_OBJECT_CLASS(klass)->finalize = lg_store_finalize;
    signals[CHAT_CHANGED] = define_signal("chat-changed", G_TYPE_INT64);
    signals[MESSAGES_CHANGED] = define_signal("messages-changed", G_TYPE_INT64);
    signals[FOLDERS_CHANGED] = define_signal("folders-changed", G_TYPE_NONE);
    signals[PRESETS_CHANGED] = define_signal("presets-changed", G_TYPE_NONE);
    signals[CONNECTIONS_CHANGED] = define_signal("connections-changed", G_TYPE_NONE);
    signals[MEASUREMENTS_CHANGED] = define_signal("measurements-changed", G_TYPE_NONE);
    signals[FAILED] = define_signal("failed", G_TYPE_ERROR);
    signals[RECOVERED] = define_signal("recovered", G_TYPE_NONE);
}
