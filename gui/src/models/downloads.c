/* SPDX-License-Identifier: MIT
 * Downloads that run or wait. What is remembered of one is "SOURCE NAME"; what was fetched of it is the helper's
 * matter.
 */
#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "json.h"
#include "models/downloads.h"

struct _LgDownload {
    GObject parent_instance;
    LgNetwork *network;
    LgHelper *helper;
    char *source, *name, *path, *problem;
    LgDownloadState state;
    gint64 done, total;
    double speed;
    gboolean is_given_up;
};

struct _LgDownloads {
    GObject parent_instance;
    GListStore *list;
    LgNetwork *network;
    GSettings *settings;
};

static void list_model_init(GListModelInterface *interface);
G_DEFINE_TYPE(LgDownload, lg_download, G_TYPE_OBJECT)
G_DEFINE_TYPE_WITH_CODE(LgDownloads, lg_downloads, G_TYPE_OBJECT,
                        G_IMPLEMENT_INTERFACE(G_TYPE_LIST_MODEL, list_model_init))

static guint changed, finished;

/* --- One ------------------------------------------------------------------------------------------------------------
 */

const char *lg_download_get_source(LgDownload *self) { return self->source; }
const char *lg_download_get_name(LgDownload *self) { return self->name; }
LgDownloadState lg_download_get_state(LgDownload *self) { return self->state; }
const char *lg_download_get_path(LgDownload *self) { return self->path; }

double lg_download_get_share(LgDownload *self)
{
    return self->total > 0 ? (double)self->done / (double)self->total : -1;
}

static char *time_text(double seconds)
{
    if (seconds < 60)
        return g_strdup_printf(g_dngettext(NULL, "%.0f second left", "%.0f seconds left", (gulong)seconds), seconds);
    if (seconds < 3600)
        return g_strdup_printf(g_dngettext(NULL, "%.0f minute left", "%.0f minutes left", (gulong)(seconds / 60)),
                               floor(seconds / 60));
    return g_strdup_printf(_("%.1f hours left"), seconds / 3600);
}

char *lg_download_describe(LgDownload *self)
{
    g_autofree char *done = g_format_size((guint64)self->done), *total = g_format_size((guint64)self->total);
    g_autofree char *amount = self->total > 0 ? g_strdup_printf(_("%s of %s"), done, total) : NULL;
    if (self->state == LG_DOWNLOAD_FAILED)
        return g_strdup(self->problem);
    if (self->state == LG_DOWNLOAD_DONE)
        return g_strdup(_("Complete"));
    if (self->state == LG_DOWNLOAD_PAUSED)
        return amount ? g_strdup_printf(_("Paused · %s"), amount) : g_strdup(_("Paused"));
    if (!amount)
        return g_strdup(_("Connecting …"));
    if (self->done == self->total)
        return g_strdup_printf(_("%s · checking"), amount);
    if (self->speed <= 0)
        return g_steal_pointer(&amount);
    g_autofree char *rate = g_format_size((guint64)self->speed);
    g_autofree char *left = time_text((double)(self->total - self->done) / self->speed);
    /* Translators: so much of so much, a speed, and the time that is left */
    return g_strdup_printf(_("%s · %s/s · %s"), amount, rate, left);
}

static void set_state(LgDownload *self, LgDownloadState state, const char *problem)
{
    self->state = state;
    self->speed = 0;
    g_free(self->problem);
    self->problem = g_strdup(problem);
    g_signal_emit(self, changed, 0);
}

static void on_event(LgDownload *self, const char *name, JsonNode *event)
{
    if (strcmp(name, "progress") == 0) {
        self->done = lg_json_number(lg_json_member(event, "done"), 0);
        self->total = lg_json_number(lg_json_member(event, "bytes"), 0);
        self->speed = lg_json_real(lg_json_member(event, "bytes_per_second"), 0);
    } else if (strcmp(name, "complete") == 0) {
        g_free(self->path);
        self->path = g_strdup(lg_json_text(lg_json_member(event, "path")));
    } else {
        return;
    }
    g_signal_emit(self, changed, 0);
}

/* Nobody waits for it: what cannot be removed stays hidden, and the next download of it goes on from there. */
static void discard(LgDownload *self)
{
    const char *arguments[] = {"--discard", self->source, NULL};
    g_autoptr(LgHelper) helper = lg_helper_start(self->network, NULL, arguments, NULL);
}

static void give_up(LgDownload *self)
{
    if (!self->helper) {
        discard(self);
        return;
    }
    self->is_given_up = TRUE;
    g_object_ref(self); /* until it has ended */
    lg_helper_stop(self->helper);
}

static void on_ended(LgDownload *self, gboolean well, const char *code, const char *message)
{
    g_clear_object(&self->helper);
    if (self->is_given_up) {
        discard(self);
        g_object_unref(self);
        return;
    }
    if (well)
        set_state(self, LG_DOWNLOAD_DONE, NULL);
    else if (strcmp(code, "stopped") == 0)
        set_state(self, LG_DOWNLOAD_PAUSED, NULL);
    else
        set_state(self, LG_DOWNLOAD_FAILED, message);
}

void lg_download_start(LgDownload *self)
{
    g_autoptr(GError) error = NULL;
    if (self->helper)
        return;
    const char *arguments[] = {self->source, NULL};
    self->helper = lg_helper_start(self->network, "download", arguments, &error);
    if (!self->helper) {
        set_state(self, LG_DOWNLOAD_FAILED, error->message);
        return;
    }
    g_signal_connect_object(self->helper, "event", G_CALLBACK(on_event), self, G_CONNECT_SWAPPED);
    g_signal_connect_object(self->helper, "ended", G_CALLBACK(on_ended), self, G_CONNECT_SWAPPED);
    set_state(self, LG_DOWNLOAD_RUNNING, NULL);
}

void lg_download_pause(LgDownload *self)
{
    if (self->helper)
        lg_helper_stop(self->helper);
}

static void lg_download_dispose(GObject *object)
{
    LgDownload *self = LG_DOWNLOAD(object);
    lg_download_pause(self);
    g_clear_object(&self->helper);
    g_clear_object(&self->network);
    G_OBJECT_CLASS(lg_download_parent_class)->dispose(object);
}

static void lg_download_finalize(GObject *object)
{
    LgDownload *self = LG_DOWNLOAD(object);
    g_free(self->source);
    g_free(self->name);
    g_free(self->path);
    g_free(self->problem);
    G_OBJECT_CLASS(lg_download_parent_class)->finalize(object);
}

static void lg_download_class_init(LgDownloadClass *class)
{
    G_OBJECT_CLASS(class)->dispose = lg_download_dispose;
    G_OBJECT_CLASS(class)->finalize = lg_download_finalize;
    changed = g_signal_new("changed", LG_TYPE_DOWNLOAD, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void lg_download_init(LgDownload *self) {}

/* --- All ------------------------------------------------------------------------------------------------------------
 */

static GType get_item_type(GListModel *list) { return LG_TYPE_DOWNLOAD; }
static guint get_n_items(GListModel *list) { return g_list_model_get_n_items(G_LIST_MODEL(LG_DOWNLOADS(list)->list)); }
static gpointer get_item(GListModel *list, guint i)
{
    return g_list_model_get_item(G_LIST_MODEL(LG_DOWNLOADS(list)->list), i);
}

static void list_model_init(GListModelInterface *interface)
{
    interface->get_item_type = get_item_type;
    interface->get_n_items = get_n_items;
    interface->get_item = get_item;
}

static void remember(LgDownloads *self)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    const guint n = get_n_items(G_LIST_MODEL(self));
    for (guint i = 0; i < n; i++) {
        g_autoptr(LgDownload) download = get_item(G_LIST_MODEL(self), i);
        g_autofree char *line = g_strdup_printf("%s %s", download->source, download->name);
        if (download->state != LG_DOWNLOAD_DONE)
            g_strv_builder_add(builder, line);
    }
    g_auto(GStrv) lines = g_strv_builder_end(builder);
    g_settings_set_strv(self->settings, "downloads", (const char *const *)lines);
}

static void on_changed(LgDownloads *self, LgDownload *download);

static void take_off(LgDownloads *self, LgDownload *download)
{
    guint at;
    g_signal_handlers_disconnect_by_func(download, on_changed, self);
    if (g_list_store_find(self->list, download, &at))
        g_list_store_remove(self->list, at);
    remember(self);
}

static void on_changed(LgDownloads *self, LgDownload *download)
{
    if (download->state != LG_DOWNLOAD_DONE)
        return;
    g_object_ref(download);
    take_off(self, download);
    g_signal_emit(self, finished, 0, download);
    g_object_unref(download);
}

static LgDownload *append(LgDownloads *self, const char *source, const char *name)
{
    g_autoptr(LgDownload) download = g_object_new(LG_TYPE_DOWNLOAD, NULL);
    download->network = g_object_ref(self->network);
    download->source = g_strdup(source);
    download->name = g_strdup(name);
    g_signal_connect_object(download, "changed", G_CALLBACK(on_changed), self, G_CONNECT_SWAPPED);
    g_list_store_append(self->list, download);
    return download; /* the list holds it */
}

LgDownload *lg_downloads_add(LgDownloads *self, const char *source, const char *name)
{
    LgDownload *download = NULL;
    const guint n = get_n_items(G_LIST_MODEL(self));
    for (guint i = 0; i < n && !download; i++) {
        g_autoptr(LgDownload) other = get_item(G_LIST_MODEL(self), i);
        if (strcmp(other->source, source) == 0)
            download = other;
    }
    if (!download) {
        download = append(self, source, name);
        remember(self);
    }
    lg_download_start(download);
    return download;
}

void lg_downloads_remove(LgDownloads *self, LgDownload *download)
{
    give_up(download);
    take_off(self, download);
}

static void on_items_changed(LgDownloads *self, guint position, guint removed, guint added)
{
    g_list_model_items_changed(G_LIST_MODEL(self), position, removed, added);
}

LgDownloads *lg_downloads_new(LgNetwork *network, GSettings *settings)
{
    LgDownloads *self = g_object_new(LG_TYPE_DOWNLOADS, NULL);
    self->network = g_object_ref(network);
    self->settings = g_object_ref(settings);
    g_auto(GStrv) lines = g_settings_get_strv(settings, "downloads");
    for (char **at = lines; *at; at++) {
        char *blank = strchr(*at, ' ');
        if (blank) {
            *blank = 0;
            append(self, *at, blank + 1);
        }
    }
    return self;
}

static void lg_downloads_finalize(GObject *object)
{
    LgDownloads *self = LG_DOWNLOADS(object);
    g_clear_object(&self->list);
    g_clear_object(&self->network);
    g_clear_object(&self->settings);
    G_OBJECT_CLASS(lg_downloads_parent_class)->finalize(object);
}

static void lg_downloads_class_init(LgDownloadsClass *class)
{
    G_OBJECT_CLASS(class)->finalize = lg_downloads_finalize;
    finished = g_signal_new("finished", LG_TYPE_DOWNLOADS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                            LG_TYPE_DOWNLOAD);
}

static void lg_downloads_init(LgDownloads *self)
{
    self->list = g_list_store_new(LG_TYPE_DOWNLOAD);
    g_signal_connect_object(self->list, "items-changed", G_CALLBACK(on_items_changed), self, G_CONNECT_SWAPPED);
}
