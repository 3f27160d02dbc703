/* SPDX-License-Identifier: MIT
 * How late the main loop is: a thread asks it every few milliseconds, and notes how long it takes to answer.
 */
#pragma once

#include <gtk/gtk.h>

/* From now until the program ends; each answer is a line of PATH: milliseconds since the start, and how many it took.
 */
void lg_lateness_watch(const char *path);

/* Writes "WHAT: MILLISECONDS" now; nothing when nobody watches. */
void lg_lateness_mark(const char *what);

/* The same when the frame that comes next has been drawn; WHAT is static. */
void lg_lateness_mark_frame(GtkWidget *widget, const char *what);
