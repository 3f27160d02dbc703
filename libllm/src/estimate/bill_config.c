/* SPDX-License-Identifier: MIT
 * From a Hugging Face configuration to a bill: values with their types checked, and a decoder of attention and
 * feed-forward parts, which most models are.
 */
#include "estimate/bill_internal.h"

#include "base/status.h"

#include <math.h>
#include <string.h>

enum { VALUE_MAX_LOG2 = 40 };

static const json_t *find(const ll_config *c, const char *keys, ll_span *key)
{
    while (keys) {
        const char *end = strchr(keys, '|');
        *key = (ll_span){keys, end ? (size_t)(end - keys) : strlen(keys)};
        const json_t *value = json_object_getn(c->object, key->data, key->size);
        if (value && !json_is_null(value))
            return value;
        keys = end ? end + 1 : NULL;
    }
    return NULL;
}

static void fail(const ll_config *c, ll_span key, const char *expected)
{
    ll_sheet_fail(c->sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "%s: \"%.*s\" is not %s", c->where, (int)key.size, key.data,
                  expected);
}

double ll_config_number(const ll_config *c, const char *keys, double otherwise)
{
    ll_span key;
    const json_t *value = find(c, keys, &key);
    if (json_is_array(value) && json_array_size(value) > 0) /* one for each layer; see the kinds that tell them apart */
        value = json_array_get(value, 0);
    if (!value)
        return otherwise;
    const double x = json_number_value(value);
    if (!json_is_number(value) || !(x >= 0) || x > ldexp(1, VALUE_MAX_LOG2)) {
        fail(c, key, "a number from 0 to 2^40");
        return otherwise;
    }
    return x;
}

bool ll_config_flag(const ll_config *c, const char *keys, bool otherwise)
{
    ll_span key;
    const json_t *value = find(c, keys, &key);
    if (value && !json_is_boolean(value))
        fail(c, key, "true or false");
    return value ? json_is_true(value) : otherwise;
}

const char *ll_config_text(const ll_config *c, const char *key)
{
    return json_string_value(json_object_get(c->object, key));
}

const json_t *ll_config_list(const ll_config *c, const char *keys)
{
    ll_span key;
    const json_t *value = find(c, keys, &key);
    return json_is_array(value) ? value : NULL;
}

bool ll_config_has(const ll_config *c, const char *keys)
{
    ll_span key;
    return find(c, keys, &key) != NULL;
}

static bool has(const ll_config *c, uint32_t bit) { return (c->kind->has & bit) != 0; }

/* The kind's own biases, and those that a key of the configuration turns on. */
static bool has_bias(const ll_config *c, uint32_t bit)
{
    return has(c, bit) || (c->kind->biases && (c->kind->biased & bit) && ll_config_flag(c, c->kind->biases, false));
}

static double norm_size(const ll_config *c, double size)
{
    return has(c, LL_HAS_NO_NORM_WEIGHTS) ? 0 : has(c, LL_HAS_NORM_BIAS) ? 2 * size : size;
}

void ll_config_attention(ll_config *c, double count, double window)
{
    ll_bill *b = c->bill;
    const double q = c->heads * c->head_dim, kv = c->kv_heads * c->head_dim;
    ll_bill_matrix(b, LL_CLASS_ATTENTION, "attn_q", count, c->hidden, q);
    ll_bill_matrix(b, LL_CLASS_ATTENTION, "attn_k", count, c->hidden, kv);
    ll_bill_matrix(b, LL_CLASS_ATTENTION, "attn_v", count, c->hidden, kv);
    ll_bill_matrix(b, LL_CLASS_ATTENTION, "attn_output", count, q, c->hidden);
    if (has_bias(c, LL_HAS_QKV_BIAS))
        ll_bill_vector(b, LL_CLASS_ATTENTION, "attn_qkv bias", count, q + 2 * kv);
    if (has_bias(c, LL_HAS_OUT_BIAS))
        ll_bill_vector(b, LL_CLASS_ATTENTION, "attn_output bias", count, c->hidden);
    if (has(c, LL_HAS_HEAD_NORMS) || (has(c, LL_HAS_HEAD_NORMS_BY_KEY) && ll_config_flag(c, "use_qk_norm", false)))
        ll_bill_vector(b, LL_CLASS_NORM, "attn_q_norm, attn_k_norm", count, 2 * c->head_dim);
    if (has(c, LL_HAS_OWN_NORMS) || (has(c, LL_HAS_OWN_NORMS_BY_KEY) && ll_config_flag(c, "use_qk_norm", false)))
        ll_bill_vector(b, LL_CLASS_NORM, "attn_q_norm, attn_k_norm", count, q + kv);
    if (has(c, LL_HAS_SINKS))
        ll_bill_vector(b, LL_CLASS_ATTENTION, "attn_sinks", count, c->heads);
    ll_bill_core(b, (ll_core){.layers = count,
                              .heads = c->heads,
                              .key_dim = c->head_dim,
                              .value_dim = c->head_dim,
                              .kv_elements = 2 * kv,
                              .kv_heads = c->kv_heads,
                              .window = window,
                              .is_causal = !b->is_encoder});
}

/* Multi-head latent attention; what is kept is the latent and a key that all heads share. */
void ll_config_latent(ll_config *c, double count)
{
    ll_bill *b = c->bill;
    const double q_rank = ll_config_number(c, "q_lora_rank", 0), kv_rank = ll_config_number(c, "kv_lora_rank", 0);
    const double nope = ll_config_number(c, "qk_nope_head_dim", 0), rope = ll_config_number(c, "qk_rope_head_dim", 0);
    const double value = ll_config_number(c, "v_head_dim", 0);
    if (q_rank > 0) {
        ll_bill_matrix(b, LL_CLASS_ATTENTION, "attn_q_a", count, c->hidden, q_rank);
        ll_bill_vector(b, LL_CLASS_NORM, "attn_q_a_norm", count, q_rank);
        ll_bill_matrix(b, LL_CLASS_ATTENTION, "attn_q_b", count, q_rank, c->heads * (nope + rope));
    } else {
        ll_bill_matrix(b, LL_CLASS_ATTENTION, "attn_q", count, c->hidden, c->heads * (nope + rope));
    }
    ll_bill_matrix(b, LL_CLASS_ATTENTION, "attn_kv_a", count, c->hidden, kv_rank + rope);
    ll_bill_vector(b, LL_CLASS_NORM, "attn_kv_a_norm", count, kv_rank);
    ll_bill_matrix(b, LL_CLASS_ATTENTION, "attn_kv_b", count, kv_rank, c->heads * (nope + value));
    ll_bill_matrix(b, LL_CLASS_ATTENTION, "attn_output", count, c->heads * value, c->hidden);
    if (ll_config_flag(c, "attention_bias", false))
        ll_bill_vector(b, LL_CLASS_ATTENTION, "attn bias", count, q_rank + kv_rank + rope + c->hidden);
    const double index_heads = ll_config_number(c, "index_n_heads", 0);
    const double index_dim = index_heads > 0 ? ll_config_number(c, "index_head_dim", 128) : 0;
    ll_bill_matrix(b, LL_CLASS_ATTENTION, "indexer.attn_q_b", count, q_rank, index_heads * index_dim);
    ll_bill_matrix(b, LL_CLASS_ATTENTION, "indexer.attn_k", count, c->hidden, index_dim);
    ll_bill_matrix(b, LL_CLASS_ATTENTION, "indexer.proj", count, c->hidden, index_heads);
    ll_bill_vector(b, LL_CLASS_NORM, "indexer.k_norm", count, 2 * index_dim);
    /* Decoding brings queries to the latent, so its scores and sums are as wide as the latent. */
    ll_bill_core(b, (ll_core){.layers = count,
                              .heads = c->heads,
                              .key_dim = nope + rope,
                              .value_dim = value,
                              .kv_elements = kv_rank + rope + index_dim,
                              .kv_heads = 1,
                              .latent_dim = kv_rank,
                              .index_dim = index_dim,
                              .chosen = index_dim > 0 ? ll_config_number(c, "index_topk", 2048) : 0,
                              .is_causal = true});
}

void ll_config_ffn(ll_config *c, double count, double width)
{
    ll_bill *b = c->bill;
    if (has(c, LL_HAS_GATE))
        ll_bill_matrix(b, LL_CLASS_FFN, "ffn_gate", count, c->hidden, width);
    ll_bill_matrix(b, LL_CLASS_FFN, "ffn_up", count, c->hidden, width);
    ll_bill_matrix(b, LL_CLASS_FFN, "ffn_down", count, width, c->hidden);
    if (has_bias(c, LL_HAS_FFN_BIAS))
        ll_bill_vector(b, LL_CLASS_FFN, "ffn bias", count, (has(c, LL_HAS_GATE) ? 2 : 1) * width + c->hidden);
}

void ll_config_moe(ll_config *c, double count)
{
    ll_bill *b = c->bill;
    const double n = b->experts, used = b->experts_used, width = b->expert_ffn, h = c->hidden;
    ll_bill_matrix(b, LL_CLASS_ROUTER, "ffn_gate_inp", count, h, n);
    if (has(c, LL_HAS_CHOICE_BIAS))
        ll_bill_vector(b, LL_CLASS_ROUTER, "exp_probs_b", count, n);
    if (has(c, LL_HAS_GATE))
        ll_bill_experts(b, LL_CLASS_EXPERT, "ffn_gate_exps", count * n, count * used, h, width);
    ll_bill_experts(b, LL_CLASS_EXPERT, "ffn_up_exps", count * n, count * used, h, width);
    ll_bill_experts(b, LL_CLASS_EXPERT, "ffn_down_exps", count * n, count * used, width, h);
    if (has_bias(c, LL_HAS_FFN_BIAS)) { /* of gpt-oss; its router has one, too */
        ll_bill_vector(b, LL_CLASS_ROUTER, "ffn_gate_inp bias", count, n);
        b->items[b->n_items - 1].is_product = false;
        ll_bill_experts(b, LL_CLASS_EXPERT, "ffn exps bias", count * n, count * used, 1, 2 * width + h);
        b->items[b->n_items - 1].is_product = false;
    }
    const double shared = ll_config_number(
        c, "shared_expert_intermediate_size|shared_intermediate_size|moe_shared_expert_intermediate_size",
        width * ll_config_number(c,
                                 "n_shared_experts|num_shared_experts|num_shared_expert|"
                                 "moe_num_shared_experts",
                                 0));
    if (shared > 0) {
        if (has(c, LL_HAS_GATE))
            ll_bill_matrix(b, LL_CLASS_SHARED, "ffn_gate_shexp", count, h, shared);
        ll_bill_matrix(b, LL_CLASS_SHARED, "ffn_up_shexp", count, h, shared);
        ll_bill_matrix(b, LL_CLASS_SHARED, "ffn_down_shexp", count, shared, h);
        if (ll_config_has(c, "shared_expert_intermediate_size"))
            ll_bill_matrix(b, LL_CLASS_SHARED, "ffn_gate_inp_shexp", count, h, 1);
    }
}

void ll_config_norms(ll_config *c, double count)
{
    ll_bill_vector(c->bill, LL_CLASS_NORM, "norms", count * c->kind->norms, norm_size(c, c->hidden));
}

void ll_config_ends(ll_config *c)
{
    ll_bill *b = c->bill;
    const double positions = ll_config_number(c, "n_positions|max_position_embeddings|n_ctx|max_seq_len", 0);
    ll_bill_table(b, LL_CLASS_EMBEDDING, "token_embd", c->vocab, c->hidden);
    if (has(c, LL_HAS_POSITIONS))
        ll_bill_table(b, LL_CLASS_POSITION, "position_embd", positions, c->hidden);
    if (has(c, LL_HAS_EMBEDDING_NORM))
        ll_bill_vector(b, LL_CLASS_NORM, "token_embd_norm", 1, norm_size(c, c->hidden));
    if (!has(c, LL_HAS_NO_FINAL_NORM))
        ll_bill_vector(b, LL_CLASS_NORM, "output_norm", 1, norm_size(c, c->hidden));
    b->is_tied = ll_config_flag(c, "tie_word_embeddings", has(c, LL_HAS_TIED));
    if (!b->is_tied && !b->is_encoder)
        ll_bill_matrix(b, LL_CLASS_HEAD, "output", 1, c->vocab, c->hidden);
    if (has(c, LL_HAS_HEAD_BIAS) || ll_config_flag(c, "lm_head_bias", false))
        ll_bill_vector(b, LL_CLASS_HEAD, "output bias", 1, c->vocab);
}

/* How many of the layers have a window: by the list of layer types, or by the period of those that have none. */
static double windowed_layers(const ll_config *c)
{
    const json_t *types = ll_config_list(c, "layer_types");
    if (types) {
        double n = 0;
        for (size_t i = 0; i < json_array_size(types) && (double)i < c->layers; i++) {
            const char *type = json_string_value(json_array_get(types, i));
            n += type && (strcmp(type, "sliding_attention") == 0 || strcmp(type, "chunked_attention") == 0);
        }
        return n;
    }
    const double period = ll_config_number(c, "sliding_window_pattern|_sliding_window_pattern", 0);
    if (period > 0 && period < 1)
        fail(c, ll_span_of("sliding_window_pattern"), "a number of layers");
    else if (period > 0)
        return c->layers - floor(c->layers / period);
    if (ll_config_has(c, "use_sliding_window")) {
        const double first = ll_config_number(c, "max_window_layers", 0);
        return ll_config_flag(c, "use_sliding_window", false) && first < c->layers ? c->layers - first : 0;
    }
    return c->layers;
}

void ll_config_attention_layers(ll_config *c)
{
    if (ll_config_number(c, "kv_lora_rank", 0) > 0) {
        ll_config_latent(c, c->layers);
        return;
    }
    const double window = ll_config_number(c, "sliding_window", 0);
    const double windowed = window > 0 ? windowed_layers(c) : 0;
    ll_config_attention(c, windowed, window);
    ll_config_attention(c, c->layers - windowed, 0);
}

/* Layers with experts, by whichever key the family has. */
static double moe_layers(const ll_config *c)
{
    const double first = ll_config_number(c, "first_k_dense_replace|moe_layer_start_index|num_dense_layers", 0);
    const double step = ll_config_number(c, "decoder_sparse_step|moe_layer_interval|moe_layer_freq", 1);
    const json_t *dense = ll_config_list(c, "mlp_only_layers");
    double n = 0;
    for (double i = first; i < c->layers && i < 1e5; i++)
        n += step > 0 && fmod(i + 1, step) == 0;
    for (size_t i = 0; i < json_array_size(dense); i++) { /* of which the period leaves some dense anyway */
        const json_t *layer = json_array_get(dense, i);
        const double at = json_is_integer(layer) ? (double)json_integer_value(layer) : -1;
        n -= at >= first && at < c->layers && step > 0 && fmod(at + 1, step) == 0;
    }
    return fmax(n, 0);
}

void ll_config_ffn_layers(ll_config *c)
{
    const double with_experts = c->bill->experts > 0 ? moe_layers(c) : 0;
    ll_config_ffn(c, c->layers - with_experts, c->ffn);
    if (with_experts > 0)
        ll_config_moe(c, with_experts);
}

void ll_build_decoder(ll_config *c)
{
    ll_config_ends(c);
    ll_config_attention_layers(c);
    ll_config_ffn_layers(c);
    ll_config_norms(c, c->layers);
}

/* A module joins the last hidden state and the next embedding, each behind a norm, in a decoder layer of its own; the
 * embedding and the output matrix are the model's. */
static void read_mtp(ll_config *c)
{
    ll_bill *b = c->bill;
    const double modules = c->kind->build ? 0 : ll_config_number(c, "num_nextn_predict_layers", 0);
    const size_t first = b->n_items, first_core = b->n_cores;
    if (modules <= 0)
        return;
    if (ll_config_number(c, "kv_lora_rank", 0) > 0)
        ll_config_latent(c, modules);
    else
        ll_config_attention(c, modules, 0);
    if (b->experts > 0)
        ll_config_moe(c, modules);
    else
        ll_config_ffn(c, modules, c->ffn);
    ll_config_norms(c, modules);
    ll_bill_matrix(b, LL_CLASS_MTP, "nextn.eh_proj", modules, 2 * c->hidden, c->hidden);
    ll_bill_vector(b, LL_CLASS_NORM, "nextn norms", modules, 3 * c->hidden);
    b->n_mtp_items = b->n_items - first;
    b->overflowed = b->overflowed || b->n_mtp_items > LL_MTP_ITEMS_MAX || b->n_cores == first_core;
    if (b->overflowed)
        return;
    memcpy(b->mtp_items, b->items + first, b->n_mtp_items * sizeof *b->items);
    b->mtp_core = b->cores[first_core];
    b->mtp_modules = modules;
    b->n_items = first;
    b->n_cores = first_core;
}

static const ll_kind *find_kind(const char *type)
{
    for (const ll_kind *kind = ll_model_kinds; type && kind->model_types; kind++) {
        const size_t n = strlen(type);
        for (const char *at = kind->model_types; at; at = strchr(at, '|'), at = at ? at + 1 : NULL)
            if (strncmp(at, type, n) == 0 && (at[n] == '|' || at[n] == 0))
                return kind;
    }
    return NULL;
}

/* What all kinds ask for; the keys differ, their meaning does not. */
static void read_shape(ll_config *c)
{
    ll_bill *b = c->bill;
    c->hidden = b->hidden = ll_config_number(c, "hidden_size|n_embd|d_model|dim", 0);
    c->layers = b->layers = ll_config_number(c, "num_hidden_layers|n_layer|n_layers|num_layers", 0);
    c->heads = b->heads = ll_config_number(c, "num_attention_heads|n_head|n_heads|num_heads", 0);
    c->kv_heads = ll_config_number(c, "num_key_value_heads|multi_query_group_num|num_kv_heads", c->heads);
    c->head_dim = ll_config_number(c, "head_dim|kv_channels|d_kv", c->heads > 0 ? floor(c->hidden / c->heads) : 0);
    c->ffn = ll_config_number(c, "intermediate_size|n_inner|ffn_hidden_size|d_ff|ffn_dim|block_ff_dim", 4 * c->hidden);
    c->vocab = b->vocab = ll_config_number(c, "padded_vocab_size|vocab_size", 0);
    b->kv_heads = c->kv_heads;
    b->head_dim = c->head_dim;
    b->ffn = c->ffn;
    b->context =
        ll_config_number(c, "max_position_embeddings|n_positions|n_ctx|seq_length|max_seq_len|max_sequence_length", 0);
    b->experts = ll_config_number(c, "num_local_experts|num_experts|n_routed_experts|moe_num_experts", 0);
    if (b->experts > 1) {
        b->experts_used = ll_config_number(c, "num_experts_per_tok|moe_topk|moe_k|num_experts_per_token", 1);
        b->expert_ffn = ll_config_number(c, "moe_intermediate_size|expert_intermediate_size", c->ffn);
        b->route_groups = ll_config_number(c, "n_group", 1) > 1 ? ll_config_number(c, "topk_group", 0) : 0;
    } else {
        b->experts = 0;
    }
    ll_config_stored(c);
}

bool ll_bill_of_config(ll_sheet *sheet, const json_t *config, const char *where, ll_bill *out)
{
    ll_config c = {.sheet = sheet, .object = config, .where = where, .bill = out};
    json_t *merged = NULL;
    const json_t *text = json_object_get(config, "text_config");
    if (json_is_object(text)) { /* the text model of a larger one; its keys count before those of the whole */
        merged = json_copy((json_t *)config);
        json_object_update(merged, (json_t *)text);
        c.object = merged;
    }
    const char *type = ll_config_text(&c, "model_type");
    c.kind = find_kind(type);
    if (!type)
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "%s: \"model_type\" is missing", where);
    else if (!c.kind)
        ll_sheet_fail(sheet, LIBLLM_ERROR_UNSUPPORTED, "%s: the model type \"%s\" is not known", where, type);
    json_t *defaults = NULL;
    if (c.kind && c.kind->defaults) {
        libllm_error error = {0};
        if (ll_json_parse(sheet->host, c.kind->defaults, strlen(c.kind->defaults), &defaults, &error))
            ll_sheet_fail(sheet, LIBLLM_ERROR_INTERNAL, "%s", error.message);
        if (!merged)
            merged = json_copy((json_t *)config);
        json_object_update_missing(merged, defaults);
        c.object = merged;
    }
    if (!sheet->status) {
        out->family = ll_sheet_text(sheet, "%s", type);
        read_shape(&c);
        if (c.kind->build)
            c.kind->build(&c);
        else
            ll_build_decoder(&c);
        read_mtp(&c);
        ll_config_vision(&c, json_string_value(json_object_get(config, "model_type")));
        if (!sheet->status && (out->hidden <= 0 || out->layers <= 0 || out->vocab <= 0))
            ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "%s: %s is missing", where,
                          out->hidden <= 0   ? "\"hidden_size\""
                          : out->layers <= 0 ? "\"num_hidden_layers\""
                                             : "\"vocab_size\"");
        if (out->overflowed)
            ll_sheet_fail(sheet, LIBLLM_ERROR_LIMIT, "%s: layers of more kinds than there is room for", where);
    }
    json_decref(defaults);
    json_decref(merged);
    return !sheet->status;
}
