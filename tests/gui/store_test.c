/* SPDX-License-Identifier: MIT
 * The history: chats, messages as trees, deleting and undoing, answers while they are written, lists, and signals.
 */
#include "store_fixture.h"

#include <math.h>
#include <string.h>

typedef struct {
    char *folder;
    LgStore *store;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    f->folder = make_folder();
    f->store = open_store(f->folder);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    assert_sound(f->store);
    close_store(f->store);
    remove_folder(f->folder);
}

static void reopen(Fixture *f)
{
    close_store(f->store);
    f->store = open_store(f->folder);
}

/* --- Chats and folders --- */

static void test_chats(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    gint64 folder = lg_store_add_folder(f->store, "Work", &error);
    g_assert_no_error(error);
    gint64 a = add_chat(f->store, "first"), b = add_chat(f->store, "second"), c = add_chat(f->store, "third");
    g_assert_true(lg_store_change_chat(f->store, a,
                                       &(LgChatChange){.fields = LG_CHAT_PINNED | LG_CHAT_FOLDER | LG_CHAT_MODEL |
                                                                 LG_CHAT_SYSTEM_PROMPT | LG_CHAT_PARAMETERS |
                                                                 LG_CHAT_DRAFT | LG_CHAT_TITLE,
                                                       .title = "renamed 改名",
                                                       .pinned = TRUE,
                                                       .folder_id = folder,
                                                       .model = "/models/a.gguf",
                                                       .system_prompt = "Be brief.",
                                                       .parameters = "{\"temperature\":0.5}",
                                                       .draft = "half a sent"},
                                       &error));
    g_assert_no_error(error);
    add_message(f->store, b, 0, LG_ROLE_USER, "newer than the third");
    reopen(f);

    g_autoptr(GPtrArray) chats = lg_store_list_chats(f->store, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(chats->len, ==, 3);
    const LgChat *first = chats->pdata[0];
    g_assert_cmpint(first->id, ==, a); /* pinned */
    g_assert_cmpint(LG_CHAT(chats->pdata[1])->id, ==, b);
    g_assert_cmpint(LG_CHAT(chats->pdata[2])->id, ==, c);
    g_assert_cmpstr(first->title, ==, "renamed 改名");
    g_assert_cmpint(first->folder_id, ==, folder);
    g_assert_cmpstr(first->model, ==, "/models/a.gguf");
    g_assert_cmpstr(first->system_prompt, ==, "Be brief.");
    g_assert_cmpstr(first->parameters, ==, "{\"temperature\":0.5}");
    g_assert_cmpstr(first->draft, ==, "half a sent");

    /* A field that is not named stays; one that is named as nothing is nothing. */
    g_assert_true(lg_store_change_chat(f->store, a, &(LgChatChange){.fields = LG_CHAT_MODEL | LG_CHAT_FOLDER}, &error));
    g_autoptr(LgChat) changed = lg_store_get_chat(f->store, a, &error);
    g_assert_null(changed->model);
    g_assert_cmpint(changed->folder_id, ==, 0);
    g_assert_cmpstr(changed->system_prompt, ==, "Be brief.");
}

static void test_refusals(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    gint64 a = add_chat(f->store, "a"), b = add_chat(f->store, "b"),
           of_b = add_message(f->store, b, 0, LG_ROLE_USER, "x");
    const LgMessageChange message = {.role = LG_ROLE_USER, .text = "y"};

    g_assert_false(lg_store_change_chat(f->store, 99, &(LgChatChange){.fields = LG_CHAT_PINNED}, &error));
    g_assert_error(error, LG_STORE_ERROR, LG_STORE_ERROR_NOT_FOUND);
    g_clear_error(&error);
    g_assert_false(lg_store_change_chat(f->store, a, &(LgChatChange){.fields = LG_CHAT_LEAF, .leaf_id = of_b}, &error));
    g_assert_error(error, LG_STORE_ERROR, LG_STORE_ERROR_INVALID);
    g_clear_error(&error);
    g_assert_false(lg_store_change_chat(
        f->store, a, &(LgChatChange){.fields = LG_CHAT_TITLE | LG_CHAT_FOLDER, .title = "z", .folder_id = 99}, &error));
    g_assert_error(error, LG_STORE_ERROR, LG_STORE_ERROR_INVALID);
    g_clear_error(&error);
    g_autoptr(LgChat) chat = lg_store_get_chat(f->store, a, NULL);
    g_assert_cmpstr(chat->title, ==, "a"); /* not even half of the change */
    g_assert_cmpint(lg_store_add_message(f->store, a, of_b, &message, &error), ==, 0);
    g_assert_error(error, LG_STORE_ERROR, LG_STORE_ERROR_NOT_FOUND);
    g_clear_error(&error);
    g_assert_cmpint(lg_store_add_message(f->store, a, 0, &(LgMessageChange){.text = "\xff\xfe"}, &error), ==, 0);
    g_assert_error(error, LG_STORE_ERROR, LG_STORE_ERROR_INVALID);
    g_clear_error(&error);
    g_assert_cmpint(lg_store_add_folder(f->store, "", &error), ==, 0);
    g_assert_error(error, LG_STORE_ERROR, LG_STORE_ERROR_INVALID);
    g_clear_error(&error);
    g_assert_null(lg_store_load_path(f->store, 99, 0, &error));
    g_assert_error(error, LG_STORE_ERROR, LG_STORE_ERROR_NOT_FOUND);
    g_clear_error(&error);
    g_assert_false(lg_store_undo(f->store, 99, &error));
    g_assert_error(error, LG_STORE_ERROR, LG_STORE_ERROR_NOT_FOUND);
}

static void assert_folders(LgStore *store, const char *expected)
{
    g_autoptr(GPtrArray) folders = lg_store_list_folders(store, NULL);
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint i = 0; i < folders->len; i++)
        g_string_append(names, LG_FOLDER(folders->pdata[i])->name);
    g_assert_cmpstr(names->str, ==, expected);
}

static void test_folders(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    gint64 ids[4];
    for (int i = 0; i < 4; i++)
        ids[i] = lg_store_add_folder(f->store, (const char *[]){"A", "B", "C", "D"}[i], &error);
    g_assert_no_error(error);
    g_assert_true(lg_store_move_folder(f->store, ids[3], 0, &error));
    assert_folders(f->store, "DABC");
    g_assert_true(lg_store_move_folder(f->store, ids[0], 2, &error));
    assert_folders(f->store, "DBAC");
    g_assert_true(lg_store_move_folder(f->store, ids[3], 99, &error));
    assert_folders(f->store, "BACD");
    g_assert_true(lg_store_rename_folder(f->store, ids[1], "x", &error));
    assert_folders(f->store, "xACD");

    gint64 chat = lg_store_add_chat(f->store, &(LgChatChange){.fields = LG_CHAT_FOLDER, .folder_id = ids[0]}, &error);
    gint64 deletion = lg_store_delete_folder(f->store, ids[0], FALSE, &error);
    g_assert_no_error(error);
    assert_folders(f->store, "xCD");
    g_autoptr(LgChat) outside = lg_store_get_chat(f->store, chat, &error);
    g_assert_cmpint(outside->folder_id, ==, 0);
    g_assert_true(lg_store_undo(f->store, deletion, &error));
    g_autoptr(LgChat) back = lg_store_get_chat(f->store, chat, &error);
    g_assert_cmpint(back->folder_id, ==, ids[0]);

    deletion = lg_store_delete_folder(f->store, ids[0], TRUE, &error);
    g_assert_null(lg_store_get_chat(f->store, chat, NULL));
    g_assert_true(lg_store_undo(f->store, deletion, &error));
    assert_folders(f->store, "xACD");
    g_autoptr(LgChat) again = lg_store_get_chat(f->store, chat, &error);
    g_assert_cmpint(again->folder_id, ==, ids[0]);

    lg_store_delete_folder(f->store, ids[0], FALSE, &error);
    g_assert_true(lg_store_purge(f->store, G_MAXINT64, &error));
    g_assert_no_error(error);
    g_autoptr(LgChat) kept = lg_store_get_chat(f->store, chat, &error);
    g_assert_cmpint(kept->folder_id, ==, 0);
}

/* --- Messages --- */

static void test_tree(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    gint64 chat = add_chat(f->store, "tree");
    gint64 question = add_message(f->store, chat, 0, LG_ROLE_USER, "question");
    gint64 one = add_message(f->store, chat, question, LG_ROLE_ASSISTANT, "answer one");
    gint64 more = add_message(f->store, chat, one, LG_ROLE_USER, "and more");
    gint64 two = add_message(f->store, chat, question, LG_ROLE_ASSISTANT, "answer two");
    gint64 edited = add_message(f->store, chat, 0, LG_ROLE_USER, "question, edited");
    g_assert_cmpint(leaf_of(f->store, chat), ==, edited);
    reopen(f);

    g_autoptr(GPtrArray) path = lg_store_load_path(f->store, more, 0, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(path->len, ==, 3);
    const LgMessage *m0 = path->pdata[0], *m1 = path->pdata[1], *m2 = path->pdata[2];
    g_assert_cmpint(m0->id, ==, question);
    g_assert_cmpuint(m0->depth, ==, 0);
    g_assert_cmpuint(m0->sibling_index, ==, 0);
    g_assert_cmpuint(m0->n_siblings, ==, 2);
    g_assert_cmpint(m1->id, ==, one);
    g_assert_cmpint(m1->parent_id, ==, question);
    g_assert_cmpint(m1->role, ==, LG_ROLE_ASSISTANT);
    g_assert_cmpuint(m1->n_siblings, ==, 2);
    g_assert_cmpint(m2->id, ==, more);
    g_assert_cmpuint(m2->depth, ==, 2);
    g_assert_cmpuint(m2->n_siblings, ==, 1);

    g_autoptr(GPtrArray) siblings = lg_store_list_siblings(f->store, one, &error);
    g_assert_cmpuint(siblings->len, ==, 2);
    g_assert_cmpstr(LG_MESSAGE(siblings->pdata[1])->text, ==, "answer two");
    g_assert_cmpuint(LG_MESSAGE(siblings->pdata[1])->sibling_index, ==, 1);

    g_assert_cmpint(lg_store_choose_branch(f->store, one, &error), ==, more);
    g_assert_cmpint(leaf_of(f->store, chat), ==, more);
    g_assert_cmpint(lg_store_choose_branch(f->store, question, &error), ==, two); /* what was written last */
    g_assert_cmpint(lg_store_choose_branch(f->store, edited, &error), ==, edited);
}

static void test_fields(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    gint64 chat = add_chat(f->store, "");
    gint64 id = lg_store_add_message(f->store, chat, 0,
                                     &(LgMessageChange){.role = LG_ROLE_TOOL,
                                                        .state = LG_MESSAGE_INTERRUPTED,
                                                        .text = "t",
                                                        .reasoning = "r",
                                                        .tool_calls = "[1]",
                                                        .tool_call_id = "call",
                                                        .attachments = "[2]",
                                                        .model = "m",
                                                        .model_hash = "h",
                                                        .statistics = "{}"},
                                     &error);
    g_assert_no_error(error);
    g_assert_true(lg_store_change_message(
        f->store, id, &(LgMessageChange){.fields = LG_MESSAGE_TEXT | LG_MESSAGE_MODEL, .text = "T"}, &error));
    g_autoptr(LgMessage) m = lg_store_get_message(f->store, id, &error);
    g_assert_no_error(error);
    g_assert_cmpint(m->role, ==, LG_ROLE_TOOL);
    g_assert_cmpint(m->state, ==, LG_MESSAGE_INTERRUPTED);
    g_assert_cmpstr(m->text, ==, "T");
    g_assert_cmpstr(m->reasoning, ==, "r");
    g_assert_cmpstr(m->tool_calls, ==, "[1]");
    g_assert_cmpstr(m->tool_call_id, ==, "call");
    g_assert_cmpstr(m->attachments, ==, "[2]");
    g_assert_null(m->model);
    g_assert_cmpstr(m->model_hash, ==, "h");
    g_assert_cmpstr(m->statistics, ==, "{}");
}

/* A chat that is far deeper than SQLite's triggers and than any recursion should go. */
static void test_long_chat(Fixture *f, gconstpointer data)
{
    enum { N = 10000, PAGE = 50 };
    g_autoptr(GError) error = NULL;
    gint64 chat = add_chat(f->store, "long"), parent = 0;
    g_assert_true(lg_store_begin(f->store, &error));
    for (int i = 0; i < N; i++) {
        g_autofree char *text = g_strdup_printf("message %d: 机器学习 and some words to make it a line of text", i);
        parent = add_message(f->store, chat, parent, i % 2 ? LG_ROLE_ASSISTANT : LG_ROLE_USER, text);
    }
    g_assert_true(lg_store_commit(f->store, &error));
    reopen(f);

    const gint64 before = g_get_monotonic_time();
    g_autoptr(GPtrArray) page = lg_store_load_path(f->store, parent, PAGE, &error);
    const gint64 between = g_get_monotonic_time();
    g_autoptr(GPtrArray) all = lg_store_load_path(f->store, parent, 0, &error);
    g_test_message("%d messages: a page of %d in %.1f ms, all in %.1f ms", N, PAGE, (double)(between - before) / 1e3,
                   (double)(g_get_monotonic_time() - between) / 1e3);
    g_assert_cmpuint(page->len, ==, PAGE);
    g_assert_cmpuint(all->len, ==, N);
    g_assert_cmpuint(LG_MESSAGE(page->pdata[0])->depth, ==, N - PAGE);

    /* Page by page to the beginning, nothing twice and nothing left out. */
    guint seen = PAGE;
    for (gint64 last = LG_MESSAGE(page->pdata[0])->parent_id; last;) {
        g_autoptr(GPtrArray) older = lg_store_load_path(f->store, last, 777, &error);
        g_assert_cmpuint(LG_MESSAGE(older->pdata[older->len - 1])->depth, ==, N - 1 - seen);
        seen += older->len;
        last = LG_MESSAGE(older->pdata[0])->parent_id;
    }
    g_assert_cmpuint(seen, ==, N);

    gint64 second = LG_MESSAGE(all->pdata[1])->id, deletion = lg_store_delete_message(f->store, second, &error);
    g_assert_no_error(error);
    g_assert_cmpint(leaf_of(f->store, chat), ==, LG_MESSAGE(all->pdata[0])->id);
    g_assert_true(lg_store_undo(f->store, deletion, &error));
    g_assert_cmpint(leaf_of(f->store, chat), ==, parent);
    lg_store_delete_chats(f->store, &chat, 1, &error);
    g_assert_true(lg_store_purge(f->store, G_MAXINT64, &error));
    g_assert_no_error(error);
    assert_value(f->store, "SELECT count(*) FROM messages", "0");
    assert_value(f->store, "SELECT count(*) FROM deletions", "0");
}

/* --- Deleting --- */

static void test_delete_message(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    gint64 chat = add_chat(f->store, "deleting");
    gint64 question = add_message(f->store, chat, 0, LG_ROLE_USER, "question");
    gint64 one = add_message(f->store, chat, question, LG_ROLE_ASSISTANT, "walrus one");
    gint64 below = add_message(f->store, chat, one, LG_ROLE_USER, "walrus below");
    gint64 two = add_message(f->store, chat, question, LG_ROLE_ASSISTANT, "answer two");
    gint64 end = add_message(f->store, chat, two, LG_ROLE_USER, "end");

    gint64 elsewhere = lg_store_delete_message(f->store, below, &error); /* the branch that is shown stays */
    g_assert_cmpint(leaf_of(f->store, chat), ==, end);
    gint64 shown = lg_store_delete_message(f->store, two, &error); /* the sibling's is shown instead */
    g_assert_no_error(error);
    g_assert_cmpint(leaf_of(f->store, chat), ==, one);
    gint64 above = lg_store_delete_message(f->store, one, &error);
    g_assert_cmpint(leaf_of(f->store, chat), ==, question);
    g_assert_null(lg_store_get_message(f->store, below, NULL));
    g_autoptr(GPtrArray) none = lg_store_search(f->store, "walrus", 0, 10, NULL, &error);
    g_assert_cmpuint(none->len, ==, 0);

    /* What was deleted first comes back below something that is deleted still: it waits for that. */
    g_assert_true(lg_store_undo(f->store, elsewhere, &error));
    g_assert_null(lg_store_get_message(f->store, below, NULL));
    g_assert_true(lg_store_undo(f->store, above, &error));
    g_autoptr(LgMessage) back = lg_store_get_message(f->store, below, &error);
    g_assert_no_error(error);
    g_assert_cmpint(leaf_of(f->store, chat), ==, one);
    g_assert_true(lg_store_undo(f->store, shown, &error));
    g_assert_cmpint(leaf_of(f->store, chat), ==, end);
    g_autoptr(GPtrArray) found = lg_store_search(f->store, "walrus", 0, 10, NULL, &error);
    g_assert_cmpuint(found->len, ==, 2);

    lg_store_delete_message(f->store, question, &error);
    g_assert_cmpint(leaf_of(f->store, chat), ==, 0);
    g_assert_true(lg_store_purge(f->store, G_MAXINT64, &error));
    g_assert_no_error(error);
    assert_value(f->store, "SELECT count(*) FROM messages", "0");
}

static void test_delete_chats(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    gint64 ids[3];
    for (int i = 0; i < 3; i++) {
        ids[i] = add_chat(f->store, "octopus");
        add_message(f->store, ids[i], 0, LG_ROLE_USER, "octopus");
    }
    gint64 deletion = lg_store_delete_chats(f->store, ids, 2, &error);
    g_assert_no_error(error);
    g_autoptr(GPtrArray) left = lg_store_list_chats(f->store, &error);
    g_assert_cmpuint(left->len, ==, 1);
    g_autoptr(GPtrArray) hits = lg_store_search(f->store, "octopus", 0, 10, NULL, &error);
    g_assert_cmpuint(hits->len, ==, 2);
    reopen(f); /* an undo may come after a restart, within the day */
    g_assert_true(lg_store_undo(f->store, deletion, &error));
    g_autoptr(GPtrArray) all = lg_store_list_chats(f->store, &error);
    g_assert_cmpuint(all->len, ==, 3);

    gint64 with_unknown[2] = {ids[0], 99};
    g_assert_cmpint(lg_store_delete_chats(f->store, with_unknown, 2, &error), ==, 0);
    g_assert_error(error, LG_STORE_ERROR, LG_STORE_ERROR_NOT_FOUND);
    g_clear_error(&error);
    g_autoptr(LgChat) whole = lg_store_get_chat(f->store, ids[0], &error); /* not one of them */
    g_assert_no_error(error);

    lg_store_delete_chats(f->store, ids, 3, &error);
    assert_value(f->store, "UPDATE deletions SET at = at - 48 * 3600 * 1000000 RETURNING id > 0", "1");
    reopen(f);
    assert_value(f->store, "SELECT count(*) FROM chats", "0");
    g_assert_cmpint(add_chat(f->store, "new"), >, ids[2]); /* ids are never given twice */
}

static void test_copy(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    gint64 chat = add_chat(f->store, "original");
    gint64 question = add_message(f->store, chat, 0, LG_ROLE_USER, "q");
    gint64 one = add_message(f->store, chat, question, LG_ROLE_ASSISTANT, "one");
    add_message(f->store, chat, question, LG_ROLE_ASSISTANT, "two");
    gint64 whole = lg_store_copy_chat(f->store, chat, 0, NULL, &error);
    g_assert_no_error(error);
    gint64 part = lg_store_copy_chat(f->store, chat, one, "a fork", &error);
    g_assert_no_error(error);
    g_autoptr(LgMessage) end = lg_store_get_message(f->store, leaf_of(f->store, whole), &error);
    g_assert_cmpstr(end->text, ==, "two");
    g_assert_cmpuint(end->n_siblings, ==, 2);
    g_autoptr(GPtrArray) fork = lg_store_load_path(f->store, leaf_of(f->store, part), 0, &error);
    g_assert_cmpuint(fork->len, ==, 2);
    g_assert_cmpstr(LG_MESSAGE(fork->pdata[1])->text, ==, "one");
    g_assert_cmpuint(LG_MESSAGE(fork->pdata[1])->n_siblings, ==, 1);
    g_autoptr(LgChat) named = lg_store_get_chat(f->store, part, &error);
    g_assert_cmpstr(named->title, ==, "a fork");
    g_assert_cmpint(lg_store_copy_chat(f->store, chat, 99, NULL, &error), ==, 0);
    g_assert_error(error, LG_STORE_ERROR, LG_STORE_ERROR_NOT_FOUND);
}

/* --- Transactions --- */

static void test_transactions(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(lg_store_begin(f->store, &error));
    gint64 outer = add_chat(f->store, "outer");
    g_assert_true(lg_store_begin(f->store, &error));
    gint64 inner = add_chat(f->store, "inner");
    lg_store_rollback(f->store);
    g_assert_cmpint(lg_store_add_message(f->store, 99, 0, &(LgMessageChange){.text = ""}, &error), ==, 0);
    g_clear_error(&error);
    g_assert_true(lg_store_commit(f->store, &error));
    g_autoptr(LgChat) kept = lg_store_get_chat(f->store, outer, &error);
    g_assert_no_error(error);
    g_assert_null(lg_store_get_chat(f->store, inner, NULL));
    g_assert_true(lg_store_begin(f->store, &error));
    add_message(f->store, outer, 0, LG_ROLE_USER, "never");
    lg_store_rollback(f->store);
    g_assert_cmpint(leaf_of(f->store, outer), ==, 0);
}

/* --- Answers --- */

static void test_answer(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    gint64 chat = add_chat(f->store, "answers"), question = add_message(f->store, chat, 0, LG_ROLE_USER, "q");
    const LgMessageChange streaming = {.role = LG_ROLE_ASSISTANT, .state = LG_MESSAGE_STREAMING, .model = "m"};
    gint64 id = lg_store_add_message(f->store, chat, question, &streaming, &error);
    g_autoptr(LgAnswer) answer = lg_answer_new(f->store, id);
    lg_answer_push(answer, "Let me see. ", -1, TRUE);
    lg_answer_push(answer, "Hel\0lo", 6, FALSE);
    /* It is written without anybody asking. */
    const gint64 until = g_get_monotonic_time() + 60 * G_TIME_SPAN_SECOND;
    for (gboolean written = FALSE; !written; g_usleep(10000)) {
        g_assert_cmpint(g_get_monotonic_time(), <, until);
        g_autoptr(LgMessage) part = lg_store_get_message(f->store, id, &error);
        written = *part->text != 0;
        g_assert_cmpint(part->state, ==, LG_MESSAGE_STREAMING);
    }
    for (int i = 0; i < 1000; i++)
        lg_answer_push(answer, "字字字", -1, FALSE);
    lg_answer_push(answer, "\xff", 1, FALSE);
    g_autoptr(GAsyncResult) result = NULL;
    lg_answer_finish_async(answer, LG_MESSAGE_COMPLETE,
                           &(LgMessageChange){.fields = LG_MESSAGE_STATISTICS, .statistics = "{\"tokens\":3}"},
                           keep_result, &result);
    g_assert_true(lg_answer_finish_finish(answer, wait_for_result(&result), &error));
    g_assert_no_error(error);
    lg_answer_push(answer, "late", -1, FALSE);
    reopen(f);
    g_autoptr(LgMessage) whole = lg_store_get_message(f->store, id, &error);
    g_assert_cmpint(whole->state, ==, LG_MESSAGE_COMPLETE);
    g_assert_true(g_str_has_prefix(whole->text, "Hel�lo字"));
    g_assert_true(g_str_has_suffix(whole->text, "字�"));
    g_assert_cmpint(g_utf8_strlen(whole->text, -1), ==, 6 + 3000 + 1);
    g_assert_cmpstr(whole->reasoning, ==, "Let me see. ");
    g_assert_cmpstr(whole->statistics, ==, "{\"tokens\":3}");
    g_assert_cmpstr(whole->model, ==, "m");
}

static void test_interrupted(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    gint64 chat = add_chat(f->store, "answers");
    const LgMessageChange streaming = {.role = LG_ROLE_ASSISTANT, .state = LG_MESSAGE_STREAMING};
    gint64 id = lg_store_add_message(f->store, chat, 0, &streaming, &error);
    LgAnswer *answer = lg_answer_new(f->store, id);
    lg_answer_push(answer, "half an", -1, FALSE);
    g_object_unref(answer); /* closing the store writes it all the same */
    reopen(f);
    g_autoptr(LgMessage) half = lg_store_get_message(f->store, id, &error);
    g_assert_cmpint(half->state, ==, LG_MESSAGE_INTERRUPTED);
    g_assert_cmpstr(half->text, ==, "half an");
    g_autoptr(GPtrArray) hits = lg_store_search(f->store, "half", 0, 10, NULL, &error);
    g_assert_cmpuint(hits->len, ==, 1);
}

/* --- Notes --- */

static void test_presets(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    gint64 b = lg_store_save_preset(f->store, 0, "b", "prompt", "{}", NULL, &error);
    gint64 a = lg_store_save_preset(f->store, 0, "A", NULL, NULL, "m", &error);
    g_assert_cmpint(lg_store_save_preset(f->store, b, "c", "new", NULL, NULL, &error), ==, b);
    g_assert_no_error(error);
    g_assert_cmpint(lg_store_save_preset(f->store, 99, "c", NULL, NULL, NULL, &error), ==, 0);
    g_assert_error(error, LG_STORE_ERROR, LG_STORE_ERROR_NOT_FOUND);
    g_clear_error(&error);
    g_autoptr(GPtrArray) presets = lg_store_list_presets(f->store, &error);
    g_assert_cmpuint(presets->len, ==, 2);
    g_assert_cmpint(LG_PRESET(presets->pdata[0])->id, ==, a);
    g_assert_cmpstr(LG_PRESET(presets->pdata[1])->system_prompt, ==, "new");
    gint64 deletion = lg_store_delete_preset(f->store, a, &error);
    g_autoptr(GPtrArray) fewer = lg_store_list_presets(f->store, &error);
    g_assert_cmpuint(fewer->len, ==, 1);
    g_assert_true(lg_store_undo(f->store, deletion, &error));
    g_autoptr(GPtrArray) again = lg_store_list_presets(f->store, &error);
    g_assert_cmpuint(again->len, ==, 2);
}

static void test_connections(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    gint64 id = lg_store_begin_connection(f->store, "search", "GET",
                                          "https://me:secret@hub.example:8443/api/models?token=secret#secret", &error);
    g_assert_no_error(error);
    g_assert_true(lg_store_end_connection(f->store, id, 200, 120, 4096, NULL, &error));
    lg_store_note_connection(f->store, "chat", "POST", "me:secret@nonsense?secret", 0, -1, -1, "offline switch");
    reopen(f); /* which also waits for the note */
    g_autoptr(GPtrArray) list = lg_store_list_connections(f->store, 0, 10, &error);
    g_assert_cmpuint(list->len, ==, 2);
    const LgConnection *good = list->pdata[1], *refused = list->pdata[0];
    g_assert_cmpstr(good->url, ==, "https://hub.example:8443/api/models");
    g_assert_cmpstr(good->host, ==, "hub.example");
    g_assert_cmpint(good->status, ==, 200);
    g_assert_cmpint(good->received, ==, 4096);
    g_assert_null(good->outcome);
    g_assert_cmpstr(refused->outcome, ==, "offline switch");
    g_assert_null(strstr(refused->url, "secret"));
    g_autoptr(GPtrArray) older = lg_store_list_connections(f->store, refused->id, 10, &error);
    g_assert_cmpuint(older->len, ==, 1);
    g_assert_true(lg_store_clear_connections(f->store, &error));
    g_autoptr(GPtrArray) none = lg_store_list_connections(f->store, 0, 10, &error);
    g_assert_cmpuint(none->len, ==, 0);
}

static void test_measurements(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LgMeasurement) m = g_object_new(LG_TYPE_MEASUREMENT, NULL);
    m->machine = g_strdup("this");
    m->model = g_strdup("a.gguf");
    m->quantity = g_strdup("decode_tokens_per_second");
    m->predicted = 40;
    m->low = 30;
    m->high = NAN;
    m->measured = 36.5;
    g_assert_cmpint(lg_store_add_measurement(f->store, m, &error), >, 0);
    m->measured = 37;
    g_assert_cmpint(lg_store_add_measurement(f->store, m, &error), >, 0);
    m->measured = NAN;
    g_assert_cmpint(lg_store_add_measurement(f->store, m, &error), ==, 0);
    g_assert_error(error, LG_STORE_ERROR, LG_STORE_ERROR_INVALID);
    g_clear_error(&error);
    g_autoptr(GPtrArray) list =
        lg_store_list_measurements(f->store, "this", NULL, "decode_tokens_per_second", 10, &error);
    g_assert_cmpuint(list->len, ==, 2);
    const LgMeasurement *newest = list->pdata[0];
    g_assert_cmpfloat(newest->measured, ==, 37);
    g_assert_cmpfloat(newest->low, ==, 30);
    g_assert_true(isnan(newest->high));
    g_autoptr(GPtrArray) none = lg_store_list_measurements(f->store, NULL, "b.gguf", NULL, 10, &error);
    g_assert_cmpuint(none->len, ==, 0);
}

/* --- Threads, signals and lists --- */

static gboolean set_true(gpointer data)
{
    *(gboolean *)data = TRUE;
    return G_SOURCE_REMOVE;
}

/* Runs the loop until what was asked of the store, and what that caused, has arrived. */
static gpointer no_job(LgStore *store, gpointer data, GCancellable *cancellable, GError **error) { return NULL; }

static void settle(LgStore *store)
{
    for (int i = 0; i < 3; i++) {
        g_autoptr(GAsyncResult) result = NULL;
        gboolean idle = FALSE;
        lg_store_run_async(store, no_job, NULL, NULL, NULL, NULL, keep_result, &result);
        wait_for_result(&result);
        g_idle_add_full(G_PRIORITY_LOW, set_true, &idle, NULL);
        wait_until(&idle);
    }
}

static void count_changes(GListModel *model, guint position, guint removed, guint added, gpointer data)
{
    guint *n = data;
    *n = *n - removed + added;
}

static void assert_order(GListModel *list, const char *expected)
{
    g_autoptr(GString) titles = g_string_new(NULL);
    for (guint i = 0; i < g_list_model_get_n_items(list); i++) {
        g_autoptr(LgChat) chat = g_list_model_get_item(list, i);
        g_string_append(titles, chat->title);
    }
    g_assert_cmpstr(titles->str, ==, expected);
}

static void count_notify(GObject *object, GParamSpec *spec, gpointer data) { ++*(guint *)data; }

static void test_chat_list(Fixture *f, gconstpointer data)
{
    gint64 a = add_chat(f->store, "a");
    g_autoptr(LgChatList) list = lg_chat_list_new(f->store);
    GListModel *model = G_LIST_MODEL(list);
    guint n = 0, n_notified = 0;
    g_signal_connect(list, "items-changed", G_CALLBACK(count_changes), &n);
    settle(f->store);
    assert_order(model, "a");
    gint64 b = add_chat(f->store, "b"), c = add_chat(f->store, "c");
    settle(f->store);
    assert_order(model, "cba");
    LgChat *row = lg_chat_list_find(list, a);
    g_signal_connect(row, "notify::title", G_CALLBACK(count_notify), &n_notified);
    lg_store_change_chat_async(f->store, a, &(LgChatChange){.fields = LG_CHAT_TITLE, .title = "A"}, NULL, NULL, NULL);
    settle(f->store);
    assert_order(model, "cbA");
    g_assert_cmpuint(n_notified, ==, 1);
    g_assert_true(lg_chat_list_find(list, a) == row);
    add_message(f->store, b, 0, LG_ROLE_USER, "moves it up");
    settle(f->store);
    assert_order(model, "bcA");
    lg_store_change_chat_async(f->store, a, &(LgChatChange){.fields = LG_CHAT_PINNED, .pinned = TRUE}, NULL, NULL,
                               NULL);
    settle(f->store);
    assert_order(model, "Abc");
    g_assert_true(lg_chat_list_find(list, a) == row);
    g_autoptr(GAsyncResult) deleted = NULL;
    lg_store_delete_chats_async(f->store, (gint64[]){b, a}, 2, NULL, keep_result, &deleted);
    gint64 deletion = lg_store_id_finish(f->store, wait_for_result(&deleted), NULL);
    settle(f->store);
    assert_order(model, "c");
    lg_store_undo_async(f->store, deletion, NULL, NULL, NULL);
    settle(f->store);
    assert_order(model, "Abc");
    g_assert_cmpuint(n, ==, 3);
    g_assert_nonnull(lg_chat_list_find(list, c));

    /* A list may go while something is on its way to it. */
    add_chat(f->store, "late");
    lg_chat_list_new(f->store);
    g_object_unref(lg_chat_list_new(f->store));
}

static void test_name_list(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    gint64 a = lg_store_add_folder(f->store, "a", &error);
    g_autoptr(LgNameList) list = lg_folder_list_new(f->store);
    guint n = 0;
    g_signal_connect(list, "items-changed", G_CALLBACK(count_changes), &n);
    settle(f->store);
    g_assert_cmpuint(n, ==, 1);
    g_autoptr(LgFolder) row = g_list_model_get_item(G_LIST_MODEL(list), 0);
    lg_store_rename_folder(f->store, a, "A", &error);
    lg_store_add_folder(f->store, "b", &error);
    settle(f->store);
    g_assert_cmpstr(row->name, ==, "A");
    g_assert_cmpuint(n, ==, 2);
    lg_store_delete_folder(f->store, a, FALSE, &error);
    settle(f->store);
    g_assert_cmpuint(n, ==, 1);
    g_autoptr(LgNameList) presets = lg_preset_list_new(f->store);
    lg_store_save_preset(f->store, 0, "p", NULL, NULL, NULL, &error);
    settle(f->store);
    g_assert_cmpuint(g_list_model_get_n_items(G_LIST_MODEL(presets)), ==, 1);
    g_assert_true(g_list_model_get_item_type(G_LIST_MODEL(presets)) == LG_TYPE_PRESET);
}

static gpointer failing_job(LgStore *store, gpointer data, GCancellable *cancellable, GError **error)
{
    g_assert_true(g_thread_self() != data);
    g_set_error_literal(error, LG_STORE_ERROR, LG_STORE_ERROR_FULL, "as asked");
    return NULL;
}

static void keep_message(LgStore *store, GError *error, char **message) { *message = g_strdup(error->message); }

static void test_async(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GAsyncResult) chat_added = NULL, asked = NULL, loaded = NULL, found = NULL, failed = NULL,
                            cancelled = NULL;
    lg_store_add_chat_async(f->store, NULL, NULL, keep_result, &chat_added);
    gint64 chat = lg_store_id_finish(f->store, wait_for_result(&chat_added), &error);
    g_assert_no_error(error);
    char text[] = "asked of the thread";
    lg_store_add_message_async(f->store, chat, 0, &(LgMessageChange){.role = LG_ROLE_USER, .text = text}, NULL,
                               keep_result, &asked);
    memset(text, 'x', sizeof text - 1); /* it was copied */
    gint64 message = lg_store_id_finish(f->store, wait_for_result(&asked), &error);
    lg_store_load_path_async(f->store, message, 10, NULL, keep_result, &loaded);
    g_autoptr(GPtrArray) path = lg_store_array_finish(f->store, wait_for_result(&loaded), &error);
    g_assert_cmpstr(LG_MESSAGE(path->pdata[0])->text, ==, "asked of the thread");
    lg_store_search_async(f->store, "thread", 0, 10, NULL, keep_result, &found);
    g_autoptr(GPtrArray) hits = lg_store_array_finish(f->store, wait_for_result(&found), &error);
    g_assert_cmpuint(hits->len, ==, 1);
    g_assert_no_error(error);

    lg_store_run_async(f->store, failing_job, g_thread_self(), NULL, NULL, NULL, keep_result, &failed);
    g_assert_null(lg_store_run_finish(f->store, wait_for_result(&failed), &error));
    g_assert_error(error, LG_STORE_ERROR, LG_STORE_ERROR_FULL);
    g_clear_error(&error);
    g_autofree char *message_text = NULL;
    g_signal_connect(f->store, "failed", G_CALLBACK(keep_message), &message_text);
    lg_store_run_async(f->store, failing_job, g_thread_self(), NULL, NULL, NULL, NULL, NULL);
    settle(f->store);
    g_assert_cmpstr(message_text, ==, "as asked"); /* with nobody waiting it is a signal */

    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_cancellable_cancel(cancellable);
    lg_store_search_async(f->store, "thread", 0, 10, cancellable, keep_result, &cancelled);
    g_assert_null(lg_store_array_finish(f->store, wait_for_result(&cancelled), &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void test_closed(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GAsyncResult) result = NULL;
    LgStore *store = g_object_ref(f->store);
    lg_store_change_chat_async(store, add_chat(store, "x"), &(LgChatChange){.fields = LG_CHAT_TITLE, .title = "y"},
                               NULL, NULL, NULL);
    reopen(f);
    g_autoptr(GPtrArray) chats = lg_store_list_chats(f->store, &error);
    g_assert_cmpstr(LG_CHAT(chats->pdata[0])->title, ==, "y"); /* it was done before the end */
    g_assert_cmpint(lg_store_add_chat(store, NULL, &error), ==, 0);
    g_assert_error(error, LG_STORE_ERROR, LG_STORE_ERROR_CLOSED);
    g_clear_error(&error);
    lg_store_add_chat_async(store, NULL, NULL, keep_result, &result);
    g_assert_cmpint(lg_store_id_finish(store, wait_for_result(&result), &error), ==, 0);
    g_assert_error(error, LG_STORE_ERROR, LG_STORE_ERROR_CLOSED);
    lg_store_close(store);
    g_object_unref(store);
}

static gpointer write_much(gpointer data)
{
    LgStore *store = data;
    gint64 chat = add_chat(store, "of a thread"), parent = 0;
    for (int i = 0; i < 25; i++)
        parent = add_message(store, chat, parent, LG_ROLE_USER, "from several threads 多线程");
    g_autoptr(GPtrArray) path = lg_store_load_path(store, parent, 0, NULL);
    g_assert_cmpuint(path->len, ==, 25);
    return NULL;
}

static void test_threads(Fixture *f, gconstpointer data)
{
    GThread *threads[4];
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("writer", write_much, f->store);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    assert_value(f->store, "SELECT count(*) FROM messages", "100");
}

static void test_in_memory(void)
{
    g_autoptr(GError) error = NULL;
    LgStore *store = lg_store_new_in_memory();
    gint64 chat = add_chat(store, "private");
    add_message(store, chat, 0, LG_ROLE_USER, "悄悄话");
    g_autoptr(GPtrArray) hits = lg_store_search(store, "悄悄", 0, 10, NULL, &error);
    g_assert_cmpuint(hits->len, ==, 1);
    g_assert_null(lg_store_get_path(store));
    close_store(store);
}

static void test_open_async(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GAsyncResult) result = NULL;
    char *folder = make_folder();
    lg_store_open_async(folder, NULL, keep_result, &result);
    LgStore *store = lg_store_open_finish(wait_for_result(&result), &error);
    g_assert_no_error(error);
    g_autoptr(LgChatList) list = lg_chat_list_new(store);
    add_chat(store, "x");
    settle(store);
    g_assert_cmpuint(g_list_model_get_n_items(G_LIST_MODEL(list)), ==, 1);
    close_store(store);
    remove_folder(folder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name) g_test_add("/store/" #name, Fixture, NULL, set_up, test_##name, tear_down)
    ADD(chats);
    ADD(refusals);
    ADD(folders);
    ADD(tree);
    ADD(fields);
    ADD(long_chat);
    ADD(delete_message);
    ADD(delete_chats);
    ADD(copy);
    ADD(transactions);
    ADD(answer);
    ADD(interrupted);
    ADD(presets);
    ADD(connections);
    ADD(measurements);
    ADD(chat_list);
    ADD(name_list);
    ADD(async);
    ADD(closed);
    ADD(threads);
    g_test_add_func("/store/in_memory", test_in_memory);
    g_test_add_func("/store/open_async", test_open_async);
    return g_test_run();
}
