/* SPDX-License-Identifier: MIT
 * How an inference server spends its time: the closed form behind the task "serve". One engine step carries decoding
 * sequences and chunks of prompts; its parts are figures on the sheet, so an explanation can be followed by hand.
 */
#ifndef LL_ESTIMATE_SERVING_H
#define LL_ESTIMATE_SERVING_H

#include "estimate/measured.h"
#include "estimate/offload.h"
#include "estimate/tasks.h"

typedef enum ll_engine_kind { LL_ENGINE_TRTLLM, LL_ENGINE_VLLM, LL_ENGINE_SGLANG, LL_ENGINE_OTHER } ll_engine_kind;
#define LL_ENGINE_WORDS "trtllm|vllm|sglang|other"

enum { LL_BATCH_MAX = 10000000 }; /* no limit */

typedef enum ll_draft_kind { LL_DRAFT_MTP, LL_DRAFT_LOOKUP, LL_DRAFT_SHARE, LL_DRAFT_MODEL } ll_draft_kind;

/* Seconds; 0: none. */
typedef struct ll_targets {
    double tpot, ttft, total;
} ll_targets;

typedef struct ll_serving {
    ll_task *task;
    ll_sheet *sheet;
    const ll_bill *bill;
    ll_engine_kind engine;
    double tp, pp, dp, ep, moe_tp;
    bool has_experts, has_fp4;
    bool scales_blocks; /* experts in FP8 on devices that cannot multiply blocks with scales of their own */
    bool is_offline;    /* a benchmark without a streaming server */
    bool decodes_only;  /* prompts are read by other devices */
    bool is_eager;      /* kernels are launched one by one */
    bool is_held;       /* new prompts wait for hold_steps */
    double batch;       /* sequences that the engine runs at once */
    bool has_prefix;    /* the cache has a part of prompts */
    bool is_chunked, says_chunks;
    bool speculates, draft_has_experts;
    bool verifies; /* steps carry a sequence's drafted tokens, too */
    ll_draft_kind draft;
    ll_offload offload;
    ll_targets targets;
    double chosen_tp, chosen_concurrency; /* by the targets; 0: as the scenario has it */
    ll_hardware hardware;
} ll_serving;

/* serving_constants.c: the figures k.*, fitted to measurements (docs/accuracy.md), of this engine; what the member
 * "constants" has instead. */
void ll_serving_put_constants(ll_serving *serving);
void ll_desktop_put_constants(ll_task *task);

/* serving.c: reads engine and hardware of the scenario, and puts what steps are made from. */
bool ll_serving_read(ll_serving *serving, ll_task *task);
/* How a replica is spread, and the formats of weights and KV memory. */
bool ll_serving_put_layout(ll_serving *serving);
/* The time of a step with figures <prefix>decoding, .context, .prompt and .prompt_context already on the sheet, as
 * <prefix>time; its parts beside it. */
void ll_serving_put_step(ll_serving *serving, const char *prefix);
/* serving_memory.c: weights, KV memory and how many sequences fit, on one device. */
void ll_serving_put_memory(ll_serving *serving);

/* serving_prompt.c: load.cached_tokens, load.computed_tokens and serving.budget. */
void ll_serving_read_prompt(ll_serving *serving);
/* The path of the tokens of a prompt that are computed. */
const char *ll_serving_prompt(const ll_serving *serving);
void ll_serving_put_prefill(ll_serving *serving); /* prefill.time of a prompt alone */
/* A step that carries a chunk of a prompt beside the sequences of <decode>decoding. */
void ll_serving_put_mixed(ll_serving *serving, const char *decode, const char *mixed);

/* serving_spread.c: the figure of 1 by which a prediction is multiplied, with its interval. */
typedef enum ll_spread_kind { LL_SPREAD_TPOT, LL_SPREAD_FIRST, LL_SPREAD_THROUGHPUT } ll_spread_kind;
void ll_serving_put_spread(ll_serving *serving, ll_measured measured, ll_spread_kind kind);

/* serving_first.c: first.*, and latency.ttft. */
void ll_serving_read_first(ll_serving *serving);
void ll_serving_put_first(ll_serving *serving, ll_measured measured);

/* serving_draft.c: speculation.*, draft.*. */
void ll_serving_read_speculation(ll_serving *serving);
const char *ll_serving_draft_weights(ll_serving *serving); /* memory.draft, and a term of it; "" without */
const char *ll_serving_draft_kv(ll_serving *serving, const char *tokens);
void ll_serving_put_draft(ll_serving *serving, const char *prefix); /* <prefix>draft, seconds of a step */
void ll_serving_put_gain(ll_serving *serving);

/* serving_host.c: of these weights of one device, those that stay on it; memory.host. */
const char *ll_serving_put_offload(ll_serving *serving, const char *weights);
void ll_serving_put_host(ll_serving *serving, const char *prefix); /* <prefix>host, the host's part of a step */

/* serve.c: everything behind the layout: memory, and where a sequence fits steps, latency and throughput. False: none
 * fits. */
bool ll_serving_put_memory_and_most(ll_serving *serving);
void ll_serving_put_steps(ll_serving *serving);
/* The step of one sequence, under "single.". */
void ll_serving_put_single(ll_serving *serving);

/* serving_targets.c: reads the targets, and chooses what the scenario leaves open by trying it out. */
void ll_serving_read_targets(ll_serving *serving);
void ll_serving_choose(ll_serving *serving);
/* Whether they are kept; if not, why, and what would help. */
void ll_serving_put_verdict(ll_serving *serving);
/* serving_change.c: a remark with the nearest change of the scenario that makes it feasible; found by running it. */
void ll_serving_propose(ll_serving *serving);
/* capacity.c: replicas and devices for the load, of the member "capacity". */
void ll_serving_put_capacity(ll_serving *serving);

/* Put a figure whose path is prefix + name; in the formula '@' stands for the prefix. */
double ll_serving_compute(ll_serving *serving, const char *prefix, const char *name, const char *unit,
                          const char *formula);

#endif
