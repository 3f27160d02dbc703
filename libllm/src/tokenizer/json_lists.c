/* SPDX-License-Identifier: MIT
 * The long lists of a tokenizer.json, vocabulary and merges: hundreds of thousands of strings, read in one pass without
 * a tree. They are cut out of the text first; what remains is small and goes through the JSON library, which checks it.
 */
#include "tokenizer/json.h"

#include "base/checked.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <string.h>

/* Cutting out ------------------------------------------------------------------------------------------- */

static bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && is_blank(*p))
        p++;
    return p;
}

/* Behind the string that starts at p, or NULL. */
static const char *skip_string(const char *p, const char *end)
{
    if (p == end || *p != '"')
        return NULL;
    for (p++; p < end; p++) {
        if (*p == '"')
            return p + 1;
        p += *p == '\\';
    }
    return NULL;
}

/* Bytes that skip_value() does not just pass over. */
static const bool is_mark[256] = {['"'] = true, ['{'] = true, ['['] = true, ['}'] = true, [']'] = true};

/* Behind the value that starts at p, or NULL. Only strings and brackets are looked at. */
static const char *skip_value(const char *p, const char *end)
{
    size_t depth = 0;
    while (p < end) {
        if (*p == '"') {
            p = skip_string(p, end);
            if (!p)
                return NULL;
        } else if (*p == '{' || *p == '[') {
            depth++;
            p++;
        } else if (*p == '}' || *p == ']') {
            if (depth == 0)
                return p;
            depth--;
            p++;
        } else if (depth == 0 && (*p == ',' || is_blank(*p))) {
            return p;
        } else {
            p++;
        }
        if (depth == 0 && (p[-1] == '"' || p[-1] == '}' || p[-1] == ']'))
            return p;
        while (depth > 0 && p < end && !is_mark[(unsigned char)*p])
            p++;
    }
    return depth == 0 ? p : NULL;
}

/* A walk over the members of an object. It ends early where the text is broken, which the JSON library will say. */
typedef struct members {
    const char *p, *end; /* at the brace or the comma in front of the next member */
    ll_span key;         /* between the quotes */
    const char *value;
} members;

static members open_members(const char *p, const char *end)
{
    p = skip_blanks(p, end);
    return (members){.p = p < end && *p == '{' ? p : NULL, .end = end};
}

/* The next key and where its value starts. */
static bool next_member(members *m)
{
    if (!m->p)
        return false;
    const char *key = skip_blanks(m->p + 1, m->end), *behind = skip_string(key, m->end);
    m->p = behind ? skip_blanks(behind, m->end) : NULL;
    if (!m->p || m->p == m->end || *m->p != ':')
        return false;
    m->key = (ll_span){key + 1, (size_t)(behind - key) - 2};
    m->value = skip_blanks(m->p + 1, m->end);
    return true;
}

/* Go past the value, which is given back; data is NULL where it does not end. */
static ll_span pass_value(members *m)
{
    const char *behind = skip_value(m->value, m->end);
    m->p = behind ? skip_blanks(behind, m->end) : NULL;
    if (!m->p || m->p == m->end || *m->p != ',')
        m->p = NULL;
    return (ll_span){behind ? m->value : NULL, behind ? (size_t)(behind - m->value) : 0};
}

/* Of a list that is there twice the first counts, and the JSON library will refuse it. */
static void find_lists(const char *model, const char *end, ll_json_lists *lists)
{
    for (members m = open_members(model, end); next_member(&m) && !(lists->vocab.data && lists->merges.data);) {
        ll_span *list = ll_span_is(m.key, "vocab")    ? &lists->vocab
                        : ll_span_is(m.key, "merges") ? &lists->merges
                                                      : NULL;
        const ll_span value = pass_value(&m);
        if (list && !list->data)
            *list = value;
    }
}

void ll_json_cut_out(ll_span text, ll_json_lists *lists, ll_buffer *rest)
{
    const char *end = text.data + text.size;
    *lists = (ll_json_lists){{NULL, 0}, {NULL, 0}};
    for (members m = open_members(text.data, end); next_member(&m); pass_value(&m))
        if (ll_span_is(m.key, "model")) {
            find_lists(m.value, end, lists);
            break;
        }
    ll_span first = lists->vocab, second = lists->merges;
    if (!first.data || (second.data && second.data < first.data)) {
        first = lists->merges;
        second = lists->vocab;
    }
    const char *at = text.data;
    for (unsigned i = 0; i < 2; i++) {
        ll_span list = i == 0 ? first : second;
        if (!list.data)
            continue;
        ll_buffer_append(rest, at, (size_t)(list.data - at));
        ll_buffer_text(rest, "null");
        at = list.data + list.size;
    }
    ll_buffer_append(rest, at, (size_t)(text.data + text.size - at));
}

/* Strings ----------------------------------------------------------------------------------------------- */

typedef struct reader {
    const char *place; /* for messages */
    const char *start, *p, *end;
    char *memory; /* for strings with escapes; NULL: there are none */
    libllm_error *error;
} reader;

static libllm_status fail_at(const reader *r, const char *what)
{
    return ll_fail(r->error, LIBLLM_ERROR_JSON, "tokenizer.json: %s: %s, %zu bytes into the list", r->place, what,
                   (size_t)(r->p - r->start));
}

static bool expect(reader *r, char c)
{
    r->p = skip_blanks(r->p, r->end);
    if (r->p == r->end || *r->p != c)
        return false;
    r->p++;
    return true;
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static bool read_unit(reader *r, uint32_t *unit)
{
    *unit = 0;
    for (unsigned i = 0; i < 4; i++) {
        int digit = r->p < r->end ? hex_value(*r->p++) : -1;
        if (digit < 0)
            return false;
        *unit = *unit << 4 | (uint32_t)digit;
    }
    return true;
}

/* What is behind a backslash. */
static bool read_escape(reader *r)
{
    static const char letters[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    char c = r->p < r->end ? *r->p++ : 0;
    const char *letter = c ? strchr(letters, c) : NULL;
    if (letter) {
        *r->memory++ = values[letter - letters];
        return true;
    }
    uint32_t unit, low;
    if (c != 'u' || !read_unit(r, &unit) || (unit >= 0xDC00 && unit < 0xE000))
        return false;
    if (unit >= 0xD800 && unit < 0xDC00) {
        if (r->end - r->p < 6 || r->p[0] != '\\' || r->p[1] != 'u')
            return false;
        r->p += 2;
        if (!read_unit(r, &low) || low < 0xDC00 || low >= 0xE000)
            return false;
        unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    }
    r->memory += ll_utf8_encode(unit, r->memory);
    return true;
}

static bool read_string(reader *r, ll_span *out)
{
    if (!expect(r, '"'))
        return false;
    const char *start = r->p;
    while (r->p < r->end && *r->p != '"' && *r->p != '\\' && (unsigned char)*r->p >= 0x20)
        r->p++;
    if (r->p < r->end && *r->p == '"') {
        *out = (ll_span){start, (size_t)(r->p++ - start)};
        return true;
    }
    char *copy = r->memory;
    if (!copy)
        return false;
    memcpy(r->memory, start, (size_t)(r->p - start));
    r->memory += r->p - start;
    while (r->p < r->end && (unsigned char)*r->p >= 0x20) {
        char c = *r->p++;
        if (c == '"') {
            *out = (ll_span){copy, (size_t)(r->memory - copy)};
            return true;
        }
        if (c != '\\')
            *r->memory++ = c;
        else if (!read_escape(r))
            return false;
    }
    return false;
}

static libllm_status open_reader(const ll_host *host, const char *place, ll_span list, reader *r, void **memory,
                                 libllm_error *error)
{
    *r = (reader){place, list.data, list.data, list.data + list.size, NULL, error};
    *memory = NULL;
    if (!ll_utf8_valid(list.data, list.size))
        return fail_at(r, "not UTF-8");
    if (memchr(list.data, '\\', list.size)) {
        *memory = ll_alloc(host, list.size, 1);
        if (!*memory)
            return ll_fail_memory(error, "the strings of a tokenizer.json");
        r->memory = *memory;
    }
    return LIBLLM_OK;
}

static bool read_id(reader *r, uint32_t *id)
{
    r->p = skip_blanks(r->p, r->end);
    const char *start = r->p;
    *id = 0;
    while (r->p < r->end && *r->p >= '0' && *r->p <= '9' && r->p - start < 9)
        *id = *id * 10 + (uint32_t)(*r->p++ - '0');
    bool ends = r->p < r->end && (*r->p == ',' || *r->p == '}' || is_blank(*r->p));
    return ends && r->p > start && (*start != '0' || r->p == start + 1);
}

/* Lists ------------------------------------------------------------------------------------------------- */

static bool grow(const ll_host *host, ll_json_tokens *tokens, uint32_t n)
{
    if (n <= tokens->capacity)
        return true;
    uint32_t capacity = tokens->capacity < 1024 ? 1024 : tokens->capacity;
    while (capacity < n)
        capacity *= 2; /* ids have at most nine digits */
    ll_span *texts = ll_realloc(host, tokens->texts, tokens->n, capacity, sizeof *texts);
    if (!texts)
        return false;
    memset(texts + tokens->n, 0, (capacity - tokens->n) * sizeof *texts);
    tokens->texts = texts;
    tokens->capacity = capacity;
    return true;
}

libllm_status ll_json_put_token(const ll_host *host, ll_json_tokens *tokens, uint32_t id, ll_span text,
                                libllm_error *error)
{
    if (id / 4 > tokens->n_entries + 65536) /* holes cost memory */
        return ll_fail(error, LIBLLM_ERROR_LIMIT, "tokenizer.json: the id %" PRIu32 " is far beyond the others", id);
    if (id >= tokens->n) {
        if (!grow(host, tokens, id + 1))
            return ll_fail_memory(error, "the tokens of a tokenizer.json");
        tokens->n = id + 1;
    }
    if (tokens->texts[id].data)
        return ll_fail(error, LIBLLM_ERROR_JSON, "tokenizer.json: two tokens have the id %" PRIu32, id);
    tokens->texts[id] = text;
    return LIBLLM_OK;
}

/* How many strings the list holds, at most: every one takes two quotes. */
static size_t count_strings(ll_span list)
{
    size_t n = 0;
    for (const char *p = list.data, *end = p + list.size; (p = memchr(p, '"', (size_t)(end - p))) != NULL; p++)
        n++;
    return n / 2;
}

libllm_status ll_json_read_vocab(const ll_host *host, ll_span list, ll_json_tokens *tokens, libllm_error *error)
{
    reader r;
    libllm_status status = open_reader(host, "model.vocab", list, &r, &tokens->memory, error);
    if (status != LIBLLM_OK)
        return status;
    tokens->n_entries = count_strings(list);
    bool more = expect(&r, '{') && !expect(&r, '}');
    while (more) {
        ll_span text;
        uint32_t id;
        if (!read_string(&r, &text))
            return fail_at(&r, "expected a string");
        if (!expect(&r, ':') || !read_id(&r, &id))
            return fail_at(&r, "expected an id from 0 to 999999999");
        status = ll_json_put_token(host, tokens, id, text, error);
        if (status != LIBLLM_OK)
            return status;
        more = expect(&r, ',');
        if (!more && !expect(&r, '}'))
            return fail_at(&r, "expected a comma or the end");
    }
    if (tokens->n == 0 || skip_blanks(r.p, r.end) != r.end)
        return fail_at(&r, tokens->n ? "text behind the end" : "expected an object with at least one token");
    return LIBLLM_OK;
}

/* Append the digits at r->p to a number as long as it fits; returns how many there were, *n_kept how many fitted. */
static size_t read_digits(reader *r, uint64_t *number, size_t *n_kept)
{
    const char *start = r->p;
    bool fits = true;
    *n_kept = 0;
    for (; r->p < r->end && *r->p >= '0' && *r->p <= '9'; r->p++) {
        unsigned digit = (unsigned)(*r->p - '0');
        fits = fits && *number <= (UINT64_MAX - digit) / 10;
        if (fits) {
            *number = *number * 10 + digit;
            ++*n_kept;
        }
    }
    return (size_t)(r->p - start);
}

/* A score, rounded as Hugging Face `tokenizers` does it: digits as a whole number, then one division. The last bit can
 * decide between two ways to cut a word. */
static bool read_score(reader *r, double *value)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const long n_powers = sizeof powers / sizeof *powers;
    bool negative = expect(r, '-');
    const char *start = r->p = negative ? r->p : skip_blanks(r->p, r->end);
    uint64_t digits = 0, power = 0;
    size_t n_kept;
    size_t n = read_digits(r, &digits, &n_kept);
    if (n == 0 || (*start == '0' && n > 1))
        return false;
    long exponent = (long)(n - n_kept);
    if (r->p < r->end && *r->p == '.') {
        r->p++;
        if (read_digits(r, &digits, &n_kept) == 0)
            return false;
        exponent -= (long)n_kept;
    }
    if (r->p < r->end && (*r->p == 'e' || *r->p == 'E')) {
        r->p++;
        bool down = r->p < r->end && *r->p == '-';
        r->p += down || (r->p < r->end && *r->p == '+');
        if (read_digits(r, &power, &n_kept) == 0 || power > 1000)
            return false;
        exponent += down ? -(long)power : (long)power;
    }
    double number = (double)digits;
    for (; exponent < 0 && number != 0; exponent += n_powers - 1) {
        number /= powers[-exponent < n_powers ? -exponent : n_powers - 1];
        if (-exponent < n_powers)
            break;
    }
    for (; exponent > 0 && number < 1e300; exponent -= n_powers - 1)
        number *= powers[exponent < n_powers ? exponent : n_powers - 1];
    *value = negative ? -number : number;
    return number < 1e300;
}

libllm_status ll_json_read_pieces(const ll_host *host, ll_span list, ll_json_tokens *tokens, libllm_error *error)
{
    reader r;
    libllm_status status = open_reader(host, "model.vocab", list, &r, &tokens->memory, error);
    if (status != LIBLLM_OK)
        return status;
    size_t n = count_strings(list);
    tokens->n_entries = n;
    tokens->scores = ll_calloc(host, n + 1, sizeof *tokens->scores);
    if (!tokens->scores)
        return ll_fail_memory(error, "the scores of a tokenizer.json");
    bool more = expect(&r, '[') && !expect(&r, ']');
    for (uint32_t id = 0; more; id++) {
        ll_span text;
        double score;
        if (!expect(&r, '[') || !read_string(&r, &text) || !expect(&r, ',') || !read_score(&r, &score) ||
            !expect(&r, ']'))
            return fail_at(&r, "expected [text, score]");
        status = ll_json_put_token(host, tokens, id, text, error);
        if (status != LIBLLM_OK)
            return status;
        tokens->scores[id] = score;
        more = expect(&r, ',');
        if (!more && !expect(&r, ']'))
            return fail_at(&r, "expected a comma or the end");
    }
    if (tokens->n == 0 || skip_blanks(r.p, r.end) != r.end)
        return fail_at(&r, tokens->n ? "text behind the end" : "expected an array with at least one token");
    return LIBLLM_OK;
}

/* One merge: "left right" or [left, right]. */
static libllm_status read_merge(reader *r, ll_span halves[2])
{
    if (expect(r, '[')) {
        if (read_string(r, &halves[0]) && expect(r, ',') && read_string(r, &halves[1]) && expect(r, ']'))
            return LIBLLM_OK;
        return fail_at(r, "expected two strings");
    }
    ll_span text;
    if (!read_string(r, &text))
        return fail_at(r, "expected a string or an array of two");
    const char *blank = text.size ? memchr(text.data, ' ', text.size) : NULL;
    if (!blank)
        return fail_at(r, "expected two tokens with a blank between them");
    size_t n_left = (size_t)(blank - text.data);
    halves[0] = (ll_span){text.data, n_left};
    halves[1] = (ll_span){blank + 1, text.size - n_left - 1};
    return LIBLLM_OK;
}

libllm_status ll_json_read_merges(const ll_host *host, ll_span list, ll_json_merges *merges, libllm_error *error)
{
    reader r;
    libllm_status status = open_reader(host, "model.merges", list, &r, &merges->memory, error);
    if (status != LIBLLM_OK)
        return status;
    size_t n = count_strings(list), n_halves;
    if (n > INT32_MAX / 4 || !ll_mul_size(n, 2, &n_halves))
        return ll_fail(error, LIBLLM_ERROR_LIMIT, "tokenizer.json: model.merges: too many merges");
    merges->halves = ll_alloc(host, n_halves, sizeof *merges->halves);
    if (!merges->halves)
        return ll_fail_memory(error, "the merges of a tokenizer.json");
    bool more = expect(&r, '[') && !expect(&r, ']');
    while (more) {
        status = read_merge(&r, &merges->halves[2 * (size_t)merges->n]);
        if (status != LIBLLM_OK)
            return status;
        merges->n++;
        more = expect(&r, ',');
        if (!more && !expect(&r, ']'))
            return fail_at(&r, "expected a comma or the end");
    }
    return skip_blanks(r.p, r.end) == r.end ? LIBLLM_OK : fail_at(&r, "text behind the end");
}
