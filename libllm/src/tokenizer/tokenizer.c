/* SPDX-License-Identifier: MIT
 * Opening the tokenizer of a file, and encoding: text is made valid, added tokens are cut out, what is between goes to
 * the model of the vocabulary.
 */
#include "tokenizer/internal.h"

#include "base/checked.h"
#include "base/utf8.h"

#include "tokenizer/dfa_table.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const special_keys[] = {
    [LIBLLM_TOKEN_BOS] = "tokenizer.ggml.bos_token_id",
    [LIBLLM_TOKEN_EOS] = "tokenizer.ggml.eos_token_id",
    [LIBLLM_TOKEN_EOT] = "tokenizer.ggml.eot_token_id",
    [LIBLLM_TOKEN_UNKNOWN] = "tokenizer.ggml.unknown_token_id",
    [LIBLLM_TOKEN_PADDING] = "tokenizer.ggml.padding_token_id",
};

static libllm_status read_id(const ll_gguf *gguf, const char *key, uint32_t n, int32_t *id, libllm_error *error)
{
    uint32_t value = UINT32_MAX;
    *id = LL_NO_TOKEN;
    if (!ll_gguf_find(gguf, key))
        return LIBLLM_OK;
    libllm_status status = ll_gguf_get_u32(gguf, key, &value, error);
    if (status == LIBLLM_OK && value >= n)
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "%s is %" PRIu32 ", but the vocabulary has %" PRIu32 " tokens",
                       key, value, n);
    if (status == LIBLLM_OK)
        *id = (int32_t)value;
    return status;
}

static libllm_status read_pattern(ll_tokenizer *t, const ll_gguf *gguf, libllm_error *error)
{
    ll_span name = {NULL, 0};
    libllm_status status = ll_gguf_get_string(gguf, "tokenizer.ggml.pre", &name, error);
    if (status != LIBLLM_OK)
        return status;
    if (!name.data || ll_span_is(name, "default")) {
        ll_log(t->host, LIBLLM_LOG_WARNING,
               "the file does not say how its text is cut into words (tokenizer.ggml.pre); taking that of gpt-2");
        name = ll_span_of("gpt-2");
    }
    if (!ll_pipeline_find(name, &t->pipeline))
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "tokenizer.ggml.pre: the pre-tokenizer '%.*s' is not known",
                       (int)(name.size < 60 ? name.size : 60), name.data);
    return LIBLLM_OK;
}

static const struct kind {
    const char *name, *kind;
    ll_tokenizer_model model;
    int32_t bos, eos, unknown; /* where the file does not say */
    bool adds_bos, adds_eos;
} kinds[] = {
    {"gpt2", "BPE", LL_TOKENIZER_BPE, LL_NO_TOKEN, LL_NO_TOKEN, LL_NO_TOKEN, false, false},
    {"gemma4", "BPE", LL_TOKENIZER_CHARACTERS, LL_NO_TOKEN, LL_NO_TOKEN, LL_NO_TOKEN, true, false},
    {"llama", "SPM", LL_TOKENIZER_SPM, LL_NO_TOKEN, LL_NO_TOKEN, LL_NO_TOKEN, true, false},
    {"bert", "WordPiece", LL_TOKENIZER_WORDPIECE, 101, 102, 100, true, true},
    {"t5", "Unigram", LL_TOKENIZER_UNIGRAM, LL_NO_TOKEN, 1, 2, false, true},
    {"rwkv", "RWKV", LL_TOKENIZER_RWKV, LL_NO_TOKEN, LL_NO_TOKEN, LL_NO_TOKEN, false, false},
};

/* Vocabularies of characters that files call gpt2, as they have merges, too; by tokenizer.ggml.pre. */
static const struct kind characters = {"gpt2", "BPE", LL_TOKENIZER_CHARACTERS, LL_NO_TOKEN, LL_NO_TOKEN, LL_NO_TOKEN,
                                       false,  false};
static const char *const of_characters[] = {"granite-embed-multi-311m", "sarvam-moe"};

static const struct kind *find_kind(const ll_gguf *gguf, ll_span model)
{
    ll_span pre = {NULL, 0};
    if (ll_span_is(model, "gpt2") && ll_gguf_get_string(gguf, "tokenizer.ggml.pre", &pre, NULL) == LIBLLM_OK)
        for (size_t i = 0; i < sizeof of_characters / sizeof *of_characters; i++)
            if (ll_span_is(pre, of_characters[i]))
                return &characters;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (ll_span_is(model, kinds[i].name))
            return &kinds[i];
    return NULL;
}

/* What the kinds do with a text that have no name for it in the file. */
static libllm_status set_pipeline(ll_tokenizer *t, const ll_gguf *gguf, libllm_error *error)
{
    ll_pipeline *p = &t->pipeline;
    if (t->model == LL_TOKENIZER_BPE)
        return read_pattern(t, gguf, error);
    if (t->model == LL_TOKENIZER_CHARACTERS) {
        p->normalizers[p->n_normalizers++].kind = LL_NORMALIZE_BLANKS;
    } else if (t->model == LL_TOKENIZER_WORDPIECE) {
        bool lowercase = true;
        libllm_status status = ll_gguf_get_bool(gguf, "tokenizer.ggml.normalizer.lowercase", &lowercase, error);
        bool accents = lowercase;
        if (status == LIBLLM_OK)
            status = ll_gguf_get_bool(gguf, "tokenizer.ggml.normalizer.strip_accents", &accents, error);
        if (status != LIBLLM_OK)
            return status;
        p->normalizers[p->n_normalizers++] = (ll_normalizer){
            .kind = LL_NORMALIZE_BERT, .clean = true, .han = true, .accents = accents, .lowercase = lowercase};
        p->steps[p->n_steps++] = (ll_step){.dfa = &ll_dfa_white, .behavior = LL_REMOVED};
        p->steps[p->n_steps++] = (ll_step){.dfa = &ll_dfa_punctuation};
        t->longest_word = 100;
        t->cleans_up = true;
    } else if (t->model == LL_TOKENIZER_UNIGRAM) {
        if (t->charsmap.units)
            p->normalizers[p->n_normalizers++].kind = LL_NORMALIZE_CHARSMAP;
        p->steps[p->n_steps++] = (ll_step){.dfa = &ll_dfa_white, .behavior = LL_REMOVED};
        p->steps[p->n_steps++] = (ll_step){
            .literal = " ", .behavior = LL_MERGED_WITH_NEXT, .prefix = LL_PREFIX_ALWAYS, .shows_blanks = true};
    }
    return LIBLLM_OK;
}

static libllm_status read_charsmap(ll_tokenizer *t, const ll_gguf *gguf, libllm_error *error)
{
    static const char key[] = "tokenizer.ggml.precompiled_charsmap";
    const ll_gguf_value *value = ll_gguf_find(gguf, key);
    if (!value || value->count == 0)
        return LIBLLM_OK;
    if (!value->is_array || (value->type != LL_GGUF_U8 && value->type != LL_GGUF_I8))
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "%s: expected an array of bytes", key);
    return ll_charsmap_open(t->host, (ll_span){(const char *)value->data, value->count}, key, &t->charsmap, error);
}

static libllm_status read_scores(ll_tokenizer *t, const ll_gguf *gguf, libllm_error *error)
{
    ll_vocabulary *v = &t->vocabulary;
    const ll_gguf_value *scores = ll_gguf_find(gguf, "tokenizer.ggml.scores");
    if (!scores || !scores->is_array || scores->type != LL_GGUF_F32 || scores->count < v->n)
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE,
                       "tokenizer.ggml.scores: expected an array of %" PRIu32 " floats, one for each token", v->n);
    v->scores = ll_alloc(t->host, v->n, sizeof *v->scores);
    if (!v->scores)
        return ll_fail_memory(error, "the scores of the tokens");
    double least = 0;
    for (uint32_t i = 0; i < v->n; i++) {
        float score;
        memcpy(&score, scores->data + i * sizeof score, sizeof score);
        if (!isfinite(score))
            return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "tokenizer.ggml.scores[%" PRIu32 "] is not finite", i);
        v->scores[i] = (double)score;
        least = v->scores[i] < least ? v->scores[i] : least;
    }
    t->unknown_score = least - LL_UNKNOWN_PENALTY;
    return LIBLLM_OK;
}

/* What a file says that is for vectors of texts, or scores, instead of more text. */
static bool is_for_whole_texts(const ll_gguf *gguf)
{
    ll_span architecture = {NULL, 0};
    uint32_t pooling = 0;
    bool causal = true;
    char key[128];
    if (ll_gguf_get_string(gguf, "general.architecture", &architecture, NULL) || architecture.size > 64)
        return false;
    snprintf(key, sizeof key, "%.*s.pooling_type", (int)architecture.size, architecture.data);
    if (ll_gguf_get_u32(gguf, key, &pooling, NULL))
        return false;
    snprintf(key, sizeof key, "%.*s.attention.causal", (int)architecture.size, architecture.data);
    return ll_gguf_get_bool(gguf, key, &causal, NULL) == LIBLLM_OK && (pooling != 0 || !causal);
}

/* What stands around a text: bos or [CLS] in front, eos or [SEP] behind. An eos that a generating model's file asks for
 * is left out: what is generated would come behind it. */
static libllm_status read_template(ll_tokenizer *t, const ll_gguf *gguf, const struct kind *kind, libllm_error *error)
{
    bool bos = t->model == LL_TOKENIZER_BPE ? t->pipeline.adds_bos : kind->adds_bos, eos = kind->adds_eos;
    bool sep = t->model == LL_TOKENIZER_WORDPIECE;
    libllm_status status = ll_gguf_get_bool(gguf, "tokenizer.ggml.add_bos_token", &bos, error);
    if (status == LIBLLM_OK)
        status = ll_gguf_get_bool(gguf, "tokenizer.ggml.add_eos_token", &eos, error);
    int32_t separator = LL_NO_TOKEN;
    if (status == LIBLLM_OK)
        status = read_id(gguf, "tokenizer.ggml.seperator_token_id", t->vocabulary.n, &separator, error);
    if (status == LIBLLM_OK)
        status = ll_gguf_get_bool(gguf, "tokenizer.ggml.add_sep_token", &sep, error);
    if (bos && t->special[LIBLLM_TOKEN_BOS] >= 0)
        t->before[t->n_before++] = t->special[LIBLLM_TOKEN_BOS];
    sep = sep && separator >= 0;
    const bool is_bert = t->model == LL_TOKENIZER_WORDPIECE;
    if (eos && !(is_bert && sep) && (kind->adds_eos || is_for_whole_texts(gguf)) && t->special[LIBLLM_TOKEN_EOS] >= 0)
        t->after[t->n_after++] = t->special[LIBLLM_TOKEN_EOS];
    else if (sep)
        t->after[t->n_after++] = separator;
    /* Between two texts is what ends the first, and a separator where the file asks for one beside that. */
    memcpy(t->between, t->after, t->n_after * sizeof *t->between);
    t->n_between = t->n_after;
    t->types_second = is_bert;
    if (sep && eos && !is_bert)
        t->between[t->n_between++] = separator;
    return status;
}

static void set_defaults(ll_tokenizer *t, const struct kind *kind)
{
    const int32_t ids[][2] = {
        {LIBLLM_TOKEN_BOS, kind->bos}, {LIBLLM_TOKEN_EOS, kind->eos}, {LIBLLM_TOKEN_UNKNOWN, kind->unknown}};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        if (t->special[ids[i][0]] < 0 && ids[i][1] >= 0 && (uint32_t)ids[i][1] < t->vocabulary.n)
            t->special[ids[i][0]] = ids[i][1];
}

static libllm_status read_specials(ll_tokenizer *t, const ll_gguf *gguf, const struct kind *kind, libllm_error *error)
{
    uint32_t n = t->vocabulary.n;
    for (size_t i = 0; i < sizeof special_keys / sizeof *special_keys; i++) {
        libllm_status status = read_id(gguf, special_keys[i], n, &t->special[i], error);
        if (status != LIBLLM_OK)
            return status;
    }
    int32_t end_of_message;
    libllm_status status = read_id(gguf, "tokenizer.ggml.eom_token_id", n, &end_of_message, error);
    if (status != LIBLLM_OK)
        return status;
    set_defaults(t, kind);
    ll_find_ends(t, end_of_message);
    return LIBLLM_OK;
}

static libllm_status open_tokenizer(ll_tokenizer *t, const ll_gguf *gguf, const struct kind *kind, libllm_error *error)
{
    bool merges = t->model == LL_TOKENIZER_BPE || t->model == LL_TOKENIZER_CHARACTERS;
    bool unigram = t->model == LL_TOKENIZER_UNIGRAM;
    libllm_status status = unigram ? read_charsmap(t, gguf, error) : LIBLLM_OK;
    if (status == LIBLLM_OK)
        status = set_pipeline(t, gguf, error);
    if (status == LIBLLM_OK)
        status = ll_vocabulary_open(t->host, gguf, t->model, &t->vocabulary, error);
    if (status == LIBLLM_OK && unigram)
        status = read_scores(t, gguf, error);
    if (status == LIBLLM_OK)
        status = ll_specials_open(t->host, gguf, t->model, &t->vocabulary, &t->specials, error);
    ll_merge_source source;
    if (status == LIBLLM_OK && merges)
        status =
            ll_merges_open(gguf, t->model == LL_TOKENIZER_BPE ? LL_SPELLED_BYTES : LL_SPELLED_BLANKS, &source, error);
    if (status == LIBLLM_OK)
        status = ll_lazy_open(t, merges ? &source : NULL, error);
    if (status == LIBLLM_OK)
        status = read_specials(t, gguf, kind, error);
    t->adds_blank = t->model == LL_TOKENIZER_SPM;
    if (status == LIBLLM_OK && t->adds_blank)
        status = ll_gguf_get_bool(gguf, "tokenizer.ggml.add_space_prefix", &t->adds_blank, error);
    t->drops_blank = t->adds_blank || unigram || t->model == LL_TOKENIZER_WORDPIECE;
    t->fuses_unknown = t->model == LL_TOKENIZER_SPM || t->model == LL_TOKENIZER_CHARACTERS || unigram;
    t->unknown = t->model == LL_TOKENIZER_BPE ? LL_NO_TOKEN : t->special[LIBLLM_TOKEN_UNKNOWN];
    return status == LIBLLM_OK ? read_template(t, gguf, kind, error) : status;
}

libllm_status ll_tokenizer_open(const ll_host *host, const ll_gguf *gguf, ll_tokenizer **tokenizer, libllm_error *error)
{
    *tokenizer = NULL;
    ll_span model = {NULL, 0};
    libllm_status status = ll_gguf_get_string(gguf, "tokenizer.ggml.model", &model, error);
    if (status != LIBLLM_OK || !model.data || ll_span_is(model, "no_vocab") || ll_span_is(model, "none"))
        return status;
    const struct kind *kind = find_kind(gguf, model);
    if (!kind)
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "tokenizer.ggml.model: the kind '%.*s' is not known",
                       (int)(model.size < 60 ? model.size : 60), model.data);
    ll_tokenizer *t = ll_calloc(host, 1, sizeof *t);
    if (!t)
        return ll_fail_memory(error, "the tokenizer");
    t->host = host;
    t->model = kind->model;
    t->kind = kind->kind;
    status = open_tokenizer(t, gguf, kind, error);
    if (status != LIBLLM_OK)
        ll_tokenizer_close(t);
    else
        *tokenizer = t;
    return status;
}

void ll_tokenizer_close(ll_tokenizer *t)
{
    if (!t)
        return;
    ll_lazy_close(t);
    ll_vocabulary_close(&t->vocabulary);
    ll_free(t->host, t->specials.list);
    ll_free(t->host, t->normalized.list);
    ll_merges_close(t->host, &t->merges);
    ll_charsmap_close(t->host, &t->charsmap);
    ll_tokenizer_forget(t);
    ll_free(t->host, t);
}

size_t ll_tokenizer_size(const ll_tokenizer *t) { return t->vocabulary.n; }

size_t ll_tokenizer_first_other(const ll_tokenizer *t, const ll_tokenizer *other)
{
    const ll_vocabulary *a = &t->vocabulary, *b = &other->vocabulary;
    size_t i = 0;
    while (i < a->n && i < b->n && a->ends[i + 1] == b->ends[i + 1] &&
           memcmp(a->bytes + a->ends[i], b->bytes + b->ends[i], a->ends[i + 1] - a->ends[i]) == 0)
        i++;
    return i;
}

int32_t ll_tokenizer_special(const ll_tokenizer *t, libllm_special_token kind)
{
    return (unsigned)kind < sizeof t->special / sizeof *t->special ? t->special[kind] : LL_NO_TOKEN;
}

bool ll_tokenizer_adds_bos(const ll_tokenizer *t)
{
    for (uint32_t i = 0; i < t->n_before; i++)
        if (t->before[i] == t->special[LIBLLM_TOKEN_BOS])
            return true;
    return false;
}

const char *ll_tokenizer_kind(const ll_tokenizer *t) { return t->kind; }

/* Encoding ---------------------------------------------------------------------------------------------- */

/* The text as it is worked on, and where control tokens are looked for in it. */
typedef struct input {
    ll_span text;
    ll_buffer joined, repaired; /* the text where it is not the caller's */
    ll_interval *control;
    size_t n_control;
    ll_span markup;
} input;

static bool is_valid(ll_span text)
{
    size_t i = 0;
    for (uint64_t word; text.size - i >= 8; i += 8) {
        memcpy(&word, text.data + i, 8);
        if (word & 0x8080808080808080u)
            break;
    }
    return ll_utf8_valid(text.data + i, text.size - i);
}

/* U+FFFD for what is not UTF-8. Intervals shrink to the characters that lie wholly within them. */
static void repair(input *in)
{
    size_t n_begun = 0, n_ended = 0, n;
    for (size_t i = 0; i < in->text.size; i += n) {
        int32_t c;
        n = ll_utf8_decode(in->text.data + i, in->text.size - i, &c);
        for (; n_ended < in->n_control && in->control[n_ended].end < i + n; n_ended++)
            in->control[n_ended].end = in->repaired.size;
        for (; n_begun < in->n_control && in->control[n_begun].begin <= i; n_begun++)
            in->control[n_begun].begin = in->repaired.size;
        if (c < 0)
            ll_buffer_append(&in->repaired, "\xEF\xBF\xBD", 3);
        else
            ll_buffer_append(&in->repaired, in->text.data + i, n);
    }
    for (; n_ended < in->n_control; n_ended++)
        in->control[n_ended].end = in->repaired.size;
    for (; n_begun < in->n_control; n_begun++)
        in->control[n_begun].begin = in->repaired.size;
    in->text = (ll_span){in->repaired.data, in->repaired.size};
}

static void join(input *in, const ll_text_part *parts, size_t n_parts)
{
    size_t at = 0;
    for (size_t i = 0; i < n_parts; i++) {
        if (parts[i].parse_special && parts[i].text.size > 0) {
            if (in->n_control > 0 && in->control[in->n_control - 1].end == at)
                in->control[in->n_control - 1].end += parts[i].text.size;
            else
                in->control[in->n_control++] = (ll_interval){at, at + parts[i].text.size};
        }
        at += parts[i].text.size;
        if (n_parts > 1)
            ll_buffer_append(&in->joined, parts[i].text.data, parts[i].text.size);
    }
    in->text = n_parts == 1 ? parts[0].text : (ll_span){in->joined.data, in->joined.size};
}

static void (*const encode_word[])(ll_encoder *e, const char *word, size_t size) = {
    [LL_TOKENIZER_BPE] = ll_bpe_encode,
    [LL_TOKENIZER_SPM] = ll_characters_encode,
    [LL_TOKENIZER_CHARACTERS] = ll_characters_encode,
    [LL_TOKENIZER_WORDPIECE] = ll_wordpiece_encode,
    [LL_TOKENIZER_UNIGRAM] = ll_unigram_encode,
    [LL_TOKENIZER_RWKV] = ll_rwkv_encode,
};

/* Normalized text, in which further added tokens may stand. Those that are controls count if the text may have such. */
static void encode_normalized(ll_encoder *e, ll_span text, bool is_first, bool controls)
{
    const ll_tokenizer *t = e->tokenizer;
    if (t->normalized.n == 0) {
        ll_cut(e, text, is_first);
        return;
    }
    ll_interval all = {0, text.size};
    ll_scan scan = {.text = text, .control = &all, .n_control = controls, .markup = e->markup};
    ll_match match;
    for (size_t from = 0; !e->out->failed; from = match.end) {
        bool found = ll_specials_next(&t->normalized, &t->vocabulary, &scan, &match);
        size_t end = found ? match.begin : text.size;
        if (end > from)
            ll_cut(e, (ll_span){text.data + from, end - from}, is_first && from == 0);
        if (!found)
            break;
        ll_tokens_push(e->out, match.id);
    }
}

static void encode_plain(ll_encoder *e, ll_span text, bool is_first, bool controls)
{
    if (text.size == 0)
        return;
    if (e->tokenizer->model == LL_TOKENIZER_SPM) {
        ll_spm_encode(e, text);
        return;
    }
    text = ll_normalize(e->tokenizer, e->text, text);
    if (!e->text[0].failed && !e->text[1].failed && text.size > 0)
        encode_normalized(e, text, is_first, controls);
}

static void encode_input(ll_encoder *e, const input *in)
{
    const ll_tokenizer *t = e->tokenizer;
    ll_scan scan = {in->text, 0, in->control, in->n_control, in->markup};
    ll_match match;
    for (size_t from = 0; !e->out->failed; from = match.end) {
        bool found = ll_specials_next(&t->specials, &t->vocabulary, &scan, &match);
        size_t end = found ? match.begin : in->text.size;
        bool controls = scan.n_control && scan.control->begin <= from && scan.control->end >= end;
        encode_plain(e, (ll_span){in->text.data + from, end - from}, from == 0, controls);
        if (!found)
            break;
        ll_tokens_push(e->out, match.id);
    }
}

static void close_encoder(ll_encoder *e)
{
    const ll_host *host = e->tokenizer->host;
    for (size_t i = 0; i < LL_MAX_STEPS; i++)
        if (e->levels[i].buffer.host)
            ll_buffer_free(&e->levels[i].buffer);
    ll_queue_free(host, e->queue);
    ll_free(host, e->known);
    ll_free(host, e->lengths);
    ll_free(host, e->best);
    ll_buffer_free(&e->suffixed);
    ll_buffer_free(&e->word);
    ll_buffer_free(&e->text[0]);
    ll_buffer_free(&e->text[1]);
}

#define LONG_TEXT (64 << 10) /* bytes; in longer ones words come again often enough to be remembered */

static void encode_ready(const ll_tokenizer *t, const input *in, ll_tokens *out)
{
    ll_encoder encoder = {.tokenizer = t, .out = out, .encode_word = encode_word[t->model], .markup = in->markup};
    ll_buffer_init(&encoder.text[0], t->host);
    ll_buffer_init(&encoder.text[1], t->host);
    ll_buffer_init(&encoder.word, t->host);
    ll_buffer_init(&encoder.suffixed, t->host);
    if (t->model == LL_TOKENIZER_BPE && in->text.size > LONG_TEXT)
        encoder.known = ll_calloc(t->host, LL_KNOWN_WORDS, sizeof *encoder.known); /* does without if there is none */
    encode_input(&encoder, in);
    if (encoder.text[0].failed || encoder.text[1].failed)
        out->failed = true;
    close_encoder(&encoder);
}

static libllm_status encode_all(const ll_tokenizer *t, const ll_text_part *parts, size_t n_parts, ll_span markup,
                                ll_tokens *out, libllm_error *error)
{
    input in = {.control = ll_alloc(t->host, n_parts, sizeof *in.control), .markup = markup};
    ll_buffer_init(&in.joined, t->host);
    ll_buffer_init(&in.repaired, t->host);
    if (in.control)
        join(&in, parts, n_parts);
    if (in.control && !in.joined.failed && !is_valid(in.text))
        repair(&in);
    libllm_status status = LIBLLM_OK;
    if (!in.control || in.joined.failed || in.repaired.failed) {
        out->failed = true;
    } else {
        ll_tokenizer some;
        const ll_tokenizer *ready;
        status = ll_lazy_ready(t, in.text, &some, &ready, error);
        if (status == LIBLLM_OK) {
            encode_ready(ready, &in, out);
            if (ready == &some)
                ll_lazy_release(&some);
        }
    }
    ll_buffer_free(&in.repaired);
    ll_buffer_free(&in.joined);
    ll_free(t->host, in.control);
    return status;
}

libllm_status ll_tokenizer_encode_parts(const ll_tokenizer *t, const ll_text_part *parts, size_t n_parts,
                                        uint32_t flags, ll_span markup, ll_tokens *out, libllm_error *error)
{
    uint64_t limit = t->host->limits.text_bytes < INT32_MAX ? t->host->limits.text_bytes : INT32_MAX;
    size_t size = 0;
    for (size_t i = 0; i < n_parts; i++)
        if (!ll_add_size(size, parts[i].text.size, &size) || size > limit)
            return ll_fail(error, LIBLLM_ERROR_LIMIT,
                           "the text has more than %" PRIu64 " bytes, the limit text_bytes of one call", limit);
    size_t n_before = out->size;
    if (flags & LIBLLM_TOKENIZE_ADD_BOS)
        ll_tokens_append(out, t->before, t->n_before);
    libllm_status status = size > 0 ? encode_all(t, parts, n_parts, markup, out, error) : LIBLLM_OK;
    if (status != LIBLLM_OK) {
        out->size = n_before;
        return status;
    }
    if (flags & LIBLLM_TOKENIZE_ADD_BOS)
        ll_tokens_append(out, t->after, t->n_after);
    if (!out->failed)
        return LIBLLM_OK;
    out->size = n_before;
    return ll_fail_memory(error, "the tokens of a text");
}

libllm_status ll_tokenizer_encode(const ll_tokenizer *t, const char *text, size_t n_bytes, uint32_t flags,
                                  ll_tokens *out, libllm_error *error)
{
    ll_text_part part = {{text, n_bytes}, (flags & LIBLLM_TOKENIZE_PARSE_SPECIAL) != 0};
    return ll_tokenizer_encode_parts(t, &part, 1, flags, (ll_span){NULL, 0}, out, error);
}
