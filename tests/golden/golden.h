/* SPDX-License-Identifier: MIT
 * What the golden tests share beside handles.h: the files under tests/data with references, and
 * the measures by which logits are compared.
 */
#ifndef GOLDEN_GOLDEN_H
#define GOLDEN_GOLDEN_H

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "../handles.h"

namespace golden
{

using handles::Handle;
using handles::make_runtime;
using handles::open_model;

/* What a call is expected to return; the message of the failure is that of `error`, which the call fills. */
#define ASSERT_STATUS(expected, call) ASSERT_EQ(expected, call) << error.message

inline std::string read_file(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

struct Matrix {
    size_t rows = 0, columns = 0;
    std::vector<float> values;

    const float *row(size_t i) const { return values.data() + i * columns; }
};

/* A .npy file of version 1 with little-endian float32 in C order and two dimensions; empty when it is anything else. */
inline Matrix read_npy(const std::string &path)
{
    const std::string bytes = read_file(path);
    if (bytes.size() < 10 || bytes.compare(0, 8, "\x93NUMPY\x01\x00", 8) != 0)
        return {};
    const size_t header_bytes = static_cast<uint8_t>(bytes[8]) + 256u * static_cast<uint8_t>(bytes[9]);
    const std::string header = bytes.substr(10, header_bytes);
    const size_t shape = header.find("'shape': (");
    Matrix m;
    unsigned long rows, columns;
    if (header.find("'<f4'") == std::string::npos || header.find("'fortran_order': False") == std::string::npos ||
        shape == std::string::npos || sscanf(header.c_str() + shape, "'shape': (%lu, %lu)", &rows, &columns) != 2 ||
        bytes.size() != 10 + header_bytes + rows * columns * sizeof(float))
        return {};
    m.rows = rows;
    m.columns = columns;
    m.values.resize(rows * columns);
    memcpy(m.values.data(), bytes.data() + 10 + header_bytes, m.values.size() * sizeof(float));
    return m;
}

/* The numbers of an array in a fixture's JSON file. */
inline std::vector<int32_t> read_ids(const std::string &path, const std::string &name = "ids")
{
    const std::string text = read_file(path), before = "\"" + name + "\": [";
    std::vector<int32_t> ids;
    size_t at = text.find(before);
    if (at == std::string::npos)
        return ids;
    const char *p = text.c_str() + at + before.size();
    for (char *end; *p != ']' && *p != '\0'; p = *end == ',' ? end + 1 : end) {
        const long id = strtol(p, &end, 10);
        if (end == p)
            return {};
        ids.push_back(static_cast<int32_t>(id));
    }
    return ids;
}

/* Of a GGUF file; empty when it says none. */
inline std::string architecture_of(const std::string &path)
{
    const std::string bytes = read_file(path), key = "general.architecture";
    const size_t at = bytes.find(key);
    uint64_t n;
    if (at == std::string::npos || at + key.size() + 4 + sizeof n > bytes.size())
        return "";
    memcpy(&n, bytes.data() + at + key.size() + 4, sizeof n);
    return bytes.substr(at + key.size() + 4 + sizeof n, n);
}

/* The architectures that libllm_families() lists with these members behind their names. */
inline std::set<std::string> families_that(const std::string &members)
{
    std::string text(1 << 16, '\0');
    size_t n = 0;
    EXPECT_EQ(LIBLLM_OK, libllm_families(text.data(), text.size(), &n, nullptr));
    const std::string before = "{\"architecture\":\"", behind = "\"," + members;
    std::set<std::string> found;
    for (size_t at = text.find(before); at != std::string::npos; at = text.find(before, at + 1)) {
        const size_t name = at + before.size(), end = text.find('"', name);
        if (text.compare(end, behind.size(), behind) == 0)
            found.insert(text.substr(name, end - name));
    }
    return found;
}

/* Logarithm of the sum of the exponentials. */
inline double log_sum_exp(const float *x, size_t n)
{
    const double top = *std::max_element(x, x + n);
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += std::exp(x[i] - top);
    return top + std::log(sum);
}

inline size_t argmax(const float *x, size_t n) { return static_cast<size_t>(std::max_element(x, x + n) - x); }

/* How far logits are from their reference. */
struct Distance {
    double max_abs = 0;      /* largest difference of two logits; infinite when one of ours is not a number */
    double relative_rms = 0; /* rms of the differences, relative to the deviation of the reference's logits */
    double mean_kl = 0;      /* KL(reference || ours), mean over the rows */
};

inline Distance distance(const Matrix &reference, const float *ours)
{
    Distance d;
    const size_t n = reference.values.size();
    double sum = 0, squares = 0, errors = 0;
    for (size_t i = 0; i < n; i++) {
        const double r = reference.values[i], e = ours[i] - r;
        if (!std::isfinite(e))
            return {INFINITY, INFINITY, INFINITY};
        d.max_abs = std::max(d.max_abs, std::fabs(e));
        sum += r;
        squares += r * r;
        errors += e * e;
    }
    const double count = static_cast<double>(n);
    d.relative_rms = std::sqrt(errors / (squares - sum * sum / count));
    for (size_t row = 0; row < reference.rows; row++) {
        const float *p = reference.row(row), *q = ours + row * reference.columns;
        const double p_lse = log_sum_exp(p, reference.columns), q_lse = log_sum_exp(q, reference.columns);
        for (size_t i = 0; i < reference.columns; i++)
            d.mean_kl += std::exp(p[i] - p_lse) * ((p[i] - p_lse) - (q[i] - q_lse));
    }
    d.mean_kl /= static_cast<double>(reference.rows);
    return d;
}

inline libllm_engine_options engine_options(uint32_t n_batch, uint64_t n_positions)
{
    libllm_engine_options options;
    libllm_engine_options_init(&options, sizeof options);
    options.n_batch = n_batch;
    options.n_positions = n_positions;
    return options;
}

inline Handle<libllm_session> open_session(const libllm_model *model, const libllm_engine_options &options)
{
    libllm_session *session = nullptr;
    libllm_error error = {};
    EXPECT_EQ(LIBLLM_OK, libllm_session_open(model, &options, &session, &error)) << error.message;
    return Handle<libllm_session>(session);
}

/* Appends ids[from, to) in calls of `chunk` tokens and stores their logits in rows [from, to); false on an error. */
inline bool eval_chunks(libllm_session *session, const std::vector<int32_t> &ids, size_t from, size_t to, size_t chunk,
                        size_t n_vocab, std::vector<float> *logits)
{
    libllm_error error = {};
    logits->resize(std::max(logits->size(), to * n_vocab));
    for (size_t at = from; at < to; at += chunk) {
        const size_t n = std::min(chunk, to - at);
        if (libllm_session_eval_logits(session, ids.data() + at, n, logits->data() + at * n_vocab, n * n_vocab,
                                       &error) != LIBLLM_OK) {
            ADD_FAILURE() << "tokens " << at << ".." << at + n << ": " << error.message;
            return false;
        }
    }
    return true;
}

} // namespace golden

#endif
