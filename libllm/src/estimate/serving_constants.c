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
    {"k.sampler", "B", 15.3, "vLLM: of sampling, for each sequence and word of the vocabulary"},
    {"k.runtime", "B", 2.7e8, "vLLM: context and libraries of one device"},
    {"k.runtime_parallel", "B", 2.25e9,
     "vLLM: the same with tensor parallelism on large devices, buffers of communication included"},
    {"k.stage", "s", 0.000449, "hand-over between pipeline stages"},
    {"k.request", "s", 0.00317, "overhead of a request: HTTP, tokenizer"},
    {"k.first_layer", "s", 0.000247, "launching a prompt, for each dense layer"},
    {"k.first_expert_layer", "s", 0.000567, "the same of a layer with experts"},
    {"k.first_latent", "s", 0.00105, "more with latent attention"},
    {"k.first_linear", "s", 0.00388, "more of a layer of constant state"},
    {"k.first_scales", "s", 0.000833, "more of a layer with FP8 experts whose scales software applies"},
    {"k.first_dense", "", 0.957, "reading one prompt relative to the step, dense"},
    {"k.first_experts", "", 1.25, "and with experts"},
    {"k.burst", "", 0.147, "share of requests that arrive together"},
    {"k.first_wait", "", 0.659, "waits this share of a running step"},
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
    {"k.first_launch", "", {1.36, 0.694, 1.03, 0.991}, "launches of this engine, relative to the mean"},
};

/* As fitted, or as the scenario has it, for those who fit again to their own measurements. */
static void put(ll_reader *r, const char *path, const char *unit, double value, const char *meaning)
{
    enum { FACTOR = 100 }; /* a constant is at most so far off */
    if (!ll_read_given(r, path, 0, value * FACTOR, path, unit))
        ll_sheet_give(r->sheet, path, unit, value, ll_sheet_text(r->sheet, "%s; %s", meaning, source));
    ll_sheet_detail(r->sheet, path);
}

void ll_serving_put_constants(ll_serving *s)
{
    ll_reader r = ll_read_object(s->task->scenario, "constants");
    for (size_t i = 0; i < sizeof common / sizeof *common; i++)
        put(&r, common[i].path, common[i].unit, common[i].value, common[i].meaning);
    for (size_t i = 0; i < sizeof of_engine / sizeof *of_engine; i++)
        put(&r, of_engine[i].path, of_engine[i].unit, of_engine[i].values[s->engine], of_engine[i].meaning);
    ll_read_end(&r);
}

/* One sequence, layers in turn on the devices: k.desktop_*. */
static const struct {
    const char *path, *unit;
    double value;
    const char *meaning;
} desktop[] = {
    {"k.desktop_bandwidth", "", 0.903, "share of the bandwidth that streaming weights reaches"},
    {"k.desktop_hbm", "B/s", 1.15e12, "rate at which devices with HBM multiply one vector, at most"},
    {"k.desktop_dequantize", "FLOP", 1.33, "vector operations for each quantized weight"},
    {"k.desktop_dequantize_metal", "FLOP", 10.7, "the same with Metal"},
    {"k.desktop_layer", "s", 8.48e-05, "latency of a layer"},
    {"k.desktop_hop", "s", 0.000247, "one more device, for a token"},
    {"k.desktop_matrix", "", 0.579, "share of the matrix peak that small devices reach"},
    {"k.desktop_matrix_metal", "", 0.744, "the same with Metal"},
    {"k.desktop_saturation", "FLOP/s", 5.6e14, "what large devices approach, before that share"},
    {"k.desktop_quantized", "", 1.37, "products with quantized weights, time relative to F16"},
    {"k.desktop_overlap", "", 0.856, "share of the ideal overlap of devices while a prompt is read"},
    {"k.desktop_hop_prompt", "s", 0.000885, "one more device, for a prompt"},
    {"k.desktop_memory", "", 0.98, "share of the memory that is free for a model"},
    {"k.desktop_memory_unified", "", 0.75, "the same of unified memory"},
};

void ll_desktop_put_constants(ll_task *task)
{
    ll_reader r = ll_read_object(task->scenario, "constants");
    for (size_t i = 0; i < sizeof desktop / sizeof *desktop; i++)
        put(&r, desktop[i].path, desktop[i].unit, desktop[i].value, desktop[i].meaning);
    ll_read_end(&r);
}
