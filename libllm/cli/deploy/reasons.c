/* SPDX-License-Identifier: MIT
 * Why the plan is as it is, for the comments in its files.
 */
#include <math.h>
#include <string.h>

#include "deploy/plan.h"

enum { INTERVAL_BYTES = 160, LINE = 118 };

static double value(const struct plan *p, const char *path) { return plan_figure(p->report, path, "value", 0); }

/* Three digits: 0.79, 38.6, 72200. */
static const char *digits(char out[32], double x)
{
    const double unit = x >= 1000 ? pow(10, floor(log10(x)) - 2) : 0;
    if (unit > 0)
        snprintf(out, 32, "%.0f", round(x / unit) * unit);
    else
        snprintf(out, 32, "%.3g", x);
    return out;
}

/* "0.79 s (0.65 - 1.2)": with what it lies between in eight of ten cases. */
static void write_interval(char out[INTERVAL_BYTES], const struct plan *p, const char *path, double factor,
                           const char *unit)
{
    const double x = factor * value(p, path), low = factor * plan_figure(p->report, path, "low", 0);
    const double high = factor * plan_figure(p->report, path, "high", 0);
    char middle[32], from[32], to[32];
    if (low < x || high > x)
        snprintf(out, INTERVAL_BYTES, "%s %s (%s - %s)", digits(middle, x), unit, digits(from, low), digits(to, high));
    else
        snprintf(out, INTERVAL_BYTES, "%s %s", digits(middle, x), unit);
}

static void begin(const struct plan *p, struct text *out, const char *en, const char *zh)
{
    if (out->n_bytes)
        text_append(out, "\n", 1);
    const char *text = p->is_chinese ? zh : en;
    text_append(out, text, strlen(text));
}

static void write_layout(const struct plan *p, struct text *out)
{
    const char *device = plan_text(p->report, "device.name.value");
    begin(p, out, "", "");
    text_format(out, p->is_chinese ? "%s：每个副本 %.0f × %s" : "%s, each replica on %.0f x %s",
                plan_text(p->report, "model.name.value"), p->devices, *device ? device : "device");
    if (p->nodes > 1)
        text_format(out, p->is_chinese ? "（%.0f 台机器，每台 %.0f 卡）" : " (%.0f machines of %.0f)", p->nodes,
                    p->per_node);
    text_format(out,
                p->is_chinese ? "：张量并行 %.0f、流水线 %.0f、数据并行 %.0f、专家并行 %.0f"
                              : ": tensor parallel %.0f, pipeline %.0f, data parallel %.0f, expert parallel %.0f",
                p->tp, p->pp, p->dp, p->ep);
}

static void write_memory(const struct plan *p, struct text *out)
{
    const double gib = 0x1p30, share = value(p, "memory.share");
    begin(p, out, "", "");
    text_format(out,
                p->is_chinese
                    ? "每卡显存：权重 %.1f GiB，KV 缓存 %.1f GiB，预留 %.1f GiB，占 %.1f GiB 的 %.0f%%"
                    : "Memory of each device: weights %.1f GiB, KV cache %.1f GiB, reserved %.1f GiB; %.1f GiB "
                      "x %.0f %%",
                value(p, "memory.weights") / gib, value(p, "memory.kv_pool") / gib, value(p, "memory.reserved") / gib,
                value(p, "device.memory") / gib, 100 * share);
    begin(p, out, "", "");
    text_format(out,
                p->is_chinese
                    ? "最多容纳 %.0f 条平均长度的序列；单序列上下文上限 %.0f 词元，此处设为 %.0f"
                    : "Room for %.0f sequences of the mean length; one alone could have %.0f tokens, here %.0f",
                floor(value(p, "concurrency.most") * p->dp), value(p, "context.most"), p->max_len);
}

static void write_speed(const struct plan *p, struct text *out)
{
    char first[INTERVAL_BYTES], token[INTERVAL_BYTES], rate[INTERVAL_BYTES];
    write_interval(first, p, "latency.ttft", 1, "s");
    write_interval(token, p, "latency.tpot", 1000, "ms");
    begin(p, out, "", "");
    text_format(out,
                p->is_chinese ? "预期（每副本并发 %.0f）：首词元 %s，每词元 %s"
                              : "Expected with %.0f in flight on a replica: first token %s, each further %s",
                p->in_flight, first, token);
    if (value(p, "replica.output_tokens_per_second") > 0) {
        write_interval(rate, p, "replica.output_tokens_per_second", 1, p->is_chinese ? "词元/秒" : "tokens/s");
        begin(p, out, "", "");
        text_format(out, p->is_chinese ? "每副本吞吐 %s" : "Throughput of a replica: %s", rate);
    }
}

static void write_size(const struct plan *p, struct text *out)
{
    begin(p, out, "", "");
    text_format(out, p->is_chinese ? "副本数：%.0f，共 %.0f 卡" : "Replicas: %.0f; devices in all: %.0f", p->replicas,
                p->replicas * p->devices);
    if (p->rate > 0)
        text_format(out,
                    p->is_chinese ? "；高峰每秒 %.3g 个请求（输入 %.0f、输出 %.0f 词元）"
                                  : ", for %.3g requests a second at the peak (%.0f tokens in, %.0f out)",
                    p->rate, value(p, "load.input_tokens"), value(p, "load.output_tokens"));
    if (p->engine == ENGINE_LIBLLM || value(p, "cost.total") <= 0)
        return;
    char cost[INTERVAL_BYTES];
    const double month = p->replicas * p->devices / fmax(1, value(p, "devices.count"));
    write_interval(cost, p, p->is_chinese ? "cost.total_cny" : "cost.total", month, p->is_chinese ? "元" : "USD");
    begin(p, out, "", "");
    text_format(out, p->is_chinese ? "每月费用 %s" : "Cost of a month: %s", cost);
}

/* What the estimator warns of, broken into lines. */
static void write_remarks(const struct plan *p, struct text *out)
{
    size_t i;
    json_t *remark;
    json_array_foreach (json_object_get(p->report, "remarks"), i, remark) {
        const char *text = plan_text(remark, "text");
        if (strcmp(plan_text(remark, "kind"), "warning") != 0)
            continue;
        begin(p, out, "Warning: ", "警告：");
        for (size_t column = 9; *text; text += strspn(text, " ")) {
            const size_t n = strcspn(text, " ");
            if (column + n > LINE) {
                begin(p, out, "  ", "  ");
                column = 2;
            }
            text_append(out, text, n);
            text_append(out, " ", 1);
            column += n + 1;
            text += n;
        }
    }
}

void plan_write_reasons(const struct plan *p, struct text *out)
{
    begin(p, out,
          "Written by `libllm estimate deploy`; `libllm estimate --scenario scenario.json --explain` has all figures.",
          "由 `libllm estimate deploy` 生成；`libllm estimate --scenario scenario.json --explain` 给出全部数字。");
    if (p->engine != ENGINE_LIBLLM) {
        write_layout(p, out);
        write_memory(p, out);
    }
    write_speed(p, out);
    write_size(p, out);
    write_remarks(p, out);
}

void plan_promise(const struct plan *p, struct text *words, double *ttft_ms, double *tpot_ms)
{
    const double ttft = value(p, "targets.ttft"), tpot = value(p, "targets.tpot");
    *ttft_ms = ceil(1000 * (ttft > 0 ? ttft : plan_figure(p->report, "latency.ttft", "high", 1)));
    *tpot_ms = ceil(1000 * (tpot > 0 ? tpot : plan_figure(p->report, "latency.tpot", "high", 0.05)));
    text_format(words,
                p->is_chinese ? "首词元 %.0f ms，每词元 %.0f ms 以内"
                              : "first token within %.0f ms, each further within %.0f ms",
                *ttft_ms, *tpot_ms);
}
