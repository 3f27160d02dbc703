/* SPDX-License-Identifier: MIT
 * Builds GGUF files in memory, right or wrong in any one place, and a host that counts and denies memory.
 */
#ifndef LL_TESTS_GGUF_BUILDER_H
#define LL_TESTS_GGUF_BUILDER_H

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

extern "C" {
#include "base/host.h"
#include "base/status.h"
#include "format/gguf.h"
}

namespace gguf
{

template <typename T> std::string bytes_of(T value)
{
    std::string bytes(sizeof value, '\0');
    memcpy(bytes.data(), &value, sizeof value);
    return bytes;
}

inline std::string string_of(std::string_view text) { return bytes_of<uint64_t>(text.size()) + std::string(text); }

template <typename T> std::string values_of(const std::vector<T> &values)
{
    std::string bytes;
    for (const T &value : values)
        bytes += bytes_of<T>(value);
    return bytes;
}

struct Tensor {
    std::string name;
    std::vector<uint64_t> ne;
    uint32_t type = 0;
    std::string data;
    std::optional<uint64_t> offset; /* behind the previous tensor when not given */
};

class Builder
{
  public:
    uint32_t version = 3;
    uint64_t alignment = 32; /* of the layout; the key is written only when a test adds it */
    std::optional<uint64_t> n_tensors, n_values, n_dims;
    std::string tail; /* behind the tensor table instead of padding and data */
    bool no_data = false;

    /* An entry whose value is given as bytes. */
    Builder &entry(std::string_view key, uint32_t type, std::string_view value)
    {
        values_ += string_of(key) + bytes_of(type) + std::string(value);
        n_entries_++;
        return *this;
    }
    template <typename T> Builder &number(std::string_view key, uint32_t type, T value)
    {
        return entry(key, type, bytes_of(value));
    }
    Builder &u32(std::string_view key, uint32_t value) { return number(key, LL_GGUF_U32, value); }
    Builder &string(std::string_view key, std::string_view value)
    {
        return entry(key, LL_GGUF_STRING, string_of(value));
    }
    Builder &array(std::string_view key, uint32_t type, uint64_t count, std::string_view elements)
    {
        return entry(key, LL_GGUF_ARRAY, bytes_of(type) + bytes_of(count) + std::string(elements));
    }
    Builder &strings(std::string_view key, const std::vector<std::string> &values)
    {
        std::string elements;
        for (const std::string &value : values)
            elements += string_of(value);
        return array(key, LL_GGUF_STRING, values.size(), elements);
    }
    Builder &tensor(const Tensor &tensor)
    {
        tensors_.push_back(tensor);
        return *this;
    }
    Builder &f32(std::string_view name, std::vector<uint64_t> ne)
    {
        uint64_t n = 1;
        for (uint64_t dimension : ne)
            n *= dimension;
        return tensor({std::string(name), ne, 0, std::string(n * 4, 'x'), {}});
    }

    std::string build() const
    {
        std::string out = "GGUF" + bytes_of(version) + bytes_of<uint64_t>(n_tensors.value_or(tensors_.size())) +
                          bytes_of<uint64_t>(n_values.value_or(n_entries_)) + values_;
        std::string data;
        for (const Tensor &tensor : tensors_) {
            data.resize((data.size() + alignment - 1) / alignment * alignment);
            out += string_of(tensor.name) + bytes_of<uint32_t>((uint32_t)n_dims.value_or(tensor.ne.size()));
            out += values_of(tensor.ne) + bytes_of(tensor.type) + bytes_of(tensor.offset.value_or(data.size()));
            data += tensor.data;
        }
        if (no_data)
            return out + tail;
        if (!tensors_.empty())
            out.resize((out.size() + alignment - 1) / alignment * alignment);
        return out + data + tail;
    }

  private:
    std::string values_;
    uint64_t n_entries_ = 0;
    std::vector<Tensor> tensors_;
};

/* A few types, enough for the format's own rules. */
inline ll_block_size block_size(uint32_t type)
{
    switch (type) {
    case 0:
        return {1, 4}; /* F32 */
    case 1:
        return {1, 2}; /* F16 */
    case 8:
        return {32, 34}; /* Q8_0 */
    case 12:
        return {256, 144}; /* Q4_K */
    case 24:
        return {1, 1}; /* I8 */
    default:
        return {0, 0};
    }
}

/* Counts the bytes that are out, and fails the request number `fail_at`. */
class CountingHost
{
  public:
    ll_host host;
    size_t now = 0, peak = 0, n_requests = 0, fail_at = SIZE_MAX;

    CountingHost()
    {
        ll_host_init(&host);
        host.allocator_user_data = this;
        host.allocate = [](void *self, size_t size, size_t alignment) {
            return static_cast<CountingHost *>(self)->allocate(size, alignment);
        };
        host.release = [](void *self, void *memory) { static_cast<CountingHost *>(self)->release(memory); };
    }
    CountingHost(const CountingHost &) = delete;
    CountingHost &operator=(const CountingHost &) = delete;

  private:
    std::map<void *, size_t> sizes_;

    void *allocate(size_t size, size_t alignment)
    {
        void *memory = nullptr;
        if (n_requests++ == fail_at || posix_memalign(&memory, alignment < 16 ? 16 : alignment, size) != 0)
            return nullptr;
        sizes_[memory] = size;
        now += size;
        peak = now > peak ? now : peak;
        return memory;
    }
    void release(void *memory)
    {
        now -= sizes_.at(memory);
        sizes_.erase(memory);
        free(memory);
    }
};

/* Read everything that was handed out, so that a sanitizer sees a pointer that is wrong. */
inline uint64_t touch(const ll_gguf &gguf)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < gguf.n_values; i++) {
        const ll_gguf_value &value = gguf.values[i];
        std::string key(value.key.data, value.key.size);
        uint32_t u = 0;
        float f = 0;
        bool b = false;
        ll_span s = {nullptr, 0};
        sum += (uint64_t)(ll_gguf_get_u32(&gguf, key.c_str(), &u, nullptr) == LIBLLM_OK) + u;
        sum += (uint64_t)(ll_gguf_get_f32(&gguf, key.c_str(), &f, nullptr) == LIBLLM_OK) + (f > 0);
        sum += (uint64_t)(ll_gguf_get_bool(&gguf, key.c_str(), &b, nullptr) == LIBLLM_OK) + b;
        sum += (uint64_t)(ll_gguf_get_string(&gguf, key.c_str(), &s, nullptr) == LIBLLM_OK) + s.size;
        sum += ll_gguf_find(&gguf, key.c_str()) == &value;
        for (size_t k = 0; k < value.n_bytes; k++)
            sum += value.data[k];
        ll_gguf_strings strings = {value.data};
        for (uint64_t k = 0; k < value.count && value.type != LL_GGUF_ARRAY; k++) {
            if (value.type == LL_GGUF_STRING)
                s = ll_gguf_next_string(&strings);
            else
                sum += (uint64_t)ll_gguf_element_i64(&value, k) + (ll_gguf_element_f64(&value, k) > 0);
        }
        for (size_t k = 0; k < s.size; k++)
            sum += (uint8_t)s.data[k];
    }
    for (size_t i = 0; i < gguf.n_tensors; i++) {
        const ll_gguf_tensor &tensor = gguf.tensors[i];
        sum += ll_gguf_find_tensor(&gguf, tensor.name) == &tensor;
        for (uint64_t k = 0; k < tensor.n_bytes; k++)
            sum += tensor.data[k];
    }
    return sum;
}

} // namespace gguf

#endif
