/* SPDX-License-Identifier: MIT
 * A tokenizer from a tokenizer.json: its model and added tokens, and what the tokenizer_config.json beside it says
 * about tokens with a meaning.
 */
#include "tokenizer/json.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

typedef struct opening {
    ll_json_reader reader;
    ll_json_lists lists;
    ll_json_tokens tokens;
    ll_json_merges merges;
    const json_t *root, *config;
    uint32_t n_model; /* tokens below are the model's */
    uint8_t *types;
    bool *added_only;      /* no text becomes this token but by its name */
    uint32_t n_added;      /* tokens that are in the lists of added ones */
    uint32_t n_special[2]; /* looked for in raw and in normalized text */
    const char *unknown;   /* text of the unknown token */
    bool falls_back;
} opening;

static libllm_status fail(const opening *o, libllm_status status, const char *place, const char *what)
{
    return ll_fail(o->reader.error, status, "tokenizer.json: %s: %s", place, what);
}

/* Model ------------------------------------------------------------------------------------------------- */

static const char *type_of(const opening *o, const json_t *model)
{
    const char *type = json_string_value(json_object_get(model, "type"));
    if (type)
        return type;
    if (o->lists.merges.data)
        return "BPE";
    if (o->lists.vocab.data && *o->lists.vocab.data == '[')
        return "Unigram";
    return json_object_get(model, "max_input_chars_per_word") ? "WordPiece" : "";
}

static libllm_status read_bpe(opening *o, const json_t *model)
{
    ll_tokenizer *t = o->reader.tokenizer;
    const char *prefix = NULL, *suffix = NULL;
    const json_t *dropout = json_object_get(model, "dropout");
    if (!ll_json_string(model, "unk_token", &o->unknown) ||
        !ll_json_string(model, "continuing_subword_prefix", &prefix) ||
        !ll_json_string(model, "end_of_word_suffix", &suffix) || !ll_json_bool(model, "fuse_unk", &t->fuses_unknown) ||
        !ll_json_bool(model, "byte_fallback", &o->falls_back) ||
        !ll_json_bool(model, "ignore_merges", &t->pipeline.whole_words))
        return fail(o, LIBLLM_ERROR_JSON, "model", "a field has another type");
    if (prefix && *prefix)
        return fail(o, LIBLLM_ERROR_UNSUPPORTED, "model", "continuing_subword_prefix is not supported");
    if (dropout && !json_is_null(dropout) && (!json_is_number(dropout) || json_number_value(dropout) != 0))
        return fail(o, LIBLLM_ERROR_UNSUPPORTED, "model", "dropout is not supported");
    if (!o->lists.merges.data)
        return fail(o, LIBLLM_ERROR_JSON, "model.merges", "expected an array");
    t->model = o->reader.bytes ? LL_TOKENIZER_BPE : LL_TOKENIZER_CHARACTERS;
    t->kind = "BPE";
    libllm_status status = ll_json_read_vocab(o->reader.host, o->lists.vocab, &o->tokens, o->reader.error);
    return status == LIBLLM_OK ? ll_json_read_merges(o->reader.host, o->lists.merges, &o->merges, o->reader.error)
                               : status;
}

static libllm_status read_wordpiece(opening *o, const json_t *model, const char **prefix)
{
    ll_tokenizer *t = o->reader.tokenizer;
    o->unknown = "[UNK]";
    *prefix = "##";
    t->longest_word = 100;
    const json_t *longest = json_object_get(model, "max_input_chars_per_word");
    if (json_is_integer(longest) && json_integer_value(longest) >= 0 && json_integer_value(longest) <= INT32_MAX)
        t->longest_word = (uint32_t)json_integer_value(longest);
    else if (longest)
        return fail(o, LIBLLM_ERROR_JSON, "model.max_input_chars_per_word", "expected a number from 0 to 2^31 - 1");
    if (!ll_json_string(model, "unk_token", &o->unknown) || !ll_json_string(model, "continuing_subword_prefix", prefix))
        return fail(o, LIBLLM_ERROR_JSON, "model", "a field has another type");
    t->model = LL_TOKENIZER_WORDPIECE;
    t->kind = "WordPiece";
    return ll_json_read_vocab(o->reader.host, o->lists.vocab, &o->tokens, o->reader.error);
}

static libllm_status read_unigram(opening *o, const json_t *model)
{
    ll_tokenizer *t = o->reader.tokenizer;
    const json_t *unknown = json_object_get(model, "unk_id");
    t->model = LL_TOKENIZER_UNIGRAM;
    t->kind = "Unigram";
    t->fuses_unknown = true;
    if (!ll_json_bool(model, "byte_fallback", &o->falls_back))
        return fail(o, LIBLLM_ERROR_JSON, "model.byte_fallback", "expected true or false");
    libllm_status status = ll_json_read_pieces(o->reader.host, o->lists.vocab, &o->tokens, o->reader.error);
    if (status != LIBLLM_OK)
        return status;
    double least = INFINITY;
    for (uint32_t i = 0; i < o->tokens.n; i++)
        least = o->tokens.scores[i] < least ? o->tokens.scores[i] : least;
    t->unknown_score = least - LL_UNKNOWN_PENALTY;
    if (!unknown || json_is_null(unknown))
        return LIBLLM_OK;
    if (!json_is_integer(unknown) || json_integer_value(unknown) < 0 || json_integer_value(unknown) >= o->tokens.n)
        return fail(o, LIBLLM_ERROR_JSON, "model.unk_id", "not a token");
    t->unknown = (int32_t)json_integer_value(unknown);
    return LIBLLM_OK;
}

static libllm_status read_model(opening *o, const char **prefix)
{
    const json_t *model = json_object_get(o->root, "model");
    const char *type = type_of(o, model);
    if (!json_is_object(model) || !o->lists.vocab.data)
        return fail(o, LIBLLM_ERROR_JSON, "model.vocab", "not there");
    if (strcmp(type, "BPE") == 0)
        return read_bpe(o, model);
    if (strcmp(type, "WordPiece") == 0)
        return read_wordpiece(o, model, prefix);
    if (strcmp(type, "Unigram") == 0)
        return read_unigram(o, model);
    return ll_fail(o->reader.error, LIBLLM_ERROR_UNSUPPORTED,
                   "tokenizer.json: model: the type '%.60s' is not supported", type);
}

/* Added tokens ------------------------------------------------------------------------------------------ */

/* Ids by text, for what comes before the vocabulary is there: its lookup, over the texts as they are in the file, of
 * those that begin as some added token does. */
typedef struct names {
    uint32_t *slots; /* id + 1 */
    size_t n_slots;
} names;

static size_t slot_of(const opening *o, const names *n, ll_span text)
{
    uint64_t hash = (uintptr_t)n->slots; /* what the author of a file cannot know */
    for (size_t i = 0; i < text.size; i++)
        hash = (hash ^ (unsigned char)text.data[i]) * 0x100000001B3u;
    size_t i = (size_t)(hash ^ hash >> 32) & (n->n_slots - 1);
    while (n->slots[i] && !ll_span_equal(o->tokens.texts[n->slots[i] - 1], text))
        i = (i + 1) & (n->n_slots - 1);
    return i;
}

static void note_start(const json_t *token, bool starts[256])
{
    const char *content = json_string_value(json_object_get(token, "content"));
    if (content)
        starts[(unsigned char)*content] = true;
}

static bool open_names(const opening *o, const json_t *tokens, const json_t *more, names *n)
{
    bool starts[256] = {false};
    const json_t *token;
    size_t i;
    json_array_foreach (tokens, i, token)
        note_start(token, starts);
    for (void *at = json_object_iter((json_t *)(uintptr_t)more); at;
         at = json_object_iter_next((json_t *)(uintptr_t)more, at))
        note_start(json_object_iter_value(at), starts);
    n->n_slots = 16;
    while (n->n_slots / 2 < o->tokens.n + json_array_size(tokens) + json_object_size(more))
        n->n_slots *= 2;
    n->slots = ll_calloc(o->reader.host, n->n_slots, sizeof *n->slots);
    for (uint32_t id = 0; n->slots && id < o->tokens.n; id++) {
        const ll_span text = o->tokens.texts[id];
        if (text.size > 0 && starts[(unsigned char)*text.data])
            n->slots[slot_of(o, n, text)] = id + 1;
    }
    return n->slots != NULL;
}

typedef struct added {
    uint32_t id;
    bool single_word, lstrip, rstrip, normalized, special;
} added;

static bool read_flags(const json_t *token, added *out)
{
    *out = (added){.normalized = true};
    bool complete = ll_json_bool(token, "special", &out->special);
    out->normalized = !out->special;
    return complete && ll_json_bool(token, "single_word", &out->single_word) &&
           ll_json_bool(token, "lstrip", &out->lstrip) && ll_json_bool(token, "rstrip", &out->rstrip) &&
           ll_json_bool(token, "normalized", &out->normalized);
}

/* A token that is added has the id of the model's token of that text, or the next one. */
static libllm_status enter_added(opening *o, names *n, const json_t *content, added *token)
{
    ll_span text = {json_string_value(content), json_string_length(content)};
    size_t slot = slot_of(o, n, text);
    if (n->slots[slot]) {
        token->id = n->slots[slot] - 1;
        return LIBLLM_OK;
    }
    token->id = o->tokens.n;
    libllm_status status = ll_json_put_token(o->reader.host, &o->tokens, token->id, text, o->reader.error);
    if (status == LIBLLM_OK)
        n->slots[slot] = token->id + 1;
    return status;
}

/* The list of the tokenizer.json, and what only the config has (added_tokens_decoder). */
static libllm_status read_added(opening *o, added *list)
{
    const json_t *tokens = json_object_get(o->root, "added_tokens");
    const json_t *more = json_object_get(o->config, "added_tokens_decoder"), *token;
    if (tokens && !json_is_null(tokens) && !json_is_array(tokens))
        return fail(o, LIBLLM_ERROR_JSON, "added_tokens", "expected an array");
    names n;
    if (!open_names(o, tokens, more, &n))
        return ll_fail_memory(o->reader.error, "the names of the tokens");
    libllm_status status = LIBLLM_OK;
    size_t n_file = json_array_size(tokens), n_config = json_object_size(more);
    bool *listed = ll_calloc(o->reader.host, o->tokens.n + n_file + n_config, sizeof *listed); /* ids */
    if (!listed)
        status = ll_fail_memory(o->reader.error, "the list of added tokens");
    void *at = json_object_iter((json_t *)(uintptr_t)more);
    for (size_t i = 0; i < n_file + n_config && status == LIBLLM_OK; i++) {
        token = i < n_file ? json_array_get(tokens, i) : json_object_iter_value(at);
        if (i >= n_file)
            at = json_object_iter_next((json_t *)(uintptr_t)more, at);
        const json_t *content = json_object_get(token, "content");
        added one;
        if (!json_is_string(content) || !read_flags(token, &one)) {
            status = ll_fail(o->reader.error, LIBLLM_ERROR_JSON,
                             "tokenizer.json: added_tokens[%zu]: a field is missing or has another type", i);
            break;
        }
        if (json_string_length(content) == 0)
            continue;
        if (i >= n_file) {
            ll_span text = {json_string_value(content), json_string_length(content)};
            uint32_t id = n.slots[slot_of(o, &n, text)];
            if (id && listed[id - 1])
                continue;
        }
        status = enter_added(o, &n, content, &one);
        listed[one.id] = true;
        list[o->n_added++] = one;
    }
    ll_free(o->reader.host, listed);
    ll_free(o->reader.host, n.slots);
    return status;
}

/* The token as it is looked for: normalized where the text is. */
static libllm_status make_special(opening *o, const added *token, ll_special *out)
{
    ll_tokenizer *t = o->reader.tokenizer;
    ll_span text = o->tokens.texts[token->id];
    ll_buffer buffers[2];
    ll_buffer_init(&buffers[0], o->reader.host);
    ll_buffer_init(&buffers[1], o->reader.host);
    if (token->normalized)
        text = ll_normalize(t, buffers, text);
    const char *kept =
        buffers[0].failed || buffers[1].failed ? NULL : ll_json_keep(t, text.data ? text.data : "", text.size);
    ll_buffer_free(&buffers[0]);
    ll_buffer_free(&buffers[1]);
    *out = (ll_special){.text = kept,
                        .size = (uint32_t)text.size,
                        .id = (int32_t)token->id,
                        .left = token->lstrip,
                        .right = token->rstrip,
                        .single_word = token->single_word};
    if (!kept)
        return ll_fail_memory(o->reader.error, "an added token");
    return text.size <= LL_MAX_SPECIAL ? LIBLLM_OK
                                       : fail(o, LIBLLM_ERROR_LIMIT, "added_tokens", "a token has more than 128 bytes");
}

static libllm_status index_added(opening *o, const added *list)
{
    ll_tokenizer *t = o->reader.tokenizer;
    ll_specials *sets[2] = {&t->specials, &t->normalized};
    for (unsigned k = 0; k < 2; k++) {
        sets[k]->list = ll_alloc(o->reader.host, o->n_added, sizeof *sets[k]->list);
        if (!sets[k]->list)
            return ll_fail_memory(o->reader.error, "the list of added tokens");
    }
    uint32_t n[2] = {0, 0};
    for (uint32_t i = 0; i < o->n_added; i++) {
        unsigned k = list[i].normalized;
        libllm_status status = make_special(o, &list[i], &sets[k]->list[n[k]]);
        if (status != LIBLLM_OK)
            return status;
        n[k] += sets[k]->list[n[k]].size > 0;
    }
    for (unsigned k = 0; k < 2; k++)
        ll_specials_index(sets[k], &t->vocabulary, n[k]);
    return LIBLLM_OK;
}

/* Vocabulary -------------------------------------------------------------------------------------------- */

static bool is_byte_token(ll_span text)
{
    return text.size == 6 && memcmp(text.data, "<0x", 3) == 0 && text.data[5] == '>';
}

static void set_types(opening *o, const added *list, ll_vocabulary *v)
{
    for (uint32_t i = 0; i < v->n; i++) {
        ll_span text = o->tokens.texts[i];
        v->types[i] = text.data ? LL_TOKEN_NORMAL : LL_TOKEN_UNUSED;
        if (o->falls_back && text.data && is_byte_token(text))
            v->types[i] = LL_TOKEN_BYTE;
        /* Where blanks are visible ones no text has others. */
        if (i >= o->n_model || (o->reader.blanks && text.data && memchr(text.data, ' ', text.size)))
            v->whole[i] = LL_WHOLE_NEVER;
    }
    for (uint32_t i = 0; i < o->n_added; i++)
        v->types[list[i].id] = list[i].special ? LL_TOKEN_CONTROL : LL_TOKEN_USER_DEFINED;
}

static libllm_status build_vocabulary(opening *o, const added *list, const char *prefix)
{
    ll_tokenizer *t = o->reader.tokenizer;
    const char *suffix = "";
    size_t n_bytes = 0;
    for (uint32_t i = 0; i < o->tokens.n; i++)
        n_bytes += o->tokens.texts[i].size;
    if (n_bytes > UINT32_MAX - o->tokens.n)
        return fail(o, LIBLLM_ERROR_LIMIT, "model.vocab", "too large");
    if (t->model == LL_TOKENIZER_BPE || t->model == LL_TOKENIZER_CHARACTERS)
        ll_json_string(json_object_get(o->root, "model"), "end_of_word_suffix", &suffix);
    ll_source source = {.place = "tokenizer.json: model.vocab",
                        .tokens = {.list = o->tokens.texts},
                        .n = o->tokens.n,
                        .n_bytes = n_bytes,
                        .spelling = t->model == LL_TOKENIZER_BPE         ? LL_SPELLED_BYTES
                                    : t->model == LL_TOKENIZER_WORDPIECE ? LL_SPELLED_WORDPIECE
                                    : o->reader.blanks                   ? LL_SPELLED_BLANKS
                                                                         : LL_SPELLED_PLAIN,
                        .suffix = suffix,
                        .prefix = prefix};
    libllm_status status = ll_vocabulary_reserve(o->reader.host, &t->vocabulary, &source, o->reader.error);
    if (status == LIBLLM_OK && !ll_lengths_open(o->reader.host, &t->vocabulary.lengths))
        status = ll_fail_memory(o->reader.error, "the vocabulary");
    if (status != LIBLLM_OK)
        return status;
    set_types(o, list, &t->vocabulary);
    status = ll_vocabulary_read(&t->vocabulary, t->model, &source, o->reader.error);
    if (status == LIBLLM_OK)
        status = ll_vocabulary_index(&t->vocabulary, NULL, t->vocabulary.n, o->reader.error);
    if (status != LIBLLM_OK)
        return status;
    t->vocabulary.scores = ll_realloc(o->reader.host, o->tokens.scores, o->n_model, o->tokens.n, sizeof(double));
    o->tokens.scores = NULL;
    if (t->model == LL_TOKENIZER_UNIGRAM && !t->vocabulary.scores)
        return ll_fail_memory(o->reader.error, "the scores of the tokens");
    status = index_added(o, list);
    ll_merge_source merges = {.place = "tokenizer.json: model.merges",
                              .texts = {.list = o->merges.halves},
                              .n = o->merges.n,
                              .tokens = {.list = o->tokens.texts},
                              .suffix = suffix,
                              .spelling = source.spelling};
    if (status == LIBLLM_OK && o->merges.halves)
        status = ll_merges_read(&t->vocabulary, &t->specials, &merges, NULL, &t->merges, o->reader.error);
    return status;
}

/* Tokens with a meaning --------------------------------------------------------------------------------- */

static int32_t find_text(const opening *o, const char *text)
{
    ll_span wanted = ll_span_of(text);
    for (uint32_t i = 0; i < o->tokens.n; i++)
        if (o->tokens.texts[i].data && ll_span_equal(o->tokens.texts[i], wanted))
            return (int32_t)i;
    return LL_NO_TOKEN;
}

/* A token of the config: its text, or an object with that. */
static int32_t find_named(const opening *o, const char *name)
{
    const json_t *token = json_object_get(o->config, name);
    const char *text = json_string_value(json_is_object(token) ? json_object_get(token, "content") : token);
    return text ? find_text(o, text) : LL_NO_TOKEN;
}

/* The config may want bos or eos other than the template has it. */
static void adjust_template(const opening *o, const char *name, int32_t id, int32_t *list, uint32_t *n)
{
    const json_t *wanted = json_object_get(o->config, name);
    bool has_it = false;
    for (uint32_t i = 0; i < *n; i++)
        has_it = has_it || list[i] == id;
    if (id < 0 || !json_is_boolean(wanted) || json_is_true(wanted) == has_it)
        return;
    if (!has_it && *n < LL_MAX_TEMPLATE) {
        list[(*n)++] = id;
    } else if (has_it) {
        uint32_t kept = 0;
        for (uint32_t i = 0; i < *n; i++)
            if (list[i] != id)
                list[kept++] = list[i];
        *n = kept;
    }
}

static void set_specials(opening *o)
{
    static const char *const keys[] = {
        [LIBLLM_TOKEN_BOS] = "bos_token",     [LIBLLM_TOKEN_EOS] = "eos_token",     [LIBLLM_TOKEN_EOT] = "eot_token",
        [LIBLLM_TOKEN_UNKNOWN] = "unk_token", [LIBLLM_TOKEN_PADDING] = "pad_token",
    };
    ll_tokenizer *t = o->reader.tokenizer;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        t->special[i] = find_named(o, keys[i]);
    if (t->special[LIBLLM_TOKEN_BOS] < 0 && !o->config && t->n_before > 0)
        t->special[LIBLLM_TOKEN_BOS] = t->before[0];
    if (t->special[LIBLLM_TOKEN_EOS] < 0 && !o->config && t->n_after > 0)
        t->special[LIBLLM_TOKEN_EOS] = t->after[t->n_after - 1];
    if (t->special[LIBLLM_TOKEN_UNKNOWN] < 0)
        t->special[LIBLLM_TOKEN_UNKNOWN] = t->unknown;
    adjust_template(o, "add_bos_token", t->special[LIBLLM_TOKEN_BOS], t->before, &t->n_before);
    adjust_template(o, "add_eos_token", t->special[LIBLLM_TOKEN_EOS], t->after, &t->n_after);
    ll_find_ends(t, LL_NO_TOKEN);
}

static libllm_status set_unknown(opening *o)
{
    ll_tokenizer *t = o->reader.tokenizer;
    if (o->unknown)
        t->unknown = find_text(o, o->unknown);
    if (o->unknown && t->unknown < 0)
        return fail(o, LIBLLM_ERROR_JSON, "model.unk_token", "not a token");
    t->falls_back = o->falls_back;
    return LIBLLM_OK;
}

static libllm_status open_parts(opening *o)
{
    const char *prefix = NULL;
    libllm_status status = ll_json_normalizer(&o->reader, json_object_get(o->root, "normalizer"));
    if (status == LIBLLM_OK)
        status = ll_json_pre_tokenizer(&o->reader, json_object_get(o->root, "pre_tokenizer"));
    if (status == LIBLLM_OK)
        status = ll_json_decoder(&o->reader, json_object_get(o->root, "decoder"));
    if (status == LIBLLM_OK)
        status = read_model(o, &prefix);
    o->n_model = o->tokens.n;
    if (status != LIBLLM_OK)
        return status;
    size_t n_added = json_array_size(json_object_get(o->root, "added_tokens")) +
                     json_object_size(json_object_get(o->config, "added_tokens_decoder"));
    added *list = ll_alloc(o->reader.host, n_added, sizeof *list);
    if (!list)
        return ll_fail_memory(o->reader.error, "the list of added tokens");
    status = read_added(o, list);
    if (status == LIBLLM_OK)
        status = set_unknown(o);
    if (status == LIBLLM_OK)
        status = build_vocabulary(o, list, prefix);
    ll_free(o->reader.host, list);
    if (status == LIBLLM_OK)
        status = ll_json_post_processor(&o->reader, json_object_get(o->root, "post_processor"));
    if (status == LIBLLM_OK)
        set_specials(o);
    return status;
}

static libllm_status open_json(opening *o, ll_span text, ll_span config, ll_json_use use, void *context,
                               libllm_error *error)
{
    ll_buffer rest;
    ll_buffer_init(&rest, o->reader.host);
    ll_json_cut_out(text, &o->lists, &rest);
    json_t *root = NULL, *beside = NULL;
    libllm_status status = rest.failed ? ll_fail_memory(error, "a tokenizer.json")
                                       : ll_json_parse(o->reader.host, rest.data, rest.size, &root, error);
    if (status != LIBLLM_OK)
        ll_fail_context(error, status, "tokenizer.json");
    else if (!json_is_object(root))
        status = ll_fail(error, LIBLLM_ERROR_JSON, "tokenizer.json: expected an object");
    ll_buffer_free(&rest);
    if (status == LIBLLM_OK && config.data) {
        status = ll_json_parse(o->reader.host, config.data, config.size, &beside, error);
        if (status != LIBLLM_OK)
            ll_fail_context(error, status, "tokenizer_config.json");
    }
    o->root = root;
    o->config = beside;
    if (status == LIBLLM_OK)
        status = open_parts(o);
    if (status == LIBLLM_OK && use) /* texts of added tokens are those of the document */
        status = use(o->reader.tokenizer, &o->tokens, &o->merges, context, error);
    json_decref(beside);
    json_decref(root);
    return status;
}

libllm_status ll_json_open(const ll_host *host, ll_span text, ll_span config, ll_json_use use, void *context,
                           ll_tokenizer **tokenizer, libllm_error *error)
{
    *tokenizer = NULL;
    ll_tokenizer *t = ll_calloc(host, 1, sizeof *t);
    if (!t)
        return ll_fail_memory(error, "the tokenizer");
    t->host = host;
    t->vocabulary.host = host;
    t->unknown = LL_NO_TOKEN;
    opening o = {.reader = {.host = host, .tokenizer = t, .error = error}};
    libllm_status status = open_json(&o, text, config, use, context, error);
    ll_free(host, o.tokens.texts);
    ll_free(host, o.tokens.scores);
    ll_free(host, o.tokens.memory);
    ll_free(host, o.merges.halves);
    ll_free(host, o.merges.memory);
    if (status != LIBLLM_OK)
        ll_tokenizer_close(t);
    else
        *tokenizer = t;
    return status;
}

libllm_status ll_tokenizer_open_json(const ll_host *host, ll_span text, ll_span config, ll_tokenizer **tokenizer,
                                     libllm_error *error)
{
    return ll_json_open(host, text, config, NULL, NULL, tokenizer, error);
}
