/* SPDX-License-Identifier: MIT
 * Sizing. A plan's page is made when it is asked for.
 */
#include "page.h"

#include "documents.h"
#include "scenario.h"
#include "widgets/drop_down.h"
#include "window.h"

#include <glib/gi18n.h>

enum { PLANS = 3 };
static const char *const names[] = {"run", "serve", "train", "compare", "documents"};
static const LgPlan *const plans[PLANS] = {&lg_plan_run, &lg_plan_serve, &lg_plan_train};

struct _LgSizingPage {
    AdwBin parent_instance;
    GtkWidget *stack, *choice, *compare;
    GtkWidget *places[PLANS];   /* AdwBin, each for one of the following */
    GtkWidget *planners[PLANS]; /* NULL: not made yet; never the first */
    LgPlanner *awaited;         /* whose answer is to be compared */
    gboolean is_quiet;
};

G_DEFINE_FINAL_TYPE(LgSizingPage, lg_sizing_page, ADW_TYPE_BIN)

static void make_planner(LgSizingPage *page, guint i);

LgPlanner *lg_sizing_page_get_planner(LgSizingPage *page, const char *name)
{
    for (guint i = 0; i < PLANS; i++)
        if (g_str_equal(plans[i]->name, name)) {
            make_planner(page, i);
            return LG_PLANNER(page->planners[i]);
        }
    return NULL;
}

LgCompare *lg_sizing_page_get_compare(LgSizingPage *page) { return LG_COMPARE(page->compare); }

void lg_sizing_page_show(LgSizingPage *page, const char *name)
{
    adw_view_stack_set_visible_child_name(ADW_VIEW_STACK(page->stack), name);
}

void lg_sizing_page_set_model(LgSizingPage *page, const char *path)
{
    lg_model_choice_set_file(lg_planner_get_model_choice(LG_PLANNER(page->planners[0])), path);
}

/* All plans are of one model. */
static void model_changed(LgPlanner *planner, LgSizingPage *page)
{
    if (page->is_quiet)
        return;
    page->is_quiet = TRUE;
    for (guint i = 0; i < PLANS; i++)
        if (page->planners[i] && page->planners[i] != GTK_WIDGET(planner))
            lg_model_choice_set_model(lg_planner_get_model_choice(LG_PLANNER(page->planners[i])),
                                      lg_model_choice_get_model(lg_planner_get_model_choice(planner)));
    page->is_quiet = FALSE;
}

static void compare(LgPlanner *planner, LgSizingPage *page)
{
    if (!lg_compare_add(LG_COMPARE(page->compare), lg_planner_get_plan(planner),
                        lg_planner_get_outcome(planner)->draft))
        lg_window_say(lg_window_of(GTK_WIDGET(page)), _("Four plans are compared at most: remove one first."));
    lg_sizing_page_show(page, "compare");
}

static void answered(LgPlanner *planner, LgSizingPage *page)
{
    if (page->awaited != planner || !lg_planner_get_outcome(planner)->report)
        return;
    page->awaited = NULL;
    compare(planner, page);
}

/* A plan that was not looked at since its inputs changed has no answer yet. */
static void wanted(LgSizingPage *page, const char *name)
{
    LgPlanner *planner = lg_sizing_page_get_planner(page, name);
    lg_planner_prepare(planner);
    if (lg_planner_is_busy(planner))
        page->awaited = planner;
    else if (lg_planner_get_outcome(planner) && lg_planner_get_outcome(planner)->report)
        compare(planner, page);
}

static void make_planner(LgSizingPage *page, guint i)
{
    if (page->planners[i])
        return;
    GtkWidget *planner = lg_planner_new(plans[i]);
    page->planners[i] = planner;
    if (i > 0)
        lg_model_choice_set_model(
            lg_planner_get_model_choice(LG_PLANNER(planner)),
            lg_model_choice_get_model(lg_planner_get_model_choice(LG_PLANNER(page->planners[0]))));
    g_signal_connect(planner, "model-changed", G_CALLBACK(model_changed), page);
    g_signal_connect(planner, "compare", G_CALLBACK(compare), page);
    g_signal_connect(planner, "answered", G_CALLBACK(answered), page);
    adw_bin_set_child(ADW_BIN(page->places[i]), planner);
}

static void add_page(LgSizingPage *page, GtkWidget *child, const char *name, const char *title, const char *icon)
{
    AdwViewStackPage *added = adw_view_stack_add_titled(ADW_VIEW_STACK(page->stack), child, name, title);
    adw_view_stack_page_set_icon_name(added, icon);
}

static void selected(LgSizingPage *page)
{
    const guint i = gtk_drop_down_get_selected(GTK_DROP_DOWN(page->choice));
    if (i < G_N_ELEMENTS(names))
        lg_sizing_page_show(page, names[i]);
}

static void shown(LgSizingPage *page)
{
    const char *name = adw_view_stack_get_visible_child_name(ADW_VIEW_STACK(page->stack));
    for (guint i = 0; i < PLANS; i++)
        if (g_strcmp0(name, plans[i]->name) == 0)
            make_planner(page, i);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_strcmp0(name, names[i]) == 0)
            gtk_drop_down_set_selected(GTK_DROP_DOWN(page->choice), i);
}

/* Five names do not stand beside each other on a telephone; there they are a list. */
static GtkWidget *build_switcher(LgSizingPage *page)
{
    GtkWidget *squeezer = adw_squeezer_new(), *wide = adw_view_switcher_new();
    g_autoptr(GtkStringList) titles = gtk_string_list_new(NULL);
    adw_view_switcher_set_policy(ADW_VIEW_SWITCHER(wide), ADW_VIEW_SWITCHER_POLICY_WIDE);
    adw_view_switcher_set_stack(ADW_VIEW_SWITCHER(wide), ADW_VIEW_STACK(page->stack));
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        GtkWidget *child = adw_view_stack_get_child_by_name(ADW_VIEW_STACK(page->stack), names[i]);
        AdwViewStackPage *entry = adw_view_stack_get_page(ADW_VIEW_STACK(page->stack), child);
        gtk_string_list_append(titles, adw_view_stack_page_get_title(entry));
    }
    page->choice = lg_drop_down_new(g_steal_pointer(&titles), _("Page of Sizing"));
    gtk_widget_set_margin_start(page->choice, 12);
    gtk_widget_set_margin_end(page->choice, 12);
    gtk_widget_set_margin_top(page->choice, 6);
    g_signal_connect_swapped(page->choice, "notify::selected", G_CALLBACK(selected), page);
    g_signal_connect_swapped(page->stack, "notify::visible-child", G_CALLBACK(shown), page);
    gtk_widget_set_halign(wide, GTK_ALIGN_CENTER);
    gtk_widget_set_size_request(wide, -1, 34); /* as high as in a header bar */
    gtk_widget_set_margin_top(wide, 6);
    adw_squeezer_add(ADW_SQUEEZER(squeezer), wide);
    adw_squeezer_add(ADW_SQUEEZER(squeezer), page->choice);
    adw_squeezer_set_homogeneous(ADW_SQUEEZER(squeezer), FALSE);
    return squeezer;
}

static void lg_sizing_page_class_init(LgSizingPageClass *class) {}

static void lg_sizing_page_init(LgSizingPage *page)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    page->stack = adw_view_stack_new();
    adw_view_stack_set_hhomogeneous(ADW_VIEW_STACK(page->stack), FALSE);
    for (guint i = 0; i < PLANS; i++) {
        page->places[i] = adw_bin_new();
        add_page(page, page->places[i], plans[i]->name, _(plans[i]->title), plans[i]->icon);
    }
    make_planner(page, 0);
    page->compare = lg_compare_new();
    g_signal_connect_swapped(page->compare, "wanted", G_CALLBACK(wanted), page);
    add_page(page, page->compare, "compare", _("Compare"), "view-dual-symbolic");
    add_page(page, lg_documents_new(), "documents", _("Reports"), "x-office-document-symbolic");
    gtk_widget_set_vexpand(page->stack, TRUE);
    gtk_box_append(GTK_BOX(box), build_switcher(page));
    gtk_box_append(GTK_BOX(box), page->stack);
    adw_bin_set_child(ADW_BIN(page), box);
}

GtkWidget *lg_sizing_page_new(void) { return g_object_new(LG_TYPE_SIZING_PAGE, NULL); }
