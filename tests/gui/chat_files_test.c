/* SPDX-License-Identifier: MIT
 * Files attached in the page Chat: they are kept in drafts and go with messages.
 */
#include "chat/ledger_bar.h"
#include "chat_fixture.h"

static guint n_attached(void) { return lg_attachment_chips_get(composer_chips())->len; }

static void cancel_edit(void)
{
    g_autoptr(GPtrArray) buttons = g_ptr_array_new();
    find(GTK_WIDGET(page), GTK_TYPE_BUTTON, buttons);
    for (guint i = 0; i < buttons->len; i++)
        if (g_strcmp0(gtk_button_get_label(buttons->pdata[i]), "Cancel") == 0)
            g_signal_emit_by_name(buttons->pdata[i], "clicked");
}

/* Each chat has its own, and a new one as well, until they are sent or taken off. */
static void files_are_kept_in_drafts(void)
{
    open_page(SCRIPTED);
    send("One");
    WAIT(is_done(2));
    const gint64 chat_id = message(0)->chat_id;
    attach("notes.txt", "It is sunny.");
    lg_chat_page_new_chat(page);
    g_assert_cmpuint(n_attached(), ==, 0);
    attach("other.txt", "It is sunny.");
    attach("third.txt", "It is sunny.");
    lg_chat_page_show_chat(page, chat_id);
    WAIT(n_messages() == 2 && n_attached() == 1);
    g_assert_cmpstr(((const LgAttachment *)lg_attachment_chips_get(composer_chips())->pdata[0])->name, ==, "notes.txt");
    lg_chat_page_new_chat(page);
    WAIT(n_attached() == 2);
    send("Two");
    WAIT(is_done(2) && message(0)->chat_id != chat_id);
    lg_chat_page_new_chat(page);
    lg_chat_page_show_chat(page, chat_id);
    WAIT(n_attached() == 1);
    g_assert_null(lg_store_get_draft_files(store, 0, NULL)); /* sent */
    /* Another version of a message has the files of the message, and those of the draft come back. */
    act("chat.edit", message(0)->id);
    g_assert_cmpuint(n_attached(), ==, 0);
    cancel_edit();
    WAIT(n_attached() == 1);
    /* They go for good with their chat. */
    g_autofree char *kept = lg_store_get_draft_files(store, chat_id, NULL);
    g_assert_nonnull(kept);
    g_assert_cmpint(lg_store_delete_chats(store, &chat_id, 1, NULL), !=, 0);
    g_assert_true(lg_store_purge(store, G_MAXINT64, NULL));
    g_assert_null(lg_store_get_draft_files(store, chat_id, NULL));
    close_page();
}

static void files_go_with_messages(void)
{
    open_page(SCRIPTED);
    LgAttachmentChips *chips = composer_chips();
    attach("notes.txt", "It is sunny.");
    const LgAttachment *attached = lg_attachment_chips_get(chips)->pdata[0];
    g_assert_cmpuint(attached->n_tokens, >, 0);
    g_autoptr(GString) much = g_string_new(NULL);
    for (guint i = 0; i < 400; i++)
        g_string_append(much, "<think></think>"); /* two tokens; of other words it knows none */
    attach("much.txt", much->str);                /* the window of the model holds 512 tokens */
    g_assert_nonnull(strstr(lg_chat_page_get_attach_problem(page), "much.txt"));
    g_assert_nonnull(strstr(lg_chat_page_get_attach_problem(page), "512"));
    g_assert_cmpuint(lg_attachment_chips_get(chips)->len, ==, 1);
    WAIT(strstr(lg_ledger_bar_get_text(LG_LEDGER_BAR(widget_of(LG_TYPE_LEDGER_BAR))), "of 512")); /* without a word */
    send("What does it say?");
    WAIT(is_done(2));
    g_assert_cmpuint(lg_attachment_chips_get(chips)->len, ==, 0);
    g_assert_nonnull(strstr(message(0)->attachments, "notes.txt"));
    g_assert_null(strstr(message(0)->attachments, "/tmp"));
    g_assert_cmpstr(message(0)->text, ==, "What does it say?");
    act("chat.edit", message(0)->id); /* another version has it, too, unless it is taken off */
    g_assert_cmpuint(lg_attachment_chips_get(chips)->len, ==, 1);
    send("And what not?");
    WAIT(is_done(2) && strcmp(message(0)->text, "And what not?") == 0);
    g_assert_nonnull(strstr(message(0)->attachments, "notes.txt"));
    lg_chat_page_new_chat(page);
    g_assert_cmpuint(lg_attachment_chips_get(chips)->len, ==, 0);
    close_page();
}

static void add(void)
{
    g_test_add_func("/chat/files-of-drafts", files_are_kept_in_drafts);
    g_test_add_func("/chat/files", files_go_with_messages);
}

int main(int argc, char **argv) { return run_chat_tests(argc, argv, add); }
