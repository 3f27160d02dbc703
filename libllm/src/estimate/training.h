/* SPDX-License-Identifier: MIT
 * How training spends its time and memory: the closed form behind the task "train". One optimizer step runs
 * micro-batches through pipeline stages; its parts are figures on the sheet, so an explanation can be followed by hand.
 * What is left open is chosen by trying it out on the same sheet, and rewinding.
 */
#ifndef LL_ESTIMATE_TRAINING_H
#define LL_ESTIMATE_TRAINING_H

#include "estimate/tasks.h"

/* What is computed again in the backward pass instead of being kept. */
typedef enum ll_recompute {
    LL_RECOMPUTE_NONE,
    LL_RECOMPUTE_SELECTIVE, /* the core of attention */
    LL_RECOMPUTE_CHEAP,     /* norms, activations, permutations; of a share of the layers everything */
    LL_RECOMPUTE_SAC,       /* every other matrix product, and what is not one */
    LL_RECOMPUTE_FULL,
    LL_RECOMPUTE_OPEN, /* as little as fits */
} ll_recompute;
#define LL_RECOMPUTE_WORDS "none|selective|cheap|sac|full"

typedef enum ll_attention_kernels {
    LL_ATTENTION_TUNED,
    LL_ATTENTION_GENERIC,
    LL_ATTENTION_UNFUSED, /* of before 2022: scores are written to memory */
} ll_attention_kernels;
#define LL_ATTENTION_WORDS "tuned|generic|unfused"

/* How trained parameters are kept: 16-bit weights with 32-bit masters and gradients, or everything in 16 or in 32 bits.
 */
typedef enum ll_trained { LL_TRAINED_MIXED, LL_TRAINED_BF16, LL_TRAINED_FP32 } ll_trained;
#define LL_TRAINED_WORDS "mixed|bf16|fp32"

/* Where states of the optimizer, or weights, are while they are not used. */
typedef enum ll_place { LL_PLACE_DEVICE, LL_PLACE_HOST, LL_PLACE_DRIVE } ll_place;
#define LL_PLACE_WORDS "device|host|nvme"

/* How a run is spread over devices, and what is tried out. */
typedef struct ll_training_plan {
    double devices, sequences; /* sequences of an optimizer step */
    double tp, pp, cp, ep, vp;
    int zero;             /* stage */
    bool is_fsdp;         /* parameters and states are kept sharded, in 32 bits */
    bool has_split_norms; /* sequence parallel */
    double micro_batch;   /* sequences; 0: open */
    ll_recompute recompute;
    double share; /* of the layers that are computed again as a whole, where `recompute` is cheap */
    bool fits;
} ll_training_plan;

typedef struct ll_training {
    ll_task *task;
    ll_sheet *sheet;
    const ll_bill *bill;
    ll_reader constants;
    ll_attention_kernels attention;
    bool is_eager, is_fp8, has_fused_loss, has_async_tp, is_flat;
    bool has_experts, has_latent, is_gated;
    bool has_layout, has_batch; /* the scenario says how the run is spread, and how much a step takes */
    int optimizer;
    ll_trained trained;
    ll_place states, weights; /* while they are not used */
    /* Fine-tuning. */
    bool is_tuning, has_adapters; /* the model's own weights are frozen */
    bool has_adapted_ffn;
    bool is_quantized;    /* frozen weights, which are unpacked where they are used */
    bool has_own_head;    /* the output is a matrix of its own, kept as the frozen ones of layers are */
    bool frees_gradients; /* layer by layer, as soon as they have been used */
    bool is_paged;        /* states of the optimizer leave the device while they are not used */
} ll_training;

/* training_constants.c: the figures k.train_*. */
void ll_training_put_constants(ll_training *training);
/* training_model.c: what steps are made from, of the model and of the device. */
void ll_training_put_model(ll_training *training);
void ll_training_put_device(ll_training *training, const ll_hardware *hardware);
/* training_plan.c: devices.count, parallel.*, with what parameters take; batch.* and recompute.* of a plan without open
 * members. */
void ll_training_put_layout(ll_training *training, const ll_training_plan *plan);
void ll_training_put_batch(ll_training *training, const ll_training_plan *plan);
/* training_memory.c: memory.total of the fullest device, and its parts. */
void ll_training_put_memory(ll_training *training, const ll_training_plan *plan);
/* training_states.c: those of them that parameters take, which follow from the layout. */
void ll_training_put_states(ll_training *training, const ll_training_plan *plan);
/* training_step.c: step.time, and its parts. */
void ll_training_put_step(ll_training *training, const ll_training_plan *plan);
/* training_offload.c: the member "offload" of a scenario; rates, memory of hosts, and the part of step.time that moving
 * takes.
 */
void ll_training_read_offload(ll_training *training);
bool ll_training_offloads(const ll_training *training);
void ll_training_put_offload_rates(ll_training *training);
void ll_training_put_offload(ll_training *training, const ll_training_plan *plan);
void ll_training_put_offload_step(ll_training *training);
/* All of these. */
void ll_training_put_plan(ll_training *training, const ll_training_plan *plan);

/* training_search.c: the fastest micro-batch that fits, and as little recomputation as fits. */
void ll_training_resolve(ll_training *training, ll_training_plan *plan);
/* Layouts of the searches before, by how fast they could at most have been: for other numbers of devices, those that
 * were far behind are not tried again, nor those that cannot have caught up. */
enum { LL_TP_CHOICES = 4, LL_PP_CHOICES = 5, LL_EP_CHOICES = 5, LL_SHARD_CHOICES = 2 };
enum { LL_LAYOUTS = LL_TP_CHOICES * LL_PP_CHOICES * LL_EP_CHOICES * LL_SHARD_CHOICES };
typedef struct ll_training_shortlist {
    struct ll_training_known {
        double rate;         /* sequences in a second; 0: unknown */
        double replicas;     /* with so many of them; 0: it may be more with others, where larger micro-batches fit */
        double per_sequence; /* seconds of a micro-batch at least, with any number of them; 0: unknown */
        bool is_too_large;   /* with any number of them */
    } layouts[LL_LAYOUTS];
    int first; /* the best one, which is tried first */
    double best;
} ll_training_shortlist;
/* Of another batch: what does not fit does not fit, and micro-batches take their time, unless there are others now. */
void ll_training_forget_rates(ll_training_shortlist *list, bool has_other_micros);
/* The fastest layout that fits, for so many devices; resolved. The shortlist is nullable, and starts as zeros. */
void ll_training_search(ll_training *training, ll_training_plan *plan, ll_training_shortlist *list);

/* training.c: reads the members of a scenario that describe a run, whether or not they are used. */
void ll_training_read(ll_training *training, ll_task *task, ll_training_plan *plan);
/* The model has shapes and the device memory and bandwidth, so that steps can be predicted. */
bool ll_training_is_known(const ll_task *task, const ll_hardware *hardware);
/* Everything that does not depend on a plan. */
void ll_training_prepare(ll_training *training, const ll_hardware *hardware);
/* Choose what the plan leaves open; as few devices as finish within so many days where it has none. */
void ll_training_choose(ll_training *training, ll_training_plan *plan, double days);
/* A chosen plan with what follows: speed, memory, days; and what would fit where it does not. */
void ll_training_put_run(ll_training *training, const ll_training_plan *plan);
/* Days that a plan without open members takes; the sheet is left as it was. */
double ll_training_days(ll_training *training, const ll_training_plan *plan);
/* training_size.c: the plan for as few devices as finish within so many days. */
void ll_training_size(ll_training *training, ll_training_plan *plan, double days);

/* A detail with this formula. */
double ll_training_put(ll_training *training, const char *path, const char *unit, const char *formula);
void ll_training_give(ll_training *training, const char *path, const char *unit, double value, const char *source);

#endif
