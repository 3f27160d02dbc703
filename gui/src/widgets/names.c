/* SPDX-License-Identifier: MIT
 * The hook that names what has no name when it comes to be shown.
 */
#include "widgets/names.h"

#include <adwaita.h>
#include <glib/gi18n.h>

/* What somebody reading the screen would call the place that a widget is in. */
static char *name_of_place(GtkWidget *widget)
{
    for (GtkWidget *at = gtk_widget_get_parent(widget); at; at = gtk_widget_get_parent(at)) {
        const char *title = ADW_IS_PREFERENCES_ROW(at)     ? adw_preferences_row_get_title(ADW_PREFERENCES_ROW(at))
                            : ADW_IS_PREFERENCES_PAGE(at)  ? adw_preferences_page_get_title(ADW_PREFERENCES_PAGE(at))
                            : ADW_IS_PREFERENCES_GROUP(at) ? adw_preferences_group_get_title(ADW_PREFERENCES_GROUP(at))
                            : ADW_IS_STATUS_PAGE(at)       ? adw_status_page_get_title(ADW_STATUS_PAGE(at))
                            : GTK_IS_DROP_DOWN(at)         ? gtk_widget_get_tooltip_text(at)
                            : GTK_IS_WINDOW(at)            ? gtk_window_get_title(GTK_WINDOW(at))
                                                           : NULL;
        if (title && *title)
            return g_strdup(title);
        if (ADW_IS_VIEW_STACK(gtk_widget_get_parent(at))) {
            AdwViewStackPage *page = adw_view_stack_get_page(ADW_VIEW_STACK(gtk_widget_get_parent(at)), at);
            if (page && adw_view_stack_page_get_title(page))
                return g_strdup(adw_view_stack_page_get_title(page));
        }
    }
    return NULL;
}

static gboolean has_name(GtkWidget *widget)
{
    return gtk_test_accessible_has_property(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_PROPERTY_LABEL) ||
           gtk_test_accessible_has_relation(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_RELATION_LABELLED_BY);
}

/* The button of a drop-down, and what stands on it: the row of a list of one, or a row alone. */
static gboolean is_in_drop_down(GtkWidget *widget)
{
    GtkWidget *parent = gtk_widget_get_parent(widget);
    if (gtk_widget_get_ancestor(widget, GTK_TYPE_POPOVER))
        return FALSE;
    if (gtk_widget_get_ancestor(widget, GTK_TYPE_DROP_DOWN))
        return GTK_IS_TOGGLE_BUTTON(widget) || gtk_widget_get_focusable(widget);
    return GTK_IS_LIST_VIEW(parent) && gtk_widget_get_ancestor(parent, ADW_TYPE_COMBO_ROW);
}

static void name_expander(GtkExpander *expander)
{
    const char *label = gtk_expander_get_label(expander);
    if (label)
        gtk_accessible_update_property(GTK_ACCESSIBLE(expander), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

static const char *text_in(GtkWidget *widget)
{
    const char *text = GTK_IS_LABEL(widget) ? gtk_label_get_text(GTK_LABEL(widget)) : "";
    for (GtkWidget *at = gtk_widget_get_first_child(widget); at && !*text; at = gtk_widget_get_next_sibling(at))
        text = text_in(at);
    return text;
}

static GtkWidget *label_in(GtkWidget *widget)
{
    GtkWidget *label = GTK_IS_LABEL(widget) ? widget : NULL;
    for (GtkWidget *at = gtk_widget_get_first_child(widget); at && !label; at = gtk_widget_get_next_sibling(at))
        label = label_in(at);
    return label;
}

/* A row of what a drop-down has to choose from. */
static gboolean is_choice(GtkWidget *widget)
{
    return GTK_IS_LIST_VIEW(gtk_widget_get_parent(widget)) && gtk_widget_get_ancestor(widget, GTK_TYPE_POPOVER);
}

static void name_choice(GtkLabel *label, GParamSpec *property, GtkWidget *row)
{
    gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, gtk_label_get_text(label), -1);
}

/* A button with an icon says that this is its name. */
static gboolean lacks_words(GtkWidget *widget)
{
    return GTK_IS_BUTTON(widget) && !is_in_drop_down(widget) &&
           (!has_name(widget) ||
            (GTK_IS_IMAGE(gtk_button_get_child(GTK_BUTTON(widget))) &&
             !gtk_test_accessible_has_property(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_PROPERTY_LABEL)));
}

/* Of a button of GTK or libadwaita that is an icon alone, or has its text further below. */
static const char *name_of_button(GtkWidget *widget)
{
    const char *tip = gtk_widget_get_tooltip_text(widget);
    if (*text_in(widget))
        return text_in(widget);
    if (tip && *tip)
        return tip;
    if (gtk_widget_get_ancestor(widget, ADW_TYPE_PASSWORD_ENTRY_ROW))
        return _("Show the text");
    return GTK_IS_SHORTCUTS_WINDOW(gtk_widget_get_root(widget)) ? _("Search") : NULL;
}

/* libadwaita says that the title of a group is the name of its list, also when there is none. */
static void forget_empty_title(GtkWidget *list)
{
    GtkWidget *group = gtk_widget_get_ancestor(list, ADW_TYPE_PREFERENCES_GROUP);
    const char *title = group ? adw_preferences_group_get_title(ADW_PREFERENCES_GROUP(group)) : NULL;
    if (group && (!title || !*title))
        gtk_accessible_reset_relation(GTK_ACCESSIBLE(list), GTK_ACCESSIBLE_RELATION_LABELLED_BY);
}

/* GTK says a label and then what a widget is labelled by, and so the same twice: of a button with a mnemonic, whose
 * label has its underscore, and in rows of libadwaita, which name themselves and their buttons after their titles. */
static void say_once(GtkWidget *widget)
{
    GtkAccessible *accessible = GTK_ACCESSIBLE(widget);
    if (!gtk_test_accessible_has_property(accessible, GTK_ACCESSIBLE_PROPERTY_LABEL) ||
        !gtk_test_accessible_has_relation(accessible, GTK_ACCESSIBLE_RELATION_LABELLED_BY))
        return;
    g_autofree char *is_said = gtk_test_accessible_check_property(accessible, GTK_ACCESSIBLE_PROPERTY_LABEL, "");
    if (!is_said || (GTK_IS_BUTTON(widget) && gtk_button_get_use_underline(GTK_BUTTON(widget))))
        gtk_accessible_reset_property(accessible, GTK_ACCESSIBLE_PROPERTY_LABEL);
    else
        gtk_accessible_reset_relation(accessible, GTK_ACCESSIBLE_RELATION_LABELLED_BY);
}

static gboolean on_mapped(GSignalInvocationHint *hint, guint n, const GValue *values, gpointer data)
{
    GtkWidget *widget = g_value_get_object(&values[0]);
    if (GTK_IS_EXPANDER(widget) && !has_name(widget)) {
        name_expander(GTK_EXPANDER(widget)); /* its label may change */
        g_signal_connect(widget, "notify::label", G_CALLBACK(name_expander), NULL);
    } else if (lacks_words(widget) && name_of_button(widget)) {
        gtk_accessible_update_property(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_PROPERTY_LABEL, name_of_button(widget),
                                       -1);
    }
    if (is_choice(widget) && !has_name(widget) && label_in(widget)) {
        GtkWidget *label = label_in(widget);
        name_choice(GTK_LABEL(label), NULL, widget);
        g_signal_connect_object(label, "notify::label", G_CALLBACK(name_choice), widget, 0); /* rows are used again */
    }
    if (GTK_IS_LIST_BOX(widget))
        forget_empty_title(widget);
    say_once(widget);
    if ((GTK_IS_SCROLLED_WINDOW(widget) || GTK_IS_LIST_VIEW(widget) || GTK_IS_LIST_BOX(widget) ||
         is_in_drop_down(widget)) &&
        !has_name(widget)) {
        g_autofree char *name = name_of_place(widget);
        if (name)
            gtk_accessible_update_property(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    }
    return TRUE;
}

void lg_names_watch(void)
{
    g_type_class_unref(g_type_class_ref(GTK_TYPE_WIDGET)); /* which makes its signals known */
    g_signal_add_emission_hook(g_signal_lookup("map", GTK_TYPE_WIDGET), 0, on_mapped, NULL, NULL);
}
