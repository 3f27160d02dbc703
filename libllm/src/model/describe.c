/* SPDX-License-Identifier: MIT
 * A model as a JSON document: what `libllm info` shows.
 */
#include "model/family.h"

#include "base/json.h"
#include "base/status.h"
#include "base/utf8.h"

#include <stdio.h>

enum { LONGEST_ARRAY_SHOWN = 16 };

/* Bytes that are not UTF-8 become U+FFFD: JSON has no other way to carry them. */
static json_t *text(const ll_host *host, ll_span s)
{
    if (ll_utf8_valid(s.data, s.size))
        return json_stringn_nocheck(s.data, s.size);
    ll_buffer clean;
    ll_buffer_init(&clean, host);
    for (size_t i = 0; i < s.size;) {
        int32_t c;
        size_t n = ll_utf8_decode(s.data + i, s.size - i, &c);
        if (c < 0)
            ll_buffer_text(&clean, "\xEF\xBF\xBD");
        else
            ll_buffer_append(&clean, s.data + i, n);
        i += n;
    }
    json_t *value = clean.failed ? NULL : json_stringn_nocheck(clean.data, clean.size);
    ll_buffer_free(&clean);
    return value;
}

static json_t *number(const ll_gguf_value *v, uint64_t i)
{
    switch (v->type) {
    case LL_GGUF_F32:
    case LL_GGUF_F64:
        return json_real(ll_gguf_element_f64(v, i)); /* NULL, shown as null, for what is not finite */
    case LL_GGUF_BOOL:
        return json_boolean(ll_gguf_element_i64(v, i) != 0);
    case LL_GGUF_U64:
        if (ll_gguf_element_f64(v, i) >= 0x1p63) /* more than JSON's integers hold here */
            return json_real(ll_gguf_element_f64(v, i));
        return json_integer(ll_gguf_element_i64(v, i));
    default:
        return json_integer(ll_gguf_element_i64(v, i));
    }
}

static json_t *metadata_value(const ll_host *host, const ll_gguf_value *v)
{
    if (v->is_array && (v->count > LONGEST_ARRAY_SHOWN || v->type == LL_GGUF_ARRAY))
        return json_pack("{s:I}", "array_length", (json_int_t)v->count);
    json_t *list = v->is_array ? json_array() : NULL;
    json_t *item = NULL;
    ll_gguf_strings strings = {.next = v->data};
    for (uint64_t i = 0; i < v->count; i++) {
        item = v->type == LL_GGUF_STRING ? text(host, ll_gguf_next_string(&strings)) : number(v, i);
        if (!item)
            item = json_null();
        if (list)
            json_array_append_new(list, item);
    }
    return list ? list : item;
}

static json_t *metadata(const ll_model *m)
{
    json_t *all = json_object();
    for (size_t i = 0; i < m->gguf.n_values; i++) {
        const ll_gguf_value *v = &m->gguf.values[i];
        json_object_setn_new_nocheck(all, v->key.data, v->key.size, metadata_value(m->host, v));
    }
    return all;
}

static json_t *tensor_types(const ll_model *m)
{
    json_t *all = json_object();
    for (size_t i = 0; i < m->gguf.n_tensors; i++) {
        const ll_gguf_tensor *t = &m->gguf.tensors[i];
        const ll_type_traits *traits = ll_type_find(t->type);
        const char *name = traits ? traits->name : "unknown";
        json_t *entry = json_object_get(all, name);
        if (!entry) {
            entry = json_pack("{s:i, s:I}", "tensors", 0, "bytes", (json_int_t)0);
            json_object_set_new(all, name, entry);
        }
        json_integer_set(json_object_get(entry, "tensors"), json_integer_value(json_object_get(entry, "tensors")) + 1);
        json_integer_set(json_object_get(entry, "bytes"),
                         json_integer_value(json_object_get(entry, "bytes")) + (json_int_t)t->n_bytes);
    }
    return all;
}

/* The name of a tensor for those of all layers: '*' for the number. */
static json_t *entry_of_all_layers(json_t *all, ll_span name)
{
    char pattern[128];
    size_t n = 0;
    for (size_t i = 0; i < name.size && n + 1 < sizeof pattern; i++) {
        bool is_digit = name.data[i] >= '0' && name.data[i] <= '9';
        bool is_number = is_digit && i > 0 && (name.data[i - 1] == '.' || (n > 0 && pattern[n - 1] == '*'));
        if (!is_number)
            pattern[n++] = name.data[i];
        else if (pattern[n - 1] != '*')
            pattern[n++] = '*';
    }
    json_t *entry = json_object_getn(all, pattern, n);
    if (entry)
        return entry;
    json_object_setn_new(all, pattern, n, json_integer(0));
    return json_object_getn(all, pattern, n);
}

/* What was not read as it is stored: by what was done, how many tensors of which names. */
static json_t *converted_tensors(const ll_model *m)
{
    json_t *all = json_object();
    for (size_t i = 0; i < m->gguf.n_tensors; i++) {
        const ll_gguf_tensor *t = &m->gguf.tensors[i];
        if (!t->converted)
            continue;
        json_t *names = json_object_get(all, t->converted);
        if (!names) {
            names = json_object();
            json_object_set_new(all, t->converted, names);
        }
        json_t *n = entry_of_all_layers(names, t->name);
        json_integer_set(n, json_integer_value(n) + 1);
    }
    return all;
}

static json_t *hyper_parameters(const ll_model *m)
{
    const ll_layer *l = ll_attention_layer(m);
    uint32_t n_windowed = 0, window = 0, n_recurrent = 0;
    for (uint32_t i = 0; i < m->n_layers; i++) {
        if (m->layers[i].window) {
            n_windowed++;
            window = m->layers[i].window;
        }
        n_recurrent += m->layers[i].mixer != LL_MIXER_ATTENTION;
    }
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:b}", "n_vocab",
                     (json_int_t)m->n_vocab, "n_embd", (json_int_t)m->n_embd, "n_layers", (json_int_t)m->n_layers,
                     "n_heads", (json_int_t)l->n_heads, "n_kv_heads", (json_int_t)l->n_kv_heads, "head_dim",
                     (json_int_t)m->head_dim, "n_ff", (json_int_t)l->n_ff, "context_length",
                     (json_int_t)m->n_context_train, "sliding_window", (json_int_t)window, "n_sliding_layers",
                     (json_int_t)n_windowed, "n_recurrent_layers", (json_int_t)n_recurrent, "n_encoder_layers",
                     (json_int_t)m->n_encoder_layers, "norm_eps", (double)m->norm_eps, "tied_embeddings",
                     m->output.weight.data == m->embedding.data);
}

/* The names of the scores that a classifier gives; they are numbers where the file has none. */
static json_t *labels(const ll_model *m)
{
    const uint32_t n = m->classifier.n_labels;
    char key[128];
    snprintf(key, sizeof key, "%s.classifier.output_labels", m->family->architecture);
    const ll_gguf_value *names = ll_gguf_find(&m->gguf, key);
    if (names && names->is_array && names->type == LL_GGUF_STRING && names->count == n) {
        json_t *list = json_array();
        ll_gguf_strings strings = {.next = names->data};
        for (uint32_t i = 0; i < n; i++)
            json_array_append_new(list, text(m->host, ll_gguf_next_string(&strings)));
        return list;
    }
    if (m->classifier.answers)
        return json_pack("[s, s]", "yes", "no");
    json_t *list = json_array();
    for (uint32_t i = 0; i < n; i++)
        json_array_append_new(list, json_sprintf("%u", i));
    return list;
}

static json_t *tokenizer(const ll_model *m)
{
    if (!m->tokenizer)
        return json_pack("{s:b, s:s}", "usable", 0, "reason", m->not_tokenizing.message);
    return json_pack("{s:b, s:s, s:I, s:b, s:i, s:i}", "usable", 1, "kind", ll_tokenizer_kind(m->tokenizer), "n_tokens",
                     (json_int_t)ll_tokenizer_size(m->tokenizer), "adds_bos", ll_tokenizer_adds_bos(m->tokenizer),
                     "bos", ll_tokenizer_special(m->tokenizer, LIBLLM_TOKEN_BOS), "eos",
                     ll_tokenizer_special(m->tokenizer, LIBLLM_TOKEN_EOS));
}

libllm_status ll_model_describe(const ll_model *m, uint64_t kv_bytes_per_token, uint64_t state_bytes, ll_buffer *out,
                                libllm_error *error)
{
    uint64_t bytes, flops;
    ll_model_token_cost(m, &bytes, &flops);
    json_t *all = json_object();
    json_object_set_new(all, "format",
                        m->gguf.version ? json_sprintf("GGUF %u", m->gguf.version) : json_string("Hugging Face"));
    json_object_set_new(all, "architecture", text(m->host, m->architecture));
    json_object_set_new(all, "runnable", json_boolean(m->family != NULL));
    if (!m->family)
        json_object_set_new(all, "reason", json_string(m->not_runnable.message));
    json_object_set_new(all, "file_bytes", json_integer((json_int_t)ll_gguf_file_bytes(&m->gguf)));
    json_object_set_new(all, "parameters", json_integer((json_int_t)ll_model_parameters(m)));
    if (m->family) {
        json_object_set_new(all, "hyper_parameters", hyper_parameters(m));
        json_object_set_new(all, "bytes_per_token", json_integer((json_int_t)bytes));
        json_object_set_new(all, "flops_per_token", json_integer((json_int_t)flops));
        json_object_set_new(all, "kv_bytes_per_token", json_integer((json_int_t)kv_bytes_per_token));
        json_object_set_new(all, "state_bytes_per_session", json_integer((json_int_t)state_bytes));
    }
    if (m->family && m->classifier.n_labels)
        json_object_set_new(all, "labels", labels(m));
    json_object_set_new(all, "tensor_types", tensor_types(m));
    json_t *converted = converted_tensors(m);
    if (json_object_size(converted) > 0)
        json_object_set(all, "converted_tensors", converted);
    json_decref(converted);
    json_object_set_new(all, "tokenizer", tokenizer(m));
    json_object_set_new(all, "has_chat_template", json_boolean(m->chat_template.size > 0));
    json_t *recommended = ll_describe_recommended(m);
    if (json_object_size(recommended) > 0)
        json_object_set(all, "recommended_sampling", recommended);
    json_decref(recommended);
    json_object_set_new(all, "metadata", metadata(m));
    bool written = all && ll_json_write(all, JSON_COMPACT, out);
    json_decref(all);
    return written ? LIBLLM_OK : ll_fail_memory(error, "the description of the model");
}

libllm_status ll_families_describe(ll_buffer *out, libllm_error *error)
{
    json_t *list = json_array(), *all = json_object();
    for (size_t i = 0; ll_family_at(i); i++) {
        const ll_family *f = ll_family_at(i);
        json_array_append_new(list,
                              json_pack("{s:s, s:b, s:b, s:b}", "architecture", f->architecture, "encoder",
                                        f->is_encoder, "encoder_decoder", f->has_encoder, "experts", f->has_experts));
    }
    json_object_set_new(all, "families", list);
    bool written = all && ll_json_write(all, JSON_COMPACT, out);
    json_decref(all);
    return written ? LIBLLM_OK : ll_fail_memory(error, "the list of families");
}
