/* SPDX-License-Identifier: MIT
 * Ping An Securities, "大模型篇：大模型发展迈入爆发期，开启AI新纪元", 15 August 2024, parts 4.2 and 4.3. Every cell is
 * worked out from the inputs below, which the scenario may replace.
 */
#include "estimate/seed_000.h"

#include <math.h>

enum { CARDS_PER_SERVER = 8, TRAINING_DAYS = 60 };
typedef ll_seed_000_inputs inputs;

static const char paper[] = "seed 000, parts 4.2 and 4.3";
static const double hundred_million = 1e8;

static size_t read_list(ll_seed *seed, const char *key, const double *otherwise, size_t n, size_t most, double *out)
{
    const json_t *list = ll_read_any(seed->scenario, key);
    for (size_t i = 0; !list && i < n; i++)
        out[i] = otherwise[i];
    if (!list)
        return n;
    const size_t given = json_array_size(list);
    bool good = json_is_array(list) && given > 0 && given <= most;
    for (size_t i = 0; good && i < given; i++) {
        out[i] = json_number_value(json_array_get(list, i));
        good = out[i] > 0 && out[i] <= 1e18;
    }
    if (!good)
        ll_sheet_fail(seed->sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "%s: expected 1 to %zu numbers above 0", key, most);
    return good ? given : 0;
}

static void read_devices(ll_seed *seed, inputs *in)
{
    const json_t *list = ll_read_any(seed->scenario, "devices");
    if (!list) {
        in->devices[0] = "A100 SXM4 80GB";
        in->devices[1] = "H100 SXM5 80GB";
        in->n_devices = 2;
        return;
    }
    bool good = json_is_array(list) && json_array_size(list) > 0 && json_array_size(list) <= LL_SEED_000_DEVICES;
    for (size_t i = 0; good && i < json_array_size(list); i++) {
        in->devices[i] = json_string_value(json_array_get(list, i));
        good = in->devices[i] != NULL;
    }
    in->n_devices = good ? json_array_size(list) : 0;
    if (!good)
        ll_sheet_fail(seed->sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "devices: expected 1 to %d names",
                      LL_SEED_000_DEVICES);
}

static inputs read_inputs(ll_seed *seed)
{
    static const double sizes[] = {10e9, 50e9, 100e9, 300e9, 405e9, 500e9, 1000e9, 2000e9}, days[] = {30, 60, 90};
    inputs in = {.n_sizes = 0};
    in.n_sizes = read_list(seed, "sizes", sizes, 8, LL_SEED_000_SIZES, in.sizes);
    in.n_days = read_list(seed, "days", days, 3, LL_SEED_000_DAYS, in.days);
    read_devices(seed, &in);
    ll_reader *r = seed->scenario;
    in.tokens_per_parameter = ll_read_number(r, "tokens_per_parameter", 1e-3, 1e6, 38.5);
    in.mfu = ll_read_number(r, "mfu", 1e-4, 1, 0.3);
    in.visits = ll_read_number(r, "visits_per_month", 0, 1e15, 14e8);
    in.questions = ll_read_number(r, "questions_per_visit", 0, 1e9, 15);
    in.tokens = ll_read_number(r, "tokens_per_query", 1, 1e9, 600);
    in.peak_factor = ll_read_number(r, "peak_factor", 1, 1e6, 10);
    in.server_price = ll_read_number(r, "server_price", 0, 1e12, 200000);
    return in;
}

static const char *peak_of(const ll_seed *seed) { return seed->corrects ? "dense" : "sparse"; }

static double training(ll_seed *seed, const inputs *in, double size, double days, const char *device, const char *path)
{
    return ll_seed_figure(seed,
                          json_pack("{s:s, s:{s:f}, s:{s:f}, s:f, s:f, s:{s:s, s:s}}", "task", "train", "model",
                                    "parameters", size, "tokens", "per_parameter", in->tokens_per_parameter, "mfu",
                                    in->mfu, "days", days, "hardware", "device", device, "peak", peak_of(seed)),
                          path);
}

static double serving(ll_seed *seed, const inputs *in, double size, const char *device, const char *path)
{
    return ll_seed_figure(seed,
                          json_pack("{s:s, s:s, s:{s:f}, s:{s:f, s:f, s:f, s:f}, s:f, s:{s:s, s:s, s:s}}", "task",
                                    "serve", "method", "flops", "model", "parameters", size, "load", "visits_per_month",
                                    in->visits, "questions_per_visit", in->questions, "tokens_per_query", in->tokens,
                                    "peak_factor", in->peak_factor, "mfu", in->mfu, "hardware", "device", device,
                                    "precision", "int8", "peak", peak_of(seed)),
                          path);
}

bool ll_seed_000_serves(double size) { return size != 405e9; }

void ll_seed_000_put_sizes(ll_document *d, const inputs *in, bool inference)
{
    ll_document_row(d);
    ll_document_in(d, "parameters (100 million)", "模型参数量 (亿)");
    for (size_t i = 0; i < in->n_sizes; i++)
        if (!inference || ll_seed_000_serves(in->sizes[i]))
            ll_document_number(d, in->sizes[i] / hundred_million, LL_PRINT_WHOLE, 0);
}

static void training_tables(ll_seed *seed, const inputs *in)
{
    ll_document *d = seed->document;
    ll_document_table(d, "training_compute", "Training compute", "训练算力需求测算", paper);
    ll_seed_000_put_sizes(d, in, false);
    ll_document_row(d);
    ll_document_in(d, "compute (PFLOP)", "训练所需算力 (PFLOPs)");
    for (size_t i = 0; i < in->n_sizes; i++)
        ll_document_number(d, training(seed, in, in->sizes[i], 30, in->devices[0], "flops.total") / 1e15,
                           LL_PRINT_SCIENTIFIC, 0);
    ll_document_row(d);
    ll_document_in(d, "tokens (100 million)", "数据量Tokens (亿)");
    for (size_t i = 0; i < in->n_sizes; i++)
        ll_document_number(d, training(seed, in, in->sizes[i], 30, in->devices[0], "tokens.total") / hundred_million,
                           LL_PRINT_WHOLE, 0);
    ll_document_table(d, "training_devices", "Devices for training", "训练所需GPU数量", paper);
    ll_document_row(d);
    ll_document_in(d, "device, days", "GPU，训练时长 (天)");
    for (size_t i = 0; i < in->n_sizes; i++)
        ll_document_number(d, in->sizes[i] / hundred_million, LL_PRINT_WHOLE, 0);
    for (size_t k = 0; k < in->n_devices; k++)
        for (size_t j = 0; j < in->n_days; j++) {
            ll_document_row(d);
            ll_document_text(d, ll_sheet_text(seed->sheet, "%s, %.15g", in->devices[k], in->days[j]));
            for (size_t i = 0; i < in->n_sizes; i++)
                ll_document_number(d, training(seed, in, in->sizes[i], in->days[j], in->devices[k], "devices.count"),
                                   LL_PRINT_WHOLE, 0);
        }
}

static void load_table(ll_seed *seed, const inputs *in)
{
    ll_document *d = seed->document;
    const char *device = in->devices[0];
    ll_document_table(d, "load", "Load of question answering", "单场景（问答）负载", paper);
    static const struct {
        const char *english, *chinese, *path;
        double unit;
        ll_print print;
        int digits;
    } rows[] = {
        {"visits a month (100 million)", "月访问量 (亿)", "load.visits_per_month", 1e8, LL_PRINT_WHOLE, 0},
        {"questions a visit", "单用户每次访问提问次数 (次)", "load.questions_per_visit", 1, LL_PRINT_WHOLE, 0},
        {"tokens a question", "每次问答消耗Tokens数", "load.tokens_per_query", 1, LL_PRINT_WHOLE, 0},
        {"QPS (10 thousand)", "QPS (query per second, 万次)", "load.queries_per_second", 1e4, LL_PRINT_DECIMALS, 1},
        {"tokens a second (100 million)", "每秒消耗Tokens (亿)", "load.tokens_per_second", 1e8, LL_PRINT_DECIMALS, 3},
        {"peak factor", "峰值预留倍数", "load.peak_factor", 1, LL_PRINT_WHOLE, 0},
        {"tokens of a day at the peak (100 million)", "峰值每日消耗Tokens (亿)", "load.peak_tokens_per_day", 1e8,
         LL_PRINT_WHOLE, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ll_document_row(d);
        ll_document_in(d, rows[i].english, rows[i].chinese);
        ll_document_number(d, serving(seed, in, 10e9, device, rows[i].path) / rows[i].unit, rows[i].print,
                           rows[i].digits);
    }
}

static void inference_table(ll_seed *seed, const inputs *in)
{
    ll_document *d = seed->document;
    ll_document_table(d, "inference", "Compute and devices for inference", "单场景（问答）推理算力需求测算", paper);
    ll_seed_000_put_sizes(d, in, true);
    ll_document_row(d);
    ll_document_in(d, "compute of a day (PFLOP)", "单日推理所需算力 (PFLOPs)");
    for (size_t i = 0; i < in->n_sizes; i++)
        if (ll_seed_000_serves(in->sizes[i]))
            ll_document_number(d, serving(seed, in, in->sizes[i], in->devices[0], "flops.per_day") / 1e15,
                               LL_PRINT_SCIENTIFIC, 0);
    for (size_t k = 0; k < in->n_devices; k++) {
        ll_document_row(d);
        ll_document_text(d, ll_sheet_text(seed->sheet, "%s INT8", in->devices[k]));
        for (size_t i = 0; i < in->n_sizes; i++)
            if (ll_seed_000_serves(in->sizes[i]))
                ll_document_number(d, serving(seed, in, in->sizes[i], in->devices[k], "devices.count"), LL_PRINT_WHOLE,
                                   0);
    }
}

/* The sum of the two rounded numbers, as the document has it. */
static double total_devices(ll_seed *seed, const inputs *in, double size)
{
    return training(seed, in, size, TRAINING_DAYS, in->devices[0], "devices.count") +
           serving(seed, in, size, in->devices[0], "devices.count");
}

static double servers(ll_seed *seed, const inputs *in, double size)
{
    return ceil(total_devices(seed, in, size) / CARDS_PER_SERVER);
}

static void total_table(ll_seed *seed, const inputs *in)
{
    ll_document *d = seed->document;
    ll_document_table(d, "total", "Devices and servers for training and inference", "训练+单场景推理算力需求测算",
                      paper);
    ll_seed_000_put_sizes(d, in, true);
    for (int row = 0; row < 2; row++) {
        ll_document_row(d);
        if (row)
            ll_document_in(d, "servers of 8", "模型所需服务器数量（8卡）");
        else
            ll_document_in(d, "devices (training in 60 days)", "模型训练+推理所需GPU数量（训练时长60天）");
        for (size_t i = 0; i < in->n_sizes; i++)
            if (ll_seed_000_serves(in->sizes[i]))
                ll_document_number(d, row ? servers(seed, in, in->sizes[i]) : total_devices(seed, in, in->sizes[i]),
                                   LL_PRINT_WHOLE, 0);
    }
}

static void market_table(ll_seed *seed, const inputs *in)
{
    static const struct {
        double size, count;
    } models[] = {{50e9, 50}, {100e9, 25}, {500e9, 15}, {1000e9, 10}};
    ll_document *d = seed->document;
    double total = 0;
    ll_document_table(d, "market", "Cost of servers", "大模型服务器成本测算", paper);
    ll_document_row(d);
    ll_document_in(d, "parameters (100 million)", "模型参数规模 (亿)");
    ll_document_in(d, "models", "模型数量");
    ll_document_in(d, "servers of a model", "单个模型所需服务器数量");
    ll_document_in(d, "USD a server (10 thousand)", "单台服务器成本（万美元）");
    ll_document_in(d, "cost (100 million USD)", "成本测算（亿美元）");
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        const double n = servers(seed, in, models[i].size);
        const double cost = models[i].count * n * in->server_price;
        total += cost;
        ll_document_row(d);
        ll_document_number(d, models[i].size / hundred_million, LL_PRINT_WHOLE, 0);
        ll_document_number(d, models[i].count, LL_PRINT_WHOLE, 0);
        ll_document_number(d, n, LL_PRINT_WHOLE, 0);
        ll_document_number(d, in->server_price / 1e4, LL_PRINT_WHOLE, 0);
        ll_document_number(d, cost / hundred_million, LL_PRINT_WHOLE, 0);
    }
    ll_document_row(d);
    ll_document_in(d, "total", "合计");
    for (int i = 0; i < 3; i++)
        ll_document_text(d, "");
    ll_document_number(d, total / hundred_million, LL_PRINT_WHOLE, 0);
}

/* Appendix D of the GPT-3 paper. */
static void paper_table(ll_seed *seed)
{
    static const struct {
        const char *name;
        double millions, billions, flops;
    } models[] = {
        {"T5-Small", 60, 1000, 3},    {"T5-Base", 220, 1000, 3},      {"T5-Large", 770, 1000, 3},
        {"T5-3B", 3000, 1000, 3},     {"T5-11B", 11000, 1000, 3},     {"BERT-Base", 109, 250, 6},
        {"BERT-Large", 355, 250, 6},  {"RoBERTa-Base", 125, 2000, 6}, {"RoBERTa-Large", 355, 2000, 6},
        {"GPT-3 Small", 125, 300, 6}, {"GPT-3 Medium", 356, 300, 6},  {"GPT-3 Large", 760, 300, 6},
        {"GPT-3 XL", 1320, 300, 6},   {"GPT-3 2.7B", 2650, 300, 6},   {"GPT-3 6.7B", 6660, 300, 6},
        {"GPT-3 13B", 12850, 300, 6}, {"GPT-3 175B", 174600, 300, 6},
    };
    ll_document *d = seed->document;
    ll_document_table(d, "gpt3_paper", "Compute of published models", "GPT-3 等模型训练计算量",
                      "seed 000, from Brown et al. 2020, appendix D; of T5 half of the parameters see a token");
    ll_document_row(d);
    ll_document_in(d, "model", "模型");
    ll_document_in(d, "PF-days", "训练算力 (PF-days)");
    ll_document_in(d, "FLOPs", "训练算力 (FLOPs)");
    ll_document_in(d, "parameters (M)", "参数量 (M)");
    ll_document_in(d, "tokens (B)", "训练词元 (B)");
    ll_document_in(d, "FLOPs per parameter and token", "每参数每词元计算量");
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        static const char *const paths[] = {"flops.petaflop_days", "flops.total"};
        ll_document_row(d);
        ll_document_text(d, models[i].name);
        for (int j = 0; j < 2; j++)
            ll_document_number(
                d,
                ll_seed_figure(seed,
                               json_pack("{s:s, s:{s:f}, s:{s:f}, s:{s:f}}", "task", "train", "model", "parameters",
                                         models[i].millions * 1e6, "tokens", "total", models[i].billions * 1e9,
                                         "conventions", "flops_per_parameter_token", models[i].flops),
                               paths[j]),
                LL_PRINT_SCIENTIFIC, 0);
        ll_document_number(d, models[i].millions, LL_PRINT_WHOLE, 0);
        ll_document_number(d, models[i].billions, LL_PRINT_WHOLE, 0);
        ll_document_number(d, models[i].flops, LL_PRINT_WHOLE, 0);
    }
}

/* Kaplan's operations one by one, and NVIDIA's formula, of a shape that the scenario may give. */
static void formula_tables(ll_seed *seed)
{
    ll_reader r = ll_read_object(seed->scenario, "shape");
    const double layers = ll_read_number(&r, "layers", 1, 1e5, 96), d = ll_read_number(&r, "hidden", 1, 1e7, 12288);
    const double attn = ll_read_number(&r, "attention", 1, 1e7, d), ff = ll_read_number(&r, "ffn", 1, 1e8, 4 * d);
    const double vocab = ll_read_number(&r, "vocab", 1, 1e8, 50257),
                 context = ll_read_number(&r, "context", 1, 1e8, 2048);
    const double batch = ll_read_number(&r, "batch", 1, 1e8, 1536);
    ll_read_end(&r);
    const double parameters = 2 * d * layers * (2 * attn + ff);
    const struct {
        const char *english, *chinese;
        double parameters, flops;
    } rows[] = {
        {"embed", "嵌入", (vocab + context) * d, 4 * d},
        {"attention: QKV", "注意力：QKV", layers * d * 3 * attn, 2 * layers * d * 3 * attn},
        {"attention: mask", "注意力：掩码", 0, 2 * layers * context * attn},
        {"attention: project", "注意力：投影", layers * attn * d, 2 * layers * attn * d},
        {"feed-forward", "前馈", layers * 2 * d * ff, 2 * layers * 2 * d * ff},
        {"de-embed", "输出", 0, 2 * d * vocab},
        {"total (without embedding)", "合计（不含嵌入）", parameters, 2 * parameters + 2 * layers * context * attn},
    };
    ll_document *doc = seed->document;
    ll_document_table(
        doc, "kaplan", "Kaplan et al. 2020, table 1", "Kaplan 2020 表1：参数量与每词元前向计算量",
        "seed 000 4.2: n_layer, d_model, d_attn, d_ff, n_vocab and n_ctx of the shape, GPT-3 175B by default");
    ll_document_row(doc);
    ll_document_in(doc, "operation", "运算");
    ll_document_in(doc, "parameters", "参数量");
    ll_document_in(doc, "FLOPs per token", "每词元计算量");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ll_document_row(doc);
        ll_document_in(doc, rows[i].english, rows[i].chinese);
        ll_document_number(doc, rows[i].parameters, LL_PRINT_WHOLE, 0);
        ll_document_number(doc, rows[i].flops, LL_PRINT_WHOLE, 0);
    }
    ll_document_table(doc, "nvidia", "Korthikanti et al. 2022, equation 7: 72 B L s h^2 (1 + s/6h + v/12hL)",
                      "NVIDIA 公式 7：每次迭代模型计算量", "seed 000 4.2, of the same shape");
    ll_document_row(doc);
    ll_document_in(doc, "model FLOPs of an iteration", "每次迭代计算量");
    ll_document_number(doc, 72 * batch * layers * context * d * d * (1 + context / (6 * d) + vocab / (12 * d * layers)),
                       LL_PRINT_SCIENTIFIC, 0);
}

void ll_seed_000(ll_seed *seed)
{
    const inputs in = read_inputs(seed);
    if (seed->sheet->status)
        return;
    formula_tables(seed);
    paper_table(seed);
    training_tables(seed, &in);
    load_table(seed, &in);
    inference_table(seed, &in);
    total_table(seed, &in);
    market_table(seed, &in);
    ll_document *d = seed->document;
    if (!seed->corrects) {
        ll_document_note(d,
                         "As printed: peaks count structured sparsity, which these workloads do not use; decoding is "
                         "counted as if it were bound by operations.",
                         "按原文：峰值算力为稀疏口径，实际负载无法利用；推理按算力受限计算。");
        return;
    }
    ll_document_note(d,
                     "Corrected: dense peaks (624 and 1,979 TFLOP/s of FP16 and 1,248 and 3,958 of INT8 are printed "
                     "with structured sparsity), so device counts double.",
                     "修正：采用稠密峰值（原文 624、1979 TFLOPS 及 1248、3958 TOPS 为稀疏口径），所需卡数约翻倍。");
    ll_seed_000_put_served(seed, &in);
}
