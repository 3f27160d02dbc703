/* SPDX-License-Identifier: MIT
 * What this machine computes with: the library's list of devices.
 */
#ifndef LG_MACHINE_H
#define LG_MACHINE_H

#include "engine/engine.h"

G_BEGIN_DECLS

typedef struct {
    char *id, *kind, *name; /* kind: "cpu", "blas", or of a graphics card; name is NULL where it is not available */
    char *instruction_set;  /* NULL: it has none */
    guint n_threads;
    guint64 memory_bytes, available_bytes;
    gboolean available;
    char *reason; /* why it is not */
} LgDevice;

/* An array of LgDevice, to be released with g_ptr_array_unref(). */
void lg_engine_list_devices_async(LgEngine *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                                  gpointer user_data);
GPtrArray *lg_engine_list_devices_finish(LgEngine *self, GAsyncResult *result, GError **error);

/* The same from JSON; NULL where it is none. */
GPtrArray *lg_devices_parse(const char *text, gssize n_bytes);

G_END_DECLS

#endif
