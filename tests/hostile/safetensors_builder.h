/* SPDX-License-Identifier: MIT
 * Builds safetensors files in memory, right or wrong in any one place.
 */
#ifndef LL_TESTS_SAFETENSORS_BUILDER_H
#define LL_TESTS_SAFETENSORS_BUILDER_H

#include "gguf_builder.h"

extern "C" {
#include "format/safetensors.h"
}

namespace safetensors
{

/* A file with this header, whatever it is, and these bytes behind it. */
inline std::string file_of(const std::string &header, const std::string &data)
{
    return gguf::bytes_of<uint64_t>(header.size()) + header + data;
}

class Builder
{
  public:
    /* A tensor behind the one before it. */
    Builder &tensor(const std::string &name, const std::string &dtype, const std::vector<uint64_t> &shape,
                    const std::string &data)
    {
        std::string dimensions;
        for (uint64_t dimension : shape)
            dimensions += (dimensions.empty() ? "" : ",") + std::to_string(dimension);
        return entry(name,
                     "{\"dtype\":\"" + dtype + "\",\"shape\":[" + dimensions + "],\"data_offsets\":[" +
                         std::to_string(data_.size()) + "," + std::to_string(data_.size() + data.size()) + "]}",
                     data);
    }
    Builder &f32(const std::string &name, const std::vector<uint64_t> &shape, const std::vector<float> &values)
    {
        return tensor(name, "F32", shape, gguf::values_of(values));
    }
    /* A member of the header as text. */
    Builder &entry(const std::string &name, const std::string &value, const std::string &data = "")
    {
        header_ += (header_.empty() ? "\"" : ",\"") + name + "\":" + value;
        data_ += data;
        return *this;
    }
    std::string build() const
    {
        std::string header = "{" + header_ + "}";
        header.resize((header.size() + 7) / 8 * 8, ' ');
        return file_of(header, data_);
    }

  private:
    std::string header_, data_;
};

/* Read everything that was handed out, so that a sanitizer sees a pointer that is wrong. */
inline uint64_t touch(const ll_safetensors &st)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < st.n_tensors; i++) {
        const ll_safetensors_tensor &tensor = st.tensors[i];
        sum += ll_safetensors_find(&st, tensor.name) == &tensor;
        sum += strlen(ll_safetensors_type_name(tensor.type)) + tensor.n_dims + tensor.shape[0];
        for (uint64_t k = 0; k < tensor.n_bytes; k++)
            sum += tensor.data[k];
    }
    return sum;
}

} // namespace safetensors

#endif
