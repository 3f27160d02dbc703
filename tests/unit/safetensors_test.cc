/* SPDX-License-Identifier: MIT
 * Reading well-formed safetensors files: what is in them comes out.
 */
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "../hostile/safetensors_builder.h"

using gguf::CountingHost;
using safetensors::Builder;

namespace
{

ll_span span(const char *s) { return {s, strlen(s)}; }

std::string data_of(const ll_safetensors_tensor *tensor)
{
    return std::string((const char *)tensor->data, tensor->n_bytes);
}

TEST(Safetensors, AgreesWithThePythonPackage)
{
    const struct {
        const char *name, *type;
        size_t size;
    } types[] = {{"uint8", "U8", 1},
                 {"int8", "I8", 1},
                 {"int16", "I16", 2},
                 {"uint16", "U16", 2},
                 {"float16", "F16", 2},
                 {"bfloat16", "BF16", 2},
                 {"int32", "I32", 4},
                 {"uint32", "U32", 4},
                 {"float32", "F32", 4},
                 {"int64", "I64", 8},
                 {"uint64", "U64", 8},
                 {"float64", "F64", 8},
                 {"float8_e4m3fn", "F8_E4M3", 1},
                 {"float8_e5m2", "F8_E5M2", 1}};
    for (libllm_load_mode mode : {LIBLLM_LOAD_MAP, LIBLLM_LOAD_READ}) {
        CountingHost counting;
        libllm_error error = {};
        ll_safetensors st;
        ASSERT_EQ(ll_safetensors_open_file(&counting.host, LIBLLM_TEST_DATA "/safetensors/all_types.safetensors", mode,
                                           &st, &error),
                  LIBLLM_OK)
            << error.message;
        EXPECT_EQ(st.n_tensors, 18u);
        EXPECT_EQ(st.files[0].mapped, mode == LIBLLM_LOAD_MAP);
        for (const auto &type : types) {
            const std::string name = "of." + std::string(type.name);
            const ll_safetensors_tensor *t = ll_safetensors_find(&st, span(name.c_str()));
            ASSERT_NE(t, nullptr) << name;
            EXPECT_STREQ(ll_safetensors_type_name(t->type), type.type);
            EXPECT_EQ(t->n_dims, 2u);
            EXPECT_EQ(t->shape[0], 2u);
            EXPECT_EQ(t->shape[1], 3u);
            std::string expected;
            for (size_t i = 0; i < 6 * type.size; i++)
                expected += (char)i;
            EXPECT_EQ(data_of(t), expected) << name;
            EXPECT_EQ(t->data, st.files[0].data + t->offset);
        }
        EXPECT_EQ(data_of(ll_safetensors_find(&st, span("of.bool"))), std::string("\0\1\1\0\0\1", 6));
        EXPECT_EQ(ll_safetensors_find(&st, span("scalar"))->n_dims, 0u);
        EXPECT_EQ(ll_safetensors_find(&st, span("scalar"))->n_bytes, 4u);
        EXPECT_EQ(ll_safetensors_find(&st, span("none"))->n_bytes, 0u);
        EXPECT_EQ(ll_safetensors_find(&st, span("\u4e16"))->n_dims, 5u);
        EXPECT_EQ(ll_safetensors_find(&st, span("__metadata__")), nullptr);
        ll_safetensors_close(&st);
        EXPECT_EQ(counting.now, 0u);
        ll_safetensors_close(&st); /* zeroed by the first */
    }
}

TEST(Safetensors, FilesCanBeTakenOver)
{
    CountingHost counting;
    ll_safetensors st;
    ASSERT_EQ(ll_safetensors_open_file(&counting.host, LIBLLM_TEST_DATA "/safetensors/all_types.safetensors",
                                       LIBLLM_LOAD_READ, &st, nullptr),
              LIBLLM_OK);
    const uint8_t *data = ll_safetensors_find(&st, span("of.int8"))->data;
    ll_file *files = ll_safetensors_take_files(&st);
    ll_safetensors_close(&st);
    EXPECT_EQ(data[5], 5);
    ll_file_close(&files[0]);
    ll_free(&counting.host, files);
    EXPECT_EQ(counting.now, 0u);
}

} // namespace
