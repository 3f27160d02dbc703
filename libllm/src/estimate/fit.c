/* SPDX-License-Identifier: MIT
 * The everyday question: does a model fit on this machine, with how much context, and how fast will it be? And the same
 * of serving with our own engine. What the machine can do comes with the scenario ("machine": memory, and the limits
 * that libllm_runtime_measure_limits() finds, or its calibration).
 */
#include "estimate/machine.h"
#include "estimate/measured.h"

typedef struct limits {
    double bandwidth, operations; /* measured; 0: not */
    double given_bandwidth, given_operations;
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

static limits put_machine(ll_task *task, ll_calibrated *calibrated)
{
    ll_sheet *sheet = task->sheet;
    ll_reader r = ll_read_object(task->scenario, "machine");
    const char *name = ll_read_text(&r, "name", NULL);
    if (name)
        ll_sheet_say(sheet, "machine.name", ll_sheet_text(sheet, "%s", name), "given");
    if (!ll_read_given(&r, "memory", 1, 1e18, "machine.memory", "B"))
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "machine.memory: expected the bytes that are available");
    *calibrated = ll_put_calibration(task, &r);
    limits out = read_limits(ll_read_any(&r, "limits"));
    out.given_bandwidth = ll_read_number(&r, "bandwidth", 1, 1e18, 0);
    out.given_operations = ll_read_number(&r, "operations", 1, 1e21, 0);
    ll_read_end(&r);
    return out;
}

static void put_limits(ll_sheet *sheet, const limits *l)
{
    if (l->given_bandwidth > 0)
        ll_sheet_give(sheet, "machine.bandwidth", "B/s", l->given_bandwidth, "given");
    else if (l->bandwidth > 0)
        ll_sheet_give_between(sheet, "machine.bandwidth", "B/s", l->bandwidth, 0.9 * l->bandwidth, 1.05 * l->bandwidth,
                              "measured: reading memory with all threads");
    else
        ll_sheet_give_between(sheet, "machine.bandwidth", "B/s", 40e9, 15e9, 90e9,
                              "not measured: two channels of desktop memory");
    if (l->given_operations > 0)
        ll_sheet_give(sheet, "machine.operations", "FLOP/s", l->given_operations, "given");
    else if (l->operations > 0)
        ll_sheet_give(sheet, "machine.operations", "FLOP/s", l->operations,
                      ll_sheet_text(sheet, "measured: the unit %s with all threads", l->unit));
    else
        ll_sheet_give_between(sheet, "machine.operations", "FLOP/s", 1e12, 2e11, 5e12,
                              "not measured: a desktop processor");
}

/* Where the machine has not been calibrated, or not for these formats. */
static void put_speed_by_limits(ll_task *task, const limits *l, const ll_decoding *decoding)
{
    ll_sheet *sheet = task->sheet;
    put_limits(sheet, l);
    ll_sheet_give_between(sheet, "decode.share", "", 0.92, 0.8, 1.03,
                          "share of the read bandwidth that decoding reaches; measured on 1B models");
    ll_sheet_compute(sheet, "decode.bytes", "B",
                     ll_sheet_text(sheet,
                                   !decoding->sequences ? "weights.bytes_per_token + %s%s"
                                   : task->bill->experts > 0
                                       ? "min(weights.bytes, weights.bytes_per_token * %1$s) + %1$s * %2$s"
                                       : "weights.bytes_per_token * ceil(%1$s / 8) + %1$s * %2$s",
                                   decoding->sequences ? decoding->sequences : "", decoding->kv_bytes),
                     decoding->what);
    ll_sheet_compute(sheet, "decode.tokens_per_second", "token/s",
                     ll_sheet_text(sheet, "%s%smachine.bandwidth * decode.share / decode.bytes",
                                   decoding->sequences ? decoding->sequences : "", decoding->sequences ? " * " : ""),
                     NULL);
    ll_sheet_give_between(sheet, "prefill.share", "", 0.32, 0.22, 0.5,
                          "share of the fastest unit that reading a prompt reaches");
    ll_sheet_compute(sheet, "prefill.tokens_per_second", "token/s",
                     "machine.operations * prefill.share / flops.prefill_token", NULL);
    ll_sheet_detail(sheet, "decode.share");
    ll_sheet_detail(sheet, "decode.bytes");
    ll_sheet_detail(sheet, "prefill.share");
}

static void put_speed(ll_task *task, const ll_calibrated *calibrated, const limits *l, const ll_decoding *decoding)
{
    if (!ll_put_calibrated_speed(task, calibrated, decoding))
        put_speed_by_limits(task, l, decoding);
}

/* KV elements of a token in layers with a window, or in those without; "": there are no such. */
static const char *kv_elements(ll_sheet *sheet, const ll_bill *bill, bool with_window)
{
    const char *sum = "";
    for (size_t i = 0; i < bill->n_cores; i++) {
        const ll_core *core = &bill->cores[i];
        if (!core->is_shared && !core->is_cross && (core->window > 0) == with_window)
            sum = ll_sheet_text(sheet, "%s%s%.0f * %.0f", sum, *sum ? " + " : "", core->layers, core->kv_elements);
    }
    return sum;
}

/* The widest window, where the engine gives up what windows have passed; else 0. */
static double widest_window(const ll_bill *bill)
{
    double widest = 0;
    for (size_t i = 0; i < bill->n_cores && !bill->n_states && !bill->is_encoder; i++)
        widest = bill->cores[i].window > widest ? bill->cores[i].window : widest;
    return widest;
}

/* Pages of 64 tokens that a sequence needs at most in layers with a window: for that, a batch, and a little. */
static const char *window_pages(ll_sheet *sheet, double widest)
{
    return ll_sheet_text(sheet, "(ceil(%.0f / 64) + 3)", widest + 255);
}

/* Layers with a window have theirs for every sequence and one more, where that is less than all. */
static void put_kv_memory(ll_task *task, const char *sequences)
{
    ll_sheet *sheet = task->sheet;
    const double widest = widest_window(task->bill);
    const char *n = sequences ? sequences : "1", *pages = "ceil(context.tokens / 64)";
    if (widest > 0) {
        const char *full = kv_elements(sheet, task->bill, false);
        ll_sheet_compute(sheet, "memory.windows", "B",
                         ll_sheet_text(sheet, "64 * (%s) * kv.bytes_per_element * min(%s * %s, (%s + 1) * min(%s, %s))",
                                       kv_elements(sheet, task->bill, true), n, pages, n, pages,
                                       window_pages(sheet, widest)),
                         "of layers with a window: pages of 64 tokens for that and a batch");
        ll_sheet_detail(sheet, "memory.windows");
        ll_sheet_compute(
            sheet, "memory.kv", "B",
            *full ? ll_sheet_text(sheet, "memory.windows + %s * 64 * %s * (%s) * kv.bytes_per_element", n, pages, full)
                  : "1 * memory.windows",
            "pages of 64 tokens");
    } else {
        const char *kv = ll_sheet_has(sheet, "kv.state_bytes")
                             ? "(kv.bytes_per_token * ceil(context.tokens / 64) * 64 + 3 * kv.state_bytes)"
                             : "kv.bytes_per_token * ceil(context.tokens / 64) * 64";
        ll_sheet_compute(sheet, "memory.kv", "B", ll_sheet_text(sheet, "%s * %s", n, kv), "pages of 64 tokens");
    }
    ll_sheet_detail(sheet, "memory.kv");
}

/* The longest context that sequences have room for, in whole pages. Layers with a window keep pages for all tokens or
 * for the windows, whichever is less, so the larger of what both leave room for. */
static void put_context_most(ll_task *task, const char *sequences)
{
    ll_sheet *sheet = task->sheet;
    const double widest = widest_window(task->bill), most = task->bill->context > 0 ? task->bill->context : 1e9;
    const char *n = sequences ? sequences : "1", *room = "machine.memory - weights.bytes - memory.scratch";
    const char *pages = ll_sheet_text(
        sheet, "(%s) / (%s * 64 * kv.bytes_per_token)",
        ll_sheet_has(sheet, "kv.state_bytes") ? ll_sheet_text(sheet, "%s - 3 * %s * kv.state_bytes", room, n) : room,
        n);
    if (widest > 0) {
        const char *full = kv_elements(sheet, task->bill, false), *windows = kv_elements(sheet, task->bill, true);
        const char *left = ll_sheet_text(sheet, "(%s - (%s + 1) * %s * 64 * (%s) * kv.bytes_per_element)", room, n,
                                         window_pages(sheet, widest), windows);
        pages =
            *full ? ll_sheet_text(sheet, "max(%s, %s / (%s * 64 * (%s) * kv.bytes_per_element))", pages, left, n, full)
                  : ll_sheet_text(sheet, "max(%s, max(0, %s) * 1e9)", pages, left);
    }
    ll_sheet_compute(sheet, "context.most", "token",
                     ll_sheet_text(sheet, "min(%.15g, 64 * floor(max(0, %s)))", most, pages),
                     "in pages of 64 tokens, at most what the model was made for");
}

/* How many sequences of this length have room; see the memory that they need. */
static void put_concurrency_most(ll_task *task)
{
    ll_sheet *sheet = task->sheet;
    const double widest = widest_window(task->bill);
    const char *room = "machine.memory - weights.bytes - memory.scratch", *pages = "ceil(context.tokens / 64)";
    const char *own = ll_sheet_text(sheet, "kv.bytes_per_token * %s * 64%s", pages,
                                    ll_sheet_has(sheet, "kv.state_bytes") ? " + 3 * kv.state_bytes" : "");
    const char *most = ll_sheet_text(sheet, "(%s) / (%s)", room, own);
    if (widest > 0) {
        const char *full = kv_elements(sheet, task->bill, false);
        const char *windows = ll_sheet_text(sheet, "64 * min(%s, %s) * (%s) * kv.bytes_per_element", pages,
                                            window_pages(sheet, widest), kv_elements(sheet, task->bill, true));
        most = ll_sheet_text(sheet, "max(%s, (%s - %s) / (%s + 64 * %s * (%s) * kv.bytes_per_element))", most, room,
                             windows, windows, pages, *full ? full : "0");
    }
    ll_sheet_compute(sheet, "concurrency.most", "", ll_sheet_text(sheet, "floor(max(0, %s))", most),
                     "sequences of this length");
}

/* Whether everything fits, and the most context that does. `sequences` is a figure; NULL: one. */
static void put_memory(ll_task *task, const char *sequences)
{
    ll_sheet *sheet = task->sheet;
    const char *wide = ll_sheet_has(sheet, "model.ffn") ? "1.3 * model.ffn" : "0";
    const char *queries = ll_sheet_has(sheet, "model.head_dim") ? "2 * model.heads * model.head_dim" : "0";
    ll_sheet_compute(
        sheet, "memory.scratch", "B",
        ll_sheet_has(sheet, "model.hidden") && ll_sheet_has(sheet, "model.vocab")
            ? ll_sheet_text(sheet, "6000000 + 20 * model.vocab + 256 * 4 * (3 * model.hidden + %s + %s)", queries, wide)
            : "64000000",
        "the process, the tokenizer, and what the engine computes 256 tokens of a prompt in");
    ll_sheet_detail(sheet, "memory.scratch");
    put_kv_memory(task, sequences);
    ll_sheet_compute(sheet, "memory.needed", "B", "weights.bytes + memory.kv + memory.scratch", NULL);
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
    put_context_most(task, sequences);
    if (ll_sheet_value(sheet, "memory.needed") > memory) {
        ll_sheet_remark(sheet, LL_REMARK_REASON, "context_does_not_fit",
                        "The weights fit, but not with the memory of so long a context.",
                        "权重可以放下，但该上下文长度的 KV 缓存放不下。");
        const double most = ll_sheet_value(sheet, "context.most");
        if (most > 0)
            ll_sheet_remark(sheet, LL_REMARK_CHANGE, "shorter_context",
                            ll_sheet_text(sheet, "A context of %.0f tokens fits.", most),
                            ll_sheet_text(sheet, "上下文缩短到 %.0f 词元即可。", most));
    }
}

void ll_run_fit(ll_task *task)
{
    ll_sheet *sheet = task->sheet;
    ll_calibrated calibrated;
    const limits l = put_machine(task, &calibrated);
    if (!ll_read_given(task->scenario, "context", 1, 1e9, "context.tokens", "token"))
        ll_sheet_give(sheet, "context.tokens", "token",
                      task->bill->context > 0 && task->bill->context < 4096 ? task->bill->context : 4096,
                      "default: 4096, or the model's context");
    ll_put_kv_element(task);
    ll_put_file_weights(task);
    ll_put_inference_flops(task, true);
    ll_put_kv(task);
    put_memory(task, NULL);
    put_speed(task, &calibrated, &l,
              &(ll_decoding){.kv_bytes = "kv.bytes_per_sequence / 2", .what = "with half of the context in use"});
}

/* Up to eight sequences share one reading of the weights; of experts, each token reads its own. */
void ll_serve_own(ll_task *task)
{
    ll_sheet *sheet = task->sheet;
    ll_calibrated calibrated;
    const limits l = put_machine(task, &calibrated);
    ll_put_load(task);
    if (!ll_sheet_has(sheet, "load.input_tokens"))
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "load: expected input_tokens and output_tokens");
    if (!ll_read_given(task->scenario, "concurrency", 1, 1e6, "concurrency.offered", ""))
        ll_sheet_give(sheet, "concurrency.offered", "", 1, "default: sequences at once");
    ll_sheet_compute(sheet, "context.tokens", "token", "load.input_tokens + load.output_tokens", "of a sequence");
    ll_put_kv_element(task);
    ll_put_file_weights(task);
    ll_put_inference_flops(task, true);
    ll_put_kv(task);
    put_memory(task, "concurrency.offered");
    if (ll_sheet_has(sheet, "context.most"))
        put_concurrency_most(task);
    put_speed(task, &calibrated, &l,
              &(ll_decoding){.sequences = "concurrency.offered",
                             .kv_bytes = "kv.bytes_per_sequence * (load.input_tokens + load.output_tokens / 2) / "
                                         "context.tokens",
                             .what = "for a token of each sequence, in the middle of its answer"});
    ll_sheet_compute(sheet, "serving.tpot", "s", "concurrency.offered / decode.tokens_per_second", NULL);
    ll_sheet_detail(sheet, "serving.tpot");
    ll_sheet_compute(sheet, "latency.tpot", "s", ll_measured_tpot(ll_put_measured(task)), "time per output token");
    ll_sheet_compute(sheet, "latency.ttft", "s", "load.input_tokens / prefill.tokens_per_second", "a prompt alone");
    ll_sheet_compute(sheet, "latency.total", "s", "latency.ttft + (load.output_tokens - 1) * latency.tpot",
                     "of a whole answer");
}
