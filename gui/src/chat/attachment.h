/* SPDX-License-Identifier: MIT
 * Files that go with a message: their content, not where they lie. Kept with the message as JSON: an array of objects
 * with "name", "kind" ("text", "pdf" or "image"), "text" (or, of an image, "media_type" and "data", in base64), and
 * "tokens", where they are known.
 *
 * A model gets the text of a file as a fenced block with the name of the file behind the fence, all of them in front of
 * what was written; images as data URLs where it sees them.
 */
#ifndef LG_ATTACHMENT_H
#define LG_ATTACHMENT_H

#include <gio/gio.h>

#include "json.h"

G_BEGIN_DECLS

/* Bytes of a text, of an image, and of the text in a PDF; and of a PDF itself. */
#define LG_ATTACHMENT_MAX (4u << 20)
#define LG_ATTACHMENT_PDF_MAX (100u << 20)
#define LG_ATTACHMENTS_MAX 20

typedef enum { LG_ATTACHMENT_TEXT, LG_ATTACHMENT_PDF, LG_ATTACHMENT_IMAGE } LgAttachmentKind;

typedef struct {
    LgAttachmentKind kind;
    char *name, *text;
    char *media_type, *data; /* of an image */
    guint64 n_tokens;        /* 0: not known */
} LgAttachment;

void lg_attachment_free(LgAttachment *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LgAttachment, lg_attachment_free)

/* An array of LgAttachment, to be released; json NULL: none. */
GPtrArray *lg_attachments_read(const char *json);
/* NULL for none. */
char *lg_attachments_write(const GPtrArray *attachments);

/* What a model gets: the files and the text. Images are only named. */
char *lg_attachments_join(const GPtrArray *attachments, const char *text);
/* The same as the content of a message in OpenAI's form: parts where there are images and `sees`, else the text. */
JsonNode *lg_attachments_content(const GPtrArray *attachments, const char *text, gboolean sees);

/* Reads a file, by what is in it and not by its name. Text is UTF-8, or UTF-16 with a mark in front; that of a PDF is
 * got by `pdftotext`, a program of its own with limits of time and memory. Everything else is an error that says why.
 */
void lg_attachment_read_async(GFile *file, gboolean images, GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer data);
LgAttachment *lg_attachment_read_finish(GAsyncResult *result, GError **error);

/* Seconds until `pdftotext` is given up; 20 at first. For tests. */
void lg_attachment_set_pdf_timeout(double seconds);

G_END_DECLS

#endif
