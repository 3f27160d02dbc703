/* SPDX-License-Identifier: MIT
 * Pages of KV memory with random content.
 */
#ifndef LL_TESTS_KERNELS_KV_PAGES_H
#define LL_TESTS_KERNELS_KV_PAGES_H

#include "kernel_sets.h"

/* K or V of a page of KV memory, and the values that it holds. */
struct Pages {
    std::vector<uint8_t> bytes;
    std::vector<float> values;

    Pages(ll_kv_format format, size_t head_dim, bool is_value) : values(RandomFloats(head_dim * LL_KV_TILE))
    {
        bytes.resize(ll_kv_tile_bytes(format, head_dim));
        size_t n = values.size();
        std::vector<uint16_t> halves(n / 32 + 1);
        for (uint16_t &half : halves)
            half = ll_f32_to_f16(0.01f + std::fabs(RandomFloats(1, 0.1f)[0]));
        for (size_t i = 0; i < n; i++) {
            size_t d = is_value ? i % head_dim : i / LL_KV_TILE, position = is_value ? i / head_dim : i % LL_KV_TILE;
            uint16_t half = ll_f32_to_f16(values[i]);
            int8_t integer = static_cast<int8_t>(static_cast<int>(RandomBelow(255)) - 127);
            switch (format) {
            case LL_KV_FORMAT_F32:
                std::memcpy(&bytes[4 * i], &values[i], 4);
                break;
            case LL_KV_FORMAT_F16:
                std::memcpy(&bytes[2 * i], &half, 2);
                values[i] = ll_f16_to_f32(half);
                break;
            default:
                std::memcpy(&bytes[i], &integer, 1);
                values[i] = static_cast<float>(integer) * ll_f16_to_f32(halves[d / 32 * LL_KV_TILE + position]);
            }
        }
        if (format == LL_KV_FORMAT_Q8_0)
            std::memcpy(&bytes[n], halves.data(), n / 32 * 2);
    }
    const void *Data() const { return bytes.data(); }

    static std::vector<size_t> HeadDims(ll_kv_format format)
    {
        if (format == LL_KV_FORMAT_Q8_0)
            return {32, 64, 96, 128, 256};
        return {1, 7, 8, 20, 40, 64, 80, 100, 256};
    }
};

constexpr ll_kv_format kFormats[] = {LL_KV_FORMAT_F32, LL_KV_FORMAT_F16, LL_KV_FORMAT_Q8_0};

#endif
