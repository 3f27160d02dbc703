/* SPDX-License-Identifier: MIT
 * Names as words, and what a query may mean.
 */
#include "estimate/names.h"

#include <string.h>

static const char *word(const ll_words *w, size_t i) { return w->text + w->at[i]; }

static bool is_of_word(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || (c & 0x80); }

static char small(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }

void ll_add_words(ll_words *w, ll_span s)
{
    bool inside = false;
    for (size_t i = 0; i < s.size && w->used + 2 < sizeof w->text; i++) {
        const char c = small(s.data[i]);
        if (is_of_word(c) && !inside) {
            if (w->n == LL_WORDS_MAX)
                return;
            w->at[w->n++] = (uint8_t)w->used;
        }
        if (is_of_word(c))
            w->text[w->used++] = c;
        else if (inside)
            w->text[w->used++] = 0;
        inside = is_of_word(c);
    }
    if (inside)
        w->text[w->used++] = 0;
}

/* Chinese names, and their words in the tables. */
static const char *const chinese[][2] = {
    {"英伟达", "nvidia"},     {"华为", "huawei"},   {"昇腾", "ascend"},   {"寒武纪", "cambricon"},  {"海光", "hygon"},
    {"昆仑芯", "kunlunxin"},  {"摩尔线程", "mtt"},  {"燧原", "enflame"},  {"壁仞", "biren"},        {"沐曦", "metax"},
    {"天数智芯", "iluvatar"}, {"鲲鹏", "kunpeng"},  {"龙芯", "loongson"}, {"苹果", "apple"},        {"谷歌", "google"},
    {"英特尔", "intel"},      {"通义千问", "qwen"}, {"千问", "qwen"},     {"文心", "ernie"},        {"混元", "hunyuan"},
    {"智谱", "glm"},          {"百川", "baichuan"}, {"书生", "internlm"}, {"深度求索", "deepseek"},
};

void ll_ask(ll_words *w, const char *query, bool is_loose)
{
    static const char *const silent[] = {"instruct", "chat", "it", "base", "hf"};
    const char *slash = is_loose ? strrchr(query, '/') : NULL;
    w->n = w->used = 0;
    for (const char *at = slash ? slash + 1 : query; *at;) {
        size_t i = 0, n = 0;
        for (; i < sizeof chinese / sizeof *chinese; i++) {
            n = strlen(chinese[i][0]);
            if (strncmp(at, chinese[i][0], n) == 0)
                break;
        }
        if (i < sizeof chinese / sizeof *chinese) {
            ll_add_words(w, ll_span_of(chinese[i][1]));
            at += n;
        } else { /* up to the next such name, or the end */
            for (n = 1; at[n] && !((at[n] & 0x80) && !(at[n - 1] & 0x80)); n++)
                continue;
            ll_add_words(w, (ll_span){at, n});
            at += n;
        }
    }
    w->is_loose = is_loose;
    for (size_t i = 0; is_loose && i < w->n; i++)
        for (size_t j = 0; j < sizeof silent / sizeof *silent; j++)
            if (i > 0 && strcmp(word(w, i), silent[j]) == 0)
                w->text[w->at[i]] = 0;
}

/* The letters of all words, one after the other. */
static void join(const ll_words *w, char out[LL_WORDS_BYTES])
{
    for (size_t i = 0; i < w->n; i++)
        out = stpcpy(out, word(w, i));
    *out = 0;
}

bool ll_same_words(const ll_words *a, const ll_words *b)
{
    if (b->is_loose) {
        char one[LL_WORDS_BYTES] = "", other[LL_WORDS_BYTES] = "";
        join(a, one);
        join(b, other);
        return *one && strcmp(one, other) == 0;
    }
    bool same = a->n == b->n && a->n > 0;
    for (size_t i = 0; same && i < a->n; i++)
        same = strcmp(word(a, i), word(b, i)) == 0;
    return same;
}

bool ll_is_named(ll_span name, const ll_words *query)
{
    ll_words w = {.n = 0};
    ll_add_words(&w, name);
    return ll_same_words(&w, query);
}

bool ll_may_name(ll_span text, const ll_words *query)
{
    const char *first = query->n ? word(query, 0) : "", *const end = text.data + text.size;
    const size_t n = strlen(first);
    if (query->is_loose)
        return true;
    if (n == 0 || n > text.size)
        return false;
    /* Where its first letter is next, small and large. */
    const bool has_two = *first >= 'a' && *first <= 'z';
    const char letters[2] = {*first, (char)(*first - 32)};
    const char *next[2] = {NULL, NULL};
    for (int i = 0; i <= has_two; i++)
        next[i] = memchr(text.data, letters[i], text.size);
    while (next[0] || next[1]) {
        const int i = !next[0] || (next[1] && next[1] < next[0]);
        const char *at = next[i];
        size_t j = 1;
        while (j < n && at + j < end && small(at[j]) == first[j])
            j++;
        if (j == n)
            return true;
        next[i] = memchr(at + 1, letters[i], (size_t)(end - at - 1));
    }
    return false;
}

static bool begins(const char *whole, const char *part)
{
    const size_t n = strlen(part);
    const bool ends_in_digit = part[n - 1] >= '0' && part[n - 1] <= '9';
    return strncmp(whole, part, n) == 0 && (!ends_in_digit || whole[n] == 0);
}

bool ll_has_words(const ll_words *whole, const ll_words *part)
{
    for (size_t i = 0; i < part->n; i++) {
        bool found = false;
        for (size_t j = 0; !found && j < whole->n; j++)
            found = begins(word(whole, j), word(part, i));
        if (!found)
            return false;
    }
    return part->n > 0 && !part->is_loose;
}

bool ll_add_candidate(ll_candidates *all, ll_sheet *sheet, ll_fit fit, ll_span name)
{
    if (fit == LL_FIT_NONE || fit < all->fit)
        return false;
    if (fit > all->fit)
        all->n = 0;
    all->fit = fit;
    if (all->n++ >= LL_CANDIDATES_MAX)
        return false;
    all->names[all->n - 1] = ll_sheet_text(sheet, "%.*s", (int)name.size, name.data);
    return true;
}

bool ll_check_candidates(const ll_candidates *all, ll_sheet *sheet, const char *where, const char *query,
                         const char *hint)
{
    if (all->n == 0)
        ll_sheet_fail(sheet, LIBLLM_ERROR_NOT_FOUND, "%s: there is no \"%s\"; %s", where, query, hint);
    const char *list = "";
    for (size_t i = 0; all->n > 1 && i < all->n && i < LL_CANDIDATES_MAX; i++)
        list = ll_sheet_text(sheet, "%s%s%s", list, i ? ", " : "", all->names[i]);
    if (all->n > 1)
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "%s: \"%s\" may be %s%s", where, query, list,
                      all->n > LL_CANDIDATES_MAX ? ", ..." : "");
    return !sheet->status;
}
