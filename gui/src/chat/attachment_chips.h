/* SPDX-License-Identifier: MIT
 * Files that go with a message, as chips with their names and how many tokens they are. What is attached to a message
 * that is being written can be taken off again.
 *
 * Signal "changed": one was added or taken off.
 */
#ifndef LG_ATTACHMENT_CHIPS_H
#define LG_ATTACHMENT_CHIPS_H

#include <gtk/gtk.h>

#include "chat/attachment.h"

G_BEGIN_DECLS

#define LG_TYPE_ATTACHMENT_CHIPS (lg_attachment_chips_get_type())
G_DECLARE_FINAL_TYPE(LgAttachmentChips, lg_attachment_chips, LG, ATTACHMENT_CHIPS, GtkBox)

GtkWidget *lg_attachment_chips_new(gboolean is_editable);
/* Borrowed: of LgAttachment. */
const GPtrArray *lg_attachment_chips_get(LgAttachmentChips *self);
/* JSON as the history has it; NULL: none. */
void lg_attachment_chips_set(LgAttachmentChips *self, const char *attachments);
/* Takes it. */
void lg_attachment_chips_add(LgAttachmentChips *self, LgAttachment *attachment);

G_END_DECLS

#endif
