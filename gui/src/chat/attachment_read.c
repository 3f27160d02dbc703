/* SPDX-License-Identifier: MIT
 * Reading files that go with a message. What they are is looked at in a thread; `pdftotext` is a process, as what reads
 * a file of others should be.
 */
#include <glib/gi18n.h>
#include <string.h>
#include <sys/resource.h>

#include "chat/attachment.h"

#define PIECE 65536
#define PDF_MEMORY (1024u << 20)

typedef struct {
    GFile *file;
    gboolean images, is_pdf;
    LgAttachment *attachment;
    /* Of a PDF. */
    GSubprocess *process;
    GString *text;
    guint timeout;
    gboolean took_long, is_long;
} Reading;

static double pdf_timeout = 20;

void lg_attachment_set_pdf_timeout(double seconds) { pdf_timeout = seconds; }

static void free_reading(gpointer data)
{
    Reading *reading = data;
    g_object_unref(reading->file);
    g_clear_pointer(&reading->attachment, lg_attachment_free);
    g_clear_object(&reading->process);
    if (reading->text)
        g_string_free(reading->text, TRUE);
    if (reading->timeout)
        g_source_remove(reading->timeout);
    g_free(reading);
}

/* --- What it is -----------------------------------------------------------------------------------------------------
 */

static const char *image_type(const char *bytes, gsize n)
{
    if (n > 8 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0)
        return "image/png";
    if (n > 3 && memcmp(bytes, "\xff\xd8\xff", 3) == 0)
        return "image/jpeg";
    if (n > 6 && (memcmp(bytes, "GIF87a", 6) == 0 || memcmp(bytes, "GIF89a", 6) == 0))
        return "image/gif";
    if (n > 12 && memcmp(bytes, "RIFF", 4) == 0 && memcmp(bytes + 8, "WEBP", 4) == 0)
        return "image/webp";
    return NULL;
}

/* UTF-8 without a mark, of bytes that are a text; NULL with the reason for others. */
static char *read_text(const char *name, const char *bytes, gsize n, GError **error)
{
    const gboolean big = n >= 2 && memcmp(bytes, "\xfe\xff", 2) == 0;
    g_autofree char *converted = NULL;
    if (big || (n >= 2 && memcmp(bytes, "\xff\xfe", 2) == 0)) {
        gsize n_written;
        converted = g_convert(bytes + 2, (gssize)n - 2, "UTF-8", big ? "UTF-16BE" : "UTF-16LE", NULL, &n_written, NULL);
        bytes = converted ? converted : "\xff";
        n = converted ? n_written : 1;
    }
    if (n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        bytes += 3;
        n -= 3;
    }
    if (memchr(bytes, 0, n)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _("“%s” is no text, no PDF and no image."), name);
        return NULL;
    }
    if (!g_utf8_validate_len(bytes, n, NULL)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                    _("“%s” is no text in UTF-8. Programs that write texts can save it as such."), name);
        return NULL;
    }
    if (n == 0) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _("“%s” is empty."), name);
        return NULL;
    }
    return g_strndup(bytes, n);
}

static gboolean fill(Reading *reading, const char *name, const char *bytes, gsize n, GError **error)
{
    LgAttachment *attachment = reading->attachment;
    const char *type = image_type(bytes, n);
    if (n > LG_ATTACHMENT_MAX) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _("“%s” is larger than 4 MiB."), name);
        return FALSE;
    }
    if (type && !reading->images) {
        g_set_error(
            error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
            _("“%s” is an image, which this model does not see. Of a server’s models you can say that they do, on "
              "the page Models."),
            name);
        return FALSE;
    }
    if (type) {
        attachment->kind = LG_ATTACHMENT_IMAGE;
        attachment->media_type = g_strdup(type);
        attachment->data = g_base64_encode((const guchar *)bytes, n);
        attachment->text = g_strdup("");
        return TRUE;
    }
    return (attachment->text = read_text(name, bytes, n, error)) != NULL;
}

static void look(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    Reading *reading = data;
    GError *error = NULL;
    g_autofree char *name = g_file_get_basename(reading->file);
    g_autofree char *shown = lg_plain_text(name ? name : "?", 200, FALSE);
    g_autoptr(GFileInfo) info =
        g_file_query_info(reading->file, G_FILE_ATTRIBUTE_STANDARD_TYPE "," G_FILE_ATTRIBUTE_STANDARD_SIZE,
                          G_FILE_QUERY_INFO_NONE, cancellable, &error);
    if (info && g_file_info_get_file_type(info) != G_FILE_TYPE_REGULAR)
        g_set_error(&error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE, _("“%s” is no file."), shown);
    g_autoptr(GFileInputStream) stream = error ? NULL : g_file_read(reading->file, cancellable, &error);
    /* A byte more than is allowed says that it is too long, without reading all of it. */
    g_autofree char *bytes = g_try_malloc(LG_ATTACHMENT_MAX + 1);
    gsize n = 0;
    if (stream && bytes)
        g_input_stream_read_all(G_INPUT_STREAM(stream), bytes, LG_ATTACHMENT_MAX + 1, &n, cancellable, &error);
    reading->attachment = g_new0(LgAttachment, 1);
    reading->attachment->name = g_strdup(shown);
    reading->is_pdf = n > 5 && memcmp(bytes, "%PDF-", 5) == 0;
    if (!error && reading->is_pdf && g_file_info_get_size(info) > LG_ATTACHMENT_PDF_MAX)
        g_set_error(&error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _("“%s” is larger than 100 MiB."), shown);
    if (!error && !reading->is_pdf)
        fill(reading, shown, bytes ? bytes : "", n, &error);
    if (error)
        g_task_return_error(task, error);
    else
        g_task_return_boolean(task, TRUE);
}

/* --- PDF ------------------------------------------------------------------------------------------------------------
 */

static void limit_child(gpointer data)
{
    const struct rlimit memory = {PDF_MEMORY, PDF_MEMORY}, seconds = {60, 60}, none = {0, 0};
    setrlimit(RLIMIT_AS, &memory);
    setrlimit(RLIMIT_CPU, &seconds);
    setrlimit(RLIMIT_CORE, &none);
}

static void finish_pdf(GTask *task)
{
    Reading *reading = g_task_get_task_data(task);
    const char *name = reading->attachment->name;
    GError *error = NULL;
    g_autofree char *words = g_strndup(reading->text->str, reading->text->len);
    if (reading->took_long)
        g_set_error(&error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, _("The text of “%s” could not be read in time."), name);
    else if (reading->is_long)
        g_set_error(&error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _("The text of “%s” is larger than 4 MiB."), name);
    else if (!g_subprocess_get_if_exited(reading->process) || g_subprocess_get_exit_status(reading->process) != 0)
        g_set_error(&error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                    _("“%s” is damaged or locked: its text cannot be read."), name);
    else if (!*g_strstrip(words))
        g_set_error(&error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                    _("“%s” has no text. Scanned pages are images, which cannot be read here."), name);
    if (error) {
        g_task_return_error(task, error);
    } else {
        reading->attachment->kind = LG_ATTACHMENT_PDF;
        reading->attachment->text = g_utf8_make_valid(reading->text->str, (gssize)reading->text->len);
        g_task_return_pointer(task, g_steal_pointer(&reading->attachment), (GDestroyNotify)lg_attachment_free);
    }
}

static void on_pdf_exit(GObject *process, GAsyncResult *result, gpointer data)
{
    g_autoptr(GTask) task = data;
    Reading *reading = g_task_get_task_data(task);
    g_subprocess_wait_finish(G_SUBPROCESS(process), result, NULL);
    if (reading->timeout)
        g_source_remove(reading->timeout);
    reading->timeout = 0;
    finish_pdf(task);
}

static gboolean on_pdf_timeout(gpointer data)
{
    Reading *reading = data;
    reading->timeout = 0;
    reading->took_long = TRUE;
    g_subprocess_force_exit(reading->process);
    return G_SOURCE_REMOVE;
}

static void on_pdf_text(GObject *stream, GAsyncResult *result, gpointer data)
{
    g_autoptr(GTask) task = data;
    Reading *reading = g_task_get_task_data(task);
    g_autoptr(GBytes) bytes = g_input_stream_read_bytes_finish(G_INPUT_STREAM(stream), result, NULL);
    gsize n = 0;
    const char *start = bytes ? g_bytes_get_data(bytes, &n) : NULL;
    if (reading->text->len + n > LG_ATTACHMENT_MAX) {
        reading->is_long = TRUE;
        g_subprocess_force_exit(reading->process);
        n = 0;
    }
    if (n) {
        g_string_append_len(reading->text, start, (gssize)n);
        g_input_stream_read_bytes_async(G_INPUT_STREAM(stream), PIECE, G_PRIORITY_LOW, NULL, on_pdf_text,
                                        g_steal_pointer(&task));
    } else {
        g_subprocess_wait_async(reading->process, NULL, on_pdf_exit, g_steal_pointer(&task));
    }
}

static void read_pdf(GTask *task)
{
    Reading *reading = g_task_get_task_data(task);
    GError *error = NULL;
    g_autofree char *program = g_find_program_in_path("pdftotext"), *path = g_file_get_path(reading->file);
    if (!program || !path) {
        g_task_return_new_error(task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                                program ? _("“%s” is not on this computer.")
                                        : _("“%s” is a PDF. Reading it takes the program pdftotext, which the package "
                                            "poppler-utils has; please install that."),
                                reading->attachment->name);
        return;
    }
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
    g_subprocess_launcher_set_child_setup(launcher, limit_child, NULL, NULL);
    const char *const argv[] = {program, "-q", "-enc", "UTF-8", "-nopgbrk", path, "-", NULL};
    reading->process = g_subprocess_launcher_spawnv(launcher, argv, &error);
    if (!reading->process) {
        g_task_return_error(task, error);
        return;
    }
    reading->text = g_string_new(NULL);
    reading->timeout = g_timeout_add((guint)(pdf_timeout * 1000), on_pdf_timeout, reading);
    g_input_stream_read_bytes_async(g_subprocess_get_stdout_pipe(reading->process), PIECE, G_PRIORITY_LOW, NULL,
                                    on_pdf_text, g_object_ref(task));
}

/* --- From outside ---------------------------------------------------------------------------------------------------
 */

static void on_looked(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GTask) task = data;
    Reading *reading = g_task_get_task_data(task);
    GError *error = NULL;
    if (!g_task_propagate_boolean(G_TASK(result), &error))
        g_task_return_error(task, error);
    else if (reading->is_pdf)
        read_pdf(task);
    else
        g_task_return_pointer(task, g_steal_pointer(&reading->attachment), (GDestroyNotify)lg_attachment_free);
}

void lg_attachment_read_async(GFile *file, gboolean images, GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer data)
{
    GTask *task = g_task_new(NULL, cancellable, callback, data);
    Reading *reading = g_new0(Reading, 1);
    reading->file = g_object_ref(file);
    reading->images = images;
    g_task_set_task_data(task, reading, free_reading);
    g_autoptr(GTask) looking = g_task_new(NULL, cancellable, on_looked, task);
    g_task_set_task_data(looking, reading, NULL); /* the other task holds it */
    g_task_run_in_thread(looking, look);
}

LgAttachment *lg_attachment_read_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}
