/* SPDX-License-Identifier: MIT
 * The chats at the side. Folders and the chats outside of them are one list whose folders open; a search has another.
 */
#include <adwaita.h>
#include <glib/gi18n.h>

#include "chat/history.h"
#include "chat/history_actions.h"
#include "store/lists.h"

#define SEARCH_MS 120
#define MAX_HITS 200

struct _LgHistory {
    GtkBox parent_instance;
    GtkSearchEntry *search;
    GtkStack *stack;
    GtkListView *view, *hits;
    LgStore *store;
    LgChatList *chats;
    LgNameList *folders;
    GtkTreeListModel *tree;
    GtkSingleSelection *selection;
    GListStore *found;
    gint64 shown; /* the chat that is marked */
    guint search_timeout;
    GCancellable *searching;
};

G_DEFINE_TYPE(LgHistory, lg_history, GTK_TYPE_BOX)

static guint chosen_signal;

static const char *title_of(const LgChat *chat) { return chat->title[0] ? chat->title : _("New chat"); }

static void choose(LgHistory *self, gint64 chat_id, gint64 message_id)
{
    g_signal_emit(self, chosen_signal, 0, chat_id, message_id);
}

/* --- Rows -----------------------------------------------------------------------------------------------------------
 */

static void append_action(GMenu *menu, const char *label, const char *action, gint64 id)
{
    g_autoptr(GMenuItem) item = g_menu_item_new(label, NULL);
    g_menu_item_set_action_and_target(item, action, "x", id);
    g_menu_append_item(menu, item);
}

static GMenuModel *folder_menu(LgHistory *self, const LgChat *chat)
{
    GMenu *menu = g_menu_new();
    guint n = g_list_model_get_n_items(G_LIST_MODEL(self->folders));
    for (guint i = 0; i < n; i++) {
        g_autoptr(LgFolder) folder = g_list_model_get_item(G_LIST_MODEL(self->folders), i);
        g_autoptr(GMenuItem) item = g_menu_item_new(folder->name, NULL);
        g_menu_item_set_action_and_target(item, "history.move", "(xx)", chat->id, folder->id);
        if (folder->id != chat->folder_id)
            g_menu_append_item(menu, item);
    }
    if (chat->folder_id) {
        g_autoptr(GMenuItem) item = g_menu_item_new(_("No folder"), NULL);
        g_menu_item_set_action_and_target(item, "history.move", "(xx)", chat->id, (gint64)0);
        g_menu_append_item(menu, item);
    }
    return G_MENU_MODEL(menu);
}

static GMenuModel *menu_of(LgHistory *self, GObject *item)
{
    GMenu *menu = g_menu_new();
    if (LG_IS_FOLDER(item)) {
        const LgFolder *folder = LG_FOLDER(item);
        append_action(menu, _("_Rename…"), "history.rename-folder", folder->id);
        append_action(menu, _("_Delete"), "history.delete-folder", folder->id);
        return G_MENU_MODEL(menu);
    }
    const LgChat *chat = LG_CHAT(item);
    g_autoptr(GMenuModel) folders = folder_menu(self, chat);
    append_action(menu, _("_Rename…"), "history.rename", chat->id);
    append_action(menu, chat->pinned ? _("Un_pin") : _("_Pin"), chat->pinned ? "history.unpin" : "history.pin",
                  chat->id);
    if (g_menu_model_get_n_items(folders))
        g_menu_append_submenu(menu, _("_Move to"), folders);
    append_action(menu, _("_Delete"), "history.delete", chat->id);
    return G_MENU_MODEL(menu);
}

/* The menu is made when it is opened, so that it knows the folders of then. */
static void fill_menu(GtkMenuButton *button, gpointer data)
{
    LgHistory *self = LG_HISTORY(gtk_widget_get_ancestor(GTK_WIDGET(button), LG_TYPE_HISTORY));
    GObject *item = g_object_get_data(G_OBJECT(button), "item");
    if (!self || !item)
        return;
    g_autoptr(GMenuModel) menu = menu_of(self, item);
    gtk_menu_button_set_menu_model(button, menu);
}

static void set_up_row(GtkListItemFactory *factory, GtkListItem *list_item, LgHistory *self)
{
    GtkWidget *expander = gtk_tree_expander_new(), *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
    GtkWidget *icon = gtk_image_new(), *label = gtk_label_new(NULL), *button = gtk_menu_button_new();
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_END);
    gtk_widget_set_hexpand(label, TRUE);
    gtk_menu_button_set_icon_name(GTK_MENU_BUTTON(button), "view-more-symbolic");
    gtk_menu_button_set_create_popup_func(GTK_MENU_BUTTON(button), fill_menu, NULL, NULL);
    gtk_widget_add_css_class(button, "flat");
    gtk_widget_add_css_class(button, "lg-small");
    gtk_widget_set_tooltip_text(button, _("More"));
    gtk_box_append(GTK_BOX(box), icon);
    gtk_box_append(GTK_BOX(box), label);
    gtk_box_append(GTK_BOX(box), button);
    gtk_tree_expander_set_child(GTK_TREE_EXPANDER(expander), box);
    gtk_list_item_set_child(list_item, expander);
}

static void show_title(GObject *item, GParamSpec *property, GtkWidget *expander)
{
    GtkWidget *icon = gtk_widget_get_first_child(gtk_tree_expander_get_child(GTK_TREE_EXPANDER(expander)));
    GtkWidget *label = gtk_widget_get_next_sibling(icon), *button = gtk_widget_get_next_sibling(label);
    gboolean is_folder = LG_IS_FOLDER(item);
    const char *title = is_folder ? LG_FOLDER(item)->name : title_of(LG_CHAT(item));
    g_autofree char *more = g_strdup_printf(_("More about “%s”"), title);
    gtk_label_set_text(GTK_LABEL(label), title);
    gtk_widget_set_tooltip_text(label, title);
    gtk_image_set_from_icon_name(GTK_IMAGE(icon), is_folder ? "folder-symbolic" : "view-pin-symbolic");
    gtk_widget_set_visible(icon, is_folder || LG_CHAT(item)->pinned);
    gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, more, -1);
    gtk_accessible_update_property(GTK_ACCESSIBLE(expander), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
    GtkWidget *row = gtk_widget_get_parent(expander);
    if (row)
        gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
}

static void bind_row(GtkListItemFactory *factory, GtkListItem *list_item, LgHistory *self)
{
    GtkTreeListRow *row = gtk_list_item_get_item(list_item);
    GtkWidget *expander = gtk_list_item_get_child(list_item);
    GtkWidget *button = gtk_widget_get_last_child(gtk_tree_expander_get_child(GTK_TREE_EXPANDER(expander)));
    g_autoptr(GObject) item = gtk_tree_list_row_get_item(row);
    gtk_tree_expander_set_list_row(GTK_TREE_EXPANDER(expander), row);
    g_object_set_data_full(G_OBJECT(button), "item", g_object_ref(item), g_object_unref);
    show_title(item, NULL, expander);
    gulong handler = g_signal_connect(item, "notify", G_CALLBACK(show_title), expander);
    g_object_set_data(G_OBJECT(list_item), "handler", GSIZE_TO_POINTER(handler));
}

static void unbind_row(GtkListItemFactory *factory, GtkListItem *list_item, LgHistory *self)
{
    GtkWidget *expander = gtk_list_item_get_child(list_item);
    GtkWidget *button = gtk_widget_get_last_child(gtk_tree_expander_get_child(GTK_TREE_EXPANDER(expander)));
    GObject *item = g_object_get_data(G_OBJECT(button), "item");
    if (item)
        g_signal_handler_disconnect(item, GPOINTER_TO_SIZE(g_object_get_data(G_OBJECT(list_item), "handler")));
    g_object_set_data(G_OBJECT(button), "item", NULL);
    gtk_tree_expander_set_list_row(GTK_TREE_EXPANDER(expander), NULL);
}

static void on_activated(LgHistory *self, guint position)
{
    g_autoptr(GtkTreeListRow) row = g_list_model_get_item(G_LIST_MODEL(self->selection), position);
    g_autoptr(GObject) item = row ? gtk_tree_list_row_get_item(row) : NULL;
    if (LG_IS_FOLDER(item))
        gtk_tree_list_row_set_expanded(row, !gtk_tree_list_row_get_expanded(row));
    else if (item)
        choose(self, LG_CHAT(item)->id, 0);
}

/* --- The tree -------------------------------------------------------------------------------------------------------
 */

static gboolean is_in_folder(gpointer chat, gpointer folder_id)
{
    return LG_CHAT(chat)->folder_id == *(gint64 *)folder_id;
}

static GListModel *chats_in(LgHistory *self, gint64 folder_id)
{
    GtkFilter *filter =
        GTK_FILTER(gtk_custom_filter_new(is_in_folder, g_memdup2(&folder_id, sizeof folder_id), g_free));
    return G_LIST_MODEL(gtk_filter_list_model_new(G_LIST_MODEL(g_object_ref(self->chats)), filter));
}

static GListModel *children_of(gpointer item, gpointer data)
{
    return LG_IS_FOLDER(item) ? chats_in(data, LG_FOLDER(item)->id) : NULL;
}

static void mark(LgHistory *self)
{
    guint n = g_list_model_get_n_items(G_LIST_MODEL(self->selection)), found = GTK_INVALID_LIST_POSITION;
    for (guint i = 0; i < n && self->shown && found == GTK_INVALID_LIST_POSITION; i++) {
        g_autoptr(GtkTreeListRow) row = g_list_model_get_item(G_LIST_MODEL(self->selection), i);
        g_autoptr(GObject) item = gtk_tree_list_row_get_item(row);
        if (LG_IS_CHAT(item) && LG_CHAT(item)->id == self->shown)
            found = i;
    }
    gtk_single_selection_set_selected(self->selection, found);
}

static void show_emptiness(LgHistory *self)
{
    gboolean is_searching = gtk_editable_get_text(GTK_EDITABLE(self->search))[0] != 0;
    gboolean is_empty = !self->tree || g_list_model_get_n_items(G_LIST_MODEL(self->tree)) == 0;
    gboolean has_hits = g_list_model_get_n_items(G_LIST_MODEL(self->found)) > 0;
    gtk_stack_set_visible_child_name(self->stack,
                                     is_searching ? (has_hits ? "hits" : "nothing") : (is_empty ? "empty" : "chats"));
}

static void on_list_changed(LgHistory *self)
{
    show_emptiness(self);
    mark(self);
}

void lg_history_set_store(LgHistory *self, LgStore *store)
{
    g_set_object(&self->store, store);
    self->chats = lg_chat_list_new(store);
    self->folders = lg_folder_list_new(store);
    GListStore *parts = g_list_store_new(G_TYPE_LIST_MODEL);
    g_autoptr(GListModel) loose = chats_in(self, 0);
    g_list_store_append(parts, self->folders);
    g_list_store_append(parts, loose);
    GtkFlattenListModel *all = gtk_flatten_list_model_new(G_LIST_MODEL(parts));
    self->tree = gtk_tree_list_model_new(G_LIST_MODEL(all), FALSE, TRUE, children_of, self, NULL);
    self->selection = gtk_single_selection_new(G_LIST_MODEL(g_object_ref(self->tree)));
    gtk_single_selection_set_autoselect(self->selection, FALSE);
    gtk_single_selection_set_can_unselect(self->selection, TRUE);
    gtk_single_selection_set_selected(self->selection, GTK_INVALID_LIST_POSITION);
    g_signal_connect_object(self->tree, "items-changed", G_CALLBACK(on_list_changed), self, G_CONNECT_SWAPPED);
    gtk_list_view_set_model(self->view, GTK_SELECTION_MODEL(self->selection));
    show_emptiness(self);
}

void lg_history_select(LgHistory *self, gint64 chat_id)
{
    self->shown = chat_id;
    if (self->selection)
        mark(self);
}

/* --- Search ---------------------------------------------------------------------------------------------------------
 */

static void set_up_hit(GtkListItemFactory *factory, GtkListItem *list_item, LgHistory *self)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 2), *title = gtk_label_new(NULL),
              *text = gtk_label_new(NULL);
    gtk_widget_add_css_class(box, "lg-hit");
    gtk_label_set_xalign(GTK_LABEL(title), 0);
    gtk_label_set_ellipsize(GTK_LABEL(title), PANGO_ELLIPSIZE_END);
    gtk_label_set_xalign(GTK_LABEL(text), 0);
    gtk_label_set_ellipsize(GTK_LABEL(text), PANGO_ELLIPSIZE_END);
    gtk_label_set_lines(GTK_LABEL(text), 2);
    gtk_label_set_wrap(GTK_LABEL(text), TRUE);
    gtk_label_set_wrap_mode(GTK_LABEL(text), PANGO_WRAP_WORD_CHAR);
    gtk_widget_add_css_class(text, "caption");
    gtk_widget_add_css_class(text, "dim-label");
    gtk_box_append(GTK_BOX(box), title);
    gtk_box_append(GTK_BOX(box), text);
    gtk_list_item_set_child(list_item, box);
}

static void bind_hit(GtkListItemFactory *factory, GtkListItem *list_item, LgHistory *self)
{
    const LgSearchHit *hit = gtk_list_item_get_item(list_item);
    GtkWidget *box = gtk_list_item_get_child(list_item), *title = gtk_widget_get_first_child(box);
    g_autofree char *markup = lg_search_hit_markup(hit);
    g_autofree char *name = g_strdup_printf("%s: %s", hit->title, hit->snippet);
    gtk_label_set_text(GTK_LABEL(title), hit->title[0] ? hit->title : _("New chat"));
    gtk_label_set_markup(GTK_LABEL(gtk_widget_get_next_sibling(title)), markup);
    if (gtk_widget_get_parent(box))
        gtk_accessible_update_property(GTK_ACCESSIBLE(gtk_widget_get_parent(box)), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                       -1);
}

static void on_found(GObject *store, GAsyncResult *result, gpointer data)
{
    g_autoptr(LgHistory) self = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) hits = lg_store_array_finish(LG_STORE(store), result, &error);
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return;
    g_list_store_splice(self->found, 0, g_list_model_get_n_items(G_LIST_MODEL(self->found)), hits ? hits->pdata : NULL,
                        hits ? hits->len : 0);
    show_emptiness(self);
}

static gboolean search(gpointer data)
{
    LgHistory *self = data;
    const char *query = gtk_editable_get_text(GTK_EDITABLE(self->search));
    self->search_timeout = 0;
    g_cancellable_cancel(self->searching);
    g_set_object(&self->searching, NULL);
    if (!query[0] || !self->store) {
        g_list_store_remove_all(self->found);
        show_emptiness(self);
        return G_SOURCE_REMOVE;
    }
    self->searching = g_cancellable_new();
    lg_store_search_async(self->store, query, 0, MAX_HITS, self->searching, on_found, g_object_ref(self));
    return G_SOURCE_REMOVE;
}

static void on_search_changed(LgHistory *self)
{
    if (!self->search_timeout)
        self->search_timeout = g_timeout_add(SEARCH_MS, search, self);
}

static void on_search_stopped(LgHistory *self) { gtk_editable_set_text(GTK_EDITABLE(self->search), ""); }

static void on_hit_activated(LgHistory *self, guint position)
{
    g_autoptr(LgSearchHit) hit = g_list_model_get_item(G_LIST_MODEL(self->found), position);
    if (hit)
        choose(self, hit->chat_id, hit->message_id);
}

void lg_history_search(LgHistory *self, const char *text)
{
    if (text)
        gtk_editable_set_text(GTK_EDITABLE(self->search), text);
    gtk_widget_grab_focus(GTK_WIDGET(self->search));
}

/* --- Actions --------------------------------------------------------------------------------------------------------
 */

static void act_on_chat(GtkWidget *widget, const char *action, GVariant *parameter)
{
    LgHistory *self = LG_HISTORY(widget);
    gint64 id = g_variant_get_int64(parameter);
    LgChat *chat = lg_chat_list_find(self->chats, id);
    if (!chat)
        return;
    if (strcmp(action, "history.rename") == 0)
        lg_history_rename_chat(widget, self->store, id, chat->title);
    else if (strcmp(action, "history.delete") == 0)
        lg_history_delete_chat(widget, self->store, id);
    else
        lg_history_pin_chat(widget, self->store, id, strcmp(action, "history.pin") == 0);
}

static void act_on_folder(GtkWidget *widget, const char *action, GVariant *parameter)
{
    LgHistory *self = LG_HISTORY(widget);
    gint64 id = g_variant_get_int64(parameter);
    guint n = g_list_model_get_n_items(G_LIST_MODEL(self->folders));
    if (strcmp(action, "history.delete-folder") == 0) {
        lg_history_delete_folder(widget, self->store, id);
        return;
    }
    for (guint i = 0; i < n; i++) {
        g_autoptr(LgFolder) folder = g_list_model_get_item(G_LIST_MODEL(self->folders), i);
        if (folder->id == id)
            lg_history_rename_folder(widget, self->store, id, folder->name);
    }
}

static void move(GtkWidget *widget, const char *action, GVariant *parameter)
{
    gint64 chat_id, folder_id;
    g_variant_get(parameter, "(xx)", &chat_id, &folder_id);
    lg_history_move_chat(widget, LG_HISTORY(widget)->store, chat_id, folder_id);
}

static void add_folder(GtkWidget *widget, const char *action, GVariant *parameter)
{
    if (LG_HISTORY(widget)->store)
        lg_history_add_folder(widget, LG_HISTORY(widget)->store);
}

/* --- The widget -----------------------------------------------------------------------------------------------------
 */

static void lg_history_dispose(GObject *object)
{
    LgHistory *self = LG_HISTORY(object);
    if (self->search_timeout)
        g_source_remove(self->search_timeout);
    self->search_timeout = 0;
    g_cancellable_cancel(self->searching);
    g_clear_object(&self->searching);
    if (self->view)
        gtk_list_view_set_model(self->view, NULL);
    g_clear_object(&self->selection);
    g_clear_object(&self->tree);
    g_clear_object(&self->chats);
    g_clear_object(&self->folders);
    g_clear_object(&self->found);
    g_clear_object(&self->store);
    self->view = NULL;
    G_OBJECT_CLASS(lg_history_parent_class)->dispose(object);
}

static void lg_history_class_init(LgHistoryClass *class)
{
    static const char *const chat_actions[] = {"history.rename", "history.delete", "history.pin", "history.unpin"};
    static const char *const folder_actions[] = {"history.rename-folder", "history.delete-folder"};
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = lg_history_dispose;
    chosen_signal = g_signal_new("chosen", LG_TYPE_HISTORY, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                                 G_TYPE_INT64, G_TYPE_INT64);
    gtk_widget_class_set_template_from_resource(widget_class, "/io/github/libllm/Desktop/chat/history.ui");
    gtk_widget_class_bind_template_child(widget_class, LgHistory, search);
    gtk_widget_class_bind_template_child(widget_class, LgHistory, stack);
    gtk_widget_class_bind_template_child(widget_class, LgHistory, view);
    gtk_widget_class_bind_template_child(widget_class, LgHistory, hits);
    gtk_widget_class_bind_template_callback(widget_class, on_activated);
    gtk_widget_class_bind_template_callback(widget_class, on_hit_activated);
    gtk_widget_class_bind_template_callback(widget_class, on_search_changed);
    gtk_widget_class_bind_template_callback(widget_class, on_search_stopped);
    for (gsize i = 0; i < G_N_ELEMENTS(chat_actions); i++)
        gtk_widget_class_install_action(widget_class, chat_actions[i], "x", act_on_chat);
    for (gsize i = 0; i < G_N_ELEMENTS(folder_actions); i++)
        gtk_widget_class_install_action(widget_class, folder_actions[i], "x", act_on_folder);
    gtk_widget_class_install_action(widget_class, "history.move", "(xx)", move);
    gtk_widget_class_install_action(widget_class, "history.add-folder", NULL, add_folder);
}

static void set_factory(LgHistory *self, GtkListView *view, gpointer set_up, gpointer bind, gpointer unbind)
{
    g_autoptr(GtkListItemFactory) factory = gtk_signal_list_item_factory_new();
    g_signal_connect_object(factory, "setup", G_CALLBACK(set_up), self, 0);
    g_signal_connect_object(factory, "bind", G_CALLBACK(bind), self, 0);
    if (unbind)
        g_signal_connect_object(factory, "unbind", G_CALLBACK(unbind), self, 0);
    gtk_list_view_set_factory(view, factory);
}

static void lg_history_init(LgHistory *self)
{
    gtk_widget_init_template(GTK_WIDGET(self));
    self->found = g_list_store_new(LG_TYPE_SEARCH_HIT);
    set_factory(self, self->view, set_up_row, bind_row, unbind_row);
    set_factory(self, self->hits, set_up_hit, bind_hit, NULL);
    GtkSingleSelection *selection = gtk_single_selection_new(G_LIST_MODEL(g_object_ref(self->found)));
    gtk_single_selection_set_autoselect(selection, FALSE);
    gtk_single_selection_set_selected(selection, GTK_INVALID_LIST_POSITION);
    gtk_list_view_set_model(self->hits, GTK_SELECTION_MODEL(selection));
    g_object_unref(selection);
    show_emptiness(self);
}
