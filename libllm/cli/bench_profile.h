/* SPDX-License-Identifier: MIT
 * What `libllm bench` says besides speeds: the limits of the machine, and where the time went, seen against them.
 */
#ifndef CLI_BENCH_PROFILE_H
#define CLI_BENCH_PROFILE_H

#include <jansson.h>
#include <libllm/libllm.h>
#include <stdbool.h>

/* As the library describes them; NULL, with a message, on failure. */
json_t *bench_limits(const libllm_runtime *runtime);
/* The same of a device that is not the processor. */
json_t *bench_device(const libllm_runtime *runtime, const char *device);
/* What the engine of the session did since the last call. */
json_t *bench_profile(libllm_session *session);

/* Measures the limits and prints them; false, with a message, on failure. */
bool bench_limits_view(const libllm_runtime *runtime, bool as_json);

/* Adds to each phase, and to the whole, its rates and what fraction of the limits they are. */
void bench_profile_rate(json_t *profile, const json_t *limits);
/* Prints a profile that has rates. */
void bench_profile_print(const char *test, const json_t *profile, const json_t *limits);

#endif
