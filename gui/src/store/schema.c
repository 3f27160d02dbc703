/* SPDX-License-Identifier: MIT
 * The tables, and how a file of an older version becomes one of this version.
 */
#include "store-private.h"

#include <errno.h>
#include <glib/gstdio.h>

#include "terms.h"

#define APPLICATION_ID 0x4c4c4d68 /* "LLMh", which file(1) and SQLite can tell from other databases */
#define TEXT_OF(x) #x
#define NUMBER(x) TEXT_OF(x)

/* A new version adds a step at the end and never changes one that was released. Ids are never given twice, so that an
 * undo or a late event cannot meet another object. Parents are checked at the commit, because a whole tree goes at
 * once; messages do not cascade along the tree, which may be deeper than SQLite's triggers go.
 *
 * The index has the words of texts (terms.h) and not the texts. It follows by triggers, so that nothing can be
 * forgotten, and leaves out answers that are still being written, which would be indexed over and over. */
const LgMigration lg_migrations[] = {
    {"CREATE TABLE state (key TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;"
     "CREATE TABLE deletions (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, chat_id INTEGER, leaf_id "
     "INTEGER)"
     " STRICT;"
     "CREATE TABLE folders (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, position INTEGER NOT NULL,"
     " deletion_id INTEGER REFERENCES deletions) STRICT;"
     "CREATE TABLE chats (id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL DEFAULT '',"
     " pinned INTEGER NOT NULL DEFAULT 0, folder_id INTEGER REFERENCES folders ON DELETE SET NULL, model TEXT,"
     " system_prompt TEXT, parameters TEXT, draft TEXT NOT NULL DEFAULT '',"
     " leaf_id INTEGER REFERENCES messages ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,"
     " created INTEGER NOT NULL, updated INTEGER NOT NULL, deletion_id INTEGER REFERENCES deletions) STRICT;"
     "CREATE INDEX chats_by_folder ON chats (folder_id);"
     "CREATE INDEX chats_by_leaf ON chats (leaf_id);"
     "CREATE TABLE messages (id INTEGER PRIMARY KEY AUTOINCREMENT,"
     " chat_id INTEGER NOT NULL REFERENCES chats ON DELETE CASCADE,"
     " parent_id INTEGER REFERENCES messages DEFERRABLE INITIALLY DEFERRED, depth INTEGER NOT NULL,"
     " created INTEGER NOT NULL, deletion_id INTEGER REFERENCES deletions,"
     " role TEXT NOT NULL CHECK (role IN ('system', 'user', 'assistant', 'tool')),"
     " state TEXT NOT NULL CHECK (state IN ('complete', 'streaming', 'interrupted')), tool_call_id TEXT, model TEXT,"
     " model_hash TEXT, statistics TEXT, text TEXT NOT NULL, reasoning TEXT, tool_calls TEXT, attachments TEXT) STRICT;"
     "CREATE INDEX messages_by_parent ON messages (parent_id);"
     "CREATE INDEX messages_by_chat ON messages (chat_id, parent_id);"
     "CREATE INDEX messages_streaming ON messages (id) WHERE state = 'streaming';"
     "CREATE INDEX messages_deleted ON messages (deletion_id) WHERE deletion_id IS NOT NULL;"
     "CREATE TABLE presets (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, system_prompt TEXT, parameters "
     "TEXT,"
     " model TEXT, deletion_id INTEGER REFERENCES deletions) STRICT;"
     "CREATE TABLE connections (id INTEGER PRIMARY KEY AUTOINCREMENT, started INTEGER NOT NULL, purpose TEXT NOT NULL,"
     " method TEXT NOT NULL, url TEXT NOT NULL, host TEXT NOT NULL, status INTEGER NOT NULL DEFAULT 0,"
     " sent INTEGER NOT NULL DEFAULT -1, received INTEGER NOT NULL DEFAULT -1, outcome TEXT) STRICT;"
     "CREATE TABLE measurements (id INTEGER PRIMARY KEY AUTOINCREMENT, taken INTEGER NOT NULL, machine TEXT NOT NULL,"
     " model TEXT NOT NULL, model_hash TEXT, quantity TEXT NOT NULL, predicted REAL, low REAL, high REAL,"
     " measured REAL NOT NULL, conditions TEXT) STRICT;"
     "CREATE INDEX measurements_by_model ON measurements (model, quantity);"

     "CREATE VIRTUAL TABLE chat_index USING fts5 (terms, content='', tokenize=\"unicode61 remove_diacritics 0\");"
     "CREATE VIRTUAL TABLE message_index USING fts5 (terms, content='', tokenize=\"unicode61 remove_diacritics 0\");"
     "CREATE TRIGGER chat_added AFTER INSERT ON chats BEGIN"
     " INSERT INTO chat_index (rowid, terms) VALUES (new.id, lg_terms(new.title)); END;"
     "CREATE TRIGGER chat_removed AFTER DELETE ON chats BEGIN"
     " INSERT INTO chat_index (chat_index, rowid, terms) VALUES ('delete', old.id, lg_terms(old.title)); END;"
     "CREATE TRIGGER chat_renamed AFTER UPDATE OF title ON chats WHEN old.title <> new.title BEGIN"
     " INSERT INTO chat_index (chat_index, rowid, terms) VALUES ('delete', old.id, lg_terms(old.title));"
     " INSERT INTO chat_index (rowid, terms) VALUES (new.id, lg_terms(new.title)); END;"
     "CREATE TRIGGER message_added AFTER INSERT ON messages WHEN new.state <> 'streaming' BEGIN"
     " INSERT INTO message_index (rowid, terms) VALUES (new.id, lg_terms(new.text)); END;"
     "CREATE TRIGGER message_removed AFTER DELETE ON messages WHEN old.state <> 'streaming' BEGIN"
     " INSERT INTO message_index (message_index, rowid, terms) VALUES ('delete', old.id, lg_terms(old.text)); END;"
     "CREATE TRIGGER message_changed AFTER UPDATE OF text, state ON messages"
     " WHEN old.state <> 'streaming' OR new.state <> 'streaming' BEGIN"
     " INSERT INTO message_index (message_index, rowid, terms)"
     " SELECT 'delete', old.id, lg_terms(old.text) WHERE old.state <> 'streaming';"
     " INSERT INTO message_index (rowid, terms) SELECT new.id, lg_terms(new.text) WHERE new.state <> 'streaming'; END;"
     "PRAGMA application_id = " NUMBER(APPLICATION_ID) ";"},
};
const guint lg_n_migrations = G_N_ELEMENTS(lg_migrations);

static void terms(sqlite3_context *context, int n, sqlite3_value **values)
{
    const char *text = (const char *)sqlite3_value_text(values[0]);
    (void)n;
    sqlite3_result_text(context, lg_terms_of_text(text ? text : "", text ? sqlite3_value_bytes(values[0]) : 0), -1,
                        g_free);
}

static gboolean run(sqlite3 *db, const char *path, const char *sql, GError **error)
{
    int code = sqlite3_exec(db, sql, NULL, NULL, NULL);
    if (code != SQLITE_OK)
        lg_db_error(db, path, code, error);
    return code == SQLITE_OK;
}

gboolean lg_schema_prepare(sqlite3 *db, const char *path, GError **error)
{
    sqlite3_extended_result_codes(db, 1);
    sqlite3_busy_timeout(db, 5000);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    int code = sqlite3_create_function_v2(db, "lg_terms", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS,
                                          NULL, terms, NULL, NULL, NULL);
    if (code != SQLITE_OK) {
        lg_db_error(db, path, code, error);
        return FALSE;
    }
    /* The schema stays trusted: triggers may write to FTS5 only then, and no function here can do harm. */
    return run(db, path,
               "PRAGMA cell_size_check = ON; PRAGMA foreign_keys = ON;"
               "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 16777216",
               error);
}

static gboolean number(sqlite3 *db, const char *path, const char *sql, int *value, GError **error)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        *value = sqlite3_column_int(statement, 0);
        sqlite3_finalize(statement);
        return TRUE;
    }
    sqlite3_finalize(statement);
    lg_db_error(db, path, code, error);
    return FALSE;
}

/* A copy of the file beside it. It is made under another name first: a half copy must not look like a whole one. */
static gboolean copy_before(sqlite3 *db, const char *path, guint version, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *name = g_strdup_printf("chats.before-%u.db", version);
    g_autofree char *copy = g_build_filename(folder, name, NULL);
    g_autofree char *unfinished = g_strconcat(copy, ".part", NULL);
    g_unlink(unfinished);
    char *sql = sqlite3_mprintf("VACUUM INTO %Q", unfinished);
    gboolean good = run(db, path, sql, error);
    sqlite3_free(sql);
    if (good && g_rename(unfinished, copy) == 0) {
        g_chmod(copy, 0600);
        return TRUE;
    }
    if (good)
        g_set_error(error, LG_STORE_ERROR, LG_STORE_ERROR_IO, _("The history could not be copied to %s: %s"), copy,
                    g_strerror(errno));
    g_unlink(unfinished);
    return FALSE;
}

gboolean lg_schema_migrate(sqlite3 *db, const char *path, const LgMigration *migrations, guint n, GError **error)
{
    int version, application, n_tables;
    if (!number(db, path, "PRAGMA user_version", &version, error) ||
        !number(db, path, "PRAGMA application_id", &application, error) ||
        !number(db, path, "SELECT count(*) FROM sqlite_schema", &n_tables, error))
        return FALSE;
    if (n_tables && application != APPLICATION_ID) {
        g_set_error(error, LG_STORE_ERROR, LG_STORE_ERROR_CORRUPT, _("The file is not a history of this app: %s"),
                    path);
        return FALSE;
    }
    if (version < 0 || (guint)version > n) {
        g_set_error(error, LG_STORE_ERROR, LG_STORE_ERROR_NEWER,
                    _("The history was written by a newer version of the app and was left as it is: %s"), path);
        return FALSE;
    }
    for (guint next = (guint)version; next < n; next++) {
        if (next && path && !copy_before(db, path, next + 1, error))
            return FALSE;
        g_autofree char *finish = g_strdup_printf("PRAGMA user_version = %u; COMMIT", next + 1);
        if (!run(db, path, "BEGIN IMMEDIATE", error))
            return FALSE;
        if (!run(db, path, migrations[next].sql, error) || !run(db, path, finish, error)) {
            sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
            return FALSE;
        }
    }
    return TRUE;
}
