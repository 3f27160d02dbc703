/* SPDX-License-Identifier: MIT
 * How full the window is.
 */
#include <adwaita.h>
#include <glib/gi18n.h>

#include "chat/ledger_bar.h"
#include "chat/number.h"

struct _LgLedgerBar {
    GtkBox parent_instance;
    GtkWidget *drawing;
    GtkLabel *label;
    double said, drafted, reserved; /* parts of the window */
    gboolean is_over;
};

G_DEFINE_TYPE(LgLedgerBar, lg_ledger_bar, GTK_TYPE_BOX)

GtkWidget *lg_ledger_bar_new(void) { return g_object_new(LG_TYPE_LEDGER_BAR, NULL); }

const char *lg_ledger_bar_get_text(LgLedgerBar *self) { return gtk_label_get_text(self->label); }

/* Messages of the next turn to go, and their tokens. */
static guint next_to_go(const LgLedger *ledger, guint64 *n_tokens)
{
    guint n = 0;
    *n_tokens = 0;
    for (guint i = 0; i < ledger->entries->len; i++) {
        const LgLedgerEntry *entry = &g_array_index(ledger->entries, LgLedgerEntry, i);
        n += entry->next;
        *n_tokens += entry->next ? entry->n_tokens : 0;
    }
    return n;
}

static char *describe(const LgLedger *ledger)
{
    guint64 next_tokens;
    guint n_next = next_to_go(ledger, &next_tokens);
    GString *text = g_string_new(NULL);
    g_autofree char *used = lg_number(ledger->n_tokens), *window = lg_number(ledger->n_window);
    g_autofree char *next = lg_tokens(next_tokens);
    /* Translators: tokens that are used, and that the window of the model holds */
    g_string_append_printf(text, _("%s of %s tokens"), used, window);
    if (ledger->n_left_out)
        g_string_append_printf(
            text,
            ngettext(" · the oldest message is left out", " · the %u oldest messages are left out", ledger->n_left_out),
            ledger->n_left_out);
    if (n_next && lg_ledger_is_tight(ledger))
        /* Translators: %s is a number of tokens, with the word */
        g_string_append_printf(
            text, ngettext(" · next to go: a message of %s", " · next to go: messages of %s", n_next), next);
    return g_string_free(text, FALSE);
}

void lg_ledger_bar_set(LgLedgerBar *self, const LgLedger *ledger, gboolean has_draft)
{
    gtk_widget_set_opacity(self->drawing, ledger && ledger->n_window ? 1 : 0);
    if (!ledger || !ledger->n_window) {
        gtk_label_set_text(self->label, "");
        return;
    }
    double window = (double)ledger->n_window, draft = 0;
    if (has_draft && ledger->entries->len)
        draft = (double)g_array_index(ledger->entries, LgLedgerEntry, ledger->entries->len - 1).n_tokens;
    self->said = MAX((double)ledger->n_tokens - draft, 0) / window;
    self->drafted = draft / window;
    self->reserved = (double)ledger->n_reserved / window;
    self->is_over = ledger->n_left_out > 0;
    g_autofree char *text = describe(ledger);
    gtk_label_set_text(self->label, text);
    g_autofree char *most = lg_tokens(ledger->n_window), *kept = lg_number(ledger->n_reserved);
    /* Translators: the first %s is a number of tokens, with the word; the second one a number alone */
    g_autofree char *tooltip =
        g_strdup_printf(_("The model reads %s at most. %s of them are kept for its answer; where "
                          "the rest does not suffice, the oldest messages are left out of what "
                          "it reads. Nothing is deleted."),
                        most, kept);
    gtk_widget_set_tooltip_text(GTK_WIDGET(self), tooltip);
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->drawing), GTK_ACCESSIBLE_PROPERTY_LABEL, text, -1);
    gtk_widget_queue_draw(self->drawing);
}

static double draw_part(cairo_t *cr, double from, double part, int width, int height, const GdkRGBA *color)
{
    double to = MIN(from + part, 1);
    gdk_cairo_set_source_rgba(cr, color);
    cairo_rectangle(cr, from * width, 0, (to - from) * width, height);
    cairo_fill(cr);
    return to;
}

static void draw(GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer data)
{
    LgLedgerBar *self = data;
    GdkRGBA text, said, draft, free_part, kept;
    GtkStyleContext *style = gtk_widget_get_style_context(GTK_WIDGET(area));
    gtk_style_context_get_color(style, &text);
    if (!gtk_style_context_lookup_color(style, self->is_over ? "warning_bg_color" : "accent_bg_color", &said))
        said = text;
    draft = said;
    draft.alpha *= 0.55f;
    free_part = kept = text;
    free_part.alpha = 0.12f;
    kept.alpha = 0.3f;
    draw_part(cr, 0, 1, width, height, &free_part);
    draw_part(cr, draw_part(cr, 0, self->said, width, height, &said), self->drafted, width, height, &draft);
    draw_part(cr, MAX(1 - self->reserved, MIN(self->said + self->drafted, 1)), self->reserved, width, height, &kept);
}

static void lg_ledger_bar_class_init(LgLedgerBarClass *class) {}

/* An action of the page. */
static GtkWidget *new_inspect_button(void)
{
    GtkWidget *button = gtk_button_new_with_label(_("Exact tokens"));
    gtk_widget_set_tooltip_text(button, _("Show the tokens that the model is sent"));
    gtk_widget_add_css_class(button, "flat");
    gtk_widget_add_css_class(button, "caption");
    gtk_widget_add_css_class(button, "lg-small");
    gtk_actionable_set_action_name(GTK_ACTIONABLE(button), "chat.inspect");
    return button;
}

static void lg_ledger_bar_init(LgLedgerBar *self)
{
    GtkWidget *line = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
    gtk_box_set_spacing(GTK_BOX(self), 3);
    gtk_orientable_set_orientation(GTK_ORIENTABLE(self), GTK_ORIENTATION_VERTICAL);
    self->drawing = g_object_new(GTK_TYPE_DRAWING_AREA, "accessible-role", GTK_ACCESSIBLE_ROLE_IMG, NULL);
    gtk_drawing_area_set_content_height(GTK_DRAWING_AREA(self->drawing), 4);
    gtk_drawing_area_set_draw_func(GTK_DRAWING_AREA(self->drawing), draw, self, NULL);
    gtk_widget_set_overflow(self->drawing, GTK_OVERFLOW_HIDDEN);
    gtk_widget_add_css_class(self->drawing, "lg-ledger");
    self->label = GTK_LABEL(gtk_label_new(NULL));
    gtk_label_set_xalign(self->label, 0);
    gtk_label_set_ellipsize(self->label, PANGO_ELLIPSIZE_END);
    gtk_widget_add_css_class(GTK_WIDGET(self->label), "caption");
    gtk_widget_add_css_class(GTK_WIDGET(self->label), "dim-label");
    gtk_widget_add_css_class(GTK_WIDGET(self->label), "numeric");
    gtk_widget_set_hexpand(GTK_WIDGET(self->label), TRUE);
    gtk_box_append(GTK_BOX(self), self->drawing);
    gtk_box_append(GTK_BOX(line), GTK_WIDGET(self->label));
    gtk_box_append(GTK_BOX(line), new_inspect_button());
    gtk_box_append(GTK_BOX(self), line);
    lg_ledger_bar_set(self, NULL, FALSE);
}
