/* SPDX-License-Identifier: MIT
 * Statements, transactions, and the errors of SQLite in words.
 */
#include "store-private.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* --- Errors --- */

void lg_db_error(sqlite3 *db, const char *path, int code, GError **error)
{
    const char *file = path ? path : ":memory:", *detail = db ? sqlite3_errmsg(db) : sqlite3_errstr(code);
    int system = db ? sqlite3_system_errno(db) : 0;
    if (!error)
        return;
    if ((code & 0xff) == SQLITE_IOERR && (system == ENOSPC || system == EDQUOT))
        code = SQLITE_FULL;
    switch (code & 0xff) {
    case SQLITE_FULL:
        g_set_error(error, LG_STORE_ERROR, LG_STORE_ERROR_FULL,
                    _("The history could not be saved because the disk is full: %s"), file);
        break;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        g_set_error(error, LG_STORE_ERROR, LG_STORE_ERROR_READ_ONLY,
                    _("The history could not be saved because its file or folder is read-only: %s"), file);
        break;
    case SQLITE_CANTOPEN:
        g_set_error(error, LG_STORE_ERROR,
                    system == EACCES || system == EPERM || system == EROFS ? LG_STORE_ERROR_READ_ONLY
                                                                           : LG_STORE_ERROR_IO,
                    _("The history could not be opened: %s: %s"), file, system ? g_strerror(system) : detail);
        break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        g_set_error(error, LG_STORE_ERROR, LG_STORE_ERROR_CORRUPT, _("The file of the history is damaged: %s: %s"),
                    file, detail);
        break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        g_set_error(error, LG_STORE_ERROR, LG_STORE_ERROR_BUSY, _("Another program is using the history: %s"), file);
        break;
    case SQLITE_INTERRUPT:
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CANCELLED, _("Cancelled"));
        break;
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
        g_set_error(error, LG_STORE_ERROR, LG_STORE_ERROR_INVALID, _("The history does not take this: %s"), detail);
        break;
    default:
        g_set_error(error, LG_STORE_ERROR, LG_STORE_ERROR_IO, _("The history could not be read or saved: %s: %s"), file,
                    system ? g_strerror(system) : detail);
    }
}

static void fail(LgStore *store, int code, GError **error)
{
    if ((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB)
        store->damaged = TRUE;
    lg_db_error(store->db, store->path, code, error);
    /* After some errors SQLite has rolled all back: what follows must not become transactions of its own. */
    if (store->depth && sqlite3_get_autocommit(store->db))
        store->n_rolled_back = store->depth;
}

gboolean lg_db_valid_text(GError **error, const char *name, const char *text)
{
    if (!text || g_utf8_validate(text, -1, NULL))
        return TRUE;
    g_set_error(error, LG_STORE_ERROR, LG_STORE_ERROR_INVALID, _("The %s is not UTF-8 text"), name);
    return FALSE;
}

/* --- Locking and transactions --- */

gboolean lg_store_enter(LgStore *store, GError **error)
{
    g_rec_mutex_lock(&store->lock);
    if (store->db)
        return TRUE;
    g_rec_mutex_unlock(&store->lock);
    g_set_error_literal(error, LG_STORE_ERROR, LG_STORE_ERROR_CLOSED, _("The history is closed"));
    return FALSE;
}

void lg_store_leave(LgStore *store) { g_rec_mutex_unlock(&store->lock); }

static gboolean plain(LgStore *store, const char *sql, GError **error)
{
    int code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        return TRUE;
    fail(store, code, error);
    return FALSE;
}

gboolean lg_store_begin(LgStore *store, GError **error)
{
    if (!lg_store_enter(store, error))
        return FALSE;
    if (!store->n_rolled_back && !plain(store, store->depth ? "SAVEPOINT part" : "BEGIN IMMEDIATE", error)) {
        lg_store_leave(store);
        return FALSE;
    }
    store->depth++;
    if (store->n_rolled_back)
        store->n_rolled_back++;
    return TRUE;
}

static void roll_back(LgStore *store)
{
    if (!store->n_rolled_back)
        sqlite3_exec(store->db, store->depth > 1 ? "ROLLBACK TO part; RELEASE part" : "ROLLBACK", NULL, NULL, NULL);
    else
        store->n_rolled_back--;
    store->depth--;
    if (!store->depth)
        g_array_set_size(store->changes, 0);
}

void lg_store_rollback(LgStore *store)
{
    roll_back(store);
    lg_store_leave(store);
}

gboolean lg_store_commit(LgStore *store, GError **error)
{
    gboolean good = FALSE;
    if (store->n_rolled_back)
        g_set_error_literal(error, LG_STORE_ERROR, LG_STORE_ERROR_IO,
                            _("Nothing of this was saved, because a part of it failed"));
    else
        good = plain(store, store->depth > 1 ? "RELEASE part" : "COMMIT", error);
    if (!good) {
        roll_back(store);
    } else if (--store->depth == 0) {
        for (guint i = 0; i < store->changes->len; i++)
            lg_store_announce(store, g_array_index(store->changes, LgStoreChange, i));
        g_array_set_size(store->changes, 0);
    }
    lg_store_leave(store);
    return good;
}

void lg_store_changed(LgStore *store, LgChangeKind kind, gint64 id)
{
    LgStoreChange change = {kind, id};
    for (guint i = 0; i < store->changes->len; i++) {
        const LgStoreChange *known = &g_array_index(store->changes, LgStoreChange, i);
        if (known->kind == kind && known->id == id)
            return;
    }
    g_array_append_val(store->changes, change);
}

/* --- Statements --- */

static void bind(sqlite3_stmt *statement, const char *types, va_list values)
{
    for (int i = 0; types[i]; i++) {
        const char *text;
        gint64 number;
        double real;
        switch (types[i]) {
        case 't':
            text = va_arg(values, const char *);
            sqlite3_bind_text(statement, i + 1, text, -1, SQLITE_STATIC);
            break;
        case 'd':
            real = va_arg(values, double);
            if (isnan(real))
                sqlite3_bind_null(statement, i + 1);
            else
                sqlite3_bind_double(statement, i + 1, real);
            break;
        default:
            number = va_arg(values, gint64);
            if (number || types[i] == 'i')
                sqlite3_bind_int64(statement, i + 1, number);
            else
                sqlite3_bind_null(statement, i + 1);
        }
    }
}

static sqlite3_stmt *query(LgStore *store, GError **error, const char *sql, const char *types, va_list values)
{
    sqlite3_stmt *statement = g_hash_table_lookup(store->statements, sql);
    if (store->n_rolled_back) {
        g_set_error_literal(error, LG_STORE_ERROR, LG_STORE_ERROR_IO,
                            _("This was given up because something before it could not be saved"));
        return NULL;
    }
    if (!statement) {
        int code = sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
        if (code != SQLITE_OK) {
            fail(store, code, error);
            return NULL;
        }
        g_hash_table_insert(store->statements, g_strdup(sql), statement);
    }
    sqlite3_reset(statement); /* an error may have left it in the middle */
    bind(statement, types, values);
    return statement;
}

sqlite3_stmt *lg_db_query(LgStore *store, GError **error, const char *sql, const char *types, ...)
{
    va_list values;
    va_start(values, types);
    sqlite3_stmt *statement = query(store, error, sql, types, values);
    va_end(values);
    return statement;
}

int lg_db_step(LgStore *store, sqlite3_stmt *statement, GError **error)
{
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        return 1;
    if (code != SQLITE_DONE)
        fail(store, code, error);
    sqlite3_reset(statement);
    return code == SQLITE_DONE ? 0 : -1;
}

gboolean lg_db_run(LgStore *store, GError **error, const char *sql, const char *types, ...)
{
    va_list values;
    va_start(values, types);
    sqlite3_stmt *statement = query(store, error, sql, types, values);
    va_end(values);
    return statement && lg_db_step(store, statement, error) == 0;
}

gboolean lg_db_number(LgStore *store, GError **error, const gint64 *missing, gint64 *number, const char *sql,
                      const char *types, ...)
{
    va_list values;
    va_start(values, types);
    sqlite3_stmt *statement = query(store, error, sql, types, values);
    va_end(values);
    int row = statement ? lg_db_step(store, statement, error) : -1;
    if (row > 0) {
        *number = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
        return TRUE;
    }
    if (row < 0)
        return FALSE;
    if (missing) {
        *number = *missing;
        return TRUE;
    }
    g_set_error_literal(error, LG_STORE_ERROR, LG_STORE_ERROR_NOT_FOUND, _("It is no longer in the history"));
    return FALSE;
}

void lg_db_forget_statements(LgStore *store) { g_hash_table_remove_all(store->statements); }

/* A damaged file may hold anything, and widgets take only UTF-8. */
char *lg_db_text(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    if (!text)
        return NULL;
    return g_utf8_validate(text, -1, NULL) ? g_strdup(text) : g_utf8_make_valid(text, -1);
}

char *lg_db_text_or_empty(sqlite3_stmt *statement, int column)
{
    char *text = lg_db_text(statement, column);
    return text ? text : g_strdup("");
}
