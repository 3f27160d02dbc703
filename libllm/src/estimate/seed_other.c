/* SPDX-License-Identifier: MIT
 * The two smaller reports, of which the inputs are in the text: Sinolink Securities on vertical models (2023), and
 * China Securities on computing power (2023).
 */
#include "estimate/seeds.h"

static const double days_of_year = 365, ten_thousand = 1e4;

void ll_seed_001(ll_seed *seed)
{
    ll_reader *r = seed->scenario;
    ll_document *d = seed->document;
    const double cards = ll_read_number(r, "cards", 1, 1e6, 8), users = ll_read_number(r, "users", 1, 1e9, 2000);
    const double own = ll_read_number(r, "own_cost_per_year", 0, 1e15, 332000);
    const double cloud = ll_read_number(r, "cloud_cost_per_year", 0, 1e15, 660000);
    const double hours = ll_read_number(r, "fine_tuning_hours", 0, 1e6, 3);
    const double budget = ll_read_number(r, "fine_tuning_cost", 0, 1e12, 300);
    const struct {
        const char *english, *chinese;
        double value;
        int digits;
    } rows[] = {
        {"own server: CNY a year (10 thousand)", "自建：每年成本（万元）", own / ten_thousand, 1},
        {"own server: CNY of a device hour", "自建：每卡时成本（元）", own / (cards * days_of_year * 24), 2},
        {"own server: CNY of a user and year", "自建：每用户每年（元）", own / users, 0},
        {"cloud: CNY a year (10 thousand)", "云计算：每年成本（万元）", cloud / ten_thousand, 1},
        {"cloud: CNY of a device hour", "云计算：每卡时成本（元）", cloud / (cards * days_of_year * 24), 2},
        {"cloud: CNY of a user and year", "云计算：每用户每年（元）", cloud / users, 0},
        {"cloud over own server", "云计算 / 自建", own > 0 ? cloud / own : 0, 2},
        {"fine-tuning (Alpaca, 3 h): device hours", "微调（Alpaca，3 小时）：卡时", cards * hours, 0},
        {"fine-tuning: CNY of a device hour, at most", "微调：每卡时成本上限（元）",
         hours > 0 ? budget / (cards * hours) : 0, 2},
    };
    ll_document_table(
        d, "enterprise", "A server of 8 A100 for 2,000 users", "8 块 A100 服务 2,000 人企业的推理成本",
        "seed 001, part 3.3; what is printed are the costs of a year and of fine-tuning, the rest follows");
    ll_document_row(d);
    ll_document_in(d, "figure", "项目");
    ll_document_in(d, "value", "数值");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ll_document_row(d);
        ll_document_in(d, rows[i].english, rows[i].chinese);
        ll_document_number(d, rows[i].value, LL_PRINT_DECIMALS, rows[i].digits);
    }
}

static double petaflop_days(ll_seed *seed, double parameters, double tokens)
{
    return ll_seed_figure(seed,
                          json_pack("{s:s, s:{s:f}, s:{s:f}}", "task", "train", "model", "parameters", parameters,
                                    "tokens", "total", tokens),
                          "flops.petaflop_days");
}

void ll_seed_004(ll_seed *seed)
{
    ll_reader *r = seed->scenario;
    ll_document *d = seed->document;
    const double visits = ll_read_number(r, "visits_per_month", 0, 1e15, 6.16e8);
    const double price = ll_read_number(r, "usd_per_visit", 0, 1e6, 0.01);
    const double cost = ll_read_number(r, "training_cost", 1, 1e12, 4.6e6);
    const double quoted = ll_read_number(r, "training_petaflop_days", 1, 1e12, 3640);
    const double years = ll_read_number(r, "v100_years", 1e-3, 1e6, 288);
    const double exact = petaflop_days(seed, 174.6e9, 300e9), used = seed->corrects ? exact : quoted;
    const struct {
        const char *english, *chinese;
        double value;
        int digits;
    } rows[] = {
        {"training GPT-3 175B: PF-days", "GPT-3 175B 训练（PF-day）", seed->corrects ? exact : quoted, 0},
        {"training GPT-3 XL: PF-days", "GPT-3 XL 训练（PF-day）", petaflop_days(seed, 1.32e9, 300e9), 1},
        {"training GPT-3 175B: USD (10 thousand)", "GPT-3 175B 训练成本（万美元）", cost / ten_thousand, 0},
        {"USD of a PF-day", "每 PF-day 成本（美元）", cost / used, 2},
        {"ChatGPT, a month: USD (10 thousand)", "ChatGPT 单月运营成本（万美元）", visits * price / ten_thousand, 0},
        {"ChatGPT, a month: PF-days", "ChatGPT 单月运营算力（PF-day）", visits * price / (cost / used), 1},
        {"one V100: years for GPT-3 175B", "单张 V100 训练 GPT-3 175B（年）", years, 0},
        {"which needs of it TFLOP/s", "对应单卡持续算力（TFLOPS）",
         exact * 8.64e19 / (years * days_of_year * 86400) / 1e12, 1},
    };
    ll_document_table(d, "chatgpt", "Computing power of GPT-3 and ChatGPT", "GPT-3 与 ChatGPT 算力需求", "seed 004");
    ll_document_row(d);
    ll_document_in(d, "figure", "项目");
    ll_document_in(d, "value", "数值");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ll_document_row(d);
        ll_document_in(d, rows[i].english, rows[i].chinese);
        ll_document_number(d, rows[i].value, LL_PRINT_DECIMALS, rows[i].digits);
    }
    if (seed->corrects)
        ll_document_note(d, "Corrected: 6 N D of 174.6 B parameters and 300 B tokens instead of the rounded 3,640.",
                         "修正：以 6ND（1746 亿参数、3000 亿词元）代替取整的 3640。");
}
