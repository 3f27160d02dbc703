/* SPDX-License-Identifier: MIT
 * How an inference server spends its time: the closed form behind the task "serve". One engine step carries decoding
 * sequences and chunks of prompts; its parts are figures on the sheet, so an explanation can be followed by hand.
 */
#ifndef LL_ESTIMATE_SERVING_H
#define LL_ESTIMATE_SERVING_H

#include "estimate/tasks.h"

typedef enum ll_engine_kind { LL_ENGINE_TRTLLM, LL_ENGINE_VLLM, LL_ENGINE_SGLANG, LL_ENGINE_OTHER } ll_engine_kind;
#define LL_ENGINE_WORDS "trtllm|vllm|sglang|other"

typedef struct ll_serving {
    ll_task *task;
    ll_sheet *sheet;
    const ll_bill *bill;
    ll_engine_kind engine;
    double tp, pp, dp, ep, moe_tp;
    bool has_experts, has_fp4;
    bool is_offline;   /* a benchmark without a streaming server */
    bool decodes_only; /* prompts are read by other devices */
    bool is_eager;     /* kernels are launched one by one */
    ll_hardware hardware;
} ll_serving;

/* serving_constants.c: the figures k.*, fitted to measurements (docs/accuracy.md), of this engine. */
void ll_serving_put_constants(ll_serving *serving);

/* serving.c: reads engine, parallel, weights and kv of the scenario, and puts what steps are made from. */
bool ll_serving_read(ll_serving *serving, ll_task *task);
/* The time of a step with figures <prefix>decoding, .context, .prompt and .prompt_context already on the sheet, as
 * <prefix>time; its parts beside it. */
void ll_serving_put_step(ll_serving *serving, const char *prefix);
/* serving_memory.c: weights, KV memory and how many sequences fit, on one device. */
void ll_serving_put_memory(ll_serving *serving);

/* serve.c: the step of one sequence, under "single.". */
void ll_serving_put_single(ll_serving *serving);
/* capacity.c: replicas and devices for the load, of the member "capacity". */
void ll_serving_put_capacity(ll_serving *serving);

/* Put a figure whose path is prefix + name; in the formula '@' stands for the prefix. */
double ll_serving_compute(ll_serving *serving, const char *prefix, const char *name, const char *unit,
                          const char *formula);

#endif
