/* SPDX-License-Identifier: MIT
 * The tokens of a file: their bytes in one block and their types. Read in one pass over the array in the file, without
 * an allocation per token.
 */
#include "tokenizer/internal.h"

#include "base/checked.h"

#include <inttypes.h>
#include <string.h>

#define VISIBLE_BLANK "\xE2\x96\x81"
#define PADDING 8 /* bytes behind a token that may be read or written while it is decoded */

static uint64_t load_u64(const char *p)
{
    uint64_t x;
    memcpy(&x, p, sizeof x);
    return x;
}

/* Whether some of eight bytes is not 0x21 to 0x7E. */
static bool any_special(uint64_t bytes)
{
    const uint64_t ones = 0x0101010101010101u, tops = ones << 7;
    return ((bytes | (bytes - 0x21 * ones) | (bytes + ones)) & tops) != 0;
}

/* The byte of a character beyond ASCII, or -1. GPT-2 writes printable bytes as the characters of that number, and the
 * 68 others, in order, as U+0100 to U+0143: 00 to 20, 7F to A0, AD. */
static int byte_of(unsigned c)
{
    if (c - 0xA1 > 0x142 - 0xA1 || c == 0xAD)
        return c == 0x143 ? 0xAD : -1;
    return (int)(c < 0x100 ? c : c <= 0x120 ? c - 0x100 : c - 0x121 + 0x7F);
}

size_t ll_spell_byte(unsigned char byte, char out[2])
{
    unsigned c = byte <= 0x20                   ? 0x100u + byte
                 : byte >= 0x7F && byte <= 0xA0 ? 0x121u + byte - 0x7F
                 : byte == 0xAD                 ? 0x143u
                                                : byte;
    out[0] = (char)(c < 0x80 ? c : 0xC0 | c >> 6);
    out[1] = (char)(0x80 | (c & 0x3F));
    return c < 0x80 ? 1 : 2;
}

/* Undo GPT-2's spelling of bytes as characters, one at a time. NULL: not spelled that way; otherwise the end of out. */
static char *spelled_bytes(const unsigned char *p, const unsigned char *end, char *out)
{
    while (p < end) {
        if (*p < 0x80) {
            if (*p < 0x21 || *p > 0x7E)
                return NULL;
            *out++ = (char)*p++;
            continue;
        }
        if (*p < 0xC0 || *p >= 0xE0 || end - p < 2 || (p[1] & 0xC0) != 0x80) /* all of the alphabet is below U+0800 */
            return NULL;
        int byte = byte_of((unsigned)(*p & 0x1F) << 6 | (p[1] & 0x3F));
        if (byte < 0)
            return NULL;
        *out++ = (char)byte;
        p += 2;
    }
    return out;
}

/* The same for most tokens of a vocabulary, ASCII with or without a blank in front, almost without branches: whether
 * they are taken depends on the token. Up to 8 bytes behind the text are read, and behind out written. */
static char *spelled_bytes_padded(const unsigned char *p, const unsigned char *end, char *out)
{
    bool blank = end - p >= 2 && p[0] == 0xC4 && p[1] == 0xA0;
    *out = ' ';
    out += blank;
    p += 2 * (size_t)blank;
    for (uint64_t eight; p < end; p += 8, out += 8) {
        eight = load_u64((const char *)p);
        size_t n = (size_t)(end - p) < 8 ? (size_t)(end - p) : 8;
        uint64_t kept = n == 0 ? 0 : UINT64_MAX >> (64 - 8 * n);
        if (any_special((eight & kept) | (0x4141414141414141u & ~kept)))
            return spelled_bytes(p, end, out);
        memcpy(out, &eight, 8);
        if (n < 8)
            return out + n;
    }
    return out;
}

static size_t show_blanks(ll_span text, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < text.size;) {
        if (text.size - i >= 3 && memcmp(text.data + i, VISIBLE_BLANK, 3) == 0) {
            out[n++] = ' ';
            i += 3;
            continue;
        }
        const char *next = memchr(text.data + i + 1, VISIBLE_BLANK[0], text.size - i - 1);
        size_t run = next ? (size_t)(next - text.data) - i : text.size - i;
        memcpy(out + n, text.data + i, run);
        n += run;
        i += run;
    }
    return n;
}

static int small_hex_digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

/* Undo the escapes of Python's repr(). */
static bool unescape(ll_span text, char *out, size_t *size)
{
    size_t n = 0;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c == '\\') {
            if (++i == text.size)
                return false;
            c = text.data[i];
            if (c == 'x') {
                int high = i + 2 < text.size ? small_hex_digit(text.data[i + 1]) : -1;
                int low = high >= 0 ? small_hex_digit(text.data[i + 2]) : -1;
                if (low < 0)
                    return false;
                c = (char)(high << 4 | low);
                i += 2;
            } else {
                c = c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c;
            }
        }
        out[n++] = c;
    }
    *size = n;
    return true;
}

bool ll_bytes_of_token(ll_span text, ll_spelling spelling, const char *suffix, char *out, size_t *size)
{
    size_t n_suffix = suffix[0] ? strlen(suffix) : 0, n = text.size;
    bool ends = n_suffix > 0 && n > n_suffix && memcmp(text.data + n - n_suffix, suffix, n_suffix) == 0;
    if (ends)
        text.size -= n_suffix;
    *size = text.size;
    if (text.size == 0) {
        *size = 0;
    } else if (spelling == LL_SPELLED_BYTES) {
        const unsigned char *p = (const unsigned char *)text.data;
        const char *end = spelled_bytes(p, p + text.size, out);
        if (!end)
            return false;
        *size = (size_t)(end - out);
    } else if (spelling == LL_SPELLED_ESCAPED) {
        if (!unescape(text, out, size))
            return false;
    } else if (spelling == LL_SPELLED_BLANKS) {
        *size = show_blanks(text, out);
    } else {
        memcpy(out, text.data, text.size);
    }
    if (n_suffix > 0 && *size > 0 && memchr(out, LL_SUFFIX_BYTE, *size))
        return false; /* a byte that no text has */
    if (ends)
        out[(*size)++] = LL_SUFFIX_BYTE;
    return true;
}

/* A piece that goes on with a word is what is behind the prefix; one that starts a word has a blank in front. */
static size_t bytes_of_piece(ll_span text, const char *prefix, char *out)
{
    size_t n_prefix = prefix ? strlen(prefix) : 0, n = 0;
    if (n_prefix > 0 && text.size > n_prefix && memcmp(text.data, prefix, n_prefix) == 0)
        text = (ll_span){text.data + n_prefix, text.size - n_prefix};
    else if (prefix)
        out[n++] = ' ';
    else
        return show_blanks(text, out);
    memcpy(out + n, text.data, text.size);
    return n + text.size;
}

static int hex_digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; }

/* Value of <0xXX>, or -1. */
static int byte_token(ll_span text)
{
    if (text.size != 6 || memcmp(text.data, "<0x", 3) != 0 || text.data[5] != '>')
        return -1;
    int high = hex_digit(text.data[3]), low = hex_digit(text.data[4]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* Tokens whose bytes are in place, on their way into the table: what memory they need there has been asked for. */
#define AHEAD 16

typedef struct queue {
    struct {
        int32_t id;
        uint64_t hash;
    } waiting[AHEAD];
    uint32_t n;       /* that were put in so far */
    uint32_t n_twice; /* tokens with the text of an earlier one */
    bool logs;
} queue;

/* Of normal tokens with the same text the first counts; a user-defined one gives way to a normal one. */
static void enter(ll_vocabulary *v, queue *q, int32_t id, uint64_t hash)
{
    bool is_user = v->types[id] == LL_TOKEN_USER_DEFINED;
    int32_t before = ll_lookup_enter(v, id, hash, false);
    if (before < 0)
        return;
    bool was_user = v->types[before] == LL_TOKEN_USER_DEFINED;
    bool replace = was_user && !is_user;
    if (replace)
        ll_lookup_enter(v, id, hash, true);
    __atomic_store_n(&v->whole[replace ? before : id], LL_WHOLE_NEVER, __ATOMIC_RELAXED);
    if (is_user == was_user && ++q->n_twice == 1 && q->logs)
        ll_log(v->host, LIBLLM_LOG_WARNING,
               "tokens[%" PRId32 "] has the text of an earlier token, which is the one that counts", id);
}

static void put(ll_vocabulary *v, queue *q, int32_t id)
{
    ll_span text = ll_token_bytes(v, id);
    uint64_t hash = ll_lookup_hash(&v->lookup, text.data, text.size);
    ll_lookup_prefetch(&v->lookup, hash);
    uint32_t i = q->n++ % AHEAD;
    if (q->n > AHEAD)
        enter(v, q, q->waiting[i].id, q->waiting[i].hash);
    q->waiting[i].id = id;
    q->waiting[i].hash = hash;
}

static void put_rest(ll_vocabulary *v, queue *q)
{
    for (uint32_t k = q->n > AHEAD ? q->n - AHEAD : 0; k < q->n; k++)
        enter(v, q, q->waiting[k % AHEAD].id, q->waiting[k % AHEAD].hash);
    if (q->n_twice > 1 && q->logs)
        ll_log(v->host, LIBLLM_LOG_WARNING, "%" PRIu32 " tokens have the text of an earlier token", q->n_twice);
}

/* [PADi] at place i: converters fill up vocabularies with these and call them user-defined. They are nobody's text. */
static bool is_filler(ll_span text, int32_t id)
{
    if (text.size < 6 || memcmp(text.data, "[PAD", 4) != 0 || text.data[text.size - 1] != ']' || text.data[4] == '0')
        return false;
    int64_t number = 0;
    for (size_t i = 4; i + 1 < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' || number > INT32_MAX)
            return false;
        number = number * 10 + (text.data[i] - '0');
    }
    return number == id;
}

/* Remember a user-defined token of blanks alone. */
static void enter_blanks(ll_vocabulary *v, int32_t id)
{
    ll_span text = ll_token_bytes(v, id);
    if (text.size < 2 || text.size > LL_MAX_BLANKS || v->blanks[text.size] >= 0)
        return;
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] != ' ')
            return;
    v->blanks[text.size] = id;
    if (text.size > v->longest_blanks)
        v->longest_blanks = (uint32_t)text.size;
}

static bool has_ends(ll_span text, const char *first, const char *last)
{
    size_t n = strlen(first), m = strlen(last);
    return text.size > n + m && memcmp(text.data, first, n) == 0 && memcmp(text.data + text.size - m, last, m) == 0;
}

/* Some files call the tokens that mark turns user-defined. Such a token is looked for in any text, and then what a user
 * types could end a turn: tokens that are spelled like controls are controls. */
static bool is_bracketed(ll_span text)
{
    return has_ends(text, "<|", "|>") || has_ends(text, "<\xEF\xBD\x9C", "\xEF\xBD\x9C>");
}

static bool looks_up_lengths(ll_tokenizer_model model)
{
    return model == LL_TOKENIZER_WORDPIECE || model == LL_TOKENIZER_UNIGRAM || model == LL_TOKENIZER_RWKV;
}

/* The bytes of a token; *mergeable stays set if text can become it. */
static libllm_status read_token(ll_vocabulary *v, ll_tokenizer_model model, const ll_source *source, uint32_t i,
                                ll_span text, char *out, size_t *size, bool *mergeable, libllm_error *error)
{
    ll_token_type type = v->types[i];
    int byte = type == LL_TOKEN_BYTE ? byte_token(text) : -1;
    *size = text.size;
    if (type == LL_TOKEN_BYTE && byte < 0 && model != LL_TOKENIZER_RWKV)
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE,
                       "%s[%" PRIu32 "] is a byte by its type but not <0x00> to <0xFF>", source->place, i);
    if (byte >= 0 && model != LL_TOKENIZER_RWKV) {
        out[0] = (char)byte;
        *size = 1;
        *mergeable = false;
        if (v->fallback[byte] < 0)
            v->fallback[byte] = (int32_t)i;
        return LIBLLM_OK;
    }
    if (*mergeable && source->spelling == LL_SPELLED_WORDPIECE && text.size > 0 &&
        (type != LL_TOKEN_USER_DEFINED || !source->has_fillers)) {
        *size = bytes_of_piece(text, source->prefix, out);
        return LIBLLM_OK;
    }
    bool as_is =
        !*mergeable || (type == LL_TOKEN_USER_DEFINED && source->has_fillers && source->spelling == LL_SPELLED_BYTES);
    if (!*mergeable && !source->has_fillers && source->spelling == LL_SPELLED_BLANKS) {
        *size = show_blanks(text, out);
        return LIBLLM_OK;
    }
    if (!as_is && ll_bytes_of_token(text, source->spelling, source->suffix, out, size))
        return LIBLLM_OK;
    *mergeable = *mergeable && type == LL_TOKEN_USER_DEFINED;
    *size = text.size;
    if (text.size)
        memcpy(out, text.data, text.size);
    return LIBLLM_OK;
}

/* Converters call some tokens what they are not. */
static ll_token_type type_of(const ll_vocabulary *v, const ll_source *source, uint32_t i, ll_span text)
{
    if (v->types[i] != LL_TOKEN_USER_DEFINED)
        return v->types[i];
    if (source->has_fillers && is_filler(text, (int32_t)i))
        return LL_TOKEN_UNUSED;
    return is_bracketed(text) ? LL_TOKEN_CONTROL : LL_TOKEN_USER_DEFINED;
}

/* Most tokens of most vocabularies in a few instructions: the size, or 0 for one that read_token() has to look at. */
static size_t read_plain(const ll_vocabulary *v, const ll_source *source, uint32_t i, ll_span text, char *out)
{
    if (source->spelling != LL_SPELLED_BYTES || source->suffix[0] || v->types[i] != LL_TOKEN_NORMAL ||
        v->whole[i] == LL_WHOLE_NEVER || !source->end || source->end - text.data < (ptrdiff_t)text.size + PADDING)
        return 0;
    const unsigned char *p = (const unsigned char *)text.data;
    const char *end = spelled_bytes_padded(p, p + text.size, out);
    return end ? (size_t)(end - out) : 0;
}

/* A token of a single byte: of two of them the one that enter() lets count. */
static void enter_single(ll_vocabulary *v, ll_tokenizer_model model, unsigned char byte, int32_t id)
{
    int32_t before = v->single[byte];
    if (model != LL_TOKENIZER_BPE && byte >= 0x80)
        return;
    if (before < 0 || (v->types[before] == LL_TOKEN_USER_DEFINED && v->types[id] != LL_TOKEN_USER_DEFINED))
        v->single[byte] = id;
}

libllm_status ll_vocabulary_read(ll_vocabulary *v, ll_tokenizer_model model, ll_source *source, libllm_error *error)
{
    size_t at = 0;
    for (uint32_t i = 0; i < v->n; i++) {
        ll_span text = ll_next_text(&source->tokens);
        int32_t id = (int32_t)i;
        char *out = v->bytes + at;
        ll_token_type type = v->types[i] = (uint8_t)type_of(v, source, i, text);
        bool mergeable = type != LL_TOKEN_CONTROL && type != LL_TOKEN_UNKNOWN && v->whole[i] != LL_WHOLE_NEVER;
        size_t size = read_plain(v, source, i, text, out);
        libllm_status status =
            size > 0 ? LIBLLM_OK : read_token(v, model, source, i, text, out, &size, &mergeable, error);
        if (status != LIBLLM_OK)
            return status;
        at += size;
        v->ends[i + 1] = (uint32_t)at;
        if (!mergeable || size == 0) {
            v->whole[i] = LL_WHOLE_NEVER;
            continue;
        }
        if (size == 1)
            enter_single(v, model, (unsigned char)*out, id);
        if (looks_up_lengths(model))
            ll_lengths_enter(&v->lengths, (ll_span){out, size});
        if (type == LL_TOKEN_USER_DEFINED && model == LL_TOKENIZER_SPM)
            enter_blanks(v, id);
    }
    v->has_suffix = source->suffix[0] != 0;
    for (unsigned b = 0; b < 256; b++)
        v->lacks_bytes = v->lacks_bytes || v->single[b] < 0;
    return LIBLLM_OK;
}

static bool text_becomes(const ll_vocabulary *v, uint32_t id)
{
    return __atomic_load_n(&v->whole[id], __ATOMIC_RELAXED) != LL_WHOLE_NEVER;
}

/* Most of what a word is merged from: a table that is smaller than the part of the lookup that has the same tokens, and
 * takes no hashing. */
static bool index_pairs(ll_vocabulary *v)
{
    uint32_t *pairs = ll_calloc(v->host, 65536, sizeof *pairs);
    if (!pairs)
        return false;
    for (unsigned i = 0; i < 65536; i++) {
        char text[2] = {(char)(i >> 8), (char)i};
        pairs[i] = (uint32_t)(ll_vocabulary_find(v, text, 2) + 1);
    }
    v->pairs = pairs;
    return true;
}

libllm_status ll_vocabulary_index(ll_vocabulary *v, const uint32_t *ids, uint32_t n, libllm_error *error)
{
    queue waiting = {.logs = ids == NULL};
    if (!ll_lookup_open(v->host, n, &v->lookup))
        return ll_fail_memory(error, "the vocabulary");
    for (uint32_t i = 0; i < n; i++) {
        uint32_t id = ids ? ids[i] : i;
        if (text_becomes(v, id))
            put(v, &waiting, (int32_t)id);
    }
    put_rest(v, &waiting);
    return ids || index_pairs(v) ? LIBLLM_OK : ll_fail_memory(error, "the vocabulary");
}

void ll_vocabulary_forget(ll_vocabulary *v)
{
    ll_free(v->host, v->lookup.slots);
    ll_free(v->host, v->lookup.present);
    ll_free(v->host, v->pairs);
}

static libllm_status read_types(ll_vocabulary *v, const ll_gguf *gguf, libllm_error *error)
{
    const ll_gguf_value *types = ll_gguf_find(gguf, "tokenizer.ggml.token_type");
    if (!types) {
        memset(v->types, LL_TOKEN_NORMAL, v->n);
        return LIBLLM_OK;
    }
    if (!types->is_array || (types->type != LL_GGUF_I32 && types->type != LL_GGUF_U32) || types->count < v->n)
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE,
                       "tokenizer.ggml.token_type: expected an array of %" PRIu32 " integers of 32 bits", v->n);
    for (uint32_t i = 0; i < v->n; i++) {
        uint32_t type;
        memcpy(&type, types->data + i * sizeof type, sizeof type);
        if (type > LL_TOKEN_BYTE)
            return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE,
                           "tokenizer.ggml.token_type[%" PRIu32 "] is %" PRId32 ", expected 0 to 6", i, (int32_t)type);
        v->types[i] = (uint8_t)type;
    }
    static const char *const keys[] = {"tokenizer.ggml.bos_token_id", "tokenizer.ggml.eos_token_id",
                                       "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        uint32_t id = UINT32_MAX;
        if (ll_gguf_get_u32(gguf, keys[i], &id, NULL) == LIBLLM_OK && id < v->n &&
            v->types[id] == LL_TOKEN_USER_DEFINED)
            v->types[id] = LL_TOKEN_CONTROL; /* why, is_bracketed() says */
    }
    return LIBLLM_OK;
}

libllm_status ll_vocabulary_reserve(const ll_host *host, ll_vocabulary *v, const ll_source *source, libllm_error *error)
{
    *v = (ll_vocabulary){.host = host, .n = source->n};
    memset(v->single, 0xFF, sizeof v->single);
    memset(v->fallback, 0xFF, sizeof v->fallback);
    memset(v->blanks, 0xFF, sizeof v->blanks);
    bool pieces = source->spelling == LL_SPELLED_WORDPIECE || source->suffix[0] != 0; /* a byte more for each */
    v->bytes = ll_alloc(host, source->n_bytes + (pieces ? source->n : 0) + PADDING, 1);
    v->ends = ll_alloc(host, (size_t)v->n + 1, sizeof *v->ends);
    v->types = ll_alloc(host, v->n, 1);
    v->whole = ll_calloc(host, v->n, 1);
    v->joins = ll_joins_open(host);
    if (!v->bytes || !v->ends || !v->types || !v->whole || !v->joins)
        return ll_fail_memory(error, "the vocabulary");
    v->ends[0] = 0;
    return LIBLLM_OK;
}

static const ll_spelling spellings[] = {
    [LL_TOKENIZER_BPE] = LL_SPELLED_BYTES,         [LL_TOKENIZER_SPM] = LL_SPELLED_BLANKS,
    [LL_TOKENIZER_CHARACTERS] = LL_SPELLED_BLANKS, [LL_TOKENIZER_WORDPIECE] = LL_SPELLED_WORDPIECE,
    [LL_TOKENIZER_UNIGRAM] = LL_SPELLED_BLANKS,    [LL_TOKENIZER_RWKV] = LL_SPELLED_ESCAPED,
};

libllm_status ll_vocabulary_open(const ll_host *host, const ll_gguf *gguf, ll_tokenizer_model model, ll_vocabulary *v,
                                 libllm_error *error)
{
    *v = (ll_vocabulary){.host = host};
    const ll_gguf_value *tokens = ll_gguf_find(gguf, "tokenizer.ggml.tokens");
    if (!tokens || !tokens->is_array || tokens->type != LL_GGUF_STRING || tokens->count == 0)
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE,
                       "tokenizer.ggml.tokens: expected an array with at least one string");
    if (tokens->count > INT32_MAX / 4 || tokens->n_bytes - tokens->count * 8 > UINT32_MAX - tokens->count)
        return ll_fail(error, LIBLLM_ERROR_LIMIT, "tokenizer.ggml.tokens: the vocabulary is too large");
    ll_source source = {.place = "tokenizer.ggml.tokens",
                        .tokens = {.strings = {.next = tokens->data}},
                        .n = (uint32_t)tokens->count,
                        .n_bytes = tokens->n_bytes - tokens->count * 8,
                        .end = (const char *)tokens->data + tokens->n_bytes,
                        .has_fillers = true,
                        .spelling = spellings[model],
                        .suffix = ""};
    libllm_status status = ll_vocabulary_reserve(host, v, &source, error);
    if (status == LIBLLM_OK && looks_up_lengths(model) && !ll_lengths_open(host, &v->lengths))
        status = ll_fail_memory(error, "the vocabulary");
    if (status == LIBLLM_OK)
        status = read_types(v, gguf, error);
    if (status == LIBLLM_OK)
        status = ll_vocabulary_read(v, model, &source, error);
    if (status == LIBLLM_OK && model == LL_TOKENIZER_SPM)
        status = ll_merge_order(host, gguf, v, &v->order, error);
    if (status != LIBLLM_OK)
        ll_vocabulary_close(v);
    return status;
}

void ll_vocabulary_close(ll_vocabulary *v)
{
    if (!v->host)
        return;
    ll_free(v->host, v->bytes);
    ll_free(v->host, v->ends);
    ll_free(v->host, v->types);
    ll_free(v->host, v->whole);
    ll_joins_close(v->host, v->joins);
    ll_vocabulary_forget(v);
    ll_free(v->host, v->order);
    ll_free(v->host, v->lengths.many);
    ll_free(v->host, v->scores);
    *v = (ll_vocabulary){0};
}
