// SPDX-License-Identifier: MIT
// What the library measures: the limits of the machine, and where the time of an engine goes. Figures differ from
// machine to machine; that they fit together does not.
#include <gtest/gtest.h>

#include <jansson.h>
#include <libllm/libllm.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "../golden/golden.h"

namespace
{

using golden::engine_options;
using golden::Handle;
using golden::make_runtime;
using golden::open_model;
using golden::open_session;

const std::string tiny = LIBLLM_TEST_DATA "/tiny/gemma2.gguf";
constexpr auto invalid = LIBLLM_ERROR_INVALID_ARGUMENT;

struct Decref {
    void operator()(json_t *value) const { json_decref(value); }
};
using Json = std::unique_ptr<json_t, Decref>;

double number(const json_t *object, const char *key) { return json_number_value(json_object_get(object, key)); }
std::string text(const json_t *object, const char *key) { return json_string_value(json_object_get(object, key)); }

Json profile_of(libllm_session *session)
{
    std::string buffer(8192, '\0');
    size_t n = 0;
    libllm_error error = {};
    EXPECT_EQ(LIBLLM_OK, libllm_session_profile(session, &buffer[0], buffer.size(), &n, &error)) << error.message;
    return Json(json_loadb(buffer.data(), n, JSON_REJECT_DUPLICATES, nullptr));
}

const json_t *phase(const Json &profile, const char *name)
{
    size_t index;
    json_t *one;
    json_array_foreach (json_object_get(profile.get(), "phases"), index, one)
        if (text(one, "phase") == name)
            return one;
    ADD_FAILURE() << "no phase " << name;
    return nullptr;
}

class Profile : public ::testing::Test
{
  protected:
    void open(uint32_t n_threads, uint32_t profile, uint32_t n_batch = 16)
    {
        runtime = make_runtime(n_threads);
        model = open_model(runtime.get(), tiny);
        libllm_engine_options options = engine_options(n_batch, 64);
        options.profile = profile;
        session = open_session(model.get(), options);
        ASSERT_TRUE(session);
        info.struct_size = sizeof info;
        ASSERT_EQ(LIBLLM_OK, libllm_model_get_info(model.get(), &info, &error));
    }

    void eval(size_t n)
    {
        const std::vector<int32_t> tokens(n, 5);
        ASSERT_EQ(LIBLLM_OK, libllm_session_eval(session.get(), tokens.data(), n, &error)) << error.message;
    }

    Handle<libllm_runtime> runtime;
    Handle<libllm_model> model;
    Handle<libllm_session> session;
    libllm_model_info info = {};
    libllm_error error = {};
};

TEST_F(Profile, IsOffByDefault)
{
    libllm_engine_options options;
    libllm_engine_options_init(&options, sizeof options);
    EXPECT_EQ(0u, options.profile);
    open(2, 0);
    eval(3);
    size_t n = 1;
    EXPECT_EQ(invalid, libllm_session_profile(session.get(), nullptr, 0, &n, &error));
    EXPECT_NE(nullptr, strstr(error.message, "option profile")) << error.message;
    EXPECT_EQ(0u, n);
}

TEST_F(Profile, TimesFitTogether)
{
    for (uint32_t n_threads : {1u, 2u, 3u}) {
        open(n_threads, 1);
        eval(20);
        eval(1);
        const Json profile = profile_of(session.get());
        ASSERT_TRUE(profile);
        EXPECT_EQ(n_threads, number(profile.get(), "threads"));
        EXPECT_EQ(3, number(profile.get(), "batches")) << "16, 4 and 1 tokens";
        EXPECT_EQ(21, number(profile.get(), "tokens"));
        double sum = 0;
        size_t index;
        json_t *one;
        json_array_foreach (json_object_get(profile.get(), "phases"), index, one) {
            const std::string name = text(one, "phase");
            const double seconds = number(one, "seconds"), waiting = number(one, "waiting_seconds");
            EXPECT_GT(seconds, 0) << name;
            EXPECT_GT(number(one, "computing_seconds"), 0) << name;
            EXPECT_GE(waiting, 0) << name;
            if (n_threads == 1) {
                EXPECT_NEAR(seconds, number(one, "computing_seconds") + waiting, 1e-6 * seconds + 1e-9) << name;
            }
            sum += seconds;
        }
        EXPECT_EQ(7u, json_array_size(json_object_get(profile.get(), "phases")));
        EXPECT_GE(number(profile.get(), "seconds") * (1 + 1e-6), sum);
    }
}

/* The work is counted, not measured, and is the same for any number of threads. */
TEST_F(Profile, CountsTheWork)
{
    open(2, 1);
    eval(5);
    eval(1);
    const Json profile = profile_of(session.get());
    EXPECT_EQ(2, number(phase(profile, "embed"), "calls"));
    EXPECT_EQ(2 * info.n_layers, number(phase(profile, "qkv"), "calls"));
    EXPECT_EQ(2, number(phase(profile, "logits"), "calls"));
    double weights = 0, flops = 0;
    for (const char *name : {"qkv", "project", "gate_up", "down", "logits"}) {
        weights += number(phase(profile, name), "weight_bytes");
        flops += number(phase(profile, name), "flops");
        EXPECT_EQ(0, number(phase(profile, name), "kv_bytes")) << name;
    }
    const double embedded = number(phase(profile, "embed"), "weight_bytes");
    EXPECT_GT(embedded, 0);
    EXPECT_EQ(2 * static_cast<double>(info.bytes_per_token), weights + embedded / 6 * 2)
        << "a batch of five reads the weights once, and a row of the embedding for each token";
    EXPECT_GT(6 * static_cast<double>(info.flops_per_token), flops) << "behind the last layer: the last column alone";
    EXPECT_LT(2 * static_cast<double>(info.flops_per_token), flops);

    const json_t *attention = phase(profile, "attention");
    EXPECT_EQ(0, number(attention, "weight_bytes"));
    const double seen = 1 + 2 + 3 + 4 + 5 + 6; /* positions, the window being longer */
    EXPECT_EQ(seen * static_cast<double>(info.kv_bytes_per_token), number(attention, "kv_bytes"));
    EXPECT_GT(number(attention, "flops"), 0);

    open(1, 1);
    eval(5);
    eval(1);
    const Json alone = profile_of(session.get());
    for (const char *name : {"embed", "qkv", "attention", "project", "gate_up", "down", "logits"})
        for (const char *key : {"calls", "weight_bytes", "kv_bytes", "flops"})
            EXPECT_EQ(number(phase(profile, name), key), number(phase(alone, name), key)) << name << " " << key;
}

TEST_F(Profile, SkipsWhatNobodyWants)
{
    open(2, 1, 4);
    eval(8);
    const Json profile = profile_of(session.get());
    EXPECT_EQ(2, number(profile.get(), "batches"));
    EXPECT_EQ(1, number(phase(profile, "logits"), "calls")) << "the first four tokens need none";
}

TEST_F(Profile, StartsAfreshWithEveryReport)
{
    open(2, 1);
    eval(3);
    size_t n = 0;
    char small[8];
    EXPECT_EQ(LIBLLM_ERROR_BUFFER_TOO_SMALL, libllm_session_profile(session.get(), small, sizeof small, &n, &error));
    EXPECT_GT(n, 100u);
    EXPECT_EQ(invalid, libllm_session_profile(session.get(), nullptr, 8, &n, &error));
    EXPECT_EQ(invalid, libllm_session_profile(session.get(), small, sizeof small, nullptr, &error));
    EXPECT_EQ(3, number(profile_of(session.get()).get(), "tokens")) << "what was not handed out is kept";
    const Json empty = profile_of(session.get());
    EXPECT_EQ(0, number(empty.get(), "tokens"));
    EXPECT_EQ(0, number(empty.get(), "seconds"));
    EXPECT_EQ(0u, json_array_size(json_object_get(empty.get(), "phases")));
    eval(2);
    EXPECT_EQ(2, number(profile_of(session.get()).get(), "tokens"));
}

TEST_F(Profile, DoesNotChangeTheLogits)
{
    std::vector<float> logits[2];
    for (uint32_t profile : {0u, 1u}) {
        open(2, profile);
        eval(7);
        const float *row = nullptr;
        size_t n = 0;
        ASSERT_EQ(LIBLLM_OK, libllm_session_logits(session.get(), &row, &n, &error));
        logits[profile].assign(row, row + n);
    }
    EXPECT_EQ(logits[0], logits[1]);
}

TEST(Limits, AreMeasured)
{
    const Handle<libllm_runtime> runtime = make_runtime(2);
    std::string buffer(4096, '\0');
    size_t n = 0;
    libllm_error error = {};
    ASSERT_EQ(LIBLLM_OK, libllm_runtime_measure_limits(runtime.get(), &buffer[0], buffer.size(), &n, &error))
        << error.message;
    EXPECT_LT(n, buffer.size() / 2) << "4096 bytes shall always suffice";
    const Json limits(json_loadb(buffer.data(), n, JSON_REJECT_DUPLICATES, nullptr));
    ASSERT_TRUE(limits);
    EXPECT_GE(number(limits.get(), "threads"), 1) << "two where there are two processors";
    EXPECT_LE(number(limits.get(), "threads"), 2);
    EXPECT_GE(number(limits.get(), "read_bytes"), 128 << 20);
    EXPECT_GT(number(limits.get(), "barrier_ns"), 10);
    const json_t *read = json_object_get(limits.get(), "read"), *units = json_object_get(limits.get(), "units");
    ASSERT_EQ(3u, json_array_size(read));
    size_t index;
    json_t *one;
    json_array_foreach (read, index, one) {
        EXPECT_EQ(1 << index, number(one, "streams"));
        EXPECT_GT(number(one, "one_thread_gb_per_second"), 0.01);
        EXPECT_GT(number(one, "gb_per_second"), 0.01);
        EXPECT_LT(number(one, "gb_per_second"), 5000);
    }
    ASSERT_GE(json_array_size(units), 1u);
    json_array_foreach (units, index, one) {
        EXPECT_GT(number(one, "one_thread_gop_per_second"), 0.01) << text(one, "unit");
        EXPECT_GT(number(one, "gop_per_second"), 0.01) << text(one, "unit");
    }
}

/* What nobody can give back in time is not measured: the call that asks for the size returns at once. */
TEST(Limits, AreNotMeasuredForABufferThatIsTooSmall)
{
    const Handle<libllm_runtime> runtime = make_runtime(2);
    char small[4095];
    for (size_t capacity : {size_t{0}, sizeof small}) {
        size_t n = 0;
        libllm_error error = {};
        EXPECT_EQ(LIBLLM_ERROR_BUFFER_TOO_SMALL,
                  libllm_runtime_measure_limits(runtime.get(), capacity ? small : nullptr, capacity, &n, &error));
        EXPECT_EQ(4096u, n);
    }
    size_t n = 0;
    EXPECT_EQ(invalid, libllm_runtime_measure_limits(runtime.get(), nullptr, 4096, &n, nullptr));
    EXPECT_EQ(invalid, libllm_runtime_measure_limits(runtime.get(), small, sizeof small, nullptr, nullptr));
}

/* Only what the mask allows is run: on a processor without an instruction it would be the end. */
TEST(Limits, KeepToTheMask)
{
    const Handle<libllm_runtime> runtime = make_runtime(1, "ref");
    std::string buffer(4096, '\0');
    size_t n = 0;
    ASSERT_EQ(LIBLLM_OK, libllm_runtime_measure_limits(runtime.get(), &buffer[0], buffer.size(), &n, nullptr));
    const Json limits(json_loadb(buffer.data(), n, JSON_REJECT_DUPLICATES, nullptr));
    const json_t *units = json_object_get(limits.get(), "units");
    ASSERT_EQ(1u, json_array_size(units));
    EXPECT_EQ("mul_add", text(json_array_get(units, 0), "unit"));
}

int32_t count_parts(void *user_data, const char *part, size_t index, size_t n_parts)
{
    auto *parts = static_cast<std::vector<std::string> *>(user_data);
    EXPECT_EQ(parts->size(), index);
    EXPECT_EQ(10u, n_parts);
    parts->push_back(part);
    return 0;
}

int32_t stop_at_once(void *, const char *, size_t, size_t) { return 1; }

TEST(Calibration, MeasuresATypeOfWeights)
{
    const Handle<libllm_runtime> runtime = make_runtime(2);
    const char *types[] = {"Q4_K"};
    std::vector<std::string> parts;
    libllm_calibration_options options;
    libllm_calibration_options_init(&options, sizeof options);
    options.types = types;
    options.n_types = 1;
    options.progress = count_parts;
    options.user_data = &parts;
    std::string buffer(8192, '\0');
    size_t n = 0;
    libllm_error error = {};
    ASSERT_EQ(LIBLLM_OK, libllm_runtime_calibrate(runtime.get(), &options, &buffer[0], buffer.size(), &n, &error))
        << error.message;
    ASSERT_EQ(10u, parts.size()) << "in five rounds, one after the other";
    for (size_t i = 0; i < parts.size(); i++)
        EXPECT_EQ(i % 2 ? "Q4_K" : "layers", parts[i]);
    const Json found(json_loadb(buffer.data(), n, JSON_REJECT_DUPLICATES, nullptr));
    ASSERT_TRUE(found);
    EXPECT_EQ("cpu", text(found.get(), "device"));
    EXPECT_NE("", text(found.get(), "instruction_set"));
    EXPECT_EQ(libllm_version(), number(found.get(), "version"));
    EXPECT_NEAR(static_cast<double>(time(nullptr)), number(found.get(), "time"), 600);
    EXPECT_GT(number(found.get(), "step_ns"), 100);
    EXPECT_GT(number(found.get(), "layer_ns"), 100);
    EXPECT_GE(number(found.get(), "prefill_value_ns"), 0);
    EXPECT_GT(number(found.get(), "attention_gb_per_second"), 0.001);
    EXPECT_GT(number(found.get(), "attention_gflop_per_second"), 0.001);
    const json_t *list = json_object_get(found.get(), "types");
    ASSERT_EQ(1u, json_array_size(list));
    EXPECT_EQ("Q4_K", text(json_array_get(list, 0), "type"));
    EXPECT_GT(number(json_array_get(list, 0), "decode_gb_per_second"), 0.001);
    EXPECT_LT(number(json_array_get(list, 0), "decode_gb_per_second"), 5000);
    EXPECT_GT(number(json_array_get(list, 0), "prefill_gflop_per_second"), 0.001);
}

TEST(Calibration, RefusesWhatIsNotThereAndStopsWhenAsked)
{
    const Handle<libllm_runtime> runtime = make_runtime(2);
    std::string buffer(8192, '\0');
    size_t n = 0;
    libllm_error error = {};
    auto calibrate = [&](const libllm_calibration_options &options, size_t capacity) {
        return libllm_runtime_calibrate(runtime.get(), &options, &buffer[0], capacity, &n, &error);
    };
    libllm_calibration_options options;
    libllm_calibration_options_init(&options, sizeof options);
    EXPECT_EQ(LIBLLM_ERROR_BUFFER_TOO_SMALL, calibrate(options, 8191));
    EXPECT_EQ(8192u, n);
    options.progress = stop_at_once;
    EXPECT_EQ(LIBLLM_ERROR_CANCELLED, calibrate(options, buffer.size()));
    options.device = "abacus";
    EXPECT_EQ(LIBLLM_ERROR_NOT_FOUND, calibrate(options, buffer.size()));
    EXPECT_NE(nullptr, strstr(error.message, "abacus"));
    options.device = nullptr;
    const char *types[] = {"Q4_K", "Q9_Z"};
    options.types = types;
    options.n_types = 2;
    EXPECT_EQ(invalid, calibrate(options, buffer.size()));
    EXPECT_NE(nullptr, strstr(error.message, "Q9_Z"));
    options.types = nullptr;
    EXPECT_EQ(invalid, calibrate(options, buffer.size()));
}

Json self_test_with(const char *cpu_mask)
{
    libllm_runtime_options options;
    libllm_runtime_options_init(&options, sizeof options);
    options.cpu_mask = cpu_mask;
    libllm_runtime *runtime = nullptr;
    EXPECT_EQ(LIBLLM_OK, libllm_runtime_create(&options, &runtime, nullptr));
    const Handle<libllm_runtime> owner(runtime);
    std::string buffer(32768, '\0');
    size_t n = 0;
    libllm_error error = {};
    EXPECT_EQ(LIBLLM_OK, libllm_runtime_self_test(runtime, nullptr, &buffer[0], buffer.size(), &n, &error))
        << error.message;
    return Json(json_loadb(buffer.data(), n, JSON_REJECT_DUPLICATES, nullptr));
}

TEST(SelfTest, FindsEveryKernelSetInOrder)
{
    for (const char *mask : {"ref", "native"}) {
        const Json report = self_test_with(mask);
        ASSERT_TRUE(report);
        EXPECT_TRUE(json_is_true(json_object_get(report.get(), "passed"))) << mask;
        EXPECT_EQ("cpu", text(report.get(), "device"));
        size_t index, types = 0;
        json_t *part;
        json_array_foreach (json_object_get(report.get(), "parts"), index, part) {
            EXPECT_LE(number(part, "error"), number(part, "allowed")) << mask << " " << text(part, "part");
            if (std::string(mask) == "ref") {
                EXPECT_EQ(0, number(part, "error")) << text(part, "part");
            }
            types += text(part, "part") == "Q4_K" || text(part, "part") == "experts";
        }
        EXPECT_EQ(2u, types);
    }
}

TEST(SelfTest, DoesNothingWithoutRoomOrDevice)
{
    const Handle<libllm_runtime> runtime = make_runtime(1);
    char buffer[64];
    size_t n = 0;
    EXPECT_EQ(LIBLLM_ERROR_BUFFER_TOO_SMALL,
              libllm_runtime_self_test(runtime.get(), nullptr, buffer, sizeof buffer, &n, nullptr));
    EXPECT_EQ(32768u, n);
    std::string room(n, '\0');
    EXPECT_EQ(LIBLLM_ERROR_NOT_FOUND,
              libllm_runtime_self_test(runtime.get(), "abacus", &room[0], room.size(), &n, nullptr));
    EXPECT_EQ(invalid, libllm_runtime_self_test(nullptr, nullptr, &room[0], room.size(), &n, nullptr));
}

TEST(DeviceSpeed, IsOfOtherDevicesThanTheProcessor)
{
    const Handle<libllm_runtime> runtime = make_runtime(1);
    char buffer[4096];
    size_t n = 0;
    libllm_error error = {};
    const auto measure = [&](const char *device, size_t capacity) {
        return libllm_runtime_measure_device(runtime.get(), device, buffer, capacity, &n, &error);
    };
    EXPECT_EQ(LIBLLM_ERROR_BUFFER_TOO_SMALL, measure("vulkan", 100));
    EXPECT_EQ(4096u, n);
    EXPECT_EQ(LIBLLM_ERROR_UNSUPPORTED, measure("cpu", sizeof buffer));
    EXPECT_NE(nullptr, strstr(error.message, "libllm_runtime_measure_limits()")) << error.message;
    EXPECT_EQ(LIBLLM_ERROR_NOT_FOUND, measure("abacus", sizeof buffer));
    EXPECT_EQ(invalid, measure(nullptr, sizeof buffer));
    EXPECT_EQ(invalid, libllm_runtime_measure_device(nullptr, "vulkan", buffer, sizeof buffer, &n, &error));
}

} // namespace
