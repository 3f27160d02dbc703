/* SPDX-License-Identifier: MIT
 * A block of code.
 */
#include <adwaita.h>
#include <glib/gi18n.h>
#include <gtksourceview/gtksource.h>
#include <string.h>

#include "chat/code_view.h"

struct _LgCodeView {
    GtkBox parent_instance;
    GtkSourceBuffer *buffer;
    GString *text; /* what the buffer has */
};

G_DEFINE_TYPE(LgCodeView, lg_code_view, GTK_TYPE_BOX)

/* What people write behind a fence, where GtkSourceView calls it otherwise. */
static const char *const aliases[][2] = {
    {"py", "python3"},    {"python", "python3"},    {"js", "js"},          {"javascript", "js"}, {"ts", "typescript"},
    {"bash", "sh"},       {"shell", "sh"},          {"zsh", "sh"},         {"console", "sh"},    {"c++", "cpp"},
    {"cs", "c-sharp"},    {"csharp", "c-sharp"},    {"c#", "c-sharp"},     {"golang", "go"},     {"rs", "rust"},
    {"rb", "ruby"},       {"yml", "yaml"},          {"md", "markdown"},    {"tex", "latex"},     {"h", "chdr"},
    {"make", "makefile"}, {"kt", "kotlin"},         {"ps1", "powershell"}, {"patch", "diff"},    {"htm", "html"},
    {"objc", "objc"},     {"dockerfile", "docker"}, {"jsonc", "json"},     {"hs", "haskell"},    {"vb", "vbnet"}};

static GtkSourceLanguage *find_language(const char *name)
{
    g_autofree char *small = g_utf8_strdown(name, -1);
    const char *id = small;
    for (gsize i = 0; i < G_N_ELEMENTS(aliases); i++)
        if (strcmp(small, aliases[i][0]) == 0)
            id = aliases[i][1];
    return gtk_source_language_manager_get_language(gtk_source_language_manager_get_default(), id);
}

static void follow_colors(AdwStyleManager *manager, GParamSpec *property, LgCodeView *self)
{
    const char *id = adw_style_manager_get_dark(manager) ? "Adwaita-dark" : "Adwaita";
    gtk_source_buffer_set_style_scheme(
        self->buffer, gtk_source_style_scheme_manager_get_scheme(gtk_source_style_scheme_manager_get_default(), id));
}

static void copy(LgCodeView *self, GtkButton *button)
{
    gdk_clipboard_set_text(gtk_widget_get_clipboard(GTK_WIDGET(self)), self->text->str);
    gtk_button_set_icon_name(button, "object-select-symbolic");
}

static GtkWidget *new_head(LgCodeView *self, const char *language)
{
    GtkWidget *head = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
    GtkWidget *name = gtk_label_new(language[0] ? language : _("Code"));
    GtkWidget *button = gtk_button_new_from_icon_name("edit-copy-symbolic");
    gtk_widget_add_css_class(head, "lg-code-head");
    gtk_widget_add_css_class(name, "caption");
    gtk_widget_add_css_class(name, "dim-label");
    gtk_label_set_ellipsize(GTK_LABEL(name), PANGO_ELLIPSIZE_END);
    gtk_label_set_xalign(GTK_LABEL(name), 0);
    gtk_widget_set_hexpand(name, TRUE);
    gtk_widget_add_css_class(button, "flat");
    gtk_widget_set_tooltip_text(button, _("Copy code"));
    gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Copy code"), -1);
    g_signal_connect_swapped(button, "clicked", G_CALLBACK(copy), self);
    gtk_box_append(GTK_BOX(head), name);
    gtk_box_append(GTK_BOX(head), button);
    return head;
}

GtkWidget *lg_code_view_new(const char *language)
{
    LgCodeView *self = g_object_new(LG_TYPE_CODE_VIEW, NULL);
    GtkWidget *view = gtk_source_view_new_with_buffer(self->buffer);
    GtkWidget *scroller = gtk_scrolled_window_new();
    g_autofree char *name = language[0] ? g_strdup_printf(_("Code, %s"), language) : g_strdup(_("Code"));
    gtk_source_buffer_set_language(self->buffer, find_language(language));
    gtk_text_view_set_editable(GTK_TEXT_VIEW(view), FALSE);
    gtk_text_view_set_cursor_visible(GTK_TEXT_VIEW(view), FALSE);
    gtk_text_view_set_monospace(GTK_TEXT_VIEW(view), TRUE);
    gtk_text_view_set_accepts_tab(GTK_TEXT_VIEW(view), FALSE);
    gtk_text_view_set_left_margin(GTK_TEXT_VIEW(view), 12);
    gtk_text_view_set_right_margin(GTK_TEXT_VIEW(view), 12);
    gtk_text_view_set_bottom_margin(GTK_TEXT_VIEW(view), 10);
    gtk_accessible_update_property(GTK_ACCESSIBLE(view), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroller), GTK_POLICY_AUTOMATIC, GTK_POLICY_NEVER);
    gtk_accessible_update_property(GTK_ACCESSIBLE(scroller), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroller), view);
    gtk_box_append(GTK_BOX(self), new_head(self, language));
    gtk_box_append(GTK_BOX(self), scroller);
    g_signal_connect_object(adw_style_manager_get_default(), "notify::dark", G_CALLBACK(follow_colors), self, 0);
    follow_colors(adw_style_manager_get_default(), NULL, self);
    return GTK_WIDGET(self);
}

void lg_code_view_set_text(LgCodeView *self, const char *text, gsize n_bytes)
{
    GtkTextBuffer *buffer = GTK_TEXT_BUFFER(self->buffer);
    if (n_bytes >= self->text->len && memcmp(text, self->text->str, self->text->len) == 0) {
        GtkTextIter end;
        gtk_text_buffer_get_end_iter(buffer, &end);
        gtk_text_buffer_insert(buffer, &end, text + self->text->len, (int)(n_bytes - self->text->len));
    } else {
        gtk_text_buffer_set_text(buffer, text, (int)n_bytes);
    }
    g_string_truncate(self->text, 0);
    g_string_append_len(self->text, text, (gssize)n_bytes);
}

static void lg_code_view_finalize(GObject *object)
{
    LgCodeView *self = LG_CODE_VIEW(object);
    g_object_unref(self->buffer);
    g_string_free(self->text, TRUE);
    G_OBJECT_CLASS(lg_code_view_parent_class)->finalize(object);
}

static void lg_code_view_class_init(LgCodeViewClass *class) { G_OBJECT_CLASS(class)->finalize = lg_code_view_finalize; }

static void lg_code_view_init(LgCodeView *self)
{
    self->buffer = gtk_source_buffer_new(NULL);
    self->text = g_string_new(NULL);
    gtk_source_buffer_set_highlight_matching_brackets(self->buffer, FALSE);
    gtk_orientable_set_orientation(GTK_ORIENTABLE(self), GTK_ORIENTATION_VERTICAL);
    gtk_widget_add_css_class(GTK_WIDGET(self), "lg-code");
    gtk_widget_set_overflow(GTK_WIDGET(self), GTK_OVERFLOW_HIDDEN);
}
