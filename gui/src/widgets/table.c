/* SPDX-License-Identifier: MIT
 * A small table of texts.
 */
#include "table.h"

#include <string.h>

struct _LgTable {
    GtkWidget parent_instance;
    GtkWidget *scrolled, *box, *head, *list;
    GPtrArray *groups; /* GtkSizeGroup of each column */
    GStrv headings;
    guint n_rows;
};

G_DEFINE_FINAL_TYPE(LgTable, lg_table, GTK_TYPE_WIDGET)

/* Labels that wrap themselves ask for another width at each height, and columns would not stand below each other. */
static char *fold(const char *text, glong most)
{
    g_autoptr(GString) folded = g_string_new(NULL);
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    glong line = 0;
    for (guint i = 0; words[i]; i++) {
        const glong n = g_utf8_strlen(words[i], -1);
        if (i && line + 1 + n > most) {
            g_string_append_c(folded, '\n');
            line = 0;
        } else if (i) {
            g_string_append_c(folded, ' ');
            line++;
        }
        g_string_append(folded, words[i]);
        const char *newline = strrchr(words[i], '\n');
        line = newline ? g_utf8_strlen(newline + 1, -1) : line + n;
    }
    return g_string_free(g_steal_pointer(&folded), FALSE);
}

static GtkWidget *cell(LgTable *table, guint column, const char *text, gboolean is_strong)
{
    enum { FIRST_CHARS = 30, OTHER_CHARS = 22 };
    g_autofree char *folded = fold(text ? text : "", column ? OTHER_CHARS : FIRST_CHARS);
    GtkWidget *label = gtk_label_new(folded);
    gtk_label_set_xalign(GTK_LABEL(label), column == 0 ? 0 : 1);
    gtk_label_set_justify(GTK_LABEL(label), column == 0 ? GTK_JUSTIFY_LEFT : GTK_JUSTIFY_RIGHT);
    gtk_widget_set_hexpand(label, column == 0);
    gtk_widget_set_valign(label, GTK_ALIGN_CENTER);
    gtk_widget_add_css_class(label, is_strong ? "heading" : "numeric");
    gtk_size_group_add_widget(g_ptr_array_index(table->groups, column), label);
    return label;
}

static void clear(GtkWidget *parent)
{
    for (GtkWidget *child; (child = gtk_widget_get_first_child(parent));)
        if (GTK_IS_LIST_BOX(parent))
            gtk_list_box_remove(GTK_LIST_BOX(parent), child);
        else
            gtk_box_remove(GTK_BOX(parent), child);
}

void lg_table_begin(LgTable *table, const char *const *headings)
{
    clear(table->head);
    clear(table->list);
    g_ptr_array_set_size(table->groups, 0);
    table->n_rows = 0;
    g_strfreev(table->headings);
    table->headings = g_strdupv((GStrv)(gpointer)headings);
    gboolean has_text = FALSE;
    for (guint i = 0; headings[i]; i++) {
        g_ptr_array_add(table->groups, gtk_size_group_new(GTK_SIZE_GROUP_HORIZONTAL));
        GtkWidget *label = cell(table, i, headings[i], FALSE);
        gtk_widget_add_css_class(label, "dim-label");
        gtk_widget_set_valign(label, GTK_ALIGN_END);
        gtk_box_append(GTK_BOX(table->head), label);
        has_text = has_text || *headings[i];
    }
    gtk_widget_set_visible(table->head, has_text);
}

void lg_table_add(LgTable *table, const char *const *texts, gboolean is_strong)
{
    GtkWidget *row = gtk_list_box_row_new(), *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
    g_autoptr(GString) name = g_string_new(NULL);
    gtk_widget_set_margin_start(box, 12);
    gtk_widget_set_margin_end(box, 12);
    gtk_widget_set_margin_top(box, 6);
    gtk_widget_set_margin_bottom(box, 6);
    for (guint i = 0; table->headings[i]; i++) {
        gtk_box_append(GTK_BOX(box), cell(table, i, texts[i], is_strong));
        if (!texts[i] || !*texts[i])
            continue;
        if (name->len)
            g_string_append(name, ", ");
        if (i && *table->headings[i])
            g_string_append_printf(name, "%s: ", table->headings[i]);
        g_string_append(name, texts[i]);
    }
    gtk_list_box_row_set_child(GTK_LIST_BOX_ROW(row), box);
    gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(row), FALSE);
    gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, name->len ? name->str : "–", -1);
    gtk_list_box_append(GTK_LIST_BOX(table->list), row);
    table->n_rows++;
}

guint lg_table_n_rows(LgTable *table) { return table->n_rows; }

static void dispose(GObject *object)
{
    LgTable *table = LG_TABLE(object);
    g_clear_pointer(&table->scrolled, gtk_widget_unparent);
    g_clear_pointer(&table->groups, g_ptr_array_unref);
    g_clear_pointer(&table->headings, g_strfreev);
    G_OBJECT_CLASS(lg_table_parent_class)->dispose(object);
}

static void lg_table_class_init(LgTableClass *class)
{
    G_OBJECT_CLASS(class)->dispose = dispose;
    gtk_widget_class_set_layout_manager_type(GTK_WIDGET_CLASS(class), GTK_TYPE_BIN_LAYOUT);
}

static void lg_table_init(LgTable *table)
{
    table->groups = g_ptr_array_new_with_free_func(g_object_unref);
    table->scrolled = gtk_scrolled_window_new();
    table->box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
    table->head = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
    table->list = gtk_list_box_new();
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(table->scrolled), GTK_POLICY_AUTOMATIC, GTK_POLICY_NEVER);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(table->scrolled), table->box);
    gtk_widget_set_margin_start(table->head, 13);
    gtk_widget_set_margin_end(table->head, 13);
    gtk_widget_add_css_class(table->list, "boxed-list");
    gtk_widget_set_margin_bottom(table->box, 3); /* so that the list's shadow is not cut off */
    gtk_widget_set_margin_start(table->list, 1);
    gtk_widget_set_margin_end(table->list, 1);
    gtk_list_box_set_selection_mode(GTK_LIST_BOX(table->list), GTK_SELECTION_NONE);
    gtk_box_append(GTK_BOX(table->box), table->head);
    gtk_box_append(GTK_BOX(table->box), table->list);
    gtk_widget_set_parent(table->scrolled, GTK_WIDGET(table));
}

GtkWidget *lg_table_new(const char *name)
{
    LgTable *table = g_object_new(LG_TYPE_TABLE, NULL);
    gtk_accessible_update_property(GTK_ACCESSIBLE(table->list), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    gtk_accessible_update_property(GTK_ACCESSIBLE(table->scrolled), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    return GTK_WIDGET(table);
}
