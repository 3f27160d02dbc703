/* SPDX-License-Identifier: MIT
 * SHA-256 as FIPS 180-4 has it, and with the instructions for it where the processor has them: a model of 40 GB is
 * hashed while it comes, and once more when a download is taken up again.
 */
#include <stdio.h>
#include <string.h>

#include "sha256.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t turn(uint32_t x, unsigned n) { return x >> n | x << (32 - n); }

static void compress_plain(uint32_t state[8], const uint8_t *bytes, size_t n_blocks)
{
    for (; n_blocks; n_blocks--, bytes += SHA256_BLOCK) {
        uint32_t w[64];
        for (unsigned i = 0; i < 16; i++)
            w[i] = (uint32_t)bytes[4 * i] << 24 | (uint32_t)bytes[4 * i + 1] << 16 | (uint32_t)bytes[4 * i + 2] << 8 |
                   bytes[4 * i + 3];
        for (unsigned i = 16; i < 64; i++)
            w[i] = w[i - 16] + (turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ w[i - 15] >> 3) + w[i - 7] +
                   (turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ w[i - 2] >> 10);
        uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6],
                 h = state[7];
        for (unsigned i = 0; i < 64; i++) {
            const uint32_t one =
                h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + constants[i] + w[i];
            const uint32_t two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
            h = g;
            g = f;
            f = e;
            e = d + one;
            d = c;
            c = b;
            b = a;
            a = one + two;
        }
        const uint32_t after[8] = {a, b, c, d, e, f, g, h};
        for (unsigned i = 0; i < 8; i++)
            state[i] += after[i];
    }
}

#if defined(__x86_64__)
/* The instructions want the words of the state as ABEF and CDGH. */
__attribute__((target("sha,sse4.1"))) static void compress_fast(uint32_t state[8], const uint8_t *bytes,
                                                                size_t n_blocks)
{
    const __m128i order = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    const __m128i dcba = _mm_loadu_si128((const __m128i *)state);
    const __m128i hgfe = _mm_loadu_si128((const __m128i *)(state + 4));
    const __m128i cdab = _mm_shuffle_epi32(dcba, 0xb1), efgh = _mm_shuffle_epi32(hgfe, 0x1b);
    __m128i abef = _mm_alignr_epi8(cdab, efgh, 8), cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);
    for (; n_blocks; n_blocks--, bytes += SHA256_BLOCK) {
        const __m128i abef_before = abef, cdgh_before = cdgh;
        __m128i w[4];
        for (unsigned i = 0; i < 4; i++)
            w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(bytes + 16 * i)), order);
#pragma GCC unroll 16
        for (unsigned i = 0; i < 16; i++) {
            const __m128i sum = _mm_add_epi32(w[i % 4], _mm_loadu_si128((const __m128i *)(constants + 4 * i)));
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
            if (i < 12) { /* the words that come four steps later */
                const __m128i last = w[(i + 3) % 4], seventh = _mm_alignr_epi8(last, w[(i + 2) % 4], 4);
                w[i % 4] =
                    _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(w[i % 4], w[(i + 1) % 4]), seventh), last);
            }
        }
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }
    const __m128i feba = _mm_shuffle_epi32(abef, 0x1b), dchg = _mm_shuffle_epi32(cdgh, 0xb1);
    _mm_storeu_si128((__m128i *)state, _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

static int is_fast(void)
{
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1) && __get_cpuid(1, &a, &b, &c, &d) && (c >> 19 & 1);
}
#endif

static void compress(uint32_t state[8], const uint8_t *bytes, size_t n_blocks)
{
#if defined(__x86_64__)
    static int fast = -1; /* the same whoever finds it out */
    if (fast < 0)
        fast = is_fast();
    if (fast) {
        compress_fast(state, bytes, n_blocks);
        return;
    }
#endif
    compress_plain(state, bytes, n_blocks);
}

void sha256_init(struct sha256 *hash)
{
    static const uint32_t start[SHA256_WORDS] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                                 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    sha256_resume(hash, start, 0);
}

void sha256_resume(struct sha256 *hash, const uint32_t state[SHA256_WORDS], uint64_t n_bytes)
{
    *hash = (struct sha256){.n_bytes = n_bytes};
    memcpy(hash->state, state, sizeof hash->state);
}

void sha256_update(struct sha256 *hash, const void *bytes, size_t n_bytes)
{
    const uint8_t *at = bytes;
    const size_t held = hash->n_bytes % SHA256_BLOCK;
    hash->n_bytes += n_bytes;
    if (held) {
        const size_t room = SHA256_BLOCK - held, n = n_bytes < room ? n_bytes : room;
        memcpy(hash->pending + held, at, n);
        at += n;
        n_bytes -= n;
        if (n < room)
            return;
        compress(hash->state, hash->pending, 1);
    }
    compress(hash->state, at, n_bytes / SHA256_BLOCK);
    if (n_bytes % SHA256_BLOCK)
        memcpy(hash->pending, at + n_bytes / SHA256_BLOCK * SHA256_BLOCK, n_bytes % SHA256_BLOCK);
}

void sha256_hex(const struct sha256 *hash, char hex[SHA256_HEX + 1])
{
    struct sha256 end = *hash;
    const uint64_t n_bits = hash->n_bytes * 8;
    uint8_t padding[SHA256_BLOCK + 8] = {0x80};
    const size_t held = hash->n_bytes % SHA256_BLOCK, n = (held < 56 ? 56 : 120) - held;
    for (unsigned i = 0; i < 8; i++)
        padding[n + i] = (uint8_t)(n_bits >> (56 - 8 * i));
    sha256_update(&end, padding, n + 8);
    for (unsigned i = 0; i < SHA256_WORDS; i++)
        snprintf(hex + 8 * i, 9, "%08x", end.state[i]);
}
