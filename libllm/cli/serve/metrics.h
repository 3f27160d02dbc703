/* SPDX-License-Identifier: MIT
 * What the server counts, for /metrics.
 */
#ifndef CLI_SERVE_METRICS_H
#define CLI_SERVE_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

#include "text.h"

enum { METRICS_BUCKETS = 10 };

/* Of times in seconds, the bounds of METRICS_BOUNDS. */
struct histogram {
    atomic_uint_fast64_t buckets[METRICS_BUCKETS + 1], microseconds;
};

struct metrics {
    atomic_uint_fast64_t replies[6]; /* by the first digit of the status */
    atomic_uint_fast64_t prompt_tokens, cached_tokens, generated_tokens, cancelled;
    struct histogram first_token, token;
};

struct server;

void metrics_count_reply(struct metrics *metrics, unsigned status);
void metrics_count_time(struct histogram *histogram, double seconds);
/* In the text format of Prometheus. */
void metrics_write(struct server *server, struct text *text);

#endif
