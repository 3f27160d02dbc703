/* SPDX-License-Identifier: MIT
 * Drop-downs of texts that give way.
 */
#include "drop_down.h"

static void set_up(GtkSignalListItemFactory *factory, GtkListItem *item, gpointer is_list)
{
    enum { LIST_CHARS = 36 };
    GtkWidget *label = gtk_label_new(NULL);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    if (is_list) {
        gtk_label_set_wrap(GTK_LABEL(label), TRUE);
        gtk_label_set_max_width_chars(GTK_LABEL(label), LIST_CHARS);
    } else {
        gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_END);
    }
    gtk_list_item_set_child(item, label);
}

static void bind(GtkSignalListItemFactory *factory, GtkListItem *item, gpointer is_list)
{
    GtkStringObject *text = gtk_list_item_get_item(item);
    gtk_label_set_text(GTK_LABEL(gtk_list_item_get_child(item)), gtk_string_object_get_string(text));
}

static GtkListItemFactory *factory(gboolean is_list)
{
    GtkListItemFactory *made = gtk_signal_list_item_factory_new();
    g_signal_connect(made, "setup", G_CALLBACK(set_up), GINT_TO_POINTER(is_list));
    g_signal_connect(made, "bind", G_CALLBACK(bind), GINT_TO_POINTER(is_list));
    return made;
}

GtkWidget *lg_drop_down_new(GtkStringList *texts, const char *name)
{
    GtkWidget *widget = gtk_drop_down_new(texts ? G_LIST_MODEL(texts) : NULL, NULL);
    g_autoptr(GtkListItemFactory) shown = factory(FALSE), listed = factory(TRUE);
    gtk_drop_down_set_factory(GTK_DROP_DOWN(widget), shown);
    gtk_drop_down_set_list_factory(GTK_DROP_DOWN(widget), listed);
    if (name) { /* the button inside is where the focus is */
        gtk_accessible_update_property(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
        gtk_accessible_update_property(GTK_ACCESSIBLE(gtk_widget_get_first_child(widget)),
                                       GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    }
    return widget;
}
