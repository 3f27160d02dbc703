/* SPDX-License-Identifier: MIT
 * The model of a scenario: a preset, a configuration, a file, or bare numbers; and its figures.
 */
#include "estimate/bill.h"

#include "base/status.h"
#include "estimate/data.h"
#include "estimate/names.h"

#include <string.h>

/* The next line of models.json, which has one model in each, without the comma behind it. */
static bool next_line(ll_span *left, ll_span *line)
{
    while (left->size) {
        const char *end = memchr(left->data, '\n', left->size);
        const size_t n = end ? (size_t)(end - left->data) : left->size;
        *line = (ll_span){left->data, n};
        left->data += n + (end != NULL);
        left->size -= n + (end != NULL);
        while (line->size && (line->data[line->size - 1] == ',' || line->data[line->size - 1] == '\r'))
            line->size--;
        if (line->size && line->data[0] == '{')
            return true;
    }
    return false;
}

/* A line without its configuration, which stands last: quick to read. NULL for one that
 * cannot be what is looked for. */
static json_t *read_head(ll_sheet *sheet, ll_span line, const ll_words *query)
{
    static const char mark[] = "\"config\"";
    const char *at = memmem(line.data, line.size, mark, sizeof mark - 1);
    size_t n = at ? (size_t)(at - line.data) : 0;
    while (n && line.data[n - 1] != ',')
        n--;
    if (!ll_may_name((ll_span){line.data, n}, query))
        return NULL;
    ll_buffer text;
    ll_buffer_init(&text, sheet->host);
    ll_buffer_append(&text, line.data, n ? n - 1 : 0);
    ll_buffer_byte(&text, '}');
    json_t *head = NULL;
    libllm_error error = {0};
    libllm_status status = text.failed ? ll_fail_memory(&error, "a list of models")
                                       : ll_json_parse(sheet->host, text.data, text.size, &head, &error);
    if (status)
        ll_sheet_fail(sheet, status, "models.json: %s", error.message);
    ll_buffer_free(&text);
    return head;
}

static ll_fit fits(const json_t *head, const ll_words *query)
{
    const char *name = json_string_value(json_object_get(head, "name"));
    if (!name)
        return LL_FIT_NONE;
    if (ll_is_named(ll_span_of(name), query))
        return LL_FIT_EXACT;
    size_t i;
    json_t *alias;
    json_array_foreach (json_object_get(head, "aliases"), i, alias) {
        if (json_is_string(alias) && ll_is_named(ll_span_of(json_string_value(alias)), query))
            return LL_FIT_EXACT;
    }
    ll_words words = {.n = 0};
    ll_add_words(&words, ll_span_of(name));
    return ll_has_words(&words, query) ? LL_FIT_PART : LL_FIT_NONE;
}

static bool read_preset(ll_sheet *sheet, const ll_tables *tables, const char *name, const char *where, ll_bill *out)
{
    ll_data data;
    libllm_error error = {0};
    libllm_status status = ll_data_open(tables, "models.json", &data, &error);
    if (status) {
        ll_sheet_fail(sheet, status, "%s", error.message);
        return false;
    }
    ll_candidates all = {.n = 0};
    ll_span found = {0};
    for (int loose = 0; loose <= 1 && all.n == 0; loose++) {
        ll_words query;
        ll_ask(&query, name, loose != 0);
        for (ll_span left = data.text, line; next_line(&left, &line);) {
            json_t *head = read_head(sheet, line, &query);
            const char *full = json_string_value(json_object_get(head, "name"));
            if (full && ll_add_candidate(&all, sheet, fits(head, &query), ll_span_of(full)))
                found = line;
            json_decref(head);
        }
    }
    if (ll_check_candidates(&all, sheet, where, name, "`libllm estimate models` lists the known ones")) {
        json_t *model = NULL;
        status = ll_json_parse(sheet->host, found.data, found.size, &model, &error);
        if (status)
            ll_sheet_fail(sheet, status, "models.json, %s: %s", all.names[0], error.message);
        const char *source = json_string_value(json_object_get(model, "source"));
        out->name = all.names[0];
        out->source = ll_sheet_text(sheet, "models.json: %s", source ? source : "");
        if (!status)
            ll_bill_of_config(sheet, json_object_get(model, "config"), all.names[0], out);
        json_decref(model);
    }
    ll_data_close(&data);
    return !sheet->status;
}

/* The shape of a decoder: layers of attention, and of a feed-forward part or experts. */
static void read_shape(ll_reader *r, ll_bill *out)
{
    out->layers = ll_read_number(r, "layers", 1, 1e5, 0);
    out->hidden = ll_read_number(r, "hidden", 1, 1e7, 0);
    out->heads = ll_read_number(r, "heads", 1, 1e5, 0);
    out->kv_heads = ll_read_number(r, "kv_heads", 1, 1e5, out->heads);
    out->head_dim = ll_read_number(r, "head_dim", 1, 1e5, out->heads > 0 ? out->hidden / out->heads : 0);
    out->ffn = ll_read_number(r, "ffn", 0, 1e8, 4 * out->hidden);
    out->vocab = ll_read_number(r, "vocab", 1, 1e8, 0);
    out->is_tied = ll_read_flag(r, "tied", true);
    out->experts = ll_read_number(r, "experts", 0, 1e5, 0);
    out->experts_used = ll_read_number(r, "experts_used", 1, 1e5, 1);
    out->expert_ffn = ll_read_number(r, "expert_ffn", 1, 1e8, out->ffn > 0 ? out->ffn : 4 * out->hidden);
    if (out->experts == 0)
        out->experts_used = out->expert_ffn = 0;
    if (out->experts_used > out->experts)
        ll_sheet_fail(r->sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "%s is more than %s", ll_read_path(r, "experts_used"),
                      ll_read_path(r, "experts"));
}

static void put_cores(ll_bill *out, double layers, double window)
{
    ll_bill_core(out, (ll_core){.layers = layers,
                                .heads = out->heads,
                                .key_dim = out->head_dim,
                                .value_dim = out->head_dim,
                                .kv_elements = 2 * out->kv_heads * out->head_dim,
                                .kv_heads = out->kv_heads,
                                .window = window,
                                .is_causal = true});
}

static void put_ffn(ll_bill *out, ll_class class, const char *const names[3], bool is_gated, double count, double used,
                    double width)
{
    if (is_gated)
        ll_bill_experts(out, class, names[0], count, used, out->hidden, width);
    ll_bill_experts(out, class, names[1], count, used, out->hidden, width);
    ll_bill_experts(out, class, names[2], count, used, width, out->hidden);
}

static void put_matrices(ll_reader *r, ll_bill *out)
{
    static const char *const dense[] = {"ffn_gate", "ffn_up", "ffn_down"};
    static const char *const experts[] = {"ffn_gate_exps", "ffn_up_exps", "ffn_down_exps"};
    static const char *const shared[] = {"ffn_gate_shexp", "ffn_up_shexp", "ffn_down_shexp"};
    const double n = out->layers, q = out->heads > 0 ? out->heads * out->head_dim : out->hidden;
    const double kv = out->heads > 0 ? out->kv_heads * out->head_dim : out->hidden;
    const bool is_gated = ll_read_flag(r, "gated", false);
    const double dense_layers = out->experts > 0 ? ll_read_number(r, "dense_layers", 0, n, 0) : n;
    const double moe_layers = n - dense_layers;
    ll_bill_table(out, LL_CLASS_EMBEDDING, "token_embd", out->vocab, out->hidden);
    ll_bill_table(out, LL_CLASS_POSITION, "position_embd", ll_read_number(r, "positions", 0, 1e9, 0), out->hidden);
    ll_bill_matrix(out, LL_CLASS_ATTENTION, "attn_q", n, out->hidden, q);
    ll_bill_matrix(out, LL_CLASS_ATTENTION, "attn_k, attn_v", 2 * n, out->hidden, kv);
    ll_bill_matrix(out, LL_CLASS_ATTENTION, "attn_output", n, q, out->hidden);
    put_ffn(out, LL_CLASS_FFN, dense, is_gated, dense_layers, dense_layers, out->ffn);
    if (out->experts > 0) {
        ll_bill_matrix(out, LL_CLASS_ROUTER, "ffn_gate_inp", moe_layers, out->hidden, out->experts);
        put_ffn(out, LL_CLASS_EXPERT, experts, is_gated, moe_layers * out->experts, moe_layers * out->experts_used,
                out->expert_ffn);
        put_ffn(out, LL_CLASS_SHARED, shared, is_gated, moe_layers, moe_layers,
                ll_read_number(r, "shared_ffn", 0, 1e8, 0));
        out->route_groups = ll_read_number(r, "route_groups", 0, 1e5, 0);
    }
    if (!out->is_tied)
        ll_bill_matrix(out, LL_CLASS_HEAD, "output", 1, out->vocab, out->hidden);
}

/* Bare numbers: totals, or a shape. */
static void read_numbers(ll_reader *r, ll_bill *out)
{
    out->name = ll_read_text(r, "name", "given");
    out->name = ll_sheet_text(r->sheet, "%s", out->name);
    out->source = "given";
    out->parameters = ll_read_number(r, "parameters", 1, 1e18, 0);
    out->active_parameters = ll_read_number(r, "active_parameters", 1, 1e18, out->parameters);
    if (out->active_parameters > out->parameters)
        ll_sheet_fail(r->sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "%s is more than %s",
                      ll_read_path(r, "active_parameters"), ll_read_path(r, "parameters"));
    read_shape(r, out);
    if (out->parameters == 0 && (out->layers == 0 || out->hidden == 0))
        ll_sheet_fail(r->sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                      "%s: expected \"preset\", \"config\", \"file\", \"parameters\", or \"layers\" and \"hidden\"",
                      r->path);
    if (out->layers > 0 && out->hidden > 0 && out->heads > 0) {
        const double window = ll_read_number(r, "window", 1, 1e9, 0);
        const double windowed = window > 0 ? ll_read_number(r, "windowed_layers", 0, out->layers, out->layers) : 0;
        put_cores(out, windowed, window);
        put_cores(out, out->layers - windowed, 0);
    }
    if (out->parameters == 0)
        put_matrices(r, out);
}

bool ll_bill_read(ll_reader *reader, const char *key, const ll_tables *tables, ll_bill *out)
{
    ll_sheet *sheet = reader->sheet;
    const json_t *value = ll_read_any(reader, key);
    *out = (ll_bill){.name = "", .source = "", .family = ""};
    if (json_is_string(value))
        return read_preset(sheet, tables, json_string_value(value), ll_read_path(reader, key), out);
    reader->n_asked--; /* asked for again */
    ll_reader r = ll_read_object(reader, key);
    const char *preset = ll_read_text(&r, "preset", NULL);
    const json_t *config = ll_read_any(&r, "config");
    const char *file = ll_read_text(&r, "file", NULL);
    if ((preset != NULL) + (config != NULL) + (file != NULL) > 1) {
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                      "%s: only one of \"preset\", \"config\" and \"file\" can be given", r.path);
    } else if (preset) {
        read_preset(sheet, tables, preset, ll_read_path(&r, "preset"), out);
    } else if (config) {
        out->name = ll_sheet_text(sheet, "%s", ll_read_text(&r, "name", "config.json"));
        out->source = ll_read_path(&r, "config");
        if (json_is_object(config))
            ll_bill_of_config(sheet, config, out->source, out);
        else
            ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "%s: expected an object", out->source);
    } else if (file) {
        ll_bill_of_file(sheet, file, out);
    } else {
        read_numbers(&r, out);
    }
    ll_read_end(&r);
    return !sheet->status;
}
