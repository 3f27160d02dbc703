// SPDX-License-Identifier: MIT
// The estimator from inside: formulas, intervals, tables, names, and scenarios that are wrong.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>

extern "C" {
#include "base/json.h"
#include "base/status.h"
#include "estimate/csv.h"
#include "estimate/estimate.h"
#include "estimate/names.h"
#include "estimate/sheet.h"
}

namespace
{

struct Host {
    ll_host host;
    Host() { ll_host_init(&host); }
};

bool none(void *, ll_span, uint32_t *, ll_cases *) { return false; }

/* NaN when it cannot be read. */
double value_of(const char *text)
{
    Host h;
    ll_cases out{};
    const char *wrong = nullptr;
    ll_formula formula;
    ll_formula_init(&formula, &h.host);
    const bool good = !ll_formula_read(&formula, text, &wrong) && ll_formula_evaluate(&formula, 1, none, nullptr, &out);
    ll_formula_free(&formula);
    return good ? out.at[0] : NAN;
}

TEST(Estimate, Formulas)
{
    EXPECT_EQ(7, value_of("1 + 2 * 3"));
    EXPECT_EQ(9, value_of("(1 + 2) * 3"));
    EXPECT_EQ(1, value_of("6 / 3 / 2"));
    EXPECT_EQ(512, value_of("2 ^ 3 ^ 2"));
    EXPECT_EQ(-9, value_of("-3 ^ 2"));
    EXPECT_EQ(5, value_of("2 - -3"));
    EXPECT_EQ(8.64e19, value_of("8.64e19"));
    EXPECT_EQ(1e-3, value_of("1e-3"));
    EXPECT_EQ(3, value_of("max(1, 3, 2)"));
    EXPECT_EQ(1, value_of("min(1, 3, 2)"));
    EXPECT_EQ(3, value_of("ceil(2.1)"));
    EXPECT_EQ(48, value_of("ceil(48 * (1 + 1e-15))")); // what rounding leaves of a whole number
    EXPECT_EQ(3, value_of("round(2.5)"));
    EXPECT_DOUBLE_EQ(2, value_of("ln(exp(2))"));
    EXPECT_EQ(3, value_of("sqrt(9)"));
    EXPECT_NEAR(0.409, value_of("erlang_c(10, 8)"), 5e-4);
    EXPECT_EQ(1, value_of("erlang_c(10, 10)"));
    EXPECT_EQ(0, value_of("erlang_c(10, 0)"));
    EXPECT_NEAR(value_of("erlang_c(100000, 99900)"), value_of("erlang_c(100001, 99901)"), 1e-2); // two ways
    EXPECT_EQ(15, value_of("1 + (2 * (3 - (4 - 8)))"));
    EXPECT_EQ(0.1, value_of("0.1"));
    EXPECT_EQ(123456789.0123456, value_of("123456789.0123456")); // more digits than are read at once
    EXPECT_EQ(12345678901234567, value_of("12345678901234567"));
    for (const char *bad : {"", "1 +", "(1", "1)", "x", "f(1)", "1 1", "* 2"})
        EXPECT_TRUE(std::isnan(value_of(bad))) << bad;
    std::string deep; // deeper than the stack of values
    for (int i = 0; i < 100; i++)
        deep += "1 - (";
    EXPECT_TRUE(std::isnan(value_of((deep + "1" + std::string(100, ')')).c_str())));
}

TEST(Estimate, IntervalsOfIndependentFiguresAddUpInQuadrature)
{
    Host h;
    ll_sheet sheet;
    ASSERT_TRUE(ll_sheet_init(&sheet, &h.host));
    ll_sheet_give_between(&sheet, "a", "", 10, 5, 20, "test");
    ll_sheet_give_between(&sheet, "b", "", 3, 1, 9, "test");
    ll_sheet_give(&sheet, "c", "", 7, "test");
    EXPECT_EQ(30, ll_sheet_compute(&sheet, "product", "", "a * b", NULL));
    ll_sheet_compute(&sheet, "inverse", "", "1 / a", NULL);
    ll_sheet_compute(&sheet, "same", "", "a / a", NULL);
    ll_sheet_compute(&sheet, "certain", "", "c * 2", NULL);
    double low, high;
    ll_figure_interval(&sheet, ll_sheet_find(&sheet, "product"), &low, &high);
    const double spread = exp(sqrt(log(2) * log(2) + log(3) * log(3)));
    EXPECT_DOUBLE_EQ(30 / spread, low);
    EXPECT_DOUBLE_EQ(30 * spread, high);
    ll_figure_interval(&sheet, ll_sheet_find(&sheet, "inverse"), &low, &high);
    EXPECT_DOUBLE_EQ(0.05, low);
    EXPECT_DOUBLE_EQ(0.2, high);
    ll_figure_interval(&sheet, ll_sheet_find(&sheet, "same"), &low, &high); // one figure, not two that differ
    EXPECT_DOUBLE_EQ(1, low);
    EXPECT_DOUBLE_EQ(1, high);
    EXPECT_FALSE(ll_sheet_find(&sheet, "certain")->is_uncertain);
    EXPECT_EQ(LIBLLM_OK, ll_sheet_status(&sheet, nullptr));
    ll_sheet_free(&sheet);
}

TEST(Estimate, SheetRefusesWhatIsNoNumber)
{
    Host h;
    for (const char *formula : {"1 / (a - a)", "a - 2 * a", "exp(1e9 * a)", "sqrt(-a)", "missing"}) {
        ll_sheet sheet;
        libllm_error e{};
        ASSERT_TRUE(ll_sheet_init(&sheet, &h.host));
        ll_sheet_give(&sheet, "a", "", 1, "test");
        EXPECT_EQ(0, ll_sheet_compute(&sheet, "x", "", formula, NULL)) << formula;
        EXPECT_NE(LIBLLM_OK, ll_sheet_status(&sheet, &e)) << formula;
        EXPECT_NE(nullptr, strstr(e.message, "x")) << e.message;
        ll_sheet_free(&sheet);
    }
}

TEST(Estimate, FiguresBehindAMarkVanish)
{
    Host h;
    ll_sheet sheet;
    ASSERT_TRUE(ll_sheet_init(&sheet, &h.host));
    ll_sheet_give(&sheet, "a", "", 2, "test");
    const size_t mark = ll_sheet_mark(&sheet);
    ll_sheet_give(&sheet, "b", "", 3, "test");
    ll_sheet_compute(&sheet, "c", "", "a * b", NULL);
    ll_sheet_rewind(&sheet, mark);
    EXPECT_EQ(2, ll_sheet_value(&sheet, "a"));
    EXPECT_FALSE(ll_sheet_has(&sheet, "b"));
    EXPECT_FALSE(ll_sheet_has(&sheet, "c"));
    ll_sheet_give(&sheet, "c", "", 5, "test"); // where "b" was
    EXPECT_FALSE(ll_sheet_has(&sheet, "b"));
    EXPECT_EQ(10, ll_sheet_compute(&sheet, "b", "", "a * c", NULL));
    EXPECT_EQ(5, ll_sheet_value(&sheet, "c"));
    EXPECT_EQ(LIBLLM_OK, ll_sheet_status(&sheet, nullptr));
    ll_sheet_rewind(&sheet, mark);
    EXPECT_EQ(0, ll_sheet_compute(&sheet, "d", "", "a * c", NULL)); // not the one that was
    EXPECT_NE(LIBLLM_OK, ll_sheet_status(&sheet, nullptr));
    ll_sheet_free(&sheet);
}

TEST(Estimate, TrialsComeBackToTheirPoint)
{
    Host h;
    ll_sheet sheet;
    ASSERT_TRUE(ll_sheet_init(&sheet, &h.host));
    sheet.is_trial = sheet.keeps_formulas = true;
    ll_sheet_give_between(&sheet, "a", "", 2, 1, 3, "test");
    const ll_sheet_point point = ll_sheet_keep(&sheet);
    for (int i = 0; i < 5000; i++) { // more formulas than are kept, and more texts than a block has
        const std::string name = i % 2 ? "group.odd" : "group.even";
        const char *path = ll_sheet_text(&sheet, "%s", name.c_str()); // vanishes
        EXPECT_EQ(2 * i + 1,
                  ll_sheet_compute(&sheet, path, "", ll_sheet_text(&sheet, "a * %.0f + 1", (double)i), NULL));
        EXPECT_EQ(ll_sheet_has(&sheet, "group.odd"), i % 2 == 1);
        EXPECT_EQ(ll_sheet_has(&sheet, "group.even"), i % 2 == 0);
        EXPECT_EQ(1u, sheet.n_figures - point.n_figures);
        EXPECT_FALSE(sheet.figures[0].is_uncertain);
        if (i % 3 == 0)
            ll_sheet_compute(&sheet, "b", "", "a - 3", NULL); // fails
        else
            ll_sheet_remark(&sheet, LL_REMARK_REASON, "code", "english", "chinese");
        ll_sheet_return(&sheet, &point);
        ASSERT_EQ(LIBLLM_OK, ll_sheet_status(&sheet, nullptr));
        ASSERT_EQ(0u, sheet.n_remarks);
        ASSERT_FALSE(ll_sheet_has(&sheet, name.c_str()));
    }
    EXPECT_EQ(2, ll_sheet_value(&sheet, "a"));
    ll_sheet_free(&sheet);
}

TEST(Estimate, TextsAreThoseOfTheCLibrary)
{
    Host h;
    ll_sheet sheet;
    char expected[400];
    ASSERT_TRUE(ll_sheet_init(&sheet, &h.host));
    for (double x : {0.0, 1.0, 10.0, 4096.0, 0.5, 2.5, 123456789.0, 8.9e15, 9.1e15, 1e300, -3.0}) {
        snprintf(expected, sizeof expected, "%s, %.0f: 100 %% of %.3g %s", "name", x, x, "");
        EXPECT_STREQ(expected, ll_sheet_text(&sheet, "%s, %.0f: 100 %% of %.3g %s", "name", x, x, ""));
        snprintf(expected, sizeof expected, "(%.0f * %s)", x, "a.b");
        EXPECT_STREQ(expected, ll_sheet_text(&sheet, "(%.0f * %s)", x, "a.b"));
    }
    const std::string large(40000, 'x');
    EXPECT_EQ(large + "y", ll_sheet_text(&sheet, "%s%s", large.c_str(), "y"));
    ll_sheet_free(&sheet);
}

TEST(Estimate, TablesOfCommaSeparatedValues)
{
    Host h;
    ll_csv csv;
    libllm_error e{};
    const char *text = "name,x,y\r\nplain,1.5,\n\"a, \"\"b\"\"\",,2\n\n\"last\",3,4";
    ASSERT_EQ(LIBLLM_OK, ll_csv_open(&csv, &h.host, "t.csv", ll_span_of(text), &e)) << e.message;
    double x;
    ASSERT_EQ(LIBLLM_OK, ll_csv_next(&csv, &e)) << e.message;
    EXPECT_TRUE(ll_span_is(ll_csv_field(&csv, "name"), "plain"));
    EXPECT_EQ(LIBLLM_OK, ll_csv_number(&csv, "x", &x, &e));
    EXPECT_EQ(1.5, x);
    ASSERT_EQ(LIBLLM_OK, ll_csv_next(&csv, &e)) << e.message;
    EXPECT_TRUE(ll_span_is(ll_csv_field(&csv, "name"), "a, \"b\""));
    EXPECT_EQ(LIBLLM_OK, ll_csv_number(&csv, "x", &x, &e));
    EXPECT_EQ(0, x);
    ASSERT_EQ(LIBLLM_OK, ll_csv_next(&csv, &e)) << e.message;
    EXPECT_TRUE(ll_span_is(ll_csv_field(&csv, "name"), "last"));
    EXPECT_EQ(LIBLLM_DONE, ll_csv_next(&csv, &e));
    ll_csv_close(&csv);
    ASSERT_EQ(LIBLLM_OK, ll_csv_open(&csv, &h.host, "t.csv", ll_span_of("name,x\n\"a\nb\",1\n\nc,2"), &e));
    EXPECT_TRUE(ll_span_is(ll_csv_peek(&csv), "\"a\nb\",1")); // a line's end between quotes ends no row
    ll_csv_skip(&csv);
    EXPECT_TRUE(ll_span_is(ll_csv_peek(&csv), ""));
    ll_csv_skip(&csv);
    EXPECT_TRUE(ll_span_is(ll_csv_peek(&csv), "c,2"));
    ASSERT_EQ(LIBLLM_OK, ll_csv_next(&csv, &e));
    EXPECT_TRUE(ll_span_is(ll_csv_field(&csv, "name"), "c"));
    EXPECT_EQ(LIBLLM_DONE, ll_csv_next(&csv, &e));
    ll_csv_close(&csv);
    for (const char *bad : {"a,b\n1", "a,b\n\"1,2", "a,b\n\"1\"x,2"}) {
        ASSERT_EQ(LIBLLM_OK, ll_csv_open(&csv, &h.host, "t.csv", ll_span_of(bad), &e));
        EXPECT_EQ(LIBLLM_ERROR_CORRUPT_FILE, ll_csv_next(&csv, &e)) << bad;
        ll_csv_close(&csv);
    }
}

TEST(Estimate, NamesAreWords)
{
    auto words = [](const char *text) {
        ll_words w{};
        ll_add_words(&w, ll_span_of(text));
        return w;
    };
    const ll_words h100 = words("NVIDIA H100 SXM5 80GB"), llama = words("Llama-3.2-1B");
    for (const char *part : {"h100", "H100-SXM", "nvidia h100 80gb", "sxm"}) {
        const ll_words w = words(part);
        EXPECT_TRUE(ll_has_words(&h100, &w)) << part;
    }
    for (const char *part : {"h10", "h200", "llama 3.1"}) {
        const ll_words w = words(part);
        EXPECT_FALSE(ll_has_words(&h100, &w)) << part;
        EXPECT_FALSE(ll_has_words(&llama, &w)) << part;
    }
    const ll_words empty = words(" - ");
    EXPECT_FALSE(ll_has_words(&h100, &empty));
    words(std::string(100000, 'x').c_str());
    words(std::string(100000, ' ').c_str());
}

libllm_status run(const ll_host *host, const std::string &scenario, std::string *report, libllm_error *e)
{
    ll_buffer out;
    ll_buffer_init(&out, host);
    ll_table_store *store = ll_table_store_create(host);
    libllm_status status =
        store ? ll_estimate_run(store, scenario.data(), scenario.size(), &out, e) : ll_fail_memory(e, "the tables");
    ll_table_store_free(store);
    report->assign(out.data ? out.data : "", out.size);
    ll_buffer_free(&out);
    return status;
}

TEST(Estimate, ThingsAreFoundByTheNamesThatPeopleUse)
{
    Host h;
    const struct {
        const char *asked, *found; // "": several, or none
    } devices[] = {
        {"A100", "A100 SXM4 80GB"},
        {"h100-sxm", "H100 SXM5 80GB"},
        {"NVIDIA H100", "H100 SXM5 80GB"},
        {"rtx4090", "RTX 4090"},
        {"A 100", "A100 SXM4 80GB"},
        {"TPUv5p", "TPU v5p"},
        {"昇腾910B3", "Ascend 910B3"},
        {"寒武纪 MLU590", "MLU590"},
        {"910B", ""},
        {"昇腾910B", ""},
        {"H100 PCIe", "H100 PCIe 80GB"},
        {"", ""},
        {"寒武纪", ""},
        {"no such", ""},
    };
    const struct {
        const char *asked, *found;
    } models[] = {
        {"meta-llama/Llama-3.1-8B-Instruct", "Llama-3.1-8B"},
        {"deepseekv3", "DeepSeek-V3"},
        {"qwen2.5:7b", "Qwen2.5-7B"},
        {"通义千问3-32B", "Qwen3-32B"},
        {"Llama-3.1", ""},
        {"instruct", ""},
        {"/", ""},
    };
    std::string report;
    libllm_error e;
    for (const auto &one : devices) {
        const std::string scenario =
            std::string(R"({"task":"train","model":{"parameters":1e9},"tokens":1e9,"days":1,)") +
            R"("mfu":0.4,"hardware":")" + one.asked + "\"}";
        const libllm_status status = run(&h.host, scenario, &report, &e);
        EXPECT_EQ(*one.found != 0, status == LIBLLM_OK) << one.asked;
        if (*one.found) {
            EXPECT_NE(std::string::npos, report.find(std::string(one.found) + "\"")) << one.asked;
        }
    }
    for (const auto &one : models) {
        const libllm_status status = run(&h.host, std::string(R"({"model":")") + one.asked + "\"}", &report, &e);
        EXPECT_EQ(*one.found != 0, status == LIBLLM_OK) << one.asked;
        if (*one.found) {
            EXPECT_NE(std::string::npos, report.find("\"" + std::string(one.found) + "\"")) << one.asked;
        }
    }
}

TEST(Estimate, WhatIsWrongIsNamed)
{
    const struct {
        const char *scenario, *message;
    } cases[] = {
        {"", "scenario"},
        {"[]", "object"},
        {"{}", "model: missing"},
        {R"({"model":"x","modle":1})", "model"},
        {R"({"model":{"parameters":1e9},"contxt":5})", "is \"context\" meant?"},
        {R"({"model":{"parameters":-1}})", "model.parameters: expected a number from 1"},
        {R"({"model":{"parameters":1e999}})", "JSON"},
        {R"({"model":{"parameters":"7B"}})", "model.parameters"},
        {R"({"model":{"parameters":1,"active_parameters":2}})", "more than"},
        {R"({"model":{}})", "\"layers\" and \"hidden\""},
        {R"({"model":{"file":"/no/such/file.gguf"}})", "/no/such/file.gguf"},
        {R"({"model":{"preset":"Llama-3.1-8B","file":"x"}})", "only one of"},
        {R"({"model":"Llama-3.1"})", "may be Llama-3.1-8B"},
        {R"({"model":"no such model"})", "estimate models"},
        {R"({"model":{"config":{"model_type":"alien"}}})", "\"alien\" is not known"},
        {R"({"model":{"config":{"model_type":"llama"}}})", "is missing"},
        {R"({"model":{"config":{"model_type":"llama","hidden_size":-5}}})", "hidden_size"},
        {R"({"model":{"parameters":1e9},"task":"fly"})", "none of"},
        {R"({"model":{"parameters":1e9},"task":"train","hardware":"RTX","days":3})", "may be RTX"},
        {R"({"model":{"parameters":1e9},"task":"train","hardware":"no such","days":3})", "no such"},
        {R"({"model":{"parameters":1e9},"task":"train","days":3})", "hardware"},
        {R"({"model":{"parameters":1e9},"task":"train","hardware":{"peak_flops":0},"days":3})", "peak_flops"},
        {R"({"model":{"parameters":1e9},"task":"train","conventions":{"flops":"palm"}})", "needs model.layers"},
        {R"({"model":{"parameters":1e9},"task":"train","tokens":{"total":1e300}})", "tokens.total"},
        {R"({"model":{"parameters":1e9},"task":"serve","method":"flops"})", "load"},
        {R"({"model":{"parameters":1e9},"task":"serve"})", "hardware"},
        {R"({"model":{"parameters":1e9},"task":"serve","hardware":"H100"})", "bare totals"},
        {R"({"model":"Llama-3.1-8B","task":"serve","hardware":{"device":"H100","count":3},"parallel":{"tp":2}})",
         "must be equal"},
        {R"({"model":"Llama-3.1-8B","task":"serve","hardware":"H100","parallel":{"tp":64}})", "attention heads"},
        {R"({"model":"Llama-3.1-8B","task":"serve","hardware":"H100","parallel":{"pp":33}})",
         "parallel.pp: 33 is more than the 32 layers"},
        {R"({"model":"Qwen3-30B-A3B","task":"serve","hardware":"H100","parallel":{"tp":1,"dp":3,"ep":3}})",
         "parallel.ep: 3 does not divide the 128 experts; the next that does is 2"},
        {R"({"model":"Qwen3-30B-A3B","task":"train","tokens":1e12,"hardware":{"device":"H100","count":8},
            "parallel":{"ep":16}})",
         "parallel: ep * pp is 16, more than the 8 of hardware.count"},
        {R"({"model":"Qwen3-30B-A3B","task":"train","tokens":1e12,"hardware":{"device":"H100","count":64},
            "parallel":{"ep":6}})",
         "parallel.ep: 6 does not divide the 128 experts; the next that does is 4"},
        {R"({"model":"Llama-3.1-8B","task":"train","tokens":1e12,"hardware":{"device":"H100","count":64},
            "parallel":{"pp":8,"vp":5}})",
         "parallel: pp * vp is 40, more than the 32 layers and two ends; at most vp 4"},
        {R"({"model":"Llama-3.1-8B","task":"serve","engine":"exllama"})", "vllm|sglang|other|llamacpp|libllm"},
        {R"({"model":"Llama-3.1-8B","task":"serve","engine":"llamacpp"})", "hardware"},
        {R"({"model":{"parameters":1e9},"task":"serve","engine":"llamacpp","hardware":"RTX 4090"})", "layers"},
        {R"({"model":"Llama-3.1-8B","task":"serve","engine":"llamacpp","hardware":"RTX 4090","weights":"q9"})", "q9"},
        {R"({"model":"Llama-3.1-8B","task":"serve","hardware":"H100","constants":{"k.gemm":1000}})",
         "constants.k.gemm"},
        {R"({"model":"Llama-3.1-8B","task":"serve","hardware":"H100","constants":{"k.gem":1}})", "\"k.gemm\" meant"},
        {R"({"model":"Llama-3.1-8B","task":"serve","hardware":"H100","measured":{}})", "expected one of"},
        {R"({"model":"Llama-3.1-8B","task":"serve","hardware":"H100","measured":{"tpot":1,"factor":1}})",
         "expected one of"},
        {R"({"model":"Llama-3.1-8B","task":"serve","hardware":{"device":"H100","peaks":{"bf17":1}}})", "peaks.bf17"},
        {R"({"model":"Llama-3.1-8B","task":"serve","hardware":"H100","load":{"profile":[1,2]}})", "24 numbers"},
        {R"({"model":"Llama-3.1-8B","task":"serve","hardware":"H100","load":{"profile":"night"}})", "office"},
        {R"({"model":"Llama-3.1-8B","task":"serve","hardware":"H100","cost":{"api":"GPT"}})", "may be GPT-4o"},
        {R"({"model":"Llama-3.1-8B","task":"serve","hardware":"H100","cost":{"api":["GPT-5","gpt 5"]}})", "twice"},
        {R"({"model":"Llama-3.1-8B","task":"serve","hardware":"H100","cost":{"api":{"input":1}}})", "\"output\""},
        {R"({"model":"Llama-3.1-8B","task":"serve","hardware":"H100","cost":{"api":7}})", "expected a name"},
        {R"({"model":{"parameters":1e9},"task":"train","mfu":0.4,"hardware":{"device":"H100","count":8},
            "cost":{"api":"GPT-5"}})",
         "where a model is served"},
        {R"({"model":"Llama-3.1-8B","task":"serve","hardware":"H100","targets":{}})", "targets: expected one of"},
        {R"({"model":"Llama-3.1-8B","task":"serve","hardware":"H100","targets":{"tpot":1},"measured":{"tpot":1}})",
         "only the factor"},
        {R"({"model":"Llama-3.1-8B","task":"serve","hardware":"H100","speculation":{}})", "has no modules"},
        {R"({"model":"Llama-3.1-8B","task":"serve","hardware":"H100","speculation":{"draft":"no such"}})",
         "speculation.draft: there is no"},
        {R"({"model":"Llama-3.1-8B","task":"serve","hardware":"H100","speculation":{"draft":{"parameters":1e9}}})",
         "whose shape is known"},
        {R"({"model":"Llama-3.1-8B","task":"serve","hardware":"H100","prefix_hit":{"rate":1}})", "prefix_hit.tokens"},
        {R"({"model":"Llama-3.1-8B","task":"serve","hardware":"H100","prefix_hit":1.5})", "prefix_hit"},
        {R"({"model":"Llama-3.1-8B","task":"serve","hardware":"H100","offload":{}})", "\"experts\" or \"share\""},
        {R"({"model":"Llama-3.1-8B","task":"serve","hardware":"H100","offload":{"experts":true}})",
         "offload.experts: the model has none"},
        {R"({"model":"Llama-3.1-8B","task":"serve","hardware":"H100","offload":{"share":0.1,"gpu_layers":3}})",
         "is of llamacpp"},
        {R"({"model":"Llama-3.1-8B","task":"serve","engine":"llamacpp","hardware":"RTX 4090","offload":{"share":1}})",
         "is of experts"},
        {R"({"model":"Llama-3.1-8B","task":"serve","engine":"llamacpp","hardware":"EPYC 9654"})", "what is plugged in"},
        {R"({"model":"Llama-3.1-8B","task":"serve","engine":"llamacpp","hardware":{"device":"EPYC 9654","memory":1e12},
            "offload":{}})",
         "the host itself"},
        {R"({"model":{"parameters":1e9},"task":"train","days":3,"hardware":{"device":"H100","count":1.5}})",
         "hardware.count: expected a whole number"},
        {R"({"model":"Llama-3.1-8B","kv":"q8_0","kv_bits":8})", "only one of"},
        {R"({"model":"Llama-3.1-8B","kv":"fp8"})", "none of f32"},
        {R"({"model":"Llama-3.1-8B","task":"serve","engine":"libllm"})", "machine.memory"},
        {R"({"model":{"parameters":1e9},"output":{"format":"pdf"}})", "output.format"},
        {R"({"task":"report"})", "report: expected"},
        {R"({"task":"report","report":"seed-000","sizes":[0]})", "sizes"},
        {R"({"task":"report","report":"seed-000","devices":["A100",7]})", "devices"},
        {R"({"model":"Llama-3.1-8B","task":"tune","lora":{"targets":"q,w"}})", "\"w\" is none of all, attention"},
        {R"({"model":"Llama-3.1-8B","task":"tune","lora":{"rank":0.5}})", "lora.rank"},
        {R"({"model":"Mamba-130M","task":"tune","lora":{"targets":"q,v"}})", "lora.targets"},
        {R"({"model":{"parameters":7e9},"task":"tune","lora":4})", "lora.targets"},
        {R"({"model":"Llama-3.1-8B","task":"tune","base":"nf4"})", "base: frozen weights need adapters"},
        {R"({"model":"Llama-3.1-8B","task":"tune","lora":4,"trained":"bf16"})", "trained"},
        {R"({"model":"Llama-3.1-8B","task":"tune","paged":true,"offload":{"optimizer":"host"}})", "paged"},
        {R"({"model":"Llama-3.1-8B","task":"tune","lora":4,"conventions":{"flops":"palm"}})", "conventions.flops"},
        {R"({"model":{"parameters":7e9},"task":"tune","hardware":"RTX 4090"})", "tune: expected a model with shapes"},
        {R"({"task":"scale"})", "scale: expected one or two of"},
        {R"({"task":"scale","flops":1e24,"loss":2})", "scale: expected one or two of"},
        {R"({"task":"scale","loss":1.8})", "loss: expected more than 1.8172"},
        {R"({"task":"scale","law":"llama3","loss":2})", "loss: this law does not say it"},
        {R"({"task":"scale","law":"kaplan","flops":1e24,"inference":{"tokens":1e12}})", "inference"},
        {R"({"task":"scale","flops":1e24,"hardware":"A100"})", "flops: only one of"},
        {R"({"task":"scale","hardware":"A100"})", "hardware: expected a device"},
        {R"({"model":"Llama-3.1-8B","data":"/no/such\u0000folder"})", "data"},
        {R"({"model":{"config":{"model_type":"llama","hidden_size":64,"num_hidden_layers":2,"num_attention_heads":2,
            "vocab_size":99,"sliding_window":8,"sliding_window_pattern":0.5}}})",
         "\"sliding_window_pattern\" is not"},
        {R"({"model":"GPT-2","search":{}})", "expected \"over\""},
        {R"({"model":"GPT-2","search":7})", "search: expected an object"},
        {R"({"model":"GPT-2","search":{"over":[]}})", "search.over: expected an object"},
        {R"({"model":"GPT-2","search":{"over":{"context":[]}}})", "a list of 1 to"},
        {R"({"model":"GPT-2","search":{"over":{"context":[1],"contxt":[2]}}})", "is \"context\" meant?"},
        {R"({"model":"GPT-2","search":{"over":{"context":["x"]}}})", "context: expected a number"},
        {R"({"model":"GPT-2","search":{"over":{"task":["train"]}}})", "cannot be searched over"},
        {R"({"search":{"over":{"context":[1]}}})", "model"},
        {R"({"model":"GPT-3000","search":{"over":{"context":[1]}}})", "GPT-3000"},
        {R"({"model":"GPT-2","search":{"over":{"context":[1]},"layouts":true}})", "search.layouts"},
        {R"({"model":"GPT-2","search":{"over":{"context":[1]},"minimise":"x"}})", "is \"minimize\" meant?"},
        {R"({"model":"GPT-2","search":{"over":{"context":[1]},"minimize":"x","maximize":"y"}})", "only one of"},
        {R"({"model":"GPT-2","search":{"over":{"context":[1]},"limits":{"x":"y"}}})", "search.limits.x"},
        {R"({"model":"GPT-2","search":{"over":{"context":[1]},"keep":0}})", "search.keep"},
        {R"({"model":"GPT-2","search":{"over":{"hardware":["H100"],"hardware.count":[1]}}})", "given twice"},
        {R"({"model":"GPT-2","search":{"over":{"context":[1]},"formats":true}})", "search.formats"},
        {R"({"model":"GPT-2","search":{"over":{"context":[1]},"minimize":"no.figure"}})", "no figure \"no.figure\""},
        {R"({"model":"GPT-2","search":{"over":{"context":[1]},"minimize":"kv.bytes_per_token","limits":{"x":1}}})",
         "no figure \"x\""},
        {R"({"model":"GPT-2","search":{"counts":[1]},"compare":{"models":["GPT-2"]}})", "only one of"},
        {R"({"model":"GPT-2","task":"train","search":{"devices":"all","layouts":true,"counts":[1,2,3,4,5,6,7,8,9,10,11,
            12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40,41,42,43,44,45,46]}})",
         "combinations; at most 1000000"},
    };
    Host h;
    for (const auto &c : cases) {
        libllm_error e{};
        std::string report;
        EXPECT_LT(run(&h.host, c.scenario, &report, &e), 0) << c.scenario;
        EXPECT_NE(nullptr, strstr(e.message, c.message)) << c.scenario << ": " << e.message;
    }
}

// AP07 of the reliability notes: numbers that no model or machine has.
TEST(Estimate, HostileNumbersGiveErrorsOrFiniteFigures)
{
    Host h;
    const char *numbers[] = {"0", "1", "4294967295", "9223372036854775807", "1e18", "1e308", "-1", "0.5", "1e-306"};
    const char *scenarios[] = {
        R"({"model":{"layers":@,"hidden":@,"heads":@,"vocab":@},"context":@})",
        R"({"model":{"parameters":@},"task":"train","tokens":{"total":@},"hardware":{"peak_flops":@,"count":@}})",
        R"({"model":{"config":{"model_type":"llama","hidden_size":@,"num_hidden_layers":@,"num_attention_heads":@,
            "vocab_size":@,"intermediate_size":@,"sliding_window":@}},"context":@})",
        R"({"model":{"config":{"model_type":"deepseek_v3","hidden_size":@,"num_hidden_layers":@,"num_attention_heads":4,
            "vocab_size":@,"n_routed_experts":@,"kv_lora_rank":@,"qk_rope_head_dim":@,"first_k_dense_replace":@}}})",
        R"({"model":{"parameters":@},"task":"serve","method":"flops","load":{"users":@,"peak_factor":@},
            "hardware":{"peak_flops":@}})",
        R"({"model":{"layers":@,"hidden":@,"heads":4,"vocab":@},"task":"serve","concurrency":@,
            "load":{"users":@,"input_tokens":@,"output_tokens":@},"capacity":{"ttft_limit":@,"simulate":true},
            "hardware":{"peak_flops":@,"bandwidth":@,"memory":@,"link":@}})",
        R"({"model":"Llama-3.1-8B","task":"serve","concurrency":@,"load":{"queries_per_second":@,"input_tokens":@},
            "capacity":{"ttft_limit":@,"simulate":true,"seed":@},"hardware":{"device":"H100"},"cost":{"years":@}})",
        R"({"model":"Llama-3.1-8B","task":"serve","targets":{"tpot":@,"ttft":@,"total":@},"max_batch":@,"hold_steps":@,
            "kv_block":@,"prefix_hit":{"rate":@,"tokens":@,"prefixes":@},"load":{"queries_per_second":@,"input_tokens":@},
            "capacity":{"simulate":true},"hardware":{"device":"H100","memory":@,"bandwidth":@}})",
        R"({"model":"Llama-3.1-8B","task":"serve","targets":{"tpot":1},"hardware":{"device":"H100","domain":@,"link":@,
            "bandwidth":@},"prefix_hit":0.3,"memory_reserved":@})",
        R"({"model":"DeepSeek-V3","task":"serve","speculation":{"tokens":@,"acceptance":@},"chunked_prefill":false,
            "load":{"input_tokens":@,"output_tokens":@},"hardware":{"device":"H200","count":8},"concurrency":@})",
        R"({"model":"Llama-3.1-8B","task":"serve","speculation":{"tokens":@,"acceptance":@,"draft":@},
            "prefix_hit":@,"concurrency":@,"hardware":{"device":"H100","memory":@}})",
        R"({"model":"Llama-3.1-8B","task":"serve","speculation":{"draft":{"layers":@,"hidden":@,"heads":@,"vocab":@}},
            "hardware":{"device":"H100","memory":@}})",
        R"({"model":{"config":{"model_type":"deepseek_v3","hidden_size":@,"num_hidden_layers":@,"num_attention_heads":4,
            "vocab_size":@,"n_routed_experts":@,"num_nextn_predict_layers":@,"kv_lora_rank":@}}})",
        R"({"model":"Qwen3-30B-A3B","task":"serve","engine":"llamacpp","hardware":{"device":"RTX 4090","count":@},
            "offload":{"bandwidth":@,"peak_flops":@,"memory":@,"link":@,"gpu_layers":@},"load":{"input_tokens":@}})",
        R"({"model":"Qwen3-30B-A3B","task":"serve","engine":"llamacpp","hardware":"RTX 4090","kv_bits":@,
            "offload":{"bandwidth":@,"link":@,"experts":true,"share":@},"load":{"output_tokens":@}})",
        R"({"model":"Qwen3-30B-A3B","task":"serve","hardware":{"device":"H100","memory":@},"concurrency":@,
            "offload":{"bandwidth":@,"peak_flops":@,"link":@,"experts":true,"share":@}})",
        R"({"model":"Llama-3.1-8B","task":"serve","hardware":"H100","offload":{"link":@,"share":@},"prefix_hit":@})",
        R"({"model":"Llama-3.1-8B","task":"serve","engine":"llamacpp","hardware":{"device":"EPYC 9654","memory":@,
            "count":@}})",
        R"({"model":"Llama-3.1-8B","task":"serve","engine":"libllm","machine":{"memory":@,"bandwidth":@},"kv_bits":@,
            "concurrency":@,"load":{"input_tokens":@,"output_tokens":@}})",
        R"({"model":"Llama-3.1-8B","task":"fit","machine":{"memory":@,"bandwidth":@,"operations":@},"context":@})",
        R"({"model":"Llama-3.1-8B","task":"fit","context":@,"machine":{"memory":@,"calibration":{"step_ns":@,
            "layer_ns":@,"prefill_value_ns":@,"attention_gb_per_second":@,"attention_gflop_per_second":@,"types":[
            {"type":"Q4_K","decode_gb_per_second":@,"prefill_gflop_per_second":@},
            {"type":"Q6_K","decode_gb_per_second":@,"prefill_gflop_per_second":@}]}}})",
        R"({"model":{"layers":@,"hidden":@,"heads":@,"vocab":@,"experts":@,"experts_used":1,"expert_ffn":@},
            "task":"train","tokens":@,"sequence":@,"global_batch":@,"parallel":{"tp":1},
            "hardware":{"peak_flops":@,"bandwidth":@,"memory":@,"link":@,"domain":@,"network":@,"count":@}})",
        R"({"model":"Qwen3-30B-A3B","task":"train","tokens":@,"batch_tokens":@,"days":@,
            "hardware":{"device":"H200","memory":@,"bandwidth":@,"link":@,"domain":@,"network":@,"power":@}})",
        R"({"model":"Qwen3-0.6B","task":"train","tokens":@,"sequence":@,"micro_batch":@,"days":@,
            "hardware":{"peak_flops":@,"bandwidth":@,"memory":@,"count":@},"parallel":{"cp":@,"vp":@,"ep":1}})",
        R"({"model":"Llama-3.1-8B","task":"serve","engine":"llamacpp","load":{"input_tokens":@,"output_tokens":@},
            "kv_bits":@,"measured":{"tpot":@},"hardware":{"peaks":{"fp32":@,"bf16":@},"bandwidth":@,"memory":@,
            "count":@}})",
        R"({"model":"Llama-3.1-8B","task":"serve","measured":{"factor":@},"constants":{"k.gemm":@,"k.layer":@},
            "hardware":{"device":"H100","measured_bf16":@}})",
        R"({"model":"Qwen3-0.6B","task":"tune","tokens":@,"epochs":@,"sequence":@,"lora":@,"loss_chunks":@,
            "global_batch":@,"hardware":{"peak_flops":@,"bandwidth":@,"memory":@,"count":@}})",
        R"({"model":{"layers":@,"hidden":@,"heads":@,"vocab":@,"experts":@,"experts_used":1,"expert_ffn":@},
            "task":"tune","examples":@,"example_tokens":@,"lora":{"rank":@,"experts":true},"base":"nf4","paged":true,
            "micro_batch":@,"hardware":{"device":"RTX 4090","memory":@}})",
        R"({"model":"Qwen3-0.6B","task":"tune","offload":{"optimizer":"nvme","weights":"host","link":@,"drive":@,
            "bandwidth":@,"memory":@,"devices_per_host":@},"hardware":{"device":"RTX 4090","count":@}})",
        R"({"model":"Llama-3.1-8B","task":"serve","load":{"queries_per_second":@,"profile":"office"},
            "capacity":{"simulate":{"daily":true}},"hardware":{"device":"H100"}})",
        R"({"model":"Llama-3.1-8B","task":"serve","load":{"queries_per_second":@,"input_tokens":@,
            "profile":[@,@,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]},"hardware":{"device":"H100","power":@},
            "cost":{"mode":"own","capex_per_device":@,"interest":@,"years":@,"rent_hour":@,"idle_share":@,
            "upfront":@,"api_cached_share":@,"api":[{"input":@,"cached_input":@,"output":@}]}})",
        R"({"model":"Llama-3.1-8B","task":"serve","load":{"queries_per_second":3,"profile":"office"},
            "hardware":{"device":"H100"},"cost":{"mode":"own","interest":@,"rent_hour":@,"upfront":@,
            "api":[{"input":@,"output":@,"currency":"CNY"}]}})",
        R"({"task":"scale","flops":@,"inference":{"tokens":@,"relative_cost":@},"unique_tokens":@})",
        R"({"task":"scale","law":"hoffmann","parameters":@,"tokens":@,"inference":{"tokens":@},"unique_tokens":@})",
        R"({"task":"scale","law":"muennighoff","loss":@,"inference":{"tokens":@}})",
        R"({"task":"scale","law":"kaplan","loss":@})",
        R"({"task":"scale","law":"llama3","parameters":@})",
        R"({"task":"scale","law":"deepseek","days":@,"mfu":@,"hardware":{"peak_flops":@,"count":@}})",
        R"({"task":"report","report":"seed-000","sizes":[@],"days":[@]})",
        R"({"task":"report","report":"seed-004","visits_per_month":@,"training_cost":@})",
    };
    for (const char *scenario : scenarios)
        for (const char *number : numbers)
            for (const char *other : {"1", "4096", number}) {
                std::string text = scenario;
                bool first = true;
                for (size_t at; (at = text.find('@')) != std::string::npos; first = !first)
                    text.replace(at, 1, first ? number : other);
                libllm_error e{};
                std::string report;
                libllm_status status = run(&h.host, text, &report, &e);
                EXPECT_TRUE(status == LIBLLM_OK || e.message[0]) << text;
                for (const char *bad : {":nan", ":inf", "\"nan\"", "\"inf\"", ":-", "null"})
                    EXPECT_EQ(std::string::npos, report.find(bad)) << bad << " in the report on " << text;
            }
}

// A vision tower of which nothing says what it is: neither its own configuration nor that of the whole model.
TEST(Estimate, AVisionTowerWithoutATypeIsNotCounted)
{
    Host h;
    libllm_error e{};
    std::string report;
    ASSERT_EQ(LIBLLM_OK, run(&h.host, R"({"model":{"config":{"text_config":{"model_type":"llama","hidden_size":64,
        "num_hidden_layers":2,"num_attention_heads":2,"vocab_size":99},"vision_config":{"hidden_size":8}}}})",
                             &report, &e))
        << e.message;
    EXPECT_NE(std::string::npos, report.find("unknown_vision_tower")) << report;
}

// Of several models on one device, the reasons say whose they are.
TEST(Estimate, ReasonsOfAComparisonNameTheirRow)
{
    Host h;
    libllm_error e{};
    std::string report;
    ASSERT_EQ(LIBLLM_OK, run(&h.host, R"({"task":"serve","hardware":"RTX 4090","compare":{"models":["Llama-3.1-8B",
        "Llama-3.1-70B"]}})",
                             &report, &e))
        << e.message;
    EXPECT_NE(std::string::npos, report.find("\"Llama-3.1-70B, NVIDIA RTX 4090: Weights (")) << report;
}

// Layers that are dense by a list may be dense by the period, too, and are not taken off twice.
TEST(Estimate, DenseLayersOfAListAreTakenOffOnce)
{
    Host h;
    const struct {
        const char *keys;
        int layers; // with experts
    } cases[] = {{R"("mlp_only_layers":[])", 4},
                 {R"("mlp_only_layers":[0,3])", 2},
                 {R"("decoder_sparse_step":2,"mlp_only_layers":[0,1])", 1},
                 {R"("decoder_sparse_step":2,"mlp_only_layers":[0,2,4,-1,"x"])", 2},
                 {R"("decoder_sparse_step":2,"mlp_only_layers":[1,1,1,3])", 0}};
    for (const auto &c : cases) {
        libllm_error e{};
        std::string report, text = R"({"model":{"config":{"model_type":"qwen3_moe","hidden_size":64,"vocab_size":99,
            "num_hidden_layers":4,"num_attention_heads":2,"num_experts":8,"num_experts_per_tok":2,
            "moe_intermediate_size":32,)" +
                                   std::string(c.keys) + "}}}";
        ASSERT_EQ(LIBLLM_OK, run(&h.host, text, &report, &e)) << text << e.message;
        const std::string experts = "\"expert\":{\"value\":" + std::to_string(c.layers * 8 * 3 * 64 * 32) + ",";
        EXPECT_EQ(c.layers > 0, report.find(experts) != std::string::npos) << text << report;
    }
}

// Weights that fit, though they would not if they were as large as they may be: the context that fits was a negative
// one, which was an error.
TEST(Estimate, WeightsThatJustFitLeaveNoContextAtLeast)
{
    Host h;
    for (double memory = 18e9; memory < 22e9; memory += 1e8) {
        libllm_error e{};
        std::string report,
            text = R"({"model":"Command-R-08-2024","task":"fit","machine":{"memory":)" + std::to_string(memory) + "}}";
        EXPECT_EQ(LIBLLM_OK, run(&h.host, text, &report, &e)) << memory << ": " << e.message;
    }
}

// Two rows of accelerators.csv claim different peaks of one device: the better claim counts, both make the interval.
TEST(Estimate, ClaimsOfADeviceMakeAnInterval)
{
    Host h;
    libllm_error e{};
    std::string report;
    ASSERT_EQ(LIBLLM_OK,
              run(&h.host, R"({"model":{"parameters":7e9},"task":"train","days":3,"hardware":"MLU590"})", &report, &e))
        << e.message;
    EXPECT_NE(std::string::npos,
              report.find("\"peak\":{\"value\":345000000000000,\"unit\":\"FLOP/s\",\"low\":256000000000000"))
        << report.substr(0, 600);
}

// Prices and regions come from the tables, not from a default.
TEST(Estimate, TablesOfPricesAndRegionsAreRead)
{
    Host h;
    libllm_error e{};
    std::string report;
    ASSERT_EQ(LIBLLM_OK, run(&h.host, R"({"model":{"parameters":7e9},"task":"train","days":3,"hardware":"H100",
        "cost":{"region":"China"},"output":{"explain":true}})",
                             &report, &e))
        << e.message;
    EXPECT_NE(std::string::npos, report.find("prices.csv: "));
    EXPECT_NE(std::string::npos, report.find("\"intensity\":{\"value\":0.58"));
    EXPECT_NE(std::string::npos, report.find("regions.csv: China"));
}

struct Torture {
    long fail_at = -1, count = 0, live = 0;
    static void *allocate(void *self, size_t size, size_t alignment)
    {
        auto *t = static_cast<Torture *>(self);
        void *memory = nullptr;
        if (t->count++ == t->fail_at ||
            posix_memalign(&memory, alignment < sizeof(void *) ? sizeof(void *) : alignment, size) != 0)
            return nullptr;
        t->live++;
        return memory;
    }
    static void release(void *self, void *memory)
    {
        static_cast<Torture *>(self)->live -= memory != nullptr;
        free(memory);
    }
};

TEST(Estimate, EveryAllocationFailedInTurn)
{
    for (
        const char *scenario :
        {R"({"task":"train","model":"DeepSeek-V3","hardware":"H100","days":30,"mfu":0.3,"output":{"explain":true}})",
         R"({"task":"train","model":{"layers":2,"hidden":64,"heads":2,"vocab":99},"tokens":1e9,"global_batch":4,
              "hardware":{"device":"H100 SXM5 80GB","count":2}})",
         R"({"task":"train","model":{"layers":8,"hidden":4096,"heads":32,"vocab":999},"tokens":1e9,"global_batch":4,
              "hardware":{"device":"H100 SXM5 80GB","count":1,"memory":24e9},"parallel":{"tp":1}})",
         R"({"task":"tune","model":{"layers":2,"hidden":64,"heads":2,"vocab":99},"lora":4,"base":"nf4","sequence":512,
              "hardware":{"device":"RTX 4090","memory":16e8}})",
         R"({"task":"serve","model":"Qwen3-Next-80B-A3B","hardware":{"device":"H200","count":4},"load":{"users":9000},
              "capacity":{"simulate":true}})",
         R"({"task":"serve","model":{"layers":2,"hidden":64,"heads":2,"vocab":99},"hardware":"H100","load":{"users":9000},
              "capacity":{"simulate":{"requests":60,"mtbf_hours":0.01,"restart_every_hours":0.01}}})",
         R"({"task":"serve","model":"GPT-2","hardware":"H100","load":{"users":9000,"profile":"office"},
              "cost":{"mode":"own","api":["GPT-5",{"input":1,"output":9}]},"output":{"format":"table","lang":"zh"}})",
         R"({"task":"serve","model":{"layers":2,"hidden":64,"heads":2,"vocab":99},"hardware":"H100","load":{"users":90},
              "targets":{"tpot":0.01},"prefix_hit":0.5,"speculation":{"draft":0.1},"max_batch":2,"parallel":{"tp":1}})",
         R"({"task":"serve","model":{"layers":2,"hidden":64,"heads":2,"vocab":99},"hardware":"H100","parallel":{"tp":1},
              "speculation":{"draft":{"layers":1,"hidden":32,"heads":1,"vocab":99}}})",
         R"({"task":"serve","model":{"layers":2,"hidden":64,"heads":2,"vocab":99},"hardware":"H100","parallel":{"tp":1},
              "concurrency":2,"max_batch":2,"targets":{"tpot":0.000488}})",
         R"({"task":"serve","engine":"llamacpp","model":"GPT-2","hardware":"RTX 4090","measured":{"tpot":0.01}})",
         R"({"compare":{"models":["Llama-3.1-8B","GPT-2"]},"output":{"format":"csv"}})", R"({"task":"models"})",
         R"({"task":"serve","model":"GPT-2","search":{"devices":["H100 SXM5 80GB","L40S"],"layouts":true,"keep":2,
              "against":"latency.tpot","limits":{"latency.tpot":1}},"parallel":{"tp":1,"pp":1},"concurrency":4})",
         R"({"model":{"file":")" LIBLLM_TEST_DATA R"(/tiny/qwen2moe.gguf"},"output":{"format":"table"}})",
         R"({"task":"report","report":"seed-000","sizes":[1e9],"days":[3],"output":{"format":"markdown"}})"}) {
        Host h;
        Torture good;
        h.host.allocate = Torture::allocate;
        h.host.release = Torture::release;
        h.host.allocator_user_data = &good;
        libllm_error e{};
        std::string report;
        ASSERT_EQ(LIBLLM_OK, run(&h.host, scenario, &report, &e)) << e.message;
        EXPECT_EQ(0, good.live);
        for (long i = 0; i < good.count; i++) {
            Torture bad;
            bad.fail_at = i;
            h.host.allocator_user_data = &bad;
            EXPECT_EQ(LIBLLM_ERROR_OUT_OF_MEMORY, run(&h.host, scenario, &report, &e))
                << i << " of " << good.count << ": " << e.message;
            ASSERT_EQ(0, bad.live) << i;
        }
    }
}

json_t *search(const std::string &scenario)
{
    Host h;
    libllm_error e{};
    std::string report;
    EXPECT_EQ(LIBLLM_OK, run(&h.host, scenario, &report, &e)) << e.message;
    return json_loads(report.c_str(), 0, nullptr);
}

std::string column(const json_t *root, size_t table, size_t column)
{
    std::string out;
    const json_t *rows = json_object_get(json_array_get(json_object_get(root, "tables"), table), "rows");
    for (size_t i = 1; i < json_array_size(rows); i++) {
        const json_t *cell = json_array_get(json_array_get(rows, i), column);
        out += std::string(json_string_value(json_is_object(cell) ? json_object_get(cell, "text") : cell)) + ";";
    }
    return out;
}

// KV memory grows with the context, and with its bits: what is best, and in which order, is known.
TEST(Estimate, SearchesRankWhatTheyTry)
{
    const char *const over = R"({"model":"GPT-2","search":{"over":{"kv_bits":[16,8],"context":[100,400,200]},)";
    json_t *root = search(std::string(over) + R"("minimize":"kv.bytes_per_sequence","keep":4}})");
    EXPECT_EQ("1;2;3;4;", column(root, 0, 0));
    EXPECT_EQ("8;16;8;16;", column(root, 0, 1)); // 16 bits of 100 tokens are as much as 8 of 200, and come first
    EXPECT_EQ("100;100;200;200;", column(root, 0, 2));
    EXPECT_EQ("6;6;", column(root, 1, 1));
    const json_t *best = json_object_get(json_object_get(root, "top"), "scenario");
    EXPECT_EQ(8, json_integer_value(json_object_get(best, "kv_bits")));
    EXPECT_EQ(100, json_integer_value(json_object_get(best, "context")));
    EXPECT_EQ(nullptr, json_object_get(best, "search"));
    json_decref(root);
    root = search(std::string(over) + R"("maximize":"kv.bytes_per_sequence","keep":2,"limits":{"context.tokens":300},
                                        "at_least":{"kv.bytes_per_element":1.5}}})");
    EXPECT_EQ("200;100;", column(root, 0, 2));
    EXPECT_EQ("6;2;2;2;", column(root, 1, 1)); // two are beyond the limit, two of the others have too few bytes
    json_decref(root);
    root = search(std::string(over) + R"("minimize":"kv.bytes_per_sequence","against":"kv.bytes_per_element"}})");
    EXPECT_EQ("8;", column(root, 1, 1)); // nothing is smaller in one and worse in the other
    json_decref(root);
    root = search(std::string(over) + R"("minimize":"kv.bytes_per_sequence","limits":{"context.tokens":50}}})");
    EXPECT_EQ("", column(root, 0, 0));
    EXPECT_EQ(nullptr, json_object_get(root, "top"));
    EXPECT_EQ("6;0;6;", column(root, 1, 1));
    EXPECT_EQ("all combinations;feasible and within the limits;sequence length above 50;", column(root, 1, 0));
    EXPECT_EQ(";;the nearest: 100;", column(root, 1, 2));
    json_decref(root);
}

// The engine's own count of a file, which reads the tensors another way.
TEST(Estimate, FilesAreCountedAsTheEngineCountsThem)
{
    for (const char *name : {"llama", "qwen2moe", "gpt2", "gemma3", "lfm2", "mamba"}) {
        const std::string path = std::string(LIBLLM_TEST_DATA "/tiny/") + name + ".gguf";
        Host h;
        libllm_error e{};
        std::string report;
        if (run(&h.host, R"({"model":{"file":")" + path + "\"}}", &report, &e)) {
            ADD_FAILURE() << e.message;
            continue;
        }
        libllm_runtime *runtime = nullptr;
        libllm_model *model = nullptr;
        ASSERT_EQ(LIBLLM_OK, libllm_runtime_create(nullptr, &runtime, &e)) << e.message;
        ASSERT_EQ(LIBLLM_OK, libllm_model_open(runtime, path.c_str(), nullptr, &model, &e)) << e.message;
        libllm_model_info info{};
        info.struct_size = sizeof info;
        ASSERT_EQ(LIBLLM_OK, libllm_model_get_info(model, &info, &e)) << e.message;
        const std::string expected = "\"total\":{\"value\":" + std::to_string(info.n_parameters) + ",";
        EXPECT_NE(std::string::npos, report.find(expected)) << name << ": expected " << expected << " in\n" << report;
        libllm_model_free(model);
        libllm_runtime_free(runtime);
    }
}

} // namespace
