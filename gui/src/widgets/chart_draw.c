/* SPDX-License-Identifier: MIT
 * Draws a chart with cairo. First everything gets its place, then it is drawn there, so that finding what is under the
 * pointer uses the same places.
 */
#include "chart_draw.h"

#include "axis.h"
#include "quantity.h"

#include <math.h>
#include <pango/pangocairo.h>

enum { TICKS_MAX = 32, LEGEND_MARK = 14, GAP = 6, LINE_PLOT_HEIGHT = 220, BAR_HEIGHT = 26, BAR_GAP = 12 };

const LgChartTheme lg_chart_theme_print = {.paper = {1, 1, 1}, .ink = {0, 0, 0}, .has_title = TRUE};

typedef struct {
    const LgChartData *data;
    const LgChartTheme *theme;
    PangoContext *pango;
    PangoLayout *text;
    double width, height, line;      /* height of a line of text */
    double left, top, right, bottom; /* of the plot */
    double legend_top, legend_height;
    double category_width;
    LgAxis x, y; /* in shown units; bars have their values along x */
    double x_by, y_by;
    const char *x_name, *y_name;
    double x_ticks[TICKS_MAX], y_ticks[TICKS_MAX];
    guint n_x, n_y;
} Frame;

static void set_source(cairo_t *cr, LgColour c, double alpha)
{
    cairo_set_source_rgba(cr, c.red, c.green, c.blue, alpha);
}

static double text_width(Frame *f, const char *text)
{
    int width = 0;
    pango_layout_set_width(f->text, -1);
    pango_layout_set_text(f->text, text, -1);
    pango_layout_get_pixel_size(f->text, &width, NULL);
    return width;
}

static char *with_name(const char *title, const char *name)
{
    return name && *name ? g_strdup_printf("%s (%s)", title, name) : g_strdup(title);
}

/* The most that stands in one bar, or in a series; and the least. */
static void find_range(const LgChartData *data, gboolean is_x, double *low, double *high)
{
    g_autofree double *sums = g_new0(double, data->categories->len + 1);
    *low = INFINITY;
    *high = -INFINITY;
    for (guint s = 0; s < data->series->len; s++) {
        const LgChartPoint *p;
        for (guint i = 0; (p = lg_chart_data_point(data, s, i)); i++) {
            if (data->kind == LG_CHART_BARS && (guint)p->x < data->categories->len) {
                sums[(guint)p->x] += p->y;
                *low = fmin(*low, 0);
                *high = fmax(*high, fmax(sums[(guint)p->x], data->series->len == 1 ? p->high : 0));
            } else {
                *low = fmin(*low, is_x ? p->x : p->low);
                *high = fmax(*high, is_x ? p->x : p->high);
            }
        }
    }
    if (!is_x && isfinite(data->limit) && isfinite(*high)) {
        *high = fmax(*high, data->limit);
        *low = fmin(*low, data->limit);
    }
}

static char *tick_text(double tick) { return lg_number_text(tick, 3); }

static double widest_tick(Frame *f, const double *ticks, guint n)
{
    double widest = 0;
    for (guint i = 0; i < n; i++) {
        g_autofree char *text = tick_text(ticks[i]);
        widest = fmax(widest, text_width(f, text));
    }
    return widest;
}

/* Legends wrap; returns the height, and draws if there is something to draw on. One series needs none. */
static double legend(Frame *f, cairo_t *cr)
{
    double x = 0, y = 0;
    const guint n = f->data->series->len;
    if (n < 2 && !isfinite(f->data->limit))
        return 0;
    for (guint i = 0; i < n + isfinite(f->data->limit); i++) {
        const gboolean is_limit = i == n;
        const char *name = is_limit ? f->data->limit_name : lg_chart_data_series(f->data, i)->name;
        const double width = fmin(LEGEND_MARK + GAP + text_width(f, name), f->width);
        if (x > 0 && x + width > f->width) {
            x = 0;
            y += f->line + GAP / 2;
        }
        if (cr) {
            const double middle = f->legend_top + y + f->line / 2;
            if (is_limit) {
                set_source(cr, f->theme->ink, 1);
                cairo_rectangle(cr, x + LEGEND_MARK / 2 - 1, middle - 7, 2, 14);
                cairo_fill(cr);
            } else if (f->data->kind == LG_CHART_BARS) {
                lg_palette_fill(cr, i, f->theme->is_dark, f->theme->paper, x, middle - 6, LEGEND_MARK, 12);
                set_source(cr, f->theme->ink, 0.7);
                cairo_set_line_width(cr, 1);
                cairo_rectangle(cr, x + 0.5, middle - 5.5, LEGEND_MARK - 1, 11);
                cairo_stroke(cr);
            } else {
                set_source(cr, lg_palette_colour(i, f->theme->is_dark), 1);
                lg_palette_marker(cr, i, x + LEGEND_MARK / 2, middle, 9);
            }
            set_source(cr, f->theme->ink, 1);
            cairo_move_to(cr, x + LEGEND_MARK + GAP, f->legend_top + y);
            pango_layout_set_width(f->text, (int)(width - LEGEND_MARK - GAP + 1) * PANGO_SCALE);
            pango_layout_set_ellipsize(f->text, PANGO_ELLIPSIZE_END);
            pango_layout_set_text(f->text, name, -1);
            pango_cairo_show_layout(cr, f->text);
            pango_layout_set_ellipsize(f->text, PANGO_ELLIPSIZE_NONE);
        }
        x += width + 2 * GAP + 4;
    }
    return n ? y + f->line : 0;
}

static void place(Frame *f, const LgChartData *data, PangoContext *pango, const LgChartTheme *theme, double width)
{
    double low, high;
    *f = (Frame){.data = data, .theme = theme, .pango = pango, .width = width};
    f->text = pango_layout_new(pango);
    int line = 0;
    pango_layout_set_text(f->text, "Ag国", -1);
    pango_layout_get_pixel_size(f->text, NULL, &line);
    f->line = line;
    f->right = width - GAP;
    f->top = theme->has_title ? f->line + GAP : 0;
    if (data->kind == LG_CHART_BARS) {
        find_range(data, FALSE, &low, &high);
        f->x_by = lg_quantity_scale(high, data->y_unit, &f->x_name);
        f->x = lg_axis_fit(FALSE, low / f->x_by, high / f->x_by, MAX((guint)(width / 90), 2));
        for (guint i = 0; i < data->categories->len; i++)
            f->category_width = fmax(f->category_width, text_width(f, g_ptr_array_index(data->categories, i)));
        f->category_width = fmin(f->category_width, width * 0.3);
        f->left = f->category_width > 0 ? f->category_width + GAP : 1;
    } else {
        find_range(data, TRUE, &low, &high);
        f->x_by = lg_quantity_scale(data->x_log ? 0 : high, data->x_unit, &f->x_name);
        if (data->x_log && data->x_unit) /* a log axis has ticks from thousands to billions; the words suffice */
            f->x_by = 1;
        f->x = lg_axis_fit(data->x_log, low / f->x_by, high / f->x_by, MAX((guint)(width / 90), 2));
        find_range(data, FALSE, &low, &high);
        f->y_by = lg_quantity_scale(high, data->y_unit, &f->y_name);
        f->y = lg_axis_fit(data->y_log, low / f->y_by, high / f->y_by, 5);
        f->n_y = lg_axis_ticks(&f->y, 5, f->y_ticks, TICKS_MAX);
        f->left = widest_tick(f, f->y_ticks, f->n_y) + GAP;
        f->top += f->line + GAP; /* the title of y stands above its axis */
    }
    const guint room = (guint)fmax((f->right - f->left) / 70, 2);
    f->n_x = lg_axis_ticks(&f->x, room, f->x_ticks, TICKS_MAX);
    /* the last tick's text needs room, too */
    f->right -= f->n_x ? fmin(widest_tick(f, &f->x_ticks[f->n_x - 1], 1) / 2, width * 0.1) : 0;
    f->legend_height = legend(f, NULL);
}

static double plot_height(const Frame *f)
{
    if (f->data->kind == LG_CHART_LINES)
        return LINE_PLOT_HEIGHT;
    return f->data->categories->len * (BAR_HEIGHT + BAR_GAP) + BAR_GAP;
}

/* Below the plot: ticks, the title of x, the legend. */
static double below(const Frame *f) { return 2 * (f->line + GAP) + f->legend_height + GAP; }

static void stretch(Frame *f, double height)
{
    f->height = height;
    f->bottom = fmax(height - below(f), f->top + 10);
    f->legend_top = f->bottom + 2 * (f->line + GAP) + GAP;
}

double lg_chart_height(const LgChartData *data, PangoContext *pango, const LgChartTheme *theme, double width)
{
    Frame f;
    place(&f, data, pango, theme, width);
    const double height = f.top + plot_height(&f) + below(&f);
    g_object_unref(f.text);
    return ceil(height);
}

static double at_x(const Frame *f, double value)
{
    return f->left + lg_axis_place(&f->x, value / f->x_by) * (f->right - f->left);
}

static double at_y(const Frame *f, double value)
{
    return f->bottom - lg_axis_place(&f->y, value / f->y_by) * (f->bottom - f->top);
}

/* Where the bar of a series stands in its row: x, width by what is stacked before it. */
static void bar_of(const Frame *f, guint series, const LgChartPoint *point, double *x, double *y, double *width,
                   double *height)
{
    double before = 0;
    const LgChartPoint *p;
    for (guint s = 0; s < series; s++)
        for (guint i = 0; (p = lg_chart_data_point(f->data, s, i)); i++)
            before += p->x == point->x ? p->y : 0;
    const double row = (f->bottom - f->top - BAR_GAP) / MAX(f->data->categories->len, 1);
    *x = at_x(f, before);
    *width = at_x(f, before + point->y) - *x;
    *height = fmin(row - BAR_GAP, BAR_HEIGHT * 1.6);
    *y = f->top + BAR_GAP + row * point->x + (row - BAR_GAP - *height) / 2;
}

static void put_text(Frame *f, cairo_t *cr, const char *text, double x, double y, double align, double most)
{
    int width;
    pango_layout_set_width(f->text, -1);
    pango_layout_set_text(f->text, text, -1);
    pango_layout_get_pixel_size(f->text, &width, NULL);
    if (most > 0 && width > most) {
        pango_layout_set_ellipsize(f->text, PANGO_ELLIPSIZE_END);
        pango_layout_set_width(f->text, (int)(most * PANGO_SCALE));
        width = (int)most;
    }
    cairo_move_to(cr, x - align * width, y);
    pango_cairo_show_layout(cr, f->text);
    pango_layout_set_ellipsize(f->text, PANGO_ELLIPSIZE_NONE);
    pango_layout_set_width(f->text, -1);
}

/* Beside its bar, on two lines at most. */
static void put_category(Frame *f, cairo_t *cr, const char *name, double middle)
{
    int height;
    pango_layout_set_width(f->text, (int)(f->category_width + 1) * PANGO_SCALE);
    pango_layout_set_height(f->text, -2);
    pango_layout_set_wrap(f->text, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_ellipsize(f->text, PANGO_ELLIPSIZE_END);
    pango_layout_set_alignment(f->text, PANGO_ALIGN_RIGHT);
    pango_layout_set_text(f->text, name, -1);
    pango_layout_get_pixel_size(f->text, NULL, &height);
    cairo_move_to(cr, f->left - GAP - f->category_width - 1, middle - height / 2.0);
    pango_cairo_show_layout(cr, f->text);
    pango_layout_set_alignment(f->text, PANGO_ALIGN_LEFT);
    pango_layout_set_ellipsize(f->text, PANGO_ELLIPSIZE_NONE);
    pango_layout_set_height(f->text, -1);
    pango_layout_set_width(f->text, -1);
}

static void draw_axes(Frame *f, cairo_t *cr)
{
    const double weak = f->theme->is_high_contrast ? 0.6 : 0.18;
    cairo_set_line_width(cr, 1);
    for (guint i = 0; i < f->n_x; i++) {
        g_autofree char *text = tick_text(f->x_ticks[i]);
        const double x = floor(at_x(f, f->x_ticks[i] * f->x_by)) + 0.5;
        set_source(cr, f->theme->ink, weak);
        cairo_move_to(cr, x, f->top);
        cairo_line_to(cr, x, f->bottom);
        cairo_stroke(cr);
        set_source(cr, f->theme->ink, 0.85);
        put_text(f, cr, text, x, f->bottom + GAP / 2, i == 0 && f->left < 8 ? 0 : 0.5, 0);
    }
    for (guint i = 0; i < f->n_y; i++) {
        g_autofree char *text = tick_text(f->y_ticks[i]);
        const double y = floor(at_y(f, f->y_ticks[i] * f->y_by)) + 0.5;
        set_source(cr, f->theme->ink, weak);
        cairo_move_to(cr, f->left, y);
        cairo_line_to(cr, f->right, y);
        cairo_stroke(cr);
        set_source(cr, f->theme->ink, 0.85);
        put_text(f, cr, text, f->left - GAP, y - f->line / 2, 1, 0);
    }
    const gboolean is_bars = f->data->kind == LG_CHART_BARS;
    const gboolean is_words = !is_bars && f->data->x_log; /* "users (users)" says nothing more */
    g_autofree char *x_title = with_name(is_bars ? f->data->y_title : f->data->x_title, is_words ? "" : f->x_name);
    set_source(cr, f->theme->ink, 1);
    put_text(f, cr, x_title, f->right, f->bottom + f->line + GAP, 1, f->right);
    if (is_bars) {
        for (guint i = 0; i < f->data->categories->len; i++) {
            const double row = (f->bottom - f->top - BAR_GAP) / f->data->categories->len;
            const double middle = f->top + BAR_GAP + row * i + (row - BAR_GAP) / 2;
            put_category(f, cr, g_ptr_array_index(f->data->categories, i), middle);
        }
    } else {
        g_autofree char *y_title = with_name(f->data->y_title, f->y_name);
        put_text(f, cr, y_title, 0, f->top - f->line - GAP, 0, f->width);
    }
    if (f->theme->has_title)
        put_text(f, cr, f->data->title, 0, 0, 0, f->width);
}

/* The interval of a bar that stands alone. */
static void draw_whisker(Frame *f, cairo_t *cr, const LgChartPoint *p, double y, double height)
{
    const double low = at_x(f, p->low), high = at_x(f, p->high), middle = y + height / 2;
    set_source(cr, f->theme->ink, 1);
    cairo_set_line_width(cr, 2);
    cairo_move_to(cr, low, middle);
    cairo_line_to(cr, high, middle);
    cairo_move_to(cr, low, middle - height / 5);
    cairo_line_to(cr, low, middle + height / 5);
    cairo_move_to(cr, high, middle - height / 5);
    cairo_line_to(cr, high, middle + height / 5);
    cairo_stroke(cr);
}

static void draw_bars(Frame *f, cairo_t *cr, LgChartFocus focus)
{
    for (guint s = 0; s < f->data->series->len; s++) {
        const LgChartPoint *p;
        for (guint i = 0; (p = lg_chart_data_point(f->data, s, i)); i++) {
            double x, y, width, height;
            bar_of(f, s, p, &x, &y, &width, &height);
            if (width < 0.5)
                continue;
            const gboolean is_focus = focus.series == (int)s && focus.index == (int)i;
            lg_palette_fill(cr, s, f->theme->is_dark, f->theme->paper, x, y, width, height);
            set_source(cr, is_focus ? f->theme->ink : f->theme->paper, 1);
            cairo_set_line_width(cr, is_focus ? 3 : 1);
            cairo_rectangle(cr, x, y, width, height);
            cairo_stroke(cr);
            if (f->data->series->len == 1 && p->low < p->high)
                draw_whisker(f, cr, p, y, height);
        }
    }
}

static void draw_lines(Frame *f, cairo_t *cr, LgChartFocus focus)
{
    cairo_save(cr);
    cairo_rectangle(cr, f->left - 8, f->top - 8, f->right - f->left + 16, f->bottom - f->top + 16);
    cairo_clip(cr);
    for (guint s = 0; s < f->data->series->len; s++) {
        const LgColour colour = lg_palette_colour(s, f->theme->is_dark);
        const LgChartSeries *series = lg_chart_data_series(f->data, s);
        const guint n = series->points->len;
        const LgChartPoint *points = (const LgChartPoint *)(gpointer)series->points->data;
        for (guint i = 0; i < n; i++)
            cairo_line_to(cr, at_x(f, points[i].x), at_y(f, points[i].high));
        for (guint i = n; i-- > 0;)
            cairo_line_to(cr, at_x(f, points[i].x), at_y(f, points[i].low));
        set_source(cr, colour, 0.22);
        cairo_fill(cr);
        for (guint i = 0; i < n; i++)
            cairo_line_to(cr, at_x(f, points[i].x), at_y(f, points[i].y));
        set_source(cr, colour, 1);
        cairo_set_line_width(cr, f->theme->is_high_contrast ? 3 : 2);
        lg_palette_dash(cr, s);
        cairo_stroke(cr);
        cairo_set_dash(cr, NULL, 0, 0);
        for (guint i = 0; i < n; i++) {
            const double x = at_x(f, points[i].x), y = at_y(f, points[i].y);
            lg_palette_marker(cr, s, x, y, 7);
            if (focus.series == (int)s && focus.index == (int)i) {
                set_source(cr, f->theme->ink, 1);
                cairo_set_line_width(cr, 2);
                cairo_arc(cr, x, y, 8, 0, 2 * M_PI);
                cairo_stroke(cr);
                set_source(cr, colour, 1);
            }
        }
    }
    cairo_restore(cr);
}

static void draw_limit(Frame *f, cairo_t *cr)
{
    if (!isfinite(f->data->limit))
        return;
    set_source(cr, f->theme->ink, 1);
    cairo_set_line_width(cr, 2);
    if (f->data->kind == LG_CHART_BARS) {
        cairo_move_to(cr, at_x(f, f->data->limit), f->top);
        cairo_line_to(cr, at_x(f, f->data->limit), f->bottom);
    } else {
        cairo_move_to(cr, f->left, at_y(f, f->data->limit));
        cairo_line_to(cr, f->right, at_y(f, f->data->limit));
    }
    cairo_stroke(cr);
}

/* What the marked point says, beside it. */
static void draw_words(Frame *f, cairo_t *cr, LgChartFocus focus)
{
    const LgChartPoint *p =
        focus.series < 0 ? NULL : lg_chart_data_point(f->data, (guint)focus.series, (guint)focus.index);
    double x, y, width = 0, height = 0;
    if (!p)
        return;
    if (f->data->kind == LG_CHART_BARS)
        bar_of(f, (guint)focus.series, p, &x, &y, &width, &height);
    else
        x = at_x(f, p->x), y = at_y(f, p->y);
    g_autofree char *text = lg_chart_data_describe(f->data, (guint)focus.series, (guint)focus.index);
    int text_wide, text_high;
    pango_layout_set_width(f->text, (int)(fmax(f->width - 16, 40) * PANGO_SCALE));
    pango_layout_set_wrap(f->text, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_text(f->text, text, -1);
    pango_layout_get_pixel_size(f->text, &text_wide, &text_high);
    const double wide = text_wide + 12, high = text_high + 6;
    const double left = fmax(0, fmin(x + width / 2 - wide / 2, f->width - wide));
    const double above = y - high - 10, top = above < 0 ? y + height + 10 : above;
    set_source(cr, f->theme->ink, 0.95);
    cairo_rectangle(cr, left, top, wide, high);
    cairo_fill(cr);
    set_source(cr, f->theme->paper, 1);
    cairo_move_to(cr, left + 6, top + 3);
    pango_cairo_show_layout(cr, f->text);
}

void lg_chart_draw(cairo_t *cr, const LgChartData *data, PangoContext *pango, const LgChartTheme *theme,
                   LgChartFocus focus, double width, double height)
{
    Frame f;
    place(&f, data, pango, theme, width);
    stretch(&f, height);
    draw_axes(&f, cr);
    if (data->kind == LG_CHART_BARS)
        draw_bars(&f, cr, focus);
    else
        draw_lines(&f, cr, focus);
    draw_limit(&f, cr);
    legend(&f, cr);
    draw_words(&f, cr, focus);
    g_object_unref(f.text);
}

LgChartFocus lg_chart_find(const LgChartData *data, PangoContext *pango, const LgChartTheme *theme, double width,
                           double height, double x, double y)
{
    enum { REACH = 40 };
    LgChartFocus found = {-1, -1};
    double best = data->kind == LG_CHART_BARS ? 1 : REACH;
    Frame f;
    place(&f, data, pango, theme, width);
    stretch(&f, height);
    for (guint s = 0; s < data->series->len; s++) {
        const LgChartPoint *p;
        for (guint i = 0; (p = lg_chart_data_point(data, s, i)); i++) {
            double distance, left, top, wide, high;
            if (data->kind == LG_CHART_BARS) {
                bar_of(&f, s, p, &left, &top, &wide, &high);
                distance = x >= left && x < left + wide && y >= top && y < top + high ? 0 : INFINITY;
            } else {
                distance = hypot(at_x(&f, p->x) - x, at_y(&f, p->y) - y);
            }
            if (distance < best) {
                best = distance;
                found = (LgChartFocus){(int)s, (int)i};
            }
        }
    }
    g_object_unref(f.text);
    return found;
}
