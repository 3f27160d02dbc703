/* SPDX-License-Identifier: MIT
 * Operations as dispatches, with a barrier where one depends on another, submitted in parts of a bounded length, of
 * which two are on their way at a time. Between them it is asked whether the batch is still wanted. What few columns
 * need is one part where it is short enough, and recorded once for all batches of the same shape.
 */
#include "backend/vulkan/executor.h"

#include "base/clock.h"
#include "base/status.h"

#include <string.h>

enum {
    MATVEC_SIZE = 32,
    MATMUL_ROWS = 64,
    MATMUL_COLUMNS = 32,
    MATMUL_PITCH = 33, /* as the shader has it */
    GROUPS_MAX = 65535,
    CPU_FEW_COLUMNS = 32,
    HEADS_FIRST = 5, /* constants that only those shaders have a use for which make heads */
    HEADS_LAST = 9,
    SPLIT_POSITIONS = 256 /* of the pages that workgroups share, at least so many for each */
};

/* A submission is to take so long, and at first a device counts as slow. */
static const double PART_SECONDS = 0.03, FLOPS_AT_FIRST = 2e9;

libllm_status ll_vk_recorder_create(ll_executor *e, libllm_error *error)
{
    const ll_vk_device *d = e->device;
    const VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                          .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
                                          .queueFamilyIndex = d->family};
    VkResult result = d->calls.CreateCommandPool(d->device, &pool, NULL, &e->pool);
    if (result)
        e->pool = VK_NULL_HANDLE;
    if (!result) {
        const VkCommandBufferAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                                  .commandPool = e->pool,
                                                  .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
                                                  .commandBufferCount = LL_VK_FLIGHTS + LL_VK_RECORDINGS};
        result = d->calls.AllocateCommandBuffers(d->device, &info, e->commands);
    }
    for (size_t i = 0; i < LL_VK_RECORDINGS; i++)
        e->recordings[i].commands = e->commands[LL_VK_FLIGHTS + i];
    const VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    for (size_t i = 0; !result && i < LL_VK_FLIGHTS; i++)
        if ((result = d->calls.CreateFence(d->device, &fence, NULL, &e->fences[i])))
            e->fences[i] = VK_NULL_HANDLE;
    e->flops_per_second = FLOPS_AT_FIRST;
    return result ? ll_vk_fail(error, result, "commands cannot be made") : LIBLLM_OK;
}

static libllm_status land(ll_executor *e, size_t flight, libllm_error *error)
{
    if (!e->in_flight[flight])
        return LIBLLM_OK;
    libllm_status status = ll_vk_wait(e->device, e->fences[flight], error);
    if (!status || status == LIBLLM_ERROR_DEVICE_LOST)
        e->in_flight[flight] = false;
    return status;
}

void ll_vk_recorder_free(ll_executor *e)
{
    const ll_vk_device *d = e->device;
    for (size_t i = 0; i < LL_VK_FLIGHTS; i++)
        land(e, i, NULL); /* what was given up on may still be running */
    for (size_t i = 0; i < LL_VK_FLIGHTS; i++)
        if (e->fences[i] && !ll_vk_hangs(d))
            d->calls.DestroyFence(d->device, e->fences[i], NULL);
    if (e->pool && !ll_vk_hangs(d))
        d->calls.DestroyCommandPool(d->device, e->pool, NULL);
}

/* A dispatch of an operation for the batch in hand. */
typedef struct dispatch {
    ll_vk_shader shader;
    ll_vk_constants constants;
    uint32_t first[3], groups[3];
    uint32_t reads, writes;
    uint64_t flops;
} dispatch;

static uint32_t parts(uint32_t n, uint32_t of) { return (n + of - 1) / of; }

/* Constants have to be in the order of their ids. */
static void set(ll_vk_constants *c, uint32_t id, uint32_t value)
{
    uint32_t at = c->n++;
    for (; at > 0 && c->list[at - 1].id > id; at--)
        c->list[at] = c->list[at - 1];
    c->list[at].id = id;
    c->list[at].value = value;
}

static void drop(ll_vk_constants *c, uint32_t first, uint32_t last)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->n; i++)
        if (c->list[i].id < first || c->list[i].id > last)
            c->list[n++] = c->list[i];
    c->n = n;
}

/* Groups of so many rows, of all matrices of an operation. */
static uint32_t row_groups(const ll_vk_op *op, uint32_t rows)
{
    uint32_t n = parts(op->n_rows, rows);
    for (size_t i = 0; i < LL_VK_JOINED_MAX - 1; i++)
        n += parts(op->n_more_rows[i], rows);
    return n;
}

/* Whether a device has the shared memory for tiles. */
static bool has_room_for_tiles(const ll_executor *e, const ll_vk_op *op)
{
    const uint32_t rows = MATMUL_ROWS * (op->is_gated ? 2 : 1) + MATMUL_COLUMNS;
    return rows * MATMUL_PITCH * sizeof(float) <= e->device->limits.maxComputeSharedMemorySize;
}

/* Few columns straight from the blocks, of which more at once have fewer rows; many in tiles. */
static void plan_product(const ll_executor *e, const ll_vk_op *op, uint32_t n, dispatch *d)
{
    /* A processor gains nothing from tiles in what it believes to be shared memory, and it is slow to compile many. */
    const bool is_cpu = e->device->type == VK_PHYSICAL_DEVICE_TYPE_CPU;
    const uint32_t few = is_cpu ? CPU_FEW_COLUMNS : LL_VK_FEW_COLUMNS;
    const bool alone =
        e->options.deterministic || !has_room_for_tiles(e, op);    /* each column as if it were the only one */
    if (op->chooses || (op->n_items > 1 && (n <= few || alone))) { /* each item has a matrix of its own */
        set(&d->constants, 0, MATVEC_SIZE);
        set(&d->constants, 4, 4);
        set(&d->constants, 5, 1);
        d->groups[0] = parts(op->n_rows, 4);
        d->groups[1] = op->n_items;
        d->groups[2] = n;
        return;
    }
    if (n > few && !alone) {
        d->groups[2] = op->n_items;
        d->shader = LL_VK_MATMUL;
        set(&d->constants, 0, MATMUL_ROWS * MATMUL_COLUMNS / 16);
        set(&d->constants, 4, MATMUL_ROWS);
        set(&d->constants, 5, MATMUL_COLUMNS);
        d->groups[0] = row_groups(op, MATMUL_ROWS);
        d->groups[1] = parts(n, MATMUL_COLUMNS);
        return;
    }
    const uint32_t columns = alone              ? 1
                             : n <= 2           ? n
                             : n <= 4 || is_cpu ? 4
                                                : 8,
                   rows = columns <= 2   ? 4
                          : columns == 4 ? 2
                                         : 1;
    set(&d->constants, 0, MATVEC_SIZE);
    set(&d->constants, 4, rows);
    set(&d->constants, 5, columns);
    const uint32_t groups = row_groups(op, rows);
    d->groups[0] = groups < GROUPS_MAX ? groups : GROUPS_MAX;
    d->groups[1] = parts(n, columns);
    d->groups[2] = parts(groups, GROUPS_MAX);
}

uint32_t ll_vk_attention_rows(const ll_executor *e, uint32_t rows_of_tile)
{
    uint32_t rows = rows_of_tile < LL_VK_ATTENTION_ROWS_MAX ? rows_of_tile : LL_VK_ATTENTION_ROWS_MAX;
    while (rows > 1 && rows * (e->model->head_dim + LL_PAGE_POSITIONS * 2u) * sizeof(float) > 12 * 1024)
        rows = (rows + 1) / 2;
    return rows;
}

/* Tokens of as many runs: attention makes the heads of each. */
static bool decodes(const ll_executor *e)
{
    return e->n_columns == e->n_runs && e->n_columns <= LL_VK_FEW_COLUMNS && !e->options.deterministic;
}

/* A power of two, so that few kinds of batches are told apart. */
static uint32_t n_splits(const ll_executor *e)
{
    uint32_t n = 1;
    const bool shares = e->n_columns <= LL_VK_FEW_COLUMNS && !e->options.deterministic;
    while (shares && n < LL_VK_SPLITS_MAX && n * SPLIT_POSITIONS < e->longest)
        n *= 2;
    return n;
}

/* Rows of queries that a workgroup has: the heads that share keys and values, of some columns where there are many. */
static void plan_attention(const ll_executor *e, const ll_vk_op *op, dispatch *d)
{
    const uint32_t rows_of_tile = op->n_rows * e->tile_columns;
    const uint32_t rows = ll_vk_attention_rows(e, rows_of_tile), splits = n_splits(e);
    const bool makes_heads = op->may_make_heads && decodes(e);
    set(&d->constants, 2, rows);
    set(&d->constants, 10, makes_heads);
    set(&d->constants, 11, splits > 1);
    if (!makes_heads)
        drop(&d->constants, HEADS_FIRST, HEADS_LAST);
    if (makes_heads) {
        d->reads |= op[-1].reads;
        d->writes |= op[-1].writes & LL_VK_KV;
    }
    d->groups[0] = op->groups * parts(rows_of_tile, rows);
    d->groups[1] = e->n_tiles;
    d->groups[2] = splits;
}

static uint64_t flops_of(const ll_executor *e, const ll_vk_op *op, uint32_t n_tail, uint64_t positions)
{
    return op->flops * (op->tail ? n_tail : e->n_columns) * (op->span == LL_VK_EACH_TILE ? positions : 1);
}

static dispatch plan(const ll_executor *e, const ll_vk_op *op, uint32_t n_tail, uint64_t positions)
{
    const uint32_t n = op->tail ? n_tail : e->n_columns;
    dispatch d = {.shader = op->shader,
                  .constants = op->constants,
                  .groups = {op->groups, n, 1},
                  .reads = op->reads,
                  .writes = op->writes,
                  .flops = flops_of(e, op, n_tail, positions)};
    if (op->span == LL_VK_PRODUCT)
        plan_product(e, op, n, &d);
    else if (op->span == LL_VK_EACH_RUN)
        d.groups[1] = e->n_runs;
    else if (op->span == LL_VK_EACH_MATRIX)
        d.groups[1] = op->n_items;
    else if (op->span == LL_VK_EACH_TILE)
        plan_attention(e, op, &d);
    return d;
}

void ll_vk_set_trace(ll_executor *e, ll_vk_trace *trace) { e->trace = trace; }

static void note(const ll_executor *e, ll_vk_event event)
{
    ll_vk_trace *t = e->trace;
    if (t && t->n++ < t->capacity)
        t->events[t->n - 1] = event;
}

static void record_barrier(const ll_executor *e, VkCommandBuffer commands)
{
    const ll_vk_device *d = e->device;
    note(e, (ll_vk_event){.is_barrier = true});
    const VkMemoryBarrier barrier = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                                     .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT,
                                     .dstAccessMask = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT};
    d->calls.CmdPipelineBarrier(commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, 0,
                                1, &barrier, 0, NULL, 0, NULL);
}

/* What the dispatches since the last barrier have read and written. */
typedef struct hazards {
    uint32_t reads, writes;
} hazards;

static bool depends(const hazards *h, const dispatch *d)
{
    return (d->reads & h->writes) || (d->writes & (h->reads | h->writes));
}

static libllm_status record(ll_executor *e, VkCommandBuffer commands, const ll_vk_op *op, const dispatch *p, hazards *h,
                            libllm_error *error)
{
    const ll_vk_device *d = e->device;
    VkPipeline pipeline;
    libllm_status status = ll_vk_pipeline_get(e->pipelines, p->shader, &p->constants, &pipeline, error);
    if (status)
        return status;
    if (depends(h, p)) {
        record_barrier(e, commands);
        *h = (hazards){0};
    }
    note(e, (ll_vk_event){
                .name = ll_vk_spirvs[p->shader].name, .reads = p->reads, .writes = p->writes, .flops = p->flops});
    h->reads |= p->reads;
    h->writes |= p->writes;
    const uint64_t push[] = {e->params.address + op->params, e->batch.address, e->tables.address,
                             op->tail ? e->batch.address + e->layout.tail : 0};
    _Static_assert(sizeof push == LL_VK_PUSH_BYTES, "as the shaders have it");
    d->calls.CmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
    d->calls.CmdPushConstants(commands, e->pipelines->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, sizeof push, push);
    d->calls.CmdDispatchBase(commands, p->first[0], p->first[1], p->first[2], p->groups[0], p->groups[1], p->groups[2]);
    return LIBLLM_OK;
}

static libllm_status begin(ll_executor *e, VkCommandBuffer commands, VkCommandBufferUsageFlags flags, hazards *h,
                           libllm_error *error)
{
    const ll_vk_device *d = e->device;
    const VkCommandBufferBeginInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO, .flags = flags};
    const VkResult result = d->calls.BeginCommandBuffer(commands, &info);
    if (result)
        return ll_vk_fail(error, result, "commands cannot be recorded");
    record_barrier(e, commands); /* the part before may still be running */
    *h = (hazards){0};
    return LIBLLM_OK;
}

/* The results are for the host to read. */
static libllm_status finish(ll_executor *e, VkCommandBuffer commands, libllm_error *error)
{
    const ll_vk_device *d = e->device;
    const VkMemoryBarrier barrier = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                                     .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT,
                                     .dstAccessMask = VK_ACCESS_HOST_READ_BIT};
    d->calls.CmdPipelineBarrier(commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_PIPELINE_STAGE_HOST_BIT, 0, 1,
                                &barrier, 0, NULL, 0, NULL);
    const VkResult result = d->calls.EndCommandBuffer(commands);
    return result ? ll_vk_fail(error, result, "commands cannot be recorded") : LIBLLM_OK;
}

static libllm_status launch(ll_executor *e, VkCommandBuffer commands, size_t flight, libllm_error *error)
{
    const libllm_status status = ll_vk_submit(e->device, commands, e->fences[flight], error);
    e->in_flight[flight] = !status;
    return status;
}

/* Positions that columns see on average, for an estimate of the work. */
static uint64_t positions_seen(const ll_batch *batch)
{
    uint64_t sum = 0, n = 0;
    for (uint32_t r = 0; r < batch->n_runs; r++) {
        sum += (batch->runs[r].position + batch->runs[r].n_tokens) * batch->runs[r].n_tokens;
        n += batch->runs[r].n_tokens;
    }
    return n ? sum / n + 1 : 1;
}

/* How fast the device is, by a part that has run alone since `start`. */
static void learn(ll_executor *e, uint64_t flops, double seconds)
{
    const double measured = (double)flops / (seconds > 1e-4 ? seconds : 1e-4);
    e->flops_per_second = 0.5 * (e->flops_per_second + measured);
}

/* Whether the batch needs the operation. */
static bool is_needed(const ll_executor *e, const ll_vk_op *op, uint32_t n_tail)
{
    return !(op->tail && n_tail == 0) && !(op->in_next && decodes(e));
}

static libllm_status record_all(ll_executor *e, ll_vk_recording *r, uint64_t positions, libllm_error *error)
{
    const ll_vk_shape *s = &r->shape;
    hazards h;
    libllm_status status = begin(e, r->commands, 0, &h, error);
    for (size_t i = s->from; !status && i < s->to; i++) {
        const ll_vk_op *op = &e->ops[i];
        if (!is_needed(e, op, s->n_tail))
            continue;
        const dispatch d = plan(e, op, s->n_tail, positions);
        status = record(e, r->commands, op, &d, &h, error);
    }
    return status ? status : finish(e, r->commands, error);
}

/* The work that a part may have. */
static double most_of_part(const ll_executor *e)
{
    return e->trace && e->trace->flops_of_part ? (double)e->trace->flops_of_part : e->flops_per_second * PART_SECONDS;
}

/* What is left of a dispatch behind `done` of its workgroups, as much of it as a part may have but at least one;
 * `done` becomes where that ends, 0: at the end of all. It is cut where no shader asks how many workgroups there are in
 * that dimension. */
static void cut(const ll_vk_op *op, dispatch *d, double most, uint32_t *done)
{
    uint32_t along = 1;
    const bool counts_x = op->span == LL_VK_EACH_TILE || (op->span == LL_VK_PRODUCT && d->groups[2] > 1);
    if (!counts_x && d->groups[0] > d->groups[1])
        along = 0;
    if (op->span != LL_VK_EACH_TILE && d->groups[2] > d->groups[along])
        along = 2;
    const uint32_t n = d->groups[along], left = n - *done;
    const double each = (double)d->flops / n, fit = each > 0 ? most / each : n;
    const uint32_t some = fit >= left ? left : fit > 1 ? (uint32_t)fit : 1;
    d->first[along] = *done;
    d->groups[along] = some;
    d->flops = (uint64_t)(each * some);
    *done = some < left ? *done + some : 0;
}

/* The recording of batches of this shape, made if it is not there. NULL: it would take too long for one part. How long
 * that is depends also on how many positions there are by now. */
static libllm_status find_recording(ll_executor *e, const ll_vk_shape *shape, uint64_t positions,
                                    ll_vk_recording **found, libllm_error *error)
{
    uint64_t flops = 1;
    for (size_t i = shape->from; i < shape->to; i++)
        if (is_needed(e, &e->ops[i], shape->n_tail))
            flops += flops_of(e, &e->ops[i], shape->n_tail, positions);
    *found = NULL;
    if ((double)flops > most_of_part(e))
        return LIBLLM_OK;
    for (size_t i = 0; i < LL_VK_RECORDINGS && !*found; i++)
        if (e->recordings[i].flops && memcmp(&e->recordings[i].shape, shape, sizeof *shape) == 0)
            *found = &e->recordings[i];
    if (*found) {
        (*found)->flops = flops;
        return LIBLLM_OK;
    }
    ll_vk_recording *r = &e->recordings[e->next_recording++ % LL_VK_RECORDINGS];
    r->flops = 0;
    r->shape = *shape;
    const libllm_status status = record_all(e, r, positions, error);
    if (!status) {
        r->flops = flops;
        *found = r;
    }
    return status;
}

static libllm_status run_recording(ll_executor *e, const ll_vk_recording *r, libllm_error *error)
{
    const double start = ll_seconds();
    libllm_status status = launch(e, r->commands, 0, error);
    if (!status)
        status = land(e, 0, error);
    if (!status)
        learn(e, r->flops, ll_seconds() - start);
    return status;
}

libllm_status ll_vk_run_ops(ll_executor *e, const ll_batch *batch, size_t from, size_t to, uint32_t n_tail,
                            libllm_error *error)
{
    const uint64_t positions = positions_seen(batch);
    libllm_status status = LIBLLM_OK;
    if (e->n_columns <= LL_VK_FEW_COLUMNS && !batch->cancelled(batch->cancel_context)) {
        const ll_vk_shape shape = {.from = from,
                                   .to = to,
                                   .batch = e->batch.address,
                                   .n_columns = e->n_columns,
                                   .n_tail = n_tail,
                                   .n_tiles = e->n_tiles,
                                   .n_runs = e->n_runs,
                                   .n_splits = n_splits(e)};
        ll_vk_recording *recording;
        status = find_recording(e, &shape, positions, &recording, error);
        if (status || recording)
            return status ? status : run_recording(e, recording, error);
    }
    size_t flight = 0;
    double last = ll_seconds();
    uint64_t flops[LL_VK_FLIGHTS] = {0};
    uint32_t done = 0; /* workgroups of operation i */
    for (size_t i = from; !status && i < to; flight ^= 1) {
        if (batch->cancelled(batch->cancel_context)) {
            status = ll_fail(error, LIBLLM_ERROR_CANCELLED, "cancelled");
            break;
        }
        const bool measured = e->in_flight[flight];
        status = land(e, flight, error);
        const double now = ll_seconds();
        if (!status && measured)
            learn(e, flops[flight], now - last);
        last = now;
        hazards h;
        flops[flight] = 0;
        if (!status)
            status = begin(e, e->commands[flight], VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT, &h, error);
        const double most = most_of_part(e);
        size_t n = 0;
        for (bool whole = true; !status && whole && i < to; i += whole) {
            const ll_vk_op *op = &e->ops[i];
            if (!is_needed(e, op, n_tail))
                continue;
            dispatch d = plan(e, op, n_tail, positions);
            if (n > 0 && (double)(flops[flight] + d.flops) > most)
                break;
            cut(op, &d, most, &done);
            status = record(e, e->commands[flight], op, &d, &h, error);
            whole = done == 0;
            flops[flight] += d.flops;
            n++;
        }
        if (!status)
            status = finish(e, e->commands[flight], error);
        if (!status)
            status = launch(e, e->commands[flight], flight, error);
    }
    for (size_t k = 0; k < LL_VK_FLIGHTS; k++) { /* in the order in which they were submitted */
        const libllm_status landed = land(e, flight ^ k, status ? NULL : error);
        status = status ? status : landed;
    }
    return status;
}
