/* SPDX-License-Identifier: MIT
 * Writing a session, and checking a file before anything of it is taken over.
 */
#include "session/file.h"

#include "base/status.h"
#include "format/gguf_make.h"
#include "format/gguf_write.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { VERSION = 2, DIGITS = 16, SAMPLE = 256 };
static const char architecture[] = "libllm-session";

/* What a file has, in this order; data NULL: it has no such tensor. Data of pages and of the state are the device's. */
typedef struct parts {
    ll_gguf_tensor tokens, pages, state, logits;
} parts;

static uint64_t join(uint64_t hash, const void *data, size_t size)
{
    const uint64_t both[] = {hash, ll_hash(data, size)};
    return ll_hash((const char *)both, sizeof both);
}

/* Of what keys and values depend on: the architecture's numbers, the tensors' names, shapes and types, and the bytes at
 * both ends of each of them; and which of two lists of frequencies the engine has chosen. */
static uint64_t fingerprint(const ll_engine *e)
{
    const ll_model *m = e->model;
    uint64_t hash = join(0, m->architecture.data, m->architecture.size);
    for (size_t i = 0; i < m->gguf.n_values; i++) {
        const ll_gguf_value *v = &m->gguf.values[i];
        if (v->key.size <= m->architecture.size || v->key.data[m->architecture.size] != '.' ||
            memcmp(v->key.data, m->architecture.data, m->architecture.size) != 0)
            continue;
        hash = join(hash, v->key.data, v->key.size);
        hash = join(hash, v->data, v->n_bytes);
    }
    for (size_t i = 0; i < m->gguf.n_tensors; i++) {
        const ll_gguf_tensor *t = &m->gguf.tensors[i];
        const size_t n = t->n_bytes < SAMPLE ? (size_t)t->n_bytes : SAMPLE;
        hash = join(hash, t->name.data, t->name.size);
        hash = join(hash, t->ne, sizeof t->ne);
        hash = join(hash, &t->type, sizeof t->type);
        hash = join(hash, t->data, n);
        hash = join(hash, t->data + t->n_bytes - n, n);
    }
    for (uint32_t i = 0; i < m->n_ropes; i++) {
        const bool is_long = m->ropes[i].long_frequencies && e->n_positions > m->ropes[i].short_context;
        hash = join(hash, &is_long, sizeof is_long);
    }
    return hash;
}

static ll_gguf_tensor tensor(const char *name, ll_type type, uint64_t n, uint64_t n_rows, uint64_t n_bytes,
                             const void *data)
{
    return (ll_gguf_tensor){.name = ll_span_of(name),
                            .type = type,
                            .n_dims = n_rows > 1 ? 2 : 1,
                            .ne = {n, n_rows, 1, 1},
                            .n_bytes = n_bytes,
                            .data = n_bytes ? data : NULL};
}

/* The parts of a session with n_tokens, of which n_evaluated need not be evaluated again. */
static parts parts_of(const ll_session *s, size_t n_tokens, size_t n_evaluated, bool has_logits)
{
    const ll_engine *e = s->engine;
    const uint64_t page_bytes = e->backend->page_bytes(e->executor), state_bytes = ll_state_bytes(e->model);
    const uint64_t n_pages = (n_tokens + LL_PAGE_POSITIONS - 1) / LL_PAGE_POSITIONS;
    const uint64_t n_state = s->states[0] && n_evaluated ? state_bytes / sizeof(float) : 0;
    const uint64_t n_row = has_logits ? e->n_row : 0;
    return (parts){.tokens = tensor("tokens", LL_TYPE_I32, n_tokens, 1, n_tokens * sizeof *s->tokens, s->tokens),
                   .pages = tensor("pages", LL_TYPE_I8, page_bytes, n_pages, page_bytes * n_pages, s->pages),
                   .state = tensor("state", LL_TYPE_F32, n_state, 1, n_state * sizeof(float), s->states[s->state]),
                   .logits = tensor("logits", LL_TYPE_F32, n_row, 1, n_row * sizeof(float), s->logits)};
}

static uint64_t checksum_of_others(uint64_t hash, const parts *p)
{
    const ll_gguf_tensor *const all[] = {&p->tokens, &p->state, &p->logits};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i]->data)
            hash = join(hash, all[i]->data, (size_t)all[i]->n_bytes);
    return hash;
}

static ll_page_place place_of(const ll_session *s, size_t page)
{
    return (ll_page_place){s->pages[page], s->windows ? s->windows[page] : LL_NO_PAGE};
}

/* Zeros where it is to be evaluated again. */
static libllm_status read_page(const ll_session *s, size_t page, uint8_t *out, libllm_error *error)
{
    const ll_engine *e = s->engine;
    const size_t left = atomic_load(&s->position) - page * LL_PAGE_POSITIONS;
    if (page < s->n_held)
        return e->backend->read_page(e->executor, place_of(s, page),
                                     left < LL_PAGE_POSITIONS ? (uint32_t)left : LL_PAGE_POSITIONS, out, error);
    memset(out, 0, e->backend->page_bytes(e->executor));
    return LIBLLM_OK;
}

static void put_hash(ll_gguf_maker *maker, const char *key, uint64_t hash)
{
    char text[DIGITS + 1];
    snprintf(text, sizeof text, "%016" PRIx64, hash);
    ll_gguf_put_string(maker, key, ll_span_of(text));
}

static libllm_status write_parts(const ll_session *s, const parts *p, const char *path, const ll_gguf *header,
                                 uint8_t *page, libllm_error *error)
{
    ll_gguf_writer writer = {0};
    libllm_status status = ll_gguf_write_begin(&writer, s->host, path, true, header, error);
    if (!status)
        status = ll_gguf_write_bytes(&writer, p->tokens.data, (size_t)p->tokens.n_bytes, error);
    for (size_t i = 0; !status && p->pages.data && i < p->pages.ne[1]; i++) {
        status = read_page(s, i, page, error);
        if (!status)
            status = ll_gguf_write_bytes(&writer, page, (size_t)p->pages.ne[0], error);
    }
    if (!status && p->state.data)
        status = ll_gguf_write_bytes(&writer, p->state.data, (size_t)p->state.n_bytes, error);
    if (!status && p->logits.data)
        status = ll_gguf_write_bytes(&writer, p->logits.data, (size_t)p->logits.n_bytes, error);
    if (!status)
        return ll_gguf_write_end(&writer, error);
    ll_gguf_write_abandon(&writer);
    return status;
}

libllm_status ll_session_save(const ll_session *s, const char *path, libllm_error *error)
{
    const ll_engine *e = s->engine;
    const size_t position = atomic_load(&s->position);
    if (e->has_source)
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "a session with a text for an encoder cannot be saved");
    if (s->n_uses || s->n_other)
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "a session in which adapters have a part cannot be saved");
    if (position == 0)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "the session has no tokens that could be saved");
    parts p = parts_of(s, position, ll_session_evaluated(s), s->has_logits);
    uint8_t *page = ll_alloc(s->host, (size_t)p.pages.ne[0], 1), *state = ll_alloc(s->host, (size_t)p.state.n_bytes, 1);
    if (!page || !state) {
        ll_free(s->host, page);
        ll_free(s->host, state);
        return ll_fail_memory(error, "a page of a session");
    }
    libllm_status status = LIBLLM_OK;
    if (p.state.n_bytes) {
        status = e->backend->read_state(e->executor, s->states[s->state], state, error);
        p.state.data = state;
    }
    uint64_t checksum = status ? 0 : checksum_of_others(0, &p);
    for (size_t i = 0; !status && p.pages.data && i < p.pages.ne[1]; i++) {
        status = read_page(s, i, page, error);
        if (!status)
            checksum = join(checksum, page, (size_t)p.pages.ne[0]);
    }
    if (status) {
        ll_free(s->host, page);
        ll_free(s->host, state);
        return status;
    }
    ll_gguf header;
    ll_gguf_maker maker;
    ll_gguf_make(&maker, s->host, &header);
    ll_gguf_put_string(&maker, "general.architecture", ll_span_of(architecture));
    ll_gguf_put_u32(&maker, "session.version", VERSION);
    put_hash(&maker, "session.model", fingerprint(e));
    ll_gguf_put_u32(&maker, "session.kv_type", e->kv_type);
    ll_gguf_put_u32(&maker, "session.page_positions", LL_PAGE_POSITIONS);
    ll_gguf_put_u32(&maker, "session.evaluated", (uint32_t)ll_session_evaluated(s));
    ll_gguf_put_u32(&maker, "session.first_window", s->windows ? s->first_window : 0);
    put_hash(&maker, "session.checksum", checksum);
    const ll_gguf_tensor *const all[] = {&p.tokens, &p.pages, &p.state, &p.logits};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i]->data)
            ll_gguf_put_tensor(&maker, all[i]);
    status = maker.failed ? ll_fail_memory(error, "the header of a session's file")
                          : write_parts(s, &p, path, &header, page, error);
    ll_gguf_close(&header);
    ll_free(s->host, page);
    ll_free(s->host, state);
    return status;
}

/* A number of the header that has to be what it is here. */
static libllm_status check_number(const ll_gguf *g, const char *key, uint32_t expected, uint32_t *out,
                                  libllm_error *error)
{
    *out = UINT32_MAX;
    libllm_status status = ll_gguf_get_u32(g, key, out, error);
    if (!status && *out != expected)
        status =
            ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "%s is %" PRId32 ", expected %u", key, (int32_t)*out, expected);
    return status;
}

static libllm_status get_hash(const ll_gguf *g, const char *key, char hash[DIGITS + 1], libllm_error *error)
{
    ll_span text = {NULL, 0};
    libllm_status status = ll_gguf_get_string(g, key, &text, error);
    if (!status && text.size != DIGITS)
        status = ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "%s: expected %d digits", key, DIGITS);
    if (!status)
        memcpy(hash, text.data, DIGITS);
    hash[DIGITS] = '\0';
    return status;
}

static bool is_hash(const char *text, uint64_t hash)
{
    char own[DIGITS + 1];
    snprintf(own, sizeof own, "%016" PRIx64, hash);
    return memcmp(text, own, DIGITS) == 0;
}

/* Finds the tensor of the file that is to be like `part`, and makes the part point to its data. */
static libllm_status find_part(const ll_gguf *g, ll_gguf_tensor *part, size_t *n_found, libllm_error *error)
{
    if (part->n_bytes == 0)
        return LIBLLM_OK;
    const ll_gguf_tensor *t = ll_gguf_find_tensor(g, part->name);
    if (!t || t->type != part->type || memcmp(t->ne, part->ne, sizeof t->ne) != 0)
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "expected a tensor \"%.*s\" of %" PRIu64 " x %" PRIu64 " %s",
                       (int)part->name.size, part->name.data, part->ne[0], part->ne[1], ll_type_find(part->type)->name);
    part->data = t->data;
    (*n_found)++;
    return LIBLLM_OK;
}

static libllm_status check_header(const ll_session *s, const ll_gguf *g, libllm_error *error)
{
    uint32_t number;
    ll_span kind = {NULL, 0};
    char model[DIGITS + 1];
    libllm_status status = ll_gguf_get_string(g, "general.architecture", &kind, error);
    if (!status && !ll_span_is(kind, architecture))
        status = ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "this is no file of a session");
    if (!status)
        status = check_number(g, "session.version", VERSION, &number, error);
    if (!status)
        status = get_hash(g, "session.model", model, error);
    if (!status && !is_hash(model, fingerprint(s->engine)))
        status = ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "the session is one of another model");
    if (!status)
        status = check_number(g, "session.kv_type", s->engine->kv_type, &number, error);
    if (!status)
        status = check_number(g, "session.page_positions", LL_PAGE_POSITIONS, &number, error);
    return status;
}

/* What the file has, or why it is none that the session can take. */
static libllm_status check_parts(const ll_session *s, const ll_gguf *g, parts *p, size_t *n_evaluated,
                                 libllm_error *error)
{
    uint32_t evaluated = 0, first_window = 0;
    const ll_gguf_tensor *t = ll_gguf_find_tensor(g, ll_span_of("tokens"));
    const uint64_t n_tokens = t ? t->ne[0] : 0;
    libllm_status status = ll_gguf_get_u32(g, "session.evaluated", &evaluated, error);
    if (!status)
        status = ll_gguf_get_u32(g, "session.first_window", &first_window, error);
    if (!status && n_tokens == 0)
        status = ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "expected a tensor \"tokens\"");
    if (!status && n_tokens > s->capacity)
        status = ll_fail(error, LIBLLM_ERROR_CONTEXT_FULL, "%" PRIu64 " tokens do not fit into a context of %" PRIu64,
                         n_tokens, s->capacity);
    if (!status && evaluated > n_tokens)
        status = ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "session.evaluated is %u, of %" PRIu64 " tokens", evaluated,
                         n_tokens);
    if (status)
        return status;
    /* What is missing of layers with a window may be needed: then the pages are those of nothing. */
    const bool lacks = first_window > ll_session_first_seen(s, (size_t)n_tokens) || evaluated < n_tokens;
    *n_evaluated = lacks && !s->states[0] ? 0 : evaluated;
    *p = parts_of(s, (size_t)n_tokens, evaluated, ll_gguf_find_tensor(g, ll_span_of("logits")));
    ll_gguf_tensor *const all[] = {&p->tokens, &p->pages, &p->state, &p->logits};
    size_t n_found = 0;
    for (size_t i = 0; !status && i < sizeof all / sizeof *all; i++)
        status = find_part(g, all[i], &n_found, error);
    if (!status && n_found != g->n_tensors)
        status =
            ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "there are %zu tensors, expected %zu", g->n_tensors, n_found);
    char checksum[DIGITS + 1];
    if (!status)
        status = get_hash(g, "session.checksum", checksum, error);
    if (status)
        return status;
    uint64_t hash = checksum_of_others(0, p);
    for (size_t i = 0; p->pages.n_bytes && i < p->pages.ne[1]; i++)
        hash = join(hash, p->pages.data + i * p->pages.ne[0], (size_t)p->pages.ne[0]);
    if (!is_hash(checksum, hash))
        status = ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "the contents do not have the checksum that they had");
    return status;
}

static void take_over(ll_session *s, const parts *p, size_t n_evaluated)
{
    ll_engine *e = s->engine;
    const size_t n_tokens = (size_t)p->tokens.ne[0];
    pthread_mutex_lock(&e->lock);
    ll_session_make_room(s, n_tokens);
    if (n_evaluated)
        ll_session_enter_window(s, n_tokens);
    pthread_mutex_unlock(&e->lock);
    memcpy(s->tokens, p->tokens.data, n_tokens * sizeof *s->tokens);
    for (size_t i = 0; p->pages.n_bytes && i < p->pages.ne[1]; i++)
        e->backend->write_page(e->executor, place_of(s, i), p->pages.data + i * p->pages.ne[0]);
    s->n_evaluated = n_evaluated;
    s->running = s->state;
    if (p->state.n_bytes)
        e->backend->write_state(e->executor, s->states[s->state], p->state.data);
    s->has_logits = p->logits.n_bytes;
    if (s->has_logits)
        memcpy(s->logits, p->logits.data, (size_t)p->logits.n_bytes);
    s->n_loaded = n_tokens;
    s->n_other = s->n_uses ? n_tokens : 0;
    atomic_store(&s->position, n_tokens);
}

libllm_status ll_session_load(ll_session *s, const char *path, libllm_error *error)
{
    const ll_engine *e = s->engine;
    if (ll_team_forked(e->team))
        return ll_fail(error, LIBLLM_ERROR_FORKED, "the session was made before fork() and is of no use in the child");
    if (e->has_source || e->reads_at_once)
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "sessions of models with an encoder are not saved");
    ll_gguf g = {0};
    libllm_status status = ll_gguf_open_file(s->host, path, LIBLLM_LOAD_READ, ll_type_block_size, &g, error);
    if (status)
        return status;
    parts p;
    size_t n_evaluated = 0;
    status = check_header(s, &g, error);
    if (!status)
        status = check_parts(s, &g, &p, &n_evaluated, error);
    if (!status) { /* as the file's data have no alignment that could be relied on, token by token */
        for (size_t i = 0; !status && i < p.tokens.ne[0]; i++) {
            int32_t token;
            memcpy(&token, p.tokens.data + i * sizeof token, sizeof token);
            status = ll_session_check_ids(s, &token, 1, error);
        }
    }
    if (!status)
        status = ll_session_rewind(s, 0, error);
    if (!status)
        take_over(s, &p, n_evaluated);
    ll_gguf_close(&g);
    return status ? ll_file_fail(error, status, path) : LIBLLM_OK;
}
