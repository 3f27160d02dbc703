/* SPDX-License-Identifier: MIT
 * Views, searching, stripping and building of strings.
 */
#include "chat/text.h"

#include "base/utf8.h"

#include <string.h>
#include <utf8proc.h>

static bool is_ascii(const char *data, size_t n)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        uint64_t word;
        memcpy(&word, data + i, 8);
        if (word & 0x8080808080808080u)
            return false;
    }
    for (; i < n; i++)
        if ((unsigned char)data[i] >= 0x80)
            return false;
    return true;
}

void ll_str_over(ll_str *s, const char *data, size_t size, uint8_t origin)
{
    *s = (ll_str){.data = data, .size = (uint32_t)size, .origin = origin, .ascii = is_ascii(data, size)};
}

static bool check_size(ll_render *r, size_t size)
{
    return size <= UINT32_MAX / 2 || ll_render_limit(r, "a string of %zu bytes is too long", size);
}

const ll_str *ll_str_view(ll_render *r, const char *data, size_t size, uint8_t origin)
{
    ll_str *s = check_size(r, size) ? ll_render_alloc(r, 1, sizeof *s) : NULL;
    if (s)
        ll_str_over(s, data, size, origin);
    return s;
}

const ll_str *ll_str_copy(ll_render *r, const char *data, const char *origins, size_t size)
{
    if (!check_size(r, size) || !ll_work_on_text(r, size))
        return NULL;
    char *copy = ll_render_alloc(r, size, 2);
    ll_str *s = copy ? ll_render_alloc(r, 1, sizeof *s) : NULL;
    if (!s)
        return NULL;
    if (size > 0) {
        memcpy(copy, data, size);
        memcpy(copy + size, origins, size);
    }
    ll_str_over(s, copy, size, LL_FROM_TEMPLATE);
    s->origins = (const uint8_t *)copy + size;
    return s;
}

const ll_str *ll_str_literal(ll_render *r, const char *text)
{
    return ll_str_view(r, text, strlen(text), LL_FROM_TEMPLATE);
}

const ll_str *ll_str_part(ll_render *r, const ll_str *s, size_t from, size_t size)
{
    if (size == s->size)
        return s;
    ll_str *part = ll_render_alloc(r, 1, sizeof *part);
    if (!part)
        return NULL;
    *part = *s;
    part->data = s->data + from;
    part->origins = s->origins ? s->origins + from : NULL;
    part->size = (uint32_t)size;
    part->ascii = s->ascii || is_ascii(part->data, size);
    return part;
}

/* A string whose end is the end of what its store holds is extended in place: a loop that adds to a variable
 * takes linear time and memory. Strings that share the store keep their sizes and never see the new bytes. */
const ll_str *ll_str_join2(ll_render *r, const ll_str *a, const ll_str *b)
{
    if (b->size == 0)
        return a;
    if (a->size == 0)
        return b;
    ll_store *store = a->store;
    if (!check_size(r, (size_t)a->size + b->size))
        return NULL;
    size_t total = (size_t)a->size + b->size;
    if (!store || a->data + a->size != store->data + store->size || store->capacity - store->size < b->size) {
        ll_builder fresh;
        if (!ll_work_on_text(r, total))
            return NULL;
        ll_builder_init(&fresh, r, store ? total * 2 : total + total / 2);
        ll_builder_str(&fresh, a);
        ll_builder_str(&fresh, b);
        return ll_builder_finish(&fresh);
    }
    if (!ll_work_on_text(r, b->size))
        return NULL;
    ll_builder more = {r, store, false};
    ll_builder_str(&more, b);
    ll_str *joined = ll_render_alloc(r, 1, sizeof *joined);
    if (!joined || more.failed)
        return NULL;
    *joined = *a;
    joined->size = (uint32_t)total;
    joined->ascii = a->ascii && b->ascii;
    joined->markup = false;
    return joined;
}

const ll_str *ll_str_marked(ll_render *r, const ll_str *s, bool markup)
{
    ll_str *marked = s->markup == markup ? NULL : ll_render_alloc(r, 1, sizeof *marked);
    if (!marked)
        return s->markup == markup ? s : NULL;
    *marked = *s;
    marked->markup = markup;
    return marked;
}

uint8_t ll_str_origin_at(const ll_str *s, size_t at) { return s->origins ? s->origins[at] : s->origin; }

bool ll_str_is(const ll_str *s, const char *text) { return ll_span_is(ll_str_span(s), text); }

bool ll_str_same(const ll_str *a, const ll_str *b) { return ll_span_equal(ll_str_span(a), ll_str_span(b)); }

static bool starts_character(char c) { return ((unsigned char)c & 0xC0) != 0x80; }

size_t ll_str_count(const ll_str *s)
{
    if (s->ascii)
        return s->size;
    size_t n = 0;
    for (size_t i = 0; i < s->size; i++)
        n += starts_character(s->data[i]);
    return n;
}

size_t ll_str_offset(const ll_str *s, size_t character)
{
    if (s->ascii)
        return character < s->size ? character : s->size;
    size_t at = 0;
    for (size_t n = 0; at < s->size; at++)
        if (starts_character(s->data[at]) && n++ == character)
            break;
    return at;
}

const ll_str *ll_str_characters(ll_render *r, const ll_str *s, size_t start, size_t stop)
{
    if (stop <= start)
        return ll_str_part(r, s, 0, 0);
    size_t from = ll_str_offset(s, start);
    return ll_str_part(r, s, from, ll_str_offset(s, stop) - from);
}

size_t ll_str_find(const ll_str *s, const ll_str *what, size_t from, size_t to)
{
    if (from > to || to - from < what->size)
        return SIZE_MAX;
    const char *found = what->size ? memmem(s->data + from, to - from, what->data, what->size) : s->data + from;
    return found ? (size_t)(found - s->data) : SIZE_MAX;
}

bool ll_work_on_search(ll_render *r, const ll_str *s, const ll_str *what)
{
    size_t effort = what->size < 256 ? what->size : 256; /* memmem is linear, but for short needles not tightly */
    return ll_work(r, (s->size / LL_TEXT_UNIT + 1) * (1 + effort / 16));
}

/* Ends of the text are searched in pieces that double, so that a late occurrence is found early. */
bool ll_str_find_last(ll_render *r, const ll_str *s, const ll_str *what, size_t from, size_t to, size_t *out)
{
    *out = SIZE_MAX;
    if (from > to || to - from < what->size)
        return true;
    if (what->size == 0) {
        *out = to;
        return true;
    }
    for (size_t window = what->size;; window *= 2) {
        bool whole = window >= (to - from) / 2;
        size_t start = whole ? from : to - window;
        size_t next = ll_str_find(s, what, start, to);
        while (next != SIZE_MAX) {
            *out = next;
            if (!ll_work(r, 1 + what->size / LL_TEXT_UNIT))
                return false;
            next = ll_str_find(s, what, next + 1, to);
        }
        if (*out != SIZE_MAX || whole)
            return ll_work_on_search(r, s, what);
    }
}

bool ll_str_starts(const ll_str *s, const ll_str *prefix)
{
    return s->size >= prefix->size && memcmp(s->data, prefix->data, prefix->size) == 0;
}

bool ll_str_ends(const ll_str *s, const ll_str *suffix)
{
    return s->size >= suffix->size && memcmp(s->data + s->size - suffix->size, suffix->data, suffix->size) == 0;
}

bool ll_is_blank(int32_t c)
{
    if (c < 0x80)
        return (c >= 9 && c <= 13) || (c >= 28 && c <= 32);
    return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
           c == 0x202F || c == 0x205F || c == 0x3000;
}

bool ll_is_word(int32_t c)
{
    if (c < 0x80)
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    utf8proc_category_t category = utf8proc_category(c);
    return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) ||
           (category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO);
}

/* Length of the character that ends at data[size - 1]. */
static size_t last_character(const char *data, size_t size)
{
    size_t n = 1;
    while (n < size && n < 4 && !starts_character(data[size - n]))
        n++;
    return n;
}

static bool in_set(const ll_str *set, const char *character, size_t n)
{
    if (!set) {
        int32_t c;
        ll_utf8_decode(character, n, &c);
        return ll_is_blank(c);
    }
    return memmem(set->data, set->size, character, n) != NULL;
}

static size_t run_at_start(const char *data, size_t size, const ll_str *set)
{
    size_t at = 0;
    while (at < size) {
        int32_t c;
        size_t n = ll_utf8_decode(data + at, size - at, &c);
        if (!in_set(set, data + at, n))
            break;
        at += n;
    }
    return at;
}

static size_t run_at_end(const char *data, size_t size, const ll_str *set)
{
    size_t left = size;
    while (left > 0) {
        size_t n = last_character(data, left);
        if (!in_set(set, data + left - n, n))
            break;
        left -= n;
    }
    return size - left;
}

size_t ll_blank_before(const char *data, size_t size) { return run_at_end(data, size, NULL); }
size_t ll_blank_after(const char *data, size_t size) { return run_at_start(data, size, NULL); }

const ll_str *ll_str_strip(ll_render *r, const ll_str *s, const ll_str *characters, int sides)
{
    size_t left = sides & LL_STRIP_LEFT ? run_at_start(s->data, s->size, characters) : 0;
    size_t right = sides & LL_STRIP_RIGHT ? run_at_end(s->data + left, s->size - left, characters) : 0;
    /* The set is searched once for every character that goes. */
    size_t effort = 1 + (characters ? characters->size / LL_TEXT_UNIT : 0);
    if (!ll_work(r, (1 + (left + right) / LL_CHARACTER_UNIT) * effort))
        return NULL;
    return ll_str_part(r, s, left, s->size - left - right);
}

/* Building ---------------------------------------------------------------------------------------------- */

void ll_builder_init(ll_builder *b, ll_render *r, size_t expected)
{
    size_t capacity = expected < 32 ? 32 : expected;
    *b = (ll_builder){.r = r, .store = ll_render_alloc(r, 1, sizeof(ll_store))};
    char *memory = b->store && capacity <= SIZE_MAX / 2 ? ll_render_alloc(r, capacity, 2) : NULL;
    b->failed = !memory;
    if (memory)
        *b->store = (ll_store){.data = memory, .origins = (uint8_t *)memory + capacity, .capacity = capacity};
}

/* The old memory is left as it is: strings may still look at it. */
static bool make_room(ll_builder *b, size_t n)
{
    ll_store *s = b->store;
    if (b->failed)
        return false;
    if (s->capacity - s->size >= n)
        return true;
    ll_builder grown = {.failed = true};
    if (n <= UINT32_MAX / 2 && s->size + n <= UINT32_MAX / 2)
        ll_builder_init(&grown, b->r, (s->size + n) * 2);
    else
        ll_render_limit(b->r, "a string grew too long");
    b->failed = grown.failed;
    if (b->failed)
        return false;
    memcpy(grown.store->data, s->data, s->size);
    memcpy(grown.store->origins, s->origins, s->size);
    grown.store->size = s->size;
    b->store = grown.store;
    return true;
}

void ll_builder_bytes(ll_builder *b, const char *data, size_t n, uint8_t origin)
{
    if (n == 0 || !make_room(b, n))
        return;
    memcpy(b->store->data + b->store->size, data, n);
    memset(b->store->origins + b->store->size, origin, n);
    b->store->size += n;
}

void ll_builder_text(ll_builder *b, const char *text, uint8_t origin)
{
    ll_builder_bytes(b, text, strlen(text), origin);
}

void ll_builder_part(ll_builder *b, const ll_str *s, size_t from, size_t size)
{
    if (!s->origins) {
        ll_builder_bytes(b, s->data + from, size, s->origin);
        return;
    }
    if (size == 0 || !make_room(b, size))
        return;
    memcpy(b->store->data + b->store->size, s->data + from, size);
    memcpy(b->store->origins + b->store->size, s->origins + from, size);
    b->store->size += size;
}

void ll_builder_str(ll_builder *b, const ll_str *s)
{
    if (s)
        ll_builder_part(b, s, 0, s->size);
    else
        b->failed = true;
}

void ll_builder_repeat(ll_builder *b, const ll_str *s, size_t times)
{
    if (s->size == 0 || times == 0)
        return;
    if (times > UINT32_MAX / s->size)
        b->failed = !ll_render_limit(b->r, "a string repeated %zu times is too long", times);
    else if (make_room(b, times * s->size))
        while (times-- > 0)
            ll_builder_str(b, s);
}

void ll_builder_point(ll_builder *b, int32_t code_point, uint8_t origin)
{
    char bytes[4];
    ll_builder_bytes(b, bytes, ll_utf8_encode((uint32_t)code_point, bytes), origin);
}

const ll_str *ll_builder_finish(ll_builder *b)
{
    if (b->failed || !check_size(b->r, b->store->size))
        return NULL;
    ll_str *s = ll_render_alloc(b->r, 1, sizeof *s);
    if (!s)
        return NULL;
    ll_str_over(s, b->store->data, b->store->size, LL_FROM_TEMPLATE);
    s->origins = b->store->origins;
    s->store = b->store;
    return s;
}

const ll_str *ll_str_escape(ll_render *r, const ll_str *s)
{
    if (s->markup)
        return s;
    ll_builder b;
    if (!ll_work_on_characters(r, s->size))
        return NULL;
    ll_builder_init(&b, r, s->size + 16);
    for (size_t i = 0; i < s->size; i++) {
        char c = s->data[i];
        const char *entity = c == '&'    ? "&amp;"
                             : c == '<'  ? "&lt;"
                             : c == '>'  ? "&gt;"
                             : c == '\'' ? "&#39;"
                             : c == '"'  ? "&#34;"
                                         : NULL;
        if (entity)
            ll_builder_text(&b, entity, ll_str_origin_at(s, i));
        else
            ll_builder_part(&b, s, i, 1);
    }
    const ll_str *escaped = ll_builder_finish(&b);
    return escaped ? ll_str_marked(r, escaped, true) : NULL;
}
