/* SPDX-License-Identifier: MIT
 * The everyday question: does a model fit on this machine, with how much context, and how fast will it be? What the
 * machine can do comes with the scenario ("machine": memory, and the limits that libllm_runtime_measure_limits finds).
 */
#include "estimate/tasks.h"

#include "quant/quant.h"

enum { TYPES_MAX = 64 };

/* Mixtures of formats as files have them: bits of a weight on average, from published files of Llama 3.1 8B. */
static const struct {
    const char *name;
    double bits;
} mixtures[] = {
    {"q2_k", 3.16},   {"q3_k_s", 3.65}, {"q3_k_m", 4.00}, {"q3_k_l", 4.31}, {"q4_k_s", 4.67},
    {"q4_k_m", 4.89}, {"q5_k_s", 5.57}, {"q5_k_m", 5.70}, {"q6_k", 6.56},
};

static bool same_name(const char *a, const char *b)
{
    for (; *a && *b; a++, b++)
        if ((*a >= 'A' && *a <= 'Z' ? *a + 32 : *a) != (*b >= 'A' && *b <= 'Z' ? *b + 32 : *b))
            return false;
    return *a == *b;
}

/* 0: there is no such format. */
static double bits_of(const char *name)
{
    for (size_t i = 0; i < sizeof mixtures / sizeof *mixtures; i++)
        if (same_name(name, mixtures[i].name))
            return mixtures[i].bits;
    for (uint32_t type = 0; type < TYPES_MAX; type++) {
        const ll_type_traits *traits = ll_type_find(type);
        if (traits && same_name(name, traits->name))
            return 8.0 * (double)traits->block.bytes / (double)traits->block.elements;
    }
    return 0;
}

/* weights.bytes, and weights.bytes_per_token of what decoding reads. */
static void put_weights(ll_task *task)
{
    ll_sheet *sheet = task->sheet;
    const ll_bill *bill = task->bill;
    double read = 0;
    if (bill->file_bytes > 0) {
        for (size_t i = 0; i < bill->n_items; i++) {
            const ll_item *item = &bill->items[i];
            const bool is_head = item->class == LL_CLASS_EMBEDDING && bill->is_tied;
            if (item->class == LL_CLASS_VISION || item->class == LL_CLASS_MTP)
                continue;
            if (item->is_product || is_head)
                read += item->bytes * item->used / item->count;
        }
        ll_sheet_give(sheet, "weights.bytes", "B", bill->file_bytes, bill->source);
        ll_sheet_give(sheet, "weights.bytes_per_token", "B", read, "matrices that a token is multiplied by");
        return;
    }
    const char *format = ll_read_text(task->scenario, "weights", "q4_k_m");
    const double bits = bits_of(format);
    if (bits == 0)
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "weights: there is no format \"%s\"", format);
    ll_sheet_say(sheet, "weights.format", ll_sheet_text(sheet, "%s", format),
                 ll_read_has(task->scenario, "weights") ? "given" : "default");
    ll_sheet_give_between(sheet, "weights.bits", "bit", bits, bits * 0.98, bits * 1.04,
                          "of the format, a mixture's as in published files");
    ll_sheet_compute(sheet, "weights.bytes", "B", "parameters.total * weights.bits / 8", NULL);
    ll_sheet_compute(sheet, "weights.bytes_per_token", "B",
                     ll_sheet_has(sheet, "parameters.embedding") && !bill->is_tied
                         ? "(parameters.active - parameters.embedding) * weights.bits / 8"
                         : "parameters.active * weights.bits / 8",
                     "what a token is multiplied by");
}

typedef struct limits {
    double bandwidth, operations;
    const char *unit;
} limits;

/* Of what libllm_runtime_measure_limits reports: the most bytes a second, and the fastest unit. */
static limits read_limits(const json_t *measured)
{
    limits out = {.unit = ""};
    size_t i;
    json_t *entry;
    json_array_foreach (json_object_get(measured, "read"), i, entry) {
        const double x = json_number_value(json_object_get(entry, "gb_per_second")) * 1e9;
        out.bandwidth = x > out.bandwidth ? x : out.bandwidth;
    }
    json_array_foreach (json_object_get(measured, "units"), i, entry) {
        const double x = json_number_value(json_object_get(entry, "gop_per_second")) * 1e9;
        const char *unit = json_string_value(json_object_get(entry, "unit"));
        if (unit && x > out.operations) {
            out.operations = x;
            out.unit = unit;
        }
    }
    return out;
}

static void put_machine(ll_task *task)
{
    ll_sheet *sheet = task->sheet;
    ll_reader r = ll_read_object(task->scenario, "machine");
    const char *name = ll_read_text(&r, "name", NULL);
    if (name)
        ll_sheet_say(sheet, "machine.name", ll_sheet_text(sheet, "%s", name), "given");
    if (!ll_read_given(&r, "memory", 1, 1e18, "machine.memory", "B"))
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "machine.memory: expected the bytes that are available");
    const limits measured = read_limits(ll_read_any(&r, "limits"));
    if (!ll_read_given(&r, "bandwidth", 1, 1e18, "machine.bandwidth", "B/s")) {
        if (measured.bandwidth > 0)
            ll_sheet_give_between(sheet, "machine.bandwidth", "B/s", measured.bandwidth, 0.9 * measured.bandwidth,
                                  1.05 * measured.bandwidth, "measured: reading memory with all threads");
        else
            ll_sheet_give_between(sheet, "machine.bandwidth", "B/s", 40e9, 15e9, 90e9,
                                  "not measured: two channels of desktop memory");
    }
    if (!ll_read_given(&r, "operations", 1, 1e21, "machine.operations", "FLOP/s")) {
        if (measured.operations > 0)
            ll_sheet_give(sheet, "machine.operations", "FLOP/s", measured.operations,
                          ll_sheet_text(sheet, "measured: the unit %s with all threads", measured.unit));
        else
            ll_sheet_give_between(sheet, "machine.operations", "FLOP/s", 1e12, 2e11, 5e12,
                                  "not measured: a desktop processor");
    }
    ll_read_end(&r);
}

static void put_speed(ll_sheet *sheet)
{
    ll_sheet_give_between(sheet, "decode.share", "", 0.92, 0.8, 1.03,
                          "share of the read bandwidth that decoding reaches; measured on 1B models");
    ll_sheet_compute(sheet, "decode.bytes", "B", "weights.bytes_per_token + kv.bytes_per_sequence / 2",
                     "with half of the context in use");
    ll_sheet_compute(sheet, "decode.tokens_per_second", "token/s", "machine.bandwidth * decode.share / decode.bytes",
                     NULL);
    ll_sheet_give_between(sheet, "prefill.share", "", 0.32, 0.22, 0.5,
                          "share of the fastest unit that reading a prompt reaches");
    ll_sheet_compute(sheet, "prefill.tokens_per_second", "token/s",
                     "machine.operations * prefill.share / flops.prefill_token", NULL);
    ll_sheet_detail(sheet, "decode.share");
    ll_sheet_detail(sheet, "decode.bytes");
    ll_sheet_detail(sheet, "prefill.share");
}

/* Whether everything fits, and the most context that does. */
static void put_memory(ll_sheet *sheet)
{
    ll_sheet_give(sheet, "memory.scratch", "B", 64.0 * 1024 * 1024, "buffers of the engine and the process");
    ll_sheet_detail(sheet, "memory.scratch");
    ll_sheet_compute(sheet, "memory.needed", "B", "weights.bytes + kv.bytes_per_sequence + memory.scratch", NULL);
    const double memory = ll_sheet_value(sheet, "machine.memory");
    const double fixed = ll_sheet_value(sheet, "weights.bytes") + ll_sheet_value(sheet, "memory.scratch");
    if (fixed > memory) {
        ll_sheet_remark(
            sheet, LL_REMARK_REASON, "weights_do_not_fit",
            ll_sheet_text(sheet, "The weights alone need %.1f GiB; %.1f GiB are available.", fixed / 0x1p30,
                          memory / 0x1p30),
            ll_sheet_text(sheet, "仅权重就需要 %.1f GiB，可用内存为 %.1f GiB。", fixed / 0x1p30, memory / 0x1p30));
        const double bits =
            8 * (memory - ll_sheet_value(sheet, "memory.scratch")) / ll_sheet_value(sheet, "parameters.total");
        if (bits >= 2)
            ll_sheet_remark(sheet, LL_REMARK_CHANGE, "fewer_bits",
                            ll_sheet_text(sheet, "A format of at most %.1f bits a weight fits.", bits),
                            ll_sheet_text(sheet, "每权重不超过 %.1f 位的格式可以放下。", bits));
        return;
    }
    if (ll_sheet_value(sheet, "kv.bytes_per_token") <= 0)
        return;
    ll_sheet_compute(sheet, "context.most", "token",
                     "floor((machine.memory - weights.bytes - memory.scratch) / kv.bytes_per_token)",
                     "layers with a window are counted as if they had none");
    if (ll_sheet_value(sheet, "memory.needed") > memory) {
        ll_sheet_remark(sheet, LL_REMARK_REASON, "context_does_not_fit",
                        "The weights fit, but not with the memory of so long a context.",
                        "权重可以放下，但该上下文长度的 KV 缓存放不下。");
        ll_sheet_remark(sheet, LL_REMARK_CHANGE, "shorter_context",
                        ll_sheet_text(sheet, "A context of %.0f tokens fits.", ll_sheet_value(sheet, "context.most")),
                        ll_sheet_text(sheet, "上下文缩短到 %.0f 词元即可。", ll_sheet_value(sheet, "context.most")));
    }
}

void ll_run_fit(ll_task *task)
{
    ll_sheet *sheet = task->sheet;
    put_machine(task);
    if (!ll_read_given(task->scenario, "context", 1, 1e9, "context.tokens", "token"))
        ll_sheet_give(sheet, "context.tokens", "token",
                      task->bill->context > 0 && task->bill->context < 4096 ? task->bill->context : 4096,
                      "default: 4096, or the model's context");
    ll_sheet_give(sheet, "kv.bytes_per_element", "B", ll_read_number(task->scenario, "kv_bits", 1, 64, 16) / 8,
                  ll_read_has(task->scenario, "kv_bits") ? "given" : "default: 16 bits");
    ll_sheet_detail(sheet, "kv.bytes_per_element");
    put_weights(task);
    ll_put_inference_flops(task, true);
    ll_put_kv(task);
    put_memory(sheet);
    put_speed(sheet);
}
