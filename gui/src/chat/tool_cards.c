/* SPDX-License-Identifier: MIT
 * Calls of tools as they are shown.
 */
#include <glib/gi18n.h>

#include "chat/tool_cards.h"
#include "json.h"

#define SHOWN_MAX 20000 /* characters; all of it is what the model gets */

void lg_call_card_free(LgCallCard *card)
{
    g_free(card->id);
    g_free(card->name);
    g_free(card->arguments);
    g_free(card->server);
    g_free(card->description);
    g_free(card);
}

static GtkWidget *new_label(const char *text, const char *class)
{
    GtkWidget *label = gtk_label_new(text);
    gtk_label_set_wrap(GTK_LABEL(label), TRUE);
    gtk_label_set_wrap_mode(GTK_LABEL(label), PANGO_WRAP_WORD_CHAR);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    if (class)
        gtk_widget_add_css_class(label, class);
    return label;
}

static GtkWidget *new_text(const char *text)
{
    g_autofree char *plain = lg_plain_text(text, SHOWN_MAX, TRUE);
    GtkWidget *label = new_label(plain, "lg-tool-text");
    gtk_label_set_selectable(GTK_LABEL(label), TRUE);
    gtk_widget_add_css_class(label, "monospace");
    gtk_widget_add_css_class(label, "caption");
    return label;
}

static GtkWidget *new_head(const char *icon, const char *text)
{
    GtkWidget *head = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8), *label = new_label(text, "heading");
    GtkWidget *image = gtk_image_new_from_icon_name(icon);
    gtk_widget_set_valign(image, GTK_ALIGN_START);
    gtk_widget_set_hexpand(label, TRUE);
    gtk_box_append(GTK_BOX(head), image);
    gtk_box_append(GTK_BOX(head), label);
    return head;
}

/* --- A call ---------------------------------------------------------------------------------------------------------
 */

static GtkWidget *new_button(const LgCallCard *card, const char *label, const char *action, const char *tool)
{
    GtkWidget *button = gtk_button_new_with_label(label);
    g_autofree char *name = g_strdup_printf("%s: %s", label, tool);
    gtk_actionable_set_action_name(GTK_ACTIONABLE(button), action);
    gtk_actionable_set_action_target(GTK_ACTIONABLE(button), "(xs)", card->message_id, card->id);
    gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    return button;
}

/* They stand below one another where there is no room. */
static GtkWidget *new_buttons(const LgCallCard *card, const char *tool)
{
    GtkWidget *box = gtk_flow_box_new();
    GtkWidget *buttons[] = {new_button(card, _("Allow once"), "chat.allow", tool),
                            new_button(card, _("Always in this chat"), "chat.allow-always", tool),
                            new_button(card, _("Deny"), "chat.deny", tool)};
    gtk_flow_box_set_selection_mode(GTK_FLOW_BOX(box), GTK_SELECTION_NONE);
    gtk_flow_box_set_max_children_per_line(GTK_FLOW_BOX(box), 3);
    gtk_flow_box_set_column_spacing(GTK_FLOW_BOX(box), 6);
    gtk_flow_box_set_row_spacing(GTK_FLOW_BOX(box), 6);
    gtk_accessible_update_property(GTK_ACCESSIBLE(box), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Whether it may be called"),
                                   -1);
    for (guint i = 0; i < G_N_ELEMENTS(buttons); i++) {
        GtkWidget *child = gtk_flow_box_child_new();
        gtk_widget_set_focusable(child, FALSE); /* the button in it is what is there to be reached */
        gtk_flow_box_child_set_child(GTK_FLOW_BOX_CHILD(child), buttons[i]);
        gtk_flow_box_append(GTK_FLOW_BOX(box), child);
    }
    if (!card->server) {
        gtk_widget_set_visible(gtk_widget_get_parent(buttons[0]), FALSE);
        gtk_widget_set_visible(gtk_widget_get_parent(buttons[1]), FALSE);
    }
    return box;
}

GtkWidget *lg_call_card_new(const LgCallCard *card)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
    g_autofree char *tool = lg_plain_text(card->name, 100, FALSE);
    g_autofree char *server = lg_plain_text(card->server ? card->server : "", 100, FALSE);
    g_autofree char *pretty = lg_json_pretty(card->arguments), *head = NULL;
    /* Translators: a tool, and the server that has it */
    head = card->is_asked && card->server ? g_strdup_printf(_("May the model use “%s” of %s?"), tool, server)
           : card->server                 ? g_strdup_printf(_("The model uses “%s” of %s"), tool, server)
                                          : g_strdup_printf(_("The model wants to use “%s”"), tool);
    gtk_widget_add_css_class(box, "lg-note");
    gtk_accessible_update_property(GTK_ACCESSIBLE(box), GTK_ACCESSIBLE_PROPERTY_LABEL, head, -1);
    gtk_box_append(GTK_BOX(box), new_head("applications-utilities-symbolic", head));
    if (card->is_asked && card->description && *card->description) {
        g_autofree char *plain = lg_plain_text(card->description, 500, TRUE);
        gtk_box_append(GTK_BOX(box), new_label(plain, "caption"));
    }
    gtk_box_append(GTK_BOX(box), new_text(pretty));
    if (card->has_changed && card->is_asked)
        gtk_box_append(GTK_BOX(box),
                       new_label(_("The server has changed this tool since it was switched on. Please look at "
                                   "what it says about itself now."),
                                 "warning"));
    if (!card->server && card->is_asked)
        gtk_box_append(GTK_BOX(box), new_label(_("There is no such tool, or its server does not run."), "caption"));
    if (card->is_asked)
        gtk_box_append(GTK_BOX(box), new_buttons(card, tool));
    else if (card->is_lost)
        gtk_box_append(GTK_BOX(box), new_label(_("It was not called."), "caption"));
    return box;
}

/* --- A result -------------------------------------------------------------------------------------------------------
 */

static const char *finish_of(JsonNode *statistics)
{
    const char *finish = lg_json_text(lg_json_member(statistics, "finish"));
    return finish ? finish : "";
}

static char *describe(const LgMessage *message, const char *tool, const char *progress)
{
    g_autoptr(JsonNode) statistics = message->statistics ? lg_json_parse(message->statistics, -1, NULL) : NULL;
    const char *finish = finish_of(statistics);
    if (message->state == LG_MESSAGE_STREAMING)
        return progress && *progress ? g_strdup_printf(_("“%s” is being used: %s"), tool, progress)
                                     : g_strdup_printf(_("“%s” is being used"), tool);
    if (message->state == LG_MESSAGE_INTERRUPTED)
        return g_strdup_printf(_("The call of “%s” was interrupted; what it was to do may be done or not"), tool);
    if (g_str_equal(finish, "denied"))
        return g_strdup_printf(_("You did not allow the call of “%s”"), tool);
    if (g_str_equal(finish, "error"))
        return g_strdup_printf(_("“%s” failed"), tool);
    return g_strdup_printf(_("Result of “%s”"), tool);
}

GtkWidget *lg_tool_result_new(const LgMessage *message, const char *progress)
{
    g_autofree char *tool = lg_plain_text(message->model ? message->model : "?", 100, FALSE);
    g_autofree char *text = describe(message, tool, progress);
    const gboolean busy = message->state == LG_MESSAGE_STREAMING;
    if (busy || !message->text[0]) {
        GtkWidget *head = new_head("applications-utilities-symbolic", text);
        if (busy) {
            GtkWidget *spinner = gtk_spinner_new();
            gtk_spinner_start(GTK_SPINNER(spinner));
            gtk_box_append(GTK_BOX(head), spinner);
        }
        gtk_widget_add_css_class(head, "lg-note");
        return head;
    }
    GtkWidget *expander = gtk_expander_new(NULL);
    gtk_expander_set_label_widget(GTK_EXPANDER(expander), new_label(text, NULL));
    gtk_accessible_update_property(GTK_ACCESSIBLE(expander), GTK_ACCESSIBLE_PROPERTY_LABEL, text, -1);
    gtk_expander_set_child(GTK_EXPANDER(expander), new_text(message->text));
    gtk_widget_add_css_class(expander, "lg-note");
    return expander;
}
