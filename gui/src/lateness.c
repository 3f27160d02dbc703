/* SPDX-License-Identifier: MIT
 * How late the main loop is.
 */
#include "lateness.h"

#include <stdio.h>

#define PERIOD_US 5000

typedef struct {
    FILE *file;
    gint64 started;
    gint asked; /* atomic: a question has no answer yet */
    gint64 at;  /* when it was asked */
} Watch;

static Watch *the_watch; /* NULL: nobody watches */

/* Between events, as those of the user are: at the priority of events. */
static gboolean answer(gpointer data)
{
    Watch *watch = data;
    const gint64 now = g_get_monotonic_time();
    fprintf(watch->file, "%.3f %.3f\n", (double)(now - watch->started) / 1e3, (double)(now - watch->at) / 1e3);
    g_atomic_int_set(&watch->asked, 0);
    return G_SOURCE_REMOVE;
}

static gpointer ask(gpointer data)
{
    Watch *watch = data;
    for (;;) {
        g_usleep(PERIOD_US);
        if (g_atomic_int_get(&watch->asked))
            continue; /* a late answer counts once, for as long as it was */
        watch->at = g_get_monotonic_time();
        g_atomic_int_set(&watch->asked, 1);
        g_idle_add_full(G_PRIORITY_DEFAULT, answer, watch, NULL);
    }
    return NULL;
}

void lg_lateness_mark(const char *what)
{
    if (the_watch)
        fprintf(the_watch->file, "%s: %.3f\n", what, (double)(g_get_monotonic_time() - the_watch->started) / 1e3);
}

static void on_painted(GdkFrameClock *clock, gpointer what)
{
    g_signal_handlers_disconnect_by_func(clock, on_painted, what);
    lg_lateness_mark(what);
}

void lg_lateness_mark_frame(GtkWidget *widget, const char *what)
{
    GdkFrameClock *clock = gtk_widget_get_frame_clock(widget);
    if (the_watch && clock)
        g_signal_connect(clock, "after-paint", G_CALLBACK(on_painted), (gpointer)what);
}

void lg_lateness_watch(const char *path)
{
    Watch *watch = g_new0(Watch, 1); /* lives as long as the program */
    watch->file = fopen(path, "w");
    if (!watch->file) {
        g_warning("%s cannot be written", path);
        g_free(watch);
        return;
    }
    setvbuf(watch->file, NULL, _IOLBF, 0);
    watch->started = g_get_monotonic_time();
    the_watch = watch;
    g_thread_unref(g_thread_new("lateness", ask, watch));
}
