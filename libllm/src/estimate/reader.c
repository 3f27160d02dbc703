/* SPDX-License-Identifier: MIT
 * Members of a scenario.
 */
#include "estimate/reader.h"

#include <math.h>
#include <string.h>

const char *ll_read_path(const ll_reader *r, const char *key)
{
    return *r->path ? ll_sheet_text(r->sheet, "%s.%s", r->path, key) : key;
}

const json_t *ll_read_any(ll_reader *r, const char *key)
{
    if (r->n_asked < LL_READER_KEYS_MAX)
        r->asked[r->n_asked++] = key;
    const json_t *value = json_object_get(r->object, key);
    return json_is_null(value) ? NULL : value;
}

bool ll_read_has(const ll_reader *r, const char *key)
{
    const json_t *value = json_object_get(r->object, key);
    return value && !json_is_null(value);
}

double ll_read_number(ll_reader *r, const char *key, double low, double high, double otherwise)
{
    const json_t *value = ll_read_any(r, key);
    if (!value)
        return otherwise;
    const double x = json_number_value(value);
    if (!json_is_number(value) || !isfinite(x) || x < low || x > high) {
        ll_sheet_fail(r->sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "%s: expected a number from %.15g to %.15g",
                      ll_read_path(r, key), low, high);
        return otherwise;
    }
    return x;
}

double ll_read_whole(ll_reader *r, const char *key, double most, double otherwise)
{
    const double x = ll_read_number(r, key, 1, most, otherwise);
    if (x != floor(x))
        ll_sheet_fail(r->sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "%s: expected a whole number", ll_read_path(r, key));
    return x;
}

bool ll_read_flag(ll_reader *r, const char *key, bool otherwise)
{
    const json_t *value = ll_read_any(r, key);
    if (value && !json_is_boolean(value))
        ll_sheet_fail(r->sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "%s: expected true or false", ll_read_path(r, key));
    return value ? json_is_true(value) : otherwise;
}

const char *ll_read_text(ll_reader *r, const char *key, const char *otherwise)
{
    const json_t *value = ll_read_any(r, key);
    if (value && (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value))) {
        ll_sheet_fail(r->sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "%s: expected a text", ll_read_path(r, key));
        return otherwise;
    }
    return value ? json_string_value(value) : otherwise;
}

int ll_read_choice(ll_reader *r, const char *key, const char *words, int otherwise)
{
    const char *given = ll_read_text(r, key, NULL);
    if (!given)
        return otherwise;
    int index = 0;
    for (const char *word = words; word; index++) {
        const char *end = strchr(word, '|');
        const size_t n = end ? (size_t)(end - word) : strlen(word);
        if (strlen(given) == n && memcmp(given, word, n) == 0)
            return index;
        word = end ? end + 1 : NULL;
    }
    ll_sheet_fail(r->sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "%s: \"%s\" is none of %s", ll_read_path(r, key), given,
                  words);
    return otherwise;
}

ll_reader ll_read_object(ll_reader *r, const char *key)
{
    const json_t *value = ll_read_any(r, key);
    if (value && !json_is_object(value)) {
        ll_sheet_fail(r->sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "%s: expected an object", ll_read_path(r, key));
        value = NULL;
    }
    return (ll_reader){.sheet = r->sheet, .object = value, .path = ll_read_path(r, key)};
}

/* How many letters must be changed, put in or taken out, up to `most`; words are short. */
static size_t distance(const char *a, const char *b, size_t most)
{
    enum { LONGEST = 48 };
    const size_t n = strlen(a), m = strlen(b);
    size_t row[LONGEST + 1];
    if (n > LONGEST || m > LONGEST)
        return most;
    for (size_t j = 0; j <= m; j++)
        row[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            const size_t above = row[j], replaced = diagonal + (a[i - 1] != b[j - 1]);
            const size_t moved = 1 + (row[j - 1] < above ? row[j - 1] : above);
            row[j] = replaced < moved ? replaced : moved;
            diagonal = above;
        }
    }
    return row[m] < most ? row[m] : most;
}

static bool was_asked(const ll_reader *r, const char *key)
{
    for (size_t i = 0; i < r->n_asked; i++)
        if (strcmp(key, r->asked[i]) == 0)
            return true;
    return false;
}

void ll_read_end(ll_reader *r)
{
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)r->object, key, value) {
        if (was_asked(r, key))
            continue;
        const char *nearest = NULL;
        size_t least = 4;
        for (size_t i = 0; i < r->n_asked; i++) {
            const size_t d = distance(key, r->asked[i], least);
            if (d < least) {
                least = d;
                nearest = r->asked[i];
            }
        }
        ll_sheet_fail(r->sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "%s: there is no such member%s%s%s",
                      ll_read_path(r, key), nearest ? "; is \"" : "", nearest ? nearest : "",
                      nearest ? "\" meant?" : "");
        return;
    }
}

bool ll_read_given(ll_reader *r, const char *key, double low, double high, const char *path, const char *unit)
{
    if (!ll_read_has(r, key)) {
        ll_read_any(r, key);
        return false;
    }
    ll_sheet_give(r->sheet, path, unit, ll_read_number(r, key, low, high, low), "given");
    return true;
}
