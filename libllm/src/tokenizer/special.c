/* SPDX-License-Identifier: MIT
 * Finding added tokens (control and user-defined ones) in a text, all of them together: the list is sorted, and the
 * range of candidates narrows with every byte. A table of first bytes passes over most of the text.
 */
#include "tokenizer/internal.h"

#include "base/checked.h"

#include <inttypes.h>
#include <string.h>

#define VISIBLE_BLANK "\xE2\x96\x81"

static int compare(const ll_special *a, const ll_special *b)
{
    size_t least = a->size < b->size ? a->size : b->size;
    int order = least ? memcmp(a->text, b->text, least) : 0;
    if (order == 0)
        order = a->size < b->size ? -1 : a->size > b->size;
    return order ? order : a->id < b->id ? -1 : a->id > b->id;
}

static void sift(ll_special *list, size_t i, size_t n)
{
    for (size_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && compare(&list[child], &list[child + 1]) < 0)
            child++;
        if (compare(&list[i], &list[child]) >= 0)
            break;
        ll_special swap = list[i];
        list[i] = list[child];
        list[child] = swap;
    }
}

static void heap_sort(ll_special *list, size_t n)
{
    for (size_t i = n / 2; i-- > 0;)
        sift(list, i, n);
    while (n > 1) {
        n--;
        ll_special swap = list[0];
        list[0] = list[n];
        list[n] = swap;
        sift(list, 0, n);
    }
}

static bool is_added(const ll_vocabulary *v, int32_t id)
{
    return ll_is_control(v, id) || v->types[id] == LL_TOKEN_USER_DEFINED;
}

/* Runs of blanks in score-based vocabularies: there blanks become visible ones only behind this stage, and what
 * counts in the raw text is the visible kind. ll_specials_next() knows them from the vocabulary. */
static bool is_blanks(const ll_vocabulary *v, ll_tokenizer_model model, int32_t id)
{
    ll_span bytes = ll_token_bytes(v, id);
    if (model != LL_TOKENIZER_SPM || ll_is_control(v, id) || bytes.size > LL_MAX_BLANKS)
        return false;
    for (size_t i = 0; i < bytes.size; i++)
        if (bytes.data[i] != ' ')
            return false;
    return true;
}

libllm_status ll_specials_open(const ll_host *host, const ll_gguf *gguf, ll_tokenizer_model model,
                               const ll_vocabulary *v, ll_specials *specials, libllm_error *error)
{
    *specials = (ll_specials){0};
    uint32_t n = 0;
    for (uint32_t i = 0; i < v->n; i++)
        n += is_added(v, (int32_t)i);
    ll_special *list = ll_alloc(host, n, sizeof *list);
    if (!list)
        return ll_fail_memory(error, "the list of added tokens");
    ll_gguf_strings strings = {.next = ll_gguf_find(gguf, "tokenizer.ggml.tokens")->data};
    n = 0;
    for (uint32_t i = 0; i < v->n; i++) {
        ll_span text = ll_gguf_next_string(&strings);
        int32_t id = (int32_t)i;
        if (!is_added(v, id) || text.size == 0 || is_blanks(v, model, id))
            continue;
        if (text.size > LL_MAX_SPECIAL) {
            ll_log(host, LIBLLM_LOG_WARNING,
                   "tokenizer.ggml.tokens[%" PRIu32 "]: an added token of %zu bytes is not looked for in texts", i,
                   text.size);
            continue;
        }
        list[n++] = (ll_special){.text = text.data, .size = (uint32_t)text.size, .id = id};
    }
    specials->list = list;
    ll_specials_index(specials, v, n);
    return LIBLLM_OK;
}

void ll_specials_index(ll_specials *specials, const ll_vocabulary *v, uint32_t n)
{
    ll_special *list = specials->list;
    heap_sort(list, n);
    uint32_t n_kept = 0;
    for (uint32_t i = 0; i < n; i++)
        if (n_kept == 0 || !ll_span_equal((ll_span){list[i].text, list[i].size},
                                          (ll_span){list[n_kept - 1].text, list[n_kept - 1].size}))
            list[n_kept++] = list[i];
    specials->n = n_kept;
    for (uint32_t i = n_kept; i-- > 0;) {
        unsigned char first = (unsigned char)list[i].text[0];
        specials->starts[first] = true;
        specials->user_starts[first] = specials->user_starts[first] || !ll_is_control(v, list[i].id);
        specials->range[first + 1]++;
    }
    for (unsigned b = 0; b < 256; b++)
        specials->range[b + 1] += specials->range[b];
    if (v->longest_blanks) {
        unsigned char first = (unsigned char)VISIBLE_BLANK[0];
        specials->starts[first] = specials->user_starts[first] = true;
    }
}

static unsigned byte_at(const ll_special *special, size_t depth) { return (unsigned char)special->text[depth]; }

/* First of list[low...high) whose byte at depth is at least c; all have that byte. Mostly it is near the start. */
static uint32_t first_from(const ll_special *list, uint32_t low, uint32_t high, size_t depth, unsigned c)
{
    for (unsigned near = 0; near < 2 && low < high; near++, low++)
        if (byte_at(&list[low], depth) >= c)
            return low;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (byte_at(&list[middle], depth) < c)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int32_t ll_specials_find(const ll_specials *specials, ll_span text)
{
    if (text.size > LL_MAX_SPECIAL)
        return LL_NO_TOKEN;
    ll_special wanted = {.text = text.data, .size = (uint32_t)text.size, .id = INT32_MIN};
    uint32_t low = 0, high = specials->n;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (compare(&specials->list[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    const ll_special *found = &specials->list[low];
    return low < specials->n && ll_span_equal((ll_span){found->text, found->size}, text) ? found->id : LL_NO_TOKEN;
}

static int32_t longest_blanks(const ll_vocabulary *v, ll_span text, size_t from, size_t *size)
{
    int32_t id = LL_NO_TOKEN;
    for (size_t k = 1; k <= v->longest_blanks && text.size - from >= 3 * k; k++) {
        if (memcmp(text.data + from + 3 * (k - 1), VISIBLE_BLANK, 3) != 0)
            break;
        if (v->blanks[k] >= 0) {
            id = v->blanks[k];
            *size = 3 * k;
        }
    }
    return id;
}

/* A user-defined token that a template writes between messages, such as <tool_call>. */
static bool is_markup(const ll_special *special, ll_span markup)
{
    char first = special->text[0], last = special->text[special->size - 1];
    bool bracketed = special->size > 2 && ((first == '<' && last == '>') || (first == '[' && last == ']'));
    return bracketed && markup.size && memmem(markup.data, markup.size, special->text, special->size) != NULL;
}

/* The longest added token at `from`; control tokens count up to control_end. */
static int32_t longest_at(const ll_specials *s, const ll_vocabulary *v, const ll_scan *scan, size_t from,
                          size_t control_end, size_t *size, const ll_special **special)
{
    ll_span text = scan->text;
    unsigned char first = (unsigned char)text.data[from];
    uint32_t low = s->range[first], high = s->range[first + 1];
    *special = NULL;
    int32_t id = first == 0xE2 ? longest_blanks(v, text, from, size) : LL_NO_TOKEN;
    for (size_t depth = 1; low < high; depth++) {
        if (s->list[low].size == depth) {
            bool allowed = from + depth <= control_end ||
                           (!ll_is_control(v, s->list[low].id) && !is_markup(&s->list[low], scan->markup));
            if (allowed && (id < 0 || depth > *size)) {
                *special = &s->list[low];
                id = s->list[low].id;
                *size = depth;
            }
            low++;
        }
        if (from + depth >= text.size)
            break;
        unsigned c = (unsigned char)text.data[from + depth];
        low = first_from(s->list, low, high, depth, c);
        if (low < high && byte_at(&s->list[high - 1], depth) != c)
            high = first_from(s->list, low, high, depth, c + 1);
    }
    return id;
}

static bool is_word(const char *character)
{
    size_t n;
    return ll_flags_of(ll_valid_character(character, &n)) & LL_WORD;
}

static size_t start_of_last(ll_span text, size_t end)
{
    do {
        end--;
    } while (end > 0 && ((unsigned char)text.data[end] & 0xC0) == 0x80);
    return end;
}

/* A token that has to be a word of its own is not one within a word. */
static bool stands_alone(ll_span text, size_t begin, size_t end)
{
    return (begin == 0 || !is_word(text.data + start_of_last(text, begin))) &&
           (end == text.size || !is_word(text.data + end));
}

/* White space at the sides of a match that belongs to it, but not what an earlier match has taken. */
static void take_white_space(const ll_special *special, ll_span text, size_t from, ll_match *match)
{
    size_t n;
    while (special->left && match->begin > from) {
        size_t start = start_of_last(text, match->begin);
        if (!(ll_flags_of(ll_valid_character(text.data + start, &n)) & LL_WHITE))
            break;
        match->begin = start;
    }
    while (special->right && match->end < text.size &&
           ll_flags_of(ll_valid_character(text.data + match->end, &n)) & LL_WHITE)
        match->end += n;
}

bool ll_specials_next(const ll_specials *s, const ll_vocabulary *v, ll_scan *scan, ll_match *match)
{
    const bool *starts = scan->n_control ? s->starts : s->user_starts;
    size_t size = 0, from = scan->position;
    const ll_special *special;
    for (size_t i = from; i < scan->text.size; i++) {
        if (!starts[(unsigned char)scan->text.data[i]])
            continue;
        while (scan->n_control && scan->control->end <= i) {
            scan->control++;
            scan->n_control--;
        }
        size_t control_end = scan->n_control && scan->control->begin <= i ? scan->control->end : 0;
        int32_t id = longest_at(s, v, scan, i, control_end, &size, &special);
        if (id < 0)
            continue;
        if (special && special->single_word && !stands_alone(scan->text, i, i + size)) {
            i += size - 1;
            continue;
        }
        *match = (ll_match){i, i + size, id};
        if (special && (special->left || special->right))
            take_white_space(special, scan->text, from, match);
        scan->position = match->end;
        return true;
    }
    return false;
}
