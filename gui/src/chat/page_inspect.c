/* SPDX-License-Identifier: MIT
 * The window that shows what the model would be sent now.
 */
#include <glib/gi18n.h>

#include "chat/chat_page-private.h"
#include "chat/inspector.h"
#include "window.h"

static GtkWidget *new_window(LgChatPage *self, const char *request)
{
    const char *model = lg_model_button_get_model(self->model_button);
    g_autofree char *text = lg_composer_get_text(self->composer);
    if (lg_remote_is_name(model)) {
        g_autofree char *body = lg_provider_remote_request(request, &self->parameters.sampling);
        return lg_inspector_new_remote(model, body ? body : request);
    }
    const LgInspected inspected = {.model = model,
                                   .request = request,
                                   .n_positions = self->parameters.n_positions,
                                   .max_tokens = self->parameters.sampling.max_tokens,
                                   .drop_oldest = self->parameters.drop_oldest,
                                   .has_draft = !self->editing && g_strstrip(text)[0]};
    return lg_inspector_new(self->provider.engine, &inspected);
}

void lg_chat_page_inspect(GtkWidget *widget, const char *action, GVariant *parameter)
{
    LgChatPage *self = LG_CHAT_PAGE(widget);
    GtkRoot *root = gtk_widget_get_root(widget);
    g_autofree char *request = lg_chat_page_request(self);
    if (!request) {
        LgWindow *window = lg_window_of(widget);
        if (window)
            lg_window_say(window, _("Nothing is written yet that a model could be sent"));
        return;
    }
    GtkWidget *window = new_window(self, request);
    gtk_window_set_transient_for(GTK_WINDOW(window), GTK_IS_WINDOW(root) ? GTK_WINDOW(root) : NULL);
    gtk_window_set_destroy_with_parent(GTK_WINDOW(window), TRUE);
    gtk_window_present(GTK_WINDOW(window));
}
