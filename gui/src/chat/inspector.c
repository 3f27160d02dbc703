/* SPDX-License-Identifier: MIT
 * A window with the exact tokens that a model gets.
 */
#include <glib/gi18n.h>
#include <json-glib/json-glib.h>

#include "chat/inspector.h"
#include "chat/model_button.h"
#include "chat/number.h"

#define BEGINNING 60 /* characters of a message */

struct _LgInspector {
    AdwWindow parent_instance;
    GtkLabel *summary;
    GtkWidget *counts, *count_list; /* an expander, and its list */
    GtkStack *stack;
    GtkListView *view;
    AdwStatusPage *problem;
    GtkWidget *copy_text, *copy_ids;
    GListModel *tokens; /* LgToken; NULL: they are not there */
    char *request;      /* what is asked; of a server, the body */
    gboolean is_remote, has_draft;
    GCancellable *cancellable;
};

G_DEFINE_TYPE(LgInspector, lg_inspector, ADW_TYPE_WINDOW)

const char *lg_inspector_get_summary(LgInspector *self) { return gtk_label_get_text(self->summary); }

/* --- Copying --------------------------------------------------------------------------------------------------------
 */

static guint n_tokens(const LgInspector *self) { return self->tokens ? g_list_model_get_n_items(self->tokens) : 0; }

char *lg_inspector_get_text(LgInspector *self)
{
    GString *text = g_string_new(self->is_remote ? self->request : NULL);
    for (guint i = 0; i < n_tokens(self); i++) {
        g_autoptr(LgToken) token = g_list_model_get_item(self->tokens, i);
        g_string_append(text, lg_token_get_text(token));
    }
    return g_string_free(text, FALSE);
}

char *lg_inspector_get_ids(LgInspector *self)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < n_tokens(self); i++) {
        g_autoptr(LgToken) token = g_list_model_get_item(self->tokens, i);
        g_string_append_printf(text, "%s%d", i ? ", " : "[", lg_token_get_id(token));
    }
    if (text->len)
        g_string_append_c(text, ']');
    return g_string_free(text, FALSE);
}

static void copy_text(LgInspector *self)
{
    g_autofree char *text = lg_inspector_get_text(self);
    gdk_clipboard_set_text(gtk_widget_get_clipboard(GTK_WIDGET(self)), text);
}

static void copy_ids(LgInspector *self)
{
    g_autofree char *text = lg_inspector_get_ids(self);
    gdk_clipboard_set_text(gtk_widget_get_clipboard(GTK_WIDGET(self)), text);
}

/* --- Tokens ---------------------------------------------------------------------------------------------------------
 */

static GtkWidget *new_number(int n_characters)
{
    GtkWidget *label = gtk_label_new(NULL);
    gtk_label_set_width_chars(GTK_LABEL(label), n_characters);
    gtk_label_set_xalign(GTK_LABEL(label), 1);
    gtk_widget_add_css_class(label, "dim-label");
    gtk_widget_add_css_class(label, "numeric");
    return label;
}

/* Its place, its text, whether it is special, its number. */
static void on_setup(GtkSignalListItemFactory *factory, GtkListItem *item)
{
    GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12), *text = gtk_label_new(NULL);
    GtkWidget *mark = gtk_label_new(_("special"));
    gtk_label_set_xalign(GTK_LABEL(text), 0);
    gtk_label_set_ellipsize(GTK_LABEL(text), PANGO_ELLIPSIZE_END);
    gtk_widget_set_hexpand(text, TRUE);
    gtk_widget_add_css_class(text, "monospace");
    gtk_widget_add_css_class(mark, "caption");
    gtk_widget_add_css_class(mark, "lg-special");
    gtk_widget_set_valign(mark, GTK_ALIGN_CENTER);
    gtk_widget_add_css_class(row, "lg-token");
    gtk_box_append(GTK_BOX(row), new_number(6));
    gtk_box_append(GTK_BOX(row), text);
    gtk_box_append(GTK_BOX(row), mark);
    gtk_box_append(GTK_BOX(row), new_number(7));
    gtk_list_item_set_activatable(item, FALSE);
    gtk_list_item_set_child(item, row);
}

/* What cannot be seen as such: blanks and ends of lines. */
static char *visible_text(const char *text)
{
    GString *result = g_string_new(NULL);
    for (; *text; text = g_utf8_next_char(text)) {
        const gunichar c = g_utf8_get_char(text);
        if (c == ' ')
            g_string_append(result, "␣");
        else if (c == '\n')
            g_string_append(result, "⏎");
        else if (c == '\t')
            g_string_append(result, "⇥");
        else if (g_unichar_isprint(c))
            g_string_append_unichar(result, c);
        else
            g_string_append_printf(result, "<U+%04X>", c);
    }
    return g_string_free(result, FALSE);
}

static void on_bind(GtkSignalListItemFactory *factory, GtkListItem *item)
{
    LgToken *token = gtk_list_item_get_item(item);
    const guint place = gtk_list_item_get_position(item) + 1;
    GtkWidget *row = gtk_list_item_get_child(item), *number = gtk_widget_get_first_child(row);
    GtkWidget *text = gtk_widget_get_next_sibling(number), *mark = gtk_widget_get_next_sibling(text);
    const gboolean is_special = lg_token_is_special(token);
    g_autofree char *shown = visible_text(lg_token_get_text(token)), *at = lg_number(place);
    g_autofree char *id = g_strdup_printf("%d", lg_token_get_id(token));
    /* Translators: one token, for screen readers: its place, its text, its number in the vocabulary */
    g_autofree char *name =
        g_strdup_printf(is_special ? _("Token %s: %s, number %s, special") : _("Token %s: %s, number %s"), at,
                        lg_token_get_text(token), id);
    gtk_label_set_text(GTK_LABEL(number), at);
    gtk_label_set_text(GTK_LABEL(text), shown);
    gtk_label_set_text(GTK_LABEL(gtk_widget_get_last_child(row)), id);
    gtk_widget_set_visible(mark, is_special);
    /* The list has the keyboard in a widget of its own around the row. */
    gtk_accessible_update_property(GTK_ACCESSIBLE(gtk_widget_get_parent(row)), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}

static void show_problem(LgInspector *self, const GError *error)
{
    adw_status_page_set_description(self->problem, error->message);
    gtk_stack_set_visible_child_name(self->stack, "problem");
}

static void show_tokens(LgInspector *self)
{
    guint n_special = 0;
    for (guint i = 0; i < n_tokens(self); i++) {
        g_autoptr(LgToken) token = g_list_model_get_item(self->tokens, i);
        n_special += (guint)lg_token_is_special(token);
    }
    g_autofree char *all = lg_tokens(n_tokens(self)), *special = lg_number(n_special);
    /* Translators: the first %s is a number of tokens, with the word; the second one a number alone */
    g_autofree char *text =
        g_strdup_printf(self->has_draft ? _("%s are sent, %s of them special")
                                        : _("%s so far, %s of them special, which the next message follows"),
                        all, special);
    gtk_label_set_text(self->summary, text);
    gtk_list_view_set_model(self->view, GTK_SELECTION_MODEL(gtk_no_selection_new(g_object_ref(self->tokens))));
    gtk_widget_set_sensitive(self->copy_text, TRUE);
    gtk_widget_set_sensitive(self->copy_ids, TRUE);
    gtk_stack_set_visible_child_name(self->stack, "tokens");
}

/* --- What they are of -----------------------------------------------------------------------------------------------
 */

static void add_count(LgInspector *self, const char *name, const char *beginning, const char *count)
{
    GtkWidget *row = adw_action_row_new(), *label = gtk_label_new(count);
    g_autofree char *spoken = g_strdup_printf("%s: %s", name, count);
    adw_preferences_row_set_use_markup(ADW_PREFERENCES_ROW(row), FALSE);
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), name);
    adw_action_row_set_title_lines(ADW_ACTION_ROW(row), 1);
    adw_action_row_set_subtitle_lines(ADW_ACTION_ROW(row), 1);
    if (beginning) {
        g_autofree char *escaped = g_markup_escape_text(beginning, -1);
        adw_action_row_set_subtitle(ADW_ACTION_ROW(row), escaped);
    }
    gtk_widget_add_css_class(label, "numeric");
    adw_action_row_add_suffix(ADW_ACTION_ROW(row), label);
    gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
    gtk_list_box_append(GTK_LIST_BOX(self->count_list), row);
}

static const char *role_for_people(const char *role)
{
    static const char *const names[][2] = {{"system", N_("System prompt")},
                                           {"user", N_("Your message")},
                                           {"assistant", N_("Answer")},
                                           {"tool", N_("Use of a tool")}};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_strcmp0(role, names[i][0]) == 0)
            return _(names[i][1]);
    return role ? role : "";
}

/* The beginning of what a message says, on one line. */
static char *beginning_of(JsonObject *message)
{
    JsonNode *content = json_object_get_member(message, "content");
    if (!content || !JSON_NODE_HOLDS_VALUE(content) || json_node_get_value_type(content) != G_TYPE_STRING)
        return g_strdup("");
    char *text = g_utf8_substring(json_node_get_string(content), 0,
                                  MIN(BEGINNING, g_utf8_strlen(json_node_get_string(content), -1)));
    return g_strdelimit(text, "\r\n\t", ' ');
}

static void show_counts(LgInspector *self, const LgLedger *ledger)
{
    g_autoptr(JsonNode) root = json_from_string(self->request, NULL);
    JsonArray *messages = root ? json_object_get_array_member(json_node_get_object(root), "messages") : NULL;
    guint64 n_said = 0;
    for (guint i = 0; messages && i < json_array_get_length(messages) && i < ledger->entries->len; i++) {
        const LgLedgerEntry *entry = &g_array_index(ledger->entries, LgLedgerEntry, i);
        JsonObject *message = json_array_get_object_element(messages, i);
        g_autofree char *beginning = beginning_of(message), *count = lg_tokens(entry->n_tokens);
        n_said += entry->kept ? entry->n_tokens : 0;
        add_count(self, role_for_people(json_object_get_string_member_with_default(message, "role", NULL)), beginning,
                  entry->kept ? count : _("left out"));
    }
    /* Which counts a text by itself: together with what stands around it, it may be some less. */
    g_autofree char *rest = lg_tokens(n_tokens(self) > n_said ? n_tokens(self) - n_said : 0);
    add_count(self, _("What the template adds"), _("Marks, the names of roles, tools"), rest);
    gtk_widget_set_visible(self->counts, TRUE);
}

static void on_measured(GObject *engine, GAsyncResult *result, gpointer data)
{
    g_autoptr(LgInspector) self = data;
    g_autoptr(LgLedger) ledger = lg_engine_measure_finish(LG_ENGINE(engine), result, NULL);
    if (ledger && !g_cancellable_is_cancelled(self->cancellable))
        show_counts(self, ledger);
}

struct question {
    LgInspector *self;
    char *model;
    guint64 n_positions, max_tokens;
};

static void on_previewed(GObject *engine, GAsyncResult *result, gpointer data)
{
    struct question *question = data;
    LgInspector *self = question->self;
    g_autoptr(GError) error = NULL;
    GListModel *tokens = lg_engine_preview_finish(LG_ENGINE(engine), result, &error);
    if (g_cancellable_is_cancelled(self->cancellable)) {
        g_clear_object(&tokens);
    } else if (!tokens) {
        show_problem(self, error);
    } else {
        self->tokens = tokens;
        show_tokens(self);
        lg_engine_measure_async(LG_ENGINE(engine), question->model, question->n_positions, self->request,
                                question->max_tokens, self->cancellable, on_measured, g_object_ref(self));
    }
    g_object_unref(self);
    g_free(question->model);
    g_free(question);
}

/* --- The window -----------------------------------------------------------------------------------------------------
 */

static LgInspector *new_inspector(const char *model, const char *request)
{
    LgInspector *self = g_object_new(LG_TYPE_INSPECTOR, NULL);
    g_autofree char *title = lg_model_title(model);
    GtkWidget *header = gtk_widget_get_first_child(adw_window_get_content(ADW_WINDOW(self)));
    adw_header_bar_set_title_widget(ADW_HEADER_BAR(header), adw_window_title_new(_("Exact tokens"), title));
    self->request = g_strdup(request);
    return self;
}

GtkWidget *lg_inspector_new(LgEngine *engine, const LgInspected *inspected)
{
    LgInspector *self = new_inspector(inspected->model, inspected->request);
    struct question *question = g_new0(struct question, 1);
    *question = (struct question){g_object_ref(self), g_strdup(inspected->model), inspected->n_positions,
                                  inspected->max_tokens};
    self->has_draft = inspected->has_draft;
    lg_engine_preview_async(engine, inspected->model, inspected->n_positions, inspected->request, inspected->max_tokens,
                            inspected->drop_oldest, self->cancellable, on_previewed, question);
    return GTK_WIDGET(self);
}

GtkWidget *lg_inspector_new_remote(const char *model, const char *body)
{
    g_autoptr(JsonNode) root = json_from_string(body, NULL);
    g_autofree char *pretty = root ? json_to_string(root, TRUE) : g_strdup(body);
    LgInspector *self = new_inspector(model, pretty);
    GtkWidget *view = gtk_text_view_new();
    self->is_remote = TRUE;
    gtk_label_set_text(self->summary,
                       _("The server makes its own tokens of this request, which is sent as it stands."));
    gtk_text_buffer_set_text(gtk_text_view_get_buffer(GTK_TEXT_VIEW(view)), pretty, -1);
    gtk_text_view_set_editable(GTK_TEXT_VIEW(view), FALSE);
    gtk_text_view_set_monospace(GTK_TEXT_VIEW(view), TRUE);
    gtk_text_view_set_wrap_mode(GTK_TEXT_VIEW(view), GTK_WRAP_WORD_CHAR);
    gtk_text_view_set_left_margin(GTK_TEXT_VIEW(view), 12);
    gtk_accessible_update_property(GTK_ACCESSIBLE(view), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Request"), -1);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(gtk_stack_get_child_by_name(self->stack, "tokens")), view);
    gtk_stack_set_visible_child_name(self->stack, "tokens");
    gtk_widget_set_sensitive(self->copy_text, TRUE);
    gtk_widget_set_visible(self->copy_ids, FALSE);
    return GTK_WIDGET(self);
}

static void lg_inspector_dispose(GObject *object)
{
    g_cancellable_cancel(LG_INSPECTOR(object)->cancellable);
    G_OBJECT_CLASS(lg_inspector_parent_class)->dispose(object);
}

static void lg_inspector_finalize(GObject *object)
{
    LgInspector *self = LG_INSPECTOR(object);
    g_clear_object(&self->tokens);
    g_clear_object(&self->cancellable);
    g_free(self->request);
    G_OBJECT_CLASS(lg_inspector_parent_class)->finalize(object);
}

static void lg_inspector_class_init(LgInspectorClass *class)
{
    G_OBJECT_CLASS(class)->dispose = lg_inspector_dispose;
    G_OBJECT_CLASS(class)->finalize = lg_inspector_finalize;
    gtk_widget_class_add_binding_action(GTK_WIDGET_CLASS(class), GDK_KEY_Escape, 0, "window.close", NULL);
}

static GtkWidget *new_copy_button(LgInspector *self, const char *label, GCallback copy)
{
    GtkWidget *button = gtk_button_new_with_label(label);
    gtk_widget_set_sensitive(button, FALSE);
    g_signal_connect_object(button, "clicked", copy, self, G_CONNECT_SWAPPED);
    return button;
}

static GtkWidget *new_counts(LgInspector *self)
{
    GtkWidget *scroller = gtk_scrolled_window_new();
    self->count_list = gtk_list_box_new();
    gtk_widget_add_css_class(self->count_list, "boxed-list");
    gtk_list_box_set_selection_mode(GTK_LIST_BOX(self->count_list), GTK_SELECTION_NONE);
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->count_list), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   _("Tokens of each message"), -1);
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroller), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_propagate_natural_height(GTK_SCROLLED_WINDOW(scroller), TRUE);
    gtk_scrolled_window_set_max_content_height(GTK_SCROLLED_WINDOW(scroller), 200);
    gtk_accessible_update_property(GTK_ACCESSIBLE(scroller), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Tokens of each message"),
                                   -1);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroller), self->count_list);
    self->counts = gtk_expander_new(_("Tokens of each message"));
    gtk_expander_set_child(GTK_EXPANDER(self->counts), scroller);
    gtk_widget_set_visible(self->counts, FALSE);
    return self->counts;
}

static GtkWidget *new_list(LgInspector *self)
{
    GtkListItemFactory *factory = gtk_signal_list_item_factory_new();
    GtkWidget *scroller = gtk_scrolled_window_new();
    g_signal_connect(factory, "setup", G_CALLBACK(on_setup), NULL);
    g_signal_connect(factory, "bind", G_CALLBACK(on_bind), NULL);
    self->view = GTK_LIST_VIEW(gtk_list_view_new(NULL, factory));
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->view), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Tokens"), -1);
    gtk_accessible_update_property(GTK_ACCESSIBLE(scroller), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Tokens"), -1);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroller), GTK_WIDGET(self->view));
    return scroller;
}

static void fill_stack(LgInspector *self)
{
    GtkWidget *spinner = gtk_spinner_new();
    self->stack = GTK_STACK(gtk_stack_new());
    self->problem = ADW_STATUS_PAGE(adw_status_page_new());
    adw_status_page_set_icon_name(self->problem, "dialog-information-symbolic");
    adw_status_page_set_title(self->problem, _("There are no tokens"));
    gtk_spinner_start(GTK_SPINNER(spinner));
    gtk_widget_set_vexpand(GTK_WIDGET(self->stack), TRUE);
    gtk_stack_add_named(self->stack, spinner, "waiting");
    gtk_stack_add_named(self->stack, new_list(self), "tokens");
    gtk_stack_add_named(self->stack, GTK_WIDGET(self->problem), "problem");
}

static void lg_inspector_init(LgInspector *self)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0), *top = gtk_box_new(GTK_ORIENTATION_VERTICAL, 9);
    GtkWidget *buttons = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 9);
    self->cancellable = g_cancellable_new();
    self->summary = GTK_LABEL(gtk_label_new(NULL));
    gtk_label_set_wrap(self->summary, TRUE);
    gtk_label_set_xalign(self->summary, 0);
    self->copy_text = new_copy_button(self, _("Copy the text"), G_CALLBACK(copy_text));
    self->copy_ids = new_copy_button(self, _("Copy the numbers"), G_CALLBACK(copy_ids));
    gtk_box_append(GTK_BOX(buttons), self->copy_text);
    gtk_box_append(GTK_BOX(buttons), self->copy_ids);
    gtk_widget_add_css_class(top, "lg-inspector");
    gtk_box_append(GTK_BOX(top), GTK_WIDGET(self->summary));
    gtk_box_append(GTK_BOX(top), buttons);
    gtk_box_append(GTK_BOX(top), new_counts(self));
    fill_stack(self);
    gtk_box_append(GTK_BOX(box), adw_header_bar_new());
    gtk_box_append(GTK_BOX(box), top);
    gtk_box_append(GTK_BOX(box), GTK_WIDGET(self->stack));
    adw_window_set_content(ADW_WINDOW(self), box);
    gtk_window_set_title(GTK_WINDOW(self), _("Exact tokens"));
    gtk_window_set_default_size(GTK_WINDOW(self), 520, 600);
    gtk_widget_set_size_request(GTK_WIDGET(self), 340, -1);
}
