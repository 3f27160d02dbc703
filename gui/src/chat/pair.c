/* SPDX-License-Identifier: MIT
 * Two answers beside each other.
 */
#include <glib/gi18n.h>

#include "chat/model_button.h"
#include "chat/pair.h"

#define SPACING 24
#define COLUMN_WIDTH 290 /* at least, where there are two */

typedef struct {
    GtkWidget *box, *title, *button;
    LgMessageRow *row; /* NULL: none */
} Column;

struct _LgPair {
    GtkWidget parent_instance;
    Column columns[LG_PAIR_ANSWERS];
};

G_DEFINE_TYPE(LgPair, lg_pair, GTK_TYPE_WIDGET)

LgMessageRow *lg_pair_get_row(LgPair *self, guint index) { return self->columns[index].row; }

static void name_column(Column *column, const LgMessage *message)
{
    g_autofree char *title = lg_model_title(message->model ? message->model : "");
    /* Translators: of two models that are compared; %s is the name of one */
    g_autofree char *name = g_strdup_printf(_("Answer of %s"), title);
    /* Translators: %s is the name of a model */
    g_autofree char *action = g_strdup_printf(_("Go on with the answer of %s"), title);
    gtk_label_set_text(GTK_LABEL(column->title), title);
    gtk_widget_set_tooltip_text(column->title, message->model);
    gtk_accessible_update_property(GTK_ACCESSIBLE(column->box), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    gtk_accessible_update_property(GTK_ACCESSIBLE(column->button), GTK_ACCESSIBLE_PROPERTY_LABEL, action, -1);
    gtk_actionable_set_action_target(GTK_ACTIONABLE(column->button), "x", message->id);
    gtk_actionable_set_action_name(GTK_ACTIONABLE(column->button), "chat.choose"); /* which wants its target */
}

void lg_pair_set_row(LgPair *self, guint index, LgMessageRow *row)
{
    Column *column = &self->columns[index];
    if (column->row)
        gtk_box_remove(GTK_BOX(column->box), GTK_WIDGET(column->row));
    column->row = row;
    gtk_widget_set_visible(column->box, row != NULL);
    if (!row)
        return;
    lg_message_row_set_beside(row);
    gtk_widget_set_vexpand(GTK_WIDGET(row), TRUE);
    gtk_widget_set_valign(GTK_WIDGET(row), GTK_ALIGN_START);
    name_column(column, lg_message_row_get_message(row));
    gtk_box_insert_child_after(GTK_BOX(column->box), GTK_WIDGET(row), column->title);
}

void lg_pair_set_is_done(LgPair *self, gboolean is_done)
{
    for (guint i = 0; i < LG_PAIR_ANSWERS; i++)
        gtk_widget_set_visible(self->columns[i].button, is_done);
}

/* --- Layout ---------------------------------------------------------------------------------------------------------
 */

static int least_width(const Column *column)
{
    int least;
    gtk_widget_measure(column->box, GTK_ORIENTATION_HORIZONTAL, -1, &least, NULL, NULL, NULL);
    return least;
}

/* The width of each of two columns; 0: there is room for one only, or for all that it takes. */
static int column_width(LgPair *self, int width)
{
    const int half = (width - SPACING) / 2;
    for (guint i = 0; i < LG_PAIR_ANSWERS; i++)
        if (half < MAX(COLUMN_WIDTH, least_width(&self->columns[i])))
            return 0;
    return half;
}

static void measure_width(LgPair *self, int *least, int *natural)
{
    *least = *natural = 0;
    for (guint i = 0; i < LG_PAIR_ANSWERS; i++) {
        int column, wished;
        gtk_widget_measure(self->columns[i].box, GTK_ORIENTATION_HORIZONTAL, -1, &column, &wished, NULL, NULL);
        *least = MAX(*least, column);
        *natural += wished + (i ? SPACING : 0);
    }
}

/* Of both together for a width. */
static void measure_height(LgPair *self, int width, int *least, int *natural)
{
    const int half = width < 0 ? 0 : column_width(self, width);
    *least = *natural = 0;
    for (guint i = 0; i < LG_PAIR_ANSWERS; i++) {
        int column, wished;
        gtk_widget_measure(self->columns[i].box, GTK_ORIENTATION_VERTICAL, half ? half : width, &column, &wished, NULL,
                           NULL);
        *least = half ? MAX(*least, column) : *least + column + (i ? SPACING : 0);
        *natural = half ? MAX(*natural, wished) : *natural + wished + (i ? SPACING : 0);
    }
}

static void lg_pair_measure(GtkWidget *widget, GtkOrientation orientation, int size, int *least, int *natural,
                            int *least_baseline, int *natural_baseline)
{
    if (orientation == GTK_ORIENTATION_HORIZONTAL)
        measure_width(LG_PAIR(widget), least, natural);
    else
        measure_height(LG_PAIR(widget), size, least, natural);
}

static void lg_pair_size_allocate(GtkWidget *widget, int width, int height, int baseline)
{
    LgPair *self = LG_PAIR(widget);
    const int half = column_width(self, width);
    const gboolean from_right = gtk_widget_get_direction(widget) == GTK_TEXT_DIR_RTL;
    int y = 0;
    for (guint i = 0; i < LG_PAIR_ANSWERS; i++) {
        GtkAllocation place = {0, y, width, 0};
        if (half) {
            place = (GtkAllocation){(i == 1) == !from_right ? half + SPACING : 0, 0, half, height};
        } else {
            gtk_widget_measure(self->columns[i].box, GTK_ORIENTATION_VERTICAL, width, NULL, &place.height, NULL, NULL);
            y += place.height + SPACING;
        }
        gtk_widget_size_allocate(self->columns[i].box, &place, -1);
    }
}

static GtkSizeRequestMode lg_pair_get_request_mode(GtkWidget *widget) { return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH; }

/* --- The widget -----------------------------------------------------------------------------------------------------
 */

static void lg_pair_dispose(GObject *object)
{
    for (guint i = 0; i < LG_PAIR_ANSWERS; i++)
        g_clear_pointer(&LG_PAIR(object)->columns[i].box, gtk_widget_unparent);
    G_OBJECT_CLASS(lg_pair_parent_class)->dispose(object);
}

static void lg_pair_class_init(LgPairClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = lg_pair_dispose;
    widget_class->measure = lg_pair_measure;
    widget_class->size_allocate = lg_pair_size_allocate;
    widget_class->get_request_mode = lg_pair_get_request_mode;
}

static void fill(Column *column, GtkWidget *parent)
{
    column->box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 8);
    column->title = gtk_label_new(NULL);
    column->button = gtk_button_new_with_label(_("Go on with this answer"));
    gtk_label_set_xalign(GTK_LABEL(column->title), 0);
    gtk_label_set_ellipsize(GTK_LABEL(column->title), PANGO_ELLIPSIZE_MIDDLE);
    gtk_widget_add_css_class(column->title, "heading");
    gtk_widget_add_css_class(column->box, "lg-column");
    gtk_widget_set_halign(column->button, GTK_ALIGN_START);
    gtk_box_append(GTK_BOX(column->box), column->title);
    gtk_box_append(GTK_BOX(column->box), column->button);
    gtk_widget_set_visible(column->box, FALSE);
    gtk_widget_set_parent(column->box, parent);
}

static void lg_pair_init(LgPair *self)
{
    for (guint i = 0; i < LG_PAIR_ANSWERS; i++)
        fill(&self->columns[i], GTK_WIDGET(self));
}
