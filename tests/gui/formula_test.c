/* SPDX-License-Identifier: MIT
 * Formulas in the text of an answer: laid out they are narrower than their source, which is what is copied and what
 * screen readers read before what they are aloud; while an answer comes in nothing is rebuilt but what changes; sizes
 * follow the text's. Needs a display.
 */
#include <adwaita.h>
#include <string.h>

#include "chat/formula.h"
#include "chat/markdown_view.h"
#include "math/formula.h"

static GtkWidget *window;

static void settle(void)
{
    for (int i = 0; i < 30; i++) {
        while (g_main_context_iteration(NULL, FALSE))
            ;
        g_usleep(2000);
    }
}

static GtkWidget *show(const char *text)
{
    GtkWidget *view = lg_markdown_view_new();
    gtk_window_set_child(GTK_WINDOW(window), view);
    lg_markdown_view_append(LG_MARKDOWN_VIEW(view), text);
    lg_markdown_view_finish(LG_MARKDOWN_VIEW(view));
    settle();
    return view;
}

static void find_labels(GtkWidget *widget, GPtrArray *found)
{
    if (GTK_IS_LABEL(widget))
        g_ptr_array_add(found, widget);
    for (GtkWidget *child = gtk_widget_get_first_child(widget); child; child = gtk_widget_get_next_sibling(child))
        find_labels(child, found);
}

static GtkLabel *label_of(GtkWidget *view, guint index)
{
    g_autoptr(GPtrArray) labels = g_ptr_array_new();
    find_labels(view, labels);
    g_assert_cmpuint(index, <, labels->len);
    return labels->pdata[index];
}

static int natural_width(GtkLabel *label)
{
    int width;
    gtk_widget_measure(GTK_WIDGET(label), GTK_ORIENTATION_HORIZONTAL, -1, NULL, &width, NULL, NULL);
    return width;
}

/* Of the first `n_bytes` of the text on its line. */
static int laid_out_width(GtkLabel *label, int begin, int end)
{
    PangoRectangle a, b;
    pango_layout_index_to_pos(gtk_label_get_layout(label), begin, &a);
    pango_layout_index_to_pos(gtk_label_get_layout(label), end, &b);
    return PANGO_PIXELS(b.x - a.x);
}

static gboolean lacks_font(void)
{
    if (lg_math_is_available())
        return FALSE;
    g_test_skip("no font with a MATH table is installed (fonts-texgyre-math)");
    return TRUE;
}

static void check_description(GtkLabel *label, const char *expected)
{
    g_autofree char *other =
        gtk_test_accessible_check_property(GTK_ACCESSIBLE(label), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, expected);
    g_assert_cmpstr(other, ==, NULL);
}

/* A text has all of its formulas behind each other; while it comes in, those that it has. */
static void formulas_are_said(void)
{
    if (lacks_font())
        return;
    GtkWidget *view = show("so $\\frac{a+b}{c}$ and $x^2$\n\n$$\\sqrt{x}$$\n\nplain");
    check_description(label_of(view, 0), "fraction a plus b over c end fraction; x squared");
    check_description(label_of(view, 1), "square root of x");
    g_assert_false(
        gtk_test_accessible_has_property(GTK_ACCESSIBLE(label_of(view, 2)), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION));
    view = lg_markdown_view_new();
    gtk_window_set_child(GTK_WINDOW(window), view);
    lg_markdown_view_append(LG_MARKDOWN_VIEW(view), "$x$");
    settle();
    check_description(label_of(view, 0), "x");
    lg_markdown_view_append(LG_MARKDOWN_VIEW(view), " and $y$");
    lg_markdown_view_finish(LG_MARKDOWN_VIEW(view));
    check_description(label_of(view, 0), "x; y");
}

static void text_is_the_source(void)
{
    if (lacks_font())
        return;
    GtkWidget *view = show("so $\\frac{a+b}{\\sqrt{c}}$ is\n\n$$\n\\int_0^1 x\n\\,dx\n$$");
    GtkLabel *label = label_of(view, 0), *display = label_of(view, 1);
    g_assert_cmpstr(gtk_label_get_text(label), ==, "so $\\frac{a+b}{\\sqrt{c}}$ is");
    g_assert_cmpstr(gtk_label_get_text(display), ==, "\\int_0^1 x \\,dx");
    int begin = 3, end = (int)strlen("so $\\frac{a+b}{\\sqrt{c}}$");
    g_autoptr(LgMathFormula) formula = lg_math_formula_new("\\frac{a+b}{\\sqrt{c}}", 20, 16, FALSE);
    int width = laid_out_width(label, begin, end);
    g_assert_cmpint(width, >, 15);
    g_assert_cmpint(width, <, 80); /* the source would have 200 */
    /* What is selected is copied. */
    gtk_label_select_region(label, 3, 3 + (int)g_utf8_strlen("$\\frac{a+b}{\\sqrt{c}}$", -1));
    gtk_widget_activate_action(GTK_WIDGET(label), "clipboard.copy", NULL);
    g_auto(GValue) value = G_VALUE_INIT;
    g_value_init(&value, G_TYPE_STRING);
    GdkContentProvider *content = gdk_clipboard_get_content(gtk_widget_get_clipboard(GTK_WIDGET(label)));
    g_assert_nonnull(content);
    g_assert_true(gdk_content_provider_get_value(content, &value, NULL));
    g_assert_cmpstr(g_value_get_string(&value), ==, "$\\frac{a+b}{\\sqrt{c}}$");
}

/* In a message of the user, which is no Markdown: the text stays as it is, money and code are no formulas. */
static void plain_text_has_formulas(void)
{
    static const struct {
        const char *text;
        gboolean has_one;
    } cases[] = {{"what is $\\frac{a+b}{\\sqrt{c}}$?", TRUE},
                 {"\\(x^2\\) and $$y_1$$", TRUE},
                 {"it costs $5, not $10", FALSE},
                 {"`$x^2$` is code", FALSE},
                 {"$$\na\n$$ on lines", FALSE},
                 {"**no** $ Markdown", FALSE}};
    if (lacks_font())
        return;
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        GtkLabel *label = GTK_LABEL(gtk_label_new(cases[i].text));
        g_object_ref_sink(label);
        lg_formula_show_plain(label);
        PangoAttrList *attributes = gtk_label_get_attributes(label);
        g_autofree char *shown = attributes ? pango_attr_list_to_string(attributes) : NULL;
        g_assert_cmpint(shown && strstr(shown, "shape") != NULL, ==, cases[i].has_one);
        g_assert_cmpstr(gtk_label_get_text(label), ==, cases[i].text);
        g_object_unref(label);
    }
}

static void broken_formulas_are_their_source(void)
{
    GtkWidget *view = show("so $\\frac{a}$ is\n\n$$\\left( x$$");
    g_assert_cmpstr(gtk_label_get_text(label_of(view, 0)), ==, "so $\\frac{a}$ is");
    GtkLabel *display = label_of(view, 1);
    g_assert_cmpstr(gtk_label_get_text(display), ==, "\\left( x");
    g_assert_true(gtk_widget_has_css_class(GTK_WIDGET(display), "lg-formula-source"));
}

/* Long formulas never make the column wider than the narrowest window has room for. */
static void narrow_columns_hold(void)
{
    if (lacks_font())
        return;
    static const char *const formulas[] = {
        "a + b + c + d + e + f + g + h + i + j + k + l + m + n + o + p + q + r + s + t + u + v + w + x + y + z",
        "\\frac{\\text{Number of correct predictions of the model}}{\\text{Total number of predictions}}",
        "\\begin{pmatrix} a & b & c & d & e & f & g & h & i & j & k & l & m & n & o & p \\end{pmatrix}",
        "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"};
    for (guint i = 0; i < G_N_ELEMENTS(formulas); i++) {
        for (int is_display = 0; is_display < 2; is_display++) {
            const char *mark = is_display ? "$$" : "$";
            g_autofree char *text = g_strdup_printf("%s%s%s", mark, formulas[i], mark);
            GtkWidget *view = show(text);
            int least;
            gtk_widget_measure(view, GTK_ORIENTATION_HORIZONTAL, -1, &least, NULL, NULL, NULL);
            g_assert_cmpint(least, <=, 330);
        }
    }
}

/* Text comes in by characters: it is there at once, each paragraph keeps its widget, and a formula that has no end yet
 * is text. */
static void streamed_formulas_do_not_flicker(void)
{
    if (lacks_font())
        return;
    const char source[] = "Let $x_1^2$ be and $\\frac{1}{2}$ too";
    GtkWidget *view = lg_markdown_view_new();
    gtk_window_set_child(GTK_WINDOW(window), view);
    GtkLabel *label = NULL;
    for (gsize i = 0; i + 1 < sizeof source; i++) {
        char piece[2] = {source[i], 0};
        lg_markdown_view_append(LG_MARKDOWN_VIEW(view), piece);
        g_autofree char *shown = g_strchomp(g_strndup(source, i + 1));
        for (guint tries = 0; tries < 2000 && !(label && strcmp(gtk_label_get_text(label), shown) == 0); tries++) {
            g_main_context_iteration(NULL, FALSE);
            g_usleep(500);
            if (!label && gtk_widget_get_first_child(view))
                label = label_of(view, 0);
        }
        g_assert_nonnull(label);
        g_assert_true(label == label_of(view, 0));
        g_assert_cmpstr(gtk_label_get_text(label), ==, shown);
        PangoAttrList *attributes = gtk_label_get_attributes(label);
        g_autoptr(GSList) all = attributes ? pango_attr_list_get_attributes(attributes) : NULL;
        gboolean is_laid_out = all != NULL;
        g_slist_foreach(all, (GFunc)(void (*)(void))pango_attribute_destroy, NULL);
        g_assert_cmpint(is_laid_out, ==, i >= strlen("Let $x_1^2$") - 1);
    }
    /* A display, too. */
    GtkWidget *other = lg_markdown_view_new();
    gtk_window_set_child(GTK_WINDOW(window), other);
    lg_markdown_view_append(LG_MARKDOWN_VIEW(other), "\\[\nx^2\n");
    settle();
    g_assert_cmpstr(gtk_label_get_text(label_of(other, 0)), ==, "\\[\nx^2\n");
    lg_markdown_view_append(LG_MARKDOWN_VIEW(other), "\\]\n");
    settle();
    g_assert_true(gtk_widget_has_css_class(GTK_WIDGET(label_of(other, 0)), "lg-formula"));
    lg_markdown_view_finish(LG_MARKDOWN_VIEW(other));
}

static void size_follows_the_text(void)
{
    if (lacks_font())
        return;
    GtkWidget *view = show("$a+b+c+d+e+f$\n\n# $a+b+c+d+e+f$");
    int small = natural_width(label_of(view, 0)), heading = natural_width(label_of(view, 1));
    g_assert_cmpint(heading, >, small * 11 / 10);
    GtkSettings *settings = gtk_settings_get_default();
    int dpi;
    g_object_get(settings, "gtk-xft-dpi", &dpi, NULL);
    dpi = dpi > 0 ? dpi : 96 * 1024;
    g_object_set(settings, "gtk-xft-dpi", dpi * 2, NULL);
    settle();
    int large = natural_width(label_of(view, 0));
    g_object_set(settings, "gtk-xft-dpi", dpi, NULL);
    g_assert_cmpint(large, >, small * 18 / 10);
    g_assert_cmpint(large, <, small * 22 / 10);
    settle();
    g_assert_cmpint(ABS(natural_width(label_of(view, 0)) - small), <=, 1);
}

int main(int argc, char **argv)
{
    g_setenv("GTK_A11Y", "test", TRUE); /* what is said can be looked at */
    gtk_test_init(&argc, &argv, NULL);
    adw_init();
    window = gtk_window_new();
    gtk_window_set_default_size(GTK_WINDOW(window), 800, 600);
    gtk_window_present(GTK_WINDOW(window));
    g_test_add_func("/formula/said", formulas_are_said);
    g_test_add_func("/formula/plain", plain_text_has_formulas);
    g_test_add_func("/formula/source", text_is_the_source);
    g_test_add_func("/formula/broken", broken_formulas_are_their_source);
    g_test_add_func("/formula/narrow", narrow_columns_hold);
    g_test_add_func("/formula/streamed", streamed_formulas_do_not_flicker);
    g_test_add_func("/formula/size", size_follows_the_text);
    int result = g_test_run();
    gtk_window_destroy(GTK_WINDOW(window));
    return result;
}
