/* SPDX-License-Identifier: MIT
 * The CPU executor: all memory that a batch needs, made once, and the walk of the thread team through the plan.
 */
#include "backend/cpu/executor.h"

#include "backend/kv.h"
#include "base/checked.h"
#include "base/clock.h"
#include "base/status.h"

#include <string.h>

enum { LINE = 64 };

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

static void *lines(const ll_host *host, size_t count, size_t size) { return ll_alloc_aligned(host, count, size, LINE); }

static bool make_act(const ll_host *host, size_t n_k, ll_act *act)
{
    size_t n_blocks = n_k / LL_ACT_BLOCK + 1, n_bytes = (n_k + LL_ACT_GROUP - 1) / LL_ACT_GROUP * LL_ACT_GROUP;
    act->high = lines(host, n_bytes, sizeof *act->high);
    act->low = lines(host, n_bytes, sizeof *act->low);
    act->scales = lines(host, n_blocks, sizeof *act->scales);
    act->sums = lines(host, 2 * n_blocks, sizeof *act->sums);
    act->block_sums = lines(host, n_blocks, sizeof *act->block_sums);
    return act->high && act->low && act->scales && act->sums && act->block_sums;
}

static void free_act(const ll_host *host, ll_act *act)
{
    ll_free(host, act->high);
    ll_free(host, act->low);
    ll_free(host, act->scales);
    ll_free(host, act->sums);
    ll_free(host, act->block_sums);
}

/* Calls visit for every matrix of the plan that is multiplied with, until it returns false. */
static bool each_matrix(const ll_executor *e, bool (*visit)(const ll_executor *e, const ll_matrix *matrix, void *to),
                        void *to)
{
    const ll_model *m = e->model;
    const ll_linear *linears[LL_LAYER_LINEARS_MAX];
    for (uint32_t i = e->plan.first_layer; i < e->plan.end_layer; i++) {
        size_t n = ll_layer_linears(&m->layers[i], linears);
        for (size_t j = 0; j < n; j++)
            if (!visit(e, &linears[j]->weight, to))
                return false;
    }
    return e->options.hidden_states || e->options.part.hands_on || visit(e, &m->output.weight, to);
}

/* Room for a tile's rows and a chunk's inputs of any matrix of the model. */
static bool add_panel(const ll_executor *e, const ll_matrix *matrix, void *to)
{
    size_t *most = to;
    const ll_panel_kernel *kernels[] = {e->kernels.panel_kernel(matrix->traits->type),
                                        e->kernels.few_panel_kernel ? e->kernels.few_panel_kernel(matrix->traits->type)
                                                                    : NULL};
    for (size_t i = 0; i < 2 && kernels[i]; i++)
        *most = larger(*most, (LL_TILE_ROWS + kernels[i]->rows - 1) / kernels[i]->rows * kernels[i]->bytes(LL_K_CHUNK));
    return true;
}

static size_t panels_bytes(const ll_executor *e)
{
    size_t most = e->products.multiply ? e->tile_rows * LL_K_CHUNK * sizeof(float) : 0;
    each_matrix(e, add_panel, &most);
    return most;
}

static bool takes_no_bf16(const ll_executor *e, const ll_matrix *matrix, void *to)
{
    (void)to;
    return e->kernels.panel_kernel(matrix->traits->type)->takes != LL_TAKES_BF16;
}

static bool multiplies_bf16(const ll_executor *e) { return !each_matrix(e, takes_no_bf16, NULL); }

/* Of all columns of a batch. */
static size_t bf16_elements(const ll_executor *e)
{
    size_t n_groups = (e->options.n_batch + LL_BF16_GROUP - 1) / LL_BF16_GROUP;
    return n_groups * ll_bf16_group_size(e->plan.max_k);
}

/* The kernels for prompts, unless how they are split into batches must not show or the model's heads have no whole
 * tiles. */
static const ll_tile_attention *attention_tiles(const ll_executor *e)
{
    const ll_tile_attention *tiles = e->kernels.tile_attention;
    const ll_kv_format kv = ll_kv_format_of(e->options.kv_type),
                       format = kv < LL_KV_FORMAT_READ ? kv : LL_KV_FORMAT_Q8_0;
    const bool whole = e->model->head_dim % 16 == 0 && e->model->value_dim % 16 == 0;
    return tiles && tiles->scores[format] && whole && !e->options.deterministic ? tiles : NULL;
}

static bool make_worker(ll_executor *e, ll_worker *w)
{
    const ll_host *h = e->host;
    size_t n_batch = e->options.n_batch, k = e->plan.max_k, state = 2 + (size_t)e->model->value_dim;
    w->executor = e;
    w->panels = lines(h, panels_bytes(e), 1);
    /* For one column, all rows that a thread may have. */
    size_t widest = larger(larger(e->plan.max_ff, e->plan.max_expert_ff), larger(e->plan.max_q, e->plan.n_embd));
    size_t tile = larger(n_batch * e->tile_rows, widest);
    w->tiles[0] = lines(h, tile, sizeof(float));
    w->tiles[1] = lines(h, tile, sizeof(float));
    w->input = lines(h, LL_COLUMNS_MAX * k, sizeof(float));
    w->row = lines(h, k, sizeof(float));
    w->x = ll_alloc(h, n_batch, sizeof *w->x);
    w->acts = ll_alloc(h, n_batch, sizeof *w->acts);
    w->out = ll_alloc(h, n_batch, sizeof *w->out);
    w->out_part = ll_alloc(h, n_batch, sizeof *w->out_part);
    w->adapted = ll_alloc(h, n_batch, sizeof *w->adapted);
    w->scores = lines(h, LL_QUERY_ROWS * LL_KV_TILE, sizeof(float));
    w->state = lines(h, 2 * LL_QUERY_ROWS * state, sizeof(float));
    if (e->options.kv_type == LIBLLM_KV_Q4_0) {
        w->kv = lines(h, ll_kv_tile_bytes(LL_KV_FORMAT_Q8_0, larger(e->model->head_dim, e->model->value_dim)), 1);
        w->queries = lines(h, LL_QUERY_ROWS * (size_t)e->model->head_dim, sizeof(float));
    }
    const ll_tile_attention *tiles = attention_tiles(e);
    if (tiles)
        w->attention = lines(h, tiles->bytes(e->model->head_dim, e->model->value_dim), 1);
    bool made = w->panels && w->tiles[0] && w->tiles[1] && w->input && w->row && w->x && w->acts && w->out &&
                w->out_part && w->adapted && w->scores && w->state && (w->attention || !tiles) &&
                ((w->kv && w->queries) || e->options.kv_type != LIBLLM_KV_Q4_0);
    for (size_t i = 0; made && i < LL_COLUMNS_MAX; i++)
        made = make_act(h, k, &w->act[i]);
    if (made && e->plan.max_latent) {
        w->head_act = ll_calloc(h, n_batch, sizeof *w->head_act);
        made = w->head_act != NULL;
        for (size_t i = 0; made && i < n_batch; i++)
            made = make_act(h, larger(e->model->latent.n_nope, e->model->latent.n_kv), &w->head_act[i]);
    }
    if (made && (e->plan.max_experts || e->plan.max_latent)) {
        w->item_x = ll_alloc(h, n_batch, sizeof *w->item_x);
        w->item_acts = ll_alloc(h, n_batch, sizeof *w->item_acts);
        w->item_adapted = ll_alloc(h, n_batch, sizeof *w->item_adapted);
        w->hidden = ll_alloc(h, n_batch, sizeof *w->hidden);
        if (e->bf16)
            w->item_bf16 = lines(h, bf16_elements(e), sizeof *w->item_bf16);
        made = w->item_x && w->item_acts && w->item_adapted && w->hidden && (!e->bf16 || w->item_bf16);
    }
    if (made && e->plan.max_experts) {
        w->items = ll_alloc(h, n_batch * e->plan.max_experts_used, sizeof *w->items);
        w->items_of = ll_alloc(h, (size_t)e->plan.max_experts + 1, sizeof *w->items_of);
        w->chosen = ll_alloc(h, e->plan.max_experts, sizeof *w->chosen);
        w->choice_values = ll_alloc(h, 2 * (size_t)e->plan.max_experts, sizeof *w->choice_values);
        w->choice_taken = ll_alloc(h, e->plan.max_experts, sizeof *w->choice_taken);
        made = w->items && w->items_of && w->chosen && w->choice_values && w->choice_taken;
    }
    return made;
}

static void free_worker(const ll_executor *e, ll_worker *w)
{
    const ll_host *h = e->host;
    for (size_t i = 0; w->head_act && i < e->options.n_batch; i++)
        free_act(h, &w->head_act[i]);
    ll_free(h, w->head_act);
    void *const all[] = {w->panels,       w->tiles[0],
                         w->tiles[1],     w->input,
                         w->row,          w->x,
                         w->acts,         w->out,
                         w->out_part,     w->scores,
                         w->state,        w->items,
                         w->items_of,     (void *)w->item_x,
                         w->item_acts,    w->adapted,
                         w->item_adapted, w->item_bf16,
                         w->hidden,       w->choice_values,
                         w->choice_taken, w->chosen,
                         w->kv,           w->queries,
                         w->attention};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        ll_free(h, all[i]);
    for (size_t i = 0; i < LL_COLUMNS_MAX; i++)
        free_act(h, &w->act[i]);
}

static bool make_scratch(ll_executor *e)
{
    const ll_host *h = e->host;
    const ll_model *m = e->model;
    size_t n = e->options.n_batch, heads = e->plan.max_heads, ropes = m->n_ropes * n * (m->head_dim / 2 + 1);
    e->x[0] = lines(h, n * e->plan.n_embd, sizeof(float));
    e->x[1] = lines(h, n * e->plan.n_embd, sizeof(float));
    e->branch = lines(h, n * e->plan.n_embd, sizeof(float));
    e->normed = lines(h, n * e->plan.n_embd, sizeof(float));
    e->q = lines(h, n * e->plan.max_q, sizeof(float));
    e->k = lines(h, n * e->plan.max_kv, sizeof(float));
    e->latent = lines(h, n * e->plan.max_latent, sizeof(float));
    e->values = lines(h, e->plan.max_latent ? n * e->plan.max_q : 0, sizeof(float));
    e->attended = lines(h, n * e->plan.max_q, sizeof(float));
    e->mixed = lines(h, n * e->plan.max_channels, sizeof(float));
    e->gate = lines(h, n * e->plan.max_channels, sizeof(float));
    e->steps = lines(h, n * e->plan.max_steps, sizeof(float));
    e->hidden = lines(h, n * e->plan.max_ff, sizeof(float));
    e->cos = lines(h, ropes, sizeof(float));
    e->sin = lines(h, ropes, sizeof(float));
    e->partials = lines(h, LL_COLUMNS_MAX * heads * LL_SPLITS_MAX, (2 + (size_t)m->value_dim) * sizeof(float));
    e->splits_done = ll_calloc(h, LL_COLUMNS_MAX * heads, sizeof *e->splits_done);
    e->columns = ll_alloc(h, n, sizeof *e->columns);
    e->all = ll_alloc(h, n, sizeof *e->all);
    e->tail = ll_alloc(h, n, sizeof *e->tail);
    e->shared_act = ll_calloc(h, n, sizeof *e->shared_act);
    e->workers = ll_calloc(h, ll_team_size(e->team), sizeof *e->workers);
    bool made = e->x[0] && e->x[1] && e->branch && e->normed && e->q && e->k && e->latent && e->values && e->attended &&
                e->mixed && e->gate && e->steps && e->hidden && e->cos && e->sin && e->partials && e->splits_done &&
                e->columns && e->all && e->tail && e->shared_act && e->workers;
    if (made && multiplies_bf16(e)) {
        e->bf16 = lines(h, bf16_elements(e), sizeof *e->bf16);
        made = e->bf16 != NULL;
    }
    if (made && e->plan.max_experts) {
        size_t n_items = n * e->plan.max_experts_used;
        e->router_scores = lines(h, n * e->plan.max_experts, sizeof *e->router_scores);
        e->choices = ll_alloc(h, n_items, sizeof *e->choices);
        e->shared_weight = ll_alloc(h, n, sizeof *e->shared_weight);
        e->item_hidden = lines(h, n_items * e->plan.max_expert_ff, sizeof *e->item_hidden);
        e->item_act = ll_calloc(h, n_items, sizeof *e->item_act);
        made = e->router_scores && e->choices && e->shared_weight && e->item_hidden && e->item_act;
        for (size_t i = 0; made && i < n_items; i++)
            made = make_act(h, e->plan.max_expert_ff, &e->item_act[i]);
    }
    for (size_t i = 0; made && i < n; i++)
        made = make_act(h, e->plan.max_k, &e->shared_act[i]);
    for (uint32_t i = 0; made && i < ll_team_size(e->team); i++)
        made = make_worker(e, &e->workers[i]);
    for (uint32_t i = 0; made && i < n; i++)
        e->all[i] = i;
    return made;
}

static void cpu_free(ll_executor *e)
{
    if (!e)
        return;
    const ll_host *h = e->host;
    for (uint32_t i = 0; e->workers && i < ll_team_size(e->team); i++)
        free_worker(e, &e->workers[i]);
    for (size_t i = 0; e->shared_act && i < e->options.n_batch; i++)
        free_act(h, &e->shared_act[i]);
    for (size_t i = 0; e->item_act && i < (size_t)e->options.n_batch * e->plan.max_experts_used; i++)
        free_act(h, &e->item_act[i]);
    void *const all[] = {e->x[0],
                         e->x[1],
                         e->branch,
                         e->normed,
                         e->q,
                         e->k,
                         e->latent,
                         e->values,
                         e->attended,
                         e->hidden,
                         e->router_scores,
                         e->choices,
                         e->shared_weight,
                         e->item_hidden,
                         e->item_act,
                         e->cos,
                         e->sin,
                         e->partials,
                         e->splits_done,
                         e->columns,
                         e->all,
                         e->tail,
                         e->shared_act,
                         e->workers,
                         e->kv_layer_offset,
                         e->kv,
                         e->kv_windows,
                         e->x_of_phase,
                         e->bf16,
                         e->mixed,
                         e->gate,
                         e->steps,
                         e->state_offset};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        ll_free(h, all[i]);
    ll_plan_free(&e->plan);
    ll_free(h, e);
}

/* Splits are a power of two of pages, so that their borders do not move while a context grows. */
static uint64_t split_positions(uint64_t n_positions)
{
    uint64_t n = 4 * LL_KV_TILE;
    while (n * LL_SPLITS_MAX < n_positions)
        n *= 2;
    return n;
}

static bool has_kernel(const ll_executor *e, const ll_matrix *matrix, void *to)
{
    const ll_matrix **without = to;
    const ll_row_kernel *kernel = e->kernels.row_kernel(matrix->traits->type);
    bool has = kernel && !(kernel->takes == LL_TAKES_INTS && matrix->n_k % LL_ACT_BLOCK);
    if (!has)
        *without = matrix;
    return has;
}

/* Every matrix has a kernel, or the model cannot run here. */
static libllm_status check_kernels(const ll_executor *e, libllm_error *error)
{
    const ll_matrix *w = NULL;
    if (each_matrix(e, has_kernel, &w))
        return LIBLLM_OK;
    return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "no kernel multiplies matrices of type %s with %u columns",
                   w->traits->name, w->n_k);
}

static bool multiplies_ints(const ll_executor *e, const ll_matrix *matrix, void *to)
{
    (void)to;
    return e->kernels.row_kernel(matrix->traits->type)->takes == LL_TAKES_INTS;
}

/* Activations of 16 bits take twice the products of those of 8, and from about five columns on a panel is worth its
 * decoding; from about four on where there is no instruction for products of bytes. */
static uint32_t few_columns(const ll_executor *e, uint32_t cpu_features)
{
    const bool byte_dots = cpu_features & (LL_CPU_AVX_VNNI | LL_CPU_AVX512_VNNI);
    if (!(cpu_features & (LL_CPU_AVX2 | LL_CPU_AVX512)) || e->products.multiply ||
        !each_matrix(e, multiplies_ints, NULL))
        return LL_COLUMNS_MAX;
    return byte_dots ? 4 : 3;
}

libllm_status ll_cpu_create(const ll_host *host, ll_team *team, uint32_t cpu_features, const ll_model *model,
                            const ll_executor_options *options, const ll_products *products, ll_executor **out,
                            libllm_error *error)
{
    ll_executor *e = ll_calloc(host, 1, sizeof *e);
    *out = NULL;
    if (!e)
        return ll_fail_memory(error, "an engine");
    *e = (ll_executor){
        .host = host, .team = team, .model = model, .options = *options, .kernels = ll_kernels_choose(cpu_features)};
    if (products)
        e->products = *products;
    /* An odd number of cache lines, so that the columns of a tile are spread over all sets. */
    e->tile_rows = ((larger(LL_UNIT_ROWS, larger(model->head_dim, model->value_dim)) + 15) / 16 | 1) * 16;
    e->split_positions = split_positions(options->n_positions);
    libllm_status status = ll_plan_create(model, options->hidden_states, options->part, &e->plan, error);
    if (!status)
        status = check_kernels(e, error);
    if (!status) {
        e->few_columns = few_columns(e, cpu_features);
        e->x_of_phase = ll_alloc(host, e->plan.n_phases, sizeof *e->x_of_phase);
        if (!e->x_of_phase || !make_scratch(e) || !ll_cpu_place_states(e))
            status = ll_fail_memory(error, "the engine's scratch memory");
        else if (!ll_cpu_make_kv(e))
            status =
                ll_fail(error, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for %llu positions of KV memory (%zu bytes)",
                        (unsigned long long)options->n_pages * LL_PAGE_POSITIONS,
                        options->n_pages * e->page_bytes + options->n_window_pages * e->window_bytes);
    }
    if (status) {
        cpu_free(e);
        return status;
    }
    uint32_t x = 0;
    for (uint32_t i = 0; i < e->plan.n_phases; i++) {
        if (i == e->plan.n_encode) /* EMBED writes to the first one */
            x = 0;
        e->x_of_phase[i] = x;
        x ^= e->plan.phases[i].adds;
    }
    *out = e;
    return LIBLLM_OK;
}

static libllm_status cpu_create(const ll_host *host, ll_team *team, uint32_t cpu_features, const ll_model *model,
                                const ll_executor_options *options, ll_executor **out, libllm_error *error)
{
    return ll_cpu_create(host, team, cpu_features, model, options, NULL, out, error);
}

static libllm_status cpu_describe(const ll_host *host, const ll_device_files *files, uint32_t index,
                                  ll_device_info *info, libllm_error *error)
{
    (void)host, (void)files, (void)error;
    *info = (ll_device_info){0};
    ll_cpu_name(info->name, sizeof info->name);
    return index == 0 ? LIBLLM_OK : LIBLLM_DONE;
}

static bool batch_cancelled(void *context)
{
    const ll_batch *batch = ((ll_executor *)context)->batch;
    return batch->cancelled(batch->cancel_context);
}

/* Walk through the plan. Whether to stop is thread 0's word, given before a meeting and heeded by all after the same
 * one: a flag that is read at any time could send some threads home while others wait for them. */
static void walk(void *context, uint32_t thread, uint32_t n_threads)
{
    ll_executor *e = context;
    ll_worker *w = &e->workers[thread];
    w->thread = thread;
    w->n_threads = n_threads;
    bool measured = e->batch->profile != NULL;
    if (measured)
        ll_cpu_measure_start(w);
    for (uint32_t i = e->first_phase; i < e->end_phase; i++) {
        ll_cpu_phase(w, i);
        if (thread == 0 && batch_cancelled(e)) {
            atomic_store_explicit(&e->skip, 1, memory_order_relaxed);
            atomic_store_explicit(&e->stop_after, i, memory_order_relaxed);
        } else if (thread == 0 && atomic_load_explicit(&e->skip, memory_order_relaxed)) {
            atomic_store_explicit(&e->stop_after, i, memory_order_relaxed);
        }
        ll_cpu_meet(w);
        if (measured)
            ll_cpu_measure_phase(w, e->plan.phases[i].kind);
        if (atomic_load_explicit(&e->stop_after, memory_order_relaxed) <= i)
            return;
    }
}

static void set_columns(ll_executor *e, const ll_batch *batch)
{
    e->batch = batch;
    e->n_columns = 0;
    e->n_tail = 0;
    e->adapts = false;
    for (uint32_t r = 0; r < batch->n_runs; r++) {
        const ll_run *run = &batch->runs[r];
        size_t stride = 0;
        float *reduced = run->adapters ? ll_cpu_adapters_reduced(run->adapters, &stride) : NULL;
        e->adapts = e->adapts || run->adapters;
        for (uint32_t i = 0; i < run->n_tokens; i++) {
            float *logits = NULL;
            if (run->logits && run->all_logits)
                logits = run->logits + i * (size_t)(e->options.hidden_states ? e->model->n_embd : e->model->n_vocab);
            else if (run->logits && i + 1 == run->n_tokens)
                logits = run->logits;
            if (logits)
                e->tail[e->n_tail++] = e->n_columns;
            e->columns[e->n_columns++] =
                (ll_column){.token = run->tokens[i],
                            .token_type = i >= run->n_tokens - run->n_second && e->model->n_token_types > 1,
                            .run = r,
                            .position = run->position + i,
                            .logits = logits,
                            .adapters = run->adapters,
                            .reduced = reduced ? reduced + i * stride : NULL};
        }
    }
    const bool few = e->kernels.few_panel_kernel && e->n_columns <= LL_COLUMNS_MAX;
    e->panel_kernel = few ? e->kernels.few_panel_kernel : e->kernels.panel_kernel;
}

static libllm_status cpu_run(ll_executor *e, const ll_batch *batch, libllm_error *error)
{
    set_columns(e, batch);
    e->first_phase = batch->encodes ? 0 : e->plan.n_encode;
    e->end_phase = batch->encodes ? e->plan.n_encode : e->plan.n_phases;
    atomic_store(&e->next_unit[0], 0);
    atomic_store(&e->next_unit[1], 0);
    atomic_store(&e->skip, 0);
    atomic_store(&e->stop_after, UINT32_MAX);
    double start = batch->profile ? ll_seconds() : 0;
    libllm_status status = ll_team_run(e->team, walk, batch_cancelled, e, error);
    uint32_t last = atomic_load(&e->stop_after);
    if (!status && batch->profile)
        ll_cpu_profile_add(e, e->first_phase, last < e->end_phase ? last + 1 : e->end_phase, ll_seconds() - start,
                           batch->profile);
    if (!status && last != UINT32_MAX) {
        /* Attention may have been left with some splits of a column done and others not. */
        for (size_t i = 0; i < LL_COLUMNS_MAX * (size_t)e->plan.max_heads; i++)
            atomic_store_explicit(&e->splits_done[i], 0, memory_order_relaxed);
        status = ll_fail(error, LIBLLM_ERROR_CANCELLED, "cancelled");
    }
    return status;
}

static ll_state *cpu_state_create(const ll_executor *e)
{
    return ll_alloc_aligned(e->host, 1, ll_cpu_state_bytes(e), LINE);
}

static void cpu_state_free(const ll_executor *e, ll_state *state) { ll_free(e->host, state); }

const ll_backend ll_backend_cpu = {
    .kind = "cpu",
    .has_window_pages = true,
    .describe = cpu_describe,
    .create = cpu_create,
    .state_create = cpu_state_create,
    .state_free = cpu_state_free,
    .copy_page = ll_cpu_copy_page,
    .page_bytes = ll_cpu_page_bytes,
    .read_page = ll_cpu_read_page,
    .write_page = ll_cpu_write_page,
    .read_state = ll_cpu_read_state,
    .write_state = ll_cpu_write_state,
    .adapters_create = ll_cpu_adapters_create,
    .adapters_free = ll_cpu_adapters_free,
    .run = cpu_run,
    .free = cpu_free,
};
