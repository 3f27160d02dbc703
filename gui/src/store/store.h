/* SPDX-License-Identifier: MIT
 * The history: chats in folders, their messages as trees, presets, the list of connections, and measurements, in one
 * SQLite file. The rest of the app sees this header, rows.h, answer.h and lists.h, and no SQL.
 *
 * Threads. A store has one thread that touches the disk. Functions that end in _async hand their work to it in the
 * order of the calls and answer in the caller's main context: that is what code with widgets uses. All others work at
 * once, in any thread, and may wait for the disk: never call them on the main loop; call them in a job of
 * lg_store_run_async(), where several of them can stand between lg_store_begin() and lg_store_commit() as one change.
 *
 * Promises. What a function said is done survives a kill and a power cut. What it said failed has not happened, not
 * even half. Deleting hides; what is hidden comes back with lg_store_undo() until lg_store_purge() or a later start
 * removes it. Texts must be UTF-8. JSON is kept as it is given.
 *
 * Typically:
 *
 *     lg_store_open_async(folder, NULL, opened, app);          // once; on an error show it, and
 * lg_store_new_in_memory() GListModel *chats = lg_chat_list_new(store);             // the sidebar
 *     lg_store_load_path_async(store, chat->leaf_id, 50, NULL, loaded, page);      // the end of a chat; older ones
 * later lg_store_add_message_async(store, chat_id, parent, &question, NULL, asked, page);     // before anything is
 * sent LgAnswer *answer = lg_answer_new(store, id_of_a_streaming_message);          // answer.h: text as it comes
 */
#pragma once

#include <gio/gio.h>

#include "rows.h"

G_BEGIN_DECLS

#define LG_TYPE_STORE (lg_store_get_type())
G_DECLARE_FINAL_TYPE(LgStore, lg_store, LG, STORE, GObject)

/* Messages of these errors are sentences for the user, translated, and name the file. */
#define LG_STORE_ERROR (lg_store_error_quark())
GQuark lg_store_error_quark(void);
typedef enum {
    LG_STORE_ERROR_FULL,      /* no space on the disk, or a quota */
    LG_STORE_ERROR_READ_ONLY, /* the folder or the file may not be written */
    LG_STORE_ERROR_BUSY,      /* another process has it open */
    LG_STORE_ERROR_NEWER,     /* written by a newer version of the app; left as it is */
    LG_STORE_ERROR_CORRUPT,   /* the file is damaged; the next start moves it aside and recovers what can be read */
    LG_STORE_ERROR_IO,        /* any other failure of the disk */
    LG_STORE_ERROR_NOT_FOUND, /* there is no such chat, message ... */
    LG_STORE_ERROR_INVALID,   /* not UTF-8, or against the rules of the function */
    LG_STORE_ERROR_CLOSED,
} LgStoreError;

/* --- Opening and closing ---------------------------------------------------------------------------------------------
 *
 * FOLDER is made when it is missing (for its owner only); the file is chats.db in it. Opening brings an older file up
 * to date (with a copy of it beside, chats.before-VERSION.db), checks it after a run that did not end properly, moves a
 * damaged one aside (chats.damaged-TIME.db) and recovers what can be read from it, marks answers that were being
 * written as interrupted, and removes what was deleted more than a day ago.
 */
LgStore *lg_store_open(const char *folder, GError **error);
void lg_store_open_async(const char *folder, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
LgStore *lg_store_open_finish(GAsyncResult *result, GError **error);

/* A store that forgets everything when it is closed: for when the file cannot be had, and for private chats. */
LgStore *lg_store_new_in_memory(void);

/* NULL for a store in memory. */
const char *lg_store_get_path(LgStore *store);

/* What the user should know about how it was opened (a damaged file was moved aside ...), or NULL. */
const char *lg_store_get_notice(LgStore *store);

/* Finishes all work that was given to the store, and closes the file: the last thing that an app does, as it waits.
 * What is called later gives LG_STORE_ERROR_CLOSED. Without it the next start checks the file as after a crash. */
void lg_store_close(LgStore *store);

/* --- Signals, in the main context of the thread that made the store (of the caller, with lg_store_open_async)
 * ---------
 *
 * "chat-changed" (gint64 id): a chat was added, changed in what LgChat holds except the draft, deleted or restored.
 * "messages-changed" (gint64 chat): messages of it were deleted or restored.
 * "folders-changed", "presets-changed", "connections-changed", "measurements-changed".
 * "failed" (GError *): something failed that nobody waits for, such as a part of an answer that could not be written;
 * it is tried again, and "recovered" follows when it has worked.
 */

/* --- Work of one's own in the thread of the store
 * --------------------------------------------------------------------- */

/* Runs in the thread of the store; NULL with an error set, or whatever it wants to hand over. */
typedef gpointer (*LgStoreJob)(LgStore *store, gpointer data, GCancellable *cancellable, GError **error);

/* DATA is freed by free_data when the job is done, the result by free_result when nobody takes it (both may be NULL).
 * With no callback, an error goes to the signal "failed". */
void lg_store_run_async(LgStore *store, LgStoreJob job, gpointer data, GDestroyNotify free_data,
                        GDestroyNotify free_result, GCancellable *cancellable, GAsyncReadyCallback callback,
                        gpointer user_data);
gpointer lg_store_run_finish(LgStore *store, GAsyncResult *result, GError **error);

/* What stands between them happens as a whole or not at all; they nest. After an error of something in between the rest
 * may go on, or lg_store_rollback(). The store is locked for other threads until then. A commit that fails has rolled
 * back. */
gboolean lg_store_begin(LgStore *store, GError **error);
gboolean lg_store_commit(LgStore *store, GError **error);
void lg_store_rollback(LgStore *store);

/* --- Folders
 * ---------------------------------------------------------------------------------------------------------- */

gint64 lg_store_add_folder(LgStore *store, const char *name, GError **error); /* 0 on an error, as everywhere */
gboolean lg_store_rename_folder(LgStore *store, gint64 folder_id, const char *name, GError **error);
/* POSITION counts from 0, and the others make room. */
gboolean lg_store_move_folder(LgStore *store, gint64 folder_id, guint position, GError **error);
/* In the order of their positions. Of LgFolder; free with g_ptr_array_unref(), as all arrays here. */
GPtrArray *lg_store_list_folders(LgStore *store, GError **error);

/* --- Chats
 * ------------------------------------------------------------------------------------------------------------ */

typedef enum {
    LG_CHAT_TITLE = 1 << 0,
    LG_CHAT_PINNED = 1 << 1,
    LG_CHAT_FOLDER = 1 << 2,
    LG_CHAT_MODEL = 1 << 3,
    LG_CHAT_SYSTEM_PROMPT = 1 << 4,
    LG_CHAT_PARAMETERS = 1 << 5,
    LG_CHAT_DRAFT = 1 << 6,
    LG_CHAT_LEAF = 1 << 7,
} LgChatFields;

/* Which fields of a chat to set, and to what: &(LgChatChange){.fields = LG_CHAT_PINNED, .pinned = TRUE}. */
typedef struct {
    LgChatFields fields;
    const char *title;
    gboolean pinned;
    gint64 folder_id;
    const char *model, *system_prompt, *parameters, *draft;
    gint64 leaf_id; /* must be a message of this chat */
} LgChatChange;

/* FIRST may be NULL. */
gint64 lg_store_add_chat(LgStore *store, const LgChatChange *first, GError **error);
void lg_store_add_chat_async(LgStore *store, const LgChatChange *first, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer data);
/* Also finishes lg_store_add_message_async(), lg_store_choose_branch_async() and lg_store_delete_chats_async(). */
gint64 lg_store_id_finish(LgStore *store, GAsyncResult *result, GError **error);

gboolean lg_store_change_chat(LgStore *store, gint64 chat_id, const LgChatChange *change, GError **error);
void lg_store_change_chat_async(LgStore *store, gint64 chat_id, const LgChatChange *change, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer data);
/* Also finishes lg_store_undo_async(). */
gboolean lg_store_done_finish(LgStore *store, GAsyncResult *result, GError **error);

LgChat *lg_store_get_chat(LgStore *store, gint64 chat_id, GError **error);
void lg_store_get_chat_async(LgStore *store, gint64 chat_id, GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer data);
LgChat *lg_store_get_chat_finish(LgStore *store, GAsyncResult *result, GError **error);

/* The files that go with the draft of a chat (0: of one that is not begun), as JSON; NULL: none. The _finish gives ""
 * for none. */
gboolean lg_store_set_draft_files(LgStore *store, gint64 chat_id, const char *attachments, GError **error);
void lg_store_set_draft_files_async(LgStore *store, gint64 chat_id, const char *attachments);
char *lg_store_get_draft_files(LgStore *store, gint64 chat_id, GError **error);
void lg_store_get_draft_files_async(LgStore *store, gint64 chat_id, GCancellable *cancellable,
                                    GAsyncReadyCallback callback, gpointer data);
char *lg_store_get_draft_files_finish(LgStore *store, GAsyncResult *result, GError **error);

/* All of them, pinned ones first, then by the last change. lists.h has them as a list that follows changes. */
GPtrArray *lg_store_list_chats(LgStore *store, GError **error);

/* A copy of the chat, of the branch down to MESSAGE only (0: of everything). */
gint64 lg_store_copy_chat(LgStore *store, gint64 chat_id, gint64 message_id, const char *title, GError **error);

/* --- Messages
 * --------------------------------------------------------------------------------------------------------- */

typedef enum {
    LG_MESSAGE_ROLE = 1 << 0,
    LG_MESSAGE_STATE = 1 << 1,
    LG_MESSAGE_TEXT = 1 << 2,
    LG_MESSAGE_REASONING = 1 << 3,
    LG_MESSAGE_TOOL_CALLS = 1 << 4,
    LG_MESSAGE_TOOL_CALL_ID = 1 << 5,
    LG_MESSAGE_ATTACHMENTS = 1 << 6,
    LG_MESSAGE_MODEL = 1 << 7,
    LG_MESSAGE_MODEL_HASH = 1 << 8,
    LG_MESSAGE_STATISTICS = 1 << 9,
} LgMessageFields;

/* Like LgChatChange. For a new message all fields count, whatever `fields` says: zero means a complete, empty one of
 * the system, so give role and state. */
typedef struct {
    LgMessageFields fields;
    LgRole role;
    LgMessageState state;
    const char *text, *reasoning, *tool_calls, *tool_call_id, *attachments, *model, *model_hash, *statistics;
} LgMessageChange;

/* Adds a message below PARENT (0: a first one) and makes it the end of the branch that is shown. To edit a question or
 * to answer it anew is to add another message below the same parent: the other version stays as its sibling. */
gint64 lg_store_add_message(LgStore *store, gint64 chat_id, gint64 parent_id, const LgMessageChange *message,
                            GError **error);
void lg_store_add_message_async(LgStore *store, gint64 chat_id, gint64 parent_id, const LgMessageChange *message,
                                GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);

/* Changes one in place. An answer that is being written has LgAnswer for that. */
gboolean lg_store_change_message(LgStore *store, gint64 message_id, const LgMessageChange *change, GError **error);

LgMessage *lg_store_get_message(LgStore *store, gint64 message_id, GError **error);

/* The branch that ends with LAST: it and at most N - 1 of the messages above it, the oldest first (0: all of them). For
 * the page before, LAST is the parent of the first one; depth says how many there are above. */
GPtrArray *lg_store_load_path(LgStore *store, gint64 last_id, guint n, GError **error);
void lg_store_load_path_async(LgStore *store, gint64 last_id, guint n, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer data);
/* Also finishes lg_store_search_async() and lg_store_list_siblings_async(). */
GPtrArray *lg_store_array_finish(LgStore *store, GAsyncResult *result, GError **error);

/* All messages with the parent of this one, the oldest first. */
GPtrArray *lg_store_list_siblings(LgStore *store, gint64 message_id, GError **error);
void lg_store_list_siblings_async(LgStore *store, gint64 message_id, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer data);

/* Shows the branch through this message, as far down as it was written last, and returns the message at its end. */
gint64 lg_store_choose_branch(LgStore *store, gint64 message_id, GError **error);
void lg_store_choose_branch_async(LgStore *store, gint64 message_id, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer data);

/* --- Deleting --------------------------------------------------------------------------------------------------------
 *
 * Each returns the id of the deletion, for lg_store_undo(), or 0 on an error.
 */
gint64 lg_store_delete_chats(LgStore *store, const gint64 *chat_ids, guint n, GError **error);
void lg_store_delete_chats_async(LgStore *store, const gint64 *chat_ids, guint n, GCancellable *cancellable,
                                 GAsyncReadyCallback callback, gpointer data);
/* Its chats are deleted with it, or are in no folder then. */
gint64 lg_store_delete_folder(LgStore *store, gint64 folder_id, gboolean with_chats, GError **error);
/* With all below it; when the branch shown ran through it, a sibling's is shown, or what is above. */
gint64 lg_store_delete_message(LgStore *store, gint64 message_id, GError **error);
gint64 lg_store_delete_preset(LgStore *store, gint64 preset_id, GError **error);

gboolean lg_store_undo(LgStore *store, gint64 deletion_id, GError **error);
void lg_store_undo_async(LgStore *store, gint64 deletion_id, GCancellable *cancellable, GAsyncReadyCallback callback,
                         gpointer data);

/* Removes for good what was deleted before this time (G_MAXINT64: everything that is deleted). */
gboolean lg_store_purge(LgStore *store, gint64 before, GError **error);

/* --- Search ----------------------------------------------------------------------------------------------------------
 *
 * Finds the chats and messages that hold all words of QUERY: titles first, then messages, the newest first, at most N.
 * A word matches words that begin with it, whatever case and accents; Chinese, Japanese, Korean and Thai match
 * anywhere, from one character on; "quotes" hold words together. Any text is a valid query; an empty one finds nothing.
 * CHAT_ID 0 searches all chats. Answers are found as soon as they are finished or interrupted.
 */
GPtrArray *lg_store_search(LgStore *store, const char *query, gint64 chat_id, guint n, GCancellable *cancellable,
                           GError **error);
void lg_store_search_async(LgStore *store, const char *query, gint64 chat_id, guint n, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer data);

/* --- Presets, connections, measurements
 * ------------------------------------------------------------------------------- */

/* The id of the new one, or with PRESET_ID not 0, of the one that was changed. */
gint64 lg_store_save_preset(LgStore *store, gint64 preset_id, const char *name, const char *system_prompt,
                            const char *parameters, const char *model, GError **error);
GPtrArray *lg_store_list_presets(LgStore *store, GError **error);

/* Notes a connection before it is made. User, password, query and fragment of the URL are left out. */
gint64 lg_store_begin_connection(LgStore *store, const char *purpose, const char *method, const char *url,
                                 GError **error);
/* And how it went: outcome NULL for well; -1 for bytes that are not known. */
gboolean lg_store_end_connection(LgStore *store, gint64 connection_id, int status, gint64 sent, gint64 received,
                                 const char *outcome, GError **error);
/* Both at once, in the thread of the store, for those who only want it noted. */
void lg_store_note_connection(LgStore *store, const char *purpose, const char *method, const char *url, int status,
                              gint64 sent, gint64 received, const char *outcome);
/* The newest first, at most N, from before that id (0: the newest). */
GPtrArray *lg_store_list_connections(LgStore *store, gint64 before_id, guint n, GError **error);
gboolean lg_store_clear_connections(LgStore *store, GError **error);

/* `taken` 0 is now. The fields id and parent_instance do not count. */
gint64 lg_store_add_measurement(LgStore *store, const LgMeasurement *measurement, GError **error);
/* The newest first, at most N; NULL matches all machines, models, quantities. */
GPtrArray *lg_store_list_measurements(LgStore *store, const char *machine, const char *model, const char *quantity,
                                      guint n, GError **error);

G_END_DECLS
