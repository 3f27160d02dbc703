/* SPDX-License-Identifier: MIT
 * Shows formulas. They are drawn by the label that has their source as its text: the first character of a piece that
 * stays on one line has its shape, the others take no room. So selecting, copying and reading aloud are a label's.
 */
#include <glib/gi18n.h>
#include <hb.h>

#include "chat/blocks.h"
#include "chat/formula.h"
#include "chat/marks.h"
#include "math/formula.h"

#define MAX_SCALE 1.2      /* of the text's size: letters are as high as the text's */
#define MAX_INLINE 19      /* em: the column of the narrowest window; what is wider is made smaller */
#define LEAST_SCALE 0.65   /* and what is not readable then is shown as source */
#define LINE_GAP 0.1       /* em between what is high and the lines above and below */
#define MAX_WITHOUT_BAR 15 /* em: wider ones get a scroll bar where the column is narrower */

/* What a label has laid out. */
struct shown {
    GArray *spans;
    double size;
    gboolean is_display;
    char *speech; /* of all of them */
};

struct shape {
    LgMathFormula *formula;
    guint piece;
};

/* --- Shapes ---------------------------------------------------------------------------------------------------------
 */

static gpointer copy_shape(gconstpointer data)
{
    const struct shape *shape = data;
    struct shape *copy = g_new(struct shape, 1);
    *copy = (struct shape){lg_math_formula_ref(shape->formula), shape->piece};
    return copy;
}

static void free_shape(gpointer data)
{
    struct shape *shape = data;
    lg_math_formula_unref(shape->formula);
    g_free(shape);
}

static void draw_shape(cairo_t *cr, PangoAttrShape *attribute, gboolean is_path, gpointer data)
{
    const struct shape *shape = attribute->data;
    double x = 0, y = 0;
    if (!shape || is_path)
        return;
    if (cairo_has_current_point(cr))
        cairo_get_current_point(cr, &x, &y);
    cairo_save(cr);
    cairo_translate(cr, x, y);
    lg_math_formula_draw(shape->formula, shape->piece, cr);
    cairo_restore(cr);
}

static void add_attribute(PangoAttrList *attributes, PangoAttribute *attribute, gsize start, gsize end)
{
    attribute->start_index = (guint)start;
    attribute->end_index = (guint)end;
    pango_attr_list_insert(attributes, attribute);
}

/* The text from `start` to `end` becomes a piece of a formula. */
static void add_piece(PangoAttrList *attributes, LgMathFormula *formula, guint index, double gap, const char *text,
                      gsize start, gsize end)
{
    const LgMathPiece *piece = lg_math_formula_get_piece(formula, index);
    struct shape *shape = g_new(struct shape, 1);
    *shape = (struct shape){lg_math_formula_ref(formula), index};
    PangoRectangle logical = {0, (int)(-(piece->height + gap) * PANGO_SCALE), (int)(piece->width * PANGO_SCALE),
                              (int)((piece->height + piece->depth + 2 * gap) * PANGO_SCALE)};
    PangoRectangle ink = {(int)((piece->left - 1) * PANGO_SCALE), (int)((piece->top - 1) * PANGO_SCALE),
                          (int)((piece->right - piece->left + 2) * PANGO_SCALE),
                          (int)((piece->bottom - piece->top + 2) * PANGO_SCALE)};
    PangoRectangle nothing = {0, 0, 0, 0};
    gsize rest = (gsize)(g_utf8_next_char(text + start) - text);
    add_attribute(attributes, pango_attr_shape_new_with_data(&ink, &logical, shape, copy_shape, free_shape), start,
                  rest);
    if (rest < end)
        add_attribute(attributes, pango_attr_shape_new(&nothing, &nothing), rest, end);
    /* Not to the very end: a label makes one attribute of two that touch, and the line could not end between pieces. */
    gsize last = (gsize)(g_utf8_prev_char(text + end) - text);
    if (last > start)
        add_attribute(attributes, pango_attr_allow_breaks_new(FALSE), start, last);
}

static double widest_piece(const LgMathFormula *formula)
{
    double width = 0;
    for (guint i = 0; i < lg_math_formula_get_n_pieces(formula); i++)
        width = MAX(width, lg_math_formula_get_piece(formula, i)->width);
    return width;
}

/* A formula that fits into a line of text, perhaps made smaller; NULL where none does. */
static LgMathFormula *fitting_formula(const char *source, gsize n_bytes, double size, gboolean is_display)
{
    LgMathFormula *formula = lg_math_formula_get(source, n_bytes, size, is_display);
    double width = formula ? widest_piece(formula) : 0;
    if (is_display || width <= MAX_INLINE * size)
        return formula;
    double scale = MAX_INLINE * size / width;
    lg_math_formula_unref(formula);
    return scale >= LEAST_SCALE ? lg_math_formula_get(source, n_bytes, size * scale, FALSE) : NULL;
}

/* --- Labels ----------------------------------------------------------------------------------------------------------
 */

/* Pixels of an em of formulas in a widget's text: their small letters are as high as its. */
static double formula_size(GtkWidget *widget)
{
    PangoContext *context = gtk_widget_get_pango_context(widget);
    PangoFontDescription *description = pango_context_get_font_description(context);
    double size = (double)pango_font_description_get_size(description) / PANGO_SCALE;
    double resolution = pango_cairo_context_get_resolution(context);
    if (!pango_font_description_get_size_is_absolute(description))
        size *= (resolution > 0 ? resolution : 96) / 72;
    g_autoptr(PangoFont) font = pango_context_load_font(context, description);
    hb_font_t *text = font ? pango_font_get_hb_font(font) : NULL;
    hb_glyph_extents_t x;
    hb_codepoint_t glyph;
    int scale = 0;
    if (text)
        hb_font_get_scale(text, NULL, &scale);
    if (scale <= 0 || !hb_font_get_nominal_glyph(text, 'x', &glyph) || !hb_font_get_glyph_extents(text, glyph, &x))
        return size;
    return size * CLAMP((double)x.y_bearing / scale / lg_math_x_height(), 1, MAX_SCALE);
}

/* What a screen reader says after the text, in which formulas are as they were written. */
static void describe(GtkLabel *label, struct shown *shown, const char *speech)
{
    if (g_strcmp0(shown->speech, speech) == 0)
        return;
    g_free(shown->speech);
    shown->speech = g_strdup(speech);
    gtk_accessible_update_property(GTK_ACCESSIBLE(label), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, speech, -1);
}

static void lay_out(GtkLabel *label, struct shown *shown)
{
    const char *text = gtk_label_get_text(label);
    gsize n_bytes = strlen(text);
    g_autoptr(PangoAttrList) attributes = pango_attr_list_new();
    g_autoptr(GString) speech = g_string_new(NULL);
    for (guint i = 0; i < shown->spans->len; i++) {
        LgFormulaSpan span = g_array_index(shown->spans, LgFormulaSpan, i);
        if (span.end > n_bytes || span.start + 2 * span.n_mark >= span.end)
            continue;
        gsize begin = span.start + span.n_mark;
        g_autoptr(LgMathFormula) formula =
            fitting_formula(text + begin, span.end - span.n_mark - begin, shown->size, shown->is_display);
        guint n = formula ? lg_math_formula_get_n_pieces(formula) : 0;
        if (formula)
            g_string_append_printf(speech, "%s%s", speech->len ? "; " : "", lg_math_formula_get_speech(formula));
        for (guint j = 0; j < n; j++) {
            const LgMathPiece *piece = lg_math_formula_get_piece(formula, j);
            add_piece(attributes, formula, j, shown->size * LINE_GAP, text, j ? begin + piece->start : span.start,
                      j + 1 < n ? begin + piece->end : span.end);
        }
    }
    pango_cairo_context_set_shape_renderer(gtk_widget_get_pango_context(GTK_WIDGET(label)), draw_shape, NULL, NULL);
    gtk_label_set_attributes(label, attributes);
    describe(label, shown, speech->str);
}

static void free_shown(gpointer data)
{
    struct shown *shown = data;
    g_array_unref(shown->spans);
    g_free(shown->speech);
    g_free(shown);
}

static struct shown *shown_of(GtkLabel *label) { return g_object_get_data(G_OBJECT(label), "lg-formulas"); }

/* The size of text may have become another. */
static void check_size(GtkLabel *label)
{
    struct shown *shown = shown_of(label);
    double size = formula_size(GTK_WIDGET(label));
    if (!shown || !shown->spans->len || ABS(size - shown->size) < 0.01)
        return;
    shown->size = size;
    lay_out(label, shown);
}

/* Behind the change of a style, which comes after that of a setting or of the place in the window. */
static gboolean check_size_later(gpointer label)
{
    check_size(label);
    return G_SOURCE_REMOVE;
}

static void on_setting(GtkLabel *label)
{
    g_idle_add_full(G_PRIORITY_DEFAULT_IDLE, check_size_later, g_object_ref(label), g_object_unref);
}

static struct shown *new_shown(GtkLabel *label, gboolean is_display)
{
    struct shown *shown = g_new0(struct shown, 1);
    GtkSettings *settings = gtk_widget_get_settings(GTK_WIDGET(label));
    shown->spans = g_array_new(FALSE, FALSE, sizeof(LgFormulaSpan));
    shown->is_display = is_display;
    g_object_set_data_full(G_OBJECT(label), "lg-formulas", shown, free_shown);
    g_signal_connect(label, "realize", G_CALLBACK(on_setting), NULL);
    g_signal_connect_object(settings, "notify::gtk-xft-dpi", G_CALLBACK(on_setting), label, G_CONNECT_SWAPPED);
    g_signal_connect_object(settings, "notify::gtk-font-name", G_CALLBACK(on_setting), label, G_CONNECT_SWAPPED);
    return shown;
}

static void show_in(GtkLabel *label, const GArray *spans, gboolean is_display)
{
    struct shown *shown = shown_of(label);
    if (!lg_math_is_available() || (!shown && !spans->len))
        return;
    if (!shown)
        shown = new_shown(label, is_display);
    g_array_set_size(shown->spans, 0);
    if (spans->len)
        g_array_append_vals(shown->spans, spans->data, spans->len);
    shown->size = formula_size(GTK_WIDGET(label));
    lay_out(label, shown);
}

void lg_formula_show_in(GtkLabel *label, const GArray *spans) { show_in(label, spans, FALSE); }

/* How long the mark is at either end of a formula as it was written. */
static guint mark_of(const char *written)
{
    if (written[0] == '$')
        return written[1] == '$' ? 2 : 1;
    return written[0] == '\\' && (written[1] == '(' || written[1] == '[') ? 2 : 0;
}

void lg_formula_show_plain(GtkLabel *label)
{
    const char *text = gtk_label_get_text(label);
    g_autoptr(GArray) formulas = lg_marks_new(), spans = g_array_new(FALSE, FALSE, sizeof(LgFormulaSpan));
    g_autoptr(GString) marked = lg_marks_take(text, strlen(text), formulas);
    const char *at = marked->str, *end = at + marked->len;
    for (gsize place = 0; at < end;) {
        const LgMarkedFormula *formula = lg_marks_at(formulas, at, end, &at);
        const gsize n = formula ? strlen(formula->written) : 1;
        const LgFormulaSpan span = {place, place + n, formula ? mark_of(formula->written) : 0};
        if (formula && !strchr(formula->written, '\n')) /* a piece of a formula is on one line */
            g_array_append_val(spans, span);
        at += !formula;
        place += n;
    }
    lg_formula_show_in(label, spans);
}

glong lg_formula_count_characters(GtkLabel *label, const GArray *spans)
{
    const char *text = gtk_label_get_text(label);
    glong n = g_utf8_strlen(text, -1);
    for (guint i = 0; i < spans->len && lg_math_is_available(); i++) {
        LgFormulaSpan span = g_array_index(spans, LgFormulaSpan, i);
        gsize begin = span.start + span.n_mark, size = span.end - span.n_mark - begin;
        g_autoptr(LgMathFormula) formula = lg_math_formula_get(text + begin, size, 16, FALSE);
        double width = 0;
        for (guint j = 0; formula && j < lg_math_formula_get_n_pieces(formula); j++)
            width += lg_math_formula_get_piece(formula, j)->width / 8; /* half an em, as a letter is about */
        if (formula)
            n += (glong)width - g_utf8_strlen(text + span.start, (gssize)(span.end - span.start));
    }
    return n;
}

/* --- On lines of their own -------------------------------------------------------------------------------------------
 */

static GtkWidget *new_label(const char *text)
{
    GtkWidget *label = gtk_label_new(text);
    gtk_label_set_selectable(GTK_LABEL(label), TRUE);
    gtk_widget_set_halign(label, GTK_ALIGN_CENTER);
    return label;
}

static GtkWidget *new_source(const char *source)
{
    GtkWidget *label = new_label(source);
    gtk_label_set_wrap(GTK_LABEL(label), TRUE);
    gtk_label_set_wrap_mode(GTK_LABEL(label), PANGO_WRAP_WORD_CHAR);
    gtk_label_set_justify(GTK_LABEL(label), GTK_JUSTIFY_CENTER);
    gtk_widget_add_css_class(label, "lg-formula-source");
    return label;
}

GtkWidget *lg_formula_new(const char *source)
{
    /* On one line: a line of text for each of the source's would be shown otherwise. */
    g_autofree char *line = g_strstrip(g_strdelimit(g_strdup(source), "\r\n", ' '));
    g_autoptr(LgMathFormula) formula = lg_math_formula_get(line, strlen(line), 16, TRUE);
    if (!formula)
        return new_source(source);
    GtkWidget *label = new_label(line);
    g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(LgFormulaSpan));
    LgFormulaSpan span = {0, strlen(line), 0};
    g_array_append_val(spans, span);
    show_in(GTK_LABEL(label), spans, TRUE);
    gtk_widget_add_css_class(label, "lg-formula");
    if (widest_piece(formula) <= MAX_WITHOUT_BAR * 16)
        return label;
    GtkWidget *scroller = gtk_scrolled_window_new();
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroller), GTK_POLICY_AUTOMATIC, GTK_POLICY_NEVER);
    gtk_accessible_update_property(GTK_ACCESSIBLE(scroller), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Formula"), -1);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroller), label);
    return scroller;
}
