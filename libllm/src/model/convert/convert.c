/* SPDX-License-Identifier: MIT
 * The way of a conversion: the source is opened like any model, each tensor gets its type, and the file is written
 * tensor by tensor in the order of the source.
 */
#include "model/convert/internal.h"

#include "base/status.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A conversion in hand. */
typedef struct conversion {
    const ll_host *host;
    const ll_convert_options *options;
    libllm_error *error;
    ll_model *model;
    ll_importance importance; /* zeroed: none */
    ll_mixture_model facts;
    ll_tensor_plan *plans; /* [n_tensors] */
    bool halves;           /* rows of queries and keys are to be put in GGUF's order */
    uint32_t n_heads, n_kv_heads, head_dim, n_rot;
} conversion;

/* Patterns --------------------------------------------------------------------------------------------------------- */

/* Whether the pattern, up to its end or a '$', fits from the start of the text on. The last '*' takes one character
 * more whenever it does not go on: nothing before it needs to be tried again. */
static bool fits_here(const char *pattern, ll_span text)
{
    const char *star = NULL;
    size_t at = 0, of_star = 0;
    for (;;) {
        if (*pattern == '*') {
            star = pattern++;
            of_star = at;
        } else if (!*pattern || (*pattern == '$' && !pattern[1] && at == text.size)) {
            return true;
        } else if (at < text.size && (*pattern == '?' || *pattern == text.data[at])) {
            pattern++;
            at++;
        } else if (star && of_star < text.size) {
            pattern = star + 1;
            at = ++of_star;
        } else {
            return false;
        }
    }
}

static bool fits(const char *pattern, ll_span name)
{
    if (*pattern == '^')
        return fits_here(pattern + 1, name);
    for (size_t i = 0; i <= name.size; i++)
        if (fits_here(pattern, (ll_span){name.data + i, name.size - i}))
            return true;
    return false;
}

/* Types ------------------------------------------------------------------------------------------------------------ */

static bool is_float(uint32_t type)
{
    return type == LL_TYPE_F32 || type == LL_TYPE_F16 || type == LL_TYPE_BF16 || type == LL_TYPE_F64;
}

/* Tensors that are multiplied with what another one holds cannot change their type alone. */
static bool has_scale_beside(const conversion *c, const ll_gguf_tensor *t)
{
    static const char ending[] = "weight", scale[] = "scale";
    char name[160];
    if (t->name.size <= sizeof ending || t->name.size >= sizeof name)
        return false;
    const size_t stem = t->name.size - (sizeof ending - 1);
    memcpy(name, t->name.data, stem);
    memcpy(name + stem, scale, sizeof scale);
    return ll_gguf_find_tensor(&c->model->gguf, ll_span_of(name)) != NULL;
}

static uint32_t wanted_type(const conversion *c, const ll_gguf_tensor *t, const char **note)
{
    const ll_convert_options *o = c->options;
    const ll_type_override *override = NULL;
    for (size_t i = 0; i < o->n_overrides; i++) /* the last one that fits counts */
        if (fits(o->overrides[i].pattern, t->name))
            override = &o->overrides[i];
    *note = NULL;
    if (override && t->ne[1] * t->ne[2] * t->ne[3] == 1 && override->traits->type != LL_TYPE_F32) {
        *note = "a vector stays F32, whatever is asked for it";
        return LL_TYPE_F32;
    }
    if (override)
        return override->traits->type;
    if (o->mixture)
        return ll_mixture_type(o->mixture, &c->facts, t, note);
    /* As stored, but that readers expect vectors and the like as F32. */
    return is_float(t->type) && !ll_mixture_is_matrix(t) ? LL_TYPE_F32 : t->type;
}

/* Which rows are to be interleaved: of queries and keys, and what is added to them. */
static void set_rows(const conversion *c, ll_tensor_plan *p)
{
    static const struct {
        const char *ending;
        bool is_q;
    } parts[] = {{".attn_q.weight", true}, {".attn_q.bias", true}, {".attn_k.weight", false}, {".attn_k.bias", false}};
    const ll_gguf_tensor *t = p->source;
    for (size_t i = 0; c->halves && i < sizeof parts / sizeof *parts; i++) {
        const size_t n = strlen(parts[i].ending);
        if (t->name.size < n || memcmp(t->name.data + t->name.size - n, parts[i].ending, n) != 0)
            continue;
        const uint64_t rows = t->n_dims == 1 ? t->ne[0] : t->ne[1];
        const uint64_t n_heads = parts[i].is_q ? c->n_heads : c->n_kv_heads;
        if (rows == n_heads * c->head_dim) { /* the model opened, so that it is */
            p->head_rows = c->head_dim;
            p->n_rot = c->n_rot;
        }
    }
}

static libllm_status fail_tensor(const conversion *c, const ll_gguf_tensor *t, const char *what)
{
    return ll_fail(c->error, LIBLLM_ERROR_UNSUPPORTED, "tensor \"%.*s\": %s",
                   (int)(t->name.size < 96 ? t->name.size : 96), t->name.data, what);
}

static libllm_status set_importance(const conversion *c, ll_tensor_plan *p)
{
    const ll_gguf_tensor *t = p->source;
    const ll_importance_entry *e = ll_importance_find(&c->importance, t->name);
    if (!c->importance.host || !ll_type_has_blocks(p->to) || p->from == p->to)
        return LIBLLM_OK;
    if (!e) {
        if (!p->note)
            p->note = "the importance matrix does not have it";
        return LIBLLM_OK;
    }
    const uint64_t n_matrices = t->ne[2] * t->ne[3];
    p->importance = e;
    if (e->n_matrices == 1 && n_matrices > 1 && e->n == t->ne[0] * n_matrices) {
        /* As the older format has experts: one list. */
        ll_importance_entry *entry = &c->importance.entries[e - c->importance.entries];
        entry->n_matrices = (size_t)n_matrices;
        entry->n = (size_t)t->ne[0];
    }
    return e->n == t->ne[0] && (e->n_matrices == 1 || e->n_matrices == n_matrices)
               ? LIBLLM_OK
               : fail_tensor(c, t, "the importance matrix has another number of columns or experts for it");
}

static libllm_status plan_tensor(const conversion *c, const ll_gguf_tensor *t, ll_tensor_plan *p)
{
    *p = (ll_tensor_plan){.source = t, .from = ll_type_find(t->type)};
    const uint32_t wanted = wanted_type(c, t, &p->note);
    p->to = ll_type_find(wanted);
    if (p->from != p->to && ll_mixture_fitting((ll_type)wanted, t->ne[0]) != wanted) {
        p->to = ll_type_find(ll_mixture_fitting((ll_type)wanted, t->ne[0]));
        p->note = "its rows are no multiple of the blocks of the type it should have";
    }
    if (p->from != p->to && (!p->from->decode || has_scale_beside(c, t))) {
        p->to = p->from;
        p->note = p->from->decode ? "it stays as it is, as it has a scale in a tensor of its own"
                                  : "it stays as it is, in a format that is not known here";
    }
    if (p->from != p->to && p->from->type >= LL_TYPE_I8 && p->from->type <= LL_TYPE_I64) {
        p->to = p->from;
        p->note = "it stays as it is: integers";
    }
    if (p->from != p->to && !p->to->encode)
        return fail_tensor(c, t, "this type can only be read, not made");
    if (!p->note && p->from != p->to && ll_type_has_blocks(p->from) && p->to->type != LL_TYPE_F32)
        p->note = "it was in blocks before, whose errors stay";
    set_rows(c, p);
    return set_importance(c, p);
}

/* Sizes of heads, of a folder whose rows have another order than GGUF's. */
static libllm_status read_heads(conversion *c)
{
    const ll_model *m = c->model;
    char key[128];
    const int n = (int)(m->architecture.size < 64 ? m->architecture.size : 64);
    snprintf(key, sizeof key, "%.*s.rope.halves", n, m->architecture.data);
    libllm_status status = ll_gguf_get_bool(&m->gguf, key, &c->halves, c->error);
    if (status || !c->halves)
        return status;
    const ll_layer *l = ll_attention_layer(m);
    c->n_heads = l->n_heads;
    c->n_kv_heads = l->n_kv_heads;
    c->head_dim = m->head_dim;
    c->n_rot = m->n_ropes ? m->ropes[0].n_rot : m->head_dim;
    return LIBLLM_OK;
}

/* The file --------------------------------------------------------------------------------------------------------- */

bool ll_convert_report(const ll_convert_work *w, const ll_tensor_plan *p, uint64_t n_read, bool done)
{
    if (!w->options->progress)
        return false;
    return w->options->progress(w->options->context, &(ll_convert_event){.tensor = p->source,
                                                                         .index = w->index,
                                                                         .n_tensors = w->n_tensors,
                                                                         .to = p->to,
                                                                         .note = p->note,
                                                                         .done = done,
                                                                         .n_bytes = w->n_bytes,
                                                                         .n_bytes_done = w->n_bytes_done + n_read});
}

static void put_tensor(ll_gguf_maker *header, const ll_tensor_plan *p)
{
    ll_gguf_tensor t = *p->source;
    t.type = p->to->type;
    t.n_bytes = t.n_bytes / p->from->block.bytes * p->from->block.elements / p->to->block.elements * p->to->block.bytes;
    t.data = NULL;
    t.converted = NULL;
    ll_gguf_put_tensor(header, &t);
}

static libllm_status write_tensors(conversion *c, ll_team *team, ll_gguf_writer *writer)
{
    const size_t n = c->model->gguf.n_tensors;
    ll_convert_work w = {.host = c->host, .team = team, .options = c->options, .writer = writer, .n_tensors = n};
    for (size_t i = 0; i < n; i++)
        w.n_bytes += c->plans[i].source->n_bytes;
    libllm_status status = ll_convert_work_open(&w, c->plans, n, c->error);
    for (; !status && w.index < n; w.index++)
        status = ll_convert_tensor(&w, &c->plans[w.index], c->error);
    ll_convert_work_close(&w);
    return status;
}

static libllm_status write_file(conversion *c, ll_team *team, const char *source, const char *destination)
{
    ll_gguf header;
    ll_gguf_maker maker;
    ll_gguf_writer writer = {0};
    ll_gguf_make(&maker, c->host, &header);
    libllm_status status =
        ll_convert_metadata(c->model, source, c->options, c->importance.host ? &c->importance : NULL, &maker, c->error);
    for (size_t i = 0; !status && i < c->model->gguf.n_tensors; i++)
        put_tensor(&maker, &c->plans[i]);
    if (!status && maker.failed)
        status = ll_fail_memory(c->error, "the header of a file");
    if (!status)
        status = ll_gguf_write_begin(&writer, c->host, destination, c->options->replaces, &header, c->error);
    if (!status)
        status = write_tensors(c, team, &writer);
    if (!status)
        status = ll_gguf_write_end(&writer, c->error);
    ll_gguf_write_abandon(&writer);
    ll_gguf_close(&header);
    return status;
}

static libllm_status plan(conversion *c, const char *source)
{
    const ll_gguf *g = &c->model->gguf;
    if (g->version == 0 && !c->model->family) /* a folder whose tensors nobody can name */
        return ll_fail(c->error, LIBLLM_ERROR_UNSUPPORTED, "%s: %s", source, c->model->not_runnable.message);
    libllm_status status = ll_mixture_read_model(g, &c->facts, c->error);
    c->facts.has_importance = c->importance.host != NULL;
    if (!status)
        status = read_heads(c);
    c->plans = status ? NULL : ll_alloc(c->host, g->n_tensors, sizeof *c->plans);
    if (!status && !c->plans)
        status = ll_fail_memory(c->error, "the types of the tensors");
    for (size_t i = 0; !status && i < g->n_tensors; i++)
        status = plan_tensor(c, &g->tensors[i], &c->plans[i]);
    return status;
}

libllm_status ll_model_convert(const ll_host *host, ll_team *team, const char *source, const char *destination,
                               const ll_convert_options *options, libllm_error *error)
{
    conversion c = {.host = host, .options = options, .error = error};
    libllm_status status = ll_model_open(host, source, LIBLLM_LOAD_MAP, &c.model, error);
    if (!status && options->importance)
        status = ll_importance_read(host, options->importance, &c.importance, error);
    if (!status)
        status = plan(&c, source);
    if (!status)
        status = write_file(&c, team, source, destination);
    ll_free(host, c.plans);
    ll_importance_free(&c.importance);
    ll_model_close(c.model);
    return status;
}
