/* SPDX-License-Identifier: MIT
 * What this machine is and how fast it computes, for `libllm estimate fit`; and `libllm estimate calibrate`.
 */
#ifndef CLI_MACHINE_H
#define CLI_MACHINE_H

#include <jansson.h>
#include <libllm/libllm.h>
#include <stdbool.h>

/* The member "machine" of a scenario of the task "fit", or of serving with our own engine, which has none: memory, and
 * the calibration that was kept of this machine, or else its limits, which takes some seconds to measure, once. False,
 * with a message, on failure. */
bool machine_add(json_t *scenario, const libllm_runtime *runtime);

/* That member by itself: memory, and the calibration that was kept of this machine, or else its limits; with
 * `older_will_do`, those that were measured in the last days. NULL, with a message, on failure. */
json_t *machine_describe(const libllm_runtime *runtime, bool older_will_do);

/* Measures, keeps the figures in the user's cache and prints them. types: "Q4_K,Q6_K"; NULL: all. Returns an exit
 * code. */
int machine_calibrate(const libllm_runtime *runtime, const char *types, bool as_json);

#endif
