/* SPDX-License-Identifier: MIT
 * Constants of serving: what physics leaves open, fitted to published measurements of serving. How well they hold on
 * hardware that they were not fitted to is in docs/accuracy.md.
 */
#include "estimate/serving.h"

static const char source[] = "fitted to published measurements, see docs/accuracy.md";

static const struct {
    const char *path, *unit;
    double value;
    const char *meaning;
} common[] = {
    {"k.weight_bandwidth", "", 0.853, "share of the bandwidth that streaming dense weights reaches"},
    {"k.kv_bandwidth", "", 0.722, "share of the bandwidth that reading KV memory reaches"},
    {"k.expert_bandwidth", "", 0.846, "the same of expert weights, relative to dense ones"},
    {"k.gemm", "", 0.704, "share of the peak that a large matrix product reaches"},
    {"k.gemm_fp4", "", 0.506, "the same with FP4 operands"},
    {"k.gemm_half", "token", 132.0, "tokens at which a product reaches half of that"},
    {"k.grouped_gemm", "", 0.733, "grouped products of experts, relative to dense ones"},
    {"k.tile", "token", 38.9, "rows to which the product of each touched expert is padded"},
    {"k.prefill_attention", "", 0.363, "share of the BF16 peak that prompt attention reaches"},
    {"k.elementwise", "", 13.7, "element-wise traffic of a token and layer, in vectors of 16 bits"},
    {"k.link", "", 0.583, "share of the link's bandwidth"},
    {"k.collective", "s", 3.71e-06, "latency of a collective"},
    {"k.collective_doubling", "s", 2.83e-06, "and for each doubling of devices"},
    {"k.collective_far", "s", 7.75e-05, "latency of a collective beyond the domain"},
    {"k.layer", "s", 2.77e-05, "chain of kernels of a layer"},
    {"k.layer_latent", "s", 3.34e-06, "more with latent attention"},
    {"k.layer_index", "s", 8.5e-05, "more with an indexer"},
    {"k.layer_linear", "s", 5.22e-06, "more of a layer of constant state"},
    {"k.layer_fp4", "s", 2.05e-06, "more with FP4 activations"},
    {"k.eager", "s", 0.00135, "a layer of a step that is launched kernel by kernel"},
    {"k.host_offline", "s", 1.09e-05, "host time for each running sequence without a streaming server"},
    {"k.memory", "", 0.99, "share of the nominal memory that a driver leaves"},
    {"k.stage", "s", 0.000449, "hand-over between pipeline stages"},
    {"k.request", "s", 0.00167, "overhead of a request: HTTP, tokenizer"},
    {"k.first_layer", "s", 0.000321, "launching a prompt, for each dense layer"},
    {"k.first_latent", "", 0.995, "the same of latent attention, factor"},
    {"k.first_dense", "", 0.944, "reading one prompt relative to the step, dense"},
    {"k.first_experts", "", 1.49, "and with experts"},
    {"k.queue", "", 0.209, "weight of the queueing term"},
    {"k.burst", "", 0.118, "share of requests that arrive together"},
    {"k.first_wait", "", 0.72, "waits this share of a running step"},
};

/* By engine. */
static const struct {
    const char *path, *unit;
    double values[LL_ENGINE_OTHER + 1];
    const char *meaning;
} of_engine[] = {
    {"k.layer_experts",
     "s",
     {2.24e-05, 1.77e-05, 3.2e-05, 2.33e-05},
     "more of a layer with experts: router, permutation, launches"},
    {"k.latency", "", {1.0, 1.32, 1.06, 1.12}, "latencies of this engine, relative to TensorRT-LLM"},
    {"k.bandwidth", "", {1.08, 1.0, 1.11, 1.06}, "bandwidth of this engine, relative to vLLM"},
    {"k.host", "s", {0.000284, 0.00041, 0.000567, 0.000404}, "host time of a step that the device waits for"},
    {"k.host_sequence", "s", {1.33e-05, 6.11e-06, 2.15e-05, 1.2e-05}, "and for each running sequence"},
    {"k.prefill_share", "", {1.03, 1.02, 0.547, 1.0}, "share of other sequences' prompts that delays a decoding one"},
    {"k.first_expert_layer",
     "s",
     {0.00152, 0.000415, 0.0024, 0.00115},
     "launching a prompt, for each layer with experts"},
};

static void put(ll_serving *s, const char *path, const char *unit, double value, const char *meaning)
{
    ll_sheet_give(s->sheet, path, unit, value, ll_sheet_text(s->sheet, "%s; %s", meaning, source));
    ll_sheet_detail(s->sheet, path);
}

void ll_serving_put_constants(ll_serving *s)
{
    for (size_t i = 0; i < sizeof common / sizeof *common; i++)
        put(s, common[i].path, common[i].unit, common[i].value, common[i].meaning);
    for (size_t i = 0; i < sizeof of_engine / sizeof *of_engine; i++)
        put(s, of_engine[i].path, of_engine[i].unit, of_engine[i].values[s->engine], of_engine[i].meaning);
}
