/* SPDX-License-Identifier: MIT
 * `libllm bench --endpoint`: requests sent to a server at planned times, and how long it took to answer them.
 */
#ifndef CLI_LOAD_LOAD_H
#define CLI_LOAD_LOAD_H

#include "../endpoint/endpoint.h"

struct load_options {
    const char *trace, *input, *output, *api, *targets, *records, *chart, *estimate, *arrivals;
    float rate, duration, speed, require;
    uint32_t concurrency, n_requests, n_warmup, n_prefix, n_prefixes;
    uint64_t seed;
    bool ignore_end;
};

#define LOAD_DEFAULTS ((struct load_options){.api = "chat", .arrivals = "poisson", .speed = 1, .n_prefixes = 1})

/* Rows for struct load_options. */
extern const struct option load_options[];

/* Runs and prints; lengths "512" and the like stand for --input and --output where these are not given. Returns an exit
 * code. */
int load_run(struct endpoint *endpoint, const struct load_options *options, const char *model, bool as_json,
             const struct command *command);

#endif
