/* SPDX-License-Identifier: MIT
 * A process writes to the history and is killed at a random moment, over and over: whatever it had acknowledged is
 * there, and the file is sound. The argument is the number of kills; the process that writes is this program too.
 */
#include "store_fixture.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

/* --- The process that is killed: a line on standard output for everything that is done --- */

static void say(const char *format, ...) G_GNUC_PRINTF(1, 2);
static void say(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    g_autofree char *line = g_strdup_vprintf(format, values);
    va_end(values);
    if (write(STDOUT_FILENO, line, strlen(line)) != (gssize)strlen(line))
        _exit(3);
}

static void G_GNUC_NORETURN write_forever(const char *folder)
{
    LgStore *store = open_store(folder);
    say("open\n");
    for (guint round = 0;; round++) {
        g_autofree char *title = g_strdup_printf("chat %u", g_random_int());
        gint64 chat = add_chat(store, title), last = 0;
        say("chat %" G_GINT64_FORMAT " %s\n", chat, title);
        for (guint i = 0; i < 5; i++) {
            g_autofree char *question = g_strdup_printf("问题 %u of %u %0*d", i, g_random_int(), (int)(i * 400) + 1, 0);
            const LgMessageChange streaming = {.role = LG_ROLE_ASSISTANT, .state = LG_MESSAGE_STREAMING};
            last = add_message(store, chat, last, LG_ROLE_USER, question);
            say("message %" G_GINT64_FORMAT " %s\n", last, question);
            last = lg_store_add_message(store, chat, last, &streaming, NULL);
            g_autoptr(LgAnswer) answer = lg_answer_new(store, last);
            g_autoptr(GString) text = g_string_new(NULL);
            for (guint k = 0; k < 30; k++) {
                g_autofree char *piece = g_strdup_printf("词%u and more words ", g_random_int());
                g_string_append(text, piece);
                lg_answer_push(answer, piece, -1, FALSE);
                if (k % 10 == 5) {
                    g_assert_true(lg_answer_flush(answer, NULL));
                    say("part %" G_GINT64_FORMAT " %s\n", last, text->str);
                }
            }
            g_assert_true(lg_answer_finish(answer, LG_MESSAGE_COMPLETE, NULL, NULL));
            say("message %" G_GINT64_FORMAT " %s\n", last, text->str);
        }
        if (round % 3 == 2) {
            say("away\n");
            gint64 deletion = lg_store_delete_chats(store, &chat, 1, NULL);
            g_assert_true(lg_store_undo(store, deletion, NULL));
            say("back\n");
        }
    }
}

/* --- The process that kills --- */

/* What was acknowledged: of each chat its title, of each message its text; a part only begins one. */
typedef struct {
    GHashTable *chats, *messages, *parts;
    guint n_parts;
    GArray *latest;   /* ids of the latest chat and of its messages */
    gboolean is_away; /* it was being deleted and brought back, and may be either */
} Acknowledged;

static Acknowledged nothing(void)
{
    GHashTable *tables[3];
    for (guint i = 0; i < G_N_ELEMENTS(tables); i++)
        tables[i] = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    return (Acknowledged){tables[0], tables[1], tables[2], 0, g_array_new(FALSE, FALSE, sizeof(gint64)), FALSE};
}

static void forget(Acknowledged *a)
{
    g_hash_table_unref(a->chats);
    g_hash_table_unref(a->messages);
    g_hash_table_unref(a->parts);
    g_array_unref(a->latest);
}

static void leave_out_latest(Acknowledged *a)
{
    for (guint i = 0; i < a->latest->len; i++) {
        const gint64 *id = &g_array_index(a->latest, gint64, i);
        g_hash_table_remove(i == 0 ? a->chats : a->messages, id);
        if (i > 0)
            g_hash_table_remove(a->parts, id);
    }
}

static void take_line(Acknowledged *a, const char *line, gboolean *opened)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 3);
    if (g_strv_length(words) < 3) {
        *opened |= strcmp(line, "open") == 0;
        a->is_away = strcmp(line, "away") == 0;
        return;
    }
    gint64 id = g_ascii_strtoll(words[1], NULL, 10);
    const gboolean part = strcmp(words[0], "part") == 0;
    if (strcmp(words[0], "chat") == 0)
        g_array_set_size(a->latest, 0);
    g_array_append_val(a->latest, id);
    GHashTable *table = strcmp(words[0], "chat") == 0 ? a->chats : part ? a->parts : a->messages;
    a->n_parts += part;
    g_hash_table_insert(table, g_memdup2(&id, sizeof id), g_strdup(words[2]));
    if (table == a->messages)
        g_hash_table_remove(a->parts, &id);
}

/* Runs the writer, kills it after a while, and takes in what it said; whether it had opened the store by then. */
static gboolean run_and_kill(const char *program, const char *folder, Acknowledged *a)
{
    g_autoptr(GError) error = NULL;
    const char *arguments[] = {program, "--write", folder, NULL};
    g_autoptr(GString) said = g_string_new(NULL);
    char buffer[65536];
    gboolean opened = FALSE;
    GPid pid;
    int out, status;
    gssize n;
    g_assert_true(g_spawn_async_with_pipes(NULL, (char **)arguments, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid,
                                           NULL, &out, NULL, &error));
    /* A time from the first words on, so that a slow machine writes too; sometimes none, to meet it while it opens. */
    const gint64 wait = g_random_int_range(0, 10) ? g_random_int_range(0, 60000) : -1;
    if (wait < 0)
        g_usleep(g_random_int_range(0, 20000));
    else if ((n = read(out, buffer, sizeof buffer)) > 0)
        g_string_append_len(said, buffer, n);
    const gint64 until = g_get_monotonic_time() + MAX(wait, 0);
    while (g_get_monotonic_time() < until) {
        GPollFD poll = {out, G_IO_IN, 0};
        if (g_poll(&poll, 1, (int)((until - g_get_monotonic_time()) / 1000)) > 0 &&
            (n = read(out, buffer, sizeof buffer)) > 0)
            g_string_append_len(said, buffer, n);
    }
    kill(pid, SIGKILL);
    while ((n = read(out, buffer, sizeof buffer)) > 0 || (n < 0 && errno == EINTR))
        if (n > 0)
            g_string_append_len(said, buffer, n);
    close(out);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL); /* and not by itself before */
    char *end = strrchr(said->str, '\n');                              /* a line that was cut was not said */
    if (end)
        *end = 0;
    g_auto(GStrv) lines = g_strsplit(end ? said->str : "", "\n", -1);
    for (guint i = 0; lines[i]; i++)
        take_line(a, lines[i], &opened);
    if (a->is_away)
        leave_out_latest(a);
    return opened;
}

static void check(LgStore *store, const Acknowledged *a)
{
    GHashTableIter iter;
    gpointer key, text;
    g_hash_table_iter_init(&iter, a->chats);
    while (g_hash_table_iter_next(&iter, &key, &text)) {
        g_autoptr(GError) error = NULL;
        g_autoptr(LgChat) chat = lg_store_get_chat(store, *(gint64 *)key, &error);
        g_assert_no_error(error);
        g_assert_nonnull(chat);
        g_assert_cmpstr(chat->title, ==, text);
    }
    g_hash_table_iter_init(&iter, a->messages);
    while (g_hash_table_iter_next(&iter, &key, &text)) {
        g_autoptr(LgMessage) message = lg_store_get_message(store, *(gint64 *)key, NULL);
        g_assert_nonnull(message);
        g_assert_cmpstr(message->text, ==, text);
        g_assert_cmpint(message->state, ==, LG_MESSAGE_COMPLETE);
    }
    g_hash_table_iter_init(&iter, a->parts);
    while (g_hash_table_iter_next(&iter, &key, &text)) {
        g_autoptr(LgMessage) message = lg_store_get_message(store, *(gint64 *)key, NULL);
        g_assert_nonnull(message);
        g_assert_true(g_str_has_prefix(message->text, text));
        g_assert_cmpint(message->state, !=, LG_MESSAGE_STREAMING);
    }
    assert_sound(store);
}

static const char *program;
static int n_kills = 50;

static void test_kills(void)
{
    char *folder = make_folder();
    guint n_opened = 0, n_messages = 0, n_parts = 0;
    gint64 slowest = 0;
    for (int i = 0; i < n_kills; i++) {
        Acknowledged a = nothing();
        n_opened += run_and_kill(program, folder, &a);
        const gint64 before = g_get_monotonic_time();
        LgStore *store = open_store(folder);
        slowest = MAX(slowest, g_get_monotonic_time() - before);
        g_assert_null(lg_store_get_notice(store));
        check(store, &a);
        n_messages += g_hash_table_size(a.messages);
        n_parts += a.n_parts;
        if (i % 5 == 4) { /* the next ones start after a crash, and the file stays small */
            lg_store_close(store);
            g_object_unref(store);
        } else {
            g_object_unref(store);
        }
        forget(&a);
    }
    g_test_message("%d kills, %u of them after opening: %u messages and %u parts were acknowledged and are there; the "
                   "slowest start took %.0f ms",
                   n_kills, n_opened, n_messages, n_parts, (double)slowest / 1e3);
    g_assert_cmpuint(n_messages, >, 0); /* it did write */
    remove_folder(folder);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--write") == 0)
        write_forever(argv[2]);
    program = argv[0];
    g_test_init(&argc, &argv, NULL);
    if (argc > 1)
        n_kills = atoi(argv[1]);
    g_test_add_func("/kills", test_kills);
    return g_test_run();
}
