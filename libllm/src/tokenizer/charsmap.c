/* SPDX-License-Identifier: MIT
 * SentencePiece's precompiled_charsmap: rules "these bytes become those", in a double array (Darts-clone). Applied as
 * Hugging Face `tokenizers` does: short grapheme clusters as a whole, everything else character by character.
 */
#include "tokenizer/internal.h"

#include "base/utf8.h"

#include <string.h>
#include <utf8proc.h>

#define MAX_CLUSTER 6 /* bytes; from here on clusters are not looked up */

libllm_status ll_charsmap_open(const ll_host *host, ll_span bytes, const char *place, ll_charsmap *map,
                               libllm_error *error)
{
    *map = (ll_charsmap){0};
    uint32_t size = 0;
    if (bytes.size >= 4)
        memcpy(&size, bytes.data, 4);
    if (bytes.size < 4 || size > bytes.size - 4 || size < 4 || size % 4 != 0)
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "%s: the table does not fit into its %zu bytes", place,
                       bytes.size);
    size_t n_strings = bytes.size - 4 - size;
    if (n_strings == 0 || bytes.data[bytes.size - 1] != 0 || !ll_utf8_valid(bytes.data + 4 + size, n_strings))
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE,
                       "%s: the texts behind the table are not UTF-8 that ends with NUL", place);
    char *copy = ll_alloc(host, bytes.size - 4, 1);
    if (!copy)
        return ll_fail_memory(error, "the rules of normalization");
    memcpy(copy, bytes.data + 4, bytes.size - 4);
    *map = (ll_charsmap){(const uint32_t *)(const void *)copy, size / 4, copy + size, n_strings};
    return LIBLLM_OK;
}

void ll_charsmap_close(const ll_host *host, ll_charsmap *map)
{
    ll_free(host, (void *)(uintptr_t)map->units);
    *map = (ll_charsmap){0};
}

static uint32_t offset_of(uint32_t unit) { return (unit >> 10) << ((unit & 0x200) >> 6); }

/* What the shortest rule that the text begins with makes of it, or NULL. */
static const char *rule_for(const ll_charsmap *map, const char *text, size_t size)
{
    size_t at = offset_of(map->units[0]);
    for (size_t i = 0; i < size && text[i] != 0; i++) {
        at ^= (unsigned char)text[i];
        if (at >= map->n_units || (map->units[at] & 0x800000FF) != (unsigned char)text[i])
            return NULL;
        uint32_t unit = map->units[at];
        at ^= offset_of(unit);
        if (unit & 0x100) {
            size_t value = at < map->n_units ? map->units[at] & 0x7FFFFFFF : SIZE_MAX;
            return value < map->n_strings ? map->strings + value : NULL;
        }
    }
    return NULL;
}

/* Whether c ends a cluster whatever comes: line ends, controls, and format characters such as U+200B. */
static bool is_control(int32_t c)
{
    int class = utf8proc_get_property(c)->boundclass;
    return class == UTF8PROC_BOUNDCLASS_CR || class == UTF8PROC_BOUNDCLASS_LF || class == UTF8PROC_BOUNDCLASS_CONTROL;
}

static size_t cluster_end(ll_span text, size_t i)
{
    size_t n;
    utf8proc_int32_t state = 0;
    int32_t c = ll_valid_character(text.data + i, &n);
    for (i += n; i < text.size; i += n) {
        if (c < 0x300 && c != '\r' && (unsigned char)text.data[i] < 0x80) /* nothing joins these two */
            break;
        int32_t next = ll_valid_character(text.data + i, &n);
        if (utf8proc_grapheme_break_stateful(c, next, &state) && !(ll_flags_of(next) & LL_EXTENDS && !is_control(c)))
            break;
        c = next;
    }
    return i;
}

void ll_charsmap_apply(const ll_charsmap *map, ll_span text, ll_buffer *out)
{
    for (size_t i = 0; i < text.size;) {
        size_t end = cluster_end(text, i), n;
        const char *rule = end - i < MAX_CLUSTER ? rule_for(map, text.data + i, end - i) : NULL;
        if (rule) {
            ll_buffer_text(out, rule);
            i = end;
        }
        for (; i < end; i += n) {
            ll_valid_character(text.data + i, &n);
            rule = rule_for(map, text.data + i, n);
            if (rule)
                ll_buffer_text(out, rule);
            else
                ll_buffer_append(out, text.data + i, n);
        }
    }
}
