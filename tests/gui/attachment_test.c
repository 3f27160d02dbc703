/* SPDX-License-Identifier: MIT
 * Files that go with a message: what is taken and what is refused, the text of PDFs by a helper that may be missing,
 * hang or have no end, and the form that models get.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "chat/attachment.h"
#include "chat/transcript.h"

static char *folder;
static LgAttachment *got;
static GError *refused;

static gboolean give_up(gpointer data)
{
    g_error("waited in vain");
    return G_SOURCE_REMOVE;
}

static void on_read(GObject *source, GAsyncResult *result, gpointer data)
{
    got = lg_attachment_read_finish(result, &refused);
    *(gboolean *)data = TRUE;
}

static void read_path(const char *path, gboolean images)
{
    g_autoptr(GFile) file = g_file_new_for_path(path);
    gboolean done = FALSE;
    const guint timeout = g_timeout_add_seconds(30, give_up, NULL);
    g_clear_pointer(&got, lg_attachment_free);
    g_clear_error(&refused);
    lg_attachment_read_async(file, images, NULL, on_read, &done);
    while (!done)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(timeout);
    g_assert_true((got != NULL) != (refused != NULL));
}

static void read_bytes(const char *name, const void *bytes, gsize n, gboolean images)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_assert_true(g_file_set_contents(path, bytes, (gssize)n, NULL));
    read_path(path, images);
    g_unlink(path);
}

static void takes(const char *name, const char *bytes, gsize n, const char *text)
{
    read_bytes(name, bytes, n, FALSE);
    g_assert_no_error(refused);
    g_assert_cmpstr(got->text, ==, text);
    g_assert_cmpstr(got->name, ==, name);
}

static void refuses(const char *name, const char *bytes, gsize n, const char *words)
{
    read_bytes(name, bytes, n, FALSE);
    g_assert_nonnull(refused);
    if (!strstr(refused->message, words) || !strstr(refused->message, name))
        g_error("not “%s” of “%s”: %s", words, name, refused->message);
}

static void texts_are_taken(void)
{
    takes("a.txt", "h\xc3\xa9llo\n", 7, "h\xc3\xa9llo\n");
    takes("bom.txt", "\xef\xbb\xbfx", 4, "x");
    takes("utf16.txt", "\xff\xfeh\0i\0", 6, "hi");
    takes("utf16be.txt", "\xfe\xff\0h\0i", 6, "hi");
    takes("no ending", "x = 1", 5, "x = 1");
}

static void others_are_refused(void)
{
    g_autofree char *large = g_strnfill(LG_ATTACHMENT_MAX + 1, 'x');
    refuses("program",
            "\x7f"
            "ELF\0\1\2",
            7, "no text");
    refuses("latin.txt", "caf\xe9", 4, "UTF-8");
    refuses("half.txt", "\xff\xfeh\0\x00\xd8", 6, "UTF-8"); /* half of a pair */
    refuses("empty.txt", "", 0, "empty");
    refuses("large.txt", large, LG_ATTACHMENT_MAX + 1, "4 MiB");
    refuses("picture.png", "\x89PNG\r\n\x1a\n....", 12, "does not see");
    read_path(folder, FALSE);
    g_assert_nonnull(strstr(refused->message, "is no file"));
    read_path("/nowhere/at/all", FALSE);
    g_assert_nonnull(refused);
    read_path("/dev/zero", FALSE);
    g_assert_nonnull(strstr(refused->message, "is no file"));
}

static void images_are_taken_where_they_are_seen(void)
{
    read_bytes("p.txt", "\x89PNG\r\n\x1a\n....", 12, TRUE); /* by what is in it, not by its name */
    g_assert_no_error(refused);
    g_assert_cmpint(got->kind, ==, LG_ATTACHMENT_IMAGE);
    g_assert_cmpstr(got->media_type, ==, "image/png");
    g_assert_cmpstr(got->data, ==, "iVBORw0KGgouLi4u");
}

/* --- PDF ------------------------------------------------------------------------------------------------------------
 */

#define PDF "%PDF-1.4\n"

/* A helper of this text in place of the real one; NULL: there is none. */
static void set_helper(const char *script)
{
    g_autofree char *path = g_build_filename(folder, "pdftotext", NULL);
    g_unlink(path);
    if (script) {
        g_assert_true(g_file_set_contents(path, script, -1, NULL));
        g_chmod(path, 0755);
    }
}

static void helpers_may_be_bad(void)
{
    g_autofree char *before = g_strdup(g_getenv("PATH")), *inside = g_strdup_printf("%s:%s", folder, before);
    g_setenv("PATH", folder, TRUE);
    set_helper(NULL);
    refuses("a.pdf", PDF, strlen(PDF), "poppler-utils");
    g_setenv("PATH", inside, TRUE);
    set_helper("#!/bin/sh\necho 'a text'\n");
    takes("a.pdf", PDF, strlen(PDF), "a text\n");
    g_assert_cmpint(got->kind, ==, LG_ATTACHMENT_PDF);
    set_helper("#!/bin/sh\nexit 1\n");
    refuses("a.pdf", PDF, strlen(PDF), "damaged");
    set_helper("#!/bin/sh\nkill -SEGV $$\n");
    refuses("a.pdf", PDF, strlen(PDF), "damaged");
    set_helper("#!/bin/sh\nprintf ' \\n'\n");
    refuses("a.pdf", PDF, strlen(PDF), "no text");
    set_helper("#!/bin/sh\nexec yes\n");
    refuses("a.pdf", PDF, strlen(PDF), "4 MiB");
    set_helper("#!/bin/sh\nexec sleep 1000\n");
    lg_attachment_set_pdf_timeout(0.2);
    refuses("a.pdf", PDF, strlen(PDF), "in time");
    lg_attachment_set_pdf_timeout(20);
    set_helper("#!/bin/sh\nprintf 'a\\377b'\n"); /* no UTF-8 */
    takes("a.pdf", PDF, strlen(PDF), "a\357\277\275b");
    set_helper(NULL);
    g_setenv("PATH", before, TRUE);
}

static void pdfs_are_read(void)
{
    static const char pdf[] =
        "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 100]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj\n"
        "4 0 obj<</Length 45>>stream\nBT /F 18 Tf 20 50 Td (Words in a page) Tj ET\nendstream endobj\n"
        "5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n";
    g_autofree char *program = g_find_program_in_path("pdftotext");
    if (!program) {
        g_test_skip("there is no pdftotext (poppler-utils)");
        return;
    }
    read_bytes("real.pdf", pdf, sizeof pdf - 1, FALSE);
    g_assert_no_error(refused);
    g_assert_nonnull(strstr(got->text, "Words in a page"));
}

/* --- For models -----------------------------------------------------------------------------------------------------
 */

static GPtrArray *sample(void)
{
    return lg_attachments_read("[{\"name\":\"a`b\\n.md\",\"kind\":\"text\",\"text\":\"```\\ncode\\n```\",\"tokens\":5},"
                               "{\"name\":\"p.png\",\"kind\":\"image\",\"media_type\":\"image/png\",\"data\":\"AAAA\"},"
                               "{\"kind\":\"hologram\"},7]");
}

static void models_get_fenced_blocks(void)
{
    g_autoptr(GPtrArray) attachments = sample();
    g_assert_cmpuint(attachments->len, ==, 4);
    g_ptr_array_set_size(attachments, 2);
    g_autofree char *text = lg_attachments_join(attachments, "What is it?");
    g_assert_cmpstr(text, ==,
                    "````a_b .md\n```\ncode\n```\n````\n\n[the image p.png, which this model does not see]\n\nWhat is "
                    "it?");
    g_autofree char *json = lg_attachments_write(attachments);
    g_autoptr(GPtrArray) again = lg_attachments_read(json);
    g_autofree char *same = lg_attachments_write(again);
    g_assert_cmpstr(json, ==, same);
    g_assert_cmpuint(((const LgAttachment *)again->pdata[0])->n_tokens, ==, 5);
    g_assert_null(lg_attachments_write(NULL));
}

static void images_are_data_urls(void)
{
    g_autoptr(GPtrArray) messages = g_ptr_array_new_with_free_func(g_object_unref);
    LgMessage *message = g_object_new(LG_TYPE_MESSAGE, NULL);
    g_autoptr(GPtrArray) attachments = sample();
    g_ptr_array_set_size(attachments, 2);
    g_ptr_array_add(messages, message);
    message->role = LG_ROLE_USER;
    message->text = g_strdup("Look");
    message->attachments = lg_attachments_write(attachments);
    g_autoptr(LgTranscript) blind = lg_transcript_new(NULL, messages, FALSE);
    g_autoptr(LgTranscript) seeing = lg_transcript_new(NULL, messages, TRUE);
    g_assert_null(strstr(blind->messages->str, "AAAA"));
    g_assert_nonnull(strstr(seeing->messages->str, "[{\"type\":\"text\",\"text\":\"````a_b"));
    g_assert_nonnull(strstr(seeing->messages->str,
                            "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,AAAA\"}}"));
    g_assert_null(strstr(seeing->messages->str, "does not see"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("libllm-XXXXXX", NULL);
    g_test_add_func("/attachment/texts", texts_are_taken);
    g_test_add_func("/attachment/others", others_are_refused);
    g_test_add_func("/attachment/images", images_are_taken_where_they_are_seen);
    g_test_add_func("/attachment/helpers", helpers_may_be_bad);
    g_test_add_func("/attachment/pdf", pdfs_are_read);
    g_test_add_func("/attachment/blocks", models_get_fenced_blocks);
    g_test_add_func("/attachment/parts", images_are_data_urls);
    const int result = g_test_run();
    g_rmdir(folder);
    g_free(folder);
    return result;
}
