// SPDX-License-Identifier: MIT
// Attention in tiles against sums of doubles, over pages of which rows see parts; positions that nobody sees hold NaN.
#include "kv_pages.h"

namespace
{

std::vector<KernelSet> WithTileAttention()
{
    std::vector<KernelSet> sets;
    for (const KernelSet &set : AvailablePanels())
        if (set.kernels.tile_attention)
            sets.push_back(set);
    return sets;
}

class TileAttention : public testing::TestWithParam<KernelSet>
{
  protected:
    const ll_tile_attention *tiles_ = GetParam().kernels.tile_attention;
};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(TileAttention);
INSTANTIATE_TEST_SUITE_P(All, TileAttention, testing::ValuesIn(WithTileAttention()), NameOf);

TEST(TileAttentionSets, AreThere)
{
    if (WithTileAttention().empty())
        GTEST_SKIP() << "this processor has no tiles and AVX-512 cannot be emulated";
}

struct Memory {
    void *data;
    Memory(const ll_tile_attention *tiles, size_t head_dim, size_t value_dim)
        : data(std::aligned_alloc(64, (tiles->bytes(head_dim, value_dim) + 63) / 64 * 64))
    {
    }
    ~Memory() { std::free(data); }
    Memory(const Memory &) = delete;
    Memory &operator=(const Memory &) = delete;
};

/* Rows of queries and what they see of each page. */
struct Case {
    ll_kv_format format;
    size_t head_dim, value_dim, n_q;
    std::vector<std::vector<float>> q;
    std::vector<Pages> keys, values;
    std::vector<std::vector<uint32_t>> begin, end; /* [page][row] */

    Case(ll_kv_format f, size_t k, size_t v, size_t n) : format(f), head_dim(k), value_dim(v), n_q(n)
    {
        q = RandomColumns(n_q, head_dim);
        for (int page = 0; page < 3; page++) {
            keys.emplace_back(format, head_dim, false);
            values.emplace_back(format, value_dim, true);
            begin.emplace_back();
            end.emplace_back();
            for (size_t j = 0; j < n_q; j++) {
                const bool whole = page == 1;
                const auto b = static_cast<uint32_t>(RandomBelow(LL_KV_TILE + 1));
                begin.back().push_back(whole ? 0 : b);
                end.back().push_back(whole ? static_cast<uint32_t>(LL_KV_TILE)
                                           : b + static_cast<uint32_t>(RandomBelow(LL_KV_TILE - b + 1)));
            }
        }
        HideUnseen();
    }

    void Seen(size_t page, uint32_t *from, uint32_t *to) const
    {
        *from = LL_KV_TILE;
        *to = 0;
        for (size_t j = 0; j < n_q; j++) {
            if (begin[page][j] == end[page][j])
                continue;
            *from = std::min(*from, begin[page][j]);
            *to = std::max(*to, end[page][j]);
        }
    }

    void HideUnseen()
    {
        if (format != LL_KV_FORMAT_F16)
            return;
        for (size_t page = 0; page < keys.size(); page++) {
            uint32_t from, to;
            Seen(page, &from, &to);
            for (size_t p = 0; p < LL_KV_TILE; p++) {
                if (p >= from && p < to)
                    continue;
                for (size_t d = 0; d < head_dim; d++)
                    std::memset(&keys[page].bytes[2 * (d * LL_KV_TILE + p)], 0x7F, 2);
                std::memset(&values[page].bytes[2 * p * value_dim], 0x7F, 2 * value_dim);
            }
        }
    }
};

struct Result {
    std::vector<float> maxima, sums;
    std::vector<std::vector<float>> acc;
};

/* Of rows [first, first + n) alone. */
Result Attend(const ll_tile_attention *tiles, const Case &c, size_t first, size_t n)
{
    Memory memory(tiles, c.head_dim, c.value_dim);
    std::vector<const float *> q;
    Result r{std::vector<float>(n, -kInfinity), std::vector<float>(n, 0.0f), {}};
    for (size_t j = 0; j < n; j++) {
        q.push_back(c.q[first + j].data());
        r.acc.emplace_back(c.value_dim + 1, 0.0f);
        r.acc.back().back() = -77.0f;
    }
    std::vector<float *> acc;
    for (auto &row : r.acc)
        acc.push_back(row.data());
    tiles->queries(q.data(), n, c.head_dim, 0.125f, memory.data);
    std::vector<float> scores(LL_QUERY_ROWS * LL_KV_TILE), factors(n);
    for (size_t page = 0; page < c.keys.size(); page++) {
        uint32_t from, to;
        c.Seen(page, &from, &to);
        tiles->scores[c.format](n, c.keys[page].Data(), c.head_dim, scores.data(), memory.data);
        tiles->softmax(scores.data(), n, &c.begin[page][first], &c.end[page][first], r.maxima.data(), r.sums.data(),
                       factors.data(), c.head_dim, memory.data);
        tiles->values[c.format](factors.data(), n, c.values[page].Data(), c.value_dim, from, to, acc.data(), c.head_dim,
                                memory.data);
    }
    return r;
}

/* What a row's attention is by definition. */
void Expect(const Case &c, size_t row, const Result &r)
{
    double maximum = -INFINITY, sum = 0;
    std::vector<std::vector<double>> scores(c.keys.size());
    double error = 0; /* of a score */
    for (size_t page = 0; page < c.keys.size(); page++) {
        for (size_t p = 0; p < LL_KV_TILE; p++) {
            double score = 0, size = 0;
            for (size_t d = 0; d < c.head_dim; d++) {
                const double term = static_cast<double>(c.q[row][d]) *
                                    static_cast<double>(c.keys[page].values[d * LL_KV_TILE + p]) * 0.125;
                score += term;
                size += std::fabs(term);
            }
            scores[page].push_back(score);
            if (p < c.begin[page][row] || p >= c.end[page][row])
                continue;
            maximum = std::max(maximum, score);
            error = std::max(error, size * 0x1p-14);
        }
    }
    if (maximum == -INFINITY) {
        EXPECT_EQ(r.sums[row], 0.0f);
        EXPECT_EQ(r.maxima[row], -kInfinity);
        return;
    }
    ASSERT_NEAR(r.maxima[row], maximum, error + 1e-6);
    std::vector<double> values(c.value_dim), sizes(c.value_dim);
    for (size_t page = 0; page < c.keys.size(); page++) {
        for (size_t p = c.begin[page][row]; p < c.end[page][row]; p++) {
            const double prob = std::exp(scores[page][p] - maximum);
            sum += prob;
            for (size_t d = 0; d < c.value_dim; d++) {
                const double term = prob * static_cast<double>(c.values[page].values[p * c.value_dim + d]);
                values[d] += term;
                sizes[d] += std::fabs(term);
            }
        }
    }
    const double share = 0x1p-14 + 0x1p-17 + 2.5 * error; /* products, the exponential, and the scores' errors */
    ASSERT_NEAR(r.sums[row], sum, sum * share);
    for (size_t d = 0; d < c.value_dim; d++)
        ASSERT_NEAR(r.acc[row][d], values[d], sizes[d] * share + 1e-6) << "row " << row << ", dimension " << d;
    EXPECT_EQ(r.acc[row][c.value_dim], -77.0f) << "wrote past the end";
}

TEST_P(TileAttention, IsWhatItIsByDefinition)
{
    const size_t dims[][2] = {{16, 16}, {32, 64}, {64, 64}, {80, 48}, {128, 32}, {192, 128}};
    for (ll_kv_format format : {LL_KV_FORMAT_F16, LL_KV_FORMAT_Q8_0}) {
        for (const auto &[head_dim, value_dim] : dims) {
            if (format == LL_KV_FORMAT_Q8_0 && (head_dim % 32 || value_dim % 32))
                continue;
            for (size_t n_q : {size_t{1}, size_t{15}, size_t{16}, size_t{17}, size_t{33}, size_t{LL_QUERY_ROWS}}) {
                Case c(format, head_dim, value_dim, n_q);
                const Result together = Attend(tiles_, c, 0, n_q);
                for (size_t j = 0; j < n_q; j++)
                    ASSERT_NO_FATAL_FAILURE(Expect(c, j, together)) << head_dim << " " << value_dim << " " << n_q;
                const size_t one = RandomBelow(n_q);
                const Result alone = Attend(tiles_, c, one, 1);
                EXPECT_TRUE(SameBits(alone.sums[0], together.sums[one]));
                for (size_t d = 0; d < value_dim; d++)
                    ASSERT_TRUE(SameBits(alone.acc[0][d], together.acc[one][d])) << "with other rows";
            }
        }
    }
}

TEST_P(TileAttention, NanOfWhatIsSeenShows)
{
    Case c(LL_KV_FORMAT_F16, 64, 64, 20);
    c.q[3][7] = kNan;
    const Result r = Attend(tiles_, c, 0, 20);
    EXPECT_TRUE(std::isnan(r.sums[3]));
    EXPECT_FALSE(std::isnan(r.sums[4]));
    std::memset(&c.keys[1].bytes[2 * (5 * LL_KV_TILE + 9)], 0x7F, 2); /* all rows see the second page */
    for (float sum : Attend(tiles_, c, 0, 20).sums)
        EXPECT_TRUE(std::isnan(sum));
}

} // namespace
