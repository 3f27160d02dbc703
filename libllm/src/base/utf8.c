/* SPDX-License-Identifier: MIT
 * Strict UTF-8 (Unicode 15, table 3-7) with the replacement practice of section 3.9.
 */
#include "base/utf8.h"

#include <string.h>

size_t ll_utf8_decode(const char *text, size_t n, int32_t *code_point)
{
    const unsigned char *p = (const unsigned char *)text;
    unsigned char first = p[0];
    *code_point = -1;
    if (first < 0x80) {
        *code_point = first;
        return 1;
    }
    unsigned low = 0x80, high = 0xBF;
    size_t length;
    if (first >= 0xC2 && first <= 0xDF)
        length = 2;
    else if (first >= 0xE0 && first <= 0xEF)
        length = 3;
    else if (first >= 0xF0 && first <= 0xF4)
        length = 4;
    else
        return 1;
    if (first == 0xE0)
        low = 0xA0;
    else if (first == 0xED)
        high = 0x9F;
    else if (first == 0xF0)
        low = 0x90;
    else if (first == 0xF4)
        high = 0x8F;
    uint32_t value = first & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        if (i >= n || p[i] < low || p[i] > high)
            return i;
        value = value << 6 | (p[i] & 0x3Fu);
        low = 0x80;
        high = 0xBF;
    }
    *code_point = (int32_t)value;
    return length;
}

size_t ll_utf8_encode(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

size_t ll_utf8_complete(const char *text, size_t n)
{
    for (size_t back = 1; back <= 3 && back <= n; back++) {
        unsigned char c = (unsigned char)text[n - back];
        if ((c & 0xC0) == 0x80)
            continue;
        size_t length = c >= 0xF0 && c <= 0xF4 ? 4 : c >= 0xE0 && c < 0xF0 ? 3 : c >= 0xC2 && c < 0xE0 ? 2 : 1;
        if (length <= back)
            return n;
        /* Incomplete: only wait for more when what is there can still become a character. */
        int32_t code_point;
        return ll_utf8_decode(text + n - back, back, &code_point) == back ? n - back : n;
    }
    return n;
}

bool ll_utf8_valid(const char *text, size_t n)
{
    for (size_t i = 0; i < n;) {
        int32_t code_point;
        uint64_t eight;
        if (n - i >= sizeof eight && (memcpy(&eight, text + i, sizeof eight), (eight & 0x8080808080808080u) == 0)) {
            i += sizeof eight; /* ASCII */
            continue;
        }
        i += ll_utf8_decode(text + i, n - i, &code_point);
        if (code_point < 0)
            return false;
    }
    return true;
}
