/* SPDX-License-Identifier: MIT
 * The button by which the tools of a chat are chosen. Its list is made when it is opened; what servers say is shown as
 * plain text.
 */
#include <glib/gi18n.h>

#include "chat/tools_button.h"

struct _LgToolsButton {
    GtkBox parent_instance;
    GtkMenuButton *button;
    GtkWidget *popover;
    GtkBox *list;
    LgMcpServers *servers;
    LgToolChoice *choice; /* borrowed */
    gboolean filling;
};

G_DEFINE_FINAL_TYPE(LgToolsButton, lg_tools_button, GTK_TYPE_BOX)

static guint chosen_signal;

GtkWidget *lg_tools_button_new(void) { return g_object_new(LG_TYPE_TOOLS_BUTTON, NULL); }

/* How many are on, and whether one of them is not what it was. */
static guint count(LgToolsButton *self, gboolean *has_changed)
{
    guint n = 0;
    g_autoptr(GPtrArray) tools = self->servers ? lg_mcp_servers_list_tools(self->servers) : NULL;
    *has_changed = FALSE;
    for (guint i = 0; tools && i < tools->len; i++) {
        const LgToolState state = lg_tool_choice_get(self->choice, tools->pdata[i]);
        n += state == LG_TOOL_ON;
        *has_changed |= state == LG_TOOL_CHANGED;
    }
    return n;
}

static void show_state(LgToolsButton *self)
{
    gboolean has_changed;
    const guint n = self->choice ? count(self, &has_changed) : (has_changed = FALSE, 0);
    const char *format = ngettext("Tools: %u is on", "Tools: %u are on", n);
    g_autofree char *name = n ? g_strdup_printf(format, n) : g_strdup(_("Tools"));
    if (has_changed) {
        g_autofree char *before = name;
        name = g_strdup_printf(_("%s; one has changed and is off"), before);
    }
    gtk_widget_set_tooltip_text(GTK_WIDGET(self->button), name);
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    if (n)
        gtk_widget_add_css_class(GTK_WIDGET(self->button), "lg-active");
    else
        gtk_widget_remove_css_class(GTK_WIDGET(self->button), "lg-active");
}

static GtkWidget *new_label(const char *text, const char *class, int lines)
{
    GtkWidget *label = gtk_label_new(text);
    gtk_label_set_wrap(GTK_LABEL(label), TRUE);
    gtk_label_set_wrap_mode(GTK_LABEL(label), PANGO_WRAP_WORD_CHAR);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_max_width_chars(GTK_LABEL(label), 34);
    gtk_widget_add_css_class(label, class);
    if (lines) {
        gtk_label_set_lines(GTK_LABEL(label), lines);
        gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_END);
    }
    return label;
}

static void on_toggled(LgToolsButton *self, GtkCheckButton *check)
{
    const LgMcpTool *tool = g_object_get_data(G_OBJECT(check), "tool");
    if (self->filling)
        return;
    lg_tool_choice_set(self->choice, tool, gtk_check_button_get_active(check));
    g_signal_emit(self, chosen_signal, 0);
}

static void add_tool(LgToolsButton *self, LgMcpTool *tool)
{
    GtkWidget *check = gtk_check_button_new(), *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    const LgToolState state = lg_tool_choice_get(self->choice, tool);
    g_autofree char *title = lg_plain_text(tool->title, 60, FALSE);
    g_autofree char *description = lg_plain_text(tool->description, 300, FALSE);
    g_autofree char *all = lg_plain_text(tool->description, 2000, TRUE);
    gtk_box_append(GTK_BOX(box), new_label(title, "body", 0));
    if (*description)
        gtk_box_append(GTK_BOX(box), new_label(description, "caption", 2));
    if (state == LG_TOOL_CHANGED)
        gtk_box_append(
            GTK_BOX(box),
            new_label(_("It has changed since it was switched on. Switch it on again if what it says is well."),
                      "warning", 0));
    gtk_check_button_set_active(GTK_CHECK_BUTTON(check), state == LG_TOOL_ON);
    GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8);
    gtk_widget_set_valign(check, GTK_ALIGN_START);
    gtk_widget_set_tooltip_text(row, all);
    gtk_accessible_update_property(GTK_ACCESSIBLE(check), GTK_ACCESSIBLE_PROPERTY_LABEL, title,
                                   GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, description, -1);
    gtk_box_append(GTK_BOX(row), check);
    gtk_box_append(GTK_BOX(row), box);
    g_object_set_data_full(G_OBJECT(check), "tool", g_object_ref(tool), g_object_unref);
    g_signal_connect_object(check, "toggled", G_CALLBACK(on_toggled), self, G_CONNECT_SWAPPED);
    gtk_box_append(self->list, row);
}

static void add_server(LgToolsButton *self, LgMcpServer *server)
{
    const GPtrArray *tools = lg_mcp_server_get_tools(server);
    const LgMcpState state = lg_mcp_server_get_state(server);
    const char *words = state == LG_MCP_OFF        ? _("It is switched off in the preferences.")
                        : state == LG_MCP_STARTING ? _("It is being started.")
                        : state == LG_MCP_FAILED   ? lg_mcp_server_get_problem(server)
                        : tools->len == 0          ? _("It has no tools.")
                                                   : NULL;
    gtk_box_append(self->list, new_label(lg_mcp_server_get_config(server)->name, "heading", 0));
    if (words)
        gtk_box_append(self->list, new_label(words, "dim-label", 0));
    for (guint i = 0; i < tools->len; i++)
        add_tool(self, tools->pdata[i]);
}

static void fill(LgToolsButton *self)
{
    GtkWidget *child;
    const guint n = self->servers ? g_list_model_get_n_items(G_LIST_MODEL(self->servers)) : 0;
    self->filling = TRUE;
    while ((child = gtk_widget_get_first_child(GTK_WIDGET(self->list))))
        gtk_box_remove(self->list, child);
    if (!n)
        gtk_box_append(self->list,
                       new_label(_("There are no servers of tools yet; the preferences are where they are added."),
                                 "dim-label", 0));
    for (guint i = 0; i < n; i++) {
        g_autoptr(LgMcpServer) server = g_list_model_get_item(G_LIST_MODEL(self->servers), i);
        add_server(self, server);
    }
    GtkWidget *more = gtk_button_new_with_label(_("Servers of tools …"));
    gtk_actionable_set_action_name(GTK_ACTIONABLE(more), "app.tools");
    gtk_widget_add_css_class(more, "flat");
    gtk_box_append(self->list, more);
    self->filling = FALSE;
}

/* Before it is shown, so that the keyboard finds the first tool. */
static void on_popup(GtkMenuButton *button, gpointer self) { fill(self); }

static void on_changed(LgToolsButton *self)
{
    show_state(self);
    if (gtk_widget_get_visible(self->popover))
        fill(self);
}

void lg_tools_button_set_servers(LgToolsButton *self, LgMcpServers *servers)
{
    g_set_object(&self->servers, servers);
    g_signal_connect_object(servers, "changed", G_CALLBACK(on_changed), self, G_CONNECT_SWAPPED);
    show_state(self);
}

void lg_tools_button_set_choice(LgToolsButton *self, LgToolChoice *choice)
{
    self->choice = choice;
    show_state(self);
}

static void lg_tools_button_finalize(GObject *object)
{
    g_clear_object(&LG_TOOLS_BUTTON(object)->servers);
    G_OBJECT_CLASS(lg_tools_button_parent_class)->finalize(object);
}

static void lg_tools_button_class_init(LgToolsButtonClass *class)
{
    G_OBJECT_CLASS(class)->finalize = lg_tools_button_finalize;
    chosen_signal =
        g_signal_new("chosen", LG_TYPE_TOOLS_BUTTON, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void lg_tools_button_init(LgToolsButton *self)
{
    GtkWidget *scroller = gtk_scrolled_window_new();
    self->button = GTK_MENU_BUTTON(gtk_menu_button_new());
    self->popover = gtk_popover_new();
    self->list = GTK_BOX(gtk_box_new(GTK_ORIENTATION_VERTICAL, 8));
    gtk_accessible_update_property(GTK_ACCESSIBLE(scroller), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Tools"), -1);
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroller), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_propagate_natural_height(GTK_SCROLLED_WINDOW(scroller), TRUE);
    gtk_scrolled_window_set_propagate_natural_width(GTK_SCROLLED_WINDOW(scroller), TRUE);
    gtk_scrolled_window_set_max_content_height(GTK_SCROLLED_WINDOW(scroller), 360);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroller), GTK_WIDGET(self->list));
    gtk_popover_set_child(GTK_POPOVER(self->popover), scroller);
    gtk_menu_button_set_popover(self->button, self->popover);
    gtk_menu_button_set_icon_name(self->button, "applications-utilities-symbolic");
    gtk_widget_add_css_class(GTK_WIDGET(self->button), "flat");
    gtk_box_append(GTK_BOX(self), GTK_WIDGET(self->button));
    gtk_menu_button_set_create_popup_func(self->button, on_popup, self, NULL);
    show_state(self);
}
