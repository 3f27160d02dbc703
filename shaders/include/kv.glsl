// SPDX-License-Identifier: MIT
// The memory for keys and values: pages of 64 positions, which lie as cpu/kernels.h says, the same on every device.
const uint PAGE = 64;
layout(constant_id = 20) const uint KV_TYPE = 0;
layout(constant_id = 21) const uint HEAD_DIM = 64;
layout(constant_id = 22) const uint VALUE_DIM = 64;
const uint KV_F32 = 0, KV_F16 = 1, KV_Q8_0 = 2, KV_Q4_0 = 3;

uint tile_bytes(uint n)
{
    return KV_TYPE == KV_F32    ? 4 * n * PAGE
           : KV_TYPE == KV_F16  ? 2 * n * PAGE
           : KV_TYPE == KV_Q8_0 ? n * PAGE + n / 32 * 2 * PAGE
                                : n * PAGE / 2 + n / 32 * 2 * PAGE;
}

// Where the keys of a head lie in a page; its values follow them.
uint64_t kv_at(uint64_t page, uint64_t layer_offset, uint head)
{
    return page + layer_offset + uint64_t(head) * (tile_bytes(HEAD_DIM) + tile_bytes(VALUE_DIM));
}

// The largest power of two that n has, at most 256: so many values are spread over each other in Q4_0.
uint spread_block(uint n) { return min(n & -n, 256); }
