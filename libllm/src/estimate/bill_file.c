/* SPDX-License-Identifier: MIT
 * The bill of a file: the tensors that are there, and the layers as the engine reads them.
 */
#include "estimate/bill.h"

#include "base/status.h"
#include "format/file.h"
#include "format/folder.h"
#include "model/model.h"

#include <string.h>

/* By the name without "blk.N."; the first row that its beginning, or with '*' any part of it, fits. */
static const struct {
    const char *part;
    ll_class class;
} classes[] = {
    {"token_embd.", LL_CLASS_EMBEDDING},
    {"position_embd", LL_CLASS_POSITION},
    {"token_types", LL_CLASS_POSITION},
    {"per_layer_token_embd", LL_CLASS_POSITION},
    {"attn_rel_b", LL_CLASS_POSITION},
    {"output.", LL_CLASS_HEAD},
    {"cls", LL_CLASS_HEAD},
    {"nextn", LL_CLASS_MTP},
    {"v.", LL_CLASS_VISION},
    {"mm.", LL_CLASS_VISION},
    {"*norm", LL_CLASS_NORM},
    {"*_shexp", LL_CLASS_SHARED},
    {"*_exps", LL_CLASS_EXPERT},
    {"ffn_gate_inp", LL_CLASS_ROUTER},
    {"exp_probs", LL_CLASS_ROUTER},
    {"ffn_", LL_CLASS_FFN},
    {"ssm_", LL_CLASS_RECURRENT},
    {"shortconv", LL_CLASS_RECURRENT},
};

static ll_class class_of(ll_span name)
{
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        const char *part = classes[i].part;
        const size_t n = strlen(part);
        if (*part == '*' ? memmem(name.data, name.size, part + 1, n - 1) != NULL
                         : name.size >= n && memcmp(name.data, part, n) == 0)
            return classes[i].class;
    }
    return LL_CLASS_ATTENTION;
}

/* "blk.12.attn_q.weight": "attn_q.weight". */
static ll_span without_layer(ll_span name)
{
    static const char block[] = "blk.";
    size_t i = sizeof block - 1;
    if (name.size < i || memcmp(name.data, block, i) != 0)
        return name;
    while (i < name.size && name.data[i] >= '0' && name.data[i] <= '9')
        i++;
    return i < name.size && name.data[i] == '.' ? (ll_span){name.data + i + 1, name.size - i - 1} : name;
}

static bool ends_with(ll_span s, const char *end)
{
    const size_t n = strlen(end);
    return s.size >= n && memcmp(s.data + s.size - n, end, n) == 0;
}

static void add_tensor(ll_sheet *sheet, ll_bill *out, const ll_gguf_tensor *t, double experts, double used)
{
    const ll_span name = without_layer(t->name);
    const ll_class class = class_of(name);
    const double copies = (double)t->ne[2] * (double)t->ne[3];
    const ll_type_traits *traits = ll_type_find(t->type);
    const char *type = traits ? traits->name : NULL;
    const double share = class == LL_CLASS_EXPERT && experts > 0 ? used / experts : 1;
    for (size_t i = 0; i < out->n_items; i++) {
        ll_item *item = &out->items[i];
        if (ll_span_is(name, item->name) && item->columns == (double)t->ne[0] && item->rows == (double)t->ne[1] &&
            item->type == type) {
            item->count += copies;
            item->used += copies * share;
            item->bytes += (double)t->n_bytes;
            return;
        }
    }
    if (out->n_items == LL_ITEMS_MAX) {
        out->overflowed = true;
        return;
    }
    out->items[out->n_items++] = (ll_item){.class = class,
                                           .name = ll_sheet_text(sheet, "%.*s", (int)name.size, name.data),
                                           .count = copies,
                                           .used = copies * share,
                                           .rows = (double)t->ne[1],
                                           .columns = (double)t->ne[0],
                                           .is_product = ends_with(name, ".weight") && t->n_dims > 1 &&
                                                         class != LL_CLASS_EMBEDDING && class != LL_CLASS_POSITION &&
                                                         class != LL_CLASS_NORM && !ends_with(name, "conv1d.weight"),
                                           .bytes = (double)t->n_bytes,
                                           .type = type};
}

static void add_layer(ll_bill *out, const ll_model *m, const ll_layer *l)
{
    if (l->mixer != LL_MIXER_ATTENTION) {
        const double elements = (double)ll_layer_state(l);
        ll_state *last = out->n_states ? &out->states[out->n_states - 1] : NULL;
        if (last && last->elements == elements)
            last->layers++;
        else
            ll_bill_state(out, (ll_state){.layers = 1,
                                          .elements = elements,
                                          .flops = 7.0 * l->recurrence.n_inner * l->recurrence.n_states +
                                                   2.0 * l->recurrence.conv.n_channels * l->recurrence.conv.n_taps});
        return;
    }
    ll_core core = {.layers = 1,
                    .heads = l->n_heads,
                    .key_dim = m->head_dim,
                    .value_dim = m->value_dim,
                    .kv_elements = (double)l->n_kv_heads * (m->head_dim + m->value_dim),
                    .kv_heads = l->n_kv_heads,
                    .window = l->window,
                    .is_causal = !m->is_encoder};
    if (m->latent.n_kv) {
        core.key_dim = m->latent.n_nope + m->latent.n_rot;
        core.value_dim = m->latent.n_value;
        core.kv_elements = m->latent.n_kv + m->latent.n_rot;
        core.latent_dim = m->latent.n_kv;
        core.kv_heads = 1;
    }
    for (size_t i = 0; i < out->n_cores; i++) {
        ll_core *c = &out->cores[i];
        if (c->heads == core.heads && c->kv_heads == core.kv_heads && c->window == core.window) {
            c->layers++;
            return;
        }
    }
    ll_bill_core(out, core);
}

static void read_model(ll_sheet *sheet, const ll_model *m, ll_bill *out)
{
    out->family = ll_sheet_text(sheet, "%.*s", (int)m->architecture.size, m->architecture.data);
    out->file_bytes = (double)ll_gguf_file_bytes(&m->gguf);
    for (uint32_t i = 0; m->family && i < m->n_layers; i++) {
        out->experts = m->layers[i].experts.n > out->experts ? m->layers[i].experts.n : out->experts;
        out->experts_used =
            m->layers[i].experts.n_used > out->experts_used ? m->layers[i].experts.n_used : out->experts_used;
        out->expert_ffn = m->layers[i].experts.n_ff > out->expert_ffn ? m->layers[i].experts.n_ff : out->expert_ffn;
        add_layer(out, m, &m->layers[i]);
    }
    for (size_t i = 0; i < m->gguf.n_tensors; i++)
        add_tensor(sheet, out, &m->gguf.tensors[i], out->experts, out->experts_used);
    if (!m->family) {
        ll_sheet_remark(sheet, LL_REMARK_WARNING, "unknown_architecture",
                        ll_sheet_text(sheet, "%s: attention is not known, so KV memory and its FLOPs are left out",
                                      m->not_runnable.message),
                        ll_sheet_text(sheet, "%s：注意力结构未知，未计入 KV 缓存及其计算量", m->not_runnable.message));
        return;
    }
    const ll_layer *l = ll_attention_layer(m);
    out->layers = m->n_layers;
    out->hidden = m->n_embd;
    out->heads = l->n_heads;
    out->kv_heads = l->n_kv_heads;
    out->head_dim = m->head_dim;
    out->ffn = l->n_ff;
    out->vocab = m->n_vocab;
    out->context = m->n_context_train;
    out->is_encoder = m->is_encoder;
    out->is_tied = m->output.weight.data == m->embedding.data;
}

static bool read_json(ll_sheet *sheet, const char *path, ll_bill *out)
{
    ll_file file;
    libllm_error error = {0};
    json_t *config = NULL;
    libllm_status status = ll_file_open(sheet->host, path, LIBLLM_LOAD_READ, &file, &error);
    if (!status) {
        status = ll_json_parse(sheet->host, (const char *)file.data, file.size, &config, &error);
        ll_file_close(&file);
    }
    if (status)
        ll_sheet_fail(sheet, status, "%s: %s", path, error.message);
    else if (!json_is_object(config))
        ll_sheet_fail(sheet, LIBLLM_ERROR_JSON, "%s: not a JSON object", path);
    else
        ll_bill_of_config(sheet, config, path, out);
    json_decref(config);
    return !sheet->status;
}

/* A folder of Hugging Face whose weights the engine does not read: by its configuration. */
static bool read_unopened(ll_sheet *sheet, const char *path, const libllm_error *reason, ll_bill *out)
{
    const char *config = ll_sheet_text(sheet, "%s/config.json", path);
    ll_file file;
    if (reason->status == LIBLLM_ERROR_OUT_OF_MEMORY ||
        ll_file_open(sheet->host, config, LIBLLM_LOAD_READ, &file, NULL)) {
        ll_sheet_fail(sheet, (libllm_status)reason->status, "%s", reason->message);
        return false;
    }
    ll_file_close(&file);
    if (!read_json(sheet, config, out))
        return false;
    ll_sheet_remark(sheet, LL_REMARK_WARNING, "weights_not_read",
                    ll_sheet_text(sheet, "%s; figures are those of its config.json", reason->message),
                    ll_sheet_text(sheet, "%s；数据取自其 config.json", reason->message));
    return true;
}

bool ll_bill_of_file(ll_sheet *sheet, const char *path, ll_bill *out)
{
    static const char index[] = "model.safetensors.index.json";
    const char *slash = strrchr(path, '/');
    out->name = ll_sheet_text(sheet, "%s", slash && slash[1] ? slash + 1 : path);
    out->source = ll_sheet_text(sheet, "%s", path);
    if (ends_with(ll_span_of(path), index)) /* which says nothing of shapes, unlike the file beside it */
        return read_json(sheet, ll_sheet_text(sheet, "%.*sconfig.json", (int)(strlen(path) - sizeof index + 1), path),
                         out);
    if (ends_with(ll_span_of(path), ".json"))
        return read_json(sheet, path, out);
    ll_model *model;
    libllm_error error = {0};
    libllm_status status = ll_model_open(sheet->host, path, LIBLLM_LOAD_MAP, &model, &error);
    if (status)
        return read_unopened(sheet, path, &error, out);
    read_model(sheet, model, out);
    ll_model_close(model);
    if (out->overflowed)
        ll_sheet_fail(sheet, LIBLLM_ERROR_LIMIT, "%s: tensors of more kinds than there is room for", path);
    return !sheet->status;
}
