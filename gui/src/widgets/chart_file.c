/* SPDX-License-Identifier: MIT
 * A chart as a file of its own.
 */
#include "chart_draw.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <gio/gio.h>
#include <pango/pangocairo.h>

gboolean lg_chart_write(const LgChartData *data, const char *path, double width, double height, GError **error)
{
    enum { SHARPNESS = 2 };
    const gboolean is_png = g_str_has_suffix(path, ".png");
    cairo_surface_t *surface =
        is_png ? cairo_image_surface_create(CAIRO_FORMAT_ARGB32, (int)width * SHARPNESS, (int)height * SHARPNESS)
        : g_str_has_suffix(path, ".svg") ? cairo_svg_surface_create(path, width, height)
                                         : cairo_pdf_surface_create(path, width, height);
    if (is_png)
        cairo_surface_set_device_scale(surface, SHARPNESS, SHARPNESS);
    cairo_t *cr = cairo_create(surface);
    PangoContext *pango = pango_cairo_create_context(cr);
    enum { MARGIN = 12 };
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_paint(cr);
    cairo_translate(cr, MARGIN, MARGIN);
    lg_chart_draw(cr, data, pango, &lg_chart_theme_print, (LgChartFocus){-1, -1}, width - 2 * MARGIN,
                  height - 2 * MARGIN);
    cairo_show_page(cr);
    g_object_unref(pango);
    cairo_status_t status = cairo_status(cr);
    cairo_destroy(cr);
    if (is_png && !status)
        status = cairo_surface_write_to_png(surface, path);
    cairo_surface_finish(surface);
    if (!status)
        status = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    if (status)
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: %s", path, cairo_status_to_string(status));
    return !status;
}
