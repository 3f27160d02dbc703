/* SPDX-License-Identifier: MIT
 * Measuring a device: reading, copying and arithmetic, each in submissions that are made longer until their start and
 * end no longer show, and of those the fastest.
 */
#include "backend/vulkan/measure.h"

#include "backend/vulkan/memory.h"
#include "backend/vulkan/params.h"
#include "backend/vulkan/shared.h"
#include "base/clock.h"
#include "base/status.h"

enum { SIZE = 128, GROUPS = 4096, ROUNDS = 128, FLOATS = 16, TIMES_MAX = 1 << 12, TRIES = 5 };
static const uint64_t BYTES_MOST = 256 << 20, BYTES_LEAST = 32 << 20;
static const double LONG_ENOUGH = 0.02, AT_MOST = 1.0; /* seconds, of one submission and of all of a kind */

typedef enum work { READ, COPY, ARITHMETIC } work;

typedef struct bench {
    ll_vk_shared *shared;
    ll_vk_transfer transfer;
    ll_vk_buffer from, to, params;
    VkPipeline pipelines[3]; /* of a copy: none */
    uint64_t n_bytes;
} bench;

static libllm_status make(bench *b, libllm_error *error)
{
    ll_vk_device *d = &b->shared->device;
    uint64_t n_free, total;
    ll_vk_budget(d, &n_free, &total);
    b->n_bytes = BYTES_MOST;
    while (b->n_bytes > BYTES_LEAST && (b->n_bytes > n_free / 4 || b->n_bytes > d->largest_buffer))
        b->n_bytes /= 2;
    libllm_status status = ll_vk_transfer_create(d, &b->transfer, error);
    if (!status)
        status = ll_vk_buffer_create(d, LL_VK_OWN, b->n_bytes, "a measurement", &b->from, error);
    if (!status)
        status = ll_vk_buffer_create(d, LL_VK_OWN, b->n_bytes, "a measurement", &b->to, error);
    const ll_vk_measure_params params[] = {
        [READ] = {.x = b->from.address, .n = (uint32_t)(b->n_bytes / 16)},
        [ARITHMETIC] = {.x = b->from.address, .n = ROUNDS, .factor = 0.5f},
    };
    if (!status)
        status = ll_vk_buffer_create(d, LL_VK_OWN, sizeof params, "a measurement", &b->params, error);
    if (!status)
        status = ll_vk_write(&b->transfer, &b->params, 0, params, sizeof params, error);
    for (int kind = READ; !status && kind <= ARITHMETIC; kind++) {
        ll_vk_constants constants = {0};
        ll_vk_set(&constants, 0, SIZE);
        ll_vk_set(&constants, 2, kind == READ);
        if (kind != COPY)
            status = ll_vk_pipeline_get(&b->shared->pipelines, LL_VK_MEASURE, &constants, &b->pipelines[kind], error);
    }
    return status;
}

static void record(const bench *b, work kind, uint32_t times)
{
    const ll_vk_calls *calls = &b->shared->device.calls;
    const VkCommandBuffer commands = b->transfer.commands;
    const uint64_t push[] = {b->params.address + kind * sizeof(ll_vk_measure_params), 0, 0, 0};
    _Static_assert(sizeof push == LL_VK_PUSH_BYTES, "as the shaders have it");
    const VkBufferCopy all = {.size = b->n_bytes};
    const VkMemoryBarrier barrier = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                                     .srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
                                     .dstAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT};
    if (kind != COPY) {
        calls->CmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, b->pipelines[kind]);
        calls->CmdPushConstants(commands, b->shared->pipelines.layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, sizeof push,
                                push);
    }
    for (uint32_t i = 0; i < times; i++) {
        if (kind != COPY) {
            calls->CmdDispatch(commands, GROUPS, 1, 1);
            continue;
        }
        calls->CmdCopyBuffer(commands, b->from.buffer, b->to.buffer, 1, &all);
        calls->CmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 1,
                                  &barrier, 0, NULL, 0, NULL);
    }
}

static libllm_status run(bench *b, work kind, uint32_t times, double *seconds, libllm_error *error)
{
    const ll_vk_device *d = &b->shared->device;
    const VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
                                            .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT};
    VkResult result = d->calls.BeginCommandBuffer(b->transfer.commands, &begin);
    if (!result) {
        record(b, kind, times);
        result = d->calls.EndCommandBuffer(b->transfer.commands);
    }
    if (result)
        return ll_vk_fail(error, result, "a measurement cannot be recorded");
    const double start = ll_seconds();
    libllm_status status = ll_vk_submit(d, b->transfer.commands, b->transfer.fence, error);
    if (!status)
        status = ll_vk_wait(d, b->transfer.fence, error);
    *seconds = ll_seconds() - start;
    return status;
}

/* How often the work is done in a second. The first run, in which a driver may compile, does not count. */
static libllm_status find_rate(bench *b, work kind, double *rate, libllm_error *error)
{
    const double first = ll_seconds();
    double seconds;
    uint32_t times = 1;
    libllm_status status = run(b, kind, 1, &seconds, error);
    for (int tries = 0; !status && tries < TRIES; tries++) {
        status = run(b, kind, times, &seconds, error);
        while (!status && seconds < LONG_ENOUGH && times < TIMES_MAX)
            status = run(b, kind, times *= 2, &seconds, error);
        if (!status && times / seconds > *rate)
            *rate = times / seconds;
        if (ll_seconds() - first > AT_MOST)
            break;
    }
    return status;
}

libllm_status ll_vk_measure(const ll_host *host, const ll_device_files *files, uint32_t index, ll_device_speed *speed,
                            libllm_error *error)
{
    bench b = {0};
    double rates[] = {[READ] = 0, [COPY] = 0, [ARITHMETIC] = 0};
    *speed = (ll_device_speed){0};
    libllm_status status = ll_vk_shared_get(host, files, index, &b.shared, error);
    if (status)
        return status;
    status = make(&b, error);
    for (int kind = READ; !status && kind <= ARITHMETIC; kind++)
        status = find_rate(&b, (work)kind, &rates[kind], error);
    if (status == LIBLLM_ERROR_DEVICE_LOST)
        atomic_store(&b.shared->lost, true);
    speed->n_bytes = b.n_bytes;
    speed->read_bytes = rates[READ] * (double)b.n_bytes;
    speed->copy_bytes = rates[COPY] * (double)b.n_bytes;
    speed->flops = rates[ARITHMETIC] * 2.0 * FLOATS * ROUNDS * SIZE * GROUPS;
    ll_vk_transfer_free(&b.transfer);
    ll_vk_buffer_free(&b.shared->device, &b.from);
    ll_vk_buffer_free(&b.shared->device, &b.to);
    ll_vk_buffer_free(&b.shared->device, &b.params);
    ll_vk_shared_put(files, b.shared);
    return status;
}
