/* SPDX-License-Identifier: MIT
 * The history when things go wrong: a disk that is full or fails at any write, a folder that may not be written, files
 * that are damaged or of another version. Nothing that was acknowledged is lost, and nothing is deleted.
 */
#include "store_fixture.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>

/* --- A disk whose writes fail when they are told to --- */

static struct {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    gint64 writes_left; /* -1: any number */
    int code;
    gint64 n_writes;
} disk;

typedef struct {
    sqlite3_file base;
    sqlite3_file *real; /* behind this struct */
} File;

#define REAL(file) (((File *)(file))->real)

static int may_write(void)
{
    disk.n_writes++;
    if (disk.writes_left == 0)
        return disk.code;
    if (disk.writes_left > 0)
        disk.writes_left--;
    return SQLITE_OK;
}

static int file_close(sqlite3_file *file) { return REAL(file)->pMethods->xClose(REAL(file)); }
static int file_read(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
    return REAL(file)->pMethods->xRead(REAL(file), to, n, at);
}
static int file_write(sqlite3_file *file, const void *from, int n, sqlite3_int64 at)
{
    int code = may_write();
    return code ? code : REAL(file)->pMethods->xWrite(REAL(file), from, n, at);
}
static int file_truncate(sqlite3_file *file, sqlite3_int64 n)
{
    int code = may_write();
    return code ? code : REAL(file)->pMethods->xTruncate(REAL(file), n);
}
static int file_sync(sqlite3_file *file, int flags)
{
    int code = may_write();
    return code ? (code == SQLITE_FULL ? SQLITE_IOERR_FSYNC : code) : REAL(file)->pMethods->xSync(REAL(file), flags);
}
static int file_size(sqlite3_file *file, sqlite3_int64 *n) { return REAL(file)->pMethods->xFileSize(REAL(file), n); }
static int file_lock(sqlite3_file *file, int lock) { return REAL(file)->pMethods->xLock(REAL(file), lock); }
static int file_unlock(sqlite3_file *file, int lock) { return REAL(file)->pMethods->xUnlock(REAL(file), lock); }
static int file_reserved(sqlite3_file *file, int *is)
{
    return REAL(file)->pMethods->xCheckReservedLock(REAL(file), is);
}
static int file_control(sqlite3_file *file, int what, void *data)
{
    return REAL(file)->pMethods->xFileControl(REAL(file), what, data);
}
static int file_sector(sqlite3_file *file) { return REAL(file)->pMethods->xSectorSize(REAL(file)); }
static int file_device(sqlite3_file *file) { return REAL(file)->pMethods->xDeviceCharacteristics(REAL(file)); }
static int file_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **to)
{
    return REAL(file)->pMethods->xShmMap(REAL(file), page, size, extend, to);
}
static int file_shm_lock(sqlite3_file *file, int at, int n, int flags)
{
    return REAL(file)->pMethods->xShmLock(REAL(file), at, n, flags);
}
static void file_shm_barrier(sqlite3_file *file) { REAL(file)->pMethods->xShmBarrier(REAL(file)); }
static int file_shm_unmap(sqlite3_file *file, int remove)
{
    return REAL(file)->pMethods->xShmUnmap(REAL(file), remove);
}

static const sqlite3_io_methods methods = {
    2,           file_close,   file_read,     file_write,       file_truncate,  file_sync,
    file_size,   file_lock,    file_unlock,   file_reserved,    file_control,   file_sector,
    file_device, file_shm_map, file_shm_lock, file_shm_barrier, file_shm_unmap, NULL,
    NULL};

static int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    (void)vfs;
    REAL(file) = (sqlite3_file *)(gpointer)((File *)file + 1);
    int code = disk.real->xOpen(disk.real, name, REAL(file), flags, out);
    file->pMethods = REAL(file)->pMethods ? &methods : NULL;
    return code;
}

static void make_disk(void)
{
    disk.real = sqlite3_vfs_find(NULL);
    disk.vfs = *disk.real;
    disk.vfs.zName = "failing";
    disk.vfs.szOsFile += (int)sizeof(File);
    disk.vfs.xOpen = disk_open;
    disk.writes_left = -1;
    g_assert_cmpint(sqlite3_vfs_register(&disk.vfs, 1), ==, SQLITE_OK);
}

/* --- Any write fails --- */

/* What was acknowledged: the title that the chat must have, and the messages that must be there. */
typedef struct {
    gint64 chat, last;
    const char *title;
    guint n_messages;
    gboolean finished, failed;
} Acknowledged;

static void note(Acknowledged *a, gboolean good, const GError *error)
{
    g_assert_true(good == (error == NULL));
    a->failed |= !good;
}

/* A bit of everything that writes, enough of it that pages are allocated. */
static void write_some(LgStore *store, Acknowledged *a)
{
    g_autofree char *long_text = g_strnfill(9000, 'x');
    const LgMessageChange message = {.role = LG_ROLE_USER, .text = long_text},
                          streaming = {.role = LG_ROLE_ASSISTANT, .state = LG_MESSAGE_STREAMING};
    for (int i = 0; i < 3; i++) {
        GError *error = NULL;
        gint64 id = lg_store_add_message(store, a->chat, a->last, &message, &error);
        note(a, id != 0, error);
        g_clear_error(&error);
        if (id) {
            a->last = id;
            a->n_messages++;
        }
        gboolean renamed = lg_store_change_chat(
            store, a->chat, &(LgChatChange){.fields = LG_CHAT_TITLE, .title = i % 2 ? "odd" : "even"}, &error);
        note(a, renamed, error);
        g_clear_error(&error);
        if (renamed)
            a->title = i % 2 ? "odd" : "even";
    }
    GError *error = NULL;
    gint64 id = lg_store_add_message(store, a->chat, a->last, &streaming, &error);
    note(a, id != 0, error);
    g_clear_error(&error);
    if (id) {
        g_autoptr(LgAnswer) answer = lg_answer_new(store, id);
        a->last = id;
        a->n_messages++;
        lg_answer_push(answer, "the answer", -1, FALSE);
        gboolean written = lg_answer_flush(answer, &error);
        note(a, written, error);
        g_clear_error(&error);
        lg_answer_push(answer, " is 42", -1, FALSE);
        a->finished = lg_answer_finish(answer, LG_MESSAGE_COMPLETE, NULL, &error);
        note(a, a->finished, error);
        g_clear_error(&error);
        if (!a->finished) { /* once the disk is good again the text is still there to be saved */
            disk.writes_left = -1;
            a->finished = lg_answer_finish(answer, LG_MESSAGE_COMPLETE, NULL, &error);
            g_assert_no_error(error);
        }
    }
}

static void assert_all_there(LgStore *store, const Acknowledged *a)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LgChat) chat = lg_store_get_chat(store, a->chat, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(chat->title, ==, a->title);
    g_assert_cmpint(chat->leaf_id, ==, a->last);
    if (a->n_messages) {
        g_autoptr(GPtrArray) path = lg_store_load_path(store, a->last, 0, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(path->len, ==, a->n_messages);
        const LgMessage *last = path->pdata[path->len - 1];
        if (a->finished) {
            g_assert_cmpstr(last->text, ==, "the answer is 42");
            g_assert_cmpint(last->state, ==, LG_MESSAGE_COMPLETE);
        }
    }
    g_autofree char *n = g_strdup_printf("%u", a->n_messages);
    assert_value(store, "SELECT count(*) FROM messages", n);
    assert_sound(store);
}

static void test_failing_writes(gconstpointer data)
{
    const int code = GPOINTER_TO_INT(data);
    gboolean failed = TRUE;
    int k = 0;
    for (; failed; k++) {
        char *folder = make_folder();
        LgStore *store = open_store(folder);
        Acknowledged a = {.chat = add_chat(store, "new"), .title = "new"};
        disk.code = code;
        disk.writes_left = k;
        write_some(store, &a);
        failed = disk.writes_left == 0;
        disk.writes_left = -1;
        assert_all_there(store, &a);
        gint64 more = add_message(store, a.chat, a.last, LG_ROLE_USER, "it goes on");
        a.last = more;
        a.n_messages++;
        a.finished = FALSE;
        assert_all_there(store, &a);
        close_store(store);
        store = open_store(folder);
        assert_all_there(store, &a);
        g_assert_null(lg_store_get_notice(store));
        close_store(store);
        remove_folder(folder);
        g_assert_cmpint(k, <, 1000);
    }
    g_test_message("each of %d writes failed once", k - 1);
    g_assert_cmpint(k, >, 10);
}

/* Opening fails as a value too, at whichever write; the next opening works. */
static void test_failing_open(void)
{
    gboolean failed = TRUE;
    for (int k = 0; failed; k++) {
        char *folder = make_folder();
        disk.code = SQLITE_FULL;
        disk.writes_left = k;
        g_autoptr(GError) error = NULL;
        LgStore *store = lg_store_open(folder, &error);
        g_assert_true((store != NULL) == (error == NULL));
        failed = disk.writes_left == 0;
        disk.writes_left = -1;
        if (store)
            close_store(store);
        else
            g_assert_true(failed && error->domain == LG_STORE_ERROR &&
                          (error->code == LG_STORE_ERROR_FULL || error->code == LG_STORE_ERROR_IO));
        store = open_store(folder);
        add_chat(store, "works");
        assert_sound(store);
        close_store(store);
        remove_folder(folder);
        g_assert_cmpint(k, <, 1000);
    }
}

/* A failure in the middle takes all of a change along, and what follows in it does not slip in by itself. */
static void test_failing_transaction(void)
{
    char *folder = make_folder();
    LgStore *store = open_store(folder);
    gint64 chat = add_chat(store, "kept");
    g_autoptr(GError) error = NULL;
    g_autofree char *huge = g_strnfill(8 << 20, 'y');
    assert_value(store, "PRAGMA cache_size = 10", NULL);
    g_assert_true(lg_store_begin(store, &error));
    add_message(store, chat, 0, LG_ROLE_USER, "before");
    disk.code = SQLITE_FULL;
    disk.writes_left = 20; /* it spills to the disk before the end of the transaction */
    g_assert_cmpint(
        lg_store_add_message(store, chat, 0, &(LgMessageChange){.role = LG_ROLE_USER, .text = huge}, &error), ==, 0);
    g_assert_error(error, LG_STORE_ERROR, LG_STORE_ERROR_FULL);
    g_clear_error(&error);
    disk.writes_left = -1;
    gint64 after = lg_store_add_message(store, chat, 0, &(LgMessageChange){.role = LG_ROLE_USER, .text = "z"}, &error);
    g_clear_error(&error);
    gboolean committed = lg_store_commit(store, &error);
    g_clear_error(&error);
    assert_value(store, "SELECT count(*) FROM messages", committed && after ? "2" : "0");
    add_message(store, chat, 0, LG_ROLE_USER, "usable");
    assert_sound(store);
    close_store(store);
    remove_folder(folder);
}

static void test_page_limit(void)
{
    char *folder = make_folder();
    LgStore *store = open_store(folder);
    g_autoptr(GError) error = NULL;
    gint64 chat = add_chat(store, "small disk"), last = 0, id;
    guint n = 0;
    g_free(value_of(store, "PRAGMA max_page_count = 60"));
    const LgMessageChange message = {.role = LG_ROLE_USER, .text = "a line that takes some room, over and over again"};
    while ((id = lg_store_add_message(store, chat, last, &message, &error))) {
        last = id;
        g_assert_cmpuint(++n, <, 10000);
    }
    g_assert_error(error, LG_STORE_ERROR, LG_STORE_ERROR_FULL);
    g_assert_nonnull(strstr(error->message, "chats.db"));
    g_assert_cmpuint(n, >, 5);
    close_store(store);
    store = open_store(folder);
    g_autoptr(GPtrArray) path = lg_store_load_path(store, last, 0, NULL);
    g_assert_cmpuint(path->len, ==, n);
    assert_sound(store);
    close_store(store);
    remove_folder(folder);
}

/* What cannot be written of an answer is said once, waits, and is written when there is room again. */
static void count_signal(LgStore *store, gpointer a, gpointer b) { ++*(guint *)(b ? b : a); }

static void test_answer_waits(void)
{
    char *folder = make_folder();
    LgStore *store = open_store(folder);
    gint64 chat = add_chat(store, "-");
    const LgMessageChange streaming = {.role = LG_ROLE_ASSISTANT, .state = LG_MESSAGE_STREAMING};
    gint64 id = lg_store_add_message(store, chat, 0, &streaming, NULL);
    g_autoptr(LgAnswer) answer = lg_answer_new(store, id);
    g_autofree char *much = g_strnfill(2000, 'w');
    guint n_failed = 0, n_recovered = 0;
    g_signal_connect(store, "failed", G_CALLBACK(count_signal), &n_failed);
    g_signal_connect(store, "recovered", G_CALLBACK(count_signal), &n_recovered);
    g_rec_mutex_lock(&store->lock);
    disk.code = SQLITE_FULL;
    disk.writes_left = 0;
    g_rec_mutex_unlock(&store->lock);
    lg_answer_push(answer, much, -1, FALSE);
    guint timer = g_timeout_add_seconds(60, give_up, NULL);
    while (!n_failed)
        g_main_context_iteration(NULL, TRUE);
    lg_answer_push(answer, "end", -1, FALSE);
    g_rec_mutex_lock(&store->lock);
    disk.writes_left = -1;
    g_rec_mutex_unlock(&store->lock);
    while (!n_recovered)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(timer);
    g_assert_cmpuint(n_failed, ==, 1);
    g_autoptr(LgMessage) message = lg_store_get_message(store, id, NULL);
    g_assert_cmpuint(strlen(message->text), ==, 2003);
    close_store(store);
    remove_folder(folder);
}

/* --- Real disks --- */

static gboolean mount_small(const char *folder, const char *options)
{
    return mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, options) == 0;
}

static void test_full_disk(void)
{
    g_autofree char *folder = make_folder();
    if (!mount_small(folder, "size=1m,mode=0700")) {
        g_rmdir(folder);
        g_test_skip("a small disk cannot be mounted here");
        return;
    }
    LgStore *store = open_store(folder);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strnfill(5000, 'x');
    gint64 chat = add_chat(store, "full"), last = 0, id;
    const LgMessageChange message = {.role = LG_ROLE_USER, .text = text};
    guint n = 0;
    while ((id = lg_store_add_message(store, chat, last, &message, &error))) {
        last = id;
        g_assert_cmpuint(++n, <, 1000);
    }
    g_assert_error(error, LG_STORE_ERROR, LG_STORE_ERROR_FULL);
    g_autoptr(GPtrArray) path = lg_store_load_path(store, last, 0, NULL);
    g_assert_cmpuint(path->len, ==, n);
    close_store(store); /* the note that it was closed may not fit either */
    g_assert_true(mount("tmpfs", folder, "tmpfs", MS_REMOUNT, "size=4m") == 0);
    store = open_store(folder);
    g_autoptr(GPtrArray) again = lg_store_load_path(store, last, 0, NULL);
    g_assert_cmpuint(again->len, ==, n);
    add_message(store, chat, last, LG_ROLE_USER, "room again");
    assert_sound(store);
    close_store(store);
    umount2(folder, MNT_DETACH);
    g_rmdir(folder);
}

static void test_read_only(void)
{
    g_autofree char *folder = make_folder();
    g_autoptr(GError) error = NULL;
    gboolean mounted = FALSE;
    if (geteuid() == 0) { /* permissions mean nothing to root */
        mounted = mount_small(folder, "size=4m,mode=0700");
        if (!mounted) {
            g_rmdir(folder);
            g_test_skip("root may write anywhere, and a disk for reading only cannot be mounted here");
            return;
        }
    }
    LgStore *store = open_store(folder);
    add_chat(store, "kept");
    close_store(store);
    if (mounted)
        g_assert_true(mount("tmpfs", folder, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL) == 0);
    else
        g_chmod(folder, 0500);
    g_autofree char *lock = g_build_filename(folder, "chats.lock", NULL);
    if (!mounted)
        g_chmod(lock, 0400);
    g_assert_null(lg_store_open(folder, &error));
    g_assert_error(error, LG_STORE_ERROR, LG_STORE_ERROR_READ_ONLY);
    g_assert_nonnull(strstr(error->message, folder));
    g_clear_error(&error);
    g_autofree char *below = g_build_filename(folder, "new", NULL);
    g_assert_null(lg_store_open(below, &error));
    g_assert_error(error, LG_STORE_ERROR, LG_STORE_ERROR_READ_ONLY);
    if (mounted) {
        umount2(folder, MNT_DETACH);
        g_rmdir(folder);
    } else {
        g_chmod(folder, 0700);
        remove_folder(g_steal_pointer(&folder));
    }
}

/* --- Other programs and other versions --- */

static void test_lock(void)
{
    char *folder = make_folder();
    g_autoptr(GError) error = NULL;
    LgStore *store = open_store(folder);
    g_assert_null(lg_store_open(folder, &error));
    g_assert_error(error, LG_STORE_ERROR, LG_STORE_ERROR_BUSY);
    close_store(store);
    close_store(open_store(folder));
    remove_folder(folder);
}

static void test_permissions(void)
{
    char *parent = make_folder();
    g_autofree char *folder = g_build_filename(parent, "a", "b", NULL);
    g_autofree char *file = g_build_filename(folder, "chats.db", NULL);
    struct stat status;
    close_store(open_store(folder));
    g_assert_cmpint(stat(folder, &status), ==, 0);
    g_assert_cmpint(status.st_mode & 0777, ==, 0700);
    g_assert_cmpint(stat(file, &status), ==, 0);
    g_assert_cmpint(status.st_mode & 0077, ==, 0);
    remove_folder(parent);
}

static void test_newer(void)
{
    char *folder = make_folder();
    g_autoptr(GError) error = NULL;
    LgStore *store = open_store(folder);
    add_chat(store, "from the future");
    g_free(value_of(store, "PRAGMA user_version = 99"));
    close_store(store);
    g_assert_null(lg_store_open(folder, &error));
    g_assert_error(error, LG_STORE_ERROR, LG_STORE_ERROR_NEWER);
    g_autofree char *path = g_build_filename(folder, "chats.db", NULL);
    sqlite3 *db;
    g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, "PRAGMA user_version = 1", NULL, NULL, NULL), ==, SQLITE_OK);
    sqlite3_close(db);
    store = open_store(folder); /* nothing had happened to it */
    g_autoptr(GPtrArray) chats = lg_store_list_chats(store, NULL);
    g_assert_cmpuint(chats->len, ==, 1);
    close_store(store);
    remove_folder(folder);
}

static void test_migration(void)
{
    char *folder = make_folder();
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(folder, "chats.db", NULL);
    g_autofree char *copy = g_build_filename(folder, "chats.before-2.db", NULL);
    const LgMigration next[] = {lg_migrations[0],
                                {"ALTER TABLE chats ADD COLUMN colour TEXT; UPDATE chats SET colour = 'red'"},
                                {"ALTER TABLE chats ADD COLUMN size INTEGER; UPDATE nothing SET x = 1"}};
    LgStore *store = open_store(folder);
    add_chat(store, "old");
    g_assert_cmpuint(lg_n_migrations, ==, 1); /* with a second one, these have to start from there */
    g_assert_true(lg_schema_migrate(store->db, path, next, 2, &error));
    g_assert_no_error(error);
    assert_value(store, "SELECT colour FROM chats", "red");
    assert_value(store, "PRAGMA user_version", "2");
    g_assert_true(g_file_test(copy, G_FILE_TEST_EXISTS));
    /* One that fails changes nothing. */
    g_assert_false(lg_schema_migrate(store->db, path, next, 3, &error));
    g_assert_nonnull(error);
    g_clear_error(&error);
    assert_value(store, "PRAGMA user_version", "2");
    assert_value(store, "SELECT count(*) FROM pragma_table_info('chats') WHERE name = 'size'", "0");
    close_store(store);

    sqlite3 *db; /* the copy is the old file, whole */
    g_assert_cmpint(sqlite3_open(copy, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, "SELECT title FROM chats WHERE title = 'old'", NULL, NULL, NULL), ==, SQLITE_OK);
    sqlite3_stmt *version = NULL;
    sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &version, NULL);
    g_assert_cmpint(sqlite3_step(version), ==, SQLITE_ROW);
    g_assert_cmpint(sqlite3_column_int(version, 0), ==, 1);
    sqlite3_finalize(version);
    sqlite3_close(db);
    remove_folder(folder);
}

/* --- Damaged files --- */

static guint n_damaged(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    guint n = 0;
    while ((name = g_dir_read_name(dir)))
        n += g_str_has_prefix(name, "chats.damaged-") && g_str_has_suffix(name, ".db");
    return n;
}

static void overwrite(const char *path, gsize at, const char *bytes, gsize n)
{
    int file = open(path, O_WRONLY);
    g_assert_cmpint(pwrite(file, bytes, n, (off_t)at), ==, (gssize)n);
    close(file);
}

static void test_not_a_database(void)
{
    char *folder = make_folder();
    g_autofree char *path = g_build_filename(folder, "chats.db", NULL);
    g_autofree char *text = g_strnfill(10000, 'n');
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_test_expect_message(G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, "*damaged*");
    LgStore *store = open_store(folder);
    g_test_assert_expected_messages();
    g_assert_nonnull(strstr(lg_store_get_notice(store), "chats.damaged-"));
    g_assert_cmpuint(n_damaged(folder), ==, 1);
    add_chat(store, "a new start");
    close_store(store);
    store = open_store(folder);
    g_assert_null(lg_store_get_notice(store));
    close_store(store);
    remove_folder(folder);
}

/* Pages in the middle are overwritten, and the app ended without closing: it notices, and saves what it can read. */
static void test_recovery(void)
{
    enum { N = 600 };
    char *folder = make_folder();
    g_autofree char *path = g_build_filename(folder, "chats.db", NULL);
    LgStore *store = open_store(folder);
    gint64 chat = add_chat(store, "damaged"), gone = add_chat(store, "deleted"), last = 0;
    add_message(store, gone, 0, LG_ROLE_USER, "deleted");
    g_assert_cmpint(lg_store_delete_chats(store, &gone, 1, NULL), !=, 0);
    lg_store_begin(store, NULL);
    for (int i = 0; i < N; i++) {
        g_autofree char *text = g_strdup_printf("message %d %0500d", i, i);
        last = add_message(store, chat, last, LG_ROLE_USER, text);
    }
    lg_store_commit(store, NULL);
    close_store(store);
    store = open_store(folder);
    g_object_unref(store); /* without closing */
    struct stat status;
    g_assert_cmpint(stat(path, &status), ==, 0);
    g_autofree char *junk = g_strnfill(4096, '\xa5');
    for (int i = 0; i < 3; i++)
        overwrite(path, (gsize)(status.st_size / 2 / 4096 + i) * 4096, junk, 4096);
    g_test_expect_message(G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, "*damaged*");
    store = open_store(folder);
    g_test_assert_expected_messages();
    g_assert_cmpuint(n_damaged(folder), ==, 1);
    g_autofree char *n = value_of(store, "SELECT count(*) FROM messages");
    g_test_message("%s: %s of %d messages", lg_store_get_notice(store), n, N);
    g_assert_cmpint(atoi(n), >, N / 3);
    g_autoptr(GPtrArray) path_left = lg_store_load_path(store, leaf_of(store, chat), 0, NULL);
    g_assert_cmpuint(path_left->len, >, 0);
    g_autoptr(GPtrArray) hits = lg_store_search(store, "message", 0, 10, NULL, NULL);
    g_assert_cmpuint(hits->len, ==, 10);
    assert_value(store, "SELECT count(*) FROM chats WHERE deletion_id IS NULL", "1"); /* what was deleted stays so */
    assert_sound(store);
    close_store(store);
    remove_folder(folder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    make_disk();
    g_test_add_data_func("/faults/full_at_any_write", GINT_TO_POINTER(SQLITE_FULL), test_failing_writes);
    g_test_add_data_func("/faults/io_error_at_any_write", GINT_TO_POINTER(SQLITE_IOERR_WRITE), test_failing_writes);
    g_test_add_func("/faults/open", test_failing_open);
    g_test_add_func("/faults/transaction", test_failing_transaction);
    g_test_add_func("/faults/page_limit", test_page_limit);
    g_test_add_func("/faults/answer_waits", test_answer_waits);
    g_test_add_func("/faults/full_disk", test_full_disk);
    g_test_add_func("/faults/read_only", test_read_only);
    g_test_add_func("/faults/lock", test_lock);
    g_test_add_func("/faults/permissions", test_permissions);
    g_test_add_func("/faults/newer", test_newer);
    g_test_add_func("/faults/migration", test_migration);
    g_test_add_func("/faults/not_a_database", test_not_a_database);
    g_test_add_func("/faults/recovery", test_recovery);
    return g_test_run();
}
