/* SPDX-License-Identifier: MIT
 * Strict JSON on jansson.
 */
#include "base/json.h"

#include "base/decimal.h"
#include "base/status.h"
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

/* Depth is checked on the raw text first, because the parser recurses. */
static bool depth_fits(const char *text, size_t n, uint32_t limit)
{
    uint32_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > limit)
                return false;
        } else if ((c == ']' || c == '}') && depth > 0) {
            depth--;
        }
    }
    return true;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* The text with ".0" behind integers that may not fit into 64 bits: tokenizers are said to take 10^30 tokens at most,
 * when nobody knows better. */
static void widen_integers(const char *text, size_t n, ll_buffer *out)
{
    enum { DIGITS_MAX = 18 };
    bool in_string = false;
    for (size_t i = 0; i < n;) {
        size_t end = i + 1;
        if (in_string || !is_digit(text[i])) {
            end += in_string && text[i] == '\\' && end < n;
            in_string ^= text[i] == '"';
        } else {
            while (end < n && is_digit(text[end]))
                end++;
        }
        ll_buffer_append(out, text + i, end - i);
        const bool is_part = i > 0 && text[i - 1] && strchr(".eE+", text[i - 1]);
        const bool goes_on = end < n && text[end] && strchr(".eE", text[end]);
        if (!in_string && is_digit(text[i]) && end - i > DIGITS_MAX && !is_part && !goes_on)
            ll_buffer_text(out, ".0");
        i = end;
    }
}

/* NULL with a problem. */
static json_t *load(const ll_host *host, const char *text, size_t n_bytes, json_error_t *problem)
{
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL;
    json_t *value = json_loadb(text, n_bytes, flags, problem);
    if (value || json_error_code(problem) != json_error_numeric_overflow)
        return value;
    ll_buffer widened;
    ll_buffer_init(&widened, host);
    widen_integers(text, n_bytes, &widened);
    if (!widened.failed)
        value = json_loadb(widened.data, widened.size, flags, problem);
    ll_buffer_free(&widened);
    return value;
}

libllm_status ll_json_parse(const ll_host *host, const char *text, size_t n_bytes, json_t **out, libllm_error *error)
{
    *out = NULL;
    if (!depth_fits(text, n_bytes, host->limits.json_depth))
        return ll_fail(error, LIBLLM_ERROR_LIMIT, "JSON is nested deeper than %u (limit json_depth)",
                       host->limits.json_depth);
    json_error_t problem;
    *out = load(host, text ? text : "", n_bytes, &problem);
    if (!*out && json_error_code(&problem) == json_error_out_of_memory)
        return ll_fail_memory(error, "a JSON value");
    if (!*out)
        return ll_fail(error, LIBLLM_ERROR_JSON, "JSON line %d, column %d: %s", problem.line, problem.column,
                       problem.text);
    return LIBLLM_OK;
}

static int write_chunk(const char *data, size_t n, void *buffer)
{
    ll_buffer_append(buffer, data, n);
    return ((ll_buffer *)buffer)->failed ? -1 : 0;
}

bool ll_json_write(const json_t *value, size_t flags, ll_buffer *out)
{
    return json_dump_callback(value, write_chunk, out, flags | JSON_ENCODE_ANY) == 0;
}

void ll_json_put_text(ll_buffer *out, const char *text, size_t n)
{
    static const char names[] = {['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    static const bool is_special[256] = {[0 ... 0x1F] = true, ['"'] = true, ['\\'] = true, [0x80 ... 0xFF] = true};
    ll_buffer_byte(out, '"');
    for (size_t i = 0, from = 0;; i++) {
        while (i < n && !is_special[(uint8_t)text[i]])
            i++;
        ll_buffer_append(out, text + from, i - from);
        if (i == n)
            break;
        const uint8_t c = (uint8_t)text[i];
        int32_t point = c;
        const size_t size = c < 0x80 ? 1 : ll_utf8_decode(text + i, n - i, &point);
        if (c == '"' || c == '\\' || (c < sizeof names && names[c]))
            ll_buffer_append(out, (const char[]){'\\', c < sizeof names ? names[c] : (char)c}, 2);
        else if (c < 0x20)
            ll_buffer_format(out, "\\u%04X", (unsigned)c);
        else
            ll_buffer_append(out, point < 0 ? "\xEF\xBF\xBD" : text + i, point < 0 ? 3 : size);
        i += size - 1;
        from = i + 1;
    }
    ll_buffer_byte(out, '"');
}

void ll_json_put_number(ll_buffer *out, double x)
{
    enum { DIGITS = 17, BYTES = 20 };
    static const double whole = 9e15;
    if (x > -whole && x < whole && x == (double)(int64_t)x) {
        char digits[BYTES], *at = digits + sizeof digits;
        uint64_t left = (uint64_t)(x < 0 ? -x : x);
        do
            *--at = (char)('0' + left % 10);
        while (left /= 10);
        if (x < 0)
            *--at = '-';
        ll_buffer_append(out, at, (size_t)(digits + sizeof digits - at));
        return;
    }
    /* An exponent has no sign '+' and no 0 in front. */
    char text[LL_GENERAL_TEXT];
    size_t n = ll_print_general(x, DIGITS, text);
    char *exponent = memchr(text, 'e', n);
    if (exponent) {
        const char *from = ++exponent;
        if (*from == '-')
            exponent++;
        for (from++; *from == '0';)
            from++;
        memmove(exponent, from, (size_t)(text + n - from));
        n -= (size_t)(from - exponent);
    }
    ll_buffer_append(out, text, n);
    if (!exponent && !memchr(text, '.', n))
        ll_buffer_append(out, ".0", 2);
}
