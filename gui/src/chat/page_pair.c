/* SPDX-License-Identifier: MIT
 * Two models that are compared: the second one is chosen below the first, both are asked, and their answers stand
 * beside each other until the chat goes on with one of them. Both stay open while that lasts, where the memory has
 * room.
 */
#include "chat/chat_page-private.h"

const char *lg_chat_page_get_other_model(LgChatPage *self)
{
    return gtk_toggle_button_get_active(self->compare_button) ? lg_model_button_get_model(self->other_button) : NULL;
}

/* Another one than that which answers anyway, if there is one. */
static char *first_other_model(LgChatPage *self)
{
    const char *model = lg_model_button_get_model(self->model_button);
    const guint n = self->library ? g_list_model_get_n_items(G_LIST_MODEL(self->library)) : 0;
    for (guint i = 0; i < n; i++) {
        g_autoptr(LgModel) one = g_list_model_get_item(G_LIST_MODEL(self->library), i);
        if (strcmp(lg_model_get_path(one), model) != 0)
            return g_strdup(lg_model_get_path(one));
    }
    return g_strdup(model);
}

static void keep_both_open(LgChatPage *self)
{
    if (self->provider.engine)
        lg_engine_set_n_open(self->provider.engine, lg_chat_page_get_other_model(self) ? 2 : 1);
}

void lg_chat_page_on_compare(LgChatPage *self)
{
    if (!lg_model_button_get_model(self->other_button)) {
        g_autofree char *model = first_other_model(self);
        lg_model_button_set_model(self->other_button, model);
    }
    keep_both_open(self);
    lg_chat_page_measure_soon(self); /* with which one of two that were open closes */
}

void lg_chat_page_compare(LgChatPage *self, const char *model)
{
    if (model)
        lg_model_button_set_model(self->other_button, model);
    gtk_toggle_button_set_active(self->compare_button, model != NULL);
}

void lg_chat_page_swap_models(LgChatPage *self, gint64 message_id)
{
    const char *other = lg_chat_page_get_other_model(self);
    for (guint i = 0; i < LG_PAIR_ANSWERS && other; i++) {
        LgMessageRow *row = lg_pair_get_row(self->pair, i);
        const LgMessage *message = row ? lg_message_row_get_message(row) : NULL;
        if (message && message->id == message_id && g_strcmp0(message->model, other) == 0) {
            lg_model_button_set_model(self->other_button, lg_model_button_get_model(self->model_button));
            return;
        }
    }
}

/* The keyboard does not get lost with what goes: it writes then. */
static void keep_focus(LgChatPage *self)
{
    GtkRoot *root = gtk_widget_get_root(GTK_WIDGET(self));
    GtkWidget *focus = root ? gtk_root_get_focus(root) : NULL;
    if (focus && gtk_widget_is_ancestor(focus, GTK_WIDGET(self->pair)))
        lg_composer_focus(self->composer);
}

static void show_answer(LgChatPage *self, guint index, LgMessage *message)
{
    LgMessageRow *row = lg_pair_get_row(self->pair, index);
    if (row && lg_chat_page_row_fits(row, message))
        lg_message_row_update(row, message);
    else
        lg_pair_set_row(self->pair, index, LG_MESSAGE_ROW(lg_chat_page_new_row(self, message)));
}

void lg_chat_page_show_pair(LgChatPage *self)
{
    const LgDialogue *dialogue = self->dialogue;
    LgMessage *other = dialogue ? dialogue->beside : NULL;
    GtkWidget *widget = GTK_WIDGET(self->pair);
    if (!other) {
        keep_focus(self);
        for (guint i = 0; i < LG_PAIR_ANSWERS; i++)
            lg_pair_set_row(self->pair, i, NULL);
        gtk_widget_set_visible(widget, FALSE);
        return;
    }
    LgMessage *last = dialogue->messages->pdata[dialogue->messages->len - 1];
    const gboolean is_first = last->id < other->id;
    show_answer(self, 0, is_first ? last : other);
    show_answer(self, 1, is_first ? other : last);
    lg_pair_set_is_done(self->pair, !lg_chat_page_is_busy(self, dialogue->chat->id));
    gtk_widget_set_visible(widget, TRUE);
}
