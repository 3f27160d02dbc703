// SPDX-License-Identifier: MIT
// The chain of samplers against a plain restatement that sorts everything.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <random>
#include <vector>

extern "C" {
#include "sampling/sampling.h"
}

namespace
{

libllm_sampling_options neutral()
{
    libllm_sampling_options o;
    libllm_sampling_options_init(&o, sizeof o);
    ll_sampling_settle(&o, &o);
    o.top_k = 0;
    o.top_p = 0;
    o.min_p = 0;
    o.temperature = 1;
    return o;
}

int32_t sample(const libllm_sampling_options &o, const std::vector<float> &logits, uint64_t position = 0,
               const std::vector<int32_t> &history = {})
{
    std::vector<ll_candidate> scratch(logits.size());
    int32_t token = -1;
    libllm_error error;
    EXPECT_EQ(LIBLLM_OK, ll_sampling_check(&o, (uint32_t)logits.size(), &error)) << error.message;
    EXPECT_EQ(LIBLLM_OK, ll_sample(&o, logits.data(), (uint32_t)logits.size(), nullptr, history.data(), history.size(),
                                   position, scratch.data(), &token, &error))
        << error.message;
    return token;
}

std::vector<float> random_logits(uint32_t seed, size_t n)
{
    std::mt19937 rng(seed);
    std::normal_distribution<float> normal(0, 3);
    std::vector<float> logits(n);
    for (float &l : logits)
        l = normal(rng);
    return logits;
}

struct Item {
    int token;
    double logit;
};

// What the options leave, most probable first, by the definitions of the samplers.
std::vector<Item> reference(const libllm_sampling_options &o, const std::vector<float> &logits)
{
    std::vector<Item> items;
    for (size_t i = 0; i < logits.size(); i++)
        items.push_back({(int)i, logits[i]});
    auto by_logit = [](const Item &a, const Item &b) {
        return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
    };
    auto probabilities = [](const std::vector<Item> &v) {
        double top = -INFINITY, sum = 0;
        for (auto &i : v)
            top = std::max(top, i.logit);
        std::vector<double> p;
        for (auto &i : v)
            p.push_back(std::exp(i.logit - top));
        sum = std::accumulate(p.begin(), p.end(), 0.0);
        for (double &x : p)
            x /= sum;
        return p;
    };
    std::sort(items.begin(), items.end(), by_logit);
    if (o.top_k && o.top_k < items.size())
        items.resize(o.top_k);
    if (o.typical_p > 0 && o.typical_p < 1) {
        auto p = probabilities(items);
        double entropy = 0;
        for (double x : p)
            entropy -= x * std::log(x);
        std::vector<size_t> order(items.size());
        std::iota(order.begin(), order.end(), 0);
        std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
            return std::fabs(-std::log(p[a]) - entropy) < std::fabs(-std::log(p[b]) - entropy);
        });
        std::vector<Item> kept;
        double mass = 0;
        for (size_t i : order) {
            if (mass >= o.typical_p)
                break;
            mass += p[i];
            kept.push_back(items[i]);
        }
        items = kept;
        std::sort(items.begin(), items.end(), by_logit);
    }
    if (o.top_p > 0 && o.top_p < 1) {
        auto p = probabilities(items);
        double mass = 0;
        size_t n = 0;
        while (n < items.size() && mass < o.top_p)
            mass += p[n++];
        items.resize(n);
    }
    if (o.min_p > 0) {
        auto p = probabilities(items);
        size_t n = 0;
        while (n < items.size() && p[n] >= o.min_p * p[0])
            n++;
        items.resize(n);
    }
    return items;
}

TEST(Sampling, GreedyTakesTheHighestAndTheFirstOfEquals)
{
    auto o = neutral();
    o.temperature = 0;
    EXPECT_EQ(2, sample(o, {0, 1, 5, 5, -3}));
}

TEST(Sampling, TopOneIsGreedy)
{
    auto o = neutral();
    o.top_k = 1;
    for (uint32_t seed = 0; seed < 20; seed++) {
        auto logits = random_logits(seed, 100);
        EXPECT_EQ(std::max_element(logits.begin(), logits.end()) - logits.begin(), sample(o, logits, seed));
    }
}

// Draws only come from the set that the definitions leave, and over many positions they reach all of it.
TEST(Sampling, KeepsWhatTheDefinitionsKeep)
{
    std::mt19937 rng(7);
    for (int round = 0; round < 200; round++) {
        auto o = neutral();
        auto logits = random_logits((uint32_t)round, 40);
        if (rng() % 2)
            o.top_k = 1 + rng() % 50;
        if (rng() % 2)
            o.typical_p = 0.05f + 0.9f * (float)(rng() % 100) / 100;
        if (rng() % 2)
            o.top_p = 0.05f + 0.9f * (float)(rng() % 100) / 100;
        if (rng() % 2)
            o.min_p = 0.3f * (float)(rng() % 100) / 100;
        o.temperature = 20; // nearly flat, so that a few hundred draws see everything
        auto expected = reference(o, logits);
        std::map<int, int> seen;
        for (uint64_t position = 0; position < 900; position++)
            seen[sample(o, logits, position)]++;
        std::map<int, int> allowed;
        for (auto &item : expected)
            allowed[item.token] = 1;
        for (auto &[token, n] : seen)
            EXPECT_TRUE(allowed.count(token)) << "round " << round << " token " << token;
        EXPECT_EQ(allowed.size(), seen.size()) << "round " << round;
    }
}

TEST(Sampling, DrawsWithTheProbabilitiesOfTheSoftmax)
{
    auto o = neutral();
    o.temperature = 0.7f;
    std::vector<float> logits = {1.0f, 0.5f, -1.0f, 2.0f};
    double sum = 0;
    std::vector<double> expected;
    for (float l : logits)
        sum += std::exp(l / 0.7);
    for (float l : logits)
        expected.push_back(std::exp(l / 0.7) / sum);
    std::vector<int> count(4);
    const int n = 40000;
    for (int i = 0; i < n; i++)
        count[(size_t)sample(o, logits, (uint64_t)i)]++;
    for (size_t i = 0; i < 4; i++)
        EXPECT_NEAR(expected[i], count[i] / (double)n, 4 * std::sqrt(expected[i] / n)) << i;
}

TEST(Sampling, SeedAndPositionDecide)
{
    auto o = neutral(), other = neutral();
    other.seed = 1;
    auto logits = random_logits(3, 1000);
    int same = 0;
    for (uint64_t p = 0; p < 50; p++) {
        EXPECT_EQ(sample(o, logits, p), sample(o, logits, p));
        same += sample(o, logits, p) == sample(other, logits, p);
    }
    EXPECT_LT(same, 25);
}

TEST(Sampling, UniformNumbersFillTheUnitInterval)
{
    double sum = 0, low = 1, high = 0;
    for (uint64_t i = 0; i < 100000; i++) {
        double u = ll_uniform(42, i);
        ASSERT_GE(u, 0);
        ASSERT_LT(u, 1);
        sum += u;
        low = std::min(low, u);
        high = std::max(high, u);
    }
    EXPECT_NEAR(0.5, sum / 100000, 0.005);
    EXPECT_LT(low, 0.001);
    EXPECT_GT(high, 0.999);
}

TEST(Sampling, PenaltiesFollowTheirDefinitions)
{
    auto o = neutral();
    o.temperature = 0;
    std::vector<float> logits = {3.0f, 2.9f, 1.0f};
    EXPECT_EQ(0, sample(o, logits, 0, {0, 2}));
    o.presence_penalty = 0.2f;
    EXPECT_EQ(1, sample(o, logits, 0, {0, 2})) << "3.0 - 0.2 < 2.9";
    o = neutral();
    o.temperature = 0;
    o.frequency_penalty = 0.06f;
    EXPECT_EQ(0, sample(o, logits, 0, {0}));
    EXPECT_EQ(1, sample(o, logits, 0, {0, 0})) << "3.0 - 0.12 < 2.9";
    o = neutral();
    o.temperature = 0;
    o.repetition_penalty = 1.1f;
    EXPECT_EQ(1, sample(o, logits, 0, {0, 0})) << "3.0 / 1.1 once, however often it occurred";
    EXPECT_EQ(0, sample(o, {-1.0f, -1.05f}, 0, {1})) << "negative logits move down, too";
    o.penalty_window = 1;
    EXPECT_EQ(0, sample(o, logits, 0, {0, 2})) << "token 0 lies outside of the window";
    /* in the order of the fields: 2 / 2 - 3 * 0.5 - 0.25 < -0.5 */
    o.penalty_window = 64;
    o.repetition_penalty = 2;
    o.frequency_penalty = 0.5f;
    o.presence_penalty = 0.25f;
    EXPECT_EQ(1, sample(o, {2.0f, -0.5f}, 0, {0, 0, 0}));
    /* and in no more time than the window is long */
    std::vector<float> many(50000, 1.0f);
    std::vector<int32_t> history(1 << 20);
    for (size_t i = 0; i < history.size(); i++)
        history[i] = static_cast<int32_t>(i % (many.size() - 1));
    o.penalty_window = 1 << 20;
    EXPECT_EQ(49999, sample(o, many, 0, history));
}

TEST(Sampling, BiasMovesAndForbids)
{
    auto o = neutral();
    o.temperature = 0;
    libllm_logit_bias bias[] = {{0, -INFINITY}, {2, 10}};
    o.logit_bias = bias;
    o.n_logit_bias = 2;
    EXPECT_EQ(2, sample(o, {5, 4, 0}));
    o.n_logit_bias = 1;
    EXPECT_EQ(1, sample(o, {5, 4, 0}));
}

TEST(Sampling, TypicalSeesBiasedLogits)
{
    auto o = neutral();
    o.typical_p = 0.5f;
    libllm_logit_bias bias[] = {{0, -INFINITY}};
    o.logit_bias = bias;
    o.n_logit_bias = 1;
    for (uint64_t p = 0; p < 100; p++)
        EXPECT_NE(0, sample(o, {9, 1, 1.1f, 0.9f}, p));
}

// Straight from the logits the best are those that come from all candidates, which a bias of 0 asks for; with equals,
// with what is forbidden, and where fewer are left than are to be kept.
TEST(Sampling, TheBestAreFoundWithoutListingAll)
{
    std::mt19937 rng(7);
    static const libllm_logit_bias nothing = {0, 0};
    for (int round = 0; round < 400; round++) {
        const size_t n = 2 + rng() % 300;
        std::vector<float> logits = random_logits((uint32_t)round, n);
        std::vector<uint32_t> allowed(n / 32 + 1);
        for (float &l : logits)
            l = round % 3 == 0 ? std::round(l) : rng() % 20 == 0 ? -INFINITY : l;
        for (uint32_t &bits : allowed)
            bits = round % 2 ? ~0u : rng() & rng() & (round % 4 ? ~0u : rng());
        auto o = neutral();
        o.top_k = round % 5 ? 1 + rng() % 50 : 0;
        o.temperature = round % 5 && round % 7 ? 1.5f : 0;
        o.top_p = round % 2 ? 0.9f : 0;
        o.typical_p = round % 11 ? 0 : 0.7f;
        std::vector<ll_candidate> scratch(n);
        auto draw = [&](bool lists, uint64_t position) {
            int32_t token = -1;
            libllm_error error;
            o.n_logit_bias = lists;
            o.logit_bias = &nothing;
            return ll_sample(&o, logits.data(), (uint32_t)n, allowed.data(), nullptr, 0, position, scratch.data(),
                             &token, &error) == LIBLLM_OK
                       ? token
                       : -2;
        };
        for (uint64_t position = 0; position < 10; position++)
            ASSERT_EQ(draw(true, position), draw(false, position)) << "round " << round << ", " << n << " tokens";
    }
}

TEST(Sampling, NotANumberIsAnError)
{
    auto o = neutral();
    std::vector<float> logits(10, 1);
    logits[7] = NAN;
    std::vector<ll_candidate> scratch(10);
    int32_t token;
    libllm_error error;
    EXPECT_EQ(LIBLLM_ERROR_NUMERIC,
              ll_sample(&o, logits.data(), 10, nullptr, nullptr, 0, 0, scratch.data(), &token, &error));
    EXPECT_STREQ("the logit of token 7 is not a number", error.message);
    logits[7] = INFINITY;
    EXPECT_EQ(LIBLLM_ERROR_NUMERIC,
              ll_sample(&o, logits.data(), 10, nullptr, nullptr, 0, 0, scratch.data(), &token, &error));
    logits.assign(10, -INFINITY);
    EXPECT_EQ(LIBLLM_ERROR_NUMERIC,
              ll_sample(&o, logits.data(), 10, nullptr, nullptr, 0, 0, scratch.data(), &token, &error));
    logits[4] = 1;
    EXPECT_EQ(4, sample(o, logits));
}

// What the caller says wins over what the model recommends, and that over the library's defaults.
TEST(Sampling, OptionsAreSettled)
{
    libllm_sampling_options unset, o;
    libllm_sampling_options_init(&unset, sizeof unset);
    o = unset;
    ll_sampling_settle(&o, &unset);
    EXPECT_EQ(o.temperature, 0.8f);
    EXPECT_EQ(o.top_k, 40U);
    EXPECT_EQ(o.top_p, 0.95f);
    EXPECT_EQ(o.min_p, 0.05f);
    EXPECT_EQ(o.repetition_penalty, 1);
    EXPECT_EQ(o.penalty_window, 64U);
    libllm_sampling_options recommended = unset;
    recommended.temperature = 0;
    recommended.top_k = 0;
    recommended.repetition_penalty = 1.5f;
    o = unset;
    o.repetition_penalty = 0;
    o.min_p = 0;
    ll_sampling_settle(&o, &recommended);
    EXPECT_EQ(o.temperature, 0);
    EXPECT_EQ(o.top_k, 0U);
    EXPECT_EQ(o.top_p, 0.95f);
    EXPECT_EQ(o.min_p, 0);
    EXPECT_EQ(o.repetition_penalty, 0);
}

// AP05 of the list of hostile cases.
TEST(Sampling, RefusesOptionsThatMeanNothing)
{
    libllm_error error;
    auto refused = [&](void (*change)(libllm_sampling_options *)) {
        auto o = neutral();
        change(&o);
        return ll_sampling_check(&o, 10, &error);
    };
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, refused([](auto *o) { o->temperature = NAN; }));
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, refused([](auto *o) { o->temperature = -1; }));
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, refused([](auto *o) { o->temperature = INFINITY; }));
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, refused([](auto *o) { o->top_p = 2; }));
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, refused([](auto *o) { o->top_p = NAN; }));
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, refused([](auto *o) { o->min_p = -0.5f; }));
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, refused([](auto *o) { o->repetition_penalty = INFINITY; }));
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, refused([](auto *o) { o->n_logit_bias = 1; }));
    static const libllm_logit_bias outside = {10, 0}, infinite = {1, INFINITY};
    EXPECT_EQ(LIBLLM_ERROR_OUT_OF_RANGE, refused([](auto *o) { o->n_logit_bias = 1, o->logit_bias = &outside; }));
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, refused([](auto *o) { o->n_logit_bias = 1, o->logit_bias = &infinite; }));
    auto tiny = neutral();
    tiny.temperature = 1e-45f;
    EXPECT_EQ(2, sample(tiny, {0, 1, 2}));
    auto wide = neutral();
    wide.top_k = 4000000000u;
    wide.penalty_window = 1u << 31;
    wide.presence_penalty = 1;
    sample(wide, {0, 1, 2}, 0, {1});
}

} // namespace
