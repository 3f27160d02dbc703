/* SPDX-License-Identifier: MIT
 * Rounding of activations, rows, panels and products of every kernel set that this machine can run, against direct
 * computation in double and against the plain C set: random shapes, tails, special values, and sums that must not
 * depend on what is computed together.
 */
#include "kernel_sets.h"

#ifdef LL_HAVE_AMX
extern "C" {
#include "backend/cpu/x86/x86.h"
}
#endif

#include <algorithm>
#include <cstdlib>
#include <numeric>

INSTANTIATE_TEST_SUITE_P(All, Kernels, testing::ValuesIn(Available()), NameOf);
INSTANTIATE_TEST_SUITE_P(All, Panels, testing::ValuesIn(AvailablePanels()), NameOf);

namespace
{

TEST(Machine, RunsEveryKernelSet)
{
    std::string missing;
    for (const char *name : kSetNames) {
        uint32_t features = ll_cpu_permitted(ll_cpu_detect());
        ll_cpu_mask(name, &features);
        if (std::string(ll_kernels_choose(features).name) != name)
            missing += std::string(missing.empty() ? "" : ", ") + name;
    }
    if (!missing.empty())
        GTEST_SKIP() << "this processor or build has no " << missing;
}

TEST(Machine, ChoosesTheKernelSetItIsRunFor)
{
    const char *name = std::getenv("LIBLLM_TEST_KERNEL_SET");
    if (name) {
        EXPECT_STREQ(ll_kernels_choose(ll_cpu_detect()).name, name);
    }
}

TEST(Dispatch, NeverChoosesMoreThanTheFeaturesAllow)
{
    const uint32_t avx512_vnni = LL_CPU_AVX2 | LL_CPU_AVX512 | LL_CPU_AVX512_VNNI;
    EXPECT_STREQ(ll_kernels_choose(0).name, "ref");
    EXPECT_STRNE(ll_kernels_choose(LL_CPU_AVX2).name, "avx512");
    EXPECT_STRNE(ll_kernels_choose(LL_CPU_AVX2 | LL_CPU_AVX512).name, "avx512_vnni");
    EXPECT_STRNE(ll_kernels_choose(avx512_vnni).name, "avx512_bf16");
    EXPECT_STRNE(ll_kernels_choose(avx512_vnni | LL_CPU_AVX512_BF16).name, "amx");
    EXPECT_STRNE(ll_kernels_choose(LL_CPU_NEON).name, "dotprod");
    EXPECT_STRNE(ll_kernels_choose(LL_CPU_NEON | LL_CPU_DOTPROD).name, "i8mm");
    EXPECT_STREQ(ll_kernels_choose(LL_CPU_AVX512_VNNI | LL_CPU_AMX).name, "ref");
}

TEST(Dispatch, TakesBf16WhereItSaysSo)
{
    uint32_t all = UINT32_MAX;
    const ll_kernels most = ll_kernels_choose(all);
    for (uint32_t type = 0; type < 64; type++) {
        const ll_panel_kernel *kernel = most.panel_kernel(type);
        if (!kernel || std::string(most.name) != "amx")
            continue;
        const bool halves = type == LL_TYPE_F16 || type == LL_TYPE_BF16 || ll_type_find(type)->block.elements > 1;
        EXPECT_EQ(kernel->takes, halves ? LL_TAKES_BF16 : LL_TAKES_FLOATS) << type;
    }
    const ll_kernels vectors = ll_kernels_choose(all & ~static_cast<uint32_t>(LL_CPU_AMX));
    if (std::string(vectors.name) != "avx512_bf16")
        return;
    EXPECT_EQ(vectors.panel_kernel(LL_TYPE_BF16)->takes, LL_TAKES_BF16);
    EXPECT_EQ(vectors.panel_kernel(LL_TYPE_F16)->takes, LL_TAKES_FLOATS);
    EXPECT_EQ(vectors.panel_kernel(LL_TYPE_Q4_K)->takes, LL_TAKES_INTS);
}

#ifdef LL_HAVE_AMX
/* GCC 12 drops what it believes that ldtilecfg does not read. */
TEST(Tiles, AreConfiguredAsAWhole)
{
    uint8_t bytes[64], expected[64] = {1};
    for (int i = 0; i < 8; i++) {
        expected[16 + 2 * i] = 64;
        expected[48 + i] = 16;
    }
    std::memcpy(bytes, &ll_amx_tile_config, sizeof bytes);
    for (int i = 0; i < 64; i++)
        EXPECT_EQ(bytes[i], expected[i]) << i;
}
#endif

TEST_P(Kernels, TableIsComplete)
{
    for (uint32_t type = 0; type < 64; type++) {
        const ll_type_traits *traits = ll_type_find(type);
        const ll_row_kernel *kernel = kernels_->row_kernel(type);
        ASSERT_EQ(kernel != nullptr, traits && traits->decode) << type;
        const ll_panel_kernel *panel = kernels_->panel_kernel(type);
        ASSERT_EQ(panel != nullptr, kernel != nullptr) << type;
        if (kernel) {
            EXPECT_TRUE(kernel->type == type || kernel->type == LL_TYPE_ANY) << type;
            EXPECT_TRUE(panel->type == type || panel->type == LL_TYPE_ANY) << type;
            EXPECT_GT(panel->rows, 0u);
            EXPECT_LE(panel->rows, 64u);
        }
    }
    EXPECT_EQ(kernels_->row_kernel(0xFFFFFFFFu), nullptr);
    EXPECT_EQ(kernels_->panel_kernel(0xFFFFFFFFu), nullptr);
}

const std::vector<uint32_t> &DecodedTypes()
{
    static const std::vector<uint32_t> types = [] {
        std::vector<uint32_t> found;
        for (uint32_t type = 0; type < 64; type++) {
            const ll_type_traits *traits = ll_type_find(type);
            if (traits && traits->decode)
                found.push_back(type);
        }
        return found;
    }();
    return types;
}

/* Offsets of the F16 scales in a block. */
std::vector<size_t> ScaleOffsets(uint32_t type)
{
    switch (type) {
    case LL_TYPE_Q4_1:
    case LL_TYPE_Q5_1:
    case LL_TYPE_Q4_K:
    case LL_TYPE_Q5_K:
        return {0, 2};
    case LL_TYPE_Q2_K:
        return {80, 82};
    case LL_TYPE_Q3_K:
        return {108};
    case LL_TYPE_Q6_K:
        return {208};
    case LL_TYPE_TQ1_0:
        return {52};
    case LL_TYPE_TQ2_0:
        return {64};
    case LL_TYPE_IQ1_M: /* in the upper bits of four others */
    case LL_TYPE_MXFP4: /* a power of two */
    case LL_TYPE_NVFP4: /* whatever its bytes say, it is finite */
        return {};
    default:
        return ll_type_find(type)->block.elements == 1 ? std::vector<size_t>{} : std::vector<size_t>{0};
    }
}

/* Set each scale of a block to the next value. */
template <typename F> void SetScales(uint32_t type, uint8_t *block, F next)
{
    for (size_t offset : ScaleOffsets(type)) {
        const uint16_t half = ll_f32_to_f16(next());
        std::memcpy(block + offset, &half, 2);
    }
    if (type == LL_TYPE_MXFP4)
        block[0] = static_cast<uint8_t>(128 + std::ilogb(next() + 1e-9f));
    const uint16_t half = type == LL_TYPE_IQ1_M ? ll_f32_to_f16(next()) : 0;
    for (size_t i = 0; type == LL_TYPE_IQ1_M && i < 4; i++) {
        uint8_t *nibble = block + 49 + 2 * i;
        *nibble = static_cast<uint8_t>((*nibble & 15) | (half >> 4 * i & 15) << 4);
    }
}

/* Rows of random weights, with nothing of ours behind the last byte so that a sanitizer sees a read past the end. */
struct Weights {
    const ll_type_traits *traits;
    size_t n_rows, n_k, row_bytes;
    std::vector<uint8_t> bytes;
    std::vector<float> decoded;

    Weights(uint32_t type, size_t rows, size_t k) : traits(ll_type_find(type)), n_rows(rows), n_k(k)
    {
        row_bytes = ll_type_row_bytes(traits, n_k);
        bytes.resize(n_rows * row_bytes);
        uint8_t *data = bytes.data();
        std::uniform_int_distribution<int> byte(0, 255);
        for (uint8_t &value : bytes)
            value = static_cast<uint8_t>(byte(Random()));
        std::normal_distribution<float> normal(0, 0.05f);
        for (size_t at = 0; at < n_rows * row_bytes; at += traits->block.bytes) {
            SetScales(type, data + at, [&] { return normal(Random()); });
            float value = normal(Random());
            double wide = static_cast<double>(value);
            uint16_t half = type == LL_TYPE_F16 ? ll_f32_to_f16(value) : ll_f32_to_bf16(value);
            if (type == LL_TYPE_F32)
                std::memcpy(data + at, &value, 4);
            else if (type == LL_TYPE_F64)
                std::memcpy(data + at, &wide, 8);
            else if (type == LL_TYPE_F16 || type == LL_TYPE_BF16)
                std::memcpy(data + at, &half, 2);
        }
        Decode();
    }

    void Decode()
    {
        decoded.resize(n_rows * n_k);
        for (size_t r = 0; r < n_rows; r++)
            traits->decode(Data() + r * row_bytes, &decoded[r * n_k], n_k);
    }

    uint8_t *Data() { return bytes.data(); }
    const float *Row(size_t r) const { return &decoded[r * n_k]; }
};

float ToBf16(float f) { return ll_bf16_to_f32(ll_f32_to_bf16(f)); }

/* The place of each of n activations among those of 16 bits, from integers that say which they are. */
std::vector<size_t> PlacesOf(const ll_kernels *kernels, size_t n)
{
    const size_t n_bytes = (n + LL_ACT_GROUP - 1) / LL_ACT_GROUP * LL_ACT_GROUP, most = 127 * 256;
    std::vector<int8_t> high(n_bytes), low(n_bytes);
    std::vector<float> x(n), scales(n / 32), sums(n / 16), block_sums(n / 32);
    ll_act act = {high.data(), low.data(), scales.data(), sums.data(), block_sums.data()};
    auto integers = [&](size_t at_most, auto of) { /* each block of 32 has its largest in one place */
                                                   for (size_t i = 0; i < n; i++)
                                                       x[i] = static_cast<float>(i % 32 == at_most ? most : of(i));
                                                   kernels->quantize(x.data(), n, &act);
                                                   std::vector<size_t> found(n_bytes);
                                                   for (size_t j = 0; j < n_bytes; j++)
                                                       found[j] = static_cast<size_t>(256 * high[j] + low[j]);
                                                   return found;
    };
    const auto within = integers(31, [](size_t i) { return i % 32 + 1; });
    const auto block = integers(31, [](size_t i) { return i / 32 + 1; });
    const auto block_of_last = integers(0, [](size_t i) { return i / 32 + 1; });
    std::vector<size_t> places(n, n_bytes);
    for (size_t j = 0; j < n_bytes; j++) {
        const bool last = within[j] == most;
        if (within[j] > 0)
            places[32 * ((last ? block_of_last[j] : block[j]) - 1) + (last ? 31 : within[j] - 1)] = j;
    }
    EXPECT_EQ(std::count(places.begin(), places.end(), n_bytes), 0);
    return places;
}

/* Columns of activations: as floats, and as integers of 16 or 8 bits where the shape allows. */
struct Columns {
    size_t n, n_k;
    std::vector<std::vector<float>> x;
    std::vector<std::vector<int8_t>> high, low;
    std::vector<std::vector<float>> scales, sums, block_sums;
    std::vector<ll_act> act;
    std::vector<const float *> x_of;
    std::vector<size_t> places;

    Columns(const ll_kernels *kernels, std::vector<std::vector<float>> columns, int bits = 16)
        : n(columns.size()), n_k(columns[0].size()), x(std::move(columns)), high(n), low(n), scales(n), sums(n),
          block_sums(n), act(n), x_of(n), places(n_k)
    {
        const size_t n_bytes = bits == 16 ? (n_k + LL_ACT_GROUP - 1) / LL_ACT_GROUP * LL_ACT_GROUP : n_k;
        std::iota(places.begin(), places.end(), size_t{0});
        if (bits == 16 && n_k % 32 == 0)
            places = PlacesOf(kernels, n_k);
        for (size_t c = 0; c < n; c++) {
            x_of[c] = x[c].data();
            high[c].resize(n_bytes, 77);
            low[c].resize(bits == 16 ? n_bytes : 0, 77);
            scales[c].resize(n_k / 32);
            sums[c].resize(n_k / 16);
            block_sums[c].resize(n_k / 32);
            act[c] = {high[c].data(), bits == 16 ? low[c].data() : nullptr, scales[c].data(), sums[c].data(),
                      block_sums[c].data()};
            if (n_k % 32 == 0)
                kernels->quantize(x_of[c], n_k, &act[c]);
        }
    }

    int Integer(size_t c, size_t k) const
    {
        return low[c].empty() ? high[c][k] : 256 * high[c][places[k]] + low[c][places[k]];
    }

    /* What a kernel reads in place k of column c. */
    double Value(size_t c, size_t k, ll_takes takes) const
    {
        return takes == LL_TAKES_INTS   ? static_cast<double>(scales[c][k / 32]) * Integer(c, k)
               : takes == LL_TAKES_BF16 ? static_cast<double>(ToBf16(x[c][k]))
                                        : static_cast<double>(x[c][k]);
    }
};

/* out[c][r] of rows [first, first + n_rows) and columns [first_column, first_column + n_columns). */
std::vector<std::vector<float>> RunRows(const ll_kernels *kernels, Weights &weights, Columns &columns, size_t first,
                                        size_t n_rows, size_t first_column, size_t n_columns)
{
    const ll_row_kernel *kernel = kernels->row_kernel(weights.traits->type);
    std::vector<std::vector<float>> out(n_columns, std::vector<float>(n_rows + 1, -77.0f));
    std::vector<float *> out_of;
    for (auto &column : out)
        out_of.push_back(column.data());
    ll_rows_job job = {};
    job.traits = weights.traits;
    job.weights = weights.Data() + first * weights.row_bytes;
    job.row_bytes = weights.row_bytes;
    job.n_rows = n_rows;
    job.n_k = weights.n_k;
    job.n_columns = n_columns;
    job.act = kernel->takes == LL_TAKES_INTS ? &columns.act[first_column] : nullptr;
    job.x = kernel->takes == LL_TAKES_INTS ? nullptr : &columns.x_of[first_column];
    job.out = out_of.data();
    kernel->rows(&job);
    for (auto &column : out) {
        EXPECT_EQ(column.back(), -77.0f) << weights.traits->name << " wrote past the end";
        column.pop_back();
    }
    return out;
}

TEST_P(Kernels, QuantizeEqualsPlainBitForBit)
{
    for (int bits : {8, 16}) {
        const int most = bits == 16 ? 127 * 256 : 127;
        std::vector<float> x = RandomFloats(32 * 40, 3.0f);
        std::fill(x.begin(), x.begin() + 32, 0.0f);
        std::fill(x.begin() + 32, x.begin() + 64, -0.0f);
        x[64] = kNan;
        x[97] = kInfinity;
        x[130] = -kInfinity;
        for (size_t i = 160; i < 192; i++)
            x[i] = 1e-40f; /* denormal */
        for (size_t i = 192; i < 224; i++)
            x[i] *= 1e-33f; /* around LL_ACT_MIN */
        for (size_t i = 224; i < 256; i++)
            x[i] = std::numeric_limits<float>::max() * (i % 2 ? 1.0f : -1.0f);
        for (size_t i = 256; i < 288; i++)
            x[i] = static_cast<float>(i - 256) + 0.5f; /* ties when the peak is the largest integer */
        x[256] = static_cast<float>(most);
        Columns got(kernels_, {x}, bits), plain(&ll_kernels_ref, {x}, bits);
        for (size_t b = 0; b < x.size() / 32; b++) {
            float scale = got.scales[0][b], peak = 0;
            bool finite = true;
            for (size_t i = 32 * b; i < 32 * b + 32; i++) {
                ASSERT_EQ(got.Integer(0, i), plain.Integer(0, i)) << i;
                finite = finite && std::isfinite(x[i]);
                peak = std::max(peak, std::fabs(x[i]));
            }
            ASSERT_TRUE(SameBits(scale, plain.scales[0][b])) << b;
            ASSERT_TRUE(SameBits(got.sums[0][2 * b], plain.sums[0][2 * b])) << b;
            ASSERT_TRUE(SameBits(got.sums[0][2 * b + 1], plain.sums[0][2 * b + 1])) << b;
            ASSERT_TRUE(SameBits(got.block_sums[0][b], plain.block_sums[0][b])) << b;
            if (!finite) {
                EXPECT_TRUE(std::isnan(scale) && std::isnan(got.sums[0][2 * b]) && std::isnan(got.block_sums[0][b]));
                continue;
            }
            if (peak < LL_ACT_MIN) {
                EXPECT_EQ(scale, 0.0f);
                continue;
            }
            double sums[2] = {0, 0};
            for (size_t i = 0; i < 32; i++) {
                double rounded = static_cast<double>(scale) * got.Integer(0, 32 * b + i);
                ASSERT_LE(std::abs(got.Integer(0, 32 * b + i)), most);
                ASSERT_LE(std::fabs(rounded - static_cast<double>(x[32 * b + i])), 0.51 * static_cast<double>(scale));
                sums[i / 16] += rounded;
            }
            for (size_t half = 0; half < 2; half++)
                ASSERT_NEAR(got.sums[0][2 * b + half] / peak, sums[half] / static_cast<double>(peak), 1e-5);
            ASSERT_NEAR(got.block_sums[0][b] / peak, (sums[0] + sums[1]) / static_cast<double>(peak), 1e-5);
        }
        EXPECT_EQ(got.Integer(0, 257), 2) << "1.5 rounds to even";
        EXPECT_EQ(got.Integer(0, 258), 2) << "2.5 rounds to even";
    }
}

TEST_P(Kernels, RowsMatchDoubleArithmetic)
{
    for (uint32_t type : DecodedTypes()) {
        const ll_type_traits *traits = ll_type_find(type);
        const ll_takes takes = kernels_->row_kernel(type)->takes;
        size_t block = traits->block.elements;
        for (size_t n_k : std::vector<size_t>{block, 2 * block, 7 * block, 9 * block, 18 * block, 33 * block}) {
            Weights weights(type, 1 + RandomBelow(35), n_k);
            Columns columns(kernels_, RandomColumns(LL_COLUMNS_MAX, n_k));
            std::vector<std::vector<double>> sums(LL_COLUMNS_MAX), tolerances(LL_COLUMNS_MAX);
            for (size_t c = 0; c < LL_COLUMNS_MAX; c++) {
                for (size_t r = 0; r < weights.n_rows; r++) {
                    double sum = 0, size = 0;
                    for (size_t k = 0; k < n_k; k++) {
                        double term = weights.Row(r)[k] * columns.Value(c, k, takes);
                        sum += term;
                        size += std::fabs(term);
                    }
                    /* Offsets of blocks are added apart from the rest, so that their size counts too. */
                    sums[c].push_back(sum);
                    tolerances[c].push_back(3e-6 * size + 1e-6);
                }
            }
            for (size_t n = 1; n <= LL_COLUMNS_MAX; n++) {
                size_t first = RandomBelow(LL_COLUMNS_MAX - n + 1);
                auto out = RunRows(kernels_, weights, columns, 0, weights.n_rows, first, n);
                for (size_t i = 0; i < n; i++) {
                    for (size_t r = 0, c = first + i; r < weights.n_rows; r++) {
                        ASSERT_NEAR(out[i][r], sums[c][r], tolerances[c][r])
                            << traits->name << " k " << n_k << " columns " << n << " row " << r << " column " << c;
                    }
                }
            }
        }
    }
}

TEST_P(Kernels, RowsMatchPlain)
{
    for (uint32_t type : DecodedTypes()) {
        Weights weights(type, 13, 512);
        Columns columns(kernels_, RandomColumns(3, 512)), plain_columns(&ll_kernels_ref, columns.x);
        auto out = RunRows(kernels_, weights, columns, 0, 13, 0, 3);
        auto plain = RunRows(&ll_kernels_ref, weights, plain_columns, 0, 13, 0, 3);
        for (size_t c = 0; c < 3; c++) {
            for (size_t r = 0; r < 13; r++) {
                double size = 0;
                for (size_t k = 0; k < 512; k++)
                    size += std::fabs(static_cast<double>(weights.Row(r)[k]) * static_cast<double>(columns.x[c][k]));
                ASSERT_NEAR(out[c][r], plain[c][r], 3e-5 * size) << weights.traits->name;
            }
        }
    }
}

TEST_P(Kernels, RowsDoNotDependOnTheirNeighbours)
{
    for (uint32_t type : DecodedTypes()) {
        const ll_type_traits *traits = ll_type_find(type);
        const size_t block = traits->block.elements; /* of blocks of 32, two stretches of 256 and an odd number */
        const size_t n_k = block >= 128 ? 768 : block > 32 ? 704 : 672;
        Weights weights(type, 11, n_k);
        Columns columns(kernels_, RandomColumns(LL_COLUMNS_MAX, n_k));
        std::vector<std::vector<float>> single(LL_COLUMNS_MAX, std::vector<float>(11));
        for (size_t c = 0; c < LL_COLUMNS_MAX; c++) {
            for (size_t r = 0; r < 11; r++)
                single[c][r] = RunRows(kernels_, weights, columns, r, 1, c, 1)[0][0];
        }
        for (size_t n = 1; n <= LL_COLUMNS_MAX; n++) {
            for (size_t n_rows : {1, 2, 3, 4, 5, 8, 11}) {
                size_t first = RandomBelow(11 - n_rows + 1), first_column = RandomBelow(LL_COLUMNS_MAX - n + 1);
                auto out = RunRows(kernels_, weights, columns, first, n_rows, first_column, n);
                for (size_t c = 0; c < n; c++) {
                    for (size_t r = 0; r < n_rows; r++)
                        ASSERT_EQ(BitsOf(out[c][r]), BitsOf(single[first_column + c][first + r]))
                            << traits->name << " " << n_rows << " rows " << n << " columns";
                }
            }
        }
    }
}

TEST_P(Kernels, RowsAtTheBoundsOfTheirIntegers)
{
    for (uint32_t type : DecodedTypes()) {
        const ll_type_traits *traits = ll_type_find(type);
        Weights weights(type, 2, 512);
        if (traits->block.elements == 1)
            continue;
        for (uint8_t byte : {0x00, 0x7F, 0x80, 0xFF}) {
            std::memset(weights.Data(), byte, weights.n_rows * weights.row_bytes);
            for (size_t at = 0; at < weights.n_rows * weights.row_bytes; at += traits->block.bytes)
                SetScales(type, weights.Data() + at, [] { return 1.0f; });
            weights.Decode();
            std::vector<float> same(512, 1.0f), alternating(512);
            for (size_t k = 0; k < 512; k++)
                alternating[k] = k % 2 ? -1.0f : 1.0f;
            Columns columns(kernels_, {same, alternating});
            auto out = RunRows(kernels_, weights, columns, 0, 2, 0, 2);
            for (size_t c = 0; c < 2; c++) {
                double sum = 0, size = 0;
                for (size_t k = 0; k < 512; k++) {
                    sum += static_cast<double>(weights.Row(0)[k]) * static_cast<double>(columns.x[c][k]);
                    size += std::fabs(static_cast<double>(weights.Row(0)[k]));
                }
                ASSERT_NEAR(out[c][0], sum, 2e-5 * size + 1e-3) << traits->name << " bytes " << int(byte);
            }
        }
    }
}

TEST_P(Kernels, RowsHandOnWhatIsNotFinite)
{
    for (uint32_t type : DecodedTypes()) {
        for (float bad : {kNan, kInfinity, -kInfinity}) {
            Weights weights(type, 5, 512);
            Columns columns(kernels_, RandomColumns(2, 512));
            columns.x[1][300] = bad;
            Columns again(kernels_, columns.x);
            auto out = RunRows(kernels_, weights, again, 0, 5, 0, 2);
            for (size_t r = 0; r < 5; r++) {
                EXPECT_TRUE(std::isfinite(out[0][r])) << weights.traits->name;
                EXPECT_FALSE(std::isfinite(out[1][r])) << weights.traits->name;
            }
        }
    }
}

/* out[c][r] of the first n_rows rows and columns [first, first + n), for inputs [k_begin, k_begin + n_k). */
std::vector<std::vector<float>> RunPanel(const ll_kernels *kernels, Weights &weights, const Columns &columns,
                                         size_t n_rows, size_t first, size_t n, size_t k_begin, size_t n_k,
                                         std::vector<std::vector<float>> out, bool accumulate)
{
    const ll_panel_kernel *kernel = kernels->panel_kernel(weights.traits->type);
    size_t bytes = kernel->bytes(n_k);
    uint8_t *panel = static_cast<uint8_t *>(std::aligned_alloc(64, (bytes + 127) / 64 * 64));
    std::memset(panel + bytes, 0x77, 64);
    std::memset(panel, 0xFF, bytes); /* NaN: what is not packed must not show */
    kernel->pack(weights.traits, weights.Data(), weights.row_bytes, n_rows, k_begin, n_k, panel);
    for (size_t i = bytes; i < (bytes + 127) / 64 * 64; i++)
        EXPECT_TRUE(panel[i] == 0x77 || i >= bytes + 64) << "wrote past the end";
    std::vector<float *> out_of;
    for (auto &column : out)
        out_of.push_back(column.data());
    ll_panel_job job = {};
    job.panel = panel;
    job.n_rows = n_rows;
    job.k_begin = k_begin;
    job.n_k = n_k;
    job.n_columns = n;
    job.x = kernel->takes == LL_TAKES_FLOATS ? &columns.x_of[first] : nullptr;
    job.act = kernel->takes == LL_TAKES_INTS ? &columns.act[first] : nullptr;
    std::vector<uint16_t> bf16;
    if (kernel->takes == LL_TAKES_BF16) {
        job.bf16_group = ll_bf16_group_size(columns.n_k);
        bf16.assign((n + LL_BF16_GROUP - 1) / LL_BF16_GROUP * job.bf16_group, 0xFFFF); /* NaN */
        for (size_t c = 0; c < n; c++)
            kernels->round_bf16(columns.x_of[first + c], columns.n_k, &bf16[ll_bf16_column(columns.n_k, c)]);
        job.bf16 = bf16.data();
    }
    /* The same where the columns are equally far apart, which a kernel may be told. */
    const size_t width = n_rows + RandomBelow(40);
    std::vector<float> even(n * width, -77.0f);
    std::vector<float *> even_of;
    for (size_t c = 0; c < n; c++) {
        even_of.push_back(&even[c * width]);
        std::copy_n(out[c].begin(), n_rows, even_of[c]);
    }
    job.accumulate = accumulate;
    job.out = even_of.data();
    job.out_stride = width * sizeof(float);
    kernel->multiply(&job);
    job.out = out_of.data();
    job.out_stride = 0;
    kernel->multiply(&job);
    for (size_t i = 0; i < even.size(); i++) {
        const size_t r = i % width;
        EXPECT_EQ(BitsOf(even[i]), BitsOf(r < n_rows ? out[i / width][r] : -77.0f)) << "row " << r << " of " << n_rows;
    }
    std::free(panel);
    return out;
}

TEST_P(Panels, MatchDoubleArithmetic)
{
    for (uint32_t type : DecodedTypes()) {
        const ll_type_traits *traits = ll_type_find(type);
        const ll_panel_kernel *kernel = kernels_->panel_kernel(type);
        const bool bf16 = kernel->takes == LL_TAKES_BF16;
        size_t block = traits->block.elements, rows = kernel->rows, columns_most = bf16 ? 35 : 15;
        for (size_t n_k : std::vector<size_t>{block, 3 * block, 8 * block, 11 * block, block == 1 ? 333 : 5 * block}) {
            Weights weights(type, rows, n_k);
            Columns columns(kernels_, RandomColumns(columns_most, n_k), 8);
            std::vector<float> factors = weights.decoded;
            if (bf16)
                std::transform(factors.begin(), factors.end(), factors.begin(), ToBf16);
            std::vector<double> sums(columns_most * rows), sizes(sums.size());
            for (size_t c = 0; c < columns_most; c++) {
                for (size_t k = 0; k < n_k; k++) {
                    double value = columns.Value(c, k, kernel->takes);
                    for (size_t r = 0; r < rows; r++) {
                        double term = static_cast<double>(factors[r * n_k + k]) * value;
                        sums[c * rows + r] += term;
                        sizes[c * rows + r] += std::fabs(term);
                    }
                }
            }
            std::vector<std::vector<float>> empty(columns_most, std::vector<float>(rows + 1, -77.0f));
            for (size_t n_rows : {rows, rows - 1, size_t{3}, size_t{1}}) {
                auto out = RunPanel(kernels_, weights, columns, n_rows, 0, columns_most, 0, n_k, empty, false);
                for (size_t c = 0; c < columns_most; c++) {
                    for (size_t r = 0; r < n_rows; r++)
                        ASSERT_NEAR(out[c][r], sums[c * rows + r], 3e-6 * sizes[c * rows + r] + 1e-6)
                            << traits->name << " k " << n_k << " row " << r << " of " << n_rows << " column " << c;
                    ASSERT_EQ(out[c][n_rows], -77.0f) << "wrote past the end";
                }
            }
        }
    }
}

TEST_P(Panels, DoNotDependOnGrouping)
{
    const size_t columns_most = 37;
    for (uint32_t type : DecodedTypes()) {
        const ll_type_traits *traits = ll_type_find(type);
        const ll_panel_kernel *kernel = kernels_->panel_kernel(type);
        size_t n_k = traits->block.elements >= 128 ? 1024 : 576;
        Weights weights(type, kernel->rows, n_k);
        Columns columns(kernels_, RandomColumns(columns_most, n_k), 8);
        std::vector<std::vector<float>> empty(columns_most, std::vector<float>(kernel->rows, -77.0f));
        auto all = RunPanel(kernels_, weights, columns, kernel->rows, 0, columns_most, 0, n_k, empty, false);
        for (size_t n = 1; n <= columns_most; n++) {
            size_t n_rows = 1 + RandomBelow(kernel->rows), first = RandomBelow(columns_most - n + 1);
            auto out = RunPanel(kernels_, weights, columns, n_rows, first, n, 0, n_k, empty, false);
            size_t cut = 256 * RandomBelow(n_k / 256 + 1);
            auto pieces = RunPanel(kernels_, weights, columns, n_rows, first, n, 0, cut, empty, false);
            pieces = RunPanel(kernels_, weights, columns, n_rows, first, n, cut, n_k - cut, pieces, true);
            for (size_t c = 0; c < n; c++) {
                for (size_t r = 0; r < kernel->rows; r++) {
                    ASSERT_EQ(BitsOf(out[c][r]), r < n_rows ? BitsOf(all[first + c][r]) : BitsOf(-77.0f))
                        << traits->name << " " << n_rows << " rows " << n << " columns";
                    ASSERT_EQ(BitsOf(pieces[c][r]), BitsOf(out[c][r])) << traits->name << " cut at " << cut;
                }
            }
        }
    }
}

TEST_P(Panels, StayWithinTheErrorOfBf16)
{
    for (uint32_t type : DecodedTypes()) {
        const ll_type_traits *traits = ll_type_find(type);
        const ll_panel_kernel *kernel = kernels_->panel_kernel(type);
        const size_t n_k = 1024, n_columns = 33;
        if (kernel->takes != LL_TAKES_BF16)
            continue;
        Weights weights(type, kernel->rows, n_k);
        Columns columns(kernels_, RandomColumns(n_columns, n_k), 8);
        std::vector<std::vector<float>> out(n_columns, std::vector<float>(kernel->rows));
        out = RunPanel(kernels_, weights, columns, kernel->rows, 0, n_columns, 0, n_k, out, false);
        double squares = 0;
        for (size_t c = 0; c < n_columns; c++) {
            for (size_t r = 0; r < kernel->rows; r++) {
                double sum = 0, size = 0;
                for (size_t k = 0; k < n_k; k++) {
                    double term = static_cast<double>(weights.Row(r)[k]) * static_cast<double>(columns.x[c][k]);
                    sum += term;
                    size += std::fabs(term);
                }
                double error = (static_cast<double>(out[c][r]) - sum) / size;
                ASSERT_LE(std::fabs(error), 0x1p-8 + 3e-6) << traits->name;
                squares += error * error;
            }
        }
        /* Of n_k errors with as many signs, the root remains; twice that, as the weights are of unlike size. */
        double rms = std::sqrt(squares / static_cast<double>(n_columns * kernel->rows));
        EXPECT_LE(rms, 2 * 0x1p-8 / std::sqrt(static_cast<double>(n_k))) << traits->name;
        RecordProperty(std::string("rms_error_") + traits->name, std::to_string(rms));
    }
}

TEST_P(Panels, RoundBf16EqualsPlainBitForBit)
{
    if (!kernels_->round_bf16)
        return;
    for (size_t n : {1, 15, 16, 17, 31, 32, 33, 48, 100, 320}) {
        std::vector<float> x = RandomFloats(n, 3.0f);
        const float special[] = {kNan,   kInfinity, -kInfinity, 0.0f,      -0.0f,     std::numeric_limits<float>::max(),
                                 1e-40f, 0x1p-126f, -1e-40f,    0x1.01p0f, 0x1.03p0f, 0x1.010002p0f};
        for (size_t i = 0; i < std::size(special) && 3 * i < n; i++)
            x[3 * i] = special[i];
        std::vector<uint16_t> out(ll_bf16_group_size(n) + 1, 0x7777);
        size_t column = RandomBelow(LL_BF16_GROUP);
        kernels_->round_bf16(x.data(), n, &out[ll_bf16_column(n, column)]);
        for (size_t i = 0; i < out.size(); i++) {
            size_t k = i / (LL_BF16_GROUP * LL_BF16_TILE) * LL_BF16_TILE + i % LL_BF16_TILE;
            bool ours = i + 1 < out.size() && i / LL_BF16_TILE % LL_BF16_GROUP == column;
            if (!ours || k >= n) {
                bool filled = ours && k < (n + LL_BF16_TILE - 1) / LL_BF16_TILE * LL_BF16_TILE;
                ASSERT_EQ(out[i], filled ? 0 : 0x7777) << i << " of " << n;
                continue;
            }
            uint16_t expected =
                ll_f32_to_bf16(std::fpclassify(x[k]) == FP_SUBNORMAL ? std::copysign(0.0f, x[k]) : x[k]);
            ASSERT_TRUE(SameBits(ll_bf16_to_f32(out[i]), ll_bf16_to_f32(expected))) << x[k];
        }
    }
}

TEST_P(Panels, HandOnWhatIsNotFinite)
{
    for (uint32_t type : DecodedTypes()) {
        for (float bad : {kNan, kInfinity, -kInfinity}) {
            const ll_panel_kernel *kernel = kernels_->panel_kernel(type);
            Weights weights(type, kernel->rows, 512);
            Columns columns(kernels_, RandomColumns(18, 512), 8);
            columns.x[16][300] = bad;
            Columns again(kernels_, columns.x, 8);
            std::vector<std::vector<float>> out(18, std::vector<float>(kernel->rows));
            out = RunPanel(kernels_, weights, again, kernel->rows, 0, 18, 0, 512, out, false);
            for (size_t c = 0; c < 18; c++) {
                for (size_t r = 0; r < kernel->rows; r++)
                    EXPECT_EQ(std::isfinite(out[c][r]), c != 16) << weights.traits->name;
            }
        }
    }
}

} // namespace
