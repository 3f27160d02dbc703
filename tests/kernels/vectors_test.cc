/* SPDX-License-Identifier: MIT
 * Activation functions, norm and attention of every kernel set that this machine can run, against direct computation
 * in double: accuracy, tails, special values, and sums that must not depend on what is computed together.
 */
#include "kernel_sets.h"
#include "kv_pages.h"

#include <algorithm>
#include <complex>
#include <functional>

namespace
{

/* Exponential etc. are reached through the kernels that use them. */

TEST_P(Kernels, SiluIsAccurate)
{
    std::vector<float> gate, up;
    for (float g = -87.0f; g < 100.0f; g += 0.00137f)
        gate.push_back(g);
    for (float g : {0.0f, -0.0f, 1e-30f, -1e-38f, 1e-45f, 3e38f, -80.0f, 86.9f})
        gate.push_back(g);
    up.assign(gate.size(), 1.0f);
    std::vector<float> out(gate.size());
    kernels_->silu_mul(gate.data(), up.data(), gate.size(), out.data());
    double worst = 0;
    for (size_t i = 0; i < gate.size(); i++) {
        double g = gate[i], expected = g / (1 + std::exp(-g));
        if (std::fabs(expected) < 1.2e-38)
            EXPECT_NEAR(out[i], expected, 1e-44) << g;
        else
            worst = std::max(worst, std::fabs(static_cast<double>(out[i]) - expected) / std::fabs(expected));
    }
    EXPECT_LE(worst, 3e-7);
    RecordProperty("worst_relative_error", std::to_string(worst));
}

TEST_P(Kernels, GeluIsAccurate)
{
    std::vector<float> gate, up;
    for (float g = -12.0f; g < 12.0f; g += 0.00037f)
        gate.push_back(g);
    for (float g : {0.0f, 1e-30f, -1e-30f, 1e20f, -1e20f, 3e38f})
        gate.push_back(g);
    up.assign(gate.size(), 1.0f);
    std::vector<float> out(gate.size());
    kernels_->gelu_tanh_mul(gate.data(), up.data(), gate.size(), out.data());
    for (size_t i = 0; i < gate.size(); i++) {
        double g = gate[i], u = std::sqrt(2 / M_PI) * (g + 0.044715 * g * g * g);
        double expected = u < -300 ? 0 : g / (1 + std::exp(-2 * u));
        /* e^-2u takes over the relative error of u times 2u. */
        ASSERT_NEAR(out[i], expected, std::fabs(expected) * (4e-7 + 4e-7 * std::fabs(std::min(u, 0.0))) + 1e-35) << g;
        if (std::fabs(g) < 12) {
            double direct = 0.5 * g * (1 + std::tanh(u));
            ASSERT_NEAR(out[i], direct, 1e-6 * std::fabs(g)) << g;
        }
    }
}

TEST_P(Kernels, GeluErfIsAccurate)
{
    std::vector<float> gate;
    for (float g = -14.0f; g < 14.0f; g += 0.00037f)
        gate.push_back(g);
    for (float g : {0.0f, 1e-30f, -1e-30f, 1e15f, -1e15f})
        gate.push_back(g);
    std::vector<float> out(gate.size());
    kernels_->gelu_erf_mul(gate.data(), nullptr, gate.size(), out.data());
    for (size_t i = 0; i < gate.size(); i++) {
        double g = gate[i], expected = 0.5 * g * std::erfc(-g * std::sqrt(0.5));
        ASSERT_NEAR(out[i], expected, 4e-7 * std::fabs(g) + 1e-35) << g;
    }
}

TEST_P(Kernels, ReluCutsOff)
{
    std::vector<float> gate = {-2.0f, -0.0f, 0.0f, 3.0f, -kInfinity, kInfinity}, out(6);
    kernels_->relu_mul(gate.data(), nullptr, 6, out.data());
    EXPECT_EQ(out, (std::vector<float>{0, 0, 0, 3, 0, kInfinity}));
    kernels_->relu_squared_mul(gate.data(), nullptr, 6, out.data());
    EXPECT_EQ(out, (std::vector<float>{0, 0, 0, 9, 0, kInfinity}));
}

/* Without a second factor it is as if it were 1. */
TEST_P(Kernels, ActivationsStandAlone)
{
    using Activation = void (*)(const float *, const float *, size_t, float *);
    for (Activation f : {kernels_->silu_mul, kernels_->gelu_tanh_mul, kernels_->gelu_erf_mul, kernels_->relu_mul,
                         kernels_->relu_squared_mul}) {
        std::vector<float> gate = RandomFloats(77, 3.0f), one(77, 1.0f), out(77), in_place = gate, expected(77);
        f(gate.data(), one.data(), 77, expected.data());
        f(gate.data(), nullptr, 77, out.data());
        f(in_place.data(), nullptr, 77, in_place.data());
        EXPECT_EQ(out, expected);
        EXPECT_EQ(in_place, expected);
    }
}

TEST_P(Kernels, LayerNormMatchesDoubleArithmetic)
{
    for (size_t n : {1, 7, 64, 576, 2048, 5376}) {
        std::vector<float> x = RandomFloats(n, 5.0f), weight = RandomFloats(n), bias = RandomFloats(n), out(n);
        for (float &v : x)
            v += 40.0f; /* a mean that is large beside the deviation */
        double mean = 0, squares = 0;
        for (float v : x)
            mean += static_cast<double>(v) / static_cast<double>(n);
        for (float v : x)
            squares += (static_cast<double>(v) - mean) * (static_cast<double>(v) - mean);
        double factor = 1 / std::sqrt(squares / static_cast<double>(n) + 1e-6);
        std::vector<float> plain(n), in_place = x;
        kernels_->layer_norm(x.data(), weight.data(), bias.data(), n, 1e-6f, out.data());
        kernels_->layer_norm(x.data(), nullptr, nullptr, n, 1e-6f, plain.data());
        kernels_->layer_norm(in_place.data(), weight.data(), bias.data(), n, 1e-6f, in_place.data());
        EXPECT_EQ(in_place, out);
        for (size_t i = 0; i < n; i++) {
            double normed = (static_cast<double>(x[i]) - mean) * factor;
            ASSERT_NEAR(plain[i], normed, 2e-5 * (n == 1 ? 100 : 1)) << n;
            ASSERT_NEAR(out[i], normed * static_cast<double>(weight[i]) + static_cast<double>(bias[i]),
                        2e-5 * (n == 1 ? 100 : 1))
                << n;
        }
    }
}

TEST_P(Kernels, SoftcapIsAccurate)
{
    for (float cap : {1.0f, 30.0f, 50.0f}) {
        std::vector<float> x;
        for (float v = -12.0f; v < 12.0f; v += 0.00071f)
            x.push_back(v * cap);
        for (float v : {0.0f, 1e-30f, -1e-20f, 0.62499f, 0.625f, 0.62501f, 1e30f, -1e30f, 1e-4f})
            x.push_back(v * cap);
        std::vector<float> out = x;
        kernels_->softcap(out.data(), out.size(), cap);
        double worst = 0;
        for (size_t i = 0; i < x.size(); i++) {
            double quotient = x[i] / cap; /* in float, as the kernel has it */
            double expected = static_cast<double>(cap) * std::tanh(quotient);
            if (expected != 0)
                worst = std::max(worst, std::fabs(static_cast<double>(out[i]) - expected) / std::fabs(expected));
            else
                EXPECT_EQ(out[i], 0.0f);
        }
        EXPECT_LE(worst, 3e-7);
    }
    float signed_zero = -0.0f, large[2] = {kInfinity, -kInfinity};
    kernels_->softcap(&signed_zero, 1, 5.0f);
    EXPECT_TRUE(std::signbit(signed_zero));
    kernels_->softcap(large, 2, 5.0f);
    EXPECT_EQ(large[0], 5.0f);
    EXPECT_EQ(large[1], -5.0f);
}

/* Of states whose number leaves tails, with a decay for each and with one for all; out lies where the inputs are. */
TEST_P(Kernels, ScanMatchesDoubleArithmetic)
{
    std::uniform_real_distribution<float> uniform(-1, 1);
    auto random = [&](size_t n) {
        std::vector<float> values(n);
        for (float &value : values)
            value = uniform(Random());
        return values;
    };
    for (size_t n_states : {1u, 3u, 8u, 12u, 16u, 37u, 128u})
        for (bool each : {true, false}) {
            const size_t n = 5, guard = 16;
            std::vector<float> state = random(n * n_states + guard), a = random(n * n_states), delta = random(n),
                               input = random(n + guard), b = random(n_states), c = random(n_states);
            for (float &value : a)
                value = -8 * std::fabs(value);
            for (float &value : delta)
                value = std::fabs(value);
            const std::vector<float> before = state, inputs = input;
            const float decay = 0.75f;
            ll_scan_job job = {};
            job.state = state.data();
            job.n = n;
            job.n_states = n_states;
            job.a = each ? a.data() : nullptr;
            job.delta = each ? delta.data() : nullptr;
            job.decay = decay;
            job.input = input.data();
            job.b = b.data();
            job.c = c.data();
            job.out = input.data();
            kernels_->scan(&job);
            for (size_t j = 0; j < n; j++) {
                double sum = 0, size = 0;
                for (size_t i = 0; i < n_states; i++) {
                    const size_t at = j * n_states + i;
                    const double factor = each ? std::exp(static_cast<double>(delta[j]) * a[at]) : decay;
                    const double expected = factor * before[at] + static_cast<double>(inputs[j]) * b[i];
                    ASSERT_NEAR(state[at], expected, 4e-6) << n_states;
                    sum += expected * c[i];
                    size += std::fabs(expected * c[i]);
                }
                ASSERT_NEAR(input[j], sum, 4e-6 * (1 + size)) << n_states;
            }
            for (size_t i = 0; i < guard; i++) {
                EXPECT_EQ(state[n * n_states + i], before[n * n_states + i]);
                EXPECT_EQ(input[n + i], inputs[n + i]);
            }
        }
}

TEST_P(Kernels, VectorsHaveTailsAndHandOnNan)
{
    using Function = std::function<void(const float *, const float *, size_t, float *)>;
    auto all = [](const ll_kernels *set) {
        return std::vector<std::pair<const char *, Function>>{
            {"silu_mul", set->silu_mul},
            {"gelu_tanh_mul", set->gelu_tanh_mul},
            {"relu_mul", set->relu_mul},
            {"relu_squared_mul", set->relu_squared_mul},
            {"softcap",
             [set](const float *a, const float *, size_t n, float *out) {
                 std::copy(a, a + n, out);
                 set->softcap(out, n, 7.0f);
             }},
            {"rms_norm",
             [set](const float *a, const float *b, size_t n, float *out) { set->rms_norm(a, b, n, 1e-5f, out); }},
            {"layer_norm", [set](const float *a, const float *b, size_t n,
                                 float *out) { set->layer_norm(a, b, nullptr, n, 0.5f, out); }},
            {"add_scaled",
             [set](const float *a, const float *b, size_t n, float *out) { set->add_scaled(a, b, 0.3f, n, out); }},
            {"rms_norm without weights",
             [set](const float *a, const float *, size_t n, float *out) { set->rms_norm(a, nullptr, n, 1e-5f, out); }},
        };
    };
    auto ours = all(kernels_), plain = all(&ll_kernels_ref);
    for (size_t f = 0; f < ours.size(); f++) {
        for (size_t n = 1; n <= 70; n++) {
            std::vector<float> a = RandomFloats(n, 3.0f), b = RandomFloats(n), out(n + 1, -77.0f), expected(n);
            ours[f].second(a.data(), b.data(), n, out.data());
            plain[f].second(a.data(), b.data(), n, expected.data());
            for (size_t i = 0; i < n; i++)
                ASSERT_NEAR(out[i], expected[i],
                            2e-6 * std::fabs(expected[i]) +
                                (ours[f].first[0] == 'l' || ours[f].first[0] == 'a' ? 1e-6 : 1e-12))
                    << ours[f].first << " " << n;
            ASSERT_EQ(out[n], -77.0f) << ours[f].first << " wrote past the end";
            size_t at = RandomBelow(n);
            a[at] = kNan;
            ours[f].second(a.data(), b.data(), n, out.data());
            ASSERT_TRUE(std::isnan(out[at])) << ours[f].first;
            for (float infinity : {kInfinity, -kInfinity}) {
                a[at] = infinity;
                ours[f].second(a.data(), b.data(), n, out.data());
                if (std::string(ours[f].first) != "softcap" && std::string(ours[f].first).rfind("relu", 0) != 0) {
                    ASSERT_FALSE(std::isfinite(out[at])) << ours[f].first;
                }
            }
        }
    }
}

TEST_P(Kernels, RotationsTurnPairs)
{
    for (size_t n = 1; n <= 70; n++) {
        std::vector<float> x = RandomFloats(2 * n + 1, 3.0f), cosine(n), sine(n), halves = x, pairs = x;
        for (size_t i = 0; i < n; i++) {
            const float angle = static_cast<float>(RandomBelow(1000));
            cosine[i] = std::cos(angle);
            sine[i] = std::sin(angle);
        }
        kernels_->rotate_halves(halves.data(), n, cosine.data(), sine.data());
        kernels_->rotate_pairs(pairs.data(), n, cosine.data(), sine.data());
        for (size_t i = 0; i < n; i++) {
            const std::complex<double> by(cosine[i], sine[i]);
            const std::complex<double> half = std::complex<double>(x[i], x[i + n]) * by;
            const std::complex<double> pair = std::complex<double>(x[2 * i], x[2 * i + 1]) * by;
            ASSERT_NEAR(halves[i], half.real(), 2e-6) << n;
            ASSERT_NEAR(halves[i + n], half.imag(), 2e-6) << n;
            ASSERT_NEAR(pairs[2 * i], pair.real(), 2e-6) << n;
            ASSERT_NEAR(pairs[2 * i + 1], pair.imag(), 2e-6) << n;
        }
        ASSERT_EQ(halves[2 * n], x[2 * n]) << "wrote past the end";
        ASSERT_EQ(pairs[2 * n], x[2 * n]) << "wrote past the end";
    }
}

TEST_P(Kernels, RmsNormMatchesDoubleArithmetic)
{
    for (size_t n : {1, 7, 64, 576, 2048, 5376}) {
        std::vector<float> x = RandomFloats(n, 5.0f), weight = RandomFloats(n), out(n), in_place = x;
        double squares = 0;
        for (float v : x)
            squares += static_cast<double>(v) * static_cast<double>(v);
        double factor = 1 / std::sqrt(squares / static_cast<double>(n) + 1e-6);
        kernels_->rms_norm(x.data(), weight.data(), n, 1e-6f, out.data());
        kernels_->rms_norm(in_place.data(), weight.data(), n, 1e-6f, in_place.data());
        for (size_t i = 0; i < n; i++) {
            double expected = static_cast<double>(x[i]) * factor * static_cast<double>(weight[i]);
            ASSERT_NEAR(out[i], expected, 1e-6 * std::fabs(expected));
            ASSERT_EQ(BitsOf(in_place[i]), BitsOf(out[i]));
        }
    }
    std::vector<float> zero(40, 0.0f), out(40, 1.0f);
    kernels_->rms_norm(zero.data(), nullptr, 40, 1e-6f, out.data());
    EXPECT_EQ(out, zero);
}

TEST_P(Kernels, AttentionScores)
{
    for (ll_kv_format format : kFormats) {
        for (size_t head_dim : Pages::HeadDims(format)) {
            Pages keys(format, head_dim, false);
            auto q = RandomColumns(15, head_dim);
            std::vector<const float *> q_of;
            for (auto &row : q)
                q_of.push_back(row.data());
            std::vector<std::vector<float>> single;
            for (size_t n_q = 1; n_q <= 15; n_q++) {
                std::vector<float> scores(n_q * LL_KV_TILE + 1, -77.0f);
                kernels_->attend_scores[format](q_of.data(), n_q, keys.Data(), head_dim, 0.125f, scores.data());
                ASSERT_EQ(scores.back(), -77.0f);
                for (size_t j = 0; j < n_q; j++) {
                    std::vector<float> alone(LL_KV_TILE);
                    kernels_->attend_scores[format](&q_of[j], 1, keys.Data(), head_dim, 0.125f, alone.data());
                    for (size_t p = 0; p < LL_KV_TILE; p++) {
                        double sum = 0, size = 0;
                        for (size_t d = 0; d < head_dim; d++) {
                            double term =
                                static_cast<double>(q[j][d]) * static_cast<double>(keys.values[d * LL_KV_TILE + p]);
                            sum += term;
                            size += std::fabs(term);
                        }
                        ASSERT_NEAR(scores[j * LL_KV_TILE + p], 0.125 * sum, 2e-6 * size) << head_dim;
                        ASSERT_EQ(BitsOf(scores[j * LL_KV_TILE + p]), BitsOf(alone[p])) << n_q << " rows together";
                    }
                }
            }
        }
    }
}

TEST_P(Kernels, AttentionValues)
{
    for (ll_kv_format format : kFormats) {
        for (size_t head_dim : Pages::HeadDims(format)) {
            Pages values(format, head_dim, true);
            for (size_t n_q = 1; n_q <= 15; n_q++) {
                size_t begin = RandomBelow(LL_KV_TILE + 1), end = begin + RandomBelow(LL_KV_TILE - begin + 1);
                std::vector<float> probs = RandomFloats(n_q * LL_KV_TILE), factors = RandomFloats(n_q);
                std::vector<std::vector<float>> acc, before;
                std::vector<float *> acc_of;
                for (size_t j = 0; j < n_q; j++) {
                    before.push_back(RandomFloats(head_dim + 1));
                    acc.push_back(before.back());
                }
                for (auto &row : acc)
                    acc_of.push_back(row.data());
                kernels_->attend_values[format](probs.data(), factors.data(), n_q, values.Data(), head_dim, begin, end,
                                                acc_of.data());
                for (size_t j = 0; j < n_q; j++) {
                    std::vector<float> alone = before[j];
                    float *alone_of = alone.data();
                    kernels_->attend_values[format](&probs[j * LL_KV_TILE], &factors[j], 1, values.Data(), head_dim,
                                                    begin, end, &alone_of);
                    for (size_t d = 0; d < head_dim; d++) {
                        double sum = static_cast<double>(before[j][d]) * static_cast<double>(factors[j]);
                        double size = std::fabs(sum);
                        for (size_t p = begin; p < end; p++) {
                            double term = static_cast<double>(probs[j * LL_KV_TILE + p]) *
                                          static_cast<double>(values.values[p * head_dim + d]);
                            sum += term;
                            size += std::fabs(term);
                        }
                        ASSERT_NEAR(acc[j][d], sum, 2e-6 * size + 1e-7) << head_dim;
                        ASSERT_EQ(BitsOf(acc[j][d]), BitsOf(alone[d])) << n_q << " rows together";
                    }
                    ASSERT_EQ(BitsOf(acc[j][head_dim]), BitsOf(before[j][head_dim])) << "wrote past the end";
                }
            }
        }
    }
}

TEST_P(Kernels, FloatsRoundToHalvesAsTheirDefinitionSays)
{
    std::vector<float> x = {0.0f,     -0.0f,    1.0f,     65504.0f,   65519.0f, 65520.0f,   1e30f,      -kInfinity,
                            0x1p-14f, 0x1p-24f, 0x1p-25f, 0x1.8p-25f, 0x1p-26f, 0x1.002p0f, 0x1.006p0f, -0x1.0021p0f};
    for (float deviation : {1.0f, 1000.0f, 1e-5f, 1e-7f}) {
        auto more = RandomFloats(100, deviation);
        x.insert(x.end(), more.begin(), more.end());
    }
    for (size_t n = 0; n <= 40; n++) {
        std::vector<uint16_t> out(n + 1, 0x7777);
        kernels_->to_f16(&x[x.size() - n], n, out.data());
        EXPECT_EQ(out[n], 0x7777);
        for (size_t i = 0; i < n; i++)
            EXPECT_EQ(out[i], ll_f32_to_f16(x[x.size() - n + i]));
    }
    std::vector<uint16_t> out(x.size());
    kernels_->to_f16(x.data(), x.size(), out.data());
    for (size_t i = 0; i < x.size(); i++)
        EXPECT_EQ(out[i], ll_f32_to_f16(x[i])) << x[i];
}

TEST_P(Kernels, NibblesOfRunsComeOutInOrder)
{
    for (size_t run : {16u, 32u, 48u, 64u, 128u, 288u}) {
        const size_t n_runs = 5;
        std::vector<uint8_t> packed(n_runs * run);
        std::vector<int8_t> out(2 * packed.size() + 1, 77);
        for (auto &byte : packed)
            byte = static_cast<uint8_t>(RandomBelow(256));
        kernels_->unpack_q4_0(packed.data(), n_runs, run, out.data());
        for (size_t i = 0; i < n_runs; i++) {
            for (size_t j = 0; j < run; j++) {
                ASSERT_EQ(packed[i * run + j] % 16 - 8, out[2 * i * run + j]) << run;
                ASSERT_EQ(packed[i * run + j] / 16 - 8, out[2 * i * run + run + j]) << run;
            }
        }
        ASSERT_EQ(77, out.back()) << "wrote past the end";
    }
}

TEST_P(Kernels, SoftmaxMatchesDoubleArithmetic)
{
    for (int round = 0; round < 300; round++) {
        float max = -kInfinity, sum = 0;
        double expected_max = -INFINITY, expected_sum = 0;
        for (int step = 0; step < 3; step++) {
            std::vector<float> scores = RandomFloats(LL_KV_TILE, 10.0f), before = scores;
            size_t begin = RandomBelow(LL_KV_TILE + 1), end = begin + RandomBelow(LL_KV_TILE - begin + 1);
            for (size_t p = 0; p < LL_KV_TILE; p++) {
                if (p < begin || p >= end)
                    scores[p] = p % 2 ? kNan : kInfinity; /* never looked at */
            }
            float factor = kernels_->softmax_step(scores.data(), begin, end, &max, &sum);
            double old_max = expected_max;
            for (size_t p = begin; p < end; p++)
                expected_max = std::max(expected_max, static_cast<double>(before[p]));
            /* The difference of two floats is rounded before it becomes an exponent. */
            auto tolerance = [](double expected) {
                return expected > 0 ? expected * (3e-7 + 6e-8 * std::fabs(std::log(expected))) + 2e-38 : 2e-38;
            };
            double expected_factor = begin == end || old_max == expected_max ? 1 : std::exp(old_max - expected_max);
            expected_sum *= expected_factor;
            ASSERT_NEAR(factor, expected_factor, tolerance(expected_factor));
            for (size_t p = 0; p < LL_KV_TILE; p++) {
                double expected = 0;
                if (p >= begin && p < end)
                    expected = std::exp(static_cast<double>(before[p]) - expected_max);
                expected_sum += expected;
                ASSERT_NEAR(scores[p], expected, tolerance(expected));
            }
            if (expected_sum > 0) {
                ASSERT_EQ(max, static_cast<float>(expected_max));
                ASSERT_NEAR(sum, expected_sum, 1e-5 * expected_sum);
            }
        }
    }
}

TEST_P(Kernels, SoftmaxExponentialIsAccurate)
{
    double worst = 0;
    for (float x = -86.5f; x <= 0; x += 0.0113f) {
        std::vector<float> scores(LL_KV_TILE, 0.0f);
        scores[7] = x;
        float max = 0, sum = 0;
        kernels_->softmax_step(scores.data(), 0, LL_KV_TILE, &max, &sum);
        double expected = std::exp(static_cast<double>(x));
        worst = std::max(worst, std::fabs(static_cast<double>(scores[7]) - expected) / expected);
    }
    EXPECT_LE(worst, 3e-7);
}

TEST_P(Kernels, SoftmaxOfSpecialValues)
{
    std::vector<float> scores(LL_KV_TILE, -kInfinity);
    float max = -kInfinity, sum = 0;
    EXPECT_EQ(kernels_->softmax_step(scores.data(), 0, LL_KV_TILE, &max, &sum), 1.0f);
    EXPECT_EQ(scores, std::vector<float>(LL_KV_TILE, 0.0f));
    EXPECT_EQ(max, -kInfinity);
    EXPECT_EQ(sum, 0.0f);

    scores.assign(LL_KV_TILE, -kInfinity);
    scores[5] = 3.0f;
    scores[6] = -1000.0f;
    EXPECT_EQ(kernels_->softmax_step(scores.data(), 0, LL_KV_TILE, &max, &sum), 0.0f);
    EXPECT_EQ(scores[5], 1.0f);
    EXPECT_EQ(scores[6], 0.0f);
    EXPECT_EQ(scores[63], 0.0f);
    EXPECT_EQ(sum, 1.0f);
    EXPECT_EQ(max, 3.0f);

    scores.assign(LL_KV_TILE, 9.0f);
    EXPECT_EQ(kernels_->softmax_step(scores.data(), 20, 20, &max, &sum), 1.0f);
    EXPECT_EQ(scores, std::vector<float>(LL_KV_TILE, 0.0f));
    EXPECT_EQ(sum, 1.0f);
    EXPECT_EQ(max, 3.0f);

    for (float bad : {kNan, kInfinity}) {
        scores.assign(LL_KV_TILE, 1.0f);
        scores[40] = bad;
        max = -kInfinity;
        sum = 0;
        kernels_->softmax_step(scores.data(), 0, LL_KV_TILE, &max, &sum);
        EXPECT_TRUE(std::isnan(sum)) << bad;
        EXPECT_TRUE(std::isnan(scores[40])) << bad;
    }
}

} // namespace
