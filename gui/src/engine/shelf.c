/* SPDX-License-Identifier: MIT
 * The models that are open.
 */
#include "engine/files.h"
#include "engine/shelf.h"

/* What the system and the app keep for themselves. */
#define MARGIN_BYTES (512ull << 20)

/* What of it may be in the free memory at the moment: a file that is mapped counts as free. */
static guint64 bytes_of(const LgLoaded *loaded)
{
    return loaded->info->file_bytes + loaded->info->kv_bytes_per_token * loaded->info->n_window;
}

/* A quarter more than its file for its context and the buffers, which are known only when it is open. */
gboolean lg_shelf_fits(const LgLoaded *open, const char *path, guint64 memory)
{
    const guint64 n_bytes = lg_files_size(path), needed = n_bytes + n_bytes / 4 + bytes_of(open) + MARGIN_BYTES;
    return n_bytes && needed <= memory;
}

LgLoaded *lg_shelf_find(LgShelf *self, const char *path, guint64 n_positions, const char *device)
{
    for (guint i = 0; i < LG_SHELF_PLACES; i++) {
        LgLoaded *found = self->places[i];
        if (!lg_loaded_is(found, path, n_positions, device))
            continue;
        for (; i > 0; i--)
            self->places[i] = self->places[i - 1];
        self->places[0] = found;
        return lg_loaded_ref(found);
    }
    return NULL;
}

void lg_shelf_put(LgShelf *self, LgLoaded *loaded)
{
    g_clear_pointer(&self->places[LG_SHELF_PLACES - 1], lg_loaded_unref);
    for (guint i = LG_SHELF_PLACES - 1; i > 0; i--)
        self->places[i] = self->places[i - 1];
    self->places[0] = lg_loaded_ref(loaded);
}

LgShelf lg_shelf_take(LgShelf *self, guint n)
{
    LgShelf taken = {0};
    for (guint i = n; i < LG_SHELF_PLACES; i++)
        taken.places[i] = g_steal_pointer(&self->places[i]);
    return taken;
}

void lg_shelf_clear(LgShelf *self)
{
    for (guint i = 0; i < LG_SHELF_PLACES; i++)
        g_clear_pointer(&self->places[i], lg_loaded_unref);
}
