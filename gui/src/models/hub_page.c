/* SPDX-License-Identifier: MIT
 * Finding models. What is shown comes line by line from the helper, so that a slow hub is seen to work.
 */
#include <glib/gi18n.h>
#include <string.h>

#include "json.h"
#include "models/facts.h"
#include "models/helper.h"
#include "models/hub_page.h"

struct _LgHubPage {
    AdwBin parent_instance;
    GtkSearchEntry *entry;
    GtkDropDown *hub;
    GtkStack *stack;
    AdwStatusPage *failure;
    GtkLabel *heading;
    GtkSpinner *spinner;
    GtkListBox *list;
    LgNetwork *network;
    LgLibrary *library; /* NULL: nothing is known of speeds here */
    LgHelper *helper;
    char *source; /* the repository that is shown; NULL: a search */
    char *words;  /* of the last search */
    guint n_found;
};

G_DEFINE_TYPE(LgHubPage, lg_hub_page, ADW_TYPE_BIN)

enum { CHOSEN, CLOSED, N_SIGNALS };
static guint signals[N_SIGNALS];

char *lg_hub_source_of(const char *text, gboolean is_modelscope)
{
    static const struct {
        const char *before, *hub;
    } pages[] = {{"hf:", "hf"},
                 {"ms:", "ms"},
                 {"https://huggingface.co/", "hf"},
                 {"https://hf-mirror.com/", "hf"},
                 {"https://www.modelscope.cn/models/", "ms"},
                 {"https://modelscope.cn/models/", "ms"}};
    const char *hub = is_modelscope ? "ms" : "hf";
    g_autofree char *copy = g_strstrip(g_strdup(text));
    const char *rest = copy;
    for (guint i = 0; i < G_N_ELEMENTS(pages); i++)
        if (g_str_has_prefix(copy, pages[i].before)) {
            rest = copy + strlen(pages[i].before);
            hub = pages[i].hub;
        }
    g_autoptr(GRegex) repository = g_regex_new("^([\\w.-]+/[\\w.-]+)([/?#@:].*)?$", 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    if (!g_regex_match(repository, rest, 0, &match))
        return NULL;
    g_autofree char *name = g_match_info_fetch(match, 1);
    return g_strdup_printf("%s:%s", hub, name);
}

/* --- What the helper says --------------------------------------------------------------------------------------------
 */

static void clear_list(LgHubPage *self)
{
    GtkWidget *row;
    while ((row = gtk_widget_get_first_child(GTK_WIDGET(self->list))))
        gtk_list_box_remove(self->list, row);
    gtk_widget_set_visible(GTK_WIDGET(self->list), FALSE);
    self->n_found = 0;
}

static GtkWidget *new_row(const char *title, const char *subtitle)
{
    GtkWidget *row = adw_action_row_new();
    g_autofree char *escaped = g_markup_escape_text(title, -1), *below = g_markup_escape_text(subtitle, -1);
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), escaped);
    adw_action_row_set_subtitle(ADW_ACTION_ROW(row), below);
    gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
    adw_action_row_set_title_lines(ADW_ACTION_ROW(row), 3);
    adw_action_row_set_subtitle_lines(ADW_ACTION_ROW(row), 0);
    gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(row), TRUE);
    return row;
}

static void add_repository(LgHubPage *self, JsonNode *event)
{
    g_autofree char *id = lg_json_dup_text(event, "id");
    const gint64 n = lg_json_number(lg_json_member(event, "downloads"), 0);
    g_autofree char *count = g_strdup_printf("%'" G_GINT64_FORMAT, n);
    g_autofree char *below = g_strdup_printf(g_dngettext(NULL, "%s download", "%s downloads", (gulong)n), count);
    GtkWidget *row = new_row(id, below), *arrow = gtk_image_new_from_icon_name("go-next-symbolic");
    if (lg_json_truth(lg_json_member(event, "gated"))) {
        GtkWidget *lock = gtk_image_new_from_icon_name("changes-prevent-symbolic");
        gtk_widget_set_tooltip_text(lock, _("Needs an account that has accepted its conditions"));
        adw_action_row_add_suffix(ADW_ACTION_ROW(row), lock);
    }
    adw_action_row_add_suffix(ADW_ACTION_ROW(row), arrow);
    g_object_set_data_full(G_OBJECT(row), "repository", lg_json_dup_text(event, "source"), g_free);
    gtk_list_box_append(self->list, row);
}

static void on_download(GtkButton *button, gpointer page)
{
    GtkWidget *row = gtk_widget_get_ancestor(GTK_WIDGET(button), ADW_TYPE_ACTION_ROW);
    g_signal_emit(page, signals[CHOSEN], 0, g_object_get_data(G_OBJECT(row), "source"),
                  g_object_get_data(G_OBJECT(row), "name"));
    gtk_widget_set_sensitive(GTK_WIDGET(button), FALSE);
}

static gboolean is_kind(JsonNode *event, const char *kind)
{
    return g_strcmp0(lg_json_text(lg_json_member(event, "kind")), kind) == 0;
}

/* A file of a split model stands for all of them. */
static char *source_of_model(LgHubPage *self, JsonNode *event)
{
    const char *file = lg_json_text(lg_json_element(lg_json_member(event, "files"), 0));
    return g_strdup_printf("%s:%s", self->source, is_kind(event, "folder") ? "safetensors" : file ? file : "");
}

static void mark(GtkWidget *row, const LgFacts *facts)
{
    GtkWidget *image = gtk_image_new_from_icon_name(!facts->is_sized ? "dialog-question-symbolic"
                                                    : facts->fits    ? "emblem-ok-symbolic"
                                                                     : "dialog-warning-symbolic");
    const char *meaning = !facts->is_sized ? _("Not known whether it fits")
                          : facts->fits    ? _("Fits on this machine")
                                           : _("Does not fit on this machine");
    gtk_widget_set_tooltip_text(image, meaning);
    gtk_accessible_update_property(GTK_ACCESSIBLE(image), GTK_ACCESSIBLE_PROPERTY_LABEL, meaning, -1);
    if (facts->is_sized)
        gtk_widget_add_css_class(image, facts->fits ? "success" : "warning");
    adw_action_row_add_prefix(ADW_ACTION_ROW(row), image);
}

static void add_model(LgHubPage *self, JsonNode *event)
{
    g_autofree char *name = lg_json_dup_text(event, "name");
    if (is_kind(event, "aside"))
        return;
    g_autoptr(LgFacts) facts = lg_facts_of_event(event);
    facts->factor = self->library ? lg_library_get_factor(self->library, facts->speed) : 0;
    g_autofree char *what = lg_facts_describe(facts), *does = lg_facts_predict(facts);
    g_autofree char *below = g_strdup_printf("%s\n%s", what, does);
    g_autofree char *label = g_strdup_printf(_("Download %s"), name);
    GtkWidget *row = new_row(name, below), *button = gtk_button_new_from_icon_name("folder-download-symbolic");
    mark(row, facts);
    gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
    gtk_widget_add_css_class(button, "flat");
    gtk_widget_set_tooltip_text(button, label);
    gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
    g_signal_connect(button, "clicked", G_CALLBACK(on_download), self);
    adw_action_row_add_suffix(ADW_ACTION_ROW(row), button);
    adw_action_row_set_activatable_widget(ADW_ACTION_ROW(row), button);
    g_object_set_data_full(G_OBJECT(row), "source", source_of_model(self, event), g_free);
    g_object_set_data_full(G_OBJECT(row), "name", g_strdup(name), g_free);
    gint64 *bytes = g_new(gint64, 1);
    *bytes = (gint64)facts->n_bytes;
    g_object_set_data_full(G_OBJECT(row), "bytes", bytes, g_free);
    int at = 0; /* the smallest first */
    GtkListBoxRow *other;
    while ((other = gtk_list_box_get_row_at_index(self->list, at)) &&
           *(gint64 *)g_object_get_data(G_OBJECT(other), "bytes") <= *bytes)
        at++;
    gtk_list_box_insert(self->list, row, at);
}

static void on_event(LgHubPage *self, const char *name, JsonNode *event)
{
    if (strcmp(name, "repository") == 0 && !self->source)
        add_repository(self, event);
    else if (strcmp(name, "model") == 0 && self->source)
        add_model(self, event);
    else
        return;
    self->n_found++;
    gtk_widget_set_visible(GTK_WIDGET(self->list), TRUE);
}

static void fail(LgHubPage *self, const char *message)
{
    g_autofree char *escaped = g_markup_escape_text(message, -1);
    adw_status_page_set_description(self->failure, escaped);
    gtk_stack_set_visible_child_name(self->stack, "failed");
}

static void on_ended(LgHubPage *self, gboolean well, const char *code, const char *message)
{
    gtk_spinner_stop(self->spinner);
    g_clear_object(&self->helper);
    if (!well && strcmp(code, "stopped") != 0)
        fail(self, message);
    else if (self->n_found == 0 && well)
        gtk_label_set_text(self->heading, self->source
                                              ? _("There is no model in this repository that can be used here.")
                                              : _("Nothing was found. Fewer or other words may help."));
    else if (!self->source)
        gtk_label_set_text(self->heading, _("Repositories"));
}

/* --- What is asked
 * ---------------------------------------------------------------------------------------------------- */

static void forget_helper(LgHubPage *self)
{
    if (!self->helper)
        return;
    g_signal_handlers_disconnect_by_data(self->helper, self);
    lg_helper_stop(self->helper);
    g_clear_object(&self->helper);
    gtk_spinner_stop(self->spinner);
}

static void ask(LgHubPage *self, const char *purpose, const char *const *arguments, const char *heading)
{
    g_autoptr(GError) error = NULL;
    forget_helper(self);
    clear_list(self);
    gtk_label_set_text(self->heading, heading);
    gtk_stack_set_visible_child_name(self->stack, "list");
    self->helper = lg_helper_start(self->network, purpose, arguments, &error);
    if (!self->helper) {
        fail(self, error->message);
        return;
    }
    gtk_spinner_start(self->spinner);
    g_signal_connect_object(self->helper, "event", G_CALLBACK(on_event), self, G_CONNECT_SWAPPED);
    g_signal_connect_object(self->helper, "ended", G_CALLBACK(on_ended), self, G_CONNECT_SWAPPED);
}

static gboolean is_modelscope(LgHubPage *self) { return gtk_drop_down_get_selected(self->hub) == 1; }

static void open_repository(LgHubPage *self, const char *source)
{
    char *copy = g_strdup(source);
    const char *arguments[] = {"--list", copy, "--lang", lg_facts_language(), NULL};
    g_free(self->source);
    self->source = copy;
    ask(self, "list", arguments, strchr(source, ':') + 1);
}

static void search(LgHubPage *self)
{
    const char *arguments[] = {"--search", self->words, "--hub", is_modelscope(self) ? "ms" : "hf", NULL};
    g_clear_pointer(&self->source, g_free);
    ask(self, "search", arguments, _("Searching …"));
}

static void on_search(LgHubPage *self)
{
    const char *text = gtk_editable_get_text(GTK_EDITABLE(self->entry));
    g_autofree char *source = lg_hub_source_of(text, is_modelscope(self));
    if (source) {
        g_clear_pointer(&self->words, g_free);
        open_repository(self, source);
    } else if (*text) {
        g_free(self->words);
        self->words = g_strdup(text);
        search(self);
    }
}

static void on_hub_changed(LgHubPage *self)
{
    if (self->words && !self->source)
        on_search(self);
}

static void on_again(LgHubPage *self)
{
    if (self->source) {
        g_autofree char *source = g_strdup(self->source);
        open_repository(self, source);
    } else {
        on_search(self);
    }
}

static void on_row(LgHubPage *self, GtkListBoxRow *row)
{
    const char *source = g_object_get_data(G_OBJECT(row), "repository");
    if (source)
        open_repository(self, source);
}

static void on_back(LgHubPage *self)
{
    if (self->source && self->words) {
        search(self);
        return;
    }
    forget_helper(self);
    g_clear_pointer(&self->source, g_free);
    gtk_stack_set_visible_child_name(self->stack, "start");
    g_signal_emit(self, signals[CLOSED], 0);
}

void lg_hub_page_set_network(LgHubPage *self, LgNetwork *network) { g_set_object(&self->network, network); }

void lg_hub_page_set_library(LgHubPage *self, LgLibrary *library) { g_set_object(&self->library, library); }

void lg_hub_page_begin(LgHubPage *self) { gtk_widget_grab_focus(GTK_WIDGET(self->entry)); }

static void lg_hub_page_dispose(GObject *object)
{
    LgHubPage *self = LG_HUB_PAGE(object);
    if (self->helper) {
        g_signal_handlers_disconnect_by_data(self->helper, self);
        lg_helper_stop(self->helper);
        g_clear_object(&self->helper);
    }
    g_clear_object(&self->network);
    g_clear_object(&self->library);
    G_OBJECT_CLASS(lg_hub_page_parent_class)->dispose(object);
}

static void lg_hub_page_finalize(GObject *object)
{
    LgHubPage *self = LG_HUB_PAGE(object);
    g_free(self->source);
    g_free(self->words);
    G_OBJECT_CLASS(lg_hub_page_parent_class)->finalize(object);
}

static void lg_hub_page_class_init(LgHubPageClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = lg_hub_page_dispose;
    G_OBJECT_CLASS(class)->finalize = lg_hub_page_finalize;
    signals[CHOSEN] = g_signal_new("chosen", LG_TYPE_HUB_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                                   G_TYPE_STRING, G_TYPE_STRING);
    signals[CLOSED] = g_signal_new("closed", LG_TYPE_HUB_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
    gtk_widget_class_set_template_from_resource(widget_class, "/io/github/libllm/Desktop/models/hub_page.ui");
    gtk_widget_class_bind_template_child(widget_class, LgHubPage, entry);
    gtk_widget_class_bind_template_child(widget_class, LgHubPage, hub);
    gtk_widget_class_bind_template_child(widget_class, LgHubPage, stack);
    gtk_widget_class_bind_template_child(widget_class, LgHubPage, failure);
    gtk_widget_class_bind_template_child(widget_class, LgHubPage, heading);
    gtk_widget_class_bind_template_child(widget_class, LgHubPage, spinner);
    gtk_widget_class_bind_template_child(widget_class, LgHubPage, list);
    gtk_widget_class_bind_template_callback(widget_class, on_back);
    gtk_widget_class_bind_template_callback(widget_class, on_search);
    gtk_widget_class_bind_template_callback(widget_class, on_hub_changed);
    gtk_widget_class_bind_template_callback(widget_class, on_again);
    gtk_widget_class_bind_template_callback(widget_class, on_row);
    gtk_widget_class_add_binding_signal(widget_class, GDK_KEY_Left, GDK_ALT_MASK, "closed", NULL);
}

static void lg_hub_page_init(LgHubPage *self)
{
    gtk_widget_init_template(GTK_WIDGET(self));
    self->network = g_object_ref(lg_network_get_default());
}
