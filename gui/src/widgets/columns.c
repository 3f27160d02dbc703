/* SPDX-License-Identifier: MIT
 * Two widgets beside each other, or below.
 */
#include "columns.h"

struct _LgColumns {
    GtkWidget parent_instance;
    GtkWidget *side, *main;
    int side_width, from;
};

G_DEFINE_FINAL_TYPE(LgColumns, lg_columns, GTK_TYPE_WIDGET)

enum { SPACING = 24 };

static gboolean is_wide(LgColumns *columns, int width) { return width >= columns->from; }

static GtkSizeRequestMode request_mode(GtkWidget *widget) { return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH; }

static int height_of(GtkWidget *widget, int width)
{
    int minimum = 0, natural = 0;
    gtk_widget_measure(widget, GTK_ORIENTATION_VERTICAL, width, &minimum, &natural, NULL, NULL);
    return natural;
}

static void measure(GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural,
                    int *minimum_baseline, int *natural_baseline)
{
    LgColumns *columns = LG_COLUMNS(widget);
    int side_minimum, side_natural, main_minimum, main_natural;
    *minimum_baseline = *natural_baseline = -1;
    if (orientation == GTK_ORIENTATION_HORIZONTAL) {
        gtk_widget_measure(columns->side, orientation, -1, &side_minimum, &side_natural, NULL, NULL);
        gtk_widget_measure(columns->main, orientation, -1, &main_minimum, &main_natural, NULL, NULL);
        *minimum = MAX(side_minimum, main_minimum);
        *natural = MAX(columns->side_width + SPACING + main_natural, *minimum);
        return;
    }
    const int width = for_size > 0 ? for_size : columns->from;
    if (is_wide(columns, width))
        *natural = MAX(height_of(columns->side, columns->side_width),
                       height_of(columns->main, width - columns->side_width - SPACING));
    else
        *natural = height_of(columns->side, width) + SPACING + height_of(columns->main, width);
    *minimum = *natural; /* it stands in a scrolled window */
}

static void allocate(GtkWidget *widget, int width, int height, int baseline)
{
    LgColumns *columns = LG_COLUMNS(widget);
    GtkAllocation side = {0, 0, width, height}, main = {0, 0, width, height};
    if (is_wide(columns, width)) {
        side.width = columns->side_width;
        main.width = width - side.width - SPACING;
        main.x = gtk_widget_get_direction(widget) == GTK_TEXT_DIR_RTL ? 0 : side.width + SPACING;
        side.x = gtk_widget_get_direction(widget) == GTK_TEXT_DIR_RTL ? main.width + SPACING : 0;
    } else {
        side.height = height_of(columns->side, width);
        main.y = side.height + SPACING;
        main.height = MAX(height - main.y, height_of(columns->main, width));
    }
    gtk_widget_size_allocate(columns->side, &side, -1);
    gtk_widget_size_allocate(columns->main, &main, -1);
}

static void dispose(GObject *object)
{
    LgColumns *columns = LG_COLUMNS(object);
    g_clear_pointer(&columns->side, gtk_widget_unparent);
    g_clear_pointer(&columns->main, gtk_widget_unparent);
    G_OBJECT_CLASS(lg_columns_parent_class)->dispose(object);
}

static void lg_columns_class_init(LgColumnsClass *class)
{
    GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = dispose;
    widget->get_request_mode = request_mode;
    widget->measure = measure;
    widget->size_allocate = allocate;
}

static void lg_columns_init(LgColumns *columns) {}

GtkWidget *lg_columns_new(GtkWidget *side, GtkWidget *main, int side_width, int from)
{
    LgColumns *columns = g_object_new(LG_TYPE_COLUMNS, NULL);
    columns->side = side;
    columns->main = main;
    columns->side_width = side_width;
    columns->from = from;
    gtk_widget_set_parent(side, GTK_WIDGET(columns));
    gtk_widget_set_parent(main, GTK_WIDGET(columns));
    return GTK_WIDGET(columns);
}
