/* SPDX-License-Identifier: MIT
 * From the tensors of a folder to those of a GGUF file: each goes by the first rule of its family that fits its name. A
 * tensor that no rule knows is an error, because what a model has is there to be used.
 */
#include "model/huggingface/internal.h"

#include "base/status.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { KERNEL_ALIGNMENT = 4 };

/* How models are wrapped into others, and what the others bring. */
static const char *const wrappers[] = {"model.",   "language_model.", "transformer.", "backbone.", "bert.",
                                       "roberta.", "distilbert.",     "gpt_neox.",    "ernie."};
static const char *const foreign[] = {"vision_tower.", "vision_model.", "visual.",       "multi_modal_projector.",
                                      "audio_tower.",  "mtp.",          "embed_vision.", "vision_embed_tokens."};

/* What belongs to a tensor of 8-bit floats. */
static const char *const companions[] = {".weight_scale_inv", ".weight_scale", ".input_scale",
                                         ".k_scale",          ".v_scale",      ".activation_scale"};

static bool starts_with(ll_span s, const char *prefix)
{
    size_t n = strlen(prefix);
    return s.size >= n && memcmp(s.data, prefix, n) == 0;
}

static bool ends_with(ll_span s, const char *ending)
{
    size_t n = strlen(ending);
    return s.size >= n && memcmp(s.data + s.size - n, ending, n) == 0;
}

bool ll_hf_unwrap(ll_span *name)
{
    for (size_t i = 0; i < sizeof wrappers / sizeof *wrappers;) {
        size_t n = strlen(wrappers[i]);
        bool wrapped = starts_with(*name, wrappers[i]);
        if (wrapped)
            *name = (ll_span){name->data + n, name->size - n};
        i = wrapped ? 0 : i + 1; /* wrappers are in wrappers */
    }
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        if (starts_with(*name, foreign[i]))
            return false;
    return true;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Whether the pattern fits the whole name. */
static bool fits(const char *pattern, ll_span name, ll_hf_found *found)
{
    size_t at = 0;
    for (; *pattern; pattern++) {
        if (*pattern != '*' && *pattern != '#') {
            if (at == name.size || name.data[at++] != *pattern)
                return false;
            continue;
        }
        size_t begin = at;
        uint32_t number = 0;
        while (at < name.size && is_digit(name.data[at]) && at - begin < 9)
            number = number * 10 + (uint32_t)(name.data[at++] - '0');
        if (at == begin)
            return false;
        if (*pattern == '*')
            found->layer = number;
        else
            found->expert = (ll_span){name.data + begin, at - begin};
    }
    return at == name.size;
}

static bool fits_rule(const ll_hf_rule *rule, ll_span name, ll_hf_found *found)
{
    static const char *const suffixes[] = {".weight", ".bias"};
    found->suffix = "";
    if (fits(rule->from, name, found))
        return true;
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        size_t n = strlen(suffixes[i]);
        found->suffix = suffixes[i];
        if (ends_with(name, suffixes[i]) && fits(rule->from, (ll_span){name.data, name.size - n}, found))
            return true;
    }
    return false;
}

const ll_hf_rule *ll_hf_find_rule(const ll_hf_rule *rules, ll_span name, ll_hf_found *found)
{
    for (; rules && rules->from; rules++) {
        found->expert = (ll_span){NULL, 0};
        found->layer = 0;
        if (fits_rule(rules, name, found))
            return rules;
    }
    return NULL;
}

static const ll_hf_rule *find_rule(const ll_hf *hf, ll_span name, ll_hf_found *found)
{
    const ll_hf_rule *rule = ll_hf_find_rule(hf->family->rules, name, found);
    return rule ? rule : ll_hf_find_rule(ll_hf_common_names, name, found);
}

static bool has_layer(const ll_hf_rule *rule) { return strchr(rule->from, '*') != NULL; }

libllm_status ll_hf_find_tensor(const ll_hf *hf, ll_span first, const char *middle, ll_span last,
                                const ll_safetensors_tensor **out)
{
    ll_buffer name;
    ll_buffer_init(&name, hf->host);
    ll_buffer_append(&name, first.data, first.size);
    ll_buffer_text(&name, middle);
    ll_buffer_append(&name, last.data, last.size);
    *out = name.failed ? NULL : ll_safetensors_find(&hf->st, (ll_span){name.data, name.size});
    libllm_status status = name.failed ? ll_fail_memory(hf->error, "a name") : LIBLLM_OK;
    ll_buffer_free(&name);
    return status;
}

libllm_status ll_hf_source_of(const ll_hf *hf, const ll_safetensors_tensor *stored, ll_hf_source *out)
{
    static const struct {
        ll_safetensors_type stored;
        uint32_t type;
        size_t bytes;
    } types[] = {{LL_SAFETENSORS_F32, LL_TYPE_F32, 4},
                 {LL_SAFETENSORS_F16, LL_TYPE_F16, 2},
                 {LL_SAFETENSORS_BF16, LL_TYPE_BF16, 2},
                 {LL_SAFETENSORS_F8_E4M3, LL_TYPE_BF16, 2},
                 {LL_SAFETENSORS_F8_E5M2, LL_TYPE_BF16, 2}};
    *out = (ll_hf_source){.stored = stored, .n_dims = stored->n_dims ? stored->n_dims : 1, .ne = {1, 1, 1, 1}};
    size_t i = 0;
    while (i < sizeof types / sizeof *types && types[i].stored != stored->type)
        i++;
    if (i == sizeof types / sizeof *types)
        return ll_fail(hf->error, LIBLLM_ERROR_UNSUPPORTED, "weights of type %s are not supported",
                       ll_safetensors_type_name(stored->type));
    out->type = types[i].type;
    out->element_bytes = types[i].bytes;
    if (stored->n_dims > 4)
        return ll_fail(hf->error, LIBLLM_ERROR_UNSUPPORTED, "%" PRIu32 " dimensions, expected at most 4",
                       stored->n_dims);
    if (stored->n_bytes == 0)
        return ll_fail(hf->error, LIBLLM_ERROR_CORRUPT_FILE, "it has no elements");
    out->n_elements = 1;
    for (uint32_t d = 0; d < stored->n_dims; d++) {
        out->ne[d] = stored->shape[stored->n_dims - 1 - d];
        out->n_elements *= (size_t)out->ne[d]; /* fits: the tensor lies in a file */
    }
    return ll_hf_find_scale(hf, out);
}

/* Target number i of the rule with the layer's number and the suffix. */
static libllm_status make_target(const ll_hf *hf, const ll_hf_found *found, size_t i, char *out, size_t capacity)
{
    const char *at = found->to;
    for (; i > 0; i--)
        at = strchr(at, '|') + 1;
    size_t n = 0;
    for (; *at && *at != '|' && n < capacity; at++) {
        if (*at == '*')
            n += (size_t)snprintf(out + n, capacity - n, "%" PRIu32, found->layer);
        else
            out[n++] = *at;
    }
    if (n < capacity)
        n += (size_t)snprintf(out + n, capacity - n, "%s", found->suffix);
    return n < capacity ? LIBLLM_OK
                        : ll_fail(hf->error, LIBLLM_ERROR_INTERNAL, "the name of a tensor is too long for its rule");
}

libllm_status ll_hf_emit(ll_hf *hf, const ll_hf_found *found, size_t i, uint32_t type, uint32_t n_dims,
                         const uint64_t *ne, const void *data, const char *converted)
{
    char name[128];
    libllm_status status = make_target(hf, found, i, name, sizeof name);
    if (status)
        return status;
    const ll_type_traits *traits = ll_type_find(type);
    if (!traits || ne[0] % traits->block.elements != 0)
        return ll_fail(hf->error, LIBLLM_ERROR_UNSUPPORTED, "its elements are of a kind that no tensor can have here");
    ll_gguf_tensor t = {.name = ll_span_of(name), .type = type, .n_dims = n_dims, .data = data, .converted = converted};
    size_t n = 1;
    for (uint32_t d = 0; d < 4; d++) {
        t.ne[d] = d < n_dims ? ne[d] : 1;
        n *= (size_t)t.ne[d];
    }
    t.n_bytes = n / traits->block.elements * traits->block.bytes;
    const ll_safetensors_tensor *stored = found->source.stored;
    if (!converted) {
        t.offset = stored->offset + (uint64_t)((const uint8_t *)data - stored->data);
        if (t.n_bytes > stored->n_bytes)
            return ll_fail(hf->error, LIBLLM_ERROR_INTERNAL, "more bytes are asked of it than it has");
    }
    if (!converted && (uintptr_t)data % KERNEL_ALIGNMENT != 0) {
        void *copy = ll_gguf_own(&hf->maker, (size_t)t.n_bytes, 1);
        if (!copy)
            return ll_fail_memory(hf->error, "a tensor");
        memcpy(copy, data, (size_t)t.n_bytes);
        t.data = copy;
        t.converted = "copied, because it is not aligned in its file";
    }
    if (!ll_gguf_put_tensor(&hf->maker, &t))
        return ll_fail(hf->error, LIBLLM_ERROR_CORRUPT_FILE, "another tensor has become \"%s\", too", name);
    return hf->maker.failed ? ll_fail_memory(hf->error, "a tensor") : LIBLLM_OK;
}

void ll_hf_copy_elements(const ll_hf_source *source, uint8_t *dst)
{
    ll_safetensors_type type = source->stored->type;
    if (type == LL_SAFETENSORS_F8_E4M3 || type == LL_SAFETENSORS_F8_E5M2)
        ll_hf_widen_float8(source, (uint16_t *)(void *)dst);
    else
        memcpy(dst, source->stored->data, (size_t)source->stored->n_bytes);
}

const uint8_t *ll_hf_elements(ll_hf *hf, const ll_hf_source *source, const char **converted)
{
    ll_safetensors_type type = source->stored->type;
    if (type != LL_SAFETENSORS_F8_E4M3 && type != LL_SAFETENSORS_F8_E5M2)
        return source->stored->data;
    uint8_t *widened = ll_gguf_own(&hf->maker, source->n_elements, source->element_bytes);
    if (widened)
        ll_hf_copy_elements(source, widened);
    *converted = "8-bit floats widened to BF16";
    return widened;
}

libllm_status ll_hf_emit_as_stored(ll_hf *hf, const ll_hf_found *found)
{
    const ll_hf_source *s = &found->source;
    const char *converted = NULL;
    const uint8_t *data = ll_hf_elements(hf, s, &converted);
    if (!data)
        return ll_fail_memory(hf->error, "a tensor");
    return ll_hf_emit(hf, found, 0, s->type, s->n_dims, s->ne, data, converted);
}

/* w + 1, where the model multiplies with that. */
static libllm_status emit_plus_one(ll_hf *hf, const ll_hf_found *found)
{
    const ll_hf_source *s = &found->source;
    float *sum = ll_hf_floats(hf, s);
    if (!sum)
        return ll_fail_memory(hf->error, "a norm");
    for (size_t i = 0; i < s->n_elements; i++)
        sum[i] += 1;
    return ll_hf_emit(hf, found, 0, LL_TYPE_F32, s->n_dims, s->ne, sum, "1 added to the weights of a norm");
}

static bool is_tied_output(const ll_hf *hf, const ll_hf_rule *rule)
{
    return rule->to && strcmp(rule->to, "output") == 0 &&
           json_is_true(json_object_get(hf->config, "tie_word_embeddings"));
}

static libllm_status put_tensor(ll_hf *hf, const ll_safetensors_tensor *stored)
{
    ll_hf_found found = {0};
    ll_span name = stored->name;
    if (!ll_hf_unwrap(&name))
        return LIBLLM_OK;
    const ll_hf_rule *rule = find_rule(hf, name, &found);
    for (size_t i = 0; !rule && i < sizeof companions / sizeof *companions; i++)
        if (ends_with(name, companions[i]))
            return LIBLLM_OK;
    if (!rule)
        return ll_fail(hf->error, LIBLLM_ERROR_UNSUPPORTED, "a model of type \"%s\" is not known to have it",
                       hf->family->architecture);
    bool beyond = has_layer(rule) && hf->n_layers && found.layer >= hf->n_layers; /* for several tokens at once */
    if (!rule->to || beyond || is_tied_output(hf, rule))
        return LIBLLM_OK;
    found.to = rule->to;
    found.source.stored = stored;
    libllm_status status = rule->bytes ? LIBLLM_OK : ll_hf_source_of(hf, stored, &found.source);
    if (status)
        return status;
    if (rule->convert)
        return rule->convert(hf, &found);
    if (hf->family->norms_plus_one && ends_with(ll_span_of(rule->to), "norm") && strcmp(found.suffix, ".weight") == 0)
        return emit_plus_one(hf, &found);
    return ll_hf_emit_as_stored(hf, &found);
}

/* Of a model that is not known: what is in it, under the names that it has. */
static libllm_status put_unknown(ll_hf *hf, const ll_safetensors_tensor *stored)
{
    ll_hf silent = *hf;
    silent.error = NULL;
    ll_hf_source source;
    const ll_hf_source *s = &source;
    if (ll_hf_source_of(&silent, stored, &source) || stored->type == LL_SAFETENSORS_F8_E4M3 ||
        stored->type == LL_SAFETENSORS_F8_E5M2)
        return LIBLLM_OK;
    ll_gguf_tensor t = {.name = stored->name,
                        .type = s->type,
                        .n_dims = s->n_dims,
                        .ne = {s->ne[0], s->ne[1], s->ne[2], s->ne[3]},
                        .offset = stored->offset,
                        .n_bytes = stored->n_bytes,
                        .data = stored->data};
    ll_gguf_put_tensor(&hf->maker, &t);
    return LIBLLM_OK;
}

libllm_status ll_hf_put_tensors(ll_hf *hf)
{
    for (size_t i = 0; i < hf->st.n_tensors; i++) {
        const ll_safetensors_tensor *t = &hf->st.tensors[i];
        libllm_status status = hf->family ? put_tensor(hf, t) : put_unknown(hf, t);
        if (status)
            return ll_fail_context(hf->error, status, "tensor \"%.*s\"", (int)(t->name.size < 96 ? t->name.size : 96),
                                   t->name.data);
    }
    return LIBLLM_OK;
}
