/* SPDX-License-Identifier: MIT
 * What a report of the estimator says of a service, as files need it.
 */
#ifndef CLI_DEPLOY_PLAN_H
#define CLI_DEPLOY_PLAN_H

#include <jansson.h>

#include "deploy/deploy.h"
#include "text.h"

enum deploy_engine { ENGINE_VLLM, ENGINE_SGLANG, ENGINE_LIBLLM };

struct plan {
    const struct deploy_options *options;
    const json_t *scenario, *report;
    enum deploy_engine engine;
    char name[41];         /* of the service: letters, digits and dashes */
    struct text model;     /* as the engine finds it */
    double tp, pp, dp, ep; /* devices */
    double devices, per_node, nodes,
        gpus_here;            /* of a replica; of a machine; machines of a replica; devices used there */
    double max_len, max_seqs; /* tokens of a sequence; sequences of one replica of the attention */
    double replicas, replicas_least, replicas_most, replicas_here; /* here: on one machine */
    double in_flight;                                              /* sequences of a replica */
    double rate;                                                   /* requests a second at the peak; 0: not known */
    bool is_stored_fp8, has_code; /* of the weights; the repository's own code is needed */
    bool is_chinese;
};

/* A figure at a path such as "latency.ttft", and what of it is "value", "low" or "high"; `otherwise` where it is not
 * there. */
double plan_figure(const json_t *report, const char *path, const char *part, double otherwise);
/* A text of the scenario at a path; "" where there is none. */
const char *plan_text(const json_t *scenario, const char *path);
double plan_number(const json_t *scenario, const char *path, double otherwise);

/* False, with a message. plan_close() is right after either outcome. */
bool plan_open(struct plan *plan, const struct deploy_options *options, const json_t *scenario, const json_t *report);
void plan_close(struct plan *plan);

/* reasons.c: why it is so, in lines. */
void plan_write_reasons(const struct plan *plan, struct text *out);
/* What the load test checks; the promise in words, and its limits in milliseconds. */
void plan_promise(const struct plan *plan, struct text *words, double *ttft_ms, double *tpot_ms);

/* flags.c: what the engine is started with: a list of [flag, value, ...], and for Ray Serve the same as an object.
 * NULL, with a message. */
json_t *plan_flags(const struct plan *plan, bool is_for_kubernetes);
json_t *plan_kwargs(const struct plan *plan);

#endif
