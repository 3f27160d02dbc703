/* SPDX-License-Identifier: MIT
 * A window with the exact tokens that a model gets: each with its number and its text, special ones marked; how many
 * are of each message, and how many the template adds. All of it can be copied. Of a model on a server, whose tokens
 * are the server's own matter, it shows the request as it is sent.
 */
#ifndef LG_INSPECTOR_H
#define LG_INSPECTOR_H

#include <adwaita.h>

#include "engine/engine.h"

G_BEGIN_DECLS

typedef struct {
    const char *model, *request;
    guint64 n_positions, max_tokens;
    gboolean drop_oldest;
    gboolean has_draft; /* the last message is one that is being written */
} LgInspected;

#define LG_TYPE_INSPECTOR (lg_inspector_get_type())
G_DECLARE_FINAL_TYPE(LgInspector, lg_inspector, LG, INSPECTOR, AdwWindow)

GtkWidget *lg_inspector_new(LgEngine *engine, const LgInspected *inspected);
/* The body of the request to a server. */
GtkWidget *lg_inspector_new_remote(const char *model, const char *body);

/* What the buttons copy: the texts of all tokens, or their numbers as JSON; "" until they are there. To be freed. */
char *lg_inspector_get_text(LgInspector *self);
char *lg_inspector_get_ids(LgInspector *self);
/* What stands above the tokens. */
const char *lg_inspector_get_summary(LgInspector *self);

G_END_DECLS

#endif
