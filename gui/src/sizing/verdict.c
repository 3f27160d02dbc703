/* SPDX-License-Identifier: MIT
 * The plain answer at the top of a plan.
 */
#include "verdict.h"

#include "change.h"

#include <glib/gi18n.h>

struct _LgVerdict {
    AdwBin parent_instance;
    GtkWidget *icon, *title, *detail, *changes;
};

G_DEFINE_FINAL_TYPE(LgVerdict, lg_verdict, ADW_TYPE_BIN)

enum { APPLY, N_SIGNALS };
static guint signals[N_SIGNALS];

const char *lg_verdict_get_title(LgVerdict *verdict) { return gtk_label_get_text(GTK_LABEL(verdict->title)); }

static void clear_changes(LgVerdict *verdict)
{
    for (GtkWidget *child; (child = gtk_widget_get_first_child(verdict->changes));)
        gtk_box_remove(GTK_BOX(verdict->changes), child);
}

void lg_verdict_say(LgVerdict *verdict, const char *icon, const char *title, const char *detail)
{
    clear_changes(verdict);
    gtk_image_set_from_icon_name(GTK_IMAGE(verdict->icon), icon);
    gtk_label_set_text(GTK_LABEL(verdict->title), title);
    gtk_label_set_text(GTK_LABEL(verdict->detail), detail ? detail : "");
    gtk_widget_set_visible(verdict->detail, detail && *detail);
}

static void apply(GtkWidget *button, LgVerdict *verdict)
{
    g_autofree char *code = g_strdup(g_object_get_data(G_OBJECT(button), "code"));
    g_signal_emit(verdict, signals[APPLY], 0, code);
}

/* One button for a code: which of the changes of that code it is, trying finds out. */
static void add_change(LgVerdict *verdict, const LgRemark *remark, gboolean has_button)
{
    GtkWidget *line = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8), *label = gtk_label_new(remark->text);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_wrap(GTK_LABEL(label), TRUE);
    gtk_widget_set_hexpand(label, TRUE);
    gtk_box_append(GTK_BOX(line), label);
    if (has_button) {
        GtkWidget *button = gtk_button_new_with_label(_("Apply"));
        g_autofree char *name = g_strdup_printf(_("Apply: %s"), remark->text);
        gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
        gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
        g_object_set_data_full(G_OBJECT(button), "code", g_strdup(remark->code), g_free);
        g_signal_connect(button, "clicked", G_CALLBACK(apply), verdict);
        gtk_box_append(GTK_BOX(line), button);
    }
    gtk_box_append(GTK_BOX(verdict->changes), line);
}

static void show_remarks(LgVerdict *verdict, const LgReport *report)
{
    g_autoptr(GString) detail = g_string_new(NULL);
    g_autoptr(GHashTable) codes = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < report->remarks->len; i++) {
        const LgRemark *remark = g_ptr_array_index(report->remarks, i);
        if (g_str_equal(remark->kind, "change")) {
            add_change(verdict, remark, lg_change_is_known(remark->code) && g_hash_table_add(codes, remark->code));
            continue;
        }
        if (g_str_equal(remark->kind, "note") && report->is_feasible)
            continue; /* what was chosen; notes stand among the results */
        if (detail->len)
            g_string_append_c(detail, '\n');
        g_string_append(detail, remark->text);
    }
    gtk_label_set_text(GTK_LABEL(verdict->detail), detail->str);
    gtk_widget_set_visible(verdict->detail, detail->len > 0);
}

void lg_verdict_show(LgVerdict *verdict, const LgPlan *plan, const LgOutcome *answer)
{
    if (answer->error) {
        lg_verdict_say(verdict, "dialog-error-symbolic", _("This cannot be worked out"), answer->error->message);
        return;
    }
    g_autofree char *title = plan->verdict(answer->scenario, answer->report);
    clear_changes(verdict);
    gtk_image_set_from_icon_name(GTK_IMAGE(verdict->icon),
                                 answer->report->is_feasible ? "emblem-ok-symbolic" : "dialog-warning-symbolic");
    gtk_label_set_text(GTK_LABEL(verdict->title), title);
    show_remarks(verdict, answer->report);
}

static void lg_verdict_class_init(LgVerdictClass *class)
{
    signals[APPLY] =
        g_signal_new("apply", LG_TYPE_VERDICT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static GtkWidget *label(const char *class)
{
    GtkWidget *widget = gtk_label_new(NULL);
    gtk_label_set_xalign(GTK_LABEL(widget), 0);
    gtk_label_set_wrap(GTK_LABEL(widget), TRUE);
    gtk_label_set_wrap_mode(GTK_LABEL(widget), PANGO_WRAP_WORD_CHAR);
    gtk_widget_add_css_class(widget, class);
    return widget;
}

static void lg_verdict_init(LgVerdict *verdict)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12), *texts = gtk_box_new(GTK_ORIENTATION_VERTICAL, 3);
    verdict->icon = gtk_image_new();
    verdict->title = label("title-4");
    verdict->detail = label("body");
    verdict->changes = gtk_box_new(GTK_ORIENTATION_VERTICAL, 3);
    gtk_image_set_pixel_size(GTK_IMAGE(verdict->icon), 24);
    gtk_widget_set_valign(verdict->icon, GTK_ALIGN_START);
    gtk_accessible_update_state(GTK_ACCESSIBLE(verdict->icon), GTK_ACCESSIBLE_STATE_HIDDEN, TRUE, -1);
    gtk_widget_set_hexpand(texts, TRUE);
    gtk_box_append(GTK_BOX(texts), verdict->title);
    gtk_box_append(GTK_BOX(texts), verdict->detail);
    gtk_box_append(GTK_BOX(texts), verdict->changes);
    gtk_box_append(GTK_BOX(box), verdict->icon);
    gtk_box_append(GTK_BOX(box), texts);
    adw_bin_set_child(ADW_BIN(verdict), box);
}

GtkWidget *lg_verdict_new(void) { return g_object_new(LG_TYPE_VERDICT, NULL); }
