/* SPDX-License-Identifier: MIT
 * The first token: a prompt is launched kernel by kernel, read, and waits for prompts that came with it.
 *
 * hold_steps  decode steps for which the engine leaves a new prompt waiting, on average: half of SGLang's
 *             --scheduler-recv-interval, or timeout_iters of TensorRT-LLM's attention_dp_config
 */
#include "estimate/serving.h"

static void give(ll_serving *s, const char *path, const char *formula, const char *source)
{
    ll_sheet_compute(s->sheet, path, "s", formula, source);
    ll_sheet_detail(s->sheet, path);
}

/* Prompts are not replayed from a recorded graph: the host launches what each kind of layer consists of. */
static const char *launch(ll_serving *s)
{
    const ll_bill *bill = s->bill;
    double latent = 0, linear = 0;
    for (size_t i = 0; i < bill->n_cores; i++)
        latent += bill->cores[i].latent_dim > 0 ? bill->cores[i].layers : 0;
    for (size_t i = 0; i < bill->n_states; i++)
        linear += bill->states[i].layers;
    const char *layers = s->has_experts ? "(model.layers - serving.expert_layers) * k.first_layer + "
                                          "serving.expert_layers * k.first_expert_layer"
                                        : "model.layers * k.first_layer";
    if (latent > 0)
        layers = ll_sheet_text(s->sheet, "%s + %.0f * k.first_latent", layers, latent);
    if (linear > 0)
        layers = ll_sheet_text(s->sheet, "%s + %.0f * k.first_linear", layers, linear);
    if (s->scales_blocks)
        layers = ll_sheet_text(s->sheet, "%s + serving.expert_layers * k.first_scales", layers);
    return ll_sheet_text(s->sheet, "k.first_launch * (%s)", layers);
}

void ll_serving_read_first(ll_serving *s)
{
    s->is_held = ll_read_given(s->task->scenario, "hold_steps", 0, 1e6, "serving.hold_steps", "step");
    if (s->is_held)
        ll_sheet_detail(s->sheet, "serving.hold_steps");
}

void ll_serving_put_first(ll_serving *s, ll_measured measured)
{
    ll_sheet *sheet = s->sheet;
    ll_serving_put_spread(s, measured, LL_SPREAD_FIRST);
    give(s, "first.launch", launch(s), "by the host, for a prompt");
    give(s, "first.prompt", s->has_experts ? "prefill.time * k.first_experts" : "prefill.time * k.first_dense", NULL);
    give(s, "first.alone", "k.request + first.launch + first.prompt", NULL);
    give(s, "first.wait",
         ll_sheet_text(sheet,
                       "k.burst * max(concurrency.used - 1, 0) / 2 * first.prompt + %s * round_2.time * serving.pp",
                       s->is_held ? "(k.first_wait + serving.hold_steps)" : "k.first_wait"),
         "for prompts that come together, and for the running step");
    const bool is_full = ll_sheet_value(sheet, "concurrency.offered") > ll_sheet_value(sheet, "concurrency.most");
    ll_sheet_compute(sheet, "latency.ttft", "s",
                     ll_sheet_text(sheet, "(first.alone + first.wait%s) * serving.first_spread%s",
                                   is_full ? " + (concurrency.offered - concurrency.most) / concurrency.most * "
                                             "load.output_tokens / 2 * serving.tpot"
                                           : "",
                                   measured ? " * measured.factor" : ""),
                     "time to first token of a request that meets the others");
}
