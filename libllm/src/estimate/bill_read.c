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

static bool read_preset(ll_sheet *sheet, const char *folder, const char *name, const char *where, ll_bill *out)
{
    ll_data data;
    libllm_error error = {0};
    libllm_status status = ll_data_open(sheet->host, folder, "models.json", &data, &error);
    if (status) {
        ll_sheet_fail(sheet, status, "%s", error.message);
        return false;
    }
    ll_words query = {.n = 0};
    ll_add_words(&query, ll_span_of(name));
    ll_candidates all = {.n = 0};
    ll_span left = data.text, line, found = {0};
    while (next_line(&left, &line)) {
        json_t *head = read_head(sheet, line, &query);
        const char *full = json_string_value(json_object_get(head, "name"));
        if (full && ll_add_candidate(&all, sheet, fits(head, &query), ll_span_of(full)))
            found = line;
        json_decref(head);
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

/* Bare numbers: totals, or the shape of a gated decoder. */
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
    out->layers = ll_read_number(r, "layers", 1, 1e5, 0);
    out->hidden = ll_read_number(r, "hidden", 1, 1e7, 0);
    out->heads = ll_read_number(r, "heads", 1, 1e5, 0);
    out->kv_heads = ll_read_number(r, "kv_heads", 1, 1e5, out->heads);
    out->head_dim = ll_read_number(r, "head_dim", 1, 1e5, out->heads > 0 ? out->hidden / out->heads : 0);
    out->ffn = ll_read_number(r, "ffn", 1, 1e8, 4 * out->hidden);
    out->vocab = ll_read_number(r, "vocab", 1, 1e8, 0);
    if (out->parameters == 0 && (out->layers == 0 || out->hidden == 0))
        ll_sheet_fail(r->sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                      "model: expected \"preset\", \"config\", \"file\", \"parameters\", or \"layers\" and \"hidden\"");
    if (out->layers > 0 && out->hidden > 0 && out->heads > 0)
        ll_bill_core(out, (ll_core){.layers = out->layers,
                                    .heads = out->heads,
                                    .key_dim = out->head_dim,
                                    .value_dim = out->head_dim,
                                    .kv_elements = 2 * out->kv_heads * out->head_dim,
                                    .kv_heads = out->kv_heads,
                                    .is_causal = true});
    if (out->parameters > 0)
        return;
    const double q = out->heads > 0 ? out->heads * out->head_dim : out->hidden;
    const double kv = out->heads > 0 ? out->kv_heads * out->head_dim : out->hidden;
    ll_bill_table(out, LL_CLASS_EMBEDDING, "token_embd", out->vocab, out->hidden);
    ll_bill_matrix(out, LL_CLASS_ATTENTION, "attn_q", out->layers, out->hidden, q);
    ll_bill_matrix(out, LL_CLASS_ATTENTION, "attn_k, attn_v", 2 * out->layers, out->hidden, kv);
    ll_bill_matrix(out, LL_CLASS_ATTENTION, "attn_output", out->layers, q, out->hidden);
    ll_bill_matrix(out, LL_CLASS_FFN, "ffn", (ll_read_flag(r, "gated", false) ? 3 : 2) * out->layers, out->hidden,
                   out->ffn);
    out->is_tied = ll_read_flag(r, "tied", true);
    if (!out->is_tied)
        ll_bill_matrix(out, LL_CLASS_HEAD, "output", 1, out->vocab, out->hidden);
}

bool ll_bill_read(ll_reader *scenario, const char *folder, ll_bill *out)
{
    ll_sheet *sheet = scenario->sheet;
    const json_t *value = ll_read_any(scenario, "model");
    *out = (ll_bill){.name = "", .source = "", .family = ""};
    if (json_is_string(value))
        return read_preset(sheet, folder, json_string_value(value), "model", out);
    scenario->n_asked--; /* asked for again */
    ll_reader r = ll_read_object(scenario, "model");
    const char *preset = ll_read_text(&r, "preset", NULL);
    const json_t *config = ll_read_any(&r, "config");
    const char *file = ll_read_text(&r, "file", NULL);
    if ((preset != NULL) + (config != NULL) + (file != NULL) > 1) {
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                      "model: only one of \"preset\", \"config\" and \"file\" can be given");
    } else if (preset) {
        read_preset(sheet, folder, preset, "model.preset", out);
    } else if (config) {
        out->name = ll_sheet_text(sheet, "%s", ll_read_text(&r, "name", "config.json"));
        out->source = "model.config";
        if (json_is_object(config))
            ll_bill_of_config(sheet, config, "model.config", out);
        else
            ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "model.config: expected an object");
    } else if (file) {
        ll_bill_of_file(sheet, file, out);
    } else {
        read_numbers(&r, out);
    }
    ll_read_end(&r);
    return !sheet->status;
}
