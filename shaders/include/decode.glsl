// SPDX-License-Identifier: MIT
// What the bytes of the block formats mean: eight weights that follow each other in a row, from a multiple of eight on.
// The definition is quant/decode*.c of the library; products and differences are made in the same order. Formats are
// constants, so that of each switch one case is left.
#ifndef DECODE_GLSL
#define DECODE_GLSL

const uint TYPE_F32 = 0, TYPE_F16 = 1, TYPE_Q4_0 = 2, TYPE_Q4_1 = 3, TYPE_Q5_0 = 6, TYPE_Q5_1 = 7, TYPE_Q8_0 = 8;
const uint TYPE_Q2_K = 10, TYPE_Q3_K = 11, TYPE_Q4_K = 12, TYPE_Q5_K = 13, TYPE_Q6_K = 14;
const uint TYPE_IQ2_XXS = 16, TYPE_IQ2_XS = 17, TYPE_IQ3_XXS = 18, TYPE_IQ1_S = 19, TYPE_IQ4_NL = 20;
const uint TYPE_IQ3_S = 21, TYPE_IQ2_S = 22, TYPE_IQ4_XS = 23, TYPE_IQ1_M = 29, TYPE_BF16 = 30;
const uint TYPE_TQ1_0 = 34, TYPE_TQ2_0 = 35, TYPE_MXFP4 = 39, TYPE_NVFP4 = 40, TYPE_Q1_0 = 41;

// Where the tables lie, in 16-bit words: as ll_vk_tables() puts them there.
const uint TABLE_IQ2_XXS = 0, TABLE_IQ2_XS = 256, TABLE_IQ2_S = 768, TABLE_IQ3_XXS = 1792, TABLE_IQ3_S = 2048;
const uint TABLE_IQ1 = 2560, TABLE_CODES_IQ4 = 4608, TABLE_CODES_FP4 = 4624;

uint u8(uint64_t at, uint i) { return uint(U8(at).v[i]); }
int s8(uint64_t at, uint i) { return int(int8_t(U8(at).v[i])); }
uint u16(uint64_t at, uint i) { return uint(U16(at).v[i]); } // the i-th word
uint word(uint i) { return uint(U16(push.tables).v[i]); }

// Exact on every device, denormal numbers included.
float f16_widen(uint h)
{
    uint sign = (h & 0x8000u) << 16, magnitude = h & 0x7FFFu;
    uint bits = magnitude < 0x400u    ? floatBitsToUint(float(magnitude) * 5.9604644775390625e-8)
                : magnitude >= 0x7C00u ? 0x7F800000u | magnitude << 13 | (magnitude > 0x7C00u ? 0x400000u : 0u)
                                       : (magnitude << 13) + (112u << 23);
    return uintBitsToFloat(sign | bits);
}

float e8m0_widen(uint e) { return uintBitsToFloat(e < 2 ? 0x00200000u << e : (e - 1) << 23); }

float e4m3_widen(uint x)
{
    uint exponent = x >> 3 & 15u, mantissa = x & 7u;
    if (x == 0x7F)
        return 0.0;
    return exponent == 0 ? float(mantissa) * 0.0009765625 : uintBitsToFloat((exponent + 119) << 23 | mantissa << 20);
}

// Four bytes from a place of any alignment to two.
uint u32_of_16(uint64_t at, uint i) { return u16(at, i) | u16(at, i + 1) << 16; }

// Eight bytes, from byte `from` on: of blocks and places of multiples of four, of two, and of any.
uvec2 bytes_4(uint64_t at, uint from) { return uvec2(U32(at).v[from / 4], U32(at).v[from / 4 + 1]); }
uvec2 bytes_2(uint64_t at, uint from) { return uvec2(u32_of_16(at, from / 2), u32_of_16(at, from / 2 + 2)); }
uvec2 bytes_1(uint64_t at, uint from)
{
    uvec2 bytes = uvec2(0);
    [[unroll]] for (uint i = 0; i < 4; i++)
        bytes |= uvec2(u8(at, from + i), u8(at, from + 4 + i)) << 8 * i;
    return bytes;
}

// Of the i-th byte some bits.
uint bits(uvec2 bytes, uint i, uint shift, uint mask) { return (i < 4 ? bytes.x : bytes.y) >> (8 * (i % 4) + shift) & mask; }

uint even_signs(uint seven) { return seven | uint(bitCount(seven) & 1) << 7; }

// The 6-bit scale and minimum of sub-block j of Q4_K and Q5_K, which begin at byte 4 of a block.
uvec2 scale_min(uint64_t block, uint j)
{
    if (j < 4)
        return uvec2(u8(block, 4 + j) & 63, u8(block, 8 + j) & 63);
    uint low = u8(block, 8 + j);
    return uvec2((low & 15) | (u8(block, j) >> 6) << 4, low >> 4 | (u8(block, 4 + j) >> 6) << 4);
}

float level_iq2(uint point, uint i)
{
    uint q = point >> 2 * i & 3;
    return float(8 + 17 * q + (q >> 1));
}

float level_iq3_xxs(uint point, uint i)
{
    uint q = point >> 4 * i & 15;
    return float(4 + 8 * q + ((q + 1) >> 2 & 2));
}

float with_sign(float x, uint signs, uint i) { return (signs >> i & 1) != 0 ? -x : x; }

uint ternary(uint byte, uint power) { return ((byte * power & 255) * 3) >> 8; }

// Bytes of a block, and its weights.
uint block_bytes(uint type)
{
    switch (type) {
    case TYPE_Q4_0:
    case TYPE_IQ4_NL:
    case TYPE_Q1_0:
        return 18;
    case TYPE_Q4_1:
        return 20;
    case TYPE_Q5_0:
        return 22;
    case TYPE_Q5_1:
        return 24;
    case TYPE_Q8_0:
        return 34;
    case TYPE_Q2_K:
        return 84;
    case TYPE_Q3_K:
    case TYPE_IQ3_S:
        return 110;
    case TYPE_Q4_K:
        return 144;
    case TYPE_Q5_K:
        return 176;
    case TYPE_Q6_K:
        return 210;
    case TYPE_IQ2_XXS:
    case TYPE_TQ2_0:
        return 66;
    case TYPE_IQ2_XS:
        return 74;
    case TYPE_IQ3_XXS:
        return 98;
    case TYPE_IQ1_S:
        return 50;
    case TYPE_IQ2_S:
        return 82;
    case TYPE_IQ4_XS:
        return 136;
    case TYPE_IQ1_M:
        return 56;
    case TYPE_TQ1_0:
        return 54;
    case TYPE_MXFP4:
        return 17;
    case TYPE_NVFP4:
        return 36;
    }
    return 0;
}

uint block_weights(uint type)
{
    switch (type) {
    case TYPE_F32:
    case TYPE_F16:
    case TYPE_BF16:
        return 1;
    case TYPE_Q4_0:
    case TYPE_Q4_1:
    case TYPE_Q5_0:
    case TYPE_Q5_1:
    case TYPE_Q8_0:
    case TYPE_IQ4_NL:
    case TYPE_MXFP4:
        return 32;
    case TYPE_NVFP4:
        return 64;
    case TYPE_Q1_0:
        return 128;
    }
    return 256;
}

// One weight of a format without blocks.
float decode_1(uint type, uint64_t row, uint k)
{
    if (type == TYPE_F32)
        return F32(row).v[k];
    return type == TYPE_F16 ? f16_widen(u16(row, k)) : uintBitsToFloat(u16(row, k) << 16);
}

// Weights k..k+7 of a row.
void decode_8(uint type, uint64_t row, uint k, out float w[8])
{
    if (block_weights(type) == 1) {
        [[unroll]] for (uint i = 0; i < 8; i++)
            w[i] = decode_1(type, row, k + i);
        return;
    }
    uint64_t block = row + uint64_t(k / block_weights(type)) * block_bytes(type);
    uint at = k % block_weights(type); // within the block
    switch (type) {
    case TYPE_Q4_0: {
        float d = f16_widen(u16(block, 0));
        uvec2 q = bytes_2(block, 2 + at % 16);
        [[unroll]] for (uint i = 0; i < 8; i++)
            w[i] = d * float(int(bits(q, i, 4 * (at / 16), 15)) - 8);
        break;
    }
    case TYPE_Q4_1: {
        float d = f16_widen(u16(block, 0)), m = f16_widen(u16(block, 1));
        uvec2 q = bytes_4(block, 4 + at % 16);
        [[unroll]] for (uint i = 0; i < 8; i++)
            w[i] = d * float(bits(q, i, 4 * (at / 16), 15)) + m;
        break;
    }
    case TYPE_Q5_0: {
        float d = f16_widen(u16(block, 0));
        uint high = u8(block, 2 + at / 8);
        uvec2 q = bytes_2(block, 6 + at % 16);
        [[unroll]] for (uint i = 0; i < 8; i++)
            w[i] = d * float(int(bits(q, i, 4 * (at / 16), 15) | (high >> i & 1) << 4) - 16);
        break;
    }
    case TYPE_Q5_1: {
        float d = f16_widen(u16(block, 0)), m = f16_widen(u16(block, 1));
        uint high = u8(block, 4 + at / 8);
        uvec2 q = bytes_4(block, 8 + at % 16);
        [[unroll]] for (uint i = 0; i < 8; i++)
            w[i] = d * float(bits(q, i, 4 * (at / 16), 15) | (high >> i & 1) << 4) + m;
        break;
    }
    case TYPE_Q8_0: {
        float d = f16_widen(u16(block, 0));
        uvec2 q = bytes_2(block, 2 + at);
        [[unroll]] for (uint i = 0; i < 8; i++)
            w[i] = float(int(int8_t(bits(q, i, 0, 255)))) * d;
        break;
    }
    case TYPE_Q2_K: {
        uint j = at / 16, shift = 2 * (j / 2 % 4), s = u8(block, j);
        uvec2 q = bytes_4(block, 16 + 32 * (j / 8) + 16 * (j % 2) + at % 16);
        float d = f16_widen(u16(block, 40)) * float(s & 15), m = f16_widen(u16(block, 41)) * float(s >> 4);
        [[unroll]] for (uint i = 0; i < 8; i++)
            w[i] = d * float(bits(q, i, shift, 3)) - m;
        break;
    }
    case TYPE_Q3_K: {
        uint j = at / 16, from = 16 * (j % 2) + at % 16, shift = 2 * (j / 2 % 4);
        uvec2 q = bytes_2(block, 32 + 32 * (j / 8) + from), high = bytes_2(block, from);
        uint low = u8(block, 96 + j % 8) >> 4 * (j / 8) & 15, upper = u8(block, 104 + j % 4) >> 2 * (j / 4) & 3;
        float d = f16_widen(u16(block, 54)) * float(int(low | upper << 4) - 32);
        [[unroll]] for (uint i = 0; i < 8; i++)
            w[i] = d * float(int(bits(q, i, shift, 3) + 4 * bits(high, i, j / 2, 1)) - 4);
        break;
    }
    case TYPE_Q4_K:
    case TYPE_Q5_K: {
        uint j = at / 32;
        uvec2 q = bytes_4(block, (type == TYPE_Q4_K ? 16 : 48) + 32 * (j / 2) + at % 32), high = uvec2(0);
        if (type == TYPE_Q5_K)
            high = bytes_4(block, 16 + at % 32);
        uvec2 s = scale_min(block, j);
        float d = f16_widen(u16(block, 0)) * float(s.x), m = f16_widen(u16(block, 1)) * float(s.y);
        [[unroll]] for (uint i = 0; i < 8; i++) {
            uint v = bits(q, i, 4 * (j % 2), 15) | bits(high, i, j, 1) << 4;
            w[i] = d * float(v) - m;
        }
        break;
    }
    case TYPE_Q6_K: {
        uint j = at / 16, group = j / 2 % 4, within = 16 * (j % 2) + at % 16;
        uvec2 low = bytes_2(block, 64 * (j / 8) + 32 * (group % 2) + within);
        uvec2 high = bytes_2(block, 128 + 32 * (j / 8) + within);
        float d = f16_widen(u16(block, 104)) * float(s8(block, 192 + j));
        [[unroll]] for (uint i = 0; i < 8; i++) {
            uint v = bits(low, i, 4 * (group / 2), 15) | bits(high, i, 2 * group, 3) << 4;
            w[i] = d * float(int(v) - 32);
        }
        break;
    }
    case TYPE_IQ4_NL: {
        float d = f16_widen(u16(block, 0));
        uvec2 q = bytes_2(block, 2 + at % 16);
        [[unroll]] for (uint i = 0; i < 8; i++)
            w[i] = d * float(int(int16_t(word(TABLE_CODES_IQ4 + bits(q, i, 4 * (at / 16), 15)))));
        break;
    }
    case TYPE_IQ4_XS: {
        uint j = at / 32;
        uint s = (u8(block, 4 + j / 2) >> 4 * (j % 2) & 15) | (u16(block, 1) >> 2 * j & 3) << 4;
        float d = f16_widen(u16(block, 0)) * float(int(s) - 32);
        uvec2 q = bytes_4(block, 8 + 16 * j + at % 16);
        [[unroll]] for (uint i = 0; i < 8; i++)
            w[i] = d * float(int(int16_t(word(TABLE_CODES_IQ4 + bits(q, i, 4 * (at / 16 % 2), 15)))));
        break;
    }
    case TYPE_MXFP4: {
        float d = e8m0_widen(u8(block, 0));
        uvec2 q = bytes_1(block, 1 + at % 16);
        [[unroll]] for (uint i = 0; i < 8; i++)
            w[i] = d * float(int(int16_t(word(TABLE_CODES_FP4 + bits(q, i, 4 * (at / 16), 15)))));
        break;
    }
    case TYPE_NVFP4: {
        uint j = at / 16;
        float d = e4m3_widen(u8(block, j));
        uvec2 q = bytes_4(block, 4 + 8 * j);
        [[unroll]] for (uint i = 0; i < 8; i++)
            w[i] = d * float(int(int16_t(word(TABLE_CODES_FP4 + bits(q, i, 4 * (at / 8 % 2), 15)))));
        break;
    }
    case TYPE_IQ2_XXS: {
        uint j = at / 32, points = u32_of_16(block, 1 + 4 * j), rest = u32_of_16(block, 3 + 4 * j), n = at / 8 % 4;
        float d = f16_widen(u16(block, 0)) * (0.5 + float(rest >> 28)) * 0.25;
        uint point = word(TABLE_IQ2_XXS + (points >> 8 * n & 255)), signs = even_signs(rest >> 7 * n & 127);
        [[unroll]] for (uint i = 0; i < 8; i++)
            w[i] = with_sign(d * level_iq2(point, i), signs, i);
        break;
    }
    case TYPE_IQ2_XS: {
        uint j = at / 16, q = u16(block, 1 + at / 8);
        float d = f16_widen(u16(block, 0)) * (0.5 + float(u8(block, 66 + j / 2) >> 4 * (j % 2) & 15)) * 0.25;
        uint point = word(TABLE_IQ2_XS + (q & 511)), signs = even_signs(q >> 9);
        [[unroll]] for (uint i = 0; i < 8; i++)
            w[i] = with_sign(d * level_iq2(point, i), signs, i);
        break;
    }
    case TYPE_IQ2_S: {
        uint n = at / 8, j = n / 2;
        float d = f16_widen(u16(block, 0)) * (0.5 + float(u8(block, 74 + j / 2) >> 4 * (j % 2) & 15)) * 0.25;
        uint point = word(TABLE_IQ2_S + (u8(block, 2 + n) | (u8(block, 66 + n / 4) >> 2 * (n % 4) & 3) << 8));
        uint signs = u8(block, 34 + n);
        [[unroll]] for (uint i = 0; i < 8; i++)
            w[i] = with_sign(d * level_iq2(point, i), signs, i);
        break;
    }
    case TYPE_IQ3_XXS: {
        uint j = at / 32, n = at / 8, rest = u32_of_16(block, 33 + 2 * j);
        float d = f16_widen(u16(block, 0)) * (0.5 + float(rest >> 28)) * 0.5;
        uint low = word(TABLE_IQ3_XXS + u8(block, 2 + 2 * n)), high = word(TABLE_IQ3_XXS + u8(block, 3 + 2 * n));
        uint signs = even_signs(rest >> 7 * (n % 4) & 127);
        [[unroll]] for (uint i = 0; i < 8; i++)
            w[i] = with_sign(d * level_iq3_xxs(i < 4 ? low : high, i % 4), signs, i);
        break;
    }
    case TYPE_IQ3_S: {
        uint n = at / 8, high_bits = u8(block, 66 + n / 4) >> 2 * (n % 4), signs = u8(block, 74 + n);
        float d = f16_widen(u16(block, 0)) * float(1 + 2 * (u8(block, 106 + n / 8) >> 4 * (n / 4 % 2) & 15));
        uint low = word(TABLE_IQ3_S + (u8(block, 2 + 2 * n) | (high_bits & 1) << 8));
        uint high = word(TABLE_IQ3_S + (u8(block, 3 + 2 * n) | (high_bits & 2) << 7));
        [[unroll]] for (uint i = 0; i < 8; i++)
            w[i] = with_sign(d * float(1 + 2 * ((i < 4 ? low : high) >> 4 * (i % 4) & 15)), signs, i);
        break;
    }
    case TYPE_IQ1_S: {
        uint n = at / 8, high = u16(block, 17 + n / 4);
        float d = f16_widen(u16(block, 0)) * float(2 * (high >> 12 & 7) + 1);
        uint point = word(TABLE_IQ1 + (u8(block, 2 + n) | (high >> 3 * (n % 4) & 7) << 8));
        float delta = high >> 15 != 0 ? -1.125 : -0.875;
        [[unroll]] for (uint i = 0; i < 8; i++)
            w[i] = d * (float(point >> 2 * i & 3) + delta);
        break;
    }
    case TYPE_IQ1_M: {
        uint n = at / 8, s0 = u16(block, 24), s1 = u16(block, 25), s2 = u16(block, 26), s3 = u16(block, 27);
        uint s = u16(block, 24 + n / 8) >> 3 * (n / 2 % 4) & 7, high = u8(block, 32 + n / 2) >> 4 * (n % 2);
        float whole = f16_widen(s0 >> 12 | (s1 >> 8 & 0xF0) | (s2 >> 4 & 0xF00) | (s3 & 0xF000));
        float d = whole * float(2 * s + 1), delta = (high & 8) != 0 ? -1.125 : -0.875;
        uint point = word(TABLE_IQ1 + (u8(block, n) | (high & 7) << 8));
        [[unroll]] for (uint i = 0; i < 8; i++)
            w[i] = d * (float(point >> 2 * i & 3) + delta);
        break;
    }
    case TYPE_TQ1_0: {
        const uint powers[5] = uint[5](1, 3, 9, 27, 81);
        float d = f16_widen(u16(block, 26));
        [[unroll]] for (uint i = 0; i < 8; i++) { // 160 weights from 32 bytes, 80 from 16 and 16 from 4
            uint m = at + i, from = m < 160 ? 0 : m < 240 ? 32 : 48, width = m < 160 ? 32 : m < 240 ? 16 : 4;
            uint r = m - (m < 160 ? 0 : m < 240 ? 160 : 240);
            w[i] = d * float(int(ternary(u8(block, from + r % width), powers[r / width])) - 1);
        }
        break;
    }
    case TYPE_TQ2_0: {
        float d = f16_widen(u16(block, 32));
        uint j = at / 32;
        uvec2 q = bytes_2(block, 32 * (j / 4) + at % 32);
        [[unroll]] for (uint i = 0; i < 8; i++)
            w[i] = d * float(int(bits(q, i, 2 * (j % 4), 3)) - 1);
        break;
    }
    case TYPE_Q1_0: {
        float d = f16_widen(u16(block, 0));
        uint bits = u8(block, 2 + at / 8);
        [[unroll]] for (uint i = 0; i < 8; i++)
            w[i] = (bits >> i & 1) != 0 ? d : -d;
        break;
    }
    }
}

#endif
