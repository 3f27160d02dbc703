/* SPDX-License-Identifier: MIT
 * Serving a model to many: by the closed form of an inference server, or as published reports count it.
 */
#include "estimate/serving.h"

/* As the reports do: operations over the peak, times how much of it is used. */
static void serve_by_flops(ll_task *task)
{
    ll_sheet *sheet = task->sheet;
    ll_hardware hardware;
    ll_put_load(task);
    if (!ll_sheet_has(sheet, "load.queries_per_second"))
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                      "load: expected \"queries_per_second\", \"visits_per_month\" or \"users\"");
    ll_put_inference_flops(task, false);
    ll_sheet_compute(sheet, "flops.per_day", "FLOP", "flops.per_token * load.peak_tokens_per_day", NULL);
    ll_hardware_read(task->scenario, task->tables, LL_PRECISION_INT8, &hardware);
    if (!ll_read_given(task->scenario, "mfu", 1e-4, 1, "mfu", ""))
        ll_sheet_give(sheet, "mfu", "", 0.3, "default");
    if (!ll_sheet_has(sheet, "device.peak"))
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                      "hardware: expected a \"device\" whose peak is known, or \"peak_flops\"");
    ll_sheet_compute(sheet, "devices.count", "device", "ceil(flops.per_day / 86400 / (mfu * device.peak))", NULL);
    ll_sheet_remark(
        sheet, LL_REMARK_WARNING, "decode_is_memory_bound",
        "Generating tokens is bound by reading memory, not by operations: this method is only for comparing "
        "with figures that were made by it.",
        "生成词元受显存带宽而非算力限制：该方法仅用于与同口径数字对比。");
}

static void give(ll_sheet *sheet, const char *prefix, const char *name, const char *unit, const char *formula)
{
    const char *path = ll_sheet_text(sheet, "%s%s", prefix, name);
    ll_sheet_compute(sheet, path, unit, formula, NULL);
    ll_sheet_detail(sheet, path);
}

/* Decoding steps, and those that carry a chunk of a prompt as well, of as many sequences as <prefix>decoding. */
static void put_round(ll_serving *s, const char *decode, const char *mixed, const char *decoding)
{
    ll_sheet *sheet = s->sheet;
    give(sheet, decode, "decoding", "", decoding);
    give(sheet, decode, "context", "token", "load.input_tokens + load.output_tokens / 2");
    give(sheet, decode, "prompt", "token", "0 * load.input_tokens");
    give(sheet, decode, "prompt_context", "token", "0 * load.input_tokens");
    ll_serving_put_step(s, decode);
    if (s->verifies)
        ll_serving_put_draft(s, decode);
    ll_serving_compute(s, decode, "arriving", "token",
                       ll_sheet_text(sheet,
                                     "max(@decoding - @decoding / concurrency.used, 0) * %s / load.output_tokens%s",
                                     ll_serving_prompt(s), s->verifies ? " * speculation.expected" : ""));
    const char *drafted = s->verifies ? ll_sheet_text(sheet, " + %sdraft / serving.pp", decode) : "";
    const char *open = s->verifies ? "(" : "", *close = s->verifies ? ") / speculation.expected" : "";
    if (s->decodes_only || ll_sheet_value(sheet, ll_sheet_text(sheet, "%sarriving", decode)) <= 0) {
        give(sheet, decode, "per_token", "s", ll_sheet_text(sheet, "%s%stime%s%s", open, decode, drafted, close));
        return;
    }
    ll_serving_put_mixed(s, decode, mixed);
    give(sheet, decode, "per_token", "s",
         s->is_chunked
             ? ll_sheet_text(sheet, "%s%stime + %sarriving / %sprompt * (%stime - %stime) * k.prefill_share%s%s", open,
                             decode, decode, mixed, mixed, decode, drafted, close)
             : ll_sheet_text(sheet, "%s%stime + %sarriving / %sprompt * %stime%s%s", open, decode, decode, mixed, mixed,
                             drafted, close));
}

/* First with all sequences decoding, then with the share that does at a time. */
static void put_rounds(ll_serving *s, const char *const prefixes[4])
{
    ll_sheet *sheet = s->sheet;
    put_round(s, prefixes[0], prefixes[1], "concurrency.used / serving.pp");
    put_round(s, prefixes[2], prefixes[3],
              s->decodes_only ? ll_sheet_text(sheet, "%sdecoding", prefixes[0])
                              : ll_sheet_text(sheet,
                                              "concurrency.used / serving.pp * load.output_tokens * %sper_token / "
                                              "(load.output_tokens * %sper_token + prefill.time)",
                                              prefixes[0], prefixes[0]));
}

static ll_measured put_latency(ll_serving *s)
{
    ll_sheet *sheet = s->sheet;
    give(sheet, "serving.", "tpot", "s",
         !s->is_eager    ? "round_2.per_token * serving.pp"
         : s->speculates ? "max(round_2.per_token * serving.pp, model.layers * k.eager / speculation.expected)"
                         : "max(round_2.per_token * serving.pp, model.layers * k.eager)");
    const ll_measured measured = ll_put_measured(s->task);
    ll_serving_put_spread(s, measured, LL_SPREAD_TPOT);
    ll_sheet_compute(sheet, "latency.tpot", "s",
                     ll_sheet_text(sheet, "%s * serving.spread", ll_measured_tpot(measured)),
                     "time per output token, the first one left out");
    ll_serving_put_first(s, measured);
    ll_sheet_compute(sheet, "latency.total", "s", "latency.ttft + (load.output_tokens - 1) * latency.tpot",
                     "of a whole answer");
    return measured;
}

static void put_throughput(ll_serving *s, ll_measured measured)
{
    ll_sheet *sheet = s->sheet;
    ll_serving_put_spread(s, measured, LL_SPREAD_THROUGHPUT);
    ll_sheet_compute(sheet, "replica.output_tokens_per_second", "token/s",
                     ll_sheet_text(sheet,
                                   "concurrency.used * serving.dp * load.output_tokens / (prefill.time + "
                                   "load.output_tokens * %s) * serving.throughput_spread",
                                   ll_measured_tpot(measured)),
                     NULL);
    ll_sheet_compute(sheet, "replica.queries_per_second", "query/s",
                     "replica.output_tokens_per_second / load.output_tokens", NULL);
    ll_sheet_compute(sheet, "memory.used", "B",
                     s->has_prefix
                         ? "memory.weights + memory.reserved + memory.prefixes + concurrency.used * memory.sequence"
                         : "memory.weights + memory.reserved + concurrency.used * memory.sequence",
                     "on one device");
}

void ll_serving_put_single(ll_serving *s)
{
    give(s->sheet, "single.", "decoding", "", "1 + 0 * load.input_tokens");
    give(s->sheet, "single.", "context", "token", "load.input_tokens + load.output_tokens / 2");
    give(s->sheet, "single.", "prompt", "token", "0 * load.input_tokens");
    give(s->sheet, "single.", "prompt_context", "token", "0 * load.input_tokens");
    ll_serving_put_step(s, "single.");
}

bool ll_serving_put_memory_and_most(ll_serving *s)
{
    if (s->bill->n_states)
        ll_put_kv_state(s->task);
    ll_serving_put_memory(s);
    return !s->sheet->status && ll_sheet_value(s->sheet, "concurrency.most") >= 1;
}

static void put_offered(ll_serving *s)
{
    ll_sheet *sheet = s->sheet;
    if (s->chosen_concurrency > 0)
        ll_sheet_give(sheet, "concurrency.offered", "", s->chosen_concurrency,
                      "chosen: the most that keep the targets");
    else if (!ll_read_given(s->task->scenario, "concurrency", 1, 1e9, "concurrency.offered", ""))
        ll_sheet_give(sheet, "concurrency.offered", "", 32, "default: sequences in flight of a replica");
}

void ll_serving_put_steps(ll_serving *s)
{
    static const char *const plain[] = {"plain_1.", "plain_mixed_1.", "plain_2.", "plain_mixed_2."};
    static const char *const rounds[] = {"round_1.", "mixed_1.", "round_2.", "mixed_2."};
    ll_sheet *sheet = s->sheet;
    put_offered(s);
    ll_sheet_compute(sheet, "concurrency.used", "",
                     s->batch < LL_BATCH_MAX
                         ? ll_sheet_text(sheet, "min(concurrency.offered, concurrency.most, %.15g)", s->batch)
                         : "min(concurrency.offered, concurrency.most)",
                     NULL);
    ll_serving_put_prefill(s);
    if (s->speculates)
        put_rounds(s, plain);
    s->verifies = s->speculates;
    put_rounds(s, rounds);
    s->verifies = false;
    put_throughput(s, put_latency(s));
}

static void read_members(ll_serving *s)
{
    ll_reader *scenario = s->task->scenario;
    ll_serving_read_prompt(s);
    ll_serving_read_first(s);
    ll_serving_read_speculation(s);
    ll_offload_read(s->task, &s->offload);
    if (s->offload.is_there && ll_sheet_has(s->sheet, "offload.gpu_layers"))
        ll_sheet_fail(s->sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                      "offload.gpu_layers: is of llamacpp; here \"share\" says what the host keeps");
    if (s->offload.is_there && !ll_sheet_has(s->sheet, "offload.part"))
        ll_sheet_fail(s->sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "offload: expected \"experts\" or \"share\"");
    if (s->offload.experts)
        ll_offload_put_shares(s->sheet, true);
    s->batch = ll_read_number(scenario, "max_batch", 1, LL_BATCH_MAX, LL_BATCH_MAX);
    s->decodes_only = ll_read_flag(scenario, "decode_pool", false);
    s->is_eager = ll_read_flag(scenario, "eager", false);
    s->is_offline = ll_read_flag(scenario, "offline", false);
    ll_serving_read_targets(s);
}

/* How long sequences wait for a prompt at most. */
static void put_gap(ll_serving *s)
{
    ll_sheet_compute(s->sheet, "latency.longest_gap", "s",
                     ll_sheet_has(s->sheet, "mixed_2.time")
                         ? s->is_chunked ? "mixed_2.time * serving.pp" : "(round_2.time + mixed_2.time) * serving.pp"
                         : "round_2.time * serving.pp",
                     "between two tokens, while a prompt is computed");
}

static void say_context(ll_sheet *sheet, double context)
{
    if (context > 0 &&
        ll_sheet_value(sheet, "load.input_tokens") + ll_sheet_value(sheet, "load.output_tokens") > context)
        ll_sheet_remark(sheet, LL_REMARK_WARNING, "beyond_context",
                        ll_sheet_text(sheet, "A query is longer than the model's context of %.0f tokens.", context),
                        ll_sheet_text(sheet, "输入与输出之和超过模型上下文 %.0f 词元。", context));
}

static void serve(ll_task *task)
{
    ll_serving s;
    ll_sheet *sheet = task->sheet;
    const bool has_load = ll_read_has(task->scenario, "load");
    ll_put_load(task);
    if (!ll_serving_read(&s, task))
        return;
    read_members(&s);
    ll_serving_choose(&s);
    ll_serving_put_layout(&s);
    if (!ll_serving_put_memory_and_most(&s)) {
        static const char *const unused[] = {"measured", "capacity", "cost"};
        for (size_t i = 0; i < sizeof unused / sizeof *unused; i++)
            ll_read_any(task->scenario, unused[i]);
        put_offered(&s);
        ll_serving_propose(&s);
        return;
    }
    ll_serving_put_steps(&s);
    say_context(sheet, task->bill->context);
    if (s.speculates)
        ll_serving_put_gain(&s);
    if (s.says_chunks)
        put_gap(&s);
    if (has_load && ll_sheet_has(sheet, "load.queries_per_second"))
        ll_serving_put_capacity(&s);
    else
        ll_sheet_compute(sheet, "devices.count", "device", "replica.devices", "one replica");
    ll_sheet_compute(sheet, "devices.hours", "h", "devices.count * 730", "a month");
    ll_put_money(task, &s.hardware);
    ll_serving_put_verdict(&s);
}

void ll_run_serve(ll_task *task)
{
    const int engine = ll_read_choice(task->scenario, "engine", LL_ENGINE_WORDS "|llamacpp|libllm", LL_ENGINE_OTHER);
    const ll_conventions conventions = ll_conventions_read(task);
    if (ll_read_choice(task->scenario, "method", "steps|flops", 0) == 1)
        serve_by_flops(task);
    else if (task->bill->is_encoder)
        ll_sheet_fail(task->sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                      "model: an encoder generates nothing; the tasks model and train take it");
    else if (engine > LL_ENGINE_OTHER + 1)
        ll_serve_own(task);
    else if (engine > LL_ENGINE_OTHER)
        ll_serve_desktop(task);
    else
        serve(task);
    ll_put_conventions(task, &conventions, NULL);
}
