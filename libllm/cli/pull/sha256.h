/* SPDX-License-Identifier: MIT
 * SHA-256 (FIPS 180-4), whose state between two blocks of 64 bytes can be kept and taken up again.
 */
#ifndef CLI_PULL_SHA256_H
#define CLI_PULL_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_BLOCK = 64, SHA256_WORDS = 8, SHA256_HEX = 64 };

struct sha256 {
    uint32_t state[SHA256_WORDS];
    uint64_t n_bytes;
    uint8_t pending[SHA256_BLOCK]; /* n_bytes % 64 of them */
};

void sha256_init(struct sha256 *hash);
/* Goes on where `n_bytes`, a multiple of 64, had been read and the state was this. */
void sha256_resume(struct sha256 *hash, const uint32_t state[SHA256_WORDS], uint64_t n_bytes);
void sha256_update(struct sha256 *hash, const void *bytes, size_t n_bytes);
/* 64 hexadecimal digits and a NUL. The hash itself can go on. */
void sha256_hex(const struct sha256 *hash, char hex[SHA256_HEX + 1]);

#endif
