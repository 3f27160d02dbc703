/* SPDX-License-Identifier: MIT
 * Constraints on what a model says.
 */
#include "api/handles.h"

#include "base/status.h"
#include "grammar/constraint.h"

/* When two threads make it at once, one of both is thrown away. */
libllm_status ll_model_trie(const libllm_model *model, const ll_trie **trie, libllm_error *error)
{
    libllm_model *shared = (libllm_model *)(uintptr_t)model;
    ll_trie *known = atomic_load(&shared->trie), *made = NULL;
    if (!known) {
        libllm_status status = ll_trie_create(&model->runtime->host, model->model->tokenizer, &made, error);
        if (status)
            return status;
        if (atomic_compare_exchange_strong(&shared->trie, &known, made))
            known = made;
        else
            ll_trie_free(made);
    }
    *trie = known;
    return LIBLLM_OK;
}

struct wanted {
    const ll_host *host;
    const ll_trie *trie;
    libllm_constraint_kind kind;
    ll_span text;
};

static libllm_status compile(const void *context, ll_grammar **out, libllm_error *error)
{
    const struct wanted *w = context;
    return ll_constraint_compile(w->host, w->trie, w->kind, w->text, out, error);
}

libllm_status libllm_constraint_create(const libllm_model *model, libllm_constraint_kind kind, const char *text,
                                       size_t n_bytes, libllm_constraint **constraint, libllm_error *error)
{
    if (!constraint)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "constraint is NULL");
    *constraint = NULL;
    if (!model || !text)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "model or text is NULL");
    if (!model->model->tokenizer)
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "%s", model->model->not_tokenizing.message);
    const ll_host *host = &model->runtime->host;
    const ll_trie *trie;
    libllm_status status = ll_model_trie(model, &trie, error);
    if (status)
        return status;
    libllm_constraint *c = ll_alloc(host, 1, sizeof *c);
    if (!c)
        return ll_fail_memory(error, "a constraint");
    const struct wanted wanted = {host, trie, kind, {text, n_bytes}};
    ll_buffer key;
    ll_buffer_init(&key, host);
    ll_buffer_byte(&key, 1); /* those of answers begin with 0 */
    ll_buffer_append(&key, (const char *)&kind, sizeof kind);
    ll_buffer_append(&key, text, n_bytes);
    status = ll_recall_grammar(model->recall, &key, compile, &wanted, &c->grammar, error);
    ll_buffer_free(&key);
    if (status) {
        ll_free(host, c);
        return status;
    }
    c->model = ll_use_model(model);
    *constraint = c;
    return LIBLLM_OK;
}

void libllm_constraint_free(libllm_constraint *c)
{
    if (!c)
        return;
    libllm_model *model = c->model;
    ll_grammar_free(c->grammar);
    ll_free(&model->runtime->host, c);
    libllm_model_free(model);
}
