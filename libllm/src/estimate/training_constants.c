/* SPDX-License-Identifier: MIT
 * Constants of training: what physics leaves open, fitted to published measurements of training, or textbook values
 * that were not fitted. How well they hold on hardware that they were not fitted to is in docs/accuracy.md.
 */
#include "estimate/training.h"

static const char fitted[] = "fitted to published measurements, see docs/accuracy.md";

static const struct {
    const char *path, *unit;
    double value;
    const char *meaning;
} constants[] = {
    {"k.train_product", "", 0.781, "share of the peak that a wide product sustains where power does not limit it"},
    {"k.train_power", "", 0.36, "how that falls with power below 1.28 W per TFLOP/s: clocks drop under full load"},
    {"k.train_width", "", 417.0, "width of a product at which half of that share is reached"},
    {"k.train_legacy", "", 0.808, "the same of software of before 2022"},
    {"k.train_attention", "", 0.553, "tuned attention kernels: causal operations over the 16-bit peak"},
    {"k.train_attention_generic", "", 0.329, "the same of generic kernels"},
    {"k.train_attention_power", "", 0.63, "how those fall with power"},
    {"k.train_vectors", "B", 70.1, "element-wise traffic of a token and layer, for each of the hidden size"},
    {"k.train_inner", "B", 18.3, "the same for each of the inner widths: activation, gate, layout of heads"},
    {"k.train_scores", "B", 22.0, "the same for each score, where attention writes them"},
    {"k.train_quantize", "B", 58.7, "the same for each of the hidden size, of copies in FP8"},
    {"k.train_eager", "", 1.13, "factor on that traffic where kernels are not fused"},
    {"k.train_bandwidth", "", 0.80, "share of the memory bandwidth that is sustained"},
    {"k.train_logit", "B", 20.0, "traffic of a logit: cast, softmax, loss, gradient"},
    {"k.train_update", "B", 30.0, "traffic of a parameter that is updated"},
    {"k.train_launch", "s", 5.0e-5, "launching the kernels of a layer"},
    {"k.train_link", "", 0.83, "share of the link's bandwidth"},
    {"k.train_network", "", 0.76, "share of the network's bandwidth"},
    {"k.train_hop", "s", 5.6e-6, "latency of a hop of a collective"},
    {"k.train_tp_seen", "", 0.774, "share of tensor-parallel communication that is not hidden"},
    {"k.train_tp_seen_async", "", 0.42, "the same where it is asynchronous"},
    {"k.train_overlap", "", 2.75, "p of (x^p + y^p)^(1/p): computing x while y is exchanged"},
    {"k.train_overlap_eager", "", 1.28, "the same where kernels are not fused"},
    {"k.train_cp_hidden", "", 0.70, "share of attention behind which keys and values travel"},
    {"k.train_grouped", "", 0.70, "grouped products of experts, relative to dense ones of their width"},
    {"k.train_permute", "B", 40.0, "traffic of a token and chosen expert, for each of the hidden size"},
    {"k.train_experts", "s", 0.00217, "router and permutation of a layer: indices, synchronisation"},
    {"k.train_expert", "s", 2.5e-4, "and for each expert that the device has"},
    {"k.train_all_to_all", "", 0.40, "share of the all-to-all that is not hidden"},
    {"k.train_context", "B", 1.5e9, "context, workspaces and buffers of libraries"},
    {"k.train_reserve", "", 1.06, "what the allocator holds over what is live"},
    {"k.train_logit_kept", "B", 4.0, "live bytes of a logit with a fused loss"},
    {"k.train_logit_generic", "B", 10.0, "the same where the loss is not fused"},
    {"k.train_logit_eager", "B", 12.0, "and where kernels are not either"},
    {"k.train_sac_kept", "", 0.40, "share of a layer that op-level selective recomputation keeps"},
    {"k.train_unpack", "", 1.6, "traffic of unpacking quantized weights, over reading, writing and reading them again"},
    {"k.tune_norms", "B", 8.0, "kept of each input of a norm in 32 bits, where kernels are not fused"},
    {"k.tune_inputs", "B", 3.0, "kept of each input of a product with quantized weights, where kernels are not fused"},
    {"k.train_memory", "", 0.92, "share of the memory that may be planned for"},
    {"k.train_micro_tokens", "token", 8192, "largest micro-batch that is tried"},
    {"k.train_interruption_hours", "h", 45566.0,
     "device hours between interruptions (Llama 3: 466 in 54 days on 16,384)"},
    {"k.train_checkpoint", "s", 15.0, "standstill of a checkpoint that is written asynchronously"},
    {"k.train_restart", "s", 600.0, "lost at an interruption beside the work since the checkpoint"},
};

/* As fitted, or as the scenario has it, for those who fit again to their own measurements. */
void ll_training_put_constants(ll_training *t)
{
    enum { FACTOR = 100 }; /* a constant is at most so far off */
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++) {
        const char *path = constants[i].path;
        if (!ll_read_given(&t->constants, path, 0, constants[i].value * FACTOR, path, constants[i].unit))
            ll_sheet_give(t->sheet, path, constants[i].unit, constants[i].value,
                          ll_sheet_text(t->sheet, "%s; %s", constants[i].meaning, fitted));
        ll_sheet_detail(t->sheet, path);
    }
    ll_read_end(&t->constants);
}
