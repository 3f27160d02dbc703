/* SPDX-License-Identifier: MIT
 * What fine-tuning keeps, beside what all training does: frozen weights in their own precision, and parameters that are
 * trained in theirs.
 */
#include "estimate/tuning.h"

enum { BF16, FP32, INT8, NF4 };

void ll_tuning_read(ll_training *t)
{
    ll_reader *r = t->task->scenario;
    t->is_tuning = true;
    t->has_adapters = ll_read_has(r, "lora");
    const bool has_own = ll_read_has(r, "trained");
    t->trained = (ll_trained)ll_read_choice(r, "trained", LL_TRAINED_WORDS, LL_TRAINED_MIXED);
    t->frees_gradients = ll_read_flag(r, "free_gradients", false);
    t->is_paged = ll_read_flag(r, "paged", false);
    t->is_eager = t->is_eager || !ll_read_has(r, "kernels");
    t->has_fused_loss = t->has_fused_loss && ll_read_has(r, "fused_loss");
    if (!ll_read_given(r, "loss_chunks", 1, 1e6, "loss.chunks", ""))
        ll_training_give(t, "loss.chunks", "", 1, "default: all logits at once");
    if (t->is_paged && t->states != LL_PLACE_DEVICE)
        ll_sheet_fail(t->sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                      "paged: states that offload.optimizer keeps elsewhere are not paged");
    if (t->has_adapters && has_own)
        ll_sheet_fail(t->sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "trained: adapters have lora.precision");
    static const struct {
        const char *bytes, *source;
        double rest;
    } bases[] = {
        [BF16] = {"16 / 8", "16 bits", 2},
        [FP32] = {"32 / 8", "32 bits", 4},
        [INT8] = {"8 / 8", "Dettmers et al. 2022: 8 bits, scales of rows are small", 2},
        [NF4] = {"(4 + 32 / 64) / 8", "Dettmers et al. 2023: 4 bits, a scale of 32 for each 64", 2},
    };
    static const char twice[] = "(4 + 8 / 64 + 32 / (64 * 256)) / 8";
    const int base = ll_read_choice(r, "base", "bf16|fp32|int8|nf4", BF16);
    const bool is_double = ll_read_flag(r, "double_quantization", true);
    t->has_own_head = ll_read_flag(r, "own_head", false);
    if (!t->has_adapters && (t->has_own_head || ll_read_has(r, "base")))
        ll_sheet_fail(t->sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "%s: frozen weights need adapters: \"lora\"",
                      t->has_own_head ? "own_head" : "base");
    if (t->sheet->status || !t->has_adapters)
        return;
    t->is_quantized = base >= INT8;
    ll_adapters_put(t);
    const bool is_twice = base == NF4 && is_double;
    ll_sheet_compute(t->sheet, "base.bytes", "B", is_twice ? twice : bases[base].bytes,
                     is_twice ? "Dettmers et al. 2023: 4 bits, a scale of 8 for each 64, one of 32 for 256 of those"
                              : bases[base].source);
    ll_training_give(t, "base.rest_bytes", "B", bases[base].rest,
                     t->has_own_head ? "embedding and norms, which stay as they are"
                                     : "embedding, output and norms, which stay as they are");
}

/* The largest matrix that is unpacked at once. */
void ll_tuning_put(ll_training *t)
{
    double rows = t->has_own_head ? t->bill->vocab : 0, columns = t->has_own_head ? t->bill->hidden : 0;
    if (!t->is_quantized)
        return;
    for (size_t i = 0; i < t->bill->n_items; i++) {
        const ll_item *item = &t->bill->items[i];
        if (item->is_product && item->class != LL_CLASS_HEAD && item->class != LL_CLASS_VISION &&
            item->rows * item->columns > rows * columns) {
            rows = item->rows;
            columns = item->columns;
        }
    }
    ll_training_put(t, "base.unpacked", "B",
                    rows * columns > 0 ? ll_sheet_text(t->sheet, "2 * %.0f * %.0f", rows, columns) : "0 * base.bytes");
}
