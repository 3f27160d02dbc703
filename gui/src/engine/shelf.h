/* SPDX-License-Identifier: MIT
 * The models that are open: one, or two where somebody compares them and the memory has room for both. Within engine/
 * only; whoever uses a shelf sees to it that one thread at a time does.
 */
#ifndef LG_SHELF_H
#define LG_SHELF_H

#include "engine/loaded.h"

G_BEGIN_DECLS

#define LG_SHELF_PLACES 2

typedef struct {
    LgLoaded *places[LG_SHELF_PLACES]; /* the one that was used last first */
} LgShelf;

/* The model that these words ask for, which is the one that was used last then; NULL: it is not open. */
LgLoaded *lg_shelf_find(LgShelf *self, const char *path, guint64 n_positions, const char *device);

/* Takes a reference. */
void lg_shelf_put(LgShelf *self, LgLoaded *loaded);

/* Takes all but the first `n` off it. They close with lg_shelf_clear(), which may take a while. */
LgShelf lg_shelf_take(LgShelf *self, guint n);
void lg_shelf_clear(LgShelf *self);

/* Whether a model that is open and the one at `path` have room in `memory` bytes. */
gboolean lg_shelf_fits(const LgLoaded *open, const char *path, guint64 memory);

G_END_DECLS

#endif
