/* SPDX-License-Identifier: MIT
 * A window in which one of many is found by typing: models and devices.
 */
#ifndef LG_CHOOSER_H
#define LG_CHOOSER_H

#include <adwaita.h>

G_BEGIN_DECLS

typedef struct {
    char *title, *subtitle, *value;
} LgChooserItem;

/* Items to be freed with the array. */
GPtrArray *lg_chooser_devices(void);
GPtrArray *lg_chooser_models(void);

typedef void (*LgChosen)(const char *value, gpointer data);

/* Shows the window above the one that `parent` is in. `extra`, which may be NULL, is shown above the list. `chosen` is
 * called with an item's value, and not after the parent is gone; the window closes then. */
GtkWindow *lg_chooser_show(GtkWidget *parent, const char *title, GPtrArray *items, GtkWidget *extra, LgChosen chosen,
                           gpointer data);

G_END_DECLS

#endif
