/* SPDX-License-Identifier: MIT
 * A plan of training as figures: how parameters and sequences are divided among devices.
 */
#include "estimate/training.h"

#include <math.h>

static const char chosen[] = "given, or chosen";

void ll_training_put_layout(ll_training *t, const ll_training_plan *p)
{
    ll_sheet_give(t->sheet, "devices.count", "device", p->devices, chosen);
    ll_sheet_give(t->sheet, "parallel.tp", "device", p->tp, "tensor parallel");
    ll_sheet_give(t->sheet, "parallel.pp", "device", p->pp, "pipeline stages");
    ll_training_give(t, "parallel.vp", "", p->vp, "chunks of layers of a stage, which are interleaved");
    ll_sheet_give(t->sheet, "parallel.cp", "device", p->cp, "context parallel");
    if (t->has_experts)
        ll_sheet_give(t->sheet, "parallel.ep", "device", p->ep, "expert parallel");
    ll_sheet_give(t->sheet, "parallel.zero", "", p->zero,
                  p->is_fsdp ? "stage; parameters and states are kept sharded, in 32 bits" : "stage");
    ll_training_give(t, "parallel.sp", "device", p->has_split_norms ? p->tp : 1, "devices that share norms");
    ll_sheet_compute(t->sheet, "parallel.dp", "device",
                     "max(1, floor(devices.count / (parallel.tp * parallel.pp * parallel.cp)))", "data parallel");
    ll_sheet_give(t->sheet, "batch.sequences", "sequence", p->sequences, "of an optimizer step");
    ll_training_put(t, "batch.per_replica", "sequence", "max(1, batch.sequences / parallel.dp)");
    /* The fullest device: its parameters, and among how many devices each of them is shared. */
    ll_training_put(t, "shard.dense", "parameter",
                    p->pp > 1 || (t->bill->is_tied && !t->has_own_head)
                        ? "train.body / (parallel.tp * parallel.pp) + (train.embedding + train.positions) / parallel.tp"
                        : "train.body / parallel.tp + (2 * train.embedding + train.positions) / parallel.tp");
    ll_training_put(t, "shard.experts", "parameter",
                    !t->has_experts ? "train.experts"
                    : p->ep > 1     ? "train.experts / (parallel.pp * parallel.ep)"
                                    : "train.experts / (parallel.pp * parallel.tp)");
    ll_training_put(t, "shard.group", "device", "parallel.dp * parallel.cp");
    ll_training_put(t, "shard.expert_group", "device",
                    t->has_experts && p->ep > 1 ? "max(1, floor(devices.count / (parallel.pp * parallel.ep)))"
                                                : "parallel.dp * parallel.cp");
    ll_training_put_states(t, p);
}

void ll_training_put_batch(ll_training *t, const ll_training_plan *p)
{
    /* Shares of the forward pass that are computed again: products, the core of attention, what is element-wise. */
    static const struct {
        double products, core, elementwise;
    } shares[] = {
        [LL_RECOMPUTE_NONE] = {0, 0, 0},    [LL_RECOMPUTE_SELECTIVE] = {0, 1, 0.1}, [LL_RECOMPUTE_CHEAP] = {0, 0, 0.5},
        [LL_RECOMPUTE_SAC] = {0.5, 0, 0.8}, [LL_RECOMPUTE_FULL] = {1, 1, 1},
    };
    static const char *const words[] = {"none", "selective", "cheap", "sac", "full"};
    if (t->sheet->status) /* then the plan may still be open */
        return;
    ll_sheet_give(t->sheet, "batch.micro", "sequence", p->micro_batch, chosen);
    ll_training_put(t, "batch.micros", "", "max(1, batch.per_replica / batch.micro)");
    ll_training_put(t, "batch.micro_tokens", "token", "batch.micro * context.tokens / parallel.cp");
    ll_sheet_say(t->sheet, "recompute.kind", words[p->recompute], chosen);
    if (p->recompute == LL_RECOMPUTE_CHEAP) {
        ll_sheet_give(t->sheet, "recompute.share", "", p->share,
                      "layers that are computed again as a whole: as few as fit");
        ll_training_put(t, "recompute.products", "", "recompute.share");
        ll_training_put(t, "recompute.core", "", "recompute.share");
        ll_training_put(t, "recompute.elementwise", "", "0.5 + 0.5 * recompute.share");
        return;
    }
    ll_training_give(t, "recompute.products", "", shares[p->recompute].products, "of the forward pass");
    ll_training_give(t, "recompute.core", "", shares[p->recompute].core, "of the forward pass");
    ll_training_give(t, "recompute.elementwise", "", shares[p->recompute].elementwise, "of the forward pass");
}

void ll_training_put_plan(ll_training *t, const ll_training_plan *plan)
{
    ll_training_put_layout(t, plan);
    ll_training_put_batch(t, plan);
    ll_training_put_memory(t, plan);
    ll_training_put_step(t, plan);
}
