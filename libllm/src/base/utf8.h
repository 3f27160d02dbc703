/* SPDX-License-Identifier: MIT
 * UTF-8, decoded strictly: no overlong forms, no surrogates, nothing above U+10FFFF.
 */
#ifndef LL_BASE_UTF8_H
#define LL_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decode one character from n > 0 bytes. Returns its length and stores the code point; for invalid bytes stores
 * -1 and returns the length of the maximal invalid part (1 to 3), which counts as one U+FFFD. */
size_t ll_utf8_decode(const char *text, size_t n, int32_t *code_point);
/* Encode a scalar value into at most 4 bytes; returns the length. */
size_t ll_utf8_encode(uint32_t code_point, char out[4]);
/* Length of the longest prefix that does not end within a character that more bytes could complete. */
size_t ll_utf8_complete(const char *text, size_t n);
bool ll_utf8_valid(const char *text, size_t n);

#endif
