/* SPDX-License-Identifier: MIT
 * What the calls of Ollama's API share.
 */
#ifndef CLI_SERVE_OLLAMA_H
#define CLI_SERVE_OLLAMA_H

#include <jansson.h>

/* 2026-01-31T12:34:56.789012345Z. */
json_t *time_json(const struct timespec *time);
json_t *now_json(void);
/* Nanoseconds, as all durations are there. */
json_t *duration_json(double seconds);

#endif
