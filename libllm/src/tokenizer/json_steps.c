/* SPDX-License-Identifier: MIT
 * The components of a tokenizer.json around the model: normalizer, pre-tokenizer, post-processor, and the decoder for
 * the way back. What is not known is refused by its name. From where a component makes blanks visible on, visible and
 * other blanks count as the same here, and are blanks.
 */
#include "tokenizer/json.h"

#include "base/checked.h"
#include "tokenizer/dfa_table.h"

#include <string.h>

#define MAX_NESTING 16
#define VISIBLE_BLANK "\xE2\x96\x81"

static libllm_status refuse(const ll_json_reader *r, const char *what, const char *name)
{
    return ll_fail(r->error, LIBLLM_ERROR_UNSUPPORTED, "tokenizer.json: %s: %s '%.100s' is not supported", r->part,
                   what, name);
}

static libllm_status malformed(const ll_json_reader *r, const char *type)
{
    return ll_fail(r->error, LIBLLM_ERROR_JSON, "tokenizer.json: %s: %s: a field is missing or has another type",
                   r->part, type);
}

bool ll_json_bool(const json_t *object, const char *name, bool *value)
{
    const json_t *field = json_object_get(object, name);
    if (json_is_boolean(field))
        *value = json_is_true(field);
    return !field || json_is_null(field) || json_is_boolean(field);
}

bool ll_json_string(const json_t *object, const char *name, const char **value)
{
    const json_t *field = json_object_get(object, name);
    if (json_is_string(field) && strlen(json_string_value(field)) == json_string_length(field))
        *value = json_string_value(field);
    else if (field && !json_is_null(field))
        return false;
    return true;
}

struct kept { /* texts that live as long as the tokenizer, one after the other */
    struct kept *next;
};

const char *ll_json_keep(ll_tokenizer *t, const char *text, size_t size)
{
    size_t total;
    if (!ll_add_size(size, sizeof(struct kept) + 1, &total))
        return NULL;
    struct kept *kept = ll_alloc(t->host, total, 1);
    if (!kept)
        return NULL;
    char *copy = (char *)(kept + 1);
    kept->next = t->memory;
    t->memory = kept;
    if (size)
        memcpy(copy, text, size);
    copy[size] = 0;
    return copy;
}

void ll_tokenizer_forget(ll_tokenizer *t)
{
    for (struct kept *kept = t->memory, *next; kept; kept = next) {
        next = kept->next;
        ll_free(t->host, kept);
    }
    t->memory = NULL;
}

/* A text that a component has, as the text that it works on has it. */
static const char *literal(ll_json_reader *r, const char *text)
{
    ll_buffer shown;
    ll_buffer_init(&shown, r->host);
    ll_append_blanks(&shown, ll_span_of(text), r->blanks);
    const char *kept = shown.failed ? NULL : ll_json_keep(r->tokenizer, shown.data ? shown.data : "", shown.size);
    ll_buffer_free(&shown);
    return kept;
}

/* Walk through what sequences hold, however nested, without recursion. */
typedef libllm_status (*ll_json_visit)(ll_json_reader *r, const json_t *component, const char *type);

static libllm_status walk(ll_json_reader *r, const json_t *component, const char *list_name, ll_json_visit visit)
{
    struct {
        const json_t *list;
        size_t next;
    } stack[MAX_NESTING];
    size_t depth = 0;
    for (;;) {
        if (component && !json_is_null(component)) {
            const char *type = json_string_value(json_object_get(component, "type"));
            if (!type)
                return malformed(r, "a component without type");
            if (strcmp(type, "Sequence") == 0) {
                const json_t *list = json_object_get(component, list_name);
                if (!json_is_array(list))
                    return malformed(r, type);
                if (depth == MAX_NESTING)
                    return ll_fail(r->error, LIBLLM_ERROR_LIMIT, "tokenizer.json: %s: nested too deep", r->part);
                stack[depth].list = list;
                stack[depth++].next = 0;
            } else {
                libllm_status status = visit(r, component, type);
                if (status != LIBLLM_OK)
                    return status;
            }
        }
        while (depth > 0 && stack[depth - 1].next == json_array_size(stack[depth - 1].list))
            depth--;
        if (depth == 0)
            return LIBLLM_OK;
        component = json_array_get(stack[depth - 1].list, stack[depth - 1].next++);
    }
}

/* {"String": text} or {"Regex": pattern}. */
static libllm_status read_pattern(ll_json_reader *r, const json_t *component, const char *type, const char **text,
                                  const ll_dfa **dfa)
{
    const json_t *pattern = json_object_get(component, "pattern");
    const char *string = NULL, *regex = NULL;
    if (!ll_json_string(pattern, "String", &string) || !ll_json_string(pattern, "Regex", &regex) || !string == !regex)
        return malformed(r, type);
    *text = NULL;
    *dfa = NULL;
    if (string) {
        *text = string;
        return *string ? LIBLLM_OK : refuse(r, "an empty pattern of", type);
    }
    *dfa = ll_dfa_find(ll_span_of(regex));
    return *dfa ? LIBLLM_OK : refuse(r, "the regular expression", regex);
}

/* Normalizers ------------------------------------------------------------------------------------------- */

static const struct {
    const char *type;
    ll_normalizer_kind kind;
} plain[] = {
    {"NFC", LL_NORMALIZE_NFC},
    {"NFD", LL_NORMALIZE_NFD},
    {"NFKC", LL_NORMALIZE_NFKC},
    {"NFKD", LL_NORMALIZE_NFKD},
    {"Lowercase", LL_NORMALIZE_LOWERCASE},
    {"StripAccents", LL_NORMALIZE_STRIP_ACCENTS},
    {"Nmt", LL_NORMALIZE_NMT},
};

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool decode_base64(ll_span text, ll_buffer *out)
{
    while (text.size > 0 && text.data[text.size - 1] == '=')
        text.size--;
    uint32_t bits = 0, n_bits = 0;
    for (size_t i = 0; i < text.size; i++) {
        int value = base64_value(text.data[i]);
        if (value < 0)
            return false;
        bits = (bits << 6 | (uint32_t)value) & 0xFFFFFF;
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            ll_buffer_byte(out, (char)(bits >> n_bits));
        }
    }
    return true;
}

static libllm_status read_charsmap(ll_json_reader *r, const json_t *component)
{
    const json_t *map = json_object_get(component, "precompiled_charsmap");
    if (!json_is_string(map))
        return malformed(r, "Precompiled");
    if (r->tokenizer->charsmap.units)
        return refuse(r, "a second", "Precompiled");
    ll_buffer bytes;
    ll_buffer_init(&bytes, r->host);
    libllm_status status;
    if (!decode_base64((ll_span){json_string_value(map), json_string_length(map)}, &bytes))
        status =
            ll_fail(r->error, LIBLLM_ERROR_JSON, "tokenizer.json: %s: precompiled_charsmap is not base64", r->part);
    else if (bytes.failed)
        status = ll_fail_memory(r->error, "the rules of normalization");
    else
        status = ll_charsmap_open(r->host, (ll_span){bytes.data, bytes.size}, "tokenizer.json: precompiled_charsmap",
                                  &r->tokenizer->charsmap, r->error);
    ll_buffer_free(&bytes);
    return status;
}

static libllm_status read_replace(ll_json_reader *r, const json_t *component, ll_normalizer *step)
{
    const char *text, *content = NULL;
    libllm_status status = read_pattern(r, component, "Replace", &text, &step->dfa);
    if (status != LIBLLM_OK)
        return status;
    if (!ll_json_string(component, "content", &content) || !content)
        return malformed(r, "Replace");
    if (text && strcmp(text, " ") == 0 && strcmp(content, VISIBLE_BLANK) == 0) {
        step->kind = LL_NORMALIZE_BLANKS;
        r->blanks = true;
        return LIBLLM_OK;
    }
    /* A blank that the reference would look for is a visible one by now, and not there for it. */
    if (r->blanks && (step->dfa || strchr(text, ' ')))
        return refuse(r, "behind blanks made visible,", "Replace");
    step->kind = LL_NORMALIZE_REPLACE;
    step->text = text ? literal(r, text) : NULL;
    step->with = literal(r, content);
    return (text && !step->text) || !step->with ? ll_fail_memory(r->error, "a normalizer") : LIBLLM_OK;
}

static libllm_status read_bert(ll_json_reader *r, const json_t *component, ll_normalizer *step)
{
    *step = (ll_normalizer){.kind = LL_NORMALIZE_BERT, .clean = true, .han = true, .lowercase = true};
    bool complete = ll_json_bool(component, "clean_text", &step->clean) &&
                    ll_json_bool(component, "handle_chinese_chars", &step->han) &&
                    ll_json_bool(component, "lowercase", &step->lowercase);
    step->accents = step->lowercase;
    return complete && ll_json_bool(component, "strip_accents", &step->accents) ? LIBLLM_OK
                                                                                : malformed(r, "BertNormalizer");
}

static libllm_status visit_normalizer(ll_json_reader *r, const json_t *component, const char *type)
{
    ll_pipeline *pipeline = &r->tokenizer->pipeline;
    if (pipeline->n_normalizers == LL_MAX_STEPS)
        return ll_fail(r->error, LIBLLM_ERROR_LIMIT, "tokenizer.json: normalizer: more than %d steps", LL_MAX_STEPS);
    ll_normalizer step = {0};
    libllm_status status = LIBLLM_OK;
    bool found = false;
    for (size_t i = 0; i < sizeof plain / sizeof *plain && !found; i++) {
        found = strcmp(type, plain[i].type) == 0;
        step.kind = plain[i].kind;
    }
    if (found) {
        status = LIBLLM_OK;
    } else if (strcmp(type, "Replace") == 0) {
        status = read_replace(r, component, &step);
    } else if (strcmp(type, "Prepend") == 0) {
        const char *text = NULL;
        if (!ll_json_string(component, "prepend", &text) || !text)
            return malformed(r, type);
        step.kind = LL_NORMALIZE_PREPEND;
        step.with = literal(r, text);
        status = step.with ? LIBLLM_OK : ll_fail_memory(r->error, "a normalizer");
    } else if (r->blanks) {
        return refuse(r, "behind blanks made visible,", type);
    } else if (strcmp(type, "Strip") == 0) {
        step = (ll_normalizer){.kind = LL_NORMALIZE_STRIP, .left = true, .right = true};
        if (!ll_json_bool(component, "strip_left", &step.left) || !ll_json_bool(component, "strip_right", &step.right))
            return malformed(r, type);
    } else if (strcmp(type, "BertNormalizer") == 0) {
        status = read_bert(r, component, &step);
    } else if (strcmp(type, "Precompiled") == 0) {
        step.kind = LL_NORMALIZE_CHARSMAP;
        status = read_charsmap(r, component);
    } else {
        return refuse(r, "the component", type);
    }
    pipeline->normalizers[pipeline->n_normalizers++] = step;
    return status;
}

libllm_status ll_json_normalizer(ll_json_reader *r, const json_t *normalizer)
{
    r->part = "normalizer";
    return walk(r, normalizer, "normalizers", visit_normalizer);
}

/* Pre-tokenizers ---------------------------------------------------------------------------------------- */

static libllm_status add_step(ll_json_reader *r, ll_step step)
{
    ll_pipeline *pipeline = &r->tokenizer->pipeline;
    if (pipeline->n_steps == LL_MAX_STEPS)
        return ll_fail(r->error, LIBLLM_ERROR_LIMIT, "tokenizer.json: pre_tokenizer: more than %d steps", LL_MAX_STEPS);
    pipeline->steps[pipeline->n_steps++] = step;
    return LIBLLM_OK;
}

static libllm_status read_behavior(ll_json_reader *r, const json_t *component, const char *type, bool invert,
                                   ll_behavior *behavior)
{
    static const struct {
        const char *name;
        ll_behavior plain, inverted;
        bool inverts;
    } known[] = {
        {"Isolated", LL_ISOLATED, LL_ISOLATED, true},
        {"Removed", LL_REMOVED, LL_KEPT, true},
        {"Contiguous", LL_CONTIGUOUS, LL_CONTIGUOUS, true},
        {"MergedWithPrevious", LL_MERGED_WITH_PREVIOUS, LL_ISOLATED, false},
        {"MergedWithNext", LL_MERGED_WITH_NEXT, LL_ISOLATED, false},
    };
    const char *name = NULL;
    if (!ll_json_string(component, "behavior", &name))
        return malformed(r, type);
    if (!name)
        return LIBLLM_OK; /* as it is */
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(name, known[i].name) == 0 && (known[i].inverts || !invert)) {
            *behavior = invert ? known[i].inverted : known[i].plain;
            return LIBLLM_OK;
        }
    return refuse(r, invert ? "the inverted behavior" : "the behavior", name);
}

static libllm_status read_split(ll_json_reader *r, const json_t *component)
{
    ll_step step = {0};
    bool invert = false;
    const char *text;
    libllm_status status = read_pattern(r, component, "Split", &text, &step.dfa);
    if (status != LIBLLM_OK)
        return status;
    if (!ll_json_bool(component, "invert", &invert) || !json_is_string(json_object_get(component, "behavior")))
        return malformed(r, "Split");
    status = read_behavior(r, component, "Split", invert, &step.behavior);
    if (status != LIBLLM_OK)
        return status;
    step.skips_runs = step.dfa == &ll_dfa_deepseek_end;
    if (r->bytes) {
        if (step.dfa != &ll_dfa_ascii_digits3)
            return refuse(r, "behind ByteLevel,", "Split");
        step.dfa = &ll_dfa_ascii_digits3_of_bytes;
        step.over_bytes = true;
    }
    if (r->blanks && step.dfa && step.dfa != &ll_dfa_lines)
        return refuse(r, "behind blanks made visible,", "Split");
    if (text && r->blanks && strchr(text, ' '))
        return LIBLLM_OK; /* no blank is left that it could find */
    step.literal = text ? literal(r, text) : NULL;
    return text && !step.literal ? ll_fail_memory(r->error, "a pre-tokenizer") : add_step(r, step);
}

static libllm_status read_byte_level(ll_json_reader *r, const json_t *component)
{
    bool prefix = true, cuts = true;
    if (!ll_json_bool(component, "add_prefix_space", &prefix) || !ll_json_bool(component, "use_regex", &cuts))
        return malformed(r, "ByteLevel");
    if (r->bytes || r->blanks)
        return refuse(r, "behind ByteLevel or blanks made visible,", "ByteLevel");
    r->bytes = true;
    ll_step step = {.dfa = cuts ? &ll_dfa_gpt2 : NULL, .prefix = prefix ? LL_PREFIX_ALWAYS : LL_PREFIX_NEVER};
    return prefix || cuts ? add_step(r, step) : LIBLLM_OK;
}

static libllm_status read_metaspace(ll_json_reader *r, const json_t *component)
{
    const char *replacement = VISIBLE_BLANK, *scheme = NULL;
    bool prefix = true, split = true;
    if (!ll_json_string(component, "replacement", &replacement) ||
        !ll_json_string(component, "prepend_scheme", &scheme) ||
        !ll_json_bool(component, "add_prefix_space", &prefix) || !ll_json_bool(component, "split", &split))
        return malformed(r, "Metaspace");
    if (strcmp(replacement, VISIBLE_BLANK) != 0)
        return refuse(r, "Metaspace with the replacement", replacement);
    ll_step step = {.shows_blanks = true,
                    .literal = split ? " " : NULL,
                    .behavior = LL_MERGED_WITH_NEXT,
                    .prefix = prefix ? LL_PREFIX_ALWAYS : LL_PREFIX_NEVER};
    if (scheme && strcmp(scheme, "always") == 0)
        step.prefix = LL_PREFIX_ALWAYS;
    else if (scheme && strcmp(scheme, "first") == 0)
        step.prefix = LL_PREFIX_FIRST;
    else if (scheme && strcmp(scheme, "never") == 0)
        step.prefix = LL_PREFIX_NEVER;
    else if (scheme)
        return refuse(r, "Metaspace with the prepend_scheme", scheme);
    r->blanks = true;
    return add_step(r, step);
}

static libllm_status read_digits(ll_json_reader *r, const json_t *component)
{
    bool individual = false;
    if (!ll_json_bool(component, "individual_digits", &individual))
        return malformed(r, "Digits");
    if (r->bytes && individual)
        return refuse(r, "behind ByteLevel,", "Digits with individual_digits");
    if (r->bytes)
        return add_step(r, (ll_step){.dfa = &ll_dfa_numeric_of_bytes, .over_bytes = true});
    return add_step(r, (ll_step){.dfa = individual ? &ll_dfa_numeric : &ll_dfa_numeric_run});
}

static libllm_status visit_pre_tokenizer(ll_json_reader *r, const json_t *component, const char *type)
{
    ll_step step = {0};
    if (strcmp(type, "Split") == 0)
        return read_split(r, component);
    if (strcmp(type, "ByteLevel") == 0)
        return read_byte_level(r, component);
    if (strcmp(type, "Metaspace") == 0)
        return read_metaspace(r, component);
    if (strcmp(type, "Digits") == 0)
        return read_digits(r, component);
    if (r->bytes || r->blanks)
        return refuse(r, "behind ByteLevel or blanks made visible,", type);
    if (strcmp(type, "Punctuation") == 0) {
        step.dfa = &ll_dfa_punctuation;
        libllm_status status = read_behavior(r, component, type, false, &step.behavior);
        return status == LIBLLM_OK ? add_step(r, step) : status;
    }
    if (strcmp(type, "Whitespace") == 0)
        return add_step(r, (ll_step){.dfa = &ll_dfa_word_or_marks, .behavior = LL_KEPT});
    if (strcmp(type, "WhitespaceSplit") == 0 || strcmp(type, "BertPreTokenizer") == 0) {
        libllm_status status = add_step(r, (ll_step){.dfa = &ll_dfa_white, .behavior = LL_REMOVED});
        if (status == LIBLLM_OK && *type == 'B')
            status = add_step(r, (ll_step){.dfa = &ll_dfa_punctuation});
        return status;
    }
    if (strcmp(type, "CharDelimiterSplit") == 0) {
        const char *text = NULL;
        if (!ll_json_string(component, "delimiter", &text) || !text || !*text)
            return malformed(r, type);
        step.behavior = LL_REMOVED;
        step.literal = literal(r, text);
        return step.literal ? add_step(r, step) : ll_fail_memory(r->error, "a pre-tokenizer");
    }
    return refuse(r, "the component", type);
}

libllm_status ll_json_pre_tokenizer(ll_json_reader *r, const json_t *pre_tokenizer)
{
    r->part = "pre_tokenizer";
    return walk(r, pre_tokenizer, "pretokenizers", visit_pre_tokenizer);
}

/* Decoders ---------------------------------------------------------------------------------------------- */

/* Tokens are kept as the text that they decode to; what is left to say is what happens at the start of a text. */
static libllm_status visit_decoder(ll_json_reader *r, const json_t *component, const char *type)
{
    ll_tokenizer *t = r->tokenizer;
    const char *scheme = "always", *content = NULL;
    if (strcmp(type, "Metaspace") == 0) {
        bool prefix = true;
        if (!ll_json_string(component, "prepend_scheme", &scheme) ||
            !ll_json_bool(component, "add_prefix_space", &prefix))
            return malformed(r, type);
        t->drops_blank = prefix && strcmp(scheme, "never") != 0;
    } else if (strcmp(type, "Strip") == 0) {
        if (!ll_json_string(component, "content", &content))
            return malformed(r, type);
        t->drops_blank =
            content && strcmp(content, " ") == 0 && json_integer_value(json_object_get(component, "start")) > 0;
    } else if (strcmp(type, "WordPiece") == 0) {
        t->cleans_up = t->drops_blank = true;
        if (!ll_json_bool(component, "cleanup", &t->cleans_up))
            return malformed(r, type);
    } else if (strcmp(type, "ByteLevel") != 0 && strcmp(type, "ByteFallback") != 0 && strcmp(type, "Fuse") != 0 &&
               strcmp(type, "Replace") != 0 && strcmp(type, "BPEDecoder") != 0) {
        return refuse(r, "the component", type);
    }
    return LIBLLM_OK;
}

libllm_status ll_json_decoder(ll_json_reader *r, const json_t *decoder)
{
    r->part = "decoder";
    return walk(r, decoder, "decoders", visit_decoder);
}

/* Post-processors --------------------------------------------------------------------------------------- */

static bool add_id(const ll_tokenizer *t, const json_t *id, int32_t *list, uint32_t *n)
{
    if (!json_is_integer(id) || json_integer_value(id) < 0 || json_integer_value(id) >= (json_int_t)t->vocabulary.n ||
        *n == LL_MAX_TEMPLATE)
        return false;
    list[(*n)++] = (int32_t)json_integer_value(id);
    return true;
}

/* The specials before, between and behind the texts of a template. */
typedef struct surroundings {
    int32_t ids[3][LL_MAX_TEMPLATE];
    uint32_t n[3];
    size_t n_texts;
    bool in_order;     /* the first text before the second */
    bool types_second; /* the second has a token type that the first does not have */
} surroundings;

static libllm_status read_pieces(ll_json_reader *r, const json_t *component, const char *name, surroundings *out)
{
    const json_t *named = json_object_get(component, "special_tokens"), *piece, *id;
    size_t i, k;
    json_int_t types[2] = {0, 0};
    *out = (surroundings){.in_order = true};
    json_array_foreach (json_object_get(component, name), i, piece) {
        const json_t *text = json_object_get(piece, "Sequence");
        if (text && out->n_texts == 2)
            return malformed(r, "TemplateProcessing");
        if (text) {
            const char *which = json_string_value(json_object_get(text, "id"));
            out->in_order = out->in_order && which && strcmp(which, out->n_texts ? "B" : "A") == 0;
            types[out->n_texts++] = json_integer_value(json_object_get(text, "type_id"));
            continue;
        }
        const char *special = json_string_value(json_object_get(json_object_get(piece, "SpecialToken"), "id"));
        const json_t *ids = special ? json_object_get(json_object_get(named, special), "ids") : NULL;
        if (!json_is_array(ids))
            return ll_fail(r->error, LIBLLM_ERROR_JSON,
                           "tokenizer.json: post_processor.%s[%zu]: '%.60s' is not one of special_tokens", name, i,
                           special ? special : "");
        json_array_foreach (ids, k, id)
            if (!add_id(r->tokenizer, id, out->ids[out->n_texts], &out->n[out->n_texts]))
                return ll_fail(r->error, LIBLLM_ERROR_JSON,
                               "tokenizer.json: post_processor.%s[%zu]: '%.60s' has an id that is no token, or there "
                               "are more than %d",
                               name, i, special, LL_MAX_TEMPLATE);
    }
    out->types_second = types[0] != types[1];
    return LIBLLM_OK;
}

static bool same_ids(const surroundings *a, size_t i, const surroundings *b, size_t j)
{
    return a->n[i] == b->n[j] && memcmp(a->ids[i], b->ids[j], a->n[i] * sizeof *a->ids[i]) == 0;
}

static libllm_status read_template(ll_json_reader *r, const json_t *component)
{
    ll_tokenizer *t = r->tokenizer;
    surroundings single, pair;
    if (!json_is_array(json_object_get(component, "single")))
        return malformed(r, "TemplateProcessing");
    libllm_status status = read_pieces(r, component, "single", &single);
    if (!status && single.n_texts != 1)
        status = malformed(r, "TemplateProcessing");
    if (!status)
        status = read_pieces(r, component, "pair", &pair);
    if (status)
        return status;
    memcpy(t->before, single.ids[0], sizeof t->before);
    memcpy(t->after, single.ids[1], sizeof t->after);
    memcpy(t->between, pair.ids[1], sizeof t->between);
    t->n_before = single.n[0];
    t->n_after = single.n[1];
    t->n_between = pair.n[1];
    t->types_second = pair.types_second;
    t->no_pairs =
        pair.n_texts != 2 || !pair.in_order || !same_ids(&single, 0, &pair, 0) || !same_ids(&single, 1, &pair, 2);
    return LIBLLM_OK;
}

static libllm_status visit_post_processor(ll_json_reader *r, const json_t *component, const char *type)
{
    ll_tokenizer *t = r->tokenizer;
    if (strcmp(type, "ByteLevel") == 0)
        return LIBLLM_OK; /* changes offsets only */
    if (strcmp(type, "TemplateProcessing") == 0)
        return read_template(r, component);
    if (strcmp(type, "BertProcessing") != 0 && strcmp(type, "RobertaProcessing") != 0)
        return refuse(r, "the component", type);
    const json_t *first = json_array_get(json_object_get(component, "cls"), 1);
    const json_t *last = json_array_get(json_object_get(component, "sep"), 1);
    t->types_second = strcmp(type, "BertProcessing") == 0;
    if (!add_id(t, first, t->before, &t->n_before) || !add_id(t, last, t->after, &t->n_after) ||
        !add_id(t, last, t->between, &t->n_between) ||
        (!t->types_second && !add_id(t, last, t->between, &t->n_between)))
        return malformed(r, type);
    return LIBLLM_OK;
}

libllm_status ll_json_post_processor(ll_json_reader *r, const json_t *post_processor)
{
    r->part = "post_processor";
    return walk(r, post_processor, "processors", visit_post_processor);
}
