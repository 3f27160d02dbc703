/* SPDX-License-Identifier: MIT
 * From a tokenizer.json to the keys of a GGUF file. What GGUF cannot say is found out by asking: the keys are opened
 * again, and have to make the same tokens of every token's text and of a few texts besides.
 */
#include "tokenizer/json.h"

#include "base/map.h"

#include <math.h>
#include <string.h>

#define VISIBLE_BLANK "\xE2\x96\x81"

/* A way in which GGUF may say it. */
typedef struct wording {
    const char *model; /* tokenizer.ggml.model */
    bool adds_blank;   /* tokenizer.ggml.add_space_prefix */
} wording;

typedef struct translation {
    const ll_tokenizer *tokenizer;
    const ll_json_tokens *tokens;
    const ll_json_merges *merges;
    uint32_t n; /* tokens of the result */
    ll_gguf_maker *out;
    libllm_error *error;
} translation;

typedef struct request {
    uint32_t n_rows;
    ll_gguf_maker *out;
} request;

static libllm_status fail_memory(const translation *t) { return ll_fail_memory(t->error, "a vocabulary"); }

/* Tokens ----------------------------------------------------------------------------------------------------------- */

static uint8_t type_of(const translation *t, uint32_t id)
{
    const ll_tokenizer *k = t->tokenizer;
    if (id >= t->tokens->n || !t->tokens->texts[id].data)
        return LL_TOKEN_UNUSED;
    const bool named = k->model != LL_TOKENIZER_BPE && k->model != LL_TOKENIZER_WORDPIECE;
    return named && k->unknown == (int32_t)id ? LL_TOKEN_UNKNOWN : k->vocabulary.types[id];
}

/* A token as GGUF writes it, appended to the buffer. */
static void append_token(const translation *t, uint32_t id, ll_buffer *out)
{
    const uint8_t type = type_of(t, id);
    if (type == LL_TOKEN_UNUSED) {
        ll_buffer_format(out, "[PAD%u]", id);
        return;
    }
    ll_span text = t->tokens->texts[id];
    const ll_tokenizer_model model = t->tokenizer->model;
    if (model == LL_TOKENIZER_WORDPIECE && type == LL_TOKEN_NORMAL) {
        const bool goes_on = text.size > 2 && memcmp(text.data, "##", 2) == 0;
        if (!goes_on)
            ll_buffer_text(out, VISIBLE_BLANK);
        ll_buffer_append(out, text.data + (goes_on ? 2 : 0), text.size - (goes_on ? 2 : 0));
    } else if (type == LL_TOKEN_USER_DEFINED && model != LL_TOKENIZER_BPE) {
        ll_append_blanks(out, text, true); /* with blanks for visible ones */
    } else {
        ll_buffer_append(out, text.data, text.size);
    }
}

static libllm_status put_tokens(const translation *t, ll_gguf_maker *maker)
{
    const ll_host *host = t->tokenizer->host;
    ll_buffer bytes;
    ll_buffer_init(&bytes, host);
    ll_span *texts = ll_alloc(host, t->n, sizeof *texts);
    int32_t *types = ll_alloc(host, t->n, sizeof *types);
    for (uint32_t i = 0; texts && types && i < t->n; i++) {
        const size_t begin = bytes.size;
        append_token(t, i, &bytes);
        texts[i] = (ll_span){NULL, bytes.size - begin};
        types[i] = type_of(t, i);
    }
    const bool failed = !texts || !types || bytes.failed;
    size_t at = 0;
    for (uint32_t i = 0; !failed && i < t->n; at += texts[i++].size)
        texts[i].data = bytes.data ? bytes.data + at : "";
    if (!failed) {
        ll_gguf_put_strings(maker, "tokenizer.ggml.tokens", texts, t->n);
        ll_gguf_put_array(maker, "tokenizer.ggml.token_type", LL_GGUF_I32, types, t->n);
    }
    ll_free(host, texts);
    ll_free(host, types);
    ll_buffer_free(&bytes);
    return failed ? fail_memory(t) : LIBLLM_OK;
}

static libllm_status put_merges(const translation *t, ll_gguf_maker *maker)
{
    const ll_host *host = t->tokenizer->host;
    const ll_json_merges *m = t->merges;
    ll_buffer bytes;
    ll_buffer_init(&bytes, host);
    ll_span *texts = ll_alloc(host, m->n, sizeof *texts);
    for (uint32_t i = 0; texts && i < m->n; i++) {
        const ll_span *half = m->halves + 2 * (size_t)i;
        ll_buffer_append(&bytes, half[0].data, half[0].size);
        ll_buffer_byte(&bytes, ' ');
        ll_buffer_append(&bytes, half[1].data, half[1].size);
        texts[i].size = half[0].size + 1 + half[1].size;
    }
    const bool failed = !texts || bytes.failed;
    size_t at = 0;
    for (uint32_t i = 0; !failed && i < m->n; at += texts[i++].size)
        texts[i].data = bytes.data + at;
    if (!failed)
        ll_gguf_put_strings(maker, "tokenizer.ggml.merges", texts, m->n);
    ll_free(host, texts);
    ll_buffer_free(&bytes);
    return failed ? fail_memory(t) : LIBLLM_OK;
}

/* The score of a token that merges make is the lower, the later they come; others are never to be merged to. */
static bool score_by_merges(const translation *t, float *scores)
{
    const ll_host *host = t->tokenizer->host;
    const ll_json_tokens *tokens = t->tokens;
    ll_map ids;
    ll_buffer joined;
    ll_buffer_init(&joined, host);
    bool good = ll_map_init(&ids, host, tokens->n);
    for (uint32_t i = 0; good && i < tokens->n; i++)
        good = !tokens->texts[i].data || ll_map_insert(&ids, tokens->texts[i], i, NULL);
    for (uint32_t i = 0; i < t->n; i++)
        scores[i] = -(float)t->merges->n - 1;
    for (uint32_t i = t->merges->n; good && i-- > 0;) { /* the first merge of a token is the last to be seen */
        const ll_span *half = t->merges->halves + 2 * (size_t)i;
        uint32_t id;
        joined.size = 0;
        ll_buffer_append(&joined, half[0].data, half[0].size);
        ll_buffer_append(&joined, half[1].data, half[1].size);
        good = !joined.failed;
        if (good && ll_map_find(&ids, (ll_span){joined.data, joined.size}, &id) && id < t->n)
            scores[id] = -(float)i;
    }
    ll_map_free(&ids);
    ll_buffer_free(&joined);
    return good;
}

static libllm_status put_scores(const translation *t, ll_gguf_maker *maker)
{
    const ll_vocabulary *v = &t->tokenizer->vocabulary;
    float *scores = ll_alloc(t->tokenizer->host, t->n, sizeof *scores);
    if (!scores)
        return fail_memory(t);
    bool good = true;
    if (t->tokenizer->model == LL_TOKENIZER_UNIGRAM)
        for (uint32_t i = 0; i < t->n; i++) {
            const bool listed = i < t->tokens->n && t->tokens->texts[i].data && v->types[i] != LL_TOKEN_USER_DEFINED;
            scores[i] = listed && v->scores ? (float)v->scores[i] : 0;
        }
    else
        good = score_by_merges(t, scores);
    if (good)
        ll_gguf_put_array(maker, "tokenizer.ggml.scores", LL_GGUF_F32, scores, t->n);
    ll_free(t->tokenizer->host, scores);
    return good ? LIBLLM_OK : fail_memory(t);
}

/* As SentencePiece has it: the size of the units, these, and the texts. */
static libllm_status put_charsmap(const translation *t, ll_gguf_maker *maker)
{
    const ll_charsmap *map = &t->tokenizer->charsmap;
    if (!map->units)
        return LIBLLM_OK;
    ll_buffer bytes;
    ll_buffer_init(&bytes, t->tokenizer->host);
    const uint32_t size = (uint32_t)(map->n_units * sizeof *map->units);
    ll_buffer_append(&bytes, &size, sizeof size);
    ll_buffer_append(&bytes, map->units, size);
    ll_buffer_append(&bytes, map->strings, map->n_strings);
    if (!bytes.failed)
        ll_gguf_put_array(maker, "tokenizer.ggml.precompiled_charsmap", LL_GGUF_U8, bytes.data, bytes.size);
    const bool failed = bytes.failed;
    ll_buffer_free(&bytes);
    return failed ? fail_memory(t) : LIBLLM_OK;
}

/* Tokens with a meaning -------------------------------------------------------------------------------------------- */

static void put_id(const translation *t, ll_gguf_maker *maker, const char *key, int32_t id)
{
    if (id >= 0 && (uint32_t)id < t->n)
        ll_gguf_put_u32(maker, key, (uint32_t)id);
}

static void put_specials(const translation *t, ll_gguf_maker *maker)
{
    const ll_tokenizer *k = t->tokenizer;
    const bool pieces = k->model == LL_TOKENIZER_WORDPIECE;
    int32_t bos = k->special[LIBLLM_TOKEN_BOS], eos = k->special[LIBLLM_TOKEN_EOS];
    const bool adds_bos = k->n_before > 0 && (bos < 0 || k->before[0] == bos);
    if (bos < 0 && k->n_before > 0) /* [CLS], say */
        bos = k->before[0];
    if (pieces && k->n_after > 0) {
        put_id(t, maker, "tokenizer.ggml.cls_token_id", bos);
        put_id(t, maker, "tokenizer.ggml.seperator_token_id", k->after[k->n_after - 1]);
    } else if (eos < 0 && k->n_after > 0) {
        eos = k->after[k->n_after - 1];
    }
    put_id(t, maker, "tokenizer.ggml.bos_token_id", bos);
    put_id(t, maker, "tokenizer.ggml.eos_token_id", eos);
    put_id(t, maker, "tokenizer.ggml.eot_token_id", k->special[LIBLLM_TOKEN_EOT]);
    put_id(t, maker, "tokenizer.ggml.unknown_token_id",
           k->special[LIBLLM_TOKEN_UNKNOWN] >= 0 ? k->special[LIBLLM_TOKEN_UNKNOWN] : k->unknown);
    put_id(t, maker, "tokenizer.ggml.padding_token_id", k->special[LIBLLM_TOKEN_PADDING]);
    ll_gguf_put_bool(maker, "tokenizer.ggml.add_bos_token", adds_bos);
    ll_gguf_put_bool(maker, "tokenizer.ggml.add_eos_token",
                     k->n_after > 0 && k->after[k->n_after - 1] == (pieces ? LL_NO_TOKEN : eos));
    /* Between two texts there may be one more than behind the first. */
    const bool separates = !pieces && k->n_after > 0 && k->n_between > k->n_after;
    if (separates)
        put_id(t, maker, "tokenizer.ggml.seperator_token_id", k->between[k->n_between - 1]);
    if (pieces || separates)
        ll_gguf_put_bool(maker, "tokenizer.ggml.add_sep_token", k->n_after > 0);
}

static void put_bert(const translation *t, ll_gguf_maker *maker)
{
    const ll_pipeline *p = &t->tokenizer->pipeline;
    for (size_t i = 0; i < p->n_normalizers; i++) {
        const ll_normalizer *n = &p->normalizers[i];
        if (n->kind != LL_NORMALIZE_BERT || n->lowercase)
            continue;
        ll_gguf_put_bool(maker, "tokenizer.ggml.normalizer.lowercase", n->lowercase);
        ll_gguf_put_bool(maker, "tokenizer.ggml.normalizer.strip_accents", n->accents);
    }
}

/* One wording ------------------------------------------------------------------------------------------------------ */

static libllm_status put_all(const translation *t, const wording *w, ll_gguf_maker *maker)
{
    const ll_tokenizer *k = t->tokenizer;
    const char *pre = "default";
    const bool by_score = strcmp(w->model, "llama") == 0 || k->model == LL_TOKENIZER_UNIGRAM;
    if (k->model == LL_TOKENIZER_BPE)
        pre = ll_pipeline_name(&k->pipeline);
    if (!pre)
        return ll_fail(t->error, LIBLLM_ERROR_UNSUPPORTED,
                       "tokenizer.json: GGUF has no name for the way in which it cuts text into words");
    ll_gguf_put_string(maker, "tokenizer.ggml.model", ll_span_of(w->model));
    ll_gguf_put_string(maker, "tokenizer.ggml.pre", ll_span_of(pre));
    libllm_status status = put_tokens(t, maker);
    if (!status && by_score)
        status = put_scores(t, maker);
    if (!status && !by_score && t->merges->halves)
        status = put_merges(t, maker);
    if (!status && k->model == LL_TOKENIZER_UNIGRAM)
        status = put_charsmap(t, maker);
    if (k->model == LL_TOKENIZER_WORDPIECE)
        put_bert(t, maker);
    if (k->model == LL_TOKENIZER_CHARACTERS || k->model == LL_TOKENIZER_UNIGRAM)
        ll_gguf_put_bool(maker, "tokenizer.ggml.add_space_prefix", w->adds_blank);
    put_specials(t, maker);
    return !status && maker->failed ? fail_memory(t) : status;
}

/* Whether both make the same of a text. */
static bool agree(const translation *t, const ll_tokenizer *other, ll_span text, ll_tokens ids[2], uint32_t flags)
{
    ids[0].size = ids[1].size = 0;
    if (ll_tokenizer_encode(t->tokenizer, text.data, text.size, flags, &ids[0], NULL) ||
        ll_tokenizer_encode(other, text.data, text.size, flags, &ids[1], NULL) || ids[0].failed || ids[1].failed)
        return false;
    for (size_t i = 0; i < ids[0].size; i++)
        if ((uint32_t)ids[0].data[i] >= t->n) /* a token that is left out */
            return true;
    return ids[0].size == ids[1].size &&
           (ids[0].size == 0 || memcmp(ids[0].data, ids[1].data, ids[0].size * sizeof *ids[0].data) == 0);
}

static const char *const samples[] = {
    "Hello, World! It's 3.14159 o'clock; we'll SEE (or not) 12345 things.\n\n\tint main(void) { return 0x7f; }  // end",
    "  Zwei  Leerzeichen, \xC3\xA4\xC3\xB6\xC3\xBC\xC3\x9F und \xC3\x89t\xC3\xA9 \xE2\x80\x93 na\xC3\xAFve "
    "caf\xC3\xA9\xE2\x80\xA6 ",
    "\xE4\xBD\xA0\xE5\xA5\xBD\xEF\xBC\x8C\xE4\xB8\x96\xE7\x95\x8C\xE3\x80\x82 "
    "\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82 "
    "\xD9\x85\xD8\xB1\xD8\xAD\xD8\xA8\xD8\xA7 \xF0\x9F\x98\x80\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB e\xCC\x81 "
    "1\xC2\xB2",
};

/* The first text of which the keys make other tokens; size 0: none. */
static libllm_status find_difference(const translation *t, const ll_gguf *gguf, ll_span *text)
{
    const ll_host *host = t->tokenizer->host;
    ll_tokenizer *other;
    libllm_status status = ll_tokenizer_open(host, gguf, &other, t->error);
    if (status)
        return status;
    ll_tokens ids[2];
    ll_tokens_init(&ids[0], host);
    ll_tokens_init(&ids[1], host);
    *text = (ll_span){"", 0};
    for (size_t i = 0; i < sizeof samples / sizeof *samples && !text->size; i++)
        if (!agree(t, other, ll_span_of(samples[i]), ids, LIBLLM_TOKENIZE_PARSE_SPECIAL | LIBLLM_TOKENIZE_ADD_BOS))
            *text = ll_span_of(samples[i]);
    const ll_vocabulary *v = &t->tokenizer->vocabulary;
    for (uint32_t i = 0; i < t->n && i < v->n && !text->size; i++)
        if (v->types[i] != LL_TOKEN_BYTE &&
            !agree(t, other, ll_token_bytes(v, (int32_t)i), ids, LIBLLM_TOKENIZE_PARSE_SPECIAL))
            *text = ll_token_bytes(v, (int32_t)i);
    if (ids[0].failed || ids[1].failed)
        status = fail_memory(t);
    ll_tokens_free(&ids[0]);
    ll_tokens_free(&ids[1]);
    ll_tokenizer_close(other);
    return status;
}

/* What is known of the model, which its tokenizer may depend on. */
static void put_model(const ll_gguf *of, ll_gguf_maker *maker)
{
    static const char own[] = "tokenizer.";
    for (size_t i = 0; i < of->n_values; i++)
        if (of->values[i].key.size < sizeof own || memcmp(of->values[i].key.data, own, sizeof own - 1) != 0)
            ll_gguf_put_value(maker, &of->values[i]);
}

/* The wording's keys, if they are right. */
static libllm_status try_wording(const translation *t, const wording *w, ll_span *difference)
{
    ll_gguf keys;
    ll_gguf_maker maker;
    ll_gguf_make(&maker, t->tokenizer->host, &keys);
    put_model(t->out->gguf, &maker);
    libllm_status status = put_all(t, w, &maker);
    if (!status)
        status = find_difference(t, &keys, difference);
    for (size_t i = 0; !status && !difference->size && i < keys.n_values; i++)
        ll_gguf_put_value(t->out, &keys.values[i]);
    ll_gguf_close(&keys);
    return status;
}

static libllm_status translate(const ll_tokenizer *tokenizer, const ll_json_tokens *tokens,
                               const ll_json_merges *merges, void *context, libllm_error *error)
{
    static const wording of_models[][3] = {
        [LL_TOKENIZER_BPE] = {{"gpt2", false}},
        [LL_TOKENIZER_CHARACTERS] = {{"llama", true}, {"llama", false}, {"gemma4", false}},
        [LL_TOKENIZER_WORDPIECE] = {{"bert", false}},
        [LL_TOKENIZER_UNIGRAM] = {{"t5", true}},
    };
    const request *r = context;
    const translation t = {.tokenizer = tokenizer,
                           .tokens = tokens,
                           .merges = merges,
                           .n = r->n_rows ? r->n_rows : tokens->n,
                           .out = r->out,
                           .error = error};
    ll_span difference = {"", 0};
    if (t.n < tokens->n)
        ll_log(tokenizer->host, LIBLLM_LOG_WARNING, "%u tokens have no row in the embedding and are left out",
               tokens->n - t.n);
    for (size_t i = 0; i < 3 && of_models[tokenizer->model][i].model; i++) {
        libllm_status status = try_wording(&t, &of_models[tokenizer->model][i], &difference);
        if (status || !difference.size)
            return status;
    }
    return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED,
                   "tokenizer.json: no keys of GGUF make the same tokens, of \"%.*s\" for example",
                   (int)(difference.size < 60 ? difference.size : 60), difference.data);
}

libllm_status ll_tokenizer_translate_json(const ll_host *host, ll_span text, ll_span config, uint32_t n_rows,
                                          ll_gguf_maker *maker, libllm_error *error)
{
    ll_tokenizer *tokenizer;
    request r = {.n_rows = n_rows, .out = maker};
    libllm_status status = ll_json_open(host, text, config, translate, &r, &tokenizer, error);
    ll_tokenizer_close(tokenizer);
    return status;
}
