/* SPDX-License-Identifier: MIT
 * One message of a chat. What few messages have, such as thoughts and other versions, gets its widgets when it is
 * there: each widget of a row counts when a long chat is opened.
 */
#include <glib/gi18n.h>
#include <json-glib/json-glib.h>

#include "chat/attachment_chips.h"
#include "chat/energy_button.h"
#include "chat/formula.h"
#include "chat/markdown_view.h"
#include "chat/message_row.h"
#include "chat/number.h"

struct _LgMessageRow {
    GtkBox parent_instance;
    LgMessage *message;
    LgReply *reply; /* NULL: it is not being written */
    gboolean hides_reasoning, is_last, is_beside;
    GtkWidget *body;     /* LgMarkdownView; of the user a label */
    GtkWidget *thoughts; /* GtkExpander; NULL: none */
    GtkWidget *thoughts_view;
    GtkWidget *progress; /* "Reading …", while there is no text; NULL: it never was being written */
    GtkLabel *progress_label;
    GtkBox *calls;     /* of tools; of a tool, its result */
    char *calls_shown; /* what they say, so that they stay while it does */
    GtkBox *notes;     /* what went wrong */
    GtkLabel *statistics, *tokens;
    GtkWidget *energy; /* NULL: it is not known */
    GtkBox *foot, *actions;
    GtkWidget *again;           /* of an answer */
    GtkWidget *previous, *next; /* NULL: there is one version */
    GtkLabel *version;
    GtkWidget *go_on; /* NULL: it never was the last answer */
};

G_DEFINE_TYPE(LgMessageRow, lg_message_row, GTK_TYPE_BOX)

LgMessage *lg_message_row_get_message(LgMessageRow *self) { return self->message; }

static gboolean is_result(const LgMessageRow *self) { return self->message->role == LG_ROLE_TOOL; }

static gboolean is_answer(const LgMessageRow *self) { return self->message->role == LG_ROLE_ASSISTANT; }

/* --- Statistics -----------------------------------------------------------------------------------------------------
 */

static JsonObject *read_statistics(const LgMessage *message, JsonNode **root)
{
    *root = message->statistics ? json_from_string(message->statistics, NULL) : NULL;
    return *root && JSON_NODE_HOLDS_OBJECT(*root) ? json_node_get_object(*root) : NULL;
}

/* So long at least it took to open a model that it is worth saying. */
#define LOAD_SECONDS 0.1

static char *speed_line(guint64 n_tokens, double tokens_per_second, double first_token_seconds, double load_seconds)
{
    g_autofree char *tokens = lg_tokens(n_tokens);
    GString *line = g_string_new(tokens);
    if (tokens_per_second > 0)
        g_string_append_printf(line, _(" · %.1f tokens/s"), tokens_per_second);
    if (first_token_seconds > 0)
        g_string_append_printf(line, _(" · first token after %.2f s"), first_token_seconds);
    if (load_seconds >= LOAD_SECONDS)
        /* Translators: seconds until the model was there, which the other times do not contain */
        g_string_append_printf(line, _(" · opened in %.1f s before that"), load_seconds);
    return g_string_free(line, FALSE);
}

static void add_note(LgMessageRow *self, const char *icon, const char *text, const char *detail)
{
    GtkWidget *note = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8), *lines = gtk_box_new(GTK_ORIENTATION_VERTICAL, 2);
    GtkWidget *image = gtk_image_new_from_icon_name(icon), *label = gtk_label_new(text);
    gtk_widget_add_css_class(note, "lg-note");
    gtk_widget_set_valign(image, GTK_ALIGN_START);
    gtk_label_set_wrap(GTK_LABEL(label), TRUE);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_widget_set_hexpand(lines, TRUE);
    gtk_box_append(GTK_BOX(lines), label);
    if (detail && detail[0]) {
        GtkWidget *more = gtk_label_new(detail);
        gtk_label_set_wrap(GTK_LABEL(more), TRUE);
        gtk_label_set_wrap_mode(GTK_LABEL(more), PANGO_WRAP_WORD_CHAR);
        gtk_label_set_selectable(GTK_LABEL(more), TRUE);
        gtk_label_set_xalign(GTK_LABEL(more), 0);
        gtk_widget_add_css_class(more, "caption");
        gtk_box_append(GTK_BOX(lines), more);
    }
    gtk_box_append(GTK_BOX(note), image);
    gtk_box_append(GTK_BOX(note), lines);
    gtk_box_append(self->notes, note);
}

static void show_statistics(LgMessageRow *self)
{
    g_autoptr(JsonNode) root = NULL;
    JsonObject *statistics = read_statistics(self->message, &root);
    GtkWidget *note;
    while ((note = gtk_widget_get_first_child(GTK_WIDGET(self->notes))))
        gtk_box_remove(self->notes, note);
    const char *finish = statistics ? json_object_get_string_member_with_default(statistics, "finish", "") : "";
    if (is_result(self)) {
        gtk_widget_set_visible(GTK_WIDGET(self->notes), FALSE);
        return;
    }
    if (self->message->state == LG_MESSAGE_INTERRUPTED && strcmp(finish, "error") == 0)
        add_note(self, "dialog-error-symbolic",
                 json_object_get_string_member_with_default(statistics, "error_title", _("That did not work")),
                 json_object_get_string_member_with_default(statistics, "error", ""));
    else if (self->message->state == LG_MESSAGE_INTERRUPTED)
        add_note(self, "media-playback-stop-symbolic", _("This answer was interrupted"), NULL);
    else if (strcmp(finish, "length") == 0)
        add_note(self, "dialog-information-symbolic", _("The answer has reached its largest length"), NULL);
    else if (strcmp(finish, "context") == 0)
        add_note(self, "dialog-information-symbolic", _("The context is full: the model has no room to go on"), NULL);
    gint64 n_left_out = statistics ? json_object_get_int_member_with_default(statistics, "left_out", 0) : 0;
    if (n_left_out > 0) {
        g_autofree char *text =
            g_strdup_printf(ngettext("For this answer the model did not see the oldest message",
                                     "For this answer the model did not see the %u oldest messages", (guint)n_left_out),
                            (guint)n_left_out);
        add_note(self, "dialog-information-symbolic", text, NULL);
    }
    gtk_widget_set_visible(GTK_WIDGET(self->notes), gtk_widget_get_first_child(GTK_WIDGET(self->notes)) != NULL);
    if (statistics && json_object_get_int_member_with_default(statistics, "tokens", 0) > 0) {
        g_autofree char *line =
            speed_line((guint64)json_object_get_int_member_with_default(statistics, "tokens", 0),
                       json_object_get_double_member_with_default(statistics, "tokens_per_second", 0),
                       json_object_get_double_member_with_default(statistics, "first_token_seconds", 0),
                       json_object_get_double_member_with_default(statistics, "load_seconds", 0));
        gtk_label_set_text(self->statistics, line);
        if (!self->energy && (self->energy = lg_energy_button_new(statistics)))
            gtk_box_insert_child_after(self->foot, self->energy, GTK_WIDGET(self->statistics));
    }
}

/* --- What can be done -----------------------------------------------------------------------------------------------
 */

static GtkWidget *new_button(const char *icon, const char *name, const char *action, gint64 id)
{
    GtkWidget *button = gtk_button_new_from_icon_name(icon);
    gtk_widget_add_css_class(button, "flat");
    gtk_widget_add_css_class(button, "lg-small");
    gtk_widget_set_tooltip_text(button, name);
    gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    if (action) {
        gtk_actionable_set_action_name(GTK_ACTIONABLE(button), action);
        gtk_actionable_set_action_target(GTK_ACTIONABLE(button), "x", id);
    }
    return button;
}

static GtkWidget *new_branch_button(const char *icon, const char *name, gint64 id, int offset)
{
    GtkWidget *button = new_button(icon, name, NULL, 0);
    gtk_actionable_set_action_name(GTK_ACTIONABLE(button), "chat.branch");
    gtk_actionable_set_action_target(GTK_ACTIONABLE(button), "(xi)", id, offset);
    return button;
}

static void copy(LgMessageRow *self)
{
    const char *text = self->reply ? lg_reply_get_text(self->reply) : self->message->text;
    gdk_clipboard_set_text(gtk_widget_get_clipboard(GTK_WIDGET(self)), text);
}

static void add_versions(LgMessageRow *self)
{
    gint64 id = self->message->id;
    self->previous = new_branch_button("go-previous-symbolic", _("Previous version"), id, -1);
    self->version = GTK_LABEL(gtk_label_new(NULL));
    self->next = new_branch_button("go-next-symbolic", _("Next version"), id, 1);
    gtk_widget_add_css_class(GTK_WIDGET(self->version), "caption");
    gtk_widget_add_css_class(GTK_WIDGET(self->version), "numeric");
    gtk_box_prepend(self->actions, self->next);
    gtk_box_prepend(self->actions, GTK_WIDGET(self->version));
    gtk_box_prepend(self->actions, self->previous);
}

static void show_versions(LgMessageRow *self)
{
    guint n = self->message->n_siblings, index = self->message->sibling_index;
    if (n > 1 && !self->version && !self->is_beside)
        add_versions(self);
    if (!self->version)
        return;
    g_autofree char *text = g_strdup_printf("%u/%u", index + 1, n);
    g_autofree char *name = g_strdup_printf(_("Version %u of %u"), index + 1, n);
    gtk_label_set_text(self->version, text);
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->version), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    gtk_widget_set_visible(self->previous, n > 1);
    gtk_widget_set_visible(GTK_WIDGET(self->version), n > 1);
    gtk_widget_set_visible(self->next, n > 1);
    gtk_widget_set_sensitive(self->previous, index > 0);
    gtk_widget_set_sensitive(self->next, index + 1 < n);
}

static void show_go_on(LgMessageRow *self)
{
    gboolean can =
        is_answer(self) && self->is_last && !self->reply && self->message->text[0] && !self->message->tool_calls;
    if (can && !self->go_on) {
        self->go_on =
            new_button("media-seek-forward-symbolic", _("Go on with this answer"), "chat.continue", self->message->id);
        gtk_box_append(self->actions, self->go_on);
    }
    if (self->go_on)
        gtk_widget_set_visible(self->go_on, can);
}

static void show_state(LgMessageRow *self)
{
    gtk_widget_set_visible(GTK_WIDGET(self->actions), !self->reply && !is_result(self));
    show_go_on(self);
    if (self->progress)
        gtk_widget_set_visible(self->progress, self->reply && !lg_reply_get_text(self->reply)[0]);
}

static void fill_actions(LgMessageRow *self)
{
    gint64 id = self->message->id;
    GtkWidget *button = new_button("edit-copy-symbolic", _("Copy message"), NULL, 0);
    g_signal_connect_swapped(button, "clicked", G_CALLBACK(copy), self);
    gtk_box_append(self->actions, button);
    if (is_answer(self))
        self->again = new_button("view-refresh-symbolic", _("Answer again"), "chat.regenerate", id);
    gtk_box_append(self->actions, self->again
                                      ? self->again
                                      : new_button("document-edit-symbolic", _("Edit message"), "chat.edit", id));
}

/* --- Text -----------------------------------------------------------------------------------------------------------
 */

static void make_thoughts(LgMessageRow *self)
{
    self->thoughts = gtk_expander_new(self->reply ? _("Thinking") : _("Thoughts"));
    self->thoughts_view = lg_markdown_view_new();
    gtk_widget_add_css_class(self->thoughts, "lg-thoughts");
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->thoughts), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Thoughts"), -1);
    gtk_expander_set_child(GTK_EXPANDER(self->thoughts), self->thoughts_view);
    gtk_box_prepend(GTK_BOX(self), self->thoughts);
}

static void add_thoughts(LgMessageRow *self, const char *text)
{
    if (self->hides_reasoning)
        return;
    if (!self->thoughts)
        make_thoughts(self);
    lg_markdown_view_append(LG_MARKDOWN_VIEW(self->thoughts_view), text);
}

static void finish_text(LgMessageRow *self)
{
    lg_markdown_view_finish(LG_MARKDOWN_VIEW(self->body));
    if (self->thoughts)
        lg_markdown_view_finish(LG_MARKDOWN_VIEW(self->thoughts_view));
}

static void fill_text(LgMessageRow *self, const char *beginning)
{
    const char *text = beginning ? beginning : self->message->text;
    if (!is_answer(self)) {
        if (self->body) {
            gtk_label_set_text(GTK_LABEL(self->body), text);
            lg_formula_show_plain(GTK_LABEL(self->body));
        }
        return;
    }
    if (!beginning && self->message->reasoning && self->message->reasoning[0])
        add_thoughts(self, self->message->reasoning);
    lg_markdown_view_append(LG_MARKDOWN_VIEW(self->body), text);
    if (!beginning)
        finish_text(self);
}

static void make_progress(LgMessageRow *self)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8);
    gtk_box_append(GTK_BOX(box), gtk_spinner_new());
    self->progress_label = GTK_LABEL(gtk_label_new(NULL));
    gtk_widget_add_css_class(GTK_WIDGET(self->progress_label), "dim-label");
    gtk_box_append(GTK_BOX(box), GTK_WIDGET(self->progress_label));
    self->progress = box;
    gtk_box_insert_child_after(GTK_BOX(self), box, self->body);
}

static void on_appended(LgReply *reply, int part, const char *text, LgMessageRow *self)
{
    if (part == LG_PART_REASONING)
        add_thoughts(self, text);
    else if (part == LG_PART_TEXT)
        lg_markdown_view_append(LG_MARKDOWN_VIEW(self->body), text);
    show_state(self);
}

static void on_changed(LgReply *reply, LgMessageRow *self)
{
    static const char *const phases[] = {N_("Waiting for another answer"), N_("Opening the model"),
                                         N_("Reading the conversation"), N_("Thinking"), ""};
    const LgStatistics *statistics = lg_reply_get_statistics(reply);
    const char *phase = phases[lg_reply_get_phase(reply)];
    gtk_label_set_text(self->progress_label, phase[0] ? _(phase) : "");
    if (statistics->n_tokens) {
        g_autofree char *line = speed_line(statistics->n_tokens, lg_statistics_tokens_per_second(statistics),
                                           statistics->first_token_seconds, statistics->load_seconds);
        gtk_label_set_text(self->statistics, line);
    }
}

static void on_finished(LgReply *reply, LgMessageRow *self)
{
    if (!self->reply)
        return;
    finish_text(self);
    if (self->thoughts)
        gtk_expander_set_label(GTK_EXPANDER(self->thoughts), _("Thoughts"));
    gtk_spinner_stop(GTK_SPINNER(gtk_widget_get_first_child(self->progress)));
    gtk_widget_set_visible(self->progress, FALSE);
}

void lg_message_row_follow(LgMessageRow *self, LgReply *reply)
{
    if (self->reply == reply)
        return;
    g_set_object(&self->reply, reply);
    if (!self->progress)
        make_progress(self);
    if (lg_reply_get_reasoning(reply)[0])
        add_thoughts(self, lg_reply_get_reasoning(reply));
    if (lg_reply_get_text(reply)[0])
        lg_markdown_view_append(LG_MARKDOWN_VIEW(self->body), lg_reply_get_text(reply));
    if (self->thoughts)
        gtk_expander_set_label(GTK_EXPANDER(self->thoughts), _("Thinking"));
    gtk_spinner_start(GTK_SPINNER(gtk_widget_get_first_child(self->progress)));
    g_signal_connect_object(reply, "appended", G_CALLBACK(on_appended), self, 0);
    g_signal_connect_object(reply, "changed", G_CALLBACK(on_changed), self, 0);
    g_signal_connect_object(reply, "finished", G_CALLBACK(on_finished), self, 0);
    on_changed(reply, self);
    show_state(self);
}

void lg_message_row_update(LgMessageRow *self, LgMessage *message)
{
    g_set_object(&self->message, message);
    if (message->state != LG_MESSAGE_STREAMING)
        g_clear_object(&self->reply);
    show_versions(self);
    show_statistics(self);
    show_state(self);
}

static void clear_calls(LgMessageRow *self)
{
    GtkWidget *child;
    GtkRoot *root = gtk_widget_get_root(GTK_WIDGET(self));
    GtkWidget *focus = root ? gtk_root_get_focus(root) : NULL;
    if (focus && gtk_widget_is_ancestor(focus, GTK_WIDGET(self->calls)))
        gtk_root_set_focus(root, NULL);
    while ((child = gtk_widget_get_first_child(GTK_WIDGET(self->calls))))
        gtk_box_remove(self->calls, child);
}

/* TRUE when they have to be made anew. Takes the text. */
static gboolean note_shown(LgMessageRow *self, char *shown)
{
    if (g_strcmp0(shown, self->calls_shown) == 0) {
        g_free(shown);
        return FALSE;
    }
    g_free(self->calls_shown);
    self->calls_shown = shown;
    clear_calls(self);
    return TRUE;
}

void lg_message_row_set_calls(LgMessageRow *self, const GPtrArray *cards)
{
    GString *shown = g_string_new(NULL);
    for (guint i = 0; i < cards->len; i++) {
        const LgCallCard *card = cards->pdata[i];
        g_string_append_printf(shown, "%s %s %d%d%d\n", card->id, card->server ? card->server : "", card->is_asked,
                               card->has_changed, card->is_lost);
    }
    if (!note_shown(self, g_string_free(shown, FALSE)))
        return;
    for (guint i = 0; i < cards->len; i++)
        gtk_box_append(self->calls, lg_call_card_new(cards->pdata[i]));
    gtk_widget_set_visible(GTK_WIDGET(self->calls), cards->len > 0);
}

void lg_message_row_set_result(LgMessageRow *self, const char *progress, gboolean offers_answer)
{
    if (!note_shown(self, g_strdup_printf("%d %s %d", self->message->state, progress ? progress : "", offers_answer)))
        return;
    gtk_box_append(self->calls, lg_tool_result_new(self->message, progress));
    if (offers_answer) {
        GtkWidget *button = gtk_button_new_with_label(_("Let the model go on"));
        gtk_widget_set_halign(button, GTK_ALIGN_START);
        gtk_actionable_set_action_name(GTK_ACTIONABLE(button), "chat.answer");
        gtk_actionable_set_action_target(GTK_ACTIONABLE(button), "x", self->message->id);
        gtk_box_append(self->calls, button);
    }
    gtk_widget_set_visible(GTK_WIDGET(self->calls), TRUE);
}

void lg_message_row_set_last(LgMessageRow *self, gboolean is_last)
{
    self->is_last = is_last;
    show_state(self);
}

void lg_message_row_set_beside(LgMessageRow *self)
{
    GtkWidget *const hidden[] = {self->again, self->previous, GTK_WIDGET(self->version), self->next};
    self->is_beside = TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(hidden); i++)
        if (hidden[i])
            gtk_box_remove(self->actions, hidden[i]);
    self->again = self->previous = self->next = NULL;
    self->version = NULL;
    gtk_label_set_wrap(self->statistics, TRUE);
    gtk_widget_set_hexpand(GTK_WIDGET(self->statistics), TRUE);
    gtk_label_set_ellipsize(self->statistics, PANGO_ELLIPSIZE_NONE);
}

void lg_message_row_set_entry(LgMessageRow *self, const LgLedgerEntry *entry, gboolean is_tight)
{
    g_autofree char *n = NULL, *text = NULL;
    /* How many tokens an answer has stands there already. */
    if (entry && !gtk_label_get_text(self->statistics)[0])
        n = lg_tokens(entry->n_tokens);
    const char *place = !entry                    ? NULL
                        : !entry->kept            ? _("no longer in the window")
                        : entry->next && is_tight ? _("next to leave the window")
                                                  : NULL;
    text = n && place ? g_strdup_printf("%s · %s", n, place) : g_strdup(place ? place : n);
    gtk_label_set_text(self->tokens, text ? text : "");
    if (entry && !entry->kept)
        gtk_widget_add_css_class(GTK_WIDGET(self), "lg-left-out");
    else
        gtk_widget_remove_css_class(GTK_WIDGET(self), "lg-left-out");
}

/* --- The widget -----------------------------------------------------------------------------------------------------
 */

static GtkLabel *new_caption(void)
{
    GtkLabel *label = GTK_LABEL(gtk_label_new(NULL));
    gtk_widget_add_css_class(GTK_WIDGET(label), "caption");
    gtk_widget_add_css_class(GTK_WIDGET(label), "dim-label");
    gtk_widget_add_css_class(GTK_WIDGET(label), "numeric");
    gtk_label_set_ellipsize(label, PANGO_ELLIPSIZE_END);
    gtk_label_set_xalign(label, 0);
    return label;
}

static GtkWidget *new_user_body(LgMessageRow *self)
{
    GtkWidget *bubble = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
    self->body = gtk_label_new(NULL);
    gtk_label_set_wrap(GTK_LABEL(self->body), TRUE);
    gtk_label_set_wrap_mode(GTK_LABEL(self->body), PANGO_WRAP_WORD_CHAR);
    gtk_label_set_selectable(GTK_LABEL(self->body), TRUE);
    gtk_label_set_xalign(GTK_LABEL(self->body), 0);
    gtk_widget_add_css_class(bubble, "lg-bubble");
    gtk_widget_set_halign(bubble, GTK_ALIGN_END);
    if (self->message->attachments) {
        GtkWidget *chips = lg_attachment_chips_new(FALSE);
        lg_attachment_chips_set(LG_ATTACHMENT_CHIPS(chips), self->message->attachments);
        gtk_box_append(GTK_BOX(bubble), chips);
    }
    gtk_box_append(GTK_BOX(bubble), self->body);
    return bubble;
}

static void fill(LgMessageRow *self)
{
    GtkWidget *foot = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8);
    self->foot = GTK_BOX(foot);
    self->notes = GTK_BOX(gtk_box_new(GTK_ORIENTATION_VERTICAL, 6));
    self->statistics = new_caption();
    self->tokens = new_caption();
    self->actions = GTK_BOX(gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0));
    gtk_widget_add_css_class(GTK_WIDGET(self->actions), "lg-actions");
    fill_actions(self);
    if (is_answer(self)) {
        self->body = lg_markdown_view_new();
        gtk_box_append(GTK_BOX(self), self->body);
    } else if (!is_result(self)) {
        gtk_box_append(GTK_BOX(self), new_user_body(self));
        gtk_widget_set_halign(foot, GTK_ALIGN_END);
    }
    self->calls = GTK_BOX(gtk_box_new(GTK_ORIENTATION_VERTICAL, 6));
    gtk_widget_set_visible(GTK_WIDGET(self->calls), FALSE);
    gtk_box_append(GTK_BOX(self), GTK_WIDGET(self->calls));
    gtk_box_append(GTK_BOX(self), GTK_WIDGET(self->notes));
    gtk_box_append(GTK_BOX(foot), GTK_WIDGET(self->actions));
    gtk_box_append(GTK_BOX(foot), GTK_WIDGET(is_answer(self) ? self->statistics : self->tokens));
    gtk_box_append(GTK_BOX(self), foot);
    if (is_answer(self)) {
        gtk_box_append(GTK_BOX(foot), GTK_WIDGET(self->tokens));
    } else {
        gtk_box_append(GTK_BOX(foot), GTK_WIDGET(self->statistics));
        gtk_widget_set_visible(GTK_WIDGET(self->statistics), FALSE);
    }
}

GtkWidget *lg_message_row_new(LgMessage *message, gboolean hides_reasoning, const char *beginning)
{
    LgMessageRow *self = g_object_new(LG_TYPE_MESSAGE_ROW, NULL);
    self->message = g_object_ref(message);
    self->hides_reasoning = hides_reasoning;
    gtk_widget_add_css_class(GTK_WIDGET(self), is_answer(self) ? "lg-answer" : "lg-question");
    gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   is_answer(self)   ? _("Answer")
                                   : is_result(self) ? _("Use of a tool")
                                                     : _("Your message"),
                                   -1);
    fill(self);
    fill_text(self, beginning);
    lg_message_row_update(self, message);
    return GTK_WIDGET(self);
}

static void lg_message_row_finalize(GObject *object)
{
    LgMessageRow *self = LG_MESSAGE_ROW(object);
    g_clear_object(&self->message);
    g_clear_object(&self->reply);
    g_free(self->calls_shown);
    G_OBJECT_CLASS(lg_message_row_parent_class)->finalize(object);
}

static void lg_message_row_class_init(LgMessageRowClass *class)
{
    G_OBJECT_CLASS(class)->finalize = lg_message_row_finalize;
}

static void lg_message_row_init(LgMessageRow *self)
{
    gtk_orientable_set_orientation(GTK_ORIENTABLE(self), GTK_ORIENTATION_VERTICAL);
    gtk_box_set_spacing(GTK_BOX(self), 6);
}
