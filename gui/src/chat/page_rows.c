/* SPDX-License-Identifier: MIT
 * The rows of the messages that are shown, and where in them the view is.
 */
#include "chat/chat_page-private.h"

GtkWidget *lg_chat_page_new_row(LgChatPage *self, LgMessage *message)
{
    LgRun *run = lg_chat_page_find_run(self, message->id);
    GtkWidget *row = lg_message_row_new(message, strcmp(lg_chat_page_get_reasoning(self), "show") != 0,
                                        run ? lg_run_get_beginning(run) : NULL);
    if (run)
        lg_message_row_follow(LG_MESSAGE_ROW(row), lg_run_get_reply(run));
    return row;
}

/* A row is kept where the same message stands, unless an answer begins to follow something else. */
gboolean lg_chat_page_row_fits(LgMessageRow *row, const LgMessage *message)
{
    const LgMessage *shown = lg_message_row_get_message(row);
    return shown->id == message->id &&
           !(shown->state != LG_MESSAGE_STREAMING && message->state == LG_MESSAGE_STREAMING);
}

/* The keyboard does not get lost with a row that goes: it writes then. */
void lg_chat_page_remove_rows(LgChatPage *self, guint from)
{
    GtkRoot *root = gtk_widget_get_root(GTK_WIDGET(self));
    GtkWidget *focus = root ? gtk_root_get_focus(root) : NULL;
    for (guint i = from; focus && i < self->rows->len; i++)
        if (focus == self->rows->pdata[i] || gtk_widget_is_ancestor(focus, self->rows->pdata[i])) {
            lg_composer_focus(self->composer);
            break;
        }
    for (guint i = from; i < self->rows->len; i++)
        gtk_box_remove(self->list, self->rows->pdata[i]);
    g_ptr_array_set_size(self->rows, (int)from);
}

/* What is shown stays where it is when messages come in front. */
static void keep_place(LgChatPage *self)
{
    GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment(self->scroller);
    self->from_end = gtk_adjustment_get_upper(adjustment) - gtk_adjustment_get_value(adjustment);
}

void lg_chat_page_show_messages(LgChatPage *self, const GPtrArray *messages, guint n)
{
    guint n_kept = 0, offset = 0;
    /* Messages above those that are shown come in front. */
    while (self->rows->len && offset < n &&
           ((const LgMessage *)messages->pdata[offset])->id != lg_message_row_get_message(self->rows->pdata[0])->id)
        offset++;
    if (offset == n)
        lg_chat_page_remove_rows(self, offset = 0);
    if (offset && !self->at_end)
        keep_place(self);
    for (guint i = 0; i < offset; i++) {
        GtkWidget *row = lg_chat_page_new_row(self, messages->pdata[i]);
        gtk_box_insert_child_after(self->list, row, i ? self->rows->pdata[i - 1] : NULL);
        g_ptr_array_insert(self->rows, (int)i, row);
    }
    for (n_kept = 0; n_kept < self->rows->len && n_kept < n; n_kept++) {
        if (!lg_chat_page_row_fits(self->rows->pdata[n_kept], messages->pdata[n_kept]))
            break;
        lg_message_row_update(self->rows->pdata[n_kept], messages->pdata[n_kept]);
    }
    lg_chat_page_remove_rows(self, n_kept);
    for (guint i = n_kept; i < n; i++) {
        GtkWidget *row = lg_chat_page_new_row(self, messages->pdata[i]);
        gtk_box_append(self->list, row);
        g_ptr_array_add(self->rows, row);
    }
    for (guint i = 0; i < self->rows->len; i++)
        lg_message_row_set_last(self->rows->pdata[i], i + 1 == self->rows->len);
    const LgMessage *first = messages->len ? messages->pdata[0] : NULL;
    gtk_widget_set_visible(self->older, first && first->depth > 0);
    gtk_stack_set_visible_child_name(self->stack, messages->len ? "messages" : "welcome");
}

void lg_chat_page_show_older(LgChatPage *self)
{
    self->n_wanted = self->n_shown + LG_PAGE_MORE;
    self->n_shown += LG_PAGE_FIRST;
    lg_chat_page_take_step(self, lg_step_new(LG_STEP_SHOW, lg_chat_page_get_chat_id(self)));
}

/* --- Scrolling --- */

void lg_chat_page_scroll_to_end(LgChatPage *self)
{
    GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment(self->scroller);
    self->at_end = TRUE;
    gtk_adjustment_set_value(adjustment, gtk_adjustment_get_upper(adjustment));
}

static void on_scrolled(LgChatPage *self, GtkAdjustment *adjustment)
{
    double below = gtk_adjustment_get_upper(adjustment) - gtk_adjustment_get_page_size(adjustment) -
                   gtk_adjustment_get_value(adjustment);
    self->at_end = below < 40;
    gtk_revealer_set_reveal_child(self->down, below > 200);
}

/* Rows that came in this frame have their place in the next one. */
static gboolean on_seek(GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
    LgChatPage *self = LG_CHAT_PAGE(widget);
    GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment(self->scroller);
    graphene_point_t place;
    if (gdk_frame_clock_get_frame_counter(clock) < self->seek_frame)
        return G_SOURCE_CONTINUE;
    for (guint i = 0; i < self->rows->len; i++)
        if (lg_message_row_get_message(self->rows->pdata[i])->id == self->sought &&
            gtk_widget_compute_point(self->rows->pdata[i], gtk_widget_get_parent(GTK_WIDGET(self->list)),
                                     &GRAPHENE_POINT_INIT(0, 0), &place))
            gtk_adjustment_set_value(adjustment, place.y);
    self->sought = self->seeking = 0;
    return G_SOURCE_REMOVE;
}

gboolean lg_chat_page_seek(LgChatPage *self, gint64 message_id)
{
    if (self->seeking)
        gtk_widget_remove_tick_callback(GTK_WIDGET(self), self->seeking);
    self->sought = self->seeking = 0;
    if (!message_id || !lg_chat_page_find_message(self, message_id))
        return FALSE;
    GdkFrameClock *clock = gtk_widget_get_frame_clock(GTK_WIDGET(self));
    self->at_end = FALSE;
    self->sought = message_id;
    self->seek_frame = clock ? gdk_frame_clock_get_frame_counter(clock) + 2 : 2;
    self->seeking = gtk_widget_add_tick_callback(GTK_WIDGET(self), on_seek, NULL, NULL);
    return TRUE;
}

/* The view has another height: who was at its end stays there. */
static void on_resized(LgChatPage *self, GtkAdjustment *adjustment)
{
    if (self->at_end)
        gtk_adjustment_set_value(adjustment, gtk_adjustment_get_upper(adjustment));
    else if (self->from_end >= 0)
        gtk_adjustment_set_value(adjustment, gtk_adjustment_get_upper(adjustment) - self->from_end);
    self->from_end = -1;
}

LgMessage *lg_chat_page_find_message(LgChatPage *self, gint64 id)
{
    for (guint i = 0; i < self->rows->len; i++) {
        LgMessage *message = lg_message_row_get_message(self->rows->pdata[i]);
        if (message->id == id)
            return message;
    }
    return NULL;
}

void lg_chat_page_watch_view(LgChatPage *self)
{
    GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment(self->scroller);
    g_signal_connect_object(adjustment, "value-changed", G_CALLBACK(on_scrolled), self, G_CONNECT_SWAPPED);
    g_signal_connect_object(adjustment, "changed", G_CALLBACK(on_resized), self, G_CONNECT_SWAPPED);
}
