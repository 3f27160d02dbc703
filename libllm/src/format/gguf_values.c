/* SPDX-License-Identifier: MIT
 * Looking up keys and tensors of a parsed GGUF file, and reading values as the type that the caller wants.
 */
#include "format/gguf.h"

#include "base/status.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    size_t size;
} types[] = {
    [LL_GGUF_U8] = {"u8", 1},   [LL_GGUF_I8] = {"i8", 1},       [LL_GGUF_U16] = {"u16", 2},
    [LL_GGUF_I16] = {"i16", 2}, [LL_GGUF_U32] = {"u32", 4},     [LL_GGUF_I32] = {"i32", 4},
    [LL_GGUF_F32] = {"f32", 4}, [LL_GGUF_BOOL] = {"bool", 1},   [LL_GGUF_STRING] = {"string", 0},
    [LL_GGUF_U64] = {"u64", 8}, [LL_GGUF_ARRAY] = {"array", 0}, [LL_GGUF_I64] = {"i64", 8},
    [LL_GGUF_F64] = {"f64", 8},
};
#define N_TYPES (sizeof types / sizeof *types)

size_t ll_gguf_type_size(uint32_t type) { return type < N_TYPES ? types[type].size : 0; }

const char *ll_gguf_type_name(uint32_t type) { return type < N_TYPES ? types[type].name : "unknown"; }

const ll_gguf_value *ll_gguf_find(const ll_gguf *gguf, const char *key)
{
    uint32_t index;
    return ll_map_find(&gguf->value_index, ll_span_of(key), &index) ? &gguf->values[index] : NULL;
}

const ll_gguf_tensor *ll_gguf_find_tensor(const ll_gguf *gguf, ll_span name)
{
    uint32_t index;
    return ll_map_find(&gguf->tensor_index, name, &index) ? &gguf->tensors[index] : NULL;
}

static bool is_integer(ll_gguf_type type) { return type <= LL_GGUF_I32 || type == LL_GGUF_U64 || type == LL_GGUF_I64; }

static int64_t nearest_i64(double x)
{
    if (isnan(x))
        return 0;
    /* 2^63 is a double, the largest int64_t is not */
    return x >= 0x1p63 ? INT64_MAX : x < -0x1p63 ? INT64_MIN : (int64_t)x;
}

/* Values lie in the file without alignment. */
static uint16_t load_u16(const uint8_t *p)
{
    uint16_t x;
    memcpy(&x, p, sizeof x);
    return x;
}

static uint32_t load_u32(const uint8_t *p)
{
    uint32_t x;
    memcpy(&x, p, sizeof x);
    return x;
}

static uint64_t load_u64(const uint8_t *p)
{
    uint64_t x;
    memcpy(&x, p, sizeof x);
    return x;
}

static double load_f32(const uint8_t *p)
{
    float x;
    memcpy(&x, p, sizeof x);
    return (double)x;
}

static double load_f64(const uint8_t *p)
{
    double x;
    memcpy(&x, p, sizeof x);
    return x;
}

int64_t ll_gguf_element_i64(const ll_gguf_value *array, uint64_t i)
{
    const uint8_t *p = array->data + i * ll_gguf_type_size(array->type);
    switch (array->type) {
    case LL_GGUF_U8:
    case LL_GGUF_BOOL:
        return *p;
    case LL_GGUF_I8:
        return (int8_t)*p;
    case LL_GGUF_U16:
        return load_u16(p);
    case LL_GGUF_I16:
        return (int16_t)load_u16(p);
    case LL_GGUF_U32:
        return load_u32(p);
    case LL_GGUF_I32:
        return (int32_t)load_u32(p);
    case LL_GGUF_U64:
        return load_u64(p) > INT64_MAX ? INT64_MAX : (int64_t)load_u64(p);
    case LL_GGUF_I64:
        return (int64_t)load_u64(p);
    case LL_GGUF_F32:
        return nearest_i64(load_f32(p));
    case LL_GGUF_F64:
        return nearest_i64(load_f64(p));
    default:
        return 0;
    }
}

double ll_gguf_element_f64(const ll_gguf_value *array, uint64_t i)
{
    const uint8_t *p = array->data + i * ll_gguf_type_size(array->type);
    switch (array->type) {
    case LL_GGUF_F32:
        return load_f32(p);
    case LL_GGUF_F64:
        return load_f64(p);
    case LL_GGUF_U64:
        return (double)load_u64(p);
    default:
        return (double)ll_gguf_element_i64(array, i);
    }
}

static libllm_status fail_type(const ll_gguf_value *value, const char *key, const char *expected, libllm_error *error)
{
    return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "key \"%s\" is %s%s, expected %s", key,
                   value->is_array ? "an array of " : "", ll_gguf_type_name(value->type), expected);
}

static libllm_status element_u32(const ll_gguf_value *value, const char *key, uint64_t i, uint32_t *out,
                                 libllm_error *error)
{
    int64_t x = ll_gguf_element_i64(value, i);
    if (x < 0 || x > UINT32_MAX) {
        char element[40] = "";
        if (value->is_array)
            snprintf(element, sizeof element, ": element %" PRIu64, i);
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "key \"%s\"%s is %" PRId64 ", expected 0 to 4294967295", key,
                       element, x);
    }
    *out = (uint32_t)x;
    return LIBLLM_OK;
}

libllm_status ll_gguf_get_u32(const ll_gguf *gguf, const char *key, uint32_t *out, libllm_error *error)
{
    const ll_gguf_value *value = ll_gguf_find(gguf, key);
    if (!value)
        return LIBLLM_OK;
    if (value->is_array || !is_integer(value->type))
        return fail_type(value, key, "an integer", error);
    return element_u32(value, key, 0, out, error);
}

libllm_status ll_gguf_get_u32_each(const ll_gguf *gguf, const char *key, uint32_t *out, size_t n, libllm_error *error)
{
    const ll_gguf_value *value = ll_gguf_find(gguf, key);
    if (!value)
        return LIBLLM_OK;
    if (!is_integer(value->type) && !(value->is_array && value->type == LL_GGUF_BOOL))
        return fail_type(value, key, "an integer or an array of integers", error);
    if (value->is_array && value->count < n)
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "key \"%s\" has %" PRIu64 " elements, expected at least %zu",
                       key, value->count, n);
    for (size_t i = 0; i < n; i++) {
        libllm_status status = element_u32(value, key, value->is_array ? i : 0, &out[i], error);
        if (status != LIBLLM_OK)
            return status;
    }
    return LIBLLM_OK;
}

libllm_status ll_gguf_get_f32(const ll_gguf *gguf, const char *key, float *out, libllm_error *error)
{
    const ll_gguf_value *value = ll_gguf_find(gguf, key);
    if (!value)
        return LIBLLM_OK;
    if (value->is_array || (value->type != LL_GGUF_F32 && value->type != LL_GGUF_F64))
        return fail_type(value, key, "a floating-point number", error);
    float x = (float)ll_gguf_element_f64(value, 0);
    if (!isfinite(x))
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "key \"%s\" is not a finite 32-bit number", key);
    *out = x;
    return LIBLLM_OK;
}

libllm_status ll_gguf_get_bool(const ll_gguf *gguf, const char *key, bool *out, libllm_error *error)
{
    const ll_gguf_value *value = ll_gguf_find(gguf, key);
    if (!value)
        return LIBLLM_OK;
    if (value->is_array || value->type != LL_GGUF_BOOL)
        return fail_type(value, key, "a bool", error);
    *out = value->data[0] != 0;
    return LIBLLM_OK;
}

libllm_status ll_gguf_get_string(const ll_gguf *gguf, const char *key, ll_span *out, libllm_error *error)
{
    const ll_gguf_value *value = ll_gguf_find(gguf, key);
    if (!value)
        return LIBLLM_OK;
    if (value->is_array || value->type != LL_GGUF_STRING)
        return fail_type(value, key, "a string", error);
    *out = ll_gguf_next_string(&(ll_gguf_strings){.next = value->data});
    return LIBLLM_OK;
}
