/* SPDX-License-Identifier: MIT
 * Files that go with a message, as chips.
 */
#include <glib/gi18n.h>

#include "chat/attachment_chips.h"
#include "chat/number.h"

struct _LgAttachmentChips {
    GtkBox parent_instance;
    GtkWidget *box;
    GPtrArray *attachments;
    gboolean is_editable;
};

G_DEFINE_FINAL_TYPE(LgAttachmentChips, lg_attachment_chips, GTK_TYPE_BOX)

static guint changed_signal;

const GPtrArray *lg_attachment_chips_get(LgAttachmentChips *self) { return self->attachments; }

static void show(LgAttachmentChips *self);

static void on_remove(LgAttachmentChips *self, GtkButton *button)
{
    g_ptr_array_remove(self->attachments, g_object_get_data(G_OBJECT(button), "attachment"));
    gtk_widget_child_focus(gtk_widget_get_parent(GTK_WIDGET(self)), GTK_DIR_TAB_FORWARD);
    show(self);
    g_signal_emit(self, changed_signal, 0);
}

static char *describe(const LgAttachment *attachment)
{
    if (attachment->kind == LG_ATTACHMENT_IMAGE)
        return g_strdup(_("image"));
    return attachment->n_tokens ? lg_tokens(attachment->n_tokens) : g_format_size(strlen(attachment->text));
}

static GtkWidget *new_chip(LgAttachmentChips *self, LgAttachment *attachment)
{
    GtkWidget *chip = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6), *name = gtk_label_new(attachment->name);
    g_autofree char *size = describe(attachment);
    g_autofree char *label = g_strdup_printf("%s, %s", attachment->name, size);
    GtkWidget *detail = gtk_label_new(size);
    gtk_widget_add_css_class(chip, "lg-chip");
    gtk_widget_set_tooltip_text(chip, label);
    gtk_accessible_update_property(GTK_ACCESSIBLE(chip), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
    gtk_label_set_ellipsize(GTK_LABEL(name), PANGO_ELLIPSIZE_MIDDLE);
    gtk_label_set_max_width_chars(GTK_LABEL(name), 24);
    gtk_widget_add_css_class(detail, "dim-label");
    gtk_widget_add_css_class(detail, "caption");
    gtk_box_append(GTK_BOX(chip),
                   gtk_image_new_from_icon_name(attachment->kind == LG_ATTACHMENT_IMAGE ? "image-x-generic-symbolic"
                                                                                        : "text-x-generic-symbolic"));
    gtk_box_append(GTK_BOX(chip), name);
    gtk_box_append(GTK_BOX(chip), detail);
    if (self->is_editable) {
        GtkWidget *button = gtk_button_new_from_icon_name("window-close-symbolic");
        g_autofree char *action = g_strdup_printf(_("Remove %s"), attachment->name);
        gtk_widget_add_css_class(button, "flat");
        gtk_widget_add_css_class(button, "lg-small");
        gtk_widget_set_tooltip_text(button, action);
        gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, action, -1);
        g_object_set_data(G_OBJECT(button), "attachment", attachment);
        g_signal_connect_object(button, "clicked", G_CALLBACK(on_remove), self, G_CONNECT_SWAPPED);
        gtk_box_append(GTK_BOX(chip), button);
    }
    return chip;
}

static void remove_from_flow(GtkWidget *box, GtkWidget *child) { gtk_flow_box_remove(GTK_FLOW_BOX(box), child); }
static void remove_from_box(GtkWidget *box, GtkWidget *child) { gtk_box_remove(GTK_BOX(box), child); }

static void show(LgAttachmentChips *self)
{
    GtkWidget *child;
    while ((child = gtk_widget_get_first_child(self->box)))
        (self->is_editable ? remove_from_flow : remove_from_box)(self->box, child);
    for (guint i = 0; i < self->attachments->len; i++) {
        if (!self->is_editable) {
            gtk_box_append(GTK_BOX(self->box), new_chip(self, self->attachments->pdata[i]));
            continue;
        }
        GtkWidget *place = gtk_flow_box_child_new();
        gtk_widget_set_focusable(place, FALSE);
        gtk_flow_box_child_set_child(GTK_FLOW_BOX_CHILD(place), new_chip(self, self->attachments->pdata[i]));
        gtk_flow_box_append(GTK_FLOW_BOX(self->box), place);
    }
    gtk_widget_set_visible(GTK_WIDGET(self), self->attachments->len > 0);
}

void lg_attachment_chips_set(LgAttachmentChips *self, const char *attachments)
{
    g_ptr_array_unref(self->attachments);
    self->attachments = lg_attachments_read(attachments);
    show(self);
}

void lg_attachment_chips_add(LgAttachmentChips *self, LgAttachment *attachment)
{
    g_ptr_array_add(self->attachments, attachment);
    show(self);
    g_signal_emit(self, changed_signal, 0);
}

static GtkWidget *new_flow(void)
{
    GtkWidget *box = gtk_flow_box_new();
    gtk_flow_box_set_selection_mode(GTK_FLOW_BOX(box), GTK_SELECTION_NONE);
    gtk_flow_box_set_max_children_per_line(GTK_FLOW_BOX(box), 4);
    return box;
}

GtkWidget *lg_attachment_chips_new(gboolean is_editable)
{
    LgAttachmentChips *self = g_object_new(LG_TYPE_ATTACHMENT_CHIPS, NULL);
    self->is_editable = is_editable;
    /* A bubble is as wide as what is in it, which a flow box does not know beforehand. */
    self->box = is_editable ? new_flow() : gtk_box_new(GTK_ORIENTATION_VERTICAL, 4);
    gtk_widget_set_hexpand(self->box, TRUE);
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->box), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Attached files"), -1);
    gtk_box_append(GTK_BOX(self), self->box);
    return GTK_WIDGET(self);
}

static void lg_attachment_chips_finalize(GObject *object)
{
    g_ptr_array_unref(LG_ATTACHMENT_CHIPS(object)->attachments);
    G_OBJECT_CLASS(lg_attachment_chips_parent_class)->finalize(object);
}

static void lg_attachment_chips_class_init(LgAttachmentChipsClass *class)
{
    G_OBJECT_CLASS(class)->finalize = lg_attachment_chips_finalize;
    changed_signal =
        g_signal_new("changed", LG_TYPE_ATTACHMENT_CHIPS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void lg_attachment_chips_init(LgAttachmentChips *self)
{
    self->attachments = lg_attachments_read(NULL);
    gtk_widget_set_visible(GTK_WIDGET(self), FALSE);
}
