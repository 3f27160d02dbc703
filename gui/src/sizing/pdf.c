/* SPDX-License-Identifier: MIT
 * A report as a PDF. Everything is put below what was put before it, and on a new page where it does not fit.
 */
#include "pdf.h"

#include "scenario.h"
#include "widgets/chart_draw.h"
#include "widgets/language.h"

#include <cairo-pdf.h>
#include <gio/gio.h>
#include <glib/gi18n.h>
#include <pango/pangocairo.h>

#undef _
#define _(text) lg_translate(text)

/* A4 in points. */
static const double page_width = 595, page_height = 842, margin = 48, chart_scale = 0.75;

typedef struct {
    cairo_t *cr;
    PangoContext *pango;
    double y;
    guint page;
} Page;

static PangoLayout *layout_of(Page *page, const char *text, double width, const char *font)
{
    PangoLayout *layout = pango_layout_new(page->pango);
    PangoFontDescription *description = pango_font_description_from_string(font);
    pango_layout_set_font_description(layout, description);
    pango_font_description_free(description);
    pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_text(layout, text, -1);
    return layout;
}

static double height_of(PangoLayout *layout)
{
    int height;
    pango_layout_get_size(layout, NULL, &height);
    return (double)height / PANGO_SCALE;
}

static void draw_layout(Page *page, PangoLayout *layout, double x, double y)
{
    cairo_move_to(page->cr, x, y);
    pango_cairo_show_layout(page->cr, layout);
}

static void end_page(Page *page)
{
    g_autofree char *number = g_strdup_printf("%u", page->page);
    g_autoptr(PangoLayout) layout = layout_of(page, number, page_width - 2 * margin, "Sans 8");
    pango_layout_set_alignment(layout, PANGO_ALIGN_RIGHT);
    draw_layout(page, layout, margin, page_height - margin + 12);
    cairo_show_page(page->cr);
    page->page++;
    page->y = margin;
}

static void make_room(Page *page, double height)
{
    if (page->y + height > page_height - margin && page->y > margin)
        end_page(page);
}

static void put(Page *page, const char *text, const char *font, double after)
{
    if (!text || !*text)
        return;
    g_autoptr(PangoLayout) layout = layout_of(page, text, page_width - 2 * margin, font);
    const double height = height_of(layout);
    make_room(page, height);
    draw_layout(page, layout, margin, page->y);
    page->y += height + after;
}

static void put_chart(Page *page, const LgChartData *data)
{
    const double width = (page_width - 2 * margin) / chart_scale;
    if (lg_chart_data_is_empty(data))
        return;
    const double height = lg_chart_height(data, page->pango, &lg_chart_theme_print, width);
    make_room(page, height * chart_scale);
    cairo_save(page->cr);
    cairo_translate(page->cr, margin, page->y);
    cairo_scale(page->cr, chart_scale, chart_scale);
    lg_chart_draw(page->cr, data, page->pango, &lg_chart_theme_print, (LgChartFocus){-1, -1}, width, height);
    cairo_restore(page->cr);
    page->y += height * chart_scale + 18;
}

/* A line of three columns. */
static void put_row(Page *page, const char *a, const char *b, const char *c, const char *font)
{
    const double width = page_width - 2 * margin, first = width * 0.5, second = width * 0.22, third = width * 0.28;
    g_autoptr(PangoLayout) left = layout_of(page, a, first - 6, font), middle = layout_of(page, b, second - 6, font);
    g_autoptr(PangoLayout) right = layout_of(page, c, third, font);
    const double height = MAX(MAX(height_of(left), height_of(middle)), height_of(right));
    pango_layout_set_alignment(middle, PANGO_ALIGN_RIGHT);
    pango_layout_set_alignment(right, PANGO_ALIGN_RIGHT);
    make_room(page, height + 3);
    draw_layout(page, left, margin, page->y);
    draw_layout(page, middle, margin + first, page->y);
    draw_layout(page, right, margin + first + second, page->y);
    page->y += height + 1.5;
    cairo_set_source_rgb(page->cr, 0.8, 0.8, 0.8);
    cairo_set_line_width(page->cr, 0.5);
    cairo_move_to(page->cr, margin, page->y);
    cairo_line_to(page->cr, page_width - margin, page->y);
    cairo_stroke(page->cr);
    cairo_set_source_rgb(page->cr, 0, 0, 0);
    page->y += 1.5;
}

static void put_figures(Page *page, const LgReport *report)
{
    put(page, _("Figures"), "Sans Bold 12", 4);
    put_row(page, _("Figure"), _("Value"), _("8 of 10 cases"), "Sans Bold 8");
    for (guint i = 0; i < report->figures->len; i++) {
        const LgFigure *figure = g_ptr_array_index(report->figures, i);
        if (!lg_figure_is_named(figure))
            continue;
        g_autofree char *value = lg_figure_text(figure), *range = lg_figure_range(figure);
        put_row(page, figure->label, value, range ? range : "", "Sans 8");
    }
    page->y += 14;
}

static void put_reasons(Page *page, const LgReport *report)
{
    put(page, _("Where the figures come from"), "Sans Bold 12", 4);
    for (guint i = 0; i < report->figures->len; i++) {
        const LgFigure *figure = g_ptr_array_index(report->figures, i);
        if (!lg_figure_is_named(figure) || (!figure->formula && !figure->source))
            continue;
        g_autoptr(GString) text = g_string_new(figure->path);
        if (figure->formula)
            g_string_append_printf(text, " = %s", figure->formula);
        if (figure->substituted && g_strcmp0(figure->formula, figure->substituted) != 0)
            g_string_append_printf(text, "\n = %s", figure->substituted);
        if (figure->source)
            g_string_append_printf(text, "\n%s: %s", _("Source"), figure->source);
        put(page, figure->label, "Sans Bold 7", 0);
        put(page, text->str, "Monospace 6.5", 5);
    }
}

gboolean lg_pdf_write(const LgPlan *plan, const LgOutcome *answer, const char *path, GError **error)
{
    cairo_surface_t *surface = cairo_pdf_surface_create(path, page_width, page_height);
    Page page = {.cr = cairo_create(surface), .y = margin, .page = 1};
    page.pango = pango_cairo_create_context(page.cr);
    pango_context_set_language(page.pango, pango_language_from_string(lg_language()));
    g_autofree char *model = lg_scenario_model_name(lg_scenario_get(answer->scenario, "model"));
    g_autofree char *title = g_strdup_printf("%s: %s", _(plan->title), model);
    g_autofree char *verdict = plan->verdict(answer->scenario, answer->report);
    g_autofree char *scenario = lg_scenario_print(answer->scenario);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, title);
    put(&page, title, "Sans Bold 18", 8);
    put(&page, verdict, "Sans 12", 8);
    for (guint i = 0; i < answer->report->remarks->len; i++)
        put(&page, ((LgRemark *)g_ptr_array_index(answer->report->remarks, i))->text, "Sans 9", 4);
    page.y += 8;
    for (guint i = 0; i < answer->charts->len; i++)
        put_chart(&page, g_ptr_array_index(answer->charts, i));
    put_figures(&page, answer->report);
    put_reasons(&page, answer->report);
    put(&page, _("Scenario"), "Sans Bold 12", 4);
    put(&page, scenario, "Monospace 6.5", 0);
    end_page(&page);
    g_object_unref(page.pango);
    cairo_status_t status = cairo_status(page.cr);
    cairo_destroy(page.cr);
    cairo_surface_finish(surface);
    if (!status)
        status = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    if (status)
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: %s", path, cairo_status_to_string(status));
    return !status;
}
