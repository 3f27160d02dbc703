/* SPDX-License-Identifier: MIT
 * The inference of report 000, corrected: what its devices become when decoding is bound by memory, replicas are not
 * full and the power of buildings counts. The report has numbers of parameters alone, so a shape is taken for them.
 */
#include "estimate/seed_000.h"

#include <math.h>

enum { SEQUENCES = 64, SERVER = 8 }; /* in flight on each server */

/* Layers and width as those of GPT-3 grow, 128 times as wide as deep; heads that a server can share, keys and values of
 * 8 of them. */
static json_t *shape(double parameters)
{
    const double layers = fmax(1, floor(cbrt(parameters / (12 * 128 * 128)) + 0.5));
    const double heads = fmax(8, floor(sqrt(parameters / (12 * layers)) / 128 + 0.5));
    return json_pack("{s:f, s:f, s:f, s:i, s:i, s:f}", "layers", layers, "hidden", 128 * heads, "heads",
                     SERVER * floor(heads / SERVER + 0.5), "head_dim", 128, "kv_heads", SERVER, "vocab", 50257.);
}

/* Served by as few servers of eight as hold the weights in 8 bits, each with so many sequences. */
static double served(ll_seed *seed, const ll_seed_000_inputs *in, const char *device, double servers, size_t i,
                     const char *path)
{
    return ll_seed_figure(
        seed,
        json_pack("{s:s, s:s, s:s, s:o, s:{s:s, s:f}, s:{s:i, s:f}, s:f, s:{s:f, s:f, s:f, s:f, s:f}}", "task", "serve",
                  "engine", "vllm", "weights", "int8", "model", shape(in->sizes[i]), "hardware", "device", device,
                  "count", SERVER * servers, "parallel", "tp", SERVER, "pp", servers, "concurrency",
                  SEQUENCES * servers, "load", "visits_per_month", in->visits, "questions_per_visit", in->questions,
                  "input_tokens", floor(in->tokens / 2), "output_tokens", ceil(in->tokens / 2), "peak_factor",
                  in->peak_factor),
        path);
}

static void put_row(ll_seed *seed, const ll_seed_000_inputs *in, const char *device, const double *servers, int row)
{
    static const struct {
        const char *english, *chinese, *path;
        double unit;
        ll_print print;
    } rows[] = {
        {"devices of a replica", "每副本卡数", "replica.devices", 1, LL_PRINT_WHOLE},
        {"time per token (ms)", "每词元时延 (毫秒)", "latency.tpot", 1e-3, LL_PRINT_WHOLE},
        {"devices, decoding bound by memory, replicas 80 % busy", "卡数（解码受显存带宽限制，利用率 80%）",
         "devices.count", 1, LL_PRINT_WHOLE},
        {"power with PUE (MW)", "含 PUE 的功率 (MW)", "power.total", 1e6, LL_PRINT_WHOLE},
    };
    ll_document *d = seed->document;
    ll_document_row(d);
    ll_document_text(d,
                     ll_sheet_text(seed->sheet, "%s: %s", device,
                                   d->options.language == LL_REPORT_CHINESE ? rows[row].chinese : rows[row].english));
    for (size_t i = 0; i < in->n_sizes; i++)
        if (ll_seed_000_serves(in->sizes[i]))
            ll_document_number(d, served(seed, in, device, servers[i], i, rows[row].path) / rows[row].unit,
                               rows[row].print, 0);
}

void ll_seed_000_put_served(ll_seed *seed, const ll_seed_000_inputs *in)
{
    static const double kept = 0.75; /* of the memory, for weights */
    ll_document *d = seed->document;
    ll_document_table(
        d, "inference_corrected", "Devices for inference, decoding bound by memory",
        "推理算力需求（解码受显存带宽限制）",
        "the report's load, on the estimator's model of vLLM; half of a question's tokens are its answer");
    ll_seed_000_put_sizes(d, in, true);
    for (size_t k = 0; k < in->n_devices; k++) {
        double servers[LL_SEED_000_SIZES] = {0};
        for (size_t i = 0; i < in->n_sizes && !seed->sheet->status; i++) {
            const double memory = served(seed, in, in->devices[k], 1, i, "device.memory");
            servers[i] = memory > 0 ? fmax(1, ceil(in->sizes[i] / (SERVER * kept * memory))) : 1;
        }
        for (int row = 0; row < 4; row++)
            put_row(seed, in, in->devices[k], servers, row);
    }
    ll_document_note(
        d,
        "Decoding reads weights and KV memory for each token: with 64 sequences on each server of eight, the time per "
        "token is that of reading, and a device gives fewer tokens the larger the model is. Counted besides: KV "
        "memory, "
        "prompts between the tokens, replicas that are 80 % busy in the busiest hour, and power with PUE. The shapes "
        "are "
        "assumed: 128 times as wide as deep, keys and values of 8 heads, weights in 8 bits. The peak factor stays the "
        "report's; applied to a day's tokens or to a second's it asks for the same devices.",
        "解码每生成一个词元都要读取权重与 KV 缓存：每台 8 卡服务器并发 64 "
        "条序列时，时延由显存读取决定，模型越大单卡产出越少。"
        "另计入 KV 缓存、穿插的预填充、高峰时 80% 的利用率以及含 PUE 的功率。形状为假设：宽深比 128、8 个 KV 头、8 "
        "位权重。"
        "峰值系数沿用原文，作用于日总量或每秒速率，所需卡数相同。");
}
