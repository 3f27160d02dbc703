/* SPDX-License-Identifier: MIT
 * Every block format on every Vulkan device: random blocks decoded as quant/ does it, and products with 1 to 40
 * columns, over shapes with tails, against sums in double of what quant/ decodes.
 */
#include "device.h"

#include <algorithm>
#include <cmath>
#include <random>

extern "C" {
#include "backend/vulkan/tables.h"
#include "quant/quant.h"
}

namespace vulkan
{
namespace
{

std::vector<uint32_t> types()
{
    std::vector<uint32_t> found;
    for (uint32_t type = 0; type < 64; type++)
        if (ll_vk_decodes(type))
            found.push_back(type);
    return found;
}

/* Blocks of any bits but for scales, which are to be finite: every F16 below is made from a small exponent. */
std::vector<uint8_t> random_rows(const ll_type_traits *traits, size_t n_k, size_t n_rows, std::mt19937 &random)
{
    const size_t bytes = ll_type_row_bytes(traits, n_k);
    std::vector<uint8_t> rows(bytes * n_rows);
    std::vector<float> decoded(n_k);
    for (size_t r = 0; r < n_rows; r++) {
        bool finite = false;
        for (int attempt = 0; !finite && attempt < 1000; attempt++) {
            const size_t block = traits->block.bytes, n_blocks = bytes / block;
            for (size_t b = 0; b < n_blocks; b++) {
                uint8_t *at = &rows[r * bytes + b * block];
                std::vector<float> weights(traits->block.elements);
                bool good = false;
                while (!good) {
                    for (size_t i = 0; i < block; i++)
                        at[i] = static_cast<uint8_t>(random());
                    traits->decode(at, weights.data(), weights.size());
                    good = std::all_of(weights.begin(), weights.end(),
                                       [](float w) { return std::isfinite(w) && std::fabs(w) < 1e6f; });
                }
            }
            traits->decode(&rows[r * bytes], decoded.data(), n_k);
            finite = true;
        }
    }
    return rows;
}

class VulkanProducts : public ::testing::TestWithParam<uint32_t>
{
  protected:
    void SetUp() override
    {
        std::string why;
        n_devices = count_devices(&why);
        if (n_devices == 0)
            GTEST_SKIP() << why;
        traits = ll_type_find(GetParam());
        ASSERT_TRUE(traits && traits->decode);
    }

    uint64_t put_tables(Device &d)
    {
        std::vector<uint16_t> words(LL_VK_TABLE_WORDS);
        ll_vk_tables(words.data());
        return d.put(words);
    }

    uint32_t n_devices = 0;
    const ll_type_traits *traits = nullptr;
    std::mt19937 random{GetParam() + 1};
};

TEST_P(VulkanProducts, DecodesAsTheLibraryDoes)
{
    const size_t n_k = traits->block.elements == 1 ? 37 : 3 * traits->block.elements, n_rows = 9;
    const std::vector<uint8_t> rows = random_rows(traits, n_k, n_rows, random);
    std::vector<float> expected(n_k * n_rows);
    for (size_t r = 0; r < n_rows; r++)
        traits->decode(&rows[r * ll_type_row_bytes(traits, n_k)], &expected[r * n_k], n_k);
    for (uint32_t i = 0; i < n_devices; i++) {
        Device d(i);
        ASSERT_TRUE(d.good);
        std::vector<ll_vk_column_params> columns(n_rows);
        for (size_t r = 0; r < n_rows; r++)
            columns[r].token = static_cast<int32_t>(r);
        ll_vk_batch_params batch = {};
        batch.columns = d.put(columns);
        batch.n_columns = n_rows;
        ll_vk_embed_params p = {};
        p.weights = d.put(rows);
        p.x = d.put(nullptr, n_k * n_rows * sizeof(float));
        p.row_bytes = static_cast<uint32_t>(ll_type_row_bytes(traits, n_k));
        p.n = p.n_stride = static_cast<uint32_t>(n_k);
        p.scale = 1;
        ll_vk_constants constants = {};
        ll_vk_set(&constants, 0, 32);
        ll_vk_set(&constants, 2, traits->type);
        ll_vk_set(&constants, 3, 0);
        d.run(LL_VK_EMBED, constants, {d.put(&p, sizeof p), d.put(&batch, sizeof batch), put_tables(d), 0},
              static_cast<uint32_t>((n_k + 255) / 256), n_rows, 1);
        const std::vector<float> x = d.floats_at(p.x, n_k * n_rows);
        for (size_t k = 0; k < x.size(); k++)
            ASSERT_NEAR(expected[k], x[k], 1e-6 * std::max(1e-3f, std::fabs(expected[k])))
                << traits->name << " " << k << " on " << d.device.name;
    }
}

/* As record.c has it: few columns in groups of up to 8, many in tiles. */
TEST_P(VulkanProducts, AreThoseOfTheDecodedWeights)
{
    /* All formats are decoded by the same lines above; drivers for the CPU compile a product for seconds. */
    const uint32_t some[] = {LL_TYPE_F32, LL_TYPE_F16, LL_TYPE_Q4_1, LL_TYPE_Q6_K, LL_TYPE_IQ2_S, LL_TYPE_MXFP4};
    if (std::find(std::begin(some), std::end(some), traits->type) == std::end(some))
        GTEST_SKIP() << "is multiplied with as others are";
    const size_t n_k = traits->block.elements == 1     ? 75
                       : traits->block.elements == 256 ? 512
                                                       : 2 * traits->block.elements;
    const size_t n_rows = 67, stride = (n_k + 3) / 4 * 4, most = 40;
    const std::vector<uint8_t> rows = random_rows(traits, n_k, n_rows, random);
    const size_t row_bytes = ll_type_row_bytes(traits, n_k);
    std::vector<float> x(stride * most), w(n_k);
    std::normal_distribution<float> normal;
    for (float &value : x)
        value = normal(random);
    std::vector<double> expected(most * n_rows), size(most * n_rows);
    for (size_t r = 0; r < n_rows; r++) {
        traits->decode(&rows[r * row_bytes], w.data(), n_k);
        for (size_t c = 0; c < most; c++)
            for (size_t k = 0; k < n_k; k++) {
                expected[c * n_rows + r] += static_cast<double>(w[k]) * x[c * stride + k];
                size[c * n_rows + r] += std::fabs(static_cast<double>(w[k]) * x[c * stride + k]);
            }
    }
    const bool is_float = traits->type == LL_TYPE_F32;
    for (uint32_t i = 0; i < n_devices; i++) {
        Device d(i);
        ASSERT_TRUE(d.good);
        ll_vk_product_params p = {};
        p.weights = d.put(rows);
        p.x = d.put(x);
        p.row_bytes = static_cast<uint32_t>(row_bytes);
        p.n_rows = n_rows;
        p.n_k = static_cast<uint32_t>(n_k);
        p.x_stride = static_cast<uint32_t>(stride);
        p.out_stride = n_rows;
        p.n_items = 1;
        p.factor = 1;
        const uint64_t tables = put_tables(d);
        for (const uint32_t n : is_float ? std::vector<uint32_t>{1, 3, 40} : std::vector<uint32_t>{1, 9}) {
            ll_vk_batch_params batch = {};
            batch.n_columns = n;
            p.out_ = d.put(nullptr, most * n_rows * sizeof(float));
            const bool many = n > 8;
            const uint32_t columns = many ? 32 : n <= 2 ? n : n <= 4 ? 4 : 8;
            const uint32_t rows_each = many ? 64 : columns <= 2 ? 4 : columns == 4 ? 2 : 1;
            ll_vk_constants constants = {};
            ll_vk_set(&constants, 0, many ? 128 : 32);
            ll_vk_set(&constants, 2, traits->type);
            ll_vk_set(&constants, 4, rows_each);
            ll_vk_set(&constants, 5, columns);
            d.run(many ? LL_VK_MATMUL : LL_VK_MATVEC, constants,
                  {d.put(&p, sizeof p), d.put(&batch, sizeof batch), tables, 0},
                  (static_cast<uint32_t>(n_rows) + rows_each - 1) / rows_each, (n + columns - 1) / columns, 1);
            const std::vector<float> out = d.floats_at(p.out_, most * n_rows);
            for (size_t k = 0; k < out.size(); k++)
                ASSERT_NEAR(k < n * n_rows ? expected[k] : 0, out[k], 2e-6 * size[k] + 1e-30)
                    << traits->name << ", " << n << " columns, column " << k / n_rows << ", row " << k % n_rows;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Formats, VulkanProducts, ::testing::ValuesIn(types()),
                         [](const ::testing::TestParamInfo<uint32_t> &info) {
                             return std::string(ll_type_find(info.param)->name);
                         });

} // namespace
} // namespace vulkan
