/* SPDX-License-Identifier: MIT
 * Taking strings apart and putting them together again.
 */
#include "base/utf8.h"
#include "chat/text.h"

static bool add_part(ll_render *r, ll_list *list, const ll_str *s, size_t from, size_t to)
{
    const ll_str *part = ll_str_part(r, s, from, to - from);
    return part && ll_list_append(r, list, ll_string(part));
}

static size_t next_blank(const ll_str *s, size_t at)
{
    while (at < s->size) {
        int32_t c;
        size_t n = ll_utf8_decode(s->data + at, s->size - at, &c);
        if (ll_is_blank(c))
            break;
        at += n;
    }
    return at;
}

static bool split_at_blanks(ll_render *r, ll_list *list, const ll_str *s, int64_t maximum)
{
    for (size_t at = 0;; maximum--) {
        at += ll_blank_after(s->data + at, s->size - at);
        if (at == s->size)
            return true;
        size_t end = maximum == 0 ? s->size : next_blank(s, at);
        if (!add_part(r, list, s, at, end))
            return false;
        at = end;
    }
}

ll_list *ll_str_split(ll_render *r, const ll_str *s, const ll_str *separator, int64_t maximum)
{
    ll_list *list = ll_list_new(r, LL_L_LIST, 0);
    maximum = maximum < 0 ? -1 : maximum; /* it is counted down */
    if (!list)
        return NULL;
    if (!separator)
        return ll_work_on_characters(r, s->size) && split_at_blanks(r, list, s, maximum) ? list : NULL;
    if (separator->size == 0) {
        ll_render_fail(r, "empty separator");
        return NULL;
    }
    if (!ll_work_on_search(r, s, separator))
        return NULL;
    size_t at = 0;
    for (; maximum != 0; maximum--) {
        size_t found = ll_str_find(s, separator, at, s->size);
        if (found == SIZE_MAX)
            break;
        if (!add_part(r, list, s, at, found))
            return NULL;
        at = found + separator->size;
    }
    return add_part(r, list, s, at, s->size) ? list : NULL;
}

/* Where the run without blanks that ends at `end` begins. */
static size_t word_start(const ll_str *s, size_t end)
{
    size_t at = end;
    while (at > 0) {
        size_t before = at - 1;
        while (before > 0 && ((unsigned char)s->data[before] & 0xC0) == 0x80)
            before--;
        int32_t c;
        ll_utf8_decode(s->data + before, s->size - before, &c);
        if (ll_is_blank(c))
            break;
        at = before;
    }
    return at;
}

static void reverse(ll_list *list)
{
    for (size_t i = 0; i < list->n / 2; i++) {
        ll_value swap = list->items[i];
        list->items[i] = list->items[list->n - 1 - i];
        list->items[list->n - 1 - i] = swap;
    }
}

ll_list *ll_str_split_last(ll_render *r, const ll_str *s, const ll_str *separator, int64_t maximum)
{
    if (maximum < 0)
        return ll_str_split(r, s, separator, -1);
    ll_list *list = ll_list_new(r, LL_L_LIST, 0);
    if (!list || (!separator && !ll_work_on_characters(r, s->size)))
        return NULL;
    if (separator && separator->size == 0) {
        ll_render_fail(r, "empty separator");
        return NULL;
    }
    size_t end = s->size;
    for (;; maximum--) {
        end -= separator ? 0 : ll_blank_before(s->data, end);
        if (!separator && end == 0)
            break;
        size_t start = 0, found = SIZE_MAX;
        if (maximum > 0 && separator && !ll_str_find_last(r, s, separator, 0, end, &found))
            return NULL;
        if (maximum > 0)
            start = !separator ? word_start(s, end) : found == SIZE_MAX ? 0 : found + separator->size;
        if (!add_part(r, list, s, start, end))
            return NULL;
        if (separator && found == SIZE_MAX)
            break;
        end = separator ? found : start;
    }
    reverse(list);
    return list;
}

static bool ends_line(int32_t c)
{
    return (c >= 10 && c <= 13) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

ll_list *ll_str_lines(ll_render *r, const ll_str *s, bool keep_ends)
{
    ll_list *list = ll_list_new(r, LL_L_LIST, 0);
    if (!list || !ll_work_on_characters(r, s->size))
        return NULL;
    size_t start = 0;
    for (size_t at = 0, n; at < s->size;) {
        int32_t c;
        n = ll_utf8_decode(s->data + at, s->size - at, &c);
        if (!ends_line(c)) {
            at += n;
            continue;
        }
        n += c == '\r' && at + 1 < s->size && s->data[at + 1] == '\n';
        if (!add_part(r, list, s, start, keep_ends ? at + n : at))
            return NULL;
        start = at += n;
    }
    return start == s->size || add_part(r, list, s, start, s->size) ? list : NULL;
}

/* `fresh` goes before every character, and behind the last. */
static const ll_str *replace_nothing(ll_render *r, const ll_str *s, const ll_str *fresh, int64_t maximum)
{
    ll_builder b;
    ll_builder_init(&b, r, s->size);
    for (size_t at = 0, n;; at += n, maximum--) {
        int32_t c;
        if (maximum == 0) {
            ll_builder_part(&b, s, at, s->size - at);
            break;
        }
        ll_builder_str(&b, fresh);
        if (at == s->size)
            break;
        n = ll_utf8_decode(s->data + at, s->size - at, &c);
        ll_builder_part(&b, s, at, n);
    }
    return ll_builder_finish(&b);
}

const ll_str *ll_str_replace(ll_render *r, const ll_str *s, const ll_str *old, const ll_str *fresh, int64_t maximum)
{
    maximum = maximum < 0 ? -1 : maximum; /* it is counted down */
    if (!ll_work_on_text(r, s->size) || !ll_work_on_search(r, s, old))
        return NULL;
    if (old->size == 0 && !ll_work_on_characters(r, s->size))
        return NULL;
    if (old->size == 0)
        return replace_nothing(r, s, fresh, maximum);
    if (maximum == 0 || ll_str_find(s, old, 0, s->size) == SIZE_MAX)
        return s;
    ll_builder b;
    ll_builder_init(&b, r, s->size);
    size_t at = 0;
    for (; maximum != 0 && !b.failed; maximum--) {
        size_t found = ll_str_find(s, old, at, s->size);
        if (found == SIZE_MAX)
            break;
        ll_builder_part(&b, s, at, found - at);
        ll_builder_str(&b, fresh);
        at = found + old->size;
    }
    ll_builder_part(&b, s, at, s->size - at);
    return ll_builder_finish(&b);
}

const ll_str *ll_str_join(ll_render *r, const ll_str *separator, ll_items items, bool convert)
{
    ll_builder b;
    ll_builder_init(&b, r, 0);
    for (size_t i = 0; i < items.n; i++) {
        if (!convert && items.items[i].kind != LL_V_STR) {
            ll_render_fail(r, "sequence item %zu: expected str instance, %s found", i, ll_type_name(items.items[i]));
            return NULL;
        }
        if (i > 0)
            ll_builder_str(&b, separator);
        ll_builder_str(&b, ll_to_str(r, items.items[i]));
        if (b.failed || !ll_work(r, 1))
            return NULL;
    }
    const ll_str *joined = ll_builder_finish(&b);
    return joined && ll_work_on_text(r, joined->size) ? joined : NULL;
}

const ll_str *ll_str_pad(ll_render *r, const ll_str *s, const ll_str *fill, size_t left, size_t right)
{
    ll_builder b;
    ll_builder_init(&b, r, s->size + left + right);
    ll_builder_repeat(&b, fill, left);
    ll_builder_str(&b, s);
    ll_builder_repeat(&b, fill, right);
    const ll_str *padded = ll_builder_finish(&b);
    return padded && ll_work_on_text(r, padded->size) ? padded : NULL;
}
