/* SPDX-License-Identifier: MIT
 * Operations as dispatches, with a barrier where one depends on another, submitted in parts of a bounded length, of
 * which two are on their way at a time. Between them it is asked whether the batch is still wanted.
 */
#include "backend/vulkan/executor.h"

#include "base/clock.h"
#include "base/status.h"

enum {
    MATVEC_SIZE = 32,
    MATMUL_ROWS = 64,
    MATMUL_COLUMNS = 32,
    GROUPS_MAX = 65535,
    CPU_FEW_COLUMNS = 32,
    ATTENTION_ROWS_MAX = 8
};

/* A submission is to take so long, and at first a device counts as slow. */
static const double PART_SECONDS = 0.03, FLOPS_AT_FIRST = 2e9;

libllm_status ll_vk_recorder_create(ll_executor *e, libllm_error *error)
{
    const ll_vk_device *d = &e->device;
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
                                                  .commandBufferCount = LL_VK_FLIGHTS};
        result = d->calls.AllocateCommandBuffers(d->device, &info, e->commands);
    }
    const VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    for (size_t i = 0; !result && i < LL_VK_FLIGHTS; i++)
        if ((result = d->calls.CreateFence(d->device, &fence, NULL, &e->fences[i])))
            e->fences[i] = VK_NULL_HANDLE;
    e->flops_per_second = FLOPS_AT_FIRST;
    return result ? ll_vk_fail(error, result, "commands cannot be made") : LIBLLM_OK;
}

void ll_vk_recorder_free(ll_executor *e)
{
    const ll_vk_device *d = &e->device;
    for (size_t i = 0; i < LL_VK_FLIGHTS; i++)
        if (e->fences[i])
            d->calls.DestroyFence(d->device, e->fences[i], NULL);
    if (e->pool)
        d->calls.DestroyCommandPool(d->device, e->pool, NULL);
}

/* A dispatch of an operation for the batch in hand. */
typedef struct dispatch {
    ll_vk_shader shader;
    ll_vk_constants constants;
    uint32_t groups[3];
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

/* Few columns straight from the blocks, of which more at once have fewer rows; many in tiles. */
static void plan_product(const ll_executor *e, const ll_vk_op *op, uint32_t n, dispatch *d)
{
    /* A processor gains nothing from tiles in what it believes to be shared memory. */
    const uint32_t few = e->device.type == VK_PHYSICAL_DEVICE_TYPE_CPU ? CPU_FEW_COLUMNS : LL_VK_FEW_COLUMNS;
    if (op->chooses || (op->n_items > 1 && n <= few)) { /* each item has a matrix of its own */
        set(&d->constants, 0, MATVEC_SIZE);
        set(&d->constants, 4, 4);
        set(&d->constants, 5, 1);
        d->groups[0] = parts(op->n_rows, 4);
        d->groups[1] = n * op->n_items;
        return;
    }
    if (n > few) {
        d->groups[2] = op->n_items;
        d->shader = LL_VK_MATMUL;
        set(&d->constants, 0, MATMUL_ROWS * MATMUL_COLUMNS / 16);
        set(&d->constants, 4, MATMUL_ROWS);
        set(&d->constants, 5, MATMUL_COLUMNS);
        d->groups[0] = parts(op->n_rows, MATMUL_ROWS);
        d->groups[1] = parts(n, MATMUL_COLUMNS);
        return;
    }
    const uint32_t columns = n <= 2 ? n : n <= 4 ? 4 : 8, rows = columns <= 2 ? 4 : columns == 4 ? 2 : 1;
    set(&d->constants, 0, MATVEC_SIZE);
    set(&d->constants, 4, rows);
    set(&d->constants, 5, columns);
    const uint32_t groups = parts(op->n_rows, rows);
    d->groups[0] = groups < GROUPS_MAX ? groups : GROUPS_MAX;
    d->groups[1] = parts(n, columns);
    d->groups[2] = parts(groups, GROUPS_MAX);
}

/* Rows of queries that a workgroup has: the heads that share keys and values, of some columns where there are many. */
static void plan_attention(const ll_executor *e, const ll_vk_op *op, uint64_t positions, dispatch *d)
{
    const uint32_t rows_of_tile = op->n_rows * (e->n_columns <= LL_VK_FEW_COLUMNS ? 1 : 8);
    uint32_t rows = rows_of_tile < ATTENTION_ROWS_MAX ? rows_of_tile : ATTENTION_ROWS_MAX;
    while (rows > 1 && rows * (e->model->head_dim + LL_PAGE_POSITIONS * 2u) * sizeof(float) > 12 * 1024)
        rows = (rows + 1) / 2;
    set(&d->constants, 2, rows);
    d->groups[0] = op->groups * parts(rows_of_tile, rows);
    d->groups[1] = e->n_tiles;
    d->flops *= positions;
}

static dispatch plan(const ll_executor *e, const ll_vk_op *op, uint32_t n_tail, uint64_t positions)
{
    const uint32_t n = op->tail ? n_tail : e->n_columns;
    dispatch d = {.shader = op->shader, .constants = op->constants, .groups = {op->groups, n, 1}, .flops = op->flops};
    d.flops *= n;
    if (op->span == LL_VK_PRODUCT)
        plan_product(e, op, n, &d);
    else if (op->span == LL_VK_EACH_RUN)
        d.groups[1] = e->n_runs;
    else if (op->span == LL_VK_EACH_TILE)
        plan_attention(e, op, positions, &d);
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
    const ll_vk_device *d = &e->device;
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

static bool depends(const hazards *h, const ll_vk_op *op)
{
    return (op->reads & h->writes) || (op->writes & (h->reads | h->writes));
}

static libllm_status record(ll_executor *e, VkCommandBuffer commands, const ll_vk_op *op, const dispatch *p, hazards *h,
                            libllm_error *error)
{
    const ll_vk_device *d = &e->device;
    VkPipeline pipeline;
    libllm_status status = ll_vk_pipeline_get(&e->pipelines, p->shader, &p->constants, &pipeline, error);
    if (status)
        return status;
    if (depends(h, op)) {
        record_barrier(e, commands);
        *h = (hazards){0};
    }
    note(e, (ll_vk_event){.name = ll_vk_spirvs[p->shader].name, .reads = op->reads, .writes = op->writes});
    h->reads |= op->reads;
    h->writes |= op->writes;
    const uint64_t push[] = {e->params.address + op->params, e->batch.address, e->tables.address,
                             op->tail ? e->batch.address + e->layout.tail : 0};
    _Static_assert(sizeof push == LL_VK_PUSH_BYTES, "as the shaders have it");
    d->calls.CmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
    d->calls.CmdPushConstants(commands, e->pipelines.layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, sizeof push, push);
    d->calls.CmdDispatch(commands, p->groups[0], p->groups[1], p->groups[2]);
    return LIBLLM_OK;
}

static libllm_status begin(ll_executor *e, size_t flight, hazards *h, libllm_error *error)
{
    const ll_vk_device *d = &e->device;
    const VkCommandBufferBeginInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
                                           .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT};
    const VkResult result = d->calls.BeginCommandBuffer(e->commands[flight], &info);
    if (result)
        return ll_vk_fail(error, result, "commands cannot be recorded");
    record_barrier(e, e->commands[flight]); /* the part before may still be running */
    *h = (hazards){0};
    return LIBLLM_OK;
}

static libllm_status land(ll_executor *e, size_t flight, libllm_error *error)
{
    if (!e->in_flight[flight])
        return LIBLLM_OK;
    libllm_status status = ll_vk_wait(&e->device, e->fences[flight], error);
    if (!status || status == LIBLLM_ERROR_DEVICE_LOST)
        e->in_flight[flight] = false;
    return status;
}

/* The results are for the host to read. */
static libllm_status finish(ll_executor *e, size_t flight, libllm_error *error)
{
    const ll_vk_device *d = &e->device;
    const VkMemoryBarrier barrier = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                                     .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT,
                                     .dstAccessMask = VK_ACCESS_HOST_READ_BIT};
    d->calls.CmdPipelineBarrier(e->commands[flight], VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_PIPELINE_STAGE_HOST_BIT,
                                0, 1, &barrier, 0, NULL, 0, NULL);
    const VkResult result = d->calls.EndCommandBuffer(e->commands[flight]);
    libllm_status status = result ? ll_vk_fail(error, result, "commands cannot be recorded") : LIBLLM_OK;
    if (!status)
        status = ll_vk_submit(d, e->commands[flight], e->fences[flight], error);
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

libllm_status ll_vk_run_ops(ll_executor *e, const ll_batch *batch, size_t from, size_t to, uint32_t n_tail,
                            libllm_error *error)
{
    const uint64_t positions = positions_seen(batch);
    libllm_status status = LIBLLM_OK;
    size_t flight = 0;
    double last = ll_seconds();
    uint64_t flops[LL_VK_FLIGHTS] = {0};
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
            status = begin(e, flight, &h, error);
        const double most = e->flops_per_second * PART_SECONDS;
        size_t n = 0;
        for (; !status && i < to; i++) {
            const ll_vk_op *op = &e->ops[i];
            if (op->tail && n_tail == 0)
                continue;
            const dispatch d = plan(e, op, n_tail, positions);
            if (n > 0 && (double)(flops[flight] + d.flops) > most)
                break;
            status = record(e, e->commands[flight], op, &d, &h, error);
            flops[flight] += d.flops;
            n++;
        }
        if (!status)
            status = finish(e, flight, error);
    }
    for (size_t k = 0; k < LL_VK_FLIGHTS; k++) { /* in the order in which they were submitted */
        const libllm_status landed = land(e, flight ^ k, status ? NULL : error);
        status = status ? status : landed;
    }
    return status;
}
