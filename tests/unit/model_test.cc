// SPDX-License-Identifier: MIT
// What a model file's hyper-parameters become.
#include <gtest/gtest.h>

extern "C" {
#include "model/model.h"
}

namespace
{

// transformers 5.24: 1 / 1e6 ** (torch.arange(0, 96, 2).float() / 96). A last bit of a frequency that is wrong turns
// into an error of a thousandth of a radian, and more, in a long text.
const float of_pytorch[] = {
    0x1.000000p+0f,  0x1.7ff222p-1f,  0x1.1feb34p-1f,  0x1.afd136p-2f,  0x1.43d136p-2f,  0x1.e5a84ap-3f,
    0x1.6c310ep-3f,  0x1.111af0p-3f,  0x1.999998p-4f,  0x1.33281ap-4f,  0x1.ccab88p-5f,  0x1.597428p-5f,
    0x1.030dc6p-5f,  0x1.84869cp-6f,  0x1.235a74p-6f,  0x1.b4f7e4p-7f,  0x1.47ae12p-7f,  0x1.eb7362p-8f,
    0x1.708938p-8f,  0x1.145cecp-8f,  0x1.9e7c72p-9f,  0x1.36d21ap-9f,  0x1.d22a4ap-10f, 0x1.5d931ep-10f,
    0x1.0624dep-10f, 0x1.89291ep-11f, 0x1.26d428p-11f, 0x1.ba2e4ap-12f, 0x1.4b96c4p-12f, 0x1.f1501ep-13f,
    0x1.74eea6p-13f, 0x1.17a8e8p-13f, 0x1.a36e26p-14f, 0x1.3a8748p-14f, 0x1.d7b9eap-15f, 0x1.61be9cp-15f,
    0x1.094564p-15f, 0x1.8dd9c0p-16f, 0x1.2a5880p-16f, 0x1.bf749ep-17f, 0x1.4f8b60p-17f, 0x1.f73ecep-18f,
    0x1.796182p-18f, 0x1.1afeecp-18f, 0x1.a86f02p-19f, 0x1.3e47c8p-19f, 0x1.dd5a76p-20f, 0x1.65f6dep-20f};

TEST(Rope, FrequenciesAreThoseOfPyTorch)
{
    ll_host host;
    ll_host_init(&host);
    ll_model *model = nullptr;
    libllm_error error = {};
    ASSERT_EQ(ll_model_open(&host, LIBLLM_TEST_DATA "/random/qwen3-bf16.gguf", LIBLLM_LOAD_MAP, &model, &error),
              LIBLLM_OK)
        << error.message;
    ASSERT_EQ(model->ropes[0].n_rot, 2 * std::size(of_pytorch));
    for (size_t i = 0; i < std::size(of_pytorch); i++)
        EXPECT_EQ(model->ropes[0].frequencies[i], of_pytorch[i]) << i;
    ll_model_close(model);
}

} // namespace
