/* SPDX-License-Identifier: MIT
 * Where a message is written.
 */
#include <glib/gi18n.h>

#include "chat/composer.h"

struct _LgComposer {
    GtkBox parent_instance;
    GtkTextView *view;
    GtkButton *button;
    GtkLabel *placeholder;
    GtkBox *buttons;
    gboolean enter_sends, busy;
};

G_DEFINE_TYPE(LgComposer, lg_composer, GTK_TYPE_BOX)

enum { SEND, STOP, EDITED, FILES, N_SIGNALS };
static guint signals[N_SIGNALS];

GtkWidget *lg_composer_new(void) { return g_object_new(LG_TYPE_COMPOSER, NULL); }

char *lg_composer_get_text(LgComposer *self)
{
    GtkTextIter start, end;
    GtkTextBuffer *buffer = gtk_text_view_get_buffer(self->view);
    gtk_text_buffer_get_bounds(buffer, &start, &end);
    return gtk_text_buffer_get_text(buffer, &start, &end, FALSE);
}

void lg_composer_set_text(LgComposer *self, const char *text)
{
    gtk_text_buffer_set_text(gtk_text_view_get_buffer(self->view), text, -1);
}

void lg_composer_clear(LgComposer *self) { lg_composer_set_text(self, ""); }

void lg_composer_focus(LgComposer *self) { gtk_widget_grab_focus(GTK_WIDGET(self->view)); }

static gboolean has_text(LgComposer *self)
{
    g_autofree char *text = lg_composer_get_text(self);
    return g_strstrip(text)[0] != 0;
}

static void show_state(LgComposer *self)
{
    const char *name = self->busy ? _("Stop") : _("Send");
    gtk_button_set_icon_name(self->button, self->busy ? "media-playback-stop-symbolic" : "go-up-symbolic");
    gtk_widget_set_tooltip_text(GTK_WIDGET(self->button), name);
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    gboolean can_press = self->busy || has_text(self);
    if (!can_press && gtk_widget_has_focus(GTK_WIDGET(self->button))) /* who has stopped goes on writing */
        lg_composer_focus(self);
    gtk_widget_set_sensitive(GTK_WIDGET(self->button), can_press);
    if (self->busy)
        gtk_widget_remove_css_class(GTK_WIDGET(self->button), "suggested-action");
    else
        gtk_widget_add_css_class(GTK_WIDGET(self->button), "suggested-action");
}

void lg_composer_add_button(LgComposer *self, GtkWidget *button) { gtk_box_append(self->buttons, button); }

void lg_composer_set_enter_sends(LgComposer *self, gboolean enter_sends)
{
    self->enter_sends = enter_sends;
    gtk_widget_set_tooltip_text(GTK_WIDGET(self->view), enter_sends ? _("Enter sends, Shift+Enter begins a new line")
                                                                    : _("Ctrl+Enter sends, Enter begins a new line"));
}

void lg_composer_set_busy(LgComposer *self, gboolean busy)
{
    self->busy = busy;
    show_state(self);
}

static void send(LgComposer *self)
{
    if (self->busy || !has_text(self))
        return;
    g_autofree char *text = lg_composer_get_text(self);
    g_signal_emit(self, signals[SEND], 0, text);
}

static void on_clicked(LgComposer *self)
{
    if (self->busy)
        g_signal_emit(self, signals[STOP], 0);
    else
        send(self);
}

static void begin_line(LgComposer *self)
{
    GtkTextBuffer *buffer = gtk_text_view_get_buffer(self->view);
    gtk_text_buffer_begin_user_action(buffer);
    gtk_text_buffer_delete_selection(buffer, TRUE, TRUE);
    gtk_text_buffer_insert_at_cursor(buffer, "\n", 1);
    gtk_text_buffer_end_user_action(buffer);
    gtk_text_view_scroll_mark_onscreen(self->view, gtk_text_buffer_get_insert(buffer));
}

static void on_enter(LgComposer *self, GdkModifierType state)
{
    gboolean control = (state & GDK_CONTROL_MASK) != 0, shift = (state & GDK_SHIFT_MASK) != 0;
    if (control || (self->enter_sends && !shift))
        send(self);
    else
        begin_line(self);
}

/* Before the view sees the key. The input method is asked first: Enter that chooses a candidate is its, and so is
 * Escape that drops one. It is asked once only, so whatever it leaves of these keys is dealt with here. */
static gboolean on_key(GtkEventControllerKey *controller, guint key, guint code, GdkModifierType state,
                       LgComposer *self)
{
    gboolean is_enter = key == GDK_KEY_Return || key == GDK_KEY_KP_Enter || key == GDK_KEY_ISO_Enter;
    gboolean is_stop = key == GDK_KEY_Escape && self->busy;
    if (!is_enter && !is_stop)
        return GDK_EVENT_PROPAGATE;
    GdkEvent *event = gtk_event_controller_get_current_event(GTK_EVENT_CONTROLLER(controller));
    if (gtk_text_view_im_context_filter_keypress(self->view, event))
        return GDK_EVENT_STOP;
    if (is_stop)
        g_signal_emit(self, signals[STOP], 0);
    else
        on_enter(self, state);
    return GDK_EVENT_STOP;
}

static void on_files_read(GObject *clipboard, GAsyncResult *result, gpointer data)
{
    g_autoptr(LgComposer) self = data;
    const GValue *value = gdk_clipboard_read_value_finish(GDK_CLIPBOARD(clipboard), result, NULL);
    if (value && G_VALUE_HOLDS(value, GDK_TYPE_FILE_LIST))
        g_signal_emit(self, signals[FILES], 0, g_value_get_boxed(value));
}

/* Files that were copied are meant themselves, and not their names. */
static void on_paste(GtkTextView *view, LgComposer *self)
{
    GdkClipboard *clipboard = gtk_widget_get_clipboard(GTK_WIDGET(view));
    if (!gdk_content_formats_contain_gtype(gdk_clipboard_get_formats(clipboard), GDK_TYPE_FILE_LIST))
        return;
    g_signal_stop_emission_by_name(view, "paste-clipboard");
    gdk_clipboard_read_value_async(clipboard, GDK_TYPE_FILE_LIST, G_PRIORITY_DEFAULT, NULL, on_files_read,
                                   g_object_ref(self));
}

static void on_changed(LgComposer *self)
{
    gtk_widget_set_visible(GTK_WIDGET(self->placeholder),
                           gtk_text_buffer_get_char_count(gtk_text_view_get_buffer(self->view)) == 0);
    show_state(self);
    g_signal_emit(self, signals[EDITED], 0);
}

/* What is in composition hides the invitation, too. */
static void on_preedit(LgComposer *self, const char *preedit)
{
    gtk_widget_set_visible(GTK_WIDGET(self->placeholder),
                           !preedit[0] && gtk_text_buffer_get_char_count(gtk_text_view_get_buffer(self->view)) == 0);
}

/* Tab goes from the text to the button and back, wherever the one stands beside the other: GTK goes by the places of
 * their centres, and a text of one line is a little lower than the button. */
static gboolean lg_composer_move_focus(GtkWidget *widget, GtkDirectionType direction)
{
    LgComposer *self = LG_COMPOSER(widget);
    GtkWidget *button = GTK_WIDGET(self->button), *text = gtk_widget_get_prev_sibling(button);
    GtkWidget *first = direction == GTK_DIR_TAB_BACKWARD ? button : text;
    GtkWidget *second = first == text ? button : text;
    if (direction != GTK_DIR_TAB_FORWARD && direction != GTK_DIR_TAB_BACKWARD)
        return GTK_WIDGET_CLASS(lg_composer_parent_class)->focus(widget, direction);
    if (gtk_widget_get_focus_child(widget) != second && gtk_widget_child_focus(first, direction))
        return TRUE;
    return gtk_widget_child_focus(second, direction);
}

static void lg_composer_class_init(LgComposerClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    widget_class->focus = lg_composer_move_focus;
    signals[SEND] =
        g_signal_new("send", LG_TYPE_COMPOSER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
    signals[STOP] = g_signal_new("stop", LG_TYPE_COMPOSER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
    signals[EDITED] = g_signal_new("edited", LG_TYPE_COMPOSER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
    signals[FILES] = g_signal_new("files", LG_TYPE_COMPOSER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                  GDK_TYPE_FILE_LIST);
    gtk_widget_class_set_template_from_resource(widget_class, "/io/github/libllm/Desktop/chat/composer.ui");
    gtk_widget_class_bind_template_child(widget_class, LgComposer, view);
    gtk_widget_class_bind_template_child(widget_class, LgComposer, button);
    gtk_widget_class_bind_template_child(widget_class, LgComposer, placeholder);
    gtk_widget_class_bind_template_child(widget_class, LgComposer, buttons);
    gtk_widget_class_bind_template_callback(widget_class, on_clicked);
    gtk_widget_class_bind_template_callback(widget_class, on_preedit);
}

static void lg_composer_init(LgComposer *self)
{
    gtk_widget_init_template(GTK_WIDGET(self));
    GtkEventController *keys = gtk_event_controller_key_new();
    gtk_event_controller_set_propagation_phase(keys, GTK_PHASE_CAPTURE);
    g_signal_connect(keys, "key-pressed", G_CALLBACK(on_key), self);
    gtk_widget_add_controller(GTK_WIDGET(self->view), keys);
    g_signal_connect_object(self->view, "paste-clipboard", G_CALLBACK(on_paste), self, 0);
    g_signal_connect_object(gtk_text_view_get_buffer(self->view), "changed", G_CALLBACK(on_changed), self,
                            G_CONNECT_SWAPPED);
    lg_composer_set_enter_sends(self, TRUE);
    show_state(self);
}
