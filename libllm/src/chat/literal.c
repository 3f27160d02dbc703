/* SPDX-License-Identifier: MIT
 * Text as a JSON string, and literals of Python and Gemma as JSON. Brackets, commas and numbers are the same in all of
 * them, so it is done word by word; whether the whole is JSON is checked elsewhere.
 */
#include "chat/answer_state.h"

#include <string.h>

void ll_json_escape(ll_buffer *out, ll_span text)
{
    static const char characters[] = "\"\\\n\t\r\b\f", letters[] = "\"\\ntrbf";
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        const char *found = memchr(characters, c, sizeof characters - 1);
        char escape[2] = {'\\', found ? letters[found - characters] : 0};
        if (found)
            ll_buffer_append(out, escape, 2);
        else if (c < 0x20)
            ll_buffer_format(out, "\\u%04x", c);
        else
            ll_buffer_byte(out, (char)c);
    }
}

static void put_point(ll_buffer *out, uint32_t c)
{
    if (c < 0x80) {
        char plain = (char)c;
        ll_json_escape(out, (ll_span){&plain, 1});
    } else {
        if (c >= 0x10000)
            ll_buffer_format(out, "\\u%04x", 0xD800 + ((c - 0x10000) >> 10));
        ll_buffer_format(out, "\\u%04x", c >= 0x10000 ? 0xDC00 + (c & 0x3FF) : c);
    }
}

/* The escape behind a backslash; gives how many bytes it takes, or 0. */
static size_t put_escape(ll_buffer *out, ll_span rest)
{
    static const char letters[] = "nrtbf0av", values[] = "\n\r\t\b\f\0\a\v";
    const char *letter = rest.size ? memchr(letters, rest.data[0], sizeof letters - 1) : NULL;
    size_t digits = rest.size == 0        ? 0
                    : rest.data[0] == 'x' ? 2
                    : rest.data[0] == 'u' ? 4
                    : rest.data[0] == 'U' ? 8
                                          : 0;
    if (letter) {
        ll_json_escape(out, (ll_span){values + (letter - letters), 1});
        return 1;
    }
    if (!digits) { /* a quote, a backslash, or whatever */
        if (rest.size)
            ll_json_escape(out, (ll_span){rest.data, 1});
        return rest.size ? 1 : 0;
    }
    static const char hex[] = "0123456789abcdef0123456789ABCDEF";
    uint32_t c = 0;
    for (size_t i = 1; i <= digits; i++) {
        const char *digit = i < rest.size && rest.data[i] ? strchr(hex, rest.data[i]) : NULL;
        if (!digit)
            return 0;
        c = c << 4 | ((uint32_t)(digit - hex) & 15);
    }
    if (c > 0x10FFFF)
        return 0;
    put_point(out, c);
    return digits + 1;
}

/* A string in quotes of Python; gives how many bytes it takes, or 0. */
static size_t put_string(ll_buffer *out, ll_span rest)
{
    char quote = rest.data[0];
    ll_buffer_byte(out, '"');
    for (size_t i = 1; i < rest.size;) {
        if (rest.data[i] == quote) {
            ll_buffer_byte(out, '"');
            return i + 1;
        }
        size_t n = 1;
        if (rest.data[i] == '\\') {
            n = put_escape(out, (ll_span){rest.data + i + 1, rest.size - i - 1});
            if (n == 0)
                return 0;
            n++;
        } else {
            ll_json_escape(out, (ll_span){rest.data + i, 1});
        }
        i += n;
    }
    return 0;
}

/* Text between two `quote`s. */
static size_t put_quoted(ll_buffer *out, ll_span rest, const char *quote)
{
    size_t n = strlen(quote);
    const char *end = memmem(rest.data + n, rest.size - n, quote, n);
    if (!end)
        return 0;
    ll_buffer_byte(out, '"');
    ll_json_escape(out, (ll_span){rest.data + n, (size_t)(end - rest.data) - n});
    ll_buffer_byte(out, '"');
    return (size_t)(end - rest.data) + n;
}

/* A word: a constant of Python, a number, or with `keys` a key before its colon. */
static size_t put_word(ll_buffer *out, ll_span rest, bool keys)
{
    static const char *const words[][2] = {{"True", "true"}, {"False", "false"}, {"None", "null"}};
    size_t n = 0;
    while (n < rest.size && !strchr(" \t\r\n,:()[]{}\"'<", rest.data[n]))
        n++;
    ll_span word = {rest.data, n};
    if (keys && n && n < rest.size && rest.data[n] == ':') {
        ll_buffer_byte(out, '"');
        ll_json_escape(out, word);
        ll_buffer_byte(out, '"');
        return n;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        word = ll_span_is(word, words[i][0]) ? ll_span_of(words[i][1]) : word;
    if (word.size)
        ll_buffer_append(out, word.data, word.size);
    return n;
}

bool ll_literal_to_json(ll_span text, const char *quote, ll_buffer *out)
{
    for (size_t i = 0, n; i < text.size; i += n) {
        ll_span rest = {text.data + i, text.size - i};
        size_t quoted = quote ? strlen(quote) : 0;
        n = 1;
        if (quoted && rest.size >= quoted && memcmp(rest.data, quote, quoted) == 0)
            n = put_quoted(out, rest, quote);
        else if (rest.data[0] == '"' || rest.data[0] == '\'')
            n = put_string(out, rest);
        else if (rest.data[0] == '(' || rest.data[0] == ')')
            ll_buffer_byte(out, rest.data[0] == '(' ? '[' : ']');
        else if (strchr(",:[]{} \t\r\n", rest.data[0]) && rest.data[0])
            ll_buffer_byte(out, rest.data[0]);
        else
            n = put_word(out, rest, quote != NULL);
        if (n == 0)
            return false;
    }
    return !out->failed;
}
