/* SPDX-License-Identifier: MIT
 * What this machine is and how fast it computes: the member "machine" of a scenario.
 */
#ifndef LG_SIZING_MACHINE_H
#define LG_SIZING_MACHINE_H

#include <gio/gio.h>
#include <json-glib/json-glib.h>
#include <libllm/libllm.h>

G_BEGIN_DECLS

/* The machine of a runtime, from a thread that may wait; the caller's. NULL with an error. */
JsonObject *lg_machine_of(const libllm_runtime *runtime, GError **error);

/* Describes the machine on another thread: memory, and the calibration that is kept in the user's cache, or else its
 * limits, which takes some seconds to measure, once while the program runs. */
void lg_machine_describe(GCancellable *cancellable, GAsyncReadyCallback ready, gpointer data);

/* The object; the caller's. */
JsonObject *lg_machine_describe_finish(GAsyncResult *result, GError **error);

/* Told on the main loop how far a calibration is. */
typedef void (*LgMachineProgress)(double share, gpointer data);

/* Measures closely for half a minute and keeps the figures, where `libllm estimate` finds them as well; then
 * lg_machine_describe_finish(). `progress` may be NULL and is not called after cancelling. */
void lg_machine_calibrate(GCancellable *cancellable, LgMachineProgress progress, GAsyncReadyCallback ready,
                          gpointer data);

gboolean lg_machine_is_calibrated(JsonObject *machine);

G_END_DECLS

#endif
