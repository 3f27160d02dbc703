/* SPDX-License-Identifier: MIT
 * The button that says which model answers.
 */
#include <glib/gi18n.h>

#include "chat/model_button.h"

struct _LgModelButton {
    AdwBin parent_instance;
    GtkMenuButton *button;
    GtkLabel *title;
    GtkPopover *popover;
    GtkListBox *list;
    GtkWidget *size;
    gboolean is_second;
    char *model;
    LgLibrary *library;     /* NULL: none */
    LgEndpoints *endpoints; /* NULL: none */
    GtkFileChooserNative *chooser;
};

G_DEFINE_TYPE(LgModelButton, lg_model_button, ADW_TYPE_BIN)

enum { PROP_MODEL = 1, N_PROPERTIES };
static GParamSpec *properties[N_PROPERTIES];

char *lg_model_title(const char *model)
{
    g_autofree char *id = NULL, *remote = NULL;
    if (lg_remote_split(model, &id, &remote))
        return g_steal_pointer(&remote);
    g_autofree char *name = g_path_get_basename(model);
    if (g_str_has_suffix(name, ".gguf"))
        name[strlen(name) - strlen(".gguf")] = 0;
    return strcmp(model, "default") == 0 ? g_strdup(_("Default model")) : g_utf8_make_valid(name, -1);
}

static char *title_of(LgModelButton *self, const char *model)
{
    g_autofree char *id = NULL, *name = NULL;
    LgEndpoint *endpoint =
        self->endpoints && lg_remote_split(model, &id, &name) ? lg_endpoints_find(self->endpoints, id) : NULL;
    /* Translators: a model, and the server that has it */
    return endpoint ? g_strdup_printf(_("%s · %s"), name, lg_endpoint_get_name(endpoint)) : lg_model_title(model);
}

const char *lg_model_button_get_model(LgModelButton *self) { return self->model; }

void lg_model_button_set_model(LgModelButton *self, const char *model)
{
    g_autofree char *title = title_of(self, model);
    g_autofree char *name = g_strdup_printf(self->is_second ? _("Second model: %s") : _("Model: %s"), title);
    gtk_label_set_text(self->title, title);
    gtk_widget_set_tooltip_text(GTK_WIDGET(self->button), name);
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    if (g_strcmp0(self->model, model) == 0)
        return;
    g_free(self->model);
    self->model = g_strdup(model);
    g_object_notify_by_pspec(G_OBJECT(self), properties[PROP_MODEL]);
}

void lg_model_button_set_second(LgModelButton *self) { self->is_second = TRUE; }

static void add_row(LgModelButton *self, const char *path)
{
    g_autofree char *title = title_of(self, path);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12), *label = gtk_label_new(title);
    GtkWidget *check = gtk_image_new_from_icon_name("object-select-symbolic"), *row = gtk_list_box_row_new();
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_MIDDLE);
    gtk_label_set_max_width_chars(GTK_LABEL(label), 32);
    gtk_widget_set_hexpand(label, TRUE);
    gtk_widget_set_opacity(check, g_strcmp0(path, self->model) == 0 ? 1 : 0);
    gtk_box_append(GTK_BOX(box), label);
    gtk_box_append(GTK_BOX(box), check);
    gtk_list_box_row_set_child(GTK_LIST_BOX_ROW(row), box);
    gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
    gtk_widget_set_tooltip_text(row, lg_remote_is_name(path) ? title : path);
    g_object_set_data_full(G_OBJECT(row), "path", g_strdup(path), g_free);
    gtk_list_box_append(self->list, row);
}

static int compare_paths(gconstpointer a, gconstpointer b) { return g_strcmp0(*(char *const *)a, *(char *const *)b); }

void lg_model_button_set_library(LgModelButton *self, LgLibrary *library) { g_set_object(&self->library, library); }

void lg_model_button_set_endpoints(LgModelButton *self, LgEndpoints *endpoints)
{
    g_autofree char *model = g_strdup(self->model);
    g_set_object(&self->endpoints, endpoints);
    if (model)
        lg_model_button_set_model(self, model); /* with its server from now on */
}

static void add_remote(LgEndpoints *endpoints, GPtrArray *names)
{
    const guint n = g_list_model_get_n_items(G_LIST_MODEL(endpoints));
    for (guint i = 0; i < n; i++) {
        g_autoptr(LgEndpoint) endpoint = g_list_model_get_item(G_LIST_MODEL(endpoints), i);
        g_auto(GStrv) models = lg_endpoints_get_models(endpoints, lg_endpoint_get_id(endpoint));
        for (guint j = 0; models[j]; j++)
            if (*models[j])
                g_ptr_array_add(names, lg_remote_name(endpoint, models[j]));
    }
}

static GPtrArray *models_of(LgLibrary *library)
{
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    guint n = g_list_model_get_n_items(G_LIST_MODEL(library));
    for (guint i = 0; i < n; i++) {
        g_autoptr(LgModel) model = g_list_model_get_item(G_LIST_MODEL(library), i);
        g_ptr_array_add(paths, g_strdup(lg_model_get_path(model)));
    }
    return paths;
}

/* Files of models in the folder, and folders with a configuration as Hugging Face has them. */
static void find_models_in(const char *data_folder, GPtrArray *paths)
{
    g_autofree char *folder = g_build_filename(data_folder, "libllm", "models", NULL);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *config = g_build_filename(path, "config.json", NULL);
        if (name[0] != '.' && (g_str_has_suffix(name, ".gguf") || g_file_test(config, G_FILE_TEST_EXISTS)))
            g_ptr_array_add(paths, g_steal_pointer(&path));
    }
}

/* The user's own, and those of the system's packages. */
static GPtrArray *find_models(void)
{
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    find_models_in(g_get_user_data_dir(), paths);
    for (const char *const *folder = g_get_system_data_dirs(); *folder; folder++)
        find_models_in(*folder, paths);
    g_ptr_array_sort(paths, compare_paths);
    return paths;
}

static void fill(LgModelButton *self)
{
    g_autoptr(GPtrArray) paths = self->library ? models_of(self->library) : find_models();
    GtkWidget *row;
    gboolean is_listed = FALSE;
    if (self->endpoints)
        add_remote(self->endpoints, paths);
    while ((row = gtk_widget_get_first_child(GTK_WIDGET(self->list))))
        gtk_list_box_remove(self->list, row);
    for (guint i = 0; i < paths->len; i++) {
        is_listed |= g_strcmp0(paths->pdata[i], self->model) == 0;
        add_row(self, paths->pdata[i]);
    }
    if (!is_listed && self->model)
        add_row(self, self->model);
    gtk_widget_set_visible(self->size, self->model && g_path_is_absolute(self->model));
}

static void on_chosen(LgModelButton *self, GtkListBoxRow *row)
{
    gtk_popover_popdown(self->popover);
    lg_model_button_set_model(self, g_object_get_data(G_OBJECT(row), "path"));
}

static void on_response(LgModelButton *self, int response)
{
    if (response == GTK_RESPONSE_ACCEPT) {
        g_autoptr(GFile) file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(self->chooser));
        g_autofree char *path = file ? g_file_get_path(file) : NULL;
        if (path)
            lg_model_button_set_model(self, path);
    }
    g_clear_object(&self->chooser);
}

static void size_it(LgModelButton *self)
{
    gtk_popover_popdown(self->popover);
    gtk_widget_activate_action(GTK_WIDGET(self), "win.size", "s", self->model);
}

static void choose_file(LgModelButton *self)
{
    GtkRoot *root = gtk_widget_get_root(GTK_WIDGET(self));
    gtk_popover_popdown(self->popover);
    g_set_object(&self->chooser, NULL);
    self->chooser = gtk_file_chooser_native_new(_("Open a model"), GTK_IS_WINDOW(root) ? GTK_WINDOW(root) : NULL,
                                                GTK_FILE_CHOOSER_ACTION_OPEN, NULL, NULL);
    g_autoptr(GtkFileFilter) filter = gtk_file_filter_new();
    gtk_file_filter_set_name(filter, _("Models (GGUF)"));
    gtk_file_filter_add_suffix(filter, "gguf");
    gtk_file_chooser_add_filter(GTK_FILE_CHOOSER(self->chooser), filter);
    gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(self->chooser), TRUE);
    g_signal_connect_object(self->chooser, "response", G_CALLBACK(on_response), self, G_CONNECT_SWAPPED);
    gtk_native_dialog_show(GTK_NATIVE_DIALOG(self->chooser));
}

static void get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    g_value_set_string(value, LG_MODEL_BUTTON(object)->model);
}

static void set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
    if (g_value_get_string(value))
        lg_model_button_set_model(LG_MODEL_BUTTON(object), g_value_get_string(value));
}

static void lg_model_button_dispose(GObject *object)
{
    g_clear_object(&LG_MODEL_BUTTON(object)->chooser);
    g_clear_object(&LG_MODEL_BUTTON(object)->library);
    g_clear_object(&LG_MODEL_BUTTON(object)->endpoints);
    G_OBJECT_CLASS(lg_model_button_parent_class)->dispose(object);
}

static void lg_model_button_finalize(GObject *object)
{
    g_free(LG_MODEL_BUTTON(object)->model);
    G_OBJECT_CLASS(lg_model_button_parent_class)->finalize(object);
}

static void lg_model_button_class_init(LgModelButtonClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->get_property = get_property;
    G_OBJECT_CLASS(class)->set_property = set_property;
    G_OBJECT_CLASS(class)->dispose = lg_model_button_dispose;
    G_OBJECT_CLASS(class)->finalize = lg_model_button_finalize;
    properties[PROP_MODEL] = g_param_spec_string("model", NULL, NULL, NULL,
                                                 G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
    g_object_class_install_properties(G_OBJECT_CLASS(class), N_PROPERTIES, properties);
    gtk_widget_class_set_template_from_resource(widget_class, "/io/github/libllm/Desktop/chat/model_button.ui");
    gtk_widget_class_bind_template_child(widget_class, LgModelButton, button);
    gtk_widget_class_bind_template_child(widget_class, LgModelButton, title);
    gtk_widget_class_bind_template_child(widget_class, LgModelButton, popover);
    gtk_widget_class_bind_template_child(widget_class, LgModelButton, list);
    gtk_widget_class_bind_template_callback(widget_class, fill);
    gtk_widget_class_bind_template_callback(widget_class, on_chosen);
    gtk_widget_class_bind_template_child(widget_class, LgModelButton, size);
    gtk_widget_class_bind_template_callback(widget_class, choose_file);
    gtk_widget_class_bind_template_callback(widget_class, size_it);
}

static void lg_model_button_init(LgModelButton *self) { gtk_widget_init_template(GTK_WIDGET(self)); }
