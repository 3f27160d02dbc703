/* SPDX-License-Identifier: MIT
 * `libllm estimate deploy`: the plan for a service, and the files that run it on somebody else's engine.
 */
#ifndef CLI_DEPLOY_H
#define CLI_DEPLOY_H

#include <jansson.h>
#include <stdbool.h>

#include "options.h"

struct deploy_options {
    const char *folder, *repository, *draft, *name, *image, *language;
    const char *platform, *engine; /* of --on and --engine */
    uint32_t replicas, gpus_per_node;
    struct texts servers;
    double context; /* tokens; 0: what the load asks for */
    bool force;
};

extern const struct option deploy_options[];

#define DEPLOY_PLATFORMS "ray|kubernetes|compose|haproxy|nginx"
bool deploy_is_platform(const char *word);

/* Before the scenario is run: what of it is left open and how it is chosen. */
void deploy_prepare(json_t *scenario, const struct deploy_options *options);
/* Of the report on it: the scenario that was chosen. The files are in place, or there is a message. */
bool deploy_write(const struct deploy_options *options, const json_t *scenario, const json_t *report);

#endif
