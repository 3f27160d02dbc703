/* SPDX-License-Identifier: MIT
 * Reading and writing structs of callers, and the defaults of all options.
 */
#include "api/options.h"

#include "base/status.h"
#include "model/model.h"

#include <stdbool.h>
#include <string.h>

enum { SIZE_MAX_SANE = 65536 };

libllm_status ll_read_options(const void *options, void *own, size_t own_size, const char *name, libllm_error *error)
{
    if (!options)
        return LIBLLM_OK;
    uint32_t size;
    memcpy(&size, options, sizeof size);
    if (size < sizeof size || size > SIZE_MAX_SANE)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT,
                       "%s: struct_size is %u; call the struct's _init function first", name, size);
    const unsigned char *bytes = options;
    for (size_t i = own_size; i < size; i++)
        if (bytes[i])
            return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT,
                           "%s: an option is set that this version of the library does not know (byte %zu of %u)", name,
                           i, size);
    memcpy(own, options, size < own_size ? size : own_size);
    return LIBLLM_OK;
}

libllm_status ll_read_model_options(const libllm_model_options *options, libllm_model_options *own, libllm_error *error)
{
    *own = (libllm_model_options){.struct_size = sizeof *own};
    libllm_status status = ll_read_options(options, own, sizeof *own, "libllm_model_options", error);
    if (!status && own->load_mode != LIBLLM_LOAD_MAP && own->load_mode != LIBLLM_LOAD_READ)
        status = ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "load_mode is %d, which is no libllm_load_mode",
                         own->load_mode);
    return status;
}

libllm_status ll_write_struct(void *out, const void *own, size_t own_size, const char *name, libllm_error *error)
{
    uint32_t size;
    memcpy(&size, out, sizeof size);
    if (size < sizeof size || size > SIZE_MAX_SANE)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "%s: struct_size is %u, expected %zu", name, size,
                       own_size);
    memcpy(out, own, size < own_size ? size : own_size);
    memcpy(out, &size, sizeof size);
    return LIBLLM_OK;
}

void ll_init_struct(void *out, uint32_t struct_size, const void *defaults, size_t own_size)
{
    if (!out || struct_size < sizeof struct_size)
        return;
    memset(out, 0, struct_size);
    memcpy(out, defaults, struct_size < own_size ? struct_size : own_size);
    memcpy(out, &struct_size, sizeof struct_size);
}

void libllm_limits_init(libllm_limits *limits, uint32_t struct_size)
{
    static const libllm_limits defaults = {
        .struct_size = sizeof defaults,
        .gguf_entries = 65536,
        .tensors = 262144,
        .key_bytes = 65535,
        .string_bytes = 64u << 20,
        .array_elements = 1u << 27,
        .json_depth = 64,
        .template_depth = 128,
        .template_steps = 10000000,
        .template_bytes = 1u << 20,
        .template_output_bytes = 16u << 20,
        .text_bytes = 64u << 20,
    };
    ll_init_struct(limits, struct_size, &defaults, sizeof defaults);
}

void libllm_runtime_options_init(libllm_runtime_options *options, uint32_t struct_size)
{
    static const libllm_runtime_options defaults = {.struct_size = sizeof defaults};
    ll_init_struct(options, struct_size, &defaults, sizeof defaults);
}

void libllm_model_options_init(libllm_model_options *options, uint32_t struct_size)
{
    static const libllm_model_options defaults = {.struct_size = sizeof defaults};
    ll_init_struct(options, struct_size, &defaults, sizeof defaults);
}

void libllm_engine_options_init(libllm_engine_options *options, uint32_t struct_size)
{
    static const libllm_engine_options defaults = {.struct_size = sizeof defaults};
    ll_init_struct(options, struct_size, &defaults, sizeof defaults);
}

void libllm_session_options_init(libllm_session_options *options, uint32_t struct_size)
{
    static const libllm_session_options defaults = {.struct_size = sizeof defaults};
    ll_init_struct(options, struct_size, &defaults, sizeof defaults);
}

void libllm_sampling_options_init(libllm_sampling_options *options, uint32_t struct_size)
{
    ll_init_struct(options, struct_size, &ll_sampling_unset, sizeof ll_sampling_unset);
}

void libllm_stream_options_init(libllm_stream_options *options, uint32_t struct_size)
{
    static const libllm_stream_options defaults = {.struct_size = sizeof defaults};
    ll_init_struct(options, struct_size, &defaults, sizeof defaults);
}

void libllm_chat_options_init(libllm_chat_options *options, uint32_t struct_size)
{
    static const libllm_chat_options defaults = {.struct_size = sizeof defaults};
    ll_init_struct(options, struct_size, &defaults, sizeof defaults);
}

void libllm_fit_options_init(libllm_fit_options *options, uint32_t struct_size)
{
    static const libllm_fit_options defaults = {.struct_size = sizeof defaults};
    ll_init_struct(options, struct_size, &defaults, sizeof defaults);
}
