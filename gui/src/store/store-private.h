/* SPDX-License-Identifier: MIT
 * What the files of store/ share: the object, statements, and how errors and changes get out. Functions whose names
 * begin with lg_db_ want the store locked.
 */
#pragma once

#include <glib/gi18n-lib.h>
#include <sqlite3.h>

#include "answer.h"
#include "store.h"

typedef enum {
    LG_CHANGED_CHAT,
    LG_CHANGED_MESSAGES,
    LG_CHANGED_FOLDERS,
    LG_CHANGED_PRESETS,
    LG_CHANGED_CONNECTIONS,
    LG_CHANGED_MEASUREMENTS,
    LG_CHANGED_FAILED, /* from here on they are never part of a transaction */
    LG_CHANGED_RECOVERED,
} LgChangeKind;

typedef struct {
    LgChangeKind kind;
    gint64 id;
} LgStoreChange;

struct _LgStore {
    GObject parent_instance;
    char *path, *notice;
    int lock_file;  /* -1: none */
    GRecMutex lock; /* of what follows */
    sqlite3 *db;    /* NULL: closed */
    GHashTable *statements;
    guint depth;         /* of lg_store_begin() */
    guint n_rolled_back; /* how many of them SQLite itself rolled back */
    GArray *changes;     /* of LgStoreChange: what the transaction will have changed */
    GPtrArray *answers;  /* LgAnswers with text that is not written yet */
    gboolean damaged;    /* found while it ran: the next start has to check the file */
    gboolean closing;
    GMainContext *main_context; /* where signals go */
    GMainContext *context;      /* of the thread */
    GMainLoop *loop;
    GThread *thread;
};

/* --- db.c: statements and errors --- */

/* Locks the store, for reading; with an error it is not locked. lg_store_begin() is for writing. */
gboolean lg_store_enter(LgStore *store, GError **error);
void lg_store_leave(LgStore *store);

/* TYPES has a letter for each value behind it: i gint64, t const char * (NULL allowed), d double (NAN is NULL), n
 * gint64 whose 0 is NULL. The texts must live until the statement is reset. NULL: error. */
sqlite3_stmt *lg_db_query(LgStore *store, GError **error, const char *sql, const char *types, ...);

/* 1: there is a row; 0: there was none left, and -1: error; then the statement is reset. */
int lg_db_step(LgStore *store, sqlite3_stmt *statement, GError **error);

/* For a statement that gives no rows; how many rows it changed is sqlite3_changes(). */
gboolean lg_db_run(LgStore *store, GError **error, const char *sql, const char *types, ...);

/* The first column of the first row; without a row `missing`, or an error when that is NULL. */
gboolean lg_db_number(LgStore *store, GError **error, const gint64 *missing, gint64 *number, const char *sql,
                      const char *types, ...);

char *lg_db_text(sqlite3_stmt *statement, int column);          /* NULL for NULL */
char *lg_db_text_or_empty(sqlite3_stmt *statement, int column); /* "" for NULL */
gboolean lg_db_valid_text(GError **error, const char *name, const char *text);

/* What the last call of SQLite on this database complained about, as an error for the user. */
void lg_db_error(sqlite3 *db, const char *path, int code, GError **error);
void lg_db_forget_statements(LgStore *store);

/* To be told when the transaction that is open has been committed. */
void lg_store_changed(LgStore *store, LgChangeKind kind, gint64 id);

/* --- store.c: signals and the thread --- */

void lg_store_announce(LgStore *store, LgStoreChange change);
void lg_store_announce_failure(LgStore *store, const GError *error);
void lg_store_attach(LgStore *store, guint milliseconds, GSourceFunc function, gpointer data, GDestroyNotify destroy);

/* --- schema.c: what is in the file --- */

typedef struct {
    const char *sql;
} LgMigration;

extern const LgMigration lg_migrations[];
extern const guint lg_n_migrations;

/* Brings the file to the version N, each step as one transaction with a copy of the file before it. */
gboolean lg_schema_migrate(sqlite3 *db, const char *path, const LgMigration *migrations, guint n, GError **error);

/* Settings and functions that a connection needs before anything else. */
gboolean lg_schema_prepare(sqlite3 *db, const char *path, GError **error);

/* --- recover.c: what to do about a damaged file --- */

/* Moves the file and what belongs to it aside; where it is then, or NULL with an error. */
char *lg_recover_move_aside(const char *path, GError **error);

/* Copies all rows that can be read from the damaged file; how many messages those were, or -1. */
gint64 lg_recover_rows(sqlite3 *db, const char *damaged);

/* --- answer.c --- */

gboolean lg_answer_flush(LgAnswer *answer, GError **error);

/* --- async.c: changes that outlive the call --- */

void lg_message_change_copy(LgMessageChange *to, const LgMessageChange *from);
void lg_message_change_clear(LgMessageChange *change); /* frees its texts */

/* --- chats.c --- */

gboolean lg_db_touch_chat(LgStore *store, gint64 chat_id, GError **error);
