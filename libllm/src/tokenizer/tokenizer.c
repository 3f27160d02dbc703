/* SPDX-License-Identifier: MIT
 * Opening the tokenizer of a file, and encoding: text is made valid, added tokens are cut out, what is between goes to
 * the model of the vocabulary.
 */
#include "tokenizer/internal.h"

#include "base/checked.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <string.h>

static const char *const special_keys[] = {
    [LIBLLM_TOKEN_BOS] = "tokenizer.ggml.bos_token_id",
    [LIBLLM_TOKEN_EOS] = "tokenizer.ggml.eos_token_id",
    [LIBLLM_TOKEN_EOT] = "tokenizer.ggml.eot_token_id",
    [LIBLLM_TOKEN_UNKNOWN] = "tokenizer.ggml.unknown_token_id",
    [LIBLLM_TOKEN_PADDING] = "tokenizer.ggml.padding_token_id",
};

/* Control tokens that end a turn, by their text, and others that end a generation. */
static const char *const turn_ends[] = {"<|im_end|>", "<|eot_id|>", "<end_of_turn>", "<|end|>", "<|END_OF_TURN_TOKEN|>",
                                        "<|eot|>"};
static const char *const text_ends[] = {"<|endoftext|>", "<|end_of_text|>", "</s>",
                                        "<eos>",         "<|eom_id|>",      "<|return|>",
                                        "<|call|>",      "<EOT>",           "<｜end▁of▁sentence｜>"};

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

static void add_end(ll_tokenizer *t, int32_t id)
{
    if (id >= 0 && !ll_tokenizer_ends(t, id) && t->n_ends < sizeof t->ends / sizeof *t->ends)
        t->ends[t->n_ends++] = id;
}

static int32_t find_control(const ll_tokenizer *t, const char *text)
{
    int32_t id = ll_specials_find(&t->specials, ll_span_of(text));
    return id >= 0 && ll_is_control(&t->vocabulary, id) ? id : LL_NO_TOKEN;
}

static libllm_status read_specials(ll_tokenizer *t, const ll_gguf *gguf, libllm_error *error)
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
    add_end(t, t->special[LIBLLM_TOKEN_EOS]);
    add_end(t, t->special[LIBLLM_TOKEN_EOT]);
    add_end(t, end_of_message);
    /* Where a return ends the answer, an end of message is followed by further messages. */
    bool has_return = find_control(t, "<|return|>") >= 0;
    for (size_t i = 0; i < sizeof turn_ends / sizeof *turn_ends; i++) {
        int32_t id = find_control(t, turn_ends[i]);
        if (id < 0 || (has_return && strcmp(turn_ends[i], "<|end|>") == 0))
            continue;
        add_end(t, id);
        if (t->special[LIBLLM_TOKEN_EOT] < 0 && id != t->special[LIBLLM_TOKEN_EOS])
            t->special[LIBLLM_TOKEN_EOT] = id;
    }
    for (size_t i = 0; i < sizeof text_ends / sizeof *text_ends; i++)
        add_end(t, find_control(t, text_ends[i]));
    return LIBLLM_OK;
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
    t->pattern = ll_pattern_find(name);
    if (!t->pattern)
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "tokenizer.ggml.pre: the pre-tokenizer '%.*s' is not known",
                       (int)(name.size < 60 ? name.size : 60), name.data);
    return LIBLLM_OK;
}

static libllm_status open_tokenizer(ll_tokenizer *t, const ll_gguf *gguf, libllm_error *error)
{
    bool bpe = t->model == LL_TOKENIZER_BPE;
    libllm_status status = bpe ? read_pattern(t, gguf, error) : LIBLLM_OK;
    if (status == LIBLLM_OK)
        status = ll_vocabulary_open(t->host, gguf, t->model, &t->vocabulary, error);
    if (status == LIBLLM_OK)
        status = ll_specials_open(t->host, gguf, t->model, &t->vocabulary, &t->specials, error);
    if (status == LIBLLM_OK && bpe)
        status = ll_merges_open(t->host, gguf, &t->vocabulary, &t->specials, &t->merges, error);
    if (status == LIBLLM_OK)
        status = read_specials(t, gguf, error);
    t->adds_blank = !bpe;
    if (status == LIBLLM_OK && !bpe)
        status = ll_gguf_get_bool(gguf, "tokenizer.ggml.add_space_prefix", &t->adds_blank, error);
    t->adds_bos = bpe ? t->pattern && t->pattern->adds_bos : true;
    if (status == LIBLLM_OK)
        status = ll_gguf_get_bool(gguf, "tokenizer.ggml.add_bos_token", &t->adds_bos, error);
    return status;
}

libllm_status ll_tokenizer_open(const ll_host *host, const ll_gguf *gguf, ll_tokenizer **tokenizer, libllm_error *error)
{
    *tokenizer = NULL;
    ll_span model = {NULL, 0};
    libllm_status status = ll_gguf_get_string(gguf, "tokenizer.ggml.model", &model, error);
    if (status != LIBLLM_OK || !model.data || ll_span_is(model, "no_vocab"))
        return status;
    bool bpe = ll_span_is(model, "gpt2");
    if (!bpe && !ll_span_is(model, "llama"))
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "tokenizer.ggml.model: the kind '%.*s' is not known",
                       (int)(model.size < 60 ? model.size : 60), model.data);
    ll_tokenizer *t = ll_calloc(host, 1, sizeof *t);
    if (!t)
        return ll_fail_memory(error, "the tokenizer");
    t->host = host;
    t->model = bpe ? LL_TOKENIZER_BPE : LL_TOKENIZER_SPM;
    status = open_tokenizer(t, gguf, error);
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
    ll_vocabulary_close(&t->vocabulary);
    ll_free(t->host, t->specials.list);
    ll_free(t->host, t->merges.slots);
    ll_free(t->host, t);
}

size_t ll_tokenizer_size(const ll_tokenizer *t) { return t->vocabulary.n; }

int32_t ll_tokenizer_special(const ll_tokenizer *t, libllm_special_token kind)
{
    return (unsigned)kind < sizeof t->special / sizeof *t->special ? t->special[kind] : LL_NO_TOKEN;
}

bool ll_tokenizer_ends(const ll_tokenizer *t, int32_t id)
{
    for (uint32_t i = 0; i < t->n_ends; i++)
        if (t->ends[i] == id)
            return true;
    return false;
}

bool ll_tokenizer_adds_bos(const ll_tokenizer *t) { return t->adds_bos && t->special[LIBLLM_TOKEN_BOS] >= 0; }

const char *ll_tokenizer_kind(const ll_tokenizer *t) { return t->model == LL_TOKENIZER_BPE ? "BPE" : "SPM"; }

/* Encoding ---------------------------------------------------------------------------------------------- */

/* The text as it is worked on, and where control tokens are looked for in it. */
typedef struct input {
    ll_span text;
    ll_buffer joined, repaired; /* the text where it is not the caller's */
    ll_interval *control;
    size_t n_control;
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

static void encode_plain(ll_encoder *e, ll_span text)
{
    if (text.size == 0)
        return;
    if (e->tokenizer->model == LL_TOKENIZER_BPE)
        ll_bpe_encode(e, text);
    else
        ll_spm_encode(e, text);
}

static void encode_input(ll_encoder *e, const input *in)
{
    const ll_tokenizer *t = e->tokenizer;
    ll_scan scan = {in->text, 0, in->control, in->n_control};
    ll_match match;
    for (size_t from = 0; !e->out->failed; from = match.end) {
        bool found = ll_specials_next(&t->specials, &t->vocabulary, &scan, &match);
        size_t end = found ? match.begin : in->text.size;
        encode_plain(e, (ll_span){in->text.data + from, end - from});
        if (!found)
            break;
        ll_tokens_push(e->out, match.id);
    }
}

libllm_status ll_tokenizer_encode_parts(const ll_tokenizer *t, const ll_text_part *parts, size_t n_parts,
                                        uint32_t flags, ll_tokens *out, libllm_error *error)
{
    uint64_t limit = t->host->limits.text_bytes < INT32_MAX ? t->host->limits.text_bytes : INT32_MAX;
    size_t size = 0;
    for (size_t i = 0; i < n_parts; i++)
        if (!ll_add_size(size, parts[i].text.size, &size) || size > limit)
            return ll_fail(error, LIBLLM_ERROR_LIMIT,
                           "the text has more than %" PRIu64 " bytes, the limit text_bytes of one call", limit);
    size_t n_before = out->size;
    if (flags & LIBLLM_TOKENIZE_ADD_BOS && ll_tokenizer_adds_bos(t))
        ll_tokens_push(out, t->special[LIBLLM_TOKEN_BOS]);
    if (size > 0) {
        input in = {.control = ll_alloc(t->host, n_parts, sizeof *in.control)};
        ll_encoder encoder = {.tokenizer = t, .out = out};
        ll_buffer_init(&in.joined, t->host);
        ll_buffer_init(&in.repaired, t->host);
        ll_buffer_init(&encoder.text, t->host);
        ll_buffer_init(&encoder.word, t->host);
        if (in.control)
            join(&in, parts, n_parts);
        if (in.control && !in.joined.failed && !is_valid(in.text))
            repair(&in);
        if (!in.control || in.joined.failed || in.repaired.failed)
            out->failed = true;
        else
            encode_input(&encoder, &in);
        out->failed = out->failed || encoder.text.failed;
        ll_queue_free(t->host, encoder.queue);
        ll_buffer_free(&encoder.word);
        ll_buffer_free(&encoder.text);
        ll_buffer_free(&in.repaired);
        ll_buffer_free(&in.joined);
        ll_free(t->host, in.control);
    }
    if (!out->failed)
        return LIBLLM_OK;
    out->size = n_before;
    return ll_fail_memory(error, "the tokens of a text");
}

libllm_status ll_tokenizer_encode(const ll_tokenizer *t, const char *text, size_t n_bytes, uint32_t flags,
                                  ll_tokens *out, libllm_error *error)
{
    ll_text_part part = {{text, n_bytes}, (flags & LIBLLM_TOKENIZE_PARSE_SPECIAL) != 0};
    return ll_tokenizer_encode_parts(t, &part, 1, flags, out, error);
}
