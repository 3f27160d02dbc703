/* SPDX-License-Identifier: MIT
 * Names for what GTK and libadwaita put inside their widgets and give no name: scrolled parts, expanders, the lists in
 * drop- downs. A screen reader stops at them, and would say the name of a class. They are called after what they are
 * in.
 */
#pragma once

#include <gtk/gtk.h>

/* From now on, in all windows. Whoever gives a name of their own, in a template or before the widget is shown, keeps
 * it. */
void lg_names_watch(void);
