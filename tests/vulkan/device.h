/* SPDX-License-Identifier: MIT
 * A Vulkan device in hand, for tests of single operations.
 */
#ifndef TESTS_VULKAN_DEVICE_H
#define TESTS_VULKAN_DEVICE_H

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

extern "C" {
#include "backend/vulkan/memory.h"
#include "backend/vulkan/params.h"
#include "backend/vulkan/pipelines.h"
}

namespace vulkan
{

/* How many devices there are; where there are none, why. */
inline uint32_t count_devices(std::string *why)
{
    ll_host host;
    ll_host_init(&host);
    ll_vk_info info;
    libllm_error error = {};
    uint32_t n = 0;
    libllm_status status;
    while ((status = ll_vk_describe(&host, nullptr, n, &info, &error)) == LIBLLM_OK)
        n++;
    if (n == 0)
        *why = error.message;
    return n;
}

struct Device {
    explicit Device(uint32_t index)
    {
        ll_host_init(&host);
        good = ll_vk_device_open(&host, nullptr, index, &device, &error) == LIBLLM_OK &&
               ll_vk_pipelines_create(&device, nullptr, &pipelines, &error) == LIBLLM_OK &&
               ll_vk_transfer_create(&device, &transfer, &error) == LIBLLM_OK;
        EXPECT_TRUE(good) << error.message;
    }

    ~Device()
    {
        for (ll_vk_buffer &buffer : buffers)
            ll_vk_buffer_free(&device, &buffer);
        ll_vk_transfer_free(&transfer);
        ll_vk_pipelines_free(&pipelines);
        ll_vk_device_close(&device);
    }
    Device(const Device &) = delete;
    Device &operator=(const Device &) = delete;

    /* The address of memory with these bytes, or with zeros. */
    uint64_t put(const void *data, size_t size)
    {
        ll_vk_buffer buffer;
        EXPECT_EQ(LIBLLM_OK, ll_vk_buffer_create(&device, LL_VK_OWN, size, "a test", &buffer, &error)) << error.message;
        const std::vector<uint8_t> zeros(data ? 0 : size);
        EXPECT_EQ(LIBLLM_OK, ll_vk_write(&transfer, &buffer, 0, data ? data : zeros.data(), size, &error));
        buffers.push_back(buffer);
        return buffer.address;
    }
    template <typename T> uint64_t put(const std::vector<T> &values)
    {
        return put(values.data(), values.size() * sizeof(T));
    }

    std::vector<float> floats_at(uint64_t address, size_t n)
    {
        std::vector<float> out(n);
        for (const ll_vk_buffer &buffer : buffers) {
            if (buffer.address != address)
                continue;
            EXPECT_EQ(LIBLLM_OK, ll_vk_read(&transfer, &buffer, 0, out.data(), n * sizeof(float), &error));
        }
        return out;
    }

    /* One dispatch, waited for. */
    void run(ll_vk_shader shader, const ll_vk_constants &constants, const uint64_t (&push)[4], uint32_t x, uint32_t y,
             uint32_t z)
    {
        VkPipeline pipeline;
        ASSERT_EQ(LIBLLM_OK, ll_vk_pipeline_get(&pipelines, shader, &constants, &pipeline, &error)) << error.message;
        VkCommandBufferBeginInfo begin = {};
        begin.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO;
        const ll_vk_calls &calls = device.calls;
        ASSERT_EQ(VK_SUCCESS, calls.BeginCommandBuffer(transfer.commands, &begin));
        calls.CmdBindPipeline(transfer.commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
        calls.CmdPushConstants(transfer.commands, pipelines.layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, sizeof push, push);
        calls.CmdDispatch(transfer.commands, x, y, z);
        ASSERT_EQ(VK_SUCCESS, calls.EndCommandBuffer(transfer.commands));
        ASSERT_EQ(LIBLLM_OK, ll_vk_submit(&device, transfer.commands, transfer.fence, &error)) << error.message;
        ASSERT_EQ(LIBLLM_OK, ll_vk_wait(&device, transfer.fence, &error)) << error.message;
    }

    ll_host host;
    ll_vk_device device = {};
    ll_vk_pipelines pipelines = {};
    ll_vk_transfer transfer = {};
    std::vector<ll_vk_buffer> buffers;
    libllm_error error = {};
    bool good = false;
};

} // namespace vulkan

#endif
