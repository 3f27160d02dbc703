/* SPDX-License-Identifier: MIT
 * What a batch is, told to the device: its columns, the pages that they see, and how their positions rotate.
 */
#include "backend/vulkan/executor.h"

#include "base/status.h"

#include <math.h>
#include <string.h>

static uint64_t aligned(uint64_t size) { return (size + 255) / 256 * 256; }

static uint32_t pages_of(uint64_t n_positions)
{
    return (uint32_t)((n_positions + LL_PAGE_POSITIONS - 1) / LL_PAGE_POSITIONS);
}

/* Pages of a run's own timeline, and of the text that an encoder has read. */
static uint32_t n_own_pages(const ll_run *run) { return pages_of(run->position + run->n_tokens); }

static ll_vk_layout lay_out(const ll_executor *e, uint64_t n_pages)
{
    ll_vk_layout l = {0};
    uint64_t n_angles = 0;
    for (uint32_t r = 0; r < e->model->n_ropes; r++)
        n_angles += (uint64_t)e->options.n_batch * e->model->ropes[r].n_rot;
    l.columns = aligned(sizeof(ll_vk_batch_params));
    l.tail = l.columns + aligned((uint64_t)e->options.n_batch * sizeof(ll_vk_column_params));
    l.tiles = l.tail + aligned((uint64_t)e->options.n_batch * sizeof(uint32_t));
    l.runs = l.tiles + aligned((uint64_t)e->options.n_batch * sizeof(ll_vk_tile_params));
    l.angles = l.runs + aligned((uint64_t)e->options.n_batch * sizeof(ll_vk_tile_params));
    l.pages = l.angles + aligned(n_angles * sizeof(float));
    l.size = l.pages + aligned(n_pages * sizeof(uint64_t));
    return l;
}

/* Room for as many pages as the batch has; runs may share them, so that there may be more than the engine has. */
static libllm_status make_room(ll_executor *e, uint64_t n_pages, libllm_error *error)
{
    ll_vk_layout layout = lay_out(e, n_pages);
    if (e->batch.buffer && layout.size <= e->batch.size)
        return LIBLLM_OK;
    layout = lay_out(e, n_pages < e->options.n_pages ? e->options.n_pages : 2 * n_pages);
    ll_vk_buffer larger;
    libllm_status status = ll_vk_buffer_create(e->device, LL_VK_TELL, layout.size, "a batch", &larger, error);
    if (status)
        return status;
    ll_vk_buffer_free(e->device, &e->batch);
    e->batch = larger;
    e->layout = layout;
    return LIBLLM_OK;
}

/* How a rope turns the heads of a column. */
static void tell_angles(const ll_executor *e, const ll_rope *rope, uint64_t position, float *out)
{
    const bool is_long = rope->long_frequencies && e->options.n_positions > rope->short_context;
    const float *frequencies = is_long ? rope->long_frequencies : rope->frequencies;
    for (uint32_t i = 0; i < rope->n_rot / 2; i++) {
        const double angle = (double)((float)position * frequencies[i]);
        out[i] = (float)(cos(angle) * (double)rope->magnitude);
        out[rope->n_rot / 2 + i] = (float)(sin(angle) * (double)rope->magnitude);
    }
}

static void tell_run(ll_executor *e, const ll_run *run, uint32_t index, uint32_t first_page)
{
    const uint32_t first = e->n_columns;
    uint8_t *base = e->batch.mapped;
    ll_vk_column_params *columns = (ll_vk_column_params *)(void *)(base + e->layout.columns);
    const size_t n_row = e->options.hidden_states ? e->model->n_embd : e->model->n_vocab;
    for (uint32_t i = 0; i < run->n_tokens; i++) {
        float *result = NULL;
        if (run->logits && run->all_logits)
            result = run->logits + i * n_row;
        else if (run->logits && i + 1 == run->n_tokens)
            result = run->logits;
        if (result) {
            e->results[e->n_tail] = result;
            e->tail[e->n_tail++] = e->n_columns;
        }
        const ll_vk_column_params column = {.state = run->position ? ll_vk_state(run->state) : 0,
                                            .next_state = ll_vk_state(run->next_state),
                                            .token = run->tokens[i],
                                            .token_type =
                                                i >= run->n_tokens - run->n_second && e->model->n_token_types > 1,
                                            .position = (uint32_t)(run->position + i),
                                            .pages = first_page,
                                            .run_first = first,
                                            .run_n = run->n_tokens,
                                            .run_position = (uint32_t)run->position,
                                            .run = index,
                                            .source_pages = first_page + n_own_pages(run),
                                            .n_source = (uint32_t)run->n_source};
        columns[e->n_columns] = column;
        float *angles = (float *)(void *)(base + e->layout.angles);
        for (uint32_t r = 0; r < e->model->n_ropes; r++) {
            const ll_rope *rope = &e->model->ropes[r];
            tell_angles(e, rope, run->position + i, angles + (size_t)e->n_columns * rope->n_rot);
            angles += (size_t)e->options.n_batch * rope->n_rot;
        }
        e->n_columns++;
    }
}

/* Columns of a run that share tiles of keys and values: one each where there are few. */
static void tell_tiles(ll_executor *e, const ll_batch *batch)
{
    const uint32_t width = e->tile_columns;
    ll_vk_tile_params *tiles = (ll_vk_tile_params *)(void *)(e->batch.mapped + e->layout.tiles);
    e->n_tiles = 0;
    for (uint32_t r = 0, column = 0; r < batch->n_runs; r++)
        for (uint32_t left = batch->runs[r].n_tokens, n; left > 0; left -= n, column += n) {
            n = left < width ? left : width;
            tiles[e->n_tiles++] = (ll_vk_tile_params){.first = column, .n = n};
        }
}

libllm_status ll_vk_tell_batch(ll_executor *e, const ll_batch *batch, libllm_error *error)
{
    uint64_t n_pages = 0;
    for (uint32_t r = 0; r < batch->n_runs; r++)
        n_pages += n_own_pages(&batch->runs[r]) + pages_of(batch->runs[r].n_source);
    libllm_status status = make_room(e, n_pages, error);
    if (status)
        return status;
    e->n_columns = e->n_tail = e->longest = 0;
    uint64_t *pages = (uint64_t *)(void *)(e->batch.mapped + e->layout.pages);
    uint32_t page = 0;
    for (uint32_t r = 0; r < batch->n_runs; r++) {
        const ll_run *run = &batch->runs[r];
        const uint32_t n_own = n_own_pages(run), n_source = pages_of(run->n_source);
        tell_run(e, run, r, page);
        e->longest = LL_PAGE_POSITIONS * n_own > e->longest ? LL_PAGE_POSITIONS * n_own : e->longest;
        e->longest = LL_PAGE_POSITIONS * n_source > e->longest ? LL_PAGE_POSITIONS * n_source : e->longest;
        for (uint32_t i = 0; i < n_own; i++)
            pages[page++] = ll_vk_page(e, run->pages[i]);
        for (uint32_t i = 0; i < n_source; i++)
            pages[page++] = ll_vk_page(e, run->source_pages[i]);
    }
    const bool is_cpu = e->device->type == VK_PHYSICAL_DEVICE_TYPE_CPU; /* slow to compile what many rows need */
    e->tile_columns = e->n_columns <= LL_VK_FEW_COLUMNS || e->options.deterministic ? 1 : is_cpu ? 2 : 8;
    tell_tiles(e, batch);
    e->n_runs = batch->n_runs;
    ll_vk_tile_params *runs = (ll_vk_tile_params *)(void *)(e->batch.mapped + e->layout.runs);
    for (uint32_t r = 0, column = 0; r < batch->n_runs; column += batch->runs[r++].n_tokens)
        runs[r] = (ll_vk_tile_params){.first = column, .n = batch->runs[r].n_tokens};
    const uint64_t base = e->batch.address;
    const ll_vk_batch_params params = {.columns = base + e->layout.columns,
                                       .tail = base + e->layout.tail,
                                       .tiles = base + e->layout.tiles,
                                       .runs = base + e->layout.runs,
                                       .pages = base + e->layout.pages,
                                       .angles = base + e->layout.angles,
                                       .n_columns = e->n_columns,
                                       .n_tiles = e->n_tiles};
    memcpy(e->batch.mapped, &params, sizeof params);
    memcpy(e->batch.mapped + e->layout.tail, e->tail, e->n_tail * sizeof *e->tail);
    ll_vk_tell_slice(e, 0, e->n_tail);
    return LIBLLM_OK;
}

void ll_vk_tell_slice(ll_executor *e, uint32_t first, uint32_t n)
{
    ll_vk_batch_params *params = (ll_vk_batch_params *)(void *)e->batch.mapped;
    params->tail_base = first;
    params->n_tail = n;
}
